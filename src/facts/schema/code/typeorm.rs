//! The query runner of [TypeORM](https://typeorm.io/docs/migrations/api).

use super::literals::{Fields, Step, fills};
use super::{Changes, Code, Definition, builders, unqualified};
use crate::facts::lower::span;
use crate::facts::schema::{Change, Column, Key, Operation, Reference, ddl};
use crate::syntax::typescript::nodes::Node;

/// The operations one call of the query runner makes.
pub(super) fn operations<'c>(code: &Code<'c>, step: &Step<'c>) -> Vec<Operation> {
    let at = step.span();
    let values = step.values();
    if step.name == "clearDatabase" {
        return vec![Operation::new(Change::DropNamespace { namespace: None }, at)];
    }
    let Some(first) = values.first().copied() else { return Vec::new() };
    if step.name == "createTable" {
        return vec![create_table(code, first, step)];
    }
    let name = code.text(first);
    let Some(table) = name.as_deref().map(unqualified) else {
        return builders::unread(step);
    };
    let text = |place: usize| values.get(place).and_then(|value| code.text(*value));
    let listed = |value: Node<'c>| code.elements(value).unwrap_or_else(|| vec![value]);
    let second = values.get(1).copied();
    let owned = table.to_owned();
    let mut changes = Changes::default();
    match step.name {
        "dropTable" => changes.push(Change::DropTable { table: owned }, at),
        "renameTable" => changes.push(builders::rename(Some(table), text(1).as_deref()), at),
        "addColumn" | "addColumns" => {
            for made in changes.known(second).map(listed).unwrap_or_default() {
                changes.add_column(table, column(code, made), at);
            }
        }
        "dropColumn" | "dropColumns" => {
            let named = |columns| listed(columns).into_iter().map(|column| column_name(code, column)).collect::<Option<Vec<_>>>();
            for column in changes.known(second.and_then(named)).unwrap_or_default() {
                changes.push(Change::DropColumn { table: owned.clone(), column }, at);
            }
        }
        "renameColumn" => {
            let name = |place: usize| values.get(place).and_then(|value| column_name(code, *value));
            if let Some((column, to)) = changes.known(name(1).zip(name(2))) {
                changes.push(Change::RenameColumn { table: owned, column, to, folds: false }, at);
            }
        }
        "changeColumn" => {
            let made = values.get(2).and_then(|made| column(code, *made));
            let old = second.and_then(|old| column_name(code, old));
            if let Some((old, made)) = changes.known(old.zip(made)) {
                let Column { name, kind, .. } = made.column.clone();
                if name != old {
                    changes.push(Change::RenameColumn { table: owned.clone(), column: old, to: name.clone(), folds: false }, at);
                }
                changes.push(Change::RemakeColumn { table: owned, column: name, kind }, at);
                changes.redefine(table, Some(made), at);
            }
        }
        "createIndex" | "createIndices" | "createUniqueConstraint" | "createUniqueConstraints" => {
            for made in changes.known(second).map(listed).unwrap_or_default() {
                let fields = code.made_with(made, "TableIndex").or_else(|| code.made_with(made, "TableUnique"));
                if let Some(key) = changes.known(fields.and_then(|fields| key(code, &fields, step.name.contains("Unique")))) {
                    changes.add_key(table, key, at);
                }
            }
        }
        "createPrimaryKey" => {
            if let Some(columns) = changes.known(second.and_then(|columns| code.texts(columns))) {
                changes.add_key(table, Key { name: text(2), columns, unique: true, primary: true }, at);
            }
        }
        "createForeignKey" | "createForeignKeys" => {
            for made in changes.known(second).map(listed).unwrap_or_default() {
                foreign_keys(code, table, code.made_with(made, "TableForeignKey"), step, &mut changes);
            }
        }
        "dropIndex" | "dropUniqueConstraint" => {
            if let Some(name) = changes.known(text(1)) {
                changes.push(Change::DropIndex { table: Some(owned), name }, at);
            }
        }
        "changeColumns" | "dropPrimaryKey" | "dropIndices" | "updatePrimaryKeys" => changes.open = true,
        _ => {}
    }
    changes.alter(table, at)
}

/// `createTable(new Table({ name, columns, indices, uniques, foreignKeys }), ifNotExist)`.
fn create_table<'c>(code: &Code<'c>, made: Node<'c>, step: &Step<'c>) -> Operation {
    let at = step.span();
    let fields = code.made_with(made, "Table");
    let name = fields.as_ref().and_then(|fields| fields.get("name"));
    let (Some(fields), Some((name_at, name))) = (fields, name.and_then(|at| Some((at, code.text(at)?)))) else {
        return Operation::new(Change::Unknown { table: None }, at);
    };
    let name = unqualified(&name);
    let mut changes = Changes { open: fields.open, ..Changes::default() };
    let mut members = |key: &str| match fields.get(key).map(|list| code.elements(list)) {
        Some(None) => {
            changes.open = true;
            Vec::new()
        }
        elements => elements.flatten().unwrap_or_default(),
    };
    let (columns, uniques, indices, foreign) =
        (members("columns"), members("uniques"), members("indices"), members("foreignKeys"));
    for made in columns {
        changes.add_column(name, column(code, made), at);
    }
    for (list, unique, class) in [(uniques, true, "TableUnique"), (indices, false, "TableIndex")] {
        for made in list {
            let fields = code.fields(made).or_else(|| code.made_with(made, class));
            if let Some(key) = changes.known(fields.and_then(|fields| key(code, &fields, unique))) {
                changes.add_key(name, key, at);
            }
        }
    }
    for made in foreign {
        let fields = code.fields(made).or_else(|| code.made_with(made, "TableForeignKey"));
        foreign_keys(code, name, fields, step, &mut changes);
    }
    let asks_first = step.values().get(1).is_some_and(|asks| code.flag(*asks) != Some(false));
    Operation { asks_first, ..changes.create(name, span(name_at), at) }
}

/// The name of a column, by itself or as `new TableColumn(…)` has it.
fn column_name<'c>(code: &Code<'c>, node: Node<'c>) -> Option<String> {
    code.text(node).or_else(|| code.text(code.made_with(node, "TableColumn")?.get("name")?))
}

/// [`TableColumnOptions`](https://typeorm.io/docs/migrations/api), as an object or `new TableColumn(…)`; `None` where one
/// of them could not be read.
fn column<'c>(code: &Code<'c>, made: Node<'c>) -> Option<Definition> {
    let fields = code.fields(made).or_else(|| code.made_with(made, "TableColumn")).filter(|fields| !fields.open)?;
    let is_on = |key: &str| code.is_on(&fields, key);
    let name = fields.get("name")?;
    let kind = fields.get("type").and_then(|kind| code.text(kind)).map(|kind| ddl::kind(&kind)).unwrap_or_default();
    let mut made = Definition::new(&code.text(name)?, kind, span(name));
    let filled = ["default", "asExpression"].iter().filter_map(|key| fields.get(key)).any(fills);
    made.column.has_default |= filled || is_on("isGenerated")? || fields.get("generationStrategy").is_some();
    made.column.required = !is_on("isNullable")?;
    if is_on("isPrimary")? {
        made.primary();
    }
    if is_on("isUnique")? {
        made.unique();
    }
    Some(made)
}

fn key(code: &Code<'_>, fields: &Fields<'_>, unique: bool) -> Option<Key> {
    let columns = code.texts(fields.get("columnNames")?)?;
    let unique = unique || fields.get("isUnique").is_some_and(|value| code.flag(value) == Some(true));
    let name = fields.get("name").and_then(|name| code.text(name));
    Some(Key { name, columns, unique: unique && fields.get("where").is_none(), primary: false })
}

fn foreign_keys<'c>(code: &Code<'c>, table: &str, fields: Option<Fields<'c>>, step: &Step<'c>, changes: &mut Changes) {
    let read = fields.and_then(|fields| {
        let texts = |key: &str| fields.get(key).and_then(|value| code.texts(value));
        let target = code.text(fields.get("referencedTableName")?)?;
        Some((texts("columnNames")?, target, texts("referencedColumnNames").unwrap_or_default(), code.cascades(&fields)))
    });
    let Some((columns, target, targets, cascades)) = changes.known(read) else { return };
    let targets = targets.into_iter().chain(std::iter::repeat(String::new()));
    for (column, referenced) in columns.into_iter().zip(targets) {
        let references = Reference { table: unqualified(&target).to_owned(), column: referenced, cascades };
        changes.push(Change::AddForeignKey { table: table.to_owned(), column, references }, step.span());
    }
}
