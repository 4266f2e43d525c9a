//! A table, column or key that the schema declares and no migration creates.

use crate::finding::Severity;
use crate::project::schema::GapKind;
use crate::rules::gaps::{Topic, apply, columns_of, report_each};
use crate::rules::{Context, Reporter};

/// Why a unique key matters.
const UNIQUE: &str = "The code counts on the database to refuse a second row with the same value, and a database that is set up from the \
                      migrations takes it.";

/// Why an index matters.
const INDEX: &str =
    "A database that is set up from the migrations reads the whole table wherever rows are looked up by the column.";

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    for kind in [GapKind::UnmigratedTable, GapKind::UnmigratedColumns, GapKind::UnmigratedUnique, GapKind::UnmigratedIndex] {
        report_each(cx, out, Topic::Of(kind), |group, gap, report| {
            let server = group.server;
            let folders: Vec<&str> = server.declared.migrated.iter().map(|one| &*one.folder).collect();
            let what = match kind {
                GapKind::UnmigratedTable => format!("table `{}`", gap.table),
                GapKind::UnmigratedUnique => format!("the unique key over {}", columns_of(gap)),
                GapKind::UnmigratedIndex => format!("an index of {}", columns_of(gap)),
                _ => columns_of(gap),
            };
            // One table may lack all of these.
            match kind {
                GapKind::UnmigratedUnique => {
                    report.why = UNIQUE.into();
                    report.identity.push("unique".into());
                }
                GapKind::UnmigratedIndex => {
                    report.severity = report.severity.min(Severity::Medium);
                    report.why = INDEX.into();
                    report.identity.push("index".into());
                }
                _ => {}
            }
            report.help.migration = Some(apply(server));
            let told = match gap.fate() {
                Some(fate) => format!("the schema declares {what}, which {fate}"),
                None => format!("no migration creates {what}, which the schema declares"),
            };
            let message = format!("{told}, in `{}`", folders.join("` or `"));
            (message, "declared here".into())
        });
    }
}
