//! Walks a work tree as git would see it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::{WalkBuilder, WalkState};

use super::from_os;

/// Called with every directory just before it is looked into: whoever wants to hear of changes in it begins to listen now,
/// so that nothing falls between.
pub type Enter = Arc<dyn Fn(&Path) + Send + Sync>;

/// Which directories a walk reads: those that are not known yet, and some that are.
pub(super) struct Scope {
    known: Arc<BTreeSet<PathBuf>>,
    pub(super) again: HashSet<PathBuf>,
    on_the_way: HashSet<PathBuf>,
}

impl Scope {
    pub(super) fn new(known: Arc<BTreeSet<PathBuf>>, again: HashSet<PathBuf>) -> Self {
        let on_the_way = again.iter().flat_map(|directory| directory.ancestors()).map(Path::to_path_buf).collect();
        Self { known, again, on_the_way }
    }

    pub(super) fn reads(&self, directory: &Path) -> bool {
        !self.known.contains(directory) || self.again.contains(directory)
    }

    fn enters(&self, directory: &Path) -> bool {
        self.reads(directory) || self.on_the_way.contains(directory)
    }
}

/// What a walk found in the directories it read.
#[derive(Default)]
pub(super) struct Found {
    /// Regular files.
    pub(super) files: HashMap<Vec<u8>, Metadata>,
    /// Directories, those that were read or entered among them.
    pub(super) directories: HashSet<PathBuf>,
}

/// Regular files and directories from the top downwards, without ignored ones, repositories inside and anything behind a
/// symbolic link. What cannot be listed cannot be read either; git passes over it as well.
pub(super) fn walk(root: &Path, scope: &Arc<Scope>, enter: &Enter) -> std::io::Result<Found> {
    if scope.reads(root) {
        enter(root);
    }
    std::fs::read_dir(root)?;
    let (filter, enter) = (Arc::clone(scope), Arc::clone(enter));
    let walker = WalkBuilder::new(root)
        .hidden(false)
        .ignore(false)
        .parents(false)
        .require_git(false)
        .filter_entry(move |entry| {
            let path = entry.path();
            let in_scope = || path.parent().is_some_and(|parent| filter.reads(parent));
            if entry.depth() == 0 {
                return true;
            }
            if entry.file_name() == ".git" {
                return false;
            }
            if !entry.file_type().is_some_and(|kind| kind.is_dir()) {
                return in_scope();
            }
            // Another repository, too: it may become none.
            if filter.reads(path) {
                enter(path);
            }
            if path.join(".git").exists() {
                return false;
            }
            in_scope() || filter.enters(path)
        })
        .build_parallel();
    let found = Mutex::new(Found::default());
    walker.run(|| {
        Box::new(|entry| {
            let Ok(entry) = entry else { return WalkState::Continue };
            let path = entry.path();
            let mut state = WalkState::Continue;
            if entry.file_type().is_some_and(|kind| kind.is_dir()) {
                if !scope.enters(path) {
                    state = WalkState::Skip;
                }
                found.lock().unwrap_or_else(PoisonError::into_inner).directories.insert(path.to_path_buf());
            } else if entry.file_type().is_some_and(|kind| kind.is_file())
                && let Ok(on_disk) = entry.metadata()
                && let Some(path) = path.strip_prefix(root).ok().and_then(from_os)
            {
                let path = path.into_owned();
                found.lock().unwrap_or_else(PoisonError::into_inner).files.insert(path, on_disk);
            }
            state
        })
    });
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
}
