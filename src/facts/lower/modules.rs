//! Imports and exports in all their forms.

use super::mounts::HANDLER;
use super::{Around, ENTRY_POINTS, Lowering, MOUNTING_FUNCTIONS, may_make_an_instance, named, span};
use crate::facts::module::{Binding, Export, Expr, Import, Imported, ScopeId, Source, Surrounding};
use crate::syntax::typescript::fields::NodeField;
use crate::syntax::typescript::nodes::Node;

impl Lowering<'_> {
    /// Entry points may be imported under another name, also below the place they are used in.
    pub(super) fn collect_entry_names(&mut self, root: Node<'_>) {
        for name in ENTRY_POINTS.into_iter().chain(MOUNTING_FUNCTIONS) {
            self.entry_names.insert(name.to_owned(), name);
        }
        for statement in root.parts().filter(|node| node.kind() == "import_statement") {
            let module = statement.field(NodeField::Source).map(|source| self.string_content(source)).unwrap_or_default();
            let is_framework = module.trim_start_matches('@').starts_with("better-auth");
            self.module.keeps_calls |= is_framework;
            let mut stack = named(statement);
            while let Some(node) = stack.pop() {
                match node.kind() {
                    "import_specifier" => {
                        let (name, alias) = (node.field(NodeField::Name), node.field(NodeField::Alias));
                        if let (Some(name), Some(alias)) = (name, alias) {
                            self.rename(self.str(name), self.str(alias));
                        }
                        self.kept_names.extend(alias.or(name).filter(|_| !is_framework).map(|local| self.owned(local)));
                    }
                    // That of a default import.
                    "identifier" if !is_framework => _ = self.kept_names.insert(self.owned(node)),
                    _ => stack.extend(node.parts()),
                }
            }
        }
        match self.module.keeps_calls {
            true => self.collect_own_functions(root),
            false => self.kept_names.clear(),
        }
    }

    /// Notes the functions that the module declares.
    fn collect_own_functions(&mut self, root: Node<'_>) {
        let is_function = |value: Node<'_>| matches!(value.kind(), "arrow_function" | "function_expression");
        for statement in root.parts() {
            let declaration = statement.field(NodeField::Declaration).unwrap_or(statement);
            match declaration.kind() {
                "function_declaration" => {
                    let name = declaration.field(NodeField::Name).map(|name| self.owned(name));
                    self.kept_names.extend(name);
                }
                "lexical_declaration" => {
                    for declared in declaration.parts() {
                        let name = declared.field(NodeField::Name).filter(|name| name.kind() == "identifier");
                        let name = name.filter(|_| declared.field(NodeField::Value).is_some_and(is_function));
                        let name = name.map(|name| self.owned(name));
                        self.kept_names.extend(name);
                    }
                }
                _ => {}
            }
        }
    }

    /// Notes the functions of the file that calls of entry points stand in.
    pub(super) fn collect_holders(&mut self, root: Node<'_>) {
        let is_entry = |name: &&str| ENTRY_POINTS.contains(name);
        let names: Vec<String> =
            self.entry_names.iter().filter(|(_, entry)| is_entry(entry)).map(|(name, _)| name.clone()).collect();
        for name in &names {
            for start in memchr::memmem::find_iter(self.text.as_bytes(), name) {
                let found = Some(root.holding(&(start..start + name.len()))).filter(|node| self.str(*node) == name);
                let mut is_function = false;
                for around in std::iter::successors(found, Node::parent) {
                    let named = match around.kind() {
                        "function_declaration" => around.field(NodeField::Name),
                        "variable_declarator" => around.field(NodeField::Name).filter(|_| is_function),
                        _ => None,
                    };
                    is_function |= matches!(around.kind(), "arrow_function" | "function_expression");
                    let named = named.filter(|name| name.kind() == "identifier");
                    self.module.holders.extend(named.map(|name| self.owned(name)));
                }
            }
        }
    }

    /// Notes the name that something has here, where that makes instances or may do so.
    pub(super) fn rename(&mut self, name: &str, local: &str) {
        if self.module.keeps_calls {
            self.kept_names.insert(local.to_owned());
        }
        if name == HANDLER {
            self.handler_names.insert(local.to_owned());
        }
        if let Some(entry) = self.entry_names.get(name).copied() {
            self.entry_names.insert(local.to_owned(), entry);
        } else if may_make_an_instance(name) {
            self.maker_names.insert(local.to_owned());
        }
    }

    pub(super) fn import(&mut self, node: Node<'_>) {
        let Some(source) = node.field(NodeField::Source) else { return };
        let module = self.string_content(source);
        let whole_type = is_type(node, 1);
        let clause = node.parts().find(|child| child.kind() == "import_clause");
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
        for part in clause.parts() {
            match part.kind() {
                "identifier" => self.module.imports.push(Import {
                    local: self.owned(part),
                    module: module.clone(),
                    name: Imported::Named("default".into()),
                    type_only: whole_type,
                    span: span(part),
                }),
                "namespace_import" => {
                    if let Some(name) = part.parts().next() {
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
                    for specifier in part.parts().filter(|child| child.kind() == "import_specifier") {
                        let Some(name) = specifier.field(NodeField::Name) else { continue };
                        let local = specifier.field(NodeField::Alias).unwrap_or(name);
                        self.module.imports.push(Import {
                            local: self.owned(local),
                            module: module.clone(),
                            name: Imported::Named(self.export_name(name)),
                            type_only: whole_type || is_type(specifier, 0),
                            span: span(specifier),
                        });
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn export_name(&self, node: Node<'_>) -> String {
        if node.kind() == "string" { self.string_content(node) } else { self.owned(node) }
    }

    pub(super) fn export(&mut self, node: Node<'_>, scope: ScopeId) {
        let source = node.field(NodeField::Source).map(|source| self.string_content(source));
        if let Some(declaration) = node.field(NodeField::Declaration) {
            let decorators = node.parts().filter(|child| child.kind() == "decorator");
            let decorators: Vec<Expr> = decorators.filter_map(|decorator| self.decorator(decorator, scope)).collect();
            let before = self.scope(scope).bindings.len();
            let from = self.found();
            self.statement(declaration, scope);
            if !decorators.is_empty() {
                self.surround(from, self.found(), || Surrounding::Decorated(decorators.clone()));
            }
            let default = self.str(node).trim_start_matches("export").trim_start().starts_with("default");
            let names: Vec<String> = self.scope(scope).bindings[before..].iter().map(|binding| binding.name.clone()).collect();
            for local in names {
                let name = if default { "default".into() } else { local.clone() };
                self.module.exports.push(Export::Local { name, local });
            }
            return;
        }
        if let Some(value) = node.field(NodeField::Value) {
            if value.kind() == "identifier" {
                let local = self.owned(value);
                self.module.exports.push(Export::Local { name: "default".into(), local });
                return;
            }
            let owner = self.owner.replace("default".into());
            let before = self.found();
            let expr = self.expr(value, scope, Around::default());
            self.surround(before, self.found(), || Surrounding::Bound { scope, name: "default".into() });
            self.owner = owner;
            let (name, source) = ("default".into(), Source::Value(expr));
            let binding = Binding { name, source, mutable: false, span: span(value), block: None };
            self.scope(scope).bindings.push(binding);
            self.module.exports.push(Export::Local { name: "default".into(), local: "default".into() });
            return;
        }
        let mut star = true;
        for part in node.parts() {
            match part.kind() {
                "export_clause" => {
                    star = false;
                    let specifiers = part.parts().filter(|child| child.kind() == "export_specifier");
                    for specifier in specifiers.filter(|specifier| !is_type(node, 1) && !is_type(*specifier, 0)) {
                        let Some(name) = specifier.field(NodeField::Name) else { continue };
                        let local = self.export_name(name);
                        let exported =
                            specifier.field(NodeField::Alias).map_or_else(|| local.clone(), |alias| self.export_name(alias));
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
                    if let (Some(name), Some(module)) = (part.parts().next(), &source) {
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

    /// `const x = require("m")` and `const { a } = await import("m")` are imports.
    pub(super) fn bind_required_module(&mut self, name: Node<'_>, value: Node<'_>) -> bool {
        let Some(module) = self.required_module(value) else { return false };
        match name.kind() {
            "identifier" => {
                let local = self.owned(name);
                self.module.imports.push(Import { local, module, name: Imported::Namespace, type_only: false, span: span(name) });
                true
            }
            "object_pattern" => {
                let mut complete = true;
                for part in name.parts() {
                    let (exported, local) = match part.kind() {
                        "shorthand_property_identifier_pattern" => (part, part),
                        "pair_pattern" => match (part.field(NodeField::Key), part.field(NodeField::Value)) {
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
                    self.rename(self.str(exported), self.str(local));
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

    pub(super) fn required_module(&self, mut value: Node<'_>) -> Option<String> {
        while matches!(value.kind(), "await_expression" | "parenthesized_expression") {
            value = value.parts().next()?;
        }
        if value.kind() != "call_expression" {
            return None;
        }
        let function = value.field(NodeField::Function)?;
        if function.kind() != "import" && self.str(function) != "require" {
            return None;
        }
        let argument = value.field(NodeField::Arguments)?.parts().next()?;
        (argument.kind() == "string").then(|| self.string_content(argument))
    }
}

/// Whether names stand for types alone: `import type …`, and `type User` or `type User as Member` in a list.
fn is_type(node: Node<'_>, place: usize) -> bool {
    let word = node.children().nth(place);
    word.is_some_and(|word| matches!(word.kind(), "type" | "typeof"))
}
