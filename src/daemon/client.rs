//! Asking the daemon. Whatever goes wrong, the caller reviews by itself and nobody is bothered.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::protocol::{Answer, Hello, Message, Status, append_frame, read_frame};
use super::socket::{Address, Timed};
use crate::service::{Reply, Request};

/// Time for the daemon to say that it is at work.
const FIRST_ANSWER: Duration = Duration::from_millis(50);

/// Time for the review after that.
const REVIEW: Duration = Duration::from_secs(2);

/// Time for an answer where nobody's commit waits for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Asks the repository's daemon; `None` when there is none, or none that answers in time.
#[must_use]
pub fn ask(common_dir: &Path, request: &Request) -> Option<Reply> {
    let ask = || -> io::Result<Reply> {
        let stream = Address::of(common_dir)?.connect(FIRST_ANSWER)?;
        send(&mut Timed::new(&stream, FIRST_ANSWER), &Message::Review(Box::new(request.clone())))
            .and_then(|accepted| expect(accepted, |answer| matches!(answer, Answer::Accepted).then_some(())))?;
        let reply = read_frame(&mut Timed::new(&stream, REVIEW))?;
        expect(reply, |answer| if let Answer::Reply(reply) = answer { Some(reply) } else { None })
    };
    ask().inspect_err(|error| tracing::debug!(%error, "no answer from the daemon")).ok()
}

/// How the repository's daemon is.
///
/// # Errors
/// There is [none](is_absence), it does not answer, or it is of another build (and leaves).
pub fn status(common_dir: &Path) -> io::Result<Status> {
    let answer = converse(common_dir, &Message::Status)?;
    expect(answer, |answer| if let Answer::Status(status) = answer { Some(status) } else { None })
}

/// Tells the repository's daemon to leave.
///
/// # Errors
/// There is [none](is_absence), or it does not answer.
pub fn stop(common_dir: &Path) -> io::Result<()> {
    match converse(common_dir, &Message::Stop)? {
        Answer::Stopping | Answer::OtherProgram(_) => Ok(()),
        _ => Err(unexpected()),
    }
}

/// Whether an error says that nobody listens: no daemon runs, or can run here.
#[must_use]
pub fn is_absence(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, NotFound, Unsupported};
    matches!(error.kind(), NotFound | ConnectionRefused | Unsupported)
}

fn converse(common_dir: &Path, message: &Message) -> io::Result<Answer> {
    let stream = Address::of(common_dir)?.connect(PATIENCE)?;
    send(&mut Timed::new(&stream, PATIENCE), message).map_err(|error| match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            io::Error::new(io::ErrorKind::TimedOut, "the daemon does not answer")
        }
        _ => error,
    })
}

/// Says hello, sends the message and takes the first answer.
fn send(stream: &mut Timed<'_>, message: &Message) -> io::Result<Answer> {
    let mut frames = Vec::new();
    append_frame(&mut frames, &Hello::of_this_program()?)?;
    append_frame(&mut frames, message)?;
    io::Write::write_all(stream, &frames)?;
    read_frame(stream)
}

fn expect<T>(answer: Answer, wanted: impl FnOnce(Answer) -> Option<T>) -> io::Result<T> {
    if let Answer::OtherProgram(hello) = &answer {
        let version = &hello.version;
        return Err(io::Error::other(format!("the daemon is of another build ({version}) and leaves")));
    }
    wanted(answer).ok_or_else(unexpected)
}

fn unexpected() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the daemon gave an answer that does not fit")
}
