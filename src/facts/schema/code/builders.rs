//! Which builder a chain of calls belongs to.

use std::collections::HashMap;

use super::literals::{Chain, Step};
use super::{Code, knex, kysely, pgm, sequelize, typeorm, unqualified};
use crate::facts::schema::{Change, Operation, namespace};

/// The operations a chain of calls makes.
pub(super) fn operations<'c>(code: &Code<'c>, chain: &Chain<'c>) -> Vec<Operation> {
    let schema = chain.steps.iter().position(|step| step.name == "schema" && step.arguments.is_none());
    let mut found = match schema.map(|at| at + 1).or_else(|| (code.str(chain.root) == "schema").then_some(0)) {
        Some(start) => of_schema(code, &chain.steps[start..]),
        None => of_runner(code, chain),
    };
    if !found.is_empty() {
        let prefixes = Prefixes::of(code, chain);
        found
            .iter_mut()
            .for_each(|operation| operation.namespace = operation.change.table().and_then(|name| prefixes.find(name)));
    }
    found
}

/// The schemas inside the database that a chain of calls puts tables in.
struct Prefixes {
    /// `withSchema("auth")`.
    all: Option<String>,
    /// The prefixes of names, by the names.
    written: HashMap<String, String>,
}

impl Prefixes {
    fn of<'c>(code: &Code<'c>, chain: &Chain<'c>) -> Self {
        let mut prefixes = Self { all: None, written: HashMap::new() };
        for step in &chain.steps {
            let Some(text) = step.values().first().and_then(|value| code.text(*value)) else { continue };
            if step.name == "withSchema" {
                prefixes.all = Some(text);
            } else if let Some((prefix, name)) = text.rsplit_once('.') {
                prefixes.written.insert(name.to_owned(), prefix.to_owned());
            }
        }
        prefixes
    }

    fn find(&self, table: &str) -> Option<String> {
        self.written.get(table).or(self.all.as_ref()).and_then(|prefix| namespace(prefix))
    }
}

/// Kysely and Knex both have a builder `schema`. Kysely makes one statement of a chain, Knex takes a function.
fn of_schema<'c>(code: &Code<'c>, mut steps: &[Step<'c>]) -> Vec<Operation> {
    let mut found = Vec::new();
    while let Some((step, rest)) = steps.split_first() {
        steps = rest;
        let values = step.values();
        let Some(first) = values.first().copied() else { continue };
        let name = code.text(first);
        let name = name.as_deref().map(unqualified);
        let span = step.span();
        match (step.name, name) {
            ("createIndex", index) => {
                found.push(kysely::create_index(code, index, span, rest));
                break;
            }
            ("dropIndex", Some(index)) => {
                found.extend(kysely::drop_index(code, index, span, rest));
                break;
            }
            ("createTable" | "createTableIfNotExists" | "alterTable" | "table" | "dropTable" | "dropTableIfExists", None) => {
                found.push(Operation::new(Change::Unknown { table: None }, span));
            }
            ("createTable" | "createTableIfNotExists", Some(name)) => {
                let at = crate::facts::lower::span(first);
                match values.get(1) {
                    Some(callback) => found.push(Operation {
                        asks_first: step.name == "createTableIfNotExists",
                        ..knex::table(code, name, *callback).create(name, at, span)
                    }),
                    None => {
                        found.extend(kysely::create_table(code, name, at, span, rest));
                        break;
                    }
                }
            }
            ("alterTable" | "table", Some(name)) => match values.get(1) {
                Some(callback) => found.extend(knex::table(code, name, *callback).alter(name, span)),
                None => {
                    found.extend(kysely::alter_table(code, name, span, rest));
                    break;
                }
            },
            ("dropTable" | "dropTableIfExists", Some(name)) => {
                found.push(Operation::new(Change::DropTable { table: name.to_owned() }, span));
            }
            ("renameTable", name) => {
                let to = values.get(1).and_then(|to| code.text(*to));
                found.push(Operation::new(rename(name, to.as_deref()), span));
            }
            _ => {}
        }
    }
    found
}

/// Objects a migration is given: the last call of the chain is theirs.
fn of_runner<'c>(code: &Code<'c>, chain: &Chain<'c>) -> Vec<Operation> {
    let Some((step, before)) = chain.steps.split_last() else { return Vec::new() };
    match before.last().map_or_else(|| code.str(chain.root), |step| step.name) {
        "queryRunner" => typeorm::operations(code, step),
        "queryInterface" => sequelize::operations(code, step),
        "pgm" => pgm::operations(code, step),
        _ => Vec::new(),
    }
}

/// A call on tables that are not known, where its name tells of a change.
pub(super) fn unread(step: &Step<'_>) -> Vec<Operation> {
    let changes = ["create", "add", "alter", "rename", "change", "drop", "remove"].iter().any(|verb| step.name.starts_with(verb));
    let of_table = ["Table", "Column", "Constraint", "Index", "Key"].iter().any(|part| step.name.contains(part));
    let unknown = Operation::new(Change::Unknown { table: None }, step.span());
    (changes && of_table).then_some(unknown).into_iter().collect()
}

/// A table under another name, where both are known.
pub(super) fn rename(from: Option<&str>, to: Option<&str>) -> Change {
    match (from, to) {
        (Some(from), Some(to)) => Change::RenameTable { table: from.to_owned(), to: unqualified(to).to_owned(), folds: false },
        (table, _) => Change::Unknown { table: table.map(str::to_owned) },
    }
}
