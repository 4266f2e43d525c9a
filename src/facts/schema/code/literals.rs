//! Plain values and chains of calls, as they are written.

use std::collections::HashMap;

use tree_sitter::Node;

use super::Code;
use crate::facts::lower::{named, unescape};

/// The most entries of an object that is spread into others.
const MAX_SPREAD: usize = 64;

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
                    (chain.root.child_by_field_name("function"), chain.root.child_by_field_name("arguments"))
                }
                _ => (Some(chain.root), None),
            };
            let Some(member) = callee.map(plain).filter(|callee| callee.kind() == "member_expression") else { break };
            let (Some(object), Some(at)) = (member.child_by_field_name("object"), member.child_by_field_name("property")) else {
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
    /// What a value is called.
    pub(super) name: &'c str,
    /// The strings.
    pub(super) values: Vec<Node<'c>>,
    /// What is done.
    pub(super) body: Node<'c>,
}

/// A function with a body that is followed.
pub(super) struct Callback<'c> {
    /// The name of its first parameter.
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
            [only] if only.kind() == "return_statement" => named(*only).first().copied(),
            _ => None,
        }
    }
}

impl<'c> Code<'c> {
    pub(super) fn new(text: &'c str, root: Node<'c>) -> Self {
        let mut code = Self { text, constants: HashMap::new() };
        for statement in named(root) {
            let declaration = statement.child_by_field_name("declaration").unwrap_or(statement);
            if declaration.kind() != "lexical_declaration" || !code.str(declaration).starts_with("const") {
                continue;
            }
            for declarator in named(declaration) {
                if let (Some(name), Some(value)) =
                    (declarator.child_by_field_name("name"), declarator.child_by_field_name("value"))
                    && matches!(plain(value).kind(), "string" | "template_string" | "array" | "object")
                {
                    code.constants.insert(code.str(name), plain(value));
                }
            }
        }
        code
    }

    /// A node as written.
    pub(super) fn str(&self, node: Node<'_>) -> &'c str {
        self.text.get(node.byte_range()).unwrap_or("")
    }

    /// An expression as it is written where a constant names it.
    fn written(&self, node: Node<'c>) -> Option<Node<'c>> {
        let node = plain(node);
        if node.kind() == "identifier" { self.constants.get(self.str(node)).copied() } else { Some(node) }
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

    /// An object, with the entries of those that are spread into it by the names of constants.
    pub(super) fn fields(&self, node: Node<'c>) -> Option<Fields<'c>> {
        self.entries(plain(node), true)
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
            match (member.child_by_field_name("key"), member.child_by_field_name("value")) {
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
        let constructor = node.child_by_field_name("constructor").filter(|_| node.kind() == "new_expression")?;
        if self.str(constructor) != class {
            return None;
        }
        self.fields(*named(node.child_by_field_name("arguments")?).first()?)
    }

    /// A function of at least one parameter, written in place.
    pub(super) fn callback(&self, node: Node<'c>) -> Option<Callback<'c>> {
        let node = plain(node);
        if !matches!(node.kind(), "arrow_function" | "function_expression") {
            return None;
        }
        let single = node.child_by_field_name("parameter");
        let list = node.child_by_field_name("parameters").map(named).unwrap_or_default();
        let parameter = single.or_else(|| list.first()?.child_by_field_name("pattern"))?;
        Some(Callback { parameter: self.str(parameter), body: node.child_by_field_name("body")? })
    }

    /// `for (const name of [values]) body` and `[values].forEach((name) => body)`, where all values are strings.
    pub(super) fn repeated(&self, node: Node<'c>) -> Option<Loop<'c>> {
        let (name, values, body) = if node.kind() == "for_in_statement" {
            let operator = node.child_by_field_name("operator")?;
            let name = node.child_by_field_name("left").filter(|left| left.kind() == "identifier")?;
            let values = node.child_by_field_name("right").filter(|_| self.str(operator) == "of")?;
            (self.str(name), values, node.child_by_field_name("body")?)
        } else {
            let method = node.child_by_field_name("function").filter(|method| method.kind() == "member_expression")?;
            let each = method.child_by_field_name("property").filter(|name| self.str(*name) == "forEach");
            let callback = self.callback(*named(node.child_by_field_name("arguments").filter(|_| each.is_some())?).first()?)?;
            (callback.parameter, method.child_by_field_name("object")?, callback.body)
        };
        let values = self.elements(values)?;
        let all_texts = values.iter().all(|value| matches!(plain(*value).kind(), "string" | "template_string"));
        all_texts.then(|| Loop { name, values: values.into_iter().map(plain).collect(), body })
    }

    /// The parts of a sum in order, and the sums within it; anything else is its own only part.
    pub(super) fn concatenated(&self, node: Node<'c>) -> (Vec<Node<'c>>, Vec<usize>) {
        let (mut parts, mut sums) = (Vec::new(), Vec::new());
        let mut left = node;
        while left.kind() == "binary_expression"
            && left.child_by_field_name("operator").is_some_and(|operator| operator.kind() == "+")
            && let (Some(first), Some(second)) = (left.child_by_field_name("left"), left.child_by_field_name("right"))
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
