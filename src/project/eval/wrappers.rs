//! Functions of other packages that complete the options of a server, and what they make of them.

use super::Evaluator;
use super::compose::{append, either, extend, set, spread};
use crate::facts::module::Text;
use crate::project::value::{Alternative, Array, CallValue, Node, Object, Unknown, Value};
use crate::source::Site;

/// The package that runs better-auth on Cloudflare's services.
const CLOUDFLARE: &str = "better-auth-cloudflare";

/// Databases `withCloudflare` makes an adapter for, by the key of its options, with the provider it gives.
const DATABASES: [(&str, &str); 3] = [("postgres", "pg"), ("mysql", "mysql"), ("d1", "sqlite")];

impl Evaluator<'_> {
    /// The options a call of such a function gives back; `None` for any other call.
    ///
    /// `withCloudflare(services, options)` puts its plugin first, sets `database` by the one service that is given, keeps
    /// sessions in the database unless it is told not to track their places, and stores the rest in KV where there is one
    /// (better-auth-cloudflare 0.3, `withCloudflare`).
    pub(super) fn completed_options(&self, call: &CallValue, at: &Site) -> Option<Node> {
        let ([services, options], true) = (call.arguments.as_slice(), call.open.is_empty()) else { return None };
        if call.callee.module != CLOUDFLARE || call.callee.name != "withCloudflare" {
            return None;
        }
        let mut completed = Object::default();
        spread(&mut completed, options.clone(), &[]);
        let mut put = |key: &str, node: Node| set(&mut completed, key.into(), at.clone(), node, &[]);

        let mut plugins = Array::default();
        append(&mut plugins, made_by(call, CLOUDFLARE, "cloudflare", vec![services.clone()], at), &[]);
        extend(&mut plugins, self.property(options, "plugins", at), &[]);
        put("plugins", Node { value: plugins.into(), at: at.clone() });
        put("database", self.database_of(call, services, at));
        put(
            "secondaryStorage",
            if_given(self.property(services, "kv", at), |kv| made_by(call, CLOUDFLARE, "createKVStorage", vec![kv], at)),
        );
        if self.property(services, "geolocationTracking", at).value != Value::Bool(false) {
            let mut session = Object::default();
            spread(&mut session, self.property(options, "session", at), &[]);
            let kept = Node { value: Value::Bool(true), at: at.clone() };
            set(&mut session, "storeSessionInDatabase".into(), at.clone(), kept, &[]);
            put("session", Node { value: session.into(), at: at.clone() });
        }
        Some(Node { value: completed.into(), at: at.clone() })
    }

    /// The database of the one service that is given.
    fn database_of(&self, call: &CallValue, services: &Node, at: &Site) -> Node {
        if services.object().is_none() {
            let reason = format!("what `{}` is given decides", call.local);
            return Node { value: Value::Unknown(Unknown::new(reason, services.at.clone())), at: at.clone() };
        }
        let native = self.property(services, "d1Native", at);
        if native.truthy() != Some(false) {
            return if_given(native, |native| {
                let kind = Node { value: Value::Text(Text::Plain("sqlite".into())), at: at.clone() };
                let mut connection = Object::default();
                set(&mut connection, "type".into(), at.clone(), kind, &[]);
                set(&mut connection, "dialect".into(), at.clone(), native, &[]);
                Node { value: connection.into(), at: at.clone() }
            });
        }
        let adapter = |service: Node, provider: &str| {
            let provider = Node { value: Value::Text(Text::Plain(provider.to_owned())), at: at.clone() };
            let mut config = Object::default();
            set(&mut config, "provider".into(), at.clone(), provider, &[]);
            spread(&mut config, self.property(&service, "options", at), &[]);
            let arguments = vec![self.property(&service, "db", at), Node { value: config.into(), at: at.clone() }];
            made_by(call, "better-auth/adapters/drizzle", "drizzleAdapter", arguments, at)
        };
        for (key, provider) in DATABASES {
            let service = self.property(services, key, at);
            if service.truthy() != Some(false) {
                return if_given(service, |service| adapter(service, provider));
            }
        }
        Node { value: Value::Undefined, at: at.clone() }
    }
}

/// What a function makes of a value in each case in which there is one.
fn if_given(value: Node, make: impl Fn(Node) -> Node) -> Node {
    match value.value {
        Value::Undefined | Value::Null | Value::Unknown(_) => value,
        Value::Either(alternatives) => {
            let make = |Alternative { node, condition }: Alternative| match node.truthy() {
                Some(false) => (node, condition),
                _ => (make(node), condition),
            };
            either(alternatives.iter().cloned().map(make).collect(), value.at)
        }
        inner => make(Node { value: inner, at: value.at }),
    }
}

/// A call the wrapper makes in the place of its own.
fn made_by(wrapper: &CallValue, module: &str, name: &str, arguments: Vec<Node>, at: &Site) -> Node {
    Node { value: CallValue::by_wrapper(module, name, arguments, &wrapper.callee_at).into(), at: at.clone() }
}
