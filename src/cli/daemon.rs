//! `daemon ACTION`: the resident reviewer of this repository, by hand.

use std::path::Path;
use std::{fs, io};

use anyhow::Context as _;
use clap::ColorChoice;

use super::args::{DaemonAction, KeepAction};
use super::error::CommandError;
use super::place::Place;
use super::{Outcome, output, request};
use crate::daemon::{self, client, keeper, log};
use crate::git::Environment;
use crate::service::{Output, Request, Target};

/// Exit code of `daemon status` when none runs, as service managers have it (LSB: "program is not running").
const NOT_RUNNING: u8 = 3;

/// `daemon ACTION`.
pub(super) fn run(action: DaemonAction) -> Outcome {
    match action {
        DaemonAction::Start => answer(|common_dir| Ok((start(common_dir)?, 0))),
        DaemonAction::Stop => answer(|common_dir| {
            let stopped = client::stop(common_dir).is_ok();
            Ok((if stopped { "stopped\n" } else { "not running\n" }.to_owned(), 0))
        }),
        DaemonAction::Status => answer(|common_dir| {
            Ok(client::status(common_dir)
                .map_or_else(|_| ("not running\n".to_owned(), NOT_RUNNING), |status| (format!("{status}\n"), 0)))
        }),
        DaemonAction::Logs => answer(|common_dir| Ok((logs(common_dir)?, 0))),
        DaemonAction::Run { common_dir } => {
            daemon::run(&common_dir, expected(&common_dir).ok()).context("the daemon could not start")?;
            Ok(0)
        }
        DaemonAction::Keep { action, version, directory } => {
            let kept = match action {
                KeepAction::Read { common_dir } => {
                    // A hook's review looks at nothing when nothing is staged. This one looks at everything.
                    let everything = expected(&common_dir).map(|request| Request { hook: false, ..request });
                    keeper::read(&version, &directory, everything.ok().as_ref(), io::stdout().lock())
                }
                KeepAction::Write => keeper::write(&version, &directory, io::stdin().lock()),
            };
            kept.context("the cache is of no use")?;
            Ok(0)
        }
    }
}

/// Prints what is to be said of the daemon of this repository, which is known by its common directory.
fn answer(of: impl FnOnce(&Path) -> Result<(String, u8), CommandError>) -> Outcome {
    let place = Place::required(&Environment::from_process()?)?;
    let (text, code) = of(&place.common_dir)?;
    output::print(&text)?;
    Ok(code)
}

fn start(common_dir: &Path) -> Result<String, CommandError> {
    let started = daemon::start(common_dir).context("the daemon does not answer").map_err(CommandError::from);
    let status = started.map_err(|error| error.hint("`git auth-review daemon logs` may say why; reviews work without it"))?;
    Ok(format!("{status}\n"))
}

fn logs(common_dir: &Path) -> anyhow::Result<String> {
    match log::path(common_dir).filter(|path| path.is_file()) {
        Some(path) => fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display())),
        None => Ok("there is no log: no daemon has run here yet\n".to_owned()),
    }
}

/// The daemon's state in one line.
pub(super) fn status_line(common_dir: &Path) -> String {
    client::status(common_dir)
        .map_or_else(|error| format!("not running ({error})"), |status| status.to_string().replace('\n', "; "))
}

/// What the hook of the main work tree is going to ask.
fn expected(common_dir: &Path) -> anyhow::Result<Request> {
    let root = common_dir.parent().context("the git directory has no work tree around it")?;
    let mut request = request::build(Target::Staged, Output::Terminal, ColorChoice::Auto)?;
    request.environment = Environment { directory: root.to_owned(), ..Environment::default() };
    request.hook = true;
    Ok(request)
}
