//! The index and commits as snapshots.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::delta::Difference;
use super::index::{Index, Item, State};
use super::objects::{MODE_REGULAR, MODE_SUBMODULE, MODE_SYMLINK, MODE_TYPE, ObjectId, ObjectStore, Record, read_blob};
use super::path::display;
use crate::source::{BlobId, Entry, ShownPath, Snapshot, SnapshotKind, Unreadable, listed, show_listed};

/// Which content an index file has, as a value that can be kept and compared later.
///
/// Git ends an index with a hash of it, so this costs a look at its last bytes; with `index.skipHash` there is none, and
/// the whole file is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IndexIdentity {
    bytes: u64,
    hash: [u8; 32],
}

impl IndexIdentity {
    /// The value as bytes, for a key.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 40] {
        let mut bytes = [0; 40];
        bytes[..8].copy_from_slice(&self.bytes.to_le_bytes());
        bytes[8..].copy_from_slice(&self.hash);
        bytes
    }

    /// From the size of the file and the hash at its end; `None` when that hash was left out.
    pub(super) fn from_checksum(bytes: u64, checksum: &[u8]) -> Option<Self> {
        let mut hash = [0; 32];
        hash.get_mut(..checksum.len())?.copy_from_slice(checksum);
        (hash != [0; 32]).then_some(Self { bytes, hash })
    }

    /// From the whole file, which ends in a checksum of `hash_len` bytes.
    pub(super) fn of(file: &[u8], hash_len: usize) -> Self {
        let bytes = file.len() as u64;
        let checksum = &file[file.len().saturating_sub(hash_len)..];
        Self::from_checksum(bytes, checksum).unwrap_or_else(|| Self { bytes, hash: *blake3::hash(file).as_bytes() })
    }
}

/// What the next commit will hold.
pub struct IndexSnapshot {
    pub(super) index: Index,
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) identity: IndexIdentity,
    /// Whether all paths are UTF-8, so that they can be looked up as they are.
    is_text: bool,
    /// Made when first asked for: most questions are answered without it.
    entries: OnceLock<Vec<Entry>>,
}

/// A path of the index that is no file to review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The path.
    pub path: Arc<str>,
    /// Why.
    pub reason: SkipReason,
}

/// Why a path of the index is no file to review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipReason {
    /// A symbolic link; what it points to is reviewed where it is.
    SymbolicLink,
    /// A submodule: a repository of its own.
    Submodule,
    /// Announced by `git add --intent-to-add`; not part of the next commit.
    IntentToAdd,
    /// In conflict; git makes no commit before it is resolved.
    Unmerged,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SymbolicLink => "a symbolic link",
            Self::Submodule => "a submodule",
            Self::IntentToAdd => "only announced with `git add --intent-to-add`",
            Self::Unmerged => "in conflict",
        })
    }
}

impl IndexSnapshot {
    pub(super) fn new(index: Index, store: Arc<dyn ObjectStore>, identity: IndexIdentity) -> Self {
        let is_text = index.items().iter().all(|item| std::str::from_utf8(index.path(item)).is_ok());
        Self { index, store, identity, is_text, entries: OnceLock::new() }
    }

    /// What the index file held when it was read.
    #[must_use]
    pub fn identity(&self) -> IndexIdentity {
        self.identity
    }

    /// Paths that are no files to review, each once.
    #[must_use]
    pub fn skipped(&self) -> Vec<Skipped> {
        let mut skipped: Vec<Skipped> = self
            .index
            .items()
            .iter()
            .filter_map(|item| {
                let reason = match (item.state, item.mode() & MODE_TYPE) {
                    (State::Unmerged, _) => SkipReason::Unmerged,
                    (State::IntentToAdd, _) => SkipReason::IntentToAdd,
                    (_, MODE_SYMLINK) => SkipReason::SymbolicLink,
                    (_, MODE_SUBMODULE) => SkipReason::Submodule,
                    _ => return None,
                };
                Some(Skipped { path: display(self.index.path(item)), reason })
            })
            .collect();
        skipped.dedup();
        skipped
    }
}

/// Whether an entry is a regular file of the next commit.
fn is_file(item: &Item) -> bool {
    matches!(item.state, State::Staged | State::SkipWorktree) && item.mode() & MODE_TYPE == MODE_REGULAR
}

/// The symbolic links of the next commit, sorted.
pub(super) fn links(index: &Index) -> Vec<Arc<str>> {
    let is_link =
        |item: &&Item| item.mode() & MODE_TYPE == MODE_SYMLINK && matches!(item.state, State::Staged | State::SkipWorktree);
    index.items().iter().filter(is_link).map(|item| display(index.path(item))).collect()
}

impl fmt::Debug for IndexSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexSnapshot").field("entries", &self.index.items().len()).finish_non_exhaustive()
    }
}

impl Snapshot for IndexSnapshot {
    fn kind(&self) -> SnapshotKind {
        SnapshotKind::Index
    }

    fn entries(&self) -> &[Entry] {
        self.entries.get_or_init(|| {
            let entry = |item| Entry { path: display(self.index.path(item)), blob: Some(self.index.record(item).id) };
            sorted(self.index.items().iter().filter(|item| is_file(item)).map(entry))
        })
    }

    fn links(&self) -> Vec<Arc<str>> {
        links(&self.index)
    }

    fn entry(&self, path: &str) -> Option<Entry> {
        if !self.is_text {
            return listed(self.entries(), path);
        }
        let item = self.index.find(path.as_bytes()).filter(|item| is_file(item))?;
        Some(Entry { path: path.into(), blob: Some(self.index.record(item).id) })
    }

    fn contains(&self, path: &str) -> bool {
        if self.is_text { self.index.find(path.as_bytes()).is_some_and(is_file) } else { self.entry(path).is_some() }
    }

    fn visit(&self, prefix: &str, show: &mut dyn FnMut(ShownPath<'_>, Option<BlobId>)) {
        if !self.is_text {
            return show_listed(self.entries(), prefix, show);
        }
        for item in self.index.below(prefix.as_bytes()).iter().filter(|item| is_file(item)) {
            let path = std::str::from_utf8(self.index.path(item)).unwrap_or_default();
            show(ShownPath::Written(path), Some(self.index.record(item).id));
        }
    }

    fn read(&self, entry: &Entry, limit: usize) -> Result<Vec<u8>, Unreadable> {
        read_blob(&*self.store, entry, limit)
    }
}

/// What a commit holds.
pub struct TreeSnapshot {
    store: Arc<dyn ObjectStore>,
    tree: ObjectId,
    entries: Vec<Entry>,
    links: Vec<Arc<str>>,
}

impl TreeSnapshot {
    pub(super) fn new(store: Arc<dyn ObjectStore>, tree: ObjectId, files: Vec<Entry>, mut links: Vec<Arc<str>>) -> Self {
        links.sort_unstable();
        Self { store, tree, entries: sorted(files), links }
    }
}

impl fmt::Debug for TreeSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TreeSnapshot").field("entries", &self.entries.len()).finish_non_exhaustive()
    }
}

impl Snapshot for TreeSnapshot {
    fn kind(&self) -> SnapshotKind {
        SnapshotKind::Tree
    }

    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn links(&self) -> Vec<Arc<str>> {
        self.links.clone()
    }

    fn tree(&self) -> Option<BlobId> {
        Some(self.tree)
    }

    fn read(&self, entry: &Entry, limit: usize) -> Result<Vec<u8>, Unreadable> {
        read_blob(&*self.store, entry, limit)
    }
}

/// One path that the next commit changes: its regular file before and after. A file that becomes a symbolic link, a
/// submodule, a conflict or nothing at all has no `new`; a change of permissions alone has two equal blobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Path from the repository root.
    pub path: Arc<str>,
    /// The file in the commit compared with.
    pub old: Option<BlobId>,
    /// The file in the index.
    pub new: Option<BlobId>,
}

impl Change {
    /// `None` where no regular file is concerned.
    pub(super) fn of(difference: &Difference) -> Option<Self> {
        let regular = |record: &Option<Record>| record.as_ref().and_then(Record::regular);
        let (old, new) = (regular(&difference.old), regular(&difference.new));
        (old.is_some() || new.is_some()).then(|| Self { path: display(&difference.path), old, new })
    }
}

/// What a commit holds that an index changes in some places: told by these places and the index, without reading trees.
pub struct ChangedSnapshot<'i> {
    index: &'i IndexSnapshot,
    tree: Option<ObjectId>,
    /// What is there instead of what the index has.
    old: BTreeMap<Arc<str>, Option<Entry>>,
    /// Made when first asked for: single entries are found without it.
    entries: OnceLock<Vec<Entry>>,
}

impl<'i> ChangedSnapshot<'i> {
    /// `tree`: what the changes are against; `None` where that is nothing at all.
    pub(super) fn new(index: &'i IndexSnapshot, tree: Option<ObjectId>, changes: &[Change]) -> Self {
        let entry = |change: &Change| change.old.map(|blob| Entry { path: Arc::clone(&change.path), blob: Some(blob) });
        let old = changes.iter().map(|change| (Arc::clone(&change.path), entry(change))).collect();
        Self { index, tree, old, entries: OnceLock::new() }
    }
}

impl fmt::Debug for ChangedSnapshot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangedSnapshot").field("tree", &self.tree).field("changes", &self.old.len()).finish_non_exhaustive()
    }
}

impl Snapshot for ChangedSnapshot<'_> {
    fn kind(&self) -> SnapshotKind {
        SnapshotKind::Tree
    }

    fn entries(&self) -> &[Entry] {
        self.entries.get_or_init(|| {
            let same = self.index.entries().iter().filter(|entry| !self.old.contains_key(&entry.path));
            sorted(same.chain(self.old.values().flatten()).cloned())
        })
    }

    fn entry(&self, path: &str) -> Option<Entry> {
        self.old.get(path).map_or_else(|| self.index.entry(path), Clone::clone)
    }

    fn contains(&self, path: &str) -> bool {
        self.old.get(path).map_or_else(|| self.index.contains(path), Option::is_some)
    }

    fn tree(&self) -> Option<BlobId> {
        self.tree
    }

    fn read(&self, entry: &Entry, limit: usize) -> Result<Vec<u8>, Unreadable> {
        self.index.read(entry, limit)
    }
}

/// Entries in the order snapshots promise, which differs from git's where paths are not UTF-8.
pub(super) fn sorted(entries: impl IntoIterator<Item = Entry>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = entries.into_iter().collect();
    if !entries.is_sorted_by(|a, b| a.path < b.path) {
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        entries.dedup_by(|a, b| a.path == b.path);
    }
    entries
}
