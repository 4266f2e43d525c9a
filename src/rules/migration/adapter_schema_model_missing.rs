//! A table that is declared, but not in the schema map the adapter is given; or no schema map at all.

use crate::finding::Severity;
use crate::project::Server;
use crate::project::schema::GapKind;
use crate::project::schema::lookup::Map;
use crate::project::value::Unknown;
use crate::rules::gaps::{Topic, groups, quoted, repair};
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
        for (gap, (name, place)) in group.gaps.iter().flat_map(|gap| gap.declared.iter().map(move |one| (gap, one))) {
            let label = if *name == gap.table { "declared here".to_owned() } else { format!("`{name}` is not `{}`", gap.table) };
            report.related.push((place.clone(), label));
        }
        report.related.extend(group.plugin().map(|plugin| (plugin.at.clone(), "this plugin brings the requirement in".into())));
        report.help.server =
            Some(server_help(group.gaps.iter().filter_map(|gap| Some((&*gap.table, &*gap.declared.first()?.0)))));
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
    report.why = "The adapter finds tables in its schema map alone. The first request that needs the database fails with \
                  \"model not found in schema\", and so does every other."
        .into();
    report.label = "no `schema` here".into();
    report.related.extend(server.adapter.handle.iter().map(|handle| (handle.at.clone(), "nor here".into())));
    let tables: Vec<String> =
        server.required.tables.iter().map(|(key, table)| server.adapter.lookup_name(key, &table.model)).collect();
    let tables = quoted(tables.iter().map(String::as_str));
    report.help.server = Some(format!("Give the adapter all tables as `schema`, under the names it looks up: {tables}."));
    report.help.migration = None;
    report.identity = vec![server.package.to_string(), server.name.clone()];
    out.hit(cx, Circumstances { role: server.role, package: &server.package, conditions: &[] }, report);
}

/// The entries to add: `Add `member` and `invitation: invitations` to the schema map`.
fn server_help<'g>(entries: impl Iterator<Item = (&'g str, &'g str)>) -> String {
    let entries: Vec<String> =
        entries.map(|(table, name)| if table == name { table.to_owned() } else { format!("{table}: {name}") }).collect();
    format!("Add {} to the schema map, under the names the adapter looks up.", quoted(entries.iter().map(String::as_str)))
}
