//! Writing to the standard streams: a closed pipe ends the output quietly, anything else is an error.

use std::io::{self, ErrorKind, Write};

use crate::service::Reply;

/// Writes to standard output.
///
/// # Errors
/// Any failure except a closed pipe: whoever closed it has read enough.
pub(super) fn print(text: &str) -> io::Result<()> {
    quiet_on_closed_pipe(write_all(io::stdout().lock(), text))
}

/// Writes to standard error. A failure has nowhere to be told and is dropped.
pub(super) fn error(text: &str) {
    let _ = write_all(io::stderr().lock(), text);
}

/// Writes a reply to both streams and gives its exit code.
///
/// # Errors
/// As [`print()`].
pub(super) fn emit(reply: &Reply) -> io::Result<u8> {
    error(&reply.stderr);
    print(&reply.stdout)?;
    Ok(reply.code)
}

fn write_all(mut stream: impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

fn quiet_on_closed_pipe(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
