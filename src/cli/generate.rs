//! Text made from the definitions in the program: manual page, completions, and the generated parts of the README.

use std::fmt::Write as _;
use std::fs;

use anyhow::Context as _;
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::{App, ENVIRONMENT, EXIT_CODES};
use super::error::CommandError;
use super::{Outcome, demo, output, rules};

/// The file whose parts are generated.
const README: &str = "README.md";
/// Columns of text in the README.
const WIDTH: u16 = 100;

/// git's own completion calls this function for `git auth-review`; the words before the subcommand are git's.
const BASH_AS_GIT_SUBCOMMAND: &str = r#"
_git_auth_review() {
    local skip=$((${__git_cmd_idx:-1}))
    local COMP_WORDS=("git-auth-review" "${COMP_WORDS[@]:skip+1}") COMP_CWORD=$((COMP_CWORD - skip))
    _git__auth__review git-auth-review "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
}
"#;

/// Prints the completion script of a shell.
pub(super) fn completions(shell: Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut App::command(), "git-auth-review", &mut script);
    let mut script = String::from_utf8(script).context("the completion script is not UTF-8")?;
    if shell == Shell::Bash {
        script.push_str(BASH_AS_GIT_SUBCOMMAND);
    }
    output::print(&script)?;
    Ok(0)
}

/// Prints the manual page: one page for all commands, since `git auth-review --help` opens one.
pub(super) fn man() -> Outcome {
    let mut command = App::command();
    command.build();
    let mut page = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    let mut rest = Roff::new();
    rest.control("SH", ["COMMANDS"]);
    for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        describe(&mut rest, command, "git auth-review");
    }
    for (title, entries) in [("EXIT STATUS", EXIT_CODES), ("ENVIRONMENT", ENVIRONMENT)] {
        rest.control("SH", [title]);
        for (name, meaning) in entries {
            rest.control("TP", []).text([bold(*name)]).text([roman(*meaning)]);
        }
    }
    rest.to_writer(&mut page)?;
    output::print(&String::from_utf8(page).context("the manual page is not UTF-8")?)?;
    Ok(0)
}

/// A command with its options, and the commands below it.
fn describe(page: &mut Roff, command: &Command, above: &str) {
    let name = format!("{above} {}", command.get_name());
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    page.control("SS", [name.as_str()]).text([roman(about)]);
    for argument in command.get_arguments().filter(|argument| !argument.is_hide_set() && argument.get_id() != "help") {
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        page.control("TP", []).text([bold(argument.to_string())]).text([roman(help)]);
    }
    if let Some(more) = command.get_after_help() {
        page.control("PP", []).control("nf", []).text([roman(more.to_string())]).control("fi", []);
    }
    for below in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        describe(page, below, &name);
    }
}

/// Writes the generated parts of the README in the current directory, or fails when they are not current.
pub(super) fn readme(check: bool) -> Outcome {
    let old = fs::read_to_string(README).with_context(|| format!("{README} cannot be read"))?;
    let [broken, half] = watch()?;
    let new = [
        ("finding", finding()?),
        ("watch", broken),
        ("watch, later", half),
        ("rules", rules::table()),
        ("help", help()),
        ("exit codes", exit_codes()),
    ]
    .into_iter()
    .try_fold(old.clone(), |text, (part, content)| replace(&text, part, &content))?;
    if check && new != old {
        let error = CommandError::usage_message(format!("the generated parts of {README} are not current"));
        return Err(error.hint("run `git-auth-review generate` at the top of the source"));
    }
    if new != old {
        fs::write(README, new).with_context(|| format!("{README} cannot be written"))?;
    }
    Ok(0)
}

/// `text` with the lines between the part's markers replaced.
fn replace(text: &str, part: &str, content: &str) -> anyhow::Result<String> {
    let (open, close) = (format!("<!-- generated: {part} -->\n"), format!("<!-- end: {part} -->\n"));
    let cut = text.split_once(&open).and_then(|(before, rest)| Some((before, rest.split_once(&close)?.1)));
    let (before, after) = cut.with_context(|| format!("{README} has no part `{part}`"))?;
    Ok(format!("{before}{open}{content}{close}{after}"))
}

/// What the hook says about the demo's plugin without its table.
fn finding() -> anyhow::Result<String> {
    Ok(format!("```text\n{}```\n", demo::finding(WIDTH)?))
}

/// What `watch` shows of the demo on a small terminal.
fn watch() -> anyhow::Result<[String; 2]> {
    let [broken, half] = demo::screens(80, 18)?;
    let block = |frame: String| format!("```text\n{frame}```\n");
    Ok([block(broken), block(half)])
}

fn help() -> String {
    format!("```text\n{}```\n", App::command().term_width(WIDTH.into()).after_help("").render_help())
}

fn exit_codes() -> String {
    let mut table = String::from("| code | meaning |\n|---|---|\n");
    for (code, meaning) in EXIT_CODES {
        let _ = writeln!(table, "| {code} | {meaning} |");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        App::command().debug_assert();
    }

    #[test]
    fn a_part_is_replaced_between_its_markers() {
        let text = "a\n<!-- generated: x -->\nold\n<!-- end: x -->\nb\n";
        assert_eq!(replace(text, "x", "new\n").expect("found"), "a\n<!-- generated: x -->\nnew\n<!-- end: x -->\nb\n");
        assert!(replace(text, "y", "").is_err());
    }
}
