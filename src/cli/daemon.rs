//! `daemon ACTION`: the resident reviewer of this repository, by hand.

use std::path::Path;
use std::{fs, io};

use anyhow::Context as _;
use clap::ColorChoice;

use super::args::{DaemonAction, KeepAction};
use super::error::CommandError;
use super::place::Place;
use super::{Outcome, output, request};
use crate::daemon::{self, client, keep, log, platform};
use crate::git::{Environment, Repo};
use crate::service::{Output, Request, Target};

/// Exit code of `daemon status` when none runs, as service managers have it (LSB: "program is not running").
const NOT_RUNNING: u8 = 3;

/// Exit code of `daemon status` when that cannot be told (LSB: "program or service status is unknown").
const NOT_KNOWN: u8 = 4;

/// `daemon ACTION`.
pub(super) fn run(action: DaemonAction) -> Outcome {
    match action {
        DaemonAction::Start => answer(|common_dir| Ok((start(common_dir)?, 0))),
        DaemonAction::Stop => answer(|common_dir| match client::stop(common_dir) {
            Ok(()) => Ok(("stopped\n".to_owned(), 0)),
            Err(error) if client::is_absence(&error) => Ok(("not running\n".to_owned(), 0)),
            Err(error) => {
                let error = CommandError::from(anyhow::Error::from(error).context("the daemon cannot be told to stop"));
                Err(error.hint("reviews work without it; nothing is lost when its process is killed"))
            }
        }),
        DaemonAction::Status => answer(|common_dir| {
            Ok(match client::status(common_dir) {
                Ok(status) => (format!("{status}\n"), 0),
                Err(error) if client::is_absence(&error) => ("not running\n".to_owned(), NOT_RUNNING),
                Err(error) => (format!("not known: {error}\n"), NOT_KNOWN),
            })
        }),
        DaemonAction::Logs => answer(|common_dir| Ok((logs(common_dir)?, 0))),
        DaemonAction::Run { common_dir } => {
            daemon::run(&common_dir, expected(&common_dir).ok()).context("the daemon could not start")?;
            Ok(0)
        }
        DaemonAction::Keep { action, version, directory } => {
            platform::create_private_files();
            let kept = match action {
                KeepAction::Read { common_dir } => {
                    // A hook's review looks at nothing when nothing is staged. This one looks at everything.
                    let everything = |request| Request { hook: false, ..request };
                    let everything = common_dir.and_then(|common_dir| expected(&common_dir).ok()).map(everything);
                    keep::read(&version, &directory, everything.as_ref(), io::stdout().lock())
                }
                KeepAction::Write => keep::write(&version, &directory, io::stdin().lock()),
                KeepAction::Replace => keep::replace(&version, &directory, io::stdin().lock()),
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
    match log::path(common_dir) {
        Some(path) if path.is_file() => fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display())),
        Some(_) => Ok("there is no log: no daemon has run here yet\n".to_owned()),
        None => Ok(format!("there is no log: nothing can be kept in {} or a cache directory\n", common_dir.display())),
    }
}

/// The daemon's state in one line.
pub(super) fn status_line(common_dir: &Path) -> String {
    match client::status(common_dir) {
        Ok(status) => status.to_string().replace('\n', "; "),
        Err(error) if client::is_absence(&error) => format!("not running ({error})"),
        Err(error) => format!("not known: {error}"),
    }
}

/// What the hook of the main work tree is going to ask.
fn expected(common_dir: &Path) -> anyhow::Result<Request> {
    let within = |directory: &Path| Environment { directory: directory.to_owned(), ..Environment::default() };
    let repo = Repo::open(&within(common_dir))?;
    let root = repo.workdir().context("the repository has no work tree of its own")?.canonicalize()?;
    // Where nothing tells of it, it is taken to be around the git directory, where there may be another one or none.
    let found = Place::find(&within(&root)).is_some_and(|place| place.common_dir == common_dir);
    anyhow::ensure!(found, "the work tree is somewhere else");
    let mut request = request::build(Target::Staged, Output::Terminal, ColorChoice::Auto)?;
    request.environment = within(&root);
    request.hook = true;
    Ok(request)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn what_is_expected_is_asked_in_the_work_tree_of_the_repository() {
        let temp = tempfile::tempdir().expect("a temporary directory");
        let base = temp.path().canonicalize().expect("there");
        let git = |arguments: &[&str]| {
            let mut command = Command::new("git");
            command.args(["-c", "init.defaultBranch=main"]).args(arguments).current_dir(&base);
            assert!(command.output().is_ok_and(|output| output.status.success()), "{arguments:?}");
        };
        git(&["init", "outer"]);
        git(&["init", "--separate-git-dir", "outer/elsewhere.git", "outer/apart"]);
        fs::create_dir(base.join("outer/.git/modules")).expect("created");
        git(&["init", "--separate-git-dir", "outer/.git/modules/sub", "outer/sub"]);
        git(&["-C", "outer/sub", "config", "core.worktree", "../../../sub"]);
        git(&["init", "--bare", "outer/bare.git"]);
        let directory = |git_dir: &str| expected(&base.join(git_dir)).ok().map(|request| request.environment.directory);
        assert_eq!(directory("outer/.git"), Some(base.join("outer")));
        assert_eq!(directory("outer/.git/modules/sub"), Some(base.join("outer/sub")), "a submodule");
        assert_eq!(directory("outer/elsewhere.git"), None, "what is around it is another repository");
        assert_eq!(directory("outer/bare.git"), None);
    }
}
