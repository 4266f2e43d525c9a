//! Which file an import means: relative, tsconfig `paths` and `baseUrl`, package `imports`, workspace packages.

use std::sync::Arc;

use crate::project::files::Files;

/// Resolves import specifiers over the snapshot, never over the disk.
#[derive(Debug, Default)]
pub struct Resolver {}

/// What an import specifier means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// A file of the repository.
    File(Arc<str>),
    /// A package from outside the repository, or a built-in module.
    External,
    /// It should be a file of the repository, and there is none.
    Missing,
}

impl Resolver {
    /// Reads manifests, workspaces and tsconfigs of the snapshot.
    #[must_use]
    pub fn new(_files: &dyn Files) -> Self {
        Self::default()
    }

    /// What `specifier` means in the file `from`.
    #[must_use]
    pub fn resolve(&self, _files: &dyn Files, _from: &str, _specifier: &str) -> Resolved {
        Resolved::External
    }

    /// The folder of the package `path` belongs to: that of the nearest `package.json`; empty for the root.
    #[must_use]
    pub fn package_of(&self, _path: &str) -> Arc<str> {
        Arc::from("")
    }
}
