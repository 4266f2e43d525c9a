//! A plugin or option whose schema is written in the work tree and not part of the commit.

use crate::project::schema::Cause;
use crate::rules::gaps::{Topic, groups};
use crate::rules::{Context, Reporter};

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    for group in groups(cx, Topic::Missing) {
        if group.unstaged.is_empty() {
            continue;
        }
        let (who, primary) = match (&group.cause, group.plugin()) {
            (Cause::Core, _) => continue,
            (Cause::Option { path, at, .. }, _) => (format!("`{path}`"), at),
            (Cause::Plugin(_), Some(plugin)) => (format!("the `{}` plugin", plugin.name), &plugin.at),
            (Cause::Plugin(_), None) => continue,
        };
        let files: Vec<String> = group.unstaged.iter().map(|file| format!("`{file}`")).collect();
        let message =
            format!("{who} needs {}, which {} has in the work tree only: it is not staged", group.what(), files.join(" and "));
        let mut report = out.draft(primary.clone(), message);
        report.label = "this brings the requirement in".into();
        group.complete(cx, &mut report);
        group.hit(cx, out, report);
    }
}
