//! `review(snapshot, bases, …) -> Review`: the only orchestration.

mod memory;
mod packages;
mod survey;
mod texts;
mod view;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::Config;
use crate::finding::pairing::{self, Mark};
use crate::finding::{self, Finding, Location, Report, Undetermined};
use crate::project::ProjectModel;
use crate::project::files::Files as _;
use crate::project::link::{Kept, link};
use crate::project::resolve::join;
use crate::rules::{Before, Context, Registry};
use crate::source::{FileKind, Installed, LineIndex, Site, Snapshot, SnapshotKind, folder_of};
use crate::triage::{self, BASELINE_PATH, FailOn};
use memory::{Picture, PictureKey};
use packages::Packages;
use survey::{Base, Survey};
use texts::Texts;
use view::View;

pub use memory::{Memory, Recall};
pub use texts::Locator;

/// Where a user's own rule documents lie.
const USER_RULES: &str = ".auth-review/rules/";

/// The largest configuration, baseline or rule document that is read, in bytes.
const MAX_SETTINGS_BYTES: usize = 4 * 1024 * 1024;

/// What a review is asked for beyond its snapshots.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The lowest severity that blocks; the configuration's when absent, the door's when that is silent too.
    pub fail_on: Option<FailOn>,
    /// The door's own line: where the review was asked for from.
    pub door: FailOn,
    /// Only findings in files below these paths are shown, and block.
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
    /// Files that had a part in the picture and were not read everywhere, each with the first place that was not.
    pub unread: BTreeMap<String, Location>,
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
    #[error("{file}: {error}")]
    Config {
        /// The configuration file.
        file: String,
        /// What is wrong with it, and where.
        error: crate::config::ConfigError,
    },
}

/// The project as the snapshot shows it.
#[must_use]
pub fn model<'a>(
    snapshot: &dyn Snapshot,
    config: &Config,
    installed: Option<&dyn Installed>,
    memory: impl Into<Memory<'a>>,
) -> ProjectModel {
    located_model(snapshot, config, installed, memory).0
}

/// The project as the snapshot shows it, and where in its files things are: in what was read of them, whatever is there by
/// now.
#[must_use]
pub fn located_model<'a, 's>(
    snapshot: &'s dyn Snapshot,
    config: &Config,
    installed: Option<&dyn Installed>,
    memory: impl Into<Memory<'a>>,
) -> (ProjectModel, Locator<'s>) {
    let memory = memory.into();
    let packages = Packages::new(installed);
    let (survey, mut kept) = memory.surveyed(snapshot, None, config);
    let view = View::new(snapshot, survey, &packages, memory.store);
    let model = link(&view, &config.contexts, &mut kept);
    let (survey, read) = view.into_parts();
    memory.keep(survey, kept);
    (model, Locator::new(snapshot, read))
}

/// Reviews a snapshot, compared with its bases. Without bases every finding counts as existing. The work tree is only
/// looked at when something required is missing from the snapshot, installed packages when a plugin is not known.
///
/// # Errors
/// [`ReviewError::Config`] when the snapshot's own configuration cannot be read.
pub fn review<'a>(
    snapshot: &dyn Snapshot,
    bases: &[&dyn Snapshot],
    around: Surroundings<'_>,
    options: &Options,
    memory: impl Into<Memory<'a>>,
) -> Result<Review, ReviewError> {
    let memory = memory.into();
    let config = config_of(snapshot)?;
    let documents = user_documents(snapshot);
    let registry = Registry::with_user_documents(documents.clone());
    let packages = Packages::new(around.installed);
    let looked_at_worktree = Cell::new(false);
    let base = bases.first().zip(options.changed.as_ref()).map(|(&snapshot, changed)| Base { snapshot, changed });
    let (survey, mut kept) = memory.surveyed(snapshot, base, &config);
    let view = View::new(snapshot, survey, &packages, memory.store);
    let model = link(&view, &config.contexts, &mut kept);
    let linked_worktree = || {
        looked_at_worktree.set(true);
        let snapshot = around.worktree.and_then(|open| open());
        let unseen = |snapshot: Box<dyn Snapshot>| {
            let survey = Survey::of(&*snapshot, None, &config, memory.store, None);
            link(&View::new(&*snapshot, survey, &packages, memory.store), &config.contexts, &mut Kept::default())
        };
        snapshot.map(unseen).unwrap_or_default()
    };
    let link_worktree = around.worktree.is_some().then_some(&linked_worktree as &dyn Fn() -> ProjectModel);
    let earlier: Vec<Earlier<'_>> = bases
        .iter()
        .map(|base| {
            let before = config_of(*base).unwrap_or_default();
            let view = match &options.changed {
                Some(changed) if before.ignore.patterns() == config.ignore.patterns() => view.before(*base, &config, changed),
                _ => View::new(*base, Survey::of(*base, None, &before, memory.store, None), &packages, memory.store),
            };
            let picture = picture(*base, &view, &before, &registry, &documents, memory);
            Earlier { config: before, view, picture }
        })
        .collect();
    let before: Vec<Before<'_>> =
        earlier.iter().map(|earlier| Before { model: &earlier.picture.model, files: &earlier.view }).collect();
    let context = Context::new(&model, &view, link_worktree).compared_with(&before);
    let outcome = registry.run(&context);
    let mut notes = outcome.notes;
    notes.extend(config.unknown_rules(registry.rules().iter().map(|rule| rule.id())));

    let reports = numbered(outcome.reports);
    let mut known = Vec::new();
    let mut relevant: BTreeSet<Arc<str>> = model.files.iter().cloned().collect();
    for Earlier { config: before, view: before_view, picture } in &earlier {
        let rules = registry.rules().iter().map(|rule| (rule.id(), rule.document().metadata.tier, rule.severity()));
        for note in crate::config::weakened(before, &config, rules) {
            // The parents of a merge often share a configuration.
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        let gone = picture.found.iter().map(|before| before.mark(&view));
        let earlier = pairing::pairs(gone, reports.iter().map(|now| now.mark(before_view)));
        let is_known = |(now, index): &(&Numbered, usize)| now.report.is_within(&picture.found[*index].report.parts);
        let paired = reports.iter().zip(earlier).filter_map(|(now, index)| index.map(|index| (now, index)));
        known.push(paired.filter(is_known).map(|(now, _)| now.fingerprint.clone()).collect());
        relevant.extend(picture.model.files.iter().cloned());
    }

    let mut texts = Texts::new(|path| view.text(path));
    let findings = reports.into_iter().map(|numbered| texts.finding(numbered)).collect();
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
        paths: &options.paths,
        today: &options.today,
    });
    notes.extend(triaged.notes);
    let findings = triaged.findings;
    let files_changed =
        options.changed.as_ref().map_or(0, |changed| changed.iter().filter(|path| is_relevant(path, &relevant)).count());
    let mentioned: BTreeSet<&str> = findings
        .iter()
        .flat_map(|finding| std::iter::once(&finding.location).chain(finding.related.iter().map(|related| &related.location)))
        .map(|location| location.file.as_str())
        .collect();
    let unread = unread(&view, &model, &mut texts);
    let mut texts = texts.into_read();
    texts.retain(|path, _| mentioned.contains(path.as_str()));
    let review = Review {
        snapshot: snapshot.kind(),
        base: options.base.clone(),
        findings,
        undetermined,
        suppressed: triaged.suppressed,
        notes,
        files_reviewed: model.files.len(),
        files_changed,
        unread,
        blocked: triaged.blocked,
        beyond_snapshots: looked_at_worktree.get() || packages.were_asked(),
        texts,
    };
    drop(before);
    drop(earlier);
    memory.keep(view.into_parts().0, kept);
    memory.store.reviewed();
    Ok(review)
}

/// A snapshot that another is compared with.
struct Earlier<'a> {
    config: Config,
    view: View<'a>,
    picture: Arc<Picture>,
}

/// The picture of a snapshot that another is compared with. Its content decides it, unless installed packages do.
fn picture(
    snapshot: &dyn Snapshot,
    view: &View<'_>,
    config: &Config,
    registry: &Registry,
    documents: &[(String, String)],
    memory: Memory<'_>,
) -> Arc<Picture> {
    let key = snapshot.tree().map(|tree| PictureKey { tree, rules: documents.to_vec() });
    if let Some(picture) = key.as_ref().and_then(|key| memory.picture(key)) {
        return picture;
    }
    let model = link(view, &config.contexts, &mut Kept::default());
    let reports = registry.run(&Context::for_comparison(&model, view)).reports;
    let picture = Arc::new(Picture { model, found: numbered(reports) });
    if let Some(key) = key.filter(|_| !view.packages().were_asked()) {
        memory.keep_picture(key, &picture);
    }
    picture
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
    let bytes = snapshot.read(&snapshot.entry(path)?, MAX_SETTINGS_BYTES).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The rule documents a project keeps of its own: path and text.
#[must_use]
pub fn user_documents(snapshot: &dyn Snapshot) -> Vec<(String, String)> {
    let mut paths: Vec<String> = Vec::new();
    snapshot.visit(USER_RULES, &mut |path, _| {
        if path.ends_with(".md") {
            paths.push((*path).to_owned());
        }
    });
    paths.into_iter().filter_map(|path| settings(snapshot, &path).map(|text| (path, text))).collect()
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

/// A report with its fingerprints.
#[derive(Debug)]
struct Numbered {
    report: Report,
    fingerprint: String,
    /// The fingerprint of the first of its equals.
    family: String,
    /// The fingerprint it would have wherever its package or file lay; `None` where that would tell it from no other of its
    /// rule.
    anywhere: Option<String>,
}

impl Numbered {
    /// What tells it from other reports, beside those of another snapshot.
    fn mark(&self, other: &View<'_>) -> Mark<'_, &str> {
        let file = &self.report.primary.file;
        let is_there =
            |place: &String| other.exists(place) || join(place, "package.json").is_some_and(|manifest| other.exists(&manifest));
        let is_gone = !other.exists(file) || !self.report.identity.first().is_none_or(is_there);
        Mark { family: &self.family, file, anywhere: self.anywhere.as_deref(), is_gone }
    }
}

/// Gives every report its fingerprint; equal ones are told apart by their order of place.
fn numbered(mut reports: Vec<Report>) -> Vec<Numbered> {
    reports.sort_by(|a, b| (&a.rule, &a.identity, &a.primary).cmp(&(&b.rule, &b.identity, &b.primary)));
    let mut ordinal = 0;
    let mut numbered: Vec<Numbered> = Vec::with_capacity(reports.len());
    for report in reports {
        let last = numbered.last().filter(|last| last.report.rule == report.rule && last.report.identity == report.identity);
        ordinal = if last.is_some() { ordinal + 1 } else { 0 };
        let fingerprint = finding::fingerprint(&report.rule, &report.identity, ordinal);
        let family = last.map_or_else(|| fingerprint.clone(), |last| last.family.clone());
        let beside = report.identity.get(1..).filter(|parts| !parts.is_empty());
        let anywhere = beside.map(|parts| finding::fingerprint(&report.rule, parts, 0));
        numbered.push(Numbered { report, fingerprint, family, anywhere });
    }
    numbered
}

/// The files of the picture that were not read everywhere, each with the first place that was not.
fn unread(view: &View<'_>, model: &ProjectModel, texts: &mut Texts<'_>) -> BTreeMap<String, Location> {
    let unread = model.files.iter().filter_map(|path| Some((path, view.facts(path)?.unread()?)));
    unread.map(|(path, (span, _))| (path.to_string(), texts.location(&Site::new(path, span)))).collect()
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
