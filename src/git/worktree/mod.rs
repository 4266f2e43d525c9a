//! The files on disk as a snapshot.

mod disk;
mod live;
mod walk;

use std::collections::HashMap;
use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::GitError;
use super::index::{Index, Stat};
use super::objects::{ObjectStore, read_blob};
use super::path::{display, from_os, to_os};
use super::snapshot::{links, sorted};
use crate::source::{BlobId, Entry, Snapshot, SnapshotKind, Unreadable};
use disk::{Disk, Part};

pub use live::{Difference, LiveWorktree, Touched};
pub use walk::Enter;

/// The files on disk: tracked ones, and untracked ones that are not ignored. Files that a sparse checkout leaves out
/// count as what the index holds.
///
/// An entry has a blob where the file is known to be unchanged since it was staged. It is then read as that blob: what
/// git's conversions (line endings, filters) make of it is what will be committed, and a change on disk after the
/// snapshot was taken cannot slip in under the blob's name. Any other file is read from disk as it is.
pub struct WorktreeSnapshot {
    root: PathBuf,
    store: Arc<dyn ObjectStore>,
    entries: Vec<Entry>,
    /// The real names of files that are not UTF-8.
    odd_names: HashMap<Arc<str>, Vec<u8>>,
    /// What the index has as symbolic links, sorted.
    links: Vec<Arc<str>>,
}

impl WorktreeSnapshot {
    /// `written`: the index file itself, as it was before or when it was read.
    pub(in crate::git) fn new(
        root: &Path,
        index: &Index,
        written: Option<&Metadata>,
        store: Arc<dyn ObjectStore>,
    ) -> Result<Self, GitError> {
        let mut disk = Disk::new(root, Arc::new(|_: &Path| {}));
        disk.read(&[Part::everything()], index)?;
        let mut snapshot = Self::empty(root, store);
        snapshot.links = links(index);
        snapshot.replace(&Part::everything(), disk.names(&Part::everything(), index, written.map(Stat::of)));
        Ok(snapshot)
    }

    fn empty(root: &Path, store: Arc<dyn ObjectStore>) -> Self {
        Self { root: root.to_path_buf(), store, entries: Vec::new(), odd_names: HashMap::new(), links: Vec::new() }
    }

    /// Puts other files in the place of a part.
    fn replace(&mut self, part: &Part, names: Vec<(Vec<u8>, Option<BlobId>)>) {
        let below = display(&part.prefix());
        let start = self.entries.partition_point(|entry| *entry.path < *below);
        let len = self.entries[start..].partition_point(|entry| entry.path.starts_with(&*below));
        let old = start..start + len;
        let odd_names = &self.odd_names;
        let is_kept = |entry: &&Entry| !part.contains(odd_names.get(&entry.path).map_or(entry.path.as_bytes(), Vec::as_slice));
        let mut entries: Vec<Entry> = self.entries[old.clone()].iter().filter(is_kept).cloned().collect();
        for (name, blob) in names {
            let path = display(&name);
            if path.as_bytes() != name {
                self.odd_names.insert(Arc::clone(&path), name);
            }
            entries.push(Entry { path, blob });
        }
        self.entries.splice(old, sorted(entries));
    }
}

impl fmt::Debug for WorktreeSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorktreeSnapshot").field("root", &self.root).field("entries", &self.entries.len()).finish_non_exhaustive()
    }
}

impl Snapshot for WorktreeSnapshot {
    fn kind(&self) -> SnapshotKind {
        SnapshotKind::Worktree
    }

    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Those that are tracked: the walk passes over links.
    fn links(&self) -> Vec<Arc<str>> {
        self.links.iter().filter(|path| !self.contains(path)).cloned().collect()
    }

    fn read(&self, entry: &Entry, limit: usize) -> Result<Vec<u8>, Unreadable> {
        if entry.blob.is_some() {
            return read_blob(&*self.store, entry, limit);
        }
        let name = self.odd_names.get(&entry.path).map_or(entry.path.as_bytes(), Vec::as_slice);
        read_regular(&self.root, name, limit)
    }
}

/// The bytes of a regular file, unless a directory above it is a symbolic link.
pub(in crate::git) fn read_regular(root: &Path, path: &[u8], limit: usize) -> Result<Vec<u8>, Unreadable> {
    let file = open_regular(root, path).map_err(|error| Unreadable::Io(error.to_string()))?;
    let mut bytes = Vec::new();
    let read = file.take(limit as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| Unreadable::Io(error.to_string()))?;
    if bytes.len() <= limit {
        return Ok(bytes);
    }
    let size = regular_file(root, path).map_or(bytes.len() as u64, |on_disk| on_disk.len());
    Err(Unreadable::TooLarge(size))
}

/// What is on disk at a path, if it is a regular file and no directory above it is a symbolic link.
fn regular_file(root: &Path, path: &[u8]) -> Option<Metadata> {
    open_regular(root, path).and_then(|file| file.metadata()).ok()
}

/// Opens a regular file of the repository for reading. No part of the path may be a symbolic link, so nothing outside is
/// reached, even while the directories are being changed.
#[cfg(unix)]
fn open_regular(root: &Path, path: &[u8]) -> io::Result<File> {
    use rustix::fs::{CWD, Mode, OFlags, openat};
    let path = to_os(path).filter(|path| is_plain(path)).ok_or(io::ErrorKind::InvalidInput)?;
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut directory = openat(CWD, root, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    for part in path.parent().into_iter().flat_map(Path::components) {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        directory = openat(&directory, part.as_os_str(), flags, Mode::empty())?;
    }
    // Opening a pipe would wait for its writer.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(openat(&directory, name, flags, Mode::empty())?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is not a regular file")) }
}

/// Opens a regular file of the repository for reading, if no part of the path is a symbolic link.
#[cfg(not(unix))]
fn open_regular(root: &Path, path: &[u8]) -> io::Result<File> {
    let path = to_os(path).filter(|path| is_plain(path)).ok_or(io::ErrorKind::InvalidInput)?;
    let mut full = root.to_path_buf();
    for part in path.components() {
        full.push(part);
        if full.symlink_metadata()?.is_symlink() {
            return Err(io::Error::other("it is behind a symbolic link"));
        }
    }
    let file = File::open(full)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is not a regular file")) }
}

/// Whether a path goes down only.
pub(in crate::git) fn is_plain(path: &Path) -> bool {
    path.components().all(|part| matches!(part, std::path::Component::Normal(_)))
}

impl Stat {
    /// What the index would hold of a file.
    #[cfg(unix)]
    fn of(on_disk: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        // The format keeps the low 32 bits of each.
        let low = |number: i64| (number & 0xFFFF_FFFF) as u32;
        Self {
            changed: (low(on_disk.ctime()), low(on_disk.ctime_nsec())),
            modified: (low(on_disk.mtime()), low(on_disk.mtime_nsec())),
            inode: low(on_disk.ino() as i64),
            size: low(on_disk.size() as i64),
        }
    }

    /// What tells one state of a file from another, on systems where the index holds other data than this.
    #[cfg(not(unix))]
    fn of(on_disk: &Metadata) -> Self {
        let since = on_disk.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok()).unwrap_or_default();
        let modified = ((since.as_secs() & 0xFFFF_FFFF) as u32, since.subsec_nanos());
        Self { changed: (0, 0), modified, inode: 0, size: (on_disk.len() & 0xFFFF_FFFF) as u32 }
    }
}

/// Whether a file is still what was staged. As git does it, but stricter: all times to the nanosecond; and a file written
/// in the same instant as the index, or later, proves nothing (git's `racy-git` documentation). Not known on systems
/// where the index holds other stat data than this one has.
fn is_unchanged(staged: &Stat, on_disk: &Stat, index: &Stat) -> bool {
    cfg!(unix) && staged == on_disk && on_disk.modified < index.modified
}
