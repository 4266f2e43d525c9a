//! What client and daemon say to each other: frames of a 4-byte big-endian length and JSON.
//!
//! The client sends its [`Hello`] and one [`Message`]; the daemon answers with one or two [`Answer`]s and closes. No
//! message writes or executes anything.

use std::fmt;
use std::io::{self, Read, Write};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::platform::FileId;
use super::watcher::Watching;
use crate::git::UserSettings;
use crate::service::{Reply, Request};

/// Version of the frames and messages below; part of the socket's name.
pub const PROTOCOL: u32 = 1;

/// Largest frame, in bytes. A larger reply is not sent: the client reviews by itself.
pub const MAX_FRAME: u32 = 8 * 1024 * 1024;

/// The first frame of every connection: which program speaks, and for whom. Only equals work together, because only then
/// is the daemon's answer the one the client would have come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// Version of this crate.
    #[serde(default)]
    pub version: String,
    /// The program's file.
    #[serde(default)]
    pub program: Option<FileId>,
    /// The settings it runs with.
    #[serde(default)]
    pub settings: UserSettings,
}

impl Hello {
    /// The greeting of the running program.
    ///
    /// # Errors
    /// The program's own file cannot be found.
    pub fn of_this_program() -> io::Result<Self> {
        let program = Some(FileId::of_this_program()?);
        let settings = UserSettings::from_process();
        Ok(Self { protocol: PROTOCOL, version: env!("CARGO_PKG_VERSION").into(), program, settings })
    }

    /// Whether the same program speaks, with whatever settings.
    #[must_use]
    pub fn is_of_same_program(&self, other: &Self) -> bool {
        (self.protocol, &self.version, &self.program) == (other.protocol, &other.version, &other.program)
    }
}

/// The second frame: what the client wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// Review and render.
    Review(Box<Request>),
    /// How is the daemon?
    Status,
    /// Leave.
    Stop,
}

/// A frame from the daemon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// The request was understood and is being worked on; [`Answer::Reply`] follows.
    Accepted,
    /// The review.
    Reply(Reply),
    /// How the daemon is.
    Status(Status),
    /// The daemon leaves, as asked.
    Stopping,
    /// The daemon is another program than the client, and leaves.
    OtherProgram(Hello),
}

/// How a daemon is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Its process id.
    pub process: u32,
    /// Version of its crate.
    pub version: String,
    /// How long it has been running.
    pub uptime: Duration,
    /// It leaves after this time without a request.
    pub idle_limit: Duration,
    /// Reviews answered.
    pub reviews: u64,
    /// Reviews that failed inside the daemon and were left to the client.
    pub failures: u64,
    /// What it watches.
    pub watching: Watching,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = |duration: Duration| duration.as_secs().div_ceil(60);
        writeln!(f, "running: process {}, version {}, for {} min", self.process, self.version, minutes(self.uptime))?;
        writeln!(f, "reviews: {} answered, {} failed", self.reviews, self.failures)?;
        writeln!(f, "watching: {}", self.watching)?;
        write!(f, "leaves after {} min without a request", minutes(self.idle_limit))
    }
}

/// Appends a value to `buffer` as one frame.
///
/// # Errors
/// The value has no JSON form (a path that is not Unicode) or is too large.
pub fn append_frame(buffer: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    let body = serde_json::to_vec(value)?;
    let length = u32::try_from(body.len()).ok().filter(|length| *length <= MAX_FRAME);
    let length = length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the frame is too large"))?;
    buffer.extend_from_slice(&length.to_be_bytes());
    buffer.extend_from_slice(&body);
    Ok(())
}

/// Writes a value as one frame.
///
/// # Errors
/// Those of [`append_frame`], and the other side is gone or does not read.
pub fn write_frame(to: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut frame = Vec::new();
    append_frame(&mut frame, value)?;
    to.write_all(&frame)
}

/// Reads one frame.
///
/// # Errors
/// The other side is gone or silent for too long, the frame is too large, or not what was expected.
pub fn read_frame<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > MAX_FRAME {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the frame is too large"));
    }
    // Memory follows what arrives, not what is announced.
    let mut body = Vec::new();
    from.take(u64::from(length)).read_to_end(&mut body)?;
    if body.len() < length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    // The message of a JSON error may quote what was sent.
    serde_json::from_slice(&body).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the frame is not understood"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_back_as_it_was() {
        let reply = Answer::Reply(Reply { stdout: "a\u{0}\u{1b}[1mé\n".into(), stderr: String::new(), code: 1 });
        let mut wire = Vec::new();
        write_frame(&mut wire, &reply).expect("small");
        assert_eq!(read_frame::<Answer>(&mut wire.as_slice()).expect("whole"), reply);
    }

    #[test]
    fn bad_frames_are_errors() {
        let read = |bytes: &[u8]| read_frame::<Message>(&mut &*bytes).map_err(|error| error.kind());
        assert_eq!(read(&[]), Err(io::ErrorKind::UnexpectedEof));
        assert_eq!(read(&[0, 0, 0, 9, b'"']), Err(io::ErrorKind::UnexpectedEof), "cut off");
        assert_eq!(read(&[0xFF; 64]), Err(io::ErrorKind::InvalidData), "too large");
        assert_eq!(read(b"\0\0\0\x06\"Erase"), Err(io::ErrorKind::InvalidData), "no such message");
    }

    #[test]
    fn a_reply_beyond_the_limit_is_not_sent() {
        let stdout = "x".repeat(MAX_FRAME as usize);
        let reply = Answer::Reply(Reply { stdout, ..Reply::default() });
        assert!(write_frame(&mut Vec::new(), &reply).is_err());
    }

    #[test]
    fn the_greeting_of_another_protocol_is_still_understood() {
        let hello: Hello = serde_json::from_str(r#"{"protocol": 7, "colour": "green"}"#).expect("readable");
        assert_eq!((hello.protocol, &*hello.version, hello.program), (7, "", None));
    }
}
