//! The state of a database after running the scripts of a folder in order, be they SQL or code.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::knexfile::Directories;
use super::migrated::name_in_database;
use super::{Dropped, Layer, Migrated, SourceTable};
use crate::facts::Body;
use crate::facts::schema::{Change, Column, Derived, Operation, Room, Table};
use crate::project::files::Files;
use crate::project::resolve::join;
use crate::project::value::Unknown;
use crate::source::{FileKind, Site, Span};

impl Migrated {
    /// The table of this name, or of one that differs in case only; that of the usual schema of the database, where others
    /// have one too.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&SourceTable> {
        let usual = self.table_in(None, name);
        let exact = usual.or_else(|| self.tables.iter().find(|table| table.table.name == name));
        exact.or_else(|| self.tables.iter().find(|table| table.table.name.eq_ignore_ascii_case(name)))
    }

    /// The table of this name in one schema of the database.
    fn table_in(&self, namespace: Option<&str>, name: &str) -> Option<&SourceTable> {
        let own = || self.tables.iter().filter(|table| table.table.namespace.as_deref() == namespace);
        let exact = own().find(|table| table.table.name == name);
        exact.or_else(|| own().find(|table| table.table.name.eq_ignore_ascii_case(name)))
    }

    /// The table that is made for a declared one. Where the declaration names no schema of the database, the connection
    /// may.
    #[must_use]
    pub fn made(&self, declared: &SourceTable) -> Option<&SourceTable> {
        let name = name_in_database(declared)?;
        match declared.table.namespace.as_deref() {
            None => self.table(name),
            namespace => self.table_in(namespace, name),
        }
    }
}

/// All scripts that may change tables, by what they are replayed with, in the order in which they run.
#[derive(Debug, Default)]
pub struct Scripts {
    groups: BTreeMap<Group, Vec<Arc<str>>>,
    /// Those that the journal in their folder does not list.
    unlisted: BTreeSet<Arc<str>>,
    /// The first one of a folder that its journal lists and that is not there.
    missing: BTreeMap<Arc<str>, Unknown>,
}

impl Scripts {
    /// The scripts of a folder, without those that have no place in an order.
    #[must_use]
    pub fn ordered(&self, folder: &str) -> &[Arc<str>] {
        self.groups.get(&Group { folder: folder.into(), single: None }).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Replays every folder of scripts; folders that make no tables are left out. Sorted by folder.
///
/// A table that is altered but created elsewhere (by another tool, before the first migration) is kept as an open one.
#[must_use]
pub fn replay(files: &dyn Files, all: &Scripts) -> Vec<Migrated> {
    let mut migrated = Vec::new();
    let run_by_code = run_by_code(files, all);
    for (group, scripts) in &all.groups {
        let is_code = group.single.as_ref().is_some_and(|single| is_code(single));
        let mut state = State::new(if is_code { Layer::Code } else { Layer::Sql });
        for path in scripts.iter().filter(|path| !run_by_code.contains(*path)) {
            state.run_all(files, path, true);
        }
        if group.single.is_none() {
            state.unread.extend(all.missing.get(&group.folder).map(|why| (None, why.clone())));
        }
        let dropped_all = group.single.is_none() && !state.dropped.is_empty();
        // Code that only speaks of tables makes none.
        if !state.tables.is_empty() || dropped_all || !(is_code || state.unread.is_empty()) {
            let unlisted = scripts.iter().filter(|path| all.unlisted.contains(*path)).cloned().collect();
            let places = scripts.iter().cloned().zip(0..).collect();
            migrated.push(Migrated { unlisted, places, ..state.finish(group.clone()) });
        }
    }
    migrated
}

/// The scripts that migrations in code read and run, which therefore run at no other time.
fn run_by_code(files: &dyn Files, all: &Scripts) -> BTreeSet<Arc<str>> {
    let code = all.groups.values().flatten().filter(|path| is_code(path));
    let facts = code.filter_map(|path| Some((path, files.facts(path)?)));
    let run = facts.flat_map(|(path, facts)| {
        let operations = facts.operations().unwrap_or_default().iter();
        operations.filter_map(|operation| script_of(files, path, &operation.change)).collect::<Vec<_>>()
    });
    run.collect()
}

/// The script that a change of a file runs, where it lies in the repository: in the folder of the file, or in one that the
/// program may be started in, the nearest first.
fn script_of(files: &dyn Files, file: &str, change: &Change) -> Option<Arc<str>> {
    let Change::RunScript { path: Some(path), beside } = change else { return None };
    let folder = split(file).0;
    let around = std::iter::successors(Some(folder), |inner| (!inner.is_empty()).then(|| split(inner).0));
    let candidates = around.take(if *beside { 1 } else { usize::MAX }).filter_map(|folder| join(folder, path));
    let is_script = |path: &String| FileKind::of(path) == Some(FileKind::Sql) && files.exists(path);
    candidates.into_iter().find(is_script).map(Arc::from)
}

/// Says that a part of a script could not be read.
fn unreadable(script: &Arc<str>, part: Span) -> Unknown {
    Unknown::new("a statement in them could not be read", Site::new(script, part))
}

/// All files that may change tables: SQL scripts, and code that mentions such statements.
fn that_may_change_tables(files: &dyn Files) -> Vec<Arc<str>> {
    let candidates = files.candidates().iter();
    let code = candidates.filter(|(path, signals)| signals.migrations && !is_trial(path)).map(|(path, _)| Arc::clone(path));
    let paths: Vec<_> = files.of_kind(FileKind::Sql).into_iter().chain(code).collect();
    files.prepare(&paths);
    paths
}

pub(super) fn is_code(path: &str) -> bool {
    FileKind::of(path).is_some_and(FileKind::is_code)
}

/// Whether a folder holds migrations by its name, or that of one around it.
#[must_use]
pub fn is_of_migrations(folder: &str) -> bool {
    folder.split('/').any(|part| part.to_ascii_lowercase().contains("migrat"))
}

/// Whether the tables that code makes are those of tests, examples or seeds.
pub(in crate::project) fn is_trial(path: &str) -> bool {
    let is_part = |part: &str| {
        let stem = part.trim_start_matches(['_', '.']).split(['.', '-', '_']).next().unwrap_or("");
        matches!(
            stem,
            "test"
                | "tests"
                | "spec"
                | "specs"
                | "e2e"
                | "fixture"
                | "fixtures"
                | "mock"
                | "mocks"
                | "seed"
                | "seeds"
                | "seeders"
        )
    };
    let name = split(path).1;
    path.split('/').any(is_part) || [".test.", ".spec.", ".e2e.", ".stories."].iter().any(|mark| name.contains(mark))
}

/// What is replayed together: the ordered scripts of a folder, or a single script beside them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    folder: Arc<str>,
    single: Option<Arc<str>>,
}

/// Finds all scripts of the snapshot; `knex` are the folders Knex is configured to look in.
#[must_use]
pub(super) fn scripts(files: &dyn Files, knex: &Directories) -> Scripts {
    let (journals, missing) = journals(files);
    let mut groups: BTreeMap<Group, Vec<(Rank, Arc<str>)>> = BTreeMap::new();
    for path in that_may_change_tables(files).iter().filter(|path| !undoes(path)) {
        let (folder, name) = split(path);
        let (outer, entry) = split(folder);
        let (folder, rank, ordered) = match name {
            // Prisma, Drizzle and Diesel give each migration a folder of its own.
            "migration.sql" | "up.sql" if is_ordered(entry) || split(outer).1 == "migrations" => (outer, Rank::of(entry), true),
            // Code may be called by a number for other reasons: `404.tsx`.
            _ => match (journals.get(path), knex.get(folder)) {
                (Some(position), _) => (folder, Rank::listed(*position), true),
                (None, Some(first)) => (&**first, Rank::plain(name), true),
                (None, None) => {
                    let is_plain = is_code(path) && !is_of_migrations(folder) && !is_of_mikro_orm(name);
                    let stamp = stamp_of_class(name).filter(|_| is_code(path) && is_of_migrations(folder));
                    (folder, Rank::of(stamp.unwrap_or(name)), stamp.is_some() || is_ordered(name) && !is_plain)
                }
            },
        };
        let single = (!ordered).then(|| Arc::clone(path));
        groups.entry(Group { folder: folder.into(), single }).or_default().push((rank, Arc::clone(path)));
    }
    let mut found = Scripts { missing, ..Scripts::default() };
    for (group, mut scripts) in groups {
        scripts.sort_unstable();
        if scripts.iter().any(|(rank, _)| rank.is_listed()) {
            let others = scripts.iter().filter(|(rank, _)| !rank.is_listed());
            found.unlisted.extend(others.map(|(_, path)| Arc::clone(path)));
        }
        found.groups.insert(group, scripts.into_iter().map(|(_, path)| path).collect());
    }
    found
}

/// The scripts that the journals of Drizzle Kit list, each with its position in its journal; and the first of a folder that
/// is not there, which may have made anything.
fn journals(files: &dyn Files) -> (BTreeMap<Arc<str>, usize>, BTreeMap<Arc<str>, Unknown>) {
    let (mut listed, mut missing) = (BTreeMap::new(), BTreeMap::new());
    for path in files.of_kind(FileKind::DrizzleJournal) {
        let folder = split(split(&path).0).0;
        let Some(facts) = files.facts(&path) else { continue };
        let Body::DrizzleJournal(tags) = &facts.body else { continue };
        let script = |tag: &String| if folder.is_empty() { format!("{tag}.sql") } else { format!("{folder}/{tag}.sql") };
        let scripts: Vec<String> = tags.iter().map(script).collect();
        if let Some(script) = scripts.iter().find(|script| !files.exists(script)) {
            let reason = format!("their journal lists `{script}`, which is not in the repository");
            missing.insert(folder.into(), Unknown::new(reason, Site::new(&path, Span::default())));
        }
        listed.extend(scripts.into_iter().enumerate().map(|(position, script)| (script.into(), position)));
    }
    (listed, missing)
}

/// Folder and name; the folder of a path in the root is empty.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Whether the script takes a migration back, by the names tools give such scripts.
fn undoes(path: &str) -> bool {
    let name = split(path).1;
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem == "down" || stem.ends_with(".down") || name.starts_with("rollback") || flyway(name).is_some_and(|(kind, _)| kind == 'U')
}

/// Whether the name tells a place in an order.
fn is_ordered(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_digit()) || flyway(name).is_some() || is_of_mikro_orm(name)
}

/// Whether it is a name that [MikroORM](https://mikro-orm.io/docs/migrations) gives: `Migration20260101120000_name.ts`.
fn is_of_mikro_orm(name: &str) -> bool {
    name.strip_prefix("Migration").is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// The time that ends the name of a migration's class in [TypeORM](https://typeorm.io/docs/migrations/creating), with what
/// follows, where the file is called after the class: `Users1700000000000.ts`.
fn stamp_of_class(name: &str) -> Option<&str> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let stamp = stem.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
    let is_stamp = stamp.len() == 13 && stamp.len() < stem.len() && stamp.bytes().all(|digit| digit.is_ascii_digit());
    is_stamp.then(|| &name[stem.len() - stamp.len()..])
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

/// The place of a script in its group: numbers compare as numbers and dates as dates, wherever they stand in the name.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// The position in a journal. What no journal lists comes after, as a script that is run by hand or by another tool.
    journal: (bool, usize),
    /// Flyway runs these after all others.
    repeatable: bool,
    version: Vec<Part>,
    name: Vec<Part>,
}

/// A run of digits or of other characters. Numbers may be longer than any integer type: without leading zeros they
/// compare by length, then by digits. Text has no length here, so that it comes before numbers. Dates, written to the day
/// or to the second, all have the same length, so that their digits decide.
type Part = (usize, String);

impl Rank {
    fn of(name: &str) -> Self {
        let flyway = flyway(name);
        Self {
            journal: (true, 0),
            repeatable: flyway.is_some_and(|(kind, _)| kind == 'R'),
            // Flyway takes both separators for the same.
            version: flyway.map(|(_, version)| parts(&version.replace('_', "."), true)).unwrap_or_default(),
            // golang-migrate reads all of its versions as numbers too.
            name: parts(name, name.ends_with(".up.sql")),
        }
    }

    /// The place of a script by its name, letter by letter.
    fn plain(name: &str) -> Self {
        Self { name: vec![(0, name.to_owned())], ..Self::of("") }
    }

    /// The place of a script that a journal lists.
    fn listed(position: usize) -> Self {
        Self { journal: (false, position), ..Self::of("") }
    }

    fn is_listed(&self) -> bool {
        !self.journal.0
    }
}

/// The digits of a time with all its parts: `20260125093000`.
const OF_A_TIME: usize = 14;

/// The length that decides on the place of a number: that of a time for every date.
fn length_of(digits: &str) -> usize {
    let is_within = |part: Option<&str>, last: u8| {
        part.and_then(|part| part.parse().ok()).is_some_and(|number: u8| (1..=last).contains(&number))
    };
    let is_date = ["19", "20"].iter().any(|century| digits.starts_with(century))
        && is_within(digits.get(4..6), 12)
        && is_within(digits.get(6..8), 31);
    if is_date { OF_A_TIME } else { digits.len() }
}

fn parts(name: &str, is_by_number: bool) -> Vec<Part> {
    let same_kind = |a: &char, b: &char| a.is_ascii_digit() == b.is_ascii_digit();
    let characters: Vec<char> = name.chars().collect();
    let part = |run: &[char]| {
        let written: String = run.iter().collect();
        if written.starts_with(|first: char| first.is_ascii_digit()) {
            let digits = written.trim_start_matches('0').to_owned();
            let length = if is_by_number { digits.len() } else { length_of(&digits) };
            (length + 1, digits)
        } else {
            (0, written)
        }
    };
    characters.chunk_by(same_kind).map(part).collect()
}

/// Orders tables by schema and by name in any case, and tells `User` from `user`, since both may exist.
type Key = (Option<String>, String, String);

fn key(namespace: Option<&str>, name: &str) -> Key {
    (namespace.map(str::to_owned), name.to_ascii_lowercase(), name.to_owned())
}

/// A table of the database so far.
struct Known {
    source: SourceTable,
    presence: Presence,
}

/// What tells that a table is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Presence {
    /// Only a statement that would do without: somebody thinks that it may be there.
    Supposed,
    /// A statement that needs it, though no script before created it: another tool did.
    Shown,
    /// A script created it, and another one may have dropped it since.
    Doubtful,
    /// A script created it.
    Made,
}

/// The database so far.
struct State {
    layer: Layer,
    tables: BTreeMap<Key, Known>,
    unread: Vec<(Option<String>, Unknown)>,
    dropped: Vec<Dropped>,
    room: Room,
}

impl State {
    fn new(layer: Layer) -> Self {
        Self { layer, tables: BTreeMap::new(), unread: Vec::new(), dropped: Vec::new(), room: Room::default() }
    }

    fn finish(self, group: Group) -> Migrated {
        let mut migrated = Migrated {
            folder: group.folder,
            ordered: group.single.is_none(),
            places: BTreeMap::new(),
            tables: Vec::new(),
            unread: self.unread,
            dropped: Vec::new(),
            unlisted: BTreeSet::new(),
        };
        let (supposed, kept): (Vec<_>, Vec<_>) =
            self.tables.into_values().partition(|known| known.presence == Presence::Supposed);
        for Known { mut source, presence } in kept {
            if presence == Presence::Doubtful {
                source.may_be_replaced();
            }
            migrated.tables.push(source);
        }
        for Known { source, .. } in supposed {
            // What could not be read is told by the bare name, and is not about a table of that name that a script makes.
            let is_kept = migrated.tables.iter().any(|kept| kept.table.name.eq_ignore_ascii_case(&source.table.name));
            if !is_kept {
                let reason = "no script creates it, and one changes it where it is there";
                migrated.unread.push((Some(source.table.name.clone()), Unknown::new(reason, source.site())));
            }
        }
        let is_gone = |dropped: &Dropped| match (migrated.table_in(dropped.namespace.as_deref(), &dropped.table), &dropped.column)
        {
            (None, column) => column.is_none(),
            (Some(table), Some(column)) => table.table.column(column).is_none(),
            (Some(_), None) => false,
        };
        let dropped = self.dropped.into_iter().filter(is_gone).collect();
        migrated.dropped = dropped;
        migrated
    }

    /// Carries out a script; `certain` tells that it runs in any case.
    fn run_all(&mut self, files: &dyn Files, script: &Arc<str>, certain: bool) {
        let Some(facts) = files.facts(script) else { return };
        let Some(operations) = facts.operations() else {
            return self.unread.push((None, unreadable(script, Span::default())));
        };
        for operation in operations {
            let certain = certain && operation.certain;
            // SQL runs no other script.
            match script_of(files, script, &operation.change) {
                Some(other) => self.run_all(files, &other, certain),
                None => self.run(operation, certain, script),
            }
        }
        self.unread.extend(facts.errors.iter().map(|error| (None, unreadable(script, *error))));
    }

    fn run(&mut self, operation: &Operation, certain: bool, file: &Arc<str>) {
        if !certain && self.may_drop(operation.namespace.as_deref(), &operation.change) {
            return;
        }
        let namespace = operation.namespace.as_deref();
        match &operation.change {
            Change::CreateTable { table, derived } => {
                let key = key(namespace, &table.name);
                if self.tables.get(&key).is_some_and(|known| known.presence == Presence::Made) {
                    return;
                }
                let mut made = self.source(table.clone(), operation, file);
                derived.iter().for_each(|derived| self.derive(&mut made.table, derived));
                let may_keep = operation.asks_first || !certain;
                let known = match self.tables.remove(&key) {
                    // Whoever writes this takes the table for what it is created as.
                    Some(Known { source, presence: Presence::Shown }) => {
                        Known { source: source.or(made, &Site::new(file, operation.span)), presence: Presence::Shown }
                    }
                    Some(Known { source, presence: Presence::Doubtful }) if may_keep => {
                        Known { source: source.or(made, &Site::new(file, operation.span)), presence: Presence::Made }
                    }
                    _ => Known { source: made, presence: Presence::Made },
                };
                self.tables.insert(key, known);
            }
            Change::DropTable { table } => {
                if let Some(Table { name: table, namespace, .. }) = self.take(namespace, table).map(|gone| gone.source.table) {
                    self.dropped.push(Dropped { table, namespace, column: None, to: None, at: Site::new(file, operation.span) });
                }
            }
            Change::DropNamespace { namespace } => {
                let is_in = |(key, _): &(Key, Known)| key.0 == *namespace;
                let (gone, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.tables).into_iter().partition(is_in);
                self.tables = kept.into_iter().collect();
                self.dropped.extend(gone.into_iter().map(
                    |(_, Known { source: SourceTable { table: Table { name: table, namespace, .. }, .. }, .. })| Dropped {
                        table,
                        namespace,
                        column: None,
                        to: None,
                        at: Site::new(file, operation.span),
                    },
                ));
            }
            Change::RenameTable { table, to, folds } => {
                let mut known = self.take(namespace, table).unwrap_or_else(|| self.elsewhere(table, operation, certain, file));
                let renamed = &mut known.source;
                // One that takes the place of another, as when a table is rebuilt, was never meant to stay.
                if !self.dropped.iter().any(|gone| gone.column.is_none() && gone.table == *to) {
                    self.dropped.push(Dropped {
                        table: renamed.table.name.clone(),
                        namespace: renamed.table.namespace.clone(),
                        column: None,
                        to: Some(to.clone()),
                        at: Site::new(file, operation.span),
                    });
                }
                renamed.table.name.clone_from(to);
                renamed.table.folds = *folds;
                self.tables.insert(key(renamed.table.namespace.as_deref(), to), known);
            }
            Change::MoveTable { table, to } => {
                let mut moved = self.take(namespace, table).unwrap_or_else(|| self.elsewhere(table, operation, certain, file));
                moved.source.table.namespace.clone_from(to);
                self.tables.insert(key(to.as_deref(), &moved.source.table.name), moved);
            }
            Change::DropIndex { table: None, .. } | Change::DropTrigger { table: None, .. } => {
                // Such names are unique in a schema (PostgreSQL, SQLite; MySQL for triggers).
                self.tables.values_mut().for_each(|known| known.source.table.apply(&operation.change));
            }
            Change::AddColumn { table, .. }
            | Change::PlaceColumn { table, .. }
            | Change::DropColumn { table, .. }
            | Change::RenameColumn { table, .. }
            | Change::AlterColumn { table, .. }
            | Change::CreateIndex { table, .. }
            | Change::DropIndex { table: Some(table), .. }
            | Change::CreateTrigger { table, .. }
            | Change::DropTrigger { table: Some(table), .. }
            | Change::AddForeignKey { table, .. } => {
                let key = self.find(namespace, table).unwrap_or_else(|| key(namespace, table));
                let gone = match &operation.change {
                    Change::DropColumn { column, .. } => Some((column, None)),
                    Change::RenameColumn { column, to, .. } => Some((column, Some(to.clone()))),
                    _ => None,
                };
                if let Some((column, to)) = gone {
                    self.dropped.push(Dropped {
                        table: table.clone(),
                        namespace: key.0.clone(),
                        column: Some(column.clone()),
                        to,
                        at: Site::new(file, operation.span),
                    });
                }
                let elsewhere = self.elsewhere(table, operation, certain, file);
                let known = self.tables.entry(key).or_insert(elsewhere);
                known.presence = match (known.presence, shown_by(operation, certain)) {
                    // It was not dropped after all.
                    (Presence::Doubtful, Presence::Shown) => Presence::Made,
                    (before, shown) => before.max(shown),
                };
                let known = &mut known.source;
                let columns = known.table.columns.len();
                known.table.apply(&operation.change);
                match &operation.change {
                    Change::AddColumn { column, .. } => {
                        known.in_doubt.remove(&column.name);
                        // One that is there stays as it is.
                        if known.table.columns.len() > columns {
                            known.elsewhere.insert(column.name.clone(), Arc::clone(file));
                        }
                    }
                    Change::RenameColumn { column, to, .. } => {
                        let place = known.elsewhere.remove(column);
                        known.elsewhere.extend(place.map(|place| (to.clone(), place)));
                        let doubt = known.in_doubt.remove(column);
                        known.in_doubt.extend(doubt.map(|doubt| (to.clone(), doubt)));
                    }
                    _ => {}
                }
            }
            // What it is like afterwards follows.
            Change::RemakeColumn { .. } => {}
            Change::DeleteRows { .. } | Change::WriteRows { .. } | Change::UseRows { .. } => {}
            Change::RunScript { .. } => self.unread.push((None, unreadable(file, operation.span))),
            Change::Unknown { table } => {
                // It may have added columns.
                if let Some(known) =
                    table.as_ref().and_then(|table| self.find(namespace, table)).and_then(|key| self.tables.get_mut(&key))
                {
                    known.source.table.open = true;
                }
                self.unread.push((table.clone(), unreadable(file, operation.span)));
            }
        }
    }

    /// Takes in what a statement drops that may not run: it may still be there, and asks nothing of rows. Tells whether
    /// that is all the statement does.
    fn may_drop(&mut self, namespace: Option<&str>, change: &Change) -> bool {
        if let Change::DropNamespace { namespace } = change {
            self.tables.iter_mut().filter(|(key, _)| key.0 == *namespace).for_each(|(_, known)| known.may_be_dropped());
            return true;
        }
        let known = change.table().and_then(|table| self.find(namespace, table)).and_then(|key| self.tables.get_mut(&key));
        match change {
            Change::DropTable { .. } => {
                known.into_iter().for_each(Known::may_be_dropped);
                true
            }
            Change::DropColumn { table, column } => {
                let (table, column) = (table.clone(), column.clone());
                let relaxed =
                    Change::AlterColumn { table, column, required: Some(false), has_default: None, kind: None, written: None };
                known.into_iter().for_each(|known| known.source.table.apply(&relaxed));
                true
            }
            Change::DropIndex { .. } | Change::DropTrigger { .. } => true,
            _ => false,
        }
    }

    /// Gives a table what it takes over from another one.
    fn derive(&mut self, table: &mut Table, derived: &Derived) {
        let from = derived.from.as_ref().and_then(|from| self.find(None, from)).and_then(|from| self.tables.get(&from));
        table.derive(derived, from.map(|from| &from.source.table), &mut self.room);
    }

    /// The table of this name, or of one that differs in case only. One without a prefix may be in the schema that the
    /// connection has for its usual one, where a single schema has such a table.
    fn find(&self, namespace: Option<&str>, name: &str) -> Option<Key> {
        self.find_in(namespace, name).or_else(|| {
            let others: BTreeSet<&Option<String>> = self.tables.keys().map(|(namespace, ..)| namespace).collect();
            let mut found = others.into_iter().filter_map(|other| self.find_in(other.as_deref(), name));
            found.next().filter(|_| namespace.is_none() && found.next().is_none())
        })
    }

    fn find_in(&self, namespace: Option<&str>, name: &str) -> Option<Key> {
        let exact = key(namespace, name);
        if self.tables.contains_key(&exact) {
            return Some(exact);
        }
        let (first, _) = self.tables.range((exact.0.clone(), exact.1.clone(), String::new())..).next()?;
        (first.0 == exact.0 && first.1 == exact.1).then(|| first.clone())
    }

    fn take(&mut self, namespace: Option<&str>, name: &str) -> Option<Known> {
        self.tables.remove(&self.find(namespace, name)?)
    }

    fn source(&self, table: Table, operation: &Operation, file: &Arc<str>) -> SourceTable {
        let table = Table { namespace: operation.namespace.clone(), ..table };
        SourceTable { table, file: Arc::clone(file), layer: self.layer, elsewhere: BTreeMap::new(), in_doubt: BTreeMap::new() }
    }

    /// A table that no script before this one created.
    fn elsewhere(&self, name: &str, operation: &Operation, certain: bool, file: &Arc<str>) -> Known {
        let source = self.source(Table { open: true, ..Table::empty(name, operation.span) }, operation, file);
        Known { source, presence: shown_by(operation, certain) }
    }
}

/// What a statement that changes a table tells of whether it is there.
fn shown_by(operation: &Operation, certain: bool) -> Presence {
    if operation.asks_first || !certain { Presence::Supposed } else { Presence::Shown }
}

impl Known {
    /// Takes in that a statement may have dropped the table.
    fn may_be_dropped(&mut self) {
        if self.presence == Presence::Made {
            self.presence = Presence::Doubtful;
        }
    }
}

impl SourceTable {
    /// Takes in that another one may have taken the place of the table.
    fn may_be_replaced(&mut self) {
        self.table.open = true;
        self.table.columns.iter_mut().for_each(|column| column.required = false);
    }

    /// What is there once a statement has created a table where this one was not left: one of both. It asks of rows what
    /// both ask, and what only one of them has is in doubt.
    fn or(self, mut new: Self, at: &Site) -> Self {
        let SourceTable { table: old, file, elsewhere, in_doubt, .. } = self;
        let is_in = |table: &Table, column: &Column| table.columns.iter().any(|own| own.stored_name() == column.stored_name());
        new.in_doubt = in_doubt;
        for column in &mut new.table.columns {
            match old.columns.iter().find(|own| own.stored_name() == column.stored_name()) {
                Some(own) => {
                    column.required &= own.required;
                    column.has_default |= own.has_default;
                }
                None => {
                    column.required = false;
                    new.in_doubt.insert(column.name.clone(), at.clone());
                }
            }
        }
        let others: Vec<Column> = old.columns.into_iter().filter(|column| !is_in(&new.table, column)).collect();
        for mut column in others {
            column.required = false;
            new.elsewhere.insert(column.name.clone(), Arc::clone(elsewhere.get(&column.name).unwrap_or(&file)));
            new.in_doubt.insert(column.name.clone(), at.clone());
            new.table.columns.push(column);
        }
        new.table.keys.extend(old.keys);
        new.table.triggers.extend(old.triggers);
        new.table.open |= old.open;
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::signals::{Signals, scan};
    use crate::facts::{FileFacts, extract};

    struct Snapshot {
        texts: BTreeMap<&'static str, &'static str>,
        candidates: Vec<(Arc<str>, Signals)>,
    }

    impl Files for Snapshot {
        fn exists(&self, path: &str) -> bool {
            self.texts.contains_key(path)
        }
        fn facts(&self, path: &str) -> Option<Arc<FileFacts>> {
            let kind = FileKind::of(path)?;
            self.texts.get(path).map(|text| Arc::new(extract(kind, text.as_bytes())))
        }
        fn installed(&self, _path: &str) -> Option<Arc<str>> {
            None
        }
        fn text(&self, path: &str) -> Option<String> {
            self.texts.get(path).map(|text| (*text).to_owned())
        }
        fn of_kind(&self, kind: FileKind) -> Vec<Arc<str>> {
            self.texts.keys().filter(|path| FileKind::of(path) == Some(kind)).map(|path| Arc::from(*path)).collect()
        }
        fn candidates(&self) -> &[(Arc<str>, Signals)] {
            &self.candidates
        }

        fn importers(&self, _: &[&str]) -> Vec<(Arc<str>, Signals)> {
            Vec::new()
        }
    }

    fn migrated<const N: usize>(scripts: [(&'static str, &'static str); N]) -> Vec<Migrated> {
        migrated_with([], scripts)
    }

    fn migrated_with<const N: usize, const K: usize>(
        knex: [(&str, &str); K],
        scripts: [(&'static str, &'static str); N],
    ) -> Vec<Migrated> {
        let knex = knex.map(|(folder, first)| (folder.into(), first.into()));
        let texts = BTreeMap::from(scripts);
        let code = texts.iter().filter(|(path, _)| is_code(path));
        let candidates = code.map(|(path, text)| (Arc::from(*path), scan(text.as_bytes()))).collect();
        let files = Snapshot { texts, candidates };
        replay(&files, &super::scripts(&files, &knex.into()))
    }

    /// `folder: table(columns)`, with `…` where columns may be missing.
    fn show(migrated: &[Migrated]) -> Vec<String> {
        let table = |table: &SourceTable| {
            let mut columns: Vec<_> = table.table.columns.iter().map(|column| column.name.as_str()).collect();
            columns.extend(table.table.open.then_some("…"));
            format!("{}({})", table.table.name, columns.join(" "))
        };
        let tables = |one: &Migrated| one.tables.iter().map(table).collect::<Vec<_>>().join(" ");
        migrated.iter().map(|one| format!("{}: {}", one.folder, tables(one))).collect()
    }

    #[test]
    fn folders_of_each_tool_run_in_their_order() {
        let create = "CREATE TABLE t (a int)";
        let first = "ALTER TABLE t RENAME a TO b";
        let second = "ALTER TABLE t RENAME b TO c";
        for names in [
            [
                "prisma/migrations/0_init/migration.sql",
                "prisma/migrations/9_b/migration.sql",
                "prisma/migrations/10_c/migration.sql",
            ],
            ["drizzle/0000_a.sql", "drizzle/0001_b.sql", "drizzle/20260101_c/migration.sql"],
            ["m/2025-11-01T13-33-42.172Z.sql", "m/2025-11-02T00-00-00.000Z.sql", "m/2026-01-01T00-00-00.000Z.sql"],
            ["m/V1__z.sql", "m/V1.2__y.sql", "m/V1.10__x.sql"],
            ["m/V2__z.sql", "m/V10__y.sql", "m/R__a.sql"],
            ["9.sql", "10.sql", "123456789012345678901234567890.sql"],
            ["db/migrations/init/up.sql", "db/migrations/later/up.sql", "db/migrations/most/up.sql"],
            // Supabase, Wrangler with a `migrations_dir`, Atlas, dbmate.
            [
                "supabase/migrations/20240101000000_a.sql",
                "supabase/migrations/20240101000001_b.sql",
                "supabase/migrations/20250101000000_a.sql",
            ],
            ["db/d1/0001_a.sql", "db/d1/0002_b.sql", "db/d1/0010_a.sql"],
            ["atlas/20220318104614.sql", "atlas/20220318104615_b.sql", "atlas/20230101000000_a.sql"],
            ["sql/V2__z.sql", "sql/V10_1__y.sql", "sql/V10.2__a.sql"],
            // Dates to the day and to the second.
            ["db/20260125093000_z.sql", "db/20260208_b.sql", "db/20260208120000_a.sql"],
            ["db/0001_a.sql", "db/20260125000000_b.sql", "db/20260208_a.sql"],
            // These tools compare the numbers as such.
            ["db/20260208_z.up.sql", "db/20260125000000_b.up.sql", "db/20260126000000_a.up.sql"],
            ["sql/V20260208__z.sql", "sql/V20260125000000__y.sql", "sql/V20260126000000__a.sql"],
        ] {
            let found = migrated([(names[0], create), (names[1], first), (names[2], second)]);
            let [one] = found.as_slice() else { panic!("{names:?} make one group") };
            assert_eq!(one.table("T").map(|table| table.table.columns[0].name.as_str()), Some("c"), "{names:?}");
            assert_eq!(one.tables[0].file.as_ref(), names[0]);
        }
    }

    #[test]
    fn files_called_after_a_class_run_by_its_time() {
        let found = migrated([
            ("db/migrations/1700000000002-b.ts", "queryRunner.query(`ALTER TABLE t RENAME a TO b`)"),
            ("db/migrations/Add1700000000003.ts", "queryRunner.query(`ALTER TABLE t RENAME b TO c`)"),
            ("db/migrations/Users1700000000001.ts", "queryRunner.query(`CREATE TABLE t (a int)`)"),
            ("src/Users1700000000001.ts", "queryRunner.query(`CREATE TABLE t (a int)`)"),
        ]);
        assert_eq!(show(&found), ["db/migrations: t(c)", "src: t(a)"]);
    }

    #[test]
    fn single_scripts_stand_for_themselves() {
        let found = migrated([
            ("db/0001.sql", "CREATE TABLE a (x int)"),
            ("db/schema.sql", "CREATE TABLE a (y int)"),
            ("db/seed.sql", "INSERT INTO a VALUES (1)"),
            ("schema.sql", "CREATE TABLE b (z int)"),
        ]);
        assert_eq!(show(&found), [": b(z)", "db: a(x)", "db: a(y)"]);
    }

    #[test]
    fn scripts_that_undo_are_left_out() {
        let found = migrated([
            ("m/1.up.sql", "CREATE TABLE a (x int); CREATE TABLE b (x int)"),
            ("m/1.down.sql", "DROP TABLE a"),
            ("m/2_x/down.sql", "DROP TABLE a"),
            ("m/rollback_1.sql", "DROP TABLE a"),
            ("m/U1__x.sql", "DROP TABLE a"),
            ("m/3.sql", "-- +goose Up\nDROP TABLE b;\n-- +goose Down\nDROP TABLE a;"),
        ]);
        assert_eq!(show(&found), ["m: a(x)"]);
    }

    #[test]
    fn a_rebuilt_table_takes_the_place_of_the_old_one() {
        let found = migrated([
            ("m/0.sql", "CREATE TABLE `user` (`id` text, `gone` text);"),
            (
                "m/1.sql",
                "PRAGMA foreign_keys=OFF;--> statement-breakpoint
                 CREATE TABLE `__new_user` (`id` text PRIMARY KEY, `email` text);--> statement-breakpoint
                 INSERT INTO `__new_user`(\"id\") SELECT \"id\" FROM `user`;--> statement-breakpoint
                 DROP TABLE `user`;--> statement-breakpoint
                 ALTER TABLE `__new_user` RENAME TO `user`;--> statement-breakpoint
                 CREATE UNIQUE INDEX `email` ON `user` (`email`);",
            ),
        ]);
        assert_eq!(show(&found), ["m: user(id email)"]);
        assert!(found[0].tables[0].table.is_unique(&["email"]) && found[0].dropped.is_empty());
    }

    #[test]
    fn what_is_renamed_is_gone_under_its_old_name() {
        let found = migrated([
            ("m/1.sql", "CREATE TABLE a (x int, y int); CREATE TABLE b (x int)"),
            ("m/2.sql", "ALTER TABLE a RENAME x TO z; ALTER TABLE b RENAME TO c; ALTER TABLE a RENAME y TO w"),
            ("m/3.sql", "ALTER TABLE a RENAME w TO y"),
        ]);
        let gone = |one: &Dropped| format!("{}.{:?} {:?}", one.table, one.column.as_deref(), one.to.as_deref());
        let gone: Vec<String> = found[0].dropped.iter().map(gone).collect();
        assert_eq!(gone, [r#"a.Some("x") Some("z")"#, r#"b.None Some("c")"#, r#"a.Some("w") Some("y")"#]);
    }

    #[test]
    fn creating_what_exists_changes_nothing() {
        let found = migrated([
            ("m/1.sql", "CREATE TABLE a (x int); CREATE TABLE IF NOT EXISTS a (y int); ALTER TABLE a ADD x text"),
            ("m/2.sql", "CREATE TABLE a (z int)"),
        ]);
        assert_eq!(show(&found), ["m: a(x)"]);
    }

    #[test]
    fn what_may_be_dropped_is_there_and_asks_nothing() {
        let found = migrated([
            ("m/1.sql", "CREATE TABLE a (x int NOT NULL, y int NOT NULL, z int UNIQUE); CREATE TABLE b (x int NOT NULL)"),
            (
                "m/2.sql",
                "DO $$ BEGIN IF EXISTS (SELECT 1) THEN ALTER TABLE a DROP y, DROP CONSTRAINT a_z_key; DROP TABLE b; END IF; END $$",
            ),
        ]);
        assert_eq!(show(&found), ["m: a(x y z) b(x …)"]);
        let required: Vec<_> =
            found[0].tables.iter().flat_map(|table| &table.table.columns).map(|column| column.required).collect();
        assert_eq!((required, found[0].tables[0].table.is_unique(&["z"])), (vec![true, false, false, false], true));
        assert_eq!(found[0].dropped, []);
    }

    #[test]
    fn what_asks_first_whether_a_table_is_there_does_not_tell() {
        let create = "CREATE TABLE IF NOT EXISTS a (x int)";
        for before in [
            "DROP TRIGGER IF EXISTS t ON a",
            "ALTER TABLE IF EXISTS a ADD y int",
            "DO $$ BEGIN IF EXISTS (SELECT 1) THEN ALTER TABLE a ADD y int; END IF; END $$",
        ] {
            let found = migrated([("m/1.sql", before), ("m/2.sql", create)]);
            assert_eq!((show(&found), found[0].unread.len()), (vec!["m: a(x)".to_owned()], 0), "{before}");
            let alone = migrated([("m/1.sql", before), ("m/2.sql", "CREATE TABLE b (x int)")]);
            assert_eq!(show(&alone), ["m: b(x)"], "{before}");
            assert_eq!(alone[0].unread[0].0.as_deref(), Some("a"), "{before}");
        }
        // Another table of that name leaves no question.
        for before in ["DROP TRIGGER IF EXISTS t ON auth.a", "ALTER TABLE IF EXISTS \"A\" ADD y int"] {
            let found = migrated([("m/1.sql", before), ("m/2.sql", create)]);
            assert_eq!((show(&found), found[0].unread.len()), (vec!["m: a(x)".to_owned()], 0), "{before}");
        }
        for before in ["DROP TRIGGER t ON a", "ALTER TABLE a ALTER y SET DEFAULT 1", "CREATE INDEX IF NOT EXISTS i ON a (x)"] {
            assert_eq!(show(&migrated([("m/1.sql", before), ("m/2.sql", create)])), ["m: a(x …)"], "{before}");
        }
    }

    #[test]
    fn a_table_that_may_have_been_dropped_before_it_is_created_is_one_of_both() {
        let old = "CREATE TABLE a (x int NOT NULL, y int NOT NULL); CREATE TABLE b (x int)";
        let drop = "DO $$ BEGIN IF EXISTS (SELECT 1) THEN DROP TABLE a; END IF; END $$;";
        let shape = |create: &str| {
            let script = format!("{drop} {create}").leak();
            let found = migrated([("m/1.sql", old), ("m/2.sql", script)]);
            let table = &found[0].tables[0];
            let required = table.table.columns.iter().filter(|column| column.required).map(|column| column.name.clone());
            let files: Vec<String> =
                table.table.columns.iter().map(|column| table.column_site(column).file.to_string()).collect();
            (show(&found), required.collect::<Vec<_>>(), table.in_doubt.keys().cloned().collect::<Vec<_>>(), files)
        };
        let (found, required, in_doubt, files) = shape("CREATE TABLE IF NOT EXISTS a (x int NOT NULL, z int NOT NULL)");
        assert_eq!(found, ["m: a(x z y) b(x)"]);
        assert_eq!((required, in_doubt), (vec!["x".to_owned()], vec!["y".to_owned(), "z".to_owned()]));
        assert_eq!(files, ["m/2.sql", "m/2.sql", "m/1.sql"]);
        // It fails where the table is there.
        let (found, required, in_doubt, _) = shape("CREATE TABLE a (x int, z int NOT NULL)");
        assert_eq!((found, required, in_doubt), (vec!["m: a(x z) b(x)".to_owned()], vec!["z".to_owned()], Vec::new()));
        let (_, _, in_doubt, _) = shape("CREATE TABLE IF NOT EXISTS a (x int); ALTER TABLE a ADD COLUMN IF NOT EXISTS y int");
        assert_eq!(in_doubt, Vec::<String>::new());
        // Only a table that is there can be changed.
        let (found, required, ..) = shape("ALTER TABLE a ADD COLUMN z int");
        assert_eq!((found, required), (vec!["m: a(x y z) b(x)".to_owned()], vec!["x".to_owned(), "y".to_owned()]));
        let (found, ..) = shape("ALTER TABLE IF EXISTS a ADD COLUMN z int");
        assert_eq!(found, ["m: a(x y z …) b(x)"]);
    }

    #[test]
    fn a_journal_gives_the_order() {
        let found = migrated([
            (
                "m/meta/_journal.json",
                r#"{ "entries": [{ "tag": "0002_a" }, { "tag": "0001_b" }, { "tag": "gone" }, { "tag": "last" }] }"#,
            ),
            ("m/0000_by_hand.sql", "CREATE TABLE a (y int); ALTER TABLE a ADD w int"),
            ("m/0001_b.sql", "ALTER TABLE a RENAME x TO y"),
            ("m/0002_a.sql", "CREATE TABLE a (x int)"),
            ("m/last.sql", "ALTER TABLE a RENAME y TO z"),
        ]);
        assert_eq!(show(&found), ["m: a(z w)"]);
        assert_eq!(found[0].unlisted, BTreeSet::from(["m/0000_by_hand.sql".into()]));
        let missing = Unknown::new(
            "their journal lists `m/gone.sql`, which is not in the repository",
            Site::new(&"m/meta/_journal.json".into(), Span::default()),
        );
        assert_eq!(found[0].unread, [(None, missing)]);
    }

    #[test]
    fn tables_that_stand_in_a_comment_are_somewhere() {
        let found = migrated([
            ("m/0000_pulled.sql", "-- uncomment this\n/*\nCREATE TABLE a (x int);\n*/"),
            ("m/0001_b.sql", "CREATE TABLE b (x int)"),
        ]);
        assert_eq!((show(&found), found[0].unread.len()), (vec!["m: b(x)".to_owned()], 1));
    }

    #[test]
    fn tables_that_differ_in_case_are_kept_apart() {
        let found = migrated([
            (
                "m/1.sql",
                r#"CREATE TABLE "User" (a int); CREATE TABLE "user" (b int); ALTER TABLE "User" ADD c int; ALTER TABLE USER ADD d int"#,
            ),
            ("m/2.sql", r#"CREATE TABLE Session ("userId" int); ALTER TABLE session DROP COLUMN USERID; DROP TABLE "user""#),
        ]);
        assert_eq!(show(&found), ["m: Session() User(a c d)"]);
    }

    #[test]
    fn a_column_is_found_in_the_script_that_adds_it() {
        let found = migrated([
            ("m/1.sql", "CREATE TABLE a (x int)"),
            ("m/2.sql", "ALTER TABLE a ADD y int; ALTER TABLE a RENAME y TO z"),
            ("m/3.sql", "ALTER TABLE a ADD COLUMN IF NOT EXISTS x int; ALTER TABLE a ADD COLUMN IF NOT EXISTS z int"),
        ]);
        let table = &found[0].tables[0];
        let files = ["x", "z"].map(|name| table.column_site(table.table.column(name).expect("there")).file.to_string());
        assert_eq!(files, ["m/1.sql", "m/2.sql"]);
    }

    #[test]
    fn a_table_made_from_another_has_its_columns() {
        for (script, expected) in [
            ("CREATE TABLE b AS SELECT * FROM a", "b(x y)"),
            ("CREATE TABLE b AS SELECT y AS z, 1 AS n FROM a", "b(z n)"),
            ("CREATE TABLE b AS SELECT max(x) FROM a", "b(…)"),
            ("CREATE TABLE b (LIKE a INCLUDING ALL, w int)", "b(x y w)"),
            ("CREATE TABLE b AS SELECT * FROM c", "b(…)"),
        ] {
            let script = format!("CREATE TABLE a (x int PRIMARY KEY, y int UNIQUE); {script}; DROP TABLE a").leak();
            let found = migrated([("m/1.sql", script)]);
            assert_eq!(show(&found), [format!("m: {expected}")], "{script}");
            let made = &found[0].tables[0].table;
            assert_eq!(made.is_unique(&["x"]) && made.is_unique(&["y"]), script.contains("INCLUDING ALL"), "{script}");
        }
        let doubled: String = (1..40).map(|n| format!("CREATE TABLE a{n} AS SELECT *, * FROM a{};", n - 1)).collect();
        let script = format!("CREATE TABLE a0 (x int, y int); {doubled}").leak();
        assert!(migrated([("m/1.sql", script)])[0].tables.iter().all(|made| made.table.columns.len() <= 1 << 16));
    }

    #[test]
    fn a_schema_of_the_database_goes_with_its_tables() {
        let found = migrated([(
            "m/1.sql",
            "CREATE TABLE a (x int); CREATE TABLE s.b (x int); DROP SCHEMA public CASCADE; CREATE TABLE c (x int)",
        )]);
        assert_eq!(show(&found), ["m: c(x) b(x)"]);
        assert_eq!(found[0].dropped.len(), 1);
    }

    #[test]
    fn a_table_made_elsewhere_is_open() {
        let found = migrated([("m/1.sql", "ALTER TABLE a ADD x int; ALTER TABLE b RENAME TO c; DROP TABLE d")]);
        assert_eq!(show(&found), ["m: a(x …) c(…)"]);
    }

    #[test]
    fn code_runs_among_scripts_and_beside_them() {
        let found = migrated([
            ("migrations/1.sql", "CREATE TABLE a (x int)"),
            (
                "migrations/2.ts",
                "export async function up(db) { await db.schema.alterTable('a').renameColumn('x', 'y').execute() }",
            ),
            ("migrations/3.sql", "ALTER TABLE a ADD z int"),
            ("migrations/3.down.ts", "knex.schema.dropTable('a')"),
            ("migrations/4.ts", "const broken = ;\nknex.schema.renameTable(name, 'b')"),
            ("src/404.ts", "db.exec(`CREATE TABLE f (x int)`)"),
            ("src/db.ts", "db.exec(`CREATE TABLE c (x int)`)"),
            ("src/api.ts", "throw new Error('ALTER TABLE failed'); label('create table', 1)"),
            ("src/db.test.ts", "db.exec(`CREATE TABLE d (x int)`)"),
            ("scripts/seed-users.ts", "db.exec(`CREATE TABLE e (x int)`)"),
        ]);
        assert_eq!(show(&found), ["migrations: a(y z)", "src: f(x)", "src: c(x)"]);
        assert_eq!(found[0].unread.len(), 2);
        assert_eq!(found.iter().map(|one| one.tables[0].layer).collect::<Vec<_>>(), [Layer::Sql, Layer::Code, Layer::Code]);
    }

    #[test]
    fn scripts_that_code_reads_run_where_it_does() {
        let up = |body: &str| format!("export async function up(knex) {{ {body} }}");
        let ask = |head: &str, body: &str| {
            let code = format!("import fs from 'node:fs';\nimport path, {{ join }} from 'node:path';\n{head}\n{}", up(body));
            let text = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
            let found = migrated([
                ("app/db/migrations/1_a.ts", text(up("await knex.raw('CREATE TABLE a (x int)')"))),
                ("app/db/migrations/2_b.ts", text(code)),
                ("app/db/migrations/3_c.ts", text(up("await knex.raw('ALTER TABLE a RENAME y TO z')"))),
                ("app/db/migrations/sql/2_b.sql", "ALTER TABLE a ADD y int"),
            ]);
            (show(&found), found[0].unread.len())
        };
        let done = (vec!["app/db/migrations: a(x z)".to_owned()], 0);
        for (head, body) in [
            ("", "const sql = fs.readFileSync(path.join(__dirname, 'sql', '2_b.sql'), 'utf8'); await knex.raw(sql);"),
            ("const sql = fs.readFileSync(`${__dirname}/sql/2_b.sql`).toString();", "await knex.raw(sql);"),
            ("const file = join(__dirname, 'sql/2_b.sql');", "await knex.raw(await fs.promises.readFile(file, 'utf8'));"),
            ("", "await knex.raw(fs.readFileSync(new URL('./sql/2_b.sql', import.meta.url), 'utf8'));"),
            (
                "const here = path.dirname(fileURLToPath(import.meta.url));",
                "await knex.raw(readFileSync(join(here, 'sql', '2_b.sql')));",
            ),
            // In the folder where the program is started.
            ("", "await knex.raw(fs.readFileSync('./db/migrations/sql/2_b.sql', 'utf8'));"),
            ("", "const text = await Bun.file(import.meta.dir + '/sql/2_b.sql').text(); await sql.raw(text).execute(knex);"),
        ] {
            assert_eq!(ask(head, body), done, "{head} {body}");
        }
        for (head, body) in [
            ("", "await knex.raw(fs.readFileSync(path.join(__dirname, 'sql', 'gone.sql'), 'utf8'));"),
            ("", "await knex.raw(fs.readFileSync(path.join(folder(), '2_b.sql'), 'utf8'));"),
            ("", "const sql = fs.readFileSync(file(), 'utf8'); for (const one of sql.split(';')) await knex.raw(one);"),
        ] {
            assert_eq!(ask(head, body).1, 1, "{head} {body}");
        }
    }

    #[test]
    fn folders_of_knex_run_together_by_the_names_of_scripts() {
        let scripts = [
            ("db/b/10_a.ts", "knex.schema.createTable('a', (t) => { t.text('x') })"),
            ("db/a/2_b.ts", "knex.schema.table('a', (t) => { t.renameColumn('x', 'y') })"),
            ("db/b/then.ts", "knex.schema.table('a', (t) => { t.renameColumn('y', 'z') })"),
            ("db/c/3_d.ts", "knex.schema.table('a', (t) => { t.text('w') })"),
        ];
        let found = migrated_with([("db/a", "db/a"), ("db/b", "db/a")], scripts);
        assert_eq!(show(&found), ["db/a: a(z)", "db/c: a(w …)"]);
        assert_eq!(found.iter().map(|one| one.ordered).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn tables_of_one_name_in_several_schemas_are_told_apart() {
        let tables = |script: &'static str| -> Vec<String> {
            let migrated = migrated([("db/1.sql", script)]);
            let shown = |table: &SourceTable| {
                let columns: Vec<&str> = table.table.columns.iter().map(|column| column.name.as_str()).collect();
                let namespace = table.table.namespace.as_deref().map(|name| format!("{name}.")).unwrap_or_default();
                format!("{namespace}{}({})", table.table.name, columns.join(" "))
            };
            migrated.iter().flat_map(|one| &one.tables).map(shown).collect()
        };
        let both = "create table crm.t (a int); create table t (b int);";
        for (script, expected) in [
            (both.to_owned(), vec!["t(b)", "crm.t(a)"]),
            (format!("{both} drop table crm.t;"), vec!["t(b)"]),
            (format!("{both} drop table public.t;"), vec!["crm.t(a)"]),
            (format!("{both} alter table crm.t add column c int; alter table T add column d int;"), vec!["t(b d)", "crm.t(a c)"]),
            (format!("{both} alter table crm.t rename to u; alter table crm.u rename column a to c;"), vec!["t(b)", "crm.u(c)"]),
            ("create table t (b int); drop table old.t;".into(), vec!["t(b)"]),
            ("create table t (b int); alter table old.t drop column b;".into(), vec!["t(b)", "old.t()"]),
            ("create table t (b int); alter table t set schema auth; alter table auth.t add c int;".into(), vec!["auth.t(b c)"]),
            // The connection may have `auth` for its usual schema.
            ("create table auth.t (b int); alter table t add column c int;".into(), vec!["auth.t(b c)"]),
            ("create table auth.t (b int); drop table t;".into(), vec![]),
            ("create table auth.t (b int); create table crm.t (b int); drop table t;".into(), vec!["auth.t(b)", "crm.t(b)"]),
        ] {
            let script: &'static str = Box::leak(script.into_boxed_str());
            assert_eq!(tables(script), expected, "{script}");
        }
    }

    #[test]
    fn what_could_not_be_read_is_kept_with_its_place() {
        let found = migrated([("m/1.sql", "SELECT 1; ALTER TABLE a FROBNICATE"), ("m/2.sql", "\0")]);
        assert_eq!(
            found[0].unread,
            [
                (Some("a".to_owned()), unreadable(&"m/1.sql".into(), Span::new(10, 34))),
                (None, unreadable(&"m/2.sql".into(), Span::default())),
            ]
        );
    }
}
