//! Where the daemon of a repository listens, and how to reach it.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use interprocess::ConnectWaitMode;
use interprocess::local_socket::traits::{Stream as _, StreamCommon as _};
use interprocess::local_socket::{ConnectOptions, Listener, ListenerOptions, Name, Stream};

use super::platform::{self, FileId};
use super::protocol::PROTOCOL;

/// Whether clients and daemons can meet. Not on Windows: reading from named pipes has no deadline, and they have no
/// owner to check. There, every client reviews by itself.
pub const SUPPORTED: bool = cfg!(unix);

/// Longest path of a socket, in bytes: `sun_path` holds 104 bytes on macOS and 108 on Linux (unix(7)).
const MAX_PATH: usize = 100;

/// The files through which one repository's daemon is found. They lie outside the repository, in a directory that only
/// this user can enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    directory: PathBuf,
    key: String,
}

impl Address {
    /// The address for the repository whose common directory this is.
    ///
    /// # Errors
    /// The directory does not exist, or there is no fitting place for sockets.
    pub fn of(common_dir: &Path) -> io::Result<Self> {
        let common_dir = common_dir.canonicalize()?;
        let key = key(&common_dir);
        let candidates = [runtime_directory(), Some(temporary_directory())];
        candidates
            .into_iter()
            .flatten()
            .map(|directory| Self { directory, key: key.clone() })
            .find(|address| address.fits() && !inside_repository(&address.directory, &common_dir))
            .ok_or_else(|| io::Error::new(io::ErrorKind::Unsupported, "no directory is fit for a socket"))
    }

    /// Where clients connect.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.directory.join(format!("{}.sock", self.key))
    }

    /// The file that the one daemon of the repository keeps locked.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.directory.join(format!("{}.lock", self.key))
    }

    /// Creates the directory, or checks the one that is there.
    ///
    /// # Errors
    /// It cannot be had for this user alone.
    pub fn prepare(&self) -> io::Result<()> {
        platform::private_directory(&self.directory)
    }

    /// Connects to the daemon within the given time.
    ///
    /// # Errors
    /// There is none, it does not accept in time, or what listens there is not this user's.
    pub fn connect(&self, within: Duration) -> io::Result<Stream> {
        platform::check_private_directory(&self.directory)?;
        let socket = self.socket();
        let stream = ConnectOptions::new().name(name(&socket)?).wait_mode(ConnectWaitMode::Timeout(within)).connect_sync()?;
        check_peer(&stream)?;
        Ok(stream)
    }

    /// Listens. Only for the holder of the lock: whatever socket was there is replaced, and at no time is there a socket
    /// nobody listens on.
    ///
    /// # Errors
    /// The socket cannot be created.
    pub fn listen(&self) -> io::Result<Listener> {
        let socket = self.socket();
        let unborn = socket.with_extension("new");
        match std::fs::remove_file(&unborn) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = ListenerOptions::new().name(name(&unborn)?).reclaim_name(false).create_sync()?;
        std::fs::rename(&unborn, &socket)?;
        Ok(listener)
    }

    /// Which socket is at the address now.
    ///
    /// # Errors
    /// None is.
    pub fn socket_id(&self) -> io::Result<FileId> {
        FileId::of(&self.socket())
    }

    fn fits(&self) -> bool {
        self.socket().as_os_str().len() <= MAX_PATH
    }
}

/// The name of a repository's socket: 16 hexadecimal digits.
fn key(common_dir: &Path) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(common_dir.as_os_str().as_encoded_bytes());
    hasher.update(&PROTOCOL.to_le_bytes());
    hasher.finalize().to_hex()[..16].to_string()
}

/// `$XDG_RUNTIME_DIR/git-auth-review`, where that directory exists (XDG Base Directory Specification: it belongs to the
/// user, with mode 0700).
fn runtime_directory() -> Option<PathBuf> {
    let runtime = PathBuf::from(std::env::var_os("XDG_RUNTIME_DIR")?);
    (runtime.is_absolute() && runtime.is_dir()).then(|| runtime.join("git-auth-review"))
}

fn temporary_directory() -> PathBuf {
    std::env::temp_dir().join(format!("git-auth-review-{}", platform::user()))
}

/// Whether a socket in `directory` would show up in the repository.
fn inside_repository(directory: &Path, common_dir: &Path) -> bool {
    let parent = directory.parent().unwrap_or(directory);
    let Ok(parent) = parent.canonicalize() else { return true };
    let root = if common_dir.ends_with(".git") { common_dir.parent().unwrap_or(common_dir) } else { common_dir };
    parent.starts_with(root)
}

#[cfg(unix)]
fn name(path: &Path) -> io::Result<Name<'_>> {
    use interprocess::local_socket::{GenericFilePath, ToFsName};
    path.to_fs_name::<GenericFilePath>()
}

#[cfg(not(unix))]
fn name(_path: &Path) -> io::Result<Name<'_>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Makes sure that the process at the other end runs as this user.
///
/// # Errors
/// It does not, or the platform cannot tell.
pub fn check_peer(stream: &Stream) -> io::Result<()> {
    let peer = stream.peer_creds()?;
    #[cfg(unix)]
    if peer.euid() == Some(platform::user()) {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("the other end is not this user's: {peer:?}")))
}

/// A stream to be done with by a point in time.
#[derive(Debug)]
pub struct Timed<'s> {
    stream: &'s Stream,
    until: Instant,
}

impl<'s> Timed<'s> {
    /// Allows `stream` to be used for the given time from now.
    #[must_use]
    pub fn new(stream: &'s Stream, within: Duration) -> Self {
        Self { stream, until: Instant::now() + within }
    }

    fn left(&self) -> io::Result<Option<Duration>> {
        match self.until.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
            left => Ok(Some(left)),
        }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_recv_timeout(self.left()?)?;
        let mut stream = self.stream;
        stream.read(buffer)
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_send_timeout(self.left()?)?;
        let mut stream = self.stream;
        stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_short_and_tells_repositories_apart() {
        let one = key(Path::new("/home/a/project/.git"));
        assert_eq!(one.len(), 16);
        assert_ne!(one, key(Path::new("/home/a/other/.git")));
    }

    #[test]
    fn sockets_stay_out_of_the_repository() {
        let temp = tempfile::tempdir().expect("temporary directory");
        let root = temp.path().canonicalize().expect("there");
        let common_dir = root.join("project/.git");
        std::fs::create_dir_all(&common_dir).expect("created");
        assert!(inside_repository(&root.join("project/git-auth-review"), &common_dir));
        assert!(inside_repository(&common_dir.join("git-auth-review"), &common_dir));
        assert!(!inside_repository(&root.join("git-auth-review"), &common_dir));
    }

    #[test]
    fn long_paths_are_refused() {
        let address = Address { directory: PathBuf::from(format!("/{}", "d".repeat(90))), key: key(Path::new("/")) };
        assert!(!address.fits());
    }
}
