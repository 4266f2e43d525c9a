//! Scripts and workflows: which schema commands they run.

use memchr::memmem;
use serde::{Deserialize, Serialize};

use super::specifier::Registered;
use crate::source::Span;

/// A command that brings the schema into a database or a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The line as written, without indentation, at most 200 bytes.
    pub line: String,
    /// The line.
    pub span: Span,
    /// It stands in an `if` or a `case` of a shell.
    pub conditional: bool,
}

/// Commands of the official CLI that create the schema, in the spellings of all its releases
/// (documentation: concepts/cli, "Migrate" and "Generate").
const SCHEMA_COMMANDS: [&str; 4] = ["@better-auth/cli", "auth@", "better-auth migrate", "auth migrate"];

/// Finds the lines of a script that run the official CLI's `migrate` or `generate`.
#[must_use]
pub fn extract(text: &str) -> Vec<Command> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut depth = 0_usize;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        match trimmed.split([' ', ';']).next() {
            Some("if" | "case") => depth += 1,
            Some("fi" | "esac") => depth = depth.saturating_sub(1),
            _ => {}
        }
        if is_schema_command(line) {
            let mut end = trimmed.len().min(200);
            while !trimmed.is_char_boundary(end) {
                end -= 1;
            }
            let span = Span::new(start, start + line.trim_end().len());
            found.push(Command { line: trimmed[..end].to_owned(), span, conditional: depth > 0 });
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

/// Whether a command line runs the official CLI's `migrate`: `npx auth@latest migrate`, `pnpm dlx @better-auth/cli migrate`.
#[must_use]
pub fn runs_migrate(line: &str) -> bool {
    let words: Vec<&str> =
        line.split([' ', '\t', '"', '\'', ',', '[', ']', ';', '&', '(', ')']).filter(|word| !word.is_empty()).collect();
    words.iter().enumerate().any(|(place, word)| {
        let before = words[..place].iter().rev().find(|word| !matches!(**word, "-y" | "--yes" | "--bun")).copied();
        let package = Registered::of_npm(word);
        let program =
            package.map_or_else(|| word.rfind('@').filter(|at| *at > 0).map_or(*word, |at| &word[..at]), |npm| npm.name);
        let is_program = match program {
            "@better-auth/cli" => true,
            // A package of the project may be called so, and have a script `migrate`.
            "better-auth" => !matches!(before, Some("-F" | "--filter" | "-w" | "--workspace" | "workspace")),
            "auth" => package.is_some() || matches!(before, Some("npx" | "bunx" | "pnpx" | "dlx" | "x" | "exec")),
            _ => false,
        };
        is_program && words.get(place + 1) == Some(&"migrate")
    })
}

/// Whether a command line brings a schema into a database without migrations: `drizzle-kit push`, `prisma db push`
/// (documentation of Drizzle Kit, "push"; of Prisma, "Prototyping your schema"; of TypeORM, "CLI"; of MikroORM, "Schema
/// Generator").
#[must_use]
pub fn pushes_schema(line: &str) -> bool {
    let words: Vec<&str> = line.split([' ', '\t', '"', '\'', ';', '&']).filter(|word| !word.is_empty()).collect();
    let is = |word: &str, program: &str| word.split('@').next() == Some(program);
    let of_orm = |pair: &[&str]| match pair[0].split('@').next() {
        Some("drizzle-kit") => pair[1].split(':').next() == Some("push"),
        Some("typeorm" | "typeorm-ts-node-commonjs" | "typeorm-ts-node-esm") => pair[1] == "schema:sync",
        Some("mikro-orm" | "mikro-orm-esm") => matches!(pair[1], "schema:update" | "schema:create" | "schema:fresh"),
        _ => false,
    };
    words.windows(2).any(of_orm) || words.windows(3).any(|part| is(part[0], "prisma") && part[1..] == ["db", "push"])
}

/// A program that keeps a history of SQL scripts and runs them, whatever language they belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runner {
    /// <https://atlasgo.io>.
    Atlas,
    /// <https://github.com/amacneil/dbmate>.
    Dbmate,
    /// <https://documentation.red-gate.com/flyway>.
    Flyway,
    /// <https://pressly.github.io/goose/>.
    Goose,
    /// <https://docs.liquibase.com>.
    Liquibase,
    /// <https://sqitch.org>.
    Sqitch,
}

/// The program that a command line runs migrations with: its name, and a command of its behind that.
#[must_use]
pub fn runner(line: &str) -> Option<Runner> {
    let words: Vec<&str> = line.split([' ', '\t', '"', '\'', ';', '&']).filter(|word| !word.is_empty()).collect();
    words.iter().enumerate().find_map(|(place, word)| {
        let (runner, commands): (Runner, &[&str]) = match *word {
            "atlas" => (Runner::Atlas, &["migrate"]),
            "dbmate" => (Runner::Dbmate, &["new", "up", "migrate", "create", "rollback", "down", "status", "dump", "wait"]),
            "flyway" => (Runner::Flyway, &["migrate", "info", "validate", "repair", "baseline"]),
            "goose" => (Runner::Goose, &["create", "up", "up-by-one", "up-to", "down", "status", "redo", "reset"]),
            "liquibase" => (Runner::Liquibase, &["update", "status", "rollback", "validate"]),
            "sqitch" => (Runner::Sqitch, &["add", "deploy", "revert", "verify", "status"]),
            _ => return None,
        };
        words[place + 1..].iter().any(|word| commands.contains(word)).then_some(runner)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pushes_are_told_from_migrations() {
        for (line, expected) in [
            ("prisma db push", true),
            ("npx prisma@6 db push --accept-data-loss", true),
            ("dotenv -- drizzle-kit push:pg", true),
            ("typeorm-ts-node-esm schema:sync -d src/db.ts", true),
            ("npx mikro-orm schema:update --run", true),
            ("mikro-orm migration:up", false),
            ("drizzle-kit generate && drizzle-kit migrate", false),
            ("git push", false),
        ] {
            assert_eq!(pushes_schema(line), expected, "{line}");
        }
    }

    #[test]
    fn programs_that_run_migrations_are_told_by_their_commands() {
        for (line, expected) in [
            ("sqitch deploy --verify", Some(Runner::Sqitch)),
            ("dotenv -- dbmate --wait up", Some(Runner::Dbmate)),
            ("goose -dir db/migrations postgres \"$DATABASE_URL\" up", Some(Runner::Goose)),
            ("atlas migrate apply --env local", Some(Runner::Atlas)),
            ("atlas schema apply", None),
            ("echo goose", None),
            ("knex migrate:latest", None),
        ] {
            assert_eq!(runner(line), expected, "{line}");
        }
    }

    #[test]
    fn knows_the_command_that_migrates() {
        for line in [
            "npx @better-auth/cli migrate",
            "pnpm dlx @better-auth/cli@1.4 migrate --yes && next build",
            "npx -y auth@latest migrate",
            "bunx --bun @better-auth/cli migrate",
            "better-auth migrate",
            "deno run -A npm:auth@latest migrate",
            r#"CMD ["npx", "auth", "migrate"]"#,
        ] {
            assert!(runs_migrate(line), "{line}");
        }
        for line in [
            "npx @better-auth/cli generate && prisma migrate deploy",
            "pnpm --filter auth migrate",
            "pnpm -F better-auth migrate",
            "npx auth generate; migrate",
            "echo auth@latest; npx prisma migrate deploy",
            "npm run auth migrate",
        ] {
            assert!(!runs_migrate(line), "{line}");
        }
    }

    #[test]
    fn conditions_of_a_shell_are_told() {
        let text = "if [ -n \"$MIGRATE\" ]; then\n  npx auth@latest migrate\nfi\nnpx auth@latest migrate\n";
        assert_eq!(extract(text).iter().map(|command| command.conditional).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn finds_the_official_commands_only() {
        let text = "steps:\n  - run: npx auth@latest migrate -y\n  - run: npx prisma migrate deploy\n  - run: pnpm dlx @better-auth/cli@1.4 migrate\n";
        let lines: Vec<_> = extract(text).into_iter().map(|c| c.line).collect();
        assert_eq!(lines, ["- run: npx auth@latest migrate -y", "- run: pnpm dlx @better-auth/cli@1.4 migrate"]);
    }
}
