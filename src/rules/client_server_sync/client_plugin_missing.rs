//! A server plugin whose client counterpart no client of the application has, and some client needs.

use super::add;
use crate::finding::{Confidence, Severity};
use crate::knowledge::{ClientExport, Need};
use crate::project::{Client, PluginUse, Server};
use crate::rules::context::release;
use crate::rules::{Circumstances, Context, Reporter};
use crate::source::Site;

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    // Several instances may share clients, such as one of a worker: the fullest one speaks for the others.
    let mut servers: Vec<&Server> = cx.model.servers.iter().collect();
    servers.sort_by_key(|server| std::cmp::Reverse(server.plugins.len()));
    let mut told: Vec<(&str, Vec<&Site>)> = Vec::new();
    for server in servers {
        let version = release(&server.version);
        for plugin in &server.plugins {
            let Some(known) = plugin.known else { continue };
            let Some(counterpart) = known.client_at(&version) else { continue };
            let (severity, confidence) = match counterpart.need {
                Need::Essential => (Severity::High, Confidence::High),
                Need::Needed => (Severity::Medium, Confidence::Medium),
                Need::Recommended | Need::Optional | Need::InferenceOnly => continue,
            };
            let needing = needing(cx, server, counterpart);
            let same = (plugin.name.as_str(), needing.iter().map(|client| &client.at).collect());
            if needing.is_empty() || told.contains(&same) {
                continue;
            }
            // What nobody uses yet fails nobody.
            let severity = if needing.iter().all(|client| client.is_idle) { severity.min(Severity::Medium) } else { severity };
            told.push(same);
            let clients = cx.model.clients_of(server);
            if clients.iter().any(|client| client.has(known, counterpart)) {
                continue;
            }
            match clients.iter().find_map(|client| client.plugins_open.first()) {
                Some(why) => out.open(server.role, &format!("whether a client has `{}`", counterpart.name), why),
                None => report(server, plugin, counterpart, (severity, confidence), &needing, cx, out),
            }
        }
    }
}

/// The clients of a server that need a client plugin: all of them, those of some applications, or those on which what it
/// brings is called.
fn needing<'m>(cx: &Context<'m>, server: &Server, counterpart: &ClientExport) -> Vec<&'m Client> {
    let is_of_app = |client: &Client| counterpart.apps.is_empty() || cx.depends_on(&client.package, &counterpart.apps);
    let is_called = |client: &Client| client.calls.iter().any(|call| counterpart.calls.contains(&call.method));
    let needs = |client: &&Client| is_of_app(client) && (counterpart.calls.is_empty() || is_called(client));
    cx.model.clients_of(server).into_iter().filter(needs).collect()
}

fn report(
    server: &Server,
    plugin: &PluginUse,
    counterpart: &ClientExport,
    (severity, confidence): (Severity, Confidence),
    clients: &[&Client],
    cx: &Context<'_>,
    out: &mut Reporter<'_>,
) {
    let message = format!(
        "the `{}` plugin has no `{}` on any client: {}",
        plugin.name,
        counterpart.name,
        counterpart.reason.trim_end_matches('.')
    );
    let mut report = out.draft(plugin.at.clone(), message);
    report.severity = severity;
    report.confidence = confidence;
    if let Some(known) = plugin.known {
        report.docs.clone_from(&known.docs);
    }
    report.label = "configured on the server".into();
    let lacking = |client: &&Client| {
        let idle = if client.is_idle { ", and nothing uses it so far" } else { "" };
        (client.at.clone(), format!("`{}` lacks `{}`{idle}", client.name, counterpart.name))
    };
    report.related = clients.iter().map(lacking).collect();
    let calls = clients.iter().flat_map(|client| &client.calls).filter(|call| counterpart.calls.contains(&call.method));
    report.related.extend(calls.map(|call| (call.at.clone(), format!("`{}` is called here", call.method))));
    report.help.client = Some(add(counterpart, server));
    report.identity = vec![server.package.to_string(), server.name.clone(), plugin.name.clone()];
    let conditions: Vec<_> = plugin.conditions.iter().collect();
    out.hit(cx, Circumstances { role: server.role, package: &server.package, conditions: &conditions }, report);
}
