//! The paths that are not reviewed.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Most patterns of one configuration, and most bytes of one pattern: a hostile file must not buy time or memory.
pub(super) const MAX_PATTERNS: usize = 256;
/// See [`MAX_PATTERNS`].
pub(super) const MAX_PATTERN_BYTES: usize = 256;

/// Path patterns; a pattern that matches a folder stands for everything below it.
#[derive(Debug, Clone, Default)]
pub struct Ignore {
    patterns: Vec<String>,
    set: GlobSet,
}

impl Ignore {
    /// Compiles patterns. The number in an error is the place of the pattern that is wrong.
    pub(super) fn new(patterns: Vec<String>) -> Result<Self, (usize, String)> {
        if patterns.len() > MAX_PATTERNS {
            return Err((MAX_PATTERNS, format!("more than {MAX_PATTERNS} patterns")));
        }
        let mut set = GlobSetBuilder::new();
        for (place, pattern) in patterns.iter().enumerate() {
            if pattern.len() > MAX_PATTERN_BYTES {
                return Err((place, format!("the pattern is longer than {MAX_PATTERN_BYTES} bytes")));
            }
            let glob = GlobBuilder::new(pattern.trim_start_matches("./").trim_end_matches('/'))
                .literal_separator(true)
                .build()
                .map_err(|why| (place, format!("the pattern is not valid: {}", why.kind())))?;
            set.add(glob);
        }
        let set = set.build().map_err(|why| (0, format!("the patterns are not valid: {}", why.kind())))?;
        Ok(Self { patterns, set })
    }

    /// The patterns as written.
    #[must_use]
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// Whether the file at `path` (from the repository root, with `/`) is not reviewed.
    #[must_use]
    pub fn contains(&self, path: &str) -> bool {
        if self.set.is_empty() {
            return false;
        }
        let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
        folders.chain(std::iter::once(path)).any(|prefix| self.set.is_match(prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignore(patterns: &[&str]) -> Ignore {
        Ignore::new(patterns.iter().map(|pattern| (*pattern).to_owned()).collect()).expect("valid")
    }

    #[test]
    fn a_folder_stands_for_what_it_holds() {
        for pattern in ["examples", "examples/", "./examples", "examples/**"] {
            assert!(ignore(&[pattern]).contains("examples/app/auth.ts"), "{pattern}");
            assert!(!ignore(&[pattern]).contains("src/examples/auth.ts"), "{pattern}");
        }
    }

    #[test]
    fn one_star_stays_within_a_folder() {
        assert!(ignore(&["src/*.ts"]).contains("src/auth.ts"));
        assert!(!ignore(&["src/*.ts"]).contains("src/lib/auth.ts"));
        assert!(ignore(&["**/*.test.ts"]).contains("src/lib/auth.test.ts"));
        assert!(!ignore(&[]).contains("src/auth.ts"));
    }

    #[test]
    fn hostile_patterns_are_refused() {
        let long = Ignore::new(vec!["a".into(), "*".repeat(MAX_PATTERN_BYTES + 1)]).expect_err("too long");
        assert_eq!(long, (1, "the pattern is longer than 256 bytes".into()));
        assert!(Ignore::new(vec!["a".into(); MAX_PATTERNS + 1]).is_err());
        assert!(Ignore::new(vec!["[".into()]).is_err());
        let dense = vec![format!("{}!", "{a,**/?*}".repeat(28)); MAX_PATTERNS];
        assert!(Ignore::new(dense).is_ok_and(|set| !set.contains(&"b/".repeat(500))));
    }
}
