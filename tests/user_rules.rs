//! A project's own rule documents: whatever they hold, the review ends, in bounded time, and says what it did not use.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use git_auth_review::cache::memory::MemoryStore;
use git_auth_review::engine::{Options, Review, Surroundings, review};
use git_auth_review::source::MemorySnapshot;

const AUTH: &str = "import { betterAuth } from \"better-auth\";\nexport const auth = betterAuth({ appName: \"x\" });\n";

fn reviewed(files: Vec<(String, String)>) -> Review {
    let snapshot = MemorySnapshot::new(files.into_iter().map(|(path, text)| (path, text.into_bytes())));
    review(&snapshot, &[], Surroundings::default(), &Options::default(), &MemoryStore::default()).expect("a review")
}

fn with_rule(text: &str, auth: &str) -> Review {
    reviewed(vec![(".auth-review/rules/own.md".into(), text.into()), ("src/auth.ts".into(), auth.into())])
}

fn query(query: &str) -> String {
    format!(
        "+++\nsummary = \"s\"\nseverity = \"low\"\nconfidence = \"low\"\ntier = 2\ncheck = \"query\"\n\
         [query]\nlanguage = [\"typescript\"]\nmessage = \"m\"\n+++\n\n```query\n{query}\n```\n"
    )
}

#[test]
fn mistakes_become_notes_with_their_place() {
    for (text, expected) in [
        ("no front matter", ".auth-review/rules/own.md:1: there is no front matter"),
        ("+++\nsummary = 3\n+++\n", ".auth-review/rules/own.md:2: "),
        (&query("(call_expression") as &str, ".auth-review/rules/own.md:14: the query does not compile"),
        (&query("(no_such_node) @primary"), ".auth-review/rules/own.md:13: the query does not compile"),
        (&query("(call_expression)"), "captures no `@primary`"),
        (&"x".repeat(100_000), "larger than 64 KiB"),
    ] {
        let notes = with_rule(text, AUTH).notes;
        assert!(notes.iter().any(|note| note.contains(expected)), "{expected}: {notes:?}");
    }
}

#[test]
fn what_is_given_counts_call_by_call() {
    let rule = "+++\nsummary = \"s\"\nseverity = \"low\"\nconfidence = \"high\"\ntier = 2\ncheck = \"declared\"\n\
                [[when]]\non = \"server\"\noption = \"appName\"\nvalue = { is = \"a\" }\n\
                given = { path = \"basePath\", is = \"/a\" }\nmessage = \"m\"\n+++\n";
    let found = |calls: &str| -> Vec<String> {
        let auth = format!(
            "import {{ betterAuth }} from \"better-auth\";\n\
             export const makeAuth = (given: any) => betterAuth({{ appName: given.name, basePath: given.path }});\n{calls}"
        );
        let review = with_rule(rule, &auth);
        assert_eq!(review.notes, [""; 0]);
        review.findings.into_iter().map(|finding| finding.message).collect()
    };
    let two = |one: &str, other: &str| format!("export const one = makeAuth({one});\nexport const other = makeAuth({other});");
    assert_eq!(found("export const one = makeAuth({ name: \"a\", path: \"/a\" });"), ["m"]);
    assert_eq!(
        found(&two("{ name: \"a\", path: \"/a\" }", "{ name: \"b\", path: \"/b\" }")),
        ["m, when called for `one` in src/auth.ts"]
    );
    assert_eq!(found(&two("{ name: \"a\", path: \"/b\" }", "{ name: \"b\", path: \"/a\" }")), [""; 0], "in no call are both");
}

#[test]
fn only_so_many_documents_are_used() {
    let rule = "+++\nsummary = \"s\"\nseverity = \"low\"\nconfidence = \"low\"\ntier = 2\ncheck = \"declared\"\n\
                [[when]]\non = \"server\"\noption = \"appName\"\nvalue = { present = true }\nmessage = \"m\"\n+++\n";
    let mut files: Vec<_> = (0..250).map(|n| (format!(".auth-review/rules/{n:03}.md"), rule.to_owned())).collect();
    files.push(("src/auth.ts".into(), AUTH.into()));
    let review = reviewed(files);
    assert_eq!(review.findings.len(), 200);
    assert!(review.notes.iter().any(|note| note.contains("first 200")), "{:?}", review.notes);
}

#[test]
fn a_query_that_never_ends_is_cut_short() {
    let mut text = AUTH.to_owned();
    for n in 0..20_000 {
        writeln!(text, "f({n}, [{n}, g({n})]);").expect("a string");
    }
    let slow = query(
        "(program (expression_statement) @a (expression_statement)* @b (expression_statement) @c (expression_statement)* @d \
         (expression_statement) @primary (#eq? @a @c) (#eq? @b @d) (#eq? @a @primary))",
    );
    let start = Instant::now();
    let review = with_rule(&slow, &text);
    // Generous: the bounds are tens of milliseconds, this test guards against minutes.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert!(
        review.undetermined.iter().any(|open| open.question.contains("user/own") || open.question.contains("query rules")),
        "{:?}",
        review.undetermined
    );
}

#[test]
fn many_hits_are_counted_off() {
    let mut text = AUTH.to_owned();
    text.push_str(&"f();\n".repeat(500));
    let review = with_rule(&query("(call_expression) @primary"), &text);
    assert_eq!(review.findings.len(), 200);
    assert!(review.notes.iter().any(|note| note.contains("first 200 hits")), "{:?}", review.notes);
}
