//! The files on disk as a snapshot.

use std::collections::HashMap;
use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::{WalkBuilder, WalkState};

use super::error::GitError;
use super::index::{Index, Stat, State};
use super::objects::{ObjectStore, read_blob};
use super::path::{display, from_os, to_os};
use super::snapshot::sorted;
use crate::source::{BlobId, Entry, Snapshot, SnapshotKind, Unreadable};

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
}

impl WorktreeSnapshot {
    /// `written`: the index file itself, as it was before or when it was read.
    pub(super) fn new(
        root: &Path,
        index: &Index,
        written: Option<&Metadata>,
        store: Arc<dyn ObjectStore>,
    ) -> Result<Self, GitError> {
        let mut files = walk(root)?;
        let mut names: Vec<(Vec<u8>, Option<BlobId>)> = Vec::with_capacity(files.len());
        let mut last: &[u8] = b"";
        for item in index.items() {
            let path = index.path(item);
            // A conflict has several entries of one name.
            if path == std::mem::replace(&mut last, path) {
                continue;
            }
            // The walk passes over tracked files that are ignored.
            match files.remove(path).or_else(|| regular_file(root, path)) {
                Some(on_disk) => {
                    let certain = item.state != State::Unmerged
                        && item.state != State::IntentToAdd
                        && index.stat(item).zip(written).is_some_and(|(stat, written)| is_unchanged(&stat, &on_disk, written));
                    names.push((path.to_vec(), if certain { index.record(item).regular() } else { None }));
                }
                None if item.state == State::SkipWorktree => {
                    let blob = index.record(item).regular();
                    names.extend(blob.map(|blob| (path.to_vec(), Some(blob))));
                }
                None => {}
            }
        }
        names.extend(files.into_keys().map(|path| (path, None)));
        names.sort_unstable();
        Ok(Self::from_names(root, names, store))
    }

    fn from_names(root: &Path, names: Vec<(Vec<u8>, Option<BlobId>)>, store: Arc<dyn ObjectStore>) -> Self {
        let mut odd_names = HashMap::new();
        let entries = sorted(names.into_iter().map(|(name, blob)| {
            let path = display(&name);
            if path.as_bytes() != name {
                odd_names.insert(Arc::clone(&path), name);
            }
            Entry { path, blob }
        }));
        Self { root: root.to_path_buf(), store, entries, odd_names }
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

    fn read(&self, entry: &Entry, limit: usize) -> Result<Vec<u8>, Unreadable> {
        if entry.blob.is_some() {
            return read_blob(&*self.store, entry, limit);
        }
        let name = self.odd_names.get(&entry.path).map_or(entry.path.as_bytes(), Vec::as_slice);
        read_regular(&self.root, name, limit)
    }
}

/// The bytes of a regular file, unless a directory above it is a symbolic link.
pub(super) fn read_regular(root: &Path, path: &[u8], limit: usize) -> Result<Vec<u8>, Unreadable> {
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

/// Regular files below the top, without ignored ones, repositories inside and anything behind a symbolic link.
fn walk(root: &Path) -> Result<HashMap<Vec<u8>, Metadata>, GitError> {
    std::fs::read_dir(root).map_err(|error| GitError::Io { path: root.to_path_buf(), error })?;
    let walker = WalkBuilder::new(root)
        .hidden(false)
        .ignore(false)
        .parents(false)
        .require_git(false)
        .filter_entry(|entry| {
            let is_directory = entry.file_type().is_some_and(|kind| kind.is_dir());
            entry.depth() == 0 || entry.file_name() != ".git" && !(is_directory && entry.path().join(".git").exists())
        })
        .build_parallel();
    let found = Mutex::new(HashMap::new());
    walker.run(|| {
        Box::new(|entry| {
            // What cannot be listed cannot be read either; git passes over it as well.
            if let Ok(entry) = entry
                && entry.file_type().is_some_and(|kind| kind.is_file())
                && let Ok(on_disk) = entry.metadata()
                && let Some(path) = entry.path().strip_prefix(root).ok().and_then(from_os)
            {
                let path = path.into_owned();
                found.lock().unwrap_or_else(PoisonError::into_inner).insert(path, on_disk);
            }
            WalkState::Continue
        })
    });
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
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
pub(super) fn is_plain(path: &Path) -> bool {
    path.components().all(|part| matches!(part, std::path::Component::Normal(_)))
}

/// Whether a file is still what was staged. As git does it, but stricter: all times to the nanosecond; and a file written
/// in the same instant as the index, or later, proves nothing (git's `racy-git` documentation).
#[cfg(unix)]
fn is_unchanged(staged: &Stat, on_disk: &Metadata, index: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    // The format keeps the low 32 bits of each.
    let low = |number: i64| (number & 0xFFFF_FFFF) as u32;
    let time = |seconds, nanoseconds| (low(seconds), low(nanoseconds));
    let modified = time(on_disk.mtime(), on_disk.mtime_nsec());
    *staged
        == Stat {
            changed: time(on_disk.ctime(), on_disk.ctime_nsec()),
            modified,
            inode: low(on_disk.ino() as i64),
            size: low(on_disk.size() as i64),
        }
        && modified < time(index.mtime(), index.mtime_nsec())
}

/// Whether a file is still what was staged: not known on systems where the index holds other stat data than this one has.
#[cfg(not(unix))]
fn is_unchanged(_staged: &Stat, _on_disk: &Metadata, _index: &Metadata) -> bool {
    false
}
