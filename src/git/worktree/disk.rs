//! What is on disk, read as a whole or in parts.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::walk::{Enter, Scope, walk};
use super::{from_os, is_unchanged, regular_file, to_os};
use crate::git::error::GitError;
use crate::git::index::{Index, Stat, State};
use crate::source::BlobId;

/// A part of a work tree.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Part {
    /// The path of a directory; empty for the top.
    directory: Vec<u8>,
    /// Whether what lies below its directories belongs to it.
    deep: bool,
}

impl Part {
    /// All of it.
    pub(super) fn everything() -> Self {
        Self { directory: Vec::new(), deep: true }
    }

    /// The files directly in a directory, with `deep` also those below; `None` outside of the work tree.
    pub(super) fn of(root: &Path, directory: &Path, deep: bool) -> Option<Self> {
        Some(Self { directory: from_os(directory.strip_prefix(root).ok()?)?.into_owned(), deep })
    }

    /// How all paths in it begin.
    pub(super) fn prefix(&self) -> Vec<u8> {
        if self.directory.is_empty() { Vec::new() } else { [self.directory.as_slice(), b"/"].concat() }
    }

    /// Whether a path that begins with its prefix is in it.
    pub(super) fn contains(&self, path: &[u8]) -> bool {
        self.deep || memchr::memchr(b'/', &path[self.prefix().len()..]).is_none()
    }

    fn path(&self, root: &Path) -> Option<PathBuf> {
        Some(if self.directory.is_empty() { root.to_path_buf() } else { root.join(to_os(&self.directory)?) })
    }
}

/// The regular files on disk that count, and the directories they were found in.
pub(super) struct Disk {
    root: PathBuf,
    enter: Enter,
    /// Files that are not ignored.
    files: BTreeMap<Vec<u8>, Stat>,
    /// Tracked files that the walk passes over, because they are ignored.
    ignored: BTreeMap<Vec<u8>, Stat>,
    directories: Arc<BTreeSet<PathBuf>>,
}

impl Disk {
    /// Nothing has been read yet.
    pub(super) fn new(root: &Path, enter: Enter) -> Self {
        Self { root: root.to_path_buf(), enter, files: BTreeMap::new(), ignored: BTreeMap::new(), directories: Arc::default() }
    }

    /// Whether a file had no content when it was read.
    pub(super) fn is_empty(&self, path: &[u8]) -> bool {
        self.files.get(path).or_else(|| self.ignored.get(path)).is_some_and(|stat| stat.size == 0)
    }

    /// Whether a directory was read, or one below it.
    pub(super) fn knows_directory(&self, path: &Path) -> bool {
        self.directories_below(path).next().is_some()
    }

    /// A directory that was read, and those below it.
    fn directories_below(&self, path: &Path) -> impl Iterator<Item = &PathBuf> {
        // Paths are ordered by their parts, so what lies below a directory comes right after it.
        let from = self.directories.range::<Path, _>((Bound::Included(path), Bound::Unbounded));
        from.take_while(move |directory| directory.starts_with(path))
    }

    /// Reads parts again. Gives the parts that may have changed, which are more where directories came or went, and the
    /// files that did.
    pub(super) fn read(&mut self, parts: &[Part], index: &Index) -> Result<(Vec<Part>, Vec<Vec<u8>>), GitError> {
        let mut again = HashSet::new();
        for part in parts {
            let Some(directory) = part.path(&self.root) else { continue };
            if part.deep {
                self.forget(&directory);
            }
            again.insert(directory);
        }
        let scope = Arc::new(Scope::new(Arc::clone(&self.directories), again));
        let found = walk(&self.root, &scope, &self.enter).map_err(|error| GitError::Io { path: self.root.clone(), error })?;
        let missing = |directory: &PathBuf| {
            let inside = self.directories_below(directory).filter(|known| known.parent() == Some(directory));
            inside.filter(|known| !found.directories.contains(*known)).cloned().collect::<Vec<_>>()
        };
        let gone: Vec<PathBuf> = scope.again.iter().flat_map(missing).collect();
        let new = found.directories.iter().filter(|directory| !self.directories.contains(*directory));
        let mut parts = parts.to_vec();
        parts.extend(new.chain(&gone).filter_map(|directory| Part::of(&self.root, directory, true)));
        let parts = outermost(parts);
        drop(scope);
        for directory in &gone {
            self.forget(directory);
        }
        Arc::make_mut(&mut self.directories).extend(found.directories);

        let mut before = HashMap::new();
        for part in &parts {
            for path in keys_in(&self.files, part) {
                before.extend(self.files.remove_entry(&path));
            }
        }
        let mut changed = Vec::new();
        for (path, on_disk) in found.files {
            let stat = Stat::of(&on_disk);
            if before.remove(&path) != Some(stat) {
                changed.push(path.clone());
            }
            self.files.insert(path, stat);
        }
        changed.extend(before.into_keys());
        for part in &parts {
            changed.extend(self.read_ignored(part, index));
        }
        Ok((parts, changed))
    }

    /// Reads the tracked files of a part that the walk passes over, and gives those that changed.
    pub(super) fn read_ignored(&mut self, part: &Part, index: &Index) -> Vec<Vec<u8>> {
        let keys = keys_in(&self.ignored, part);
        let mut before: HashMap<Vec<u8>, Stat> = keys.iter().filter_map(|path| self.ignored.remove_entry(path)).collect();
        let (mut changed, mut looked) = (Vec::new(), HashSet::new());
        for item in index.below(&part.prefix()) {
            let path = index.path(item);
            if !part.contains(path) || self.files.contains_key(path) || self.ignored.contains_key(path) {
                continue;
            }
            if let Some(path) = to_os(path) {
                self.enter_above(&self.root.join(path), &mut looked);
            }
            if let Some(on_disk) = regular_file(&self.root, path) {
                let stat = Stat::of(&on_disk);
                if before.remove(path) != Some(stat) {
                    changed.push(path.to_vec());
                }
                self.ignored.insert(path.to_vec(), stat);
            }
        }
        changed.extend(before.into_keys());
        changed
    }

    /// The files of a part as a snapshot has them, each with the blob it is known to be. `written`: see
    /// [`super::WorktreeSnapshot`].
    pub(super) fn names(&self, part: &Part, index: &Index, written: Option<Stat>) -> Vec<(Vec<u8>, Option<BlobId>)> {
        let mut names = Vec::new();
        for (path, on_disk) in in_part(&self.files, part).chain(in_part(&self.ignored, part)) {
            let item = index.find(path).filter(|item| !matches!(item.state, State::Unmerged | State::IntentToAdd));
            let unchanged = item.filter(|item| {
                index.stat(item).zip(written).is_some_and(|(staged, written)| is_unchanged(&staged, on_disk, &written))
            });
            names.push((path.clone(), unchanged.and_then(|item| index.record(item).regular())));
        }
        for item in index.below(&part.prefix()).iter().filter(|item| item.state == State::SkipWorktree) {
            let path = index.path(item);
            if part.contains(path) && !self.files.contains_key(path) && !self.ignored.contains_key(path) {
                names.extend(index.record(item).regular().map(|blob| (path.to_vec(), Some(blob))));
            }
        }
        names
    }

    /// Enters the directories above a file, from the top downwards as far as there are any: one that is missing may appear.
    fn enter_above(&mut self, file: &Path, looked: &mut HashSet<PathBuf>) {
        let above =
            file.ancestors().skip(1).take_while(|directory| *directory != self.root && looked.insert(directory.to_path_buf()));
        let above: Vec<&Path> = above.collect();
        for directory in above.into_iter().rev() {
            let is_new = !self.directories.contains(directory);
            if is_new && directory.symlink_metadata().is_ok_and(|found| found.is_dir()) {
                (self.enter)(directory);
                Arc::make_mut(&mut self.directories).insert(directory.to_path_buf());
            }
        }
    }

    fn forget(&mut self, directory: &Path) {
        Arc::make_mut(&mut self.directories).retain(|known| !known.starts_with(directory));
    }
}

/// The entries of a map that are in a part.
fn in_part<'m>(files: &'m BTreeMap<Vec<u8>, Stat>, part: &'m Part) -> impl Iterator<Item = (&'m Vec<u8>, &'m Stat)> {
    let prefix = part.prefix();
    let from = files.range::<[u8], _>((Bound::Included(prefix.as_slice()), Bound::Unbounded));
    from.take_while(move |(path, _)| path.starts_with(&prefix)).filter(|(path, _)| part.contains(path))
}

fn keys_in(files: &BTreeMap<Vec<u8>, Stat>, part: &Part) -> Vec<Vec<u8>> {
    in_part(files, part).map(|(path, _)| path.clone()).collect()
}

/// Parts without those that lie in another.
fn outermost(parts: Vec<Part>) -> Vec<Part> {
    let parts: HashSet<Part> = parts.into_iter().collect();
    let deep: HashSet<&[u8]> = parts.iter().filter(|part| part.deep).map(|part| part.directory.as_slice()).collect();
    let is_covered = |part: &Part| {
        let directory = part.directory.as_slice();
        let above = memchr::memrchr_iter(b'/', directory).map(|end| &directory[..end]);
        let top = (!directory.is_empty()).then_some(&b""[..]);
        above.chain(top).chain((!part.deep).then_some(directory)).any(|above| deep.contains(above))
    };
    parts.iter().filter(|part| !is_covered(part)).cloned().collect()
}
