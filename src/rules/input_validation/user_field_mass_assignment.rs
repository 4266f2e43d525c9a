//! A field of the user that decides over rights or money, and that clients may set.
//!
//! The last declaration of a field wins: better-auth itself, then `user.additionalFields`, then the plugins in their order
//! (measured on 1.4.22, 1.6.34 and 1.7.25). A field that a plugin of better-auth declares later is that plugin's own.

use crate::finding::{Confidence, FixPlan, Severity};
use crate::knowledge::pack;
use crate::project::Server;
use crate::project::value::{Condition, Found, Lookup, Property, Value};
use crate::rules::context::release;
use crate::rules::{Circumstances, Context, Reporter, edit};

/// Names of fields that give rights, in lower case without underscores.
const RIGHTS: [&str; 15] = [
    "role",
    "roles",
    "admin",
    "isadmin",
    "superadmin",
    "issuperadmin",
    "permission",
    "permissions",
    "verified",
    "isverified",
    "emailverified",
    "approved",
    "isapproved",
    "banned",
    "isbanned",
];

/// Names of fields that give paid features or the data of others, in lower case without underscores.
const ENTITLEMENTS: [&str; 10] =
    ["plan", "tier", "credits", "balance", "stripecustomerid", "ispremium", "premium", "status", "tenantid", "organizationid"];

/// The beginning of further names of that kind.
const SUBSCRIPTION: &str = "subscription";

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    for server in &cx.model.servers {
        let options = server.options.lookup(&["user", "additionalFields"]);
        fields(&options, "user.additionalFields", 0, &[], server, cx, out);
        for (index, plugin) in server.plugins.iter().enumerate() {
            let Some(definition) = plugin.definition.as_ref().filter(|definition| definition.package.is_none()) else { continue };
            let found = definition.object.lookup(&["schema", "user", "fields"]);
            let path = format!("{}.schema.user.fields", plugin.name);
            let conditions: Vec<&Condition> = plugin.conditions.iter().collect();
            fields(&found, &path, index + 1, &conditions, server, cx, out);
        }
    }
}

/// Judges the fields declared in one place; plugins from `later` on are declared after it.
fn fields(
    found: &Lookup<'_>,
    path: &str,
    later: usize,
    conditions: &[&Condition],
    server: &Server,
    cx: &Context<'_>,
    out: &mut Reporter<'_>,
) {
    let Lookup::Found(found) = found else { return };
    for case in found {
        let Value::Object(object) = &case.node.value else { continue };
        for field in &object.properties {
            let Some(severity) = severity_of(&field.key) else { continue };
            if owned(&field.key, later, server) {
                continue;
            }
            let mut conditions: Vec<&Condition> = conditions.to_vec();
            conditions.extend(case.conditions.iter().copied().chain(&field.conditions));
            judge(field, severity, path, &conditions, server, cx, out);
        }
    }
}

fn severity_of(name: &str) -> Option<Severity> {
    let plain: String = name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect();
    if RIGHTS.contains(&plain.as_str()) {
        Some(Severity::Critical)
    } else if ENTITLEMENTS.contains(&plain.as_str()) || plain.starts_with(SUBSCRIPTION) {
        Some(Severity::High)
    } else {
        None
    }
}

/// Whether a plugin the pack knows declares the field after this place.
fn owned(field: &str, later: usize, server: &Server) -> bool {
    let own = release(&server.version);
    server.plugins.iter().skip(later).filter_map(|plugin| Some((plugin.known?, plugin))).any(|(known, plugin)| {
        let version = plugin.release.as_ref().unwrap_or(&own);
        let mut users = pack().tables_of(known, version).map(|brought| brought.table).filter(|table| table.key == "user");
        users.any(|table| table.columns.iter().any(|column| column.name == field && column.versions.contains(version)))
    })
}

fn judge(
    field: &Property,
    severity: Severity,
    path: &str,
    conditions: &[&Condition],
    server: &Server,
    cx: &Context<'_>,
    out: &mut Reporter<'_>,
) {
    match field.node.lookup(&["input"]) {
        Lookup::Unknown(why) => {
            for unknown in why {
                out.open(server.role, &format!("whether clients may set `{path}.{}`", field.key), &unknown);
            }
        }
        Lookup::Found(found) => {
            for case in found {
                match case.node.value {
                    Value::Bool(false) => {}
                    Value::Unknown(ref why) => {
                        out.open(server.role, &format!("whether clients may set `{path}.{}`", field.key), why);
                    }
                    _ => report(field, severity, path, &[conditions, &case.conditions].concat(), server, cx, out),
                }
            }
        }
        Lookup::Absent => report(field, severity, path, conditions, server, cx, out),
    }
}

fn report(
    field: &Property,
    severity: Severity,
    path: &str,
    conditions: &[&Condition],
    server: &Server,
    cx: &Context<'_>,
    out: &mut Reporter<'_>,
) {
    let message = format!("clients may set `{}`: `{path}.{}` has no `input: false`", field.key, field.key);
    let mut report = out.draft(field.key_at.clone(), message);
    report.severity = severity;
    report.label = "writable by clients".into();
    report.identity = vec![server.package.to_string(), server.name.clone(), path.to_owned(), field.key.to_string()];
    if server.at.file != field.key_at.file {
        report.related.push((server.at.clone(), format!("`{}` is created here", server.name)));
    }
    // The hook of sign-up does not see `/update-user`, through which a core field is written.
    if let Some(hook) = create_hook(server).filter(|_| &*field.key != "emailVerified") {
        report.severity = report.severity.min(Severity::Medium);
        report.confidence = Confidence::Medium;
        report.related.push((hook.key_at.clone(), "this hook may reject or replace the value".into()));
    }
    if let Some(fix) = out.fix()
        && let Lookup::Absent = field.node.lookup(&["input"])
        && let Some(edits) = edit::add_property(&field.node.at, "input: false", cx.files)
    {
        report.fix = Some(FixPlan { title: fix.title.clone(), applicability: fix.applicability, edits, next: None });
    }
    out.hit(cx, Circumstances { role: server.role, package: &server.package, conditions }, report);
}

/// The hook that sees a user before it is written.
fn create_hook(server: &Server) -> Option<Found<'_>> {
    match server.options.lookup(&["databaseHooks", "user", "create", "before"]) {
        Lookup::Found(found) => found.into_iter().find(|one| !matches!(one.node.value, Value::Undefined | Value::Null)),
        _ => None,
    }
}
