//! Scripts and workflows: which schema commands they run.

use memchr::memmem;
use serde::{Deserialize, Serialize};

use crate::source::Span;

/// A command that brings the schema into a database or a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The line as written, without indentation, at most 200 bytes.
    pub line: String,
    /// The line.
    pub span: Span,
}

/// Commands of the official CLI that create the schema, in the spellings of all its releases
/// (documentation: concepts/cli, "Migrate" and "Generate").
const SCHEMA_COMMANDS: [&str; 4] = ["@better-auth/cli", "auth@", "better-auth migrate", "auth migrate"];

/// Finds the lines of a script that run the official CLI's `migrate` or `generate`.
#[must_use]
pub fn extract(text: &str) -> Vec<Command> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if is_schema_command(line) {
            let trimmed = line.trim();
            let mut end = trimmed.len().min(200);
            while !trimmed.is_char_boundary(end) {
                end -= 1;
            }
            found.push(Command { line: trimmed[..end].to_owned(), span: Span::new(start, start + line.trim_end().len()) });
        }
        start += line.len();
    }
    found
}

/// Whether a command line runs the official CLI's `migrate` or `generate`.
#[must_use]
pub fn is_schema_command(line: &str) -> bool {
    let has = |needle: &str| memmem::find(line.as_bytes(), needle.as_bytes()).is_some();
    SCHEMA_COMMANDS.iter().any(|command| has(command)) && (has("migrate") || has("generate"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_official_commands_only() {
        let text = "steps:\n  - run: npx auth@latest migrate -y\n  - run: npx prisma migrate deploy\n  - run: pnpm dlx @better-auth/cli@1.4 migrate\n";
        let lines: Vec<_> = extract(text).into_iter().map(|c| c.line).collect();
        assert_eq!(lines, ["- run: npx auth@latest migrate -y", "- run: pnpm dlx @better-auth/cli@1.4 migrate"]);
    }
}
