//! Facts in memory: the whole store of a one-shot review, the working set of the daemon.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::record::{KnownBlob, PackedFacts};
use super::{BlobRecord, FactKey, FactStore};
use crate::facts::FileFacts;
use crate::facts::signals::Signals;
use crate::source::{BlobId, FileKind};

/// Most files whose facts are kept.
const MAX_FACTS: usize = 100_000;

/// Facts that no review of the last so many asked for are of contents that are gone.
const LIFETIME: u32 = 6;

/// Most blobs that are remembered; far more, as most of them are of no interest and small to remember.
const MAX_BLOBS: usize = 1_000_000;

/// A store that lives as long as the process. Facts go when reviews no longer ask for them. When it is full it forgets
/// everything: what is still needed comes back with the next review, what is not does not.
#[derive(Debug, Default)]
pub struct MemoryStore {
    facts: RwLock<HashMap<FactKey, Kept>>,
    blobs: RwLock<Blobs>,
    reviews: AtomicU32,
}

/// What is known of blobs. Few have facts.
#[derive(Debug, Default)]
struct Blobs {
    signals: HashMap<(BlobId, FileKind), Signals>,
    keys: HashMap<(BlobId, FileKind), FactKey>,
}

#[derive(Debug)]
struct Kept {
    facts: Mutex<Form>,
    /// The review that last asked for them.
    asked: AtomicU32,
}

/// How facts are kept: many of those on a disk are of contents that nobody asks for again.
#[derive(Debug)]
enum Form {
    Packed(PackedFacts),
    Read(Arc<FileFacts>),
}

impl Kept {
    fn read(&self) -> Option<Arc<FileFacts>> {
        let mut form = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        let facts = match &*form {
            Form::Packed(packed) => Arc::new(packed.read()?),
            Form::Read(facts) => return Some(Arc::clone(facts)),
        };
        *form = Form::Read(Arc::clone(&facts));
        Some(facts)
    }
}

impl FactStore for MemoryStore {
    fn facts(&self, key: &FactKey) -> Option<Arc<FileFacts>> {
        let facts = self.facts.read().unwrap_or_else(PoisonError::into_inner);
        let kept = facts.get(key)?;
        kept.asked.store(self.reviews.load(Ordering::Relaxed), Ordering::Relaxed);
        kept.read()
    }

    fn keep(&self, key: FactKey, facts: Arc<FileFacts>) {
        self.keep_as(key, Form::Read(facts));
    }

    fn blob(&self, blob: &BlobId, kind: FileKind) -> Option<BlobRecord> {
        let blobs = self.blobs.read().unwrap_or_else(PoisonError::into_inner);
        let signals = *blobs.signals.get(&(*blob, kind))?;
        Some(BlobRecord { key: blobs.keys.get(&(*blob, kind)).copied(), signals })
    }

    fn keep_blob(&self, blob: BlobId, kind: FileKind, record: BlobRecord) {
        self.keep_blobs(&[(blob, kind, record)]);
    }

    fn reviewed(&self) {
        self.age();
    }
}

impl MemoryStore {
    /// Keeps facts that were on a disk.
    pub(super) fn keep_packed(&self, key: FactKey, facts: PackedFacts) {
        self.keep_as(key, Form::Packed(facts));
    }

    /// Keeps what is known of some blobs. Where their facts are is never forgotten: it is told by their content.
    pub(super) fn keep_blobs(&self, known: &[KnownBlob]) {
        let mut blobs = self.blobs.write().unwrap_or_else(PoisonError::into_inner);
        let Blobs { signals, keys } = &mut *blobs;
        for &(blob, kind, record) in known {
            if insert(signals, MAX_BLOBS, (blob, kind), record.signals) {
                keys.clear();
            }
            keys.extend(record.key.map(|key| ((blob, kind), key)));
        }
    }

    fn keep_as(&self, key: FactKey, form: Form) {
        let asked = AtomicU32::new(self.reviews.load(Ordering::Relaxed));
        let mut facts = self.facts.write().unwrap_or_else(PoisonError::into_inner);
        insert(&mut facts, MAX_FACTS, key, Kept { facts: Mutex::new(form), asked });
    }

    /// A review is over. Gives the number of files whose facts went.
    pub(super) fn age(&self) -> usize {
        let now = self.reviews.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
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
    pub(super) fn show(&self, facts: &mut dyn FnMut(&FactKey, &FileFacts), blobs: &mut dyn FnMut(KnownBlob)) {
        let kept = self.facts.read().unwrap_or_else(PoisonError::into_inner);
        kept.iter().filter_map(|(key, kept)| Some((key, kept.read()?))).for_each(|(key, kept)| facts(key, &kept));
        let known = self.blobs.read().unwrap_or_else(PoisonError::into_inner);
        for (&(blob, kind), &signals) in &known.signals {
            let key = known.keys.get(&(blob, kind)).copied();
            if key.is_none_or(|key| kept.contains_key(&key)) {
                blobs((blob, kind, BlobRecord { key, signals }));
            }
        }
    }
}

/// Inserts into a map that is emptied when it is full, and tells whether it was.
fn insert<K: Eq + Hash, V>(map: &mut HashMap<K, V>, most: usize, key: K, value: V) -> bool {
    let is_full = map.len() >= most && !map.contains_key(&key);
    if is_full {
        map.clear();
    }
    map.insert(key, value);
    is_full
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
        let mut map = HashMap::default();
        for key in [1, 2, 3, 3, 2] {
            assert!(!insert(&mut map, 3, key, ()));
        }
        assert_eq!(map.len(), 3, "what is known already needs no room");
        assert!(insert(&mut map, 3, 4, ()));
        assert_eq!(map, HashMap::from([(4, ())]));
    }
}
