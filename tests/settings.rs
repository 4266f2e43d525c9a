//! The configuration, suppression comments and the baseline, through the whole engine and as people see them.

use std::collections::BTreeSet;

use git_auth_review::cache::memory::MemoryStore;
use git_auth_review::engine::{Options, Review, ReviewError, Surroundings, review};
use git_auth_review::finding::Status;
use git_auth_review::report::{Style, json, terminal};
use git_auth_review::source::{MemorySnapshot, Snapshot};

const PLAIN: Style = Style { color: false, hyperlinks: false, width: 80, verbose: false };

const AUTH: &str = "\
import { betterAuth } from \"better-auth\";

export const auth = betterAuth({
  advanced: { disableCSRFCheck: true },
});
";

/// The files of a small application, the given ones beside or instead of its own.
fn application(files: &[(&str, &str)]) -> MemorySnapshot {
    let own = [
        ("package.json", r#"{"dependencies":{"better-auth":"1.7.25"}}"#),
        ("package-lock.json", r#"{"lockfileVersion":3,"packages":{"":{},"node_modules/better-auth":{"version":"1.7.25"}}}"#),
        ("src/auth.ts", AUTH),
    ];
    let kept = own.iter().filter(|(path, _)| files.iter().all(|(other, _)| other != path));
    MemorySnapshot::new(kept.chain(files).map(|(path, text)| (*path, *text)))
}

/// Reviews a change as the pre-commit hook does.
fn change(before: &MemorySnapshot, after: &MemorySnapshot, changed: &[&str]) -> Result<Review, ReviewError> {
    let options = Options {
        today: "2026-11-23".into(),
        base: Some("HEAD".into()),
        changed: Some(changed.iter().map(|path| (*path).to_owned()).collect::<BTreeSet<_>>()),
        ..Options::default()
    };
    review(after, &[before as &dyn Snapshot], Surroundings::default(), &options, &MemoryStore::default())
}

fn introduced(files: &[(&str, &str)]) -> Review {
    let safe = [("src/auth.ts", "import { betterAuth } from \"better-auth\";\nexport const auth = betterAuth({});\n")];
    change(&application(&safe), &application(files), &["src/auth.ts"]).expect("a review")
}

#[test]
fn a_change_of_the_configuration_alone_is_told_when_it_weakens() {
    let after = application(&[(
        "auth-review.toml",
        "fail-on = \"never\"\n[rules]\n\"csrf/csrf-check-disabled\" = \"off\"\nnonsense = \"off\"\n",
    )]);
    let review = change(&application(&[]), &after, &["auth-review.toml"]).expect("a review");
    let text = terminal::review(&review, true, &PLAIN);
    assert_eq!(
        review.notes,
        [
            "the configuration names the rule `nonsense`, which does not exist",
            "this change weakens the configuration: `fail-on` goes from its default to never",
            "this change weakens the configuration: the rule `csrf/csrf-check-disabled` is turned off",
        ]
    );
    assert!(text.starts_with("note: ") && text.trim_end().ends_with("nothing new"), "{text}");
}

#[test]
fn a_broken_configuration_is_an_error_with_a_place() {
    let after = application(&[(".config/auth-review.toml", "\nfail_on = \"high\"\n")]);
    let error = change(&application(&[]), &after, &[".config/auth-review.toml"]).expect_err("not valid");
    let text = error.to_string();
    assert!(text.contains(".config/auth-review.toml") && text.contains("line 2, column 1"), "{text}");
    assert!(text.contains("did you mean `fail-on`?"), "{text}");
}

#[test]
fn a_new_finding_is_suppressed_by_a_comment_or_the_baseline() {
    let open = introduced(&[]);
    assert_eq!(open.findings.len(), 1, "{:?}", open.findings);
    let fingerprint = &open.findings[0].fingerprint;

    let commented =
        AUTH.replace("  advanced", "  // auth-review: ignore[csrf-check-disabled] a gateway checks the origin\n  advanced");
    let quiet = introduced(&[("src/auth.ts", &commented)]);
    assert_eq!((quiet.findings.len(), quiet.suppressed, quiet.blocked), (0, 1, false));
    assert!(quiet.notes.is_empty(), "{:?}", quiet.notes);

    let baseline = format!(r#"{{"version":1,"findings":[{{"fingerprint":"{fingerprint}"}}]}}"#);
    let known = introduced(&[(".auth-review/baseline.json", &baseline)]);
    assert_eq!((known.findings.len(), known.suppressed), (0, 1));
}

#[test]
fn the_configuration_decides_what_blocks_and_what_is_left_out() {
    let block = introduced(&[("auth-review.toml", "fail-on = \"low\"\n")]);
    assert!(block.blocked);
    let never = introduced(&[("auth-review.toml", "fail-on = \"never\"\n")]);
    assert!(!never.blocked && never.findings.len() == 1);
    let off = introduced(&[("auth-review.toml", "[rules]\ncsrf-check-disabled = \"off\"\n")]);
    assert!(off.findings.is_empty() && off.suppressed == 0);
    let ignored = introduced(&[("auth-review.toml", "ignore = [\"src\"]\n")]);
    assert!(ignored.findings.is_empty());
}

#[test]
fn a_condition_of_another_file_is_shown_where_its_names_mean_something() {
    let review = introduced(&[
        ("src/flags.ts", "export const strict = (options: Options) => (options.strict ? false : true);\n"),
        (
            "src/auth.ts",
            "import { betterAuth } from \"better-auth\";\nimport { flags } from \"@acme/flags\";\nimport { strict } from \"./flags\";\n\
             export const auth = betterAuth({ advanced: { disableCSRFCheck: strict({ strict: flags.strict }) } });\n",
        ),
    ]);
    let [finding] = review.findings.as_slice() else { panic!("one finding: {:?}", review.findings) };
    let decides = finding.related.iter().find(|related| related.label == "this decides").expect("a place");
    assert!(finding.message.ends_with("when `!(options.strict)`"), "{}", finding.message);
    assert_eq!((decides.location.file.as_ref(), decides.location.column), ("src/flags.ts", 46));
}

#[test]
fn no_report_holds_a_secret_of_the_source() {
    for auth in [
        "import { betterAuth } from \"better-auth\";\nexport const auth = betterAuth({ secret: \"hunter2-horse-battery\" });\n",
        "import { betterAuth } from \"better-auth\";\nconst value = \"hunter2-horse-battery\";\nexport const auth = betterAuth({ secret: value });\n",
        "import { betterAuth } from \"better-auth\";\nconst read = () => \"hunter2-horse-battery\";\nexport const auth = betterAuth({ secret: read() });\n",
        "import { betterAuth } from \"better-auth\";\nconst secret = process.env.X || \"hunter2-horse-battery\";\nexport const auth = betterAuth({ secret });\n",
    ] {
        let review = introduced(&[("src/auth.ts", auth)]);
        assert!(review.findings.iter().any(|finding| finding.rule.starts_with("secrets/")), "{:?}", review.findings);
        let shown = [json::review(&review), terminal::review(&review, true, &PLAIN), terminal::review(&review, false, &PLAIN)];
        for text in shown {
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}

#[test]
fn a_copy_is_new_and_what_was_copied_is_not() {
    let statuses = |review: &Review| -> Vec<(String, Status)> {
        review.findings.iter().map(|finding| (finding.location.file.clone(), finding.status)).collect()
    };
    let before = application(&[]);
    for copy in ["a/auth.ts", "z/auth.ts"] {
        let review = change(&before, &application(&[(copy, AUTH)]), &[copy]).expect("a review");
        let mut expected = vec![("src/auth.ts".to_owned(), Status::Existing), (copy.to_owned(), Status::New)];
        expected.sort_by(|(a, _), (b, _)| a.cmp(b));
        assert_eq!(statuses(&review), expected);
        assert!(review.blocked);
    }
    let safe = AUTH.replace("true", "false");
    for moved in ["a/auth.ts", "z/auth.ts"] {
        let after = application(&[("src/auth.ts", &safe), (moved, AUTH)]);
        let review = change(&before, &after, &[moved, "src/auth.ts"]).expect("a review");
        assert_eq!(statuses(&review), [(moved.to_owned(), Status::Existing)], "a rename");
    }
}

#[test]
fn a_baseline_speaks_of_a_file_and_not_of_its_copy() {
    let fingerprint = &introduced(&[]).findings[0].fingerprint;
    let baseline = format!(r#"{{"version":1,"findings":[{{"fingerprint":"{fingerprint}","file":"src/auth.ts"}}]}}"#);
    let files = [(".auth-review/baseline.json", baseline.as_str()), ("a/auth.ts", AUTH)];
    let review = change(&application(&files[..1]), &application(&files), &["a/auth.ts"]).expect("a review");
    let found: Vec<_> = review.findings.iter().map(|finding| finding.location.file.as_str()).collect();
    assert_eq!((found, review.suppressed, review.blocked), (vec!["a/auth.ts"], 1, true));
    let moved = [files[0], files[1], ("src/auth.ts", "export {};")];
    let review = change(&application(&files[..1]), &application(&moved), &["a/auth.ts", "src/auth.ts"]).expect("a review");
    assert_eq!((review.findings.len(), review.suppressed), (0, 1), "a rename");
}
