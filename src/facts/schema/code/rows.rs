//! Calls that delete rows, and those that may read or write them.

use super::literals::{Chain, Fields, fills};
use super::{Code, unqualified};
use crate::facts::lower::{named, span};
use crate::facts::schema::{Change, Operation, namespace};
use crate::syntax::typescript::fields::NodeField;
use crate::syntax::typescript::nodes::Node;

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

/// What a chain of calls that changes no table may do to rows; `certain` tells that it runs whenever the migration does.
pub(super) fn operations<'c>(code: &Code<'c>, chain: &Chain<'c>, call: Node<'c>, certain: bool) -> Vec<Operation> {
    if let Some(name) = emptied(code, chain, call).filter(|_| certain) {
        let namespace = name.rsplit_once('.').and_then(|(prefix, _)| namespace(prefix));
        let change = Change::DeleteRows { table: unqualified(&name).to_owned() };
        return vec![Operation { namespace, ..Operation::new(change, span(call)) }];
    }
    let of_table = chain.steps.iter().filter(|step| step.arguments.is_some() && OF_TABLE.contains(&step.name));
    let mut tables: Vec<Option<Node<'c>>> = of_table.map(|step| step.values().first().copied()).collect();
    // Knex: `knex("user").select()`.
    let handle = chain.root.field(NodeField::Arguments).filter(|list| list.kind() == "arguments");
    tables.extend(handle.filter(|_| !chain.steps.is_empty()).and_then(|list| list.named_child(0)).map(Some));
    tables.extend(hands_on(chain, call).then_some(None));
    let used = |table: Option<Node<'c>>| {
        // `user as u`
        let named = table.and_then(|name| code.text(name)).map(|name| name.split(' ').next().map(unqualified).map(str::to_owned));
        Operation::new(Change::UseRows { table: named.flatten() }, span(call))
    };
    tables.into_iter().map(used).collect()
}

/// The table whose rows are all deleted, as it is named: Kysely's `db.deleteFrom("user").execute()`, Knex's
/// `knex("user").del()`, TypeORM's `queryRunner.clearTable("user")` and `createQueryBuilder().delete().from("user").execute()`,
/// Sequelize's `queryInterface.bulkDelete("user", {})`. Any other call in the chain may be a condition.
fn emptied<'c>(code: &Code<'c>, chain: &Chain<'c>, call: Node<'c>) -> Option<String> {
    let (mut table, mut deletes, mut runs) = (None, false, None);
    for step in chain.steps.iter().filter(|step| step.arguments.is_some()) {
        match (step.name, step.values().as_slice()) {
            ("clearTable", [name]) => (table, deletes, runs) = (Some(*name), true, Some(true)),
            ("bulkDelete", [name, rest @ ..]) => {
                let [conditions, options] = [rest.first(), rest.get(1)];
                let is_empty = |given: Option<&Node<'c>>, but: &[&str]| given.is_none_or(|given| takes_all(code, *given, but));
                let is_all = is_empty(conditions, &[]) && is_empty(options, &["limit", "where"]);
                (table, deletes, runs) = (Some(*name), is_all, Some(true));
            }
            ("deleteFrom", [name]) => (table, deletes, runs) = (Some(*name), true, Some(false)),
            ("from", [name]) => table = Some(*name),
            ("createQueryBuilder", []) => runs = Some(false),
            ("del" | "delete" | "truncate", []) => deletes = true,
            ("execute" | "executeTakeFirst" | "executeTakeFirstOrThrow", []) => runs = Some(true),
            _ => return None,
        }
    }
    // What lies around a call is dear to ask for: a node does not know it.
    if !deletes || !runs.unwrap_or_else(|| is_used(call)) {
        return None;
    }
    code.text(table.or_else(|| handle(code, chain, call))?)
}

/// The name in Knex's `knex("user")`, where what is called was handed to the migration.
fn handle<'c>(code: &Code<'c>, chain: &Chain<'c>, call: Node<'c>) -> Option<Node<'c>> {
    let callee = chain.root.field(NodeField::Function).filter(|callee| callee.kind() == "identifier")?;
    let list = chain.root.field(NodeField::Arguments).filter(|list| list.kind() == "arguments")?;
    let &[name] = named(list).as_slice() else { return None };
    let is_it = |parameter: Node<'_>| {
        let pattern = parameter.field(NodeField::Pattern).unwrap_or(parameter);
        code.str(pattern) == code.str(callee)
    };
    let takes_it = |around: Node<'_>| {
        let single = around.field(NodeField::Parameter);
        single.into_iter().chain(around.field(NodeField::Parameters).map(named).unwrap_or_default()).any(is_it)
    };
    std::iter::successors(call.parent(), Node::parent).any(takes_it).then_some(name)
}

/// Whether what a call gives is waited for, or handed on to who waits for it.
fn is_used(call: Node<'_>) -> bool {
    call.parent().is_some_and(|around| matches!(around.kind(), "await_expression" | "return_statement" | "arrow_function"))
}

/// Whether an object leaves no row out: `{}`, `null`, or one without these keys where some are given.
fn takes_all<'c>(code: &Code<'c>, given: Node<'c>, but: &[&str]) -> bool {
    let is_none = |fields: Fields<'c>| !fields.open && fields.iter().all(|(name, ..)| !but.is_empty() && !but.contains(&name));
    !fills(given) || code.fields(given).is_some_and(is_none)
}

/// Whether the program waits for a function that is given something it may use the database with, or told what to do there.
fn hands_on(chain: &Chain<'_>, call: Node<'_>) -> bool {
    // sql`…`.execute(db)
    let is_template = chain.root.field(NodeField::Arguments).is_some_and(|list| list.kind() == "template_string");
    let last = chain.steps.last().map_or_else(|| chain.root.field(NodeField::Arguments), |step| step.arguments);
    let given = last.filter(|list| list.kind() == "arguments").map(named).unwrap_or_default();
    let is_told = given.first().is_some_and(|value| value.kind() == "object");
    let is_given = !is_template && (is_told || given.iter().any(|value| value.kind() == "identifier"));
    is_given && call.parent().is_some_and(|around| matches!(around.kind(), "await_expression" | "return_statement"))
}
