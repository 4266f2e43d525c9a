//! The cache on disk, kept by processes that live only as long as they read or write it.
//!
//! They are this same program, run as `daemon keep` (see [`super::keep`]), and speak in [`Record`]s over their standard streams.

use std::ffi::OsStr;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::cache::Disk;
use crate::cache::record::Record;
use crate::cache::sled;

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
