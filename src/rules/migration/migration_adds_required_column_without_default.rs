//! A migration that adds a column every row must fill, to a table that has rows.

use super::steps::{Past, Step, each_past};
use crate::facts::schema::{Change, Column};
use crate::finding::Confidence;
use crate::project::{Dialect, Server};
use crate::rules::{Circumstances, Context, Reporter};

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    each_past(cx, |Past { server, stored, steps, .. }| {
        for (place, step) in steps.iter().enumerate() {
            if let Some(column) = demanded(step, &stored.table)
                && !steps[..place].iter().any(|step| empties(&step.change, &stored.table))
                && !steps[place..].iter().any(|step| relaxes(&step.change, &stored.table, &column.name))
            {
                report(cx, out, server, &stored.table, column, step);
            }
        }
    });
}

fn report(cx: &Context<'_>, out: &mut Reporter<'_>, server: &Server, table: &str, column: &Column, step: &Step) {
    let outcome = match server.adapter.dialect {
        Some(Dialect::Mysql) => "MySQL fills the rows that are there with an empty value, and says nothing",
        Some(Dialect::Postgres | Dialect::Sqlite | Dialect::Mssql) => "it fails as soon as the table has rows",
        None => "it fails as soon as the table has rows, or fills them with an empty value on MySQL",
    };
    let message = format!("adds column `{}` to table `{table}`, not null and without a default: {outcome}", column.name);
    let mut report = out.draft(step.at.clone(), message);
    if !server.declared.lookup.is_certain() {
        report.confidence = report.confidence.min(Confidence::Medium);
    }
    report.identity = vec![step.at.file.to_string(), table.to_owned(), column.name.clone()];
    report.related.push((server.at.clone(), format!("`{}` stores rows in it", server.name)));
    out.hit(cx, Circumstances { role: server.role, package: &server.package, conditions: &[] }, report);
}

/// The column a statement adds to a table, where each row must have a value and none is given.
fn demanded<'s>(step: &'s Step, name: &str) -> Option<&'s Column> {
    match &step.change {
        Change::AddColumn { table, column } if table.eq_ignore_ascii_case(name) => {
            Some(column).filter(|column| column.required && !column.has_default)
        }
        _ => None,
    }
}

/// Whether no rows may be left in a table after a statement, or they are those of another one.
fn empties(change: &Change, name: &str) -> bool {
    let may = matches!(
        change,
        Change::CreateTable { .. }
            | Change::DropTable { .. }
            | Change::DropNamespace { .. }
            | Change::DeleteRows { .. }
            | Change::UseRows { .. }
    );
    may && change.table().is_none_or(|table| table.eq_ignore_ascii_case(name))
}

/// Whether a statement takes the demand back.
fn relaxes(change: &Change, name: &str, added: &str) -> bool {
    match change {
        Change::AlterColumn { table, column, required, has_default, .. } => {
            let same = table.eq_ignore_ascii_case(name) && column.eq_ignore_ascii_case(added);
            same && (*required == Some(false) || *has_default == Some(true))
        }
        _ => false,
    }
}
