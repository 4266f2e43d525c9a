//! Scripts of SQL that a migration in code reads from files and runs.

use super::Code;
use super::literals::{Chain, plain};
use crate::facts::lower::named;
use crate::facts::schema::Change;
use crate::syntax::typescript::fields::NodeField;
use crate::syntax::typescript::nodes::Node;

/// Functions of Node.js that give what a file holds.
const READING: [&str; 2] = ["readFileSync", "readFile"];

/// Functions of Node.js that make a path.
const PATHS: [&str; 4] = ["join", "resolve", "fileURLToPath", "dirname"];

/// Methods that change nothing about which statements a text holds.
const SHAPING: [&str; 3] = ["toString", "trim", "text"];

/// What running a statement does, where a file holds it.
pub(super) fn run<'c>(code: &Code<'c>, statement: Node<'c>) -> Option<Change> {
    let value = code.known(statement);
    if let Some(path) = reading(code, value) {
        let (path, beside) = path_of(code, code.known(path)).unzip();
        return Some(Change::RunScript { path, beside: beside.unwrap_or_default() });
    }
    // A part of a text, for one; what is written out is read where it stands.
    let is_open = value.kind() == "identifier" && !code.imported.contains(code.str(value));
    let reads = || READING.iter().any(|name| code.text.contains(name));
    (is_open && reads()).then_some(Change::RunScript { path: None, beside: false })
}

/// Whether a value is what a file holds, or the path of one, so that it is worth knowing by its name.
pub(super) fn is_kept<'c>(code: &Code<'c>, value: Node<'c>) -> bool {
    match value.kind() {
        "new_expression" => is_url(code, value),
        "call_expression" => reading(code, value).is_some() || PATHS.contains(&called(code, value).0),
        _ => false,
    }
}

/// The path of the file a call reads: `fs.readFileSync(path, "utf8").trim()`, `Bun.file(path).text()`.
fn reading<'c>(code: &Code<'c>, value: Node<'c>) -> Option<Node<'c>> {
    if value.kind() != "call_expression" {
        return None;
    }
    let chain = Chain::of(code, value);
    let shaped = chain.steps.iter().rev().take_while(|step| SHAPING.contains(&step.name)).count();
    let shaping = chain.steps.len() - shaped;
    match chain.steps[..shaping].last() {
        Some(step) if READING.contains(&step.name) => step.values().first().copied(),
        Some(step) if step.name == "file" && code.str(chain.root) == "Bun" => step.values().first().copied(),
        Some(_) => None,
        None => {
            let callee = chain.root.field(NodeField::Function).filter(|callee| READING.contains(&code.str(*callee)));
            callee.and_then(|_| chain.root.field(NodeField::Arguments)?.parts().next())
        }
    }
}

/// A path, and whether it begins in the folder of this file, not in the one the program is started in.
fn path_of<'c>(code: &Code<'c>, node: Node<'c>) -> Option<(String, bool)> {
    if let Some(text) = code.text(node) {
        return Some((text, false));
    }
    let joined = |parts: &[Node<'c>]| {
        let begins_here = parts.first().is_some_and(|first| is_folder(code, *first));
        let rest: Option<Vec<String>> = parts[usize::from(begins_here)..].iter().map(|part| code.text(*part)).collect();
        rest.map(|rest| (rest.join("/"), begins_here))
    };
    match node.kind() {
        "template_string" | "binary_expression" => {
            let parts = if node.kind() == "template_string" { named(node) } else { code.concatenated(node).0 };
            let (first, rest) = parts.split_first()?;
            let inner = if first.kind() == "template_substitution" { *named(*first).first()? } else { *first };
            let piece = |part: &Node<'c>| match part.kind() {
                "template_substitution" => None,
                "string" => code.text(*part),
                _ => Some(code.str(*part).to_owned()),
            };
            let rest: Option<String> = rest.iter().map(piece).collect();
            rest.filter(|_| is_folder(code, inner)).map(|rest| (rest, true))
        }
        "new_expression" if is_url(code, node) => {
            let arguments = named(node.field(NodeField::Arguments)?);
            Some((code.text(*arguments.first()?)?, true))
        }
        "call_expression" => match called(code, node) {
            ("join" | "resolve", arguments) => joined(&arguments),
            ("fileURLToPath", arguments) => path_of(code, code.known(*arguments.first()?)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a value is the folder of this file.
fn is_folder<'c>(code: &Code<'c>, node: Node<'c>) -> bool {
    let value = code.known(node);
    matches!(code.str(value), "__dirname" | "import.meta.dirname" | "import.meta.dir") || called(code, value).0 == "dirname"
}

/// `new URL("./script.sql", import.meta.url)`.
fn is_url<'c>(code: &Code<'c>, node: Node<'c>) -> bool {
    let constructor = node.field(NodeField::Constructor).map(|constructor| code.str(constructor));
    let arguments = node.field(NodeField::Arguments).map(named).unwrap_or_default();
    constructor == Some("URL") && arguments.get(1).is_some_and(|base| code.str(*base) == "import.meta.url")
}

/// The last name of what is called, and with what.
fn called<'c>(code: &Code<'c>, node: Node<'c>) -> (&'c str, Vec<Node<'c>>) {
    let node = plain(node);
    let callee = node.field(NodeField::Function).map(|callee| code.str(callee)).unwrap_or_default();
    let arguments = node.field(NodeField::Arguments).map(named).unwrap_or_default();
    (callee.rsplit('.').next().unwrap_or_default(), arguments)
}
