//! `rules list` and `explain`: the rules of this program and of the repository's own.

use std::fmt::Write as _;

use super::error::CommandError;
use super::{Outcome, output, request};
use crate::engine;
use crate::git::{Environment, Repo};
use crate::rules::{self, Registry};

/// Prints every rule with its severity, tier and summary.
pub(super) fn list() -> Outcome {
    let registry = registry();
    let width = registry.rules().iter().map(|rule| rule.id().len()).max().unwrap_or(0);
    let mut text = String::new();
    for rule in registry.rules() {
        let metadata = &rule.document().metadata;
        writeln!(text, "{:width$}  {:8}  tier {}  {}", rule.id(), metadata.severity.name(), metadata.tier, metadata.summary)?;
    }
    finish(&registry, &text)
}

/// Prints the document of a rule, named with or without its category.
pub(super) fn explain(name: &str) -> Outcome {
    let registry = registry();
    match registry.find(name) {
        Some(rule) => finish(&registry, &rules::explain(rule, request::style(clap::ColorChoice::Auto).color)),
        None => {
            let error = CommandError::usage_message(format!("there is no rule `{name}`"));
            Err(error.hint("`git auth-review rules list` names all of them"))
        }
    }
}

/// The table of built-in rules in Markdown, for the README.
pub(super) fn table() -> String {
    let mut table = String::from("| rule | severity | tier | finds |\n|---|---|---|---|\n");
    for rule in Registry::builtin().rules() {
        let (id, metadata) = (rule.id(), &rule.document().metadata);
        let (severity, tier, summary) = (metadata.severity.name(), metadata.tier, &metadata.summary);
        let _ = writeln!(table, "| [{id}](rules/{id}.md) | {severity} | {tier} | {summary} |");
    }
    table
}

fn finish(registry: &Registry, text: &str) -> Outcome {
    let notes: String = registry.notes().iter().map(|note| format!("warning: {note}\n")).collect();
    output::error(&notes);
    output::print(text)?;
    Ok(0)
}

/// The rules of this program and, inside a repository, those of its work tree.
fn registry() -> Registry {
    let documents = Environment::from_process()
        .map_err(anyhow::Error::from)
        .and_then(|environment| Ok(engine::user_documents(&Repo::open(&environment)?.worktree()?)));
    Registry::with_user_documents(documents.unwrap_or_default())
}
