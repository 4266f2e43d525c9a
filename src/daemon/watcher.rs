//! Watches a repository so that the daemon can read ahead. An event is a hint and nothing else: a lost one costs time.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::source::FileKind;
use crate::watcher::{Watcher, What};

/// Time in which events are gathered before they are acted upon.
const GATHER: Duration = Duration::from_millis(10);

/// The same after expensive work: as long as that took, but no longer than this.
const GATHER_AT_MOST: Duration = Duration::from_secs(2);

/// How long nothing happens before the directories that are watched are compared with those of the index: a commit that
/// follows a `git add` goes first.
const SETTLED: Duration = Duration::from_millis(300);

/// The longest time that comparison is put off.
const SETTLED_AT_MOST: Duration = Duration::from_secs(3);

/// Most directories that are watched because they were created under a watched one.
const MAX_NEW_DIRECTORIES: usize = 2_000;

/// What is being watched.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Watching {
    /// Watches are still being set up.
    #[default]
    Starting,
    /// The index and this many directories of the work tree.
    Everything(usize),
    /// The index alone, and why.
    IndexOnly(String),
    /// Nothing, and why.
    Nothing(String),
}

impl fmt::Display for Watching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting => write!(f, "starting"),
            Self::Everything(count) => write!(f, "the index and {count} directories"),
            Self::IndexOnly(why) => write!(f, "the index only ({why})"),
            Self::Nothing(why) => write!(f, "nothing ({why})"),
        }
    }
}

/// What happened in a short stretch of time.
#[derive(Debug, Default)]
pub struct Changes {
    /// An index or a `HEAD` was replaced.
    pub index: bool,
    /// Files of the work tree that were written, created, moved or removed.
    pub files: BTreeSet<PathBuf>,
    /// What the daemon cannot do without was moved, removed or replaced.
    pub vital: bool,
}

/// Who wants to know.
pub trait Observer {
    /// The directories of the work tree that hold files of interest.
    fn directories(&self) -> Vec<PathBuf>;
    /// Something changed. Called once at the start for what happened before.
    fn changed(&self, changes: &Changes);
    /// What is watched has changed.
    fn watching(&self, what: Watching);
}

/// Watches the repository, and the files that are vital to the daemon; returns only when nothing can be watched.
pub fn run(common_dir: &Path, vital: &[PathBuf], observer: &impl Observer) {
    match Watch::start(common_dir, vital) {
        Ok(watch) => watch.follow(observer),
        Err(why) => observer.watching(Watching::Nothing(why)),
    }
}

struct Watch {
    watcher: Watcher,
    bell: Receiver<()>,
    common_dir: PathBuf,
    vital: Arc<[PathBuf]>,
    watched: BTreeSet<PathBuf>,
}

impl Watch {
    fn start(common_dir: &Path, vital: &[PathBuf]) -> Result<Self, String> {
        let (ring, bell) = sync_channel(1);
        let vital: Arc<[PathBuf]> = std::iter::once(common_dir.to_path_buf()).chain(vital.iter().cloned()).collect();
        let (git, cherished) = (common_dir.to_path_buf(), Arc::clone(&vital));
        let interest = move |path: &Path, what| match what {
            // The link of a file that is in use is gone before the file is: a change of its metadata.
            What::Moved if cherished.iter().any(|file| file == path) => true,
            _ if path.starts_with(&git) => is_index(path),
            What::Written => is_source(path),
            What::Moved => is_source(path) || is_of_interest(path),
        };
        // When the bell has been rung and not been heard yet, it need not be rung again.
        let mut watcher = Watcher::new(interest, move || _ = ring.try_send(()))?;
        watcher.watch(common_dir)?;
        for file in vital.iter() {
            // Best effort: without it, the loss is noticed later.
            let _ = watcher.watch(file);
        }
        Ok(Self { watcher, bell, common_dir: common_dir.to_path_buf(), vital, watched: BTreeSet::new() })
    }

    fn follow(mut self, observer: &impl Observer) {
        observer.watching(self.arm(observer));
        // Whatever happened before the watches were there.
        observer.changed(&Changes { index: true, vital: true, ..Changes::default() });
        let mut gather = GATHER;
        let mut moved: Option<Instant> = None;
        loop {
            let heard = match moved {
                None => self.bell.recv().map_err(RecvTimeoutError::from),
                Some(since) if since.elapsed() > SETTLED_AT_MOST => Err(RecvTimeoutError::Timeout),
                Some(_) => self.bell.recv_timeout(SETTLED),
            };
            match heard {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => {
                    moved = None;
                    observer.watching(self.arm(observer));
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
            thread::sleep(gather);
            let began = Instant::now();
            let changes = self.take();
            if changes.index || changes.vital || !changes.files.is_empty() {
                observer.changed(&changes);
            }
            if changes.index {
                moved.get_or_insert_with(Instant::now);
            }
            gather = began.elapsed().clamp(GATHER, GATHER_AT_MOST);
        }
    }

    fn take(&mut self) -> Changes {
        let heard = self.watcher.take();
        let mut changes = Changes { index: heard.unsure, ..Changes::default() };
        for path in heard.paths {
            // What was removed is not watched any more, and what replaced it is not yet.
            self.watched.remove(&path);
            if self.vital.contains(&path) {
                changes.vital = true;
            } else if path.starts_with(&self.common_dir) {
                changes.index = true;
            } else if path.is_dir() {
                self.enter(&path, &mut changes);
            } else {
                changes.add_file(path);
            }
        }
        changes
    }

    /// Watches exactly the git directories and the directories of interest.
    fn arm(&mut self, observer: &impl Observer) -> Watching {
        for worktree in linked_worktrees(&self.common_dir) {
            // Best effort: without it, that worktree's first review is not prepared.
            let _ = self.watcher.watch(&worktree);
        }
        let wanted: BTreeSet<PathBuf> = observer.directories().into_iter().collect();
        for gone in self.watched.difference(&wanted) {
            self.watcher.unwatch(gone);
        }
        let new: Vec<PathBuf> = wanted.difference(&self.watched).filter(|directory| directory.is_dir()).cloned().collect();
        self.watched.retain(|directory| wanted.contains(directory));
        for directory in new {
            match self.watcher.watch(&directory) {
                Ok(true) => _ = self.watched.insert(directory),
                Ok(false) => {}
                Err(why) => {
                    for directory in std::mem::take(&mut self.watched) {
                        self.watcher.unwatch(&directory);
                    }
                    return Watching::IndexOnly(why);
                }
            }
        }
        Watching::Everything(self.watched.len())
    }

    /// Watches a new directory, then reads it: what was put into it before the watch went unreported.
    fn enter(&mut self, directory: &Path, changes: &mut Changes) {
        let mut rest = vec![directory.to_path_buf()];
        let mut entered = 0;
        while let Some(directory) = rest.pop() {
            if entered == MAX_NEW_DIRECTORIES || self.watcher.watch(&directory) != Ok(true) {
                return;
            }
            entered += 1;
            for entry in std::fs::read_dir(&directory).into_iter().flatten().flatten() {
                let path = entry.path();
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() && is_of_interest(&path) => rest.push(path),
                    Ok(kind) if kind.is_file() => changes.add_file(path),
                    _ => {}
                }
            }
            self.watched.insert(directory);
        }
    }
}

impl Changes {
    fn add_file(&mut self, path: PathBuf) {
        if is_source(&path) {
            self.files.insert(path);
        }
    }
}

/// The git directories of linked work trees (gitrepository-layout(5), `worktrees`), and their parent, where new ones appear.
fn linked_worktrees(common_dir: &Path) -> Vec<PathBuf> {
    let parent = common_dir.join("worktrees");
    let Ok(entries) = std::fs::read_dir(&parent) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path()).chain([parent]).filter(|path| path.is_dir()).collect()
}

/// Whether a path in a git directory is one that says what is staged or checked out.
fn is_index(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "index" || name == "HEAD")
}

/// Whether a path is that of a file the reviewer reads.
fn is_source(path: &Path) -> bool {
    path.to_str().and_then(FileKind::of).is_some()
}

/// Whether a new directory is worth entering; what git ignores is mostly one of these.
fn is_of_interest(directory: &Path) -> bool {
    directory.file_name().and_then(|name| name.to_str()).is_some_and(|name| !name.starts_with('.') && name != "node_modules")
}
