//! Hears of changes in directories. Events are gathered on the thread that delivers them and acted upon elsewhere: whoever
//! makes that thread wait loses events.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

/// Most paths remembered as changed while nobody takes them; beyond, anything may have changed.
const MAX_CHANGED: usize = 10_000;

/// Watches directories, each for itself: what lies below their directories is not heard of.
pub struct Watcher {
    notify: RecommendedWatcher,
    inbox: Arc<Inbox>,
}

/// What happened to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A file was written.
    Written,
    /// A file or directory was created, moved, removed, or given other permissions.
    Moved,
}

/// What happened since it was last asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Files and directories something happened to.
    pub paths: BTreeSet<PathBuf>,
    /// Whether events were lost, so that anything may have happened.
    pub unsure: bool,
}

impl Watcher {
    /// Watches nothing yet. `interest` sorts out what is worth hearing of; `ring` is called when there is something to
    /// [take](Self::take). Neither may wait for anything.
    ///
    /// # Errors
    /// The system cannot watch, and why.
    pub fn new(
        interest: impl Fn(&Path, What) -> bool + Send + 'static,
        ring: impl Fn() + Send + 'static,
    ) -> Result<Self, String> {
        let inbox = Arc::new(Inbox::default());
        let handler = Handler { inbox: Arc::clone(&inbox), interest: Box::new(interest), ring: Box::new(ring) };
        let notify = notify::recommended_watcher(handler).map_err(|error| match &error.kind {
            ErrorKind::Io(cause) if cause.raw_os_error() == Some(TOO_MANY_FILES) => {
                "the system's limit of watchers is reached: raise fs.inotify.max_user_instances".into()
            }
            _ => reason(&error),
        })?;
        Ok(Self { notify, inbox })
    }

    /// Watches a directory; `false` when there is none. A directory that was replaced by another one has to be watched
    /// again.
    ///
    /// # Errors
    /// It cannot be watched, and why.
    pub fn watch(&mut self, directory: &Path) -> Result<bool, String> {
        match self.notify.watch(directory, RecursiveMode::NonRecursive) {
            Ok(()) => Ok(true),
            Err(error) if vanished(&error) => Ok(false),
            Err(error) => Err(reason(&error)),
        }
    }

    /// Watches a directory no longer.
    pub fn unwatch(&mut self, directory: &Path) {
        // Nothing is lost when it was not watched.
        let _ = self.notify.unwatch(directory);
    }

    /// What happened since the last time.
    #[must_use]
    pub fn take(&self) -> Changes {
        std::mem::take(&mut self.inbox.lock().changes)
    }

    /// Waits until nothing has happened for a while, but no longer than `most`.
    pub fn settle(&self, quiet: Duration, most: Duration) {
        let began = Instant::now();
        let mut heard = self.inbox.lock().heard;
        while began.elapsed() < most {
            thread::sleep(quiet);
            let now = self.inbox.lock().heard;
            if now == heard {
                return;
            }
            heard = now;
        }
    }

    /// Whether everything that has happened so far in the directories that are watched has been heard of: a file is created
    /// in one of them, and its event waited for. The file has to be of interest.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn synchronize(&self, cookie: &Path, patience: Duration) -> io::Result<bool> {
        std::fs::File::create(cookie)?;
        let state = self.inbox.lock();
        let unheard = |state: &mut State| !state.changes.paths.contains(cookie);
        let waited = self.inbox.arrived.wait_timeout_while(state, patience, unheard);
        let heard = !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out();
        std::fs::remove_file(cookie)?;
        Ok(heard)
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").field("inbox", &self.inbox).finish_non_exhaustive()
    }
}

/// Where events are gathered.
#[derive(Debug, Default)]
struct Inbox {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct State {
    changes: Changes,
    /// How many events of interest there were.
    heard: u64,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether it is worth hearing of.
type Interest = dyn Fn(&Path, What) -> bool + Send;

struct Handler {
    inbox: Arc<Inbox>,
    interest: Box<Interest>,
    ring: Box<dyn Fn() + Send>,
}

impl Handler {
    /// The paths of an event that are worth hearing of.
    fn sort(&self, event: Event) -> Vec<PathBuf> {
        let what = match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) | EventKind::Modify(ModifyKind::Data(_)) => What::Written,
            EventKind::Access(_) => return Vec::new(),
            _ => What::Moved,
        };
        event.paths.into_iter().filter(|path| (self.interest)(path, what)).collect()
    }
}

impl notify::EventHandler for Handler {
    fn handle_event(&mut self, event: notify::Result<Event>) {
        let (unsure, paths) = match event {
            Ok(event) => (event.need_rescan(), self.sort(event)),
            Err(_) => (true, Vec::new()),
        };
        if !unsure && paths.is_empty() {
            return;
        }
        let mut state = self.inbox.lock();
        let is_first = state.changes == Changes::default();
        state.heard += 1;
        if unsure || state.changes.paths.len() + paths.len() > MAX_CHANGED {
            state.changes.unsure = true;
        } else {
            state.changes.paths.extend(paths);
        }
        drop(state);
        self.inbox.arrived.notify_all();
        if is_first {
            (self.ring)();
        }
    }
}

/// `EMFILE`, which `inotify_init` gives at the limit of watchers (inotify(7)).
const TOO_MANY_FILES: i32 = 24;

fn vanished(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
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
