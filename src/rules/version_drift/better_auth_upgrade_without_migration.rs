//! A change of version that needs tables or columns nothing declares.

use crate::project::schema::Cause;
use crate::rules::gaps::{Topic, groups, upgrade};
use crate::rules::{Context, Reporter};
use crate::source::{Site, Span};

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    for group in groups(cx, Topic::Upgraded) {
        let Some(upgrade) = upgrade(cx, group.server) else { continue };
        let Some(moved) = upgrade.of(&group.cause) else { continue };
        let (who, primary) = match (&group.cause, group.plugin()) {
            (_, Some(plugin)) => (format!("the `{}` plugin", plugin.name), &plugin.at),
            (Cause::Option { path, at, .. }, None) => (format!("`{path}`"), at),
            _ => ("better-auth".to_owned(), &group.server.at),
        };
        let message =
            format!("{who} of {} needs {}, which {} and {} did not need", moved.to, group.what(), group.nobody(), moved.from);
        let mut report = out.draft(primary.clone(), message);
        report.label = format!("needs more than in {}", moved.from);
        group.complete(cx, &mut report);
        if let Some(source) = &group.server.version.source {
            report.related.push((Site::new(source, Span::default()), format!("{} before, {} now", moved.from, moved.to)));
        }
        group.hit(cx, out, report);
    }
}
