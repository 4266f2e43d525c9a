//! Prisma (its documentation: "Prisma CLI reference", "Schema location").

use std::sync::Arc;

use super::{End, Finder, Route, in_a_shell, path_from};
use crate::facts::script::{Invocation, Program};
use crate::project::resolve::{ancestors, join, relative};
use crate::project::schema::prisma::PrismaSchema;
use crate::project::schema::tools::Kind;
use crate::source::FileKind;

impl Finder<'_> {
    pub(super) fn prisma(&self) -> Route {
        let sources = self.sources();
        let of_server = |schema: &&PrismaSchema| schema.models.iter().any(|model| sources.contains(&*model.file));
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
}
