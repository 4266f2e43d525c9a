//! Columns that an earlier release wrote, and that have to do without a value now.

use std::sync::Arc;

use tree_sitter::Node;

use super::code::Code;
use super::{Edits, MIGRATIONS, Repair, found, insertion};
use crate::facts::schema::Column;
use crate::project::files::Files;
use crate::project::schema::render::Plan;
use crate::project::schema::render::sql;
use crate::project::schema::{Gap, Layer, SourceTable};
use crate::project::{AdapterKind, Server};
use crate::source::{Site, Span};
use crate::syntax::prisma::{self as syntax, Field};
use crate::syntax::typescript::fields::{NodeField, NodeFields};

/// Why columns that stand elsewhere are not edited.
const SPREAD: &str = "the columns of the table are spread in from elsewhere";

/// What lets the columns of a gap be empty.
pub(super) fn repair(server: &Server, gaps: &[&Gap], files: &dyn Files) -> Option<Repair> {
    let [gap] = gaps else { return None };
    let table = found(server, gap)?;
    let is_named = |column: &Column, name: &str| {
        name == column.name || name == column.stored_name() || column.physical.as_deref() == Some(name)
    };
    let is_one = |column: &&Column| gap.declared.iter().any(|(name, _)| is_named(column, name));
    let columns: Vec<&Column> = table.table.columns.iter().filter(is_one).collect();
    match (server.adapter.kind, table.layer) {
        (AdapterKind::Kysely, _) => {
            server.adapter.dialect?;
            let declaration = sql::relaxation(&Plan::of(server, std::collections::BTreeMap::new()), &table.table, &columns);
            Some(Repair { declaration, files: Vec::new(), edits: Err(MIGRATIONS.into()) })
        }
        (_, Layer::Prisma) => model(table, &columns, &files.text(&table.file)?),
        (_, Layer::Drizzle) => drizzle(table, &columns, &files.text(&table.file)?),
        _ => None,
    }
}

/// What lets columns be empty in the database that the migrations make.
pub(super) fn in_database(server: &Server, gap: &Gap) -> Option<Repair> {
    server.adapter.dialect?;
    let made = server.declared.migrated.iter().flat_map(|one| &one.tables).find(|table| Some(table.site()) == gap.found_in)?;
    let columns: Vec<&Column> = gap.declared.iter().filter_map(|(name, _)| made.table.column(name)).collect();
    let declaration = sql::relaxation(&Plan::of(server, std::collections::BTreeMap::new()), &made.table, &columns);
    Some(Repair { declaration, files: Vec::new(), edits: Err(MIGRATIONS.into()) })
}

/// A `?` behind the type of each field, and of the relation that holds it, as Prisma asks.
fn model(table: &SourceTable, columns: &[&Column], text: &str) -> Option<Repair> {
    let schema = syntax::read(text);
    let block = schema.blocks.iter().find(|block| block.name == table.table.span)?;
    let fields: Vec<&Field> = block.fields().collect();
    let is_one = |name: &str| columns.iter().any(|column| column.name == name);
    let is_held = |field: &Field| {
        let relation = field.attributes.iter().filter(|attribute| attribute.name.of(text) == "relation");
        let named = relation.flat_map(|relation| &relation.arguments);
        let mut held = named
            .filter(|argument| argument.name.is_some_and(|name| name.of(text) == "fields"))
            .flat_map(|argument| &argument.elements);
        held.any(|element| is_one(element.of(text)))
    };
    let relaxed: Vec<&&Field> =
        fields.iter().filter(|field| !field.optional && (is_one(field.name.of(text)) || is_held(field))).collect();
    let row = |field: &&&Field| {
        let (name, kind) = (field.name.start as usize, field.kind.end as usize);
        format!("  {}?{}\n", &text[name..kind], &text[kind..field.end()])
    };
    let rows: String = relaxed.iter().map(row).collect();
    let declaration = format!("model {} {{\n  // …\n{rows}}}\n", table.table.name);
    let keyed = |column: &&&Column| table.table.keys.iter().any(|key| key.primary && key.columns.contains(&column.name));
    let mark = |field: &&&Field| insertion(&table.file, field.kind.end as usize, "?".to_owned());
    let edits = match columns.iter().find(keyed) {
        Some(column) => Err(format!("`{}` is a part of the primary key", column.name)),
        None => Ok(relaxed.iter().map(mark).collect()),
    };
    Some(Repair { declaration, files: vec![Arc::clone(&table.file)], edits })
}

/// The columns without their `.notNull()`.
fn drizzle(table: &SourceTable, columns: &[&Column], text: &str) -> Option<Repair> {
    let code = Code::parse(&table.file, text)?;
    let written = code.table(table.table.span)?;
    let mut rows = String::new();
    let mut edits = Edits::new();
    for (name, value) in code.properties(written.columns) {
        if !columns.iter().any(|column| column.name == name) {
            continue;
        }
        let (start, end) = not_null(&code, value)?;
        let at = value.start_byte();
        rows.push_str(&format!("  {name}: {}{},\n", &text[at..start], &text[end..value.end_byte()]));
        edits.push(removal(&table.file, start, end));
    }
    let declaration = format!("export const {} = {}(…, {{\n  // …\n{rows}}});\n", written.name, written.maker);
    // One that stands elsewhere is spread in.
    let edits = if edits.len() == columns.len() { Ok(edits) } else { Err(SPREAD.into()) };
    Some(Repair { declaration, files: vec![Arc::clone(&table.file)], edits })
}

/// The call in a chain that asks for a value, with the dot before it.
fn not_null(code: &Code<'_>, column: Node<'_>) -> Option<(usize, usize)> {
    let mut call = column;
    loop {
        let function = call.field(NodeField::Function).filter(|_| call.kind() == "call_expression")?;
        let object = function.field(NodeField::Object)?;
        if code.of(function.field(NodeField::Property)?) == "notNull" {
            return Some((object.end_byte(), call.end_byte()));
        }
        call = object;
    }
}

fn removal(file: &Arc<str>, start: usize, end: usize) -> (Site, String) {
    (Site::new(file, Span::new(start, end)), String::new())
}
