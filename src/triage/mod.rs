//! What becomes of findings: turned off, suppressed, known, existing or new; and whether they block.

mod baseline;
mod comments;

use std::collections::BTreeSet;

use crate::config::Config;
pub use crate::config::FailOn;
use crate::finding::{Confidence, Finding, Status};
pub use baseline::{BASELINE_PATH, Baseline, BaselineError};
pub use comments::Comment;

/// Everything the decision rests on.
#[derive(Debug)]
pub struct Input<'a> {
    /// The findings of the snapshot under review, as the rules gave them.
    pub findings: Vec<Finding>,
    /// The fingerprints found in each parent. Without any parent nothing is compared: everything counts as existing,
    /// and the gate looks at all of it.
    pub bases: Vec<BTreeSet<String>>,
    /// The suppression comments of the snapshot.
    pub suppressions: Vec<Comment>,
    /// The text of [`BASELINE_PATH`] in the snapshot, where it is there.
    pub baseline: Option<&'a str>,
    /// The configuration in effect.
    pub config: &'a Config,
    /// The line of the gate.
    pub fail_on: FailOn,
    /// Only findings in files below these paths are reported, and block; all are, where there are none.
    pub paths: &'a [String],
    /// Today as `YYYY-MM-DD`.
    pub today: &'a str,
}

/// What is left to report.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The findings that stand, in the order of [`order`].
    pub findings: Vec<Finding>,
    /// How many were suppressed by a comment or the baseline.
    pub suppressed: usize,
    /// What is wrong with suppressions and the baseline: one line each.
    pub notes: Vec<String>,
    /// The gate's decision.
    pub blocked: bool,
}

/// Decides what becomes of each finding.
#[must_use]
pub fn triage(input: Input<'_>) -> Outcome {
    let Input { findings, bases, suppressions, baseline, config, fail_on, paths, today } = input;
    let mut notes = Vec::new();
    let baseline = match baseline.map(Baseline::parse) {
        Some(Ok(baseline)) => baseline,
        Some(Err(why)) => {
            notes.push(format!("{BASELINE_PATH} is not used: {why}"));
            Baseline::default()
        }
        None => Baseline::default(),
    };
    let suppressions = suppressions.into_iter().filter(|comment| !config.ignore.contains(&comment.file)).collect();
    let known = baseline.known(&findings);
    let mut comments = comments::Comments::new(suppressions, today);
    let mut suppressed = 0;
    let mut standing: Vec<Finding> = Vec::new();
    for mut finding in findings {
        let Some(severity) = config.severity(&finding.rule, finding.tier, finding.severity) else { continue };
        if config.ignore.contains(&finding.location.file) {
            continue;
        }
        finding.severity = severity;
        // Both are asked, so that a comment is not called unused because the baseline was faster.
        let by_comment = comments.suppress(&finding);
        if by_comment || known.contains(&finding.fingerprint) {
            suppressed += 1;
            continue;
        }
        let in_a_parent = bases.iter().any(|parent| parent.contains(&finding.fingerprint));
        finding.status = if bases.is_empty() || in_a_parent { Status::Existing } else { Status::New };
        standing.push(finding);
    }
    // Left out at the end, so that no suppression is called unused because of them.
    standing.retain(|finding| paths.is_empty() || paths.iter().any(|path| is_below(&finding.location.file, path)));
    standing.sort_by(order);
    let blocked = standing.iter().any(|finding| (bases.is_empty() || finding.status == Status::New) && blocks(finding, fail_on));
    notes.extend(comments.notes());
    Outcome { findings: standing, suppressed, notes, blocked }
}

fn is_below(file: &str, path: &str) -> bool {
    let path = path.trim_end_matches('/');
    path.is_empty() || path == "." || file == path || file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a finding is of the kind that blocks.
fn blocks(finding: &Finding, fail_on: FailOn) -> bool {
    finding.tier == 1 && finding.confidence >= Confidence::Medium && fail_on.includes(finding.severity)
}

/// The order in which findings are shown: the worst first, then by place, then by rule.
#[must_use]
pub fn order(a: &Finding, b: &Finding) -> std::cmp::Ordering {
    b.severity
        .cmp(&a.severity)
        .then_with(|| a.location.file.cmp(&b.location.file))
        .then_with(|| (a.location.line, a.location.column).cmp(&(b.location.line, b.location.column)))
        .then_with(|| a.rule.cmp(&b.rule))
        .then_with(|| a.fingerprint.cmp(&b.fingerprint))
}

#[cfg(test)]
mod tests;
