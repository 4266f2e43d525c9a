//! Snapshots of a repository, and what the next commit changes.
//!
//! ```text
//! environment   which repository, which index: what git tells a hook
//!    │
//! repo          opens it; index, parents, revisions, changes, work tree
//!    │
//! index         the index file, read directly      objects    objects and commits by name:
//! delta         index against tree                            libgit2, or program (the git program) where it cannot
//! diff          two texts, for people
//! snapshot, worktree                               `source::Snapshot`s for the layers above; a work tree also live
//! ```
//!
//! Everything here reads. Nothing takes a lock, refreshes an index or writes an object.

mod delta;
mod diff;
mod environment;
mod error;
mod index;
mod installed;
mod libgit2;
mod objects;
mod path;
mod program;
mod repo;
mod snapshot;
mod worktree;

pub use diff::{Side, unified_diff};
pub use environment::{Environment, UserSettings};
pub use error::GitError;
pub use installed::InstalledPackages;
pub use repo::{Commit, Repo};
pub use snapshot::{Change, ChangedSnapshot, IndexIdentity, IndexSnapshot, SkipReason, Skipped, TreeSnapshot};
pub use worktree::{Difference, Enter, LiveWorktree, Touched, WorktreeSnapshot};

/// Reads bytes as an index of each kind, and as what git lists of one: for `tests/fuzz`.
#[cfg(fuzzing)]
pub fn exercise_index(bytes: &[u8]) {
    for hash_len in [20, 32] {
        index::exercise(bytes.to_vec(), hash_len);
        let _ = index::Index::from_listing(bytes, b"", hash_len);
    }
}
