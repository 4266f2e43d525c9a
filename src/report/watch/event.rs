//! What happened, one line each: as JSON for programs, as text for people.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::super::Style;
use super::super::json::{Summary, Tool, VERSION};
use super::super::terminal::{looks, outcome};
use super::super::text::{Look, clean};
use super::Saved;
use crate::engine::Review;
use crate::finding::{Finding, Undetermined};

/// Something that happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// There is a finding that was not there before.
    Appeared {
        /// The finding, as `check` reports it.
        finding: Finding,
    },
    /// A finding is still there, but tells of another place or other things.
    Changed {
        /// The finding as it is now.
        finding: Finding,
    },
    /// A finding is not there any more.
    Gone {
        /// The finding as it last was.
        finding: Finding,
    },
    /// The first review is complete, or the first one after an error.
    Ready(Reviewed),
    /// A later review is complete.
    Reviewed(Reviewed),
    /// No review could be made; the findings told of before stand as they were.
    Error {
        /// Why.
        message: String,
    },
    /// Something worth knowing about the watching itself.
    Notice {
        /// What.
        message: String,
    },
}

/// The end of a review.
#[derive(Debug, Clone, Serialize)]
pub struct Reviewed {
    version: u32,
    tool: Tool,
    /// Files that changed since the review before.
    files: Vec<Arc<str>>,
    milliseconds: f64,
    summary: Summary,
    undetermined: Vec<Undetermined>,
    /// The same for people.
    #[serde(skip)]
    outcome: String,
}

pub(super) fn summary(review: &Review, is_ready: bool, saved: &Saved, took: Duration) -> Event {
    let reviewed = Reviewed {
        version: VERSION,
        tool: Tool::THIS,
        files: saved.files(),
        milliseconds: took.as_secs_f64() * 1e3,
        summary: Summary::of(review),
        undetermined: review.undetermined.clone(),
        outcome: outcome(review),
    };
    if is_ready { Event::Ready(reviewed) } else { Event::Reviewed(reviewed) }
}

impl Event {
    /// The line for programs, with a line break at the end.
    #[must_use]
    pub fn json(&self) -> String {
        let mut line = serde_json::to_string(self).expect("plain data with text keys is always JSON");
        line.push('\n');
        line
    }

    /// The line for people, with a line break at the end.
    #[must_use]
    pub fn text(&self, style: &Style) -> String {
        match self {
            Self::Appeared { finding } => told("+", finding, style),
            Self::Changed { finding } => told("~", finding, style),
            Self::Gone { finding } => told("-", finding, style),
            Self::Ready(Reviewed { outcome, .. }) | Self::Reviewed(Reviewed { outcome, .. }) => {
                format!("auth-review: {outcome}\n")
            }
            Self::Error { message } => format!("{}: {}\n", style.paint(Look::Critical, "error"), clean(message)),
            Self::Notice { message } => format!("{}: {}\n", style.paint(Look::Low, "note"), clean(message)),
        }
    }
}

/// `+ src/auth.ts:7:13: critical[rule]: message`
fn told(mark: &str, finding: &Finding, style: &Style) -> String {
    let heading = format!("{}[{}]", finding.severity.name(), clean(&finding.rule));
    let heading = style.paint(looks(finding.severity).0, &heading);
    let location = &finding.location;
    let place = format!("{}:{}:{}", clean(&location.file), location.line, location.column);
    format!("{mark} {place}: {heading}: {}\n", clean(&finding.message))
}
