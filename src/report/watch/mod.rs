//! What is wrong in a work tree while it is being worked on: a [`Board`] that follows the reviews, as events for a pipe and
//! as a frame for a screen.

mod event;
mod frame;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::engine::Review;
use crate::finding::Finding;
use crate::finding::pairing;
use crate::source::FileKind;
use crate::triage::order;

pub use event::Event;
pub use frame::{View, frame};

/// What is wrong now, what just appeared and what just went.
#[derive(Debug, Default)]
pub struct Board {
    review: Option<Review>,
    /// Fingerprints of the findings that the last change of the findings brought.
    appeared: BTreeSet<String>,
    /// The findings that it took away.
    gone: Vec<Finding>,
    /// The file that was last edited.
    edited: Option<Arc<str>>,
    /// The files that were read everywhere until they were edited.
    broken: BTreeSet<Arc<str>>,
    /// Fingerprints of the findings from before that, which nothing is known of until the files can be read again.
    held: BTreeSet<String>,
    /// Why the last review could not be made: what is shown is from before.
    error: Option<String>,
    /// What is worth knowing about the watching itself.
    notice: Option<String>,
    took: Duration,
}

/// What happened to files since the review before.
#[derive(Debug, Clone, Default)]
pub struct Saved {
    /// The files that were written, created or moved to their place.
    pub written: Vec<Arc<str>>,
    /// The files that are not there any more.
    pub removed: Vec<Arc<str>>,
}

impl Saved {
    /// All of them.
    fn files(&self) -> Vec<Arc<str>> {
        let mut files = [self.written.as_slice(), &self.removed].concat();
        files.sort_unstable();
        files
    }
}

impl Board {
    /// Takes in a review, and the files that were written and removed before it. Gives what has happened.
    pub fn reviewed(&mut self, mut review: Review, saved: &Saved, took: Duration) -> Vec<Event> {
        let (is_first, is_ready) = (self.review.is_none(), self.review.is_none() || self.error.is_some());
        let is_breaking = self.follow_edits(&review, saved);
        let mut before = self.review.take().map(|review| review.findings).unwrap_or_default();
        before.sort_by(|a, b| a.location.cmp(&b.location));
        let earlier = pairing::pairs(before.iter().map(Finding::mark), review.findings.iter().map(Finding::mark));
        keep_fingerprints(&mut review.findings, &before, &earlier);
        let mut before: Vec<Option<Finding>> = before.into_iter().map(Some).collect();
        let (mut events, mut appeared) = (Vec::new(), BTreeSet::new());
        for (finding, earlier) in review.findings.iter().zip(earlier) {
            match earlier.and_then(|index| before[index].take()) {
                None => {
                    appeared.insert(finding.fingerprint.clone());
                    events.push(Event::Appeared { finding: finding.clone() });
                }
                Some(old) if old != *finding => events.push(Event::Changed { finding: finding.clone() }),
                Some(_) => {}
            }
        }
        let is_held = |finding: &Finding| is_breaking || !self.broken.is_empty() && self.held.contains(&finding.fingerprint);
        let (held, gone): (Vec<Finding>, Vec<Finding>) = before.into_iter().flatten().partition(is_held);
        events.splice(0..0, gone.iter().map(|finding| Event::Gone { finding: finding.clone() }));
        if is_first {
            appeared.clear();
        }
        if !appeared.is_empty() || !gone.is_empty() {
            (self.appeared, self.gone) = (appeared, gone);
        }
        self.held = held.iter().map(|finding| finding.fingerprint.clone()).collect();
        review.findings.extend(held);
        review.findings.sort_by(order);
        (self.error, self.took) = (None, took);
        events.push(event::summary(&review, is_ready, saved, took));
        self.review = Some(review);
        events
    }

    /// Finds out which file was edited, and which ones cannot be read any more since they were. Gives whether what is not
    /// found in this review may be missing for that reason alone.
    fn follow_edits(&mut self, review: &Review, saved: &Saved) -> bool {
        self.broken.retain(|file| review.unread.contains_key(&**file));
        let mut sources = saved.written.iter().filter(|file| FileKind::of(file).is_some());
        match (sources.next(), sources.next()) {
            (Some(file), None) => {
                self.edited = Some(Arc::clone(file));
                let was_read = self.review.as_ref().is_some_and(|before| !before.unread.contains_key(&**file));
                if was_read && review.unread.contains_key(&**file) {
                    self.broken.insert(Arc::clone(file));
                }
                return self.broken.contains(file);
            }
            // Several files at once are git's doing, not an editor's.
            (Some(_), Some(_)) => self.edited = None,
            (None, _) => self.edited = self.edited.take().filter(|file| !saved.removed.contains(file)),
        }
        false
    }

    /// Takes in that no review could be made. Gives what has happened: nothing, when that is known already.
    pub fn failed(&mut self, why: String) -> Vec<Event> {
        if self.error.as_ref() == Some(&why) {
            return Vec::new();
        }
        self.error = Some(why.clone());
        vec![Event::Error { message: why }]
    }

    /// Takes in something worth knowing about the watching itself. Gives what has happened: nothing, when that is known
    /// already.
    pub fn noticed(&mut self, notice: String) -> Vec<Event> {
        if self.notice.as_ref() == Some(&notice) {
            return Vec::new();
        }
        self.notice = Some(notice.clone());
        vec![Event::Notice { message: notice }]
    }
}

/// Has every finding keep the fingerprint it is known by, though a copy that appeared or went may have changed its place
/// among its equals; those that appeared have the ones that are left.
fn keep_fingerprints(findings: &mut [Finding], before: &[Finding], earlier: &[Option<usize>]) {
    let kept: BTreeSet<&str> = earlier.iter().flatten().map(|&index| before[index].fingerprint.as_str()).collect();
    let mut free: BTreeMap<String, VecDeque<String>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| !kept.contains(finding.fingerprint.as_str())) {
        free.entry(finding.family.clone()).or_default().push_back(finding.fingerprint.clone());
    }
    for (finding, earlier) in findings.iter_mut().zip(earlier) {
        let known = earlier.map(|index| before[index].fingerprint.clone());
        let next = || free.get_mut(&finding.family).and_then(VecDeque::pop_front);
        if let Some(fingerprint) = known.or_else(next) {
            finding.fingerprint = fingerprint;
        }
    }
}
