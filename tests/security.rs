//! The daemon against people who mean harm: other users, hostile clients and hostile repositories.

#![cfg(unix)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::{PATIENCE, PROGRAM, Repo, as_someone_else, closed, finish, wait_for, wait_until};
use git_auth_review::daemon::platform::FileId;
use git_auth_review::daemon::protocol::{Answer, Hello, Message, PROTOCOL, read_frame, write_frame};
use git_auth_review::git::{Environment, UserSettings};
use git_auth_review::report::Style;
use git_auth_review::service::{Output, Reply, Request, Target};

const STAGED: &[&str] = &["check", "--staged", "--format", "json", "--verbose"];

// ---------------------------------------------------------------------------------------------------------------------
// The stage

/// A repository with the application, and a daemon that serves it.
struct Stage {
    repo: Repo,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.repo.review(&["daemon", "stop"]);
    }
}

impl Stage {
    /// The application with a finding staged; no daemon yet.
    fn quiet() -> Self {
        let mut repo = Repo::new().with("CI", "").with("AUTH_REVIEW_DAEMON_IDLE", "120");
        for (variable, folder) in [("XDG_RUNTIME_DIR", "runtime"), ("TMPDIR", "tmp")] {
            let folder = repo.beside(folder);
            fs::create_dir(&folder).expect("a new folder");
            repo.set(variable, folder.to_str().expect("plain"));
        }
        repo.commit_application();
        repo.write(common::SERVER, common::PLUGIN);
        repo.git(&["add", "--all"]).passed();
        Self { repo }
    }

    fn new() -> Self {
        let stage = Self::quiet();
        stage.repo.review(&["daemon", "start"]).passed();
        stage
    }

    fn sockets(&self) -> PathBuf {
        self.repo.beside("runtime/git-auth-review")
    }

    fn socket(&self) -> PathBuf {
        let entries = fs::read_dir(self.sockets()).expect("a daemon's directory").flatten().map(|entry| entry.path());
        entries.into_iter().find(|path| path.extension().is_some_and(|end| end == "sock")).expect("a socket")
    }

    /// The process of the daemon.
    fn process(&self) -> String {
        let status = self.repo.review(&["daemon", "status"]).passed().stdout;
        let (_, rest) = status.split_once("process ").expect("a process");
        rest.split(',').next().expect("a number").to_owned()
    }

    /// The connection of a client of the same build.
    /// The greeting of the program under test.
    fn hello(&self) -> Hello {
        let home = self.repo.beside("home").into_os_string();
        let settings = UserSettings::from_variables(|name| (name == "HOME").then(|| home.clone()));
        let program = FileId::of(Path::new(PROGRAM)).expect("built");
        Hello { protocol: PROTOCOL, version: env!("CARGO_PKG_VERSION").into(), program: Some(program), settings }
    }

    fn connect(&self) -> UnixStream {
        let mut stream = UnixStream::connect(self.socket()).expect("a daemon");
        stream.set_read_timeout(Some(PATIENCE)).expect("possible");
        write_frame(&mut stream, &self.hello()).expect("sent");
        stream
    }

    /// What the daemon replies; nothing where it cannot do what is asked.
    fn ask(&self, request: Request) -> Option<Reply> {
        let accepted = || {
            let mut stream = self.connect();
            write_frame(&mut stream, &Message::Review(Box::new(request.clone()))).expect("sent");
            (read_frame::<Answer>(&mut stream).ok()? == Answer::Accepted).then_some(stream)
        };
        let mut stream = wait_for("a daemon that knows something", accepted);
        match read_frame::<Answer>(&mut stream) {
            Ok(Answer::Reply(reply)) => Some(reply),
            Ok(other) => panic!("no reply: {other:?}"),
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
                None
            }
        }
    }

    fn request(&self) -> Request {
        Request {
            environment: Environment { directory: self.repo.root().to_path_buf(), ..Environment::default() },
            target: Target::Staged,
            base: None,
            paths: Vec::new(),
            output: Output::Terminal,
            fail_on: None,
            style: Style { color: false, hyperlinks: false, width: 80, verbose: false },
            hook: false,
            ci: false,
            today: "2030-01-31".to_owned(),
        }
    }

    /// Checks that the daemon is asked and answers.
    fn assert_serves(&self) {
        // A busy machine may need more than one attempt.
        wait_until("the daemon's answer", || self.repo.review(STAGED).by_daemon());
    }

    /// Checks that the program comes to the right answer by itself.
    fn assert_answers_itself(&self) {
        let alone = self.repo.review(&[STAGED, &["--no-daemon"]].concat());
        assert!(alone.stdout.contains(common::RULE), "{alone:#?}");
        let run = self.repo.review(STAGED);
        assert!(!run.by_daemon(), "the daemon was trusted: {run:#?}");
        assert_eq!((run.code, run.stdout), (alone.code, alone.stdout));
    }

    /// Everything the daemon has written about the repository: its log and its cache.
    fn state(&self) -> Vec<u8> {
        let process = self.process();
        self.repo.review(&["daemon", "stop"]).passed();
        // What is in memory is written last, after the socket is gone.
        wait_until("the end", || !finish(Command::new("kill").args(["-0", &process])).stderr.is_empty());
        self.written()
    }

    fn written(&self) -> Vec<u8> {
        contents(&self.repo.path(".git/auth-review")).into_values().flatten().collect()
    }
}

/// All files below a folder.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let kind = entry.file_type().expect("known");
        if kind.is_dir() {
            found.extend(contents(&entry.path()));
        } else if kind.is_file() {
            // It may be gone again.
            found.extend(fs::read(entry.path()).ok().map(|bytes| (entry.path(), bytes)));
        }
    }
    found
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

// ---------------------------------------------------------------------------------------------------------------------
// Other users

/// A process that does not outlive its test.
struct Other(Child);

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// No test: what this program does when a test starts it again.
#[test]
fn role() {
    let Ok(role) = std::env::var("TEST_ROLE") else { return };
    let socket = PathBuf::from(std::env::var_os("TEST_SOCKET").expect("given"));
    match role.as_str() {
        "knock" => {
            let mut stream = UnixStream::connect(socket).expect("it can be reached");
            let hello: Hello = serde_json::from_str(&std::env::var("TEST_HELLO").expect("given")).expect("a greeting");
            // Refused before all of it is sent, possibly.
            let sent = write_frame(&mut stream, &hello).and_then(|()| write_frame(&mut stream, &Message::Status));
            let answer = sent.and_then(|()| read_frame::<Answer>(&mut stream));
            std::io::stderr().write_all(if answer.is_ok() { b"served" } else { b"refused" }).expect("a pipe");
        }
        "forge" => {
            let listener = UnixListener::bind(&socket).expect("bound");
            // Whoever is asked to knock is let in.
            fs::set_permissions(&socket, fs::Permissions::from_mode(0o777)).expect("its own");
            for mut stream in listener.incoming().flatten() {
                let forged = Reply { stdout: "forged".into(), ..Reply::default() };
                let _ =
                    write_frame(&mut stream, &Answer::Accepted).and_then(|()| write_frame(&mut stream, &Answer::Reply(forged)));
                let _ = stream.read_to_end(&mut Vec::new());
            }
        }
        role => panic!("no such role: {role}"),
    }
}

/// This test program in a role, from a place where everyone can start it.
fn actor(stage: &Stage, role: &str, socket: &Path) -> Command {
    let copy = stage.repo.beside("actor");
    if !copy.exists() {
        let this = std::env::current_exe().expect("known");
        // By another process: a program cannot be started while a child of this one still holds it open for writing.
        finish(Command::new("cp").arg(this).arg(&copy)).passed();
    }
    let mut command = Command::new(copy);
    command.args(["--exact", "role", "--nocapture"]).env("TEST_ROLE", role).env("TEST_SOCKET", socket);
    command.env("TEST_HELLO", serde_json::to_string(&stage.hello()).expect("plain")).current_dir("/").stdout(Stdio::null());
    command
}

#[test]
fn another_users_client_is_not_served() {
    let stage = Stage::new();
    stage.repo.open_to_all();
    // Past the first barrier, which is the directory.
    fs::set_permissions(stage.sockets(), fs::Permissions::from_mode(0o755)).expect("its own");
    fs::set_permissions(stage.socket(), fs::Permissions::from_mode(0o777)).expect("its own");
    let Some(mut knock) = as_someone_else(&actor(&stage, "knock", &stage.socket())) else { return };
    assert!(finish(&mut knock).passed().stderr.ends_with("refused"));
    assert!(finish(&mut actor(&stage, "knock", &stage.socket())).passed().stderr.ends_with("served"));
    stage.assert_serves();
    let mode = fs::metadata(stage.sockets()).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "the next client closes the directory");
}

#[test]
fn another_users_daemon_is_not_believed() {
    let stage = Stage::new();
    stage.repo.open_to_all();
    let address = stage.socket();
    stage.repo.review(&["daemon", "stop"]).passed();
    let forge = |command: &mut Command, socket: &Path| {
        let forger = Other(command.spawn().expect("started"));
        // Other users could not put it there themselves.
        wait_until("the socket", || fs::rename(socket, &address).is_ok());
        forger
    };
    let public = stage.repo.beside("public");
    fs::create_dir(&public).expect("a new folder");
    fs::set_permissions(&public, fs::Permissions::from_mode(0o1777)).expect("its own");
    let socket = public.join("socket");
    let Some(mut command) = as_someone_else(&actor(&stage, "forge", &socket)) else { return };
    let forger = forge(&mut command, &socket);
    stage.assert_answers_itself();
    drop(forger);
    let _forger = forge(&mut actor(&stage, "forge", &socket), &socket);
    wait_until("the answer of this user's own", || stage.repo.review(STAGED).stdout == "forged");
}

#[test]
fn what_a_daemon_writes_is_for_its_user_alone() {
    let stage = Stage::quiet();
    let script = format!("umask 000; exec '{PROGRAM}' daemon start");
    stage.repo.run_in(stage.repo.root(), "sh", &["-c", &script]).passed();
    stage.assert_serves();
    assert!(!stage.state().is_empty());
    let folder = stage.repo.path(".git/auth-review");
    let open = finish(Command::new("find").arg(&folder).args(["-perm", "/077"]));
    assert_eq!(open.text(), "", "others may look into it");
    assert!(contents(&folder).keys().any(|path| path.ends_with("db")), "there is a cache");
}

#[test]
fn an_unfit_directory_costs_time_and_not_the_answer() {
    let stage = Stage::new();
    stage.assert_serves();
    fs::set_permissions(stage.sockets(), fs::Permissions::from_mode(0o777)).expect("its own");
    stage.assert_answers_itself();
    fs::set_permissions(stage.sockets(), fs::Permissions::from_mode(0o700)).expect("its own");
    stage.assert_serves();
    if chown(stage.sockets(), Some(common::SOMEONE_ELSE), None).is_ok() {
        stage.assert_answers_itself();
        chown(stage.sockets(), Some(0), None).expect("root");
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Hostile clients

#[test]
fn no_request_writes_or_executes_anything() {
    let stage = Stage::quiet();
    let (repo, mark) = (&stage.repo, stage.repo.beside("mark"));
    let script = repo.beside("script");
    fs::write(&script, format!("#!/bin/sh\ntouch '{}'\ncat\n", mark.display())).expect("written");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("its own");
    // Everything in which a repository names programs, and an index that is left to git.
    let script = script.to_str().expect("plain");
    repo.git(&["update-index", "--split-index"]).passed();
    for key in ["core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "diff.external", "diff.x.textconv"] {
        repo.git(&["config", key, script]).passed();
    }
    for key in ["filter.x.clean", "filter.x.smudge", "filter.x.process", "alias.rev-parse", "alias.ls-files", "diff.x.command"] {
        repo.git(&["config", key, &format!("!{script}")]).passed();
    }
    fs::write(repo.path(".git/info/attributes"), "* filter=x diff=x\n").expect("written");
    let _ = fs::remove_file(&mark);

    repo.review(&["daemon", "start"]).passed();
    let before = contents(repo.root());
    let outputs = [Output::Terminal, Output::Json, Output::InspectTerminal, Output::InspectJson];
    let target = |name: &str| Target::Revision(name.to_owned());
    let targets =
        [Target::Staged, Target::Worktree, target("HEAD"), target("--output=here"), target("@{upstream}"), target("|x")];
    for output in outputs {
        for target in &targets {
            for base in [None, Some("HEAD"), Some("--exec=here"), Some("$(touch here)")] {
                let target = target.clone();
                stage.ask(Request { output, target, base: base.map(str::to_owned), ..stage.request() });
            }
        }
    }
    let mut status = stage.connect();
    write_frame(&mut status, &Message::Status).expect("sent");
    assert!(matches!(read_frame::<Answer>(&mut status), Ok(Answer::Status(_))));
    assert!(!mark.exists(), "a program that the repository names was run");
    let own = repo.path(".git/auth-review");
    let without_own = |files: BTreeMap<PathBuf, _>| -> BTreeMap<_, _> {
        files.into_iter().filter(|(path, _)| !path.starts_with(&own)).collect()
    };
    assert!(without_own(contents(repo.root())) == without_own(before), "a file was written");
}

#[test]
fn no_request_brings_anything_from_outside() {
    const SECRET: &str = "outside-and-nobodys-business";
    let stage = Stage::new();
    let outside = stage.repo.beside("outside");
    fs::create_dir(&outside).expect("a new folder");
    let file = outside.join("auth.ts");
    fs::write(&file, format!("import {{ betterAuth }} from \"{SECRET}\";\n")).expect("written");
    fs::write(outside.join("HEAD"), SECRET).expect("written");
    let request = stage.request();
    let environment = |change: &dyn Fn(&mut Environment)| {
        let mut environment = request.environment.clone();
        change(&mut environment);
        Request { environment, ..request.clone() }
    };
    let named = |name: &str| Some(name.to_owned());
    let path = file.to_str().expect("plain");
    let requests = [
        environment(&|environment| environment.index_file = Some(file.clone())),
        environment(&|environment| environment.git_dir = Some(outside.clone())),
        environment(&|environment| environment.git_dir = Some(file.clone())),
        environment(&|environment| environment.directory = outside.clone()),
        environment(&|environment| environment.merge_heads = vec![path.to_owned(), SECRET[..20].to_owned()]),
        Request { paths: vec![path.to_owned(), "../outside/auth.ts".to_owned()], ..request.clone() },
        Request { base: named(path), ..request.clone() },
        Request { base: named("HEAD:../outside/auth.ts"), ..request.clone() },
        Request { target: Target::Revision(path.to_owned()), ..request.clone() },
    ];
    for request in requests {
        for hook in [false, true] {
            let reply = stage.ask(Request { hook, ..request.clone() });
            assert!(!holds(format!("{reply:?}").replace(path, "").as_bytes(), SECRET), "{request:?} got {reply:?}");
        }
    }
    stage.assert_serves();
}

#[test]
fn what_a_client_sends_is_bounded_in_size() {
    let stage = Stage::new();
    let peak = || {
        let status = fs::read_to_string(format!("/proc/{}/status", stage.process())).ok()?;
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok())
    };
    let before = peak();
    // Four gigabytes announced, and as much sent as is taken.
    for announced in [u32::MAX, 0x7FFF_FFFF, 8 * 1024 * 1024 + 1] {
        let mut stream = stage.connect();
        let mut sent = 0;
        let mut bytes = announced.to_be_bytes().to_vec();
        bytes.resize(1024 * 1024, b' ');
        while sent < 64 && stream.write_all(&bytes).is_ok() {
            sent += 1;
        }
        assert!(sent < 64, "{announced} bytes are taken");
        assert!(closed(&mut stream));
    }
    // As much as is allowed, and nothing that makes sense.
    let mut stream = stage.connect();
    stream.write_all(&(8u32 * 1024 * 1024).to_be_bytes()).expect("sent");
    stream.write_all(&vec![b'['; 8 * 1024 * 1024]).expect("sent");
    assert!(closed(&mut stream));
    if let (Some(before), Some(after)) = (before, peak()) {
        assert!(after < before + 64 * 1024, "{before} kB grew to {after} kB");
    }
    stage.assert_serves();
}

#[test]
fn what_a_client_takes_is_bounded_in_time() {
    let stage = Stage::new();
    // Each byte comes in time, the whole never does.
    let drip = |mut stream: UnixStream| {
        let until = Instant::now() + PATIENCE;
        let _ = stream.write_all(&[0, 0, 1, 0]);
        while Instant::now() < until && stream.write_all(b" ").is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
        Instant::now() < until
    };
    let clients: Vec<_> = (0..4).map(|_| stage.connect()).map(|stream| thread::spawn(move || drip(stream))).collect();
    stage.assert_serves();
    for client in clients {
        assert!(client.join().expect("no panic"), "a client that never comes to its point is not cut off");
    }
    stage.assert_serves();
}

// ---------------------------------------------------------------------------------------------------------------------
// Surroundings

#[test]
fn a_daemon_forgets_the_commit_it_was_started_in() {
    let stage = Stage::quiet();
    let (repo, index) = (&stage.repo, stage.repo.beside("next-index"));
    // The commit that is being made has nothing to complain about; the repository's own index has.
    repo.run_in(repo.root(), "cp", &[".git/index", index.to_str().expect("plain")]).passed();
    let mut git = repo.command(repo.root(), "git");
    finish(git.args(["read-tree", "HEAD"]).env("GIT_INDEX_FILE", &index)).passed();
    let mut hook = repo.command(repo.root(), PROGRAM);
    hook.args(["hook", "pre-commit"]).env("GIT_INDEX_FILE", &index).env("GIT_DIR", ".git").env("GIT_WORK_TREE", ".");
    hook.env("GIT_PREFIX", "src/").env("GIT_OBJECT_DIRECTORY", repo.beside("nowhere")).env("GIT_AUTHOR_DATE", "now");
    let committed = finish(&mut hook);
    assert!(!committed.text().contains(common::RULE), "{committed:#?}");
    wait_until("the daemon", || repo.review(&["daemon", "status"]).code == 0);
    if let Ok(environment) = fs::read(format!("/proc/{}/environ", stage.process())) {
        assert!(!holds(&environment, "GIT_") || holds(&environment, "GIT_CONFIG"), "git's variables speak of one commit");
    }
    stage.assert_serves();
    let [with, without] = [&[][..], &["--no-daemon"]].map(|way| repo.review(&[STAGED, way].concat()));
    assert!(with.stdout.contains(common::RULE));
    assert_eq!(with.stdout, without.stdout);
}

#[test]
fn nothing_is_followed_out_of_the_repository() {
    let stage = Stage::quiet();
    let (repo, outside) = (&stage.repo, stage.repo.beside("outside"));
    fs::create_dir(&outside).expect("a new folder");
    fs::rename(repo.path("src/lib"), repo.beside("moved")).expect("renamed");
    symlink(&outside, repo.path("src/lib")).expect("linked");
    symlink(outside.join("auth.ts"), repo.path("src/linked.ts")).expect("linked");
    repo.review(&["daemon", "start"]).passed();
    wait_until("the watches", || repo.review(&["daemon", "status"]).passed().stdout.contains("directories"));
    let source = |name: &str| {
        let imports = format!("import {{ betterAuth }} from \"better-auth\";\nimport {{ {name} }} from \"{name}\";\n");
        format!("{imports}export const auth = betterAuth({{ plugins: [{name}()] }});\n")
    };
    fs::write(outside.join("auth.ts"), source("outsider")).expect("written");
    // What is saved inside is read ahead, and written down some time after that.
    repo.write("src/db/auth.ts", source("insider"));
    wait_until("the facts", || holds(&stage.written(), "insider"));
    for question in [&["check", "--worktree"][..], &["check", "--staged"], &["inspect", "--worktree"], &["inspect", "--staged"]] {
        let run = repo.review(question);
        assert!(!run.text().contains("outsider"), "{question:?}: {run:#?}");
    }
    assert!(!holds(&stage.state(), "outsider"), "a link was followed");
}

#[test]
fn secrets_stay_where_they_are() {
    const SECRETS: [&str; 7] = [
        "hunter2hunter2hunter2",
        "Zq8#kd93nfKw02mxPq71",
        "c2VjcmV0LW9mLXRoZS1jbGllbnQ",
        "hunter-of-scripts",
        "hunter-of-images",
        "hunter-of-packages",
        "hunter-of-commands",
    ];
    let stage = Stage::quiet();
    let repo = &stage.repo;
    repo.write(".env", format!("BETTER_AUTH_SECRET={}\nGITHUB_CLIENT_SECRET={}\n", SECRETS[0], SECRETS[2]));
    let text = common::PLUGIN.replace(
        "betterAuth({",
        &format!(
            "betterAuth({{\n  secret: \"{}\",\n  socialProviders: {{ github: {{ clientId: \"a\", clientSecret: \"{}\" }} }},",
            SECRETS[1], SECRETS[2]
        ),
    );
    assert_ne!(text, common::PLUGIN);
    let seeds = format!("run(\"mysql -uroot -p{} app\");\nconst seeds = `PGPASSWORD={} psql app`;\n", SECRETS[6], SECRETS[6]);
    repo.write(common::SERVER, text + &seeds);
    let manifest = fs::read_to_string(repo.path("package.json")).expect("a manifest");
    let (before, after) = manifest.rsplit_once('}').expect("an object");
    let scripts = [
        format!("BETTER_AUTH_SECRET={} next dev", SECRETS[3]),
        format!("npx @better-auth/cli migrate --secret {} --config src/auth.ts", SECRETS[3]),
        format!("npx drizzle-kit push --url=postgres://app:{}@db/app", SECRETS[3]),
        format!("curl -H 'Authorization: Bearer {}' example.com && npx auth migrate", SECRETS[3]),
        format!("curl -u user:{} example.com && mysql -p{} app && npx auth migrate", SECRETS[3], SECRETS[3]),
    ];
    let scripts = scripts.iter().enumerate().map(|(place, script)| format!("\"script-{place}\": \"{script}\""));
    let scripts = scripts.collect::<Vec<_>>().join(", ");
    let ranges =
        format!("\"a\": \"git+https://user:{}@example.com/a.git\", \"b\": \"https://{}@example.com/b\"", SECRETS[5], SECRETS[5]);
    let more = format!("\"scripts\": {{ {scripts} }}, \"optionalDependencies\": {{ {ranges} }}");
    repo.write("package.json", format!("{before}, {more} }}{after}"));
    repo.write("Dockerfile", format!("RUN BETTER_AUTH_SECRET={} npx @better-auth/cli@1.4 migrate --yes\n", SECRETS[4]));
    let schema = format!("{}\nexport const seed = {{ secret: \"{}\" }};\n", common::SCHEMA, SECRETS[1]);
    repo.write("src/db/schema.ts", schema);
    let diff = repo.review(&["fix", "--dry-run"]).passed().stdout;
    assert!(diff.contains("secret: \"…\""), "the lines around a repair: {diff}");
    for secret in SECRETS {
        assert!(!diff.contains(secret), "{secret}: {diff}");
    }
    repo.git(&["add", "--all", "--force"]).passed();
    let mut start = repo.command(repo.root(), PROGRAM);
    finish(start.args(["daemon", "start"]).env("AUTH_REVIEW_LOG", "trace")).passed();
    stage.assert_serves();
    for output in [Output::Terminal, Output::Json, Output::InspectTerminal, Output::InspectJson] {
        for target in [Target::Staged, Target::Worktree] {
            let reply = stage.ask(Request { output, target, ..stage.request() }).expect("a reply");
            assert!(!reply.stdout.is_empty());
            for secret in SECRETS {
                assert!(!holds(format!("{reply:?}").as_bytes(), secret), "{secret}: {reply:?}");
            }
        }
    }
    let state = stage.state();
    for kept in ["BETTER_AUTH_SECRET", "script-0", "npx @better-auth/cli@1.4 migrate --yes"] {
        assert!(holds(&state, kept), "{kept} is kept");
    }
    for secret in SECRETS {
        assert!(!holds(&state, secret), "{secret}");
    }
}
