//! JSON as people write it: comments, trailing commas, and files that break off half way.

use std::borrow::Cow;

use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::errors::ParseErrorKind;
use jsonc_parser::{CollectOptions, ParseOptions, common::Ranged, parse_to_ast};

use crate::source::Span;

/// Reads a document whose root is an object and hands that object to `visit`.
///
/// Where the text cannot be parsed to its end, `visit` sees everything complete before the break, and the spans returned
/// say what it did not see. Without an object at the root `visit` is not called.
pub fn read<T: Default>(text: &str, visit: impl FnOnce(&Object<'_>) -> T) -> (T, Vec<Span>) {
    let text = without_mark(text);
    let broken_at = match parse(&text) {
        Ok(Some(object)) => return (visit(&object), Vec::new()),
        Ok(None) => 0,
        Err(at) => at,
    };
    let (head, cut) = closed_before(&text, broken_at);
    match parse(&head) {
        Ok(Some(mut object)) => {
            end_at(&mut object, cut);
            (visit(&object), vec![Span::new(cut, text.len())])
        }
        _ => (T::default(), vec![Span::new(0, text.len())]),
    }
}

/// Has everything in an object end where the text breaks off: the brackets that close it are not part of the text.
fn end_at(object: &mut Object<'_>, cut: usize) {
    object.range.end = object.range.end.min(cut);
    let Some(last) = object.properties.last_mut() else { return };
    last.range.end = last.range.end.min(cut);
    let mut value = Some(&mut last.value);
    while let Some(inner) = value.take() {
        match inner {
            Value::Object(object) => end_at(object, cut),
            Value::Array(array) => {
                array.range.end = array.range.end.min(cut);
                value = array.elements.last_mut();
            }
            _ => {}
        }
    }
}

/// The property of this name; of several the last, which is the one `JSON.parse` keeps.
#[must_use]
pub fn property<'o, 't>(object: &'o Object<'t>, name: &str) -> Option<&'o ObjectProp<'t>> {
    object.properties.iter().rev().find(|property| property.name.as_str() == name)
}

/// The string under this name.
#[must_use]
pub fn string<'o>(object: &'o Object<'_>, name: &str) -> Option<&'o str> {
    property(object, name)?.value.as_string_lit().map(|text| &*text.value)
}

/// The object under this name.
#[must_use]
pub fn object<'o, 't>(object: &'o Object<'t>, name: &str) -> Option<&'o Object<'t>> {
    property(object, name)?.value.as_object()
}

/// The entries of an object whose values are strings, in order.
pub fn strings<'o>(object: &'o Object<'_>) -> impl Iterator<Item = (&'o str, &'o str)> {
    object.properties.iter().filter_map(|property| Some((property.name.as_str(), &*property.value.as_string_lit()?.value)))
}

/// The strings of a value that is a string or an array of them; others are passed over.
#[must_use]
pub fn list(value: &Value<'_>) -> Vec<String> {
    match value {
        Value::StringLit(text) => vec![text.value.to_string()],
        Value::Array(array) => {
            array.elements.iter().filter_map(Value::as_string_lit).map(|text| text.value.to_string()).collect()
        }
        _ => Vec::new(),
    }
}

/// Where a node stands.
#[must_use]
pub fn span(node: &impl Ranged) -> Span {
    Span::new(node.start(), node.end())
}

/// The text with spaces for the byte order mark, so that offsets stay what they are.
fn without_mark(text: &str) -> Cow<'_, str> {
    match text.strip_prefix('\u{FEFF}') {
        Some(rest) => Cow::Owned(format!("   {rest}")),
        None => Cow::Borrowed(text),
    }
}

/// The object at the root, or where parsing broke off.
fn parse(text: &str) -> Result<Option<Object<'_>>, usize> {
    match parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default()) {
        Ok(document) => Ok(match document.value {
            Some(Value::Object(object)) => Some(object),
            _ => None,
        }),
        // What is not closed is reported from its opening bracket on.
        Err(error) => Err(match error.kind() {
            ParseErrorKind::UnterminatedObject | ParseErrorKind::UnterminatedArray => text.len(),
            _ => error.range().start,
        }),
    }
}

/// The part of `text` before `end` that holds complete elements only, with the brackets it leaves open closed; and its
/// length without these.
fn closed_before(text: &str, end: usize) -> (String, usize) {
    let bytes = &text.as_bytes()[..end.min(text.len())];
    let mut open = Vec::new();
    let mut cut = 0;
    let mut at = 0;
    while at < bytes.len() {
        let next = match bytes[at] {
            quote @ (b'"' | b'\'') => end_of_string(bytes, at + 1, quote),
            b'/' if bytes.get(at + 1) == Some(&b'/') => memchr::memchr(b'\n', &bytes[at..]).map(|length| at + length),
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                memchr::memmem::find(&bytes[at + 2..], b"*/").map(|length| at + length + 4)
            }
            _ => Some(at + 1),
        };
        let Some(next) = next else { break };
        match bytes[at] {
            b'{' => open.push('}'),
            b'[' => open.push(']'),
            b'}' | b']' => drop(open.pop()),
            _ => {}
        }
        if matches!(bytes[at], b'{' | b'[' | b'}' | b']' | b',') {
            cut = next;
        }
        at = next;
    }
    (text[..cut].chars().chain(open.into_iter().rev()).collect(), cut)
}

/// The offset after the closing quote of a string whose content starts at `from`.
fn end_of_string(bytes: &[u8], from: usize, quote: u8) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr2(quote, b'\\', bytes.get(at..)?)?;
        if bytes[at] == quote {
            return Some(at + 1);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(text: &str) -> (Vec<String>, Vec<Span>) {
        read(text, |root| root.properties.iter().map(|property| property.name.as_str().to_owned()).collect())
    }

    #[test]
    fn reads_what_is_complete_before_a_break() {
        assert_eq!(names("{\"a\": 1, \"b\": {\"c\": [1, 2], // x\n}}").1, []);
        let text = "{\"a\": 1, \"b\": {\"c\": \"}\", \"d\": \"half";
        let (found, errors) = names(text);
        assert_eq!(found, ["a", "b"]);
        assert_eq!(errors.iter().map(|span| span.of(text)).collect::<Vec<_>>(), [" \"d\": \"half"]);
    }

    #[test]
    fn says_when_there_is_no_object() {
        for text in ["", "[1]", "nonsense", "\"", &"[".repeat(100_000)] {
            let (found, errors) = names(text);
            assert!(found.is_empty());
            assert_eq!(errors, [Span::new(0, text.len())]);
        }
    }

    #[test]
    fn keeps_offsets_behind_a_byte_order_mark() {
        let text = "\u{FEFF}{\"name\": \"x\"}";
        let (at, errors) = read(text, |root| property(root, "name").map(span));
        assert_eq!(at.map(|span| span.of(text)), Some("\"name\": \"x\""));
        assert_eq!(errors, []);
    }

    #[test]
    fn what_is_not_closed_ends_where_the_text_breaks_off() {
        let text = "{1:{é";
        let (at, errors) = read(text, |root| span(&root.properties[0]));
        assert_eq!((at.of(text), errors[0].of(text)), ("1:{", "é"));
    }

    proptest! {
        #[test]
        fn never_panics_and_spans_lie_on_boundaries(text in "[{}\\[\\]\",:/*'\\\\a1é🎈 \n]{0,60}|\\PC{0,60}") {
            let (spans, errors) = read(&text, |root| root.properties.iter().map(span).collect::<Vec<_>>());
            for span in spans.iter().chain(&errors) {
                prop_assert!(text.is_char_boundary(span.start as usize) && text.is_char_boundary(span.end as usize));
            }
        }
    }
}
