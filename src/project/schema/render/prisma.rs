//! Prisma models (documentation: adapters/prisma; the ORM's "Prisma schema reference").

use std::collections::{BTreeMap, BTreeSet};

use super::{Id, Key, Missing, OnDelete, Plan, capitalised, snake};
use crate::project::Plural;
use crate::project::schema::RequiredColumn;

/// Databases whose models differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// `postgresql` and `cockroachdb`.
    Postgres,
    /// `mysql`.
    Mysql,
    /// `mongodb`.
    Mongo,
    /// `sqlite`, `sqlserver`: neither lists nor JSON.
    Plain,
}

impl Provider {
    /// The provider of a datasource, or of the adapter's options.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "postgresql" | "postgres" | "cockroachdb" => Self::Postgres,
            "mysql" => Self::Mysql,
            "mongodb" => Self::Mongo,
            _ => Self::Plain,
        }
    }
}

/// How models are written.
#[derive(Debug, Clone)]
pub struct Style {
    /// The database.
    pub provider: Provider,
    /// What a row starts with.
    pub indent: String,
    /// Model names start with a capital.
    pub capitals: bool,
    /// Fields carry `@map` with their name in snake case.
    pub maps_fields: bool,
    /// The same of models that are there, by logical key, where their fields tell.
    pub maps_fields_of: BTreeMap<String, bool>,
    /// What `@@map` says.
    pub maps_model: ModelMap,
    /// What `@@schema` says, in quotes, where the models are put in schemas of the database.
    pub schema: Option<String>,
    /// `@unique` stands with the field.
    pub inline_unique: bool,
    /// The id field of new models, where the usual one does not fit.
    pub id: Option<Row>,
    /// The ids of models that are there, by logical key.
    pub ids: BTreeMap<String, Row>,
    /// The fields of models that are there, by logical key: their types, without `[]` and `?`, by their names.
    pub fields: BTreeMap<String, BTreeMap<String, String>>,
    /// Native types by scalar, where the usual ones do not fit; `None` for no native type.
    pub natives: BTreeMap<String, Option<String>>,
}

/// What `@@map` of a new model says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ModelMap {
    /// The name the adapter looks up, as the generator writes it.
    Usual,
    /// In snake case.
    Snake,
    /// In snake case and the plural.
    SnakePlural,
    /// There is none.
    Absent,
}

impl Style {
    /// The style of the official generator.
    #[must_use]
    pub fn usual(provider: Provider) -> Self {
        Self {
            provider,
            indent: "  ".into(),
            capitals: true,
            maps_fields: false,
            maps_fields_of: BTreeMap::new(),
            maps_model: ModelMap::Usual,
            schema: None,
            inline_unique: false,
            id: None,
            ids: BTreeMap::new(),
            fields: BTreeMap::new(),
            natives: BTreeMap::new(),
        }
    }
}

/// A field before its columns are aligned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The name.
    pub name: String,
    /// The type with `[]` or `?`.
    pub kind: String,
    /// The attributes; may be empty.
    pub attributes: String,
    /// The foreign key a relation field is a side of: the logical key of the table that holds it, and its column.
    pub relation: Option<(String, String)>,
}

impl Row {
    /// The row with its type at one column and its attributes at another.
    #[must_use]
    pub fn aligned(&self, name: usize, kind: usize) -> String {
        format!("{:name$} {:kind$} {}", self.name, self.kind, self.attributes).trim_end().to_owned()
    }
}

/// What one model gains.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gain {
    /// Fields.
    pub rows: Vec<Row>,
    /// Attributes of the model: `@@index([userId])`.
    pub attributes: Vec<String>,
}

/// What every model gains, by logical key. Tables that are neither declared nor missing get no relations.
#[must_use]
pub fn gains<'a>(plan: &Plan<'a>, style: &Style, missing: &[Missing<'a>]) -> BTreeMap<&'a str, Gain> {
    let writer = Writer { plan, style };
    let mut gains: BTreeMap<&str, Gain> = BTreeMap::new();
    let new: BTreeSet<&str> = missing.iter().filter(|part| part.whole_table).map(|part| part.key).collect();
    let mut back: Vec<(&str, Row)> = Vec::new();
    for part in plan.ordered(missing) {
        let gain = gains.entry(part.key).or_default();
        let columns: Vec<&RequiredColumn> =
            if part.whole_table { plan.columns(part.key).iter().collect() } else { part.columns.clone() };
        if part.whole_table {
            gain.rows.push(writer.id());
        }
        for column in &columns {
            gain.rows.push(writer.column(part.key, column));
            let Some(reference) = plan.reference(column) else { continue };
            if !new.contains(reference.key) && !plan.declared.contains_key(reference.key) {
                continue;
            }
            let twice = |other: &&RequiredColumn| plan.reference(other).is_some_and(|other| other.key == reference.key);
            let several = plan.columns(part.key).iter().filter(twice).count() > 1;
            let (forward, backward) = writer.relation(part.key, column, several);
            gain.rows.push(forward);
            back.push((reference.key, backward));
        }
        let keys = if part.whole_table { plan.keys_of(part.key) } else { plan.missing_keys(part) };
        gain.attributes.extend(keys.iter().filter_map(|key| writer.key(part.key, key, &columns)));
        if part.whole_table {
            gain.attributes.extend(writer.map(part.key));
            gain.attributes.extend(style.schema.iter().map(|schema| format!("@@schema({schema})")));
        }
    }
    for (key, row) in back {
        gains.entry(key).or_default().rows.push(row);
    }
    gains
}

/// The name of a model.
fn model_name(plan: &Plan<'_>, style: &Style, key: &str) -> String {
    plan.declared.get(key).cloned().unwrap_or_else(|| {
        let lookup = plan.lookup(key);
        if style.capitals { capitalised(&lookup) } else { lookup }
    })
}

/// A new model.
#[must_use]
pub fn model(plan: &Plan<'_>, style: &Style, key: &str, gain: &Gain) -> String {
    let indent = &style.indent;
    let rows: String = aligned(&gain.rows).iter().map(|row| format!("{indent}{row}\n")).collect();
    let attributes: String = gain.attributes.iter().map(|attribute| format!("{indent}{attribute}\n")).collect();
    let between = if attributes.is_empty() { "" } else { "\n" };
    format!("model {} {{\n{rows}{between}{attributes}}}\n", model_name(plan, style, key))
}

/// Rows with their types and attributes below each other.
fn aligned(rows: &[Row]) -> Vec<String> {
    let width = |of: fn(&Row) -> &str| rows.iter().map(|row| of(row).chars().count()).max().unwrap_or(0);
    let (name, kind) = (width(|row| &row.name), width(|row| &row.kind));
    rows.iter().map(|row| row.aligned(name, kind)).collect()
}

/// Everything that is missing, models that are there shortened to what they gain.
#[must_use]
pub fn declaration<'a>(plan: &Plan<'a>, style: &Style, missing: &[Missing<'a>]) -> String {
    blocks(plan, style, missing).into_iter().map(|(_, block)| block).collect::<Vec<_>>().join("\n")
}

/// The parts of [`declaration`], each with the logical key of its table.
#[must_use]
pub fn blocks<'a>(plan: &Plan<'a>, style: &Style, missing: &[Missing<'a>]) -> Vec<(&'a str, String)> {
    let gains = gains(plan, style, missing);
    let indent = &style.indent;
    let block = |key: &str, gain: &Gain| {
        if missing.iter().any(|part| part.key == key && part.whole_table) {
            return model(plan, style, key, gain);
        }
        let rows = aligned(&gain.rows);
        let lines: String = rows.iter().chain(&gain.attributes).map(|row| format!("{indent}{row}\n")).collect();
        format!("model {} {{\n{indent}// …\n{lines}}}\n", model_name(plan, style, key))
    };
    let mut order: Vec<&str> = plan.ordered(missing).iter().map(|part| part.key).collect();
    order.extend(gains.keys().copied().filter(|key| !missing.iter().any(|part| part.key == *key)));
    order.into_iter().filter_map(|key| Some((key, block(key, gains.get(key)?)))).collect()
}

struct Writer<'w, 'a> {
    plan: &'w Plan<'a>,
    style: &'w Style,
}

impl Writer<'_, '_> {
    fn id(&self) -> Row {
        if let Some(id) = &self.style.id {
            return id.clone();
        }
        let postgres = self.style.provider == Provider::Postgres;
        let (kind, attributes) = match self.plan.id {
            _ if self.style.provider == Provider::Mongo => ("String", "@id @map(\"_id\")"),
            Id::Serial => ("Int", "@id @default(autoincrement())"),
            Id::Uuid if postgres => ("String", "@id @default(dbgenerated(\"pg_catalog.gen_random_uuid()\")) @db.Uuid"),
            Id::Uuid | Id::Text => ("String", "@id"),
        };
        Row { name: "id".into(), kind: kind.into(), attributes: attributes.into(), relation: None }
    }

    /// The type and the native type of a column that points to the id of a table.
    fn id_type(&self, key: &str) -> (String, Option<String>) {
        let id = self.style.ids.get(key).cloned().unwrap_or_else(|| self.id());
        let native = id.attributes.split_whitespace().find(|word| word.starts_with("@db.")).map(str::to_owned);
        (id.kind, native)
    }

    fn column(&self, key: &str, column: &RequiredColumn) -> Row {
        let reference = self.plan.reference(column);
        let (scalar, native) = match &reference {
            Some(reference) if reference.column.is_none() => self.id_type(reference.key),
            _ => self.scalar(column),
        };
        let list = scalar.ends_with("[]");
        let optional = if column.is_filled() || list { "" } else { "?" };
        let mut attributes = Vec::new();
        if Plan::follows_updates(key, column) {
            attributes.push("@updatedAt".to_owned());
        } else {
            let stored_as_text = native.as_deref() == Some("@db.Text") && self.style.provider == Provider::Mysql;
            // MySQL gives text columns no default.
            attributes.extend(default(column, list).filter(|_| !stored_as_text).map(|value| format!("@default({value})")));
        }
        if column.unique && self.style.inline_unique {
            attributes.push("@unique".to_owned());
        }
        let physical = snake(&column.name);
        let maps = self.style.maps_fields_of.get(key).copied().unwrap_or(self.style.maps_fields);
        if maps && physical != column.name {
            attributes.push(format!("@map(\"{physical}\")"));
        }
        attributes.extend(native);
        let kind = format!("{scalar}{optional}");
        Row { name: column.name.clone(), kind, attributes: attributes.join(" "), relation: None }
    }

    /// The type of a column by itself, and its native type.
    fn scalar(&self, column: &RequiredColumn) -> (String, Option<String>) {
        use Provider::{Mongo, Mysql, Postgres};
        let scalar = match (column.kind.as_str(), self.style.provider) {
            ("boolean", _) => "Boolean",
            ("number", _) => "Int",
            ("bigint", _) => "BigInt",
            ("date", _) => "DateTime",
            ("number[]", Postgres | Mongo) => "Int[]",
            ("string[]", Postgres | Mongo) => "String[]",
            ("json", Postgres | Mysql | Mongo) => "Json",
            _ => "String",
        };
        // A text column of MySQL can be neither unique nor pointed from.
        let keyed = column.unique || column.references.is_some();
        let native = match self.style.natives.get(scalar) {
            _ if scalar == "String" && keyed => None,
            Some(native) => native.clone(),
            None => (scalar == "String" && self.style.provider == Mysql).then(|| "@db.Text".into()),
        };
        (scalar.to_owned(), native)
    }

    /// The relation fields of a foreign key: in the model that holds it, and in the one it points to.
    fn relation(&self, key: &str, column: &RequiredColumn, several: bool) -> (Row, Row) {
        let plan = self.plan;
        let (target, to) = plan
            .reference(column)
            .map_or((key, "id"), |reference| (reference.key, reference.column.map_or("id", |column| column.name.as_str())));
        let (own, other) = (model_name(plan, self.style, key), model_name(plan, self.style, target));
        // A model that points to itself has both fields, and Prisma asks for a name of the relation then as well; so it does where
        // the model is related to the other one already.
        let is_related = || self.style.fields.get(key).is_some_and(|fields| fields.values().any(|kind| *kind == other));
        let several = several || target == key || is_related();
        let relation = Some((key.to_owned(), column.name.clone()));
        let stem = column.name.strip_suffix("Id").or_else(|| column.name.strip_suffix("_id")).unwrap_or(&column.name);
        let name = if several { format!("\"{own}_{}\", ", column.name) } else { String::new() };
        let on_delete = match plan.reference(column).map_or(OnDelete::Nothing, |reference| reference.on_delete) {
            OnDelete::Cascade => ", onDelete: Cascade",
            OnDelete::SetNull => ", onDelete: SetNull",
            OnDelete::Nothing => "",
        };
        let forward = match several {
            true => format!("{stem}{}", capitalised(&plan.lookup(target))),
            false => plan.lookup(target).to_lowercase(),
        };
        let forward = Row {
            name: self.free(key, forward, &other, stem),
            kind: format!("{other}{}", if column.is_filled() { "" } else { "?" }),
            attributes: format!("@relation({name}fields: [{}], references: [{to}]{on_delete})", column.name),
            relation: relation.clone(),
        };
        let lookup = plan.lookup(key).to_lowercase();
        let (plural, many) = match (column.unique, plan.adapter.plural == Plural::Always) {
            (true, _) => (lookup, "?"),
            (false, true) => (lookup, "[]"),
            (false, false) => (format!("{lookup}s"), "[]"),
        };
        let backward = if several { format!("{plural}By{}", capitalised(stem)) } else { plural };
        let backward = Row {
            name: self.free(target, backward, &own, stem),
            kind: format!("{own}{many}"),
            attributes: if several { format!("@relation(\"{own}_{}\")", column.name) } else { String::new() },
            relation,
        };
        (forward, backward)
    }

    /// The name of a relation field of a type, by the column of its foreign key where the model has a field of the usual name
    /// that is something else. One of that type is the side of the relation that is there already.
    fn free(&self, key: &str, usual: String, kind: &str, stem: &str) -> String {
        let fields = self.style.fields.get(key);
        let is_free = |name: &String| fields.and_then(|fields| fields.get(name)).is_none_or(|known| known == kind);
        if is_free(&usual) {
            return usual;
        }
        let by_column = format!("{usual}By{}", capitalised(stem));
        let numbered = (2..).map(|number| format!("{by_column}{number}"));
        std::iter::once(by_column.clone()).chain(numbered).find(is_free).unwrap_or(usual)
    }

    /// The attribute of a key; `None` where the field says it.
    fn key(&self, table: &str, key: &Key, gained: &[&RequiredColumn]) -> Option<String> {
        if let ([only], true, true) = (key.columns.as_slice(), key.unique, self.style.inline_unique)
            && gained.iter().any(|column| column.name == *only)
        {
            return None;
        }
        let named = |name: &String| {
            let column = self.plan.columns(table).iter().find(|column| column.name == *name);
            let is_text = column.is_some_and(|column| self.column(table, column).attributes.contains("@db.Text"));
            // MySQL indexes the beginning of a text.
            if is_text && self.style.provider == Provider::Mysql { format!("{name}(length: 191)") } else { name.clone() }
        };
        let columns: Vec<String> = key.columns.iter().map(named).collect();
        let attribute = if key.unique { "unique" } else { "index" };
        Some(format!("@@{attribute}([{}])", columns.join(", ")))
    }

    fn map(&self, key: &str) -> Option<String> {
        let lookup = self.plan.lookup(key);
        let name = match self.style.maps_model {
            ModelMap::Usual => lookup,
            ModelMap::Snake => snake(&lookup),
            ModelMap::SnakePlural => format!("{}s", snake(&lookup)),
            ModelMap::Absent => return None,
        };
        Some(format!("@@map(\"{name}\")"))
    }
}

/// The argument of `@default`, where the ORM can give one.
fn default(column: &RequiredColumn, list: bool) -> Option<String> {
    match (column.default.as_deref()?, column.kind.as_str()) {
        ("now", "date") => Some("now()".into()),
        ("now", _) => None,
        ("[]", _) => list.then(|| "[]".into()),
        (default, _) => Some(default.to_owned()),
    }
}
