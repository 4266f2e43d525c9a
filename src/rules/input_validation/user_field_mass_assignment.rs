//! A field of the user that decides over rights or money, and that clients may set.
//!
//! The last declaration of a field wins: better-auth itself, then `user.additionalFields`, then the plugins in their order
//! (measured on 1.4.22, 1.6.34 and 1.7.25). A field that a plugin of better-auth declares later is that plugin's own.

use super::doors::{Doors, doors};
use super::names::{Means, meaning};
use crate::finding::{Applicability, Confidence, FixPlan, Severity};
use crate::knowledge::pack;
use crate::project::Server;
use crate::project::schema::{Gap, GapKind};
use crate::project::value::{Condition, Lookup, Property, Value};
use crate::rules::context::release;
use crate::rules::{Circumstances, Context, Reporter, edit};

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
            let Some(means) = meaning(&field.key) else { continue };
            if owned(&field.key, later, server) {
                continue;
            }
            let mut conditions: Vec<&Condition> = conditions.to_vec();
            conditions.extend(case.conditions.iter().copied().chain(&field.conditions));
            judge(field, means, path, &conditions, server, cx, out);
        }
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
    means: Means,
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
                    _ => report(field, means, path, &[conditions, &case.conditions].concat(), server, cx, out),
                }
            }
        }
        Lookup::Absent => report(field, means, path, conditions, server, cx, out),
    }
}

fn report(
    field: &Property,
    means: Means,
    path: &str,
    conditions: &[&Condition],
    server: &Server,
    cx: &Context<'_>,
    out: &mut Reporter<'_>,
) {
    let doors = doors(server, &field.key);
    if let Doors::None = doors {
        return;
    }
    let message = format!("clients may set `{}`: `{path}.{}` has no `input: false`", field.key, field.key);
    let mut report = out.draft(field.key_at.clone(), message);
    (report.severity, report.confidence) = match means {
        Means::Rights => (Severity::Critical, Confidence::High),
        Means::Entitlement => (Severity::High, Confidence::High),
        Means::Scope => (Severity::High, Confidence::Medium),
    };
    report.label = "writable by clients".into();
    report.identity = vec![server.package.to_string(), server.name.clone(), path.to_owned(), field.key.to_string()];
    if server.at.file != field.key_at.file {
        report.related.push((server.at.clone(), format!("`{}` is created here", server.name)));
    }
    if let Doors::Watched(hooks) = doors {
        report.severity = report.severity.min(Severity::Medium);
        report.confidence = Confidence::Medium;
        report.related.extend(hooks.into_iter().map(|hook| (hook, "this hook may reject or replace the value".into())));
    }
    if let Some(gap) = server.gaps.iter().find(|gap| lacks(gap, &field.key)) {
        report.severity = report.severity.min(Severity::Medium);
        let place = gap.found_in.clone().unwrap_or_else(|| server.adapter.at.clone());
        report.related.push((place, "its column is missing here: close the field before that is added".into()));
    }
    let is_stored = does_without_clients(field);
    if !is_stored {
        report.help.server = report.help.server.map(|help| format!("{help} {VALUE}"));
    }
    if let Some(fix) = out.fix()
        && let Lookup::Absent = field.node.lookup(&["input"])
        && let Some(edits) = edit::add_property(&field.node.at, "input: false", cx.files)
    {
        let applicability = if is_stored { fix.applicability } else { Applicability::Unsafe };
        report.fix =
            Some(FixPlan { title: fix.title.clone(), applicability, edits, next: (!is_stored).then(|| VALUE.to_owned()) });
    }
    out.hit(cx, Circumstances { role: server.role, package: &server.package, conditions }, report);
}

/// What a field needs besides, where clients were to give it its value.
///
/// Source: better-auth 1.4.22 and 1.7.25, `parseInputData`: a sign-up without a field that is required and has no default is
/// refused, and one that is not said to be required is left out of the row.
const VALUE: &str = "Give it a `defaultValue` as well, or `required: false` and a column that may be empty: else nobody can sign up any \
                     more.";

/// Whether a user is stored without a client that gives the field a value.
fn does_without_clients(field: &Property) -> bool {
    let all = |option: &str, holds: fn(&Value) -> bool| matches!(field.node.lookup(&[option]), Lookup::Found(found) if found.iter().all(|case| holds(&case.node.value)));
    all("required", |value| *value == Value::Bool(false))
        || all("defaultValue", |value| !matches!(value, Value::Undefined | Value::Null | Value::Unknown(_)))
}

/// Whether the column of a field is among what is missing, so that a request that sets it fails for now.
fn lacks(gap: &Gap, field: &str) -> bool {
    gap.kind == GapKind::Columns && gap.key == "user" && gap.columns.iter().any(|column| column.key == field)
}
