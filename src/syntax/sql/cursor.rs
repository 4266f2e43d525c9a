//! Moving over the tokens of one statement.

use super::{Kind, Token};
use crate::source::Span;

/// A place in a run of tokens; what lies behind it is read.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'t> {
    text: &'t str,
    tokens: &'t [Token],
}

impl<'t> Cursor<'t> {
    /// A cursor at the first of these tokens of `text`.
    #[must_use]
    pub fn new(text: &'t str, tokens: &'t [Token]) -> Self {
        Self { text, tokens }
    }

    /// The tokens that are left.
    #[must_use]
    pub fn rest(&self) -> &'t [Token] {
        self.tokens
    }

    /// Whether no token is left.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.tokens.is_empty()
    }

    /// What is left, as written.
    #[must_use]
    pub fn written(&self) -> &'t str {
        self.span().of(self.text)
    }

    /// Where that stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match (self.tokens.first(), self.tokens.last()) {
            (Some(first), Some(last)) => Span { start: first.span.start, end: last.span.end },
            _ => Span::default(),
        }
    }

    /// Whether these keywords come next.
    #[must_use]
    pub fn is_at(&self, words: &[&str]) -> bool {
        self.tokens.len() >= words.len() && words.iter().zip(self.tokens).all(|(word, token)| token.is(self.text, word))
    }

    /// Whether one of these keywords comes next.
    #[must_use]
    pub fn is_at_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is_at(&[word]))
    }

    /// Whether this character comes next.
    #[must_use]
    pub fn is_symbol(&self, symbol: u8) -> bool {
        self.tokens.first().is_some_and(|token| token.kind == Kind::Symbol(symbol))
    }

    /// Moves past these keywords; `false`, without moving, when they do not come next.
    pub fn eat(&mut self, words: &[&str]) -> bool {
        let found = self.is_at(words);
        if found {
            self.skip(words.len());
        }
        found
    }

    /// Moves past one of these keywords; `false`, without moving, when none comes next.
    pub fn eat_any(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.eat(&[word]))
    }

    /// Moves past this character; `false`, without moving, when it does not come next.
    pub fn eat_symbol(&mut self, symbol: u8) -> bool {
        let found = self.is_symbol(symbol);
        if found {
            self.skip(1);
        }
        found
    }

    /// Moves past so many tokens, or to the end.
    pub fn skip(&mut self, count: usize) {
        self.tokens = self.tokens.get(count..).unwrap_or_default();
    }

    /// The first tokens of what is left; all where there are not so many.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        Self { tokens: &self.tokens[..count.min(self.tokens.len())], ..*self }
    }

    /// What is left behind so many tokens.
    #[must_use]
    pub fn from(&self, count: usize) -> Self {
        let mut rest = *self;
        rest.skip(count);
        rest
    }

    /// The last tokens of what is left; all where there are not so many.
    #[must_use]
    pub fn last(&self, count: usize) -> Self {
        Self { tokens: &self.tokens[self.tokens.len().saturating_sub(count)..], ..*self }
    }

    /// Moves to the first of these keywords that stands in no parentheses or brackets, or to the end; what stands before.
    pub fn before(&mut self, words: &[&str]) -> Self {
        let start = self.tokens;
        while !self.is_at_any(words) && self.advance() {}
        Self { tokens: &start[..start.len() - self.tokens.len()], ..*self }
    }

    /// Moves past one token, or past all that stands in parentheses or brackets; `false` at the end.
    pub fn advance(&mut self) -> bool {
        let more = !self.is_done();
        if self.group().or_else(|| self.brackets()).is_none() {
            self.skip(1);
        }
        more
    }

    /// Whether a name was written in quotes, so that no database folds its case.
    #[must_use]
    pub fn is_quoted(&self, name: Span) -> bool {
        name.of(self.text).starts_with(['"', '`', '[', '\''])
    }

    /// Whether a name was written in the quotes of MySQL.
    #[must_use]
    pub fn is_backtick(&self, name: Span) -> bool {
        name.of(self.text).starts_with('`')
    }

    /// A name of one part.
    pub fn identifier(&mut self) -> Option<(String, Span)> {
        let first = self.tokens.first()?;
        let name = first.name(self.text)?;
        self.skip(1);
        Some((name, first.span))
    }

    /// The last part of a name with any number of prefixes.
    pub fn qualified(&mut self) -> Option<(String, Span)> {
        let mut name = self.identifier()?;
        while self.eat_symbol(b'.') {
            name = self.identifier()?;
        }
        Some(name)
    }

    /// What stands in parentheses, and whether they are closed.
    pub fn group(&mut self) -> Option<(Cursor<'t>, bool)> {
        self.enclosed(b'(', b')')
    }

    /// What stands in brackets, and whether they are closed.
    pub fn brackets(&mut self) -> Option<(Cursor<'t>, bool)> {
        self.enclosed(b'[', b']')
    }

    fn enclosed(&mut self, open: u8, close: u8) -> Option<(Cursor<'t>, bool)> {
        if !self.eat_symbol(open) {
            return None;
        }
        let mut depth = 1_usize;
        let end = self.tokens.iter().position(|token| {
            depth += usize::from(token.kind == Kind::Symbol(open));
            depth -= usize::from(token.kind == Kind::Symbol(close));
            depth == 0
        });
        let inner = Cursor { tokens: &self.tokens[..end.unwrap_or(self.tokens.len())], ..*self };
        self.skip(inner.tokens.len() + 1);
        Some((inner, end.is_some()))
    }

    /// The parts between commas that stand in no further parentheses or brackets; empty ones are left out.
    #[must_use]
    pub fn items(mut self) -> Vec<Cursor<'t>> {
        let mut items = Vec::new();
        while !self.is_done() {
            let start = self.tokens;
            while !self.is_symbol(b',') && self.advance() {}
            let item = &start[..start.len() - self.tokens.len()];
            if !item.is_empty() {
                items.push(Cursor { tokens: item, ..self });
            }
            self.eat_symbol(b',');
        }
        items
    }
}
