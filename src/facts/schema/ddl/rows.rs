//! What statements do to the rows of tables.

use super::keys;
use crate::facts::schema::{Change, Given, Selected};
use crate::source::Span;
use crate::syntax::sql::{Cursor, Kind, Token, statements};

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
    if at.eat(&["merge", "into"]) || at.eat(&["merge"]) {
        return vec![Change::UseRows { table: at.qualified().map(|(table, _)| table) }];
    }
    if at.is_at(&["call"]) {
        return vec![Change::UseRows { table: None }];
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
    let selected = selected(at, &from);
    (!from.is_empty()).then_some(Change::WriteRows { table, columns, from, selected })
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
    (!columns.is_empty()).then_some(Change::WriteRows { table, columns, from: Vec::new(), selected: Vec::new() })
}

/// The tables that queries read, wherever they stand in a statement: after `FROM` and `JOIN`, and in `TABLE name`, which
/// PostgreSQL takes for a query.
fn read_from(mut at: Cursor<'_>) -> Vec<String> {
    let mut tables = Vec::new();
    while !at.is_done() {
        if at.eat_any(&["from", "join", "table"]) {
            at.eat(&["only"]);
            tables.extend(at.qualified().map(|(table, _)| table));
        } else {
            at.skip(1);
        }
    }
    tables
}

/// What a query gives, column by column; nothing where it is not a plain one.
fn selected(mut at: Cursor<'_>, from: &[String]) -> Vec<Selected> {
    if let Some((inner, _)) = at.group() {
        at = inner;
    }
    if at.is_at(&["table"]) {
        return vec![Selected::ALL];
    }
    let mut rest = at;
    let combines = !rest.before(&["union", "intersect", "except"]).is_done() && !rest.is_done();
    if combines || !at.eat(&["select"]) {
        return Vec::new();
    }
    at.eat(&["all"]);
    if at.eat(&["distinct"]) && at.eat(&["on"]) {
        at.group();
    }
    let list = at.before(&["from", "into"]);
    at.before(&["from"]);
    // Of several tables it is not told here which one a column is of.
    let one = from.len() == 1 && reads_one_table(at);
    let columns: Vec<_> = list.items().into_iter().map(|item| column(item, one)).collect();
    let is_known = |column: &Selected| one || column.given != Given::All;
    if columns.iter().all(is_known) { columns } else { Vec::new() }
}

/// Whether a query reads from one table, by its name.
fn reads_one_table(mut at: Cursor<'_>) -> bool {
    at.eat(&["from"]);
    at.eat(&["only"]);
    let sources = at.before(&["where", "group", "having", "window", "order", "limit", "on"]).items();
    let &[mut source] = sources.as_slice() else { return false };
    source.qualified().is_some() && source.rest().iter().all(|token| matches!(token.kind, Kind::Word | Kind::Quoted))
}

/// An item of what is selected. `one` tells that its columns are those of one table.
fn column(mut at: Cursor<'_>, one: bool) -> Selected {
    let value = at.before(&["as"]);
    let mut alias = at.eat(&["as"]).then(|| at.identifier()).flatten().map(|(name, _)| name);
    let mut given = given(value);
    // `AS` may be left out.
    let (short, mut last) = (value.first(value.rest().len().saturating_sub(1)), value.last(1));
    if given == Given::Computed && alias.is_none() && !short.is_at(&["not"]) {
        given = self::given(short);
        alias = last.identifier().map(|(name, _)| name).filter(|_| given != Given::Computed);
    }
    let own = match &given {
        Given::Column(column) => Some(column.clone()),
        _ => None,
    };
    if own.is_some() && !one {
        given = Given::Computed;
    }
    Selected { name: alias.or(own), given }
}

/// What stands for no column, and is the same for every row.
const CONSTANTS: [&str; 8] =
    ["null", "true", "false", "current_timestamp", "current_date", "current_time", "localtime", "localtimestamp"];

/// What the values of an expression are.
fn given(at: Cursor<'_>) -> Given {
    let at = without_cast(at);
    let mut places = (0..at.rest().len()).map(|place| at.from(place));
    let is_constant = |here: Cursor<'_>| match here.rest().first().map(|token| token.kind) {
        Some(Kind::Word) => here.is_at_any(&CONSTANTS) || here.from(1).is_symbol(b'('),
        Some(Kind::Text | Kind::Number | Kind::Symbol(_)) => !here.is_symbol(b'*'),
        Some(Kind::Quoted) | None => false,
    };
    if !at.is_done() && places.all(is_constant) {
        return Given::Constant;
    }
    let mut named = at;
    if at.is_symbol(b'*') || at.from(1).is_symbol(b'.') && at.last(1).is_symbol(b'*') {
        return if matches!(at.rest().len(), 1 | 3) { Given::All } else { Given::Computed };
    }
    named.qualified().filter(|_| named.is_done()).map_or(Given::Computed, |(name, _)| Given::Column(name))
}

/// A value without `CAST` around it, or PostgreSQL's `::type` behind it.
fn without_cast(at: Cursor<'_>) -> Cursor<'_> {
    let mut cast = at;
    if cast.eat(&["cast"])
        && let Some((mut inner, _)) = cast.group()
        && cast.is_done()
    {
        return inner.before(&["as"]);
    }
    let begins = |place: &usize| at.from(*place).is_symbol(b':') && at.from(place + 1).is_symbol(b':');
    let is_type =
        |token: &Token| !matches!(token.kind, Kind::Text | Kind::Symbol(b'+' | b'-' | b'*' | b'/' | b'|' | b'=' | b'<' | b'>'));
    let cut = (0..at.rest().len()).find(begins).filter(|place| at.from(*place).rest().iter().all(is_type));
    cut.map_or(at, |place| at.first(place))
}

/// What a new table is filled with by the query it is made from.
pub(super) fn fill(mut at: Cursor<'_>) -> Option<Change> {
    at.eat(&["if", "not", "exists"]);
    let (table, _) = at.qualified()?;
    loop {
        if at.is_at(&["select"]) || at.is_at(&["with"]) && !at.from(1).is_symbol(b'(') || at.is_at(&["as", "table"]) {
            at.eat(&["as"]);
            return written(table, at);
        }
        let mut query = at;
        match query.group() {
            Some((inner, _)) if inner.is_at_any(&["select", "with"]) => at = inner,
            _ if !at.advance() => return None,
            _ => {}
        }
    }
}

/// What a query puts into a table that it makes.
pub(super) fn written(table: String, query: Cursor<'_>) -> Option<Change> {
    let from = read_from(query);
    let selected = selected(query, &from);
    (!from.is_empty()).then_some(Change::WriteRows { table, columns: Vec::new(), from, selected })
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
