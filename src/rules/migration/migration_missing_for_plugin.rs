//! A plugin whose tables or columns nothing declares.

use super::gaps::missing;
use crate::project::schema::Cause;
use crate::rules::client_server_sync::client_help;
use crate::rules::{Circumstances, Context, Reporter};

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    for gap in missing(cx) {
        let (Cause::Plugin(_), Some(plugin), true) = (gap.cause, gap.plugin(), gap.unstaged.is_empty()) else { continue };
        let message = format!("the `{}` plugin needs {}, which {}", plugin.name, gap.what(), gap.nobody());
        let mut report = out.draft(plugin.at.clone(), message);
        report.label = "this plugin brings the requirement in".into();
        gap.complete(cx, &mut report);
        if let Some(known) = plugin.known {
            report.docs.clone_from(&known.docs);
            report.help.client = client_help(known, gap.server, cx.model);
        }
        let conditions: Vec<_> = plugin.conditions.iter().collect();
        let circumstances = Circumstances { role: gap.server.role, package: &gap.server.package, conditions: &conditions };
        out.hit(cx, circumstances, report);
    }
}
