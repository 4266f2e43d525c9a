//! A rule document: TOML front matter between `+++` lines, then Markdown for people, whose examples are its tests.

use std::borrow::Cow;
use std::sync::Arc;

use super::markdown::{Block, blocks};
use super::metadata::Metadata;

/// The heading of the section that says why a finding matters.
pub const WHY: &str = "Why it matters";
/// The heading of the section with the repair of the server.
pub const FIX_SERVER: &str = "Fix on the server";
/// The heading of the section with the repair of the client.
pub const FIX_CLIENT: &str = "Fix on the client";
/// The heading of the section with the repair of the schema.
pub const MIGRATION: &str = "Migration step";
/// The heading of the section with the examples.
pub const EXAMPLES: &str = "Examples";

/// The sections every rule of this program has, in order; a user's own rules may leave out any of them.
pub const SECTIONS: [&str; 6] = ["What it finds", WHY, FIX_SERVER, FIX_CLIENT, "When to suppress", EXAMPLES];

/// One rule document.
#[derive(Debug)]
pub struct Document {
    /// Where it lies, for messages.
    pub path: Arc<str>,
    /// The front matter.
    pub metadata: Metadata,
    body: Cow<'static, str>,
    /// 1-based line of the first line of the body.
    body_line: u32,
}

/// What is wrong with a rule document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}: {problem}; {remedy}")]
pub struct DocumentError {
    /// The document.
    pub path: Arc<str>,
    /// 1-based line.
    pub line: u32,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl Document {
    /// Reads a document. Only the front matter is looked at; sections are found when asked for.
    ///
    /// # Errors
    /// A [`DocumentError`] when there is no front matter or it says something that is not understood.
    pub fn parse(path: &str, text: impl Into<Cow<'static, str>>) -> Result<Self, DocumentError> {
        let text = text.into();
        let error = |line, problem: String, remedy: &str| DocumentError {
            path: Arc::from(path),
            line,
            problem,
            remedy: remedy.to_owned(),
        };
        let Some(front) = front_matter(&text) else {
            return Err(error(
                1,
                "there is no front matter".into(),
                "start the file with a `+++` line, TOML, and another `+++` line",
            ));
        };
        let metadata: Metadata = toml::from_str(&text[front.clone()]).map_err(|why| {
            let at = front.start + why.span().map_or(0, |span| span.start);
            error(
                line_of(&text, at),
                why.message().to_owned(),
                "correct the front matter; `git auth-review explain` shows built-in rules as models",
            )
        })?;
        metadata.validate().map_err(|(problem, remedy)| error(1, problem, remedy))?;
        let body_start = (front.end + 4).min(text.len());
        let body_line = line_of(&text, body_start);
        let body = match text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[body_start..]),
            Cow::Owned(mut text) => Cow::Owned(text.split_off(body_start)),
        };
        Ok(Self { path: Arc::from(path), metadata, body, body_line })
    }

    /// The text after the front matter.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The blocks of the body.
    pub(crate) fn blocks(&self) -> Vec<Block<'_>> {
        blocks(&self.body, self.body_line)
    }

    /// The first paragraph of a section, on one line; `None` where there is none.
    #[must_use]
    pub fn lead(&self, section: &str) -> Option<String> {
        let words: Vec<&str> = self
            .blocks()
            .into_iter()
            .skip_while(|block| !matches!(block, Block::Heading { level: 2, title, .. } if *title == section))
            .skip(1)
            .map_while(|block| match block {
                Block::Line { text } => Some(text.trim()),
                _ => None,
            })
            .skip_while(|line| line.is_empty())
            .take_while(|line| !line.is_empty())
            .collect();
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// The query of a query rule and the line it starts on.
    #[must_use]
    pub fn query(&self) -> Option<(&str, u32)> {
        self.blocks().into_iter().find_map(|block| match block {
            Block::Fence { info: "query", content, line } => Some((content, line + 1)),
            _ => None,
        })
    }

    /// An error at a line of this document.
    #[must_use]
    pub fn error(&self, line: u32, problem: impl Into<String>, remedy: &str) -> DocumentError {
        DocumentError { path: Arc::clone(&self.path), line, problem: problem.into(), remedy: remedy.to_owned() }
    }
}

/// The bytes between the `+++` lines.
fn front_matter(text: &str) -> Option<std::ops::Range<usize>> {
    let start = text.starts_with("+++\n").then_some(4).or_else(|| text.starts_with("+++\r\n").then_some(5))?;
    let end = text[start - 1..].match_indices("\n+++").map(|(at, _)| start - 1 + at + 1).find(|end| {
        let rest = &text[end + 3..];
        rest.is_empty() || rest.starts_with('\n') || rest.starts_with("\r\n")
    })?;
    Some(start..end)
}

fn line_of(text: &str, at: usize) -> u32 {
    let newlines = memchr::memchr_iter(b'\n', &text.as_bytes()[..at.min(text.len())]).count();
    u32::try_from(newlines + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRONT: &str =
        "+++\nid = \"x/y\"\nsummary = \"s\"\nseverity = \"high\"\nconfidence = \"high\"\ntier = 1\ncheck = \"code\"\n+++\n";

    #[test]
    fn reads_sections_on_demand() {
        let text = format!("{FRONT}\n## {WHY}\n\nOne\ntwo.\n\nThree.\n\n## Other\n```query\n(a)\n```\n");
        let document = Document::parse("x/y.md", text).expect("valid");
        assert_eq!(document.lead(WHY).as_deref(), Some("One two."));
        assert_eq!(document.lead(FIX_SERVER), None);
        assert_eq!(document.query(), Some(("(a)\n", 19)));
    }

    #[test]
    fn errors_name_line_and_remedy() {
        let missing = Document::parse("a.md", "# Title").expect_err("no front matter");
        assert_eq!(missing.line, 1);
        assert!(missing.to_string().contains("`+++`"), "{missing}");
        let wrong = Document::parse("a.md", FRONT.replace("\"high\"\nconf", "\"huge\"\nconf")).expect_err("no such severity");
        assert_eq!(wrong.line, 4, "{wrong}");
        assert!(wrong.problem.contains("huge"), "{wrong}");
        let unknown = Document::parse("a.md", FRONT.replace("tier", "tear = 2\ntier")).expect_err("unknown key");
        assert!(unknown.to_string().starts_with("a.md:6: "), "{unknown}");
        let open = Document::parse("a.md", "+++\nid = \"x\"\n").expect_err("never closed");
        assert!(open.problem.contains("front matter"));
    }

    #[test]
    fn windows_line_ends_are_fine() {
        let text = format!("{FRONT}\n## {WHY}\n\nOne.\n").replace('\n', "\r\n");
        assert_eq!(Document::parse("x/y.md", text).expect("valid").lead(WHY).as_deref(), Some("One."));
    }
}
