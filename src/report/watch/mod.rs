//! What is wrong in a work tree while it is being worked on: a [`Board`] that follows the reviews, as events for a pipe and
//! as a frame for a screen.

mod event;
mod frame;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::engine::Review;
use crate::finding::Finding;
use crate::source::FileKind;

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
    /// Why the last review could not be made: what is shown is from before.
    error: Option<String>,
    /// What is worth knowing about the watching itself.
    notice: Option<String>,
    took: Duration,
}

impl Board {
    /// Takes in a review and the files that changed before it. Gives what has happened.
    pub fn reviewed(&mut self, review: Review, changed: &[Arc<str>], took: Duration) -> Vec<Event> {
        let is_first = self.review.is_none();
        let is_ready = is_first || self.error.is_some();
        let mut before: BTreeMap<String, Finding> = BTreeMap::new();
        let findings = self.review.take().map(|review| review.findings).unwrap_or_default();
        before.extend(findings.into_iter().map(|finding| (finding.fingerprint.clone(), finding)));
        let (mut events, mut appeared) = (Vec::new(), BTreeSet::new());
        for finding in &review.findings {
            match before.remove(&finding.fingerprint) {
                None => {
                    appeared.insert(finding.fingerprint.clone());
                    events.push(Event::Appeared { finding: finding.clone() });
                }
                Some(old) if old != *finding => events.push(Event::Changed { finding: finding.clone() }),
                Some(_) => {}
            }
        }
        let gone: Vec<Finding> = before.into_values().collect();
        events.splice(0..0, gone.iter().map(|finding| Event::Gone { finding: finding.clone() }));
        if is_first {
            appeared.clear();
        }
        if !appeared.is_empty() || !gone.is_empty() {
            (self.appeared, self.gone) = (appeared, gone);
        }
        let mut sources = changed.iter().filter(|file| FileKind::of(file).is_some());
        if let Some(file) = sources.next() {
            // Several files at once are git's doing, not an editor's.
            self.edited = sources.next().is_none().then(|| Arc::clone(file));
        }
        (self.error, self.took) = (None, took);
        events.push(event::summary(&review, is_ready, changed, took));
        self.review = Some(review);
        events
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
