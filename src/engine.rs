//! `review(snapshot, bases, config, store) -> Review`: the only orchestration.

use crate::finding::{Finding, Undetermined};
use crate::source::SnapshotKind;

/// The result of a review, ready to be reported.
#[derive(Debug, Clone)]
pub struct Review {
    /// What was reviewed.
    pub snapshot: SnapshotKind,
    /// What it was compared with, for people: `HEAD`, a revision; `None` when everything counts as existing.
    pub base: Option<String>,
    /// Findings that are not suppressed, sorted by severity, file and place.
    pub findings: Vec<Finding>,
    /// Questions that could not be answered, sorted.
    pub undetermined: Vec<Undetermined>,
    /// How many findings were suppressed by a comment or the baseline.
    pub suppressed: usize,
    /// Things worth telling about suppressions, configuration and unread files: one line each.
    pub notes: Vec<String>,
    /// Files that had a part in the picture.
    pub files_reviewed: usize,
    /// Of these, files that the change under review touches.
    pub files_changed: usize,
    /// The gate's decision.
    pub blocked: bool,
    /// Texts of the files findings point into, for rendering: path and content.
    pub texts: std::collections::BTreeMap<String, String>,
}
