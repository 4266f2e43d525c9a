//! One request, one reply: what the command line runs in-process and the daemon runs for it, by the same code.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::cache::FactStore;
use crate::config::{Config, OnError};
use crate::engine::{self, Locator, Options, Review, ReviewError};
use crate::git::{Change, Commit, Environment, GitError, Repo};
use crate::report;
use crate::source::{Entry, FileKind, Snapshot};
use crate::triage::FailOn;

/// What is to be reviewed and how the answer is to look. Everything that decides a byte of the output is in here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Where git says it is working.
    pub environment: Environment,
    /// What to review.
    pub target: Target,
    /// A revision to compare with; the parents of the next commit when absent and the index is reviewed.
    pub base: Option<String>,
    /// Only findings in files below these paths (relative to the repository root) are shown.
    pub paths: Vec<String>,
    /// What to print.
    pub output: Output,
    /// Lowest severity that blocks; `None` takes the configuration's, then the door's own default.
    pub fail_on: Option<FailOn>,
    /// How to print.
    pub style: report::Style,
    /// Called from a git hook: silent without auth files, one line when clean.
    pub hook: bool,
    /// `CI` is set.
    pub ci: bool,
    /// Today's date as `YYYY-MM-DD`, for expiring suppressions.
    pub today: String,
}

/// What to review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// The index.
    Staged,
    /// The work tree.
    Worktree,
    /// A commit.
    Revision(String),
}

/// What to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Output {
    /// Findings for people.
    Terminal,
    /// Findings as JSON version 1.
    Json,
    /// The project model for people.
    InspectTerminal,
    /// The project model as JSON version 1.
    InspectJson,
}

/// The answer, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reply {
    /// For standard output.
    pub stdout: String,
    /// For standard error.
    pub stderr: String,
    /// The exit code.
    pub code: u8,
}

/// Exit code: nothing at or above the gate.
pub const CLEAN: u8 = 0;
/// Exit code: the gate failed.
pub const BLOCKED: u8 = 1;
/// Exit code: usage or configuration error.
pub const USAGE: u8 = 2;
/// Exit code: the review could not be completed.
pub const INCOMPLETE: u8 = 3;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Review(#[from] ReviewError),
}

/// Opens the repository, reviews what is asked for and renders the answer.
#[must_use]
pub fn answer(request: &Request, store: &dyn FactStore) -> Reply {
    answer_request(request, store).unwrap_or_else(|failure| failed(request, &failure))
}

fn answer_request(request: &Request, store: &dyn FactStore) -> Result<Reply, Failure> {
    let repo = Repo::open(&request.environment)?;
    match &request.target {
        Target::Staged => staged(request, &repo, store),
        Target::Worktree => {
            let snapshot = repo.worktree()?;
            whole(request, &repo, &snapshot, store)
        }
        Target::Revision(name) => {
            let snapshot = repo.tree(&repo.revision(name)?)?;
            whole(request, &repo, &snapshot, store)
        }
    }
}

/// The index against its parents, or against the base that was asked for.
fn staged(request: &Request, repo: &Repo, store: &dyn FactStore) -> Result<Reply, Failure> {
    let index = repo.index()?;
    if let Some(reply) = inspected(request, &index, store)? {
        return Ok(reply);
    }
    let parents: Vec<Option<Commit>> = match &request.base {
        Some(base) => vec![Some(repo.revision(base)?)],
        None => {
            let parents: Vec<Option<Commit>> = repo.parents()?.into_iter().map(Some).collect();
            // Before the first commit everything is compared with nothing.
            if parents.is_empty() { vec![None] } else { parents }
        }
    };
    let mut changed = BTreeSet::new();
    let mut bases = Vec::new();
    for parent in &parents {
        changed.extend(repo.changes(&index, parent.as_ref())?.into_iter().map(|change: Change| change.path.to_string()));
        bases.push(repo.before(&index, parent.as_ref())?);
    }
    if request.hook && !changed.iter().any(|path| concerns_review(path)) {
        return Ok(Reply::default());
    }
    let bases: Vec<&dyn Snapshot> = bases.iter().map(|base| base as &dyn Snapshot).collect();
    let worktree = || repo.worktree().ok().map(|worktree| Box::new(worktree) as Box<dyn Snapshot>);
    let base = request.base.clone().or_else(|| parents.iter().flatten().next().map(|_| "HEAD".to_owned()));
    let options = options(request, base, Some(changed));
    let review = engine::review(&index, &bases, Some(&worktree), &options, store)?;
    Ok(rendered(request, &review))
}

/// Whether a change of this path can change the answer: a kind of file that is read, or a setting of the review.
fn concerns_review(path: &str) -> bool {
    FileKind::of(path).is_some() || path.starts_with(".auth-review/") || crate::config::PATHS.contains(&path)
}

/// A whole snapshot, compared with a base only when one was asked for.
fn whole(request: &Request, repo: &Repo, snapshot: &dyn Snapshot, store: &dyn FactStore) -> Result<Reply, Failure> {
    if let Some(reply) = inspected(request, snapshot, store)? {
        return Ok(reply);
    }
    let base = match &request.base {
        Some(name) => Some(repo.tree(&repo.revision(name)?)?),
        None => None,
    };
    let changed = base.as_ref().map(|base| difference(snapshot, base));
    let bases: Vec<&dyn Snapshot> = base.iter().map(|base| base as &dyn Snapshot).collect();
    let review = engine::review(snapshot, &bases, None, &options(request, request.base.clone(), changed), store)?;
    Ok(rendered(request, &review))
}

/// The paths whose content differs, or may differ, between two snapshots.
fn difference(after: &dyn Snapshot, before: &dyn Snapshot) -> BTreeSet<String> {
    let differs = |entry: &Entry, other: &dyn Snapshot| match other.entry(&entry.path) {
        Some(same) => entry.blob.is_none() || same.blob != entry.blob,
        None => true,
    };
    let changed = after.entries().iter().filter(|entry| differs(entry, before));
    let removed = before.entries().iter().filter(|entry| after.entry(&entry.path).is_none());
    changed.chain(removed).map(|entry| entry.path.to_string()).collect()
}

fn options(request: &Request, base: Option<String>, changed: Option<BTreeSet<String>>) -> Options {
    let door = if request.ci && !request.hook && request.base.is_some() { FailOn::High } else { FailOn::Critical };
    Options { fail_on: request.fail_on, door, paths: request.paths.clone(), today: request.today.clone(), base, changed }
}

/// The project model, when that is what was asked for.
fn inspected(request: &Request, snapshot: &dyn Snapshot, store: &dyn FactStore) -> Result<Option<Reply>, Failure> {
    if !matches!(request.output, Output::InspectTerminal | Output::InspectJson) {
        return Ok(None);
    }
    let model = engine::model(snapshot, &engine::config_of(snapshot)?, store);
    let locator = Locator::new(snapshot);
    let locate = |site: &crate::source::Site| locator.locate(site);
    let stdout = match request.output {
        Output::InspectJson => report::inspect::json(&model, &locate),
        _ => report::inspect::terminal(&model, &locate, &request.style),
    };
    Ok(Some(Reply { stdout, ..Reply::default() }))
}

fn rendered(request: &Request, review: &Review) -> Reply {
    let stdout = match request.output {
        Output::Json => report::json::review(review),
        _ => report::terminal::review(review, request.hook, &request.style),
    };
    Reply { stdout, stderr: String::new(), code: if review.blocked { BLOCKED } else { CLEAN } }
}

/// A review that broke does not stop a commit, unless in CI or where the configuration asks for it. A configuration
/// that cannot be read always stops: it is the user's own, and reviewing without it would not be what they asked for.
fn failed(request: &Request, failure: &Failure) -> Reply {
    let usage = match failure {
        Failure::Review(ReviewError::Config { .. }) => true,
        Failure::Git(error) => {
            matches!(
                error,
                GitError::NotARepository(_) | GitError::NoWorkTree(_) | GitError::UnknownRevision { .. } | GitError::Ownership(_)
            )
        }
    };
    let configured = matches!(failure, Failure::Review(ReviewError::Config { .. }));
    if request.hook && !request.ci && !configured && on_error(request) == OnError::Warn {
        let stderr = format!("warning: git auth-review could not review this, and lets it pass: {failure}\n");
        return Reply { stderr, ..Reply::default() };
    }
    Reply { stdout: String::new(), stderr: format!("error: {failure}\n"), code: if usage { USAGE } else { INCOMPLETE } }
}

/// What the configuration on disk says about reviews that break; the snapshot's own cannot be had then.
fn on_error(request: &Request) -> OnError {
    let read = |directory: &std::path::Path| {
        let texts = crate::config::PATHS.iter().filter_map(|path| std::fs::read_to_string(directory.join(path)).ok());
        texts.filter_map(|text| Config::parse(&text).ok()).next()
    };
    request.environment.directory.ancestors().find_map(read).map_or(OnError::Warn, |config| config.on_error)
}
