//! Suppression comments: `auth-review: ignore[rule-id] reason`, in the comment style of the file.

use memchr::memmem;
use serde::{Deserialize, Serialize};

use crate::source::Span;

/// One suppression comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// The rules named between the brackets, with or without their category.
    pub rules: Vec<String>,
    /// Everything after the brackets except the date; empty when none was given.
    pub reason: String,
    /// `until=YYYY-MM-DD`.
    pub until: Option<String>,
    /// From the marker to the end of the line.
    pub span: Span,
    /// Whether nothing but the comment stands on its line, so that it speaks of the next one.
    pub own_line: bool,
}

const MARKER: &str = "auth-review: ignore[";

/// What may stand before the marker when the comment has a line of its own.
const OPENERS: [&str; 7] = ["//", "#", "--", "<!--", "/*", "*", "{/*"];

/// A marker that a comment begins with.
struct Marker {
    /// Where the comment opens.
    start: usize,
    at: usize,
    own_line: bool,
}

/// Finds the suppression comments of a text. One ends with its line, or where the next one on the same line begins.
#[must_use]
pub fn find(text: &str) -> Vec<Suppression> {
    let markers = markers(text);
    let ends = markers.iter().skip(1).map(|next| next.start).chain([text.len()]);
    markers.iter().zip(ends).filter_map(|(marker, end)| parse(text, marker, end)).collect()
}

fn markers(text: &str) -> Vec<Marker> {
    let mut last_end = 0;
    let marker = |at| {
        // Not further back than to the marker before: a line of many is not read anew for each.
        let before = &text[std::mem::replace(&mut last_end, at + MARKER.len())..at];
        let line = before.rfind('\n').map(|newline| &before[newline + 1..]);
        let is_first = line.is_some() || before.len() == at;
        let line = line.unwrap_or(before);
        let before = line.trim_end();
        let opener = OPENERS.iter().filter(|opener| before.ends_with(**opener)).max_by_key(|opener| opener.len())?;
        let outside = before.trim_end_matches(opener);
        Some(Marker { start: at - line.len() + before.len() - opener.len(), at, own_line: is_first && outside.trim().is_empty() })
    };
    memmem::find_iter(text.as_bytes(), MARKER).filter_map(marker).collect()
}

fn parse(text: &str, marker: &Marker, end: usize) -> Option<Suppression> {
    let rest = &text[marker.at + MARKER.len()..end];
    let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
    let (rules, tail) = line.split_once(']')?;
    let tail = tail.trim_end().trim_end_matches("*/}").trim_end_matches("*/").trim_end_matches("-->");
    let mut until = None;
    let reason: Vec<&str> = tail
        .split_whitespace()
        .filter(|word| match word.strip_prefix("until=") {
            Some(date) => {
                until = Some(date.to_owned());
                false
            }
            None => true,
        })
        .collect();
    Some(Suppression {
        rules: rules.split(',').map(|rule| rule.trim().to_owned()).filter(|rule| !rule.is_empty()).collect(),
        reason: reason.join(" "),
        until,
        span: Span::new(marker.at, marker.at + MARKER.len() + line.trim_end().len()),
        own_line: marker.own_line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rules_reason_and_date() {
        let text = "a: 1, // auth-review: ignore[csrf/x, y] proxied upstream until=2027-01-01\n# auth-review: ignore[z]\nsay(\"auth-review: ignore[q]\")";
        let found = find(text);
        assert_eq!(found.len(), 2, "text inside a string is no comment");
        assert_eq!(found[0].rules, ["csrf/x", "y"]);
        assert_eq!(found[0].reason, "proxied upstream");
        assert_eq!(found[0].until.as_deref(), Some("2027-01-01"));
        assert!(!found[0].own_line);
        assert!(found[1].own_line && found[1].reason.is_empty());
    }

    #[test]
    fn several_on_a_line_are_kept_apart() {
        let text = "/* auth-review: ignore[a] one */ x /* auth-review: ignore[b] two, not auth-review: ignore[c] */\n";
        let found: Vec<_> = find(text).into_iter().map(|one| (one.rules.concat(), one.reason, one.own_line)).collect();
        assert_eq!(
            found,
            [
                ("a".to_owned(), "one */ x".to_owned(), true),
                ("b".to_owned(), "two, not auth-review: ignore[c]".to_owned(), false)
            ]
        );
    }

    #[test]
    fn hostile_input_takes_linear_memory() {
        let text = "// auth-review: ignore[a] b ".repeat(40_000);
        let kept: usize = find(&text).iter().map(|one| one.reason.len()).sum();
        assert!(kept < text.len());
    }
}
