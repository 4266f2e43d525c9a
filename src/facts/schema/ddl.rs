//! SQL statements to schema operations.

mod columns;
mod rows;

use std::collections::HashMap;

use self::columns::{column, column_kind, constraint};
pub(super) use self::columns::{is_serial, kind};
pub(super) use self::rows::queried;
use super::{Change, Derived, Key, MAX_COLUMNS, Operation, Selected, Table, namespace};
use crate::source::Span;
use crate::syntax::sql::{Cursor, Kind, Token, begins_statement, statements};

/// Reads the schema operations of a SQL script in order, without those of its down sections and without temporary tables.
#[must_use]
pub fn sql(text: &str) -> Vec<Operation> {
    let mut operations = Vec::new();
    let statements = statements(text);
    if statements.is_empty() && text.to_ascii_lowercase().contains("create table") {
        // `drizzle-kit pull` writes the tables it found into a comment: they are there, and no script makes them.
        operations.push(Operation::new(Change::Unknown { table: None }, Span::new(0, text.len())));
    }
    for statement in statements.iter().filter(|statement| !statement.down) {
        let tokens = &statement.tokens[schema_part(text, &statement.tokens)..];
        let cursor = Cursor::new(text, tokens);
        let mut changes = read(cursor, statement.procedural);
        changes.extend(unread_code(text, cursor));
        if statement.unclosed {
            changes.push(Change::Unknown { table: None });
        }
        let prefixes = if changes.is_empty() { HashMap::new() } else { prefixes(text, tokens) };
        operations.extend(changes.into_iter().map(|change| Operation {
            namespace: change.table().and_then(|table| prefixes.get(table)).and_then(|prefix| namespace(prefix)),
            certain: !statement.conditional,
            asks_first: asks_first(cursor),
            ..Operation::new(change, cursor.span())
        }));
    }
    operations
}

/// Whether a statement does nothing where the table is there already, or is not: `CREATE TABLE IF NOT EXISTS`,
/// `ALTER TABLE IF EXISTS`, `DROP TRIGGER IF EXISTS … ON`.
fn asks_first(mut at: Cursor<'_>) -> bool {
    if at.eat(&["create"]) {
        at.eat(&["unlogged"]);
        at.eat(&["foreign"]);
        return at.is_at(&["table", "if"]);
    }
    let is_about_one = at.eat_any(&["alter", "drop"]);
    at.eat(&["foreign"]);
    is_about_one && at.eat_any(&["table", "trigger", "index"]) && at.is_at(&["if"])
}

/// The prefixes of names in a statement, by the names.
fn prefixes(text: &str, tokens: &[Token]) -> HashMap<String, String> {
    let prefixed = |window: &[Token]| match window {
        [prefix, dot, name] if dot.kind == Kind::Symbol(b'.') => name.name(text).zip(prefix.name(text)),
        _ => None,
    };
    tokens.windows(3).rev().filter_map(prefixed).collect()
}

/// Where the part that may change the schema begins: inside a block of code it follows one of a few keywords.
fn schema_part(text: &str, tokens: &[Token]) -> usize {
    let begins = |pair: &[Token]| {
        begins_statement(text, &pair[0])
            && Cursor::new(text, &pair[1..]).is_at_any(&["create", "alter", "drop", "rename", "insert", "update", "execute"])
    };
    tokens.windows(2).position(begins).map_or(0, |before| before + 1)
}

/// What a statement that puts code together from strings may do.
fn unread_code(text: &str, at: Cursor<'_>) -> Option<Change> {
    let runs = at.is_at_any(&["execute", "set"]);
    if runs && template(text, at).is_some_and(|template| keeps_columns(&template)) {
        return None;
    }
    let does = |token: &Token| {
        let written = token.inside(text).of(text).to_ascii_lowercase();
        let mut words = written.split_ascii_whitespace();
        match (words.next().filter(|_| token.kind == Kind::Text)?, words.next()?) {
            ("create" | "alter" | "drop", "table") => Some(Change::Unknown { table: None }),
            ("update" | "insert" | "merge" | "delete" | "truncate", _) if runs => Some(Change::UseRows { table: None }),
            _ => None,
        }
    };
    at.rest().iter().filter(|_| runs || at.is_at(&["select"])).find_map(does)
}

/// The code that `EXECUTE` puts together, with a name for each part that is put in: `format('… %I …', …)`, or strings among
/// other values (`'…' || quote_ident(name) || '…'`).
fn template(text: &str, mut at: Cursor<'_>) -> Option<String> {
    let string = |token: &Token| match token.kind {
        Kind::Text => Some(token.name(text).unwrap_or_else(|| token.inside(text).of(text).to_owned())),
        _ => None,
    };
    if !at.eat(&["execute"]) {
        return None;
    }
    if at.eat(&["format"]) {
        let (arguments, _) = at.group()?;
        let [format] = arguments.items().first()?.rest() else { return None };
        return string(format).map(|format| filled_in(&format));
    }
    let mut code = String::new();
    while let Some(next) = at.rest().first() {
        match string(next) {
            Some(part) => code.push_str(&part),
            // Whatever is called or added up there comes to one value.
            None if !code.ends_with(HOLE) => code.push(HOLE),
            None => {}
        }
        at.advance();
    }
    Some(code)
}

/// Stands where a template has something put in.
const HOLE: char = '_';

/// What PostgreSQL's `format` makes of its first argument: `%I`, `%1$s`, `%-10L`.
fn filled_in(format: &str) -> String {
    let mut code = String::new();
    let mut parts = format.split('%');
    code.extend(parts.next());
    for part in parts {
        let flags = part.trim_start_matches(|letter: char| letter.is_ascii_digit() || matches!(letter, '$' | '-' | '*'));
        match flags.strip_prefix(['I', 's', 'L']) {
            Some(rest) => {
                code.push(HOLE);
                code.push_str(rest);
            }
            None => code.push_str(part),
        }
    }
    code
}

/// What a name or a value follows in a statement that alters a table, so that what is put in there is no clause of its own.
const BEFORE_NAMES: [&str; 16] = [
    "(",
    ",",
    ".",
    "=",
    "column",
    "constraint",
    "exists",
    "index",
    "only",
    "partition",
    "references",
    "schema",
    "table",
    "tablespace",
    "to",
    "trigger",
];

/// Whether code does nothing but alter tables in ways that leave their columns as they are, but for foreign keys.
fn keeps_columns(code: &str) -> bool {
    let statements = statements(code);
    let is_kept = |change: &Change| {
        matches!(change, Change::AlterColumn { required: None, has_default: None, kind: None, .. } | Change::AddForeignKey { .. })
    };
    let written = |token: &Token| token.span.of(code).to_ascii_lowercase();
    let may_be_clause =
        |pair: &[Token]| pair[1].span.of(code).chars().eq([HOLE]) && !BEFORE_NAMES.contains(&written(&pair[0]).as_str());
    let keeps = |tokens: &[Token]| {
        let mut at = Cursor::new(code, tokens);
        let actions = at.eat(&["alter", "table"]).then(|| actions(at)).flatten();
        let Some((table, actions)) = actions.filter(|_| !tokens.windows(2).any(may_be_clause)) else { return false };
        let leaves = |action| alter_action(action, &table).is_some_and(|changes| changes.iter().all(is_kept));
        !actions.is_empty() && actions.into_iter().all(leaves)
    };
    !statements.is_empty() && statements.iter().all(|statement| keeps(&statement.tokens))
}

fn read(mut at: Cursor<'_>, procedural: bool) -> Vec<Change> {
    if at.eat(&["create"]) {
        return create(at);
    }
    if at.eat(&["alter", "table"]) || at.eat(&["alter", "foreign", "table"]) {
        return alter_table(at);
    }
    if at.eat(&["drop", "table"]) || at.eat(&["drop", "foreign", "table"]) {
        at.eat(&["if", "exists"]);
        return at.items().into_iter().map(drop_table).collect();
    }
    if at.eat(&["drop", "schema"]) {
        return drop_schema(at);
    }
    if at.eat(&["drop", "index"]) {
        return drop_index(at).into_iter().collect();
    }
    if at.eat(&["drop", "trigger"]) {
        return drop_trigger(at).into_iter().collect();
    }
    if at.eat(&["rename", "table"]) {
        return at.items().into_iter().map(rename_table).collect();
    }
    // A block of code puts into its variables what it selects `INTO` them.
    if !procedural && at.is_at(&["select"]) {
        return select_into(at);
    }
    rows::read(at)
}

/// `DROP SCHEMA`, which in PostgreSQL takes tables along with `CASCADE` alone, and is `DROP DATABASE` in MySQL.
fn drop_schema(mut at: Cursor<'_>) -> Vec<Change> {
    at.eat(&["if", "exists"]);
    let dropped = |mut item: Cursor<'_>| item.identifier().map(|(name, _)| Change::DropNamespace { namespace: namespace(&name) });
    let cascades = at.rest().len() > 1 && at.last(1).is_at(&["cascade"]);
    let schemas = if cascades { at.items().into_iter().map(dropped).collect() } else { None };
    schemas.unwrap_or_else(|| vec![Change::Unknown { table: None }])
}

/// `DROP INDEX name`, and MySQL's `DROP INDEX name ON table`.
fn drop_index(mut at: Cursor<'_>) -> Option<Change> {
    at.eat(&["concurrently"]);
    at.eat(&["if", "exists"]);
    let (name, _) = at.qualified()?;
    let table = at.eat(&["on"]).then(|| at.qualified()).flatten().map(|(table, _)| table);
    Some(Change::DropIndex { table, name })
}

/// `DROP TRIGGER name`, and PostgreSQL's `DROP TRIGGER name ON table`.
fn drop_trigger(mut at: Cursor<'_>) -> Option<Change> {
    at.eat(&["if", "exists"]);
    let (name, _) = at.qualified()?;
    let table = at.eat(&["on"]).then(|| at.qualified()).flatten().map(|(table, _)| table);
    Some(Change::DropTrigger { table, name })
}

/// A trigger that may change what a row holds before the row is stored; others only look at it.
fn create_trigger(mut at: Cursor<'_>) -> Option<Change> {
    at.eat(&["if", "not", "exists"]);
    let (name, _) = at.qualified()?;
    // SQL Server names the table first.
    let mut rest = at;
    let head = rest.before(&["for", "as", "execute", "when", "begin"]);
    at.before(&["on"]);
    let says = |words: &[&str]| (0..head.rest().len()).any(|place| head.from(place).is_at(words));
    let (table, _) = at.eat(&["on"]).then(|| at.qualified()).flatten()?;
    let is_first = says(&["before"]) || says(&["instead", "of"]);
    (is_first && says(&["insert"])).then_some(Change::CreateTrigger { table, name })
}

fn drop_table(mut at: Cursor<'_>) -> Change {
    at.qualified().map_or(Change::Unknown { table: None }, |(table, _)| Change::DropTable { table })
}

/// `old TO new`, in MySQL's own statement.
fn rename_table(mut at: Cursor<'_>) -> Change {
    let from = at.qualified().map(|(table, _)| table);
    let to = at.eat(&["to"]).then(|| at.qualified()).flatten();
    match (from, to) {
        (Some(table), Some((to, span))) => Change::RenameTable { table, to, folds: !at.is_quoted(span) },
        (table, _) => Change::Unknown { table },
    }
}

fn create(mut at: Cursor<'_>) -> Vec<Change> {
    at.eat(&["or", "replace"]);
    at.eat_any(&["global", "local"]);
    let temporary = at.eat_any(&["temp", "temporary"]);
    at.eat_any(&["unlogged", "foreign", "virtual"]);
    if at.eat(&["table"]) {
        let filled = rows::fill(at);
        let created = (!temporary).then(|| create_table(at, filled.as_ref()));
        return created.into_iter().chain(filled.filter(|_| !at.last(3).is_at(&["with", "no", "data"]))).collect();
    }
    // MySQL has its `DEFINER = user@host` before it.
    let mut trigger = at;
    if at.is_at_any(&["trigger", "definer"]) && trigger.before(&["trigger"]).rest().len() < 8 && trigger.eat(&["trigger"]) {
        return create_trigger(trigger).into_iter().collect();
    }
    let unique = at.eat(&["unique"]);
    at.eat_any(&["clustered", "nonclustered"]);
    if at.eat(&["index"]) { create_index(at, unique).into_iter().collect() } else { Vec::new() }
}

/// The table that is created; `filled` is what a query puts into it.
fn create_table(mut at: Cursor<'_>, filled: Option<&Change>) -> Change {
    at.eat(&["if", "not", "exists"]);
    let Some((name, span)) = at.qualified() else {
        return Change::Unknown { table: None };
    };
    let mut table = Table { folds: !at.is_quoted(span), ..Table::empty(&name, span) };
    let is_listed = at.is_symbol(b'(') && !is_query(at);
    let Some((body, closed)) = at.group().filter(|_| is_listed) else {
        // The columns are those of a query, another table, a type or a module.
        let derived = derived(at, filled);
        table.open = derived.is_none();
        let is_made = !is_listed && (derived.is_some() || at.is_at_any(&["as", "of", "partition", "select", "using", "with"]));
        return if is_made { Change::CreateTable { table, derived } } else { Change::Unknown { table: Some(table.name) } };
    };
    table.open = !closed;
    let mut constraints = Vec::new();
    let mut derived = None;
    for mut item in body.items() {
        if let Some(changes) = constraint(&mut item, &table.name) {
            constraints.extend(changes);
        } else if item.is_at(&["like"]) && derived.is_none() {
            derived = like(item);
            table.open |= derived.is_none();
        } else if item.is_at(&["like"]) || table.columns.len() >= MAX_COLUMNS {
            table.open = true;
        } else if let Some((column, key)) = column(&mut item) {
            table.columns.push(column);
            table.keys.extend(key);
        } else {
            table.open = true;
        }
    }
    for change in &constraints {
        table.apply(change);
    }
    while !at.is_done() {
        table.open |= at.is_at_any(&["as", "inherits", "like", "select"]);
        at.advance();
    }
    Change::CreateTable { table, derived }
}

/// What a table without a list of columns takes over from another one.
fn derived(at: Cursor<'_>, filled: Option<&Change>) -> Option<Derived> {
    if at.is_at(&["like"]) {
        // Outside of parentheses it is MySQL's, which takes over all of the definition.
        return like(at).map(|like| Derived { defaults: true, keys: true, ..like });
    }
    let Some(Change::WriteRows { from, selected, .. }) = filled else { return None };
    let from = from.first().filter(|_| from.len() == 1).cloned();
    let columns = selected.clone();
    (!columns.is_empty()).then_some(Derived { from, columns, required: false, defaults: false, keys: false })
}

/// `SELECT … INTO table FROM …`, which makes the table in PostgreSQL and SQL Server.
fn select_into(query: Cursor<'_>) -> Vec<Change> {
    let mut at = query;
    at.before(&["into"]);
    at.eat(&["into"]);
    let temporary = at.eat_any(&["temp", "temporary"]);
    at.eat(&["unlogged"]);
    at.eat(&["table"]);
    // MySQL has variables there.
    let named = at.qualified().filter(|(name, _)| at.is_at(&["from"]) && !name.starts_with('@'));
    let Some((name, span)) = named else { return Vec::new() };
    let filled = rows::written(name.clone(), query);
    let derived = derived(at, filled.as_ref());
    let table = Table { folds: !at.is_quoted(span), open: derived.is_none(), ..Table::empty(&name, span) };
    let created = (!temporary).then_some(Change::CreateTable { table, derived });
    created.into_iter().chain(filled).collect()
}

/// `LIKE other INCLUDING …`. MySQL takes over all of the definition, and has quotes of its own.
fn like(mut at: Cursor<'_>) -> Option<Derived> {
    let (from, span) = at.eat(&["like"]).then(|| at.qualified()).flatten()?;
    let of_mysql = at.is_backtick(span);
    let (mut defaults, mut keys) = (of_mysql, of_mysql);
    while !at.is_done() {
        let included = at.eat(&["including"]);
        if included || at.eat(&["excluding"]) {
            let all = at.is_at(&["all"]);
            for (part, names) in [(&mut defaults, &["defaults", "identity", "generated"][..]), (&mut keys, &["indexes"])] {
                if all || at.is_at_any(names) {
                    *part = included;
                }
            }
        }
        at.skip(1);
    }
    Some(Derived { from: Some(from), columns: vec![Selected::ALL], required: true, defaults, keys })
}

/// Whether a query stands in the next parentheses, and no list of columns.
fn is_query(mut at: Cursor<'_>) -> bool {
    at.group().is_some_and(|(inner, _)| inner.is_at_any(&["select", "with"]))
}

fn create_index(mut at: Cursor<'_>, unique: bool) -> Option<Change> {
    at.eat(&["concurrently"]);
    at.eat(&["if", "not", "exists"]);
    let name = if at.is_at(&["on"]) { None } else { at.qualified().map(|(name, _)| name) };
    if !at.eat(&["on"]) {
        return None;
    }
    at.eat(&["only"]);
    let (table, _) = at.qualified()?;
    if at.eat(&["using"]) {
        at.identifier();
    }
    let mut key = Key { name, columns: keys(at.group()?.0), unique, primary: false };
    while !at.is_done() {
        if at.eat(&["where"]) {
            // Values are kept apart within the condition alone, as they would be together with one more column.
            key = key.over(at.written());
            break;
        }
        at.advance();
    }
    Some(Change::CreateIndex { table, key })
}

/// The keys of an index: columns by their names, expressions as written.
fn keys(list: Cursor<'_>) -> Vec<String> {
    let key = |item: Cursor<'_>| {
        let mut rest = item;
        let name = rest.identifier().map(|(name, _)| name);
        // MySQL indexes the first characters of a column: `email(191)`.
        let plain = rest.group().is_none_or(|(length, _)| matches!(length.rest(), [only] if only.kind == Kind::Number));
        name.filter(|_| plain).unwrap_or_else(|| item.written().to_owned())
    };
    list.items().into_iter().map(key).collect()
}

/// The table that `ALTER TABLE` names, and what is done to it.
fn actions(mut at: Cursor<'_>) -> Option<(String, Vec<Cursor<'_>>)> {
    at.eat(&["if", "exists"]);
    at.eat(&["only"]);
    let (table, _) = at.qualified()?;
    at.eat_symbol(b'*');
    Some((table, at.items()))
}

fn alter_table(at: Cursor<'_>) -> Vec<Change> {
    let Some((table, actions)) = actions(at) else {
        return vec![Change::Unknown { table: None }];
    };
    let mut changes = Vec::new();
    for action in actions {
        match alter_action(action, &table) {
            Some(read) => changes.extend(read),
            None => changes.push(Change::Unknown { table: Some(table.clone()) }),
        }
    }
    changes
}

/// What an action leaves as it was, as far as the review asks: owners, storage, triggers, access.
const WITHOUT_EFFECT: [&str; 30] = [
    "algorithm",
    "attach",
    "auto_increment",
    "cascade",
    "character",
    "charset",
    "check",
    "cluster",
    "collate",
    "comment",
    "convert",
    "default",
    "detach",
    "disable",
    "enable",
    "engine",
    "force",
    "inherit",
    "lock",
    "no",
    "order",
    "owner",
    "partition",
    "replica",
    "reset",
    "row_format",
    "set",
    "validate",
    "with",
    "without",
];

/// One action of `ALTER TABLE`; `None` when it could not be read.
fn alter_action(mut at: Cursor<'_>, name: &str) -> Option<Vec<Change>> {
    let table = name.to_owned();
    if at.eat(&["add"]) {
        return add(at, name);
    }
    if at.eat(&["drop"]) {
        if at.is_at_any(&["constraint", "primary", "foreign", "index", "key", "check", "partition"]) && at.rest().len() > 1 {
            if at.eat(&["primary", "key"]) {
                return Some(vec![Change::DropIndex { table: Some(table), name: "PRIMARY".into() }]);
            }
            let is_key = at.eat_any(&["constraint", "index", "key"]);
            at.eat(&["if", "exists"]);
            let dropped = at.identifier().filter(|_| is_key);
            return Some(dropped.into_iter().map(|(name, _)| Change::DropIndex { table: Some(table.clone()), name }).collect());
        }
        at.eat(&["column"]);
        at.eat(&["if", "exists"]);
        let (column, _) = at.identifier()?;
        return Some(vec![Change::DropColumn { table, column }]);
    }
    if at.eat(&["rename"]) {
        return rename(at, table);
    }
    if at.eat(&["alter"]) {
        return alter_column(at, table);
    }
    if at.eat(&["modify"]) {
        at.eat(&["column"]);
        at.eat(&["if", "exists"]);
        let placed = placed(at, name);
        let (column, key) = column(&mut at)?;
        return Some(column.redefined(name, key).into_iter().chain(placed).collect());
    }
    if at.eat(&["change"]) {
        at.eat(&["column"]);
        let (old, _) = at.identifier()?;
        let placed = placed(at, name);
        let (new, key) = column(&mut at)?;
        let renamed = Change::RenameColumn { table, column: old, to: new.name.clone(), folds: new.folds };
        return Some(std::iter::once(renamed).chain(new.redefined(name, key)).chain(placed).collect());
    }
    if at.eat(&["set", "schema"]) {
        let to = namespace(&at.identifier()?.0);
        return Some(vec![Change::MoveTable { table, to }]);
    }
    at.is_at_any(&WITHOUT_EFFECT).then(Vec::new)
}

fn add(mut at: Cursor<'_>, table: &str) -> Option<Vec<Change>> {
    if let Some(changes) = constraint(&mut at, table) {
        return Some(changes);
    }
    if at.eat(&["partition"]) {
        return Some(Vec::new());
    }
    at.eat(&["column"]);
    at.eat(&["if", "not", "exists"]);
    let items = at.group().map_or_else(|| vec![at], |(list, _)| list.items());
    let mut changes = Vec::new();
    for mut item in items {
        match constraint(&mut item, table) {
            Some(constraint) => changes.extend(constraint),
            None => {
                let placed = placed(item, table);
                let (column, key) = column(&mut item)?;
                changes.push(Change::AddColumn { table: table.to_owned(), column });
                changes.extend(placed);
                changes.extend(key.map(|key| Change::CreateIndex { table: table.to_owned(), key }));
            }
        }
    }
    Some(changes)
}

/// Where MySQL puts the column that is defined: `FIRST`, `AFTER other`.
fn placed(mut at: Cursor<'_>, table: &str) -> Option<Change> {
    let (column, _) = at.identifier()?;
    let (table, mut behind) = (table.to_owned(), at.last(2));
    if at.last(1).is_at(&["first"]) {
        return Some(Change::PlaceColumn { table, column, after: None });
    }
    let after = behind.eat(&["after"]).then(|| behind.identifier()).flatten()?.0;
    Some(Change::PlaceColumn { table, column, after: Some(after) })
}

fn rename(mut at: Cursor<'_>, table: String) -> Option<Vec<Change>> {
    let mut after = at;
    if after.eat_any(&["constraint", "index", "key"]) && !after.is_at(&["to"]) {
        return Some(Vec::new());
    }
    if at.eat_any(&["to", "as"]) {
        let (to, span) = at.qualified()?;
        return Some(vec![Change::RenameTable { table, to, folds: !at.is_quoted(span) }]);
    }
    at.eat(&["column"]);
    let (column, span) = at.qualified()?;
    if at.is_done() {
        return Some(vec![Change::RenameTable { table, to: column, folds: !at.is_quoted(span) }]);
    }
    let (to, span) = at.eat(&["to"]).then(|| at.identifier()).flatten()?;
    Some(vec![Change::RenameColumn { table, column, to, folds: !at.is_quoted(span) }])
}

fn alter_column(mut at: Cursor<'_>, table: String) -> Option<Vec<Change>> {
    let mut after = at;
    if after.eat_any(&["constraint", "index", "check"]) && after.rest().len() > 1 && !after.is_at_any(&["set", "drop", "type"]) {
        return Some(Vec::new());
    }
    at.eat(&["column"]);
    let (column, _) = at.identifier()?;
    let (mut required, mut has_default, mut kind) = (None, None, None);
    if at.eat(&["set", "not", "null"]) {
        required = Some(true);
    } else if at.eat(&["drop", "not", "null"]) {
        required = Some(false);
    } else if at.eat(&["set", "default"]) {
        has_default = Some(!at.is_at(&["null"]));
    } else if at.eat(&["drop", "default"]) || at.eat(&["drop", "identity"]) || at.eat(&["drop", "expression"]) {
        has_default = Some(false);
    } else if at.eat(&["add", "generated"]) {
        has_default = Some(true);
    } else if at.eat(&["type"]) || at.eat(&["set", "data", "type"]) {
        kind = Some(column_kind(&mut at));
    } else if !at.is_at_any(&["set", "reset", "restart"]) {
        return None;
    }
    Some(vec![Change::AlterColumn { table, column, required, has_default, kind, written: None }])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::facts::schema::Given;

    /// The one table the script creates, after all its changes to columns.
    fn table(text: &str) -> Table {
        let mut table = None;
        for operation in sql(text) {
            match (&operation.change, &mut table) {
                (Change::CreateTable { table: created, .. }, None) => table = Some(created.clone()),
                (change, Some(table)) => table.apply(change),
                (other, None) => panic!("{other:?} before the table"),
            }
        }
        table.expect("a table is created")
    }

    fn columns(text: &str) -> Vec<String> {
        table(text).sketch()
    }

    fn changes(text: &str) -> Vec<Change> {
        sql(text).into_iter().map(|operation| operation.change).collect()
    }

    #[test]
    fn postgres_tables() {
        let text = r#"
            CREATE TABLE IF NOT EXISTS "public"."session" (
                id uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
                "expiresAt" timestamp (3) with time zone DEFAULT now() NOT NULL,
                tags text[] DEFAULT ARRAY['a', 'b']::text[],
                role "public"."Role" DEFAULT 'user, admin' NOT NULL,
                counter bigserial,
                label character varying(255) COLLATE "C" CONSTRAINT label_key UNIQUE,
                total numeric(10, 2) GENERATED ALWAYS AS (a * b) STORED,
                nothing text DEFAULT NULL,
                key text CHECK (key IN ('a', 'b')),
                user_id text NOT NULL,
                CONSTRAINT "session_user" FOREIGN KEY (user_id) REFERENCES auth."user"(id) ON DELETE SET DEFAULT,
                UNIQUE NULLS NOT DISTINCT (key),
                CONSTRAINT pair UNIQUE (role, label)
            );"#;
        assert_eq!(
            columns(text),
            [
                "id uuid !=*",
                "expiresAt timestamp with time zone !=",
                "tags text[] =",
                "role role !=+",
                "counter bigserial !=",
                "label character varying *",
                "total numeric =",
                "nothing text",
                "key text *",
                "user_id text !>user.id",
            ]
        );
        let table = table(text);
        assert_eq!((table.name.as_str(), table.open, table.span.of(text)), ("session", false, r#""session""#));
        assert_eq!(table.columns[1].span.of(text), r#""expiresAt""#);
    }

    #[test]
    fn triggers_that_run_before_a_row_is_stored() {
        for (text, expected) in [
            (r#"CREATE TRIGGER "t" BEFORE INSERT ON "auth"."user" FOR EACH ROW EXECUTE FUNCTION "auth"."t"()"#, Some("user t")),
            ("CREATE OR REPLACE TRIGGER t BEFORE UPDATE OF a OR INSERT ON users EXECUTE PROCEDURE f()", Some("users t")),
            ("CREATE DEFINER=`root`@`%` TRIGGER t BEFORE INSERT ON user FOR EACH ROW SET NEW.a = 1", Some("user t")),
            ("CREATE TRIGGER t ON user INSTEAD OF INSERT AS SELECT 1", Some("user t")),
            ("CREATE TRIGGER t AFTER INSERT ON user FOR EACH ROW EXECUTE FUNCTION f()", None),
            ("CREATE TRIGGER t BEFORE UPDATE ON user FOR EACH ROW EXECUTE FUNCTION f()", None),
        ] {
            let made = changes(text).into_iter().find_map(|change| match change {
                Change::CreateTrigger { table, name } => Some(format!("{table} {name}")),
                _ => None,
            });
            assert_eq!(made.as_deref(), expected, "{text}");
        }
        let dropped = |text| matches!(changes(text).as_slice(), [Change::DropTrigger { name, .. }] if name == "t");
        assert!(dropped("DROP TRIGGER IF EXISTS t ON users CASCADE") && dropped("DROP TRIGGER t"));
    }

    #[test]
    fn mysql_tables() {
        let text = r"
            CREATE TABLE `account` (
                `id` int unsigned NOT NULL AUTO_INCREMENT COMMENT 'the key, unique; default',
                `kind` enum('a','b') CHARACTER SET utf8mb4 NOT NULL DEFAULT 'a',
                `key` varchar(255) NOT NULL,
                key varchar(191),
                `createdAt` timestamp(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3) NOT NULL,
                `userId` varchar(36) NULL REFERENCES `user` (`id`) ON DELETE CASCADE,
                PRIMARY KEY (`id`),
                UNIQUE KEY `kinds` (`kind`(10)),
                KEY `created` (`createdAt` DESC, `id`),
                INDEX (`userId`) USING BTREE,
                FULLTEXT KEY `words` (`key`)
            ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;";
        assert_eq!(
            columns(text),
            [
                "id int unsigned !=*",
                "kind enum !=*",
                "key varchar !",
                "key varchar",
                "createdAt timestamp !=+",
                "userId varchar +>user.id~",
            ]
        );
    }

    #[test]
    fn sqlite_tables() {
        let text = r#"create table [user] (id integer primary key, 'name', "email" text not null unique, age /* , */ INT, n references other)"#;
        assert_eq!(columns(text), ["id integer !=*", "name", "email text !*", "age int", "n  >other."]);
        assert!(!table("CREATE TABLE t (a) STRICT, WITHOUT ROWID").open);
    }

    #[test]
    fn tables_made_from_others_are_open() {
        for text in [
            "CREATE TABLE t AS SELECT 1",
            "CREATE TABLE t (a, b) AS SELECT 1, 2",
            "CREATE TABLE t (a int) INHERITS (u)",
            "CREATE TABLE t PARTITION OF u FOR VALUES IN (1)",
            "CREATE VIRTUAL TABLE t USING fts5(a)",
            "CREATE TABLE t (a int, ${columns})",
            "CREATE TABLE t (a int, b text",
        ] {
            assert!(table(text).open, "{text}");
        }
        assert_eq!(changes("CREATE TEMP TABLE t (a int); CREATE VIEW v AS SELECT 1; CREATE TYPE e AS ENUM ('a')"), []);
    }

    #[test]
    fn alterations_in_one_statement() {
        let text = r#"
            CREATE TABLE t (a int, b text NOT NULL, c text, d text, h text, i text);
            ALTER TABLE IF EXISTS ONLY public.t
                ADD COLUMN IF NOT EXISTS "e" numeric(4, 2) DEFAULT 0 NOT NULL,
                ADD f text REFERENCES u,
                ADD UNIQUE (a),
                ADD CONSTRAINT fk FOREIGN KEY (b, c) REFERENCES v (x, y),
                ALTER COLUMN b DROP NOT NULL,
                ALTER c SET DEFAULT 'x',
                ALTER COLUMN c TYPE varchar(3) USING c::varchar,
                ALTER c SET NOT NULL,
                DROP COLUMN IF EXISTS d CASCADE,
                DROP CONSTRAINT other,
                OWNER TO me;
            ALTER TABLE t RENAME COLUMN h TO key;
            ALTER TABLE t RENAME key TO j;
            ALTER TABLE t RENAME CONSTRAINT key TO other;
            ALTER TABLE t ENABLE ROW LEVEL SECURITY;
            CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS j_key ON t USING btree (j);
            CREATE UNIQUE INDEX ON t (lower(i));
            CREATE UNIQUE INDEX partial ON t (e) WHERE a > 0;
            CREATE UNIQUE INDEX whole ON t (f) WHERE (t."f" IS NOT NULL);
        "#;
        assert_eq!(
            columns(text),
            ["a int *", "b text >v.x", "c varchar !=>v.y", "j text *", "i text *", "e numeric !=+", "f text *>u."]
        );
    }

    #[test]
    fn mysql_alterations() {
        let text = "
            CREATE TABLE `t` (`a` int, `b` int, `c` int);
            ALTER TABLE `t` MODIFY COLUMN `a` varchar(10) NOT NULL UNIQUE, CHANGE `b` `d` bigint DEFAULT 1 AFTER `a`,
                ADD (`e` int, `f` int), ADD INDEX `cs` (`c`), ADD PRIMARY KEY (`c`), DROP PRIMARY KEY, DROP INDEX `x`,
                ALTER INDEX `cs` INVISIBLE, ENGINE=InnoDB;";
        assert_eq!(columns(text), ["a varchar !*", "d bigint =", "c int !+", "e int", "f int"]);
        assert_eq!(
            changes("RENAME TABLE `a` TO `b`, db.c TO d; ALTER TABLE b RENAME c"),
            [("a", "b", false), ("c", "d", true), ("b", "c", true)]
                .map(|(table, to, folds)| { Change::RenameTable { table: table.into(), to: to.into(), folds } })
        );
    }

    #[test]
    fn drops() {
        let drop = |table: &str| Change::DropTable { table: table.into() };
        assert_eq!(changes("DROP TABLE IF EXISTS \"a\", public.b CASCADE; DROP VIEW c"), [drop("a"), drop("b")]);
        let schema = |namespace: Option<&str>| Change::DropNamespace { namespace: namespace.map(str::to_owned) };
        assert_eq!(changes("DROP SCHEMA IF EXISTS public, \"Auth\" CASCADE"), [schema(None), schema(Some("auth"))]);
        let moved = |to: Option<&str>| Change::MoveTable { table: "a".into(), to: to.map(str::to_owned) };
        assert_eq!(
            changes("ALTER TABLE a SET SCHEMA \"auth\"; ALTER TABLE auth.a SET SCHEMA public; ALTER TABLE a SET LOGGED"),
            [moved(Some("auth")), moved(None)]
        );
    }

    /// A query's columns: `name=given`, with the name left out where it is that of the column.
    fn shown(selected: &[Selected]) -> String {
        let one = |one: &Selected| match (&one.given, &one.name) {
            (Given::All, _) => "*".to_owned(),
            (Given::Column(column), Some(name)) if column == name => name.clone(),
            (Given::Column(column), name) => format!("{}={column}", name.as_deref().unwrap_or("")),
            (given, name) => {
                let kind = if *given == Given::Constant { '0' } else { '?' };
                name.as_ref().map_or_else(|| kind.to_string(), |name| format!("{name}={kind}"))
            }
        };
        selected.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_a_query_gives() {
        for (query, expected) in [
            ("SELECT * FROM a", "*"),
            ("SELECT a.*, 1 AS b FROM x.a a WHERE c > 0", "* b=0"),
            (r#"SELECT "id", a.b, c AS d, e f FROM ONLY a ORDER BY 1"#, "id b d=c f=e"),
            ("SELECT NULL, '', -1, now(), CURRENT_TIMESTAMP AS t, NULL::text, CAST(NULL AS text) FROM a", "0 0 0 0 t=0 0 0"),
            ("SELECT lower(b), a || b, b::int, CAST(b AS int), coalesce(b, 0), NOT b, b IS NULL FROM a", "? ? b b ? ? ?"),
            ("SELECT DISTINCT ON (b) b, (SELECT max(c) FROM d) AS m FROM a", "? m=?"),
            ("SELECT CASE WHEN b IS DISTINCT FROM 1 THEN 1 END FROM a", "?"),
            ("SELECT a.b, 1, c.d FROM a, c", "? 0 ?"),
            ("SELECT * FROM a JOIN b USING (id)", ""),
            ("SELECT a FROM x UNION SELECT b FROM y", ""),
            ("SELECT * FROM (SELECT b FROM a) AS c", ""),
            ("TABLE a", "*"),
        ] {
            let Some(Change::WriteRows { selected, .. }) = changes(&format!("INSERT INTO t {query}")).pop() else {
                panic!("{query}")
            };
            assert_eq!(shown(&selected).replace("b=?", "?").replace("d=?", "?"), expected, "{query}");
        }
    }

    #[test]
    fn tables_take_over_what_others_have() {
        for (text, expected) in [
            ("CREATE TABLE t (LIKE u)", "u(*) not null"),
            ("CREATE TABLE t (LIKE s.u INCLUDING ALL EXCLUDING INDEXES, a int)", "u(*) not null default"),
            ("CREATE TABLE t (LIKE u INCLUDING INDEXES)", "u(*) not null keys"),
            ("CREATE TABLE t LIKE u", "u(*) not null default keys"),
            ("CREATE TABLE `t` (LIKE `u`)", "u(*) not null default keys"),
            ("CREATE TABLE t AS SELECT a, b AS c FROM u", "u(a c=b)"),
            ("CREATE TABLE t AS (SELECT * FROM u) WITH NO DATA", "u(*)"),
            ("CREATE TABLE t WITH (fillfactor = 70) AS TABLE u", "u(*)"),
            ("CREATE TABLE t SELECT * FROM u", "u(*)"),
            ("SELECT * INTO t FROM u WHERE a = 1", "u(*)"),
        ] {
            let found = changes(text);
            let Some(Change::CreateTable { table, derived: Some(derived) }) = found.first() else { panic!("{text}: {found:?}") };
            let flag = |on: bool, name: &'static str| on.then_some(name);
            let from = format!("{}({})", derived.from.as_deref().unwrap_or("?"), shown(&derived.columns));
            let flags = [flag(derived.required, "not null"), flag(derived.defaults, "default"), flag(derived.keys, "keys")];
            let parts: Vec<&str> = std::iter::once(from.as_str()).chain(flags.into_iter().flatten()).collect();
            assert_eq!((parts.join(" ").as_str(), table.open), (expected, false), "{text}");
            let filled = found.len() > 1;
            assert_eq!(filled, !text.contains("LIKE") && !text.contains("NO DATA"), "{text}");
        }
        for text in [
            "SELECT a INTO @b FROM u",
            "SELECT a INTO OUTFILE 'x' FROM u",
            "DO $$ DECLARE n int; BEGIN SELECT count(*) INTO n FROM u; END $$",
        ] {
            assert_eq!(changes(text), [], "{text}");
        }
    }

    #[test]
    fn columns_have_places_in_mysql() {
        let text = "CREATE TABLE t (a int, b int, c int); ALTER TABLE t ADD COLUMN d int AFTER a, ADD e int NOT NULL FIRST,
            MODIFY b int AFTER c, ADD first int";
        assert_eq!(
            table(text).columns.iter().map(|column| &*column.name).collect::<Vec<_>>(),
            ["e", "a", "d", "c", "b", "first"]
        );
    }

    #[test]
    fn copies_of_rows() {
        let write = |table: &str, columns: &[&str], from: &[&str]| {
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            Change::WriteRows { table: table.into(), columns: owned(columns), from: owned(from), selected: Vec::new() }
        };
        let tables = |change| match change {
            Change::WriteRows { table, columns, from, .. } => Change::WriteRows { table, columns, from, selected: Vec::new() },
            other => other,
        };
        for (text, expected) in [
            (
                r#"INSERT INTO "new_User" ("id", "name") SELECT "id", "name" FROM "User""#,
                write("new_User", &["id", "name"], &["User"]),
            ),
            ("INSERT OR IGNORE INTO t SELECT * FROM main.a JOIN b ON a.x = b.x", write("t", &[], &["a", "b"])),
            ("INSERT INTO t (SELECT * FROM a)", write("t", &[], &["a"])),
            ("INSERT INTO t (a) WITH x AS (SELECT b FROM y) SELECT b FROM x", write("t", &["a"], &["y", "x"])),
            (
                "UPDATE ONLY public.t AS u SET a = b, (c, \"d\") = (1, 2) FROM o, p WHERE u.x = 1 AND o.y = 2",
                write("t", &["a", "c", "d"], &[]),
            ),
            ("UPDATE `t` JOIN o ON t.i = o.i SET t.a = o.a", write("t", &["a"], &[])),
            ("CREATE TEMP TABLE t AS SELECT * FROM a", write("t", &[], &["a"])),
            ("DO $$ BEGIN UPDATE t SET a = 1; END $$", write("t", &["a"], &[])),
        ] {
            assert_eq!(changes(text).into_iter().map(tables).collect::<Vec<_>>(), [expected], "{text}");
        }
        let made = changes("CREATE TABLE IF NOT EXISTS s.t AS SELECT a FROM u").into_iter().map(tables);
        assert_eq!(made.skip(1).collect::<Vec<_>>(), [write("t", &[], &["u"])]);
        assert_eq!(
            changes("INSERT INTO t (a) VALUES ((SELECT x FROM y)); INSERT INTO t SELECT 1; UPDATE t; SELECT a FROM b"),
            []
        );
    }

    #[test]
    fn blocks_of_code_are_read() {
        let text = r#"
            DO $$ BEGIN
                IF NOT EXISTS (SELECT 1) THEN ALTER TABLE t ADD a int; ELSE DROP TABLE u; END IF;
                EXECUTE 'ALTER TABLE t ADD b int';
            EXCEPTION WHEN duplicate_object THEN null;
            END $$;
            CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN CREATE TABLE never (a int); END $$ LANGUAGE plpgsql;
            CREATE TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM u; END;
            -- migrate:down
            DROP TABLE t;"#;
        let found: Vec<_> = sql(text).iter().map(|operation| operation.span.of(text)).collect();
        assert_eq!(found, ["ALTER TABLE t ADD a int", "DROP TABLE u", "ALTER TABLE t ADD b int"]);
    }

    #[test]
    fn what_stands_in_a_branch_may_not_run() {
        for (text, expected) in [
            (
                "DO $$ BEGIN IF a THEN DROP TABLE b; DROP TABLE c; ELSE DROP TABLE d; END IF; DROP TABLE e; END $$",
                [false, false, false, true].as_slice(),
            ),
            (
                "DO $$ BEGIN IF a THEN IF b THEN DROP TABLE b; END IF; DROP TABLE c; END IF; DROP TABLE d; END $$",
                &[false, false, true],
            ),
            ("DO $$ BEGIN IF a THEN EXECUTE 'DROP TABLE b'; END IF; EXECUTE 'DROP TABLE c'; END $$", &[false, true]),
            (
                "DO $$ BEGIN FOR r IN SELECT 1 LOOP DROP TABLE b; END LOOP; DROP TABLE c; EXCEPTION WHEN x THEN DROP TABLE d; END $$",
                &[false, true, false],
            ),
            ("BEGIN; DROP TABLE IF EXISTS b; SELECT CASE WHEN a THEN 1 END; DROP TABLE c; END;", &[true, true]),
        ] {
            assert_eq!(sql(text).iter().map(|operation| operation.certain).collect::<Vec<_>>(), expected, "{text}");
        }
    }

    #[test]
    fn what_could_not_be_read_is_told() {
        let unknown = |table: Option<&str>| Change::Unknown { table: table.map(str::to_owned) };
        for (text, expected) in [
            ("CREATE TABLE (a int)", unknown(None)),
            ("CREATE TABLE t;", unknown(Some("t"))),
            ("ALTER TABLE t FROBNICATE a", unknown(Some("t"))),
            ("ALTER TABLE ${t} ADD a int", unknown(None)),
            ("DO $$ BEGIN EXECUTE format('ALTER TABLE %I ADD a int', t); END $$", unknown(None)),
            ("DO $$ BEGIN EXECUTE format('ALTER TABLE %I %s', t, action); END $$", unknown(None)),
            ("DO $$ BEGIN EXECUTE format('ALTER TABLE %I OWNER TO %I; DROP TABLE %I', t, o, t); END $$", unknown(None)),
            ("DO $$ BEGIN EXECUTE 'ALTER TABLE ' || t || ' DROP COLUMN a'; END $$", unknown(None)),
            // What a column that is not known needs no more.
            ("DO $$ BEGIN EXECUTE format('ALTER TABLE %I ALTER COLUMN a SET DEFAULT %L', t, v); END $$", unknown(None)),
            ("DO $$ BEGIN EXECUTE format('ALTER TABLE %I ALTER COLUMN a DROP NOT NULL', t); END $$", unknown(None)),
            ("DO $$ BEGIN EXECUTE format('ALTER TABLE %I ALTER COLUMN a DROP DEFAULT', t); END $$", unknown(None)),
            ("DO $$ BEGIN EXECUTE format('ALTER TABLE %I ALTER COLUMN a SET NOT NULL', t); END $$", unknown(None)),
            // What is put in there may be any clause.
            ("DO $$ BEGIN EXECUTE 'ALTER TABLE ' || code; END $$", unknown(None)),
            ("DO $$ BEGIN EXECUTE format('ALTER TABLE %s', code); END $$", unknown(None)),
            ("DO $$ BEGIN EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I %s', t, c, d); END $$", unknown(None)),
            ("DO $$ BEGIN EXECUTE format('ALTER TABLE %I ALTER COLUMN %I SET %s', t, c, d); END $$", unknown(None)),
            ("DO $$ BEGIN EXECUTE format('ALTER TABLE %I OWNER TO %I %s', t, o, d); END $$", unknown(None)),
            ("SET @code = IF(@x, 'SELECT 1', 'ALTER TABLE t ADD a int')", unknown(None)),
            ("INSERT INTO t VALUES ('a); CREATE TABLE u (a int);", unknown(None)),
            ("DROP SCHEMA public", unknown(None)),
        ] {
            assert_eq!(changes(text), [expected], "{text}");
        }
    }

    #[test]
    fn code_put_together_from_strings_may_leave_all_columns_as_they_are() {
        for code in [
            "format('ALTER TABLE %I.%I ALTER COLUMN %I SET STATISTICS 100', s, t, c)",
            "format('ALTER TABLE %I ADD CONSTRAINT %I FOREIGN KEY (%I) REFERENCES %I.%I (id) ON DELETE CASCADE', t, c, d, s, u)",
            "format('ALTER TABLE IF EXISTS ONLY %I DISABLE TRIGGER %I', t, c)",
            "format('ALTER TABLE %1$I ENABLE ROW LEVEL SECURITY; ALTER TABLE %1$I FORCE ROW LEVEL SECURITY', t)",
            "format($sql$ALTER TABLE public.t RENAME CONSTRAINT %I TO %I$sql$, a, b)",
            "format('ALTER TABLE %I ADD CONSTRAINT %I CHECK (a <> ''it'')', t, c)",
            "'ALTER TABLE ' || quote_ident(s) || '.' || quote_ident(t) || ' OWNER TO ' || me",
        ] {
            assert_eq!(changes(&format!("DO $x$ BEGIN EXECUTE {code}; END $x$")), [], "{code}");
        }
    }

    #[test]
    fn other_statements_change_nothing() {
        let text = "INSERT INTO t VALUES ('CREATE TABLE u (a int)'); GRANT ALL ON TABLE t TO me;
            COMMENT ON TABLE t IS 'ALTER TABLE'; CREATE EXTENSION x; ALTER TYPE e ADD VALUE 'b'; BEGIN; COMMIT;
            CREATE POLICY p ON t USING (true); SELECT 'drop it'";
        assert_eq!(changes(text), []);
    }

    #[test]
    fn hostile_input_takes_linear_time() {
        for part in [
            "(",
            "CREATE TABLE t (",
            "a[",
            "ALTER TABLE t ADD (",
            "a,",
            "CREATE TABLE t (a int);",
            "ALTER TABLE t ADD a int,",
            "update t set (",
            "a int references t (a) ",
        ] {
            let operations = sql(&format!("CREATE TABLE t ({}", part.repeat(400_000 / part.len())));
            assert!(!operations.is_empty(), "{part}");
        }
        for part in ["(", "cast(", "a::", "a,", "(select ", "a as b, ", "1::int, "] {
            let operations = sql(&format!("CREATE TABLE t AS SELECT {} FROM a", part.repeat(400_000 / part.len())));
            assert!(!operations.is_empty(), "{part}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(parts in prop::collection::vec(any_part(), 0..30)) {
            let text = parts.join(" ");
            for operation in sql(&text) {
                prop_assert!(!operation.span.of(&text).is_empty());
                if let Change::CreateTable { table, .. } = operation.change {
                    for span in table.columns.iter().map(|column| column.span).chain([table.span]) {
                        prop_assert!(operation.span.contains(span) && !span.of(&text).is_empty());
                    }
                }
            }
        }
    }

    fn any_part() -> impl Strategy<Value = String> {
        let words = "create table alter add column drop rename to index unique primary key foreign references constraint on set \
                     not null default type using check like as modify change if exists do begin then execute ( ) , ; [ ] . é \
                     'a' \"b\" `c` $$ ' /* */ -- 1 text x y insert into select from update";
        prop_oneof![prop::sample::select(words.split_whitespace().map(str::to_owned).collect::<Vec<_>>()), "\\PC{0,2}"]
    }
}
