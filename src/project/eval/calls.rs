//! Calls: functions of the repository are followed, others are kept with their arguments.

use std::sync::Arc;

use super::compose::{append, doubt, either, extend, not_followed, spread, undecided, unknown};
use super::members::reads_environment;
use super::operators::test;
use super::{Evaluator, Frame, FrameKind, Place, Truth};
use crate::facts::FileFacts;
use crate::facts::module::{self, Element, Expr, Kind, Operator, Text};
use crate::project::render;
use crate::project::value::{Array, CallValue, Condition, Environment, External, FunctionValue, Node, Object, Unknown, Value};
use crate::source::Site;

impl Evaluator<'_> {
    pub(super) fn call_expr(&self, place: &Place<'_>, call: &module::Call, at: Site) -> Node {
        if let Kind::Member(object, method) = &call.callee.kind
            && let Some(node) = self.method(place, object, method, call, &at)
        {
            return node;
        }
        let callee = self.expr(place, &call.callee);
        let callee_at = Site::new(&place.file, call.callee.span);
        match callee.value {
            Value::Function(function) => {
                let (arguments, open) = self.arguments(place, &call.arguments);
                if !open.is_empty() {
                    return unknown("a call whose arguments are spread from an unknown list", at);
                }
                if call.new {
                    return self.made(&function, arguments, place.frame, &at).unwrap_or_else(|| result_of(call, at));
                }
                self.follow_call(&function, arguments, place.frame, &at)
            }
            Value::External(callee) => match (callee.module.as_str(), callee.name.as_str(), call.arguments.as_slice()) {
                ("global", "Boolean", [only]) if !only.spread => match self.truth(place, &only.value) {
                    Truth::Known(value) => Node { value: Value::Bool(value), at },
                    Truth::Depends(condition) => test(condition, at),
                },
                ("global", "String", [only]) | ("global", "Object.freeze" | "structuredClone", [only]) if !only.spread => {
                    self.expr(place, &only.value)
                }
                ("global", "Deno.env.get", [only]) => match self.expr(place, &only.value).value {
                    Value::Text(Text::Plain(name)) => Node { value: Value::Env(name), at },
                    _ => unknown("a computed name of an environment variable", at),
                },
                ("global", "require", [only]) => match &only.value.kind {
                    Kind::Text(Text::Plain(module)) => self.namespace_of(&place.file, module, &at),
                    _ => unknown("a computed module name", at),
                },
                _ => {
                    let node = self.external_call(place, callee, render::expr(&call.callee), call, None, callee_at, at);
                    match &node.value {
                        Value::Call(call) => self.completed_options(call, &node.at).unwrap_or(node),
                        _ => node,
                    }
                }
            },
            // `pgTableCreator(…)("name", …)`: what a foreign function gave back is foreign as well.
            Value::Call(inner) => {
                let callee = External { module: inner.callee.module.clone(), name: format!("{}()", inner.callee.name) };
                self.external_call(place, callee, render::expr(&call.callee), call, Some(inner), callee_at, at)
            }
            Value::Unknown(why) => Node { value: Value::Unknown(why), at },
            _ => result_of(call, at),
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one place builds every foreign call")]
    pub(super) fn external_call(
        &self,
        place: &Place<'_>,
        callee: External,
        local: String,
        call: &module::Call,
        receiver: Option<Arc<CallValue>>,
        callee_at: Site,
        at: Site,
    ) -> Node {
        let (arguments, open) = self.arguments(place, &call.arguments);
        let value = CallValue { callee, local, new: call.new, arguments, open, callee_at, receiver };
        Node { value: value.into(), at }
    }

    /// The arguments of a call in order, up to the first spread that is not fully known.
    pub(super) fn arguments(&self, place: &Place<'_>, elements: &[Element]) -> (Vec<Node>, Vec<Unknown>) {
        let mut arguments = Vec::new();
        for element in elements {
            let node = self.expr(place, &element.value);
            match node.value {
                Value::Array(array) if element.spread => {
                    if !array.open.is_empty() || array.items.iter().any(|item| !item.conditions.is_empty()) {
                        return (arguments, vec![Unknown::new("arguments spread from a list that is not known", node.at)]);
                    }
                    arguments.extend(Arc::unwrap_or_clone(array).items.into_iter().map(|item| item.node));
                }
                value if element.spread => return (arguments, vec![not_followed(&value, node.at)]),
                value => arguments.push(Node { value, at: node.at }),
            }
        }
        (arguments, Vec::new())
    }

    /// Methods of known values, and static functions of the language; `None` when it is an ordinary call.
    pub(super) fn method(&self, place: &Place<'_>, object: &Expr, method: &str, call: &module::Call, at: &Site) -> Option<Node> {
        if matches!(&object.kind, Kind::Name(name) if name == "Array") {
            let mut list = Array::default();
            return match (method, call.arguments.as_slice()) {
                ("of", elements) => {
                    elements.iter().for_each(|element| self.push(place, &mut list, element, &[]));
                    Some(Node { value: list.into(), at: at.clone() })
                }
                ("from", [only]) if !only.spread => {
                    extend(&mut list, self.expr(place, &only.value), &[]);
                    Some(Node { value: list.into(), at: at.clone() })
                }
                _ => None,
            };
        }
        if matches!(&object.kind, Kind::Name(name) if name == "Promise") {
            return match (method, call.arguments.as_slice()) {
                // A promise is taken for what it will be.
                ("all" | "resolve", [only]) if !only.spread => Some(self.expr(place, &only.value)),
                _ => None,
            };
        }
        if matches!(&object.kind, Kind::Name(name) if name == "Object") {
            return match method {
                "values" => {
                    let Value::Object(object) = self.expr(place, &call.arguments.first()?.value).value else { return None };
                    let Object { properties, open, .. } = Arc::unwrap_or_clone(object);
                    let mut list = Array { items: Vec::new(), open };
                    for property in properties {
                        append(&mut list, property.node, &property.conditions);
                    }
                    Some(Node { value: list.into(), at: at.clone() })
                }
                "assign" => {
                    let mut merged = Object::default();
                    for argument in &call.arguments {
                        spread(&mut merged, self.expr(place, &argument.value), &[]);
                    }
                    Some(Node { value: merged.into(), at: at.clone() })
                }
                "freeze" | "seal" => call.arguments.first().map(|argument| self.expr(place, &argument.value)),
                _ => None,
            };
        }
        let receiver = self.expr(place, object);
        match (&receiver.value, method) {
            (Value::Array(array), "filter") => {
                let plain = call.arguments.first().is_some_and(|argument| self.drops_falsy(place, &argument.value));
                let mut kept = Array::clone(array);
                if plain {
                    kept.items.retain(|item| !matches!(item.node.truthy(), Some(false)));
                } else {
                    let reason = "a filter decides which elements stay";
                    doubt(&mut kept.open, Unknown::new(reason, at.clone()));
                    let condition = Condition { text: "the filter keeps it".into(), at: at.clone(), environment: None };
                    kept.items.iter_mut().for_each(|item| item.conditions.push(condition.clone()));
                }
                Some(Node { value: kept.into(), at: receiver.at })
            }
            (Value::Array(array), "concat") => {
                let mut joined = Array::clone(array);
                for argument in &call.arguments {
                    let node = self.expr(place, &argument.value);
                    match node.value {
                        Value::Array(_) | Value::Either(_) | Value::Unknown(_) => extend(&mut joined, node, &[]),
                        _ => append(&mut joined, node, &[]),
                    }
                }
                Some(Node { value: joined.into(), at: receiver.at })
            }
            (Value::Array(array), "flat") => {
                let mut flat = Array { items: Vec::new(), open: array.open.clone() };
                for item in &array.items {
                    match &item.node.value {
                        Value::Array(_) => extend(&mut flat, item.node.clone(), &item.conditions),
                        _ => append(&mut flat, item.node.clone(), &item.conditions),
                    }
                }
                Some(Node { value: flat.into(), at: receiver.at })
            }
            (Value::Array(array), "map" | "flatMap") => {
                let function = self.expr(place, &call.arguments.first()?.value);
                let Value::Function(function) = function.value else {
                    return Some(unknown(format!("the result of `.{method}()`"), at.clone()));
                };
                let mut mapped = Array { items: Vec::new(), open: array.open.clone() };
                for item in &array.items {
                    let node = self.follow_call(&function, vec![item.node.clone()], place.frame, at);
                    match node.value {
                        Value::Array(_) | Value::Either(_) if method == "flatMap" => extend(&mut mapped, node, &item.conditions),
                        _ => append(&mut mapped, node, &item.conditions),
                    }
                }
                Some(Node { value: mapped.into(), at: receiver.at })
            }
            (Value::Array(_), "slice") if call.arguments.is_empty() => Some(receiver),
            (Value::Text(_), "trim" | "toString" | "toLowerCase") => Some(receiver),
            (Value::Array(_) | Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Env(_), _) => {
                let reason = match &receiver.value {
                    Value::Env(name) => format!("the environment variable `{name}` decides"),
                    _ => format!("the result of `.{method}()`"),
                };
                Some(unknown(reason, at.clone()))
            }
            (Value::Call(inner), _) if !reads_environment(inner) => {
                let callee = External { module: inner.callee.module.clone(), name: format!("{}().{method}", inner.callee.name) };
                let callee_at = Site::new(&place.file, call.callee.span);
                let local = render::expr(&call.callee);
                Some(self.external_call(place, callee, local, call, Some(inner.clone()), callee_at, at.clone()))
            }
            _ => None,
        }
    }

    /// Whether a filter drops exactly the falsy elements: `filter(Boolean)`, `filter((x) => !!x)`, `filter(isThere)`.
    pub(super) fn drops_falsy(&self, place: &Place<'_>, filter: &Expr) -> bool {
        match self.expr(place, filter).value {
            Value::External(External { module, name }) => module == "global" && name == "Boolean",
            Value::Function(function) => {
                let facts = self.files.facts(&function.file);
                let module = facts.as_deref().and_then(FileFacts::module);
                let Some(scope) = module.and_then(|module| module.scopes.get(function.scope as usize)) else { return false };
                let ([parameter], [only]) = (scope.bindings.as_slice(), scope.returns.as_slice()) else { return false };
                only.value.as_ref().is_some_and(|value| tells_presence(value, &parameter.name))
            }
            _ => false,
        }
    }

    pub(super) fn follow_call(
        &self,
        function: &FunctionValue,
        arguments: Vec<Node>,
        outer: Option<&Frame<'_>>,
        at: &Site,
    ) -> Node {
        let Some(facts) = self.files.facts(&function.file) else {
            return unknown("the function is not part of the snapshot", at.clone());
        };
        let mark = (Arc::clone(&function.file), function.scope, String::new());
        if self.active.borrow().contains(&mark) || self.run.is_too_deep() {
            self.run.cut();
            return unknown("a function that calls itself", at.clone());
        }
        self.active.borrow_mut().push(mark);
        self.run.touch(&function.file);
        let frame = Frame { file: Arc::clone(&function.file), scope: function.scope, arguments, outer, kind: FrameKind::Call };
        let place = Place { file: Arc::clone(&function.file), facts, scope: function.scope, frame: Some(&frame) };
        let node = self.returned(&place, at);
        self.active.borrow_mut().pop();
        node
    }

    pub(super) fn returned(&self, place: &Place<'_>, at: &Site) -> Node {
        let scope = place.facts.module().and_then(|module| module.scopes.get(place.scope as usize));
        let mut alternatives = Vec::new();
        let mut last_condition = None;
        // What a production build never gets past: the results below it are for the other environments.
        let mut refused: Option<Condition> = None;
        for returned in scope.map(|scope| scope.returns.as_slice()).unwrap_or_default() {
            let Some(conditions) = self.conditions(place, &returned.guards) else { continue };
            if returned.throws {
                match conditions.as_slice() {
                    [] => break,
                    [only] if only.environment == Some(Environment::Production) => refused = Some(only.negated()),
                    _ => {}
                }
                continue;
            }
            let node = match &returned.value {
                Some(value) => self.expr(place, value),
                None => Node { value: Value::Undefined, at: at.clone() },
            };
            match conditions.first().or(refused.as_ref()) {
                None if alternatives.is_empty() => return node,
                None => {
                    let otherwise = last_condition.take().unwrap_or_else(|| undecided("the result", at));
                    alternatives.push((node, otherwise));
                    return either(alternatives, at.clone());
                }
                Some(condition) => {
                    last_condition = (!conditions.is_empty()).then(|| condition.negated());
                    alternatives.push((node, condition.clone()));
                    if conditions.is_empty() {
                        return either(alternatives, at.clone());
                    }
                }
            }
        }
        if let Some(condition) = last_condition {
            alternatives.push((Node { value: Value::Undefined, at: at.clone() }, condition));
            return either(alternatives, at.clone());
        }
        Node { value: Value::Undefined, at: at.clone() }
    }
}

/// What a call gives back that cannot be followed.
fn result_of(call: &module::Call, at: Site) -> Node {
    unknown(format!("the result of calling `{}`", render::expr(&call.callee)), at)
}

/// Whether an expression counts as true exactly where the value of a name does, or is neither `undefined` nor `null`.
fn tells_presence(expr: &Expr, name: &str) -> bool {
    match &expr.kind {
        Kind::Name(other) => other == name,
        Kind::Not(inner) => matches!(&inner.kind, Kind::Not(inner) if tells_presence(inner, name)),
        Kind::Call(call) => match (&call.callee.kind, call.arguments.as_slice()) {
            (Kind::Name(callee), [only]) => callee == "Boolean" && !only.spread && tells_presence(&only.value, name),
            _ => false,
        },
        Kind::Binary(Operator::NotEqual, sides) => {
            tells_presence(&sides[0], name) && matches!(sides[1].kind, Kind::Null | Kind::Undefined)
        }
        _ => false,
    }
}
