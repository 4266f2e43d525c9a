//! The daemon and its clients as processes of their own: what goes wrong costs time, never an answer.
//!
//! This test program starts itself again as a daemon and as a client ([`role`]), so that reviews can be scripted: what a
//! request's `base` says is what its review does ([`Scripted`]).

#![cfg(unix)]

mod common;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use common::{PATIENCE, closed, wait_for, wait_until};
use git_auth_review::cache::Disk;
use git_auth_review::cache::sled::Sled;
use git_auth_review::cache::{FactKey, FactStore};
use git_auth_review::daemon::protocol::{Answer, Hello, Message, Status, append_frame, read_frame, write_frame};
use git_auth_review::daemon::server::{self, Settings, Work};
use git_auth_review::daemon::watcher::Watching;
use git_auth_review::daemon::{client, lifecycle, log};
use git_auth_review::facts::extract;
use git_auth_review::git::Environment;
use git_auth_review::report::Style;
use git_auth_review::service::{Failure, Output, Reply, Request, Target};
use git_auth_review::source::FileKind;

// ---------------------------------------------------------------------------------------------------------------------
// The other processes

/// A review that does what the request's `base` says.
struct Scripted;

impl Work for Scripted {
    fn answer(&self, request: &Request, store: &dyn FactStore) -> Result<Reply, Failure> {
        let script = request.base.as_deref().unwrap_or_default();
        let (verb, rest) = script.split_once(' ').unwrap_or((script, ""));
        let stdout = match verb {
            "panic" => panic!("as asked, with a secret: hunter2"),
            "fail" => return Err(Failure::NoSuchPath(rest.to_owned())),
            "sleep" => {
                thread::sleep(Duration::from_millis(rest.parse().expect("milliseconds")));
                String::new()
            }
            "long" => "x".repeat(rest.parse().expect("bytes")),
            "keep" => {
                let bytes = rest.as_bytes();
                store.keep(FactKey::of(FileKind::DotEnv, bytes), Arc::new(extract(FileKind::DotEnv, bytes)));
                String::new()
            }
            "kept" => store.facts(&FactKey::of(FileKind::DotEnv, rest.as_bytes())).is_some().to_string(),
            "read" => {
                let bytes = fs::read(rest).expect("there");
                let kind = FileKind::of(rest).expect("of interest");
                store.facts(&FactKey::of(kind, &bytes)).is_some().to_string()
            }
            "count" => {
                let mut file = fs::File::options().create(true).append(true).open(rest).expect("writable");
                file.write_all(b"x").expect("written");
                String::new()
            }
            _ => format!("{script}\n\u{1b}[1m\u{0}é"),
        };
        Ok(Reply { stdout, stderr: request.today.clone(), code: 1 })
    }

    fn directories(&self, environment: &Environment) -> Vec<PathBuf> {
        vec![environment.directory.clone()]
    }
}

/// No test: what this program does when a test starts it again.
#[test]
fn role() {
    let Ok(role) = std::env::var("TEST_ROLE") else { return };
    let common_dir = PathBuf::from(std::env::var_os("TEST_COMMON_DIR").expect("given"));
    let milliseconds = |name| Duration::from_millis(std::env::var(name).expect("given").parse().expect("a number"));
    match role.as_str() {
        "daemon" => {
            log::start(&common_dir);
            let mut expected = request("nothing");
            expected.environment.directory = common_dir.parent().expect("in a work tree").to_path_buf();
            let disk = lifecycle::state_directory(&common_dir).map(|state| Arc::new(Sled::new(state)) as Arc<dyn Disk>);
            let settings = Settings {
                common_dir,
                idle: milliseconds("TEST_IDLE"),
                vigilance: milliseconds("TEST_VIGILANCE"),
                expected: Some(expected),
            };
            let leave = server::run(settings, disk, Scripted).expect("started");
            report("left", &leave.map_or("at once".to_string(), |why| why.to_string()));
        }
        "ask" => {
            let script = std::env::var("TEST_SCRIPT").expect("given");
            let began = Instant::now();
            let reply = client::ask(&common_dir, &request(&script));
            let took = began.elapsed().as_millis();
            report("took", &took.to_string());
            report("reply", &serde_json::to_string(&reply).expect("plain"));
        }
        "status" => report("status", &serde_json::to_string(&client::status(&common_dir).ok()).expect("plain")),
        "stop" => report("stopped", &client::stop(&common_dir).is_ok().to_string()),
        role => panic!("no such role: {role}"),
    }
}

fn report(name: &str, value: &str) {
    // Standard error, as the test harness writes to standard output.
    std::io::stderr().write_all(format!("\n{name}={value}\n").as_bytes()).expect("a pipe");
}

fn request(script: &str) -> Request {
    Request {
        environment: Environment::default(),
        target: Target::Staged,
        base: Some(script.to_string()),
        paths: Vec::new(),
        output: Output::Terminal,
        fail_on: None,
        style: Style { color: true, hyperlinks: false, width: 80, verbose: false },
        hook: true,
        ci: false,
        today: "2030-01-31".to_string(),
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// The stage

/// A repository, a runtime directory, and the program that daemons and clients are started from.
struct Stage {
    temp: tempfile::TempDir,
    program: PathBuf,
    idle: Duration,
    vigilance: Duration,
}

/// A daemon that does not outlive its test.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Daemon {
    /// Waits until the daemon has left and tells why it did.
    fn left(&mut self) -> String {
        let until = Instant::now() + PATIENCE;
        while self.0.try_wait().expect("a child").is_none() {
            assert!(Instant::now() < until, "the daemon stays");
            thread::sleep(Duration::from_millis(10));
        }
        let mut text = String::new();
        self.0.stderr.take().expect("piped").read_to_string(&mut text).expect("text");
        value(&text, "left").unwrap_or_else(|| panic!("no reason in: {text}"))
    }

    fn signal(&self, name: &str) {
        let done = Command::new("kill").arg(format!("-{name}")).arg(self.0.id().to_string()).status();
        assert!(done.is_ok_and(|status: ExitStatus| status.success()));
    }
}

fn value(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).map(str::to_string)
}

impl Stage {
    fn new() -> Self {
        let temp = tempfile::tempdir().expect("temporary directory");
        fs::create_dir_all(temp.path().join("project/.git")).expect("created");
        fs::create_dir(temp.path().join("runtime")).expect("created");
        let program = std::env::current_exe().expect("known");
        Self { temp, program, idle: Duration::from_secs(600), vigilance: Duration::from_secs(60) }
    }

    fn common_dir(&self) -> PathBuf {
        self.temp.path().join("project/.git")
    }

    fn sockets(&self) -> PathBuf {
        self.temp.path().join("runtime/git-auth-review")
    }

    fn socket(&self) -> PathBuf {
        let find = || {
            fs::read_dir(self.sockets()).ok()?.flatten().map(|e| e.path()).find(|p| p.extension().is_some_and(|e| e == "sock"))
        };
        wait_for("a socket", find)
    }

    fn command(&self, role: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(["--exact", "role", "--nocapture"])
            .env("TEST_ROLE", role)
            .env("TEST_COMMON_DIR", self.common_dir())
            .env("TEST_IDLE", self.idle.as_millis().to_string())
            .env("TEST_VIGILANCE", self.vigilance.as_millis().to_string())
            .env("XDG_RUNTIME_DIR", self.temp.path().join("runtime"))
            .env("XDG_CACHE_HOME", self.temp.path().join("caches"))
            .env("TMPDIR", self.temp.path().join("no such directory"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }

    /// Starts a daemon without waiting for it.
    fn launch(&self) -> Daemon {
        Daemon(self.command("daemon").spawn().expect("started"))
    }

    /// Starts a daemon and waits until it answers.
    fn daemon(&self) -> Daemon {
        let daemon = self.launch();
        let process = daemon.0.id();
        wait_for("the daemon", || self.status().filter(|status| status.process == process));
        daemon
    }

    fn run(&self, mut command: Command, name: &str) -> String {
        let output = command.output().expect("started");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        value(&text, name).unwrap_or_else(|| panic!("no {name} in: {text}"))
    }

    fn status(&self) -> Option<Status> {
        serde_json::from_str(&self.run(self.command("status"), "status")).expect("a status")
    }

    fn ask(&self, script: &str) -> Option<Reply> {
        self.ask_timed(script).0
    }

    fn ask_timed(&self, script: &str) -> (Option<Reply>, Duration) {
        let output = self.command("ask").env("TEST_SCRIPT", script).output().expect("started");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let reply = serde_json::from_str(&value(&text, "reply").expect("reported")).expect("a reply");
        let took = value(&text, "took").and_then(|took| took.parse().ok()).expect("a number");
        (reply, Duration::from_millis(took))
    }

    /// Checks that the daemon answers as the client would by itself. A busy machine may need more than one attempt.
    fn assert_serves(&self) {
        let expected =
            Scripted.answer(&request("hello"), &git_auth_review::cache::memory::MemoryStore::default()).expect("a reply");
        assert_eq!(wait_for("an answer", || self.ask("hello")), expected);
    }

    /// A connection that says what it likes.
    fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(self.socket()).expect("a daemon");
        stream.set_read_timeout(Some(PATIENCE)).expect("possible");
        stream
    }

    /// The greeting of the program that daemons are started from.
    fn hello() -> Hello {
        Hello::of_this_program().expect("known")
    }
}

/// Copies in another process: a program cannot be started while a child of this one still holds it open for writing.
fn copy_program(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg(from).arg(to).status().is_ok_and(|status| status.success()));
}

// ---------------------------------------------------------------------------------------------------------------------
// Tests: everyday life

#[test]
fn the_answer_is_the_one_of_the_client_itself() {
    let stage = Stage::new();
    let _daemon = stage.daemon();
    stage.assert_serves();
    let long = wait_for("an answer", || stage.ask("long 1000000"));
    assert_eq!(long.stdout.len(), 1_000_000);
    assert_eq!(stage.ask(&format!("long {}", 9 * 1024 * 1024)), None, "too long for a frame");
    stage.assert_serves();
}

#[test]
fn without_a_daemon_there_is_no_answer() {
    let stage = Stage::new();
    assert_eq!(stage.ask("hello"), None);
    assert_eq!(stage.status(), None);
    assert!(!stage.sockets().exists(), "asking leaves nothing behind");
}

#[test]
fn stopping_is_possible_and_leaves_no_socket() {
    let stage = Stage::new();
    let mut daemon = stage.daemon();
    let socket = stage.socket();
    assert_eq!(stage.run(stage.command("stop"), "stopped"), "true");
    assert_eq!(daemon.left(), "asked to stop");
    assert!(!socket.exists());
    assert_eq!(stage.run(stage.command("stop"), "stopped"), "false");
}

#[test]
fn an_idle_daemon_leaves() {
    let stage = Stage { idle: Duration::from_millis(300), ..Stage::new() };
    let mut daemon = stage.launch();
    assert_eq!(daemon.left(), "idle");
}

#[test]
fn use_keeps_a_daemon_from_leaving() {
    let stage = Stage { idle: Duration::from_secs(3), ..Stage::new() };
    let mut daemon = stage.daemon();
    let until = Instant::now() + Duration::from_secs(4);
    while Instant::now() < until {
        stage.ask("hello");
        thread::sleep(Duration::from_millis(100));
    }
    assert!(daemon.0.try_wait().expect("a child").is_none());
    assert_eq!(daemon.left(), "idle");
}

#[test]
fn facts_survive_a_restart() {
    let stage = Stage::new();
    let mut daemon = stage.daemon();
    wait_for("an answer", || stage.ask("keep A=1"));
    stage.run(stage.command("stop"), "stopped");
    daemon.left();
    let _daemon = stage.daemon();
    wait_until("the fact", || stage.ask("kept A=1").is_some_and(|reply| reply.stdout == "true"));
    assert_eq!(wait_for("an answer", || stage.ask("kept A=2")).stdout, "false");
}

#[test]
fn the_log_says_what_happened_but_not_what_was_reviewed() {
    let stage = Stage::new();
    let mut daemon = stage.daemon();
    stage.ask("panic");
    stage.ask("base-revision-name");
    stage.run(stage.command("stop"), "stopped");
    daemon.left();
    let log = fs::read_to_string(stage.common_dir().join("auth-review/daemon.log")).expect("a log");
    assert!(log.contains("started") && log.contains("asked to stop"), "{log}");
    assert!(log.contains("tests/daemon.rs"), "the place of the panic: {log}");
    assert!(!log.contains("hunter2") && !log.contains("base-revision-name"), "{log}");
}

// ---------------------------------------------------------------------------------------------------------------------
// Tests: reading ahead

#[test]
fn a_changed_index_is_reviewed_before_anyone_asks() {
    let stage = Stage::new();
    let _daemon = stage.daemon();
    let counter = stage.temp.path().join("count");
    let count = || fs::metadata(&counter).map_or(0, |metadata| metadata.len());
    wait_for("an answer", || stage.ask(&format!("count {}", counter.display())));
    wait_until("the watches", || stage.status().is_some_and(|status| status.watching == Watching::Everything(1)));
    let before = count();
    fs::write(stage.common_dir().join("index.lock"), "").expect("written");
    thread::sleep(Duration::from_millis(200));
    assert_eq!(count(), before, "a lock file is no index");
    fs::rename(stage.common_dir().join("index.lock"), stage.common_dir().join("index")).expect("renamed");
    wait_until("the review", || count() > before);
}

#[test]
fn saved_files_are_parsed_before_they_are_staged() {
    let stage = Stage::new();
    let _daemon = stage.daemon();
    wait_until("the watches", || stage.status().is_some_and(|status| status.watching == Watching::Everything(1)));
    let known = |path: &Path| {
        let script = format!("read {}", path.display());
        stage.ask(&script).is_some_and(|reply| reply.stdout == "true")
    };
    let source = "import { betterAuth } from 'better-auth'\nexport const auth = betterAuth({})\n";
    let project = stage.temp.path().join("project");
    let file = project.join("auth.ts");
    fs::write(&file, source).expect("written");
    wait_until("the facts", || known(&file));

    // In new directories, and with no time between creating and filling them.
    let deep = project.join("src/lib");
    fs::create_dir_all(&deep).expect("created");
    let file = deep.join("auth.ts");
    fs::write(&file, format!("// another file\n{source}")).expect("written");
    wait_until("the facts", || known(&file));
}

// ---------------------------------------------------------------------------------------------------------------------
// Tests: the daemon breaks

#[test]
fn after_a_kill_the_next_daemon_takes_over() {
    let stage = Stage::new();
    let mut daemon = stage.daemon();
    daemon.signal("KILL");
    daemon.0.wait().expect("a child");
    assert!(stage.socket().exists(), "nobody cleaned up");
    assert_eq!(stage.ask("hello"), None);
    let _next = stage.daemon();
    stage.assert_serves();
}

#[test]
fn a_panic_costs_one_answer() {
    let stage = Stage::new();
    let _daemon = stage.daemon();
    stage.assert_serves();
    assert_eq!(stage.ask("panic"), None);
    stage.assert_serves();
    assert_eq!(stage.status().map(|status| status.failures > 0), Some(true));
}

#[test]
fn a_failure_is_left_to_the_client() {
    let stage = Stage::new();
    let _daemon = stage.daemon();
    assert_eq!(stage.ask("fail a"), None, "the client may be able to do what this process is not");
    stage.assert_serves();
}

#[test]
fn a_slow_review_is_left_to_the_client() {
    let stage = Stage::new();
    let _daemon = stage.daemon();
    let (reply, took) = stage.ask_timed("sleep 6000");
    assert_eq!(reply, None);
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[test]
fn a_daemon_that_hangs_costs_little() {
    let stage = Stage::new();
    let daemon = stage.daemon();
    daemon.signal("STOP");
    let (reply, took) = stage.ask_timed("hello");
    assert_eq!(reply, None);
    assert!(took < Duration::from_millis(1000), "{took:?}");
    daemon.signal("CONT");
    stage.assert_serves();
}

#[test]
fn of_many_daemons_one_stays() {
    let stage = Stage::new();
    let mut daemons: Vec<Daemon> = (0..6).map(|_| stage.launch()).collect();
    let process = wait_for("a daemon", || stage.status()).process;
    for daemon in daemons.iter_mut().filter(|daemon| daemon.0.id() != process) {
        assert_eq!(daemon.left(), "at once");
    }
    stage.assert_serves();
    assert_eq!(stage.status().map(|status| status.process), Some(process));
}

// ---------------------------------------------------------------------------------------------------------------------
// Tests: other programs

#[test]
fn another_build_gets_no_answer_and_the_daemon_leaves() {
    let stage = Stage::new();
    let mut daemon = stage.daemon();
    let copy = stage.temp.path().join("other-build");
    copy_program(&stage.program, &copy);
    let other = Stage { program: copy, ..stage };
    assert_eq!(other.ask("hello"), None);
    assert_eq!(daemon.left(), "asked by another build of the program");
    let _next = other.daemon();
    other.assert_serves();
}

#[test]
fn another_protocol_is_told_so() {
    let stage = Stage::new();
    let mut daemon = stage.daemon();
    let mut stream = stage.connect();
    write_frame(&mut stream, &serde_json::json!({"protocol": 99, "flavour": "new"})).expect("sent");
    assert_eq!(read_frame::<Answer>(&mut stream).expect("answered"), Answer::OtherProgram(Stage::hello()));
    assert_eq!(daemon.left(), "asked by another build of the program");
}

#[test]
fn a_replaced_program_leaves() {
    let mut stage = Stage::new();
    let copy = stage.temp.path().join("installed");
    copy_program(&stage.program, &copy);
    stage.program = copy.clone();
    let mut daemon = stage.daemon();
    let next = stage.temp.path().join("update");
    copy_program(&copy, &next);
    fs::rename(&next, &copy).expect("renamed");
    assert_eq!(daemon.left(), "the program was replaced");
}

// ---------------------------------------------------------------------------------------------------------------------
// Tests: bad clients

#[test]
fn clients_that_are_cut_off_harm_nobody() {
    let stage = Stage::new();
    let _daemon = stage.daemon();
    let mut frames = Vec::new();
    append_frame(&mut frames, &Stage::hello()).expect("small");
    append_frame(&mut frames, &Message::Review(Box::new(request("long 4000000")))).expect("small");
    for length in [0, 1, 3, 4, 20, frames.len() - 1, frames.len()] {
        stage.connect().write_all(&frames[..length]).expect("sent");
    }
    // Gone in the middle of the reply.
    let mut stream = stage.connect();
    stream.write_all(&frames).expect("sent");
    assert_eq!(read_frame::<Answer>(&mut stream).expect("answered"), Answer::Accepted);
    stream.read_exact(&mut [0; 1000]).expect("the start of the reply");
    drop(stream);
    stage.assert_serves();
}

#[test]
fn garbage_is_not_answered() {
    let stage = Stage::new();
    let _daemon = stage.daemon();
    let mut hello = Vec::new();
    append_frame(&mut hello, &Stage::hello()).expect("small");
    let garbage: [&[u8]; 6] = [
        b"GET / HTTP/1.1\r\n\r\n",
        &[0xFF; 100],
        &[0, 0, 0, 2, b'{', b'}'],
        &[0, 0, 0, 0],
        &[hello.as_slice(), b"\0\0\0\x07\"Erase\""].concat(),
        &[hello.as_slice(), &[0x7F, 0xFF, 0xFF, 0xFF], &[b' '; 100_000]].concat(),
    ];
    for bytes in garbage {
        let mut stream = stage.connect();
        // Refused before all of it is sent, possibly.
        let _ = stream.write_all(bytes);
        assert!(closed(&mut stream));
    }
    stage.assert_serves();
}

#[test]
fn silent_clients_do_not_keep_others_out() {
    let stage = Stage::new();
    let _daemon = stage.daemon();
    let silent: Vec<UnixStream> = (0..40).map(|_| stage.connect()).collect();
    let (reply, took) = stage.ask_timed("hello");
    assert_eq!(reply, None, "all places are taken");
    assert!(took < Duration::from_secs(1), "{took:?}");
    // They are given up in the end, even though none of them hangs up.
    stage.assert_serves();
    drop(silent);
}

// ---------------------------------------------------------------------------------------------------------------------
// Tests: bad surroundings

#[test]
fn what_lies_at_the_sockets_place_is_replaced() {
    let stage = Stage::new();
    stage.daemon().signal("KILL");
    let socket = stage.socket();
    fs::remove_file(&socket).expect("removed");
    drop(UnixListener::bind(&socket).expect("bound"));
    assert_eq!(stage.ask("hello"), None, "nobody listens");
    let daemon = stage.daemon();
    stage.assert_serves();
    drop(daemon);
    fs::remove_file(&socket).expect("removed");
    fs::write(&socket, "not a socket").expect("written");
    assert_eq!(stage.ask("hello"), None);
    let _daemon = stage.daemon();
    stage.assert_serves();
}

#[test]
fn a_daemon_whose_socket_is_gone_leaves() {
    let stage = Stage::new();
    let mut daemon = stage.daemon();
    fs::remove_file(stage.socket()).expect("removed");
    assert_eq!(daemon.left(), "the socket is gone");
}

#[test]
fn a_loss_that_no_event_tells_of_is_noticed_later() {
    let stage = Stage { vigilance: Duration::from_millis(100), ..Stage::new() };
    let mut daemon = stage.daemon();
    fs::rename(stage.sockets(), stage.temp.path().join("moved")).expect("renamed");
    assert_eq!(daemon.left(), "the socket is gone");
}

#[test]
fn a_daemon_whose_repository_is_gone_leaves() {
    let stage = Stage::new();
    let mut daemon = stage.daemon();
    fs::remove_dir_all(stage.temp.path().join("project")).expect("removed");
    assert_eq!(daemon.left(), "the repository is gone");
}

/// Puts a listener of its own into a directory that `spoil` makes unfit, and checks that the client does not trust it.
fn assert_distrusted(spoil: impl FnOnce(&Stage)) {
    let stage = Stage::new();
    // The name of the socket, and a daemon that would answer.
    let _daemon = stage.daemon();
    stage.assert_serves();
    spoil(&stage);
    assert_eq!(stage.ask("hello"), None);
    let mut second = stage.launch();
    let status = second.0.wait().expect("a child");
    assert!(!status.success(), "no daemon starts there");
}

#[test]
fn a_directory_others_can_write_to_is_not_trusted() {
    assert_distrusted(|stage| {
        fs::set_permissions(stage.sockets(), fs::Permissions::from_mode(0o777)).expect("owner");
    });
}

#[test]
fn a_linked_directory_is_not_trusted() {
    assert_distrusted(|stage| {
        let moved = stage.temp.path().join("moved");
        fs::rename(stage.sockets(), &moved).expect("renamed");
        symlink(&moved, stage.sockets()).expect("linked");
    });
}

#[test]
fn a_directory_of_someone_else_is_not_trusted() {
    if !rustix::process::geteuid().is_root() {
        return report("skipped", "only root can give a directory away");
    }
    assert_distrusted(|stage| {
        std::os::unix::fs::chown(stage.sockets(), Some(65534), None).expect("root");
    });
}

#[test]
fn without_a_place_for_the_cache_there_is_still_an_answer() {
    let stage = Stage::new();
    fs::write(stage.common_dir().join("auth-review"), "in the way").expect("written");
    fs::write(stage.temp.path().join("caches"), "in the way").expect("written");
    let mut daemon = stage.daemon();
    wait_for("an answer", || stage.ask("keep A=1"));
    stage.assert_serves();
    stage.run(stage.command("stop"), "stopped");
    assert_eq!(daemon.left(), "asked to stop");
}

#[test]
fn where_the_repository_cannot_be_written_the_users_cache_serves() {
    let stage = Stage::new();
    fs::write(stage.common_dir().join("auth-review"), "in the way").expect("written");
    let _daemon = stage.daemon();
    let own = fs::read_dir(stage.temp.path().join("caches/git-auth-review")).expect("created").flatten().next();
    assert!(own.expect("one").path().join("daemon.log").exists());
}

#[test]
fn a_damaged_cache_is_rebuilt() {
    let stage = Stage::new();
    let state = stage.common_dir().join("auth-review");
    let restart = |script: &str| {
        let mut daemon = stage.daemon();
        let reply = wait_for("an answer", || stage.ask(script));
        stage.run(stage.command("stop"), "stopped");
        daemon.left();
        reply.stdout
    };
    restart("keep A=1");
    let cache =
        wait_for("the cache", || fs::read_dir(&state).ok()?.flatten().map(|entry| entry.path()).find(|path| path.is_dir()));
    for entry in fs::read_dir(&cache).expect("there").flatten().filter(|entry| entry.path().is_file()) {
        fs::write(entry.path(), "damaged").expect("written");
    }
    restart("keep A=2");
    let _daemon = stage.daemon();
    wait_until("the fact", || stage.ask("kept A=2").is_some_and(|reply| reply.stdout == "true"));
}

// ---------------------------------------------------------------------------------------------------------------------
// Tests: the program itself

/// A git repository and the program as git would run it.
struct Installed {
    stage: Stage,
}

impl Drop for Installed {
    fn drop(&mut self) {
        let _ = self.program().args(["daemon", "stop"]).output();
    }
}

impl Installed {
    fn new() -> Self {
        let stage = Stage::new();
        fs::remove_dir(stage.common_dir()).expect("empty");
        let installed = Self { stage };
        installed.git(&["init", "--quiet"]);
        installed.write("src/auth.ts", "import { betterAuth } from 'better-auth'\nexport const auth = betterAuth({})\n");
        installed.git(&["add", "--all"]);
        installed
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.project().join(path);
        fs::create_dir_all(path.parent().expect("below the project")).expect("created");
        fs::write(path, text).expect("written");
    }

    fn project(&self) -> PathBuf {
        self.stage.temp.path().join("project")
    }

    fn git(&self, arguments: &[&str]) {
        let status = Command::new("git").args(arguments).current_dir(self.project()).status().expect("git");
        assert!(status.success());
    }

    fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_git-auth-review"));
        let temp = self.stage.temp.path();
        command.current_dir(self.project()).env_remove("CI").env("XDG_RUNTIME_DIR", temp.join("runtime"));
        command.env("TMPDIR", temp.join("no such directory")).env("AUTH_REVIEW_DAEMON_IDLE", "60");
        command
    }

    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.program().args(arguments).output().expect("started");
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().expect("an exit code"), text)
    }

    /// What the hook does at `git commit`.
    fn hook(&self) -> Command {
        let mut command = self.program();
        command.args(["hook", "pre-commit"]).env("GIT_INDEX_FILE", ".git/index").env("GIT_AUTHOR_NAME", "A");
        command
    }

    fn status(&self) -> Option<String> {
        let (code, text) = self.run(&["daemon", "status"]);
        (code == 0).then_some(text)
    }

    /// The process id of the daemon.
    fn process(&self) -> u32 {
        let status = wait_for("the daemon", || self.status());
        let (_, rest) = status.split_once("process ").expect("a process");
        rest.split(',').next().and_then(|id| id.parse().ok()).expect("a number")
    }
}

#[test]
fn the_daemon_is_controlled_by_hand() {
    let installed = Installed::new();
    assert_eq!(installed.run(&["daemon", "status"]), (3, "not running\n".to_string()));
    let (code, started) = installed.run(&["daemon", "start"]);
    assert!(code == 0 && started.starts_with("running: process "), "{started}");
    let process = installed.process();
    assert_eq!(installed.run(&["daemon", "start"]).0, 0);
    assert_eq!(installed.process(), process, "not started twice");
    let (code, log) = installed.run(&["daemon", "logs"]);
    assert!(code == 0 && log.contains("started"), "{log}");
    assert_eq!(installed.run(&["daemon", "stop"]), (0, "stopped\n".to_string()));
    wait_until("the end", || installed.status().is_none());
}

#[test]
fn what_a_daemon_learned_is_of_use_without_it() {
    let installed = Installed::new();
    let check = || {
        let output = installed.program().args(["check", "--staged", "--verbose"]).output().expect("started");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(!check().contains("cache recalled"), "there is none");
    assert_eq!(installed.run(&["daemon", "start"]).0, 0);
    wait_until("the daemon's answer", || check().contains("by=Daemon"));
    installed.run(&["daemon", "stop"]);
    let recalled = wait_for("the cache", || Some(check()).filter(|told| told.contains("cache recalled")));
    assert!(recalled.contains("by=Process") && recalled.contains("records=") && !recalled.contains("records=0"), "{recalled}");
}

#[test]
fn the_hook_starts_a_daemon_that_lets_go_of_everything() {
    let installed = Installed::new();
    // Waits until nobody holds the pipes any more.
    let first = installed.hook().output().expect("started");
    let process = installed.process();
    assert_eq!(installed.status().map(|status| status.contains("reviews: 0 answered")), Some(true));
    let second = wait_for("the daemon's answer", || {
        let output = installed.hook().output().expect("started");
        installed.status().is_some_and(|status| !status.contains("reviews: 0 answered")).then_some(output)
    });
    assert_eq!((second.status, second.stdout, second.stderr), (first.status, first.stdout, first.stderr));

    if cfg!(target_os = "linux") {
        let proc = |file: &str| fs::read_to_string(format!("/proc/{process}/{file}")).expect("running");
        assert!(!proc("environ").contains("GIT_"), "git's variables speak of one commit");
        let (_, fields) = proc("stat").rsplit_once(')').map(|(a, b)| (a.to_string(), b.to_string())).expect("fields");
        assert_eq!(fields.split_whitespace().nth(3), Some(process.to_string().as_str()), "in a session of its own");
        assert_eq!(fs::read_link(format!("/proc/{process}/cwd")).expect("running"), Path::new("/"));
    }
}

#[test]
fn no_daemon_is_started_in_ci() {
    let installed = Installed::new();
    installed.hook().env("CI", "true").output().expect("started");
    thread::sleep(Duration::from_millis(300));
    assert_eq!(installed.status(), None);
}

#[test]
fn staged_changes_are_answered_as_without_a_daemon() {
    let installed = Installed::new();
    installed.run(&["daemon", "start"]);
    let sources = [
        "export const auth = betterAuth({ trustedOrigins: ['*'] })\n",
        "export const auth = betterAuth({ advanced: { disableCSRFCheck: true } })\n",
        "export const auth = betterAuth({ plugins: [twoFactor()] })\n",
    ];
    for source in sources.iter().cycle().take(12) {
        installed.write("src/auth.ts", &format!("import {{ betterAuth }} from 'better-auth'\n{source}"));
        installed.git(&["add", "--all"]);
        for format in ["terminal", "json"] {
            let with = installed.run(&["check", "--staged", "--format", format]);
            let without = installed.run(&["check", "--staged", "--format", format, "--no-daemon"]);
            assert_eq!(with, without);
        }
    }
    assert_eq!(installed.status().map(|status| status.contains("reviews: 0 answered")), Some(false));
}

#[test]
fn the_settings_of_whoever_asks_count() {
    let installed = Installed::new();
    installed.write("src/more.ts", "import { betterAuth } from 'better-auth'\nexport const more = betterAuth({ secret: 'x' })\n");
    let settings = installed.stage.temp.path().join("settings");
    fs::create_dir_all(settings.join("git")).expect("created");
    fs::write(settings.join("git/ignore"), "more.ts\n").expect("written");
    let ask = |settings: Option<&Path>, way: &[&str]| {
        let mut program = installed.program();
        program.args(["inspect", "--format", "json", "--verbose"]).args(way);
        program.envs(settings.map(|settings| ("XDG_CONFIG_HOME", settings)));
        let output = program.output().expect("started");
        let [stdout, stderr] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        (stdout, stderr.contains("by=Daemon"))
    };
    installed.run(&["daemon", "start"]);
    wait_for("the daemon's answer", || ask(None, &[]).1.then_some(()));
    let (plain, other) = (ask(None, &["--no-daemon"]).0, ask(Some(&settings), &["--no-daemon"]).0);
    assert!(plain.contains("src/more.ts") && !other.contains("src/more.ts"));
    assert_eq!(ask(None, &[]).0, plain);
    assert_eq!(ask(Some(&settings), &[]), (other, false));
}

#[test]
fn a_daemon_that_hangs_costs_no_verdict() {
    let installed = Installed::new();
    let hook = || installed.hook().output().map(|output| (output.status, output.stdout, output.stderr)).expect("started");
    let check = |way: &[&str]| installed.run(&[&["check", "--staged", "--format", "json"], way].concat());
    // The first hook starts the daemon and does not wait for it.
    let expected = (hook(), check(&["--no-daemon"]));
    let process = installed.process().to_string();
    let signal = |name: &str| assert!(Command::new("kill").args([name, &process]).status().is_ok_and(|done| done.success()));
    // It still accepts connections, as the system does that for it, and says nothing.
    signal("-STOP");
    let began = Instant::now();
    let answers = (hook(), check(&[]));
    let took = began.elapsed();
    let by_hand = (installed.run(&["daemon", "status"]), installed.run(&["daemon", "stop"]).0);
    signal("-CONT");
    assert_eq!(answers, expected);
    assert_eq!(by_hand, ((4, "not known: the daemon does not answer\n".to_owned()), 3));
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_daemon_without_watches_answers_all_the_same() {
    let installed = Installed::new();
    for (limit, watching) in [(0, "watching: nothing"), (3, "watching: the index only")] {
        // In a user namespace of its own, the limit is nobody else's.
        let script = format!("echo {limit} >/proc/sys/user/max_inotify_watches && exec \"$0\" daemon start");
        let mut start = Command::new("unshare");
        start.args(["--user", "--map-root-user", "sh", "-c", &script]).arg(env!("CARGO_BIN_EXE_git-auth-review"));
        let program = installed.program();
        start.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?)))).env_remove("CI");
        if !start.current_dir(installed.project()).status().is_ok_and(|status| status.success()) {
            return report("skipped", "there are no user namespaces here");
        }
        wait_until("the limit", || installed.status().is_some_and(|status| status.contains(watching)));
        for source in ["betterAuth({ trustedOrigins: ['*'] })", "betterAuth({})"] {
            installed
                .write("src/auth.ts", &format!("import {{ betterAuth }} from 'better-auth'\nexport const auth = {source}\n"));
            installed.git(&["add", "--all"]);
            let with = wait_for("the daemon's answer", || {
                let answer = installed.run(&["check", "--staged"]);
                installed.status().is_some_and(|status| !status.contains("reviews: 0 answered")).then_some(answer)
            });
            assert_eq!(with, installed.run(&["check", "--staged", "--no-daemon"]));
        }
        installed.run(&["daemon", "stop"]);
        wait_until("the end", || installed.status().is_none());
    }
}

#[test]
fn a_cache_that_sled_cannot_use_is_set_aside_and_rebuilt() {
    // Zeroed, it opens as an empty one; with an empty snapshot, it never opens again.
    let damages: [fn(&Path); 2] = [
        |cache| {
            let database = cache.join("db");
            let bytes = fs::read(&database).expect("there");
            fs::write(database, vec![0; bytes.len()]).expect("written");
        },
        |cache| fs::write(cache.join("snap.0000000000000010.generating"), "").expect("written"),
    ];
    for damage in damages {
        let installed = Installed::new();
        let state = installed.stage.common_dir().join("auth-review");
        let serve = || {
            installed.run(&["daemon", "start"]);
            let process = installed.process();
            let with = installed.run(&["check", "--staged", "--format", "json"]);
            let without = installed.run(&["check", "--staged", "--format", "json", "--no-daemon"]);
            assert_eq!(with, without);
            // It watches once it has loaded the cache.
            wait_until("the watches", || installed.status().is_some_and(|status| status.contains("watching: the index")));
            installed.run(&["daemon", "stop"]);
            // What is in memory is written last.
            wait_until("the end", || {
                !Command::new("kill").args(["-0", &process.to_string()]).output().expect("started").status.success()
            });
        };
        serve();
        let is_cache = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("cache-v"));
        let cache = fs::read_dir(&state).expect("there").flatten().map(|entry| entry.path()).find(is_cache).expect("written");
        damage(&cache);
        serve();
        assert!(state.join("cache-damaged").is_dir());
        serve();
        let log = installed.run(&["daemon", "logs"]).1;
        let said = |what: &str| log.lines().filter(|line| line.contains(what)).count();
        assert_eq!((said("the cache could not be loaded"), said("cache loaded records=")), (1, 2), "{log}");
    }
}

#[test]
fn installed_packages_have_their_say_each_time() {
    let installed = Installed::new();
    installed.run(&["daemon", "start"]);
    installed.write(".gitignore", "node_modules\n");
    installed.write(
        "src/auth.ts",
        "import { betterAuth } from 'better-auth'\nimport { notes } from 'notes'\nexport const auth = betterAuth({ plugins: [notes()] })\n",
    );
    installed.git(&["add", "--all"]);
    let mut said = Vec::new();
    for table in [None, Some("schema"), Some("schema: build()"), Some("schema")] {
        if let Some(table) = table {
            installed.write("node_modules/notes/package.json", r#"{ "version": "1.0.0", "module": "index.js" }"#);
            let code = format!("const schema = {{}};\nexport const notes = () => ({{ id: 'notes', {table} }});\n");
            installed.write("node_modules/notes/index.js", &code);
        }
        for _ in 0..2 {
            let with = installed.run(&["check", "--staged", "--format", "json"]);
            let without = installed.run(&["check", "--staged", "--format", "json", "--no-daemon"]);
            assert_eq!(with, without);
            said.push(with.1.contains("the tables of the plugin `notes`"));
        }
    }
    assert_eq!(said, [true, true, false, false, true, true, false, false]);
    assert_eq!(installed.status().map(|status| status.contains("reviews: 0 answered")), Some(false));
}
