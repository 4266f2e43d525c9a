//! Where servers are mounted.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Mount, frameworks};
use crate::facts::lower::may_make_an_instance;
use crate::facts::module::{self, Call, Element, Expr, Kind, Mounting, Property, Text};
use crate::facts::signals::Signals;
use crate::finding::Open;
use crate::project::eval::{Evaluator, Shared, User};
use crate::project::files::Files;
use crate::project::link::role;
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
    let marked = |signals: &Signals| signals.auth || signals.mounts;
    paths.extend(files.candidates().iter().filter(|(_, signals)| marked(signals)).map(|(path, _)| Arc::clone(path)));
    let shared = evaluator.shared(&paths);
    for path in paths {
        let Some(facts) = files.facts(&path) else { continue };
        let Some(module) = facts.module() else { continue };
        for mount in &module.mounts {
            evaluator.begin();
            let place = Place { evaluator, shared: &shared, path: &path, mount };
            let Some(instances) = place.instances() else { continue };
            let at = Site::new(&path, mount.span);
            match instances {
                Ok(instances) => {
                    let (framework, file_route) = frameworks::of_file(files, resolver, &path, module);
                    let route = place.route().or(file_route);
                    let own = role(&path);
                    // What tests and scripts do with an instance does not make it part of an application.
                    let is_part = |server: &Server| own == Role::Live || own == server.role;
                    let mounted = |server: &&mut Server| instances.contains(&server.at) && is_part(server);
                    for server in model.servers.iter_mut().filter(mounted) {
                        let (route, package) = (route.clone(), resolver.package_of(&path));
                        // A file may have a handler for each method of one route.
                        if !server.mounts.iter().any(|other| other.at.file == path && other.route == route) {
                            server.mounts.push(Mount { at: at.clone(), package, framework, route });
                            model.files.push(Arc::clone(&path));
                        }
                    }
                }
                Err(why) => {
                    let question = format!("which instance `{}` in {path} mounts", place.name());
                    model.undetermined_around.push(Open { question, reason: why.reason, site: at });
                }
            }
        }
    }
}

/// What may be a mount, and where it stands.
struct Place<'a> {
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
                if request.as_ref().is_some_and(|request| asks_for_itself(&self.eval(request))) {
                    return None;
                }
                let means_one = request.is_some() && role(self.path) == Role::Live && may_make_an_instance(render::expr(of));
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
        let mut values = self.evaluator.ever(self.path, self.mount.scope, expr, self.shared);
        values.push(self.eval(expr));
        values
    }

    /// Whether what is called comes from better-auth or a companion of it.
    fn is_integration(&self, call: &Call) -> bool {
        matches!(self.eval(&call.callee).value, Value::External(External { module, .. }) if module.contains("better-auth"))
    }

    /// What an argument may hand over: an instance, its handler, a function that gives one back, or `auth` of an object.
    fn given(&self, argument: &Element) -> Vec<Node> {
        let expr = match &argument.value.kind {
            Kind::Member(of, method) if method == "handler" => of,
            Kind::Object(properties) => properties.iter().find_map(auth_of).unwrap_or(&argument.value),
            _ => &argument.value,
        };
        let handed_over = |node: Node| match &node.value {
            Value::Object(_) => self.evaluator.property(&node, "auth", &node.at),
            Value::Function(function) => self.evaluator.call(function, Vec::new(), &node.at),
            _ => node,
        };
        self.ever(expr).into_iter().map(handed_over).collect()
    }

    fn route(&self) -> Option<String> {
        self.mount.routes.iter().find_map(|route| match self.eval(route).value {
            Value::Text(Text::Plain(text)) if text.starts_with('/') => Some(text),
            _ => None,
        })
    }

    fn name(&self) -> String {
        match &self.mount.by {
            Mounting::Handler { of, .. } => format!("{}.handler", render::expr(of)),
            Mounting::Call(call) => render::expr(&call.callee),
        }
    }
}

/// The value of a property `auth`.
fn auth_of(property: &Property) -> Option<&Expr> {
    match property {
        Property::Keyed { key, value, .. } => (key == "auth").then_some(value),
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

/// Whether a request is one the program makes itself for a route it knows, rather than one it was given.
fn asks_for_itself(request: &Node) -> bool {
    let Value::Call(call) = &request.value else { return false };
    // `new Request(new URL("/path", base).toString())`.
    let made = call.first();
    if !made.new {
        return false;
    }
    match made.arguments.first() {
        Some(Node { value: Value::Text(_), .. }) => true,
        Some(address) => asks_for_itself(address),
        None => false,
    }
}
