//! Which Prisma files make one schema, and which of several schemas a client is generated from (documentation of the
//! ORM: "Schema location").

use std::collections::BTreeMap;
use std::sync::Arc;

use super::tools::Tool;
use super::{Layer, SourceTable};
use crate::facts::schema::PrismaFile;
use crate::facts::{Body, FileFacts};
use crate::project::files::Files;
use crate::project::resolve::{Resolver, join};
use crate::project::value::{Node, Value};
use crate::source::{FileKind, folder_of};

/// Where Prisma looks in a package when it is not told where.
const DEFAULTS: [&str; 3] = ["prisma/schema.prisma", "schema.prisma", "prisma/schema/schema.prisma"];

/// The Prisma files that make one schema.
#[derive(Debug, Clone)]
pub(super) struct PrismaSchema {
    /// The file with the datasource, or the only one.
    pub(super) main: Arc<str>,
    pub(super) package: Arc<str>,
    pub(super) models: Vec<SourceTable>,
}

impl PrismaSchema {
    /// Whether Prisma finds it in a package without being told.
    pub(super) fn is_at_default_place(&self, package: &str) -> bool {
        DEFAULTS.iter().filter_map(|place| join(package, place)).any(|place| place == *self.main)
    }

    /// The folder of the migrations, where nothing says otherwise.
    pub(super) fn migrations(&self) -> String {
        format!("{}/migrations", folder_of(&self.main)).trim_start_matches('/').to_owned()
    }
}

/// The schemas of the repository, without the copies that generated clients keep of theirs.
pub(super) fn schemas(files: &dyn Files, resolver: &Resolver) -> Vec<PrismaSchema> {
    let facts: Vec<(Arc<str>, Arc<FileFacts>)> =
        files.of_kind(FileKind::Prisma).into_iter().filter_map(|path| Some((path.clone(), files.facts(&path)?))).collect();
    let of_prisma = |(path, facts): &'_ (Arc<str>, Arc<FileFacts>)| match &facts.body {
        Body::Prisma(file) => Some((Arc::clone(path), file.clone())),
        _ => None,
    };
    let mut read: Vec<(Arc<str>, PrismaFile)> = facts.iter().filter_map(of_prisma).collect();
    let outputs: Vec<(Arc<str>, String)> = read.iter().flat_map(|(path, file)| outputs(path, file)).collect();
    read.retain(|(path, _)| !outputs.iter().any(|(by, folder)| by != path && is_within(path, folder)));
    let (mains, parts): (Vec<_>, Vec<_>) = read.into_iter().partition(|(_, file)| file.provider.is_some());
    let mut schemas: BTreeMap<Arc<str>, PrismaSchema> = BTreeMap::new();
    for (path, file) in &mains {
        add(&mut schemas, path, path, file, resolver);
    }
    for (path, file) in &parts {
        let whole = wholes(&mains, path, file);
        for main in if whole.is_empty() { vec![path] } else { whole } {
            add(&mut schemas, main, path, file, resolver);
        }
    }
    schemas.into_values().filter(|schema| !schema.models.is_empty()).collect()
}

fn add(schemas: &mut BTreeMap<Arc<str>, PrismaSchema>, main: &Arc<str>, path: &Arc<str>, file: &PrismaFile, resolver: &Resolver) {
    let new = || PrismaSchema { main: Arc::clone(main), package: resolver.package_of(main), models: Vec::new() };
    let models = file.models.iter().map(|table| SourceTable {
        table: table.clone(),
        file: Arc::clone(path),
        layer: Layer::Prisma,
        elsewhere: BTreeMap::new(),
        in_doubt: BTreeMap::new(),
    });
    schemas.entry(Arc::clone(main)).or_insert_with(new).models.extend(models);
}

/// The files with a datasource that a file without one belongs to: those of the nearest folder around it that has some,
/// there the one of the usual name. A model that is declared in both makes it no part: no schema has one twice.
fn wholes<'m>(mains: &'m [(Arc<str>, PrismaFile)], path: &str, part: &PrismaFile) -> Vec<&'m Arc<str>> {
    let around: Vec<_> = mains.iter().filter(|(main, _)| is_within(path, folder_of(main))).collect();
    let Some(nearest) = around.iter().map(|(main, _)| folder_of(main)).max_by_key(|folder| folder.len()) else {
        return Vec::new();
    };
    let in_nearest = around.into_iter().filter(|(main, _)| folder_of(main) == nearest);
    let repeats = |main: &PrismaFile| main.models.iter().any(|model| part.models.iter().any(|own| own.name == model.name));
    let fitting: Vec<&Arc<str>> = in_nearest.filter(|(_, file)| !repeats(file)).map(|(main, _)| main).collect();
    let usual = fitting.iter().find(|main| main.rsplit('/').next() == Some("schema.prisma"));
    usual.map_or_else(|| fitting.clone(), |usual| vec![*usual])
}

/// The folders that a schema has clients generated into, but those around it: each gets a copy of the schema.
fn outputs(path: &Arc<str>, file: &PrismaFile) -> Vec<(Arc<str>, String)> {
    let folders = file.outputs.iter().filter_map(|output| join(folder_of(path), output));
    folders.filter(|folder| !is_within(path, folder)).map(|folder| (Arc::clone(path), folder)).collect()
}

fn is_within(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// The schema a client is generated from: the one a configuration names, else that at the default place of one of the
/// packages, else the only one of such a package. `None` where that leaves a choice.
pub(super) fn of_client<'s>(schemas: &'s [PrismaSchema], tool: Option<&Tool>, packages: &[&str]) -> Option<&'s PrismaSchema> {
    if let [only] = schemas {
        return Some(only);
    }
    let is_read = |schema: &&PrismaSchema| tool.is_some_and(|tool| schema.models.iter().any(|model| tool.reads(&model.file)));
    if schemas.iter().any(|schema| is_read(&schema)) {
        return only(schemas.iter().filter(is_read));
    }
    let in_package = |package: &str| {
        let own = || schemas.iter().filter(|schema| &*schema.package == package);
        let by_default = own().filter(|schema| tool.is_none() && schema.is_at_default_place(package));
        only(by_default).or_else(|| only(own()))
    };
    packages.iter().find_map(|package| in_package(package))
}

/// Whether a database handle is the client that Prisma generates at its usual place. One that is imported from elsewhere may be of
/// another schema.
pub(super) fn is_usual_client(handle: &Node) -> bool {
    match &handle.value {
        // `new PrismaClient().$extends(…)` adds no models.
        Value::Call(call) => {
            let made = std::iter::successors(Some(call), |call| call.receiver.as_ref()).last();
            made.is_some_and(|made| made.new && made.callee.name == "PrismaClient" && made.callee.module == "@prisma/client")
        }
        // One that is kept between reloads was made by the same code.
        Value::Either(all) => {
            let mut made = all.iter().map(|one| &one.node).filter(|node| matches!(node.value, Value::Call(_))).peekable();
            made.peek().is_some() && made.all(is_usual_client)
        }
        _ => false,
    }
}

fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    all.next().filter(|_| all.next().is_none())
}
