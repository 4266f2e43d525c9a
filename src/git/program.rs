//! The git program, for repositories that libgit2 cannot open and indexes that the own reader leaves to git.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use super::environment::Environment;
use super::error::GitError;
use super::objects::{Kind, ObjectError, ObjectId, ObjectStore};
use super::repo::Layout;

/// The git program, told which repository is meant.
pub(super) struct Program {
    directory: PathBuf,
    variables: Vec<(&'static str, OsString)>,
    /// Why it is needed, for the message when there is none.
    reason: String,
    batch: Mutex<Option<Batch>>,
}

impl Program {
    /// Git in an environment as the user has it: git itself finds the repository and checks its owner.
    fn anywhere(environment: &Environment, reason: &str) -> Self {
        let places = [("GIT_DIR", &environment.git_dir), ("GIT_WORK_TREE", &environment.work_tree)];
        let places = places.into_iter().filter_map(|(name, path)| Some((name, path.clone()?.into_os_string())));
        Self {
            directory: environment.directory.clone(),
            variables: places.chain(objects(environment)).collect(),
            reason: reason.to_owned(),
            batch: Mutex::new(None),
        }
    }

    /// Git in a repository that is known already, with the index that is meant.
    pub(super) fn at(layout: &Layout, environment: &Environment, reason: &str) -> Self {
        let top = layout.work_tree.as_ref().unwrap_or(&layout.git_dir).clone();
        let mut variables =
            vec![("GIT_DIR", layout.git_dir.clone().into()), ("GIT_INDEX_FILE", layout.index_file(environment).into())];
        variables.extend(layout.work_tree.iter().map(|_| ("GIT_WORK_TREE", top.clone().into())));
        variables.extend(objects(environment));
        Self { directory: top, variables, reason: reason.to_owned(), batch: Mutex::new(None) }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        // Reading the index would run the program the repository names as its file system monitor.
        command.args(["-c", "core.fsmonitor="]).args(arguments).current_dir(&self.directory).stdin(Stdio::null());
        for (name, _) in std::env::vars_os().filter(|(name, _)| steers_git(name)) {
            command.env_remove(name);
        }
        command
            .env("LC_ALL", "C")
            .env("GIT_OPTIONAL_LOCKS", "0")
            // Exactly the objects that are named, from this repository: no replacements, no network, no questions.
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_ALLOW_PROTOCOL", "none")
            .env("GIT_TERMINAL_PROMPT", "0")
            .envs(self.variables.iter().map(|(name, path)| (name, path)));
        command
    }

    /// What git prints, or what it complains about.
    fn run(&self, arguments: &[&str]) -> Result<Result<Vec<u8>, String>, GitError> {
        let output = self.command(arguments).output().map_err(|error| self.missing(error))?;
        Ok(if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
        })
    }

    /// What git prints; its complaint is an error.
    pub(super) fn print(&self, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        self.run(arguments)?.map_err(|message| GitError::Program { command: arguments.join(" "), message })
    }

    fn missing(&self, error: io::Error) -> GitError {
        GitError::ProgramMissing { reason: self.reason.clone(), error }
    }

    fn object_name(&self, arguments: &[&str]) -> Result<Result<ObjectId, String>, GitError> {
        Ok(self.run(arguments)?.and_then(|printed| {
            let hex = String::from_utf8_lossy(&printed);
            ObjectId::from_hex(hex.trim()).ok_or_else(|| format!("git answered `{}`", hex.trim()))
        }))
    }
}

/// Where objects are beside those of the repository.
fn objects(environment: &Environment) -> Option<(&'static str, OsString)> {
    let directories = Some(&environment.object_directories).filter(|directories| !directories.is_empty())?;
    Some(("GIT_ALTERNATE_OBJECT_DIRECTORIES", std::env::join_paths(directories).ok()?))
}

/// Variables that would point git elsewhere or change what it prints. Configuration and where git itself lives stay.
fn steers_git(name: &OsString) -> bool {
    let name = name.to_string_lossy();
    let stays = ["GIT_CONFIG", "GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM"];
    name.starts_with("GIT_") && !stays.iter().any(|kept| name.starts_with(kept))
}

/// Finds the repository that libgit2 could not open, for the reason it gave.
pub(super) fn open(environment: &Environment, reason: &str) -> Result<(Layout, Program), GitError> {
    let program = Program::anywhere(environment, reason);
    let asked = ["rev-parse", "--show-object-format", "--is-inside-work-tree", "--absolute-git-dir"];
    let printed = program.run(&asked)?.map_err(|message| {
        let lower = message.to_ascii_lowercase();
        if lower.contains("dubious ownership") {
            GitError::Ownership(message)
        } else if lower.contains("not a git repository") {
            GitError::NotARepository(environment.git_dir.clone().unwrap_or_else(|| environment.directory.clone()))
        } else {
            GitError::Program { command: asked.join(" "), message }
        }
    })?;
    let mut lines = printed.splitn(3, |&byte| byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let hash_len = if line() == b"sha256" { 32 } else { 20 };
    let has_work_tree = line() == b"true";
    let git_dir = printed_path(&environment.directory, line());
    let common_dir = printed_path(&environment.directory, &program.print(&["rev-parse", "--git-common-dir"])?);
    let common_dir = common_dir.canonicalize().unwrap_or(common_dir);
    let work_tree = if has_work_tree {
        Some(printed_path(&environment.directory, &program.print(&["rev-parse", "--show-toplevel"])?))
    } else {
        None
    };
    let layout = Layout { git_dir, common_dir, work_tree, hash_len };
    let program = Program::at(&layout, environment, reason);
    Ok((layout, program))
}

/// A path git printed on a line of its own, relative to the directory it ran in.
fn printed_path(directory: &Path, line: &[u8]) -> PathBuf {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let path = super::path::to_os(line).unwrap_or_else(|| String::from_utf8_lossy(line).into_owned().into());
    directory.join(path)
}

impl ObjectStore for Program {
    fn read(&self, id: &ObjectId, kind: Kind, limit: usize) -> Result<Vec<u8>, ObjectError> {
        let mut slot = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        let start = || Batch::start(self.command(&["cat-file", "--batch"]));
        // Left empty on failure: an answer cut short would be read as the next one.
        let mut batch =
            slot.take().map_or_else(start, Ok).map_err(|error| ObjectError::Damaged(self.missing(error).to_string()))?;
        let answer =
            batch.read(id, kind, limit).map_err(|error| ObjectError::Damaged(format!("`git cat-file` failed: {error}")))?;
        *slot = Some(batch);
        answer
    }

    fn head(&self) -> Result<Option<ObjectId>, GitError> {
        Ok(self.object_name(&["rev-parse", "--verify", "--quiet", "HEAD"])?.ok())
    }

    fn revision(&self, name: &str) -> Result<ObjectId, GitError> {
        let unknown = |reason| GitError::UnknownRevision { name: name.to_owned(), reason };
        let object = self.object_name(&["rev-parse", "--verify", name])?.map_err(unknown)?;
        self.object_name(&["rev-parse", "--verify", &format!("{object}^{{commit}}")])?.map_err(unknown)
    }
}

/// One `git cat-file --batch`: a name in, an object out (git's `git-cat-file` manual, "BATCH OUTPUT").
struct Batch {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Batch {
    fn start(mut command: Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("no pipe to the git program"));
        };
        Ok(Self { child, questions, answers: BufReader::new(answers) })
    }

    /// The outer error means that the conversation is lost, the inner one is git's answer.
    fn read(&mut self, id: &ObjectId, kind: Kind, limit: usize) -> io::Result<Result<Vec<u8>, ObjectError>> {
        writeln!(self.questions, "{id}")?;
        self.questions.flush()?;
        let mut header = String::new();
        self.answers.read_line(&mut header)?;
        let words: Vec<&str> = header.split_whitespace().collect();
        let (found, size) = match words[..] {
            [_, "missing"] => return Ok(Err(ObjectError::Missing)),
            [_, found, size] => (found, size.parse::<u64>().map_err(io::Error::other)?),
            _ => return Err(io::Error::other(if header.is_empty() { "it ended" } else { "it answered something else" })),
        };
        let wanted = match kind {
            Kind::Blob => "blob",
            Kind::Tree => "tree",
            Kind::Commit => "commit",
        };
        let refusal = if found != wanted {
            Some(ObjectError::Damaged(format!("it is a {found}, not a {wanted}")))
        } else if size > limit as u64 {
            Some(ObjectError::TooLarge(size))
        } else {
            None
        };
        // A newline follows the object.
        let mut object = (&mut self.answers).take(size + 1);
        if let Some(refusal) = refusal {
            io::copy(&mut object, &mut io::sink())?;
            return Ok(Err(refusal));
        }
        let mut bytes = Vec::new();
        object.read_to_end(&mut bytes)?;
        if bytes.pop() != Some(b'\n') || bytes.len() as u64 != size {
            return Err(io::Error::other("it answered less than it promised"));
        }
        Ok(Ok(bytes))
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // It only reads; nothing is lost by ending it at once, and a zombie stays when it is not waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
