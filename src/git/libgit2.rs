//! Objects and references through libgit2.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use git2::{ErrorCode, ObjectType, Oid, Repository, RepositoryOpenFlags};

use super::environment::Environment;
use super::error::GitError;
use super::objects::{Kind, ObjectError, ObjectId, ObjectStore};
use super::repo::Layout;

/// Handles on one repository. libgit2's handles belong to one thread at a time, so each reader borrows its own.
pub(super) struct Libgit2 {
    git_dir: PathBuf,
    /// Where objects are beside those of the repository.
    object_directories: Vec<PathBuf>,
    idle: Mutex<Vec<Repository>>,
}

/// Finds and opens the repository.
pub(super) fn open(environment: &Environment) -> Result<(Layout, Libgit2), git2::Error> {
    let repository = match &environment.git_dir {
        Some(git_dir) => open_exactly(git_dir)?,
        None => Repository::open_ext(&environment.directory, RepositoryOpenFlags::empty(), std::iter::empty::<&Path>())?,
    };
    add_object_directories(&repository, &environment.object_directories)?;
    // Git itself does not hash what it reads either; it costs more than reading.
    git2::opts::strict_hash_verification(false);
    let layout = Layout {
        git_dir: clean(repository.path()),
        common_dir: clean(repository.commondir()),
        work_tree: work_tree(&repository, environment),
        hash_len: 20,
    };
    let object_directories = environment.object_directories.clone();
    let store = Libgit2 { git_dir: layout.git_dir.clone(), object_directories, idle: Mutex::new(vec![repository]) };
    Ok((layout, store))
}

fn open_exactly(git_dir: &Path) -> Result<Repository, git2::Error> {
    let flags = RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::NO_DOTGIT;
    Repository::open_ext(git_dir, flags, std::iter::empty::<&Path>())
}

fn add_object_directories(repository: &Repository, directories: &[PathBuf]) -> Result<(), git2::Error> {
    if directories.is_empty() {
        return Ok(());
    }
    let objects = repository.odb()?;
    let odd = |directory: &Path| git2::Error::from_str(&format!("{} is not UTF-8", directory.display()));
    directories.iter().try_for_each(|directory| objects.add_disk_alternate(directory.to_str().ok_or_else(|| odd(directory))?))
}

/// Git's rule: the environment, else the configuration, else for a repository given by `GIT_DIR` the current directory,
/// else the directory the repository was found in (git's manual page, `GIT_WORK_TREE` and `core.worktree`).
fn work_tree(repository: &Repository, environment: &Environment) -> Option<PathBuf> {
    if environment.work_tree.is_some() {
        return environment.work_tree.clone();
    }
    let found = repository.workdir().map(clean)?;
    let configured = || repository.config().is_ok_and(|config| config.get_entry("core.worktree").is_ok());
    Some(if environment.git_dir.is_some() && !configured() { environment.directory.clone() } else { found })
}

/// libgit2 ends directories with a slash.
fn clean(path: &Path) -> PathBuf {
    path.components().collect()
}

impl Libgit2 {
    fn with<T>(&self, work: impl FnOnce(&Repository) -> Result<T, git2::Error>) -> Result<T, git2::Error> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let open = || -> Result<Repository, git2::Error> {
            let repository = open_exactly(&self.git_dir)?;
            add_object_directories(&repository, &self.object_directories)?;
            Ok(repository)
        };
        let repository = kept.map_or_else(open, Ok)?;
        let result = work(&repository);
        idle().push(repository);
        result
    }
}

impl ObjectStore for Libgit2 {
    fn read(&self, id: &ObjectId, kind: Kind, limit: usize) -> Result<Vec<u8>, ObjectError> {
        let wanted = match kind {
            Kind::Blob => ObjectType::Blob,
            Kind::Tree => ObjectType::Tree,
            Kind::Commit => ObjectType::Commit,
        };
        self.with(|repository| {
            let odb = repository.odb()?;
            let id = Oid::from_bytes(id.as_bytes())?;
            // The header first: a huge object must not be unpacked to learn that it is huge.
            let (size, found) = odb.read_header(id)?;
            Ok(if found != wanted {
                Err(ObjectError::Damaged(format!("it is a {found}, not a {wanted}")))
            } else if size > limit {
                Err(ObjectError::TooLarge(size as u64))
            } else {
                Ok(odb.read(id)?.data().to_vec())
            })
        })
        .unwrap_or_else(|error| {
            Err(match error.code() {
                ErrorCode::NotFound => ObjectError::Missing,
                _ => ObjectError::Damaged(error.message().to_owned()),
            })
        })
    }

    fn head(&self) -> Result<Option<ObjectId>, GitError> {
        let head = self.with(|repository| Ok(repository.head()?.peel_to_commit()?.id()));
        match head {
            Ok(id) => Ok(ObjectId::from_bytes(id.as_bytes())),
            Err(error) if error.code() == ErrorCode::UnbornBranch => Ok(None),
            Err(error) => Err(unknown("HEAD", &error)),
        }
    }

    fn revision(&self, name: &str) -> Result<ObjectId, GitError> {
        let commit = self.with(|repository| Ok(repository.revparse_single(name)?.peel_to_commit()?.id()));
        let id = commit.map_err(|error| unknown(name, &error))?;
        ObjectId::from_bytes(id.as_bytes()).ok_or_else(|| unknown(name, &git2::Error::from_str("odd object name")))
    }
}

fn unknown(name: &str, error: &git2::Error) -> GitError {
    GitError::UnknownRevision { name: name.to_owned(), reason: error.message().to_owned() }
}
