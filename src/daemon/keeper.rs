//! The cache on disk, kept by processes that live only as long as they read or write it.
//!
//! They are this same program, run as `daemon keep`, and speak in [`Record`]s over their standard streams. The one that
//! reads the cache also reads the repository for the first time: what that takes in memory goes with the process.

use std::ffi::OsStr;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use crate::cache::Disk;
use crate::cache::learning::LearningStore;
use crate::cache::record::Record;
use crate::cache::sled::{self, Sled};
use crate::daemon::lifecycle;
use crate::service::{self, Request};

/// Longest wait for the disk by a review that would take longer without it. It may hang.
const RECALL: Duration = Duration::from_millis(500);

/// A database that other processes open.
#[derive(Debug)]
pub struct Keeper {
    program: PathBuf,
    directory: PathBuf,
    /// The common directory of the repository that is reviewed when the database is empty.
    learns: Option<PathBuf>,
}

impl Keeper {
    /// The keeper of the database below `directory`; `program` is this one.
    #[must_use]
    pub fn new(program: PathBuf, directory: PathBuf) -> Self {
        Self { program, directory, learns: None }
    }

    /// Has an empty database filled, when it is read, with what a review of the repository of a common directory learns.
    #[must_use]
    pub fn learning(self, common_dir: &Path) -> Self {
        Self { learns: Some(common_dir.to_path_buf()), ..self }
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
        let learns = self.learns.iter().flat_map(|common_dir| ["--common-dir".as_ref(), common_dir.as_os_str()]);
        let action: Vec<&OsStr> = std::iter::once("read".as_ref()).chain(learns).collect();
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

/// What the database of a repository holds, as far as it can be read in short time: for a review that no daemon does.
#[must_use]
pub fn recalled(common_dir: &Path) -> Arc<LearningStore> {
    let store = Arc::new(LearningStore::default());
    let keeper = lifecycle::existing_state_directory(common_dir)
        .filter(|state| state.join(sled::version()).is_dir())
        .and_then(|state| Some(Keeper::new(std::env::current_exe().ok()?, state)));
    if let Some(keeper) = keeper {
        let filling = Arc::clone(&store);
        let (done, end) = channel();
        thread::spawn(move || {
            let mut records = 0_usize;
            let read = keeper.read(&mut |record| records += usize::from(filling.take(&record)));
            tracing::debug!(records, ?read, "cache recalled");
            // Nobody waits any more when the disk took too long.
            let _ = done.send(());
        });
        let _ = end.recv_timeout(RECALL);
    }
    store
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
