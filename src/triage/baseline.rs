//! The findings a project has decided to live with for now.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::finding::Finding;
use crate::finding::pairing::{self, Mark};

/// Where the baseline lies, from the repository root.
pub const BASELINE_PATH: &str = ".auth-review/baseline.json";

/// The format this program reads.
const VERSION: u32 = 1;

/// The known findings: fingerprints, with the files they are in.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    findings: BTreeMap<String, String>,
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
    #[serde(default)]
    file: String,
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
        Ok(Self { findings: document.findings.into_iter().map(|entry| (entry.fingerprint, entry.file)).collect() })
    }

    /// The fingerprints of those findings that are known. Of equal ones that is as many as it holds, those in the files it
    /// names before others: a fingerprint alone only tells the place among equals, which a copy of the file changes.
    #[must_use]
    pub fn known(&self, findings: &[Finding]) -> BTreeSet<String> {
        let held = findings.iter().filter_map(|finding| {
            let file = self.findings.get(&finding.fingerprint)?;
            Some(Mark { family: finding.family.as_str(), file, anywhere: None, is_gone: false })
        });
        let paired = pairing::pairs(held, findings.iter().map(Finding::mark));
        findings.iter().zip(paired).filter(|(_, known)| known.is_some()).map(|(finding, _)| finding.fingerprint.clone()).collect()
    }
}
