//! The configuration as the shell around a review needs it: read from the work tree, for what happens before and after
//! the review. The review itself reads it from the snapshot.

use std::fs;
use std::path::Path;

use crate::config::{Config, DaemonMode, OnError, PATHS};

/// The configuration of a work tree: the file it is in, if there is one, and what it says.
///
/// # Errors
/// When the file cannot be read or does not parse, with its path, the place and the reason.
pub(super) fn read(root: &Path) -> anyhow::Result<(Option<&'static str>, Config)> {
    let Some(path) = PATHS.into_iter().find(|path| root.join(path).is_file()) else {
        return Ok((None, Config::default()));
    };
    let text = fs::read_to_string(root.join(path)).map_err(|error| anyhow::anyhow!("{path} cannot be read: {error}"))?;
    let config = Config::parse(&text).map_err(|error| anyhow::anyhow!("{path}: {error}"))?;
    Ok((Some(path), config))
}

/// Whether reviews of this work tree may be asked of a daemon. A broken file is reported by the review.
pub(super) fn daemon_wanted(root: &Path) -> bool {
    read(root).is_ok_and(|(_, config)| config.daemon == DaemonMode::Auto)
}

/// Whether a commit is stopped when its review breaks.
pub(super) fn failure_blocks(root: Option<&Path>) -> bool {
    let configured = || root.and_then(|root| read(root).ok()).is_some_and(|(_, config)| config.on_error == OnError::Block);
    super::request::in_ci() || configured()
}
