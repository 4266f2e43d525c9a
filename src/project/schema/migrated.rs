//! Whether migrations create what the schema of an ORM declares.

use std::sync::Arc;

use super::lookup::snake_case;
use super::{Dropped, Layer, Migrated, RequiredColumn, SourceTable};
use crate::facts::schema::{Column, Table};
use crate::project::value::Unknown;
use crate::source::Site;

/// A part of a declared table that no migration creates.
#[derive(Debug)]
pub enum Unmigrated {
    /// The table; and what took it away, if something did.
    Table(Option<Dropped>),
    /// Columns of it; and what took one of them away, if something did.
    Columns(Vec<RequiredColumn>, Option<Dropped>),
}

/// The name of a declared table in the database; `None` where the sources do not tell it.
#[must_use]
pub fn name_in_database(table: &SourceTable) -> Option<&str> {
    let own = (table.layer != Layer::Drizzle).then_some(table.table.name.as_str());
    table.table.physical.as_deref().or(own)
}

/// The name of a declared table in the database, with the schema it is in where that is not the usual one.
#[must_use]
pub fn full_name(table: &SourceTable) -> String {
    let name = name_in_database(table).unwrap_or(&table.table.name);
    table.table.namespace.as_ref().map_or_else(|| name.to_owned(), |namespace| format!("{namespace}.{name}"))
}

/// A required column under the name that its declaration has in the database.
#[must_use]
pub fn in_database(table: &SourceTable, required: &RequiredColumn, column: &Column) -> RequiredColumn {
    let name = column_names(table.layer, column).into_iter().next();
    RequiredColumn { name: name.unwrap_or_else(|| required.name.clone()), ..required.clone() }
}

/// The names a declared column may have in the database: where none is given and the setting of the ORM that makes one is
/// not known, either of the two that are usual. Prisma and SQL know no such setting.
#[must_use]
pub fn column_names(layer: Layer, column: &Column) -> Vec<String> {
    match &column.physical {
        Some(physical) => vec![physical.clone()],
        None if matches!(layer, Layer::Drizzle | Layer::Entity) => vec![column.name.clone(), snake_case(&column.name)],
        None => vec![column.name.clone()],
    }
}

/// Whether the migrations create the database the tables are declared for: they make at least half of them. A folder that
/// was left behind when a project went over to pushing its schema does not.
#[must_use]
pub fn are_kept<'t>(migrated: &[Arc<Migrated>], tables: impl Iterator<Item = &'t SourceTable>) -> bool {
    let names: Vec<&str> = tables.filter_map(name_in_database).collect();
    let made = names.iter().filter(|name| migrated.iter().any(|one| one.table(name).is_some())).count();
    2 * made >= names.len()
}

/// What was the last to take one of these columns out of a table, or the table itself where none are given.
#[must_use]
pub fn dropped(migrated: &[Arc<Migrated>], namespace: Option<&str>, table: &str, columns: &[&str]) -> Option<Dropped> {
    let is_it = |drop: &&Dropped| {
        drop.namespace.as_deref() == namespace
            && drop.table.eq_ignore_ascii_case(table)
            && match &drop.column {
                Some(dropped) => columns.iter().any(|column| column.eq_ignore_ascii_case(dropped)),
                None => columns.is_empty(),
            }
    };
    migrated.iter().flat_map(|one| &one.dropped).rev().find(is_it).cloned()
}

/// Why it is not known whether migrations make a table, where some of them could not be read. What names no table counts
/// where it belongs to ordered migrations; scripts and code beside them do many other things.
#[must_use]
pub fn unread<'m>(migrated: &'m [Arc<Migrated>], table: &str) -> Option<&'m Unknown> {
    migrated.iter().find_map(|one| one.unread_since(0, table))
}

/// Why it is not known what migrations do to a table: as [`unread`], without what ran before they made it.
#[must_use]
pub fn unread_of<'m>(migrated: &'m [Arc<Migrated>], table: &SourceTable) -> Option<&'m Unknown> {
    let name = name_in_database(table).filter(|_| table.layer != Layer::Types)?;
    migrated.iter().find_map(|one| {
        let since = one.made(table).and_then(|made| one.places.get(&made.file)).copied();
        one.unread_since(since.unwrap_or_default(), name)
    })
}

impl Migrated {
    /// What could not be read, from the script at this place in the order on, and may be about a table.
    fn unread_since(&self, place: usize, table: &str) -> Option<&Unknown> {
        let is_about = |named: &Option<String>| match named {
            Some(named) => named.eq_ignore_ascii_case(table),
            None => self.ordered,
        };
        // What stands in no script was to run at some time.
        let is_later = |why: &Unknown| self.places.get(&why.at.file).is_none_or(|at| *at >= place);
        self.unread.iter().find(|(named, why)| is_about(named) && is_later(why)).map(|(_, why)| why)
    }
}

/// What the migrations that could be read lack of a declared table and those of its columns that are needed.
#[must_use]
pub fn unmigrated(
    declared: &SourceTable,
    needed: &[(&RequiredColumn, &Column)],
    migrated: &[Arc<Migrated>],
) -> Option<Unmigrated> {
    let name = name_in_database(declared)?;
    if migrated.is_empty() {
        return None;
    }
    let made: Vec<&Table> = migrated.iter().filter_map(|one| one.made(declared)).map(|source| &source.table).collect();
    let namespace = declared.table.namespace.as_deref();
    if made.is_empty() {
        return Some(Unmigrated::Table(dropped(migrated, namespace, name, &[])));
    }
    let is_made = |column: &Column| {
        let names = column_names(declared.layer, column);
        let has = |table: &&Table| {
            table.open || table.columns.iter().any(|made| names.iter().any(|name| made.name.eq_ignore_ascii_case(name)))
        };
        made.iter().any(has)
    };
    let lacking: Vec<_> = needed.iter().filter(|(_, column)| !is_made(column)).collect();
    let gone = |column: &Column| dropped(migrated, namespace, name, &[column.physical.as_ref().unwrap_or(&column.name)]);
    let drop = lacking.iter().find_map(|(_, column)| gone(column));
    let columns = || lacking.iter().map(|(required, column)| in_database(declared, required, column)).collect();
    (!lacking.is_empty()).then(|| Unmigrated::Columns(columns(), drop))
}

/// What of a declared table, or else of those of its columns that are needed, nothing makes but scripts that the journal in
/// their folder does not list; and where the first of them does.
#[must_use]
pub fn unlisted(
    declared: &SourceTable,
    needed: &[(&RequiredColumn, &Column)],
    migrated: &[Arc<Migrated>],
) -> Option<(String, Site)> {
    let is_unlisted = |place: &Site| migrated.iter().any(|one| one.unlisted.contains(&place.file));
    let alone = |places: Vec<Site>| places.iter().all(is_unlisted).then(|| places.into_iter().next()).flatten();
    let made = || migrated.iter().filter_map(|one| one.made(declared));
    let table = full_name(declared);
    if let Some(place) = alone(made().map(SourceTable::site).collect()) {
        return Some((format!("table `{table}`"), place));
    }
    let place_of = |column: &Column| {
        let names = column_names(declared.layer, column);
        let is_it = |made: &&Column| names.iter().any(|name| made.name.eq_ignore_ascii_case(name));
        alone(made().filter_map(|made| Some(made.column_site(made.table.columns.iter().find(is_it)?))).collect())
    };
    let found = needed.iter().find_map(|(required, column)| Some((required, column, place_of(column)?)));
    found.map(|(required, column, place)| {
        (format!("column `{}` of table `{table}`", in_database(declared, required, column).name), place)
    })
}
