//! Migrations of the databases of Cloudflare (documentation of D1: "Migrations"; of Wrangler: "D1 commands").

use std::sync::Arc;

use super::{Command, End, Finder, Route, in_a_shell};
use crate::facts::script::{Invocation, Program};
use crate::project::resolve::ancestors;
use crate::project::schema::tools::Tool;
use crate::project::schema::wrangler::{Database, databases};

impl Finder<'_> {
    /// What applies migrations where a worker reads them from the folder that Drizzle Kit writes into.
    pub(super) fn by_wrangler(&self, tool: &Tool) -> Option<Vec<Command>> {
        let written = tool.migrations.as_deref()?;
        let mut folders = self.packages();
        folders.extend(ancestors(&tool.package).map(Arc::from));
        folders.extend(self.resolver.dependants(&tool.package));
        folders.iter().find_map(|folder| {
            let found = databases(self.files, folder).into_iter().find(|database| database.migrations == written)?;
            Some(self.applied(folder, &found))
        })
    }

    /// What makes a migration for the database of a worker, and applies it: of several databases for the one whose migrations
    /// make the tables.
    pub(super) fn d1(&self) -> Option<Route> {
        let packages = self.packages();
        let (folder, all) =
            packages.iter().rev().map(|folder| (folder, databases(self.files, folder))).find(|(_, all)| !all.is_empty())?;
        let makes_them =
            |one: &&Database| self.server.declared.migrated.iter().any(|migrated| *migrated.folder == one.migrations);
        let only = all.first().filter(|_| all.len() == 1);
        let database = all.iter().find(makes_them).or(only)?;
        let create = format!("npx wrangler d1 migrations create {} auth", in_a_shell(&database.name));
        let steps = [vec![self.plain(folder, create)], self.applied(folder, database)].concat();
        Some(Route { steps, end: End::Migrated })
    }

    /// What applies the migrations of a database, to the local copy and to the database itself.
    fn applied(&self, folder: &Arc<str>, database: &Database) -> Vec<Command> {
        let apply = |place: &str| {
            let own = [Arc::clone(folder)];
            let is_it = |_: &str, run: &Invocation<'_>| run.has(place) && !run.has("--env");
            let script = self.script(Program::Wrangler, "d1 migrations apply", &own, is_it);
            let line = || format!("npx wrangler d1 migrations apply {} {place}", in_a_shell(&database.name));
            script.unwrap_or_else(|| self.plain(folder, line()))
        };
        vec![apply("--local"), apply("--remote")]
    }
}
