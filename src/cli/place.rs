//! Where the repository is, found without starting git: what the hook needs to know before it can ask the daemon.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::error::CommandError;
use crate::git::{Environment, GitError};

/// A repository as seen from a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Top of the work tree; the git directory itself in a bare repository.
    pub(super) root: PathBuf,
    /// The git directory shared by all linked work trees.
    pub(super) common_dir: PathBuf,
}

impl Place {
    /// As [`Place::find`], where nothing can be done without a repository.
    pub(super) fn required(environment: &Environment) -> Result<Self, CommandError> {
        let directory = environment.git_dir.as_ref().unwrap_or(&environment.directory);
        Self::find(environment).ok_or_else(|| CommandError::usage(GitError::NotARepository(directory.clone())))
    }

    /// The repository git works in.
    pub(super) fn find(environment: &Environment) -> Option<Self> {
        if let Some(git_dir) = &environment.git_dir {
            // With `GIT_DIR` alone, the current directory is the top of the work tree (git(1)).
            let root = environment.work_tree.as_ref().unwrap_or(&environment.directory);
            return Some(Self { root: root.clone(), common_dir: common_dir(git_dir)? });
        }
        environment.directory.ancestors().find_map(|candidate| {
            let dot_git = candidate.join(".git");
            let git_dir = if dot_git.is_dir() {
                dot_git
            } else if dot_git.is_file() {
                // A linked work tree or a submodule: one line, `gitdir: <path>`, relative to the directory of the file.
                let text = fs::read_to_string(&dot_git).ok()?;
                candidate.join(text.strip_prefix("gitdir:")?.trim())
            } else if candidate.join("HEAD").is_file() && candidate.join("objects").is_dir() {
                candidate.to_owned()
            } else {
                return None;
            };
            Some(Self { root: candidate.to_owned(), common_dir: common_dir(&git_dir)? })
        })
    }
}

/// The common directory of a git directory: the one its `commondir` file names, else itself. Canonical, so that every
/// work tree of a repository agrees on it.
fn common_dir(git_dir: &Path) -> Option<PathBuf> {
    let shared = match fs::read_to_string(git_dir.join("commondir")) {
        Ok(text) => git_dir.join(text.trim()),
        Err(_) => git_dir.to_owned(),
    };
    shared.canonicalize().ok()
}

/// `path` without `.` and `..`, resolved by its text alone, since it may name a file that exists in the index only.
pub(super) fn normalize(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

/// `path` with the symbolic links in it followed, as far as it exists.
pub(super) fn resolved(path: &Path) -> PathBuf {
    let real = |there: &Path| Some(there.canonicalize().ok()?.join(path.strip_prefix(there).ok()?));
    path.ancestors().find_map(real).unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_common_directory_of_a_linked_work_tree() {
        let temp = tempfile::tempdir().expect("a temporary directory");
        let base = temp.path().canonicalize().expect("exists");
        let git_dir = base.join("main/.git/worktrees/side");
        fs::create_dir_all(&git_dir).expect("created");
        fs::write(git_dir.join("commondir"), "../..\n").expect("written");
        let nested = base.join("side/src");
        fs::create_dir_all(&nested).expect("created");
        fs::write(base.join("side/.git"), format!("gitdir: {}\n", git_dir.display())).expect("written");

        let at = |directory: &Path, git_dir: Option<&Path>| {
            let git_dir = git_dir.map(Path::to_owned);
            Place::find(&Environment { directory: directory.to_owned(), git_dir, ..Environment::default() })
        };
        let expected = Place { root: base.join("side"), common_dir: base.join("main/.git") };
        assert_eq!(at(&nested, None), Some(expected));
        assert_eq!(at(&nested, Some(&git_dir)).map(|place| place.common_dir), Some(base.join("main/.git")));
        assert_eq!(at(&base, Some(&base.join("missing"))), None);
    }

    #[test]
    fn normalizes_by_text() {
        assert_eq!(normalize(Path::new("/a/./b/../c")), Path::new("/a/c"));
    }
}
