//! What modules export, and where it comes from.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::Evaluator;
use super::compose::{doubt, unknown};
use super::names::top;
use crate::facts::FileFacts;
use crate::facts::lower::{ENTRY_POINTS, MOUNTING_FUNCTIONS};
use crate::facts::module::{self, Binding, Effect, Export, Expr, Imported, Kind, MODULE_SCOPE, Module, Mutation, Source};
use crate::project::link::is_framework;
use crate::project::render;
use crate::project::resolve::Resolved;
use crate::project::value::{External, Node, Object, Property, Unknown, Value};
use crate::source::{Site, Span};

/// Most exports of a module that are taken when it is used as a value.
const MAX_NAMESPACE: usize = 500;

/// Where an export comes from.
pub(super) enum Located {
    /// A name of the module scope of a file.
    Name(Arc<str>, String),
    /// Anything else, with its value.
    Value(Node),
}

/// What holds values under names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Container {
    /// A file as a whole, with the names it exports.
    Module(Arc<str>, Vec<String>),
    /// An object literal.
    Literal(Site),
}

/// Names that a file passes on, with the files they come from.
pub(super) type PassedOn = HashMap<String, Arc<str>>;

/// The object literal that a name is bound to.
fn literal(file: &Arc<str>, binding: &Binding) -> Option<Container> {
    let Source::Value(Expr { kind: Kind::Object(_), span }) = &binding.source else { return None };
    Some(Container::Literal(Site::new(file, *span)))
}

impl Evaluator<'_> {
    /// All exports of a file as an object.
    pub(super) fn namespace(&self, file: &Arc<str>, at: &Site) -> Node {
        let facts = self.files.facts(file);
        if let Some(facts) = &facts
            && let Some(module) = facts.module().filter(|module| module.exports.is_empty())
            && let Some(node) = self.common_js(file, facts, module)
        {
            return node;
        }
        if self.namespaces.repeats(self.run, file) {
            return unknown(format!("what `{file}` exports depends on itself"), at.clone());
        }
        // The same for all places of one file that ask.
        let key = (Arc::clone(&at.file), Arc::clone(file));
        let anywhere = Site::new(&at.file, Span::default());
        let gather = || self.namespaces.during(self.run, Arc::clone(file), || self.gathered(file, &anywhere));
        let mut node = self.run.answer_for_all(&self.values().namespaces, key, gather);
        place_at(&mut node, &anywhere, at);
        node
    }

    fn gathered(&self, file: &Arc<str>, at: &Site) -> Node {
        let (mut names, mut open) = (Vec::new(), Vec::new());
        self.export_names(file, &mut names, &mut open, 0, at);
        let mut object = Object { properties: Vec::new(), open, ..Object::default() };
        for name in names.into_iter().take(MAX_NAMESPACE) {
            let node = self.export(file, &name, at);
            object.properties.push(Property { key: name.into(), key_at: node.at.clone(), node, conditions: Vec::new() });
        }
        Node { value: object.into(), at: at.clone() }
    }

    /// What the names that a file imports or declares hold values under: modules and object literals.
    pub(in crate::project) fn containers(&self, file: &Arc<str>) -> BTreeMap<String, Container> {
        let facts = self.files.facts(file);
        let Some(module) = facts.as_deref().and_then(FileFacts::module) else { return BTreeMap::new() };
        let imported = module.imports.iter().filter(|import| !import.type_only).filter_map(|import| {
            let Resolved::File(target) = self.resolver.resolve(self.files, file, &import.module) else { return None };
            let container = match &import.name {
                Imported::Namespace => Some(self.module_container(target)),
                Imported::Named(name) => self.exported_container(&target, name, 0),
            };
            Some((import.local.clone(), container?))
        });
        let own = module.scopes[0].bindings.iter().filter(|binding| binding.block.is_none());
        let own = own.filter_map(|binding| Some((binding.name.clone(), literal(file, binding)?)));
        imported.chain(own).collect()
    }

    fn module_container(&self, file: Arc<str>) -> Container {
        let (mut names, mut open) = (Vec::new(), Vec::new());
        self.export_names(&file, &mut names, &mut open, 0, &Site::new(&file, Span::default()));
        Container::Module(file, names)
    }

    /// The module or the literal that an export of a file is.
    fn exported_container(&self, file: &Arc<str>, name: &str, depth: u32) -> Option<Container> {
        let facts = self.files.facts(file).filter(|_| depth < 16)?;
        let module = facts.module()?;
        let follow = |module: &str, imported: &Imported| {
            let Resolved::File(target) = self.resolver.resolve(self.files, file, module) else { return None };
            match imported {
                Imported::Namespace => Some(self.module_container(target)),
                Imported::Named(name) => self.exported_container(&target, name, depth + 1),
            }
        };
        for export in &module.exports {
            match export {
                Export::Local { name: exported, local } if exported == name => {
                    if let Some(binding) = module.scopes[0].binding(local, None) {
                        return literal(file, binding);
                    }
                    let import = module.imports.iter().find(|import| import.local == *local)?;
                    return follow(&import.module, &import.name);
                }
                Export::From { name: exported, module, imported } if exported == name => return follow(module, imported),
                _ => {}
            }
        }
        let home = self.passed_on(file).get(name).cloned()?;
        self.exported_container(&home, name, depth + 1)
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
    pub(super) fn declared_in(&self, file: &Arc<str>, local: &str, asker: &str) -> Option<Node> {
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
        if name != "default"
            && !stars.is_empty()
            && let Some(home) = self.passed_on(file).get(name)
        {
            return self.locate_in(home, name, depth + 1, packages);
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

    /// What a file passes on without naming it: the names, each with the first file that names it among its exports. To look
    /// for each name by itself in all files would take as many steps as there are names, for every one of them.
    fn passed_on(&self, file: &Arc<str>) -> Arc<PassedOn> {
        self.run.answer(&self.answers.passed_on, Arc::clone(file), || {
            let (mut passed_on, mut seen) = (PassedOn::default(), BTreeSet::from([Arc::clone(file)]));
            self.pass_on(file, &mut passed_on, &mut seen);
            Arc::new(passed_on)
        })
    }

    fn pass_on(&self, file: &Arc<str>, passed_on: &mut PassedOn, seen: &mut BTreeSet<Arc<str>>) {
        let facts = self.files.facts(file);
        for export in facts.as_deref().map(FileFacts::exports).unwrap_or_default() {
            let Export::All { module } = export else { continue };
            let Resolved::File(target) = self.resolver.resolve(self.files, file, module) else { continue };
            if !seen.insert(Arc::clone(&target)) || !self.run.step() {
                continue;
            }
            let facts = self.files.facts(&target);
            for export in facts.as_deref().map(FileFacts::exports).unwrap_or_default() {
                if let Export::Local { name, .. } | Export::From { name, .. } = export
                    && name != "default"
                {
                    passed_on.entry(name.clone()).or_insert_with(|| Arc::clone(&target));
                }
            }
            self.pass_on(&target, passed_on, seen);
        }
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
        if self.active.has(self.run, &mark) {
            return Some(unknown(format!("what `{file}` exports depends on itself"), at));
        }
        let place = top(file, facts);
        let applied = || {
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
            node
        };
        let exported = || {
            self.run.read(file);
            self.active.during(self.run, mark, applied)
        };
        Some(self.run.work_out(&self.values().names, key, exported))
    }
}

/// Places the exports of a file, and what is not known of them, at another site.
fn place_at(node: &mut Node, from: &Site, to: &Site) {
    node.at = to.clone();
    let Value::Object(object) = &mut node.value else { return };
    let is_open = object.open.iter().any(|why| why.at == *from);
    let is_unknown = |property: &Property| matches!(&property.node.value, Value::Unknown(why) if why.at == *from);
    if !is_open && !object.properties.iter().any(is_unknown) {
        return;
    }
    let object = object.change();
    object.open.iter_mut().filter(|why| why.at == *from).for_each(|why| why.at = to.clone());
    for property in object.properties.iter_mut().filter(|property| is_unknown(property)) {
        (property.node.at, property.key_at) = (to.clone(), to.clone());
        if let Value::Unknown(why) = &mut property.node.value {
            why.at = to.clone();
        }
    }
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

/// Whether a module is better-auth's, and a name one of the functions that make or mount instances.
fn exports_it(module: &str, name: &str) -> bool {
    is_framework(module) && (ENTRY_POINTS.contains(&name) || MOUNTING_FUNCTIONS.contains(&name))
}
