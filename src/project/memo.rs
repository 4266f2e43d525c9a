//! Answers that linking worked out, kept as long as what they were worked out from stays the same.
//!
//! Every answer is recorded with what it read and with the answers it rests on. After an edit, those that read the edited
//! file are worked out again, and all others hold. An answer that holds counts as if it had been worked out anew: with
//! its steps, its depth and the files it went through, so that a model never depends on what was linked before.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::facts::FileFacts;
use crate::facts::signals::{ModuleNames, Signals};
use crate::project::files::{Edit, Files};
use crate::project::resolve::is_installed;
use crate::source::{FileKind, Unreadable};

/// Answers by what was asked.
#[derive(Debug)]
pub(super) struct Memo<K, V>(RefCell<HashMap<K, (V, Arc<Record>)>>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<K: Hash + Eq, V> Memo<K, V> {
    /// Forgets an answer that depends on who asked.
    fn forget_fleeting(&self, key: &K) {
        let mut answers = self.0.borrow_mut();
        if answers.get(key).is_some_and(|(_, record)| record.basis.fleeting) {
            answers.remove(key);
        }
    }

    /// Forgets what the run did not use, or what must not outlive it.
    pub(super) fn end(&mut self, run: u32) {
        self.0.get_mut().retain(|_, (_, record)| !record.basis.fleeting && record.counted.load(Ordering::Relaxed) == run);
    }
}

/// What an answer was worked out from.
#[derive(Debug, Default)]
struct Basis {
    /// Files whose facts were read.
    reads: Paths,
    /// Files of which only what they change of their imports was read.
    changing: Paths,
    /// Modules whose importers were asked for.
    importers: Vec<ModuleNames>,
    /// The files of interest were listed.
    listed: bool,
    /// Files that evaluation went through.
    touched: Paths,
    /// Answers it rests on.
    rests_on: Vec<Arc<Record>>,
    /// It depends on who asked, or on more than the snapshot.
    fleeting: bool,
    /// It was cut short for lack of steps.
    short: bool,
}

/// An answer that was worked out.
#[derive(Debug, Default)]
struct Record {
    basis: Basis,
    /// Steps it took, without those of the answers it rests on.
    steps: u64,
    /// How far it went below where it was asked for.
    depth: u32,
    /// Of one that depends on who asks, the answer around it, by its number in the run, for all who ask within.
    within: Option<u64>,
    /// The run it was found to hold in.
    holds: AtomicU32,
    /// The run it was found not to hold in.
    fails: AtomicU32,
    /// The run that it was counted in.
    counted: AtomicU32,
}

/// An answer that is being worked out.
#[derive(Default)]
struct Recording {
    basis: Basis,
    /// Steps before it began.
    began: u64,
    /// Steps of the answers it rests on, as far as they were counted for it.
    steps_below: u64,
    /// How many of the answers around it come out the same whoever asks for them, where it depends on who asks.
    cut_below: Option<usize>,
    /// Its number among all that were worked out in the run.
    number: u64,
    /// The depth at which it began, and the deepest one until then.
    depth: u32,
    deepest: u32,
}

/// A few paths, sorted: there are many records, and most read one file or two.
#[derive(Debug, Default)]
struct Paths(Vec<Arc<str>>);

impl Paths {
    fn contains(&self, path: &str) -> bool {
        self.0.binary_search_by(|known| (**known).cmp(path)).is_ok()
    }

    fn insert(&mut self, path: &str, shared: impl FnOnce() -> Arc<str>) {
        if let Err(place) = self.0.binary_search_by(|known| (**known).cmp(path)) {
            self.0.insert(place, shared());
        }
    }
}

/// The files of a snapshot, which notes what is read of them.
pub(super) struct Gate<'a> {
    files: &'a dyn Files,
    open: Mutex<Vec<Recording>>,
    /// How many answers were worked out.
    worked_out: AtomicU64,
}

impl<'a> Gate<'a> {
    pub(super) fn new(files: &'a dyn Files) -> Self {
        Self { files, open: Mutex::default(), worked_out: AtomicU64::default() }
    }

    fn open(&self) -> MutexGuard<'_, Vec<Recording>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, note: impl FnOnce(&mut Recording)) {
        if let Some(recording) = self.open().last_mut() {
            note(recording);
        }
    }

    fn read(&self, path: &str) {
        self.note(|recording| recording.basis.reads.insert(path, || path.into()));
    }

    /// What is being worked out depends on who asks.
    fn is_fleeting(&self) {
        self.is_fleeting_below(0);
    }

    /// Of what is being worked out, all but so many depend on who asks.
    fn is_fleeting_below(&self, answers: usize) {
        for recording in self.open().iter_mut().skip(answers) {
            recording.cut_below = Some(recording.cut_below.map_or(answers, |least| least.min(answers)));
        }
    }

    /// What is being worked out lacks steps, which another part of the work may have.
    fn is_short(&self) {
        self.is_fleeting();
        self.open().iter_mut().for_each(|recording| recording.basis.short = true);
    }
}

impl Files for Gate<'_> {
    fn exists(&self, path: &str) -> bool {
        self.files.exists(path)
    }

    fn facts(&self, path: &str) -> Option<Arc<FileFacts>> {
        if is_installed(path) {
            self.is_fleeting();
        } else {
            self.read(path);
        }
        self.files.facts(path)
    }

    fn changed_imports(&self, path: &str) -> Option<Arc<FileFacts>> {
        self.note(|recording| recording.basis.changing.insert(path, || path.into()));
        self.files.changed_imports(path)
    }

    /// Asked for importers only, which are noted.
    fn imports(&self, path: &str) -> Option<Arc<FileFacts>> {
        self.files.facts(path)
    }

    /// Asked of importers only, which are noted.
    fn specifiers(&self, path: &str) -> Option<Arc<FileFacts>> {
        self.files.specifiers(path)
    }

    fn prepare(&self, paths: &[Arc<str>]) {
        self.files.prepare(paths);
    }

    fn prepare_specifiers(&self, paths: &[Arc<str>]) {
        self.files.prepare_specifiers(paths);
    }

    fn installed(&self, path: &str) -> Option<Arc<str>> {
        self.is_fleeting();
        self.files.installed(path)
    }

    fn text(&self, path: &str) -> Option<String> {
        self.is_fleeting();
        self.files.text(path)
    }

    fn with_all_calls(&self, path: &str) -> Option<Arc<FileFacts>> {
        self.read(path);
        self.files.with_all_calls(path)
    }

    fn of_kind(&self, kind: FileKind) -> Vec<Arc<str>> {
        self.files.of_kind(kind)
    }

    fn candidates(&self) -> &[(Arc<str>, Signals)] {
        self.note(|recording| recording.basis.listed = true);
        self.files.candidates()
    }

    fn importers(&self, names: &[&str]) -> Vec<(Arc<str>, Signals)> {
        self.note(|recording| recording.basis.importers.extend(names.iter().map(|name| ModuleNames::of(name))));
        self.files.importers(names)
    }

    fn absent(&self) -> Vec<(Arc<str>, Unreadable)> {
        self.files.absent()
    }

    fn edits(&self) -> Option<&[Edit]> {
        self.files.edits()
    }
}

/// One run over a snapshot: what it costs, and where it went.
pub(super) struct Run<'a> {
    gate: &'a Gate<'a>,
    /// Its number; answers are told to hold in a run by it.
    number: u32,
    steps: Cell<u64>,
    /// The steps at which the present part of the work has taken its share.
    limit: Cell<u64>,
    /// Whether some part would have taken more than its share.
    ran_short: Cell<bool>,
    depth: Cell<u32>,
    deepest: Cell<u32>,
    touched: RefCell<BTreeSet<Arc<str>>>,
}

impl<'a> Run<'a> {
    /// The number of the first run.
    pub(super) const FIRST: u32 = 1;

    /// Steps that one part of the work may take.
    const SHARE: u64 = 2_000_000;

    /// Deepest nesting of evaluations.
    const MAX_DEPTH: u32 = 80;

    pub(super) fn new(gate: &'a Gate<'a>, number: u32) -> Self {
        Self {
            gate,
            number,
            steps: Cell::default(),
            limit: Cell::new(Self::SHARE),
            ran_short: Cell::default(),
            depth: Cell::default(),
            deepest: Cell::default(),
            touched: RefCell::default(),
        }
    }

    /// Begins a part of the work, with a share of steps of its own: what one file takes is never missing for another.
    pub(super) fn begin(&self) {
        self.limit.set(self.steps.get() + Self::SHARE);
    }

    /// Begins work whose parts begin by themselves.
    pub(super) fn begin_parts(&self) {
        self.limit.set(u64::MAX);
    }

    /// Takes a step; false when there are none left.
    pub(super) fn step(&self) -> bool {
        self.charge(1);
        if self.is_spent() {
            self.gate.is_short();
        }
        !self.is_spent()
    }

    /// Counts steps that were taken at once.
    pub(super) fn charge(&self, steps: u64) {
        self.steps.set(self.steps.get().saturating_add(steps));
        if self.is_spent() {
            self.ran_short.set(true);
        }
    }

    /// Goes one level deeper for `work`; `None` when that is too deep.
    pub(super) fn deeper<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let depth = self.depth.get();
        if self.is_too_deep() {
            return None;
        }
        self.depth.set(depth + 1);
        let result = work();
        self.depth.set(depth);
        Some(result)
    }

    /// Whether nothing below is followed any more.
    pub(super) fn is_too_deep(&self) -> bool {
        let next = self.depth.get() + 1;
        self.deepest.set(self.deepest.get().max(next));
        let is_too_deep = next > Self::MAX_DEPTH;
        if is_too_deep {
            self.gate.is_fleeting();
        }
        is_too_deep
    }

    /// Whether the present part has taken its share, so that what comes after is not known.
    pub(super) fn is_spent(&self) -> bool {
        self.steps.get() > self.limit.get()
    }

    /// Whether some part was not finished for lack of steps.
    pub(super) fn ran_short(&self) -> bool {
        self.ran_short.get()
    }

    /// How many answers are being worked out.
    pub(super) fn open_answers(&self) -> usize {
        self.gate.open().len()
    }

    /// What is being worked out was cut short because of what asked for it, but for that many answers around.
    pub(super) fn cut_below(&self, answers: usize) {
        self.gate.is_fleeting_below(answers);
    }

    /// What is being worked out depends on facts of a file that were read before it began.
    pub(super) fn read(&self, file: &str) {
        self.gate.read(file);
    }

    /// Evaluation goes through a file.
    pub(super) fn touch(&self, file: &Arc<str>) {
        if !self.touched.borrow().contains(file) {
            self.touched.borrow_mut().insert(Arc::clone(file));
        }
        self.gate.note(|recording| recording.basis.touched.insert(file, || Arc::clone(file)));
    }

    /// The files evaluation went through so far.
    pub(super) fn touched(&self) -> BTreeSet<Arc<str>> {
        self.touched.borrow().clone()
    }

    /// The answer to a question: the known one if it holds, or else the one `work` gives.
    pub(super) fn answer<K: Hash + Eq, V: Clone>(&self, memo: &Memo<K, V>, key: K, work: impl FnOnce() -> V) -> V {
        match self.known(memo, &key) {
            Some(value) => value,
            None => self.work_out(memo, key, work),
        }
    }

    /// The same for a question that others ask as well: an answer that depends on who asked is none for them.
    pub(super) fn answer_for_all<K: Hash + Eq + Clone, V: Clone>(
        &self,
        memo: &Memo<K, V>,
        key: K,
        work: impl FnOnce() -> V,
    ) -> V {
        let value = self.answer(memo, key.clone(), work);
        memo.forget_fleeting(&key);
        value
    }

    /// The known answer to a question, if it holds.
    pub(super) fn known<K: Hash + Eq, V: Clone>(&self, memo: &Memo<K, V>, key: &K) -> Option<V> {
        let known = memo.0.borrow();
        let (value, record) = known.get(key)?;
        // What was cut short for lack of steps is worked out again where there are some.
        if !self.holds(record) || record.basis.short && !self.is_spent() {
            return None;
        }
        if record.counted.load(Ordering::Relaxed) != self.number {
            // Worked out here, it would be cut short.
            if self.depth.get() + record.depth > Self::MAX_DEPTH {
                return None;
            }
            self.deepest.set(self.deepest.get().max(self.depth.get() + record.depth));
        }
        if record.basis.short {
            self.gate.is_short();
        }
        if record.basis.fleeting {
            let around = self.gate.open().iter().position(|recording| Some(recording.number) == record.within);
            self.gate.is_fleeting_below(around.map_or(0, |place| place + 1));
        }
        let steps = self.count(record);
        self.charge(steps);
        self.gate.note(|recording| {
            recording.steps_below += steps;
            recording.basis.rests_on.push(Arc::clone(record));
        });
        Some(value.clone())
    }

    /// Works an answer out, and keeps it with what it is worked out from.
    pub(super) fn work_out<K: Hash + Eq, V: Clone>(&self, memo: &Memo<K, V>, key: K, work: impl FnOnce() -> V) -> V {
        let (began, depth, deepest) = (self.steps.get(), self.depth.get(), self.deepest.get());
        let number = self.gate.worked_out.fetch_add(1, Ordering::Relaxed);
        self.gate.open().push(Recording { began, number, depth, deepest, ..Recording::default() });
        self.deepest.set(depth);
        let value = work();
        let Some(recording) = self.gate.open().pop() else { return value };
        let all_steps = self.steps.get() - recording.began;
        let outermost = recording.cut_below.and_then(|answers| answers.checked_sub(1));
        let within = outermost.and_then(|place| Some(self.gate.open().get(place)?.number));
        let record = Arc::new(Record {
            basis: Basis { fleeting: recording.cut_below.is_some(), ..recording.basis.settled() },
            steps: all_steps.saturating_sub(recording.steps_below),
            depth: self.deepest.get() - recording.depth,
            within,
            holds: AtomicU32::new(self.number),
            fails: AtomicU32::default(),
            counted: AtomicU32::new(self.number),
        });
        self.deepest.set(self.deepest.get().max(recording.deepest));
        self.gate.note(|outer| {
            outer.steps_below += all_steps;
            outer.basis.rests_on.push(Arc::clone(&record));
        });
        memo.0.borrow_mut().insert(key, (value.clone(), record));
        value
    }

    /// Whether nothing changed of what an answer was worked out from.
    fn holds(&self, record: &Record) -> bool {
        if record.holds.load(Ordering::Relaxed) == self.number {
            return true;
        }
        if record.fails.load(Ordering::Relaxed) == self.number {
            return false;
        }
        let holds = self.gate.edits().is_some_and(|edits| edits.iter().all(|edit| record.basis.outlives(edit)))
            && record.basis.rests_on.iter().all(|below| self.holds(below));
        let told = if holds { &record.holds } else { &record.fails };
        told.store(self.number, Ordering::Relaxed);
        holds
    }

    /// Counts an answer, once in a run, with those it rests on; gives back the steps.
    fn count(&self, record: &Record) -> u64 {
        if record.counted.swap(self.number, Ordering::Relaxed) == self.number {
            return 0;
        }
        self.touched.borrow_mut().extend(record.basis.touched.0.iter().cloned());
        record.basis.rests_on.iter().map(|below| self.count(below)).sum::<u64>() + record.steps
    }
}

impl Basis {
    /// The same without room for more: records are kept.
    fn settled(mut self) -> Self {
        self.reads.0.shrink_to_fit();
        self.changing.0.shrink_to_fit();
        self.touched.0.shrink_to_fit();
        self.importers.shrink_to_fit();
        self.rests_on.shrink_to_fit();
        self
    }

    /// Whether it does not depend on what an edit changed, as far as it was worked out by itself.
    fn outlives(&self, edit: &Edit) -> bool {
        let may_find = |signals: &Signals| self.importers.iter().any(|names| signals.imports.may_hold(*names));
        !self.reads.contains(&edit.path)
            && (edit.changes_the_same || !self.changing.contains(&edit.path))
            && (edit.imports_the_same || !(may_find(&edit.before) || may_find(&edit.after)))
            && !(self.listed && edit.before.without_imports() != edit.after.without_imports())
    }
}
