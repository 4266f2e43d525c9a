//! Migrations that code runs by itself (documentation: concepts/database, "Programmatic Migrations").

use std::sync::Arc;

use crate::facts::module::{CallSite, Imported, Kind, Module};
pub(super) use crate::project::schema::programmatic::GET_MIGRATIONS;
use crate::rules::Context;

/// Hands every call of [`GET_MIGRATIONS`] on, with the file and the module it stands in.
pub(super) fn each_call(cx: &Context<'_>, mut take: impl FnMut(&Arc<str>, &Module, &CallSite)) {
    for (path, _) in cx.files.candidates().iter().filter(|(_, signals)| signals.auth) {
        let facts = cx.files.facts(path);
        let Some(module) = facts.as_deref().and_then(|facts| facts.module()) else { continue };
        for call in module.calls.iter().filter(|call| is_it(module, call)) {
            take(path, module, call);
        }
    }
}

fn is_it(module: &Module, call: &CallSite) -> bool {
    let Kind::Call(inner) = &call.expr.kind else { return false };
    let Kind::Name(local) = &inner.callee.kind else { return false };
    module.imports.iter().any(|import| {
        import.local == *local
            && import.name == Imported::Named(GET_MIGRATIONS.into())
            && import.module.starts_with("better-auth/")
    })
}
