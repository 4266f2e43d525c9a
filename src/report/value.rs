//! Evaluated values as JSON, and that JSON as one line for people.
//!
//! What is not a plain value is an object with one key that starts with `$`:
//!
//! | form | meaning |
//! |---|---|
//! | `{"$env": "NAME"}` | a variable of the environment |
//! | `{"$either": [{"when": "condition", "value": …}, …]}` | one of several; without `when` it is the one that else holds |
//! | `{"$call": {"callee": "module#name", "arguments": […]}}` | the result of calling something outside the repository; `receiver` is the call whose result the method was called on |
//! | `{"$table": "file#name"}` | a table that `file` declares, which `declared_schema` tells of; without `#name` where the name is not known |
//! | `{"$external": "module#name"}` | an export of a package outside the repository |
//! | `{"$function": "file"}` | a function of the repository |
//! | `{"$same": "/a/0/b"}` | the value at this JSON pointer into the options it is part of: what is used several times is told once |
//! | `{"$unknown": "reason"}` | not known; as an element or under the key `$open`, what else may be there |
//! | `{"$undefined": true}` | `undefined` |

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};

use crate::facts::module::Text;
use crate::facts::secrecy::{self, Around};
use crate::project::schema::drizzle;
use crate::project::value::composite::Composite;
use crate::project::value::{Array, CallValue, Condition, External, Node, Object, Property, Unknown, Value};

/// Deepest nesting that is shown; evaluation keeps values shallow, this bounds the stack whatever it does.
const DEEPEST: usize = 64;

/// Most values that what is used several times may consist of to be shown each time.
const SMALL: usize = 24;

/// A value as JSON, without anything that may be a credential.
pub(super) fn json(node: &Node) -> Json {
    Writer::default().value(node, Around::default())
}

/// The value of a property as JSON: its key may make a credential of it.
pub(super) fn of_property(property: &Property) -> Json {
    Writer::default().value(&property.node, Around::default().property(&property.key))
}

/// Writes one value.
#[derive(Default)]
struct Writer {
    /// The steps to what is being written, as in a JSON pointer (RFC 6901).
    path: Vec<String>,
    /// Values written so far.
    written: usize,
    /// Where calls and objects were written, by their addresses, and how many values they consist of.
    known: HashMap<usize, (String, usize)>,
}

impl Writer {
    /// What stands around a value may make a credential of it: evaluation follows values from places where they had another
    /// name.
    fn value(&mut self, node: &Node, around: Around<'_>) -> Json {
        if self.path.len() > DEEPEST {
            return too_deep();
        }
        self.written += 1;
        match &node.value {
            Value::Undefined => json!({ "$undefined": true }),
            Value::Null => Json::Null,
            Value::Bool(value) => json!(value),
            Value::Number(value) => number(*value),
            Value::Text(text) => match text.plain().map_or_else(|| text.clone(), |text| secrecy::text(text.into(), around)) {
                Text::Plain(text) => json!(text),
                Text::Redacted { length } => json!(format!("<redacted, {length} characters>")),
            },
            Value::Array(items) => self.array(items, around.element()),
            Value::Object(properties) => self.once(properties, |writer| writer.object(properties, around)),
            Value::Function(function) => json!({ "$function": &*function.file }),
            Value::Call(call) => self.call(call),
            Value::External(what) => json!({ "$external": external(what) }),
            Value::Env(name) => json!({ "$env": name }),
            Value::Either(alternatives) => {
                let alternatives = alternatives.iter().map(|one| (std::slice::from_ref(&one.condition), &one.node));
                self.either(alternatives, around)
            }
            Value::Unknown(why) => unknown(why),
        }
    }

    fn array(&mut self, array: &Array, around: Around<'_>) -> Json {
        let known = array.items.iter().enumerate().map(|(place, item)| {
            self.at(place.to_string(), |writer| match item.conditions.as_slice() {
                [] => writer.value(&item.node, around),
                conditions => writer.either([(conditions, &item.node)].into_iter(), around),
            })
        });
        let known: Vec<Json> = known.collect();
        Json::Array(known.into_iter().chain(array.open.iter().map(unknown)).collect())
    }

    fn object(&mut self, object: &Object, around: Around<'_>) -> Json {
        let mut map = Map::new();
        for property in &object.properties {
            let key = &*property.key;
            if map.contains_key(key) {
                continue;
            }
            let values = object.properties.iter().filter(|other| &*other.key == key);
            let mut values = values.map(|one| (one.conditions.as_slice(), &one.node)).peekable();
            let around = around.property(key);
            let json = self.at(key.replace('~', "~0").replace('/', "~1"), |writer| match values.next() {
                Some(([], only)) if values.peek().is_none() => writer.value(only, around),
                first => writer.either(first.into_iter().chain(values), around),
            });
            map.insert(key.to_owned(), json);
        }
        if !object.open.is_empty() {
            map.insert("$open".into(), Json::Array(object.open.iter().map(unknown).collect()));
        }
        Json::Object(map)
    }

    fn either<'v>(&mut self, values: impl Iterator<Item = (&'v [Condition], &'v Node)>, around: Around<'_>) -> Json {
        let alternatives = values.enumerate().map(|(place, (conditions, node))| {
            let value = self.at(format!("$either/{place}/value"), |writer| writer.value(node, around));
            match conditions {
                [] => json!({ "value": value }),
                conditions => json!({ "when": when(conditions), "value": value }),
            }
        });
        json!({ "$either": alternatives.collect::<Vec<Json>>() })
    }

    fn call(&mut self, call: &Composite<CallValue>) -> Json {
        if self.path.len() > DEEPEST {
            return too_deep();
        }
        table(call).unwrap_or_else(|| self.once(call, |writer| writer.whole_call(call)))
    }

    fn whole_call(&mut self, call: &CallValue) -> Json {
        let mut arguments = Vec::new();
        for (place, argument) in call.arguments.iter().enumerate() {
            let step = format!("$call/arguments/{place}");
            arguments.push(self.at(step, |writer| writer.value(argument, Around::default())));
        }
        arguments.extend(call.open.iter().map(unknown));
        let mut json = json!({ "callee": external(&call.callee), "arguments": arguments });
        if let Some(receiver) = &call.receiver {
            json["receiver"] = self.at("$call/receiver".into(), |writer| writer.call(receiver));
        }
        json!({ "$call": json })
    }

    /// Writes what lies one step further.
    fn at<T>(&mut self, step: String, write: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let written = write(self);
        self.path.pop();
        written
    }

    /// Writes a value that may be used several times: the next time, a larger one is referred to.
    fn once<T>(&mut self, shared: &Composite<T>, write: impl FnOnce(&mut Self) -> Json) -> Json {
        let address = shared.address();
        if let Some((at, _)) = self.known.get(&address).filter(|(_, weight)| *weight > SMALL) {
            return json!({ "$same": at });
        }
        let before = self.written;
        let json = write(self);
        let at = self.path.iter().map(|step| format!("/{step}")).collect();
        self.known.insert(address, (at, self.written - before));
        json
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

/// A reference to a table: what it consists of is told with the schema, and options may hold it any number of times.
fn table(call: &CallValue) -> Option<Json> {
    let (file, name) = drizzle::reference(call)?;
    Some(json!({ "$table": name.map_or_else(|| file.to_string(), |name| format!("{file}#{name}")) }))
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
            Some(("$external" | "$table", Json::String(name))) => name.clone(),
            Some(("$same", Json::String(at))) => format!("the same as {at}"),
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
        Unknown::new(reason, site())
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
    fn tables_are_referred_to() {
        let call = |name: &str, arguments, receiver| CallValue {
            callee: External { module: "drizzle-orm/pg-core".into(), name: name.into() },
            local: name.into(),
            new: false,
            arguments,
            open: vec![],
            callee_at: site(),
            receiver,
        };
        let name = || node(Value::Text(Text::Plain("user".into())));
        let columns = || node(Value::from(Object { properties: vec![property("id", Value::Null, vec![])], ..Object::default() }));
        let table = call("pgTable", vec![name(), columns()], None);
        let kept = json!({ "$table": "src/auth.ts#user" });
        assert_eq!(json(&node(Value::from(table.clone()))), kept);
        assert_eq!(json(&node(Value::from(call("pgTable().enableRLS", vec![], Some(table.clone().into()))))), kept);
        let insert = json(&node(Value::from(call("createInsertSchema", vec![node(table.into())], None))));
        assert_eq!(insert["$call"]["arguments"], json!([kept]));
        assert_eq!(line(&kept), "src/auth.ts#user");
        let unnamed = call("pgTable", vec![node(Value::Env("TABLE".into())), columns()], None);
        assert_eq!(json(&node(unnamed.into())), json!({ "$table": "src/auth.ts" }));
    }

    #[test]
    fn what_is_used_several_times_is_told_once() {
        let list = |length: u32| {
            Value::from(Array {
                items: (0..length).map(|n| Item { node: node(Value::Number(n.into())), conditions: vec![] }).collect(),
                open: vec![],
            })
        };
        let shared = |length| {
            let object = Value::from(Object { properties: vec![property("list", list(length), vec![])], ..Object::default() });
            let under = |key: &str, conditions| property(key, object.clone(), conditions);
            let properties = vec![under("a/b", vec![condition("c")]), under("d", vec![])];
            json(&node(Value::from(Object { properties, ..Object::default() })))
        };
        let large = shared(40);
        assert_eq!(large["d"], json!({ "$same": "/a~1b/$either/0/value" }));
        let at = large["d"]["$same"].as_str().expect("a pointer");
        assert_eq!(large.pointer(at).expect("is there")["list"][39], 39);
        assert_eq!(line(&large["d"]), "the same as /a~1b/$either/0/value");
        assert_eq!(shared(2)["d"], json!({ "list": [0, 1] }));
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
