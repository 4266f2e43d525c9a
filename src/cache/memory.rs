//! Facts in memory: the whole store of a one-shot review, the working set of the daemon.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::{BlobRecord, FactKey, FactStore};
use crate::facts::FileFacts;
use crate::source::{BlobId, FileKind};

/// Most files whose facts are kept.
const MAX_FACTS: usize = 100_000;

/// Facts that no review of the last so many asked for are of contents that are gone.
const LIFETIME: u32 = 16;

/// Most blobs that are remembered; far more, as most of them are of no interest and small to remember.
const MAX_BLOBS: usize = 1_000_000;

/// A store that lives as long as the process. Facts go when reviews no longer ask for them. When it is full it forgets
/// everything: what is still needed comes back with the next review, what is not does not.
#[derive(Debug, Default)]
pub struct MemoryStore {
    facts: RwLock<HashMap<FactKey, Kept>>,
    blobs: RwLock<HashMap<(BlobId, FileKind), BlobRecord>>,
    reviews: AtomicU32,
}

#[derive(Debug)]
struct Kept {
    facts: Arc<FileFacts>,
    /// The review that last asked for them.
    asked: AtomicU32,
}

impl FactStore for MemoryStore {
    fn facts(&self, key: &FactKey) -> Option<Arc<FileFacts>> {
        let facts = self.facts.read().unwrap_or_else(PoisonError::into_inner);
        let kept = facts.get(key)?;
        kept.asked.store(self.reviews.load(Ordering::Relaxed), Ordering::Relaxed);
        Some(Arc::clone(&kept.facts))
    }

    fn keep(&self, key: FactKey, facts: Arc<FileFacts>) {
        let asked = AtomicU32::new(self.reviews.load(Ordering::Relaxed));
        insert(&self.facts, MAX_FACTS, key, Kept { facts, asked });
    }

    fn blob(&self, blob: &BlobId, kind: FileKind) -> Option<BlobRecord> {
        self.blobs.read().unwrap_or_else(PoisonError::into_inner).get(&(*blob, kind)).copied()
    }

    fn keep_blob(&self, blob: BlobId, kind: FileKind, record: BlobRecord) {
        insert(&self.blobs, MAX_BLOBS, (blob, kind), record);
    }

    fn reviewed(&self) {
        self.age();
    }
}

impl MemoryStore {
    /// A review is over. Gives the number of files whose facts went.
    pub(super) fn age(&self) -> usize {
        let now = self.reviews.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        if !now.is_multiple_of(LIFETIME) {
            return 0;
        }
        let is_wanted = |kept: &Kept| now.wrapping_sub(kept.asked.load(Ordering::Relaxed)) <= LIFETIME;
        let mut facts = self.facts.write().unwrap_or_else(PoisonError::into_inner);
        let before = facts.len();
        facts.retain(|_, kept| is_wanted(kept));
        before - facts.len()
    }

    /// Of how many files it keeps facts.
    pub(super) fn files(&self) -> usize {
        self.facts.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Shows all facts, and all that is known of blobs but for those whose facts went.
    pub(super) fn show(&self, facts: &mut dyn FnMut(&FactKey, &FileFacts), blobs: &mut dyn FnMut(BlobId, FileKind, &BlobRecord)) {
        let kept = self.facts.read().unwrap_or_else(PoisonError::into_inner);
        kept.iter().for_each(|(key, kept)| facts(key, &kept.facts));
        let known = self.blobs.read().unwrap_or_else(PoisonError::into_inner);
        let is_of_use = |record: &BlobRecord| record.key.is_none_or(|key| kept.contains_key(&key));
        known.iter().filter(|(_, record)| is_of_use(record)).for_each(|((blob, kind), record)| blobs(*blob, *kind, record));
    }
}

fn insert<K: Eq + Hash, V>(map: &RwLock<HashMap<K, V>>, most: usize, key: K, value: V) {
    let mut map = map.write().unwrap_or_else(PoisonError::into_inner);
    if map.len() >= most && !map.contains_key(&key) {
        map.clear();
    }
    map.insert(key, value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::extract;

    #[test]
    fn facts_that_no_review_asks_for_go() {
        let store = MemoryStore::default();
        let key = |number: u8| FactKey::of(FileKind::DotEnv, &[number]);
        for number in [1, 2] {
            store.keep(key(number), Arc::new(extract(FileKind::DotEnv, b"")));
        }
        for _ in 0..2 * LIFETIME {
            assert!(store.facts(&key(1)).is_some());
            store.reviewed();
        }
        assert!(store.facts(&key(1)).is_some() && store.facts(&key(2)).is_none());
    }

    #[test]
    fn a_full_map_starts_over() {
        let map = RwLock::default();
        for key in [1, 2, 3, 3, 2] {
            insert(&map, 3, key, ());
        }
        assert_eq!(map.read().expect("unharmed").len(), 3, "what is known already needs no room");
        insert(&map, 3, 4, ());
        assert_eq!(*map.read().expect("unharmed"), HashMap::from([(4, ())]));
    }
}
