//! Suppression comments against findings: which count, which do not and why.

use std::collections::HashMap;

use crate::facts::suppression::Suppression;
use crate::finding::{Finding, Severity};

/// A suppression comment and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Path from the repository root.
    pub file: String,
    /// 1-based line of the comment.
    pub line: u32,
    /// What it says.
    pub suppression: Suppression,
}

/// All comments of a snapshot, with what became of them.
pub(super) struct Comments {
    comments: Vec<Judged>,
    /// Places in `comments` by file.
    by_file: HashMap<String, Vec<usize>>,
}

struct Judged {
    comment: Comment,
    /// Why it cannot count at all.
    void: Option<String>,
    /// Whether a finding answers to each of its rules.
    used: Vec<bool>,
    /// A finding it would suppress if it gave a reason: rule and severity.
    lacks_reason: Option<(String, Severity)>,
}

impl Comments {
    pub(super) fn new(mut comments: Vec<Comment>, today: &str) -> Self {
        comments.sort_by(|a, b| (&a.file, a.line, a.suppression.span).cmp(&(&b.file, b.line, b.suppression.span)));
        let mut by_file: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, comment) in comments.iter().enumerate() {
            by_file.entry(comment.file.clone()).or_default().push(place);
        }
        let judged = |comment: Comment| Judged {
            void: void(&comment.suppression, today),
            used: vec![false; comment.suppression.rules.len()],
            lacks_reason: None,
            comment,
        };
        Self { comments: comments.into_iter().map(judged).collect(), by_file }
    }

    /// Whether a comment suppresses the finding.
    pub(super) fn suppress(&mut self, finding: &Finding) -> bool {
        let Some(places) = self.by_file.get(&finding.location.file) else { return false };
        let speaks: Vec<usize> = places.iter().copied().filter(|&place| self.speaks_of(place, places, finding)).collect();
        let mut suppressed = false;
        for place in speaks {
            let judged = &mut self.comments[place];
            let mut named = false;
            for (rule, used) in judged.comment.suppression.rules.iter().zip(&mut judged.used) {
                if names(rule, &finding.rule) {
                    *used = true;
                    named = true;
                }
            }
            if !named || judged.void.is_some() {
                continue;
            }
            if judged.comment.suppression.reason.is_empty() && finding.severity >= Severity::High {
                judged.lacks_reason.get_or_insert_with(|| (finding.rule.clone(), finding.severity));
            } else {
                suppressed = true;
            }
        }
        suppressed
    }

    /// Whether the comment stands where it speaks of the finding: on a line of its primary place, or on lines of its own
    /// directly above. Comments may be stacked.
    fn speaks_of(&self, place: usize, of_file: &[usize], finding: &Finding) -> bool {
        let (start, end) = (finding.location.line, finding.location.end_line);
        let comment = &self.comments[place].comment;
        if (start..=end).contains(&comment.line) {
            return true;
        }
        let own_line = |line: u32| {
            of_file
                .iter()
                .map(|&place| &self.comments[place].comment)
                .any(|other| other.line == line && other.suppression.own_line)
        };
        comment.suppression.own_line && comment.line < start && (comment.line..start).rev().all(own_line)
    }

    /// One line for each comment that does not do what its author meant.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for Judged { comment, void, used, lacks_reason } in &self.comments {
            let at = format!("{}:{}", comment.file, comment.line);
            if let Some(why) = void {
                notes.push(format!("{at}: the suppression does not count: {why}"));
                continue;
            }
            if let Some((rule, severity)) = lacks_reason {
                let severity = severity.name();
                notes.push(format!(
                    "{at}: the suppression of `{rule}` does not count: a {severity} finding needs a reason after the brackets"
                ));
            }
            for (rule, _) in comment.suppression.rules.iter().zip(used).filter(|(_, used)| !**used) {
                notes.push(format!("{at}: the suppression of `{rule}` matches no finding and can go"));
            }
        }
        notes
    }
}

/// Whether a name in a comment, with or without category, means `rule` (`category/id`).
fn names(name: &str, rule: &str) -> bool {
    name == rule || rule.rsplit_once('/').is_some_and(|(_, id)| id == name)
}

/// Why a comment cannot count whatever it stands at.
fn void(suppression: &Suppression, today: &str) -> Option<String> {
    if suppression.rules.is_empty() {
        return Some("it names no rule; write `ignore[rule-id] reason`".into());
    }
    let until = suppression.until.as_deref()?;
    if !is_date(until) {
        return Some(format!("`until={until}` is no date; write `until=YYYY-MM-DD`"));
    }
    // Dates of this form compare as text.
    (until < today).then(|| format!("it expired after {until}"))
}

/// Whether a text is a day of the Gregorian calendar as `YYYY-MM-DD` (ISO 8601, extended format).
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let number = |part: &str, digits: usize| {
        (part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse::<u32>().ok()).flatten()
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}
