//! Constructs the grammar does not know, in words that it does.

/// Longest list of type arguments that is looked for, in bytes.
const MAX_TYPES: usize = 2_000;

/// The text with what is newer than the grammar blanked or put in other words of the same length; `None` where nothing of
/// the kind is in it.
pub(super) fn bridged(text: &str) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    export_type_star(&mut bytes);
    import_defer(&mut bytes);
    for_using(&mut bytes);
    types_before_templates(&mut bytes);
    types_of_modules(&mut bytes);
    String::from_utf8(bytes).ok().filter(|changed| changed != text)
}

/// `export type * from "…"` reads the same for our purpose without the word `type`.
fn export_type_star(bytes: &mut [u8]) {
    for at in places(bytes, b"export") {
        let word = spaces(bytes, at + "export".len());
        if bytes[word..].starts_with(b"type") && bytes.get(spaces(bytes, word + "type".len())) == Some(&b'*') {
            blank(&mut bytes[word..word + "type".len()]);
        }
    }
}

/// `import defer * as name from "…"` only tells when the module runs.
fn import_defer(bytes: &mut [u8]) {
    for at in places(bytes, b"import") {
        let word = spaces(bytes, at + "import".len());
        if bytes[word..].starts_with(b"defer") && bytes.get(spaces(bytes, word + "defer".len())) == Some(&b'*') {
            blank(&mut bytes[word..word + "defer".len()]);
        }
    }
}

/// `for (using name of list)` binds a name as `const` does.
fn for_using(bytes: &mut [u8]) {
    for at in places(bytes, b"using") {
        let is_first = bytes[..at].iter().rev().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'(');
        let name = spaces(bytes, at + "using".len());
        let after = name + bytes[name..].iter().take_while(|byte| is_word(**byte)).count();
        if is_first && after > name && bytes[spaces(bytes, after)..].starts_with(b"of") {
            bytes[at..at + "using".len()].copy_from_slice(b"const");
        }
    }
}

/// The type arguments of a tag: ``sql<{ count: number }>`select …` ``.
fn types_before_templates(bytes: &mut [u8]) {
    for at in places(bytes, b">`") {
        let mut depth = 0_usize;
        for open in (at.saturating_sub(MAX_TYPES)..=at).rev() {
            match bytes[open] {
                b'>' if open == 0 || bytes[open - 1] != b'=' => depth += 1,
                b'<' => depth = depth.saturating_sub(1),
                b'`' => break,
                _ => {}
            }
            if depth == 0 {
                if open > 0 && bytes[open] == b'<' && is_word(bytes[open - 1]) {
                    blank(&mut bytes[open..=at]);
                }
                break;
            }
        }
    }
}

/// Type arguments that ask for the type of a module: `mock<typeof import("…")>(…)`.
fn types_of_modules(bytes: &mut [u8]) {
    const OPEN: &[u8] = b"<typeof import(";
    for at in places(bytes, OPEN) {
        let rest = &bytes[at..bytes.len().min(at + MAX_TYPES)];
        if let Some(close) = memchr::memmem::find(rest, b")>") {
            blank(&mut bytes[at..at + close + 2]);
        }
    }
}

fn places(bytes: &[u8], phrase: &[u8]) -> Vec<usize> {
    memchr::memmem::find_iter(bytes, phrase).collect()
}

/// The first byte from a place on that is no white space.
fn spaces(bytes: &[u8], from: usize) -> usize {
    from + bytes[from..].iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}

/// Blanks text byte by byte, so that every line and every offset stays where it is.
pub(super) fn blank(bytes: &mut [u8]) {
    bytes.iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_grammar_does_not_know_is_put_in_other_words() {
        for (text, expected) in [
            ("export type * from 'x'", "export      * from 'x'"),
            ("export  type  * as T from 'x'", "export        * as T from 'x'"),
            ("import defer * as x from 'x'", "import       * as x from 'x'"),
            ("for await (using a of b) {}", "for await (const a of b) {}"),
            ("sql<{ n: A<B> }>`select`", "sql             `select`"),
            ("mock<typeof import(\"x\")>(\"x\")", "mock                    (\"x\")"),
        ] {
            assert_eq!(bridged(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["x = (a) => `b`", "x = (a) =>`b`", "if (a > b) `c`", "import defer from 'x'"] {
            assert_eq!(bridged(text), None, "{text}");
        }
    }
}
