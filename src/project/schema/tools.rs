//! Where the tools that migrate a database look and write, as their configuration says.
//!
//! Drizzle Kit: `drizzle.config.ts` ("Drizzle Kit configuration file" of its documentation). Prisma: `prisma.config.ts`
//! ("Prisma Config reference") and `prisma.schema` of `package.json` ("Schema location").

use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};

use super::casing::Casing;
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
    let in_manifests = files.of_kind(FileKind::PackageManifest).into_iter().filter_map(|path| {
        let schema = resolver.manifests(folder_of(&path)).find_map(|(_, manifest)| manifest.prisma_schema.clone())?;
        Some((path, Written { kind: Kind::Prisma, schema: vec![schema], migrations: None, casing: None }))
    });
    in_code.chain(in_manifests).map(|(path, written)| written.tool(files, resolver, &path, declaring)).collect()
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
    let schema = options.get(&["schema"])?.texts()?;
    let text = |path: &[&str]| options.text(path).map(str::to_owned);
    Some(match options.get(&["dialect"]) {
        Some(_) => {
            let migrations = match options.get(&["out"]) {
                None => Some("drizzle".to_owned()),
                Some(_) => text(&["out"]),
            };
            let casing = options.text(&["casing"]).and_then(Casing::of);
            Written { kind: Kind::DrizzleKit, schema, migrations, casing }
        }
        None => Written { kind: Kind::Prisma, schema, migrations: text(&["migrations", "path"]), casing: None },
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
