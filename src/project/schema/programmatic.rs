//! Migrations that better-auth runs itself, where code asks it to (documentation: concepts/database, "Programmatic
//! Migrations").

use std::sync::Arc;

use crate::facts::module::{CallSite, Kind};
use crate::project::eval::Evaluator;
use crate::project::files::Files;
use crate::project::link::is_framework;
use crate::project::value::Value;

/// The function that looks for what is missing in the database, and has the one that makes it.
pub const GET_MIGRATIONS: &str = "getMigrations";

/// The files that have better-auth make what is missing in the database. Beside what [`GET_MIGRATIONS`] gives,
/// what an instance has for its `$context` can do so.
#[must_use]
pub fn runs(files: &dyn Files, evaluator: &Evaluator<'_>) -> Vec<Arc<str>> {
    let mentioning = files.candidates().iter().filter(|(_, signals)| signals.boot_migrations);
    let by_function = |path: &Arc<str>| {
        let facts = files.facts(path);
        let calls = facts.as_deref().and_then(|facts| facts.module()).map(|module| module.calls.as_slice());
        calls.unwrap_or_default().iter().any(|call| gets_migrations(evaluator, path, call))
    };
    let by_context = |path: &Arc<str>| files.text(path).is_some_and(|text| text.contains(".$context"));
    mentioning.map(|(path, _)| path).filter(|path| by_function(path) || by_context(path)).cloned().collect()
}

fn gets_migrations(evaluator: &Evaluator<'_>, path: &Arc<str>, site: &CallSite) -> bool {
    let Kind::Call(call) = &site.expr.kind else { return false };
    evaluator.begin();
    match evaluator.eval(path, site.scope, &call.callee).value {
        Value::External(callee) => is_framework(&callee.module) && callee.name.rsplit('.').next() == Some(GET_MIGRATIONS),
        _ => false,
    }
}
