//! The command line: one file per command, each of them thin.

mod args;
mod check;
mod config;
mod daemon;
mod demo;
mod doctor;
mod error;
mod fix;
mod generate;
mod hook;
mod install;
mod log;
mod output;
mod place;
mod progress;
mod request;
mod review;
mod rules;
mod settings;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use args::{App, Command, RulesAction};
use error::CommandError;

/// What a command ends with: the exit code, or an error for the edge to print.
type Outcome = Result<u8, CommandError>;

/// Runs the command the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    // Every commit waits for this path, so it is decided before the argument parser is built.
    if let [first, event, rest @ ..] = arguments.as_slice()
        && first == "hook"
        && let Some(event) = hook::Event::parse(event)
    {
        return hook::run(event, rest).into();
    }
    dispatch(App::parse()).unwrap_or_else(|error| error.report()).into()
}

fn dispatch(app: App) -> Outcome {
    match app.command {
        None => check::check(&app.check),
        Some(Command::Check(args)) => check::check(&args),
        Some(Command::Watch(args)) => watch::run(&args),
        Some(Command::Fix(args)) => fix::run(&args),
        Some(Command::Inspect(args)) => check::inspect(&args),
        Some(Command::Explain { rule }) => rules::explain(&rule),
        Some(Command::Rules { action: RulesAction::List }) => rules::list(),
        Some(Command::Install(args)) => install::install(&args),
        Some(Command::Uninstall) => install::uninstall(),
        Some(Command::Daemon { action }) => daemon::run(action),
        Some(Command::Config { action }) => config::run(action),
        Some(Command::Demo(args)) => demo::run(&args),
        Some(Command::Doctor) => doctor::run(),
        Some(Command::Completions { shell }) => generate::completions(shell),
        Some(Command::Man) => generate::man(),
        Some(Command::Generate { check }) => generate::readme(check),
        Some(Command::Hook { event, arguments }) => Ok(hook::run(event, &arguments)),
    }
}
