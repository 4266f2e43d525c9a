//! Which part of what is told together a change has brought, so that nothing is called new for what has joined it.

use super::shared::reduced;
use super::{Context, Group, same_server};
use crate::project::Server;
use crate::project::schema::{Gap, GapKind};

/// Whether a state that the project is compared with has the gaps of a group too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// It has.
    Known,
    /// It has not.
    New,
    /// It has not, and it has others that are told in the same way.
    Added,
}

/// A gap by the age of its parts.
pub(super) fn by_age(cx: &Context<'_>, server: &Server, gap: &Gap) -> Vec<(Age, Gap)> {
    let earlier = cx.before.iter().filter_map(|before| same_server(cx.model, before.model, server));
    let earlier: Vec<&Gap> =
        earlier.flat_map(|server| &server.gaps).filter(|old| old.kind == gap.kind && old.key == gap.key).collect();
    let age = |is_known: bool| if is_known { Age::Known } else { Age::New };
    let is_known: Vec<bool> = match gap.kind {
        kind if kind.is_of_table() || kind == GapKind::UniqueTogether || earlier.is_empty() => {
            return vec![(age(!earlier.is_empty()), gap.clone())];
        }
        GapKind::Unwritten | GapKind::StillRequired => {
            let has = |name: &String| earlier.iter().flat_map(|old| &old.declared).any(|(old, _)| old == name);
            gap.declared.iter().map(|(name, _)| has(name)).collect()
        }
        _ => {
            let has = |key: &String| earlier.iter().flat_map(|old| &old.columns).any(|old| old.key == *key);
            gap.columns.iter().map(|column| has(&column.key)).collect()
        }
    };
    let half = |known: bool| {
        let parts: Vec<usize> = (0..is_known.len()).filter(|part| is_known[*part] == known).collect();
        (!parts.is_empty()).then(|| (age(known), reduced(gap, &parts)))
    };
    [half(true), half(false)].into_iter().flatten().collect()
}

/// Marks the new groups that known ones are told with.
pub(super) fn join<'m>(groups: &mut [Group<'m>], are_together: impl Fn(&Group<'m>, &Group<'m>) -> bool) {
    for place in 0..groups.len() {
        let is_added = groups[place].age == Age::New
            && groups.iter().any(|known| known.age == Age::Known && are_together(known, &groups[place]));
        if is_added {
            groups[place].age = Age::Added;
        }
    }
}
