//! Proxies, which stand for what their `get` reads from: `new Proxy({}, { get: (_, key) => Reflect.get(made(), key) })`.

use super::closures::{called, identity, in_call};
use super::{Evaluator, Place};
use crate::facts::FileFacts;
use crate::facts::module::{Call, Element, Expr, Kind, Scope, Source};
use crate::project::value::{External, FunctionValue, Node, Value};
use crate::source::Site;

/// The method of a handler that reads members.
const GET: &str = "get";

/// Most names between what a handler gives back and what it reads from.
const MAX_NAMES: u32 = 4;

/// What the `get` of a handler reads from, whatever it is asked for.
pub(super) struct Read {
    /// The function.
    pub(super) get: FunctionValue,
    /// What it reads from.
    pub(super) of: Expr,
    /// Some members it has by itself.
    has_others: bool,
}

impl Evaluator<'_> {
    /// What a proxy stands for, whatever is asked of it; `None` where that is not told, or it is another call.
    pub(super) fn proxied(&self, place: &Place<'_>, callee: &External, call: &Call, at: &Site) -> Option<Node> {
        let ([target, handler], "global", "Proxy") = (call.arguments.as_slice(), callee.module.as_str(), callee.name.as_str())
        else {
            return None;
        };
        if !call.new || target.spread || handler.spread {
            return None;
        }
        let handler = self.expr(place, &handler.value);
        if matches!(&handler.value, Value::Object(_)) && self.property(&handler, GET, at).value == Value::Undefined {
            return Some(self.expr(place, &target.value));
        }
        let Read { get, of, .. } = self.read_through(&handler).filter(|read| !read.has_others)?;
        let facts = self.files.facts(&get.file)?;
        self.run.touch(&get.file);
        let call = called(&get, vec![self.expr(place, &target.value)], identity(place.frame, at, 0));
        Some(in_call(&get, &facts, &call, &mut |inner| self.expr(inner, &of)))
    }

    /// What the handler of a proxy reads from; `None` where that is not one thing.
    pub(super) fn read_through(&self, handler: &Node) -> Option<Read> {
        let Value::Function(get) = self.property(handler, GET, &handler.at).value else { return None };
        let facts = self.files.facts(&get.file);
        let scope = facts.as_deref().and_then(FileFacts::module)?.scopes.get(get.scope as usize)?;
        let is_key = |source: &Source| matches!(source, Source::Parameter { index: 1, path, .. } if path.is_empty());
        let key = &scope.bindings.iter().find(|binding| is_key(&binding.source))?.name;
        let reader = Reader { scope, key };
        let given = scope.returns.iter().filter_map(|end| end.value.as_ref());
        let (read, others): (Vec<_>, Vec<_>) = given.map(|value| reader.read(value, MAX_NAMES)).partition(Option::is_some);
        let mut read = read.into_iter().flatten();
        let of = read.next()?.ok()?;
        let is_same = |other: Result<&Expr, Several>| other.is_ok_and(|other| other.kind == of.kind);
        let (is_one, of) = (read.all(is_same), of.clone());
        is_one.then(|| Read { get: get.clone(), of, has_others: !others.is_empty() })
    }
}

/// Whether a call puts a proxy before something: the handler of it.
pub(super) fn handler_of(call: &Call) -> Option<&Expr> {
    match (&call.callee.kind, call.arguments.as_slice()) {
        (Kind::Name(name), [_, Element { value, spread: false }]) => (call.new && name == "Proxy").then_some(value),
        _ => None,
    }
}

/// It is not one thing that is read from.
struct Several;

/// Finds what the function of a scope reads from.
struct Reader<'s> {
    scope: &'s Scope,
    /// The name of what is asked for.
    key: &'s str,
}

impl<'s> Reader<'s> {
    /// What an expression reads the member from that is asked for; `None` where it reads none.
    fn read(&self, expr: &'s Expr, names: u32) -> Option<Result<&'s Expr, Several>> {
        match &expr.kind {
            Kind::Index(of, key) => self.is_key(key).then_some(Ok(of)),
            Kind::Name(name) => match &self.scope.binding(name, Some(expr.span.start))?.source {
                Source::Value(value) => self.read(value, names.checked_sub(1)?),
                _ => None,
            },
            // `typeof value === "function" ? value.bind(made) : value`.
            Kind::Conditional(parts) => match (self.read(&parts[1], names)?, self.read(&parts[2], names)?) {
                (Ok(one), Ok(other)) if one.kind == other.kind => Some(Ok(one)),
                _ => Some(Err(Several)),
            },
            Kind::Call(call) => self.reflected(call).map(Ok).or_else(|| match &call.callee.kind {
                Kind::Member(method, bind) if bind == "bind" => self.read(method, names),
                _ => None,
            }),
            _ => None,
        }
    }

    /// `Reflect.get(of, key)`.
    fn reflected(&self, call: &'s Call) -> Option<&'s Expr> {
        let Kind::Member(reflect, get) = &call.callee.kind else { return None };
        let is_reflect = get == GET && matches!(&reflect.kind, Kind::Name(name) if name == "Reflect");
        match call.arguments.as_slice() {
            [Element { value: of, spread: false }, Element { value: key, spread: false }, ..] => {
                (is_reflect && self.is_key(key)).then_some(of)
            }
            _ => None,
        }
    }

    fn is_key(&self, expr: &Expr) -> bool {
        matches!(&expr.kind, Kind::Name(name) if name == self.key)
    }
}
