//! Which of several servers tells of a gap that they have in common: servers on the same tables lack the same, and one
//! defect is told once.

use std::collections::HashMap;
use std::sync::Arc;

use super::{needed_with, undecided};
use crate::project::schema::{Gap, GapKind};
use crate::project::{ProjectModel, Role, Server};
use crate::source::Site;

/// A gap, or the part of one that a server tells of.
pub(super) struct Told<'m> {
    pub(super) server: &'m Server,
    pub(super) gap: Gap,
    /// The other servers of the application that have it.
    pub(super) others: Vec<&'m Server>,
}

/// One thing that is wrong with the tables, whoever uses them.
#[derive(PartialEq, Eq, Hash)]
struct Defect<'m> {
    kind: GapKind,
    place: Place<'m>,
    /// The column; the table where all of it is meant.
    what: String,
}

/// Where something is wrong.
#[derive(PartialEq, Eq, Hash)]
enum Place<'m> {
    /// With a table, or a map of tables.
    At(Site),
    /// With the files that declare the tables.
    Sources(&'m [Arc<str>]),
    /// With the options of a server, by its place among them.
    Options(usize),
}

/// How much it matters that a server has a defect; the first one tells of it.
type Rank = (bool, u8, usize);

/// All gaps, each part of them told by the server for which it matters most, in the order of the servers.
pub(super) fn told_once<'m>(model: &'m ProjectModel, counts: impl Fn(&Server, &Gap) -> bool) -> Vec<Told<'m>> {
    let gaps = || {
        let numbered = model.servers.iter().enumerate();
        numbered.flat_map(|(number, server)| server.gaps.iter().map(move |gap| (number, server, gap)))
    };
    let gaps = || gaps().filter(|(_, server, gap)| counts(server, gap));
    let mut claims: HashMap<Defect<'m>, Vec<Rank>> = HashMap::new();
    for (number, server, gap) in gaps() {
        for (_, defect) in defects(number, server, gap) {
            claims.entry(defect).or_default().push(rank(number, server, gap));
        }
    }
    let told = |(number, server, gap): (usize, &'m Server, &'m Gap)| {
        let mut others: Vec<Rank> = Vec::new();
        let mut kept = Vec::new();
        for (part, defect) in defects(number, server, gap) {
            let ranks = &claims[&defect];
            if ranks.iter().min().is_some_and(|(.., first)| *first == number) {
                kept.push(part);
                others.extend(ranks.iter().filter(|(.., other)| *other != number));
            }
        }
        others.sort_unstable();
        let mut others: Vec<&Server> = others.iter().map(|(.., other)| &model.servers[*other]).collect();
        others.retain(|other| !matches!(other.role, Role::Test | Role::Example));
        others.dedup_by(|one, other| std::ptr::eq(*one, *other));
        (!kept.is_empty()).then(|| Told { server, gap: reduced(gap, &kept), others })
    };
    gaps().filter_map(told).collect()
}

fn rank(number: usize, server: &Server, gap: &Gap) -> Rank {
    let role = match server.role {
        Role::Live => 0,
        Role::Development => 1,
        Role::CliCopy => 2,
        Role::Example => 3,
        Role::Test => 4,
    };
    (needed_with(server, gap).is_some_and(|plugin| undecided(server, plugin).is_some()), role, number)
}

/// What a gap consists of, with the place of each part in it.
fn defects<'m>(number: usize, server: &'m Server, gap: &Gap) -> Vec<(usize, Defect<'m>)> {
    let at = |place: Place<'m>, what: String| Defect { kind: gap.kind, place, what };
    let found_in = || gap.found_in.clone().map_or(Place::Options(number), Place::At);
    let columns = || gap.columns.iter().map(|column| column.key.as_str());
    match gap.kind {
        GapKind::Table => vec![(0, at(Place::Sources(&server.declared.sources), gap.table.clone()))],
        GapKind::MapEntry => {
            let map = server.declared.lookup.map().cloned().map_or(Place::Options(number), Place::At);
            vec![(0, at(map, gap.table.clone()))]
        }
        GapKind::ModelName => vec![(0, at(Place::Options(number), gap.table.clone()))],
        GapKind::UnmigratedTable => vec![(0, at(found_in(), gap.table.clone()))],
        GapKind::UniqueTogether => vec![(0, at(found_in(), columns().collect::<Vec<_>>().join(" ")))],
        GapKind::Unwritten | GapKind::StillRequired => {
            gap.declared.iter().enumerate().map(|(part, (name, _))| (part, at(found_in(), name.clone()))).collect()
        }
        GapKind::Columns
        | GapKind::UnmigratedColumns
        | GapKind::UnmigratedUnique
        | GapKind::UnmigratedIndex
        | GapKind::Unique
        | GapKind::Index
        | GapKind::Cascade
        | GapKind::LeftEmpty
        | GapKind::DateText
        | GapKind::DateAsText => columns().enumerate().map(|(part, key)| (part, at(found_in(), key.to_owned()))).collect(),
    }
}

/// A gap with some of its parts alone, by their places among [`Gap::columns`] or, where it has none, [`Gap::declared`].
pub(super) fn reduced(gap: &Gap, parts: &[usize]) -> Gap {
    fn only<T: Clone>(all: &[T], parts: &[usize]) -> Vec<T> {
        parts.iter().filter_map(|part| all.get(*part)).cloned().collect()
    }
    let mut reduced = gap.clone();
    match gap.kind {
        GapKind::Unwritten | GapKind::StillRequired => reduced.declared = only(&gap.declared, parts),
        GapKind::Unique | GapKind::Index | GapKind::Cascade | GapKind::LeftEmpty | GapKind::DateText | GapKind::DateAsText => {
            reduced.columns = only(&gap.columns, parts);
            reduced.declared = only(&gap.declared, parts);
        }
        GapKind::Columns | GapKind::UnmigratedColumns | GapKind::UnmigratedUnique | GapKind::UnmigratedIndex => {
            reduced.columns = only(&gap.columns, parts);
        }
        GapKind::Table | GapKind::MapEntry | GapKind::ModelName | GapKind::UnmigratedTable | GapKind::UniqueTogether => {}
    }
    reduced
}
