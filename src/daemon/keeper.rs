//! The cache on disk, kept by processes that live only as long as they read or write it.
//!
//! They are this same program, run as `daemon keep`, and speak in [`Record`]s over their standard streams. The one that
//! reads the cache also reads the repository for the first time: what that takes in memory goes with the process.

use std::ffi::OsStr;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::cache::Disk;
use crate::cache::learning::LearningStore;
use crate::cache::record::Record;
use crate::cache::sled::{self, Sled};
use crate::service::{self, Request};

/// A database that other processes open.
#[derive(Debug)]
pub struct Keeper {
    program: PathBuf,
    common_dir: PathBuf,
    directory: PathBuf,
}

impl Keeper {
    /// The keeper of the database below `directory` for the repository of a common directory; `program` is this one.
    #[must_use]
    pub fn new(program: PathBuf, common_dir: PathBuf, directory: PathBuf) -> Self {
        Self { program, common_dir, directory }
    }

    fn start(&self, action: &[&OsStr], stdin: Stdio, stdout: Stdio) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        command.args(["daemon", "keep", "--version", &sled::version()]).arg(&self.directory).args(action);
        command.stdin(stdin).stdout(stdout).stderr(Stdio::piped()).spawn()
    }

    fn tell(&self, action: &str, records: &mut dyn Iterator<Item = Record>) -> io::Result<()> {
        let mut child = self.start(&[action.as_ref()], Stdio::piped(), Stdio::null())?;
        let stream = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let written = send(records, BufWriter::new(stream));
        ended(child)?;
        written
    }
}

impl Disk for Keeper {
    fn read(&self, take: &mut dyn FnMut(Record)) -> io::Result<()> {
        let action = ["read".as_ref(), "--common-dir".as_ref(), self.common_dir.as_os_str()];
        let mut child = self.start(&action, Stdio::null(), Stdio::piped())?;
        let mut records = BufReader::new(child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?);
        let taken = pass_on(&mut records, take);
        ended(child)?;
        taken
    }

    fn write(&self, records: &mut dyn Iterator<Item = Record>) -> io::Result<()> {
        self.tell("write", records)
    }

    fn replace(&self, records: &mut dyn Iterator<Item = Record>) -> io::Result<()> {
        self.tell("replace", records)
    }
}

/// Waits for a process; what it says of a failure is the error.
fn ended(child: Child) -> io::Result<()> {
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

fn send(records: &mut dyn Iterator<Item = Record>, mut stream: impl Write) -> io::Result<()> {
    for record in records {
        record.write_to(&mut stream)?;
    }
    stream.flush()
}

fn pass_on(stream: &mut dyn Read, take: &mut dyn FnMut(Record)) -> io::Result<()> {
    while let Some(record) = Record::read_from(stream)? {
        take(record);
    }
    Ok(())
}

/// Writes all that is kept below `directory` to a stream; when that is nothing, what a first review learns, and keeps it:
/// what `daemon keep read` does.
///
/// # Errors
/// As [`Disk::read`] and [`Disk::write`], and when the stream cannot be written to; when another version of the program
/// asks.
pub fn read(version: &str, directory: &Path, expected: Option<&Request>, stream: impl Write) -> io::Result<()> {
    check_version(version)?;
    let mut stream = BufWriter::new(stream);
    let disk = Sled::new(directory.to_path_buf());
    let (mut written, mut is_empty) = (Ok(()), true);
    let read = disk.read(&mut |record| {
        is_empty = false;
        if written.is_ok() {
            written = record.write_to(&mut stream);
        }
    });
    written?;
    if let Some(request) = expected.filter(|_| is_empty) {
        let store = LearningStore::default();
        // Only what it learns is wanted.
        let _ = service::answer(request, &store);
        let fresh = store.fresh();
        fresh.iter().try_for_each(|record| record.write_to(&mut stream))?;
        stream.flush()?;
        disk.write(&mut fresh.into_iter())?;
    }
    stream.flush()?;
    read
}

/// Adds the records of a stream to what is kept below `directory`: what `daemon keep write` does.
///
/// # Errors
/// As [`Disk::write`], and when the stream cannot be read; what came before that is kept. When another version of the
/// program asks.
pub fn write(version: &str, directory: &Path, stream: impl Read) -> io::Result<()> {
    take(version, stream, |records| Sled::new(directory.to_path_buf()).write(records))
}

/// Keeps the records of a stream below `directory`, and nothing else: what `daemon keep replace` does.
///
/// # Errors
/// As [`write()`].
pub fn replace(version: &str, directory: &Path, stream: impl Read) -> io::Result<()> {
    take(version, stream, |records| Sled::new(directory.to_path_buf()).replace(records))
}

fn take(
    version: &str,
    stream: impl Read,
    keep: impl FnOnce(&mut dyn Iterator<Item = Record>) -> io::Result<()>,
) -> io::Result<()> {
    check_version(version)?;
    let mut stream = BufReader::new(stream);
    let mut read = Ok(());
    let mut records = std::iter::from_fn(|| {
        Record::read_from(&mut stream).unwrap_or_else(|error| {
            read = Err(error);
            None
        })
    });
    keep(&mut records)?;
    read
}

/// The program may have been replaced since its daemon started.
fn check_version(version: &str) -> io::Result<()> {
    if version == sled::version() { Ok(()) } else { Err(io::Error::other("this is another version of the program")) }
}
