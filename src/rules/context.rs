//! What a rule may look at.

use std::cell::OnceCell;
use std::sync::Arc;

use nodejs_semver::Version;

use crate::facts::manifest::Script;
use crate::facts::{Body, FileFacts};
use crate::knowledge::pack;
use crate::project::files::Files;
use crate::project::{ProjectModel, version};
use crate::source::{FileKind, Site, folder_of};

/// What a rule may look at.
pub struct Context<'a> {
    /// The project under review.
    pub model: &'a ProjectModel,
    /// Its files.
    pub files: &'a dyn Files,
    /// The states it is compared with: the parents of the commit, or one base; empty where nothing is compared.
    pub before: &'a [Before<'a>],
    /// The reports are not shown: only what they are recognised by counts.
    pub for_comparison: bool,
    link_worktree: Option<&'a dyn Fn() -> ProjectModel>,
    worktree: OnceCell<ProjectModel>,
}

/// The project as it was.
#[derive(Clone, Copy)]
pub struct Before<'a> {
    /// The project.
    pub model: &'a ProjectModel,
    /// Its files.
    pub files: &'a dyn Files,
}

impl<'a> Context<'a> {
    /// A context without anything to compare with; `link_worktree` links the project as it lies in the work tree, and is `None` where the work tree has no
    /// part in the review.
    #[must_use]
    pub fn new(model: &'a ProjectModel, files: &'a dyn Files, link_worktree: Option<&'a dyn Fn() -> ProjectModel>) -> Self {
        Self { model, files, before: &[], for_comparison: false, link_worktree, worktree: OnceCell::new() }
    }

    /// The context of an earlier state, to tell which findings it has already.
    #[must_use]
    pub fn for_comparison(model: &'a ProjectModel, files: &'a dyn Files) -> Self {
        Self { for_comparison: true, ..Self::new(model, files, None) }
    }

    /// The same context, compared with earlier states of the project.
    #[must_use]
    pub fn compared_with(self, before: &'a [Before<'a>]) -> Self {
        Self { before, ..self }
    }

    /// The project as it lies in the work tree, linked when first asked for.
    #[must_use]
    pub fn worktree(&self) -> Option<&ProjectModel> {
        self.link_worktree.map(|link| self.worktree.get_or_init(link))
    }

    /// Whether the package in `folder`, or the root package, depends on one of `names`; `@scope/*` stands for a scope.
    #[must_use]
    pub fn depends_on(&self, folder: &str, names: &[String]) -> bool {
        let matches = |package: &str| {
            names.iter().any(|name| match name.strip_suffix('*') {
                Some(scope) => package.starts_with(scope),
                None => package == name,
            })
        };
        let mut manifests = self.manifests(|path| matches!(folder_of(path), own if own == folder || own.is_empty()));
        manifests.any(|(_, facts)| match &facts.body {
            Body::Manifest(manifest) => manifest.dependencies.iter().any(|dependency| matches(&dependency.name)),
            _ => false,
        })
    }

    /// The scripts of all manifests, with their places.
    #[must_use]
    pub fn scripts(&self) -> Vec<(Site, Script)> {
        let scripts = |(path, facts): (Arc<str>, Arc<FileFacts>)| match &facts.body {
            Body::Manifest(manifest) => manifest.scripts.iter().map(|one| (Site::new(&path, one.span), one.clone())).collect(),
            _ => Vec::new(),
        };
        self.manifests(|_| true).flat_map(scripts).collect()
    }

    fn manifests(&self, wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = (Arc<str>, Arc<FileFacts>)> {
        let paths = FileKind::MANIFESTS.into_iter().flat_map(|kind| self.files.of_kind(kind));
        paths.filter(move |path| wanted(path)).filter_map(|path| self.files.facts(&path).map(|facts| (path, facts)))
    }

    /// Paths of all files of a kind.
    #[must_use]
    pub fn of_kind(&self, kind: FileKind) -> Vec<Arc<str>> {
        self.files.of_kind(kind)
    }
}

/// The release to judge by: see [`version::Version::effective`]; the newest the packs know when nothing is declared.
pub(super) fn release(version: &version::Version) -> Version {
    version.effective().unwrap_or_else(|| pack().core.newest.clone())
}
