//! A review for people: what is wrong and where, why it matters, what to do on each side.

use std::fmt::Write as _;

use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use super::Style;
use super::excerpt::{Excerpt, Redaction};
use super::text::{Look, clean, columns, count, shorten, wrap, wrap_after};
use crate::engine::Review;
use crate::finding::{Finding, Location, Severity, Status};
use crate::source::{SnapshotKind, Span};

/// Most new findings the hook shows in full.
const MOST_IN_HOOK: usize = 10;

/// Most open questions a report lists.
const MOST_QUESTIONS: usize = 20;

/// Most lines of code a finding shows.
const MOST_CODE: usize = 30;

/// Columns a snippet needs beside the code and its label: line number, rails, margins.
const GUTTER: usize = 12;

/// Renders a review.
///
/// In a hook, existing findings are only counted, and nothing at all is said of a change that does not touch what is
/// reviewed.
#[must_use]
pub fn review(review: &Review, hook: bool, style: &Style) -> String {
    let (new, existing): (Vec<&Finding>, Vec<&Finding>) =
        review.findings.iter().partition(|finding| finding.status == Status::New);
    if hook && review.files_changed == 0 && new.is_empty() && !review.blocked {
        return String::new();
    }
    let mut out = String::new();
    if hook && review.base.is_some() {
        for finding in new.iter().take(MOST_IN_HOOK) {
            out.push_str(&render(finding, review, style));
        }
        if new.len() > MOST_IN_HOOK {
            let more = count(new.len() - MOST_IN_HOOK, "more new finding");
            let _ = writeln!(out, "… and {more}; `git auth-review --staged` shows all of them\n");
        }
    } else {
        for finding in &review.findings {
            out.push_str(&render(finding, review, style));
        }
    }
    if hook {
        out.push_str(&questions_in_a_line(review));
    } else {
        out.push_str(&questions(review, style));
    }
    for note in &review.notes {
        out.push_str(&labelled("note", note, style));
    }
    out.push_str(&summary(review, style));
    if hook && review.blocked {
        out.push_str(&ways_out(review.snapshot, new.first().or(existing.first()).copied()));
    }
    out
}

/// One finding: heading, excerpts of every file it touches, reason, remedies, and an empty line.
fn render(finding: &Finding, review: &Review, style: &Style) -> String {
    let (look, level) = looks(finding.severity);
    let (name, rule) = (finding.severity.name(), clean(&finding.rule));
    let status = if review.base.is_some() && finding.status == Status::Existing { " (existing)" } else { "" };
    let used = columns(name) + "[]".len() + columns(&rule) + columns(status) + ": ".len();
    let heading = format!("{name}[{}]", style.link(&finding.docs, &rule));
    let message = wrap_after(used, &clean(&finding.message), style.columns()).join("\n");
    let mut out = format!("{}{status}: {}\n", style.paint(look, &heading), style.paint(Look::Strong, &message));
    let group = Group::with_level(level).elements(excerpts(finding, review, style)).elements(remarks(finding, style));
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    out.push_str(&renderer.term_width(style.columns()).render(&[group]));
    out.push_str("\n\n");
    out
}

pub(super) fn looks(severity: Severity) -> (Look, Level<'static>) {
    match severity {
        Severity::Critical => (Look::Critical, Level::ERROR),
        Severity::High => (Look::High, Level::ERROR),
        Severity::Medium => (Look::Medium, Level::WARNING),
        Severity::Low => (Look::Low, Level::INFO),
    }
}

/// A place a finding points at.
struct Mark<'f> {
    kind: AnnotationKind,
    location: &'f Location,
    span: Option<Span>,
    label: &'f str,
}

/// The places of a finding, one excerpt for each file, that of the primary place first.
fn excerpts<'f>(finding: &'f Finding, review: &Review, style: &Style) -> Vec<Element<'f>> {
    let primary = Mark {
        kind: AnnotationKind::Primary,
        location: &finding.location,
        span: finding.site.as_ref().map(|site| site.span),
        label: &finding.label,
    };
    let related = finding.related.iter().map(|related| Mark {
        kind: AnnotationKind::Context,
        location: &related.location,
        span: related.site.as_ref().map(|site| site.span),
        label: &related.label,
    });
    let mut files: Vec<(&str, Vec<Mark<'f>>)> = Vec::new();
    for mark in std::iter::once(primary).chain(related) {
        match files.iter_mut().find(|(file, _)| *file == mark.location.file) {
            Some((_, marks)) => marks.push(mark),
            None => files.push((&mark.location.file, vec![mark])),
        }
    }
    let redaction = if finding.is_about_secrets() { Redaction::All } else { Redaction::Likely };
    let mut elements = Vec::new();
    for (file, marks) in files {
        let spans: Vec<Span> = marks.iter().filter_map(|mark| mark.span).collect();
        let excerpt = review.texts.get(file).and_then(|text| Excerpt::new(file, text, &spans, redaction));
        elements.push(excerpt.map_or_else(
            || {
                let Location { line, column, .. } = marks[0].location;
                Origin::path(clean(file).into_owned()).line(*line as usize).char_column(*column as usize).into()
            },
            |excerpt| snippet(file, excerpt, &marks, style).into(),
        ));
    }
    elements
}

/// An excerpt with its places underlined.
fn snippet<'f>(file: &str, excerpt: Excerpt, marks: &[Mark<'_>], style: &Style) -> Snippet<'f, Annotation<'f>> {
    let width = style.columns().saturating_sub(GUTTER);
    let annotations: Vec<Annotation<'f>> = marks
        .iter()
        .filter_map(|mark| {
            let label = (!mark.label.is_empty()).then(|| shorten(&clean(mark.label), width * 3 / 4).into_owned());
            Some(mark.kind.span(excerpt.place(mark.span?, width)).label(label))
        })
        .collect();
    Snippet::source(excerpt.text).path(clean(file).into_owned()).line_start(excerpt.first_line).annotations(annotations)
}

/// Why it matters, what to do, and where that is written.
fn remarks<'f>(finding: &'f Finding, style: &Style) -> Vec<Element<'f>> {
    let mut remarks: Vec<(&'static str, String)> = Vec::new();
    let prose = |label: &'static str, text: &str| {
        let used = GUTTER + columns(label);
        (!text.is_empty()).then(|| (label, wrap(text, style.columns().saturating_sub(used)).join("\n")))
    };
    remarks.extend(prose("why", &clean(&finding.why)));
    for (label, help) in [
        ("help: server", &finding.help.server),
        ("help: client", &finding.help.client),
        ("help: migration", &finding.help.migration),
    ] {
        remarks.extend(prose(label, help.as_deref().unwrap_or_default()));
    }
    if let Some(declaration) = &finding.help.declaration {
        remarks.push(("help: declare", code(declaration, finding.fix.is_some())));
    }
    let mut standing = format!("{} confidence", finding.confidence.name());
    if style.verbose {
        let _ = write!(standing, ", fingerprint {}", clean(&finding.fingerprint));
    }
    remarks.extend(prose("note", &standing));
    if !finding.docs.is_empty() {
        remarks.push(("docs", style.link(&finding.docs, &clean(&finding.docs))));
    }
    remarks.into_iter().map(|(label, text)| Level::NOTE.with_name(label).message(text).into()).collect()
}

/// Code as it is written, the beginning of it where it is long; `fixable` tells that a command writes it.
fn code(text: &str, fixable: bool) -> String {
    let mut lines: Vec<String> = text.lines().map(|line| clean(line).into_owned()).collect();
    if lines.len() > MOST_CODE {
        let command = if fixable { ", written by `git auth-review fix`" } else { "" };
        let more = count(lines.len() - MOST_CODE, "more line");
        lines.truncate(MOST_CODE);
        lines.push(format!("… {more}{command}"));
    }
    lines.join("\n")
}

/// The questions that could not be answered, one paragraph each.
fn questions(review: &Review, style: &Style) -> String {
    let mut out = String::new();
    for open in review.undetermined.iter().take(MOST_QUESTIONS) {
        let Location { file, line, column, .. } = &open.location;
        let text = format!("{}: {} ({}:{line}:{column})", clean(&open.question), clean(&open.reason), clean(file));
        out.push_str(&labelled("undetermined", &text, style));
    }
    if review.undetermined.len() > MOST_QUESTIONS {
        let more = count(review.undetermined.len() - MOST_QUESTIONS, "more question");
        let _ = writeln!(out, "… and {more}; `git auth-review inspect` shows all of them");
    }
    out
}

/// The questions as the hook tells of them.
fn questions_in_a_line(review: &Review) -> String {
    let open = review.undetermined.len();
    review.undetermined.first().map_or_else(String::new, |first| {
        let which = if open == 1 { "" } else { "the first: " };
        let open = count(open, "question");
        format!(
            "auth-review: {open} could not be answered statically: {which}{}; run `git auth-review inspect`\n",
            clean(&first.question)
        )
    })
}

/// A wrapped paragraph behind a word; further lines are indented.
fn labelled(label: &str, text: &str, style: &Style) -> String {
    let used = columns(label) + ": ".len();
    let lines = wrap_after(used.saturating_sub(2), &clean(text), style.columns().saturating_sub(2));
    format!("{}: {}\n", style.paint(Look::Low, label), lines.join("\n  "))
}

/// The last line: what was reviewed and what came of it.
fn summary(review: &Review, style: &Style) -> String {
    let verdict = if review.blocked { format!("{} ", style.paint(Look::Critical, "blocked,")) } else { String::new() };
    format!("auth-review: {verdict}{}\n", outcome(review))
}

/// What was reviewed and what came of it.
pub(super) fn outcome(review: &Review) -> String {
    let existing = review.findings.iter().filter(|finding| finding.status == Status::Existing).count();
    let new = review.findings.len() - existing;
    let reviewed = format!("{} reviewed", count(review.files_reviewed, "auth file"));
    let compared = review.base.is_some();
    let counted = if compared { new } else { review.findings.len() };
    let kind = if compared { "new finding" } else { "finding" };
    // Code that was not understood is not called clean.
    let limit = if review.undetermined.is_empty() { "" } else { " in what could be read" };
    let result = match (counted, compared) {
        _ if review.files_reviewed == 0 && counted == 0 => format!("no better-auth code found{limit}"),
        (0, true) => format!("nothing new{limit}"),
        (0, false) => format!("no findings{limit}"),
        _ => {
            let is_counted = |finding: &&Finding| !compared || finding.status == Status::New;
            let of = |severity| review.findings.iter().filter(is_counted).filter(|finding| finding.severity == severity).count();
            let parts: Vec<String> = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low]
                .into_iter()
                .filter(|&severity| of(severity) > 0)
                .map(|severity| format!("{} {}", of(severity), severity.name()))
                .collect();
            format!("{}: {}", count(counted, kind), parts.join(", "))
        }
    };
    let mut aside = Vec::new();
    if compared && existing > 0 {
        aside.push(count(existing, "existing finding"));
    }
    if review.suppressed > 0 {
        aside.push(format!("{} suppressed", review.suppressed));
    }
    let aside = if aside.is_empty() { String::new() } else { format!(" ({})", aside.join(", ")) };
    format!("{reviewed}, {result}{aside}")
}

/// How to go on after the hook has stopped a commit, or a push of commits.
fn ways_out(reviewed: SnapshotKind, example: Option<&Finding>) -> String {
    let rule = clean(example.map_or("rule", |finding| finding.rule.as_str()));
    let (settle, skip) = match reviewed {
        SnapshotKind::Tree => ("commit", "push"),
        SnapshotKind::Index | SnapshotKind::Worktree => ("stage", "commit"),
    };
    format!(
        "  Fix it and {settle} the fix, or suppress it with a reason on the line above:\n    \
         // auth-review: ignore[{rule}] reason\n{}",
        leaves_to_ci(skip)
    )
}

/// How to skip the hooks of a commit or a push.
#[must_use]
pub fn leaves_to_ci(what: &str) -> String {
    format!("  `git {what} --no-verify` leaves it to CI.\n")
}

#[cfg(test)]
mod tests;
