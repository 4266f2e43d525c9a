//! Objects by name, whoever reads them: libgit2 or the git program.

use super::error::GitError;
use crate::source::{BlobId, Entry, Unreadable};

/// The name of any object: names of commits and trees look like those of blobs.
pub(super) type ObjectId = BlobId;

/// Largest tree or commit object that is read, in bytes.
const MAX_STRUCTURE_BYTES: usize = 64 * 1024 * 1024;

/// The kinds of object the reviewer reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Blob,
    Tree,
    Commit,
}

/// Why an object could not be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum ObjectError {
    #[error("it has {0} bytes, which is too large")]
    TooLarge(u64),
    #[error("it is not in the repository")]
    Missing,
    #[error("{0}")]
    Damaged(String),
}

impl ObjectError {
    pub(super) fn of(self, id: &ObjectId) -> GitError {
        GitError::Object { id: id.to_string(), reason: self.to_string() }
    }
}

/// Reads objects and names of commits. Shared between threads.
pub(super) trait ObjectStore: Send + Sync {
    /// The bytes of an object of at most `limit` bytes.
    fn read(&self, id: &ObjectId, kind: Kind, limit: usize) -> Result<Vec<u8>, ObjectError>;

    /// The commit `HEAD` leads to; `None` before the first commit.
    fn head(&self) -> Result<Option<ObjectId>, GitError>;

    /// The commit a name leads to.
    fn revision(&self, name: &str) -> Result<ObjectId, GitError>;
}

/// Reads the bytes of a snapshot's entry.
pub(super) fn read_blob(store: &dyn ObjectStore, entry: &Entry, limit: usize) -> Result<Vec<u8>, Unreadable> {
    let id = entry.blob.ok_or_else(|| Unreadable::Io("it is not a file of this snapshot".into()))?;
    store.read(&id, Kind::Blob, limit).map_err(|error| match error {
        ObjectError::TooLarge(bytes) => Unreadable::TooLarge(bytes),
        ObjectError::Missing => {
            Unreadable::Io(format!("object {id} is not in the repository; a partial clone may have to fetch it"))
        }
        ObjectError::Damaged(reason) => Unreadable::Io(format!("object {id}: {reason}")),
    })
}

/// The tree a commit records.
pub(super) fn tree_of_commit(store: &dyn ObjectStore, commit: &ObjectId) -> Result<ObjectId, GitError> {
    let bytes = store.read(commit, Kind::Commit, MAX_STRUCTURE_BYTES).map_err(|error| error.of(commit))?;
    bytes
        .strip_prefix(b"tree ")
        .and_then(|rest| rest.split(|&byte| byte == b'\n').next())
        .and_then(|hex| ObjectId::from_hex(std::str::from_utf8(hex).ok()?))
        .ok_or_else(|| ObjectError::Damaged("the commit names no tree".into()).of(commit))
}

/// What an index or a tree records for a path besides the name: the type with permissions, and the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) mode: u32,
    pub(super) id: ObjectId,
}

impl Record {
    /// The blob of a regular file; symbolic links and submodules have none that is reviewed.
    pub(super) fn regular(&self) -> Option<BlobId> {
        (self.mode & MODE_TYPE == MODE_REGULAR).then_some(self.id)
    }

    /// Whether it is a symbolic link.
    pub(super) fn is_link(&self) -> bool {
        self.mode & MODE_TYPE == MODE_SYMLINK
    }
}

/// The bits of a mode that say what an entry is (git's `index-format` documentation, "32-bit mode").
pub(super) const MODE_TYPE: u32 = 0o170_000;
pub(super) const MODE_REGULAR: u32 = 0o100_000;
pub(super) const MODE_SYMLINK: u32 = 0o120_000;
pub(super) const MODE_SUBMODULE: u32 = 0o160_000;
const MODE_TREE: u32 = 0o040_000;

/// One line of a tree object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TreeLine {
    pub(super) name: Vec<u8>,
    pub(super) record: Record,
}

impl TreeLine {
    pub(super) fn is_tree(&self) -> bool {
        self.record.mode & MODE_TYPE == MODE_TREE
    }
}

/// Reads one tree object, in the order git keeps: by name, a directory as if its name ended in `/`.
pub(super) fn read_tree(store: &dyn ObjectStore, id: &ObjectId) -> Result<Vec<TreeLine>, GitError> {
    let bytes = store.read(id, Kind::Tree, MAX_STRUCTURE_BYTES).map_err(|error| error.of(id))?;
    parse_tree(&bytes, id.as_bytes().len()).ok_or_else(|| ObjectError::Damaged("the tree is malformed".into()).of(id))
}

/// `<mode in octal> <name>\0<raw id>`, again and again.
fn parse_tree(mut bytes: &[u8], hash_len: usize) -> Option<Vec<TreeLine>> {
    let mut lines = Vec::new();
    while !bytes.is_empty() {
        let space = memchr::memchr(b' ', bytes)?;
        let mode = u32::from_str_radix(std::str::from_utf8(&bytes[..space]).ok()?, 8).ok()?;
        let name_end = space + 1 + memchr::memchr(0, &bytes[space + 1..])?;
        let id = ObjectId::from_bytes(bytes.get(name_end + 1..name_end + 1 + hash_len)?)?;
        let name = bytes[space + 1..name_end].to_vec();
        if name.is_empty() {
            return None;
        }
        lines.push(TreeLine { name, record: Record { mode: canonical(mode), id } });
        bytes = &bytes[name_end + 1 + hash_len..];
    }
    Some(lines)
}

/// Old trees hold more permissions than the index can; git compares files by the owner's execute bit alone.
fn canonical(mode: u32) -> u32 {
    match mode & MODE_TYPE {
        MODE_REGULAR if mode & 0o100 != 0 => 0o100_755,
        MODE_REGULAR => 0o100_644,
        kind => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_are_read_and_damage_is_noticed() {
        let id = [7; 20];
        let mut bytes = b"100664 a\0".to_vec();
        bytes.extend(id);
        bytes.extend(b"40000 b\0");
        bytes.extend(id);
        let lines = parse_tree(&bytes, 20).expect("well-formed");
        assert_eq!(lines[0].record.mode, 0o100_644);
        assert!(!lines[0].is_tree() && lines[1].is_tree());
        for cut in 1..bytes.len() {
            if cut != 9 + 20 {
                assert_eq!(parse_tree(&bytes[..cut], 20), None, "cut at {cut}");
            }
        }
    }
}
