//! Tables as types for Kysely tell of them that a tool wrote from a database.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::lookup::is_similar_column;
use super::replay::is_trial;
use super::{Layer, SourceTable};
use crate::facts::Body;
use crate::facts::manifest::Script;
use crate::facts::schema::{Column, Table};
use crate::project::files::Files;
use crate::source::FileKind;

/// Every table of such types in the repository; none where they may leave out tables of the database.
pub(super) fn all_tables(files: &dyn Files) -> Vec<SourceTable> {
    if is_selective(files) {
        return Vec::new();
    }
    let code = files.candidates().iter().filter(|(_, signals)| signals.types).map(|(path, _)| Arc::clone(path));
    let paths = code.chain(files.of_kind(FileKind::Declarations)).filter(|path| !is_trial(path));
    let mut tables = Vec::new();
    for path in paths {
        let Some(facts) = files.facts(&path) else { continue };
        tables.extend(facts.types().iter().map(|typed| source(typed, &path)));
    }
    tables
}

/// The tables with what migrations add to them that do not make them, which may be newer than the types, and the tables of
/// migrations that are not among them.
pub(super) fn altered(mut typed: Vec<SourceTable>, migrated: Vec<SourceTable>) -> (Vec<SourceTable>, Vec<SourceTable>) {
    let mut others = Vec::new();
    for source in migrated {
        let is_it = |typed: &&mut SourceTable| {
            typed.table.name.eq_ignore_ascii_case(&source.table.name) && typed.table.namespace == source.table.namespace
        };
        match typed.iter_mut().find(is_it) {
            Some(typed) => {
                let is_new = |column: &&Column| !typed.table.columns.iter().any(|known| is_similar_column(known, &column.name));
                let new: Vec<Column> = source.table.columns.iter().filter(is_new).cloned().collect();
                typed.elsewhere.extend(new.iter().map(|column| (column.name.clone(), Arc::clone(&source.file))));
                typed.table.columns.extend(new);
                typed.table.triggers.extend(source.table.triggers);
            }
            None => others.push(source),
        }
    }
    (typed, others)
}

/// Whether a command tells kysely-codegen which tables to write (`--include-pattern`, `--exclude-pattern`).
fn is_selective(files: &dyn Files) -> bool {
    let selects = |script: &Script| script.command.contains("kysely-codegen") && script.command.contains("clude-pattern");
    files.of_kind(FileKind::PackageManifest).iter().filter_map(|path| files.facts(path)).any(|facts| match &facts.body {
        Body::Manifest(manifest) => manifest.scripts.iter().any(selects),
        _ => false,
    })
}

fn source(table: &Table, file: &Arc<str>) -> SourceTable {
    SourceTable {
        table: table.clone(),
        file: Arc::clone(file),
        layer: Layer::Types,
        elsewhere: BTreeMap::new(),
        in_doubt: BTreeMap::new(),
    }
}
