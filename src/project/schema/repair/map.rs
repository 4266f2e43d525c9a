//! Entries of the schema map a Drizzle adapter is given.

use std::collections::BTreeMap;
use std::sync::Arc;

use tree_sitter::Node;

use super::code::Code;
use super::{Edits, Repair};
use crate::project::Server;
use crate::project::files::Files;
use crate::project::schema::{Gap, SourceTable};

/// An entry: the name the adapter looks up, and the table as its file exports it.
pub(super) struct Entry {
    key: String,
    table: String,
}

impl Entry {
    /// The entry of a new table, which is called what the adapter looks up.
    pub(super) fn new(server: &Server, key: &str) -> Self {
        let model = server.required.tables.get(key).map_or(key, |table| &table.model);
        let name = server.adapter.lookup_name(key, model);
        Self { key: name.clone(), table: name }
    }

    /// The entry where the table is known as `value`.
    fn written(&self, value: &str) -> String {
        if self.key == value { self.key.clone() } else { format!("{}: {value}", self.key) }
    }
}

/// What gives the schema map the tables that are declared and not in it.
pub(super) fn repair(server: &Server, gaps: &[&Gap], files: &dyn Files) -> Option<Repair> {
    let mut by_file: BTreeMap<&Arc<str>, Vec<Entry>> = BTreeMap::new();
    let mut lines = String::new();
    let mut certain = true;
    for gap in gaps {
        let [(_, place), others @ ..] = gap.declared.as_slice() else { return None };
        certain &= others.is_empty();
        let text = files.text(&place.file)?;
        let code = Code::parse(&place.file, &text)?;
        let entry = Entry { key: gap.table.clone(), table: code.table(place.span)?.name.to_owned() };
        lines.push_str(&format!("  {},\n", entry.written(&entry.table)));
        by_file.entry(&place.file).or_default().push(entry);
    }
    let edits = || {
        let mut edits = Edits::new();
        for (file, new) in by_file {
            let text = files.text(file)?;
            edits.extend(entries(server, &Code::parse(file, &text)?, &new, files)?);
        }
        certain.then_some(edits)
    };
    Some(Repair { declaration: format!("schema: {{\n  // …\n{lines}}}\n"), edits: edits() })
}

/// The insertions that give the schema map the tables of a file; none where it has all that the file exports, `None` where
/// that is not known.
pub(super) fn entries(server: &Server, home: &Code<'_>, new: &[Entry], files: &dyn Files) -> Option<Edits> {
    let lookup = &server.declared.lookup;
    let Some(map) = lookup.map.as_ref().filter(|_| !new.is_empty()) else { return Some(Edits::new()) };
    let text = files.text(&map.file)?;
    let code = Code::parse(&map.file, &text)?;
    let of_home: Vec<&(String, SourceTable)> = lookup.tables.iter().filter(|(_, table)| table.file == *home.file).collect();
    let Some(object) = code.object(map.span) else {
        // The whole of a module is given: it has what the file exports under its own name.
        let is_exported =
            |(key, table): &&(String, SourceTable)| home.table(table.table.span).is_some_and(|code| code.name == key);
        return of_home.iter().any(is_exported).then(Edits::new);
    };
    let written = code.properties(object);
    let named = |(key, _): &&&(String, SourceTable)| written.iter().any(|(name, _)| name == key);
    if code.spreads(object) && !of_home.iter().all(|one| named(&one)) && new.iter().all(|entry| entry.key == entry.table) {
        return Some(Edits::new());
    }
    // A new entry is written as one that is there for a table of the same file.
    let like = written.iter().find(|(name, _)| of_home.iter().any(|(key, _)| key == name))?.1;
    let mut edits = Edits::new();
    let lines: Vec<String> = match like.kind() {
        "member_expression" => {
            let module = code.of(like.child_by_field_name("object")?);
            new.iter().map(|entry| entry.written(&format!("{module}.{}", entry.table))).collect()
        }
        "identifier" | "shorthand_property_identifier" => {
            if code.file != home.file {
                edits.extend(imported(&code, like, new)?);
            }
            new.iter().map(|entry| entry.written(&entry.table)).collect()
        }
        _ => return None,
    };
    edits.extend(code.append(object, &lines));
    Some(edits)
}

/// The insertions that import tables along with the one that `like` names.
fn imported(code: &Code<'_>, like: Node<'_>, new: &[Entry]) -> Option<Edits> {
    let imports = code.imports();
    let import = imports.iter().find(|import| import.names.iter().any(|(_, local)| *local == code.of(like)))?;
    let names: Vec<String> = new.iter().map(|entry| entry.table.clone()).collect();
    let is_taken =
        |name: &String| code.binds(name) || imports.iter().flat_map(|import| &import.names).any(|(_, local)| local == name);
    let names: Vec<String> =
        names.into_iter().filter(|name| !import.names.iter().any(|(known, local)| known == local && known == name)).collect();
    if names.iter().any(is_taken) {
        return None;
    }
    Some(if names.is_empty() { Edits::new() } else { code.append(import.list?, &names) })
}
