//! Required tables and columns as text, in the language a project declares its schema in.
//!
//! What is written is what the official generator would write for the same configuration (documentation: concepts/cli,
//! "Generate"), in the style of the declarations that are there already.

pub mod drizzle;
pub mod migration;
pub mod prisma;
pub mod sql;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::lookup::Lookup;
use super::{Gap, GapKind, Layer, RequiredColumn, RequiredKey, RequiredTable, SourceTable};
use crate::facts::schema::Column;
use crate::knowledge::range::Range;
use crate::project::value::{Node, Value};
use crate::project::version::Version;
use crate::project::{Adapter, AdapterKind, Dialect, Server};

/// Tables whose `updatedAt` better-auth declares to follow every update; elsewhere it writes the column itself.
const FOLLOWS_UPDATES: [&str; 6] = ["user", "session", "account", "verification", "team", "organizationRole"];

/// A part of the required schema that is not declared.
#[derive(Debug, Clone)]
pub struct Missing<'a> {
    /// The logical key of the table.
    pub key: &'a str,
    /// Whether the table itself is missing; then nothing else need be told.
    pub whole_table: bool,
    /// The columns a declared table lacks.
    pub columns: Vec<&'a RequiredColumn>,
    /// The keys that declared columns lack.
    pub keys: Vec<Key>,
    /// Columns that are there, as they have to be written.
    pub changed: Vec<String>,
}

/// A key or index over columns, by the names the adapter looks up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The columns in order.
    pub columns: Vec<String>,
    /// Two rows may not agree in all of them.
    pub unique: bool,
}

impl<'a> Missing<'a> {
    /// A table that is missing as a whole.
    #[must_use]
    pub fn table(key: &'a str) -> Self {
        Self { key, whole_table: true, columns: Vec::new(), keys: Vec::new(), changed: Vec::new() }
    }

    /// What gaps tell of, one part for each table; `None` when they tell of something that no declaration adds.
    #[must_use]
    pub fn of(gaps: impl IntoIterator<Item = &'a Gap>) -> Option<Vec<Self>> {
        let mut parts: Vec<Self> = Vec::new();
        for gap in gaps {
            let place = parts.iter().position(|part| part.key == gap.key).unwrap_or_else(|| {
                parts.push(Self { whole_table: false, ..Self::table(&gap.key) });
                parts.len() - 1
            });
            let part = &mut parts[place];
            match gap.kind {
                GapKind::Table | GapKind::UnmigratedTable => part.whole_table = true,
                GapKind::Columns | GapKind::UnmigratedColumns => part.columns.extend(&gap.columns),
                GapKind::Index | GapKind::UnmigratedIndex => {
                    part.keys.extend(gap.columns.iter().map(|column| Key::of(column, false)))
                }
                GapKind::Unique | GapKind::UnmigratedUnique => {
                    part.keys.extend(gap.columns.iter().map(|column| Key::of(column, true)))
                }
                GapKind::UniqueTogether => {
                    let columns = gap.columns.iter().map(|column| column.name.clone());
                    part.keys.push(Key { columns: columns.collect(), unique: true });
                }
                _ => return None,
            }
        }
        Some(parts)
    }
}

impl Key {
    fn of(column: &RequiredColumn, unique: bool) -> Self {
        Self { columns: vec![column.name.clone()], unique }
    }
}

/// Whether the rows that are there get a value in a column that their table gains by the migration of an ORM: SQLite adds
/// no column with a default that is not a constant, and what Prisma renews with every update has none.
#[must_use]
pub fn fills_rows(kind: AdapterKind, dialect: Option<Dialect>, key: &str, column: &RequiredColumn) -> bool {
    match column.default.as_deref() {
        _ if kind == AdapterKind::Prisma && Plan::follows_updates(key, column) => false,
        None => false,
        Some("now") => column.kind == "date" && !(kind == AdapterKind::Drizzle && dialect == Some(Dialect::Sqlite)),
        Some(_) => true,
    }
}

/// How rows are identified (documentation: concepts/database, "ID Generation").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Id {
    /// Text that better-auth makes.
    Text,
    /// A UUID, made by the database where it can.
    Uuid,
    /// A number the database counts up.
    Serial,
}

/// The required schema of one server as its adapter looks it up.
#[derive(Debug)]
pub struct Plan<'a> {
    tables: &'a BTreeMap<String, RequiredTable>,
    adapter: &'a Adapter,
    id: Id,
    /// What sources call the tables they declare, by logical key.
    declared: BTreeMap<String, String>,
    /// The tables the adapter finds.
    found: &'a Lookup,
    /// The logical keys of the tables that do not exist yet.
    absent: BTreeSet<&'a str>,
}

/// Where a column points to.
struct Reference<'p> {
    key: &'p str,
    /// The column pointed to; `None` for `id`.
    column: Option<&'p RequiredColumn>,
    on_delete: OnDelete,
}

/// What becomes of a row when the one it points to is deleted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnDelete {
    Cascade,
    SetNull,
    Nothing,
}

impl<'a> Plan<'a> {
    /// The plan of a server, whose sources have names of their own for the tables they declare.
    #[must_use]
    pub fn of(server: &'a Server, declared: BTreeMap<String, String>) -> Self {
        let found = &server.declared.lookup;
        let absent = server.gaps.iter().filter(|gap| matches!(gap.kind, GapKind::Table | GapKind::UnmigratedTable));
        let absent = absent.map(|gap| gap.key.as_str()).collect();
        Self {
            tables: &server.required.tables,
            adapter: &server.adapter,
            id: id(&server.version, &server.options),
            declared,
            found,
            absent,
        }
    }

    /// The logical keys of all tables.
    pub fn keys(&self) -> impl Iterator<Item = &'a str> {
        self.tables.keys().map(String::as_str)
    }

    /// The name the adapter looks a table up by.
    #[must_use]
    pub fn lookup(&self, key: &str) -> String {
        let model = self.tables.get(key).map_or(key, |table| &table.model);
        self.adapter.lookup_name(key, model)
    }

    /// The column, as it is declared, that held in earlier releases what a missing one is to hold.
    fn former(&self, key: &str, column: &RequiredColumn) -> Option<&'a str> {
        self.column_in_sources(key, column.takes_over.as_deref()?)
    }

    /// What sources call a column of a table they declare.
    fn column_in_sources(&self, key: &str, name: &str) -> Option<&'a str> {
        let mut columns = self.table_in_sources(key)?.table.columns.iter();
        columns.find(|declared| self.found.naming.is_column(declared, name)).map(|declared| declared.name.as_str())
    }

    /// What PostgreSQL calls a column that scripts make under a name that differs in case alone.
    fn in_other_case(&self, key: &str, name: &str) -> Option<Cow<'a, str>> {
        let source = self.table_in_sources(key).filter(|source| matches!(source.layer, Layer::Sql | Layer::Code))?;
        let is_it = |column: &&Column| column.name.eq_ignore_ascii_case(name);
        source.table.columns.iter().find(is_it).map(Column::stored_name)
    }

    fn table_in_sources(&self, key: &str) -> Option<&'a SourceTable> {
        let found = self.found;
        let is_it = |(name, table): &&(String, SourceTable)| found.naming.is_table(name, &table.table, &self.lookup(key));
        found.tables.iter().find(is_it).map(|(_, table)| table)
    }

    fn dialect(&self) -> Dialect {
        self.adapter.dialect.unwrap_or(Dialect::Postgres)
    }

    /// The columns of a table.
    #[must_use]
    pub fn columns(&self, key: &str) -> &'a [RequiredColumn] {
        self.tables.get(key).map_or(&[], |table| &table.columns)
    }

    /// Where a column points to: a table by its logical key, or by its name as additional fields have it.
    fn reference(&self, column: &RequiredColumn) -> Option<Reference<'a>> {
        let to = column.references.as_ref()?;
        let by_name = || self.tables.iter().find(|(key, other)| other.model == to.table || self.lookup(key) == to.table);
        let (key, table) = self.tables.get_key_value(&to.table).or_else(by_name)?;
        let column_there = table.columns.iter().find(|other| other.key == to.column || other.name == to.column);
        if column_there.is_none() && to.column != "id" {
            return None;
        }
        let on_delete = match (to.cascades, column.is_filled()) {
            (true, _) => OnDelete::Cascade,
            (false, false) => OnDelete::SetNull,
            (false, true) => OnDelete::Nothing,
        };
        Some(Reference { key, column: column_there, on_delete })
    }

    /// The logical key of the table a column points to.
    #[must_use]
    pub fn target(&self, column: &RequiredColumn) -> Option<&'a str> {
        self.reference(column).map(|reference| reference.key)
    }

    /// The tables that parts point to and that neither exist nor are among them, by logical key.
    fn needed_first(&self, missing: &[Missing<'_>]) -> BTreeSet<&'a str> {
        let pointing = missing.iter().flat_map(|part| {
            let columns = if part.whole_table { self.columns(part.key).iter().collect() } else { part.columns.clone() };
            columns.into_iter().filter_map(|column| self.target(column))
        });
        let is_made = |key: &str| missing.iter().any(|part| part.whole_table && part.key == key);
        pointing.filter(|key| self.absent.contains(key) && !is_made(key)).collect()
    }

    /// Whether the sources have a name for a table.
    #[must_use]
    pub fn is_declared(&self, key: &str) -> bool {
        self.declared.contains_key(key)
    }

    /// The keys a new table needs beside its primary key.
    fn keys_of(&self, key: &str) -> Vec<Key> {
        let own = self.columns(key).iter().filter(|column| column.unique || column.index);
        own.map(|column| Key::of(column, column.unique)).chain(self.keys_over_several(key)).collect()
    }

    /// The keys over several columns of a table.
    fn keys_over_several(&self, key: &str) -> impl Iterator<Item = Key> {
        let all = self.tables.get(key).into_iter().flat_map(|table| &table.keys);
        let own = self.columns(key);
        let name = |wanted: &String| own.iter().find(|column| column.key == *wanted).map(|one| one.name.clone());
        all.filter_map(move |RequiredKey { columns, unique }| {
            Some(Key { columns: columns.iter().map(name).collect::<Option<_>>()?, unique: *unique })
        })
    }

    /// The keys of a part: those that are missing alone, and those of missing columns.
    #[must_use]
    pub fn missing_keys(&self, missing: &Missing<'_>) -> Vec<Key> {
        let of_columns = missing.columns.iter().filter(|column| column.unique || column.index);
        let is_missing = |name: &String| missing.columns.iter().any(|column| column.name == *name);
        let several = self.keys_over_several(missing.key).filter(|key| {
            let there = |name: &String| is_missing(name) || self.column_in_sources(missing.key, name).is_some();
            key.columns.iter().any(is_missing) && key.columns.iter().all(there)
        });
        let mut keys: Vec<Key> = of_columns.map(|column| Key::of(column, column.unique)).chain(several).collect();
        keys.extend(missing.keys.iter().cloned());
        keys
    }

    /// Whether the ORM is to renew a column with every update.
    fn follows_updates(key: &str, column: &RequiredColumn) -> bool {
        column.key == "updatedAt" && column.kind == "date" && FOLLOWS_UPDATES.contains(&key)
    }

    /// The parts in an order in which a table comes after those it points to, as far as there is one.
    #[must_use]
    pub fn ordered<'m, 'k>(&self, missing: &'m [Missing<'k>]) -> Vec<&'m Missing<'k>> {
        let mut waiting: Vec<&Missing<'_>> = missing.iter().collect();
        let mut ordered = Vec::new();
        while !waiting.is_empty() {
            let keys: BTreeSet<&str> = waiting.iter().filter(|part| part.whole_table).map(|part| part.key).collect();
            let ready = |part: &&Missing<'_>| {
                !self
                    .columns(part.key)
                    .iter()
                    .filter_map(|column| self.reference(column))
                    .any(|reference| reference.key != part.key && keys.contains(reference.key))
            };
            let next = waiting.iter().position(ready).unwrap_or(0);
            ordered.push(waiting.remove(next));
        }
        ordered
    }
}

/// The releases that know `generateId: "uuid"` and `generateId: "serial"`.
const NAMED_IDS: Range = Range { since: Some((1, 4, 0)), until: None };

/// The releases that know `useNumberId`, which later ones ignore without a word.
const NUMBER_IDS: Range = Range { since: Some((1, 2, 6)), until: Some((1, 5, 0)) };

/// How ids are made, as far as the options tell.
fn id(version: &Version, options: &Node) -> Id {
    // One that is not known counts as the newest.
    let knows = |range: Range| version.effective().map_or(range.until.is_none(), |release| range.contains(&release));
    let named = options.text(&["advanced", "database", "generateId"]).filter(|_| knows(NAMED_IDS));
    let is_number = || options.get(&["advanced", "database", "useNumberId"]).is_some_and(|node| node.value == Value::Bool(true));
    match named {
        Some("uuid") => Id::Uuid,
        Some("serial") => Id::Serial,
        _ if knows(NUMBER_IDS) && is_number() => Id::Serial,
        _ => Id::Text,
    }
}

/// `emailVerified` as `email_verified`, `credentialID` as `credential_id`.
fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let after_lower = at > 0 && (letters[at - 1].is_lowercase() || letters[at - 1].is_ascii_digit());
        let ends_capitals =
            at > 0 && letters[at - 1].is_uppercase() && letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (after_lower || ends_capitals) {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

/// The name with its first letter in upper case.
fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_change_their_case_word_by_word() {
        for (name, expected) in [
            ("emailVerified", "email_verified"),
            ("credentialID", "credential_id"),
            ("requirePKCE", "require_pkce"),
            ("IPAddress", "ip_address"),
            ("email_address", "email_address"),
            ("sha256Hash", "sha256_hash"),
        ] {
            assert_eq!(snake(name), expected);
        }
        assert_eq!(capitalised("app_user"), "App_user");
    }
}
