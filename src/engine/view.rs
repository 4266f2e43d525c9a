//! A snapshot as linking and the rules see it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use rayon::prelude::*;

use super::packages::Packages;
use super::survey::{Seen, Survey};
use crate::cache::{BlobRecord, FactKey, FactStore};
use crate::config::Config;
use crate::facts::signals::{ModuleNames, Signals, scan};
use crate::facts::{Body, FileFacts, extract};
use crate::project::bundler::configures_names;
use crate::project::files::{Edit, Files};
use crate::source::{BlobId, Entry, FileKind, MAX_SOURCE_BYTES, Snapshot, Unreadable, decode};

/// Most edited files for which it is worth finding out what they leave as it was.
const MOST_EDITS: usize = 64;

/// What reading files came to that may change while they are reviewed.
pub(super) type Read = HashMap<Arc<str>, Result<Arc<[u8]>, Unreadable>>;

/// A snapshot seen through the store: the files linking asks for.
pub(super) struct View<'a> {
    snapshot: &'a dyn Snapshot,
    packages: &'a Packages<'a>,
    store: &'a dyn FactStore,
    survey: Survey,
    facts: RwLock<HashMap<Arc<str>, Option<Arc<FileFacts>>>>,
    /// What was read of files that may change while they are reviewed: facts and text of one are of the same bytes.
    read: Mutex<Read>,
    /// How the files differ from those of the survey before.
    edits: OnceLock<Option<Vec<Edit>>>,
    /// The view of another snapshot, and the paths in which that one differs.
    other: Option<(&'a View<'a>, &'a BTreeSet<String>)>,
}

impl<'a> View<'a> {
    pub(super) fn new(snapshot: &'a dyn Snapshot, survey: Survey, packages: &'a Packages<'a>, store: &'a dyn FactStore) -> Self {
        let (facts, read) = (RwLock::default(), Mutex::default());
        Self { snapshot, packages, store, survey, facts, read, edits: OnceLock::new(), other: None }
    }

    /// The view of a snapshot that differs from this one's in no other than the changed paths.
    pub(super) fn before(&'a self, snapshot: &'a dyn Snapshot, config: &Config, changed: &'a BTreeSet<String>) -> View<'a> {
        let survey = self.survey.before(snapshot, config, self.store, changed);
        View { other: Some((self, changed)), ..View::new(snapshot, survey, self.packages, self.store) }
    }

    /// The installed packages it is seen with.
    pub(super) fn packages(&self) -> &Packages<'a> {
        self.packages
    }

    /// What is known of the files, for the next review, and what was read of those that may change.
    pub(super) fn into_parts(self) -> (Survey, Read) {
        (self.survey, self.read.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn load(&self, path: &str) -> Option<Arc<FileFacts>> {
        let kind = FileKind::of(path)?;
        let Some(entry) = self.snapshot.entry(path) else {
            let bytes = self.packages.read(path, kind)?;
            return Some(bytes.map_or_else(
                |why| Arc::new(FileFacts::unreadable(why)),
                |bytes| self.extracted(FactKey::of(kind, &bytes), kind, &bytes),
            ));
        };
        if let Some(facts) = entry.blob.and_then(|blob| self.parsed(&blob, kind)) {
            return Some(facts);
        }
        let bytes = match self.read(&entry, kind.max_bytes()) {
            Ok(bytes) => bytes,
            Err(why) => return Some(Arc::new(FileFacts::unreadable(why))),
        };
        let key = FactKey::of(kind, &bytes);
        if let Some(blob) = entry.blob {
            let signals = if kind.is_code() { scan(&bytes) } else { Signals::default() };
            self.store.keep_blob(blob, kind, BlobRecord { key: Some(key), signals });
        }
        Some(self.extracted(key, kind, &bytes))
    }

    /// The facts of the code file of a snapshot, parsed if it was before.
    fn load_specifiers(&self, path: &str) -> Option<Arc<FileFacts>> {
        let kind = FileKind::of(path)?;
        let entry = self.snapshot.entry(path)?;
        let blob = entry.blob?;
        if let Some(known) = self.known(&blob, kind) {
            return Some(known);
        }
        let bytes = self.snapshot.read(&entry, kind.max_bytes()).ok()?;
        let facts = Arc::new(FileFacts::unparsed(&bytes));
        self.store.keep(FactKey::unparsed(&blob, kind), Arc::clone(&facts));
        Some(facts)
    }

    /// The facts of a blob that was parsed before.
    fn parsed(&self, blob: &BlobId, kind: FileKind) -> Option<Arc<FileFacts>> {
        self.store.blob(blob, kind)?.key.and_then(|key| self.store.facts(&key))
    }

    /// The facts of a blob, or what is known of it without.
    fn known(&self, blob: &BlobId, kind: FileKind) -> Option<Arc<FileFacts>> {
        self.parsed(blob, kind).or_else(|| self.store.facts(&FactKey::unparsed(blob, kind)))
    }

    /// The bytes of an entry: of one that no blob names, those that were read first.
    fn read(&self, entry: &Entry, limit: usize) -> Result<Arc<[u8]>, Unreadable> {
        let read = || self.snapshot.read(entry, limit).map(Arc::from);
        if entry.blob.is_some() {
            return read();
        }
        let known = || self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = known().get(&entry.path) {
            return read.clone();
        }
        let read = read();
        known().entry(Arc::clone(&entry.path)).or_insert(read).clone()
    }

    /// The edits since the survey before; `None` when they are not all that changed, or too many to be worth following.
    fn find_edits(&self) -> Option<Vec<Edit>> {
        let replaced = self.survey.replaced().filter(|replaced| replaced.len() <= MOST_EDITS)?;
        let steers = |kind| {
            use FileKind::{DenoConfig, ImportMap, PackageManifest, PnpmWorkspace, TsConfig};
            matches!(kind, PackageManifest | PnpmWorkspace | TsConfig | DenoConfig | ImportMap)
        };
        if replaced.iter().any(|before| steers(before.kind) || configures_names(&before.entry.path)) {
            return None;
        }
        // In parallel, because files that were edited have to be parsed.
        let edits: Vec<_> = replaced.par_iter().map(|before| self.edit(before)).collect();
        edits.into_iter().collect()
    }

    fn edit(&self, before: &Seen) -> Option<Edit> {
        let path = Arc::clone(&before.entry.path);
        let after = self.survey.signals(&path)?;
        // Facts that nobody keeps may have been read nevertheless.
        let known = before.entry.blob.and_then(|blob| self.known(&blob, before.kind)).filter(|_| before.signals == after);
        let now = known.as_ref().and_then(|known| match known.body {
            Body::Specifiers(_) => self.load_specifiers(&path),
            _ => self.facts(&path),
        });
        let both = known.zip(now);
        let imports_the_same = both.as_ref().is_some_and(|(before, now)| now.specifiers().eq(before.specifiers()));
        let changes_the_same = both.is_some_and(|(before, now)| now.changes_the_same(&before));
        Some(Edit { path, before: before.signals, after, imports_the_same, changes_the_same })
    }

    /// The facts of bytes, kept for the next time.
    fn extracted(&self, key: FactKey, kind: FileKind, bytes: &[u8]) -> Arc<FileFacts> {
        if let Some(facts) = self.store.facts(&key) {
            return facts;
        }
        let facts = Arc::new(extract(kind, bytes));
        self.store.keep(key, Arc::clone(&facts));
        facts
    }
}

impl Files for View<'_> {
    fn exists(&self, path: &str) -> bool {
        self.snapshot.contains(path)
    }

    fn facts(&self, path: &str) -> Option<Arc<FileFacts>> {
        if let Some(known) = self.facts.read().unwrap_or_else(PoisonError::into_inner).get(path) {
            return known.clone();
        }
        let facts = match self.other {
            Some((other, changed)) if !changed.contains(path) => other.facts(path),
            _ => self.load(path),
        };
        self.facts.write().unwrap_or_else(PoisonError::into_inner).insert(path.into(), facts.clone());
        facts
    }

    fn installed(&self, path: &str) -> Option<Arc<str>> {
        // Packages that were committed are what runs.
        self.snapshot.entry(path).map(|entry| entry.path).or_else(|| self.packages.locate(path))
    }

    fn text(&self, path: &str) -> Option<String> {
        text_at(self.snapshot, path, |entry, limit| self.read(entry, limit))
    }

    fn of_kind(&self, kind: FileKind) -> Vec<Arc<str>> {
        self.survey.of_kind(kind).to_vec()
    }

    fn candidates(&self) -> &[(Arc<str>, Signals)] {
        self.survey.candidates()
    }

    fn importers(&self, names: &[&str]) -> Vec<(Arc<str>, Signals)> {
        let wanted: Vec<ModuleNames> = names.iter().map(|name| ModuleNames::of(name)).collect();
        let mut importers: Vec<_> = self.survey.importers(&wanted).collect();
        if let Some((other, changed)) = self.other {
            importers.extend(other.survey.importers(&wanted).filter(|(path, _)| !changed.contains(&**path)));
            importers.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        }
        importers
    }

    fn specifiers(&self, path: &str) -> Option<Arc<FileFacts>> {
        if let Some(known) = self.facts.read().unwrap_or_else(PoisonError::into_inner).get(path) {
            return known.clone();
        }
        match self.other {
            Some((other, changed)) if !changed.contains(path) => other.specifiers(path),
            _ => self.load_specifiers(path).or_else(|| self.facts(path)),
        }
    }

    fn prepare(&self, paths: &[Arc<str>]) {
        paths.par_iter().for_each(|path| drop(self.facts(path)));
    }

    fn prepare_specifiers(&self, paths: &[Arc<str>]) {
        paths.par_iter().for_each(|path| drop(self.specifiers(path)));
    }

    fn absent(&self) -> Vec<(Arc<str>, Unreadable)> {
        let links = self.snapshot.links().into_iter().map(|path| (path, Unreadable::Link));
        let pointers = self.survey.candidates().iter().filter(|(_, signals)| signals.is_pointer);
        links.chain(pointers.map(|(path, _)| (Arc::clone(path), Unreadable::LfsPointer))).collect()
    }

    fn edits(&self) -> Option<&[Edit]> {
        self.edits.get_or_init(|| self.find_edits()).as_deref()
    }
}

/// The text of a file of a snapshot, as it was read before, if it was.
pub(super) fn read_text(snapshot: &dyn Snapshot, read: &Read, path: &str) -> Option<String> {
    text_at(snapshot, path, |entry, limit| match read.get(path) {
        Some(read) => read.clone(),
        None => snapshot.read(entry, limit).map(Arc::from),
    })
}

fn text_at<B: AsRef<[u8]>>(
    snapshot: &dyn Snapshot,
    path: &str,
    read: impl FnOnce(&Entry, usize) -> Result<B, Unreadable>,
) -> Option<String> {
    let entry = snapshot.entry(path)?;
    let limit = FileKind::of(path).map_or(MAX_SOURCE_BYTES, FileKind::max_bytes);
    let bytes = read(&entry, limit).ok()?;
    decode(bytes.as_ref()).ok().map(std::borrow::Cow::into_owned)
}
