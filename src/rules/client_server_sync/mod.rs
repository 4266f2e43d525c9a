//! Server against client.

mod client_plugin_missing;

use super::Check;
use super::context::release;
use crate::knowledge::{ClientExport, Plugin};
use crate::project::Server;

pub(super) const CHECKS: &[(&str, Check)] = &[("client-plugin-missing", client_plugin_missing::check)];

/// What to add to the client for a server plugin; `None` when the plugin has no counterpart at this version.
pub(super) fn counterpart_help(plugin: &Plugin, server: &Server) -> Option<String> {
    Some(add(plugin.client_at(&release(&server.version))?, server))
}

fn add(client: &ClientExport, server: &Server) -> String {
    let version = release(&server.version);
    let home = client.modules.iter().rfind(|module| module.versions.contains(&version));
    match home {
        Some(home) => format!(
            "Add `{}()` to `plugins` of `createAuthClient`, with `import {{ {} }} from \"{}\"`.",
            client.name, home.name, home.module
        ),
        None => format!("Add `{}()` to `plugins` of `createAuthClient`.", client.name),
    }
}
