//! The environment: the values that hold it, and the functions of other packages that read it.

use std::iter::successors;

use super::compose::{either, unknown};
use super::operators::test;
use super::{Evaluator, Place};
use crate::facts::module::{Call, Import, Imported};
use crate::project::value::{CallValue, Condition, Environment, External, Node, Object, Property, Value};
use crate::source::Site;

/// Functions of other packages that give back the environment, checked.
const ENV_READERS: [&str; 5] = ["createEnv", "cleanEnv", "envsafe", "parseEnv", "loadEnv"];

/// The function of Astro that reads a variable by its name (Astro: astro:env).
pub(super) const GET_SECRET: &str = "getSecret";

/// Options of T3 Env that give the variables names of the program's own (T3 Env: customization).
const RUNTIME: [&str; 2] = ["runtimeEnv", "runtimeEnvStrict"];

/// Options of T3 Env that hold validators (T3 Env: "Create your schema").
const SHAPES: [&str; 3] = ["server", "client", "shared"];

/// Methods after which a validator of an object tells nothing of its members.
const RESHAPING: [&str; 6] = ["deepPartial", "omit", "partial", "pipe", "preprocess", "transform"];

/// Members that envalid adds to the variables, told by `NODE_ENV` (envalid: README, "Utils").
const ENVALID_TESTS: [(&str, Environment); 5] = [
    ("isDev", Environment::NotProduction),
    ("isDevelopment", Environment::NotProduction),
    ("isProd", Environment::Production),
    ("isProduction", Environment::Production),
    ("isTest", Environment::NotProduction),
];

/// The class of Nest that reads the environment, and the package it comes from.
const CONFIG_SERVICE: &str = "ConfigService";
const NEST_CONFIG: &str = "@nestjs/config";

impl Evaluator<'_> {
    /// What lies under a key of what a reader of the environment gives back.
    pub(super) fn read_by(&self, reader: &CallValue, key: &str, at: &Site) -> Node {
        if let Some(environment) = envalid_test(reader, key) {
            let condition = Condition { environment: Some(environment), ..Condition::new(key, at.clone()) };
            return test(condition, at.clone());
        }
        if wraps_result(reader) {
            let value = if is_result(reader, key) {
                let module = reader.callee.module.clone();
                CallValue { callee: External { module, name: "parse".into() }, ..reader.clone() }.into()
            } else {
                Value::External(External {
                    module: reader.callee.module.clone(),
                    name: format!("{}().{key}", reader.callee.name),
                })
            };
            return Node { value, at: at.clone() };
        }
        let validator = self.validator(reader, key, at);
        let input = validator.as_ref().and_then(|validator| self.input_of(validator));
        let given = input.unwrap_or_else(|| self.given_to(reader, key, at));
        match validator {
            Some(validator) => self.checked(&given, &validator, at),
            None => self.extended(reader, key, at).unwrap_or(given),
        }
    }

    /// What a method of Nest's `ConfigService` gives back where it is asked for a variable: those of the environment come first
    /// (Nest: Configuration). What it hands to factories and constructors goes by any name, in files that import the class.
    pub(super) fn configured(&self, place: &Place<'_>, service: &Node, method: &str, call: &Call, at: &Site) -> Option<Node> {
        let is_service = match &service.value {
            Value::Call(made) => {
                made.new && is_config_service(&made.callee)
                    || made
                        .arguments
                        .first()
                        .is_some_and(|asked| matches!(&asked.value, Value::External(asked) if is_config_service(asked)))
            }
            Value::Unknown(_) => place.facts.module().is_some_and(|module| {
                let is_it = |import: &Import| matches!(&import.name, Imported::Named(name) if name == CONFIG_SERVICE);
                module.imports.iter().any(|import| import.module == NEST_CONFIG && is_it(import))
            }),
            _ => false,
        };
        let (asked, rest) = call.arguments.split_first().filter(|_| is_service && matches!(method, "get" | "getOrThrow"))?;
        let asked = self.expr(place, &asked.value);
        // Other keys are of what the program loads by itself.
        let name =
            asked.text(&[]).filter(|name| name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))?;
        let read = Node { value: Value::Env(name.to_owned()), at: at.clone() };
        let otherwise = rest.first().filter(|_| method == "get").map(|otherwise| self.expr(place, &otherwise.value));
        Some(match otherwise.filter(|otherwise| otherwise.object().is_none()) {
            Some(otherwise) => {
                let set = is_set(name, at);
                let unset = set.negated();
                either(vec![(read, set), (otherwise, unset)], at.clone())
            }
            None => read,
        })
    }

    /// What a reader of the environment is given under a key: the variable of that name, if its options, or the object that is
    /// checked, do not tell another.
    fn given_to(&self, reader: &CallValue, key: &str, at: &Site) -> Node {
        if let Some(checked) = variables_checked(reader) {
            let given = self.property(checked, key, at);
            return match given.value {
                Value::Env(_) | Value::Undefined | Value::Either(_) | Value::Unknown(_) => given,
                _ => unknown("what a validator makes of a value", at.clone()),
            };
        }
        let named = RUNTIME.iter().find_map(|option| {
            let names = self.property(reader.arguments.first()?, option, at);
            let given = self.property(&names, key, at);
            (names.object().is_some() && !matches!(given.value, Value::Undefined | Value::Unknown(_))).then_some(given)
        });
        named.unwrap_or_else(|| Node { value: Value::Env(key.to_owned()), at: at.clone() })
    }

    /// What checks a variable.
    fn validator(&self, reader: &CallValue, key: &str, at: &Site) -> Option<Node> {
        let options = reader.arguments.first().filter(|_| is_t3(reader));
        let Some(options) = options else { return self.member_of_schema(reader, key, at) };
        if self.property(options, "skipValidation", at).truthy() == Some(true) {
            return None;
        }
        SHAPES
            .iter()
            .find_map(|shape| member(&self.property(options, shape, at), key).map(|shape| self.property(&shape, key, at)))
    }

    /// A variable of the environment that T3 Env extends.
    fn extended(&self, reader: &CallValue, key: &str, at: &Site) -> Option<Node> {
        let extended = self.property(reader.arguments.first().filter(|_| is_t3(reader))?, "extends", at);
        let Value::Array(extended) = &extended.value else { return None };
        extended.items.iter().rev().find_map(|item| match &item.node.value {
            Value::Call(other) if is_t3(other) => match self.validator(other, key, at) {
                Some(_) => Some(self.read_by(other, key, at)),
                None => self.extended(other, key, at),
            },
            _ => None,
        })
    }

    /// What checks a member of what a validator of an object checks: the last that the object and what it is made of tell.
    fn member_of_schema(&self, schema: &CallValue, key: &str, at: &Site) -> Option<Node> {
        for link in successors(Some(schema), |link| link.receiver.as_deref()) {
            if link.receiver.is_some() && RESHAPING.contains(&last_name(link)) {
                return None;
            }
            let checked = variables_checked(link);
            let shapes =
                link.arguments.iter().filter(|argument| !checked.is_some_and(|checked| std::ptr::eq(checked, *argument)));
            let member = shapes.rev().find_map(|argument| match &argument.value {
                Value::Call(inner) => self.member_of_schema(inner, key, at),
                _ => member(argument, key).map(|shape| self.property(&shape, key, at)),
            });
            if member.is_some() {
                return member;
            }
        }
        None
    }
}

/// The variables that a validator is given as members of an object: `schema.parse({ url: process.env.URL })`.
fn variables_checked(call: &CallValue) -> Option<&Node> {
    let is_variable = |property: &Property| matches!(property.node.value, Value::Env(_));
    let holds_any = |node: &&Node| node.object().is_some_and(|object| object.properties.iter().any(is_variable));
    let is_check = matches!(last_name(call), "assert" | "parse" | "parseAsync") || wraps_result(call);
    call.arguments.iter().filter(|_| is_check).find(holds_any)
}

fn is_config_service(External { module, name }: &External) -> bool {
    module == NEST_CONFIG && name == CONFIG_SERVICE
}

/// The condition that a variable is set.
pub(super) fn is_set(variable: &str, at: &Site) -> Condition {
    Condition::new(format!("{variable} is set"), at.clone())
}

/// An object that has a member.
fn member(node: &Node, key: &str) -> Option<Node> {
    node.object().is_some_and(|object| object.properties.iter().any(|property| &*property.key == key)).then(|| node.clone())
}

/// The last part of the name of what is called: `default` of `z.string().default`.
pub(super) fn last_name(call: &CallValue) -> &str {
    call.callee.name.rsplit('.').next().unwrap_or("")
}

fn is_t3(call: &CallValue) -> bool {
    last_name(call) == "createEnv"
}

/// Whether a validator gives back what it checked as a member of its result, beside what went wrong (Zod, Valibot:
/// safeParse; Joi: validate).
fn wraps_result(call: &CallValue) -> bool {
    last_name(call).starts_with("safeParse") || (call.callee.module.as_str(), last_name(call)) == ("joi", "validate")
}

fn is_result(call: &CallValue, key: &str) -> bool {
    wraps_result(call) && matches!(key, "data" | "output" | "value")
}

fn envalid_test(call: &CallValue, key: &str) -> Option<Environment> {
    let is_envalid = call.callee.module == "envalid" && call.callee.name == "cleanEnv";
    ENVALID_TESTS.iter().find(|(name, _)| is_envalid && *name == key).map(|(_, environment)| *environment)
}

/// What the variables begin with that set Nuxt's runtime configuration (Nuxt: runtime config, environment variables).
pub(super) const RUNTIME_CONFIG: &str = "NUXT_";

pub(super) fn is_runtime_config(call: &CallValue) -> bool {
    call.callee.name == "useRuntimeConfig" && matches!(call.callee.module.as_str(), "global" | "#imports" | "nuxt/app")
}

/// A key as it is part of the name of a variable: `clientSecret` is `CLIENT_SECRET`.
pub(super) fn variable_part(key: &str) -> String {
    let mut part = String::new();
    for c in key.chars() {
        if c.is_uppercase() && !part.is_empty() {
            part.push('_');
        }
        part.extend(c.to_uppercase());
    }
    part
}

/// Whether every variable is an export of its own of a module (SvelteKit: $env/static; Astro: astro:env).
pub(super) fn exports_variables(module: &str) -> bool {
    module.starts_with("$env/static/") || module.starts_with("astro:env/")
}

/// Whether a module exports the environment as `env`.
pub(super) fn exports_environment(module: &str) -> bool {
    matches!(module, "$env/dynamic/private" | "$env/dynamic/public" | "cloudflare:workers") || is_process(module)
}

pub(super) fn is_process(module: &str) -> bool {
    matches!(module, "node:process" | "process")
}

/// The environment as a value.
pub(super) fn environment() -> Value {
    Value::External(External { module: "global".into(), name: "process.env".into() })
}

/// Whether a call gives back what holds the bindings of a Cloudflare worker as `env` (OpenNext: bindings; next-on-pages:
/// getRequestContext).
pub(super) fn holds_bindings(call: &CallValue) -> bool {
    matches!(
        (call.callee.module.as_str(), call.callee.name.as_str()),
        ("@opennextjs/cloudflare", "getCloudflareContext")
            | ("@cloudflare/next-on-pages", "getRequestContext" | "getOptionalRequestContext")
    )
}

/// Whether a call gives back the environment: a reader of it, or anything that is given `process.env`.
pub(super) fn reads_environment(call: &CallValue) -> bool {
    let last = last_name(call);
    let is_reader = ENV_READERS.contains(&last) || (call.callee.module.as_str(), last) == ("hono/adapter", "env");
    is_reader || call.arguments.iter().any(|argument| is_environment(&argument.value)) || variables_checked(call).is_some()
}

pub(super) fn is_environment(value: &Value) -> bool {
    matches!(value, Value::External(External { module, name })
        if module == "global" && (name == "process.env" || name == "import.meta.env"))
}

/// Whether a value is the global object, or something that is kept there.
pub(super) fn is_global_object(value: &Value) -> bool {
    let Value::External(External { module, name }) = value else { return false };
    module == "global" && matches!(name.split('.').next(), Some("globalThis" | "global"))
}

/// The environment, what a reader gives back of it, or the global object, where it is all that is not known of an object:
/// `{ ...process.env, key: value }`.
pub(super) fn spread_whole(object: &Object) -> Option<&Node> {
    let is_read = |node: &Node| match &node.value {
        Value::Call(call) => reads_environment(call),
        value => is_environment(value) || is_global_object(value),
    };
    match (object.foreign.as_slice(), object.open.as_slice()) {
        ([only], [_]) if is_read(only) => Some(only),
        _ => None,
    }
}
