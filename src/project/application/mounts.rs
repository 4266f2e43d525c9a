//! Where servers are mounted.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::frameworks::{Frameworks, are_stray_hooks};
use super::requests::Requests;
use super::routes::{Composed, Composer, TakesOff};
use super::{Mount, Route, base_path};
use crate::facts::lower::{MOUNTING_FUNCTIONS, MOUNTING_METHODS, may_make_an_instance};
use crate::facts::module::{self, Call, Element, Export, Expr, Imported, Kind, Mounting, Property, Routing};
use crate::facts::signals::Signals;
use crate::finding::Open;
use crate::project::eval::{Evaluator, Shared, User};
use crate::project::files::Files;
use crate::project::link::{is_framework, role};
use crate::project::resolve::Resolver;
use crate::project::value::{External, Node, Unknown, Value};
use crate::project::{ProjectModel, Role, Server, render};
use crate::source::Site;

/// Adds their mounts to the servers of a model, and to its questions which server a mount means where nothing tells.
pub(in crate::project) fn mount(files: &dyn Files, resolver: &Resolver, evaluator: &Evaluator<'_>, model: &mut ProjectModel) {
    let mut paths: BTreeSet<Arc<str>> = BTreeSet::new();
    for server in &model.servers {
        paths.insert(Arc::clone(&server.at.file));
        paths.extend(evaluator.users(&server.at.file, User::Handling).iter().cloned());
    }
    // What mounts an instance may come from a file that passes it on.
    for (path, _) in files.candidates().iter().filter(|(_, signals)| signals.auth && signals.passes_on) {
        if passes_on_integrations(files, path) {
            paths.extend(evaluator.users(path, User::Any).iter().cloned());
        }
    }
    let marked = |signals: &Signals| signals.auth || signals.mounts;
    paths.extend(files.candidates().iter().filter(|(_, signals)| marked(signals)).map(|(path, _)| Arc::clone(path)));
    let shared = evaluator.shared(&paths);
    let frameworks = Frameworks::new(files, resolver);
    let depth = Cell::default();
    let composer = Composer { files, resolver, evaluator, frameworks: &frameworks, shared: &shared, paths: &paths, depth };
    let mut unused = Vec::new();
    for path in &paths {
        let Some(facts) = files.facts(path) else { continue };
        let Some(module) = facts.module() else { continue };
        let registered: Vec<module::Mount> = module.routings.iter().filter_map(registering).collect();
        if module.mounts.is_empty() && registered.is_empty() || are_stray_hooks(files, resolver, path) {
            continue;
        }
        let mut found = Vec::new();
        for mount in module.mounts.iter().chain(&registered) {
            evaluator.begin();
            let place = Place { files, evaluator, shared: &shared, path, mount };
            match place.instances() {
                Some(Ok(instances)) => {
                    let is_meant = |server: &Server| instances.contains(&server.at) && is_part(server, path);
                    if model.servers.iter().any(is_meant) {
                        let (_, by_file) = frameworks.of_file(path, module);
                        // To find the instance may have taken all steps.
                        evaluator.begin();
                        let routes = composer.routes(path, mount, by_file.as_deref(), place.decides_itself());
                        let (lost, routes): (Vec<_>, Vec<_>) = routes.into_iter().partition(|one| place.is_lost(one));
                        unused.extend(
                            lost.into_iter().map(|composed| (Arc::clone(path), place.name(), instances.clone(), composed)),
                        );
                        found.extend(routes.into_iter().map(|composed| (place, instances.clone(), composed)));
                    }
                }
                Some(Err(why)) => may_mount(place, why, model),
                None => {}
            }
        }
        for server in &mut model.servers {
            let own = found.iter().filter(|(_, instances, _)| instances.contains(&server.at) && is_part(server, path));
            let own = own.map(|(place, _, composed)| (*place, composed));
            for (place, composed, misses) in told(server, own) {
                model.undetermined_around.extend(open_route(path, &place.name(), composed));
                model.files.extend([Arc::clone(path), Arc::clone(&composed.at.file)]);
                server.mounts.push(Mount { misses, ..made(resolver, &frameworks, composed) });
            }
        }
    }
    // A handler under a name that nothing is seen to call is told of where nothing else mounts the instance.
    for server in model.servers.iter_mut().filter(|server| server.mounts.is_empty()) {
        let is_of = |(path, _, instances, _): &&(Arc<str>, String, Vec<Site>, Composed)| {
            instances.contains(&server.at) && is_part(server, path)
        };
        if let Some((path, name, _, composed)) = unused.iter().find(is_of) {
            model.undetermined_around.extend(open_route(path, name, composed));
            model.files.extend([Arc::clone(path), Arc::clone(&composed.at.file)]);
            server.mounts.push(made(resolver, &frameworks, composed));
        }
    }
}

/// What is not known of the route of a mount in a file.
fn open_route(path: &str, name: &str, composed: &Composed) -> Option<Open> {
    let (Route::End(_, why) | Route::Unknown(why)) = &composed.route else { return None };
    let question = format!("at which route `{name}` in {path} is mounted");
    Some(Open { question, reason: why.reason.clone(), site: why.at.clone() })
}

/// The mount at a route.
fn made(resolver: &Resolver, frameworks: &Frameworks<'_>, composed: &Composed) -> Mount {
    let (at, route, takes_off) = (composed.at.clone(), composed.route.clone(), composed.takes_off == TakesOff::Path);
    let package = resolver.package_of(&at.file);
    let framework = composed.framework.or_else(|| frameworks.at(&at.file));
    Mount { at, package, framework, route, takes_off, misses: None }
}

/// What registers a plugin with an instance among its options: `app.register(plugin, { auth })`.
fn registering(routing: &Routing) -> Option<module::Mount> {
    let Kind::Call(call) = &routing.expr.kind else { return None };
    let is_it = is_register(call)
        && call.arguments.iter().skip(1).any(|options| match &options.value.kind {
            Kind::Object(properties) => properties.iter().any(|property| handing(property).is_some()),
            _ => false,
        });
    let Routing { scope, around, guards, .. } = routing;
    let by = Mounting::Call(call.clone());
    is_it.then(|| module::Mount { scope: *scope, by, around: around.clone(), guards: guards.clone(), span: routing.expr.span })
}

/// Whether a file passes on what mounts an instance, or all that a module of better-auth exports.
fn passes_on_integrations(files: &dyn Files, path: &str) -> bool {
    let facts = files.facts(path);
    let Some(facts) = facts.as_deref() else { return false };
    let imports = facts.module().map(|module| module.imports.as_slice()).unwrap_or_default();
    let mounts = |module: &str, name: &Imported| {
        is_framework(module) && matches!(name, Imported::Named(name) if MOUNTING_FUNCTIONS.contains(&name.as_str()))
    };
    facts.exports().iter().any(|export| match export {
        Export::All { module } => is_framework(module),
        Export::From { module, imported, .. } => mounts(module, imported),
        Export::Local { local, .. } => {
            imports.iter().any(|import| import.local == *local && mounts(&import.module, &import.name))
        }
    })
}

/// Whether a mount in a file may make a server part of an application: what tests and scripts do with an instance does not.
fn is_part(server: &Server, path: &str) -> bool {
    let own = role(path);
    own == Role::Live || own == server.role
}

/// Notes that a place may mount any of the servers.
fn may_mount(place: Place<'_>, why: Unknown, model: &mut ProjectModel) {
    let (path, at) = (place.path, Site::new(place.path, place.mount.span));
    let own = role(path);
    let reason = format!("`{}` in {path} may mount it", place.name());
    let is_any_live = model.servers.iter().any(|server| server.role == Role::Live);
    let may_be_meant = |server: &&mut Server| match server.role {
        role if role == own => true,
        Role::Test => false,
        // A copy is only read where there is what it is a copy of.
        Role::CliCopy if is_any_live => false,
        _ => is_part(server, path),
    };
    for server in model.servers.iter_mut().filter(may_be_meant) {
        server.mounts_open.push(Unknown::new(reason.clone(), at.clone()));
    }
    let question = format!("which instance `{}` in {path} mounts", place.name());
    model.undetermined_around.push(Open { question, reason: why.reason, site: at });
}

/// The mounts that are new to a server, of those of one file, with its base path where no request below that takes one.
fn told<'f>(
    server: &Server,
    found: impl Iterator<Item = (Place<'f>, &'f Composed)>,
) -> Vec<(Place<'f>, &'f Composed, Option<String>)> {
    let mut told: Vec<(Place<'f>, &Composed, Option<String>)> = Vec::new();
    for (place, composed) in found {
        // A file may have a handler for each method of one route.
        let is_same = |at: &Site, route: &Route| at.file == composed.at.file && route.is_like(&composed.route);
        let is_known = server.mounts.iter().any(|other| is_same(&other.at, &other.route))
            || told.iter().any(|(_, other, _)| is_same(&other.at, &other.route));
        if !is_known {
            let misses = match &composed.route {
                Route::Whole(route) => base_path(&server.options).filter(|base| match composed.takes_off {
                    TakesOff::Nothing => !meets(route, base, composed.is_of_file),
                    // What is left is not below it any more.
                    TakesOff::Path => fixed(route).next().is_some() && meets(route, base, false),
                    TakesOff::Untold => false,
                }),
                _ => None,
            };
            told.push((place, composed, misses));
        }
    }
    // What takes the requests below the base path by itself may pass others on under a condition of its own.
    if told.iter().any(|(_, _, misses)| misses.is_none()) {
        told.retain(|(place, _, misses)| misses.is_none() || !place.decides_itself());
    }
    told
}

/// Whether requests below a base path may take a route. Something may have been taken off the paths of files before.
fn meets(route: &str, base: &str, by_file: bool) -> bool {
    let (fixed, base): (Vec<_>, Vec<_>) = (fixed(route).collect(), parts(base).collect());
    fixed.iter().zip(&base).all(|(one, other)| one == other) || by_file && base.ends_with(&fixed)
}

/// The parts of a route before the first that stands for several.
fn fixed(route: &str) -> impl Iterator<Item = &str> {
    parts(route).take_while(|part| part.chars().all(|c| c.is_alphanumeric() || "-_.~@".contains(c)))
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

/// What may be a mount, and where it stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    files: &'a dyn Files,
    evaluator: &'a Evaluator<'a>,
    shared: &'a Shared,
    path: &'a Arc<str>,
    mount: &'a module::Mount,
}

impl Place<'_> {
    /// The places of the instances it hands requests to; `None` when it does nothing of the kind.
    fn instances(&self) -> Option<Result<Vec<Site>, Unknown>> {
        let (values, may_mean_none) = match &self.mount.by {
            Mounting::Handler { of, request } => {
                let requests = Requests { files: self.files, evaluator: self.evaluator };
                if request.as_ref().is_some_and(|request| requests.are_own(self.path, self.mount.scope, request)) {
                    return None;
                }
                // A handler that is not called here may be that of anything, unless it is called as instances are.
                let is_called_so = || match request {
                    Some(_) => may_make_an_instance(render::expr(of)),
                    None => is_name_of_instance(of),
                };
                let means_one = role(self.path) == Role::Live && is_called_so();
                (self.ever(of), !means_one)
            }
            Mounting::Call(call) if self.is_integration(call) => {
                (call.arguments.iter().flat_map(|argument| self.given(argument)).collect(), false)
            }
            Mounting::Call(_) => return None,
        };
        let mut found = Vec::new();
        values.iter().for_each(|value| instances_in(value, &mut found));
        if !found.is_empty() {
            return Some(Ok(found));
        }
        values.iter().find_map(why_unknown).filter(|_| !may_mean_none).map(Err)
    }

    fn eval(&self, expr: &Expr) -> Node {
        self.evaluator.eval(self.path, self.mount.scope, expr)
    }

    /// What an expression may be at some time, and what it is.
    fn ever(&self, expr: &Expr) -> Vec<Node> {
        let (path, scope) = (self.path, self.mount.scope);
        let mut values = self.evaluator.ever(path, scope, expr, self.shared);
        values.push(self.eval(expr));
        // An object may have been given the handler of an instance: `{ handler: instance.handler }`.
        if values.iter().any(|value| matches!(value.value, Value::Object(_))) {
            values.extend(self.evaluator.ever_holders(path, scope, expr, HANDLER, self.shared));
        }
        values
    }

    /// Whether what is called, or registered, comes from better-auth or a companion of it.
    fn is_integration(&self, call: &Call) -> bool {
        let is_of_it = |expr: &Expr| matches!(self.eval(expr).value, Value::External(External { module, .. }) if module.contains("better-auth"));
        let plugin = call.arguments.first().filter(|_| is_register(call));
        is_of_it(&call.callee) || plugin.is_some_and(|plugin| is_of_it(&plugin.value))
    }

    /// What an argument may hand over: an instance, its handler, a function that gives one back, or an object that has one.
    fn given(&self, argument: &Element) -> Vec<Node> {
        let expr = match &argument.value.kind {
            Kind::Member(of, method) if method == HANDLER => of,
            Kind::Object(properties) => properties.iter().find_map(handing).unwrap_or(&argument.value),
            _ => &argument.value,
        };
        let mut given = self.ever(expr);
        for node in given.clone() {
            if let Value::Function(function) = &node.value {
                given.extend(self.evaluator.ever_returned(function, handler_of, self.shared));
            }
        }
        given.into_iter().map(|node| self.handed_over(node)).collect()
    }

    fn handed_over(&self, node: Node) -> Node {
        let made = match &node.value {
            Value::Function(function) => self.evaluator.call(function, Vec::new(), &node.at),
            _ => node,
        };
        let member = |key: &str| self.evaluator.property(&made, key, &made.at);
        match &made.value {
            Value::Object(object) if object.has(FACTORY) => self.handed_over(member(FACTORY)),
            Value::Object(_) => member(INSTANCE),
            _ => made,
        }
    }

    /// Whether what mounts the instance takes the requests below its base path by itself.
    fn decides_itself(&self) -> bool {
        let Mounting::Call(call) = &self.mount.by else { return false };
        match &call.callee.kind {
            _ if is_register(call) => true,
            Kind::Member(_, name) | Kind::Name(name) => MOUNTING_METHODS.contains(&name.as_str()) || name == "svelteKitHandler",
            _ => false,
        }
    }

    /// Whether it only gives the handler a name, from which nothing leads to a route.
    fn is_lost(&self, composed: &Composed) -> bool {
        matches!(&self.mount.by, Mounting::Handler { request: None, .. }) && matches!(&composed.route, Route::Unknown(_))
    }

    fn name(&self) -> String {
        match &self.mount.by {
            Mounting::Handler { of, .. } => format!("{}.handler", render::expr(of)),
            Mounting::Call(call) => render::expr(&call.callee),
        }
    }
}

/// The key under which an instance is handed over, and that of a function that gives back what has it (NestJS: dynamic
/// modules).
const INSTANCE: &str = "auth";
const FACTORY: &str = "useFactory";

/// The method of an instance that answers requests.
const HANDLER: &str = "handler";

/// The method that registers a plugin.
const REGISTER: &str = "register";

/// Whether a call registers a plugin (Fastify: "Plugins").
fn is_register(call: &Call) -> bool {
    matches!(&call.callee.kind, Kind::Member(_, method) if method == REGISTER)
}

/// Whether an expression ends in a name that instances have: `auth`, `deps.authInstance`.
fn is_name_of_instance(of: &Expr) -> bool {
    let name = match &of.kind {
        Kind::Name(name) | Kind::Member(_, name) => name.to_ascii_lowercase(),
        _ => return false,
    };
    ["auth", "authinstance"].iter().any(|ending| name.ends_with(ending))
}

/// What an expression calls the handler of: `auth.handler(request)`.
fn handler_of(expr: &Expr) -> Option<&Expr> {
    let Kind::Call(call) = &expr.kind else { return None };
    match &call.callee.kind {
        Kind::Member(of, method) if method == HANDLER => Some(of),
        _ => None,
    }
}

/// The value of a property that hands over an instance.
fn handing(property: &Property) -> Option<&Expr> {
    match property {
        Property::Keyed { key, value, .. } => (key == INSTANCE || key == FACTORY).then_some(value),
        _ => None,
    }
}

/// The places of the instances a value is, or was made of by calling their methods.
fn instances_in(node: &Node, found: &mut Vec<Site>) {
    match &node.value {
        Value::Call(call) => {
            let first = call.first();
            found.extend((first.callee.name == "betterAuth").then(|| first.callee_at.clone()));
        }
        Value::Either(alternatives) => alternatives.iter().for_each(|one| instances_in(&one.node, found)),
        _ => {}
    }
}

/// Why a value, or one of those it may be, cannot be told.
fn why_unknown(node: &Node) -> Option<Unknown> {
    match &node.value {
        Value::Either(alternatives) => alternatives.iter().find_map(|one| why_unknown(&one.node)),
        _ => node.why_unknown(),
    }
}
