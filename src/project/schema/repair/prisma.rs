//! Insertions into Prisma schemas.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Edits, Repair, at_the_end, indent_at, insertion, line_end};
use crate::facts::Body;
use crate::facts::schema::Column;
use crate::project::Server;
use crate::project::files::Files;
use crate::project::schema::lookup::snake_case;
use crate::project::schema::render::prisma::{Gain, ModelMap, Provider, Row, Style, blocks, gains, model};
use crate::project::schema::render::{Missing, Plan};
use crate::project::schema::{Layer, SourceTable};
use crate::source::FileKind;
use crate::syntax::prisma::{self as syntax, Attribute, Block, Field, Schema};

/// What closes the gaps of a server whose tables are Prisma models.
pub(super) fn repair(server: &Server, missing: &[Missing<'_>], files: &dyn Files) -> Option<Repair> {
    let sources = Sources::read(server, files);
    let style = sources.style(server, provider(server, files)?);
    let names = sources.tables.iter().map(|(key, table)| ((*key).to_owned(), table.table.name.clone()));
    let plan = Plan::of(server, names.collect());
    let mut parts: Vec<(Option<&Arc<str>>, Vec<String>)> = Vec::new();
    for (key, block) in blocks(&plan, &style, missing) {
        let file = sources.file(key);
        match parts.iter_mut().find(|(known, _)| *known == file) {
            Some((_, blocks)) => blocks.push(block),
            None => parts.push((file, vec![block])),
        }
    }
    let several = parts.len() > 1;
    let part = |(file, blocks): &(Option<&Arc<str>>, Vec<String>)| {
        let header = file.filter(|_| several).map(|file| format!("// {file}\n")).unwrap_or_default();
        header + &blocks.join("\n")
    };
    let declaration = parts.iter().map(part).collect::<Vec<_>>().join("\n");
    let files = parts.iter().filter_map(|(file, _)| file.cloned()).collect();
    Some(Repair { declaration, files, edits: sources.edits(&plan, &style, missing) })
}

/// The database: what the schema says of it, else the adapter; `None` when neither does.
fn provider(server: &Server, files: &dyn Files) -> Option<Provider> {
    let of_file = |path: &Arc<str>| match &files.facts(path)?.body {
        Body::Prisma(file) => file.provider.clone(),
        _ => None,
    };
    let named: BTreeSet<String> = files.of_kind(FileKind::Prisma).iter().filter_map(of_file).collect();
    let only = if named.len() == 1 { named.into_iter().next() } else { None };
    only.or_else(|| server.adapter.provider.clone()).map(|name| Provider::named(&name))
}

/// The models a server finds, and the files they are in.
struct Sources<'s> {
    /// The models by the logical keys of the tables they are.
    tables: BTreeMap<&'s str, &'s SourceTable>,
    files: BTreeMap<&'s Arc<str>, (String, Schema)>,
}

/// A model where it is written.
#[derive(Clone, Copy)]
struct Place<'p> {
    source: &'p SourceTable,
    file: &'p Arc<str>,
    text: &'p str,
    block: &'p Block,
}

impl<'s> Sources<'s> {
    fn read(server: &'s Server, files: &dyn Files) -> Self {
        let find = |(key, table): (&'s String, _)| {
            let name = server.adapter.lookup_name(key, table);
            let found =
                server.declared.lookup.tables.iter().map(|(_, table)| table).find(|source| {
                    source.layer == Layer::Prisma && crate::project::adapter::delegate(&source.table.name) == name
                });
            found.map(|found| (key.as_str(), found))
        };
        let tables: BTreeMap<_, _> =
            server.required.tables.iter().map(|(key, table)| (key, table.model.as_str())).filter_map(find).collect();
        let read = |source: &&'s SourceTable| {
            let text = files.text(&source.file)?;
            let schema = syntax::read(&text);
            Some((&source.file, (text, schema)))
        };
        let files = tables.values().filter_map(read).collect();
        Self { tables, files }
    }

    /// The file that a part goes into: that of its model, for a new one where the last of the others are.
    fn file(&self, key: &str) -> Option<&'s Arc<str>> {
        match self.tables.get(key) {
            Some(source) => Some(&source.file),
            None => self.files.keys().next_back().copied(),
        }
    }

    fn place(&self, key: &str) -> Option<Place<'_>> {
        let source = self.tables.get(key)?;
        let (file, (text, schema)) = self.files.get_key_value(&source.file)?;
        let block = schema.blocks.iter().find(|block| block.name == source.table.span)?;
        Some(Place { source, file, text, block })
    }

    fn style(&self, server: &Server, provider: Provider) -> Style {
        let mut style = Style::usual(provider);
        let Some(first) = self.tables.keys().find_map(|key| self.place(key)) else { return style };
        let tables = || self.tables.values().map(|source| &source.table);
        style.capitals = tables().any(|table| table.name.starts_with(char::is_uppercase));
        // What most of them do.
        let maps = |columns: &[Column]| {
            let telling = columns.iter().filter(|column| snake_case(&column.name) != column.name);
            let (mapped, others): (Vec<&Column>, Vec<_>) =
                telling.partition(|column| column.physical.as_ref().is_some_and(|name| *name == snake_case(&column.name)));
            (!mapped.is_empty() || !others.is_empty()).then_some(mapped.len() > others.len())
        };
        let columns: Vec<Column> = tables().flat_map(|table| table.columns.iter().cloned()).collect();
        style.maps_fields = maps(&columns).unwrap_or(false);
        let own = self.tables.iter().filter_map(|(key, source)| Some(((*key).to_owned(), maps(&source.table.columns)?)));
        style.maps_fields_of = own.collect();
        let mut maps: BTreeMap<ModelMap, usize> = BTreeMap::new();
        for (key, source) in &self.tables {
            let model = server.required.tables.get(*key).map_or(*key, |table| &table.model);
            let lookup = server.adapter.lookup_name(key, model);
            let snake = snake_case(&lookup);
            let map = match source.table.physical.as_deref() {
                None => ModelMap::Absent,
                Some(name) if name == snake && style.maps_fields => ModelMap::Snake,
                Some(name) if name == lookup => ModelMap::Usual,
                Some(name) if name == snake => ModelMap::Snake,
                Some(name) if name == format!("{snake}s") => ModelMap::SnakePlural,
                Some(_) => continue,
            };
            *maps.entry(map).or_default() += 1;
        }
        style.maps_model = maps.into_iter().max_by_key(|(_, models)| *models).map_or(ModelMap::Usual, |(map, _)| map);
        let places = || self.tables.keys().filter_map(|key| self.place(key));
        let mut schemas: BTreeMap<&str, usize> = BTreeMap::new();
        for schema in places().filter_map(Place::schema) {
            *schemas.entry(schema).or_default() += 1;
        }
        let most = schemas.into_iter().max_by_key(|(_, models)| *models);
        style.schema = most.map(|(schema, _)| schema.to_owned());
        let fields = || places().flat_map(|place| place.fields().map(move |field| (place.text, field)));
        style.inline_unique = fields().any(|(text, field)| attribute(text, field, "unique").is_some());
        let id = |place: Place<'_>| {
            let id = place.field("id")?;
            let kind_end = id.kind.end as usize;
            let kind = place.text[id.kind.start as usize..kind_end].to_owned();
            let attributes = place.text[kind_end..id.end()].trim().to_owned();
            Some(Row { name: "id".into(), kind, attributes, relation: None })
        };
        style.ids = self.tables.keys().filter_map(|key| Some(((*key).to_owned(), self.place(key).and_then(id)?))).collect();
        let typed = |place: Place<'_>| {
            let field = |field: &Field| (field.name.of(place.text).to_owned(), field.kind.of(place.text).to_owned());
            place.fields().map(field).collect()
        };
        style.fields = self.tables.keys().filter_map(|key| Some(((*key).to_owned(), self.place(key).map(typed)?))).collect();
        let alike = |row: &&Row| style.ids.values().filter(|other| other == row).count();
        style.id = style.ids.values().max_by_key(alike).cloned();
        if let Some(field) = first.fields().next() {
            style.indent = indent_at(first.text, field.name.start as usize).to_owned();
        }
        let mut natives: BTreeMap<String, BTreeSet<Option<String>>> = BTreeMap::new();
        for (key, place) in self.tables.keys().filter_map(|key| Some((key, self.place(key)?))) {
            let plain = |name: &str| {
                let columns = server.required.tables.get(*key).map(|table| &table.columns).into_iter().flatten();
                columns.filter(|one| !one.unique && !one.index && one.references.is_none()).any(|one| one.name == name)
            };
            for field in place.fields().filter(|field| plain(field.name.of(place.text))) {
                let native = field.attributes.iter().find(|one| one.name.of(place.text).starts_with("db."));
                let native = native.map(|one| format!("@{}", one.span.of(place.text)));
                natives.entry(field.kind.of(place.text).to_owned()).or_default().insert(native);
            }
        }
        // Where a project has several for one scalar, the usual one is as good.
        let same = natives.into_iter().filter(|(_, found)| found.len() == 1);
        style.natives = same.filter_map(|(scalar, found)| Some((scalar, found.into_iter().next()?))).collect();
        style
    }

    /// The insertions, or why one would not be certain.
    fn edits(&self, plan: &Plan<'_>, style: &Style, missing: &[Missing<'_>]) -> Result<Edits, String> {
        // New models go where the last of the others are.
        let (home, (home_text, _)) = self.files.iter().next_back().ok_or("no schema file has models of the server")?;
        let gains = gains(plan, style, missing);
        let mut edits = Vec::new();
        let mut models = Vec::new();
        for part in plan.ordered(missing).into_iter().filter(|part| part.whole_table) {
            let gain = self.wanted(gains.get(part.key).unwrap_or(&Gain::default()));
            let names: BTreeSet<&str> = gain.rows.iter().map(|row| row.name.as_str()).collect();
            if names.len() < gain.rows.len() {
                return Err(format!("a column of `{}` is called what a relation of it would be", part.key));
            }
            models.push(model(plan, style, part.key, &gain));
        }
        for (key, gain) in gains.iter().filter(|(key, _)| !missing.iter().any(|part| part.whole_table && part.key == **key)) {
            let place = self.place(key).ok_or_else(|| format!("no model is known to be `{key}`"))?;
            edits.extend(place.gain(style, &self.wanted(gain))?);
        }
        if !models.is_empty() {
            edits.push(at_the_end(home, home_text, &models.join("\n")));
        }
        Ok(edits)
    }

    /// A gain without the sides of relations that are there already, under whatever name.
    fn wanted(&self, gain: &Gain) -> Gain {
        let is_there = |(holder, column): &(String, String)| {
            self.place(holder).is_some_and(|place| place.fields().any(|field| place.holds(field, column)))
        };
        let rows = gain.rows.iter().filter(|row| !row.relation.as_ref().is_some_and(is_there));
        Gain { rows: rows.cloned().collect(), attributes: gain.attributes.clone() }
    }
}

impl<'p> Place<'p> {
    fn fields(self) -> impl Iterator<Item = &'p Field> {
        self.block.fields()
    }

    /// What `@@schema` of the model says, as written.
    fn schema(self) -> Option<&'p str> {
        let attributes = self.block.rows.iter().filter_map(|row| match row {
            syntax::Row::Attribute(attribute) => Some(attribute),
            _ => None,
        });
        let mut named = attributes.filter(|attribute| attribute.name.of(self.text) == "schema");
        named.next()?.argument(self.text, "name").map(|argument| argument.value.of(self.text))
    }

    fn field(self, name: &str) -> Option<&'p Field> {
        self.fields().find(|field| field.name.of(self.text) == name)
    }

    /// Whether a field is the relation whose foreign key is `column`.
    fn holds(self, field: &Field, column: &str) -> bool {
        let Some(relation) = attribute(self.text, field, "relation") else { return false };
        let fields = relation.arguments.iter().filter(|one| one.name.is_some_and(|name| name.of(self.text) == "fields"));
        fields.flat_map(|fields| &fields.elements).any(|element| element.of(self.text) == column)
    }

    /// The insertions that give the model what it gains; an error where a name is taken.
    fn gain(self, style: &Style, gain: &Gain) -> Result<Edits, String> {
        let Self { file, text, block, .. } = self;
        let model = block.name.of(text);
        let unread = || format!("model `{model}` is not written with a field on each line");
        let close = block.close.ok_or_else(unread)?.start as usize;
        let brace_line = close - indent_at(text, close).len();
        if !text[..brace_line].ends_with('\n') {
            return Err(unread());
        }
        let mut rows = Vec::new();
        for row in &gain.rows {
            let kind = row.kind.trim_end_matches(['?', '[', ']']);
            let same = |field: &&Field| field.name.of(text) == row.name;
            // Several relations between two models are told apart by names that only people know.
            let alike = |field: &&Field| same(field) || row.relation.is_some() && field.kind.of(text) == kind;
            match self.fields().find(alike) {
                None => rows.push(row.clone()),
                // The other side of a model that is not there.
                Some(field) if row.relation.is_some() && same(&field) && field.kind.of(text) == kind => {}
                Some(field) if same(&field) => {
                    return Err(format!("model `{model}` has a field `{}` that is something else", row.name));
                }
                Some(field) => {
                    let name = field.name.of(text);
                    return Err(format!(
                        "model `{model}` has a relation `{name}` to `{kind}`: what a second one is called is for you to say"
                    ));
                }
            }
        }
        let mut edits = Vec::new();
        let (relations, scalars): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.relation.is_some());
        for (rows, group) in [(scalars, self.group(true)), (relations, self.group(false))] {
            let last = group.last().ok_or_else(unread)?;
            let (name, kind) = widths(&group);
            let indent = indent_at(text, last.name.start as usize);
            let lines: String = rows.iter().map(|row| format!("\n{indent}{}", row.aligned(name, kind))).collect();
            if !lines.is_empty() {
                edits.push(insertion(file, line_end(text, last.end()), lines));
            }
        }
        if !gain.attributes.is_empty() {
            let attributes = || {
                block.rows.iter().filter_map(|row| match row {
                    syntax::Row::Attribute(attribute) => Some(attribute),
                    _ => None,
                })
            };
            let empty_line = if attributes().next().is_some() { "" } else { "\n" };
            // Names come after keys, where they are written so.
            let is_name = |attribute: &&Attribute| ["map", "schema"].contains(&attribute.name.of(text));
            let last_key = attributes().filter(|one| !is_name(one)).map(|one| one.span.end).max();
            let name = attributes().filter(is_name).find(|one| last_key.is_none_or(|end| one.span.start > end));
            let at = name.map_or(brace_line, |one| text[..one.name.start as usize].rfind('\n').map_or(0, |newline| newline + 1));
            let last = self.fields().last().map(|last| indent_at(text, last.name.start as usize));
            let indent = last.filter(|indent| !indent.is_empty()).unwrap_or(&style.indent);
            let lines: String = gain.attributes.iter().map(|attribute| format!("{indent}{attribute}\n")).collect();
            edits.push(insertion(file, at, format!("{empty_line}{lines}")));
        }
        Ok(edits)
    }

    /// The fields without an empty line between them that new ones are written below: the last ones, but for columns those
    /// around the last column, where relations stand apart.
    fn group(self, of_columns: bool) -> Vec<&'p Field> {
        let mut groups: Vec<Vec<&Field>> = Vec::new();
        for field in self.fields() {
            let is_apart = |before: &&Field| {
                let between = &self.text[line_end(self.text, before.end())..field.name.start as usize];
                let lines: Vec<&str> = between.split('\n').skip(1).collect();
                lines.split_last().is_some_and(|(_, lines)| lines.iter().any(|line| line.trim().is_empty()))
            };
            match groups.last_mut() {
                Some(group) if !group.last().is_some_and(is_apart) => group.push(field),
                _ => groups.push(vec![field]),
            }
        }
        let holds_column =
            |group: &&Vec<&Field>| group.iter().any(|field| self.source.table.column(field.name.of(self.text)).is_some());
        let of_columns = groups.iter().rev().find(holds_column).filter(|_| of_columns);
        of_columns.or(groups.last()).cloned().unwrap_or_default()
    }
}

/// How wide names and types are, where fields stand below each other.
fn widths(fields: &[&Field]) -> (usize, usize) {
    let names = fields.iter().map(|field| (field.kind.start - field.name.start) as usize - 1);
    let kinds = fields.iter().filter_map(|field| {
        let first: &Attribute = field.attributes.first()?;
        // The attribute starts with `@`, a space after the type.
        Some((first.name.start - field.kind.start) as usize - 2)
    });
    let common = |mut widths: Vec<usize>| {
        widths.sort_unstable();
        if widths.first() == widths.last() { widths.first().copied().unwrap_or(0) } else { 0 }
    };
    (common(names.collect()), common(kinds.collect()))
}

fn attribute<'f>(text: &str, field: &'f Field, name: &str) -> Option<&'f Attribute> {
    field.attributes.iter().find(|attribute| attribute.name.of(text) == name)
}
