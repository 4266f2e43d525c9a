//! What the processes of a [`Keeper`](super::keeper::Keeper) do. The one that reads the cache also reads the repository for
//! the first time: what that takes in memory goes with the process.

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use crate::cache::Disk;
use crate::cache::learning::LearningStore;
use crate::cache::record::Record;
use crate::cache::sled::{self, Sled};
use crate::service::{self, Request};

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
