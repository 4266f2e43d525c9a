//! Calls that may read or write rows.

use tree_sitter::Node;

use super::literals::Chain;
use super::{Code, unqualified};
use crate::facts::schema::{Change, Operation};

/// Methods of query builders that take the name of a table (Kysely, Knex, Sequelize).
const OF_TABLE: [&str; 11] = [
    "selectFrom",
    "insertInto",
    "replaceInto",
    "mergeInto",
    "updateTable",
    "deleteFrom",
    "from",
    "into",
    "bulkInsert",
    "bulkUpdate",
    "bulkDelete",
];

/// What a chain of calls that changes no table may do to rows.
pub(super) fn operations<'c>(code: &Code<'c>, chain: &Chain<'c>, call: Node<'c>) -> Vec<Operation> {
    let of_table = chain.steps.iter().filter(|step| step.arguments.is_some() && OF_TABLE.contains(&step.name));
    let mut tables: Vec<Option<Node<'c>>> = of_table.map(|step| step.values().first().copied()).collect();
    // Knex: `knex("user").select()`.
    let handle = chain.root.child_by_field_name("arguments").filter(|list| list.kind() == "arguments");
    tables.extend(handle.filter(|_| !chain.steps.is_empty()).and_then(|list| list.named_child(0)).map(Some));
    tables.extend(hands_on(chain, call).then_some(None));
    let used = |table: Option<Node<'c>>| {
        // `user as u`
        let named = table.and_then(|name| code.text(name)).map(|name| name.split(' ').next().map(unqualified).map(str::to_owned));
        Operation::new(Change::UseRows { table: named.flatten() }, crate::facts::lower::span(call))
    };
    tables.into_iter().map(used).collect()
}

/// Whether the program waits for a function that is given something it may use the database with, or told what to do there.
fn hands_on(chain: &Chain<'_>, call: Node<'_>) -> bool {
    let waits = call.parent().is_some_and(|around| matches!(around.kind(), "await_expression" | "return_statement"));
    // sql`…`.execute(db)
    let is_template = chain.root.child_by_field_name("arguments").is_some_and(|list| list.kind() == "template_string");
    let last = chain.steps.last().map_or_else(|| chain.root.child_by_field_name("arguments"), |step| step.arguments);
    let given = last.filter(|list| list.kind() == "arguments").map(crate::facts::lower::named).unwrap_or_default();
    let is_told = given.first().is_some_and(|value| value.kind() == "object");
    waits && !is_template && (is_told || given.iter().any(|value| value.kind() == "identifier"))
}
