//! What a rule may look at.

use std::cell::OnceCell;
use std::sync::Arc;

use nodejs_semver::Version;

use crate::facts::Body;
use crate::knowledge::pack;
use crate::project::files::Files;
use crate::project::{ProjectModel, version};

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
        let own = if folder.is_empty() { "package.json".to_owned() } else { format!("{folder}/package.json") };
        [own.as_str(), "package.json"].into_iter().any(|path| {
            let facts = self.files.facts(path);
            match facts.as_deref().map(|facts| &facts.body) {
                Some(Body::Manifest(manifest)) => manifest.dependencies.iter().any(|dependency| matches(&dependency.name)),
                _ => false,
            }
        })
    }

    /// Paths of all files of a kind.
    #[must_use]
    pub fn of_kind(&self, kind: crate::source::FileKind) -> Vec<Arc<str>> {
        self.files.of_kind(kind)
    }
}

/// The release to judge by: see [`version::Version::effective`]; the newest the packs know when nothing is declared.
pub(super) fn release(version: &version::Version) -> Version {
    version.effective().unwrap_or_else(|| pack().core.newest.clone())
}
