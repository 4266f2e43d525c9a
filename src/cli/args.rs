//! What can be typed: the one definition behind the parser, the help, the man page, the completions and the README.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::hook::Event;
use crate::config::FailOn;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// The exit codes and what they say.
pub(super) const EXIT_CODES: &[(&str, &str)] = &[
    ("0", "nothing at or above the gate"),
    ("1", "the gate failed"),
    ("2", "usage or configuration error"),
    ("3", "the review could not be completed"),
];

/// The environment variables and what they do.
pub(super) const ENVIRONMENT: &[(&str, &str)] = &[
    ("AUTH_REVIEW=0", "the hook reviews nothing, and says so"),
    ("AUTH_REVIEW_BIN", "the program the installed hook file runs"),
    ("AUTH_REVIEW_LOG=debug", "the hook tells who answered, and a daemon more in its log"),
    ("CI", "no daemon is started, and a hook that cannot review or whose program is gone blocks"),
    ("NO_COLOR", "never colour"),
    ("FORCE_COLOR, CLICOLOR_FORCE", "always colour"),
];

/// What `watch` understands and prints.
const WATCH: &str = "\
Keys: q leaves, j, k and the arrows scroll, r reads everything anew.

With --format json every line is an object. Its `event` is one of:
  appeared, changed, gone  a `finding`, as `check --format json` has it
  ready, reviewed          the end of a review, the first one or the first after an error, and any other: `summary` and
                           `undetermined` as `check` has them, the `files` that changed, the `milliseconds` it took
  error                    there can be no review until the next `ready`; `message` says why
  notice                   something about the watching itself, in `message`";

fn after_help() -> String {
    let section = |title: &str, entries: &[(&str, &str)]| {
        let lines: String = entries.iter().map(|(name, meaning)| format!("\n  {name:<28} {meaning}")).collect();
        format!("{title}:{lines}")
    };
    format!("{}\n\n{}", section("Exit codes", EXIT_CODES), section("Environment", ENVIRONMENT))
}

/// Reviews better-auth projects: plugins without their migration, config drift, weakened security.
///
/// Without a command, the work tree is reviewed and all findings are shown. The hook that `install` puts in place reviews
/// exactly what the next commit will hold. Nothing of the project is run, and nothing is sent anywhere.
#[derive(Debug, Parser)]
#[command(
    name = "git-auth-review",
    bin_name = "git auth-review",
    version,
    styles = STYLES,
    after_help = after_help(),
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
pub(super) struct App {
    #[command(flatten)]
    pub(super) check: CheckArgs,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Review the work tree, the index or a commit (the default command)
    Check(CheckArgs),
    /// Show what the review understood: servers, clients, plugins, options, schema
    Inspect(InspectArgs),
    /// Show what is wrong while the work tree is being worked on
    #[command(after_help = WATCH)]
    Watch(WatchArgs),
    /// Write what findings of the work tree know how to repair
    Fix(FixArgs),
    /// Explain a rule: what it finds, why it matters, how to repair it
    Explain {
        /// Its id, with or without the category
        rule: String,
    },
    /// List the rules
    #[command(disable_help_subcommand = true)]
    Rules {
        /// What to do
        #[command(subcommand)]
        action: RulesAction,
    },
    /// Review every commit of this repository from now on
    Install(InstallArgs),
    /// Remove the hook, and put back what was there before
    Uninstall,
    /// Control the resident reviewer of this repository
    #[command(disable_help_subcommand = true)]
    Daemon {
        /// What to do
        #[command(subcommand)]
        action: DaemonAction,
    },
    /// Show or write the configuration of this repository
    #[command(disable_help_subcommand = true)]
    Config {
        /// What to do
        #[command(subcommand)]
        action: ConfigAction,
    },
    /// Watch a commit being stopped and repaired, in a throw-away repository
    Demo(DemoArgs),
    /// Print an environment report to paste into an issue
    Doctor,
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
    /// Write the generated parts of README.md in the current directory
    #[command(hide = true)]
    Generate {
        /// Fail when they are not current, instead of writing
        #[arg(long)]
        check: bool,
    },
    /// What the installed hook runs
    #[command(hide = true)]
    Hook {
        /// The git hook this is
        #[arg(value_enum)]
        event: Event,
        /// What git passes to the hook
        arguments: Vec<OsString>,
    },
}

/// Which files are reviewed.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct SnapshotArgs {
    /// Review the files on disk (the default)
    #[arg(long, help_heading = "Snapshot")]
    pub(super) worktree: bool,
    /// Review what the next commit will hold
    #[arg(long, help_heading = "Snapshot")]
    pub(super) staged: bool,
    /// Review a commit
    #[arg(long, value_name = "REV", help_heading = "Snapshot")]
    pub(super) rev: Option<String>,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub(super) snapshot: SnapshotArgs,
    /// Tell new findings from those REV already has
    #[arg(long, value_name = "REV", help_heading = "Snapshot")]
    pub(super) base: Option<String>,
    /// Show only findings in these files and folders
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// The lowest severity that makes the exit code 1
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(super) fail_on: Option<FailOn>,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    /// Print nothing but errors: the exit code tells
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub(super) quiet: bool,
}

/// Arguments of `watch`.
#[derive(Debug, Args)]
pub(super) struct WatchArgs {
    /// Show only findings in these files and folders
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// How to print: `terminal` is a screen on a terminal, else one line for each event; `json` is one JSON object for each
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: ColorChoice,
}

/// Arguments of `fix`.
#[derive(Debug, Args)]
pub(super) struct FixArgs {
    /// Repair only findings in these files and folders
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Print the changes as a diff, and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Apply repairs, too, that have to be looked at afterwards
    #[arg(long = "unsafe")]
    pub(super) also_unsafe: bool,
    /// Repair only findings of a rule; its category may be left out
    #[arg(long, value_name = "RULE")]
    pub(super) rule: Option<String>,
    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: ColorChoice,
}

/// Arguments of `inspect`.
#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    #[command(flatten)]
    pub(super) snapshot: SnapshotArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// How a review is answered and printed.
#[derive(Debug, Args)]
pub(super) struct OutputArgs {
    /// How to print
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub(super) format: Format,
    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN", help_heading = "Output")]
    pub(super) color: ColorChoice,
    /// Print fingerprints, and on standard error how the answer came about
    #[arg(short, long, help_heading = "Output")]
    pub(super) verbose: bool,
    /// Review in this process, whether or not a daemon runs
    #[arg(long)]
    pub(super) no_daemon: bool,
}

/// Output formats.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Terminal,
    /// For programs: JSON version 1
    Json,
}

/// Arguments of `install`.
#[derive(Debug, Args)]
pub(super) struct InstallArgs {
    /// How git is told
    #[arg(long, value_enum, default_value_t)]
    pub(super) method: Method,
    /// The hooks to install
    #[arg(long = "event", value_enum, value_delimiter = ',', value_name = "EVENT", default_values_t = [Event::Commit, Event::Merge])]
    pub(super) events: Vec<Event>,
}

/// Ways to have git run the review.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Method {
    /// `config` where every git found is 2.54 or later, else `shim`
    #[default]
    Auto,
    /// In the repository's configuration; runs beside any hook file or hook manager (git 2.54 or later)
    Config,
    /// A hook file, which runs the hook that was there first
    Shim,
}

/// What `rules` can do.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum RulesAction {
    /// Print every rule with its severity, tier and summary
    List,
}

/// What `daemon` can do.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum DaemonAction {
    /// Start it, if it does not run
    Start,
    /// Stop it, if it runs
    Stop,
    /// Tell whether it runs, and what it holds
    Status,
    /// Print its log
    Logs,
    /// Be the daemon, in the foreground
    #[command(hide = true)]
    Run {
        /// The repository's git directory
        #[arg(long)]
        common_dir: PathBuf,
    },
    /// Read or write the cache for a daemon
    #[command(hide = true)]
    Keep {
        /// The version of the cache
        #[arg(long)]
        version: String,
        /// Where it lies
        directory: PathBuf,
        /// What to do with it
        #[command(subcommand)]
        action: KeepAction,
    },
}

/// What a daemon wants of its cache.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum KeepAction {
    /// All of it on standard output
    Read {
        /// The git directory of a repository that is reviewed first when nothing is kept
        #[arg(long)]
        common_dir: Option<PathBuf>,
    },
    /// Standard input added to it
    Write,
    /// Keep nothing but what comes on standard input
    Replace,
}

/// What `config` can do.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum ConfigAction {
    /// Print what holds here
    Show,
    /// Write a commented auth-review.toml
    Init,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Keep the repository, and print where it is
    #[arg(long)]
    pub(super) keep: bool,
}
