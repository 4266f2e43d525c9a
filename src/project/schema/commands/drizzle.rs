//! Drizzle Kit (its documentation: "Migrations", "generate", "migrate" and "push").

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Command, Commands, End, Finder, Route, in_a_shell, path_from};
use crate::facts::script::{Invocation, Program};
use crate::project::resolve::{ancestors, join};
use crate::project::schema::migrated::name_in_database;
use crate::project::schema::tools::{Kind, Tool};
use crate::project::schema::{Layer, SourceTable};
use crate::source::folder_of;

impl Finder<'_> {
    /// By the configuration that reads the tables; what else there is to say of it goes into `commands`.
    pub(super) fn drizzle(&self, commands: &mut Commands) -> Option<Route> {
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
        match self.is_pushed(None) {
            true => Route { steps: vec![step("push")], end: End::Pushed },
            false => Route { steps: vec![step("generate"), step("migrate")], end: End::Migrated },
        }
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
}
