//! Tests of option values, as knowledge packs and rule documents write them.
//!
//! This is the vocabulary alone; `project::predicate` asks it of evaluated values.

use serde::Deserialize;

/// A test of the option at one path: `{ path = "teams.enabled", truthy = true }`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct OptionTest {
    /// The way from the root of the options, with dots between the steps.
    pub path: String,
    /// What is asked of the value there.
    #[serde(flatten)]
    pub predicate: Predicate,
}

impl OptionTest {
    /// The steps of the path.
    #[must_use]
    pub fn steps(&self) -> Vec<&str> {
        self.path.split('.').collect()
    }
}

/// What is asked of one value. A missing option counts as `undefined`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Predicate {
    /// `is = "database"`: strictly equal.
    Is(Literal),
    /// `is-not = false`: not strictly equal; holds for a missing option.
    IsNot(Literal),
    /// `one-of = ["memory", "database"]`: strictly equal to one of them.
    OneOf(Vec<Literal>),
    /// `present = true`: neither `undefined` nor `null`; `present = false`: the opposite.
    Present(bool),
    /// `truthy = true`: would pass an `if` in JavaScript; `truthy = false`: would not.
    Truthy(bool),
    /// `written-text = true`: a string that stands in the sources and is not empty, as a credential must not; what comes
    /// from elsewhere is not written, whether it can be followed or not. `written-text = false`: the opposite.
    WrittenText(bool),
    /// `above = 300`: a number greater than this.
    Above(f64),
    /// `below = 8`: a number less than this.
    Below(f64),
}

impl Predicate {
    /// The strings it is after.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let literals = match self {
            Self::Is(one) => std::slice::from_ref(one),
            Self::OneOf(several) => several,
            _ => &[],
        };
        literals.iter().filter_map(|literal| match literal {
            Literal::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }
}

/// A value a predicate compares with.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Literal {
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
}

/// Tests joined by `and` and `or`: one test, `{ all = […] }` or `{ any = […] }`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Condition {
    /// Every one must hold.
    All {
        /// The parts.
        all: Vec<Condition>,
    },
    /// One must hold.
    Any {
        /// The parts.
        any: Vec<Condition>,
    },
    /// One test.
    Test(OptionTest),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Document {
        when: Condition,
    }

    #[test]
    fn conditions_are_written_as_tables() {
        let text = r#"when = { any = [{ path = "a.b", present = false }, { path = "c", one-of = [1, "x", true] }] }"#;
        let document: Document = toml::from_str(text).expect("valid");
        let test = |path: &str, predicate| Condition::Test(OptionTest { path: path.into(), predicate });
        let literals = vec![Literal::Number(1.0), Literal::Text("x".into()), Literal::Bool(true)];
        assert_eq!(
            document.when,
            Condition::Any { any: vec![test("a.b", Predicate::Present(false)), test("c", Predicate::OneOf(literals))] }
        );
        assert!(toml::from_str::<Document>(r#"when = { path = "a", equals = 1 }"#).is_err());
    }
}
