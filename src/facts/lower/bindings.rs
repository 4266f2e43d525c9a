//! Declarations, patterns and functions: what brings names into scope.

use super::classes::This;
use super::{Around, Lowering, Outside, named, span};
use crate::facts::module::{Binding, Expr, Function, Kind, Return, ScopeId, Source, Surrounding};
use crate::syntax::typescript::fields::NodeField;
use crate::syntax::typescript::nodes::Node;

/// Expressions whose value is that of one of their parts.
pub(super) const CHOICES: [&str; 5] =
    ["ternary_expression", "binary_expression", "parenthesized_expression", "as_expression", "satisfies_expression"];

/// Most names that are written out of those a pattern takes.
const MAX_WRITTEN: usize = 3;

impl Lowering<'_> {
    pub(super) fn declaration(&mut self, node: Node<'_>, scope: ScopeId) {
        let mutable = !self.str(node).starts_with("const");
        // `var` is seen in the whole function.
        let block = if self.str(node).starts_with("var") { self.block.take() } else { self.block };
        for declarator in node.parts().filter(|child| child.kind() == "variable_declarator") {
            let Some(name) = declarator.field(NodeField::Name) else { continue };
            let Some(value) = declarator.field(NodeField::Value) else {
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
            let before = self.found();
            if name.kind() == "identifier" {
                let text = self.str(name);
                if let Some(entry) = self.entry_named(value) {
                    self.entry_names.insert(text.to_owned(), entry);
                }
                let owner = self.owner.replace(text.to_owned());
                let expr = self.expr(value, scope, Around::named(text));
                self.owner = owner;
                self.surround(before, self.found(), || Surrounding::Bound { scope, name: text.to_owned() });
                self.bind(scope, name, Source::Value(expr), mutable);
            } else {
                let owner = self.owner.replace(self.written_names(name));
                let expr = self.expr(value, scope, Around::default());
                self.owner = owner;
                let within = self.found();
                let bound = self.scope(scope).bindings.len();
                self.pattern(name, scope, &mut Vec::new(), None, &mut |path, default| Source::Part {
                    of: expr.clone(),
                    path,
                    default,
                });
                let names: Vec<String> = self.scope(scope).bindings[bound..].iter().map(|bound| bound.name.clone()).collect();
                self.handlers_taken(&expr, scope, bound..bound + names.len());
                for name in names {
                    self.surround(before, within, || Surrounding::Bound { scope, name: name.clone() });
                }
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
                    self.rename(self.str(node), self.str(node));
                    path.push(self.owned(node));
                }
                let bound = source(path.clone(), default);
                self.bind(scope, node, bound, false);
                if node.kind() == "shorthand_property_identifier_pattern" {
                    path.pop();
                }
            }
            "object_assignment_pattern" | "assignment_pattern" => {
                let left = node.field(NodeField::Left);
                let name = left.map_or("", |left| self.str(left));
                let right = node.field(NodeField::Right).map(|right| self.expr(right, scope, Around::named(name)));
                if let Some(left) = left {
                    self.pattern(left, scope, path, right, source);
                }
            }
            "object_pattern" | "array_pattern" if default.is_some() => {
                let name = self.name_of_whole(node, scope);
                let whole = Expr { kind: Kind::Name(name.clone()), span: span(node) };
                let source = source(path.clone(), default);
                let binding = Binding { name, source, mutable: false, span: span(node), block: self.block };
                self.scope(scope).bindings.push(binding);
                self.pattern(node, scope, &mut Vec::new(), None, &mut |path, default| Source::Part {
                    of: whole.clone(),
                    path,
                    default,
                });
            }
            "object_pattern" => {
                let mut taken = Vec::new();
                for part in node.parts() {
                    let key = match part.kind() {
                        "pair_pattern" => part.field(NodeField::Key),
                        "object_assignment_pattern" => part.field(NodeField::Left),
                        _ => Some(part),
                    };
                    match part.kind() {
                        "pair_pattern" => {
                            let (Some(key), Some(value)) = (part.field(NodeField::Key), part.field(NodeField::Value)) else {
                                continue;
                            };
                            let key = self.key_text(key).unwrap_or_default();
                            if value.kind() == "identifier" {
                                self.rename(&key, self.str(value));
                            }
                            path.push(key);
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
                for (index, part) in places(node) {
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

    /// A name for what a pattern with a default takes apart, which nothing else in the scope has.
    fn name_of_whole(&self, pattern: Node<'_>, scope: ScopeId) -> String {
        let mut name = format!("{{ {} }}", self.keys(pattern).collect::<Vec<_>>().join(", "));
        while self.module.scopes[scope as usize].bindings.iter().any(|binding| binding.name == name) {
            name.push('\'');
        }
        name
    }

    /// The names that a pattern takes out of something, for messages: `{ signIn, signUp, … }`.
    fn written_names(&self, pattern: Node<'_>) -> String {
        let mut keys: Vec<&str> = self.keys(pattern).take(MAX_WRITTEN + 1).collect();
        if keys.len() > MAX_WRITTEN {
            keys[MAX_WRITTEN] = "…";
        }
        format!("{{ {} }}", keys.join(", "))
    }

    /// The keys of a pattern.
    fn keys(&self, pattern: Node<'_>) -> impl Iterator<Item = &str> {
        pattern.parts().map(|part| {
            let key = part.field(NodeField::Key).or_else(|| part.field(NodeField::Left)).unwrap_or(part);
            if key.named_child_count() == 0 { self.str(key) } else { "…" }
        })
    }

    /// Binds the name after `...` in a pattern.
    fn rest(&mut self, rest: Node<'_>, scope: ScopeId, source: Source) {
        if let Some(name) = rest.parts().find(|child| child.kind() == "identifier") {
            self.bind(scope, name, source, false);
        }
    }

    pub(super) fn function_declaration(&mut self, node: Node<'_>, scope: ScopeId) {
        let Some(name) = node.field(NodeField::Name) else { return };
        let text = self.str(name);
        let owner = self.owner.replace(text.to_owned());
        let before = self.found();
        let function = self.function(node, scope);
        self.surround(before, self.found(), || Surrounding::Bound { scope, name: text.to_owned() });
        self.owner = owner;
        let expr = Expr { kind: Kind::Function(function), span: span(node) };
        self.bind(scope, name, Source::Value(expr), false);
    }

    pub(super) fn function(&mut self, node: Node<'_>, parent: ScopeId) -> Function {
        let is_hoisted = !matches!(node.kind(), "arrow_function" | "function_expression" | "generator_function");
        let keeps_this = node.kind() == "arrow_function" || node.parent().is_some_and(|around| around.kind() == "class_body");
        let this = self.this;
        if !keeps_this {
            self.this = This::Elsewhere;
        }
        let function = self.in_function(parent, is_hoisted, |lowering, scope| lowering.function_inner(node, scope));
        self.this = this;
        function
    }

    fn function_inner(&mut self, node: Node<'_>, scope: ScopeId) {
        if let Some(parameter) = node.field(NodeField::Parameter) {
            self.bind(scope, parameter, Source::Parameter { index: 0, path: Vec::new(), default: None, is_text: false }, false);
        }
        let before = self.found();
        self.parameters(node, scope);
        if let Some(body) = node.field(NodeField::Body) {
            if body.kind() == "statement_block" {
                self.statements(body, scope);
            } else {
                let value = Some(self.expr(body, scope, Around::default()));
                self.scope(scope).returns.push(Return { value, throws: false, guards: Vec::new() });
            }
        }
        // What a generator yields is not followed.
        if node.children().any(|child| child.kind() == "*") {
            let value = Some(Expr { kind: Kind::Opaque, span: span(node) });
            self.scope(scope).returns = vec![Return { value, throws: false, guards: Vec::new() }];
        }
        self.surround(before, self.found(), || Surrounding::Function(scope));
    }

    /// Lowers the inside of a function, in a scope of its own.
    pub(super) fn in_function(&mut self, parent: ScopeId, is_hoisted: bool, lower: impl FnOnce(&mut Self, ScopeId)) -> Function {
        let scope = self.open_scope(parent);
        self.around.push(Outside { scope: parent, guards: std::mem::take(&mut self.guards), is_hoisted });
        let (block, turn) = (self.block.take(), std::mem::take(&mut self.turn));
        lower(self, scope);
        self.guards = self.around.pop().map(|around| around.guards).unwrap_or_default();
        (self.block, self.turn) = (block, turn);
        Function { scope }
    }

    pub(super) fn parameters(&mut self, function: Node<'_>, scope: ScopeId) {
        let list = function.field(NodeField::Parameters).map(named).unwrap_or_default();
        let is_parameter = |child: &Node<'_>| matches!(child.kind(), "required_parameter" | "optional_parameter");
        // `this: T` takes no argument.
        let takes_one = |child: &Node<'_>| child.field(NodeField::Pattern).is_none_or(|pattern| pattern.kind() != "this");
        let list = list.into_iter().filter(|child| is_parameter(child) && takes_one(child));
        for (index, parameter) in (0..).zip(list) {
            self.parameter(parameter, scope, index);
        }
    }

    /// The entry point, or function that mounts, whose name a value is in some case.
    pub(super) fn entry_named(&self, value: Node<'_>) -> Option<&'static str> {
        match value.kind() {
            "identifier" => self.entry_names.get(self.str(value)).copied(),
            "member_expression" => {
                let (of, name) = (value.field(NodeField::Object)?, value.field(NodeField::Property)?);
                self.entry_names.get(self.str(name)).copied().filter(|_| self.is_module_name(self.str(of)))
            }
            kind if CHOICES.contains(&kind) => value.parts().find_map(|part| self.entry_named(part)),
            _ => None,
        }
    }

    /// Binds a parameter of a function to what it is given where it is written.
    pub(super) fn give(&mut self, function: ScopeId, place: u32, value: &Expr) {
        for binding in &mut self.scope(function).bindings {
            if let Source::Parameter { index, path, default, .. } = &mut binding.source
                && *index == place
            {
                let (path, default) = (std::mem::take(path), default.take());
                binding.source = Source::Part { of: value.clone(), path, default };
            }
        }
    }

    fn parameter(&mut self, node: Node<'_>, scope: ScopeId, index: u32) {
        let Some(pattern) = node.field(NodeField::Pattern) else { return };
        let name = self.str(pattern);
        let value = node.field(NodeField::Value);
        if let Some(entry) = value.and_then(|value| self.entry_named(value)) {
            self.entry_names.insert(name.to_owned(), entry);
        }
        let default = value.map(|value| self.expr(value, scope, Around::named(name)));
        if pattern.kind() == "rest_pattern" {
            self.rest(pattern, scope, Source::Arguments { from: index });
        } else if pattern.kind() == "identifier" {
            // `name?: string` may be undefined.
            let is_text = node.kind() == "required_parameter"
                && node.field(NodeField::Type).is_some_and(|kind| self.str(kind).trim_start_matches(':').trim() == "string");
            self.bind(scope, pattern, Source::Parameter { index, path: Vec::new(), default, is_text }, false);
        } else {
            self.pattern(pattern, scope, &mut Vec::new(), default, &mut |path, default| Source::Parameter {
                index,
                path,
                default,
                is_text: false,
            });
        }
    }
}

/// The elements of an array pattern with their places: `[, second]` has one.
pub(super) fn places(pattern: Node<'_>) -> Vec<(usize, Node<'_>)> {
    let mut place = 0;
    let mut elements = Vec::new();
    for child in pattern.children().filter(|child| !child.is_extra()) {
        if child.is_named() {
            elements.push((place, child));
        } else if child.kind() == "," {
            place += 1;
        }
    }
    elements
}
