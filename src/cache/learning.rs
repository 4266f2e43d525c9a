//! Facts in memory that remembers what it was not told by a disk: the store of the daemon.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::memory::MemoryStore;
use super::record::{Entry, Record};
use super::{BlobRecord, FactKey, FactStore};
use crate::facts::FileFacts;
use crate::source::{BlobId, FileKind};

/// Facts in memory, some of which are on a disk already.
#[derive(Debug, Default)]
pub struct LearningStore {
    memory: MemoryStore,
    fresh: Mutex<Fresh>,
}

/// What the disk does not have yet.
#[derive(Debug, Default)]
struct Fresh {
    facts: HashMap<FactKey, Arc<FileFacts>>,
    blobs: HashMap<(BlobId, FileKind), BlobRecord>,
}

impl LearningStore {
    /// Adds a record that is on disk; `false` when it is damaged.
    pub fn take(&self, record: &Record) -> bool {
        match record.entry() {
            Some(Entry::Facts(key, facts)) => self.memory.keep(key, facts),
            Some(Entry::Blob(blob, kind, record)) => self.memory.keep_blob(blob, kind, record),
            None => return false,
        }
        true
    }

    fn unwritten(&self) -> MutexGuard<'_, Fresh> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives out what came in since the last time and is not on disk.
    #[must_use]
    pub fn fresh(&self) -> Vec<Record> {
        let Fresh { facts, blobs } = std::mem::take(&mut *self.unwritten());
        let facts = facts.iter().filter_map(|(key, facts)| Record::of_facts(key, facts));
        let blobs = blobs.iter().filter_map(|((blob, kind), record)| Record::of_blob(*blob, *kind, record));
        facts.chain(blobs).collect()
    }
}

impl FactStore for LearningStore {
    fn facts(&self, key: &FactKey) -> Option<Arc<FileFacts>> {
        self.memory.facts(key)
    }

    fn keep(&self, key: FactKey, facts: Arc<FileFacts>) {
        self.unwritten().facts.insert(key, Arc::clone(&facts));
        self.memory.keep(key, facts);
    }

    fn blob(&self, blob: &BlobId, kind: FileKind) -> Option<BlobRecord> {
        self.memory.blob(blob, kind)
    }

    fn keep_blob(&self, blob: BlobId, kind: FileKind, record: BlobRecord) {
        self.unwritten().blobs.insert((blob, kind), record);
        self.memory.keep_blob(blob, kind, record);
    }

    fn reviewed(&self) {
        self.memory.reviewed();
    }
}
