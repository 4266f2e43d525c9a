//! Three layers: what the configuration requires, what the repository declares, what its migrations create.

mod astro;
pub mod broken;
mod casing;
pub mod commands;
pub mod compare;
mod convex;
pub mod declared;
mod defined;
mod doubts;
pub mod drizzle;
mod entities;
mod handle;
mod knexfile;
pub mod lookup;
pub mod migrated;
mod prisma;
pub mod programmatic;
pub mod render;
pub mod repair;
pub mod replay;
pub mod required;
pub mod rows;
mod tools;
mod types;
mod wrangler;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) use casing::words;

use crate::facts::schema::{Column, Table};
use crate::facts::script::Runner;
use crate::knowledge::CheckingAdapter;
use crate::project::value::Unknown;
use crate::source::Site;

/// The tables every server has, by their logical keys: where none of them is declared, the schema lies elsewhere
/// (documentation: concepts/database, "Core Schema").
const CORE: [&str; 4] = ["user", "session", "account", "verification"];

/// What the database must hold for one server.
#[derive(Debug, Clone, Default)]
pub struct Required {
    /// Tables by their logical key (`user`, `session`, `passkey`).
    pub tables: BTreeMap<String, RequiredTable>,
    /// What could change it and is not known.
    pub open: Vec<Unknown>,
    /// The adapter of the server, where it compares this with what is there before it answers any request.
    pub check: Option<&'static CheckingAdapter>,
}

impl Required {
    /// The same for a server whose adapter makes a comparison of its own, which asks for what nothing uses as well.
    #[must_use]
    pub fn checked(mut self, check: Option<&'static CheckingAdapter>) -> Self {
        self.check = check;
        if check.is_some() {
            for table in self.tables.values_mut() {
                table.idle = false;
                table.columns.iter_mut().for_each(|column| column.idle = false);
            }
        }
        self
    }

    /// Whether the server answers no request at all because of a gap of this kind.
    #[must_use]
    pub fn refuses(&self, kind: GapKind) -> bool {
        self.check.is_some_and(|check| match kind {
            GapKind::Table | GapKind::MapEntry | GapKind::ModelName | GapKind::Columns => true,
            GapKind::Unwritten => check.unwritten,
            _ => false,
        })
    }
}

/// One required table.
#[derive(Debug, Clone, PartialEq)]
pub struct RequiredTable {
    /// The name the adapter looks up (`modelName`), before pluralisation.
    pub model: String,
    /// The columns in order, without `id`.
    pub columns: Vec<RequiredColumn>,
    /// Keys over several columns; those of one column are told with the column.
    pub keys: Vec<RequiredKey>,
    /// What brings the table in.
    pub cause: Cause,
    /// With these options and plugins its owner does without it, as long as nobody calls what needs it.
    pub idle: bool,
    /// The paths of all requests that insert rows; empty where they are not known.
    pub inserted_by: &'static [String],
}

impl RequiredTable {
    /// A table that is needed in any case, still without columns.
    #[must_use]
    pub fn new(model: String, cause: Cause) -> Self {
        Self { model, columns: Vec::new(), keys: Vec::new(), cause, idle: false, inserted_by: &[] }
    }
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
    /// The column without which nothing looks it up, by its logical name.
    pub looked_up_with: Option<String>,
    /// The default better-auth itself fills in, as it would be written; functions give `now`.
    pub default: Option<String>,
    /// Where a foreign key points to.
    pub references: Option<RequiredReference>,
    /// The column that held its values in earlier releases, by its logical name.
    pub takes_over: Option<String>,
    /// Nothing reads or writes it with these options and plugins, so that it is not missed.
    pub idle: bool,
    /// better-auth leaves it out of the rows it stores, for all that it is required.
    pub left_out: bool,
    /// With these options rows are stored without a value for it, as they may be.
    pub left_empty: bool,
    /// What brings the column in.
    pub cause: Cause,
}

impl RequiredColumn {
    /// Whether a name is the one it would be looked up by if the configuration gave it no other.
    #[must_use]
    pub fn is_usually(&self, name: &str) -> bool {
        self.key == name && self.name != name
    }

    /// Whether a row is stored with a value for it, so that the database may ask for one.
    #[must_use]
    pub fn is_filled(&self) -> bool {
        self.required && !self.left_out
    }

    /// Whether a row is never stored without a value for it, be it a default that better-auth fills in.
    #[must_use]
    pub fn is_always_written(&self) -> bool {
        self.is_filled() || self.default.is_some()
    }
}

/// A required key over several columns.
#[derive(Debug, Clone, PartialEq)]
pub struct RequiredKey {
    /// Logical names of the columns, in order.
    pub columns: Vec<String>,
    /// Two rows may not agree in all of them.
    pub unique: bool,
}

/// Where a foreign key of a required column points to.
#[derive(Debug, Clone, PartialEq)]
pub struct RequiredReference {
    /// Logical key of the table.
    pub table: String,
    /// Logical name of the column.
    pub column: String,
    /// Rows go with the row they point to.
    pub cascades: bool,
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

impl Cause {
    /// The plugin that it is, or whose option it is, by its place in the list.
    #[must_use]
    pub fn plugin(&self) -> Option<usize> {
        match self {
            Self::Core => None,
            Self::Plugin(index) => Some(*index),
            Self::Option { plugin, .. } => *plugin,
        }
    }
}

/// What the repository declares and migrates for one server.
#[derive(Debug, Clone, Default)]
pub struct Declared {
    /// The tables the adapter finds.
    pub lookup: lookup::Lookup,
    /// Every table of the repository, from any layer.
    pub all: Arc<[SourceTable]>,
    /// The files of those that are for another server's database.
    pub of_others: BTreeSet<Arc<str>>,
    /// The packages whose tables are those of examples and tests, and are not looked at.
    pub without: Arc<[Arc<str>]>,
    /// What took the tables away that every server has, where none of them is left.
    pub gone: Option<Dropped>,
    /// What the migrations that belong to these tables create.
    pub migrated: Vec<Arc<Migrated>>,
    /// Scripts of the packages bring what is declared into a database without migrations.
    pub pushed: bool,
    /// The program beside the packages that runs migrations, where it is none of an ORM.
    pub runner: Option<Runner>,
    /// The ordered scripts of the whole repository.
    pub scripts: Arc<replay::Scripts>,
    /// Files the tables were read from, sorted.
    pub sources: Vec<Arc<str>>,
    /// Files with declarations that could not be read everywhere.
    pub broken: broken::Broken,
}

impl Declared {
    /// The tables that may serve, from any layer.
    pub fn candidates(&self) -> impl Iterator<Item = &SourceTable> {
        self.all.iter().filter(|table| !self.of_others.contains(&table.file))
    }

    /// Whether Astro DB brings the tables into the database.
    #[must_use]
    pub fn is_of_astro(&self) -> bool {
        self.lookup.tables.iter().any(|(_, table)| table.layer == Layer::Astro)
    }

    /// The types written from the database that the tables were read from, where nothing else declares them.
    #[must_use]
    pub fn types(&self) -> Option<&Arc<str>> {
        self.lookup.tables.iter().find(|(_, table)| table.layer == Layer::Types).map(|(_, table)| &table.file)
    }
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
    /// The files of columns that stand in another one, by their names.
    pub elsewhere: BTreeMap<String, Arc<str>>,
    /// The columns it has in one of two cases alone, by their names: where a condition decides whether a table of its name
    /// was dropped before this statement created it.
    pub in_doubt: BTreeMap<String, Site>,
}

impl SourceTable {
    /// Where the table is declared.
    #[must_use]
    pub fn site(&self) -> Site {
        Site::new(&self.file, self.table.span)
    }

    /// Whether nothing is known of it but the name it is found by: it may be something else than a table.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.table.open && self.table.columns.is_empty() && self.table.physical.is_none()
    }

    /// Where a column of it is declared.
    #[must_use]
    pub fn column_site(&self, column: &Column) -> Site {
        Site::new(self.elsewhere.get(&column.name).unwrap_or(&self.file), column.span)
    }
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
    /// A class that an ORM maps to a table: TypeORM, MikroORM.
    Entity,
    /// A table of Astro DB, which Drizzle is given.
    Astro,
    /// The schema of a component of Convex.
    Convex,
    /// Code that makes tables beside any ordered migrations.
    Code,
    /// Types for Kysely that a tool wrote from the database. They tell nothing of keys.
    Types,
}

/// The schema after replaying the SQL scripts of one folder in order.
#[derive(Debug, Clone, Default)]
pub struct Migrated {
    /// The folder.
    pub folder: Arc<str>,
    /// The scripts have an order, so that each runs once; else it is a single script.
    pub ordered: bool,
    /// The place of each script in the order.
    pub places: BTreeMap<Arc<str>, usize>,
    /// The tables that exist at the end.
    pub tables: Vec<SourceTable>,
    /// What may have changed a table, or any where none is named, and could not be read: `(table, why)`.
    pub unread: Vec<(Option<String>, Unknown)>,
    /// What was there and is not at the end.
    pub dropped: Vec<Dropped>,
    /// The scripts that the journal of Drizzle Kit in the folder does not list: run by hand, by another tool, or by nobody.
    pub unlisted: BTreeSet<Arc<str>>,
}

/// A table or a column that a script took away, or gave another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The table.
    pub table: String,
    /// The schema inside the database that the table was in; none for the usual one.
    pub namespace: Option<String>,
    /// The column; `None` when the whole table went.
    pub column: Option<String>,
    /// The name it has from then on, where it was given another one.
    pub to: Option<String>,
    /// The statement.
    pub at: Site,
}

/// Something that keeps the tables of a repository from being what a server needs.
#[derive(Debug, Clone)]
pub struct Gap {
    /// What it is.
    pub kind: GapKind,
    /// The logical key of the table.
    pub key: String,
    /// The name the adapter looks up, pluralised as it would; what it is called in the database, with columns that are too,
    /// where it is not migrated.
    pub table: String,
    /// The required columns it is about; all of them when the table is.
    pub columns: Vec<RequiredColumn>,
    /// What brings the requirement in.
    pub cause: Cause,
    /// The table it is about, where there is one.
    pub found_in: Option<Site>,
    /// What the repository has there, and where: what is found in place of what is looked for, what nobody asked for, or
    /// the columns themselves.
    pub declared: Vec<(String, Site)>,
    /// The tables of that name that are for another server's database.
    pub of_others: Vec<Site>,
    /// What took it away, or one of its columns, where it once was there.
    pub dropped: Option<Dropped>,
}

/// What a gap is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GapKind {
    /// No table answers to the name.
    Table,
    /// The table is declared, and the schema map of the adapter has no entry of its name.
    MapEntry,
    /// An option renames the table to one that is declared, as the table of a model with another name, which is what the
    /// adapter looks for.
    ModelName,
    /// The table lacks columns.
    Columns,
    /// The table has columns that must be given a value, and better-auth never writes them: those in `declared`.
    Unwritten,
    /// The same in the database that the migrations make, though the declaration asks for no value: those in `declared`.
    StillRequired,
    /// The columns may be NULL, and must be given a value where they are declared.
    LeftEmpty,
    /// The table is declared, and no migration creates it.
    UnmigratedTable,
    /// The columns are declared, and no migration creates them.
    UnmigratedColumns,
    /// The values of each of the columns are declared unique, and no migration makes them so.
    UnmigratedUnique,
    /// The columns are declared as indexed, and no migration makes an index.
    UnmigratedIndex,
    /// The values of each of the columns must be unique, and may repeat.
    Unique,
    /// The values of the columns must be unique together, and may repeat.
    UniqueTogether,
    /// Rows are looked up by each of the columns, and no index helps.
    Index,
    /// Rows that point to a deleted one stay, or keep it from being deleted.
    Cascade,
    /// The columns hold dates, and are declared as text.
    DateText,
    /// The columns hold dates, and code is given text of them.
    DateAsText,
}

impl Gap {
    /// What became of it, where it once was there: `a later migration drops`.
    #[must_use]
    pub fn fate(&self) -> Option<String> {
        let dropped = self.dropped.as_ref()?;
        Some(match &dropped.to {
            None => "a later migration drops".to_owned(),
            Some(to) if dropped.column.is_none() || self.columns.len() == 1 => format!("a later migration renames to `{to}`"),
            Some(_) => "later migrations drop or rename".to_owned(),
        })
    }

    /// The statement that took it away, with what to say of it.
    pub fn end(&self) -> impl Iterator<Item = (Site, String)> {
        let what = |dropped: &Dropped| if dropped.to.is_some() { "renamed here" } else { "dropped here" };
        self.dropped.iter().map(move |dropped| (dropped.at.clone(), what(dropped).to_owned()))
    }
}

impl GapKind {
    /// Whether it is about a table as a whole.
    #[must_use]
    pub fn is_of_table(self) -> bool {
        matches!(self, Self::Table | Self::MapEntry | Self::ModelName | Self::UnmigratedTable)
    }

    /// Whether it is about what is declared and no migration makes.
    #[must_use]
    pub fn is_unmigrated(self) -> bool {
        matches!(self, Self::UnmigratedTable | Self::UnmigratedColumns | Self::UnmigratedUnique | Self::UnmigratedIndex)
    }

    /// Whether it is about columns that must be given a value and never are.
    #[must_use]
    pub fn is_unwritten(self) -> bool {
        matches!(self, Self::Unwritten | Self::StillRequired)
    }
}
