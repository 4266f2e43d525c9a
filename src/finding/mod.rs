//! What a rule reports: one primary place, related places, the reason, and the repair on server, client and schema.

pub mod pairing;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::source::{Position, Site};
use pairing::Mark;

/// How bad it is when it is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth a look.
    Low,
    /// A weakness.
    Medium,
    /// A defect users will meet, or a weakness that is easy to use.
    High,
    /// A failure at run time, or an open door.
    Critical,
}

impl Severity {
    /// The word people and reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// How sure the review is that it is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A hint.
    Low,
    /// Likely.
    Medium,
    /// Follows from the sources.
    High,
}

impl Confidence {
    /// The word people and reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// One thing to tell the user, with places as spans. The engine turns it into a [`Finding`] with lines and columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The rule: `category/id`.
    pub rule: String,
    /// Severity in this case; may be lower than the rule's own.
    pub severity: Severity,
    /// Confidence in this case; may be lower than the rule's own.
    pub confidence: Confidence,
    /// 1: default-on and may block; 2: default-on, never blocks alone; 3: opt-in.
    pub tier: u8,
    /// What is wrong, in one sentence without a full stop at its end.
    pub message: String,
    /// Why it matters, in one or two sentences.
    pub why: String,
    /// The place to look at first.
    pub primary: Site,
    /// A few words at the primary place; may be empty.
    pub label: String,
    /// Other places, each with a few words.
    pub related: Vec<(Site, String)>,
    /// What to do.
    pub help: Help,
    /// An edit that does it, where one is known.
    pub fix: Option<FixPlan>,
    /// Why there is none, where what has to be done is known.
    pub refusal: Option<String>,
    /// What makes this finding the same finding after unrelated edits: the package or the file it is about, and names.
    pub identity: Vec<String>,
    /// The things it speaks of, where there are several: the missing tables, and the columns (`table.column`) of others.
    /// The same finding about fewer of them is still an existing one; about others too, it is new.
    pub parts: BTreeSet<String>,
    /// The page that says so.
    pub docs: String,
    /// Common Weakness Enumeration numbers.
    pub cwe: Vec<u32>,
}

impl Report {
    /// Whether it speaks of nothing but what a finding with these parts spoke of: a table stands for all its columns.
    #[must_use]
    pub fn is_within(&self, known: &BTreeSet<String>) -> bool {
        let is_known =
            |part: &String| known.contains(part) || part.split_once('.').is_some_and(|(table, _)| known.contains(table));
        self.parts.iter().all(is_known)
    }
}

/// What to do, on each side. A side that needs nothing is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Help {
    /// On the server.
    pub server: Option<String>,
    /// On the client.
    pub client: Option<String>,
    /// For the schema.
    pub migration: Option<String>,
    /// What has to be declared, in the language of the schema.
    pub declaration: Option<String>,
}

/// How far an edit may be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applicability {
    /// Keeps the meaning apart from the defect.
    Safe,
    /// Likely right, to be looked at.
    Unsafe,
    /// To be shown only.
    DisplayOnly,
}

/// An edit with places as spans.
#[derive(Debug, Clone, PartialEq)]
pub struct FixPlan {
    /// What it does.
    pub title: String,
    /// How far it may be trusted.
    pub applicability: Applicability,
    /// The replacements; they do not overlap.
    pub edits: Vec<(Site, String)>,
    /// What is left to do once they are made.
    pub next: Option<String>,
}

/// Whether the commit under review introduces a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Not in (all of) the parents.
    New,
    /// In a parent already.
    Existing,
}

/// A finding as reported (JSON version 1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule: `category/id`.
    pub rule: String,
    /// Severity.
    pub severity: Severity,
    /// Confidence.
    pub confidence: Confidence,
    /// Tier.
    pub tier: u8,
    /// New or existing.
    pub status: Status,
    /// What is wrong.
    pub message: String,
    /// Why it matters.
    pub why: String,
    /// The place to look at first.
    pub location: Location,
    /// Other places.
    pub related: Vec<Related>,
    /// What to do.
    pub help: Help,
    /// An edit that does it.
    pub fix: Option<Fix>,
    /// Why there is none, where what has to be done is known.
    #[serde(skip)]
    pub refusal: Option<String>,
    /// Identity across unrelated edits: 12 hexadecimal digits.
    pub fingerprint: String,
    /// The fingerprint of the first of those that are equal but for their place.
    #[serde(skip)]
    pub family: String,
    /// The page that says so.
    pub docs: String,
    /// Common Weakness Enumeration numbers.
    pub cwe: Vec<u32>,
    /// A few words at the primary place.
    #[serde(skip)]
    pub label: String,
    /// The primary place as bytes, for rendering.
    #[serde(skip)]
    pub site: Option<Site>,
}

impl Finding {
    /// Whether the rule is about credentials, so that no literal near its places may be shown.
    #[must_use]
    pub fn is_about_secrets(&self) -> bool {
        self.rule.starts_with("secrets/")
    }

    /// What tells it from other findings.
    #[must_use]
    pub fn mark(&self) -> Mark<'_, &str> {
        Mark { family: &self.family, file: &self.location.file, anywhere: None, is_gone: false }
    }
}

/// A place for people: 1-based lines, 1-based columns in UTF-16 code units.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    /// Path from the repository root.
    pub file: String,
    /// First line.
    pub line: u32,
    /// First column.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// Column after the last character.
    pub end_column: u32,
}

impl Location {
    /// A location from its ends.
    #[must_use]
    pub fn new(file: &str, start: Position, end: Position) -> Self {
        Self { file: file.to_owned(), line: start.line, column: start.column, end_line: end.line, end_column: end.column }
    }
}

/// Another place of a finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Related {
    /// The place.
    pub location: Location,
    /// What it has to do with the finding.
    pub label: String,
    /// The place as bytes, for rendering.
    #[serde(skip)]
    pub site: Option<Site>,
}

/// An edit as reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    /// What it does.
    pub title: String,
    /// How far it may be trusted.
    pub applicability: Applicability,
    /// The replacements.
    pub edits: Vec<Edit>,
    /// What is left to do once they are made.
    #[serde(skip)]
    pub next: Option<String>,
}

/// One replacement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    /// What is replaced.
    pub location: Location,
    /// By what.
    pub text: String,
    /// The place as bytes, for applying it.
    #[serde(skip)]
    pub site: Option<Site>,
}

/// A question the sources cannot answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Open {
    /// The question: `which plugins the server in src/auth.ts uses`.
    pub question: String,
    /// Why it cannot be answered.
    pub reason: String,
    /// The expression that made it so.
    pub site: Site,
}

/// A question the sources cannot answer, as reported.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Undetermined {
    /// The question.
    pub question: String,
    /// Why it cannot be answered.
    pub reason: String,
    /// The expression that made it so.
    pub location: Location,
}

/// The fingerprint of a finding: blake3 over the rule, its identity and its place among equals, 12 hexadecimal digits.
#[must_use]
pub fn fingerprint(rule: &str, identity: &[String], ordinal: usize) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in std::iter::once(rule).chain(identity.iter().map(String::as_str)) {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    hasher.update(&ordinal.to_le_bytes());
    hasher.finalize().to_hex()[..12].to_owned()
}
