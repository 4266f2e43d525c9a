//! Reviews a work tree again and again while it is being worked on.
//!
//! [`Files`] are kept in memory and read again where events tell of changes. Where the system cannot watch, everything is
//! read every few seconds.

mod files;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::cache::memory::MemoryStore;
use crate::engine::{Memory, Recall, Review};
use crate::git::GitError;
use crate::service::{self, Failure, Request};
use crate::source::Snapshot as _;

pub use files::{Files, Update};

/// Time between two looks where the system cannot watch, or the repository cannot be read.
const POLL: Duration = Duration::from_secs(2);

/// Where reading everything takes long, the time to the next look is this many times as long.
const POLL_FACTOR: u32 = 20;

/// Longest time in which a file that was emptied is expected to be written.
const UNWRITTEN: Duration = Duration::from_secs(1);

/// Time between two looks at it.
const GLANCE: Duration = Duration::from_millis(10);

/// A work tree under watch.
pub struct Session {
    request: Request,
    store: MemoryStore,
    recall: Recall,
    files: Files,
    /// How long the last look took.
    last: Duration,
}

/// The result of one look.
#[derive(Debug)]
pub struct Look {
    /// What was found, or why nothing could be.
    pub result: Result<Review, Failure>,
    /// Files that were written, created or moved to their place since the last look.
    pub written: Vec<Arc<str>>,
    /// Files that are not there any more.
    pub removed: Vec<Arc<str>>,
    /// The time it took.
    pub took: Duration,
}

impl Session {
    /// Begins to watch the work tree of a request. `ring` is called when it is time for a [look](Self::look).
    ///
    /// # Errors
    /// There is no work tree.
    pub fn start(request: Request, ring: impl Fn() + Send + 'static) -> Result<Self, Failure> {
        let files = Files::watch(&request.environment, ring)?;
        Ok(Self { request, store: MemoryStore::default(), recall: Recall::default(), files, last: Duration::ZERO })
    }

    /// Why everything is read every few seconds, where the system cannot watch.
    #[must_use]
    pub fn obstacle(&self) -> Option<&str> {
        self.files.obstacle()
    }

    /// Has everything read again at the next look.
    pub fn distrust(&mut self) {
        self.files.distrust();
    }

    /// How long to wait for the bell before the next look; `None`: for ever.
    #[must_use]
    pub fn patience(&self) -> Option<Duration> {
        (self.obstacle().is_some() || self.files.tree().is_none()).then(|| POLL.max(self.last * POLL_FACTOR))
    }

    /// Waits until a save, or a command of git, is over.
    pub fn settle(&self) {
        self.files.settle();
    }

    /// Reads what changed and reviews the work tree; `None` when nothing changed that could make a difference. `today` is
    /// the date as in [`Request::today`].
    pub fn look(&mut self, today: String) -> Option<Look> {
        let began = Instant::now();
        let is_new_day = self.request.today != today;
        self.request.today = today;
        let (result, (written, removed)) = match self.written() {
            Ok(update) if !update.matters && !is_new_day => return None,
            Ok(update) => {
                let tree = self.files.tree()?;
                let files = update.files.into_iter().partition(|file| tree.snapshot().contains(file));
                let memory = Memory::lasting(&self.store, &self.recall);
                let review = service::review(&self.request, tree.repo(), tree.snapshot(), memory);
                (review, files)
            }
            Err(error) => (Err(error.into()), Default::default()),
        };
        self.last = began.elapsed();
        Some(Look { result, written, removed, took: self.last })
    }

    /// Reads what changed. A file that was just emptied is waited for: that is how most programs begin to write one.
    fn written(&mut self) -> Result<Update, GitError> {
        let began = Instant::now();
        let mut update = self.files.update()?;
        let is_empty = |files: &Files, path: &Arc<str>| {
            service::concerns_review(path) && files.tree().is_some_and(|tree| tree.is_empty(path))
        };
        while began.elapsed() < UNWRITTEN && update.files.iter().any(|path| is_empty(&self.files, path)) {
            thread::sleep(GLANCE);
            update.extend(self.files.update()?);
        }
        Ok(update)
    }
}
