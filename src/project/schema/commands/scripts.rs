//! Scripts of the project that run a command.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Command, Finder};
use crate::facts::script::{Invocation, Program, invocations, purpose};
use crate::project::manager::Manager;
use crate::project::resolve::join;
use crate::project::schema::tools::place_of;
use crate::source::FileKind;

/// Options that make a command do less or more than what it is run for here.
const OTHER_PURPOSES: [&str; 5] = ["--accept-data-loss", "--create-only", "--custom", "--force", "--force-reset"];

/// Words in the names of scripts that do more than bring a schema into a database, or the reverse.
const OTHER_NAMES: [&str; 8] = ["dangerous", "down", "drop", "force", "fresh", "reset", "revert", "rollback"];

/// What projects call the script that applies their migrations, the likelier names first.
const APPLY: [&str; 10] = [
    "db:migrate",
    "migrate",
    "migrate:up",
    "db:migrate:up",
    "migrate:run",
    "migration:run",
    "migrations:run",
    "db:migration:run",
    "migrate:latest",
    "db:migrate:latest",
];

/// What projects call the script that starts a new migration.
const START: [&str; 8] = [
    "migrate:create",
    "migration:create",
    "db:migrate:create",
    "db:migration:create",
    "migrate:make",
    "migration:new",
    "migrate:new",
    "db:migrate:new",
];

/// What projects call the script that makes a migration of what they changed.
const DIFF: [&str; 6] = ["db:migrate:diff", "migrate:diff", "db:diff", "migration:diff", "db:migration:diff", "migrations:diff"];

/// What stands in code that brings a database up to date: the migrators of Drizzle, Kysely, Knex, Prisma, TypeORM, MikroORM and
/// Umzug, a function of the project that is called for it, scripts that are read and run, or statements; in lower case.
const MIGRATING: [&str; 13] = [
    "migrator",
    "migrate(",
    "migrate.",
    "migrateto",
    "migrations(",
    "/migrat",
    "drizzle-kit",
    "prisma",
    "knex",
    "umzug",
    ".sql",
    "create table",
    "alter table",
];

impl Finder<'_> {
    /// The script of one of these folders that does nothing but this, and `is_it` in the folder it does it in; where several are
    /// as plain, either.
    pub(super) fn script(
        &self,
        program: Program,
        action: &str,
        folders: &[Arc<str>],
        is_it: impl Fn(&str, &Invocation<'_>) -> bool,
    ) -> Option<Command> {
        let is_meant = |folder: &str, run: &Invocation<'_>| {
            let is_other = run.options.iter().any(|option| OTHER_PURPOSES.contains(option));
            let is_meant = run.program == program && run.action == action && !is_other;
            is_meant && place_of(self.resolver, folder, run).is_some_and(|place| is_it(&place, run))
        };
        let mut found: Vec<(usize, &Arc<str>, String)> = Vec::new();
        for folder in folders.iter().collect::<BTreeSet<_>>() {
            let manager = || Manager::of(self.files, self.resolver, folder);
            for (path, manifest) in self.resolver.manifests(folder) {
                for script in manifest.scripts.iter().filter(|script| !does_other(&script.name)) {
                    if purpose(&script.command).is_some_and(|run| is_meant(folder, &run)) {
                        let manager = if FileKind::of(path) == Some(FileKind::DenoConfig) { Manager::Deno } else { manager() };
                        found.push((script.command.split_whitespace().count(), folder, manager.run(&script.name)));
                    }
                }
            }
        }
        let (shortest, folder) = found.iter().map(|(words, folder, _)| (*words, *folder)).min_by_key(|(words, _)| *words)?;
        let lines = found.iter().filter(|(words, of, _)| *words == shortest && *of == folder).map(|(.., line)| line.clone());
        Some(Command { lines: lines.collect(), folder: Arc::clone(folder) })
    }

    /// The script of the first of these folders that applies the migrations of the project by its name, unless it runs code that
    /// does not.
    pub(super) fn applying(&self, folders: &[&Arc<str>]) -> Option<Command> {
        self.named(&APPLY, folders, |code| {
            let code = code.to_ascii_lowercase();
            MIGRATING.iter().any(|sign| code.contains(sign))
        })
    }

    /// The script of the first of these folders that starts a new migration by its name.
    pub(super) fn starting(&self, folders: &[&Arc<str>]) -> Option<Command> {
        self.named(&START, folders, |_| true)
    }

    /// The script of the first of these folders that makes a migration of what was changed by its name.
    pub(super) fn differing(&self, folders: &[&Arc<str>]) -> Option<Command> {
        self.named(&DIFF, folders, |_| true)
    }

    /// The script of the first of these folders that has one of these names, and runs code of the project that `does` so or a
    /// program that is not known.
    fn named(&self, names: &[&str], folders: &[&Arc<str>], does: impl Fn(&str) -> bool) -> Option<Command> {
        let in_folder = |folder: &Arc<str>, name: &str| {
            let mut scripts = self.resolver.manifests(folder).flat_map(|(_, manifest)| &manifest.scripts);
            let script = scripts.find(|script| script.name == name)?;
            let words = script.command.split_whitespace();
            let code = words.filter(|word| FileKind::of(word).is_some_and(FileKind::is_code)).find_map(|word| join(folder, word));
            if code.and_then(|path| self.files.text(&path)).is_some_and(|code| !does(&code)) {
                return None;
            }
            let line = Manager::of(self.files, self.resolver, folder).run(&script.name);
            invocations(&script.command).next().is_none().then(|| Command { lines: vec![line], folder: Arc::clone(folder) })
        };
        folders.iter().find_map(|folder| names.iter().find_map(|name| in_folder(folder, name)))
    }
}

/// Whether the name of a script says that it does something else as well.
fn does_other(name: &str) -> bool {
    name.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| OTHER_NAMES.contains(&word))
}
