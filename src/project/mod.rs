//! Facts linked into one picture of the project: servers, clients, versions, plugins, option values, schema.

mod absent;
pub mod adapter;
pub mod application;
pub mod bundler;
pub mod eval;
pub mod files;
pub mod installed;
pub mod link;
pub mod manager;
mod memo;
pub mod per_call;
pub mod plugins;
pub mod predicate;
pub mod render;
pub mod resolve;
pub mod schema;

pub mod value;
pub mod version;

use std::sync::Arc;

use crate::finding::Open;
use crate::knowledge;
use crate::source::Site;

use application::{Context, MethodCall, Mount, Partners};
use schema::{Declared, Required};
use value::{Condition, Item, Node, Unknown, Value};

/// The project as the review understands it.
#[derive(Debug, Default)]
pub struct ProjectModel {
    /// Every `betterAuth()` call, sorted by place.
    pub servers: Vec<Server>,
    /// Every `createAuthClient()` call, sorted by place.
    pub clients: Vec<Client>,
    /// Questions the sources cannot answer, sorted.
    pub undetermined: Vec<Open>,
    /// The same of what lies around the instances, which no finding depends on.
    pub undetermined_around: Vec<Open>,
    /// Files that had a part in this picture, sorted.
    pub files: Vec<Arc<str>>,
}

impl ProjectModel {
    /// All questions, sorted.
    #[must_use]
    pub fn questions(&self) -> Vec<&Open> {
        let mut questions: Vec<&Open> = self.undetermined.iter().chain(&self.undetermined_around).collect();
        questions.sort();
        questions
    }

    /// The clients that talk to a server, and those that may.
    #[must_use]
    pub fn clients_of(&self, server: &Server) -> Vec<&Client> {
        self.clients.iter().filter(|client| client.may_talk_to(server)).collect()
    }
}

/// One `betterAuth()` call.
#[derive(Debug)]
pub struct Server {
    /// The callee and its argument list.
    pub at: Site,
    /// The name it is bound to, for messages.
    pub name: String,
    /// The folder of the package it belongs to; empty for the root.
    pub package: Arc<str>,
    /// What the instance is for.
    pub role: Role,
    /// The version of better-auth.
    pub version: version::Version,
    /// The options, evaluated.
    pub options: Node,
    /// The plugins that are known, in order.
    pub plugins: Vec<PluginUse>,
    /// What else may be in the plugin list.
    pub plugins_open: Vec<Unknown>,
    /// How it reaches its database.
    pub adapter: Adapter,
    /// What the database must hold.
    pub required: Required,
    /// What the repository declares and migrates for this instance.
    pub declared: Declared,
    /// The commands that bring what is declared into the database.
    pub commands: schema::commands::Commands,
    /// Whether the two could be compared.
    pub comparison: SchemaState,
    /// What keeps the tables from being what is needed.
    pub gaps: Vec<schema::Gap>,
    /// Where it is mounted, sorted by place.
    pub mounts: Vec<Mount>,
    /// Why it may be mounted elsewhere, too.
    pub mounts_open: Vec<Unknown>,
    /// What kinds of application it is for; empty where nothing tells.
    pub contexts: Vec<Context>,
}

impl Server {
    /// Where `disabledPaths` keeps requests for a path out; `None` where it does not, or that is not known. The path is
    /// compared as a whole, and calls of `auth.api` do not pass there (documentation: reference/options, `disabledPaths`;
    /// code of 1.3.7 to 1.7.25).
    #[must_use]
    pub fn disabled(&self, path: &str) -> Option<&Site> {
        let Value::Array(paths) = &self.options.get(&["disabledPaths"])?.value else { return None };
        let is_it = |item: &&Item| item.conditions.is_empty() && item.node.text(&[]) == Some(path);
        paths.items.iter().find(is_it).map(|item| &item.node.at)
    }
}

/// What became of the comparison of the required with the declared schema.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SchemaState {
    /// They were compared; the gaps tell the result.
    #[default]
    Compared,
    /// There is nothing to compare, and why.
    NotApplicable(&'static str),
    /// They cannot be compared, and why.
    Undetermined(String),
}

/// What a `betterAuth()` call is for, told by where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It serves an application.
    Live,
    /// A copy for the official CLI to read.
    CliCopy,
    /// Part of tests, seeds or fixtures.
    Test,
    /// Part of an example, a template or documentation.
    Example,
    /// Never made in production.
    Development,
}

/// A plugin in a list of plugins.
#[derive(Debug, Clone)]
pub struct PluginUse {
    /// The export that was called: `passkey`.
    pub name: String,
    /// The module it came from; the path of the file for a plugin of the repository.
    pub module: String,
    /// What the knowledge pack says of it, when it knows the plugin.
    pub known: Option<&'static knowledge::Plugin>,
    /// The exact release of the package it comes from, where that is another one than better-auth and a lockfile or
    /// `package.json` gives it.
    pub release: Option<nodejs_semver::Version>,
    /// Where it is called.
    pub at: Site,
    /// Under which conditions it is in the list; empty when it always is.
    pub conditions: Vec<Condition>,
    /// Its options (the first argument); undefined when there are none.
    pub options: Node,
    /// The plugin object itself, where the repository or an installed package makes it.
    pub definition: Option<Definition>,
}

/// A plugin object as it was evaluated.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The object.
    pub object: Node,
    /// The plugin whose result was spread into it, where nothing else in it is unknown.
    pub base: Option<Box<PluginUse>>,
    /// The installed package whose code makes it; `None` for the repository's own.
    pub package: Option<installed::Package>,
}

/// One `createAuthClient()` call.
#[derive(Debug)]
pub struct Client {
    /// The callee and its argument list.
    pub at: Site,
    /// The name it is bound to, for messages.
    pub name: String,
    /// The folder of the package it belongs to; empty for the root.
    pub package: Arc<str>,
    /// What the instance is for.
    pub role: Role,
    /// The module `createAuthClient` came from: `better-auth/react`.
    pub module: String,
    /// The options, evaluated.
    pub options: Node,
    /// The client plugins that are known, in order.
    pub plugins: Vec<PluginUse>,
    /// What else may be in the plugin list.
    pub plugins_open: Vec<Unknown>,
    /// Which servers it talks to.
    pub partners: Partners,
    /// The calls of methods that client plugins bring which it lacks, and servers it may talk to have the other half of.
    pub calls: Vec<MethodCall>,
    /// It lacks such plugins, and no code uses it so far.
    pub is_idle: bool,
}

impl Client {
    /// Whether it talks to a server, or may do so.
    fn may_talk_to(&self, server: &Server) -> bool {
        match &self.partners {
            Partners::Servers { at, .. } => at.contains(&server.at),
            Partners::Undetermined(_) => self.role == server.role,
            Partners::Elsewhere(_) => false,
        }
    }

    /// Whether it has the client's half of a plugin.
    #[must_use]
    pub fn has(&self, plugin: &knowledge::Plugin, counterpart: &knowledge::ClientExport) -> bool {
        let is_it =
            |other: &PluginUse| other.name == counterpart.name || other.known.is_some_and(|known| known.name == plugin.name);
        self.plugins.iter().any(is_it)
    }
}

/// How a server reaches its database.
#[derive(Debug, Clone)]
pub struct Adapter {
    /// The family.
    pub kind: AdapterKind,
    /// Where `database` is set; the server's own place when it is not.
    pub at: Site,
    /// The database, where it is known.
    pub dialect: Option<Dialect>,
    /// `provider` as written; for an adapter of others, the name it is called by.
    pub provider: Option<String>,
    /// The module of the function that makes it, where one does.
    pub module: Option<String>,
    /// The adapter's own options.
    pub options: Option<Node>,
    /// The first argument of the adapter: the database handle.
    pub handle: Option<Node>,
    /// Which tables it looks up in the plural.
    pub plural: Plural,
    /// Whether names become snake case on their way to the database; `None` when that is not known.
    pub snake_case: Option<bool>,
    /// What becomes of dates where a column takes text.
    pub text_dates: TextDates,
    /// Code of the project stands around what the function of the adapter made.
    pub wrapped: bool,
}

/// What becomes of dates where a column takes text, or code is given text of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TextDates {
    /// They come back as dates, or it is not known that they do not.
    #[default]
    Fine,
    /// They come back as text.
    Text,
    /// The driver refuses to store them.
    Refused,
}

/// Which tables an adapter looks up in the plural (documentation: adapters/drizzle and adapters/prisma, `usePlural`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Plural {
    /// None of them.
    #[default]
    Never,
    /// Those that no option gives another name, as it was before 1.2.12.
    Unrenamed,
    /// All of them.
    Always,
}

/// The families of adapters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdapterKind {
    /// `drizzleAdapter`.
    Drizzle,
    /// `prismaAdapter`.
    Prisma,
    /// The built-in Kysely adapter: a driver, a dialect or a Kysely instance as `database`.
    Kysely,
    /// `mongodbAdapter`: no schema.
    Mongo,
    /// `memoryAdapter`: no schema.
    Memory,
    /// No `database`: nothing is stored, or only in secondary storage.
    None,
    /// An adapter whose schema lies elsewhere (Convex, Payload, a custom one), by the name it is called with.
    Other,
    /// Not known.
    Unknown,
}

impl AdapterKind {
    /// The name of the family.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Drizzle => "drizzle",
            Self::Prisma => "prisma",
            Self::Kysely => "kysely",
            Self::Mongo => "mongodb",
            Self::Memory => "memory",
            Self::None => "none",
            Self::Other => "other",
            Self::Unknown => "unknown",
        }
    }
}

/// SQL dialects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// MySQL.
    Mysql,
    /// SQLite.
    Sqlite,
    /// Microsoft SQL Server.
    Mssql,
}
