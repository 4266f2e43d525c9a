//! What `fix` did, for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::text::{clean, count};
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
    // One that goes on after another says that one too.
    let goes_on = |step: &&str| next.iter().any(|other| other != step && other.starts_with(step));
    for step in next.iter().filter(|step| !goes_on(step)) {
        let _ = writeln!(text, "next: {}", clean(step));
    }
    let (fixed, files) = (count(outcome.fixed.len(), "finding"), count(outcome.files.len(), "file"));
    let _ = writeln!(text, "auth-review: {fixed} fixed in {files}, {} left", count(outcome.left, "finding"));
    if outcome.left > 0 {
        text.push_str("  `git auth-review` shows what is left, and what to write\n");
    }
    text
}

/// The repairs that were not made: the findings, why, and what to do instead, once for those that have both in common.
#[must_use]
pub fn skipped(outcome: &Outcome) -> String {
    let mut groups: Vec<(String, String)> = Vec::new();
    for (finding, why) in &outcome.skipped {
        let place = format!("{}:{}", clean(&finding.location.file), finding.location.line);
        let line = format!("skipped: {place}: {} [{}]\n", clean(&finding.message), clean(&finding.rule));
        let next = finding.help.migration.as_ref().or(finding.help.server.as_ref());
        let next = next.map(|next| format!("  next: {}\n", clean(next))).unwrap_or_default();
        let rest = format!("  why: {}\n{next}", clean(why));
        match groups.iter_mut().find(|(_, known)| *known == rest) {
            Some((lines, _)) => lines.push_str(&line),
            None => groups.push((line, rest)),
        }
    }
    groups.into_iter().map(|(lines, rest)| lines + &rest).collect()
}
