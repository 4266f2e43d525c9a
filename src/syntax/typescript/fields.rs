//! Fields of syntax nodes, looked up by number: by name, the parser compares all names at every node.

use std::sync::LazyLock;

use tree_sitter::{Language, Node};

use super::{GRAMMARS, grammar_of};

macro_rules! fields {
    ($($field:ident = $name:literal),+ $(,)?) => {
        /// A field of nodes of the TypeScript grammars, under the name they give it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum NodeField {
            $(#[doc = concat!("`", $name, "`")] $field),+
        }

        /// The names, in the order of the fields.
        const NAMES: &[&str] = &[$($name),+];

        #[cfg(test)]
        pub(super) fn all_fields() -> impl Iterator<Item = NodeField> {
            [$(NodeField::$field),+].into_iter()
        }
    };
}

fields! {
    Alias = "alias",
    Alternative = "alternative",
    Argument = "argument",
    Arguments = "arguments",
    Body = "body",
    Condition = "condition",
    Consequence = "consequence",
    Constructor = "constructor",
    Declaration = "declaration",
    Finalizer = "finalizer",
    Function = "function",
    Handler = "handler",
    Index = "index",
    Key = "key",
    Kind = "kind",
    Left = "left",
    Name = "name",
    Object = "object",
    Operator = "operator",
    Parameter = "parameter",
    Parameters = "parameters",
    Pattern = "pattern",
    Property = "property",
    Right = "right",
    Source = "source",
    Type = "type",
    TypeArguments = "type_arguments",
    Value = "value",
}

/// The numbers of the fields in the grammars, which count differently.
static NUMBERS: LazyLock<[Vec<u16>; 2]> = LazyLock::new(|| GRAMMARS.each_ref().map(numbers));

/// The numbers of all fields in a grammar; no node has the field 0.
pub(super) fn numbers(language: &Language) -> Vec<u16> {
    NAMES.iter().map(|name| language.field_id_for_name(name).map_or(0, u16::from)).collect()
}

fn number(node: Node<'_>, field: NodeField) -> u16 {
    NUMBERS[grammar_of(&node.language())][field as usize]
}

/// Access to fields.
pub trait NodeFields<'t> {
    /// The child in a field.
    fn field(&self, field: NodeField) -> Option<Node<'t>>;
}

impl<'t> NodeFields<'t> for Node<'t> {
    fn field(&self, field: NodeField) -> Option<Node<'t>> {
        self.child_by_field_id(number(*self, field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileKind;
    use crate::syntax::typescript::{language, parse};

    #[test]
    fn fields_are_those_of_their_names() {
        for kind in [FileKind::TypeScript, FileKind::Tsx] {
            assert!(NAMES.iter().all(|name| language(kind).field_id_for_name(name).is_some()), "{kind:?}");
            let parsed = parse(kind, "const a = b(c);").expect("quick");
            let declarator = parsed.tree.root_node().named_child(0).and_then(|node| node.named_child(0)).expect("there");
            for (field, name) in [(NodeField::Name, "name"), (NodeField::Value, "value"), (NodeField::Body, "body")] {
                assert_eq!(declarator.field(field), declarator.child_by_field_name(name), "{kind:?} {name}");
            }
            assert!(declarator.field(NodeField::Value).and_then(|call| call.field(NodeField::Arguments)).is_some());
        }
    }
}
