//! The files of a work tree, kept in memory as they are on disk.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::git::{Difference, Enter, Environment, GitError, LiveWorktree, Repo, Touched};
use crate::service;
use crate::watcher::{Changes, Watcher, What};

/// A save is a handful of events in quick succession: it is over when nothing was heard for this long.
const QUIET: Duration = Duration::from_millis(1);

/// Longest time in which the events of a save are gathered.
const GATHER: Duration = Duration::from_millis(10);

/// A lock of the index that is younger is waited for: git is about to change many files. An older one was left behind, or
/// belongs to a commit whose message is being written.
const FRESH_LOCK: Duration = Duration::from_secs(1);

/// Time in which the event of a file has to arrive. Some file systems accept watches and deliver nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// The files of a work tree, read again where events tell of changes. Events that cannot be relied upon, or cannot be had,
/// have everything read.
pub struct Files {
    environment: Environment,
    root: PathBuf,
    git_dir: PathBuf,
    /// The repository's own list of what is ignored (gitignore(5)).
    exclude: PathBuf,
    events: Arc<Events>,
    /// The files; `None` when they have to be read from scratch.
    tree: Option<LiveWorktree>,
}

/// What an update found.
#[derive(Debug, PartialEq, Eq)]
pub struct Update {
    /// Files that were written, created, moved or removed.
    pub files: Vec<Arc<str>>,
    /// Whether a review may come to another result.
    pub matters: bool,
}

impl Update {
    /// Takes in what a later update found.
    pub fn extend(&mut self, later: Self) {
        self.matters |= later.matters;
        self.files.extend(later.files);
        self.files.sort_unstable();
        self.files.dedup();
    }
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

impl Files {
    /// Begins to listen; the first [update](Self::update) reads. `ring` is called when it is time for another one.
    ///
    /// # Errors
    /// As [`Repo::open`] and [`Repo::worktree`].
    pub fn watch(environment: &Environment, ring: impl Fn() + Send + 'static) -> Result<Self, GitError> {
        let repo = Repo::open(environment)?;
        let root = repo.workdir().ok_or_else(|| GitError::NoWorkTree(repo.git_dir().to_path_buf()))?.to_path_buf();
        let files = Self {
            environment: environment.clone(),
            root: root.clone(),
            git_dir: repo.git_dir().to_path_buf(),
            exclude: repo.common_dir().join("info/exclude"),
            events: Arc::default(),
            tree: None,
        };
        let git = [repo.git_dir().to_path_buf(), repo.common_dir().to_path_buf()];
        let of_git = [files.git_dir.clone(), repo.index_file().to_path_buf(), files.exclude.clone(), files.cookie()];
        let interest = move |path: &Path, what| {
            if git.iter().any(|directory| path.starts_with(directory)) {
                return of_git.iter().any(|file| path == file);
            }
            what == What::Moved || concerns_review(&root, path) || path.file_name().is_some_and(|name| name == ".gitignore")
        };
        match Watcher::new(interest, ring).and_then(|watcher| files.probe(watcher)) {
            Ok(watcher) => *files.events.watcher() = Some(watcher),
            Err(why) => _ = files.events.obstacle.set(why),
        }
        Ok(files)
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

    /// Why the system cannot watch, so that only reading everything tells what changed.
    #[must_use]
    pub fn obstacle(&self) -> Option<&str> {
        self.events.obstacle.get().map(String::as_str)
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

    /// Has everything read from scratch at the next update.
    pub fn distrust(&mut self) {
        self.tree = None;
    }

    /// The files as they were last read; `None` before that, and after it failed.
    #[must_use]
    pub fn tree(&self) -> Option<&LiveWorktree> {
        self.tree.as_ref()
    }

    /// Reads what events tell of.
    ///
    /// # Errors
    /// As [`Repo::open`] and [`Repo::worktree`].
    pub fn update(&mut self) -> Result<Update, GitError> {
        let changes = self.events.watcher().as_ref().map_or_else(Changes::default, Watcher::take);
        if changes.paths.contains(&self.git_dir) {
            self.distrust();
        }
        let Some(tree) = &mut self.tree else {
            self.read()?;
            return Ok(Update { files: Vec::new(), matters: true });
        };
        let concerned = changes.paths.iter().any(|path| concerns_review(&self.root, path));
        let everything = self.events.obstacle.get().is_some() || changes.unsure || changes.paths.contains(&self.exclude);
        let touched = if everything { Touched::Anything } else { Touched::Paths(changes.paths) };
        let Difference { files, index } = tree.update(&touched).inspect_err(|_| self.tree = None)?;
        Ok(Update { matters: index || concerned || !files.is_empty(), files })
    }

    /// Reads what was changed up to now, whether or not its events have arrived.
    ///
    /// # Errors
    /// As [`Files::update`].
    pub fn catch_up(&mut self) -> Result<Update, GitError> {
        let synchronize = |watcher: &Watcher| watcher.synchronize(&self.cookie(), PATIENCE).unwrap_or(false);
        let is_synchronized = self.events.watcher().as_ref().is_some_and(synchronize);
        if !is_synchronized {
            self.distrust();
        }
        self.update()
    }

    fn read(&mut self) -> Result<(), GitError> {
        for directory in [Some(&*self.git_dir), self.exclude.parent()].into_iter().flatten() {
            self.events.watch(directory);
        }
        let events = Arc::clone(&self.events);
        let enter: Enter = Arc::new(move |directory: &Path| events.watch(directory));
        self.tree = Some(LiveWorktree::open(&self.environment, enter)?);
        Ok(())
    }
}

/// Whether what is in a file of the work tree can change the answer.
fn concerns_review(root: &Path, path: &Path) -> bool {
    // A name that is not text is looked into to be safe.
    path.strip_prefix(root).is_ok_and(|path| path.to_str().is_none_or(service::concerns_review))
}
