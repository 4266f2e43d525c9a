//! Keys of the schema map of a Drizzle adapter that are not those it looks up.

use super::code::Code;
use crate::project::Server;
use crate::project::files::Files;
use crate::project::schema::Gap;
use crate::source::{Site, Span};
use crate::syntax::typescript::fields::{NodeField, NodeFields};

/// An entry under the key that is looked up.
pub(super) struct Renamed {
    /// The entry.
    pub(super) line: String,
    /// The edit, or why there is none.
    pub(super) edit: Result<(Site, String), &'static str>,
}

/// The key under which the map has the table that a gap misses, where nothing looks that key up.
fn key_of<'g>(server: &Server, gap: &'g Gap) -> Option<&'g str> {
    let [(name, place)] = gap.declared.as_slice() else { return None };
    let is_key = server.declared.lookup.tables.iter().any(|(key, table)| key == name && table.site() == *place);
    let is_wanted = server.required.tables.iter().any(|(key, table)| server.adapter.lookup_name(key, &table.model) == *name);
    (is_key && !is_wanted).then_some(name)
}

/// What gives an entry of the map the key that is looked up; `None` where no entry is written that only lacks it.
pub(super) fn rename(server: &Server, gap: &Gap, files: &dyn Files) -> Option<Renamed> {
    let key = key_of(server, gap)?;
    let map = server.declared.lookup.map()?;
    let text = files.text(&map.file)?;
    let code = Code::parse(&map.file, &text)?;
    let (_, value) = code.properties(code.object(map.span)?).into_iter().find(|(name, _)| *name == key)?;
    let (start, end, written) = match value.kind() {
        "shorthand_property_identifier" => (value.start_byte(), value.start_byte(), format!("{}: ", gap.table)),
        _ => {
            let key = value.parent()?.field(NodeField::Key)?;
            (key.start_byte(), key.end_byte(), gap.table.clone())
        }
    };
    let is_given = server.adapter.options.as_ref().is_some_and(|options| {
        let (inner, outer) = (map.span, options.at.span);
        options.at.file == map.file && outer.start <= inner.start && inner.end <= outer.end
    });
    // What stands apart from the adapter may be used by its keys.
    let edit = is_given.then(|| (Site::new(&map.file, Span::new(start, end)), written));
    Some(Renamed {
        line: format!("{}: {}", gap.table, code.of(value)),
        edit: edit.ok_or("other code may use the schema map by its keys"),
    })
}
