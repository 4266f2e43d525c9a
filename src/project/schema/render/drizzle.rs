//! Drizzle tables (documentation: adapters/drizzle; the ORM's "Schema declaration").

use std::collections::{BTreeMap, BTreeSet};

use super::{Id, Key, Missing, OnDelete, Plan, snake};
use crate::project::Dialect;
use crate::project::schema::RequiredColumn;

/// How tables are written.
#[derive(Debug, Clone)]
pub struct Style {
    /// The database.
    pub dialect: Dialect,
    /// What makes a table, as it is called here: `pgTable`, `auth.table`, `createTable`.
    pub maker: String,
    /// What stands before the name of every builder: nothing, or `p.` for a namespace.
    pub namespace: String,
    /// The parameter that holds the builders of columns, where columns are given by a function: `t`.
    pub parameter: Option<String>,
    /// The names in the database.
    pub names: Names,
    /// Whether the names of tables in the database are plural where those the adapter looks up are not.
    pub plural_tables: bool,
    /// What the maker puts before the name of every table: `app_` of a `pgTableCreator`.
    pub prefix: String,
    /// Keys are given as an object, not as an array.
    pub keys_in_object: bool,
    /// The quote of strings.
    pub quote: char,
    /// What follows the call that makes a table: `.enableRLS()`.
    pub suffix: String,
    /// What ends a statement: a semicolon or nothing.
    pub end: &'static str,
    /// Lists of several lines end with a comma.
    pub trailing_comma: bool,
    /// Chains of calls that hold a function stand on lines of their own.
    pub breaks_chains: bool,
    /// One step of indentation.
    pub indent: String,
    /// How columns of a kind are built here, the best ones first.
    pub builders: Vec<(Shape, Builder)>,
    /// The id of new tables, where the usual one does not fit: what stands after `id: `, and its builder, unless a function of
    /// the project makes it.
    pub id: Option<(String, Option<Builder>)>,
    /// What builds the ids of tables that are there, or the columns that point to them, by logical key.
    pub ids: BTreeMap<String, Builder>,
    /// The logical keys of the tables that are there and not exported.
    pub private: BTreeSet<String>,
}

/// Names of columns in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// `text("email_verified")`.
    Snake,
    /// `text("emailVerified")`.
    Same,
    /// `text()`: the ORM makes them of the keys.
    Absent,
}

/// What a builder is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// The logical type.
    pub kind: String,
    /// Whether the column is part of a key.
    pub keyed: bool,
}

impl Shape {
    /// The shape of a column.
    #[must_use]
    pub fn of(column: &RequiredColumn) -> Self {
        Self { kind: column.kind.clone(), keyed: column.unique || column.index || column.references.is_some() }
    }
}

/// The call that starts a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Builder {
    /// The function: `timestamp`.
    pub function: String,
    /// Its arguments after the name: `{ withTimezone: true }`.
    pub arguments: String,
    /// The calls that belong to the type: `.array()`.
    pub chain: String,
}

impl Builder {
    fn new(function: &str, arguments: &str) -> Self {
        Self { function: function.into(), arguments: arguments.into(), chain: String::new() }
    }

    fn with(function: &str, chain: &str) -> Self {
        Self { chain: chain.into(), ..Self::new(function, "") }
    }
}

impl Style {
    /// The style of the official generator.
    #[must_use]
    pub fn usual(dialect: Dialect) -> Self {
        let maker = match dialect {
            Dialect::Mysql => "mysqlTable",
            Dialect::Sqlite => "sqliteTable",
            Dialect::Postgres | Dialect::Mssql => "pgTable",
        };
        Self {
            dialect,
            maker: maker.into(),
            namespace: String::new(),
            parameter: None,
            names: Names::Snake,
            plural_tables: false,
            prefix: String::new(),
            keys_in_object: false,
            quote: '"',
            suffix: String::new(),
            end: ";",
            trailing_comma: true,
            breaks_chains: false,
            indent: "  ".into(),
            builders: Vec::new(),
            id: None,
            ids: BTreeMap::new(),
            private: BTreeSet::new(),
        }
    }

    /// The lines of a list, the last one with a comma where lists have it there.
    fn list(&self, rows: &[String], indent: &str) -> String {
        let comma = |place: usize| if place + 1 < rows.len() || self.trailing_comma { "," } else { "" };
        let row = |(place, row): (usize, &String)| {
            let lines: String = row.lines().map(|line| format!("{indent}{line}\n")).collect();
            format!("{}{}\n", lines.trim_end_matches('\n'), comma(place))
        };
        rows.iter().enumerate().map(row).collect()
    }

    fn quoted(&self, text: &str) -> String {
        format!("{0}{text}{0}", self.quote)
    }
}

/// Text for a file, and what it uses of the ORM.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Names of the dialect's own module: `boolean`, `index`.
    pub builders: BTreeSet<String>,
    /// Whether `sql` of the ORM's main module is used.
    pub sql: bool,
}

/// Writes tables and columns.
pub struct Writer<'w, 'a> {
    plan: &'w Plan<'a>,
    style: &'w Style,
    /// What has been used so far.
    builders: BTreeSet<String>,
    sql: bool,
}

/// The parameter of the third argument of new tables.
pub const TABLE: &str = "table";

/// The default that gives the time in SQLite, in milliseconds.
const SQLITE_NOW: &str = "sql`(cast(unixepoch('subsecond') * 1000 as integer))`";

impl<'w, 'a> Writer<'w, 'a> {
    /// A writer.
    #[must_use]
    pub fn new(plan: &'w Plan<'a>, style: &'w Style) -> Self {
        Self { plan, style, builders: BTreeSet::new(), sql: false }
    }

    /// The keys of a part that no column says itself.
    #[must_use]
    pub fn extra_keys(&self, part: &Missing<'_>) -> Vec<Key> {
        let says_itself = |key: &Key| {
            key.unique && matches!(key.columns.as_slice(), [only] if part.columns.iter().any(|column| column.name == *only))
        };
        self.plan.missing_keys(part).into_iter().filter(|key| !says_itself(key)).collect()
    }

    /// The text, with everything used for what was written so far.
    #[must_use]
    pub fn finish(self, text: String) -> Written {
        Written { text, builders: self.builders, sql: self.sql }
    }

    /// A new table: the statement, with its line break.
    pub fn table(&mut self, key: &str) -> String {
        let style = self.style;
        let indent = &style.indent;
        let lookup = self.plan.lookup(key);
        let mut rows = vec![format!("id: {}", self.id())];
        for column in self.plan.columns(key) {
            rows.push(self.column(key, column));
        }
        let keys: Vec<Key> = self.plan.keys_of(key).into_iter().filter(|key| !(key.unique && key.columns.len() == 1)).collect();
        let keys: Vec<String> = keys.iter().map(|one| self.key(key, one, TABLE)).collect();
        let (open, close) = match &style.parameter {
            Some(parameter) => (format!("({parameter}) => ({{"), "})"),
            None => ("{".to_owned(), "}"),
        };
        let name = self.style.quoted(&self.physical(&lookup));
        let head = format!("export const {lookup} = {}(", style.maker);
        if !style.maker.contains('.') {
            self.builders.insert(style.maker.clone());
        }
        let end = format!("){}{}", style.suffix, style.end);
        if keys.is_empty() {
            return format!("{head}{name}, {open}\n{}{close}{end}\n", style.list(&rows, indent));
        }
        let rows = style.list(&rows, &indent.repeat(2));
        let keys = self.keys(&keys, indent);
        let comma = if style.trailing_comma { "," } else { "" };
        format!("{head}\n{indent}{name},\n{indent}{open}\n{rows}{indent}{close},\n{indent}{keys}{comma}\n{end}\n")
    }

    /// The third argument of a table, for keys as [`Writer::key`] gives them; `indent` is that of its first line.
    #[must_use]
    pub fn keys(&self, keys: &[String], indent: &str) -> String {
        let step = &self.style.indent;
        let (open, close) = if self.style.keys_in_object { ("({", "})") } else { ("[", "]") };
        let lines = self.style.list(keys, &format!("{indent}{step}"));
        format!("({TABLE}) => {open}\n{lines}{indent}{close}")
    }

    /// A key as an element of the third argument, whose parameter is `parameter`.
    pub fn key(&mut self, table: &str, key: &Key, parameter: &str) -> String {
        self.key_in(self.style, table, key, parameter)
    }

    /// As [`Writer::key`], for a third argument that has a style of its own.
    pub fn key_in(&mut self, style: &Style, table: &str, key: &Key, parameter: &str) -> String {
        let (maker, ending) = if key.unique { ("uniqueIndex", "uidx") } else { ("index", "idx") };
        self.builders.insert(maker.to_owned());
        let name = format!("{}_{}_{ending}", self.plan.lookup(table), key.columns.join("_"));
        let columns: Vec<String> = key.columns.iter().map(|column| format!("{parameter}.{column}")).collect();
        let quoted = style.quoted(&name);
        let label = if style.keys_in_object { format!("{name}: ") } else { String::new() };
        format!("{label}{}{maker}({quoted}).on({})", style.namespace, columns.join(", "))
    }

    /// A column as a property: `emailVerified: boolean("email_verified").notNull()`. It has lines where chains have them.
    pub fn column(&mut self, key: &str, column: &RequiredColumn) -> String {
        let builder = self.builder(column);
        let start = format!("{}: {}{}", column.name, self.call(&builder, &column.name), builder.chain);
        let mut chain: Vec<String> = self.default(column, &builder).into_iter().collect();
        if Plan::follows_updates(key, column) {
            chain.push(".$onUpdate(() => new Date())".to_owned());
        }
        if column.is_filled() {
            chain.push(".notNull()".to_owned());
        }
        if column.unique {
            chain.push(".unique()".to_owned());
        }
        if let Some(reference) = self.plan.reference(column) {
            let to = reference.column.map_or("id", |column| column.name.as_str());
            let target = self.name(reference.key);
            let on_delete = match reference.on_delete {
                OnDelete::Cascade => format!(", {{ onDelete: {} }}", self.style.quoted("cascade")),
                OnDelete::SetNull => format!(", {{ onDelete: {} }}", self.style.quoted("set null")),
                OnDelete::Nothing => String::new(),
            };
            let parameters = if reference.key == key { self.any_column() } else { String::new() };
            chain.push(format!(".references((){parameters} => {target}.{to}{on_delete})"));
        }
        let is_broken = self.style.breaks_chains && chain.len() > 1 && chain.iter().any(|call| call.contains("=>"));
        let between = if is_broken { format!("\n{}", self.style.indent) } else { String::new() };
        chain.into_iter().fold(start, |text, call| text + &between + &call)
    }

    /// The type a table needs for its own columns when it points to itself, since it is not known yet.
    fn any_column(&mut self) -> String {
        let name = match self.style.dialect {
            Dialect::Mysql => "AnyMySqlColumn",
            Dialect::Sqlite => "AnySQLiteColumn",
            Dialect::Postgres | Dialect::Mssql => "AnyPgColumn",
        };
        self.builders.insert(format!("type {name}"));
        format!(": {}{name}", self.style.namespace)
    }

    /// What code calls a table.
    fn name(&self, key: &str) -> String {
        self.plan.declared.get(key).cloned().unwrap_or_else(|| self.plan.lookup(key))
    }

    fn physical(&self, lookup: &str) -> String {
        let name = if self.style.names == Names::Snake { snake(lookup) } else { lookup.to_owned() };
        let name = if self.style.plural_tables && !name.ends_with('s') { format!("{name}s") } else { name };
        name.strip_prefix(&self.style.prefix).filter(|stem| !stem.is_empty()).unwrap_or(&name).to_owned()
    }

    fn call(&mut self, builder: &Builder, name: &str) -> String {
        let style = self.style;
        let name = match style.names {
            Names::Snake => style.quoted(&snake(name)),
            Names::Same => style.quoted(name),
            Names::Absent => String::new(),
        };
        let between = if name.is_empty() || builder.arguments.is_empty() { "" } else { ", " };
        let prefix = match &style.parameter {
            Some(parameter) => format!("{parameter}."),
            None => {
                self.builders.insert(builder.function.clone());
                style.namespace.clone()
            }
        };
        format!("{prefix}{}({name}{between}{})", builder.function, builder.arguments)
    }

    fn id(&mut self) -> String {
        if let Some((text, builder)) = &self.style.id {
            if let Some(builder) = builder.as_ref().filter(|_| self.style.parameter.is_none()) {
                self.builders.insert(builder.function.clone());
            }
            return text.clone();
        }
        let builder = self.id_builder();
        let call = self.call(&builder, "id");
        let chain = match (self.plan.id, self.style.dialect) {
            (Id::Text, _) | (Id::Uuid, Dialect::Mysql | Dialect::Sqlite) => ".primaryKey()",
            (Id::Uuid, _) => ".defaultRandom().primaryKey()",
            (Id::Serial, Dialect::Mysql) => ".autoincrement().primaryKey()",
            (Id::Serial, Dialect::Sqlite) => ".primaryKey({ autoIncrement: true })",
            (Id::Serial, _) => ".generatedByDefaultAsIdentity().primaryKey()",
        };
        format!("{call}{chain}")
    }

    /// The builder of ids and of columns that point to them.
    fn id_builder(&self) -> Builder {
        if let Some((_, Some(builder))) = &self.style.id {
            return builder.clone();
        }
        match (self.plan.id, self.style.dialect) {
            (Id::Serial, Dialect::Mysql) => Builder::new("int", ""),
            (Id::Serial, _) => Builder::new("integer", ""),
            (Id::Uuid | Id::Text, Dialect::Mysql) => Builder::new("varchar", "{ length: 36 }"),
            (Id::Uuid, Dialect::Postgres | Dialect::Mssql) => Builder::new("uuid", ""),
            (Id::Uuid, Dialect::Sqlite) | (Id::Text, _) => Builder::new("text", ""),
        }
    }

    /// The builder of a column that points to an id.
    fn pointing_to(&self, column: &RequiredColumn) -> Builder {
        let own = self.plan.target(column).and_then(|key| self.style.ids.get(key)).cloned();
        let mut builder = own.unwrap_or_else(|| self.id_builder());
        // What counts by itself is a number where it is pointed to.
        let (function, arguments) = match builder.function.as_str() {
            "serial" if self.style.dialect == Dialect::Mysql => ("bigint", "{ mode: \"number\", unsigned: true }"),
            "serial" => ("integer", ""),
            "smallserial" => ("smallint", ""),
            "bigserial" => ("bigint", builder.arguments.as_str()),
            _ => return builder,
        };
        (builder.function, builder.arguments) = (function.to_owned(), arguments.to_owned());
        builder
    }

    fn builder(&self, column: &RequiredColumn) -> Builder {
        match self.plan.reference(column).map(|reference| reference.column) {
            Some(None) => return self.pointing_to(column),
            Some(Some(to)) if to.references.is_none() => return self.builder(to),
            _ => {}
        }
        let shape = Shape::of(column);
        let same = self.style.builders.iter().find(|(known, _)| *known == shape);
        // Only texts differ by what they are used for.
        let known =
            same.or_else(|| self.style.builders.iter().find(|(known, _)| known.kind == shape.kind && shape.kind != "string"));
        known.map_or_else(|| usual(column, self.style.dialect), |(_, builder)| builder.clone())
    }

    fn default(&mut self, column: &RequiredColumn, builder: &Builder) -> Option<String> {
        match (column.default.as_deref()?, column.kind.as_str(), self.style.dialect) {
            ("now", "date", Dialect::Sqlite) if builder.arguments.contains("timestamp") => {
                if !builder.arguments.contains("timestamp_ms") {
                    return Some(".$defaultFn(() => new Date())".into());
                }
                self.sql = true;
                Some(format!(".default({SQLITE_NOW})"))
            }
            ("now", "date", Dialect::Sqlite) => None,
            ("now", "date", _) => Some(".defaultNow()".into()),
            ("now", ..) => None,
            (default, ..) => Some(match default.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
                Some(text) if !text.contains(['\\', self.style.quote]) => format!(".default({})", self.style.quoted(text)),
                _ => format!(".default({default})"),
            }),
        }
    }
}

/// The builder the official generator takes.
fn usual(column: &RequiredColumn, dialect: Dialect) -> Builder {
    let keyed = column.unique || column.index || column.references.is_some() || column.default.is_some();
    match (column.kind.as_str(), dialect) {
        ("boolean", Dialect::Sqlite) => Builder::new("integer", "{ mode: \"boolean\" }"),
        ("boolean", _) => Builder::new("boolean", ""),
        ("number", Dialect::Mysql) => Builder::new("int", ""),
        ("number", _) | ("bigint", Dialect::Sqlite) => Builder::new("integer", ""),
        ("bigint", _) => Builder::new("bigint", "{ mode: \"number\" }"),
        ("date", Dialect::Sqlite) => Builder::new("integer", "{ mode: \"timestamp_ms\" }"),
        ("date", Dialect::Mysql) => Builder::new("timestamp", "{ fsp: 3 }"),
        ("date", _) => Builder::new("timestamp", ""),
        ("string[]", Dialect::Postgres | Dialect::Mssql) => Builder::with("text", ".array()"),
        ("number[]", Dialect::Postgres | Dialect::Mssql) => Builder::with("integer", ".array()"),
        ("json", Dialect::Postgres | Dialect::Mssql) => Builder::new("jsonb", ""),
        ("json" | "string[]" | "number[]", Dialect::Mysql) => Builder::new("json", ""),
        ("json" | "string[]" | "number[]", Dialect::Sqlite) => Builder::new("text", "{ mode: \"json\" }"),
        // A text column of MySQL can neither be a key nor have a default.
        (_, Dialect::Mysql) if keyed => Builder::new("varchar", "{ length: 255 }"),
        _ => Builder::new("text", ""),
    }
}

/// Everything that is missing, tables that are there shortened to what they gain.
#[must_use]
pub fn declaration(plan: &Plan<'_>, style: &Style, missing: &[Missing<'_>]) -> Written {
    let mut writer = Writer::new(plan, style);
    let mut blocks = Vec::new();
    for part in plan.ordered(missing) {
        if part.whole_table {
            blocks.push(writer.table(part.key));
            continue;
        }
        let indent = &style.indent;
        let name = writer.name(part.key);
        let (open, close) = match &style.parameter {
            Some(parameter) => (format!("({parameter}) => ({{"), "})"),
            None => ("{".to_owned(), "}"),
        };
        let new = part.columns.iter().map(|column| writer.column(part.key, column));
        let columns: Vec<String> = part.changed.iter().cloned().chain(new).collect();
        let rows = format!("{indent}// …\n{}", style.list(&columns, indent));
        let keys: Vec<String> = writer.extra_keys(part).iter().map(|key| writer.key(part.key, key, TABLE)).collect();
        let keys = if keys.is_empty() { String::new() } else { format!(", {}", writer.keys(&keys, "")) };
        let export = if style.private.contains(part.key) { "" } else { "export " };
        blocks.push(format!(
            "{export}const {name} = {}(…, {open}\n{rows}{close}{keys}){}{}\n",
            style.maker, style.suffix, style.end
        ));
    }
    let text = blocks.join("\n");
    writer.finish(text)
}
