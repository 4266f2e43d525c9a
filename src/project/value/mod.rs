//! Values as far as the sources tell them: known, one of several, or unknown with the expression that made them so.

pub mod alike;
pub(in crate::project) mod callers;
pub(in crate::project) mod cases;
pub mod composite;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::facts::module::{ScopeId, Text};
use crate::source::Site;
pub use callers::Calls;
use cases::{Cases, exclude, grouped};
use composite::Composite;

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands; for a property, the value, not the key.
    pub at: Site,
}

/// A value. What consists of others is shared: names that are used several times hold the same one.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `undefined`.
    Undefined,
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(Text),
    /// An array.
    Array(Composite<Array>),
    /// An object.
    Object(Composite<Object>),
    /// A function of the repository.
    Function(FunctionValue),
    /// The result of calling something that is not part of the repository: `passkey({…})`, `drizzleAdapter(db, …)`.
    Call(Composite<CallValue>),
    /// An export of a package outside the repository.
    External(External),
    /// A variable of the environment: `process.env.NAME`, `import.meta.env.NAME`.
    Env(String),
    /// One of several, by a condition the sources do not decide.
    Either(Composite<Vec<Alternative>>),
    /// Not known.
    Unknown(Unknown),
}

/// One of several values.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// The value.
    pub node: Node,
    /// When it is this one.
    pub condition: Condition,
}

/// A condition the sources do not decide.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The condition as written, shortened, with `!(…)` around it where it must not hold.
    pub text: String,
    /// Where it is written.
    pub at: Site,
    /// What a test of `NODE_ENV` or its kin in it tells of the environments it holds in.
    pub environment: Option<Environment>,
    /// It tells one call of a function from its other calls: what depends on it alone is certain where that call is made.
    pub is_call: bool,
    /// The calls of a function in which it can hold at all, where it tells them apart.
    pub calls: Option<Arc<Calls>>,
    /// What it is made of, where that are several conditions.
    pub(crate) cases: Option<Arc<Cases>>,
}

/// What is known of the environments a condition holds in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// It never holds in production.
    NotProduction,
    /// It always holds in production.
    Production,
    /// It holds only while the application is built, when it serves nobody.
    Build,
    /// It always holds but while the application is built.
    NotBuild,
}

impl Environment {
    /// Whether it always holds in production.
    #[must_use]
    pub fn is_production(self) -> bool {
        matches!(self, Self::Production | Self::NotBuild)
    }

    /// Whether it never holds in production.
    #[must_use]
    pub fn is_outside_production(self) -> bool {
        matches!(self, Self::NotProduction | Self::Build)
    }

    /// What is known where the condition does not hold.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::NotProduction => Self::Production,
            Self::Production => Self::NotProduction,
            Self::Build => Self::NotBuild,
            Self::NotBuild => Self::Build,
        }
    }

    /// What is known where several conditions hold, by what is known of each.
    fn of_all(conditions: impl IntoIterator<Item = Option<Self>>) -> Option<Self> {
        conditions.into_iter().reduce(|one, other| match (one, other) {
            (Some(one), Some(other)) if one == other => Some(one),
            (Some(Self::Build), _) | (_, Some(Self::Build)) => Some(Self::Build),
            (Some(Self::NotProduction), _) | (_, Some(Self::NotProduction)) => Some(Self::NotProduction),
            (Some(_), Some(_)) => Some(Self::Production),
            _ => None,
        })?
    }

    /// What is known where one of several conditions holds, by what is known of each.
    pub(super) fn of_any(conditions: impl IntoIterator<Item = Option<Self>>) -> Option<Self> {
        conditions.into_iter().reduce(|one, other| match (one, other) {
            (Some(one), Some(other)) if one == other => Some(one),
            (Some(Self::NotBuild), _) | (_, Some(Self::NotBuild)) => Some(Self::NotBuild),
            (Some(Self::Production), _) | (_, Some(Self::Production)) => Some(Self::Production),
            (Some(_), Some(_)) => Some(Self::NotProduction),
            _ => None,
        })?
    }
}

/// An array.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Array {
    /// The elements that are known, in order.
    pub items: Vec<Item>,
    /// What else may be in it: spreads and changes that could not be followed.
    pub open: Vec<Unknown>,
}

impl Array {
    /// Whether it has these elements and no others, whatever holds.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.open.is_empty() && self.items.iter().all(|item| item.conditions.is_empty())
    }
}

/// An element of an array.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The element.
    pub node: Node,
    /// The conditions under which it is there; empty when it always is.
    pub conditions: Vec<Condition>,
}

/// An object.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object {
    /// The properties that are known; a later one of the same key replaces an earlier one unless it is conditional.
    pub properties: Vec<Property>,
    /// What else may be in it: spreads and changes that could not be followed.
    pub open: Vec<Unknown>,
    /// The results of calls of other packages, the environment and the global object, as they were spread into it, in order;
    /// each is a reason in `open` as well.
    pub foreign: Vec<Node>,
    /// Keys with several values, of which one is always there.
    pub certain: BTreeSet<Arc<str>>,
}

/// A property of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// The key.
    pub key: Arc<str>,
    /// The key where it is written.
    pub key_at: Site,
    /// The value.
    pub node: Node,
    /// The conditions under which it is there; empty when it always is.
    pub conditions: Vec<Condition>,
}

/// A function of the repository.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionValue {
    /// The file it is written in.
    pub file: Arc<str>,
    /// Its scope there.
    pub scope: ScopeId,
    /// The calls it was made in whose names it uses, the innermost first.
    pub within: Arc<[Activation]>,
}

/// A call of a function that is followed, or the making of an object.
#[derive(Debug, Clone)]
pub struct Activation {
    /// The file of the function, or of the class.
    pub file: Arc<str>,
    /// Its scope there.
    pub scope: ScopeId,
    /// The arguments.
    pub arguments: Arc<[Node]>,
    /// What it is.
    pub kind: ActivationKind,
    /// The same for all that have the same place and the same calls around: what they are given is the same as well, and to
    /// compare that, with the functions in it, could take as long as to make it.
    pub id: u64,
}

impl PartialEq for Activation {
    fn eq(&self, other: &Self) -> bool {
        (self.id, self.scope, &self.file) == (other.id, other.scope, &other.file)
    }
}

/// What an activation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivationKind {
    /// A call.
    Call,
    /// An object, by its class.
    Object,
    /// The class that the one of the activation around it extends.
    Base,
}

/// An export of a package outside the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct External {
    /// The module as imported: `better-auth/plugins`.
    pub module: String,
    /// The export, `default`, or `*` for the whole module; members are joined with dots.
    pub name: String,
}

/// A call whose callee is outside the repository.
#[derive(Debug, Clone, PartialEq)]
pub struct CallValue {
    /// What is called.
    pub callee: External,
    /// The name the callee has where it is called.
    pub local: String,
    /// `new` was written.
    pub new: bool,
    /// The arguments.
    pub arguments: Vec<Node>,
    /// Spread arguments that could not be followed.
    pub open: Vec<Unknown>,
    /// The callee where it is written.
    pub callee_at: Site,
    /// The call whose result the method was called on: `text("id")` in `text("id").notNull()`.
    pub receiver: Option<Composite<CallValue>>,
}

/// Why a value is not known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Unknown {
    /// The reason, for people: `parameter of a function`, `imported from "x", which is not in the repository`.
    pub reason: String,
    /// The expression that made it so.
    pub at: Site,
    /// Whatever it is, it is a string.
    pub is_text: bool,
}

/// What looking up a path in an object gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Lookup<'v> {
    /// The property is there, perhaps with several values under conditions.
    Found(Vec<Found<'v>>),
    /// The property is not there, and nothing unknown could hold it.
    Absent,
    /// The property was not seen, but may be in what is unknown.
    Unknown(Vec<Unknown>),
}

/// One value found at a path.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<'v> {
    /// The value; never [`Value::Either`].
    pub node: &'v Node,
    /// The key of the last step, where it is written.
    pub key_at: &'v Site,
    /// All conditions on the way.
    pub conditions: Vec<&'v Condition>,
}

impl Object {
    /// Whether a property is there in any case.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.certain.contains(key)
            || self.properties.iter().any(|property| &*property.key == key && property.conditions.is_empty())
    }
}

impl From<Array> for Value {
    fn from(array: Array) -> Self {
        Self::Array(array.into())
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object.into())
    }
}

impl From<CallValue> for Value {
    fn from(call: CallValue) -> Self {
        Self::Call(call.into())
    }
}

impl From<Vec<Alternative>> for Value {
    fn from(alternatives: Vec<Alternative>) -> Self {
        Self::Either(alternatives.into())
    }
}

impl CallValue {
    /// A call that a wrapper of the framework makes by itself, at the place of its own.
    #[must_use]
    pub fn by_wrapper(module: &str, name: &str, arguments: Vec<Node>, at: &Site) -> Self {
        Self {
            callee: External { module: module.to_owned(), name: name.to_owned() },
            local: name.to_owned(),
            new: false,
            arguments,
            open: Vec::new(),
            callee_at: at.clone(),
            receiver: None,
        }
    }

    /// The call whose result the first of a chain of methods was called on; the call itself where there is none.
    #[must_use]
    pub fn first(&self) -> &Self {
        std::iter::successors(Some(self), |call| call.receiver.as_deref()).last().unwrap_or(self)
    }
}

impl Unknown {
    /// A reason and the expression it speaks of.
    pub fn new(reason: impl Into<String>, at: Site) -> Self {
        Self { reason: reason.into(), at, is_text: false }
    }
}

impl Condition {
    /// Longest text, in characters.
    pub(super) const MAX_TEXT: usize = 160;

    /// A condition that nothing tells more of.
    pub fn new(text: impl Into<String>, at: Site) -> Self {
        Self { text: text.into(), at, environment: None, is_call: false, calls: None, cases: None }
    }

    /// The first of several conditions on one thing that may not be met. Two calls are not told to be made at once.
    pub fn undecided<'c>(conditions: impl IntoIterator<Item = &'c Self>) -> Option<&'c Self> {
        let mut call: Option<&Site> = None;
        conditions.into_iter().find(move |&condition| {
            let is_another = |call: &mut Option<&'c Site>| *call.get_or_insert(&condition.at) != &condition.at;
            condition.environment.is_none() && (!condition.is_call || is_another(&mut call))
        })
    }

    /// The same condition where it must not hold.
    #[must_use]
    pub fn negated(&self) -> Self {
        if let Some(otherwise) = self.by_call().and_then(|calls| calls.others().made()) {
            return otherwise;
        }
        let text = match self.text.strip_prefix("!(").and_then(|text| text.strip_suffix(')')) {
            Some(inner) if is_one_group(inner) => inner.to_owned(),
            _ => format!("!({})", self.text),
        };
        let environment = self.environment.map(Environment::negated);
        let cases = self.cases.as_ref().and_then(|cases| cases.negated()).map(Arc::new);
        Self { environment, cases, ..Self::new(text, self.at.clone()) }
    }

    /// This condition and another one.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        if let Some(both) = self.by_calls_of_one(other).and_then(|(calls, others)| calls.in_both(others).made()) {
            return both;
        }
        let text = format!("{} && {}", grouped(&self.text), grouped(&other.text));
        let is_call = self.is_call && other.is_call && self.at == other.at;
        let calls = match (&self.calls, &other.calls) {
            (Some(calls), Some(others)) if calls.is_of_same(others) => Some(calls.in_both(others)),
            (calls, others) => calls.as_ref().or(others.as_ref()).map(|calls| calls.with_more()),
        };
        let calls = calls.map(Arc::new);
        let environment = Environment::of_all([self, other].map(|condition| condition.environment));
        let plain = Self { environment, is_call, calls, ..Self::new(text, self.at.clone()) };
        plain.made_of([self, other], Cases::and)
    }

    /// This condition or another one.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        if let Some(calls) = self.by_calls_of_one(other).map(|(calls, others)| calls.in_either(others)) {
            let cases = calls.is_all().then(|| Arc::new(Cases::always()));
            return calls.made().map_or_else(|| self.clone(), |any| Self { cases, ..any });
        }
        let text = format!("{} || {}", self.text, other.text);
        let environment = Environment::of_any([self, other].map(|condition| condition.environment));
        let calls = self.calls.as_ref().zip(other.calls.as_ref()).filter(|(calls, others)| calls.is_of_same(others));
        let calls = calls.map(|(calls, others)| Arc::new(calls.in_either(others)));
        let is_call = self.is_call || other.is_call;
        let plain = Self { environment, is_call, calls, ..Self::new(text, self.at.clone()) };
        plain.made_of([self, other], Cases::or)
    }

    /// This condition, said together with what keeps errors from being thrown before it is met. It covers no less for that:
    /// where one is thrown, there is no value at all.
    pub(super) fn told_with(self, unthrown: &[Self]) -> Self {
        let is_whole = |condition: &&Self| !condition.text.contains('…');
        let told = unthrown.iter().filter(is_whole).fold(self.clone(), |all, next| all.and(next)).text;
        if told == self.text || self.by_call().is_some() {
            return self;
        }
        Self { cases: Some(Arc::new(Cases::of(&self))), text: told, ..self }
    }

    /// This condition as it is made of two others; where it comes to fewer conditions than they do, it is told by those.
    fn made_of(mut self, [one, other]: [&Self; 2], join: impl Fn(&Cases, &Cases) -> Option<Cases>) -> Self {
        let (one, other) = (Cases::of(one), Cases::of(other));
        if let Some(cases) = join(&one, &other) {
            let is_open = !cases.is_never() && !cases.is_always();
            if is_open && cases.len() < one.len() + other.len() {
                if let Some(only) = cases.only() {
                    return only.clone();
                }
                self.text = cases.told();
                self.environment =
                    Environment::of_any(cases.each().map(|case| Environment::of_all(case.map(|one| one.environment))));
            }
            self.cases = Some(Arc::new(cases));
        }
        if let Some((end, _)) = self.text.char_indices().nth(Self::MAX_TEXT) {
            self.text.truncate(end);
        }
        self
    }

    /// Whether it holds whatever its parts come to.
    #[must_use]
    pub fn is_always(&self) -> bool {
        self.cases.as_ref().is_some_and(|cases| cases.is_always())
    }

    /// Whether its parts exclude each other.
    #[must_use]
    pub fn is_never(&self) -> bool {
        self.cases.as_ref().is_some_and(|cases| cases.is_never())
    }

    /// Whether it cannot hold together with another one.
    #[must_use]
    pub fn excludes(&self, other: &Self) -> bool {
        exclude(self, other)
    }

    /// The calls of a function by which alone it is told.
    pub(super) fn by_call(&self) -> Option<&Arc<Calls>> {
        self.calls.as_ref().filter(|calls| calls.alone && self.cases.is_none())
    }

    /// The calls by which this condition and another one are told, where those are of the same function.
    pub(super) fn by_calls_of_one<'c>(&'c self, other: &'c Self) -> Option<(&'c Calls, &'c Calls)> {
        let (calls, others) = self.by_call().zip(other.by_call())?;
        calls.is_of_same(others).then_some((calls, others))
    }

    /// Conditions of which exactly one holds.
    pub(super) fn one_of(conditions: impl Iterator<Item = Self>) -> Vec<Self> {
        let mut conditions: Vec<Self> = conditions.collect();
        let mut none_before: Option<Self> = None;
        let last = conditions.len().saturating_sub(1);
        for (place, condition) in conditions.iter_mut().enumerate() {
            let own = condition.clone();
            let parts = match &none_before {
                Some(none) if place == last => Some(none.clone()),
                Some(none) => Some(none.and(&own)),
                None => None,
            };
            condition.cases = parts.map(|parts| Arc::new(Cases::of(&parts)));
            none_before = Some(none_before.map_or_else(|| own.negated(), |none| none.and(&own.negated())));
        }
        conditions
    }

    /// All of several conditions; `None` when there are none.
    #[must_use]
    pub fn all(conditions: &[Self]) -> Option<Self> {
        let (first, rest) = conditions.split_first()?;
        Some(rest.iter().fold(first.clone(), |all, next| all.and(next)))
    }
}

/// Whether parentheses around a text would belong together.
fn is_one_group(text: &str) -> bool {
    let mut depth = 0_usize;
    text.chars().all(|c| {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return false,
            ')' => depth -= 1,
            _ => {}
        }
        true
    })
}

impl Found<'_> {
    /// Whether some condition on the way keeps the value out of production.
    #[must_use]
    pub fn outside_production(&self) -> bool {
        self.conditions.iter().any(|condition| condition.environment.is_some_and(Environment::is_outside_production))
    }
}

impl Node {
    /// Looks up a property by its path: `["advanced", "disableCSRFCheck"]`.
    #[must_use]
    pub fn lookup(&self, path: &[&str]) -> Lookup<'_> {
        let (found, unknown) = self.seen(path);
        if !found.is_empty() {
            Lookup::Found(found)
        } else if unknown.is_empty() {
            Lookup::Absent
        } else {
            Lookup::Unknown(unknown)
        }
    }

    /// The values that were seen at a path, and what else may be there.
    #[must_use]
    pub fn seen(&self, path: &[&str]) -> (Vec<Found<'_>>, Vec<Unknown>) {
        let mut found = Vec::new();
        let mut unknown = Vec::new();
        walk(self, &self.at, path, &mut Vec::new(), &mut found, &mut unknown);
        (found, unknown)
    }

    /// The single value at a path, when it is there without conditions.
    #[must_use]
    pub fn get(&self, path: &[&str]) -> Option<&Node> {
        match self.lookup(path) {
            Lookup::Found(found) => match found.as_slice() {
                [one] if one.conditions.is_empty() => Some(one.node),
                _ => None,
            },
            _ => None,
        }
    }

    /// The string at a path, when it is known and no credential.
    #[must_use]
    pub fn text(&self, path: &[&str]) -> Option<&str> {
        match &self.get(path)?.value {
            Value::Text(text) => text.plain(),
            _ => None,
        }
    }

    /// The strings of a list, or the one string in its place, when all are known and no credentials.
    #[must_use]
    pub fn texts(&self) -> Option<Vec<String>> {
        match &self.value {
            Value::Array(array) => array.items.iter().map(|item| item.node.text(&[]).map(str::to_owned)).collect(),
            _ => Some(vec![self.text(&[])?.to_owned()]),
        }
    }

    /// Why the value cannot be told from the sources; `None` when it can.
    #[must_use]
    pub fn why_unknown(&self) -> Option<Unknown> {
        let foreign = |name: &str, module: &str| format!("`{name}` comes from `{module}`, which is not part of the repository");
        let reason = match &self.value {
            Value::Unknown(why) => return Some(why.clone()),
            Value::Env(name) => format!("the environment variable `{name}` decides"),
            Value::Call(call) => foreign(&call.local, &call.callee.module),
            Value::External(external) => foreign(&external.name, &external.module),
            _ => return None,
        };
        Some(Unknown::new(reason, self.at.clone()))
    }

    /// Whether the value counts as true (ECMAScript, "ToBoolean"); `None` when that is not known.
    #[must_use]
    pub fn truthy(&self) -> Option<bool> {
        match &self.value {
            Value::Undefined | Value::Null => Some(false),
            Value::Bool(value) => Some(*value),
            Value::Number(value) => Some(*value != 0.0 && !value.is_nan()),
            Value::Text(text) => Some(!text.is_empty()),
            Value::Array(_) | Value::Object(_) | Value::Function(_) => Some(true),
            Value::Call(call) if call.new => Some(true),
            Value::Either(alternatives) => {
                let mut each = alternatives.iter().map(|alternative| alternative.node.truthy());
                let first = each.next()??;
                each.all(|next| next == Some(first)).then_some(first)
            }
            Value::Call(_) | Value::External(_) | Value::Env(_) | Value::Unknown(_) => None,
        }
    }

    /// The object, when the value is one.
    #[must_use]
    pub fn object(&self) -> Option<&Object> {
        match &self.value {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }
}

fn walk<'v>(
    node: &'v Node,
    key_at: &'v Site,
    path: &[&str],
    conditions: &mut Vec<&'v Condition>,
    found: &mut Vec<Found<'v>>,
    unknown: &mut Vec<Unknown>,
) {
    if let Value::Either(alternatives) = &node.value {
        for alternative in alternatives.iter() {
            conditions.push(&alternative.condition);
            walk(&alternative.node, key_at, path, conditions, found, unknown);
            conditions.pop();
        }
        return;
    }
    let Some((step, rest)) = path.split_first() else {
        found.push(Found { node, key_at, conditions: conditions.clone() });
        return;
    };
    match &node.value {
        Value::Object(object) => {
            for property in object.properties.iter().filter(|property| &*property.key == *step) {
                let depth = conditions.len();
                conditions.extend(&property.conditions);
                walk(&property.node, &property.key_at, rest, conditions, found, unknown);
                conditions.truncate(depth);
            }
            if !object.has(step) {
                unknown.extend(object.open.iter().cloned());
            }
        }
        Value::Function(_) => unknown.push(Unknown::new("a function decides when it is called", node.at.clone())),
        _ => unknown.extend(node.why_unknown()),
    }
}
