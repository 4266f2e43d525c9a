//! Facts in memory: the whole store of a one-shot review, the working set of the daemon.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::{BlobRecord, FactKey, FactStore};
use crate::facts::FileFacts;
use crate::source::{BlobId, FileKind};

/// A store that lives as long as the process.
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
        self.facts.write().unwrap_or_else(PoisonError::into_inner).insert(key, facts);
    }

    fn blob(&self, blob: &BlobId, kind: FileKind) -> Option<BlobRecord> {
        self.blobs.read().unwrap_or_else(PoisonError::into_inner).get(&(*blob, kind)).copied()
    }

    fn keep_blob(&self, blob: BlobId, kind: FileKind, record: BlobRecord) {
        self.blobs.write().unwrap_or_else(PoisonError::into_inner).insert((blob, kind), record);
    }
}
