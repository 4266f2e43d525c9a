//! What the repository declares for one server: which sources its adapter reads, and what lies elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::replay::replay;
use super::{Declared, Layer, Migrated, SourceTable, drizzle};
use crate::facts::Body;
use crate::facts::schema::PrismaFile;
use crate::project::eval::Evaluator;
use crate::project::files::Files;
use crate::project::resolve::Resolver;
use crate::project::value::{Node, Value};
use crate::project::{Adapter, AdapterKind};
use crate::source::{FileKind, folder_of};

/// The schema sources of the whole repository, read once for all servers.
#[derive(Debug)]
pub struct Sources {
    prisma: Vec<PrismaSchema>,
    migrated: Arc<[Migrated]>,
    /// Every table of every kind.
    all: Arc<[SourceTable]>,
}

/// The Prisma files that make one schema.
#[derive(Debug)]
struct PrismaSchema {
    package: Arc<str>,
    models: Vec<SourceTable>,
}

impl Sources {
    /// Reads all schema sources of the snapshot.
    #[must_use]
    pub fn read(files: &dyn Files, resolver: &Resolver, evaluator: &Evaluator<'_>) -> Self {
        let prisma = prisma_schemas(files, resolver);
        let migrated = replay(files);
        let mut all = drizzle::all_tables(files, evaluator);
        all.extend(prisma.iter().flat_map(|schema| schema.models.iter().cloned()));
        all.extend(migrated.iter().flat_map(|migrated| migrated.tables.iter().cloned()));
        Self { prisma, migrated: migrated.into(), all: all.into() }
    }

    /// What the adapter of one server finds.
    #[must_use]
    pub fn declared(&self, evaluator: &Evaluator<'_>, resolver: &Resolver, package: &str, adapter: &Adapter) -> Declared {
        let linked = match adapter.kind {
            AdapterKind::Drizzle => linked_drizzle(evaluator, adapter),
            AdapterKind::Prisma => self.linked_prisma(resolver, package, adapter),
            AdapterKind::Kysely => self.linked_sql(resolver, package),
            _ => None,
        };
        let sources: BTreeSet<Arc<str>> = match &linked {
            Some(tables) => tables.values().map(|table| Arc::clone(&table.file)).collect(),
            None => self.all.iter().map(|table| Arc::clone(&table.file)).collect(),
        };
        Declared {
            linked,
            all: Arc::clone(&self.all),
            migrated: Arc::clone(&self.migrated),
            sources: sources.into_iter().collect(),
        }
    }

    fn linked_prisma(&self, resolver: &Resolver, package: &str, adapter: &Adapter) -> Option<BTreeMap<String, SourceTable>> {
        let home = adapter.handle.as_ref().map(|handle| resolver.package_of(&handle.at.file));
        let schema = match self.prisma.as_slice() {
            [only] => Some(only),
            several => {
                let in_package = |wanted: &str| {
                    let mut found = several.iter().filter(|schema| &*schema.package == wanted);
                    found.next().filter(|_| found.next().is_none())
                };
                home.as_deref().and_then(in_package).or_else(|| in_package(package))
            }
        }?;
        Some(schema.models.iter().map(|model| (delegate(&model.table.name), model.clone())).collect())
    }

    fn linked_sql(&self, resolver: &Resolver, package: &str) -> Option<BTreeMap<String, SourceTable>> {
        let candidates: Vec<&Migrated> = match &*self.migrated {
            [] => return None,
            [only] => vec![only],
            several => several
                .iter()
                .filter(|migrated| migrated.tables.first().is_some_and(|table| &*resolver.package_of(&table.file) == package))
                .collect(),
        };
        let mut tables = BTreeMap::new();
        for migrated in candidates {
            tables.extend(migrated.tables.iter().map(|table| (table.table.name.clone(), table.clone())));
        }
        (!tables.is_empty()).then_some(tables)
    }
}

/// The name of the Prisma client's member for a model: the first letter in lower case.
#[must_use]
pub fn delegate(model: &str) -> String {
    let mut letters = model.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// The tables of the adapter's `schema` option, else of the `schema` the database handle was made with.
fn linked_drizzle(evaluator: &Evaluator<'_>, adapter: &Adapter) -> Option<BTreeMap<String, SourceTable>> {
    let option = adapter
        .options
        .as_ref()
        .and_then(|options| options.get(&["schema"]))
        .filter(|node| !matches!(node.value, Value::Undefined));
    let map = match option {
        Some(map) => map,
        None => handle_schema(adapter.handle.as_ref()?)?,
    };
    let tables = drizzle::schema_map(evaluator, map)?;
    Some(tables.into_iter().map(|table| (table.table.name.clone(), table)).collect())
}

/// The `schema` a database handle was made with; of several handles under conditions, the first that has one.
fn handle_schema(handle: &Node) -> Option<&Node> {
    match &handle.value {
        Value::Call(call) => call.arguments.iter().find_map(|argument| argument.get(&["schema"])),
        Value::Either(alternatives) => alternatives.iter().find_map(|alternative| handle_schema(&alternative.node)),
        _ => None,
    }
}

fn prisma_schemas(files: &dyn Files, resolver: &Resolver) -> Vec<PrismaSchema> {
    let parsed: Vec<(Arc<str>, Arc<crate::facts::FileFacts>)> =
        files.of_kind(FileKind::Prisma).into_iter().filter_map(|path| files.facts(&path).map(|facts| (path, facts))).collect();
    let prisma = |facts: &crate::facts::FileFacts| -> Option<PrismaFile> {
        match &facts.body {
            Body::Prisma(file) => Some(file.clone()),
            _ => None,
        }
    };
    // The folder of the file with the datasource holds the whole schema; a file outside every such folder stands alone.
    let roots: BTreeSet<String> = parsed
        .iter()
        .filter(|(_, facts)| prisma(facts).is_some_and(|file| file.provider.is_some()))
        .map(|(path, _)| folder_of(path).to_owned())
        .collect();
    let mut schemas: BTreeMap<String, PrismaSchema> = BTreeMap::new();
    for (path, facts) in &parsed {
        let Some(file) = prisma(facts) else { continue };
        let own = folder_of(path).to_owned();
        let root =
            roots.iter().filter(|root| own == **root || own.starts_with(&format!("{root}/"))).max_by_key(|root| root.len());
        let root = root.cloned().unwrap_or(own);
        let schema =
            schemas.entry(root).or_insert_with(|| PrismaSchema { package: resolver.package_of(path), models: Vec::new() });
        schema.models.extend(file.models.into_iter().map(|table| SourceTable {
            table,
            file: Arc::clone(path),
            layer: Layer::Prisma,
        }));
    }
    schemas.into_values().filter(|schema| !schema.models.is_empty()).collect()
}
