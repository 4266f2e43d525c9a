//! An option that names a table where Prisma knows a model.

use crate::project::Server;
use crate::project::schema::{Gap, GapKind};
use crate::project::value::Lookup;
use crate::rules::gaps::{Group, Topic, groups, refuse};
use crate::rules::{Context, Reporter};
use crate::source::Site;

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    for group in groups(cx, Topic::Of(GapKind::ModelName)) {
        for gap in &group.gaps {
            let Some((model, declared)) = gap.declared.first() else { continue };
            let server = group.server;
            let message = format!(
                "`modelName` of `{}` is `{}`, a table: the Prisma adapter looks for a model, which is `{model}`",
                gap.key, gap.table
            );
            let mut report = out.draft(place(&group, gap), message);
            refuse(server, std::slice::from_ref(gap), &mut report);
            report.label = format!("no model is called `{}`", gap.table);
            report.related.push((declared.clone(), format!("`{model}` has the table `{}`", gap.table)));
            report.related.push((server.at.clone(), format!("`{}` is created here", server.name)));
            report.help.server =
                Some(format!("Write `modelName: \"{model}\"`. The table stays `{}`, as `@@map` says.", gap.table));
            report.help.migration = None;
            report.identity = vec![server.package.to_string(), server.name.clone(), gap.key.clone()];
            group.hit(cx, out, report);
        }
    }
}

/// Where the table is renamed; the plugin or the adapter where that is not in the options of the server.
fn place(group: &Group<'_>, gap: &Gap) -> Site {
    let Server { options, adapter, .. } = group.server;
    let renamed = match options.lookup(&[&gap.key, "modelName"]) {
        Lookup::Found(found) => found.first().map(|one| one.node.at.clone()),
        Lookup::Absent | Lookup::Unknown(_) => None,
    };
    renamed.or_else(|| group.plugin().map(|plugin| plugin.at.clone())).unwrap_or_else(|| adapter.at.clone())
}
