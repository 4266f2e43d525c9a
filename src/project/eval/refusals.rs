//! What code refuses to run without: the errors it throws before it comes to an expression.

use std::iter::successors;

use super::{Evaluator, Place, Truth};
use crate::facts::module::{Expr, Guard, Kind, Operator, Return};
use crate::project::value::{Condition, Environment};
use crate::source::Span;

/// Where code is not reached, by how much is left out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Refusal {
    /// It is reached everywhere.
    Never,
    /// It is not reached in production.
    InProduction,
    /// It is reached nowhere.
    Always,
}

impl Evaluator<'_> {
    /// The condition under which it comes to `otherwise` because a value is missing, as far as `condition` tells that; `None`
    /// where it never comes to it: `if (!secret) throw …` stands before `secret || "default"`.
    pub(super) fn without_it(
        &self,
        place: &Place<'_>,
        missing: &Expr,
        otherwise: &Expr,
        condition: Condition,
    ) -> Option<Condition> {
        let condition = match self.refusal(place, missing, otherwise.span) {
            Refusal::Always => return None,
            Refusal::InProduction => Condition { environment: Some(Environment::NotProduction), ..condition },
            Refusal::Never => condition,
        };
        (!self.only_throws(place, otherwise)).then_some(condition)
    }

    /// The condition under which a place is reached, where a production build throws before it: `if (production) throw …`.
    pub(super) fn kept_from_production(&self, place: &Place<'_>, at: Span) -> Option<Condition> {
        let scope = place.facts.module()?.scopes.get(place.scope as usize)?;
        let is_around = |guard: &&Guard| guard.body.start <= at.start && at.end <= guard.body.end;
        let refuses = |end: &Return| {
            let conditions = self.conditions(place, end.guards.iter().filter(|guard| !is_around(guard)))?;
            Condition::all(&conditions).filter(|all| all.environment.is_some_and(Environment::is_production))
        };
        // What is called to find out is rarely a test of the environment, and much to follow for each change.
        let asks = |end: &&Return| end.guards.iter().any(|guard| guard.condition.any(&|part| matches!(part.kind, Kind::Call(_))));
        thrown_before(&scope.returns, at).filter(|end| !asks(end)).find_map(refuses).map(|refused| refused.negated())
    }

    /// How far the code before an expression keeps it from being reached where a value is missing.
    fn refusal(&self, place: &Place<'_>, missing: &Expr, at: Span) -> Refusal {
        let scopes = place.facts.module().map(|module| module.scopes.as_slice()).unwrap_or_default();
        let around = successors(scopes.get(place.scope as usize), |scope| scopes.get(scope.parent? as usize));
        let met = |guard: &Guard| self.met_without(place, missing, &guard.condition, guard.holds);
        let is_about_it = |end: &&Return| end.guards.iter().any(|guard| guard.condition.any(&|part| is_same(part, missing)));
        let refused = around.flat_map(|scope| thrown_before(&scope.returns, at)).filter(is_about_it);
        refused.filter_map(|end| end.guards.iter().map(met).min()).max().unwrap_or(Refusal::Never)
    }

    /// Where a condition comes to `wanted` when a value is missing.
    fn met_without(&self, place: &Place<'_>, missing: &Expr, condition: &Expr, wanted: bool) -> Refusal {
        let of_sides = |sides: &[Expr; 2], all: bool| {
            let [left, right] = sides.each_ref().map(|side| self.met_without(place, missing, side, wanted));
            if all { left.min(right) } else { left.max(right) }
        };
        let when = |holds: bool| if holds { Refusal::Always } else { Refusal::Never };
        match &condition.kind {
            Kind::Not(inner) => self.met_without(place, missing, inner, !wanted),
            Kind::Binary(Operator::And, sides) => of_sides(sides, wanted),
            Kind::Binary(Operator::Or, sides) => of_sides(sides, !wanted),
            _ if is_same(condition, missing) => when(!wanted),
            _ => match self.truth(place, condition) {
                Truth::Known(value) => when(value == wanted),
                Truth::Depends(condition) => match if wanted { condition } else { condition.negated() }.environment {
                    Some(environment) if environment.is_production() => Refusal::InProduction,
                    _ => Refusal::Never,
                },
            },
        }
    }
}

/// The errors that are thrown under conditions, before a place.
fn thrown_before(ends: &[Return], at: Span) -> impl Iterator<Item = &Return> {
    let is_before = move |guard: &Guard| guard.condition.span.end <= at.start;
    ends.iter().filter(move |end| end.throws && !end.guards.is_empty() && end.guards.iter().all(is_before))
}

/// Whether two expressions read the same name, or the same member of it.
fn is_same(one: &Expr, other: &Expr) -> bool {
    match (&one.kind, &other.kind) {
        (Kind::Name(one), Kind::Name(other)) => one == other,
        (Kind::Member(one, part), Kind::Member(other, other_part)) => part == other_part && is_same(one, other),
        _ => false,
    }
}
