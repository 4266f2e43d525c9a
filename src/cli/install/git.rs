//! What the installer asks the git program, and which git programs there are.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

/// The git program, run in one directory.
#[derive(Debug)]
pub(super) struct Git {
    directory: PathBuf,
}

impl Git {
    /// git in `directory`.
    pub(super) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// What a command prints, without the last line end; `None` when it exits with 1, which says "there is none".
    ///
    /// # Errors
    /// When git cannot be started or fails otherwise, with its message.
    pub(super) fn read(&self, arguments: &[&str]) -> anyhow::Result<Option<String>> {
        let run = Command::new("git").current_dir(&self.directory).args(arguments).output();
        let run = run.context("git could not be started")?;
        if run.status.code() == Some(1) {
            return Ok(None);
        }
        let said = String::from_utf8_lossy(&run.stderr);
        anyhow::ensure!(run.status.success(), "git {}: {}", arguments.join(" "), said.trim());
        let text = String::from_utf8(run.stdout).context("git printed a path that is not UTF-8")?;
        Ok(Some(text.trim_end_matches(['\n', '\r']).to_owned()))
    }

    /// As [`Git::read`], for commands that always have an answer.
    pub(super) fn get(&self, arguments: &[&str]) -> anyhow::Result<String> {
        self.read(arguments)?.with_context(|| format!("git {} failed", arguments.join(" ")))
    }
}

/// The two numbers of a git version that matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u32, u32);

/// The first version that runs hooks from the configuration (git 2.54 release notes).
pub(crate) const CONFIG_HOOKS: Version = Version(2, 54);

impl Version {
    /// Reads the output of `git --version`: `git version 2.39.2 (Apple Git-143)`.
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.strip_prefix("git version ")?.split(|c: char| !c.is_ascii_digit());
        Some(Self(numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// Every git program on `PATH`, with its version where it tells one. Editors and shells find different ones.
pub(crate) fn programs() -> Vec<(PathBuf, Option<Version>)> {
    let name = format!("git{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut seen = BTreeSet::new();
    std::env::split_paths(&path)
        .map(|folder| folder.join(&name))
        .filter(|program| program.canonicalize().is_ok_and(|real| seen.insert(real)))
        .filter_map(|program| {
            let run = Command::new(&program).arg("--version").output().ok()?;
            Some((program, Version::parse(&String::from_utf8_lossy(&run.stdout))))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions_of_every_vendor() {
        for (text, version) in [
            ("git version 2.47.3\n", Some(Version(2, 47))),
            ("git version 2.39.2 (Apple Git-143)", Some(Version(2, 39))),
            ("git version 2.55.0.windows.1", Some(Version(2, 55))),
            ("git version 3.0.rc1", Some(Version(3, 0))),
            ("hub version 2", None),
        ] {
            assert_eq!(Version::parse(text), version, "{text}");
        }
        assert!(Version(2, 53) < CONFIG_HOOKS && CONFIG_HOOKS < Version(3, 0));
    }
}
