//! How a server reaches its database (documentation: concepts/database and adapters/*).

use super::eval::Evaluator;
use super::value::{Alternative, CallValue, Condition, Found, Item, Lookup, Node, Object, Value};
use super::version::Version;
use super::{Adapter, AdapterKind, Dialect, Plural, TextDates};
use crate::facts::specifier::split_package_name;
use crate::knowledge::range::Range;
use crate::source::Site;

/// The provider of a database of Cloudflare, which only its own tools reach from outside of a worker.
pub const D1: &str = "d1";

/// The package of the adapter for Convex.
pub const CONVEX: &str = "@convex-dev/better-auth";

impl Adapter {
    /// The name the adapter looks up for the table of a logical key that options call `model`.
    #[must_use]
    pub fn lookup_name(&self, key: &str, model: &str) -> String {
        let name = if self.kind == AdapterKind::Prisma { delegate(model) } else { model.to_owned() };
        match self.plural {
            Plural::Always => format!("{name}s"),
            Plural::Unrenamed if key == model => format!("{name}s"),
            _ => name,
        }
    }

    /// Whether code of the project stands between it and the database: an
    /// [extension](https://www.prisma.io/docs/orm/prisma-client/client-extensions) of Prisma's client.
    #[must_use]
    pub fn is_extended(&self) -> bool {
        let is_extension = |call: &CallValue| call.callee.name.ends_with(".$extends");
        self.wrapped || matches!(self.handle.as_ref().map(|handle| &handle.value), Some(Value::Call(call)) if is_extension(call))
    }

    /// The package that it comes from.
    #[must_use]
    pub fn package(&self) -> Option<&str> {
        self.module.as_deref().map(|module| split_package_name(module).0)
    }

    /// What it keeps tables with that the repository declares in code. better-auth itself brings none of these; those of others
    /// are called after it.
    #[must_use]
    pub fn mapper(&self) -> Option<Mapper> {
        if self.convex_schema().is_some() {
            return Some(Mapper::Convex);
        }
        let name = self.provider.as_deref().filter(|_| self.kind == AdapterKind::Other)?.to_ascii_lowercase();
        match () {
            () if name.contains("typeorm") => Some(Mapper::TypeOrm),
            () if name.contains("mikroorm") => Some(Mapper::MikroOrm),
            () => None,
        }
    }

    /// The schema of the component of Convex that the adapter is given, where it lies in the repository (documentation of
    /// `@convex-dev/better-auth`: "Local install").
    #[must_use]
    pub fn convex_schema(&self) -> Option<&Node> {
        let is_it = self.kind == AdapterKind::Other && self.package() == Some(CONVEX);
        self.options.as_ref().filter(|_| is_it)?.get(&["local", "schema"])
    }

    /// Whether it is given an empty object on the spot for a database, so that it reaches none.
    #[must_use]
    pub fn is_hollow(&self) -> bool {
        let takes_database = match self.kind {
            AdapterKind::Drizzle | AdapterKind::Prisma | AdapterKind::Unknown => true,
            AdapterKind::Other => self.package() == Some(CONVEX),
            _ => false,
        };
        let is_on_the_spot = |handle: &&Node| {
            let (own, given) = (&self.at, &handle.at);
            own.file == given.file && own.span.start <= given.span.start && given.span.end <= own.span.end
        };
        let written = self.handle.as_ref().filter(is_on_the_spot).and_then(Node::object);
        takes_database && written.is_some_and(is_empty)
    }

    /// Whether the database gets an index for every foreign key without being asked: MySQL makes one, and so does MikroORM
    /// everywhere but in PostgreSQL (`indexForeignKeys` of its platforms). Where it is not known which database that is,
    /// nothing is said against it.
    #[must_use]
    pub fn indexes_foreign_keys(&self) -> bool {
        match (self.dialect, self.mapper()) {
            (Some(Dialect::Mysql), _) => true,
            (dialect, Some(Mapper::MikroOrm)) => dialect != Some(Dialect::Postgres),
            (dialect, Some(Mapper::TypeOrm)) => dialect.is_none(),
            (_, Some(Mapper::Convex) | None) => false,
        }
    }
}

/// What keeps tables that code declares: an ORM that maps classes to them, or a database of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mapper {
    /// Convex.
    Convex,
    /// TypeORM.
    TypeOrm,
    /// MikroORM.
    MikroOrm,
}

fn is_empty(object: &Object) -> bool {
    object.properties.is_empty() && object.open.is_empty()
}

/// The name of the Prisma client's member for a model: the first letter in lower case.
#[must_use]
pub fn delegate(model: &str) -> String {
    let mut letters = model.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// The adapter the options give a server of this version.
#[must_use]
pub fn adapter(evaluator: &Evaluator<'_>, options: &Node, version: &Version, server: &Site) -> Adapter {
    let mut adapter = of_options(evaluator, options, server);
    if adapter.kind == AdapterKind::Unknown
        && let Some(bound) = bound(evaluator, options)
    {
        adapter = bound;
    }
    let all = Range { since: Some((1, 2, 12)), until: None };
    if adapter.plural == Plural::Always && version.effective().is_some_and(|release| !all.contains(&release)) {
        adapter.plural = Plural::Unrenamed;
    }
    adapter.text_dates = text_dates(&adapter, version);
    adapter
}

/// The first release whose Drizzle adapter makes dates of the text it is given.
const READS_TEXT: Range = Range { since: Some((1, 5, 0)), until: None };

/// The first release whose Drizzle adapter gives text to columns that take it.
const WRITES_TEXT: Range = Range { since: Some((1, 7, 8)), until: None };

/// What becomes of dates where a column takes text. Measured with sign-up, sessions and password reset, columns of `text` and
/// of `timestamp` with `mode: "string"`, on 1.3.7, 1.3.34, 1.4.22, 1.5.6, 1.6.23 and 1.7.25: `node-postgres`, `postgres-js`,
/// `pglite`, `better-sqlite3` and `libsql` of drizzle-orm 0.45, and the built-in adapter on PostgreSQL. Prisma refuses dates
/// for a `String`, and D1 for any column (documentation of Prisma, "Models"; of Cloudflare D1, "Type conversion").
fn text_dates(adapter: &Adapter, version: &Version) -> TextDates {
    let release = version.effective();
    let is_in = |range: &Range| release.as_ref().is_none_or(|release| range.contains(release));
    let driver = || match &adapter.handle.as_ref()?.value {
        Value::Call(call) => call.callee.module.strip_prefix("drizzle-orm/"),
        _ => None,
    };
    match (adapter.kind, adapter.dialect) {
        (AdapterKind::Drizzle, _) if is_in(&WRITES_TEXT) => TextDates::Fine,
        (AdapterKind::Drizzle, dialect) => match (driver(), dialect) {
            (Some("postgres-js" | "better-sqlite3" | "d1"), _) => TextDates::Refused,
            // It stores a number that no release reads as a date.
            (Some("libsql"), _) => TextDates::Text,
            (_, Some(Dialect::Postgres | Dialect::Mysql)) if !is_in(&READS_TEXT) => TextDates::Text,
            _ => TextDates::Fine,
        },
        (AdapterKind::Kysely, Some(Dialect::Postgres | Dialect::Mysql)) => TextDates::Text,
        (AdapterKind::Prisma, _) => TextDates::Refused,
        (AdapterKind::Other, Some(_)) => TextDates::Text,
        _ => TextDates::Fine,
    }
}

fn of_options(evaluator: &Evaluator<'_>, options: &Node, server: &Site) -> Adapter {
    match options.lookup(&["database"]) {
        Lookup::Absent => Adapter { kind: AdapterKind::None, ..unknown(server) },
        Lookup::Unknown(_) => unknown(server),
        Lookup::Found(found) => {
            // Where a condition decides whether there is a database, its schema is the one that counts.
            let given = found.iter().filter(|one| !matches!(one.node.value, Value::Undefined | Value::Null));
            let of_one = |node: &Node| {
                let mut adapter = of_value(evaluator, node);
                if is_empty_in_place(evaluator, options, node) {
                    adapter.handle = Some(node.clone());
                }
                adapter
            };
            let mut adapters = given.map(|one| (of_one(one.node), one.conditions.first().copied()));
            let Some((mut common, condition)) = adapters.next() else {
                return Adapter { kind: AdapterKind::None, ..unknown(server) };
            };
            // Several databases by condition: only what they have in common is known.
            for (next, other) in adapters {
                if common.kind != next.kind {
                    return unknown(&common.at);
                }
                common.wrapped |= next.wrapped;
                common.dialect = common.dialect.filter(|_| common.dialect == next.dialect);
                common.provider = common.provider.filter(|provider| next.provider.as_ref() == Some(provider));
                common.module = common.module.filter(|module| next.module.as_ref() == Some(module));
                common.snake_case = common.snake_case.filter(|_| common.snake_case == next.snake_case);
                if let Some(conditions) = condition.zip(other) {
                    common.options = either(common.options, next.options, conditions);
                    common.handle = either(common.handle, next.handle, conditions);
                }
            }
            common
        }
    }
}

/// Whether a database is an empty object that is written in the options themselves: `database: {} as never` stands for one that
/// is never reached. What is given by name may be filled anywhere.
fn is_empty_in_place(evaluator: &Evaluator<'_>, options: &Node, node: &Node) -> bool {
    let mut properties = options.object().into_iter().flat_map(|options| &options.properties);
    let text = || evaluator.text(&node.at.file);
    let is_next_to = |key: &Site| {
        let is_bare = |between: &str| between.chars().all(|letter| matches!(letter, ':' | '(') || letter.is_whitespace());
        let between = key.span.end as usize..node.at.span.start as usize;
        key.file == node.at.file && text().is_some_and(|text| text.get(between).is_some_and(is_bare))
    };
    node.object().is_some_and(is_empty) && properties.any(|one| &*one.key == "database" && is_next_to(&one.key_at))
}

/// One of two values, under the conditions of each; the value where they are the same.
fn either(one: Option<Node>, other: Option<Node>, (first, second): (&Condition, &Condition)) -> Option<Node> {
    let (one, other) = match (one, other) {
        (Some(one), Some(other)) if one.value != other.value => (one, other),
        (one, other) => return one.or(other),
    };
    let at = one.at.clone();
    let alternative = |node, condition: &Condition| Alternative { node, condition: condition.clone() };
    let mut alternatives = match one.value {
        Value::Either(known) => known.to_vec(),
        value => vec![alternative(Node { value, at: at.clone() }, first)],
    };
    alternatives.push(alternative(other, second));
    Some(Node { value: alternatives.into(), at })
}

/// The adapter of a database that Cloudflare hands over at run time (`database: env.DB`), which is a D1 where the code gives
/// the binding that type, or the configuration of wrangler lists it as one (documentation of Cloudflare D1, "Bind your
/// Worker to your D1 database").
fn bound(evaluator: &Evaluator<'_>, options: &Node) -> Option<Adapter> {
    let property = options.object()?.properties.iter().find(|property| &*property.key == "database")?;
    let at = &property.node.at;
    let text = evaluator.text(&at.file)?;
    let line = text.get(property.key_at.span.end as usize..)?.split([',', '\n', '}']).next()?;
    let (_, binding) = line.trim_start_matches([':', ' ']).trim_end().trim_end_matches('!').rsplit_once('.')?;
    let is_word = !binding.is_empty() && binding.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    let is_typed = |text: &str| {
        text.match_indices(binding).any(|(start, _)| {
            let starts = !text[..start].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_' || letter == '.');
            let rest = text[start + binding.len()..].trim_start_matches('?').trim_start();
            starts && rest.strip_prefix(':').is_some_and(|rest| rest.trim_start().starts_with("D1Database"))
        })
    };
    let package = evaluator.package_of(&at.file);
    let beside = |name: &str| evaluator.text(&if package.is_empty() { name.to_owned() } else { format!("{package}/{name}") });
    let is_listed = |text: &str| {
        let list = text.split("d1_databases").nth(1).unwrap_or_default();
        list.contains("binding") && list.contains(&format!("\"{binding}\""))
    };
    let is_d1 = is_word
        && (is_typed(&text)
            || beside("worker-configuration.d.ts").is_some_and(|text| is_typed(&text))
            || ["wrangler.toml", "wrangler.jsonc", "wrangler.json"]
                .iter()
                .filter_map(|name| beside(name))
                .any(|text| is_listed(&text)));
    is_d1.then(|| Adapter {
        kind: AdapterKind::Kysely,
        dialect: Some(Dialect::Sqlite),
        provider: Some(D1.into()),
        handle: Some(property.node.clone()),
        ..unknown(at)
    })
}

/// An adapter of which only its place is known.
pub(super) fn unknown(at: &Site) -> Adapter {
    Adapter {
        kind: AdapterKind::Unknown,
        at: at.clone(),
        dialect: None,
        provider: None,
        module: None,
        options: None,
        handle: None,
        plural: Plural::Never,
        snake_case: Some(false),
        text_dates: TextDates::Fine,
        wrapped: false,
    }
}

fn of_value(evaluator: &Evaluator<'_>, node: &Node) -> Adapter {
    let mut adapter = unknown(&node.at);
    match &node.value {
        Value::Call(call) => of_call(&mut adapter, call),
        Value::Object(object) if !object.foreign.is_empty() => {
            if let Some(call) = made_from(node) {
                of_call(&mut adapter, call);
                adapter.wrapped = true;
            }
        }
        // One that is filled elsewhere, if it is any at all.
        Value::Object(object) if is_empty(object) => {}
        Value::Object(_) => {
            adapter.kind = AdapterKind::Kysely;
            adapter.provider = node.text(&["type"]).map(str::to_owned);
            adapter.dialect = adapter.provider.as_deref().and_then(dialect);
            let instance = node.get(&["db"]);
            adapter.snake_case = instance.map_or(Some(false), instance_turns_to_snake_case);
            adapter.handle = instance.or_else(|| node.get(&["dialect"])).cloned();
        }
        // `(options) => drizzleAdapter(db, config)(options)`
        Value::Function(function) => {
            let made = evaluator.call(function, Vec::new(), &node.at);
            match made_from(&made) {
                Some(call) => {
                    of_call(&mut adapter, call.receiver.as_deref().filter(|_| call.callee.name.ends_with("()")).unwrap_or(call));
                    adapter.wrapped = !matches!(&made.value, Value::Call(whole) if std::ptr::eq(&**whole, call));
                }
                None => {
                    adapter.kind = AdapterKind::Other;
                    adapter.provider = Some("a function of the repository".into());
                }
            }
        }
        _ => {}
    }
    adapter
}

/// The foreign call a value is: itself, or an object around its result (`{ ...adapter, create }`, `new Proxy(adapter, { get })`).
fn made_from(node: &Node) -> Option<&CallValue> {
    match &node.value {
        Value::Call(call) if call.callee.module == "global" && call.callee.name == "Proxy" => made_from(call.arguments.first()?),
        Value::Call(call) => Some(call),
        Value::Object(object) => match object.foreign.as_slice() {
            [only] => made_from(only),
            _ => None,
        },
        _ => None,
    }
}

fn of_call(adapter: &mut Adapter, call: &CallValue) {
    let name = call.callee.name.rsplit('.').next().unwrap_or("");
    let kysely = |dialect| (AdapterKind::Kysely, dialect);
    let (kind, dialect_known) = match name {
        "drizzleAdapter" => (AdapterKind::Drizzle, None),
        "prismaAdapter" => (AdapterKind::Prisma, None),
        "mongodbAdapter" | "mongoAdapter" => (AdapterKind::Mongo, None),
        "memoryAdapter" => (AdapterKind::Memory, None),
        "Pool" | "Client" | "PostgresDialect" | "NeonDialect" | "PostgresJSDialect" => kysely(Some(Dialect::Postgres)),
        "createPool" | "createConnection" => kysely(of_driver(&call.callee.module)),
        "MysqlDialect" | "PlanetScaleDialect" => kysely(Some(Dialect::Mysql)),
        "Database" | "DatabaseSync" | "SqliteDialect" | "LibsqlDialect" | "D1Dialect" | "BunSqliteDialect" => {
            kysely(Some(Dialect::Sqlite))
        }
        "MssqlDialect" => kysely(Some(Dialect::Mssql)),
        "default" if matches!(call.callee.module.as_str(), "better-sqlite3" | "bun:sqlite") => kysely(Some(Dialect::Sqlite)),
        "Kysely" | "kyselyAdapter" => kysely(None),
        _ => (AdapterKind::Other, None),
    };
    adapter.kind = kind;
    adapter.module = Some(call.callee.module.clone());
    adapter.provider = (name == "D1Dialect").then(|| D1.to_owned());
    adapter.dialect = dialect_known;
    adapter.handle = call.arguments.first().cloned();
    adapter.snake_case = match (name, &adapter.handle) {
        ("Kysely", Some(options)) => turns_to_snake_case(options),
        ("kyselyAdapter", Some(instance)) => instance_turns_to_snake_case(instance),
        _ => Some(false),
    };
    if matches!(kind, AdapterKind::Other) {
        adapter.provider = Some(call.local.clone());
        adapter.dialect = adapter.handle.as_ref().and_then(of_orm);
        // `createClient(components.betterAuth, { local: { schema } }).adapter(ctx)`.
        adapter.options = call.receiver.as_ref().and_then(|component| component.arguments.get(1)).cloned();
        return;
    }
    if let Some(options) = call.arguments.get(1) {
        adapter.provider = options.text(&["provider"]).map(str::to_owned);
        if let Some(provider) = adapter.provider.as_deref() {
            adapter.dialect = dialect(provider);
        }
        if options.get(&["usePlural"]).is_some_and(|plural| plural.value == Value::Bool(true)) {
            adapter.plural = Plural::Always;
        }
        adapter.options = Some(options.clone());
    }
}

/// The dialect of the driver a function comes from whose name several drivers share.
fn of_driver(module: &str) -> Option<Dialect> {
    match split_package_name(module).0 {
        "mysql" | "mysql2" | "mariadb" | "promise-mysql" => Some(Dialect::Mysql),
        "@vercel/postgres" | "slonik" | "@neondatabase/serverless" | "pg" => Some(Dialect::Postgres),
        _ => None,
    }
}

/// The dialect of a data source of TypeORM, which names it, or of an instance of MikroORM, which is made with what the
/// package of a driver exports.
fn of_orm(handle: &Node) -> Option<Dialect> {
    match &handle.value {
        Value::Call(call) if call.callee.name == "DataSource" => of_data_source(call.arguments.first()?.text(&["type"])?),
        Value::Call(call) => {
            let options = call.arguments.first();
            of_mikro_orm(&call.callee.module).or_else(|| options.and_then(of_orm)).or_else(|| {
                match &options?.get(&["driver"])?.value {
                    Value::External(driver) => of_mikro_orm(&driver.module),
                    _ => None,
                }
            })
        }
        _ => None,
    }
}

/// The dialect of the `type` of a data source (documentation of TypeORM, "Data Source Options").
fn of_data_source(kind: &str) -> Option<Dialect> {
    match kind.strip_prefix("aurora-").unwrap_or(kind) {
        "mariadb" => Some(Dialect::Mysql),
        "better-sqlite3" | "sqljs" => Some(Dialect::Sqlite),
        kind => dialect(kind),
    }
}

/// The dialect of the package of a driver of MikroORM.
fn of_mikro_orm(module: &str) -> Option<Dialect> {
    match split_package_name(module).0.strip_prefix("@mikro-orm/")? {
        "postgresql" => Some(Dialect::Postgres),
        "mysql" | "mariadb" => Some(Dialect::Mysql),
        "sqlite" | "better-sqlite" | "libsql" => Some(Dialect::Sqlite),
        "mssql" => Some(Dialect::Mssql),
        _ => None,
    }
}

/// The dialect a `provider` or `type` names.
fn dialect(name: &str) -> Option<Dialect> {
    match name {
        "pg" | "postgres" | "postgresql" | "cockroachdb" => Some(Dialect::Postgres),
        "mysql" => Some(Dialect::Mysql),
        "sqlite" => Some(Dialect::Sqlite),
        "mssql" | "sqlserver" => Some(Dialect::Mssql),
        _ => None,
    }
}

/// Whether an instance of Kysely turns names into snake case; `None` when that is not known.
fn instance_turns_to_snake_case(instance: &Node) -> Option<bool> {
    match &instance.value {
        Value::Call(call) if call.callee.name == "Kysely" => turns_to_snake_case(call.arguments.first()?),
        _ => None,
    }
}

/// Whether the options of Kysely hold its `CamelCasePlugin` (documentation of Kysely: "Plugins").
fn turns_to_snake_case(options: &Node) -> Option<bool> {
    let found = match options.lookup(&["plugins"]) {
        Lookup::Absent => return Some(false),
        Lookup::Unknown(_) => return None,
        Lookup::Found(found) => found,
    };
    let [Found { node: Node { value: Value::Array(plugins), .. }, .. }] = found.as_slice() else { return None };
    let is_it = |item: &Item| matches!(&item.node.value, Value::Call(call) if call.callee.name == "CamelCasePlugin");
    plugins.open.is_empty().then(|| plugins.items.iter().any(is_it))
}
