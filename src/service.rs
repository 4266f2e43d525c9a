//! One request, one reply: what the command line runs in-process and the daemon runs for it, by the same code.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::cache::FactStore;
use crate::config::{Config, OnError};
use crate::engine::{self, Memory, Options, Recall, Review, ReviewError, Surroundings};
use crate::git::{Change, Commit, Environment, GitError, IndexIdentity, Repo, SkipReason};
use crate::report;
use crate::source::{Entry, FileKind, Installed, Snapshot};
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
    /// Only findings in files below these paths (relative to the repository root) are shown, and block.
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
pub enum Failure {
    /// The repository cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// What was read cannot be reviewed.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// Findings are asked for in a file or folder that is nowhere.
    #[error("there is no file or folder `{0}` in what is reviewed")]
    NoSuchPath(String),
}

impl Failure {
    /// The exit code that tells of it.
    #[must_use]
    pub fn code(&self) -> u8 {
        let usage = match self {
            Self::Review(ReviewError::Config { .. }) | Self::NoSuchPath(_) => true,
            Self::Git(error) => matches!(
                error,
                GitError::NotARepository(_) | GitError::NoWorkTree(_) | GitError::UnknownRevision { .. } | GitError::Ownership(_)
            ),
        };
        if usage { USAGE } else { INCOMPLETE }
    }
}

/// Opens the repository, reviews what is asked for and renders the answer.
#[must_use]
pub fn answer(request: &Request, store: &dyn FactStore) -> Reply {
    answer_with(request, store, &Answers::default()).unwrap_or_else(|failure| failed(request, &failure))
}

/// Answers that were given before, by everything they depend on.
#[derive(Debug, Default)]
pub struct Answers {
    kept: Mutex<VecDeque<([u8; 32], Reply)>>,
    /// Held by whoever works an answer out. Two would share the processor for what is mostly the same answer.
    turn: Mutex<()>,
    recall: Recall,
}

impl Answers {
    /// Answers kept; older ones are dropped.
    const KEPT: usize = 32;

    /// What later reviews begin with.
    #[must_use]
    pub fn memory<'a>(&'a self, store: &'a dyn FactStore) -> Memory<'a> {
        Memory::lasting(store, &self.recall)
    }

    fn find(&self, key: &[u8; 32]) -> Option<Reply> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(known, _)| known == key).map(|(_, reply)| reply.clone())
    }

    fn keep(&self, key: [u8; 32], reply: Reply) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_front((key, reply));
        kept.truncate(Self::KEPT);
    }
}

/// The same as [`answer`], for a caller that stays: what was answered before for the same index and the same parents is
/// not worked out again.
///
/// # Errors
/// There is no answer. Another process may have one: whose repositories are trusted, which programs there are and where
/// objects lie differ from one environment to the next.
pub fn answer_with(request: &Request, store: &dyn FactStore, answers: &Answers) -> Result<Reply, Failure> {
    let repo = Repo::open(&request.environment)?;
    match &request.target {
        Target::Staged => staged(request, &repo, store, answers),
        Target::Worktree => {
            let snapshot = repo.worktree()?;
            whole(request, &repo, &snapshot, answers.memory(store))
        }
        Target::Revision(name) => {
            let snapshot = repo.tree(&repo.revision(name)?)?;
            whole(request, &repo, &snapshot, answers.memory(store))
        }
    }
}

/// The index against its parents, or against the base that was asked for.
fn staged(request: &Request, repo: &Repo, store: &dyn FactStore, answers: &Answers) -> Result<Reply, Failure> {
    let parents: Vec<Option<Commit>> = match &request.base {
        Some(base) => vec![Some(repo.revision(base)?)],
        None => {
            let parents: Vec<Option<Commit>> = repo.parents()?.into_iter().map(Some).collect();
            // Before the first commit everything is compared with nothing.
            if parents.is_empty() { vec![None] } else { parents }
        }
    };
    let asked = asked(request, &parents);
    let known = || repo.index_identity().map(|identity| answers.find(&file_key(asked.clone(), &identity)));
    if let Some(reply) = known()? {
        return Ok(reply);
    }
    let _turn = answers.turn.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(reply) = known()? {
        return Ok(reply);
    }
    let index = repo.index()?;
    let unmerged = index.skipped().into_iter().filter(|skipped| skipped.reason == SkipReason::Unmerged);
    let unmerged: Vec<Arc<str>> = unmerged.map(|skipped| skipped.path).filter(|path| concerns_review(path)).collect();
    if !unmerged.is_empty() {
        return Err(GitError::Unmerged(unmerged).into());
    }
    let memory = answers.memory(store);
    if let Some(reply) = inspected(request, repo, &index, memory)? {
        return Ok(reply);
    }
    let file_key = file_key(asked.clone(), &index.identity());
    let mut changes: Vec<Vec<Change>> = Vec::new();
    for parent in &parents {
        changes.push(repo.changes(&index, parent.as_ref())?);
    }
    let changed: BTreeSet<String> = changes.iter().flatten().map(|change| change.path.to_string()).collect();
    if request.hook && !changed.iter().any(|path| concerns_review(path)) {
        answers.keep(file_key, Reply::default());
        return Ok(Reply::default());
    }
    let content_key = content_key(asked, &changes, &index.links());
    if let Some(reply) = answers.find(&content_key) {
        answers.keep(file_key, reply.clone());
        return Ok(reply);
    }
    let before = parents.iter().zip(&changes);
    let bases: Vec<_> = before.map(|(parent, changes)| repo.before(&index, parent.as_ref(), changes)).collect();
    let bases: Vec<&dyn Snapshot> = bases.iter().map(|base| base as &dyn Snapshot).collect();
    check_paths(request, repo, &index, &bases)?;
    let worktree = || repo.worktree().ok().map(|worktree| Box::new(worktree) as Box<dyn Snapshot>);
    let installed = repo.installed();
    let around =
        Surroundings { worktree: Some(&worktree), installed: installed.as_ref().map(|packages| packages as &dyn Installed) };
    let base = request.base.clone().or_else(|| parents.iter().flatten().next().map(|_| "HEAD".to_owned()));
    let options = options(request, base, Some(changed));
    let review = engine::review(&index, &bases, around, &options, memory)?;
    let reply = rendered(request, &review);
    // What lies beside the index changes without a trace in it, so an answer that rests on that is good only once.
    if !review.beyond_snapshots {
        answers.keep(content_key, reply.clone());
        answers.keep(file_key, reply.clone());
    }
    Ok(reply)
}

/// Everything the answer to a request about the index depends on: the request, the parents, and the very file. Found
/// without reading it.
fn file_key(mut asked: blake3::Hasher, index: &IndexIdentity) -> [u8; 32] {
    asked.update(&index.to_bytes());
    *asked.finalize().as_bytes()
}

/// The same, where git wrote the file anew with the same content: the request, the parents, what differs from them, and the
/// symbolic links, which are no part of that.
fn content_key(mut asked: blake3::Hasher, changes: &[Vec<Change>], links: &[Arc<str>]) -> [u8; 32] {
    for changes in changes {
        for change in changes {
            asked.update(change.path.as_bytes());
            asked.update(&[0]);
            for blob in [&change.old, &change.new] {
                asked.update(blob.as_ref().map_or(&[0][..], |blob| blob.as_bytes()));
            }
        }
        asked.update(&[1]);
    }
    for link in links {
        asked.update(link.as_bytes());
        asked.update(&[0]);
    }
    *asked.finalize().as_bytes()
}

/// What both keys begin with.
fn asked(request: &Request, parents: &[Option<Commit>]) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new();
    hasher.update(serde_json::to_string(request).unwrap_or_default().as_bytes());
    for parent in parents {
        hasher.update(parent.as_ref().map(|parent| format!("{:?}", parent.id())).unwrap_or_default().as_bytes());
        hasher.update(&[0]);
    }
    hasher
}

/// Whether a change of this path can change the answer: a kind of file that is read, or a setting of the review.
#[must_use]
pub fn concerns_review(path: &str) -> bool {
    FileKind::of(path).is_some() || path.starts_with(".auth-review/") || crate::config::PATHS.contains(&path)
}

/// The answer to a request about a whole snapshot, compared with a base only when one was asked for.
///
/// # Errors
/// As [`answer_with`].
pub fn whole(request: &Request, repo: &Repo, snapshot: &dyn Snapshot, memory: Memory<'_>) -> Result<Reply, Failure> {
    if let Some(reply) = inspected(request, repo, snapshot, memory)? {
        return Ok(reply);
    }
    Ok(rendered(request, &review(request, repo, snapshot, memory)?))
}

/// Reviews a whole snapshot, compared with a base only when one was asked for.
///
/// # Errors
/// The base is not there, or the configuration is broken.
pub fn review(request: &Request, repo: &Repo, snapshot: &dyn Snapshot, memory: Memory<'_>) -> Result<Review, Failure> {
    let base = match &request.base {
        Some(name) => Some(repo.tree(&repo.revision(name)?)?),
        None => None,
    };
    let changed = base.as_ref().map(|base| difference(snapshot, base));
    let bases: Vec<&dyn Snapshot> = base.iter().map(|base| base as &dyn Snapshot).collect();
    check_paths(request, repo, snapshot, &bases)?;
    let installed = repo.installed();
    let around = Surroundings { worktree: None, installed: installed.as_ref().map(|packages| packages as &dyn Installed) };
    Ok(engine::review(snapshot, &bases, around, &options(request, request.base.clone(), changed), memory)?)
}

/// Makes sure that the paths findings are asked for are somewhere: in a snapshot, or on disk, where they may be what no
/// snapshot has or come back while they are watched.
fn check_paths(request: &Request, repo: &Repo, snapshot: &dyn Snapshot, bases: &[&dyn Snapshot]) -> Result<(), Failure> {
    let holds = |snapshot: &dyn Snapshot, path: &str| {
        let mut is_folder = false;
        snapshot.visit(&format!("{path}/"), &mut |_, _| is_folder = true);
        is_folder || snapshot.contains(path)
    };
    let on_disk = |path: &str| repo.workdir().is_some_and(|root| root.join(path).symlink_metadata().is_ok());
    let is_there = |path: &String| {
        request.target == Target::Worktree
            || on_disk(path)
            || holds(snapshot, path)
            || bases.iter().any(|base| holds(*base, path))
    };
    match request.paths.iter().find(|path| !is_there(path)) {
        Some(missing) => Err(Failure::NoSuchPath(missing.clone())),
        None => Ok(()),
    }
}

/// The paths whose content differs, or may differ, between two snapshots.
fn difference(after: &dyn Snapshot, before: &dyn Snapshot) -> BTreeSet<String> {
    let differs = |entry: &Entry, other: &dyn Snapshot| match other.entry(&entry.path) {
        Some(same) => entry.blob.is_none() || same.blob != entry.blob,
        None => true,
    };
    let changed = after.entries().iter().filter(|entry| differs(entry, before));
    let removed = before.entries().iter().filter(|entry| !after.contains(&entry.path));
    changed.chain(removed).map(|entry| entry.path.to_string()).collect()
}

fn options(request: &Request, base: Option<String>, changed: Option<BTreeSet<String>>) -> Options {
    let door = if request.ci && !request.hook && request.base.is_some() { FailOn::High } else { FailOn::Critical };
    Options { fail_on: request.fail_on, door, paths: request.paths.clone(), today: request.today.clone(), base, changed }
}

/// The project model, when that is what was asked for.
fn inspected(request: &Request, repo: &Repo, snapshot: &dyn Snapshot, memory: Memory<'_>) -> Result<Option<Reply>, Failure> {
    if !matches!(request.output, Output::InspectTerminal | Output::InspectJson) {
        return Ok(None);
    }
    let installed = repo.installed();
    let installed = installed.as_ref().map(|packages| packages as &dyn Installed);
    let (model, locator) = engine::located_model(snapshot, &engine::config_of(snapshot)?, installed, memory);
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
    let configured = matches!(failure, Failure::Review(ReviewError::Config { .. }));
    if request.hook && configured {
        let what = if matches!(request.target, Target::Revision(_)) { "push" } else { "commit" };
        let stderr = format!(
            "error: git auth-review stopped this {what}, because its configuration cannot be read: {failure}\n{}",
            report::terminal::leaves_to_ci(what)
        );
        return Reply { stdout: String::new(), stderr, code: failure.code() };
    }
    if request.hook && !request.ci && on_error(request) == OnError::Warn {
        let stderr = format!("warning: git auth-review could not review this, and lets it pass: {failure}\n");
        return Reply { stderr, ..Reply::default() };
    }
    Reply { stdout: String::new(), stderr: format!("error: {failure}\n"), code: failure.code() }
}

/// What the configuration on disk says about reviews that break; the snapshot's own cannot be had then.
fn on_error(request: &Request) -> OnError {
    let read = |directory: &std::path::Path| {
        let texts = crate::config::PATHS.iter().filter_map(|path| std::fs::read_to_string(directory.join(path)).ok());
        texts.filter_map(|text| Config::parse(&text).ok()).next()
    };
    request.environment.directory.ancestors().find_map(read).map_or(OnError::Warn, |config| config.on_error)
}
