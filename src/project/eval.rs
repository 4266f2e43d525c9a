//! Evaluation of option values: three-valued and bounded.
//!
//! Expressions are followed through constants, spreads, conditions, calls of functions of the repository and imports.
//! What cannot be followed becomes [`Value::Unknown`] with the expression that made it so. Every evaluation has a budget
//! of steps; beyond it values are unknown.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::files::Files;
use super::render;
use super::resolve::{Resolved, Resolver};
use super::value::{
    Alternative, Array, CallValue, Condition, Environment, External, FunctionValue, Item, Node, Object, Property, Unknown, Value,
};
use crate::facts::FileFacts;
use crate::facts::module::{
    self, Binding, Effect, Element, Export, Expr, Guard, Imported, Kind, MODULE_SCOPE, Module, Mutation, Operator, ScopeId,
    Source, TemplatePart, Text,
};
use crate::source::{Site, Span};

/// Steps one evaluator may take over its whole life.
const BUDGET: u32 = 2_000_000;

/// Deepest nesting of evaluations.
const MAX_DEPTH: u32 = 80;

/// Most values one value may consist of.
const MAX_WEIGHT: u32 = 200_000;

/// Deepest nesting of values within a value.
const MAX_NESTING: u32 = 200;

/// Most elements of an array, and properties of an object.
const MAX_ITEMS: usize = 2_000;

/// Most reasons kept why there may be more than is known.
const MAX_REASONS: usize = 32;

/// Longest condition kept, in characters.
const MAX_CONDITION: usize = 160;

/// Most exports of a module that are taken when it is used as a value.
const MAX_NAMESPACE: usize = 500;

/// Functions of other packages that give back the environment, checked.
const ENV_READERS: [&str; 4] = ["createEnv", "cleanEnv", "parseEnv", "loadEnv"];

/// Evaluates expressions of the project.
pub struct Evaluator<'a> {
    files: &'a dyn Files,
    resolver: &'a Resolver,
    steps: Cell<u32>,
    depth: Cell<u32>,
    active: RefCell<Vec<(Arc<str>, ScopeId, String)>>,
    known: RefCell<HashMap<(Arc<str>, String), Node>>,
    touched: RefCell<BTreeSet<Arc<str>>>,
}

/// Where an expression stands: its file, its scope, and the arguments of the call being followed.
struct Place<'a> {
    file: Arc<str>,
    facts: Arc<FileFacts>,
    scope: ScopeId,
    frame: Option<&'a Frame<'a>>,
}

/// The arguments of a function call that is being followed.
struct Frame<'a> {
    file: Arc<str>,
    scope: ScopeId,
    arguments: Vec<Node>,
    outer: Option<&'a Frame<'a>>,
}

/// Whether a value counts as true.
enum Truth {
    Known(bool),
    /// It depends: the condition under which it is true.
    Depends(Condition),
}

impl<'a> Evaluator<'a> {
    /// An evaluator over the files of a snapshot.
    #[must_use]
    pub fn new(files: &'a dyn Files, resolver: &'a Resolver) -> Self {
        Self {
            files,
            resolver,
            steps: Cell::new(0),
            depth: Cell::new(0),
            active: RefCell::default(),
            known: RefCell::default(),
            touched: RefCell::default(),
        }
    }

    /// The files evaluation went through so far.
    #[must_use]
    pub fn touched(&self) -> BTreeSet<Arc<str>> {
        self.touched.borrow().clone()
    }

    /// Evaluates an expression of a file in one of its scopes.
    #[must_use]
    pub fn eval(&self, file: &Arc<str>, scope: ScopeId, expr: &Expr) -> Node {
        let Some(facts) = self.files.facts(file) else {
            return unknown("the file is not part of the snapshot", Site::new(file, expr.span));
        };
        self.touched.borrow_mut().insert(Arc::clone(file));
        self.expr(&Place { file: Arc::clone(file), facts, scope, frame: None }, expr)
    }

    /// Evaluates an export of a file; `at` is where it is asked for.
    #[must_use]
    pub fn export(&self, file: &Arc<str>, name: &str, at: &Site) -> Node {
        self.find_export(file, name, 0).unwrap_or_else(|| unknown(format!("`{file}` has no export `{name}`"), at.clone()))
    }

    /// The result of calling a function of the repository with the given arguments.
    #[must_use]
    pub fn call(&self, function: &FunctionValue, arguments: Vec<Node>, at: &Site) -> Node {
        self.follow_call(function, arguments, None, at)
    }

    fn step(&self) -> bool {
        self.steps.set(self.steps.get().saturating_add(1));
        self.steps.get() <= BUDGET
    }

    fn expr(&self, place: &Place<'_>, expr: &Expr) -> Node {
        let at = Site::new(&place.file, expr.span);
        if !self.step() {
            return unknown("evaluating the project takes too many steps", at);
        }
        if self.depth.get() >= MAX_DEPTH {
            return unknown("the value is nested too deeply", at);
        }
        self.depth.set(self.depth.get() + 1);
        let node = self.kind(place, expr, at);
        self.depth.set(self.depth.get() - 1);
        node
    }

    fn kind(&self, place: &Place<'_>, expr: &Expr, at: Site) -> Node {
        let value = match &expr.kind {
            Kind::Undefined => Value::Undefined,
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(value) => Value::Number(*value),
            Kind::Text(text) => Value::Text(text.clone()),
            Kind::Template(parts) => return self.template(place, parts, at),
            Kind::Regex => Value::Unknown(Unknown::new("a regular expression", at.clone())),
            Kind::Array(elements) => Value::Array(self.array(place, elements)),
            Kind::Object(properties) => Value::Object(self.object(place, properties)),
            Kind::Name(name) => return self.name(place, name, expr.span),
            Kind::Member(object, property) => return self.member(place, object, property, at),
            Kind::Index(object, index) => return self.index(place, object, index, at),
            Kind::Call(call) => return self.call_expr(place, call, at),
            Kind::Function(function) => Value::Function(FunctionValue { file: Arc::clone(&place.file), scope: function.scope }),
            Kind::Conditional(parts) => {
                let [condition, yes, no] = &**parts;
                return match self.truth(place, condition) {
                    Truth::Known(true) => self.expr(place, yes),
                    Truth::Known(false) => self.expr(place, no),
                    Truth::Depends(condition) => {
                        let otherwise = condition.negated();
                        either(vec![(self.expr(place, yes), condition), (self.expr(place, no), otherwise)], at)
                    }
                };
            }
            Kind::Binary(operator, sides) => return self.binary(place, *operator, sides, at),
            Kind::Not(inner) => match self.truth(place, inner) {
                Truth::Known(value) => Value::Bool(!value),
                Truth::Depends(condition) => return test(condition.negated(), at),
            },
            Kind::Negate(inner) => match self.expr(place, inner).value {
                Value::Number(value) => Value::Number(-value),
                _ => Value::Unknown(Unknown::new("a number that is not known", at.clone())),
            },
            Kind::ImportCall(module) => return self.namespace_of(&place.file, module, &at),
            Kind::Opaque => Value::Unknown(Unknown::new("an expression that is not followed", at.clone())),
        };
        Node { value, at }
    }

    // ---- names ------------------------------------------------------------------------------------------------

    fn name(&self, place: &Place<'_>, name: &str, span: Span) -> Node {
        let Some(module) = place.facts.module() else { return unknown("the file holds no code", Site::new(&place.file, span)) };
        let mut scope = Some(place.scope);
        while let Some(id) = scope {
            let Some(data) = module.scopes.get(id as usize) else { break };
            if let Some(binding) = data.bindings.iter().rev().find(|binding| binding.name == name) {
                let before = (id == place.scope).then_some(span.start);
                return self.binding(place, id, binding, before);
            }
            scope = data.parent;
        }
        if let Some(import) = module.imports.iter().find(|import| import.local == name) {
            return self.import(&place.file, import, Site::new(&place.file, span));
        }
        let at = Site::new(&place.file, span);
        if name == "this" {
            return unknown("a member of the object itself", at);
        }
        Node { value: Value::External(External { module: "global".into(), name: name.to_owned() }), at }
    }

    /// The value of a binding after the changes made to it before the byte `before`, or after all of them.
    fn binding(&self, place: &Place<'_>, scope: ScopeId, binding: &Binding, before: Option<u32>) -> Node {
        let at = Site::new(&place.file, binding.span);
        let key = (Arc::clone(&place.file), binding.name.clone());
        let whole = scope == MODULE_SCOPE && before.is_none_or(|_| !self.has_effects(place, scope, &binding.name));
        if whole && let Some(node) = self.known.borrow().get(&key) {
            return node.clone();
        }
        let mark = (Arc::clone(&place.file), scope, binding.name.clone());
        if self.active.borrow().contains(&mark) {
            return unknown(format!("`{}` depends on itself", binding.name), at);
        }
        self.active.borrow_mut().push(mark);
        let inner = Place { file: Arc::clone(&place.file), facts: Arc::clone(&place.facts), scope, frame: place.frame };
        let mut node = self.source(&inner, binding, at);
        for effect in self.effects(&inner, &binding.name) {
            if before.is_none_or(|before| effect.span.start < before) {
                self.apply(&inner, &mut node, effect);
            }
        }
        self.active.borrow_mut().pop();
        // Names used several times over multiply what they hold, and clones of it cost what they weigh.
        match weight(&node, 0) {
            Some(weight) => self.steps.set(self.steps.get().saturating_add(weight)),
            None => {
                node = unknown(format!("`{}` holds too much to be followed", binding.name), Site::new(&place.file, binding.span))
            }
        }
        if whole {
            self.known.borrow_mut().insert(key, node.clone());
        }
        node
    }

    fn has_effects(&self, place: &Place<'_>, scope: ScopeId, name: &str) -> bool {
        place
            .facts
            .module()
            .and_then(|module| module.scopes.get(scope as usize))
            .is_some_and(|scope| scope.effects.iter().any(|effect| effect.root == name))
    }

    fn effects<'p>(&self, place: &'p Place<'_>, name: &'p str) -> impl Iterator<Item = &'p Effect> {
        let scope = place.facts.module().and_then(|module| module.scopes.get(place.scope as usize));
        scope.into_iter().flat_map(|scope| &scope.effects).filter(move |effect| effect.root == name)
    }

    fn source(&self, place: &Place<'_>, binding: &Binding, at: Site) -> Node {
        match &binding.source {
            Source::Value(expr) => self.expr(place, expr),
            Source::Part { of, path, default } => {
                let whole = self.expr(place, of);
                self.part(place, &whole, path, default.as_ref(), &at)
            }
            Source::Parameter { index, path, default } => {
                let mut frame = place.frame;
                while let Some(candidate) = frame {
                    if candidate.scope == place.scope && candidate.file == place.file {
                        let missing = Node { value: Value::Undefined, at: at.clone() };
                        let argument = candidate.arguments.get(*index as usize).unwrap_or(&missing);
                        return self.part(place, argument, path, default.as_ref(), &at);
                    }
                    frame = candidate.outer;
                }
                unknown(format!("`{}` is a parameter, and its callers decide", binding.name), at)
            }
            Source::Opaque => unknown(format!("`{}` is not a plain constant", binding.name), at),
        }
    }

    fn part(&self, place: &Place<'_>, whole: &Node, path: &[String], default: Option<&Expr>, at: &Site) -> Node {
        let node = path.iter().fold(whole.clone(), |node, step| self.property(&node, step, at));
        match default {
            Some(default) if matches!(node.value, Value::Undefined) => self.expr(place, default),
            _ => node,
        }
    }

    fn import(&self, file: &Arc<str>, import: &module::Import, at: Site) -> Node {
        match &import.name {
            Imported::Namespace => self.namespace_of(file, &import.module, &at),
            Imported::Named(name) => self.imported(file, &import.module, name, at),
        }
    }

    fn imported(&self, file: &Arc<str>, module: &str, name: &str, at: Site) -> Node {
        match self.resolver.resolve(self.files, file, module) {
            Resolved::File(target) => {
                self.find_export(&target, name, 0).unwrap_or_else(|| unknown(format!("`{name}` was not found in `{target}`"), at))
            }
            Resolved::External => {
                Node { value: Value::External(External { module: module.to_owned(), name: name.to_owned() }), at }
            }
            Resolved::Missing => unknown(format!("`{name}` is imported from `{module}`, which is not in the repository"), at),
        }
    }

    fn namespace_of(&self, file: &Arc<str>, module: &str, at: &Site) -> Node {
        match self.resolver.resolve(self.files, file, module) {
            Resolved::File(target) => self.namespace(&target, at),
            Resolved::External => {
                Node { value: Value::External(External { module: module.to_owned(), name: "*".into() }), at: at.clone() }
            }
            Resolved::Missing => unknown(format!("`{module}` is not in the repository"), at.clone()),
        }
    }

    /// All exports of a file as an object.
    fn namespace(&self, file: &Arc<str>, at: &Site) -> Node {
        let mut names = Vec::new();
        let mut open = Vec::new();
        self.export_names(file, &mut names, &mut open, 0, at);
        let mut object = Object { properties: Vec::new(), open };
        for name in names.into_iter().take(MAX_NAMESPACE) {
            let node = self.export(file, &name, at);
            object.properties.push(Property { key: name.into(), key_at: node.at.clone(), node, conditions: Vec::new() });
        }
        Node { value: Value::Object(object), at: at.clone() }
    }

    fn export_names(&self, file: &Arc<str>, names: &mut Vec<String>, open: &mut Vec<Unknown>, depth: u32, at: &Site) {
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

    fn find_export(&self, file: &Arc<str>, name: &str, depth: u32) -> Option<Node> {
        if depth > 16 || !self.step() {
            return None;
        }
        let facts = self.files.facts(file)?;
        let module = facts.module()?;
        self.touched.borrow_mut().insert(Arc::clone(file));
        let mut stars = Vec::new();
        for export in &module.exports {
            match export {
                Export::Local { name: exported, local } if exported == name => {
                    return Some(self.module_name(file, &facts, module, local));
                }
                Export::From { name: exported, module, imported } if exported == name => {
                    let at = Site::new(file, Span::default());
                    return match (self.resolver.resolve(self.files, file, module), imported) {
                        (Resolved::File(target), Imported::Named(name)) => self.find_export(&target, name, depth + 1),
                        (Resolved::File(target), Imported::Namespace) => Some(self.namespace(&target, &at)),
                        (_, Imported::Named(name)) => Some(self.imported(file, module, name, at)),
                        (_, Imported::Namespace) => Some(self.namespace_of(file, module, &at)),
                    };
                }
                Export::All { module } => stars.push(module),
                _ => {}
            }
        }
        for module in stars.into_iter().filter(|_| name != "default") {
            match self.resolver.resolve(self.files, file, module) {
                Resolved::File(target) => {
                    if let Some(node) = self.find_export(&target, name, depth + 1) {
                        return Some(node);
                    }
                }
                Resolved::External => {
                    let value = Value::External(External { module: module.clone(), name: name.to_owned() });
                    return Some(Node { value, at: Site::new(file, Span::default()) });
                }
                Resolved::Missing => {}
            }
        }
        None
    }

    fn module_name(&self, file: &Arc<str>, facts: &Arc<FileFacts>, module: &Module, local: &str) -> Node {
        let place = Place { file: Arc::clone(file), facts: Arc::clone(facts), scope: MODULE_SCOPE, frame: None };
        if let Some(binding) = module.scopes[0].bindings.iter().rev().find(|binding| binding.name == local) {
            return self.binding(&place, MODULE_SCOPE, binding, None);
        }
        if let Some(import) = module.imports.iter().find(|import| import.local == local) {
            return self.import(file, import, Site::new(file, import.span));
        }
        unknown(format!("`{local}` has no declaration"), Site::new(file, Span::default()))
    }

    // ---- changes ----------------------------------------------------------------------------------------------

    fn apply(&self, place: &Place<'_>, node: &mut Node, effect: &Effect) {
        let Some(conditions) = self.conditions(place, &effect.guards) else { return };
        let at = Site::new(&place.file, effect.span);
        if effect.path.is_empty()
            && let Mutation::Assign(value) = &effect.change
        {
            let next = self.expr(place, value);
            *node = match conditions.first() {
                None => next,
                Some(condition) => {
                    let otherwise = condition.negated();
                    let before = node.clone();
                    either(vec![(next, condition.clone()), (before, otherwise)], at)
                }
            };
            return;
        }
        let (path, last) = match (&effect.change, effect.path.split_last()) {
            (Mutation::Assign(_), Some((last, path))) => (path, Some(last)),
            _ => (effect.path.as_slice(), None),
        };
        let Some(target) = descend(node, path) else { return };
        match (&effect.change, &mut target.value) {
            (Mutation::Assign(value), Value::Object(object)) => {
                let value = self.expr(place, value);
                if let Some(key) = last {
                    set(object, key.as_str().into(), at, value, &conditions);
                }
            }
            (Mutation::Push(elements), Value::Array(array)) => {
                for element in elements {
                    self.push(place, array, element, &conditions);
                }
            }
            (Mutation::Merge(elements), Value::Object(object)) => {
                for element in elements {
                    let value = self.expr(place, &element.value);
                    spread(object, value, &conditions);
                }
            }
            (_, Value::Array(array)) => doubt(&mut array.open, Unknown::new("a later change that is not followed", at)),
            (_, Value::Object(object)) => doubt(&mut object.open, Unknown::new("a later change that is not followed", at)),
            (_, value) => *value = Value::Unknown(Unknown::new("a later change that is not followed", at)),
        }
    }

    /// The undecided conditions of guards; `None` when one of them is known not to hold.
    fn conditions(&self, place: &Place<'_>, guards: &[Guard]) -> Option<Vec<Condition>> {
        let mut conditions = Vec::new();
        for guard in guards {
            match (self.truth(place, &guard.condition), guard.holds) {
                (Truth::Known(value), holds) if value == holds => {}
                (Truth::Known(_), _) => return None,
                (Truth::Depends(condition), true) => conditions.push(condition),
                (Truth::Depends(condition), false) => conditions.push(condition.negated()),
            }
        }
        Some(conditions)
    }

    // ---- literals ---------------------------------------------------------------------------------------------

    fn template(&self, place: &Place<'_>, parts: &[TemplatePart], at: Site) -> Node {
        let mut whole = String::new();
        for part in parts {
            match part {
                TemplatePart::Text(Text::Plain(text)) => whole.push_str(text),
                TemplatePart::Text(redacted) => return Node { value: Value::Text(redacted.clone()), at },
                TemplatePart::Value(expr) => match self.expr(place, expr).value {
                    Value::Text(Text::Plain(text)) => whole.push_str(&text),
                    Value::Number(number) => whole.push_str(&number.to_string()),
                    _ => return unknown("a template string with a part that is not known", at),
                },
            }
        }
        Node { value: Value::Text(Text::Plain(whole)), at }
    }

    fn array(&self, place: &Place<'_>, elements: &[Element]) -> Array {
        let mut array = Array::default();
        for element in elements {
            self.push(place, &mut array, element, &[]);
        }
        array
    }

    fn push(&self, place: &Place<'_>, array: &mut Array, element: &Element, conditions: &[Condition]) {
        let node = self.expr(place, &element.value);
        if element.spread { extend(array, node, conditions) } else { append(array, node, conditions) }
    }

    fn object(&self, place: &Place<'_>, properties: &[module::Property]) -> Object {
        let mut object = Object::default();
        for property in properties {
            match property {
                module::Property::Keyed { key, key_span, value } => {
                    let node = self.expr(place, value);
                    set(&mut object, key.as_str().into(), Site::new(&place.file, *key_span), node, &[]);
                }
                module::Property::Computed { key, value } => {
                    let at = Site::new(&place.file, key.span);
                    match self.expr(place, key).value {
                        Value::Text(Text::Plain(name)) => set(&mut object, name.into(), at, self.expr(place, value), &[]),
                        _ => doubt(&mut object.open, Unknown::new("a computed key", at)),
                    }
                }
                module::Property::Spread(value) => spread(&mut object, self.expr(place, value), &[]),
            }
        }
        object
    }

    // ---- members ----------------------------------------------------------------------------------------------

    fn member(&self, place: &Place<'_>, object: &Expr, property: &str, at: Site) -> Node {
        // A member of a module is looked up by itself, so that not every export has to be evaluated.
        if let Kind::Name(name) = &object.kind
            && let Some(module) = place.facts.module()
            && !self.is_bound(place, name)
            && let Some(import) = module.imports.iter().find(|import| import.local == *name && import.name == Imported::Namespace)
            && let Resolved::File(target) = self.resolver.resolve(self.files, &place.file, &import.module)
        {
            return self
                .find_export(&target, property, 0)
                .unwrap_or_else(|| unknown(format!("`{property}` was not found in `{target}`"), at));
        }
        let object = self.expr(place, object);
        self.property(&object, property, &at)
    }

    fn is_bound(&self, place: &Place<'_>, name: &str) -> bool {
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

    fn index(&self, place: &Place<'_>, object: &Expr, index: &Expr, at: Site) -> Node {
        match self.expr(place, index).value {
            Value::Text(Text::Plain(key)) => self.member(place, object, &key, at),
            Value::Number(number) => {
                let object = self.expr(place, object);
                self.property(&object, &number.to_string(), &at)
            }
            _ => unknown("a computed key", at),
        }
    }

    /// One property of a value.
    fn property(&self, object: &Node, key: &str, at: &Site) -> Node {
        let external = |module: &str, name: String| Value::External(External { module: module.to_owned(), name });
        let value = match &object.value {
            Value::Object(known) => {
                let found: Vec<&Property> = known.properties.iter().filter(|property| &*property.key == key).collect();
                return match found.as_slice() {
                    [] if known.open.is_empty() => Node { value: Value::Undefined, at: at.clone() },
                    [] => Node { value: Value::Unknown(known.open[0].clone()), at: at.clone() },
                    [one] if one.conditions.is_empty() => one.node.clone(),
                    several => {
                        let mut alternatives: Vec<_> = several
                            .iter()
                            .map(|property| {
                                let condition = property.conditions.first().cloned().unwrap_or_else(|| undecided(key, at));
                                (property.node.clone(), condition)
                            })
                            .collect();
                        if let [(_, condition)] = alternatives.as_slice() {
                            let otherwise = condition.negated();
                            alternatives.push((Node { value: Value::Undefined, at: at.clone() }, otherwise));
                        }
                        either(alternatives, at.clone())
                    }
                };
            }
            Value::Array(array) => {
                let item = key.parse::<usize>().ok().and_then(|index| array.items.get(index));
                return match item {
                    Some(item) if array.open.is_empty() && item.conditions.is_empty() => item.node.clone(),
                    _ => unknown("an element of a list that is not known", at.clone()),
                };
            }
            Value::Either(alternatives) => {
                let parts = alternatives
                    .iter()
                    .map(|alternative| (self.property(&alternative.node, key, at), alternative.condition.clone()))
                    .collect();
                return either(parts, at.clone());
            }
            Value::External(External { module, name }) if module == "global" => match (name.as_str(), key) {
                ("process.env" | "import.meta.env" | "Bun.env" | "Deno.env", "NODE_ENV" | "MODE") => Value::Env(key.to_owned()),
                ("import.meta.env", "PROD") => {
                    return test(environment_test(Environment::Production, "import.meta.env.PROD", at), at.clone());
                }
                ("import.meta.env", "DEV") => {
                    return test(environment_test(Environment::NotProduction, "import.meta.env.DEV", at), at.clone());
                }
                ("process.env" | "import.meta.env" | "Bun.env" | "Deno.env", _) => Value::Env(key.to_owned()),
                _ => external(module, format!("{name}.{key}")),
            },
            Value::External(External { module, name }) => match name.as_str() {
                "isProduction" if module.starts_with("better-auth") => {
                    Value::Unknown(Unknown::new("a member of a flag", at.clone()))
                }
                "*" => external(module, key.to_owned()),
                "env" if is_env_module(module) => Value::Env(key.to_owned()),
                _ if is_env_module(module) => Value::Env(key.to_owned()),
                _ => external(module, format!("{name}.{key}")),
            },
            Value::Call(call) if reads_environment(call) => Value::Env(key.to_owned()),
            Value::Call(call) => external(&call.callee.module, format!("{}().{key}", call.callee.name)),
            Value::Unknown(why) => Value::Unknown(why.clone()),
            Value::Env(name) => Value::Unknown(Unknown::new(format!("the environment variable `{name}` decides"), at.clone())),
            Value::Undefined | Value::Null => Value::Undefined,
            _ => Value::Unknown(Unknown::new(format!("`{key}` of a value that is not an object"), at.clone())),
        };
        Node { value, at: at.clone() }
    }

    // ---- calls ------------------------------------------------------------------------------------------------

    fn call_expr(&self, place: &Place<'_>, call: &module::Call, at: Site) -> Node {
        if let Kind::Member(object, method) = &call.callee.kind
            && let Some(node) = self.method(place, object, method, call, &at)
        {
            return node;
        }
        let callee = self.expr(place, &call.callee);
        let callee_at = Site::new(&place.file, call.callee.span);
        match callee.value {
            Value::Function(function) if !call.new => {
                let (arguments, open) = self.arguments(place, &call.arguments);
                if !open.is_empty() {
                    return unknown("a call whose arguments are spread from an unknown list", at);
                }
                self.follow_call(&function, arguments, place.frame, &at)
            }
            Value::External(callee) => match (callee.module.as_str(), callee.name.as_str(), call.arguments.as_slice()) {
                ("global", "Boolean", [only]) if !only.spread => match self.truth(place, &only.value) {
                    Truth::Known(value) => Node { value: Value::Bool(value), at },
                    Truth::Depends(condition) => test(condition, at),
                },
                ("global", "String", [only]) | ("global", "Object.freeze" | "structuredClone", [only]) if !only.spread => {
                    self.expr(place, &only.value)
                }
                ("global", "require", [only]) => match &only.value.kind {
                    Kind::Text(Text::Plain(module)) => self.namespace_of(&place.file, module, &at),
                    _ => unknown("a computed module name", at),
                },
                _ => self.external_call(place, callee, render::expr(&call.callee), call, None, callee_at, at),
            },
            // `pgTableCreator(…)("name", …)`: what a foreign function gave back is foreign as well.
            Value::Call(inner) => {
                let callee = External { module: inner.callee.module.clone(), name: format!("{}()", inner.callee.name) };
                self.external_call(place, callee, render::expr(&call.callee), call, Some(inner), callee_at, at)
            }
            Value::Unknown(why) => Node { value: Value::Unknown(why), at },
            _ => unknown(format!("the result of calling `{}`", render::expr(&call.callee)), at),
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one place builds every foreign call")]
    fn external_call(
        &self,
        place: &Place<'_>,
        callee: External,
        local: String,
        call: &module::Call,
        receiver: Option<Box<CallValue>>,
        callee_at: Site,
        at: Site,
    ) -> Node {
        let (arguments, open) = self.arguments(place, &call.arguments);
        let value = CallValue { callee, local, new: call.new, arguments, open, callee_at, receiver };
        Node { value: Value::Call(Box::new(value)), at }
    }

    /// The arguments of a call in order, up to the first spread that is not fully known.
    fn arguments(&self, place: &Place<'_>, elements: &[Element]) -> (Vec<Node>, Vec<Unknown>) {
        let mut arguments = Vec::new();
        for element in elements {
            let node = self.expr(place, &element.value);
            match node.value {
                Value::Array(array) if element.spread => {
                    if !array.open.is_empty() || array.items.iter().any(|item| !item.conditions.is_empty()) {
                        return (arguments, vec![Unknown::new("arguments spread from a list that is not known", node.at)]);
                    }
                    arguments.extend(array.items.into_iter().map(|item| item.node));
                }
                value if element.spread => return (arguments, vec![not_followed(&value, node.at)]),
                value => arguments.push(Node { value, at: node.at }),
            }
        }
        (arguments, Vec::new())
    }

    /// Methods of known values, and static functions of the language; `None` when it is an ordinary call.
    fn method(&self, place: &Place<'_>, object: &Expr, method: &str, call: &module::Call, at: &Site) -> Option<Node> {
        if matches!(&object.kind, Kind::Name(name) if name == "Object") {
            return match method {
                "assign" => {
                    let mut merged = Object::default();
                    for argument in &call.arguments {
                        spread(&mut merged, self.expr(place, &argument.value), &[]);
                    }
                    Some(Node { value: Value::Object(merged), at: at.clone() })
                }
                "freeze" | "seal" => call.arguments.first().map(|argument| self.expr(place, &argument.value)),
                _ => None,
            };
        }
        let receiver = self.expr(place, object);
        match (&receiver.value, method) {
            (Value::Array(array), "filter") => {
                let plain = call.arguments.first().is_some_and(|argument| self.drops_falsy(place, &argument.value));
                let mut kept = array.clone();
                if plain {
                    kept.items.retain(|item| !matches!(truthy(&item.node), Some(false)));
                } else {
                    let reason = "a filter decides which elements stay";
                    doubt(&mut kept.open, Unknown::new(reason, at.clone()));
                    let condition = Condition { text: "the filter keeps it".into(), at: at.clone(), environment: None };
                    kept.items.iter_mut().for_each(|item| item.conditions.push(condition.clone()));
                }
                Some(Node { value: Value::Array(kept), at: receiver.at })
            }
            (Value::Array(array), "concat") => {
                let mut joined = array.clone();
                for argument in &call.arguments {
                    let node = self.expr(place, &argument.value);
                    match node.value {
                        Value::Array(_) | Value::Either(_) | Value::Unknown(_) => extend(&mut joined, node, &[]),
                        _ => append(&mut joined, node, &[]),
                    }
                }
                Some(Node { value: Value::Array(joined), at: receiver.at })
            }
            (Value::Array(array), "flat") => {
                let mut flat = Array { items: Vec::new(), open: array.open.clone() };
                for item in &array.items {
                    match &item.node.value {
                        Value::Array(_) => extend(&mut flat, item.node.clone(), &item.conditions),
                        _ => append(&mut flat, item.node.clone(), &item.conditions),
                    }
                }
                Some(Node { value: Value::Array(flat), at: receiver.at })
            }
            (Value::Text(_), "trim" | "toString" | "toLowerCase") => Some(receiver),
            (Value::Array(_) | Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Env(_), _) => {
                let reason = match &receiver.value {
                    Value::Env(name) => format!("the environment variable `{name}` decides"),
                    _ => format!("the result of `.{method}()`"),
                };
                Some(unknown(reason, at.clone()))
            }
            (Value::Call(inner), _) if !reads_environment(inner) => {
                let callee = External { module: inner.callee.module.clone(), name: format!("{}().{method}", inner.callee.name) };
                let callee_at = Site::new(&place.file, call.callee.span);
                let local = render::expr(&call.callee);
                Some(self.external_call(place, callee, local, call, Some(inner.clone()), callee_at, at.clone()))
            }
            _ => None,
        }
    }

    /// Whether a filter drops exactly the falsy elements: `filter(Boolean)`, `filter((x) => x)`, `filter((x) => !!x)`.
    fn drops_falsy(&self, place: &Place<'_>, filter: &Expr) -> bool {
        match &filter.kind {
            Kind::Name(name) => name == "Boolean",
            Kind::Function(function) => {
                let Some(scope) = place.facts.module().and_then(|module| module.scopes.get(function.scope as usize)) else {
                    return false;
                };
                let ([parameter], [only]) = (scope.bindings.as_slice(), scope.returns.as_slice()) else { return false };
                match only.value.as_ref().map(|value| &value.kind) {
                    Some(Kind::Name(name)) => *name == parameter.name,
                    Some(Kind::Not(inner)) => {
                        matches!(&inner.kind, Kind::Not(inner) if matches!(&inner.kind, Kind::Name(name) if *name == parameter.name))
                    }
                    Some(Kind::Binary(Operator::NotEqual, sides)) => {
                        matches!(&sides[0].kind, Kind::Name(name) if *name == parameter.name)
                            && matches!(sides[1].kind, Kind::Null | Kind::Undefined)
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }

    fn follow_call(&self, function: &FunctionValue, arguments: Vec<Node>, outer: Option<&Frame<'_>>, at: &Site) -> Node {
        let Some(facts) = self.files.facts(&function.file) else {
            return unknown("the function is not part of the snapshot", at.clone());
        };
        let mark = (Arc::clone(&function.file), function.scope, String::new());
        if self.active.borrow().contains(&mark) || self.depth.get() >= MAX_DEPTH {
            return unknown("a function that calls itself", at.clone());
        }
        self.active.borrow_mut().push(mark);
        self.touched.borrow_mut().insert(Arc::clone(&function.file));
        let frame = Frame { file: Arc::clone(&function.file), scope: function.scope, arguments, outer };
        let place = Place { file: Arc::clone(&function.file), facts, scope: function.scope, frame: Some(&frame) };
        let node = self.returned(&place, at);
        self.active.borrow_mut().pop();
        node
    }

    fn returned(&self, place: &Place<'_>, at: &Site) -> Node {
        let scope = place.facts.module().and_then(|module| module.scopes.get(place.scope as usize));
        let mut alternatives = Vec::new();
        let mut last_condition = None;
        for returned in scope.map(|scope| scope.returns.as_slice()).unwrap_or_default() {
            let Some(conditions) = self.conditions(place, &returned.guards) else { continue };
            let node = match &returned.value {
                Some(value) => self.expr(place, value),
                None => Node { value: Value::Undefined, at: at.clone() },
            };
            match conditions.first() {
                None if alternatives.is_empty() => return node,
                None => {
                    let otherwise = last_condition.take().unwrap_or_else(|| undecided("the result", at));
                    alternatives.push((node, otherwise));
                    return either(alternatives, at.clone());
                }
                Some(condition) => {
                    last_condition = Some(condition.negated());
                    alternatives.push((node, condition.clone()));
                }
            }
        }
        if let Some(condition) = last_condition {
            alternatives.push((Node { value: Value::Undefined, at: at.clone() }, condition));
            return either(alternatives, at.clone());
        }
        Node { value: Value::Undefined, at: at.clone() }
    }

    // ---- operators --------------------------------------------------------------------------------------------

    fn binary(&self, place: &Place<'_>, operator: Operator, sides: &[Expr; 2], at: Site) -> Node {
        let [left, right] = sides;
        match operator {
            Operator::Nullish => {
                let node = self.expr(place, left);
                match &node.value {
                    Value::Undefined | Value::Null => self.expr(place, right),
                    _ if is_parked(&node) => self.expr(place, right),
                    Value::Env(_) | Value::Unknown(_) | Value::External(_) | Value::Either(_) => {
                        let condition =
                            Condition { text: format!("{} is set", render::expr(left)), at: at.clone(), environment: None };
                        let otherwise = condition.negated();
                        either(vec![(node, condition), (self.expr(place, right), otherwise)], at)
                    }
                    _ => node,
                }
            }
            Operator::Or if is_parked(&self.expr(place, left)) => self.expr(place, right),
            Operator::Or | Operator::And => {
                let keeps_left = operator == Operator::Or;
                match self.truth(place, left) {
                    Truth::Known(value) if value == keeps_left => self.expr(place, left),
                    Truth::Known(_) => self.expr(place, right),
                    Truth::Depends(condition) => {
                        let otherwise = condition.negated();
                        let (when_left, when_right) = if keeps_left { (condition, otherwise) } else { (otherwise, condition) };
                        // The left side of `&&` is only the result when it is falsy.
                        let kept = match (keeps_left, self.expr(place, left)) {
                            (true, node) => node,
                            (false, node) => Node { value: Value::Bool(false), at: node.at },
                        };
                        either(vec![(kept, when_left), (self.expr(place, right), when_right)], at)
                    }
                }
            }
            Operator::Equal | Operator::NotEqual => self.equality(place, operator == Operator::Equal, sides, at),
            Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide => {
                let value = match (self.expr(place, left).value, self.expr(place, right).value) {
                    (Value::Number(a), Value::Number(b)) => Value::Number(match operator {
                        Operator::Add => a + b,
                        Operator::Subtract => a - b,
                        Operator::Multiply => a * b,
                        _ => a / b,
                    }),
                    (Value::Text(Text::Plain(a)), Value::Text(Text::Plain(b))) if operator == Operator::Add => {
                        Value::Text(Text::Plain(a + &b))
                    }
                    _ => Value::Unknown(Unknown::new("a calculation with a value that is not known", at.clone())),
                };
                Node { value, at }
            }
            Operator::Other => unknown("a comparison or calculation that is not followed", at),
        }
    }

    fn equality(&self, place: &Place<'_>, equal: bool, sides: &[Expr; 2], at: Site) -> Node {
        let [left, right] = [self.expr(place, &sides[0]), self.expr(place, &sides[1])];
        let known = match (&left.value, &right.value) {
            (Value::Text(Text::Plain(a)), Value::Text(Text::Plain(b))) => Some(a == b),
            (Value::Bool(a), Value::Bool(b)) => Some(a == b),
            (Value::Number(a), Value::Number(b)) => Some(a == b),
            (Value::Undefined | Value::Null, Value::Undefined | Value::Null) => Some(true),
            _ => None,
        };
        if let Some(same) = known {
            return Node { value: Value::Bool(same == equal), at };
        }
        let environment = match (&left.value, &right.value) {
            (Value::Env(name), Value::Text(Text::Plain(text))) | (Value::Text(Text::Plain(text)), Value::Env(name)) => {
                selected_environment(name, text)
            }
            _ => None,
        };
        let text = format!("{} {} {}", render::expr(&sides[0]), if equal { "===" } else { "!==" }, render::expr(&sides[1]));
        let environment = environment.map(|environment| match (environment, equal) {
            (environment, true) => environment,
            (Environment::Production, false) => Environment::NotProduction,
            (Environment::NotProduction, false) => Environment::Production,
        });
        test(Condition { text, at: at.clone(), environment }, at)
    }

    fn truth(&self, place: &Place<'_>, expr: &Expr) -> Truth {
        let node = self.expr(place, expr);
        if let Some(known) = truthy(&node) {
            return Truth::Known(known);
        }
        if let Value::Either(alternatives) = &node.value {
            let mut positive = alternatives.iter().filter(|alternative| truthy(&alternative.node) != Some(false));
            if let (Some(only), None) = (positive.next(), positive.next())
                && truthy(&only.node) == Some(true)
            {
                return Truth::Depends(only.condition.clone());
            }
        }
        Truth::Depends(Condition { text: render::expr(expr), at: Site::new(&place.file, expr.span), environment: None })
    }
}

/// How many values a value consists of; `None` when there are too many of them or they are nested too deeply.
fn weight(node: &Node, depth: u32) -> Option<u32> {
    let below = |nodes: &mut dyn Iterator<Item = &Node>| {
        let mut sum = 1_u32;
        for node in nodes {
            sum = sum.saturating_add(weight(node, depth + 1)?);
        }
        Some(sum)
    };
    let total = match &node.value {
        _ if depth > MAX_NESTING => None,
        Value::Array(array) => below(&mut array.items.iter().map(|item| &item.node)),
        Value::Object(object) => below(&mut object.properties.iter().map(|property| &property.node)),
        Value::Either(alternatives) => below(&mut alternatives.iter().map(|alternative| &alternative.node)),
        Value::Call(call) => {
            let mut calls = std::iter::successors(Some(call), |call| call.receiver.as_ref());
            below(&mut calls.by_ref().take(MAX_NESTING as usize).flat_map(|call| &call.arguments))
        }
        Value::Text(Text::Plain(text)) => Some(1 + u32::try_from(text.len() / 64).unwrap_or(u32::MAX)),
        _ => Some(1),
    };
    total.filter(|total| *total <= MAX_WEIGHT)
}

/// Whether a value counts as true; `None` when that is not known.
#[must_use]
pub fn truthy(node: &Node) -> Option<bool> {
    match &node.value {
        Value::Undefined | Value::Null => Some(false),
        Value::Bool(value) => Some(*value),
        Value::Number(value) => Some(*value != 0.0),
        Value::Text(text) => Some(!text.is_empty()),
        Value::Array(_) | Value::Object(_) | Value::Function(_) => Some(true),
        Value::Call(call) if call.new => Some(true),
        Value::Either(alternatives) => {
            let mut each = alternatives.iter().map(|alternative| truthy(&alternative.node));
            let first = each.next()??;
            each.all(|next| next == Some(first)).then_some(first)
        }
        Value::Call(_) | Value::External(_) | Value::Env(_) | Value::Unknown(_) => None,
    }
}

fn unknown(reason: impl Into<String>, at: Site) -> Node {
    Node { value: Value::Unknown(Unknown::new(reason, at.clone())), at }
}

fn undecided(what: &str, at: &Site) -> Condition {
    Condition { text: format!("what decides on {what}"), at: at.clone(), environment: None }
}

fn environment_test(environment: Environment, text: &str, at: &Site) -> Condition {
    Condition { text: text.to_owned(), at: at.clone(), environment: Some(environment) }
}

/// A boolean that is true under a condition.
fn test(condition: Condition, at: Site) -> Node {
    let otherwise = condition.negated();
    let flag = |value| Node { value: Value::Bool(value), at: at.clone() };
    let alternatives = vec![Alternative { node: flag(true), condition }, Alternative { node: flag(false), condition: otherwise }];
    Node { value: Value::Either(alternatives), at }
}

/// One of several values; nested alternatives are laid flat, the outer condition first where it selects an environment.
fn either(parts: Vec<(Node, Condition)>, at: Site) -> Node {
    let mut alternatives: Vec<Alternative> = Vec::new();
    for (node, condition) in parts {
        match node.value {
            Value::Either(inner) => alternatives.extend(inner.into_iter().map(|mut alternative| {
                if alternative.condition.environment.is_none() {
                    alternative.condition.environment = condition.environment;
                }
                let text = format!("{} && {}", condition.text, alternative.condition.text);
                alternative.condition.text = text.chars().take(MAX_CONDITION).collect();
                alternative
            })),
            value => alternatives.push(Alternative { node: Node { value, at: node.at }, condition }),
        }
    }
    alternatives.truncate(32);
    Node { value: Value::Either(alternatives), at }
}

fn append(array: &mut Array, node: Node, conditions: &[Condition]) {
    if is_full(array.items.len(), &mut array.open, &node) {
        return;
    }
    match node.value {
        Value::Either(alternatives) => {
            for alternative in alternatives {
                let mut conditions = conditions.to_vec();
                conditions.push(alternative.condition);
                array.items.push(Item { node: alternative.node, conditions });
            }
        }
        value => array.items.push(Item { node: Node { value, at: node.at }, conditions: conditions.to_vec() }),
    }
}

/// Whether a list has as many parts as are followed; what does not fit is said to be unknown.
fn is_full(parts: usize, open: &mut Vec<Unknown>, node: &Node) -> bool {
    if parts < MAX_ITEMS {
        return false;
    }
    doubt(open, Unknown::new("more parts than are followed", node.at.clone()));
    true
}

/// Adds a reason why there may be more, once, and as long as there are few.
fn doubt(open: &mut Vec<Unknown>, why: Unknown) {
    if open.len() < MAX_REASONS && !open.contains(&why) {
        open.push(why);
    }
}

fn extend(array: &mut Array, node: Node, conditions: &[Condition]) {
    if is_full(array.items.len(), &mut array.open, &node) {
        return;
    }
    match node.value {
        Value::Array(inner) => {
            inner.open.into_iter().for_each(|why| doubt(&mut array.open, why));
            for mut item in inner.items.into_iter().take(MAX_ITEMS) {
                item.conditions.splice(0..0, conditions.iter().cloned());
                array.items.push(item);
            }
        }
        Value::Either(alternatives) => {
            for alternative in alternatives {
                let mut conditions = conditions.to_vec();
                conditions.push(alternative.condition);
                extend(array, alternative.node, &conditions);
            }
        }
        Value::Undefined | Value::Null | Value::Bool(_) => {}
        Value::Unknown(why) => doubt(&mut array.open, why),
        other => doubt(&mut array.open, not_followed(&other, node.at)),
    }
}

fn set(object: &mut Object, key: Arc<str>, key_at: Site, node: Node, conditions: &[Condition]) {
    if is_full(object.properties.len(), &mut object.open, &node) {
        return;
    }
    match conditions.first() {
        None => object.properties.retain(|property| property.key != key),
        Some(condition) => {
            let otherwise = condition.negated();
            for property in object.properties.iter_mut().filter(|property| property.key == key) {
                property.conditions.push(otherwise.clone());
            }
        }
    }
    object.properties.push(Property { key, key_at, node, conditions: conditions.to_vec() });
}

fn spread(object: &mut Object, node: Node, conditions: &[Condition]) {
    match node.value {
        Value::Object(inner) => {
            for property in inner.properties {
                let mut all = conditions.to_vec();
                all.extend(property.conditions);
                set(object, property.key, property.key_at, property.node, &all);
            }
            for why in inner.open {
                may_replace(object, &why);
                doubt(&mut object.open, why);
            }
        }
        Value::Either(alternatives) => {
            for alternative in alternatives {
                let mut conditions = conditions.to_vec();
                conditions.push(alternative.condition);
                spread(object, alternative.node, &conditions);
            }
        }
        Value::Undefined | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
        value => {
            let why = match value {
                Value::Unknown(why) => why,
                other => not_followed(&other, node.at),
            };
            may_replace(object, &why);
            doubt(&mut object.open, why);
        }
    }
}

/// An unknown spread may replace everything before it.
fn may_replace(object: &mut Object, why: &Unknown) {
    let condition = Condition { text: "a later spread does not replace it".into(), at: why.at.clone(), environment: None };
    for property in &mut object.properties {
        property.conditions.push(condition.clone());
    }
}

fn not_followed(value: &Value, at: Site) -> Unknown {
    let reason = match value {
        Value::Call(call) => format!("the result of `{}` from `{}`", call.local, call.callee.module),
        Value::External(external) => format!("`{}` from `{}`", external.name, external.module),
        Value::Env(name) => format!("the environment variable `{name}` decides"),
        _ => "a value that is not followed".into(),
    };
    Unknown::new(reason, at)
}

fn descend<'n>(node: &'n mut Node, path: &[String]) -> Option<&'n mut Node> {
    let mut node = node;
    for step in path {
        let Value::Object(object) = &mut node.value else { return None };
        if !object.properties.iter().any(|property| *property.key == **step) {
            return None;
        }
        node = &mut object.properties.iter_mut().rev().find(|property| *property.key == **step)?.node;
    }
    Some(node)
}

/// Whether a value is kept on the global object between reloads: then it is what an earlier run of the same code made.
fn is_parked(node: &Node) -> bool {
    matches!(&node.value, Value::External(External { module, name })
        if module == "global" && (name.starts_with("globalThis.") || name.starts_with("global.")))
}

fn is_env_module(module: &str) -> bool {
    matches!(
        module,
        "$env/static/private"
            | "$env/static/public"
            | "$env/dynamic/private"
            | "$env/dynamic/public"
            | "cloudflare:workers"
            | "node:process"
            | "process"
    )
}

/// Whether a call gives back the environment: a reader of it, or anything that is given `process.env`.
fn reads_environment(call: &CallValue) -> bool {
    let last = call.callee.name.rsplit('.').next().unwrap_or("");
    ENV_READERS.contains(&last)
        || call.arguments.iter().any(|argument| {
            matches!(&argument.value, Value::External(External { module, name }) if module == "global" && (name == "process.env" || name == "import.meta.env"))
        })
}

fn selected_environment(variable: &str, value: &str) -> Option<Environment> {
    let names_environment =
        matches!(variable, "NODE_ENV" | "MODE" | "APP_ENV" | "VERCEL_ENV" | "ENVIRONMENT" | "ENV" | "NEXT_PUBLIC_VERCEL_ENV");
    match value {
        _ if !names_environment => None,
        "production" | "prod" => Some(Environment::Production),
        "development" | "dev" | "test" | "local" | "testing" => Some(Environment::NotProduction),
        _ => None,
    }
}
