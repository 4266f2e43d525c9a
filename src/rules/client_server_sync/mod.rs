//! Server against client.

mod client_plugin_missing;

use super::Check;
use super::context::release;
use crate::knowledge::{ClientExport, Plugin};
use crate::project::{ProjectModel, Server};

pub(super) const CHECKS: &[(&str, Check)] = &[("client-plugin-missing", client_plugin_missing::check)];

/// What the clients need for a server plugin; `None` when there is nothing to say.
pub(super) fn client_help(plugin: &Plugin, server: &Server, model: &ProjectModel) -> Option<String> {
    let Some(counterpart) = plugin.client_at(&release(&server.version)) else { return plugin.without_client.clone() };
    Some(match model.clients.iter().find(|client| client.has(plugin, counterpart)) {
        Some(client) => format!("Nothing to change: `{}` has `{}` already.", client.name, counterpart.name),
        None => add(counterpart, server),
    })
}

/// What to add to a client.
fn add(client: &ClientExport, server: &Server) -> String {
    let version = release(&server.version);
    // Where a release has it in several places, the one below `client` is the one the documentation imports.
    let is_client = |module: &str| module.split('/').any(|part| part == "client");
    let homes = client.modules.iter().filter(|home| home.versions.contains(&version));
    let home = homes.max_by_key(|home| is_client(&home.module));
    match home {
        Some(home) => format!(
            "Add `{}()` to `plugins` of `createAuthClient`, with `import {{ {} }} from \"{}\"`.",
            client.name, home.name, home.module
        ),
        None => format!("Add `{}()` to `plugins` of `createAuthClient`.", client.name),
    }
}
