//! Calls: functions of the repository are followed, others are kept with their arguments.

use std::sync::Arc;

use super::closures::{called, identity, in_call};
use super::compose::{also, append, as_text, doubt, each, either, extend, not_followed, spread, unknown, unknown_as};
use super::environment::{GET_SECRET, reads_environment};
use super::importer;
use super::lists::{entries, flat, keys, levels, place_of, slice};
use super::numbers::{converted, is_converter};
use super::operators::{read_variable, selected_environment, test};
use super::outside::wrapped;
use super::{Evaluator, Place, Truth};
use crate::facts::FileFacts;
use crate::facts::lower::{ENTRY, ENTRY_POINTS};
use crate::facts::module::{self, Element, Expr, Kind, MODULE_SCOPE, Text};
use crate::project::render;
use crate::project::value::composite::Composite;
use crate::project::value::{
    Activation, Alternative, Array, CallValue, Condition, Environment, External, FunctionValue, Node, Object, Unknown, Value,
};
use crate::source::{Site, Span};

/// Methods of lists and texts whose results are known where what they are called on is.
const METHODS: [&str; 14] = [
    "at",
    "concat",
    "filter",
    "find",
    "flat",
    "flatMap",
    "includes",
    "map",
    "reverse",
    "slice",
    "toLowerCase",
    "toString",
    "toUpperCase",
    "trim",
];

/// Methods that no text has, but a column that an index is over: it is evaluated as its name, whatever the order
/// (documentation of Drizzle: "Indexes & Constraints").
const ORDERS: [&str; 5] = ["asc", "desc", "nullsFirst", "nullsLast", "op"];

/// What calling a method comes to.
enum Called {
    /// Its result.
    Result(Node),
    /// An ordinary call of this function.
    Member(Node),
}

impl Evaluator<'_> {
    pub(super) fn call_expr(&self, place: &Place<'_>, call: &module::Call, at: Site) -> Node {
        let callee = match &call.callee.kind {
            Kind::Member(object, method) => match self.method(place, object, method, call, &at) {
                Called::Result(node) => return node,
                Called::Member(callee) => callee,
            },
            _ => self.expr(place, &call.callee),
        };
        let callee_at = Site::new(&place.file, call.callee.span);
        let callee = match callee.value {
            Value::Call(wrapper) => wrapped(&wrapper).cloned().map_or(Value::Call(wrapper), Value::Function),
            value => value,
        };
        match callee {
            Value::Function(function) => {
                if !is_free(place, call) {
                    return self.followed(place, &function, call, at);
                }
                if call.arguments.is_empty() && !call.new && function.within.is_empty() {
                    return self.answer_of(&function, &at);
                }
                let alone = Place { file: Arc::clone(&place.file), facts: Arc::clone(&place.facts), frame: None, ..*place };
                self.answer_at(place, call, || self.followed(&alone, &function, call, at))
            }
            Value::External(External { module, name }) if name == "*" => {
                // Only a module of CommonJS can be called as a whole: it is what others import as its default.
                self.call_of(place, External { module, name: "default".into() }, call, callee_at, at)
            }
            Value::External(callee) => self.call_of(place, callee, call, callee_at, at),
            Value::Call(inner) => match importer::written(&inner) {
                Some(number) => match call.arguments.get(number).filter(|given| !given.spread) {
                    Some(given) => self.module_called(&place.file, &self.expr(place, &given.value), at),
                    None => unknown("an expression that is not followed", at),
                },
                // `pgTableCreator(…)("name", …)`: what a foreign function gave back is foreign as well.
                None => {
                    let callee = External { module: inner.callee.module.clone(), name: format!("{}()", inner.callee.name) };
                    self.external_call(place, callee, render::expr(&call.callee), call, Some(inner), callee_at, at)
                }
            },
            Value::Either(alternatives) => self.one_called(place, &alternatives, call, at),
            Value::Unknown(why) => Node { value: Value::Unknown(why), at },
            _ => result_of(call, at),
        }
    }

    /// What a call comes to of one of several functions. Where there is none to call, an error is thrown.
    fn one_called(&self, place: &Place<'_>, alternatives: &[Alternative], call: &module::Call, at: Site) -> Node {
        let mut parts = Vec::new();
        for Alternative { node, condition } in alternatives {
            match &node.value {
                Value::Undefined | Value::Null => {}
                Value::Function(function) => {
                    parts.push((self.followed(place, function, call, at.clone()), condition.clone()));
                }
                _ => return result_of(call, at),
            }
        }
        match parts.len() {
            0 => result_of(call, at),
            1 => parts.swap_remove(0).0,
            _ => either(parts, at),
        }
    }

    /// What a call comes to of something that is not part of the repository.
    fn call_of(&self, place: &Place<'_>, callee: External, call: &module::Call, callee_at: Site, at: Site) -> Node {
        if let Some(node) = self.merged(place, &callee, call, &at).or_else(|| self.proxied(place, &callee, call, &at)) {
            return node;
        }
        match (callee.module.as_str(), callee.name.as_str(), call.arguments.as_slice()) {
            ("global", "Boolean", [only]) if !only.spread => match self.truth(place, &only.value) {
                Truth::Known(value) => Node { value: Value::Bool(value), at },
                Truth::Depends(condition) => test(condition, at),
            },
            ("global", "String", [only]) if !only.spread => as_text(self.expr(place, &only.value), &at),
            ("global", "Object.freeze" | "structuredClone", [only]) if !only.spread => self.expr(place, &only.value),
            (module, name, [only, radix @ ..]) if is_converter(module, name) && !call.new && !only.spread => {
                let radix = radix.first().map(|radix| self.expr(place, &radix.value).value);
                let is_decimal = radix.is_none_or(|radix| name.ends_with("parseInt") && radix == Value::Number(10.0));
                let unseen =
                    self.external_call(place, callee.clone(), render::expr(&call.callee), call, None, callee_at, at.clone());
                each(self.expr(place, &only.value), &at, &|node| {
                    let number = converted(module, name, &node.value).filter(|_| is_decimal);
                    let value = number.unwrap_or_else(|| match unseen.value.clone() {
                        Value::Call(mut call) => {
                            if let Some(given) = call.change().arguments.first_mut() {
                                *given = node;
                            }
                            Value::Call(call)
                        }
                        other => other,
                    });
                    Node { value, at: at.clone() }
                })
            }
            ("global", "Deno.env.get", [only]) | ("astro:env/server", GET_SECRET, [only]) => {
                match self.expr(place, &only.value).value {
                    Value::Text(Text::Plain(name)) => Node { value: Value::Env(name), at },
                    _ => unknown("a computed name of an environment variable", at),
                }
            }
            ("global", "require", [only]) if !only.spread => self.module_called(&place.file, &self.expr(place, &only.value), at),
            (module, name, [only, ..]) if importer::is_of_package(module, name) && !only.spread => {
                self.module_called(&place.file, &self.expr(place, &only.value), at)
            }
            // Asked for by the instance it makes, and by each name for it.
            (_, name, _) if ENTRY_POINTS.contains(&name) && place.frame.is_none() => {
                let local = render::expr(&call.callee);
                self.answer_at(place, call, || self.external_call(place, callee.clone(), local, call, None, callee_at, at))
            }
            _ => {
                let node = self.external_call(place, callee, render::expr(&call.callee), call, None, callee_at, at);
                match &node.value {
                    Value::Call(call) => self.completed_options(call, &node.at).unwrap_or(node),
                    _ => node,
                }
            }
        }
    }

    /// What a call of a function of the repository comes to.
    fn followed(&self, place: &Place<'_>, function: &FunctionValue, call: &module::Call, at: Site) -> Node {
        let (arguments, open) = self.arguments(place, &call.arguments);
        if !open.is_empty() {
            return unknown("a call whose arguments are spread from an unknown list", at);
        }
        if call.new {
            return self.made(function, arguments, identity(place.frame, &at, 0), &at).unwrap_or_else(|| result_of(call, at));
        }
        self.follow_call(function, called(function, arguments, identity(place.frame, &at, 0)), &at)
    }

    /// What a function comes to that is given nothing: the same for all its calls, so that an edit of the file of one of them
    /// changes nothing in it.
    fn answer_of(&self, function: &FunctionValue, at: &Site) -> Node {
        let key = (Arc::clone(&function.file), function.scope);
        let anywhere = Site::new(&function.file, Span::default());
        let call = || called(function, Vec::new(), identity(None, &anywhere, 0));
        let mut node = self.run.answer_for_all(&self.values().functions, key, || self.follow_call(function, call(), &anywhere));
        place_at(&mut node, &anywhere, at);
        node
    }

    /// What a call comes to that is the same wherever it is asked for, unless it is cut short.
    fn answer_at(&self, place: &Place<'_>, call: &module::Call, work: impl FnOnce() -> Node) -> Node {
        let key = (Arc::clone(&place.file), call.callee.span);
        self.run.answer_for_all(&self.values().calls, key, || {
            self.run.read(&place.file);
            work()
        })
    }

    #[allow(clippy::too_many_arguments, reason = "one place builds every foreign call")]
    pub(super) fn external_call(
        &self,
        place: &Place<'_>,
        callee: External,
        local: String,
        call: &module::Call,
        receiver: Option<Composite<CallValue>>,
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
                    if !array.is_certain() {
                        return (arguments, vec![Unknown::new("arguments spread from a list that is not known", node.at)]);
                    }
                    arguments.extend(array.into_inner().items.into_iter().map(|item| item.node));
                }
                value if element.spread => return (arguments, vec![not_followed(&value, node.at)]),
                value => arguments.push(Node { value, at: node.at }),
            }
        }
        (arguments, Vec::new())
    }

    /// Calls a method. What it is called on is evaluated once: it may be a call of a method as well.
    fn method(&self, place: &Place<'_>, object: &Expr, method: &str, call: &module::Call, at: &Site) -> Called {
        let callee_at = Site::new(&place.file, call.callee.span);
        if let Some(node) = self.static_method(place, object, method, call, at) {
            return Called::Result(node);
        }
        if matches!(object.kind, Kind::Name(_))
            && let Some(callee) = self.member_of_module(place, object, method, &callee_at)
        {
            return Called::Member(callee);
        }
        let receiver = self.expr(place, object);
        if let Some(node) = self.configured(place, &receiver, method, call, at) {
            return Called::Result(node);
        }
        let is_followed = |value: &Value| matches!(value, Value::Array(_) | Value::Text(_) | Value::Env(_));
        match &receiver.value {
            value if is_followed(value) && METHODS.contains(&method) => {
                let arguments = self.arguments(place, &call.arguments);
                Called::Result(self.result(place, receiver, method, &arguments, at))
            }
            Value::Either(several) if METHODS.contains(&method) && several.iter().any(|one| is_followed(&one.node.value)) => {
                let arguments = self.arguments(place, &call.arguments);
                Called::Result(each(receiver, at, &|node| self.result(place, node, method, &arguments, at)))
            }
            Value::Text(_) if ORDERS.contains(&method) => Called::Result(receiver),
            Value::Object(map) if method == "get" && map.has(ENTRY) => Called::Result(self.property(&receiver, ENTRY, at)),
            Value::Array(_) | Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Env(_) => {
                Called::Result(not_told(&receiver.value, method, at))
            }
            Value::Call(inner) if !reads_environment(inner) => {
                let callee = External { module: inner.callee.module.clone(), name: format!("{}().{method}", inner.callee.name) };
                let local = render::expr(&call.callee);
                Called::Result(self.external_call(place, callee, local, call, Some(inner.clone()), callee_at, at.clone()))
            }
            _ => Called::Member(self.property(&receiver, method, &callee_at)),
        }
    }

    /// Static functions of the language; `None` when it is an ordinary call.
    fn static_method(&self, place: &Place<'_>, object: &Expr, method: &str, call: &module::Call, at: &Site) -> Option<Node> {
        let Kind::Name(class) = &object.kind else { return None };
        match (class.as_str(), method, call.arguments.as_slice()) {
            ("Array", "of", elements) => {
                let mut list = Array::default();
                elements.iter().for_each(|element| self.push(place, &mut list, element, &[]));
                Some(Node { value: list.into(), at: at.clone() })
            }
            ("Array", "from", [only]) if !only.spread => {
                let mut list = Array::default();
                extend(&mut list, self.elements_of(place, &only.value), &[]);
                Some(Node { value: list.into(), at: at.clone() })
            }
            // A promise is taken for what it will be.
            ("Promise", "all" | "resolve", [only]) if !only.spread => Some(self.expr(place, &only.value)),
            ("Object", "values", [only]) if !only.spread => Some(each(self.expr(place, &only.value), at, &|node| {
                let Value::Object(object) = node.value else { return unknown_as(&node.value, node.at) };
                let Object { properties, open, .. } = object.into_inner();
                let mut list = Array { items: Vec::new(), open };
                for property in properties {
                    append(&mut list, property.node, &property.conditions);
                }
                Node { value: list.into(), at: at.clone() }
            })),
            ("Object", "entries", [only]) if !only.spread => Some(each(self.expr(place, &only.value), at, &|node| {
                let Value::Object(object) = node.value else { return unknown_as(&node.value, node.at) };
                Node { value: entries(&object).into(), at: at.clone() }
            })),
            ("Object", "keys", [only]) if !only.spread => Some(each(self.expr(place, &only.value), at, &|node| {
                let Value::Object(object) = node.value else { return unknown_as(&node.value, node.at) };
                Node { value: keys(&object).into(), at: at.clone() }
            })),
            ("Object", "assign", arguments) => {
                let mut merged = Object::default();
                for argument in arguments {
                    spread(&mut merged, self.expr(place, &argument.value), &[]);
                }
                Some(Node { value: merged.into(), at: at.clone() })
            }
            ("Object", "freeze" | "seal", [only, ..]) => Some(self.expr(place, &only.value)),
            _ => None,
        }
    }

    /// What one of the [`METHODS`] gives back, called on one value.
    fn result(
        &self,
        place: &Place<'_>,
        receiver: Node,
        method: &str,
        (arguments, open): &(Vec<Node>, Vec<Unknown>),
        at: &Site,
    ) -> Node {
        let listed = |list: Array| Node { value: list.into(), at: receiver.at.clone() };
        match (&receiver.value, method, arguments.as_slice()) {
            (Value::Array(array), "filter", [filter, ..]) => listed(self.filtered(place, (&receiver, array), &filter.value, at)),
            (Value::Array(array), "concat", nodes) => {
                let mut joined = Array::clone(array);
                for node in nodes {
                    match node.value {
                        Value::Array(_) | Value::Either(_) | Value::Unknown(_) => extend(&mut joined, node.clone(), &[]),
                        _ => append(&mut joined, node.clone(), &[]),
                    }
                }
                open.iter().for_each(|why| doubt(&mut joined.open, why.clone()));
                listed(joined)
            }
            (Value::Array(array), "flat", depth) => match levels(depth) {
                Some(levels) => listed(flat(array, levels)),
                None => not_told(&receiver.value, method, at),
            },
            (Value::Array(array), "map" | "flatMap", [Node { value: Value::Function(function), .. }, ..]) => {
                let mut mapped = Array { items: Vec::new(), open: array.open.clone() };
                for (item, node) in self.turns(place, (&receiver, array), function, at) {
                    match node.value {
                        Value::Array(_) | Value::Either(_) if method == "flatMap" => extend(&mut mapped, node, &item.conditions),
                        _ => append(&mut mapped, node, &item.conditions),
                    }
                }
                listed(mapped)
            }
            (Value::Array(_), "slice", []) => receiver,
            (Value::Array(array), "slice", ends) => match slice(array, ends) {
                Some(part) => listed(part),
                None => not_told(&receiver.value, method, at),
            },
            (Value::Array(array), "reverse", []) => {
                listed(Array { items: array.items.iter().rev().cloned().collect(), open: array.open.clone() })
            }
            (Value::Array(array), "at", [Node { value: Value::Number(index), .. }]) => {
                let element = place_of(array, *index).map(|place| array.items.get(place).map(|item| item.node.clone()));
                match element {
                    Some(element) => element.unwrap_or_else(|| Node { value: Value::Undefined, at: at.clone() }),
                    None => not_told(&receiver.value, method, at),
                }
            }
            (Value::Array(array), "find", [wanted, ..]) if array.open.is_empty() => {
                let found = self.filtered(place, (&receiver, array), &wanted.value, at);
                match found.items.first() {
                    None => Node { value: Value::Undefined, at: at.clone() },
                    Some(first) if first.conditions.is_empty() => first.node.clone(),
                    Some(_) => not_told(&receiver.value, method, at),
                }
            }
            (Value::Array(array), "includes", [wanted]) => match is_among(array, wanted, at) {
                Some(node) => node,
                None => not_told(&receiver.value, method, at),
            },
            (Value::Text(Text::Plain(text)), "trim" | "toString" | "toLowerCase" | "toUpperCase", []) => {
                let changed = match method {
                    "trim" => text.trim().to_owned(),
                    "toLowerCase" => text.to_lowercase(),
                    "toUpperCase" => text.to_uppercase(),
                    _ => text.clone(),
                };
                Node { value: Value::Text(Text::Plain(changed)), at: receiver.at }
            }
            (Value::Text(_) | Value::Env(_), "trim" | "toString" | "toLowerCase" | "toUpperCase", []) => receiver,
            _ => not_told(&receiver.value, method, at),
        }
    }

    pub(super) fn follow_call(&self, function: &FunctionValue, call: Activation, at: &Site) -> Node {
        let Some(facts) = self.files.facts(&function.file) else {
            return unknown("the function is not part of the snapshot", at.clone());
        };
        let mark = (Arc::clone(&function.file), function.scope, String::new());
        if self.active.has(self.run, &mark) || self.run.is_too_deep() {
            return unknown("a function that calls itself", at.clone());
        }
        self.run.touch(&function.file);
        self.active.during(self.run, mark, || in_call(function, &facts, &call, &mut |place| self.returned(place, at)))
    }

    /// Whether an expression never comes to a value: it calls a function that does nothing but throw.
    pub(super) fn only_throws(&self, place: &Place<'_>, expr: &Expr) -> bool {
        let Kind::Call(call) = &expr.kind else { return false };
        let Value::Function(function) = self.as_written(|| self.expr(place, &call.callee)).value else { return false };
        let facts = self.files.facts(&function.file);
        let module = facts.as_deref().and_then(FileFacts::module);
        module.and_then(|module| module.scopes.get(function.scope as usize)).is_some_and(|scope| {
            let ends = scope.returns.as_slice();
            scope.class.is_none() && ends.iter().all(|end| end.throws) && ends.iter().any(|end| end.guards.is_empty())
        })
    }

    pub(super) fn returned(&self, place: &Place<'_>, at: &Site) -> Node {
        let scope = place.facts.module().and_then(|module| module.scopes.get(place.scope as usize));
        let mut alternatives = Vec::new();
        // What does not hold below the results so far.
        let mut passed: Vec<Condition> = Vec::new();
        // What a production build never gets past: the results below it are for the other environments.
        let mut refused: Option<Condition> = None;
        // What else keeps from the results below it, after the first.
        let mut thrown: Vec<Condition> = Vec::new();
        let mut ends = false;
        for returned in scope.map(|scope| scope.returns.as_slice()).unwrap_or_default() {
            let Some(conditions) = self.conditions(place, &returned.guards) else { continue };
            // Below `if (a) return`, nothing but the rest of `!a && b` decides.
            let further: Vec<Condition> = conditions.iter().filter(|one| !passed.contains(one)).cloned().collect();
            ends = further.is_empty();
            if returned.throws {
                match Condition::all(&conditions) {
                    _ if ends => break,
                    Some(always) if always.environment.is_some_and(Environment::is_production) => {
                        refused = Some(always.negated())
                    }
                    Some(error) if !alternatives.is_empty() => also(&mut thrown, &error.negated()),
                    _ => {}
                }
                continue;
            }
            let node = match &returned.value {
                Some(value) => self.narrowed_by(place, self.expr(place, value), value, &returned.guards),
                None => Node { value: Value::Undefined, at: at.clone() },
            };
            let node = match &refused {
                Some(elsewhere) => either(vec![(node, elsewhere.clone())], at.clone()),
                None => node,
            };
            let mut here = passed.clone();
            further.iter().for_each(|one| also(&mut here, one));
            match Condition::all(&here) {
                None => return node,
                Some(condition) => alternatives.push((node, condition.told_with(&thrown))),
            }
            if ends {
                break;
            }
            Condition::all(&further).iter().for_each(|condition| also(&mut passed, &condition.negated()));
        }
        if !ends {
            let undefined = Node { value: Value::Undefined, at: at.clone() };
            match Condition::all(&passed) {
                Some(condition) => alternatives.push((undefined, condition)),
                None => return undefined,
            }
        }
        match alternatives.pop() {
            None => Node { value: Value::Undefined, at: at.clone() },
            // Otherwise an error is thrown.
            Some((only, condition))
                if alternatives.is_empty() && !condition.environment.is_some_and(Environment::is_outside_production) =>
            {
                only
            }
            last => {
                alternatives.extend(last);
                either(alternatives, at.clone())
            }
        }
    }
}

/// Places what stands at one site at another one: a value, its alternatives, and why it is not known.
fn place_at(node: &mut Node, from: &Site, to: &Site) {
    if node.at != *from {
        return;
    }
    node.at = to.clone();
    match &mut node.value {
        Value::Unknown(why) if why.at == *from => why.at = to.clone(),
        Value::Either(alternatives) => {
            alternatives.change().iter_mut().for_each(|one| place_at(&mut one.node, from, to));
        }
        _ => {}
    }
}

/// Why the result of a method is not known.
fn not_told(receiver: &Value, method: &str, at: &Site) -> Node {
    match receiver {
        Value::Unknown(why) => Node { value: Value::Unknown(why.clone()), at: at.clone() },
        Value::Env(name) => unknown(format!("the environment variable `{name}` decides"), at.clone()),
        Value::Call(_) | Value::External(_) => unknown_as(receiver, at.clone()),
        _ => unknown(format!("the result of `.{method}()`"), at.clone()),
    }
}

/// Whether a list of plain texts holds a value; `None` where that is not told. A list of environments tests for them.
fn is_among(list: &Array, wanted: &Node, at: &Site) -> Option<Node> {
    if !list.is_certain() {
        return None;
    }
    let names: Option<Vec<&str>> = list.items.iter().map(|item| item.node.text(&[])).collect();
    let names = names?;
    match &wanted.value {
        Value::Text(Text::Plain(text)) => Some(Node { value: Value::Bool(names.contains(&text.as_str())), at: at.clone() }),
        value => {
            let variable = read_variable(value)?;
            let mut environments = names.iter().map(|name| selected_environment(variable, name));
            let first = environments.next()?.filter(|first| environments.all(|other| other == Some(*first)));
            let condition = Condition {
                environment: first,
                ..Condition::new(format!("{variable} is one of {}", names.join(", ")), at.clone())
            };
            Some(test(condition, at.clone()))
        }
    }
}

/// What a call gives back that cannot be followed.
fn result_of(call: &module::Call, at: Site) -> Node {
    unknown(format!("the result of calling `{}`", render::expr(&call.callee)), at)
}

/// Whether no call that is being followed decides what another one comes to: there is none, or the other one is of a name
/// of the module, with constants.
fn is_free(place: &Place<'_>, call: &module::Call) -> bool {
    let Some(module) = place.facts.module() else { return false };
    let is_constant = |argument: &Element| {
        !argument.spread && matches!(&argument.value.kind, Kind::Text(_) | Kind::Number(_) | Kind::Bool(_) | Kind::Null)
    };
    let is_of_module = |name: &str| {
        let scopes = std::iter::successors(Some(place.scope), |id| module.scopes.get(*id as usize)?.parent);
        let mut inner = scopes.take_while(|id| *id != MODULE_SCOPE);
        let at = Some(call.callee.span.start);
        inner.all(|id| module.scopes.get(id as usize).is_some_and(|scope| scope.binding(name, at).is_none()))
    };
    place.frame.is_none()
        || call.arguments.iter().all(is_constant) && matches!(&call.callee.kind, Kind::Name(name) if is_of_module(name))
}
