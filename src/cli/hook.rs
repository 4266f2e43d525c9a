//! What the installed hook runs. It stops a commit because of findings, never because it broke itself, except in CI.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use clap::{ColorChoice, ValueEnum};

use super::place::Place;
use super::review::{self, Answerer};
use super::{log, output, request, settings};
use crate::daemon::lifecycle;
use crate::git::Environment;
use crate::service::{INCOMPLETE, Output, Request, Target};

/// The git hooks that can run a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Event {
    /// Before a commit is made
    #[value(name = "pre-commit")]
    Commit,
    /// Before a merge without conflicts is committed
    #[value(name = "pre-merge-commit")]
    Merge,
    /// Before commits are pushed: the net for cherry-pick, revert and rebase, which run no pre-commit
    #[value(name = "pre-push")]
    Push,
}

impl Event {
    /// All events, in the order git runs them.
    pub(super) const ALL: [Self; 3] = [Self::Commit, Self::Merge, Self::Push];

    /// The name git gives the hook.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Commit => "pre-commit",
            Self::Merge => "pre-merge-commit",
            Self::Push => "pre-push",
        }
    }

    /// The event of a hook name.
    pub(super) fn parse(name: &OsStr) -> Option<Self> {
        Self::ALL.into_iter().find(|event| name == event.name())
    }
}

/// Reviews what git is about to commit or push, and gives the exit code for git.
pub(super) fn run(event: Event, arguments: &[OsString]) -> u8 {
    if std::env::var_os("AUTH_REVIEW").is_some_and(|value| value == "0") {
        output::error("git auth-review: not reviewed, because AUTH_REVIEW=0 is set\n");
        return 0;
    }
    log::as_asked();
    match std::panic::catch_unwind(|| review(event, arguments)) {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => failed(&format!("{error:#}")),
        Err(_) => failed("the review stopped unexpectedly; `git auth-review doctor` prints what an issue report needs"),
    }
}

fn failed(reason: &str) -> u8 {
    let place = Environment::from_process().ok().and_then(|environment| Place::find(&environment));
    if settings::failure_blocks(place.as_ref().map(|place| place.root.as_path())) {
        output::error(&format!("error: git auth-review could not review this: {reason}\n"));
        INCOMPLETE
    } else {
        output::error(&format!("warning: git auth-review could not review this, and lets it pass: {reason}\n"));
        0
    }
}

fn review(event: Event, arguments: &[OsString]) -> anyhow::Result<u8> {
    let mut template = request::build(Target::Staged, Output::Terminal, ColorChoice::Auto)?;
    template.hook = true;
    let place = Place::find(&template.environment);
    let use_daemon = place.as_ref().is_some_and(|place| settings::daemon_wanted(&place.root));
    let requests = match event {
        Event::Commit | Event::Merge => vec![template],
        Event::Push => pushed(&template, arguments)?,
    };
    let (mut code, mut daemon_missed) = (0, false);
    for request in &requests {
        let (reply, by) = review::answer(request, place.as_ref(), use_daemon);
        // What cannot be printed decides nothing.
        code = code.max(output::emit(&reply).unwrap_or(reply.code));
        daemon_missed |= by == Answerer::Process;
    }
    if let Some(place) = place.filter(|_| use_daemon && daemon_missed && !request::in_ci()) {
        // The next commit is quicker with it; this one does not wait for it, nor asks whether one that hangs is there:
        // where one is, the new one leaves again.
        let _ = lifecycle::spawn(&place.common_dir);
    }
    Ok(code)
}

/// One request for each branch being pushed: its tip, compared with what the remote has. git tells them on standard
/// input, one `<local ref> <local id> <remote ref> <remote id>` a line (githooks(5)).
fn pushed(template: &Request, arguments: &[OsString]) -> anyhow::Result<Vec<Request>> {
    let mut input = String::new();
    io::stdin().read_to_string(&mut input).context("what is being pushed could not be read")?;
    let mut requests = Vec::new();
    for line in input.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let &[_, local, _, remote] = fields.as_slice() else { continue };
        if is_null(local) {
            continue;
        }
        let known = !is_null(remote) && git(&["cat-file", "-e", &format!("{remote}^{{commit}}")]).is_ok();
        let since = if known { Since::Commit(remote.to_owned()) } else { last_shared(local, arguments.first())? };
        let base = match since {
            Since::Commit(id) => Some(id),
            Since::Beginning => None,
            Since::NothingNew => continue,
        };
        requests.push(Request { target: Target::Revision(local.to_owned()), base, ..template.clone() });
    }
    Ok(requests)
}

/// From where on the history of a branch is new to a remote.
enum Since {
    /// After a commit it has.
    Commit(String),
    /// All of it.
    Beginning,
    /// Nowhere.
    NothingNew,
}

/// Where a new branch left the branches the remote is known to have.
fn last_shared(local: &str, remote: Option<&OsString>) -> anyhow::Result<Since> {
    let remotes = format!("--remotes={}", remote.and_then(|name| name.to_str()).unwrap_or_default());
    let listed = git(&["rev-list", "--boundary", local, "--not", &remotes])?;
    if listed.is_empty() {
        return Ok(Since::NothingNew);
    }
    let boundary = listed.lines().find_map(|line| line.strip_prefix('-'));
    Ok(boundary.map_or(Since::Beginning, |id| Since::Commit(id.to_owned())))
}

fn is_null(id: &str) -> bool {
    id.bytes().all(|digit| digit == b'0')
}

fn git(arguments: &[&str]) -> anyhow::Result<String> {
    let run = Command::new("git").args(arguments).stdin(Stdio::null()).output().context("git could not be started")?;
    anyhow::ensure!(run.status.success(), "git {}: {}", arguments[0], String::from_utf8_lossy(&run.stderr).trim());
    Ok(String::from_utf8_lossy(&run.stdout).trim_end().to_owned())
}
