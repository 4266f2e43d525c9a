//! Facts in memory that remembers what it was not told by a disk: the store of the daemon.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::memory::MemoryStore;
use super::record::{Entry, KnownBlob, Record};
use super::{BlobRecord, FactKey, FactStore};
use crate::facts::FileFacts;
use crate::source::{BlobId, FileKind};

/// Fewest facts of no use for which it is worth writing a disk anew.
const FEW: usize = 256;

/// Facts in memory, some of which are on a disk already.
#[derive(Debug, Default)]
pub struct LearningStore {
    memory: MemoryStore,
    fresh: Mutex<Fresh>,
    /// Of how many files the disk has facts that no review asks for any more.
    stale: AtomicUsize,
}

/// What a disk is to be told.
#[derive(Debug)]
pub enum News {
    /// What it does not have yet.
    More(Vec<Record>),
    /// All that it is to have from now on: most of what it has is of no use.
    Everything(Vec<Record>),
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
            Some(Entry::Facts(key, facts)) => self.memory.keep_packed(key, facts),
            Some(Entry::Blobs(blobs)) => self.memory.keep_blobs(&blobs),
            None => return false,
        }
        true
    }

    fn unwritten(&self) -> MutexGuard<'_, Fresh> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives out what the disk is to be told: what came in since the last time, or everything.
    #[must_use]
    pub fn news(&self) -> News {
        let stale = self.stale.load(Ordering::Relaxed);
        if stale < FEW || stale < self.memory.files() {
            return News::More(self.fresh());
        }
        self.stale.store(0, Ordering::Relaxed);
        drop(self.fresh());
        let (mut of_facts, mut blobs) = (Vec::new(), Vec::new());
        self.memory.show(&mut |key, facts| of_facts.extend(Record::of_facts(key, facts)), &mut |known| blobs.push(known));
        of_facts.extend(Record::of_blobs(&blobs));
        News::Everything(of_facts)
    }

    /// Gives out what came in since the last time and is not on disk.
    #[must_use]
    pub fn fresh(&self) -> Vec<Record> {
        let Fresh { facts, blobs } = std::mem::take(&mut *self.unwritten());
        let facts = facts.iter().filter_map(|(key, facts)| Record::of_facts(key, facts));
        let blobs: Vec<KnownBlob> = blobs.into_iter().map(|((blob, kind), record)| (blob, kind, record)).collect();
        facts.chain(Record::of_blobs(&blobs)).collect()
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
        self.stale.fetch_add(self.memory.age(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::extract;

    const MANY: u32 = 3 * FEW as u32;

    #[test]
    fn a_disk_is_written_anew_when_most_of_it_is_of_no_use() {
        let store = LearningStore::default();
        let key = |number: u32| FactKey::of(FileKind::DotEnv, &number.to_le_bytes());
        let blob = |number: u8| BlobId::from_bytes(&[number; 20]).expect("20 bytes");
        for number in 0..MANY {
            store.keep(key(number), Arc::new(extract(FileKind::DotEnv, b"")));
        }
        let record = |key| BlobRecord { key, signals: crate::facts::signals::Signals::default() };
        store.keep_blob(blob(1), FileKind::DotEnv, record(Some(key(1))));
        store.keep_blob(blob(2), FileKind::DotEnv, record(Some(key(MANY - 1))));
        assert!(matches!(store.news(), News::More(records) if records.len() == MANY as usize + 1));
        for _ in 0..64 {
            assert!(store.facts(&key(1)).is_some());
            store.reviewed();
        }
        assert!(matches!(store.news(), News::Everything(records) if records.len() == 2), "facts and what is known of their blob");
        assert!(matches!(store.news(), News::More(records) if records.is_empty()), "once");
    }
}
