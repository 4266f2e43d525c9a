//! The builder of [node-pg-migrate](https://salsita.github.io/node-pg-migrate/migrations/).

use super::literals::{Fields, Step, fills};
use super::{Changes, Code, Definition, builders, unqualified};
use crate::facts::lower::span;
use crate::facts::schema::{Change, Key, Operation, Reference, ddl};
use crate::syntax::typescript::nodes::Node;

/// The operations one call of the builder makes.
pub(super) fn operations<'c>(code: &Code<'c>, step: &Step<'c>) -> Vec<Operation> {
    let at = step.span();
    let values = step.values();
    let Some(first) = values.first().copied() else { return Vec::new() };
    let Some(named) = name(code, first) else { return builders::unread(step) };
    let table = unqualified(&named);
    let text = |place: usize| values.get(place).and_then(|value| code.text(*value));
    let second = values.get(1).copied();
    let owned = table.to_owned();
    let mut changes = Changes::default();
    match step.name {
        "createTable" => {
            columns(code, table, second, &mut changes);
            let mut asks_first = false;
            if let Some(options) = values.get(2) {
                let options = code.fields(*options);
                let asks = options.as_ref().and_then(|options| options.get("ifNotExists"));
                asks_first = options.is_none() || asks.is_some_and(|asks| code.flag(asks) != Some(false));
                match options.map(|options| options.get("constraints")) {
                    Some(Some(constraints)) => constrain(code, table, None, constraints, step, &mut changes),
                    Some(None) => {}
                    None => changes.open = true,
                }
            }
            return vec![Operation { asks_first, ..changes.create(table, span(first), at) }];
        }
        "dropTable" => changes.push(Change::DropTable { table: owned }, at),
        "renameTable" => changes.push(builders::rename(Some(table), text(1).as_deref()), at),
        "addColumns" | "addColumn" => columns(code, table, second, &mut changes),
        "dropColumns" | "dropColumn" => {
            let listed = second.and_then(|columns| match code.fields(columns) {
                Some(fields) => Some(fields.iter().map(|(column, ..)| column.to_owned()).collect()),
                None => code.texts(columns),
            });
            for column in changes.known(listed).unwrap_or_default() {
                changes.push(Change::DropColumn { table: owned.clone(), column }, at);
            }
        }
        "renameColumn" => {
            if let Some((column, to)) = changes.known(text(1).zip(text(2))) {
                changes.push(Change::RenameColumn { table: owned, column, to, folds: false }, at);
            }
        }
        "alterColumn" => {
            let options = values.get(2).and_then(|options| code.fields(*options));
            if let Some((column, options)) = changes.known(text(1).zip(options)) {
                let flag = |key: &str| options.get(key).and_then(|value| code.flag(value));
                let required = flag("notNull").or_else(|| flag("allowNull").map(|allowed| !allowed));
                let has_default = options.get("default").map(fills);
                let kind = options.get("type").and_then(|kind| code.text(kind)).map(|kind| ddl::kind(&kind));
                changes.push(Change::AlterColumn { table: owned, column, required, has_default, kind, written: None }, at);
            }
        }
        "createIndex" | "addIndex" => {
            let options = values.get(2).and_then(|options| code.fields(*options));
            let is_on =
                |key: &str| options.as_ref().and_then(|options| options.get(key)).is_some_and(|value| code.str(value) != "false");
            if let Some(columns) = changes.known(second.and_then(|columns| code.texts(columns))) {
                let name = options.as_ref().and_then(|options| code.text(options.get("name")?));
                changes.add_key(table, Key { name, columns, unique: is_on("unique") && !is_on("where"), primary: false }, at);
            }
        }
        "addConstraint" | "createConstraint" => match values.get(2) {
            Some(constraints) => constrain(code, table, text(1), *constraints, step, &mut changes),
            None => changes.open = true,
        },
        "dropConstraint" => {
            if let Some(name) = changes.known(text(1)) {
                changes.push(Change::DropIndex { table: Some(owned), name }, at);
            }
        }
        "alterTable" => changes.open = true,
        _ => {}
    }
    changes.alter(table, at)
}

/// `"user"` and `{ schema: "auth", name: "user" }`.
fn name<'c>(code: &Code<'c>, node: Node<'c>) -> Option<String> {
    code.text(node).or_else(|| code.text(code.fields(node)?.get("name")?))
}

/// `{ id: "id", email: { type: "text", notNull: true } }`.
fn columns<'c>(code: &Code<'c>, table: &str, given: Option<Node<'c>>, changes: &mut Changes) {
    let Some(fields) = changes.known(given.and_then(|given| code.fields(given))) else { return };
    changes.open |= fields.open;
    for (name, key, value) in fields.iter() {
        changes.add_column(table, column(code, name, key, value), span(key));
    }
}

/// A column by its type or its options; `None` where one of them could not be read.
fn column<'c>(code: &Code<'c>, name: &str, key: Node<'c>, value: Node<'c>) -> Option<Definition> {
    let made = |kind: &str| Definition::new(name, ddl::kind(kind), span(key));
    if let Some(kind) = code.text(value) {
        // A shorthand that the tool knows from the start.
        let mut made = made(if kind == "id" { "serial" } else { &kind });
        if kind == "id" {
            made.primary();
        }
        return Some(made);
    }
    let options = code.fields(value).filter(|options| !options.open)?;
    let is_on = |key: &str| code.is_on(&options, key);
    let mut made = made(&code.text(options.get("type")?)?);
    made.column.required |= is_on("notNull")?;
    let mut defaults = ["default", "sequenceGenerated", "expressionGenerated"].iter().filter_map(|key| options.get(key));
    made.column.has_default |= defaults.any(fills);
    made.column.references = reference(code, &options);
    if is_on("primaryKey")? {
        made.primary();
    }
    if is_on("unique")? {
        made.unique();
    }
    Some(made)
}

/// `references: "auth.user"`, and `onDelete` beside it; with `"user"(id)` the column is known too.
fn reference<'c>(code: &Code<'c>, options: &Fields<'c>) -> Option<Reference> {
    let written = name(code, options.get("references")?)?;
    let (table, column) = written.split_once('(').unwrap_or((&written, ""));
    let plain = |name: &str| name.trim_matches([' ', '"', ')']).to_owned();
    Some(Reference { table: plain(unqualified(table)), column: plain(column), cascades: code.cascades(options) })
}

/// `{ unique: ["a", "b"], primaryKey: "id", foreignKeys: { columns: "a", references: "b" } }`.
fn constrain<'c>(code: &Code<'c>, table: &str, name: Option<String>, given: Node<'c>, step: &Step<'c>, changes: &mut Changes) {
    let at = step.span();
    let Some(fields) = changes.known(code.fields(given)) else { return };
    for (kind, primary) in [("unique", false), ("primaryKey", true)] {
        let Some(value) = fields.get(kind) else { continue };
        // Several keys are a list of lists.
        let lists = code.elements(value).filter(|lists| lists.iter().any(|list| list.kind() == "array"));
        for list in lists.unwrap_or_else(|| vec![value]) {
            if let Some(columns) = changes.known(code.texts(list)) {
                changes.add_key(table, Key { name: name.clone(), columns, unique: true, primary }, at);
            }
        }
    }
    let foreign = fields.get("foreignKeys");
    for options in foreign.map(|value| code.elements(value).unwrap_or_else(|| vec![value])).unwrap_or_default() {
        let read =
            code.fields(options).and_then(|options| Some((code.texts(options.get("columns")?)?, reference(code, &options)?)));
        let Some((columns, references)) = changes.known(read) else { continue };
        for column in columns {
            changes.push(Change::AddForeignKey { table: table.to_owned(), column, references: references.clone() }, at);
        }
    }
}
