//! Collects what a rule has to say, lowered where the rule's document says that it matters less.

use super::metadata::{FixTable, Lower, Softening};
use super::{Context, Outcome, Rule};
use crate::finding::{Confidence, Help, Open, Report};
use crate::project::value::{Condition, Environment, Unknown};
use crate::project::{Role, Server};
use crate::source::Site;

/// Takes the hits of one rule.
pub struct Reporter<'r> {
    rule: &'r Rule,
    outcome: &'r mut Outcome,
}

/// What a hit depends on.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// What the server or client is for.
    pub role: Role,
    /// The folder of its package.
    pub package: &'a str,
    /// The conditions under which the hit is true.
    pub conditions: &'a [&'a Condition],
}

impl<'r> Reporter<'r> {
    pub(super) fn new(rule: &'r Rule, outcome: &'r mut Outcome) -> Self {
        Self { rule, outcome }
    }

    /// A report with everything the rule's document says filled in.
    #[must_use]
    pub fn draft(&self, primary: Site, message: impl Into<String>) -> Report {
        self.rule.draft(primary, message.into())
    }

    /// The edit the rule's document promises.
    #[must_use]
    pub fn fix(&self) -> Option<&'r FixTable> {
        self.rule.document().metadata.fix.as_ref()
    }

    /// Takes a report, unless its circumstances make it none; they may lower it.
    pub fn hit(&mut self, cx: &Context<'_>, circumstances: Circumstances<'_>, report: Report) {
        if let Some(report) = self.settled(cx, circumstances, report) {
            self.push(report);
        }
    }

    /// A report as its circumstances leave it; `None` where they make it none.
    #[must_use]
    pub fn settled(&self, cx: &Context<'_>, circumstances: Circumstances<'_>, mut report: Report) -> Option<Report> {
        // Nobody is served while the application is built.
        if circumstances.conditions.iter().any(|condition| condition.environment == Some(Environment::Build)) {
            return None;
        }
        let softening = &self.rule.document().metadata.softening;
        for lower in lowerings(softening, cx, circumstances) {
            report.severity = lower.apply(report.severity)?;
        }
        let is_of = |server: &&Server| server.package.as_ref() == circumstances.package;
        if cx.model.servers.iter().filter(is_of).any(|server| server.version.beyond.is_some()) {
            report.confidence = report.confidence.min(Confidence::Medium);
        }
        let mut when: Vec<String> = Vec::new();
        for condition in circumstances.conditions {
            if condition.environment.is_some_and(Environment::is_production) {
                continue;
            }
            let told = if condition.is_call { condition.text.clone() } else { format!("`{}`", condition.text) };
            if !when.contains(&told) {
                when.push(told);
            }
            if condition.is_call {
                continue;
            }
            report.confidence = report.confidence.min(Confidence::Medium);
            // Its names are those of the file it is written in.
            let decides = (condition.at.clone(), String::from("this decides"));
            if condition.at.file != report.primary.file && !report.related.contains(&decides) {
                report.related.push(decides);
            }
        }
        if !when.is_empty() {
            let is_outside = circumstances.conditions.iter().any(is_outside_production);
            let place = if is_outside { " outside production" } else { "" };
            report.message = format!("{}{place}, when {}", report.message, when.join(" and "));
        }
        Some(report)
    }

    /// Takes a report as it is. Of several that say the same of the same place, the most severe is kept, with the places of
    /// all.
    pub fn push(&mut self, mut report: Report) {
        let same = |other: &&mut Report| {
            let is_told = other.identity == report.identity || other.message == report.message;
            other.rule == report.rule && other.primary == report.primary && is_told
        };
        let Some(known) = self.outcome.reports.iter_mut().find(same) else { return self.outcome.reports.push(report) };
        if known.severity < report.severity {
            std::mem::swap(known, &mut report);
        }
        for place in report.related {
            if place.0 != known.primary && !known.related.iter().any(|(at, _)| *at == place.0) {
                known.related.push(place);
            }
        }
    }

    /// Takes a question the sources cannot answer: `the value of advanced.disableCSRFCheck in auth`.
    pub fn open(&mut self, role: Role, question: &str, why: &Unknown) {
        if role_lowering(&self.rule.document().metadata.softening, role) == Lower::Skip {
            return;
        }
        let open =
            Open { question: format!("{} ({})", question, self.rule.id()), reason: why.reason.clone(), site: why.at.clone() };
        if !self.outcome.open.contains(&open) {
            self.outcome.open.push(open);
        }
    }
}

fn is_outside_production(condition: &&Condition) -> bool {
    condition.environment.is_some_and(Environment::is_outside_production)
}

fn role_lowering(softening: &Softening, role: Role) -> Lower {
    match role {
        Role::Live => Lower::Keep,
        Role::CliCopy => softening.cli_copy,
        Role::Test => softening.test,
        Role::Example => softening.example,
        Role::Development => softening.outside_production,
    }
}

fn lowerings(softening: &Softening, cx: &Context<'_>, circumstances: Circumstances<'_>) -> Vec<Lower> {
    let mut found = vec![role_lowering(softening, circumstances.role)];
    if circumstances.conditions.iter().any(is_outside_production) {
        found.push(softening.outside_production);
    }
    if Condition::undecided(circumstances.conditions.iter().copied()).is_some() {
        found.push(softening.conditional);
    }
    if let Some(beside) = &softening.beside
        && cx.depends_on(circumstances.package, &beside.dependencies)
    {
        found.push(beside.severity);
    }
    found
}

impl Rule {
    /// A report with everything the rule's document says filled in.
    pub(super) fn draft(&self, primary: Site, message: String) -> Report {
        let document = self.document();
        let metadata = &document.metadata;
        Report {
            rule: self.id().to_owned(),
            severity: metadata.severity,
            confidence: metadata.confidence,
            tier: metadata.tier,
            message,
            why: document.lead(super::document::WHY).unwrap_or_default(),
            primary,
            label: String::new(),
            related: Vec::new(),
            help: Help {
                server: document.lead(super::document::FIX_SERVER),
                client: document.lead(super::document::FIX_CLIENT),
                migration: document.lead(super::document::MIGRATION),
                declaration: None,
            },
            fix: None,
            refusal: None,
            identity: Vec::new(),
            parts: std::collections::BTreeSet::new(),
            docs: metadata.docs.clone(),
            cwe: metadata.cwe.clone(),
        }
    }
}
