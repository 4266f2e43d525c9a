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
    /// Its rows, in order; the values of an enum are left out.
    pub rows: Vec<Row>,
    /// The closing brace; `None` where it is missing.
    pub close: Option<Span>,
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
    /// From its name to the end of its arguments.
    pub span: Span,
}

impl Block {
    /// Its fields, in order.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.rows.iter().filter_map(|row| match row {
            Row::Field(field) => Some(field),
            _ => None,
        })
    }
}

impl Field {
    /// Where it ends.
    #[must_use]
    pub fn end(&self) -> usize {
        let marks = 2 * usize::from(self.list) + usize::from(self.optional);
        self.attributes.last().map_or(self.kind.end as usize + marks, |attribute| attribute.span.end as usize)
    }
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
pub fn string(text: &str, value: Span) -> Option<&str> {
    value.of(text).strip_prefix('"')?.strip_suffix('"')
}

/// Reads a schema file.
#[must_use]
pub fn read(text: &str) -> Schema {
    let mut reader = Reader { text, tokens: tokens(text), at: 0, errors: Vec::new() };
    let mut blocks = Vec::new();
    while !reader.is_done() {
        match reader.header() {
            Some((kind, name)) => {
                reader.at += 3;
                let (rows, close) = reader.rows(kind, name);
                blocks.push(Block { kind, name, rows, close });
            }
            None => reader.unreadable_line(),
        }
    }
    Schema { blocks, errors: reader.errors }
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
    let last_close = memchr::memmem::rfind(bytes, b"*/").unwrap_or(0);
    let mut tokens = Vec::new();
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let (kind, length) = match rest {
            [b'\n', ..] => (Some(Kind::Newline), 1),
            [b' ' | b'\t' | b'\r', ..] => (None, 1),
            [b'/', b'/', ..] => (None, memchr::memchr(b'\n', rest).unwrap_or(rest.len())),
            [b'/', b'*', comment @ ..] if at + 2 <= last_close => {
                (None, memchr::memmem::find(comment, b"*/").map_or(2, |close| close + 4))
            }
            [b'"', ..] => (Some(Kind::Text), string_length(rest)),
            [first, ..] if is_word(first) => (Some(Kind::Word), rest.iter().take_while(|byte| is_word(byte)).count()),
            [other, ..] => (Some(Kind::Symbol(*other)), 1),
            [] => break,
        };
        tokens.extend(kind.map(|kind| Token { kind, span: Span::new(at, at + length) }));
        at += length;
    }
    tokens
}

/// The length of the string at the start of a text; one that is not closed ends with the line.
fn string_length(text: &[u8]) -> usize {
    let mut escaped = false;
    for (at, byte) in text.iter().enumerate().skip(1) {
        match byte {
            b'\n' => return at,
            b'"' if !escaped => return at + 1,
            _ => escaped = *byte == b'\\' && !escaped,
        }
    }
    text.len()
}

struct Reader<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    at: usize,
    errors: Vec<Span>,
}

impl Reader<'_> {
    fn is_done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    fn kind(&self, ahead: usize) -> Option<Kind> {
        self.tokens.get(self.at + ahead).map(|token| token.kind)
    }

    fn is_symbol(&self, ahead: usize, symbol: u8) -> bool {
        self.kind(ahead) == Some(Kind::Symbol(symbol))
    }

    fn eat(&mut self, symbol: u8) -> bool {
        let found = self.is_symbol(0, symbol);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self) -> Option<Span> {
        let token = self.tokens.get(self.at).filter(|token| token.kind == Kind::Word)?;
        self.at += 1;
        Some(token.span)
    }

    fn at_line_end(&self) -> bool {
        matches!(self.kind(0), None | Some(Kind::Newline | Kind::Symbol(b'}')))
    }

    /// Moves past the rest of the line, which is an error unless it is empty.
    fn unreadable_line(&mut self) {
        let start = self.at;
        while !self.is_done() && self.kind(0) != Some(Kind::Newline) {
            self.at += 1;
        }
        if let [first, .., last] | [first @ last] = &self.tokens[start..self.at] {
            self.errors.push(Span { start: first.span.start, end: last.span.end });
        }
        self.at += 1;
    }

    /// `keyword Name {`, which no row looks like.
    fn header(&self) -> Option<(BlockKind, Span)> {
        let [keyword, name, brace, ..] = self.tokens.get(self.at..)? else { return None };
        let words = keyword.kind == Kind::Word && name.kind == Kind::Word && brace.kind == Kind::Symbol(b'{');
        words.then(|| BlockKind::of(keyword.span.of(self.text))).flatten().map(|kind| (kind, name.span))
    }

    /// The rows up to the closing brace, or to the next block where that is missing; and the brace.
    fn rows(&mut self, block: BlockKind, name: Span) -> (Vec<Row>, Option<Span>) {
        let mut rows = Vec::new();
        loop {
            if self.is_done() || self.header().is_some() {
                self.errors.push(name);
                return (rows, None);
            }
            if self.eat(b'}') {
                return (rows, Some(self.tokens[self.at - 1].span));
            }
            if self.kind(0) == Some(Kind::Newline) {
                self.at += 1;
            } else if block == BlockKind::Enum {
                while !self.at_line_end() {
                    self.at += 1;
                }
            } else {
                rows.extend(self.row());
                if !self.at_line_end() {
                    self.unreadable_line();
                }
            }
        }
    }

    /// One row; what of it cannot be read is left on the line.
    fn row(&mut self) -> Option<Row> {
        if self.is_symbol(0, b'@') && self.is_symbol(1, b'@') {
            self.at += 2;
            return self.attribute().map(Row::Attribute);
        }
        if self.kind(1) == Some(Kind::Symbol(b'=')) {
            let key = self.word()?;
            self.at += 1;
            let value = self.arguments(0).first()?.value;
            return Some(Row::Setting { key, value });
        }
        if self.kind(1) != Some(Kind::Word) {
            return None;
        }
        let (name, kind) = (self.word()?, self.word()?);
        if self.eat(b'(') {
            self.arguments(1);
        }
        let list = self.is_symbol(0, b'[') && self.is_symbol(1, b']');
        self.at += if list { 2 } else { 0 };
        let optional = self.eat(b'?');
        let mut attributes = Vec::new();
        while self.eat(b'@') {
            attributes.extend(self.attribute());
        }
        Some(Row::Field(Field { name, kind, list, optional, attributes }))
    }

    fn attribute(&mut self) -> Option<Attribute> {
        let name = self.word()?;
        let arguments = if self.eat(b'(') { self.arguments(1) } else { Vec::new() };
        let span = Span { start: name.start, end: self.tokens[self.at - 1].span.end };
        Some(Attribute { name, arguments, span })
    }

    /// Arguments up to the parenthesis that closes them; at depth 0, up to the end of the line. They may go on over several
    /// lines, but not past what only a row or the end of a block looks like: then a parenthesis is missing.
    fn arguments(&mut self, outer: usize) -> Vec<Argument> {
        let open = self.at.saturating_sub(1);
        let mut depth = outer;
        let mut arguments = Vec::new();
        let mut current: Option<Argument> = None;
        let mut element_next = false;
        while let Some(&Token { kind, span }) = self.tokens.get(self.at) {
            if kind == Kind::Newline {
                if depth == 0 || self.row_follows() {
                    break;
                }
                self.at += 1;
                continue;
            }
            self.at += 1;
            match kind {
                Kind::Symbol(b',') if depth == outer => {
                    arguments.extend(current.take());
                    continue;
                }
                Kind::Symbol(b':') if depth == 1 && outer == 1 => {
                    if let Some(argument) = &mut current {
                        argument.name = Some(argument.value);
                        argument.value = Span { start: span.end, end: span.end };
                    }
                    continue;
                }
                Kind::Symbol(b'(' | b'[' | b'{') => depth += 1,
                Kind::Symbol(b')' | b']' | b'}') => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 && outer == 1 {
                arguments.extend(current);
                return arguments;
            }
            let argument = current.get_or_insert_with(|| Argument { name: None, value: span, elements: Vec::new() });
            if argument.value.start == argument.value.end {
                argument.value = span;
            }
            argument.value.end = span.end;
            if element_next && kind == Kind::Word {
                argument.elements.push(span);
            }
            element_next = depth == outer + 1 && matches!(kind, Kind::Symbol(b'[' | b','));
        }
        if outer == 1 {
            self.errors.push(self.tokens[open].span);
        }
        arguments.extend(current);
        arguments
    }

    /// Whether the next line is a row or ends the block.
    fn row_follows(&self) -> bool {
        matches!(
            (self.kind(1), self.kind(2)),
            (None | Some(Kind::Symbol(b'}' | b'@')), _) | (Some(Kind::Word), Some(Kind::Word | Kind::Symbol(b'=')))
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Rows as `name:type[]?@attribute(name:value|elements)`.
    fn rows(text: &str) -> Vec<String> {
        let argument = |argument: &Argument| {
            let name = argument.name.map(|name| format!("{}:", name.of(text))).unwrap_or_default();
            let elements: String = argument.elements.iter().map(|element| format!("|{}", element.of(text))).collect();
            format!("{name}{}{elements}", argument.value.of(text))
        };
        let attribute = |attribute: &Attribute| {
            let arguments: Vec<_> = attribute.arguments.iter().map(argument).collect();
            format!("@{}({})", attribute.name.of(text), arguments.join("; "))
        };
        let row = |row: &Row| match row {
            Row::Setting { key, value } => format!("{}={}", key.of(text), value.of(text)),
            Row::Attribute(block) => format!("@{}", attribute(block)),
            Row::Field(field) => {
                let list = if field.list { "[]" } else { "" };
                let optional = if field.optional { "?" } else { "" };
                let attributes: String = field.attributes.iter().map(attribute).collect();
                format!("{}:{}{list}{optional}{attributes}", field.name.of(text), field.kind.of(text))
            }
        };
        read(text).blocks.iter().flat_map(|block| block.rows.iter().map(row)).collect()
    }

    fn errors(text: &str) -> Vec<&str> {
        read(text).errors.iter().map(|span| span.of(text)).collect()
    }

    #[test]
    fn blocks_and_rows() {
        let text = r#"
            // model Not { id Int }
            datasource db {
              provider = "postgresql" // "mysql"
              url      = env("DATABASE_URL")
              schemas  = ["a", "b"]
            }
            /* model Not { } */
            /// Someone.
            model User {
              id    String   @id @default(cuid())
              tags  String[] @db.VarChar(255) // a list
              role  Role?    @map("ro\"le") @default(USER)
              point Unsupported("circle(1, 2)")?
              posts Post[]   @relation(
                "wrote", // the name
                fields: [a, b(sort: Desc)],
                references: [x, y]
              )

              @@unique([role, id(length: 191)], map: "u")
              @@map("users")
            }
            enum Role {
              USER @map("user")
              ADMIN
            }
            model Post {}
        "#;
        assert_eq!(
            rows(text),
            [
                r#"provider="postgresql""#,
                r#"url=env("DATABASE_URL")"#,
                r#"schemas=["a", "b"]"#,
                "id:String@id()@default(cuid())",
                "tags:String[]@db.VarChar(255)",
                r#"role:Role?@map("ro\"le")@default(USER)"#,
                "point:Unsupported?",
                r#"posts:Post[]@relation("wrote"; fields:[a, b(sort: Desc)]|a|b; references:[x, y]|x|y)"#,
                r#"@@unique([role, id(length: 191)]|role|id; map:"u")"#,
                r#"@@map("users")"#,
            ]
        );
        assert_eq!(errors(text), [""; 0]);
        assert_eq!(
            read(text).blocks.iter().map(|block| (block.kind, block.name.of(text))).collect::<Vec<_>>(),
            [(BlockKind::Datasource, "db"), (BlockKind::Model, "User"), (BlockKind::Enum, "Role"), (BlockKind::Model, "Post"),]
        );
    }

    #[test]
    fn a_line_being_edited_costs_no_other() {
        for (text, expected, error) in [
            ("model A {\n a Int\n b\n c Int\n}", vec!["a:Int", "c:Int"], "b"),
            ("model A {\n a Int @default(\n c Int\n}", vec!["a:Int@default()", "c:Int"], "("),
            ("model A {\n a Int @relation(fields: [\n @@map(\"a\")\n}", vec!["a:Int@relation(fields:[)", "@@map(\"a\")"], "("),
            ("model A {\n a Int @map(\"x)\n c Int\n}", vec!["a:Int@map(\"x))", "c:Int"], "("),
            ("model A {\n a Int\n\nmodel B {\n c Int\n}", vec!["a:Int", "c:Int"], "A"),
            ("model A {\n a Int\n", vec!["a:Int"], "A"),
            ("model A {\n a Int ??? x\n c Int\n}", vec!["a:Int?", "c:Int"], "?? x"),
            ("mod\nmodel A {\n a Int\n}\n}", vec!["a:Int"], "mod"),
            ("model A {\n a Int /* \n c Int\n}", vec!["a:Int", "c:Int"], "/*"),
        ] {
            assert_eq!(rows(text), expected, "{text}");
            assert_eq!(errors(text).first(), Some(&error), "{text}");
        }
    }

    #[test]
    fn hostile_input_takes_linear_time() {
        for part in ["/*", "(", "model A {", "model A {\n", "\"", "a b @c(", "[", "a = [\n", "@@", "\\"] {
            let text = part.repeat(400_000 / part.len());
            assert!(read(&text).blocks.len() <= text.len(), "{part}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(parts in prop::collection::vec(any_part(), 0..40)) {
            let text = parts.concat();
            let schema = read(&text);
            for span in schema.errors {
                prop_assert!(!span.of(&text).is_empty());
            }
            for row in schema.blocks.into_iter().flat_map(|block| block.rows) {
                if let Row::Field(field) = row {
                    prop_assert!(!field.name.of(&text).is_empty() && !field.kind.of(&text).is_empty());
                    for argument in field.attributes.iter().flat_map(|attribute| &attribute.arguments) {
                        prop_assert!(text.get(argument.value.start as usize..argument.value.end as usize).is_some());
                    }
                }
            }
        }
    }

    fn any_part() -> impl Strategy<Value = String> {
        let parts = [
            "model ", "A", " {", "\n", "}", "a Int", " @", "@@map", "(", ")", "[", "]", "\"", "\\", ":", ",", "=", "//", "/*",
            "*/", "?", "é", "\u{feff}", "\r", "enum ",
        ];
        prop_oneof![prop::sample::select(parts.map(str::to_owned).to_vec()), "\\PC{0,2}"]
    }
}
