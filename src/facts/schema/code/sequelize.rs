//! The query interface of [Sequelize](https://sequelize.org/docs/v6/other-topics/query-interface/).

use super::literals::{Fields, Step, fills, plain};
use super::{Changes, Code, Definition, builders, unqualified};
use crate::facts::lower::span;
use crate::facts::schema::{Change, Key, Operation, Reference};
use crate::syntax::typescript::nodes::Node;

/// The operations one call of the query interface makes.
pub(super) fn operations<'c>(code: &Code<'c>, step: &Step<'c>) -> Vec<Operation> {
    let at = step.span();
    let values = step.values();
    if step.name == "dropAllTables" && values.is_empty() {
        return vec![Operation::new(Change::DropNamespace { namespace: None }, at)];
    }
    let Some(first) = values.first().copied() else { return Vec::new() };
    let Some(named) = table_name(code, first) else { return builders::unread(step) };
    let table = unqualified(&named);
    let text = |place: usize| values.get(place).and_then(|value| code.text(*value));
    let options = |place: usize| values.get(place).and_then(|value| code.fields(*value));
    let owned = table.to_owned();
    let mut changes = Changes::default();
    match step.name {
        "createTable" => {
            if let Some(fields) = changes.known(options(1)) {
                changes.open |= fields.open;
                for (name, key, value) in fields.iter() {
                    changes.add_column(table, column(code, name, key, value), span(key));
                }
            }
            changes.open |= options(2).is_some_and(|options| options.get("uniqueKeys").is_some());
            // It always writes `IF NOT EXISTS`.
            return vec![Operation { asks_first: true, ..changes.create(table, span(first), at) }];
        }
        "dropTable" => changes.push(Change::DropTable { table: owned }, at),
        "renameTable" => changes.push(builders::rename(Some(table), text(1).as_deref()), at),
        "addColumn" | "changeColumn" => {
            let name = text(1).zip(values.get(1));
            let made = name.zip(values.get(2)).and_then(|((name, key), value)| column(code, &name, *key, *value));
            if step.name == "addColumn" {
                changes.add_column(table, made, at);
            } else {
                changes.redefine(table, made, at);
            }
        }
        "removeColumn" => {
            if let Some(column) = changes.known(text(1)) {
                changes.push(Change::DropColumn { table: owned, column }, at);
            }
        }
        "renameColumn" => {
            if let Some((column, to)) = changes.known(text(1).zip(text(2))) {
                changes.push(Change::RenameColumn { table: owned, column, to, folds: false }, at);
            }
        }
        "addIndex" => {
            // The columns stand before the options or among them.
            let listed = values.get(1).and_then(|columns| code.texts(*columns));
            let options = if listed.is_some() { options(2) } else { options(1) };
            let option = |key: &str| options.as_ref().and_then(|options| options.get(key));
            let columns = listed.or_else(|| code.texts(option("fields")?));
            if let Some(columns) = changes.known(columns) {
                let kind =
                    option("type").and_then(|kind| code.text(kind)).is_some_and(|kind| kind.eq_ignore_ascii_case("unique"));
                let unique = kind || option("unique").is_some_and(|value| code.flag(value) == Some(true));
                let name = option("name").and_then(|name| code.text(name));
                changes.add_key(table, Key { name, columns, unique: unique && option("where").is_none(), primary: false }, at);
            }
        }
        "addConstraint" => match options(1) {
            Some(options) => constrain(code, table, &options, step, &mut changes),
            None => changes.open = true,
        },
        "removeConstraint" | "removeIndex" => {
            if let Some(name) = changes.known(text(1)) {
                changes.push(Change::DropIndex { table: Some(owned), name }, at);
            }
        }
        _ => {}
    }
    changes.alter(table, at)
}

/// `"users"` and `{ tableName: "users", schema: "auth" }`.
fn table_name<'c>(code: &Code<'c>, node: Node<'c>) -> Option<String> {
    code.text(node).or_else(|| code.text(code.fields(node)?.get("tableName")?))
}

/// A column by its type or its attributes; `None` where one of them could not be read.
fn column<'c>(code: &Code<'c>, name: &str, key: Node<'c>, value: Node<'c>) -> Option<Definition> {
    let made = |name: &str, kind: Node<'c>| Definition::new(name, kind_of(code, kind), span(key));
    let Some(options) = code.fields(value) else {
        return matches!(plain(value).kind(), "member_expression" | "call_expression" | "string").then(|| made(name, value));
    };
    let is_on = |key: &str| code.is_on(&options, key);
    let field = options.get("field").and_then(|field| code.text(field));
    let mut made = made(field.as_deref().unwrap_or(name), options.get("type").filter(|_| !options.open)?);
    made.column.required = options.get("allowNull").is_some_and(|value| code.flag(value) == Some(false));
    made.column.has_default = is_on("autoIncrement")? || options.get("defaultValue").is_some_and(fills);
    made.column.references = options.get("references").and_then(|target| reference(code, target, "model", "key", &options));
    if is_on("primaryKey")? {
        made.primary();
    }
    // A name makes a key over all columns that give it.
    match options.get("unique") {
        Some(unique) if code.flag(unique).is_none() => return None,
        Some(unique) if code.flag(unique) == Some(true) => made.unique(),
        _ => {}
    }
    Some(made)
}

/// `Sequelize.STRING(255)` as databases call it.
fn kind_of<'c>(code: &Code<'c>, node: Node<'c>) -> String {
    if let Some(kind) = code.text(node) {
        return crate::facts::schema::ddl::kind(&kind);
    }
    let written = code.str(node).split('(').next().unwrap_or("");
    let name = unqualified(written).to_ascii_lowercase();
    match name.as_str() {
        "string" => "varchar".to_owned(),
        "date" => "timestamp".to_owned(),
        "dateonly" => "date".to_owned(),
        _ => name,
    }
}

fn reference<'c>(code: &Code<'c>, target: Node<'c>, table: &str, column: &str, options: &Fields<'c>) -> Option<Reference> {
    let target = code.fields(target)?;
    let table = table_name(code, target.get(table)?)?;
    let column = target.get(column).and_then(|column| code.text(column)).unwrap_or_default();
    Some(Reference { table: unqualified(&table).to_owned(), column, cascades: code.cascades(options) })
}

/// `{ fields: ["a"], type: "unique", name, references: { table, field } }`.
fn constrain<'c>(code: &Code<'c>, table: &str, options: &Fields<'c>, step: &Step<'c>, changes: &mut Changes) {
    let at = step.span();
    let text = |key: &str| options.get(key).and_then(|value| code.text(value));
    let columns = options.get("fields").and_then(|columns| code.texts(columns));
    let Some((columns, kind)) = changes.known(columns.zip(text("type"))) else { return };
    match kind.to_ascii_lowercase().as_str() {
        "unique" => changes.add_key(table, Key { name: text("name"), columns, unique: true, primary: false }, at),
        "primary key" => changes.add_key(table, Key { name: text("name"), columns, unique: true, primary: true }, at),
        "foreign key" => {
            let read = options.get("references").and_then(|target| reference(code, target, "table", "field", options));
            let Some(references) = changes.known(read) else { return };
            for column in columns {
                changes.push(Change::AddForeignKey { table: table.to_owned(), column, references: references.clone() }, at);
            }
        }
        _ => {}
    }
}
