//! The path of the route that hands requests to a server: composed of what stands around the call, and of the routers that
//! are registered on each other, through files.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::frameworks::{Frameworks, by_module, by_server};
use super::react_router;
use super::requests::Requests;
use crate::facts::FileFacts;
use crate::facts::lower::{
    FOR_ROUTES, GLOBAL_PREFIX, HTTP_METHODS, ROUTING_METHODS, member_name, paths_of, property_of, shown_name,
};
use crate::facts::module::{
    self, Binding, Call, Element, Export, Expr, Function, Guard, Import, Imported, Kind, MODULE_SCOPE, Module, Mounting,
    Operator, Property, ScopeId, Source, Surrounding, Text,
};
use crate::knowledge::frameworks::Framework;
use crate::project::eval::{Evaluator, Home, MAX_SEARCHED, Shared, User};
use crate::project::files::Files;
use crate::project::render;
use crate::project::resolve::{Resolved, Resolver};
use crate::project::value::{self, CallValue, External, Node, Object, Unknown, Value};
use crate::source::{Site, Span};

/// The path of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// The whole path.
    Whole(String),
    /// The end of the path; what comes before it is not known.
    End(String, Unknown),
    /// Every request is handed over: the server's own base path decides.
    Any,
    /// It is not known.
    Unknown(Unknown),
}

impl Route {
    /// Whether as much is known of another one, whatever keeps the rest from being known.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) | (Self::End(one, _), Self::End(other, _)) => one == other,
            (Self::Any, Self::Any) | (Self::Unknown(_), Self::Unknown(_)) => true,
            _ => false,
        }
    }
}

/// A route, and what it is told by.
#[derive(Debug, Clone)]
pub(super) struct Composed {
    /// The path.
    pub(super) route: Route,
    /// The framework whose router has the route.
    pub(super) framework: Option<&'static Framework>,
    /// What is taken off before the request is handed over.
    pub(super) takes_off: TakesOff,
    /// Its file says the path.
    pub(super) is_of_file: bool,
    /// Where the request is handed over: the handler itself, or what brings it to the route by its name.
    pub(super) at: Site,
}

/// What of the path of a request is taken off before it is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TakesOff {
    /// Nothing.
    Nothing,
    /// The path of the route.
    Path,
    /// It is not known.
    Untold,
}

/// Most routers that are followed on the way to the root.
const MAX_DEPTH: u32 = 12;

/// Most routes of one place.
const MAX_ROUTES: usize = 16;

/// Methods that put a handler below a path that they take off (Hono, Elysia), and the module with a function that does.
const CUTTING: &str = "mount";
const CUTTING_MODULE: &str = "hono/mount";

/// Methods that may be given methods of requests beside a path (Hono, Koa, Effect).
const TAKING_METHODS: [&str; 3] = ["add", "on", "route"];

/// Methods that add a router to another one (Hono, Express, Fastify).
const ADDING_METHODS: [&str; 3] = ["register", "route", "use"];

/// The option by which it is not taken off (Hono: `mount()`).
const REPLACING: &str = "replaceRequest";

/// The package with the decorators of NestJS.
const NEST: &str = "@nestjs/common";

/// The method of middleware that is given requests, and that by which it is applied (NestJS: "Middleware").
const USE: &str = "use";
const APPLY: &str = "apply";

/// The method that adds a listener to what tells of events.
const LISTENING: &str = "on";

/// Composes routes.
pub(super) struct Composer<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) resolver: &'a Resolver,
    pub(super) evaluator: &'a Evaluator<'a>,
    pub(super) frameworks: &'a Frameworks<'a>,
    pub(super) shared: &'a Shared,
    /// The files in which a global prefix may be set.
    pub(super) paths: &'a BTreeSet<Arc<str>>,
    pub(super) depth: Cell<u32>,
}

/// What is known of a path so far, from its end on.
#[derive(Debug, Clone)]
struct Tail {
    /// Where the request is handed over.
    at: Site,
    path: String,
    framework: Option<&'static Framework>,
    takes_off: TakesOff,
    is_of_file: bool,
    /// Nothing comes before it.
    is_whole: bool,
    /// Every request is handed over that comes so far.
    takes_all: bool,
}

/// What is looked for on the way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carried {
    /// What answers requests.
    Handler,
    /// A router that was made where it stands. Some must be part of another one.
    Router { is_part: bool },
    /// A function that adds routes to the router it is given as an argument. What adds it may tell it a prefix of its own.
    Plugin { index: u32, has_prefix: bool },
}

/// A place in a file, and what is around it.
#[derive(Clone, Copy)]
struct Spot<'s> {
    file: &'s Arc<str>,
    scope: ScopeId,
    span: Span,
    around: &'s [Surrounding],
}

/// What a listener is told of.
enum Event {
    /// Every request.
    Request,
    /// Something else.
    Other,
}

/// What an expression says of a path.
enum Paths {
    /// It is no path.
    None,
    /// One of these.
    Known(Vec<String>),
    /// A path that is not known.
    Open(Unknown),
}

impl Tail {
    /// Nothing but where the request is handed over.
    fn of(at: Site) -> Self {
        let (path, takes_off) = (String::new(), TakesOff::Nothing);
        Self { at, path, framework: None, takes_off, is_of_file: false, is_whole: false, takes_all: false }
    }

    /// The same below the path of a file.
    fn below_file(&self, route: &str) -> Self {
        Self { is_of_file: true, ..self.below(route) }
    }

    /// The same below a prefix.
    fn below(&self, prefix: &str) -> Self {
        match self.is_whole {
            true => self.clone(),
            false => Self { path: joined(prefix, &self.path), ..self.clone() },
        }
    }

    /// What comes before is not known.
    fn open(self, why: Unknown) -> Composed {
        let path = self.path.clone();
        let route = match path.is_empty() {
            _ if self.is_whole => Route::Whole(path),
            true => Route::Unknown(why),
            false => Route::End(path, why),
        };
        self.composed(route)
    }

    /// Nothing comes before.
    fn end(self) -> Composed {
        let route = if self.path.is_empty() { Route::Any } else { Route::Whole(self.path.clone()) };
        self.composed(route)
    }

    fn composed(self, route: Route) -> Composed {
        let Self { at, framework, takes_off, is_of_file, .. } = self;
        Composed { route, framework, takes_off, is_of_file, at }
    }
}

impl Composer<'_> {
    /// The routes of a mount. `by_file` is what its file is a route for, and `is_integration` tells that it takes what comes
    /// below the base path by itself.
    pub(super) fn routes(
        &self,
        file: &Arc<str>,
        mount: &module::Mount,
        by_file: Option<&str>,
        is_integration: bool,
    ) -> Vec<Composed> {
        let spot = Spot { file, scope: mount.scope, span: mount.span, around: &mount.around };
        let mut found = Vec::new();
        self.depth.set(0);
        let tail = Tail { takes_all: is_integration, ..Tail::of(Site::new(file, mount.span)) };
        self.from(spot, &mount.guards, tail, by_file, &mut found);
        found.truncate(MAX_ROUTES);
        found
    }

    /// Goes out from a place that is given a request.
    fn from(&self, spot: Spot<'_>, guards: &[Guard], tail: Tail, by_file: Option<&str>, found: &mut Vec<Composed>) {
        let compared = self.compared_with(spot, guards, &tail).filter(|_| !tail.is_whole);
        for tail in compared.unwrap_or_else(|| vec![tail]) {
            self.climb(spot, Carried::Handler, tail, by_file, found);
        }
    }

    /// Goes out from a place through what is around it.
    fn climb(&self, spot: Spot<'_>, carried: Carried, tail: Tail, by_file: Option<&str>, found: &mut Vec<Composed>) {
        let (mut spot, mut tail) = (spot, tail);
        // A function was given a path beside the handler: `route("/path", handler)`.
        let mut is_given_path = false;
        for (index, surrounding) in spot.around.iter().enumerate() {
            let outer = Spot { around: &spot.around[index + 1..], ..spot };
            match surrounding {
                // What stands around a function sees none of its names.
                Surrounding::Function(scope) => spot.scope = self.scope_around(spot.file, *scope),
                Surrounding::Property { key, paths } if carried == Carried::Handler => {
                    match paths.iter().map(|path| self.paths(spot, path)).find(|paths| !matches!(paths, Paths::None)) {
                        Some(paths) => {
                            return self.each(paths, tail, found, &|tail, found| {
                                self.climb(outer, carried, tail, by_file, found);
                            });
                        }
                        None => match self.paths(spot, key) {
                            Paths::Known(keys) if keys.iter().all(|key| key.starts_with('/')) => tail = tail.below(&keys[0]),
                            Paths::Known(keys) if keys == ["fetch"] => tail.takes_all = true,
                            _ => {}
                        },
                    }
                }
                Surrounding::Property { .. } => {}
                Surrounding::Argument(expr) => {
                    let Kind::Call(call) = &expr.kind else { continue };
                    let holds = |argument: &Element| encloses(argument.value.span, spot.span);
                    let Some(position) = call.arguments.iter().position(holds) else { continue };
                    if let Some(framework) = self.serving(spot, call) {
                        tail.framework = tail.framework.or(framework);
                        return found.push(tail.end());
                    }
                    if carried == Carried::Handler && self.is_of(spot, call, CUTTING_MODULE) {
                        tail.takes_off = self.taken_off(spot, call, position);
                        continue;
                    }
                    if carried == Carried::Handler && self.applied(spot, expr, &tail, found) {
                        return;
                    }
                    // The routes of its plugins are those of what they are added to.
                    if self.is_of(spot, call, "fastify-plugin")
                        && let Carried::Plugin { index, .. } = carried
                    {
                        let carried = Carried::Plugin { index, has_prefix: false };
                        return self.climb(outer, carried, tail, by_file, found);
                    }
                    match &call.callee.kind {
                        Kind::Member(_, method) if ROUTING_METHODS.contains(&method.as_str()) => {
                            match self.event(spot, call, position) {
                                None => return self.step(outer, call, position, carried, tail, found),
                                Some(Event::Request) => return found.push(tail.end()),
                                Some(Event::Other) => {}
                            }
                        }
                        callee if carried == Carried::Handler => {
                            // `createFileRoute("/path")({ … })`, and what is given a path together with a handler.
                            let before: &[Element] = match callee {
                                Kind::Call(maker) => &maker.arguments,
                                _ => &call.arguments[..position],
                            };
                            let whole = |expr: &Expr| match self.paths(spot, expr) {
                                Paths::Known(paths) => paths.into_iter().find(|path| path.starts_with('/')),
                                _ => None,
                            };
                            let path = before.iter().find_map(|argument| whole(&argument.value));
                            let in_options = || self.options_beside(spot, call, position).iter().find_map(whole);
                            if let Some(path) = path.or_else(in_options) {
                                // What it makes may be given to another one, with a path to put before: `prefix("/path", [route])`.
                                tail.is_whole &= !is_given_path;
                                tail = tail.below(&path);
                                match callee {
                                    Kind::Member(receiver, _) => return self.receiver(outer, receiver, tail, found),
                                    _ => (tail.is_whole, is_given_path) = (true, true),
                                }
                            }
                        }
                        _ => {}
                    }
                }
                Surrounding::Bound { scope, name } => {
                    if is_given_path && self.is_list(spot.file, *scope, name) {
                        let reason = format!("what becomes of the routes in `{}` is not followed", shown_name(name));
                        let at = Site::new(spot.file, spot.span);
                        return found.push(Tail { is_whole: false, ..tail }.open(Unknown::new(reason, at)));
                    }
                    let is_route_file = carried == Carried::Handler && by_file.is_some();
                    if !tail.is_whole && !is_route_file {
                        let home = Home { file: Arc::clone(spot.file), scope: *scope, name: name.clone(), at: None };
                        let is_added = match carried {
                            Carried::Router { .. } => self.added(&home, carried, &tail, found),
                            Carried::Handler | Carried::Plugin { .. } => self.registered(&home, carried, &tail, found),
                        };
                        let middleware = || self.declared_with(spot.file, *scope).filter(|_| *name == member_name(USE));
                        let is_added = is_added
                            || carried == Carried::Handler
                                && middleware().is_some_and(|class| self.registered(&class, carried, &tail, found));
                        if is_added {
                            return;
                        }
                        if matches!(carried, Carried::Router { .. })
                            && let Some(why) = self.may_be_added(&home, spot.span)
                        {
                            return found.push(tail.open(why));
                        }
                    }
                }
                Surrounding::Decorated(calls) if carried == Carried::Handler => {
                    for call in calls {
                        match self.decorated(spot, call) {
                            Some((_, Paths::None)) | None => {}
                            Some((is_controller, paths)) => {
                                return self.each(paths, tail, found, &|tail, found| match is_controller {
                                    true => self.below_global_prefix(spot, tail, found),
                                    false => self.climb(outer, carried, tail, by_file, found),
                                });
                            }
                        }
                    }
                }
                Surrounding::Decorated(_) => {}
            }
        }
        self.top(spot, carried, tail, by_file, found);
    }

    /// Whether a name is bound to a list that is written out.
    fn is_list(&self, file: &str, scope: ScopeId, name: &str) -> bool {
        let facts = self.files.facts(file);
        let scope = facts.as_deref().and_then(FileFacts::module).and_then(|module| module.scopes.get(scope as usize));
        let is_it = |binding: &Binding| {
            binding.name == name && matches!(&binding.source, Source::Value(Expr { kind: Kind::Array(_), .. }))
        };
        scope.is_some_and(|scope| scope.bindings.iter().any(is_it))
    }

    /// The paths in the options that a function of a package is given beside a handler: `enhance(handler, { path })`.
    fn options_beside(&self, spot: Spot<'_>, call: &Call, position: usize) -> Vec<Expr> {
        let is_handler = match &call.arguments[position].value.kind {
            Kind::Function(_) | Kind::Name(_) => true,
            // What makes a handler, and not what one has answered.
            Kind::Call(maker) => matches!(&maker.callee.kind, Kind::Name(_)) && call.arguments[position].value.span == spot.span,
            _ => false,
        };
        if !is_handler || !matches!(self.eval(spot, &call.callee).value, Value::External(_)) {
            return Vec::new();
        }
        let options = call.arguments.iter().filter_map(|argument| match &argument.value.kind {
            Kind::Object(properties) => Some(paths_of(properties)),
            _ => None,
        });
        options.flatten().collect()
    }

    /// The scope in which the function of a scope is made.
    fn scope_around(&self, file: &str, scope: ScopeId) -> ScopeId {
        let facts = self.files.facts(file);
        let module = facts.as_deref().and_then(FileFacts::module);
        module.and_then(|module| module.scopes.get(scope as usize)?.parent).unwrap_or(MODULE_SCOPE)
    }

    /// At the top of a file.
    fn top(&self, spot: Spot<'_>, carried: Carried, tail: Tail, by_file: Option<&str>, found: &mut Vec<Composed>) {
        let here = || Site::new(spot.file, spot.span);
        let composed = match carried {
            _ if tail.is_whole => tail.end(),
            Carried::Handler if tail.takes_all => tail.end(),
            Carried::Handler => match by_file {
                Some(route) => tail.below_file(route).end(),
                None => match react_router::routes_of(self.files, self.evaluator, spot.file) {
                    Some(Ok(routes)) => {
                        let tail = Tail { framework: by_module(react_router::MODULE), ..tail };
                        return found.extend(routes.iter().map(|route| tail.below(route).end()));
                    }
                    Some(Err(why)) => tail.open(why),
                    None if self.called(spot, &tail, found) => return,
                    None => tail.open(Unknown::new("what calls it is not followed", here())),
                },
            },
            Carried::Router { is_part: false } => tail.end(),
            Carried::Router { is_part: true } => tail.open(Unknown::new("what its router is part of is not followed", here())),
            Carried::Plugin { .. } => tail.open(Unknown::new("what gives it its router is not followed", here())),
        };
        found.push(composed);
    }

    /// Goes on from wherever something calls, or is given, a function around a place that hands requests on, whose calls the
    /// facts of files leave out: a method of an object or a class, or a function with a name of its own. False where that is
    /// nowhere.
    fn called(&self, spot: Spot<'_>, tail: &Tail, found: &mut Vec<Composed>) -> bool {
        if self.depth.get() >= MAX_DEPTH {
            return false;
        }
        let named = spot.around.windows(2).filter_map(|pair| match pair {
            [Surrounding::Function(scope), Surrounding::Bound { name, .. }] => {
                Some((*scope, property_of(name).unwrap_or_else(|| shown_name(name))))
            }
            [Surrounding::Function(scope), Surrounding::Property { key: Expr { kind: Kind::Text(name), .. }, .. }] => {
                Some((*scope, name.plain()?))
            }
            _ => None,
        });
        let home = Home { file: Arc::clone(spot.file), scope: MODULE_SCOPE, name: String::new(), at: None };
        let files = self.files_around(&home);
        named.into_iter().any(|function| self.called_in(&files, spot.file, function, tail, found))
    }

    /// The same for one function of a file, by its scope and its name, in some files.
    fn called_in(
        &self,
        files: &[Arc<str>],
        home: &str,
        (scope, name): (ScopeId, &str),
        tail: &Tail,
        found: &mut Vec<Composed>,
    ) -> bool {
        let requests = Requests { files: self.files, evaluator: self.evaluator };
        let mut is_found = false;
        for file in files.iter().take(MAX_SEARCHED) {
            let whole = self.evaluator.with_all_calls(file);
            let Some(module) = whole.as_deref().and_then(FileFacts::module) else { continue };
            let is_named = |expr: &Expr| match &expr.kind {
                Kind::Name(local) => {
                    let is_it = |import: &Import| import.local == *local && import.name == Imported::Named(name.to_owned());
                    local == name || module.imports.iter().any(is_it)
                }
                Kind::Member(_, member) => member == name,
                _ => false,
            };
            for routing in &module.routings {
                let Kind::Call(call) = &routing.expr.kind else { continue };
                let is_it =
                    |expr: &Expr| is_named(expr) && self.evaluator.is_ever(file, routing.scope, expr, (home, scope), self.shared);
                let spot = Spot { file, scope: routing.scope, span: routing.expr.span, around: &routing.around };
                let is_own = |request: &Element| requests.are_own(file, routing.scope, &request.value);
                // What is given nothing is given no request.
                if is_it(&call.callee) {
                    if call.arguments.first().is_some_and(|request| !is_own(request)) {
                        is_found = true;
                        self.handed_on(spot, &routing.guards, module, tail, found);
                    }
                    continue;
                }
                let Kind::Member(_, method) = &call.callee.kind else { continue };
                let given = |argument: &Element| is_it(unbound(&argument.value));
                if ROUTING_METHODS.contains(&method.as_str())
                    && let Some(position) = call.arguments.iter().position(given)
                {
                    is_found = true;
                    let tail = Tail { at: Site::new(file, routing.expr.span), ..tail.clone() };
                    self.step(spot, call, position, Carried::Handler, tail, found);
                }
            }
        }
        is_found
    }

    /// Goes on below each of several paths.
    fn each(&self, paths: Paths, tail: Tail, found: &mut Vec<Composed>, go_on: &dyn Fn(Tail, &mut Vec<Composed>)) {
        match paths {
            Paths::None => go_on(tail, found),
            Paths::Known(paths) => paths.iter().for_each(|path| go_on(tail.below(path), found)),
            Paths::Open(why) if !tail.is_whole => found.push(tail.open(why)),
            Paths::Open(_) => go_on(tail, found),
        }
    }

    /// What a call listens to that is given a listener at a position (Node.js: "Events"); `None` for another call. Routers
    /// are given methods and paths before a handler.
    fn event(&self, spot: Spot<'_>, call: &Call, position: usize) -> Option<Event> {
        match (&call.callee.kind, &call.arguments[..position]) {
            (Kind::Member(_, method), [event]) if method == LISTENING => {
                let is_request = matches!(self.eval(spot, &event.value).text(&[]), Some("request"));
                Some(if is_request { Event::Request } else { Event::Other })
            }
            _ => None,
        }
    }

    /// A call of a router's method that is given what is carried, at a position among its arguments.
    fn step(&self, spot: Spot<'_>, call: &Call, position: usize, carried: Carried, tail: Tail, found: &mut Vec<Composed>) {
        let Kind::Member(receiver, method) = &call.callee.kind else { return };
        let given = &call.arguments[..position];
        let paths = match (method.as_str(), carried) {
            ("register", Carried::Plugin { has_prefix: false, .. }) => Paths::None,
            ("register", _) => match call.arguments.get(position + 1) {
                Some(options) => self.prefix_in(spot, &options.value),
                None => Paths::None,
            },
            (method, _) if TAKING_METHODS.contains(&method) && given.len() > 1 => self.path_beside_methods(spot, given),
            _ => match given.first() {
                Some(first) if method == "use" => match self.eval(spot, &first.value) {
                    // What else it may be given runs before.
                    Node { value: Value::Call(_) | Value::External(_) | Value::Function(_), .. } => Paths::None,
                    _ => self.paths(spot, &first.value),
                },
                Some(first) => match (self.paths(spot, &first.value), self.eval(spot, &first.value)) {
                    (Paths::None, node) => node.why_unknown().map_or(Paths::None, Paths::Open),
                    (paths, _) => paths,
                },
                None => Paths::None,
            },
        };
        let is_cut = method == CUTTING && carried == Carried::Handler && !given.is_empty();
        let takes_off = if is_cut { self.taken_off(spot, call, position) } else { tail.takes_off };
        let tail = Tail { takes_off, ..tail };
        self.each(paths, tail, found, &|tail, found| self.receiver(spot, receiver, tail, found));
    }

    /// The path that a router is given along with methods: most take these first.
    fn path_beside_methods(&self, spot: Spot<'_>, given: &[Element]) -> Paths {
        let is_path = |paths: &Paths| matches!(paths, Paths::Known(paths) if paths.iter().all(|path| path.starts_with('/')));
        match self.paths(spot, &given[0].value) {
            first if is_path(&first) => first,
            _ => self.paths(spot, &given[1].value),
        }
    }

    /// What is taken off by a call that is given a handler at a position, with its options behind.
    fn taken_off(&self, spot: Spot<'_>, call: &Call, position: usize) -> TakesOff {
        let Some(options) = call.arguments.get(position + 1) else { return TakesOff::Path };
        let options = self.eval(spot, &options.value);
        match &options.value {
            Value::Function(_) => TakesOff::Path,
            Value::Object(_) => match self.evaluator.property(&options, REPLACING, &options.at).value {
                Value::Undefined => TakesOff::Path,
                Value::Bool(false) => TakesOff::Nothing,
                _ => TakesOff::Untold,
            },
            _ => TakesOff::Untold,
        }
    }

    /// Goes on with the router that a route, or another router, is added to.
    fn receiver(&self, spot: Spot<'_>, receiver: &Expr, tail: Tail, found: &mut Vec<Composed>) {
        let site = Site::new(spot.file, receiver.span);
        if self.depth.get() > MAX_DEPTH || found.len() >= MAX_ROUTES {
            return found.push(tail.open(Unknown::new("there are more routers than are followed", site)));
        }
        self.depth.set(self.depth.get() + 1);
        let (root, added) = self.root(spot, receiver);
        let home = match &root.kind {
            Kind::Name(name) => self.evaluator.home(spot.file, spot.scope, name, root.span),
            _ => None,
        };
        let node = home.as_ref().and_then(|home| self.made(home)).unwrap_or_else(|| self.eval(spot, root));
        let parameter = home.as_ref().and_then(|home| self.parameter(home));
        let own = match &node.value {
            Value::Call(call) => self.prefix_of(call),
            _ => Paths::Known(vec![String::new()]),
        };
        let mut tail = tail;
        if let Value::Call(call) = &node.value {
            tail.framework = tail.framework.or_else(|| by_module(&call.first().callee.module));
        }
        let go_on = |tail: Tail, found: &mut Vec<Composed>| match (&root.kind, &home, parameter) {
            (_, Some(home), Some(index)) => {
                let of_it = |one: &Surrounding| *one == Surrounding::Function(home.scope);
                match spot.around.iter().position(of_it).filter(|_| home.file == *spot.file) {
                    Some(function) => {
                        let scope = self.scope_around(spot.file, home.scope);
                        let outer = Spot { around: &spot.around[function + 1..], scope, ..spot };
                        self.climb(outer, Carried::Plugin { index, has_prefix: true }, tail, None, found);
                    }
                    None => found.push(tail.open(Unknown::new("its router is a parameter", site.clone()))),
                }
            }
            (_, Some(home), None) => {
                let is_part = matches!(&node.value, Value::Call(call) if is_part(call));
                let carried = Carried::Router { is_part };
                let is_known = self.added(home, carried, &tail, found);
                if !is_known {
                    if let Some(why) = self.may_be_added(home, receiver.span) {
                        return found.push(tail.open(why));
                    }
                    match &node.value {
                        Value::Call(_) | Value::External(_) => self.top(spot, carried, tail, None, found),
                        _ => {
                            let unknown = || Unknown::new(format!("`{}` is not followed", render::expr(root)), site.clone());
                            found.push(tail.open(node.why_unknown().unwrap_or_else(unknown)));
                        }
                    }
                }
            }
            (Kind::Name(_), None, _) => self.top(spot, Carried::Router { is_part: false }, tail, None, found),
            (Kind::Call(_), None, _) if matches!(node.value, Value::Call(_) | Value::External(_)) => {
                let is_part = matches!(&node.value, Value::Call(call) if is_part(call));
                self.climb(spot, Carried::Router { is_part }, tail, None, found);
            }
            _ => {
                let reason = format!("what `{}` is part of is not followed", render::expr(root));
                found.push(tail.open(Unknown::new(reason, site.clone())));
            }
        };
        // Those that were added last come last.
        let mut tails = vec![tail];
        for paths in added.into_iter().rev().chain([own]) {
            match paths {
                Paths::Known(paths) => {
                    tails = tails.iter().flat_map(|tail| paths.iter().map(|path| tail.below(path))).collect();
                }
                Paths::Open(why) => return found.extend(tails.into_iter().map(|tail| tail.open(why.clone()))),
                Paths::None => {}
            }
        }
        tails.into_iter().for_each(|tail| go_on(tail, found));
        self.depth.set(self.depth.get() - 1);
    }

    /// The expression that a chain of a router's methods begins with, and what these put before the paths of what follows,
    /// in order.
    fn root<'e>(&self, spot: Spot<'_>, receiver: &'e Expr) -> (&'e Expr, Vec<Paths>) {
        let mut added = Vec::new();
        let mut root = receiver;
        while let Kind::Call(call) = &root.kind {
            let Kind::Member(of, method) = &call.callee.kind else { break };
            let is_maker = call.new
                || matches!(of.kind, Kind::Name(_)) && matches!(self.eval(spot, of).value, Value::External(_) | Value::Object(_));
            if is_maker {
                break;
            }
            match (method.as_str(), call.arguments.as_slice()) {
                ("basePath", [path]) | ("route", [path]) => added.push(self.paths(spot, &path.value)),
                _ => {}
            }
            root = of;
        }
        added.reverse();
        (root, added)
    }

    /// What a router puts before the paths of its routes.
    fn prefix_of(&self, call: &CallValue) -> Paths {
        let first = call.first();
        let mut calls: Vec<&CallValue> = std::iter::successors(Some(call), |call| call.receiver.as_deref()).collect();
        calls.reverse();
        let option = first.arguments.first().map(|options| match &options.value {
            Value::Object(object) => match said(&self.evaluator.property(options, "prefix", &options.at)) {
                Paths::None if by_module(&first.callee.module).is_none() => path_among(object),
                prefix if first.new => prefix,
                _ => Paths::None,
            },
            _ => Paths::None,
        });
        let methods = calls.iter().filter(|call| last_name(call) == "basePath");
        let prefixes = option.into_iter().chain(methods.filter_map(|call| Some(said(call.arguments.first()?))));
        let mut whole = vec![String::new()];
        for prefix in prefixes {
            match prefix {
                Paths::None => {}
                Paths::Known(paths) => {
                    whole = whole.iter().flat_map(|before| paths.iter().map(|path| joined(before, path))).collect();
                }
                open @ Paths::Open(_) => return open,
            }
        }
        Paths::Known(whole)
    }

    /// The prefix among the options that a plugin is registered with.
    fn prefix_in(&self, spot: Spot<'_>, options: &Expr) -> Paths {
        let options = self.eval(spot, options);
        match &options.value {
            Value::Object(_) => said(&self.evaluator.property(&options, "prefix", &options.at)),
            Value::Function(_) => Paths::Open(Unknown::new("a function gives the options it is registered with", options.at)),
            _ => options.why_unknown().map_or(Paths::None, Paths::Open),
        }
    }

    /// Goes on from wherever something with a name is added to a router; false where that is nowhere.
    fn registered(&self, home: &Home, carried: Carried, tail: &Tail, found: &mut Vec<Composed>) -> bool {
        let mut is_found = false;
        for file in self.files_around(home) {
            let Some(facts) = self.files.facts(&file) else { continue };
            let Some(module) = facts.module() else { continue };
            for routing in &module.routings {
                let Kind::Call(call) = &routing.expr.kind else { continue };
                let spot = Spot { file: &file, scope: routing.scope, span: routing.expr.span, around: &routing.around };
                match &call.callee.kind {
                    Kind::Member(receiver, method) if ROUTING_METHODS.contains(&method.as_str()) => {
                        for (position, argument) in call.arguments.iter().enumerate() {
                            let Some(beside) = self.mentioned(spot, &argument.value, carried, home, module) else { continue };
                            // Nothing is added to itself: something else is made of it.
                            if self.mentioned(spot, self.root(spot, receiver).0, carried, home, module).is_some() {
                                continue;
                            }
                            match self.event(spot, call, position) {
                                None => {}
                                Some(Event::Request) => {
                                    is_found = true;
                                    found.push(tail.clone().end());
                                    continue;
                                }
                                Some(Event::Other) => continue,
                            }
                            is_found = true;
                            let paths = beside.first().map_or(Paths::None, |path| self.paths(spot, path));
                            let tail = match carried {
                                Carried::Handler => Tail { at: Site::new(&file, routing.expr.span), ..tail.clone() },
                                Carried::Router { .. } | Carried::Plugin { .. } => tail.clone(),
                            };
                            self.each(paths, tail, found, &|tail, found| {
                                self.step(spot, call, position, carried, tail, found);
                            });
                        }
                    }
                    Kind::Member(applied, method) if method == FOR_ROUTES && carried == Carried::Handler => {
                        let is_it = |one: &Element| self.mentioned(spot, &one.value, carried, home, module).is_some();
                        if applying(applied).is_some_and(|apply| apply.arguments.iter().any(is_it)) {
                            is_found = true;
                            self.for_routes(spot, call, tail, found);
                        }
                    }
                    Kind::Member(handlers, method) if HTTP_METHODS.contains(&method.as_str()) => {
                        let is_it = || self.mentioned(spot, handlers, carried, home, module).is_some();
                        if carried == Carried::Handler && self.depth.get() < MAX_DEPTH && is_it() {
                            is_found = true;
                            self.handed_on(spot, &routing.guards, module, tail, found);
                        }
                    }
                    // `import * as auth from "./auth"; auth.handlers()`.
                    Kind::Member(of, function)
                        if carried == Carried::Handler
                            && self.depth.get() < MAX_DEPTH
                            && matches!(&of.kind, Kind::Name(name) if self.is_member_of_module(spot, name, function, home, module)) =>
                    {
                        is_found = true;
                        self.handed_on(spot, &routing.guards, module, tail, found);
                    }
                    Kind::Name(function) => {
                        let called = self.evaluator.home(&file, routing.scope, function, call.callee.span);
                        let is_method = |called: &Home| carried == Carried::Handler && self.is_method_of(called, home);
                        if !called.is_some_and(|called| called.is(home) || is_method(&called)) {
                            continue;
                        }
                        match carried {
                            Carried::Plugin { index, .. } => {
                                let Some(router) = call.arguments.get(index as usize) else { continue };
                                is_found = true;
                                self.receiver(spot, &router.value, tail.clone(), found);
                            }
                            Carried::Handler if self.depth.get() < MAX_DEPTH => {
                                is_found = true;
                                self.handed_on(spot, &routing.guards, module, tail, found);
                            }
                            Carried::Handler | Carried::Router { .. } => {}
                        }
                    }
                    _ => {}
                }
            }
            if carried == Carried::Handler && self.depth.get() < MAX_DEPTH {
                for mount in &module.mounts {
                    let spot = Spot { file: &file, scope: mount.scope, span: mount.span, around: &mount.around };
                    let is_it = |expr: &Expr| self.mentioned(spot, expr, carried, home, module).is_some();
                    // An object with a handler of its own may stand for the instance.
                    let requests = Requests { files: self.files, evaluator: self.evaluator };
                    let is_own = |request: &Expr| requests.are_own(&file, mount.scope, request);
                    let is_given = match &mount.by {
                        Mounting::Call(call) => call.arguments.iter().any(|argument| is_it(&argument.value)),
                        Mounting::Handler { of, request } => is_it(of) && !request.as_ref().is_some_and(is_own),
                    };
                    if is_given {
                        is_found = true;
                        self.handed_on(spot, &mount.guards, module, tail, found);
                    }
                }
                if file != home.file
                    && let (framework, Some(route)) = self.frameworks.of_file(&file, module)
                    && let Some(span) = self.exported(&file, module, home)
                {
                    is_found = true;
                    let (at, framework) = (Site::new(&file, span), tail.framework.or(framework));
                    found.push(Tail { at, framework, ..tail.below_file(&route) }.end());
                }
            }
        }
        is_found
    }

    /// Goes on from middleware that is applied where it is written, by the call that does; whether it is one.
    fn applied(&self, spot: Spot<'_>, apply: &Expr, tail: &Tail, found: &mut Vec<Composed>) -> bool {
        let facts = self.files.facts(spot.file);
        let routings = facts.as_deref().and_then(FileFacts::module).map(|module| module.routings.as_slice()).unwrap_or_default();
        let of_it = routings.iter().find_map(|routing| match &routing.expr.kind {
            Kind::Call(call) => match &call.callee.kind {
                Kind::Member(applied, method) => {
                    let is_it = method == FOR_ROUTES && applying(applied).is_some() && encloses(applied.span, apply.span);
                    is_it.then_some((routing, call))
                }
                _ => None,
            },
            _ => None,
        });
        let Some((routing, call)) = of_it else { return false };
        self.for_routes(Spot { scope: routing.scope, ..spot }, call, tail, found);
        true
    }

    /// Goes on below the paths that middleware is for.
    fn for_routes(&self, spot: Spot<'_>, call: &Call, tail: &Tail, found: &mut Vec<Composed>) {
        for argument in &call.arguments {
            let node = self.eval(spot, &argument.value);
            let said = match &node.value {
                Value::Object(_) => said(&self.evaluator.property(&node, "path", &node.at)),
                _ => said(&node),
            };
            match said {
                Paths::Known(paths) => {
                    paths.iter().for_each(|path| self.below_global_prefix(spot, tail.below(path), found));
                }
                Paths::Open(why) => found.push(tail.clone().open(why)),
                Paths::None => {
                    let why = Unknown::new("the routes of the controllers it is for are not followed", node.at);
                    found.push(tail.clone().open(why));
                }
            }
        }
    }

    /// The name in a module of the function or the class whose scope this is.
    fn declared_with(&self, file: &Arc<str>, scope: ScopeId) -> Option<Home> {
        let facts = self.files.facts(file)?;
        let top = facts.module()?.scopes.get(MODULE_SCOPE as usize)?;
        let is_it = |binding: &&Binding| matches!(&binding.source, Source::Value(Expr { kind: Kind::Function(function), .. }) if function.scope == scope);
        let name = top.bindings.iter().find(is_it)?.name.clone();
        Some(Home { file: Arc::clone(file), scope: MODULE_SCOPE, name, at: None })
    }

    /// Goes on from wherever a router is added to another one, by this name, by those of what its methods give back, or by the
    /// function that makes it; false where that is nowhere.
    fn added(&self, home: &Home, carried: Carried, tail: &Tail, found: &mut Vec<Composed>) -> bool {
        if self.depth.get() > MAX_DEPTH {
            return false;
        }
        self.depth.set(self.depth.get() + 1);
        let mut is_found = self.registered(home, carried, tail, found) || self.given_back(home, carried, tail, found);
        for name in self.names_beside(home) {
            is_found |= self.added(&name, carried, tail, found);
        }
        self.depth.set(self.depth.get() - 1);
        is_found
    }

    /// The other names of a router in the scope that binds it: `const routes = router.get(…)`.
    fn names_beside(&self, home: &Home) -> Vec<Home> {
        let facts = self.files.facts(&home.file);
        let scopes = facts.as_deref().and_then(FileFacts::module).map(|module| module.scopes.as_slice()).unwrap_or_default();
        let bindings = scopes.get(home.scope as usize).map(|scope| scope.bindings.as_slice()).unwrap_or_default();
        let is_of_it = |binding: &&Binding| {
            let Source::Value(value) = &binding.source else { return false };
            let spot = Spot { file: &home.file, scope: home.scope, span: value.span, around: &[] };
            let (root, _) = self.root(spot, value);
            binding.name != home.name && matches!(&root.kind, Kind::Name(name) if *name == home.name)
        };
        let named = bindings.iter().filter(is_of_it);
        let home_of = |binding: &Binding| Home { name: binding.name.clone(), at: Some(binding.span.start), ..home.clone() };
        named.map(home_of).collect()
    }

    /// Goes on from wherever a router is added to another one by the function that makes it and gives it back; false where
    /// there is no such function, or nothing of that kind becomes of its result. What nobody calls makes nothing.
    fn given_back(&self, home: &Home, carried: Carried, tail: &Tail, found: &mut Vec<Composed>) -> bool {
        let Some(maker) = self.maker_of(home) else { return false };
        if self.evaluator.is_unused(&maker.file, &maker.name) {
            return true;
        }
        if self.depth.get() > MAX_DEPTH {
            return false;
        }
        self.depth.set(self.depth.get() + 1);
        let mut is_found = self.registered(&maker, carried, tail, found);
        for made in self.results_of(&maker) {
            is_found |= self.added(&made, carried, tail, found);
        }
        self.depth.set(self.depth.get() - 1);
        is_found
    }

    /// The function of a module that gives back what one of its names stands for.
    fn maker_of(&self, home: &Home) -> Option<Home> {
        let facts = self.files.facts(&home.file)?;
        let module = facts.module()?;
        let scope = module.scopes.get(home.scope as usize)?;
        let is_it = |value: &Expr| matches!(&value.kind, Kind::Name(name) if *name == home.name);
        let gives_it = scope.returns.iter().any(|end| end.value.as_ref().is_some_and(is_it));
        if !gives_it || scope.parent != Some(MODULE_SCOPE) {
            return None;
        }
        self.declared_with(&home.file, home.scope)
    }

    /// The names that results of a function are bound to.
    fn results_of(&self, function: &Home) -> Vec<Home> {
        let mut results = Vec::new();
        for file in self.files_around(function) {
            let facts = self.files.facts(&file);
            let Some(module) = facts.as_deref().and_then(FileFacts::module) else { continue };
            let is_called = |scope: ScopeId, call: &Call| match &call.callee.kind {
                Kind::Name(name) => self.evaluator.home(&file, scope, name, call.callee.span).is_some_and(|own| own.is(function)),
                _ => false,
            };
            for (scope, data) in (MODULE_SCOPE..).zip(&module.scopes) {
                let bound = data.bindings.iter().filter(|binding| matches!(&binding.source, Source::Value(Expr { kind: Kind::Call(call), .. }) if is_called(scope, call)));
                results.extend(bound.map(|binding| {
                    let at = (scope != MODULE_SCOPE).then_some(binding.span.start);
                    Home { file: Arc::clone(&file), scope, name: binding.name.clone(), at }
                }));
            }
        }
        results
    }

    /// Goes on from a place to which a handler is brought by its name.
    fn handed_on(&self, spot: Spot<'_>, guards: &[Guard], module: &Module, tail: &Tail, found: &mut Vec<Composed>) {
        let (framework, by_file) = self.frameworks.of_file(spot.file, module);
        // The file of a route belongs to its framework, whatever else it is made of.
        let framework = tail.framework.or(framework.filter(|_| by_file.is_some()));
        let tail = Tail { at: Site::new(spot.file, spot.span), framework, ..tail.clone() };
        self.depth.set(self.depth.get() + 1);
        self.from(spot, guards, tail, by_file.as_deref(), found);
        self.depth.set(self.depth.get() - 1);
    }

    /// Whether a name stands for the method of a handler that takes the requests of one kind: `const { GET } = handlers`.
    fn is_method_of(&self, name: &Home, handlers: &Home) -> bool {
        match self.evaluator.bound(name) {
            Some(Source::Part { of: Expr { kind: Kind::Name(of), span }, path, .. }) => {
                let of = self.evaluator.home(&name.file, name.scope, &of, span);
                let is_method = matches!(path.as_slice(), [method] if HTTP_METHODS.contains(&method.as_str()));
                is_method && of.is_some_and(|of| of.is(handlers))
            }
            _ => false,
        }
    }

    /// Where a file exports a name of another one, or parts of what it stands for: `export const { GET, POST } = handlers`.
    fn exported(&self, file: &Arc<str>, module: &Module, home: &Home) -> Option<Span> {
        let is_it = |name: &str| self.evaluator.home(file, MODULE_SCOPE, name, Span::default()).is_some_and(|own| own.is(home));
        let top = &module.scopes[MODULE_SCOPE as usize];
        module.exports.iter().find_map(|export| match export {
            Export::From { module, imported: Imported::Named(name), .. } => {
                let (file, name) = self.evaluator.declaration(file, module, name)?;
                (file == home.file && name == home.name && home.scope == MODULE_SCOPE).then_some(Span::default())
            }
            Export::From { .. } | Export::All { .. } => None,
            Export::Local { local, .. } => match top.binding(local, None) {
                Some(Binding { source: Source::Value(expr) | Source::Part { of: expr, .. }, span, .. }) => {
                    let mut root = expr;
                    while let Kind::Member(of, _) = &root.kind {
                        root = of;
                    }
                    matches!(&root.kind, Kind::Name(name) if is_it(name)).then_some(*span)
                }
                Some(_) => None,
                None => {
                    let import = module.imports.iter().find(|import| import.local == *local)?;
                    is_it(local).then_some(import.span)
                }
            },
        })
    }

    /// The files that may use a name.
    fn files_around(&self, home: &Home) -> Vec<Arc<str>> {
        let mut files = vec![Arc::clone(&home.file)];
        if home.scope == MODULE_SCOPE {
            files.extend(self.evaluator.users(&home.file, User::Any).iter().filter(|user| **user != home.file).cloned());
        }
        files
    }

    /// Whether an argument is a name's value, or is made of it, with the paths beside it.
    fn mentioned(&self, spot: Spot<'_>, argument: &Expr, carried: Carried, home: &Home, module: &Module) -> Option<Vec<Expr>> {
        let within = |expr: &Expr| self.mentioned(spot, expr, carried, home, module);
        match &argument.kind {
            Kind::Name(name) => {
                let own = self.evaluator.home(spot.file, spot.scope, name, argument.span)?;
                let is_it = own.is(home) || self.is_one_of(spot, &own, home, module);
                is_it.then(Vec::new)
            }
            Kind::Member(of, member) => match &of.kind {
                Kind::Name(name) if self.is_member_of_module(spot, name, member, home, module) => Some(Vec::new()),
                Kind::ImportCall(name) => self.is_export(spot, name, member, home).then(Vec::new),
                _ => within(of),
            },
            // A plugin may be given as a promise of its module (Fastify: "Plugins Guide").
            Kind::ImportCall(name) => self.is_export(spot, name, "default", home).then(Vec::new),
            // What is made of a router by other means is no router.
            Kind::Call(call) => within(&call.callee).or_else(|| {
                let mut arguments = call.arguments.iter().filter(|_| carried == Carried::Handler);
                arguments.find_map(|one| within(&one.value))
            }),
            Kind::Array(elements) => elements.iter().find_map(|one| within(&one.value)),
            Kind::Object(properties) => properties.iter().find_map(|property| match property {
                Property::Keyed { value, .. } => {
                    let mut paths = within(value)?;
                    paths.extend(paths_of(properties));
                    Some(paths)
                }
                _ => None,
            }),
            _ => None,
        }
    }

    /// Whether `name.member` is what another module has under a name.
    fn is_member_of_module(&self, spot: Spot<'_>, name: &str, member: &str, home: &Home, module: &Module) -> bool {
        let mut imports = module.imports.iter();
        let import = imports.find(|import| import.local == name && import.name == Imported::Namespace);
        import.is_some_and(|import| self.is_export(spot, &import.module, member, home))
    }

    /// Whether a name is what a module exports under another one.
    fn is_export(&self, spot: Spot<'_>, module: &str, exported: &str, home: &Home) -> bool {
        let declared = self.evaluator.declaration(spot.file, module, exported);
        declared.is_some_and(|(file, name)| file == home.file && name == home.name && home.scope == MODULE_SCOPE)
    }

    /// Whether a name is that for each element of a list with another one in it: `list.forEach((each) => …)`.
    fn is_one_of(&self, spot: Spot<'_>, each: &Home, home: &Home, module: &Module) -> bool {
        if self.parameter(each) != Some(0) {
            return false;
        }
        let of_it = |one: &Surrounding| *one == Surrounding::Function(each.scope);
        let Some(function) = spot.around.iter().position(of_it) else { return false };
        let Some(Surrounding::Argument(Expr { kind: Kind::Call(call), .. })) = spot.around.get(function + 1) else {
            return false;
        };
        let Kind::Member(list, method) = &call.callee.kind else { return false };
        let listed = match &list.kind {
            Kind::Name(name) => match module.scopes[MODULE_SCOPE as usize].binding(name, None).map(|bound| &bound.source) {
                Some(Source::Value(list)) => list,
                _ => return false,
            },
            _ => list,
        };
        let Kind::Array(elements) = &listed.kind else { return false };
        let is_it = |element: &Element| match &element.value.kind {
            Kind::Name(name) => {
                let own = self.evaluator.home(spot.file, MODULE_SCOPE, name, element.value.span);
                own.is_some_and(|own| own.is(home))
            }
            _ => false,
        };
        method == "forEach" && elements.iter().any(is_it)
    }

    /// Whether a list or an object holds a name's value: what becomes of it then is not followed.
    fn is_listed(&self, home: &Home) -> bool {
        self.files_around(home).iter().any(|file| {
            let facts = self.files.facts(file);
            let Some(module) = facts.as_deref().and_then(FileFacts::module) else { return false };
            let is_it = |scope: ScopeId, expr: &Expr| match &expr.kind {
                Kind::Name(name) => self.evaluator.home(file, scope, name, expr.span).is_some_and(|own| own.is(home)),
                _ => false,
            };
            (MODULE_SCOPE..).zip(&module.scopes).any(|(id, scope)| {
                scope.bindings.iter().any(|binding| match &binding.source {
                    Source::Value(Expr { kind: Kind::Array(elements), .. }) => elements.iter().any(|one| is_it(id, &one.value)),
                    Source::Value(Expr { kind: Kind::Object(properties), .. }) => {
                        properties.iter().any(|property| matches!(property, Property::Keyed { value, .. } if is_it(id, value)))
                    }
                    _ => false,
                })
            })
        })
    }

    /// Why a router that is added to none by its name may be added to one by other means.
    fn may_be_added(&self, home: &Home, span: Span) -> Option<Unknown> {
        if self.is_listed(home) {
            let reason = format!("`{}` is in a list or an object that is not followed", home.name);
            return Some(Unknown::new(reason, Site::new(&home.file, span)));
        }
        let reason = || format!("`{}` may be among the routers that a loop adds to another one", home.name);
        self.added_by_turns(home).map(|turn| Unknown::new(reason(), turn))
    }

    /// Where all that a module has is added to a router, which a name may be among:
    /// `for (const each of Object.values(routes)) app.route("/", each)`.
    fn added_by_turns(&self, home: &Home) -> Option<Site> {
        self.files_around(home).iter().filter(|file| **file != home.file).find_map(|file| {
            let facts = self.files.facts(file);
            let module = facts.as_deref().and_then(FileFacts::module)?;
            // What packages export is none of the repository's routers.
            let is_own = |module: &str| matches!(self.resolver.resolve(self.files, file, module), Resolved::File(_));
            let has_all = module.imports.iter().any(|import| import.name == Imported::Namespace && is_own(&import.module));
            let is_any = |scope: ScopeId, expr: &Expr| {
                let Kind::Name(name) = &expr.kind else { return false };
                let bound = self.evaluator.home(file, scope, name, expr.span).and_then(|each| self.evaluator.bound(&each));
                matches!(bound, Some(Source::Opaque | Source::Parameter { .. }))
            };
            let adds = module.routings.iter().filter(|_| has_all).find(|routing| match &routing.expr.kind {
                Kind::Call(call) => {
                    matches!(&call.callee.kind, Kind::Member(_, method) if ADDING_METHODS.contains(&method.as_str()))
                        && call.arguments.iter().any(|argument| is_any(routing.scope, &argument.value))
                }
                _ => false,
            });
            adds.map(|routing| Site::new(file, routing.expr.span))
        })
    }

    /// The value a name is bound to, whatever is changed of it afterwards.
    fn made(&self, home: &Home) -> Option<Node> {
        match self.evaluator.bound(home)? {
            Source::Value(expr) => Some(self.evaluator.eval(&home.file, home.scope, &expr)),
            _ => None,
        }
    }

    /// The place of a parameter among those of its function.
    fn parameter(&self, home: &Home) -> Option<u32> {
        match self.evaluator.bound(home)? {
            Source::Parameter { index, .. } => Some(index),
            _ => None,
        }
    }

    /// The framework of a call that serves all requests; `None` where it is another call.
    fn serving(&self, spot: Spot<'_>, call: &Call) -> Option<Option<&'static Framework>> {
        let Value::External(External { module, name }) = self.eval(spot, &call.callee).value else { return None };
        if let Some(framework) = by_server(&module, &name) {
            return Some(Some(framework));
        }
        let last = name.rsplit('.').next().unwrap_or(&name);
        matches!(last, "createServer" | "serve").then(|| by_module(&module)).filter(|framework| framework.is_some())
    }

    /// Whether a call is of a function of a module.
    fn is_of(&self, spot: Spot<'_>, call: &Call, name: &str) -> bool {
        matches!(self.eval(spot, &call.callee).value, Value::External(External { module, .. }) if module == name)
    }

    /// What a decorator of NestJS says of the path, and whether it is that of a controller.
    fn decorated(&self, spot: Spot<'_>, decorator: &Expr) -> Option<(bool, Paths)> {
        let Kind::Call(call) = &decorator.kind else { return None };
        let Value::External(External { module, name }) = self.eval(spot, &call.callee).value else { return None };
        let is_controller = name == "Controller";
        if module != NEST || !is_controller && !matches!(name.as_str(), "All" | "Get" | "Post") {
            return None;
        }
        let Some(argument) = call.arguments.first() else { return Some((is_controller, Paths::Known(vec![String::new()]))) };
        let node = self.eval(spot, &argument.value);
        let paths = match &node.value {
            Value::Object(_) if self.evaluator.property(&node, "version", &node.at).value != Value::Undefined => {
                Paths::Open(Unknown::new("versions of its controller are not followed", node.at))
            }
            Value::Object(_) => match said(&self.evaluator.property(&node, "path", &node.at)) {
                Paths::None => Paths::Known(vec![String::new()]),
                paths => paths,
            },
            _ => said(&node),
        };
        Some((is_controller, paths))
    }

    /// Puts the path of a controller below what an application puts before all of them.
    fn below_global_prefix(&self, spot: Spot<'_>, tail: Tail, found: &mut Vec<Composed>) {
        let package = self.evaluator.package_of(spot.file);
        let tail = Tail { framework: by_module(NEST), ..tail };
        let mut prefixes: BTreeSet<String> = BTreeSet::new();
        for file in self.paths.iter().filter(|file| self.evaluator.package_of(file) == package) {
            let facts = self.files.facts(file);
            for routing in facts.as_deref().and_then(FileFacts::module).into_iter().flat_map(|module| &module.routings) {
                let Kind::Call(call) = &routing.expr.kind else { continue };
                if !matches!(&call.callee.kind, Kind::Member(_, method) if method == GLOBAL_PREFIX) {
                    continue;
                }
                let at = Site::new(file, routing.expr.span);
                let here = Spot { file, scope: routing.scope, span: routing.expr.span, around: &routing.around };
                match call.arguments.as_slice() {
                    [Element { value, spread: false }] => match self.paths(here, value) {
                        Paths::Known(paths) => prefixes.extend(paths),
                        _ => return found.push(tail.open(Unknown::new("the global prefix is not known", at))),
                    },
                    [Element { value, spread: false }, Element { value: options, spread: false }] => {
                        let excluded = self.eval(here, options).get(&["exclude"]).and_then(Node::texts);
                        let is_excluded = excluded.and_then(|patterns| is_excluded(&tail.path, &patterns));
                        match (is_excluded, self.paths(here, value)) {
                            (Some(true), _) => _ = prefixes.insert(String::new()),
                            (Some(false), Paths::Known(paths)) => prefixes.extend(paths),
                            _ => return found.push(tail.open(Unknown::new("the global prefix has exceptions", at))),
                        }
                    }
                    _ => return found.push(tail.open(Unknown::new("the global prefix has exceptions", at))),
                }
            }
        }
        match prefixes.len() {
            0 => found.push(tail.end()),
            _ => found.extend(prefixes.iter().map(|prefix| tail.below(prefix).end())),
        }
    }

    /// The paths that the conditions around a place compare the request with; `None` where they do nothing of the kind.
    fn compared_with(&self, spot: Spot<'_>, guards: &[Guard], tail: &Tail) -> Option<Vec<Tail>> {
        let mut paths = Vec::new();
        for guard in guards.iter().rev() {
            self.compared(spot, &guard.condition, guard.holds, &mut paths);
            if !paths.is_empty() {
                let whole = |path| Tail { path, is_whole: true, ..tail.clone() };
                return Some(paths.into_iter().map(whole).collect());
            }
        }
        None
    }

    fn compared(&self, spot: Spot<'_>, condition: &Expr, holds: bool, paths: &mut Vec<String>) {
        let mut add = |expr: &Expr| {
            if let Paths::Known(known) = self.paths(spot, expr) {
                paths.extend(known.into_iter().filter(|path| path.starts_with('/')));
            }
        };
        match &condition.kind {
            Kind::Not(inner) => self.compared(spot, inner, !holds, paths),
            Kind::Binary(Operator::Equal | Operator::NotEqual, sides) if sides.iter().any(is_name_of_route) => {}
            Kind::Binary(Operator::Equal, sides) if holds => sides.iter().for_each(add),
            Kind::Binary(Operator::NotEqual, sides) if !holds => sides.iter().for_each(add),
            Kind::Binary(Operator::And | Operator::Or, sides) => {
                sides.iter().for_each(|side| self.compared(spot, side, holds, paths));
            }
            Kind::Call(call)
                if holds
                    && matches!(&call.callee.kind, Kind::Member(of, method) if method == "startsWith" && !is_name_of_route(of)) =>
            {
                call.arguments.iter().for_each(|argument| add(&argument.value));
            }
            _ => {}
        }
    }

    fn eval(&self, spot: Spot<'_>, expr: &Expr) -> Node {
        self.evaluator.eval(spot.file, spot.scope, expr)
    }

    fn paths(&self, spot: Spot<'_>, expr: &Expr) -> Paths {
        match &expr.kind {
            Kind::Function(Function { .. }) => Paths::None,
            // What is written is known also where no steps are left.
            Kind::Text(Text::Plain(text)) => Paths::Known(vec![text.clone()]),
            _ => said(&self.eval(spot, expr)),
        }
    }
}

/// The function that is bound to an object of its own: `service.handle` of `service.handle.bind(service)`.
fn unbound(expr: &Expr) -> &Expr {
    match &expr.kind {
        Kind::Call(call) => match &call.callee.kind {
            Kind::Member(function, bind) if bind == "bind" => function,
            _ => expr,
        },
        _ => expr,
    }
}

/// Whether an expression is the name of the file of a route, whose folders need not be part of the path of a request
/// (SvelteKit: `event.route.id`).
fn is_name_of_route(expr: &Expr) -> bool {
    matches!(&expr.kind, Kind::Member(of, id) if id == "id" && matches!(&of.kind, Kind::Member(_, route) | Kind::Name(route) if route == "route"))
}

/// What a value says of a path.
fn said(node: &Node) -> Paths {
    match &node.value {
        Value::Text(Text::Plain(text)) => Paths::Known(vec![text.clone()]),
        Value::Text(Text::Redacted { .. }) => Paths::Open(Unknown::new("its path may be a credential", node.at.clone())),
        Value::Array(list) if list.open.is_empty() && !list.items.is_empty() => node.texts().map_or(Paths::None, Paths::Known),
        Value::Either(alternatives) => {
            let texts = alternatives.iter().map(|one| one.node.text(&[]).map(str::to_owned));
            match texts.collect::<Option<Vec<String>>>() {
                Some(texts) => Paths::Known(texts),
                None => Paths::Open(Unknown::new("a condition decides on the path", node.at.clone())),
            }
        }
        Value::Unknown(_) | Value::Env(_) => node.why_unknown().map_or(Paths::None, Paths::Open),
        _ => Paths::None,
    }
}

/// What options say of a path to something that is not known: `{ base: "/api" }`.
fn path_among(options: &Object) -> Paths {
    let is_path = |option: &&value::Property| option.node.text(&[]).is_some_and(|text| text.starts_with('/'));
    options.properties.iter().find(is_path).map_or(Paths::None, |option| {
        Paths::Open(Unknown::new(format!("what `{}` does to its routes is not known", option.key), option.node.at.clone()))
    })
}

/// Whether the path of a route is among those that a global prefix does not come before; `None` where that is not known
/// (NestJS: "Global path prefix", `exclude`).
fn is_excluded(path: &str, patterns: &[String]) -> Option<bool> {
    let parts = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let is_plain = |part: &String| part.chars().all(|c| c.is_alphanumeric() || "-_.~".contains(c));
    let path = parts(path);
    let mut any = false;
    for pattern in patterns {
        let pattern = parts(pattern);
        let is_star = |part: &String| part == "(.*)" || part.starts_with('*') || part.starts_with("{*");
        any |= match pattern.split_last() {
            Some((last, before)) if is_star(last) && before.iter().all(is_plain) => {
                path.len() > before.len() && path.starts_with(before)
            }
            _ if pattern.iter().all(is_plain) => path == pattern,
            _ => return None,
        };
    }
    Some(any)
}

/// The call that applies middleware: `consumer.apply(middleware).exclude("path")`.
fn applying(applied: &Expr) -> Option<&Call> {
    let Kind::Call(call) = &applied.kind else { return None };
    match &call.callee.kind {
        Kind::Member(_, method) if method == APPLY => Some(call),
        Kind::Member(of, _) => applying(of),
        _ => None,
    }
}

/// Whether a router is made only to be part of another one.
fn is_part(call: &CallValue) -> bool {
    matches!(last_name(call.first()), "Router" | "createRouter")
}

/// The last part of the name of what is called.
fn last_name(call: &CallValue) -> &str {
    call.callee.name.rsplit('.').next().unwrap_or(&call.callee.name)
}

fn encloses(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// A path below a prefix, with a slash between them and none at the end of the prefix.
fn joined(prefix: &str, path: &str) -> String {
    let parts = prefix.split('/').chain(path.split('/')).filter(|part| !part.is_empty());
    parts.fold(String::new(), |whole, part| whole + "/" + part)
}
