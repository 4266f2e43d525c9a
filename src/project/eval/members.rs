//! Members of values, among them the environment.

use super::changes::is_map;
use super::compose::{either, undecided, unknown};
use super::environment::{
    RUNTIME_CONFIG, environment, exports_environment, exports_variables, holds_bindings, is_process, is_runtime_config,
    reads_environment, spread_whole, variable_part,
};
use super::operators::{environment_test, read_variable, selected_environment, test};
use super::{Evaluator, Place};
use crate::facts::lower::ENTRY;
use crate::facts::module::{Binding, Expr, Imported, Kind, Source, Text};
use crate::facts::specifier::split_package_name;
use crate::knowledge::pack;
use crate::project::resolve::Resolved;
use crate::project::value::{Condition, Environment, External, Node, Property, Unknown, Value};
use crate::source::Site;

impl Evaluator<'_> {
    pub(super) fn member(&self, place: &Place<'_>, object: &Expr, property: &str, at: Site) -> Node {
        if let Some(node) = self.member_of_module(place, object, property, &at) {
            return node;
        }
        if matches!(&object.kind, Kind::Name(name) if name == "this")
            && let Some(node) = self.member_of_literal(place, property)
        {
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

    /// One property of a value.
    #[must_use]
    pub fn property(&self, object: &Node, key: &str, at: &Site) -> Node {
        let external = |module: &str, name: String| Value::External(External { module: module.to_owned(), name });
        let value = match &object.value {
            Value::Object(known) => {
                let found: Vec<&Property> = known.properties.iter().filter(|property| &*property.key == key).collect();
                let unseen = || match (spread_whole(known), known.open.first()) {
                    (Some(whole), _) => self.property(whole, key, at),
                    (None, Some(why)) => Node { value: Value::Unknown(why.clone()), at: at.clone() },
                    (None, None) => Node { value: Value::Undefined, at: at.clone() },
                };
                return match found.as_slice() {
                    [] => unseen(),
                    [one] if one.conditions.is_empty() => one.node.clone(),
                    several => {
                        let condition_of =
                            |property: &Property| Condition::all(&property.conditions).unwrap_or_else(|| undecided(key, at));
                        let mut alternatives: Vec<_> =
                            several.iter().map(|property| (property.node.clone(), condition_of(property))).collect();
                        if !known.certain.contains(key) {
                            let any = several.iter().map(|property| condition_of(property)).reduce(|any, next| any.or(&next));
                            let otherwise = any.map_or_else(|| undecided(key, at), |any| any.negated());
                            alternatives.push((unseen(), otherwise));
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
            value if key == ENTRY && is_map(value) => Value::Undefined,
            Value::Call(call) if holds_bindings(call) && key == "env" => environment(),
            Value::Call(call) if is_runtime_config(call) => Value::Env(format!("{RUNTIME_CONFIG}{}", variable_part(key))),
            Value::Env(name) if name.starts_with(RUNTIME_CONFIG) => Value::Env(format!("{name}_{}", variable_part(key))),
            Value::Call(call) if reads_environment(call) => return self.read_by(call, key, at),
            Value::Call(call) => {
                let External { module, name } = &call.callee;
                match (key == "id").then(|| pack().plugin_for(module, name)).flatten() {
                    Some(plugin) => Value::Text(Text::Plain(plugin.id.clone())),
                    None => external(module, format!("{name}().{key}")),
                }
            }
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

/// The members of an object that an environment variable chooses among; `None` where there may be others.
fn told_by(variable: &str, object: &Node, at: &Site) -> Option<Node> {
    let Value::Object(known) = &object.value else { return None };
    let is_certain = |property: &Property| property.conditions.is_empty();
    if known.properties.is_empty() || !known.open.is_empty() || !known.properties.iter().all(is_certain) {
        return None;
    }
    let conditions = Condition::one_of(known.properties.iter().map(|property| Condition {
        environment: selected_environment(variable, &property.key),
        ..Condition::new(format!("{variable} === \"{}\"", property.key), at.clone())
    }));
    let chosen = known.properties.iter().zip(conditions).map(|(property, condition)| (property.node.clone(), condition));
    Some(either(chosen.collect(), at.clone()))
}
