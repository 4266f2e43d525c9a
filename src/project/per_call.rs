//! Options that differ by the calls of a function: what they are where each of the calls is made.
//!
//! A factory of instances is called with options of its own in each application. What holds in one of the calls does not
//! depend on anything there, although it does not hold in all of them.

use std::sync::Arc;

use super::value::{Alternative, Array, CallValue, Calls, Condition, Item, Node, Object, Property, Value};

/// Most calls that are told apart.
const MAX_CALLS: usize = 24;

/// What a value is in each of the calls by which it differs, with the condition that it is that call; empty where it does
/// not differ by calls.
#[must_use]
pub fn per_call(node: &Node) -> Vec<(Condition, Node)> {
    let mut function: Option<Arc<Calls>> = None;
    each_condition(node, &mut |condition| {
        if function.is_none() && condition.is_call {
            function.clone_from(&condition.calls);
        }
    });
    let Some(function) = function else { return Vec::new() };
    let mut told = Calls::clone(&function);
    each_condition(node, &mut |condition| {
        if let Some(calls) = condition.calls.as_ref().filter(|calls| calls.is_of_same(&function)) {
            told = told.in_either(calls);
        }
    });
    let calls: Vec<Calls> = told.each().collect();
    if calls.len() > MAX_CALLS {
        return Vec::new();
    }
    calls.into_iter().filter_map(|call| Some((call.clone().made()?, in_call(node, &call)))).collect()
}

/// Tells all conditions within a value.
fn each_condition(node: &Node, take: &mut dyn FnMut(&Condition)) {
    match &node.value {
        Value::Array(array) => array.items.iter().for_each(|item| {
            item.conditions.iter().for_each(&mut *take);
            each_condition(&item.node, take);
        }),
        Value::Object(object) => object.properties.iter().for_each(|property| {
            property.conditions.iter().for_each(&mut *take);
            each_condition(&property.node, take);
        }),
        Value::Either(alternatives) => alternatives.iter().for_each(|alternative| {
            take(&alternative.condition);
            each_condition(&alternative.node, take);
        }),
        Value::Call(call) => call.arguments.iter().for_each(|argument| each_condition(argument, take)),
        _ => {}
    }
}

/// What a value is where a call is made.
fn in_call(node: &Node, call: &Calls) -> Node {
    let value = match &node.value {
        Value::Array(array) => {
            let item = |item: &Item| Some(Item { conditions: left(&item.conditions, call)?, node: in_call(&item.node, call) });
            Array { items: array.items.iter().filter_map(item).collect(), open: array.open.clone() }.into()
        }
        Value::Object(object) => {
            let property = |property: &Property| {
                let conditions = left(&property.conditions, call)?;
                Some(Property { conditions, node: in_call(&property.node, call), ..property.clone() })
            };
            let properties = object.properties.iter().filter_map(property).collect();
            Object { properties, ..Object::clone(object) }.into()
        }
        Value::Either(alternatives) => {
            let is_possible = |one: &&Alternative| left(std::slice::from_ref(&one.condition), call).is_some();
            let possible: Vec<&Alternative> = alternatives.iter().filter(is_possible).collect();
            if let [only] = possible.as_slice()
                && is_met(&only.condition, call)
            {
                return in_call(&only.node, call);
            }
            let alternative =
                |one: &Alternative| Alternative { node: in_call(&one.node, call), condition: one.condition.clone() };
            possible.into_iter().map(alternative).collect::<Vec<_>>().into()
        }
        Value::Call(made) => {
            let arguments = made.arguments.iter().map(|argument| in_call(argument, call)).collect();
            CallValue { arguments, ..CallValue::clone(made) }.into()
        }
        other => other.clone(),
    };
    Node { value, at: node.at.clone() }
}

/// The conditions that are left of some where a call is made; `None` where they cannot all hold there.
fn left(conditions: &[Condition], call: &Calls) -> Option<Vec<Condition>> {
    let is_possible = |condition: &Condition| {
        let calls = condition.calls.as_ref().filter(|calls| calls.is_of_same(call));
        calls.is_none_or(|calls| call.are_among(calls))
    };
    let is_open = |condition: &&Condition| !is_met(condition, call);
    conditions.iter().all(is_possible).then(|| conditions.iter().filter(is_open).cloned().collect())
}

/// Whether a condition holds for certain where a call is made.
fn is_met(condition: &Condition, call: &Calls) -> bool {
    condition.calls.as_ref().is_some_and(|calls| calls.alone && calls.is_of_same(call))
}
