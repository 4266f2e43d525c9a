//! Values that are given to functions, which may change them.

use super::changes::place;
use super::{Lowering, span};
use crate::facts::common::Common;
use crate::facts::module::{
    Call, CallSite, Effect, Export, Expr, Guard, Kind, MODULE_SCOPE, Mutation, Property, ScopeId, Source, When,
};
use crate::source::Span;
use crate::syntax::typescript::nodes::Node;
use std::collections::{HashMap, HashSet};

/// Longest way into an argument that is followed.
const MAX_WAY: usize = 3;

/// A call, and what of its arguments has a name.
pub(super) struct Given {
    scope: ScopeId,
    call: Common<Call>,
    parts: Vec<Part>,
    guards: Vec<Guard>,
    span: Span,
    /// Nothing is made of the result.
    for_its_effect: bool,
}

/// A part of an argument: the place of that, the way into it, and the name and path of what lies there.
struct Part {
    index: u32,
    way: Vec<String>,
    root: String,
    path: Vec<String>,
}

/// What is called.
enum Called {
    /// A function of the file.
    Function(ScopeId),
    /// What is told when files are linked, if at all.
    Elsewhere,
    /// Something that changes nothing it is given.
    Harmless,
}

impl Lowering<'_> {
    /// `f(x)`, `f({ key: x })`: the function may change what it is given.
    pub(super) fn passing_call(&mut self, expr: &Expr, scope: ScopeId, node: Node<'_>) {
        let Kind::Call(call) = &expr.kind else { return };
        let may_change = match &call.callee.kind {
            Kind::Name(name) => !self.entry_names.contains_key(name),
            Kind::Member(..) => place(&call.callee).is_some(),
            kind => matches!(kind, Kind::Function(_)),
        };
        if !may_change {
            return;
        }
        let mut parts = Vec::new();
        for (index, argument) in (0..).zip(&call.arguments).take_while(|(_, argument)| !argument.spread) {
            collect_parts(&argument.value, index, &mut Vec::new(), &mut parts);
        }
        if parts.is_empty() {
            return;
        }
        let mut around = node.parent();
        while let Some(inner) = around.filter(|around| matches!(around.kind(), "await_expression" | "parenthesized_expression")) {
            around = inner.parent();
        }
        let for_its_effect = around.is_some_and(|around| around.kind() == "expression_statement");
        let guards = self.guards_of(scope);
        self.given.push(Given { scope, call: call.clone(), parts, guards, span: span(node), for_its_effect });
    }

    /// Of what is given to functions, only what one of the file may change counts, or what may be part of options and is
    /// given to one of another file: most functions change nothing, and looking into them again for every use of a name
    /// costs far more than it tells.
    pub(super) fn settle_given(&mut self) {
        let given = std::mem::take(&mut self.given);
        let of_options = if given.is_empty() { HashSet::new() } else { self.names_of_options() };
        for Given { scope, call, parts, guards, span, for_its_effect } in given {
            let called = self.called(scope, &call.callee, span.start);
            for Part { index, way, root, path } in parts {
                let counts = match called {
                    Called::Function(function) => self.takes(function, index),
                    Called::Elsewhere if of_options.contains(&root) => true,
                    Called::Elsewhere => self.may_become_options(scope, &root, span.start, for_its_effect),
                    Called::Harmless => false,
                };
                if counts {
                    let change = Mutation::Passed { call: call.clone(), index, way };
                    let effect = Effect { root, path, change, guards: guards.clone(), span, when: When::Here };
                    self.scope(scope).effects.push(effect);
                }
            }
        }
    }

    /// Drops what is given to functions of the file that change nothing of it.
    pub(super) fn settle_passed(&mut self) {
        loop {
            let kept: Vec<Vec<bool>> = (MODULE_SCOPE..)
                .zip(&self.module.scopes)
                .map(|(id, scope)| scope.effects.iter().map(|effect| self.is_change(id, effect)).collect())
                .collect();
            for (scope, kept) in self.module.scopes.iter_mut().zip(&kept) {
                let mut kept = kept.iter();
                scope.effects.retain(|_| kept.next() == Some(&true));
            }
            if kept.iter().flatten().all(|kept| *kept) {
                return;
            }
        }
    }

    fn is_change(&self, scope: ScopeId, effect: &Effect) -> bool {
        let Mutation::Passed { call, index, way } = &effect.change else { return true };
        self.changes_given(scope, call, *index, way, effect.span.start).unwrap_or(true)
    }

    /// Whether a call changes what it is given; `None` where that is told when files are linked.
    pub(super) fn changes_given(&self, scope: ScopeId, call: &Call, index: u32, way: &[String], at: u32) -> Option<bool> {
        match self.called(scope, &call.callee, at) {
            Called::Function(function) => Some(self.module.scopes[function as usize].changes_of(index, way).next().is_some()),
            Called::Elsewhere => None,
            Called::Harmless => Some(false),
        }
    }

    /// Whether what is called is the same thing as seen from a scope around.
    pub(super) fn is_seen_from(&self, home: ScopeId, call: &Call) -> bool {
        place(&call.callee).is_some_and(|(root, _)| self.home(home, &root, call.callee.span.start).is_some())
    }

    fn called(&self, scope: ScopeId, callee: &Expr, at: u32) -> Called {
        let Some((root, path)) = place(callee) else {
            return match &callee.kind {
                Kind::Function(function) => Called::Function(function.scope),
                _ => Called::Harmless,
            };
        };
        // What no one declares is part of the language or the platform.
        let Some(home) = self.home(scope, &root, at) else { return Called::Harmless };
        match self.module.scopes[home as usize].binding(&root, Some(at)).map(|binding| &binding.source) {
            None if self.is_of_framework(&root) => Called::Harmless,
            None => Called::Elsewhere,
            Some(Source::Value(value)) => match (member(value, &path), path.as_slice()) {
                (Some(Kind::Function(function)), _) => Called::Function(function.scope),
                (Some(_), []) => Called::Elsewhere,
                _ => Called::Harmless,
            },
            Some(_) if path.is_empty() => Called::Elsewhere,
            // Methods of what a framework hands over.
            Some(_) => Called::Harmless,
        }
    }

    /// Whether a name is imported from better-auth, whose functions take options and leave them alone.
    fn is_of_framework(&self, name: &str) -> bool {
        let import = self.module.imports.iter().find(|import| import.local == name);
        import.is_some_and(|import| import.module.trim_start_matches('@').starts_with("better-auth"))
    }

    /// Whether a function has a name for an argument.
    fn takes(&self, function: ScopeId, index: u32) -> bool {
        self.module.scopes[function as usize].bindings.iter().any(|binding| match binding.source {
            Source::Parameter { index: own, .. } => own == index,
            Source::Arguments { from } => from <= index,
            _ => false,
        })
    }

    /// The names that what is given to makers of instances is made of.
    fn names_of_options(&self) -> HashSet<String> {
        let mut bound: HashMap<&str, Vec<&Expr>> = HashMap::new();
        for binding in self.module.scopes.iter().flat_map(|scope| &scope.bindings) {
            if let Source::Value(value) | Source::Part { of: value, .. } = &binding.source {
                bound.entry(&binding.name).or_default().push(value);
            }
        }
        let mut names = HashSet::new();
        let mut open = Vec::new();
        let is_maker = |site: &&CallSite| match &site.expr.kind {
            Kind::Call(call) => matches!(&call.callee.kind, Kind::Name(name) | Kind::Member(_, name) if self.is_maker(name)),
            _ => false,
        };
        for site in self.module.calls.iter().chain(self.module.makers.iter().filter(is_maker)) {
            if let Kind::Call(call) = &site.expr.kind {
                call.arguments.iter().for_each(|argument| each_name(&argument.value, &mut |name| open.push(name)));
            }
        }
        while let Some(name) = open.pop() {
            if names.insert(name.to_owned()) {
                let values = bound.get(name).map(Vec::as_slice).unwrap_or_default();
                values.iter().for_each(|value| each_name(value, &mut |name| open.push(name)));
            }
        }
        names
    }

    /// Whether a name stands for a list or an object that another file may make options of.
    fn may_become_options(&self, scope: ScopeId, name: &str, at: u32, for_its_effect: bool) -> bool {
        let Some(home) = self.home(scope, name, at) else { return false };
        let data = &self.module.scopes[home as usize];
        match data.binding(name, Some(at)).map(|binding| &binding.source) {
            Some(Source::Value(value)) => matches!(value.kind, Kind::Array(_) | Kind::Object(_)) && self.goes_out(home, name),
            Some(_) => false,
            None => for_its_effect,
        }
    }

    /// Whether a value leaves its scope.
    fn goes_out(&self, home: ScopeId, name: &str) -> bool {
        let is_exported = |export: &Export| matches!(export, Export::Local { local, .. } if local == name);
        let data = &self.module.scopes[home as usize];
        let mut is_returned = false;
        for value in data.returns.iter().filter_map(|end| end.value.as_ref()) {
            each_name(value, &mut |other| is_returned |= other == name);
        }
        is_returned || home == MODULE_SCOPE && self.module.exports.iter().any(is_exported)
    }
}

/// What a value holds at a path, as far as it is written out.
fn member<'e>(value: &'e Expr, path: &[String]) -> Option<&'e Kind> {
    let Some((step, rest)) = path.split_first() else { return Some(&value.kind) };
    let Kind::Object(properties) = &value.kind else { return None };
    properties.iter().rev().find_map(|property| match property {
        Property::Keyed { key, value, .. } if key == step => Some(member(value, rest)),
        _ => None,
    })?
}

/// The names a value is made of.
fn each_name<'e>(value: &'e Expr, take: &mut dyn FnMut(&'e str)) {
    match &value.kind {
        Kind::Name(name) => take(name),
        Kind::Array(elements) => elements.iter().for_each(|element| each_name(&element.value, take)),
        Kind::Object(properties) => properties.iter().for_each(|property| match property {
            Property::Keyed { value, .. } | Property::Computed { value, .. } | Property::Spread(value) => each_name(value, take),
        }),
        Kind::Member(of, _) | Kind::Index(of, _) => each_name(of, take),
        Kind::Call(call) => {
            each_name(&call.callee, take);
            call.arguments.iter().for_each(|argument| each_name(&argument.value, take));
        }
        Kind::Conditional(parts) => parts[1..].iter().for_each(|part| each_name(part, take)),
        Kind::Binary(_, sides) => sides.iter().for_each(|side| each_name(side, take)),
        _ => {}
    }
}

fn collect_parts(value: &Expr, index: u32, way: &mut Vec<String>, parts: &mut Vec<Part>) {
    if let Some((root, path)) = place(value) {
        parts.push(Part { index, way: way.clone(), root, path });
    } else if let (Kind::Object(properties), true) = (&value.kind, way.len() < MAX_WAY) {
        for property in properties {
            if let Property::Keyed { key, value, .. } = property {
                way.push(key.clone());
                collect_parts(value, index, way, parts);
                way.pop();
            }
        }
    }
}
