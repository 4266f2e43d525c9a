//! What only the operating system can tell or do: users, private directories, the identity of files, detaching.
//!
//! Everything that differs between platforms is in here and in [`super::socket`].

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

/// Which file this is, and which version of it: enough to notice that it was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileId {
    device: u64,
    inode: u64,
    modified_seconds: i64,
    modified_nanoseconds: i64,
    length: u64,
}

impl FileId {
    /// The identity of what `path` names; a symbolic link is followed.
    ///
    /// # Errors
    /// Those of `stat`.
    pub fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|metadata| Self::from_metadata(&metadata))
    }

    /// The identity of the running program's file.
    ///
    /// # Errors
    /// The platform does not tell, or the file is gone.
    pub fn of_this_program() -> io::Result<Self> {
        Self::of(&std::env::current_exe()?)
    }

    /// Whether both are the same file, whatever was written to it in between.
    #[must_use]
    pub fn same_file(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    #[cfg(unix)]
    fn from_metadata(metadata: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            modified_seconds: metadata.mtime(),
            modified_nanoseconds: metadata.mtime_nsec(),
            length: metadata.len(),
        }
    }

    #[cfg(not(unix))]
    fn from_metadata(metadata: &fs::Metadata) -> Self {
        let modified = metadata.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()).unwrap_or_default();
        Self {
            device: 0,
            inode: 0,
            modified_seconds: i64::try_from(modified.as_secs()).unwrap_or_default(),
            modified_nanoseconds: i64::from(modified.subsec_nanos()),
            length: metadata.len(),
        }
    }
}

/// A number for the user that runs this process, for names of per-user files.
#[must_use]
pub fn user() -> u32 {
    #[cfg(unix)]
    return rustix::process::geteuid().as_raw();
    #[cfg(not(unix))]
    return 0;
}

/// Makes sure that `path` is a directory only this user can enter, creating it (but not its parents) when missing.
///
/// # Errors
/// It is a symbolic link or no directory, belongs to someone else, others may write to it, or this user may not.
pub fn private_directory(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    let created = std::os::unix::fs::DirBuilderExt::mode(&mut fs::DirBuilder::new(), 0o700).create(path);
    #[cfg(not(unix))]
    let created = fs::create_dir(path);
    match created {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => check_private_directory(path),
    }
}

/// The check of [`private_directory`], without creating anything.
///
/// # Errors
/// As there, and when the directory does not exist.
pub fn check_private_directory(path: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    let refuse = |why| Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("{} {why}", path.display())));
    if !metadata.is_dir() {
        return refuse("is not a directory");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        if metadata.uid() != user() {
            return refuse("belongs to another user");
        }
        let mode = metadata.mode() & 0o777;
        if mode & 0o022 != 0 {
            return refuse("can be written by others");
        }
        if mode != 0o700 {
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
        }
        rustix::fs::access(path, rustix::fs::Access::WRITE_OK)?;
    }
    Ok(())
}

/// Has the files that this process and its children create from now on be for this user alone, whatever they ask for.
pub fn create_private_files() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

/// The number of the first file behind the standard streams.
#[cfg(unix)]
const FIRST_FILE: i32 = 3;

/// A command that runs `program` without the files that happen to be open here beside the standard streams.
#[must_use]
pub fn command_without_inherited_files(program: &Path) -> Command {
    // Programs mark their own files as not to be inherited. Those that are left were inherited here as well.
    #[cfg(unix)]
    close_fds::set_fds_cloexec_threadsafe(FIRST_FILE, &[]);
    Command::new(program)
}

/// Leaves the terminal and the process group of the program that started this one, so that neither closing the terminal
/// nor interrupting the hook ends it.
pub fn detach() {
    // Refused to the leader of a process group, which is then already on its own.
    #[cfg(unix)]
    let _ = rustix::process::setsid();
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn only_private_directories_are_accepted() {
        let temp = tempfile::tempdir().expect("temporary directory");
        let good = temp.path().join("good");
        private_directory(&good).expect("created");
        private_directory(&good).expect("already there");
        assert_eq!(fs::metadata(&good).expect("there").permissions().mode() & 0o777, 0o700);

        let open = temp.path().join("open");
        fs::create_dir(&open).expect("created");
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).expect("owner");
        assert!(private_directory(&open).is_err(), "others may write");

        let link = temp.path().join("link");
        symlink(&good, &link).expect("linked");
        assert!(private_directory(&link).is_err(), "a link may point anywhere");

        let file = temp.path().join("file");
        fs::write(&file, "").expect("written");
        assert!(private_directory(&file).is_err(), "a file in the way");
    }

    #[test]
    fn open_files_are_not_inherited() {
        let file = tempfile::tempfile().expect("temporary file");
        // As `flock 200` of a shell has one.
        let inherited = rustix::io::fcntl_dupfd_cloexec(&file, 200).expect("a number is free");
        rustix::io::fcntl_setfd(&inherited, rustix::io::FdFlags::empty()).expect("its own");
        let is_open = |mut command: Command| {
            let number = inherited.as_raw_fd().to_string();
            command.args(["-c", r#"test -e "/dev/fd/$1""#, "sh", &number]).status().expect("started").success()
        };
        assert!(is_open(Command::new("/bin/sh")), "without the precaution");
        assert!(!is_open(command_without_inherited_files(Path::new("/bin/sh"))));
    }
    #[test]
    fn a_replaced_file_is_another_one() {
        let temp = tempfile::tempdir().expect("temporary directory");
        let path = temp.path().join("program");
        fs::write(&path, "old").expect("written");
        let before = FileId::of(&path).expect("there");
        fs::write(temp.path().join("next"), "new").expect("written");
        fs::rename(temp.path().join("next"), &path).expect("renamed");
        let after = FileId::of(&path).expect("there");
        assert!(!before.same_file(&after));
        assert_ne!(before, after);
    }
}
