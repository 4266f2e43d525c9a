//! One repository: its index, commits and work tree.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::delta::{compare, walk};
use super::environment::Environment;
use super::error::GitError;
use super::index::{Index, IndexError};
use super::installed::InstalledPackages;
use super::objects::{ObjectId, ObjectStore, tree_of_commit};
use super::program::{self, Program};
use super::snapshot::{Change, ChangedSnapshot, IndexIdentity, IndexSnapshot, TreeSnapshot};
use super::worktree::WorktreeSnapshot;
use super::{libgit2, path};
use crate::source::Entry;

/// Where the parts of a repository are.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) git_dir: PathBuf,
    pub(super) common_dir: PathBuf,
    pub(super) work_tree: Option<PathBuf>,
    /// Bytes of an object name.
    pub(super) hash_len: usize,
}

impl Layout {
    pub(super) fn index_file(&self, environment: &Environment) -> PathBuf {
        environment.index_file.clone().unwrap_or_else(|| self.git_dir.join("index"))
    }
}

/// A commit to compare with or to review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    name: String,
    id: ObjectId,
    tree: ObjectId,
}

impl Commit {
    /// What it was asked for by: `HEAD`, `MERGE_HEAD`, or the name given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its object name.
    #[must_use]
    pub fn id(&self) -> ObjectId {
        self.id
    }
}

/// An open repository. Nothing in it is ever written.
pub struct Repo {
    environment: Environment,
    layout: Layout,
    index_file: PathBuf,
    store: Arc<dyn ObjectStore>,
}

impl Repo {
    /// Opens the repository the environment means, with the index it means.
    ///
    /// # Errors
    /// [`GitError::NotARepository`], [`GitError::Ownership`]; [`GitError::ProgramMissing`] and [`GitError::Program`] when
    /// libgit2 cannot open it and git cannot either.
    pub fn open(environment: &Environment) -> Result<Self, GitError> {
        let (layout, store): (Layout, Arc<dyn ObjectStore>) = match libgit2::open(environment) {
            Ok((layout, store)) => (layout, Arc::new(store)),
            Err(error) if error.code() == git2::ErrorCode::NotFound => {
                let place = environment.git_dir.as_ref().unwrap_or(&environment.directory);
                return Err(GitError::NotARepository(place.clone()));
            }
            Err(error) => {
                let (layout, store) = program::open(environment, error.message())?;
                (layout, Arc::new(store))
            }
        };
        let index_file = layout.index_file(environment);
        Ok(Self { environment: environment.clone(), layout, index_file, store })
    }

    /// The top of the work tree; `None` in a bare repository.
    #[must_use]
    pub fn workdir(&self) -> Option<&Path> {
        self.layout.work_tree.as_deref()
    }

    /// The directory of `HEAD` and the index; a linked work tree has its own.
    #[must_use]
    pub fn git_dir(&self) -> &Path {
        &self.layout.git_dir
    }

    /// The directory that all work trees of the repository share.
    #[must_use]
    pub fn common_dir(&self) -> &Path {
        &self.layout.common_dir
    }

    /// The index file that is meant, which may not exist.
    #[must_use]
    pub fn index_file(&self) -> &Path {
        &self.index_file
    }

    /// The index. A missing file is an empty index, as it is to git.
    ///
    /// # Errors
    /// [`GitError::Index`] when it is damaged, [`GitError::Io`] when it cannot be read, and those of the git program for
    /// forms of the index that are left to it.
    pub fn index(&self) -> Result<IndexSnapshot, GitError> {
        let bytes = self.index_bytes()?;
        let identity = IndexIdentity::of(&bytes, self.layout.hash_len);
        let index = if bytes.is_empty() { Ok(Index::default()) } else { Index::parse(bytes, self.layout.hash_len) };
        let (index, identity) = match index {
            Ok(index) => (index, identity),
            Err(IndexError::Corrupt(reason)) => return Err(self.damaged(reason)),
            Err(IndexError::Beyond(what)) => self.listed_index(&what)?,
        };
        Ok(IndexSnapshot::new(index, Arc::clone(&self.store), identity))
    }

    /// Which content the index file has now, without reading its entries: equal to [`IndexSnapshot::identity`] as long as
    /// it was not written again.
    ///
    /// # Errors
    /// [`GitError::Io`] when the file cannot be read.
    pub fn index_identity(&self) -> Result<IndexIdentity, GitError> {
        let hash_len = self.layout.hash_len;
        let checksum = || -> io::Result<(u64, Vec<u8>)> {
            let mut file = self.open_index()?;
            let start = file.seek(SeekFrom::End(-i64::try_from(hash_len).map_err(io::Error::other)?))?;
            let mut checksum = Vec::with_capacity(hash_len);
            file.read_to_end(&mut checksum)?;
            Ok((start + checksum.len() as u64, checksum))
        };
        // Whatever is odd about the file is found out by reading it.
        match checksum().ok().and_then(|(bytes, checksum)| IndexIdentity::from_checksum(bytes, &checksum)) {
            Some(identity) => Ok(identity),
            None => Ok(IndexIdentity::of(&self.index_bytes()?, hash_len)),
        }
    }

    /// The parents the next commit will have: `HEAD`, and the commits being merged. None before the first commit.
    ///
    /// # Errors
    /// [`GitError::UnknownRevision`] and [`GitError::Object`] when one of them is missing.
    pub fn parents(&self) -> Result<Vec<Commit>, GitError> {
        let mut parents: Vec<Commit> = Vec::new();
        if let Some(head) = self.store.head()? {
            parents.push(self.commit("HEAD", head)?);
        }
        let path = self.layout.git_dir.join("MERGE_HEAD");
        let merging = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(GitError::Io { path, error }),
        };
        for hex in merging.lines().chain(self.environment.merge_heads.iter().map(String::as_str)) {
            let id = self.store.revision(hex.trim())?;
            if parents.iter().all(|parent| parent.id != id) {
                parents.push(self.commit("MERGE_HEAD", id)?);
            }
        }
        Ok(parents)
    }

    /// The commit a name leads to, in git's language for revisions.
    ///
    /// # Errors
    /// [`GitError::UnknownRevision`] when it leads to none.
    pub fn revision(&self, name: &str) -> Result<Commit, GitError> {
        if name.is_empty() || name.starts_with('-') || name.contains('\0') {
            return Err(GitError::UnknownRevision { name: name.to_owned(), reason: "it is not the name of a commit".into() });
        }
        self.commit(name, self.store.revision(name)?)
    }

    /// What a commit holds.
    ///
    /// # Errors
    /// [`GitError::Object`] when a tree is missing or damaged.
    pub fn tree(&self, commit: &Commit) -> Result<TreeSnapshot, GitError> {
        let (mut files, mut links) = (Vec::new(), Vec::new());
        walk(&*self.store, &commit.tree, Vec::new(), &mut |path, record| {
            files.extend(record.regular().map(|blob| Entry { path: path::display(path), blob: Some(blob) }));
            links.extend(record.is_link().then(|| path::display(path)));
        })?;
        Ok(TreeSnapshot::new(Arc::clone(&self.store), commit.tree, files, links))
    }

    /// What the index changes against a commit (`None`: against nothing), by path. Renames are a deletion and an addition.
    ///
    /// # Errors
    /// [`GitError::Object`] when a tree is missing or damaged.
    pub fn changes(&self, index: &IndexSnapshot, commit: Option<&Commit>) -> Result<Vec<Change>, GitError> {
        let differences = compare(&*self.store, &index.index, commit.map(|commit| &commit.tree))?;
        Ok(differences.iter().filter_map(Change::of).collect())
    }

    /// What the commit (`None`: nothing) holds that the index changes in this way (see [`Repo::changes`]), made without
    /// reading its trees.
    #[must_use]
    pub fn before<'i>(&self, index: &'i IndexSnapshot, commit: Option<&Commit>, changes: &[Change]) -> ChangedSnapshot<'i> {
        ChangedSnapshot::new(index, commit.map(|commit| commit.tree), changes)
    }

    /// The files on disk: tracked ones, and untracked ones that are not ignored.
    ///
    /// # Errors
    /// [`GitError::NoWorkTree`] in a bare repository, and as [`Repo::index`].
    pub fn worktree(&self) -> Result<WorktreeSnapshot, GitError> {
        let root = self.workdir().ok_or_else(|| GitError::NoWorkTree(self.layout.git_dir.clone()))?;
        // Before the index is read: a file written after this moment must not pass for what the index says of it.
        let written = std::fs::metadata(&self.index_file).ok();
        let index = self.index()?;
        WorktreeSnapshot::new(root, &index.index, written.as_ref(), Arc::clone(&self.store))
    }

    /// The packages installed in the work tree; `None` in a bare repository.
    #[must_use]
    pub fn installed(&self) -> Option<InstalledPackages> {
        self.workdir().map(InstalledPackages::new)
    }

    pub(super) fn store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.store)
    }

    fn commit(&self, name: &str, id: ObjectId) -> Result<Commit, GitError> {
        let tree = tree_of_commit(&*self.store, &id)?;
        Ok(Commit { name: name.to_owned(), id, tree })
    }

    fn index_bytes(&self) -> Result<Vec<u8>, GitError> {
        let failed = |error| GitError::Io { path: self.index_file.clone(), error };
        let file = match self.open_index() {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut bytes = Vec::new();
        file.take(MAX_INDEX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > MAX_INDEX_BYTES {
            return Err(failed(io::Error::other(format!("it has more than {MAX_INDEX_BYTES} bytes"))));
        }
        if bytes.is_empty() { Err(self.damaged("it is empty")) } else { Ok(bytes) }
    }

    /// Opens the index. A device or a pipe may have no end, and opening one may take for ever.
    fn open_index(&self) -> io::Result<File> {
        match std::fs::metadata(&self.index_file)?.is_file() {
            true => File::open(&self.index_file),
            false => Err(io::Error::other("it is no regular file")),
        }
    }

    fn damaged(&self, reason: &str) -> GitError {
        GitError::Index { path: self.index_file.clone(), reason: reason.to_owned() }
    }

    /// The index as git lists it, read again when it was replaced meanwhile.
    fn listed_index(&self, reason: &str) -> Result<(Index, IndexIdentity), GitError> {
        let git = Program::at(&self.layout, &self.environment, reason);
        let nothing = if self.layout.hash_len == 32 { EMPTY_TREE_SHA256 } else { EMPTY_TREE_SHA1 };
        let committed = ["diff-index", "--cached", "--name-only", "-z", "--no-renames", "--ita-invisible-in-index", nothing];
        for _ in 0..MAX_ATTEMPTS {
            let identity = self.index_identity()?;
            let entries = git.print(&["ls-files", "-t", "-s", "-z"])?;
            let committed = git.print(&committed)?;
            if self.index_identity()? == identity {
                return Index::from_listing(&entries, &committed, self.layout.hash_len)
                    .map(|index| (index, identity))
                    .map_err(|reason| self.damaged(&reason));
            }
        }
        Err(self.damaged("it is being changed all the time"))
    }
}

/// How often an index is listed again that changes while git lists it.
const MAX_ATTEMPTS: usize = 5;

/// The largest index that is read, in bytes; that of ten million files is about as large.
const MAX_INDEX_BYTES: u64 = 1 << 30;

/// The tree without files, which git knows without having it as an object.
const EMPTY_TREE_SHA1: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const EMPTY_TREE_SHA256: &str = "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321";

impl std::fmt::Debug for Repo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repo").field("layout", &self.layout).field("index_file", &self.index_file).finish_non_exhaustive()
    }
}
