//! Three layers: what the configuration requires, what the repository declares, what its migrations create.

pub mod compare;
pub mod declared;
mod defined;
mod doubts;
pub mod drizzle;
pub mod replay;
pub mod required;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::facts::schema::Table;
use crate::project::value::Unknown;
use crate::source::Site;

/// What the database must hold for one server.
#[derive(Debug, Clone, Default)]
pub struct Required {
    /// Tables by their logical key (`user`, `session`, `passkey`).
    pub tables: BTreeMap<String, RequiredTable>,
    /// What could change it and is not known.
    pub open: Vec<Unknown>,
}

/// One required table.
#[derive(Debug, Clone, PartialEq)]
pub struct RequiredTable {
    /// The name the adapter looks up (`modelName`), before pluralisation.
    pub model: String,
    /// The columns in order, without `id`.
    pub columns: Vec<RequiredColumn>,
    /// What brings the table in.
    pub cause: Cause,
}

/// One required column.
#[derive(Debug, Clone, PartialEq)]
pub struct RequiredColumn {
    /// The logical name (`emailVerified`).
    pub key: String,
    /// The name the adapter looks up (`fieldName`).
    pub name: String,
    /// The logical type: `string`, `number`, `bigint`, `boolean`, `date`, `string[]`, `number[]`, `json`.
    pub kind: String,
    /// May not be NULL.
    pub required: bool,
    /// Must be unique.
    pub unique: bool,
    /// Should be indexed.
    pub index: bool,
    /// The default better-auth itself fills in, as it would be written; functions give `now`.
    pub default: Option<String>,
    /// Logical table and column a foreign key points to.
    pub references: Option<(String, String)>,
    /// What brings the column in.
    pub cause: Cause,
}

/// What brings a table or a column in.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// better-auth itself.
    Core,
    /// A plugin, by its place in [`crate::project::Server::plugins`].
    Plugin(usize),
    /// An option of the server or of a plugin.
    Option {
        /// The option as people write it: `rateLimit.storage`, `organization({ teams.enabled })`.
        path: String,
        /// Where it is set.
        at: Site,
        /// The plugin the option belongs to, by its place in the list.
        plugin: Option<usize>,
    },
}

/// What the repository declares and migrates for one server.
#[derive(Debug, Clone, Default)]
pub struct Declared {
    /// The tables the adapter will look in, by the name it looks up, when the link from the adapter to them is certain.
    pub linked: Option<BTreeMap<String, SourceTable>>,
    /// Every table of the repository that may serve, from any layer.
    pub all: Arc<[SourceTable]>,
    /// The state after replaying SQL migrations, one entry per folder.
    pub migrated: Arc<[Migrated]>,
    /// Files the tables were read from, sorted.
    pub sources: Vec<Arc<str>>,
}

/// A table and the file that declares it.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceTable {
    /// The table.
    pub table: Table,
    /// The file.
    pub file: Arc<str>,
    /// How it is declared.
    pub layer: Layer,
}

/// How a table is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// A Drizzle table.
    Drizzle,
    /// A Prisma model.
    Prisma,
    /// SQL.
    Sql,
    /// Anything else that names tables: entities, type declarations, SQL inside code.
    Code,
}

/// The schema after replaying the SQL scripts of one folder in order.
#[derive(Debug, Clone, Default)]
pub struct Migrated {
    /// The folder.
    pub folder: Arc<str>,
    /// The tables that exist at the end.
    pub tables: Vec<SourceTable>,
    /// Statements that changed a table but could not be read: `(table, place)`.
    pub unread: Vec<(Option<String>, Site)>,
    /// What was there and is not at the end.
    pub dropped: Vec<Dropped>,
}

/// A table or a column that a script took away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The table.
    pub table: String,
    /// The column; `None` when the whole table went.
    pub column: Option<String>,
    /// The statement.
    pub at: Site,
}

/// Something required that is not declared.
#[derive(Debug, Clone)]
pub struct Gap {
    /// The logical key of the table.
    pub key: String,
    /// The name the adapter looks up, pluralised as it would.
    pub table: String,
    /// Whether the table itself is missing; else only `columns` are.
    pub whole_table: bool,
    /// The missing columns; all of them when the table is missing.
    pub columns: Vec<RequiredColumn>,
    /// What brings the missing part in.
    pub cause: Cause,
    /// The table that lacks the columns, where there is one.
    pub found_in: Option<Site>,
}
