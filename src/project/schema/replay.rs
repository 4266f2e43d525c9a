//! The state of a database after running the SQL scripts of a folder in order.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Layer, Migrated, SourceTable};
use crate::facts::Body;
use crate::facts::schema::{Change, Operation, Table};
use crate::project::files::Files;
use crate::source::{FileKind, Site, Span};

impl Migrated {
    /// The table of this name, or of one that differs in case only.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&SourceTable> {
        let exact = self.tables.iter().find(|table| table.table.name == name);
        exact.or_else(|| self.tables.iter().find(|table| table.table.name.eq_ignore_ascii_case(name)))
    }
}

/// Replays every folder of SQL scripts; folders that make no tables are left out. Sorted by folder.
///
/// A table that is altered but created elsewhere (by another tool, before the first migration) is kept as an open one.
#[must_use]
pub fn replay(files: &dyn Files) -> Vec<Migrated> {
    let mut migrated = Vec::new();
    for (group, mut scripts) in groups(&files.of_kind(FileKind::Sql)) {
        scripts.sort_unstable();
        let mut state = State::default();
        for (_, path) in scripts {
            let Some(facts) = files.facts(&path) else { continue };
            match &facts.body {
                Body::Sql(operations) => operations.iter().for_each(|operation| state.run(operation, &path)),
                _ => state.unread.push((None, Site::new(&path, Span::default()))),
            }
        }
        if !state.tables.is_empty() || !state.unread.is_empty() {
            migrated.push(Migrated { folder: group.folder, tables: state.tables.into_values().collect(), unread: state.unread });
        }
    }
    migrated
}

/// What is replayed together: the ordered scripts of a folder, or a single script beside them.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    folder: Arc<str>,
    single: Option<Arc<str>>,
}

fn groups(paths: &[Arc<str>]) -> BTreeMap<Group, Vec<(Rank, Arc<str>)>> {
    let mut groups: BTreeMap<Group, Vec<(Rank, Arc<str>)>> = BTreeMap::new();
    for path in paths.iter().filter(|path| !undoes(path)) {
        let (folder, name) = split(path);
        let (outer, entry) = split(folder);
        let (folder, rank, ordered) = match name {
            // Prisma, Drizzle and Diesel give each migration a folder of its own.
            "migration.sql" | "up.sql" if is_ordered(entry) || split(outer).1 == "migrations" => (outer, Rank::of(entry), true),
            _ => (folder, Rank::of(name), is_ordered(name)),
        };
        let single = (!ordered).then(|| Arc::clone(path));
        groups.entry(Group { folder: folder.into(), single }).or_default().push((rank, Arc::clone(path)));
    }
    groups
}

/// Folder and name; the folder of a path in the root is empty.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Whether the script takes a migration back, by the names tools give such scripts.
fn undoes(path: &str) -> bool {
    let name = split(path).1;
    name == "down.sql"
        || name.ends_with(".down.sql")
        || name.starts_with("rollback")
        || flyway(name).is_some_and(|(kind, _)| kind == 'U')
}

/// Whether the name tells a place in an order.
fn is_ordered(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_digit()) || flyway(name).is_some()
}

/// Kind and version of a [Flyway](https://documentation.red-gate.com/fd/migrations-184127470.html) script: `V1.2__name.sql`,
/// `R__name.sql`, `U1.2__name.sql`, `B1.2__name.sql`.
fn flyway(name: &str) -> Option<(char, &str)> {
    let (head, _) = name.split_once("__")?;
    let kind = head.chars().next()?;
    let version = &head[kind.len_utf8()..];
    let numbered = version.starts_with(|first: char| first.is_ascii_digit())
        && version.chars().all(|part| part.is_ascii_digit() || matches!(part, '.' | '_'));
    match kind {
        'V' | 'U' | 'B' => numbered.then_some((kind, version)),
        'R' => version.is_empty().then_some((kind, version)),
        _ => None,
    }
}

/// The place of a script in its group: numbers compare as numbers, wherever they stand in the name.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// Flyway runs these after all others.
    repeatable: bool,
    version: Vec<Part>,
    name: Vec<Part>,
}

/// A run of digits or of other characters. Numbers may be longer than any integer type: without leading zeros they
/// compare by length, then by digits. Text has no length here, so that it comes before numbers.
type Part = (usize, String);

impl Rank {
    fn of(name: &str) -> Self {
        let flyway = flyway(name);
        Self {
            repeatable: flyway.is_some_and(|(kind, _)| kind == 'R'),
            version: flyway.map(|(_, version)| parts(version)).unwrap_or_default(),
            name: parts(name),
        }
    }
}

fn parts(name: &str) -> Vec<Part> {
    let same_kind = |a: &char, b: &char| a.is_ascii_digit() == b.is_ascii_digit();
    let characters: Vec<char> = name.chars().collect();
    let part = |run: &[char]| {
        let written: String = run.iter().collect();
        if written.starts_with(|first: char| first.is_ascii_digit()) {
            let digits = written.trim_start_matches('0').to_owned();
            (digits.len() + 1, digits)
        } else {
            (0, written)
        }
    };
    characters.chunk_by(same_kind).map(part).collect()
}

/// Orders tables by name in any case, and tells `User` from `user`, since both may exist.
type Key = (String, String);

fn key(name: &str) -> Key {
    (name.to_ascii_lowercase(), name.to_owned())
}

/// The database so far.
#[derive(Default)]
struct State {
    tables: BTreeMap<Key, SourceTable>,
    unread: Vec<(Option<String>, Site)>,
}

impl State {
    fn run(&mut self, operation: &Operation, file: &Arc<str>) {
        match &operation.change {
            Change::CreateTable { table, if_not_exists } => {
                let key = key(&table.name);
                if !(*if_not_exists && self.tables.contains_key(&key)) {
                    self.tables.insert(key, source(table.clone(), file));
                }
            }
            Change::DropTable { table } => {
                self.take(table);
            }
            Change::RenameTable { table, to } => {
                let mut renamed = self.take(table).unwrap_or_else(|| elsewhere(table, operation, file));
                renamed.table.name.clone_from(to);
                self.tables.insert(key(to), renamed);
            }
            Change::AddColumn { table, .. }
            | Change::DropColumn { table, .. }
            | Change::RenameColumn { table, .. }
            | Change::AlterColumn { table, .. }
            | Change::CreateIndex { table, .. }
            | Change::AddForeignKey { table, .. } => {
                let key = self.find(table).unwrap_or_else(|| key(table));
                let known = self.tables.entry(key).or_insert_with(|| elsewhere(table, operation, file));
                known.table.apply(&operation.change);
            }
            Change::Unknown { table } => self.unread.push((table.clone(), Site::new(file, operation.span))),
        }
    }

    /// The table of this name, or of one that differs in case only.
    fn find(&self, name: &str) -> Option<Key> {
        let exact = key(name);
        if self.tables.contains_key(&exact) {
            return Some(exact);
        }
        let (first, _) = self.tables.range((exact.0.clone(), String::new())..).next()?;
        (first.0 == exact.0).then(|| first.clone())
    }

    fn take(&mut self, name: &str) -> Option<SourceTable> {
        self.tables.remove(&self.find(name)?)
    }
}

fn source(table: Table, file: &Arc<str>) -> SourceTable {
    SourceTable { table, file: Arc::clone(file), layer: Layer::Sql }
}

/// A table that no script before this one created.
fn elsewhere(name: &str, operation: &Operation, file: &Arc<str>) -> SourceTable {
    let table = Table { name: name.to_owned(), physical: None, columns: Vec::new(), open: true, span: operation.span };
    source(table, file)
}
