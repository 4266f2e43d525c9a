//! Declarations in files that the parser could not read everywhere: of these it is not certain what they lack.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::SourceTable;
use super::lookup::fold;
use crate::facts::{Body, NOT_PARSED};
use crate::project::files::Files;
use crate::project::value::Unknown;
use crate::source::{FileKind, Site, Span};

/// The files of declarations that the parser could not read everywhere.
#[derive(Debug, Clone, Default)]
pub struct Broken(BTreeMap<Arc<str>, Part>);

#[derive(Debug, Clone)]
struct Part {
    /// What could not be read, in order.
    errors: Vec<Span>,
    /// The text of the file, folded as names are to be compared.
    text: String,
}

impl Broken {
    /// Those of the files that declare tables, or are for declaring them.
    pub(super) fn find(files: &dyn Files, tables: &[SourceTable]) -> Self {
        let mut paths: BTreeSet<Arc<str>> = tables.iter().map(|table| Arc::clone(&table.file)).collect();
        paths.extend(files.candidates().iter().filter(|(_, signals)| signals.tables).map(|(path, _)| Arc::clone(path)));
        paths.extend(files.of_kind(FileKind::Prisma));
        let broken = |path: Arc<str>| {
            let facts = files.facts(&path).filter(|facts| matches!(facts.body, Body::Module(_) | Body::Prisma(_)))?;
            let errors = Some(facts.errors.clone()).filter(|errors| !errors.is_empty())?;
            let text = fold(&files.text(&path)?);
            Some((path, Part { errors, text }))
        };
        Self(paths.into_iter().filter_map(broken).collect())
    }

    /// Why it is not known whether a table of this name is declared: a file that could not be read everywhere has the name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<Unknown> {
        let name = fold(name);
        let singular = name.strip_suffix('s').unwrap_or(&name);
        let (path, part) = self.0.iter().find(|(_, part)| part.text.contains(singular))?;
        part.errors.first().map(|error| unread(path, *error))
    }

    /// Why it is not known what a table is declared as: something between it and the next one of its file could not be
    /// read. `all` are the tables of all files.
    #[must_use]
    pub fn part_of(&self, table: &SourceTable, all: &[SourceTable]) -> Option<Unknown> {
        let part = self.0.get(&table.file)?;
        let start = table.table.span.start;
        let own = all.iter().filter(|other| other.file == table.file).map(|other| other.table.span.start);
        let end = own.filter(|other| *other > start).min();
        let is_within = |error: &&Span| error.end > start && end.is_none_or(|end| error.start < end);
        part.errors.iter().find(is_within).map(|error| unread(&table.file, *error))
    }
}

fn unread(path: &Arc<str>, error: Span) -> Unknown {
    Unknown::new(NOT_PARSED, Site::new(path, error))
}
