//! What a change of version makes necessary.

use nodejs_semver::Version;

use super::{Group, same_server};
use crate::knowledge::pack;
use crate::project::schema::required::required;
use crate::project::schema::{Cause, Gap, Required, RequiredColumn};
use crate::project::{PluginUse, Server};
use crate::rules::Context;
use crate::rules::context::release;

/// A server that moved to another release.
pub(in crate::rules) struct Upgrade {
    /// The release it ran.
    pub(in crate::rules) from: Version,
    /// The release it runs.
    pub(in crate::rules) to: Version,
    /// What the release it ran would need, with the options and plugins of now.
    before: Required,
    /// Which of its plugins it had before, in the order of its list.
    had: Vec<bool>,
}

/// The upgrade of a server since the states the project is compared with; `None` when some of them had these releases.
pub(in crate::rules) fn upgrade(cx: &Context<'_>, server: &Server) -> Option<Upgrade> {
    let to = release(&server.version);
    let earlier: Option<Vec<&Server>> = cx.before.iter().map(|before| same_server(cx.model, before.model, server)).collect();
    let earlier = earlier?;
    let earlier = earlier.iter().filter(|one| release(&one.version) != to);
    let first = *earlier.clone().next()?;
    if earlier.count() < cx.before.len() {
        return None;
    }
    let before = required(&first.version, &server.options, &server.plugins);
    let had = |plugin: &PluginUse| first.plugins.iter().any(|other| other.name == plugin.name);
    let had = server.plugins.iter().map(had).collect();
    Some(Upgrade { from: release(&first.version), to, before, had })
}

impl Upgrade {
    /// Whether the release brings a missing table.
    pub(super) fn brings_table(&self, gap: &Gap) -> bool {
        self.had(&gap.cause) && !self.before.tables.contains_key(&gap.key)
    }

    /// Whether the release brings a missing column.
    pub(super) fn brings_column(&self, gap: &Gap, column: &RequiredColumn) -> bool {
        let before = self.before.tables.get(&gap.key);
        self.had(&column.cause) && !before.is_some_and(|table| table.columns.iter().any(|other| other.key == column.key))
    }

    /// What the documentation asks to be done before or with the migration, for what the gaps are about.
    pub(in crate::rules) fn steps(&self, group: &Group<'_>) -> Vec<String> {
        let all = group.plugin().and_then(|plugin| plugin.known).map_or(pack().core.upgrades.as_slice(), |known| &known.upgrades);
        let passed = all.iter().filter(|step| self.from < step.release && step.release <= self.to);
        passed.map(|step| step.steps.clone()).collect()
    }

    /// Whether what brings a part in was there before the upgrade.
    fn had(&self, cause: &Cause) -> bool {
        match cause {
            Cause::Core | Cause::Option { plugin: None, .. } => true,
            Cause::Plugin(place) | Cause::Option { plugin: Some(place), .. } => self.had.get(*place) == Some(&true),
        }
    }
}
