//! Scripts and workflows: which schema commands they run.

use memchr::memmem;
use serde::{Deserialize, Serialize};

use super::secrecy;
use super::specifier::Registered;
use crate::source::Span;

/// A command that brings the schema into a database or a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The line as written, without indentation and credentials, at most 200 bytes.
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
        // Make shows no command behind an `@`.
        let trimmed = line.trim().trim_start_matches('@');
        match trimmed.split([' ', ';']).next() {
            Some("if" | "case") => depth += 1,
            Some("fi" | "esac") => depth = depth.saturating_sub(1),
            _ => {}
        }
        if is_schema_command(line) {
            let mut kept = secrecy::command(trimmed);
            kept.truncate(kept.floor_char_boundary(200));
            let span = Span::new(start, start + line.trim_end().len());
            found.push(Command { line: kept, span, conditional: depth > 0 });
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

/// Programs that bring a schema into a file or a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// The official command line of better-auth, under the names of all its releases.
    Official,
    /// `drizzle-kit`.
    DrizzleKit,
    /// `prisma`.
    Prisma,
    /// `typeorm`.
    TypeOrm,
    /// `mikro-orm`.
    MikroOrm,
    /// `wrangler`.
    Wrangler,
}

impl Program {
    /// Parts of the names of all of them: most lines have none, and need not be taken apart.
    const NAMES: [&str; 6] = ["auth", "drizzle-kit", "mikro-orm", "prisma", "typeorm", "wrangler"];

    /// The program that a word names, after the one before it.
    fn named(word: &str, before: Option<&str>) -> Option<Self> {
        let package = Registered::of_npm(word);
        let without_version = word.rfind('@').filter(|at| *at > 0).map_or(word, |at| &word[..at]);
        let name = package.as_ref().map_or(without_version, |npm| npm.name);
        Some(match name.strip_prefix("./").unwrap_or(name).trim_start_matches("node_modules/.bin/") {
            "@better-auth/cli" => Self::Official,
            // A package of the project may be called so, and have a script `migrate`.
            "better-auth" if !matches!(before, Some("-F" | "--filter" | "-w" | "--workspace" | "workspace")) => Self::Official,
            "auth" if package.is_some() || matches!(before, Some("npx" | "bunx" | "pnpx" | "dlx" | "x" | "exec")) => {
                Self::Official
            }
            "drizzle-kit" => Self::DrizzleKit,
            "prisma" => Self::Prisma,
            "typeorm" | "typeorm-ts-node-commonjs" | "typeorm-ts-node-esm" => Self::TypeOrm,
            "mikro-orm" | "mikro-orm-esm" => Self::MikroOrm,
            "wrangler" => Self::Wrangler,
            _ => return None,
        })
    }

    /// How many words behind the name tell what it is to do.
    fn depth(self, first: &str) -> usize {
        match (self, first) {
            (Self::Prisma, "migrate" | "db") => 2,
            (Self::Wrangler, "d1") => 3,
            _ => 1,
        }
    }
}

/// One of these programs as a command line runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation<'l> {
    /// The program.
    pub program: Program,
    /// The program as it is named: `auth@1.6`.
    pub name: &'l str,
    /// What it is to do: `generate`, `migrate dev`.
    pub action: String,
    /// The words behind that.
    pub options: Vec<&'l str>,
    /// The package or the folder it is run in, where the line names one: `pnpm --filter db exec …`.
    pub package: Option<&'l str>,
}

impl<'l> Invocation<'l> {
    /// The value of an option: `--config file`, `--config=file`.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&'l str> {
        value_of(&self.options, name)
    }

    /// Whether it has an option.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.options.contains(&name)
    }
}

/// The value of an option among words.
fn value_of<'l>(words: &[&'l str], name: &str) -> Option<&'l str> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.strip_prefix(name) {
            Some("") => return words.next().copied(),
            Some(value) if value.starts_with('=') => return Some(&value[1..]),
            _ => {}
        }
    }
    None
}

/// What package managers are told the package or the folder with in which they run a program.
const PLACES: [&str; 8] = ["--filter", "-F", "--workspace", "workspace", "--cwd", "--dir", "--prefix", "-C"];

/// The parts of a command line that run one after the other.
fn commands(line: &str) -> impl Iterator<Item = &str> {
    line.split(['\n', ';', '|', '&']).filter(|part| !part.trim().is_empty())
}

/// Options that take the word behind them, where they are not written with `=`.
const WITH_VALUES: [&str; 7] = ["--config", "--cwd", "--dataSource", "--env", "--env-file", "--schema", "-d"];

/// How many words are options that stand before what a program is to do.
fn leading_options(words: &[&str]) -> usize {
    let mut count = 0;
    while let Some(option) = words.get(count).filter(|word| word.starts_with('-')) {
        count += if WITH_VALUES.contains(option) { 2 } else { 1 };
    }
    count.min(words.len())
}

/// What a command runs, where it is one of the known programs.
fn invoked(command: &str) -> Option<Invocation<'_>> {
    if !Program::NAMES.iter().any(|name| command.contains(name)) {
        return None;
    }
    let between = [' ', '\t', '"', '\'', ',', '[', ']', '(', ')'];
    let words: Vec<&str> = command.split(between).filter(|word| !word.is_empty()).collect();
    words.iter().enumerate().find_map(|(place, name)| {
        let before = words[..place].iter().rev().find(|word| !matches!(**word, "-y" | "--yes" | "--bun")).copied();
        let program = Program::named(name, before)?;
        let (leading, rest) = words[place + 1..].split_at(leading_options(&words[place + 1..]));
        let depth = program.depth(rest.first()?).min(rest.len());
        let (action, options) = rest.split_at(depth);
        // `drizzle-kit push:pg`, as it was called before 0.21.
        let of_dialect = |action: &str| action.split(':').next().unwrap_or(action).to_owned();
        let action = if program == Program::DrizzleKit { of_dialect(action[0]) } else { action.join(" ") };
        let package = PLACES.iter().find_map(|option| value_of(&words[..place], option));
        Some(Invocation { program, name, action, options: [leading, options].concat(), package })
    })
}

/// What a command line does with programs that bring a schema into a file or a database.
pub fn invocations(line: &str) -> impl Iterator<Item = Invocation<'_>> {
    commands(line).filter_map(invoked)
}

/// What a script comes to: the last of its commands, where those before prepare it in the same folder and run nothing of the
/// same program.
#[must_use]
pub fn purpose(line: &str) -> Option<Invocation<'_>> {
    let mut commands: Vec<&str> = commands(line).collect();
    let last = invoked(commands.pop()?)?;
    let prepares = |command: &&str| {
        command.split_whitespace().next() != Some("cd") && invoked(command).is_none_or(|other| other.program != last.program)
    };
    commands.iter().all(prepares).then_some(last)
}

/// Whether a command line runs the official CLI's `migrate`: `npx auth@latest migrate`, `pnpm dlx @better-auth/cli migrate`.
#[must_use]
pub fn runs_migrate(line: &str) -> bool {
    invocations(line).any(|one| one.program == Program::Official && one.action == "migrate")
}

/// Whether a command line brings a schema into a database without migrations: `drizzle-kit push`, `prisma db push`
/// (documentation of Drizzle Kit, "push"; of Prisma, "Prototyping your schema"; of TypeORM, "CLI"; of MikroORM, "Schema
/// Generator").
#[must_use]
pub fn pushes_schema(line: &str) -> bool {
    let pushes = |one: Invocation<'_>| {
        matches!(
            (one.program, one.action.as_str()),
            (Program::DrizzleKit, "push")
                | (Program::Prisma, "db push")
                | (Program::TypeOrm, "schema:sync")
                | (Program::MikroOrm, "schema:update" | "schema:create" | "schema:fresh")
        )
    };
    invocations(line).any(pushes)
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
    fn commands_of_a_makefile_are_those_of_a_script() {
        assert_eq!(crate::source::FileKind::of("apps/api/Makefile"), Some(crate::source::FileKind::Script));
        let found = extract("migrate: build\n\t@npx auth@1.6 migrate --yes\n\techo done\n");
        let [command] = found.as_slice() else { panic!("one command: {found:?}") };
        assert_eq!((command.line.as_str(), command.conditional), ("npx auth@1.6 migrate --yes", false));
        assert!(runs_migrate(&command.line));
    }

    #[test]
    fn commands_are_kept_without_credentials() {
        let text = "RUN BETTER_AUTH_SECRET=hunter npx auth@1.6 migrate --yes\n";
        let found = extract(text);
        assert_eq!(found[0].line, "RUN BETTER_AUTH_SECRET=… npx auth@1.6 migrate --yes");
        assert_eq!(found[0].span.of(text), text.trim_end());
    }

    #[test]
    fn what_a_script_comes_to_is_told() {
        let told = |line: &'static str| {
            let one = purpose(line)?;
            Some((one.name, one.action.clone(), one.option("--config")))
        };
        let is = |name, action: &str, config| Some((name, action.to_owned(), config));
        for (line, expected) in [
            ("drizzle-kit generate", is("drizzle-kit", "generate", None)),
            ("bun --env-file=../.env drizzle-kit push:pg --config=db/a.ts", is("drizzle-kit", "push", Some("db/a.ts"))),
            ("drizzle-kit --config=db/a.ts generate", is("drizzle-kit", "generate", Some("db/a.ts"))),
            ("npx drizzle-kit --config db/a.ts migrate", is("drizzle-kit", "migrate", Some("db/a.ts"))),
            ("drizzle-kit --version", None),
            ("dotenv -e .env -- prisma migrate dev --name x", is("prisma", "migrate dev", None)),
            ("npx -y auth@1.6 generate --config src/auth.ts -y", is("auth@1.6", "generate", Some("src/auth.ts"))),
            ("bun journal.ts && bun drizzle-kit generate", is("drizzle-kit", "generate", None)),
            ("wrangler d1 migrations apply DB --local", is("wrangler", "d1 migrations apply", None)),
            ("./node_modules/.bin/drizzle-kit migrate", is("./node_modules/.bin/drizzle-kit", "migrate", None)),
            ("drizzle-kit push && tsx seed.ts", None),
            ("drizzle-kit generate && drizzle-kit migrate", None),
            ("cd packages/db && drizzle-kit push", None),
            ("turbo db:push", None),
            ("pnpm --filter auth migrate", None),
        ] {
            assert_eq!(told(line), expected, "{line}");
        }
    }

    #[test]
    fn the_package_a_script_goes_to_is_told() {
        for (line, expected) in [
            ("pnpm --filter @acme/db exec drizzle-kit generate --config ./src/a.ts", Some("@acme/db")),
            ("pnpm -F=db exec drizzle-kit push", Some("db")),
            ("yarn workspace @acme/db drizzle-kit generate", Some("@acme/db")),
            ("bun run --cwd packages/db drizzle-kit generate", Some("packages/db")),
            ("pnpm -w exec drizzle-kit generate", None),
            ("drizzle-kit generate --filter db", None),
        ] {
            assert_eq!(purpose(line).expect("a command").package, expected, "{line}");
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
