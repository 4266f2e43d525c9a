//! Plain values and chains of calls, as they are written.

use std::collections::{HashMap, HashSet};

use super::{Code, files};
use crate::facts::lower::{named, unescape};
use crate::syntax::typescript::fields::NodeField;
use crate::syntax::typescript::nodes::Node;

/// The most entries of an object that is spread into others, or whose members are looked up.
const MAX_SPREAD: usize = 64;

/// Values that are run when they are called.
const FUNCTIONS: [&str; 2] = ["arrow_function", "function_expression"];

/// One `.name` or `.name(…)` of a chain.
#[derive(Clone, Copy)]
pub(super) struct Step<'c> {
    /// The name.
    pub(super) name: &'c str,
    /// The name in the source.
    pub(super) at: Node<'c>,
    /// The arguments, where it is called.
    pub(super) arguments: Option<Node<'c>>,
}

impl<'c> Step<'c> {
    /// The values it is called with.
    pub(super) fn values(&self) -> Vec<Node<'c>> {
        self.arguments.filter(|list| list.kind() == "arguments").map(named).unwrap_or_default()
    }

    /// From the name to the end of the call.
    pub(super) fn span(&self) -> crate::source::Span {
        crate::source::Span::new(self.at.start_byte(), self.arguments.unwrap_or(self.at).end_byte())
    }
}

/// `root.a.b(…).c(…)`.
pub(super) struct Chain<'c> {
    /// What it begins with.
    pub(super) root: Node<'c>,
    /// What follows, in order.
    pub(super) steps: Vec<Step<'c>>,
    /// The calls it consists of.
    pub(super) calls: Vec<usize>,
}

impl<'c> Chain<'c> {
    /// The chain that ends with this expression.
    pub(super) fn of(code: &Code<'c>, expression: Node<'c>) -> Self {
        let mut chain = Self { root: plain(expression), steps: Vec::new(), calls: Vec::new() };
        loop {
            let (callee, arguments) = match chain.root.kind() {
                "call_expression" => {
                    chain.calls.push(chain.root.id());
                    (chain.root.field(NodeField::Function), chain.root.field(NodeField::Arguments))
                }
                _ => (Some(chain.root), None),
            };
            let Some(member) = callee.map(plain).filter(|callee| callee.kind() == "member_expression") else { break };
            let (Some(object), Some(at)) = (member.field(NodeField::Object), member.field(NodeField::Property)) else {
                break;
            };
            chain.steps.push(Step { name: code.str(at), at, arguments });
            chain.root = plain(object);
        }
        chain.steps.reverse();
        chain
    }
}

/// Whether a default fills a column: `null` and `undefined` do not.
pub(super) fn fills(value: Node<'_>) -> bool {
    !matches!(value.kind(), "null" | "undefined")
}

/// An object as written.
pub(super) struct Fields<'c> {
    /// The keys as text and as they stand, with their values.
    entries: Vec<(String, Node<'c>, Node<'c>)>,
    /// It may have other entries.
    pub(super) open: bool,
}

impl<'c> Fields<'c> {
    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<Node<'c>> {
        self.entries.iter().rev().find(|(name, ..)| name == key).map(|(.., value)| *value)
    }
}

impl<'f, 'c> Fields<'c> {
    /// The entries: the key as text and as it stands, and the value.
    pub(super) fn iter(&'f self) -> impl Iterator<Item = (&'f str, Node<'c>, Node<'c>)> {
        self.entries.iter().map(|(name, key, value)| (name.as_str(), *key, *value))
    }
}

/// What is done once for each of some values.
pub(super) struct Loop<'c> {
    /// What a value, or the parts of one, are called.
    pub(super) pattern: Node<'c>,
    /// The values: strings, arrays and objects.
    pub(super) values: Vec<Node<'c>>,
    /// What is done.
    pub(super) body: Node<'c>,
}

/// A function with a body that is followed.
pub(super) struct Callback<'c> {
    /// Its first parameter.
    pub(super) pattern: Node<'c>,
    /// Its first parameter as written.
    pub(super) parameter: &'c str,
    /// Its body: an expression or a block.
    pub(super) body: Node<'c>,
}

impl<'c> Callback<'c> {
    /// The expression it gives back; `None` when it does something else.
    pub(super) fn result(&self) -> Option<Node<'c>> {
        if self.body.kind() != "statement_block" {
            return Some(self.body);
        }
        match named(self.body).as_slice() {
            [only] if only.kind() == "return_statement" => only.parts().next(),
            _ => None,
        }
    }
}

impl<'c> Code<'c> {
    pub(super) fn new(text: &'c str, root: Node<'c>) -> Self {
        let mut code =
            Self { text, constants: HashMap::new(), functions: HashSet::new(), imported: HashSet::new(), handles: Vec::new() };
        for statement in root.parts() {
            if statement.kind() == "import_statement" {
                let names = statement.named_child(0).filter(|clause| clause.kind() == "import_clause");
                code.imported.extend(names.map(|names| code.imports(names)).unwrap_or_default());
            }
            let declaration = statement.field(NodeField::Declaration).unwrap_or(statement);
            let declared = code.names(declaration);
            code.constants.extend(declared.into_iter().filter_map(|(name, value)| Some((name, value?))));
        }
        code
    }

    /// The names an import gives to what it brings in.
    fn imports(&self, clause: Node<'c>) -> Vec<&'c str> {
        let lists = clause.parts();
        let specifiers = lists.flat_map(|list| if list.kind() == "named_imports" { named(list) } else { vec![list] });
        let name = |one: Node<'c>| match one.kind() {
            "import_specifier" => one.field(NodeField::Alias).or_else(|| one.field(NodeField::Name)),
            "namespace_import" => one.named_child(0),
            _ => Some(one),
        };
        specifiers.filter_map(name).map(|name| self.str(name)).collect()
    }

    /// The names a declaration gives, each with what is written out for it, where that stays.
    pub(super) fn names(&mut self, declaration: Node<'c>) -> Vec<(&'c str, Option<Node<'c>>)> {
        match declaration.kind() {
            "function_declaration" => {
                self.functions.extend(declaration.field(NodeField::Name).map(|name| self.str(name)));
                Vec::new()
            }
            "lexical_declaration" | "variable_declaration" => {
                let stays = self.str(declaration).starts_with("const");
                let mut names = Vec::new();
                for declarator in declaration.parts() {
                    let Some(pattern) = declarator.field(NodeField::Name) else { continue };
                    let value = declarator.field(NodeField::Value).map(plain);
                    if value.is_some_and(|value| FUNCTIONS.contains(&value.kind())) {
                        self.functions.insert(self.str(pattern));
                    }
                    names.extend(self.bound(pattern, value.filter(|value| stays && self.is_kept(*value))));
                }
                names
            }
            _ => Vec::new(),
        }
    }

    /// The names in a pattern, each with the part of the value it stands for, where that is written out.
    pub(super) fn bound(&self, pattern: Node<'c>, value: Option<Node<'c>>) -> Vec<(&'c str, Option<Node<'c>>)> {
        let out = |value: Option<Node<'c>>| value.map(plain).filter(|value| self.is_kept(*value));
        match pattern.kind() {
            "identifier" => vec![(self.str(pattern), out(value))],
            "array_pattern" => {
                let values = value.and_then(|value| self.elements(value)).unwrap_or_default();
                let (mut place, mut names) = (0, Vec::new());
                // One may be left out.
                for part in pattern.children() {
                    match part.kind() {
                        "," => place += 1,
                        "identifier" => names.push((self.str(part), out(values.get(place).copied()))),
                        _ => {}
                    }
                }
                names
            }
            "object_pattern" => {
                let fields = value.and_then(|value| self.fields(value)).filter(|fields| !fields.open);
                let name = |part: Node<'c>| match part.kind() {
                    "shorthand_property_identifier_pattern" => Some((part, part)),
                    "pair_pattern" => Some((part.field(NodeField::Key)?, part.field(NodeField::Value)?)),
                    _ => None,
                };
                let parts = pattern.parts().filter_map(name);
                let field = |key: Node<'c>| fields.as_ref().and_then(|fields| fields.get(self.str(key)));
                parts.map(|(key, name)| (self.str(name), out(field(key)))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether what a name stands for is worth knowing.
    fn is_kept(&self, value: Node<'c>) -> bool {
        is_written_out(value) || files::is_kept(self, value)
    }

    /// What a name stands for, where that is known; any other value as it is.
    pub(super) fn known(&self, value: Node<'c>) -> Node<'c> {
        let value = plain(value);
        let named = self.constants.get(self.str(value)).filter(|_| value.kind() == "identifier");
        named.copied().unwrap_or(value)
    }

    /// A node as written.
    pub(super) fn str(&self, node: Node<'_>) -> &'c str {
        self.text.get(node.byte_range()).unwrap_or("")
    }

    /// An expression as it is written where a constant names it, or an object that one names has it for a member.
    fn written(&self, node: Node<'c>) -> Option<Node<'c>> {
        let node = plain(node);
        match node.kind() {
            "identifier" => self.constants.get(self.str(node)).copied(),
            "member_expression" => {
                let (object, member) = (node.field(NodeField::Object)?, node.field(NodeField::Property)?);
                let object = self.constants.get(self.str(object)).filter(|object| object.named_child_count() <= MAX_SPREAD)?;
                self.entries(*object, false)?.get(self.str(member)).map(plain)
            }
            _ => Some(node),
        }
    }

    /// A string without substitutions, also by the name of a constant.
    pub(super) fn text(&self, node: Node<'c>) -> Option<String> {
        let node = self.written(node)?;
        if !matches!(node.kind(), "string" | "template_string") {
            return None;
        }
        let parts = named(node);
        let is_text = |part: &Node<'_>| part.kind() != "template_substitution";
        parts.iter().all(is_text).then(|| parts.iter().map(|part| unescape(self.str(*part))).collect())
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, node: Node<'_>) -> Option<bool> {
        match plain(node).kind() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// Whether an option is set to `true`; `None` where that could not be read.
    pub(super) fn is_on(&self, options: &Fields<'c>, key: &str) -> Option<bool> {
        options.get(key).map_or(Some(false), |value| self.flag(value))
    }

    /// Whether what is done on deletion deletes a row with the one it refers to: `"CASCADE"`.
    pub(super) fn is_cascade(&self, action: Node<'c>) -> bool {
        self.text(action).is_some_and(|action| action.eq_ignore_ascii_case("cascade"))
    }

    /// Whether the options of a reference delete a row with the one it refers to: `onDelete: "CASCADE"`.
    pub(super) fn cascades(&self, options: &Fields<'c>) -> bool {
        options.get("onDelete").is_some_and(|action| self.is_cascade(action))
    }

    /// The elements of an array, also by the name of a constant; one with a spread has none.
    pub(super) fn elements(&self, node: Node<'c>) -> Option<Vec<Node<'c>>> {
        let node = self.written(node)?;
        let elements = (node.kind() == "array").then(|| named(node))?;
        elements.iter().all(|element| element.kind() != "spread_element").then_some(elements)
    }

    /// An array of strings, or a single string.
    pub(super) fn texts(&self, node: Node<'c>) -> Option<Vec<String>> {
        match self.elements(node) {
            Some(elements) => elements.into_iter().map(|element| self.text(element)).collect(),
            None => self.text(node).map(|text| vec![text]),
        }
    }

    /// An object, also by the name of a constant, with the entries of those that are spread into it by such names.
    pub(super) fn fields(&self, node: Node<'c>) -> Option<Fields<'c>> {
        let (node, written) = (plain(node), self.written(node)?);
        // So that the time stays linear, what a name stands for is small.
        (written == node || written.named_child_count() <= MAX_SPREAD).then(|| self.entries(written, true)).flatten()
    }

    fn entries(&self, node: Node<'c>, follows_spreads: bool) -> Option<Fields<'c>> {
        let members = (node.kind() == "object").then(|| named(node))?;
        let mut fields = Fields { entries: Vec::new(), open: false };
        for member in members {
            // So that the time stays linear, neither a large object nor what is spread into this one is followed.
            if member.kind() == "spread_element" && follows_spreads {
                let inner = named(member).first().and_then(|inner| self.written(*inner));
                let small = inner.filter(|inner| inner.named_child_count() <= MAX_SPREAD);
                let spread = small.and_then(|inner| self.entries(inner, false));
                fields.open |= spread.as_ref().is_none_or(|spread| spread.open);
                fields.entries.extend(spread.into_iter().flat_map(|spread| spread.entries));
                continue;
            }
            match (member.field(NodeField::Key), member.field(NodeField::Value)) {
                (Some(key), Some(value)) if key.kind() != "computed_property_name" => {
                    let name = self.text(key).filter(|_| key.kind() == "string").unwrap_or_else(|| self.str(key).to_owned());
                    fields.entries.push((name, key, value));
                }
                _ if member.kind() == "shorthand_property_identifier" => {
                    fields.entries.push((self.str(member).to_owned(), member, member));
                }
                _ => fields.open = true,
            }
        }
        Some(fields)
    }

    /// The object a class is made with: `new Class({…})`; `None` for any other class.
    pub(super) fn made_with(&self, node: Node<'c>, class: &str) -> Option<Fields<'c>> {
        let node = plain(node);
        let constructor = node.field(NodeField::Constructor).filter(|_| node.kind() == "new_expression")?;
        if self.str(constructor) != class {
            return None;
        }
        self.fields(node.field(NodeField::Arguments)?.parts().next()?)
    }

    /// A function of at least one parameter, written in place.
    pub(super) fn callback(&self, node: Node<'c>) -> Option<Callback<'c>> {
        let node = plain(node);
        if !FUNCTIONS.contains(&node.kind()) {
            return None;
        }
        let single = node.field(NodeField::Parameter);
        let list = node.field(NodeField::Parameters).map(named).unwrap_or_default();
        let pattern = single.or_else(|| list.first()?.field(NodeField::Pattern))?;
        Some(Callback { pattern, parameter: self.str(pattern), body: node.field(NodeField::Body)? })
    }

    /// `for (const name of [values]) body`, and the same with `forEach` or `map`, where all values are written out.
    pub(super) fn repeated(&self, node: Node<'c>) -> Option<Loop<'c>> {
        let (pattern, values, body) = if node.kind() == "for_in_statement" {
            let operator = node.field(NodeField::Operator)?;
            let pattern = node.field(NodeField::Left)?;
            let values = node.field(NodeField::Right).filter(|_| self.str(operator) == "of")?;
            (pattern, values, node.field(NodeField::Body)?)
        } else {
            let method = node.field(NodeField::Function).filter(|method| method.kind() == "member_expression")?;
            let name = method.field(NodeField::Property).map(|name| self.str(name));
            let list = node.field(NodeField::Arguments).filter(|_| matches!(name, Some("forEach" | "map")))?;
            let callback = self.callback(list.parts().next()?)?;
            (callback.pattern, method.field(NodeField::Object)?, callback.body)
        };
        let values = self.elements(values)?;
        let is_followed = matches!(pattern.kind(), "identifier" | "array_pattern" | "object_pattern");
        let values = values.into_iter().map(plain);
        (is_followed && values.clone().all(is_written_out)).then(|| Loop { pattern, values: values.collect(), body })
    }

    /// The parts of a sum in order, and the sums within it; anything else is its own only part.
    pub(super) fn concatenated(&self, node: Node<'c>) -> (Vec<Node<'c>>, Vec<usize>) {
        let (mut parts, mut sums) = (Vec::new(), Vec::new());
        let mut left = node;
        while left.kind() == "binary_expression"
            && left.field(NodeField::Operator).is_some_and(|operator| operator.kind() == "+")
            && let (Some(first), Some(second)) = (left.field(NodeField::Left), left.field(NodeField::Right))
        {
            sums.push(left.id());
            parts.push(second);
            left = first;
        }
        parts.push(left);
        parts.reverse();
        (parts, sums)
    }
}

/// Whether a value is there as it is written.
fn is_written_out(value: Node<'_>) -> bool {
    matches!(value.kind(), "string" | "template_string" | "array" | "object")
}

/// An expression without what does not change its value.
pub(super) fn plain(mut node: Node<'_>) -> Node<'_> {
    while matches!(
        node.kind(),
        "parenthesized_expression" | "as_expression" | "satisfies_expression" | "non_null_expression" | "await_expression"
    ) && let Some(inner) = named(node).first()
    {
        node = *inner;
    }
    node
}
