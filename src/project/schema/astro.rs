//! The tables of Astro DB, which Drizzle is given as exports of `astro:db` (documentation of Astro: "Astro DB", "Define your
//! database").

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Layer, SourceTable};
use crate::facts::schema::{Column, Key, Table};
use crate::project::eval::Evaluator;
use crate::project::resolve::join;
use crate::project::value::{CallValue, External, Node, Object, Value};
use crate::source::Site;

/// The module of Astro DB.
const MODULE: &str = "astro:db";

/// Where an application configures it.
const CONFIGURATIONS: [&str; 4] = ["db/config.ts", "db/config.mts", "db/config.js", "db/config.mjs"];

/// The table that an export of `astro:db` is in a file of an application; `name` is the name it is known by to the adapter.
pub(super) fn table(evaluator: &Evaluator<'_>, name: &str, export: &External, at: &Site) -> Option<SourceTable> {
    if export.module != MODULE {
        return None;
    }
    let package = evaluator.package_of(&at.file);
    let tables = CONFIGURATIONS.iter().find_map(|path| {
        let configuration = evaluator.export(&Arc::from(join(&package, path)?), "default", at);
        given_to(&configuration, "defineDb")?.get(&["tables"]).cloned()
    })?;
    let node = tables.get(&[&export.name])?;
    let Value::Call(call) = &node.value else { return None };
    let options = given_to(node, "defineTable")?;
    let mut table = Table { physical: Some(export.name.clone()), ..Table::empty(name, call.callee_at.span) };
    let file = Arc::clone(&call.callee_at.file);
    let mut elsewhere = BTreeMap::new();
    match options.get(&["columns"]).and_then(Node::object) {
        Some(columns) => {
            read_columns(columns, &mut table);
            let places = columns.properties.iter().map(|column| (column.key.to_string(), Arc::clone(&column.key_at.file)));
            elsewhere.extend(places.filter(|(_, place)| *place != file));
        }
        None => table.open = true,
    }
    read_indexes(options, &mut table);
    Some(SourceTable { table, file, layer: Layer::Astro, elsewhere, in_doubt: BTreeMap::new() })
}

fn read_columns(columns: &Object, table: &mut Table) {
    table.open = !columns.open.is_empty();
    for property in &columns.properties {
        let mut column = Column { required: true, ..Column::empty(&property.key, property.key_at.span) };
        if let Value::Call(call) = &property.node.value {
            column.kind = call.callee.name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
            let option = |name: &str| call.arguments.first().and_then(|options| options.get(&[name]));
            let is_on = |name: &str| option(name).is_some_and(|on| on.value == Value::Bool(true));
            column.required = !is_on("optional");
            column.has_default = option("default").is_some();
            if is_on("primaryKey") {
                table.keys.push(Key::primary(&property.key));
            }
            if is_on("unique") {
                table.keys.push(Key::unique(&property.key));
            }
        }
        table.columns.push(column);
    }
}

/// `indexes: [{ on: ["userId", "createdAt"], unique: true }]`, or an object of them.
fn read_indexes(options: &Node, table: &mut Table) {
    let indexes: Vec<&Node> = match options.get(&["indexes"]).map(|indexes| &indexes.value) {
        Some(Value::Array(list)) => list.items.iter().map(|item| &item.node).collect(),
        Some(Value::Object(named)) => named.properties.iter().map(|one| &one.node).collect(),
        _ => Vec::new(),
    };
    for index in indexes {
        if let Some(columns) = index.get(&["on"]).and_then(Node::texts) {
            let unique = index.get(&["unique"]).is_some_and(|on| on.value == Value::Bool(true));
            table.keys.push(Key { columns, unique, name: None, primary: false });
        }
    }
}

/// The argument of a function of Astro DB whose result a value is.
fn given_to<'n>(node: &'n Node, function: &str) -> Option<&'n Node> {
    let Value::Call(call) = &node.value else { return None };
    let CallValue { callee, arguments, .. } = &**call;
    arguments.first().filter(|_| callee.module == MODULE && callee.name == function)
}
