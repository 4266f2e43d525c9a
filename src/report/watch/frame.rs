//! The board as one screenful of text.

use std::sync::Arc;

use super::super::Style;
use super::super::terminal::{looks, outcome};
use super::super::text::{Look, clean, columns, count, fill, shorten};
use super::Board;
use crate::finding::{Finding, Location, Severity};

/// The part of the board that is on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// Columns of the screen.
    pub width: u16,
    /// Lines of the screen.
    pub height: u16,
    /// How many lines of the board are above it.
    pub scroll: usize,
}

/// Lines of a screen that are worth rules around the board.
const ROOMY: usize = 10;

/// Columns of a screen in which what belongs to a line is indented by [`INDENT`].
const WIDE: usize = 30;

/// How far what belongs to a line is indented.
const INDENT: usize = 4;

/// What the keys do, as far as there is room.
const KEYS: [&str; 3] = ["q leave  j/k scroll  r read anew", "q leave  j/k scroll", "q leave"];

/// A line, as pieces of text with a look each.
#[derive(Default)]
struct Line(Vec<(Option<Look>, String)>);

impl Line {
    fn of(look: impl Into<Option<Look>>, text: impl Into<String>) -> Self {
        Self(vec![(look.into(), text.into())])
    }

    fn and(mut self, look: impl Into<Option<Look>>, text: impl Into<String>) -> Self {
        self.0.push((look.into(), text.into()));
        self
    }

    fn columns(&self) -> usize {
        self.0.iter().map(|(_, text)| columns(text)).sum()
    }

    fn render(&self, width: usize, style: &Style) -> String {
        let mut left = width;
        let mut out = String::new();
        for (look, text) in &self.0 {
            if left == 0 {
                break;
            }
            let text = shorten(text, left);
            left -= columns(&text);
            match look {
                Some(look) if !text.is_empty() => out.push_str(&style.paint(*look, &text)),
                _ => out.push_str(&text),
            }
        }
        out
    }
}

/// Renders the board: exactly `height` lines of at most `width` columns, without a line break at the end. Scrolling stops
/// at the last line.
#[must_use]
pub fn frame(board: &Board, view: &mut View, style: &Style) -> String {
    let (width, height) = (usize::from(view.width), usize::from(view.height));
    let body = body(board, width);
    let is_roomy = height >= ROOMY;
    let room = height.saturating_sub(if is_roomy { 4 } else { 2 });
    view.scroll = view.scroll.min(body.len().saturating_sub(room));
    let shown = view.scroll..(view.scroll + room).min(body.len());
    let hidden = match (shown.start, body.len() - shown.end) {
        (0, 0) => None,
        (above, 0) => Some((above, "above")),
        (_, below) => Some((below, "below")),
    };

    let rule = |text: String| Line::of(Look::Faint, format!("{text}{}", "─".repeat(width.saturating_sub(columns(&text)))));
    let mut lines = vec![heading(board, width)];
    lines.extend(is_roomy.then(|| rule(String::new())));
    let end = lines.len() + room;
    lines.extend(body.into_iter().skip(shown.start).take(shown.len()));
    lines.resize_with(end, Line::default);
    if is_roomy {
        lines.push(rule(hidden.map_or_else(String::new, |(lines, place)| format!("── {} {place} ", count(lines, "line")))));
        lines.push(footer(took(board), width));
    } else {
        lines.push(footer(hidden.map_or_else(|| took(board), |(lines, place)| format!("{lines} {place}")), width));
    }
    lines.truncate(height);
    let lines: Vec<String> = lines.iter().map(|line| line.render(width, style)).collect();
    lines.join("\n")
}

/// What was reviewed and what came of it; what came of it alone where there is no room for both.
fn heading(board: &Board, width: usize) -> Line {
    const NAME: &str = "auth-review  ";
    let state = board.review.as_ref().map_or_else(|| "reading …".into(), outcome);
    if columns(NAME) + columns(&state) <= width {
        return Line::of(Look::Strong, NAME).and(None, state);
    }
    let found = state.split_once(", ").map_or(&*state, |(_, found)| found);
    Line::of(None, if columns(&state) <= width { &state } else { found })
}

/// The keys, and something at the right.
fn footer(right: String, width: usize) -> Line {
    let needed = columns(&right) + usize::from(!right.is_empty());
    let keys = KEYS.into_iter().find(|keys| columns(keys) + needed <= width);
    let line = keys.map_or(right.clone(), |keys| format!("{keys}{}{right}", " ".repeat(width - columns(keys) - columns(&right))));
    Line::of(Look::Faint, line.trim_end())
}

/// How long the last review took.
fn took(board: &Board) -> String {
    if board.review.is_some() { format!("{:.1} ms", board.took.as_secs_f64() * 1e3) } else { String::new() }
}

fn body(board: &Board, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for (label, look, text) in [("error", Look::Critical, &board.error), ("note", Look::Low, &board.notice)] {
        if let Some(text) = text {
            paragraph(&mut lines, look, label, text, width);
        }
    }
    let Some(review) = &board.review else { return lines };
    let is_elsewhere = |file: &&Arc<str>| !board.held.is_empty() && Some(*file) != board.edited.as_ref();
    for at in board.broken.iter().filter(is_elsewhere).filter_map(|file| review.unread.get(&**file)) {
        paragraph(
            &mut lines,
            Look::Low,
            "note",
            &format!("{} is not read since the error in {}:{}", at.file, at.line, at.column),
            width,
        );
    }
    if board.error.is_some() && !(review.findings.is_empty() && review.undetermined.is_empty()) {
        section(&mut lines, Line::of(Look::Faint, "what was found before"));
    }
    let edited = board.edited.as_deref();
    let is_edited = |finding: &&Finding| Some(finding.location.file.as_str()) == edited;
    let (here, elsewhere): (Vec<&Finding>, Vec<&Finding>) = review.findings.iter().partition(is_edited);
    if let Some(file) = edited {
        let unread = review.unread.get(file).map(|at| format!(", not read since the error in {}:{}", at.line, at.column));
        let state = match unread.filter(|_| board.broken.contains(file)) {
            Some(since) => since,
            None if !here.is_empty() => String::new(),
            None if review.unread.contains_key(file) => ", no findings in what could be read".into(),
            None => ", no findings".into(),
        };
        section(&mut lines, Line::of(Look::Strong, clean(file)).and(Look::Faint, format!("  edited last{state}")));
        for finding in here {
            lines.extend(block(board, finding, true, width));
        }
    }
    for severity in [Severity::Critical, Severity::High, Severity::Medium, Severity::Low] {
        let mut findings = elsewhere.iter().filter(|finding| finding.severity == severity).peekable();
        if findings.peek().is_some() {
            section(&mut lines, Line::of(looks(severity).0, severity.name()));
        }
        for finding in findings {
            lines.extend(block(board, finding, false, width));
        }
    }
    if !board.gone.is_empty() {
        section(&mut lines, Line::of(Look::Strong, "just gone"));
        for finding in &board.gone {
            let gone = format!("- {} ", finding.severity.name());
            let place = end_of(&place(&finding.location), width.saturating_sub(columns(&gone)));
            lines.extend(headed(Line::of(Look::Faint, gone).and(Look::Faint, place), &finding.rule, "", width));
        }
    }
    if !review.undetermined.is_empty() {
        section(&mut lines, Line::of(Look::Strong, "undetermined"));
    }
    for open in &review.undetermined {
        paragraph(&mut lines, Look::Low, "?", &format!("{}: {} ({})", open.question, open.reason, place(&open.location)), width);
    }
    for note in &review.notes {
        paragraph(&mut lines, Look::Low, "note", note, width);
    }
    lines
}

/// A heading, after an empty line where something is above it.
fn section(lines: &mut Vec<Line>, heading: Line) {
    if !lines.is_empty() {
        lines.push(Line::default());
    }
    lines.push(heading);
}

/// A finding: where and which rule, then what is wrong. In the section of its file the severity stands for the file.
fn block(board: &Board, finding: &Finding, in_file: bool, width: usize) -> Vec<Line> {
    let is_new = board.appeared.contains(&finding.fingerprint);
    let is_held = board.held.contains(&finding.fingerprint);
    let line = Line::of(Look::Strong, if is_new { "+ " } else { "  " });
    let line = if in_file {
        let location = &finding.location;
        let line = line.and(if is_held { Look::Faint } else { looks(finding.severity).0 }, finding.severity.name());
        line.and(None, format!(" {}:{}", location.line, location.column))
    } else {
        let room = width.saturating_sub(line.columns());
        line.and(None, end_of(&place(&finding.location), room))
    };
    let aside = if is_held { ", not read" } else { "" };
    let mut lines = headed(line, &finding.rule, aside, width);
    let look = if is_held { Some(Look::Faint) } else { is_new.then_some(Look::Strong) };
    lines.extend(indented(look, &clean(&finding.message), width));
    lines
}

/// A line and the rule it is about: behind it, or below without its category where there is no room.
fn headed(line: Line, rule: &str, aside: &str, width: usize) -> Vec<Line> {
    let whole = format!(" {}{aside}", clean(rule));
    if line.columns() + columns(&whole) <= width {
        return vec![line.and(Look::Faint, whole)];
    }
    let id = rule.rsplit('/').next().unwrap_or(rule);
    std::iter::once(line).chain(indented(Look::Faint, &format!("{}{aside}", clean(id)), width)).collect()
}

/// The end of a text that is too long: of a place, the file's own name and the line.
fn end_of(text: &str, room: usize) -> String {
    match columns(text).checked_sub(room).filter(|over| *over > 0) {
        Some(over) => std::iter::once('…').chain(text.chars().skip(over + 1)).collect(),
        None => text.to_owned(),
    }
}

/// What belongs to the line above.
fn indented(look: impl Into<Option<Look>>, text: &str, width: usize) -> Vec<Line> {
    let (look, indent) = (look.into(), if width < WIDE { INDENT / 2 } else { INDENT });
    let lines = fill(text, width.saturating_sub(indent)).into_iter();
    lines.map(|text| Line::of(None, " ".repeat(indent)).and(look, text)).collect()
}

/// A wrapped text behind a word; further lines are indented.
fn paragraph(lines: &mut Vec<Line>, look: Look, label: &str, text: &str, width: usize) {
    let indent = columns(label) + 1;
    for (number, text) in fill(&clean(text), width.saturating_sub(indent)).into_iter().enumerate() {
        let line = if number == 0 { Line::of(look, label).and(None, " ") } else { Line::of(None, " ".repeat(indent)) };
        lines.push(line.and(None, text));
    }
}

fn place(location: &Location) -> String {
    format!("{}:{}:{}", clean(&location.file), location.line, location.column)
}
