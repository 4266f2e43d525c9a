//! The schema builder of [Knex](https://knexjs.org/guide/schema-builder.html).

use super::literals::{Chain, Step};
use super::{Changes, Code, Definition, unqualified};
use crate::facts::lower::{named, span};
use crate::facts::schema::{Change, Key, Reference};
use crate::syntax::typescript::nodes::Node;

/// Methods that make a column of the type they are called after, beside those that [`kind`] gives another name.
const TYPES: [&str; 26] = [
    "integer",
    "tinyint",
    "smallint",
    "mediumint",
    "text",
    "float",
    "double",
    "decimal",
    "boolean",
    "date",
    "datetime",
    "time",
    "timestamp",
    "timestampTz",
    "geometry",
    "geography",
    "point",
    "binary",
    "json",
    "jsonb",
    "uuid",
    "enum",
    "enu",
    "bigint",
    "bigInteger",
    "string",
];

/// Methods that change nothing the review asks for.
const WITHOUT_EFFECT: [&str; 12] = [
    "comment",
    "engine",
    "charset",
    "collate",
    "check",
    "checkBetween",
    "checkIn",
    "checkLength",
    "checkPositive",
    "checkRegex",
    "dropChecks",
    "dropForeign",
];

/// What the function given to `createTable` and `alterTable` does to the table.
pub(super) fn table<'c>(code: &Code<'c>, name: &str, callback: Node<'c>) -> Changes {
    let mut changes = Changes::default();
    let Some(callback) = code.callback(callback) else {
        changes.open = true;
        return changes;
    };
    let statements = if callback.body.kind() == "statement_block" { named(callback.body) } else { vec![callback.body] };
    for statement in statements {
        let expression = match statement.kind() {
            "expression_statement" | "return_statement" => statement.parts().next(),
            _ => Some(statement),
        };
        let Some(expression) = expression else { continue };
        let chain = Chain::of(code, expression);
        match chain.steps.split_first() {
            Some((first, rest)) if code.str(chain.root) == callback.parameter => {
                step(code, name, first, rest, &mut changes);
            }
            _ => changes.open = true,
        }
    }
    changes
}

/// One statement of the function.
fn step<'c>(code: &Code<'c>, table: &str, first: &Step<'c>, rest: &[Step<'c>], changes: &mut Changes) {
    let at = first.span();
    let values = first.values();
    let text = |place: usize| values.get(place).and_then(|value| code.text(*value));
    let texts = || values.first().and_then(|value| code.texts(*value));
    let owned = table.to_owned();
    match first.name {
        "increments" | "bigIncrements" | "timestamps" => {
            for made in generated(code, first) {
                changes.add_column(table, Some(made), at);
            }
        }
        "primary" | "unique" | "index" => {
            let (unique, primary) = (first.name != "index", first.name == "primary");
            if let Some(columns) = changes.known(texts()) {
                let given = values.get(1).and_then(|options| code.text(code.fields(*options)?.get("indexName")?));
                let usual = (!primary).then(|| usual_name(table, &columns, unique));
                changes.add_key(table, Key { name: text(1).or(given).or(usual), columns, unique, primary }, at);
            }
        }
        "foreign" => {
            if let Some((columns, references)) = changes.known(texts().zip(reference(code, rest))) {
                for column in columns {
                    changes.push(Change::AddForeignKey { table: owned.clone(), column, references: references.clone() }, at);
                }
            }
        }
        "dropColumn" | "dropColumns" => {
            let columns: Option<Vec<_>> = values.iter().map(|column| code.text(*column)).collect();
            for column in changes.known(columns).unwrap_or_default() {
                changes.push(Change::DropColumn { table: owned.clone(), column }, at);
            }
        }
        "dropTimestamps" => {
            let camel = values.first().and_then(|camel| code.flag(*camel)) == Some(true);
            for column in timestamp_names(camel) {
                changes.push(Change::DropColumn { table: owned.clone(), column: column.to_owned() }, at);
            }
        }
        "renameColumn" => {
            if let Some((column, to)) = changes.known(text(0).zip(text(1))) {
                changes.push(Change::RenameColumn { table: owned, column, to, folds: false }, at);
            }
        }
        "setNullable" | "dropNullable" => {
            if let Some(column) = changes.known(text(0)) {
                let required = Some(first.name == "dropNullable");
                changes.push(
                    Change::AlterColumn { table: owned, column, required, has_default: None, kind: None, written: None },
                    at,
                );
            }
        }
        "dropPrimary" => changes.push(Change::DropIndex { table: Some(owned), name: "PRIMARY".to_owned() }, at),
        "dropUnique" | "dropIndex" => {
            let usual = texts().map(|columns| usual_name(table, &columns, first.name == "dropUnique"));
            if let Some(name) = changes.known(text(1).or(usual)) {
                changes.push(Change::DropIndex { table: Some(owned), name }, at);
            }
        }
        other if WITHOUT_EFFECT.contains(&other) => {}
        _ => {
            let mut made = column(code, first, rest);
            let keys = made.iter_mut().flat_map(|made| &mut made.keys).filter(|key| !key.primary && key.name.is_none());
            keys.for_each(|key| key.name = Some(usual_name(table, &key.columns, key.unique)));
            if rest.iter().any(|step| step.name == "alter") {
                changes.redefine(table, made, at);
            } else {
                changes.add_column(table, made, at);
            }
        }
    }
}

/// The name that Knex makes of the table, the columns and the kind for a key that is given none (documentation of Knex,
/// "Schema Builder": `unique`, `index`).
fn usual_name(table: &str, columns: &[String], unique: bool) -> String {
    let kind = if unique { "unique" } else { "index" };
    format!("{table}_{}_{kind}", columns.join("_")).to_lowercase()
}

/// A column by its type and the calls that follow; `None` where they could not be read.
fn column<'c>(code: &Code<'c>, first: &Step<'c>, rest: &[Step<'c>]) -> Option<Definition> {
    let values = first.values();
    let name = *values.first()?;
    let kind = match first.name {
        "specificType" => crate::facts::schema::ddl::kind(&code.text(*values.get(1)?)?),
        method => TYPES.contains(&method).then(|| kind(method))?,
    };
    let mut made = Definition::new(&code.text(name)?, kind, span(name));
    for step in rest {
        let first = step.values().first().copied();
        match step.name {
            "notNullable" => made.column.required = true,
            "nullable" => made.column.required = first.is_some_and(|value| code.flag(value) == Some(false)),
            "primary" => made.primary(),
            "unique" => made.unique(),
            "index" => made.keys.push(Key { unique: false, ..Key::unique(&made.column.name) }),
            "defaultTo" => made.column.has_default |= first.is_some_and(|value| value.kind() != "null"),
            "references" => made.column.references = Some(reference(code, rest)?),
            "inTable" | "onDelete" | "onUpdate" | "unsigned" | "first" | "after" | "alter" | "withKeyName" | "deferrable" => {}
            other if WITHOUT_EFFECT.contains(&other) => {}
            _ => return None,
        }
    }
    Some(made)
}

/// The type a method gives a column in the database, where it has another name there.
fn kind(method: &str) -> String {
    match method {
        "string" => "varchar".to_owned(),
        "enu" => "enum".to_owned(),
        "bigInteger" => "bigint".to_owned(),
        same => same.to_lowercase(),
    }
}

/// Columns that Knex gives a type and a name.
fn generated(code: &Code<'_>, step: &Step<'_>) -> Vec<Definition> {
    let values = step.values();
    if step.name != "timestamps" {
        let name = values.first().and_then(|name| code.text(*name)).unwrap_or_else(|| "id".to_owned());
        let mut made =
            Definition::new(&name, if step.name == "increments" { "integer" } else { "bigint" }.to_owned(), span(step.at));
        made.column.has_default = true;
        made.primary();
        return vec![made];
    }
    let options = values.first().and_then(|options| code.fields(*options));
    let is_on = |place: usize, key: &str| {
        let value = match &options {
            Some(options) => options.get(key),
            None => values.get(place).copied(),
        };
        value.is_some_and(|value| code.flag(value) == Some(true))
    };
    let filled = is_on(1, "defaultToNow");
    let made = |name: &str| {
        let mut made = Definition::new(name, "timestamp".to_owned(), span(step.at));
        (made.column.required, made.column.has_default) = (filled, filled);
        made
    };
    timestamp_names(is_on(2, "useCamelCase")).map(made).into()
}

fn timestamp_names(camel: bool) -> [&'static str; 2] {
    if camel { ["createdAt", "updatedAt"] } else { ["created_at", "updated_at"] }
}

/// `.references("id").inTable("users")` and `.references("users.id")`.
fn reference<'c>(code: &Code<'c>, steps: &[Step<'c>]) -> Option<Reference> {
    let value = |name: &str| steps.iter().find(|step| step.name == name)?.values().first().copied();
    let given = |name: &str| code.texts(value(name)?)?.into_iter().next();
    let referenced = given("references")?;
    let (table, column) = match given("inTable") {
        Some(table) => (table, referenced),
        None => referenced.rsplit_once('.').map(|(table, column)| (table.to_owned(), column.to_owned()))?,
    };
    let cascades = value("onDelete").is_some_and(|action| code.is_cascade(action));
    Some(Reference { table: unqualified(&table).to_owned(), column, cascades })
}
