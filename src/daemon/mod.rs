//! The resident reviewer: an optimisation, never a source of truth.
//!
//! One process per repository keeps facts in memory and answers [`crate::service`] requests over a local socket, with
//! the code its clients would run themselves. It reads ahead while files are saved and staged. A daemon that is missing,
//! slow, old or broken costs its clients time and nothing else.

pub mod client;
pub mod keep;
pub mod keeper;
pub mod lifecycle;
pub mod log;
pub mod platform;
pub mod protocol;
pub mod recall;
pub mod server;
pub mod socket;
pub mod watcher;
pub mod write_behind;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::cache::{Disk, FactStore};
use crate::git::{Environment, GitError, Repo};
use crate::service::{self, Answers, Failure, Reply, Request, Target};
use crate::source::{FileKind, Snapshot as _, folder_of};
use crate::watch::Files;
use keeper::Keeper;
use protocol::Status;

/// Time without a request after which a daemon leaves, unless `AUTH_REVIEW_DAEMON_IDLE` gives another number of seconds.
const IDLE: Duration = Duration::from_secs(30 * 60);

/// Time between two looks at whether the daemon is still wanted. Waking up costs battery, so they are rare.
const VIGILANCE: Duration = Duration::from_secs(60);

/// Time for a new daemon to appear.
const START: Duration = Duration::from_secs(5);

/// Is the daemon of the repository: what the hidden `daemon run` does. Returns when there is a reason to leave, and at
/// once when another process is the daemon already. `expected` is a request to be ready for.
///
/// # Errors
/// The repository is not there, or the socket cannot be created.
pub fn run(common_dir: &Path, expected: Option<Request>) -> io::Result<()> {
    platform::detach();
    platform::create_private_files();
    log::start(common_dir);
    let seconds = std::env::var("AUTH_REVIEW_DAEMON_IDLE").ok().and_then(|value| value.parse().ok());
    let settings = server::Settings {
        common_dir: common_dir.to_path_buf(),
        idle: seconds.map_or(IDLE, Duration::from_secs),
        vigilance: VIGILANCE,
        expected,
    };
    let program = std::env::current_exe()?;
    let keeper = |state| Arc::new(Keeper::new(program, state).learning(common_dir)) as Arc<dyn Disk>;
    let keeper = lifecycle::state_directory(common_dir).map(keeper);
    server::run(settings, keeper, Reviewer::default()).map(drop).inspect_err(|error| tracing::error!(%error, "not started"))
}

/// Starts a daemon unless one is running, and waits until it answers.
///
/// # Errors
/// It could not be started or does not answer; the log may say why.
pub fn start(common_dir: &Path) -> io::Result<Status> {
    if let Ok(status) = client::status(common_dir) {
        return Ok(status);
    }
    lifecycle::spawn(common_dir)?;
    let until = Instant::now() + START;
    loop {
        match client::status(common_dir) {
            Err(_) if Instant::now() < until => thread::sleep(Duration::from_millis(2)),
            answer => return answer,
        }
    }
}

/// Most work trees whose files are kept in memory.
const MAX_WORKTREES: usize = 2;

/// The reviews a daemon runs: the same as every other caller's of [`service`], remembered.
#[derive(Default)]
struct Reviewer {
    answers: Answers,
    /// The files of work trees that were asked for, the last one first.
    worktrees: Mutex<Vec<(PathBuf, Files)>>,
}

impl Reviewer {
    /// Answers a request about a work tree from the files in memory; `None` where that cannot be done.
    fn answer_live(&self, request: &Request, store: &dyn FactStore) -> Option<Reply> {
        let repo = Repo::open(&request.environment).ok()?;
        let is_own = *repo.index_file() == repo.git_dir().join("index") && request.environment.object_directories.is_empty();
        let root = repo.workdir().filter(|_| is_own)?;
        let mut worktrees = self.worktrees.lock().unwrap_or_else(|poisoned| {
            // A review that panicked may have left them half read.
            self.worktrees.clear_poison();
            let mut worktrees = poisoned.into_inner();
            worktrees.clear();
            worktrees
        });
        let (root, mut files) = match worktrees.iter().position(|(known, _)| known == root) {
            Some(at) => worktrees.remove(at),
            None => (root.to_path_buf(), Files::watch(&request.environment, || {}).ok()?),
        };
        files.catch_up().ok()?;
        let memory = self.answers.memory(store);
        let reply = files.tree().and_then(|tree| service::whole(request, tree.repo(), tree.snapshot(), memory).ok());
        worktrees.insert(0, (root, files));
        worktrees.truncate(MAX_WORKTREES);
        reply
    }
}

impl server::Work for Reviewer {
    fn answer(&self, request: &Request, store: &dyn FactStore) -> Result<Reply, Failure> {
        let live = (request.target == Target::Worktree).then(|| self.answer_live(request, store)).flatten();
        live.map_or_else(|| service::answer_with(request, store, &self.answers), Ok)
    }

    fn directories(&self, environment: &Environment) -> Vec<PathBuf> {
        directories_of_interest(environment).unwrap_or_else(|error| {
            tracing::warn!(%error, "the index cannot be read");
            Vec::new()
        })
    }
}

/// The directories that hold tracked files the reviewer reads.
fn directories_of_interest(environment: &Environment) -> Result<Vec<PathBuf>, GitError> {
    let repository = Repo::open(environment)?;
    let Some(root) = repository.workdir() else { return Ok(Vec::new()) };
    let index = repository.index()?;
    let of_interest = index.entries().iter().filter(|entry| FileKind::of(&entry.path).is_some());
    let directories: BTreeSet<&str> = of_interest.map(|entry| folder_of(&entry.path)).collect();
    Ok(directories.into_iter().map(|directory| root.join(directory)).collect())
}
