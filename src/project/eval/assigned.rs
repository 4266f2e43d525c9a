//! Variables that functions set: `let db; const getDb = () => (db ??= create())`.
//!
//! Nothing tells when such a function runs, so that the variable is one of the values it is given, or still the one it
//! has without them. What a test of it rules out, it is not: behind `if (!db) db = create()` it is `create()`.

use std::sync::Arc;

use super::changes::{is_element, object_of, reach, take_from};
use super::compose::{either, set, unknown};
use super::ever::binder;
use super::operators::{is_global, is_made, is_something, without};
use super::{Evaluator, Frame, Mark, Place};
use crate::facts::lower::{ENTRY, place_of, shown_name};
use crate::facts::module::{Effect, Expr, Guard, Kind, Module, Mutation, Operator, ScopeId};
use crate::project::value::{Condition, Node, Unknown, Value};
use crate::source::Site;

/// Most places that set one variable which are told apart.
const MAX_PLACES: usize = 8;

/// How many variables may be looked at for what one is set to, each for the one before: members of a class are often set in
/// terms of one another.
const MAX_SETTING: usize = 2;

/// A value that is given to a name, or to what lies at a path of it, in the scope of a file.
pub(super) struct Assignment<'m> {
    /// The scope.
    pub(super) scope: ScopeId,
    /// The change there.
    pub(super) effect: &'m Effect,
    /// The value.
    pub(super) value: &'m Expr,
}

impl<'m> Assignment<'m> {
    /// What an effect on a name of a scope assigns, be it in another one; `None` where it does something else.
    pub(super) fn of(module: &'m Module, home: ScopeId, effect: &'m Effect) -> Option<Self> {
        let (scope, effect) = match effect.change {
            Mutation::AssignedIn(scope) => {
                let is_it = |one: &&Effect| one.span == effect.span && one.root == effect.root && one.path == effect.path;
                (scope, module.scopes.get(scope as usize)?.effects.iter().find(is_it)?)
            }
            _ => (home, effect),
        };
        match &effect.change {
            Mutation::Assign(value) => Some(Self { scope, effect, value }),
            _ => None,
        }
    }
}

/// What functions put at one place: the values, each under the condition that it is there.
struct Set {
    path: Vec<String>,
    values: Vec<(Node, Condition)>,
    /// The condition that nothing is there yet.
    unset: Condition,
}

impl Evaluator<'_> {
    /// Makes the changes of a scope to what a name stands for, as they are seen from the byte `before` or from elsewhere.
    /// `mark` is what the name stands by while they are made.
    pub(super) fn make_changes<'e>(
        &self,
        place: &Place<'_>,
        node: &mut Node,
        effects: impl Iterator<Item = &'e Effect>,
        before: Option<u32>,
        mark: Option<&Mark>,
    ) {
        let is_elsewhere = |effect: &&Effect| matches!(effect.change, Mutation::AssignedIn(_));
        let (elsewhere, own): (Vec<_>, Vec<_>) = effects.partition(is_elsewhere);
        let sets = self.sets(place, elsewhere);
        for effect in own {
            // Any of the values may be the one that is changed.
            if effect.is_in_place() {
                self.put(node, &sets);
            }
            match mark {
                Some(mark) => {
                    let so_far = (mark.clone(), node.clone());
                    self.changing.during(self.run, so_far, || self.apply(place, node, effect, before));
                }
                None => self.apply(place, node, effect, before),
            }
        }
        self.put(node, &sets);
    }

    /// What a name that is bound around a function stands for when that has come to a byte, by what it stands for elsewhere:
    /// the function itself may have changed it until then.
    pub(super) fn within(
        &self,
        place: &Place<'_>,
        name: &str,
        home: ScopeId,
        byte: u32,
        elsewhere: impl FnOnce() -> Node,
    ) -> Node {
        let is_it = |((file, scope, changed), so_far): &(Mark, Node)| {
            (*file == place.file && *scope == place.scope && changed == name).then(|| so_far.clone())
        };
        if let Some(so_far) = self.changing.innermost(self.run, is_it) {
            return so_far;
        }
        let mut node = elsewhere();
        let Some(module) = place.facts.module() else { return node };
        let is_own = |effect: &&Effect| {
            let at = Some(effect.span.start);
            effect.span.end <= byte && binder(module, place.scope, name, at).is_none_or(|bound| bound == home)
        };
        let mut effects = self.effects(place, name).filter(is_own).peekable();
        if effects.peek().is_some() {
            let mark = (Arc::clone(&place.file), place.scope, name.to_owned());
            self.make_changes(place, &mut node, effects, Some(byte), Some(&mark));
        }
        node
    }

    /// What the functions of a file put where the effects say.
    fn sets(&self, place: &Place<'_>, mut effects: Vec<&Effect>) -> Vec<Set> {
        effects.sort_by_key(|effect| (effect.path.len(), &effect.path));
        effects.chunk_by(|one, other| one.path == other.path).filter_map(|group| self.set_by(place, group)).collect()
    }

    fn set_by(&self, place: &Place<'_>, group: &[&Effect]) -> Option<Set> {
        let first = group.first()?;
        let name =
            std::iter::once(shown_name(&first.root)).chain(first.path.iter().map(String::as_str)).collect::<Vec<_>>().join(".");
        // Any call may have set it; but what a map has under a key is what was put there for that.
        let mut frames = Frame::chain(place.frame);
        let frame = match first.path.last() {
            Some(last) if last == ENTRY => place.frame,
            _ => frames.find(|frame| frame.of.scope == place.scope && frame.of.file == place.file),
        };
        let is_set = |at: Site| Condition::new(format!("{name} is set"), at);
        let unset = is_set(Site::new(&place.file, first.span)).negated();
        if self.setting.reaches(self.run, MAX_SETTING) {
            let at = Site::new(&place.file, first.span);
            let values = vec![(unknown(format!("`{name}` is set later"), at.clone()), is_set(at))];
            return Some(Set { path: first.path.clone(), values, unset });
        }
        let values = self.setting.during(self.run, (), || self.set_values(place, group, frame, &name));
        (!values.is_empty()).then(|| Set { path: first.path.clone(), values, unset })
    }

    /// The values that some assignments to one name give, each under the condition that it was given.
    fn set_values(&self, place: &Place<'_>, group: &[&Effect], frame: Option<&Frame<'_>>, name: &str) -> Vec<(Node, Condition)> {
        let Some(module) = place.facts.module() else { return Vec::new() };
        let is_set = |at: Site| Condition::new(format!("{name} is set"), at);
        let mut values = Vec::new();
        for effect in group {
            let at = Site::new(&place.file, effect.span);
            if values.len() == MAX_PLACES {
                let reason = format!("`{name}` is set in more places than are followed");
                values.push((unknown(reason, at.clone()), is_set(at)));
                break;
            }
            let Some(made) = Assignment::of(module, place.scope, effect) else { continue };
            let there = Place { file: Arc::clone(&place.file), facts: Arc::clone(&place.facts), scope: made.scope, frame };
            let is_it = |part: &Expr| matches!(&part.kind, Kind::Name(name) if *name == effect.root);
            let guards = made.effect.guards.iter().filter(|guard| !guard.condition.any(&is_it));
            let Some(conditions) = self.conditions(&there, guards) else { continue };
            let mut node = self.expr(&there, made.first_value());
            if let Value::Unknown(why) = &node.value {
                node = unknown(format!("`{name}` is set later: {}", why.reason), at.clone());
            }
            values.push((node, conditions.iter().fold(is_set(at), |all, next| all.and(next))));
        }
        values
    }

    /// Adds to what a name stands for what functions may have put there.
    fn put(&self, node: &mut Node, sets: &[Set]) {
        for Set { path, values, unset } in sets {
            let with = |before: Node| {
                let at = before.at.clone();
                let is_nothing = |node: &Node| matches!(node.value, Value::Undefined | Value::Null);
                let again = |(node, _): &&(Node, Condition)| !(is_nothing(node) && is_nothing(&before));
                let mut parts: Vec<(Node, Condition)> = values.iter().filter(again).cloned().collect();
                parts.push((before.clone(), unset.clone()));
                either(parts, at)
            };
            let Some((key, parents)) = path.split_last() else {
                *node = with(node.clone());
                continue;
            };
            let unseen = || Unknown::new("a later change that is not followed", unset.at.clone());
            reach(node, parents, &unseen, &mut |target| {
                let before = self.property(target, key, &target.at);
                if let Some(object) = object_of(target) {
                    set(object, key.as_str().into(), unset.at.clone(), with(before), &[]);
                } else if let (Value::Array(array), true) = (&mut target.value, is_element(key)) {
                    take_from(array.change(), &unseen());
                } else if !matches!(target.value, Value::Undefined | Value::Null | Value::Unknown(_)) {
                    target.value = Value::Unknown(unseen());
                }
            });
        }
    }

    /// What lies at a place after one of two ways to it: `next` where it is reached, by guards that are not decided, and else
    /// what was there before. `None` where no guard tests the place itself.
    pub(super) fn settled(
        &self,
        (next, reached): (&Node, &[Condition]),
        before: &Node,
        effect: &Effect,
        guards: &[(&Guard, Condition)],
    ) -> Option<Node> {
        let [(guard, condition)] = guards else { return None };
        let is_it = |expr: &Expr| is_place(expr, &effect.root, &effect.path);
        let before = narrowed(before.clone(), &guard.condition, !guard.holds, &is_it)?;
        // What is kept on the global object was made by an earlier run of the same code.
        let is_kept = is_global(&before) && matches!(&effect.change, Mutation::Assign(value) if is_made(next, value));
        let reached = Condition::all(reached).unwrap_or_else(|| condition.clone());
        let parts = || vec![(next.clone(), reached), (before, condition.negated())];
        Some(if is_kept { next.clone() } else { either(parts(), next.at.clone()) })
    }

    /// What a function gives back under guards that test it: `if (db) return db`.
    pub(super) fn narrowed_by(&self, place: &Place<'_>, node: Node, value: &Expr, guards: &[Guard]) -> Node {
        let Some((root, path)) = place_of(value) else { return node };
        let is_it = |expr: &Expr| is_place(expr, &root, &path);
        let stays = |guard: &&Guard| {
            let tested = guard.condition.span.end;
            !self.effects(place, &root).any(|effect| effect.span.end > tested && effect.span.end <= value.span.start)
        };
        guards
            .iter()
            .filter(stays)
            .fold(node, |node, guard| narrowed(node.clone(), &guard.condition, guard.holds, &is_it).unwrap_or(node))
    }

    /// The value of an expression behind a test that came out in one way: `db ? db : create()`.
    pub(super) fn tested(&self, place: &Place<'_>, value: &Expr, test: &Expr, holds: bool) -> Node {
        let node = self.expr(place, value);
        let Some((root, path)) = place_of(value) else { return node };
        narrowed(node.clone(), test, holds, &|expr| is_place(expr, &root, &path)).unwrap_or(node)
    }
}

impl Assignment<'_> {
    /// The value where nothing was there before: `x ??= value`, `x = x || value`.
    fn first_value(&self) -> &Expr {
        match &self.value.kind {
            Kind::Binary(Operator::Nullish | Operator::Or, sides)
                if is_place(&sides[0], &self.effect.root, &self.effect.path) =>
            {
                &sides[1]
            }
            _ => self.value,
        }
    }
}

/// Whether an expression is a name with a path.
pub(super) fn is_place(expr: &Expr, root: &str, path: &[String]) -> bool {
    match (&expr.kind, path.split_last()) {
        (Kind::Name(name), None) => name == root,
        (Kind::Member(of, key), Some((last, path))) => key == last && is_place(of, root, path),
        _ => false,
    }
}

/// What a value can still be where a test came out in one way; `None` where it is no test of the value.
pub(super) fn narrowed(node: Node, test: &Expr, holds: bool, is_it: &dyn Fn(&Expr) -> bool) -> Option<Node> {
    match &test.kind {
        _ if is_it(test) => Some(without(node, |value| value.truthy() == Some(!holds))),
        Kind::Not(inner) => narrowed(node, inner, !holds, is_it),
        Kind::Binary(operator @ (Operator::Equal | Operator::NotEqual), sides) if is_it(&sides[0]) => {
            let is_same = (*operator == Operator::Equal) == holds;
            let nothing = match sides[1].kind {
                Kind::Undefined => Value::Undefined,
                Kind::Null => Value::Null,
                _ => return None,
            };
            // `==` is not told from `===`.
            Some(without(node, |one| if is_same { is_something(&one.value) } else { one.value == nothing }))
        }
        // All sides came out in this way.
        Kind::Binary(operator, sides) if *operator == if holds { Operator::And } else { Operator::Or } => {
            let [left, right] = &**sides;
            match narrowed(node.clone(), left, holds, is_it) {
                Some(node) => Some(narrowed(node.clone(), right, holds, is_it).unwrap_or(node)),
                None => narrowed(node, right, holds, is_it),
            }
        }
        _ => None,
    }
}
