//! Which server a client talks to.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::base_path::tells_base_path;
use super::{Partners, base_path};
use crate::facts::module::{Imported, Text};
use crate::project::eval::Evaluator;
use crate::project::files::Files;
use crate::project::resolve::{Resolved, Resolver, ancestors};
use crate::project::value::{Lookup, Node, Value};
use crate::project::version::is_locked;
use crate::project::{PluginUse, Role, Server};
use crate::source::Site;

/// A client, as far as it tells whom it talks to.
#[derive(Clone, Copy)]
pub(in crate::project) struct Caller<'a> {
    /// Its place.
    pub(in crate::project) at: &'a Site,
    /// What it is for.
    pub(in crate::project) role: Role,
    /// The folder of its package.
    pub(in crate::project) package: &'a str,
    /// Its options.
    pub(in crate::project) options: &'a Node,
    /// Its plugins.
    pub(in crate::project) plugins: &'a [PluginUse],
}

/// The partners of a client among the servers of the repository, whose mounts are known.
pub(in crate::project) fn partners(
    files: &dyn Files,
    resolver: &Resolver,
    evaluator: &Evaluator<'_>,
    client: Caller<'_>,
    servers: &[Server],
) -> Partners {
    let known = known_files(files, resolver, evaluator, &client.at.file);
    let candidates = candidates(client.role, servers);
    if candidates.is_empty() {
        return Partners::Elsewhere("the repository has no instance it could be for");
    }
    let linked = |chosen: Vec<&Server>, why: &dyn Fn(&[&Server]) -> &'static str| {
        let chosen = answering(reached(client.options, &candidates, chosen));
        let at = || chosen.iter().map(|server| server.at.clone()).collect();
        (!chosen.is_empty()).then(|| Partners::Servers { at: at(), why: why(&chosen).into() })
    };
    let choose = |is_it: &dyn Fn(&Server) -> bool| candidates.iter().copied().filter(|server| is_it(server)).collect::<Vec<_>>();
    let by_type = || choose(&|server| known.contains(&server.at.file));
    let by_address = || address(client.options).map(|own| choose(&|server| address(&server.options) == Some(own)));
    let is_beside = |server: &Server| *server.package == *client.package;
    let in_package = || {
        let is_mounted = |server: &Server| server.mounts.iter().any(|mount| *mount.package == *client.package);
        choose(&|server| is_beside(server) || is_mounted(server))
    };
    let of_package = |chosen: &[&Server]| match chosen.iter().filter(|server| is_beside(server)).count() {
        0 => "its package mounts it",
        count if count == chosen.len() => "it is in the same package",
        _ => "its package has it or mounts it",
    };
    // An address of its own may be that of any instance, whatever the code around it is made of.
    let calls_home = matches!(client.options.lookup(&["baseURL"]), Lookup::Absent);
    let by_dependency = || choose(&|server| calls_home && resolver.depends(client.package, &server.package));
    linked(by_type(), &|_| "its file imports the instance or its type")
        .or_else(|| linked(by_address().unwrap_or_default(), &|_| "both have the same `baseURL`"))
        .or_else(|| linked(in_package(), &of_package))
        .or_else(|| linked(by_dependency(), &|_| "its package depends on that of the instance"))
        .or_else(|| match at_path_of(client.options, &candidates).as_slice() {
            [only] => linked(vec![*only], &|_| "no other instance has its base path"),
            _ => None,
        })
        .or_else(|| {
            let (chosen, why) = only(files, resolver, client, &candidates)?;
            linked(vec![chosen], &|_| why)
        })
        .unwrap_or_else(|| Partners::Undetermined(undetermined(client.options)))
}

/// The servers that a client of a role may be for. Tests and examples may bring a client of their own for what is live, and
/// what calls the function of a server may lie elsewhere.
fn candidates(role: Role, servers: &[Server]) -> Vec<&Server> {
    let own = if role == Role::CliCopy { Role::Live } else { role };
    let serves = |server: &Server| if server.role == Role::Development { Role::Live } else { server.role };
    let of = |role: Role| servers.iter().filter(|server| serves(server) == role).collect::<Vec<_>>();
    let candidates = [own, Role::Live, Role::CliCopy].into_iter().map(of);
    candidates.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
}

/// The only one of several servers that a client may be for, and what tells: those of its own workspace go before others,
/// those that answer requests before those that do not, and those that have what its plugins ask for before those that lack it.
fn only<'s>(
    files: &dyn Files,
    resolver: &Resolver,
    client: Caller<'_>,
    candidates: &[&'s Server],
) -> Option<(&'s Server, &'static str)> {
    let one_of = |servers: &[&'s Server]| if let [only] = servers { Some(*only) } else { None };
    let mounted = |servers: &[&'s Server]| one_of(&answering(servers.to_vec()));
    let own = workspace(files, resolver, client.package);
    let beside: Vec<&Server> =
        candidates.iter().copied().filter(|server| workspace(files, resolver, &server.package) == own).collect();
    let told = |servers: &[&'s Server]| {
        let capable: Vec<&Server> = servers.iter().copied().filter(|server| may_have(server, client.plugins)).collect();
        let by_plugins = one_of(&capable).filter(|server| has(server, client.plugins));
        by_plugins.map(|server| (server, "no other instance has the plugins that it asks for"))
    };
    one_of(candidates)
        .map(|server| (server, "there is no other instance"))
        .or_else(|| Some((mounted(candidates)?, "no other instance is mounted")))
        .or_else(|| Some((one_of(&beside)?, "there is no other instance in its workspace")))
        .or_else(|| Some((mounted(&beside)?, "no other instance of its workspace is mounted")))
        .or_else(|| told(&beside))
        .or_else(|| told(candidates))
}

/// The folder of the workspace that a package is part of: the root that lists it, or else the nearest folder with a lockfile.
fn workspace(files: &dyn Files, resolver: &Resolver, package: &str) -> String {
    let is_locked = |folder: &&str| is_locked(files, folder);
    let root = resolver.workspace_of(package).or_else(|| ancestors(package).find(is_locked));
    root.unwrap_or_default().to_owned()
}

/// Whether a server may have all that plugins of a client ask for.
fn may_have(server: &Server, asked: &[PluginUse]) -> bool {
    !server.plugins_open.is_empty() || has(server, asked)
}

/// Whether a server has all that plugins of a client ask for, as far as they are known.
fn has(server: &Server, asked: &[PluginUse]) -> bool {
    let is_there = |id: &String| server.plugins.iter().any(|plugin| plugin.known.is_some_and(|known| known.id == *id));
    asked.iter().filter_map(|plugin| plugin.known).all(|known| is_there(&known.id))
}

/// A file, the files it imports from, and those that declare what it imports, which others may pass on.
fn known_files(files: &dyn Files, resolver: &Resolver, evaluator: &Evaluator<'_>, file: &Arc<str>) -> BTreeSet<Arc<str>> {
    let mut known = BTreeSet::from([Arc::clone(file)]);
    let facts = files.facts(file);
    for import in facts.as_deref().and_then(|facts| facts.module()).iter().flat_map(|module| &module.imports) {
        if let Resolved::File(target) = resolver.resolve(files, file, &import.module) {
            known.insert(target);
        }
        if let Imported::Named(name) = &import.name {
            known.extend(evaluator.declaration(file, &import.module, name).map(|(home, _)| home));
        }
    }
    known
}

/// Of several servers those that answer requests, where any does and it is known of all of them.
fn answering(servers: Vec<&Server>) -> Vec<&Server> {
    let may_answer = |server: &&&Server| !server.mounts.is_empty() || !server.mounts_open.is_empty();
    let answering: Vec<&Server> = servers.iter().filter(may_answer).copied().collect();
    if answering.is_empty() { servers } else { answering }
}

/// Of several servers those whose routes may lie where a client asks for them. Where it is told to ask below a path that
/// others alone have, it is none of these, whatever else speaks for them; nor where all of them have other addresses.
fn reached<'s>(client: &Node, candidates: &[&'s Server], chosen: Vec<&'s Server>) -> Vec<&'s Server> {
    let may_be_there = |server: &&&Server| match (base_path(client), base_path(&server.options)) {
        (Some(own), Some(path)) => path == own,
        _ => true,
    };
    let there: Vec<&Server> = chosen.iter().filter(may_be_there).copied().collect();
    let is_elsewhere = |server: &&Server| address(client).zip(address(&server.options)).is_some_and(|(own, other)| own != other);
    match there.as_slice() {
        [] if at_path_of(client, candidates).is_empty() => chosen,
        [_, _, ..] if there.iter().all(is_elsewhere) => Vec::new(),
        _ => there,
    }
}

/// The servers that have the base path a client is told to ask below.
fn at_path_of<'s>(client: &Node, servers: &[&'s Server]) -> Vec<&'s Server> {
    let Some(told) = base_path(client).filter(|_| tells_base_path(client)) else { return Vec::new() };
    servers.iter().copied().filter(|server| base_path(&server.options).as_ref() == Some(&told)).collect()
}

/// The scheme, host and port of `baseURL`, where it is written.
fn address(options: &Node) -> Option<&str> {
    let Value::Text(Text::Plain(url)) = &options.get(&["baseURL"])?.value else { return None };
    let host = url.find("://")? + 3;
    Some(url[host..].find('/').map_or(&**url, |path| &url[..host + path]))
}

fn undetermined(options: &Node) -> String {
    let base = options.get(&["baseURL"]).map(|base| &base.value);
    match base {
        Some(Value::Env(name)) => format!("several instances may be meant, and the environment variable `{name}` decides"),
        _ => "several instances may be meant, and nothing tells which".to_owned(),
    }
}
