//! Facts kept between reviews, keyed by content. Losing them costs time, never a verdict.

pub mod learning;
pub mod memory;
pub mod own;
pub mod record;
pub mod sled;

use std::fmt;
use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::record::Record;
use crate::facts::signals::Signals;
use crate::facts::{FACTS_VERSION, FileFacts};
use crate::source::{BlobId, FileKind};

/// Identity of the facts of one content: blake3 over the kind, [`FACTS_VERSION`] and the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FactKey(pub [u8; 32]);

impl FactKey {
    /// The key of a file's content.
    #[must_use]
    pub fn of(kind: FileKind, bytes: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&FACTS_VERSION.to_le_bytes());
        hasher.update(&[kind as u8]);
        hasher.update(bytes);
        Self(*hasher.finalize().as_bytes())
    }

    /// The key of what is known of a blob that was not parsed.
    #[must_use]
    pub fn unparsed(blob: &BlobId, kind: FileKind) -> Self {
        Self::of(kind, &[b"unparsed", blob.as_bytes()].concat())
    }
}

/// What is known of a blob without reading it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRecord {
    /// Where its facts are kept, once somebody wanted them.
    pub key: Option<FactKey>,
    /// What its bytes mention.
    pub signals: Signals,
}

/// Keeps facts by content, and what blobs are known to hold.
///
/// Implementations never fail: what cannot be kept or read is simply not there.
pub trait FactStore: Send + Sync {
    /// The facts kept under `key`.
    fn facts(&self, key: &FactKey) -> Option<Arc<FileFacts>>;
    /// Keeps facts.
    fn keep(&self, key: FactKey, facts: Arc<FileFacts>);
    /// What is known of a blob read as `kind`.
    fn blob(&self, blob: &BlobId, kind: FileKind) -> Option<BlobRecord>;
    /// Keeps what is known of a blob.
    fn keep_blob(&self, blob: BlobId, kind: FileKind, record: BlobRecord);
    /// A review is over: what no review asks for any more need not be kept.
    fn reviewed(&self);
}

/// Where facts lie while no process has them in memory: a copy that may be lost at any time.
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

    /// Keeps these and nothing else.
    ///
    /// # Errors
    /// As [`Disk::write`]; what was kept before is gone then.
    fn replace(&self, records: &mut dyn Iterator<Item = Record>) -> io::Result<()>;
}
