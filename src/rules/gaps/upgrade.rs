//! What a change of version makes necessary.

use nodejs_semver::Version;

use super::{Group, same_server};
use crate::knowledge::{UpgradeStep, pack};
use crate::project::schema::required::required;
use crate::project::schema::{Cause, Gap, Required, RequiredColumn};
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
    Some(Upgrade { before, core, plugins })
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

    /// What the documentation asks to be done before or with the migration, for what the gaps are about.
    pub(in crate::rules) fn steps(&self, group: &Group<'_>) -> Vec<String> {
        let Some(moved) = self.of(&group.cause) else { return Vec::new() };
        let all = group.plugin().and_then(|plugin| plugin.known).map_or(pack().core.upgrades.as_slice(), |known| &known.upgrades);
        let passed = |step: &&UpgradeStep| moved.from < step.release && step.release <= moved.to;
        all.iter().filter(passed).map(|step| step.steps.clone()).collect()
    }
}
