//! Prisma schema text to blocks of rows.
//!
//! Written by hand: the language is line by line, so a reader that starts afresh on each line loses only the line that is
//! being edited, where a general grammar with error recovery would lose the block, and be one more dependency.
//! Syntax: <https://www.prisma.io/docs/orm/reference/prisma-schema-reference>.

use crate::source::Span;

/// A schema file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    /// Its blocks, in order.
    pub blocks: Vec<Block>,
    /// Stretches that could not be read.
    pub errors: Vec<Span>,
}

/// `keyword Name { … }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it declares.
    pub kind: BlockKind,
    /// Its name.
    pub name: Span,
    /// Its rows, in order.
    pub rows: Vec<Row>,
}

/// What a block declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    /// `datasource`.
    Datasource,
    /// `generator`.
    Generator,
    /// `model`.
    Model,
    /// `view`.
    View,
    /// `type`: a composite type.
    Type,
    /// `enum`.
    Enum,
}

impl BlockKind {
    fn of(keyword: &str) -> Option<Self> {
        Some(match keyword {
            "datasource" => Self::Datasource,
            "generator" => Self::Generator,
            "model" => Self::Model,
            "view" => Self::View,
            "type" => Self::Type,
            "enum" => Self::Enum,
            _ => return None,
        })
    }
}

/// A row of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// `key = value`.
    Setting {
        /// The key.
        key: Span,
        /// The value as written.
        value: Span,
    },
    /// `name Type[]? @attribute…`.
    Field(Field),
    /// `NAME @attribute…`, in an `enum` block.
    EnumValue(Span),
    /// `@@attribute(…)`.
    Attribute(Attribute),
}

/// A field of a model, a view or a composite type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: Span,
    /// Its type, without what follows it.
    pub kind: Span,
    /// `[]` was written.
    pub list: bool,
    /// `?` was written.
    pub optional: bool,
    /// Its attributes, in order.
    pub attributes: Vec<Attribute>,
}

/// `@name(…)` of a field, or `@@name(…)` of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The name without `@`, with its prefix: `db.VarChar`.
    pub name: Span,
    /// The arguments, in order.
    pub arguments: Vec<Argument>,
}

impl Attribute {
    /// The argument of this name, or the first one when it comes without a name.
    #[must_use]
    pub fn argument(&self, text: &str, name: &str) -> Option<&Argument> {
        let named = self.arguments.iter().find(|argument| argument.name.is_some_and(|span| span.of(text) == name));
        named.or_else(|| self.arguments.first().filter(|argument| argument.name.is_none()))
    }
}

/// An argument of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// The name, where one was written.
    pub name: Option<Span>,
    /// The value as written.
    pub value: Span,
    /// The first word of each element, where the value is a list: the columns of `[a, b(sort: Desc)]`.
    pub elements: Vec<Span>,
}

/// The text between the quotes of a string; `None` when it is none. Escapes stay as written.
#[must_use]
pub fn string<'t>(text: &'t str, value: Span) -> Option<&'t str> {
    value.of(text).strip_prefix('"')?.strip_suffix('"')
}

/// Reads a schema file.
#[must_use]
pub fn read(text: &str) -> Schema {
    let mut reader = Reader { text, tokens: tokens(text), at: 0, schema: Schema::default() };
    while reader.at < reader.tokens.len() {
        reader.line();
    }
    reader.schema
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Text,
    Symbol(u8),
    Newline,
}

#[derive(Clone, Copy)]
struct Token {
    kind: Kind,
    span: Span,
}

fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || *byte >= 0x80;
    let mut tokens = Vec::new();
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let line = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let (kind, length) = match rest {
            [b'\n', ..] => (Some(Kind::Newline), 1),
            [b' ' | b'\t' | b'\r', ..] => (None, 1),
            [b'/', b'/', ..] => (None, line),
            [b'/', b'*', ..] => (None, memchr::memmem::find(rest, b"*/").map_or(rest.len(), |close| close + 2)),
            [b'"', ..] => (Some(Kind::Text), string_length(&rest[..line])),
            [first, ..] if is_word(first) => (Some(Kind::Word), rest.iter().take_while(|byte| is_word(byte)).count()),
            [other, ..] => (Some(Kind::Symbol(*other)), 1),
            [] => break,
        };
        tokens.extend(kind.map(|kind| Token { kind, span: Span::new(at, at + length) }));
        at += length;
    }
    tokens
}

/// The length of the string at the start of a line; one that is not closed ends with the line.
fn string_length(line: &[u8]) -> usize {
    let mut escaped = true;
    let close = line.iter().position(|byte| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    });
    close.map_or(line.len(), |close| close + 1)
}
