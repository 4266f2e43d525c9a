//! Declarations, patterns and functions: what brings names into scope.

use tree_sitter::Node;

use super::{Around, Lowering, named, span};
use crate::facts::module::{Expr, Function, Kind, Return, ScopeId, Source};

impl Lowering<'_> {
    pub(super) fn declaration(&mut self, node: Node<'_>, scope: ScopeId) {
        let mutable = !self.str(node).starts_with("const");
        // `var` is seen in the whole function.
        let block = if self.str(node).starts_with("var") { self.block.take() } else { self.block };
        for declarator in named(node).into_iter().filter(|child| child.kind() == "variable_declarator") {
            let Some(name) = declarator.child_by_field_name("name") else { continue };
            let Some(value) = declarator.child_by_field_name("value") else {
                if name.kind() == "identifier" {
                    let source =
                        if mutable { Source::Value(Expr { kind: Kind::Undefined, span: span(name) }) } else { Source::Opaque };
                    self.bind(scope, name, source, mutable);
                }
                continue;
            };
            if self.bind_required_module(name, value) {
                continue;
            }
            if name.kind() == "identifier" {
                let text = self.str(name);
                let owner = self.owner.replace(text.to_owned());
                let expr = self.expr(value, scope, Around { name: Some(text), maps_names: false });
                self.owner = owner;
                self.bind(scope, name, Source::Value(expr), mutable);
            } else {
                let expr = self.expr(value, scope, Around::default());
                self.pattern(name, scope, &mut Vec::new(), None, &mut |path, default| Source::Part {
                    of: expr.clone(),
                    path,
                    default,
                });
            }
        }
        self.block = block;
    }

    /// Binds every name of a destructuring pattern.
    pub(super) fn pattern(
        &mut self,
        node: Node<'_>,
        scope: ScopeId,
        path: &mut Vec<String>,
        default: Option<Expr>,
        source: &mut dyn FnMut(Vec<String>, Option<Expr>) -> Source,
    ) {
        match node.kind() {
            "identifier" | "shorthand_property_identifier_pattern" => {
                if node.kind() == "shorthand_property_identifier_pattern" {
                    path.push(self.owned(node));
                }
                let bound = source(path.clone(), default);
                self.bind(scope, node, bound, false);
                if node.kind() == "shorthand_property_identifier_pattern" {
                    path.pop();
                }
            }
            "object_assignment_pattern" | "assignment_pattern" => {
                let right = node.child_by_field_name("right").map(|right| self.expr(right, scope, Around::default()));
                if let Some(left) = node.child_by_field_name("left") {
                    self.pattern(left, scope, path, right, source);
                }
            }
            "object_pattern" => {
                let mut taken = Vec::new();
                for part in named(node) {
                    let key = match part.kind() {
                        "pair_pattern" => part.child_by_field_name("key"),
                        "object_assignment_pattern" => part.child_by_field_name("left"),
                        _ => Some(part),
                    };
                    match part.kind() {
                        "pair_pattern" => {
                            let (Some(key), Some(value)) = (part.child_by_field_name("key"), part.child_by_field_name("value"))
                            else {
                                continue;
                            };
                            path.push(self.key_text(key).unwrap_or_default());
                            self.pattern(value, scope, path, None, source);
                            path.pop();
                        }
                        "rest_pattern" => {
                            let of = Box::new(source(path.clone(), None));
                            self.rest(part, scope, Source::Rest { of, without: std::mem::take(&mut taken) });
                        }
                        _ => self.pattern(part, scope, path, None, source),
                    }
                    taken.extend(key.and_then(|key| self.key_text(key)));
                }
            }
            "array_pattern" => {
                for (index, part) in named(node).into_iter().enumerate() {
                    if part.kind() == "rest_pattern" {
                        let of = Box::new(source(path.clone(), None));
                        let without = (0..index).map(|place| place.to_string()).collect();
                        self.rest(part, scope, Source::Rest { of, without });
                        continue;
                    }
                    path.push(index.to_string());
                    self.pattern(part, scope, path, None, source);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    /// Binds the name after `...` in a pattern.
    fn rest(&mut self, rest: Node<'_>, scope: ScopeId, source: Source) {
        if let Some(name) = named(rest).into_iter().find(|child| child.kind() == "identifier") {
            self.bind(scope, name, source, false);
        }
    }

    pub(super) fn function_declaration(&mut self, node: Node<'_>, scope: ScopeId) {
        let Some(name) = node.child_by_field_name("name") else { return };
        let owner = self.owner.replace(self.owned(name));
        let function = self.function(node, scope);
        self.owner = owner;
        let expr = Expr { kind: Kind::Function(function), span: span(node) };
        self.bind(scope, name, Source::Value(expr), false);
    }

    pub(super) fn function(&mut self, node: Node<'_>, parent: ScopeId) -> Function {
        let scope = self.open_scope(parent);
        let guards = std::mem::take(&mut self.guards);
        let block = self.block.take();
        let keeps_this = node.kind() == "arrow_function" || node.parent().is_some_and(|around| around.kind() == "class_body");
        let in_class = self.in_class;
        self.in_class &= keeps_this;
        if let Some(parameter) = node.child_by_field_name("parameter") {
            self.bind(scope, parameter, Source::Parameter { index: 0, path: Vec::new(), default: None }, false);
        }
        self.parameters(node, scope);
        if let Some(body) = node.child_by_field_name("body") {
            if body.kind() == "statement_block" {
                self.statements(body, scope);
            } else {
                let value = Some(self.expr(body, scope, Around::default()));
                self.scope(scope).returns.push(Return { value, throws: false, guards: Vec::new() });
            }
        }
        // What a generator yields is not followed.
        if node.children(&mut node.walk()).any(|child| child.kind() == "*") {
            let value = Some(Expr { kind: Kind::Opaque, span: span(node) });
            self.scope(scope).returns = vec![Return { value, throws: false, guards: Vec::new() }];
        }
        self.guards = guards;
        self.block = block;
        self.in_class = in_class;
        Function { scope }
    }

    pub(super) fn parameters(&mut self, function: Node<'_>, scope: ScopeId) {
        let list = function.child_by_field_name("parameters").map(named).unwrap_or_default();
        let list = list.into_iter().filter(|child| matches!(child.kind(), "required_parameter" | "optional_parameter"));
        for (index, parameter) in (0..).zip(list) {
            self.parameter(parameter, scope, index);
        }
    }

    fn parameter(&mut self, node: Node<'_>, scope: ScopeId, index: u32) {
        let Some(pattern) = node.child_by_field_name("pattern") else { return };
        let default = node.child_by_field_name("value").map(|value| self.expr(value, scope, Around::default()));
        if pattern.kind() == "rest_pattern" {
            self.rest(pattern, scope, Source::Arguments { from: index });
        } else if pattern.kind() == "identifier" {
            self.bind(scope, pattern, Source::Parameter { index, path: Vec::new(), default }, false);
        } else {
            self.pattern(pattern, scope, &mut Vec::new(), None, &mut |path, default| Source::Parameter { index, path, default });
        }
    }
}
