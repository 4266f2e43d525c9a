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
    /// The same, and removes those that its configuration does not name.
    SimpleGitHooks,
}

const LEFTHOOK_ENDINGS: [&str; 5] = ["yml", "yaml", "toml", "json", "jsonc"];

const SIMPLE_GIT_HOOKS_ENDINGS: [&str; 4] = ["cjs", "js", "mjs", "json"];

impl Manager {
    /// The manager of this repository's hook files, if it has one.
    pub(super) fn of(site: &Site) -> Option<Self> {
        let husky = |path: &str| Path::new(path).components().any(|part| part.as_os_str() == ".husky");
        if site.hooks_path.as_ref().is_some_and(|setting| husky(&setting.value)) {
            return Some(Self::Husky);
        }
        [Self::Lefthook, Self::SimpleGitHooks].into_iter().find(|manager| manager.config(&site.root).is_some())
    }

    /// What people call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Husky => "husky",
            Self::Lefthook => "lefthook",
            Self::SimpleGitHooks => "simple-git-hooks",
        }
    }

    /// The text of its configuration, if there is one.
    fn config(self, root: &Path) -> Option<String> {
        match self {
            Self::Husky => None,
            Self::Lefthook => first_of(root, &["lefthook", ".lefthook", ".config/lefthook"], &LEFTHOOK_ENDINGS),
            Self::SimpleGitHooks => first_of(root, &[".simple-git-hooks", "simple-git-hooks"], &SIMPLE_GIT_HOOKS_ENDINGS)
                .or_else(|| section(root, "simple-git-hooks")),
        }
    }

    /// Whether it runs us for an event already.
    pub(super) fn runs_us(self, root: &Path, event: Event) -> bool {
        let text = match self {
            Self::Husky => fs::read_to_string(root.join(".husky").join(event.name())).ok(),
            Self::Lefthook | Self::SimpleGitHooks => self.config(root),
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
            Self::SimpleGitHooks => format!(
                "add this to `simple-git-hooks` in package.json or to its file, behind `&&` where a hook has a command already, then \
                 run `npx simple-git-hooks`:\n\n{}",
                include_str!("../../../hooks/simple-git-hooks/.simple-git-hooks.json").trim_end()
            ),
        }
    }
}

/// The text of the first file there is, of those with one of these names and endings.
fn first_of(root: &Path, stems: &[&str], endings: &[&str]) -> Option<String> {
    let paths = stems.iter().flat_map(|stem| endings.iter().map(move |ending| root.join(format!("{stem}.{ending}"))));
    paths.map(fs::read_to_string).find_map(Result::ok)
}

/// A section of the package.json, a line for each of its entries.
fn section(root: &Path, name: &str) -> Option<String> {
    let manifest: serde_json::Value = serde_json::from_str(&fs::read_to_string(root.join("package.json")).ok()?).ok()?;
    serde_json::to_string_pretty(manifest.get(name)?).ok()
}
