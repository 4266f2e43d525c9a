//! Changes to values after they were made.

use tree_sitter::Node;

use super::{Around, Lowering, named, span};
use crate::facts::module::{Effect, Expr, Guard, Kind, Mutation, ScopeId};

/// Methods that change the array or object they are called on and are not followed.
const OPAQUE_METHODS: [&str; 8] = ["splice", "pop", "shift", "reverse", "sort", "fill", "copyWithin", "set"];

impl Lowering<'_> {
    pub(super) fn expression_statement(&mut self, node: Node<'_>, scope: ScopeId) {
        match node.kind() {
            "assignment_expression" => {
                let (Some(left), Some(right)) = (node.child_by_field_name("left"), node.child_by_field_name("right")) else {
                    return;
                };
                let name = self.str(left).rsplit('.').next().unwrap_or("");
                let owner = self.owner.clone();
                self.owner = Some(self.str(left).chars().take(60).collect());
                let value = self.expr(right, scope, Around { name: Some(name), maps_names: false });
                self.owner = owner;
                let left = self.expr(left, scope, Around::default());
                if let Some((root, path)) = place(&left) {
                    self.effect(scope, root, path, Mutation::Assign(value), node);
                } else if let Some((root, path)) = holder(&left) {
                    self.effect(scope, root, path, Mutation::Opaque, node);
                }
            }
            "augmented_assignment_expression" => {
                if let Some(left) = node.child_by_field_name("left") {
                    let left = self.expr(left, scope, Around::default());
                    if let Some((root, path)) = place(&left).or_else(|| holder(&left)) {
                        self.effect(scope, root, path, Mutation::Opaque, node);
                    }
                }
                self.visit_children(node, scope);
            }
            "binary_expression" if matches!(node.child_by_field_name("operator").map(|op| op.kind()), Some("&&" | "||")) => {
                let holds = node.child_by_field_name("operator").is_some_and(|op| op.kind() == "&&");
                let (Some(left), Some(right)) = (node.child_by_field_name("left"), node.child_by_field_name("right")) else {
                    return;
                };
                let condition = self.expr(left, scope, Around::default());
                self.guards.push(Guard { condition, holds });
                self.expression_statement(right, scope);
                self.guards.pop();
            }
            "sequence_expression" | "parenthesized_expression" => {
                for part in named(node) {
                    self.expression_statement(part, scope);
                }
            }
            "unary_expression" if self.str(node).starts_with("delete") => {
                if let Some(argument) = node.child_by_field_name("argument") {
                    let argument = self.expr(argument, scope, Around::default());
                    if let Some((root, path)) = place(&argument).or_else(|| holder(&argument)) {
                        self.effect(scope, root, path, Mutation::Opaque, node);
                    }
                }
            }
            _ => {
                let expr = self.expr(node, scope, Around::default());
                self.mutating_call(&expr, scope, node);
            }
        }
    }

    /// `x.push(…)`, `Object.assign(x, …)` and the methods that change their object.
    pub(super) fn mutating_call(&mut self, expr: &Expr, scope: ScopeId, node: Node<'_>) {
        let Kind::Call(call) = &expr.kind else { return };
        let Kind::Member(object, method) = &call.callee.kind else { return };
        if matches!(&object.kind, Kind::Name(name) if name == "Object") && method == "assign" {
            let Some((target, rest)) = call.arguments.split_first() else { return };
            if let Some((root, path)) = place(&target.value) {
                self.effect(scope, root, path, Mutation::Merge(rest.to_vec()), node);
            }
            return;
        }
        let change = match method.as_str() {
            "push" | "unshift" => Mutation::Push(call.arguments.clone()),
            other if OPAQUE_METHODS.contains(&other) => Mutation::Opaque,
            _ => return,
        };
        if let Some((root, path)) = place(object) {
            self.effect(scope, root, path, change, node);
        } else if let Some((root, path)) = holder(object) {
            self.effect(scope, root, path, Mutation::Opaque, node);
        }
    }

    pub(super) fn effect(&mut self, scope: ScopeId, root: String, path: Vec<String>, change: Mutation, node: Node<'_>) {
        let guards = self.guards.clone();
        self.scope(scope).effects.push(Effect { root, path, change, guards, span: span(node) });
    }

    /// A function that changes a name bound outside of itself may run at any time, any number of times.
    pub(super) fn settle_distant_effects(&mut self) {
        let mut distant = Vec::new();
        for scope in &self.module.scopes {
            for effect in &scope.effects {
                if scope.bindings.iter().any(|binding| binding.name == effect.root) {
                    continue;
                }
                let mut outer = scope.parent;
                while let Some(candidate) = outer {
                    let around = &self.module.scopes[candidate as usize];
                    if around.bindings.iter().any(|binding| binding.name == effect.root) {
                        distant.push((candidate, Effect { change: Mutation::Opaque, ..effect.clone() }));
                        break;
                    }
                    outer = around.parent;
                }
            }
        }
        for (scope, effect) in distant {
            self.scope(scope).effects.push(effect);
        }
    }
}

/// The name and the path an expression such as `a.b["c"]` denotes.
pub(super) fn place(expr: &Expr) -> Option<(String, Vec<String>)> {
    match &expr.kind {
        Kind::Name(name) => Some((name.clone(), Vec::new())),
        Kind::Member(object, property) => {
            let (root, mut path) = place(object)?;
            path.push(property.clone());
            Some((root, path))
        }
        _ => None,
    }
}

/// What holds the value that a computed path denotes, as far as it has a name: `a.b` of `a.b[key].c`.
fn holder(expr: &Expr) -> Option<(String, Vec<String>)> {
    match &expr.kind {
        Kind::Index(object, _) => place(object).or_else(|| holder(object)),
        Kind::Member(object, _) => holder(object),
        _ => None,
    }
}
