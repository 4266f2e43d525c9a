//! From the process's surroundings to a [`Request`]: everything that decides a byte of the answer is read here, once.

use std::ffi::{OsStr, OsString};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use clap::ColorChoice;

use super::error::CommandError;
use super::place;
use crate::git::Environment;
use crate::report::Style;
use crate::service::{Output, Request, Target};

/// Columns assumed where there is no terminal to ask.
const DEFAULT_WIDTH: u16 = 100;

/// Builds a request for the current directory and environment; the caller adds paths, base and gate.
///
/// # Errors
/// When the current directory is gone.
pub(super) fn build(target: Target, output: Output, color: ColorChoice) -> anyhow::Result<Request> {
    Ok(Request {
        environment: Environment::from_process().context("the current directory cannot be read")?,
        target,
        base: None,
        paths: Vec::new(),
        output,
        fail_on: None,
        style: style(color),
        hook: false,
        ci: in_ci(),
        today: today(),
    })
}

/// The date in UTC as `YYYY-MM-DD`.
pub(super) fn today() -> String {
    civil_date(SystemTime::now())
}

/// Whether a continuous-integration service runs the command.
pub(super) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "0" && value != "false")
}

/// How output for people looks here.
pub(super) fn style(choice: ColorChoice) -> Style {
    style_on(std::io::stdout().is_terminal(), choice)
}

/// How what goes to standard error looks here, which may be another terminal or none.
pub(super) fn error_style(choice: ColorChoice) -> Style {
    style_on(std::io::stderr().is_terminal(), choice)
}

fn style_on(terminal: bool, choice: ColorChoice) -> Style {
    let color = colors(choice, terminal, |name| std::env::var_os(name));
    Style { color, hyperlinks: color && terminal, width: width(terminal), verbose: false }
}

/// Whether to colour: the option, then `NO_COLOR`, `FORCE_COLOR`, `CLICOLOR_FORCE`, `CLICOLOR` and `TERM`
/// (<https://no-color.org>, <https://force-color.org>, <https://bixense.com/clicolors>), then whether it is a terminal.
fn colors(choice: ColorChoice, terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let is = |name: &str, wanted: &str| variable(name).is_some_and(|value| value == OsStr::new(wanted));
    let on = |name: &str| variable(name).is_some_and(|value| !value.is_empty() && value != OsStr::new("0"));
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if variable("NO_COLOR").is_some_and(|value| !value.is_empty()) => false,
        ColorChoice::Auto if on("FORCE_COLOR") || on("CLICOLOR_FORCE") => true,
        ColorChoice::Auto => terminal && !is("CLICOLOR", "0") && !is("TERM", "dumb"),
    }
}

fn width(terminal: bool) -> u16 {
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    let measured = || terminal.then(terminal_size::terminal_size).flatten().map(|(columns, _)| columns.0);
    columns().or_else(measured).filter(|&columns| columns > 0).unwrap_or(DEFAULT_WIDTH)
}

/// Makes sure that there is something at each of the paths of a command line.
///
/// # Errors
/// There is nothing at one of them.
pub(super) fn check_paths(directory: &Path, paths: &[PathBuf]) -> Result<(), CommandError> {
    match paths.iter().find(|path| directory.join(path).symlink_metadata().is_err()) {
        Some(missing) => Err(CommandError::usage_message(format!("there is no file or folder `{}`", missing.display()))),
        None => Ok(()),
    }
}

/// The paths of a command line as the request wants them: from the repository root, with `/` between the parts.
///
/// # Errors
/// When a path lies outside the work tree or is not UTF-8.
pub(super) fn repository_paths(root: &Path, directory: &Path, paths: &[PathBuf]) -> Result<Vec<String>, CommandError> {
    let from_root = |path: &PathBuf| {
        let absolute = place::normalize(&directory.join(path));
        // People and tools come along symbolic links, too.
        let within = absolute.strip_prefix(root).map(Path::to_owned);
        let within = within.or_else(|_| place::resolved(&absolute).strip_prefix(place::resolved(root)).map(Path::to_owned));
        let inside = within.map_err(|_| anyhow::anyhow!("{} is outside the repository at {}", path.display(), root.display()))?;
        let parts: Option<Vec<&str>> = inside.iter().map(OsStr::to_str).collect();
        Ok(parts.with_context(|| format!("{} is not UTF-8", path.display()))?.join("/"))
    };
    paths.iter().map(from_root).collect::<anyhow::Result<_>>().map_err(CommandError::usage)
}

/// A date in UTC as `YYYY-MM-DD`, by the proleptic Gregorian calendar.
fn civil_date(now: SystemTime) -> String {
    let days = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 86_400);
    // Years are counted from 1 March 0000, so that the leap day is the last day of a year; an era is 400 years.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dates_follow_the_calendar() {
        let day = |days: u64| civil_date(UNIX_EPOCH + Duration::from_secs(days * 86_400 + 86_399));
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(day(11_016), "2000-02-29");
        assert_eq!(day(19_782), "2024-02-29");
        assert_eq!(day(19_783), "2024-03-01");
        assert_eq!(day(20_818), "2026-12-31");
        assert_eq!(day(47_540), "2100-02-28");
        assert_eq!(day(47_541), "2100-03-01");
    }

    #[test]
    fn colour_follows_option_then_environment_then_terminal() {
        let with = |pairs: &'static [(&str, &str)]| {
            move |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
        };
        assert!(colors(ColorChoice::Always, false, with(&[("NO_COLOR", "1")])));
        assert!(!colors(ColorChoice::Never, true, with(&[("FORCE_COLOR", "1")])));
        assert!(!colors(ColorChoice::Auto, true, with(&[("NO_COLOR", "1"), ("FORCE_COLOR", "1")])));
        assert!(colors(ColorChoice::Auto, true, with(&[("NO_COLOR", "")])));
        assert!(colors(ColorChoice::Auto, false, with(&[("CLICOLOR_FORCE", "1")])));
        assert!(!colors(ColorChoice::Auto, false, with(&[("FORCE_COLOR", "0")])));
        assert!(!colors(ColorChoice::Auto, true, with(&[("TERM", "dumb")])));
        assert!(!colors(ColorChoice::Auto, false, with(&[])));
    }

    #[test]
    fn paths_are_told_from_the_root() {
        let (root, directory) = (Path::new("/r"), Path::new("/r/apps/web"));
        let paths = |given: &str| repository_paths(root, directory, &[PathBuf::from(given)]);
        assert_eq!(paths("src/./a.ts").expect("inside"), ["apps/web/src/a.ts"]);
        assert_eq!(paths("../..").expect("inside"), [""]);
        assert!(paths("../../../x").is_err());
    }
}
