//! The application around the instances: where servers are mounted, which clients talk to them, and for whom.

mod base_path;
mod calls;
mod contexts;
mod frameworks;
mod links;
mod mounts;
mod react_router;
mod rendering;
mod requests;
mod routes;
mod showing;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use self::base_path::{base_path, base_path_without_address};
pub use self::calls::MethodCall;
pub(super) use self::calls::calls_on;
pub(super) use self::contexts::tell;
pub(super) use self::links::{Caller, partners};
pub(super) use self::mounts::mount;
pub use self::routes::Route;
use super::eval::Evaluator;
use super::link::role;
use super::resolve::{file_name, relative};
use super::{Role, Server};
use crate::knowledge::frameworks::Framework;
use crate::source::Site;

/// A place that hands requests to a server.
#[derive(Debug, PartialEq, Eq)]
pub struct Mount {
    /// The expression that does.
    pub at: Site,
    /// The folder of the package it belongs to; empty for the root.
    pub package: Arc<str>,
    /// The framework it is part of; `None` for one that no pack knows.
    pub framework: Option<&'static Framework>,
    /// The path of the route.
    pub route: Route,
    /// The path of the route is taken off before a request is handed over.
    pub takes_off: bool,
    /// The server's base path, where no request below it comes to the server by this route.
    pub misses: Option<String>,
}

/// Which servers a client talks to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Partners {
    /// One of these, sorted by place.
    Servers {
        /// Their places, as [`super::Server::at`] has them.
        at: Vec<Site>,
        /// What tells, for people.
        why: String,
    },
    /// None of the repository, and why.
    Elsewhere(&'static str),
    /// It cannot be told, and why.
    Undetermined(String),
}

/// What kind of application a server is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Pages of the server's own site: sessions live in cookies.
    Web,
    /// Programs in browsers, on desktops and on phones that call the server from elsewhere.
    SpaMobile,
    /// Other programs, without a person at them.
    Machines,
}

/// An audience, and what speaks for it.
#[derive(Debug, PartialEq, Eq)]
pub struct Context {
    /// For whom the server is.
    pub audience: Audience,
    /// What speaks for it.
    pub evidence: Vec<Evidence>,
}

/// Something that speaks for an audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What it is, for people.
    pub text: String,
    /// Where it is; `None` for the configuration of the review.
    pub at: Option<Site>,
}

/// What the project itself says of its audiences, by folder.
pub type Stated = BTreeMap<String, Vec<Audience>>;

impl Mount {
    /// That of a module which hands all requests below the base path to the instance it makes.
    pub(super) fn by(module: &str, at: Site, package: Arc<str>) -> Self {
        let framework = frameworks::by_module(module);
        Self { at, package, framework, route: Route::Any, takes_off: false, misses: None }
    }
}

impl Audience {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Web, Self::SpaMobile, Self::Machines];

    /// The word for it in the configuration and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::SpaMobile => "spa-mobile",
            Self::Machines => "m2m",
        }
    }
}

/// The folder of a package, for people.
#[must_use]
pub fn folder(package: &str) -> &str {
    if package.is_empty() { "the root" } else { package }
}

/// Tells the instances that nothing but the official CLI reads: those beside one that serves an application, and those that
/// reach no database beside one that does.
pub(super) fn tell_copies(evaluator: &Evaluator<'_>, servers: &mut [Server]) {
    let is_live = |server: &Server| server.role == Role::Live;
    // To ask who uses an instance is to read whatever may import it.
    if servers.iter().filter(|server| is_live(server)).count() < 2 {
        return;
    }
    let is_copy = |server: &Server| {
        let is_left = || match server.adapter.is_hollow() {
            true => evaluator.is_left_to_cli(&server.at),
            false => evaluator.is_for_cli_alone(&server.at),
        };
        is_live(server) && server.mounts.is_empty() && is_left()
    };
    let copies: Vec<bool> = servers.iter().map(is_copy).collect();
    let serves = |server: &Server| is_live(server) && (!server.mounts.is_empty() || evaluator.is_instance_used(&server.at));
    let is_any_serving = copies.contains(&true) && servers.iter().any(serves);
    // The only one tells what the tables are to be, which is judged all the same.
    let is_any_real = servers.iter().any(|server| is_live(server) && !server.adapter.is_hollow());
    for (server, is_copy) in servers.iter_mut().zip(copies) {
        if is_copy && (is_any_serving || is_any_real && server.adapter.is_hollow()) {
            server.role = Role::CliCopy;
        }
    }
}

/// Sites of documentation, which are examples unless they are applications with an instance of their own.
#[derive(Debug, Default)]
pub(super) struct Sites(Vec<Arc<str>>);

impl Sites {
    /// Finds the sites with a mounted server, and tells these that they are as live as any other.
    pub(super) fn find(servers: &mut [Server]) -> Self {
        let mut sites = Vec::new();
        for server in servers.iter_mut().filter(|server| server.role == Role::Example && !server.mounts.is_empty()) {
            if is_of_site(&server.package, &server.at.file) {
                server.role = Role::Live;
                sites.push(Arc::clone(&server.package));
            }
        }
        Self(sites)
    }

    /// What an instance in a file of a package is for.
    pub(super) fn role(&self, package: &Arc<str>, file: &str) -> Role {
        match role(file) {
            Role::Example if self.0.contains(package) && is_of_site(package, file) => Role::Live,
            role => role,
        }
    }
}

/// Whether a file is an example only because its package is a site of documentation.
fn is_of_site(package: &str, file: &str) -> bool {
    let inside = relative(package, file).is_some_and(|inside| role(inside) == Role::Live);
    let around = package.rsplit_once('/').map_or("", |(around, _)| around);
    file_name(package) == "docs" && inside && role(&format!("{around}/auth.ts")) == Role::Live
}
