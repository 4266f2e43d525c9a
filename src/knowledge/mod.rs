//! What better-auth requires, by version: typed access to `rules/packs`.

/// A plugin the packs know.
#[derive(Debug)]
pub struct Plugin {}
