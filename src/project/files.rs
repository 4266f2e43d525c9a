//! What linking needs of the snapshot: paths and facts, without any input or output of its own.

use std::sync::Arc;

use crate::facts::FileFacts;
use crate::facts::signals::Signals;
use crate::source::{FileKind, Unreadable};

/// The files of the snapshot under review. The engine implements this over a snapshot and a store.
pub trait Files: Sync {
    /// Whether there is a regular file at `path`.
    fn exists(&self, path: &str) -> bool;

    /// The facts of the file at `path`; extracted on demand. `None` when there is no such file or no use for its kind.
    fn facts(&self, path: &str) -> Option<Arc<FileFacts>>;

    /// The facts of the file at `path`, of which only the imports are looked at, and the modules it passes on.
    fn imports(&self, path: &str) -> Option<Arc<FileFacts>> {
        self.facts(path)
    }

    /// The facts of the file at `path`, of which only [what it changes of its imports](FileFacts::changed_imports) is looked at.
    fn changed_imports(&self, path: &str) -> Option<Arc<FileFacts>> {
        self.facts(path)
    }

    /// Where the file at `path` inside a `node_modules` folder really lies, as a path [`Files::facts`] takes; package
    /// managers put links there. `None` when there is no such file, it lies outside of the repository, or installed
    /// packages are not to be seen. Asked only for plugins that nothing in the repository tells of.
    fn installed(&self, path: &str) -> Option<Arc<str>>;

    /// The text of the file at `path`, for rules that query its syntax tree. Costs a read each time.
    fn text(&self, path: &str) -> Option<String>;

    /// The facts of the code file at `path` with all its calls, of which [`Files::facts`] keeps those that may have to do with
    /// an instance. Costs a read and a parse each time.
    fn with_all_calls(&self, path: &str) -> Option<Arc<FileFacts>> {
        let kind = FileKind::of(path).filter(|kind| kind.is_code())?;
        Some(Arc::new(FileFacts::with_all_calls(kind, &self.text(path)?)))
    }

    /// All paths of a kind, sorted.
    fn of_kind(&self, kind: FileKind) -> Vec<Arc<str>>;

    /// All code files whose bytes mention something of interest, with what they mention, sorted by path.
    fn candidates(&self) -> &[(Arc<str>, Signals)];

    /// The code files that may import a module with one of these names, as
    /// [`module_name`](crate::facts::signals::module_name) gives them, sorted by path.
    fn importers(&self, names: &[&str]) -> Vec<(Arc<str>, Signals)>;

    /// Facts of the code file at `path` of which only the [specifiers](FileFacts::specifiers) are looked at, so that it need
    /// not be parsed.
    fn specifiers(&self, path: &str) -> Option<Arc<FileFacts>> {
        self.facts(path)
    }

    /// Paths of code, or of a folder with some, whose content the snapshot does not have, and why.
    fn absent(&self) -> Vec<(Arc<str>, Unreadable)> {
        Vec::new()
    }

    /// Tells that the facts of these files are about to be asked for, so that several can be extracted at once.
    fn prepare(&self, _paths: &[Arc<str>]) {}

    /// The same for the specifiers of these files.
    fn prepare_specifiers(&self, _paths: &[Arc<str>]) {}

    /// How the files differ from those that were linked before; `None` when that is not known, or more than the content of
    /// a few files changed: which files there are, or what says which file an import means.
    fn edits(&self) -> Option<&[Edit]> {
        None
    }
}

/// A file whose content is another than it was.
#[derive(Debug)]
pub struct Edit {
    /// The file.
    pub path: Arc<str>,
    /// What it mentioned before.
    pub before: Signals,
    /// What it mentions now.
    pub after: Signals,
    /// It mentions the same, and imports the same modules.
    pub imports_the_same: bool,
    /// It [changes](FileFacts::changed_imports) the same of what it imports.
    pub changes_the_same: bool,
}
