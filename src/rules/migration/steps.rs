//! The statements a change adds to the migrations of a folder, and what a table is called there.

use std::sync::Arc;

use crate::facts::FileFacts;
use crate::facts::schema::{Change, Column, Operation};
use crate::project::files::Files;
use crate::project::schema::migrated::{column_names, name_in_database};
use crate::project::schema::{Layer, Migrated, RequiredColumn, RequiredTable, SourceTable};
use crate::project::{ProjectModel, Server};
use crate::rules::Context;
use crate::rules::gaps::same_server;
use crate::source::{Site, Span};

/// A statement, or a part of one, that no earlier state of the project had.
pub(super) struct Step {
    pub(super) change: Change,
    pub(super) at: Site,
    /// The database schema its table is prefixed with.
    namespace: Option<String>,
}

/// The statements that the scripts of a folder have now and had in none of the states the project is compared with, in the
/// order in which they run. Scripts that take migrations back have no part in it.
fn new_steps(cx: &Context<'_>, folder: &str) -> Vec<Step> {
    let scripts = |model: &ProjectModel, files: &dyn Files| -> Vec<(Arc<str>, Arc<FileFacts>)> {
        // All servers see the scripts of the whole repository.
        let paths = model.servers.first().map(|server| server.declared.scripts.ordered(folder)).unwrap_or_default();
        paths.iter().filter_map(|path| Some((Arc::clone(path), files.facts(path)?))).collect()
    };
    let earlier: Vec<_> = cx.before.iter().flat_map(|before| scripts(before.model, before.files)).collect();
    let mut steps = Vec::new();
    for (path, facts) in scripts(cx.model, cx.files) {
        let Some(operations) = facts.operations() else { continue };
        // A script that was only renamed is as old as it was.
        if earlier.iter().any(|(_, old)| old.body == facts.body) {
            continue;
        }
        let is_old = |operation: &&Operation| {
            let of_path = earlier.iter().filter(|(old, _)| *old == path);
            let mut old = of_path.filter_map(|(_, facts)| facts.operations()).flatten();
            old.any(|old| is_same(&old.change, &operation.change))
        };
        let judged = operations.iter().filter(|operation| operation.certain || !takes(&operation.change));
        steps.extend(judged.filter(|operation| !is_old(operation)).map(|operation| Step {
            change: operation.change.clone(),
            at: Site::new(&path, operation.span),
            namespace: operation.namespace.clone(),
        }));
    }
    steps
}

/// Whether a statement takes something away or asks more of rows. One that may not run does neither.
fn takes(change: &Change) -> bool {
    matches!(
        change,
        Change::AddColumn { .. }
            | Change::DeleteRows { .. }
            | Change::DropColumn { .. }
            | Change::DropIndex { .. }
            | Change::DropNamespace { .. }
            | Change::DropTable { .. }
            | Change::MoveTable { .. }
            | Change::RemakeColumn { .. }
            | Change::RenameColumn { .. }
            | Change::RenameTable { .. }
            | Change::AlterColumn { required: Some(true), .. }
    )
}

/// Whether two statements do the same, wherever they stand.
fn is_same(one: &Change, other: &Change) -> bool {
    match (one, other) {
        (Change::CreateTable { table: one, .. }, Change::CreateTable { table: other, .. }) => one.name == other.name,
        (Change::AddColumn { table, column }, Change::AddColumn { table: other_table, column: other }) => {
            table == other_table && column.name == other.name
        }
        _ => one == other,
    }
}

/// The steps without those about a table of the same name in another schema of the database.
fn in_namespace_of<'s>(table: &SourceTable, steps: &'s [Step]) -> Vec<&'s Step> {
    let is_named = |step: &Step| step.change.table().is_some_and(|other| other.eq_ignore_ascii_case(&table.table.name));
    steps.iter().filter(|step| !is_named(step) || step.namespace == table.table.namespace).collect()
}

/// A table that a server stored something in, and what new statements do around it.
pub(super) struct Past<'a> {
    /// The server as it was.
    pub(super) earlier: &'a Server,
    /// The server as it is.
    pub(super) server: &'a Server,
    /// The migrations as they were.
    pub(super) folder: &'a Migrated,
    /// The logical key of the table.
    pub(super) key: &'a str,
    /// The table those migrations made.
    pub(super) table: &'a SourceTable,
    pub(super) stored: Stored,
    /// The new statements, without those in another schema of the database.
    pub(super) steps: Vec<&'a Step>,
}

/// Hands on every table that an ordered folder of migrations made for a server before, and that gets new statements.
pub(super) fn each_past(cx: &Context<'_>, mut take: impl FnMut(Past<'_>)) {
    let Some(before) = cx.before.first() else { return };
    for server in &cx.model.servers {
        let Some(earlier) = same_server(cx.model, before.model, server) else { continue };
        for folder in earlier.declared.migrated.iter().filter(|folder| folder.ordered) {
            let steps = new_steps(cx, &folder.folder);
            if steps.is_empty() {
                continue;
            }
            for (key, required) in &earlier.required.tables {
                let Some(stored) = Stored::find(earlier, key, folder) else { continue };
                let Some(table) = folder.table(&stored.table).filter(|table| stored.is(table, required)) else { continue };
                let steps = in_namespace_of(table, &steps);
                take(Past { earlier, server, folder, key, table, stored, steps });
            }
        }
    }
}

/// A table a server needs, by its names in the database.
pub(super) struct Stored {
    pub(super) table: String,
    /// The schema inside the database that its declaration names.
    pub(super) namespace: Option<String>,
    /// The columns by their logical names, each with the names it may have.
    columns: Vec<(String, Vec<String>)>,
}

impl Stored {
    /// The table of a logical key as the server's own schema declares it, or as the scripts of `folder` make it.
    pub(super) fn find(server: &Server, key: &str, folder: &Migrated) -> Option<Self> {
        let required = server.required.tables.get(key)?;
        let wanted = server.adapter.lookup_name(key, &required.model);
        let lookup = &server.declared.lookup;
        let made = |source: &&SourceTable| folder.made(source).is_some();
        let found = lookup.find(&wanted).find(made).or_else(|| lookup.find(&wanted).next())?;
        let stored = folder.made(found);
        let column = |required: &RequiredColumn| {
            if let Some(column) = found.table.columns.iter().find(|column| lookup.naming.is_column(column, &required.name)) {
                return Some((required.key.clone(), column_names(found.layer, column)));
            }
            // What the schema lacks already may still be stored, under a name that it would usually have.
            let names = column_names(found.layer, &Column::empty(&required.name, Span::default()));
            let is_it = |made: &Column| names.iter().any(|name| made.name.eq_ignore_ascii_case(name));
            let is_stored = !required.idle && stored.is_some_and(|made| made.table.columns.iter().any(is_it));
            is_stored.then_some((required.key.clone(), names))
        };
        let id = found.table.columns.iter().find(|column| lookup.naming.is_column(column, "id"));
        let id = id.map(|column| ("id".to_owned(), column_names(found.layer, column)));
        let columns = id.into_iter().chain(required.columns.iter().filter_map(column)).collect();
        // What a script makes is where the script puts it.
        let namespace = found.table.namespace.clone().filter(|_| !matches!(found.layer, Layer::Sql | Layer::Code));
        Some(Self { table: name_in_database(found)?.to_owned(), namespace, columns })
    }

    /// The names a column may have.
    pub(super) fn names(&self, key: &str) -> Option<&[String]> {
        self.columns.iter().find(|(known, _)| known == key).map(|(_, names)| names.as_slice())
    }

    /// The column of a migrated table.
    pub(super) fn column<'t>(&self, table: &'t SourceTable, key: &str) -> Option<&'t str> {
        let names = self.names(key)?;
        let is_it = |column: &&Column| names.iter().any(|name| name.eq_ignore_ascii_case(&column.name));
        table.table.columns.iter().find(is_it).map(|column| column.name.as_str())
    }

    /// Whether a migrated table has the greater part of the columns, and so is not another table of this name.
    pub(super) fn is(&self, table: &SourceTable, required: &RequiredTable) -> bool {
        let there = required.columns.iter().filter(|column| self.column(table, &column.key).is_some()).count();
        table.table.open || 2 * there > required.columns.len()
    }
}
