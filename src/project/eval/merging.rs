//! Objects that packages merge deeply: `defu(options, defaults)`, `merge({}, defaults, options)` of lodash, `deepmerge`.

use super::compose::{doubt, each, either, extend, may_replace, set, spread, unknown};
use super::environment::is_set;
use super::{Evaluator, Place};
use crate::facts::module::{Call, Element};
use crate::project::value::composite::Composite;
use crate::project::value::{Alternative, Array, External, Node, Object, Unknown, Value};
use crate::source::Site;

/// A way to merge objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Merging {
    /// The first one counts that is neither `undefined` nor `null`, and its lists come first (defu: readme).
    Defu,
    /// The last one counts that is not `undefined`; lists are merged place by place into the first argument (lodash:
    /// `_.merge`).
    Lodash,
    /// The last one counts, and its lists come last (deepmerge: readme).
    DeepMerge,
}

impl Merging {
    /// How a function of a package merges, and whether it is given a list of what to merge.
    fn of(External { module, name }: &External) -> Option<(Self, bool)> {
        Some(match (module.as_str(), name.as_str()) {
            ("defu", "defu" | "default") => (Self::Defu, false),
            ("lodash" | "lodash-es", "merge" | "default.merge")
            | ("lodash/merge" | "lodash/merge.js" | "lodash-es/merge" | "lodash-es/merge.js" | "lodash.merge", "default") => {
                (Self::Lodash, false)
            }
            ("deepmerge", "default") => (Self::DeepMerge, false),
            ("deepmerge", "all" | "default.all") => (Self::DeepMerge, true),
            _ => return None,
        })
    }

    /// Most arguments that are no settings.
    fn most(self) -> usize {
        if self == Self::DeepMerge { 2 } else { usize::MAX }
    }
}

impl Evaluator<'_> {
    /// What a function of a package merges; `None` where it does something else, or with what is not known.
    pub(super) fn merged(&self, place: &Place<'_>, callee: &External, call: &Call, at: &Site) -> Option<Node> {
        let (how, takes_list) = Merging::of(callee)?;
        let given = self.all_arguments(place, &call.arguments)?;
        let parts = match (given.as_slice(), takes_list) {
            ([Node { value: Value::Array(list), .. }], true) => {
                list.is_certain().then(|| list.items.iter().map(|item| item.node.clone()).collect())?
            }
            (_, true) => return None,
            (_, false) => given,
        };
        (takes_list || parts.len() <= how.most()).then(|| self.merge_all(Object::default().into(), parts, how, at))
    }

    /// What becomes of an object that is given to a function of a package, which merges others into it.
    pub(super) fn merged_into(&self, place: &Place<'_>, target: &Node, callee: &Value, call: &Call) -> Option<Node> {
        let Value::External(callee) = callee else { return None };
        let is_changed = matches!(Merging::of(callee), Some((Merging::Lodash, _)));
        let (_, others) = call.arguments.split_first().filter(|(first, _)| is_changed && !first.spread)?;
        let parts = self.all_arguments(place, others)?;
        let Value::Object(target) = &target.value else { return None };
        Some(self.merge_all(target.clone(), parts, Merging::Lodash, &Site::new(&place.file, call.callee.span)))
    }

    fn all_arguments(&self, place: &Place<'_>, elements: &[Element]) -> Option<Vec<Node>> {
        let (arguments, open) = self.arguments(place, elements);
        open.is_empty().then_some(arguments)
    }

    fn merge_all(&self, first: Composite<Object>, parts: Vec<Node>, how: Merging, at: &Site) -> Node {
        let first = Node { value: Value::Object(first), at: at.clone() };
        parts.into_iter().fold(first, |merged, next| {
            let next = each(next, at, &|node| as_object(node));
            let (over, under) = if how == Merging::Defu { (merged, next) } else { (next, merged) };
            self.merge(over, under, how, at)
        })
    }

    /// A value over another one.
    fn merge(&self, over: Node, under: Node, how: Merging, at: &Site) -> Node {
        if !self.run.step() {
            return unknown("working it out takes too many steps", at.clone());
        }
        let merged = || each(over, at, &|over| each(under.clone(), at, &|under| self.merge_one(over.clone(), under, how, at)));
        self.run.deeper(merged).unwrap_or_else(|| unknown("the value is nested too deeply", at.clone()))
    }

    fn merge_one(&self, over: Node, under: Node, how: Merging, at: &Site) -> Node {
        match (&over.value, &under.value) {
            (Value::Undefined, _) => under,
            (Value::Null, _) if how == Merging::Defu => under,
            (_, Value::Undefined) | (Value::Unknown(_), _) => over,
            (Value::Env(name), _) if how != Merging::DeepMerge => {
                let set = is_set(name, at);
                let otherwise = set.negated();
                either(vec![(over, set), (under, otherwise)], at.clone())
            }
            (Value::Object(_), Value::Object(_)) => self.merge_objects(&over, &under, how, at),
            (Value::Object(_), Value::Unknown(_) | Value::Call(_) | Value::External(_)) => {
                self.merge_objects(&over, &as_object(under), how, at)
            }
            (Value::Array(one), Value::Array(other)) => match how {
                Merging::Defu => joined(&over, under),
                Merging::DeepMerge => joined(&under, over),
                Merging::Lodash => self.merge_places(one, other, at),
            },
            (Value::Array(_), Value::Unknown(_) | Value::Call(_) | Value::External(_)) if how != Merging::Lodash => {
                joined(&over, under)
            }
            (Value::Array(_) | Value::Object(_), Value::Array(_) | Value::Unknown(_) | Value::Call(_) | Value::External(_))
                if how == Merging::Lodash =>
            {
                half_known(at)
            }
            (
                Value::Call(_) | Value::External(_),
                Value::Object(_) | Value::Array(_) | Value::Unknown(_) | Value::Call(_) | Value::External(_),
            ) => half_known(at),
            _ => over,
        }
    }

    fn merge_objects(&self, over: &Node, under: &Node, how: Merging, at: &Site) -> Node {
        let (Value::Object(upper), Value::Object(lower)) = (&over.value, &under.value) else { return half_known(at) };
        let mut merged = Object::clone(lower);
        for why in &upper.open {
            may_replace(&mut merged, why);
            doubt(&mut merged.open, why.clone());
        }
        merged.foreign.extend(upper.foreign.iter().cloned());
        for (place, property) in upper.properties.iter().enumerate() {
            let mut same = upper.properties.iter().filter(|other| other.key == property.key);
            if upper.properties[..place].iter().any(|other| other.key == property.key) {
                continue;
            }
            // It replaces what is there, and is not told from a key that is not there.
            let node = if how == Merging::DeepMerge && same.any(|one| may_be_undefined(&one.node)) {
                half_known(at)
            } else {
                let [over, under] = [over, under].map(|object| self.property(object, &property.key, at));
                self.merge(over, under, how, at)
            };
            set(&mut merged, property.key.clone(), property.key_at.clone(), node, &[]);
        }
        Node { value: merged.into(), at: at.clone() }
    }

    /// Two lists, merged place by place.
    fn merge_places(&self, over: &Array, under: &Array, at: &Site) -> Node {
        if !over.is_certain() || !under.is_certain() {
            return half_known(at);
        }
        let mut merged = under.clone();
        for (place, item) in over.items.iter().enumerate() {
            match merged.items.get_mut(place) {
                Some(under) => under.node = self.merge(item.node.clone(), under.node.clone(), Merging::Lodash, at),
                None => merged.items.push(item.clone()),
            }
        }
        Node { value: merged.into(), at: at.clone() }
    }
}

/// What is merged, as an object that has all that is known of it.
fn as_object(node: Node) -> Node {
    if matches!(node.value, Value::Object(_)) {
        return node;
    }
    let (mut object, at) = (Object::default(), node.at.clone());
    spread(&mut object, node, &[]);
    Node { value: object.into(), at }
}

/// A list with the elements of another one behind its own.
fn joined(first: &Node, second: Node) -> Node {
    let mut list = match &first.value {
        Value::Array(list) => Array::clone(list),
        _ => Array::default(),
    };
    extend(&mut list, second, &[]);
    Node { value: list.into(), at: first.at.clone() }
}

fn half_known(at: &Site) -> Node {
    Node { value: Value::Unknown(Unknown::new("what it is merged with is not followed", at.clone())), at: at.clone() }
}

fn may_be_undefined(node: &Node) -> bool {
    let is_it = |one: &Alternative| may_be_undefined(&one.node);
    match &node.value {
        Value::Undefined => true,
        Value::Either(alternatives) => alternatives.iter().any(is_it),
        _ => false,
    }
}
