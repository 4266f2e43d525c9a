//! What the repository declares for one server: which sources its adapter reads, and what lies elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::broken::Broken;
use super::casing::Casing;
use super::commands::{Commands, Finder};
use super::handle::{Given, schema_map};
use super::lookup::{Lookup, Map, Naming, is_same_word, is_similar_table, snake_case};
use super::migrated::{are_kept, name_in_database};
use super::replay::{Scripts, is_code, replay, scripts};
use super::tools::{Kind, Reader, Tool, push, runner, tools};
use super::{CORE, Declared, Dropped, Layer, Migrated, SourceTable, convex, drizzle, entities, knexfile, prisma, types};
use crate::project::adapter::{Mapper, delegate};
use crate::project::eval::Evaluator;
use crate::project::files::Files;
use crate::project::link::is_example_or_test;
use crate::project::resolve::{Resolver, join, relative};
use crate::project::value::Unknown;
use crate::project::{Adapter, AdapterKind, Server};
use crate::source::FileKind;

/// The schema sources of the whole repository, read once for all servers.
#[derive(Debug)]
pub struct Sources {
    prisma: Vec<prisma::PrismaSchema>,
    scripts: Arc<Scripts>,
    migrated: Vec<Arc<Migrated>>,
    /// Every table that something declares or makes, the exported ones of Drizzle first.
    all: Arc<[SourceTable]>,
    exported: Arc<drizzle::Exported>,
    tools: Arc<[Tool]>,
    /// The same without the packages that are there to show or to test something, where there are some.
    applied: Option<Applied>,
}

/// The schema sources of applications: what examples and tests declare is theirs alone.
#[derive(Debug)]
struct Applied {
    sources: Box<Sources>,
    /// The packages whose schemas are left out, sorted.
    without: Arc<[Arc<str>]>,
}

impl Sources {
    /// Reads all schema sources of the snapshot.
    #[must_use]
    pub fn read(files: &dyn Files, resolver: &Resolver, evaluator: &Evaluator<'_>) -> Self {
        let prisma = prisma::schemas(files, resolver);
        let (exported, mut all) = drizzle::Exported::read(files, evaluator);
        all.extend(prisma.iter().flat_map(|schema| schema.models.iter().cloned()));
        let declaring: BTreeSet<Arc<str>> = all.iter().map(|table| Arc::clone(&table.file)).collect();
        let tools = tools(Reader { files, resolver, evaluator, declaring: &declaring });
        let scripts = scripts(files, &knexfile::directories(files, evaluator));
        let migrated: Vec<Arc<Migrated>> = replay(files, &scripts).into_iter().map(Arc::new).collect();
        all.extend(entities::all_tables(files));
        all.extend(migrated.iter().flat_map(|migrated| migrated.tables.iter().cloned()));
        let (scripts, exported) = (Arc::new(scripts), Arc::new(exported));
        let mut sources = Self { prisma, scripts, migrated, all: all.into(), exported, tools: tools.into(), applied: None };
        let packages: BTreeSet<Arc<str>> = sources.all.iter().map(|table| resolver.package_of(&table.file)).collect();
        let without: Arc<[Arc<str>]> = packages.into_iter().filter(|package| is_example_or_test(package)).collect();
        sources.applied = (!without.is_empty()).then(|| sources.without(without, resolver));
        sources
    }

    fn without(&self, without: Arc<[Arc<str>]>, resolver: &Resolver) -> Applied {
        let stays = |file: &str| !without.contains(&resolver.package_of(file));
        let made = |one: &&Arc<Migrated>| one.tables.first().is_none_or(|table| stays(&table.file));
        let sources = Self {
            prisma: self.prisma.iter().filter(|schema| !without.contains(&schema.package)).cloned().collect(),
            scripts: Arc::clone(&self.scripts),
            migrated: self.migrated.iter().filter(made).cloned().collect(),
            all: self.all.iter().filter(|table| stays(&table.file)).cloned().collect(),
            exported: Arc::clone(&self.exported),
            tools: Arc::clone(&self.tools),
            applied: None,
        };
        Applied { sources: Box::new(sources), without }
    }

    /// The sources that may hold the schema of a server: an application does not use those of an example, unless it takes its
    /// database from there.
    fn applied(&self, resolver: &Resolver, package: &str, adapter: &Adapter) -> Option<&Applied> {
        let home = adapter.handle.as_ref().map(|handle| resolver.package_of(&handle.at.file));
        self.applied.as_ref().filter(|_| !is_example_or_test(package) && !home.is_some_and(|home| is_example_or_test(&home)))
    }

    /// What the adapter of one server finds.
    #[must_use]
    pub fn declared(
        &self,
        files: &dyn Files,
        evaluator: &Evaluator<'_>,
        resolver: &Resolver,
        package: &str,
        adapter: &Adapter,
    ) -> Declared {
        if let Some(Applied { sources, without }) = self.applied(resolver, package, adapter) {
            let declared = sources.declared(files, evaluator, resolver, package, adapter);
            return Declared { without: Arc::clone(without), ..declared };
        }
        let mut synchronized = false;
        let (lookup, migrated) = match adapter.kind {
            AdapterKind::Drizzle => {
                let mut lookup = self.drizzle(evaluator, resolver, package, adapter);
                self.name_columns(&mut lookup, adapter);
                let is_of_astro = lookup.tables.iter().any(|(_, table)| table.layer == Layer::Astro);
                let migrated = match lookup.is_certain() && !is_of_astro {
                    true => self.migrations_of(files, resolver, package, &lookup),
                    false => Vec::new(),
                };
                (lookup, migrated)
            }
            AdapterKind::Prisma => self.prisma(files, resolver, package, adapter),
            AdapterKind::Kysely => self.sql(files, resolver, package, adapter),
            _ if adapter.mapper() == Some(Mapper::Convex) => {
                let tables = adapter.convex_schema().and_then(convex::tables).unwrap_or_default();
                (Lookup { tables, naming: Naming::Exact, ..Lookup::default() }, Vec::new())
            }
            _ if adapter.mapper().is_some() => {
                let lookup = self.entities(resolver, package, adapter);
                synchronized = entities::is_synchronized(files, resolver, adapter, &packages_of(resolver, package, &lookup));
                let migrated = if synchronized { Vec::new() } else { self.migrations_of(files, resolver, package, &lookup) };
                (lookup, migrated)
            }
            _ => (self.similar(|_| true), Vec::new()),
        };
        let sources: BTreeSet<Arc<str>> = lookup.tables.iter().map(|(_, table)| Arc::clone(&table.file)).collect();
        // These are read for a server alone.
        let own = lookup.tables.iter().map(|(_, table)| table);
        let own = own.filter(|table| matches!(table.layer, Layer::Types | Layer::Convex));
        let all = match own.cloned().collect::<Vec<_>>() {
            own if own.is_empty() => Arc::clone(&self.all),
            own => self.all.iter().cloned().chain(own).collect(),
        };
        let mut packages = packages_of(resolver, package, &lookup);
        packages.insert("".into());
        let pushed = synchronized || push(resolver, packages.iter().map(|package| &**package));
        let runner = runner(files, resolver, packages.iter().map(|package| &**package));
        let scripts = Arc::clone(&self.scripts);
        let gone = self.gone(&lookup);
        let (sources, of_others) = (sources.into_iter().collect(), BTreeSet::new());
        let broken = Broken::find(files, &all);
        let without = Arc::default();
        Declared { lookup, all, of_others, without, gone, migrated, pushed, runner, scripts, sources, broken }
    }

    /// The commands that bring what is declared for a server into its database.
    #[must_use]
    pub fn commands(&self, files: &dyn Files, resolver: &Resolver, server: &Server) -> Commands {
        if let Some(Applied { sources, .. }) = self.applied(resolver, &server.package, &server.adapter) {
            return sources.commands(files, resolver, server);
        }
        let (tools, migrated, prisma) = (&self.tools, &self.migrated, &self.prisma);
        Finder { files, resolver, tools, migrated, prisma, server }.commands()
    }

    /// What was the last to drop one of the tables that every server has, where none of them is left.
    fn gone(&self, lookup: &Lookup) -> Option<Dropped> {
        let is_whole = |drop: &&Dropped| drop.column.is_none() && drop.to.is_none();
        let is_core = |drop: &&Dropped| CORE.iter().any(|core| is_same_word(core, &drop.table));
        let mut drops = self.migrated.iter().flat_map(|one| &one.dropped).filter(is_whole);
        drops.rfind(is_core).filter(|_| !lookup.tables.iter().any(|(_, table)| self::is_core(table))).cloned()
    }

    /// Tables whose link to the adapter is not known.
    fn similar(&self, wanted: impl Fn(&SourceTable) -> bool) -> Lookup {
        let tables = self.all.iter().filter(|table| wanted(table)).cloned();
        Lookup { tables: named(tables), ..Lookup::default() }
    }

    /// The tables of the schema map; those that may be meant where it is not known, or the adapter is given none.
    fn drizzle(&self, evaluator: &Evaluator<'_>, resolver: &Resolver, package: &str, adapter: &Adapter) -> Lookup {
        let map = match schema_map(adapter) {
            Given::Map(map) => match self.exported.of_map(evaluator, map) {
                Some(tables) => {
                    let given = Map::Given { at: map.at.clone(), containers: BTreeMap::new() };
                    let whole = !adapter.wrapped && !adapter.is_hollow();
                    return Lookup { tables: named(tables), naming: Naming::Exact, map: given, whole };
                }
                None => Map::Unknown(
                    map.why_unknown()
                        .unwrap_or_else(|| Unknown::new("the schema map it is given is not known as a whole", map.at.clone())),
                ),
            },
            Given::Nothing => Map::Nothing,
            Given::Unknown(why) => Map::Unknown(why),
        };
        let is_drizzle = |table: &SourceTable| table.layer == Layer::Drizzle;
        let has_none = !self.all.iter().any(is_drizzle);
        // Of two tables of a name in the packages of the server the one counts that is migrated from there.
        let handle = adapter.handle.as_ref().map(|handle| resolver.package_of(&handle.at.file));
        let is_near = |other: &str| other == package || handle.as_deref() == Some(other);
        let kits: Vec<&Tool> = self.tools.iter().filter(|tool| tool.kind == Kind::DrizzleKit && is_near(&tool.package)).collect();
        let is_read = |table: &SourceTable| kits.iter().any(|kit| kit.reads(&table.file));
        let read: Vec<&SourceTable> = self.all.iter().filter(|table| is_drizzle(table) && is_read(table)).collect();
        let is_left = |table: &SourceTable| {
            let mut namesakes = read.iter().filter(|other| is_similar_table(&other.table, &table.table.name));
            is_near(&resolver.package_of(&table.file)) && !is_read(table) && namesakes.next().is_some()
        };
        let counts = |table: &SourceTable| has_none || is_drizzle(table) && !is_left(table) && !self.is_pulled(table);
        Lookup { map, ..self.similar(counts) }
    }

    /// Whether Drizzle Kit wrote a table beside its migrations from the database (its documentation: "pull"), where the schema
    /// that it reads declares one of the name.
    fn is_pulled(&self, table: &SourceTable) -> bool {
        let declares = |kit: &Tool| {
            let mut read = self.all.iter().filter(|other| other.layer == Layer::Drizzle && kit.reads(&other.file));
            read.any(|other| is_similar_table(&other.table, &table.table.name))
        };
        let writes = |kit: &&Tool| {
            let is_out = || kit.migrations.as_deref().is_some_and(|out| relative(out, &table.file).is_some());
            kit.kind == Kind::DrizzleKit && is_out() && !kit.reads(&table.file)
        };
        self.tools.iter().filter(writes).any(declares)
    }

    /// The tables of classes; those of the package where it has all core tables that classes are mapped to.
    fn entities(&self, resolver: &Resolver, package: &str, adapter: &Adapter) -> Lookup {
        let mapped = self.all.iter().filter(|table| table.layer == Layer::Entity);
        let mut tables: Vec<SourceTable> = mapped.cloned().collect();
        let is_own = |table: &SourceTable| *resolver.package_of(&table.file) == *package;
        let is_there = |core: &str| tables.iter().any(|table| is_own(table) && is_similar_table(&table.table, core));
        let all = CORE.iter().filter(|core| tables.iter().any(|table| is_similar_table(&table.table, core)));
        if all.clone().all(|core| is_there(core)) && all.count() > 0 {
            tables.retain(is_own);
        }
        let ordered: Vec<Arc<Migrated>> = self.migrated.iter().filter(|one| one.ordered).cloned().collect();
        tables.iter_mut().for_each(|table| entities::name_as_made(table, &ordered));
        let naming = match adapter.package() {
            Some("better-auth-mikro-orm") if !entities::are_renamed(adapter) => Naming::Entities,
            _ => Naming::Similar,
        };
        Lookup { tables: named(tables), naming, ..Lookup::default() }
    }

    /// Writes down what the columns of Drizzle's tables are called in the database, where a setting makes names of those
    /// in code: that of the handle, which writes the queries, else that of Drizzle Kit, which writes the migrations.
    fn name_columns(&self, lookup: &mut Lookup, adapter: &Adapter) {
        let handle = adapter.handle.as_ref().and_then(Casing::of_handle);
        for (_, source) in lookup.tables.iter_mut().filter(|(_, source)| source.layer == Layer::Drizzle) {
            let kit = || self.tools.iter().find(|tool| tool.kind == Kind::DrizzleKit && tool.reads(&source.file))?.casing;
            if let Some(casing) = handle.or_else(kit) {
                casing.name_columns(&mut source.table);
            }
        }
    }

    /// The models of the schema the client was generated from, and its migrations.
    fn prisma(&self, files: &dyn Files, resolver: &Resolver, package: &str, adapter: &Adapter) -> (Lookup, Vec<Arc<Migrated>>) {
        let home = adapter.handle.as_ref().map(|handle| resolver.package_of(&handle.at.file));
        let packages: Vec<&str> = home.as_deref().into_iter().chain([package]).collect();
        let tool = packages.iter().find_map(|package| self.prisma_tool(package));
        let schema = prisma::of_client(&self.prisma, tool, &packages);
        let models = match schema {
            Some(schema) => schema.models.iter().collect::<Vec<_>>(),
            None => self.prisma.iter().flat_map(|schema| &schema.models).collect(),
        };
        if models.is_empty() {
            return (self.similar(|_| true), Vec::new());
        }
        let tables = models.into_iter().map(|model| (delegate(&model.table.name), model.clone())).collect();
        let is_usual = || adapter.handle.as_ref().is_some_and(prisma::is_usual_client);
        let whole = self.prisma.len() == 1 && !adapter.wrapped && is_usual();
        let lookup = Lookup { tables, naming: Naming::Exact, whole, ..Lookup::default() };
        let is_read = |tool: &&Tool| lookup.tables.iter().any(|(_, model)| tool.reads(&model.file));
        let configured = tool.filter(is_read).and_then(|tool| tool.migrations.clone());
        let folder = configured.or_else(|| schema.map(prisma::PrismaSchema::migrations));
        let own: Vec<_> = self.migrated.iter().filter(|one| folder.as_deref() == Some(&*one.folder)).cloned().collect();
        let migrated = if own.is_empty() { self.migrations_of(files, resolver, package, &lookup) } else { own };
        (lookup, migrated)
    }

    /// The configuration of Prisma in a package, where there is one.
    fn prisma_tool(&self, package: &str) -> Option<&Tool> {
        let mut own = self.tools.iter().filter(|tool| tool.kind == Kind::Prisma && &*tool.package == package);
        own.next().filter(|_| own.next().is_none())
    }

    /// The tables SQL scripts make, those of the package where there are some; with those of types that a tool wrote from
    /// the database, where no script makes the tables of the server and nothing else declares them.
    fn sql(&self, files: &dyn Files, resolver: &Resolver, package: &str, adapter: &Adapter) -> (Lookup, Vec<Arc<Migrated>>) {
        let own = |one: &&Arc<Migrated>| one.tables.first().is_some_and(|table| &*resolver.package_of(&table.file) == package);
        let mut migrated: Vec<Arc<Migrated>> = self.migrated.iter().filter(own).cloned().collect();
        if migrated.is_empty() {
            migrated.clone_from(&self.migrated);
        }
        let mut tables: Vec<SourceTable> = migrated.iter().flat_map(|one| one.tables.iter().cloned()).collect();
        // A table that is only altered is made elsewhere.
        let is_made = |source: &SourceTable| is_core(source) && !source.table.open;
        if !self.all.iter().chain(&tables).any(is_made) {
            let (altered, made): (Vec<_>, Vec<_>) = tables.into_iter().partition(|source| source.table.open);
            let (typed, altered) = types::altered(typed(files, resolver, package), altered);
            tables = [made, typed, altered].concat();
        }
        // Scripts that make other tables say nothing of where those of the server are made.
        if !tables.iter().any(is_core) {
            let naming = Naming::Stored { dialect: adapter.dialect, snake: adapter.snake_case };
            return (Lookup { naming, ..self.similar(|_| true) }, Vec::new());
        }
        let tables =
            if adapter.snake_case == Some(true) { named(tables.into_iter().map(as_kysely_makes_it)) } else { named(tables) };
        let tables = in_one_namespace(tables);
        let naming = Naming::Sql { dialect: adapter.dialect, snake: adapter.snake_case };
        (Lookup { tables, naming, ..Lookup::default() }, migrated)
    }

    /// The configurations of Drizzle Kit that read these tables. Where some are none of its business, it is not known who makes
    /// them: none then.
    fn kits(&self, lookup: &Lookup) -> Vec<&Tool> {
        // What is not known to be a table need not be the business of a tool.
        let declaring: BTreeSet<&str> =
            lookup.tables.iter().filter(|(_, table)| !table.is_unknown()).map(|(_, table)| &*table.file).collect();
        let of_kit = |tool: &&Tool| tool.kind == Kind::DrizzleKit && declaring.iter().any(|file| tool.reads(file));
        let reading: Vec<&Tool> = self.tools.iter().filter(of_kit).collect();
        let are_all_read = declaring.iter().all(|file| reading.iter().any(|tool| tool.reads(file)));
        if are_all_read { reading } else { Vec::new() }
    }

    /// The migrations in the folders that tools are configured to write into.
    fn written_by(&self, tools: &[&Tool]) -> Vec<Arc<Migrated>> {
        let is_target =
            |one: &&Arc<Migrated>| one.ordered && tools.iter().any(|tool| tool.migrations.as_deref() == Some(&*one.folder));
        self.migrated.iter().filter(is_target).cloned().collect()
    }

    /// Whether scripts bring the tables into a database without migrations.
    fn is_pushed(&self, resolver: &Resolver, package: &str, lookup: &Lookup) -> bool {
        let packages = packages_of(resolver, package, lookup);
        push(resolver, packages.iter().map(|package| &**package).chain([""]))
    }

    /// The folders of migrations that make the tables an ORM declares: those it is configured for, else those of the same
    /// packages, else those of the server's and of the repository as a whole. What another tool writes is for another schema.
    /// Where none makes any, those it is configured for make others instead, unless the schema is pushed.
    fn migrations_of(&self, files: &dyn Files, resolver: &Resolver, package: &str, lookup: &Lookup) -> Vec<Arc<Migrated>> {
        let kits = self.kits(lookup);
        let configured = self.written_by(&kits);
        if !kits.is_empty() && are_kept(&configured, lookup.tables.iter().map(|(_, table)| table)) {
            return configured;
        }
        let is_pushed = self.is_pushed(resolver, package, lookup);
        let scripts = files.of_kind(FileKind::Sql);
        let is_empty = |folder: &String| !scripts.iter().any(|script| relative(folder, script).is_some());
        let is_unused = |kit: &&Tool| kit.migrations.as_ref().is_some_and(is_empty);
        if is_pushed && !kits.is_empty() && kits.iter().all(is_unused) {
            return Vec::new();
        }
        let makes = |one: &&Arc<Migrated>| {
            let mut names = lookup.tables.iter().filter_map(|(_, table)| name_in_database(table));
            one.ordered && names.any(|name| one.table(name).is_some())
        };
        let layers: BTreeSet<Layer> = lookup.tables.iter().map(|(_, table)| table.layer).collect();
        let is_foreign = |one: &&Arc<Migrated>| writer(files, &one.folder).is_some_and(|writer| !layers.contains(&writer));
        let all: Vec<&Arc<Migrated>> = self.migrated.iter().filter(|one| makes(one) && !is_foreign(one)).collect();
        let of_packages = |packages: &BTreeSet<Arc<str>>| -> Vec<Arc<Migrated>> {
            let is_in = |one: &&&Arc<Migrated>| {
                one.tables.first().is_some_and(|table| packages.contains(&resolver.package_of(&table.file)))
            };
            all.iter().filter(is_in).map(|one| Arc::clone(one)).collect()
        };
        let near = of_packages(&lookup.tables.iter().map(|(_, table)| resolver.package_of(&table.file)).collect());
        let found = if near.is_empty() { of_packages(&[package.into(), "".into()].into()) } else { near };
        if found.is_empty() && !is_pushed { configured } else { found }
    }
}

/// Tells each server which tables are for the database of another one: those of packages that another server is in or reads
/// its tables from, and this one does not. Servers that read a file in common are on one database.
pub fn tell_apart(servers: &mut [Server], resolver: &Resolver) {
    let reads = |server: &Server| -> BTreeSet<Arc<str>> {
        let read = server.declared.sources.iter().filter(|_| server.declared.lookup.is_certain());
        read.map(|file| resolver.package_of(file)).chain([Arc::clone(&server.package)]).collect()
    };
    let read: Vec<BTreeSet<Arc<str>>> = servers.iter().map(reads).collect();
    for at in 0..servers.len() {
        let (own, declared) = (&read[at], &servers[at].declared);
        if !declared.lookup.is_certain() {
            continue;
        }
        let is_together = |other: &Server| {
            let shares = || declared.sources.iter().any(|file| other.declared.sources.contains(file));
            other.declared.lookup.is_certain() && shares()
        };
        let apart = servers.iter().zip(&read).filter(|(other, _)| !is_together(other));
        let of_others: BTreeSet<&Arc<str>> = apart.flat_map(|(_, read)| read).filter(|package| !own.contains(*package)).collect();
        if of_others.is_empty() {
            continue;
        }
        let files: BTreeSet<&Arc<str>> = declared.all.iter().map(|table| &table.file).collect();
        let is_of_others = |file: &&Arc<str>| of_others.contains(&resolver.package_of(file));
        let of_others = files.into_iter().filter(is_of_others).cloned().collect();
        servers[at].declared.of_others = of_others;
    }
}

/// Whose tables the migrations of a folder are for, where the tool that writes them leaves its mark there (documentation of
/// Prisma Migrate, "About migration histories"; of Drizzle Kit, "generate").
pub(super) fn writer(files: &dyn Files, folder: &str) -> Option<Layer> {
    let marks = [("migration_lock.toml", Layer::Prisma), ("meta/_journal.json", Layer::Drizzle)];
    let is_there = |mark: &str| join(folder, mark).is_some_and(|path| files.exists(&path));
    marks.into_iter().find(|(mark, _)| is_there(mark)).map(|(_, layer)| layer)
}

/// A table as it comes to be where Kysely's `CamelCasePlugin` stands between code and database: what code calls
/// `emailVerified` is made as `email_verified`. SQL scripts run as they are.
fn as_kysely_makes_it(mut source: SourceTable) -> SourceTable {
    let is_in_code = |file: &str| source.layer == Layer::Types || is_code(file);
    let is_named_in_code = is_in_code(&source.file);
    let in_code: Vec<bool> = source.table.columns.iter().map(|column| is_in_code(&source.column_site(column).file)).collect();
    for (column, _) in source.table.columns.iter_mut().zip(in_code).filter(|(_, in_code)| *in_code) {
        let made = snake_case(&column.name);
        let named = source.table.keys.iter_mut().flat_map(|key| &mut key.columns).filter(|name| **name == column.name);
        named.for_each(|name| name.clone_from(&made));
        if let Some(file) = source.elsewhere.remove(&column.name) {
            source.elsewhere.insert(made.clone(), file);
        }
        column.name = made;
    }
    if is_named_in_code {
        source.table.name = snake_case(&source.table.name);
    }
    source
}

/// Whether a table may be one of those every server has.
fn is_core(source: &SourceTable) -> bool {
    CORE.iter().any(|core| is_similar_table(&source.table, core))
}

/// The schema inside the database that most core tables are in; none for the usual one.
#[must_use]
pub fn home<'t>(tables: impl IntoIterator<Item = &'t SourceTable>) -> Option<String> {
    let mut core: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for source in tables.into_iter().filter(|source| is_core(source)) {
        *core.entry(source.table.namespace.as_deref()).or_default() += 1;
    }
    // Of several, the usual one.
    core.iter().rev().max_by_key(|(_, count)| **count).and_then(|(namespace, _)| *namespace).map(str::to_owned)
}

/// The tables without those of the same names in other schemas of the database than the one that most core tables are in.
fn in_one_namespace(tables: Vec<(String, SourceTable)>) -> Vec<(String, SourceTable)> {
    let home = home(tables.iter().map(|(_, source)| source));
    let is_home = |source: &SourceTable| source.table.namespace == home;
    let at_home: BTreeSet<String> =
        tables.iter().filter(|(_, source)| is_home(source)).map(|(name, _)| name.to_ascii_lowercase()).collect();
    tables.into_iter().filter(|(name, source)| is_home(source) || !at_home.contains(&name.to_ascii_lowercase())).collect()
}

fn named(tables: impl IntoIterator<Item = SourceTable>) -> Vec<(String, SourceTable)> {
    tables.into_iter().map(|table| (table.table.name.clone(), table)).collect()
}

/// The tables of types that a tool wrote from the database of a server: those of the package where it has such types.
fn typed(files: &dyn Files, resolver: &Resolver, package: &str) -> Vec<SourceTable> {
    let is_own = |table: &SourceTable| *resolver.package_of(&table.file) == *package;
    let (own, others): (Vec<_>, Vec<_>) = types::all_tables(files).into_iter().partition(is_own);
    [own, others].into_iter().find(|tables| tables.iter().any(is_core)).unwrap_or_default()
}

/// The packages of a server and of the files its tables are read from.
fn packages_of(resolver: &Resolver, package: &str, lookup: &Lookup) -> BTreeSet<Arc<str>> {
    let declaring = lookup.tables.iter().map(|(_, table)| resolver.package_of(&table.file));
    declaring.chain([package.into()]).collect()
}
