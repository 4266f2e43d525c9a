use super::*;
use crate::finding::Location;
use crate::report::{Style, sample};

const PLAIN: Style = Style { color: false, hyperlinks: false, width: 80, verbose: false };

const TOOK: Duration = Duration::from_micros(2_300);

fn wrote(file: &str) -> Saved {
    Saved { written: vec![file.into()], removed: Vec::new() }
}

/// The sample as `watch` sees it: compared with nothing.
fn review() -> Review {
    let mut review = sample::review();
    review.base = None;
    review.blocked = false;
    for finding in &mut review.findings {
        finding.status = crate::finding::Status::Existing;
    }
    review
}

/// One finding first; then another one appears in a file that is being edited, and that one goes.
fn board() -> Board {
    let (mut before, mut after) = (review(), review());
    before.findings.remove(0);
    after.findings.remove(1);
    let mut board = Board::default();
    board.reviewed(before, &Saved::default(), TOOK);
    board.reviewed(after, &wrote("src/auth.ts"), TOOK);
    board
}

fn shown(board: &Board, width: u16, height: u16) -> String {
    frame(board, &mut View { width, height, scroll: 0 }, &PLAIN)
}

#[test]
fn the_board_at_80_columns() {
    assert_eq!(
        shown(&board(), 80, 24),
        "\
auth-review  3 auth files reviewed, 1 finding: 1 critical
────────────────────────────────────────────────────────────────────────────────
src/auth.ts  edited last
+ critical 7:13 migration/migration-missing-for-plugin
    `passkey()` needs the table `passkey`, which no schema file declares

just gone
- medium src/auth.ts:8:20 origins/trusted-origin-wildcard-all

undetermined
? which plugins the server in src/other.ts uses: `getPlugins()` comes from
  `@acme/auth`, which is not part of the repository (src/other.ts:3:12)










────────────────────────────────────────────────────────────────────────────────
q leave  j/k scroll  r read anew                                          2.3 ms"
    );
}

#[test]
fn the_board_at_40_columns() {
    assert_eq!(
        shown(&board(), 40, 10),
        "\
1 finding: 1 critical
────────────────────────────────────────
src/auth.ts  edited last
+ critical 7:13
    migration-missing-for-plugin
    `passkey()` needs the table
    `passkey`, which no schema file
    declares
── 11 lines below ──────────────────────
q leave  j/k scroll  r read anew  2.3 ms"
    );
}

#[test]
fn the_board_where_there_is_hardly_room() {
    let mut board = Board::default();
    board.reviewed(review(), &Saved::default(), TOOK);
    assert_eq!(
        shown(&board, 20, 8),
        "\
2 findings: 1 criti…
critical
  src/auth.ts:7:13
  migration-missing-
  for-plugin
  `passkey()` needs
  the table
q leave     23 below"
    );
}

#[test]
fn the_board_at_120_columns() {
    let mut board = Board::default();
    board.reviewed(review(), &Saved::default(), TOOK);
    board.failed("auth-review.toml:1:10: expected `]`".into());
    board.noticed("changes are looked for every 2 seconds, because the system's limit of watches is reached".into());
    assert_eq!(
        shown(&board, 120, 40),
        "\
auth-review  3 auth files reviewed, 2 findings: 1 critical, 1 medium
────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
error auth-review.toml:1:10: expected `]`
note changes are looked for every 2 seconds, because the system's limit of watches is reached

what was found before

critical
  src/auth.ts:7:13 migration/migration-missing-for-plugin
    `passkey()` needs the table `passkey`, which no schema file declares

medium
  src/auth.ts:8:20 origins/trusted-origin-wildcard-all
    `trustedOrigins` lets every website in

undetermined
? which plugins the server in src/other.ts uses: `getPlugins()` comes from `@acme/auth`, which is not part of the
  repository (src/other.ts:3:12)




















────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
q leave  j/k scroll  r read anew                                                                                  2.3 ms"
    );
}

#[test]
fn a_frame_fills_the_screen_whatever_its_size_and_is_never_wider() {
    let mut board = board();
    board.noticed("a note that is longer than the narrowest of the screens that are tried".into());
    for (width, height) in [(1, 1), (10, 3), (20, 5), (33, 24), (200, 60)] {
        for scroll in [0, 3, usize::MAX] {
            let text = frame(&board, &mut View { width, height, scroll }, &PLAIN);
            assert_eq!(text.split('\n').count(), usize::from(height), "{width}x{height}: {text}");
            let widest = text.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(usize::from(width)), "{width}x{height}: {text}");
        }
    }
}

#[test]
fn scrolling_stops_at_the_last_line() {
    let board = board();
    let mut view = View { width: 80, height: 10, scroll: usize::MAX };
    let last = frame(&board, &mut view, &PLAIN);
    let end = view.scroll;
    assert!(last.contains("above"), "{last}");
    view.scroll -= 1;
    assert!(frame(&board, &mut view, &PLAIN).contains("── 1 line below "), "{end}");
}

#[test]
fn colours_change_no_text() {
    let mut view = View { width: 80, height: 24, scroll: 0 };
    let coloured = frame(&board(), &mut view, &Style { color: true, ..PLAIN });
    assert!(coloured.contains("\u{1b}["));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), shown(&board(), 80, 24));
}

#[test]
fn hostile_names_move_no_cursor() {
    let mut review = review();
    review.findings[0].location.file = "a\u{1b}[2J.ts".into();
    review.findings[0].message = "b\u{1b}[2J\u{202e}".into();
    let mut board = Board::default();
    let events = board.reviewed(review, &wrote("a\u{1b}[2J.ts"), TOOK);
    assert!(!shown(&board, 80, 24).contains('\u{1b}'));
    assert!(!events.iter().any(|event| event.text(&PLAIN).contains('\u{1b}')));
}

fn kinds(events: &[Event]) -> Vec<String> {
    let kind = |event: &Event| serde_json::to_value(event).expect("plain")["event"].as_str().expect("text").to_owned();
    events.iter().map(kind).collect()
}

/// The sample while nothing is found in `src/auth.ts`, because it cannot be read everywhere.
fn broken() -> Review {
    let at = Location { file: "src/auth.ts".into(), line: 9, column: 36, end_line: 9, end_column: 37 };
    Review { findings: Vec::new(), unread: [("src/auth.ts".into(), at)].into(), ..review() }
}

#[test]
fn what_an_edited_file_was_told_of_stands_while_it_cannot_be_read() {
    let mut board = Board::default();
    board.reviewed(review(), &Saved::default(), TOOK);
    assert_eq!(kinds(&board.reviewed(broken(), &wrote("src/auth.ts"), TOOK)), ["reviewed"]);
    let frame = shown(&board, 80, 12);
    let top = "\
auth-review  3 auth files reviewed, 2 findings: 1 critical, 1 medium
────────────────────────────────────────────────────────────────────────────────
src/auth.ts  edited last, not read since the error in 9:36
  critical 7:13 migration/migration-missing-for-plugin, not read
    `passkey()` needs the table `passkey`, which no schema file declares
  medium 8:20 origins/trusted-origin-wildcard-all, not read
    `trustedOrigins` lets every website in
";
    assert!(frame.starts_with(top), "{frame}");
    assert_eq!(kinds(&board.reviewed(broken(), &wrote("src/db/schema.ts"), TOOK)), ["reviewed"]);
    assert!(shown(&board, 80, 12).contains("\nnote src/auth.ts is not read since the error in 9:36\n"));
    assert_eq!(kinds(&board.reviewed(broken(), &wrote("src/auth.ts"), TOOK)), ["reviewed"]);
    let mut repaired = review();
    repaired.findings.remove(0);
    assert_eq!(kinds(&board.reviewed(repaired, &wrote("src/auth.ts"), TOOK)), ["gone", "reviewed"]);
    assert!(!shown(&board, 80, 12).contains("not read"));
}

#[test]
fn what_goes_for_other_reasons_goes_while_a_file_cannot_be_read() {
    let mut board = Board::default();
    board.reviewed(Review { unread: broken().unread, ..review() }, &Saved::default(), TOOK);
    let gone = ["gone", "gone", "reviewed"];
    assert_eq!(kinds(&board.reviewed(broken(), &wrote("src/auth.ts"), TOOK)), gone, "it could not be read before");
    let mut board = Board::default();
    board.reviewed(review(), &Saved::default(), TOOK);
    let many = Saved { written: vec!["src/auth.ts".into(), "src/db/schema.ts".into()], removed: Vec::new() };
    assert_eq!(kinds(&board.reviewed(broken(), &many, TOOK)), gone, "that is no edit");
    let mut board = Board::default();
    board.reviewed(review(), &Saved::default(), TOOK);
    let mut breaking = broken();
    breaking.findings = review().findings;
    board.reviewed(breaking, &wrote("src/auth.ts"), TOOK);
    assert_eq!(kinds(&board.reviewed(broken(), &wrote("src/db/schema.ts"), TOOK)), gone, "another file was edited");
}

#[test]
fn nothing_is_called_clean_that_was_not_read() {
    let mut board = Board::default();
    board.reviewed(broken(), &Saved::default(), TOOK);
    board.reviewed(broken(), &wrote("src/auth.ts"), TOOK);
    let frame = shown(&board, 80, 12);
    assert!(frame.contains("src/auth.ts  edited last, no findings in what could be read\n"), "{frame}");
}

#[test]
fn a_file_that_was_removed_is_not_on_top() {
    let mut board = board();
    assert!(shown(&board, 80, 24).contains("edited last"));
    let removed = Saved { written: Vec::new(), removed: vec!["src/other.ts".into()] };
    board.reviewed(review(), &removed, TOOK);
    assert!(shown(&board, 80, 24).contains("edited last"));
    board.reviewed(review(), &Saved { written: Vec::new(), removed: vec!["src/auth.ts".into()] }, TOOK);
    assert!(!shown(&board, 80, 24).contains("edited last"));
}

#[test]
fn a_copy_appears_and_not_what_it_is_a_copy_of() {
    let mut board = Board::default();
    let mut one = review();
    one.findings.truncate(1);
    let fingerprint = one.findings[0].fingerprint.clone();
    board.reviewed(one.clone(), &Saved::default(), TOOK);
    let mut two = one.clone();
    two.findings.insert(0, one.findings[0].clone());
    two.findings[0].location.file = "a/auth.ts".into();
    two.findings[1].fingerprint = "0123456789ac".into();
    let events = board.reviewed(two, &wrote("a/auth.ts"), TOOK);
    assert_eq!(kinds(&events), ["appeared", "reviewed"]);
    let Event::Appeared { finding } = &events[0] else { unreachable!("as its kind says") };
    assert_eq!((&*finding.location.file, &*finding.fingerprint), ("a/auth.ts", "0123456789ac"));
    let events = board.reviewed(one, &wrote("a/auth.ts"), TOOK);
    assert_eq!(kinds(&events), ["gone", "reviewed"]);
    let Event::Gone { finding } = &events[0] else { unreachable!("as its kind says") };
    assert_eq!((&*finding.location.file, finding.fingerprint == fingerprint), ("a/auth.ts", false));
}

#[test]
fn events_tell_the_difference() {
    let mut board = Board::default();
    assert_eq!(kinds(&board.reviewed(review(), &Saved::default(), TOOK)), ["appeared", "appeared", "ready"]);
    assert_eq!(kinds(&board.reviewed(review(), &Saved::default(), TOOK)), ["reviewed"]);
    let mut moved = review();
    moved.findings.remove(1);
    moved.findings[0].location.line += 1;
    assert_eq!(kinds(&board.reviewed(moved, &Saved::default(), TOOK)), ["gone", "changed", "reviewed"]);
    assert_eq!(kinds(&board.failed("why".into())), ["error"]);
    assert_eq!(kinds(&board.failed("why".into())), [""; 0]);
    assert_eq!(kinds(&board.reviewed(review(), &Saved::default(), TOOK)), ["changed", "appeared", "ready"]);
    assert_eq!(kinds(&board.noticed("what".into())), ["notice"]);
    assert_eq!(kinds(&board.noticed("what".into())), [""; 0]);
}

#[test]
fn an_event_is_one_line_for_programs_and_one_for_people() {
    let mut board = Board::default();
    let events = board.reviewed(review(), &wrote("src/auth.ts"), TOOK);
    let json: serde_json::Value = serde_json::from_str(&events[0].json()).expect("JSON");
    assert_eq!(json["finding"], serde_json::to_value(&review().findings[0]).expect("plain"));
    let closing: serde_json::Value = serde_json::from_str(&events[2].json()).expect("JSON");
    let document: serde_json::Value = serde_json::from_str(&crate::report::json::review(&review())).expect("JSON");
    for key in ["version", "tool", "summary", "undetermined"] {
        assert_eq!(closing[key], document[key], "as in the report: {key}");
    }
    assert_eq!((&closing["milliseconds"], &closing["files"]), (&2.3.into(), &serde_json::json!(["src/auth.ts"])));
    let text: String = events.iter().map(|event| event.text(&PLAIN)).collect();
    assert_eq!(text, "\
+ src/auth.ts:7:13: critical[migration/migration-missing-for-plugin]: `passkey()` needs the table `passkey`, which no schema file declares
+ src/auth.ts:8:20: medium[origins/trusted-origin-wildcard-all]: `trustedOrigins` lets every website in
auth-review: 3 auth files reviewed, 2 findings: 1 critical, 1 medium
");
    for event in &events {
        assert_eq!(event.json().lines().count(), 1);
    }
}
