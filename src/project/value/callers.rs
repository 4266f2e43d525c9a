//! The calls of a function, where what depends on its arguments is told call by call.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Condition, Environment};
use crate::facts::module::ScopeId;
use crate::source::Site;

/// All calls of a function that are told apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Callers {
    /// The file of the function.
    pub(in crate::project) file: Arc<str>,
    /// Its scope there.
    pub(in crate::project) scope: ScopeId,
    /// The calls, not more than [`Callers::MOST`].
    pub(in crate::project) calls: Vec<Caller>,
}

/// A call of a function, or all that are not seen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Caller {
    /// Where it stands; for those that are not seen, why there may be some.
    pub(in crate::project) at: Site,
    /// Whether it is seen.
    pub(in crate::project) is_seen: bool,
    /// The name its result is bound to, or the function it stands in.
    pub(in crate::project) owner: Option<String>,
    /// What is known of the environments it is made in.
    pub(in crate::project) environment: Option<Environment>,
}

impl Callers {
    /// Most calls that are told apart.
    pub(crate) const MOST: usize = 64;

    /// What tells a call from the others.
    fn told(&self, place: usize) -> String {
        let call = &self.calls[place];
        if !call.is_seen {
            return "called elsewhere".to_owned();
        }
        let file = &call.at.file;
        let beside = || self.calls.iter().enumerate().filter(|(_, other)| other.is_seen && other.at.file == *file);
        let count = beside().count();
        let mut owners: BTreeMap<&str, usize> = BTreeMap::new();
        beside().filter_map(|(_, other)| other.owner.as_deref()).for_each(|owner| *owners.entry(owner).or_default() += 1);
        match &call.owner {
            _ if count == 1 => format!("called in {file}"),
            Some(owner) if owners.get(owner.as_str()) == Some(&1) => format!("called for `{owner}` in {file}"),
            _ => {
                let number = beside().take_while(|(other, _)| *other != place).count() + 1;
                format!("called in {file} (call {number} of {count})")
            }
        }
    }
}

/// Some of the calls of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Calls {
    /// All of them.
    of: Arc<Callers>,
    /// Those it is about, a bit for each place among all.
    which: u64,
    /// Nothing else decides.
    pub(in crate::project) alone: bool,
}

impl Calls {
    /// One of the calls.
    pub(in crate::project) fn one(of: &Arc<Callers>, place: usize) -> Self {
        Self { of: Arc::clone(of), which: 1 << place, alone: true }
    }

    /// Each of them by itself.
    pub(in crate::project) fn each(&self) -> impl Iterator<Item = Self> {
        self.places().map(|place| Self::one(&self.of, place))
    }

    /// Whether they are calls of the same function.
    #[must_use]
    pub(in crate::project) fn is_of_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.of, &other.of)
            || (self.of.scope, &self.of.file, self.of.calls.len()) == (other.of.scope, &other.of.file, other.of.calls.len())
    }

    /// Those that are among both.
    pub(in crate::project) fn in_both(&self, other: &Self) -> Self {
        Self { which: self.which & other.which, alone: self.alone && other.alone, of: Arc::clone(&self.of) }
    }

    /// Those that are among either.
    pub(in crate::project) fn in_either(&self, other: &Self) -> Self {
        Self { which: self.which | other.which, alone: self.alone && other.alone, of: Arc::clone(&self.of) }
    }

    /// The same, where something else decides as well.
    pub(in crate::project) fn with_more(&self) -> Self {
        Self { alone: false, ..self.clone() }
    }

    /// All others.
    pub(in crate::project) fn others(&self) -> Self {
        Self { which: !self.which & self.all(), ..self.clone() }
    }

    /// Whether all of them are among others.
    pub(in crate::project) fn are_among(&self, others: &Self) -> bool {
        self.which & !others.which == 0
    }

    /// Whether there is none.
    pub(in crate::project) fn is_none(&self) -> bool {
        self.which == 0
    }

    /// Whether they are all calls of the function.
    pub(in crate::project) fn is_all(&self) -> bool {
        self.which == self.all()
    }

    fn all(&self) -> u64 {
        u64::MAX.checked_shr(u64::BITS.saturating_sub(u32::try_from(self.of.calls.len()).unwrap_or(u64::BITS))).unwrap_or(0)
    }

    fn places(&self) -> impl Iterator<Item = usize> {
        (0..self.of.calls.len()).filter(|place| self.which >> place & 1 == 1)
    }

    /// The condition that one of them is made; `None` where there are none.
    pub(in crate::project) fn made(self) -> Option<Condition> {
        let at = self.of.calls[self.places().next()?].at.clone();
        let calls = || self.places().map(|place| &self.of.calls[place]);
        let mut told: Vec<String> = self.places().map(|place| self.of.told(place)).collect();
        told.dedup();
        let environment = Environment::of_any(calls().map(|call| call.environment));
        let is_call = calls().any(|call| call.is_seen);
        Some(Condition { environment, is_call, calls: Some(Arc::new(self)), ..Condition::new(told.join(" || "), at) })
    }
}
