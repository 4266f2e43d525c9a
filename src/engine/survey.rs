//! What is known of the files of a snapshot without reading them again.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use rayon::iter::Either;
use rayon::prelude::*;

use crate::cache::{BlobRecord, FactKey, FactStore};
use crate::config::Config;
use crate::facts::signals::{ModuleNames, Signals, scan};
use crate::source::{BlobId, Entry, FileKind, Snapshot};

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
    descent: Option<Descent>,
}

/// A tree, and all that differs from it in the snapshot of a survey.
#[derive(Debug)]
struct Descent {
    tree: BlobId,
    /// What the snapshot has at the paths that differ, or may differ.
    changed: BTreeMap<Arc<str>, Option<Entry>>,
}

/// A snapshot that another is compared with, and the paths that differ or may differ.
#[derive(Clone, Copy)]
pub(super) struct Base<'a> {
    pub(super) snapshot: &'a dyn Snapshot,
    pub(super) changed: &'a BTreeSet<String>,
}

impl Descent {
    fn of(snapshot: &dyn Snapshot, base: Base<'_>) -> Option<Self> {
        let changed = base.changed.iter().map(|path| (path.as_str().into(), snapshot.entry(path))).collect();
        Some(Self { tree: base.snapshot.tree()?, changed })
    }
}

impl Survey {
    /// All files of a snapshot. What an earlier survey knows of the same blob at the same path is taken from there; where
    /// both snapshots are known to descend from the same tree, nothing else is looked at than what makes the difference.
    pub(super) fn of(
        snapshot: &dyn Snapshot,
        base: Option<Base<'_>>,
        config: &Config,
        store: &dyn FactStore,
        earlier: Option<Survey>,
    ) -> Self {
        let earlier = earlier.filter(|survey| survey.ignored == config.ignore.patterns());
        let descent = base.and_then(|base| Some((base, Descent::of(snapshot, base)?)));
        let Some((base, descent)) = descent else { return Self::whole(snapshot, config, store, earlier) };
        let is_sibling = |survey: &Survey| survey.descent.as_ref().is_some_and(|before| before.tree == descent.tree);
        let survey = match earlier {
            Some(earlier) if is_sibling(&earlier) => earlier.moved(snapshot, base, &descent, config, store),
            earlier => Self::whole(snapshot, config, store, earlier),
        };
        Self { descent: Some(descent), ..survey }
    }

    /// The survey of a snapshot that descends from the same tree as this one's.
    fn moved(self, snapshot: &dyn Snapshot, base: Base<'_>, descent: &Descent, config: &Config, store: &dyn FactStore) -> Self {
        let Self { ignored, mut files, kinds, mut candidates, mut others, descent: earlier, .. } = self;
        let earlier = earlier.map(|earlier| earlier.changed).unwrap_or_default();
        let mut changes: Vec<(Option<Entry>, Option<Entry>)> = Vec::new();
        for path in earlier.keys().chain(descent.changed.keys().filter(|path| !earlier.contains_key(*path))) {
            let before = earlier.get(path).map_or_else(|| base.snapshot.entry(path), Clone::clone);
            let after = descent.changed.get(path).map_or_else(|| snapshot.entry(path), Clone::clone);
            if before != after || after.as_ref().is_some_and(|after| after.blob.is_none()) {
                changes.push((before, after));
            }
        }
        let seen = |entry: &Option<Entry>| entry.as_ref().and_then(|entry| Seen::new(snapshot, config, store, entry));
        let seen: Vec<Option<Seen>> = changes.par_iter().map(|(_, after)| seen(after)).collect();
        let (mut replaced, mut added, mut gone) = (Vec::new(), Vec::new(), BTreeSet::new());
        let mut moves_others = false;
        for ((before, after), seen) in changes.into_iter().zip(seen) {
            let Some(path) = before.as_ref().or(after.as_ref()).map(|entry| Arc::clone(&entry.path)) else { continue };
            match (files.binary_search_by(|file| file.entry.path.cmp(&path)), seen) {
                (Ok(at), Some(seen)) => {
                    replace(&mut candidates, &seen);
                    replaced.push(std::mem::replace(&mut files[at], seen));
                }
                (Ok(_), None) => drop(gone.insert(path)),
                (Err(_), Some(seen)) => added.push(seen),
                (Err(_), None) => {
                    moves_others = true;
                    let mark = |entry: Option<Entry>| entry.map_or(Some(0), |entry| mark(&entry));
                    let sum = |(before, after)| others.map(|others: u64| others.wrapping_sub(before).wrapping_add(after));
                    others = mark(before).zip(mark(after)).and_then(sum);
                }
            }
        }
        let is_same = added.is_empty() && gone.is_empty() && !moves_others;
        replaced.sort_by(|a, b| a.entry.path.cmp(&b.entry.path));
        let survey = Self { ignored, files, kinds, candidates, others, replaced: is_same.then_some(replaced), descent: None };
        survey.with(added, &gone)
    }

    /// All files of a snapshot, each of which is compared with what is known.
    fn whole(snapshot: &dyn Snapshot, config: &Config, store: &dyn FactStore, earlier: Option<Survey>) -> Self {
        let earlier = earlier.unwrap_or_else(|| Self::new(config.ignore.patterns().to_vec(), Vec::new()));
        let Self { ignored, mut files, kinds, mut candidates, others: others_before, .. } = earlier;
        // What is not known: the entry, and the place of the file it has another content of.
        let mut unknown: Vec<(Entry, Option<usize>)> = Vec::new();
        let (mut next, mut gone) = (0, BTreeSet::new());
        snapshot.visit("", &mut |path, blob| {
            // Most are where they were, and comparing paths is most of the work.
            let mut is_there = files.get(next).is_some_and(|seen| path.is(&seen.entry.path));
            if !is_there {
                while let Some(seen) = files.get(next).filter(|seen| *seen.entry.path < *path) {
                    gone.insert(Arc::clone(&seen.entry.path));
                    next += 1;
                }
                is_there = files.get(next).is_some_and(|seen| path.is(&seen.entry.path));
            }
            let place = is_there.then_some(next);
            next += usize::from(is_there);
            if place.is_none_or(|place| blob.is_none() || files[place].entry.blob != blob) {
                unknown.push((Entry { path: path.into(), blob }, place));
            }
        });
        gone.extend(files[next..].iter().map(|seen| Arc::clone(&seen.entry.path)));
        let (found, others): (Vec<Placed>, Vec<Option<u64>>) =
            unknown.into_par_iter().with_min_len(64).partition_map(|(entry, place)| {
                match Seen::new(snapshot, config, store, &entry) {
                    Some(seen) => Either::Left((seen, place)),
                    None => Either::Right(mark(&entry)),
                }
            });
        let (mut replaced, mut added) = (Vec::new(), Vec::new());
        for (seen, place) in found {
            match place {
                Some(place) => {
                    replace(&mut candidates, &seen);
                    replaced.push(std::mem::replace(&mut files[place], seen));
                }
                None => added.push(seen),
            }
        }
        let others = others.into_iter().try_fold(0, |sum: u64, mark| Some(sum.wrapping_add(mark?)));
        let is_same = others.is_some() && others == others_before && gone.is_empty() && added.is_empty();
        let survey = Self { ignored, files, kinds, candidates, others, replaced: is_same.then_some(replaced), descent: None };
        survey.with(added, &gone)
    }

    /// The same with other files beside, and without some, whose paths are given.
    fn with(self, added: Vec<Seen>, gone: &BTreeSet<Arc<str>>) -> Self {
        if added.is_empty() && gone.is_empty() {
            return self;
        }
        let Self { ignored, mut files, others, .. } = self;
        files.retain(|file| !gone.contains(&file.entry.path));
        files.extend(added);
        // Two runs that are sorted: this sort merges them.
        files.sort_by(|a, b| a.entry.path.cmp(&b.entry.path));
        Self { others, ..Self::new(ignored, files) }
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
        Self { ignored, files, kinds, candidates, others: None, replaced: None, descent: None }
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

/// A file, and the place of the one that it replaces.
type Placed = (Seen, Option<usize>);

/// Brings the candidates up to date with a file whose content is another.
fn replace(candidates: &mut Vec<(Arc<str>, Signals)>, seen: &Seen) {
    let signals = Some(seen.signals).filter(|signals| seen.kind.is_code() && signals.any());
    match (candidates.binary_search_by(|(path, _)| path.cmp(&seen.entry.path)), signals) {
        (Ok(at), Some(signals)) => candidates[at].1 = signals,
        (Ok(at), None) => drop(candidates.remove(at)),
        (Err(at), Some(signals)) => candidates.insert(at, (Arc::clone(&seen.entry.path), signals)),
        (Err(_), None) => {}
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
                // Where the same bytes were parsed before, they need not be read again to find that out.
                let key = signals.any().then(|| FactKey::of(kind, &bytes)).filter(|key| store.facts(key).is_some());
                store.keep_blob(blob, kind, BlobRecord { key, signals });
            }
            signals
        }
        // Too large even to be scanned: linking will say that it was not read.
        Err(_) => Signals { auth: true, ..Signals::default() },
    }
}
