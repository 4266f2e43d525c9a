//! What names stand for in the block that is read.

use super::{Reader, course};
use crate::facts::lower::named;
use crate::syntax::typescript::fields::NodeField;
use crate::syntax::typescript::nodes::Node;

/// Nodes that declarations are for.
const BLOCKS: [&str; 4] = ["statement_block", "switch_body", "for_statement", "for_in_statement"];

/// A name that stood for something else before it was declared in a block.
pub(super) struct Shadowed<'c> {
    /// Where the block ends.
    end: usize,
    name: &'c str,
    before: Option<Node<'c>>,
}

impl<'c> Reader<'c> {
    /// Takes in the names that a node declares for the block around it, or for what it holds. A node does not know what is
    /// around it, so that this is kept on the way.
    pub(super) fn name(&mut self, node: Node<'c>) {
        self.leave(node.start_byte());
        let end = node.end_byte();
        let patterns = match node.kind() {
            "lexical_declaration" | "variable_declaration" => {
                let names = self.code.names(node);
                // Those of the file itself are known from the start.
                if let Some(block) = self.blocks.last() {
                    self.declare(names, *block);
                }
                None
            }
            kind if course::FUNCTIONS.contains(&kind) => {
                self.code.names(node);
                let list = node.field(NodeField::Parameters).map(named).unwrap_or_default();
                let single = node.field(NodeField::Parameter);
                let pattern = |one: Node<'c>| one.field(NodeField::Pattern).unwrap_or(one);
                let patterns: Vec<_> = single.into_iter().chain(list).map(pattern).collect();
                if let Some(first) = patterns.first().filter(|_| course::runs(&self.code, node)) {
                    let names = self.code.bound(*first, None).into_iter();
                    self.code.handles.extend(names.map(|(name, _)| (end, name)));
                }
                Some(patterns)
            }
            "for_in_statement" => node.field(NodeField::Left).map(|left| vec![left]),
            _ => None,
        };
        for pattern in patterns.into_iter().flatten() {
            self.declare(self.code.bound(pattern, None), end);
        }
        if BLOCKS.contains(&node.kind()) {
            self.blocks.push(end);
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
        while self.blocks.pop_if(|end| *end <= place).is_some() {}
        while self.code.handles.pop_if(|(end, _)| *end <= place).is_some() {}
        while let Some(Shadowed { name, before, .. }) = self.shadowed.pop_if(|shadowed| shadowed.end <= place) {
            match before {
                Some(value) => self.code.constants.insert(name, value),
                None => self.code.constants.remove(name),
            };
        }
    }
}
