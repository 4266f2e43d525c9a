//! Edits that repair a hit.

use crate::project::files::Files;
use crate::project::value::Found;
use crate::source::{Site, Span};

/// Deletes the property a value was found in; `None` unless key and value stand side by side as `key: value`.
pub(super) fn remove_property(found: &Found<'_>, files: &dyn Files) -> Option<Vec<(Site, String)>> {
    let text = property_text(found, files)?;
    let start = found.key_at.span.start as usize;
    let end = found.node.at.span.end as usize;
    let rest = &text[end..];
    let next = rest.trim_start();
    let end = match next.as_bytes().first()? {
        b',' => end + (rest.len() - next.len()) + 1,
        b'}' => end,
        _ => return None,
    };
    // A property alone on its lines takes the lines with it.
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = text[end..].find('\n').map_or(text.len(), |newline| end + newline + 1);
    let alone = text[line_start..start].trim().is_empty() && text[end..line_end].trim().is_empty();
    let span = if alone { Span::new(line_start, line_end) } else { Span::new(start, end) };
    Some(vec![(Site::new(&found.key_at.file, span), String::new())])
}

/// The text of the file, when key and value of the property stand side by side in it.
fn property_text(found: &Found<'_>, files: &dyn Files) -> Option<String> {
    if found.key_at.file != found.node.at.file {
        return None;
    }
    let text = files.text(&found.key_at.file)?;
    let between = Span { start: found.key_at.span.end, end: found.node.at.span.start };
    (between.start < between.end && between.of(&text).trim() == ":").then_some(text)
}

/// Adds `property` to the object literal at `object`, as its last one.
pub(super) fn add_property(object: &Site, property: &str, files: &dyn Files) -> Option<Vec<(Site, String)>> {
    let text = files.text(&object.file)?;
    let literal = object.span.of(&text);
    let inside = literal.strip_prefix('{')?.strip_suffix('}')?;
    let written = inside.trim_end();
    let at = object.span.start as usize + 1 + written.len();
    let insertion = match written.trim_start() {
        "" => format!(" {property} "),
        properties if properties.ends_with(',') => format!(" {property}"),
        // A comment at the end would swallow the insertion.
        properties if properties.lines().next_back().is_some_and(|line| line.contains("//")) => return None,
        _ => format!(", {property}"),
    };
    Some(vec![(Site::new(&object.file, Span::new(at, at)), insertion)])
}
