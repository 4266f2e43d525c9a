//! Routes that are added to a router by a call: `app.post("/migrate", handler)` of Hono, Express, Fastify and Elysia.

use tree_sitter::Node;

use crate::rules::Context;
use crate::source::{FileKind, Span};
use crate::syntax::typescript;
use crate::syntax::typescript::fields::{NodeField, NodeFields};

/// The methods that add a route.
const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "all", "options"];

/// Calls that may put a guard before all routes of a router.
const GUARDING: [&str; 12] = [
    ".use(",
    ".addHook(",
    ".onRequest(",
    ".onBeforeHandle(",
    ".onTransform(",
    ".guard(",
    ".group(",
    ".derive(",
    ".resolve(",
    ".macro(",
    ".register(",
    ".mount(",
];

/// The functions and packages of middleware that keeps nobody out.
const HARMLESS: [&str; 14] = [
    "bodyParser",
    "compress",
    "compression",
    "cookieParser",
    "cors",
    "helmet",
    "json",
    "logger",
    "morgan",
    "prettyJSON",
    "requestId",
    "secureHeaders",
    "timing",
    "urlencoded",
];

/// The route whose handler a call stands in: `POST /migrate` and where the handler begins. `None` unless nothing but the
/// handler can ask who calls: the route has no middleware, nor has its router, which is no part of another one, and the
/// route is always there.
pub(super) fn open_route(cx: &Context<'_>, path: &str, text: &str, call: Span) -> Option<(String, Span)> {
    let parsed = typescript::parse(FileKind::of(path)?, text)?;
    let node = parsed.tree.root_node().descendant_for_byte_range(call.start as usize, call.end as usize)?;
    let handler = enclosing(node, &["arrow_function", "function_expression", "function_declaration", "method_definition"])?;
    let list = handler.parent().filter(|list| list.kind() == "arguments")?;
    let route = list.parent()?;
    let function = route.field(NodeField::Function).filter(|function| function.kind() == "member_expression")?;
    let method = function.field(NodeField::Property)?.utf8_text(text.as_bytes()).ok()?;
    let mut cursor = list.walk();
    let arguments: Vec<Node<'_>> = list.named_children(&mut cursor).filter(|argument| argument.kind() != "comment").collect();
    let [at, last] = arguments.as_slice() else { return None };
    let at = at.utf8_text(text.as_bytes()).ok()?.trim_matches(['"', '\'', '`']);
    let is_route = METHODS.contains(&method) && at.starts_with('/') && *last == handler;
    if !is_route || !is_always_run(route) || has_guard(text) || has_importers(cx, path) {
        return None;
    }
    Some((format!("{} {at}", method.to_ascii_uppercase()), Span::new(handler.start_byte(), handler.end_byte())))
}

fn enclosing<'t>(node: Node<'t>, kinds: &[&str]) -> Option<Node<'t>> {
    std::iter::successors(Some(node), Node::parent).find(|node| kinds.contains(&node.kind()))
}

/// Whether a call stands at the top of its file, under no condition and in no function that may be handed another router.
fn is_always_run(call: Node<'_>) -> bool {
    let kinds = [
        "member_expression",
        "call_expression",
        "expression_statement",
        "lexical_declaration",
        "variable_declarator",
        "export_statement",
        "program",
    ];
    std::iter::successors(call.parent(), Node::parent).all(|node| kinds.contains(&node.kind()))
}

fn has_guard(text: &str) -> bool {
    GUARDING.iter().any(|opening| text.match_indices(opening).any(|(at, _)| !is_harmless(&text[at + opening.len()..])))
}

/// Whether the arguments that follow are a call of harmless middleware, perhaps behind the path it is for.
fn is_harmless(arguments: &str) -> bool {
    let arguments = arguments.trim_start();
    let quoted = arguments.strip_prefix(['"', '\'']).and_then(|rest| rest.split_once(['"', '\'']));
    let middleware = quoted.map_or(arguments, |(_, rest)| rest.trim_start_matches([',', ' ', '\n', '\t']));
    let name = middleware.split(|letter: char| !letter.is_alphanumeric() && letter != '.').next().unwrap_or_default();
    HARMLESS.contains(&name.rsplit('.').next().unwrap_or(name))
}

/// Whether another file may take what this one exports, and put it behind a guard of its own.
fn has_importers(cx: &Context<'_>, path: &str) -> bool {
    let stem = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        name.split('.').next().unwrap_or(name).to_owned()
    };
    let own = stem(path);
    let folder = path.rsplit_once('/').map(|(folder, _)| stem(folder));
    let names: Vec<&str> = [Some(own.as_str()), folder.as_deref().filter(|_| own == "index")].into_iter().flatten().collect();
    cx.files.importers(&names).iter().any(|(importer, _)| &**importer != path)
}
