//! What is required and not declared.
//!
//! The adapter's own tables are looked at first; a table or column that only another source of the repository declares
//! counts as declared, since which of them reaches the database is not this comparison's question.

use super::{Declared, Gap, Required, RequiredColumn, RequiredTable, SourceTable};
use crate::facts::schema::Column;
use crate::project::AdapterKind;
use crate::source::Site;

/// What the comparison came to.
#[derive(Debug)]
pub enum Comparison {
    /// The sources hold the schema; these parts of it are missing.
    Gaps(Vec<Gap>),
    /// No source declares any core table, so that the schema must lie outside the repository.
    NoSchema,
}

/// The core tables; a repository that declares none of them does not hold the schema.
const CORE: [&str; 4] = ["user", "session", "account", "verification"];

/// Compares what is required with what is declared.
#[must_use]
pub fn compare(required: &Required, declared: &Declared, kind: AdapterKind, plural: bool) -> Comparison {
    let name_of = |table: &RequiredTable| lookup_name(&table.model, kind, plural);
    let holds_schema = required.tables.iter().any(|(key, table)| {
        CORE.contains(&key.as_str()) && find(declared, &name_of(table)).next().is_some_and(|found| looks_like(found, table))
    });
    if !holds_schema {
        return Comparison::NoSchema;
    }
    let mut gaps = Vec::new();
    for (key, table) in &required.tables {
        let name = name_of(table);
        let candidates = find(declared, &name).map(|candidate| (lacking(candidate, table), candidate));
        match candidates.min_by_key(|(lacking, _)| lacking.len()) {
            Some((lacking, candidate)) => gaps.extend(missing_columns(key, &name, lacking, candidate)),
            None => gaps.push(missing_table(key, &name, table)),
        }
    }
    Comparison::Gaps(gaps)
}

/// The name the adapter looks up for a model (documentation: adapters, `usePlural`).
#[must_use]
pub fn lookup_name(model: &str, kind: AdapterKind, plural: bool) -> String {
    let model = if kind == AdapterKind::Prisma { super::declared::delegate(model) } else { model.to_owned() };
    if plural { format!("{model}s") } else { model }
}

/// Tables that may be the one looked up, those the adapter is linked to first.
pub fn find<'d>(declared: &'d Declared, name: &str) -> impl Iterator<Item = &'d SourceTable> {
    let wanted = fold(name);
    let linked: Vec<&SourceTable> = match &declared.linked {
        Some(tables) => match tables.get(name) {
            Some(exact) => vec![exact],
            None => tables
                .iter()
                .filter(|(key, table)| fold(key) == wanted || is_named(table, &wanted))
                .map(|(_, table)| table)
                .collect(),
        },
        None => Vec::new(),
    };
    let found = if linked.is_empty() { declared.all.iter().filter(|table| is_named(table, &wanted)).collect() } else { linked };
    found.into_iter()
}

/// Names are compared without case and underscores, in the singular and the plural.
fn is_named(table: &SourceTable, wanted: &str) -> bool {
    let same = |name: &str| {
        let name = fold(name);
        name == wanted || name.strip_suffix('s') == Some(wanted) || wanted.strip_suffix('s') == Some(name.as_str())
    };
    same(&table.table.name) || table.table.physical.as_deref().is_some_and(same)
}

fn fold(name: &str) -> String {
    name.chars().filter(|character| *character != '_').flat_map(char::to_lowercase).collect()
}

/// Whether a table found by a common name such as `user` is better-auth's: it has most of the columns.
fn looks_like(found: &SourceTable, table: &RequiredTable) -> bool {
    found.table.open
        || 2 * lacking(found, table).iter().filter(|column| column.cause == table.cause).count() < table.columns.len()
}

fn lacking(found: &SourceTable, table: &RequiredTable) -> Vec<RequiredColumn> {
    if found.table.open {
        return Vec::new();
    }
    table
        .columns
        .iter()
        .filter(|column| !found.table.columns.iter().any(|declared| is_column(declared, column)))
        .cloned()
        .collect()
}

fn is_column(declared: &Column, required: &RequiredColumn) -> bool {
    let wanted = fold(&required.name);
    fold(&declared.name) == wanted || declared.physical.as_deref().is_some_and(|physical| fold(physical) == wanted)
}

/// A missing table is one gap with all its columns, whatever else would add to it.
fn missing_table(key: &str, name: &str, table: &RequiredTable) -> Gap {
    Gap {
        key: key.to_owned(),
        table: name.to_owned(),
        whole_table: true,
        columns: table.columns.clone(),
        cause: table.cause.clone(),
        found_in: None,
    }
}

/// The columns a table lacks, one gap for each cause.
fn missing_columns(key: &str, name: &str, lacking: Vec<RequiredColumn>, found: &SourceTable) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = Vec::new();
    for column in lacking {
        match gaps.iter_mut().find(|gap| gap.cause == column.cause) {
            Some(gap) => gap.columns.push(column),
            None => gaps.push(Gap {
                key: key.to_owned(),
                table: name.to_owned(),
                whole_table: false,
                cause: column.cause.clone(),
                columns: vec![column],
                found_in: Some(Site::new(&found.file, found.table.span)),
            }),
        }
    }
    gaps
}
