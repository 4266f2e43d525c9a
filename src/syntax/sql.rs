//! SQL text to statements of tokens, for PostgreSQL, MySQL and SQLite alike.
//!
//! The dialect of a script is not known when it is read, and most scripts are valid in one dialect only. So one scanner
//! knows the lexical forms of all three and decides the few that collide by what stands around them. It never looks back
//! and never recurses on the depth of its input: time and memory are linear in the text.

mod cursor;

use std::ops::Range;

use memchr::{memchr, memchr2, memmem};

pub use self::cursor::Cursor;
use crate::source::Span;

/// One lexical element. Comments and white space are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// The kinds of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A keyword or a name without quotes.
    Word,
    /// A name in double quotes, backticks or brackets.
    Quoted,
    /// A string: `'…'`, or `$tag$…$tag$`.
    Text,
    /// A number.
    Number,
    /// Any other character.
    Symbol(u8),
}

impl Token {
    /// Whether this is the keyword, in any case.
    #[must_use]
    pub fn is(&self, text: &str, keyword: &str) -> bool {
        self.kind == Kind::Word && self.span.of(text).eq_ignore_ascii_case(keyword)
    }

    /// The name the token stands for, without quotes; strings count, since SQLite takes them for names where one must
    /// stand.
    #[must_use]
    pub fn name(&self, text: &str) -> Option<String> {
        let written = self.span.of(text);
        match self.kind {
            Kind::Word => Some(written.to_owned()),
            Kind::Quoted | Kind::Text if !written.starts_with('$') => {
                let close = if written.starts_with('[') { "]" } else { written.get(..1)? };
                let inner = self.inside(text).of(text);
                Some(inner.replace(&close.repeat(2), close))
            }
            _ => None,
        }
    }

    /// What stands between the quotes, as written; the whole token when it has none.
    #[must_use]
    pub fn inside(&self, text: &str) -> Span {
        let written = self.span.of(text);
        let open = match self.kind {
            Kind::Quoted => 1,
            Kind::Text if written.starts_with('$') => dollar_tag(written.as_bytes()).unwrap_or(0),
            Kind::Text => 1,
            Kind::Word | Kind::Number | Kind::Symbol(_) => return self.span,
        };
        let (start, end) = (self.span.start as usize, self.span.end as usize);
        let close = match written.get(..open) {
            Some("[") => "]",
            Some(quote) => quote,
            None => "",
        };
        let closed = written.len() >= 2 * open && written.ends_with(close);
        Span::new(start + open, if closed { end - open } else { end })
    }
}

/// A statement: what stands between two semicolons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its tokens; at least one.
    pub tokens: Vec<Token>,
    /// Whether it stands in a section that undoes a migration (`-- +goose Down` and its kin).
    pub down: bool,
    /// Whether a quote in it is never closed, so that it runs to the end of the text.
    pub unclosed: bool,
    /// Whether it stands in a branch, a loop or an exception handler of a block of code.
    pub conditional: bool,
    /// Whether it stands in a block of code, which has variables.
    pub procedural: bool,
}

/// Splits a script into statements, in order. The bodies of `DO $$ … $$` and `EXECUTE '…'` run as part of the script, so
/// their statements take the place of the statement around them; bodies of functions are only defined, and stay strings.
#[must_use]
pub fn statements(text: &str) -> Vec<Statement> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut out = Vec::new();
    let outer = Scanner::new(text, start..text.len(), false);
    expand(text, outer.run(), MAX_BODIES, false, &mut out);
    out
}

/// How many bodies may lie within each other: `EXECUTE` in `DO`.
const MAX_BODIES: u8 = 2;

fn expand(text: &str, statements: Vec<Statement>, depth: u8, conditional: bool, out: &mut Vec<Statement>) {
    let mut branches = 0_usize;
    for mut statement in statements {
        branches = (branches + opened_branches(text, &statement.tokens)).saturating_sub(closed_branches(text, &statement.tokens));
        statement.conditional = conditional || branches > 0;
        statement.procedural = depth < MAX_BODIES;
        match body(text, &statement.tokens).filter(|_| depth > 0) {
            Some(body) => {
                let inner = Scanner::new(text, body.start as usize..body.end as usize, statement.down);
                expand(text, inner.run(), depth - 1, statement.conditional, out);
            }
            None => out.push(statement),
        }
    }
}

/// Whether a statement of a block of code begins after this token.
#[must_use]
pub fn begins_statement(text: &str, token: &Token) -> bool {
    ["begin", "then", "else", "loop"].iter().any(|keyword| token.is(text, keyword))
}

/// The branches, loops and exception handlers that a part of a block of code begins and does not end.
fn opened_branches(text: &str, tokens: &[Token]) -> usize {
    let opens =
        |token: &Token| ["if", "case", "for", "foreach", "while", "loop", "exception"].iter().any(|word| token.is(text, word));
    let leads_on = tokens.iter().any(|token| token.is(text, "then") || token.is(text, "loop"));
    let begins = |at: usize| at == 0 || begins_statement(text, &tokens[at - 1]);
    tokens.iter().enumerate().filter(|(at, token)| leads_on && opens(token) && begins(*at)).count()
}

/// The branches and loops it ends: `END IF`.
fn closed_branches(text: &str, tokens: &[Token]) -> usize {
    let closes = |token: &Token| ["if", "case", "loop"].iter().any(|word| token.is(text, word));
    usize::from(matches!(tokens, [end, what, ..] if end.is(text, "end") && closes(what)))
}

/// The code a statement runs from a string.
fn body(text: &str, tokens: &[Token]) -> Option<Span> {
    let code = match tokens {
        [first, rest @ ..] if first.is(text, "do") => rest.iter().find(|token| token.kind == Kind::Text),
        [.., keyword, code] if keyword.is(text, "execute") && code.kind == Kind::Text => Some(code),
        _ => None,
    }?;
    Some(code.inside(text))
}

struct Scanner<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    end: usize,
    /// Whether `\'` is part of a plain string.
    backslash: bool,
    /// Whether comments nest; switched off once a nested one is not closed.
    nesting: bool,
    /// What MySQL's `DELIMITER` command set instead of the semicolon.
    delimiter: Option<&'t [u8]>,
    down: bool,
    unclosed: bool,
    current: Vec<Token>,
    done: Vec<Statement>,
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str, range: Range<usize>, down: bool) -> Self {
        let bytes = text.as_bytes();
        Self {
            text,
            bytes: &bytes[..range.end],
            at: range.start,
            end: range.end,
            backslash: backslash_escapes(&text[range]),
            nesting: true,
            delimiter: None,
            down,
            unclosed: false,
            current: Vec::new(),
            done: Vec::new(),
        }
    }

    fn run(mut self) -> Vec<Statement> {
        while self.at < self.end {
            self.step();
        }
        self.cut();
        self.done
    }

    fn step(&mut self) {
        let rest = &self.bytes[self.at..];
        if let Some(delimiter) = self.delimiter.filter(|delimiter| rest.starts_with(delimiter)) {
            self.at += delimiter.len();
            return self.cut();
        }
        match rest {
            [b' ' | b'\t' | b'\r' | b'\n' | b'\x0c', ..] => self.at += 1,
            [b'-', b'-', ..] => self.line_comment(),
            // PostgreSQL has operators that begin with `#`; they go on with one of these.
            [b'#', next, ..] if !matches!(next, b'>' | b'-' | b'=') => self.line_comment(),
            [b'/', b'*', ..] => self.block_comment(),
            [b';', ..] => {
                self.at += 1;
                self.end_statement();
            }
            [b'\'', ..] => {
                let escapes = self.backslash || self.after_escape_prefix();
                self.quoted(b'\'', escapes, Kind::Text);
            }
            [quote @ (b'"' | b'`'), ..] => self.quoted(*quote, false, Kind::Quoted),
            [b'[', next, ..] if self.opens_name(*next) => self.quoted(b']', false, Kind::Quoted),
            [b'$', ..] => match dollar_tag(rest) {
                Some(tag) => self.dollar_quoted(tag),
                None => self.symbol(b'$'),
            },
            // A command of psql, not SQL.
            [b'\\', ..] if self.current.is_empty() => self.at = self.line_end(),
            [b'0'..=b'9', ..] => self.take(Kind::Number, |byte| is_word(byte) || byte == b'.'),
            [first, ..] if is_word(*first) || *first == b'@' => self.word(),
            [other, ..] => self.symbol(*other),
            [] => {}
        }
    }

    fn push(&mut self, kind: Kind, end: usize) {
        self.current.push(Token { kind, span: Span::new(self.at, end) });
        self.at = end;
    }

    fn symbol(&mut self, byte: u8) {
        self.push(Kind::Symbol(byte), self.at + 1);
    }

    fn take(&mut self, kind: Kind, part: impl Fn(u8) -> bool) {
        let more = self.bytes[self.at + 1..].iter().take_while(|&&byte| part(byte)).count();
        self.push(kind, self.at + 1 + more);
    }

    fn word(&mut self) {
        let dollar = self.delimiter.is_none();
        self.take(Kind::Word, |byte| is_word(byte) || (byte == b'$' && dollar));
        if let [only] = self.current.as_slice()
            && only.is(self.text, "delimiter")
        {
            let line = self.at..self.line_end();
            let delimiter = self.bytes[line.clone()].trim_ascii();
            self.delimiter = Some(delimiter).filter(|delimiter| !matches!(delimiter, [] | [b';']));
            self.at = line.end;
            self.current.clear();
        }
    }

    /// Whether `[` begins a name, as SQLite allows, and not the subscript or the elements of an array.
    fn opens_name(&self, next: u8) -> bool {
        let subscript = self.at.checked_sub(1).is_some_and(|before| is_word(self.bytes[before]) || self.bytes[before] == b')');
        (next.is_ascii_alphabetic() || next == b'_') && !subscript
    }

    /// Whether the string begins as PostgreSQL's `E'…'`.
    fn after_escape_prefix(&self) -> bool {
        self.current.last().is_some_and(|token| token.span.end as usize == self.at && token.is(self.text, "e"))
    }

    fn quoted(&mut self, quote: u8, escapes: bool, kind: Kind) {
        let second = if escapes { b'\\' } else { quote };
        let mut from = self.at + 1;
        while let Some(offset) = self.bytes.get(from..).and_then(|rest| memchr2(quote, second, rest)) {
            let hit = from + offset;
            if self.bytes[hit] != quote || self.bytes.get(hit + 1) == Some(&quote) {
                from = hit + 2;
            } else {
                return self.push(kind, hit + 1);
            }
        }
        self.unclosed = true;
        self.push(kind, self.end);
    }

    fn dollar_quoted(&mut self, tag: usize) {
        let inner = self.at + tag;
        match memmem::find(&self.bytes[inner..], &self.bytes[self.at..inner]) {
            Some(offset) => self.push(Kind::Text, inner + offset + tag),
            None => {
                self.unclosed = true;
                self.push(Kind::Text, self.end);
            }
        }
    }

    fn line_end(&self) -> usize {
        memchr(b'\n', &self.bytes[self.at..]).map_or(self.end, |offset| self.at + offset)
    }

    fn line_comment(&mut self) {
        let end = self.line_end();
        let comment = &self.text[self.at..end];
        self.at = end;
        // Drizzle splits its files here, whether or not a semicolon stands before.
        if comment.starts_with("--> statement-breakpoint") {
            self.cut();
        }
        if let Some(down) = section(comment) {
            self.cut();
            self.down = down;
        }
    }

    /// Skips a comment. PostgreSQL nests them, the others do not: where a nested one is never closed, none nests.
    fn block_comment(&mut self) {
        let from = self.at + 2;
        let first_close = memmem::find(&self.bytes[from..], b"*/").map(|offset| from + offset + 2);
        let mut depth = usize::from(self.nesting);
        let mut at = from;
        while depth > 0
            && let Some(offset) = memchr2(b'*', b'/', &self.bytes[at..])
        {
            at += offset;
            let step = match &self.bytes[at..] {
                [b'*', b'/', ..] => {
                    depth -= 1;
                    2
                }
                [b'/', b'*', ..] => {
                    depth += 1;
                    2
                }
                _ => 1,
            };
            at += step;
        }
        let nested_close = Some(at).filter(|_| self.nesting && depth == 0);
        self.nesting &= nested_close.is_some();
        match nested_close.or(first_close) {
            Some(end) => self.at = end,
            // The rest of the text is lost with it, which must not pass for a script that was read to its end.
            None => {
                self.at = from - 2;
                self.unclosed = true;
                self.push(Kind::Text, self.end);
            }
        }
    }

    /// Ends the statement at a semicolon. The rows that follow PostgreSQL's `COPY … FROM stdin` are not SQL.
    fn end_statement(&mut self) {
        let copy = self.current.first().is_some_and(|first| first.is(self.text, "copy"))
            && self.current.iter().any(|token| token.is(self.text, "stdin"));
        self.cut();
        if copy {
            self.at = memmem::find(&self.bytes[self.at..], b"\n\\.").map_or(self.end, |offset| self.at + offset + 3);
        }
    }

    fn cut(&mut self) {
        if !self.current.is_empty() {
            self.done.push(Statement {
                tokens: std::mem::take(&mut self.current),
                down: self.down,
                unclosed: std::mem::take(&mut self.unclosed),
                conditional: false,
                procedural: false,
            });
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The length of the opening `$tag$`, when the text begins with one.
fn dollar_tag(text: &[u8]) -> Option<usize> {
    let name = text.get(1..)?.iter().take_while(|&&byte| is_word(byte)).count();
    let digit = text.get(1)?.is_ascii_digit();
    (text.get(1 + name) == Some(&b'$') && !digit).then_some(name + 2)
}

/// Whether the script is MySQL's, where a backslash escapes the quote; elsewhere `'\'` is a whole string.
fn backslash_escapes(text: &str) -> bool {
    memmem::find(text.as_bytes(), b"\\'").is_some() && {
        let lower = text.to_ascii_lowercase();
        ["auto_increment", "engine=", "engine ="].iter().any(|mark| lower.contains(mark))
    }
}

/// Whether a comment opens a section that undoes a migration (`true`) or one that makes it (`false`), as
/// [dbmate](https://github.com/amacneil/dbmate), [goose](https://pressly.github.io/goose/),
/// [sql-migrate](https://github.com/rubenv/sql-migrate) and
/// [node-pg-migrate](https://salsita.github.io/node-pg-migrate/) mark them.
fn section(comment: &str) -> Option<bool> {
    let mut words = comment.trim_start_matches('-').split_whitespace().map(str::to_ascii_lowercase);
    let (first, second, third) = (words.next()?, words.next(), words.next());
    let direction = match (first.as_str(), second.as_deref()) {
        ("+goose" | "+migrate", Some(direction)) => direction,
        ("up" | "down", None) => first.as_str(),
        ("up" | "down", Some("migration")) if third.is_none() => first.as_str(),
        (first, _) => first.strip_prefix("migrate:")?,
    };
    match direction {
        "down" => Some(true),
        "up" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The statements with their tokens as written, joined by a space.
    fn split(text: &str) -> Vec<String> {
        let join = |statement: &Statement| statement.tokens.iter().map(|token| token.span.of(text)).collect::<Vec<_>>().join(" ");
        statements(text).iter().map(join).collect()
    }

    #[test]
    fn quotes_of_all_dialects_hide_semicolons() {
        let text = r#"a "x;""y" `p;``q` [r ;s] 'it''s;' E'\';' N'x'; b"#;
        assert_eq!(split(text), [r#"a "x;""y" `p;``q` [r ;s] 'it''s;' E '\';' N 'x'"#, "b"]);
        let names: Vec<_> = statements(text)[0].tokens[1..4].iter().map(|token| token.name(text)).collect();
        assert_eq!(names, [Some("x;\"y".into()), Some("p;`q".into()), Some("r ;s".into())]);
    }

    #[test]
    fn brackets_after_a_word_are_arrays() {
        assert_eq!(
            split("tags text[] default array['a;'], m int[3][a]"),
            ["tags text [ ] default array [ 'a;' ] , m int [ 3 ] [a]"]
        );
    }

    #[test]
    fn dollar_quotes_are_strings() {
        assert_eq!(split("f AS $fn$ a; $$ b; $$ $fn$ x; $1 $ c"), ["f AS $fn$ a; $$ b; $$ $fn$ x", "$ 1 $ c"]);
    }

    #[test]
    fn comments_vanish() {
        assert_eq!(split("a -- ;\n/* ; /* ; */ ; */ b # ;\n; c #>> '{d}'"), ["a b", "c # > > '{d}'"]);
        assert_eq!(split("a /* /* ; */ b; c /* d */"), ["a b", "c"], "MySQL does not nest");
    }

    #[test]
    fn backslashes_escape_in_mysql_only() {
        assert_eq!(split(r"a '\'; b '\'"), [r"a '\'", r"b '\'"]);
        assert_eq!(split(r"t ENGINE=InnoDB; a '\'; b'"), ["t ENGINE = InnoDB", r"a '\'; b'"]);
    }

    #[test]
    fn breakpoints_and_delimiters_end_statements() {
        assert_eq!(split("a--> statement-breakpoint\nb"), ["a", "b"]);
        assert_eq!(split("DELIMITER $$\na; END$$\nDELIMITER ;\nb; c$$d"), ["a", "END", "b", "c$$d"]);
    }

    #[test]
    fn bodies_that_run_are_statements() {
        let text = "DO $$ BEGIN a; EXECUTE 'b; c'; END $$; CREATE FUNCTION f() AS $$ d; $$; DO LANGUAGE plpgsql 'e;'";
        assert_eq!(split(text), ["BEGIN a", "b", "c", "END", "CREATE FUNCTION f ( ) AS $$ d; $$", "e"]);
    }

    #[test]
    fn what_is_not_sql_is_skipped() {
        assert_eq!(split("\\connect it's\na; COPY t FROM stdin;\n1\tit's; b\n\\.\nc"), ["a", "COPY t FROM stdin", "c"]);
        assert_eq!(split("\u{feff}a"), ["a"]);
    }

    #[test]
    fn down_sections_are_marked() {
        for (up, down) in [
            ("-- migrate:up", "-- migrate:down transaction:false"),
            ("-- +goose Up", "-- +goose Down"),
            ("-- +migrate Up", "-- +migrate Down notransaction"),
            ("-- Up Migration", "-- Down Migration"),
            ("-- Up", "-- Down"),
        ] {
            let found: Vec<_> = statements(&format!("a\n{down}\nb;\n{up}\nc;")).iter().map(|statement| statement.down).collect();
            assert_eq!(found, [false, true, false], "{down}");
        }
        assert!(!statements("-- Down payments\na;")[0].down);
    }

    #[test]
    fn an_open_quote_is_told() {
        for text in ["a; /* d", "a; b 'c; d", "a; b \"c; d", "a; b $$c; d", "a; b /* d", "a; b 'c\\"] {
            let found = statements(text);
            assert_eq!((found.len(), found[0].unclosed, found[1].unclosed), (2, false, true), "{text}");
        }
    }

    #[test]
    fn hostile_input_takes_linear_time() {
        for part in ["/* /* */", "$a$ $b", "(", "'", "\\'", "DO $$ DO $a$", "EXECUTE '", "-- down\n", "[a", "\"\"", "DELIMITER ("]
        {
            let text = part.repeat(400_000 / part.len());
            let tokens: usize = statements(&text).iter().map(|statement| statement.tokens.len()).sum();
            assert!(tokens <= text.len(), "{part}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in any_script()) {
            for statement in statements(&text) {
                prop_assert!(!statement.tokens.is_empty());
                for pair in statement.tokens.windows(2) {
                    prop_assert!(pair[0].span.end <= pair[1].span.start);
                }
                for token in &statement.tokens {
                    prop_assert!(!token.span.of(&text).is_empty());
                    let inside = token.inside(&text);
                    prop_assert!(token.span.contains(inside));
                    prop_assert!(text.get(inside.start as usize..inside.end as usize).is_some());
                    prop_assert!(token.kind != Kind::Word || token.name(&text).is_some());
                }
            }
        }
    }

    fn any_script() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            "\\PC{0,3}",
            prop::sample::select(vec![
                "'",
                "\"",
                "`",
                "[",
                "]",
                "$",
                "$$",
                "$a$",
                "/*",
                "*/",
                "--",
                "#",
                "\n",
                ";",
                "\\",
                "E'",
                "DO ",
                "EXECUTE ",
                "DELIMITER ",
                "COPY t FROM stdin;",
                "\\.",
                " ",
                "é",
                "\u{feff}",
                "auto_increment",
            ])
            .prop_map(str::to_owned),
        ];
        prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
    }
}
