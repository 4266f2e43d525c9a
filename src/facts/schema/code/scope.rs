//! What names stand for in the block that is read.

use tree_sitter::Node;

use super::Reader;
use crate::facts::lower::named;

/// A name that stood for something else before it was declared in a block.
pub(super) struct Shadowed<'c> {
    /// Where the block ends.
    end: usize,
    name: &'c str,
    before: Option<Node<'c>>,
}

impl<'c> Reader<'c> {
    /// Takes in the names that a node declares for what is around it, or for what it holds.
    pub(super) fn name(&mut self, node: Node<'c>) {
        self.leave(node.start_byte());
        let patterns = match node.kind() {
            "function_declaration" | "lexical_declaration" | "variable_declaration" => {
                let names = self.code.names(node);
                // Those of the file itself are known from the start.
                let block = node.parent().filter(|around| !matches!(around.kind(), "program" | "export_statement"));
                if let Some(block) = block {
                    self.declare(names, block.end_byte());
                }
                node.child_by_field_name("parameters")
            }
            "function_expression" | "arrow_function" | "method_definition" => {
                node.child_by_field_name("parameters").or_else(|| node.child_by_field_name("parameter"))
            }
            "for_in_statement" => node.child_by_field_name("left"),
            _ => return,
        };
        let Some(patterns) = patterns else { return };
        let list = if patterns.kind() == "formal_parameters" { named(patterns) } else { vec![patterns] };
        for pattern in list {
            let names = self.code.bound(pattern.child_by_field_name("pattern").unwrap_or(pattern), None);
            self.declare(names, node.end_byte());
        }
    }

    /// Names stand for these values up to a place, or for what is not known.
    pub(super) fn declare(&mut self, names: Vec<(&'c str, Option<Node<'c>>)>, end: usize) {
        for (name, value) in names {
            let before = match value {
                Some(value) => self.code.constants.insert(name, value),
                None => self.code.constants.remove(name),
            };
            if before.is_some() || value.is_some() {
                self.shadowed.push(Shadowed { end, name, before });
            }
        }
    }

    /// Gives names back what they stood for before the blocks that end before a place.
    pub(super) fn leave(&mut self, place: usize) {
        while let Some(Shadowed { name, before, .. }) = self.shadowed.pop_if(|shadowed| shadowed.end <= place) {
            match before {
                Some(value) => self.code.constants.insert(name, value),
                None => self.code.constants.remove(name),
            };
        }
    }
}
