//! Watches a repository so that the daemon can read ahead. An event is a hint and nothing else: a lost one costs time.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, CreateKind};
use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use serde::{Deserialize, Serialize};

use crate::source::FileKind;

/// Time in which events are gathered before they are acted upon.
const GATHER: Duration = Duration::from_millis(10);

/// The same after expensive work: as long as that took, but no longer than this.
const GATHER_AT_MOST: Duration = Duration::from_secs(2);

/// Most files remembered as changed while the daemon is busy; beyond, the next look at the index has to do.
const MAX_CHANGED: usize = 10_000;

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
    /// Files of the work tree that were written, created or moved in.
    pub files: BTreeSet<PathBuf>,
    /// What the daemon cannot do without was moved, removed or replaced.
    pub vital: bool,
    new_directories: BTreeSet<PathBuf>,
    unsure: bool,
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
        Err(error) => observer.watching(Watching::Nothing(reason(&error))),
    }
}

struct Watch {
    notify: RecommendedWatcher,
    inbox: Inbox,
    bell: Receiver<()>,
    common_dir: PathBuf,
    watched: BTreeSet<PathBuf>,
}

impl Watch {
    fn start(common_dir: &Path, vital: &[PathBuf]) -> notify::Result<Self> {
        let (ring, bell) = sync_channel(1);
        let inbox = Inbox { common_dir: common_dir.to_path_buf(), vital: vital.into(), changes: Arc::default(), ring };
        let mut notify = notify::recommended_watcher(inbox.clone())?;
        notify.watch(common_dir, RecursiveMode::NonRecursive)?;
        for file in vital {
            // Best effort: without it, the loss is noticed later.
            let _ = notify.watch(file, RecursiveMode::NonRecursive);
        }
        Ok(Self { notify, inbox, bell, common_dir: common_dir.to_path_buf(), watched: BTreeSet::new() })
    }

    fn follow(mut self, observer: &impl Observer) {
        observer.watching(self.arm(observer));
        // Whatever happened before the watches were there.
        observer.changed(&Changes { index: true, vital: true, ..Changes::default() });
        let mut gather = GATHER;
        while self.bell.recv().is_ok() {
            thread::sleep(gather);
            let began = Instant::now();
            let mut changes = self.inbox.take();
            for directory in std::mem::take(&mut changes.new_directories) {
                self.enter(&directory, &mut changes);
            }
            changes.index |= changes.unsure;
            observer.changed(&changes);
            if changes.index {
                observer.watching(self.arm(observer));
            }
            gather = began.elapsed().clamp(GATHER, GATHER_AT_MOST);
        }
    }

    /// Watches exactly the git directories and the directories of interest.
    fn arm(&mut self, observer: &impl Observer) -> Watching {
        for worktree in linked_worktrees(&self.common_dir) {
            // Best effort: without it, that worktree's first review is not prepared.
            let _ = self.notify.watch(&worktree, RecursiveMode::NonRecursive);
        }
        let wanted: BTreeSet<PathBuf> = observer.directories().into_iter().filter(|directory| directory.is_dir()).collect();
        for gone in self.watched.difference(&wanted) {
            let _ = self.notify.unwatch(gone);
        }
        let new: Vec<PathBuf> = wanted.difference(&self.watched).cloned().collect();
        self.watched.retain(|directory| wanted.contains(directory));
        for directory in new {
            match self.notify.watch(&directory, RecursiveMode::NonRecursive) {
                Ok(()) => _ = self.watched.insert(directory),
                Err(error) if vanished(&error) => {}
                Err(error) => {
                    for directory in std::mem::take(&mut self.watched) {
                        let _ = self.notify.unwatch(&directory);
                    }
                    return Watching::IndexOnly(reason(&error));
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
            if entered == MAX_NEW_DIRECTORIES || self.notify.watch(&directory, RecursiveMode::NonRecursive).is_err() {
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
        if path.to_str().and_then(FileKind::of).is_none() {
            return;
        }
        if self.files.len() < MAX_CHANGED {
            self.files.insert(path);
        } else {
            self.unsure = true;
        }
    }
}

/// Where events are gathered. The thread that delivers them never waits here: whoever makes it wait loses events.
#[derive(Clone)]
struct Inbox {
    common_dir: PathBuf,
    vital: Arc<[PathBuf]>,
    changes: Arc<Mutex<Changes>>,
    ring: SyncSender<()>,
}

impl Inbox {
    fn take(&self) -> Changes {
        std::mem::take(&mut self.changes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn sort(&self, event: Event, changes: &mut Changes) {
        changes.unsure |= event.need_rescan();
        // The link of a file that is in use is gone before the file is: a change of its metadata.
        let is_vital = |path: &PathBuf| *path == self.common_dir || self.vital.contains(path);
        changes.vital |= !event.kind.is_access() && event.paths.iter().any(is_vital);
        let written = match event.kind {
            EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
            EventKind::Create(CreateKind::Folder) => {
                let folders = event.paths.into_iter().filter(|path| !path.starts_with(&self.common_dir) && is_of_interest(path));
                changes.new_directories.extend(folders);
                return;
            }
            EventKind::Remove(_) => false,
            _ => true,
        };
        for path in event.paths {
            if path.starts_with(&self.common_dir) {
                changes.index |= written && path.file_name().is_some_and(|name| name == "index" || name == "HEAD");
            } else if written {
                changes.add_file(path);
            }
        }
    }
}

impl notify::EventHandler for Inbox {
    fn handle_event(&mut self, event: notify::Result<Event>) {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Ok(event) => self.sort(event, &mut changes),
            Err(_) => changes.unsure = true,
        }
        if changes.index || changes.vital || changes.unsure || !changes.files.is_empty() || !changes.new_directories.is_empty() {
            drop(changes);
            match self.ring.try_send(()) {
                Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
            }
        }
    }
}

/// The git directories of linked work trees (gitrepository-layout(5), `worktrees`), and their parent, where new ones appear.
fn linked_worktrees(common_dir: &Path) -> Vec<PathBuf> {
    let parent = common_dir.join("worktrees");
    let Ok(entries) = std::fs::read_dir(&parent) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path()).chain([parent]).filter(|path| path.is_dir()).collect()
}

/// Whether a new directory is worth entering; what git ignores is mostly one of these.
fn is_of_interest(directory: &Path) -> bool {
    directory.file_name().and_then(|name| name.to_str()).is_some_and(|name| !name.starts_with('.') && name != "node_modules")
}

fn vanished(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

fn reason(error: &notify::Error) -> String {
    match &error.kind {
        ErrorKind::MaxFilesWatch => "the system's limit of watches is reached: raise fs.inotify.max_user_watches".into(),
        ErrorKind::Io(error) => error.to_string(),
        kind => format!("{kind:?}"),
    }
}
