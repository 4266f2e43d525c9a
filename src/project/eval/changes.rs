//! Changes made to values after they were written, and the conditions around statements.

use std::sync::Arc;

use super::assigned::is_place;
use super::closures::{called, identity, in_call};
use super::compose::{also, append, doubt, either, remove, set, spread};
use super::environment::is_global_object;
use super::ever::is_of_module;
use super::lists::tells_presence;
use super::{Evaluator, Place, Truth, WayInto};
use crate::facts::lower::{ENTRY, MAPS};
use crate::facts::module::{Binding, Call, Effect, Expr, Guard, Kind, Mutation, Operator, Source, When};
use crate::project::render;
use crate::project::value::{Array, Condition, External, FunctionValue, Node, Object, Unknown, Value};
use crate::source::Site;

/// Functions of lodash that change their first argument (lodash: API).
const CHANGING: [&str; 17] = [
    "assign",
    "assignIn",
    "assignWith",
    "defaults",
    "defaultsDeep",
    "extend",
    "fill",
    "merge",
    "mergeWith",
    "pull",
    "pullAll",
    "remove",
    "reverse",
    "set",
    "setWith",
    "unset",
    "update",
];

/// Most changes within each other that are followed into functions.
const MAX_CHANGING: usize = 2;

/// How deep what is given to a function is changed by it, as far as is reckoned with.
const MAX_DOUBTED: u32 = 4;

impl Evaluator<'_> {
    /// Changes a value as an effect does, seen from the byte `from` of the same scope or from anywhere else.
    pub(super) fn apply(&self, place: &Place<'_>, node: &mut Node, effect: &Effect, from: Option<u32>) {
        let is_replaced = effect.path.is_empty() && matches!(effect.change, Mutation::Assign(_));
        if !is_replaced && !may_be_changed(&node.value, &effect.change) {
            return;
        }
        let callee = match &effect.change {
            Mutation::Passed { call, index, way } => {
                let callee = self.as_written(|| self.expr(place, &call.callee)).value;
                // When it is called is of no account for what is not changed: the conditions may ask for the same value.
                if !self.may_change(&callee, *index, way) {
                    return;
                }
                Some((callee, call, *index, way))
            }
            _ => None,
        };
        // What runs under the same condition need not ask for it again.
        let is_shared = |guard: &&Guard| from.is_some_and(|from| guard.body.start <= from && from < guard.body.end);
        let Some(open) = self.undecided(place, effect.guards.iter().filter(|guard| !is_shared(guard))) else { return };
        let elsewhere = self.kept_from_production(place, effect.span);
        let all = |counts: &dyn Fn(&Guard) -> bool| {
            let mut conditions = Vec::new();
            let held = open.iter().filter(|(guard, _)| counts(guard)).map(|(_, condition)| condition);
            held.chain(&elsewhere).for_each(|condition| also(&mut conditions, condition));
            conditions
        };
        let conditions = all(&|_| true);
        let at = Site::new(&place.file, effect.span);
        if is_replaced && let Mutation::Assign(value) = &effect.change {
            let next = self.assigned(place, effect, value, node);
            *node = match (self.settled((&next, &conditions), node, effect, &open), Condition::all(&conditions)) {
                (Some(node), _) => node,
                (None, None) => next,
                (None, Some(condition)) => {
                    let otherwise = condition.negated();
                    let before = node.clone();
                    either(vec![(next, condition), (before, otherwise)], at)
                }
            };
            return;
        }
        if let Some((callee, call, index, way)) = callee {
            let why = Unknown::new(format!("`{}` is given it, and may change it", render::expr(&call.callee)), at.clone());
            let is_followed = effect.when == When::Here && !self.is_deep_in_changes();
            let is_plain = way.is_empty() && conditions.is_empty();
            reach(node, &effect.path, &|| why.clone(), &mut |target| match &callee {
                Value::Function(function) if is_followed => {
                    self.passed(place, target, function, call, (index, way), &conditions);
                }
                _ => match self.merged_into(place, target, &callee, call).filter(|_| is_followed && is_plain) {
                    Some(merged) => *target = merged,
                    None => doubt_contents(target, &why, MAX_DOUBTED),
                },
            });
            return;
        }
        let (path, key) = match (&effect.change, effect.path.split_last()) {
            (Mutation::Assign(_) | Mutation::Delete, Some((key, path))) => (path, Some(key)),
            _ => (effect.path.as_slice(), None),
        };
        let not_followed = || Unknown::new("a later change that is not followed", at.clone());
        reach(node, path, &not_followed, &mut |target| {
            if let (Mutation::Assign(value), Some(key)) = (&effect.change, key) {
                let before = self.property(target, key, &target.at);
                if let Some(object) = object_of(target) {
                    let next = self.assigned(place, effect, value, &before);
                    let (node, conditions) = match self.settled((&next, &conditions), &before, effect, &open) {
                        Some(node) => (node, [].as_slice()),
                        None => (next, conditions.as_slice()),
                    };
                    set(object, key.as_str().into(), at.clone(), node, conditions);
                    return;
                }
            }
            match (&effect.change, &mut target.value) {
                (Mutation::Delete, Value::Object(object)) => {
                    key.iter().for_each(|key| remove(object.change(), key, &conditions));
                }
                // `list.length = 0` empties it.
                (Mutation::Assign(value), Value::Array(array))
                    if key.is_some_and(|key| key == "length")
                        && conditions.is_empty()
                        && self.expr(place, value).value == Value::Number(0.0) =>
                {
                    *array = Array::default().into();
                }
                (Mutation::Push(elements), Value::Array(array)) => {
                    let array = array.change();
                    for element in elements {
                        // `if (plugin) list.push(plugin)` keeps what is there, as a filter does.
                        let is_asked_for = |guard: &Guard| match &element.value.kind {
                            Kind::Name(name) => guard.holds && tells_presence(&guard.condition, name),
                            _ => false,
                        };
                        self.push(place, array, element, &all(&|guard| !is_asked_for(guard)));
                    }
                }
                (Mutation::Merge(elements), Value::Object(object)) => {
                    let object = object.change();
                    for element in elements {
                        let value = self.expr(place, &element.value);
                        spread(object, value, &conditions);
                    }
                }
                // Nothing can be added to what is not there.
                (Mutation::Push(_) | Mutation::Merge(_), Value::Undefined | Value::Null) | (_, Value::Unknown(_)) => {}
                (Mutation::Assign(value), Value::Array(array)) if key.is_some_and(|key| is_element(key)) => {
                    let next = self.expr(place, value);
                    if !key.is_some_and(|key| replace(array.change(), key, next, &conditions)) {
                        take_from(array.change(), &not_followed());
                    }
                }
                (Mutation::Remove, Value::Array(array)) => take_from(array.change(), &not_followed()),
                (Mutation::Assign(_), Value::Array(array)) if key.is_some_and(|key| key == "length") => {
                    take_from(array.change(), &not_followed());
                }
                (_, Value::Array(array)) => doubt(&mut array.change().open, not_followed()),
                (_, Value::Object(object)) => doubt(&mut object.change().open, not_followed()),
                (_, value) => *value = Value::Unknown(not_followed()),
            }
        });
    }

    /// What is assigned: `x ??= value` depends on what was there before.
    fn assigned(&self, place: &Place<'_>, effect: &Effect, value: &Expr, before: &Node) -> Node {
        match &value.kind {
            Kind::Binary(operator @ (Operator::Nullish | Operator::Or | Operator::And), sides)
                if is_place(&sides[0], &effect.root, &effect.path) =>
            {
                self.choice(place, *operator, before.clone(), sides, Site::new(&place.file, value.span))
            }
            _ => self.expr(place, value),
        }
    }

    /// Whether a change is asked for by others in such a way that following it costs too much: every change on the way
    /// may ask for all that come before it.
    fn is_deep_in_changes(&self) -> bool {
        self.changing.reaches(self.run, MAX_CHANGING + 1)
    }

    /// Whether something that is called may change what lies at a way into an argument of it.
    pub(super) fn may_change(&self, callee: &Value, index: u32, way: &[String]) -> bool {
        match callee {
            Value::Function(FunctionValue { file, scope, .. }) => {
                let key = ((Arc::clone(file), *scope), index, way.to_vec());
                self.run.answer_for_all(&self.answers.changing, key.clone(), || self.changes_argument(key))
            }
            Value::External(callee) => index == 0 && changes_its_first_argument(callee),
            Value::Either(alternatives) => alternatives.iter().any(|one| self.may_change(&one.node.value, index, way)),
            Value::Unknown(_) => true,
            _ => false,
        }
    }

    /// Whether a function changes what lies at a way into an argument of it, or gives it to one that does.
    fn changes_argument(&self, asked: WayInto) -> bool {
        if self.may_change.repeats(self.run, &asked) {
            return false;
        }
        let ((file, scope), index, way) = &asked;
        let (scope, index) = (*scope, *index);
        let Some(facts) = self.files.facts(file) else { return false };
        let Some(module) = facts.module() else { return false };
        let Some(own) = module.scopes.get(scope as usize) else { return false };
        let place = Place { file: Arc::clone(file), facts: Arc::clone(&facts), scope, frame: None };
        // What the function is given to call may be anything.
        let is_change = |effect: &Effect| match &effect.change {
            Mutation::Passed { call, index, way } if is_of_module(module, scope, &call.callee) => {
                self.may_change(&self.as_written(|| self.expr(&place, &call.callee)).value, *index, way)
            }
            _ => true,
        };
        self.may_change.during(self.run, asked.clone(), || own.changes_of(index, way).any(|(_, effect)| is_change(effect)))
    }

    /// What became of a value that was given to a function of the repository, as what lies at a way into an argument.
    fn passed(
        &self,
        place: &Place<'_>,
        target: &mut Node,
        function: &FunctionValue,
        call: &Call,
        (index, way): (u32, &[String]),
        conditions: &[Condition],
    ) {
        let Some(facts) = self.files.facts(&function.file) else { return };
        let Some(scope) = facts.module().and_then(|module| module.scopes.get(function.scope as usize)) else { return };
        let mut changed: Vec<&Binding> = scope.changes_of(index, way).map(|(binding, _)| binding).collect();
        changed.dedup_by(|a, b| std::ptr::eq(*a, *b));
        if changed.is_empty() {
            return;
        }
        let (arguments, _) = self.arguments(place, &call.arguments);
        let id = identity(place.frame, &Site::new(&place.file, call.callee.span), 0);
        let call = called(function, arguments, id);
        for binding in changed {
            let at = Site::new(&function.file, binding.span);
            let unseen = || Unknown::new("a later change that is not followed", at.clone());
            let Source::Parameter { path, .. } = &binding.source else {
                doubt_at(target, &[], &unseen());
                continue;
            };
            // Asked for by what the function is given, it cannot be told what an earlier call of it did.
            if self.active.has(self.run, &(Arc::clone(&function.file), function.scope, binding.name.clone())) {
                doubt_contents(target, &unseen(), MAX_DOUBTED);
                continue;
            }
            let mut after = in_call(function, &facts, &call, &mut |inner| self.binding(inner, function.scope, binding, None));
            let path = match (path.strip_prefix(way), way.strip_prefix(path.as_slice())) {
                (Some(path), _) => path,
                (None, Some(inside)) => {
                    let replaces = |effect: &Effect| {
                        effect.root == binding.name
                            && matches!(effect.change, Mutation::Assign(_) | Mutation::AssignedIn(_))
                            && inside.starts_with(&effect.path)
                    };
                    if scope.effects.iter().any(replaces) {
                        doubt_at(target, &[], &unseen());
                        continue;
                    }
                    after = inside.iter().fold(after, |node, step| self.property(&node, step, &at));
                    &way[..0]
                }
                (None, None) => continue,
            };
            reach(target, path, &unseen, &mut |part| {
                *part = match Condition::all(conditions) {
                    // Most functions that hand it on as well leave it as it is.
                    _ if after.value == part.value => return,
                    None => after.clone(),
                    Some(condition) => {
                        let otherwise = condition.negated();
                        either(vec![(after.clone(), condition), (part.clone(), otherwise)], after.at.clone())
                    }
                };
            });
        }
    }

    /// The undecided conditions of guards; `None` when one of them is known not to hold.
    pub(super) fn conditions<'g>(
        &self,
        place: &Place<'_>,
        guards: impl IntoIterator<Item = &'g Guard>,
    ) -> Option<Vec<Condition>> {
        let mut conditions = Vec::new();
        self.undecided(place, guards)?.iter().for_each(|(_, condition)| also(&mut conditions, condition));
        Some(conditions)
    }

    /// The guards that are not decided, with the conditions that hold behind them.
    fn undecided<'g>(
        &self,
        place: &Place<'_>,
        guards: impl IntoIterator<Item = &'g Guard>,
    ) -> Option<Vec<(&'g Guard, Condition)>> {
        let mut open = Vec::new();
        for guard in guards {
            match (self.truth(place, &guard.condition), guard.holds) {
                (Truth::Known(value), holds) if value == holds => {}
                (Truth::Known(_), _) => return None,
                (Truth::Depends(condition), true) => open.push((guard, condition)),
                (Truth::Depends(condition), false) => open.push((guard, condition.negated())),
            }
        }
        Some(open)
    }
}

/// Whether there is something in a value that a change of its contents could reach: nothing is told of what is not known, and
/// nobody can change a plain value that is handed to a function.
fn may_be_changed(value: &Value, change: &Mutation) -> bool {
    match value {
        Value::Unknown(_) => false,
        Value::Either(alternatives) => alternatives.iter().any(|one| may_be_changed(&one.node.value, change)),
        Value::Undefined | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Env(_) => {
            !matches!(change, Mutation::Passed { .. })
        }
        // What a package exports and the environment are taken for what they are.
        Value::External(_) => is_global_object(value) || !matches!(change, Mutation::Passed { .. }),
        Value::Array(_) | Value::Object(_) | Value::Function(_) | Value::Call(_) => true,
    }
}

/// Whether a function of a package changes what it is given first (lodash: merge, assign, set and their kin).
fn changes_its_first_argument(External { module, name }: &External) -> bool {
    let is_lodash = ["lodash", "lodash-es"]
        .iter()
        .any(|package| module.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.'])));
    let function = match name.as_str() {
        "default" | "*" => module.rsplit(['/', '.']).next().unwrap_or(module),
        name => name.rsplit('.').next().unwrap_or(name),
    };
    is_lodash && CHANGING.contains(&function)
}

/// Says of a list or an object, and of those it holds, that there may be more in it.
fn doubt_contents(node: &mut Node, why: &Unknown, depth: u32) {
    if depth == 0 {
        return;
    }
    match &mut node.value {
        Value::Array(array) => doubt(&mut array.change().open, why.clone()),
        Value::Object(object) => {
            let object = object.change();
            doubt(&mut object.open, why.clone());
            object.properties.iter_mut().for_each(|property| doubt_contents(&mut property.node, why, depth - 1));
        }
        _ => {}
    }
}

/// Whether a key is the number of an element of a list.
pub(super) fn is_element(key: &str) -> bool {
    key.parse::<usize>().is_ok()
}

/// Puts a value in the place of an element of a list, perhaps only under conditions; whether it is known which element that is.
fn replace(array: &mut Array, key: &str, next: Node, conditions: &[Condition]) -> bool {
    let is_certain = |place: &usize| array.items.iter().take(*place + 1).all(|item| item.conditions.is_empty());
    let place = key.parse::<usize>().ok().filter(|place| *place <= array.items.len() && array.open.is_empty());
    let Some(place) = place.filter(is_certain) else { return false };
    let mut put = Array::default();
    append(&mut put, next, conditions);
    let end = (place + 1).min(array.items.len());
    match Condition::all(conditions) {
        None => drop(array.items.splice(place..end, put.items)),
        Some(condition) => {
            array.items[place..end].iter_mut().for_each(|item| also(&mut item.conditions, &condition.negated()));
            array.items.splice(end..end, put.items);
        }
    }
    true
}

/// Says of a list that each of its elements may have been taken away, and others put in.
pub(super) fn take_from(array: &mut Array, why: &Unknown) {
    let stays = Condition::new("a later change leaves it there", why.at.clone());
    array.items.iter_mut().for_each(|item| also(&mut item.conditions, &stays));
    doubt(&mut array.open, why.clone());
}

/// Says of what lies at a path that it may be another.
pub(super) fn doubt_at(node: &mut Node, path: &[String], why: &Unknown) {
    reach(node, path, &|| why.clone(), &mut |target| match &mut target.value {
        Value::Array(array) => doubt(&mut array.change().open, why.clone()),
        Value::Object(object) => doubt(&mut object.change().open, why.clone()),
        value => *value = Value::Unknown(why.clone()),
    });
}

/// What a value holds its members in that can be given some: an object, or one around what a package made (`{ ...made, key:
/// value }`) or what is global.
pub(super) fn object_of(target: &mut Node) -> Option<&mut Object> {
    if matches!(target.value, Value::Call(_)) || is_global_object(&target.value) {
        let mut object = Object::default();
        spread(&mut object, target.clone(), &[]);
        if is_map(&target.value) {
            let nothing = Node { value: Value::Undefined, at: target.at.clone() };
            set(&mut object, ENTRY.into(), target.at.clone(), nothing, &[]);
        }
        target.value = object.into();
    }
    match &mut target.value {
        Value::Object(object) => Some(object.change()),
        _ => None,
    }
}

/// Whether a value is a map that nothing was put into yet.
pub(super) fn is_map(value: &Value) -> bool {
    let Value::Call(call) = value else { return false };
    call.new && call.arguments.is_empty() && call.callee.module == "global" && MAPS.contains(&call.callee.name.as_str())
}

/// Changes what lies at a path, in every alternative. What is not there may have come to be in a way that was not seen.
pub(super) fn reach(node: &mut Node, path: &[String], unseen: &dyn Fn() -> Unknown, change: &mut dyn FnMut(&mut Node)) {
    if let Value::Either(alternatives) = &mut node.value {
        alternatives.change().iter_mut().for_each(|alternative| reach(&mut alternative.node, path, unseen, change));
        return;
    }
    let Some((step, rest)) = path.split_first() else { return change(node) };
    match &mut node.value {
        Value::Object(object) => {
            let object = object.change();
            let mut found = false;
            for property in object.properties.iter_mut().filter(|property| *property.key == **step) {
                found = true;
                reach(&mut property.node, rest, unseen, change);
            }
            if !found {
                let why = unseen();
                let at = why.at.clone();
                let node = Node { value: Value::Unknown(why), at: at.clone() };
                set(object, step.as_str().into(), at, node, &[]);
            }
        }
        Value::Array(array) => doubt(&mut array.change().open, unseen()),
        _ => {}
    }
}
