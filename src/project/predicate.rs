//! Asks the predicates of packs and rule documents of evaluated values: holds, holds not, or unknown with the reason.

use crate::facts::module::Text;
use crate::knowledge::predicate::{Condition, Literal, OptionTest, Predicate};
use crate::project::value::cases::{Relation, relation, taken_apart};
use crate::project::value::{self, Found, Lookup, Node, Unknown, Value};

/// The answer to a predicate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds in every case.
    Holds,
    /// It holds in no case.
    HoldsNot,
    /// Some cases hold and others do not, or a value is not known.
    Unknown(Vec<Unknown>),
}

/// A verdict and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome<'v> {
    /// The answer over all cases.
    pub verdict: Verdict,
    /// The written values for which the predicate certainly holds; empty when it holds because nothing is written.
    pub holding: Vec<Found<'v>>,
}

/// Asks one test of an object of options.
#[must_use]
pub fn test<'v>(test: &OptionTest, options: &'v Node) -> Outcome<'v> {
    evaluate(&test.predicate, &options.lookup(&test.steps()))
}

/// Asks a condition; `ask` answers its tests, in order, as far as they are needed.
#[must_use]
pub fn condition(condition: &Condition, ask: &mut dyn FnMut(&OptionTest) -> Verdict) -> Verdict {
    // Every part must give `usual`; the first that gives `final_word` decides.
    let mut join = |parts: &[Condition], usual: Verdict, final_word: &Verdict| {
        let mut unknown = Vec::new();
        for part in parts {
            match self::condition(part, ask) {
                verdict if verdict == *final_word => return verdict,
                Verdict::Unknown(why) => unknown.extend(why),
                _ => {}
            }
        }
        if unknown.is_empty() { usual } else { Verdict::Unknown(unknown) }
    };
    match condition {
        Condition::All { all } => join(all, Verdict::Holds, &Verdict::HoldsNot),
        Condition::Any { any } => join(any, Verdict::HoldsNot, &Verdict::Holds),
        Condition::Test(test) => ask(test),
    }
}

/// Asks a predicate of what was found at a path.
#[must_use]
pub fn evaluate<'v>(predicate: &Predicate, lookup: &Lookup<'v>) -> Outcome<'v> {
    let found = match lookup {
        Lookup::Found(found) => found,
        Lookup::Absent => {
            let verdict = if of_missing(predicate) { Verdict::Holds } else { Verdict::HoldsNot };
            return Outcome { verdict, holding: Vec::new() };
        }
        Lookup::Unknown(why) => return Outcome { verdict: Verdict::Unknown(why.clone()), holding: Vec::new() },
    };
    let mut holding = Vec::new();
    let mut fails = 0_usize;
    let mut unknown = Vec::new();
    for case in found {
        match of_node(predicate, case.node) {
            Answer::Yes => holding.push(case.clone()),
            Answer::No => fails += 1,
            Answer::Unknown(why) => unknown.push(why),
        }
    }
    let left_out = !covers(found);
    let missing_holds = left_out && of_missing(predicate);
    let missing_fails = left_out && !missing_holds;
    let some_hold = !holding.is_empty() || missing_holds;
    let some_fail = fails > 0 || missing_fails;
    let verdict = match (some_hold, some_fail) {
        (true, false) if unknown.is_empty() => Verdict::Holds,
        (false, true) if unknown.is_empty() => Verdict::HoldsNot,
        _ => {
            let mut why: Vec<Unknown> = unknown;
            for condition in found.iter().flat_map(|case| &case.conditions) {
                let reason = depends_on(condition);
                if !why.contains(&reason) {
                    why.push(reason);
                }
            }
            Verdict::Unknown(why)
        }
    };
    Outcome { verdict, holding }
}

/// What is not known where a condition decides.
#[must_use]
pub fn depends_on(condition: &value::Condition) -> Unknown {
    // Whether it holds and whether it does not is one question.
    let otherwise = condition.negated().text;
    let text = if otherwise.len() < condition.text.len() { &otherwise } else { &condition.text };
    Unknown::new(format!("it depends on `{text}`"), condition.at.clone())
}

/// Whether the values found are all there can be: those under `c` and `!(c)` are, those under `c` alone are not.
#[must_use]
pub fn covers(found: &[Found<'_>]) -> bool {
    cover(found.iter().map(|case| case.conditions.clone()))
}

/// Whether one of several cases holds whatever their conditions come to.
#[must_use]
pub fn cover<'c>(cases: impl Iterator<Item = Vec<&'c value::Condition>>) -> bool {
    exhaust(cases.flat_map(|case| taken_apart(&case)).collect())
}

/// More cases than this are not searched for completeness.
const MAX_CASES: usize = 16;

fn exhaust(cases: Vec<Vec<&value::Condition>>) -> bool {
    if cases.len() > MAX_CASES {
        return false;
    }
    if cases.iter().any(Vec::is_empty) {
        return true;
    }
    let Some(pivot) = cases.first().and_then(|case| case.first()).copied() else { return false };
    // The cases that are left where it holds, or where it does not, with what else they ask for.
    let suppose = |fails: &[Relation]| {
        let mut left = cases.clone();
        left.retain(|case| case.iter().all(|condition| !fails.contains(&relation(pivot, condition))));
        let is_open = |relation: Relation| matches!(relation, Relation::Unrelated | Relation::Apart);
        left.iter_mut().for_each(|case| case.retain(|condition| is_open(relation(pivot, condition))));
        left
    };
    exhaust(suppose(&[Relation::Opposite, Relation::Apart])) && exhaust(suppose(&[Relation::Same]))
}

enum Answer {
    Yes,
    No,
    Unknown(Unknown),
}

impl From<bool> for Answer {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

fn of_missing(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::IsNot(_) => true,
        Predicate::Present(wanted) | Predicate::Truthy(wanted) | Predicate::WrittenText(wanted) => !wanted,
        Predicate::Is(_) | Predicate::OneOf(_) | Predicate::Above(_) | Predicate::Below(_) => false,
    }
}

fn of_node(predicate: &Predicate, node: &Node) -> Answer {
    let unknown = || Answer::Unknown(why_unknown(node));
    match predicate {
        Predicate::Is(literal) => equals(literal, node).map_or_else(unknown, Answer::from),
        Predicate::IsNot(literal) => equals(literal, node).map_or_else(unknown, |equal| Answer::from(!equal)),
        Predicate::OneOf(literals) => {
            let answers: Vec<_> = literals.iter().map(|literal| equals(literal, node)).collect();
            if answers.contains(&Some(true)) {
                Answer::Yes
            } else if answers.contains(&None) {
                unknown()
            } else {
                Answer::No
            }
        }
        Predicate::Present(wanted) => present(node).map_or_else(unknown, |present| Answer::from(present == *wanted)),
        Predicate::Truthy(wanted) => node.truthy().map_or_else(unknown, |truthy| Answer::from(truthy == *wanted)),
        Predicate::WrittenText(wanted) => {
            let written = matches!(&node.value, Value::Text(text) if !text.is_empty());
            Answer::from(written == *wanted)
        }
        Predicate::Above(limit) => number(node).map_or_else(unknown, |n| Answer::from(n.is_some_and(|n| n > *limit))),
        Predicate::Below(limit) => number(node).map_or_else(unknown, |n| Answer::from(n.is_some_and(|n| n < *limit))),
    }
}

/// Whether a value could be anything when the program runs.
fn is_open(node: &Node) -> bool {
    matches!(node.value, Value::Unknown(_) | Value::Env(_) | Value::Either(_) | Value::Call(_) | Value::External(_))
}

fn equals(literal: &Literal, node: &Node) -> Option<bool> {
    if is_open(node) {
        return None;
    }
    Some(match (literal, &node.value) {
        (Literal::Bool(wanted), Value::Bool(value)) => wanted == value,
        (Literal::Number(wanted), Value::Number(value)) => wanted == value,
        (Literal::Text(wanted), Value::Text(Text::Plain(value))) => wanted == value,
        (Literal::Text(wanted), Value::Text(Text::Redacted { length })) => {
            return (wanted.chars().count() != *length as usize).then_some(false);
        }
        _ => false,
    })
}

fn present(node: &Node) -> Option<bool> {
    match &node.value {
        Value::Undefined | Value::Null => Some(false),
        Value::Unknown(_) | Value::Env(_) | Value::Either(_) => None,
        // What a package makes for the purpose is taken as made.
        _ => Some(true),
    }
}

/// The number, `Some(None)` for a value that is certainly none.
fn number(node: &Node) -> Option<Option<f64>> {
    match &node.value {
        Value::Number(value) => Some(Some(*value)),
        _ if is_open(node) => None,
        _ => Some(None),
    }
}

/// Why a value cannot be told.
#[must_use]
pub fn why_unknown(node: &Node) -> Unknown {
    node.why_unknown().unwrap_or_else(|| Unknown::new("the value is not known", node.at.clone()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::project::value::{Alternative, Condition, Object, Property};
    use crate::source::{Site, Span};

    fn site() -> Site {
        Site::new(&Arc::from("auth.ts"), Span::default())
    }

    fn node(value: Value) -> Node {
        Node { value, at: site() }
    }

    fn condition(text: &str) -> Condition {
        Condition::new(text, site())
    }

    fn options(value: Value, conditions: Vec<Condition>) -> Node {
        let property = Property { key: "key".into(), key_at: site(), node: node(value), conditions };
        node(Value::from(Object { properties: vec![property], ..Object::default() }))
    }

    fn ask(predicate: Predicate, options: &Node) -> Outcome<'_> {
        test(&OptionTest { path: "key".into(), predicate }, options)
    }

    #[test]
    fn alternatives_must_agree() {
        let either = |a, b| {
            let alternative = |value, text: &str| Alternative { node: node(value), condition: condition(text) };
            options(Value::from(vec![alternative(a, "c"), alternative(b, "!(c)")]), Vec::new())
        };
        let is_true = || Predicate::Is(Literal::Bool(true));
        assert_eq!(ask(is_true(), &either(Value::Bool(true), Value::Bool(true))).verdict, Verdict::Holds);
        assert_eq!(ask(is_true(), &either(Value::Bool(false), Value::Undefined)).verdict, Verdict::HoldsNot);
        let mixed = either(Value::Bool(true), Value::Bool(false));
        let outcome = ask(is_true(), &mixed);
        assert!(matches!(outcome.verdict, Verdict::Unknown(_)));
        assert_eq!(outcome.holding.len(), 1);
        assert_eq!(outcome.holding[0].conditions[0].text, "c");
    }

    #[test]
    fn a_conditional_property_may_be_missing() {
        let options = options(Value::Bool(true), vec![condition("c")]);
        assert!(matches!(ask(Predicate::Truthy(true), &options).verdict, Verdict::Unknown(_)));
        assert_eq!(ask(Predicate::IsNot(Literal::Bool(false)), &options).verdict, Verdict::Holds);
    }

    #[test]
    fn unknown_values_say_why() {
        let options = options(Value::Env("STORE".into()), Vec::new());
        let Verdict::Unknown(why) = ask(Predicate::Present(true), &options).verdict else { panic!("must be unknown") };
        assert!(why[0].reason.contains("`STORE`"));
    }

    #[test]
    fn nothing_written_is_undefined() {
        let empty = node(Value::Undefined);
        for (predicate, verdict) in [
            (Predicate::Present(false), Verdict::Holds),
            (Predicate::Truthy(true), Verdict::HoldsNot),
            (Predicate::IsNot(Literal::Bool(false)), Verdict::Holds),
            (Predicate::Below(8.0), Verdict::HoldsNot),
        ] {
            assert_eq!(ask(predicate, &empty).verdict, verdict);
        }
    }

    #[test]
    fn credentials_are_compared_by_length_only() {
        let options = options(Value::Text(Text::Redacted { length: 4 }), Vec::new());
        let is = |text: &str| Predicate::Is(Literal::Text(text.into()));
        assert_eq!(ask(is("longer"), &options).verdict, Verdict::HoldsNot);
        assert!(matches!(ask(is("four"), &options).verdict, Verdict::Unknown(_)));
    }
}
