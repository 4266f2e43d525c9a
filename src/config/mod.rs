//! `auth-review.toml`: schema, discovery, defaults.

/// The configuration in effect.
#[derive(Debug, Clone, Default)]
pub struct Config {}
