//! Conditions taken apart: the cases they hold in. Conditions are put together in functions with several ends, in lists
//! that are spread into others and in assignments under tests; what of that holds always or never, and what says the same
//! in fewer words, is only seen case by case.

use std::sync::Arc;

use super::Condition;

/// Most cases that are told apart.
const MAX_CASES: usize = 16;

/// Most conditions that all cases consist of.
const MAX_PARTS: usize = 32;

/// The cases a condition holds in; all parts of one of them hold there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cases(Vec<Case>);

/// Conditions that are not taken apart.
type Case = Vec<Arc<Condition>>;

impl Cases {
    /// The cases of a condition; one, where it is not made of others.
    pub(in crate::project) fn of(condition: &Condition) -> Self {
        match &condition.cases {
            Some(cases) => Self::clone(cases),
            None => Self(vec![vec![Arc::new(condition.clone())]]),
        }
    }

    /// One case, in which nothing is asked for.
    pub(in crate::project) fn always() -> Self {
        Self(vec![Vec::new()])
    }

    /// The cases in which both hold; `None` where there are more than are told apart.
    pub(in crate::project) fn and(&self, other: &Self) -> Option<Self> {
        if self.0.len() * other.0.len() > MAX_CASES {
            return None;
        }
        Self(self.0.iter().flat_map(|one| other.0.iter().filter_map(|more| both(one, more))).collect()).simplified()
    }

    /// The cases in which one of them holds.
    pub(in crate::project) fn or(&self, other: &Self) -> Option<Self> {
        Self(self.0.iter().chain(&other.0).cloned().collect()).simplified()
    }

    /// The cases in which it does not hold.
    pub(in crate::project) fn negated(&self) -> Option<Self> {
        let fails = |case: &Case| Self(case.iter().map(|part| vec![Arc::new(part.negated())]).collect());
        self.0.iter().try_fold(Self::always(), |all, case| all.and(&fails(case)))
    }

    /// Whether there is no case at all.
    pub(in crate::project) fn is_never(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether nothing is asked for in some case.
    pub(in crate::project) fn is_always(&self) -> bool {
        self.0.iter().any(Vec::is_empty)
    }

    /// Of how many conditions the cases consist.
    pub(in crate::project) fn len(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    /// The conditions of each case.
    pub(in crate::project) fn each(&self) -> impl Iterator<Item = impl Iterator<Item = &Condition>> {
        self.0.iter().map(|case| case.iter().map(AsRef::as_ref))
    }

    /// The condition that is all they ask for, where there is one.
    pub(in crate::project) fn only(&self) -> Option<&Condition> {
        match self.0.as_slice() {
            [case] if case.len() == 1 => Some(&case[0]),
            _ => None,
        }
    }

    /// All of them in words.
    pub(in crate::project) fn told(&self) -> String {
        let case = |case: &Case| match case.as_slice() {
            [only] => only.text.clone(),
            several => several.iter().map(|part| grouped(&part.text)).collect::<Vec<_>>().join(" && "),
        };
        self.0.iter().map(case).collect::<Vec<_>>().join(" || ")
    }

    /// Without cases that others contain, and without parts that the other cases make needless: `a || !a && b` is `a || b`.
    fn simplified(mut self) -> Option<Self> {
        let is_bounded = |cases: &Self| cases.0.len() <= MAX_CASES && cases.len() <= MAX_PARTS;
        while is_bounded(&self) {
            let places = || (0..self.0.len()).flat_map(|one| (0..self.0.len()).map(move |other| (one, other)));
            let mut pairs = places().filter(|(one, other)| one != other);
            let shorter = pairs.find_map(|(one, other)| match shortened(&self.0[one], &self.0[other]) {
                Shortened::Same => None,
                Shortened::Gone => Some((one, None)),
                Shortened::To(case) => Some((one, Some(case))),
            });
            match shorter {
                None => return Some(self),
                Some((place, Some(case))) => self.0[place] = case,
                Some((place, None)) => drop(self.0.remove(place)),
            }
        }
        None
    }
}

/// A condition as one of several that must hold.
pub(in crate::project) fn grouped(text: &str) -> String {
    if text.contains(" || ") && !text.starts_with("!(") { format!("({text})") } else { text.to_owned() }
}

/// What is left of a case beside another one.
enum Shortened {
    Same,
    Gone,
    To(Case),
}

fn shortened(case: &Case, beside: &Case) -> Shortened {
    let mut opposite = None;
    for part in beside {
        if case.iter().any(|own| relation(own, part) == Relation::Same) {
            continue;
        }
        let place = case.iter().position(|own| relation(own, part) == Relation::Opposite);
        match (place, opposite) {
            (Some(_), None) => opposite = place,
            _ => return Shortened::Same,
        }
    }
    match opposite {
        None => Shortened::Gone,
        Some(place) => Shortened::To([&case[..place], &case[place + 1..]].concat()),
    }
}

/// Whether two conditions cannot both hold.
pub(in crate::project) fn exclude(one: &Condition, other: &Condition) -> bool {
    let are_opposite =
        |one: &&Condition, other: &&Condition| matches!(relation(one, other), Relation::Opposite | Relation::Apart);
    match (&one.cases, &other.cases) {
        (None, None) => are_opposite(&one, &other),
        _ => {
            let others = parts(other);
            let excludes = |case: &[&Condition], other: &[&Condition]| {
                case.iter().any(|part| other.iter().any(|another| are_opposite(part, another)))
            };
            parts(one).iter().all(|case| others.iter().all(|other| excludes(case, other)))
        }
    }
}

/// The cases in which all of some conditions hold; those themselves, where there are more than are told apart.
pub(in crate::project) fn taken_apart<'c>(conditions: &[&'c Condition]) -> Vec<Vec<&'c Condition>> {
    let mut all: Vec<Vec<&Condition>> = vec![Vec::new()];
    for condition in conditions {
        let parts = parts(condition);
        all = all.iter().flat_map(|case| parts.iter().map(|part| [case.as_slice(), part].concat())).collect();
        if all.len() > MAX_CASES {
            return vec![conditions.to_vec()];
        }
    }
    all
}

fn parts(condition: &Condition) -> Vec<Vec<&Condition>> {
    match &condition.cases {
        Some(cases) => cases.each().map(Iterator::collect).collect(),
        None => vec![vec![condition]],
    }
}

/// The case in which two of them hold; `None` where they cannot.
fn both(one: &Case, other: &Case) -> Option<Case> {
    let mut all = one.clone();
    for part in other {
        let mut relations = one.iter().map(|own| relation(own, part));
        match relations.find(|relation| *relation != Relation::Unrelated) {
            Some(Relation::Opposite | Relation::Apart) => return None,
            Some(_) => {}
            None => all.push(Arc::clone(part)),
        }
    }
    Some(all)
}

/// What two conditions that are not taken apart have to do with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::project) enum Relation {
    /// One holds where the other does.
    Same,
    /// One holds where the other does not.
    Opposite,
    /// At most one of them holds.
    Apart,
    /// Nothing is told.
    Unrelated,
}

pub(in crate::project) fn relation(one: &Condition, other: &Condition) -> Relation {
    if std::ptr::eq(one, other) {
        return Relation::Same;
    }
    if let Some((calls, others)) = one.by_calls_of_one(other) {
        let is_apart = calls.in_both(others).is_none();
        return match (is_apart, calls.in_either(others).is_all()) {
            _ if calls.are_among(others) && others.are_among(calls) => Relation::Same,
            (true, true) => Relation::Opposite,
            (true, false) => Relation::Apart,
            _ => Relation::Unrelated,
        };
    }
    let is_negation = |long: &str, short: &str| {
        long.len() == short.len() + 3 && long.strip_prefix("!(").and_then(|rest| rest.strip_suffix(')')) == Some(short)
    };
    let relation = if one.text == other.text {
        Relation::Same
    } else if is_negation(&one.text, &other.text) || is_negation(&other.text, &one.text) {
        Relation::Opposite
    } else {
        return Relation::Unrelated;
    };
    if is_about_same(one, other) { relation } else { Relation::Unrelated }
}

/// Whether two conditions with one text ask for the same thing: they stand at one place, or the text shows all of it and
/// its names mean the same. What is not followed at all may be one of several things that stand at one place.
fn is_about_same(one: &Condition, other: &Condition) -> bool {
    let is_of_environment = ["process.env.", "import.meta.env."].iter().any(|root| one.text.contains(root));
    let is_whole = !one.text.contains('…');
    let is_followed = [&one.text, &other.text].iter().all(|text| *text != "…");
    is_followed
        && one.text.len() < Condition::MAX_TEXT
        && (one.at == other.at || is_whole && (is_of_environment || one.at.file == other.at.file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Site, Span};

    fn condition(text: &str, byte: usize) -> Condition {
        Condition::new(text, Site::new(&Arc::from("auth.ts"), Span::new(byte, byte)))
    }

    fn texts<const N: usize>(texts: [&str; N]) -> [Condition; N] {
        texts.map(|text| condition(text, text.len()))
    }

    #[test]
    fn what_holds_in_every_case_holds_always() {
        let [a, b] = texts(["a", "bb"]);
        assert!(a.or(&a.negated()).is_always());
        let neither = a.negated().and(&b.negated());
        assert!(a.or(&a.negated().and(&b)).or(&neither).is_always());
        assert!(!a.or(&neither).is_always());
        assert!(a.or(&b).negated().or(&a).or(&b).is_always());
    }

    #[test]
    fn what_excludes_itself_holds_never() {
        let [a, b] = texts(["a", "bb"]);
        assert!(a.and(&b).and(&a.negated()).is_never());
        assert!(a.or(&b).and(&a.negated().and(&b.negated())).is_never());
        assert!(!a.and(&b.negated()).is_never());
    }

    #[test]
    fn what_makes_no_difference_is_not_named() {
        let [a, b] = texts(["a", "bb"]);
        assert_eq!(a.and(&b).or(&a.and(&b.negated())).text, "a");
        assert_eq!(a.and(&b).and(&a).text, "a && bb");
        assert_eq!(a.and(&b).or(&b).text, "bb");
    }

    #[test]
    fn a_text_that_leaves_something_out_is_only_the_same_at_one_place() {
        let [one, other] = [condition("isOn(…)", 1), condition("isOn(…)", 2)];
        assert!(!one.and(&other.negated()).is_never());
        assert!(one.and(&one.negated()).is_never());
    }

    #[test]
    fn there_are_bounds() {
        let many: Vec<Condition> = (0..200).map(|number| condition(&format!("c{number}"), number)).collect();
        let any = many.iter().cloned().reduce(|any, next| any.or(&next)).expect("some");
        assert!(!any.is_always() && !any.is_never());
        assert!(any.cases.is_none_or(|cases| cases.len() <= MAX_PARTS));
        let all = many.iter().cloned().reduce(|all, next| all.and(&next)).expect("some");
        assert!(!all.negated().is_always() && !all.is_never());
    }
}
