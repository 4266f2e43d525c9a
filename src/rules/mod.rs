//! The rules: documents, the three ways to write them, and the registry.

use crate::project::ProjectModel;
use crate::project::files::Files;

/// What a rule may look at.
pub struct Context<'a> {
    /// The project under review.
    pub model: &'a ProjectModel,
    /// Its files.
    pub files: &'a dyn Files,
    /// The project as it lies in the work tree, linked when asked for; `None` where the work tree has no part in the
    /// review.
    pub worktree: Option<&'a dyn Fn() -> ProjectModel>,
}

/// To come.
#[derive(Debug, Default)]
pub struct Registry {}
/// To come.
#[derive(Debug, Default)]
pub struct Outcome {
    /// To come.
    pub reports: Vec<crate::finding::Report>,
    /// To come.
    pub open: Vec<crate::finding::Open>,
    /// To come.
    pub notes: Vec<String>,
}
/// To come.
#[derive(Debug)]
pub struct Rule {}
impl Rule {
    /// To come.
    pub fn id(&self) -> &str {
        ""
    }
    /// To come.
    pub fn severity(&self) -> crate::finding::Severity {
        crate::finding::Severity::Low
    }
}
impl Registry {
    /// To come.
    pub fn with_user_documents(_texts: Vec<(String, String)>) -> Self {
        Self {}
    }
    /// To come.
    pub fn run(&self, _context: &Context<'_>) -> Outcome {
        Outcome::default()
    }
    /// To come.
    pub fn rules(&self) -> &[Rule] {
        &[]
    }
}
