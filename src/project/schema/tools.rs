//! Where the tools that migrate a database look and write, as their configuration says.
//!
//! Drizzle Kit: `drizzle.config.ts` ("Drizzle Kit configuration file" of its documentation). Prisma: `prisma.config.ts`
//! ("Prisma Config reference"), and `prisma.schema` and the scripts of `package.json` ("Schema location").

use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};

use super::casing::Casing;
use crate::facts::manifest::Manifest;
use crate::facts::script::{self, Runner, pushes_schema};
use crate::project::eval::Evaluator;
use crate::project::files::Files;
use crate::project::resolve::{Resolver, join};
use crate::project::value::{Node, Value};
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
    /// The folder of the package it belongs to.
    pub(super) package: Arc<str>,
    /// The files and folders the schema is read from, and patterns of them.
    schema: Vec<GlobMatcher>,
    /// The folder the migrations are written into, where it is said or has a default.
    pub(super) migrations: Option<String>,
    /// What it makes of the names columns have in code, where that is said.
    pub(super) casing: Option<Casing>,
}

impl Tool {
    /// Whether the tool reads the schema from this file.
    pub(super) fn reads(&self, file: &str) -> bool {
        is_read(&self.schema, file)
    }
}

/// The configurations of the repository; `declaring` are the files that declare tables.
pub(super) fn tools(files: &dyn Files, resolver: &Resolver, evaluator: &Evaluator<'_>, declaring: &[Arc<str>]) -> Vec<Tool> {
    let in_code = files.candidates().iter().filter(|(_, signals)| signals.tools).filter_map(|(path, _)| {
        let configuration = evaluator.export(path, "default", &Site::new(path, Span::default()));
        written(&configuration).map(|written| (Arc::clone(path), written))
    });
    let manifests = files.of_kind(FileKind::PackageManifest);
    let in_manifests = |read: fn(&Manifest) -> Vec<String>| {
        let written = move |path: &Arc<str>| {
            let schema =
                resolver.manifests(folder_of(path)).map(|(_, manifest)| read(manifest)).find(|schema| !schema.is_empty())?;
            let written = Written { kind: Kind::Prisma, schema, migrations: None, casing: None };
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
        let mut words = script.command.split_whitespace().skip_while(|word| *word != "prisma");
        while let Some(word) = words.next() {
            let schema = match word.strip_prefix("--schema") {
                Some("") => words.next(),
                Some(value) => value.strip_prefix('='),
                None => None,
            };
            schemas.extend(schema.map(|schema| schema.trim_matches(['"', '\'']).to_owned()));
        }
    }
    schemas
}

/// A configuration with paths as written.
struct Written {
    kind: Kind,
    schema: Vec<String>,
    migrations: Option<String>,
    casing: Option<Casing>,
}

/// What the default export of a module configures: the argument of `defineConfig`, or the object itself.
fn written(configuration: &Node) -> Option<Written> {
    let options = match &configuration.value {
        Value::Call(call) if call.callee.name == "defineConfig" => call.arguments.first()?,
        _ => configuration,
    };
    options.object()?;
    let schema = options.get(&["schema"])?.texts();
    let text = |path: &[&str]| options.text(path).map(str::to_owned);
    Some(match options.get(&["dialect"]) {
        Some(_) => {
            let migrations = match options.get(&["out"]) {
                None => Some("drizzle".to_owned()),
                Some(_) => text(&["out"]),
            };
            let casing = options.text(&["casing"]).and_then(Casing::of);
            Written { kind: Kind::DrizzleKit, schema: schema?, migrations, casing }
        }
        // One that is not known is none of the default places, either.
        None => {
            let migrations = text(&["migrations", "path"]);
            Written { kind: Kind::Prisma, schema: schema.unwrap_or_default(), migrations, casing: None }
        }
    })
}

impl Written {
    fn tool(self, files: &dyn Files, resolver: &Resolver, path: &str, declaring: &[Arc<str>]) -> Tool {
        let package = resolver.package_of(path);
        let schema = |home: &str| -> Vec<GlobMatcher> {
            let globs = self.schema.iter().filter_map(|schema| join(home, schema));
            let globs = globs.filter_map(|schema| GlobBuilder::new(&schema).literal_separator(true).build().ok());
            globs.map(|glob| glob.compile_matcher()).collect()
        };
        // Paths start where the tool is run: in the folder of the configuration as a rule, else around it, where the
        // configuration is named on the command line.
        let leads_to_some = |home: &&str| {
            let is_file = || self.schema.iter().any(|schema| join(home, schema).is_some_and(|path| files.exists(&path)));
            let schema = schema(home);
            declaring.iter().any(|file| is_read(&schema, file)) || is_file()
        };
        let own = folder_of(path);
        let home = [own, &package, ""].into_iter().find(leads_to_some).unwrap_or(own);
        Tool {
            kind: self.kind,
            schema: schema(home),
            migrations: self.migrations.as_deref().and_then(|folder| join(home, folder)),
            package,
            casing: self.casing,
        }
    }
}

/// Whether a file is one of these, or lies in a folder that is.
fn is_read(schema: &[GlobMatcher], file: &str) -> bool {
    let folders = file.match_indices('/').map(|(at, _)| &file[..at]);
    folders.chain([file]).any(|place| schema.iter().any(|schema| schema.is_match(place)))
}
