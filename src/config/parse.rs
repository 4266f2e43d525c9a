//! Text to [`Config`], with the place of whatever is wrong.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Config, DaemonMode, FailOn, Ignore, OnError, RuleLevel};
use crate::finding::Severity;
use crate::project::application::{Audience, Stated};
use crate::source::LineIndex;

/// Largest configuration that is read, in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// The keys at the top of the file.
pub(super) const KEYS: [&str; 6] = ["fail-on", "on-error", "daemon", "ignore", "contexts", "rules"];

const FAIL_ON: [(&str, FailOn); 5] = [
    ("critical", FailOn::Critical),
    ("high", FailOn::High),
    ("medium", FailOn::Medium),
    ("low", FailOn::Low),
    ("never", FailOn::Never),
];
const ON_ERROR: [(&str, OnError); 2] = [("warn", OnError::Warn), ("block", OnError::Block)];
const DAEMON: [(&str, DaemonMode); 2] = [("auto", DaemonMode::Auto), ("off", DaemonMode::Off)];
const LEVELS: [(&str, RuleLevel); 6] = [
    ("off", RuleLevel::Off),
    ("on", RuleLevel::On),
    ("low", RuleLevel::At(Severity::Low)),
    ("medium", RuleLevel::At(Severity::Medium)),
    ("high", RuleLevel::At(Severity::High)),
    ("critical", RuleLevel::At(Severity::Critical)),
];

/// Longest word that is taken for one that is meant as a choice, in bytes.
const LONGEST_WORD: usize = 16;

/// What is wrong with a configuration file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}{}", hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default())]
pub struct ConfigError {
    /// What is wrong.
    pub message: String,
    /// 1-based line.
    pub line: u32,
    /// 1-based column in UTF-16 code units.
    pub column: u32,
    /// What was probably meant, or what is allowed.
    pub hint: Option<String>,
}

/// What is wrong, as a range of bytes.
struct Fault {
    at: Range<usize>,
    message: String,
    hint: Option<String>,
}

type Value<'t> = Spanned<DeValue<'t>>;

pub(super) fn parse(text: &str) -> Result<Config, ConfigError> {
    read(text).map_err(|fault| {
        let start = LineIndex::new(text).position(u32::try_from(fault.at.start).unwrap_or(u32::MAX));
        ConfigError { message: fault.message, line: start.line, column: start.column, hint: fault.hint }
    })
}

fn read(text: &str) -> Result<Config, Fault> {
    if text.len() > MAX_BYTES {
        return Err(Fault::new(0..0, format!("the file has {} bytes; at most {MAX_BYTES} are read", text.len())));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document = DeTable::parse(text)
        .map_err(|why| Fault::new(why.span().unwrap_or_default(), format!("not valid TOML: {}", one_line(why.message()))))?;
    let mut config = Config::default();
    for (key, value) in in_order(document.get_ref()) {
        match key.get_ref().as_ref() {
            "fail-on" => config.fail_on = Some(choice("fail-on", value, &FAIL_ON)?),
            "on-error" => config.on_error = choice("on-error", value, &ON_ERROR)?,
            "daemon" => config.daemon = choice("daemon", value, &DAEMON)?,
            "ignore" => config.ignore = ignore(value)?,
            "contexts" => config.contexts = contexts(value)?,
            "rules" => config.rules = rules(value)?,
            unknown => {
                let hint = closest(unknown, KEYS)
                    .map_or_else(|| format!("the keys are {}", list(KEYS)), |key| format!("did you mean `{key}`?"));
                return Err(Fault { hint: Some(hint), ..Fault::new(key.span(), format!("unknown key `{}`", one_line(unknown))) });
            }
        }
    }
    Ok(config)
}

fn ignore(value: &Value<'_>) -> Result<Ignore, Fault> {
    let wrong = |at| Fault::new(at, "`ignore` must be a list of path patterns in quotes".into());
    let DeValue::Array(items) = value.get_ref() else { return Err(wrong(value.span())) };
    let patterns = items
        .iter()
        .map(|item| match item.get_ref() {
            DeValue::String(pattern) => Ok(pattern.clone().into_owned()),
            _ => Err(wrong(item.span())),
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ignore::new(patterns).map_err(|(place, message)| {
        let at = items.get(place).map_or(value.span(), Spanned::span);
        Fault::new(at, format!("`ignore`: {message}"))
    })
}

fn contexts(value: &Value<'_>) -> Result<Stated, Fault> {
    let wrong = |at| Fault::new(at, "`contexts` must be a table of folders, each with a list: `\".\" = [\"web\"]`".into());
    let DeValue::Table(table) = value.get_ref() else { return Err(wrong(value.span())) };
    let allowed = Audience::ALL.map(|audience| (audience.name(), audience));
    in_order(table)
        .into_iter()
        .map(|(folder, audiences)| {
            let DeValue::Array(items) = audiences.get_ref() else { return Err(wrong(audiences.span())) };
            let name = folder.get_ref();
            let audiences = items.iter().map(|item| choice(name, item, &allowed)).collect::<Result<Vec<_>, _>>()?;
            Ok((name.trim_end_matches('/').to_owned(), audiences))
        })
        .collect()
}

fn rules(value: &Value<'_>) -> Result<BTreeMap<String, RuleLevel>, Fault> {
    let DeValue::Table(table) = value.get_ref() else {
        return Err(Fault::new(value.span(), "`rules` must be a table: `[rules]`, then one line for each rule".into()));
    };
    in_order(table)
        .into_iter()
        .map(|(rule, level)| {
            let name = rule.get_ref();
            if let DeValue::Table(_) = level.get_ref() {
                let message = format!("`{}` is no level; a rule's name with its category stands in quotes", one_line(name));
                return Err(Fault { hint: Some("write `\"category/id\" = \"off\"`".into()), ..Fault::new(rule.span(), message) });
            }
            Ok((name.clone().into_owned(), choice(name, level, &LEVELS)?))
        })
        .collect()
}

/// The value named by a string, out of the few that are allowed.
fn choice<T: Copy>(key: &str, value: &Value<'_>, allowed: &[(&str, T)]) -> Result<T, Fault> {
    let names = || allowed.iter().map(|(name, _)| *name);
    let DeValue::String(given) = value.get_ref() else {
        let message = format!("`{}` must be a word in quotes: {}", one_line(key), list(names()));
        return Err(Fault::new(value.span(), message));
    };
    allowed.iter().find(|(name, _)| name == given).map(|(_, meaning)| *meaning).ok_or_else(|| {
        let hint = closest(given, names())
            .map_or_else(|| format!("it may be {}", list(names())), |name| format!("did you mean `{name}`?"));
        // What is no word may be there by mistake, and a credential.
        let is_word =
            given.len() <= LONGEST_WORD && given.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_'));
        let what = if is_word { format!("`{given}`") } else { "what is given here".to_owned() };
        let message = format!("`{}` cannot be {what}", one_line(key));
        Fault { hint: Some(hint), ..Fault::new(value.span(), message) }
    })
}

/// The candidate that is most like `given`, where one is like enough to have been meant.
pub(super) fn closest<'c>(given: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    const LIKE_ENOUGH: f64 = 0.75;
    let given = given.to_lowercase().replace('_', "-");
    candidates
        .into_iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(&given, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= LIKE_ENOUGH)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// The entries of a table as they stand in the file, so that the first mistake is told first.
fn in_order<'a, 't>(table: &'a DeTable<'t>) -> Vec<(&'a Spanned<Cow<'t, str>>, &'a Value<'t>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn list<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Text of the file inside a message: one line, no control characters, not long.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 120;
    let mut line: String = text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line
}

impl Fault {
    fn new(at: Range<usize>, message: String) -> Self {
        Self { at, message, hint: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse(text).expect_err("not valid").to_string()
    }

    #[test]
    fn reads_every_key() {
        let config = parse(
            "\u{feff}fail-on = \"high\"\non-error = \"block\"\ndaemon = \"off\"\nignore = [\"examples\"]\n[contexts]\n\".\" = [\"web\", \"m2m\"]\n\"apps/app/\" = []\n[rules]\n\"a/b\" = \"off\"\nc = \"low\"\n",
        )
        .expect("valid");
        assert_eq!(config.fail_on, Some(FailOn::High));
        assert_eq!((config.on_error, config.daemon), (OnError::Block, DaemonMode::Off));
        assert!(config.ignore.contains("examples/auth.ts"));
        assert_eq!(config.contexts["."], [Audience::Web, Audience::Machines]);
        assert_eq!(config.contexts["apps/app"], []);
        assert_eq!(config.rules["a/b"], RuleLevel::Off);
        assert_eq!(config.rules["c"], RuleLevel::At(Severity::Low));
        assert!(parse("").expect("an empty file is valid").fail_on.is_none());
    }

    #[test]
    fn mistakes_have_a_place_and_a_hint() {
        assert_eq!(
            error("daemon = \"off\"\n  fail_on = \"high\"\n"),
            "line 2, column 3: unknown key `fail_on`; did you mean `fail-on`?"
        );
        assert_eq!(
            error("zzz = 1\n"),
            "line 1, column 1: unknown key `zzz`; the keys are `fail-on`, `on-error`, `daemon`, `ignore`, `contexts`, `rules`"
        );
        assert!(error("fail-on = \"hunter-2\"\n").contains("`fail-on` cannot be what is given here; it may be"));
        assert_eq!(error("fail-on = \"hihg\"\n"), "line 1, column 11: `fail-on` cannot be `hihg`; did you mean `high`?");
        assert_eq!(error("daemon = true\n"), "line 1, column 10: `daemon` must be a word in quotes: `auto`, `off`");
        assert_eq!(
            error("[rules]\n\"a/b\" = \"error\"\n"),
            "line 2, column 9: `a/b` cannot be `error`; it may be `off`, `on`, `low`, `medium`, `high`, `critical`"
        );
        assert_eq!(error("ignore = [\"ok\", 3]\n"), "line 1, column 17: `ignore` must be a list of path patterns in quotes");
        assert!(error("ignore = [\"ok\",\n \"a[\"]\n").starts_with("line 2, column 2: `ignore`: the pattern is not valid: "));
        assert!(error("fail-on = \n").starts_with("line 1, column 11: not valid TOML: "));
        assert!(error("rules = 1").contains("must be a table"));
        assert!(error("contexts = [\"web\"]").contains("must be a table of folders"));
        assert!(error("[contexts]\n\".\" = [\"mobile\"]").contains("it may be `web`, `spa-mobile`, `m2m`"));
        assert!(error("[rules.csrf]\nx = \"off\"").contains("stands in quotes"));
    }

    #[test]
    fn the_first_mistake_in_the_file_is_told() {
        assert!(error("zebra = 1\nalpha = 1\n").contains("`zebra`"));
    }

    #[test]
    fn hostile_text_is_refused_without_harm() {
        assert!(error(&"#".repeat(MAX_BYTES + 1)).contains("at most 65536 are read"));
        assert!(parse(&format!("ignore = {}", "[".repeat(30_000))).is_err());
        assert!(!error("\"a\\u001b[31m\" = 1").contains('\u{1b}'));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-z\\[\\]=\"'#.\\n \\-{},*0-9é]{0,80}") {
            let _ = parse(&text);
        }
    }
}
