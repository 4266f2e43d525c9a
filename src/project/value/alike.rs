//! Values that are the same, wherever they are written.

use super::{Alternative, Array, CallValue, Condition, FunctionValue, Item, Node, Object, Property, Value};

/// Whether two values are the same but for the places they are written at. What is not known is only the same at one place.
#[must_use]
pub fn alike(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Array(one), Value::Array(other)) => {
            let Array { items, open } = &**one;
            *open == other.open
                && all(items, &other.items, |one: &Item, other: &Item| {
                    alike(&one.node, &other.node) && told_alike(&one.conditions, &other.conditions)
                })
        }
        (Value::Object(one), Value::Object(other)) => {
            let Object { properties, open, foreign, certain } = &**one;
            (open, certain) == (&other.open, &other.certain)
                && all(foreign, &other.foreign, alike)
                && all(properties, &other.properties, |one: &Property, other: &Property| {
                    one.key == other.key && alike(&one.node, &other.node) && told_alike(&one.conditions, &other.conditions)
                })
        }
        (Value::Call(one), Value::Call(other)) => made_alike(one, other),
        (Value::Either(one), Value::Either(other)) => all(one, other, |one: &Alternative, other: &Alternative| {
            one.condition.text == other.condition.text && alike(&one.node, &other.node)
        }),
        (Value::Function(one), Value::Function(other)) => {
            let FunctionValue { file, scope, within } = one;
            (file, scope, within) == (&other.file, &other.scope, &other.within)
        }
        (one, other) => one == other,
    }
}

fn made_alike(one: &CallValue, other: &CallValue) -> bool {
    let receivers = match (&one.receiver, &other.receiver) {
        (Some(one), Some(other)) => made_alike(one, other),
        (one, other) => one.is_none() && other.is_none(),
    };
    receivers
        && (&one.callee, one.new, &one.open) == (&other.callee, other.new, &other.open)
        && all(&one.arguments, &other.arguments, alike)
}

fn told_alike(one: &[Condition], other: &[Condition]) -> bool {
    all(one, other, |one: &Condition, other: &Condition| one.text == other.text)
}

fn all<T>(one: &[T], other: &[T], are_alike: impl Fn(&T, &T) -> bool) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| are_alike(one, other))
}
