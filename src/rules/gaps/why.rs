//! What gaps do, by the table and the column they are about: no more than holds for those.

use std::collections::BTreeSet;

use super::{declared, quoted};
use crate::facts::schema::Column;
use crate::finding::Severity;
use crate::knowledge::pack;
use crate::project::schema::required::is_core;
use crate::project::schema::{Cause, Gap, GapKind, RequiredColumn};
use crate::project::value::{Lookup, Value};
use crate::project::{AdapterKind, Server};
use crate::rules::context::release;

/// What becomes of calls where tables that are there lack columns; `None` where a whole table is missing.
///
/// Source: the Drizzle adapter of 1.0 to 1.7, which looks for the columns of a row that it inserts, and not of one that it
/// updates; measured on 1.6.22: `/update-user` answers 200, and the value is nowhere.
pub(super) fn missing_columns(server: &Server, gaps: &[Gap]) -> Option<String> {
    if gaps.iter().any(|gap| gap.kind != GapKind::Columns) {
        return None;
    }
    let is_lost = server.adapter.kind == AdapterKind::Drizzle;
    let with_every_row = gaps.iter().filter(|gap| gap.columns.iter().any(RequiredColumn::is_always_written));
    let tables: BTreeSet<&str> = with_every_row.map(|gap| gap.table.as_str()).collect();
    let told = match tables.len() {
        0 if is_lost => "the calls that store a new one with a value for a missing column fail".to_owned(),
        0 => "the calls that give a missing one a value fail, at the latest when somebody uses the feature behind it".to_owned(),
        1 => format!("every call that stores one in table {} fails", quoted(tables)),
        _ => format!("every call that stores one in tables {} fails", quoted(tables)),
    };
    let lost = if is_lost { ", and what is changed later is lost without an error" } else { "" };
    Some(format!("Rows are stored column by column: {told}{lost}."))
}

/// What fails where the release compares the tables that are there with the required ones, and they differ.
pub(in crate::rules) fn refused(server: &Server) -> String {
    format!(
        "better-auth {} compares its tables with what it needs before it answers: every request fails with `SchemaMismatchError`, \
         whatever it is about. `{}: false` would turn off the comparison and leave the defect.",
        release(&server.version),
        pack().core.schema_check.unless.path
    )
}

/// How bad it is that a table is missing that is idle, and what fails.
pub(in crate::rules) fn idle(cause: &Cause) -> (Severity, &'static str) {
    match cause {
        Cause::Core => (
            Severity::High,
            "Nobody signs in with a password or through a provider here, which is what the table is for. Calls that look for an \
             account all the same fail, such as the list of the accounts of a user.",
        ),
        _ => (
            Severity::Medium,
            "With these options the plugin does without the table until something is registered at run time; the call that does \
             so fails.",
        ),
    }
}

/// What comes of a column of a table of better-auth itself that must be given a value and stands under another name than the
/// one that is written; `None` where there is none, or no request inserts rows.
pub(super) fn no_inserts(server: &Server, gap: &Gap) -> Option<String> {
    let must_be_given = |name: &str| declared(server, gap, name).is_some_and(Column::must_be_given);
    let (name, _) = gap.declared.iter().find(|(name, _)| gap.kind == GapKind::Columns && must_be_given(name))?;
    let holds = is_core(&gap.key) && disabled_inserts(server, &gap.key).is_none();
    holds.then(|| format!("`{name}` must be given a value, and nothing is written by that name. {}", inserts(&gap.key)))
}

/// What comes of a column of a table of better-auth itself that must be given a value and that an earlier release wrote; `None`
/// where no request inserts rows.
pub(super) fn left_over(server: &Server, left: &Gap) -> Option<String> {
    let is_idle = server.required.tables.get(&left.key).is_some_and(|table| table.idle);
    let holds = is_core(&left.key) && !is_idle && disabled_inserts(server, &left.key).is_none();
    let columns = quoted(left.declared.iter().map(|(name, _)| name.as_str()));
    let version = release(&server.version);
    holds.then(|| format!("{columns} must be given a value, and better-auth {version} has none. {}", inserts(&left.key)))
}

/// What is left of inserts into a table where `disabledPaths` keeps out all requests that make them; `None` where it does not.
pub(in crate::rules) fn disabled_inserts(server: &Server, key: &str) -> Option<String> {
    let paths = server.required.tables.get(key)?.inserted_by;
    let are_closed = !paths.is_empty() && paths.iter().all(|path| server.disabled(path).is_some());
    are_closed.then(|| {
        let paths = quoted(paths.iter().map(String::as_str));
        format!("`disabledPaths` keeps out the requests that insert rows, to {paths}. Calls of `auth.api` that do so fail.")
    })
}

/// What fails without a table of better-auth itself, or without columns that are written with each of its rows.
pub(in crate::rules) fn core(key: &str) -> Option<&'static str> {
    Some(match key {
        "user" => "Nobody can sign up, and whatever reads or changes a user fails.",
        "session" => "Nobody can sign in: every session is stored there.",
        "account" => {
            "Whatever stores or reads an account fails: a password, a social provider, the list of the accounts of a user."
        }
        "verification" => {
            "Whatever is to be confirmed later fails: a password reset, the verification of an address, the return from a social \
             provider."
        }
        _ => return None,
    })
}

/// What fails where a row of a table cannot be inserted.
pub(in crate::rules) fn inserts(key: &str) -> String {
    let who = match key {
        "user" => "nobody can sign up",
        "session" => "nobody can sign in",
        "account" => "no password and no social provider can be added to a user",
        "verification" => "nothing that is to be confirmed later can be stored",
        _ => "so do the calls that make one",
    };
    format!("Every insert into the table fails: {who}.")
}

/// What comes of values that may repeat, and how bad that is where it is worse than the rule says.
///
/// Sources: better-auth 1.2 to 1.7, `updateSession` and `updateUserByEmail`, which look a row up by `token` and by `email` to
/// change it; the Prisma adapter of the same releases, which calls `update` for columns that better-auth has as unique, and
/// Prisma, which takes an `update` by unique fields only.
pub(in crate::rules) fn repeated(server: &Server, gap: &Gap) -> (String, Option<Severity>) {
    let is = |key: &str, column: &str| gap.key == key && gap.columns.iter().any(|one| one.key == column);
    let on_prisma = server.adapter.kind == AdapterKind::Prisma;
    if is("session", "token") && on_prisma {
        let why = "better-auth renews a session by its token, and Prisma takes no `update` by a field that is not unique: once a \
                   session is due for it, every request that asks for it fails.";
        return (why.to_owned(), is_renewed(server).then_some(Severity::Critical));
    }
    if is("user", "email") {
        let race = "better-auth looks before it writes, and two requests at the same time both see nothing. Only the database can \
                    refuse the second row; without it two accounts share an address and sign-in picks one of them.";
        let refused = " Prisma takes no `update` by a field that is not unique, either, so that an address cannot be verified.";
        return (format!("{race}{}", if on_prisma { refused } else { "" }), None);
    }
    let why =
        "better-auth takes the values for unique and reads the first row it finds. Only the database can refuse a second one.";
    (why.to_owned(), None)
}

/// Whether sessions are renewed (documentation: concepts/session-management, "Disable Session Refresh").
fn is_renewed(server: &Server) -> bool {
    match server.options.lookup(&["session", "disableSessionRefresh"]) {
        Lookup::Absent => true,
        Lookup::Found(found) => found.iter().all(|one| matches!(one.node.value, Value::Bool(false) | Value::Undefined)),
        Lookup::Unknown(_) => false,
    }
}
