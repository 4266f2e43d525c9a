//! Applies the edits of findings, review after review, until nothing is left that can be applied.
//!
//! Each round reviews what the round before left, so that every edit is made for the text it is put into: two findings
//! that add to one place are repaired one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cache::FactStore;
use crate::engine::{self, Options, ReviewError, Surroundings};
use crate::finding::{Applicability, Edit, Finding, Fix};
use crate::source::{Entry, FileKind, Installed, MAX_SOURCE_BYTES, Snapshot, SnapshotKind, Unreadable};

/// Rounds after which the rest is left.
const MOST_ROUNDS: usize = 100;

/// Which findings are repaired.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Those of one rule alone.
    pub rule: Option<String>,
    /// Also by edits that have to be looked at.
    pub also_unsafe: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The changed files, by path.
    pub files: BTreeMap<Arc<str>, Change>,
    /// The findings that were repaired, in order.
    pub fixed: Vec<Finding>,
    /// The findings whose edits could not be applied, or that have none though what is to be done is known; and why.
    pub skipped: Vec<(Finding, String)>,
    /// The findings that nothing was done about.
    pub left: usize,
}

/// A file before and after.
#[derive(Debug)]
pub struct Change {
    /// The bytes the edits were made for.
    pub before: Vec<u8>,
    /// The text to write.
    pub after: String,
}

/// Reviews a snapshot and applies what its findings know.
///
/// # Errors
/// As [`engine::review`].
pub fn fix(
    snapshot: &dyn Snapshot,
    installed: Option<&dyn Installed>,
    options: &Options,
    store: &dyn FactStore,
    wanted: &Wanted,
) -> Result<Outcome, ReviewError> {
    let mut overlay = Overlay::new(snapshot);
    let mut outcome = Outcome::default();
    // An edit that leaves its finding in place is not made again.
    let mut applied: BTreeSet<(String, Vec<String>)> = BTreeSet::new();
    let mut first: Option<BTreeSet<String>> = None;
    let around = Surroundings { worktree: None, installed };
    for _ in 0..MOST_ROUNDS {
        let findings = engine::review(&overlay, &[], around, options, store)?.findings;
        outcome.left = findings.len();
        outcome.skipped.clear();
        let first = first.get_or_insert_with(|| findings.iter().map(|finding| finding.fingerprint.clone()).collect());
        let mut round = Round::default();
        for finding in findings.into_iter().filter(|finding| wanted.is_of_rule(finding)) {
            let fix = match (&finding.fix, &finding.refusal) {
                (Some(fix), _) if wanted.takes(fix) => fix,
                (Some(fix), _) => {
                    let how = if fix.applicability == Applicability::Unsafe { "`--unsafe` makes it" } else { "it is shown only" };
                    let why = format!("the edit has to be looked at: {how}");
                    outcome.skipped.push((finding, why));
                    continue;
                }
                // What a repair leaves to be done is its next step.
                (None, Some(_)) if !first.contains(&finding.fingerprint) => continue,
                (None, Some(why)) => {
                    let why = why.clone();
                    outcome.skipped.push((finding, why));
                    continue;
                }
                (None, None) => continue,
            };
            let texts = fix.edits.iter().map(|edit| edit.text.clone()).collect();
            if applied.contains(&(finding.fingerprint.clone(), texts)) {
                outcome.skipped.push((finding, "the edit was made and did not help".into()));
                continue;
            }
            match round.add(&overlay, &fix.edits) {
                Ok(()) => round.fixed.push(finding),
                Err(why) => outcome.skipped.push((finding, why)),
            }
        }
        if round.fixed.is_empty() {
            break;
        }
        for finding in &round.fixed {
            let texts = finding.fix.iter().flat_map(|fix| &fix.edits).map(|edit| edit.text.clone()).collect();
            applied.insert((finding.fingerprint.clone(), texts));
        }
        for (file, edits) in round.edits {
            overlay.change(&file, &edits);
        }
        outcome.fixed.append(&mut round.fixed);
    }
    outcome.files = overlay.changes;
    Ok(outcome)
}

impl Wanted {
    fn is_of_rule(&self, finding: &Finding) -> bool {
        self.rule.as_ref().is_none_or(|rule| finding.rule == *rule)
    }

    fn takes(&self, fix: &Fix) -> bool {
        match fix.applicability {
            Applicability::Safe => true,
            Applicability::Unsafe => self.also_unsafe,
            Applicability::DisplayOnly => false,
        }
    }
}

/// The edits of one round, none of which touches another.
#[derive(Default)]
struct Round {
    edits: BTreeMap<Arc<str>, Vec<(usize, usize, String)>>,
    fixed: Vec<Finding>,
}

impl Round {
    /// Takes the edits of a finding, all or none.
    fn add(&mut self, overlay: &Overlay<'_>, edits: &[Edit]) -> Result<(), String> {
        let mut taken = Vec::new();
        for edit in edits {
            let site = edit.site.as_ref().ok_or("the edit has no place")?;
            let text = overlay.text(&site.file)?;
            let (start, end) = (site.span.start as usize, site.span.end as usize);
            if text.get(start..end).is_none() {
                return Err(format!("{} is another one than was reviewed", site.file));
            }
            let touches = |(from, to, _): &(usize, usize, String)| start <= *to && *from <= end;
            if self.edits.get(&site.file).is_some_and(|known| known.iter().any(touches)) {
                return Err(format!("another repair changes the same place of {}", site.file));
            }
            let inserted =
                if text.contains("\r\n") { edit.text.replace("\r\n", "\n").replace('\n', "\r\n") } else { edit.text.clone() };
            taken.push((Arc::clone(&site.file), (start, end, inserted)));
        }
        for (file, edit) in taken {
            self.edits.entry(file).or_default().push(edit);
        }
        Ok(())
    }
}

/// A snapshot with changes on top.
struct Overlay<'s> {
    below: &'s dyn Snapshot,
    entries: Vec<Entry>,
    changes: BTreeMap<Arc<str>, Change>,
}

impl<'s> Overlay<'s> {
    fn new(below: &'s dyn Snapshot) -> Self {
        // An object of git may differ from the file on disk, by its line endings for one.
        let entries = below.entries().iter().map(|entry| Entry { blob: None, ..entry.clone() }).collect();
        Self { below, entries, changes: BTreeMap::new() }
    }

    /// The text of a file that can be edited: what is not UTF-8 would be written in another encoding.
    fn text(&self, path: &str) -> Result<String, String> {
        if let Some(change) = self.changes.get(path) {
            return Ok(change.after.clone());
        }
        let entry = self.entry(path).ok_or_else(|| format!("{path} is not there"))?;
        let limit = FileKind::of(path).map_or(MAX_SOURCE_BYTES, FileKind::max_bytes);
        let bytes = self.below.read(&entry, limit).map_err(|why| format!("{path}: {why}"))?;
        String::from_utf8(bytes).map_err(|_| format!("{path} is not UTF-8"))
    }

    /// Replaces parts of a file; they do not overlap.
    fn change(&mut self, path: &Arc<str>, edits: &[(usize, usize, String)]) {
        let Ok(mut text) = self.text(path) else { return };
        let before = text.clone().into_bytes();
        let mut edits: Vec<_> = edits.iter().collect();
        edits.sort_by_key(|(start, end, _)| (*start, *end));
        for (start, end, with) in edits.into_iter().rev() {
            text.replace_range(*start..*end, with);
        }
        let change = self.changes.entry(Arc::clone(path)).or_insert(Change { before, after: String::new() });
        change.after = text;
    }
}

impl Snapshot for Overlay<'_> {
    fn kind(&self) -> SnapshotKind {
        self.below.kind()
    }

    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn links(&self) -> Vec<Arc<str>> {
        self.below.links()
    }

    fn read(&self, entry: &Entry, limit: usize) -> Result<Vec<u8>, Unreadable> {
        match self.changes.get(&entry.path) {
            Some(change) if change.after.len() > limit => Err(Unreadable::TooLarge(change.after.len() as u64)),
            Some(change) => Ok(change.after.clone().into_bytes()),
            None => self.below.read(entry, limit),
        }
    }
}
