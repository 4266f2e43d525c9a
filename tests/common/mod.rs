//! Real repositories for tests: real git, the real program, and nothing of the user's settings.

#![allow(dead_code, reason = "each test program uses its own part of the harness")]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_git-auth-review");

/// A small application with better-auth and Drizzle, as the demo has it.
pub(crate) const APPLICATION: &[(&str, &str)] = &[
    ("package.json", include_str!("../../src/cli/demo/app/package.json")),
    ("package-lock.json", include_str!("../../src/cli/demo/app/package-lock.json")),
    ("src/db/index.ts", include_str!("../../src/cli/demo/app/src/db/index.ts")),
    ("src/db/schema.ts", SCHEMA),
    (SERVER, include_str!("../../src/cli/demo/app/src/lib/auth.ts")),
    ("src/lib/auth-client.ts", include_str!("../../src/cli/demo/app/src/lib/auth-client.ts")),
];

/// The schema without a passkey table.
pub(crate) const SCHEMA: &str = include_str!("../../src/cli/demo/app/src/db/schema.ts");

/// The schema with a passkey table.
pub(crate) const SCHEMA_WITH_TABLE: &str = include_str!("../../src/cli/demo/repair/src/db/schema.ts");

/// Where the server is set up.
pub(crate) const SERVER: &str = "src/lib/auth.ts";

/// The server without the passkey plugin.
pub(crate) const PLAIN: &str = include_str!("../../src/cli/demo/app/src/lib/auth.ts");

/// The server with the passkey plugin.
pub(crate) const PLUGIN: &str = include_str!("../../src/cli/demo/passkey/src/lib/auth.ts");

/// The client with its half of the passkey plugin.
pub(crate) const CLIENT: &str = include_str!("../../src/cli/demo/repair/src/lib/auth-client.ts");

/// The rule that a plugin without its table breaks.
pub(crate) const RULE: &str = "migration-missing-for-plugin";

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Run {
    /// Exit code; -1 after a signal.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Run {
    /// Both streams.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Whether a daemon answered, as `--verbose` tells.
    pub(crate) fn by_daemon(&self) -> bool {
        self.stderr.contains("by=Daemon")
    }

    /// Fails the test unless the program succeeded.
    #[track_caller]
    pub(crate) fn passed(self) -> Self {
        assert_eq!(self.code, 0, "should have passed: {self:#?}");
        self
    }

    /// Fails the test unless the program failed.
    #[track_caller]
    pub(crate) fn failed(self) -> Self {
        assert_ne!(self.code, 0, "should have failed: {self:#?}");
        self
    }

    /// Fails the test unless the review stopped git because of the plugin without its table.
    #[track_caller]
    pub(crate) fn stopped(self) -> Self {
        let run = self.failed();
        assert!(run.text().contains(RULE), "the review should have stopped it: {run:#?}");
        run
    }
}

/// A repository in a temporary directory, with a home of its own beside it.
pub(crate) struct Repo {
    temporary: TempDir,
    root: PathBuf,
    environment: Vec<(String, String)>,
}

impl Default for Repo {
    fn default() -> Self {
        Self::new()
    }
}

impl Repo {
    /// An empty repository.
    pub(crate) fn new() -> Self {
        Self::initialized(&[])
    }

    /// An empty repository made by `git init` with more options.
    pub(crate) fn initialized(options: &[&str]) -> Self {
        let repo = Self::without_git();
        repo.git(&[&["init", "--quiet", "--initial-branch=main"], options].concat()).passed();
        repo
    }

    /// A directory that is no repository.
    pub(crate) fn without_git() -> Self {
        let temporary = tempfile::tempdir().expect("a temporary directory");
        let base = temporary.path().canonicalize().expect("it exists");
        let root = base.join("repository");
        for folder in [&root, &base.join("home")] {
            fs::create_dir(folder).expect("a new folder");
        }
        // With CI set no daemon is started, and a review that breaks fails the test.
        Self { temporary, root, environment: vec![("CI".into(), "1".into())] }
    }

    /// A repository with the application in its first commit, and the hook installed.
    pub(crate) fn with_application() -> Self {
        let repo = Self::new();
        repo.commit_application();
        repo.install();
        repo
    }

    /// Commits the application.
    pub(crate) fn commit_application(&self) {
        for (path, content) in APPLICATION {
            self.write(path, content);
        }
        self.git(&["add", "--all"]).passed();
        self.git(&["commit", "--quiet", "--message", "application"]).passed();
    }

    /// Installs the hook file for all events.
    pub(crate) fn install(&self) {
        self.review(&["install", "--method", "shim", "--event", "pre-commit,pre-merge-commit,pre-push"]).passed();
    }

    /// Lets other users read the repository and what lies beside it.
    pub(crate) fn open_to_all(&self) {
        fs::set_permissions(self.temporary.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("its own");
    }

    /// The same repository with a variable set, or unset when the value is empty.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a variable for the programs to come.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.into(), value.into()));
    }

    /// The top of the work tree.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A place beside the repository.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.root.with_file_name(name)
    }

    /// A path in the work tree.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    /// Writes a file of the work tree.
    pub(crate) fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, content).expect("a written file");
    }

    /// Reads a file of the work tree.
    pub(crate) fn read(&self, path: impl AsRef<Path>) -> String {
        fs::read_to_string(self.path(path)).expect("a readable file")
    }

    /// Runs git at the top of the work tree.
    pub(crate) fn git(&self, arguments: &[&str]) -> Run {
        self.run_in(&self.root, "git", arguments)
    }

    /// Runs the program under test at the top of the work tree.
    pub(crate) fn review(&self, arguments: &[&str]) -> Run {
        self.run_in(&self.root, PROGRAM, arguments)
    }

    /// The commit `HEAD` is at.
    pub(crate) fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"]).passed().stdout
    }

    /// Commits all changes of tracked files.
    pub(crate) fn commit_all(&self, message: &str) -> Run {
        self.git(&["commit", "--quiet", "--all", "--message", message])
    }

    /// A command in this repository's environment.
    pub(crate) fn command(&self, directory: &Path, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(directory).env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.beside("home"));
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", self.beside("home").join("gitconfig"));
        command.env("GIT_EDITOR", "true");
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "Test").env(format!("GIT_{role}_EMAIL"), "test@example.com");
        }
        for (name, value) in self.environment.iter().filter(|(_, value)| !value.is_empty()) {
            command.env(name, value);
        }
        command
    }

    /// Runs a program in a directory of this repository's environment.
    pub(crate) fn run_in(&self, directory: &Path, program: &str, arguments: &[&str]) -> Run {
        finish(self.command(directory, program).args(arguments))
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs a command to its end.
pub(crate) fn finish(command: &mut Command) -> Run {
    command.output().expect("the program starts").into()
}

/// A user that owns nothing.
pub(crate) const SOMEONE_ELSE: u32 = 65_534;

/// The same command as another user, with nothing but its own variables; `None`, with a message, where only root could
/// do that.
pub(crate) fn as_someone_else(command: &Command) -> Option<Command> {
    let someone_else = |program: &std::ffi::OsStr| {
        let mut other = Command::new("setpriv");
        other.args([format!("--reuid={SOMEONE_ELSE}"), format!("--regid={SOMEONE_ELSE}"), "--clear-groups".into()]);
        other.arg(program);
        other
    };
    if !someone_else("true".as_ref()).status().is_ok_and(|status| status.success()) {
        // Standard error, as it is seen beside the name of the test.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), b"skipped: no other user can be had here\n");
        return None;
    }
    let mut other = someone_else(command.get_program());
    other.args(command.get_args()).current_dir(command.get_current_dir().unwrap_or(Path::new("/")));
    let variables = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    other.env_clear().envs(variables).stdin(Stdio::null());
    Some(other)
}

/// Longer than anything of a daemon that is waited for takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for something to be there.
pub(crate) fn wait_for<T>(what: &str, mut find: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(Instant::now() < until, "{what} did not come");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until something holds.
pub(crate) fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    wait_for(what, || is().then_some(()));
}

/// Whether the other side has closed a connection.
pub(crate) fn closed(stream: &mut impl Read) -> bool {
    match stream.read(&mut [0; 1]) {
        Ok(read) => read == 0,
        // A connection closed with unread bytes is reset.
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}
