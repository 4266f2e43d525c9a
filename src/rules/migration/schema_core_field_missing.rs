//! A table or column of better-auth itself that nothing declares.

use super::gaps::{Missing, missing};
use crate::project::schema::Cause;
use crate::rules::{Circumstances, Context, Reporter};

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    for all in missing(cx) {
        let Cause::Core = all.cause else { continue };
        for gap in &all.gaps {
            let one = Missing { gaps: vec![gap], unstaged: all.unstaged.clone(), ..all };
            let server = one.server;
            let message = format!("better-auth needs {}, which {}", one.what(), one.nobody());
            let place = gap.found_in.as_ref().unwrap_or(&server.adapter.at);
            let mut report = out.draft(place.clone(), message);
            one.complete(cx, &mut report);
            report.related.retain(|(related, _)| related != place);
            report.related.push((server.at.clone(), format!("`{}` is created here", server.name)));
            out.hit(cx, Circumstances { role: server.role, package: &server.package, conditions: &[] }, report);
        }
    }
}
