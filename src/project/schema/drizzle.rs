//! Drizzle tables, read from evaluated values (documentation of the ORM: "Schema declaration").

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::casing::Casing;
use super::{Layer, SourceTable, astro};
use crate::facts::module::{Export, Text};
use crate::facts::schema::{Column, Filled, Key, Reference, Table, namespace};
use crate::project::eval::Evaluator;
use crate::project::files::Files;
use crate::project::value::composite::Composite;
use crate::project::value::{CallValue, External, Node, Object, Property, Value};
use crate::source::{Site, Span};

/// Functions that make a table of a name and columns, as evaluation names them.
const TABLE_MAKERS: [&str; 14] = [
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
    "snakeCase.table",
    "camelCase.table",
];

/// Methods of a column after which a row may leave it out.
const DEFAULTS: [&str; 11] = [
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
    "generatedByDefaultAsIdentity",
];

/// The table a value is, when it is one; `name` is the name it is known by to the adapter.
#[must_use]
pub fn table(evaluator: &Evaluator<'_>, name: &str, node: &Node) -> Option<SourceTable> {
    let Value::Call(call) = &node.value else { return None };
    let call = maker(call)?;
    let mut table = Table {
        physical: name_in_database(evaluator, call),
        stem: text(call.arguments.first()).filter(|_| is_of_creator(call)),
        namespace: namespace_of(call),
        open: call.arguments.len() < 2,
        ..Table::empty(name, call.callee_at.span)
    };
    let file = Arc::clone(&call.callee_at.file);
    let mut elsewhere = BTreeMap::new();
    if let Some(columns) = call.arguments.get(1) {
        let places = read_columns(evaluator, columns, &mut table);
        elsewhere.extend(places.into_iter().filter(|(_, place)| *place != file));
    }
    if let Some(extras) = call.arguments.get(2) {
        read_extras(evaluator, extras, &mut table);
    }
    if let Some(casing) = Casing::of_maker(&call.callee.name) {
        casing.name_columns(&mut table);
    }
    Some(SourceTable { table, file, layer: Layer::Drizzle, elsewhere, in_doubt: BTreeMap::new() })
}

/// The call that makes the table a value is: `.enableRLS()` and the like give the table back.
fn maker(call: &CallValue) -> Option<&CallValue> {
    std::iter::successors(Some(call), |call| call.receiver.as_deref()).find(|call| is_table_maker(call))
}

fn is_table_maker(call: &CallValue) -> bool {
    call.callee.module.starts_with("drizzle-orm") && TABLE_MAKERS.contains(&call.callee.name.as_str())
}

/// What the table a value is stands for, when it is one: its file, and its name as it is written there, where it is.
#[must_use]
pub fn reference(call: &CallValue) -> Option<(&Arc<str>, Option<String>)> {
    maker(call).map(|maker| (&maker.callee_at.file, text(maker.arguments.first())))
}

/// Whether a creator made what makes the table: `pgTableCreator((name) => …)`.
fn is_of_creator(call: &CallValue) -> bool {
    call.callee.name.ends_with("TableCreator()")
}

/// The first argument of the table maker; a creator turns it into the name with a function of its own (documentation of
/// the ORM: "Goodies", "Multi-project schema").
fn name_in_database(evaluator: &Evaluator<'_>, call: &CallValue) -> Option<String> {
    let name = call.arguments.first()?;
    match (&call.receiver, is_of_creator(call)) {
        (Some(creator), true) => match &creator.arguments.first()?.value {
            Value::Function(function) => text(Some(&evaluator.call(function, vec![name.clone()], &name.at))),
            _ => None,
        },
        _ => text(Some(name)),
    }
}

/// The schema inside the database: `auth` of `pgSchema("auth").table(…)`.
fn namespace_of(call: &CallValue) -> Option<String> {
    let schema = call.receiver.as_ref().filter(|receiver| receiver.callee.name.ends_with("Schema"))?;
    namespace(&text(schema.arguments.first())?)
}

/// Reads the columns; gives back in which file each is written.
fn read_columns(evaluator: &Evaluator<'_>, node: &Node, table: &mut Table) -> Vec<(String, Arc<str>)> {
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
        table.open = true;
        return Vec::new();
    };
    table.open |= !object.open.is_empty();
    for property in &object.properties {
        let (column, keys) = column(&property.key, &property.node, &property.key_at);
        table.columns.push(column);
        table.keys.extend(keys);
    }
    let place = |property: &Property| (property.key.to_string(), Arc::clone(&property.key_at.file));
    object.properties.iter().map(place).collect()
}

/// A column and the keys its own methods make.
fn column(name: &str, node: &Node, at: &Site) -> (Column, Vec<Key>) {
    let mut column = Column::empty(name, at.span);
    let mut keys = Vec::new();
    let mut next = match &node.value {
        Value::Call(call) => Some(call),
        _ => None,
    };
    while let Some(call) = next {
        match (&call.receiver, method(call)) {
            (None, kind) => {
                column.kind = kind.to_ascii_lowercase();
                column.physical = text(call.arguments.first());
                column.has_default |= kind.to_ascii_lowercase().ends_with("serial");
                column.definition.native = native(&column.kind, call);
                let options = call.arguments.last();
                column.as_text = options.and_then(|options| options.text(&["mode"])) == Some("string");
            }
            // `pgEnum("name", […])("column")` and `customType({…})("column")`: what they give back makes the column.
            (Some(_), made) if made.ends_with("()") => {
                column.kind = made.trim_end_matches("()").to_ascii_lowercase();
                column.physical = text(call.arguments.first());
                let named = call.receiver.as_ref().filter(|_| made == "pgEnum()").and_then(|made| text(made.arguments.first()));
                column.definition.native = named.map(|name| format!("\"{name}\""));
                break;
            }
            (_, "notNull") => column.required = true,
            (_, "primaryKey") => {
                column.required = true;
                keys.push(Key::primary(name));
                let options = call.arguments.first();
                if options.and_then(|options| options.get(&["autoIncrement"])).is_some_and(|on| on.value == Value::Bool(true)) {
                    column.definition.default = Some(Filled::Counted);
                }
            }
            (_, "array") => column.definition.list = true,
            (_, "unique") => keys.push(Key { name: text(call.arguments.first()), ..Key::unique(name) }),
            (_, "references") => {
                let on_delete = call.arguments.get(1).and_then(|options| options.text(&["onDelete"]));
                // The target is a function that is evaluated late, since tables may refer to each other.
                let cascades = on_delete == Some("cascade");
                column.references = Some(Reference { table: String::new(), column: String::new(), cascades });
                column.definition.actions = call.arguments.get(1).map(actions);
            }
            (_, default) if DEFAULTS.contains(&default) => {
                column.has_default = true;
                if let Some(filled) = filled(default, call) {
                    column.definition.default = Some(filled);
                }
            }
            _ => {}
        }
        next = call.receiver.as_ref();
    }
    (column, keys)
}

/// The type with its arguments, where the options of a builder give some.
fn native(kind: &str, call: &CallValue) -> Option<String> {
    if let ("mysqlenum", Some(Value::Array(array))) = (kind, call.arguments.last().map(|values| &values.value)) {
        let value = |node: &Node| Some(format!("'{}'", text(Some(node))?.replace('\'', "''")));
        let values: Vec<String> = array.items.iter().map(|item| value(&item.node)).collect::<Option<_>>()?;
        return Some(format!("enum({})", values.join(", ")));
    }
    let options = call.arguments.last()?;
    let number = |name: &str| match options.get(&[name])?.value {
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let is_on = |name: &str| options.get(&[name]).is_some_and(|on| on.value == Value::Bool(true));
    let size = ["length", "precision", "fsp"].into_iter().find_map(number);
    let size = size.map(|size| number("scale").map_or_else(|| format!("({size})"), |scale| format!("({size}, {scale})")));
    let zone = if is_on("withTimezone") { " with time zone" } else { "" };
    let unsigned = if is_on("unsigned") { " unsigned" } else { "" };
    let more = format!("{}{zone}{unsigned}", size.unwrap_or_default());
    (!more.is_empty()).then(|| format!("{kind}{more}"))
}

/// What the database fills in by a method of a column; `None` where the ORM does so.
fn filled(method: &str, call: &CallValue) -> Option<Filled> {
    match method {
        "defaultNow" => Some(Filled::Now),
        "defaultRandom" => Some(Filled::Sql("gen_random_uuid()".into())),
        "autoincrement" | "generatedByDefaultAsIdentity" => Some(Filled::Counted),
        "default" => Some(match call.arguments.first().map(|given| &given.value) {
            Some(Value::Bool(value)) => Filled::Sql(value.to_string()),
            Some(Value::Number(value)) => Filled::Sql(value.to_string()),
            Some(Value::Text(Text::Plain(value))) => Filled::text(value),
            Some(Value::Call(made)) if made.callee.name == "sql" => {
                text(made.arguments.first()).map_or(Filled::Unknown, Filled::Sql)
            }
            _ => Filled::Unknown,
        }),
        _ if method.starts_with("generated") => Some(Filled::Unknown),
        _ => None,
    }
}

/// What the options of a reference say happens to the row: `on delete set null`.
fn actions(options: &Node) -> String {
    let action = |option: &str, sql: &str| options.text(&[option]).map(|action| format!("{sql} {action}"));
    [action("onDelete", "on delete"), action("onUpdate", "on update")].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn method(call: &CallValue) -> &str {
    call.callee.name.rsplit('.').next().unwrap_or("")
}

fn text(node: Option<&Node>) -> Option<String> {
    match &node?.value {
        Value::Text(Text::Plain(text)) => Some(text.clone()),
        _ => None,
    }
}

/// The keys of the third argument of a table: `(table) => [index("name").on(table.column), …]`, or an object of them.
fn read_extras(evaluator: &Evaluator<'_>, node: &Node, table: &mut Table) {
    let built;
    let node = match &node.value {
        Value::Function(function) => {
            // Each column stands for itself by its name.
            let column = |column: &Column| Property {
                key: column.name.as_str().into(),
                key_at: node.at.clone(),
                node: Node { value: Value::Text(Text::Plain(column.name.clone())), at: node.at.clone() },
                conditions: Vec::new(),
            };
            let columns = Object { properties: table.columns.iter().map(column).collect(), ..Object::default() };
            built = evaluator.call(function, vec![Node { value: columns.into(), at: node.at.clone() }], &node.at);
            &built
        }
        _ => node,
    };
    let extras: Vec<&Node> = match &node.value {
        Value::Array(array) => array.items.iter().map(|item| &item.node).collect(),
        Value::Object(object) => object.properties.iter().map(|property| &property.node).collect(),
        _ => Vec::new(),
    };
    for extra in extras {
        let Value::Call(call) = &extra.value else { continue };
        read_extra(call, table);
    }
}

/// `unique("name").on(a, b)`, `primaryKey({ columns: [a, b] })`, `foreignKey({ columns: [a], … }).onDelete("cascade")`.
fn read_extra(call: &CallValue, table: &mut Table) {
    let mut columns: Vec<String> = Vec::new();
    let (mut condition, mut cascades) = (None, false);
    let mut maker = call;
    loop {
        match method(maker) {
            name @ ("on" | "onOnly" | "using") => {
                // The method of the index comes first.
                let listed = maker.arguments.iter().skip(usize::from(name == "using"));
                // What is not known is taken for another column.
                columns.extend(listed.map(|one| indexed(one).unwrap_or_else(|| "…".into())));
            }
            "where" => condition = Some(maker.arguments.first().and_then(condition_of).unwrap_or_default()),
            "onDelete" => cascades = text(maker.arguments.first()).as_deref() == Some("cascade"),
            _ => {}
        }
        let Some(receiver) = &maker.receiver else { break };
        maker = receiver;
    }
    if let Some(listed) = maker.arguments.first().and_then(|options| options.get(&["columns"]))
        && let Value::Array(array) = &listed.value
    {
        columns.extend(array.items.iter().filter_map(|item| text(Some(&item.node))));
    }
    let (unique, primary) = match method(maker) {
        "unique" | "uniqueIndex" => (true, false),
        "primaryKey" => (true, true),
        "index" => (false, false),
        "foreignKey" => {
            for column in table.columns.iter_mut().filter(|column| columns.contains(&column.name)) {
                column.references = Some(Reference { table: String::new(), column: String::new(), cascades });
            }
            return;
        }
        _ => return,
    };
    let key = Key { name: text(maker.arguments.first()), columns, unique, primary };
    // As a script of SQL would have it there.
    table.keys.push(match condition {
        Some(condition) => key.over(&condition),
        None => key,
    });
}

/// The condition of an index as SQL, as far as it is known.
fn condition_of(argument: &Node) -> Option<String> {
    match &argument.value {
        Value::Call(call) if call.callee.name == "isNull" => Some(format!("{} is null", text(call.arguments.first())?)),
        Value::Call(call) if call.callee.name == "isNotNull" => Some(format!("{} is not null", text(call.arguments.first())?)),
        _ => indexed(argument),
    }
}

/// What an index is over: a column by its name, in whatever order, or an expression as SQL.
fn indexed(argument: &Node) -> Option<String> {
    let Value::Call(call) = &argument.value else { return text(Some(argument)) };
    let made = std::iter::successors(Some(call), |call| call.receiver.as_ref()).last()?;
    match method(made) {
        "sql" | "asc" | "desc" => text(made.arguments.first()),
        _ => None,
    }
}

/// The Drizzle tables the repository exports, by the calls that make them.
#[derive(Debug, Default)]
pub(super) struct Exported {
    /// By the address of a call, which is kept so that no other gets it: the call, and the table it makes.
    calls: HashMap<usize, (Composite<CallValue>, SourceTable)>,
}

impl Exported {
    /// Finds the tables, by their export names.
    pub(super) fn read(files: &dyn Files, evaluator: &Evaluator<'_>) -> (Self, Vec<SourceTable>) {
        let (mut exported, mut tables) = (Self::default(), Vec::new());
        let candidates = files.candidates().iter().filter(|(_, signals)| signals.tables);
        let paths: Vec<_> = candidates.map(|(path, _)| Arc::clone(path)).collect();
        files.prepare(&paths);
        for path in &paths {
            let Some(facts) = files.facts(path) else { continue };
            let Some(module) = facts.module() else { continue };
            evaluator.begin();
            for export in &module.exports {
                let Export::Local { name, .. } = export else { continue };
                let node = evaluator.export(path, name, &Site::new(path, Span::default()));
                let Value::Call(call) = &node.value else { continue };
                let Some(table) = table(evaluator, name, &node) else { continue };
                exported.calls.insert(call.address(), (call.clone(), table.clone()));
                tables.push(table);
            }
        }
        (exported, tables)
    }

    /// The tables of a schema map: the keys are the names the adapter looks up. `None` when it is not known which keys there
    /// are; of a value that is not known only its key is.
    pub(super) fn of_map(&self, evaluator: &Evaluator<'_>, map: &Node) -> Option<Vec<SourceTable>> {
        let object = map.object().filter(|object| object.open.is_empty())?;
        let mut of_map = Vec::new();
        for Property { key, node, .. } in &object.properties {
            let unknown = || {
                let table = Table { open: true, ..Table::empty(key, node.at.span) };
                SourceTable {
                    table,
                    file: Arc::clone(&node.at.file),
                    layer: Layer::Drizzle,
                    elsewhere: BTreeMap::new(),
                    in_doubt: BTreeMap::new(),
                }
            };
            of_map.extend(match &node.value {
                Value::Unknown(_) | Value::Either(_) => Some(unknown()),
                Value::External(export) => astro::table(evaluator, key, export, &node.at).or_else(|| Some(unknown())),
                Value::Call(call) => match self.calls.get(&call.address()) {
                    Some((_, known)) => {
                        let mut table = known.clone();
                        table.table.name = key.to_string();
                        Some(table)
                    }
                    // What code outside makes may be a table as well, unless the ORM itself makes something else.
                    None => table(evaluator, key, node).or_else(|| (!call.callee.module.starts_with("drizzle-")).then(unknown)),
                },
                _ => None,
            });
        }
        (!of_map.is_empty()).then_some(of_map)
    }
}
