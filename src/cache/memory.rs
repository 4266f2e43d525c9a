//! Facts in memory: the whole store of a one-shot review, the working set of the daemon.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use super::{BlobRecord, FactKey, FactStore};
use crate::facts::FileFacts;
use crate::source::{BlobId, FileKind};

/// Most files whose facts are kept.
const MAX_FACTS: usize = 100_000;

/// Most blobs that are remembered; far more, as most of them are of no interest and small to remember.
const MAX_BLOBS: usize = 1_000_000;

/// A store that lives as long as the process. When it is full it forgets everything: what is still needed comes back
/// with the next review, what is not does not.
#[derive(Debug, Default)]
pub struct MemoryStore {
    facts: RwLock<HashMap<FactKey, Arc<FileFacts>>>,
    blobs: RwLock<HashMap<(BlobId, FileKind), BlobRecord>>,
}

impl FactStore for MemoryStore {
    fn facts(&self, key: &FactKey) -> Option<Arc<FileFacts>> {
        self.facts.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn keep(&self, key: FactKey, facts: Arc<FileFacts>) {
        insert(&self.facts, MAX_FACTS, key, facts);
    }

    fn blob(&self, blob: &BlobId, kind: FileKind) -> Option<BlobRecord> {
        self.blobs.read().unwrap_or_else(PoisonError::into_inner).get(&(*blob, kind)).copied()
    }

    fn keep_blob(&self, blob: BlobId, kind: FileKind, record: BlobRecord) {
        insert(&self.blobs, MAX_BLOBS, (blob, kind), record);
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
