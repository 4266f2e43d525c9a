//! A work tree kept in memory.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disk::{Disk, Part};
use super::{Enter, WorktreeSnapshot};
use crate::git::environment::Environment;
use crate::git::error::GitError;
use crate::git::index::{Index, Stat};
use crate::git::path::{display, from_os};
use crate::git::repo::Repo;
use crate::git::snapshot::links;

/// Most directories that are read again one by one; beyond, everything is.
const MAX_PARTS: usize = 256;

/// What is said to have been touched in a work tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touched {
    /// Anything may have been.
    Anything,
    /// Files or directories at these paths were written, created, moved or removed.
    Paths(BTreeSet<PathBuf>),
}

/// What an update found to be another than before.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Files that were written, created, moved or removed, sorted.
    pub files: Vec<Arc<str>>,
    /// Whether the index was written.
    pub index: bool,
}

/// The files on disk as [`Repo::worktree`] gives them, kept in memory and read again only where they were touched.
pub struct LiveWorktree {
    repo: Repo,
    root: PathBuf,
    disk: Disk,
    index: Index,
    /// The index file, as it was before it was read.
    written: Option<Stat>,
    /// The user's own list of what is ignored (gitignore(5), `core.excludesFile`), which no event tells of.
    excludes: Option<(PathBuf, Stat)>,
    snapshot: WorktreeSnapshot,
}

impl LiveWorktree {
    /// Reads a work tree. `enter` is called with every directory before it is read, now and later.
    ///
    /// # Errors
    /// As [`Repo::open`] and [`Repo::worktree`].
    pub fn open(environment: &Environment, enter: Enter) -> Result<Self, GitError> {
        let repo = Repo::open(environment)?;
        let root = repo.workdir().ok_or_else(|| GitError::NoWorkTree(repo.git_dir().to_path_buf()))?.to_path_buf();
        let snapshot = WorktreeSnapshot::empty(&root, repo.store());
        let disk = Disk::new(&root, enter);
        let mut tree = Self { repo, root, disk, index: Index::default(), written: None, excludes: None, snapshot };
        tree.update(&Touched::Anything)?;
        Ok(tree)
    }

    /// The repository.
    #[must_use]
    pub fn repo(&self) -> &Repo {
        &self.repo
    }

    /// The files as they were last read.
    #[must_use]
    pub fn snapshot(&self) -> &WorktreeSnapshot {
        &self.snapshot
    }

    /// Whether a file had no content when it was last looked at.
    #[must_use]
    pub fn is_empty(&self, path: &str) -> bool {
        self.disk.is_empty(path.as_bytes())
    }

    /// Reads again what was touched. After an error, everything has to be read.
    ///
    /// # Errors
    /// As [`Repo::worktree`].
    pub fn update(&mut self, touched: &Touched) -> Result<Difference, GitError> {
        let index = self.read_index()?;
        let excludes = ignore::gitignore::gitconfig_excludes_path().and_then(|path| {
            let stat = Stat::of(&std::fs::metadata(&path).ok()?);
            Some((path, stat))
        });
        let other_excludes = std::mem::replace(&mut self.excludes, excludes) != self.excludes;
        let parts = match touched {
            Touched::Paths(paths) if !other_excludes => self.parts(paths),
            _ => vec![Part::everything()],
        };
        let (mut parts, changed) = if parts.is_empty() { Default::default() } else { self.disk.read(&parts, &self.index)? };
        if index {
            parts = vec![Part::everything()];
            self.disk.read_ignored(&parts[0], &self.index);
            self.snapshot.links = links(&self.index);
        }
        for part in &parts {
            self.snapshot.replace(part, self.disk.names(part, &self.index, self.written));
        }
        let changed: BTreeSet<Vec<u8>> = changed.into_iter().collect();
        Ok(Difference { files: changed.iter().map(|path| display(path)).collect(), index })
    }

    /// Reads the index, unless it is the file that was read before.
    fn read_index(&mut self) -> Result<bool, GitError> {
        // Before the index is read: a file written after this moment must not pass for what the index says of it.
        let written = std::fs::metadata(self.repo.index_file()).ok().map(|file| Stat::of(&file));
        if written.is_some() && written == self.written {
            return Ok(false);
        }
        self.index = self.repo.index()?.index;
        self.written = written;
        Ok(true)
    }

    fn is_tracked_directory(&self, path: &Path) -> bool {
        let inside = path.strip_prefix(&self.root).ok().and_then(from_os);
        inside.is_some_and(|path| !self.index.below(&[&*path, b"/"].concat()).is_empty())
    }

    /// The parts of the work tree that have to be read again.
    fn parts(&self, touched: &BTreeSet<PathBuf>) -> Vec<Part> {
        let mut parts = BTreeSet::new();
        let touched = touched.iter().filter(|path| path.starts_with(&self.root) && !path.starts_with(self.repo.git_dir()));
        for path in touched {
            let parent = path.parent().filter(|parent| parent.starts_with(&self.root));
            match (path.file_name().and_then(|name| name.to_str()), parent) {
                // What git ignores below it may be something else now.
                (Some(".gitignore"), Some(parent)) => _ = parts.insert((parent, true)),
                // The directory became another repository, or is none any more.
                (Some(".git"), Some(parent)) => {
                    parts.insert((parent, true));
                    parts.extend(parent.parent().filter(|above| above.starts_with(&self.root)).map(|above| (above, false)));
                }
                (_, parent) => {
                    if self.disk.knows_directory(path) || self.is_tracked_directory(path) {
                        parts.insert((path, true));
                    }
                    parts.extend(parent.map(|parent| (parent, false)));
                }
            }
        }
        if parts.len() > MAX_PARTS {
            return vec![Part::everything()];
        }
        parts.into_iter().filter_map(|(directory, deep): (&Path, bool)| Part::of(&self.root, directory, deep)).collect()
    }
}

impl fmt::Debug for LiveWorktree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveWorktree").field("root", &self.root).field("snapshot", &self.snapshot).finish_non_exhaustive()
    }
}
