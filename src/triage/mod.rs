//! What becomes of findings: suppressed, known, existing or new; and whether they block.

use serde::{Deserialize, Serialize};

use crate::finding::Severity;

/// The lowest severity that blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    /// Critical findings only.
    Critical,
    /// High and above.
    High,
    /// Medium and above.
    Medium,
    /// Everything.
    Low,
    /// Nothing blocks.
    Never,
}

impl FailOn {
    /// Whether a finding of this severity is at or above the line.
    #[must_use]
    pub fn includes(self, severity: Severity) -> bool {
        let line = match self {
            Self::Critical => Severity::Critical,
            Self::High => Severity::High,
            Self::Medium => Severity::Medium,
            Self::Low => Severity::Low,
            Self::Never => return false,
        };
        severity >= line
    }
}
