//! Tables and columns as one file declares them: Prisma models and the operations of SQL scripts and migrations in code.

mod code;
mod ddl;
mod derived;
mod journal;
mod models;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub use self::code::{declarations, entities, operations, typed_tables};
pub use self::ddl::sql;
pub use self::derived::{Derived, Given, Room, Selected};
pub use self::journal::drizzle_journal;
pub use self::models::prisma;
use super::secrecy::looks_secret;
use crate::source::Span;

/// The most columns a table is read with; the rest of a longer one counts as not known. MySQL, the most generous of the
/// three dialects, has the same [limit](https://dev.mysql.com/doc/refman/8.4/en/column-count-limit.html).
const MAX_COLUMNS: usize = 4096;

/// A table, however it was declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// The name the adapter looks up: the Prisma model, the Drizzle export, the SQL table.
    pub name: String,
    /// The name in the database where the source gives another one (`@@map`, the first argument of `pgTable`).
    pub physical: Option<String>,
    /// What a function of the project makes the name in the database of (the first argument behind `pgTableCreator`).
    pub stem: Option<String>,
    /// The schema inside the database that it is put in (a prefix in SQL, `@@schema`, `pgSchema`); none for the usual one.
    pub namespace: Option<String>,
    /// The columns in order.
    pub columns: Vec<Column>,
    /// The keys and indexes, those of single columns among them.
    pub keys: Vec<Key>,
    /// The triggers that run before a row is stored, and may fill its columns.
    pub triggers: Vec<String>,
    /// The name was written without quotes in SQL, so that a database may fold its case.
    pub folds: bool,
    /// Whether columns may exist beyond those listed (a spread that could not be followed, `CREATE TABLE … AS`).
    pub open: bool,
    /// The name in its declaration.
    pub span: Span,
}

impl Table {
    /// A table of which only the name is known.
    #[must_use]
    pub fn empty(name: &str, span: Span) -> Self {
        let name = name.to_owned();
        Self {
            name,
            physical: None,
            stem: None,
            namespace: None,
            columns: Vec::new(),
            keys: Vec::new(),
            triggers: Vec::new(),
            folds: false,
            open: false,
            span,
        }
    }

    /// The column the adapter calls `name`.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether no two rows may share the values of these columns: a unique or primary key holds them, or some of them.
    #[must_use]
    pub fn is_unique(&self, columns: &[&str]) -> bool {
        let is_over =
            |part: &String| columns.contains(&part.as_str()) || function_of(part).is_some_and(|of| columns.contains(&of));
        let holds = |key: &Key| key.columns.iter().all(is_over);
        self.keys.iter().any(|key| key.unique && !key.columns.is_empty() && holds(key))
    }

    /// Whether rows can be found by this column without reading all of them: it comes first in some key or index.
    #[must_use]
    pub fn is_indexed(&self, column: &str) -> bool {
        self.is_indexed_by(&[column])
    }

    /// Whether a key begins with these columns.
    #[must_use]
    pub fn is_indexed_by(&self, columns: &[&str]) -> bool {
        self.keys
            .iter()
            .any(|key| key.columns.len() >= columns.len() && key.columns.iter().zip(columns).all(|(one, other)| one == other))
    }

    /// Carries out a change to the columns; changes to whole tables do nothing here. Column names are taken as written,
    /// or in another case where only such a one exists, since databases fold names without quotes.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::AddColumn { column, .. } => {
                if self.columns.len() >= MAX_COLUMNS {
                    self.open = true;
                } else if !self.columns.iter().any(|known| known.stored_name() == column.stored_name()) {
                    self.columns.push(column.clone());
                }
            }
            Change::DropColumn { column, .. } => {
                if let Some(at) = self.position(column) {
                    let gone = self.columns.remove(at).name;
                    self.keys.retain(|key| !key.columns.contains(&gone));
                }
            }
            Change::PlaceColumn { column, after, .. } => {
                if let Some(at) = self.position(column) {
                    let column = self.columns.remove(at);
                    let before = after.as_ref().map(|after| self.position(after));
                    self.columns.insert(before.map_or(0, |before| before.map_or(at, |before| before + 1)), column);
                }
            }
            Change::RenameColumn { column, to, folds, .. } => {
                if let Some(column) = self.find(column) {
                    column.folds = *folds;
                    let old = std::mem::replace(&mut column.name, to.clone());
                    let named = self.keys.iter_mut().flat_map(|key| &mut key.columns).filter(|name| **name == old);
                    named.for_each(|name| name.clone_from(to));
                }
            }
            Change::AlterColumn { column, required, has_default, kind, written, .. } => {
                if let Some(column) = self.find(column) {
                    column.required = required.unwrap_or(column.required);
                    column.has_default = has_default.unwrap_or(column.has_default);
                    if let Some(kind) = kind {
                        column.kind.clone_from(kind);
                        column.written.clone_from(written);
                    }
                }
            }
            Change::CreateIndex { key, .. } => {
                let columns = key.columns.iter();
                let known =
                    columns.map(|name| self.position(name).map_or_else(|| name.clone(), |at| self.columns[at].name.clone()));
                self.keys.push(Key { columns: known.collect(), ..key.clone() });
            }
            Change::DropIndex { name, .. } => {
                if let Some(at) = self.keys.iter().position(|key| key.is_called(name, &self.name)) {
                    self.keys.remove(at);
                }
            }
            Change::CreateTrigger { name, .. } => self.triggers.push(name.clone()),
            Change::DropTrigger { name, .. } => self.triggers.retain(|trigger| !trigger.eq_ignore_ascii_case(name)),
            Change::AddForeignKey { column, references, .. } => {
                if let Some(column) = self.find(column) {
                    column.references = Some(references.clone());
                }
            }
            Change::CreateTable { .. }
            | Change::DropTable { .. }
            | Change::DropNamespace { .. }
            | Change::RenameTable { .. }
            | Change::MoveTable { .. }
            | Change::RemakeColumn { .. }
            | Change::DeleteRows { .. }
            | Change::WriteRows { .. }
            | Change::UseRows { .. }
            | Change::RunScript { .. }
            | Change::Unknown { .. } => {}
        }
    }

    fn find(&mut self, name: &str) -> Option<&mut Column> {
        self.position(name).map(|at| &mut self.columns[at])
    }

    fn position(&self, name: &str) -> Option<usize> {
        let exact = self.columns.iter().position(|column| column.name == name);
        exact.or_else(|| self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name)))
    }
}

/// The column an expression is a function of, and of it alone: `lower("email")`, `lower((email)::text)`. Where its values
/// are unique, so are those of the column.
fn function_of(expression: &str) -> Option<&str> {
    let is_word = |text: &str| !text.is_empty() && text.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    let (name, rest) = expression.split_once('(')?;
    let inner = rest.strip_suffix(')').filter(|_| is_word(name))?;
    let inner = inner.split_once("::").map_or(inner, |(value, kind)| if is_word(kind) { value } else { inner });
    let inner = inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(inner).trim();
    let bare = ['"', '`'].into_iter().find_map(|quote| inner.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(inner);
    Some(bare).filter(|bare| is_word(bare))
}

/// A column, however it was declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The name the adapter looks up: the Prisma field, the Drizzle property, the SQL column.
    pub name: String,
    /// The name in the database where the source gives another one (`@map`, `text("email_verified")`).
    pub physical: Option<String>,
    /// The type as written, lower case, without arguments: `text`, `timestamp`, `boolean`, `string`, `datetime`.
    pub kind: String,
    /// What SQL says of it beside keys, defaults and NULL: the type with its arguments, its collation, a comment; `None` where
    /// that is not known.
    pub written: Option<String>,
    /// Declared not to hold NULL.
    pub required: bool,
    /// Filled by the database or the ORM when a row gives no value (default, auto-increment, generated, `@updatedAt`).
    pub has_default: bool,
    /// The name was written without quotes in SQL, so that a database may fold its case.
    pub folds: bool,
    /// Code is given its values as text, though the database keeps them as something else (`mode: "string"` of Drizzle).
    pub as_text: bool,
    /// The foreign key it holds.
    pub references: Option<Reference>,
    /// What the schema of an ORM says of it for the database.
    pub definition: Definition,
    /// The name in its declaration.
    pub span: Span,
}

/// What the schema of an ORM says of a column for the database, beside what every source tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// The type with its arguments, where more than [`Column::kind`] is given: `varchar(40)`, `timestamp(3) with time zone`.
    pub native: Option<String>,
    /// It holds a list of such values.
    pub list: bool,
    /// What the database fills in; none where nothing is, or the ORM does so.
    pub default: Option<Filled>,
    /// What happens to the row along with the one it points to: `on delete cascade on update cascade`.
    pub actions: Option<String>,
}

/// What a database fills in where a row gives no value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Filled {
    /// The time.
    Now,
    /// A number it counts up.
    Counted,
    /// A value or an expression, as SQL.
    Sql(String),
    /// Something that the declaration does not tell.
    Unknown,
}

impl Filled {
    /// A text, as SQL; one that may be a credential is not kept.
    #[must_use]
    pub fn text(text: &str) -> Self {
        if looks_secret(text) { Self::Unknown } else { Self::Sql(format!("'{}'", text.replace('\'', "''"))) }
    }

    /// Whether it is the same value for every row, or may be.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        let is_current = |value: &str| value.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("current"));
        match self {
            Self::Now => false,
            Self::Sql(value) => value.starts_with(['\'', '"']) || !value.contains('(') && !is_current(value),
            Self::Counted | Self::Unknown => true,
        }
    }
}

impl Column {
    /// Whether no row can be stored without a value for it.
    #[must_use]
    pub fn must_be_given(&self) -> bool {
        self.required && !self.has_default
    }

    /// A column of which only the name is known.
    #[must_use]
    pub fn empty(name: &str, span: Span) -> Self {
        Self {
            name: name.to_owned(),
            physical: None,
            kind: String::new(),
            written: None,
            required: false,
            has_default: false,
            folds: false,
            as_text: false,
            references: None,
            definition: Definition::default(),
            span,
        }
    }

    /// The name as PostgreSQL has it, which tells the case of names apart and folds those that are written without quotes.
    #[must_use]
    pub fn stored_name(&self) -> Cow<'_, str> {
        if self.folds { Cow::Owned(self.name.to_ascii_lowercase()) } else { Cow::Borrowed(&self.name) }
    }

    /// The changes that make the column of this name in a table what this one is, with the keys over it.
    fn redefined(self, table: &str, keys: impl IntoIterator<Item = Key>) -> Vec<Change> {
        let alter = Change::AlterColumn {
            table: table.to_owned(),
            column: self.name,
            required: Some(self.required),
            has_default: Some(self.has_default),
            kind: Some(self.kind),
            written: self.written,
        };
        let index = |key| Change::CreateIndex { table: table.to_owned(), key };
        std::iter::once(alter).chain(keys.into_iter().map(index)).collect()
    }
}

/// Where a foreign key points to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The table.
    pub table: String,
    /// The column; empty where it is left to be the primary key.
    pub column: String,
    /// Rows that point to a deleted one are deleted with it.
    pub cascades: bool,
}

/// A primary key, a unique constraint or an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Its name, where one is given.
    pub name: Option<String>,
    /// The columns in order, by the names their table has for them; an expression stands as written, and so does, at the
    /// end, the condition of an index over some of the rows.
    pub columns: Vec<String>,
    /// No two rows share the values.
    pub unique: bool,
    /// It is the primary key.
    pub primary: bool,
}

impl Key {
    /// A unique key over one column, without a name.
    #[must_use]
    pub fn unique(column: &str) -> Self {
        Self { name: None, columns: vec![column.to_owned()], unique: true, primary: false }
    }

    /// A primary key over one column, without a name.
    #[must_use]
    pub fn primary(column: &str) -> Self {
        Self { primary: true, ..Self::unique(column) }
    }

    /// The same over the rows alone that meet a condition. That a column of the key itself is not null says nothing: where
    /// it is null, the values are not kept apart in any case.
    #[must_use]
    pub fn over(mut self, condition: &str) -> Self {
        let plain: String = condition.chars().filter(|letter| !matches!(letter, '"' | '`' | '[' | ']' | '(' | ')')).collect();
        let plain = plain.trim().to_ascii_lowercase();
        let says_nothing = |part: &str| {
            let column = part.trim().strip_suffix("is not null").and_then(|column| column.trim().rsplit('.').next());
            column.is_some_and(|column| self.columns.iter().any(|own| own.eq_ignore_ascii_case(column)))
        };
        if !plain.split(" and ").all(says_nothing) {
            self.columns.push(format!("where {}", condition.trim()));
        }
        self
    }

    /// Whether this is the name of the key: its own, or one that databases give where none is written
    /// (PostgreSQL: `table_column_key` and `table_pkey`; MySQL: the first column and `PRIMARY`).
    #[must_use]
    pub fn is_called(&self, name: &str, table: &str) -> bool {
        let is = |usual: &str| usual.eq_ignore_ascii_case(name);
        match &self.name {
            Some(own) => is(own),
            None if self.primary => is(&format!("{table}_pkey")) || is("PRIMARY"),
            None => is(&format!("{table}_{}_key", self.columns.join("_"))) || self.columns.first().is_some_and(|first| is(first)),
        }
    }
}

#[cfg(test)]
impl Table {
    /// Each column as `name kind` with `!` for required, `=` for a default, `*` for unique, `+` for indexed, `>` for a
    /// reference.
    fn sketch(&self) -> Vec<String> {
        let flag = |on: bool, mark: &str| if on { mark.to_owned() } else { String::new() };
        let column = |column: &Column| {
            let unique = self.is_unique(&[&column.name]);
            let reference = column.references.as_ref().map(|to| format!(">{}.{}{}", to.table, to.column, flag(to.cascades, "~")));
            let parts = [
                format!("{} {} ", column.name, column.kind),
                flag(column.required, "!"),
                flag(column.has_default, "="),
                flag(unique, "*"),
                flag(self.is_indexed(&column.name) && !unique, "+"),
                reference.unwrap_or_default(),
            ];
            parts.concat().trim_end().to_owned()
        };
        self.columns.iter().map(column).collect()
    }
}

/// A Prisma schema file. Several files of one folder make one schema.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PrismaFile {
    /// `provider` of the datasource block: `postgresql`, `mysql`, `sqlite`, `mongodb`, …
    pub provider: Option<String>,
    /// `output` of the generator blocks: where generated clients go, as written.
    pub outputs: Vec<String>,
    /// Models, with scalar and enum fields as columns; relation fields are left out.
    pub models: Vec<Table>,
    /// Relation fields by model: `(model, field, target model)`. A field whose type this file does not declare stands here
    /// and among the columns: another file of the folder tells whether the type is a model or an enum.
    pub relations: Vec<(String, String, String)>,
}

/// A class whose properties an ORM maps to columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// The table, by the name of the class.
    pub table: Table,
    /// Declared as a table of its own, not only for others to inherit from.
    pub mapped: bool,
    /// The class it inherits columns from, as it is called in the file.
    pub base: Option<String>,
}

/// One statement of a SQL script, or call in code, that changes the schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// What it does.
    pub change: Change,
    /// The statement.
    pub span: Span,
    /// The schema inside the database that the name of its table is prefixed with; none for the usual one.
    pub namespace: Option<String>,
    /// It runs whenever the script does: no condition, loop or function around it that may leave it out.
    pub certain: bool,
    /// It asks first whether the table is there (`IF EXISTS`, `IF NOT EXISTS`), so that it tells nothing of that.
    pub asks_first: bool,
}

impl Operation {
    /// One that runs whenever the script does, on a table without a prefix.
    fn new(change: Change, span: Span) -> Self {
        Self { change, span, namespace: None, certain: true, asks_first: false }
    }
}

/// The schemas that are meant where none is written: PostgreSQL, SQL Server, SQLite.
const USUAL_NAMESPACES: [&str; 3] = ["public", "dbo", "main"];

/// The schema inside a database by the prefix of a name; none for the usual one.
pub(crate) fn namespace(prefix: &str) -> Option<String> {
    let prefix = prefix.to_ascii_lowercase();
    (!USUAL_NAMESPACES.contains(&prefix.as_str())).then_some(prefix)
}

/// What a statement changes. Table names come without schema prefix and without quotes, in the case as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// `CREATE TABLE`, with or without `IF NOT EXISTS`: where the table exists, neither makes another.
    CreateTable {
        /// The table as created.
        table: Table,
        /// What it takes over from another one, besides.
        derived: Option<Derived>,
    },
    /// `DROP TABLE`.
    DropTable {
        /// The table.
        table: String,
    },
    /// `DROP SCHEMA … CASCADE`: a schema inside the database, with all of its tables.
    DropNamespace {
        /// The schema; none for the usual one.
        namespace: Option<String>,
    },
    /// `ALTER TABLE … RENAME TO …`.
    RenameTable {
        /// The old name.
        table: String,
        /// The new name.
        to: String,
        /// The new name was written without quotes in SQL.
        folds: bool,
    },
    /// `ALTER TABLE … SET SCHEMA …`.
    MoveTable {
        /// The table.
        table: String,
        /// The schema it is in from then on; none for the usual one.
        to: Option<String>,
    },
    /// `ALTER TABLE … ADD COLUMN …`.
    AddColumn {
        /// The table.
        table: String,
        /// The new column.
        column: Column,
    },
    /// `FIRST` or `AFTER …` (MySQL): moves a column to another place in the order.
    PlaceColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The column it stands behind from then on; none for the first place.
        after: Option<String>,
    },
    /// `ALTER TABLE … DROP COLUMN …`.
    DropColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// `ALTER TABLE … RENAME COLUMN … TO …`.
    RenameColumn {
        /// The table.
        table: String,
        /// The old name.
        column: String,
        /// The new name.
        to: String,
        /// The new name was written without quotes in SQL.
        folds: bool,
    },
    /// `ALTER TABLE … ALTER COLUMN …` (and MySQL's `MODIFY`): what it sets; `None` leaves it as it was.
    AlterColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// `SET NOT NULL` or `DROP NOT NULL`.
        required: Option<bool>,
        /// `SET DEFAULT` or `DROP DEFAULT`.
        has_default: Option<bool>,
        /// `TYPE`, as [`Column::kind`] has it.
        kind: Option<String>,
        /// What else is said along with a type, as [`Column::written`] has it.
        written: Option<String>,
    },
    /// TypeORM's `changeColumn`, which drops a column of another type and adds it again without its values; what the column
    /// is like afterwards is told by the change that follows.
    RemakeColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type from then on, as [`Column::kind`] has it.
        kind: String,
    },
    /// `CREATE INDEX`, or a unique constraint added later.
    CreateIndex {
        /// The table.
        table: String,
        /// The key.
        key: Key,
    },
    /// `DROP INDEX`, or `DROP CONSTRAINT` for a key.
    DropIndex {
        /// The table, where the statement names it.
        table: Option<String>,
        /// The name of the index or the constraint.
        name: String,
    },
    /// `ALTER TABLE … ADD FOREIGN KEY …`, for each of its columns.
    AddForeignKey {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Where it points to.
        references: Reference,
    },
    /// `CREATE TRIGGER`, of one that runs before a row is inserted, or in place of that.
    CreateTrigger {
        /// The table.
        table: String,
        /// The name of the trigger.
        name: String,
    },
    /// `DROP TRIGGER`.
    DropTrigger {
        /// The table, where the statement names it.
        table: Option<String>,
        /// The name of the trigger.
        name: String,
    },
    /// `DELETE` without a condition, or `TRUNCATE`.
    DeleteRows {
        /// The table.
        table: String,
    },
    /// `UPDATE`, `INSERT … SELECT`, or what `CREATE TABLE … AS` puts into the table: values that other columns or tables had.
    WriteRows {
        /// The table.
        table: String,
        /// The columns; none are named where all are written.
        columns: Vec<String>,
        /// The tables they are copied from; none for an `UPDATE`.
        from: Vec<String>,
        /// What the query gives for the columns, one after the other; nothing where that is not known.
        selected: Vec<Selected>,
    },
    /// Code that reads or writes rows in a way that is not followed, so that they may go anywhere.
    UseRows {
        /// The table, where its name was readable.
        table: Option<String>,
    },
    /// Code runs the statements of another file.
    RunScript {
        /// The path as written; none where it is put together at run time.
        path: Option<String>,
        /// It begins in the folder of the file, not in the one the program is started in.
        beside: bool,
    },
    /// A statement that was recognised as changing a table but could not be read.
    Unknown {
        /// The table, where its name was readable.
        table: Option<String>,
    },
}

impl Change {
    /// The table it is about.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        match self {
            Self::CreateTable { table, .. } => Some(&table.name),
            Self::DropTable { table }
            | Self::RenameTable { table, .. }
            | Self::MoveTable { table, .. }
            | Self::AddColumn { table, .. }
            | Self::PlaceColumn { table, .. }
            | Self::DropColumn { table, .. }
            | Self::RenameColumn { table, .. }
            | Self::AlterColumn { table, .. }
            | Self::RemakeColumn { table, .. }
            | Self::CreateIndex { table, .. }
            | Self::AddForeignKey { table, .. }
            | Self::CreateTrigger { table, .. }
            | Self::DeleteRows { table }
            | Self::WriteRows { table, .. } => Some(table),
            Self::DropIndex { table, .. }
            | Self::DropTrigger { table, .. }
            | Self::UseRows { table }
            | Self::Unknown { table } => table.as_deref(),
            Self::DropNamespace { .. } | Self::RunScript { .. } => None,
        }
    }
}
