//! Values put together of others, within bounds.

use std::collections::HashMap;
use std::sync::Arc;

use super::environment::{is_environment, is_global_object};
use crate::facts::module::Text;
use crate::project::value::composite::Measure;
use crate::project::value::{Alternative, Array, Condition, Item, Node, Object, Property, Unknown, Value};
use crate::source::Site;

/// Most conditions that are kept apart; what goes beyond them is one condition with the last.
const MAX_CONDITIONS: usize = 8;

/// Most alternatives of a value.
const MAX_ALTERNATIVES: usize = 32;

/// Most reasons kept why there may be more than is known.
const MAX_REASONS: usize = 32;

/// Most elements of an array, and properties of an object.
const MAX_ITEMS: usize = 2_000;

/// Deepest nesting of values within a value.
const MAX_NESTING: u32 = 200;

/// Most values and conditions one value may consist of.
const MAX_WEIGHT: u32 = 200_000;

pub(super) fn append(array: &mut Array, node: Node, conditions: &[Condition]) {
    if is_full(array.items.len(), &mut array.open, &node) {
        return;
    }
    match node.value {
        Value::Either(alternatives) => {
            for Alternative { node, condition } in alternatives.iter().cloned() {
                let conditions = both(conditions, std::slice::from_ref(&condition));
                array.items.extend(conditions.map(|conditions| Item { node, conditions }));
            }
        }
        value => array.items.push(Item { node: Node { value, at: node.at }, conditions: conditions.to_vec() }),
    }
}

/// Whether a list has as many parts as are followed; what does not fit is said to be unknown.
pub(super) fn is_full(parts: usize, open: &mut Vec<Unknown>, node: &Node) -> bool {
    if parts < MAX_ITEMS {
        return false;
    }
    doubt(open, Unknown::new("more parts than are followed", node.at.clone()));
    true
}

/// Adds a reason why there may be more, once, and as long as there are few.
pub(super) fn doubt(open: &mut Vec<Unknown>, why: Unknown) {
    if open.len() < MAX_REASONS && !open.contains(&why) {
        open.push(why);
    }
}

pub(super) fn extend(array: &mut Array, node: Node, conditions: &[Condition]) {
    if is_full(array.items.len(), &mut array.open, &node) {
        return;
    }
    match node.value {
        Value::Array(inner) => {
            let inner = inner.into_inner();
            inner.open.into_iter().for_each(|why| doubt(&mut array.open, why));
            for item in inner.items.into_iter().take(MAX_ITEMS) {
                let conditions = both(conditions, &item.conditions);
                array.items.extend(conditions.map(|conditions| Item { conditions, ..item }));
            }
        }
        Value::Either(alternatives) => {
            for Alternative { node, condition } in alternatives.iter().cloned() {
                if let Some(conditions) = both(conditions, std::slice::from_ref(&condition)) {
                    extend(array, node, &conditions);
                }
            }
        }
        Value::Undefined | Value::Null | Value::Bool(_) => {}
        Value::Unknown(why) => doubt(&mut array.open, why),
        other => doubt(&mut array.open, not_followed(&other, node.at)),
    }
}

/// Adds a condition to those that must all hold.
pub(super) fn also(conditions: &mut Vec<Condition>, condition: &Condition) {
    if conditions.contains(condition) {
        return;
    }
    let is_full = conditions.len() == MAX_CONDITIONS;
    match conditions.last_mut() {
        Some(last) if is_full => *last = last.and(condition),
        _ => conditions.push(condition.clone()),
    }
}

/// All of two lists of conditions; `None` where they cannot all hold.
fn both(outer: &[Condition], inner: &[Condition]) -> Option<Vec<Condition>> {
    let mut all = outer.to_vec();
    for condition in inner {
        if outer.iter().any(|other| other.excludes(condition)) {
            return None;
        }
        also(&mut all, condition);
    }
    Some(all)
}

pub(super) fn set(object: &mut Object, key: Arc<str>, key_at: Site, node: Node, conditions: &[Condition]) {
    put(object, vec![Property { key, key_at, node, conditions: Vec::new() }], true, conditions);
}

/// Sets a property to one of several values under further conditions; `always` tells that one of them is set in any case.
fn put(object: &mut Object, values: Vec<Property>, always: bool, conditions: &[Condition]) {
    let Some(key) = values.first().map(|value| Arc::clone(&value.key)) else { return };
    if is_full(object.properties.len(), &mut object.open, &values[0].node) {
        return;
    }
    let is_there = always && conditions.is_empty() || object.has(&key);
    let mut replaces = conditions.to_vec();
    if !always {
        let cases = values.iter().filter_map(|value| Condition::all(&value.conditions));
        replaces.extend(cases.reduce(|any, next| any.or(&next)));
    }
    match Condition::all(&replaces) {
        None => object.properties.retain(|property| property.key != key),
        Some(condition) => {
            let otherwise = condition.negated();
            for property in object.properties.iter_mut().filter(|property| property.key == key) {
                also(&mut property.conditions, &otherwise);
            }
        }
    }
    object.properties.extend(values.into_iter().filter_map(|value| {
        let conditions = both(conditions, &value.conditions)?;
        Some(Property { conditions, ..value })
    }));
    if is_there {
        object.certain.insert(key);
    }
}

/// Takes a property away, perhaps only under conditions.
pub(super) fn remove(object: &mut Object, key: &str, conditions: &[Condition]) {
    object.certain.remove(key);
    match Condition::all(conditions) {
        None => object.properties.retain(|property| &*property.key != key),
        Some(condition) => {
            let otherwise = condition.negated();
            for property in object.properties.iter_mut().filter(|property| &*property.key == key) {
                also(&mut property.conditions, &otherwise);
            }
        }
    }
}

pub(super) fn spread(object: &mut Object, node: Node, conditions: &[Condition]) {
    match node.value {
        Value::Object(inner) => {
            let Object { properties, open, foreign, certain } = inner.into_inner();
            spread_unseen(object, open, foreign);
            if object.properties.is_empty() && conditions.is_empty() {
                (object.properties, object.certain) = (properties, certain);
                return;
            }
            for values in by_key(properties) {
                let always = values.iter().any(|value| value.conditions.is_empty()) || certain.contains(&values[0].key);
                put(object, values, always, conditions);
            }
        }
        Value::Either(alternatives) => match alternatives.as_slice() {
            [Alternative { node, condition }] => {
                if let Some(conditions) = both(conditions, std::slice::from_ref(condition)) {
                    spread(object, node.clone(), &conditions);
                }
            }
            several => spread_one_of(object, several, conditions),
        },
        Value::Undefined | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
        value => {
            let why = match &value {
                Value::Unknown(why) => why.clone(),
                other => not_followed(other, node.at.clone()),
            };
            may_replace(object, &why);
            doubt(&mut object.open, why);
            if matches!(&value, Value::Call(_)) || is_environment(&value) || is_global_object(&value) {
                object.foreign.push(Node { value, at: node.at });
            }
        }
    }
}

/// Spreads one of several values: what they set is put together key by key, so that what all of them set alike is there
/// once. Otherwise chains of conditional spreads would double what they hold with every step.
fn spread_one_of(object: &mut Object, alternatives: &[Alternative], conditions: &[Condition]) {
    let mut set_by_all: Vec<Property> = Vec::new();
    let parts: Vec<Object> = alternatives
        .iter()
        .map(|alternative| {
            let mut part = Object::default();
            spread(&mut part, alternative.node.clone(), &[]);
            let condition = std::slice::from_ref(&alternative.condition);
            let own = std::mem::take(&mut part.properties);
            part.certain.extend(own.iter().filter(|one| one.conditions.is_empty()).map(|one| Arc::clone(&one.key)));
            set_by_all.extend(own.into_iter().filter_map(|one| {
                let conditions = both(condition, &one.conditions)?;
                Some(Property { conditions, ..one })
            }));
            part
        })
        .collect();
    let always: Vec<Arc<str>> = match parts.split_first() {
        Some((first, rest)) => {
            first.certain.iter().filter(|key| rest.iter().all(|part| part.certain.contains(*key))).cloned().collect()
        }
        None => Vec::new(),
    };
    parts.into_iter().for_each(|part| spread_unseen(object, part.open, part.foreign));
    for values in by_key(set_by_all) {
        let mut distinct: Vec<Property> = Vec::new();
        for value in values {
            match distinct.iter_mut().find(|other| other.node == value.node) {
                Some(other) => {
                    let either = Condition::all(&other.conditions).zip(Condition::all(&value.conditions));
                    other.conditions = either.map(|(one, another)| one.or(&another)).into_iter().collect();
                }
                None => distinct.push(value),
            }
        }
        let always = always.binary_search(&distinct[0].key).is_ok();
        if let ([only], true) = (distinct.as_mut_slice(), always) {
            only.conditions.clear();
        }
        put(object, distinct, always, conditions);
    }
}

/// Takes over what an object that is spread into another may hold beside what is known of it.
fn spread_unseen(object: &mut Object, open: Vec<Unknown>, foreign: Vec<Node>) {
    for why in open {
        may_replace(object, &why);
        doubt(&mut object.open, why);
    }
    object.foreign.extend(foreign);
}

/// Properties grouped by their keys, in the order in which the keys come first.
fn by_key(properties: Vec<Property>) -> Vec<Vec<Property>> {
    let mut places: HashMap<Arc<str>, usize> = HashMap::new();
    let mut groups: Vec<Vec<Property>> = Vec::new();
    for property in properties {
        let place = *places.entry(Arc::clone(&property.key)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[place].push(property);
    }
    groups
}

/// An unknown spread may replace everything before it.
pub(super) fn may_replace(object: &mut Object, why: &Unknown) {
    let condition = Condition::new("a later spread does not replace it", why.at.clone());
    for property in &mut object.properties {
        also(&mut property.conditions, &condition);
    }
    object.certain.clear();
}

/// What becomes of each alternative of a value, or of the value itself where there is one.
pub(super) fn each(node: Node, at: &Site, change: &dyn Fn(Node) -> Node) -> Node {
    match node.value {
        Value::Either(alternatives) => {
            let changed = |one: &Alternative| (change(one.node.clone()), one.condition.clone());
            either(alternatives.iter().map(changed).collect(), at.clone())
        }
        value => change(Node { value, at: node.at }),
    }
}

/// What is a string, also where it is not known which.
pub(super) fn as_text(node: Node, at: &Site) -> Node {
    each(node, at, &|node| match node.value {
        Value::Unknown(why) => Node { value: Value::Unknown(Unknown { is_text: true, ..why }), at: node.at },
        value => Node { value, at: node.at },
    })
}

pub(super) fn not_followed(value: &Value, at: Site) -> Unknown {
    let reason = match value {
        Value::Call(call) => format!("the result of `{}` from `{}`", call.local, call.callee.module),
        Value::External(external) => format!("`{}` from `{}`", external.name, external.module),
        Value::Env(name) => format!("the environment variable `{name}` decides"),
        _ => "a value that is not followed".into(),
    };
    Unknown::new(reason, at)
}

/// One of several values, of which one is there in any case; nested alternatives are laid flat, and equal ones are one.
/// Lists that begin or end alike are one list, of which the rest depends on the conditions.
pub(super) fn either(parts: Vec<(Node, Condition)>, at: Site) -> Node {
    // A single alternative stands for a value that is there in that case only.
    let is_partial = |node: &Node| matches!(&node.value, Value::Either(inner) if inner.len() == 1);
    let is_whole = parts.len() > 1 && !parts.iter().any(|(node, _)| is_partial(node));
    let mut alternatives: Vec<Alternative> = Vec::new();
    let mut add = |node: Node, condition: Condition| match alternatives.iter_mut().find(|other| other.node == node) {
        Some(other) => other.condition = other.condition.or(&condition),
        None => alternatives.push(Alternative { node, condition }),
    };
    for (node, condition) in parts {
        match node.value {
            Value::Either(inner) => {
                let within = inner.iter().map(|one| (one, condition.and(&one.condition)));
                within.filter(|(_, both)| !both.is_never()).for_each(|(one, both)| add(one.node.clone(), both));
            }
            value => add(Node { value, at: node.at }, condition),
        }
    }
    if alternatives.len() > MAX_ALTERNATIVES {
        alternatives.truncate(MAX_ALTERNATIVES - 1);
        let condition = undecided("the value", &at);
        alternatives.push(Alternative { node: unknown("there are more alternatives than are followed", at.clone()), condition });
    }
    if is_whole && let Some(list) = joined(&mut alternatives) {
        return Node { value: list.into(), at };
    }
    match alternatives.pop() {
        Some(only) if is_whole && alternatives.is_empty() => only.node,
        last => {
            alternatives.extend(last);
            Node { value: alternatives.into(), at }
        }
    }
}

/// Several lists that begin or end alike as one; they are used up then.
fn joined(alternatives: &mut Vec<Alternative>) -> Option<Array> {
    let lists: Option<Vec<&Array>> = alternatives
        .iter()
        .map(|one| match &one.node.value {
            Value::Array(list) => Some(&**list),
            _ => None,
        })
        .collect();
    let lists = lists?;
    let (first, others) = lists.split_first().filter(|(_, others)| !others.is_empty())?;
    let alike = |place: &usize| others.iter().all(|list| list.items.get(*place) == first.items.get(*place));
    let begin = (0..first.items.len()).take_while(alike).count();
    let rest = lists.iter().map(|list| list.items.len() - begin).min()?;
    let from_end = |list: &Array, back: usize| list.items.len() - 1 - back;
    let ends_alike =
        |back: &usize| others.iter().all(|list| list.items[from_end(list, *back)] == first.items[from_end(first, *back)]);
    let end = (0..rest).take_while(ends_alike).count();
    if begin + end == 0 {
        return None;
    }
    let mut whole = Array { items: first.items[..begin].to_vec(), open: Vec::new() };
    let ending = first.items[first.items.len() - end..].to_vec();
    for Alternative { mut node, condition } in std::mem::take(alternatives) {
        if let Value::Array(list) = &mut node.value {
            let items = &mut list.change().items;
            items.truncate(items.len() - end);
            items.drain(..begin);
        }
        extend(&mut whole, node, &[condition]);
    }
    whole.items.extend(ending);
    Some(whole)
}

pub(super) fn unknown(reason: impl Into<String>, at: Site) -> Node {
    Node { value: Value::Unknown(Unknown::new(reason, at.clone())), at }
}

/// A value that stands for what is done with one that cannot be followed.
pub(super) fn unknown_as(value: &Value, at: Site) -> Node {
    let why = match value {
        Value::Unknown(why) => why.clone(),
        other => not_followed(other, at.clone()),
    };
    Node { value: Value::Unknown(why), at }
}

pub(super) fn undecided(what: &str, at: &Site) -> Condition {
    Condition::new(format!("what decides on {what}"), at.clone())
}

/// How many values and conditions a value consists of; `None` when there are too many of them or they are nested too
/// deeply.
pub(super) fn weight(node: &Node) -> Option<u32> {
    measure(node, 0).map(|measure| measure.weight)
}

fn measure(node: &Node, depth: u32) -> Option<Measure> {
    let below = |parts: &mut dyn Iterator<Item = (&Node, usize)>| {
        let mut all = Measure { weight: 1, height: 0 };
        for (node, conditions) in parts {
            let part = measure(node, depth + 1)?;
            let conditions = u32::try_from(conditions).unwrap_or(u32::MAX);
            all.weight = all.weight.saturating_add(part.weight).saturating_add(conditions);
            all.height = all.height.max(part.height + 1);
        }
        Some(all)
    };
    let single = |weight| Some(Measure { weight, height: 0 });
    let all = match &node.value {
        _ if depth > MAX_NESTING => None,
        Value::Array(array) => {
            array.measured(|array| below(&mut array.items.iter().map(|item| (&item.node, item.conditions.len()))))
        }
        Value::Object(object) => object.measured(|object| {
            let properties = object.properties.iter().map(|property| (&property.node, property.conditions.len()));
            below(&mut properties.chain(object.foreign.iter().map(|node| (node, 0))))
        }),
        Value::Either(alternatives) => {
            alternatives.measured(|alternatives| below(&mut alternatives.iter().map(|alternative| (&alternative.node, 1))))
        }
        Value::Call(call) => call.measured(|call| {
            let calls = std::iter::successors(Some(call), |call| call.receiver.as_deref());
            below(&mut calls.take(MAX_NESTING as usize).flat_map(|call| &call.arguments).map(|node| (node, 0)))
        }),
        Value::Text(Text::Plain(text)) => single(1 + u32::try_from(text.len() / 64).unwrap_or(u32::MAX)),
        _ => single(1),
    };
    all.filter(|all| all.weight <= MAX_WEIGHT && depth + all.height <= MAX_NESTING)
}
