//! Members of values, among them the environment.

use super::compose::{either, undecided, unknown};
use super::operators::{environment_test, read_variable, selected_environment, test};
use super::{Evaluator, Place};
use crate::facts::module::{Binding, Expr, Imported, Kind, Source, Text};
use crate::facts::specifier::split_package_name;
use crate::project::resolve::Resolved;
use crate::project::value::{CallValue, Condition, Environment, External, Node, Property, Unknown, Value};
use crate::source::Site;

/// Functions of other packages that give back the environment, checked.
const ENV_READERS: [&str; 4] = ["createEnv", "cleanEnv", "parseEnv", "loadEnv"];

/// The function of Astro that reads a variable by its name (Astro: astro:env).
pub(super) const GET_SECRET: &str = "getSecret";

/// Options of such functions that give the variables names of the program's own (T3 Env: customization).
const RENAMING: [&str; 2] = ["runtimeEnv", "runtimeEnvStrict"];

impl Evaluator<'_> {
    pub(super) fn member(&self, place: &Place<'_>, object: &Expr, property: &str, at: Site) -> Node {
        if let Some(node) = self.member_of_module(place, object, property, &at) {
            return node;
        }
        let value = self.expr(place, object);
        if matches!(value.value, Value::Unknown(_)) && property == "env" && is_context_of_hono(place, object) {
            return Node { value: environment(), at };
        }
        self.property(&value, property, &at)
    }

    /// A member of a module, which is looked up by itself, so that not every export has to be evaluated.
    pub(super) fn member_of_module(&self, place: &Place<'_>, object: &Expr, property: &str, at: &Site) -> Option<Node> {
        let module = match &object.kind {
            Kind::ImportCall(module) => module,
            Kind::Name(name) => {
                let mut imports = place.facts.module()?.imports.iter();
                let import = imports.find(|import| import.local == *name && import.name == Imported::Namespace)?;
                if self.is_bound(place, name) {
                    return None;
                }
                &import.module
            }
            _ => return None,
        };
        let Resolved::File(target) = self.resolver.resolve(self.files, &place.file, module) else { return None };
        let unseen = || unknown(format!("`{property}` was not found in `{target}`"), at.clone());
        Some(self.find_export(&place.file, &target, property).unwrap_or_else(unseen))
    }

    pub(super) fn index(&self, place: &Place<'_>, object: &Expr, index: &Expr, at: Site) -> Node {
        let key = self.expr(place, index);
        match &key.value {
            Value::Text(Text::Plain(key)) => self.member(place, object, key, at),
            Value::Number(number) => {
                let object = self.expr(place, object);
                self.property(&object, &number.to_string(), &at)
            }
            value => {
                let chosen = read_variable(value).and_then(|variable| told_by(variable, &self.expr(place, object), &at));
                chosen.unwrap_or_else(|| unknown("a computed key", at))
            }
        }
    }

    /// The variable behind a key of what a reader of the environment gives back: the options may call it otherwise.
    fn variable(&self, reader: &CallValue, key: &str, at: &Site) -> String {
        let renamed = RENAMING.iter().find_map(|option| {
            let names = self.property(reader.arguments.first()?, option, at);
            match self.property(&names, key, at).value {
                Value::Env(name) => Some(name),
                _ => None,
            }
        });
        renamed.unwrap_or_else(|| key.to_owned())
    }

    /// One property of a value.
    #[must_use]
    pub fn property(&self, object: &Node, key: &str, at: &Site) -> Node {
        let external = |module: &str, name: String| Value::External(External { module: module.to_owned(), name });
        let value = match &object.value {
            Value::Object(known) => {
                let found: Vec<&Property> = known.properties.iter().filter(|property| &*property.key == key).collect();
                return match found.as_slice() {
                    [] if known.open.is_empty() => Node { value: Value::Undefined, at: at.clone() },
                    [] => Node { value: Value::Unknown(known.open[0].clone()), at: at.clone() },
                    [one] if one.conditions.is_empty() => one.node.clone(),
                    several => {
                        let condition_of =
                            |property: &Property| Condition::all(&property.conditions).unwrap_or_else(|| undecided(key, at));
                        let mut alternatives: Vec<_> =
                            several.iter().map(|property| (property.node.clone(), condition_of(property))).collect();
                        if !known.certain.contains(key) {
                            let any = several.iter().map(|property| condition_of(property)).reduce(|any, next| any.or(&next));
                            let value = known.open.first().map_or(Value::Undefined, |why| Value::Unknown(why.clone()));
                            let otherwise = any.map_or_else(|| undecided(key, at), |any| any.negated());
                            alternatives.push((Node { value, at: at.clone() }, otherwise));
                        }
                        either(alternatives, at.clone())
                    }
                };
            }
            Value::Array(array) => {
                let item = key.parse::<usize>().ok().and_then(|index| array.items.get(index));
                return match item {
                    Some(item) if array.open.is_empty() && item.conditions.is_empty() => item.node.clone(),
                    _ => unknown("an element of a list that is not known", at.clone()),
                };
            }
            Value::Either(alternatives) => {
                let parts = alternatives
                    .iter()
                    .map(|alternative| (self.property(&alternative.node, key, at), alternative.condition.clone()))
                    .collect();
                return either(parts, at.clone());
            }
            Value::External(External { module, name }) if module == "global" => match (name.as_str(), key) {
                ("import.meta.env", "PROD") => {
                    return test(environment_test(Environment::Production, "import.meta.env.PROD", at), at.clone());
                }
                ("import.meta.env", "DEV") => {
                    return test(environment_test(Environment::NotProduction, "import.meta.env.DEV", at), at.clone());
                }
                ("import.meta", "dev") => {
                    return test(environment_test(Environment::NotProduction, "import.meta.dev", at), at.clone());
                }
                ("process.env" | "import.meta.env" | "Bun.env", _) => Value::Env(key.to_owned()),
                ("globalThis" | "global", "process" | "Bun" | "Deno") => external(module, key.to_owned()),
                _ => external(module, format!("{name}.{key}")),
            },
            Value::External(External { module, name }) => match name.as_str() {
                "*" if exports_variables(module) => Value::Env(key.to_owned()),
                "*" => external(module, key.to_owned()),
                // The whole module is its own default export.
                "default" if is_process(module) => external("global", format!("process.{key}")),
                "env" if exports_environment(module) => Value::Env(key.to_owned()),
                _ => external(module, format!("{name}.{key}")),
            },
            // What `safeParse` gives back holds the environment.
            Value::Call(call) if reads_environment(call) && key == "data" && call.callee.name.contains("safeParse") => {
                environment()
            }
            Value::Call(call) if holds_bindings(call) && key == "env" => environment(),
            Value::Call(call) if is_runtime_config(call) => Value::Env(format!("{RUNTIME_CONFIG}{}", variable_part(key))),
            Value::Env(name) if name.starts_with(RUNTIME_CONFIG) => Value::Env(format!("{name}_{}", variable_part(key))),
            Value::Call(call) if reads_environment(call) && envalid_test(call, key).is_some() => {
                let condition = Condition { environment: envalid_test(call, key), ..Condition::new(key, at.clone()) };
                return test(condition, at.clone());
            }
            Value::Call(call) if reads_environment(call) => Value::Env(self.variable(call, key, at)),
            Value::Call(call) => external(&call.callee.module, format!("{}().{key}", call.callee.name)),
            Value::Unknown(why) => Value::Unknown(why.clone()),
            Value::Env(name) => Value::Unknown(Unknown::new(format!("the environment variable `{name}` decides"), at.clone())),
            Value::Undefined | Value::Null => Value::Undefined,
            Value::Function(function) => match self.static_member(function, key) {
                Some(node) => return node,
                None => Value::Unknown(Unknown::new(format!("`{key}` of a function or a class"), at.clone())),
            },
            _ => Value::Unknown(Unknown::new(format!("`{key}` of a value that is not an object"), at.clone())),
        };
        Node { value, at: at.clone() }
    }
}

/// Whether a name is the first parameter of a function, which nothing in the repository calls, in a file that works with
/// Hono: Hono calls it with its context, which holds the environment as `env` (Hono: Context, `env`).
fn is_context_of_hono(place: &Place<'_>, object: &Expr) -> bool {
    let (Kind::Name(name), Some(module)) = (&object.kind, place.facts.module()) else { return false };
    let scopes =
        std::iter::successors(module.scopes.get(place.scope as usize), |scope| module.scopes.get(scope.parent? as usize));
    let bound = scopes.filter_map(|scope| scope.binding(name, Some(object.span.start))).next();
    let is_first = |binding: &Binding| matches!(&binding.source, Source::Parameter { index: 0, path, .. } if path.is_empty());
    bound.is_some_and(is_first) && module.imported().any(|module| split_package_name(module).0 == "hono")
}

/// Members that envalid adds to the variables, told by `NODE_ENV` (envalid: README, "Utils").
const ENVALID_TESTS: [(&str, Environment); 5] = [
    ("isDev", Environment::NotProduction),
    ("isDevelopment", Environment::NotProduction),
    ("isProd", Environment::Production),
    ("isProduction", Environment::Production),
    ("isTest", Environment::NotProduction),
];

fn envalid_test(call: &CallValue, key: &str) -> Option<Environment> {
    let is_envalid = call.callee.module == "envalid" && call.callee.name == "cleanEnv";
    ENVALID_TESTS.iter().find(|(name, _)| is_envalid && *name == key).map(|(_, environment)| *environment)
}

/// The members of an object that an environment variable chooses among; `None` where there may be others.
fn told_by(variable: &str, object: &Node, at: &Site) -> Option<Node> {
    let Value::Object(known) = &object.value else { return None };
    let is_certain = |property: &Property| property.conditions.is_empty();
    if known.properties.is_empty() || !known.open.is_empty() || !known.properties.iter().all(is_certain) {
        return None;
    }
    let chosen = known.properties.iter().map(|property| {
        let condition = Condition {
            environment: selected_environment(variable, &property.key),
            ..Condition::new(format!("{variable} === \"{}\"", property.key), at.clone())
        };
        (property.node.clone(), condition)
    });
    Some(either(chosen.collect(), at.clone()))
}

/// What the variables begin with that set Nuxt's runtime configuration (Nuxt: runtime config, environment variables).
const RUNTIME_CONFIG: &str = "NUXT_";

fn is_runtime_config(call: &CallValue) -> bool {
    call.callee.name == "useRuntimeConfig" && matches!(call.callee.module.as_str(), "global" | "#imports" | "nuxt/app")
}

/// A key as it is part of the name of a variable: `clientSecret` is `CLIENT_SECRET`.
fn variable_part(key: &str) -> String {
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
fn exports_environment(module: &str) -> bool {
    matches!(module, "$env/dynamic/private" | "$env/dynamic/public" | "cloudflare:workers") || is_process(module)
}

fn is_process(module: &str) -> bool {
    matches!(module, "node:process" | "process")
}

/// The environment as a value.
pub(super) fn environment() -> Value {
    Value::External(External { module: "global".into(), name: "process.env".into() })
}

/// Whether a call gives back what holds the bindings of a Cloudflare worker as `env` (OpenNext: bindings; next-on-pages:
/// getRequestContext).
fn holds_bindings(call: &CallValue) -> bool {
    matches!(
        (call.callee.module.as_str(), call.callee.name.as_str()),
        ("@opennextjs/cloudflare", "getCloudflareContext")
            | ("@cloudflare/next-on-pages", "getRequestContext" | "getOptionalRequestContext")
    )
}

/// Whether a call gives back the environment: a reader of it, or anything that is given `process.env`.
pub(super) fn reads_environment(call: &CallValue) -> bool {
    let last = call.callee.name.rsplit('.').next().unwrap_or("");
    let is_reader = ENV_READERS.contains(&last) || (call.callee.module.as_str(), last) == ("hono/adapter", "env");
    is_reader
        || call.arguments.iter().any(|argument| {
            matches!(&argument.value, Value::External(External { module, name }) if module == "global" && (name == "process.env" || name == "import.meta.env"))
        })
}
