//! A migration that adds a column every row must fill, to a table that has rows.

use super::steps::{Past, Step, each_past};
use crate::facts::schema::{Change, Column};
use crate::finding::Confidence;
use crate::project::{Dialect, Server};
use crate::rules::{Circumstances, Context, Reporter};

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    each_past(cx, |Past { server, stored, steps, .. }| {
        for (place, step) in steps.iter().enumerate() {
            let Some(column) = empty_column(step, &stored.table) else { continue };
            if steps[..place].iter().any(|step| empties(&step.change, &stored.table)) {
                continue;
            }
            let later = &steps[place + 1..];
            if !column.required {
                if let Some(demand) = demand(later, &stored.table, &column.name) {
                    report(cx, out, server, &stored.table, column, Found { demand, at_once: false });
                }
            } else if !later.iter().any(|step| relaxes(&step.change, &stored.table, &column.name)) {
                report(cx, out, server, &stored.table, column, Found { demand: step, at_once: true });
            }
        }
    });
}

/// A column that no row of the table can fill.
struct Found<'s> {
    /// The statement that forbids null.
    demand: &'s Step,
    /// It is the one that adds the column.
    at_once: bool,
}

fn report(cx: &Context<'_>, out: &mut Reporter<'_>, server: &Server, table: &str, column: &Column, found: Found<'_>) {
    let Found { demand, at_once } = found;
    let fails = "it fails as soon as the table has rows";
    let outcome = match server.adapter.dialect {
        Some(Dialect::Mysql) if at_once => "MySQL fills the rows that are there with an empty value, and says nothing".to_owned(),
        None if at_once => format!("{fails}, or fills them with an empty value on MySQL"),
        Some(Dialect::Mysql) => format!("{fails}, or fills them with an empty value where the strict mode of MySQL is off"),
        _ => fails.to_owned(),
    };
    let name = &column.name;
    let message = match at_once {
        true => format!("adds column `{name}` to table `{table}`, not null and without a default: {outcome}"),
        false => format!("forbids null in column `{name}` of table `{table}`, which is added without values: {outcome}"),
    };
    let mut report = out.draft(demand.at.clone(), message);
    if !server.declared.lookup.is_certain() {
        report.confidence = report.confidence.min(Confidence::Medium);
    }
    report.identity = vec![demand.at.file.to_string(), table.to_owned(), name.clone()];
    report.related.push((server.at.clone(), format!("`{}` stores rows in it", server.name)));
    out.hit(cx, Circumstances { role: server.role, package: &server.package, conditions: &[] }, report);
}

/// The column a statement adds to a table, where it gives the rows no value.
fn empty_column<'s>(step: &'s Step, name: &str) -> Option<&'s Column> {
    match &step.change {
        Change::AddColumn { table, column } if table.eq_ignore_ascii_case(name) => {
            Some(column).filter(|column| !column.has_default)
        }
        _ => None,
    }
}

/// The statement that forbids null in a column that was added empty, where nothing may have filled it before. A default
/// that is set later fills none of the rows that are there.
fn demand<'s>(later: &[&'s Step], name: &str, added: &str) -> Option<&'s Step> {
    let is_about = |table: &str| table.eq_ignore_ascii_case(name);
    let is_it = |column: &String| column.eq_ignore_ascii_case(added);
    for step in later {
        match &step.change {
            Change::AlterColumn { table, column, required: Some(true), .. } if is_about(table) && is_it(column) => {
                return Some(step);
            }
            Change::WriteRows { table, columns, .. } if is_about(table) && (columns.is_empty() || columns.iter().any(is_it)) => {
                return None;
            }
            Change::DropColumn { table, column }
            | Change::RemakeColumn { table, column, .. }
            | Change::RenameColumn { table, column, .. }
                if is_about(table) && is_it(column) =>
            {
                return None;
            }
            Change::RenameTable { table, .. } | Change::MoveTable { table, .. } if is_about(table) => return None,
            Change::Unknown { table } if table.as_deref().is_none_or(is_about) => return None,
            change if empties(change, name) => return None,
            _ => {}
        }
    }
    None
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
