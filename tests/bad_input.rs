//! Input that nobody means well: bounded, and never passed over in silence.

use std::time::{Duration, Instant};

use git_auth_review::cache::memory::MemoryStore;
use git_auth_review::engine::{self, Options, Review};
use git_auth_review::source::MemorySnapshot;

const SERVER: &str = "import { betterAuth } from \"better-auth\";\nexport const auth = betterAuth({});\n";

/// Far above what any of these takes, far below what a reader that is not bounded would.
const BOUND: Duration = Duration::from_secs(60);

fn review(files: Vec<(&str, Vec<u8>)>) -> Review {
    let mut all = vec![("package.json", br#"{ "dependencies": { "better-auth": "1.7.25" } }"#.to_vec())];
    all.extend(files);
    let started = Instant::now();
    let review = engine::review(
        &MemorySnapshot::new(all),
        &[],
        engine::Surroundings::default(),
        &Options::default(),
        &MemoryStore::default(),
    )
    .expect("no configuration");
    assert!(started.elapsed() < BOUND);
    review
}

/// The reason given for what the file configures not being known.
fn reason(review: &Review, path: &str) -> Option<String> {
    let question = format!("what `{path}` configures");
    review.undetermined.iter().find(|open| open.question == question).map(|open| open.reason.clone())
}

fn utf16(text: &str) -> Vec<u8> {
    [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
}

#[test]
fn a_huge_source_file_is_said_not_to_be_read() {
    let mut bytes = SERVER.as_bytes().to_vec();
    bytes.resize(50 * 1024 * 1024, b' ');
    let review = review(vec![("src/auth.ts", bytes)]);
    assert!(reason(&review, "src/auth.ts").expect("told").contains("more than the limit"));
}

#[test]
fn a_huge_file_without_anything_of_interest_is_no_question() {
    let review = review(vec![("src/auth.ts", SERVER.into()), ("src/data.ts", vec![b' '; 3 * 1024 * 1024])]);
    assert_eq!(reason(&review, "src/data.ts"), None);
}

#[test]
fn deep_nesting_is_bounded_and_told() {
    for (open, close) in [
        ("[", "]"),
        ("{ a: ", "}"),
        ("(", ")"),
        ("f(", ")"),
        ("class { a = ", "}"),
        ("new F(", ")"),
        ("() => { class A { m() { ", "} } }"),
    ] {
        let nested = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        let text = SERVER.replace("betterAuth({})", &format!("betterAuth({{ user: {nested} }})"));
        assert!(reason(&review(vec![("src/auth.ts", text.into())]), "src/auth.ts").is_some(), "{open}");
    }
    let unclosed = format!("{SERVER}export const x = {}", "[".repeat(10_000));
    assert!(reason(&review(vec![("src/auth.ts", unclosed.into())]), "src/auth.ts").is_some());
    let chain = SERVER.replace("{}", &format!("{{ appName: {}\"x\" }}", "\"a\" + ".repeat(10_000)));
    review(vec![("src/auth.ts", chain.into())]);
}

#[test]
fn encodings_are_read_or_told() {
    let disabled = SERVER.replace("{}", "{ advanced: { disableCSRFCheck: true } }");
    let found = review(vec![("src/auth.ts", utf16(&disabled))]);
    assert_eq!(found.findings.len(), 1, "UTF-16 with a byte order mark is read");
    let marked = [b"\xEF\xBB\xBF", disabled.as_bytes()].concat();
    assert_eq!(review(vec![("src/auth.ts", marked)]).findings.len(), 1, "so is UTF-8 with one");

    let broken = [disabled.as_bytes(), b"\xC3\x28"].concat();
    assert!(reason(&review(vec![("src/auth.ts", broken)]), "src/auth.ts").expect("told").contains("neither UTF-8"));
    let zeros = [disabled.as_bytes(), b"\0"].concat();
    assert!(reason(&review(vec![("src/auth.ts", zeros)]), "src/auth.ts").expect("told").contains("NUL"));
}

#[test]
fn a_file_in_the_middle_of_an_edit_keeps_what_is_sound_and_says_so() {
    let text = "import { betterAuth } from \"better-auth\";\nexport const auth = betterAuth({ advanced: { disableCSRFCheck: true }, plugins: [ });\n";
    let review = review(vec![("src/auth.ts", text.into())]);
    assert_eq!(review.findings.len(), 1);
    assert!(reason(&review, "src/auth.ts").is_some());
}

#[test]
fn values_that_refer_to_each_other_end() {
    let text = "import { betterAuth } from \"better-auth\";\nconst a = { ...b };\nconst b = { ...a };\nconst f = (x) => g(x);\nconst g = (x) => f(x);\n\
                export const auth = betterAuth({ ...a, plugins: f(1) });\n";
    let review = review(vec![("src/auth.ts", text.into())]);
    assert!(!review.undetermined.is_empty());
    // Every level doubles the work of the one below it.
    for level in ["[...v, ...v]", "[v, v]", "{ a: v, b: v }", "v + v", "c ? v : [v]"] {
        let doubling: String =
            (1..60).map(|n| format!("const v{n} = {};\n", level.replace('v', &format!("v{}", n - 1)))).collect();
        let text =
            format!("{SERVER}const v0 = \"x\";\n{doubling}export const other = betterAuth({{ plugins: v59, appName: v59 }});\n");
        self::review(vec![("src/auth.ts", text.into())]);
    }
}

#[test]
fn damaged_manifests_and_lockfiles_are_survived() {
    for text in ["", "{", "[1,2", "{\"dependencies\": 7}", "\u{feff}{}", "null"] {
        review(vec![
            ("package.json", text.into()),
            ("package-lock.json", text.into()),
            ("pnpm-lock.yaml", text.into()),
            ("bun.lock", text.into()),
            ("yarn.lock", text.into()),
            ("tsconfig.json", text.into()),
            ("src/auth.ts", SERVER.into()),
        ]);
    }
}
