//! Which program installs the packages of a repository and runs their scripts.

use crate::project::files::Files;
use crate::project::resolve::{Resolver, ancestors, join};

/// A program that installs packages and runs scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Manager {
    /// <https://docs.npmjs.com>.
    #[default]
    Npm,
    /// <https://pnpm.io>.
    Pnpm,
    /// <https://yarnpkg.com>.
    Yarn,
    /// <https://bun.com>.
    Bun,
    /// <https://deno.com>.
    Deno,
}

/// Names of lockfiles. Where several lie side by side, and more than one fits, an earlier one counts: a repository that
/// moved to another package manager has most often left npm's behind.
pub const LOCKFILES: [(&str, Manager); 7] = [
    ("bun.lock", Manager::Bun),
    ("bun.lockb", Manager::Bun),
    ("pnpm-lock.yaml", Manager::Pnpm),
    ("yarn.lock", Manager::Yarn),
    ("deno.lock", Manager::Deno),
    ("package-lock.json", Manager::Npm),
    ("npm-shrinkwrap.json", Manager::Npm),
];

impl Manager {
    /// The one that the manifests of a folder name.
    pub(crate) fn named_in(resolver: &Resolver, folder: &str) -> Option<Self> {
        let name = resolver.manifests(folder).find_map(|(_, manifest)| manifest.package_manager.as_deref())?;
        match name {
            "npm" => Some(Self::Npm),
            "pnpm" => Some(Self::Pnpm),
            "yarn" => Some(Self::Yarn),
            "bun" => Some(Self::Bun),
            "deno" => Some(Self::Deno),
            _ => None,
        }
    }

    /// The one whose lockfile this is.
    #[must_use]
    pub fn of_lockfile(name: &str) -> Option<Self> {
        LOCKFILES.iter().find(|(own, _)| *own == name).map(|(_, manager)| *manager)
    }

    /// The one that is used in a folder: by the nearest manifest that names one, or the nearest lockfile.
    pub(crate) fn of(files: &dyn Files, resolver: &Resolver, folder: &str) -> Self {
        let locked = |folder: &str| {
            let is_there = |(name, _): &&(&str, Self)| join(folder, name).is_some_and(|path| files.exists(&path));
            LOCKFILES.iter().find(is_there).map(|(_, manager)| *manager)
        };
        let has_lockfile = |folder: &str, manager: Self| {
            let own = LOCKFILES.iter().filter(|(_, of)| *of == manager);
            own.filter_map(|(name, _)| join(folder, name)).any(|path| files.exists(&path))
        };
        let used = |folder: &str| match (Self::named_in(resolver, folder), locked(folder)) {
            // One that is named and never was run.
            (Some(named), Some(locked)) if !has_lockfile(folder, named) => Some(locked),
            (named, locked) => named.or(locked),
        };
        ancestors(folder).find_map(used).unwrap_or_default()
    }

    /// The command that runs a program of a package. Where Bun installs the packages, npm need not be there.
    #[must_use]
    pub fn npx(self) -> &'static str {
        if self == Self::Bun { "bunx" } else { "npx" }
    }

    /// The command that runs a script.
    #[must_use]
    pub fn run(self, script: &str) -> String {
        let command = match self {
            Self::Npm => "npm run",
            Self::Pnpm => "pnpm run",
            Self::Yarn => "yarn run",
            Self::Bun => "bun run",
            Self::Deno => "deno task",
        };
        format!("{command} {script}")
    }
}
