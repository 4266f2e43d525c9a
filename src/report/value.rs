//! Evaluated values as JSON, and that JSON as one line for people.
//!
//! What is not a plain value is an object with one key that starts with `$`:
//!
//! | form | meaning |
//! |---|---|
//! | `{"$env": "NAME"}` | a variable of the environment |
//! | `{"$either": [{"when": "condition", "value": …}, …]}` | one of several; without `when` it is the one that else holds |
//! | `{"$call": {"callee": "module#name", "arguments": […]}}` | the result of calling something outside the repository; `receiver` is the call whose result the method was called on |
//! | `{"$external": "module#name"}` | an export of a package outside the repository |
//! | `{"$function": "file"}` | a function of the repository |
//! | `{"$unknown": "reason"}` | not known; as an element or under the key `$open`, what else may be there |
//! | `{"$undefined": true}` | `undefined` |

use serde_json::{Map, Value as Json, json};

use crate::facts::module::Text;
use crate::facts::secrecy::{self, Around};
use crate::project::value::{Array, CallValue, Condition, External, Node, Object, Property, Unknown, Value};

/// Deepest nesting that is shown; evaluation keeps values shallow, this bounds the stack whatever it does.
const DEEPEST: usize = 64;

/// A value as JSON, without anything that may be a credential.
pub(super) fn json(node: &Node) -> Json {
    value(node, Around::default(), 0)
}

/// The value of a property as JSON: its key may make a credential of it.
pub(super) fn of_property(property: &Property) -> Json {
    value(&property.node, Around::default().property(&property.key), 0)
}

/// What stands around a value may make a credential of it: evaluation follows values from places where they had another
/// name.
fn value(node: &Node, around: Around<'_>, depth: usize) -> Json {
    if depth > DEEPEST {
        return too_deep();
    }
    match &node.value {
        Value::Undefined => json!({ "$undefined": true }),
        Value::Null => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Number(value) => number(*value),
        Value::Text(text) => match text.plain().map_or_else(|| text.clone(), |text| secrecy::text(text.into(), around)) {
            Text::Plain(text) => json!(text),
            Text::Redacted { length } => json!(format!("<redacted, {length} characters>")),
        },
        Value::Array(items) => array(items, around.element(), depth),
        Value::Object(properties) => object(properties, around, depth),
        Value::Function(function) => json!({ "$function": &*function.file }),
        Value::Call(call) => call_value(call, depth),
        Value::External(what) => json!({ "$external": external(what) }),
        Value::Env(name) => json!({ "$env": name }),
        Value::Either(alternatives) => either(
            alternatives.iter().map(|one| (std::slice::from_ref(&one.condition), value(&one.node, around, depth + 1))).collect(),
        ),
        Value::Unknown(why) => unknown(why),
    }
}

/// Whole numbers without a fraction, as they are written.
fn number(value: f64) -> Json {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 2⁵³")]
        return json!(value as i64);
    }
    json!(value)
}

fn array(array: &Array, around: Around<'_>, depth: usize) -> Json {
    let known = array.items.iter().map(|item| conditional(&item.conditions, value(&item.node, around, depth + 1)));
    Json::Array(known.chain(array.open.iter().map(unknown)).collect())
}

fn object(object: &Object, around: Around<'_>, depth: usize) -> Json {
    let mut keys: Vec<&str> = Vec::new();
    for property in &object.properties {
        if !keys.contains(&&*property.key) {
            keys.push(&property.key);
        }
    }
    let mut map = Map::new();
    for key in keys {
        let mut values: Vec<(&[Condition], Json)> = object
            .properties
            .iter()
            .filter(|property| &*property.key == key)
            .map(|property| (property.conditions.as_slice(), value(&property.node, around.property(key), depth + 1)))
            .collect();
        let json = match values.as_slice() {
            [([], _)] => values.remove(0).1,
            _ => either(values),
        };
        map.insert(key.to_owned(), json);
    }
    if !object.open.is_empty() {
        map.insert("$open".into(), Json::Array(object.open.iter().map(unknown).collect()));
    }
    Json::Object(map)
}

fn call_value(call: &CallValue, depth: usize) -> Json {
    if depth > DEEPEST {
        return too_deep();
    }
    let known = call.arguments.iter().map(|argument| value(argument, Around::default(), depth + 1));
    let arguments: Vec<Json> = known.chain(call.open.iter().map(unknown)).collect();
    let mut json = json!({ "callee": external(&call.callee), "arguments": arguments });
    if let Some(receiver) = &call.receiver {
        json["receiver"] = call_value(receiver, depth + 1);
    }
    json!({ "$call": json })
}

fn too_deep() -> Json {
    json!({ "$unknown": "nested too deeply to be shown" })
}

fn external(external: &External) -> String {
    format!("{}#{}", external.module, external.name)
}

fn unknown(why: &Unknown) -> Json {
    json!({ "$unknown": why.reason })
}

fn conditional(conditions: &[Condition], value: Json) -> Json {
    if conditions.is_empty() { value } else { either(vec![(conditions, value)]) }
}

fn either(values: Vec<(&[Condition], Json)>) -> Json {
    let alternatives: Vec<Json> =
        values
            .into_iter()
            .map(|(conditions, value)| {
                if conditions.is_empty() {
                    json!({ "value": value })
                } else {
                    json!({ "when": when(conditions), "value": value })
                }
            })
            .collect();
    json!({ "$either": alternatives })
}

/// Conditions that must hold together.
pub(super) fn when(conditions: &[Condition]) -> String {
    conditions.iter().map(|condition| condition.text.as_str()).collect::<Vec<_>>().join(" && ")
}

/// The JSON of a value as one line in the manner of the source language.
pub(super) fn line(json: &Json) -> String {
    let list = |items: &[Json]| items.iter().map(line).collect::<Vec<_>>().join(", ");
    match json {
        Json::Array(items) => format!("[{}]", list(items)),
        Json::Object(map) => match map.iter().next().map(|(key, value)| (key.as_str(), value)) {
            None => "{}".into(),
            Some(("$undefined", _)) => "undefined".into(),
            Some(("$env", Json::String(name))) => format!("env {name}"),
            Some(("$function", Json::String(file))) => format!("function in {file}"),
            Some(("$external", Json::String(name))) => name.clone(),
            Some(("$unknown", Json::String(reason))) => format!("? ({reason})"),
            Some(("$call", call)) => {
                let arguments = list(call["arguments"].as_array().map(Vec::as_slice).unwrap_or_default());
                let callee = call["callee"].as_str().unwrap_or_default();
                match call.get("receiver") {
                    Some(receiver) => {
                        let method = callee.rsplit_once('.').map_or(callee, |(_, method)| method);
                        format!("{}.{method}({arguments})", line(receiver))
                    }
                    None => format!("{callee}({arguments})"),
                }
            }
            Some(("$either", Json::Array(alternatives))) => alternatives
                .iter()
                .map(|one| match one["when"].as_str() {
                    Some(when) => format!("{} if {when}", line(&one["value"])),
                    None => line(&one["value"]),
                })
                .collect::<Vec<_>>()
                .join(" | "),
            Some(_) => {
                let properties = map.iter().map(|(key, value)| match (key.as_str(), value) {
                    ("$open", Json::Array(open)) => list(open),
                    _ => format!("{key}: {}", line(value)),
                });
                format!("{{ {} }}", properties.collect::<Vec<_>>().join(", "))
            }
        },
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::project::value::{Alternative, Item};
    use crate::source::{Site, Span};

    fn site() -> Site {
        Site::new(&Arc::from("src/auth.ts"), Span::default())
    }

    fn node(value: Value) -> Node {
        Node { value, at: site() }
    }

    fn condition(text: &str) -> Condition {
        Condition::new(text, site())
    }

    fn property(key: &str, value: Value, conditions: Vec<Condition>) -> Property {
        Property { key: key.into(), key_at: site(), node: node(value), conditions }
    }

    fn why(reason: &str) -> Unknown {
        Unknown { reason: reason.into(), at: site() }
    }

    fn sample() -> Node {
        let external = External { module: "better-auth/plugins".into(), name: "admin".into() };
        node(Value::from(Object {
            properties: vec![
                property("secret", Value::Text(Text::Redacted { length: 32 }), vec![]),
                property(
                    "clientSecret",
                    Value::from(vec![Alternative {
                        node: node(Value::Text(Text::Plain("hunter2".into()))),
                        condition: condition("dev"),
                    }]),
                    vec![],
                ),
                property("baseURL", Value::Env("BASE_URL".into()), vec![]),
                property("maxAge", Value::Number(300.0), vec![]),
                property("ratio", Value::Number(0.5), vec![]),
                property("debug", Value::Bool(false), vec![]),
                property("debug", Value::Bool(true), vec![condition("dev")]),
                property(
                    "mode",
                    Value::from(vec![
                        Alternative { node: node(Value::Text(Text::Plain("a".into()))), condition: condition("x") },
                        Alternative { node: node(Value::Null), condition: condition("!(x)") },
                    ]),
                    vec![],
                ),
                property(
                    "list",
                    Value::from(Array {
                        items: vec![
                            Item {
                                node: node(Value::from(CallValue {
                                    callee: external.clone(),
                                    local: "admin".into(),
                                    new: false,
                                    arguments: vec![node(Value::Undefined)],
                                    open: vec![],
                                    callee_at: site(),
                                    receiver: None,
                                })),
                                conditions: vec![condition("a"), condition("b")],
                            },
                            Item { node: node(Value::External(external)), conditions: vec![] },
                        ],
                        open: vec![why("a parameter")],
                    }),
                    vec![],
                ),
            ],
            open: vec![why("spread of `rest`")],
            ..Object::default()
        }))
    }

    #[test]
    fn every_kind_of_value_has_a_form() {
        assert_eq!(
            json(&sample()),
            json!({
                "secret": "<redacted, 32 characters>",
                "clientSecret": { "$either": [{ "when": "dev", "value": "<redacted, 7 characters>" }] },
                "baseURL": { "$env": "BASE_URL" },
                "maxAge": 300,
                "ratio": 0.5,
                "debug": { "$either": [{ "value": false }, { "when": "dev", "value": true }] },
                "mode": { "$either": [{ "when": "x", "value": "a" }, { "when": "!(x)", "value": null }] },
                "list": [
                    { "$either": [{
                        "when": "a && b",
                        "value": { "$call": { "callee": "better-auth/plugins#admin", "arguments": [{ "$undefined": true }] } }
                    }] },
                    { "$external": "better-auth/plugins#admin" },
                    { "$unknown": "a parameter" }
                ],
                "$open": [{ "$unknown": "spread of `rest`" }]
            })
        );
    }

    #[test]
    fn people_read_a_line() {
        assert_eq!(
            line(&json(&sample())),
            "{ secret: \"<redacted, 32 characters>\", clientSecret: \"<redacted, 7 characters>\" if dev, \
             baseURL: env BASE_URL, maxAge: 300, ratio: 0.5, debug: false | true if dev, \
             mode: \"a\" if x | null if !(x), list: [better-auth/plugins#admin(undefined) if a && b, better-auth/plugins#admin, \
             ? (a parameter)], ? (spread of `rest`) }"
        );
        assert_eq!(line(&json!({})), "{}");
    }

    #[test]
    fn what_stands_around_a_string_makes_a_credential_of_it() {
        let text = || Value::Text(Text::Plain("hunter".into()));
        let entry = node(Value::from(Object { properties: vec![property("value", text(), vec![])], ..Object::default() }));
        let list = Value::from(Array { items: vec![Item { node: entry, conditions: vec![] }], open: vec![] });
        let redacted = "<redacted, 6 characters>";
        assert_eq!(of_property(&property("secrets", list.clone(), vec![])), json!([{ "value": redacted }]));
        assert_eq!(of_property(&property("rules", list, vec![])), json!([{ "value": "hunter" }]));
        assert_eq!(of_property(&property("secret", text(), vec![])), json!(redacted));
        // What is given to a call is not what comes out of it: the name of a variable, for one.
        let call = CallValue::by_wrapper("env", "env", vec![node(text())], &site());
        assert_eq!(of_property(&property("secret", call.into(), vec![]))["$call"]["arguments"], json!(["hunter"]));
    }

    #[test]
    fn a_method_follows_what_it_was_called_on() {
        let call = |name: &str, receiver| CallValue {
            callee: External { module: "drizzle-orm/pg-core".into(), name: name.into() },
            local: name.into(),
            new: false,
            arguments: vec![],
            open: vec![],
            callee_at: site(),
            receiver,
        };
        let chain = json(&node(Value::from(call("text.notNull", Some(call("text", None).into())))));
        assert_eq!(chain["$call"]["receiver"]["$call"]["callee"], "drizzle-orm/pg-core#text");
        assert_eq!(line(&chain), "drizzle-orm/pg-core#text().notNull()");
    }

    #[test]
    fn nesting_is_bounded_and_numbers_are_exact() {
        let deep = (0..500).fold(node(Value::Null), |inner, _| {
            node(Value::from(Array { items: vec![Item { node: inner, conditions: vec![] }], open: vec![] }))
        });
        assert!(json(&deep).to_string().contains("nested too deeply"));
        assert_eq!(json(&node(Value::Number(f64::INFINITY))), Json::Null);
        assert_eq!(json(&node(Value::Number(604_800.0))).to_string(), "604800");
    }
}
