//! A column that must be given a value and that better-auth never writes.

use crate::finding::{Confidence, Severity};
use crate::knowledge::pack;
use crate::project::AdapterKind;
use crate::project::adapter::Mapper;
use crate::project::schema::compare::is_for_password;
use crate::project::schema::{Gap, GapKind, RequiredColumn};
use crate::project::value::Lookup;
use crate::rules::context::release;
use crate::rules::gaps::{Group, Topic, apply, capitalised, join, quoted, relax, report_each, why};
use crate::rules::{Context, Reporter};

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    report_each(cx, out, Topic::Of(GapKind::Unwritten), |group, gap, report| {
        let columns = quoted(gap.declared.iter().map(|(name, _)| name.as_str()));
        let (a_value, never) = match gap.declared.len() {
            1 => ("a value", "never writes it"),
            _ => ("values", "never writes them"),
        };
        let version = release(&group.server.version);
        let (passwords, others) = by_content(gap);
        let what = if group.server.required.refuses(gap.kind) {
            why::refused(group.server)
        } else if let Some(rest) = why::disabled_inserts(group.server, &gap.key) {
            report.severity = Severity::Medium;
            rest
        } else {
            why::inserts(&gap.key)
        };
        report.why = format!(
            "{what} Typical causes are a column of the project's own that `additionalFields` does not name, and one that an older \
             release wrote."
        );
        report.help.server = Some(server_help(group, gap, &passwords, &others));
        if others.is_empty() {
            report.help.client = Some("Nothing to change: clients hand passwords to better-auth alone.".to_owned());
        }
        report.help.migration = Some(migration_help(group, gap, &passwords, &others));
        let message =
            format!("table `{}` cannot do without {a_value} for {columns}, and better-auth {version} {never}", gap.table);
        (message, NOT_NULL.into())
    });
    report_each(cx, out, Topic::Of(GapKind::LeftEmpty), |group, gap, report| {
        let columns = quoted(gap.columns.iter().map(|column| column.name.as_str()));
        let them = if gap.columns.len() == 1 { "it" } else { "them" };
        report.confidence = report.confidence.min(Confidence::Medium);
        let of_provider = |column: &RequiredColumn| column.key != "password";
        let kinds = [
            (gap.columns.iter().any(of_provider), "an account with a password holds nothing of a provider"),
            (!gap.columns.iter().all(of_provider), "an account of a provider holds no password"),
        ];
        let kinds = kinds.into_iter().filter(|(is_there, _)| *is_there).map(|(_, kind)| kind.to_owned()).collect();
        report.why = format!("{}: the insert is refused, and nobody can sign up that way.", capitalised(&join(kinds)));
        report.identity.push("optional".into());
        report.help.server = Some("Nothing to change: better-auth has no value to store there.".into());
        report.help.client = Some("Nothing changes there.".into());
        report.help.migration = Some(format!("Make {columns} nullable. {}", apply(group.server)));
        let version = release(&group.server.version);
        let message = format!(
            "table `{}` cannot do without a value for {columns}, and better-auth {version} stores rows without {them}",
            gap.table
        );
        (message, NOT_NULL.into())
    });
}

/// What is said at a column.
const NOT_NULL: &str = "not null, without a default";

/// The columns for passwords of users, which better-auth keeps elsewhere, and the others.
fn by_content(gap: &Gap) -> (Vec<&str>, Vec<&str>) {
    gap.declared.iter().map(|(name, _)| name.as_str()).partition(|name| is_for_password(&gap.key, name))
}

/// What of the configuration may change.
fn server_help(group: &Group<'_>, gap: &Gap, passwords: &[&str], others: &[&str]) -> String {
    let mut steps = Vec::new();
    if !passwords.is_empty() {
        let is_named = |name: &&str| {
            let lookup = group.server.options.lookup(&["user", "additionalFields", name]);
            matches!(lookup, Lookup::Found(_))
        };
        let (verb, place) = match passwords.iter().any(is_named) {
            true => ("Take", "out of"),
            false => ("Do not declare", "in"),
        };
        steps.push(format!(
            "{verb} {} {place} `user.additionalFields`: better-auth keeps the hash of a password in `account.password`, and a field \
             of the user is sent by clients and given back to them.",
            quoted(passwords.iter().copied())
        ));
    }
    if !others.is_empty() {
        let (own, plugin) = (release(&group.server.version), group.plugin());
        let version = plugin.and_then(|plugin| plugin.release.as_ref()).unwrap_or(&own);
        let option = pack().additional_fields(&gap.key).filter(|option| option.versions.contains(version));
        let place = match (option, plugin) {
            (Some(option), Some(plugin)) if option.option.starts_with("schema.") => {
                Some(format!("`{}` of `{}`", option.option, plugin.name))
            }
            (Some(option), _) => Some(format!("`{}`", option.option)),
            // The project's own.
            (None, Some(plugin)) if plugin.known.is_none() => Some(format!("the `schema` of the plugin `{}`", plugin.name)),
            (None, _) => None,
        };
        let them = if others.len() == 1 { "it" } else { "them" };
        let columns = quoted(others.iter().copied());
        steps.push(match place {
            Some(place) => format!("Declare {columns} in {place}, give {them} a default, or make {them} nullable."),
            None => format!("Nothing to change: table `{}` takes no `additionalFields`.", gap.table),
        });
    }
    steps.join(" ")
}

/// What becomes of the columns.
fn migration_help(group: &Group<'_>, gap: &Gap, passwords: &[&str], others: &[&str]) -> String {
    let them = |columns: &[&str]| if columns.len() == 1 { "it" } else { "them" };
    let mut steps = Vec::new();
    if !passwords.is_empty() {
        steps.push(format!(
            "make {} nullable, or drop {} once no code of the project writes {}",
            quoted(passwords.iter().copied()),
            them(passwords),
            them(passwords)
        ));
    }
    if !others.is_empty() {
        steps.push(format!("make {} nullable or give {} a default", quoted(others.iter().copied()), them(others)));
    }
    let steps = capitalised(&join(steps));
    match group.server.adapter.kind {
        _ if gap.kind == GapKind::StillRequired => {
            format!("{steps}, or drop what the schema does not declare, with a migration. {}", apply(group.server))
        }
        AdapterKind::Prisma | AdapterKind::Drizzle => format!("{steps}, in the schema. {}", apply(group.server)),
        _ if group.server.adapter.mapper() == Some(Mapper::Convex) => relax(group.server, gap),
        _ => format!("{steps}, with a migration."),
    }
}
