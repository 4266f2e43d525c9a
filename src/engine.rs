//! `review(snapshot, bases, …) -> Review`: the only orchestration.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use rayon::prelude::*;

use crate::cache::{BlobRecord, FactKey, FactStore};
use crate::config::Config;
use crate::facts::signals::{Signals, scan};
use crate::facts::{FileFacts, extract};
use crate::finding::{self, Edit, Finding, Fix, Location, Open, Related, Report, Status, Undetermined};
use crate::project::ProjectModel;
use crate::project::files::Files;
use crate::project::link::link;
use crate::project::resolve::is_installed;
use crate::rules::{Before, Context, Registry};
use crate::source::{Entry, FileKind, Installed, LineIndex, Site, Snapshot, SnapshotKind, Unreadable, decode, folder_of};
use crate::triage::{self, BASELINE_PATH, FailOn};

/// Where a user's own rule documents lie.
const USER_RULES: &str = ".auth-review/rules/";

/// The largest configuration, baseline or rule document that is read, in bytes.
const MAX_SETTINGS_BYTES: usize = 4 * 1024 * 1024;

/// The largest code file that is scanned for what it mentions, in bytes; only much smaller ones are parsed.
const MAX_SCANNED_BYTES: usize = 64 * 1024 * 1024;

/// The most that one review reads of installed packages, in bytes.
const MAX_INSTALLED_BYTES: usize = 8 * 1024 * 1024;

/// What a review is asked for beyond its snapshots.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The lowest severity that blocks; the configuration's when absent, the door's when that is silent too.
    pub fail_on: Option<FailOn>,
    /// The door's own line: where the review was asked for from.
    pub door: FailOn,
    /// Only findings in files below these paths are shown.
    pub paths: Vec<String>,
    /// Today's date as `YYYY-MM-DD`, for suppressions that expire.
    pub today: String,
    /// What the snapshot is compared with, for people.
    pub base: Option<String>,
    /// The paths that differ between the snapshot and its bases; `None` when there is nothing to compare with.
    pub changed: Option<BTreeSet<String>>,
}

/// The result of a review, ready to be reported.
#[derive(Debug, Clone)]
pub struct Review {
    /// What was reviewed.
    pub snapshot: SnapshotKind,
    /// What it was compared with, for people: `HEAD`, a revision; `None` when everything counts as existing.
    pub base: Option<String>,
    /// Findings that are not suppressed, sorted by severity, file and place.
    pub findings: Vec<Finding>,
    /// Questions that could not be answered, sorted.
    pub undetermined: Vec<Undetermined>,
    /// How many findings were suppressed by a comment or the baseline.
    pub suppressed: usize,
    /// Things worth telling about suppressions, configuration and unread files: one line each.
    pub notes: Vec<String>,
    /// Files that had a part in the picture.
    pub files_reviewed: usize,
    /// Of these, files that the change under review touches.
    pub files_changed: usize,
    /// The gate's decision.
    pub blocked: bool,
    /// Whether the answer rests on more than the snapshots: on the work tree or on installed packages, which change
    /// without a trace in them.
    pub beyond_snapshots: bool,
    /// Texts of the files findings point into, for rendering: path and content.
    pub texts: BTreeMap<String, String>,
}

/// Opens the work tree, when it is needed.
pub type WorkTree<'a> = &'a dyn Fn() -> Option<Box<dyn Snapshot>>;

/// What lies around a snapshot on disk, and has a say only where the snapshot leaves a question open.
#[derive(Default, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The work tree, where the snapshot is another one.
    pub worktree: Option<WorkTree<'a>>,
    /// The installed packages.
    pub installed: Option<&'a dyn Installed>,
}

/// Why a review could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// The configuration in the snapshot is broken.
    #[error("{file}:{error}")]
    Config {
        /// The configuration file.
        file: String,
        /// What is wrong with it, and where.
        error: crate::config::ConfigError,
    },
}

/// The project as the snapshot shows it.
#[must_use]
pub fn model(snapshot: &dyn Snapshot, config: &Config, installed: Option<&dyn Installed>, store: &dyn FactStore) -> ProjectModel {
    link(&View::new(snapshot, config, &Packages::new(installed), store))
}

/// Reviews a snapshot, compared with its bases. Without bases every finding counts as existing. The work tree is only
/// looked at when something required is missing from the snapshot, installed packages when a plugin is not known.
///
/// # Errors
/// [`ReviewError::Config`] when the snapshot's own configuration cannot be read.
pub fn review(
    snapshot: &dyn Snapshot,
    bases: &[&dyn Snapshot],
    around: Surroundings<'_>,
    options: &Options,
    store: &dyn FactStore,
) -> Result<Review, ReviewError> {
    let config = config_of(snapshot)?;
    let registry = Registry::with_user_documents(user_documents(snapshot));
    let packages = Packages::new(around.installed);
    let looked_at_worktree = Cell::new(false);
    let view = View::new(snapshot, &config, &packages, store);
    let model = link(&view);
    let linked_worktree = || {
        looked_at_worktree.set(true);
        let snapshot = around.worktree.and_then(|open| open());
        snapshot.map(|snapshot| link(&View::new(&*snapshot, &config, &packages, store))).unwrap_or_default()
    };
    let link_worktree = around.worktree.is_some().then_some(&linked_worktree as &dyn Fn() -> ProjectModel);
    let earlier: Vec<(Config, View<'_>)> = bases
        .iter()
        .map(|base| {
            let config = config_of(*base).unwrap_or_default();
            let view = View::new(*base, &config, &packages, store);
            (config, view)
        })
        .collect();
    let models: Vec<ProjectModel> = earlier.iter().map(|(_, view)| link(view)).collect();
    let before: Vec<Before<'_>> = earlier.iter().zip(&models).map(|((_, view), model)| Before { model, files: view }).collect();
    let context = Context::new(&model, &view, link_worktree).compared_with(&before);
    let outcome = registry.run(&context);
    let mut notes = outcome.notes;
    notes.extend(config.unknown_rules(registry.rules().iter().map(|rule| rule.id())));

    let reports = numbered(outcome.reports);
    let mut known = Vec::new();
    let mut relevant: BTreeSet<Arc<str>> = model.files.iter().cloned().collect();
    for ((before, view), model) in earlier.iter().zip(&models) {
        let rules = registry.rules().iter().map(|rule| (rule.id(), rule.document().metadata.tier, rule.severity()));
        for note in crate::config::weakened(before, &config, rules) {
            // The parents of a merge often share a configuration.
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        let context = Context::for_comparison(model, view);
        let before: HashMap<String, BTreeSet<String>> = numbered(registry.run(&context).reports)
            .into_iter()
            .map(|(report, fingerprint)| (fingerprint, report.parts))
            .collect();
        let is_known = |(report, fingerprint): &&(Report, String)| {
            before.get(fingerprint).is_some_and(|parts| report.parts.is_subset(parts))
        };
        known.push(reports.iter().filter(is_known).map(|(_, fingerprint)| fingerprint.clone()).collect());
        relevant.extend(model.files.iter().cloned());
    }

    let mut texts = Texts { snapshot, texts: BTreeMap::new() };
    let findings = reports.into_iter().map(|(report, fingerprint)| texts.finding(report, fingerprint)).collect();
    let mut undetermined: Vec<Undetermined> =
        model.undetermined.iter().chain(&outcome.open).map(|open| texts.open(open)).collect();
    undetermined.sort();
    undetermined.dedup();

    let suppressions = suppressions(&view, &model, &mut texts);
    let baseline = settings(snapshot, BASELINE_PATH);
    let triaged = triage::triage(triage::Input {
        findings,
        bases: known,
        suppressions,
        baseline: baseline.as_deref(),
        config: &config,
        fail_on: options.fail_on.or(config.fail_on).unwrap_or(options.door),
        today: &options.today,
    });
    notes.extend(triaged.notes);
    let mut findings = triaged.findings;
    if !options.paths.is_empty() {
        findings.retain(|finding| options.paths.iter().any(|path| is_below(&finding.location.file, path)));
    }
    let files_changed =
        options.changed.as_ref().map_or(0, |changed| changed.iter().filter(|path| is_relevant(path, &relevant)).count());
    let mentioned: BTreeSet<&str> = findings
        .iter()
        .flat_map(|finding| std::iter::once(&finding.location).chain(finding.related.iter().map(|related| &related.location)))
        .map(|location| location.file.as_str())
        .collect();
    texts.texts.retain(|path, _| mentioned.contains(path.as_str()));
    Ok(Review {
        snapshot: snapshot.kind(),
        base: options.base.clone(),
        findings,
        undetermined,
        suppressed: triaged.suppressed,
        notes,
        files_reviewed: model.files.len(),
        files_changed,
        blocked: triaged.blocked,
        beyond_snapshots: looked_at_worktree.get() || packages.looked.load(Ordering::Relaxed),
        texts: texts.texts,
    })
}

/// The configuration a snapshot carries; the default when it carries none.
///
/// # Errors
/// [`ReviewError::Config`] when it cannot be read.
pub fn config_of(snapshot: &dyn Snapshot) -> Result<Config, ReviewError> {
    for file in crate::config::PATHS {
        if let Some(text) = settings(snapshot, file) {
            return Config::parse(&text).map_err(|error| ReviewError::Config { file: file.to_owned(), error });
        }
    }
    Ok(Config::default())
}

fn settings(snapshot: &dyn Snapshot, path: &str) -> Option<String> {
    let bytes = snapshot.read(snapshot.entry(path)?, MAX_SETTINGS_BYTES).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The rule documents a project keeps of its own: path and text.
#[must_use]
pub fn user_documents(snapshot: &dyn Snapshot) -> Vec<(String, String)> {
    let entries = snapshot.entries();
    let start = entries.partition_point(|entry| *entry.path < *USER_RULES);
    entries[start..]
        .iter()
        .take_while(|entry| entry.path.starts_with(USER_RULES))
        .filter(|entry| entry.path.ends_with(".md"))
        .filter_map(|entry| settings(snapshot, &entry.path).map(|text| (entry.path.to_string(), text)))
        .collect()
}

/// Whether a changed path has a part in the picture: a file of the model, a migration beside one of them, or what steers
/// the review itself.
fn is_relevant(path: &str, files: &BTreeSet<Arc<str>>) -> bool {
    if files.contains(path) || crate::config::PATHS.contains(&path) || path == BASELINE_PATH {
        return true;
    }
    if FileKind::of(path) != Some(FileKind::Sql) {
        return false;
    }
    let own = folder_of(path);
    let above = folder_of(own);
    files.iter().filter(|file| FileKind::of(file) == Some(FileKind::Sql)).any(|file| {
        let other = folder_of(file);
        other == own || (!above.is_empty() && folder_of(other) == above)
    })
}

fn is_below(file: &str, path: &str) -> bool {
    let path = path.trim_end_matches('/');
    path.is_empty() || path == "." || file == path || file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
}

/// Gives every report its fingerprint; equal ones are told apart by their order of place.
fn numbered(mut reports: Vec<Report>) -> Vec<(Report, String)> {
    reports.sort_by(|a, b| (&a.rule, &a.identity, &a.primary).cmp(&(&b.rule, &b.identity, &b.primary)));
    let mut ordinal = 0;
    let mut numbered: Vec<(Report, String)> = Vec::with_capacity(reports.len());
    for report in reports {
        ordinal = match numbered.last() {
            Some((last, _)) if last.rule == report.rule && last.identity == report.identity => ordinal + 1,
            _ => 0,
        };
        let fingerprint = finding::fingerprint(&report.rule, &report.identity, ordinal);
        numbered.push((report, fingerprint));
    }
    numbered
}

fn suppressions(view: &View<'_>, model: &ProjectModel, texts: &mut Texts<'_>) -> Vec<triage::Comment> {
    let mut comments = Vec::new();
    for path in &model.files {
        let Some(facts) = view.facts(path) else { continue };
        if facts.suppressions.is_empty() {
            continue;
        }
        let text = texts.text(path).to_owned();
        let index = LineIndex::new(&text);
        for suppression in &facts.suppressions {
            comments.push(triage::Comment {
                file: path.to_string(),
                line: index.line(suppression.span.start),
                suppression: suppression.clone(),
            });
        }
    }
    comments
}

/// Texts of a snapshot, read when a place in them is to be shown.
struct Texts<'a> {
    snapshot: &'a dyn Snapshot,
    texts: BTreeMap<String, String>,
}

impl Texts<'_> {
    fn text(&mut self, path: &str) -> &str {
        self.texts.entry(path.to_owned()).or_insert_with(|| read_text(self.snapshot, path).unwrap_or_default())
    }

    fn location(&mut self, site: &Site) -> Location {
        let index = LineIndex::new(self.text(&site.file));
        Location::new(&site.file, index.position(site.span.start), index.position(site.span.end))
    }

    fn finding(&mut self, report: Report, fingerprint: String) -> Finding {
        Finding {
            location: self.location(&report.primary),
            related: report
                .related
                .into_iter()
                .map(|(site, label)| Related { location: self.location(&site), label, site: Some(site) })
                .collect(),
            fix: report.fix.map(|plan| Fix {
                title: plan.title,
                applicability: plan.applicability,
                edits: plan
                    .edits
                    .into_iter()
                    .map(|(site, text)| Edit { location: self.location(&site), text, site: Some(site) })
                    .collect(),
            }),
            rule: report.rule,
            severity: report.severity,
            confidence: report.confidence,
            tier: report.tier,
            status: Status::Existing,
            message: report.message,
            why: report.why,
            help: report.help,
            fingerprint,
            docs: report.docs,
            cwe: report.cwe,
            label: report.label,
            site: Some(report.primary),
        }
    }

    fn open(&mut self, open: &Open) -> Undetermined {
        Undetermined { question: open.question.clone(), reason: open.reason.clone(), location: self.location(&open.site) }
    }
}

fn read_text(snapshot: &dyn Snapshot, path: &str) -> Option<String> {
    let entry = snapshot.entry(path)?;
    let kind = FileKind::of(path)?;
    let bytes = snapshot.read(entry, kind.max_bytes()).ok()?;
    decode(&bytes).ok().map(std::borrow::Cow::into_owned)
}

/// Turns places of the model into lines and columns of a snapshot.
pub struct Locator<'a> {
    texts: std::cell::RefCell<Texts<'a>>,
}

impl<'a> Locator<'a> {
    /// A locator over the snapshot the model was linked from.
    #[must_use]
    pub fn new(snapshot: &'a dyn Snapshot) -> Self {
        Self { texts: std::cell::RefCell::new(Texts { snapshot, texts: BTreeMap::new() }) }
    }

    /// The location of a place.
    #[must_use]
    pub fn locate(&self, site: &Site) -> Location {
        self.texts.borrow_mut().location(site)
    }
}

/// A snapshot seen through the store: the files linking asks for.
struct View<'a> {
    snapshot: &'a dyn Snapshot,
    packages: &'a Packages<'a>,
    store: &'a dyn FactStore,
    kinds: BTreeMap<FileKind, Vec<Arc<str>>>,
    candidates: Vec<(Arc<str>, Signals)>,
    /// All code files.
    code: Vec<(Arc<str>, Signals)>,
    facts: RwLock<HashMap<Arc<str>, Option<Arc<FileFacts>>>>,
}

impl<'a> View<'a> {
    fn new(snapshot: &'a dyn Snapshot, config: &Config, packages: &'a Packages<'a>, store: &'a dyn FactStore) -> Self {
        let mut kinds: BTreeMap<FileKind, Vec<Arc<str>>> = BTreeMap::new();
        let mut code: Vec<(&Entry, FileKind)> = Vec::new();
        for entry in snapshot.entries() {
            let Some(kind) = FileKind::of(&entry.path) else { continue };
            if is_foreign(&entry.path) || config.ignore.contains(&entry.path) {
                continue;
            }
            if kind.is_code() {
                code.push((entry, kind));
            } else {
                kinds.entry(kind).or_default().push(Arc::clone(&entry.path));
            }
        }
        let code: Vec<_> = code
            .par_iter()
            .with_min_len(64)
            .map(|(entry, kind)| (Arc::clone(&entry.path), signals(snapshot, store, entry, *kind)))
            .collect();
        let candidates = code.iter().filter(|(_, signals)| signals.any()).cloned().collect();
        Self { snapshot, packages, store, kinds, candidates, code, facts: RwLock::default() }
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
        if let Some(record) = entry.blob.and_then(|blob| self.store.blob(&blob, kind))
            && let Some(facts) = record.key.and_then(|key| self.store.facts(&key))
        {
            return Some(facts);
        }
        let bytes = match self.snapshot.read(entry, kind.max_bytes()) {
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

/// The installed packages as one review sees them.
struct Packages<'a> {
    installed: Option<&'a dyn Installed>,
    /// Whether they were asked for anything.
    looked: AtomicBool,
    /// Bytes that may still be read.
    left: AtomicUsize,
}

impl<'a> Packages<'a> {
    fn new(installed: Option<&'a dyn Installed>) -> Self {
        Self { installed, looked: AtomicBool::new(false), left: AtomicUsize::new(MAX_INSTALLED_BYTES) }
    }

    fn locate(&self, path: &str) -> Option<Arc<str>> {
        let installed = self.installed?;
        self.looked.store(true, Ordering::Relaxed);
        installed.locate(path)
    }

    /// The bytes of a file that was located; `None` when there are no installed packages to read.
    fn read(&self, path: &str, kind: FileKind) -> Option<Result<Vec<u8>, Unreadable>> {
        let installed = self.installed.filter(|_| is_installed(path))?;
        let left = self.left.load(Ordering::Relaxed);
        let bytes = installed.read(path, kind.max_bytes().min(left));
        self.left.store(left - bytes.as_ref().map_or(0, Vec::len), Ordering::Relaxed);
        Some(bytes)
    }
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

impl Files for View<'_> {
    fn exists(&self, path: &str) -> bool {
        self.snapshot.entry(path).is_some()
    }

    fn facts(&self, path: &str) -> Option<Arc<FileFacts>> {
        if let Some(known) = self.facts.read().unwrap_or_else(PoisonError::into_inner).get(path) {
            return known.clone();
        }
        let facts = self.load(path);
        self.facts.write().unwrap_or_else(PoisonError::into_inner).insert(path.into(), facts.clone());
        facts
    }

    fn installed(&self, path: &str) -> Option<Arc<str>> {
        // Packages that were committed are what runs.
        self.snapshot.entry(path).map(|entry| Arc::clone(&entry.path)).or_else(|| self.packages.locate(path))
    }

    fn text(&self, path: &str) -> Option<String> {
        read_text(self.snapshot, path)
    }

    fn of_kind(&self, kind: FileKind) -> Vec<Arc<str>> {
        self.kinds.get(&kind).cloned().unwrap_or_default()
    }

    fn candidates(&self) -> &[(Arc<str>, Signals)] {
        &self.candidates
    }

    fn importers(&self, names: &[&str]) -> Vec<(Arc<str>, Signals)> {
        let may_import = |(_, signals): &&(Arc<str>, Signals)| names.iter().any(|name| signals.imports.may_hold(name));
        self.code.iter().filter(may_import).cloned().collect()
    }
}
