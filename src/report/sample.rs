//! A review for the tests of the reports.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::Review;
use crate::finding::{Confidence, Finding, Help, Location, Related, Severity, Status, Undetermined};
use crate::source::{LineIndex, Site, SnapshotKind, Span};

pub(super) const AUTH: &str = r#"import { betterAuth } from "better-auth";
import { passkey } from "@better-auth/passkey";
import { db } from "./db";

export const auth = betterAuth({
  secret: "correct-horse-battery-staple-0123",
  plugins: [passkey()],
  trustedOrigins: ["*"],
});
"#;

pub(super) const SCHEMA: &str = "export const user = pgTable(\"user\", {\n  id: text(\"id\").primaryKey(),\n});\n";

/// The site and the location of `part` in `text`.
pub(super) fn place(file: &str, text: &str, part: &str) -> (Site, Location) {
    let start = text.find(part).expect("the part is in the text");
    let span = Span::new(start, start + part.len());
    let lines = LineIndex::new(text);
    let file: Arc<str> = file.into();
    (Site::new(&file, span), Location::new(&file, lines.position(span.start), lines.position(span.end)))
}

/// A new critical finding over two files, an existing medium one, and an open question.
pub(super) fn review() -> Review {
    let (site, location) = place("src/auth.ts", AUTH, "passkey()");
    let (schema_site, schema_location) = place("src/db/schema.ts", SCHEMA, "user");
    let missing = Finding {
        rule: "migration/migration-missing-for-plugin".into(),
        severity: Severity::Critical,
        confidence: Confidence::High,
        tier: 1,
        status: Status::New,
        message: "`passkey()` needs the table `passkey`, which no schema file declares".into(),
        why: "The first passkey a user registers fails with an error of the database.".into(),
        location,
        related: vec![Related {
            location: schema_location,
            label: "the schema the adapter uses".into(),
            site: Some(schema_site),
        }],
        help: Help {
            server: Some("Keep the plugin and declare its table.".into()),
            client: None,
            migration: Some("Run `npx auth@latest generate`, then `npx drizzle-kit generate`, and commit both.".into()),
            declaration: Some("export const passkey = pgTable(\"passkey\", {\n  id: text(\"id\").primaryKey(),\n});\n".into()),
        },
        fix: None,
        refusal: None,
        fingerprint: "0123456789ab".into(),
        family: "0123456789ab".into(),
        docs: "https://www.better-auth.com/docs/plugins/passkey".into(),
        cwe: vec![755],
        label: "brings the table in".into(),
        site: Some(site),
    };
    let (site, location) = place("src/auth.ts", AUTH, "\"*\"");
    let wildcard = Finding {
        rule: "origins/trusted-origin-wildcard-all".into(),
        severity: Severity::Medium,
        confidence: Confidence::Medium,
        status: Status::Existing,
        message: "`trustedOrigins` lets every website in".into(),
        why: "Any page can send requests with a user's cookies.".into(),
        location,
        related: Vec::new(),
        help: Help { server: Some("Name the origins.".into()), ..Help::default() },
        fingerprint: "ba9876543210".into(),
        family: "ba9876543210".into(),
        docs: String::new(),
        label: String::new(),
        site: Some(site),
        ..missing.clone()
    };
    Review {
        snapshot: SnapshotKind::Index,
        base: Some("HEAD".into()),
        findings: vec![missing, wildcard],
        undetermined: vec![Undetermined {
            question: "which plugins the server in src/other.ts uses".into(),
            reason: "`getPlugins()` comes from `@acme/auth`, which is not part of the repository".into(),
            location: Location { file: "src/other.ts".into(), line: 3, column: 12, end_line: 3, end_column: 24 },
        }],
        suppressed: 0,
        notes: Vec::new(),
        files_reviewed: 3,
        files_changed: 1,
        unread: BTreeMap::new(),
        beyond_snapshots: false,
        blocked: true,
        texts: BTreeMap::from([("src/auth.ts".into(), AUTH.into()), ("src/db/schema.ts".into(), SCHEMA.into())]),
    }
}
