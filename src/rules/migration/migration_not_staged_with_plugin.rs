//! A plugin or option whose schema is written in the work tree and not part of the commit.

use super::gaps::missing;
use crate::project::schema::Cause;
use crate::rules::{Circumstances, Context, Reporter};

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    for gap in missing(cx) {
        if gap.unstaged.is_empty() {
            continue;
        }
        let (who, primary) = match (gap.cause, gap.plugin()) {
            (Cause::Core, _) => continue,
            (Cause::Option { path, at, .. }, _) => (format!("`{path}`"), at),
            (Cause::Plugin(_), Some(plugin)) => (format!("the `{}` plugin", plugin.name), &plugin.at),
            (Cause::Plugin(_), None) => continue,
        };
        let files: Vec<String> = gap.unstaged.iter().map(|file| format!("`{file}`")).collect();
        let message =
            format!("{who} needs {}, which {} has in the work tree only: it is not staged", gap.what(), files.join(" and "));
        let mut report = out.draft(primary.clone(), message);
        report.label = "this brings the requirement in".into();
        gap.complete(cx, &mut report);
        let conditions: Vec<_> = gap.plugin().iter().flat_map(|plugin| &plugin.conditions).collect();
        let circumstances = Circumstances { role: gap.server.role, package: &gap.server.package, conditions: &conditions };
        out.hit(cx, circumstances, report);
    }
}
