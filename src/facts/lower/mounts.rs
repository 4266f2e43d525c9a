//! Places that may hand requests to an instance, what stands around them, and what instances are shared by.

use std::ops::Range;

use super::{ENTRY_POINTS, Lowering, MOUNTING_FUNCTIONS, MOUNTING_METHODS, may_make_an_instance, span};
use crate::facts::common::Common;
use crate::facts::module::{Call, Element, Expr, Kind, Mount, Mounting, Property, Routing, ScopeId, Shared, Source, Surrounding};
use crate::syntax::typescript::fields::NodeField;
use crate::syntax::typescript::nodes::Node;

/// The method of an instance that answers requests (documentation: installation, "Mount Handler").
pub(super) const HANDLER: &str = "handler";

/// Keys under which a route's object has its path (Fastify: `url`).
const PATH_KEYS: [&str; 2] = ["path", "url"];

/// The methods by which routers are given routes, other routers and what adds routes to them.
pub const ROUTING_METHODS: [&str; 12] =
    ["add", "all", "any", "get", "group", "guard", "mount", "on", "post", "register", "route", "use"];

/// The names under which handlers have one for each method of requests (Next.js: "Route Handlers").
pub const HTTP_METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// The method that puts all controllers of an application below a path (NestJS: FAQ, "Global prefix").
pub const GLOBAL_PREFIX: &str = "setGlobalPrefix";

/// The method that says which paths middleware is for (NestJS: "Middleware").
pub const FOR_ROUTES: &str = "forRoutes";

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

    /// Notes the handlers that a pattern takes out of a value, of the names it binds: `const { handler } = instance`.
    pub(super) fn handlers_taken(&mut self, of: &Expr, scope: ScopeId, bound: Range<usize>) {
        for place in bound {
            let binding = &self.module.scopes[scope as usize].bindings[place];
            let Source::Part { path, .. } = &binding.source else { continue };
            if *path != [HANDLER] {
                continue;
            }
            let (name, span) = (binding.name.clone(), binding.span);
            let by = Mounting::Handler { of: of.clone(), request: None };
            let around = vec![Surrounding::Bound { scope, name }];
            let guards = self.guards_of(scope);
            self.module.mounts.push(Mount { scope, by, around, guards, span });
        }
    }

    /// A call of an instance's handler, or of a function that mounts one.
    pub(super) fn mounting_call(&mut self, call: &Common<Call>, scope: ScopeId, node: Node<'_>) {
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
                Mounting::Call(call.clone())
            }
            Kind::Name(name) if self.entry_names.get(name).is_some_and(|name| is_function(name)) => {
                let declared = node.parent().filter(|around| around.kind() == "variable_declarator");
                let name =
                    declared.and_then(|declared| declared.field(NodeField::Name)).filter(|name| name.kind() == "identifier");
                self.handler_names.extend(name.map(|name| self.owned(name)));
                Mounting::Call(call.clone())
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
        self.share(key, value.clone(), becomes_member, scope);
    }

    /// `{ provide: AUTH, useFactory: makeAuth }`, `{ provide: AUTH, useClass: AuthService }` (NestJS: "Custom providers").
    pub(super) fn providing(&mut self, properties: &[Property], scope: ScopeId) {
        let value_of = |wanted: &str| {
            properties.iter().find_map(|property| match property {
                Property::Keyed { key, value, .. } => (key == wanted).then_some(value),
                _ => None,
            })
        };
        let Some(token) = value_of("provide") else { return };
        let made = || value_of("useFactory").cloned().map(Call::of);
        // What exists under another token is found by that where this is a class.
        let object = || ["useClass", "useExisting"].into_iter().find_map(value_of).cloned().map(Call::of_class);
        let made = made().or_else(|| value_of("useValue").cloned()).or_else(object);
        if let Some(value) = made {
            self.share(token, value, false, scope);
        }
    }

    /// Notes a value that other code finds under a key, where that may be one for instances.
    fn share(&mut self, key: &Expr, value: Expr, becomes_member: bool, scope: ScopeId) {
        let is_its_key = match &key.kind {
            Kind::Text(text) => text.plain().is_some_and(may_make_an_instance),
            Kind::Name(name) => may_make_an_instance(name),
            _ => false,
        };
        if is_its_key {
            self.module.shared.push(Shared { scope, key: key.clone(), value, becomes_member });
        }
    }

    /// A call that may put something with a name below a path.
    pub(super) fn routing_call(&mut self, expr: &Expr, scope: ScopeId, node: Node<'_>) {
        let Kind::Call(call) = &expr.kind else { return };
        let hands_on = self.is_function_that_may_hand_on(&call.callee);
        let may_route = match &call.callee.kind {
            _ if self.all_calls || hands_on => true,
            Kind::Member(_, method) if method == GLOBAL_PREFIX || method == FOR_ROUTES => true,
            Kind::Member(of, method) if HTTP_METHODS.contains(&method.as_str()) => matches!(of.kind, Kind::Name(_)),
            Kind::Member(_, method) => {
                ROUTING_METHODS.contains(&method.as_str()) && call.arguments.iter().any(|argument| has_name(&argument.value))
            }
            // `addRoutes(app)`, for what it does alone.
            Kind::Name(_) => {
                let is_name = |argument: &Element| matches!(argument.value.kind, Kind::Name(_));
                call.arguments.iter().any(is_name) && is_statement(node)
            }
            _ => false,
        };
        if may_route {
            let guards = match &call.callee.kind {
                _ if self.all_calls || hands_on => self.guards_of(scope),
                Kind::Member(_, method) if HTTP_METHODS.contains(&method.as_str()) => self.guards_of(scope),
                _ => Vec::new(),
            };
            self.module.routings.push(Routing { scope, expr: expr.clone(), around: Vec::new(), guards });
        }
    }

    /// Whether what is called may give the requests it is given to an instance: `serveAuth`, or `server.serveAuth` of a whole
    /// module.
    fn is_function_that_may_hand_on(&self, callee: &Expr) -> bool {
        match &callee.kind {
            Kind::Name(name) => self.may_hand_on(name),
            Kind::Member(of, name) => matches!(&of.kind, Kind::Name(of) if self.is_module_name(of)) && self.may_hand_on(name),
            _ => false,
        }
    }

    /// Whether a function of this name may give the requests it is given to an instance.
    fn may_hand_on(&self, name: &str) -> bool {
        let may_be_named_so = may_make_an_instance(name) && !ENTRY_POINTS.contains(&name) && !is_function(name);
        may_be_named_so || name == HANDLER || self.handler_names.contains(name)
    }

    fn mount(&mut self, by: Mounting, scope: ScopeId, node: Node<'_>) {
        let guards = self.guards_of(scope);
        self.module.mounts.push(Mount { scope, by, around: Vec::new(), guards, span: span(node) });
    }

    /// How far the places that have surroundings are found.
    pub(super) fn found(&self) -> Found {
        Found { mounts: self.module.mounts.len(), routings: self.module.routings.len() }
    }

    /// Tells the places that were found between two points what stands around them.
    pub(super) fn surround(&mut self, from: Found, to: Found, surrounding: impl Fn() -> Surrounding) {
        let mounts = self.module.mounts[from.mounts..to.mounts].iter_mut().map(|mount| &mut mount.around);
        let routings = self.module.routings[from.routings..to.routings].iter_mut().map(|routing| &mut routing.around);
        mounts.chain(routings).for_each(|around| around.push(surrounding()));
    }
}

/// How many places that have surroundings are found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    mounts: usize,
    routings: usize,
}

/// The values of the keys under which an object has its path.
pub(crate) fn paths_of(properties: &[Property]) -> Vec<Expr> {
    let path = |property: &Property| match property {
        Property::Keyed { key, value, .. } => PATH_KEYS.contains(&key.as_str()).then(|| value.clone()),
        _ => None,
    };
    properties.iter().filter_map(path).collect()
}

/// Whether an argument is, or holds, something with a name that may be a router or a handler.
fn has_name(argument: &Expr) -> bool {
    match &argument.kind {
        Kind::Name(_) | Kind::ImportCall(_) => true,
        Kind::Array(elements) => elements.iter().any(|element| has_name(&element.value)),
        Kind::Object(properties) => properties.iter().any(|property| match property {
            Property::Keyed { value, .. } => has_name(value),
            _ => false,
        }),
        Kind::Member(of, _) => has_name(of),
        Kind::Call(call) => has_name(&call.callee) || call.arguments.iter().any(|argument| has_name(&argument.value)),
        _ => false,
    }
}

/// Whether a call stands for itself, so that nothing is made of its result.
fn is_statement(call: Node<'_>) -> bool {
    let around = call.parent();
    let around = around.filter(|around| around.kind() == "await_expression").and_then(|around| around.parent()).or(around);
    around.is_some_and(|around| around.kind() == "expression_statement")
}

fn is_function(name: &str) -> bool {
    MOUNTING_FUNCTIONS.contains(&name)
}
