//! How reviews and the project model are shown: to people on a terminal, to programs as JSON.

mod excerpt;
pub mod fixed;
pub mod inspect;
pub mod json;
#[cfg(test)]
mod sample;
pub mod terminal;
mod text;
mod value;
pub mod watch;

pub use excerpt::without_credentials;
use serde::{Deserialize, Serialize};

/// How output for people looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Style {
    /// ANSI colours.
    pub color: bool,
    /// OSC 8 hyperlinks on rule names and places.
    pub hyperlinks: bool,
    /// Columns of the terminal.
    pub width: u16,
    /// Details that matter only when a finding itself is looked into: fingerprints.
    pub verbose: bool,
}
