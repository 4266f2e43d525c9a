//! What better-auth requires, by version: typed access to `rules/packs`.
//!
//! A pack is a folder of TOML files for people to read and correct: `core.toml` for better-auth itself, `frameworks.toml`
//! for what applications are built with, one file per plugin beside them. They are compiled into the program (`packs`) and read once, when first asked for.

pub mod frameworks;
mod packs;
pub mod predicate;
pub mod range;
pub mod schema;

use std::sync::LazyLock;

use nodejs_semver::Version;
use serde::{Deserialize, Deserializer};

use predicate::OptionTest;
use range::{Range, Release};
use schema::Table;

/// Everything the packs say.
#[derive(Debug)]
pub struct Pack {
    /// better-auth itself.
    pub core: Core,
    plugins: Vec<packs::File>,
}

/// The packs compiled into this program.
#[must_use]
pub fn pack() -> &'static Pack {
    static PACK: LazyLock<Pack> = LazyLock::new(|| Pack { core: packs::core(), plugins: packs::plugins() });
    &PACK
}

impl Pack {
    /// All plugins, sorted by file name.
    pub fn plugins(&self) -> impl Iterator<Item = &Plugin> {
        self.plugins.iter().map(packs::File::plugin)
    }

    /// The plugin of this name (the export that makes it: `twoFactor`).
    #[must_use]
    pub fn plugin(&self, name: &str) -> Option<&Plugin> {
        self.mentioning(name).find(|plugin| plugin.name == name)
    }

    /// The plugin that some release makes available as this export of this module.
    #[must_use]
    pub fn plugin_for(&self, module: &str, export: &str) -> Option<&Plugin> {
        self.mentioning(export).find(|plugin| is_among(&plugin.exports, module, export))
    }

    /// The client plugin that some release makes available as this export of this module.
    #[must_use]
    pub fn client_for(&self, module: &str, export: &str) -> Option<(&Plugin, &ClientExport)> {
        self.mentioning(export).find_map(|plugin| {
            let client = plugin.client.as_ref()?;
            is_among(&client.modules, module, export).then_some((plugin, client))
        })
    }

    /// The option by which some releases let a project add columns of its own to a table.
    #[must_use]
    pub fn additional_fields(&self, table: &str) -> Option<&schema::Additional> {
        self.tables_called(table).find_map(|table| table.additional.as_ref())
    }

    /// Whether some releases had a column of their own in a table, both by their logical names, that later ones have not.
    #[must_use]
    pub fn is_former_column(&self, table: &str, column: &str) -> bool {
        let mut columns = self.tables_called(table).flat_map(|table| &table.columns);
        columns.any(|other| other.name == column && other.versions.until.is_some())
    }

    /// The tables with a logical key, of better-auth itself and of plugins.
    fn tables_called<'p>(&'p self, key: &str) -> impl Iterator<Item = &'p Table> {
        let of_plugins = self.mentioning(key).flat_map(|plugin| &plugin.tables);
        self.core.tables.iter().chain(of_plugins).filter(move |table| table.key == key)
    }

    /// What releases of a plugin ask for; with what those plugins ask for whose tables it brings along, as far as they ask
    /// it of those who come from this one.
    pub fn upgrades_of<'p>(&'p self, plugin: &'p Plugin) -> impl Iterator<Item = &'p UpgradeStep> {
        let lenders = plugin.borrows.iter().filter_map(|borrow| self.plugin(&borrow.plugin));
        let of_lenders = lenders.flat_map(|lender| &lender.upgrades).filter(|step| step.from.contains(&plugin.name));
        plugin.upgrades.iter().chain(of_lenders)
    }

    fn mentioning<'p>(&'p self, name: &str) -> impl Iterator<Item = &'p Plugin> {
        self.plugins.iter().filter(move |file| file.mentions(name)).map(packs::File::plugin)
    }

    /// The tables a plugin has in a release of its package: those it takes over from other plugins, then its own. Their
    /// conditions are still to be asked.
    pub fn tables_of<'p>(&'p self, plugin: &'p Plugin, version: &Version) -> impl Iterator<Item = Brought<'p>> {
        let borrows = plugin.borrows.iter().filter(|borrow| borrow.versions.contains(version));
        let lenders = borrows.filter_map(|borrow| {
            let lender = self.plugin(&borrow.plugin)?;
            Some((lender, (!borrow.renames).then_some(lender)))
        });
        let tables = lenders
            .chain([(plugin, None)])
            .flat_map(|(plugin, renamer)| plugin.tables.iter().map(move |table| Brought { table, renamer }));
        tables.filter(|brought| brought.table.versions.contains(version))
    }
}

fn is_among(exports: &[Export], module: &str, name: &str) -> bool {
    exports.iter().any(|export| export.module == module && export.name == name)
}

/// A table as a plugin brings it.
#[derive(Debug, Clone, Copy)]
pub struct Brought<'p> {
    /// The table.
    pub table: &'p Table,
    /// The plugin whose options rename it instead of those of the plugin that brings it.
    pub renamer: Option<&'p Plugin>,
}

/// better-auth itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Core {
    /// The newest release the packs were compared with.
    #[serde(deserialize_with = "version")]
    pub newest: Version,
    /// The comparison that adapters make by themselves.
    pub schema_check: SchemaCheck,
    /// Its own tables, in the order better-auth creates them.
    pub tables: Vec<Table>,
    /// What releases ask for beyond new tables and columns.
    #[serde(default)]
    pub upgrades: Vec<UpgradeStep>,
}

/// The comparison of the tables that are there with the required ones, which adapters make before they answer any request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaCheck {
    /// The option that turns it off.
    pub unless: OptionTest,
    /// The adapters that make it.
    pub adapters: Vec<CheckingAdapter>,
}

/// An adapter that answers no request where the tables are not as they are required.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckingAdapter {
    /// The family: `drizzle`.
    pub name: String,
    /// How the name of its module ends, where it is not the usual one of the family.
    #[serde(default)]
    pub module: Option<String>,
    /// The releases of better-auth that have it do so.
    pub versions: Range,
    /// Whether it sees columns that must be given a value and that nothing writes.
    #[serde(default = "yes")]
    pub unwritten: bool,
}

/// What the documentation asks for when a project moves to a release.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpgradeStep {
    /// The first release that needs it.
    #[serde(deserialize_with = "version")]
    pub release: Version,
    /// The tables, or columns (`twoFactor.verified`), it has to do with; empty for all of them.
    #[serde(default)]
    pub about: Vec<String>,
    /// The plugins that are replaced with it; empty where only earlier releases of the same one are.
    #[serde(default)]
    pub from: Vec<String>,
    /// The tables that are made anew, without the rows of those that `from` had under their names.
    #[serde(default)]
    pub anew: Vec<String>,
    /// What to do, in one or two sentences.
    pub steps: String,
}

impl UpgradeStep {
    /// Whether it has to do with a table as a whole, or with one of these columns of it.
    #[must_use]
    pub fn is_about(&self, table: &str, columns: &[&str]) -> bool {
        let names = |part: &String| match part.split_once('.') {
            Some((of, column)) => of == table && columns.contains(&column),
            None => part == table,
        };
        self.about.is_empty() || self.about.iter().any(names)
    }
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Version, D::Error> {
    let text = String::deserialize(deserializer)?;
    Version::parse(&text).map_err(serde::de::Error::custom)
}

/// A server plugin and what belongs to it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Plugin {
    /// The export that makes it: `twoFactor`.
    pub name: String,
    /// The id it has inside better-auth: `two-factor`. Several plugins may share one.
    pub id: String,
    /// What it is for, in a few words.
    pub summary: String,
    /// Its page of the documentation.
    pub docs: String,
    /// Where it is imported from, oldest home first.
    pub exports: Vec<Export>,
    /// The tables of other plugins it brings along.
    #[serde(default)]
    borrows: Vec<Borrow>,
    /// The tables and columns it adds.
    #[serde(default)]
    pub tables: Vec<Table>,
    /// The columns (`account.password`) and tables (`account`) of better-auth itself that it works with.
    #[serde(default)]
    pub uses: Vec<String>,
    /// The releases whose tables are known, where its package counts in a way of its own; none where it goes by the numbers
    /// of better-auth.
    #[serde(default)]
    pub measured: Vec<Range>,
    /// What releases ask for beyond new tables and columns.
    #[serde(default)]
    pub upgrades: Vec<UpgradeStep>,
    /// Its client plugin, if it ever had one.
    pub client: Option<ClientExport>,
    /// Why there is no client plugin (any more), and what the client does instead.
    pub without_client: Option<String>,
    /// How to add it on the server: import and call, for the newest release.
    pub server_snippet: String,
    /// How to use it on the client: import and call, for the newest release; `None` when the client needs nothing.
    pub client_snippet: Option<String>,
}

impl Plugin {
    /// Reads a file of a pack.
    fn read(text: &str) -> Result<Self, toml::de::Error> {
        let mut plugin: Self = toml::from_str(text)?;
        let unnamed = |exports: &mut [Export], usual: &str| {
            let without = exports.iter_mut().filter(|export| export.name.is_empty());
            without.for_each(|export| usual.clone_into(&mut export.name));
        };
        unnamed(&mut plugin.exports, &plugin.name);
        if let Some(client) = &mut plugin.client {
            unnamed(&mut client.modules, &client.name);
        }
        Ok(plugin)
    }

    /// Whether some release adds tables or columns with it, perhaps under a condition.
    #[must_use]
    pub fn adds_schema(&self) -> bool {
        !self.tables.is_empty() || !self.borrows.is_empty()
    }

    /// Why it is not known which tables a release of its own package adds; `None` where that is known.
    #[must_use]
    pub fn unmeasured(&self, release: Option<&Version>) -> Option<String> {
        match release {
            _ if self.measured.is_empty() => None,
            None => Some("no lockfile tells its release".to_owned()),
            Some(release) if self.measured.iter().any(|range| range.contains(release)) => None,
            Some(release) => Some(format!("its release {release} is not among those that were measured")),
        }
    }

    /// The options that the second argument of an export decides about.
    #[must_use]
    pub fn second_argument(&self, module: &str, name: &str) -> &[String] {
        let home = self.exports.iter().find(|export| export.module == module && export.name == name);
        home.map(|export| export.second_argument.as_slice()).unwrap_or_default()
    }

    /// The homes of the export in a release; several where it has an alias, none where the release lacks it.
    pub fn exports_at<'p>(&'p self, version: &'p Version) -> impl Iterator<Item = &'p Export> {
        self.exports.iter().filter(move |export| export.versions.contains(version))
    }

    /// The release that took the export away from everywhere, where that is this one or was before it.
    #[must_use]
    pub fn removed_before(&self, version: &Version) -> Option<Release> {
        let ends: Option<Vec<Release>> = self.exports.iter().map(|export| export.versions.until).collect();
        ends?.into_iter().max().filter(|end| *end <= (version.major(), version.minor(), version.patch()))
    }

    /// The client plugin of a release.
    #[must_use]
    pub fn client_at(&self, version: &Version) -> Option<&ClientExport> {
        self.client.as_ref().filter(|client| client.modules.iter().any(|module| module.versions.contains(version)))
    }
}

/// Another plugin's tables that a plugin brings along.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Borrow {
    plugin: String,
    versions: Range,
    /// Whether the borrower's options rename the tables; else the lender's do, if that is in use as well.
    #[serde(default = "yes")]
    renames: bool,
}

fn yes() -> bool {
    true
}

/// A module something is imported from.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Export {
    /// The module: `better-auth/plugins`.
    pub module: String,
    /// The name there; in the files only where it is not the name of the plugin or client plugin.
    #[serde(default)]
    pub name: String,
    /// The releases that have it there.
    #[serde(default)]
    pub versions: Range,
    /// The options that its second argument decides about alone, where it is given one.
    #[serde(default)]
    pub second_argument: Vec<String>,
}

/// The client plugin that belongs to a server plugin.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientExport {
    /// The export that makes it: `twoFactorClient`.
    pub name: String,
    /// How much it is needed.
    pub need: Need,
    /// Why, in one sentence.
    pub reason: String,
    /// Where it is imported from, oldest home first.
    pub modules: Vec<Export>,
    /// The methods of a client that are missing or fail without it: where there are some, it is needed where one of them is
    /// called.
    #[serde(default)]
    pub calls: Vec<String>,
    /// The packages that tell the applications whose clients need it; empty where all do.
    #[serde(default)]
    pub apps: Vec<String>,
    /// Its options that must agree with the server.
    #[serde(default)]
    pub mirrors: Vec<Mirror>,
}

/// How much a client plugin is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// It only carries types to the client.
    InferenceOnly,
    /// It adds conveniences; the usual calls work without it.
    Optional,
    /// Calls work at run time, but TypeScript does not know them.
    Recommended,
    /// Calls from the browser fail without it; the server's own `auth.api` does without.
    Needed,
    /// What the plugin is for happens in it.
    Essential,
}

/// An option that must be told to both sides.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mirror {
    /// The option of the server plugin.
    pub server: String,
    /// The option of the client plugin.
    pub client: String,
    /// The releases that have it.
    #[serde(default)]
    pub versions: Range,
}
