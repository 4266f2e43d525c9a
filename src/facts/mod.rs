//! What one file says: a pure function of its kind and its bytes, small, serialisable, free of secrets.
//!
//! Facts are what the cache keeps. They hold no syntax trees and no source text beyond the names and plain values the
//! review needs; literals that may be credentials keep their length and nothing else (see [`module::Text`]).

pub mod common;
pub mod env;
pub mod lock;
pub mod lower;
pub mod manifest;
pub mod module;
pub mod schema;
pub mod script;
pub mod secrecy;
pub mod signals;
pub mod specifier;
pub mod suppression;

use serde::{Deserialize, Serialize};

use crate::source::{FileKind, Span, Unreadable, decode, is_lfs_pointer};

/// Changes whenever the shape or the meaning of facts changes, so that older cached facts are not read.
pub const FACTS_VERSION: u32 = 44;

/// Why a part of a file that is otherwise read is not.
pub const NOT_PARSED: &str = "the parser could not read this part of it";

/// Everything the review needs to know of one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileFacts {
    /// What the file holds, by its kind.
    pub body: Body,
    /// Suppression comments, in order of appearance.
    pub suppressions: Vec<suppression::Suppression>,
    /// Stretches the parser could not read; what lies outside them is sound.
    pub errors: Vec<Span>,
}

/// The content of a file by its kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Body {
    /// TypeScript or JavaScript.
    Module(module::Module),
    /// The modules that code names, and nothing else: it was not parsed.
    Specifiers(Vec<String>),
    /// Tables as declarations tell of them that a tool wrote from a database.
    Types(Vec<schema::Table>),
    /// A Prisma schema file.
    Prisma(schema::PrismaFile),
    /// A SQL script, as the schema operations it runs.
    Sql(Vec<schema::Operation>),
    /// The journal of Drizzle Kit: the names of the scripts beside it that are migrations, in order.
    DrizzleJournal(Vec<String>),
    /// `package.json`, `deno.json` or an import map.
    Manifest(manifest::Manifest),
    /// `tsconfig.json` or `jsconfig.json`.
    TsConfig(manifest::TsConfig),
    /// `pnpm-workspace.yaml`: the package globs and the catalogs.
    PnpmWorkspace(manifest::PnpmWorkspace),
    /// A lockfile: the entries that concern the review.
    Lock(lock::Lockfile),
    /// An env file: names, and what can be told of the values without keeping them.
    Env(Vec<env::Variable>),
    /// Commands of a script, workflow or container recipe that concern the review.
    Script(Vec<script::Command>),
    /// The file could not be read as text.
    Unreadable(Unreadable),
}

/// Reads the facts of one file.
#[must_use]
pub fn extract(kind: FileKind, bytes: &[u8]) -> FileFacts {
    if is_lfs_pointer(bytes) {
        return FileFacts::unreadable(Unreadable::LfsPointer);
    }
    let text = match decode(bytes) {
        Ok(text) => text,
        Err(why) => return FileFacts::unreadable(why),
    };
    let suppressions = suppression::find(&text);
    let (body, errors) = match kind {
        FileKind::TypeScript | FileKind::Tsx | FileKind::Component => {
            let (module, errors) = module::extract(kind, &text);
            (Body::Module(module), errors)
        }
        FileKind::Declarations => (Body::Types(schema::declarations(&text)), Vec::new()),
        FileKind::Prisma => {
            let (file, errors) = schema::prisma(&text);
            (Body::Prisma(file), errors)
        }
        FileKind::Sql => (Body::Sql(schema::sql(&text)), Vec::new()),
        FileKind::DrizzleJournal => {
            let (tags, errors) = schema::drizzle_journal(&text);
            (Body::DrizzleJournal(tags), errors)
        }
        FileKind::PackageManifest => {
            let (manifest, errors) = manifest::package(&text);
            (Body::Manifest(manifest), errors)
        }
        FileKind::DenoConfig | FileKind::ImportMap => {
            let (manifest, errors) = manifest::deno(&text);
            (Body::Manifest(manifest), errors)
        }
        FileKind::TsConfig => {
            let (config, errors) = manifest::tsconfig(&text);
            (Body::TsConfig(config), errors)
        }
        FileKind::PnpmWorkspace => (Body::PnpmWorkspace(manifest::pnpm_workspace(&text)), Vec::new()),
        FileKind::NpmLock | FileKind::PnpmLock | FileKind::YarnLock | FileKind::BunLock | FileKind::DenoLock => {
            (Body::Lock(lock::extract(kind, &text)), Vec::new())
        }
        FileKind::DotEnv => (Body::Env(env::extract(&text)), Vec::new()),
        FileKind::Script => (Body::Script(script::extract(&text)), Vec::new()),
    };
    FileFacts { body, suppressions, errors }
}

impl FileFacts {
    /// The facts of a file that could not be read.
    #[must_use]
    pub fn unreadable(why: Unreadable) -> Self {
        Self { body: Body::Unreadable(why), suppressions: Vec::new(), errors: Vec::new() }
    }

    /// What of the file was not read, and why; the first part where there are several.
    #[must_use]
    pub fn unread(&self) -> Option<(Span, String)> {
        match &self.body {
            Body::Unreadable(why) => Some((Span::default(), why.to_string())),
            _ => self.errors.first().map(|error| (*error, NOT_PARSED.to_owned())),
        }
    }

    /// What the bytes of code tell of it without parsing them.
    #[must_use]
    pub fn unparsed(bytes: &[u8]) -> Self {
        Self { body: Body::Specifiers(signals::specifiers(bytes)), suppressions: Vec::new(), errors: Vec::new() }
    }

    /// What is known of code of which all calls are kept.
    #[must_use]
    pub fn with_all_calls(kind: FileKind, text: &str) -> Self {
        Self { body: Body::Module(module::with_all_calls(kind, text)), suppressions: Vec::new(), errors: Vec::new() }
    }

    /// What the file changes of what it imports: the modules and the ways from there; nothing where it was not parsed.
    pub fn changed_imports(&self) -> impl Iterator<Item = (&str, &module::Imported, &[String])> {
        let changes = self.module().into_iter().flat_map(module::Module::changed_imports);
        changes.map(|(import, effect)| (import.module.as_str(), &import.name, effect.path.as_slice()))
    }

    /// Whether it changes the same as before of what it imports.
    #[must_use]
    pub fn changes_the_same(&self, before: &Self) -> bool {
        self.module().is_some() && before.module().is_some() && self.changed_imports().eq(before.changed_imports())
    }

    /// The modules that the file imports or passes on, as written; where it was not parsed, all that it may.
    pub fn specifiers(&self) -> impl Iterator<Item = &str> {
        let module = self.module().into_iter().flat_map(|module| module.imported().chain(module.passed_on()));
        let named = match &self.body {
            Body::Specifiers(named) => named.as_slice(),
            _ => &[],
        };
        module.chain(named.iter().map(String::as_str))
    }

    /// The module, where the file is code.
    #[must_use]
    pub fn module(&self) -> Option<&module::Module> {
        match &self.body {
            Body::Module(module) => Some(module),
            _ => None,
        }
    }

    /// What the file imports; nothing where it is no code.
    #[must_use]
    pub fn imports(&self) -> &[module::Import] {
        self.module().map(|module| module.imports.as_slice()).unwrap_or_default()
    }

    /// What the file exports; nothing where it is no code.
    #[must_use]
    pub fn exports(&self) -> &[module::Export] {
        self.module().map(|module| module.exports.as_slice()).unwrap_or_default()
    }

    /// Tables as types in the file tell of them that a tool wrote from a database.
    #[must_use]
    pub fn types(&self) -> &[schema::Table] {
        match &self.body {
            Body::Module(module) => &module.types,
            Body::Types(types) => types,
            _ => &[],
        }
    }

    /// What the file does to tables where it runs as a migration: the statements of a script, or those in code.
    #[must_use]
    pub fn operations(&self) -> Option<&[schema::Operation]> {
        match &self.body {
            Body::Sql(operations) => Some(operations),
            Body::Module(module) => Some(&module.operations),
            _ => None,
        }
    }
}
