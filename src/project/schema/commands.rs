//! Which commands bring what is declared into the database of a server, and the folder each is run in.
//!
//! A script of the project that runs the very command goes first: it knows the environment and the configuration. Else it is
//! the command itself, in the folder from which the tool finds its configuration, or with that configuration named. Where
//! the sources do not tell, nothing is named.

mod drizzle;
mod official;
mod prisma;
mod scripts;
mod wrangler;

pub use official::{GENERATED, is_found};

use std::collections::BTreeSet;
use std::sync::Arc;

use super::migrated::are_kept;
use super::prisma::PrismaSchema;
use super::tools::Tool;
use super::{Migrated, SourceTable};
use crate::facts::script::{Program, Runner};
use crate::project::adapter::{D1, Mapper};
use crate::project::files::Files;
use crate::project::manager::Manager;
use crate::project::resolve::{Resolver, ancestors, relative};
use crate::project::{AdapterKind, Server};

/// A command, and the folder it is run in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The line; several where one of them is meant, and the sources do not tell which.
    pub lines: Vec<String>,
    /// The folder; empty for the root.
    pub folder: Arc<str>,
}

/// How what is declared gets into the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The commands, in order.
    pub steps: Vec<Command>,
    /// Where they lead.
    pub end: End,
}

/// Where the commands of a [`Route`] lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The database has what is declared, without a migration.
    Pushed,
    /// The database has what is declared, by a migration.
    Migrated,
    /// A migration is made. What applies it is none of the tools that are known.
    Made,
    /// Code of the project makes the tables with statements of its own, and nothing else is known to change them: what is
    /// declared has to stand there as well. There are no commands.
    Coded {
        /// The file with the statements.
        file: Arc<str>,
    },
    /// The database has what is declared, by a migration that people write: the tool that reads the schema keeps none of
    /// those that are there, and would make every table again. Without commands it is not known what applies it.
    Written {
        /// The folder of the migrations.
        folder: Arc<str>,
        /// The command that starts a new one, where there is one.
        start: Option<Command>,
    },
}

/// The commands for a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commands {
    /// What brings a schema that is declared in code into the database, or statements into one of Cloudflare; `None` where the
    /// sources do not tell.
    pub route: Option<Route>,
    /// The configurations of tools beside it that read other tables, where none reads those of the server.
    pub of_others: Vec<Arc<str>>,
    /// The files that declare the same tables once more for the tool, where it does not read those of the server.
    pub copies: Vec<Arc<str>>,
    /// The script that says what the database is to be like, from which migrations are made.
    pub desired: Option<Arc<str>>,
    /// The official `generate`, where it writes into what the tools read.
    pub generate: Option<Command>,
    /// The official `migrate`, which serves the built-in adapter alone.
    pub migrate: Option<Command>,
    /// What installs the packages.
    pub manager: Manager,
}

/// A path as a shell takes it for one word.
#[must_use]
pub fn in_a_shell(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

/// The tools of a server that migrate its database.
pub(super) struct Finder<'f> {
    pub(super) files: &'f dyn Files,
    pub(super) resolver: &'f Resolver,
    pub(super) tools: &'f [Tool],
    /// All that is migrated in the repository.
    pub(super) migrated: &'f [Arc<Migrated>],
    pub(super) prisma: &'f [PrismaSchema],
    pub(super) server: &'f Server,
}

impl Finder<'_> {
    pub(super) fn commands(&self) -> Commands {
        let manager = Manager::of(self.files, self.resolver, &self.server.package);
        let mut commands = Commands {
            generate: self.official_generate(),
            migrate: Some(self.official_migrate()),
            manager,
            ..Commands::default()
        };
        commands.route = match (self.server.adapter.kind, self.server.adapter.mapper()) {
            (AdapterKind::Drizzle, _) => self.drizzle(&mut commands),
            (AdapterKind::Prisma, _) => Some(self.prisma()),
            (_, Some(mapper)) => Some(self.mapped(mapper)),
            (AdapterKind::Kysely, _) if self.server.adapter.provider.as_deref() == Some(D1) => self.d1(),
            (AdapterKind::Kysely, _) if self.server.declared.runner == Some(Runner::Atlas) => self.atlas(&mut commands),
            _ => None,
        };
        commands
    }

    /// The tables that the adapter finds.
    fn tables(&self) -> impl Iterator<Item = &SourceTable> {
        let Server { required, adapter, declared, .. } = self.server;
        let names: Vec<String> = required.tables.iter().map(|(key, table)| adapter.lookup_name(key, &table.model)).collect();
        let naming = declared.lookup.naming;
        let is_one = move |name: &str, table: &SourceTable| names.iter().any(|one| naming.is_table(name, &table.table, one));
        declared.lookup.tables.iter().filter(move |(name, table)| is_one(name, table)).map(|(_, table)| table)
    }

    /// The files that declare them.
    fn sources(&self) -> BTreeSet<&str> {
        self.tables().map(|table| &*table.file).collect()
    }

    /// The folders of the packages that may have something to say: that of the server, those that declare tables, and those
    /// around them.
    fn packages(&self) -> Vec<Arc<str>> {
        let mut own: BTreeSet<Arc<str>> = self.sources().into_iter().map(|file| self.resolver.package_of(file)).collect();
        own.insert(Arc::clone(&self.server.package));
        let around: BTreeSet<Arc<str>> = own.iter().flat_map(|folder| ancestors(folder)).map(Arc::from).collect();
        own.extend(around);
        own.into_iter().collect()
    }

    /// Whether the schema gets into the database without migrations. A first one that is generated later would make every
    /// table again. Migrations that make few of the tables are left behind, or were never meant to make them.
    fn is_pushed(&self, tool: Option<&Tool>) -> bool {
        let declared = &self.server.declared;
        let written = tool.and_then(|tool| tool.migrations.as_deref());
        let own = self.migrated.iter().filter(|one| one.ordered && written == Some(&*one.folder)).cloned().collect::<Vec<_>>();
        let tables = || declared.lookup.tables.iter().map(|(_, table)| table);
        let read = tables().filter(|table| tool.is_some_and(|tool| tool.reads(&table.file)));
        let keeps_some =
            !declared.migrated.is_empty() && are_kept(&declared.migrated, tables()) || !own.is_empty() && are_kept(&own, read);
        declared.pushed && !keeps_some
    }

    /// Documentation of Atlas, "Versioned Migrations": `migrate diff --to` compares the migrations with a script that makes all
    /// tables.
    fn atlas(&self, commands: &mut Commands) -> Option<Route> {
        let names: BTreeSet<&str> = self.tables().map(|table| table.table.name.as_str()).collect();
        let makes_all = |one: &&Arc<Migrated>| names.iter().all(|name| one.table(name).is_some());
        let mut whole = self.migrated.iter().filter(|one| !one.ordered && !names.is_empty()).filter(makes_all);
        let file = whole.next().filter(|_| whole.next().is_none()).map(|one| Arc::clone(&one.tables[0].file))?;
        let package = self.resolver.package_of(&file);
        let plain = |line: &str| self.plain(&package, line.to_owned());
        let differ = self.differing(&[&package]).unwrap_or_else(|| plain("atlas migrate diff"));
        let apply = self.applying(&[&package]).unwrap_or_else(|| plain("atlas migrate apply"));
        let steps = vec![differ, apply];
        commands.desired = Some(file);
        Some(Route { steps, end: End::Migrated })
    }

    /// The folder of the package that declares the tables, where it is one; else that of the server.
    fn home(&self) -> Arc<str> {
        let declaring: BTreeSet<Arc<str>> = self.sources().into_iter().map(|file| self.resolver.package_of(file)).collect();
        let only = declaring.first().filter(|_| declaring.len() == 1);
        only.unwrap_or(&self.server.package).clone()
    }

    /// A command that no script of the project runs.
    fn plain(&self, folder: &Arc<str>, line: String) -> Command {
        Command { lines: vec![self.line(folder, line)], folder: Arc::clone(folder) }
    }

    /// The line of such a command.
    fn line(&self, folder: &str, line: String) -> String {
        match line.strip_prefix("npx ") {
            Some(program) => format!("{} {program}", Manager::of(self.files, self.resolver, folder).npx()),
            None => line,
        }
    }

    /// Documentation of TypeORM, "Migrations" and "CLI"; of MikroORM, "Migrations" and "Schema Generator"; of Convex, "CLI".
    fn mapped(&self, mapper: Mapper) -> Route {
        let home = self.home();
        let (program, name, push, make) = match mapper {
            Mapper::Convex => {
                return Route { steps: vec![self.plain(&home, "npx convex deploy".to_owned())], end: End::Pushed };
            }
            Mapper::TypeOrm => (Program::TypeOrm, "typeorm", ["schema:sync"].as_slice(), ["migration:generate", "migration:run"]),
            Mapper::MikroOrm => {
                (Program::MikroOrm, "mikro-orm", ["schema:update"].as_slice(), ["migration:create", "migration:up"])
            }
        };
        let step = |action: &&str| {
            let script = self.script(program, action, &self.packages(), |_, _| true);
            let option = if *action == "schema:update" { " --run" } else { "" };
            script.unwrap_or_else(|| self.plain(&home, format!("npx {name} {action}{option}")))
        };
        match self.is_pushed(None) {
            true => Route { steps: push.iter().map(step).collect(), end: End::Pushed },
            false => Route { steps: make.iter().map(step).collect(), end: End::Migrated },
        }
    }
}

/// The path of a file as it is named in a folder.
fn path_from(folder: &str, path: &str) -> String {
    let common = ancestors(folder).find(|around| relative(around, path).is_some()).unwrap_or_default();
    let up = relative(common, folder).unwrap_or_default().split('/').filter(|part| !part.is_empty()).count();
    "../".repeat(up) + relative(common, path).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_for_folders_and_shells() {
        assert_eq!(path_from("", "src/auth.ts"), "src/auth.ts");
        assert_eq!(path_from("apps/api", "apps/api/src/auth.ts"), "src/auth.ts");
        assert_eq!(path_from("apps/api", "packages/db/schema.ts"), "../../packages/db/schema.ts");
        assert_eq!(path_from("apps/api", "apps/apix/schema.ts"), "../apix/schema.ts");
        assert_eq!(in_a_shell("prisma/schema.prisma"), "prisma/schema.prisma");
        assert_eq!(in_a_shell("app/(auth)/it's.ts"), r"'app/(auth)/it'\''s.ts'");
    }
}
