//! The project model, shown: what the review understood, and what it did not.

mod json;
mod terminal;

pub use json::json;
pub use terminal::terminal;

use crate::project::application::base_path;
use crate::project::installed::Package;
use crate::project::schema::{Cause, Declared, Layer, SourceTable};
use crate::project::value::{Condition, Lookup, Object, Property};
use crate::project::{Dialect, PluginUse, Role, Server};

/// Where the tables of a plugin were read from that no pack knows.
enum SchemaSource<'p> {
    /// A file of the repository.
    File(&'p str),
    /// An installed package.
    Package(&'p Package),
}

fn schema_source(plugin: &PluginUse) -> Option<SchemaSource<'_>> {
    let definition = plugin.definition.as_ref()?;
    if let Some(package) = &definition.package {
        return Some(SchemaSource::Package(package));
    }
    match definition.object.lookup(&["schema"]) {
        Lookup::Found(found) => Some(SchemaSource::File(&found.first()?.node.at.file)),
        Lookup::Absent | Lookup::Unknown(_) => None,
    }
}

/// The id a plugin has inside better-auth.
fn id(plugin: &PluginUse) -> Option<&str> {
    let own = || plugin.definition.as_ref()?.object.text(&["id"]);
    plugin.known.map(|known| known.id.as_str()).or_else(own)
}

/// The route of all requests that a server answers which is given every one, as far as its base path is known.
fn below_base_path(server: &Server) -> Option<String> {
    base_path(&server.options).map(|base| below(&base))
}

/// The route of all that lies below a path.
fn below(path: &str) -> String {
    format!("{}/*", path.trim_end_matches('/'))
}

/// How sure it is that something is there.
fn certainty(conditions: &[Condition]) -> &'static str {
    if conditions.is_empty() { "certain" } else { "conditional" }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Live => "live",
        Role::CliCopy => "cli-copy",
        Role::Test => "test",
        Role::Example => "example",
        Role::Development => "development",
    }
}

fn dialect_name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => "postgres",
        Dialect::Mysql => "mysql",
        Dialect::Sqlite => "sqlite",
        Dialect::Mssql => "mssql",
    }
}

fn layer_name(layer: Layer) -> &'static str {
    match layer {
        Layer::Drizzle => "drizzle",
        Layer::Prisma => "prisma",
        Layer::Sql => "sql",
        Layer::Entity => "entity",
        Layer::Code => "code",
        Layer::Astro => "astro-db",
        Layer::Convex => "convex",
        Layer::Types => "types",
    }
}

/// What brings a table or column in, as people name it.
fn cause_name<'s>(cause: &'s Cause, server: &'s Server) -> &'s str {
    match cause {
        Cause::Core => "better-auth",
        Cause::Plugin(place) => server.plugins.get(*place).map_or("a plugin", |plugin| &plugin.name),
        Cause::Option { path, .. } => path,
    }
}

/// The tables the adapter may find, by name. A name that is declared more than once carries its file from the second on.
fn declared_tables(declared: &Declared) -> Vec<(String, &SourceTable)> {
    by_name(declared.lookup.tables.iter().map(|(name, table)| (name.as_str(), table)))
}

fn by_name<'t>(tables: impl IntoIterator<Item = (&'t str, &'t SourceTable)>) -> Vec<(String, &'t SourceTable)> {
    let mut named: Vec<(String, &SourceTable)> = Vec::new();
    for (name, table) in tables {
        let taken = named.iter().any(|(known, _)| known == name);
        named.push((if taken { format!("{name}@{}", table.file) } else { name.to_owned() }, table));
    }
    named
}

/// The options without those that have a section of their own.
fn other_options(options: &Object) -> impl Iterator<Item = &Property> {
    options.properties.iter().filter(|property| !matches!(&*property.key, "plugins" | "database"))
}

/// Whether the options of a plugin say anything.
fn has_options(plugin: &PluginUse) -> bool {
    !matches!(plugin.options.value, crate::project::value::Value::Undefined)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::facts::module::Text;
    use crate::facts::schema::{self, Column, Key, Table};
    use crate::finding::{Location, Open};
    use crate::project::application::{Audience, Context, Evidence, Mount, Partners, Route};
    use crate::project::schema::commands::Commands;
    use crate::project::schema::lookup::{Lookup, Naming};
    use crate::project::schema::{Gap, GapKind, Required, RequiredColumn, RequiredReference, RequiredTable};
    use crate::project::value::{Node, Unknown, Value};
    use crate::project::{
        Adapter, AdapterKind, Client, Definition, Plural, ProjectModel, SchemaState, TextDates, version::Version,
    };
    use crate::source::{Site, Span};

    /// A site whose line is its offset.
    fn site(line: usize) -> Site {
        Site::new(&Arc::from("src/auth.ts"), Span::new(line, line))
    }

    pub(super) fn locate(site: &Site) -> Location {
        let line = site.span.start;
        Location { file: site.file.to_string(), line, column: 1, end_line: line, end_column: 2 }
    }

    fn node(value: Value) -> Node {
        Node { value, at: site(1) }
    }

    fn options(properties: &[(&str, Text)]) -> Node {
        let properties = properties
            .iter()
            .map(|(key, text)| Property {
                key: (*key).into(),
                key_at: site(1),
                node: node(Value::Text(text.clone())),
                conditions: vec![],
            })
            .collect();
        node(Value::from(Object { properties, ..Object::default() }))
    }

    fn plugin(name: &str, module: &str, line: usize) -> PluginUse {
        PluginUse {
            name: name.into(),
            module: module.into(),
            known: None,
            release: None,
            at: site(line),
            conditions: vec![],
            options: node(Value::Undefined),
            definition: None,
        }
    }

    /// The same model with a plugin of an installed package and one of the repository.
    pub(super) fn with_defined_plugins() -> ProjectModel {
        let definition = |package| {
            let schema = Property {
                key: "schema".into(),
                key_at: site(1),
                node: node(Value::from(Object::default())),
                conditions: vec![],
            };
            let mut object = options(&[("id", Text::Plain("own".into()))]);
            if let Value::Object(object) = &mut object.value {
                object.change().properties.push(schema);
            }
            Some(Definition { object, base: None, package })
        };
        let mut model = model();
        let [passkey, admin] = model.servers[0].plugins.as_mut_slice() else { panic!("two plugins") };
        passkey.release = nodejs_semver::Version::parse("1.4.22").ok();
        passkey.definition = definition(Some(Package { name: "notes".into(), version: Some("2.1.0".into()) }));
        admin.options = node(Value::Undefined);
        admin.definition = definition(None);
        model
    }

    /// A server with a plugin whose table is missing, a conditional plugin and an unknown one; and a client.
    pub(super) fn model() -> ProjectModel {
        let why = Unknown::new("a parameter of the function", site(9));
        let mut admin = plugin("admin", "better-auth/plugins", 8);
        admin.conditions = vec![Condition::new("isAdmin", site(8))];
        admin.options = options(&[("defaultRole", Text::Plain("user".into()))]);
        let column = |key: &str, cause: Cause| RequiredColumn {
            key: key.into(),
            name: key.into(),
            kind: "string".into(),
            required: true,
            unique: false,
            index: true,
            looked_up_with: None,
            default: None,
            references: Some(RequiredReference { table: "user".into(), column: "id".into(), cascades: true }),
            takes_over: None,
            idle: false,
            left_out: false,
            left_empty: false,
            cause,
        };
        let required = |model: &str, columns, cause| RequiredTable { columns, ..RequiredTable::new(model.into(), cause) };
        let missing = column("userId", Cause::Plugin(0));
        let user = Table {
            columns: vec![Column {
                name: "id".into(),
                physical: None,
                kind: "text".into(),
                written: None,
                required: true,
                has_default: false,
                folds: false,
                as_text: false,
                references: None,
                definition: schema::Definition::default(),
                span: Span::default(),
            }],
            keys: vec![Key::unique("id")],
            ..Table::empty("user", Span::new(2, 2))
        };
        let user = SourceTable {
            table: user,
            file: "src/auth.ts".into(),
            layer: Layer::Drizzle,
            elsewhere: BTreeMap::new(),
            in_doubt: BTreeMap::new(),
        };
        let server = Server {
            at: site(5),
            name: "auth".into(),
            package: "".into(),
            role: Role::Live,
            version: Version {
                declared: Some("^1.7.0".into()),
                resolved: Some("1.7.25".parse().expect("a version")),
                source: Some("package-lock.json".into()),
                ..Version::default()
            },
            options: options(&[("secret", Text::Redacted { length: 32 })]),
            plugins: vec![plugin("passkey", "@better-auth/passkey", 7), admin],
            plugins_open: vec![why.clone()],
            adapter: Adapter {
                module: None,
                kind: AdapterKind::Drizzle,
                at: site(6),
                dialect: Some(Dialect::Postgres),
                provider: Some("pg".into()),
                options: None,
                handle: None,
                plural: Plural::Never,
                snake_case: Some(false),
                text_dates: TextDates::Fine,
                wrapped: false,
            },
            required: Required {
                tables: BTreeMap::from([
                    ("user".into(), required("user", vec![], Cause::Core)),
                    ("passkey".into(), required("passkey", vec![missing.clone()], Cause::Plugin(0))),
                ]),
                ..Required::default()
            },
            declared: Declared {
                lookup: Lookup { tables: vec![("user".into(), user)], naming: Naming::Exact, ..Lookup::default() },
                sources: vec!["src/auth.ts".into()],
                ..Declared::default()
            },
            commands: Commands::default(),
            comparison: SchemaState::Compared,
            gaps: vec![Gap {
                kind: GapKind::Table,
                key: "passkey".into(),
                table: "passkey".into(),
                columns: vec![missing],
                cause: Cause::Plugin(0),
                found_in: None,
                declared: vec![],
                of_others: vec![],
                dropped: None,
            }],
            mounts: vec![Mount {
                at: site(10),
                package: "".into(),
                framework: None,
                route: Route::Whole("/api/auth/*".into()),
                takes_off: false,
                misses: None,
            }],
            mounts_open: vec![],
            contexts: vec![Context {
                audience: Audience::Machines,
                evidence: vec![Evidence { text: "the `apiKey` plugin gives keys to programs".into(), at: Some(site(8)) }],
            }],
        };
        let client = Client {
            calls: Vec::new(),
            is_idle: false,
            at: site(3),
            name: "authClient".into(),
            package: "".into(),
            role: Role::Live,
            module: "better-auth/react".into(),
            options: options(&[]),
            plugins: vec![],
            plugins_open: vec![],
            partners: Partners::Servers { at: vec![site(5)], why: "it is in the same package".into() },
        };
        ProjectModel {
            servers: vec![server],
            clients: vec![client],
            undetermined: vec![Open { question: "which plugins the server uses".into(), reason: why.reason, site: why.at }],
            undetermined_around: vec![],
            files: vec!["src/auth.ts".into()],
        }
    }

    #[test]
    fn a_name_declared_twice_carries_its_file() {
        let mut declared = model().servers.remove(0).declared;
        let (name, table) = declared.lookup.tables[0].clone();
        declared.lookup.tables.push((name, SourceTable { file: "db/0001.sql".into(), layer: Layer::Sql, ..table }));
        let names: Vec<String> = declared_tables(&declared).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["user", "user@db/0001.sql"]);
    }
}
