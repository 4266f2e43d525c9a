//! The little Markdown that rule documents use: headings, fenced blocks and prose, with line numbers.

/// A piece of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Block<'t> {
    /// `## Title`.
    Heading {
        /// How many `#`.
        level: usize,
        /// The title.
        title: &'t str,
        /// 1-based line.
        line: u32,
    },
    /// A fenced block.
    Fence {
        /// What stands behind the opening fence: `ts file=src/auth.ts`.
        info: &'t str,
        /// The lines between the fences.
        content: &'t str,
        /// 1-based line of the opening fence.
        line: u32,
    },
    /// A line of prose, perhaps empty.
    Line {
        /// The line without its end.
        text: &'t str,
    },
}

/// Splits Markdown into blocks; `first_line` is the line number of the first line. A fence that is never closed reaches
/// to the end.
pub(crate) fn blocks(text: &str, first_line: u32) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut line = first_line;
    while !rest.is_empty() {
        let (current, after) = split_line(rest);
        let fence_length = current.bytes().take_while(|byte| *byte == b'`').count();
        if fence_length >= 3 {
            let (content, lines, remaining) = until_fence(after, fence_length);
            found.push(Block::Fence { info: current[fence_length..].trim(), content, line });
            line += 1 + lines;
            rest = remaining;
            continue;
        }
        let level = current.bytes().take_while(|byte| *byte == b'#').count();
        found.push(match current[level..].strip_prefix(' ') {
            Some(title) if level > 0 => Block::Heading { level, title: title.trim(), line },
            _ => Block::Line { text: current },
        });
        line += 1;
        rest = after;
    }
    found
}

fn split_line(text: &str) -> (&str, &str) {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    (line.strip_suffix('\r').unwrap_or(line), rest)
}

/// The content up to the closing fence, the number of lines taken with it, and what follows.
fn until_fence(text: &str, length: usize) -> (&str, u32, &str) {
    let mut rest = text;
    let mut lines = 0;
    while !rest.is_empty() {
        let (line, after) = split_line(rest);
        lines += 1;
        let trimmed = line.trim_end();
        if trimmed.len() >= length && trimmed.bytes().all(|byte| byte == b'`') {
            return (&text[..text.len() - rest.len()], lines, after);
        }
        rest = after;
    }
    (text, lines, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_hide_headings_and_shorter_fences() {
        let text = "## A\nprose\n````md x=1\n# no heading\n```\n````\n### B\n";
        assert_eq!(
            blocks(text, 10),
            [
                Block::Heading { level: 2, title: "A", line: 10 },
                Block::Line { text: "prose" },
                Block::Fence { info: "md x=1", content: "# no heading\n```\n", line: 12 },
                Block::Heading { level: 3, title: "B", line: 16 },
            ]
        );
    }

    #[test]
    fn an_open_fence_reaches_to_the_end() {
        assert_eq!(blocks("```ts\na", 1), [Block::Fence { info: "ts", content: "a", line: 1 }]);
    }
}
