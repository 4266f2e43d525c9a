//! A table or column that the schema declares and no migration creates.

use crate::project::schema::GapKind;
use crate::rules::gaps::{Topic, apply, columns_of, report_each};
use crate::rules::{Context, Reporter};

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    for kind in [GapKind::UnmigratedTable, GapKind::UnmigratedColumns] {
        report_each(cx, out, Topic::Of(kind), |group, gap, report| {
            let server = group.server;
            let folders: Vec<&str> = server.declared.migrated.iter().map(|one| &*one.folder).collect();
            let what = if kind == GapKind::UnmigratedTable { format!("table `{}`", gap.table) } else { columns_of(gap) };
            let how = if gap.dropped.is_some() { "a later migration drops" } else { "no migration creates" };
            report.help.migration = Some(apply(server));
            let message = format!("{how} {what}, which the schema declares, in `{}`", folders.join("` or `"));
            (message, "declared here".into())
        });
    }
}
