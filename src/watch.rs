//! Reviews a work tree again and again while it is being worked on.
//!
//! The files are kept in memory and read again where events tell of changes; an event that cannot be relied upon has
//! everything read again. Where the system cannot watch, everything is read every few seconds.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::cache::memory::MemoryStore;
use crate::engine::Review;
use crate::git::{Difference, Enter, GitError, LiveWorktree, Repo, Touched};
use crate::service::{self, Failure, Request};
use crate::watcher::{Changes, Watcher, What};

/// A save is a handful of events in quick succession: it is over when nothing was heard for this long.
const QUIET: Duration = Duration::from_millis(1);

/// Longest time in which the events of a save are gathered.
const GATHER: Duration = Duration::from_millis(10);

/// A lock of the index that is younger is waited for: git is about to change many files. An older one was left behind, or
/// belongs to a commit whose message is being written.
const FRESH_LOCK: Duration = Duration::from_secs(1);

/// Time between two looks where the system cannot watch, or the repository cannot be read.
const POLL: Duration = Duration::from_secs(2);

/// Where reading everything takes long, the time to the next look is this many times as long.
const POLL_FACTOR: u32 = 20;

/// Time in which the event of a file has to arrive. Some file systems accept watches and deliver nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// The result of one look.
#[derive(Debug)]
pub struct Look {
    /// What was found, or why nothing could be.
    pub result: Result<Review, Failure>,
    /// Files that were written, created, moved or removed since the last look.
    pub changed: Vec<Arc<str>>,
    /// The time it took.
    pub took: Duration,
}

/// A work tree under watch.
pub struct Session {
    request: Request,
    store: MemoryStore,
    root: PathBuf,
    git_dir: PathBuf,
    /// The repository's own list of what is ignored (gitignore(5)).
    exclude: PathBuf,
    events: Arc<Events>,
    /// The files; `None` when they have to be read from scratch.
    tree: Option<LiveWorktree>,
    /// How long the last look took.
    last: Duration,
}

/// Where changes are heard of.
#[derive(Default)]
struct Events {
    /// `None` where the system cannot watch.
    watcher: Mutex<Option<Watcher>>,
    /// Why it cannot.
    obstacle: OnceLock<String>,
}

impl Events {
    fn watcher(&self) -> MutexGuard<'_, Option<Watcher>> {
        self.watcher.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Watches a directory. When one cannot be watched, none is: half of the events would be as good as none, and other
    /// programs have a use for the watches.
    fn watch(&self, directory: &Path) {
        let mut watcher = self.watcher();
        if let Some(Err(why)) = watcher.as_mut().map(|watcher| watcher.watch(directory)) {
            *watcher = None;
            let _ = self.obstacle.set(why);
        }
    }
}

impl Session {
    /// Begins to watch the work tree of a request. `ring` is called when it is time for a [look](Self::look).
    ///
    /// # Errors
    /// There is no work tree, or it cannot be read.
    pub fn start(request: Request, ring: impl Fn() + Send + 'static) -> Result<Self, Failure> {
        let repo = Repo::open(&request.environment)?;
        let root = repo.workdir().ok_or_else(|| GitError::NoWorkTree(repo.git_dir().to_path_buf()))?.to_path_buf();
        let session = Self {
            request,
            store: MemoryStore::default(),
            root: root.clone(),
            git_dir: repo.git_dir().to_path_buf(),
            exclude: repo.common_dir().join("info/exclude"),
            events: Arc::default(),
            tree: None,
            last: Duration::ZERO,
        };
        let git = [repo.git_dir().to_path_buf(), repo.common_dir().to_path_buf()];
        let of_git = [repo.index_file().to_path_buf(), session.exclude.clone(), session.cookie()];
        let interest = move |path: &Path, what| {
            if git.iter().any(|directory| path.starts_with(directory)) {
                return of_git.iter().any(|file| path == file);
            }
            what == What::Moved || concerns_review(&root, path) || path.file_name().is_some_and(|name| name == ".gitignore")
        };
        match Watcher::new(interest, ring).and_then(|watcher| session.probe(watcher)) {
            Ok(watcher) => *session.events.watcher() = Some(watcher),
            Err(why) => _ = session.events.obstacle.set(why),
        }
        Ok(session)
    }

    /// Finds out whether events arrive at all.
    fn probe(&self, mut watcher: Watcher) -> Result<Watcher, String> {
        watcher.watch(&self.git_dir)?;
        match watcher.synchronize(&self.cookie(), PATIENCE) {
            Ok(true) => Ok(watcher),
            Ok(false) => Err("the file system tells of no changes".into()),
            Err(error) => Err(format!("{} cannot be written to: {error}", self.git_dir.display())),
        }
    }

    /// A file by whose event is known that all earlier ones have arrived.
    fn cookie(&self) -> PathBuf {
        self.git_dir.join(format!("auth-review-watch-{}", std::process::id()))
    }

    /// Why everything is read every few seconds, where the system cannot watch.
    #[must_use]
    pub fn obstacle(&self) -> Option<&str> {
        self.events.obstacle.get().map(String::as_str)
    }

    /// Has everything read again at the next look.
    pub fn distrust(&mut self) {
        self.tree = None;
    }

    /// How long to wait for the bell before the next look; `None`: for ever.
    #[must_use]
    pub fn patience(&self) -> Option<Duration> {
        (self.obstacle().is_some() || self.tree.is_none()).then(|| POLL.max(self.last * POLL_FACTOR))
    }

    /// Waits until a save, or a command of git, is over.
    pub fn settle(&self) {
        if let Some(watcher) = &*self.events.watcher() {
            watcher.settle(QUIET, GATHER);
        }
        let path = self.git_dir.join("index.lock");
        let age = || SystemTime::now().duration_since(std::fs::metadata(&path).ok()?.modified().ok()?).ok();
        while age().is_some_and(|age| age < FRESH_LOCK) {
            thread::sleep(GATHER);
        }
    }

    /// Reads what changed and reviews the work tree; `None` when nothing changed that could make a difference. `today` is
    /// the date as in [`Request::today`].
    pub fn look(&mut self, today: String) -> Option<Look> {
        let began = Instant::now();
        let is_first_after_failure = self.tree.is_none();
        let is_new_day = std::mem::replace(&mut self.request.today, today) != self.request.today;
        let (touched, concerned) = self.touched();
        let difference = self.read(&touched);
        let result = match (difference, &self.tree) {
            (Ok(difference), Some(tree)) => {
                let is_same = difference == Difference::default() && !concerned && !is_first_after_failure && !is_new_day;
                if is_same {
                    return None;
                }
                let result = service::review(&self.request, tree.repo(), tree.snapshot(), &self.store);
                result.map(|review| (review, difference.files))
            }
            (Ok(_), None) => return None,
            (Err(error), _) => Err(error.into()),
        };
        self.last = began.elapsed();
        let (result, changed) = match result {
            Ok((review, changed)) => (Ok(review), changed),
            Err(failure) => (Err(failure), Vec::new()),
        };
        Some(Look { result, changed, took: self.last })
    }

    /// What was touched since the last look, and whether a file that is read is among it.
    fn touched(&self) -> (Touched, bool) {
        let changes = self.events.watcher().as_ref().map_or_else(Changes::default, Watcher::take);
        let concerned = changes.paths.iter().any(|path| concerns_review(&self.root, path));
        let everything = self.obstacle().is_some() || changes.unsure || changes.paths.contains(&self.exclude);
        (if everything { Touched::Anything } else { Touched::Paths(changes.paths) }, concerned)
    }

    fn read(&mut self, touched: &Touched) -> Result<Difference, GitError> {
        if let Some(tree) = &mut self.tree {
            return tree.update(touched).inspect_err(|_| self.tree = None);
        }
        for directory in [Some(&*self.git_dir), self.exclude.parent()].into_iter().flatten() {
            self.events.watch(directory);
        }
        let events = Arc::clone(&self.events);
        let enter: Enter = Arc::new(move |directory: &Path| events.watch(directory));
        self.tree = Some(LiveWorktree::open(&self.request.environment, enter)?);
        Ok(Difference::default())
    }
}

/// Whether what is in a file of the work tree can change the answer.
fn concerns_review(root: &Path, path: &Path) -> bool {
    // A name that is not text is looked into to be safe.
    path.strip_prefix(root).is_ok_and(|path| path.to_str().is_none_or(service::concerns_review))
}
