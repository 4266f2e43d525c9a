//! Tables and columns as one file declares them: Prisma models and the operations of a SQL script.

mod ddl;
mod models;

use serde::{Deserialize, Serialize};

pub use self::ddl::sql;
pub use self::models::prisma;
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
    /// The columns in order.
    pub columns: Vec<Column>,
    /// Whether columns may exist beyond those listed (a spread that could not be followed, `CREATE TABLE … AS`).
    pub open: bool,
    /// The name in its declaration.
    pub span: Span,
}

impl Table {
    /// The column the adapter calls `name`.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Carries out a change to the columns; changes to whole tables do nothing here. Column names are taken as written,
    /// or in another case where only such a one exists, since databases fold names without quotes.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::AddColumn { column, .. } => {
                if self.columns.len() >= MAX_COLUMNS {
                    self.open = true;
                } else if self.position(&column.name).is_none() {
                    self.columns.push(column.clone());
                }
            }
            Change::DropColumn { column, .. } => {
                if let Some(at) = self.position(column) {
                    self.columns.remove(at);
                }
            }
            Change::RenameColumn { column, to, .. } => {
                if let Some(column) = self.find(column) {
                    column.name.clone_from(to);
                }
            }
            Change::AlterColumn { column, required, has_default, kind, .. } => {
                if let Some(column) = self.find(column) {
                    column.required = required.unwrap_or(column.required);
                    column.has_default = has_default.unwrap_or(column.has_default);
                    if let Some(kind) = kind {
                        column.kind.clone_from(kind);
                    }
                }
            }
            Change::CreateIndex { columns, unique, .. } => {
                if let Some(column) = columns.first().and_then(|first| self.find(first)) {
                    column.indexed = true;
                    column.unique |= *unique && columns.len() == 1;
                }
            }
            Change::AddForeignKey { column, references, .. } => {
                if let Some(column) = self.find(column) {
                    column.references = Some(references.clone());
                }
            }
            Change::CreateTable { .. } | Change::DropTable { .. } | Change::RenameTable { .. } | Change::Unknown { .. } => {}
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

/// A column, however it was declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The name the adapter looks up: the Prisma field, the Drizzle property, the SQL column.
    pub name: String,
    /// The name in the database where the source gives another one (`@map`, `text("email_verified")`).
    pub physical: Option<String>,
    /// The type as written, lower case, without arguments: `text`, `timestamp`, `boolean`, `string`, `datetime`.
    pub kind: String,
    /// Declared not to hold NULL.
    pub required: bool,
    /// Filled by the database or the ORM when a row gives no value (default, auto-increment, generated, `@updatedAt`).
    pub has_default: bool,
    /// Declared unique by itself (a primary key counts).
    pub unique: bool,
    /// Declared as a key of an index, alone or first.
    pub indexed: bool,
    /// The table and column a foreign key points to; the column is empty where it is left to be the primary key.
    pub references: Option<(String, String)>,
    /// The name in its declaration.
    pub span: Span,
}

#[cfg(test)]
impl Column {
    /// `name kind` with `!` for required, `=` for a default, `*` for unique, `+` for indexed, `>` for a reference.
    fn sketch(&self) -> String {
        let flag = |on: bool, mark: &str| if on { mark.to_owned() } else { String::new() };
        let reference = self.references.as_ref().map(|(table, column)| format!(">{table}.{column}"));
        [
            format!("{} {} ", self.name, self.kind),
            flag(self.required, "!"),
            flag(self.has_default, "="),
            flag(self.unique, "*"),
            flag(self.indexed && !self.unique, "+"),
            reference.unwrap_or_default(),
        ]
        .concat()
        .trim_end()
        .to_owned()
    }
}

/// A Prisma schema file. Several files of one folder make one schema.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PrismaFile {
    /// `provider` of the datasource block: `postgresql`, `mysql`, `sqlite`, `mongodb`, …
    pub provider: Option<String>,
    /// Models, with scalar and enum fields as columns; relation fields are left out.
    pub models: Vec<Table>,
    /// Relation fields by model: `(model, field, target model)`. A field whose type this file does not declare stands here
    /// and among the columns: another file of the folder tells whether the type is a model or an enum.
    pub relations: Vec<(String, String, String)>,
}

/// One statement of a SQL script that changes the schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// What it does.
    pub change: Change,
    /// The statement.
    pub span: Span,
}

/// What a statement changes. Table names come without schema prefix and without quotes, in the case as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// `CREATE TABLE`.
    CreateTable {
        /// The table as created.
        table: Table,
        /// `IF NOT EXISTS` was written.
        if_not_exists: bool,
    },
    /// `DROP TABLE`.
    DropTable {
        /// The table.
        table: String,
    },
    /// `ALTER TABLE … RENAME TO …`.
    RenameTable {
        /// The old name.
        table: String,
        /// The new name.
        to: String,
    },
    /// `ALTER TABLE … ADD COLUMN …`.
    AddColumn {
        /// The table.
        table: String,
        /// The new column.
        column: Column,
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
    },
    /// `CREATE INDEX`, or a unique constraint added later.
    CreateIndex {
        /// The table.
        table: String,
        /// The columns in order; an expression stands as written.
        columns: Vec<String>,
        /// `UNIQUE` was written, and it holds for all rows.
        unique: bool,
    },
    /// `ALTER TABLE … ADD FOREIGN KEY …`, for each of its columns.
    AddForeignKey {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// As [`Column::references`] has it.
        references: (String, String),
    },
    /// A statement that was recognised as changing a table but could not be read.
    Unknown {
        /// The table, where its name was readable.
        table: Option<String>,
    },
}
