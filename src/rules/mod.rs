//! The rules: documents, the three ways to write them, and the registry.
//!
//! A rule is one document, `rules/<category>/<id>.md`: front matter, explanation, repairs, examples. The examples are its
//! tests (`tests/rules.rs`). Its check is written in one of three ways, named by `check` in the front matter:
//!
//! - `declared`: `[[when]]` tables with an option path and a predicate on the value there ([`declared`]);
//! - `query`: a fenced `query` block with a tree-sitter query ([`query`]);
//! - `code`: a function in `<category>/<id>.rs` beside this file, listed in the `CHECKS` of its category.
//!
//! Documents are found by the build script; nothing else names them. A project's own documents in
//! `.auth-review/rules/` may be declared or queries, and work the same way.

mod client_server_sync;
mod context;
mod db_index;
pub mod declared;
pub mod document;
mod edit;
pub mod examples;
mod explain;
mod gaps;
mod input_validation;
mod markdown;
pub mod metadata;
mod migration;
pub mod query;
mod registry;
mod reporter;
mod version_drift;

pub use context::{Before, Context};
pub use explain::explain;
pub use registry::{Outcome, Registry, Rule};
pub use reporter::{Circumstances, Reporter};

/// The check of a coded rule.
pub(crate) type Check = fn(&Context<'_>, &mut Reporter<'_>);

/// The coded rules by category: the last part of their ids, and their functions.
const CODED: [(&str, &[(&str, Check)]); 5] = [
    ("client-server-sync", client_server_sync::CHECKS),
    ("db-index", db_index::CHECKS),
    ("input-validation", input_validation::CHECKS),
    ("migration", migration::CHECKS),
    ("version-drift", version_drift::CHECKS),
];
