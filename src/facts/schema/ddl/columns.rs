//! Definitions of columns and constraints.

use super::keys;
use crate::facts::schema::{Change, Column, Key, Reference};
use crate::syntax::sql::{Cursor, Kind, statements};

/// A constraint or an index beside the columns, as the changes it makes to the table; `None` when it is none.
pub(super) fn constraint(at: &mut Cursor<'_>, table: &str) -> Option<Vec<Change>> {
    let mut rest = *at;
    let named = rest.eat(&["constraint"]);
    let mut name = None;
    if named && !rest.is_at_any(&["primary", "unique", "foreign", "check", "exclude"]) {
        name = rest.identifier().map(|(name, _)| name);
    }
    let index = |key| Change::CreateIndex { table: table.to_owned(), key };
    if rest.eat(&["primary", "key"]) {
        let columns = listed(&mut rest);
        let required = |column: &String| Change::AlterColumn {
            table: table.to_owned(),
            column: column.clone(),
            required: Some(true),
            has_default: None,
            kind: None,
            written: None,
        };
        return Some(
            columns
                .iter()
                .map(required)
                .chain([index(Key { name, columns: columns.clone(), unique: true, primary: true })])
                .collect(),
        );
    }
    if rest.eat(&["unique"]) {
        rest.eat_any(&["key", "index"]);
        let own = if rest.is_symbol(b'(') { None } else { rest.identifier().map(|(name, _)| name) };
        // `UNIQUE NULLS NOT DISTINCT (…)` and `UNIQUE USING …` have no name there.
        let own = own.filter(|own| !["nulls", "using", "clustered", "nonclustered"].contains(&own.to_ascii_lowercase().as_str()));
        return Some(vec![index(Key { name: name.or(own), columns: listed(&mut rest), unique: true, primary: false })]);
    }
    if rest.eat(&["foreign", "key"]) {
        return Some(foreign_key(rest, table));
    }
    if rest.is_at_any(&["check", "exclude"]) {
        return Some(Vec::new());
    }
    let searched = rest.eat_any(&["fulltext", "spatial"]);
    if (rest.eat_any(&["key", "index"]) || searched) && names_columns(rest) {
        let own = if rest.is_symbol(b'(') { None } else { rest.identifier().map(|(name, _)| name) };
        let key = |columns| Key { name: own, columns, unique: false, primary: false };
        return Some(if searched { Vec::new() } else { vec![index(key(listed(&mut rest)))] });
    }
    named.then(Vec::new)
}

/// The columns in the next parentheses.
fn listed(at: &mut Cursor<'_>) -> Vec<String> {
    while !at.is_symbol(b'(') && at.advance() {}
    at.group().map(|(list, _)| keys(list)).unwrap_or_default()
}

fn foreign_key(mut at: Cursor<'_>, table: &str) -> Vec<Change> {
    let columns = listed(&mut at);
    let Some((target, targets)) = references(&mut at) else {
        return vec![Change::Unknown { table: Some(table.to_owned()) }];
    };
    let cascades = on_delete_cascades(at);
    let targets = targets.into_iter().chain(std::iter::repeat(String::new()));
    let key = |(column, referenced)| Change::AddForeignKey {
        table: table.to_owned(),
        column,
        references: Reference { table: target.clone(), column: referenced, cascades },
    };
    columns.into_iter().zip(targets).map(key).collect()
}

/// `REFERENCES table (columns)`.
fn references(at: &mut Cursor<'_>) -> Option<(String, Vec<String>)> {
    let table = at.eat(&["references"]).then(|| at.qualified()).flatten()?.0;
    Some((table, at.group().map(|(list, _)| keys(list)).unwrap_or_default()))
}

/// Whether `ON DELETE CASCADE` follows, as part of the reference just read.
fn on_delete_cascades(mut at: Cursor<'_>) -> bool {
    while !at.is_at(&["on", "delete", "cascade"]) {
        if at.is_at(&["references"]) || !at.advance() {
            return false;
        }
    }
    true
}

/// Whether what follows `KEY` or `INDEX` is an index of MySQL's, and not the type of a column that is called so.
fn names_columns(mut at: Cursor<'_>) -> bool {
    if !at.is_symbol(b'(') {
        at.identifier();
    }
    if at.eat(&["using"]) {
        at.identifier();
    }
    let first = at.group().and_then(|(list, _)| list.rest().first().copied());
    first.is_some_and(|first| matches!(first.kind, Kind::Word | Kind::Quoted | Kind::Symbol(b'(')))
}

/// A column with its type and its own constraints, and the key it makes; `None` when there is none.
pub(super) fn column(at: &mut Cursor<'_>) -> Option<(Column, Option<Key>)> {
    let (name, span) = at.identifier()?;
    if at.rest().first().is_some_and(|next| !matches!(next.kind, Kind::Word | Kind::Quoted)) {
        return None;
    }
    let start = *at;
    let kind = column_kind(at);
    let mut written = Some(consumed(start, *at).to_owned());
    let serial = is_serial(&kind);
    let folds = !at.is_quoted(span);
    let mut column = Column { kind, required: serial, has_default: serial, folds, ..Column::empty(&name, span) };
    let mut key = None;
    let mut constraint = None;
    while !at.is_done() {
        if at.eat(&["not", "null"]) {
            column.required = true;
        } else if at.eat(&["primary", "key"]) || at.eat(&["key"]) {
            column.required = true;
            key = Some(Key { name: constraint.take(), ..Key::primary(&column.name) });
            // SQLite fills these with the row's number.
            column.has_default |= column.kind == "integer";
        } else if at.eat(&["unique"]) {
            at.eat(&["key"]);
            key = Some(Key { name: constraint.take(), ..Key::unique(&column.name) });
        } else if at.eat(&["default"]) {
            if !at.eat(&["null"]) {
                column.has_default = true;
                written = None;
            }
        } else if at.eat_any(&["generated", "as", "auto_increment", "autoincrement", "identity"]) {
            column.has_default = true;
        } else if at.is_at(&["references"]) {
            let target = references(at);
            let cascades = on_delete_cascades(*at);
            column.references = target.map(|(table, columns)| Reference {
                table,
                column: columns.into_iter().next().unwrap_or_default(),
                cascades,
            });
        } else if at.eat(&["constraint"]) {
            constraint = at.qualified().map(|(name, _)| name);
        } else if at.eat(&["check"]) {
            at.group();
        } else if column.references.is_none() && at.eat(&["on"]) {
            written = None;
        } else if at.eat_any(&["null", "first"]) || at.eat(&["set", "default"]) {
        } else if at.eat(&["after"]) {
            at.identifier();
        } else {
            let start = *at;
            if at.eat(&["collate"]) {
                at.qualified();
            } else {
                at.advance();
            }
            // What follows a reference is part of it.
            if let Some(written) = written.as_mut().filter(|_| column.references.is_none()) {
                written.push(' ');
                written.push_str(consumed(start, *at));
            }
        }
    }
    column.written = written;
    Some((column, key))
}

/// What was read between two states of a cursor, as written.
fn consumed<'t>(start: Cursor<'t>, end: Cursor<'t>) -> &'t str {
    start.first(start.rest().len() - end.rest().len()).written()
}

/// Whether a type of PostgreSQL's fills the column with numbers of its own.
pub(in crate::facts::schema) fn is_serial(kind: &str) -> bool {
    matches!(kind, "serial" | "bigserial" | "smallserial" | "serial4" | "serial8" | "serial2")
}

/// A type on its own, as [`Column::kind`] has it.
pub(in crate::facts::schema) fn kind(text: &str) -> String {
    statements(text).first().map(|statement| column_kind(&mut Cursor::new(text, &statement.tokens))).unwrap_or_default()
}

/// What ends the type of a column.
const AFTER_TYPE: [&str; 27] = [
    "after",
    "as",
    "auto_increment",
    "autoincrement",
    "charset",
    "check",
    "collate",
    "comment",
    "compression",
    "constraint",
    "default",
    "first",
    "generated",
    "identity",
    "invisible",
    "key",
    "not",
    "null",
    "on",
    "primary",
    "references",
    "storage",
    "stored",
    "unique",
    "using",
    "virtual",
    "visible",
];

/// The type of a column as [`Column::kind`] has it; empty where SQLite does without.
pub(super) fn column_kind(at: &mut Cursor<'_>) -> String {
    let mut words: Vec<String> = Vec::new();
    loop {
        if at.eat_symbol(b'.') {
            words.clear();
        } else if at.brackets().is_some() {
            if let Some(element) = words.last_mut() {
                element.push_str("[]");
            }
        } else if at.is_at_any(&AFTER_TYPE) || at.is_at(&["character", "set"]) {
            break;
        } else if at.group().is_none() {
            match at.identifier() {
                Some((word, _)) => words.push(word.to_ascii_lowercase()),
                None => break,
            }
        }
    }
    words.join(" ")
}
