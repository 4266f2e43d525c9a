//! What better-auth requires, by version: typed access to `rules/packs`.

pub mod predicate;

/// A plugin the packs know.
#[derive(Debug)]
pub struct Plugin {}

/// To come.
#[derive(Debug)]
pub struct Pack {}

/// To come.
#[must_use]
pub fn pack() -> &'static Pack {
    &Pack {}
}

impl Pack {
    /// To come.
    pub fn plugin_for(&self, _module: &str, _name: &str) -> Option<&'static Plugin> {
        None
    }
    /// To come.
    pub fn client_for(&self, _module: &str, _name: &str) -> Option<(&'static Plugin, &'static Plugin)> {
        None
    }
}
