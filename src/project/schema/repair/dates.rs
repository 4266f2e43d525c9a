//! Dates that are declared as text, or that code is given text of.

use std::sync::Arc;

use super::code::Code;
use super::{Edits, Repair, found};
use crate::project::Server;
use crate::project::files::Files;
use crate::project::schema::{Gap, Layer};
use crate::source::Site;
use crate::syntax::prisma::{self as syntax, Attribute, Field};
use crate::syntax::typescript::fields::{NodeField, NodeFields};

/// The fields as they have to be. Nothing is edited: the migration that follows a change of type may drop what the column
/// holds, and how that is converted is for people to tell.
pub(super) fn repair(server: &Server, gaps: &[&Gap], files: &dyn Files) -> Option<Repair> {
    let models: Vec<(Arc<str>, String)> = gaps.iter().map(|gap| model(server, gap, files)).collect::<Option<_>>()?;
    let (files, models): (Vec<_>, Vec<_>) = models.into_iter().unzip();
    let edits = Err("the values that the columns hold have to be converted".into());
    Some(Repair { declaration: models.join("\n"), files, edits })
}

/// A model, shortened to the fields that change, and its file.
fn model(server: &Server, gap: &Gap, files: &dyn Files) -> Option<(Arc<str>, String)> {
    // The generators for the others write all of the schema anew.
    let table = found(server, gap).filter(|table| table.layer == Layer::Prisma)?;
    let text = files.text(&table.file)?;
    let schema = syntax::read(&text);
    let block = schema.blocks.iter().find(|block| block.name == table.table.span)?;
    let is_one = |field: &&Field| gap.declared.iter().any(|(name, _)| name == field.name.of(&text));
    let rows: String = block.fields().filter(is_one).map(|field| row(&text, field)).collect();
    Some((Arc::clone(&table.file), format!("model {} {{\n  // …\n{rows}}}\n", table.table.name)))
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

/// Drizzle columns without the option that has code given text. The database keeps dates already; what else of the project
/// reads these columns is given dates from then on.
pub(super) fn as_dates(gaps: &[&Gap], files: &dyn Files) -> Option<Repair> {
    let mut edits = Edits::new();
    let mut blocks = Vec::new();
    for gap in gaps {
        let mut block = format!("// table `{}`\n", gap.table);
        for (name, place) in &gap.declared {
            let text = files.text(&place.file)?;
            let (column, edit) = given_as_date(place, &text)?;
            block.push_str(&format!("{name}: {column},\n"));
            if !edits.contains(&edit) {
                edits.push(edit);
            }
        }
        blocks.push(block);
    }
    let files = edits.iter().map(|(place, _)| Arc::clone(&place.file)).collect();
    Some(Repair { declaration: blocks.join("\n"), files, edits: Ok(edits) })
}

/// A column whose name stands at a place, as it has to be, and the edit that makes it so.
fn given_as_date(place: &Site, text: &str) -> Option<(String, (Site, String))> {
    let code = Code::parse(&place.file, text)?;
    let value = code.node(place.span)?.parent().filter(|parent| parent.kind() == "pair")?.field(NodeField::Value)?;
    let cut = code.string_mode(Code::start(value)?)?;
    let written = code.without(value, Some(cut));
    let lines: Vec<&str> = written.lines().map(str::trim).collect();
    Some((lines.join("\n  "), (Site::new(&place.file, cut), String::new())))
}
