//! What a change of version makes necessary.

use nodejs_semver::Version;

use super::same_server;
use crate::knowledge::schema::{Column, Table};
use crate::knowledge::{UpgradeStep, pack};
use crate::project::schema::required::required;
use crate::project::schema::{Cause, Gap, GapKind, Required, RequiredColumn};
use crate::project::{PluginUse, Server};
use crate::rules::Context;
use crate::rules::context::release;

/// A server that moved to other releases.
pub(in crate::rules) struct Upgrade {
    /// What the releases it ran would need, with the options and plugins of now.
    before: Required,
    /// The move of better-auth itself.
    core: Move,
    /// The moves of its plugins, in the order of its list; `None` for one it did not have.
    plugins: Vec<Option<Move>>,
    /// The plugins it had and has not any more.
    former: Vec<String>,
}

/// The release something had, and the one it has.
#[derive(Debug, Clone)]
pub(in crate::rules) struct Move {
    /// The release it had.
    pub(in crate::rules) from: Version,
    /// The release it has.
    pub(in crate::rules) to: Version,
}

impl Move {
    fn is_one(&self) -> bool {
        self.from != self.to
    }
}

/// The upgrade of a server since the states the project is compared with; `None` when some of them had these releases.
pub(in crate::rules) fn upgrade(cx: &Context<'_>, server: &Server) -> Option<Upgrade> {
    let upgrades = cx.before.iter().map(|before| since(same_server(cx.model, before.model, server)?, server));
    let mut upgrades: Vec<Upgrade> = upgrades.collect::<Option<_>>()?;
    (!upgrades.is_empty()).then(|| upgrades.swap_remove(0))
}

/// The upgrade from one state of a server to another; `None` when nothing moved.
fn since(earlier: &Server, server: &Server) -> Option<Upgrade> {
    let core = Move { from: release(&earlier.version), to: release(&server.version) };
    let counterpart = |plugin: &PluginUse| earlier.plugins.iter().find(|other| other.name == plugin.name);
    let moved = |plugin: &PluginUse| {
        let from = counterpart(plugin)?.release.clone().unwrap_or_else(|| core.from.clone());
        Some(Move { from, to: plugin.release.clone().unwrap_or_else(|| core.to.clone()) })
    };
    let plugins: Vec<Option<Move>> = server.plugins.iter().map(moved).collect();
    if !core.is_one() && !plugins.iter().flatten().any(Move::is_one) {
        return None;
    }
    let as_before = |plugin: &PluginUse| {
        let release = counterpart(plugin).map_or_else(|| plugin.release.clone(), |other| other.release.clone());
        PluginUse { release, ..plugin.clone() }
    };
    let used: Vec<PluginUse> = server.plugins.iter().map(as_before).collect();
    let before = required(&earlier.version, &server.options, &used);
    let is_gone = |plugin: &&PluginUse| !server.plugins.iter().any(|other| other.name == plugin.name);
    let former = earlier.plugins.iter().filter(is_gone).map(|plugin| plugin.name.clone()).collect();
    Some(Upgrade { before, core, plugins, former })
}

impl Upgrade {
    /// Whether the releases bring a missing table.
    pub(super) fn brings_table(&self, gap: &Gap) -> bool {
        self.of(&gap.cause).is_some() && !self.before.tables.contains_key(&gap.key)
    }

    /// Whether the releases bring a missing column.
    pub(super) fn brings_column(&self, gap: &Gap, column: &RequiredColumn) -> bool {
        let before = self.before.tables.get(&gap.key);
        self.of(&column.cause).is_some() && !before.is_some_and(|table| table.columns.iter().any(|other| other.key == column.key))
    }

    /// The move of what brings a part in; `None` for a plugin that was not there before.
    pub(in crate::rules) fn of(&self, cause: &Cause) -> Option<&Move> {
        match cause {
            Cause::Core | Cause::Option { plugin: None, .. } => Some(&self.core),
            Cause::Plugin(place) | Cause::Option { plugin: Some(place), .. } => self.plugins.get(*place)?.as_ref(),
        }
    }

    /// Whether the move is one that a step of a release is meant for; `own` is the plugin that is asked for it.
    fn passes(&self, cause: &Cause, own: Option<&str>, step: &UpgradeStep) -> bool {
        if step.from.is_empty() || own.is_some_and(|own| step.from.iter().any(|plugin| plugin == own)) {
            self.of(cause).is_some_and(|moved| moved.from < step.release && step.release <= moved.to)
        } else {
            step.from.iter().any(|plugin| self.former.contains(plugin))
        }
    }
}

/// What the documentation asks to be done before or with the migration of a server, for what some gaps of one cause are
/// about: where the project comes from an earlier release, as its change of version tells or what is left of the tables.
pub(super) fn steps(server: &Server, upgrade: Option<&Upgrade>, cause: &Cause, gaps: &[&Gap]) -> Vec<&'static UpgradeStep> {
    let Some(known) = known(server, cause) else { return Vec::new() };
    let is_due = |step: &&UpgradeStep| {
        step.release <= known.release
            && gaps.iter().any(|gap| {
                let whole = gap.kind == GapKind::Table;
                let named = gap.columns.iter().map(|column| column.key.as_str()).filter(|_| !whole);
                let columns: Vec<&str> = named.chain(gap.declared.iter().map(|(name, _)| name.as_str())).collect();
                let passed = || upgrade.is_some_and(|upgrade| upgrade.passes(cause, known.plugin, step));
                step.is_about(&gap.key, &columns) && (passed() || known.has_left(server, step, &gap.key))
            })
    };
    known.upgrades.iter().copied().filter(is_due).collect()
}

/// Whether a table is made anew, because the one that has its name is another plugin's.
pub(super) fn is_made_anew(server: &Server, gap: &Gap) -> bool {
    let Some(known) = known(server, &gap.cause) else { return false };
    let mut anew = known.upgrades.iter().filter(|step| step.anew.contains(&gap.key) && step.release <= known.release);
    anew.any(|step| known.is_older(server, step, &gap.key))
}

/// What the packs say of that which brings a gap in.
struct Known {
    /// The plugin; `None` for better-auth itself.
    plugin: Option<&'static str>,
    release: Version,
    tables: Vec<&'static Table>,
    upgrades: Vec<&'static UpgradeStep>,
}

fn known(server: &Server, cause: &Cause) -> Option<Known> {
    let core = release(&server.version);
    let (Cause::Plugin(place) | Cause::Option { plugin: Some(place), .. }) = cause else {
        let pack = &pack().core;
        return Some(Known {
            plugin: None,
            release: core,
            tables: pack.tables.iter().collect(),
            upgrades: pack.upgrades.iter().collect(),
        });
    };
    let used = server.plugins.get(*place)?;
    let plugin = used.known?;
    Some(Known {
        plugin: Some(&plugin.name),
        release: used.release.clone().unwrap_or(core),
        tables: plugin.tables.iter().collect(),
        upgrades: pack().upgrades_of(plugin).collect(),
    })
}

impl Known {
    /// Whether something of before a step is still there: columns of the table itself, or a table of the plugin that is
    /// replaced.
    fn has_left(&self, server: &Server, step: &UpgradeStep, key: &str) -> bool {
        let gone = |table: &&Table| !server.required.tables.contains_key(&table.key);
        let declared =
            |table: &Table| server.declared.lookup.find(&server.adapter.lookup_name(&table.key, &table.key)).next().is_some();
        self.is_older(server, step, key) || former(step).filter(gone).any(declared)
    }

    /// Whether a table has a column that it had before a step, and has not any more.
    fn is_older(&self, server: &Server, step: &UpgradeStep, key: &str) -> bool {
        let Some(required) = server.required.tables.get(key) else { return false };
        let of_before = |column: &&Column| {
            let until = column.versions.until;
            until.is_some_and(|until| until <= (step.release.major(), step.release.minor(), step.release.patch()))
        };
        let own = self.tables.iter().filter(|table| table.key == key).flat_map(|table| &table.columns).filter(of_before);
        let of_others = former(step).filter(|table| table.key == key).flat_map(|table| &table.columns);
        let lookup = &server.declared.lookup;
        let name = server.adapter.lookup_name(key, &required.model);
        let Some(found) = lookup.find(&name).next() else { return false };
        let gone = |column: &&Column| !required.columns.iter().any(|other| other.key == column.name);
        own.chain(of_others)
            .filter(gone)
            .any(|column| found.table.columns.iter().any(|declared| lookup.naming.is_column(declared, &column.name)))
    }
}

/// The tables of the plugins that a step replaces.
fn former(step: &UpgradeStep) -> impl Iterator<Item = &'static Table> {
    step.from.iter().filter_map(|plugin| pack().plugin(plugin)).flat_map(|plugin| &plugin.tables)
}
