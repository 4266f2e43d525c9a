//! Tables that are made from others, and what queries give for the columns they fill.

use serde::{Deserialize, Serialize};

use super::{Column, Key, Table};

/// What a new table takes over from another one: `LIKE other`, `AS SELECT … FROM other`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derived {
    /// The other table; none where the query does not read one alone.
    pub from: Option<String>,
    /// The columns in order.
    pub columns: Vec<Selected>,
    /// Which columns may not hold NULL is taken over.
    pub required: bool,
    /// Defaults are taken over.
    pub defaults: bool,
    /// Keys and indexes are taken over.
    pub keys: bool,
}

/// A column of what a query gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selected {
    /// What it is called; none where the database makes a name up.
    pub name: Option<String>,
    /// What its values are.
    pub given: Given,
}

impl Selected {
    /// All columns of the one table that is read.
    pub(super) const ALL: Self = Self { name: None, given: Given::All };
}

/// What a query gives for a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Given {
    /// `*`: not one column, but all that the table has.
    All,
    /// The values of a column of the table.
    Column(String),
    /// Something that does not depend on the row: `NULL`, `''`, `now()`.
    Constant,
    /// Anything else.
    Computed,
}

/// How many columns and keys may still be taken over: tables made of each other may grow without bounds.
#[derive(Debug)]
pub struct Room(usize);

impl Default for Room {
    fn default() -> Self {
        Self(1 << 16)
    }
}

impl Room {
    fn take(&mut self, count: usize) -> bool {
        let fits = count <= self.0;
        self.0 = self.0.saturating_sub(count);
        fits
    }
}

impl Table {
    /// Takes over what a new table has of another one. What is not known of it leaves the table open.
    pub fn derive(&mut self, derived: &Derived, from: Option<&Table>, room: &mut Room) {
        let mut taken = Vec::new();
        for selected in &derived.columns {
            match (&selected.given, &selected.name) {
                (Given::All, _) => match from.filter(|from| room.take(from.columns.len())) {
                    Some(from) => {
                        taken.extend(from.columns.iter().map(|column| self.copied(column, &column.name, derived)));
                        self.open |= from.open;
                    }
                    None => self.open = true,
                },
                (Given::Column(column), Some(name)) => {
                    let known = from.and_then(|from| from.columns.iter().find(|known| known.name.eq_ignore_ascii_case(column)));
                    taken.push(known.map_or_else(|| Column::empty(name, self.span), |known| self.copied(known, name, derived)));
                }
                (_, Some(name)) => taken.push(Column::empty(name, self.span)),
                (_, None) => self.open = true,
            }
        }
        self.columns.splice(0..0, taken);
        if let Some(from) = from.filter(|from| derived.keys && room.take(from.keys.len())) {
            self.keys.extend(from.keys.iter().map(|key| Key { name: None, ..key.clone() }));
        }
    }

    fn copied(&self, column: &Column, name: &str, derived: &Derived) -> Column {
        Column {
            name: name.to_owned(),
            required: column.required && derived.required,
            has_default: column.has_default && derived.defaults,
            references: None,
            span: self.span,
            ..column.clone()
        }
    }
}
