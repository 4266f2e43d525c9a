//! Entries of the schema map a Drizzle adapter is given.

use std::collections::BTreeMap;
use std::sync::Arc;

use tree_sitter::Node;

use super::code::{Code, children};
use super::{Edits, Repair, insertion};
use crate::project::Server;
use crate::project::files::Files;
use crate::project::schema::{Gap, SourceTable};
use crate::source::Site;

/// Why a map is not edited.
pub(super) const UNKNOWN: &str = "it is not known how the file of the schema map gets at the tables";

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

    /// The entry where the whole module is known as `module`.
    fn of_module(&self, module: &str) -> String {
        self.written(&format!("{module}.{}", self.table))
    }
}

/// What the schema map gains.
#[derive(Default)]
pub(super) struct Gain {
    /// What it has so far, where that can be told in a word.
    rest: Option<String>,
    /// The entries; none where the map has whatever its module exports.
    lines: Vec<String>,
    /// The import they need.
    import: Option<String>,
    /// The insertions; `None` where the places are not certain.
    pub(super) edits: Option<Edits>,
}

impl Gain {
    fn nothing() -> Self {
        Self { edits: Some(Edits::new()), ..Self::default() }
    }

    /// The gain as text, where there is one.
    pub(super) fn text(&self) -> Option<String> {
        let lines = self.rest.iter().chain(&self.lines).map(|line| format!("  {line},\n"));
        let lines: String = self.rest.is_none().then(|| "  // …\n".to_owned()).into_iter().chain(lines).collect();
        let import = self.import.as_ref().map(|import| format!("{import}\n\n")).unwrap_or_default();
        (!self.lines.is_empty()).then(|| format!("{import}schema: {{\n{lines}}}\n"))
    }
}

/// What gives the schema map the tables that are declared and not in it.
pub(super) fn repair(server: &Server, gaps: &[&Gap], files: &dyn Files) -> Option<Repair> {
    let mut by_file: BTreeMap<&Arc<str>, Vec<Entry>> = BTreeMap::new();
    let mut certain = true;
    for gap in gaps {
        let [(_, place), others @ ..] = gap.declared.as_slice() else { return None };
        certain &= others.is_empty();
        let text = files.text(&place.file)?;
        let code = Code::parse(&place.file, &text)?;
        let entry = Entry { key: gap.table.clone(), table: code.table(place.span)?.name.to_owned() };
        by_file.entry(&place.file).or_default().push(entry);
    }
    let mut declaration = Vec::new();
    let mut edits = certain.then(Edits::new).ok_or("several tables may be what is looked for");
    for (file, new) in by_file {
        let text = files.text(file)?;
        let gain = entries(server, &Code::parse(file, &text)?, &new, files)?;
        declaration.extend(gain.text());
        // The tables are there, and not in the map: what changes nothing does not put them in.
        let own = gain.edits.filter(|own| !own.is_empty()).ok_or(UNKNOWN);
        edits = edits.and_then(|all| Ok([all, own?].concat()));
    }
    Some(Repair { declaration: declaration.join("\n"), edits: edits.map_err(str::to_owned) })
}

/// What gives the schema map the tables of a file; `None` where the map cannot be read.
pub(super) fn entries(server: &Server, home: &Code<'_>, new: &[Entry], files: &dyn Files) -> Option<Gain> {
    let lookup = &server.declared.lookup;
    let Some(map) = lookup.map.as_ref().filter(|_| !new.is_empty()) else { return Some(Gain::nothing()) };
    let text = files.text(&map.file)?;
    let code = Code::parse(&map.file, &text)?;
    let of_home: Vec<&(String, SourceTable)> = lookup.tables.iter().filter(|(_, table)| table.file == *home.file).collect();
    let keeps_names = new.iter().all(|entry| entry.key == entry.table);
    let Some(object) = code.object(map.span) else {
        // The whole of a module is given: it has what the file exports under its own name.
        let is_exported =
            |(key, table): &&(String, SourceTable)| home.table(table.table.span).is_some_and(|code| code.name == key);
        let is_whole = of_home.iter().any(is_exported);
        return match (is_whole, keeps_names) {
            (true, true) => Some(Gain::nothing()),
            (true, false) => renamed(server, &code, map, new),
            (false, _) => Some(plain(&code, new)),
        };
    };
    let written = code.properties(object);
    let named = |(key, _): &&&(String, SourceTable)| written.iter().any(|(name, _)| name == key);
    let is_spread = code.spreads(object) && !of_home.iter().all(|one| named(&one));
    if is_spread && keeps_names {
        return Some(Gain::nothing());
    }
    // A new entry is written as one that is there for a table of the same file.
    let like = written.iter().find(|(name, _)| of_home.iter().any(|(key, _)| key == name)).map(|(_, value)| *value);
    let mut gain = match like {
        Some(like) if like.kind() == "member_expression" => {
            let module = code.of(like.child_by_field_name("object")?);
            Gain { lines: new.iter().map(|entry| entry.of_module(module)).collect(), ..Gain::nothing() }
        }
        Some(like) if ["identifier", "shorthand_property_identifier"].contains(&like.kind()) => {
            if code.file == home.file {
                Gain { lines: new.iter().map(|entry| entry.written(&entry.table)).collect(), ..Gain::nothing() }
            } else {
                imported(&code, like, new)
            }
        }
        None if is_spread => match spread_module(&code, object) {
            Some(module) => Gain { lines: new.iter().map(|entry| entry.of_module(module)).collect(), ..Gain::nothing() },
            None => plain(&code, new),
        },
        _ => plain(&code, new),
    };
    if let Some(edits) = &mut gain.edits {
        edits.extend(code.append(object, &gain.lines));
    }
    Some(gain)
}

/// The entries where it is not known how the file of the map gets at the tables.
fn plain(code: &Code<'_>, new: &[Entry]) -> Gain {
    Gain { lines: new.iter().map(|entry| entry.written(&free(code, &entry.table))).collect(), ..Gain::default() }
}

/// What puts tables of a whole module under other names: an object with all of it, and the entries. A database handle
/// would get the tables twice, and relations go by tables.
fn renamed(server: &Server, code: &Code<'_>, map: &Site, new: &[Entry]) -> Option<Gain> {
    let node = code.node(map.span)?;
    let module = code.of(node);
    if !code.imports().iter().any(|import| import.namespace == Some(module)) {
        return Some(plain(code, new));
    }
    let lines: Vec<String> = new.iter().map(|entry| entry.of_module(module)).collect();
    let entries = lines.join(", ");
    let (start, end) = (map.span.start as usize, map.span.end as usize);
    let edits = match node.kind() {
        "shorthand_property_identifier" => {
            vec![insertion(code.file, end, format!(": {{ ...{module}, {entries} }}"))]
        }
        _ => {
            vec![insertion(code.file, start, "{ ...".into()), insertion(code.file, end, format!(", {entries} }}"))]
        }
    };
    let is_option =
        server.adapter.options.as_ref().and_then(|options| options.get(&["schema"])).is_some_and(|own| own.at == *map);
    Some(Gain { rest: Some(format!("...{module}")), lines, import: None, edits: is_option.then_some(edits) })
}

/// The only whole module that is spread into an object.
fn spread_module<'c>(code: &'c Code<'_>, object: Node<'c>) -> Option<&'c str> {
    let mut spread = children(object).into_iter().filter(|node| node.kind() == "spread_element");
    let module = code.of(*children(spread.next()?).first()?);
    let is_module = code.imports().iter().any(|import| import.namespace == Some(module));
    (spread.next().is_none() && is_module).then_some(module)
}

/// The entries of tables that are imported along with the one that `like` names, by other names where theirs are taken: a
/// plugin is often called what its table is.
fn imported(code: &Code<'_>, like: Node<'_>, new: &[Entry]) -> Gain {
    let imports = code.imports();
    let import = imports.iter().find(|import| import.names.iter().any(|(_, local)| *local == code.of(like)));
    let Some((import, list)) = import.and_then(|import| Some((import, import.list?))) else { return plain(code, new) };
    let mut names = Vec::new();
    let mut lines = Vec::new();
    for entry in new {
        let known = import.names.iter().find(|(name, _)| *name == entry.table);
        let local = known.map_or_else(|| free(code, &entry.table), |(_, local)| (*local).to_owned());
        if known.is_none() {
            let renames = if list.kind() == "object_pattern" { ": " } else { " as " };
            names.push(if local == entry.table { local.clone() } else { format!("{}{renames}{local}", entry.table) });
        }
        lines.push(entry.written(&local));
    }
    if names.is_empty() {
        return Gain { lines, ..Gain::nothing() };
    }
    let quote = code.text[list.end_byte()..].chars().find(|character| ['"', '\''].contains(character)).unwrap_or('"');
    let shown = format!("import {{ {} }} from {quote}{}{quote};", names.join(", "), import.module);
    Gain { lines, import: Some(shown), edits: Some(code.import(list, &names)), ..Gain::default() }
}

/// A name for a table that means nothing else in the file.
fn free(code: &Code<'_>, table: &str) -> String {
    let others = (1..).map(|count| format!("{table}Table{}", if count == 1 { String::new() } else { count.to_string() }));
    std::iter::once(table.to_owned()).chain(others).find(|name| !code.is_taken(name)).unwrap_or_else(|| table.to_owned())
}
