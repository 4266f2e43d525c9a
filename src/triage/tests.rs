use super::*;
use crate::facts::suppression;
use crate::finding::{Help, Location, Severity};
use crate::source::LineIndex;

fn finding(rule: &str, severity: Severity, line: u32, end_line: u32) -> Finding {
    Finding {
        rule: rule.into(),
        severity,
        confidence: Confidence::High,
        tier: 1,
        status: Status::Existing,
        message: "something is wrong".into(),
        why: String::new(),
        location: Location { file: "src/auth.ts".into(), line, column: 1, end_line, end_column: 9 },
        related: Vec::new(),
        help: Help::default(),
        fix: None,
        refusal: None,
        fingerprint: format!("{rule}@{line}"),
        family: rule.into(),
        docs: String::new(),
        cwe: Vec::new(),
        label: String::new(),
        site: None,
    }
}

/// The comments of a text in `src/auth.ts`.
fn comments(text: &str) -> Vec<Comment> {
    let lines = LineIndex::new(text);
    suppression::find(text)
        .into_iter()
        .map(|suppression| Comment { file: "src/auth.ts".into(), line: lines.line(suppression.span.start), suppression })
        .collect()
}

struct Case {
    findings: Vec<Finding>,
    bases: Vec<BTreeSet<String>>,
    text: &'static str,
    baseline: Option<&'static str>,
    config: &'static str,
    fail_on: FailOn,
    paths: Vec<String>,
}

impl Default for Case {
    fn default() -> Self {
        let (findings, bases) = (Vec::new(), Vec::new());
        Self { findings, bases, text: "", baseline: None, config: "", fail_on: FailOn::Critical, paths: Vec::new() }
    }
}

impl Case {
    fn run(self) -> Outcome {
        triage(Input {
            findings: self.findings,
            bases: self.bases,
            suppressions: comments(self.text),
            baseline: self.baseline,
            config: &Config::parse(self.config).expect("valid"),
            fail_on: self.fail_on,
            paths: &self.paths,
            today: "2026-11-23",
        })
    }
}

fn base(fingerprints: &[&str]) -> BTreeSet<String> {
    fingerprints.iter().map(|fingerprint| (*fingerprint).to_owned()).collect()
}

#[test]
fn new_is_what_no_parent_has() {
    let findings = ["a/x", "a/y", "a/z"].map(|rule| finding(rule, Severity::Critical, 1, 1)).to_vec();
    let outcome = Case { findings, bases: vec![base(&["a/x@1"]), base(&["a/x@1", "a/y@1"])], ..Case::default() }.run();
    let status: Vec<_> = outcome.findings.iter().map(|finding| (finding.rule.as_str(), finding.status)).collect();
    assert_eq!(status, [("a/x", Status::Existing), ("a/y", Status::Existing), ("a/z", Status::New)]);
    assert!(outcome.blocked);
}

#[test]
fn the_gate_looks_at_new_findings_or_at_all_without_a_comparison() {
    let old = || vec![finding("a/x", Severity::Critical, 1, 1)];
    assert!(!Case { findings: old(), bases: vec![base(&["a/x@1"])], ..Case::default() }.run().blocked);
    assert!(Case { findings: old(), bases: vec![base(&[])], ..Case::default() }.run().blocked);
    let elsewhere = |path: &str| Case { findings: old(), paths: vec![path.to_owned()], ..Case::default() }.run();
    assert_eq!((elsewhere("src/auth").findings.len(), elsewhere("src/auth").blocked), (0, false));
    assert_eq!((elsewhere("src/").findings.len(), elsewhere("src/").blocked), (1, true));
    let bare = Case { findings: old(), ..Case::default() }.run();
    assert_eq!(bare.findings[0].status, Status::Existing);
    assert!(bare.blocked);
}

#[test]
fn severity_tier_and_confidence_decide_what_blocks() {
    let blocked = |change: fn(&mut Finding), fail_on| {
        let mut one = finding("a/x", Severity::High, 1, 1);
        change(&mut one);
        Case { findings: vec![one], bases: vec![base(&[])], fail_on, ..Case::default() }.run().blocked
    };
    assert!(blocked(|_| {}, FailOn::High));
    assert!(blocked(|_| {}, FailOn::Low));
    assert!(!blocked(|_| {}, FailOn::Critical));
    assert!(!blocked(|_| {}, FailOn::Never));
    assert!(!blocked(|finding| finding.tier = 2, FailOn::High));
    assert!(!blocked(|finding| finding.confidence = Confidence::Low, FailOn::High));
    assert!(blocked(|finding| finding.confidence = Confidence::Medium, FailOn::High));
}

#[test]
fn the_configuration_sets_levels_and_leaves_files_out() {
    let mut elsewhere = finding("a/z", Severity::Critical, 1, 1);
    elsewhere.location.file = "examples/auth.ts".into();
    let findings = vec![finding("a/x", Severity::Critical, 1, 1), finding("a/y", Severity::Low, 1, 1), elsewhere];
    let config = "ignore = [\"examples\"]\n[rules]\n\"a/x\" = \"off\"\ny = \"critical\"\n";
    let outcome = Case { findings, config, ..Case::default() }.run();
    let left: Vec<_> = outcome.findings.iter().map(|finding| (finding.rule.as_str(), finding.severity)).collect();
    assert_eq!(left, [("a/y", Severity::Critical)]);
    assert_eq!(outcome.suppressed, 0);
    assert!(outcome.blocked, "the gate judges the level of the configuration");
}

#[test]
fn findings_of_the_third_tier_are_shown_when_asked_for() {
    let of_third_tier = || Finding { tier: 3, ..finding("a/x", Severity::Critical, 1, 1) };
    let shown = |config| Case { findings: vec![of_third_tier()], config, ..Case::default() }.run();
    assert!(shown("").findings.is_empty());
    let outcome = shown("[rules]\nx = \"low\"\n");
    assert_eq!((outcome.findings[0].severity, outcome.blocked), (Severity::Low, false));
    assert!(!shown("[rules]\nx = \"on\"\n").blocked, "it never blocks");
}

#[test]
fn comments_speak_of_their_construct() {
    let suppressed = |text, line, end_line| {
        let outcome = Case { findings: vec![finding("csrf/off", Severity::Low, line, end_line)], text, ..Case::default() }.run();
        outcome.suppressed == 1
    };
    assert!(suppressed("x, // auth-review: ignore[csrf/off]", 1, 1), "same line");
    assert!(suppressed("// auth-review: ignore[off]\nx", 2, 2), "directly above, without category");
    assert!(suppressed("// auth-review: ignore[off]\n// auth-review: ignore[other]\nx", 3, 3), "stacked");
    assert!(suppressed("f({\n  // auth-review: ignore[off]\n  x\n})", 1, 4), "inside");
    assert!(suppressed("f({\n  x\n}) // auth-review: ignore[off]", 1, 3), "behind");
    assert!(!suppressed("// auth-review: ignore[off]\n\nx", 3, 3), "a line between");
    assert!(!suppressed("y // auth-review: ignore[off]\nx", 2, 2), "the comment belongs to the line above");
    assert!(!suppressed("x\n// auth-review: ignore[off]", 1, 1), "below");
    assert!(!suppressed("// auth-review: ignore[of]\nx", 2, 2), "another rule");
    assert!(!suppressed("// auth-review: ignore[rf/off]\nx", 2, 2), "another category");
}

#[test]
fn comments_that_do_not_count_are_told() {
    let notes = |severity, text| {
        let outcome = Case { findings: vec![finding("csrf/off", severity, 2, 2)], text, ..Case::default() }.run();
        (outcome.suppressed, outcome.notes)
    };
    let told = |note: &str| (0, vec![note.to_owned()]);
    assert_eq!(
        notes(Severity::High, "// auth-review: ignore[off]\nx"),
        told("src/auth.ts:1: the suppression of `csrf/off` does not count: a high finding needs a reason after the brackets")
    );
    assert_eq!(notes(Severity::High, "// auth-review: ignore[off] the proxy checks it\nx"), (1, vec![]));
    assert_eq!(notes(Severity::Medium, "// auth-review: ignore[off]\nx"), (1, vec![]));
    assert_eq!(notes(Severity::Low, "// auth-review: ignore[off] until=2026-11-23\nx"), (1, vec![]));
    assert_eq!(
        notes(Severity::Low, "// auth-review: ignore[off] until=2026-11-22\nx"),
        told("src/auth.ts:1: the suppression does not count: it expired after 2026-11-22")
    );
    for wrong in ["2026-13-01", "2026-02-29", "2026-2-1", "soon", "2026-11-31", "2026-11-00", "9999-99-99-99"] {
        let text: &'static str = Box::leak(format!("// auth-review: ignore[off] until={wrong}\nx").into_boxed_str());
        let note = format!("src/auth.ts:1: the suppression does not count: `until={wrong}` is no date; write `until=YYYY-MM-DD`");
        assert_eq!(notes(Severity::Low, text), told(&note));
    }
    assert_eq!(
        notes(Severity::Low, "// auth-review: ignore[off, gone/rule]\nx"),
        (1, vec!["src/auth.ts:1: the suppression of `gone/rule` matches no finding and can go".into()])
    );
    assert_eq!(
        notes(Severity::Low, "// auth-review: ignore[]\nx"),
        told("src/auth.ts:1: the suppression does not count: it names no rule; write `ignore[rule-id] reason`")
    );
}

#[test]
fn comments_in_files_that_are_not_reviewed_are_not_called_unused() {
    let outcome = Case { text: "// auth-review: ignore[x]", config: "ignore = [\"src\"]", ..Case::default() }.run();
    assert!(outcome.notes.is_empty());
}

#[test]
fn the_baseline_holds_known_findings() {
    let run = |baseline| Case { findings: vec![finding("a/x", Severity::Critical, 1, 1)], baseline, ..Case::default() }.run();
    let known = run(Some(r#"{"version":1,"findings":[{"fingerprint":"a/x@1","rule":"a/x","file":"f","message":"m"}],"more":1}"#));
    assert_eq!((known.suppressed, known.blocked), (1, false));
    assert_eq!(run(Some(r#"{"version":1}"#)).findings.len(), 1);
    let other = run(Some(r#"{"version":2,"findings":[]}"#));
    assert_eq!(other.notes, [".auth-review/baseline.json is not used: it has version 2, and this program reads version 1"]);
    let broken = run(Some("{"));
    assert!(broken.blocked);
    assert!(broken.notes[0].starts_with(".auth-review/baseline.json is not used: it is not a valid baseline: "));
}

#[test]
fn the_worst_comes_first_then_the_place() {
    let findings = vec![
        finding("a/x", Severity::Low, 1, 1),
        finding("b/x", Severity::High, 9, 9),
        finding("a/x", Severity::High, 9, 9),
        finding("c/x", Severity::High, 2, 2),
    ];
    let outcome = Case { findings, ..Case::default() }.run();
    let order: Vec<_> = outcome.findings.iter().map(|finding| finding.fingerprint.as_str()).collect();
    assert_eq!(order, ["c/x@2", "a/x@9", "b/x@9", "a/x@1"]);
}
