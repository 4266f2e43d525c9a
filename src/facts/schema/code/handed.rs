//! What a migration hands on to code that is not read, which may change any table.

use super::literals::{Chain, plain};
use super::{Code, files};
use crate::facts::lower::{named, span};
use crate::facts::schema::{Change, Operation};
use crate::syntax::typescript::fields::NodeField;
use crate::syntax::typescript::nodes::Node;

/// Methods that run the statement they are given.
const RUNNING: [&str; 4] = ["raw", "query", "execute", "sql"];

/// What a chain of calls may do by the hands of others: a function of another file is given what the migration changes the
/// database with (`addColumns(knex)`), or makes the statement that is run (`knex.raw(statement())`).
pub(super) fn operations<'c>(code: &Code<'c>, chain: &Chain<'c>, call: Node<'c>) -> Option<Operation> {
    let last = chain.steps.last().map_or_else(|| chain.root.field(NodeField::Arguments), |step| step.arguments);
    let given = last.filter(|list| list.kind() == "arguments").map(named)?;
    let first = plain(*given.first()?);
    let is_handle = |value: &Node<'c>| {
        let value = code.str(plain(*value));
        code.handles.iter().any(|(_, name)| *name == value)
    };
    if let Some(change) = statement_run(chain, first, &is_handle).and_then(|statement| files::run(code, statement)) {
        return Some(Operation::new(change, span(call)));
    }
    let is_name = |value: &Node<'c>| plain(*value).kind() == "identifier";
    let statement = chain.steps.last().filter(|step| RUNNING.contains(&step.name)).map(|_| first);
    let is_unread = statement.is_some_and(|statement| is_made_elsewhere(code, statement));
    if !is_unread && (statement.is_some() || !given.iter().any(is_name)) {
        return None;
    }
    // What a function of this file does is read there.
    let callee = chain.root.field(NodeField::Function).filter(|_| chain.steps.is_empty());
    let is_own = callee.is_some_and(|callee| code.functions.contains(code.str(callee)));
    let hands_on = !is_own && !is_handle(&chain.root) && given.iter().any(is_handle);
    (is_unread && is_handle(&chain.root) || statement.is_none() && hands_on)
        .then(|| Operation::new(Change::Unknown { table: None }, span(call)))
}

/// The statement that a chain runs: `knex.raw(statement)`, or `sql.raw(statement).execute(db)` of Kysely.
fn statement_run<'c>(chain: &Chain<'c>, first: Node<'c>, is_handle: &dyn Fn(&Node<'c>) -> bool) -> Option<Node<'c>> {
    let last = chain.steps.last().filter(|step| RUNNING.contains(&step.name))?;
    if is_handle(&chain.root) {
        return Some(first);
    }
    let raw = chain.steps.first().filter(|step| step.name == "raw" && last.name == "execute")?;
    raw.values().first().copied().filter(|_| is_handle(&first))
}

/// Whether a statement is what a function of another file gives, or is imported.
fn is_made_elsewhere<'c>(code: &Code<'c>, statement: Node<'c>) -> bool {
    if statement.kind() == "identifier" {
        return code.imported.contains(code.str(statement));
    }
    if statement.kind() != "call_expression" {
        return false;
    }
    let chain = Chain::of(code, statement);
    let arguments = chain.root.field(NodeField::Arguments);
    match chain.root.field(NodeField::Function) {
        Some(_) if arguments.is_some_and(|list| list.kind() == "template_string") => false,
        Some(callee) => callee.kind() == "identifier" && !code.functions.contains(code.str(callee)),
        None => code.imported.contains(code.str(chain.root)) && code.str(chain.root) != "sql",
    }
}
