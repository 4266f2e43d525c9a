//! Installed packages, as one review sees them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::project::resolve::is_installed;
use crate::source::{FileKind, Installed, Unreadable};

/// The most that one review reads of installed packages, in bytes.
const MAX_INSTALLED_BYTES: usize = 8 * 1024 * 1024;

/// The installed packages as one review sees them.
pub(super) struct Packages<'a> {
    installed: Option<&'a dyn Installed>,
    /// Whether they were asked for anything.
    looked: AtomicBool,
    /// Bytes that may still be read.
    left: AtomicUsize,
}

impl<'a> Packages<'a> {
    pub(super) fn new(installed: Option<&'a dyn Installed>) -> Self {
        Self { installed, looked: AtomicBool::new(false), left: AtomicUsize::new(MAX_INSTALLED_BYTES) }
    }

    pub(super) fn locate(&self, path: &str) -> Option<Arc<str>> {
        let installed = self.installed?;
        self.looked.store(true, Ordering::Relaxed);
        installed.locate(path)
    }

    /// Whether anything was looked for among them.
    pub(super) fn were_asked(&self) -> bool {
        self.looked.load(Ordering::Relaxed)
    }

    /// The bytes of a file that was located; `None` when there are no installed packages to read.
    pub(super) fn read(&self, path: &str, kind: FileKind) -> Option<Result<Vec<u8>, Unreadable>> {
        let installed = self.installed.filter(|_| is_installed(path))?;
        let left = self.left.load(Ordering::Relaxed);
        let bytes = installed.read(path, kind.max_bytes().min(left));
        self.left.store(left - bytes.as_ref().map_or(0, Vec::len), Ordering::Relaxed);
        Some(bytes)
    }
}
