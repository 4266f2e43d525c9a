//! What is known of the files of a snapshot without reading them again.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use rayon::iter::Either;
use rayon::prelude::*;

use crate::cache::{BlobRecord, FactStore};
use crate::config::Config;
use crate::facts::signals::{ModuleNames, Signals, scan};
use crate::source::{Entry, FileKind, Snapshot};

/// The largest code file that is scanned for what it mentions, in bytes; only much smaller ones are parsed.
const MAX_SCANNED_BYTES: usize = 64 * 1024 * 1024;

/// The files of a snapshot that the reviewer has a use for.
#[derive(Debug)]
pub(super) struct Survey {
    /// The patterns that leave files out.
    ignored: Vec<String>,
    files: Vec<Seen>,
    kinds: BTreeMap<FileKind, Vec<Arc<str>>>,
    candidates: Vec<(Arc<str>, Signals)>,
    /// The paths of all other files, and the content of those that could be of use, as one number; `None` when that
    /// content is not known.
    others: Option<u64>,
    /// The files that were others at the same paths in the survey before; `None` when that is not all that changed.
    replaced: Option<Vec<Seen>>,
}

impl Survey {
    /// All files of a snapshot. What an earlier survey knows of the same blob at the same path is taken from there.
    pub(super) fn of(snapshot: &dyn Snapshot, config: &Config, store: &dyn FactStore, earlier: Option<Survey>) -> Self {
        let ignored = config.ignore.patterns().to_vec();
        let earlier = earlier.filter(|survey| survey.ignored == ignored);
        let (before, others_before) = earlier.map_or((Vec::new(), None), |survey| (survey.files, survey.others));
        let mut before = before.into_iter().peekable();
        let (mut files, mut unknown) = (Vec::with_capacity(before.len()), Vec::new());
        let (mut replaced, mut is_gone) = (Vec::new(), false);
        snapshot.visit("", &mut |path, blob| {
            while before.next_if(|seen| *seen.entry.path < *path).is_some() {
                is_gone = true;
            }
            match before.next_if(|seen| *seen.entry.path == *path) {
                Some(seen) if blob.is_some() && seen.entry.blob == blob => files.push(seen),
                there => {
                    replaced.extend(there);
                    unknown.push(Entry { path: path.into(), blob });
                }
            }
        });
        is_gone |= before.next().is_some();
        let (found, others): (Vec<Seen>, Vec<Option<u64>>) =
            unknown.into_par_iter().with_min_len(64).partition_map(|entry| match Seen::new(snapshot, config, store, &entry) {
                Some(seen) => Either::Left(seen),
                None => Either::Right(mark(&entry)),
            });
        let is_new = found.len() > replaced.len();
        let others = others.into_iter().try_fold(0, |sum: u64, mark| Some(sum.wrapping_add(mark?)));
        files.extend(found);
        // Two runs that are sorted: this sort merges them.
        files.sort_by(|a, b| a.entry.path.cmp(&b.entry.path));
        let is_same = others.is_some() && others == others_before && !is_gone && !is_new;
        Self { others, replaced: is_same.then_some(replaced), ..Self::new(ignored, files) }
    }

    /// The files of a snapshot that differs from this one's in no other than the changed paths. Only these are among its
    /// [importers](Self::importers).
    pub(super) fn before(
        &self,
        snapshot: &dyn Snapshot,
        config: &Config,
        store: &dyn FactStore,
        changed: &BTreeSet<String>,
    ) -> Self {
        let there = changed.iter().filter_map(|path| snapshot.entry(path));
        let files = there.filter_map(|entry| Seen::new(snapshot, config, store, &entry)).collect();
        let mut survey = Self::new(self.ignored.clone(), files);
        let is_same = |path: &str| !changed.contains(path);
        for (kind, paths) in &self.kinds {
            let all = survey.kinds.entry(*kind).or_default();
            all.extend(paths.iter().filter(|path| is_same(path)).cloned());
            all.sort_unstable();
        }
        survey.candidates.extend(self.candidates.iter().filter(|(path, _)| is_same(path)).cloned());
        survey.candidates.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        survey
    }

    fn new(ignored: Vec<String>, files: Vec<Seen>) -> Self {
        let mut kinds: BTreeMap<FileKind, Vec<Arc<str>>> = BTreeMap::new();
        let mut candidates = Vec::new();
        for file in &files {
            let path = || Arc::clone(&file.entry.path);
            if !file.kind.is_code() {
                kinds.entry(file.kind).or_default().push(path());
            } else if file.signals.any() {
                candidates.push((path(), file.signals));
            }
        }
        Self { ignored, files, kinds, candidates, others: None, replaced: None }
    }

    /// The files that had another content in the survey before; `None` when more than that changed.
    pub(super) fn replaced(&self) -> Option<&[Seen]> {
        self.replaced.as_deref()
    }

    /// What a file mentions.
    pub(super) fn signals(&self, path: &str) -> Option<Signals> {
        let at = self.files.binary_search_by(|file| (*file.entry.path).cmp(path)).ok()?;
        Some(self.files[at].signals)
    }

    /// All paths of a kind that is not code, sorted.
    pub(super) fn of_kind(&self, kind: FileKind) -> &[Arc<str>] {
        self.kinds.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// All code files that mention something of interest, with what they mention, sorted by path.
    pub(super) fn candidates(&self) -> &[(Arc<str>, Signals)] {
        &self.candidates
    }

    /// The code files that may import one of these modules, sorted by path.
    pub(super) fn importers<'s>(&'s self, names: &'s [ModuleNames]) -> impl Iterator<Item = (Arc<str>, Signals)> + 's {
        let may_import = |signals: &Signals| names.iter().any(|name| signals.imports.may_hold(*name));
        let importers = self.files.iter().filter(move |file| may_import(&file.signals));
        importers.map(|file| (Arc::clone(&file.entry.path), file.signals))
    }
}

/// A file that the reviewer has a use for.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) entry: Entry,
    pub(super) kind: FileKind,
    /// What it mentions, if it is code.
    pub(super) signals: Signals,
}

impl Seen {
    fn new(snapshot: &dyn Snapshot, config: &Config, store: &dyn FactStore, entry: &Entry) -> Option<Self> {
        let kind = FileKind::of(&entry.path)?;
        if is_foreign(&entry.path) || config.ignore.contains(&entry.path) {
            return None;
        }
        let signals = if kind.is_code() { signals(snapshot, store, entry, kind) } else { Signals::default() };
        Some(Self { entry: entry.clone(), kind, signals })
    }
}

/// A number for a file that is no part of the survey: imports may name it, and some may be read for what they export.
fn mark(entry: &Entry) -> Option<u64> {
    let content = match FileKind::of(&entry.path) {
        Some(_) => Some(entry.blob?),
        None => None,
    };
    let mut hasher = DefaultHasher::new();
    (&entry.path, content).hash(&mut hasher);
    Some(hasher.finish())
}

/// Installed packages and build output that were committed: not the project's own sources.
fn is_foreign(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "node_modules" | ".next" | ".output" | ".svelte-kit" | ".nuxt"))
}

fn signals(snapshot: &dyn Snapshot, store: &dyn FactStore, entry: &Entry, kind: FileKind) -> Signals {
    if let Some(record) = entry.blob.and_then(|blob| store.blob(&blob, kind)) {
        return record.signals;
    }
    match snapshot.read(entry, MAX_SCANNED_BYTES) {
        Ok(bytes) => {
            let signals = scan(&bytes);
            if let Some(blob) = entry.blob {
                store.keep_blob(blob, kind, BlobRecord { key: None, signals });
            }
            signals
        }
        // Too large even to be scanned: linking will say that it was not read.
        Err(_) => Signals { auth: true, ..Signals::default() },
    }
}
