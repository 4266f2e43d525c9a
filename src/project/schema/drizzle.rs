//! Drizzle tables, read from evaluated values (documentation of the ORM: "Schema declaration").

use std::sync::Arc;

use super::{Layer, SourceTable};
use crate::facts::module::{Export, Text};
use crate::facts::schema::{Column, Table};
use crate::project::eval::Evaluator;
use crate::project::files::Files;
use crate::project::value::{CallValue, External, Node, Value};
use crate::source::Site;

/// Functions that make a table of a name and columns, as evaluation names them.
const TABLE_MAKERS: [&str; 12] = [
    "pgTable",
    "mysqlTable",
    "sqliteTable",
    "singlestoreTable",
    "pgTableCreator()",
    "mysqlTableCreator()",
    "sqliteTableCreator()",
    "singlestoreTableCreator()",
    "pgSchema().table",
    "mysqlSchema().table",
    "singlestoreSchema().table",
    "pgTable.withRLS",
];

/// Methods of a column after which a row may leave it out.
const DEFAULTS: [&str; 10] = [
    "default",
    "defaultNow",
    "defaultRandom",
    "$default",
    "$defaultFn",
    "$onUpdate",
    "$onUpdateFn",
    "autoincrement",
    "generatedAlwaysAs",
    "generatedAlwaysAsIdentity",
];

/// The table a value is, when it is one; `name` is the name it is known by to the adapter.
#[must_use]
pub fn table(evaluator: &Evaluator<'_>, name: &str, node: &Node) -> Option<SourceTable> {
    let Value::Call(call) = &node.value else { return None };
    // `.enableRLS()` and the like give the table back.
    let mut call = call;
    while !is_table_maker(call) {
        call = call.receiver.as_ref()?;
    }
    let physical = match call.arguments.first().map(|argument| &argument.value) {
        Some(Value::Text(Text::Plain(text))) => Some(text.clone()),
        _ => None,
    };
    let mut open = false;
    let columns = match call.arguments.get(1) {
        Some(columns) => columns_of(evaluator, columns, &mut open),
        None => {
            open = true;
            Vec::new()
        }
    };
    let table = Table { name: name.to_owned(), physical, columns, open, span: call.callee_at.span };
    Some(SourceTable { table, file: Arc::clone(&call.callee_at.file), layer: Layer::Drizzle })
}

fn is_table_maker(call: &CallValue) -> bool {
    call.callee.module.starts_with("drizzle-orm") && TABLE_MAKERS.contains(&call.callee.name.as_str())
}

fn columns_of(evaluator: &Evaluator<'_>, node: &Node, open: &mut bool) -> Vec<Column> {
    let built;
    let node = match &node.value {
        // `(t) => ({ id: t.text() })`
        Value::Function(function) => {
            let builders = External { module: "drizzle-orm".into(), name: "columns".into() };
            built = evaluator.call(function, vec![Node { value: Value::External(builders), at: node.at.clone() }], &node.at);
            &built
        }
        _ => node,
    };
    let Value::Object(object) = &node.value else {
        *open = true;
        return Vec::new();
    };
    *open |= !object.open.is_empty();
    object.properties.iter().map(|property| column(&property.key, &property.node, &property.key_at)).collect()
}

fn column(name: &str, node: &Node, at: &Site) -> Column {
    let mut column = Column {
        name: name.to_owned(),
        physical: None,
        kind: String::new(),
        required: false,
        has_default: false,
        unique: false,
        indexed: false,
        references: None,
        span: at.span,
    };
    let mut next = match &node.value {
        Value::Call(call) => Some(call),
        _ => None,
    };
    while let Some(call) = next {
        let method = call.callee.name.rsplit('.').next().unwrap_or("");
        match (&call.receiver, method) {
            (None, kind) => {
                column.kind = kind.to_ascii_lowercase();
                if let Some(Value::Text(Text::Plain(physical))) = call.arguments.first().map(|argument| &argument.value) {
                    column.physical = Some(physical.clone());
                }
                column.has_default |= kind.to_ascii_lowercase().ends_with("serial");
            }
            (_, "notNull") => column.required = true,
            (_, "primaryKey") => {
                column.required = true;
                column.unique = true;
            }
            (_, "unique") => column.unique = true,
            (_, default) if DEFAULTS.contains(&default) => column.has_default = true,
            _ => {}
        }
        next = call.receiver.as_ref();
    }
    column
}

/// The tables of a schema map: the keys are the names the adapter looks up. `None` when the map is not fully known.
#[must_use]
pub fn schema_map(evaluator: &Evaluator<'_>, map: &Node) -> Option<Vec<SourceTable>> {
    let object = map.object().filter(|object| object.open.is_empty())?;
    let mut tables = Vec::new();
    for property in &object.properties {
        match &property.node.value {
            Value::Unknown(_) | Value::Either(_) => return None,
            _ => tables.extend(table(evaluator, &property.key, &property.node)),
        }
    }
    (!tables.is_empty()).then_some(tables)
}

/// Every Drizzle table the repository exports, by its export name.
#[must_use]
pub fn all_tables(files: &dyn Files, evaluator: &Evaluator<'_>) -> Vec<SourceTable> {
    let mut tables = Vec::new();
    for (path, _) in files.candidates().iter().filter(|(_, signals)| signals.tables) {
        let Some(facts) = files.facts(path) else { continue };
        let Some(module) = facts.module() else { continue };
        for export in &module.exports {
            let Export::Local { name, .. } = export else { continue };
            let at = Site::new(path, crate::source::Span::default());
            tables.extend(table(evaluator, name, &evaluator.export(path, name, &at)));
        }
    }
    tables
}
