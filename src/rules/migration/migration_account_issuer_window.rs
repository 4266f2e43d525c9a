//! `account.issuer`, which the releases 1.7.0 to 1.7.2 need and later ones never write.

use crate::rules::context::release;
use crate::rules::gaps::{Topic, relax, report_each, why};
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
        // A column that has to go again with the next release is no schema to move to.
        report.help.declaration = None;
        report.fix = None;
        report.refusal = Some("1.7.3 and later do without the column".into());
        let npx = group.server.commands.manager.npx();
        report.help.server = Some(format!(
            "Move better-auth and its packages from {version} to 1.7.3 or later (`{npx} auth@latest upgrade`): there `account` is what \
             it was in 1.6, and no column is missing."
        ));
        report.help.migration = Some(format!("None, with a later release. {}", to_stay(&version.to_string(), npx)));
        match group.server.required.tables.get(&gap.key).is_some_and(|table| table.idle) {
            true => {
                let (severity, why) = why::idle(&gap.cause);
                report.severity = report.severity.min(severity);
                report.why = why.into();
            }
            false => {
                report.why = format!(
                    "better-auth {version} stores `issuer` with every account and looks accounts up by it: nobody signs up, and nobody \
                     signs in with a password or through a provider."
                );
            }
        }
        let message = format!("better-auth {version} needs column `issuer` of table `{}`, which is not declared", gap.table);
        (message, "lacks `issuer`".into())
    });
}

/// What a project has to do that keeps one of the three releases: a column without values is no better than none, since
/// accounts are looked up by it.
///
/// Source: documentation of 1.7.1, guides/1-7-upgrade-guide, "Account identity is scoped by issuer".
fn to_stay(version: &str, npx: &str) -> String {
    format!(
        "To stay on {version}, stop what writes accounts, add the column without the demand for a value, and give each account its \
         issuer: `local:credential` for a password, with the id of the user as `accountId`; for a provider the issuer it is trusted \
         by, or `local:oauth:` and the id of the provider where it has none. Then require a value, and make `issuer` and `accountId` \
         unique together. `{npx} auth@latest generate` does not write the column."
    )
}
