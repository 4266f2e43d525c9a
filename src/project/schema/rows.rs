//! What becomes of the rows of a table while scripts run.

use std::collections::BTreeMap;

use crate::facts::schema::{Change, Column, Derived, Given, Room, Selected, Table};
use crate::source::Span;

/// Where the rows of a table are after some statements. Statements are known by their place in the list they came in.
#[derive(Debug)]
pub struct Rows {
    /// The tables that hold the rows; none when they are gone.
    pub holders: Vec<Holder>,
    /// The last statement after which a table did not hold the rows any more: it was dropped, emptied, renamed or moved.
    pub left: Option<usize>,
    /// Code that is not followed read or wrote them, so that nothing is known of them.
    pub scattered: bool,
    /// The statement that took a column away, by the name it had at first, in lower case.
    removed: BTreeMap<String, usize>,
    /// The tables there are, so that names that differ in case only can be told apart, and `*` be understood.
    tables: Vec<Table>,
    room: Room,
}

/// A table that holds the rows.
#[derive(Debug, Clone)]
pub struct Holder {
    /// Its name.
    pub table: String,
    /// The schema inside the database that it is in; none for the usual one.
    pub namespace: Option<String>,
    /// The columns that hold values.
    values: Vec<Values>,
    /// The statement that copied the rows into it.
    copied: Option<usize>,
}

/// Types that are told apart, each with the names it has in the databases.
const TYPES: [&[&str]; 17] = [
    &["bigint", "int8"],
    &["blob", "bytea", "longblob"],
    &["boolean", "bool", "tinyint"],
    &["char", "character", "bpchar"],
    &["date"],
    &["datetime"],
    &["decimal", "numeric"],
    &["double", "double precision", "float", "float8"],
    &["integer", "int", "int4"],
    &["json"],
    &["jsonb"],
    &["smallint", "int2"],
    &["text"],
    &["timestamp", "timestamp without time zone"],
    &["timestamptz", "timestamp with time zone"],
    &["uuid"],
    &["varchar", "character varying", "nvarchar"],
];

/// What a column holds.
#[derive(Debug, Clone)]
struct Values {
    /// The name of the column.
    column: String,
    /// The column that held the values at first, where they are as they were.
    origin: Option<String>,
}

impl Rows {
    /// Follows the rows `table` holds at first, among other tables that are there.
    #[must_use]
    pub fn follow<'c>(
        table: &'c Table,
        others: impl IntoIterator<Item = &'c Table>,
        changes: impl IntoIterator<Item = &'c Change>,
    ) -> Self {
        let value = |column: &Column| Values { column: column.name.clone(), origin: Some(column.name.clone()) };
        let values = table.columns.iter().map(value).collect();
        let holder = Holder { table: table.name.clone(), namespace: table.namespace.clone(), values, copied: None };
        let others = others.into_iter().filter(|other| other.name != table.name);
        let mut rows = Self {
            holders: vec![holder],
            left: None,
            scattered: false,
            removed: BTreeMap::new(),
            tables: others.chain([table]).cloned().collect(),
            room: Room::default(),
        };
        for (place, change) in changes.into_iter().enumerate() {
            rows.run(place, change);
        }
        rows
    }

    /// The holder of this name.
    #[must_use]
    pub fn in_table(&self, name: &str) -> Option<&Holder> {
        self.holders.iter().find(|holder| holder.table.eq_ignore_ascii_case(name))
    }

    /// The statement that took the values of a column out of a holder.
    #[must_use]
    pub fn lost(&self, holder: &Holder, column: &str) -> Option<usize> {
        self.removed.get(&column.to_ascii_lowercase()).copied().or(holder.copied)
    }

    fn run(&mut self, place: usize, change: &Change) {
        match change {
            Change::CreateTable { table, derived } => self.create(table, derived.as_ref()),
            Change::DropTable { table } => {
                let table = self.resolve(table);
                self.tables.retain(|known| known.name != table);
                self.leave(place, |holder| holder.table == table);
            }
            Change::DropNamespace { namespace } => {
                self.tables.retain(|known| known.namespace != *namespace);
                self.leave(place, |holder| holder.namespace == *namespace);
            }
            Change::DeleteRows { table } => {
                let table = self.resolve(table);
                self.leave(place, |holder| holder.table == table);
            }
            Change::RenameTable { table, to, .. } => {
                self.displace(place, table, |known| known.name.clone_from(to), |holder| holder.table.clone_from(to));
            }
            Change::MoveTable { table, to } => {
                self.displace(place, table, |known| known.namespace.clone_from(to), |holder| holder.namespace.clone_from(to));
            }
            Change::DropColumn { table, column } => {
                self.alter(table, change);
                self.remove(place, table, column, None);
            }
            Change::RenameColumn { table, column, to, .. } => {
                self.alter(table, change);
                self.remove(place, table, column, Some(to));
            }
            Change::WriteRows { table, columns, from, selected } => self.write(place, table, columns, from, selected),
            Change::RunScript { .. } => self.scattered = true,
            Change::UseRows { table } => {
                let table = table.as_ref().map(|table| self.resolve(table));
                self.scattered |= table.is_none_or(|table| self.holder(&table).is_some());
            }
            Change::Unknown { table: Some(table) } => {
                let table = self.resolve(table);
                self.tables.iter_mut().filter(|known| known.name == table).for_each(|known| known.open = true);
            }
            Change::RemakeColumn { table, column, kind } => {
                if self.has_other_type(table, column, kind) {
                    self.remove(place, table, column, None);
                }
            }
            Change::AddColumn { table, .. } | Change::PlaceColumn { table, .. } | Change::AlterColumn { table, .. } => {
                self.alter(table, change);
            }
            Change::CreateIndex { .. }
            | Change::DropIndex { .. }
            | Change::AddForeignKey { .. }
            | Change::CreateTrigger { .. }
            | Change::DropTrigger { .. }
            | Change::Unknown { table: None } => {}
        }
    }

    fn create(&mut self, table: &Table, derived: Option<&Derived>) {
        let mut table = table.clone();
        if let Some(derived) = derived {
            let from = derived.from.as_ref().map(|from| self.resolve(from));
            let from = self.tables.iter().find(|known| from.as_ref() == Some(&known.name));
            table.derive(derived, from, &mut self.room);
        }
        if !self.tables.iter().any(|known| known.name == table.name) {
            self.tables.push(table);
        }
    }

    fn alter(&mut self, table: &str, change: &Change) {
        let table = self.resolve(table);
        self.tables.iter_mut().filter(|known| known.name == table).for_each(|known| known.apply(change));
    }

    /// Whether a column is certainly of another type than this one.
    fn has_other_type(&self, table: &str, column: &str, kind: &str) -> bool {
        let table = self.resolve(table);
        let known = self.tables.iter().find(|known| known.name == table);
        let own = known.and_then(|known| known.columns.iter().find(|known| known.name.eq_ignore_ascii_case(column)));
        let place = |kind: &str| TYPES.iter().position(|names| names.contains(&kind));
        own.and_then(|own| place(&own.kind)).zip(place(kind)).is_some_and(|(own, other)| own != other)
    }

    /// The table meant by a name: the one of this name, else one that differs in case only.
    fn resolve(&self, name: &str) -> String {
        let names = || self.tables.iter().map(|known| &known.name);
        let known = names().find(|known| *known == name).or_else(|| names().find(|known| known.eq_ignore_ascii_case(name)));
        known.cloned().unwrap_or_else(|| name.to_owned())
    }

    /// The table of a name, where all of its columns are known.
    fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|known| known.name == name && !known.open)
    }

    fn holder(&mut self, table: &str) -> Option<&mut Holder> {
        self.holders.iter_mut().find(|holder| holder.table == table)
    }

    /// Gives a table, with the rows it holds, another place.
    fn displace(&mut self, place: usize, table: &str, known: impl Fn(&mut Table), holder: impl Fn(&mut Holder)) {
        let table = self.resolve(table);
        self.tables.iter_mut().filter(|known| known.name == table).take(1).for_each(known);
        if let Some(held) = self.holder(&table) {
            holder(held);
            self.left = Some(place);
        }
    }

    fn leave(&mut self, place: usize, is_gone: impl Fn(&Holder) -> bool) {
        let count = self.holders.len();
        self.holders.retain(|holder| !is_gone(holder));
        if self.holders.len() < count {
            self.left = Some(place);
        }
    }

    fn remove(&mut self, place: usize, table: &str, column: &str, renamed: Option<&String>) {
        let table = self.resolve(table);
        let Some(holder) = self.holder(&table) else { return };
        let Some(at) = holder.values.iter().position(|known| known.column.eq_ignore_ascii_case(column)) else { return };
        let first = holder.values[at].origin.clone().unwrap_or_else(|| column.to_owned());
        match renamed {
            Some(to) => holder.values[at].column.clone_from(to),
            None => drop(holder.values.remove(at)),
        }
        self.removed.insert(first.to_ascii_lowercase(), place);
    }

    fn write(&mut self, place: usize, table: &str, columns: &[String], from: &[String], selected: &[Selected]) {
        let into = self.resolve(table);
        let from: Vec<String> = from.iter().map(|name| self.resolve(name)).collect();
        let source = self.holders.iter().find(|holder| from.contains(&holder.table)).cloned();
        let computed = |column: &String| Values { column: column.clone(), origin: None };
        let values = match &source {
            Some(source) => match self.given(&into, columns, source, selected) {
                Some(given) => {
                    self.fill(&into, &given);
                    given.iter().filter_map(|(column, given)| source.values(column, given)).collect()
                }
                None if columns.is_empty() => source.values.clone(),
                None => columns.iter().map(computed).collect(),
            },
            None => columns.iter().map(computed).collect::<Vec<_>>(),
        };
        match (self.holder(&into), source) {
            (Some(holder), _) => holder.values.extend(values),
            (None, Some(source)) => {
                let namespace = self.table(&into).map_or(source.namespace, |table| table.namespace.clone());
                self.holders.push(Holder { table: into, namespace, values, copied: Some(place) });
            }
            (None, None) => {}
        }
    }

    /// The columns that a query over a holder fills, each with what it gives for it; `None` where that is not known.
    fn given(&self, into: &str, columns: &[String], source: &Holder, selected: &[Selected]) -> Option<Vec<(String, Given)>> {
        let mut given: Vec<Selected> = Vec::new();
        for one in selected {
            if one.given == Given::All {
                let all = self.table(&source.table)?.columns.iter().map(|column| &column.name);
                given.extend(all.map(|name| Selected { name: Some(name.clone()), given: Given::Column(name.clone()) }));
            } else {
                given.push(one.clone());
            }
        }
        let known = || self.tables.iter().any(|table| table.name == into);
        let names: Vec<String> = match columns {
            [] if known() => self.table(into)?.columns.iter().take(given.len()).map(|column| column.name.clone()).collect(),
            // It makes a table that is there for a time.
            [] => given.iter().map(|one| one.name.clone()).collect::<Option<_>>()?,
            named => named.to_vec(),
        };
        (!given.is_empty() && names.len() == given.len())
            .then(|| names.into_iter().zip(given.into_iter().map(|one| one.given)).collect())
    }

    /// Takes in a table that only a query tells of.
    fn fill(&mut self, into: &str, given: &[(String, Given)]) {
        if !self.tables.iter().any(|table| table.name == into) {
            let columns = given.iter().map(|(column, _)| Column::empty(column, Span::default())).collect();
            self.tables.push(Table { columns, ..Table::empty(into, Span::default()) });
        }
    }
}

impl Holder {
    /// Whether a column of one of these names holds the values that `origin` held at first, or may do so.
    #[must_use]
    pub fn holds(&self, names: &[String], origin: &str) -> bool {
        let own = self.values.iter().filter(|values| names.iter().any(|name| name.eq_ignore_ascii_case(&values.column)));
        own.map(|values| &values.origin).any(|of| of.as_ref().is_none_or(|of| of.eq_ignore_ascii_case(origin)))
    }

    /// Whether a column of one of these names holds values, whatever they were.
    #[must_use]
    pub fn fills(&self, names: &[String]) -> bool {
        self.values.iter().any(|values| names.iter().any(|name| name.eq_ignore_ascii_case(&values.column)))
    }

    /// What a column is filled with from this table.
    fn values(&self, column: &str, given: &Given) -> Option<Values> {
        let origin = match given {
            Given::Column(from) => self.values.iter().find(|values| values.column.eq_ignore_ascii_case(from))?.origin.clone(),
            Given::Constant => return None,
            Given::All | Given::Computed => None,
        };
        Some(Values { column: column.to_owned(), origin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::schema::{Operation, sql};

    /// Where the rows of `CREATE TABLE t (id, a, b)` are after a script: `table(columns)`, and `-` with the statement that
    /// made them leave.
    fn fate(script: &str) -> String {
        let changes = |text: &str| sql(text).into_iter().map(|operation: Operation| operation.change).collect::<Vec<_>>();
        let Some(Change::CreateTable { table, .. }) = changes("CREATE TABLE t (id int, a int, b int)").pop() else {
            panic!("a table is created")
        };
        let script = changes(script);
        let rows = Rows::follow(&table, [&Table::empty("other", Span::default())], &script);
        let value = |values: &Values| match &values.origin {
            Some(origin) if *origin == values.column => origin.clone(),
            origin => format!("{}={}", values.column, origin.as_deref().unwrap_or("?")),
        };
        let values = |holder: &Holder| holder.values.iter().map(value).collect::<Vec<_>>().join(" ");
        let show = |holder: &Holder| format!("{}({})", holder.table, values(holder));
        let mut parts: Vec<String> = rows.holders.iter().map(show).collect();
        parts.extend(rows.left.map(|place| format!("-{place}")));
        parts.join(" ")
    }

    #[test]
    fn rows_go_with_their_table_or_into_another() {
        for (script, expected) in [
            ("DROP TABLE T", "-0"),
            ("DROP TABLE other; TRUNCATE t; DROP TABLE t", "-1"),
            ("DROP TABLE t; CREATE TABLE t (id int)", "-0"),
            ("ALTER TABLE t RENAME TO u; CREATE TABLE t (id int)", "u(id a b) -0"),
            ("CREATE TABLE \"T\" (id int); DROP TABLE \"T\"", "t(id a b)"),
            (
                "CREATE TABLE n (id int, a int); INSERT INTO n (id, a) SELECT id, a FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t",
                "t(id a) -3",
            ),
            ("CREATE TABLE k AS SELECT * FROM t; DELETE FROM t; INSERT INTO t SELECT * FROM k; DROP TABLE k", "t(id a b) -4"),
            ("CREATE TABLE k AS TABLE t; DROP TABLE t; ALTER TABLE k RENAME TO t", "t(id a b) -3"),
            ("SELECT * INTO k FROM t; TRUNCATE t; INSERT INTO t SELECT * FROM k; DROP TABLE k", "t(id a b) -4"),
            ("CREATE TEMP TABLE k AS TABLE t WITH NO DATA; DROP TABLE t", "-0"),
            ("DROP SCHEMA public CASCADE", "-0"),
            ("DROP SCHEMA s CASCADE", "t(id a b)"),
            ("DELETE FROM t WHERE a = 1", "t(id a b)"),
        ] {
            assert_eq!(fate(script), expected, "{script}");
        }
    }

    #[test]
    fn values_go_with_their_column_or_into_another() {
        for (script, expected) in [
            ("ALTER TABLE t DROP COLUMN A, ADD COLUMN a text", "t(id b)"),
            ("ALTER TABLE t RENAME a TO c", "t(id c=a b)"),
            ("ALTER TABLE t ADD c int; UPDATE t SET c = a; ALTER TABLE t DROP a; ALTER TABLE t RENAME c TO a", "t(id b a=?)"),
            ("ALTER TABLE other DROP COLUMN a", "t(id a b)"),
            ("ALTER TABLE t RENAME a TO c; ALTER TABLE t DROP c", "t(id b)"),
            ("CREATE TABLE n (id int, a int, b int); INSERT INTO n SELECT id, NULL, '' FROM t; DROP TABLE t", "n(id) -2"),
            ("CREATE TABLE n (b int, id int, a int); INSERT INTO n SELECT * FROM t; DROP TABLE t", "n(b=id id=a a=b) -2"),
            ("CREATE TABLE n (b int, id int); INSERT INTO n (id, b) SELECT id, lower(b) FROM t; DROP TABLE t", "n(id b=?) -2"),
            ("CREATE TABLE n (x int) INHERITS (y); INSERT INTO n SELECT * FROM t; DROP TABLE t", "n(id a b) -2"),
            (
                "CREATE TEMP TABLE n AS SELECT id, a AS c FROM t; DELETE FROM t; INSERT INTO t (id, b) SELECT * FROM n; DROP TABLE n",
                "t(id b=a) -3",
            ),
        ] {
            assert_eq!(fate(script), expected, "{script}");
        }
    }
}
