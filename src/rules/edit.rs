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

/// Adds `property` to the object literal at `object`, as its last one, on a line of its own where the others are.
pub(super) fn add_property(object: &Site, property: &str, files: &dyn Files) -> Option<Vec<(Site, String)>> {
    let text = files.text(&object.file)?;
    let literal = object.span.of(&text);
    let inside = literal.strip_prefix('{')?.strip_suffix('}')?;
    let written = inside.trim_end();
    let at = object.span.start as usize + 1 + written.len();
    let is_broken = inside.trim_start_matches([' ', '\t', '\r']).starts_with('\n');
    let first_line = inside.lines().find(|line| !line.trim().is_empty()).filter(|_| is_broken);
    let indent = first_line.map(|line| &line[..line.len() - line.trim_start().len()]);
    // A comment at the end would swallow what stands behind it on its line.
    let last_line = written.rsplit('\n').next().unwrap_or(written);
    let (code, comment) = match last_line.find("//") {
        Some(start) => (written[..written.len() - last_line.len() + start].trim_end(), true),
        None => (written, false),
    };
    let insertion = match (code.trim_start(), indent) {
        (code, Some(indent)) if code.ends_with(',') => format!("\n{indent}{property},"),
        _ if comment => return None,
        ("", _) => format!(" {property} "),
        (_, Some(indent)) => format!(",\n{indent}{property}"),
        (code, None) if code.ends_with(',') => format!(" {property}"),
        (_, None) => format!(", {property}"),
    };
    Some(vec![(Site::new(&object.file, Span::new(at, at)), insertion)])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::facts::FileFacts;
    use crate::facts::signals::Signals;
    use crate::project::value::{Node, Value};
    use crate::source::FileKind;

    /// One file.
    struct OneFile(&'static str);

    impl Files for OneFile {
        fn exists(&self, _path: &str) -> bool {
            true
        }
        fn facts(&self, _path: &str) -> Option<Arc<FileFacts>> {
            None
        }
        fn installed(&self, _path: &str) -> Option<Arc<str>> {
            None
        }
        fn text(&self, _path: &str) -> Option<String> {
            Some(self.0.to_owned())
        }
        fn of_kind(&self, _kind: FileKind) -> Vec<Arc<str>> {
            Vec::new()
        }
        fn candidates(&self) -> &[(Arc<str>, Signals)] {
            &[]
        }

        fn importers(&self, _: &[&str]) -> Vec<(Arc<str>, Signals)> {
            Vec::new()
        }
    }

    fn site(text: &str, part: &str) -> Site {
        let start = text.find(part).expect("present");
        Site::new(&Arc::from("auth.ts"), Span::new(start, start + part.len()))
    }

    fn apply(text: &str, edits: Option<Vec<(Site, String)>>) -> Option<String> {
        let edits = edits?;
        let [(place, with)] = edits.as_slice() else { return None };
        Some(format!("{}{with}{}", &text[..place.span.start as usize], &text[place.span.end as usize..]))
    }

    fn removed(text: &'static str, key: &str, value: &str) -> Option<String> {
        let key_at = site(text, key);
        let node = Node { value: Value::Bool(true), at: site(text, value) };
        let found = Found { node: &node, key_at: &key_at, conditions: Vec::new() };
        apply(text, remove_property(&found, &OneFile(text)))
    }

    #[test]
    fn a_property_goes_with_its_comma_and_its_own_line() {
        assert_eq!(removed("{ a: true, b: 1 }", "a", "true").as_deref(), Some("{  b: 1 }"));
        assert_eq!(removed("{\n  a: true,\n  b: 1,\n}", "a", "true").as_deref(), Some("{\n  b: 1,\n}"));
        assert_eq!(removed("{ b: 1, a: true }", "a", "true").as_deref(), Some("{ b: 1,  }"));
    }

    #[test]
    fn what_is_more_than_key_and_value_stays() {
        assert_eq!(removed("{ a: true as boolean }", "a", "true"), None);
        assert_eq!(removed("{ a: flag }; const on = true", "a", "true"), None);
        assert_eq!(removed("{ a: x ? true : 1 }", "a", "true"), None);
    }

    #[test]
    fn a_property_is_added_at_the_end() {
        let added =
            |text: &'static str, object: &str| apply(text, add_property(&site(text, object), "input: false", &OneFile(text)));
        assert_eq!(added("f({ a: 1 })", "{ a: 1 }").as_deref(), Some("f({ a: 1, input: false })"));
        assert_eq!(added("f({\n  a: 1,\n})", "{\n  a: 1,\n}").as_deref(), Some("f({\n  a: 1,\n  input: false,\n})"));
        let two = "f({\n\ta: 1,\n\tb: 2\n})";
        assert_eq!(added(two, &two[2..two.len() - 1]).as_deref(), Some("f({\n\ta: 1,\n\tb: 2,\n\tinput: false\n})"));
        let explained = "f({\n  a: 1, // why\n})";
        let expected = "f({\n  a: 1, // why\n  input: false,\n})";
        assert_eq!(added(explained, &explained[2..explained.len() - 1]).as_deref(), Some(expected));
        assert_eq!(added("f({})", "{}").as_deref(), Some("f({ input: false })"));
        assert_eq!(added("f({ a: 1 // why\n})", "{ a: 1 // why\n}"), None);
        assert_eq!(added("f(field)", "field"), None);
    }
}
