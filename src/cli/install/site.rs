//! Where hooks of this repository live, and who says so.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::git::Git;
use crate::cli::error::CommandError;
use crate::cli::place::Place;
use crate::git::Environment;

/// A repository as the installer sees it.
#[derive(Debug)]
pub(super) struct Site {
    /// git, at the top of the work tree.
    pub(super) git: Git,
    /// Top of the work tree.
    pub(super) root: PathBuf,
    /// The git directory shared by all linked work trees.
    pub(super) common_dir: PathBuf,
    /// The folder git runs hook files from.
    pub(super) hooks: PathBuf,
    /// `core.hooksPath`, when it is set.
    pub(super) hooks_path: Option<HooksPath>,
}

/// The setting `core.hooksPath`.
#[derive(Debug)]
pub(super) struct HooksPath {
    /// As it is written.
    pub(super) value: String,
    /// `local`, `worktree`, `global`, `system` or `command` (git-config(1), `--show-scope`).
    pub(super) scope: String,
}

/// To whom the hooks folder belongs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The git directory: private to this clone.
    Clone,
    /// The work tree: shared with everybody who has the repository.
    Project,
    /// Something outside: a file written there would act on other repositories.
    Foreign,
}

impl Site {
    /// The repository of the current directory.
    ///
    /// # Errors
    /// When there is none, when it is bare, or when git does not answer.
    pub(super) fn find() -> Result<Self, CommandError> {
        let here = std::env::current_dir().context("the current directory cannot be read")?;
        Place::required(&Environment::from_process()?)?;
        let git = Git::new(&here);
        if git.get(&["rev-parse", "--is-inside-work-tree"]).map_err(CommandError::usage)? != "true" {
            return Err(CommandError::usage_message("this repository has no work tree, so no commits are made in it"));
        }
        let root = PathBuf::from(git.get(&["rev-parse", "--show-toplevel"])?);
        // Answers below may be relative to the directory git runs in.
        let git = Git::new(&root);
        let common_dir = root.join(git.get(&["rev-parse", "--git-common-dir"])?);
        let hooks = root.join(git.get(&["rev-parse", "--git-path", "hooks"])?);
        let hooks_path = git.read(&["config", "--show-scope", "--type=path", "--get", "core.hooksPath"])?;
        let hooks_path = hooks_path.and_then(|answer| {
            let (scope, value) = answer.split_once('\t')?;
            Some(HooksPath { value: value.to_owned(), scope: scope.to_owned() })
        });
        Ok(Self { git, root, common_dir, hooks, hooks_path })
    }

    /// To whom the hooks folder belongs. A folder inside the work tree belongs to the project when the repository's own
    /// configuration names it, or when the name is relative, hence different in each repository.
    pub(super) fn owner(&self) -> Owner {
        let Some(setting) = &self.hooks_path else { return Owner::Clone };
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| crate::cli::place::normalize(path));
        // Nowhere: git runs no hook file at all.
        if setting.value.is_empty() {
            return Owner::Foreign;
        }
        let own = matches!(setting.scope.as_str(), "local" | "worktree") || Path::new(&setting.value).is_relative();
        let hooks = real(&self.hooks);
        if own && hooks.starts_with(real(&self.common_dir)) {
            Owner::Clone
        } else if own && hooks.starts_with(real(&self.root)) {
            Owner::Project
        } else {
            Owner::Foreign
        }
    }

    /// Every folder a hook file of ours may lie in: where git looks now, and where it looks by default.
    pub(super) fn hook_folders(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.hooks.clone()];
        let default = self.common_dir.join("hooks");
        if default != self.hooks {
            folders.push(default);
        }
        folders
    }

    /// A path as people read it: from the top of the work tree where it lies there.
    pub(super) fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}
