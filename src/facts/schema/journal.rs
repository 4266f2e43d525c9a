//! The journal of Drizzle Kit: which scripts of a folder are migrations, and in which order they run.

use crate::source::Span;
use crate::syntax::json;

/// Reads `meta/_journal.json`: the names of the scripts without their ending, in order; the spans are stretches that
/// could not be read.
///
/// Source: <https://orm.drizzle.team/docs/drizzle-kit-generate>.
#[must_use]
pub fn drizzle_journal(text: &str) -> (Vec<String>, Vec<Span>) {
    json::read(text, |root| {
        let entries = json::property(root, "entries").and_then(|property| property.value.as_array());
        entries
            .into_iter()
            .flat_map(|entries| &entries.elements)
            .filter_map(|entry| json::string(entry.as_object()?, "tag").map(str::to_owned))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_scripts_in_order() {
        let text = r#"{ "version": "7", "entries": [{ "idx": 0, "tag": "0000_b" }, { "idx": 1 }, 3, { "tag": "0001_a" }] }"#;
        assert_eq!(drizzle_journal(text), (vec!["0000_b".to_owned(), "0001_a".to_owned()], Vec::new()));
        for broken in ["", "[]", "{}", r#"{ "entries": { "tag": "0000_b" } }"#] {
            assert_eq!(drizzle_journal(broken).0, Vec::<String>::new());
        }
    }
}
