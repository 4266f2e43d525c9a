//! The statements that bring into the database what the schema of an ORM declares, as the schema declares it: its names,
//! types, defaults and keys (documentation of Prisma: "Data model", "Supported databases"; of Drizzle: "Column types").

use super::sql::{Names, Writer};
use super::{Missing, Plan};
use crate::facts::schema::{Column, Filled, Key, Reference};
use crate::project::schema::migrated::{column_names, name_in_database};
use crate::project::schema::{Gap, GapKind, Layer, RequiredColumn, SourceTable};
use crate::project::{Dialect, Server};

/// The statements for gaps between declarations and migrations.
#[must_use]
pub fn statements(server: &Server, plan: &Plan<'_>, gaps: &[&Gap]) -> Option<String> {
    let names = Names::of(server);
    let writer = Writer { plan, names: &names, dialect: server.adapter.dialect? };
    let missing = Missing::of(gaps.iter().copied())?;
    let first = plan.needed_first(&missing).into_iter();
    let mut statements: Vec<String> = first
        .map(|key| format!("-- Points to {}, which is missing too: create that table first.", writer.table_name(key)))
        .collect();
    // What is pointed to has to be there.
    let order: Vec<&str> = plan.ordered(&missing).iter().map(|part| part.key).collect();
    let mut gaps = gaps.to_vec();
    gaps.sort_by_key(|gap| order.iter().position(|key| *key == gap.key));
    for gap in gaps {
        let tables = server.declared.lookup.tables.iter().map(|(_, table)| table);
        let source = tables.into_iter().find(|table| Some(table.site()) == gap.found_in)?;
        let declared = Declared { server, writer: &writer, source, key: &gap.key };
        statements.extend(match gap.kind {
            GapKind::UnmigratedTable => declared.table(),
            GapKind::UnmigratedColumns => {
                let added = gap.columns.iter().filter_map(|column| declared.added(column));
                added.chain(declared.keys_of_one(&gap.columns)).collect()
            }
            _ => declared.keys(&gap.columns, gap.kind == GapKind::UnmigratedUnique),
        });
    }
    Some(statements.join("\n"))
}

/// A declared table.
struct Declared<'d, 'w, 'a> {
    server: &'d Server,
    writer: &'d Writer<'w, 'a>,
    source: &'d SourceTable,
    /// Its logical key.
    key: &'d str,
}

impl<'d> Declared<'d, '_, '_> {
    fn dialect(&self) -> Dialect {
        self.writer.dialect
    }

    /// The name of the table without quotes and schema.
    fn name(&self) -> &'d str {
        name_in_database(self.source).unwrap_or(&self.source.table.name)
    }

    fn quoted_name(&self) -> String {
        let namespace = self.source.table.namespace.as_ref();
        let prefix = namespace.map(|namespace| format!("{}.", self.writer.written(namespace))).unwrap_or_default();
        format!("{prefix}{}", self.writer.written(self.name()))
    }

    /// What the database calls a column by the name it has in the source; an expression stays as it is.
    fn stored(&self, name: &str) -> String {
        let column = self.source.table.column(name);
        column.and_then(|column| column_names(self.source.layer, column).into_iter().next()).unwrap_or_else(|| name.to_owned())
    }

    fn quoted(&self, name: &str) -> String {
        let stored = self.stored(name);
        if self.source.table.column(name).is_some() { self.writer.written(&stored) } else { stored }
    }

    /// The declared column that a required one is, which has the name of the database.
    fn column(&self, required: &RequiredColumn) -> Option<&'d Column> {
        self.source.table.columns.iter().find(|column| self.stored(&column.name) == required.name)
    }

    /// The table with all that is declared of it, and its keys.
    fn table(&self) -> Vec<String> {
        let table = &self.source.table;
        let primary: Vec<&Key> = table.keys.iter().filter(|key| key.primary).collect();
        let mut rows: Vec<String> = table.columns.iter().map(|column| self.row(column)).collect();
        let together = primary.iter().filter(|key| key.columns.len() > 1);
        rows.extend(together.map(|key| format!("primary key ({})", self.list(&key.columns))));
        if self.dialect() == Dialect::Mysql {
            let foreign = |column: &Column| {
                let references = self.references(column)?;
                Some(format!("foreign key ({}){references}", self.quoted(&column.name)))
            };
            rows.extend(table.columns.iter().filter_map(foreign));
        }
        let mut statements = vec![format!("create table {} (\n  {}\n);", self.quoted_name(), rows.join(",\n  "))];
        let says_itself = |key: &&Key| key.primary || key.unique && key.columns.len() == 1;
        let apart = table.keys.iter().filter(|key| !says_itself(key));
        statements.extend(apart.map(|key| self.index(key)));
        statements
    }

    fn row(&self, column: &Column) -> String {
        let only = |key: &&Key| key.columns.len() == 1 && key.columns[0] == column.name;
        let keys = || self.source.table.keys.iter().filter(only);
        let primary = if keys().any(|key| key.primary) { " primary key" } else { "" };
        let unique = if keys().any(|key| key.unique && !key.primary) { " unique" } else { "" };
        let not_null = if column.required { " not null" } else { "" };
        let counted = match (&column.definition.default, self.dialect()) {
            (Some(Filled::Counted), Dialect::Mysql) => " auto_increment",
            (Some(Filled::Counted), Dialect::Sqlite) => " autoincrement",
            (Some(Filled::Counted), Dialect::Mssql) => " identity",
            (Some(Filled::Counted), Dialect::Postgres) if self.source.layer == Layer::Drizzle => {
                " generated by default as identity"
            }
            _ => "",
        };
        // What counts in SQLite is a part of the key.
        let (before, after) = if self.dialect() == Dialect::Sqlite { ("", counted) } else { (counted, "") };
        let default = self.default(column).map(|default| format!(" default {default}")).unwrap_or_default();
        let inline = self.references(column).filter(|_| self.dialect() != Dialect::Mysql).unwrap_or_default();
        format!("{} {}{before}{default}{not_null}{primary}{after}{unique}{inline}", self.quoted(&column.name), self.kind(column))
    }

    /// A column of a table that may hold rows.
    fn added(&self, required: &RequiredColumn) -> Option<String> {
        let column = self.column(required)?;
        let (table, name) = (self.quoted_name(), self.quoted(&column.name));
        let mut notes = String::new();
        let is_constant = column.definition.default.as_ref().is_none_or(Filled::is_constant);
        let default = self.default(column).filter(|default| {
            let fits = self.dialect() != Dialect::Sqlite || is_constant;
            if !fits {
                notes.push_str(&format!(
                    "-- SQLite adds no column with the default {default}: it makes the table anew for that.\n"
                ));
            }
            fits
        });
        let not_null = match (column.required, default.is_some()) {
            (true, true) => " not null",
            (true, false) => {
                notes.push_str(&match self.dialect() {
                    Dialect::Sqlite => format!(
                        "-- {name} must not be null, which SQLite adds with a default alone: let it be null, fill it for the rows that exist, \
                         and make the table anew.\n"
                    ),
                    _ => format!("-- {name} must not be null: fill it for the rows that exist, then make it so.\n"),
                });
                ""
            }
            (false, _) => "",
        };
        let default = default.map(|default| format!(" default {default}")).unwrap_or_default();
        let references = self.references(column).unwrap_or_default();
        let references = match self.dialect() {
            Dialect::Mysql if !references.is_empty() => format!(", add foreign key ({name}){references}"),
            _ => references,
        };
        let add = if self.dialect() == Dialect::Mssql { "add" } else { "add column" };
        Some(format!("{notes}alter table {table} {add} {name} {}{default}{not_null}{references};", self.kind(column)))
    }

    /// The unique keys that new columns have by themselves.
    fn keys_of_one(&self, columns: &[RequiredColumn]) -> Vec<String> {
        let new: Vec<&String> = columns.iter().filter_map(|required| Some(&self.column(required)?.name)).collect();
        let is_own = |key: &&Key| key.unique && !key.primary && key.columns.len() == 1 && new.contains(&&key.columns[0]);
        self.source.table.keys.iter().filter(is_own).map(|key| self.index(key)).collect()
    }

    /// The declared keys that columns are part of.
    fn keys(&self, columns: &[RequiredColumn], unique: bool) -> Vec<String> {
        let mut keys: Vec<&Key> = Vec::new();
        for column in columns.iter().filter_map(|required| self.column(required)) {
            let holds = |key: &&Key| match unique {
                true => key.unique && !key.primary && key.columns.contains(&column.name),
                false => key.columns.first() == Some(&column.name),
            };
            let shortest = self.source.table.keys.iter().filter(holds).min_by_key(|key| key.columns.len());
            keys.extend(shortest.filter(|key| !keys.contains(key)));
        }
        keys.into_iter().map(|key| self.index(key)).collect()
    }

    fn index(&self, key: &Key) -> String {
        let (conditions, columns): (Vec<&String>, Vec<&String>) = key.columns.iter().partition(|part| part.starts_with("where "));
        let ending = match (key.unique, self.source.layer) {
            (false, Layer::Drizzle) => "index",
            (false, _) => "idx",
            (true, Layer::Drizzle) => "unique",
            (true, _) => "key",
        };
        let usual = || {
            let columns: Vec<String> = columns.iter().map(|column| self.stored(column)).collect();
            format!("{}_{}_{ending}", self.name(), columns.join("_"))
        };
        let name = self.writer.written(&key.name.clone().unwrap_or_else(usual));
        let unique = if key.unique { "unique " } else { "" };
        let condition: String = conditions.iter().map(|condition| format!(" {condition}")).collect();
        format!("create {unique}index {name} on {} ({}){condition};", self.quoted_name(), self.list(columns))
    }

    fn list<'n>(&self, columns: impl IntoIterator<Item = &'n String>) -> String {
        columns.into_iter().map(|column| self.quoted(column)).collect::<Vec<_>>().join(", ")
    }

    /// The table and column pointed to, with what happens to the row.
    fn references(&self, column: &Column) -> Option<String> {
        let reference = column.references.as_ref()?;
        let target = self.target(column, reference).unwrap_or_else(|| "/* what the schema says */".to_owned());
        let actions = column.definition.actions.as_deref().filter(|actions| !actions.is_empty());
        Some(format!(" references {target}{}", actions.map(|actions| format!(" {actions}")).unwrap_or_default()))
    }

    fn target(&self, column: &Column, reference: &Reference) -> Option<String> {
        let lookup = &self.server.declared.lookup;
        if let Some((_, target)) = lookup.tables.iter().find(|(_, table)| table.table.name == reference.table) {
            let there = Declared { source: target, ..*self };
            return Some(format!("{} ({})", there.quoted_name(), there.quoted(&reference.column)));
        }
        // Drizzle's target is a function that is not followed: it is taken for the one that is asked for.
        let asked = self.server.required.tables.get(self.key)?;
        let required = asked.columns.iter().find(|required| lookup.naming.is_column(column, &required.name))?;
        let target = self.writer.plan.reference(required)?;
        let name = target.column.map_or("id", |column| column.name.as_str());
        let quoted = self.writer.written(&self.writer.column(target.key, name));
        Some(format!("{} ({quoted})", self.writer.table_name(target.key)))
    }

    /// The type in the database.
    fn kind(&self, column: &Column) -> String {
        let known = column.definition.native.clone().or_else(|| {
            let usual = if self.source.layer == Layer::Prisma { of_prisma } else { of_drizzle };
            usual(column, self.dialect()).map(str::to_owned)
        });
        let Some(kind) = known else { return "/* the type that the schema gives it */".to_owned() };
        if column.definition.list { format!("{kind}[]") } else { kind }
    }

    /// What the database fills in.
    fn default(&self, column: &Column) -> Option<String> {
        let dialect = self.dialect();
        Some(match column.definition.default.as_ref()? {
            Filled::Counted => return None,
            Filled::Unknown => "/* what the schema says */".to_owned(),
            Filled::Now => {
                let kind = self.kind(column);
                let precision = kind.find('(').filter(|_| dialect == Dialect::Mysql);
                format!("CURRENT_TIMESTAMP{}", precision.map_or("", |at| &kind[at..]))
            }
            Filled::Sql(value) => match (value.as_str(), dialect) {
                ("true", Dialect::Mssql) => "1".to_owned(),
                ("false", Dialect::Mssql) => "0".to_owned(),
                // Both take an expression in parentheses alone.
                (value, Dialect::Sqlite | Dialect::Mysql) if value.contains('(') && !value.starts_with(['(', '\'']) => {
                    format!("({value})")
                }
                _ => value.clone(),
            },
        })
    }
}

/// The type Prisma takes for a scalar; `None` for an enum, whose name the database has in its own case.
fn of_prisma(column: &Column, dialect: Dialect) -> Option<&'static str> {
    use Dialect::{Mssql, Mysql, Postgres, Sqlite};
    let counted = column.definition.default == Some(Filled::Counted);
    Some(match (column.kind.as_str(), dialect) {
        ("int", Postgres) if counted => "serial",
        ("bigint", Postgres) if counted => "bigserial",
        ("string", Postgres | Sqlite) => "text",
        ("string", Mysql) => "varchar(191)",
        ("string", Mssql) => "nvarchar(1000)",
        ("boolean", Mssql) => "bit",
        ("boolean", _) => "boolean",
        ("int", Mssql) => "int",
        ("int", _) => "integer",
        ("bigint", _) => "bigint",
        ("float", Postgres) => "double precision",
        ("float", Mysql) => "double",
        ("float", Sqlite) => "real",
        ("float", Mssql) => "float(53)",
        ("decimal", Postgres | Mysql) => "decimal(65,30)",
        ("decimal", Sqlite) => "decimal",
        ("decimal", Mssql) => "decimal(32,16)",
        ("datetime", Postgres) => "timestamp(3)",
        ("datetime", Mysql) => "datetime(3)",
        ("datetime", Sqlite) => "datetime",
        ("datetime", Mssql) => "datetime2",
        ("json", Postgres | Sqlite) => "jsonb",
        ("json", Mysql) => "json",
        ("bytes", Postgres) => "bytea",
        ("bytes", Mysql) => "longblob",
        ("bytes", Sqlite) => "blob",
        ("bytes", Mssql) => "varbinary(max)",
        _ => return None,
    })
}

/// The type a builder of Drizzle is called after; `None` for those that a project makes itself.
fn of_drizzle(column: &Column, dialect: Dialect) -> Option<&'static str> {
    const POSTGRES: [&str; 21] = [
        "text",
        "varchar",
        "char",
        "integer",
        "smallint",
        "bigint",
        "serial",
        "smallserial",
        "bigserial",
        "boolean",
        "timestamp",
        "date",
        "time",
        "interval",
        "uuid",
        "json",
        "jsonb",
        "numeric",
        "real",
        "inet",
        "cidr",
    ];
    const MYSQL: [&str; 20] = [
        "text",
        "tinytext",
        "mediumtext",
        "longtext",
        "int",
        "tinyint",
        "smallint",
        "mediumint",
        "bigint",
        "serial",
        "boolean",
        "timestamp",
        "datetime",
        "date",
        "time",
        "year",
        "json",
        "double",
        "float",
        "decimal",
    ];
    const SQLITE: [&str; 5] = ["text", "integer", "real", "blob", "numeric"];
    let own: &[&str] = match dialect {
        Dialect::Postgres => &POSTGRES,
        Dialect::Mysql => &MYSQL,
        Dialect::Sqlite => &SQLITE,
        Dialect::Mssql => &[],
    };
    match (column.kind.as_str(), dialect) {
        ("doubleprecision", Dialect::Postgres) => Some("double precision"),
        ("decimal", Dialect::Postgres) => Some("numeric"),
        ("int", Dialect::Sqlite) => Some("integer"),
        (kind, _) => own.iter().find(|known| **known == kind).copied(),
    }
}
