//! Changes to values after they were made.

use std::collections::{HashMap, HashSet};

use tree_sitter::Node;

use super::classes::property_of;
use super::expressions::operator;
use super::{Around, Lowering, named, span};
use crate::facts::module::{Effect, Element, Expr, Kind, MODULE_SCOPE, Mutation, Operator, Property, Scope, ScopeId, Source};

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
        } else if let Some((root, path)) = end_of_list(&left) {
            let element = Element { value: value.clone(), spread: false };
            self.effect(scope, root, path, Mutation::Push(vec![element]), node);
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

    /// `x.push(…)`, `x.push.apply(x, …)`, `Object.assign(x, …)` and the methods that change their object.
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
        if let (Kind::Member(_, borrowed), true) = (&object.kind, matches!(method.as_str(), "call" | "apply")) {
            let Some((this, rest)) = call.arguments.split_first() else { return };
            let spread = |one: &Element| Element { value: one.value.clone(), spread: one.spread || method == "apply" };
            self.method_call(&this.value, borrowed, rest.iter().map(spread).collect(), scope, node);
        } else {
            self.method_call(object, method, call.arguments.clone(), scope, node);
        }
    }

    fn method_call(&mut self, object: &Expr, method: &str, arguments: Vec<Element>, scope: ScopeId, node: Node<'_>) {
        let change = match method {
            "push" | "unshift" => Mutation::Push(arguments),
            other if OPAQUE_METHODS.contains(&other) => Mutation::Opaque,
            _ => return,
        };
        if let Some((root, path)) = place(object) {
            self.effect(scope, root, path, change, node);
        } else if let Some((root, path)) = holder(object) {
            self.effect(scope, root, path, Mutation::Opaque, node);
        }
    }

    /// What a body that does nothing but `x.push(name)` pushes to.
    pub(super) fn pushed_to<'n>(&self, name: &str, body: Node<'n>) -> Option<Node<'n>> {
        let mut inner = body;
        while matches!(inner.kind(), "statement_block" | "expression_statement") {
            let [only] = *named(inner).as_slice() else { return None };
            inner = only;
        }
        let function = inner.child_by_field_name("function").filter(|_| inner.kind() == "call_expression")?;
        let [argument] = *named(inner.child_by_field_name("arguments")?).as_slice() else { return None };
        let pushes = self.str(function.child_by_field_name("property")?) == "push" && self.str(argument) == name;
        let target = function.child_by_field_name("object").filter(|_| pushes && argument.kind() == "identifier")?;
        (self.str(target) != name).then_some(target)
    }

    /// What a function that does nothing but to push its one parameter pushes to.
    pub(super) fn target_of_each<'n>(&self, function: Node<'n>) -> Option<Node<'n>> {
        let parameter = function.child_by_field_name("parameter").or_else(|| {
            let [only] = *named(function.child_by_field_name("parameters")?).as_slice() else { return None };
            only.child_by_field_name("pattern").filter(|pattern| pattern.kind() == "identifier")
        })?;
        self.pushed_to(self.str(parameter), function.child_by_field_name("body")?)
    }

    /// `target.push(...list)`, whichever way it is written.
    pub(super) fn push_all(&mut self, target: &Expr, list: &Expr, scope: ScopeId, node: Node<'_>) {
        self.method_call(target, "push", vec![Element { value: list.clone(), spread: true }], scope, node);
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

    /// Whether something changes: the function a value is given to may do nothing to it. What a function of another file
    /// does is for linking to see, where the value may be one that options are made of.
    fn is_change(&self, scope: ScopeId, effect: &Effect) -> bool {
        let Mutation::Passed(call, index) = &effect.change else { return true };
        let Kind::Name(callee) = &call.callee.kind else { return false };
        let at = effect.span.start;
        let Some(home) = self.home(scope, callee, at) else { return false };
        match self.module.scopes[home as usize].binding(callee, Some(at)).map(|binding| &binding.source) {
            Some(Source::Value(Expr { kind: Kind::Function(function), .. })) => {
                self.module.scopes[function.scope as usize].changed_parameter(*index).next().is_some()
            }
            Some(_) => false,
            None => self.may_hold_options(scope, &effect.root, at),
        }
    }

    /// Whether a name stands for a list or an object that is written out or made by a function, or that another file has.
    fn may_hold_options(&self, scope: ScopeId, name: &str, at: u32) -> bool {
        let Some(home) = self.home(scope, name, at) else { return false };
        match self.module.scopes[home as usize].binding(name, Some(at)).map(|binding| &binding.source) {
            Some(Source::Value(value) | Source::Part { of: value, .. }) => match &value.kind {
                Kind::Call(call) => !call.new && matches!(call.callee.kind, Kind::Name(_)),
                kind => matches!(kind, Kind::Array(_) | Kind::Object(_) | Kind::Name(_) | Kind::Member(..)),
            },
            Some(_) => false,
            None => true,
        }
    }

    /// A change made under another name (`const list = options.plugins; list.push(…)`) is one of the value itself, too,
    /// and of whatever else holds it (`const options = { plugins: list }; list.push(…)`, and the other way round).
    pub(super) fn settle_aliases(&mut self) {
        for scope in &mut self.module.scopes {
            let holders = Holders::of(scope);
            let mut known: HashSet<_> = scope.effects.iter().map(change_of).collect();
            let mut seen = 0;
            for _ in 0..MAX_ALIASES {
                let new = &scope.effects[seen..];
                let under_other_names =
                    new.iter().filter(|effect| effect.is_in_place()).flat_map(|effect| aliased(scope, effect));
                let mut more: Vec<Effect> =
                    under_other_names.chain(new.iter().flat_map(|effect| holders.changed(scope, effect))).collect();
                more.retain(|effect| known.insert(change_of(effect)));
                seen = scope.effects.len();
                scope.effects.extend(more);
            }
            scope.effects.sort_by_key(|effect| effect.span.start);
        }
    }

    /// A function that changes a name bound outside of itself may run at any time, any number of times.
    pub(super) fn settle_distant_effects(&mut self) {
        let mut distant = Vec::new();
        for (id, scope) in (MODULE_SCOPE..).zip(&self.module.scopes) {
            for effect in scope.effects.iter().filter(|effect| !matches!(effect.change, Mutation::Passed(..))) {
                let home = self.home(id, &effect.root, effect.span.start).or_else(|| self.class_of_member(id, &effect.root));
                if let Some(home) = home.filter(|home| *home != id) {
                    distant.push((home, Effect { change: Mutation::Opaque, ..effect.clone() }));
                }
            }
        }
        for (scope, effect) in distant {
            self.scope(scope).effects.push(effect);
        }
    }

    /// The class around that has a member of this name from one it extends, or from nowhere but the change.
    fn class_of_member(&self, from: ScopeId, name: &str) -> Option<ScopeId> {
        property_of(name)?;
        let parent = |id: &ScopeId| self.module.scopes[*id as usize].parent;
        std::iter::successors(Some(from), parent).find(|id| self.module.scopes[*id as usize].class.is_some())
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
    let assigns = matches!(effect.change, Mutation::Assign(_));
    made_of(of, &path, assigns)
        .into_iter()
        .map(|(root, path, certain)| {
            let change = if binding.mutable || !certain { Mutation::Opaque } else { effect.change.clone() };
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
            let assigns = matches!(effect.change, Mutation::Assign(_));
            let is_shared = match (&holder.copied_without, rest) {
                (None, rest) => !(assigns && rest.is_empty()),
                (Some(_), []) => false,
                (Some(without), [key, deeper @ ..]) => !(without.contains(key) || assigns && deeper.is_empty()),
            };
            let (span, mutable) = home(effect.span.start)?;
            if !is_shared || binding.span.start > effect.span.start || home(binding.span.start)?.0 != span {
                return None;
            }
            let path = holder.way.iter().chain(rest).cloned().collect();
            let is_known = holder.certain && !mutable && !binding.mutable;
            let change = if is_known { effect.change.clone() } else { Mutation::Opaque };
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
        _ => None,
    }
}
