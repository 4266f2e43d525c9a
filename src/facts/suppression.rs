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

/// Finds the suppression comments of a text.
#[must_use]
pub fn find(text: &str) -> Vec<Suppression> {
    memmem::find_iter(text.as_bytes(), MARKER).filter_map(|at| parse(text, at)).collect()
}

fn parse(text: &str, at: usize) -> Option<Suppression> {
    let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let before = text[line_start..at].trim_end();
    let opener = OPENERS.iter().filter(|opener| before.ends_with(**opener)).max_by_key(|opener| opener.len())?;
    let rest = &text[at + MARKER.len()..];
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
        span: Span::new(at, at + MARKER.len() + line.trim_end().len()),
        own_line: before.trim_end_matches(opener).trim().is_empty(),
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
}
