//! The daemon's log file: small, and free of what was reviewed.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;

use super::lifecycle;
use crate::cache::own::open_own;

/// Size at which the log starts over, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// The log file of a repository's daemon. `None` where no place for it can be had.
#[must_use]
pub fn path(common_dir: &Path) -> Option<PathBuf> {
    lifecycle::state_directory(common_dir).map(|directory| directory.join("daemon.log"))
}

/// Sends events of this process to the log file; which ones, `AUTH_REVIEW_LOG` says (`info` when unset, in the syntax of
/// `tracing_subscriber::EnvFilter`). Panics are logged by their place alone, as their message may quote a file.
pub fn start(common_dir: &Path) {
    let filter = EnvFilter::try_from_env("AUTH_REVIEW_LOG").unwrap_or_else(|_| EnvFilter::new("git_auth_review=info"));
    let file = path(common_dir).and_then(|path| Bounded::open(&path).ok());
    if let Some(file) = file {
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Mutex::new(file));
        // Refused when a program that embeds the daemon has a log of its own.
        let _ = log.try_init();
    }
    std::panic::set_hook(Box::new(|panic| match panic.location() {
        Some(place) => tracing::error!(file = place.file(), line = place.line(), "panic"),
        None => tracing::error!("panic"),
    }));
}

/// A file that starts over when it has grown too large.
#[derive(Debug)]
struct Bounded {
    file: File,
    length: u64,
}

impl Bounded {
    fn open(path: &Path) -> io::Result<Self> {
        let mut file = open_own(path)?;
        let length = file.seek(SeekFrom::End(0))?;
        Ok(Self { file, length })
    }
}

impl Write for Bounded {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.length + line.len() as u64 > MAX_BYTES {
            self.file.set_len(0)?;
            self.file.rewind()?;
            self.length = 0;
        }
        let written = self.file.write(line)?;
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_stays_small_and_keeps_the_newest() {
        let temp = tempfile::tempdir().expect("temporary directory");
        let path = temp.path().join("daemon.log");
        let line = [b'.'; 1000];
        for start in 0..2 {
            let mut log = Bounded::open(&path).expect("opened");
            for _ in 0..800 {
                log.write_all(&line).expect("written");
            }
            log.write_all(format!("end of {start}").as_bytes()).expect("written");
        }
        let text = std::fs::read_to_string(&path).expect("there");
        assert!(text.len() as u64 <= MAX_BYTES);
        assert!(text.ends_with("end of 1"));
    }
}
