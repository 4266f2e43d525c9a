//! Which server a client talks to.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Partners, base_path};
use crate::facts::module::{Imported, Text};
use crate::project::eval::Evaluator;
use crate::project::files::Files;
use crate::project::resolve::{Resolved, Resolver};
use crate::project::value::{Lookup, Node, Value};
use crate::project::{Role, Server};
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
    let own = if client.role == Role::CliCopy { Role::Live } else { client.role };
    let serves = |server: &Server| if server.role == Role::Development { Role::Live } else { server.role };
    let same: Vec<&Server> = servers.iter().filter(|server| serves(server) == own).collect();
    // Tests and examples may bring a client of their own for what is live.
    let candidates = match same.is_empty() {
        true => servers.iter().filter(|server| server.role == Role::Live).collect(),
        false => same,
    };
    if candidates.is_empty() {
        return Partners::Elsewhere("the repository has no instance it could be for");
    }
    let linked = |chosen: Vec<&Server>, why: String| {
        let at: Vec<Site> = answering(at_its_path(client.options, chosen)).iter().map(|server| server.at.clone()).collect();
        (!at.is_empty()).then_some(Partners::Servers { at, why })
    };
    let choose = |is_it: &dyn Fn(&Server) -> bool| candidates.iter().copied().filter(|server| is_it(server)).collect::<Vec<_>>();
    let by_type = || choose(&|server| known.contains(&server.at.file));
    let by_address = || address(client.options).map(|own| choose(&|server| address(&server.options) == Some(own)));
    let in_package = || {
        let is_mounted = |server: &Server| server.mounts.iter().any(|mount| *mount.package == *client.package);
        choose(&|server| *server.package == *client.package || is_mounted(server))
    };
    // An address of its own may be that of any instance, whatever the code around it is made of.
    let calls_home = matches!(client.options.lookup(&["baseURL"]), Lookup::Absent);
    let by_dependency = || choose(&|server| calls_home && resolver.depends(client.package, &server.package));
    linked(by_type(), "its file imports the instance or its type".into())
        .or_else(|| linked(by_address().unwrap_or_default(), "both have the same `baseURL`".into()))
        .or_else(|| linked(in_package(), "it is in the same package".into()))
        .or_else(|| linked(by_dependency(), "its package depends on that of the instance".into()))
        .or_else(|| match (candidates.as_slice(), answering(candidates.clone()).as_slice()) {
            ([only], _) => linked(vec![only], "there is no other instance".into()),
            (_, [only]) => linked(vec![only], "no other instance is mounted".into()),
            _ => None,
        })
        .unwrap_or_else(|| Partners::Undetermined(undetermined(client.options)))
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

/// Of several servers those whose routes may lie where a client asks for them.
fn at_its_path<'s>(client: &Node, servers: Vec<&'s Server>) -> Vec<&'s Server> {
    let Some(own) = base_path(client) else { return servers };
    let may_be_there = |server: &Server| base_path(&server.options).is_none_or(|path| path == own);
    let there: Vec<&Server> = servers.iter().copied().filter(|server| may_be_there(server)).collect();
    if there.is_empty() { servers } else { there }
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
