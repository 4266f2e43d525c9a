//! The owner of an API key, which moved from `userId` to `referenceId` and `configId` with 1.5.

use crate::rules::gaps::{Topic, columns_of, relax, report_each};
use crate::rules::{Context, Reporter};

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    report_each(cx, out, Topic::ApiKeyOwner, |group, gap, report| {
        if gap.kind.is_unwritten() {
            report.help.migration = Some(relax(group.server, gap));
            let message = format!(
                "`userId` of table `{}` must have a value, and the `apiKey` plugin writes `referenceId` in its place",
                gap.table
            );
            return (message, "written before 1.5 only".into());
        }
        (format!("the `apiKey` plugin needs {}, which its declaration lacks", columns_of(gap)), "the table of before 1.5".into())
    });
}
