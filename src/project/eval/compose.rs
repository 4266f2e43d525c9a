//! Values put together of others, within bounds.

use std::sync::Arc;

use crate::facts::module::Text;
use crate::project::value::{Alternative, Array, Condition, Item, Node, Object, Property, Unknown, Value};
use crate::source::Site;

/// Longest condition kept, in characters.
const MAX_CONDITION: usize = 160;

/// Most reasons kept why there may be more than is known.
const MAX_REASONS: usize = 32;

/// Most elements of an array, and properties of an object.
const MAX_ITEMS: usize = 2_000;

/// Deepest nesting of values within a value.
const MAX_NESTING: u32 = 200;

/// Most values one value may consist of.
const MAX_WEIGHT: u32 = 200_000;

pub(super) fn append(array: &mut Array, node: Node, conditions: &[Condition]) {
    if is_full(array.items.len(), &mut array.open, &node) {
        return;
    }
    match node.value {
        Value::Either(alternatives) => {
            for alternative in alternatives.iter().cloned() {
                let mut conditions = conditions.to_vec();
                conditions.push(alternative.condition);
                array.items.push(Item { node: alternative.node, conditions });
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
            let inner = Arc::unwrap_or_clone(inner);
            inner.open.into_iter().for_each(|why| doubt(&mut array.open, why));
            for mut item in inner.items.into_iter().take(MAX_ITEMS) {
                item.conditions.splice(0..0, conditions.iter().cloned());
                array.items.push(item);
            }
        }
        Value::Either(alternatives) => {
            for alternative in alternatives.iter().cloned() {
                let mut conditions = conditions.to_vec();
                conditions.push(alternative.condition);
                extend(array, alternative.node, &conditions);
            }
        }
        Value::Undefined | Value::Null | Value::Bool(_) => {}
        Value::Unknown(why) => doubt(&mut array.open, why),
        other => doubt(&mut array.open, not_followed(&other, node.at)),
    }
}

pub(super) fn set(object: &mut Object, key: Arc<str>, key_at: Site, node: Node, conditions: &[Condition]) {
    if is_full(object.properties.len(), &mut object.open, &node) {
        return;
    }
    match conditions.first() {
        None => object.properties.retain(|property| property.key != key),
        Some(condition) => {
            let otherwise = condition.negated();
            for property in object.properties.iter_mut().filter(|property| property.key == key) {
                property.conditions.push(otherwise.clone());
            }
        }
    }
    object.properties.push(Property { key, key_at, node, conditions: conditions.to_vec() });
}

pub(super) fn spread(object: &mut Object, node: Node, conditions: &[Condition]) {
    match node.value {
        Value::Object(inner) => {
            let inner = Arc::unwrap_or_clone(inner);
            for property in inner.properties {
                let mut all = conditions.to_vec();
                all.extend(property.conditions);
                set(object, property.key, property.key_at, property.node, &all);
            }
            for why in inner.open {
                may_replace(object, &why);
                doubt(&mut object.open, why);
            }
            object.foreign.extend(inner.foreign);
        }
        Value::Either(alternatives) => {
            for alternative in alternatives.iter().cloned() {
                let mut conditions = conditions.to_vec();
                conditions.push(alternative.condition);
                spread(object, alternative.node, &conditions);
            }
        }
        Value::Undefined | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
        value => {
            let why = match &value {
                Value::Unknown(why) => why.clone(),
                other => not_followed(other, node.at.clone()),
            };
            may_replace(object, &why);
            doubt(&mut object.open, why);
            if matches!(value, Value::Call(_)) {
                object.foreign.push(Node { value, at: node.at });
            }
        }
    }
}

/// An unknown spread may replace everything before it.
pub(super) fn may_replace(object: &mut Object, why: &Unknown) {
    let condition = Condition { text: "a later spread does not replace it".into(), at: why.at.clone(), environment: None };
    for property in &mut object.properties {
        property.conditions.push(condition.clone());
    }
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

/// One of several values; nested alternatives are laid flat, the outer condition first where it selects an environment.
/// Lists that begin alike are one list whose end depends on the condition.
pub(super) fn either(parts: Vec<(Node, Condition)>, at: Site) -> Node {
    if let [(Node { value: Value::Array(first), .. }, _), (Node { value: Value::Array(second), .. }, _)] = parts.as_slice()
        && let common = first.items.iter().zip(&second.items).take_while(|(one, other)| one == other).count()
        && common > 0
    {
        let mut joined = Array { items: first.items[..common].to_vec(), open: Vec::new() };
        for (mut node, condition) in parts {
            if let Value::Array(list) = &mut node.value {
                Arc::make_mut(list).items.drain(..common);
            }
            extend(&mut joined, node, &[condition]);
        }
        return Node { value: joined.into(), at };
    }
    let mut alternatives: Vec<Alternative> = Vec::new();
    for (node, condition) in parts {
        match node.value {
            Value::Either(inner) => alternatives.extend(inner.iter().cloned().map(|mut alternative| {
                if alternative.condition.environment.is_none() {
                    alternative.condition.environment = condition.environment;
                }
                let text = format!("{} && {}", condition.text, alternative.condition.text);
                alternative.condition.text = text.chars().take(MAX_CONDITION).collect();
                alternative
            })),
            value => alternatives.push(Alternative { node: Node { value, at: node.at }, condition }),
        }
    }
    alternatives.truncate(32);
    Node { value: alternatives.into(), at }
}

pub(super) fn unknown(reason: impl Into<String>, at: Site) -> Node {
    Node { value: Value::Unknown(Unknown::new(reason, at.clone())), at }
}

pub(super) fn undecided(what: &str, at: &Site) -> Condition {
    Condition { text: format!("what decides on {what}"), at: at.clone(), environment: None }
}

/// How many values a value consists of; `None` when there are too many of them or they are nested too deeply.
pub(super) fn weight(node: &Node, depth: u32) -> Option<u32> {
    let below = |nodes: &mut dyn Iterator<Item = &Node>| {
        let mut sum = 1_u32;
        for node in nodes {
            sum = sum.saturating_add(weight(node, depth + 1)?);
        }
        Some(sum)
    };
    let total = match &node.value {
        _ if depth > MAX_NESTING => None,
        Value::Array(array) => below(&mut array.items.iter().map(|item| &item.node)),
        Value::Object(object) => below(&mut object.properties.iter().map(|property| &property.node).chain(&object.foreign)),
        Value::Either(alternatives) => below(&mut alternatives.iter().map(|alternative| &alternative.node)),
        Value::Call(call) => {
            let mut calls = std::iter::successors(Some(call), |call| call.receiver.as_ref());
            below(&mut calls.by_ref().take(MAX_NESTING as usize).flat_map(|call| &call.arguments))
        }
        Value::Text(Text::Plain(text)) => Some(1 + u32::try_from(text.len() / 64).unwrap_or(u32::MAX)),
        _ => Some(1),
    };
    total.filter(|total| *total <= MAX_WEIGHT)
}
