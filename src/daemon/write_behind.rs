//! The daemon's facts, and the thread that writes them to disk behind its back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::cache::Disk;
use crate::cache::learning::{LearningStore, News};

/// New facts are written when nothing came for this long.
const QUIET: Duration = Duration::from_secs(2);

/// Longest wait for the disk when leaving. It may hang, and nobody else is to hang with it.
const LAST_FLUSH: Duration = Duration::from_secs(2);

/// A store that is written to disk some time after it changed.
#[derive(Debug)]
pub struct WriteBehind {
    store: Arc<LearningStore>,
    disk: Option<Arc<dyn Disk>>,
    thread: Mutex<Option<Writer>>,
    /// Whether anything came from the disk.
    has_some: AtomicBool,
}

#[derive(Debug)]
struct Writer {
    bell: Sender<()>,
    done: Receiver<()>,
}

impl WriteBehind {
    /// An empty store; without a disk, nothing outlives it.
    #[must_use]
    pub fn start(disk: Option<Arc<dyn Disk>>) -> Self {
        let store = Arc::new(LearningStore::default());
        let (bell, rings) = channel();
        let (finished, done) = channel();
        let (written, onto) = (Arc::clone(&store), disk.clone());
        thread::spawn(move || {
            while rings.recv().is_ok() {
                while rings.recv_timeout(QUIET).is_ok() {}
                flush(&written, onto.as_deref());
            }
            // Nobody waits any more when the disk took too long.
            let _ = finished.send(());
        });
        Self { store, disk, thread: Mutex::new(Some(Writer { bell, done })), has_some: AtomicBool::default() }
    }

    /// The facts.
    #[must_use]
    pub fn store(&self) -> &LearningStore {
        &self.store
    }

    /// Whether anything came from the disk so far.
    #[must_use]
    pub fn has_some(&self) -> bool {
        self.has_some.load(Ordering::Relaxed)
    }

    /// Adds what is on disk. May run while the store is in use.
    pub fn load(&self) {
        let Some(disk) = &self.disk else { return };
        let (mut records, mut damaged) = (0_usize, 0_usize);
        let done = disk.read(&mut |record| {
            if self.store.take(&record) {
                records += 1
            } else {
                damaged += 1
            }
            self.has_some.store(true, Ordering::Relaxed);
        });
        match done {
            Ok(()) => tracing::info!(records, damaged, "cache loaded"),
            Err(why) => tracing::warn!(%why, records, damaged, "the cache could not be loaded"),
        }
    }

    /// Says that there may be something to write.
    pub fn changed(&self) {
        if let Some(writer) = &*self.thread.lock().unwrap_or_else(PoisonError::into_inner) {
            // The thread outlives its channel only when it panicked; then nothing is written any more.
            let _ = writer.bell.send(());
        }
    }

    /// Writes what is left, as far as that is possible in short time.
    pub fn finish(&self) {
        let writer = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Writer { bell, done }) = writer {
            drop(bell);
            let _ = done.recv_timeout(LAST_FLUSH);
        }
    }
}

/// Tells the disk what came in since the last time. What cannot be written is forgotten there.
fn flush(store: &LearningStore, disk: Option<&dyn Disk>) {
    let news = store.news();
    let Some(disk) = disk else { return };
    let (records, written) = match news {
        News::More(records) if records.is_empty() => return,
        News::More(records) => (records.len(), disk.write(&mut records.into_iter())),
        News::Everything(records) => (records.len(), disk.replace(&mut records.into_iter())),
    };
    match written {
        Ok(()) => tracing::debug!(records, "cache written"),
        Err(why) => tracing::warn!(%why, records, "the cache could not be written"),
    }
}
