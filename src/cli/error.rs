//! Errors for people: what happened, why, what to do next; and the exit code that goes with it.

use std::fmt::Write as _;

use super::output;
use crate::service::{Failure, INCOMPLETE, USAGE};

/// A failure as the command line reports it.
#[derive(Debug)]
pub(super) struct CommandError {
    code: u8,
    error: anyhow::Error,
    hints: Vec<String>,
}

impl CommandError {
    /// The user asked for something that cannot be done as asked (exit code 2).
    pub(super) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { code: USAGE, error: error.into(), hints: Vec::new() }
    }

    /// As [`CommandError::usage`], from a message.
    pub(super) fn usage_message(message: impl Into<String>) -> Self {
        Self::usage(anyhow::Error::msg(message.into()))
    }

    /// There is no review, with the exit code that tells of it.
    pub(super) fn review(failure: Failure) -> Self {
        Self { code: failure.code(), error: failure.into(), hints: Vec::new() }
    }

    /// Adds a line that says what to do next.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// What happened, in one line.
    pub(super) fn message(&self) -> String {
        format!("{:#}", self.error)
    }

    /// Prints the error to standard error and gives the exit code.
    pub(super) fn report(&self) -> u8 {
        output::error(&self.to_text());
        self.code
    }

    /// `error: … / caused by: … / hint: …`, one line each.
    fn to_text(&self) -> String {
        let mut text = format!("error: {}\n", self.error);
        for cause in self.error.chain().skip(1) {
            let _ = writeln!(text, "  caused by: {cause}");
        }
        for hint in &self.hints {
            let _ = writeln!(text, "hint: {}", hint.replace('\n', "\n      "));
        }
        text
    }
}

impl<E: Into<anyhow::Error>> From<E> for CommandError {
    fn from(error: E) -> Self {
        Self { code: INCOMPLETE, error: error.into(), hints: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn says_what_why_and_what_next() {
        let cause = std::io::Error::other("disk full");
        let error = CommandError::usage(Err::<(), _>(cause).context("could not write the hook").expect_err("an error"))
            .hint("free some space")
            .hint("or\ntwo lines");
        assert_eq!(
            error.to_text(),
            "error: could not write the hook\n  caused by: disk full\nhint: free some space\nhint: or\n      two lines\n"
        );
    }
}
