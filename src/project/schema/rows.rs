//! What becomes of the rows of a table while scripts run.

use std::collections::BTreeMap;

use crate::facts::schema::{Change, Table};

/// Where the rows of a table are after some statements. Statements are known by their place in the list they came in.
#[derive(Debug)]
pub struct Rows {
    /// The tables that hold the rows; none when they are gone.
    pub holders: Vec<Holder>,
    /// The last statement after which a table did not hold the rows any more: it was dropped, emptied or renamed.
    pub left: Option<usize>,
    /// Code that is not followed read or wrote them, so that nothing is known of them.
    pub scattered: bool,
    /// The statement that took a column away, by the name it had, in lower case.
    removed: BTreeMap<String, usize>,
    /// The tables there are, so that names that differ in case only can be told apart.
    tables: Vec<String>,
}

/// A table that holds the rows.
#[derive(Debug, Clone)]
pub struct Holder {
    /// Its name.
    pub table: String,
    /// The columns that hold values, by their names.
    columns: Vec<String>,
    /// The statement that copied the rows into it.
    copied: Option<usize>,
}

impl Rows {
    /// Follows the rows `table` holds at first, among other tables that are there.
    #[must_use]
    pub fn follow<'c>(
        table: &Table,
        others: impl IntoIterator<Item = &'c str>,
        changes: impl IntoIterator<Item = &'c Change>,
    ) -> Self {
        let columns = table.columns.iter().map(|column| column.name.clone()).collect();
        let holder = Holder { table: table.name.clone(), columns, copied: None };
        let tables = others.into_iter().map(str::to_owned).chain([table.name.clone()]).collect();
        let mut rows = Self { holders: vec![holder], left: None, scattered: false, removed: BTreeMap::new(), tables };
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
            Change::CreateTable { table, .. } => self.tables.push(table.name.clone()),
            Change::DropTable { table } => {
                let table = self.resolve(table);
                self.tables.retain(|known| *known != table);
                self.leave(place, &table);
            }
            Change::DeleteRows { table } => {
                let table = self.resolve(table);
                self.leave(place, &table);
            }
            Change::RenameTable { table, to } => {
                let table = self.resolve(table);
                self.tables.retain(|known| *known != table);
                self.tables.push(to.clone());
                if let Some(holder) = self.holder(&table) {
                    holder.table.clone_from(to);
                    self.left = Some(place);
                }
            }
            Change::DropColumn { table, column } => self.remove(place, table, column, None),
            Change::RenameColumn { table, column, to } => self.remove(place, table, column, Some(to)),
            Change::WriteRows { table, columns, from } => self.write(place, table, columns, from),
            Change::UseRows { table } => {
                let table = table.as_ref().map(|table| self.resolve(table));
                self.scattered |= table.is_none_or(|table| self.holder(&table).is_some());
            }
            Change::MoveTable { .. }
            | Change::AddColumn { .. }
            | Change::AlterColumn { .. }
            | Change::CreateIndex { .. }
            | Change::DropIndex { .. }
            | Change::AddForeignKey { .. }
            | Change::Unknown { .. } => {}
        }
    }

    /// The table meant by a name: the one of this name, else one that differs in case only.
    fn resolve(&self, name: &str) -> String {
        let exact = self.tables.iter().find(|known| *known == name);
        let known = exact.or_else(|| self.tables.iter().find(|known| known.eq_ignore_ascii_case(name)));
        known.cloned().unwrap_or_else(|| name.to_owned())
    }

    fn holder(&mut self, table: &str) -> Option<&mut Holder> {
        self.holders.iter_mut().find(|holder| holder.table == table)
    }

    fn leave(&mut self, place: usize, table: &str) {
        let count = self.holders.len();
        self.holders.retain(|holder| holder.table != table);
        if self.holders.len() < count {
            self.left = Some(place);
        }
    }

    fn remove(&mut self, place: usize, table: &str, column: &str, renamed: Option<&String>) {
        let table = self.resolve(table);
        let Some(holder) = self.holder(&table) else { return };
        let Some(at) = holder.columns.iter().position(|known| known.eq_ignore_ascii_case(column)) else { return };
        match renamed {
            Some(to) => holder.columns[at].clone_from(to),
            None => drop(holder.columns.remove(at)),
        }
        self.removed.insert(column.to_ascii_lowercase(), place);
    }

    fn write(&mut self, place: usize, table: &str, columns: &[String], from: &[String]) {
        let into = self.resolve(table);
        let from: Vec<String> = from.iter().map(|name| self.resolve(name)).collect();
        let source = self.holders.iter().find(|holder| from.contains(&holder.table)).cloned();
        let written = match (columns, &source) {
            ([], Some(source)) => source.columns.clone(),
            (named, _) => named.to_vec(),
        };
        match (self.holder(&into), source) {
            (Some(holder), _) => holder.columns.extend(written),
            (None, Some(_)) => self.holders.push(Holder { table: into, columns: written, copied: Some(place) }),
            (None, None) => {}
        }
    }
}

impl Holder {
    /// Whether a column of one of these names holds values.
    #[must_use]
    pub fn holds(&self, names: &[String]) -> bool {
        self.columns.iter().any(|column| names.iter().any(|name| name.eq_ignore_ascii_case(column)))
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
        let rows = Rows::follow(&table, ["other"], &script);
        let show = |holder: &Holder| format!("{}({})", holder.table, holder.columns.join(" "));
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
            ("DELETE FROM t WHERE a = 1", "t(id a b)"),
        ] {
            assert_eq!(fate(script), expected, "{script}");
        }
    }

    #[test]
    fn values_go_with_their_column_or_into_another() {
        for (script, expected) in [
            ("ALTER TABLE t DROP COLUMN A, ADD COLUMN a text", "t(id b)"),
            ("ALTER TABLE t RENAME a TO c", "t(id c b)"),
            ("ALTER TABLE t ADD c int; UPDATE t SET c = a; ALTER TABLE t DROP a; ALTER TABLE t RENAME c TO a", "t(id b a)"),
            ("ALTER TABLE other DROP COLUMN a", "t(id a b)"),
        ] {
            assert_eq!(fate(script), expected, "{script}");
        }
    }
}
