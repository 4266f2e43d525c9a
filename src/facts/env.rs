//! Env files: the names set in them and what can be told of the values without keeping them.

use serde::{Deserialize, Serialize};

use super::module::Text;
use crate::source::Span;

/// One assignment of an env file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// The name.
    pub name: String,
    /// The value; kept as text only where it cannot be a credential.
    pub value: Text,
    /// The assignment.
    pub span: Span,
}

/// Reads the assignments of an env file.
#[must_use]
pub fn extract(_text: &str) -> Vec<Variable> {
    Vec::new()
}
