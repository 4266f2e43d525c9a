//! Lockfiles: which versions of the packages the review cares for were resolved.

use serde::{Deserialize, Serialize};

use crate::source::FileKind;

/// The entries of a lockfile that concern the review (see [`is_relevant`]).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lockfile {
    /// The resolved packages in order of appearance.
    pub packages: Vec<Locked>,
}

/// One resolved package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locked {
    /// The package's name.
    pub name: String,
    /// The exact version.
    pub version: String,
    /// Whose dependency this entry is.
    pub scope: Scope,
}

/// Whose dependency a locked entry is, as far as the format tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Every package that finds no closer one (hoisted to the top).
    Root,
    /// One workspace package, by its folder relative to the lockfile (`.` for the root itself).
    Workspace(String),
    /// Every dependent that asks for exactly this range (yarn).
    Range(String),
    /// Some package outside the workspace; never the version of the application.
    Nested,
}

/// Whether entries for this package are kept: better-auth with its companions, and the database libraries.
#[must_use]
pub fn is_relevant(name: &str) -> bool {
    name == "better-auth"
        || name == "auth"
        || name.starts_with("@better-auth/")
        || matches!(name, "drizzle-orm" | "drizzle-kit" | "prisma" | "@prisma/client" | "kysely" | "mongodb" | "typeorm")
}

/// Reads the relevant entries of a lockfile.
#[must_use]
pub fn extract(_kind: FileKind, _text: &str) -> Lockfile {
    Lockfile::default()
}
