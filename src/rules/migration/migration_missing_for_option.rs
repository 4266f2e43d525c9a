//! An option whose tables or columns nothing declares.

use crate::project::schema::Cause;
use crate::rules::client_server_sync::fields_help;
use crate::rules::gaps::{Topic, groups};
use crate::rules::{Context, Reporter};

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    for group in groups(cx, Topic::Missing) {
        let (Cause::Option { path, at, .. }, true) = (&group.cause, group.unstaged.is_empty()) else { continue };
        let message = format!("`{path}` needs {}, which {}", group.what(), group.nobody());
        let mut report = out.draft(at.clone(), message);
        report.label = "this option brings the requirement in".into();
        group.complete(cx, &mut report);
        let plugin = group.plugin().map(|plugin| plugin.name.as_str());
        report.help.client = Some(fields_help(path, plugin, group.server, cx.model));
        report.identity.push(path.clone());
        group.hit(cx, out, report);
    }
}
