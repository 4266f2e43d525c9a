//! The daemon's facts, and the thread that writes them to disk behind its back.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::cache::persistent::{Disk, PersistentStore};

/// New facts are written when nothing came for this long.
const QUIET: Duration = Duration::from_secs(2);

/// Longest wait for the disk when leaving. It may hang, and nobody else is to hang with it.
const LAST_FLUSH: Duration = Duration::from_secs(2);

/// A store that is written to disk some time after it changed.
#[derive(Debug)]
pub struct WriteBehind {
    store: Arc<PersistentStore>,
    thread: Mutex<Option<Writer>>,
}

#[derive(Debug)]
struct Writer {
    bell: Sender<()>,
    done: Receiver<()>,
}

impl WriteBehind {
    /// An empty store that is kept on a disk.
    #[must_use]
    pub fn start(disk: Option<Box<dyn Disk>>) -> Self {
        let store = Arc::new(PersistentStore::new(disk));
        let (bell, rings) = channel();
        let (finished, done) = channel();
        let written = Arc::clone(&store);
        thread::spawn(move || {
            while rings.recv().is_ok() {
                while rings.recv_timeout(QUIET).is_ok() {}
                written.flush();
            }
            // Nobody waits any more when the disk took too long.
            let _ = finished.send(());
        });
        Self { store, thread: Mutex::new(Some(Writer { bell, done })) }
    }

    /// The facts.
    #[must_use]
    pub fn store(&self) -> &PersistentStore {
        &self.store
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
