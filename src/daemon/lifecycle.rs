//! How a daemon comes to be, stays the only one of its repository, and knows when to leave.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use interprocess::local_socket::Listener;

use super::platform::{self, FileId};
use super::socket::{self, Address};
use crate::cache::own::open_own;

/// How long a new daemon waits for one that is leaving.
const HANDOVER: Duration = Duration::from_millis(500);

/// Why a daemon leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// A client asked for it.
    Asked,
    /// Nobody used it for the time allowed.
    Idle,
    /// A client of another version or build asked: it deserves a daemon of its own.
    OtherProgram,
    /// Its own executable was replaced or removed.
    ProgramReplaced,
    /// The repository was removed.
    RepositoryGone,
    /// The socket was removed or replaced, so that nobody can reach this daemon.
    SocketLost,
}

impl fmt::Display for Leave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Asked => "asked to stop",
            Self::Idle => "idle",
            Self::OtherProgram => "asked by another build of the program",
            Self::ProgramReplaced => "the program was replaced",
            Self::RepositoryGone => "the repository is gone",
            Self::SocketLost => "the socket is gone",
        })
    }
}

/// The right to be the daemon of a repository, held until dropped.
#[derive(Debug)]
pub struct Instance {
    address: Address,
    socket: FileId,
    program: (PathBuf, FileId),
    repository: (PathBuf, FileId),
    _lock: File,
}

impl Instance {
    /// Becomes the daemon of the repository and starts to listen; `None` when another process is it already.
    ///
    /// # Errors
    /// The repository is not there or the socket cannot be created.
    pub fn claim(common_dir: &Path) -> io::Result<Option<(Self, Listener)>> {
        let address = Address::of(common_dir)?;
        address.prepare()?;
        // The lock file is never removed: a lock on a removed file excludes nobody.
        let Some(lock) = lock_within(open_own(&address.lock())?, HANDOVER)? else { return Ok(None) };
        let path = std::env::current_exe()?;
        let program = (path.clone(), FileId::of(&path)?);
        let repository = (common_dir.to_path_buf(), FileId::of(common_dir)?);
        let listener = address.listen()?;
        let socket = address.socket_id()?;
        Ok(Some((Self { address, socket, program, repository, _lock: lock }, listener)))
    }

    /// The files that tell of a reason to leave, beside the repository itself.
    #[must_use]
    pub fn vital_files(&self) -> [PathBuf; 2] {
        [self.address.socket(), self.program.0.clone()]
    }

    /// Why the daemon has to leave, if it has to.
    #[must_use]
    pub fn reason_to_leave(&self) -> Option<Leave> {
        let same_file = |path: &Path, id: &FileId| FileId::of(path).is_ok_and(|now| now.same_file(id));
        if !same_file(&self.repository.0, &self.repository.1) {
            Some(Leave::RepositoryGone)
        } else if FileId::of(&self.program.0).ok().as_ref() != Some(&self.program.1) {
            Some(Leave::ProgramReplaced)
        } else if !self.holds_socket() {
            Some(Leave::SocketLost)
        } else {
            None
        }
    }

    fn holds_socket(&self) -> bool {
        self.address.socket_id().is_ok_and(|now| now.same_file(&self.socket))
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if self.holds_socket() {
            // Nothing depends on it: the next daemon replaces a socket that is left behind.
            let _ = std::fs::remove_file(self.address.socket());
        }
    }
}

fn lock_within(file: File, patience: Duration) -> io::Result<Option<File>> {
    let until = Instant::now() + patience;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() >= until => return Ok(None),
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// Bytes: larger pieces of memory are given back to the system as soon as they are free.
const KEPT_FREE: &str = "65536";

/// Starts a daemon for the repository in the background and does not wait for it. Of several started at once, one stays.
///
/// It inherits no open files (git and its graphical clients wait for the end of their pipes, `flock` and `make` for that
/// of theirs) and none of git's variables, which speak of one commit only.
///
/// # Errors
/// The process cannot be created, or there are no daemons on this platform.
pub fn spawn(common_dir: &Path) -> io::Result<()> {
    if !socket::SUPPORTED {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let mut command = platform::command_without_inherited_files(&std::env::current_exe()?);
    command.args(["daemon", "run", "--common-dir"]).arg(common_dir.canonicalize()?);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
    // glibc keeps memory apart for each thread, and keeps large pieces once they were freed (mallopt(3)). It is told before
    // the program starts, so only its parent can say so.
    command.env("MALLOC_ARENA_MAX", "1");
    for kept in ["MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_"] {
        command.env(kept, KEPT_FREE);
    }
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"GIT_") {
            command.env_remove(name);
        }
    }
    let mut child = command.spawn()?;
    // A long-lived parent would otherwise keep the daemon's remains once it has left.
    thread::spawn(move || child.wait());
    Ok(())
}

/// The name of the directory that belongs to a repository's daemon.
const STATE: &str = "auth-review";

/// The [directory](state_directory) inside the common directory, where a daemon has made it.
#[must_use]
pub fn existing_state_directory(common_dir: &Path) -> Option<PathBuf> {
    common_dir.join(STATE).is_dir().then(|| state_directory(common_dir)).flatten()
}

/// The directory for what belongs to a repository's daemon, its log and the cache: inside the common directory, or in
/// the user's cache directory where that one cannot be written to. `None` where neither can be had.
#[must_use]
pub fn state_directory(common_dir: &Path) -> Option<PathBuf> {
    let beside = common_dir.join(STATE);
    if platform::private_directory(&beside).is_ok() {
        return Some(beside);
    }
    let caches = etcetera::BaseStrategy::cache_dir(&etcetera::choose_base_strategy().ok()?).join("git-auth-review");
    let common_dir = common_dir.canonicalize().ok()?;
    let own = caches.join(&blake3::hash(common_dir.as_os_str().as_encoded_bytes()).to_hex()[..16]);
    std::fs::create_dir_all(caches.parent()?).ok()?;
    platform::private_directory(&caches).ok()?;
    platform::private_directory(&own).ok()?;
    Some(own)
}
