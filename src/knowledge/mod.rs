//! What better-auth requires, by version: typed access to `rules/packs`.

pub mod predicate;

/// A plugin the packs know.
#[derive(Debug)]
pub struct Plugin {}
