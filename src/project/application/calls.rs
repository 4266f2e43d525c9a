//! Which methods of a client are called that only a client plugin brings.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::facts::FileFacts;
use crate::facts::module::{ClientCall, Expr, Kind, Source};
use crate::project::eval::{Evaluator, Shared, User};
use crate::project::files::Files;
use crate::project::value::{Node, Value};
use crate::source::Site;

/// A call of a method of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodCall {
    /// The method, with the way to it: `signIn.anonymous`.
    pub method: String,
    /// The call.
    pub at: Site,
}

/// The calls of some methods on the client at a place, in the files that import it and its own, sorted by place.
pub(in crate::project) fn calls_on(
    files: &dyn Files,
    evaluator: &Evaluator<'_>,
    client: &Site,
    methods: &BTreeSet<&str>,
) -> Vec<MethodCall> {
    let users = evaluator.users(&client.file, User::Any);
    let own = [&client.file].into_iter().chain(users.iter()).collect::<BTreeSet<&Arc<str>>>();
    let mut found = Vec::new();
    for path in own {
        let facts = files.facts(path);
        let Some(module) = facts.as_deref().and_then(FileFacts::module) else { continue };
        for call in module.client_calls.iter().filter(|call| methods.contains(call.method.as_str())) {
            evaluator.begin();
            if callers(evaluator, path, call).iter().any(|node| is_client(node, client)) {
                found.push(MethodCall { method: call.method.clone(), at: Site::new(path, call.callee.span) });
            }
        }
    }
    found
}

/// What a method is called on.
fn callers(evaluator: &Evaluator<'_>, file: &Arc<str>, call: &ClientCall) -> Vec<Node> {
    let way: Vec<&str> = call.method.split('.').collect();
    let shared = Shared::default();
    match before(&call.callee, &way) {
        Some(Before::Expr(of)) => evaluator.ever(file, call.scope, of, &shared),
        // `const { signIn } = client`.
        Some(Before::Name(name, way)) => {
            let home = evaluator.home(file, call.scope, name, call.callee.span);
            let bound = home.as_ref().and_then(|home| evaluator.bound(home));
            match (home, bound) {
                (Some(home), Some(Source::Part { of, path, .. })) if path.iter().map(String::as_str).eq(way.iter().copied()) => {
                    evaluator.ever(&home.file, home.scope, &of, &shared)
                }
                (Some(home), Some(Source::Value(expr))) => match before(&expr, way) {
                    Some(Before::Expr(of)) => evaluator.ever(&home.file, home.scope, of, &shared),
                    _ => Vec::new(),
                },
                _ => Vec::new(),
            }
        }
        None => Vec::new(),
    }
}

/// What stands before the way to a method.
enum Before<'e, 'w> {
    /// An expression: `client` in `client.signIn.anonymous`.
    Expr(&'e Expr),
    /// Nothing: the way begins with a name, which stands for the first steps.
    Name(&'e str, &'w [&'w str]),
}

fn before<'e, 'w>(callee: &'e Expr, way: &'w [&'w str]) -> Option<Before<'e, 'w>> {
    let Some((last, rest)) = way.split_last() else { return Some(Before::Expr(callee)) };
    match &callee.kind {
        Kind::Member(of, name) if name == last => before(of, rest),
        Kind::Name(name) if name == last => Some(Before::Name(name, way)),
        _ => None,
    }
}

fn is_client(node: &Node, client: &Site) -> bool {
    match &node.value {
        Value::Call(call) => call.first().callee_at == *client,
        Value::Either(alternatives) => alternatives.iter().any(|one| is_client(&one.node, client)),
        _ => false,
    }
}
