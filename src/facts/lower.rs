//! Syntax tree to [`Module`].

use std::collections::HashMap;

use tree_sitter::Node;

use super::module::{
    Binding, Call, CallSite, Effect, Element, Export, Expr, Function, Guard, Import, Imported, Kind, MODULE_SCOPE, Module,
    Mutation, Operator, Property, Return, Scope, ScopeId, Source, TemplatePart,
};
use super::secrecy;
use crate::source::{FileKind, Span};
use crate::syntax::typescript;

/// Deepest nesting that is lowered; what lies deeper is opaque.
const MAX_DEPTH: u32 = 200;

/// The functions whose calls are recorded wherever they stand.
pub const ENTRY_POINTS: [&str; 2] = ["betterAuth", "createAuthClient"];

/// Methods that change the array or object they are called on and are not followed.
const OPAQUE_METHODS: [&str; 8] = ["splice", "pop", "shift", "reverse", "sort", "fill", "copyWithin", "set"];

/// Lowers a code file; the spans are stretches the parser could not read.
#[must_use]
pub fn extract(kind: FileKind, text: &str) -> (Module, Vec<Span>) {
    let Some(parsed) = typescript::parse(kind, text) else {
        return (Module::default(), vec![Span::new(0, text.len())]);
    };
    let mut lowering = Lowering {
        text: &parsed.text,
        module: Module { scopes: vec![Scope::default()], ..Module::default() },
        entry_names: HashMap::new(),
        guards: Vec::new(),
        owner: None,
        errors: parsed.errors,
        depth: 0,
    };
    let root = parsed.tree.root_node();
    lowering.collect_entry_names(root);
    lowering.statements(root, MODULE_SCOPE);
    lowering.settle_distant_effects();
    (lowering.module, lowering.errors)
}

struct Lowering<'t> {
    text: &'t str,
    module: Module,
    /// Local names of the entry points.
    entry_names: HashMap<String, ()>,
    guards: Vec<Guard>,
    owner: Option<String>,
    errors: Vec<Span>,
    depth: u32,
}

/// What surrounds a literal: the name it is given, and whether it maps column names.
#[derive(Clone, Copy, Default)]
struct Around<'n> {
    name: Option<&'n str>,
    maps_names: bool,
}

fn span(node: Node<'_>) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}

fn named(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| !child.is_extra()).collect()
}

impl<'t> Lowering<'t> {
    fn str(&self, node: Node<'_>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or("")
    }

    fn owned(&self, node: Node<'_>) -> String {
        self.str(node).to_owned()
    }

    fn scope(&mut self, id: ScopeId) -> &mut Scope {
        &mut self.module.scopes[id as usize]
    }

    fn bind(&mut self, scope: ScopeId, name: Node<'_>, source: Source, mutable: bool) {
        let binding = Binding { name: self.owned(name), source, mutable, span: span(name) };
        self.scope(scope).bindings.push(binding);
    }

    /// Entry points may be imported under another name, also below the place they are used in.
    fn collect_entry_names(&mut self, root: Node<'_>) {
        for entry in ENTRY_POINTS {
            self.entry_names.insert(entry.to_owned(), ());
        }
        let mut cursor = root.walk();
        for statement in root.named_children(&mut cursor).filter(|node| node.kind() == "import_statement") {
            let mut inner = statement.walk();
            let mut stack: Vec<Node<'_>> = statement.named_children(&mut inner).collect();
            while let Some(node) = stack.pop() {
                if node.kind() == "import_specifier" {
                    if let (Some(name), Some(alias)) = (node.child_by_field_name("name"), node.child_by_field_name("alias"))
                        && ENTRY_POINTS.contains(&self.str(name))
                    {
                        self.entry_names.insert(self.owned(alias), ());
                    }
                } else {
                    stack.extend(named(node));
                }
            }
        }
    }

    /// A function that changes a name bound outside of itself may run at any time, any number of times.
    fn settle_distant_effects(&mut self) {
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

    // ---- statements -------------------------------------------------------------------------------------------

    fn statements(&mut self, parent: Node<'_>, scope: ScopeId) {
        for child in named(parent) {
            self.statement(child, scope);
        }
    }

    fn statement(&mut self, node: Node<'_>, scope: ScopeId) {
        if self.depth >= MAX_DEPTH {
            self.errors.push(span(node));
            return;
        }
        self.depth += 1;
        self.statement_inner(node, scope);
        self.depth -= 1;
    }

    fn statement_inner(&mut self, node: Node<'_>, scope: ScopeId) {
        match node.kind() {
            "import_statement" => self.import(node),
            "export_statement" => self.export(node, scope),
            "lexical_declaration" | "variable_declaration" => self.declaration(node, scope),
            "function_declaration" | "generator_function_declaration" => self.function_declaration(node, scope),
            "enum_declaration" => self.enumeration(node, scope),
            "expression_statement" => {
                for child in named(node) {
                    self.expression_statement(child, scope);
                }
            }
            "return_statement" => {
                let value = named(node).into_iter().next().map(|value| self.expr(value, scope, Around::default()));
                let guards = self.guards.clone();
                self.scope(scope).returns.push(Return { value, guards });
            }
            "if_statement" => self.conditional_statement(node, scope),
            "ERROR" => self.statements(node, scope),
            "class_declaration" | "abstract_class_declaration" => {
                if let Some(name) = node.child_by_field_name("name") {
                    self.bind(scope, name, Source::Opaque, false);
                }
                self.visit_children(node, scope);
            }
            "interface_declaration" | "type_alias_declaration" | "comment" => {}
            "for_statement" | "for_in_statement" | "while_statement" | "do_statement" | "switch_statement" => {
                self.repeated(node, scope)
            }
            _ => self.visit_children(node, scope),
        }
    }

    /// Loops and switches: their bodies run under conditions that are not followed.
    fn repeated(&mut self, node: Node<'_>, scope: ScopeId) {
        if node.kind() == "for_in_statement"
            && let Some(left) = node.child_by_field_name("left")
            && left.kind() == "identifier"
        {
            self.bind(scope, left, Source::Opaque, true);
        }
        self.guards.push(Guard { condition: Expr { kind: Kind::Opaque, span: span(node) }, holds: true });
        self.visit_children(node, scope);
        self.guards.pop();
    }

    fn conditional_statement(&mut self, node: Node<'_>, scope: ScopeId) {
        let Some(condition) = node.child_by_field_name("condition") else { return };
        let condition = self.expr(condition, scope, Around::default());
        for (field, holds) in [("consequence", true), ("alternative", false)] {
            let Some(branch) = node.child_by_field_name(field) else { continue };
            self.guards.push(Guard { condition: condition.clone(), holds });
            self.statement(branch, scope);
            self.guards.pop();
        }
    }

    /// Any node without a meaning of its own: its children may hold statements, functions and calls.
    fn visit_children(&mut self, node: Node<'_>, scope: ScopeId) {
        for child in named(node) {
            match child.kind() {
                kind if is_type(kind) => {}
                kind if is_expression(kind) => {
                    self.expr(child, scope, Around::default());
                }
                _ => self.statement(child, scope),
            }
        }
    }

    fn import(&mut self, node: Node<'_>) {
        let Some(source) = node.child_by_field_name("source") else { return };
        let module = self.string_content(source);
        let whole_type = self.str(node).trim_start_matches("import").trim_start().starts_with("type ");
        let clause = named(node).into_iter().find(|child| child.kind() == "import_clause");
        let Some(clause) = clause else {
            self.module.imports.push(Import {
                local: String::new(),
                module,
                name: Imported::Namespace,
                type_only: false,
                span: span(node),
            });
            return;
        };
        for part in named(clause) {
            match part.kind() {
                "identifier" => self.module.imports.push(Import {
                    local: self.owned(part),
                    module: module.clone(),
                    name: Imported::Named("default".into()),
                    type_only: whole_type,
                    span: span(part),
                }),
                "namespace_import" => {
                    if let Some(name) = named(part).into_iter().next() {
                        self.module.imports.push(Import {
                            local: self.owned(name),
                            module: module.clone(),
                            name: Imported::Namespace,
                            type_only: whole_type,
                            span: span(name),
                        });
                    }
                }
                "named_imports" => {
                    for specifier in named(part).into_iter().filter(|child| child.kind() == "import_specifier") {
                        let Some(name) = specifier.child_by_field_name("name") else { continue };
                        let local = specifier.child_by_field_name("alias").unwrap_or(name);
                        self.module.imports.push(Import {
                            local: self.owned(local),
                            module: module.clone(),
                            name: Imported::Named(self.export_name(name)),
                            type_only: whole_type || self.str(specifier).starts_with("type "),
                            span: span(specifier),
                        });
                    }
                }
                _ => {}
            }
        }
    }

    fn export_name(&self, node: Node<'_>) -> String {
        if node.kind() == "string" { self.string_content(node) } else { self.owned(node) }
    }

    fn export(&mut self, node: Node<'_>, scope: ScopeId) {
        let source = node.child_by_field_name("source").map(|source| self.string_content(source));
        if let Some(declaration) = node.child_by_field_name("declaration") {
            let before = self.scope(scope).bindings.len();
            self.statement(declaration, scope);
            let default = self.str(node).trim_start_matches("export").trim_start().starts_with("default");
            let names: Vec<String> = self.scope(scope).bindings[before..].iter().map(|binding| binding.name.clone()).collect();
            for local in names {
                let name = if default { "default".into() } else { local.clone() };
                self.module.exports.push(Export::Local { name, local });
            }
            return;
        }
        if let Some(value) = node.child_by_field_name("value") {
            if value.kind() == "identifier" {
                let local = self.owned(value);
                self.module.exports.push(Export::Local { name: "default".into(), local });
                return;
            }
            let owner = self.owner.replace("default".into());
            let expr = self.expr(value, scope, Around::default());
            self.owner = owner;
            let binding = Binding { name: "default".into(), source: Source::Value(expr), mutable: false, span: span(value) };
            self.scope(scope).bindings.push(binding);
            self.module.exports.push(Export::Local { name: "default".into(), local: "default".into() });
            return;
        }
        let mut star = true;
        for part in named(node) {
            match part.kind() {
                "export_clause" => {
                    star = false;
                    for specifier in named(part).into_iter().filter(|child| child.kind() == "export_specifier") {
                        let Some(name) = specifier.child_by_field_name("name") else { continue };
                        let local = self.export_name(name);
                        let exported =
                            specifier.child_by_field_name("alias").map_or_else(|| local.clone(), |alias| self.export_name(alias));
                        self.module.exports.push(match &source {
                            Some(module) => {
                                Export::From { name: exported, module: module.clone(), imported: Imported::Named(local) }
                            }
                            None => Export::Local { name: exported, local },
                        });
                    }
                }
                "namespace_export" => {
                    star = false;
                    if let (Some(name), Some(module)) = (named(part).into_iter().next(), &source) {
                        let name = self.export_name(name);
                        self.module.exports.push(Export::From { name, module: module.clone(), imported: Imported::Namespace });
                    }
                }
                _ => {}
            }
        }
        if let (true, Some(module)) = (star, source) {
            self.module.exports.push(Export::All { module });
        }
    }

    fn declaration(&mut self, node: Node<'_>, scope: ScopeId) {
        let mutable = !self.str(node).starts_with("const");
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
    }

    /// `const x = require("m")` and `const { a } = await import("m")` are imports.
    fn bind_required_module(&mut self, name: Node<'_>, value: Node<'_>) -> bool {
        let Some(module) = self.required_module(value) else { return false };
        match name.kind() {
            "identifier" => {
                let local = self.owned(name);
                self.module.imports.push(Import { local, module, name: Imported::Namespace, type_only: false, span: span(name) });
                true
            }
            "object_pattern" => {
                let mut complete = true;
                for part in named(name) {
                    let (exported, local) = match part.kind() {
                        "shorthand_property_identifier_pattern" => (part, part),
                        "pair_pattern" => match (part.child_by_field_name("key"), part.child_by_field_name("value")) {
                            (Some(key), Some(local)) if local.kind() == "identifier" => (key, local),
                            _ => {
                                complete = false;
                                continue;
                            }
                        },
                        _ => {
                            complete = false;
                            continue;
                        }
                    };
                    if ENTRY_POINTS.contains(&self.str(exported)) {
                        self.entry_names.insert(self.owned(local), ());
                    }
                    self.module.imports.push(Import {
                        local: self.owned(local),
                        module: module.clone(),
                        name: Imported::Named(self.owned(exported)),
                        type_only: false,
                        span: span(part),
                    });
                }
                complete
            }
            _ => false,
        }
    }

    fn required_module(&self, mut value: Node<'_>) -> Option<String> {
        while matches!(value.kind(), "await_expression" | "parenthesized_expression") {
            value = named(value).into_iter().next()?;
        }
        if value.kind() != "call_expression" {
            return None;
        }
        let function = value.child_by_field_name("function")?;
        if function.kind() != "import" && self.str(function) != "require" {
            return None;
        }
        let argument = named(value.child_by_field_name("arguments")?).into_iter().next()?;
        (argument.kind() == "string").then(|| self.string_content(argument))
    }

    /// Binds every name of a destructuring pattern.
    fn pattern(
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
                for part in named(node) {
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
                        "rest_pattern" => self.opaque_rest(part, scope),
                        _ => self.pattern(part, scope, path, None, source),
                    }
                }
            }
            "array_pattern" => {
                for (index, part) in named(node).into_iter().enumerate() {
                    if part.kind() == "rest_pattern" {
                        self.opaque_rest(part, scope);
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

    fn opaque_rest(&mut self, rest: Node<'_>, scope: ScopeId) {
        if let Some(name) = named(rest).into_iter().find(|child| child.kind() == "identifier") {
            self.bind(scope, name, Source::Opaque, false);
        }
    }

    fn function_declaration(&mut self, node: Node<'_>, scope: ScopeId) {
        let Some(name) = node.child_by_field_name("name") else { return };
        let owner = self.owner.replace(self.owned(name));
        let function = self.function(node, scope);
        self.owner = owner;
        let expr = Expr { kind: Kind::Function(function), span: span(node) };
        self.bind(scope, name, Source::Value(expr), false);
    }

    fn enumeration(&mut self, node: Node<'_>, scope: ScopeId) {
        let (Some(name), Some(body)) = (node.child_by_field_name("name"), node.child_by_field_name("body")) else { return };
        let mut properties = Vec::new();
        for (index, member) in named(body).into_iter().enumerate() {
            let (key, value) = match member.kind() {
                "enum_assignment" => (member.child_by_field_name("name"), member.child_by_field_name("value")),
                _ => (Some(member), None),
            };
            let Some(key) = key else { continue };
            let value = match value {
                Some(value) => self.expr(value, scope, Around::default()),
                #[allow(clippy::cast_precision_loss, reason = "enumerations have few members")]
                None => Expr { kind: Kind::Number(index as f64), span: span(member) },
            };
            let key_span = span(key);
            properties.push(Property::Keyed { key: self.key_text(key).unwrap_or_default(), key_span, value });
        }
        let expr = Expr { kind: Kind::Object(properties), span: span(node) };
        self.bind(scope, name, Source::Value(expr), false);
    }

    fn expression_statement(&mut self, node: Node<'_>, scope: ScopeId) {
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
                }
            }
            "augmented_assignment_expression" => {
                if let Some(left) = node.child_by_field_name("left") {
                    let left = self.expr(left, scope, Around::default());
                    if let Some((root, path)) = place(&left) {
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
            "unary_expression" if self.str(node).starts_with("delete") => {
                if let Some(argument) = node.child_by_field_name("argument") {
                    let argument = self.expr(argument, scope, Around::default());
                    if let Some((root, path)) = place(&argument) {
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
    fn mutating_call(&mut self, expr: &Expr, scope: ScopeId, node: Node<'_>) {
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
        }
    }

    fn effect(&mut self, scope: ScopeId, root: String, path: Vec<String>, change: Mutation, node: Node<'_>) {
        let guards = self.guards.clone();
        self.scope(scope).effects.push(Effect { root, path, change, guards, span: span(node) });
    }

    // ---- functions --------------------------------------------------------------------------------------------

    fn function(&mut self, node: Node<'_>, parent: ScopeId) -> Function {
        let scope = ScopeId::try_from(self.module.scopes.len()).unwrap_or(ScopeId::MAX);
        self.module.scopes.push(Scope { parent: Some(parent), ..Scope::default() });
        let guards = std::mem::take(&mut self.guards);
        if let Some(parameter) = node.child_by_field_name("parameter") {
            self.bind(scope, parameter, Source::Parameter { index: 0, path: Vec::new(), default: None }, false);
        }
        if let Some(parameters) = node.child_by_field_name("parameters") {
            let list =
                named(parameters).into_iter().filter(|child| matches!(child.kind(), "required_parameter" | "optional_parameter"));
            for (index, parameter) in list.enumerate() {
                self.parameter(parameter, scope, u32::try_from(index).unwrap_or(u32::MAX));
            }
        }
        if let Some(body) = node.child_by_field_name("body") {
            if body.kind() == "statement_block" {
                self.statements(body, scope);
            } else {
                let value = Some(self.expr(body, scope, Around::default()));
                self.scope(scope).returns.push(Return { value, guards: Vec::new() });
            }
        }
        self.guards = guards;
        Function { scope }
    }

    fn parameter(&mut self, node: Node<'_>, scope: ScopeId, index: u32) {
        let Some(pattern) = node.child_by_field_name("pattern") else { return };
        let default = node.child_by_field_name("value").map(|value| self.expr(value, scope, Around::default()));
        if pattern.kind() == "rest_pattern" {
            self.opaque_rest(pattern, scope);
        } else if pattern.kind() == "identifier" {
            self.bind(scope, pattern, Source::Parameter { index, path: Vec::new(), default }, false);
        } else {
            self.pattern(pattern, scope, &mut Vec::new(), None, &mut |path, default| Source::Parameter { index, path, default });
        }
    }

    // ---- expressions ------------------------------------------------------------------------------------------

    fn expr(&mut self, node: Node<'_>, scope: ScopeId, around: Around<'_>) -> Expr {
        if self.depth >= MAX_DEPTH {
            self.errors.push(span(node));
            return Expr { kind: Kind::Opaque, span: span(node) };
        }
        self.depth += 1;
        let kind = self.kind(node, scope, around);
        self.depth -= 1;
        kind
    }

    fn kind(&mut self, node: Node<'_>, scope: ScopeId, around: Around<'_>) -> Expr {
        let here = span(node);
        let kind = match node.kind() {
            "parenthesized_expression"
            | "as_expression"
            | "satisfies_expression"
            | "non_null_expression"
            | "await_expression" => {
                return match named(node).into_iter().next() {
                    Some(inner) => self.expr(inner, scope, around),
                    None => Expr { kind: Kind::Opaque, span: here },
                };
            }
            "type_assertion" => {
                return match named(node).into_iter().last() {
                    Some(inner) => self.expr(inner, scope, around),
                    None => Expr { kind: Kind::Opaque, span: here },
                };
            }
            "undefined" => Kind::Undefined,
            "null" => Kind::Null,
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            "number" => number(self.str(node)).map_or(Kind::Opaque, Kind::Number),
            "string" => Kind::Text(secrecy::text(self.string_content(node), around.name, around.maps_names)),
            "template_string" => self.template(node, scope, around),
            "regex" => Kind::Regex,
            "identifier" | "shorthand_property_identifier" => match self.str(node) {
                "undefined" => Kind::Undefined,
                name => Kind::Name(name.to_owned()),
            },
            "this" => Kind::Name("this".into()),
            "meta_property" => Kind::Name(self.owned(node)),
            "array" => Kind::Array(self.elements(node, scope, around)),
            "object" => Kind::Object(self.properties(node, scope, around)),
            "member_expression" => match (node.child_by_field_name("object"), node.child_by_field_name("property")) {
                (Some(object), Some(property)) => {
                    Kind::Member(Box::new(self.expr(object, scope, Around::default())), self.owned(property))
                }
                _ => Kind::Opaque,
            },
            "subscript_expression" => match (node.child_by_field_name("object"), node.child_by_field_name("index")) {
                (Some(object), Some(index)) => {
                    let object = Box::new(self.expr(object, scope, Around::default()));
                    if index.kind() == "string" {
                        Kind::Member(object, self.string_content(index))
                    } else {
                        Kind::Index(object, Box::new(self.expr(index, scope, Around::default())))
                    }
                }
                _ => Kind::Opaque,
            },
            "call_expression" => return self.call(node, scope),
            "new_expression" => {
                let Some(constructor) = node.child_by_field_name("constructor") else {
                    return Expr { kind: Kind::Opaque, span: here };
                };
                let callee = self.expr(constructor, scope, Around::default());
                let arguments = node.child_by_field_name("arguments").map(|list| self.elements(list, scope, Around::default()));
                Kind::Call(Box::new(Call { callee, arguments: arguments.unwrap_or_default(), new: true }))
            }
            "arrow_function" | "function_expression" | "generator_function" | "function_declaration" => {
                Kind::Function(self.function(node, scope))
            }
            "ternary_expression" => {
                let mut part = |field| node.child_by_field_name(field).map(|part| self.expr(part, scope, around));
                match (part("condition"), part("consequence"), part("alternative")) {
                    (Some(condition), Some(yes), Some(no)) => Kind::Conditional(Box::new([condition, yes, no])),
                    _ => Kind::Opaque,
                }
            }
            "binary_expression" => {
                let operator = node.child_by_field_name("operator").map_or(Operator::Other, |op| operator(op.kind()));
                // What is compared does not become the value.
                let becomes_value = matches!(operator, Operator::Nullish | Operator::Or | Operator::And | Operator::Add);
                let around = if becomes_value { around } else { Around::default() };
                let mut part = |field| node.child_by_field_name(field).map(|part| self.expr(part, scope, around));
                match (part("left"), part("right")) {
                    (Some(left), Some(right)) => Kind::Binary(operator, Box::new([left, right])),
                    _ => Kind::Opaque,
                }
            }
            "unary_expression" => {
                let argument = node.child_by_field_name("argument").map(|argument| self.expr(argument, scope, Around::default()));
                match (node.child_by_field_name("operator").map(|op| op.kind()), argument) {
                    (Some("!"), Some(argument)) => Kind::Not(Box::new(argument)),
                    (Some("-"), Some(argument)) => Kind::Negate(Box::new(argument)),
                    (Some("void"), _) => Kind::Undefined,
                    _ => Kind::Opaque,
                }
            }
            _ => {
                self.visit_children(node, scope);
                Kind::Opaque
            }
        };
        Expr { kind, span: here }
    }

    fn call(&mut self, node: Node<'_>, scope: ScopeId) -> Expr {
        let here = span(node);
        let Some(function) = node.child_by_field_name("function") else { return Expr { kind: Kind::Opaque, span: here } };
        let arguments = node.child_by_field_name("arguments");
        if function.kind() == "import" {
            let module = arguments.and_then(|list| named(list).into_iter().next()).filter(|argument| argument.kind() == "string");
            let kind = module.map_or(Kind::Opaque, |module| Kind::ImportCall(self.string_content(module)));
            return Expr { kind, span: here };
        }
        let callee = self.expr(function, scope, Around::default());
        let arguments = match arguments {
            Some(list) if list.kind() == "arguments" => self.elements(list, scope, Around::default()),
            Some(template) => {
                self.visit_children(template, scope);
                return Expr { kind: Kind::Opaque, span: here };
            }
            None => Vec::new(),
        };
        let is_entry = match &callee.kind {
            Kind::Name(name) => self.entry_names.contains_key(name),
            Kind::Member(_, name) => ENTRY_POINTS.contains(&name.as_str()),
            _ => false,
        };
        let expr = Expr { kind: Kind::Call(Box::new(Call { callee, arguments, new: false })), span: here };
        if is_entry {
            self.module.calls.push(CallSite { scope, expr: expr.clone(), owner: self.owner.clone() });
        }
        expr
    }

    fn elements(&mut self, node: Node<'_>, scope: ScopeId, around: Around<'_>) -> Vec<Element> {
        named(node)
            .into_iter()
            .filter(|child| child.kind() != "comment")
            .map(|child| {
                if child.kind() == "spread_element" {
                    let value = match named(child).into_iter().next() {
                        Some(inner) => self.expr(inner, scope, around),
                        None => Expr { kind: Kind::Opaque, span: span(child) },
                    };
                    Element { value, spread: true }
                } else {
                    Element { value: self.expr(child, scope, around), spread: false }
                }
            })
            .collect()
    }

    fn properties(&mut self, node: Node<'_>, scope: ScopeId, around: Around<'_>) -> Vec<Property> {
        let mut properties = Vec::new();
        for child in named(node) {
            match child.kind() {
                "pair" => {
                    let (Some(key), Some(value)) = (child.child_by_field_name("key"), child.child_by_field_name("value")) else {
                        continue;
                    };
                    properties.push(match self.key_text(key) {
                        Some(name) => {
                            let inner = Around {
                                name: Some(&name),
                                maps_names: around.maps_names
                                    || matches!(name.as_str(), "fields" | "schema" | "additionalFields"),
                            };
                            let value = self.expr(value, scope, inner);
                            Property::Keyed { key: name, key_span: span(key), value }
                        }
                        None => {
                            let key = named(key).into_iter().next().unwrap_or(key);
                            Property::Computed {
                                key: self.expr(key, scope, Around::default()),
                                value: self.expr(value, scope, Around::default()),
                            }
                        }
                    });
                }
                "shorthand_property_identifier" => properties.push(Property::Keyed {
                    key: self.owned(child),
                    key_span: span(child),
                    value: self.expr(child, scope, Around::default()),
                }),
                "spread_element" => {
                    if let Some(inner) = named(child).into_iter().next() {
                        properties.push(Property::Spread(self.expr(inner, scope, around)));
                    }
                }
                "method_definition" => {
                    let Some(name) = child.child_by_field_name("name") else { continue };
                    let getter = self.str(child).starts_with("get ");
                    let function = self.function(child, scope);
                    let kind = if getter { Kind::Opaque } else { Kind::Function(function) };
                    if let Some(key) = self.key_text(name) {
                        properties.push(Property::Keyed { key, key_span: span(name), value: Expr { kind, span: span(child) } });
                    }
                }
                "comment" => {}
                _ => {
                    self.errors.push(span(child));
                    properties.push(Property::Spread(Expr { kind: Kind::Opaque, span: span(child) }));
                }
            }
        }
        properties
    }

    fn template(&mut self, node: Node<'_>, scope: ScopeId, around: Around<'_>) -> Kind {
        let mut parts = Vec::new();
        let mut plain = String::new();
        for child in named(node) {
            if child.kind() == "template_substitution" {
                if !plain.is_empty() {
                    parts.push(TemplatePart::Text(secrecy::text(std::mem::take(&mut plain), around.name, around.maps_names)));
                }
                if let Some(inner) = named(child).into_iter().next() {
                    parts.push(TemplatePart::Value(self.expr(inner, scope, Around::default())));
                }
            } else {
                plain.push_str(&unescape(self.str(child)));
            }
        }
        let rest = secrecy::text(plain, around.name, around.maps_names);
        if parts.is_empty() {
            return Kind::Text(rest);
        }
        if !rest.is_empty() {
            parts.push(TemplatePart::Text(rest));
        }
        Kind::Template(parts)
    }

    fn key_text(&self, key: Node<'_>) -> Option<String> {
        match key.kind() {
            "computed_property_name" => {
                let inner = named(key).into_iter().next()?;
                (inner.kind() == "string").then(|| self.string_content(inner))
            }
            "string" => Some(self.string_content(key)),
            _ => Some(self.owned(key)),
        }
    }

    fn string_content(&self, node: Node<'_>) -> String {
        let mut cursor = node.walk();
        node.named_children(&mut cursor).map(|part| unescape(self.str(part))).collect()
    }
}

/// The name and the path an expression such as `a.b["c"]` denotes.
fn place(expr: &Expr) -> Option<(String, Vec<String>)> {
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

fn operator(token: &str) -> Operator {
    match token {
        "??" => Operator::Nullish,
        "||" => Operator::Or,
        "&&" => Operator::And,
        "===" | "==" => Operator::Equal,
        "!==" | "!=" => Operator::NotEqual,
        "+" => Operator::Add,
        "-" => Operator::Subtract,
        "*" => Operator::Multiply,
        "/" => Operator::Divide,
        _ => Operator::Other,
    }
}

/// A numeric literal (ECMAScript, "Numeric Literals").
fn number(text: &str) -> Option<f64> {
    let digits = text.replace('_', "").to_ascii_lowercase();
    let digits = digits.trim_end_matches('n');
    let whole = [("0x", 16), ("0o", 8), ("0b", 2)]
        .into_iter()
        .find_map(|(prefix, radix)| digits.strip_prefix(prefix).map(|rest| u64::from_str_radix(rest, radix)));
    match whole {
        #[allow(clippy::cast_precision_loss, reason = "JavaScript numbers have the same precision")]
        Some(value) => value.ok().map(|value| value as f64),
        None => digits.parse().ok(),
    }
}

/// Resolves an escape sequence; other text stays as it is.
fn unescape(part: &str) -> String {
    let Some(escape) = part.strip_prefix('\\') else { return part.to_owned() };
    match escape {
        "n" => "\n".into(),
        "t" => "\t".into(),
        "r" => "\r".into(),
        "0" => "\0".into(),
        "\n" | "\r\n" => String::new(),
        other => {
            let code = other.strip_prefix('x').or_else(|| other.strip_prefix('u'));
            let code = code.map(|code| code.trim_start_matches('{').trim_end_matches('}'));
            match code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32) {
                Some(character) => character.to_string(),
                None => other.to_owned(),
            }
        }
    }
}

fn is_type(kind: &str) -> bool {
    matches!(kind, "type_annotation" | "type_arguments" | "type_parameters" | "type_identifier" | "predefined_type" | "comment")
}

fn is_expression(kind: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn lower(text: &str) -> Module {
        let (module, errors) = extract(FileKind::TypeScript, text);
        assert_eq!(errors, [], "sound source");
        module
    }

    #[test]
    fn entry_points_are_found_under_any_name_and_at_any_depth() {
        let module = lower(
            r#"
            import { betterAuth as make } from "better-auth";
            export class Service { auth = make({ plugins: [] }) }
            export const client = lib.createAuthClient();
            export function factory(env: Env) { return wrap(() => make<Options>({} satisfies Options)) }
            "#,
        );
        let owners: Vec<_> = module.calls.iter().map(|call| call.owner.as_deref()).collect();
        assert_eq!(owners, [None, Some("client"), Some("factory")]);
    }

    #[test]
    fn imports_and_exports_in_their_forms() {
        let module = lower(
            r#"
            import a, { type B, c as d } from "m";
            import type { T } from "t";
            import * as n from "n";
            const { e, f: g } = await import("o");
            export { d as x };
            export * from "p";
            export * as q from "q";
            export { default as r } from "r";
            export default { a };
            "#,
        );
        let locals: Vec<_> = module.imports.iter().map(|i| (i.local.as_str(), i.type_only)).collect();
        assert_eq!(locals, [("a", false), ("B", true), ("d", false), ("T", true), ("n", false), ("e", false), ("g", false)]);
        assert_eq!(module.exports.len(), 5);
        assert!(module.exports.contains(&Export::All { module: "p".into() }));
        assert!(module.exports.contains(&Export::From { name: "q".into(), module: "q".into(), imported: Imported::Namespace }));
    }

    #[test]
    fn later_changes_are_recorded_with_their_conditions() {
        let module = lower(
            "const plugins = [a()];\nif (on) plugins.push(b());\non && plugins.push(c());\noptions.x.y = 1;\n\
             list.forEach((item) => { plugins.push(item) });",
        );
        let effects = &module.scopes[0].effects;
        let seen: Vec<_> = effects.iter().map(|e| (e.root.as_str(), e.path.len(), e.guards.len())).collect();
        assert_eq!(seen, [("plugins", 0, 1), ("plugins", 0, 1), ("options", 2, 0), ("plugins", 0, 0)]);
        assert_eq!(effects[3].change, Mutation::Opaque);
    }

    #[test]
    fn deep_nesting_becomes_opaque() {
        let text = format!("const a = {}1{};", "[".repeat(10_000), "]".repeat(10_000));
        let (module, errors) = extract(FileKind::TypeScript, &text);
        assert_eq!(module.scopes[0].bindings.len(), 1);
        assert!(!errors.is_empty());
    }

    #[test]
    fn broken_text_keeps_what_is_sound() {
        let (module, errors) = extract(
            FileKind::TypeScript,
            "const a = {;\nimport { betterAuth } from 'better-auth';\nexport const auth = betterAuth({});",
        );
        assert!(!errors.is_empty());
        assert_eq!(module.calls.len(), 1);
    }
}
