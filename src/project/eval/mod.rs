//! Evaluation of option values: three-valued and bounded.
//!
//! Expressions are followed through constants, spreads, conditions, calls of functions of the repository and imports.
//! What cannot be followed becomes [`Value::Unknown`] with the expression that made it so. Every call that makes an
//! instance has its share of steps; beyond it values are unknown.

mod ambient;
mod assigned;
mod calls;
mod changes;
mod closures;
mod compose;
mod environment;
mod ever;
mod exports;
mod importer;
mod lists;
mod members;
mod merging;
mod names;
mod numbers;
mod objects;
mod operators;
mod outside;
mod proxies;
mod refusals;
mod underway;
mod unused;
mod validators;
mod wrappers;

pub(crate) use ever::Home;
pub(crate) use outside::{MAX_SEARCHED, User};

use std::cell::Cell;
use std::sync::Arc;

use crate::facts::FileFacts;
use crate::facts::module::{self, Element, Expr, Kind, ScopeId, TemplatePart, Text};
use crate::project::files::Files;
use crate::project::memo::{Gate, Memo, Run};
use crate::project::resolve::Resolver;
use crate::project::value::{Activation, Array, Condition, FunctionValue, Node, Object, Unknown, Value};
use crate::source::{Site, Span};
use ambient::{Ambient, Part};
use closures::{called, closed_over, identity};
use compose::{append, as_text, doubt, each, either, extend, set, spread, unknown};
pub use ever::Shared;
pub use exports::Container;
use exports::PassedOn;
use numbers::to_number;
use operators::test;
use outside::{CallsOf, Changes, Uses};
use underway::Underway;

/// Evaluates expressions of the project.
pub struct Evaluator<'a> {
    files: &'a dyn Files,
    resolver: &'a Resolver,
    run: &'a Run<'a>,
    answers: &'a Answers,
    /// Names and functions that are being evaluated.
    active: Underway<Mark>,
    /// Files whose exports are being gathered.
    namespaces: Underway<Arc<str>>,
    /// Questions whether a function changes what lies at a way into an argument of it.
    may_change: Underway<WayInto>,
    /// Names whose value is being changed, with what they stand for before the change.
    changing: Underway<(Mark, Node)>,
    /// Variables that are being looked at for what they are set to.
    setting: Underway<()>,
    /// Nobody asks what other files may change.
    is_as_written: Cell<bool>,
}

/// What evaluation found out.
#[derive(Debug, Default)]
pub(super) struct Answers {
    values: Values,
    /// The values where what other files may change is not asked for.
    as_written: Values,
    /// The files that import from a file.
    users: Memo<UsersOf, Arc<[Arc<str>]>>,
    /// The files that name a file as a module.
    importers: Memo<Arc<str>, Arc<[Arc<str>]>>,
    /// What other files change of the exports of a file.
    changes: Memo<Arc<str>, Arc<Changes>>,
    /// Whether functions change what lies at a way into one of their arguments.
    changing: Memo<WayInto, bool>,
    /// What files pass on.
    passed_on: Memo<Arc<str>, Arc<PassedOn>>,
    /// Files with all their calls.
    whole: Memo<Arc<str>, Option<Arc<FileFacts>>>,
    /// How the function of a scope is used.
    uses: Memo<FunctionId, Arc<Uses>>,
    /// What a part of a package imports by itself.
    ambient: Memo<(Arc<str>, Part), Arc<Ambient>>,
}

/// What evaluation found out of values.
#[derive(Debug, Default)]
struct Values {
    /// What the names of modules stand for.
    names: Memo<(Arc<str>, String), Node>,
    /// What calls come to that no other call decides, by their places.
    calls: Memo<(Arc<str>, Span), Node>,
    /// What functions come to that are given nothing.
    functions: Memo<FunctionId, Node>,
    /// What functions are given.
    calls_of: Memo<FunctionId, Arc<CallsOf>>,
    /// What files export as a whole, as other files see it.
    namespaces: Memo<(Arc<str>, Arc<str>), Node>,
}

impl Answers {
    /// Forgets what the run did not use, or what must not outlive it.
    pub(super) fn end(&mut self, run: u32) {
        for values in [&mut self.values, &mut self.as_written] {
            values.names.end(run);
            values.calls.end(run);
            values.functions.end(run);
            values.calls_of.end(run);
            values.namespaces.end(run);
        }
        self.users.end(run);
        self.importers.end(run);
        self.changes.end(run);
        self.changing.end(run);
        self.passed_on.end(run);
        self.whole.end(run);
        self.uses.end(run);
        self.ambient.end(run);
    }
}

/// A name in a scope of a file, or with an empty name the function of the scope, while it is evaluated.
type Mark = (Arc<str>, ScopeId, String);

/// A file, and what is to be found in those that import from it.
type UsersOf = (Arc<str>, User);

/// A function, by the file and the scope of its body.
type FunctionId = (Arc<str>, ScopeId);

/// A way into an argument of a function.
type WayInto = (FunctionId, u32, Vec<String>);

/// Where an expression stands: its file, its scope, and the arguments of the call being followed.
struct Place<'a> {
    file: Arc<str>,
    facts: Arc<FileFacts>,
    scope: ScopeId,
    frame: Option<&'a Frame<'a>>,
}

/// A call that is being followed, or an object that is being made, and what stands around it.
struct Frame<'a> {
    of: Activation,
    outer: Option<&'a Frame<'a>>,
}

impl<'a> Frame<'a> {
    /// A frame and those around it.
    fn chain(first: Option<&'a Self>) -> impl Iterator<Item = &'a Self> {
        std::iter::successors(first, |frame| frame.outer)
    }
}

/// Whether a value counts as true.
enum Truth {
    Known(bool),
    /// It depends: the condition under which it is true.
    Depends(Condition),
}

impl<'a> Evaluator<'a> {
    /// An evaluator over the files of a snapshot, read through the gate of the run.
    #[must_use]
    pub(super) fn new(files: &'a Gate<'a>, resolver: &'a Resolver, run: &'a Run<'a>, answers: &'a Answers) -> Self {
        let (active, namespaces, may_change, changing) = Default::default();
        let (setting, is_as_written) = Default::default();
        Self { files, resolver, run, answers, active, namespaces, may_change, changing, setting, is_as_written }
    }

    /// Does work for which it is of no account what other files may change: which function a call means. Asking for that as
    /// well would lead from file to file.
    fn as_written<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = self.is_as_written.replace(true);
        let result = work();
        self.is_as_written.set(before);
        result
    }

    fn values(&self) -> &Values {
        if self.is_as_written.get() { &self.answers.as_written } else { &self.answers.values }
    }

    /// Begins a part of the work, with a share of steps of its own.
    pub fn begin(&self) {
        self.run.begin();
    }

    /// The text of a file.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        self.files.text(path)
    }

    /// The folder of the package a file belongs to.
    pub(crate) fn package_of(&self, path: &str) -> Arc<str> {
        self.resolver.package_of(path)
    }

    /// Evaluates an expression of a file in one of its scopes.
    #[must_use]
    pub fn eval(&self, file: &Arc<str>, scope: ScopeId, expr: &Expr) -> Node {
        let Some(facts) = self.files.facts(file) else {
            return unknown("the file is not part of the snapshot", Site::new(file, expr.span));
        };
        self.run.touch(file);
        self.expr(&Place { file: Arc::clone(file), facts, scope, frame: None }, expr)
    }

    /// Evaluates an export of a file; `at` is where it is asked for.
    #[must_use]
    pub fn export(&self, file: &Arc<str>, name: &str, at: &Site) -> Node {
        self.find_export(&at.file, file, name).unwrap_or_else(|| unknown(format!("`{file}` has no export `{name}`"), at.clone()))
    }

    /// The result of calling a function of the repository with the given arguments.
    #[must_use]
    pub fn call(&self, function: &FunctionValue, arguments: Vec<Node>, at: &Site) -> Node {
        self.follow_call(function, called(function, arguments, identity(None, at, 0)), at)
    }

    fn expr(&self, place: &Place<'_>, expr: &Expr) -> Node {
        let at = || Site::new(&place.file, expr.span);
        if !self.run.step() {
            return unknown("working it out takes too many steps", at());
        }
        let node = self.run.deeper(|| self.kind(place, expr, at()));
        node.unwrap_or_else(|| unknown("the value is nested too deeply", at()))
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
            Kind::Array(elements) => self.array(place, elements).into(),
            Kind::Object(properties) => self.object(place, properties).into(),
            Kind::Name(name) => return self.name(place, name, expr.span),
            Kind::Member(object, property) => return self.member(place, object, property, at),
            Kind::Index(object, index) => return self.index(place, object, index, at),
            Kind::Call(call) => return self.call_expr(place, call, at),
            Kind::Function(function) => Value::Function(closed_over(place, function.scope)),
            Kind::Conditional(parts) => {
                let [condition, yes, no] = &**parts;
                return match self.truth(place, condition) {
                    Truth::Known(true) => self.expr(place, yes),
                    Truth::Known(false) => self.expr(place, no),
                    Truth::Depends(_) if self.only_throws(place, yes) => self.expr(place, no),
                    Truth::Depends(kept) => {
                        let value = self.tested(place, yes, condition, true);
                        match self.without_it(place, condition, no, kept.negated()) {
                            Some(missing) => either(vec![(value, kept), (self.tested(place, no, condition, false), missing)], at),
                            None => value,
                        }
                    }
                };
            }
            Kind::Binary(operator, sides) => return self.binary(place, *operator, sides, at),
            Kind::Not(inner) => match self.truth(place, inner) {
                Truth::Known(value) => Value::Bool(!value),
                Truth::Depends(condition) => return test(condition.negated(), at),
            },
            Kind::Negate(inner) | Kind::ToNumber(inner) => {
                let sign = if matches!(expr.kind, Kind::Negate(_)) { -1.0 } else { 1.0 };
                return each(self.expr(place, inner), &at, &|node| match to_number(&node.value) {
                    Some(number) => Node { value: Value::Number(sign * number), at: at.clone() },
                    None => unknown("a number that is not known", at.clone()),
                });
            }
            Kind::TypeOf(inner) => match type_name(&self.expr(place, inner).value) {
                Some(name) => Value::Text(Text::Plain(name.to_owned())),
                None => Value::Unknown(Unknown::new("the type of a value that is not known", at.clone())),
            },
            Kind::ImportCall(module) => return self.namespace_of(&place.file, module, &at),
            Kind::ImportOf(name) => return self.module_called(&place.file, &self.expr(place, name), at),
            Kind::Unread => Value::Unknown(unread(&at)),
            Kind::Opaque => Value::Unknown(Unknown::new("an expression that is not followed", at.clone())),
        };
        Node { value, at }
    }

    fn template(&self, place: &Place<'_>, parts: &[TemplatePart], at: Site) -> Node {
        let text = |text: String| Node { value: Value::Text(Text::Plain(text)), at: at.clone() };
        let mut whole = text(String::new());
        for part in parts {
            let next = match part {
                TemplatePart::Text(Text::Plain(plain)) => text(plain.clone()),
                TemplatePart::Text(redacted) => return Node { value: Value::Text(redacted.clone()), at },
                TemplatePart::Value(expr) => self.expr(place, expr),
            };
            whole = each(whole, &at, &|before| {
                each(next.clone(), &at, &|next| match (&before.value, &next.value) {
                    (Value::Text(Text::Plain(before)), Value::Text(Text::Plain(next))) => text(format!("{before}{next}")),
                    (Value::Text(Text::Plain(before)), Value::Number(number)) => text(format!("{before}{number}")),
                    _ => unknown("a template string with a part that is not known", at.clone()),
                })
            });
        }
        as_text(whole, &at)
    }

    fn array(&self, place: &Place<'_>, elements: &[Element]) -> Array {
        let mut array = Array::default();
        for element in elements {
            self.push(place, &mut array, element, &[]);
        }
        array
    }

    fn push(&self, place: &Place<'_>, array: &mut Array, element: &Element, conditions: &[Condition]) {
        match element.spread {
            true => extend(array, self.elements_of(place, &element.value), conditions),
            false => append(array, self.expr(place, &element.value), conditions),
        }
    }

    /// What gives its elements to a list. A set of those of another list has each once; only where it has no name, nothing
    /// else is put into it.
    fn elements_of(&self, place: &Place<'_>, given: &Expr) -> Node {
        if let Kind::Call(call) = &given.kind
            && let ([Element { value: list, spread: false }], true) = (call.arguments.as_slice(), call.new)
            && matches!(&call.callee.kind, Kind::Name(name) if name == "Set")
            && matches!(self.expr(place, &call.callee).value, Value::External(set) if set.module == "global")
        {
            return self.expr(place, list);
        }
        self.expr(place, given)
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
                // What stands beside it is as it is written.
                module::Property::Spread(Expr { kind: Kind::Unread, span }) => {
                    doubt(&mut object.open, unread(&Site::new(&place.file, *span)));
                }
                module::Property::Spread(value) => spread(&mut object, self.expr(place, value), &[]),
            }
        }
        object
    }
}

fn unread(at: &Site) -> Unknown {
    Unknown::new("the parser could not read this part of it", at.clone())
}

/// What `typeof` tells of a value (ECMAScript, "The typeof Operator").
fn type_name(value: &Value) -> Option<&'static str> {
    Some(match value {
        Value::Undefined => "undefined",
        Value::Null | Value::Array(_) | Value::Object(_) => "object",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::Text(_) => "string",
        Value::Function(_) => "function",
        Value::Call(_) | Value::External(_) | Value::Env(_) | Value::Either(_) | Value::Unknown(_) => return None,
    })
}
