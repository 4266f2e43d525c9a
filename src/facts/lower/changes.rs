//! Changes to values after they were made.

use std::collections::HashMap;

use tree_sitter::Node;

use super::expressions::operator;
use super::{Around, Lowering, span};
use crate::facts::module::{Effect, Expr, Kind, MODULE_SCOPE, Mutation, Property, Scope, ScopeId, Source};

/// Methods that change the array or object they are called on and are not followed.
const OPAQUE_METHODS: [&str; 8] = ["splice", "pop", "shift", "reverse", "sort", "fill", "copyWithin", "set"];

/// Longest chain of names for one value that is followed.
const MAX_ALIASES: usize = 4;

impl Lowering<'_> {
    /// `x.path = value`, `x.path ??= value` and its kin; the value.
    pub(super) fn assignment(&mut self, node: Node<'_>, scope: ScopeId) -> Expr {
        let (Some(left), Some(right)) = (node.child_by_field_name("left"), node.child_by_field_name("right")) else {
            return Expr { kind: Kind::Opaque, span: span(node) };
        };
        let name = self.str(left).rsplit('.').next().unwrap_or("");
        let owner = self.owner.replace(self.str(left).chars().take(60).collect());
        let mut value = self.expr(right, scope, Around { name: Some(name), maps_names: false });
        self.owner = owner;
        let left = self.expr(left, scope, Around::default());
        if let Some(token) = node.child_by_field_name("operator") {
            let kind = Kind::Binary(operator(token.kind().trim_end_matches('=')), Box::new([left.clone(), value]));
            value = Expr { kind, span: span(node) };
        }
        if let Some((root, path)) = place(&left) {
            self.effect(scope, root, path, Mutation::Assign(value.clone()), node);
        } else if let Some((root, path)) = holder(&left) {
            self.effect(scope, root, path, Mutation::Opaque, node);
        }
        value
    }

    /// `delete x.path`.
    pub(super) fn deletion(&mut self, argument: &Expr, scope: ScopeId, node: Node<'_>) {
        if let Some((root, path)) = place(argument).or_else(|| holder(argument)) {
            self.effect(scope, root, path, Mutation::Opaque, node);
        }
    }

    /// `x.push(…)`, `Object.assign(x, …)` and the methods that change their object.
    pub(super) fn mutating_call(&mut self, expr: &Expr, scope: ScopeId, node: Node<'_>) {
        let Kind::Call(call) = &expr.kind else { return };
        let Kind::Member(object, method) = &call.callee.kind else { return };
        if matches!(&object.kind, Kind::Name(name) if name == "Object") && method == "assign" {
            let Some((target, rest)) = call.arguments.split_first() else { return };
            if let Some((root, path)) = place(&target.value) {
                self.effect(scope, root, path, Mutation::Merge(rest.to_vec()), node);
            }
            return;
        }
        let change = match method.as_str() {
            "push" | "unshift" => Mutation::Push(call.arguments.clone()),
            other if OPAQUE_METHODS.contains(&other) => Mutation::Opaque,
            _ => return,
        };
        if let Some((root, path)) = place(object) {
            self.effect(scope, root, path, change, node);
        } else if let Some((root, path)) = holder(object) {
            self.effect(scope, root, path, Mutation::Opaque, node);
        }
    }

    /// `f(x)` as a statement: a function whose result is of no interest is called for what it changes.
    pub(super) fn passing_call(&mut self, expr: &Expr, scope: ScopeId, node: Node<'_>) {
        let Kind::Call(call) = &expr.kind else { return };
        if !matches!(call.callee.kind, Kind::Name(_)) {
            return;
        }
        for (index, argument) in (0..).zip(&call.arguments).take_while(|(_, argument)| !argument.spread) {
            if let Some((root, path)) = place(&argument.value) {
                self.effect(scope, root, path, Mutation::Passed(call.clone(), index), node);
            }
        }
    }

    pub(super) fn effect(&mut self, scope: ScopeId, root: String, path: Vec<String>, change: Mutation, node: Node<'_>) {
        let guards = self.guards.clone();
        self.scope(scope).effects.push(Effect { root, path, change, guards, span: span(node) });
    }

    /// Of the values that are given to functions, only those that a function of the file changes count. Most functions
    /// change nothing, and looking into them again for every use of a name costs far more than it tells.
    pub(super) fn settle_passed(&mut self) {
        loop {
            let kept: Vec<Vec<bool>> = (MODULE_SCOPE..)
                .zip(&self.module.scopes)
                .map(|(id, scope)| scope.effects.iter().map(|effect| self.is_change(id, effect)).collect())
                .collect();
            for (scope, kept) in self.module.scopes.iter_mut().zip(&kept) {
                let mut kept = kept.iter();
                scope.effects.retain(|_| kept.next() == Some(&true));
            }
            if kept.iter().flatten().all(|kept| *kept) {
                return;
            }
        }
    }

    /// Whether something changes: the function a value is given to may do nothing to it.
    fn is_change(&self, scope: ScopeId, effect: &Effect) -> bool {
        let Mutation::Passed(call, index) = &effect.change else { return true };
        let Kind::Name(callee) = &call.callee.kind else { return false };
        let home = self.home(scope, callee, effect.span.start).map(|home| &self.module.scopes[home as usize]);
        let Some(Source::Value(Expr { kind: Kind::Function(function), .. })) =
            home.and_then(|home| home.binding(callee, Some(effect.span.start))).map(|binding| &binding.source)
        else {
            return false;
        };
        let inner = &self.module.scopes[function.scope as usize];
        let is_it = |source: &Source| matches!(source, Source::Parameter { index: at, .. } if at == index);
        let parameters = inner.bindings.iter().filter(|binding| is_it(&binding.source));
        parameters.into_iter().any(|own| inner.effects.iter().any(|inside| inside.root == own.name && inside.is_in_place()))
    }

    /// A change made under another name (`const list = options.plugins; list.push(…)`) is one of the value itself, too,
    /// and of what holds it already (`const options = { plugins: list }; list.push(…)`).
    pub(super) fn settle_aliases(&mut self) {
        for scope in &mut self.module.scopes {
            let holders = Holders::of(scope);
            let held: Vec<Effect> = scope.effects.iter().flat_map(|effect| holders.changed(scope, effect)).collect();
            let mut seen = 0;
            for _ in 0..MAX_ALIASES {
                let in_place = scope.effects[seen..].iter().filter(|effect| effect.is_in_place());
                let more: Vec<Effect> = in_place.filter_map(|effect| aliased(scope, effect)).collect();
                seen = scope.effects.len();
                scope.effects.extend(more);
            }
            scope.effects.extend(held);
            scope.effects.sort_by_key(|effect| effect.span.start);
        }
    }

    /// A function that changes a name bound outside of itself may run at any time, any number of times.
    pub(super) fn settle_distant_effects(&mut self) {
        let mut distant = Vec::new();
        for (id, scope) in (MODULE_SCOPE..).zip(&self.module.scopes) {
            for effect in scope.effects.iter().filter(|effect| !matches!(effect.change, Mutation::Passed(..))) {
                if let Some(home) = self.home(id, &effect.root, effect.span.start).filter(|home| *home != id) {
                    distant.push((home, Effect { change: Mutation::Opaque, ..effect.clone() }));
                }
            }
        }
        for (scope, effect) in distant {
            self.scope(scope).effects.push(effect);
        }
    }

    /// The scope that binds a name as it is seen from a place in a scope; imports are the module's.
    fn home(&self, from: ScopeId, name: &str, at: u32) -> Option<ScopeId> {
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

/// The change an effect makes to the value that its name was taken from.
fn aliased(scope: &Scope, effect: &Effect) -> Option<Effect> {
    let binding = scope.binding(&effect.root, Some(effect.span.start))?;
    let (of, way) = match &binding.source {
        Source::Value(of) => (of, [].as_slice()),
        Source::Part { of, path, default: None } => (of, path.as_slice()),
        _ => return None,
    };
    let (root, mut path) = place(of)?;
    path.extend(way.iter().chain(&effect.path).cloned());
    let change = if binding.mutable { Mutation::Opaque } else { effect.change.clone() };
    Some(Effect { root, path, change, ..effect.clone() })
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
}

impl Holders {
    fn of(scope: &Scope) -> Self {
        let mut holders = Self::default();
        // Few scopes change anything at all.
        for (index, binding) in scope.bindings.iter().enumerate().filter(|_| !scope.effects.is_empty()) {
            if let Source::Value(value) = &binding.source {
                holders.collect(value, index, &mut Vec::new());
            }
        }
        holders
    }

    fn collect(&mut self, value: &Expr, binding: usize, way: &mut Vec<String>) {
        if let Kind::Object(properties) = &value.kind {
            for property in properties {
                if let Property::Keyed { key, value, .. } = property {
                    way.push(key.clone());
                    self.collect(value, binding, way);
                    way.pop();
                }
            }
        } else if let Some((root, path)) = place(value) {
            self.0.entry(root).or_default().push(Holder { binding, way: way.clone(), path });
        }
    }

    /// What an effect changes in the objects that hold its value when it comes.
    fn changed<'h>(&'h self, scope: &'h Scope, effect: &'h Effect) -> impl Iterator<Item = Effect> + 'h {
        let home = |at| scope.binding(&effect.root, Some(at)).map(|binding| (binding.span, binding.mutable));
        self.0.get(&effect.root).into_iter().flatten().filter_map(move |holder| {
            let binding = &scope.bindings[holder.binding];
            let rest = effect.path.strip_prefix(holder.path.as_slice())?;
            let replaces = rest.is_empty() && matches!(effect.change, Mutation::Assign(_));
            let (span, mutable) = home(effect.span.start)?;
            if replaces || binding.span.start > effect.span.start || home(binding.span.start)?.0 != span {
                return None;
            }
            let path = holder.way.iter().chain(rest).cloned().collect();
            let change = if mutable || binding.mutable { Mutation::Opaque } else { effect.change.clone() };
            Some(Effect { root: binding.name.clone(), path, change, ..effect.clone() })
        })
    }
}

/// The name and the path an expression such as `a.b["c"]` denotes.
pub(super) fn place(expr: &Expr) -> Option<(String, Vec<String>)> {
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

/// What holds the value that a computed path denotes, as far as it has a name: `a.b` of `a.b[key].c`.
fn holder(expr: &Expr) -> Option<(String, Vec<String>)> {
    match &expr.kind {
        Kind::Index(object, _) => place(object).or_else(|| holder(object)),
        Kind::Member(object, _) => holder(object),
        _ => None,
    }
}
