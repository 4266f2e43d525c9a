//! Block YAML as package managers write it, row by row. Anchors, tags and block scalars are not interpreted.

/// One line of a block mapping or sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'t> {
    /// Written as an element of a sequence (`- …`).
    pub item: bool,
    /// The key, without quotes.
    pub key: Option<&'t str>,
    /// The scalar of the line, without quotes and comment; empty where the value follows on deeper lines.
    pub value: &'t str,
}

/// Calls `visit` for every row, with the keys of the mappings around it, outermost first.
pub fn walk<'t>(text: &'t str, mut visit: impl FnMut(&[&'t str], Row<'t>)) {
    let mut indents: Vec<usize> = Vec::new();
    let mut path: Vec<&str> = Vec::new();
    for line in text.strip_prefix('\u{FEFF}').unwrap_or(text).lines() {
        let content = line.trim_start_matches(' ');
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let indent = line.len() - content.len();
        let row = row(content);
        // The elements of a sequence may stand as deep as the key they belong to.
        while indents.last().is_some_and(|&outer| outer > indent || (outer == indent && !row.item)) {
            indents.pop();
            path.pop();
        }
        visit(&path, row);
        if let Some(key) = row.key {
            indents.push(indent);
            path.push(key);
        }
    }
}

/// The elements of a sequence written on one line: `[a, "b"]`.
pub fn flow_sequence(value: &str) -> impl Iterator<Item = &str> {
    let inner = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or("");
    inner.split(',').map(|element| unquoted(element.trim())).filter(|element| !element.is_empty())
}

fn row(content: &str) -> Row<'_> {
    let (item, content) = match content.strip_prefix("- ") {
        Some(rest) => (true, rest.trim_start_matches(' ')),
        None => (false, content),
    };
    match split_key(content) {
        Some((key, rest)) => Row { item, key: Some(unquoted(key)), value: scalar(rest) },
        None => Row { item, key: None, value: scalar(content) },
    }
}

/// The key with its quotes, and what stands behind its colon.
fn split_key(content: &str) -> Option<(&str, &str)> {
    let from = match content.as_bytes().first()? {
        quote @ (b'"' | b'\'') => memchr::memchr(*quote, &content.as_bytes()[1..])? + 2,
        _ => 0,
    };
    memchr::memchr_iter(b':', &content.as_bytes()[from..])
        .map(|offset| (&content[..from + offset], &content[from + offset + 1..]))
        .find(|(key, rest)| (from == 0 || key.len() == from) && (rest.is_empty() || rest.starts_with([' ', '\r'])))
}

/// A scalar without its comment and quotes.
fn scalar(rest: &str) -> &str {
    let rest = rest.trim();
    let quoted = rest.starts_with(['"', '\'']).then(|| rest[1..].find(&rest[..1]).map(|end| &rest[..end + 2])).flatten();
    match quoted {
        Some(quoted) => unquoted(quoted),
        None if rest.starts_with('#') => "",
        None => rest.split(" #").next().unwrap_or("").trim_end(),
    }
}

fn unquoted(text: &str) -> &str {
    ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flat(text: &str) -> Vec<String> {
        let mut rows = Vec::new();
        walk(text, |path, row| {
            let mark = if row.item { "- " } else { "" };
            rows.push(format!("{}|{mark}{}={}", path.join("/"), row.key.unwrap_or(""), row.value));
        });
        rows
    }

    #[test]
    fn knows_the_mappings_around_a_row() {
        let text = "a:\n  'b@1:2': # deep\n    c: \"x # y\" # z\n  d: e:f\n# no\ng:\n- h\n- 'i'\nj: k #l\n";
        assert_eq!(flat(text), ["|a=", "a|b@1:2=", "a/b@1:2|c=x # y", "a|d=e:f", "|g=", "g|- =h", "g|- =i", "|j=k"]);
    }

    #[test]
    fn splits_sequences_on_one_line() {
        assert_eq!(flow_sequence("[a/*, 'b', \"c\",]").collect::<Vec<_>>(), ["a/*", "b", "c"]);
        assert_eq!(flow_sequence("a").count(), 0);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[-:#'\"\\[\\], aé\r\n\u{FEFF}]{0,80}|\\PC{0,80}") {
            flat(&text);
        }
    }
}
