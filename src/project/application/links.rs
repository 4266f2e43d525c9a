//! Which server a client talks to.

use super::Partners;
use crate::facts::module::Text;
use crate::project::files::Files;
use crate::project::resolve::{Resolved, Resolver};
use crate::project::value::{Lookup, Node, Value};
use crate::project::{Client, ProjectModel, Role, Server};
use crate::source::Site;

/// Tells every client of a model its partners.
pub(super) fn link(files: &dyn Files, resolver: &Resolver, model: &mut ProjectModel) {
    for client in &mut model.clients {
        client.partners = partners(files, resolver, client, &model.servers);
    }
}

fn partners(files: &dyn Files, resolver: &Resolver, client: &Client, servers: &[Server]) -> Partners {
    let live = |role| if role == Role::CliCopy { Role::Live } else { role };
    let serves = |server: &Server| if server.role == Role::Development { Role::Live } else { server.role };
    let same: Vec<&Server> = servers.iter().filter(|server| serves(server) == live(client.role)).collect();
    // Tests and examples may bring a client of their own for what is live.
    let candidates = match same.is_empty() {
        true => servers.iter().filter(|server| server.role == Role::Live).collect(),
        false => same,
    };
    if candidates.is_empty() {
        return Partners::Elsewhere("the repository has no instance it could be for");
    }
    let linked = |chosen: Vec<&Server>, why: String| {
        let at: Vec<Site> = chosen.iter().map(|server| server.at.clone()).collect();
        (!at.is_empty()).then_some(Partners::Servers { at, why })
    };
    let choose = |is_it: &dyn Fn(&Server) -> bool| candidates.iter().copied().filter(|server| is_it(server)).collect::<Vec<_>>();
    let by_type = || choose(&|server| knows_instance(files, resolver, client, server));
    let by_address = || address(&client.options).map(|own| choose(&|server| address(&server.options) == Some(own)));
    let in_package = || {
        let is_mounted = |server: &Server| server.mounts.iter().any(|mount| mount.package == client.package);
        choose(&|server| server.package == client.package || is_mounted(server))
    };
    // An address of its own may be that of any instance, whatever the code around it is made of.
    let calls_home = matches!(client.options.lookup(&["baseURL"]), Lookup::Absent);
    let by_dependency = || choose(&|server| calls_home && resolver.depends(&client.package, &server.package));
    linked(by_type(), "its file imports the instance or its type".into())
        .or_else(|| linked(by_address().unwrap_or_default(), "both have the same `baseURL`".into()))
        .or_else(|| linked(in_package(), "it is in the same package".into()))
        .or_else(|| linked(by_dependency(), "its package depends on that of the instance".into()))
        .or_else(|| {
            if let [_] = candidates.as_slice() { linked(candidates.clone(), "there is no other instance".into()) } else { None }
        })
        .unwrap_or_else(|| Partners::Undetermined(undetermined(&client.options)))
}

/// Whether a client is made in the file of a server, or in one that imports it.
fn knows_instance(files: &dyn Files, resolver: &Resolver, client: &Client, server: &Server) -> bool {
    let facts = files.facts(&client.at.file);
    let Some(module) = facts.as_deref().and_then(|facts| facts.module()) else { return false };
    let home = Resolved::File(server.at.file.clone());
    client.at.file == server.at.file
        || module.imports.iter().any(|import| resolver.resolve(files, &client.at.file, &import.module) == home)
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
