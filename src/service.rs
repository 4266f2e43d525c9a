//! One request, one reply: what the command line runs in-process and the daemon runs for it, by the same code.

use serde::{Deserialize, Serialize};

/// What is to be reviewed and how the answer is to look. Everything that decides a byte of the output is in here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The absolute work tree or git directory the command runs in.
    pub directory: std::path::PathBuf,
    /// `GIT_DIR` made absolute, when git set it.
    pub git_dir: Option<std::path::PathBuf>,
    /// `GIT_INDEX_FILE` made absolute, when git set it.
    pub index_file: Option<std::path::PathBuf>,
    /// What to review.
    pub target: Target,
    /// A revision to compare with; the parents of the next commit when absent and the index is reviewed.
    pub base: Option<String>,
    /// The commits being merged, when `git merge` runs pre-merge-commit: `MERGE_HEAD` is not written yet then.
    pub merge_heads: Vec<String>,
    /// Only findings in files below these paths (relative to the repository root) are shown.
    pub paths: Vec<String>,
    /// What to print.
    pub output: Output,
    /// Lowest severity that blocks; `None` takes the configuration's, then the door's own default.
    pub fail_on: Option<crate::triage::FailOn>,
    /// How to print.
    pub style: crate::report::Style,
    /// Called from a git hook: silent without auth files, one line when clean.
    pub hook: bool,
    /// `CI` is set.
    pub ci: bool,
    /// Today's date as `YYYY-MM-DD`, for expiring suppressions.
    pub today: String,
}

/// What to review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// The index.
    Staged,
    /// The work tree.
    Worktree,
    /// A commit.
    Revision(String),
}

/// What to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Output {
    /// Findings for people.
    Terminal,
    /// Findings as JSON version 1.
    Json,
    /// The project model for people.
    InspectTerminal,
    /// The project model as JSON version 1.
    InspectJson,
}

/// The answer, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reply {
    /// For standard output.
    pub stdout: String,
    /// For standard error.
    pub stderr: String,
    /// The exit code.
    pub code: u8,
}

/// Opens the repository, reviews what is asked for and renders the answer.
#[must_use]
pub fn answer(_request: &Request, _store: &dyn crate::cache::FactStore) -> Reply {
    Reply::default()
}
