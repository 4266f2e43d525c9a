//! A plugin whose tables or columns nothing declares.

use crate::project::schema::Cause;
use crate::rules::client_server_sync::client_help;
use crate::rules::gaps::{Topic, groups};
use crate::rules::{Context, Reporter};

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    for group in groups(cx, Topic::Missing) {
        let (Cause::Plugin(_), Some(plugin), true) = (&group.cause, group.plugin(), group.unstaged.is_empty()) else { continue };
        let message = format!("the `{}` plugin needs {}, which {}", plugin.name, group.what(), group.nobody());
        let mut report = out.draft(plugin.at.clone(), message);
        report.label = "this plugin brings the requirement in".into();
        group.complete(cx, &mut report);
        if let Some(known) = plugin.known {
            report.docs.clone_from(&known.docs);
            report.help.client = client_help(known, group.server, cx.model);
        }
        group.hit(cx, out, report);
    }
}
