//! Statements, and whatever has none of its own meaning but may hold some.

use super::gathered::gathered;
use super::{Around, Lowering, MAX_DEPTH, named, span};
use crate::facts::common::Common;
use crate::facts::module::{Binding, Expr, Guard, Kind, Operator, Property, Return, ScopeId, Source};
use crate::source::Span;
use crate::syntax::typescript::fields::NodeField;
use crate::syntax::typescript::nodes::Node;

impl Lowering<'_> {
    pub(super) fn statements(&mut self, parent: Node<'_>, scope: ScopeId) {
        self.each_part(parent, &mut |lowering, child| lowering.statement(child, scope), &mut |lowering, span| {
            lowering.unread_statement(span, scope)
        });
    }

    pub(super) fn statement(&mut self, node: Node<'_>, scope: ScopeId) {
        if self.depth >= MAX_DEPTH {
            self.too_deep.push(span(node));
            return;
        }
        self.depth += 1;
        self.statement_inner(node, scope);
        self.depth -= 1;
    }

    pub(super) fn statement_inner(&mut self, node: Node<'_>, scope: ScopeId) {
        match node.kind() {
            _ if self.turn.is_ended_by(node) => {
                let (value, guards) = (Some(gathered(span(node))), self.guards.clone());
                self.scope(scope).returns.push(Return { value, throws: false, guards });
            }
            "import_statement" => self.import(node),
            "export_statement" => self.export(node, scope),
            "lexical_declaration" | "variable_declaration" => self.declaration(node, scope),
            "function_declaration" | "generator_function_declaration" => self.function_declaration(node, scope),
            "enum_declaration" => self.enumeration(node, scope),
            "expression_statement" => {
                for child in node.parts() {
                    let value = self.expr(child, scope, Around::default());
                    if ends_program(&value) {
                        self.throws(scope);
                    }
                }
            }
            "return_statement" => {
                let value = node.parts().next().map(|value| self.expr(value, scope, Around::default()));
                let guards = self.guards.clone();
                self.scope(scope).returns.push(Return { value, throws: false, guards });
            }
            "throw_statement" => {
                self.visit_children(node, scope);
                self.throws(scope);
            }
            "if_statement" => self.conditional_statement(node, scope),
            "try_statement" => self.attempt(node, scope),
            "catch_clause" => self.catch_clause(node, scope),
            "ERROR" => self.statements(node, scope),
            "class_declaration" | "abstract_class_declaration" => self.class_declaration(node, scope),
            "statement_block" | "switch_body" => {
                let around = self.block.replace(span(node));
                self.visit_children(node, scope);
                self.block = around;
            }
            "interface_declaration" | "type_alias_declaration" | "comment" => {}
            "identifier" | "shorthand_property_identifier" => self.mention(node, scope),
            "for_statement" | "for_in_statement" | "while_statement" | "do_statement" => self.repeated(node, scope),
            "switch_statement" => self.switch(node, scope),
            _ => self.visit_children(node, scope),
        }
    }

    fn throws(&mut self, scope: ScopeId) {
        let guards = self.guards.clone();
        self.scope(scope).returns.push(Return { value: None, throws: true, guards });
    }

    /// Loops, and switches that are left early: their bodies run under conditions that are not followed.
    pub(super) fn repeated(&mut self, node: Node<'_>, scope: ScopeId) {
        if self.gather(node, scope) {
            return;
        }
        let each = node.field(NodeField::Left).filter(|_| node.kind() == "for_in_statement");
        let around = self.block;
        if node.kind() != "switch_statement" {
            self.block = Some(span(node));
        }
        let condition = Common::new(Expr { kind: Kind::Opaque, span: span(node) });
        self.under([Guard { condition, holds: true, body: Span::default() }], |lowering| {
            match (each, node.field(NodeField::Kind)) {
                (Some(each), Some(_)) => lowering.bind_opaque(each, scope),
                (Some(each), None) => {
                    lowering.assign_parts(each, &Expr { kind: Kind::Opaque, span: span(each) }, scope, node);
                }
                (None, _) => {}
            }
            lowering.visit_children(node, scope);
        });
        self.block = around;
    }

    /// Binds the names of a pattern whose value is not followed.
    fn bind_opaque(&mut self, pattern: Node<'_>, scope: ScopeId) {
        self.pattern(pattern, scope, &mut Vec::new(), None, &mut |_, _| Source::Opaque);
    }

    fn catch_clause(&mut self, node: Node<'_>, scope: ScopeId) {
        let around = self.block.replace(span(node));
        if let Some(caught) = node.field(NodeField::Parameter) {
            self.bind_opaque(caught, scope);
        }
        self.visit_children(node, scope);
        self.block = around;
    }

    /// `try`: what its body gives back or changes counts where nothing is thrown, and what is caught where something is.
    fn attempt(&mut self, node: Node<'_>, scope: ScopeId) {
        let field = |name| node.field(name);
        let handler = field(NodeField::Handler);
        for (part, holds) in [(field(NodeField::Body), false), (handler, true)] {
            let Some(part) = part else { continue };
            let guard = handler.filter(|handler| holds || !passes_on(*handler)).map(|handler| Guard {
                condition: Common::new(Expr { kind: Kind::Opaque, span: span(handler) }),
                holds,
                body: span(part),
            });
            self.under(guard, |lowering| lowering.statement(part, scope));
        }
        if let Some(last) = field(NodeField::Finalizer) {
            self.statement(last, scope);
        }
    }

    pub(super) fn conditional_statement(&mut self, node: Node<'_>, scope: ScopeId) {
        let Some(condition) = node.field(NodeField::Condition) else { return };
        let condition = Common::new(self.expr(condition, scope, Around::default()));
        for (field, holds) in [(NodeField::Consequence, true), (NodeField::Alternative, false)] {
            let Some(branch) = node.field(field) else { continue };
            let guard = Guard { condition: condition.clone(), holds, body: span(branch) };
            self.under([guard], |lowering| lowering.statement(branch, scope));
        }
    }

    /// Any node without a meaning of its own: its children may hold statements, functions and calls.
    pub(super) fn visit_children(&mut self, node: Node<'_>, scope: ScopeId) {
        self.each_part(
            node,
            &mut |lowering, child| match child.kind() {
                kind if is_type(kind) => {}
                kind if is_expression(kind) => {
                    lowering.expr(child, scope, Around::default());
                }
                _ => lowering.statement(child, scope),
            },
            &mut |lowering, span| lowering.unread_statement(span, scope),
        );
    }

    pub(super) fn enumeration(&mut self, node: Node<'_>, scope: ScopeId) {
        let (Some(name), Some(body)) = (node.field(NodeField::Name), node.field(NodeField::Body)) else { return };
        let mut properties = Vec::new();
        // The members are names within the enumeration.
        let around = self.block.replace(span(body));
        // A member without a value of its own counts on from the last one that has one.
        let (mut last, mut further) = (None, 0.0);
        for member in body.parts() {
            let (key, value) = match member.kind() {
                "enum_assignment" => (member.field(NodeField::Name), member.field(NodeField::Value)),
                _ => (Some(member), None),
            };
            let Some(key) = key else { continue };
            let (key_span, name) = (span(key), self.key_text(key).unwrap_or_default());
            let here = |kind| Expr { kind, span: span(member) };
            let value = match value {
                Some(value) => {
                    (last, further) = (Some(here(Kind::Name(name.clone()))), 1.0);
                    self.expr(value, scope, Around::default())
                }
                None => {
                    let count = here(Kind::Number(further));
                    further += 1.0;
                    match &last {
                        Some(last) => {
                            here(Kind::Binary(Operator::Add, Box::new([here(Kind::ToNumber(Box::new(last.clone()))), count])))
                        }
                        None => count,
                    }
                }
            };
            let source = Source::Value(value.clone());
            let binding = Binding { name: name.clone(), source, mutable: false, span: key_span, block: self.block };
            self.scope(scope).bindings.push(binding);
            properties.push(Property::Keyed { key: name, key_span, value });
        }
        self.block = around;
        let expr = Expr { kind: Kind::Object(properties), span: span(node) };
        self.bind(scope, name, Source::Value(expr), false);
    }
}

/// Whether what is caught is thrown again in any case.
fn passes_on(handler: Node<'_>) -> bool {
    let body = handler.field(NodeField::Body).map(named).unwrap_or_default();
    body.last().is_some_and(|last| last.kind() == "throw_statement")
}

pub(super) fn is_type(kind: &str) -> bool {
    matches!(kind, "type_annotation" | "type_arguments" | "type_parameters" | "type_identifier" | "predefined_type" | "comment")
}

pub(super) fn is_expression(kind: &str) -> bool {
    matches!(
        kind,
        "call_expression"
            | "new_expression"
            | "await_expression"
            | "parenthesized_expression"
            | "as_expression"
            | "satisfies_expression"
            | "non_null_expression"
            | "arrow_function"
            | "function_expression"
            | "object"
            | "array"
            | "ternary_expression"
            | "binary_expression"
            | "unary_expression"
            | "member_expression"
            | "subscript_expression"
            | "template_string"
            | "generator_function"
    )
}

/// Whether an expression ends the program: `process.exit(1)`.
fn ends_program(expr: &Expr) -> bool {
    let Kind::Call(call) = &expr.kind else { return false };
    let Kind::Member(of, name) = &call.callee.kind else { return false };
    name == "exit" && matches!(&of.kind, Kind::Name(of) if of == "process")
}
