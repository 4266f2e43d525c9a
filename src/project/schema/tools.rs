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
use crate::facts::FileFacts;
use crate::facts::manifest::Manifest;
use crate::facts::script::{self, Program, Runner, invocations, purpose, pushes_schema};
use crate::project::eval::Evaluator;
use crate::project::files::Files;
use crate::project::resolve::{Resolved, Resolver, ancestors, join};
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
            Kind::DrizzleKit => ["drizzle.config.ts", "drizzle.config.js", "drizzle.config.json"].into_iter().any(own),
            Kind::Prisma => true,
        }
    }
}

/// The configurations of the repository; `declaring` are the files that declare tables.
pub(super) fn tools(files: &dyn Files, resolver: &Resolver, evaluator: &Evaluator<'_>, declaring: &[Arc<str>]) -> Vec<Tool> {
    let in_code = files.candidates().iter().filter(|(_, signals)| signals.tools).filter_map(|(path, _)| {
        let configuration = evaluator.export(path, "default", &Site::new(path, Span::default()));
        written(&configuration, path).map(|written| (Arc::clone(path), written))
    });
    let manifests = files.of_kind(FileKind::PackageManifest);
    let in_manifests = |read: fn(&Manifest) -> Vec<String>| {
        let written = move |path: &Arc<str>| {
            let schema =
                resolver.manifests(folder_of(path)).map(|(_, manifest)| read(manifest)).find(|schema| !schema.is_empty())?;
            let written = Written { schema: Some(schema), ..Written::of(Kind::Prisma) };
            Some((Arc::clone(path), written))
        };
        manifests.iter().filter_map(written)
    };
    let tool = |(path, written): (Arc<str>, Written)| written.tool(files, resolver, &path, declaring);
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
        Lookup::Absent => Some("drizzle".to_owned()),
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
    fn tool(self, files: &dyn Files, resolver: &Resolver, path: &Arc<str>, declaring: &[Arc<str>]) -> Tool {
        let package = resolver.package_of(path);
        let globs = |home: &str| -> Option<Vec<GlobMatcher>> {
            let globs = self.schema.as_ref()?.iter().filter_map(|schema| join(home, &without_choices(schema)));
            let globs = globs.filter_map(|schema| GlobBuilder::new(&schema).literal_separator(true).build().ok());
            Some(globs.map(|glob| glob.compile_matcher()).collect())
        };
        // A path may be one of a file, or of a folder with one that passes on others.
        let entries = |home: &str| -> Vec<Arc<str>> {
            let paths = self.schema.iter().flatten().filter_map(|schema| join(home, schema));
            let paths = paths.flat_map(|path| [format!("{path}/index.ts"), path]);
            paths.filter(|path| files.exists(path)).map(Arc::from).collect()
        };
        let leads_to_some = |home: &&str| {
            let schema = globs(home).unwrap_or_default();
            declaring.iter().any(|file| is_read(&schema, file)) || !entries(home).is_empty()
        };
        let own = folder_of(path);
        // Where no script tells in which folder the tool is run, it is that of the configuration as a rule, else one around it.
        let told = ancestors(own).find(|folder| names_configuration(resolver, folder, path, self.kind));
        let homes: Vec<&str> = told.into_iter().chain([own, &package, ""]).collect();
        let home = homes.iter().copied().find(leads_to_some).unwrap_or(homes[0]);
        Tool {
            kind: self.kind,
            schema: globs(home),
            passed_on: passed_on(files, resolver, entries(home)),
            migrations: self.migrations.as_deref().and_then(|folder| join(home, folder)),
            home: home.into(),
            config: Arc::clone(path),
            package,
            casing: self.casing,
            connects: self.connects,
        }
    }
}

/// Whether a script of the package in a folder runs Drizzle Kit with this configuration.
fn names_configuration(resolver: &Resolver, folder: &str, config: &str, kind: Kind) -> bool {
    let mut scripts = resolver.manifests(folder).flat_map(|(_, manifest)| &manifest.scripts);
    let is_it = |path: &str| join(folder, path).is_some_and(|path| path == config);
    kind == Kind::DrizzleKit
        && scripts.any(|script| {
            let run = purpose(&script.command).filter(|one| one.program == Program::DrizzleKit);
            run.and_then(|one| one.option("--config")).is_some_and(is_it)
        })
}

/// The files that some files pass on, directly and by others.
fn passed_on(files: &dyn Files, resolver: &Resolver, entries: Vec<Arc<str>>) -> BTreeSet<Arc<str>> {
    let (mut waiting, mut found) = (entries, BTreeSet::new());
    while let Some(path) = waiting.pop() {
        let facts = files.facts(&path);
        let modules = facts.as_deref().and_then(FileFacts::module).into_iter().flat_map(|module| module.passed_on());
        for module in modules {
            if let Resolved::File(file) = resolver.resolve(files, &path, module)
                && found.insert(Arc::clone(&file))
            {
                waiting.push(file);
            }
        }
    }
    found
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
