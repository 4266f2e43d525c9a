//! An option whose tables or columns nothing declares.

use super::gaps::missing;
use crate::project::schema::Cause;
use crate::rules::{Circumstances, Context, Reporter};

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    for gap in missing(cx) {
        let (Cause::Option { path, at, .. }, true) = (gap.cause, gap.unstaged.is_empty()) else { continue };
        let message = format!("`{path}` needs {}, which {}", gap.what(), gap.nobody());
        let mut report = out.draft(at.clone(), message);
        report.label = "this option brings the requirement in".into();
        gap.complete(cx, &mut report);
        report.identity.push(path.clone());
        let conditions: Vec<_> = gap.plugin().iter().flat_map(|plugin| &plugin.conditions).collect();
        let circumstances = Circumstances { role: gap.server.role, package: &gap.server.package, conditions: &conditions };
        out.hit(cx, circumstances, report);
    }
}
