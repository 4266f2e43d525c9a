//! The command line: one file per command, each of them thin.

use std::process::ExitCode;

/// Runs the command the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
