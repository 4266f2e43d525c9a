//! Changes made to values after they were written, and the conditions around statements.

use super::compose::{doubt, either, set, spread};
use super::{Evaluator, Place, Truth};
use crate::facts::module::{Effect, Guard, Mutation};
use crate::project::value::{Condition, Node, Unknown, Value};
use crate::source::Site;

impl Evaluator<'_> {
    pub(super) fn apply(&self, place: &Place<'_>, node: &mut Node, effect: &Effect) {
        let Some(conditions) = self.conditions(place, &effect.guards) else { return };
        let at = Site::new(&place.file, effect.span);
        if effect.path.is_empty()
            && let Mutation::Assign(value) = &effect.change
        {
            let next = self.expr(place, value);
            *node = match conditions.first() {
                None => next,
                Some(condition) => {
                    let otherwise = condition.negated();
                    let before = node.clone();
                    either(vec![(next, condition.clone()), (before, otherwise)], at)
                }
            };
            return;
        }
        let (path, last) = match (&effect.change, effect.path.split_last()) {
            (Mutation::Assign(_), Some((last, path))) => (path, Some(last)),
            _ => (effect.path.as_slice(), None),
        };
        let Some(target) = descend(node, path) else { return };
        match (&effect.change, &mut target.value) {
            (Mutation::Assign(value), Value::Object(object)) => {
                let value = self.expr(place, value);
                if let Some(key) = last {
                    set(object, key.as_str().into(), at, value, &conditions);
                }
            }
            (Mutation::Push(elements), Value::Array(array)) => {
                for element in elements {
                    self.push(place, array, element, &conditions);
                }
            }
            (Mutation::Merge(elements), Value::Object(object)) => {
                for element in elements {
                    let value = self.expr(place, &element.value);
                    spread(object, value, &conditions);
                }
            }
            (_, Value::Array(array)) => doubt(&mut array.open, Unknown::new("a later change that is not followed", at)),
            (_, Value::Object(object)) => doubt(&mut object.open, Unknown::new("a later change that is not followed", at)),
            (_, value) => *value = Value::Unknown(Unknown::new("a later change that is not followed", at)),
        }
    }

    /// The undecided conditions of guards; `None` when one of them is known not to hold.
    pub(super) fn conditions(&self, place: &Place<'_>, guards: &[Guard]) -> Option<Vec<Condition>> {
        let mut conditions = Vec::new();
        for guard in guards {
            match (self.truth(place, &guard.condition), guard.holds) {
                (Truth::Known(value), holds) if value == holds => {}
                (Truth::Known(_), _) => return None,
                (Truth::Depends(condition), true) => conditions.push(condition),
                (Truth::Depends(condition), false) => conditions.push(condition.negated()),
            }
        }
        Some(conditions)
    }
}

pub(super) fn descend<'n>(node: &'n mut Node, path: &[String]) -> Option<&'n mut Node> {
    let mut node = node;
    for step in path {
        let Value::Object(object) = &mut node.value else { return None };
        if !object.properties.iter().any(|property| *property.key == **step) {
            return None;
        }
        node = &mut object.properties.iter_mut().rev().find(|property| *property.key == **step)?.node;
    }
    Some(node)
}
