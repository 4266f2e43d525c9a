//! What certainly runs when a migration does.

use crate::syntax::typescript::fields::NodeField;
use crate::syntax::typescript::nodes::Node;

use super::Code;

/// The function of a migration that carries it out, by the name tools give it.
const DOING: &str = "up";

/// Functions of a migration that take it back, by the names tools give them.
const UNDOING: [&str; 3] = ["down", "rollback", "revert"];

/// Methods that call the function they are given, once: `db.transaction((trx) => …)`,
/// `db.transaction().execute((trx) => …)`.
const CALLING: [&str; 2] = ["transaction", "execute"];

/// Nodes that are functions.
pub(super) const FUNCTIONS: [&str; 4] = ["function_declaration", "function_expression", "arrow_function", "method_definition"];

/// How far a walk through a file has come, and whether what it meets runs whenever the file does.
#[derive(Clone)]
pub(super) struct Course {
    /// What begins before this place may not run.
    open_until: usize,
    /// The ends of the functions around, the innermost last, and before them the end of the file.
    ends: Vec<usize>,
}

impl Course {
    /// At the start of a file of this length.
    pub(super) fn new(length: usize) -> Self {
        Self { open_until: 0, ends: vec![length] }
    }

    /// Whether a node runs whenever the file does.
    pub(super) fn is_certain(&self, node: Node<'_>) -> bool {
        node.start_byte() >= self.open_until
    }

    /// Takes a node in on the way to what it holds.
    pub(super) fn enter(&mut self, code: &Code<'_>, node: Node<'_>) {
        let (start, end) = (node.start_byte(), node.end_byte());
        let opens = match node.kind() {
            "if_statement" | "ternary_expression" | "switch_statement" | "catch_clause" => true,
            "for_statement" | "for_in_statement" | "while_statement" | "do_statement" => true,
            "binary_expression" => {
                let operator = node.field(NodeField::Operator);
                operator.is_some_and(|operator| matches!(operator.kind(), "&&" | "||" | "??"))
            }
            // What is kept under a name is run elsewhere, if at all.
            "variable_declarator" => {
                let value = node.field(NodeField::Value);
                let kinds = ["call_expression", "string", "template_string", "array", "binary_expression"];
                value.is_some_and(|value| kinds.contains(&value.kind()))
            }
            kind if FUNCTIONS.contains(&kind) => {
                self.leave(start);
                self.ends.push(end);
                !is_called(code, node)
            }
            // Under a condition it leaves out what follows in the function.
            "return_statement" | "continue_statement" | "break_statement" if !self.is_certain(node) => {
                self.leave(start);
                self.open_until = self.open_until.max(self.ends.last().copied().unwrap_or(end));
                false
            }
            _ => false,
        };
        if opens {
            self.open_until = self.open_until.max(end);
        }
    }

    /// Leaves the functions that end before a place.
    fn leave(&mut self, place: usize) {
        while self.ends.last().is_some_and(|end| *end <= place) {
            self.ends.pop();
        }
    }
}

/// Whether the text of a statement is given to a function in place, which runs it.
pub(super) fn is_handed_over(text: Node<'_>) -> bool {
    text.parent().is_some_and(|parent| matches!(parent.kind(), "arguments" | "call_expression"))
}

/// Whether a node is, or names, a function that takes a migration back.
pub(super) fn undoes(code: &Code<'_>, node: Node<'_>) -> bool {
    UNDOING.contains(&name(code, node))
}

/// Whether a node is a function that runs when the migration does.
pub(super) fn runs(code: &Code<'_>, node: Node<'_>) -> bool {
    FUNCTIONS.contains(&node.kind()) && is_called(code, node)
}

/// Whether a function is the one that carries the migration out, or is called where it is written.
fn is_called(code: &Code<'_>, function: Node<'_>) -> bool {
    let Some(around) = function.parent() else { return false };
    let call = around.parent().filter(|_| around.kind() == "arguments");
    let method = call.and_then(|call| call.field(NodeField::Function)?.field(NodeField::Property));
    name(code, function) == DOING || name(code, around) == DOING || method.is_some_and(|name| CALLING.contains(&code.str(name)))
}

/// The last part of the name a node gives to what it holds; empty where it gives none.
fn name<'c>(code: &Code<'c>, node: Node<'_>) -> &'c str {
    let field = match node.kind() {
        "function_declaration" | "method_definition" | "variable_declarator" | "public_field_definition" => NodeField::Name,
        "pair" => NodeField::Key,
        "assignment_expression" => NodeField::Left,
        _ => return "",
    };
    let written = node.field(field).map_or("", |name| code.str(name));
    written.rsplit('.').next().unwrap_or(written).trim_matches(['"', '\''])
}
