//! The packages installed in a work tree.

use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::worktree::{is_plain, read_regular};
use crate::source::{Installed, Unreadable};

/// The `node_modules` folders of a work tree. Links are followed as long as they stay inside of the work tree.
#[derive(Debug)]
pub struct InstalledPackages {
    root: PathBuf,
    /// The same without links, looked up when first needed.
    real_root: OnceLock<Option<PathBuf>>,
}

impl InstalledPackages {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_path_buf(), real_root: OnceLock::new() }
    }
}

impl Installed for InstalledPackages {
    fn locate(&self, path: &str) -> Option<Arc<str>> {
        let path = Path::new(path);
        if !is_plain(path) {
            return None;
        }
        let root = self.real_root.get_or_init(|| self.root.canonicalize().ok()).as_ref()?;
        let real = root.join(path).canonicalize().ok()?;
        let inside = real.strip_prefix(root).ok()?;
        let parts: Option<Vec<&str>> = inside
            .components()
            .map(|part| match part {
                Component::Normal(name) => name.to_str(),
                _ => None,
            })
            .collect();
        let parts = parts?;
        // A link to a package of the workspace leads to sources, which are the snapshot's.
        (parts.contains(&"node_modules") && real.is_file()).then(|| parts.join("/").into())
    }

    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, Unreadable> {
        read_regular(&self.root, path.as_bytes(), limit)
    }
}
