//! TypeScript and JavaScript text to syntax trees, and the gaps of the grammar that are known.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use memchr::memmem;
use tree_sitter::{Language, ParseOptions, Parser, Tree};

use crate::source::{FileKind, Span};

/// Longest time spent on parsing one file.
const PARSE_BUDGET: Duration = Duration::from_secs(2);

/// A parsed file. Offsets in the tree are offsets in the file, also where parts of the text were blanked out.
#[derive(Debug)]
pub struct Parsed<'t> {
    /// The tree.
    pub tree: Tree,
    /// The text the tree was made from: the file, with the same length, without what the grammar cannot read.
    pub text: Cow<'t, str>,
    /// What the parser could not read, or had to make up, in order.
    pub errors: Vec<Span>,
}

/// The grammar for a kind of file.
#[must_use]
pub fn language(kind: FileKind) -> Language {
    match kind {
        FileKind::Tsx => tree_sitter_typescript::LANGUAGE_TSX.into(),
        _ => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
    }
}

/// Parses a code file; `None` when it takes longer than two seconds.
#[must_use]
pub fn parse(kind: FileKind, text: &str) -> Option<Parsed<'_>> {
    let text = match kind {
        FileKind::Component => Cow::Owned(scripts_only(text)),
        _ => without_type_star(text),
    };
    let mut parser = Parser::new();
    parser.set_language(&language(kind)).ok()?;
    let bytes = text.as_bytes();
    let started = Instant::now();
    let mut progress = |_: &tree_sitter::ParseState| {
        if started.elapsed() > PARSE_BUDGET { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let tree = parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or_default(), None, Some(options))?;
    let errors = errors(&tree);
    Some(Parsed { tree, text, errors })
}

fn errors(tree: &Tree) -> Vec<Span> {
    let mut found = Vec::new();
    let mut cursor = tree.walk();
    let mut descend = tree.root_node().has_error();
    loop {
        let node = cursor.node();
        if descend && (node.is_error() || node.is_missing()) {
            found.push(Span::new(node.start_byte(), node.end_byte()));
            descend = false;
        }
        if descend && node.has_error() && cursor.goto_first_child() {
            continue;
        }
        descend = true;
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}

/// `export type * from "…"` is newer than the grammar: without the word `type` it reads the same for our purpose.
fn without_type_star(text: &str) -> Cow<'_, str> {
    const PHRASE: &str = "export type *";
    let places: Vec<usize> = memmem::find_iter(text.as_bytes(), PHRASE).collect();
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut owned = text.to_owned();
    for at in places {
        let word = at + "export ".len();
        owned.replace_range(word..word + "type".len(), "    ");
    }
    Cow::Owned(owned)
}

/// Blanks everything outside the script blocks (and the leading `---` block of Astro) of a component, byte by byte.
fn scripts_only(text: &str) -> String {
    let mut keep: Vec<(usize, usize)> = Vec::new();
    if let Some(body) = text.strip_prefix("---")
        && let Some(end) = body.find("\n---")
    {
        keep.push((3, 3 + end));
    }
    let mut from = 0;
    while let Some(open) = text[from..].find("<script").map(|at| from + at) {
        let Some(start) = text[open..].find('>').map(|at| open + at + 1) else { break };
        let end = text[start..].find("</script").map_or(text.len(), |at| start + at);
        keep.push((start, end));
        from = end;
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (start, end) in keep {
        if start < at {
            continue;
        }
        blank(&text[at..start], &mut out);
        out.push_str(&text[start..end]);
        at = end;
    }
    blank(&text[at..], &mut out);
    out
}

fn blank(text: &str, out: &mut String) {
    out.extend(text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanking_keeps_every_offset() {
        let text = "<template>é</template>\n<script setup lang=\"ts\">\nconst a = 1\n</script>\n";
        let scripts = scripts_only(text);
        assert_eq!(scripts.len(), text.len());
        assert_eq!(scripts.find("const a"), text.find("const a"));
        assert!(!scripts.contains("template"));
        assert_eq!(without_type_star("export type * from 'x'"), "export      * from 'x'");
    }

    #[test]
    fn deep_nesting_parses_in_bounded_time() {
        let text = "[".repeat(10_000);
        assert!(parse(FileKind::TypeScript, &text).is_some());
    }
}
