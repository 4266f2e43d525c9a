//! The difference of two texts, as git prints it.

use std::path::Path;

use git2::{DiffLine, DiffLineType, Patch};

/// A text that is compared, and how its lines are shown.
#[derive(Debug, Clone, Copy)]
pub struct Side<'t> {
    /// The bytes that are compared.
    pub content: &'t [u8],
    /// The text with as many lines that is printed in their place.
    pub shown: &'t str,
}

/// The unified diff of a file; empty when nothing differs.
///
/// # Errors
/// When libgit2 cannot compare the texts.
pub fn unified_diff(path: &str, before: Side<'_>, after: Side<'_>) -> Result<String, git2::Error> {
    let path = Some(Path::new(path));
    let mut patch = Patch::from_buffers(before.content, path, after.content, path, None)?;
    let [old, new] = [before, after].map(|side| side.shown.split_inclusive('\n').collect::<Vec<_>>());
    let shown = |lines: &[&str], number: Option<u32>| {
        let place = usize::try_from(number?).ok()?.checked_sub(1)?;
        lines.get(place).map(|line| (*line).to_owned())
    };
    let mut diff = String::new();
    patch.print(&mut |_, _, line: DiffLine<'_>| {
        let written = String::from_utf8_lossy(line.content());
        let text = match line.origin_value() {
            DiffLineType::Context | DiffLineType::Deletion => shown(&old, line.old_lineno()),
            DiffLineType::Addition => shown(&new, line.new_lineno()),
            // What git repeats behind the places is a line of the text as well.
            DiffLineType::HunkHeader => written.match_indices("@@").nth(1).map(|(end, _)| format!("{}@@\n", &written[..end])),
            _ => Some(written.into_owned()),
        };
        if matches!(line.origin(), ' ' | '-' | '+') {
            diff.push(line.origin());
        }
        diff.push_str(text.as_deref().unwrap_or("\n"));
        true
    })?;
    Ok(diff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_compared_as_they_are_and_printed_as_they_are_shown() {
        let before = "function secret() {\n1\n2\n3\nsecret\n4\n";
        let after = "function secret() {\n1\n2\n3\nsecret\nsecret 5";
        let [old, new] = [before, after].map(|text| text.replace("secret", "…"));
        let side = |content: &'static str| content.as_bytes();
        let diff = unified_diff("a.ts", Side { content: side(before), shown: &old }, Side { content: side(after), shown: &new })
            .expect("two texts");
        let (head, hunk) = diff.split_once("+++ b/a.ts\n").expect("a head");
        assert!(head.starts_with("diff --git a/a.ts b/a.ts\n"), "{head}");
        assert_eq!(hunk, "@@ -3,4 +3,4 @@\n 2\n 3\n …\n-4\n+… 5\n\\ No newline at end of file\n");
        let same = Side { content: side(before), shown: &old };
        assert_eq!(unified_diff("a.ts", same, same), Ok(String::new()));
        let hidden = Side { content: b"other", shown: "…" };
        let diff = unified_diff("a.ts", Side { content: b"secret", shown: "…" }, hidden).expect("two texts");
        assert!(diff.contains("-…\n") && diff.contains("+…\n"), "{diff}");
    }
}
