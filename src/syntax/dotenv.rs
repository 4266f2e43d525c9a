//! Env files, as the `dotenv` package reads them (<https://github.com/motdotla/dotenv#what-rules-does-the-parsing-engine-follow>).

use std::borrow::Cow;

use crate::source::Span;

/// One assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment<'t> {
    /// The name.
    pub name: &'t str,
    /// The value without quotes and comment.
    pub value: Cow<'t, str>,
    /// From the name to the end of the value.
    pub span: Span,
}

/// The assignments of an env file, in order. Lines that are none are passed over.
#[must_use]
pub fn assignments(text: &str) -> Vec<Assignment<'_>> {
    let mut found = Vec::new();
    let mut at = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
    while at < text.len() {
        let line_end = end_of_line(text, at);
        let mut end = line_end;
        if let Some((name, value_at)) = name(text, at, line_end) {
            let (value, value_end) = value(text, value_at, line_end);
            found.push(Assignment { name: name.of(text), value, span: Span::new(name.start as usize, value_end) });
            end = end_of_line(text, value_end);
        }
        at = end + 1;
    }
    found
}

fn end_of_line(text: &str, from: usize) -> usize {
    memchr::memchr(b'\n', &text.as_bytes()[from..]).map_or(text.len(), |length| from + length)
}

/// The name assigned to on a line, and where its value starts.
fn name(text: &str, from: usize, line_end: usize) -> Option<(Span, usize)> {
    let line = &text[from..line_end];
    let content = line.trim_start();
    let content = match content.strip_prefix("export") {
        Some(rest) if rest.starts_with([' ', '\t']) => rest.trim_start(),
        _ => content,
    };
    let start = line_end - content.len();
    let length = content.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')))?;
    let rest = content[length..].trim_start();
    let value = rest.strip_prefix('=').or_else(|| rest.strip_prefix(": "))?;
    (length > 0).then(|| (Span::new(start, start + length), line_end - value.len()))
}

/// The value that starts on a line, perhaps running on over further lines inside quotes, and where it ends.
fn value(text: &str, from: usize, line_end: usize) -> (Cow<'_, str>, usize) {
    let line = &text[from..line_end];
    let start = from + (line.len() - line.trim_start().len());
    if let Some(quote @ (b'"' | b'\'' | b'`')) = text.as_bytes()[..line_end].get(start)
        && let Some(close) = closing(text.as_bytes(), start + 1, *quote)
    {
        let inner = &text[start + 1..close];
        let value = if *quote == b'"' && inner.contains('\\') {
            Cow::Owned(inner.replace("\\n", "\n").replace("\\r", "\r").replace("\\\"", "\""))
        } else {
            Cow::Borrowed(inner)
        };
        return (value, close + 1);
    }
    let value = text[start..line_end].split('#').next().unwrap_or("").trim_end();
    (Cow::Borrowed(value), start + value.len())
}

/// Where a quoted value ends: at the next quote of its kind that no backslash escapes.
fn closing(bytes: &[u8], from: usize, quote: u8) -> Option<usize> {
    memchr::memchr_iter(quote, bytes.get(from..)?).map(|offset| from + offset).find(|&at| bytes[at - 1] != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_quotes_comments_and_exports() {
        let text =
            "# c\nA=1\nexport B = two # no\nC=\"x # y\" # z\nD='\nline\n'\nE=\nF: g\n not one\nH=`q\"q`\nI=\"open\nJ=\"a\\nb\"";
        let found: Vec<_> = assignments(text).into_iter().map(|a| (a.name, a.value.into_owned())).collect();
        let expected = [
            ("A", "1"),
            ("B", "two"),
            ("C", "x # y"),
            ("D", "\nline\n"),
            ("E", ""),
            ("F", "g"),
            ("H", "q\"q"),
            ("I", "open\nJ="),
        ];
        assert_eq!(found, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn an_unclosed_quote_ends_with_its_line() {
        let text = "A=\"open\nB=2\r\n";
        let found = assignments(text);
        assert_eq!(found.iter().map(|a| &*a.value).collect::<Vec<_>>(), ["\"open", "2"]);
        assert_eq!(found[1].span.of(text), "B=2");
    }

    proptest! {
        #[test]
        fn never_panics_and_spans_lie_on_boundaries(text in "[A=:#'\"`\\\\ é🎈\u{A0}\r\n]{0,60}|\\PC{0,60}") {
            for assignment in assignments(&text) {
                let span = assignment.span;
                prop_assert!(text.is_char_boundary(span.start as usize) && text.is_char_boundary(span.end as usize));
            }
        }
    }
}
