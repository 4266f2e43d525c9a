//! A table that is declared, but not in the schema map the adapter is given; or no schema map at all.

use crate::finding::Severity;
use crate::project::Server;
use crate::project::schema::lookup::Map;
use crate::project::schema::repair::{is_misnamed, whole_map};
use crate::project::schema::{Gap, GapKind};
use crate::project::value::Unknown;
use crate::rules::gaps::{Topic, groups, join, quoted, refuse, repair, why};
use crate::rules::{Circumstances, Context, Reporter};

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    cx.model.servers.iter().for_each(|server| given_none(cx, out, server));
    for group in groups(cx, Topic::Of(GapKind::MapEntry)) {
        let server = group.server;
        let Some(map) = server.declared.lookup.map() else { continue };
        let tables = quoted(group.gaps.iter().map(|gap| gap.table.as_str()));
        let who = match group.plugin() {
            Some(plugin) => format!("the `{}` plugin", plugin.name),
            None => "better-auth".to_owned(),
        };
        let message = format!("the schema map of the Drizzle adapter has no {tables}, which {who} looks up there");
        let mut report = out.draft(map.clone(), message);
        report.label = format!("no {tables} here");
        refuse(server, &group.gaps, &mut report);
        for (gap, (name, place)) in group.gaps.iter().flat_map(|gap| gap.declared.iter().map(move |one| (gap, one))) {
            let label = if *name == gap.table { "declared here".to_owned() } else { format!("`{name}` is not `{}`", gap.table) };
            report.related.push((place.clone(), label));
        }
        report.related.extend(group.plugin().map(|plugin| (plugin.at.clone(), "this plugin brings the requirement in".into())));
        report.help.server = Some(server_help(cx, server, &group.gaps));
        report.help.migration = None;
        repair(cx, server, &group.gaps.iter().collect::<Vec<_>>(), &mut report);
        group.name_others(&group.gaps, &mut report);
        report.identity = vec![server.package.to_string(), server.name.clone(), tables];
        group.hit(cx, out, report);
    }
}

/// Tells of an adapter that is given no schema map. The official command line, which writes the schema, does without.
fn given_none(cx: &Context<'_>, out: &mut Reporter<'_>, server: &Server) {
    if !matches!(server.declared.lookup.map, Map::Nothing) {
        return;
    }
    let message = "the Drizzle adapter is given no schema, neither by itself nor with its database, so that it finds no table";
    let is_mounted = |server: &Server| !server.mounts.is_empty();
    if !is_mounted(server) && cx.model.servers.iter().any(is_mounted) {
        // It may be there for the command line alone.
        let why = Unknown::new("nothing that was seen mounts this instance, and others are mounted", server.at.clone());
        return out.open(server.role, &format!("whether it matters that {message}"), &why);
    }
    let mut report = out.draft(server.adapter.at.clone(), message);
    report.severity = Severity::Critical;
    report.why = match server.required.refuses(GapKind::Table) {
        true => why::refused(server),
        false => "The adapter finds tables in its schema map alone. The first request that needs the database fails with \
                  \"model not found in schema\", and so does every other."
            .into(),
    };
    report.label = "no `schema` here".into();
    report.related.extend(server.adapter.handle.iter().map(|handle| (handle.at.clone(), "nor here".into())));
    let tables: Vec<String> =
        server.required.tables.iter().map(|(key, table)| server.adapter.lookup_name(key, &table.model)).collect();
    let tables = quoted(tables.iter().map(String::as_str));
    report.help.server = Some(format!("Give the adapter all tables as `schema`, under the names it looks up: {tables}."));
    report.help.migration = None;
    report.help.declaration = whole_map(server, cx.files).filter(|_| !cx.for_comparison);
    report.identity = vec![server.package.to_string(), server.name.clone()];
    out.hit(cx, Circumstances { role: server.role, package: &server.package, conditions: &[] }, report);
}

/// The entries to add, and the keys to change: ``Add `member` and `invitation: invitations` to the schema map``.
fn server_help(cx: &Context<'_>, server: &Server, gaps: &[Gap]) -> String {
    let (misnamed, missing): (Vec<&Gap>, Vec<&Gap>) = gaps.iter().partition(|gap| is_misnamed(server, gap, cx.files));
    let named = |gap: &&Gap| gap.declared.first().map(|(name, _)| (gap.table.clone(), name.clone()));
    let keys = misnamed.iter().filter_map(named).map(|(table, key)| format!("`{key}` to `{table}`"));
    let rename = join(keys.collect());
    let entries: Vec<String> = missing
        .iter()
        .filter_map(named)
        .map(|(table, name)| if table == name { table } else { format!("{table}: {name}") })
        .collect();
    let mut steps = Vec::new();
    if !rename.is_empty() {
        let keys = if misnamed.len() == 1 { "key" } else { "keys" };
        steps.push(format!("Rename the {keys} {rename} in the schema map: a table is looked up by that."));
    }
    if !entries.is_empty() {
        let entries = quoted(entries.iter().map(String::as_str));
        steps.push(format!("Add {entries} to the schema map, under the names the adapter looks up."));
    }
    steps.join(" ")
}
