//! What closes a gap: the missing declarations in the project's own language and style, and where they go.
//!
//! Almost everything is an insertion. A place that cannot be edited with certainty gets the declaration alone.

mod code;
mod dates;
mod drizzle;
mod map;
mod prisma;
mod relax;
mod rename;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::migrated::column_names;
use super::render::{Missing, Plan, fills_rows, migration, sql};
use super::{Gap, GapKind, Layer, RequiredColumn, SourceTable};
use crate::facts::schema::{Column, Filled};
use crate::project::files::Files;
use crate::project::{AdapterKind, Dialect, Server};
use crate::source::{Site, Span};

/// Edits: each a place, empty where something is inserted, and the text that goes there.
type Edits = Vec<(Site, String)>;

/// Why migrations are not written.
const MIGRATIONS: &str = "migrations are written with the tool that keeps them";

/// What closes gaps of one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// What has to be declared; tables that are there are shortened to what they gain.
    pub declaration: String,
    /// The files it goes into, where they are known. Where there are several, each part tells its own.
    pub files: Vec<Arc<str>>,
    /// The edits that declare it, or why there are none: the places are not certain, or it is not declared in code.
    pub edits: Result<Edits, String>,
}

/// What closes the gaps; `None` where it is not known how tables are declared, or a gap is not closed by declaring
/// something.
#[must_use]
pub fn repair(server: &Server, gaps: &[&Gap], files: &dyn Files) -> Option<Repair> {
    let eased: Vec<Gap> = gaps.iter().map(|gap| eased(server, gap)).collect();
    let mut repair = match server.adapter.kind {
        _ if gaps.iter().all(|gap| gap.kind.is_unmigrated()) => return unmigrated(server, gaps),
        _ if let [gap] = gaps
            && gap.kind == GapKind::StillRequired =>
        {
            relax::in_database(server, gap)?
        }
        _ if gaps.iter().any(|gap| matches!(gap.kind, GapKind::Unwritten | GapKind::LeftEmpty)) => {
            relax::repair(server, gaps, files)?
        }
        _ if gaps.iter().any(|gap| gap.kind == GapKind::DateText) => dates::repair(server, gaps, files)?,
        _ if gaps.iter().all(|gap| gap.kind == GapKind::DateAsText) => dates::as_dates(gaps, files)?,
        AdapterKind::Drizzle if server.declared.is_of_astro() => return None,
        AdapterKind::Drizzle if gaps.iter().all(|gap| gap.kind == GapKind::MapEntry) => map::repair(server, gaps, files)?,
        AdapterKind::Drizzle => drizzle::repair(server, &Missing::of(&eased)?, files)?,
        AdapterKind::Prisma => prisma::repair(server, &Missing::of(&eased)?, files)?,
        AdapterKind::Kysely => {
            server.adapter.dialect?;
            let missing = Missing::of(gaps.iter().copied())?;
            let declaration = sql::declaration(&Plan::of(server, BTreeMap::new()), &sql::Names::of(server), &missing);
            Repair { declaration, files: Vec::new(), edits: Err(MIGRATIONS.into()) }
        }
        _ => return None,
    };
    // What is there under another name may be what is meant: that is for people to tell.
    let is_elsewhere = |gap: &&Gap| matches!(gap.kind, GapKind::Table | GapKind::Columns) && !gap.declared.is_empty();
    if let Some(gap) = gaps.iter().find(|gap| is_elsewhere(gap)) {
        let others: Vec<String> = gap.declared.iter().map(|(name, _)| format!("`{name}`")).collect();
        repair.edits = Err(format!("{} may be what is looked for, under another name", others.join(", ")));
    } else if !server.declared.lookup.is_certain() {
        repair.edits = Err("it is not known in which tables the adapter looks".into());
    }
    repair.edits = repair.edits.map(joined);
    Some(repair)
}

/// The columns of a table that is there which may hold rows without a value for them, by the names that are looked up. A
/// migration that has all rows filled at once fails on them.
#[must_use]
pub fn empty_at_first<'g>(server: &Server, gap: &'g Gap) -> Vec<&'g str> {
    let kind = server.adapter.kind;
    let is_open = gap.kind == GapKind::Columns && matches!(kind, AdapterKind::Drizzle | AdapterKind::Prisma);
    let is_list = |column: &RequiredColumn| kind == AdapterKind::Prisma && column.kind.ends_with("[]");
    let has_none = |column: &&RequiredColumn| {
        column.is_filled() && !is_list(column) && !fills_rows(kind, server.adapter.dialect, &gap.key, column)
    };
    gap.columns.iter().filter(|_| is_open).filter(has_none).map(|column| column.name.as_str()).collect()
}

/// The columns that a migration of the schema as it is declared adds to no table that has rows: SQLite takes a column that must have a
/// value with a constant default alone (its documentation: "ALTER TABLE ADD COLUMN"). Prisma makes the table anew, so that any default
/// will do.
#[must_use]
pub fn refused_with_rows<'g>(server: &Server, gap: &'g Gap) -> Vec<&'g str> {
    let is_asked = gap.kind == GapKind::UnmigratedColumns && server.adapter.dialect == Some(Dialect::Sqlite);
    let Some(source) = found(server, gap).filter(|_| is_asked) else { return Vec::new() };
    let is_refused = |required: &&RequiredColumn| {
        let is_it = |column: &&Column| column_names(source.layer, column).first() == Some(&required.name);
        let will_do = |default: &Filled| source.layer == Layer::Prisma || default.is_constant();
        let has_default = |column: &Column| column.definition.default.as_ref().is_some_and(will_do);
        source.table.columns.iter().find(is_it).is_some_and(|column| column.required && !has_default(column))
    };
    gap.columns.iter().filter(is_refused).map(|column| column.name.as_str()).collect()
}

/// A gap whose columns may be empty where rows are there that have no value for them.
fn eased(server: &Server, gap: &Gap) -> Gap {
    let empty = empty_at_first(server, gap);
    let ease = |column: &RequiredColumn| match empty.contains(&column.name.as_str()) {
        // A default that cannot be added is left to better-auth, which gives the value itself.
        true => RequiredColumn {
            required: false,
            default: column.default.clone().filter(|default| default != "now"),
            ..column.clone()
        },
        false => column.clone(),
    };
    Gap { columns: gap.columns.iter().map(ease).collect(), ..gap.clone() }
}

/// Whether the schema map of a Drizzle adapter has the table that a gap misses, and only its key is another one.
#[must_use]
pub fn is_misnamed(server: &Server, gap: &Gap, files: &dyn Files) -> bool {
    rename::rename(server, gap, files).is_some()
}

/// What gives a Drizzle adapter a schema map that has none, where one module exports all tables it looks up.
#[must_use]
pub fn whole_map(server: &Server, files: &dyn Files) -> Option<String> {
    map::whole(server, files)
}

/// What a migration has to do for gaps between declarations and migrations. It is shown and not written: the tool that
/// keeps the migrations records more than the statements (Drizzle Kit a journal and a snapshot of the schema, Prisma a
/// checksum, and both names of constraints that the next migration builds on).
fn unmigrated(server: &Server, gaps: &[&Gap]) -> Option<Repair> {
    // The types are those of the classes, from which the ORM makes the statements.
    let missing = Missing::of(gaps.iter().copied())?;
    if server.adapter.mapper().is_some() && missing.iter().any(|part| part.whole_table || !part.columns.is_empty()) {
        return None;
    }
    let declaration = migration::statements(server, &Plan::of(server, BTreeMap::new()), gaps)?;
    Some(Repair { declaration, files: Vec::new(), edits: Err(MIGRATIONS.into()) })
}

/// The table a gap is about.
fn found<'s>(server: &'s Server, gap: &Gap) -> Option<&'s SourceTable> {
    let tables = server.declared.lookup.tables.iter().map(|(_, table)| table);
    tables.into_iter().find(|table| Some(table.site()) == gap.found_in)
}

/// The insertions in order, those at one place as one.
fn joined(mut edits: Edits) -> Edits {
    edits.sort_by(|(one, _), (other, _)| one.cmp(other));
    edits.dedup_by(|(place, text), (before, so_far)| {
        let same = place == before;
        if same {
            so_far.push_str(text);
        }
        same
    });
    edits
}

fn insertion(file: &Arc<str>, at: usize, text: String) -> (Site, String) {
    (Site::new(file, Span::new(at, at)), text)
}

/// The end of the line an offset is on, before its line break.
fn line_end(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let line = rest.split('\n').next().unwrap_or(rest);
    at + line.strip_suffix('\r').unwrap_or(line).len()
}

/// The white space a line starts with, up to an offset on it.
fn indent_at(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = &text[start..at];
    &line[..line.len() - line.trim_start().len()]
}

/// A new part for the end of a file, an empty line after what is there.
fn at_the_end(file: &Arc<str>, text: &str, part: &str) -> (Site, String) {
    let between = match text {
        "" => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    insertion(file, text.len(), format!("{between}{part}"))
}
