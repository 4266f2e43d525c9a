//! `config show` and `config init`.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};

use anyhow::Context as _;

use super::args::ConfigAction;
use super::error::CommandError;
use super::place::Place;
use super::{Outcome, output, settings};
use crate::config::{DaemonMode, OnError, PATHS, REFERENCE, RuleLevel};
use crate::git::Environment;

/// `config ACTION`.
pub(super) fn run(action: ConfigAction) -> Outcome {
    let place = Place::required(&Environment::from_process()?)?;
    match action {
        ConfigAction::Show => show(&place),
        ConfigAction::Init => init(&place),
    }
}

/// Prints the configuration in effect, in the file's own format.
fn show(place: &Place) -> Outcome {
    let (path, config) = settings::read(&place.root).map_err(CommandError::usage)?;
    let mut text = path.map_or_else(|| "# no auth-review.toml: the defaults\n".to_owned(), |path| format!("# {path}\n"));
    match config.fail_on {
        Some(fail_on) => writeln!(text, "fail-on = \"{}\"", fail_on.name())?,
        None => text.push_str("# fail-on: critical in the hook, high with a base revision\n"),
    }
    let on_error = if config.on_error == OnError::Block { "block" } else { "warn" };
    let daemon = if config.daemon == DaemonMode::Off { "off" } else { "auto" };
    let ignore: Vec<String> = config.ignore.patterns().iter().map(|pattern| format!("{pattern:?}")).collect();
    write!(text, "on-error = \"{on_error}\"\ndaemon = \"{daemon}\"\nignore = [{}]\n", ignore.join(", "))?;
    if !config.rules.is_empty() {
        text.push_str("\n[rules]\n");
    }
    for (rule, level) in &config.rules {
        let level = match level {
            RuleLevel::Off => "off",
            RuleLevel::On => "on",
            RuleLevel::At(severity) => severity.name(),
        };
        writeln!(text, "{rule:?} = \"{level}\"")?;
    }
    output::print(&text)?;
    Ok(0)
}

/// Writes a commented configuration, unless there is one.
fn init(place: &Place) -> Outcome {
    if let Some(there) = PATHS.into_iter().find(|path| place.root.join(path).exists()) {
        return Err(CommandError::usage_message(format!("{there} is there already")));
    }
    let path = place.root.join(PATHS[0]);
    let written =
        OpenOptions::new().write(true).create_new(true).open(&path).and_then(|mut file| file.write_all(REFERENCE.as_bytes()));
    match written {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(CommandError::usage_message(format!("{} is there already", PATHS[0])))
        }
        written => {
            written.with_context(|| format!("{} cannot be written", path.display()))?;
            output::print(&format!("Wrote {}: every key is in it, commented out.\n", path.display()))?;
            Ok(0)
        }
    }
}
