//! `demo`: a commit that adds a plugin without its table is stopped, and its repair passes, in a throw-away repository.
//! The real git, the real installer and the real program do all of it; a step that does not go as told is an error.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use super::args::DemoArgs;
use super::{Outcome, output};
use crate::cache::memory::MemoryStore;
use crate::engine;
use crate::report::watch::{Board, Saved, View, frame};
use crate::report::{Style, terminal};
use crate::source::{MemorySnapshot, SnapshotKind};

/// Files of one step: paths from the repository root, with their contents.
type Files = &'static [(&'static str, &'static str)];

/// A small application as better-auth 1.7.25 wants it.
const APPLICATION: Files = &[
    ("package.json", include_str!("app/package.json")),
    ("package-lock.json", include_str!("app/package-lock.json")),
    ("src/db/index.ts", include_str!("app/src/db/index.ts")),
    ("src/db/schema.ts", include_str!("app/src/db/schema.ts")),
    ("src/lib/auth.ts", include_str!("app/src/lib/auth.ts")),
    ("src/lib/auth-client.ts", include_str!("app/src/lib/auth-client.ts")),
];

/// The server with the passkey plugin, and nothing else.
const PLUGIN: Files = &[("src/lib/auth.ts", include_str!("passkey/src/lib/auth.ts"))];

/// The table and the client half the plugin needs.
const REPAIR: Files = &[
    ("src/db/schema.ts", include_str!("repair/src/db/schema.ts")),
    ("src/lib/auth-client.ts", include_str!("repair/src/lib/auth-client.ts")),
];

/// What the finding that stops the commit must name.
const RULE: &str = "migration-missing-for-plugin";

/// How often each time is taken; the median is told.
const RUNS: usize = 7;

/// Plays the story.
pub(super) fn run(args: &DemoArgs) -> Outcome {
    let temporary = tempfile::Builder::new().prefix("auth-review-demo-").tempdir().context("no temporary directory to be had")?;
    let directory = if args.keep { temporary.keep() } else { temporary.path().to_owned() };
    let told = Demo { directory: directory.clone(), program: std::env::current_exe()? }.play();
    if args.keep {
        output::print(&format!("\nThe repository is {}.\n", directory.display()))?;
    }
    told.map(|()| 0).map_err(Into::into)
}

/// What the hook says when the plugin is committed without its table, by the same review on files in memory.
pub(super) fn finding(width: u16) -> anyhow::Result<String> {
    let before = MemorySnapshot::new(APPLICATION.iter().copied());
    let after = MemorySnapshot::new(APPLICATION.iter().chain(PLUGIN).copied());
    let changed = PLUGIN.iter().map(|(path, _)| (*path).to_owned()).collect();
    let options = engine::Options { base: Some("HEAD".into()), changed: Some(changed), ..engine::Options::default() };
    let review = engine::review(&after, &[&before], engine::Surroundings::default(), &options, &MemoryStore::default())?;
    let review = engine::Review { snapshot: SnapshotKind::Index, ..review };
    Ok(terminal::review(&review, true, &Style { color: false, hyperlinks: false, width, verbose: false }))
}

/// What `watch` shows when the plugin has been added, and when its table has, too, by the same reviews on files in memory.
pub(super) fn screens(width: u16, height: u16) -> anyhow::Result<[String; 2]> {
    // About what it takes.
    let took = Duration::from_micros(2_600);
    let style = Style { color: false, hyperlinks: false, width, verbose: false };
    let (mut board, store) = (Board::default(), MemoryStore::default());
    let mut files = APPLICATION.to_vec();
    let mut save = |saved: Files| {
        files.extend(saved);
        let snapshot = MemorySnapshot::new(files.iter().copied());
        let options = engine::Options::default();
        let review = engine::review(&snapshot, &[], engine::Surroundings::default(), &options, &store)?;
        let written: Vec<Arc<str>> = saved.iter().map(|(path, _)| (*path).into()).collect();
        board.reviewed(review, &Saved { written, removed: Vec::new() }, took);
        anyhow::Ok(frame(&board, &mut View { width, height, scroll: 0 }, &style) + "\n")
    };
    save(&[])?;
    Ok([save(PLUGIN)?, save(&REPAIR[..1])?])
}

/// The throw-away repository, and the program under show.
struct Demo {
    directory: PathBuf,
    program: PathBuf,
}

impl Demo {
    fn play(&self) -> anyhow::Result<()> {
        say("A repository with a small better-auth application: server, client, Drizzle schema, lockfile.")?;
        self.git(&["init", "--quiet"])?;
        self.write(APPLICATION)?;
        say("\n$ git auth-review install")?;
        show(&succeeded(self.review(&["install"])?, "the installation")?)?;

        self.git(&["add", "--all"])?;
        show(&succeeded(self.commit("A small application with better-auth")?, "the first commit")?)?;

        say("\nNow the passkey() plugin, on the server only: no table, no client half.")?;
        self.write(PLUGIN)?;
        let head = self.git(&["rev-parse", "HEAD"])?;
        let stopped = self.commit("Let people sign in with passkeys")?;
        let told = text(&stopped);
        show(&told)?;
        ensure!(!stopped.status.success(), "the commit without the table should have been stopped");
        ensure!(told.contains(RULE) && told.contains("passkey"), "the finding should have named {RULE} and passkey");
        ensure!(self.git(&["rev-parse", "HEAD"])? == head, "the stopped commit should not be there");
        say("→ stopped.")?;
        let (cold, warm) = self.times()?;

        say("\nThe repair: the table in the schema, the plugin's half on the client.")?;
        self.write(REPAIR)?;
        show(&succeeded(self.commit("Let people sign in with passkeys")?, "the repaired commit")?)?;
        ensure!(self.git(&["rev-parse", "HEAD"])? != head, "the repaired commit should be there");
        say("→ passed.")?;

        say(&format!("\nThe staged review took {} with the daemon, {} without.", milliseconds(warm), milliseconds(cold)))
    }

    /// Median times of the whole staged review as a process, without and with the daemon.
    fn times(&self) -> anyhow::Result<(Duration, Duration)> {
        self.git(&["add", "--all"])?;
        let cold = median(|| {
            let start = Instant::now();
            let run = self.review(&["check", "--staged", "--quiet", "--no-daemon"])?;
            ensure!(run.status.code() == Some(1), "the staged change should be at the gate: {}", text(&run));
            Ok(start.elapsed())
        })?;
        succeeded(self.review(&["daemon", "start"])?, "starting the daemon")?;
        let warm = median(|| {
            let start = Instant::now();
            let run = self.review(&["check", "--staged", "--verbose"])?;
            let elapsed = start.elapsed();
            ensure!(run.status.code() == Some(1), "the daemon should give the same verdict: {}", text(&run));
            ensure!(text(&run).contains("by=Daemon"), "the daemon should have answered: {}", text(&run));
            Ok(elapsed)
        })?;
        Ok((cold, warm))
    }

    fn write(&self, files: Files) -> anyhow::Result<()> {
        for (path, content) in files {
            let path = self.directory.join(path);
            fs::create_dir_all(path.parent().unwrap_or(&self.directory))?;
            fs::write(&path, content).with_context(|| format!("{} cannot be written", path.display()))?;
        }
        Ok(())
    }

    fn commit(&self, message: &str) -> anyhow::Result<Output> {
        say(&format!("\n$ git commit -a -m \"{message}\""))?;
        self.run(Path::new("git"), &["commit", "--quiet", "--all", "--message", message])
    }

    fn git(&self, arguments: &[&str]) -> anyhow::Result<String> {
        succeeded(self.run(Path::new("git"), arguments)?, &format!("git {}", arguments[0]))
    }

    fn review(&self, arguments: &[&str]) -> anyhow::Result<Output> {
        self.run(&self.program, arguments)
    }

    /// Runs a program in the repository, away from the user's own git settings and from a surrounding hook or CI.
    fn run(&self, program: &Path, arguments: &[&str]) -> anyhow::Result<Output> {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("GIT") || name.starts_with("AUTH_REVIEW") || name == "CI") {
                command.env_remove(name);
            }
        }
        command.current_dir(&self.directory).args(arguments);
        command.env("GIT_CONFIG_GLOBAL", if cfg!(windows) { "NUL" } else { "/dev/null" }).env("GIT_CONFIG_NOSYSTEM", "1");
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "Demo").env(format!("GIT_{role}_EMAIL"), "demo@example.com");
        }
        if std::io::IsTerminal::is_terminal(&std::io::stdout()) && std::env::var_os("NO_COLOR").is_none() {
            command.env("FORCE_COLOR", "1");
        }
        command.output().with_context(|| format!("{} could not be started", program.display()))
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // The daemon would notice that its repository goes; this is only sooner.
        let _ = self.review(&["daemon", "stop"]);
    }
}

fn say(line: &str) -> anyhow::Result<()> {
    Ok(output::print(&format!("{line}\n"))?)
}

fn show(text: &str) -> anyhow::Result<()> {
    Ok(output::print(text)?)
}

fn text(run: &Output) -> String {
    String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr)
}

fn succeeded(run: Output, what: &str) -> anyhow::Result<String> {
    if !run.status.success() {
        bail!("{what} should have passed, but ended with {}:\n{}", run.status, text(&run));
    }
    Ok(text(&run))
}

fn median(mut take: impl FnMut() -> anyhow::Result<Duration>) -> anyhow::Result<Duration> {
    let mut times = (0..RUNS).map(|_| take()).collect::<anyhow::Result<Vec<_>>>()?;
    times.sort();
    Ok(times[RUNS / 2])
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
