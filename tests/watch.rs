//! `watch` as a process: what it tells is what a fresh review finds, whatever is done to the work tree.

#![cfg(unix)]

mod common;
#[path = "oracle/random.rs"]
mod random;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use common::{APPLICATION, CLIENT, PLAIN, PLUGIN, PROGRAM, RULE, Repo, SCHEMA, SCHEMA_WITH_TABLE, SERVER, finish};
use random::{Random, number};
use serde_json::Value;

/// Longer than anything a test waits for takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A second server with an open door, to be found wherever it is put.
const OPEN: &str = "import { betterAuth } from \"better-auth\";\n\
                    export const auth = betterAuth({ advanced: { disableCSRFCheck: true } });\n";

/// What [`OPEN`] is told of.
const OPEN_RULE: &str = "csrf/csrf-check-disabled";

/// A watch, and the picture its events draw.
struct Watch {
    child: Child,
    events: Receiver<Value>,
    findings: BTreeMap<String, Value>,
    /// The last event that closed a review.
    reviewed: Value,
    error: Option<String>,
    notices: Vec<String>,
    /// How many events told of findings since it was ready.
    told: usize,
}

impl Watch {
    fn start(repo: &Repo) -> Self {
        Self::from(repo.command(repo.root(), PROGRAM).args(["watch", "--format", "json"]))
    }

    /// Starts it, and waits until it is ready.
    fn from(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let (lines, events) = channel();
        thread::spawn(move || {
            for line in stdout.lines() {
                let event = serde_json::from_str(&line.expect("text")).expect("JSON");
                if lines.send(event).is_err() {
                    return;
                }
            }
        });
        let mut watch =
            Self { child, events, findings: BTreeMap::new(), reviewed: Value::Null, error: None, notices: Vec::new(), told: 0 };
        watch.until("it is ready", |watch| watch.reviewed["event"] == "ready");
        watch.told = 0;
        watch
    }

    /// Takes events in until something is so.
    #[track_caller]
    fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !is_so(self) {
            match self.events.recv_timeout(PATIENCE.saturating_sub(began.elapsed())) {
                Ok(event) => self.take(event),
                Err(error) => {
                    let (rules, told, last) = (self.rules(), &self.error, &self.reviewed);
                    panic!("not seen that {what} ({error}): {rules:?}, error: {told:?}, last review: {last}")
                }
            }
        }
    }

    fn take(&mut self, event: Value) {
        let finding = || (event["finding"]["fingerprint"].as_str().expect("a fingerprint").to_owned(), event["finding"].clone());
        let message = || event["message"].as_str().expect("a message").to_owned();
        self.told += usize::from(event["finding"].is_object());
        match event["event"].as_str().expect("a kind of event") {
            "appeared" => {
                let (fingerprint, finding) = finding();
                assert_eq!(self.findings.insert(fingerprint, finding), None, "it was there already: {event}");
            }
            "changed" => {
                let (fingerprint, finding) = finding();
                let old = self.findings.insert(fingerprint, finding.clone());
                assert!(old.is_some_and(|old| old != finding), "nothing changed: {event}");
            }
            "gone" => assert_eq!(self.findings.remove(&finding().0).as_ref(), Some(&event["finding"]), "it was not there"),
            "ready" | "reviewed" => {
                self.error = None;
                self.reviewed = event;
            }
            "error" => self.error = Some(message()),
            "notice" => self.notices.push(message()),
            other => panic!("unknown event {other}"),
        }
    }

    fn rules(&self) -> Vec<&str> {
        self.findings.values().map(|finding| finding["rule"].as_str().expect("text")).collect()
    }

    fn tells_of(&self, rule: &str) -> bool {
        self.rules().iter().any(|known| known.ends_with(rule))
    }

    /// Takes events in until the picture is that of a fresh review.
    #[track_caller]
    fn agrees(&mut self, repo: &Repo, after: &str) {
        let check = repo.review(&["check", "--format", "json", "--fail-on", "never"]).passed();
        let fresh: Value = serde_json::from_str(&check.stdout).expect("JSON");
        // Among findings that are equal but for their place, a watch has each keep the fingerprint it began with.
        let unnumbered = |finding: &Value| {
            let mut finding = finding.clone();
            finding["fingerprint"] = Value::Null;
            finding.to_string()
        };
        let sorted = |mut findings: Vec<String>| {
            findings.sort();
            findings
        };
        let findings = sorted(fresh["findings"].as_array().expect("a list").iter().map(unnumbered).collect());
        // The gate of a watch is that of a bare `check`, and not asked about here.
        let numbers = |summary: &Value| {
            let mut summary = summary.clone();
            summary["blocked"] = Value::Null;
            summary
        };
        let picture = format!("{:?}, {}, {}", findings, fresh["summary"], fresh["undetermined"]);
        self.until(&format!("it agrees with {picture} after {after}"), |watch| {
            watch.error.is_none()
                && sorted(watch.findings.values().map(unnumbered).collect()) == findings
                && watch.reviewed["undetermined"] == fresh["undetermined"]
                && numbers(&watch.reviewed["summary"]) == numbers(&fresh["summary"])
        });
    }

    fn signal(&self, name: &str) {
        finish(Command::new("kill").args(["-s", name, &self.child.id().to_string()])).passed();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn application() -> Repo {
    let repo = Repo::new();
    repo.commit_application();
    repo
}

#[test]
fn a_finding_appears_changes_place_and_goes() {
    let repo = application();
    let mut watch = Watch::start(&repo);
    assert!(watch.findings.is_empty());
    repo.write(SERVER, PLUGIN);
    watch.until("it appears", |watch| watch.tells_of(RULE));
    watch.until("the review is over", |watch| watch.reviewed["files"] == serde_json::json!([SERVER]));
    watch.agrees(&repo, "the plugin");
    repo.write(SERVER, format!("// a line\n{PLUGIN}"));
    watch.agrees(&repo, "a line above");
    repo.write(SERVER, PLAIN);
    watch.until("it goes", |watch| watch.findings.is_empty());
}

#[test]
fn a_save_by_rename_is_seen() {
    let repo = application();
    let mut watch = Watch::start(&repo);
    repo.write("src/lib/.auth.ts.swp", PLUGIN);
    fs::rename(repo.path("src/lib/.auth.ts.swp"), repo.path(SERVER)).expect("renamed");
    watch.until("it appears", |watch| watch.tells_of(RULE));
    watch.agrees(&repo, "the rename");
}

#[test]
fn a_file_that_is_being_written_says_nothing() {
    let repo = application();
    repo.write(SERVER, PLUGIN);
    let mut watch = Watch::start(&repo);
    assert!(watch.tells_of(RULE));
    let before = watch.findings.clone();
    // Emptied first, as most programs do, and written a moment later.
    repo.write(SERVER, "");
    thread::sleep(Duration::from_millis(300));
    repo.write(SERVER, format!("{PLUGIN}\n"));
    watch.until("it was written", |watch| watch.reviewed["files"] == serde_json::json!([SERVER]));
    assert_eq!((watch.findings.clone(), watch.told), (before.clone(), 0));
    // While a bracket is missing.
    repo.write(SERVER, PLUGIN.replace("});", ""));
    watch.until("it was broken", |watch| watch.reviewed["undetermined"] != serde_json::json!([]));
    assert_eq!((watch.findings.clone(), watch.told), (before, 0));
    repo.write(SERVER, PLAIN);
    watch.agrees(&repo, "the repair");
}

#[test]
fn branches_are_followed() {
    let repo = application();
    repo.git(&["checkout", "--quiet", "-b", "passkey"]).passed();
    repo.write(SERVER, PLUGIN);
    repo.commit_all("the plugin").passed();
    repo.write("src/db/schema.ts", SCHEMA_WITH_TABLE);
    repo.write("src/lib/auth-client.ts", CLIENT);
    repo.commit_all("the repair").passed();
    let mut watch = Watch::start(&repo);
    for branch in ["main", "passkey", "passkey~1", "main", "passkey~1"] {
        repo.git(&["checkout", "--quiet", branch]).passed();
        watch.agrees(&repo, branch);
    }
    assert!(watch.tells_of(RULE));
    repo.git(&["checkout", "--quiet", "-b", "other", "main"]).passed();
    repo.write("other.ts", OPEN);
    repo.git(&["add", "--all"]).passed();
    repo.commit_all("other").passed();
    repo.git(&["rebase", "--quiet", "passkey"]).passed();
    watch.agrees(&repo, "a rebase");
    assert!(watch.tells_of(OPEN_RULE));
}

#[test]
fn directories_come_and_go() {
    let repo = application();
    let mut watch = Watch::start(&repo);
    fs::remove_dir_all(repo.path("src")).expect("removed");
    watch.agrees(&repo, "the removal");
    for (path, content) in APPLICATION {
        repo.write(path, content);
    }
    repo.write(SERVER, PLUGIN);
    watch.until("the new directory is watched", |watch| watch.tells_of(RULE));
    watch.agrees(&repo, "the return");

    repo.write("packages/a/b/c/d/auth.ts", OPEN);
    watch.until("a deep new directory is read", |watch| watch.tells_of(OPEN_RULE));
    repo.write("packages/a/b/c/d/auth.ts", "");
    watch.until("it is watched, too", |watch| !watch.tells_of(OPEN_RULE));
    repo.write("packages/a/b/c/d/auth.ts", OPEN);
    watch.agrees(&repo, "a deep new directory");

    fs::rename(repo.path("packages/a"), repo.path("packages/e")).expect("renamed");
    watch.agrees(&repo, "a renamed directory");
    repo.write("packages/e/b/c/d/auth.ts", "");
    watch.until("it is watched under its new name", |watch| !watch.tells_of(OPEN_RULE));
    repo.write("packages/a/b/c/d/auth.ts", OPEN);
    watch.until("the old name is watched again", |watch| watch.tells_of(OPEN_RULE));
}

#[test]
fn what_git_ignores_and_other_repositories_are_left_out() {
    let repo = application();
    repo.write("packages/a/auth.ts", OPEN);
    let mut watch = Watch::start(&repo);
    let steps: [(&str, &dyn Fn()); 8] = [
        ("an ignored directory", &|| repo.write(".gitignore", "packages\n")),
        ("nothing ignored", &|| repo.write(".gitignore", "")),
        ("the repository's own list", &|| repo.write(".git/info/exclude", "packages\n")),
        ("an empty list", &|| repo.write(".git/info/exclude", "")),
        ("a repository inside", &|| _ = repo.git(&["init", "--quiet", "packages/a"]).passed()),
        ("no repository inside", &|| fs::remove_dir_all(repo.path("packages/a/.git")).expect("removed")),
        ("a repository moved here", &|| {
            repo.git(&["init", "--quiet", "packages/a"]).passed();
            fs::rename(repo.path("packages/a"), repo.path("packages/b")).expect("renamed");
        }),
        ("none any more", &|| fs::remove_dir_all(repo.path("packages/b/.git")).expect("removed")),
    ];
    for (number, (what, step)) in steps.iter().enumerate() {
        step();
        watch.until(what, |watch| watch.tells_of(OPEN_RULE) == (number % 2 == 1));
        watch.agrees(&repo, what);
    }
    fs::rename(repo.path("packages/b"), repo.path("packages/a")).expect("renamed");
    repo.git(&["add", "--all"]).passed();
    repo.write(".gitignore", "packages\n");
    watch.agrees(&repo, "a tracked file in an ignored directory");
    assert!(watch.tells_of(OPEN_RULE), "what is tracked is not ignored");
    repo.write("packages/a/auth.ts", "");
    watch.until("it is watched", |watch| !watch.tells_of(OPEN_RULE));
    repo.write("packages/a/auth.ts", OPEN);
    watch.until("it is watched", |watch| watch.tells_of(OPEN_RULE));
    fs::remove_dir_all(repo.path("packages")).expect("removed");
    watch.until("its directories are watched", |watch| !watch.tells_of(OPEN_RULE));
    fs::create_dir(repo.path("packages")).expect("created");
    watch.agrees(&repo, "an ignored directory that is empty");
    repo.write("packages/a/auth.ts", OPEN);
    watch.until("it is back", |watch| watch.tells_of(OPEN_RULE));
    repo.git(&["rm", "--quiet", "--cached", "-r", "packages"]).passed();
    watch.until("it is ignored", |watch| !watch.tells_of(OPEN_RULE));
}

#[test]
fn a_broken_configuration_is_told_and_survived() {
    let repo = application();
    let mut watch = Watch::start(&repo);
    repo.write("auth-review.toml", "ignore = [");
    watch.until("it is told", |watch| watch.error.as_ref().is_some_and(|error| error.contains("auth-review.toml")));
    repo.write(SERVER, PLUGIN);
    repo.write("auth-review.toml", "ignore = []\n");
    watch.until("it is ready again", |watch| watch.reviewed["event"] == "ready" && watch.tells_of(RULE));
    watch.agrees(&repo, "the repair");
}

#[test]
fn a_lock_that_was_left_behind_stops_nothing() {
    let repo = application();
    let mut watch = Watch::start(&repo);
    repo.write(".git/index.lock", "");
    repo.write(SERVER, PLUGIN);
    watch.until("it appears", |watch| watch.tells_of(RULE));
}

#[test]
fn a_repository_that_goes_and_comes_back_is_found_again() {
    let repo = application();
    let mut watch = Watch::start(&repo);
    fs::rename(repo.path(".git"), repo.path(".elsewhere")).expect("renamed");
    watch.until("it is told", |watch| watch.error.is_some());
    fs::rename(repo.path(".elsewhere"), repo.path(".git")).expect("renamed");
    repo.write(SERVER, PLUGIN);
    watch.until("it is read again", |watch| watch.error.is_none() && watch.tells_of(RULE));
    repo.git(&["add", "--all"]).passed();
    repo.write(SERVER, PLAIN);
    watch.agrees(&repo, "the return");
}

#[test]
fn where_the_limit_of_watches_is_reached_it_looks_itself() {
    let repo = application();
    let limited = "echo 3 >/proc/sys/user/max_inotify_watches && exec \"$@\"";
    let isolate = ["--user", "--map-root-user", "sh", "-c"];
    let can = finish(repo.command(repo.root(), "unshare").args(isolate).args([limited, "sh", "true"]));
    if can.code != 0 {
        // Only Linux has the limit, and not every container may set one.
        return;
    }
    let mut command = repo.command(repo.root(), "unshare");
    let mut watch = Watch::from(command.args(isolate).args([limited, "sh", PROGRAM, "watch", "--format", "json"]));
    assert_eq!(watch.notices.len(), 1, "{:?}", watch.notices);
    assert!(watch.notices[0].contains("fs.inotify.max_user_watches"), "{:?}", watch.notices);
    repo.write(SERVER, PLUGIN);
    watch.until("it appears", |watch| watch.tells_of(RULE));
    watch.agrees(&repo, "a look");
    repo.write(SERVER, PLAIN);
    watch.until("it goes", |watch| watch.findings.is_empty());
    assert_eq!(watch.notices.len(), 1, "it is told once");
}

#[test]
fn a_signal_ends_it() {
    let repo = application();
    let mut watch = Watch::start(&repo);
    watch.signal("TERM");
    assert_eq!(watch.child.wait().expect("it ends").signal(), Some(15));
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let repo = application();
    let mut command = repo.command(repo.root(), PROGRAM);
    let mut child =
        command.args(["watch", "--format", "json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut first = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut first).expect("a line");
    assert!(first.contains("\"ready\""), "{first}");
    // Nothing has to happen for it to be noticed.
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    let mut errors = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut errors).expect("text");
    assert_eq!(errors, "");
}

#[test]
fn people_get_lines_in_a_pipe() {
    let repo = application();
    repo.write(SERVER, PLUGIN);
    let mut command = repo.command(repo.root(), PROGRAM);
    let mut child = command.args(["watch", "src/lib"]).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map(|line| line.expect("text"));
    let first = lines.next().expect("a line");
    assert!(first.starts_with(&format!("+ {SERVER}:10:13: critical[migration/{RULE}]: ")), "{first}");
    let last = lines.by_ref().find(|line| line.starts_with("auth-review: ")).expect("a summary");
    assert_eq!(last, "auth-review: 5 auth files reviewed, 2 findings: 1 critical, 1 high");
    repo.write(SERVER, PLAIN);
    assert!(lines.next().expect("a line").starts_with("- "));
    child.kill().expect("killed");
    child.wait().expect("it ends");
}

#[test]
fn there_has_to_be_a_work_tree() {
    let nowhere = Repo::without_git();
    assert_eq!(nowhere.review(&["watch"]).failed().code, 2);
    let bare = Repo::initialized(&["--bare"]);
    assert_eq!(bare.review(&["watch"]).failed().code, 2);
}

/// Does something to the work tree. What cannot be done at the moment is not done.
fn step(repo: &Repo, random: &mut Random) -> String {
    let folders = ["src", "src/lib", "src/db", "packages/a", "packages/a/b", "packages/c"];
    let files =
        [SERVER, "src/db/schema.ts", "src/lib/auth-client.ts", "packages/a/auth.ts", "packages/a/b/auth.ts", "packages/c/x.ts"];
    let contents = [PLAIN, PLUGIN, SCHEMA, SCHEMA_WITH_TABLE, CLIENT, OPEN, ""];
    let path = |name: &str| repo.path(name);
    match random.below(14) {
        0..=3 => {
            let file = *random.pick(&files);
            if !path(file).ancestors().skip(1).any(Path::is_file) {
                repo.write(file, *random.pick(&contents));
            }
            format!("write {file}")
        }
        4 => {
            let file = *random.pick(&files);
            let _ = fs::remove_file(path(file));
            format!("remove {file}")
        }
        5 => {
            let folder = *random.pick(&folders);
            let _ = fs::remove_dir_all(path(folder));
            format!("remove {folder}")
        }
        6 => {
            let (from, to) = (*random.pick(&folders), *random.pick(&folders));
            let _ = fs::rename(path(from), path(to));
            format!("rename {from} to {to}")
        }
        7 => {
            let (from, to) = (*random.pick(&files), *random.pick(&files));
            let _ = fs::rename(path(from), path(to));
            format!("rename {from} to {to}")
        }
        8 => {
            let ignored = *random.pick(&["", "packages\n", "b\n", "/src/db\n", "*.ts\n!auth.ts\n"]);
            repo.write(".gitignore", ignored);
            format!("ignore {ignored:?}")
        }
        9 => {
            let arguments = random.pick::<&[&str]>(&[
                &["checkout", "--quiet", "--force", "main"],
                &["checkout", "--quiet", "--force", "side"],
                &["add", "--all"],
                &["stash", "--quiet", "--include-untracked"],
                &["stash", "pop", "--quiet"],
                &["commit", "--quiet", "--all", "--message", "changes"],
                &["reset", "--quiet", "--hard"],
                &["rm", "--quiet", "--cached", "-r", "packages"],
                &["clean", "--quiet", "--force", "-d"],
            ]);
            repo.git(arguments);
            arguments.join(" ")
        }
        10 => {
            repo.git(&["checkout", "--quiet", "--force", *random.pick(&["main", "side"])]);
            for (file, content) in APPLICATION {
                let _ = fs::create_dir_all(path(file).parent().expect("a parent"));
                let _ = fs::write(path(file), content);
            }
            "restore".into()
        }
        11 => {
            let folder = *random.pick(&["packages/a", "packages/c"]);
            if path(folder).join(".git").exists() {
                let _ = fs::remove_dir_all(path(folder).join(".git"));
            } else if path(folder).is_dir() {
                repo.git(&["init", "--quiet", folder]).passed();
            }
            format!("make {folder} a repository, or none")
        }
        12 => {
            let broken = *random.pick(&["ignore = []\n", "[rules]\ncsrf-check-disabled = \"off\"\n"]);
            repo.write("auth-review.toml", broken);
            format!("configure {broken:?}")
        }
        _ => {
            let file = *random.pick(&files);
            if path(file).is_file() {
                repo.write("saved~", *random.pick(&contents));
                fs::rename(path("saved~"), path(file)).expect("renamed");
            }
            format!("replace {file}")
        }
    }
}

#[test]
fn what_it_tells_is_what_is_there_after_anything() {
    let rounds = number("AUTH_REVIEW_ROUNDS").unwrap_or(30);
    let seed = number("AUTH_REVIEW_SEED").unwrap_or(1);
    let repo = application();
    repo.git(&["branch", "side"]).passed();
    let mut watch = Watch::start(&repo);
    let mut random = Random::new(seed);
    for round in 0..rounds {
        let steps: Vec<String> = (0..=random.below(5)).map(|_| step(&repo, &mut random)).collect();
        watch.agrees(&repo, &format!("round {round} of seed {seed}: {steps:?}"));
    }
}
