use super::*;
use crate::report::{Style, sample};

const PLAIN: Style = Style { color: false, hyperlinks: false, width: 80, verbose: false };

const TOOK: Duration = Duration::from_micros(2_300);

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
    board.reviewed(before, &[], TOOK);
    board.reviewed(after, &["src/auth.ts".into()], TOOK);
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
+ critical 7:13 migration/migration-mis…
    `passkey()` needs the table
    `passkey`, which no schema file
    declares

── 9 lines below ───────────────────────
q leave  j/k scroll  r read anew  2.3 ms"
    );
}

#[test]
fn the_board_at_120_columns() {
    let mut board = Board::default();
    board.reviewed(review(), &[], TOOK);
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
    let events = board.reviewed(review, &["a\u{1b}[2J.ts".into()], TOOK);
    assert!(!shown(&board, 80, 24).contains('\u{1b}'));
    assert!(!events.iter().any(|event| event.text(&PLAIN).contains('\u{1b}')));
}

#[test]
fn events_tell_the_difference() {
    let kinds = |events: &[Event]| -> Vec<String> {
        let kind = |event: &Event| serde_json::to_value(event).expect("plain")["event"].as_str().expect("text").to_owned();
        events.iter().map(kind).collect()
    };
    let mut board = Board::default();
    assert_eq!(kinds(&board.reviewed(review(), &[], TOOK)), ["appeared", "appeared", "ready"]);
    assert_eq!(kinds(&board.reviewed(review(), &[], TOOK)), ["reviewed"]);
    let mut moved = review();
    moved.findings.remove(1);
    moved.findings[0].location.line += 1;
    assert_eq!(kinds(&board.reviewed(moved, &[], TOOK)), ["gone", "changed", "reviewed"]);
    assert_eq!(kinds(&board.failed("why".into())), ["error"]);
    assert_eq!(kinds(&board.failed("why".into())), [""; 0]);
    assert_eq!(kinds(&board.reviewed(review(), &[], TOOK)), ["changed", "appeared", "ready"]);
    assert_eq!(kinds(&board.noticed("what".into())), ["notice"]);
    assert_eq!(kinds(&board.noticed("what".into())), [""; 0]);
}

#[test]
fn an_event_is_one_line_for_programs_and_one_for_people() {
    let mut board = Board::default();
    let events = board.reviewed(review(), &["src/auth.ts".into()], TOOK);
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
