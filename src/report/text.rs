//! Text for a terminal: escaped, wrapped, coloured, counted.

use std::borrow::Cow;
use std::fmt::Write as _;

use annotate_snippets::renderer::{AnsiColor, Effects, Style as Ansi};

use super::Style;

/// Narrowest column text is wrapped to, whatever the terminal says.
const MIN_WIDTH: usize = 24;

/// What a tab is shown as, here as in excerpts.
const TAB: &str = "    ";

/// Escapes what could move the cursor, change colours or reorder what is read: control characters and the bidirectional
/// formatting characters of Unicode (UAX #9, section 2). Names in a repository are chosen by whoever wrote it.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\t' => cleaned.push_str(TAB),
            c if is_hostile(c) => cleaned.extend(c.escape_default()),
            c => cleaned.push(c),
        }
    }
    Cow::Owned(cleaned)
}

fn is_hostile(c: char) -> bool {
    c.is_control() || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Breaks text into lines of at most `width` columns between words. Lines that fit stay as they are, others keep their
/// indentation; a word that is too long keeps its line.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    wrap_after(0, text, width)
}

/// [`wrap`] for text whose first line starts after `used` columns.
pub(super) fn wrap_after(used: usize, text: &str, width: usize) -> Vec<String> {
    broken(used, text, width.max(MIN_WIDTH))
}

/// [`wrap`] for a screen that shows nothing beyond its last column: it may be as narrow as it likes, and a word that is too
/// long is broken.
pub(super) fn fill(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    for line in broken(0, text, width) {
        let mut rest = line.as_str();
        while let Some((end, _)) = rest.char_indices().nth(width) {
            lines.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
        lines.push(rest.to_owned());
    }
    lines
}

fn broken(used: usize, text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut used = used;
    for line in text.lines() {
        let line = clean(line.trim_end());
        if used + columns(&line) <= width {
            lines.push(line.into_owned());
            used = 0;
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let mut current = indent.to_owned();
        for word in line.split_whitespace() {
            let empty = current.len() == indent.len();
            let needed = used + columns(&current) + usize::from(!empty) + columns(word);
            if needed > width && (!empty || used > 0) {
                lines.push(std::mem::replace(&mut current, indent.to_owned()));
                used = 0;
            } else if !empty {
                current.push(' ');
            }
            current.push_str(word);
        }
        lines.push(current);
        used = 0;
    }
    lines
}

/// Cuts text to `width` columns.
pub(super) fn shorten(text: &str, width: usize) -> Cow<'_, str> {
    match text.char_indices().nth(width) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let end = text.char_indices().nth(width.saturating_sub(1)).map_or(0, |(at, _)| at);
            Cow::Owned(format!("{}…", &text[..end]))
        }
    }
}

/// How many columns text takes; wide characters count once, which only makes lines a little longer.
pub(super) fn columns(text: &str) -> usize {
    text.chars().count()
}

/// `1 finding`, `2 findings`.
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// The looks of a piece of text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Look {
    Critical,
    High,
    Medium,
    Low,
    Strong,
    Faint,
}

impl Style {
    /// The columns of a line.
    pub(super) fn columns(&self) -> usize {
        usize::from(self.width).max(MIN_WIDTH)
    }

    /// Text in a look, where colours are wanted.
    pub(super) fn paint(&self, look: Look, text: &str) -> String {
        if !self.color {
            return text.to_owned();
        }
        let ansi = match look {
            Look::Critical => AnsiColor::BrightRed.on_default().effects(Effects::BOLD),
            Look::High => AnsiColor::Red.on_default().effects(Effects::BOLD),
            Look::Medium => AnsiColor::Yellow.on_default().effects(Effects::BOLD),
            Look::Low => AnsiColor::Cyan.on_default().effects(Effects::BOLD),
            Look::Strong => Ansi::new().effects(Effects::BOLD),
            Look::Faint => Ansi::new().effects(Effects::DIMMED),
        };
        format!("{ansi}{text}{ansi:#}")
    }

    /// Text that leads to a page, where the terminal can (OSC 8).
    pub(super) fn link(&self, url: &str, text: &str) -> String {
        let mut linked = String::new();
        if self.hyperlinks && url.starts_with("https://") && !url.chars().any(|c| c.is_whitespace() || is_hostile(c)) {
            let _ = write!(linked, "\u{1b}]8;;{url}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\");
        } else {
            linked.push_str(text);
        }
        linked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_characters_are_escaped() {
        assert_eq!(clean("src/auth.ts"), "src/auth.ts");
        assert_eq!(clean("\trole: text(),"), "    role: text(),");
        assert_eq!(clean("a\u{1b}[31m\nb\u{202e}c\u{9b}"), "a\\u{1b}[31m\\nb\\u{202e}c\\u{9b}");
    }

    #[test]
    fn text_is_wrapped_between_words() {
        let wrapped = wrap("one two three four five six seven\n  indented code stays indented here\n\nlast", 24);
        assert_eq!(wrapped, ["one two three four five", "six seven", "  indented code stays", "  indented here", "", "last"]);
        assert_eq!(wrap(&"x".repeat(40), 24), ["x".repeat(40)]);
        assert_eq!(fill("one four-hundred", 6), ["one", "four-h", "undred"]);
        assert_eq!(fill("é", 0), ["é"]);
    }

    #[test]
    fn text_is_cut_on_characters() {
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(shorten("äöüß", 3), "äö…");
    }

    #[test]
    fn links_need_a_terminal_and_a_sound_address() {
        let style = Style { color: false, hyperlinks: true, width: 80, verbose: false };
        assert_eq!(style.link("https://a.b", "x"), "\u{1b}]8;;https://a.b\u{1b}\\x\u{1b}]8;;\u{1b}\\");
        assert_eq!(style.link("https://a.b\u{1b}", "x"), "x");
        assert_eq!(Style { hyperlinks: false, ..style }.link("https://a.b", "x"), "x");
    }
}
