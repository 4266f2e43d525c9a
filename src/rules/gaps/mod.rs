//! The gaps between configuration, schema and migrations, sorted by the rule that tells of them.
//!
//! The comparison (`project::schema::compare`) says what is wrong; here it is decided whose finding it is, so that one
//! defect is told once, and what such findings share is filled in.

mod advice;
mod age;
mod shared;
mod upgrade;
pub(super) mod why;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::context::release;
use super::{Circumstances, Context, Reporter};
use crate::facts::schema::Column;
use crate::facts::{Body, script};
use crate::finding::{Applicability, Confidence, FixPlan, Report, Severity};
use crate::knowledge::pack;
use crate::knowledge::schema::Rename;
use crate::project::adapter::Mapper;
use crate::project::predicate;
pub(super) use crate::project::render::join;
use crate::project::schema::commands::{End, in_a_shell};
use crate::project::schema::compare::looks_like;
use crate::project::schema::lookup::{Naming, entity_name, is_similar_column, snake_case};
use crate::project::schema::repair::empty_at_first;
use crate::project::schema::required::is_core;
use crate::project::schema::{self, Cause, Gap, GapKind, RequiredColumn, SourceTable};
use crate::project::value::{Condition, Unknown};
use crate::project::{AdapterKind, PluginUse, ProjectModel, Server};
use crate::source::{FileKind, Site};

use advice::migrate;
pub(super) use advice::{advice, apply, capitalised, change_of_type, declare_keys, relax, way};
use age::{Age, by_age};
use shared::{Told, told_once};
pub(super) use upgrade::{Upgrade, upgrade};

/// Which rule tells of a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// Required and not declared.
    Missing,
    /// Required since the version moved, and not declared.
    Upgraded,
    /// `account.issuer`, which three releases need and later ones leave empty.
    AccountIssuer,
    /// The owner of an API key, which moved to another column.
    ApiKeyOwner,
    /// Any other kind, told by itself.
    Of(GapKind),
}

/// What one finding tells of a server: gaps with one cause.
pub(super) struct Group<'m> {
    pub(super) server: &'m Server,
    pub(super) cause: Cause,
    pub(super) gaps: Vec<Gap>,
    /// The other servers that have some of the gaps, with the kind and the table of each.
    others: Vec<(GapKind, String, &'m Server)>,
    /// The files of the work tree that declare it, though the snapshot under review does not; sorted.
    pub(super) unstaged: BTreeSet<Arc<str>>,
    /// The move to other releases, where there is one.
    upgrade: Option<Arc<Upgrade>>,
    age: Age,
}

/// The gaps of all servers that belong to a topic, one entry for each cause, in order.
pub(super) fn groups<'m>(cx: &'m Context<'_>, topic: Topic) -> Vec<Group<'m>> {
    let mut found: Vec<Group<'m>> = Vec::new();
    let is_counted = |server: &Server, gap: &Gap| {
        let may_not_hold = || is_preview(server) || gap.kind == GapKind::Columns && may_be_newest(server);
        let lacks_it_all = |other: &Gap| other.key == gap.key && elsewhere(server, other).is_some();
        !(topic == Topic::AccountIssuer && may_not_hold()
            || gap.kind != GapKind::Columns && server.gaps.iter().any(lacks_it_all)
            || goes_with_its_table(server, gap)
            || topic == Topic::Of(GapKind::Unwritten) && goes_with_columns(server, gap).is_some())
    };
    let mut last: Option<(&Server, Option<Arc<Upgrade>>)> = None;
    let mut upgrade_of = |server: &'m Server| match &last {
        Some((known, upgrade)) if std::ptr::eq(*known, server) => upgrade.clone(),
        _ => last.insert((server, upgrade(cx, server).map(Arc::new))).1.clone(),
    };
    for Told { server, gap, others } in told_once(cx.model, is_counted) {
        // Only between these two it decides.
        let deciding = if matches!(topic, Topic::Missing | Topic::Upgraded) { upgrade_of(server) } else { None };
        for (_, gap) in sorted(&gap, deciding.as_deref()).into_iter().filter(|(own, _)| *own == topic) {
            let shared: Vec<_> = others.iter().map(|other| (gap.kind, gap.key.clone(), *other)).collect();
            for (age, gap) in by_age(cx, server, &gap) {
                let is_it = |one: &&mut Group<'_>| std::ptr::eq(one.server, server) && one.cause == gap.cause && one.age == age;
                match found.iter_mut().find(is_it) {
                    Some(one) => {
                        one.others.extend(shared.iter().cloned());
                        one.gaps.push(gap);
                    }
                    None => found.push(Group {
                        server,
                        cause: gap.cause.clone(),
                        gaps: vec![gap],
                        others: shared.clone(),
                        unstaged: BTreeSet::new(),
                        upgrade: upgrade_of(server),
                        age,
                    }),
                }
            }
        }
    }
    age::join(&mut found, |one, other| std::ptr::eq(one.server, other.server) && one.cause == other.cause);
    if topic == Topic::Missing
        && !found.is_empty()
        && let Some(worktree) = cx.worktree()
    {
        for one in &mut found {
            one.unstaged = declared_in(cx.model, worktree, one);
        }
    }
    found
}

/// Groups by the server that tells of them, for what one migration mends; those that are new by themselves.
pub(super) fn by_server<'m>(mut groups: Vec<Group<'m>>) -> Vec<Vec<Group<'m>>> {
    age::join(&mut groups, |one, other| std::ptr::eq(one.server, other.server));
    let mut servers: Vec<Vec<Group<'m>>> = Vec::new();
    for group in groups {
        let is_with = |groups: &&mut Vec<Group<'_>>| std::ptr::eq(groups[0].server, group.server) && groups[0].age == group.age;
        match servers.iter_mut().find(is_with) {
            Some(groups) => groups.push(group),
            None => servers.push(vec![group]),
        }
    }
    servers
}

/// Whether a server runs a preview build: what such a one does with a part that came and went is not what the release did
/// that it led to.
fn is_preview(server: &Server) -> bool {
    server.version.effective().is_some_and(|version| version.is_prerelease())
}

/// Whether a server may run the newest release, so that it is not known to need what that has given up again.
fn may_be_newest(server: &Server) -> bool {
    server.version.may_be(&pack().core.newest)
}

/// What earlier releases wrote to a table that lacks these columns, and must still be given a value.
fn leftovers<'s>(server: &'s Server, lacking: &Gap) -> impl Iterator<Item = &'s Gap> {
    let of = (lacking.kind == GapKind::Columns).then(|| (lacking.key.clone(), lacking.cause.clone()));
    let goes_with = move |gap: &&Gap| goes_with_columns(server, gap).map(|with| (&with.key, &with.cause));
    server.gaps.iter().filter(move |gap| of.as_ref().is_some_and(|(key, cause)| goes_with(gap) == Some((key, cause))))
}

/// The columns that a table lacks along with which it is told that an earlier release wrote to it what must still be given a
/// value: one move to another release leaves both. Of several causes the first tells of it, and none that may not hold.
fn goes_with_columns<'s>(server: &'s Server, gap: &Gap) -> Option<&'s Gap> {
    let is_former = |(name, _): &(String, Site)| pack().is_former_column(&gap.key, name);
    if gap.kind != GapKind::Unwritten || !gap.declared.iter().all(is_former) {
        return None;
    }
    let is_told = |lacking: &Gap| sorted(lacking, None).iter().any(|(topic, _)| *topic == Topic::Missing);
    let holds = |lacking: &Gap| needed_with(server, lacking).is_none_or(|plugin| undecided(server, plugin).is_none());
    let lacking = server.gaps.iter().filter(|other| other.kind == GapKind::Columns && other.key == gap.key);
    lacking.into_iter().find(|lacking| holds(lacking) && is_told(lacking))
}

/// Whether a gap is about a table that is made anew, so that nothing but what the new one holds need be told.
fn goes_with_its_table(server: &Server, gap: &Gap) -> bool {
    let told = |other: &Gap| other.kind == GapKind::Columns && other.key == gap.key;
    gap.kind != GapKind::Columns && server.gaps.iter().any(told) && upgrade::is_made_anew(server, gap)
}

/// A gap by topics; its columns may belong to several.
fn sorted(gap: &Gap, upgrade: Option<&Upgrade>) -> Vec<(Topic, Gap)> {
    let mut parts: Vec<(Topic, Gap)> = Vec::new();
    let mut add = |topic: Topic, part: Gap| match parts.iter_mut().find(|(known, _)| *known == topic) {
        Some((_, whole)) => {
            whole.columns.extend(part.columns);
            whole.declared.extend(part.declared);
        }
        None => parts.push((topic, part)),
    };
    match gap.kind {
        GapKind::Table => {
            let upgraded = upgrade.is_some_and(|upgrade| upgrade.brings_table(gap));
            add(if upgraded { Topic::Upgraded } else { Topic::Missing }, gap.clone());
        }
        GapKind::Columns => {
            for (place, column) in gap.columns.iter().enumerate() {
                let topic = match (gap.key.as_str(), column.key.as_str()) {
                    ("account", "issuer") if column.cause == Cause::Core => Topic::AccountIssuer,
                    ("apikey", "referenceId" | "configId") => Topic::ApiKeyOwner,
                    _ if upgrade.is_some_and(|upgrade| upgrade.brings_column(gap, column)) => Topic::Upgraded,
                    _ => Topic::Missing,
                };
                let declared = if place == 0 { gap.declared.clone() } else { Vec::new() };
                add(topic, Gap { columns: vec![column.clone()], declared, ..gap.clone() });
            }
        }
        GapKind::Unwritten | GapKind::StillRequired => {
            for one in &gap.declared {
                let topic = match (gap.key.as_str(), one.0.as_str()) {
                    ("account", "issuer") => Topic::AccountIssuer,
                    ("apikey", "userId") => Topic::ApiKeyOwner,
                    _ => Topic::Of(GapKind::Unwritten),
                };
                add(topic, Gap { declared: vec![one.clone()], ..gap.clone() });
            }
        }
        kind => add(Topic::Of(kind), gap.clone()),
    }
    parts
}

/// The files of the work tree that close all of the gaps; empty when it has them too, or another picture altogether.
fn declared_in(own: &ProjectModel, worktree: &ProjectModel, missing: &Group<'_>) -> BTreeSet<Arc<str>> {
    let Some(server) = same_server(own, worktree, missing.server) else { return BTreeSet::new() };
    let still_wanted = match &missing.cause {
        Cause::Core => true,
        Cause::Plugin(index) => match missing.server.plugins.get(*index) {
            Some(plugin) => server.plugins.iter().any(|other| other.name == plugin.name),
            None => false,
        },
        Cause::Option { .. } => missing.gaps.iter().all(|gap| server.required.tables.contains_key(&gap.key)),
    };
    let still_missing = |gap: &Gap| server.gaps.iter().any(|other| other.key == gap.key && overlap(other, gap));
    if !still_wanted || missing.gaps.iter().any(still_missing) {
        return BTreeSet::new();
    }
    let found = missing.gaps.iter().flat_map(|gap| server.declared.lookup.find(&gap.table));
    found.map(|table| Arc::clone(&table.file)).collect()
}

/// The instance of another picture of the project that is the same one: of several of one name in a file, the one at the
/// same place in their order.
pub(super) fn same_server<'o>(own: &ProjectModel, other: &'o ProjectModel, server: &Server) -> Option<&'o Server> {
    let namesake = |one: &&Server| one.at.file == server.at.file && one.name == server.name;
    let place = own.servers.iter().filter(namesake).position(|one| std::ptr::eq(one, server))?;
    other.servers.iter().filter(namesake).nth(place)
}

/// Whether what one gap lacks is lacking in the other.
fn overlap(one: &Gap, other: &Gap) -> bool {
    let same = || one.columns.iter().any(|column| other.columns.iter().any(|wanted| wanted.key == column.key));
    matches!(one.kind, GapKind::Table | GapKind::MapEntry | GapKind::ModelName) || one.kind == GapKind::Columns && same()
}

impl<'m> Group<'m> {
    /// The plugin that brings the gaps in, if one does.
    pub(super) fn plugin(&self) -> Option<&'m PluginUse> {
        self.server.plugins.get(self.cause.plugin()?)
    }

    /// The same group with some of its gaps alone.
    pub(super) fn only(&self, gaps: &[Gap]) -> Self {
        let has = |kind: GapKind, key: &str| gaps.iter().any(|gap| gap.kind == kind && gap.key == key);
        Self {
            server: self.server,
            cause: self.cause.clone(),
            gaps: gaps.to_vec(),
            others: self.others.iter().filter(|(kind, key, _)| has(*kind, key)).cloned().collect(),
            unstaged: self.unstaged.clone(),
            upgrade: self.upgrade.clone(),
            age: self.age,
        }
    }

    /// Takes over the gaps of another group of the server.
    pub(super) fn add(&mut self, other: Self) {
        self.gaps.extend(other.gaps);
        self.others.extend(other.others);
    }

    /// The plugin that decides whether a gap does harm, where a condition decides on the plugin.
    pub(super) fn condition(&self, gap: &Gap) -> Option<usize> {
        let is_conditional =
            |plugin: &usize| self.server.plugins.get(*plugin).is_some_and(|plugin| !plugin.conditions.is_empty());
        needed_with(self.server, gap).filter(is_conditional)
    }

    /// Adds the other servers that have some of these gaps.
    pub(super) fn name_others(&self, gaps: &[Gap], report: &mut Report) {
        let has = |(kind, key, _): &&(GapKind, String, &Server)| gaps.iter().any(|gap| gap.kind == *kind && gap.key == *key);
        for (.., other) in self.others.iter().filter(has) {
            let one = (other.at.clone(), format!("`{}` is on the same tables", other.name));
            if !report.related.contains(&one) {
                report.related.push(one);
            }
        }
    }

    /// What is missing: `table `passkey`, and column `role` of table `user``.
    pub(super) fn what(&self) -> String {
        let mut parts = Vec::new();
        let is_whole = |gap: &&Gap| gap.kind == GapKind::Table;
        let tables: Vec<&str> = self.gaps.iter().filter(is_whole).map(|gap| gap.table.as_str()).collect();
        if !tables.is_empty() {
            parts.push(format!("{} {}", if tables.len() == 1 { "table" } else { "tables" }, quoted(tables)));
        }
        parts.extend(self.gaps.iter().filter(|gap| !is_whole(gap)).map(columns_of));
        parts.join(", and ")
    }

    /// Whether only columns are missing that rows do without, from what is there otherwise: some calls fail, not all of them.
    fn is_partial(&self) -> bool {
        let is_own = |cause: &Cause| match self.cause.plugin() {
            Some(plugin) => cause.plugin() == Some(plugin),
            None => *cause == self.cause,
        };
        let wanted = self.server.required.tables.values().flat_map(|table| &table.columns);
        let wanted = wanted.filter(|column| is_own(&column.cause)).count();
        let missing = || self.gaps.iter().flat_map(|gap| gap.columns.iter().map(move |column| (gap, column)));
        // Nobody signs up or in where a row of better-auth itself cannot be stored. A plugin that cannot store a default in a
        // table of its own is in the way of nobody else.
        let stops_all =
            |(gap, column): (&Gap, &RequiredColumn)| column.is_filled() || column.is_always_written() && is_core(&gap.key);
        self.gaps.iter().all(|gap| gap.kind != GapKind::Table) && !missing().any(stops_all) && missing().count() < wanted
    }

    /// Who fails to declare it: `no Prisma model declares`.
    pub(super) fn nobody(&self) -> String {
        if let Some(fates) = self.gaps.iter().map(Gap::fate).collect::<Option<BTreeSet<String>>>() {
            let only = fates.first().filter(|_| fates.len() == 1);
            return only.cloned().unwrap_or_else(|| "later migrations drop or rename".to_owned());
        }
        if self.gaps.iter().all(|gap| gap.found_in.is_some()) {
            return "its declaration lacks".to_owned();
        }
        let nobody = match self.server.adapter.kind {
            AdapterKind::Prisma => "no Prisma model declares",
            AdapterKind::Drizzle => "no Drizzle table declares",
            AdapterKind::Kysely if self.server.declared.types().is_some() => "the types written from the database lack",
            AdapterKind::Kysely => "no SQL migration creates",
            _ => match self.server.adapter.mapper() {
                Some(Mapper::Convex) => "the schema of the Convex component lacks",
                Some(Mapper::TypeOrm | Mapper::MikroOrm) => "no entity class declares",
                None => "no schema of the repository declares",
            },
        };
        nobody.to_owned()
    }

    /// Adds what all findings about missing parts share: related places, advice, identity.
    pub(super) fn complete(&self, cx: &Context<'_>, report: &mut Report) {
        let server = self.server;
        let gaps: Vec<(&Gap, Option<Elsewhere<'_>>)> = self.gaps.iter().map(|gap| (gap, elsewhere(server, gap))).collect();
        for (gap, found) in &gaps {
            if let Some(place) = &gap.found_in {
                report.related.push((place.clone(), format!("lacks {}", join(names(gap)))));
            }
            for (name, place) in gap.declared.iter().filter(|_| found.is_none()) {
                let spelt = gap.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
                let label = match spelt {
                    Some(column) if server.adapter.kind == AdapterKind::Kysely => {
                        format!("PostgreSQL knows it as `{name}`, and `{}` is looked up", column.name)
                    }
                    Some(column) => format!("`{}` is looked up, and this is `{name}`", column.name),
                    None => format!("`{name}` is not the name that is looked up"),
                };
                report.related.push((place.clone(), label));
            }
            let of_others =
                gap.of_others.iter().map(|place| (place.clone(), format!("this `{}` is another server's", gap.table)));
            report.related.extend(of_others);
            report.related.extend(gap.end());
        }
        let leftovers: Vec<&Gap> = self.gaps.iter().flat_map(|gap| leftovers(server, gap)).collect();
        let left = leftovers.iter().flat_map(|gap| &gap.declared);
        report.related.extend(left.map(|(name, place)| (place.clone(), format!("an earlier release wrote `{name}`"))));
        let rest = gaps.iter().filter(|(gap, found)| self.rename_class(gap).is_none() && found.is_none());
        let rest: Vec<Gap> = rest.filter_map(|(gap, _)| without_respelt(server, gap)).collect();
        let shown = match self.unstaged.is_empty() && !rest.is_empty() {
            true => repair(cx, server, &rest.iter().collect::<Vec<_>>(), report),
            false => None,
        };
        let found = gaps.iter().filter_map(|(_, found)| found.as_ref());
        report.related.extend(found.map(|found| (found.table.site(), "has all of it".into())));
        let rename = |(gap, found): &(&Gap, Option<Elsewhere<'_>>)| {
            let to_found = || found.as_ref().map(|found| self.look_elsewhere(gap, found));
            self.rename_class(gap).or_else(to_found).or_else(|| self.rename(gap))
        };
        let renamed: Vec<String> = gaps.iter().filter_map(rename).collect();
        if !renamed.is_empty() {
            report.help.server = Some(self.misplaced() + &renamed.join(" "));
            if report.fix.is_none() {
                report.refusal = Some("which of the names is changed is for people to say".into());
            }
        }
        if server.adapter.at != server.at {
            report.related.push((server.adapter.at.clone(), "the database is set here".into()));
        }
        report.help.migration = match (self.unstaged.is_empty(), rest.is_empty()) {
            (true, true) => None,
            (true, false) => Some(advice(server, shown.as_deref())),
            (false, _) => Some(self.stage()),
        };
        for left in &leftovers {
            let columns = quoted(left.declared.iter().map(|(name, _)| name.as_str()));
            let it = if left.declared.len() == 1 { "it" } else { "them" };
            let version = release(&server.version);
            let told = format!("Drop {columns} or make {it} nullable, too: better-auth {version} has no value for {it}.");
            around_migration(report, &[], &[&told]);
        }
        self.name_others(&self.gaps, report);
        self.prepare(&self.gaps.iter().collect::<Vec<_>>(), report);
        report.identity = vec![server.package.to_string(), server.name.clone()];
        report.identity.extend(self.plugin().map(|plugin| plugin.name.clone()));
        if self.plugin().is_none() {
            report.identity.extend(self.gaps.iter().map(|gap| gap.key.clone()));
        }
        report.parts.extend(self.gaps.iter().flat_map(parts));
        if !refuse(server, &self.gaps, report) {
            self.weigh(report);
        }
        if !server.declared.lookup.is_certain() {
            report.confidence = report.confidence.min(Confidence::Medium);
        }
        if server.declared.types().is_some() {
            // The database may be ahead of them.
            report.severity = report.severity.min(Severity::High);
            report.confidence = report.confidence.min(Confidence::Medium);
        }
        if let Some((place, command)) = migrated_by_command(server, cx) {
            report.severity = report.severity.min(Severity::Medium);
            report.related.push((place, format!("`{command}` may create it")));
        }
    }

    /// Says which calls fail, and sets how bad that is.
    fn weigh(&self, report: &mut Report) {
        let left = || self.gaps.iter().flat_map(|gap| leftovers(self.server, gap));
        let refused = self.gaps.iter().find_map(|gap| why::no_inserts(self.server, gap));
        if let Some(why) = refused.or_else(|| left().find_map(|left| why::left_over(self.server, left))) {
            report.severity = Severity::Critical;
            report.why = why;
            return;
        }
        if let Some(why) =
            why::missing_columns(self.server, &self.gaps).filter(|_| self.cause != Cause::Core || self.is_partial())
        {
            report.why = why;
        }
        if self.is_partial() {
            report.severity = report.severity.min(Severity::High);
        }
        if self.gaps.iter().all(|gap| self.server.required.tables.get(&gap.key).is_some_and(|table| table.idle)) {
            let (severity, why) = why::idle(&self.cause);
            report.severity = report.severity.min(severity);
            report.why = why.into();
        }
    }

    /// How to have a table looked up whose class has another name than the adapter looks for.
    fn rename_class(&self, gap: &Gap) -> Option<String> {
        let is_looked_up = self.server.declared.lookup.naming == Naming::Entities && gap.kind == GapKind::Table;
        let (class, _) = gap.declared.first().filter(|_| is_looked_up)?;
        let wanted = entity_name(&gap.table);
        let rename = format!(
            "Call the class `{class}` `{wanted}`, by which the adapter looks for it; its table keeps its name with `tableName`."
        );
        // Not every plugin takes names for its tables, and not every class is one that is looked for.
        let can_be_told = self.cause == Cause::Core && entity_name(class) == *class;
        let told = can_be_told.then(|| format!(" Or tell better-auth its name: `{}: {{ modelName: \"{class}\" }}`.", gap.key));
        Some(rename + &told.unwrap_or_default())
    }

    /// How to have the table looked up that has what the one lacks which is found by the usual name.
    fn look_elsewhere(&self, gap: &Gap, found: &Elsewhere<'_>) -> String {
        format!(
            "`{}` has all that table `{}` lacks: tell {} its name with `{}`.",
            found.table.table.name,
            gap.table,
            self.who(),
            nested(&found.option, &format!("\"{}\"", found.name))
        )
    }

    /// How to have a column looked up that is declared in another spelling.
    fn rename(&self, gap: &Gap) -> Option<String> {
        // Where the name in the declaration is the usual one, the configuration gives another.
        let (usual, respelt): (Vec<_>, Vec<_>) =
            respelt(self.server, gap).into_iter().partition(|(column, name)| column.is_usually(name));
        let (what, kept) = match self.server.adapter.kind {
            AdapterKind::Prisma => ("field", "with `@map`"),
            _ => ("property", "where its builder is given it"),
        };
        let mappings = usual.iter().map(|(column, name)| format!("`{}` for `{name}`", column.name)).collect();
        let dropped = (!usual.is_empty()).then(|| {
            let names = join(mappings);
            format!("Take the name {names} out of the configuration: the adapter looks for the {what}, not for the column.")
        });
        if respelt.is_empty() {
            return dropped;
        }
        let renamed = respelt.iter().map(|(column, name)| format!("`{name}` to `{}`", column.name)).collect();
        let is_sure = respelt
            .iter()
            .all(|(column, name)| declared(self.server, gap, name).is_some_and(|one| is_similar_column(one, &column.name)));
        let rename = if is_sure { "Rename" } else { "Where it holds the same, rename" };
        let rename = format!(
            "{rename} the {what} {} in table `{}`; a column keeps its name in the database {kept}.",
            join(renamed),
            gap.table
        );
        let mapped = self.mapped(gap, &respelt).map(|option| format!(" Or tell {} the name: `{option}`.", self.who()));
        Some(dropped.map(|dropped| dropped + " ").unwrap_or_default() + &rename + &mapped.unwrap_or_default())
    }

    /// Who looks a column up.
    fn who(&self) -> String {
        self.plugin().map_or_else(|| "better-auth".to_owned(), |plugin| format!("the `{}` plugin", plugin.name))
    }

    /// The options that tell by which names columns are declared: `schema: { user: { fields: { banReason: "reason" } } }`. Not
    /// every plugin takes names for its columns.
    fn mapped(&self, gap: &Gap, names: &[(&RequiredColumn, &str)]) -> Option<String> {
        if let (Cause::Option { path, .. }, [(column, name)]) = (&self.cause, names)
            && path.ends_with(&format!("additionalFields.{}", column.key))
        {
            return Some(format!("{}: {{ fieldName: \"{name}\" }}", column.key));
        }
        let option = match self.plugin() {
            None if self.cause == Cause::Core => format!("{}.fields", gap.key),
            None => return None,
            Some(_) => {
                let is_taken = |rename: &Rename| names.iter().all(|(column, _)| !rename.except.contains(&column.key));
                renaming(self.server, gap, |rename| rename.fields.clone().filter(|_| is_taken(&rename)))?
            }
        };
        let fields: Vec<String> = names.iter().map(|(column, name)| format!("{}: \"{name}\"", column.key)).collect();
        Some(nested(&option, &format!("{{ {} }}", fields.join(", "))))
    }

    /// Tells of names that are given to a plugin in options it does not have.
    fn misplaced(&self) -> String {
        let Some((plugin, known)) = self.plugin().and_then(|plugin| Some((plugin, plugin.known?))) else { return String::new() };
        let renames: Vec<Rename> = known.tables.iter().flat_map(|table| table.renames("schema.")).collect();
        let is_known = |option: &str| {
            let mut known = renames.iter().flat_map(|rename| [&rename.model, &rename.fields]).flatten();
            known.any(|known| known == option)
        };
        let written = ["modelName", "fields"].into_iter().filter(|option| !is_known(option));
        let written = written.filter(|option| plugin.options.get(&[option]).is_some());
        let written: Vec<&str> = written.collect();
        match written.is_empty() {
            true => String::new(),
            false => {
                format!("`{}` takes names in `schema` alone, and does not see those in {}. ", plugin.name, quoted(written))
            }
        }
    }

    /// Puts what the documentation asks to be done first before the commands of a report; what columns need that are added
    /// to rows, where it says nothing.
    fn prepare(&self, gaps: &[&Gap], report: &mut Report) {
        let steps = upgrade::steps(self.server, self.upgrade.as_deref(), &self.cause, gaps);
        let steps: Vec<&str> = steps.iter().map(|step| step.steps.as_str()).collect();
        if !steps.is_empty() {
            around_migration(report, &steps, &[]);
        } else if report.help.declaration.is_some() {
            fill_later(self.server, gaps, report);
        }
    }

    /// Why other keys may keep rows apart: code around the adapter may write and look up other values than better-auth gives.
    fn other_values(&self) -> Option<Unknown> {
        let is_about_values = |gap: &Gap| matches!(gap.kind, GapKind::Unique | GapKind::UniqueTogether);
        (self.server.adapter.wrapped && self.gaps.iter().all(is_about_values)).then(|| {
            Unknown::new("the code around the adapter may store other values and look those up", self.server.adapter.at.clone())
        })
    }

    /// Hands a report on, with what it depends on.
    pub(super) fn hit(&self, cx: &Context<'_>, out: &mut Reporter<'_>, mut report: Report) {
        if self.age == Age::Added {
            // Those that were there before keep their identity.
            report.identity.push("added".into());
        }
        let plugin = self.gaps.iter().find_map(|gap| needed_with(self.server, gap));
        // Rules that are asked for block nobody, and ask nothing of people who did not.
        let condition = plugin.filter(|_| report.tier < 3).and_then(|plugin| undecided(self.server, plugin));
        let condition = condition.map(|condition| {
            let reason = format!("the plugin is in the list only when `{}`", condition.text);
            Unknown::new(reason, condition.at.clone())
        });
        if let Some(why) = condition.or_else(|| self.other_values()) {
            return out.open(self.server.role, &format!("whether it matters that {}", report.message), &why);
        }
        let plugin = plugin.and_then(|plugin| self.server.plugins.get(plugin));
        let conditions: Vec<_> = plugin.iter().flat_map(|plugin| &plugin.conditions).collect();
        let circumstances = Circumstances { role: self.server.role, package: &self.server.package, conditions: &conditions };
        out.hit(cx, circumstances, report);
    }

    /// How to stage what the work tree already has.
    fn stage(&self) -> String {
        let files: Vec<String> = self.unstaged.iter().map(|file| in_a_shell(file)).collect();
        format!("Run `git add {}` and whatever migration belongs to it, then commit again.", files.join(" "))
    }
}

/// The plugin without which a gap does no harm; `None` where it does in any case. An ORM reads every column that is declared,
/// so that one that the database lacks is missed wherever its table is read.
fn needed_with(server: &Server, gap: &Gap) -> Option<usize> {
    match gap.kind {
        GapKind::UnmigratedColumns => server.required.tables.get(&gap.key)?.cause.plugin(),
        _ => gap.cause.plugin(),
    }
}

/// What decides whether a plugin is in the list of a server at all, where the sources do not tell.
fn undecided(server: &Server, plugin: usize) -> Option<&Condition> {
    let plugin = server.plugins.get(plugin)?;
    let uses: Vec<&PluginUse> = server.plugins.iter().filter(|other| other.name == plugin.name).collect();
    let open = Condition::undecided(&plugin.conditions)?;
    (!predicate::cover(uses.iter().map(|used| used.conditions.iter().collect()))).then_some(open)
}

/// An option with its value, as it is written: `schema: { user: { modelName: "users" } }` for `schema.user.modelName`.
fn nested(option: &str, value: &str) -> String {
    let mut keys = option.rsplit('.');
    let last = format!("{}: {value}", keys.next().unwrap_or_default());
    keys.fold(last, |inner, key| format!("{key}: {{ {inner} }}"))
}

/// The option of the plugin that brings a gap in by which its release gives the table or the columns other names.
fn renaming(server: &Server, gap: &Gap, option: impl Fn(Rename) -> Option<String>) -> Option<String> {
    let plugin = server.plugins.get(gap.cause.plugin()?)?;
    let table = plugin.known?.tables.iter().find(|table| table.key == gap.key)?;
    let own = release(&server.version);
    let version = plugin.release.as_ref().unwrap_or(&own);
    table.renames("schema.").into_iter().filter(|rename| rename.versions.contains(version)).find_map(option)
}

/// A table that a plugin means, though it looks for another one.
struct Elsewhere<'s> {
    /// The name it is found by.
    name: &'s str,
    table: &'s SourceTable,
    /// The option that tells the plugin its name.
    option: String,
}

/// The only table that has all the columns of a plugin's table which the one lacks that is found by the usual name:
/// `OrganizationInvitation`, where `Invitation` is something else. Its name says that it is meant.
fn elsewhere<'s>(server: &'s Server, gap: &Gap) -> Option<Elsewhere<'s>> {
    let required = server.required.tables.get(&gap.key)?;
    let lookup = &server.declared.lookup;
    let is_of_plugin = gap.kind == GapKind::Columns && gap.cause == required.cause && gap.cause.plugin().is_some();
    if !is_of_plugin || !lookup.is_certain() || !matches!(server.adapter.kind, AdapterKind::Drizzle | AdapterKind::Prisma) {
        return None;
    }
    let has = |table: &SourceTable, name: &str| table.table.columns.iter().any(|column| lookup.naming.is_column(column, name));
    let has_all = |table: &SourceTable| {
        let mut wanted = required.columns.iter().filter(|column| !column.idle);
        !table.table.open && has(table, "id") && wanted.all(|column| has(table, &column.name))
    };
    let is_found = |name: &str| {
        let mut asked = server.required.tables.iter();
        asked.any(|(key, table)| server.adapter.lookup_name(key, &table.model) == name)
    };
    let is_meant = |(name, table): &&(String, SourceTable)| {
        let is_named = snake_case(name).ends_with(&format!("_{}", snake_case(&gap.table)));
        let is_named = is_named && server.adapter.lookup_name(&gap.key, name) == *name;
        is_named && !is_found(name) && has_all(table)
    };
    // What has most of the columns is the table itself, and the other one perhaps what was there before.
    let found = lookup.tables.iter().find(|(_, table)| Some(table.site()) == gap.found_in);
    if found.is_none_or(|(_, table)| looks_like(table, required)) {
        return None;
    }
    let mut meant = lookup.tables.iter().filter(is_meant);
    let (name, table) = meant.next().filter(|_| meant.next().is_none())?;
    Some(Elsewhere { name, table, option: renaming(server, gap, |rename| rename.model)? })
}

/// The columns that are declared in code by another name than the one that is looked up: `email_verified` for `emailVerified`, or
/// the only one of the table that must have a value and never gets one.
fn respelt<'g>(server: &Server, gap: &'g Gap) -> Vec<(&'g RequiredColumn, &'g str)> {
    let is_in_code = matches!(server.adapter.kind, AdapterKind::Drizzle | AdapterKind::Prisma)
        && gap.kind == GapKind::Columns
        && server.declared.lookup.is_certain();
    let in_place = |one: &Column| gap.columns.len() == 1 && gap.declared.len() == 1 && one.must_be_given();
    let spelt = |column: &RequiredColumn| {
        let is_it = |one: &Column| is_similar_column(one, &column.name) || in_place(one);
        let mut named = gap.declared.iter();
        named.find(|(name, _)| column.is_usually(name) || declared(server, gap, name).is_some_and(is_it))
    };
    let respelt = gap.columns.iter().filter(|_| is_in_code);
    respelt.filter_map(|column| Some((column, spelt(column)?.0.as_str()))).collect()
}

/// A column of the table that a gap is about, by its name.
fn declared<'s>(server: &'s Server, gap: &Gap, name: &str) -> Option<&'s Column> {
    let mut tables = server.declared.lookup.tables.iter().map(|(_, table)| table);
    tables.find(|table| Some(table.site()) == gap.found_in)?.table.column(name)
}

/// A gap without the columns that are declared by another name; `None` where nothing is left.
fn without_respelt(server: &Server, gap: &Gap) -> Option<Gap> {
    let respelt = respelt(server, gap);
    let mut rest = gap.clone();
    rest.columns.retain(|column| !respelt.iter().any(|(known, _)| *known == column));
    rest.declared.retain(|(name, _)| !respelt.iter().any(|(_, known)| known == name));
    (respelt.is_empty() || !rest.columns.is_empty()).then_some(rest)
}

/// Reports each gap of a topic by itself, at the declaration it is about. `tell` gives the message and the label there.
pub(super) fn report_each(
    cx: &Context<'_>,
    out: &mut Reporter<'_>,
    topic: Topic,
    tell: impl Fn(&Group<'_>, &Gap, &mut Report) -> (String, String),
) {
    for group in groups(cx, topic) {
        for gap in &group.gaps {
            report_together(cx, out, topic, &group.only(std::slice::from_ref(gap)), |report| tell(&group, gap, report));
        }
    }
}

/// Reports the gaps of a group in one finding, at the declarations they are about. `tell` gives the message and the label there.
pub(super) fn report_together(
    cx: &Context<'_>,
    out: &mut Reporter<'_>,
    topic: Topic,
    group: &Group<'_>,
    tell: impl FnOnce(&mut Report) -> (String, String),
) {
    let (server, gaps) = (group.server, group.gaps.iter().collect::<Vec<_>>());
    let Some(first) = group.gaps.first() else { return };
    let places_of = |gap: &'_ Gap| -> Vec<Site> {
        let declared = gap.declared.iter().map(|(_, place)| place.clone());
        declared.chain(gap.found_in.clone().filter(|_| gap.declared.is_empty())).collect()
    };
    let mut places: Vec<Site> = gaps.iter().flat_map(|gap| places_of(gap)).collect();
    if places.is_empty() {
        places.push(server.adapter.at.clone());
    }
    let primary = places.remove(0);
    let mut told = BTreeSet::from([primary.clone()]);
    places.retain(|place| told.insert(place.clone()));
    let mut report = out.draft(primary.clone(), "");
    let shown = repair(cx, server, &gaps, &mut report);
    let shown = shown.as_deref();
    let are_keys = gaps.iter().all(|gap| is_key(gap));
    report.help.migration = Some(if are_keys { declare_keys(server, shown) } else { advice(server, shown) });
    if topic == Topic::Of(GapKind::Unwritten) && report.fix.take().is_some() {
        report.refusal = Some("what a column of the project's own is to hold only people know".into());
    }
    let file = first.found_in.as_ref().unwrap_or(&primary).file.to_string();
    report.identity = vec![file, first.table.clone()];
    refuse(server, &group.gaps, &mut report);
    let (message, label) = tell(&mut report);
    report.message = message;
    report.label = label;
    part_rows(&gaps, &mut report);
    group.prepare(&gaps, &mut report);
    report.related.extend(places.into_iter().map(|place| (place, report.label.clone())));
    report.related.extend(gaps.iter().flat_map(|gap| gap.end()));
    let plugins: BTreeSet<usize> = gaps.iter().filter_map(|gap| gap.cause.plugin()).collect();
    let plugins: Vec<&PluginUse> = plugins.into_iter().filter_map(|plugin| server.plugins.get(plugin)).collect();
    if plugins.is_empty() && server.adapter.at != primary {
        report.related.push((server.adapter.at.clone(), "the database is set here".into()));
    }
    let brings = |plugin: &&PluginUse| (plugin.at.clone(), "this plugin brings the requirement in".into());
    report.related.extend(plugins.iter().map(brings));
    group.name_others(&group.gaps, &mut report);
    for gap in &gaps {
        report.parts.extend(parts(gap));
        report.parts.extend(gap.declared.iter().map(|(name, _)| format!("{}.{name}", gap.key)));
    }
    group.hit(cx, out, report);
}

/// Raises a report where the server answers no request because of the gaps, and says so. Gives back whether it does.
pub(super) fn refuse(server: &Server, gaps: &[Gap], report: &mut Report) -> bool {
    let refused = gaps.iter().any(|gap| server.required.refuses(gap.kind));
    if refused {
        report.severity = Severity::Critical;
        report.why = why::refused(server);
    }
    refused
}

/// Whether a gap is about keys of columns that are there.
fn is_key(gap: &Gap) -> bool {
    matches!(gap.kind, GapKind::Unique | GapKind::UniqueTogether | GapKind::Index | GapKind::Cascade)
}

/// Puts sentences before and behind what a report says of the migration.
fn around_migration(report: &mut Report, before: &[&str], behind: &[&str]) {
    let next = report.fix.as_mut().map(|fix| &mut fix.next);
    for command in [&mut report.help.migration].into_iter().chain(next) {
        let parts = before.iter().copied().chain(command.as_deref()).chain(behind.iter().copied());
        *command = Some(parts.collect::<Vec<_>>().join(" "));
    }
}

/// Tells which columns are declared without the demand for a value, and why.
fn fill_later(server: &Server, gaps: &[&Gap], report: &mut Report) {
    let gaps: Vec<Gap> = gaps.iter().filter_map(|gap| without_respelt(server, gap)).collect();
    let columns: Vec<&str> = gaps.iter().flat_map(|gap| empty_at_first(server, gap)).collect();
    let it = if columns.len() == 1 { "it" } else { "them" };
    if !columns.is_empty() {
        let columns = quoted(columns);
        let told = format!(
            "{columns} may be empty at first, since the rows that are there have no value for {it}: require one in a second \
             step, once they have it."
        );
        around_migration(report, &[], &[&told]);
    }
}

/// Tells that rows have to be told apart before a key is made that does not let them agree.
fn part_rows(gaps: &[&Gap], report: &mut Report) {
    let values = |gap: &&Gap| match gap.kind {
        GapKind::Unique | GapKind::UnmigratedUnique => Some("a value"),
        GapKind::UniqueTogether => Some("these values"),
        _ => None,
    };
    let Some(values) = gaps.iter().find_map(values) else { return };
    let told = format!("Look for rows that share {values} and part them first: the key cannot be made while there are some.");
    around_migration(report, &[&told], &[]);
}

/// Adds what closes the gaps: the declaration, and the edit that writes it. Gives back the files the declaration goes into.
pub(super) fn repair(cx: &Context<'_>, server: &Server, gaps: &[&Gap], report: &mut Report) -> Option<Vec<Arc<str>>> {
    if cx.for_comparison {
        return None;
    }
    let anew = |gap: &&Gap| gap.kind == GapKind::Columns && upgrade::is_made_anew(server, gap);
    let as_table = |gap: &&Gap| if anew(gap) { Gap { kind: GapKind::Table, ..(*gap).clone() } } else { (*gap).clone() };
    let whole: Vec<Gap> = gaps.iter().map(as_table).collect();
    let Some(repair) = schema::repair::repair(server, &whole.iter().collect::<Vec<_>>(), cx.files) else {
        report.refusal = Some("what declares the tables is not written by this command".into());
        return None;
    };
    report.help.declaration = Some(repair.declaration);
    let coded = server.commands.route.as_ref().and_then(|route| match &route.end {
        End::Coded { file } => Some(file),
        _ => None,
    });
    let edits = match (repair.edits, coded) {
        // A query names every column that is declared.
        (Ok(_), Some(file)) if gaps.iter().any(|gap| is_of_database(gap)) => {
            Err(format!("`{file}` makes the tables, and declaring it alone leaves the database as it is"))
        }
        (edits, _) => edits,
    };
    let edits = match edits {
        Ok(_) if gaps.iter().any(anew) => Err("what becomes of the table that is there is for people to tell".to_owned()),
        edits => edits,
    };
    match edits {
        Ok(edits) => report.fix = Some(plan(server, gaps, edits)),
        Err(refusal) => report.refusal = Some(refusal),
    }
    Some(repair.files)
}

/// Whether what closes a gap changes the database as well.
fn is_of_database(gap: &Gap) -> bool {
    !matches!(gap.kind, GapKind::MapEntry | GapKind::DateAsText)
}

/// The edits that close gaps, with what they do and what has to be done then.
fn plan(server: &Server, gaps: &[&Gap], edits: Vec<(Site, String)>) -> FixPlan {
    let parts = gaps.iter().map(|gap| match gap.kind {
        GapKind::Table => format!("declare table `{}`", gap.table),
        GapKind::MapEntry => format!("add `{}` to the schema map", gap.table),
        GapKind::Unique => format!("make {} unique", columns_of(gap)),
        GapKind::UniqueTogether => format!("make {} unique together", columns_of(gap)),
        GapKind::Index => format!("index {}", columns_of(gap)),
        GapKind::Unwritten => {
            format!("let {} of table `{}` be empty", quoted(gap.declared.iter().map(|(name, _)| name.as_str())), gap.table)
        }
        GapKind::LeftEmpty => format!("let {} be empty", columns_of(gap)),
        GapKind::DateAsText => format!("have {} give dates", columns_of(gap)),
        _ => format!("declare {}", columns_of(gap)),
    });
    let next = gaps.iter().any(|gap| is_of_database(gap));
    let next = next.then(|| if gaps.iter().all(|gap| is_key(gap)) { migrate(server) } else { apply(server) });
    // What else reads the columns has to follow.
    let is_seen = gaps.iter().any(|gap| matches!(gap.kind, GapKind::DateAsText | GapKind::LeftEmpty));
    let applicability = if is_seen { Applicability::Unsafe } else { Applicability::Safe };
    FixPlan { title: join(parts.collect()), applicability, edits, next }
}

/// The columns a gap is about: `column `role` of table `user``.
pub(super) fn columns_of(gap: &Gap) -> String {
    let columns: Vec<&str> = gap.columns.iter().map(|column| column.name.as_str()).collect();
    let noun = if columns.len() == 1 { "column" } else { "columns" };
    format!("{noun} {} of table `{}`", quoted(columns), gap.table)
}

fn names(gap: &Gap) -> Vec<String> {
    gap.columns.iter().map(|column| format!("`{}`", column.name)).collect()
}

/// What a gap is about, as parts of a finding: a table as a whole, whatever columns a release gives it, or columns.
pub(super) fn parts(gap: &Gap) -> impl Iterator<Item = String> {
    let whole = gap.kind.is_of_table().then(|| gap.key.clone());
    let columns = gap.columns.iter().filter(|_| !gap.kind.is_of_table());
    whole.into_iter().chain(columns.map(|column| format!("{}.{}", gap.key, column.key)))
}

/// `` `a`, `b` and `c` ``.
pub(super) fn quoted<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    join(names.into_iter().map(|name| format!("`{name}`")).collect())
}

/// The command that migrates the database of a server on the built-in adapter, which then needs no file: in a workflow,
/// a script, or a manifest.
fn migrated_by_command(server: &Server, cx: &Context<'_>) -> Option<(Site, String)> {
    if server.adapter.kind != AdapterKind::Kysely {
        return None;
    }
    let migrates = |line: &str| script::is_schema_command(line) && line.contains("migrate");
    let of_script = |path: &Arc<str>| {
        let facts = cx.files.facts(path)?;
        let Body::Script(commands) = &facts.body else { return None };
        let command = commands.iter().find(|command| migrates(&command.line))?;
        Some((Site::new(path, command.span), command.line.clone()))
    };
    let of_manifest = || {
        let (at, script) = cx.scripts().into_iter().find(|(_, script)| migrates(&script.command))?;
        Some((at, format!("{}: {}", script.name, script.command)))
    };
    cx.files.of_kind(FileKind::Script).iter().find_map(of_script).or_else(of_manifest)
}
