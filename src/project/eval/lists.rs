//! Methods of lists that take a function, and lists made of others.

use std::cell::Cell;

use super::closures::{called, identity};
use super::compose::{also, append, doubt, extend, unknown};
use super::operators::truth_of;
use super::{Evaluator, Place, Truth};
use crate::facts::FileFacts;
use crate::facts::module::{Expr, Kind, Operator, Source, Text};
use crate::project::value::{Array, Condition, External, FunctionValue, Item, Node, Object, Property, Unknown, Value};
use crate::source::Site;

/// Most levels that a list of lists is laid flat by.
const MAX_LEVELS: u8 = 16;

impl Evaluator<'_> {
    /// What a function gives back for each element of a list that is known, in order.
    pub(super) fn turns<'l>(
        &self,
        place: &Place<'_>,
        (receiver, array): (&Node, &'l Array),
        function: &FunctionValue,
        at: &Site,
    ) -> impl Iterator<Item = (&'l Item, Node)> {
        let mut index = array.open.is_empty().then_some(0.0);
        array.items.iter().enumerate().map(move |(turn, item)| {
            index = index.filter(|_| item.conditions.is_empty());
            let place_in_list = match index {
                Some(index) => Node { value: Value::Number(index), at: at.clone() },
                None => unknown("how many elements come before is not known", item.node.at.clone()),
            };
            index = index.map(|index| index + 1.0);
            let given = vec![item.node.clone(), place_in_list, receiver.clone()];
            let call = called(function, given, identity(place.frame, at, turn));
            (item, self.follow_call(function, call, at))
        })
    }

    /// The elements of a list that a filter keeps.
    pub(super) fn filtered(&self, place: &Place<'_>, (receiver, array): (&Node, &Array), filter: &Value, at: &Site) -> Array {
        if self.drops_falsy(filter) {
            let mut kept = Array::clone(array);
            kept.items.retain(|item| !matches!(item.node.truthy(), Some(false)));
            return kept;
        }
        let mut kept = Array { items: Vec::new(), open: array.open.clone() };
        let is_untold = Cell::new(!matches!(filter, Value::Function(_)));
        let untold = || {
            is_untold.set(true);
            Condition::new("the filter keeps it", at.clone())
        };
        let mut keep = |item: &Item, truth: Truth| match truth {
            Truth::Known(false) => {}
            Truth::Known(true) => kept.items.push(item.clone()),
            Truth::Depends(condition) => {
                let mut item = item.clone();
                also(&mut item.conditions, &condition);
                kept.items.push(item);
            }
        };
        match filter {
            Value::Function(function) => {
                self.turns(place, (receiver, array), function, at).for_each(|(item, told)| keep(item, truth_of(&told, untold)));
            }
            _ => array.items.iter().for_each(|item| keep(item, Truth::Depends(untold()))),
        }
        if is_untold.get() {
            doubt(&mut kept.open, Unknown::new("a filter decides which elements stay", at.clone()));
        }
        kept
    }

    /// Whether a filter drops exactly the falsy elements: `filter(Boolean)`, `filter((x) => !!x)`, `filter(isThere)`.
    fn drops_falsy(&self, filter: &Value) -> bool {
        match filter {
            Value::External(External { module, name }) => module == "global" && name == "Boolean",
            Value::Function(function) => {
                let facts = self.files.facts(&function.file);
                let module = facts.as_deref().and_then(FileFacts::module);
                let Some(scope) = module.and_then(|module| module.scopes.get(function.scope as usize)) else { return false };
                let ([parameter], [only]) = (scope.bindings.as_slice(), scope.returns.as_slice()) else { return false };
                let is_element =
                    matches!(&parameter.source, Source::Parameter { index: 0, path, default: None, .. } if path.is_empty());
                is_element && only.value.as_ref().is_some_and(|value| tells_presence(value, &parameter.name))
            }
            _ => false,
        }
    }
}

/// Whether an expression counts as true exactly where the value of a name does, or is none of those that do not.
pub(super) fn tells_presence(expr: &Expr, name: &str) -> bool {
    match &expr.kind {
        Kind::Name(other) => other == name,
        Kind::Not(inner) => matches!(&inner.kind, Kind::Not(inner) if tells_presence(inner, name)),
        Kind::Call(call) => match (&call.callee.kind, call.arguments.as_slice()) {
            (Kind::Name(callee), [only]) => callee == "Boolean" && !only.spread && tells_presence(&only.value, name),
            _ => false,
        },
        Kind::Binary(Operator::NotEqual, sides) => {
            let is_nothing = match &sides[1].kind {
                Kind::Null | Kind::Undefined | Kind::Bool(false) => true,
                Kind::Text(Text::Plain(text)) => text.is_empty(),
                _ => false,
            };
            is_nothing && matches!(&sides[0].kind, Kind::Name(other) if other == name)
        }
        Kind::Binary(Operator::And, sides) => sides.iter().all(|side| tells_presence(side, name)),
        _ => false,
    }
}

/// By how many levels `flat()` is asked to lay a list flat; `None` where that is not known.
pub(super) fn levels(arguments: &[Node]) -> Option<u8> {
    match arguments.first().map(|depth| &depth.value) {
        None | Some(Value::Undefined) => Some(1),
        Some(Value::Number(levels)) => (0..=MAX_LEVELS).rev().find(|level| f64::from(*level) <= *levels),
        Some(Value::External(External { module, name })) => (module == "global" && name == "Infinity").then_some(MAX_LEVELS),
        Some(_) => None,
    }
}

/// The elements of the lists in a list, by so many levels.
pub(super) fn flat(array: &Array, levels: u8) -> Array {
    let mut whole = Array { items: Vec::new(), open: array.open.clone() };
    for item in &array.items {
        match &item.node.value {
            Value::Array(inner) if levels > 0 => {
                let inner = Node { value: flat(inner, levels - 1).into(), at: item.node.at.clone() };
                extend(&mut whole, inner, &item.conditions);
            }
            _ => append(&mut whole, item.node.clone(), &item.conditions),
        }
    }
    whole
}

/// The place of an element that is counted from the beginning, or with a negative number from the end; no more than the length
/// of the list. `None` where that is not told.
pub(super) fn place_of(array: &Array, index: f64) -> Option<usize> {
    let length = f64::from(u32::try_from(array.items.len()).ok()?);
    let counted = if index < 0.0 { length + index } else { index.min(length) };
    let mut places = (0..=array.items.len()).zip(0_u32..);
    let place = places.find(|(_, number)| f64::from(*number) >= counted.trunc()).filter(|_| array.is_certain() && counted >= 0.0);
    place.map(|(place, _)| place)
}

/// The elements from a place on, and up to another one where that is given.
pub(super) fn slice(array: &Array, ends: &[Node]) -> Option<Array> {
    let place = |end: &Node| match end.value {
        Value::Number(index) => place_of(array, index),
        _ => None,
    };
    let from = place(ends.first()?)?;
    let to = ends.get(1).map_or(Some(array.items.len()), place)?;
    Some(Array { items: array.items[from.min(to)..to].to_vec(), open: Vec::new() })
}

/// The keys of an object.
pub(super) fn keys(object: &Object) -> Array {
    let mut list = Array { items: Vec::new(), open: object.open.clone() };
    object.properties.iter().for_each(|property| append(&mut list, key_of(property), &property.conditions));
    list
}

/// The pairs of keys and values of an object.
pub(super) fn entries(object: &Object) -> Array {
    let mut list = Array { items: Vec::new(), open: object.open.clone() };
    for property in &object.properties {
        let mut pair = Array::default();
        let parts = [key_of(property), property.node.clone()];
        parts.into_iter().for_each(|node| pair.items.push(Item { node, conditions: Vec::new() }));
        append(&mut list, Node { value: pair.into(), at: property.node.at.clone() }, &property.conditions);
    }
    list
}

fn key_of(property: &Property) -> Node {
    Node { value: Value::Text(Text::Plain(property.key.to_string())), at: property.key_at.clone() }
}
