//! Hook managers that write the hook files themselves, so that ours would be lost.

use std::fs;
use std::path::Path;

use super::site::Site;
use crate::cli::hook::Event;

/// A program that writes the hook files of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manager {
    /// Regenerates `.husky/_`; hooks are the files in `.husky`.
    Husky,
    /// Regenerates the hook files from its configuration.
    Lefthook,
}

const LEFTHOOK_ENDINGS: [&str; 5] = ["yml", "yaml", "toml", "json", "jsonc"];

impl Manager {
    /// The manager of this repository's hook files, if it has one.
    pub(super) fn of(site: &Site) -> Option<Self> {
        let husky = |path: &str| Path::new(path).components().any(|part| part.as_os_str() == ".husky");
        if site.hooks_path.as_ref().is_some_and(|setting| husky(&setting.value)) {
            return Some(Self::Husky);
        }
        lefthook_config(&site.root).is_some().then_some(Self::Lefthook)
    }

    /// What people call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Husky => "husky",
            Self::Lefthook => "lefthook",
        }
    }

    /// Whether it runs us for an event already.
    pub(super) fn runs_us(self, root: &Path, event: Event) -> bool {
        let text = match self {
            Self::Husky => fs::read_to_string(root.join(".husky").join(event.name())).ok(),
            Self::Lefthook => lefthook_config(root),
        };
        let command = format!("git-auth-review hook {}", event.name());
        let is_comment = |line: &str| line.trim_start().starts_with(['#', '/']);
        text.is_some_and(|text| text.lines().any(|line| line.contains(&command) && !is_comment(line)))
    }

    /// What to add, and where.
    pub(super) fn remedy(self) -> String {
        match self {
            Self::Husky => format!(
                "add this to .husky/pre-commit, and the same with `hook pre-merge-commit` to .husky/pre-merge-commit:\n\n{}",
                include_str!("../../../hooks/husky/pre-commit").trim_end()
            ),
            Self::Lefthook => format!(
                "add this to lefthook.yml, then run `lefthook install`:\n\n{}",
                include_str!("../../../hooks/lefthook/lefthook.yml").trim_end()
            ),
        }
    }
}

/// The text of lefthook's configuration file, if there is one.
fn lefthook_config(root: &Path) -> Option<String> {
    ["lefthook", ".lefthook", ".config/lefthook"]
        .iter()
        .flat_map(|stem| LEFTHOOK_ENDINGS.map(|ending| root.join(format!("{stem}.{ending}"))))
        .find_map(|path| fs::read_to_string(path).ok())
}
