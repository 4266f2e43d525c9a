//! The findings a project has decided to live with for now.

use std::collections::BTreeSet;

use serde::Deserialize;

/// Where the baseline lies, from the repository root.
pub const BASELINE_PATH: &str = ".auth-review/baseline.json";

/// The format this program reads.
const VERSION: u32 = 1;

/// The fingerprints of known findings.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    fingerprints: BTreeSet<String>,
}

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// Not JSON of the expected shape.
    #[error("it is not a valid baseline: {0}")]
    Syntax(#[from] serde_json::Error),
    /// Written by another version of this program.
    #[error("it has version {0}, and this program reads version {VERSION}")]
    Version(u32),
}

/// The file as written: beside the fingerprint each finding has its rule, file and message, for people who merge it.
#[derive(Deserialize)]
struct Document {
    version: u32,
    #[serde(default)]
    findings: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    fingerprint: String,
}

impl Baseline {
    /// Reads the text of a baseline.
    ///
    /// # Errors
    /// When it is no JSON, lacks its version or a fingerprint, or has another version.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        let document: Document = serde_json::from_str(text)?;
        if document.version != VERSION {
            return Err(BaselineError::Version(document.version));
        }
        Ok(Self { fingerprints: document.findings.into_iter().map(|entry| entry.fingerprint).collect() })
    }

    /// Whether the finding with this fingerprint is known.
    #[must_use]
    pub fn contains(&self, fingerprint: &str) -> bool {
        self.fingerprints.contains(fingerprint)
    }
}
