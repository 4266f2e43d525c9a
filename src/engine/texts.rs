//! Places of a snapshot as lines and columns.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::Numbered;
use super::view::{Read, read_text};
use crate::finding::{Edit, Finding, Fix, Location, Open, Related, Status, Undetermined};
use crate::source::{LineIndex, Site, Snapshot};

/// Reads the text of the file at a path.
type ReadText<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Texts of a snapshot, read when a place in them is to be shown.
pub(super) struct Texts<'a> {
    read: Box<ReadText<'a>>,
    texts: BTreeMap<String, String>,
}

impl<'a> Texts<'a> {
    pub(super) fn new(read: impl Fn(&str) -> Option<String> + 'a) -> Self {
        Self { read: Box::new(read), texts: BTreeMap::new() }
    }

    /// The texts that were read: path and content.
    pub(super) fn into_read(self) -> BTreeMap<String, String> {
        self.texts
    }

    pub(super) fn text(&mut self, path: &str) -> &str {
        self.texts.entry(path.to_owned()).or_insert_with(|| (self.read)(path).unwrap_or_default())
    }

    pub(super) fn location(&mut self, site: &Site) -> Location {
        let index = LineIndex::new(self.text(&site.file));
        Location::new(&site.file, index.position(site.span.start), index.position(site.span.end))
    }

    pub(super) fn finding(&mut self, Numbered { report, fingerprint, family, .. }: Numbered) -> Finding {
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
                next: plan.next,
            }),
            refusal: report.refusal,
            rule: report.rule,
            severity: report.severity,
            confidence: report.confidence,
            tier: report.tier,
            status: Status::Existing,
            message: report.message,
            why: report.why,
            help: report.help,
            fingerprint,
            family,
            docs: report.docs,
            cwe: report.cwe,
            label: report.label,
            site: Some(report.primary),
        }
    }

    pub(super) fn open(&mut self, open: &Open) -> Undetermined {
        Undetermined { question: open.question.clone(), reason: open.reason.clone(), location: self.location(&open.site) }
    }
}

/// Turns places of the model into lines and columns of a snapshot.
pub struct Locator<'a> {
    texts: RefCell<Texts<'a>>,
}

impl<'a> Locator<'a> {
    /// A locator over the snapshot the model was linked from, and what was read of it then.
    pub(super) fn new(snapshot: &'a dyn Snapshot, read: Read) -> Self {
        Self { texts: RefCell::new(Texts::new(move |path| read_text(snapshot, &read, path))) }
    }

    /// The location of a place.
    #[must_use]
    pub fn locate(&self, site: &Site) -> Location {
        self.texts.borrow_mut().location(site)
    }
}
