//! What the configuration requires of the database.

use super::Required;
use crate::project::PluginUse;
use crate::project::value::Node;
use crate::project::version::Version;

/// The tables and columns that better-auth of this version needs with these options and plugins.
#[must_use]
pub fn required(_version: &Version, _options: &Node, _plugins: &[PluginUse]) -> Required {
    Required::default()
}
