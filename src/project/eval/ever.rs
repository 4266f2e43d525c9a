//! What an expression may stand for at some time, where its value at any one time is not known: `let auth`, set later, a
//! member of an object of a class, or what a context was given.

use std::sync::Arc;

use super::Evaluator;
use super::assigned::Assignment;
use super::proxies::{Read, handler_of};
use crate::facts::FileFacts;
use crate::facts::lower::{member_name, property_of};
use crate::facts::module::{
    Call, Expr, Function, Imported, Kind, MODULE_SCOPE, Module, Mutation, Operator, Property, ScopeId, Source, Text,
};
use crate::project::resolve::Resolved;
use crate::project::value::{FunctionValue, Node, Value};
use crate::source::Span;

/// Most expressions that are looked at for one.
const MAX_ORIGINS: usize = 64;

/// Most names between a call and the function it calls.
const MAX_NAMES: u32 = 4;

/// The methods by which containers are asked for the objects of a class.
const LOOKING_UP: [&str; 2] = ["get", "resolve"];

/// An expression and where it stands.
#[derive(Debug, Clone, PartialEq)]
struct Origin {
    file: Arc<str>,
    scope: ScopeId,
    expr: Expr,
}

impl Origin {
    /// Another expression of the same place.
    fn with(&self, expr: &Expr) -> Self {
        Self { expr: expr.clone(), ..self.clone() }
    }
}

/// The values that files put under keys where other code of the application finds them.
#[derive(Debug, Default)]
pub struct Shared(Vec<(Key, bool, Origin)>);

/// What a shared value is found by.
#[derive(Debug, PartialEq)]
enum Key {
    /// A text, within a package.
    Text(Arc<str>, String),
    /// A name of a module.
    Name(Arc<str>, String),
}

impl Shared {
    /// The values under a key that have become members of the object, or that its `get` gives back.
    fn found(&self, key: &Key, member: bool) -> impl Iterator<Item = Origin> {
        self.0
            .iter()
            .filter(move |(other, becomes_member, _)| other == key && *becomes_member == member)
            .map(|(.., value)| value.clone())
    }
}

impl Evaluator<'_> {
    /// The values that some files share.
    pub fn shared<'p>(&self, files: impl IntoIterator<Item = &'p Arc<str>>) -> Shared {
        let mut shared = Shared::default();
        for file in files {
            let facts = self.files.facts(file);
            let offered = facts.as_deref().and_then(FileFacts::module).map(|module| module.shared.as_slice()).unwrap_or_default();
            for offer in offered {
                let origin = |expr: &Expr| Origin { file: Arc::clone(file), scope: offer.scope, expr: expr.clone() };
                if let Some(key) = self.key(&origin(&offer.key)) {
                    shared.0.push((key, offer.becomes_member, origin(&offer.value)));
                }
            }
        }
        shared
    }

    /// The values an expression has at some time, as far as it is followed through names, members, functions and what is
    /// shared; without regard to conditions and to the order in which things happen.
    #[must_use]
    pub fn ever(&self, file: &Arc<str>, scope: ScopeId, expr: &Expr, shared: &Shared) -> Vec<Node> {
        let mut values = Vec::new();
        let mut origins = vec![Origin { file: Arc::clone(file), scope, expr: expr.clone() }];
        let mut next = 0;
        while let Some(origin) = origins.get(next).cloned().filter(|_| next < MAX_ORIGINS && self.run.step()) {
            next += 1;
            let node = self.eval(&origin.file, origin.scope, &origin.expr);
            let is_open = may_be_another(&node.value);
            if !matches!(node.value, Value::Unknown(_)) {
                values.push(node);
            }
            if is_open {
                for source in self.sources(&origin, shared) {
                    if !origins.contains(&source) {
                        origins.push(source);
                    }
                }
            }
        }
        values
    }

    /// The values at some time of what a member of an expression is a member of in the first place, under the same name:
    /// `instance` of `object.handler`, where that is `{ handler: instance.handler }`.
    #[must_use]
    pub fn ever_holders(&self, file: &Arc<str>, scope: ScopeId, of: &Expr, name: &str, shared: &Shared) -> Vec<Node> {
        let path = [name.to_owned()];
        let mut origins = vec![Origin { file: Arc::clone(file), scope, expr: member(of, &path) }];
        let mut next = 0;
        while let Some(origin) = origins.get(next).cloned().filter(|_| next < MAX_ORIGINS && self.run.step()) {
            next += 1;
            let sources = self.sources(&origin, shared).into_iter();
            let new: Vec<Origin> = sources.filter(|source| !origins.contains(source)).collect();
            origins.extend(new);
        }
        let held = origins.iter().skip(1).filter_map(|origin| match &origin.expr.kind {
            Kind::Member(of, member) if member == name => Some(self.ever(&origin.file, origin.scope, of, shared)),
            _ => None,
        });
        held.flatten().collect()
    }

    /// The values at some time of what `of` takes of the results of a function, as [`Self::ever`] has them.
    #[must_use]
    pub fn ever_returned(&self, function: &FunctionValue, of: impl Fn(&Expr) -> Option<&Expr>, shared: &Shared) -> Vec<Node> {
        let facts = self.files.facts(&function.file);
        let scopes = facts.as_deref().and_then(FileFacts::module).map(|module| module.scopes.as_slice()).unwrap_or_default();
        let returns = scopes.get(function.scope as usize).map(|scope| scope.returns.as_slice()).unwrap_or_default();
        let parts = returns.iter().filter_map(|end| of(end.value.as_ref()?));
        parts.flat_map(|part| self.ever(&function.file, function.scope, part, shared)).collect()
    }

    /// The values under a key: those of its package, or else of the packages that this one depends on, which may share what it
    /// finds.
    fn found(&self, shared: &Shared, key: &Key) -> Vec<Origin> {
        let own: Vec<Origin> = shared.found(key, false).collect();
        let Key::Text(package, text) = key else { return own };
        if !own.is_empty() {
            return own;
        }
        let is_below = |other: &Key| matches!(other, Key::Text(from, key) if key == text && self.resolver.depends(package, from));
        let below = shared.0.iter().filter(|(other, becomes_member, _)| !becomes_member && is_below(other));
        below.map(|(.., value)| value.clone()).collect()
    }

    /// Whether an expression is the function of a scope at some time.
    pub(crate) fn is_ever(
        &self,
        file: &Arc<str>,
        scope: ScopeId,
        expr: &Expr,
        function: (&str, ScopeId),
        shared: &Shared,
    ) -> bool {
        let is_it = |file: &str, scope: ScopeId| (file, scope) == function;
        match self.eval(file, scope, expr).value {
            Value::Function(found) => is_it(&found.file, found.scope),
            _ => {
                let origin = Origin { file: Arc::clone(file), scope, expr: expr.clone() };
                self.functions(origin, shared, MAX_NAMES).iter().any(|found| match &found.expr.kind {
                    Kind::Function(own) => is_it(&found.file, own.scope),
                    _ => false,
                })
            }
        }
    }

    /// What an expression gets its value from, one step back.
    fn sources(&self, origin: &Origin, shared: &Shared) -> Vec<Origin> {
        match &origin.expr.kind {
            Kind::Name(name) => self.origins(origin, name, &[], shared),
            Kind::Member(of, member) => {
                let mut sources = match &of.kind {
                    Kind::Name(name) => self.origins(origin, name, std::slice::from_ref(member), shared),
                    Kind::Call(call) => {
                        let class = if call.new { Some(&call.callee) } else { looked_up(call) };
                        class.and_then(|class| self.member_of_object(origin, class, member)).into_iter().collect()
                    }
                    Kind::Object(properties) => written(properties, member).map(|value| origin.with(value)).into_iter().collect(),
                    _ => Vec::new(),
                };
                // `context.var.auth` is what `context.set("auth", …)` was given.
                let is_variable = matches!(&of.kind, Kind::Member(_, var) if var == "var");
                let key = self.text_key(&origin.file, member);
                sources.extend(shared.found(&key, true));
                if is_variable {
                    sources.extend(self.found(shared, &key));
                }
                sources
            }
            // What it gives back is what it was given.
            Kind::Call(call) if is_extending(call) => {
                call.arguments.first().map(|of| origin.with(&of.value)).into_iter().collect()
            }
            Kind::Call(call) if handler_of(call).is_some() => {
                let handler = handler_of(call).map(|handler| self.eval(&origin.file, origin.scope, handler));
                let read = handler.and_then(|handler| self.read_through(&handler));
                read.map(|Read { get, of, .. }| Origin { file: get.file, scope: get.scope, expr: of }).into_iter().collect()
            }
            Kind::Call(call) if !call.new => {
                let given = match (&call.callee.kind, call.arguments.as_slice()) {
                    (Kind::Member(_, get), [key]) if get == "get" && !key.spread => self.key(&origin.with(&key.value)),
                    _ => None,
                };
                let functions = self.functions(origin.with(&call.callee), shared, MAX_NAMES);
                let mut sources: Vec<Origin> = functions.iter().flat_map(|function| self.returns(function)).collect();
                sources.extend(given.iter().flat_map(|key| self.found(shared, key)));
                sources
            }
            Kind::Binary(Operator::Nullish | Operator::Or, sides) => sides.iter().map(|side| origin.with(side)).collect(),
            _ => Vec::new(),
        }
    }

    /// What a name, or a member of what it stands for, is bound to or given, in the function that binds it or the module it
    /// is imported from.
    fn origins(&self, origin: &Origin, name: &str, path: &[String], shared: &Shared) -> Vec<Origin> {
        let Some(home) = self.home_of(origin, name) else { return Vec::new() };
        let facts = self.files.facts(&home.file);
        let Some(module) = facts.as_deref().and_then(FileFacts::module) else { return Vec::new() };
        let scope = &module.scopes[home.scope as usize];
        // The container gives it what is provided for the token (NestJS: "Custom providers").
        let class = scope.class.as_deref();
        let given = class.zip(property_of(&home.name)).and_then(|(class, member)| class.class_of(member));
        let given = given.map(|class| Expr { kind: Kind::Name(class.to_owned()), span: Span::default() });
        let token = match class.and_then(|class| class.token_of(&home.name)) {
            Some(token) => Some(home.origin(home.scope, token.clone())),
            // A class is a token as well.
            None => given.as_ref().map(|class| home.origin(MODULE_SCOPE, class.clone())),
        };
        let injected: Vec<Origin> = token
            .and_then(|token| self.key(&token))
            .iter()
            .flat_map(|key| shared.found(key, false))
            .map(|origin| origin.with(&member(&origin.expr, path)))
            .collect();
        let bound = scope.binding(&home.name, home.at);
        let bound = match bound.map(|binding| &binding.source) {
            _ if !injected.is_empty() => injected,
            Some(Source::Value(expr)) => vec![home.origin(home.scope, member(expr, path))],
            Some(Source::Part { of, path: way, .. }) => vec![home.origin(home.scope, member(&member(of, way), path))],
            // The container gives it an object of the class (NestJS: "Providers").
            Some(Source::Parameter { path: way, .. }) if way.is_empty() && property_of(&home.name).is_some() => {
                let from = home.origin(MODULE_SCOPE, origin.expr.clone());
                given
                    .zip(path.first())
                    .and_then(|(class, member)| self.member_of_object(&from, &class, member))
                    .into_iter()
                    .collect()
            }
            // `({ auth }) => …` takes a member of what it is given.
            Some(Source::Parameter { path: way, .. }) => match way.as_slice() {
                [only] if path.is_empty() => shared.found(&self.text_key(&home.file, only), true).collect(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        let effects = module.scopes[home.scope as usize].effects.iter();
        let of_name = effects.filter(|effect| effect.root == home.name && effect.path == path);
        let assigned = of_name.filter_map(|effect| Assignment::of(module, home.scope, effect)).filter_map(|made| {
            let is_its_own = binder(module, made.scope, &home.name, Some(made.effect.span.start)) == Some(home.scope);
            is_its_own.then(|| home.origin(made.scope, made.value.clone()))
        });
        bound.into_iter().chain(assigned).collect()
    }

    /// A member of the objects of a class of the repository.
    fn member_of_object(&self, origin: &Origin, class: &Expr, member: &str) -> Option<Origin> {
        let Value::Function(class) = self.eval(&origin.file, origin.scope, class).value else { return None };
        let facts = self.files.facts(&class.file)?;
        let name = member_name(member);
        let scope = facts.module()?.scopes.get(class.scope as usize).filter(|scope| scope.class.is_some())?;
        let span = scope.binding(&name, None)?.span;
        Some(Origin { file: class.file, scope: class.scope, expr: Expr { kind: Kind::Name(name), span } })
    }

    /// The functions that something which is called is, through names and members.
    fn functions(&self, callee: Origin, shared: &Shared, names: u32) -> Vec<Origin> {
        match (&callee.expr.kind, names.checked_sub(1)) {
            (Kind::Function(_), _) => vec![callee],
            (_, None) => Vec::new(),
            (_, Some(names)) => {
                // What another call gives back could be that of the same one again.
                let is_named = |source: &Origin| !matches!(source.expr.kind, Kind::Call(_));
                let sources = self.sources(&callee, shared).into_iter().filter(is_named);
                sources.flat_map(|source| self.functions(source, shared, names)).collect()
            }
        }
    }

    /// What a function gives back.
    fn returns(&self, function: &Origin) -> Vec<Origin> {
        let Kind::Function(Function { scope }) = function.expr.kind else { return Vec::new() };
        let facts = self.files.facts(&function.file);
        let scopes = facts.as_deref().and_then(FileFacts::module).map(|module| module.scopes.as_slice()).unwrap_or_default();
        let returns = scopes.get(scope as usize).map(|scope| scope.returns.as_slice()).unwrap_or_default();
        let values = returns.iter().filter_map(|end| end.value.clone());
        values.map(|expr| Origin { file: Arc::clone(&function.file), scope, expr }).collect()
    }

    fn key(&self, origin: &Origin) -> Option<Key> {
        match (self.eval(&origin.file, origin.scope, &origin.expr).value, &origin.expr.kind) {
            (Value::Text(Text::Plain(text)), _) => Some(self.text_key(&origin.file, &text)),
            (_, Kind::Name(name)) => {
                let home = self.home_of(origin, name).filter(|home| home.scope == MODULE_SCOPE)?;
                Some(Key::Name(home.file, home.name))
            }
            _ => None,
        }
    }

    fn text_key(&self, file: &str, text: &str) -> Key {
        Key::Text(self.resolver.package_of(file), text.to_owned())
    }

    /// Where a name is bound.
    fn home_of(&self, origin: &Origin, name: &str) -> Option<Home> {
        self.home(&origin.file, origin.scope, name, origin.expr.span)
    }

    /// Where a name is bound that stands at a place of a file.
    pub(crate) fn home(&self, file: &Arc<str>, scope: ScopeId, name: &str, span: Span) -> Option<Home> {
        let facts = self.files.facts(file)?;
        let module = facts.module()?;
        let at = Some(span.start);
        if let Some(scope) = binder(module, scope, name, at) {
            return Some(Home { file: Arc::clone(file), scope, name: name.to_owned(), at });
        }
        let (file, name) = match module.imports.iter().find(|import| import.local == name) {
            Some(import) => match &import.name {
                Imported::Named(exported) => self.declaration(file, &import.module, exported)?,
                Imported::Namespace => self.exported_name(file, &import.module)?,
            },
            None => self.auto_imported(file, name)?,
        };
        Some(Home { file, scope: MODULE_SCOPE, name, at: None })
    }

    /// What a name is bound to, whatever is changed of it afterwards.
    pub(crate) fn bound(&self, home: &Home) -> Option<Source> {
        let facts = self.files.facts(&home.file)?;
        let scope = facts.module()?.scopes.get(home.scope as usize)?;
        Some(scope.binding(&home.name, home.at)?.source.clone())
    }

    /// The name that a module exports as a whole: `module.exports = name`.
    fn exported_name(&self, from: &str, module: &str) -> Option<(Arc<str>, String)> {
        let Resolved::File(target) = self.resolver.resolve(self.files, from, module) else { return None };
        let facts = self.files.facts(&target)?;
        let name = facts.module()?.scopes.first()?.effects.iter().rev().find_map(|effect| match &effect.change {
            Mutation::Assign(Expr { kind: Kind::Name(name), .. }) => {
                (effect.root == "module" && effect.path == ["exports"]).then(|| name.clone())
            }
            _ => None,
        })?;
        Some((target, name))
    }
}

/// The place a name is bound in.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    /// The file.
    pub(crate) file: Arc<str>,
    /// The scope that has the name.
    pub(crate) scope: ScopeId,
    /// The name there.
    pub(crate) name: String,
    /// The byte from which it is seen, where that is in the same file.
    pub(crate) at: Option<u32>,
}

impl Home {
    /// Whether another name is bound in the same place.
    pub(crate) fn is(&self, other: &Self) -> bool {
        (&self.file, self.scope, &self.name) == (&other.file, other.scope, &other.name)
    }
}

impl Home {
    fn origin(&self, scope: ScopeId, expr: Expr) -> Origin {
        Origin { file: Arc::clone(&self.file), scope, expr }
    }
}

/// The class that a container is asked for an object of: `app.get(Service)` (NestJS: "Standalone applications").
fn looked_up(call: &Call) -> Option<&Expr> {
    match (&call.callee.kind, call.arguments.as_slice()) {
        (Kind::Member(_, method), [class, ..]) if LOOKING_UP.contains(&method.as_str()) && !class.spread => Some(&class.value),
        _ => None,
    }
}

/// Whether a call gives back its first argument with more members.
fn is_extending(call: &Call) -> bool {
    let is_object = |of: &Expr| matches!(&of.kind, Kind::Name(name) if name == "Object");
    !call.new && matches!(&call.callee.kind, Kind::Member(of, method) if method == "assign" && is_object(of))
}

/// Whether something may stand for another value at another time, or when more is known of it.
fn may_be_another(value: &Value) -> bool {
    match value {
        Value::Unknown(_) | Value::Undefined | Value::Null | Value::External(_) | Value::Call(_) => true,
        Value::Object(object) => !object.open.is_empty(),
        Value::Either(alternatives) => alternatives.iter().any(|one| may_be_another(&one.node.value)),
        _ => false,
    }
}

/// The scope that binds a name as it is seen from a place in a scope.
pub(super) fn binder(module: &Module, from: ScopeId, name: &str, at: Option<u32>) -> Option<ScopeId> {
    let mut scopes = std::iter::successors(Some(from), |id| module.scopes.get(*id as usize)?.parent);
    scopes.find(|id| module.scopes.get(*id as usize).is_some_and(|data| data.binding(name, at).is_some()))
}

/// Whether an expression in a scope begins with a name that no function around it binds.
pub(super) fn is_of_module(module: &Module, scope: ScopeId, expr: &Expr) -> bool {
    let mut root = expr;
    while let Kind::Member(of, _) = &root.kind {
        root = of;
    }
    let Kind::Name(name) = &root.kind else { return false };
    binder(module, scope, name, Some(expr.span.start)).is_none_or(|home| home == MODULE_SCOPE)
}

/// What an object holds under a key, as it is written.
fn written<'e>(properties: &'e [Property], key: &str) -> Option<&'e Expr> {
    properties.iter().rev().find_map(|property| match property {
        Property::Keyed { key: other, value, .. } if other == key => Some(value),
        _ => None,
    })
}

/// What lies at a path in a value, as an expression.
fn member(of: &Expr, path: &[String]) -> Expr {
    let step = |object: Expr, key: &String| Expr { span: object.span, kind: Kind::Member(Box::new(object), key.clone()) };
    path.iter().fold(of.clone(), step)
}
