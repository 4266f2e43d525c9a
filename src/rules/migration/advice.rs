//! How to bring the schema up to date, by adapter and version.

use crate::project::{AdapterKind, Server};
use crate::rules::context::release;

/// Says why the step cannot be left out.
const REMINDER: &str = "This step is required: the plugin or option works only once the database has the schema.";

/// The commands for a server, in order, and the reminder that they are needed.
///
/// Source: documentation, concepts/cli, "Generate" and "Migrate" (`migrate` serves the built-in Kysely adapter alone);
/// `@better-auth/cli` ends with 1.4 and is followed by `auth` from 1.5 on.
pub(super) fn advice(server: &Server) -> String {
    let generate = cli(server, "generate");
    let steps = match server.adapter.kind {
        AdapterKind::Kysely => format!("Run {}, against every database this server uses.", cli(server, "migrate")),
        AdapterKind::Prisma => format!("Run {generate}, then `npx prisma migrate dev`, and commit the schema and the migration."),
        AdapterKind::Drizzle => format!(
            "Run {generate}, then `npx drizzle-kit generate` and `npx drizzle-kit migrate`, and commit the schema and the migration."
        ),
        _ => format!("Run {generate} and bring the result into the database with the tool that owns its schema."),
    };
    format!("{steps} {REMINDER}")
}

fn cli(server: &Server, command: &str) -> String {
    let version = release(&server.version);
    let (major, minor) = (version.major(), version.minor());
    if (major, minor) < (1, 5) {
        format!("`npx @better-auth/cli@{major}.{minor} {command}`")
    } else {
        format!("`npx auth@latest {command}`")
    }
}
