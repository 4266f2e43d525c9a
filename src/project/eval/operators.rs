//! Operators, and whether values count as true.

use super::compose::{each, either, unknown};
use super::numbers::calculated;
use super::{Evaluator, Place, Truth};
use crate::facts::module::{Expr, Kind, Operator, Text};
use crate::project::render;
use crate::project::value::{Alternative, Condition, Environment, External, Node, Value};
use crate::source::Site;

impl Evaluator<'_> {
    pub(super) fn binary(&self, place: &Place<'_>, operator: Operator, sides: &[Expr; 2], at: Site) -> Node {
        let [left, right] = sides;
        match operator {
            Operator::Nullish | Operator::Or | Operator::And => self.choice(place, operator, self.expr(place, left), sides, at),
            Operator::Equal | Operator::NotEqual => self.equality(place, operator == Operator::Equal, sides, at),
            Operator::Less
            | Operator::AtMost
            | Operator::Greater
            | Operator::AtLeast
            | Operator::In
            | Operator::InstanceOf
            | Operator::Other => unknown("a comparison or calculation that is not followed", at),
            _ => {
                let (left, right) = (self.expr(place, left), self.expr(place, right));
                each(left, &at, &|left| each(right.clone(), &at, &|right| calculated(operator, &left.value, &right.value, &at)))
            }
        }
    }

    /// `a ?? b`, `a || b`, `a && b`, with the value of the left side.
    pub(super) fn choice(&self, place: &Place<'_>, operator: Operator, node: Node, sides: &[Expr; 2], at: Site) -> Node {
        let [left, right] = sides;
        if operator == Operator::Nullish {
            return match &node.value {
                Value::Undefined | Value::Null => self.expr(place, right),
                _ if self.is_made_once(place, &node, right) => self.expr(place, right),
                Value::Env(_) | Value::Unknown(_) | Value::External(_) | Value::Either(_) => {
                    let condition = Condition::new(format!("{} is set", render::expr(left)), at.clone());
                    let kept = without(node, |value| matches!(value.value, Value::Undefined | Value::Null));
                    match self.without_it(place, left, right, condition.negated()) {
                        Some(missing) => either(vec![(kept, condition), (self.expr(place, right), missing)], at),
                        None => kept,
                    }
                }
                _ => node,
            };
        }
        let keeps_left = operator == Operator::Or;
        if keeps_left && self.is_made_once(place, &node, right) {
            return self.expr(place, right);
        }
        match truth(place, left, &node) {
            Truth::Known(value) if value == keeps_left => node,
            Truth::Known(_) => self.expr(place, right),
            Truth::Depends(condition) if keeps_left => {
                // The left side of `||` is only the result when it is not falsy, and that of `&&` when it is.
                let kept = without(node, |value| value.truthy() == Some(false));
                match self.without_it(place, left, right, condition.negated()) {
                    Some(missing) => either(vec![(kept, condition), (self.expr(place, right), missing)], at),
                    None => kept,
                }
            }
            Truth::Depends(condition) => {
                let none = Node { value: Value::Bool(false), at: node.at };
                if self.only_throws(place, right) {
                    return none;
                }
                either(vec![(none, condition.negated()), (self.expr(place, right), condition)], at)
            }
        }
    }

    /// Whether a value is kept on the global object between reloads, and made where it is not there yet: then it is what an
    /// earlier run of the same code made. What is only written in its place may be another one.
    fn is_made_once(&self, place: &Place<'_>, kept: &Node, otherwise: &Expr) -> bool {
        is_global(kept) && is_made(&self.expr(place, otherwise), otherwise)
    }

    pub(super) fn equality(&self, place: &Place<'_>, equal: bool, sides: &[Expr; 2], at: Site) -> Node {
        let [left, right] = [self.expr(place, &sides[0]), self.expr(place, &sides[1])];
        if let Some(same) = is_same(&left.value, &right.value) {
            return Node { value: Value::Bool(same == equal), at };
        }
        for (several, other) in [(&left, &right), (&right, &left)] {
            let is_told = |one: &Alternative| is_same(&one.node.value, &other.value).is_some();
            if matches!(&several.value, Value::Either(alternatives) if alternatives.iter().all(is_told)) {
                let told = |one: Node| Value::Bool(is_same(&one.value, &other.value) == Some(equal));
                return each(several.clone(), &at, &|one| Node { value: told(one), at: at.clone() });
            }
        }
        let is_phase = |one: &Value| matches!(one, Value::External(External { module, name }) if module == "next/constants" && name == "PHASE_PRODUCTION_BUILD");
        let environment = match (&left.value, &right.value) {
            (_, phase) | (phase, _) if is_phase(phase) => Some(Environment::Build),
            (_, Value::Text(Text::Plain(text))) => variable(&sides[0], &left).and_then(|name| selected_environment(name, text)),
            (Value::Text(Text::Plain(text)), _) => variable(&sides[1], &right).and_then(|name| selected_environment(name, text)),
            _ => None,
        };
        let text = format!("{} {} {}", render::expr(&sides[0]), if equal { "===" } else { "!==" }, render::expr(&sides[1]));
        let environment = environment.map(|environment| if equal { environment } else { environment.negated() });
        test(Condition { environment, ..Condition::new(text, at.clone()) }, at)
    }

    pub(super) fn truth(&self, place: &Place<'_>, expr: &Expr) -> Truth {
        truth(place, expr, &self.expr(place, expr))
    }
}

/// Whether two values are equal; `None` where that is not known.
fn is_same(one: &Value, other: &Value) -> Option<bool> {
    match (one, other) {
        (Value::Text(Text::Plain(a)), Value::Text(Text::Plain(b))) => Some(a == b),
        (Value::Bool(a), Value::Bool(b)) => Some(a == b),
        (Value::Number(a), Value::Number(b)) => Some(a == b),
        (Value::Undefined | Value::Null, Value::Undefined | Value::Null) => Some(true),
        (Value::Undefined | Value::Null, other) | (other, Value::Undefined | Value::Null) if is_something(other) => Some(false),
        (Value::Object(_) | Value::Function(_), Value::Bool(_)) | (Value::Bool(_), Value::Object(_) | Value::Function(_)) => {
            Some(false)
        }
        _ => None,
    }
}

/// Whether the value of an expression counts as true.
fn truth(place: &Place<'_>, expr: &Expr, node: &Node) -> Truth {
    truth_of(node, || Condition::new(render::expr(expr), Site::new(&place.file, expr.span)))
}

/// Whether a value counts as true; `told` is what is said of one that does not tell by itself when it does.
pub(super) fn truth_of(node: &Node, told: impl FnOnce() -> Condition) -> Truth {
    if let Some(known) = node.truthy() {
        return Truth::Known(known);
    }
    let told = || match &node.value {
        Value::Env(name) if tells_of_builds(name) => Condition { environment: Some(Environment::Build), ..told() },
        Value::Env(name) if tells_of_tests(name) => Condition { environment: Some(Environment::NotProduction), ..told() },
        _ => told(),
    };
    let Value::Either(alternatives) = &node.value else { return Truth::Depends(told()) };
    let positive: Vec<&Alternative> = alternatives.iter().filter(|one| one.node.truthy() != Some(false)).collect();
    let is_told = positive.iter().all(|one| one.node.truthy() == Some(true));
    match positive.as_slice() {
        [only] if is_told => Truth::Depends(only.condition.clone()),
        several => {
            let any = several.iter().map(|one| one.condition.clone()).reduce(|any, next| any.or(&next)).filter(|_| is_told);
            Truth::Depends(Condition { environment: any.and_then(|any| any.environment), ..told() })
        }
    }
}

/// Whether an expression makes its value, rather than to have it written out.
pub(super) fn is_made(node: &Node, expr: &Expr) -> bool {
    match &node.value {
        Value::Call(_) => true,
        Value::Undefined | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Array(_) => false,
        _ => matches!(expr.kind, Kind::Call(_)),
    }
}

/// Whether a value is certainly neither `undefined` nor `null`.
pub(super) fn is_something(value: &Value) -> bool {
    matches!(value, Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Array(_) | Value::Object(_) | Value::Function(_))
}

/// A boolean that is true under a condition.
pub(super) fn test(condition: Condition, at: Site) -> Node {
    let otherwise = condition.negated();
    let flag = |value| Node { value: Value::Bool(value), at: at.clone() };
    let alternatives = vec![Alternative { node: flag(true), condition }, Alternative { node: flag(false), condition: otherwise }];
    Node { value: alternatives.into(), at }
}

pub(super) fn environment_test(environment: Environment, text: &str, at: &Site) -> Condition {
    Condition { environment: Some(environment), ..Condition::new(text, at.clone()) }
}

/// The environment variable an expression reads; a member that is called `NODE_ENV` or `nodeEnv` is that one, whoever hands
/// it on, and so are the others that tell the environment, of what is called `env`.
fn variable<'n>(expr: &'n Expr, node: &'n Node) -> Option<&'n str> {
    read_variable(&node.value).or_else(|| match (&node.value, &expr.kind) {
        (Value::Unknown(_) | Value::External(_) | Value::Either(_), Kind::Member(of, name)) => {
            let is_env = matches!(&of.kind, Kind::Name(of) | Kind::Member(_, of) if of == "env");
            let name = if name == "nodeEnv" { "NODE_ENV" } else { name };
            (name == "NODE_ENV" || is_env && names_environment(name)).then_some(name)
        }
        _ => None,
    })
}

/// Whether a variable is set where tests or their services run, and only there (Vitest: `VITEST`; Jest: `JEST_WORKER_ID`; the
/// services: `CI`).
fn tells_of_tests(variable: &str) -> bool {
    matches!(variable, "CI" | "JEST_WORKER_ID" | "VITEST")
}

fn names_environment(variable: &str) -> bool {
    matches!(variable, "NODE_ENV" | "MODE" | "APP_ENV" | "VERCEL_ENV" | "ENVIRONMENT" | "ENV" | "NEXT_PUBLIC_VERCEL_ENV")
}

/// The environment variable a value is, be it with a text in place of one that is not set.
pub(super) fn read_variable(value: &Value) -> Option<&str> {
    match value {
        Value::Env(name) => Some(name),
        Value::Either(alternatives) => {
            let (read, others): (Vec<_>, Vec<_>) =
                alternatives.iter().map(|one| &one.node.value).partition(|value| matches!(value, Value::Env(_)));
            match read.as_slice() {
                [Value::Env(name)] if others.iter().all(|value| matches!(value, Value::Text(_))) => Some(name),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether a variable by its name is set only while the application is built, when it serves nothing: `BUILD_TIME`,
/// `IS_BUILDING`, `NEXT_BUILD`.
fn tells_of_builds(variable: &str) -> bool {
    let is_about = |word: &&str| !matches!(*word, "IS" | "NEXT" | "VITE" | "SSR" | "DOCKER");
    let words: Vec<&str> = variable.split('_').filter(is_about).collect();
    matches!(words.as_slice(), ["BUILD" | "BUILDING" | "BUILDTIME"] | ["BUILD", "TIME" | "PHASE"])
}

/// A value without the alternatives it is known not to be.
pub(super) fn without(mut node: Node, is_ruled_out: impl Fn(&Node) -> bool) -> Node {
    if let Value::Either(alternatives) = &node.value
        && alternatives.iter().any(|one| is_ruled_out(&one.node))
    {
        let kept: Vec<Alternative> = alternatives.iter().filter(|one| !is_ruled_out(&one.node)).cloned().collect();
        node = match kept.as_slice() {
            [] => return node,
            [only] => only.node.clone(),
            _ => Node { value: kept.into(), at: node.at },
        };
    }
    node
}

pub(super) fn selected_environment(variable: &str, value: &str) -> Option<Environment> {
    match value {
        "1" | "true" if tells_of_tests(variable) => Some(Environment::NotProduction),
        "1" | "true" if tells_of_builds(variable) => Some(Environment::Build),
        // Documentation of Next.js ("Phases"), of npm ("Environment", "current lifecycle event").
        "phase-production-build" if variable == "NEXT_PHASE" => Some(Environment::Build),
        "build" if variable == "npm_lifecycle_event" => Some(Environment::Build),
        _ if !names_environment(variable) => None,
        "production" | "prod" => Some(Environment::Production),
        "development" | "dev" | "test" | "local" | "testing" => Some(Environment::NotProduction),
        _ => None,
    }
}

/// Whether a value is kept on the global object.
pub(super) fn is_global(node: &Node) -> bool {
    matches!(&node.value, Value::External(External { module, name })
        if module == "global" && (name.starts_with("globalThis.") || name.starts_with("global.")))
}
