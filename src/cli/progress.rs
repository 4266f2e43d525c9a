//! A sign of life on the terminal when a review takes longer than a blink.

use std::io::IsTerminal as _;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::output;

/// How long a review may take in silence.
const PATIENCE: Duration = Duration::from_millis(400);

/// Runs `work`; on a terminal, says so when it takes longer than [`PATIENCE`] and wipes the line afterwards.
pub(super) fn shown<T>(work: impl FnOnce() -> T) -> T {
    if !std::io::stderr().is_terminal() {
        return work();
    }
    let (done, waiting) = mpsc::channel::<()>();
    let ticker = thread::spawn(move || {
        if waiting.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            output::error("git auth-review: reviewing …");
            let _ = waiting.recv();
            output::error("\r\x1b[2K");
        }
    });
    let result = work();
    drop(done);
    let _ = ticker.join();
    result
}
