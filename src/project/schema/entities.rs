//! Tables that an ORM makes of classes, with what the classes inherit, and how they come into the database.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::doubts::in_production;
use super::lookup::{is_similar_column, is_similar_table, snake_case};
use super::replay::is_trial;
use super::{Layer, Migrated, SourceTable};
use crate::facts::schema::{Column, Entity, Table};
use crate::project::files::Files;
use crate::project::resolve::Resolver;
use crate::project::value::{Lookup, Node, Value};
use crate::project::{Adapter, predicate};

/// The longest line of classes that is followed; a longer one is a circle.
const MAX_BASES: usize = 16;

/// Every class of the repository that is mapped to a table.
pub(super) fn all_tables(files: &dyn Files) -> Vec<SourceTable> {
    let paths = files.candidates().iter().filter(|(_, signals)| signals.entities).map(|(path, _)| path);
    let read: Vec<_> = paths.filter_map(|path| Some((path, files.facts(path)?))).collect();
    let mut classes: BTreeMap<&str, Vec<(&Arc<str>, &Entity)>> = BTreeMap::new();
    for (path, facts) in &read {
        for entity in facts.module().into_iter().flat_map(|module| &module.entities) {
            classes.entry(&entity.table.name).or_default().push((path, entity));
        }
    }
    let mapped = classes.values().flatten().filter(|(_, entity)| entity.mapped);
    mapped.map(|(path, entity)| with_inherited(&classes, path, entity)).collect()
}

/// The table of a class and of those it inherits from. A base that is not seen may have any column.
fn with_inherited(classes: &BTreeMap<&str, Vec<(&Arc<str>, &Entity)>>, path: &Arc<str>, entity: &Entity) -> SourceTable {
    let mut source = SourceTable {
        table: entity.table.clone(),
        file: Arc::clone(path),
        layer: Layer::Entity,
        elsewhere: BTreeMap::new(),
        in_doubt: BTreeMap::new(),
    };
    let mut next = entity.base.as_deref();
    for _ in 0..MAX_BASES {
        let Some(name) = next else { return source };
        let known = classes.get(name).map(Vec::as_slice).unwrap_or_default();
        let here = known.iter().find(|(other, _)| *other == path);
        let Some((file, base)) = here.or(known.first().filter(|_| known.len() == 1)) else { break };
        for column in &base.table.columns {
            if source.table.column(&column.name).is_none() {
                source.elsewhere.insert(column.name.clone(), Arc::clone(file));
                source.table.columns.push(column.clone());
            }
        }
        source.table.keys.extend(base.table.keys.iter().cloned());
        source.table.open |= base.table.open;
        next = base.base.as_deref();
    }
    source.table.open = true;
    source
}

/// Writes down what a table and its columns are called in the database, where the classes give no name: as the migrations
/// call what they make of them, else as both ORMs do by default.
pub(super) fn name_as_made(source: &mut SourceTable, migrated: &[Arc<Migrated>]) {
    let made = migrated.iter().find_map(|one| one.made(source).or_else(|| similar(source, one))).map(|made| &made.table);
    let table = &mut source.table;
    if table.physical.is_none() {
        table.physical = Some(made.map_or_else(|| snake_case(&table.name), |made| made.name.clone()));
    }
    let Some(made) = made else { return };
    let snake = table.columns.iter().any(|column| {
        made_of(made, column).is_some_and(|made| made.name == snake_case(&column.name) && made.name != column.name)
    });
    for column in table.columns.iter_mut().filter(|column| column.physical.is_none()) {
        let usual = || if snake { snake_case(&column.name) } else { column.name.clone() };
        column.physical = Some(made_of(made, column).map_or_else(usual, |made| made.name.clone()));
    }
}

/// The table that is made of a class without a name for it.
fn similar<'m>(source: &SourceTable, migrated: &'m Migrated) -> Option<&'m SourceTable> {
    let table = Some(&source.table).filter(|table| table.physical.is_none())?;
    migrated.tables.iter().find(|made| is_similar_table(table, &made.table.name))
}

/// The column that is made of a property.
fn made_of<'m>(made: &'m Table, column: &Column) -> Option<&'m Column> {
    made.column(&column.name).or_else(|| made.columns.iter().find(|made| is_similar_column(made, &column.name)))
}

/// Whether an instance of MikroORM is made with names of its own for classes and tables
/// ([Naming strategy](https://mikro-orm.io/docs/naming-strategy)).
pub(super) fn are_renamed(adapter: &Adapter) -> bool {
    let mut options = adapter.handle.as_ref();
    // `MikroORM.init(defineConfig({…}))`.
    while let Some(Node { value: Value::Call(call), .. }) = options {
        options = call.arguments.first();
    }
    options.is_some_and(|options| matches!(options.lookup(&["namingStrategy"]), Lookup::Found(_)))
}

/// What data sources of [TypeORM](https://typeorm.io/docs/data-source/data-source-options) are told, and what code calls of
/// [MikroORM](https://mikro-orm.io/docs/schema-generator), to bring a database up to date with the classes.
const SYNCHRONIZES: [&str; 6] =
    ["synchronize: true", ".synchronize(", ".updateSchema(", ".createSchema(", "schema.update(", "schema.create("];

/// Whether the program itself brings the database up to date with the classes, without migrations. `packages` are those the
/// server and its classes are in.
pub(super) fn is_synchronized(files: &dyn Files, resolver: &Resolver, adapter: &Adapter, packages: &BTreeSet<Arc<str>>) -> bool {
    if let Some(known) = adapter.handle.as_ref().and_then(told) {
        return known;
    }
    // The last parts of the names of the packages that both ORMs come in.
    let names = [
        "typeorm",
        "core",
        "nestjs",
        "postgresql",
        "mysql",
        "mariadb",
        "sqlite",
        "better-sqlite",
        "libsql",
        "mssql",
        "migrations",
    ];
    let does = |path: &Arc<str>| {
        let is_of_orm = |text: &str| text.contains("typeorm") || text.contains("@mikro-orm/");
        files.text(path).is_some_and(|text| is_of_orm(&text) && SYNCHRONIZES.iter().any(|call| text.contains(call)))
    };
    let importers = files.importers(&names);
    importers.iter().any(|(path, _)| !is_trial(path) && packages.contains(&resolver.package_of(path)) && does(path))
}

/// What a data source of TypeORM is told in production; `None` where that is not known.
fn told(handle: &Node) -> Option<bool> {
    let Value::Call(call) = &handle.value else { return None };
    let options = call.arguments.first().filter(|_| call.callee.name == "DataSource")?;
    match in_production(options.lookup(&["synchronize"])) {
        Lookup::Absent => Some(false),
        Lookup::Found(found) if predicate::covers(&found) => {
            let told: Option<Vec<bool>> = found.iter().map(|case| case.node.truthy()).collect();
            told.filter(|told| told.iter().all(|one| *one == told[0])).and_then(|told| told.first().copied())
        }
        Lookup::Found(_) | Lookup::Unknown(_) => None,
    }
}
