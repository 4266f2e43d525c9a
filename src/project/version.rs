//! Which version of better-auth, and of its companions, a package of the repository runs.

use std::sync::Arc;

use crate::project::files::Files;
use crate::project::resolve::Resolver;

/// A version, as far as the repository tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Version {
    /// The range of the nearest `package.json` that names the package.
    pub declared: Option<String>,
    /// The exact version of a lockfile.
    pub resolved: Option<nodejs_semver::Version>,
    /// The file the exact version was read from.
    pub source: Option<Arc<str>>,
}

/// The version of `package` that the workspace package in `folder` runs.
#[must_use]
pub fn version_of(_files: &dyn Files, _resolver: &Resolver, _folder: &str, _package: &str) -> Version {
    Version::default()
}
