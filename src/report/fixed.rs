//! What `fix` did, for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::text::{clean, count};
use crate::finding::Finding;
use crate::fix::Outcome;

/// The repairs that were made, what comes next, and what is left.
#[must_use]
pub fn fixed(outcome: &Outcome) -> String {
    let mut text = String::new();
    for finding in &outcome.fixed {
        let Some(fix) = &finding.fix else { continue };
        let files: BTreeSet<&str> = fix.edits.iter().map(|edit| edit.location.file.as_str()).collect();
        let files: Vec<_> = files.into_iter().map(clean).collect();
        let _ = writeln!(text, "fixed: {} ({}) [{}]", clean(&fix.title), files.join(", "), clean(&finding.rule));
    }
    let next: BTreeSet<&str> = outcome.fixed.iter().filter_map(|finding| finding.fix.as_ref()?.next.as_deref()).collect();
    for step in next {
        let _ = writeln!(text, "next: {}", clean(step));
    }
    let (fixed, files) = (count(outcome.fixed.len(), "finding"), count(outcome.files.len(), "file"));
    let _ = writeln!(text, "auth-review: {fixed} fixed in {files}, {} left", count(outcome.left, "finding"));
    text
}

/// The repairs that could not be made, and why: one line each.
#[must_use]
pub fn skipped(outcome: &Outcome) -> String {
    let line = |(finding, why): &(Finding, String)| {
        format!("skipped: {} [{}]: {}\n", clean(&finding.location.file), clean(&finding.rule), clean(why))
    };
    outcome.skipped.iter().map(line).collect()
}
