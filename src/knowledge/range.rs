//! Ranges of releases, written `1.2.0..1.5.0`: from the first one on, up to but without the second.

use std::fmt;

use nodejs_semver::Version;
use serde::de::{Deserialize, Deserializer, Error};

/// Major, minor and patch of a release.
pub type Release = (u64, u64, u64);

/// A range of releases; either end may be open: `1.4.0..`, `..1.1.0`, `..`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    /// The first release of the range.
    pub since: Option<Release>,
    /// The first release after the range.
    pub until: Option<Release>,
}

impl Range {
    /// Reads the written form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (since, until) = text.split_once("..")?;
        let end = |text: &str| if text.is_empty() { Some(None) } else { release(text).map(Some) };
        Some(Self { since: end(since)?, until: end(until)? })
    }

    /// Whether a version lies in the range. A pre-release counts as the release it leads to, whose changes it carries.
    #[must_use]
    pub fn contains(&self, version: &Version) -> bool {
        let release = (version.major(), version.minor(), version.patch());
        self.since.is_none_or(|since| since <= release) && self.until.is_none_or(|until| release < until)
    }
}

fn release(text: &str) -> Option<Release> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    let release = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(release)
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dotted = |(major, minor, patch): Release| format!("{major}.{minor}.{patch}");
        match (self.since.map(dotted), self.until.map(dotted)) {
            (None, None) => f.write_str("all versions"),
            (Some(since), None) => write!(f, "{since} and later"),
            (None, Some(until)) => write!(f, "before {until}"),
            (Some(since), Some(until)) => write!(f, "{since} and later, before {until}"),
        }
    }
}

impl<'de> Deserialize<'de> for Range {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no range of releases like `1.2.0..1.5.0`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(range: &str, version: &str) -> bool {
        Range::parse(range).expect("a range").contains(&Version::parse(version).expect("a version"))
    }

    #[test]
    fn ends_are_inclusive_and_exclusive() {
        assert!(contains("1.2.0..1.5.0", "1.2.0"));
        assert!(contains("1.2.0..1.5.0", "1.4.99"));
        assert!(!contains("1.2.0..1.5.0", "1.5.0"));
        assert!(!contains("1.2.0..", "1.1.21"));
        assert!(contains("..1.1.0", "0.8.0"));
        assert!(contains("..", "2.0.0"));
    }

    #[test]
    fn a_prerelease_counts_as_its_release() {
        assert!(contains("1.4.0..", "1.4.0-beta.3"));
        assert!(!contains("..1.4.0", "1.4.0-beta.3"));
    }

    #[test]
    fn rejects_what_is_no_range() {
        for text in ["", "1.2.0", "1.2..1.3.0", "a..b", "1.2.0.1.."] {
            assert_eq!(Range::parse(text), None, "{text}");
        }
    }
}
