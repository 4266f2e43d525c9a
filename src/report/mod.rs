//! How reviews are shown.

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
}
