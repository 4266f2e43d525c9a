//! What names stand for: bindings and imports.

use std::sync::Arc;

use super::compose::{append, as_text, each, either, unknown, weight};
use super::environment::{GET_SECRET, environment, exports_variables, is_set};
use super::operators::{environment_test, test};
use super::{Evaluator, Frame, Mark, Place};
use crate::facts::FileFacts;
use crate::facts::lower::shown_name;
use crate::facts::module::{self, Binding, Effect, Export, Expr, Imported, Kind, MODULE_SCOPE, Module, ScopeId, Source};
use crate::project::resolve::Resolved;
use crate::project::value::{Array, Environment, External, Item, Node, Value};
use crate::source::{Site, Span};

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
            if self.active.has(self.run, &mark) {
                return node;
            }
            let top = top(&place.file, &place.facts);
            let before = (place.scope == MODULE_SCOPE).then_some(span.start);
            let effects = self.effects(&top, name).filter(|effect| before.is_none_or(|before| effect.precedes(before)));
            self.active.during(self.run, mark, || self.make_changes(&top, &mut node, effects, before, None));
            return node;
        }
        let at = Site::new(&place.file, span);
        if name == "this" || name.starts_with("this.") {
            return unknown(format!("`{name}` is set outside of what is followed"), at);
        }
        if let Some((file, exported)) = self.auto_export(&place.file, name)
            && let Some(node) = self.find_export(&place.file, &file, &exported)
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
        if self.active.has(self.run, &mark) {
            // `list = [...list, more]` speaks of what the name stood for until then.
            let is_it = |(changed, node): &(Mark, Node)| (*changed == mark && before.is_some()).then(|| node.clone());
            let so_far = self.changing.innermost(self.run, is_it);
            return so_far.unwrap_or_else(|| unknown(format!("`{}` depends on itself", shown_name(&binding.name)), at));
        }
        let changed = || self.changed_binding(place, scope, binding, before, mark);
        if !whole {
            return changed();
        }
        // It is the same for all, however far those are into what others are set to.
        self.setting.apart(|| self.run.work_out(&self.values().names, key, changed))
    }

    fn changed_binding(&self, place: &Place<'_>, scope: ScopeId, binding: &Binding, before: Option<u32>, mark: Mark) -> Node {
        let at = Site::new(&place.file, binding.span);
        self.run.read(&place.file);
        // No call decides what a module holds.
        let frame = place.frame.filter(|_| scope != MODULE_SCOPE);
        let inner = Place { file: Arc::clone(&place.file), facts: Arc::clone(&place.facts), scope, frame };
        let mut node = self.active.during(self.run, mark.clone(), || {
            let mut node = self.source(&inner, &binding.name, &binding.source, at.clone());
            let is_its_own =
                |effect: &&Effect| self.denotes(&inner, effect, binding) && before.is_none_or(|before| effect.precedes(before));
            let effects = self.effects(&inner, &binding.name).filter(is_its_own);
            self.make_changes(&inner, &mut node, effects, before, Some(&mark));
            node
        });
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
            Source::Parameter { index, path, default, is_text } => {
                let missing = Node { value: Value::Undefined, at: at.clone() };
                let at_index = |arguments: &[Node]| arguments.get(*index as usize).unwrap_or(&missing).clone();
                let argument = self.argument(place, name, &at, &at_index);
                let part = self.part(place, &argument, path, default.as_ref(), &at);
                if *is_text { as_text(part, &at) } else { part }
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
            // While the application is built, it serves nothing.
            Resolved::External(module) if module == "$app/environment" && matches!(name, "dev" | "building") => {
                test(environment_test(Environment::NotProduction, name, &at), at)
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

/// The top of a module.
pub(super) fn top(file: &Arc<str>, facts: &Arc<FileFacts>) -> Place<'static> {
    Place { file: Arc::clone(file), facts: Arc::clone(facts), scope: MODULE_SCOPE, frame: None }
}

fn is_exported(module: &Module, name: &str) -> bool {
    module.exports.iter().any(|export| matches!(export, Export::Local { local, .. } if local == name))
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
