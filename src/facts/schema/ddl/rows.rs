//! What statements do to the rows of tables.

use super::keys;
use crate::facts::schema::Change;
use crate::source::Span;
use crate::syntax::sql::{Cursor, statements};

/// Reads a statement that moves, writes or deletes rows.
pub(super) fn read(mut at: Cursor<'_>) -> Vec<Change> {
    if at.eat(&["truncate"]) {
        at.eat(&["table"]);
        at.eat(&["only"]);
        return at.items().into_iter().filter_map(delete_rows).collect();
    }
    if at.eat_any(&["insert", "replace"]) {
        return insert(at).into_iter().collect();
    }
    if at.eat(&["update"]) {
        return update(at).into_iter().collect();
    }
    if at.eat(&["delete", "from"]) {
        at.eat(&["only"]);
        let mut rest = at;
        while !rest.is_at_any(&["where", "using"]) {
            if !rest.advance() {
                return delete_rows(at).into_iter().collect();
            }
        }
    }
    Vec::new()
}

fn delete_rows(mut at: Cursor<'_>) -> Option<Change> {
    at.qualified().map(|(table, _)| Change::DeleteRows { table })
}

/// `INTO table (columns) SELECT … FROM …`, with what may stand before.
fn insert(mut at: Cursor<'_>) -> Option<Change> {
    while !at.eat(&["into"]) {
        if !at.eat_any(&["or", "abort", "fail", "ignore", "replace", "rollback", "low_priority", "high_priority", "delayed"]) {
            return None;
        }
    }
    let (table, _) = at.qualified()?;
    let mut after = at;
    let columns = after.group().map(|(list, _)| list).filter(|list| !list.is_at_any(&["select", "with"]));
    if columns.is_some() {
        at = after;
    }
    let from = if at.is_at(&["values"]) { Vec::new() } else { read_from(at) };
    let columns = columns.map(keys).unwrap_or_default();
    (!from.is_empty()).then_some(Change::WriteRows { table, columns, from })
}

/// `table SET column = …`, with what MySQL lets stand between.
fn update(mut at: Cursor<'_>) -> Option<Change> {
    at.eat(&["only"]);
    let (table, _) = at.qualified()?;
    while !at.eat(&["set"]) {
        if !at.advance() {
            return None;
        }
    }
    let assigned = |mut item: Cursor<'_>| {
        let columns = match item.group() {
            Some((list, _)) => keys(list),
            None => item.qualified().into_iter().map(|(name, _)| name).collect(),
        };
        if item.is_symbol(b'=') { columns } else { Vec::new() }
    };
    let columns: Vec<String> = at.items().into_iter().flat_map(assigned).collect();
    (!columns.is_empty()).then_some(Change::WriteRows { table, columns, from: Vec::new() })
}

/// The tables that queries read, wherever they stand in a statement.
fn read_from(mut at: Cursor<'_>) -> Vec<String> {
    let mut tables = Vec::new();
    while !at.is_done() {
        if at.eat_any(&["from", "join"]) {
            at.eat(&["only"]);
            tables.extend(at.qualified().map(|(table, _)| table));
        } else {
            at.skip(1);
        }
    }
    tables
}

/// What a new table is filled with by the query it is made from.
pub(super) fn fill(mut at: Cursor<'_>) -> Option<Change> {
    at.eat(&["if", "not", "exists"]);
    let (table, _) = at.qualified()?;
    while !at.is_at(&["select"]) {
        if at.is_done() {
            return None;
        }
        at.skip(1);
    }
    let from = read_from(at);
    (!from.is_empty()).then_some(Change::WriteRows { table, columns: Vec::new(), from })
}

/// The tables that the queries of a script read, each with its query.
pub(in crate::facts::schema) fn queried(text: &str) -> Vec<(String, Span)> {
    let mut tables = Vec::new();
    for statement in statements(text) {
        let query = Cursor::new(text, &statement.tokens);
        if query.is_at_any(&["select", "with"]) {
            tables.extend(read_from(query).into_iter().map(|table| (table, query.span())));
        }
    }
    tables
}
