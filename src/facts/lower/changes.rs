//! Changes to values after they were made.
//!
//! What is given to functions is in [`super::passed`].

use super::bindings::places;
use super::classes::{property_of, static_name};
use super::expressions::operator;
use super::{Around, Lowering, span};
use crate::facts::common::Common;
use crate::facts::module::{
    Call, Effect, Element, Expr, Guard, Kind, MODULE_SCOPE, Mutation, Operator, Property, Return, Scope, ScopeId, Source, Text,
    When,
};
use crate::source::Span;
use crate::syntax::typescript::fields::NodeField;
use crate::syntax::typescript::nodes::Node;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Methods that change the array or object they are called on and are not followed.
const OPAQUE_METHODS: [&str; 5] = ["reverse", "sort", "fill", "copyWithin", "set"];

/// Functions of the language that change the object they are given and are not followed.
const OPAQUE_FUNCTIONS: [(&str, &str); 5] = [
    ("Object", "defineProperty"),
    ("Object", "defineProperties"),
    ("Reflect", "set"),
    ("Reflect", "defineProperty"),
    ("Reflect", "deleteProperty"),
];

/// Methods that change the list they are called on.
const CHANGING_LISTS: [&str; 5] = ["push", "unshift", "pop", "shift", "splice"];

/// Methods that give back an element of the list they are called on.
const ELEMENTS: [&str; 3] = ["at", "find", "findLast"];

/// Classes of the language whose objects give back under a key what was set under it.
pub(crate) const MAPS: [&str; 2] = ["Map", "WeakMap"];

/// The member of such an object that stands for what its `get` gives back.
pub(crate) const ENTRY: &str = "get()";

/// Methods of functions that say what `this` is in them.
const BORROWING: [&str; 3] = ["call", "apply", "bind"];

/// Longest chain of names for one value that is followed.
const MAX_ALIASES: usize = 4;

/// Most places before a change at which its function may end that are told apart.
const MAX_EXITS: usize = 8;

impl Lowering<'_> {
    /// `x.path = value`, `x.path ??= value` and its kin; the value.
    pub(super) fn assignment(&mut self, node: Node<'_>, scope: ScopeId) -> Expr {
        let (Some(left), Some(right)) = (node.field(NodeField::Left), node.field(NodeField::Right)) else {
            return Expr { kind: Kind::Opaque, span: span(node) };
        };
        let name = self.str(left).rsplit('.').next().unwrap_or("");
        let owner = self.owner.replace(self.str(left).chars().take(60).collect());
        let mut value = self.expr(right, scope, Around::named(name));
        self.owner = owner;
        if let Some(token) = node.field(NodeField::Operator) {
            let left = self.expr(left, scope, Around::default());
            let kind = Kind::Binary(operator(token.kind().trim_end_matches('=')), Box::new([left.clone(), value]));
            value = Expr { kind, span: span(node) };
            self.assign(&left, value.clone(), scope, node);
        } else {
            self.assign_parts(left, &value, scope, node);
        }
        value
    }

    /// Gives a value to what stands on the left of it.
    fn assign(&mut self, left: &Expr, value: Expr, scope: ScopeId, node: Node<'_>) {
        if let Some((root, path)) = place(left).or_else(|| element(left)) {
            self.effect(scope, root, path, Mutation::Assign(value), node);
        } else if let Some((root, path)) = end_of_list(left) {
            self.effect(scope, root, path, Mutation::Push(vec![Element { value, spread: false }]), node);
        } else if let Some((root, path)) = holder(left) {
            // An element of a list takes the place of another one.
            let is_element = matches!(&left.kind, Kind::Index(list, _) if place(list).is_some());
            let change = if is_element { Mutation::Remove } else { Mutation::Opaque };
            self.effect(scope, root, path, change, node);
        }
    }

    /// Gives a value to what stands on the left of it, or its parts where that is a pattern: `({ a, b: c.d } = value)`.
    pub(super) fn assign_parts(&mut self, left: Node<'_>, value: &Expr, scope: ScopeId, node: Node<'_>) {
        let part = |key: String| Expr { kind: Kind::Member(Box::new(value.clone()), key), span: value.span };
        let rest = || Expr { kind: Kind::Opaque, span: span(left) };
        match left.kind() {
            "object_pattern" => {
                for target in left.parts() {
                    let (key, target) = match target.kind() {
                        "pair_pattern" => (target.field(NodeField::Key), target.field(NodeField::Value)),
                        "object_assignment_pattern" => (target.field(NodeField::Left), Some(target)),
                        "rest_pattern" => (None, Some(target)),
                        _ => (Some(target), Some(target)),
                    };
                    let value = key.and_then(|key| self.key_text(key)).map_or_else(rest, part);
                    if let Some(target) = target {
                        self.assign_parts(target, &value, scope, node);
                    }
                }
            }
            "array_pattern" => {
                for (place, target) in places(left) {
                    self.assign_parts(target, &part(place.to_string()), scope, node);
                }
            }
            "object_assignment_pattern" | "assignment_pattern" => {
                let (Some(target), Some(default)) = (left.field(NodeField::Left), left.field(NodeField::Right)) else {
                    return;
                };
                let default = self.expr(default, scope, Around::named(self.str(target)));
                let kind = Kind::Binary(Operator::Nullish, Box::new([value.clone(), default]));
                self.assign_parts(target, &Expr { kind, span: value.span }, scope, node);
            }
            "rest_pattern" => {
                for target in left.parts() {
                    self.assign_parts(target, &rest(), scope, node);
                }
            }
            _ => {
                let left = self.expr(left, scope, Around::default());
                self.assign(&left, value.clone(), scope, node);
            }
        }
    }

    /// `x.path++` and its kin.
    pub(super) fn count(&mut self, node: Node<'_>, scope: ScopeId) {
        let (Some(counted), Some(token)) = (node.field(NodeField::Argument), node.field(NodeField::Operator)) else {
            return;
        };
        let counted = self.expr(counted, scope, Around::default());
        let one = Expr { kind: Kind::Number(1.0), span: span(token) };
        let by = if token.kind() == "++" { Operator::Add } else { Operator::Subtract };
        let kind = Kind::Binary(by, Box::new([counted.clone(), one]));
        self.assign(&counted, Expr { kind, span: span(node) }, scope, node);
    }

    /// `delete x.path`.
    pub(super) fn deletion(&mut self, argument: &Expr, scope: ScopeId, node: Node<'_>) {
        if let Some((root, path)) = place(argument) {
            if !path.is_empty() {
                self.effect(scope, root, path, Mutation::Delete, node);
            }
        } else if let Some((root, path)) = holder(argument) {
            self.effect(scope, root, path, Mutation::Opaque, node);
        }
    }

    /// `x.push(…)`, `x.push.apply(x, …)`, `Object.assign(x, …)` and whatever else of the language changes an object.
    pub(super) fn mutating_call(&mut self, expr: &Expr, scope: ScopeId, node: Node<'_>) {
        let Kind::Call(call) = &expr.kind else { return };
        let Kind::Member(object, method) = &call.callee.kind else { return };
        if let Kind::Name(name) = &object.kind
            && (name == "Object" && method == "assign" || OPAQUE_FUNCTIONS.contains(&(name.as_str(), method.as_str())))
        {
            let Some((target, rest)) = call.arguments.split_first() else { return };
            let Some((root, mut path)) = place(&target.value) else { return };
            let mut change = if method == "assign" { Mutation::Merge(rest.to_vec()) } else { Mutation::Opaque };
            if let (Mutation::Opaque, Some(Kind::Text(Text::Plain(key)))) = (&change, rest.first().map(|key| &key.value.kind)) {
                path.push(key.clone());
                if method == "deleteProperty" {
                    change = Mutation::Delete;
                }
            }
            self.effect(scope, root, path, change, node);
            return;
        }
        // `Reflect.apply(list.push, list, more)` is `list.push.apply(list, more)`.
        let (function, arguments) = match (&object.kind, call.arguments.split_first()) {
            (Kind::Name(name), Some((function, rest))) if name == "Reflect" && method == "apply" => (&function.value, rest),
            _ => (&**object, call.arguments.as_slice()),
        };
        let borrowed = BORROWING.contains(&method.as_str()).then(|| self.method_named_by(function, scope)).flatten();
        match (borrowed, arguments.split_first()) {
            (Some(borrowed), Some((this, rest))) => {
                let spread = |one: &Element| Element { value: one.value.clone(), spread: one.spread || method == "apply" };
                let Some(change) = change_by(&borrowed, || rest.iter().map(spread).collect()) else { return };
                // What is bound to its object may be called at any time.
                self.change(&this.value, if method == "bind" { change.unfollowed() } else { change }, scope, node);
            }
            _ => self.method_call(object, method, &call.arguments, scope, node),
        }
    }

    /// The method that a function is: `list.push`, or a name for it.
    fn method_named_by(&self, function: &Expr, scope: ScopeId) -> Option<String> {
        let of_name = |name: &str| {
            let home = self.home(scope, name, function.span.start)?;
            match &self.module.scopes[home as usize].binding(name, Some(function.span.start))?.source {
                Source::Value(Expr { kind: Kind::Member(_, method), .. }) => Some(method.clone()),
                Source::Part { path, .. } => path.last().cloned(),
                _ => None,
            }
        };
        match &function.kind {
            Kind::Member(_, method) => Some(method.clone()),
            Kind::Name(name) => of_name(name),
            _ => None,
        }
    }

    /// A method that changes its list is made a value of its own: it may be called with that list at any time.
    pub(super) fn method_value(&mut self, list: &Expr, method: &str, scope: ScopeId, member: Node<'_>) {
        let is_called = |around: Node<'_>| match around.kind() {
            "call_expression" => around.field(NodeField::Function) == Some(member),
            "member_expression" => around.field(NodeField::Property).is_some_and(|name| BORROWING.contains(&self.str(name))),
            _ => false,
        };
        let is_value = CHANGING_LISTS.contains(&method) && !member.parent().is_some_and(is_called);
        if let Some(change) = change_by(method, Vec::new).filter(|_| is_value) {
            self.change(list, change.unfollowed(), scope, member);
        }
    }

    pub(super) fn method_call(&mut self, object: &Expr, method: &str, arguments: &[Element], scope: ScopeId, node: Node<'_>) {
        if let ("set", [Element { spread: false, .. }, Element { value, spread: false }]) = (method, arguments)
            && let Some((root, path)) = place(object).filter(|(root, path)| path.is_empty() && self.is_map(root, scope, node))
        {
            let path = path.into_iter().chain([ENTRY.to_owned()]).collect();
            self.effect(scope, root, path, Mutation::Assign(value.clone()), node);
            return;
        }
        if let Some(change) = change_by(method, || arguments.to_vec()) {
            self.change(object, change, scope, node);
        }
    }

    /// Whether a name is bound to a map, which is empty at first.
    fn is_map(&self, name: &str, scope: ScopeId, node: Node<'_>) -> bool {
        let at = span(node).start;
        let binding = self.home(scope, name, at).and_then(|home| self.module.scopes[home as usize].binding(name, Some(at)));
        match binding.map(|binding| &binding.source) {
            Some(
                Source::Value(Expr { kind: Kind::Call(made), .. }) | Source::Overridable(Expr { kind: Kind::Call(made), .. }),
            ) => {
                made.new
                    && made.arguments.is_empty()
                    && matches!(&made.callee.kind, Kind::Name(class) if MAPS.contains(&class.as_str()))
            }
            _ => false,
        }
    }

    /// What an expression stands for is changed.
    fn change(&mut self, object: &Expr, change: Mutation, scope: ScopeId, node: Node<'_>) {
        if let Some((root, path)) = place(object).or_else(|| place_or_new(object)) {
            self.effect(scope, root, path, change, node);
        } else if let Some((root, path)) = holder(object) {
            self.effect(scope, root, path, change.unfollowed(), node);
        } else {
            for (root, path, _) in denoted(object) {
                self.effect(scope, root, path, change.unfollowed(), node);
            }
        }
    }

    pub(super) fn effect(&mut self, scope: ScopeId, root: String, path: Vec<String>, change: Mutation, node: Node<'_>) {
        let guards = self.guards_of(scope);
        self.scope(scope).effects.push(Effect { root, path, change, guards, span: span(node), when: When::Here });
    }

    /// The conditions under which a function comes to the place that is being lowered: those around it, and that nothing
    /// was given back before.
    pub(super) fn guards_of(&self, scope: ScopeId) -> Vec<Guard> {
        self.met(scope, &self.guards, |end| !end.throws)
    }

    /// The conditions under which the place that is being lowered is reached at all, also those around the functions that
    /// it lies in and that are made where they stand.
    pub(super) fn reached_under(&self, scope: ScopeId) -> Vec<Guard> {
        let mut guards = self.met(scope, &self.guards, |_| true);
        for around in self.around.iter().rev().take_while(|around| !around.is_hoisted) {
            guards.extend(self.met(around.scope, &around.guards, |_| true));
        }
        guards
    }

    /// The conditions around a place in a function, and that it did not end before in one of the ways that count.
    fn met(&self, scope: ScopeId, around: &[Guard], counts: impl Fn(&Return) -> bool) -> Vec<Guard> {
        let ends = self.module.scopes[scope as usize].returns.iter().filter(|end| counts(end));
        let passed = ends.filter_map(|end| passed_by(&end.guards, around)).take(MAX_EXITS);
        around.iter().cloned().chain(passed).collect()
    }

    /// Works out what all changes of the file come to.
    pub(super) fn settle_changes(&mut self) {
        self.settle_given();
        for id in 0..self.module.scopes.len() {
            settle_aliases(&mut self.module.scopes[id]);
        }
        for scope in self.settle_distant_effects() {
            settle_aliases(self.scope(scope));
        }
        self.settle_passed();
    }

    /// A function that changes a name bound outside of itself may run at any time, any number of times, and so may the
    /// methods of an object that change what it holds. Gives back the scopes of what is changed.
    fn settle_distant_effects(&mut self) -> BTreeSet<ScopeId> {
        let methods = self.methods();
        let mut distant = Vec::new();
        for (id, scope) in (MODULE_SCOPE..).zip(&self.module.scopes) {
            for effect in &scope.effects {
                if effect.root == "this" {
                    let mut around = std::iter::successors(Some(id), |id| self.module.scopes[*id as usize].parent);
                    if let Some((home, root, way)) = around.find_map(|id| methods.get(&id)) {
                        let path = way.iter().chain(&effect.path).cloned().collect();
                        let (root, change, guards) = (root.clone(), Mutation::Opaque, Vec::new());
                        distant.push((*home, Effect { root, path, change, guards, span: effect.span, when: When::Later }));
                    }
                    continue;
                }
                distant.extend(self.static_change(id, effect));
                let home = self.home(id, &effect.root, effect.span.start).or_else(|| self.class_of_member(id, &effect.root));
                if let Some(home) = home.filter(|home| *home != id) {
                    let Some(change) = self.distant_change(id, home, effect) else { continue };
                    let when = if self.is_hoisted(id, home) { When::Anytime } else { When::Later };
                    distant.push((home, Effect { change, when, guards: Vec::new(), ..effect.clone() }));
                }
            }
        }
        let homes = distant.iter().map(|(home, _)| *home).collect();
        for (home, effect) in distant {
            self.scope(home).effects.push(effect);
        }
        homes
    }

    /// A change to a member of a class itself that is made outside of it, as it is seen from there.
    fn static_change(&self, from: ScopeId, effect: &Effect) -> Option<(ScopeId, Effect)> {
        let (member, path) = effect.path.split_first()?;
        let home = self.home(from, &effect.root, effect.span.start)?;
        let binding = self.module.scopes[home as usize].binding(&effect.root, Some(effect.span.start))?;
        let Source::Value(Expr { kind: Kind::Function(class), .. }) = &binding.source else { return None };
        let root = static_name(member);
        self.module.scopes[class.scope as usize].binding(&root, None)?;
        let (path, change) = (path.to_vec(), effect.change.unfollowed());
        Some((class.scope, Effect { root, path, change, guards: Vec::new(), span: effect.span, when: When::Later }))
    }

    /// A change that a function makes to what a scope around it binds, as it is seen from there.
    fn distant_change(&self, function: ScopeId, home: ScopeId, effect: &Effect) -> Option<Mutation> {
        let (call, index, way) = match &effect.change {
            Mutation::Passed { call, index, way } => (call, index, way),
            Mutation::Assign(_) => return Some(Mutation::AssignedIn(function)),
            other => return Some(other.unfollowed()),
        };
        if self.is_seen_from(home, call) {
            // Whether it changes something is all that matters.
            let call = Common::new(Call { callee: call.callee.clone(), arguments: Vec::new(), new: call.new });
            return Some(Mutation::Passed { call, index: *index, way: way.clone() });
        }
        self.changes_given(function, call, *index, way, effect.span.start).unwrap_or(false).then_some(Mutation::Opaque)
    }

    /// The methods of objects that have names, by their scopes: the scope of the name, the name, and the way from there to
    /// the object.
    fn methods(&self) -> HashMap<ScopeId, (ScopeId, String, Vec<String>)> {
        let mut methods = HashMap::new();
        for (home, scope) in (MODULE_SCOPE..).zip(&self.module.scopes) {
            for binding in &scope.bindings {
                if let Source::Value(value) = &binding.source {
                    each_method(value, &mut Vec::new(), &mut |method, way| {
                        methods.insert(method, (home, binding.name.clone(), way.to_vec()));
                    });
                }
            }
        }
        methods
    }

    /// Whether a function within a scope lies in one that is declared there, and may be called above its declaration.
    fn is_hoisted(&self, function: ScopeId, home: ScopeId) -> bool {
        let parent = |id: ScopeId| self.module.scopes[id as usize].parent;
        let outermost = std::iter::successors(Some(function), |id| parent(*id)).find(|id| parent(*id) == Some(home));
        self.module.scopes[home as usize].bindings.iter().any(|binding| match &binding.source {
            Source::Value(Expr { kind: Kind::Function(declared), span }) => {
                Some(declared.scope) == outermost && span.start < binding.span.start
            }
            _ => false,
        })
    }

    /// The class around that has a member of this name from one it extends, or from nowhere but the change.
    fn class_of_member(&self, from: ScopeId, name: &str) -> Option<ScopeId> {
        property_of(name)?;
        let parent = |id: &ScopeId| self.module.scopes[*id as usize].parent;
        std::iter::successors(Some(from), parent).find(|id| self.module.scopes[*id as usize].class.is_some())
    }

    /// The scope that binds a name as it is seen from a place in a scope; imports are the module's.
    pub(super) fn home(&self, from: ScopeId, name: &str, at: u32) -> Option<ScopeId> {
        let mut scope = Some(from);
        while let Some(id) = scope {
            let data = &self.module.scopes[id as usize];
            if data.binding(name, Some(at)).is_some() {
                return Some(id);
            }
            scope = data.parent;
        }
        self.module.imports.iter().any(|import| import.local == name).then_some(MODULE_SCOPE)
    }
}

/// How a method changes what it is called on.
fn change_by(method: &str, arguments: impl FnOnce() -> Vec<Element>) -> Option<Mutation> {
    match method {
        "push" | "unshift" => Some(Mutation::Push(arguments())),
        "pop" | "shift" | "splice" => Some(Mutation::Remove),
        other => OPAQUE_METHODS.contains(&other).then_some(Mutation::Opaque),
    }
}

/// What holds once a function has gone on past a `return`: not all that stands around that and not around what follows.
fn passed_by(exit: &[Guard], around: &[Guard]) -> Option<Guard> {
    let is_same = |(one, other): &(&Guard, &Guard)| one.condition.span == other.condition.span;
    let shared = exit.iter().zip(around).take_while(is_same).count();
    let (first, more) = exit[shared..].split_first()?;
    let end = shared.checked_sub(1).map_or(u32::MAX, |last| exit[last].body.end);
    let body = Span { start: first.body.end, end };
    // That not all of several conditions hold is not followed.
    let unfollowed = || Common::new(Expr { kind: Kind::Opaque, span: first.condition.span });
    let condition = if more.is_empty() { first.condition.clone() } else { unfollowed() };
    Some(Guard { condition, holds: more.is_empty() && !first.holds, body })
}

/// The functions in an object, with the way to what holds them.
fn each_method(value: &Expr, way: &mut Vec<String>, take: &mut dyn FnMut(ScopeId, &[String])) {
    let Kind::Object(properties) = &value.kind else { return };
    for property in properties {
        let Property::Keyed { key, value, .. } = property else { continue };
        if let Kind::Function(method) = &value.kind {
            take(method.scope, way);
        } else {
            way.push(key.clone());
            each_method(value, way, take);
            way.pop();
        }
    }
}

/// A change made under another name (`const list = options.plugins; list.push(…)`) is one of the value itself, too,
/// and of whatever else holds it (`const options = { plugins: list }; list.push(…)`, and the other way round).
fn settle_aliases(scope: &mut Scope) {
    let holders = Holders::of(scope);
    let mut known: HashSet<_> = scope.effects.iter().map(change_of).collect();
    let mut seen = 0;
    for _ in 0..MAX_ALIASES {
        let new = &scope.effects[seen..];
        let under_other_names = new.iter().filter(|effect| effect.is_in_place()).flat_map(|effect| aliased(scope, effect));
        let mut more: Vec<Effect> =
            under_other_names.chain(new.iter().flat_map(|effect| holders.changed(scope, effect))).collect();
        more.retain(|effect| known.insert(change_of(effect)));
        seen = scope.effects.len();
        scope.effects.extend(more);
    }
    // What a change consists of comes before it.
    scope.effects.sort_by_key(|effect| effect.span.end);
}

/// What an effect changes, and where it stands.
fn change_of(effect: &Effect) -> (String, Vec<String>, u32) {
    (effect.root.clone(), effect.path.clone(), effect.span.start)
}

/// The changes an effect makes to the values that its name was made of.
fn aliased(scope: &Scope, effect: &Effect) -> Vec<Effect> {
    let Some(binding) = scope.binding(&effect.root, Some(effect.span.start)) else { return Vec::new() };
    let (of, way) = match &binding.source {
        Source::Value(of) => (of, [].as_slice()),
        Source::Part { of, path, default: None } => (of, path.as_slice()),
        _ => return Vec::new(),
    };
    let path: Vec<String> = way.iter().chain(&effect.path).cloned().collect();
    let assigns = effect.change.replaces();
    made_of(of, &path, assigns)
        .into_iter()
        .map(|(root, path, certain)| {
            let is_known = certain && !binding.mutable;
            let change = if is_known { effect.change.under_another_name() } else { effect.change.unfollowed() };
            Effect { root, path, change, ..effect.clone() }
        })
        .collect()
}

/// The places that share what lies at a path of a value, and whether it is that one for certain.
fn made_of(value: &Expr, path: &[String], assigns: bool) -> Vec<(String, Vec<String>, bool)> {
    let Kind::Object(properties) = &value.kind else {
        // What is put in the place of a value leaves the value alone.
        let shared = if assigns && path.is_empty() { Vec::new() } else { denoted(value) };
        let extended = |(root, mut way, certain): (String, Vec<String>, bool)| {
            way.extend(path.iter().cloned());
            (root, way, certain)
        };
        return shared.into_iter().map(extended).collect();
    };
    let Some((step, rest)) = path.split_first() else { return Vec::new() };
    let mut shared = Vec::new();
    for property in properties.iter().rev() {
        match property {
            Property::Keyed { key, value, .. } if key == step => {
                shared.extend(made_of(value, rest, assigns));
                break;
            }
            // A copy shares what its properties hold, but not the properties.
            Property::Spread(value) if !(assigns && rest.is_empty()) => shared.extend(made_of(value, path, assigns)),
            _ => {}
        }
    }
    let certain = shared.len() == 1;
    shared.iter_mut().for_each(|place| place.2 &= certain);
    shared
}

/// The places whose value an expression may be, and whether it is that one for certain.
fn denoted(expr: &Expr) -> Vec<(String, Vec<String>, bool)> {
    let several = |sides: &[Expr]| sides.iter().flat_map(denoted).map(|(root, path, _)| (root, path, false)).collect();
    match &expr.kind {
        Kind::Conditional(parts) => several(&parts[1..]),
        Kind::Binary(Operator::Nullish | Operator::Or | Operator::And, sides) => several(&sides[..]),
        _ => place(expr).map(|(root, path)| (root, path, true)).into_iter().collect(),
    }
}

/// The names bound to objects that hold other values of the scope, by the name of what they hold.
#[derive(Default)]
struct Holders(HashMap<String, Vec<Holder>>);

/// A place in an object that holds a value with a name: `options.plugins` of `const options = { plugins: list.all }`.
struct Holder {
    /// The place of the binding in its scope.
    binding: usize,
    /// The way to the place: `["plugins"]`.
    way: Vec<String>,
    /// The way from the name to the value: `["all"]`.
    path: Vec<String>,
    /// Whether it holds this value for certain.
    certain: bool,
    /// Where it only copies the properties of the value (`{ ...defaults, plugins: [] }`): those that it then replaces.
    copied_without: Option<Vec<String>>,
}

impl Holders {
    fn of(scope: &Scope) -> Self {
        let mut holders = Self::default();
        // Few scopes change anything at all.
        for (index, binding) in scope.bindings.iter().enumerate().filter(|_| !scope.effects.is_empty()) {
            if let Source::Value(value) = &binding.source {
                holders.collect(value, index, &mut Vec::new(), None);
            }
        }
        holders
    }

    fn collect(&mut self, value: &Expr, binding: usize, way: &mut Vec<String>, copied_without: Option<&[String]>) {
        let Kind::Object(properties) = &value.kind else {
            for (root, path, certain) in denoted(value) {
                let copied_without = copied_without.map(<[_]>::to_vec);
                let holder = Holder { binding, way: way.clone(), path, certain, copied_without };
                self.0.entry(root).or_default().push(holder);
            }
            return;
        };
        let mut replaced = copied_without.unwrap_or_default().to_vec();
        for property in properties.iter().rev() {
            match property {
                Property::Keyed { key, value, .. } => {
                    way.push(key.clone());
                    self.collect(value, binding, way, None);
                    way.pop();
                    replaced.push(key.clone());
                }
                Property::Spread(value) => self.collect(value, binding, way, Some(&replaced)),
                Property::Computed { .. } => {}
            }
        }
    }

    /// What an effect changes in the objects that hold its value when it comes.
    fn changed<'h>(&'h self, scope: &'h Scope, effect: &'h Effect) -> impl Iterator<Item = Effect> + 'h {
        let home = |at| scope.binding(&effect.root, Some(at)).map(|binding| (binding.span, binding.mutable));
        self.0.get(&effect.root).into_iter().flatten().filter_map(move |holder| {
            let binding = &scope.bindings[holder.binding];
            let rest = effect.path.strip_prefix(holder.path.as_slice())?;
            let assigns = effect.change.replaces();
            let is_shared = match (&holder.copied_without, rest) {
                (None, rest) => !(assigns && rest.is_empty()),
                (Some(_), []) => false,
                (Some(without), [key, deeper @ ..]) => !(without.contains(key) || assigns && deeper.is_empty()),
            };
            let (span, mutable) = home(effect.span.start)?;
            let comes_first = binding.span.start > effect.span.start && effect.when != When::Anytime;
            if !is_shared || comes_first || home(binding.span.start)?.0 != span {
                return None;
            }
            let path = holder.way.iter().chain(rest).cloned().collect();
            let is_known = holder.certain && !mutable && !binding.mutable;
            let change = if is_known { effect.change.under_another_name() } else { effect.change.unfollowed() };
            Some(Effect { root: binding.name.clone(), path, change, ..effect.clone() })
        })
    }
}

/// The name and the path an expression such as `a.b["c"]` denotes.
pub(crate) fn place(expr: &Expr) -> Option<(String, Vec<String>)> {
    match &expr.kind {
        Kind::Name(name) => Some((name.clone(), Vec::new())),
        Kind::Member(object, property) => {
            let (root, mut path) = place(object)?;
            path.push(property.clone());
            Some((root, path))
        }
        _ => None,
    }
}

/// The place of an element of a list by its number: `list[1]`.
fn element(expr: &Expr) -> Option<(String, Vec<String>)> {
    let Kind::Index(list, index) = &expr.kind else { return None };
    let Kind::Number(number) = index.kind else { return None };
    let (root, mut path) = place(list)?;
    path.push(number.to_string());
    Some((root, path))
}

/// The place whose value an expression is, but for one that is new: `x.list ??= []`, `x.list || (x.list = [])`.
fn place_or_new(expr: &Expr) -> Option<(String, Vec<String>)> {
    match &expr.kind {
        Kind::Binary(Operator::Nullish | Operator::Or, sides) if denoted(&sides[1]).is_empty() => place(&sides[0]),
        _ => None,
    }
}

/// The list that `list[list.length]` lies behind.
fn end_of_list(expr: &Expr) -> Option<(String, Vec<String>)> {
    let Kind::Index(list, index) = &expr.kind else { return None };
    let Kind::Member(of, length) = &index.kind else { return None };
    place(list).filter(|list| length == "length" && place(of).as_ref() == Some(list))
}

/// What holds the value that a computed path denotes, as far as it has a name: `a.b` of `a.b[key].c`.
fn holder(expr: &Expr) -> Option<(String, Vec<String>)> {
    match &expr.kind {
        Kind::Index(object, _) => place(object).or_else(|| holder(object)),
        Kind::Member(object, _) => holder(object),
        // `list.at(0)`
        Kind::Call(call) => match &call.callee.kind {
            Kind::Member(list, method) if ELEMENTS.contains(&method.as_str()) => place(list).or_else(|| holder(list)),
            _ => None,
        },
        _ => None,
    }
}
