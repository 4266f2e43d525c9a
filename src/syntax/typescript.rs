//! TypeScript and JavaScript text to syntax trees, and the gaps of the grammar that are known.

pub mod fields;
mod gaps;
mod layout;
pub mod nodes;
mod recent;

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use tree_sitter::{Language, ParseOptions, Parser, Tree};

use crate::source::{FileKind, Span};
use recent::Start;

/// Longest time spent on parsing one file.
const PARSE_BUDGET: Duration = Duration::from_secs(2);

/// A parsed file. Offsets in the tree are offsets in the file, also where parts of the text were blanked out.
#[derive(Debug)]
pub struct Parsed<'t> {
    /// The tree.
    pub tree: Tree,
    /// The text the tree was made from: the file, with the same length, without what the grammar cannot read.
    pub text: Cow<'t, str>,
    /// What could not be read, in order.
    pub errors: Vec<Span>,
}

/// The grammars: of TypeScript, and of TSX.
static GRAMMARS: LazyLock<[Language; 2]> =
    LazyLock::new(|| [tree_sitter_typescript::LANGUAGE_TYPESCRIPT, tree_sitter_typescript::LANGUAGE_TSX].map(Language::from));

/// The grammar for a kind of file.
#[must_use]
pub fn language(kind: FileKind) -> Language {
    GRAMMARS[usize::from(kind == FileKind::Tsx)].clone()
}

/// The place of the grammar a tree or a node is of, among [both](GRAMMARS).
fn grammar_of(language: &Language) -> usize {
    usize::from(*language == GRAMMARS[1])
}

/// Parses a code file; `None` when it takes longer than two seconds.
#[must_use]
pub fn parse(kind: FileKind, text: &str) -> Option<Parsed<'_>> {
    let text = match kind {
        FileKind::Component => Cow::Owned(scripts_only(text)),
        _ => Cow::Borrowed(text),
    };
    let is_tsx = kind == FileKind::Tsx;
    let similar = match recent::find(is_tsx, &text) {
        Some(Start::Same(tree)) => return Some(Parsed { tree, text, errors: Vec::new() }),
        Some(Start::Edited(tree)) => Some(tree),
        None => None,
    };
    let mut parser = Parser::new();
    parser.set_language(&language(kind)).ok()?;
    let is_sound = |tree: &Tree| !tree.root_node().has_error();
    let started = Instant::now();
    let edited = similar.and_then(|similar| parsed(&mut parser, &text, Some(&similar), started).filter(is_sound));
    let tree = match edited {
        Some(tree) => tree,
        None => parsed(&mut parser, &text, None, started)?,
    };
    if is_sound(&tree) {
        recent::keep(is_tsx, &text, &tree);
        return Some(Parsed { tree, text, errors: Vec::new() });
    }
    let (text, tree) = match gaps::bridged(&text) {
        Some(bridged) => {
            let tree = parsed(&mut parser, &bridged, None, Instant::now())?;
            (Cow::Owned(bridged), tree)
        }
        None => (text, tree),
    };
    // Nobody is in the middle of an edit of what a bundler wrote.
    if is_sound(&tree) || layout::is_minified(&text) {
        let errors = errors(&tree);
        return Some(Parsed { tree, text, errors });
    }
    let mut reads = |text: &str| parsed(&mut parser, text, None, Instant::now()).is_some_and(|tree| is_sound(&tree));
    let (text, mut unread) = layout::sound(&text, &mut reads);
    let tree = parsed(&mut parser, &text, None, Instant::now())?;
    unread.extend(errors(&tree));
    unread.sort_by_key(|span| span.start);
    Some(Parsed { tree, text: Cow::Owned(text), errors: unread })
}

/// The tree of a text, which is begun with that of a similar one; `None` when too long a time has passed since it `started`.
fn parsed(parser: &mut Parser, text: &str, similar: Option<&Tree>, started: Instant) -> Option<Tree> {
    let bytes = text.as_bytes();
    let mut progress = |_: &tree_sitter::ParseState| {
        if started.elapsed() > PARSE_BUDGET { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    // What is left of a text that took too long is no beginning of this one.
    parser.reset();
    parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or_default(), similar, Some(options))
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
    }

    #[test]
    fn an_edited_text_has_the_tree_it_has_when_nothing_is_known() {
        let page = "export default function Page(props: { name: string }) {\n  const [open, setOpen] = useState<string | null>(null);\n  \
                    return (\n    <main className={`page ${open}`}>\n      {props.name} <p hidden={!open}>it's né</p>\n    </main>\n  );\n}\n";
        let schema = include_str!("../cli/demo/app/src/db/schema.ts");
        let mut began_with_known = 0;
        for (kind, text) in [(FileKind::Tsx, page), (FileKind::TypeScript, schema)] {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            for (at, line) in lines.iter().enumerate() {
                let (before, after) = (lines[..at].concat(), lines[at + 1..].concat());
                let (half, rest) = line.split_at(line.floor_char_boundary(line.len() / 2));
                for edit in ["", "// a comment\n", "const added = `${a}` as const;\n", "<T>(x: T) => x\n", "}\n"] {
                    // Neighbours that have the first or the last byte in common.
                    let neighbours = ["è", "ũ"].map(|other| format!("{edit}{}", line.replace('é', other)));
                    let others = [edit.to_owned(), format!("{edit}{line}"), format!("{half}{edit}{rest}")];
                    for line in others.into_iter().chain(neighbours) {
                        assert!(parse(kind, text).is_some());
                        let edited = format!("{before}{line}{after}");
                        let is_edited = matches!(recent::find(kind == FileKind::Tsx, &edited), Some(Start::Edited(_)));
                        began_with_known += u32::from(is_edited);
                        let parsed = parse(kind, &edited).expect("in time");
                        assert_eq!(nodes(&parsed.tree), nodes(&from_scratch(kind, &parsed.text)), "{edited}");
                    }
                }
            }
        }
        // Other tests have a part in what is kept.
        assert!(began_with_known > 0);
    }

    fn from_scratch(kind: FileKind, text: &str) -> Tree {
        let mut parser = Parser::new();
        parser.set_language(&language(kind)).expect("a grammar");
        parsed(&mut parser, text, None, Instant::now()).expect("in time")
    }

    /// What can be told of the nodes of a tree: kind, field and place of each.
    fn nodes(tree: &Tree) -> Vec<(u16, Option<u16>, tree_sitter::Range)> {
        let mut nodes = Vec::new();
        let mut cursor = tree.walk();
        loop {
            let node = cursor.node();
            let field = cursor.field_id().map(u16::from);
            nodes.push((node.kind_id(), field, node.range()));
            if cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return nodes;
                }
            }
        }
    }

    #[test]
    fn code_beside_a_picture_is_read_where_the_grammar_can() {
        let code = "interface Store<in out T> { value: T }\nexport const a = { b: 1 };\n";
        let text = format!("{code}const picture = \"{}\";\n", "A".repeat(200_000));
        let parsed = parse(FileKind::TypeScript, &text).expect("in time");
        assert!(!parsed.errors.is_empty());
        let statements: Vec<_> =
            parsed.tree.root_node().named_children(&mut parsed.tree.walk()).map(|node| node.kind()).collect();
        assert!(statements.contains(&"export_statement"), "{statements:?}");
    }

    #[test]
    fn deep_nesting_parses_in_bounded_time() {
        let text = "[".repeat(10_000);
        assert!(parse(FileKind::TypeScript, &text).is_some());
    }
}
