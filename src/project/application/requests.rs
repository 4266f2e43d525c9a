//! Whether a request is one that the program was given, or one it makes itself for a route it knows.

use std::sync::Arc;

use crate::facts::FileFacts;
use crate::facts::module::{Element, Expr, Kind, Mutation, Operator, ScopeId, Source, TemplatePart, Text};
use crate::project::eval::{Evaluator, Home};
use crate::project::files::Files;
use crate::project::value::{External, FunctionValue, Value};

/// Parts of an address that say nothing of the path.
const HOST_PARTS: [&str; 5] = ["origin", "host", "hostname", "protocol", "port"];

/// Parts of an address that have the path.
const PATH_PARTS: [&str; 2] = ["pathname", "href"];

/// Most steps from one expression to another.
const MAX_DEPTH: u32 = 12;

/// Tells requests apart.
#[derive(Clone, Copy)]
pub(super) struct Requests<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) evaluator: &'a Evaluator<'a>,
}

/// An expression in a scope of a file.
#[derive(Clone, Copy)]
struct At<'e> {
    file: &'e Arc<str>,
    scope: ScopeId,
    expr: &'e Expr,
}

impl<'e> At<'e> {
    fn with(self, expr: &'e Expr) -> Self {
        Self { expr, ..self }
    }
}

impl Requests<'_> {
    /// Whether the program makes a request itself, for an address that does not depend on what it is asked.
    pub(super) fn are_own(self, file: &Arc<str>, scope: ScopeId, request: &Expr) -> bool {
        self.is_own(At { file, scope, expr: request }, MAX_DEPTH)
    }

    fn is_own(self, request: At<'_>, depth: u32) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        match &request.expr.kind {
            Kind::Name(name) => self.home(request, name).is_some_and(|home| match self.evaluator.bound(&home) {
                Some(Source::Value(expr)) => self.is_own(At { file: &home.file, scope: home.scope, expr: &expr }, depth),
                _ => false,
            }),
            Kind::Call(call) if call.new => match (self.value(request.with(&call.callee)), call.arguments.first()) {
                (Value::External(External { name, .. }), Some(address)) if name == "Request" => {
                    self.is_fixed(request.with(&address.value), depth)
                }
                _ => false,
            },
            Kind::Call(call) => match self.value(request.with(&call.callee)) {
                Value::Function(function) => self.returns(&function, &|value| self.is_own(value, depth)),
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether an address leads to the same path whatever the program is asked.
    fn is_fixed(self, address: At<'_>, depth: u32) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let fixed = |expr: &Expr| self.is_fixed(address.with(expr), depth);
        let all = |elements: &[Element]| elements.iter().all(|element| fixed(&element.value));
        if is_text(&self.value(address)) {
            return true;
        }
        match &address.expr.kind {
            Kind::Undefined | Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => true,
            Kind::Template(parts) => match parts.last() {
                // `${origin}/path`.
                Some(TemplatePart::Text(path)) if is_path(path) => true,
                _ => parts.iter().all(|part| match part {
                    TemplatePart::Text(_) => true,
                    TemplatePart::Value(value) => fixed(value),
                }),
            },
            Kind::Member(of, part) => HOST_PARTS.contains(&part.as_str()) || fixed(of),
            Kind::Conditional(parts) => fixed(&parts[1]) && fixed(&parts[2]),
            // `origin + "/path"`.
            Kind::Binary(Operator::Add, sides) if matches!(&sides[1].kind, Kind::Text(path) if is_path(path)) => true,
            Kind::Binary(_, sides) => sides.iter().all(fixed),
            // A name that nothing in the repository binds is none of what a function is given.
            Kind::Name(name) => self.home(address, name).is_none_or(|home| {
                let fixed = |expr: &Expr| self.is_fixed(At { file: &home.file, scope: home.scope, expr }, depth);
                match self.evaluator.bound(&home) {
                    Some(Source::Value(expr)) => self.has_written_path(&home).unwrap_or_else(|| fixed(&expr)),
                    Some(Source::Part { of, path, .. }) => {
                        path.last().is_some_and(|part| HOST_PARTS.contains(&part.as_str())) || fixed(&of)
                    }
                    _ => false,
                }
            }),
            Kind::Call(call) => match (self.value(address.with(&call.callee)), &call.callee.kind) {
                (Value::External(External { name, .. }), _) if name == "URL" => {
                    call.arguments.first().is_some_and(|path| fixed(&path.value))
                }
                (Value::Function(function), _) => {
                    all(&call.arguments) && self.returns(&function, &|value| self.is_fixed(value, depth))
                }
                (_, Kind::Member(of, _)) => fixed(of) && all(&call.arguments),
                // What another package gives back may be of the request that is being answered.
                (Value::External(External { module, .. }), _) if module == "global" => all(&call.arguments),
                _ => false,
            },
            _ => false,
        }
    }

    fn value(self, of: At<'_>) -> Value {
        self.evaluator.eval(of.file, of.scope, of.expr).value
    }

    fn home(self, at: At<'_>, name: &str) -> Option<Home> {
        self.evaluator.home(at.file, at.scope, name, at.expr.span)
    }

    /// Whether the path of an address is set later on to one that is written; `None` where it is never set.
    fn has_written_path(self, home: &Home) -> Option<bool> {
        let facts = self.files.facts(&home.file)?;
        let effects = &facts.module()?.scopes.get(home.scope as usize)?.effects;
        effects.iter().rev().find_map(|effect| match (&effect.change, effect.path.as_slice()) {
            (Mutation::Assign(path), [part]) if effect.root == home.name && PATH_PARTS.contains(&part.as_str()) => {
                Some(is_text(&self.value(At { file: &home.file, scope: home.scope, expr: path })))
            }
            _ => None,
        })
    }

    /// Whether something holds for all that a function of the repository gives back.
    fn returns(self, function: &FunctionValue, holds: &dyn Fn(At<'_>) -> bool) -> bool {
        let facts = self.files.facts(&function.file);
        let scopes = facts.as_deref().and_then(FileFacts::module).map(|module| module.scopes.as_slice()).unwrap_or_default();
        let ends = scopes.get(function.scope as usize).map(|scope| scope.returns.as_slice()).unwrap_or_default();
        let mut values = ends.iter().filter(|end| !end.throws).peekable();
        values.peek().is_some()
            && values
                .all(|end| end.value.as_ref().is_some_and(|expr| holds(At { file: &function.file, scope: function.scope, expr })))
    }
}

/// Whether a text behind an origin is all of the path.
fn is_path(text: &Text) -> bool {
    text.plain().is_some_and(|path| path.starts_with('/') && path.len() > 1)
}

/// Whether a value is a text, or one of several.
fn is_text(value: &Value) -> bool {
    match value {
        Value::Text(_) => true,
        Value::Either(alternatives) => alternatives.iter().all(|one| is_text(&one.node.value)),
        _ => false,
    }
}
