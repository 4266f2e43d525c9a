//! What options and schemas leave open while the required tables are worked out.

use crate::project::predicate;
use crate::project::value::{Found, Lookup, Unknown, Value};

/// What is not known, with the options it leaves open.
#[derive(Default)]
pub(super) struct Doubts(Vec<(Unknown, Vec<String>)>);

impl Doubts {
    pub(super) fn add(&mut self, why: impl IntoIterator<Item = Unknown>, option: &str) {
        for unknown in why {
            match self.0.iter_mut().find(|(known, _)| *known == unknown) {
                Some((_, options)) if options.iter().any(|known| known == option) => {}
                Some((_, options)) => options.push(option.to_owned()),
                None => self.0.push((unknown, vec![option.to_owned()])),
            }
        }
    }

    /// Takes over what others found open.
    pub(super) fn take(&mut self, others: Doubts) {
        for (unknown, options) in others.0 {
            options.iter().for_each(|option| self.add([unknown.clone()], option));
        }
    }

    /// Notes that the conditions of several cases decide on an option.
    pub(super) fn depends(&mut self, cases: &[Found<'_>], option: &str) {
        let conditions = cases.iter().flat_map(|case| &case.conditions);
        self.add(conditions.map(|condition| predicate::depends_on(condition)), option);
    }

    /// The name set by the first of the options that is set, else `usual`; `None` when it is set to something not known.
    /// Each option comes with what is found there and the way people write it.
    pub(super) fn name<'n>(&mut self, usual: &str, options: impl IntoIterator<Item = (Lookup<'n>, String)>) -> Option<String> {
        for (lookup, option) in options {
            let found = match in_production(lookup) {
                Lookup::Found(found) => found,
                Lookup::Absent => continue,
                Lookup::Unknown(why) => {
                    // Something unseen might rename it; the usual name is by far the likelier.
                    self.add(why, &option);
                    continue;
                }
            };
            let mut names: Vec<Option<&str>> = Vec::new();
            for case in &found {
                match (&case.node.value, case.node.text(&[])) {
                    (Value::Undefined | Value::Null, _) => names.push(None),
                    (_, Some(name)) => names.push(Some(name).filter(|name| !name.is_empty())),
                    _ => {
                        self.add([predicate::why_unknown(case.node)], &option);
                        return None;
                    }
                }
            }
            if !predicate::covers(&found) {
                names.push(None);
            }
            names.sort_unstable();
            names.dedup();
            match names.as_slice() {
                [Some(name)] => return Some((*name).to_owned()),
                [None] => {}
                _ => {
                    self.depends(&found, &option);
                    return None;
                }
            }
        }
        Some(usual.to_owned())
    }

    /// One entry for each cause, naming what it leaves open.
    pub(super) fn into_open(self) -> Vec<Unknown> {
        let entry = |(unknown, options): (Unknown, Vec<String>)| {
            let more = match options.len() {
                1 => String::new(),
                count => format!(" and {} more that shape the schema", count - 1),
            };
            Unknown::new(format!("`{}`{more}: {}", options[0], unknown.reason), unknown.at)
        };
        self.0.into_iter().map(entry).collect()
    }
}

/// What a lookup gives in production: values of development and tests are left out.
pub(super) fn in_production(lookup: Lookup<'_>) -> Lookup<'_> {
    let Lookup::Found(mut found) = lookup else { return lookup };
    found.retain(|case| !case.outside_production());
    if found.is_empty() {
        return Lookup::Absent;
    }
    for case in &mut found {
        case.conditions.retain(|condition| condition.environment.is_none());
    }
    Lookup::Found(found)
}
