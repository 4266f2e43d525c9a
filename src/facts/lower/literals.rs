//! Literals and keys.

use super::Lowering;
use crate::syntax::typescript::nodes::Node;

impl Lowering<'_> {
    pub(super) fn key_text(&self, key: Node<'_>) -> Option<String> {
        match key.kind() {
            "computed_property_name" => {
                let inner = key.parts().next()?;
                (inner.kind() == "string").then(|| self.string_content(inner))
            }
            "string" => Some(self.string_content(key)),
            _ => Some(self.owned(key)),
        }
    }

    pub(super) fn string_content(&self, node: Node<'_>) -> String {
        node.children().filter(Node::is_named).map(|part| unescape(self.str(part))).collect()
    }
}

/// A numeric literal (ECMAScript, "Numeric Literals").
pub(super) fn number(text: &str) -> Option<f64> {
    let digits = text.replace('_', "").to_ascii_lowercase();
    let digits = digits.trim_end_matches('n');
    let whole = [("0x", 16), ("0o", 8), ("0b", 2)]
        .into_iter()
        .find_map(|(prefix, radix)| digits.strip_prefix(prefix).map(|rest| u64::from_str_radix(rest, radix)));
    match whole {
        #[allow(clippy::cast_precision_loss, reason = "JavaScript numbers have the same precision")]
        Some(value) => value.ok().map(|value| value as f64),
        None => digits.parse().ok(),
    }
}

/// Resolves an escape sequence; other text stays as it is.
pub(in crate::facts) fn unescape(part: &str) -> String {
    let Some(escape) = part.strip_prefix('\\') else { return part.to_owned() };
    match escape {
        "n" => "\n".into(),
        "t" => "\t".into(),
        "r" => "\r".into(),
        "0" => "\0".into(),
        "\n" | "\r\n" => String::new(),
        other => {
            let code = other.strip_prefix('x').or_else(|| other.strip_prefix('u'));
            let code = code.map(|code| code.trim_start_matches('{').trim_end_matches('}'));
            match code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32) {
                Some(character) => character.to_string(),
                None => other.to_owned(),
            }
        }
    }
}
