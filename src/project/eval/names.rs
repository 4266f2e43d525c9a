//! What names stand for: bindings, imports, exports.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::compose::{append, doubt, each, either, unknown, weight};
use super::environment::{GET_SECRET, environment, exports_variables, is_set};
use super::operators::{environment_test, test};
use super::{Evaluator, Frame, Mark, Place};
use crate::facts::FileFacts;
use crate::facts::lower::{ENTRY_POINTS, MOUNTING_FUNCTIONS, shown_name};
use crate::facts::module::{
    self, Binding, Effect, Export, Expr, Imported, Kind, MODULE_SCOPE, Module, Mutation, ScopeId, Source,
};
use crate::project::link::is_framework;
use crate::project::render;
use crate::project::resolve::Resolved;
use crate::project::value::{Array, Environment, External, Item, Node, Object, Property, Unknown, Value};
use crate::source::{Site, Span};

/// Most exports of a module that are taken when it is used as a value.
const MAX_NAMESPACE: usize = 500;

impl Evaluator<'_> {
    pub(super) fn name(&self, place: &Place<'_>, name: &str, span: Span) -> Node {
        let Some(module) = place.facts.module() else { return unknown("the file holds no code", Site::new(&place.file, span)) };
        if let Some((member, class)) = self.member_of_this(place, name, span) {
            return if class == place.scope { member } else { self.within(place, name, class, span.start, || member) };
        }
        let mut scope = Some(place.scope);
        while let Some(id) = scope {
            let Some(data) = module.scopes.get(id as usize) else { break };
            if let Some(binding) = data.binding(name, Some(span.start)) {
                let before = (id == place.scope).then_some(span.start);
                let value = || {
                    let mut node = self.binding(place, id, binding, before);
                    if id == MODULE_SCOPE && binding.block.is_none() && is_exported(module, name) {
                        self.doubt_outside_changes(&mut node, &place.file, name, &place.file);
                    }
                    node
                };
                return if id == place.scope { value() } else { self.within(place, name, id, span.start, value) };
            }
            scope = data.parent;
        }
        if let Some(import) = module.imports.iter().find(|import| import.local == name) {
            let mut node = self.import(&place.file, import, Site::new(&place.file, span));
            let mark = (Arc::clone(&place.file), MODULE_SCOPE, name.to_owned());
            if self.active.borrow().contains(&mark) {
                self.run.cut();
                return node;
            }
            let top = top(&place.file, &place.facts);
            self.active.borrow_mut().push(mark);
            let before = (place.scope == MODULE_SCOPE).then_some(span.start);
            let effects = self.effects(&top, name).filter(|effect| before.is_none_or(|before| effect.precedes(before)));
            self.make_changes(&top, &mut node, effects, before, None);
            self.active.borrow_mut().pop();
            return node;
        }
        let at = Site::new(&place.file, span);
        if name == "this" || name.starts_with("this.") {
            return unknown(format!("`{name}` is set outside of what is followed"), at);
        }
        if let Some((file, local)) = self.auto_imported(&place.file, name)
            && let Some(node) = self.declared_in(&file, &local, &place.file)
        {
            self.run.touch(&file);
            return node;
        }
        Node { value: Value::External(External { module: "global".into(), name: name.to_owned() }), at }
    }

    /// The value of a binding after the changes made to it before the byte `before`, or after all of them.
    pub(super) fn binding(&self, place: &Place<'_>, scope: ScopeId, binding: &Binding, before: Option<u32>) -> Node {
        let at = Site::new(&place.file, binding.span);
        let key = (Arc::clone(&place.file), binding.name.clone());
        let whole = scope == MODULE_SCOPE
            && binding.block.is_none()
            && before.is_none_or(|before| self.is_settled(place, scope, &binding.name, before));
        if whole && let Some(node) = self.run.known(&self.values().names, &key) {
            return node;
        }
        let mark = (Arc::clone(&place.file), scope, binding.name.clone());
        if self.active.borrow().contains(&mark) {
            self.run.cut();
            // `list = [...list, more]` speaks of what the name stood for until then.
            let changing = self.changing.borrow();
            let so_far = changing.iter().rev().find(|(changed, _)| *changed == mark && before.is_some());
            return so_far.map_or_else(
                || unknown(format!("`{}` depends on itself", shown_name(&binding.name)), at),
                |(_, node)| node.clone(),
            );
        }
        let changed = || self.changed_binding(place, scope, binding, before, mark);
        if whole { self.run.work_out(&self.values().names, key, changed) } else { changed() }
    }

    fn changed_binding(&self, place: &Place<'_>, scope: ScopeId, binding: &Binding, before: Option<u32>, mark: Mark) -> Node {
        let at = Site::new(&place.file, binding.span);
        self.run.read(&place.file);
        self.active.borrow_mut().push(mark.clone());
        // No call decides what a module holds.
        let frame = place.frame.filter(|_| scope != MODULE_SCOPE);
        let inner = Place { file: Arc::clone(&place.file), facts: Arc::clone(&place.facts), scope, frame };
        let mut node = self.source(&inner, &binding.name, &binding.source, at.clone());
        let is_its_own =
            |effect: &&Effect| self.denotes(&inner, effect, binding) && before.is_none_or(|before| effect.precedes(before));
        let effects = self.effects(&inner, &binding.name).filter(is_its_own);
        self.make_changes(&inner, &mut node, effects, before, Some(&mark));
        self.active.borrow_mut().pop();
        // Names used several times over multiply what they hold, and clones of it cost what they weigh.
        match weight(&node) {
            Some(weight) => self.run.charge(weight.into()),
            None => node = unknown(format!("`{}` holds too much to be followed", binding.name), at),
        }
        node
    }

    /// Whether nothing changes a name from the byte `before` on.
    fn is_settled(&self, place: &Place<'_>, scope: ScopeId, name: &str, before: u32) -> bool {
        let module = place.facts.module();
        let effects = module.and_then(|module| module.scopes.get(scope as usize)).map(|scope| scope.effects.as_slice());
        effects.unwrap_or_default().iter().all(|effect| effect.root != name || effect.precedes(before))
    }

    pub(super) fn effects<'p>(&self, place: &'p Place<'_>, name: &'p str) -> impl Iterator<Item = &'p Effect> {
        let scope = place.facts.module().and_then(|module| module.scopes.get(place.scope as usize));
        scope.into_iter().flat_map(|scope| &scope.effects).filter(move |effect| effect.root == name)
    }

    /// Whether the name an effect changes is this binding where the effect stands, and not one of another block.
    fn denotes(&self, place: &Place<'_>, effect: &Effect, binding: &Binding) -> bool {
        let scope = place.facts.module().and_then(|module| module.scopes.get(place.scope as usize));
        scope
            .and_then(|scope| scope.binding(&effect.root, Some(effect.span.start)))
            .is_some_and(|found| found.span == binding.span)
    }

    pub(super) fn source(&self, place: &Place<'_>, name: &str, source: &Source, at: Site) -> Node {
        match source {
            Source::Rest { of, without } => rest(self.source(place, name, of, at.clone()), without, &at),
            Source::Value(expr) => self.expr(place, expr),
            Source::Part { of, path, default } => {
                let member =
                    path.split_first().and_then(|(first, rest)| Some((self.member_of_module(place, of, first, &at)?, rest)));
                let (whole, path) = member.unwrap_or_else(|| (self.expr(place, of), path.as_slice()));
                self.part(place, &whole, path, default.as_ref(), &at)
            }
            Source::Parameter { index, path, default } => {
                let missing = Node { value: Value::Undefined, at: at.clone() };
                let at_index = |arguments: &[Node]| arguments.get(*index as usize).unwrap_or(&missing).clone();
                let argument = self.argument(place, name, &at, &at_index);
                self.part(place, &argument, path, default.as_ref(), &at)
            }
            Source::Arguments { from } => {
                let rest = |arguments: &[Node]| {
                    let mut list = Array::default();
                    arguments.iter().skip(*from as usize).for_each(|node| append(&mut list, node.clone(), &[]));
                    Node { value: list.into(), at: at.clone() }
                };
                self.argument(place, name, &at, &rest)
            }
            Source::Overridable(expr) if Self::is_made(place) => self.expr(place, expr),
            Source::Overridable(_) | Source::Opaque => unknown(format!("`{}` is not a plain constant", shown_name(name)), at),
        }
    }

    /// What the function a place lies in is given, of the arguments of the call that is being followed, or else of all
    /// its calls in the repository.
    fn argument(&self, place: &Place<'_>, name: &str, at: &Site, of: &dyn Fn(&[Node]) -> Node) -> Node {
        if let Some(frame) = Frame::chain(place.frame).find(|frame| frame.of.scope == place.scope && frame.of.file == place.file)
        {
            return of(&frame.of.arguments);
        }
        let unseen = || {
            if is_handler_of_worker(place) {
                return of(&[unknown("the request decides", at.clone()), Node { value: environment(), at: at.clone() }]);
            }
            unknown(format!("`{name}` is a parameter, and its callers decide"), at.clone())
        };
        self.given(place, name, at, of).unwrap_or_else(unseen)
    }

    pub(super) fn part(&self, place: &Place<'_>, whole: &Node, path: &[String], default: Option<&Expr>, at: &Site) -> Node {
        let node = path.iter().fold(whole.clone(), |node, step| self.property(&node, step, at));
        let Some(default) = default else { return node };
        each(node, at, &|node| match &node.value {
            Value::Undefined => self.expr(place, default),
            Value::Env(name) => {
                let set = is_set(name, at);
                let otherwise = set.negated();
                either(vec![(node, set), (self.expr(place, default), otherwise)], at.clone())
            }
            _ => node,
        })
    }

    pub(super) fn import(&self, file: &Arc<str>, import: &module::Import, at: Site) -> Node {
        match &import.name {
            Imported::Namespace => self.namespace_of(file, &import.module, &at),
            Imported::Named(name) => self.imported(file, &import.module, name, at),
        }
    }

    pub(super) fn imported(&self, file: &Arc<str>, module: &str, name: &str, at: Site) -> Node {
        match self.resolver.resolve(self.files, file, module) {
            Resolved::File(target) => self
                .find_export(file, &target, name)
                .unwrap_or_else(|| unknown(format!("`{name}` was not found in `{target}`"), at)),
            Resolved::External(module) if exports_variables(&module) && name != GET_SECRET => {
                Node { value: Value::Env(name.to_owned()), at }
            }
            Resolved::External(module) if (module.as_str(), name) == ("$app/environment", "dev") => {
                test(environment_test(Environment::NotProduction, "dev", &at), at)
            }
            Resolved::External(module) => Node { value: Value::External(External { module, name: name.to_owned() }), at },
            Resolved::Missing => unknown(format!("`{name}` is imported from `{module}`, which is not in the repository"), at),
        }
    }

    pub(super) fn namespace_of(&self, file: &Arc<str>, module: &str, at: &Site) -> Node {
        match self.resolver.resolve(self.files, file, module) {
            Resolved::File(target) => self.namespace(&target, at),
            Resolved::External(module) => Node { value: Value::External(External { module, name: "*".into() }), at: at.clone() },
            Resolved::Missing => unknown(format!("`{module}` is not in the repository"), at.clone()),
        }
    }

    /// All exports of a file as an object.
    pub(super) fn namespace(&self, file: &Arc<str>, at: &Site) -> Node {
        let facts = self.files.facts(file);
        if let Some(facts) = &facts
            && let Some(module) = facts.module().filter(|module| module.exports.is_empty())
            && let Some(node) = self.common_js(file, facts, module)
        {
            return node;
        }
        let mut names = Vec::new();
        let mut open = Vec::new();
        self.export_names(file, &mut names, &mut open, 0, at);
        let mut object = Object { properties: Vec::new(), open, ..Object::default() };
        for name in names.into_iter().take(MAX_NAMESPACE) {
            let node = self.export(file, &name, at);
            object.properties.push(Property { key: name.into(), key_at: node.at.clone(), node, conditions: Vec::new() });
        }
        Node { value: object.into(), at: at.clone() }
    }

    /// The files that a file imports as a whole, by the names they have there, each with the names it exports.
    pub(in crate::project) fn whole_modules(&self, file: &Arc<str>) -> BTreeMap<String, (Arc<str>, Vec<String>)> {
        let facts = self.files.facts(file);
        let imports = facts.as_deref().and_then(FileFacts::module).map(|module| module.imports.as_slice()).unwrap_or_default();
        let whole = imports.iter().filter(|import| import.name == Imported::Namespace);
        let seen = whole.filter_map(|import| match self.resolver.resolve(self.files, file, &import.module) {
            Resolved::File(target) => {
                let (mut names, mut open) = (Vec::new(), Vec::new());
                self.export_names(&target, &mut names, &mut open, 0, &Site::new(file, Span::default()));
                Some((import.local.clone(), (target, names)))
            }
            _ => None,
        });
        seen.collect()
    }

    pub(super) fn export_names(&self, file: &Arc<str>, names: &mut Vec<String>, open: &mut Vec<Unknown>, depth: u32, at: &Site) {
        let facts = self.files.facts(file);
        let Some(module) = facts.as_deref().and_then(FileFacts::module).filter(|_| depth < 16) else {
            open.push(Unknown::new(format!("the exports of `{file}` are not known"), at.clone()));
            return;
        };
        for export in &module.exports {
            match export {
                Export::Local { name, .. } | Export::From { name, .. } => {
                    if !names.contains(name) {
                        names.push(name.clone());
                    }
                }
                Export::All { module } => match self.resolver.resolve(self.files, file, module) {
                    Resolved::File(target) if target != *file => self.export_names(&target, names, open, depth + 1, at),
                    Resolved::File(_) => {}
                    _ => open.push(Unknown::new(format!("`{file}` passes on what `{module}` exports"), at.clone())),
                },
            }
        }
    }

    /// The value of an export, as the file `asker` sees it.
    pub(super) fn find_export(&self, asker: &str, file: &Arc<str>, name: &str) -> Option<Node> {
        match self.locate(file, name, 0)? {
            Located::Value(node) => Some(node),
            Located::Name(file, local) => self.declared_in(&file, &local, asker),
        }
    }

    /// The value of a name that a module declares, as the file `asker` sees it.
    fn declared_in(&self, file: &Arc<str>, local: &str, asker: &str) -> Option<Node> {
        let facts = self.files.facts(file)?;
        let mut node = self.module_name(file, &facts, facts.module()?, local);
        self.doubt_outside_changes(&mut node, file, local, asker);
        Some(node)
    }

    /// Where an export comes from. What a file passes on without naming it comes from the files that are seen to export it,
    /// where one does, else from a package.
    pub(super) fn locate(&self, file: &Arc<str>, name: &str, depth: u32) -> Option<Located> {
        self.locate_in(file, name, depth, false).or_else(|| self.locate_in(file, name, depth, true))
    }

    fn locate_in(&self, file: &Arc<str>, name: &str, depth: u32, packages: bool) -> Option<Located> {
        if depth > 16 || !self.run.step() {
            return None;
        }
        let facts = self.files.facts(file)?;
        let module = facts.module()?;
        self.run.touch(file);
        let follow = |module: &str, imported: &Imported| {
            let at = Site::new(file, Span::default());
            match (self.resolver.resolve(self.files, file, module), imported) {
                (Resolved::File(target), Imported::Named(name)) => self.locate(&target, name, depth + 1),
                (Resolved::File(target), Imported::Namespace) => Some(Located::Value(self.namespace(&target, &at))),
                (_, Imported::Named(name)) => Some(Located::Value(self.imported(file, module, name, at))),
                (_, Imported::Namespace) => Some(Located::Value(self.namespace_of(file, module, &at))),
            }
        };
        let mut stars = Vec::new();
        for export in &module.exports {
            match export {
                Export::Local { name: exported, local } if exported == name => {
                    let import = module.imports.iter().find(|import| import.local == *local);
                    return match import.filter(|_| module.scopes[0].binding(local, None).is_none()) {
                        Some(import) => follow(&import.module, &import.name),
                        None => Some(Located::Name(Arc::clone(file), local.clone())),
                    };
                }
                Export::From { name: exported, module, imported } if exported == name => return follow(module, imported),
                Export::All { module } => stars.push(module),
                _ => {}
            }
        }
        let mut of_packages = Vec::new();
        for module in stars.into_iter().filter(|_| name != "default") {
            match self.resolver.resolve(self.files, file, module) {
                Resolved::File(target) => {
                    if let Some(located) = self.locate_in(&target, name, depth + 1, packages) {
                        return Some(located);
                    }
                }
                Resolved::External(module) if packages => of_packages.push(module),
                Resolved::External(_) | Resolved::Missing => {}
            }
        }
        // Of several packages, the one that is known to export it.
        let known = of_packages.iter().position(|module| exports_it(module, name)).unwrap_or_default();
        if let Some(module) = of_packages.into_iter().nth(known) {
            let value = Value::External(External { module, name: name.to_owned() });
            return Some(Located::Value(Node { value, at: Site::new(file, Span::default()) }));
        }
        self.assigned_export(file, &facts, module, name).map(Located::Value)
    }

    /// An export in the manner of CommonJS: `exports.name = …` or `module.exports = { name }`, where the last one counts.
    fn assigned_export(&self, file: &Arc<str>, facts: &Arc<FileFacts>, module: &Module, name: &str) -> Option<Node> {
        let exported = module.scopes.first()?.effects.iter().rev().find_map(|effect| {
            let Mutation::Assign(value) = &effect.change else { return None };
            let path: Vec<&str> = effect.path.iter().map(String::as_str).collect();
            match (effect.root.as_str(), path.as_slice()) {
                ("exports", [key]) | ("module", ["exports", key]) => (*key == name).then_some(value),
                // Bundlers write `0 && (module.exports = { name })`, which never runs, to tell what they export.
                ("module", ["exports"]) => match &value.kind {
                    Kind::Object(properties) => {
                        let named = properties.iter().find_map(|property| match property {
                            module::Property::Keyed { key, value, .. } => (key == name).then_some(value),
                            _ => None,
                        });
                        named.or((name == "default").then_some(value))
                    }
                    Kind::Function(_) | Kind::Name(_) => (name == "default").then_some(value),
                    _ => None,
                },
                _ => None,
            }
        });
        if let Some(exported) = exported {
            return Some(self.expr(&top(file, facts), exported));
        }
        let whole = self.common_js(file, facts, module)?;
        let at = whole.at.clone();
        match &whole.value {
            Value::Object(object) if name != "default" || !object.open.is_empty() || object.has(name) => {
                Some(self.property(&whole, name, &at)).filter(|node| node.value != Value::Undefined)
            }
            _ => (name == "default").then_some(whole),
        }
    }

    /// What a module exports as a whole in the manner of CommonJS; `None` where it sets nothing of the kind.
    fn common_js(&self, file: &Arc<str>, facts: &Arc<FileFacts>, module: &Module) -> Option<Node> {
        let effects: Vec<Effect> = module.scopes.first()?.effects.iter().filter_map(of_exports).collect();
        let first = effects.first()?;
        let at = Site::new(file, first.span);
        let mark = (Arc::clone(file), MODULE_SCOPE, EXPORTS.to_owned());
        let key = (Arc::clone(file), EXPORTS.to_owned());
        if let Some(node) = self.run.known(&self.values().names, &key) {
            return Some(node);
        }
        if self.active.borrow().contains(&mark) {
            self.run.cut();
            return Some(unknown(format!("what `{file}` exports depends on itself"), at));
        }
        let place = top(file, facts);
        let exported = || {
            self.run.read(file);
            self.active.borrow_mut().push(mark);
            let mut node = Node { value: Object::default().into(), at };
            for effect in &effects {
                self.apply(&place, &mut node, effect, None);
                if let (Mutation::Passed { call, .. }, Value::Object(object)) = (&effect.change, &mut node.value)
                    && !matches!(self.expr(&place, &call.callee).value, Value::Function(_))
                {
                    let reason = format!("`{}` may add exports", render::expr(&call.callee));
                    doubt(&mut object.change().open, Unknown::new(reason, Site::new(file, effect.span)));
                }
            }
            self.active.borrow_mut().pop();
            node
        };
        Some(self.run.work_out(&self.values().names, key, exported))
    }

    pub(super) fn module_name(&self, file: &Arc<str>, facts: &Arc<FileFacts>, module: &Module, local: &str) -> Node {
        if let Some(binding) = module.scopes[0].binding(local, None) {
            return self.binding(&top(file, facts), MODULE_SCOPE, binding, None);
        }
        unknown(format!("`{local}` has no declaration"), Site::new(file, Span::default()))
    }

    pub(super) fn is_bound(&self, place: &Place<'_>, name: &str) -> bool {
        let Some(module) = place.facts.module() else { return false };
        let mut scope = Some(place.scope);
        while let Some(data) = scope.and_then(|id| module.scopes.get(id as usize)) {
            if data.bindings.iter().any(|binding| binding.name == name) {
                return true;
            }
            scope = data.parent;
        }
        false
    }
}

/// Whether a place lies in a handler of a Cloudflare worker, a method of what the module exports as its default: it is called
/// with an event and the environment (documentation of Cloudflare Workers, "Handlers").
fn is_handler_of_worker(place: &Place<'_>) -> bool {
    let exported = place.facts.module().and_then(|module| module.scopes[0].binding("default", None));
    let Some(Source::Value(Expr { kind: Kind::Object(members), .. })) = exported.map(|binding| &binding.source) else {
        return false;
    };
    members.iter().any(|member| match member {
        module::Property::Keyed { key, value: Expr { kind: Kind::Function(function), .. }, .. } => {
            function.scope == place.scope && matches!(key.as_str(), "fetch" | "scheduled" | "queue" | "email")
        }
        _ => false,
    })
}

/// What stands for all that a module exports in the manner of CommonJS, among the names of the module.
const EXPORTS: &str = "module.exports";

/// An effect on what a module exports in the manner of CommonJS, with the way from there.
fn of_exports(effect: &Effect) -> Option<Effect> {
    let path = match (effect.root.as_str(), effect.path.split_first()) {
        // A new value of the name `exports` alone is not exported.
        ("exports", None) if !effect.is_in_place() => return None,
        ("exports", _) => effect.path.as_slice(),
        ("module", Some((first, path))) if first == "exports" => path,
        _ => return None,
    };
    // `__esModule`, by which compilers mark what they made, is no export.
    let is_mark = matches!(path, [key] if key == "__esModule");
    (!is_mark).then(|| Effect { path: path.to_vec(), ..effect.clone() })
}

/// The top of a module.
pub(super) fn top(file: &Arc<str>, facts: &Arc<FileFacts>) -> Place<'static> {
    Place { file: Arc::clone(file), facts: Arc::clone(facts), scope: MODULE_SCOPE, frame: None }
}

fn is_exported(module: &Module, name: &str) -> bool {
    module.exports.iter().any(|export| matches!(export, Export::Local { local, .. } if local == name))
}

/// Whether a module is better-auth's, and a name one of the functions that make or mount instances.
fn exports_it(module: &str, name: &str) -> bool {
    is_framework(module) && (ENTRY_POINTS.contains(&name) || MOUNTING_FUNCTIONS.contains(&name))
}

/// Where an export comes from.
pub(super) enum Located {
    /// A name of the module scope of a file.
    Name(Arc<str>, String),
    /// Anything else, with its value.
    Value(Node),
}

/// What is left of an object when some of its keys are taken out, or of a list when its first elements are.
fn rest(mut node: Node, without: &[String], here: &Site) -> Node {
    match &mut node.value {
        Value::Array(array) => {
            let count = without.len().min(array.items.len());
            let is_known = |item: &Item| item.conditions.is_empty();
            if array.items[..count].iter().all(is_known) && (array.open.is_empty() || count == 0) {
                array.change().items.drain(..count);
            } else {
                return unknown("what is left of a list that is not known", here.clone());
            }
        }
        Value::Object(object) => {
            let object = object.change();
            let is_taken = |key: &str| without.iter().any(|taken| taken == key);
            object.properties.retain(|property| !is_taken(&property.key));
            object.certain.retain(|key| !is_taken(key));
        }
        Value::Either(alternatives) => {
            for alternative in alternatives.change() {
                let at = alternative.node.at.clone();
                let whole = std::mem::replace(&mut alternative.node, Node { value: Value::Undefined, at });
                alternative.node = rest(whole, without, here);
            }
        }
        _ => {}
    }
    node
}
