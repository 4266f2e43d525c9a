//! The lines of a source file a finding points at, cut to a readable length and without credentials.

use std::ops::Range;

use crate::facts::module::Text;
use crate::facts::secrecy::{self, Around, REDACTED};
use crate::source::{FileKind, Span};

/// Longest line that is handed on whole, in bytes.
const LONGEST_LINE: usize = 400;

/// What is kept of a longer line before the place of interest, in bytes.
const KEPT_BEFORE: usize = 80;

/// Shortest literal that is taken for a credential, in characters.
const SHORTEST_CREDENTIAL: usize = 4;

/// How far before a literal the keys around it are looked for, in bytes.
const LOOKED_AT_BEFORE: usize = 4000;

/// Which literals are taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Redaction {
    /// Those that look like credentials. The rules keep credentials out of what they say; this keeps those out that
    /// merely stand on the same line.
    Likely,
    /// All of them.
    All,
}

/// A stretch of a file, with places moved along.
#[derive(Debug)]
pub(super) struct Excerpt {
    /// The text to show.
    pub(super) text: String,
    /// 1-based number of its first line.
    pub(super) first_line: usize,
    /// Where the stretch starts in the file.
    start: usize,
    /// What was taken out, in offsets of the stretch, in order.
    cuts: Vec<Range<usize>>,
}

impl Excerpt {
    /// The stretch from the first to the last line on which one of `spans` starts. `None` when no span lies in the text.
    pub(super) fn new(path: &str, source: &str, spans: &[Span], redaction: Redaction) -> Option<Self> {
        let starts: Vec<usize> = spans.iter().map(|span| span.start as usize).filter(|&at| at <= source.len()).collect();
        let (first, last) = (*starts.iter().min()?, *starts.iter().max()?);
        let start = line_range(source, first).start;
        let stretch = &source[start..line_range(source, last).end];
        let first_line = memchr::memchr_iter(b'\n', &source.as_bytes()[..start]).count() + 1;
        let mut cuts = Vec::new();
        let mut at = 0;
        for line in stretch.split_inclusive('\n') {
            let focus = starts.iter().map(|&place| place - start).find(|place| (at..at + line.len()).contains(place));
            let mut found = length_cuts(line, focus.map_or(0, |place| place - at));
            found.extend(credentials(path, &source[..start + at], line, redaction));
            cuts.extend(merged(found).into_iter().map(|cut| cut.start + at..cut.end + at));
            at += line.len();
        }
        Some(Self { text: secrecy::without(stretch, &cuts), first_line, start, cuts })
    }

    /// Where a span of the file lies in [`Excerpt::text`]: on its first line only, and at most `width` bytes of it.
    pub(super) fn place(&self, span: Span, width: usize) -> Range<usize> {
        let moved = |offset: u32, inside: fn(usize) -> usize| {
            let offset = (offset as usize).saturating_sub(self.start);
            let mut moved = offset;
            for cut in self.cuts.iter().take_while(|cut| cut.start < offset) {
                moved = moved + REDACTED.len() - (cut.end.min(offset) - cut.start);
                if offset < cut.end {
                    moved -= inside(REDACTED.len());
                }
            }
            self.text.floor_char_boundary(moved)
        };
        let start = moved(span.start, |length| length);
        let line_end = line_range(&self.text, start).end;
        let line = self.text[start..line_end].trim_end();
        let end = moved(span.end, |_| 0).clamp(start, start + line.len());
        start..self.text.floor_char_boundary(end.min(start + width)).max(start)
    }
}

/// A text without what looks like a credential, line by line: it has as many of them.
#[must_use]
pub fn without_credentials(path: &str, text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let cuts = merged(credentials(path, &text[..at], line, Redaction::Likely));
        shown.push_str(&secrecy::without(line, &cuts));
        at += line.len();
    }
    shown
}

/// The line `at` lies on, without its line break.
fn line_range(text: &str, at: usize) -> Range<usize> {
    let at = text.floor_char_boundary(at);
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    start..end
}

/// What is cut from a line that is too long, around the place of interest.
fn length_cuts(line: &str, focus: usize) -> Vec<Range<usize>> {
    let content = line.trim_end().len();
    if content <= LONGEST_LINE {
        return Vec::new();
    }
    let from = line.floor_char_boundary(focus.saturating_sub(KEPT_BEFORE));
    let to = line.ceil_char_boundary(from + LONGEST_LINE);
    [0..from, to..content].into_iter().filter(|cut| cut.start < cut.end).collect()
}

/// The credentials of a line; `before` is all that stands above it.
fn credentials(path: &str, before: &str, line: &str, redaction: Redaction) -> Vec<Range<usize>> {
    let kind = FileKind::of(path);
    let content = line.trim_end();
    let assigned = match kind {
        Some(FileKind::DotEnv) => content.find('='),
        Some(kind) if kind.is_code() => None,
        _ if redaction == Redaction::All => content.find(['=', ':']),
        _ => None,
    };
    let long_enough = |range: &Range<usize>| content[range.clone()].chars().count() >= SHORTEST_CREDENTIAL;
    let mut found: Vec<_> = assigned.map(|at| at + 1..content.len()).into_iter().filter(long_enough).collect();
    for literal in literals(content).into_iter().filter(long_enough) {
        let text = &content[literal.clone()];
        if redaction == Redaction::Likely && secrecy::runs_with_credentials(text) {
            found.extend(secrecy::in_command(text).into_iter().map(|part| literal.start + part.start..literal.start + part.end));
        } else if redaction == Redaction::All || is_credential(before, &content[..literal.start], text) {
            found.push(literal);
        }
    }
    if kind.is_some_and(FileKind::has_commands) {
        found.extend(secrecy::in_command(content));
    }
    found
}

/// The insides of the quoted literals of a line; one without a closing quote reaches to the end.
fn literals(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open: Option<(char, usize)> = None;
    let mut chars = line.char_indices();
    while let Some((at, c)) = chars.next() {
        match open {
            None if matches!(c, '"' | '\'' | '`') => open = Some((c, at + 1)),
            Some(_) if c == '\\' => {
                chars.next();
            }
            Some((quote, start)) if c == quote => {
                found.push(start..at);
                open = None;
            }
            _ => {}
        }
    }
    found.extend(open.map(|(_, start)| start..line.len()));
    found
}

/// Whether a literal may be a credential, by the names it is given (what stands `above` its line and `before` it there) or
/// by its shape. The module of an import never is.
fn is_credential(above: &str, before: &str, literal: &str) -> bool {
    let before = before.trim_end_matches(['"', '\'', '`']).trim_end();
    if ["from", "import", "import(", "require("].iter().any(|keyword| before.ends_with(keyword)) {
        return false;
    }
    let around = containers(above, before).into_iter().rev().fold(Around::default(), |around, container| match container {
        Container::Named(name) => around.property(name),
        Container::Element => around.element(),
    });
    matches!(secrecy::text(literal.to_owned(), around.property(name_at_end(before))), Text::Redacted { .. })
}

/// The name that ends a text, before what may stand between it and its value.
fn name_at_end(text: &str) -> &str {
    let named = text.trim_end_matches(|c: char| c.is_whitespace() || "\"'`:=?|([{".contains(c));
    let start =
        named.rfind(|c: char| !c.is_alphanumeric() && !"_-$".contains(c)).map_or(0, |at| named.ceil_char_boundary(at + 1));
    &named[start..]
}

/// An object or array around a literal.
enum Container<'t> {
    /// It is given to a name.
    Named(&'t str),
    /// It is an element of the next one.
    Element,
}

/// The objects and arrays that are open at the end of a line and what stands above it, the innermost first, up to the call
/// they are given to.
fn containers<'t>(above: &'t str, line: &'t str) -> Vec<Container<'t>> {
    let above = &above[above.ceil_char_boundary(above.len().saturating_sub(LOOKED_AT_BEFORE))..];
    let mut closed = 0_usize;
    let mut found = Vec::new();
    for text in [line, above] {
        for (at, bracket) in text.rmatch_indices(['{', '[', '(', '}', ']', ')']) {
            let before = text[..at].trim_end();
            match bracket {
                "}" | "]" | ")" => closed += 1,
                _ if closed > 0 => closed -= 1,
                "(" => return found,
                _ if before.ends_with([':', '=']) => found.push(Container::Named(name_at_end(before))),
                _ => found.push(Container::Element),
            }
        }
    }
    found
}

/// Ranges in order, those that touch or overlap made one.
fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str, part: &str) -> Span {
        let start = text.find(part).expect("present");
        Span::new(start, start + part.len())
    }

    fn shown(path: &str, text: &str, part: &str, redaction: Redaction) -> (String, String) {
        let span = span(text, part);
        let excerpt = Excerpt::new(path, text, &[span], redaction).expect("the span lies in the text");
        let place = excerpt.place(span, 200);
        (excerpt.text[place].to_owned(), excerpt.text)
    }

    #[test]
    fn places_move_along_with_what_is_taken_out() {
        let text = "a\nauth({ secret: \"hunter2hunter2\", trust: \"*\" })\nb\n";
        let (place, line) = shown("a.ts", text, "trust: \"*\"", Redaction::Likely);
        assert_eq!(line, "auth({ secret: \"…\", trust: \"*\" })");
        assert_eq!(place, "trust: \"*\"");
        let (place, _) = shown("a.ts", text, "\"hunter2hunter2\"", Redaction::Likely);
        assert_eq!(place, "\"…\"");
        let (place, _) = shown("a.ts", text, "hunter2hunter2", Redaction::Likely);
        assert_eq!(place, "…");
        let (place, _) = shown("a.ts", text, "ter2hunter2\", tr", Redaction::Likely);
        assert_eq!(place, "…\", tr");
    }

    #[test]
    fn literals_that_look_like_credentials_are_taken_out() {
        let likely = |line: &str| shown("a.ts", line, &line[..1], Redaction::Likely).1;
        assert_eq!(likely("import \"drizzle-orm/better-sqlite3\""), "import \"drizzle-orm/better-sqlite3\"");
        assert_eq!(likely("clientSecret: process.env.X ?? 'abcd'"), "clientSecret: process.env.X ?? 'abcd'");
        assert_eq!(likely("clientSecret: 'abcd'"), "clientSecret: '…'");
        assert_eq!(likely("process.env.AUTH_SECRET || \"dev-only\""), "process.env.AUTH_SECRET || \"…\"");
        assert_eq!(likely("\"API_KEY\": \"abcd\""), "\"API_KEY\": \"…\"");
        assert_eq!(likely("x(`postgres://u:p@db/app`)"), "x(`…`)");
        assert_eq!(likely("x('AbCdEf0123456789abcdef')"), "x('…')");
        assert_eq!(
            likely("import { passkey } from \"@better-auth/passkey\""),
            "import { passkey } from \"@better-auth/passkey\""
        );
        assert_eq!(likely("baseURL: \"https://app.example.com/api/auth\""), "baseURL: \"https://app.example.com/api/auth\"");
        assert_eq!(shown(".env", "AUTH_SECRET=abc def", "AUTH", Redaction::Likely).1, "AUTH_SECRET=…");
    }

    #[test]
    fn credentials_of_commands_are_taken_out() {
        for (path, line, expected) in [
            ("package.json", "\"m\": \"SECRET=hunter npx auth migrate\"", "\"m\": \"SECRET=… npx auth migrate\""),
            ("Dockerfile", "RUN npx auth migrate --secret hunter", "RUN npx auth migrate --secret …"),
            ("a.ts", "if (secret = hunter) {}", "if (secret = hunter) {}"),
            ("a.ts", "run('mysql -phunter app')", "run('mysql -p… app')"),
            ("a.ts", "run(`PGPASSWORD=hunter psql app`)", "run(`PGPASSWORD=… psql app`)"),
        ] {
            assert_eq!(shown(path, line, &line[..1], Redaction::Likely).1, expected);
        }
    }

    #[test]
    fn what_stands_around_a_literal_tells_as_well() {
        let shown = |text: &str| shown("a.ts", text, "k: ", Redaction::Likely).1;
        let (above, below) = ("f({ x: [1],\n  headers: {\n    a: g({ b: 1 }),\n", "\n});");
        assert_eq!(shown(&format!("{above}    k: 'abcd',{below}")), "    k: '…',");
        assert_eq!(shown("secrets: [{ version: 2, k: 'abcd' }]"), "secrets: [{ version: 2, k: '…' }]");
        assert_eq!(shown("headers: f({ k: 'abcd' })"), "headers: f({ k: 'abcd' })");
        assert_eq!(shown("headers: [{ k: 'abcd' }]"), "headers: [{ k: 'abcd' }]");
    }

    #[test]
    fn a_rule_about_secrets_shows_no_literal() {
        let all = |path: &str, line: &str| shown(path, line, &line[..1], Redaction::All).1;
        assert_eq!(all("a.ts", "f('one', \"tw\\\"o\", 'abc', `open"), "f('one', \"…\", 'abc', `…");
        assert_eq!(all("compose.yml", "AUTH: abcdef"), "AUTH:…");
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("{}betterAuth({}", "é".repeat(5000), "x".repeat(5000));
        let (place, line) = shown("a.js", &text, "betterAuth", Redaction::Likely);
        assert_eq!(place, "betterAuth");
        assert!(line.len() < 500 && line.starts_with('…') && line.ends_with('…'), "{}", line.len());
    }

    #[test]
    fn a_span_of_several_lines_shows_its_first() {
        let text = "auth({\r\n  a,\n})\n";
        let excerpt = Excerpt::new("a.ts", text, &[Span::new(0, text.len())], Redaction::Likely).expect("in the text");
        assert_eq!(excerpt.text[excerpt.place(Span::new(0, text.len()), 200)], *"auth({");
        assert_eq!(excerpt.place(Span::new(0, text.len()), 3), 0..3);
    }

    #[test]
    fn spans_that_do_not_fit_do_no_harm() {
        assert!(Excerpt::new("a.ts", "abc", &[Span::new(90, 99)], Redaction::Likely).is_none());
        let excerpt = Excerpt::new("a.ts", "aé", &[Span::new(2, 99)], Redaction::Likely).expect("starts in the text");
        let _ = excerpt.place(Span::new(2, 99), 80);
        assert!(Excerpt::new("a.ts", "", &[Span::new(0, 0)], Redaction::Likely).is_some());
    }

    proptest::proptest! {
        #[test]
        fn any_text_and_any_spans_are_taken(
            text in "[a-z\"'`=:\\\\ \\né🎈]{0,120}", a in 0u32..500, b in 0u32..500, c in 0u32..500, width in 0usize..90, all: bool
        ) {
            let redaction = if all { Redaction::All } else { Redaction::Likely };
            let spans = [Span { start: a, end: b }, Span { start: c, end: c }];
            if let Some(excerpt) = Excerpt::new("a.ts", &text, &spans, redaction) {
                for span in spans {
                    let place = excerpt.place(span, width);
                    proptest::prop_assert!(excerpt.text.get(place).is_some());
                }
            }
        }
    }
}
