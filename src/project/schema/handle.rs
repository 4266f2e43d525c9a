//! What a database handle of Drizzle is made with, and which schema map its adapter is given.

use crate::facts::specifier::split_package_name;
use crate::project::Adapter;
use crate::project::predicate::covers;
use crate::project::value::{CallValue, Lookup, Node, Unknown, Value};

/// Entry points of Drizzle whose `drizzle` takes a client first, whatever that is, and options after it. The others take
/// options in the place of the client as well, where they are a plain object (drizzle-orm 0.44, `drizzle` of each driver).
const CLIENT_FIRST: [&str; 10] = [
    "d1",
    "durable-sqlite",
    "expo-sqlite",
    "mysql-proxy",
    "op-sqlite",
    "pg-proxy",
    "singlestore-proxy",
    "sql-js",
    "sqlite-proxy",
    "xata-http",
];

/// Packages of drivers, whose functions and objects are clients (documentation of the ORM: "Database connection").
const DRIVERS: [&str; 13] = [
    "@electric-sql/pglite",
    "@libsql/client",
    "@neondatabase/serverless",
    "@planetscale/database",
    "@tidbcloud/serverless",
    "@vercel/postgres",
    "better-sqlite3",
    "bun",
    "bun:sqlite",
    "mysql2",
    "node:sqlite",
    "pg",
    "postgres",
];

/// The options a handle is made with.
pub(super) enum Options<'n> {
    /// There are none.
    Absent,
    /// This argument; it may be a client where that is not known.
    Given(&'n Node),
    /// They cannot be told from the other arguments.
    Unknown,
}

/// The options of a call of `drizzle`; `None` for any other call.
pub(super) fn options(call: &CallValue) -> Option<Options<'_>> {
    let driver = call.callee.module.strip_prefix("drizzle-orm/").filter(|driver| !driver.starts_with("prisma/"))?;
    if call.callee.name != "drizzle" {
        return None;
    }
    Some(match call.arguments.as_slice() {
        _ if !call.open.is_empty() => Options::Unknown,
        [] => Options::Absent,
        [client] if CLIENT_FIRST.contains(&driver) || is_client(client) => Options::Absent,
        [.., last] => Options::Given(last),
    })
}

/// Whether an argument is an address, be it not known which, or the client of a driver, so that it holds no options.
fn is_client(node: &Node) -> bool {
    let of_driver = |module: &str| DRIVERS.contains(&split_package_name(module).0);
    match &node.value {
        Value::Text(_) | Value::Env(_) => true,
        Value::Call(call) => call.new || of_driver(&call.callee.module),
        Value::External(external) => of_driver(&external.module),
        Value::Unknown(why) => why.is_text,
        Value::Either(alternatives) => alternatives.iter().all(|alternative| is_client(&alternative.node)),
        _ => false,
    }
}

/// The schema map of an adapter.
pub(super) enum Given<'n> {
    /// This one.
    Map(&'n Node),
    /// None, and nothing else to find tables by.
    Nothing,
    /// There may be one.
    Unknown(Unknown),
}

/// The map an adapter is given by its option `schema`, else by the `schema` its handle is made with (`config.schema ||
/// db._.fullSchema` in the adapter). Of several under conditions it is one where they are the same, or only one is there.
pub(super) fn schema_map(adapter: &Adapter) -> Given<'_> {
    let option = adapter.options.as_ref().map_or(Lookup::Absent, |options| options.lookup(&["schema"]));
    let (open, given) = match &option {
        Lookup::Found(found) => match found.as_slice() {
            [one] if one.conditions.is_empty() => (None, (!is_nothing(one.node)).then_some(one.node)),
            [one, others @ ..] if covers(found) && others.iter().all(|other| is_same(one.node, other.node)) => {
                (None, (!is_nothing(one.node)).then_some(one.node))
            }
            [one, ..] => (Some(Unknown::new("a condition decides on the option `schema`", one.node.at.clone())), None),
            [] => (None, None),
        },
        Lookup::Absent => (None, None),
        Lookup::Unknown(why) => (why.first().cloned(), None),
    };
    let handle = || match &adapter.handle {
        Some(handle) => of_handle(handle),
        None => Given::Unknown(Unknown::new("it is given no database", adapter.at.clone())),
    };
    match (given, handle()) {
        (Some(map), _) | (None, Given::Map(map)) => Given::Map(map),
        (None, of_handle) => open.map_or(of_handle, Given::Unknown),
    }
}

/// Whether two maps are one.
fn is_same(one: &Node, other: &Node) -> bool {
    one.value == other.value
}

fn is_nothing(node: &Node) -> bool {
    matches!(node.value, Value::Undefined | Value::Null)
}

fn of_handle(handle: &Node) -> Given<'_> {
    let unknown = |node: &Node| {
        let why = node.why_unknown().unwrap_or_else(|| Unknown::new("how its database is made is not followed", node.at.clone()));
        Given::Unknown(why)
    };
    match &handle.value {
        Value::Call(call) => {
            if let Some(map) = call.arguments.iter().find_map(|argument| argument.get(&["schema"])).filter(|map| !is_nothing(map))
            {
                return Given::Map(map);
            }
            match options(call) {
                Some(Options::Absent) => Given::Nothing,
                // Relations bring the tables along.
                Some(Options::Given(options)) => match (options.lookup(&["schema"]), options.lookup(&["relations"])) {
                    (Lookup::Absent, Lookup::Absent) if options.object().is_some() => Given::Nothing,
                    (Lookup::Found(found), Lookup::Absent) if found.iter().all(|one| is_nothing(one.node)) => Given::Nothing,
                    _ => unknown(options),
                },
                Some(Options::Unknown) | None => unknown(handle),
            }
        }
        Value::Either(alternatives) => {
            // Nothing is found where there is no handle yet.
            let handles = alternatives.iter().map(|alternative| &alternative.node).filter(|node| !is_nothing(node));
            let mut each: Vec<Given<'_>> = handles.map(of_handle).collect();
            let maps = || each.iter().filter_map(|one| if let Given::Map(map) = one { Some(*map) } else { None });
            if let Some(other) = maps().find(|other| maps().any(|map| !is_same(map, other))) {
                return Given::Unknown(Unknown::new("a condition decides on the schema of its database", other.at.clone()));
            }
            let map = each.iter().position(|one| matches!(one, Given::Map(_)));
            let open = || each.iter().position(|one| matches!(one, Given::Unknown(_)));
            map.or_else(open).map_or(Given::Nothing, |place| each.swap_remove(place))
        }
        _ => unknown(handle),
    }
}
