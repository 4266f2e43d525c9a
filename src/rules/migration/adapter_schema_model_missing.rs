//! A table that is declared, but not in the schema map the adapter is given.

use crate::project::schema::GapKind;
use crate::rules::gaps::{Topic, groups, quoted, repair};
use crate::rules::{Context, Reporter};

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    for group in groups(cx, Topic::Of(GapKind::MapEntry)) {
        let server = group.server;
        let Some(map) = &server.declared.lookup.map else { continue };
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
        report.identity = vec![server.package.to_string(), server.name.clone(), tables];
        group.hit(cx, out, report);
    }
}

/// The entries to add: `Add `member` and `invitation: invitations` to the schema map`.
fn server_help<'g>(entries: impl Iterator<Item = (&'g str, &'g str)>) -> String {
    let entries: Vec<String> =
        entries.map(|(table, name)| if table == name { table.to_owned() } else { format!("{table}: {name}") }).collect();
    format!("Add {} to the schema map, under the names the adapter looks up.", quoted(entries.iter().map(String::as_str)))
}
