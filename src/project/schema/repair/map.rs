//! Entries of the schema map a Drizzle adapter is given.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tree_sitter::Node;

use super::code::{Code, children};
use super::{Edits, Repair, insertion, line_end, rename};
use crate::facts::module::Export;
use crate::project::Server;
use crate::project::eval::Container;
use crate::project::files::Files;
use crate::project::resolve::{ancestors, join, relative};
use crate::project::schema::lookup::is_similar_table;
use crate::project::schema::{Gap, Layer, SourceTable};
use crate::source::{Site, folder_of};
use crate::syntax::typescript::fields::{NodeField, NodeFields};

/// Why a map is not edited.
pub(super) const UNKNOWN: &str = "it is not known how the file of the schema map gets at the tables";

/// An entry: the name the adapter looks up, and the table as its file exports it.
#[derive(Clone)]
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
    /// What goes into each file, as people would write it.
    pub(super) shown: Vec<(Arc<str>, String)>,
    /// The insertions; `None` where the places are not certain.
    pub(super) edits: Option<Edits>,
}

impl Gain {
    fn nothing() -> Self {
        Self { edits: Some(Edits::new()), ..Self::default() }
    }

    /// An object of a file that gains entries. `start` is what stands before it, and `rest` what it has so far, where that can
    /// be told in a word.
    fn entries(code: &Code<'_>, start: &str, rest: Option<&str>, lines: &[String], edits: Option<Edits>) -> Self {
        let rest = rest.map_or_else(|| "// …".to_owned(), |rest| format!("{rest},"));
        let lines: String = lines.iter().map(|line| format!("  {line},\n")).collect();
        Self { shown: vec![(Arc::clone(code.file), format!("{start}{{\n  {rest}\n{lines}}}\n"))], edits }
    }

    /// A file that gains lines.
    fn lines(code: &Code<'_>, lines: String, edits: Option<Edits>) -> Self {
        Self { shown: vec![(Arc::clone(code.file), lines)], edits }
    }

    /// Both.
    fn and(mut self, other: Self) -> Self {
        self.shown.extend(other.shown);
        self.edits = self.edits.zip(other.edits).map(|(one, other)| [one, other].concat());
        self
    }
}

/// What gives the schema map the tables that are declared and not in it, or those that stand under other keys their own.
pub(super) fn repair(server: &Server, gaps: &[&Gap], files: &dyn Files) -> Option<Repair> {
    let mut renamed = Vec::new();
    let mut missing = Vec::new();
    for gap in gaps {
        match rename::rename(server, gap, files) {
            Some(one) => renamed.push(one),
            None => missing.push(*gap),
        }
    }
    let mut parts = Vec::new();
    let mut edits = Ok(Edits::new());
    if !renamed.is_empty() {
        let lines: String = renamed.iter().map(|one| format!("  {},\n", one.line)).collect();
        parts.push(format!("schema: {{\n  // …\n{lines}}}\n"));
        edits = renamed.into_iter().map(|one| one.edit).collect::<Result<Edits, &str>>().map_err(str::to_owned);
    }
    if !missing.is_empty() {
        let added = additions(server, &missing, files)?;
        parts.push(added.declaration);
        edits = edits.and_then(|edits| Ok([edits, added.edits?].concat()));
    }
    Some(Repair { declaration: parts.join("\n"), files: Vec::new(), edits })
}

/// What gives the schema map the tables that it has under no key.
fn additions(server: &Server, gaps: &[&Gap], files: &dyn Files) -> Option<Repair> {
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
        let map = server.declared.lookup.map().map(|map| &map.file);
        declaration.extend(gain.shown.into_iter().map(|(file, text)| match map == Some(&file) {
            true => text,
            false => format!("// {file}\n{text}"),
        }));
        // The tables are there, and not in the map: what changes nothing does not put them in.
        let own = gain.edits.filter(|own| !own.is_empty()).ok_or(UNKNOWN);
        edits = edits.and_then(|all| Ok([all, own?].concat()));
    }
    Some(Repair { declaration: declaration.join("\n"), files: Vec::new(), edits: edits.map_err(str::to_owned) })
}

/// What gives an adapter a schema map that has none: the module that exports all tables it looks up, or the tables of one that
/// exports them by other names.
pub(super) fn whole(server: &Server, files: &dyn Files) -> Option<String> {
    let names: Vec<String> =
        server.required.tables.iter().map(|(key, table)| server.adapter.lookup_name(key, &table.model)).collect();
    let of_file = |file: &Arc<str>| -> Option<Vec<Entry>> {
        let own = || server.declared.all.iter().filter(|table| table.file == *file && table.layer == Layer::Drizzle);
        let entry = |name: &String| {
            let exact = own().find(|table| table.table.name == *name);
            let mut meant = own().filter(|table| is_similar_table(&table.table, name));
            let table = exact.or_else(|| meant.next().filter(|_| meant.next().is_none()))?;
            Some(Entry { key: name.clone(), table: table.table.name.clone() })
        };
        names.iter().map(entry).collect()
    };
    let declaring: BTreeSet<&Arc<str>> = server.declared.all.iter().map(|table| &table.file).collect();
    let mut whole = declaring.into_iter().filter_map(|file| Some((file, of_file(file)?)));
    let (Some((file, entries)), None) = (whole.next(), whole.next()) else { return None };
    let own = &server.adapter.at.file;
    let text = files.text(own)?;
    let code = Code::parse(own, &text)?;
    let imports = code.imports();
    let relative = imports.iter().map(|import| import.module).find(|module| module.starts_with('.'));
    let ending = relative.and_then(|module| ENDINGS.into_iter().find(|ending| module.ends_with(ending)));
    let specifier = specifier(own, file, ending.unwrap_or_default(), files)?;
    if entries.iter().all(|entry| entry.key == entry.table) {
        return Some(format!("import * as schema from \"{specifier}\";\n\ndrizzleAdapter(…, {{ …, schema }})\n"));
    }
    let tables: Vec<&str> = entries.iter().map(|entry| entry.table.as_str()).collect();
    let lines: String = entries.iter().map(|entry| format!("    {},\n", entry.written(&entry.table))).collect();
    Some(format!(
        "import {{ {} }} from \"{specifier}\";\n\ndrizzleAdapter(…, {{\n  // …\n  schema: {{\n{lines}  }},\n}})\n",
        tables.join(", ")
    ))
}

/// What gives the schema map the tables of a file; `None` where the map cannot be read.
pub(super) fn entries(server: &Server, home: &Code<'_>, new: &[Entry], files: &dyn Files) -> Option<Gain> {
    let lookup = &server.declared.lookup;
    let Some(map) = lookup.map().filter(|_| !new.is_empty()) else { return Some(Gain::nothing()) };
    let text = files.text(&map.file)?;
    let code = Code::parse(&map.file, &text)?;
    let of_home: Vec<&(String, SourceTable)> = lookup.tables.iter().filter(|(_, table)| table.file == *home.file).collect();
    let keeps_names = new.iter().all(|entry| entry.key == entry.table);
    let Some(object) = code.object(map.span) else {
        return match code.node(map.span).and_then(|node| lookup.container(code.of(node))) {
            Some(Container::Module(file, names)) => {
                of_module(server, (file, names), home, new, files, || renamed(server, &code, map, new))
            }
            _ => Some(plain(&code, new)),
        };
    };
    let written = code.properties(object);
    // One that is there, with a value that is no table, is not written again.
    let new: Vec<Entry> = new.iter().filter(|entry| written.iter().all(|(name, _)| *name != entry.key)).cloned().collect();
    if new.is_empty() {
        return Some(Gain::nothing());
    }
    let named = |(key, _): &&&(String, SourceTable)| written.iter().any(|(name, _)| name == key);
    let is_spread = code.spreads(object) && (of_home.is_empty() || !of_home.iter().all(|one| named(&one)));
    if is_spread && keeps_names {
        let module = |local| match lookup.container(local) {
            Some(Container::Module(file, names)) => Some((file, names.as_slice())),
            _ => None,
        };
        let modules: Vec<_> = spread_modules(&code, object).into_iter().filter_map(module).collect();
        let passing = modules.iter().find(|module| passes_on(server, **module, home));
        match (passing, modules.as_slice()) {
            (Some(module), _) | (None, [module]) => return of_module(server, *module, home, &new, files, || None),
            _ => return Some(plain(&code, &new)),
        }
    }
    // A new entry is written as one that is there for a table of the same file.
    let like = written.iter().find(|(name, _)| of_home.iter().any(|(key, _)| key == name)).map(|(_, value)| *value);
    match (like, spread_modules(&code, object).as_slice()) {
        (Some(like), _) if like.kind() == "member_expression" => out_of(server, &code, object, like, home, &new, files),
        (None, [module]) if is_spread => Some(appended(&code, object, new.iter().map(|entry| entry.of_module(module)).collect())),
        _ => Some(beside(&code, object, MAP, like, home, &new)),
    }
}

/// What stands before the schema map.
const MAP: &str = "schema: ";

/// An object with entries at its end.
fn appended(code: &Code<'_>, object: Node<'_>, lines: Vec<String>) -> Gain {
    Gain::entries(code, MAP, None, &lines, Some(code.append(object, &lines)))
}

/// The entries where those that are there are members of what holds the tables, as `like` is: that has to hold the new ones too.
fn out_of(
    server: &Server,
    code: &Code<'_>,
    object: Node<'_>,
    like: Node<'_>,
    home: &Code<'_>,
    new: &[Entry],
    files: &dyn Files,
) -> Option<Gain> {
    let (local, member) = (code.of(like.field(NodeField::Object)?), code.of(like.field(NodeField::Property)?));
    let own = appended(code, object, new.iter().map(|entry| entry.of_module(local)).collect());
    let kept: Vec<Entry> = new.iter().map(|entry| Entry { key: entry.table.clone(), table: entry.table.clone() }).collect();
    let gain = match server.declared.lookup.container(local) {
        Some(Container::Module(file, names)) => of_module(server, (file, names), home, &kept, files, || None)?,
        Some(Container::Literal(at)) => {
            let text = files.text(&at.file)?;
            let code = Code::parse(&at.file, &text)?;
            let object = code.object(at.span)?;
            let entry = code.properties(object).into_iter().find(|(name, _)| *name == member).map(|(_, value)| value);
            if entry.is_none() && spreads_all_of(&code, object, home) {
                return Some(own);
            }
            beside(&code, object, &format!("{local} = "), entry, home, &kept)
        }
        None => return Some(plain(code, new)),
    };
    Some(own.and(gain))
}

/// Whether an object holds whatever a file exports.
fn spreads_all_of(code: &Code<'_>, object: Node<'_>, home: &Code<'_>) -> bool {
    let spread = spread_modules(code, object);
    let is_home = |module: &str| join(folder_of(code.file), module).is_some_and(|path| names_file(&path, home.file));
    code.imports().iter().any(|import| import.namespace.is_some_and(|own| spread.contains(&own)) && is_home(import.module))
}

/// The entries of an object whose entry `like` is a table of the same file.
fn beside(code: &Code<'_>, object: Node<'_>, start: &str, like: Option<Node<'_>>, home: &Code<'_>, new: &[Entry]) -> Gain {
    let is_name = |like: &Node<'_>| ["identifier", "shorthand_property_identifier"].contains(&like.kind());
    let Some(like) = like.filter(is_name) else { return plain(code, new) };
    if code.file == home.file {
        let lines: Vec<String> = new.iter().map(|entry| entry.written(&entry.table)).collect();
        return Gain::entries(code, start, None, &lines, Some(code.append(object, &lines)));
    }
    imported(code, object, start, like, new)
}

/// What gives the map the tables of a file where it has a module as a whole: the module passes on those it does not export.
/// `renamed` is what gives it those under other names that are exported.
fn of_module(
    server: &Server,
    module: (&Arc<str>, &[String]),
    home: &Code<'_>,
    new: &[Entry],
    files: &dyn Files,
    renamed: impl FnOnce() -> Option<Gain>,
) -> Option<Gain> {
    let is_whole = passes_on(server, module, home);
    let is_exported = |entry: &&Entry| is_whole || module.1.contains(&entry.table);
    let (exported, kept): (Vec<&Entry>, Vec<&Entry>) = new.iter().partition(is_exported);
    match (exported.as_slice(), kept.as_slice()) {
        (exported, []) if exported.iter().all(|entry| entry.key == entry.table) => Some(Gain::nothing()),
        (_, []) => renamed(),
        ([], kept) => {
            let (file, names) = module;
            let text = files.text(file)?;
            passed_on(&Code::parse(file, &text)?, names, home, kept, files)
        }
        _ => None,
    }
}

/// Whether a module has whatever a file exports, as far as its tables tell.
fn passes_on(server: &Server, (module, names): (&Arc<str>, &[String]), home: &Code<'_>) -> bool {
    let mut of_home = server.declared.all.iter().filter(|table| table.file == *home.file);
    module == home.file || of_home.all(|table| names.contains(&table.table.name))
}

/// What makes a module pass tables of another file on.
fn passed_on(module: &Code<'_>, names: &[String], home: &Code<'_>, new: &[&Entry], files: &dyn Files) -> Option<Gain> {
    let exports = module.passed_on();
    let relative = exports.iter().map(|export| export.module).find(|module| module.starts_with('.'));
    let ending = relative.map(|module| ENDINGS.into_iter().find(|ending| module.ends_with(ending)).unwrap_or_default());
    let specifier = specifier(module.file, home.file, ending.unwrap_or_default(), files)?;
    let quoted = |quote: char| format!("{quote}{specifier}{quote}");
    let listed: Vec<String> = new
        .iter()
        .map(|entry| if entry.key == entry.table { entry.table.clone() } else { format!("{} as {}", entry.table, entry.key) })
        .collect();
    let own = exports
        .iter()
        .find(|export| join(folder_of(module.file), export.module).is_some_and(|path| names_file(&path, home.file)));
    if let Some(own) = own {
        let shown = format!("export {{ {} }} from {};\n", listed.join(", "), quoted('"'));
        let list = own.list?;
        return Some(Gain::lines(module, shown, Some(module.append(list, &listed))));
    }
    // A name that two modules export is exported by neither.
    let of_home = files.facts(home.file)?;
    let is_free = of_home.module()?.exports.iter().all(|export| match export {
        Export::Local { name, .. } | Export::From { name, .. } => !names.contains(name),
        Export::All { .. } => false,
    });
    let keeps_names = new.iter().all(|entry| entry.key == entry.table);
    let what = if is_free && keeps_names { "*".to_owned() } else { format!("{{ {} }}", listed.join(", ")) };
    let last = exports.last();
    let quote = last.and_then(|last| last.code.chars().find(|letter| ['"', '\''].contains(letter))).unwrap_or('"');
    let end = if last.is_none_or(|last| last.code.ends_with(';')) { ";" } else { "" };
    let line = format!("export {what} from {}{end}", quoted(quote));
    let edits = last.filter(|_| ending.is_some()).map(|last| {
        let end = line_end(module.text, last.end);
        vec![insertion(module.file, end, format!("\n{line}"))]
    });
    Some(Gain::lines(module, format!("{line}\n"), edits))
}

/// Endings of files that specifiers may have.
const ENDINGS: [&str; 4] = [".js", ".mjs", ".ts", ".mts"];

/// Whether a path without its ending, or of a folder, means a file.
fn names_file(path: &str, file: &str) -> bool {
    let stem = |path: &str| ENDINGS.iter().find_map(|ending| path.strip_suffix(ending)).unwrap_or(path).to_owned();
    let (path, file) = (stem(path), stem(file));
    path == file || file.strip_suffix("/index") == Some(&path)
}

/// How one file names another of the same package.
fn specifier(from: &str, to: &str, ending: &str, files: &dyn Files) -> Option<String> {
    let (own, other) = (folder_of(from), folder_of(to));
    let common = ancestors(own).find(|folder| relative(folder, other).is_some())?;
    // Other packages are known by their names.
    let is_within = |folder: &str| {
        ancestors(folder).take_while(|one| *one != common).all(|one| !files.exists(&format!("{one}/package.json")))
    };
    if !is_within(own) || !is_within(other) {
        return None;
    }
    let up = relative(common, own)?.split('/').filter(|part| !part.is_empty()).count();
    let stem = ENDINGS.iter().find_map(|ending| to.strip_suffix(ending))?;
    let down = relative(common, stem)?;
    let down = if ending.is_empty() { down.strip_suffix("/index").unwrap_or(down) } else { down };
    let up = if up == 0 { "./".to_owned() } else { "../".repeat(up) };
    Some(format!("{up}{down}{ending}"))
}

/// The entries where it is not known how the file of the map gets at the tables.
fn plain(code: &Code<'_>, new: &[Entry]) -> Gain {
    let lines: Vec<String> = new.iter().map(|entry| entry.written(&free(code, &entry.table))).collect();
    Gain::entries(code, MAP, None, &lines, None)
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
    Some(Gain::entries(code, MAP, Some(&format!("...{module}")), &lines, is_option.then_some(edits)))
}

/// The whole modules that are spread into an object.
fn spread_modules<'c>(code: &'c Code<'_>, object: Node<'c>) -> Vec<&'c str> {
    let spread = children(object).into_iter().filter(|node| node.kind() == "spread_element");
    let spread = spread.filter_map(|node| Some(code.of(*children(node).first()?)));
    spread.filter(|local| code.imports().iter().any(|import| import.namespace == Some(*local))).collect()
}

/// The entries of tables that are imported along with the one that `like` names, by other names where theirs are taken: a
/// plugin is often called what its table is.
fn imported(code: &Code<'_>, object: Node<'_>, start: &str, like: Node<'_>, new: &[Entry]) -> Gain {
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
    let mut edits = code.append(object, &lines);
    let mut shown = start.to_owned();
    if !names.is_empty() {
        let quote = code.text[list.end_byte()..].chars().find(|character| ['"', '\''].contains(character)).unwrap_or('"');
        shown = format!("import {{ {} }} from {quote}{}{quote};\n\n{start}", names.join(", "), import.module);
        edits.extend(code.import(list, &names));
    }
    Gain::entries(code, &shown, None, &lines, Some(edits))
}

/// A name for a table that means nothing else in the file.
fn free(code: &Code<'_>, table: &str) -> String {
    let others = (1..).map(|count| format!("{table}Table{}", if count == 1 { String::new() } else { count.to_string() }));
    std::iter::once(table.to_owned()).chain(others).find(|name| !code.is_taken(name)).unwrap_or_else(|| table.to_owned())
}
