//! Where the tools that migrate a database look and write, as their configuration says.
//!
//! Drizzle Kit: `drizzle.config.ts` ("Drizzle Kit configuration file" of its documentation). It takes all paths from the folder
//! it is run in, wherever the configuration lies (drizzle-kit 0.31, `drizzleConfigFromFile`, `prepareFilenames` and
//! `prepareOutFolder`). Prisma: `prisma.config.ts` ("Prisma Config reference"), and `prisma.schema` and the scripts of
//! `package.json` ("Schema location"), each with paths from its own folder.

use std::collections::BTreeSet;
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};

use super::casing::Casing;
use crate::facts::manifest::Manifest;
use crate::facts::script::{self, Invocation, Program, Runner, invocations, purpose, pushes_schema};
use crate::project::eval::{Evaluator, User};
use crate::project::files::Files;
use crate::project::resolve::{Resolver, ancestors, join};
use crate::project::value::{Lookup, Node, Value};
use crate::source::{FileKind, Site, Span, folder_of};

/// Tools with a configuration of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `drizzle-kit`.
    DrizzleKit,
    /// `prisma`.
    Prisma,
}

/// What one configuration says.
#[derive(Debug)]
pub(super) struct Tool {
    pub(super) kind: Kind,
    /// The file that says it.
    pub(super) config: Arc<str>,
    /// The folder of the package it belongs to.
    pub(super) package: Arc<str>,
    /// The folder the tool is run in, which its paths start from.
    pub(super) home: Arc<str>,
    /// The files and folders the schema is read from, and patterns of them; `None` where that is not known.
    schema: Option<Vec<GlobMatcher>>,
    /// The files whose tables the files of the schema pass on.
    passed_on: BTreeSet<Arc<str>>,
    /// The folder the migrations are written into, where it is said or has a default.
    pub(super) migrations: Option<String>,
    /// What it makes of the names columns have in code, where that is said.
    pub(super) casing: Option<Casing>,
    /// It says how to reach a database, or may do so. A tool that does not know that makes migrations and applies none.
    pub(super) connects: bool,
}

impl Tool {
    /// Whether the tool is known to read the schema from this file.
    pub(super) fn reads(&self, file: &str) -> bool {
        self.schema.as_ref().is_some_and(|schema| is_read(schema, file)) || self.passed_on.contains(file)
    }

    /// Whether it is not known what the tool reads.
    pub(super) fn is_open(&self) -> bool {
        self.schema.is_none()
    }

    /// Whether the tool finds the configuration in the folder it is run in without being told.
    pub(super) fn is_found(&self) -> bool {
        let own = |name: &str| join(&self.home, name).is_some_and(|path| path == *self.config);
        match self.kind {
            Kind::DrizzleKit => OF_DRIZZLE_KIT.into_iter().any(own),
            Kind::Prisma => true,
        }
    }
}

/// Names under which Drizzle Kit finds its configuration in the folder it is run in.
const OF_DRIZZLE_KIT: [&str; 3] = ["drizzle.config.ts", "drizzle.config.js", "drizzle.config.json"];

/// The folder that Drizzle Kit writes migrations into where nothing else is said.
pub(super) const OUT: &str = "drizzle";

/// What configurations are read with.
#[derive(Clone, Copy)]
pub(super) struct Reader<'r> {
    pub(super) files: &'r dyn Files,
    pub(super) resolver: &'r Resolver,
    pub(super) evaluator: &'r Evaluator<'r>,
    /// The files that declare tables.
    pub(super) declaring: &'r BTreeSet<Arc<str>>,
}

/// The configurations of the repository.
pub(super) fn tools(reader: Reader<'_>) -> Vec<Tool> {
    let Reader { files, resolver, evaluator, .. } = reader;
    let manifests = files.of_kind(FileKind::PackageManifest);
    let mentioning = files.candidates().iter().filter(|(_, signals)| signals.tools).map(|(path, _)| Arc::clone(path));
    // A plain object need not mention the tool.
    let expected = manifests.iter().flat_map(|path| configurations_of_drizzle_kit(files, resolver, folder_of(path)));
    let paths: BTreeSet<Arc<str>> = mentioning.chain(expected).collect();
    let in_code = paths.into_iter().filter_map(|path| {
        let configuration = evaluator.export(&path, "default", &Site::new(&path, Span::default()));
        written(&configuration, &path).map(|written| (path, written))
    });
    let in_manifests = |read: fn(&Manifest) -> Vec<String>| {
        let written = move |path: &Arc<str>| {
            let schema =
                resolver.manifests(folder_of(path)).map(|(_, manifest)| read(manifest)).find(|schema| !schema.is_empty())?;
            let written = Written { schema: Some(schema), ..Written::of(Kind::Prisma) };
            Some((Arc::clone(path), written))
        };
        manifests.iter().filter_map(written)
    };
    let tool = |(path, written): (Arc<str>, Written)| written.tool(reader, &path);
    let mut tools: Vec<Tool> =
        in_code.chain(in_manifests(|manifest| manifest.prisma_schema.iter().cloned().collect())).map(tool).collect();
    // What scripts say counts where nothing else does.
    let on_command_lines: Vec<Tool> = in_manifests(schemas_of_scripts).map(tool).collect();
    let is_new = |one: &Tool| !tools.iter().any(|known| known.kind == one.kind && known.package == one.package);
    let on_command_lines: Vec<Tool> = on_command_lines.into_iter().filter(is_new).collect();
    tools.extend(on_command_lines);
    tools
}

/// Whether scripts of the packages in these folders bring a schema into a database without migrations.
pub(super) fn push<'p>(resolver: &Resolver, packages: impl IntoIterator<Item = &'p str>) -> bool {
    let manifests = packages.into_iter().flat_map(|package| resolver.manifests(package));
    manifests.flat_map(|(_, manifest)| &manifest.scripts).any(|script| pushes_schema(&script.command))
}

/// Files in which programs that run migrations keep their settings or their plan.
const OF_RUNNERS: [(&str, Runner); 6] = [
    ("flyway.conf", Runner::Flyway),
    ("flyway.toml", Runner::Flyway),
    ("liquibase.properties", Runner::Liquibase),
    ("sqitch.conf", Runner::Sqitch),
    ("sqitch.plan", Runner::Sqitch),
    ("migrations/atlas.sum", Runner::Atlas),
];

/// The program that runs migrations by the files or scripts of the packages in these folders.
pub(super) fn runner<'p>(files: &dyn Files, resolver: &Resolver, packages: impl IntoIterator<Item = &'p str>) -> Option<Runner> {
    packages.into_iter().find_map(|package| {
        let is_there = |(name, _): &&(&str, Runner)| join(package, name).is_some_and(|path| files.exists(&path));
        let by_file = OF_RUNNERS.iter().find(is_there).map(|(_, runner)| *runner);
        let mut scripts = resolver.manifests(package).flat_map(|(_, manifest)| &manifest.scripts);
        by_file.or_else(|| scripts.find_map(|script| script::runner(&script.command)))
    })
}

/// The schemas that scripts of a package hand to Prisma: `prisma generate --schema=db/schema.prisma`.
fn schemas_of_scripts(manifest: &Manifest) -> Vec<String> {
    let mut schemas = Vec::new();
    for script in &manifest.scripts {
        let of_prisma = invocations(&script.command).filter(|one| one.program == Program::Prisma);
        schemas.extend(of_prisma.filter_map(|one| one.option("--schema").map(str::to_owned)));
    }
    schemas
}

/// A configuration with paths as written.
struct Written {
    kind: Kind,
    schema: Option<Vec<String>>,
    migrations: Option<String>,
    casing: Option<Casing>,
    connects: bool,
}

impl Written {
    /// One that says nothing.
    fn of(kind: Kind) -> Self {
        Self { kind, schema: None, migrations: None, casing: None, connects: true }
    }
}

/// What the default export of a file configures: the argument of `defineConfig`, or the object itself.
fn written(configuration: &Node, path: &str) -> Option<Written> {
    let (options, module) = match &configuration.value {
        Value::Call(call) if call.callee.name == "defineConfig" => (call.arguments.first()?, call.callee.module.as_str()),
        _ => (configuration, ""),
    };
    options.object()?;
    let schema = options.get(&["schema"]);
    let text = |path: &[&str]| options.text(path).map(str::to_owned);
    if matches!(options.lookup(&["dialect"]), Lookup::Absent) {
        // One that is not known is none of the default places, either.
        let (schema, migrations) = (schema?.texts(), text(&["migrations", "path"]));
        return Some(Written { schema, migrations, ..Written::of(Kind::Prisma) });
    }
    // Other tools have a `defineConfig` and a `dialect` as well.
    let is_named = || path.rsplit('/').next().is_some_and(|name| name.starts_with("drizzle"));
    if schema.is_none() && module != "drizzle-kit" && !is_named() {
        return None;
    }
    let migrations = match options.lookup(&["out"]) {
        Lookup::Absent => Some(OUT.to_owned()),
        Lookup::Found(_) | Lookup::Unknown(_) => text(&["out"]),
    };
    Some(Written {
        kind: Kind::DrizzleKit,
        schema: schema.and_then(Node::texts),
        migrations,
        casing: options.text(&["casing"]).and_then(Casing::of),
        connects: !matches!(options.lookup(&["dbCredentials"]), Lookup::Absent),
    })
}

impl Written {
    fn tool(self, reader: Reader<'_>, path: &Arc<str>) -> Tool {
        let Reader { files, resolver, .. } = reader;
        let package = resolver.package_of(path);
        let globs = |home: &str| -> Option<Vec<GlobMatcher>> {
            let globs = self.schema.as_ref()?.iter().filter_map(|schema| join(home, &without_choices(schema)));
            let globs = globs.filter_map(|schema| GlobBuilder::new(&schema).literal_separator(true).build().ok());
            Some(globs.map(|glob| glob.compile_matcher()).collect())
        };
        let is_there = |path: String| files.exists(&path) || files.exists(&format!("{path}/index.ts"));
        let names_a_file = |home: &str| self.schema.iter().flatten().filter_map(|schema| join(home, schema)).any(is_there);
        let leads_to_some = |home: &&str| {
            let schema = globs(home).unwrap_or_default();
            reader.declaring.iter().any(|file| is_read(&schema, file))
                || names_a_file(home)
                || !reader.passed_on_to(self.kind, &schema).is_empty()
        };
        let own = folder_of(path);
        // Where no script tells in which folder the tool is run, it is that of the configuration as a rule, else one around it.
        let told = ancestors(own).find_map(|folder| home_by_scripts(resolver, folder, path, self.kind));
        let homes: Vec<&str> = told.as_deref().into_iter().chain([own, &package, ""]).collect();
        let home = homes.iter().copied().find(leads_to_some).unwrap_or(homes[0]);
        let schema = globs(home);
        Tool {
            kind: self.kind,
            passed_on: reader.passed_on_to(self.kind, schema.as_deref().unwrap_or_default()),
            schema,
            migrations: self.migrations.as_deref().and_then(|folder| join(home, folder)),
            home: home.into(),
            config: Arc::clone(path),
            package,
            casing: self.casing,
            connects: self.connects,
        }
    }
}

impl Reader<'_> {
    /// The files that code which a tool reads passes on, where it does not read them itself.
    fn passed_on_to(self, kind: Kind, schema: &[GlobMatcher]) -> BTreeSet<Arc<str>> {
        let is_code = |file: &&Arc<str>| FileKind::of(file).is_some_and(FileKind::is_code);
        let is_passed_on = |file: &&Arc<str>| self.evaluator.users(file, User::Passing).iter().any(|user| is_read(schema, user));
        let others = self.declaring.iter().filter(|_| kind == Kind::DrizzleKit && !schema.is_empty());
        others.filter(is_code).filter(|file| !is_read(schema, file)).filter(is_passed_on).cloned().collect()
    }
}

/// The files that may configure Drizzle Kit for the package in a folder: where it looks by itself, and where scripts tell it to.
fn configurations_of_drizzle_kit(files: &dyn Files, resolver: &Resolver, folder: &str) -> Vec<Arc<str>> {
    let told = resolver.manifests(folder).flat_map(|(_, manifest)| &manifest.scripts).flat_map(|script| {
        let run = invocations(&script.command).filter(|one| one.program == Program::DrizzleKit);
        run.filter_map(|one| join(&place_of(resolver, folder, &one)?, one.option("--config")?))
    });
    let usual = OF_DRIZZLE_KIT.into_iter().filter_map(|name| join(folder, name));
    let is_code = |path: &String| FileKind::of(path).is_some_and(FileKind::is_code) && files.exists(path);
    usual.chain(told).filter(is_code).map(Arc::from).collect()
}

/// The folder in which a script of the package in another one runs a program; `None` where it names a package that is not known.
pub(super) fn place_of(resolver: &Resolver, folder: &str, run: &Invocation<'_>) -> Option<String> {
    let Some(package) = run.package else { return Some(folder.to_owned()) };
    let at_a_path = || join(folder, package).filter(|path| resolver.manifests(path).next().is_some());
    resolver.package_named(package, folder).map(str::to_owned).or_else(at_a_path)
}

/// The folder in which a script of the package in another one runs Drizzle Kit with this configuration.
fn home_by_scripts(resolver: &Resolver, folder: &str, config: &str, kind: Kind) -> Option<String> {
    let scripts = resolver.manifests(folder).flat_map(|(_, manifest)| &manifest.scripts);
    scripts.filter(|_| kind == Kind::DrizzleKit).find_map(|script| {
        let run = purpose(&script.command).filter(|one| one.program == Program::DrizzleKit)?;
        let place = place_of(resolver, folder, &run)?;
        let is_it = join(&place, run.option("--config")?).is_some_and(|path| path == config);
        is_it.then_some(place)
    })
}

/// A pattern in which any name stands for a choice of names: `!(*.test)`.
fn without_choices(pattern: &str) -> String {
    let mut plain = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(at) = ["!(", "@(", "+(", "?(", "*("].iter().filter_map(|choice| rest.find(choice)).min() {
        let Some(end) = rest[at..].find(')') else { break };
        plain.push_str(&rest[..at]);
        plain.push('*');
        rest = &rest[at + end + 1..];
    }
    plain + rest
}

/// Whether a file is one of these, or lies in a folder that is.
fn is_read(schema: &[GlobMatcher], file: &str) -> bool {
    let folders = file.match_indices('/').map(|(at, _)| &file[..at]);
    folders.chain([file]).any(|place| schema.iter().any(|schema| schema.is_match(place)))
}
