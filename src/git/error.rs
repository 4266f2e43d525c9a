//! What can go wrong with a repository, told with the next step.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Why a repository, an index or a commit could not be read.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// No repository at or above the directory.
    #[error("{path} is not inside a git repository; run the command inside one, or create it with `git init`", path = .0.display())]
    NotARepository(PathBuf),

    /// The repository has no work tree, and the files on disk were asked for.
    #[error(
        "the repository {path} is bare: it has no work tree to review; review a commit with `--rev`, or run the command in a checkout",
        path = .0.display()
    )]
    NoWorkTree(PathBuf),

    /// The repository belongs to somebody else; git's own explanation, which names the way out.
    #[error("{0}")]
    Ownership(String),

    /// The index is damaged.
    #[error(
        "the index {path} cannot be read: {reason}; `git status` shows whether git can read it; where it cannot, \
         `mv {path} {path}.damaged` followed by `git reset` makes a new one, and `git fsck --lost-found` finds what was staged",
        path = .path.display()
    )]
    Index {
        /// The index file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// Files of the index are in conflict, so that it is no commit yet.
    #[error("there is no next commit to review yet: {} in conflict; resolve it and stage the result with `git add`", in_conflict(.0))]
    Unmerged(Vec<Arc<str>>),

    /// A name that leads to no commit.
    #[error(
        "there is no commit `{name}` here: {reason}; check the name, or fetch it first (a shallow clone needs `git fetch --unshallow`)"
    )]
    UnknownRevision {
        /// The name as it was given.
        name: String,
        /// What git says.
        reason: String,
    },

    /// An object of the repository is missing or damaged.
    #[error(
        "object {id} cannot be read: {reason}; `git fsck` tells what is damaged, and a partial or shallow clone may have to fetch it"
    )]
    Object {
        /// The object's name.
        id: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The repository needs the git program, and there is none.
    #[error("this repository needs the git program ({reason}), which could not be started: {error}; put git on the PATH")]
    ProgramMissing {
        /// Why the built-in reader cannot do it.
        reason: String,
        /// What starting it says.
        error: io::Error,
    },

    /// The git program failed.
    #[error("`git {command}` failed: {message}")]
    Program {
        /// The arguments.
        command: String,
        /// What it wrote to standard error.
        message: String,
    },

    /// A file or directory could not be read.
    #[error("{path} cannot be read: {error}", path = .path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// Most files in conflict that are named.
const MOST_NAMED: usize = 3;

fn in_conflict(paths: &[Arc<str>]) -> String {
    let named: Vec<String> = paths.iter().take(MOST_NAMED).map(|path| format!("`{path}`")).collect();
    let (named, verb) = (named.join(", "), if paths.len() == 1 { "is" } else { "are" });
    match paths.len().saturating_sub(MOST_NAMED) {
        0 => format!("{named} {verb}"),
        more => format!("{named} and {more} more {verb}"),
    }
}
