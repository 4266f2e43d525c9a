//! Insertions into files of Drizzle tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use tree_sitter::Node;

use super::code::{Code, Import, TableCode};
use super::{Edits, Repair, indent_at, insertion, line_end, map};
use crate::facts::schema::Table;
use crate::project::files::Files;
use crate::project::schema::lookup::snake_case;
use crate::project::schema::render::drizzle::{Builder, Names, Shape, Style, TABLE, Writer, Written, declaration};
use crate::project::schema::render::{Missing, Plan};
use crate::project::schema::{Layer, RequiredColumn, SourceTable};
use crate::project::{Dialect, Server};
use crate::syntax::typescript::fields::{NodeField, NodeFields};

/// Builders of columns for dates, of which an option has code given text.
const DATES: [&str; 3] = ["date", "datetime", "timestamp"];

/// Builders of columns for text.
const TEXTS: [&str; 3] = ["char", "text", "varchar"];

/// What closes the gaps of a server whose tables are Drizzle tables.
pub(super) fn repair(server: &Server, missing: &[Missing<'_>], files: &dyn Files) -> Option<Repair> {
    let tables = tables(server);
    let mut texts: BTreeMap<&Arc<str>, String> = BTreeMap::new();
    for table in tables.values() {
        if let Some(text) = files.text(&table.file) {
            texts.insert(&table.file, text);
        }
    }
    let codes: Vec<Code<'_>> = texts.iter().filter_map(|(file, text)| Code::parse(file, text)).collect();
    let schemas: Vec<Schema<'_>> = codes.iter().map(|code| Schema::of(server, code, &tables)).collect();
    // New tables go where most of the others are.
    let home = schemas.iter().max_by_key(|schema| schema.tables.len()).filter(|schema| !schema.tables.is_empty());
    let Some(home) = home else {
        let style = Style::usual(server.adapter.dialect?);
        let declaration = declaration(&Plan::of(server, BTreeMap::new()), &style, missing).text;
        let edits = Err("no file declares the tables as `export const name = …`".into());
        return Some(Repair { declaration, files: Vec::new(), edits });
    };
    // The file a part goes into; none where its table stands in one that could not be read.
    let place = |part: &Missing<'_>| match tables.get(part.key) {
        Some(_) => schemas.iter().find(|schema| schema.tables.contains_key(part.key)),
        None => Some(home),
    };
    let inline = writes_unique_inline(&schemas);
    let written = missing.iter().map(|part| match place(part) {
        Some(schema) if inline => schema.with_inline_keys(part),
        _ => (part.clone(), Edits::new()),
    });
    let (parts, inline_edits): (Vec<Missing<'_>>, Vec<Edits>) = written.unzip();
    let own_parts = |schema: &Schema<'_>| -> Vec<Missing<'_>> {
        let is_own = |part: &&Missing<'_>| place(part).is_some_and(|own| std::ptr::eq(own, schema));
        parts.iter().filter(is_own).cloned().collect()
    };
    let gaining = schemas.iter().map(|schema| (schema, own_parts(schema))).filter(|(_, own)| !own.is_empty());
    let gains: Vec<_> = gaining
        .map(|(schema, own)| (schema, own, Plan::of(server, schema.names(&tables, &schemas)), schema.style(&schemas)))
        .collect();
    let mut blocks: Vec<(Arc<str>, String)> = Vec::new();
    for (schema, own, plan, style) in &gains {
        blocks.push((Arc::clone(schema.code.file), declaration(plan, style, own).text));
    }
    for (part, table) in parts.iter().filter(|part| place(part).is_none()).filter_map(|part| Some((part, tables.get(part.key)?)))
    {
        let mut names = home.names(&tables, &schemas);
        names.insert(part.key.to_owned(), exported_name(server, table).to_owned());
        let text = declaration(&Plan::of(server, names), &home.style(&schemas), std::slice::from_ref(part)).text;
        blocks.push((Arc::clone(&table.file), text));
    }
    let files_of_blocks: Vec<Arc<str>> = blocks.iter().map(|(file, _)| Arc::clone(file)).collect();
    let several = blocks.len() > 1;
    let block = |(file, text): (Arc<str>, String)| if several { format!("// {file}\n{text}") } else { text };
    let mut declaration = blocks.into_iter().map(block).collect::<Vec<_>>().join("\n");
    let new: Vec<map::Entry> =
        missing.iter().filter(|part| part.whole_table).map(|part| map::Entry::new(server, part.key)).collect();
    let map = map::entries(server, home.code, &new, files);
    for (file, text) in map.iter().flat_map(|map| &map.shown) {
        declaration.push_str(&format!("\n// {file}\n{text}"));
    }
    let edits = || {
        if let Some(part) = missing.iter().find(|part| place(part).is_none()) {
            return Err(format!("table `{}` is not written as `export const name = …` in a file that could be read", part.key));
        }
        let mut edits: Edits = inline_edits.into_iter().flatten().collect();
        for (schema, own, plan, style) in &gains {
            edits.extend(schema.edits(plan, own, style)?);
        }
        edits.extend(map.and_then(|map| map.edits).ok_or(map::UNKNOWN)?);
        Ok(edits)
    };
    Some(Repair { declaration, files: files_of_blocks, edits: edits() })
}

/// The name by which the file of a table exports it.
fn exported_name<'s>(server: &'s Server, table: &'s SourceTable) -> &'s str {
    let is_it = |other: &&SourceTable| other.file == table.file && other.table.span == table.table.span;
    server.declared.all.iter().find(is_it).map_or(&table.table.name, |exported| &exported.table.name)
}

/// Whether the project says of a column itself that its values are unique, as the official generator does, and does not
/// keep all of these keys in the third argument of the tables.
fn writes_unique_inline(schemas: &[Schema<'_>]) -> bool {
    let of_columns = |schema: &Schema<'_>| {
        let columns = schema.tables.values().flat_map(|table| schema.code.properties(table.columns));
        columns.into_iter().any(|(_, column)| schema.code.of(column).contains(".unique("))
    };
    let of_keys = |schema: &Schema<'_>| {
        let keys = schema.tables.values().filter_map(|table| table.keys.as_ref());
        keys.into_iter().any(|keys| schema.code.of(keys.list).contains("nique"))
    };
    schemas.iter().any(of_columns) || !schemas.iter().any(of_keys)
}

/// The Drizzle tables a server finds, or may find where only one is meant, by their logical keys.
fn tables(server: &Server) -> BTreeMap<&str, &SourceTable> {
    let lookup = &server.declared.lookup;
    let find = |key: &str, model: &str| {
        let name = server.adapter.lookup_name(key, model);
        let of_drizzle = lookup.tables.iter().filter(|(_, table)| table.layer == Layer::Drizzle);
        let meant: Vec<_> = of_drizzle.filter(|(known, table)| lookup.naming.is_table(known, &table.table, &name)).collect();
        let exact = meant.iter().find(|(known, _)| *known == name);
        exact.or_else(|| meant.first().filter(|_| meant.len() == 1)).map(|(_, table)| table)
    };
    let all = server.required.tables.iter();
    all.filter_map(|(key, table)| Some((key.as_str(), find(key, &table.model)?))).collect()
}

/// A file, and the tables in it that the server finds.
struct Schema<'c> {
    server: &'c Server,
    code: &'c Code<'c>,
    sources: BTreeMap<&'c str, &'c SourceTable>,
    imports: Vec<Import<'c>>,
    tables: BTreeMap<&'c str, TableCode<'c>>,
}

impl<'c> Schema<'c> {
    fn of(server: &'c Server, code: &'c Code<'c>, tables: &BTreeMap<&'c str, &'c SourceTable>) -> Self {
        let sources: BTreeMap<_, _> =
            tables.iter().filter(|(_, table)| table.file == *code.file).map(|(key, table)| (*key, *table)).collect();
        let written = sources.iter().filter_map(|(key, table)| Some((*key, code.table(table.table.span)?)));
        Self { server, code, imports: code.imports(), tables: written.collect(), sources }
    }

    /// What this file calls the tables, its own and those it imports.
    fn names(&self, tables: &BTreeMap<&str, &SourceTable>, schemas: &[Self]) -> BTreeMap<String, String> {
        let name = |key: &&str| {
            if let Some(own) = self.tables.get(*key) {
                return Some(own.name);
            }
            let there = schemas.iter().find_map(|schema| schema.tables.get(*key))?.name;
            let relative = self.imports.iter().filter(|import| !import.module.starts_with("drizzle-orm"));
            relative.flat_map(|import| &import.names).find(|(name, _)| *name == there).map(|(_, local)| *local)
        };
        tables.keys().filter_map(|key| Some(((*key).to_owned(), name(key)?.to_owned()))).collect()
    }

    /// How tables are written in this file; ids of tables in other files are pointed to as well.
    fn style(&self, all: &[Self]) -> Style {
        let code = self.code;
        let core = self.imports.iter().find(|import| is_core(import.module));
        let dialect = match core.map(|core| core.module) {
            Some("drizzle-orm/mysql-core") => Dialect::Mysql,
            Some("drizzle-orm/sqlite-core") => Dialect::Sqlite,
            Some(_) => Dialect::Postgres,
            None => self.server.adapter.dialect.unwrap_or(Dialect::Postgres),
        };
        let mut style = Style::usual(dialect);
        if let Some(core) = core {
            style.namespace = core.namespace.map(|name| format!("{name}.")).unwrap_or_default();
        }
        style.private = self.tables.iter().filter(|(_, table)| !table.exported).map(|(key, _)| (*key).to_owned()).collect();
        let Some((key, last)) = self.tables.iter().max_by_key(|(_, table)| table.statement) else { return style };
        style.prefix = self.sources.get(key).and_then(|source| prefix(&source.table)).unwrap_or_default().to_owned();
        let count =
            |quote: char| self.tables.values().map(|table| table.statement.of(code.text).matches(quote).count()).sum::<usize>();
        style.quote = if count('\'') > count('"') { '\'' } else { '"' };
        style.maker = last.maker.to_owned();
        style.parameter = last.parameter.map(str::to_owned);
        if self.tables.values().all(|table| table.suffix == last.suffix) {
            style.suffix = last.suffix.to_owned();
        }
        let made = |(key, _, written): (&str, _, Option<BuilderCode<'_>>)| Some((key.to_owned(), written?.builder));
        style.ids = all.iter().flat_map(Self::ids).filter_map(made).collect();
        // What points to an id tells best how that is done.
        style.ids.extend(all.iter().flat_map(Self::pointing));
        // Of several ways the one most tables have; one that points to another table is of no use to others.
        let mut ids: BTreeMap<String, (usize, Option<Builder>)> = BTreeMap::new();
        for (key, text, written) in self.ids() {
            let is_alike = self.tables.get(key).is_some_and(|table| table.parameter == last.parameter);
            let is_id = written.as_ref().and_then(|written| written.name).is_none_or(|name| name == "id");
            if is_alike && is_id && !text.contains(".references(") {
                ids.entry(text).or_insert((0, written.map(|written| written.builder))).0 += 1;
            }
        }
        style.id = ids.into_iter().max_by_key(|(_, (tables, _))| *tables).map(|(text, (_, builder))| (text, builder));
        let ends_with_comma = |table: &&TableCode<'_>| {
            let inside = &code.text[table.columns.start_byte()..table.columns.end_byte() - 1];
            inside.trim_end().ends_with(',')
        };
        style.trailing_comma = 2 * self.tables.values().filter(ends_with_comma).count() >= self.tables.len();
        style.end = if last.statement.of(code.text).ends_with(';') { ";" } else { "" };
        style.keys_in_object =
            self.tables.values().filter_map(|table| table.keys.as_ref()).any(|keys| keys.list.kind() == "object");
        let plural = |(key, table): (&&str, &TableCode<'_>)| {
            let model = self.server.required.tables.get(*key).map_or(*key, |table| &table.model);
            let name = self.server.adapter.lookup_name(key, model);
            !name.ends_with('s') && table.physical.is_some_and(|physical| physical == format!("{}s", snake_case(&name)))
        };
        style.plural_tables = self.tables.iter().any(plural);
        let mut names = Vec::new();
        for (key, table) in &self.tables {
            let required = self.server.required.tables.get(*key);
            for (name, value) in code.properties(table.columns) {
                let Some(written) = self.builder(value) else { continue };
                names.extend(written.names(name));
                let column = required.and_then(|required| required.columns.iter().find(|column| column.name == name));
                // Where a column points to decides its type.
                let is_model = |column: &&RequiredColumn| column.references.is_none() && holds(&written.builder, &column.kind);
                if let Some(column) = column.filter(is_model) {
                    style.builders.push((Shape::of(column), written.builder.clone()));
                }
                style.breaks_chains |= code.of(value).lines().skip(1).any(|line| line.trim_start().starts_with(".references("));
            }
        }
        if let Some(first) = code.properties(last.columns).first() {
            let indent = indent_at(code.text, first.1.start_byte());
            let outer = indent_at(code.text, last.columns.end_byte() - 1);
            style.indent = indent.strip_prefix(outer).filter(|step| !step.is_empty()).unwrap_or("  ").to_owned();
        }
        let of_style = |wanted| names.iter().filter(|name| **name == wanted).count();
        let most = [Names::Snake, Names::Same, Names::Absent].into_iter().rev().max_by_key(|name| of_style(*name));
        style.names = most.filter(|_| !names.is_empty()).unwrap_or(style.names);
        style
    }

    /// The ids of the tables, by logical key: what stands after `id: `, on one line, and the builder.
    fn ids(&self) -> impl Iterator<Item = (&'c str, String, Option<BuilderCode<'_>>)> {
        self.tables.iter().filter_map(move |(key, table)| {
            let (_, value) = self.code.properties(table.columns).into_iter().find(|(name, _)| *name == "id")?;
            let lines: Vec<&str> = self.code.of(value).lines().map(str::trim).collect();
            (value.kind() == "call_expression").then(|| (*key, lines.concat(), self.builder(value)))
        })
    }

    /// What builds the columns that point to the id of a table, by its logical key.
    fn pointing(&self) -> impl Iterator<Item = (String, Builder)> {
        self.tables.iter().flat_map(move |(key, table)| {
            let required = self.server.required.tables.get(*key);
            let target = move |name: &str| {
                let column = required?.columns.iter().find(|column| column.name == name)?;
                column.references.as_ref().filter(|to| to.column == "id").map(|to| to.table.clone())
            };
            let columns = self.code.properties(table.columns).into_iter();
            columns.filter_map(move |(name, value)| Some((target(name)?, self.builder(value)?.builder)))
        })
    }

    /// The call a column starts with; `None` where a function of the project makes it, which does not fit other columns.
    fn builder(&self, column: Node<'_>) -> Option<BuilderCode<'_>> {
        let mut call = column;
        let mut chain = "";
        loop {
            let function = call.field(NodeField::Function).filter(|_| call.kind() == "call_expression")?;
            let inner = function.field(NodeField::Object).filter(|object| object.kind() == "call_expression");
            let Some(inner) = inner else { break };
            if self.code.of(function.field(NodeField::Property)?) == "array" {
                chain = ".array()";
            }
            call = inner;
        }
        let function = call.field(NodeField::Function)?;
        let own = self.code.of(function);
        let is_of_orm = |import: &Import<'_>| is_core(import.module) && import.names.iter().any(|(_, local)| *local == own);
        if function.kind() == "identifier" && !self.imports.iter().any(is_of_orm) {
            return None;
        }
        let function = self.code.of(function.field(NodeField::Property).unwrap_or(function));
        let arguments = super::code::children(call.field(NodeField::Arguments)?);
        let name = arguments.first().and_then(|first| self.code.string(*first));
        // New columns give dates, whatever those that are there give.
        let cut = self.code.string_mode(call).filter(|_| DATES.contains(&function));
        let others = arguments.iter().skip(usize::from(name.is_some())).map(|argument| self.code.without(*argument, cut));
        let others: Vec<String> = others.filter(|argument| !argument.is_empty()).collect();
        let builder = Builder { function: function.to_owned(), arguments: others.join(", "), chain: chain.to_owned() };
        Some(BuilderCode { name, builder })
    }

    /// A part whose unique keys over one column stand with the column, and the insertions that make them so.
    fn with_inline_keys<'m>(&self, part: &Missing<'m>) -> (Missing<'m>, Edits) {
        let mut part = part.clone();
        let mut edits = Edits::new();
        let Some(table) = self.tables.get(part.key) else { return (part, edits) };
        let columns = self.code.properties(table.columns);
        let (mut keys, mut changed) = (Vec::new(), Vec::new());
        for key in part.keys {
            let own = match key.columns.as_slice() {
                [only] if key.unique => columns.iter().find(|(name, _)| name == only),
                _ => None,
            };
            // What a function of the project makes may be no column that can be told so.
            let Some((name, column)) = own.filter(|(_, column)| self.builder(*column).is_some()) else {
                keys.push(key);
                continue;
            };
            let indent = indent_at(self.code.text, column.start_byte());
            let written = self.code.of(*column).replace(&format!("\n{indent}"), "\n");
            changed.push(format!("{name}: {written}.unique()"));
            edits.push(insertion(self.code.file, column.end_byte(), ".unique()".to_owned()));
        }
        (part.keys, part.changed) = (keys, changed);
        (part, edits)
    }

    /// The insertions that declare what is missing, or why one would not be certain.
    fn edits(&self, plan: &Plan<'_>, missing: &[Missing<'_>], style: &Style) -> Result<Edits, String> {
        let mut writer = Writer::new(plan, style);
        let mut edits = Edits::new();
        let mut new = String::new();
        for part in missing {
            let is_new = |key: &str| missing.iter().any(|part| part.whole_table && part.key == key);
            let columns = if part.whole_table { plan.columns(part.key).iter().collect() } else { part.columns.clone() };
            let mut targets = columns.into_iter().filter_map(|column| plan.target(column));
            if let Some(target) = targets.find(|key| !plan.is_declared(key) && !is_new(key)) {
                return Err(format!("it points to table `{target}`, which `{}` neither declares nor imports", self.code.file));
            }
            match self.tables.get(part.key) {
                Some(table) => edits.extend(self.gain(table, part, &mut writer, style)?),
                None if self.code.is_taken(&plan.lookup(part.key)) => return Err(self.taken(&plan.lookup(part.key))),
                None if !self.code.is_module() => {
                    return Err(format!("`{}` exports its tables in a way of its own", self.code.file));
                }
                None => {
                    new.push('\n');
                    new.push_str(&writer.table(part.key));
                }
            }
        }
        if let Some(last) = self.tables.values().map(|table| table.statement.end as usize).max().filter(|_| !new.is_empty()) {
            let end = line_end(self.code.text, last);
            edits.push(insertion(self.code.file, end, format!("\n{}", new.trim_end_matches('\n'))));
        }
        edits.extend(self.imports(&writer.finish(String::new()), style)?);
        Ok(edits)
    }

    fn taken(&self, name: &str) -> String {
        format!("`{name}` means something else in `{}`", self.code.file)
    }

    /// The insertions into one table.
    fn gain(
        &self,
        table: &TableCode<'_>,
        part: &Missing<'_>,
        writer: &mut Writer<'_, '_>,
        style: &Style,
    ) -> Result<Edits, String> {
        let mut edits = Edits::new();
        if !part.columns.is_empty() {
            // Where everything is spread from elsewhere, so should be what is added.
            let known = self.code.properties(table.columns);
            if known.is_empty() {
                return Err(format!("the columns of `{}` are spread in from elsewhere", table.name));
            }
            if let Some(column) = part.columns.iter().find(|column| known.iter().any(|(name, _)| *name == column.name)) {
                return Err(format!("`{}` has a property `{}` that is no column", table.name, column.name));
            }
            let rows: Vec<String> = part.columns.iter().map(|column| writer.column(part.key, column)).collect();
            edits.extend(self.code.append(table.columns, &rows));
        }
        let keys = writer.extra_keys(part);
        if keys.is_empty() {
            return Ok(edits);
        }
        match &table.keys {
            Some(own) => {
                let style = Style { keys_in_object: own.list.kind() == "object", ..style.clone() };
                let lines: Vec<String> = keys.iter().map(|key| writer.key_in(&style, part.key, key, own.parameter)).collect();
                edits.extend(self.code.append(own.list, &lines));
            }
            None => {
                let lines: Vec<String> = keys.iter().map(|key| writer.key(part.key, key, TABLE)).collect();
                let indent = indent_at(self.code.text, table.columns_end);
                edits.push(insertion(self.code.file, table.columns_end, format!(", {}", writer.keys(&lines, indent))));
            }
        }
        Ok(edits)
    }

    /// The insertions that import what was written with.
    fn imports(&self, written: &Written, style: &Style) -> Result<Edits, String> {
        let local = |name: &str| {
            self.imports
                .iter()
                .flat_map(|import| import.names.iter().map(move |names| (import.module, names)))
                .find(|(_, (_, local))| *local == name)
        };
        let lacking = |name: &str, is_module: &dyn Fn(&str) -> bool| match local(name) {
            Some((module, (imported, _))) if is_module(module) && *imported == name => Ok(false),
            None if !self.code.is_taken(name) => Ok(true),
            _ => Err(self.taken(name)),
        };
        let statement = |names: &str, module: &str| {
            let first = self.imports.first().map_or(0, |import| import.start);
            let statement = format!("import {{ {names} }} from {0}{module}{0}{1}\n", style.quote, style.end);
            insertion(self.code.file, first, statement)
        };
        let mut edits = Edits::new();
        if style.namespace.is_empty() {
            let mut names = Vec::new();
            for builder in written.builders.iter().filter(|builder| **builder != style.maker) {
                if lacking(builder.trim_start_matches("type "), &is_core)? {
                    names.push(builder.clone());
                }
            }
            if !names.is_empty() {
                match self.imports.iter().find(|import| is_core(import.module)).and_then(|import| import.list) {
                    Some(list) => edits.extend(self.code.import(list, &names)),
                    None if self.server.adapter.dialect.is_some() => {
                        edits.push(statement(&names.join(", "), core_of(style.dialect)))
                    }
                    None => return Err(format!("`{}` imports nothing from the ORM by name", self.code.file)),
                }
            }
        }
        if written.sql && lacking("sql", &|module| module == "drizzle-orm")? {
            let main = self.imports.iter().find(|import| import.module == "drizzle-orm").and_then(|import| import.list);
            match main {
                Some(list) => edits.extend(self.code.import(list, &["sql".to_owned()])),
                None => edits.push(statement("sql", "drizzle-orm")),
            }
        }
        Ok(edits)
    }
}

/// What the maker of a table puts before the name it is given.
fn prefix(table: &Table) -> Option<&str> {
    table.physical.as_deref()?.strip_suffix(table.stem.as_deref()?)
}

/// The call a column starts with, as written.
struct BuilderCode<'c> {
    name: Option<&'c str>,
    builder: Builder,
}

impl BuilderCode<'_> {
    /// How the column is named, where its key tells the ways apart.
    fn names(&self, key: &str) -> Option<Names> {
        match self.name {
            None => Some(Names::Absent),
            Some(name) if name == key => key.contains(char::is_uppercase).then_some(Names::Same),
            Some(_) => Some(Names::Snake),
        }
    }
}

/// Whether a column that is built so keeps values of a logical type as better-auth gives them: one that does not is no model
/// for others. What is written as a number keeps no boolean, except where the ORM turns one into the other.
fn holds(builder: &Builder, kind: &str) -> bool {
    let is_text = TEXTS.contains(&builder.function.as_str());
    match kind {
        "boolean" => builder.function == "boolean" || builder.arguments.contains("boolean"),
        "date" | "number" | "bigint" => !is_text,
        _ => true,
    }
}

/// The module that gives the builders of a dialect.
fn core_of(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Mysql => "drizzle-orm/mysql-core",
        Dialect::Sqlite => "drizzle-orm/sqlite-core",
        Dialect::Postgres | Dialect::Mssql => "drizzle-orm/pg-core",
    }
}

/// Whether a module gives the builders of a dialect.
fn is_core(module: &str) -> bool {
    module.starts_with("drizzle-orm/") && module.ends_with("-core")
}
