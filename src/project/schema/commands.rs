//! Which commands bring what is declared into the database of a server, and the folder each is run in.
//!
//! A script of the project that runs the very command goes first: it knows the environment and the configuration. Else it is
//! the command itself, in the folder from which the tool finds its configuration, or with that configuration named. Where
//! the sources do not tell, nothing is named.

mod official;
mod scripts;

pub use official::GENERATED;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::migrated::are_kept;
use super::tools::{Kind, Tool};
use super::wrangler::databases;
use super::{Migrated, SourceTable, prisma};
use crate::facts::script::{Invocation, Program};
use crate::project::adapter::Mapper;
use crate::project::files::Files;
use crate::project::resolve::{Resolver, ancestors, join, relative};
use crate::project::{AdapterKind, Server};
use crate::source::{FileKind, folder_of};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The database has what is declared, without a migration.
    Pushed,
    /// The database has what is declared, by a migration.
    Migrated,
    /// A migration is made. What applies it is none of the tools that are known.
    Made,
}

/// The commands for a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commands {
    /// What brings a schema that is declared in code into the database; `None` where the sources do not tell.
    pub route: Option<Route>,
    /// The configurations of tools beside it that read other tables, where none reads those of the server.
    pub of_others: Vec<Arc<str>>,
    /// The official `generate`, where it writes into what the tools read.
    pub generate: Option<Command>,
    /// The official `migrate`, which serves the built-in adapter alone.
    pub migrate: Option<Command>,
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
    pub(super) prisma: &'f [prisma::PrismaSchema],
    pub(super) server: &'f Server,
}

impl Finder<'_> {
    pub(super) fn commands(&self) -> Commands {
        let mut of_others = Vec::new();
        let route = match (self.server.adapter.kind, self.server.adapter.mapper()) {
            (AdapterKind::Drizzle, _) => self.drizzle(&mut of_others),
            (AdapterKind::Prisma, _) => Some(self.prisma()),
            (_, Some(mapper)) => Some(self.mapped(mapper)),
            _ => None,
        };
        Commands { route, of_others, generate: self.official_generate(), migrate: Some(self.official_migrate()) }
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
    /// table again.
    fn is_pushed(&self, tool: Option<&Tool>) -> bool {
        let declared = &self.server.declared;
        let written = tool.and_then(|tool| tool.migrations.as_deref());
        let own = self.migrated.iter().filter(|one| one.ordered && written == Some(&*one.folder)).cloned().collect::<Vec<_>>();
        let read = declared
            .lookup
            .tables
            .iter()
            .map(|(_, table)| table)
            .filter(|table| tool.is_some_and(|tool| tool.reads(&table.file)));
        let keeps_some = !declared.migrated.is_empty() || !own.is_empty() && are_kept(&own, read);
        declared.pushed && !keeps_some
    }

    fn drizzle(&self, of_others: &mut Vec<Arc<str>>) -> Option<Route> {
        // Documentation of Astro: "Astro DB", "Pushing table schemas".
        if self.server.declared.is_of_astro() {
            let push = self.plain(&self.home(), "npx astro db push --remote".to_owned());
            return Some(Route { steps: vec![push], end: End::Pushed });
        }
        let sources = self.sources();
        let kits: Vec<&Tool> = self.tools.iter().filter(|tool| tool.kind == Kind::DrizzleKit).collect();
        let read = |tool: &Tool| sources.iter().filter(|file| tool.reads(file)).count();
        let rank =
            |tool: &&&Tool| (read(tool), tool.is_found(), tool.package == self.server.package, Reverse(tool.config.clone()));
        let best = kits.iter().max_by_key(rank).copied().filter(|tool| read(tool) > 0);
        let packages = self.packages();
        let near: Vec<&Tool> = kits.iter().copied().filter(|tool| packages.contains(&tool.package)).collect();
        let tool = match (best, near.as_slice()) {
            (Some(tool), _) => tool,
            (None, []) => return Some(self.unconfigured()),
            (None, [only]) if only.is_open() => only,
            (None, near) => {
                let known = near.iter().filter(|tool| !tool.is_open()).map(|tool| Arc::clone(&tool.config));
                *of_others = known.collect();
                return None;
            }
        };
        let step = |action: &str| self.step(tool, action);
        if self.is_pushed(Some(tool)) {
            return Some(Route { steps: vec![step("push")?], end: End::Pushed });
        }
        let generate = step("generate")?;
        if let Some(apply) = self.by_wrangler(tool) {
            return Some(Route { steps: [vec![generate], apply].concat(), end: End::Migrated });
        }
        let applied = self.script_of(tool, "migrate");
        // Where a script makes migrations and none applies them with this tool, something else does.
        let is_elsewhere = !tool.connects || self.script_of(tool, "generate").is_some();
        match applied {
            Some(applied) => Some(Route { steps: vec![generate, applied], end: End::Migrated }),
            None if is_elsewhere => Some(Route { steps: vec![generate], end: End::Made }),
            None => Some(Route { steps: vec![generate, step("migrate")?], end: End::Migrated }),
        }
    }

    /// Drizzle Kit where no configuration of its is in the repository.
    fn unconfigured(&self) -> Route {
        let step = |action: &str| {
            let script = self.script(Program::DrizzleKit, action, &self.packages(), |_, _| true);
            script.unwrap_or_else(|| self.plain(&self.home(), format!("npx drizzle-kit {action}")))
        };
        match self.is_pushed(None) {
            true => Route { steps: vec![step("push")], end: End::Pushed },
            false => Route { steps: vec![step("generate"), step("migrate")], end: End::Migrated },
        }
    }

    /// The folder of the package that declares the tables, where it is one; else that of the server.
    fn home(&self) -> Arc<str> {
        let declaring: BTreeSet<Arc<str>> = self.sources().into_iter().map(|file| self.resolver.package_of(file)).collect();
        let only = declaring.first().filter(|_| declaring.len() == 1);
        only.unwrap_or(&self.server.package).clone()
    }

    fn plain(&self, folder: &Arc<str>, line: String) -> Command {
        Command { lines: vec![line], folder: Arc::clone(folder) }
    }

    /// A command of Drizzle Kit with a configuration; `None` where the values of the configuration depend on something that
    /// no script gives.
    fn step(&self, tool: &Tool, action: &str) -> Option<Command> {
        let config = (!tool.is_found()).then(|| format!(" --config {}", in_a_shell(&path_from(&tool.home, &tool.config))));
        let plain = || self.plain(&tool.home, format!("npx drizzle-kit {action}{}", config.unwrap_or_default()));
        self.script_of(tool, action).or_else(|| (!tool.is_open()).then(plain))
    }

    /// The script that does something with a configuration of Drizzle Kit.
    fn script_of(&self, tool: &Tool, action: &str) -> Option<Command> {
        let around = ancestors(folder_of(&tool.config)).map(Arc::from);
        let folders: Vec<Arc<str>> = around.chain([Arc::clone(&tool.home)]).collect();
        let names_it = |folder: &str, run: &Invocation<'_>| match run.option("--config") {
            Some(path) => join(folder, path).is_some_and(|path| path == *tool.config),
            None => tool.is_found() && folder == &*tool.home,
        };
        self.script(Program::DrizzleKit, action, &folders, names_it)
    }

    /// What applies the migrations of a database of Cloudflare, where a worker reads them from the folder that the tool
    /// writes into.
    fn by_wrangler(&self, tool: &Tool) -> Option<Vec<Command>> {
        let written = tool.migrations.as_deref()?;
        let mut folders = self.packages();
        folders.extend(ancestors(&tool.package).map(Arc::from));
        folders.extend(self.resolver.dependants(&tool.package));
        let (folder, name) = folders.iter().find_map(|folder| {
            let found = databases(self.files, folder).into_iter().find(|database| database.migrations == written)?;
            Some((folder, found.name))
        })?;
        let apply = |place: &str| {
            let own = [Arc::clone(folder)];
            let script =
                self.script(Program::Wrangler, "d1 migrations apply", &own, |_, run| run.has(place) && !run.has("--env"));
            script
                .unwrap_or_else(|| self.plain(folder, format!("npx wrangler d1 migrations apply {} {place}", in_a_shell(&name))))
        };
        Some(vec![apply("--local"), apply("--remote")])
    }

    fn prisma(&self) -> Route {
        let sources = self.sources();
        let of_server = |schema: &&prisma::PrismaSchema| schema.models.iter().any(|model| sources.contains(&*model.file));
        let schema = self.prisma.iter().find(of_server);
        let configured = self.tools.iter().filter(|tool| tool.kind == Kind::Prisma);
        let tool = configured
            .filter(|tool| sources.iter().any(|file| tool.reads(file)))
            .min_by_key(|tool| schema.is_none_or(|schema| schema.package != tool.package));
        let home = match (tool, schema) {
            (Some(tool), _) => Arc::clone(&tool.home),
            (None, Some(schema)) => Arc::clone(&schema.package),
            (None, None) => self.home(),
        };
        // A script may be the only one to say where the schema is.
        let is_told = tool.is_some_and(|tool| {
            FileKind::of(&tool.config).is_some_and(FileKind::is_code)
                || self.resolver.manifests(&home).any(|(_, manifest)| manifest.prisma_schema.is_some())
        });
        let is_found = is_told || schema.is_none_or(|schema| schema.is_at_default_place(&home));
        let option =
            schema.filter(|_| !is_found).map(|schema| format!(" --schema {}", in_a_shell(&path_from(&home, &schema.main))));
        let option = option.unwrap_or_default();
        let folders: Vec<Arc<str>> = ancestors(&home).map(Arc::from).collect();
        let step = |action: &str| {
            let names_it = |folder: &str, run: &Invocation<'_>| match (run.option("--schema"), schema) {
                (Some(path), Some(schema)) => join(folder, path).is_some_and(|path| relative(&path, &schema.main).is_some()),
                (Some(_), None) => false,
                (None, _) => is_found && folder == &*home,
            };
            let script = self.script(Program::Prisma, action, &folders, names_it);
            script.unwrap_or_else(|| self.plain(&home, format!("npx prisma {action}{option}")))
        };
        // For MongoDB Prisma has no migrations (its documentation: "MongoDB", "Commonalities and differences").
        let is_mongo = self.server.adapter.provider.as_deref() == Some("mongodb");
        match is_mongo || self.is_pushed(tool) {
            true => Route { steps: vec![step("db push")], end: End::Pushed },
            false => Route { steps: vec![step("migrate dev")], end: End::Migrated },
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
