//! Insertions into Prisma schemas.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Edits, Repair, at_the_end, indent_at, insertion, line_end};
use crate::facts::Body;
use crate::project::Server;
use crate::project::files::Files;
use crate::project::schema::lookup::snake_case;
use crate::project::schema::render::prisma::{Gain, ModelMap, Provider, Row, Style, declaration, gains, model};
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
    Some(Repair { declaration: declaration(&plan, &style, missing), edits: sources.edits(&plan, &style, missing) })
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

    fn place(&self, key: &str) -> Option<Place<'_>> {
        let source = self.tables.get(key)?;
        let (file, (text, schema)) = self.files.get_key_value(&source.file)?;
        let block = schema.blocks.iter().find(|block| block.name == source.table.span)?;
        Some(Place { file, text, block })
    }

    fn style(&self, server: &Server, provider: Provider) -> Style {
        let mut style = Style::usual(provider);
        let Some(first) = self.tables.keys().find_map(|key| self.place(key)) else { return style };
        let tables = || self.tables.values().map(|source| &source.table);
        style.capitals = tables().any(|table| table.name.starts_with(char::is_uppercase));
        let columns = || tables().flat_map(|table| &table.columns);
        style.maps_fields = columns().any(|column| {
            column.physical.as_deref().is_some_and(|physical| physical != column.name && physical == snake_case(&column.name))
        });
        let is_plural = |(key, source): (&&str, &&SourceTable)| {
            let model = server.required.tables.get(*key).map_or(*key, |table| &table.model);
            source.table.physical.as_deref() == Some(&format!("{}s", snake_case(&server.adapter.lookup_name(key, model))))
        };
        style.maps_model = if tables().all(|table| table.physical.is_none()) {
            ModelMap::Absent
        } else if self.tables.iter().any(is_plural) {
            ModelMap::SnakePlural
        } else if style.maps_fields {
            ModelMap::Snake
        } else {
            ModelMap::Usual
        };
        let places = || self.tables.keys().filter_map(|key| self.place(key));
        let mut schemas: BTreeMap<&str, usize> = BTreeMap::new();
        for schema in places().filter_map(Place::schema) {
            *schemas.entry(schema).or_default() += 1;
        }
        let most = schemas.into_iter().max_by_key(|(_, models)| *models);
        style.schema = most.map(|(schema, _)| schema.to_owned());
        let fields = || places().flat_map(|place| place.fields().map(move |field| (place.text, field)));
        style.inline_unique = fields().any(|(text, field)| attribute(text, field, "unique").is_some());
        style.id = first.field("id").map(|id| {
            let written = id.kind.start as usize;
            let kind_end = id.kind.end as usize;
            let kind = first.text[written..kind_end].to_owned();
            Row { name: "id".into(), kind, attributes: first.text[kind_end..id.end()].trim().to_owned(), relation: None }
        });
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

    /// The insertions; `None` where one would not be certain.
    fn edits(&self, plan: &Plan<'_>, style: &Style, missing: &[Missing<'_>]) -> Option<Edits> {
        // New models go where the last of the others are.
        let (home, (home_text, _)) = self.files.iter().next_back()?;
        let gains = gains(plan, style, missing);
        let mut edits = Vec::new();
        let mut models = Vec::new();
        for part in plan.ordered(missing).into_iter().filter(|part| part.whole_table) {
            let gain = self.wanted(gains.get(part.key)?);
            let names: BTreeSet<&str> = gain.rows.iter().map(|row| row.name.as_str()).collect();
            if names.len() < gain.rows.len() {
                return None;
            }
            models.push(model(plan, style, part.key, &gain));
        }
        for (key, gain) in gains.iter().filter(|(key, _)| !missing.iter().any(|part| part.whole_table && part.key == **key)) {
            edits.extend(self.place(key)?.gain(style, &self.wanted(gain))?);
        }
        if !models.is_empty() {
            edits.push(at_the_end(home, home_text, &models.join("\n")));
        }
        Some(edits)
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

    /// The insertions that give the model what it gains; `None` where a name is taken.
    fn gain(self, style: &Style, gain: &Gain) -> Option<Edits> {
        let Self { file, text, block } = self;
        let close = block.close?.start as usize;
        let last = self.fields().last()?;
        let brace_line = close - indent_at(text, close).len();
        if !text[..brace_line].ends_with('\n') {
            return None;
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
                Some(_) => return None,
            }
        }
        let indent = indent_at(text, last.name.start as usize);
        let mut edits = Vec::new();
        if !rows.is_empty() {
            let (name, kind) = self.columns();
            let lines: String = rows.iter().map(|row| format!("\n{indent}{}", row.aligned(name, kind))).collect();
            edits.push(insertion(file, line_end(text, last.end()), lines));
        }
        if !gain.attributes.is_empty() {
            let has_attributes = block.rows.iter().any(|row| matches!(row, syntax::Row::Attribute(_)));
            let empty_line = if has_attributes { "" } else { "\n" };
            let indent = if indent.is_empty() { &style.indent } else { indent };
            let lines: String = gain.attributes.iter().map(|attribute| format!("{indent}{attribute}\n")).collect();
            edits.push(insertion(file, brace_line, format!("{empty_line}{lines}")));
        }
        Some(edits)
    }

    /// How wide names and types are, where the fields of the model stand below each other.
    fn columns(self) -> (usize, usize) {
        let names = self.fields().map(|field| (field.kind.start - field.name.start) as usize - 1);
        let kinds = self.fields().filter_map(|field| {
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
}

fn attribute<'f>(text: &str, field: &'f Field, name: &str) -> Option<&'f Attribute> {
    field.attributes.iter().find(|attribute| attribute.name.of(text) == name)
}
