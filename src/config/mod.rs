//! `auth-review.toml`: what it may say, how it is read, and whether a change weakens it.

mod ignore;
mod parse;
mod weakened;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::finding::Severity;
use crate::project::application::Stated;
pub use ignore::Ignore;
pub use parse::ConfigError;
pub use weakened::weakened;

/// Where the configuration may lie, from the repository root; the first that is there counts.
pub const PATHS: [&str; 2] = ["auth-review.toml", ".config/auth-review.toml"];

/// A commented example with every key, as `config init` writes it.
pub const REFERENCE: &str = include_str!("reference.toml");

/// The configuration in effect. The default is what holds without a file.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// `fail-on`: the lowest severity that blocks; `None` leaves it to the door (hook or CI).
    pub fail_on: Option<FailOn>,
    /// `on-error`: what becomes of a commit when the review itself fails.
    pub on_error: OnError,
    /// `daemon`: whether the hook may start one.
    pub daemon: DaemonMode,
    /// `ignore`: what is not reviewed.
    pub ignore: Ignore,
    /// `[contexts]`: for whom the servers below a folder are.
    pub contexts: Stated,
    /// `[rules]`: levels by rule, named with or without its category.
    pub rules: BTreeMap<String, RuleLevel>,
}

/// The lowest severity that blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    /// Critical findings only.
    #[default]
    Critical,
    /// High and above.
    High,
    /// Medium and above.
    Medium,
    /// Everything.
    Low,
    /// Nothing blocks.
    Never,
}

/// What becomes of a commit when the review itself fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// It passes with a warning.
    #[default]
    Warn,
    /// It is stopped.
    Block,
}

/// Whether the hook may start the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DaemonMode {
    /// It may, where that helps.
    #[default]
    Auto,
    /// Every review runs in the process that asks for it.
    Off,
}

/// What `[rules]` makes of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleLevel {
    /// Its findings are dropped.
    Off,
    /// Its findings are shown with the severity the rule gives them, also where the rule is not shown otherwise.
    On,
    /// Its findings have this severity.
    At(Severity),
}

impl FailOn {
    /// The lowest severity that blocks; `None` when nothing does.
    #[must_use]
    pub fn line(self) -> Option<Severity> {
        match self {
            Self::Critical => Some(Severity::Critical),
            Self::High => Some(Severity::High),
            Self::Medium => Some(Severity::Medium),
            Self::Low => Some(Severity::Low),
            Self::Never => None,
        }
    }

    /// The word the configuration uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.line().map_or("never", Severity::name)
    }

    /// Whether a finding of this severity is at or above the line.
    #[must_use]
    pub fn includes(self, severity: Severity) -> bool {
        self.line().is_some_and(|line| severity >= line)
    }
}

impl Config {
    /// Reads the text of a configuration file.
    ///
    /// # Errors
    /// The first place that is not valid TOML, names a key that does not exist, or gives a value that is not allowed.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        parse::parse(text)
    }

    /// The severity of a finding of `rule` (`category/id`) whose own severity is `own`; `None` when the rule is off. A rule
    /// of tier 3 is off unless it is named.
    #[must_use]
    pub fn severity(&self, rule: &str, tier: u8, own: Severity) -> Option<Severity> {
        match self.rules.get(rule).or_else(|| self.rules.get(short_id(rule))) {
            Some(RuleLevel::Off) => None,
            Some(RuleLevel::On) => Some(own),
            Some(RuleLevel::At(severity)) => Some(*severity),
            None => (tier < 3).then_some(own),
        }
    }

    /// One line for each name under `[rules]` that none of `known` (`category/id`) answers to.
    #[must_use]
    pub fn unknown_rules<'r>(&self, known: impl IntoIterator<Item = &'r str>) -> Vec<String> {
        let known: Vec<&str> = known.into_iter().collect();
        let is_known = |name: &str| known.iter().any(|rule| *rule == name || short_id(rule) == name);
        self.rules
            .keys()
            .filter(|name| !is_known(name))
            .map(|name| {
                let candidates = known.iter().map(|rule| if name.contains('/') { rule } else { short_id(rule) });
                let hint = parse::closest(name, candidates).map(|rule| format!("; did you mean `{rule}`?")).unwrap_or_default();
                format!("the configuration names the rule `{name}`, which does not exist{hint}")
            })
            .collect()
    }
}

/// The part of a rule's name after its category.
fn short_id(rule: &str) -> &str {
    rule.rsplit_once('/').map_or(rule, |(_, id)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_name_of_a_rule_wins_over_the_short_one() {
        let config = Config::parse("[rules]\nwildcard = \"low\"\n\"origins/wildcard\" = \"off\"\n").expect("valid");
        assert_eq!(config.severity("origins/wildcard", 1, Severity::High), None);
        assert_eq!(config.severity("cookies/wildcard", 1, Severity::High), Some(Severity::Low));
        assert_eq!(config.severity("origins/other", 1, Severity::High), Some(Severity::High));
    }

    #[test]
    fn rules_of_the_third_tier_are_asked_for() {
        let config = Config::parse("[rules]\na = \"on\"\nb = \"high\"\nc = \"off\"\n").expect("valid");
        let shown = ["x/a", "x/b", "x/c", "x/d"].map(|rule| config.severity(rule, 3, Severity::Low));
        assert_eq!(shown, [Some(Severity::Low), Some(Severity::High), None, None]);
        assert_eq!(config.severity("x/d", 2, Severity::Low), Some(Severity::Low));
    }

    #[test]
    fn names_of_rules_that_do_not_exist_are_told() {
        let config =
            Config::parse("[rules]\n\"csrf/check-disabld\" = \"off\"\nwildcard = \"low\"\nzzz = \"low\"\n").expect("valid");
        assert_eq!(
            config.unknown_rules(["csrf/check-disabled", "origins/wildcard"]),
            [
                "the configuration names the rule `csrf/check-disabld`, which does not exist; did you mean `csrf/check-disabled`?",
                "the configuration names the rule `zzz`, which does not exist",
            ]
        );
    }

    #[test]
    fn the_reference_shows_every_key_and_is_valid() {
        let active: String = REFERENCE
            .lines()
            .map(|line| {
                line.strip_prefix("# ")
                    .filter(|rest| rest.contains(" = "))
                    .or(line.strip_prefix("#[").map(|_| &line[1..]))
                    .unwrap_or(line)
            })
            .map(|line| format!("{line}\n"))
            .collect();
        let config = Config::parse(&active).expect("the example is valid once its comment signs are taken away");
        assert!(config.fail_on.is_some() && !config.rules.is_empty() && !config.ignore.patterns().is_empty());
        for key in parse::KEYS {
            assert!(REFERENCE.contains(key), "{key} is not in the reference");
        }
    }
}
