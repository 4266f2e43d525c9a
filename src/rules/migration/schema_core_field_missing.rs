//! A table or column of better-auth itself that nothing declares.

use crate::project::schema::{Cause, Gap, GapKind, RequiredColumn};
use crate::rules::gaps::{Topic, groups, quoted, why};
use crate::rules::{Context, Reporter};

/// How it comes to that.
const CAUSES: &str =
    "It happens after an upgrade that added a column, and where the tables were written by hand for another library.";

/// What fails where a table for users has all but their names.
const NAME: &str = "A sign-up that gives a name fails, and so does the first sign-in through a provider that tells one.";

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    for all in groups(cx, Topic::Missing) {
        if all.cause != Cause::Core {
            continue;
        }
        // Tables that are nowhere are so by one cause.
        let is_nowhere = |gap: &Gap| gap.kind == GapKind::Table && gap.declared.is_empty() && gap.dropped.is_none();
        let (nowhere, others): (Vec<Gap>, Vec<Gap>) = all.gaps.iter().cloned().partition(is_nowhere);
        let others = others.into_iter().map(|gap| vec![gap]);
        for gaps in [nowhere].into_iter().chain(others).filter(|gaps| !gaps.is_empty()) {
            let one = all.only(&gaps);
            let server = one.server;
            let message = format!("better-auth needs {}, which {}", one.what(), one.nobody());
            let place = gaps[0].found_in.as_ref().unwrap_or(&server.adapter.at);
            let mut report = out.draft(place.clone(), message);
            if let Some(why) = why_of(&gaps) {
                report.why = format!("{why} {CAUSES}");
            }
            report.help.server = Some(server_help(&gaps));
            one.complete(cx, &mut report);
            if gaps.iter().all(is_nowhere) {
                // Which of them is told by the parts: with fewer it is the same finding.
                report.identity.truncate(2);
            }
            report.related.retain(|(related, _)| related != place);
            report.related.push((server.at.clone(), format!("`{}` is created here", server.name)));
            one.hit(cx, out, report);
        }
    }
}

/// What fails, by the table that most depends on.
fn why_of(gaps: &[Gap]) -> Option<&'static str> {
    let is_name = |column: &RequiredColumn| column.key == "name";
    if let [gap] = gaps
        && gap.kind == GapKind::Columns
        && gap.key == "user"
        && gap.columns.iter().any(is_name)
        && gap.columns.iter().all(|column| is_name(column) || !column.is_always_written())
    {
        return Some(NAME);
    }
    let keys = ["user", "session", "account", "verification"].into_iter();
    keys.filter(|key| gaps.iter().any(|gap| gap.key == *key)).find_map(why::core)
}

fn server_help(gaps: &[Gap]) -> String {
    let names =
        |part: &str| quoted(gaps.iter().map(|gap| format!("{}.{part}", gap.key)).collect::<Vec<_>>().iter().map(String::as_str));
    match gaps {
        [gap] if gap.kind == GapKind::Columns => {
            format!("Complete table `{}`; where a column is there by another name, map it in {}.", gap.table, names("fields"))
        }
        [gap] => {
            format!("Declare table `{}`; where it is there by another name, give that as {}.", gap.table, names("modelName"))
        }
        gaps => format!(
            "Declare tables {}; where they are there by other names, give those as {}.",
            quoted(gaps.iter().map(|gap| gap.table.as_str())),
            names("modelName")
        ),
    }
}
