//! A TypeScript or JavaScript file, lowered to what evaluation needs: bindings, values, calls, effects.
//!
//! The lowering keeps expressions as plain data with spans. Scopes keep names apart; what cannot be expressed becomes
//! [`Kind::Opaque`] with its span, and is undetermined later, never guessed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::common::{Common, text};
pub use super::lower::{extract, with_all_calls};
use super::schema::{Entity, Operation, Table};
use crate::source::Span;

/// Index of a scope in [`Module::scopes`].
pub type ScopeId = u32;

/// The module scope.
pub const MODULE_SCOPE: ScopeId = 0;

/// One lowered file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Module {
    /// Imports, `require` calls and dynamic imports; without a name where they are not bound to one.
    pub imports: Vec<Import>,
    /// Exports. A default export of a value is bound to the module-scope name `default`.
    pub exports: Vec<Export>,
    /// Scopes; the first is the module's own.
    pub scopes: Vec<Scope>,
    /// The names it imports, or binds to functions or what a call makes, whose values no code of it has: they are passed on at most.
    pub idle: BTreeSet<String>,
    /// Calls of the functions in [`super::lower::ENTRY_POINTS`], wherever they stand.
    pub calls: Vec<CallSite>,
    /// Uses of functions that may make an instance, told by their names: their calls, or the function alone where it is
    /// handed on, or the module it may be a member of.
    pub makers: Vec<CallSite>,
    /// Names of its functions in which a call of [`Module::calls`] stands: their uses are among the makers as well.
    pub holders: BTreeSet<String>,
    /// It imports from better-auth, and may give that to functions of any name: all its calls are among the makers, and all
    /// that it takes out of other modules and hands on.
    pub keeps_calls: bool,
    /// Other calls of functions by their names that may be given an instance, told by the names of what they are given.
    pub receivers: Vec<CallSite>,
    /// Places that may hand requests to an instance, in order.
    pub mounts: Vec<Mount>,
    /// Calls that may put something with a name below a path, in order.
    pub routings: Vec<Routing>,
    /// Calls of methods of clients that only client plugins bring.
    pub client_calls: Vec<ClientCall>,
    /// Values that it puts under keys where other code finds them, and that may be instances, told by the keys.
    pub shared: Vec<Shared>,
    /// What it does to the schema of a database, in order.
    pub operations: Vec<Operation>,
    /// Classes that an ORM maps to tables, in order.
    pub entities: Vec<Entity>,
    /// Tables as types tell of them that a tool wrote from a database, in order.
    pub types: Vec<Table>,
}

impl Module {
    /// The modules it imports names from, as written, in order.
    pub fn imported(&self) -> impl Iterator<Item = &str> {
        self.imports.iter().map(|import| import.module.as_str())
    }

    /// The modules whose exports it passes on, as written, in order.
    pub fn passed_on(&self) -> impl Iterator<Item = &str> {
        self.exports.iter().filter_map(|export| match export {
            Export::From { module, .. } | Export::All { module } => Some(module.as_str()),
            Export::Local { local, .. } => {
                let import = self.imports.iter().find(|import| import.local == *local);
                import.map(|import| import.module.as_str())
            }
        })
    }

    /// The changes made to what it imports where it is loaded, each with the import.
    pub fn changed_imports(&self) -> impl Iterator<Item = (&Import, &Effect)> {
        let effects = self.scopes.first().into_iter().flat_map(|scope| &scope.effects).filter(|effect| effect.is_in_place());
        effects.filter_map(|effect| {
            let import = self.imports.iter().find(|import| import.local == effect.root && !import.type_only)?;
            Some((import, effect))
        })
    }
}

/// A name brought in from another module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The name in this file; empty for an import without one.
    #[serde(with = "text")]
    pub local: String,
    /// The module as written.
    #[serde(with = "text")]
    pub module: String,
    /// Which of its exports.
    pub name: Imported,
    /// `import type`, or `type` before the name.
    pub type_only: bool,
    /// The specifier, for locations.
    pub span: Span,
}

/// Which export an import names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Imported {
    /// `import { name }`; `default` for a default import.
    Named(#[serde(with = "text")] String),
    /// `import * as local`.
    Namespace,
}

/// A name made visible to other modules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Export {
    /// `export { local as name }`, `export const name`.
    Local {
        /// The exported name.
        #[serde(with = "text")]
        name: String,
        /// The name in this file.
        #[serde(with = "text")]
        local: String,
    },
    /// `export { imported as name } from "module"`; a namespace for `export * as name`.
    From {
        /// The exported name.
        #[serde(with = "text")]
        name: String,
        /// The module as written.
        #[serde(with = "text")]
        module: String,
        /// Which of its exports.
        imported: Imported,
    },
    /// `export * from "module"`.
    All {
        /// The module as written.
        #[serde(with = "text")]
        module: String,
    },
}

/// A region with its own names: the module, or a function's body. Blocks belong to the function around them, and their
/// bindings say so.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Scope {
    /// The scope around; `None` for the module.
    pub parent: Option<ScopeId>,
    /// Names bound here, in order.
    pub bindings: Vec<Binding>,
    /// What the function gives back, in order.
    pub returns: Vec<Return>,
    /// Changes to values after they were made, in order.
    pub effects: Vec<Effect>,
    /// What makes it the scope of a class.
    pub class: Option<Box<Class>>,
    /// The scopes of the classes around, and of the functions that take arguments, that what it uses depends on.
    pub around: Vec<ScopeId>,
}

/// A class, whose members are bound in its scope.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Class {
    /// What it extends.
    pub base: Option<Expr>,
    /// What its constructor hands on to that of the base; without a constructor, all that is given.
    pub handed_on: Option<Vec<Element>>,
    /// The classes, by their names, of the members that its constructor is given, by the names of these.
    pub given: Vec<(String, String)>,
    /// What its parameters and members are asked for from a container by: `@Inject(TOKEN)`.
    pub injected: Vec<(String, Expr)>,
}

impl Class {
    /// What a container is asked by for the value of a name.
    #[must_use]
    pub fn token_of(&self, name: &str) -> Option<&Expr> {
        self.injected.iter().find(|(injected, _)| injected == name).map(|(_, token)| token)
    }

    /// The name of the class of what its constructor is given for a member.
    #[must_use]
    pub fn class_of(&self, member: &str) -> Option<&str> {
        self.given.iter().find(|(name, _)| name == member).map(|(_, class)| class.as_str())
    }
}

/// A name bound in a scope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Binding {
    /// The name.
    #[serde(with = "text")]
    pub name: String,
    /// What it is bound to.
    pub source: Source,
    /// Whether it may be bound again (`let`, `var`).
    pub mutable: bool,
    /// The name in its declaration.
    pub span: Span,
    /// The block it is visible in; `None` where that is the whole scope.
    pub block: Option<Span>,
}

impl Scope {
    /// What the function changes at a way into an argument, with the name of the parameter that takes it, whole or in parts.
    pub fn changes_of<'s>(&'s self, index: u32, way: &'s [String]) -> impl Iterator<Item = (&'s Binding, &'s Effect)> {
        let taken = self.bindings.iter().filter_map(move |binding| match &binding.source {
            Source::Parameter { index: own, path, .. } if *own == index => Some((binding, path.as_slice())),
            Source::Arguments { from } if *from <= index => Some((binding, way)),
            _ => None,
        });
        taken.flat_map(move |(binding, path)| {
            let is_it = move |effect: &&Effect| effect.root == binding.name && effect.changes(path, way);
            self.effects.iter().filter(is_it).map(move |effect| (binding, effect))
        })
    }

    /// The binding a name denotes at a place of the file; `None` as the place leaves out what only a block sees.
    #[must_use]
    pub fn binding(&self, name: &str, at: Option<u32>) -> Option<&Binding> {
        let is_visible = |block: Span| at.is_some_and(|at| block.start <= at && at < block.end);
        let named = self.bindings.iter().rev().filter(|binding| binding.name == name && binding.block.is_none_or(is_visible));
        // Of nested blocks the innermost counts, and of several declarations in one place the last.
        named.min_by_key(|binding| binding.block.map_or(u32::MAX, |block| block.end - block.start))
    }
}

/// What a name is bound to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Source {
    /// A value.
    Value(Expr),
    /// A part of a value: `const { a: { b } } = value`; the default stands in where the part is undefined.
    Part {
        /// The value taken apart.
        of: Expr,
        /// The way to the part.
        path: Vec<String>,
        /// What stands after `=` in the pattern.
        default: Option<Expr>,
    },
    /// What a pattern leaves of an object or an array: `const { a, ...rest } = value`, `const [first, ...rest] = list`.
    Rest {
        /// What the pattern takes apart: [`Source::Part`] or [`Source::Parameter`].
        of: Box<Source>,
        /// The keys, or places, that have names of their own.
        without: Vec<String>,
    },
    /// A parameter of the function whose scope this is.
    Parameter {
        /// Its place in the parameter list.
        index: u32,
        /// The way to the part, where the parameter is a pattern.
        path: Vec<String>,
        /// What stands after `=`.
        default: Option<Expr>,
        /// It is declared as a string.
        is_text: bool,
    },
    /// The arguments from a place on: `(first, ...rest) => …`.
    Arguments {
        /// The place of the first.
        from: u32,
    },
    /// A member that classes which extend the one around may well define in another way.
    Overridable(Expr),
    /// Declared without a value, or in a way that is not followed (loop variables, catch parameters, classes).
    Opaque,
}

/// How a function, or the module while it loads, ends, and the conditions under which it does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Return {
    /// The value given back; `None` for a bare `return` and where an error is thrown.
    pub value: Option<Expr>,
    /// An error is thrown.
    pub throws: bool,
    /// The conditions around it, outermost first.
    pub guards: Vec<Guard>,
}

/// A condition around a statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guard {
    /// The condition.
    pub condition: Common<Expr>,
    /// Whether the statement runs when the condition holds, or when it does not.
    pub holds: bool,
    /// All that runs under the condition; empty where it runs more than once. Whatever lies in it meets the condition, too.
    pub body: Span,
}

/// A change to a value after it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// The name at the root of the changed value.
    #[serde(with = "text")]
    pub root: String,
    /// The way from there: `options.plugins` gives `["plugins"]`.
    pub path: Vec<String>,
    /// The change.
    pub change: Mutation,
    /// The conditions around it, outermost first.
    pub guards: Vec<Guard>,
    /// The statement.
    pub span: Span,
    /// When it is made.
    pub when: When,
}

/// When a change is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum When {
    /// Where it stands.
    Here,
    /// Whenever a function is called that is made where it stands.
    Later,
    /// Whenever a function is called that may be called above it, too.
    Anytime,
}

impl Effect {
    /// Whether it may have been made when the scope has come to a byte; what it consists of comes before it.
    #[must_use]
    pub fn precedes(&self, byte: u32) -> bool {
        self.when == When::Anytime || self.span.end <= byte
    }

    /// Whether it changes what lies at `way` of something that its name holds at `path`.
    fn changes(&self, path: &[String], way: &[String]) -> bool {
        let changed = || path.iter().chain(&self.path);
        let is_passed = matches!(self.change, Mutation::Passed { .. });
        let is_deep = changed().count() > way.len() || !self.change.replaces();
        self.is_in_place()
            && is_deep
            && changed().zip(way).all(|(step, other)| step == other)
            && (is_passed || changed().count() >= way.len())
    }

    /// Whether the value itself is changed, rather than the name bound to another one.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        !self.path.is_empty() || !matches!(self.change, Mutation::Assign(_) | Mutation::AssignedIn(_))
    }
}

/// A change to a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Mutation {
    /// `x.path = value`.
    Assign(Expr),
    /// `x.path = value` in the function of another scope, which has that change as well: it is the one with the same span.
    AssignedIn(ScopeId),
    /// `x.path.push(…)`.
    Push(Vec<Element>),
    /// `Object.assign(x.path, …)`.
    Merge(Vec<Element>),
    /// `f(…, x.path, …)`, `f({ key: x.path })`: the function may change it.
    Passed {
        /// The call.
        call: Common<Call>,
        /// The place of the argument.
        index: u32,
        /// The way into it: `["key"]`.
        way: Vec<String>,
    },
    /// `delete x.path`.
    Delete,
    /// `x.pop()` and its kin, which take elements out of a list.
    Remove,
    /// Any other call of a method that changes its object.
    Opaque,
}

impl Mutation {
    /// Whether it changes what holds the value at the path, and leaves the value itself alone.
    #[must_use]
    pub fn replaces(&self) -> bool {
        matches!(self, Self::Assign(_) | Self::AssignedIn(_) | Self::Delete)
    }

    /// What is left to say of it where it is not known whether it happens, when, or to what.
    #[must_use]
    pub fn unfollowed(&self) -> Self {
        if matches!(self, Self::Remove) { Self::Remove } else { Self::Opaque }
    }

    /// What it is to the same value under another name.
    #[must_use]
    pub fn under_another_name(&self) -> Self {
        if matches!(self, Self::AssignedIn(_)) { self.unfollowed() } else { self.clone() }
    }
}

/// A call of interest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallSite {
    /// The scope the call stands in.
    pub scope: ScopeId,
    /// The call; its kind is [`Kind::Call`].
    pub expr: Expr,
    /// The name the result is bound to or the function it stands in, for messages.
    pub owner: Option<String>,
    /// The conditions under which it is reached.
    pub guards: Vec<Guard>,
}

/// A call that may be one of a method of a client that only a client plugin brings, told by its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClientCall {
    /// The scope it stands in.
    pub scope: ScopeId,
    /// Which one of [`super::lower::CLIENT_METHODS`].
    pub method: String,
    /// What is called.
    pub callee: Expr,
}

/// A place that may hand requests to an instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mount {
    /// The scope it stands in.
    pub scope: ScopeId,
    /// How it does so.
    pub by: Mounting,
    /// What stands around it, the nearest first.
    pub around: Vec<Surrounding>,
    /// The conditions around it within its function, outermost first.
    pub guards: Vec<Guard>,
    /// The expression.
    pub span: Span,
}

/// A call that may put a router or a handler below a path by its name: `app.use("/api", router)`, `addRoutes(app)`; or that
/// may hand a request on to what gives it to an instance: a function, told by its name (`handleAuth(request)`), or a handler
/// with a member for each method of requests (`handlers.GET(request)`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Routing {
    /// The scope it stands in.
    pub scope: ScopeId,
    /// The call; its kind is [`Kind::Call`].
    pub expr: Expr,
    /// What stands around it, the nearest first.
    pub around: Vec<Surrounding>,
    /// The conditions around it within its function, outermost first; kept for what hands a request on only.
    pub guards: Vec<Guard>,
}

/// Something around an expression that may have a part in the path of its route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Surrounding {
    /// The call that takes it as an argument, or as a part of one; its kind is [`Kind::Call`].
    Argument(Expr),
    /// The object that holds it.
    Property {
        /// The key it lies under.
        key: Expr,
        /// The paths that the object has beside it.
        paths: Vec<Expr>,
    },
    /// The function it lies in, by its scope.
    Function(ScopeId),
    /// The name its value, or what is made of that, is bound to.
    Bound {
        /// The scope that has the name.
        scope: ScopeId,
        /// The name.
        #[serde(with = "text")]
        name: String,
    },
    /// The decorators of the method or the class it lies in, as far as they are calls.
    Decorated(Vec<Expr>),
}

/// A value put under a key where other code finds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shared {
    /// The scope that stands in.
    pub scope: ScopeId,
    /// The key: a text, or a name for something unique.
    pub key: Expr,
    /// The value.
    pub value: Expr,
    /// Whether it is a member of an object from then on (`app.decorate("key", value)`), rather than what an object's `get`
    /// gives back (`context.set("key", value)`) or a container injects (`{ provide: "key", useValue: value }`).
    pub becomes_member: bool,
}

/// How requests are handed to an instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Mounting {
    /// `instance.handler`, called with a request or handed on.
    Handler {
        /// What stands before `.handler`.
        of: Expr,
        /// The request, where it is called on the spot.
        request: Option<Expr>,
    },
    /// A call of one of [`super::lower::MOUNTING_FUNCTIONS`] or [`super::lower::MOUNTING_METHODS`].
    Call(Common<Call>),
}

/// An expression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expr {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub span: Span,
}

impl Expr {
    /// Whether it stands for a getter that has the function of a scope.
    #[must_use]
    pub fn is_getter(&self, scope: ScopeId) -> bool {
        let Kind::Call(call) = &self.kind else { return false };
        // What is called by the code itself is shorter than the call.
        call.callee.span == self.span && matches!(&call.callee.kind, Kind::Function(function) if function.scope == scope)
    }

    /// Whether it, or an expression it is made of, is of a kind.
    #[must_use]
    pub fn any(&self, is_it: &dyn Fn(&Self) -> bool) -> bool {
        is_it(self) || self.parts().into_iter().any(|part| part.any(is_it))
    }

    /// The expressions it is made of, as far as they stand in the same scope.
    #[must_use]
    pub fn parts(&self) -> Vec<&Self> {
        match &self.kind {
            Kind::Template(parts) => parts
                .iter()
                .filter_map(|part| match part {
                    TemplatePart::Value(value) => Some(value),
                    TemplatePart::Text(_) => None,
                })
                .collect(),
            Kind::Array(elements) => elements.iter().map(|element| &element.value).collect(),
            Kind::Object(properties) => properties
                .iter()
                .flat_map(|property| match property {
                    Property::Keyed { value, .. } | Property::Spread(value) => vec![value],
                    Property::Computed { key, value } => vec![key, value],
                })
                .collect(),
            Kind::Index(of, key) => vec![&**of, &**key],
            Kind::Call(call) => {
                std::iter::once(&call.callee).chain(call.arguments.iter().map(|argument| &argument.value)).collect()
            }
            Kind::Conditional(parts) => parts.iter().collect(),
            Kind::Binary(_, sides) => sides.iter().collect(),
            Kind::Member(of, _)
            | Kind::Not(of)
            | Kind::Negate(of)
            | Kind::ToNumber(of)
            | Kind::TypeOf(of)
            | Kind::ImportOf(of) => vec![&**of],
            Kind::Undefined
            | Kind::Null
            | Kind::Bool(_)
            | Kind::Number(_)
            | Kind::Text(_)
            | Kind::Regex
            | Kind::Name(_)
            | Kind::Function(_)
            | Kind::ImportCall(_)
            | Kind::Unread
            | Kind::Opaque => Vec::new(),
        }
    }
}

/// The kinds of expression evaluation knows. Parentheses, `as`, `satisfies`, `!`, `await` and type arguments vanish.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Kind {
    /// `undefined`.
    Undefined,
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number; bigint literals lose nothing below 2⁵³.
    Number(f64),
    /// A string without substitutions.
    Text(Text),
    /// A template string with substitutions.
    Template(Vec<TemplatePart>),
    /// A regular expression.
    Regex,
    /// `[…]`.
    Array(Vec<Element>),
    /// `{…}`.
    Object(Vec<Property>),
    /// A name.
    Name(#[serde(with = "text")] String),
    /// `a.b`, `a["b"]`, `a?.b`.
    Member(Box<Expr>, #[serde(with = "text")] String),
    /// `a[b]`.
    Index(Box<Expr>, Box<Expr>),
    /// `f(…)` and `new F(…)`.
    Call(Common<Call>),
    /// A function, wherever it is written.
    Function(Function),
    /// `a ? b : c`.
    Conditional(Box<[Expr; 3]>),
    /// `a op b`.
    Binary(Operator, Box<[Expr; 2]>),
    /// `!a`.
    Not(Box<Expr>),
    /// `-a`.
    Negate(Box<Expr>),
    /// `+a`.
    ToNumber(Box<Expr>),
    /// `typeof a`.
    TypeOf(Box<Expr>),
    /// `import("module")`.
    ImportCall(#[serde(with = "text")] String),
    /// `import(name)`: of a module whose name is a value.
    ImportOf(Box<Expr>),
    /// What could not be read.
    Unread,
    /// Anything else.
    Opaque,
}

/// A call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// What is called.
    pub callee: Expr,
    /// With what.
    pub arguments: Vec<Element>,
    /// `new` was written.
    pub new: bool,
}

impl Call {
    /// A call of a function without arguments, in its place.
    pub(super) fn of(function: Expr) -> Expr {
        let span = function.span;
        Expr { kind: Kind::Call(Common::new(Self { callee: function, arguments: Vec::new(), new: false })), span }
    }

    /// An object of a class that is made without arguments, in its place.
    pub(super) fn of_class(class: Expr) -> Expr {
        let span = class.span;
        Expr { kind: Kind::Call(Common::new(Self { callee: class, arguments: Vec::new(), new: true })), span }
    }
}

/// A function; its names, returns and effects are in its scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Its scope.
    pub scope: ScopeId,
}

/// An element of an array or an argument list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Element {
    /// The value.
    pub value: Expr,
    /// `...` was written.
    pub spread: bool,
}

/// A property of an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Property {
    /// `key: value`, `key` alone, `key() {}`.
    Keyed {
        /// The key.
        #[serde(with = "text")]
        key: String,
        /// The key in the source.
        key_span: Span,
        /// The value.
        value: Expr,
    },
    /// `[key]: value`.
    Computed {
        /// The key.
        key: Expr,
        /// The value.
        value: Expr,
    },
    /// `...value`.
    Spread(Expr),
}

/// A part of a template string.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum TemplatePart {
    /// The text between substitutions.
    Text(Text),
    /// `${…}`.
    Value(Expr),
}

/// Operators evaluation knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operator {
    /// `??`
    Nullish,
    /// `||`
    Or,
    /// `&&`
    And,
    /// `===` and `==`
    Equal,
    /// `!==` and `!=`
    NotEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `**`
    Power,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
    /// `&`
    BitAnd,
    /// `|`
    BitOr,
    /// `^`
    BitXor,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `in`
    In,
    /// `instanceof`
    InstanceOf,
    /// Any other.
    Other,
}

/// A string, or what may be told of one that may be a credential.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Text {
    /// The string itself.
    Plain(#[serde(with = "text")] String),
    /// A string that may be a credential: only its length in characters is kept.
    Redacted {
        /// Characters.
        length: u32,
    },
}

impl Text {
    /// The string, unless it was redacted.
    #[must_use]
    pub fn plain(&self) -> Option<&str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::Redacted { .. } => None,
        }
    }

    /// Whether this is the empty string.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Plain(text) => text.is_empty(),
            Self::Redacted { length } => *length == 0,
        }
    }
}
