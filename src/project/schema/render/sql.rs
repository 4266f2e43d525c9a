//! SQL statements, as the built-in adapter's own migration makes them (documentation: concepts/database, "Running
//! Migrations").

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Id, Key, Missing, OnDelete, Plan};
use crate::facts::schema::{Column, Table};
use crate::project::schema::declared::home;
use crate::project::schema::lookup::snake_case;
use crate::project::schema::migrated::{column_names, name_in_database};
use crate::project::schema::{Layer, RequiredColumn, SourceTable};
use crate::project::{Dialect, Server};

/// What tables and columns that are there are called in the database, where that differs from what the adapter looks up.
#[derive(Debug, Default)]
pub struct Names {
    /// Schema of the database and name, by logical key.
    tables: BTreeMap<String, (Option<String>, String)>,
    /// By logical key of the table and the name the adapter looks up.
    columns: BTreeMap<(String, String), String>,
    /// The schema of the database that new tables go into, where that is not the usual one.
    home: Option<String>,
}

impl Names {
    /// The names that the sources of a server give.
    #[must_use]
    pub fn of(server: &Server) -> Self {
        let lookup = &server.declared.lookup;
        let mut names = Self { home: home(lookup.tables.iter().map(|(_, table)| table)), ..Self::default() };
        // Which of the tables that may be meant is meant is not known.
        if !lookup.is_certain() {
            return Self::default();
        }
        for (key, required) in &server.required.tables {
            let wanted = server.adapter.lookup_name(key, &required.model);
            let Some(found) = lookup.find(&wanted).next() else { continue };
            for name in required.columns.iter().map(|column| column.name.as_str()).chain(["id"]) {
                let column = found.table.columns.iter().find(|column| lookup.naming.is_column(column, name));
                let stored = column.and_then(|column| name_of_column(server, found, column));
                names.columns.extend(stored.map(|stored| ((key.clone(), name.to_owned()), stored)));
            }
            let stored = name_in_database(found).map(|name| match is_folded(server, found) && found.table.folds {
                true => name.to_ascii_lowercase(),
                false => name.to_owned(),
            });
            names.tables.extend(stored.map(|name| (key.clone(), (found.table.namespace.clone(), name))));
        }
        names
    }
}

/// Whether the database folds names that scripts write without quotes.
fn is_folded(server: &Server, table: &SourceTable) -> bool {
    server.adapter.dialect == Some(Dialect::Postgres) && matches!(table.layer, Layer::Sql | Layer::Code)
}

/// What a column is called in the database.
fn name_of_column(server: &Server, table: &SourceTable, column: &Column) -> Option<String> {
    if is_folded(server, table) {
        return Some(column.stored_name().into_owned());
    }
    column_names(table.layer, column).into_iter().next()
}

/// The statements that create everything that is missing: tables, columns, then keys and indexes.
#[must_use]
pub fn declaration(plan: &Plan<'_>, names: &Names, missing: &[Missing<'_>]) -> String {
    let writer = Writer { plan, names, dialect: plan.dialect() };
    let parts = plan.ordered(missing);
    let first = plan.needed_first(missing).into_iter();
    let mut statements: Vec<String> = first
        .map(|key| format!("-- Points to {}, which is missing too: create that table first.", writer.table_name(key)))
        .collect();
    for part in &parts {
        if part.whole_table {
            statements.push(writer.table(part.key));
        } else {
            statements.extend(part.columns.iter().map(|column| writer.added_column(part.key, column)));
        }
    }
    for part in &parts {
        let keys = if part.whole_table { plan.keys_of(part.key) } else { plan.missing_keys(part) };
        // A unique column of a new table says so itself.
        let apart = keys.iter().filter(|key| !(part.whole_table && key.unique && key.columns.len() == 1));
        statements.extend(apart.map(|key| writer.index(part.key, key)));
    }
    statements.join("\n")
}

/// The statements that let columns of a table be empty.
#[must_use]
pub fn relaxation(plan: &Plan<'_>, table: &Table, columns: &[&Column]) -> String {
    let names = Names::default();
    let writer = Writer { plan, names: &names, dialect: plan.dialect() };
    let prefix = table.namespace.as_ref().map(|namespace| format!("{}.", writer.written(namespace))).unwrap_or_default();
    let folded = |name: &str, folds: bool| {
        if folds && writer.dialect == Dialect::Postgres { name.to_ascii_lowercase() } else { name.to_owned() }
    };
    let name = format!("{prefix}{}", writer.written(&folded(&table.name, table.folds)));
    let statement = |column: &&Column| {
        let own = writer.written(&folded(&column.name, column.folds));
        match (writer.dialect, &column.written) {
            (Dialect::Postgres, _) => format!("alter table {name} alter column {own} drop not null;"),
            (Dialect::Mysql, Some(written)) => format!("alter table {name} modify column {own} {written} null;"),
            (Dialect::Mssql, Some(written)) => format!("alter table {name} alter column {own} {written} null;"),
            (Dialect::Mysql | Dialect::Mssql, None) => {
                format!("-- {own} of {name} must be allowed to be null: give it its type again, without `not null`.")
            }
            (Dialect::Sqlite, _) => format!(
                "-- {own} of {name} must be allowed to be null. SQLite makes the table anew for that: create it under another\n\
                 -- name without that `not null`, copy all rows, drop the old table, rename the new one, and create its indexes."
            ),
        }
    };
    columns.iter().map(statement).collect::<Vec<_>>().join("\n")
}

/// The types that databases have for UUIDs.
const UUIDS: &[&str] = &["uuid", "uniqueidentifier"];

/// The types of numbers that ids may be.
const NUMBERS: &[&str] = &["integer", "int", "smallint", "bigint"];

pub(super) struct Writer<'w, 'a> {
    pub(super) plan: &'w Plan<'a>,
    pub(super) names: &'w Names,
    pub(super) dialect: Dialect,
}

impl<'a> Writer<'_, 'a> {
    /// A name as the database knows it.
    pub(super) fn quoted(&self, name: &str) -> String {
        let name = if self.plan.adapter.snake_case == Some(true) { snake_case(name) } else { name.to_owned() };
        self.written(&name)
    }

    /// A name as it is, in quotes.
    pub(super) fn written(&self, name: &str) -> String {
        if self.dialect == Dialect::Mysql { format!("`{name}`") } else { format!("\"{name}\"") }
    }

    pub(super) fn table_name(&self, key: &str) -> String {
        let (namespace, name) = match self.names.tables.get(key) {
            Some((namespace, name)) => (namespace, self.written(name)),
            None => (&self.names.home, self.quoted(&self.plan.lookup(key))),
        };
        let prefix = namespace.as_ref().map(|namespace| format!("{}.", self.written(namespace))).unwrap_or_default();
        format!("{prefix}{name}")
    }

    /// What a column of a table is called in the database, without quotes.
    pub(super) fn column(&self, key: &str, name: &str) -> String {
        let known = self.names.columns.get(&(key.to_owned(), name.to_owned()));
        let made = || if self.plan.adapter.snake_case == Some(true) { snake_case(name) } else { name.to_owned() };
        known.cloned().unwrap_or_else(made)
    }

    fn table(&self, key: &str) -> String {
        let mut rows = vec![self.id(key)];
        rows.extend(self.plan.columns(key).iter().map(|column| {
            let unique = if column.unique { " unique" } else { "" };
            let default = self.default(column).map(|default| format!(" default {default}")).unwrap_or_default();
            let not_null = if column.is_filled() { " not null" } else { "" };
            format!(
                "{} {}{default}{not_null}{unique}{}",
                self.written(&self.column(key, &column.name)),
                self.kind(column),
                self.references(column)
            )
        }));
        format!("create table {} (\n  {}\n);", self.table_name(key), rows.join(",\n  "))
    }

    /// A column of a table that may hold rows: one that is required needs a value for them.
    fn added_column(&self, key: &str, column: &RequiredColumn) -> String {
        let (table, name) = (self.table_name(key), self.written(&self.column(key, &column.name)));
        if let Some(known) = self.plan.in_other_case(key, &column.name) {
            return format!("alter table {table} rename column {} to {name};", self.written(&known));
        }
        let add = if self.dialect == Dialect::Mssql { "add" } else { "add column" };
        let value = self.default(column).map(str::to_owned).or_else(|| self.literal(column));
        let former = self.plan.former(key, column).map(|former| self.written(former));
        let mut statement = String::new();
        let constraint = match (column.is_filled(), value) {
            (true, Some(value)) => format!(" default {value} not null"),
            (true, None) if former.is_some() => String::new(),
            (true, None) => {
                let _ = writeln!(statement, "-- {name} must not be null: fill it for the rows that exist, then make it so.");
                String::new()
            }
            (false, Some(value)) => format!(" default {value}"),
            (false, None) => String::new(),
        };
        let kind = self.kind(column);
        let _ = write!(statement, "alter table {table} {add} {name} {kind}{constraint}{};", self.references(column));
        if let Some(former) = former {
            let _ = write!(statement, "\nupdate {table} set {name} = {former};");
            let _ = match self.dialect {
                _ if !column.is_filled() => Ok(()),
                Dialect::Postgres => write!(statement, "\nalter table {table} alter column {name} set not null;"),
                Dialect::Mysql => write!(statement, "\nalter table {table} modify column {name} {kind} not null;"),
                Dialect::Mssql => write!(statement, "\nalter table {table} alter column {name} {kind} not null;"),
                // It cannot ask that of a column that is there.
                Dialect::Sqlite => Ok(()),
            };
        }
        statement
    }

    fn index(&self, key: &str, index: &Key) -> String {
        let table = self.names.tables.get(key).map_or_else(|| self.plan.lookup(key), |(_, name)| name.clone());
        let columns: Vec<String> = index.columns.iter().map(|column| self.column(key, column)).collect();
        let (unique, ending) = if index.unique { ("unique ", "uidx") } else { ("", "idx") };
        let name = self.quoted(&format!("{table}_{}_{ending}", columns.join("_")));
        let columns: Vec<String> = columns.iter().map(|column| self.written(column)).collect();
        format!("create {unique}index {name} on {} ({});", self.table_name(key), columns.join(", "))
    }

    fn references(&self, column: &RequiredColumn) -> String {
        let Some(reference) = self.plan.reference(column) else { return String::new() };
        let to = reference.column.map_or("id", |column| column.name.as_str());
        let on_delete = match reference.on_delete {
            OnDelete::Cascade => " on delete cascade",
            OnDelete::SetNull => " on delete set null",
            OnDelete::Nothing => "",
        };
        let to = self.written(&self.column(reference.key, to));
        format!(" references {} ({to}){on_delete}", self.table_name(reference.key))
    }

    fn id(&self, key: &str) -> String {
        use Dialect::{Mssql, Mysql, Postgres, Sqlite};
        let (default, ending) = match (self.plan.id, self.dialect) {
            (Id::Serial, Postgres) => (" generated by default as identity", ""),
            (Id::Serial, Mysql) => ("", " auto_increment"),
            (Id::Serial, Mssql) => (" identity", ""),
            (Id::Uuid, Postgres) => (" default pg_catalog.gen_random_uuid()", ""),
            (Id::Uuid, Mssql) => (" default newid()", ""),
            (Id::Serial, Sqlite) | (Id::Uuid, Mysql | Sqlite) | (Id::Text, _) => ("", ""),
        };
        // Where ids of other tables are of another type than the options make, those are made elsewhere.
        let (default, ending) =
            if self.stored_id("user").is_some_and(|kind| !self.is_usual_id(kind)) { ("", "") } else { (default, ending) };
        format!("{} {}{default} not null primary key{ending}", self.written(&self.column(key, "id")), self.id_type(key))
    }

    /// The type of what points to the ids that scripts give a table; `None` where they give none that is known.
    fn stored_id(&self, key: &str) -> Option<&'a str> {
        Some(match self.stored_kind(key, "id")? {
            // What points to a counter is a number of the same size.
            "serial" | "serial4" | "int4" => "integer",
            "bigserial" | "serial8" | "int8" => "bigint",
            "smallserial" | "serial2" | "int2" => "smallint",
            kind if UUIDS.contains(&kind) || NUMBERS.contains(&kind) || kind.contains("char") || kind.contains("text") => kind,
            _ => return None,
        })
    }

    /// Whether ids of a type are those that the options make. Text takes any.
    fn is_usual_id(&self, kind: &str) -> bool {
        match self.plan.id {
            _ if !UUIDS.contains(&kind) && !NUMBERS.contains(&kind) => true,
            Id::Serial => NUMBERS.contains(&kind),
            Id::Uuid => UUIDS.contains(&kind),
            Id::Text => false,
        }
    }

    /// The type that scripts give a column.
    fn stored_kind(&self, key: &str, name: &str) -> Option<&'a str> {
        let source = self.plan.table_in_sources(key).filter(|source| matches!(source.layer, Layer::Sql | Layer::Code))?;
        let is_it = |column: &&Column| self.plan.found.naming.is_column(column, name);
        source.table.columns.iter().find(is_it).map(|column| column.kind.as_str())
    }

    /// The type that scripts give the columns of a kind, where a database has several that do.
    fn stored_as(&self, kind: &str) -> Option<&'a str> {
        let (column, kinds): (_, &[&str]) = match (kind, self.dialect) {
            ("date", Dialect::Postgres) => ("createdAt", &["timestamp", "timestamptz", "timestamp with time zone"]),
            ("date", Dialect::Sqlite) => ("createdAt", &["date", "datetime", "timestamp", "text", "integer"]),
            ("boolean", Dialect::Sqlite) => ("emailVerified", &["integer", "boolean"]),
            _ => return None,
        };
        let name = self.plan.columns("user").iter().find(|own| own.key == column).map(|own| own.name.as_str())?;
        self.stored_kind("user", name).filter(|kind| kinds.contains(kind))
    }

    /// The type of the ids of a table: as scripts give it, else that of users.
    fn id_type(&self, key: &str) -> &'a str {
        let stored = self.stored_id(key).or_else(|| self.stored_id("user"));
        if let Some(other) = stored.filter(|kind| !self.is_usual_id(kind)) {
            return other;
        }
        match (self.plan.id, self.dialect) {
            (Id::Serial, _) => "integer",
            (Id::Uuid, Dialect::Postgres) => "uuid",
            (Id::Uuid, Dialect::Mssql) => "uniqueidentifier",
            (Id::Uuid | Id::Text, Dialect::Mysql) | (Id::Text, Dialect::Mssql) => "varchar(36)",
            (Id::Uuid | Id::Text, Dialect::Sqlite) | (Id::Text, Dialect::Postgres) => "text",
        }
    }

    fn kind(&self, column: &RequiredColumn) -> &'a str {
        let reference = self.plan.reference(column);
        if let Some(reference) = reference.filter(|reference| reference.column.is_none()) {
            return self.id_type(reference.key);
        }
        if let Some(stored) = self.stored_as(&column.kind) {
            return stored;
        }
        let keyed = column.unique || column.index || column.references.is_some();
        // What `text` cannot do in these databases: be a key, or have a default.
        let short = keyed || column.default.is_some();
        match (column.kind.as_str(), self.dialect) {
            ("boolean", Dialect::Postgres | Dialect::Mysql) => "boolean",
            ("boolean", Dialect::Mssql) => "smallint",
            ("boolean", Dialect::Sqlite) | ("number", _) => "integer",
            ("bigint", _) => "bigint",
            ("date", Dialect::Postgres) => "timestamptz",
            ("date", Dialect::Mysql) => "timestamp(3)",
            ("date", Dialect::Sqlite) => "date",
            ("date", Dialect::Mssql) => "datetime2(3)",
            ("json" | "string[]" | "number[]", Dialect::Postgres) => "jsonb",
            ("json" | "string[]" | "number[]", Dialect::Mysql) => "json",
            (_, Dialect::Mysql | Dialect::Mssql) if short => "varchar(255)",
            (_, Dialect::Mssql) => "varchar(8000)",
            (_, Dialect::Postgres | Dialect::Mysql | Dialect::Sqlite) => "text",
        }
    }

    /// The default the database fills in: only times have one, and SQLite has none that is not a constant.
    fn default(&self, column: &RequiredColumn) -> Option<&'static str> {
        match (column.kind.as_str(), column.default.as_deref(), self.dialect) {
            ("date", Some("now"), Dialect::Postgres | Dialect::Mssql) => Some("CURRENT_TIMESTAMP"),
            ("date", Some("now"), Dialect::Mysql) => Some("CURRENT_TIMESTAMP(3)"),
            _ => None,
        }
    }

    /// The value better-auth itself would fill in, for the rows that exist.
    fn literal(&self, column: &RequiredColumn) -> Option<String> {
        match (column.kind.as_str(), column.default.as_deref()?, self.dialect) {
            ("boolean", value, Dialect::Sqlite | Dialect::Mssql) => Some(if value == "true" { "1" } else { "0" }.to_owned()),
            ("boolean" | "number", value, _) => Some(value.to_owned()),
            ("string", value, _) => {
                let text = value.strip_prefix('"')?.strip_suffix('"')?;
                Some(format!("'{}'", text.replace('\'', "''")))
            }
            _ => None,
        }
    }
}
