use super::*;
use crate::finding::{Applicability, Fix, Related};
use crate::report::sample;

const PLAIN: Style = Style { color: false, hyperlinks: false, width: 80, verbose: false };

/// The sample without anything new.
fn quiet() -> Review {
    let mut review = sample::review();
    review.findings.remove(0);
    review.undetermined.clear();
    review.blocked = false;
    review
}

#[test]
fn a_blocked_commit_is_told_what_why_and_what_to_do() {
    let expected = "\
critical[migration/migration-missing-for-plugin]: `passkey()` needs the table
`passkey`, which no schema file declares
 --> src/auth.ts:7:13
  |
7 |   plugins: [passkey()],
  |             ^^^^^^^^^ brings the table in
  |
 ::: src/db/schema.ts:1:14
  |
1 | export const user = pgTable(\"user\", {
  |              ---- the schema the adapter uses
  |
  = why: The first passkey a user registers fails with an error of the
         database.
  = help: server: Keep the plugin and declare its table.
  = help: migration: Run `npx auth@latest generate`, then `npx drizzle-kit
                     generate`, and commit both.
  = help: declare: export const passkey = pgTable(\"passkey\", {
                     id: text(\"id\").primaryKey(),
                   });
  = note: high confidence
  = docs: https://www.better-auth.com/docs/plugins/passkey

auth-review: 1 question could not be answered statically: which plugins the server in src/other.ts uses; run `git auth-review inspect`
auth-review: blocked, 3 auth files reviewed, 1 new finding: 1 critical (1 existing finding)
  Fix it and stage the fix, or suppress it with a reason on the line above:
    // auth-review: ignore[migration/migration-missing-for-plugin] reason
  `git commit --no-verify` leaves it to CI.
";
    assert_eq!(review(&sample::review(), true, &PLAIN), expected);
}

#[test]
fn a_clean_commit_is_told_in_one_line() {
    let line = |review_: &Review| review(review_, true, &PLAIN);
    assert_eq!(line(&quiet()), "auth-review: 3 auth files reviewed, nothing new (1 existing finding)\n");
    let bare = Review { findings: vec![], files_reviewed: 1, suppressed: 2, ..quiet() };
    assert_eq!(line(&bare), "auth-review: 1 auth file reviewed, nothing new (2 suppressed)\n");
    assert_eq!(line(&Review { files_changed: 0, ..quiet() }), "", "the change does not touch what is reviewed");
}

#[test]
fn what_was_not_understood_is_not_called_clean() {
    let open = Review { undetermined: sample::review().undetermined, ..quiet() };
    assert_eq!(
        review(&open, true, &PLAIN),
        "auth-review: 1 question could not be answered statically: which plugins the server in src/other.ts uses; \
         run `git auth-review inspect`\n\
         auth-review: 3 auth files reviewed, nothing new in what could be read (1 existing finding)\n"
    );
    let bare = Review { base: None, findings: vec![], ..open };
    assert_eq!(
        review(&bare, false, &PLAIN),
        "\
undetermined: which plugins the server in src/other.ts uses: `getPlugins()`
  comes from `@acme/auth`, which is not part of the repository
  (src/other.ts:3:12)
auth-review: 3 auth files reviewed, no findings in what could be read
"
    );
}

#[test]
fn a_bare_check_shows_everything() {
    let bare = Review { base: None, blocked: false, ..sample::review() };
    let text = review(&bare, false, &PLAIN);
    assert!(text.contains("critical[migration/") && text.contains("medium[origins/"));
    assert!(text.ends_with("auth-review: 3 auth files reviewed, 2 findings: 1 critical, 1 medium\n"), "{text}");
    assert!(!text.contains("(existing)"), "there is nothing to compare with");
    let compared = review(&sample::review(), false, &PLAIN);
    assert!(compared.contains("medium[origins/trusted-origin-wildcard-all] (existing): "));
}

#[test]
fn a_snapshot_without_better_auth_says_so() {
    let nothing = Review { base: None, findings: vec![], files_reviewed: 0, ..quiet() };
    assert_eq!(review(&nothing, false, &PLAIN), "auth-review: 0 auth files reviewed, no better-auth code found\n");
}

#[test]
fn notes_are_told_and_wrapped() {
    let noted = Review {
        notes: vec!["src/auth.ts:3: the suppression of `csrf/check-disabled` matches no finding and can go".into()],
        ..quiet()
    };
    assert_eq!(
        review(&noted, true, &PLAIN),
        "\
note: src/auth.ts:3: the suppression of `csrf/check-disabled` matches no finding
  and can go
auth-review: 3 auth files reviewed, nothing new (1 existing finding)
"
    );
}

#[test]
fn the_hook_shows_only_so_many_findings() {
    let mut many = sample::review();
    many.findings = vec![many.findings[0].clone(); MOST_IN_HOOK + 3];
    let text = review(&many, true, &PLAIN);
    assert_eq!(text.matches("critical[").count(), MOST_IN_HOOK);
    assert!(text.contains("… and 3 more new findings; `git auth-review --staged` shows all of them"));
    assert!(text.contains("13 new findings: 13 critical"));
}

#[test]
fn a_secret_on_the_line_is_not_shown() {
    let mut leaky = sample::review();
    let (site, location) = sample::place("src/auth.ts", sample::AUTH, "secret: \"correct-horse-battery-staple-0123\"");
    leaky.findings.truncate(1);
    leaky.findings[0].related = vec![Related { location, label: "here".into(), site: Some(site) }];
    let text = review(&leaky, true, &PLAIN);
    assert!(text.contains("6 |   secret: \"…\",") && !text.contains("horse"), "{text}");
    leaky.findings[0].rule = "secrets/auth-secret-hardcoded".into();
    let text = review(&leaky, true, &PLAIN);
    assert!(!text.contains("horse"));
}

#[test]
fn a_place_without_text_is_still_named() {
    let blind = Review { texts: Default::default(), ..sample::review() };
    let text = review(&blind, true, &PLAIN);
    assert!(text.contains("--> src/auth.ts:7:13\n"), "{text}");
    assert!(text.contains("src/db/schema.ts:1:14\n"), "{text}");
}

#[test]
fn colours_links_and_fingerprints_are_for_those_who_want_them() {
    let rich = Style { color: true, hyperlinks: true, verbose: true, ..PLAIN };
    let text = review(&sample::review(), true, &rich);
    assert!(
        text.contains("\u{1b}]8;;https://www.better-auth.com/docs/plugins/passkey\u{1b}\\migration/migration-missing-for-plugin")
    );
    assert!(text.contains("\u{1b}[1m") && text.contains("high confidence, fingerprint 0123456789ab"));
    let plain = review(&sample::review(), true, &PLAIN);
    assert!(!plain.contains('\u{1b}') && !plain.contains("fingerprint"));
}

#[test]
fn hostile_text_does_not_reach_the_terminal() {
    let mut hostile = sample::review();
    let finding = &mut hostile.findings[0];
    let text = "const \u{202e}x = \"\u{1b}[2J\"; passkey()\n";
    let (site, location) = sample::place("evil\u{1b}[2J\n.ts", text, "passkey()");
    hostile.texts.insert(location.file.clone(), text.into());
    (finding.site, finding.location) = (Some(site), location);
    finding.message = "a\u{1b}]0;title\u{7}b\nauth-review: nothing new".into();
    finding.label = "\u{9b}31m\u{2066}".into();
    finding.why = "\r\u{1b}[A".into();
    finding.help.server = Some("x\u{1b}y\n  z".into());
    finding.docs = "https://a\u{1b}\\b".into();
    finding.rule = "x/\u{1b}y".into();
    hostile.undetermined[0].question = "q\n\u{1b}".into();
    hostile.notes = vec!["n\n\u{1b}".into()];
    for hook in [true, false] {
        let shown = review(&hostile, hook, &PLAIN);
        let bad: Vec<char> = shown.chars().filter(|&c| c != '\n' && clean(c.encode_utf8(&mut [0; 4])) != c.to_string()).collect();
        assert!(bad.is_empty(), "{bad:?} in {shown}");
        assert!(!shown.contains("\nauth-review: nothing new"));
    }
}

#[test]
fn long_code_is_cut_and_says_what_writes_the_rest() {
    let mut long = sample::review();
    long.findings[0].help.declaration = Some("line\n".repeat(32));
    let shown = |long: &Review| review(long, false, &PLAIN);
    assert_eq!(shown(&long).matches("line\n").count(), 30);
    assert!(shown(&long).contains("… 2 more lines\n"));
    long.findings[0].fix = Some(Fix { title: String::new(), applicability: Applicability::Safe, edits: Vec::new(), next: None });
    assert!(shown(&long).contains("… 2 more lines, written by `git auth-review fix`\n"));
}

#[test]
fn lines_stay_within_the_width() {
    let mut wide = sample::review();
    wide.findings[0].message = "word ".repeat(60);
    wide.findings[0].label = String::new();
    // Code keeps its lines.
    wide.findings[0].help.declaration = None;
    for width in [60, 80, 120] {
        let text = review(&wide, false, &Style { width, ..PLAIN });
        // The last line is one line, however long.
        let (text, _) = text.trim_end().rsplit_once('\n').expect("several lines");
        let too_long: Vec<&str> = text.lines().filter(|line| columns(line) > usize::from(width)).collect();
        assert!(too_long.is_empty(), "{width}: {too_long:#?}");
    }
}
