//! Migrations of the databases of Cloudflare (documentation of D1: "Migrations"; of Wrangler: "D1 commands").

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Command, End, Finder, Route, in_a_shell};
use crate::facts::script::{Invocation, Program};
use crate::project::resolve::ancestors;
use crate::project::schema::wrangler::{Database, databases};
use crate::project::value::{Node, Value};
use crate::source::Site;

impl Finder<'_> {
    /// What applies the migrations in a folder that belongs to a package, where a worker reads them from there.
    pub(super) fn by_wrangler(&self, package: &str, migrations: &str) -> Option<Vec<Command>> {
        let mut folders = self.packages();
        folders.extend(ancestors(package).map(Arc::from));
        folders.extend(self.resolver.dependants(package));
        folders.iter().find_map(|folder| {
            let all = databases(self.files, folder);
            let reading: Vec<&Database> = self.meant(&all).into_iter().filter(|one| one.migrations == migrations).collect();
            (!reading.is_empty()).then(|| self.applied(folder, &reading))
        })
    }

    /// What makes a migration for the database of a worker, and applies it: of several databases for those whose migrations
    /// make the tables.
    pub(super) fn d1(&self) -> Option<Route> {
        let packages = self.packages();
        let (folder, all) =
            packages.iter().rev().map(|folder| (folder, databases(self.files, folder))).find(|(_, all)| !all.is_empty())?;
        let makes_them =
            |one: &&Database| self.server.declared.migrated.iter().any(|migrated| *migrated.folder == one.migrations);
        let meant = self.meant(&all);
        let making: Vec<&Database> = meant.iter().copied().filter(makes_them).collect();
        let databases = if making.is_empty() { meant } else { making };
        let create =
            |one: &&Database| self.line(folder, format!("npx wrangler d1 migrations create {} auth", in_a_shell(&one.name)));
        let create = Command { lines: databases.iter().map(create).collect(), folder: Arc::clone(folder) };
        let steps = [vec![create], self.applied(folder, &databases)].concat();
        Some(Route { steps, end: End::Migrated })
    }

    /// The databases that the adapter may be given: those that the code names which gives it one, else any.
    fn meant<'d>(&self, all: &'d [Database]) -> Vec<&'d Database> {
        if all.len() < 2 {
            return all.iter().collect();
        }
        let mut places = BTreeSet::new();
        self.server.adapter.handle.iter().for_each(|handle| sites(handle, &mut places));
        let texts: Vec<String> =
            places.iter().filter_map(|at| Some(at.span.of(&self.files.text(&at.file)?).to_owned())).collect();
        let named: Vec<&Database> = all.iter().filter(|one| texts.iter().any(|text| names(text, &one.binding))).collect();
        // Of a choice by what is there, the first counts, since all of them are bound.
        let first = |text: &String| {
            let mut choices = text.split("??").map(|part| named.iter().copied().find(|one| names(part, &one.binding)));
            choices.next().filter(|_| text.contains("??"))?
        };
        match texts.iter().find_map(first) {
            Some(first) => vec![first],
            None if named.is_empty() => all.iter().collect(),
            None => named,
        }
    }

    /// What applies the migrations of a database, to the local copy and to the database itself; of one of several where it is
    /// not known which one it is.
    fn applied(&self, folder: &Arc<str>, databases: &[&Database]) -> Vec<Command> {
        let apply = |place: &str| {
            let own = [Arc::clone(folder)];
            let of_one = |database: &&Database| {
                let is_it = |_: &str, run: &Invocation<'_>| {
                    let is_named = [&database.name, &database.binding].into_iter().any(|name| run.has(name));
                    is_named && run.has(place) && !run.has("--env")
                };
                let script = self.script(Program::Wrangler, "d1 migrations apply", &own, is_it);
                let line =
                    || self.line(folder, format!("npx wrangler d1 migrations apply {} {place}", in_a_shell(&database.name)));
                script.map_or_else(|| vec![line()], |script| script.lines)
            };
            Command { lines: databases.iter().flat_map(of_one).collect(), folder: Arc::clone(folder) }
        };
        vec![apply("--local"), apply("--remote")]
    }
}

/// The places of a value and of all that it is made with.
fn sites(node: &Node, found: &mut BTreeSet<Site>) {
    found.insert(node.at.clone());
    match &node.value {
        Value::Call(call) => call.arguments.iter().for_each(|argument| sites(argument, found)),
        Value::Object(object) => object.properties.iter().for_each(|property| sites(&property.node, found)),
        Value::Either(alternatives) => alternatives.iter().for_each(|alternative| sites(&alternative.node, found)),
        Value::Unknown(why) => drop(found.insert(why.at.clone())),
        _ => {}
    }
}

/// Whether code has a name in it.
fn names(code: &str, name: &str) -> bool {
    let is_part = |letter: &char| letter.is_alphanumeric() || matches!(letter, '_' | '$');
    code.split(|letter| !is_part(&letter)).any(|word| word == name && !name.is_empty())
}
