//! A review as JSON version 1. Keys are added within a version, never renamed or removed.

use serde::Serialize;

use crate::engine::Review;
use crate::finding::{Finding, Severity, Status, Undetermined};
use crate::source::SnapshotKind;

/// The version of the format, of `check` and of `inspect`.
pub(super) const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'r> {
    version: u32,
    tool: Tool,
    snapshot: Snapshot<'r>,
    summary: Summary,
    findings: &'r [Finding],
    undetermined: &'r [Undetermined],
}

/// Who reports.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Snapshot<'r> {
    kind: SnapshotKind,
    base: Option<&'r str>,
}

impl Tool {
    pub(super) const THIS: Self = Self { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") };
}

/// What a review found, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Summary {
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
    new: usize,
    existing: usize,
    suppressed: usize,
    files_reviewed: usize,
    blocked: bool,
}

impl Summary {
    pub(super) fn of(review: &Review) -> Self {
        let severity = |severity| review.findings.iter().filter(|finding| finding.severity == severity).count();
        let status = |status| review.findings.iter().filter(|finding| finding.status == status).count();
        Self {
            critical: severity(Severity::Critical),
            high: severity(Severity::High),
            medium: severity(Severity::Medium),
            low: severity(Severity::Low),
            new: status(Status::New),
            existing: status(Status::Existing),
            suppressed: review.suppressed,
            files_reviewed: review.files_reviewed,
            blocked: review.blocked,
        }
    }
}

/// Renders a review, with a line break at the end.
#[must_use]
pub fn review(review: &Review) -> String {
    pretty(&Document {
        version: VERSION,
        tool: Tool::THIS,
        snapshot: Snapshot { kind: review.snapshot, base: review.base.as_deref() },
        summary: Summary::of(review),
        findings: &review.findings,
        undetermined: &review.undetermined,
    })
}

/// JSON for people to read, too, with a line break at the end.
pub(super) fn pretty(document: &impl Serialize) -> String {
    let mut json = serde_json::to_string_pretty(document).expect("plain data with text keys is always JSON");
    json.push('\n');
    json
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn has_the_shape_of_version_1() {
        let mut sample = sample::review();
        sample.findings.truncate(1);
        sample.findings[0].related.truncate(1);
        let expected = format!(
            r#"{{
  "version": 1,
  "tool": {{
    "name": "git-auth-review",
    "version": "{}"
  }},
  "snapshot": {{
    "kind": "index",
    "base": "HEAD"
  }},
  "summary": {{
    "critical": 1,
    "high": 0,
    "medium": 0,
    "low": 0,
    "new": 1,
    "existing": 0,
    "suppressed": 0,
    "files_reviewed": 3,
    "blocked": true
  }},
  "findings": [
    {{
      "rule": "migration/migration-missing-for-plugin",
      "severity": "critical",
      "confidence": "high",
      "tier": 1,
      "status": "new",
      "message": "`passkey()` needs the table `passkey`, which no schema file declares",
      "why": "The first passkey a user registers fails with an error of the database.",
      "location": {{
        "file": "src/auth.ts",
        "line": 7,
        "column": 13,
        "end_line": 7,
        "end_column": 22
      }},
      "related": [
        {{
          "location": {{
            "file": "src/db/schema.ts",
            "line": 1,
            "column": 14,
            "end_line": 1,
            "end_column": 18
          }},
          "label": "the schema the adapter uses"
        }}
      ],
      "help": {{
        "server": "Keep the plugin and declare its table.",
        "client": null,
        "migration": "Run `npx auth@latest generate`, then `npx drizzle-kit generate`, and commit both.",
        "declaration": "export const passkey = pgTable(\"passkey\", {{\n  id: text(\"id\").primaryKey(),\n}});\n"
      }},
      "fix": null,
      "fingerprint": "0123456789ab",
      "docs": "https://www.better-auth.com/docs/plugins/passkey",
      "cwe": [
        755
      ]
    }}
  ],
  "undetermined": [
    {{
      "question": "which plugins the server in src/other.ts uses",
      "reason": "`getPlugins()` comes from `@acme/auth`, which is not part of the repository",
      "location": {{
        "file": "src/other.ts",
        "line": 3,
        "column": 12,
        "end_line": 3,
        "end_column": 24
      }}
    }}
  ]
}}
"#,
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(review(&sample), expected);
    }
}
