//! In which ways a configuration asks for less than the one before it.

use super::{Config, FailOn, OnError};
use crate::finding::Severity;

/// What each door takes when `fail-on` is not set: the hook and CI.
const DEFAULTS: [FailOn; 2] = [FailOn::Critical, FailOn::High];

/// One sentence for each way in which `after` is weaker than `before`; `rules` are all rules (`category/id`) with their tier
/// and own severity.
#[must_use]
pub fn weakened<'r>(before: &Config, after: &Config, rules: impl IntoIterator<Item = (&'r str, u8, Severity)>) -> Vec<String> {
    let mut lines = Vec::new();
    // `None` (nothing blocks) is the weakest line of all, hence above every severity.
    let line = |fail_on: FailOn| fail_on.line().map_or((1, Severity::Critical), |severity| (0, severity));
    let at = |config: &Config, default| line(config.fail_on.unwrap_or(default));
    if DEFAULTS.iter().any(|&default| at(after, default) > at(before, default)) {
        lines.push(format!("`fail-on` goes from {} to {}", describe(before), describe(after)));
    }
    if before.on_error == OnError::Block && after.on_error == OnError::Warn {
        lines.push("`on-error` goes from block to warn".into());
    }
    for (rule, tier, own) in rules {
        match (before.severity(rule, tier, own), after.severity(rule, tier, own)) {
            (Some(_), None) => lines.push(format!("the rule `{rule}` is turned off")),
            (Some(then), Some(now)) if now < then => {
                lines.push(format!("the rule `{rule}` goes from {} to {}", then.name(), now.name()));
            }
            _ => {}
        }
    }
    for pattern in after.ignore.patterns().iter().filter(|pattern| !before.ignore.patterns().contains(pattern)) {
        lines.push(format!("`ignore` now holds `{pattern}`"));
    }
    lines.into_iter().map(|line| format!("this change weakens the configuration: {line}")).collect()
}

fn describe(config: &Config) -> &'static str {
    config.fail_on.map_or("its default", FailOn::name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: [(&str, u8, Severity); 3] = [
        ("csrf/check-disabled", 1, Severity::High),
        ("origins/wildcard", 1, Severity::Medium),
        ("csrf/strict", 3, Severity::Low),
    ];

    fn change(before: &str, after: &str) -> Vec<String> {
        let parse = |text| Config::parse(text).expect("valid");
        let lines = weakened(&parse(before), &parse(after), RULES);
        let sentence = |line: &String| line.strip_prefix("this change weakens the configuration: ").map(str::to_owned);
        lines.iter().map(sentence).collect::<Option<_>>().expect("each line says what it is about")
    }

    #[test]
    fn each_way_has_a_line() {
        assert_eq!(
            change(
                "fail-on = \"high\"\non-error = \"block\"\nignore = [\"a\"]\n[rules]\nwildcard = \"high\"\n",
                "fail-on = \"never\"\nignore = [\"a\", \"src/auth.ts\"]\n[rules]\ncheck-disabled = \"off\"\n",
            ),
            [
                "`fail-on` goes from high to never",
                "`on-error` goes from block to warn",
                "the rule `csrf/check-disabled` is turned off",
                "the rule `origins/wildcard` goes from high to medium",
                "`ignore` now holds `src/auth.ts`",
            ]
        );
    }

    #[test]
    fn stricter_or_equal_says_nothing() {
        assert!(
            change(
                "fail-on = \"high\"\nignore = [\"a\"]",
                "fail-on = \"low\"\ndaemon = \"off\"\n[rules]\nwildcard = \"critical\""
            )
            .is_empty()
        );
        assert!(change("[rules]\nwildcard = \"off\"", "[rules]\n\"origins/wildcard\" = \"off\"").is_empty());
        assert!(change("", "").is_empty());
        assert!(change("", "[rules]\nstrict = \"off\"").is_empty(), "it was not shown before");
    }

    #[test]
    fn an_unset_line_is_what_each_door_takes() {
        assert_eq!(change("", "fail-on = \"critical\""), ["`fail-on` goes from its default to critical"], "weaker in CI");
        assert_eq!(change("fail-on = \"high\"", ""), ["`fail-on` goes from high to its default"], "weaker in the hook");
        assert!(change("", "fail-on = \"high\"").is_empty());
    }
}
