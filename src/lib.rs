//! Reviews projects that use the better-auth framework, at commit time and everywhere else, without running them.
//!
//! # How a review flows
//!
//! ```text
//! cli / daemon          one request: which snapshot, compared with what, printed how
//!    │
//! git                   the index, a tree or the work tree as a `source::Snapshot`: paths with exact bytes
//!    │
//! source → syntax       bytes → text → tree or rows with spans
//!    │
//! facts                 what one file says: pure, small, cached by content (`cache`)
//!    │
//! project               facts linked: servers, clients, versions, plugins, option values, schema (`knowledge` tells
//!    │                  what better-auth requires)
//! rules                 model → reports
//!    │
//! finding → triage      locations, fingerprints; suppressions, baseline, new or existing, gate
//!    │
//! report                terminal, JSON
//! ```
//!
//! `fix` goes round: it reviews, applies the edits of the findings, and reviews what came of it.
//!
//! `engine` is the only place that sees all of these; `git`, `cache`, `watcher`, `watch`, `daemon` and `cli` are shells around it. Nothing
//! below `engine` does input or output, so every rule is tested on files in memory. `tests/architecture.rs` keeps the
//! order true.

pub mod cache;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod engine;
pub mod facts;
pub mod finding;
pub mod fix;
pub mod git;
pub mod knowledge;
pub mod project;
pub mod report;
pub mod rules;
pub mod service;
pub mod source;
pub mod syntax;
pub mod triage;
pub mod watch;
pub mod watcher;
