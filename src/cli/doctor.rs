//! `doctor`: an environment report to paste into an issue. It names programs, paths and states, never file contents.

use std::fmt::Write as _;

use super::place::Place;
use super::{Outcome, daemon, install, output, request, settings};
use crate::git::Environment;

/// Prints the report.
pub(super) fn run() -> Outcome {
    let mut report = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(report, "{name:<18} {value}");
    };
    line("git-auth-review", &format!("{} ({} {})", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH));
    line("program", &std::env::current_exe().map_or_else(|error| error.to_string(), |path| path.display().to_string()));
    for (program, version) in install::git::programs() {
        let version = version.map_or_else(|| "unknown version".to_owned(), |version| version.to_string());
        line("git", &format!("{version} ({})", program.display()));
    }
    line("CI", if request::in_ci() { "set" } else { "not set" });
    match Place::find(&Environment::from_process()?) {
        Some(place) => {
            line("repository", &place.root.display().to_string());
            line("git directory", &place.common_dir.display().to_string());
            match install::states() {
                Ok(states) => states.iter().for_each(|(event, state)| line(event.name(), state)),
                Err(error) => line("hooks", &error.message()),
            }
            let configuration = settings::read(&place.root).map(|(path, _)| path.unwrap_or("none: the defaults").to_owned());
            line("configuration", &configuration.unwrap_or_else(|error| error.to_string()));
            line("daemon", &daemon::status_line(&place.common_dir));
        }
        None => line("repository", "none here"),
    }
    output::print(&report)?;
    Ok(0)
}
