//! What the program tells of its own work, on standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// Tells everything, as `--verbose` asks for.
pub(super) fn everything() {
    start(EnvFilter::new("debug"));
}

/// Tells what `AUTH_REVIEW_LOG` asks for, in the syntax of [`EnvFilter`]: `debug` tells who answered.
pub(super) fn as_asked() {
    if std::env::var_os("AUTH_REVIEW_LOG").is_some()
        && let Ok(filter) = EnvFilter::try_from_env("AUTH_REVIEW_LOG")
    {
        start(filter);
    }
}

fn start(filter: EnvFilter) {
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    log.with_ansi(std::io::stderr().is_terminal()).with_target(false).without_time().init();
}
