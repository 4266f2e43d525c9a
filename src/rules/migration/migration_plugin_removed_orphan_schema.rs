//! A plugin that left, and the tables that stay.

use std::collections::BTreeSet;

use crate::project::schema::{Cause, RequiredColumn};
use crate::project::{ProjectModel, Server};
use crate::rules::gaps::same_server;
use crate::rules::{Circumstances, Context, Reporter};
use crate::source::Site;

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    let Some(before) = cx.before.first() else { return };
    for server in cx.model.servers.iter().filter(|server| server.plugins_open.is_empty()) {
        let Some(earlier) = same_server(cx.model, before.model, server) else { continue };
        for (place, plugin) in earlier.plugins.iter().enumerate() {
            // In several states the project is compared with, one may be without the plugin already.
            let had =
                |model: &ProjectModel| same_server(cx.model, model, server).is_some_and(|server| uses(server, &plugin.name));
            if cx.model.servers.iter().any(|server| uses(server, &plugin.name)) || !cx.before.iter().all(|one| had(one.model)) {
                continue;
            }
            let left = left_behind(earlier, server, place);
            let Some((_, primary)) = left.first() else { continue };
            let names: BTreeSet<&str> = left.iter().map(|(name, _)| name.as_str()).collect();
            let names = names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let mut report = out.draft(
                primary.clone(),
                format!("the `{}` plugin is gone from `{}`, and its part of the schema stays: {names}", plugin.name, server.name),
            );
            report.related =
                left.iter().filter(|(_, at)| at != primary).map(|(name, at)| (at.clone(), format!("`{name}`"))).collect();
            report.identity = vec![server.package.to_string(), server.name.clone(), plugin.name.clone()];
            out.hit(cx, Circumstances { role: server.role, package: &server.package, conditions: &[] }, report);
        }
    }
}

fn uses(server: &Server, plugin: &str) -> bool {
    server.plugins.iter().any(|other| other.name == plugin)
}

/// The tables and columns that only this plugin needed and that the schema still declares, by name and place.
fn left_behind(earlier: &Server, server: &Server, place: usize) -> Vec<(String, Site)> {
    let brought = |cause: &Cause| match cause {
        Cause::Plugin(plugin) | Cause::Option { plugin: Some(plugin), .. } => *plugin == place,
        Cause::Core | Cause::Option { plugin: None, .. } => false,
    };
    let lookup = &server.declared.lookup;
    let mut left = Vec::new();
    for (key, table) in &earlier.required.tables {
        let name = earlier.adapter.lookup_name(key, &table.model);
        let Some(found) = lookup.find(&name).next() else { continue };
        match server.required.tables.get(key) {
            None if brought(&table.cause) => left.push((name.clone(), found.site())),
            None => {}
            Some(now) => {
                let needed = |column: &RequiredColumn| now.columns.iter().any(|other| other.key == column.key);
                let gone = table.columns.iter().filter(|column| brought(&column.cause) && !needed(column));
                let declared =
                    |column: &&RequiredColumn| found.table.columns.iter().any(|one| lookup.naming.is_column(one, &column.name));
                let at = found.site();
                left.extend(gone.filter(declared).map(|column| (format!("{name}.{}", column.name), at.clone())));
            }
        }
    }
    left
}
