//! Drizzle Kit (its documentation: "Migrations", "generate", "migrate" and "push").

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Command, Commands, End, Finder, Route, in_a_shell, path_from};
use crate::facts::script::{Invocation, Program};
use crate::project::resolve::{ancestors, join};
use crate::project::schema::declared::writer;
use crate::project::schema::migrated::{are_kept, name_in_database};
use crate::project::schema::replay::is_code;
use crate::project::schema::tools::{Kind, OUT, Tool};
use crate::project::schema::{Layer, Migrated, SourceTable};
use crate::source::folder_of;

impl Finder<'_> {
    /// By the configuration that reads the tables; what else there is to say of it goes into `commands`.
    pub(super) fn drizzle(&self, commands: &mut Commands) -> Option<Route> {
        // Documentation of Astro: "Astro DB", "Pushing table schemas".
        if self.server.declared.is_of_astro() {
            let push = self.plain(&self.home(), "npx astro db push --remote".to_owned());
            return Some(Route { steps: vec![push], end: End::Pushed });
        }
        if let Some(file) = self.made_by_code() {
            return Some(Route { steps: Vec::new(), end: End::Coded { file } });
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
            (None, near) => match near.iter().map(|tool| (self.copies(tool), *tool)).find(|(copies, _)| !copies.is_empty()) {
                Some((copies, tool)) => {
                    commands.copies = copies;
                    tool
                }
                None => {
                    let known = near.iter().filter(|tool| !tool.is_open()).map(|tool| Arc::clone(&tool.config));
                    commands.of_others = known.collect();
                    return None;
                }
            },
        };
        let step = |action: &str| self.step(tool, action);
        if self.is_pushed(Some(tool)) {
            return Some(Route { steps: vec![step("push")?], end: End::Pushed });
        }
        let by_wrangler = tool.migrations.as_deref().and_then(|folder| self.by_wrangler(&tool.package, folder));
        if by_wrangler.is_none()
            && let Some(folder) = self.not_of_kit(Some(tool))
        {
            return Some(self.written(folder, &[&tool.home, &tool.package], Some(tool)));
        }
        let generate = step("generate")?;
        if let Some(apply) = by_wrangler {
            return Some(Route { steps: [vec![generate], apply].concat(), end: End::Migrated });
        }
        let applied = self.script_of(tool, "migrate").or_else(|| self.applying(&[&tool.home, &tool.package]));
        // Where a script makes migrations and none applies them with this tool, something else does.
        let is_elsewhere = !tool.connects || self.script_of(tool, "generate").is_some();
        match applied {
            Some(applied) => Some(Route { steps: vec![generate, applied], end: End::Migrated }),
            None if is_elsewhere => Some(Route { steps: vec![generate], end: End::Made }),
            None => Some(Route { steps: vec![generate, step("migrate")?], end: End::Migrated }),
        }
    }

    /// The file whose statements make the tables, where no migrations do and none is pushed: code that runs when the program starts.
    fn made_by_code(&self) -> Option<Arc<str>> {
        let declared = &self.server.declared;
        let is_named = self.tables().any(|table| name_in_database(table).is_some());
        if !is_named || !declared.lookup.is_certain() || declared.migrated.iter().any(|one| one.ordered) || self.is_pushed(None) {
            return None;
        }
        let packages = self.packages();
        let made = self.migrated.iter().filter(|one| !one.ordered && one.tables.iter().any(|table| table.layer == Layer::Code));
        let mut makes_most = made.filter(|one| are_kept(std::slice::from_ref(one), self.tables()));
        let file = &makes_most.find_map(|one| one.tables.first())?.file;
        // Of several, any may be for tests.
        let is_only = makes_most.next().is_none() && packages.contains(&self.resolver.package_of(file));
        is_only.then(|| Arc::clone(file))
    }

    /// The folder of the migrations that make the tables, where Drizzle Kit does not keep them: they are code, it is configured
    /// to write elsewhere, people wrote some that make tables or columns, so that what it generates would make those again,
    /// or nothing tells of it at all.
    fn not_of_kit(&self, tool: Option<&Tool>) -> Option<Arc<str>> {
        let declared = &self.server.declared;
        let target = tool.and_then(|tool| tool.migrations.as_deref());
        let is_run = || self.script(Program::DrizzleKit, "generate", &self.packages(), |_, _| true).is_some();
        let is_of_kit = |one: &&Migrated| {
            let is_target = match tool {
                Some(_) => target.is_none_or(|folder| folder == &*one.folder),
                None => is_run() || one.folder.rsplit('/').next() == Some(OUT),
            };
            let is_written = is_target || writer(self.files, &one.folder) == Some(Layer::Drizzle);
            is_written
                && !self.makes_some_by_hand(one)
                && !declared.scripts.ordered(&one.folder).iter().any(|script| is_code(script))
        };
        let mut kept = declared.migrated.iter().map(|one| &**one).filter(|one| one.ordered).peekable();
        let first = Arc::clone(&kept.peek()?.folder);
        (!kept.any(|one| is_of_kit(&one))).then_some(first)
    }

    /// Whether scripts that Drizzle Kit did not write make a part of the tables: the journal in their folder does not list them, and
    /// no snapshot of the schema belongs to them. One that was written and taken out of the journal again has one; where another
    /// script took its number, what Drizzle Kit puts between statements tells.
    fn makes_some_by_hand(&self, migrated: &Migrated) -> bool {
        let is_of_kit = |script: &Arc<str>| {
            let Some(number) = number_of(script) else { return false };
            let snapshot = join(folder_of(script), &format!("meta/{number}_snapshot.json"));
            let is_taken = |other: &&Arc<str>| !migrated.unlisted.contains(*other) && number_of(other) == Some(number);
            let is_marked = || self.files.text(script).is_some_and(|text| text.contains("--> statement-breakpoint"));
            snapshot.is_some_and(|path| self.files.exists(&path))
                && (!migrated.places.keys().any(|one| is_taken(&one)) || is_marked())
        };
        if migrated.unlisted.is_empty() {
            return false;
        }
        let making = migrated.tables.iter().flat_map(|source| {
            let columns = source.table.columns.iter().filter_map(|column| source.elsewhere.get(&column.name));
            std::iter::once(&source.file).chain(columns)
        });
        let unlisted: BTreeSet<&Arc<str>> = making.filter(|script| migrated.unlisted.contains(*script)).collect();
        unlisted.into_iter().any(|script| !is_of_kit(script))
    }

    /// A migration that people write into a folder, with the scripts of these packages, or of the tool that keeps a journal there.
    fn written(&self, folder: Arc<str>, packages: &[&Arc<str>], tool: Option<&Tool>) -> Route {
        let by_wrangler = self.by_wrangler(&self.resolver.package_of(&format!("{folder}/")), &folder);
        let steps = by_wrangler.unwrap_or_else(|| self.applying(packages).into_iter().collect());
        let start = self.starting(packages);
        // A script of people is run as soon as the journal lists it, which an empty one is that Drizzle Kit is asked for (its
        // documentation: "Custom migrations").
        let is_listed =
            |tool: &&Tool| tool.migrations.as_deref() == Some(&*folder) && writer(self.files, &folder) == Some(Layer::Drizzle);
        let applied = tool.filter(|_| steps.is_empty()).filter(is_listed).and_then(|tool| self.script_of(tool, "migrate"));
        let (steps, start) = match (applied, tool) {
            (Some(applied), Some(tool)) => (vec![applied], start.or_else(|| self.command(tool, "generate --custom"))),
            _ => (steps, start),
        };
        Route { steps, end: End::Written { folder, start } }
    }

    /// The files that a tool reads and that declare tables which have the names of those of the server in the database.
    fn copies(&self, tool: &Tool) -> Vec<Arc<str>> {
        let names: BTreeSet<&str> = self.tables().filter_map(name_in_database).collect();
        let is_copy = |table: &&SourceTable| {
            table.layer == Layer::Drizzle
                && tool.reads(&table.file)
                && name_in_database(table).is_some_and(|name| names.contains(name))
        };
        let files: BTreeSet<Arc<str>> =
            self.server.declared.all.iter().filter(is_copy).map(|table| Arc::clone(&table.file)).collect();
        files.into_iter().collect()
    }

    /// Drizzle Kit where no configuration of its is in the repository.
    fn unconfigured(&self) -> Route {
        let step = |action: &str| {
            let script = self.script(Program::DrizzleKit, action, &self.packages(), |_, _| true);
            script.unwrap_or_else(|| self.plain(&self.home(), format!("npx drizzle-kit {action}")))
        };
        match self.not_of_kit(None) {
            _ if self.is_pushed(None) => Route { steps: vec![step("push")], end: End::Pushed },
            Some(folder) => self.written(folder, &[&self.home()], None),
            None => Route { steps: vec![step("generate"), step("migrate")], end: End::Migrated },
        }
    }

    /// A command of Drizzle Kit with a configuration; `None` where the values of the configuration depend on something that
    /// no script gives.
    fn step(&self, tool: &Tool, action: &str) -> Option<Command> {
        self.script_of(tool, action).or_else(|| self.command(tool, action))
    }

    /// A command of Drizzle Kit with a configuration, where no script runs it.
    fn command(&self, tool: &Tool, action: &str) -> Option<Command> {
        let config = (!tool.is_found()).then(|| format!(" --config {}", in_a_shell(&path_from(&tool.home, &tool.config))));
        let plain = || self.plain(&tool.home, format!("npx drizzle-kit {action}{}", config.unwrap_or_default()));
        (!tool.is_open()).then(plain)
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
}

/// The number that the name of a script begins with.
fn number_of(script: &str) -> Option<&str> {
    script.rsplit('/').next()?.split_once('_').map(|(number, _)| number)
}
