//! The code of a file that declares Drizzle tables: what is written where.

use std::sync::Arc;

use tree_sitter::{Node, Tree};

use super::{Edits, indent_at, insertion, line_end};
use crate::source::{FileKind, Span};
use crate::syntax::typescript;
use crate::syntax::typescript::fields::{NodeField, NodeFields};

/// A file.
pub(super) struct Code<'t> {
    pub(super) file: &'t Arc<str>,
    pub(super) text: &'t str,
    tree: Tree,
}

/// `export const name = maker("physical", columns, keys)`.
pub(super) struct TableCode<'c> {
    /// What the table is bound to.
    pub(super) name: &'c str,
    /// The whole statement.
    pub(super) statement: Span,
    /// The statement exports it.
    pub(super) exported: bool,
    /// The maker as written.
    pub(super) maker: &'c str,
    /// What follows the call of the maker: `.enableRLS()`.
    pub(super) suffix: &'c str,
    /// The name in the database.
    pub(super) physical: Option<&'c str>,
    /// The object of the columns.
    pub(super) columns: Node<'c>,
    /// The end of the argument that gives the columns.
    pub(super) columns_end: usize,
    /// The parameter that holds the builders, where the columns are given by a function.
    pub(super) parameter: Option<&'c str>,
    /// The third argument.
    pub(super) keys: Option<KeysCode<'c>>,
}

/// `(table) => [index("…").on(table.column)]`.
pub(super) struct KeysCode<'c> {
    /// The parameter.
    pub(super) parameter: &'c str,
    /// The array or object that is given back.
    pub(super) list: Node<'c>,
}

/// `import { a, b as c } from "module"`.
pub(super) struct Import<'c> {
    /// Where the statement starts.
    pub(super) start: usize,
    pub(super) module: &'c str,
    /// The name of the whole module: `p` of `import * as p`.
    pub(super) namespace: Option<&'c str>,
    /// The braces.
    pub(super) list: Option<Node<'c>>,
    /// The names in the braces: of the module, and here.
    pub(super) names: Vec<(&'c str, &'c str)>,
}

/// `export * from "module"`, `export { a, b as c } from "module"`.
pub(super) struct PassedOn<'c> {
    pub(super) module: &'c str,
    /// The braces.
    pub(super) list: Option<Node<'c>>,
    /// The whole statement.
    pub(super) code: &'c str,
    /// Where it ends.
    pub(super) end: usize,
}

impl<'t> Code<'t> {
    /// `None` when the file is no code, or cannot be read as a whole.
    pub(super) fn parse(file: &'t Arc<str>, text: &'t str) -> Option<Self> {
        let kind = FileKind::of(file).filter(|kind| kind.is_code())?;
        let parsed = typescript::parse(kind, text)?;
        parsed.errors.is_empty().then_some(Self { file, text, tree: parsed.tree })
    }

    pub(super) fn of(&self, node: Node<'_>) -> &'t str {
        &self.text[node.byte_range()]
    }

    /// The table whose maker stands at `callee`; `None` unless it is bound to a name at the top of the file.
    pub(super) fn table(&self, callee: Span) -> Option<TableCode<'_>> {
        let (start, end) = (callee.start as usize, callee.end as usize);
        let mut call = self.tree.root_node().descendant_for_byte_range(start, end)?;
        while call.kind() != "call_expression" || call.field(NodeField::Function)?.byte_range() != (start..end) {
            call = call.parent()?;
        }
        let mut outer = call;
        while outer.kind() != "variable_declarator" {
            outer = outer.parent()?;
            let is_wrapped = ["call_expression", "member_expression", "variable_declarator"].contains(&outer.kind());
            if !is_wrapped {
                return None;
            }
        }
        let name = outer.field(NodeField::Name).filter(|name| name.kind() == "identifier")?;
        let mut statement = outer.parent()?;
        if statement.parent()?.kind() == "export_statement" {
            statement = statement.parent()?;
        }
        if statement.parent()?.kind() != "program" {
            return None;
        }
        let arguments = call.field(NodeField::Arguments)?;
        let mut arguments = children(arguments).into_iter();
        let physical = arguments.next()?;
        let columns_argument = arguments.next()?;
        let (parameter, columns) = match columns_argument.kind() {
            "arrow_function" => (Some(self.parameter(columns_argument)?), given_back(columns_argument)?),
            _ => (None, columns_argument),
        };
        if columns.kind() != "object" {
            return None;
        }
        let keys = match arguments.next() {
            Some(keys) => {
                let list = given_back(keys).filter(|list| ["object", "array"].contains(&list.kind()))?;
                Some(KeysCode { parameter: self.parameter(keys)?, list })
            }
            None => None,
        };
        Some(TableCode {
            name: self.of(name),
            statement: Span::new(statement.start_byte(), statement.end_byte()),
            exported: statement.kind() == "export_statement",
            maker: &self.text[start..end],
            suffix: self.text[call.end_byte()..outer.end_byte()].trim_end(),
            physical: self.string(physical),
            columns,
            columns_end: columns_argument.end_byte(),
            parameter,
            keys,
        })
    }

    /// What is written at a place.
    pub(super) fn node(&self, at: Span) -> Option<Node<'_>> {
        let range = at.start as usize..at.end as usize;
        let node = self.tree.root_node().descendant_for_byte_range(range.start, range.end)?;
        (node.byte_range() == range).then_some(node)
    }

    /// The object literal at a place.
    pub(super) fn object(&self, at: Span) -> Option<Node<'_>> {
        self.node(at).filter(|node| node.kind() == "object")
    }

    /// The properties of an object that are written as `key: value` or as the key alone, each with its value.
    pub(super) fn properties<'c>(&'c self, object: Node<'c>) -> Vec<(&'c str, Node<'c>)> {
        let property = |node: Node<'c>| match node.kind() {
            "pair" => {
                let key = node.field(NodeField::Key)?;
                Some((self.string(key).unwrap_or_else(|| self.of(key)), node.field(NodeField::Value)?))
            }
            "shorthand_property_identifier" => Some((self.of(node), node)),
            _ => None,
        };
        children(object).into_iter().filter_map(property).collect()
    }

    /// The call a chain of calls starts with: `text("id")` of `text("id").notNull()`.
    pub(super) fn start(chain: Node<'_>) -> Option<Node<'_>> {
        let mut call = Some(chain).filter(|chain| chain.kind() == "call_expression")?;
        loop {
            let object = call.field(NodeField::Function)?.field(NodeField::Object);
            match object.filter(|object| object.kind() == "call_expression") {
                Some(inner) => call = inner,
                None => return Some(call),
            }
        }
    }

    /// What has to go for a builder of dates to give dates: the option `mode: "string"`, with what parts it from its
    /// neighbours, or all of the options where there are no others.
    pub(super) fn string_mode(&self, call: Node<'_>) -> Option<Span> {
        let arguments = children(call.field(NodeField::Arguments)?);
        let (options, before) = arguments.split_last()?;
        let properties = children(*options);
        let is_mode = |node: &Node<'_>| {
            let part = |field| node.field(field);
            node.kind() == "pair"
                && part(NodeField::Key).is_some_and(|key| self.string(key).unwrap_or_else(|| self.of(key)) == "mode")
                && part(NodeField::Value).and_then(|value| self.string(value)) == Some("string")
        };
        let at = properties.iter().position(is_mode).filter(|_| options.kind() == "object")?;
        Some(match (properties.as_slice(), before.last()) {
            ([_], Some(before)) => Span::new(before.end_byte(), options.end_byte()),
            ([_], None) => Span::new(options.start_byte(), options.end_byte()),
            (all, _) if at == 0 => Span::new(all[0].start_byte(), all[1].start_byte()),
            (all, _) => Span::new(all[at - 1].end_byte(), all[at].end_byte()),
        })
    }

    /// The text of a node without what of it lies in a span.
    pub(super) fn without(&self, node: Node<'_>, cut: Option<Span>) -> String {
        let (start, end) = (node.start_byte(), node.end_byte());
        let from = cut.map_or(end, |cut| cut.start as usize).clamp(start, end);
        let to = cut.map_or(end, |cut| cut.end as usize).clamp(from, end);
        format!("{}{}", &self.text[start..from], &self.text[to..end])
    }

    /// Whether something is spread into an object.
    pub(super) fn spreads(&self, object: Node<'_>) -> bool {
        children(object).iter().any(|node| node.kind() == "spread_element")
    }

    /// The text of a string literal.
    pub(super) fn string(&self, node: Node<'_>) -> Option<&'t str> {
        if node.kind() != "string" {
            return None;
        }
        self.of(node).get(1..)?.get(..node.byte_range().len() - 2)
    }

    /// The only parameter of a function, when it is a plain name.
    fn parameter(&self, function: Node<'_>) -> Option<&'t str> {
        if let Some(parameter) = function.field(NodeField::Parameter) {
            return Some(self.of(parameter));
        }
        let parameters = children(function.field(NodeField::Parameters)?);
        let [only] = parameters.as_slice() else { return None };
        let pattern = only.field(NodeField::Pattern)?;
        (pattern.kind() == "identifier").then(|| self.of(pattern))
    }

    /// The imports of values.
    pub(super) fn imports(&self) -> Vec<Import<'_>> {
        let import = |node: Node<'_>| {
            let mut parts = node.field(NodeField::Source).and_then(|source| self.string(source)).map(|module| Import {
                start: node.start_byte(),
                module,
                namespace: None,
                list: None,
                names: Vec::new(),
            })?;
            let of_types = (0..node.child_count()).filter_map(|at| node.child(at)).any(|child| child.kind() == "type");
            if of_types {
                return None;
            }
            let clause = children(node).into_iter().find(|child| child.kind() == "import_clause")?;
            for part in children(clause) {
                match part.kind() {
                    "namespace_import" => parts.namespace = children(part).first().map(|name| self.of(*name)),
                    "named_imports" => {
                        for one in children(part) {
                            let Some(name) = one.field(NodeField::Name) else { continue };
                            let alias = one.field(NodeField::Alias).unwrap_or(name);
                            parts.names.push((self.of(name), self.of(alias)));
                        }
                        parts.list = Some(self.tree.root_node().descendant_for_byte_range(part.start_byte(), part.end_byte())?);
                    }
                    _ => {}
                }
            }
            Some(parts)
        };
        let statements = children(self.tree.root_node()).into_iter();
        statements.filter_map(|node| if node.kind() == "import_statement" { import(node) } else { self.required(node) }).collect()
    }

    /// Whether the file is a module that imports and exports by statements.
    pub(super) fn is_module(&self) -> bool {
        let is_of_modules = |node: &Node<'_>| ["import_statement", "export_statement"].contains(&node.kind());
        children(self.tree.root_node()).iter().any(is_of_modules)
    }

    /// `const { a, b: c } = require("module")` as the import that it is.
    fn required<'c>(&'c self, statement: Node<'c>) -> Option<Import<'c>> {
        let declarator = children(statement).into_iter().find(|node| node.kind() == "variable_declarator")?;
        let call = declarator.field(NodeField::Value).filter(|value| value.kind() == "call_expression")?;
        if self.of(call.field(NodeField::Function)?) != "require" {
            return None;
        }
        let module = self.string(*children(call.field(NodeField::Arguments)?).first()?)?;
        let list = declarator.field(NodeField::Name).filter(|name| name.kind() == "object_pattern")?;
        let name = |node: Node<'c>| match node.kind() {
            "shorthand_property_identifier_pattern" => Some((self.of(node), self.of(node))),
            "pair_pattern" => Some((self.of(node.field(NodeField::Key)?), self.of(node.field(NodeField::Value)?))),
            _ => None,
        };
        let names = children(list).into_iter().filter_map(name).collect();
        Some(Import { start: statement.start_byte(), module, namespace: None, list: Some(list), names })
    }

    /// The values of other modules that this one exports.
    pub(super) fn passed_on(&self) -> Vec<PassedOn<'_>> {
        let statements: Vec<Node<'_>> = children(self.tree.root_node());
        let passed_on = statements.into_iter().filter(|node| node.kind() == "export_statement").filter_map(|node| {
            let module = self.string(node.field(NodeField::Source)?)?;
            let of_types = (0..node.child_count()).filter_map(|at| node.child(at)).any(|child| child.kind() == "type");
            let list = children(node).into_iter().find(|part| part.kind() == "export_clause");
            (!of_types).then(|| PassedOn { module, list, code: self.of(node), end: node.end_byte() })
        });
        passed_on.collect()
    }

    /// Whether a name means something at the top of the file.
    pub(super) fn is_taken(&self, name: &str) -> bool {
        self.binds(name) || self.imports_as(name)
    }

    /// Whether an import, of values or types, binds a name.
    fn imports_as(&self, name: &str) -> bool {
        let statements = children(self.tree.root_node()).into_iter().filter(|node| node.kind() == "import_statement");
        let clauses = statements.flat_map(|node| children(node).into_iter().filter(|part| part.kind() == "import_clause"));
        let locals = clauses.flat_map(children).flat_map(|part| match part.kind() {
            "named_imports" => {
                let name = |one: &Node<'_>| one.field(NodeField::Alias).or(one.field(NodeField::Name)).map(|it| self.of(it));
                children(part).iter().filter_map(name).collect()
            }
            "namespace_import" => children(part).into_iter().map(|local| self.of(local)).collect(),
            _ => vec![self.of(part)],
        });
        locals.into_iter().any(|local| local == name)
    }

    /// Whether a name is bound at the top of the file by something other than an import.
    pub(super) fn binds(&self, name: &str) -> bool {
        let declares = |node: Node<'_>| {
            let named = node.field(NodeField::Name).is_some_and(|own| self.of(own) == name);
            named
                || children(node).iter().any(|child| {
                    child.kind() == "variable_declarator" && child.field(NodeField::Name).is_some_and(|own| self.of(own) == name)
                })
        };
        children(self.tree.root_node()).into_iter().any(|node| match node.kind() {
            "export_statement" => node.field(NodeField::Declaration).is_some_and(declares),
            _ => declares(node),
        })
    }

    /// Adds names to the braces of an import: to their places where the names are sorted, else at the end.
    pub(super) fn import(&self, list: Node<'_>, names: &[String]) -> Edits {
        let plain = |name: &str| name.trim_start_matches("type ").to_lowercase();
        let known: Vec<(String, usize)> =
            children(list).into_iter().map(|node| (plain(self.of(node)), node.start_byte())).collect();
        if known.len() < 3 || !known.is_sorted() {
            return self.append(list, names);
        }
        let mut edits = Edits::new();
        let mut last = Vec::new();
        for name in names {
            match known.iter().find(|(other, _)| *other > plain(name)) {
                Some((_, at)) => {
                    let line = &self.text[..*at];
                    let alone = line.trim_end_matches([' ', '\t']).ends_with('\n');
                    let after = if alone { format!("\n{}", indent_at(self.text, *at)) } else { " ".to_owned() };
                    edits.push(insertion(self.file, *at, format!("{name},{after}")));
                }
                None => last.push(name.clone()),
            }
        }
        if !last.is_empty() {
            edits.extend(self.append(list, &last));
        }
        edits
    }

    /// Adds elements at the end of what stands between brackets.
    pub(super) fn append(&self, list: Node<'_>, elements: &[String]) -> Edits {
        let (text, close) = (self.text, list.end_byte() - 1);
        let Some(last) = children(list).into_iter().last() else {
            let padding = if list.kind() == "array" { "" } else { " " };
            return vec![insertion(self.file, list.start_byte() + 1, format!("{padding}{}{padding}", elements.join(", ")))];
        };
        let end = last.end_byte();
        let comma = text[end..close].trim_start().starts_with(',');
        let first = children(list)[0].start_byte();
        if !text[list.start_byte()..first].contains('\n') {
            return vec![insertion(self.file, end, format!(", {}", elements.join(", ")))];
        }
        let after = if comma { end + text[end..].find(',').unwrap_or(0) + 1 } else { end };
        let indent = indent_at(text, last.start_byte());
        let broken = |element: &String| element.replace('\n', &format!("\n{indent}"));
        let lines: String = elements.iter().map(|element| format!("\n{indent}{},", broken(element))).collect();
        // As it was, so it stays.
        let lines = if comma { lines } else { lines.trim_end_matches(',').to_owned() };
        // A comment at the end of the line belongs to the last element.
        let rest = &text[after..line_end(text, after)];
        let at = if rest.trim().is_empty() || rest.trim_start().starts_with("//") { after + rest.len() } else { after };
        let mut edits = vec![insertion(self.file, at, lines)];
        if !comma {
            edits.insert(0, insertion(self.file, end, ",".into()));
        }
        edits
    }
}

/// The named children without comments.
pub(super) fn children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| child.kind() != "comment").collect()
}

/// What an arrow function gives back when it does nothing else.
fn given_back(function: Node<'_>) -> Option<Node<'_>> {
    let mut body = function.field(NodeField::Body).filter(|_| function.kind() == "arrow_function")?;
    while body.kind() == "parenthesized_expression" {
        body = *children(body).first()?;
    }
    Some(body)
}
