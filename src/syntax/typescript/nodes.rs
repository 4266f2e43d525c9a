//! A syntax tree as one table, for those who read all of a file.
//!
//! The parser's own nodes are found by walking down from above them: each child, field and parent asked for is such a walk,
//! and who lowers a file asks for several of each node. Here one walk notes them all, and what is asked for is an index away.

use std::sync::LazyLock;

use tree_sitter::{Language, Tree};

use super::fields::{NodeField, numbers};
use super::{GRAMMARS, grammar_of};

/// What stands for the parent of the root.
const NONE: u32 = u32::MAX;

/// The nodes of one tree, each before what it holds, in the order of the text.
#[derive(Debug)]
pub struct Nodes {
    rows: Vec<Row>,
    grammar: &'static Grammar,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    start: u32,
    end: u32,
    /// The place of the node around.
    parent: u32,
    /// The place after all that it holds.
    after: u32,
    /// Its kind, by the number it has in the grammar.
    kind: u16,
    /// The field of its parent that it is in: its place among ours and one more, or nothing.
    field: u8,
    marks: u8,
}

/// What a node may be.
mod mark {
    pub(super) const NAMED: u8 = 1;
    pub(super) const EXTRA: u8 = 2;
    pub(super) const MISSING: u8 = 4;
    pub(super) const HAS_ERROR: u8 = 8;
}

/// What the numbers in a grammar stand for.
#[derive(Debug)]
struct Grammar {
    /// The kinds of node, and whether they have names.
    kinds: Vec<(&'static str, bool)>,
    /// Our fields, as rows have them, by the numbers of the grammar.
    fields: Vec<u8>,
}

impl Grammar {
    fn of(language: &'static Language) -> Self {
        let ids = 0..u16::try_from(language.node_kind_count()).unwrap_or(u16::MAX);
        let kinds = ids.map(|id| (language.node_kind_for_id(id).unwrap_or_default(), language.node_kind_is_named(id)));
        let mut fields = vec![0; language.field_count() + 1];
        for (own, number) in (1..).zip(numbers(language)) {
            fields[usize::from(number)] = own;
        }
        // No node has the field 0.
        fields[0] = 0;
        Self { kinds: kinds.collect(), fields }
    }

    /// The name of a kind, and whether that is one of the grammar's rules.
    fn kind(&self, id: u16) -> (&'static str, bool) {
        self.kinds.get(usize::from(id)).copied().unwrap_or((ERROR, true))
    }
}

/// The kind of what could not be read, which has a number in no grammar.
const ERROR: &str = "ERROR";

static MEANINGS: LazyLock<[Grammar; 2]> = LazyLock::new(|| GRAMMARS.each_ref().map(Grammar::of));

impl Nodes {
    /// The nodes of a tree.
    #[must_use]
    pub fn of(tree: &Tree) -> Self {
        let grammar = &MEANINGS[grammar_of(&tree.language())];
        let root = tree.root_node();
        let is_sound = !root.has_error();
        let mut rows: Vec<Row> = Vec::with_capacity(root.descendant_count());
        let mut around: Vec<usize> = Vec::new();
        let mut cursor = tree.walk();
        loop {
            let (node, at) = (cursor.node(), rows.len());
            let kind = node.kind_id();
            let mut marks = if grammar.kind(kind).1 { mark::NAMED } else { 0 };
            if node.is_extra() {
                marks |= mark::EXTRA;
            }
            if !is_sound && node.is_missing() {
                marks |= mark::MISSING;
            }
            if !is_sound && node.has_error() {
                marks |= mark::HAS_ERROR;
            }
            rows.push(Row {
                start: narrow(node.start_byte()),
                end: narrow(node.end_byte()),
                parent: around.last().map_or(NONE, |parent| narrow(*parent)),
                after: narrow(at + 1),
                kind,
                field: cursor.field_id().map_or(0, |number| grammar.fields[usize::from(number.get())]),
                marks,
            });
            // What a token is made of says nothing more.
            if marks & mark::NAMED != 0 && cursor.goto_first_child() {
                around.push(at);
                continue;
            }
            while !cursor.goto_next_sibling() {
                let (true, Some(parent)) = (cursor.goto_parent(), around.pop()) else {
                    return Self { rows, grammar };
                };
                rows[parent].after = narrow(rows.len());
            }
        }
    }

    /// The node that holds all others.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node { nodes: self, at: 0 }
    }
}

/// No text has more bytes than this can count, and no tree more nodes than its text has bytes but for a few.
fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(NONE)
}

/// A node.
#[derive(Debug, Clone, Copy)]
pub struct Node<'n> {
    nodes: &'n Nodes,
    at: u32,
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at && std::ptr::eq(self.nodes, other.nodes)
    }
}

impl<'n> Node<'n> {
    fn row(&self) -> &'n Row {
        &self.nodes.rows[self.at as usize]
    }

    fn has(&self, mark: u8) -> bool {
        self.row().marks & mark != 0
    }

    /// What tells it from the other nodes of its tree.
    #[must_use]
    pub fn id(&self) -> usize {
        self.at as usize
    }

    /// Its kind, under the name it has in the grammar.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.nodes.grammar.kind(self.row().kind).0
    }

    /// Whether it is more than a token.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.has(mark::NAMED)
    }

    /// Whether it may stand anywhere: a comment.
    #[must_use]
    pub fn is_extra(&self) -> bool {
        self.has(mark::EXTRA)
    }

    /// Whether the parser made it up, to go on.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.has(mark::MISSING)
    }

    /// Whether something in it could not be read.
    #[must_use]
    pub fn has_error(&self) -> bool {
        self.has(mark::HAS_ERROR)
    }

    /// Its first byte.
    #[must_use]
    pub fn start_byte(&self) -> usize {
        self.row().start as usize
    }

    /// The byte after it.
    #[must_use]
    pub fn end_byte(&self) -> usize {
        self.row().end as usize
    }

    /// Its bytes.
    #[must_use]
    pub fn byte_range(&self) -> std::ops::Range<usize> {
        self.start_byte()..self.end_byte()
    }

    /// The node around.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let at = self.row().parent;
        (at != NONE).then_some(Self { nodes: self.nodes, at })
    }

    /// All it consists of, in order.
    pub fn children(&self) -> impl Iterator<Item = Self> + Clone + use<'n> {
        let (nodes, after) = (self.nodes, self.row().after);
        let within = move |at: u32| (at < after).then_some(Self { nodes, at });
        std::iter::successors(within(self.at + 1), move |before| within(before.row().after))
    }

    /// The nodes with names that it consists of, without comments.
    pub fn parts(&self) -> impl Iterator<Item = Self> + Clone + use<'n> {
        self.children().filter(|child| child.row().marks & (mark::NAMED | mark::EXTRA) == mark::NAMED)
    }

    /// Whether it consists of nothing.
    #[must_use]
    pub fn is_leaf(&self) -> bool {
        self.row().after == self.at + 1
    }

    /// The node that comes after it in what is around both, be it in it or beyond it.
    #[must_use]
    pub fn following(&self, around: Self) -> Option<Self> {
        self.within(around, self.at + 1)
    }

    /// The node that comes after all that it holds, in what is around both.
    #[must_use]
    pub fn beyond(&self, around: Self) -> Option<Self> {
        self.within(around, self.row().after)
    }

    fn within(&self, around: Self, at: u32) -> Option<Self> {
        (at < around.row().after).then_some(Self { nodes: self.nodes, at })
    }

    /// One of the nodes with names, comments among them, that it consists of.
    #[must_use]
    pub fn named_child(&self, place: usize) -> Option<Self> {
        self.children().filter(Self::is_named).nth(place)
    }

    /// How many nodes with names, comments among them, it consists of.
    #[must_use]
    pub fn named_child_count(&self) -> usize {
        self.children().filter(Self::is_named).count()
    }

    /// The first node in a field.
    #[must_use]
    pub fn field(&self, field: NodeField) -> Option<Self> {
        self.in_field(field).next()
    }

    /// All nodes in a field.
    pub fn in_field(&self, field: NodeField) -> impl Iterator<Item = Self> + use<'n> {
        self.children().filter(move |child| child.row().field == field as u8 + 1)
    }

    /// The node before it in the same one.
    #[must_use]
    pub fn prev_sibling(&self) -> Option<Self> {
        let parent = self.parent()?;
        // What stands right before it in the table is that node, or the last part of it.
        let before = Self { at: self.at.checked_sub(1).filter(|before| *before != parent.at)?, ..*self };
        std::iter::successors(Some(before), Self::parent).find(|node| node.row().parent == self.row().parent)
    }

    /// The smallest node that holds some bytes.
    #[must_use]
    pub fn holding(&self, bytes: &std::ops::Range<usize>) -> Self {
        let within = self.nodes.rows.get(self.at as usize + 1..self.row().after as usize).unwrap_or_default();
        // The last node that begins early enough is that one, or lies within it.
        let begun = within.partition_point(|row| row.start as usize <= bytes.start);
        let last = Self { at: self.at + narrow(begun), ..*self };
        let holds = |node: &Self| bytes.start < node.end_byte() && bytes.end <= node.end_byte();
        let mut around = std::iter::successors(Some(last), Self::parent).take_while(|node| node.at > self.at);
        around.find(holds).unwrap_or(*self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileKind;
    use crate::syntax::typescript::fields::{NodeFields, all_fields};
    use crate::syntax::typescript::parse;

    const TEXTS: [(FileKind, &str); 4] = [
        (FileKind::TypeScript, include_str!("../../cli/demo/app/src/db/schema.ts")),
        (
            FileKind::TypeScript,
            "// first\nexport const a = async ({ b, c: [d] = [] }, ...e) => `x${b /* c */}`;\n<T>a!; class A { static #b?: B = 1 }\n",
        ),
        (FileKind::Tsx, "const A = () => <B c={1} {...d}>é {e} <F.G /></B>;\n"),
        (FileKind::TypeScript, "const a = {;\nexport const b = f(1;\nif (x\n"),
    ];

    /// A node of the table and the same one of the tree are alike, and all that they hold.
    fn compare(own: Node<'_>, node: tree_sitter::Node<'_>) {
        assert_eq!((own.kind(), own.byte_range()), (node.kind(), node.byte_range()));
        let marks = (own.is_named(), own.is_extra(), own.is_missing(), own.has_error());
        assert_eq!(marks, (node.is_named(), node.is_extra(), node.is_missing(), node.has_error()), "{node:?}");
        assert_eq!(own.named_child_count(), node.named_child_count());
        for field in all_fields() {
            let (own, node) = (own.field(field), node.field(field));
            assert_eq!(own.map(|own| own.byte_range()), node.map(|node| node.byte_range()), "{field:?}");
        }
        if !own.is_named() {
            return assert!(own.is_leaf());
        }
        let mut before = None;
        let mut cursor = node.walk();
        let (mut all, children) = (own.children(), node.children(&mut cursor));
        for child in children {
            let next = all.next().expect("as many");
            assert_eq!(next.parent(), Some(own));
            assert_eq!(next.prev_sibling(), before);
            before = Some(next);
            compare(next, child);
        }
        assert_eq!(all.next(), None);
    }

    #[test]
    fn the_table_says_what_the_tree_says() {
        for (kind, text) in TEXTS {
            let parsed = parse(kind, text).expect("quick");
            let nodes = Nodes::of(&parsed.tree);
            let root = parsed.tree.root_node();
            compare(nodes.root(), root);
            for start in 0..text.len() {
                for bytes in [start..start + 1, start..(start + 5).min(text.len())] {
                    let found = root.descendant_for_byte_range(bytes.start, bytes.end).expect("within");
                    let found = std::iter::successors(Some(found), tree_sitter::Node::parent).find(|node| node.is_named());
                    let found = found.expect("the root has a name");
                    let own = nodes.root().holding(&bytes);
                    let own = if own.is_named() { own } else { own.parent().expect("no root") };
                    assert_eq!((own.kind(), own.byte_range()), (found.kind(), found.byte_range()), "{bytes:?}");
                }
            }
        }
    }
}
