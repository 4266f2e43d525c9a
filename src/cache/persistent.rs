//! Facts in memory that come from disk and go back to it: the store of the daemon.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::memory::MemoryStore;
use super::record::{Entry, Record};
use super::{BlobRecord, FactKey, FactStore};
use crate::facts::FileFacts;
use crate::source::{BlobId, FileKind};

/// Where facts lie while no process has them in memory.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Passes on all that is kept.
    ///
    /// # Errors
    /// It cannot be read; what was passed on until then is sound.
    fn read(&self, take: &mut dyn FnMut(Record)) -> io::Result<()>;

    /// Adds to what is kept.
    ///
    /// # Errors
    /// It cannot be written. Some of it may have been.
    fn write(&self, records: &mut dyn Iterator<Item = Record>) -> io::Result<()>;
}

/// Facts in memory, with a copy on disk that may be lost at any time.
#[derive(Debug)]
pub struct PersistentStore {
    memory: MemoryStore,
    fresh: Mutex<Fresh>,
    disk: Option<Box<dyn Disk>>,
}

/// What the disk does not have yet.
#[derive(Debug, Default)]
struct Fresh {
    facts: HashMap<FactKey, Arc<FileFacts>>,
    blobs: HashMap<(BlobId, FileKind), BlobRecord>,
}

impl PersistentStore {
    /// An empty store; without a disk, nothing outlives it.
    #[must_use]
    pub fn new(disk: Option<Box<dyn Disk>>) -> Self {
        Self { memory: MemoryStore::default(), fresh: Mutex::default(), disk }
    }

    /// Adds what is on disk. May run while the store is in use.
    pub fn load(&self) {
        let Some(disk) = &self.disk else { return };
        let (mut records, mut damaged) = (0_usize, 0_usize);
        let done = disk.read(&mut |record| match record.entry() {
            Some(entry) => {
                records += 1;
                match entry {
                    Entry::Facts(key, facts) => self.memory.keep(key, facts),
                    Entry::Blob(blob, kind, record) => self.memory.keep_blob(blob, kind, record),
                }
            }
            None => damaged += 1,
        });
        match done {
            Ok(()) => tracing::info!(records, damaged, "cache loaded"),
            Err(why) => tracing::warn!(%why, records, damaged, "the cache could not be loaded"),
        }
    }

    /// Adds to the disk what came in since the last time. What cannot be written is forgotten there.
    pub fn flush(&self) {
        let fresh = std::mem::take(&mut *self.fresh.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(disk) = self.disk.as_ref().filter(|_| !fresh.facts.is_empty() || !fresh.blobs.is_empty()) else { return };
        let facts = fresh.facts.iter().filter_map(|(key, facts)| Record::of_facts(key, facts));
        let blobs = fresh.blobs.iter().filter_map(|((blob, kind), record)| Record::of_blob(*blob, *kind, record));
        match disk.write(&mut facts.chain(blobs)) {
            Ok(()) => tracing::debug!(facts = fresh.facts.len(), blobs = fresh.blobs.len(), "cache written"),
            Err(why) => tracing::warn!(%why, "the cache could not be written"),
        }
    }

    fn note(&self, add: impl FnOnce(&mut Fresh)) {
        if self.disk.is_some() {
            add(&mut self.fresh.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl FactStore for PersistentStore {
    fn facts(&self, key: &FactKey) -> Option<Arc<FileFacts>> {
        self.memory.facts(key)
    }

    fn keep(&self, key: FactKey, facts: Arc<FileFacts>) {
        self.note(|fresh| _ = fresh.facts.insert(key, Arc::clone(&facts)));
        self.memory.keep(key, facts);
    }

    fn blob(&self, blob: &BlobId, kind: FileKind) -> Option<BlobRecord> {
        self.memory.blob(blob, kind)
    }

    fn keep_blob(&self, blob: BlobId, kind: FileKind, record: BlobRecord) {
        self.note(|fresh| _ = fresh.blobs.insert((blob, kind), record));
        self.memory.keep_blob(blob, kind, record);
    }
}
