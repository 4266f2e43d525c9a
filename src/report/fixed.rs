//! What `fix` did, for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::Style;
use super::terminal::looks;
use super::text::{Look, clean, count};
use crate::finding::Finding;
use crate::fix::Outcome;

/// What came of the repairs, and how it looks.
#[derive(Debug, Clone, Copy)]
pub struct Fixed<'o> {
    /// What came of them.
    pub outcome: &'o Outcome,
    /// How it looks.
    pub style: &'o Style,
}

impl Fixed<'_> {
    /// The repairs that were made, and what comes next.
    #[must_use]
    pub fn made(&self) -> String {
        let mut text = String::new();
        for finding in &self.outcome.fixed {
            let Some(fix) = &finding.fix else { continue };
            let files: BTreeSet<&str> = fix.edits.iter().map(|edit| edit.location.file.as_str()).collect();
            let files: Vec<_> = files.into_iter().map(clean).collect();
            let (word, rule) = (self.style.paint(Look::Strong, "fixed"), self.rule(finding));
            let _ = writeln!(text, "{word}: {} ({}) {rule}", clean(&fix.title), files.join(", "));
        }
        let steps = self.outcome.fixed.iter().filter_map(|finding| finding.fix.as_ref()?.next.as_deref());
        let next: BTreeSet<&str> = steps.collect();
        // One that goes on after another says that one too.
        let goes_on = |step: &&str| next.iter().any(|other| other != step && other.starts_with(step));
        for step in next.iter().filter(|step| !goes_on(step)) {
            let _ = writeln!(text, "{}: {}", self.style.paint(Look::Low, "next"), clean(step));
        }
        text
    }

    /// The repairs that were not made: the findings, why, and what to do instead, once for those that have both in common.
    #[must_use]
    pub fn skipped(&self) -> String {
        let mut groups: Vec<(String, String)> = Vec::new();
        for (finding, why) in &self.outcome.skipped {
            let place = format!("{}:{}", clean(&finding.location.file), finding.location.line);
            let (word, rule) = (self.style.paint(Look::Strong, "skipped"), self.rule(finding));
            let line = format!("{word}: {place}: {} {rule}\n", clean(&finding.message));
            let next = finding.help.migration.as_ref().or(finding.help.server.as_ref());
            let label = self.style.paint(Look::Low, "next");
            let next = next.map(|next| format!("  {label}: {}\n", clean(next))).unwrap_or_default();
            let rest = format!("  {}: {}\n{next}", self.style.paint(Look::Low, "why"), clean(why));
            match groups.iter_mut().find(|(_, known)| *known == rest) {
                Some((lines, _)) => lines.push_str(&line),
                None => groups.push((line, rest)),
            }
        }
        groups.into_iter().map(|(lines, rest)| lines + &rest).collect()
    }

    /// How much was done, and what is left.
    #[must_use]
    pub fn summary(&self) -> String {
        let Outcome { fixed, files, left, following, .. } = self.outcome;
        let (fixed, files) = (count(fixed.len(), "finding"), count(files.len(), "file"));
        let mut text = format!("auth-review: {fixed} fixed in {files}, {} left\n", count(*left, "finding"));
        if *following > 0 {
            let told = count(*following, "finding");
            let _ = writeln!(text, "  the migrations lack what is declared now until the next step is taken ({told})");
        }
        if *left > 0 {
            text.push_str("  `git auth-review` shows what is left, and what to write\n");
        }
        text
    }

    /// The rule of a finding, in the look of its severity.
    fn rule(&self, finding: &Finding) -> String {
        self.style.paint(looks(finding.severity).0, &format!("[{}]", clean(&finding.rule)))
    }
}
