//! Places that may hand requests to an instance, the paths around them, and what instances are shared by.

use tree_sitter::Node;

use super::{Around, Lowering, MOUNTING_FUNCTIONS, MOUNTING_METHODS, may_make_an_instance, named, span};
use crate::facts::module::{Call, Element, Expr, Kind, Mount, Mounting, ScopeId, Shared};
use crate::facts::secrecy;

/// The method of an instance that answers requests (documentation: installation, "Mount Handler").
const HANDLER: &str = "handler";

/// Keys under which a route's object has its path (Fastify: `url`).
const PATH_KEYS: [&str; 2] = ["path", "url"];

/// Most levels of the syntax tree that are searched for a path.
const MAX_LEVELS: usize = 40;

impl Lowering<'_> {
    /// `instance.handler`, where it is a value that goes on to somewhere.
    pub(super) fn handler_value(&mut self, of: &Expr, member: &str, scope: ScopeId, node: Node<'_>) {
        let is_taken_apart = || {
            matches!(
                node.parent().map(|around| around.kind()),
                Some("call_expression" | "member_expression" | "unary_expression" | "binary_expression") | None
            )
        };
        if member == HANDLER && !is_taken_apart() {
            self.mount(Mounting::Handler { of: of.clone(), request: None }, scope, node);
        }
    }

    /// A call of an instance's handler, or of a function that mounts one.
    pub(super) fn mounting_call(&mut self, call: &Call, scope: ScopeId, node: Node<'_>) {
        let by = match &call.callee.kind {
            Kind::Member(of, method) if method == HANDLER => {
                let request = call.arguments.first().map(|argument| argument.value.clone());
                // The handler of a procedure or a route builder, which is given a function.
                if request.as_ref().is_some_and(|request| matches!(request.kind, Kind::Function(_))) {
                    return;
                }
                Mounting::Handler { of: (**of).clone(), request }
            }
            Kind::Member(_, name) if MOUNTING_METHODS.contains(&name.as_str()) || is_function(name) => {
                Mounting::Call(Box::new(call.clone()))
            }
            Kind::Name(name) if self.entry_names.get(name).is_some_and(|name| is_function(name)) => {
                Mounting::Call(Box::new(call.clone()))
            }
            _ => return,
        };
        self.mount(by, scope, node);
    }

    /// `context.set("auth", value)` (Hono, React Router), `app.decorate("auth", value)` (Elysia, Fastify).
    pub(super) fn sharing_call(&mut self, call: &Call, scope: ScopeId) {
        let Kind::Member(_, method) = &call.callee.kind else { return };
        let becomes_member = match method.as_str() {
            "set" => false,
            "decorate" => true,
            _ => return,
        };
        let [Element { value: key, spread: false }, Element { value, spread: false }] = call.arguments.as_slice() else { return };
        let is_its_key = match &key.kind {
            Kind::Text(text) => text.plain().is_some_and(may_make_an_instance),
            Kind::Name(name) => may_make_an_instance(name),
            _ => false,
        };
        if is_its_key {
            self.module.shared.push(Shared { scope, key: key.clone(), value: value.clone(), becomes_member });
        }
    }

    fn mount(&mut self, by: Mounting, scope: ScopeId, node: Node<'_>) {
        let routes = self.routes_around(node);
        self.module.mounts.push(Mount { scope, by, routes, span: span(node) });
    }

    fn routes_around(&self, node: Node<'_>) -> Vec<Expr> {
        let mut routes = Vec::new();
        let mut inner = node;
        for _ in 0..MAX_LEVELS {
            let Some(around) = inner.parent() else { break };
            match around.kind() {
                "arguments" => {
                    let before = named(around).into_iter().take_while(|argument| *argument != inner);
                    routes.extend(before.filter_map(|argument| self.path(argument)));
                    // `createFileRoute("/path")({ … })`.
                    let function = around.parent().and_then(|call| call.child_by_field_name("function"));
                    let arguments = function.and_then(|function| function.child_by_field_name("arguments"));
                    routes.extend(arguments.into_iter().flat_map(named).filter_map(|argument| self.path(argument)));
                }
                "object" => {
                    let pairs = named(around).into_iter().filter(|pair| pair.kind() == "pair");
                    let keyed = pairs.filter(|pair| {
                        let key = pair.child_by_field_name("key").and_then(|key| self.key_text(key));
                        key.is_some_and(|key| PATH_KEYS.contains(&key.as_str()))
                    });
                    let values = keyed.filter_map(|pair| pair.child_by_field_name("value"));
                    routes.extend(values.filter_map(|value| self.path(value)));
                }
                "if_statement" => {
                    let condition = around.child_by_field_name("condition").filter(|condition| *condition != inner);
                    routes.extend(condition.into_iter().flat_map(|condition| self.paths_in(condition)));
                }
                _ => {}
            }
            inner = around;
        }
        routes
    }

    /// An expression that may be a path: a string that looks like one, or a name for something.
    fn path(&self, node: Node<'_>) -> Option<Expr> {
        let kind = match node.kind() {
            "string" => Kind::Text(secrecy::text(self.string_content(node), Around::default())),
            "identifier" => Kind::Name(self.owned(node)),
            _ => return None,
        };
        let is_path = match &kind {
            Kind::Text(text) => text.plain().is_some_and(|text| text.starts_with('/')),
            _ => true,
        };
        is_path.then(|| Expr { kind, span: span(node) })
    }

    /// The strings in a condition that look like paths.
    fn paths_in(&self, condition: Node<'_>) -> Vec<Expr> {
        let mut paths = Vec::new();
        let mut open = vec![condition];
        while let Some(node) = open.pop() {
            if node.kind() == "string" {
                paths.extend(self.path(node));
            } else {
                open.extend(named(node).into_iter().rev());
            }
        }
        paths
    }
}

fn is_function(name: &str) -> bool {
    MOUNTING_FUNCTIONS.contains(&name)
}
