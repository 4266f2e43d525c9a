//! Which applications show something to people, and with which framework.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::frameworks::shown_by;
use crate::knowledge::frameworks::Framework;
use crate::project::eval::Evaluator;
use crate::project::files::Files;
use crate::project::resolve::Resolver;

/// Most files of one package that are followed from a client to the applications it is part of.
const MAX_FILES: usize = 16;

/// Tells applications.
#[derive(Clone, Copy)]
pub(super) struct Showing<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) resolver: &'a Resolver,
    pub(super) evaluator: &'a Evaluator<'a>,
}

/// What a package on the way from a client to its applications is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Package {
    /// An application, with the framework it is built with.
    Built(&'static Framework),
    /// It depends on a framework, which others may build an application with.
    Depending(&'static Framework),
    /// Others have to do with what it shows.
    Other,
}

impl Showing<'_> {
    /// The framework a package shows something to people with. One that others use, and that is not built with a framework, has
    /// only to do with it.
    pub(super) fn by(self, package: &Arc<str>) -> Option<&'static Framework> {
        match self.package(package) {
            Package::Built(framework) | Package::Depending(framework) => Some(framework),
            Package::Other => None,
        }
    }

    /// What the packages that show a file to people are made with: its own, or those whose files import it, directly or
    /// through files of packages between them.
    pub(super) fn with(self, file: &Arc<str>) -> Vec<(Arc<str>, &'static Framework)> {
        let own = self.resolver.package_of(file);
        let package = self.package(&own);
        let is_followed = !matches!(package, Package::Built(_)) && self.resolver.has_several_packages();
        let mut packages = BTreeMap::from([(own, (package, 1))]);
        let mut files = if is_followed { vec![Arc::clone(file)] } else { Vec::new() };
        let mut next = 0;
        while let Some(file) = files.get(next).cloned() {
            next += 1;
            let own = self.resolver.package_of(&file);
            for importer in self.evaluator.importers(&file).iter() {
                let user = self.resolver.package_of(importer);
                if user != own
                    && let Some((package @ Package::Depending(_), _)) = packages.get_mut(&own)
                {
                    *package = Package::Other;
                }
                let (package, followed) = packages.entry(Arc::clone(&user)).or_insert_with(|| (self.package(&user), 0));
                if !matches!(package, Package::Built(_)) && *followed < MAX_FILES && !files.contains(importer) {
                    *followed += 1;
                    files.push(Arc::clone(importer));
                }
            }
        }
        let shown = packages.into_iter().filter_map(|(package, (kind, _))| match kind {
            Package::Built(framework) | Package::Depending(framework) => Some((package, framework)),
            Package::Other => None,
        });
        shown.collect()
    }

    fn package(self, package: &Arc<str>) -> Package {
        match shown_by(self.files, self.resolver, package) {
            Some((framework, true)) => Package::Built(framework),
            Some((framework, false)) if !self.is_for_others(package) => Package::Depending(framework),
            _ => Package::Other,
        }
    }

    /// Whether other packages use a package, or are to do so.
    fn is_for_others(self, package: &str) -> bool {
        let mut manifests = self.resolver.manifests(package);
        manifests.any(|(_, manifest)| !manifest.exports.is_empty()) || !self.resolver.dependants(package).is_empty()
    }
}
