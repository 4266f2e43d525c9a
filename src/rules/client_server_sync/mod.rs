//! Server against client.

mod client_plugin_missing;

use super::Check;
use super::context::release;
use crate::knowledge::{ClientExport, Need, Plugin};
use crate::project::{Client, ProjectModel, Server};

pub(super) const CHECKS: &[(&str, Check)] = &[("client-plugin-missing", client_plugin_missing::check)];

/// What the clients of a server need for a plugin of its; `None` when there is nothing to say.
pub(super) fn client_help(plugin: &Plugin, server: &Server, model: &ProjectModel) -> Option<String> {
    let Some(counterpart) = plugin.client_at(&release(&server.version)) else { return plugin.without_client.clone() };
    let clients = clients_of(server, model);
    if let Some(client) = clients.iter().find(|client| client.has(plugin, counterpart)) {
        return Some(format!("Nothing to change: `{}` has `{}` already.", client.name, counterpart.name));
    }
    if matches!(counterpart.need, Need::Optional | Need::InferenceOnly) {
        return Some(format!("Nothing has to change: `{}` is optional. {}", counterpart.name, counterpart.reason));
    }
    let import = import(counterpart, server);
    Some(match place(&clients) {
        Some(place) => format!("Add `{}()` to `plugins` of {place}{import}.", counterpart.name),
        None => {
            format!(
                "Nothing in this repository: a client of it needs `{}()` in `plugins` of `createAuthClient`{import}.",
                counterpart.name
            )
        }
    })
}

/// What the clients of a server need to know of fields that an option adds, which is one of a plugin where that is named
/// (documentation: concepts/typescript, "Additional Fields"; plugins/organization, "Additional Fields").
pub(super) fn fields_help(option: &str, plugin: Option<&str>, server: &Server, model: &ProjectModel) -> String {
    let clients = clients_of(server, model);
    let types = match plugin {
        _ if !option.contains("additionalFields") => return "Nothing to change: clients do not see it.".to_owned(),
        None => "`inferAdditionalFields<typeof auth>()` in `plugins`",
        Some("organization") => "`organizationClient({ schema: inferOrgAdditionalFields<typeof auth>() })` in `plugins`",
        Some(_) => return "Nothing to change where clients do not name the field.".to_owned(),
    };
    match place(&clients) {
        Some(place) => format!("The field reaches the types of the client with {types} of {place}."),
        None => format!("Nothing in this repository: a client of it learns the type of the field with {types}."),
    }
}

/// The clients of the role of a server that talk to it, or may do so.
fn clients_of<'m>(server: &Server, model: &'m ProjectModel) -> Vec<&'m Client> {
    model.clients_of(server).into_iter().filter(|client| client.role == server.role).collect()
}

/// The calls that make clients, by their files; `None` where there are none.
fn place(clients: &[&Client]) -> Option<String> {
    let mut files: Vec<&str> = clients.iter().map(|client| &*client.at.file).collect();
    files.sort_unstable();
    files.dedup();
    let quoted: Vec<String> = files.iter().map(|file| format!("`{file}`")).collect();
    match quoted.as_slice() {
        [] => None,
        [only] => Some(format!("`createAuthClient` in {only}")),
        several => Some(format!("`createAuthClient` in the one of {} whose pages use it", several.join(", "))),
    }
}

/// What to add to a client.
fn add(client: &ClientExport, server: &Server) -> String {
    format!("Add `{}()` to `plugins` of `createAuthClient`{}.", client.name, import(client, server))
}

/// Where a client plugin comes from: `, with `import …``.
fn import(client: &ClientExport, server: &Server) -> String {
    let version = release(&server.version);
    // Where a release has it in several places, the one below `client` is the one the documentation imports.
    let is_client = |module: &str| module.split('/').any(|part| part == "client");
    let homes = client.modules.iter().filter(|home| home.versions.contains(&version));
    let home = homes.max_by_key(|home| is_client(&home.module));
    home.map(|home| format!(", with `import {{ {} }} from \"{}\"`", home.name, home.module)).unwrap_or_default()
}
