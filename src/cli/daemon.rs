//! The daemon as the command line sees it.

use std::path::Path;

use super::Outcome;
use super::args::DaemonAction;
use crate::service::{Reply, Request};

/// The daemon's answer, when one runs and is quick enough.
pub(super) fn ask(_common_dir: &Path, _request: &Request) -> Option<Reply> {
    None
}

/// Starts the daemon in the background, unless it runs.
pub(super) fn ensure_started(_common_dir: &Path) {}

/// `daemon ACTION`.
pub(super) fn run(_action: DaemonAction) -> Outcome {
    Ok(0)
}

/// The daemon's state in one line.
pub(super) fn status_line(_common_dir: &Path) -> String {
    String::new()
}
