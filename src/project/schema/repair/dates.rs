//! Dates that are declared as text.

use std::sync::Arc;

use super::{Repair, found};
use crate::project::Server;
use crate::project::files::Files;
use crate::project::schema::{Gap, Layer};
use crate::syntax::prisma::{self as syntax, Attribute, Field};

/// The fields as they have to be. Nothing is edited: the migration that follows a change of type may drop what the column
/// holds, and how that is converted is for people to tell.
pub(super) fn repair(server: &Server, gaps: &[&Gap], files: &dyn Files) -> Option<Repair> {
    let [gap] = gaps else { return None };
    // The generators for the others write all of the schema anew.
    let table = found(server, gap).filter(|table| table.layer == Layer::Prisma)?;
    let text = files.text(&table.file)?;
    let schema = syntax::read(&text);
    let block = schema.blocks.iter().find(|block| block.name == table.table.span)?;
    let is_one = |field: &&Field| gap.declared.iter().any(|(name, _)| name == field.name.of(&text));
    let rows: String = block.fields().filter(is_one).map(|field| row(&text, field)).collect();
    Some(Repair {
        declaration: format!("model {} {{\n  // …\n{rows}}}\n", table.table.name),
        files: vec![Arc::clone(&table.file)],
        edits: Err("the values that the columns hold have to be converted".into()),
    })
}

/// The field as a date, without what belongs to a text.
fn row(text: &str, field: &Field) -> String {
    let of_text = |attribute: &&Attribute| {
        let name = attribute.name.of(text);
        let is_text = || attribute.argument(text, "value").is_some_and(|value| syntax::string(text, value.value).is_some());
        name.starts_with("db.") || name == "default" && is_text()
    };
    let kept = field.attributes.iter().filter(|attribute| !of_text(attribute));
    let attributes: String = kept.map(|attribute| format!(" @{}", attribute.span.of(text))).collect();
    format!("  {} DateTime{}{attributes}\n", field.name.of(text), if field.optional { "?" } else { "" })
}
