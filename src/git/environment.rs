//! What decides which repository and which index are meant.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::source::BlobId;

/// Where git says it is working. Every path is absolute, so that another process (the daemon) sees the same.
///
/// Git runs a hook with `GIT_INDEX_FILE` set, and not always to the repository's own index: `git commit -a` and
/// `git commit <path>` prepare the next commit in an index of their own (git's `githooks` and `git` manuals).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Environment {
    /// The directory the command runs in.
    pub directory: PathBuf,
    /// `GIT_DIR`: the repository, instead of the one found from `directory` upwards.
    pub git_dir: Option<PathBuf>,
    /// `GIT_WORK_TREE`: the top of the work tree.
    pub work_tree: Option<PathBuf>,
    /// `GIT_INDEX_FILE`: the index the next commit is made from.
    pub index_file: Option<PathBuf>,
    /// `GIT_OBJECT_DIRECTORY` and `GIT_ALTERNATE_OBJECT_DIRECTORIES`: where objects are beside those of the repository. Git
    /// receives what is pushed into a directory of its own until the hooks have accepted it (git-receive-pack(1),
    /// "QUARANTINE ENVIRONMENT").
    #[serde(default)]
    pub object_directories: Vec<PathBuf>,
    /// The commits `git merge` is merging, which it names in variables called `GITHEAD_<commit>`. In `pre-merge-commit`
    /// they are the only sign of them: `MERGE_HEAD` is written after that hook.
    pub merge_heads: Vec<String>,
}

impl Environment {
    /// The environment of this process.
    ///
    /// # Errors
    /// When the current directory cannot be determined.
    pub fn from_process() -> io::Result<Self> {
        Ok(Self::from_variables(&std::env::current_dir()?, std::env::vars_os()))
    }

    /// The environment a process in `directory` has with these variables. Relative paths start at `directory`, and an
    /// empty variable counts as unset.
    #[must_use]
    pub fn from_variables(directory: &Path, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut environment = Self { directory: directory.to_path_buf(), ..Self::default() };
        for (name, value) in variables {
            let Some(name) = name.to_str() else { continue };
            let place = || (!value.is_empty()).then(|| directory.join(&value));
            match name {
                "GIT_DIR" => environment.git_dir = place(),
                "GIT_WORK_TREE" => environment.work_tree = place(),
                "GIT_INDEX_FILE" => environment.index_file = place(),
                "GIT_OBJECT_DIRECTORY" => environment.object_directories.extend(place()),
                "GIT_ALTERNATE_OBJECT_DIRECTORIES" => {
                    let named = std::env::split_paths(&value).filter(|path| !path.as_os_str().is_empty());
                    environment.object_directories.extend(named.map(|path| directory.join(path)));
                }
                _ => {
                    let commit = name.strip_prefix("GITHEAD_").filter(|hex| BlobId::from_hex(hex).is_some());
                    environment.merge_heads.extend(commit.map(str::to_owned));
                }
            }
        }
        environment.merge_heads.sort_unstable();
        environment.object_directories.sort_unstable();
        environment
    }
}

/// What decides beside the repository which files are ignored and whose repositories are trusted. Two processes with the
/// same come to the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UserSettings {
    /// `HOME`, where the configuration of the user is (git-config(1), "FILES").
    home: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`, or what stands for it.
    config_home: Option<PathBuf>,
    /// `SUDO_UID`: the user that `sudo` stands for (git-config(1), `safe.directory`).
    sudo_user: Option<String>,
}

impl UserSettings {
    /// Those of this process.
    #[must_use]
    pub fn from_process() -> Self {
        Self::from_variables(|name| std::env::var_os(name))
    }

    /// Those of a process with these variables.
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let place = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = place("HOME");
        let config_home = place("XDG_CONFIG_HOME").or_else(|| home.as_ref().map(|home| home.join(".config")));
        Self { home, config_home, sudo_user: variable("SUDO_UID").and_then(|user| user.into_string().ok()) }
    }
}
