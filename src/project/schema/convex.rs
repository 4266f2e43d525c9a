//! The tables of a component of Convex that lies in the repository (documentation of `@convex-dev/better-auth`: "Local
//! install"; of Convex: "Schemas").
//!
//! Its adapter asks for tables and fields by the names better-auth has for them, and Convex takes no field that its schema
//! does not have (`createApi` and `convexAdapter` of 0.12.5). Of keys the schema tells nothing: the component looks itself
//! whether a value is there already.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Layer, SourceTable};
use crate::facts::schema::{Column, Table};
use crate::project::value::{CallValue, Node, Object, Value};

/// The tables of `defineSchema({…})`, by their names; `None` where it is not known which there are.
pub(super) fn tables(schema: &Node) -> Option<Vec<(String, SourceTable)>> {
    let tables = given_to(schema, "defineSchema")?.object().filter(|tables| tables.open.is_empty())?;
    Some(
        tables
            .properties
            .iter()
            .map(|one| (one.key.to_string(), table(&one.key, &one.node, one.conditions.is_empty())))
            .collect(),
    )
}

/// The table of `defineTable({…})`, which methods give indexes; what is not known of it is left open.
fn table(name: &str, node: &Node, is_certain: bool) -> SourceTable {
    let at = match &node.value {
        Value::Call(call) => &call.first().callee_at,
        _ => &node.at,
    };
    let fields = given_to(node, "defineTable").and_then(fields);
    let mut table =
        Table { open: !is_certain || fields.is_none_or(|fields| !fields.open.is_empty()), ..Table::empty(name, at.span) };
    let mut source = SourceTable {
        table: Table::empty(name, at.span),
        file: Arc::clone(&at.file),
        layer: Layer::Convex,
        elsewhere: BTreeMap::new(),
        in_doubt: BTreeMap::new(),
    };
    // Every document has one, which the adapter takes for `id`.
    table.columns.push(Column { required: true, has_default: true, ..Column::empty("id", at.span) });
    for field in fields.iter().flat_map(|fields| &fields.properties) {
        let mut column = Column::empty(&field.key, field.key_at.span);
        if let Value::Call(validator) = &field.node.value {
            let kind = validator.callee.name.rsplit('.').next().unwrap_or_default();
            column.kind = kind.to_ascii_lowercase();
            column.required = kind != "optional" && field.conditions.is_empty();
        }
        if field.key_at.file != source.file {
            source.elsewhere.insert(column.name.clone(), Arc::clone(&field.key_at.file));
        }
        table.columns.push(column);
    }
    source.table = table;
    source
}

/// The fields of a table: an object of validators, or a validator of such an object.
fn fields(node: &Node) -> Option<&Object> {
    match &node.value {
        Value::Call(call) if call.callee.name.ends_with("object") => call.arguments.first()?.object(),
        _ => node.object(),
    }
}

/// The first argument of a function of Convex whose result a value is, perhaps changed by methods.
fn given_to<'n>(node: &'n Node, function: &str) -> Option<&'n Node> {
    let Value::Call(call) = &node.value else { return None };
    let first: &CallValue = call.first();
    let is_it = first.callee.module == "convex/server" && first.callee.name == function;
    first.arguments.first().filter(|_| is_it)
}
