//! The front matter of a rule document.

use serde::Deserialize;

use super::declared::When;
use super::query::QueryTable;
use crate::finding::{Applicability, Confidence, Severity};
use crate::knowledge::range::Range;

/// What the front matter says.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Metadata {
    /// `category/id`, equal to the path below `rules/`. A user's rule may leave it out.
    #[serde(default)]
    pub id: String,
    /// One line, present tense, no full stop.
    pub summary: String,
    /// Severity where nothing lowers it.
    pub severity: Severity,
    /// Confidence where nothing lowers it.
    pub confidence: Confidence,
    /// 1: default-on and may block; 2: default-on, never blocks alone; 3: opt-in.
    pub tier: u8,
    /// Which of the three ways the rule is written in.
    pub check: CheckKind,
    /// The projects it is asked of.
    #[serde(default)]
    pub applies_to: AppliesTo,
    /// Common Weakness Enumeration numbers.
    #[serde(default)]
    pub cwe: Vec<u32>,
    /// Requirements of the OWASP Application Security Verification Standard 5.0.
    #[serde(default)]
    pub asvs: Vec<String>,
    /// Sections of NIST SP 800-63B-4.
    #[serde(default)]
    pub nist: Vec<String>,
    /// Success criteria of WCAG 2.2.
    #[serde(default)]
    pub wcag: Vec<String>,
    /// The page that says so.
    #[serde(default)]
    pub docs: String,
    /// What the rule rests on: documentation path and heading, or what was measured on which version.
    #[serde(default)]
    pub basis: Vec<String>,
    /// Where a hit matters less.
    #[serde(default)]
    pub softening: Softening,
    /// The edit that repairs a hit, where there is one.
    pub fix: Option<FixTable>,
    /// The tests of a declared rule; any of them makes a hit.
    #[serde(default)]
    pub when: Vec<When>,
    /// What a query rule needs beside its query.
    pub query: Option<QueryTable>,
}

/// The three ways to write a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckKind {
    /// `[[when]]` tables: option paths and predicates on their values.
    Declared,
    /// A fenced `query` block: a tree-sitter query.
    Query,
    /// A function of this program.
    Code,
}

/// The projects a rule is asked of.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AppliesTo {
    /// Releases of better-auth, written `1.2.0..1.5.0`.
    #[serde(default)]
    pub better_auth: Range,
    /// Only servers with one of these plugins; empty for all.
    #[serde(default)]
    pub plugins: Vec<String>,
}

/// Where a hit matters less, and how much less.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Softening {
    /// A condition keeps the value out of production.
    pub outside_production: Lower,
    /// It depends on a condition the sources do not decide.
    pub conditional: Lower,
    /// The instance belongs to tests, seeds or fixtures.
    pub test: Lower,
    /// The instance is a copy for the official CLI to read.
    pub cli_copy: Lower,
    /// The instance belongs to an example or a template.
    pub example: Lower,
    /// The package depends on one of these, which may do the same work.
    pub beside: Option<Beside>,
}

impl Default for Softening {
    fn default() -> Self {
        Self {
            outside_production: Lower::OneLower,
            conditional: Lower::Keep,
            test: Lower::Skip,
            cli_copy: Lower::Skip,
            example: Lower::Skip,
            beside: None,
        }
    }
}

/// Dependencies that may do the work a rule misses.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Beside {
    /// Names of packages; `@scope/*` stands for all of a scope.
    pub dependencies: Vec<String>,
    /// What becomes of the severity.
    pub severity: Lower,
}

/// What becomes of the severity of a hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lower {
    /// It stays.
    Keep,
    /// One lower.
    OneLower,
    /// High at most.
    High,
    /// Medium at most.
    Medium,
    /// Low.
    Low,
    /// The hit is not reported.
    Skip,
}

impl Lower {
    /// The severity that is left; `None` when the hit is not reported.
    #[must_use]
    pub fn apply(self, severity: Severity) -> Option<Severity> {
        match self {
            Self::Keep => Some(severity),
            Self::OneLower => Some(match severity {
                Severity::Critical => Severity::High,
                Severity::High => Severity::Medium,
                Severity::Medium | Severity::Low => Severity::Low,
            }),
            Self::High => Some(severity.min(Severity::High)),
            Self::Medium => Some(severity.min(Severity::Medium)),
            Self::Low => Some(Severity::Low),
            Self::Skip => None,
        }
    }
}

/// The edit that repairs a hit.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FixTable {
    /// What it does, for people.
    pub title: String,
    /// How far it may be trusted.
    pub applicability: Applicability,
    /// The edit of a declared rule; a coded rule makes its own.
    pub edit: Option<EditKind>,
    /// Options that the application may rely on in place of what the edit changes: where one of them is set and not a value that
    /// is known as a whole, people have to look first.
    #[serde(default)]
    pub beside: Vec<String>,
}

/// The edits a declared rule can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EditKind {
    /// Deletes the property.
    Remove,
}

impl Metadata {
    /// Checks what types alone do not: the problem and the remedy.
    pub(super) fn validate(&self) -> Result<(), (String, &'static str)> {
        if !(1..=3).contains(&self.tier) {
            return Err((format!("`tier` is {}", self.tier), "use 1, 2 or 3"));
        }
        let (declared, query) = (!self.when.is_empty(), self.query.is_some());
        match self.check {
            CheckKind::Declared if !declared => Err(("a declared rule has no test".into(), "add a `[[when]]` table")),
            CheckKind::Query if !query => {
                Err(("a query rule has no `[query]` table".into(), "add one with `language` and `message`"))
            }
            CheckKind::Declared if query => {
                Err(("a declared rule has a `[query]` table".into(), "remove it, or set `check = \"query\"`"))
            }
            CheckKind::Query if declared => {
                Err(("a query rule has `[[when]]` tables".into(), "remove them, or set `check = \"declared\"`"))
            }
            CheckKind::Code if declared || query => Err((
                "a coded rule has tests in its front matter".into(),
                "remove them, or name the way they are written in `check`",
            )),
            _ => Ok(()),
        }
    }
}
