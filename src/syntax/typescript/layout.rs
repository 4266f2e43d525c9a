//! What of a broken text is sound, told by its layout.
//!
//! In the middle of an edit a bracket is missing or a word stands alone, and a parser that goes by brackets takes what
//! follows for something else. Lines that begin at one column belong together whatever the brackets say: each is tried by
//! itself, and where one is broken, what is indented below it. What cannot be read remains as few lines as possible and is
//! blanked, and a comma or brackets that are missing are put where nothing else stands; the rest reads as it will once the
//! edit is done.

use std::ops::Range;

use super::gaps::blank;
use crate::source::Span;

/// Most bytes that are parsed to find out what is broken.
const MAX_TRIED: usize = 2_000_000;

/// Longest line that a person would write or read, in bytes.
const LONG_LINE: usize = 1_000;

/// Most bytes in longer lines: pictures and fonts stand beside code.
const MAX_LONG: usize = 128 * 1024;

/// Most places in one line where a comma is tried, and brackets that are closed.
const MAX_GAPS: usize = 8;

/// Most unterminated literals that are told from others.
const MAX_UNTERMINATED: usize = 4;

/// Whether a text has no layout that could tell anything: most of it stands in lines that nobody writes.
pub(super) fn is_minified(text: &str) -> bool {
    let in_long: usize = text.lines().map(str::len).filter(|length| *length > LONG_LINE).sum();
    in_long > MAX_LONG && in_long * 2 > text.len()
}

/// The text without what cannot be read, and where that stood. `is_sound` tells whether a text can be read.
pub(super) fn sound(text: &str, is_sound: &mut dyn FnMut(&str) -> bool) -> (String, Vec<Span>) {
    let lines = lines(text);
    let (bytes, unread) = (text.as_bytes().to_vec(), Vec::new());
    let mut trial = Trial { text, bytes, lines: &lines, is_sound, tried: 0, unread };
    let mut broken = parts(&lines, 0..lines.len());
    broken.retain(|part| !trial.reads(part));
    trial.tried = 0;
    broken.iter().for_each(|part| trial.reduce(part, part));
    let Trial { bytes, unread, .. } = trial;
    (String::from_utf8(bytes).unwrap_or_default(), unread)
}

/// A line of code.
struct Line {
    bytes: Range<usize>,
    /// How far it is indented; `None` for one that begins nothing: it is empty, or begins within a literal or a comment.
    indent: Option<usize>,
    /// It goes on with what the line before it at the same column began: `}`, `else`.
    goes_on: bool,
}

/// Lines of which some are taken out while it is found out which of them are broken.
struct Trial<'t> {
    text: &'t str,
    bytes: Vec<u8>,
    lines: &'t [Line],
    is_sound: &'t mut dyn FnMut(&str) -> bool,
    tried: usize,
    unread: Vec<Span>,
}

impl Trial<'_> {
    fn bytes_of(&self, part: &Range<usize>) -> Range<usize> {
        self.lines[part.start].bytes.start..self.lines[part.end - 1].bytes.end
    }

    /// Whether what is left of some lines can be read.
    fn reads(&mut self, part: &Range<usize>) -> bool {
        let bytes = self.bytes_of(part);
        self.tried += bytes.len();
        std::str::from_utf8(&self.bytes[bytes]).is_ok_and(&mut *self.is_sound)
    }

    fn take_out(&mut self, part: &Range<usize>) {
        let bytes = self.bytes_of(part);
        blank(&mut self.bytes[bytes]);
    }

    fn put_back(&mut self, part: &Range<usize>) {
        let bytes = self.bytes_of(part);
        self.bytes[bytes.clone()].copy_from_slice(&self.text.as_bytes()[bytes]);
    }

    /// Takes out what cannot be read of lines that as a whole cannot; `whole` is the statement of the module they are part of.
    fn reduce(&mut self, part: &Range<usize>, whole: &Range<usize>) {
        let mut inner = self.inner(part);
        inner.iter().for_each(|one| self.take_out(one));
        // What goes on in the next line is nothing without it: `const auth =`.
        while !inner.is_empty() && !self.reads(whole) {
            let deeper: Vec<_> = inner.iter().flat_map(|one| self.inner(one)).collect();
            inner.iter().for_each(|one| self.put_back(one));
            deeper.iter().for_each(|one| self.take_out(one));
            inner = deeper;
        }
        if self.tried > MAX_TRIED || inner.is_empty() && !self.cut(part, whole) {
            self.take_out(part);
            let bytes = self.bytes_of(part);
            return self.say(bytes);
        }
        for one in inner {
            self.put_back(&one);
            let start = self.bytes_of(&one).start;
            if !self.reads(whole) && !self.part(start, whole) {
                self.reduce(&one, whole);
            }
        }
    }

    /// Puts a comma in the place of a space; false where that does not help.
    fn part(&mut self, at: usize, whole: &Range<usize>) -> bool {
        let space = self.bytes[at];
        if self.tried > MAX_TRIED || !matches!(space, b' ' | b'\t') {
            return false;
        }
        self.bytes[at] = b',';
        let helps = self.reads(whole);
        if helps {
            self.unread.push(Span::new(at, at + 1));
        } else {
            self.bytes[at] = space;
        }
        helps
    }

    /// Mends lines that cannot be told apart, or takes out of them what their brackets show to be broken; false where these
    /// do not show it.
    fn cut(&mut self, part: &Range<usize>, whole: &Range<usize>) -> bool {
        let bytes = self.bytes_of(part);
        let first = bytes.start;
        let Some(Brackets { unclosed, pieces, gaps, unended }) = brackets(&self.text[bytes.clone()]) else { return false };
        // At the top of a statement, what is parted by a comma is no statement any more.
        let gaps = gaps.into_iter().filter(|(_, depth)| *depth > 0 || part.start > whole.start).take(MAX_GAPS);
        if gaps.into_iter().any(|(gap, _)| self.part(first + gap, whole)) {
            return true;
        }
        if !unended.is_empty() {
            let end = first + self.text[bytes.clone()].trim_end().len();
            // The end of the line may be the end of a statement.
            let is_statement = part.start == whole.start;
            return self.end(first..end, &unended, whole) || !is_statement && self.end(bytes, &unended, whole);
        }
        let attempts = if unclosed.is_empty() { pieces.into_iter().map(|one| vec![one]).collect() } else { vec![unclosed] };
        for cuts in attempts {
            if self.tried > MAX_TRIED {
                break;
            }
            let cuts: Vec<_> = cuts.into_iter().map(|cut| first + cut.start..first + cut.end).collect();
            cuts.iter().for_each(|cut| blank(&mut self.bytes[cut.clone()]));
            if self.reads(whole) {
                cuts.into_iter().for_each(|cut| self.say(cut));
                return true;
            }
            self.put_back(part);
        }
        false
    }

    /// Ends the brackets of some bytes that end nowhere in them, in the place of what the innermost of them holds last, or
    /// else of all that is in it.
    fn end(&mut self, bytes: Range<usize>, unended: &[(u8, usize)], whole: &Range<usize>) -> bool {
        for depth in (0..unended.len()).rev().take(MAX_GAPS) {
            let cut = (bytes.start + unended[depth].1).min(bytes.end)..bytes.end;
            let is_blank = self.text[cut.clone()].trim().is_empty();
            if is_blank && self.text.as_bytes()[cut.start - 1] != b',' {
                continue;
            }
            let mut closing: Vec<u8> = unended[..=depth].iter().rev().map(|(close, _)| *close).collect();
            closing.push(b',');
            for closing in [closing.as_slice(), &closing[..=depth]] {
                if self.tried > MAX_TRIED || cut.len() < closing.len() {
                    continue;
                }
                blank(&mut self.bytes[cut.clone()]);
                self.bytes[cut.end - closing.len()..cut.end].copy_from_slice(closing);
                if self.reads(whole) {
                    // It lies in the innermost of them.
                    self.say(if is_blank { cut.start - 1..cut.start } else { cut.start..cut.end + 1 - closing.len() });
                    return true;
                }
                self.bytes[cut.clone()].copy_from_slice(&self.text.as_bytes()[cut.clone()]);
            }
        }
        false
    }

    /// Says that something could not be read.
    fn say(&mut self, bytes: Range<usize>) {
        let text = &self.text[bytes.clone()];
        let start = bytes.start + (text.len() - text.trim_start().len());
        self.unread.push(Span::new(start, start + text.trim().len()));
    }

    /// What is indented below the lines of a part that begin at its own column.
    fn inner(&self, part: &Range<usize>) -> Vec<Range<usize>> {
        let indent = self.lines[part.start].indent;
        let is_own = |line: &usize| self.lines[*line].indent.is_some_and(|other| Some(other) <= indent);
        let mut own: Vec<usize> = part.clone().filter(is_own).collect();
        own.push(part.end);
        own.windows(2).flat_map(|pair| parts(self.lines, pair[0] + 1..pair[1])).collect()
    }
}

/// What the brackets of a text hold.
struct Brackets {
    /// What stands behind brackets that are never closed, up to the end of the brackets around them.
    unclosed: Vec<Range<usize>>,
    /// What commas and semicolons part, the shortest first.
    pieces: Vec<Range<usize>>,
    /// Spaces between what may be two values, and how many brackets are around each.
    gaps: Vec<(usize, usize)>,
    /// What would close the brackets that do not end in it, and from where on what is in them was not finished by a comma.
    unended: Vec<(u8, usize)>,
}

/// The brackets of a text; `None` where some end in it that do not begin there.
fn brackets(text: &str) -> Option<Brackets> {
    let bytes = text.as_bytes();
    // The brackets that are open, with the place from which on what is in them was not finished by a comma.
    let mut open: Vec<(u8, usize)> = Vec::new();
    let mut found = Brackets { unclosed: Vec::new(), pieces: Vec::new(), gaps: Vec::new(), unended: Vec::new() };
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'`' => at = end_of_string(bytes, at, bytes.len()),
            b'\'' | b'"' => {
                let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end);
                at = end_of_string(bytes, at, end);
            }
            b'(' => open.push((b')', at + 1)),
            b'[' => open.push((b']', at + 1)),
            b'{' => open.push((b'}', at + 1)),
            b' ' if is_gap(bytes, at) => found.gaps.push((at, open.len())),
            b',' | b';' => {
                if let Some((_, from)) = open.last_mut() {
                    found.pieces.push(*from..at + 1);
                    *from = at + 1;
                }
            }
            closing @ (b')' | b']' | b'}') => {
                let own = open.iter().rposition(|(close, _)| *close == closing)?;
                let is_closed = own + 1 == open.len();
                if is_closed { &mut found.pieces } else { &mut found.unclosed }.push(open[own].1..at);
                open.truncate(own);
            }
            _ => {}
        }
        at += 1;
    }
    found.pieces.sort_by_key(|piece| piece.len());
    found.unended = open;
    Some(found)
}

/// Whether a space stands between the end of what may be a value and the beginning of another one.
fn is_gap(bytes: &[u8], at: usize) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'"' | b'\'' | b'`');
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    let after = bytes[at..].iter().find(|byte| **byte != b' ');
    before.is_some_and(|byte| is_word(byte) || matches!(byte, b')' | b']' | b'}'))
        && after.is_some_and(|byte| is_word(byte) || matches!(byte, b'[' | b'{' | b'.'))
}

/// Splits lines at those that begin something at the leftmost column.
fn parts(lines: &[Line], range: Range<usize>) -> Vec<Range<usize>> {
    let Some(column) = lines[range.clone()].iter().filter_map(|line| line.indent).min() else { return Vec::new() };
    let begins = |line: &usize| lines[*line].indent == Some(column) && !lines[*line].goes_on;
    let mut starts: Vec<usize> = range.clone().filter(begins).collect();
    // What stands before the first of them, further to the right.
    let first = range.clone().find(|line| lines[*line].indent.is_some());
    if let Some(first) = first.filter(|first| starts.first() != Some(first)) {
        starts.insert(0, first);
    }
    starts.push(range.end);
    starts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

fn lines(text: &str) -> Vec<Line> {
    let mut literals = literals(text).into_iter().peekable();
    let mut start = 0;
    // Where the last of the literals that began so far ends.
    let mut end = 0;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let bytes = start..start + line.len();
        while let Some(literal) = literals.next_if(|literal| literal.start < start) {
            end = end.max(literal.end);
        }
        let begins_in_literal = start < end;
        let code = line.trim_start();
        let indent = (!code.is_empty() && !begins_in_literal).then_some(line.len() - code.len());
        lines.push(Line { indent, goes_on: goes_on(code), bytes });
        start += line.len();
    }
    lines
}

/// Whether code goes on with what a line before it began.
fn goes_on(code: &str) -> bool {
    let is_word = |word: &str| code.strip_prefix(word).is_some_and(|rest| rest.starts_with([' ', '(', '{', '\n', '\r']));
    code.starts_with(['}', ']', ')', '{', '?', ':', '&', '|', '+', '=', ',', ';', '>'])
        || code.starts_with("</")
        || code.starts_with("/>")
        || code.starts_with('.') && !code.starts_with("...")
        || ["else", "catch", "finally"].into_iter().any(is_word)
}

/// Literals and comments of more than one line. One that does not end is none.
fn literals(text: &str) -> Vec<Range<usize>> {
    let mut ignored = Vec::new();
    while ignored.len() < MAX_UNTERMINATED {
        match scan(text.as_bytes(), &ignored) {
            Ok(mut found) => {
                found.sort_by_key(|literal| literal.start);
                return found;
            }
            Err(unterminated) => ignored.push(unterminated),
        }
    }
    Vec::new()
}

/// The templates and comments of more than one line; the place of the outermost one that does not end, but for those ignored.
fn scan(bytes: &[u8], ignored: &[usize]) -> Result<Vec<Range<usize>>, usize> {
    let mut found = Vec::new();
    // Templates that are open, with the braces open in their substitution; `None` within the text itself.
    let mut open: Vec<(usize, Option<usize>)> = Vec::new();
    let mut before = b'\n';
    let mut at = 0;
    let end_of_line = |at: usize| memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end);
    while at < bytes.len() {
        let byte = bytes[at];
        if let Some((start, braces @ None)) = open.last_mut() {
            match byte {
                b'\\' => at += 1,
                b'`' => {
                    found.push(*start..at + 1);
                    open.pop();
                    before = byte;
                }
                b'$' if bytes.get(at + 1) == Some(&b'{') => {
                    *braces = Some(0);
                    at += 1;
                }
                _ => {}
            }
            at += 1;
            continue;
        }
        match (byte, bytes.get(at + 1)) {
            (b'`', _) if !ignored.contains(&at) => open.push((at, None)),
            (b'\'' | b'"', _) => at = end_of_string(bytes, at, end_of_line(at)),
            (b'/', Some(b'/')) => at = end_of_line(at),
            (b'/', Some(b'*')) => match memchr::memmem::find(&bytes[at..], b"*/") {
                Some(length) => {
                    found.push(at..at + length + 2);
                    at += length + 1;
                }
                None => at = end_of_line(at),
            },
            // A regular expression, where no value comes before it.
            (b'/', _)
                if matches!(
                    before,
                    b'(' | b',' | b'=' | b':' | b'[' | b'!' | b'&' | b'|' | b'?' | b'{' | b'}' | b';' | b'\n'
                ) =>
            {
                at = end_of_string(bytes, at, end_of_line(at));
            }
            (b'{', _) => {
                if let Some((_, Some(braces))) = open.last_mut() {
                    *braces += 1;
                }
            }
            (b'}', _) => match open.last_mut() {
                Some((_, braces @ Some(0))) => *braces = None,
                Some((_, Some(braces))) => *braces -= 1,
                _ => {}
            },
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
        at += 1;
    }
    match open.first() {
        Some((unterminated, _)) => Err(*unterminated),
        None => Ok(found),
    }
}

/// The last byte of a literal that ends with the byte it begins with, at the end of the line at the latest.
fn end_of_string(bytes: &[u8], start: usize, end: usize) -> usize {
    let mut at = start + 1;
    while at < end {
        match bytes[at] {
            b'\\' => at += 1,
            byte if byte == bytes[start] => return at,
            _ => {}
        }
        at += 1;
    }
    end.min(bytes.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the brackets and quotes of a text belong together.
    fn is_balanced(text: &str) -> bool {
        let mut open = Vec::new();
        let closes = text.chars().all(|c| match c {
            '(' | '[' | '{' => {
                open.push(c);
                true
            }
            ')' => open.pop() == Some('('),
            ']' => open.pop() == Some('['),
            '}' => open.pop() == Some('{'),
            _ => true,
        });
        closes && open.is_empty() && !text.contains("=,") && text.matches('`').count().is_multiple_of(2)
    }

    /// The lines that are left of a text, and what could not be read.
    fn left(text: &str) -> (Vec<String>, Vec<&str>) {
        let (sound, unread) = sound(text, &mut is_balanced);
        assert_eq!(sound.len(), text.len());
        let lines = sound.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
        (lines, unread.iter().map(|span| &text[span.start as usize..span.end as usize]).collect())
    }

    #[test]
    fn only_what_is_broken_is_taken_out() {
        for (text, lines, unread) in [
            ("import { a,\n\nf({\n  b,\n});", vec!["f({", "b,", "});"], vec!["import { a,"]),
            ("f({\n  a: [b,\n  c: 1,\n});", vec!["f({", "a: [b,]  c: 1,", "});"], vec![","]),
            ("f({\n  a: [b, c(\n  d: 1,\n});", vec!["f({", "a: [b, ],", "d: 1,", "});"], vec!["c"]),
            ("f({\n  a: {\n    b: (\n  },\n  c,\n});", vec!["f({", "a: {", "},", "c,", "});"], vec!["b: ("]),
            ("x =\n  f({\n    a(\n    b,\n  });", vec!["x =", "f({", "b,", "});"], vec!["a("]),
            ("f({\n  a: `(\n(\n`,\n  b,\n});", vec!["f({", "b,", "});"], vec!["a: `(\n(\n`,"]),
            ("f({\n  a: `${b\n  },\n  c,\n});", vec!["f({", "c,", "});"], vec!["a: `${b\n  },"]),
            ("f({ a: 1, b: [c }, d);", vec!["f({ a: 1,       }, d);"], vec!["b: [c"]),
            ("f({\n  a,\n  b: [c, d(')', (],\n});", vec!["f({", "a,", "b: [c,         ],", "});"], vec!["d(')', ("]),
            ("f({ a: [b, =, c] });", vec!["f({ a: [b,    c] });"], vec!["=,"]),
            ("if (a) {\n  b(\n}\nelse {\n  c\n}", vec!["if (a) {", "}", "else {", "c", "}"], vec!["b("]),
        ] {
            assert_eq!(left(text), (lines.into_iter().map(str::to_owned).collect(), unread), "{text}");
        }
    }

    #[test]
    fn pictures_beside_code_do_not_make_it_minified() {
        let line = "const a = f({ b: c }); ";
        let picture = format!("const picture = \"{}\";\n", "A".repeat(100_000));
        assert!(!is_minified(&[format!("{line}\n").repeat(10), picture.clone()].concat()));
        assert!(!is_minified(&[format!("{line}\n").repeat(20_000), picture.repeat(2)].concat()));
        assert!(is_minified(&line.repeat(10_000)));
    }

    #[test]
    fn text_of_any_kind_is_taken_apart_within_bounds() {
        for text in ["`${".repeat(20_000), "f(\n".repeat(2_000), "\t\n \u{e9}(\n".repeat(200), "'/*".repeat(1_000), "/".into()] {
            assert_eq!(left(&text).0.concat().matches('(').count(), 0);
        }
    }
}
