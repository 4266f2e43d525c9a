//! The official migration command beside an adapter it does not serve.

use super::programmatic::{GET_MIGRATIONS, each_call};
use crate::facts::{Body, script};
use crate::project::{AdapterKind, Role, SchemaState};
use crate::rules::gaps::{advice, way};
use crate::rules::{Circumstances, Context, Reporter};
use crate::source::{FileKind, Site};

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    // With several instances the command may be meant for another one.
    let mut serving = cx.model.servers.iter().filter(|server| matches!(server.role, Role::Live | Role::CliCopy));
    let (Some(server), None) = (serving.next(), serving.next()) else { return };
    let adapter = match server.adapter.kind {
        AdapterKind::Prisma => "Prisma",
        AdapterKind::Drizzle => "Drizzle",
        AdapterKind::Mongo => "MongoDB",
        _ => return,
    };
    let mut uses: Vec<(Site, String)> = Vec::new();
    let scripts = cx.scripts().into_iter().filter(|(_, script)| script::runs_migrate(&script.command));
    uses.extend(scripts.map(|(at, script)| (at, format!("the script `{}` runs `migrate`", script.name))));
    for path in cx.of_kind(FileKind::Script) {
        let facts = cx.files.facts(&path);
        let Some(Body::Script(commands)) = facts.as_deref().map(|facts| &facts.body) else { continue };
        let commands = commands.iter().filter(|command| !command.conditional && script::runs_migrate(&command.line));
        uses.extend(commands.map(|command| (Site::new(&path, command.span), "this runs `migrate`".to_owned())));
    }
    each_call(cx, |path, _, call| {
        uses.push((Site::new(path, call.expr.span), format!("this calls `{GET_MIGRATIONS}`")));
    });
    for (at, what) in uses {
        let message = format!("{what}, which serves the built-in Kysely adapter alone, and `{}` is on {adapter}", server.name);
        let mut report = out.draft(at.clone(), message);
        report.identity = vec![at.file.to_string(), what];
        report.help.migration = Some(match server.comparison == SchemaState::Compared && server.gaps.is_empty() {
            true => format!("Nothing is missing now. When plugins or options change: {}", way(server, None)),
            false => advice(server, None),
        });
        report.related.push((server.adapter.at.clone(), "the adapter is set here".into()));
        out.hit(cx, Circumstances { role: server.role, package: &server.package, conditions: &[] }, report);
    }
}
