//! Prisma (its documentation: "Prisma CLI reference", "Schema location").

use std::sync::Arc;

use super::{End, Finder, Route, in_a_shell, path_from};
use crate::facts::script::{Invocation, Program};
use crate::project::resolve::{ancestors, join, relative};
use crate::project::schema::prisma::PrismaSchema;
use crate::project::schema::tools::{Kind, Tool};
use crate::source::FileKind;

impl Finder<'_> {
    pub(super) fn prisma(&self) -> Route {
        let sources = self.sources();
        let of_server = |schema: &&PrismaSchema| schema.models.iter().any(|model| sources.contains(&*model.file));
        let schema = self.prisma.iter().find(of_server);
        let reads = |tool: &&Tool| match schema {
            Some(schema) => schema.models.iter().any(|model| tool.reads(&model.file)),
            None => sources.iter().any(|file| tool.reads(file)),
        };
        let is_code = |tool: &Tool| FileKind::of(&tool.config).is_some_and(FileKind::is_code);
        // A script that hands over a schema may do so for a client alone: the tool is run where the schema is.
        let is_told = |tool: &&Tool| {
            is_code(tool) || self.resolver.manifests(&tool.home).any(|(_, manifest)| manifest.prisma_schema.is_some())
        };
        let reading: Vec<&Tool> = self.tools.iter().filter(|tool| tool.kind == Kind::Prisma).filter(reads).collect();
        let told = reading.iter().copied().filter(is_told);
        let tool = told.min_by_key(|tool| schema.is_none_or(|schema| schema.package != tool.package));
        let home = match (tool, schema) {
            (Some(tool), _) => Arc::clone(&tool.package),
            (None, Some(schema)) => Arc::clone(&schema.package),
            (None, None) => self.home(),
        };
        let config = tool.filter(|tool| is_code(tool) && !is_usual(&home, &tool.config));
        let is_found = config.is_none() && (tool.is_some() || schema.is_none_or(|schema| schema.is_at_default_place(&home)));
        let option = match (config, schema) {
            (Some(tool), _) => format!(" --config {}", in_a_shell(&path_from(&home, &tool.config))),
            (None, Some(schema)) if !is_found => format!(" --schema {}", in_a_shell(&path_from(&home, &schema.main))),
            (None, _) => String::new(),
        };
        let around: Vec<Arc<str>> = ancestors(&home).map(Arc::from).collect();
        let others: Vec<Arc<str>> = reading.iter().map(|tool| Arc::clone(&tool.home)).collect();
        let step = |action: &str| {
            let names_it = |folder: &str, run: &Invocation<'_>| match (run.option("--schema"), run.option("--config")) {
                (Some(path), _) => {
                    schema.is_some_and(|schema| join(folder, path).is_some_and(|path| relative(&path, &schema.main).is_some()))
                }
                (None, Some(path)) => tool.is_some_and(|tool| join(folder, path).is_some_and(|path| path == *tool.config)),
                (None, None) => is_found && folder == &*home,
            };
            let script = |folders: &[Arc<str>]| self.script(Program::Prisma, action, folders, names_it);
            let script = script(&around).or_else(|| script(&others));
            script.unwrap_or_else(|| self.plain(&home, format!("npx prisma {action}{option}")))
        };
        // For MongoDB Prisma has no migrations (its documentation: "MongoDB", "Commonalities and differences").
        let is_mongo = self.server.adapter.provider.as_deref() == Some("mongodb");
        match is_mongo || self.is_pushed(tool) {
            true => Route { steps: vec![step("db push")], end: End::Pushed },
            false => Route { steps: vec![step("migrate dev")], end: End::Migrated },
        }
    }
}

/// Whether Prisma finds a configuration in the folder it is run in (its documentation: "Prisma Config reference").
fn is_usual(folder: &str, config: &str) -> bool {
    let stem = config.rsplit_once('.').map_or(config, |(stem, _)| stem);
    ["prisma.config", ".config/prisma"].into_iter().filter_map(|place| join(folder, place)).any(|place| place == stem)
}
