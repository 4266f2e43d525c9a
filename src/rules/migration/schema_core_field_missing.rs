//! A table or column of better-auth itself that nothing declares.

use crate::project::schema::{Cause, GapKind};
use crate::rules::gaps::{Topic, groups, why};
use crate::rules::{Context, Reporter};

/// How it comes to that.
const CAUSES: &str =
    "It happens after an upgrade that added a column, and where the tables were written by hand for another library.";

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    for all in groups(cx, Topic::Missing) {
        if all.cause != Cause::Core {
            continue;
        }
        for gap in &all.gaps {
            let one = all.only(gap);
            let server = one.server;
            let message = format!("better-auth needs {}, which {}", one.what(), one.nobody());
            let place = gap.found_in.as_ref().unwrap_or(&server.adapter.at);
            let mut report = out.draft(place.clone(), message);
            if let Some(why) = why::core(&gap.key) {
                report.why = format!("{why} {CAUSES}");
            }
            report.help.server = Some(match gap.kind {
                GapKind::Columns => {
                    format!(
                        "Complete table `{}`; where a column is there by another name, map it in `{}.fields`.",
                        gap.table, gap.key
                    )
                }
                _ => format!(
                    "Declare table `{}`; where it is there by another name, give that as `{}.modelName`.",
                    gap.table, gap.key
                ),
            });
            one.complete(cx, &mut report);
            report.related.retain(|(related, _)| related != place);
            report.related.push((server.at.clone(), format!("`{}` is created here", server.name)));
            one.hit(cx, out, report);
        }
    }
}
