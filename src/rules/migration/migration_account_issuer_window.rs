//! `account.issuer`, which the releases 1.7.0 to 1.7.2 need and later ones never write.

use crate::rules::context::release;
use crate::rules::gaps::{Topic, relax, report_each};
use crate::rules::{Context, Reporter};

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    report_each(cx, out, Topic::AccountIssuer, |group, gap, report| {
        let version = release(&group.server.version);
        if gap.kind.is_unwritten() {
            let when = "Do this in the commit that moves the version, and keep the values; the unique index over `issuer` and \
                        `accountId` may go.";
            report.help.migration = Some(format!("{} {when}", relax(group.server, gap)));
            report.help.server = Some(format!("Nothing to change: better-auth {version} does without the column."));
            let message =
                format!("`issuer` of table `{}` must have a value, and better-auth {version} never writes it", gap.table);
            return (message, "required by 1.7.0 to 1.7.2 only".into());
        }
        let message = format!("better-auth {version} needs column `issuer` of table `{}`, which is not declared", gap.table);
        (message, "lacks `issuer`".into())
    });
}
