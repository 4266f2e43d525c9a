//! Validators, such as those of Zod, Valibot, ArkType and envalid: what stands in for a variable that is not set.

use std::iter::successors;

use super::Evaluator;
use super::compose::{each, either, unknown};
use super::environment::{is_set, last_name};
use super::numbers::converted;
use crate::facts::module::Text;
use crate::project::value::{CallValue, Condition, Environment, External, Node, Value};
use crate::source::Site;

/// Methods of a validator that leave a default before them alone (Zod: schemas, "Methods").
const KEEPING: [&str; 9] = ["brand", "check", "describe", "meta", "nullable", "readonly", "refine", "register", "superRefine"];

/// Methods and functions of validators that make another value of the one they check (Zod, Valibot: API). Whether they
/// change a default that is given after them depends on the release.
const CHANGING: [&str; 12] = [
    "codec",
    "normalize",
    "overwrite",
    "pipe",
    "preprocess",
    "rawTransform",
    "stringbool",
    "toLowerCase",
    "toNumber",
    "toUpperCase",
    "transform",
    "trim",
];

/// What stands in for a variable that is not set.
struct Default {
    node: Node,
    /// Outside of production.
    development: Option<Node>,
}

impl From<Node> for Default {
    fn from(node: Node) -> Self {
        Self { node, development: None }
    }
}

impl Evaluator<'_> {
    /// A value that is read through a validator, which may have another one for a variable that is not set: as
    /// `variable ?? default`.
    pub(super) fn checked(&self, value: &Node, validator: &Node, at: &Site) -> Node {
        each(validator.clone(), at, &|validator| {
            let Some(default) = self.default_of(&validator) else { return value.clone() };
            each(value.clone(), at, &|value| match &value.value {
                Value::Undefined => default.node.clone(),
                Value::Env(name) => {
                    let set = is_set(name, &validator.at);
                    let mut missing = set.negated();
                    let mut parts = vec![(value, set)];
                    if let Some(node) = &default.development {
                        let text = "NODE_ENV is not production".to_owned();
                        let elsewhere = Some(Environment::NotProduction);
                        let outside = Condition { environment: elsewhere, ..Condition::new(text, validator.at.clone()) };
                        parts.push((node.clone(), missing.and(&outside)));
                        missing = missing.and(&outside.negated());
                    }
                    if default.node.value != Value::Undefined {
                        parts.push((default.node.clone(), missing));
                    }
                    either(parts, at.clone())
                }
                _ => value,
            })
        })
    }

    /// What a validator has in the place of a variable that is not set; `None` where it has nothing.
    fn default_of(&self, validator: &Node) -> Option<Default> {
        match &validator.value {
            Value::Text(Text::Plain(text)) => Some(written_default(text, &validator.at)?.into()),
            Value::Call(call) if matches!(call.callee.module.as_str(), "envalid" | "envsafe") => {
                self.default_of_envalid(call, &validator.at)
            }
            Value::Call(call) => self.default_of_chain(call).map(Default::from),
            _ => None,
        }
    }

    /// What a validator of envsafe checks in the place of the variable of its own name: `str({ input: process.env.URL })`
    /// (envsafe: README).
    pub(super) fn input_of(&self, validator: &Node) -> Option<Node> {
        let Value::Call(call) = &validator.value else { return None };
        let options = call.arguments.first().filter(|_| call.callee.module == "envsafe")?;
        let input = self.property(options, "input", &validator.at);
        (input.value != Value::Undefined).then_some(input)
    }

    /// `str({ default: "x", devDefault: "y" })` (envalid: README, "Validator types"; envsafe: README).
    fn default_of_envalid(&self, validator: &CallValue, at: &Site) -> Option<Default> {
        let options = validator.arguments.first()?;
        let node = self.property(options, "default", at);
        let development = self.property(options, "devDefault", at);
        let development = (development.value != Value::Undefined).then_some(development);
        (node.value != Value::Undefined || development.is_some()).then_some(Default { node, development })
    }

    /// `string().default("x")`, `optional(string(), "x")`, and what is done with it after that.
    fn default_of_chain(&self, validator: &CallValue) -> Option<Node> {
        let mut after = Vec::new();
        let mut found = None;
        for link in successors(Some(validator), |link| link.receiver.as_deref()) {
            found = match (last_name(link), link.receiver.as_deref(), link.arguments.as_slice()) {
                ("default" | "prefault", Some(inner), [value, ..]) => Some(self.given_default(value, inner)),
                (
                    "_default" | "prefault" | "optional" | "nullish" | "undefinedable",
                    None,
                    [Node { value: Value::Call(inner), .. }, value, ..],
                ) => Some(self.given_default(value, inner)),
                // `type("string = 'x'")`
                ("type", None, [Node { value: Value::Text(Text::Plain(text)), at }]) if link.callee.module == "arktype" => {
                    written_default(text, at)
                }
                _ => None,
            };
            if found.is_some() {
                break;
            }
            after.push(link);
        }
        // `pipe(optional(string(), "x"), url())`
        let wrapped = || {
            after.last()?.arguments.iter().find_map(|argument| match &argument.value {
                Value::Call(inner) => self.default_of_chain(inner),
                _ => None,
            })
        };
        let found = found.or_else(wrapped)?;
        Some(after.into_iter().rev().fold(found, |node, link| self.after(node, link)))
    }

    /// A default as it is given to a validator.
    fn given_default(&self, value: &Node, validator: &CallValue) -> Node {
        let node = match &value.value {
            Value::Function(function) => self.call(function, Vec::new(), &value.at),
            _ => value.clone(),
        };
        if changes(validator, &node) { unknown("what a validator makes of its default", value.at.clone()) } else { node }
    }

    /// What becomes of a default in what is done with it after it is given.
    fn after(&self, default: Node, link: &CallValue) -> Node {
        let at = default.at.clone();
        match (last_name(link), link.arguments.as_slice()) {
            (name, _) if KEEPING.contains(&name) => default,
            ("pipe", [_, actions @ ..]) if link.receiver.is_none() => {
                let keeps = |action: &Node| matches!(&action.value, Value::Call(action) if !changes(action, &default));
                if actions.iter().all(keeps) { default } else { unknown("what a validator makes of its default", at) }
            }
            ("transform", [Node { value: Value::Function(function), .. }]) => {
                each(default, &at, &|node| self.call(function, vec![node], &at))
            }
            ("transform", [Node { value: Value::External(External { module, name }), .. }]) => {
                each(default, &at, &|node| match converted(module, name, &node.value) {
                    Some(value) => Node { value, at: at.clone() },
                    None => unknown("what a validator makes of its default", at.clone()),
                })
            }
            _ => unknown("what a validator makes of its default", at),
        }
    }
}

/// Whether a validator may make another value of one.
fn changes(validator: &CallValue, value: &Node) -> bool {
    successors(Some(validator), |link| link.receiver.as_deref()).any(|link| {
        let is_text = matches!(value.value, Value::Text(_));
        let is_changing = match last_name(link) {
            "stringbool" => is_text,
            // `pipe(string(), url())` does what its actions do.
            "pipe" if link.receiver.is_none() => false,
            "string" => false,
            name => CHANGING.contains(&name) || is_text && link.callee.name.contains("coerce."),
        };
        let changes_inner = |argument: &Node| matches!(&argument.value, Value::Call(inner) if changes(inner, value));
        is_changing || link.arguments.iter().any(changes_inner)
    })
}

/// The default in a definition of ArkType: `"string = 'x'"` (ArkType: objects, "Defaultable").
fn written_default(definition: &str, at: &Site) -> Option<Node> {
    let (_, literal) = definition.rsplit_once(" = ")?;
    let quoted = |quote| literal.strip_prefix(quote)?.strip_suffix(quote);
    let value = match literal {
        "true" | "false" => Value::Bool(literal == "true"),
        _ => match quoted('\'').or_else(|| quoted('"')) {
            Some(text) => Value::Text(Text::Plain(text.to_owned())),
            None => Value::Number(literal.parse().ok()?),
        },
    };
    Some(Node { value, at: at.clone() })
}
