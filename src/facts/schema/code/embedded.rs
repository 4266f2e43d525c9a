//! SQL in strings and template strings.

use std::ops::Range;

use super::Code;
use super::literals::{Chain, plain};
use crate::facts::lower::{named, unescape};
use crate::facts::schema::{Change, Column, Operation, ddl};
use crate::facts::schema::{Given, Selected};
use crate::source::Span;
use crate::syntax::typescript::fields::NodeField;
use crate::syntax::typescript::nodes::Node;

/// Stands where something is put in at run time. To SQL it is a letter, so that it becomes part of the name it stands in.
const HOLE: char = '\u{fffc}';

/// One of these stands in every statement about tables or rows.
const STATEMENTS: [&str; 7] = ["table", "index", "truncate", "insert", "update", " from ", "drop schema"];

/// The operations of a string that is written in these parts.
pub(super) fn operations<'c>(code: &Code<'c>, parts: &[Node<'c>]) -> Vec<Operation> {
    if !parts.iter().any(|part| matches!(part.kind(), "string" | "template_string")) {
        return Vec::new();
    }
    let embedded = Embedded::read(code, parts);
    let lower = embedded.text.to_ascii_lowercase();
    if !STATEMENTS.iter().any(|word| lower.contains(word)) {
        return Vec::new();
    }
    let place = |operation: Operation| Operation {
        span: embedded.in_file(operation.span),
        change: without_holes(embedded.placed(operation.change)),
        ..operation
    };
    // What the program does with the rows of a query is not known.
    let queried = ddl::queried(&embedded.text).into_iter();
    let queries = queried.map(|(table, span)| Operation::new(Change::UseRows { table: Some(table) }, span));
    ddl::sql(&embedded.text).into_iter().chain(queries).map(place).collect()
}

/// The type of a column that is written as a string or a tagged template; empty where it is not known.
pub(super) fn kind<'c>(code: &Code<'c>, node: Node<'c>) -> String {
    let node = plain(node);
    let template = node.field(NodeField::Arguments).filter(|list| list.kind() == "template_string");
    let written = match template {
        Some(template) => Some(Embedded::read(code, &[template]).text),
        None => code.text(node),
    };
    written.map(|text| ddl::kind(&text)).filter(|kind| !kind.contains(HOLE)).unwrap_or_default()
}

/// A string as the program sees it, and where its pieces stand in the file.
#[derive(Default)]
struct Embedded {
    text: String,
    pieces: Vec<Piece>,
}

/// What was written as one: plain text, an escape sequence or a substitution.
struct Piece {
    /// Where it begins in the string.
    start: usize,
    /// Where it stands in the file.
    written: Range<usize>,
}

impl Embedded {
    fn read<'c>(code: &Code<'c>, parts: &[Node<'c>]) -> Self {
        let mut embedded = Self::default();
        for part in parts {
            if !matches!(part.kind(), "string" | "template_string") {
                embedded.push(&code.text(*part).unwrap_or_else(|| HOLE.into()), *part);
                continue;
            }
            for piece in part.parts() {
                if piece.kind() == "template_substitution" {
                    let value = named(piece).first().and_then(|value| substitution(code, *value));
                    embedded.push(&value.unwrap_or_else(|| HOLE.into()), piece);
                } else {
                    embedded.push(&unescape(code.str(piece)), piece);
                }
            }
        }
        embedded
    }

    fn push(&mut self, text: &str, node: Node<'_>) {
        self.pieces.push(Piece { start: self.text.len(), written: node.byte_range() });
        self.text.push_str(text);
    }

    fn in_file(&self, span: Span) -> Span {
        let (start, end) = (span.start as usize, span.end as usize);
        let first = self.pieces.partition_point(|piece| piece.start <= start).saturating_sub(1);
        let last = self.pieces.partition_point(|piece| piece.start < end).saturating_sub(1);
        let (Some(first), Some(ending)) = (self.pieces.get(first), self.pieces.get(last)) else { return span };
        let is_whole = self.pieces.get(last + 1).map_or(self.text.len(), |next| next.start) == end;
        let end = if is_whole { ending.written.end } else { (ending.written.start + end - ending.start).min(ending.written.end) };
        Span::new((first.written.start + start - first.start).min(first.written.end), end)
    }

    fn placed(&self, mut change: Change) -> Change {
        match &mut change {
            Change::CreateTable { table, .. } => {
                table.span = self.in_file(table.span);
                table.columns.iter_mut().for_each(|column| column.span = self.in_file(column.span));
            }
            Change::AddColumn { column, .. } => column.span = self.in_file(column.span),
            _ => {}
        }
        change
    }
}

/// What a substitution is known to put in: a constant, or an identifier by the helpers of
/// [Kysely](https://kysely-org.github.io/kysely-apidoc/interfaces/Sql.html) (`sql.table("user")`, `sql.ref`, `sql.id`).
fn substitution<'c>(code: &Code<'c>, value: Node<'c>) -> Option<String> {
    let chain = Chain::of(code, value);
    match chain.steps.as_slice() {
        [step] if code.str(chain.root) == "sql" && matches!(step.name, "table" | "ref" | "id") => {
            match step.values().as_slice() {
                [name] => Some(format!("\"{}\"", code.text(*name)?.replace('.', "\".\""))),
                _ => None,
            }
        }
        _ => code.text(value),
    }
}

/// Whether a query names columns that are not known.
fn has_hole(selected: &[Selected]) -> bool {
    let names = |one: &Selected| match &one.given {
        Given::Column(column) => [Some(column.clone()), one.name.clone()],
        _ => [None, one.name.clone()],
    };
    selected.iter().flat_map(names).flatten().any(|name| name.contains(HOLE))
}

/// The change, as far as it is known: what has a hole in its name or type is not.
fn without_holes(change: Change) -> Change {
    let is_open = |name: &str| name.contains(HOLE);
    let holed = |column: &Column| {
        let target = column.references.as_ref();
        is_open(&column.name) || is_open(&column.kind) || target.is_some_and(|to| is_open(&to.table) || is_open(&to.column))
    };
    let (table, unknown) = match &change {
        Change::CreateTable { table, .. } => (&table.name, false),
        Change::AddColumn { table, column } => (table, holed(column)),
        Change::DropTable { table } | Change::DeleteRows { table } | Change::WriteRows { table, .. } => (table, false),
        Change::PlaceColumn { table, column, .. } => (table, is_open(column)),
        Change::DropNamespace { namespace } if namespace.as_deref().is_some_and(is_open) => {
            return Change::Unknown { table: None };
        }
        Change::DropNamespace { .. } | Change::RunScript { .. } => return change,
        Change::RenameTable { table, to, .. } => (table, is_open(to)),
        Change::MoveTable { table, to } => (table, to.as_deref().is_some_and(is_open)),
        Change::DropColumn { table, column } => (table, is_open(column)),
        Change::RenameColumn { table, column, to, .. } => (table, is_open(column) || is_open(to)),
        Change::AlterColumn { table, column, kind, .. } => (table, is_open(column) || kind.as_deref().is_some_and(is_open)),
        Change::RemakeColumn { table, column, kind } => (table, is_open(column) || is_open(kind)),
        Change::CreateIndex { table, key } => (table, key.columns.iter().any(|column| is_open(column))),
        Change::AddForeignKey { table, column, references } => {
            (table, is_open(column) || is_open(&references.table) || is_open(&references.column))
        }
        Change::DropIndex { table: Some(table), name } => (table, is_open(name)),
        Change::CreateTrigger { table, .. } => (table, false),
        Change::DropIndex { table: None, .. } | Change::DropTrigger { .. } => return change,
        Change::UseRows { table } => return Change::UseRows { table: table.clone().filter(|name| !is_open(name)) },
        Change::Unknown { table } => return Change::Unknown { table: table.clone().filter(|name| !is_open(name)) },
    };
    if is_open(table) {
        return Change::Unknown { table: None };
    }
    if unknown {
        return Change::Unknown { table: Some(table.clone()) };
    }
    match change {
        Change::CreateTable { mut table, derived } => {
            let derived = derived.filter(|derived| {
                let is_known = !has_hole(&derived.columns);
                table.open |= !is_known;
                is_known
            });
            let known = table.columns.len();
            table.columns.retain(|column| !holed(column));
            table.open |= table.columns.len() < known;
            table.keys.retain(|key| !key.columns.iter().any(|column| is_open(column)));
            Change::CreateTable { table, derived }
        }
        Change::WriteRows { table, columns, from, selected } if has_hole(&selected) => {
            Change::WriteRows { table, columns, from, selected: Vec::new() }
        }
        known => known,
    }
}
