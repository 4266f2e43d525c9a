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
