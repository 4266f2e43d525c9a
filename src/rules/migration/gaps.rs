//! Gaps between configuration and schema, gathered by what brings them in.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::advice::advice;
use crate::facts::{Body, script};
use crate::finding::{Report, Severity};
use crate::project::schema::{Cause, Gap};
use crate::project::{AdapterKind, PluginUse, ProjectModel, Server};
use crate::rules::Context;
use crate::source::{FileKind, Site, Span};

/// Everything one cause needs and a server lacks.
pub(super) struct Missing<'m> {
    pub(super) server: &'m Server,
    pub(super) cause: &'m Cause,
    pub(super) gaps: Vec<&'m Gap>,
    /// The files of the work tree that declare it, though the snapshot under review does not; sorted.
    pub(super) unstaged: BTreeSet<Arc<str>>,
}

/// The gaps of all servers, one entry for each cause, in order.
pub(super) fn missing<'m>(cx: &'m Context<'_>) -> Vec<Missing<'m>> {
    let mut found: Vec<Missing<'m>> = Vec::new();
    for server in &cx.model.servers {
        for gap in &server.gaps {
            let known = found.iter_mut().find(|one| std::ptr::eq(one.server, server) && same(one.cause, &gap.cause));
            match known {
                Some(one) => one.gaps.push(gap),
                None => found.push(Missing { server, cause: &gap.cause, gaps: vec![gap], unstaged: BTreeSet::new() }),
            }
        }
    }
    if !found.is_empty()
        && let Some(worktree) = cx.worktree()
    {
        for one in &mut found {
            one.unstaged = declared_in(worktree, one);
        }
    }
    found
}

/// Whether two causes make one finding: core gaps are told table by table, the others together.
fn same(one: &Cause, other: &Cause) -> bool {
    match (one, other) {
        (Cause::Plugin(one), Cause::Plugin(other)) => one == other,
        (Cause::Option { path: one, at: here, .. }, Cause::Option { path: other, at: there, .. }) => {
            one == other && here == there
        }
        (Cause::Core, Cause::Core) => true,
        _ => false,
    }
}

/// The files of the work tree that close all of the gaps; empty when it has them too, or another picture altogether.
fn declared_in(worktree: &ProjectModel, missing: &Missing<'_>) -> BTreeSet<Arc<str>> {
    let same_server = |server: &&Server| server.at.file == missing.server.at.file && server.name == missing.server.name;
    let Some(server) = worktree.servers.iter().find(same_server) else { return BTreeSet::new() };
    let still_wanted = match missing.cause {
        Cause::Core => true,
        Cause::Plugin(index) => match missing.server.plugins.get(*index) {
            Some(plugin) => server.plugins.iter().any(|other| other.name == plugin.name),
            None => false,
        },
        Cause::Option { .. } => missing.gaps.iter().all(|gap| server.required.tables.contains_key(&gap.key)),
    };
    let still_missing = |gap: &&Gap| server.gaps.iter().any(|other| other.key == gap.key && overlap(other, gap));
    if !still_wanted || missing.gaps.iter().any(still_missing) {
        return BTreeSet::new();
    }
    let tables: Vec<&str> = missing.gaps.iter().map(|gap| gap.table.as_str()).collect();
    let linked = server.declared.linked.iter().flatten().map(|(name, table)| (name.as_str(), table));
    let all = server.declared.all.iter().map(|table| (table.table.name.as_str(), table));
    let is_meant = |name: &str| tables.iter().any(|table| table.eq_ignore_ascii_case(name));
    linked.chain(all).filter(|(name, _)| is_meant(name)).map(|(_, table)| Arc::clone(&table.file)).collect()
}

fn overlap(one: &Gap, other: &Gap) -> bool {
    one.whole_table || one.columns.iter().any(|column| other.columns.iter().any(|wanted| wanted.key == column.key))
}

impl<'m> Missing<'m> {
    /// The plugin that brings the gaps in, if one does.
    pub(super) fn plugin(&self) -> Option<&'m PluginUse> {
        let index = match self.cause {
            Cause::Core => return None,
            Cause::Plugin(index) => *index,
            Cause::Option { plugin, .. } => (*plugin)?,
        };
        self.server.plugins.get(index)
    }

    /// What is missing: `table `passkey`, and column `role` of table `user``.
    pub(super) fn what(&self) -> String {
        let quoted = |names: Vec<&str>| join(names.into_iter().map(|name| format!("`{name}`")).collect());
        let mut parts = Vec::new();
        let tables: Vec<&str> = self.gaps.iter().filter(|gap| gap.whole_table).map(|gap| gap.table.as_str()).collect();
        if !tables.is_empty() {
            parts.push(format!("{} {}", if tables.len() == 1 { "table" } else { "tables" }, quoted(tables)));
        }
        for gap in self.gaps.iter().filter(|gap| !gap.whole_table) {
            let columns: Vec<&str> = gap.columns.iter().map(|column| column.name.as_str()).collect();
            let noun = if columns.len() == 1 { "column" } else { "columns" };
            parts.push(format!("{noun} {} of table `{}`", quoted(columns), gap.table));
        }
        parts.join(", and ")
    }

    /// Whether only nullable columns are missing from what is there otherwise: some calls fail, not all of them.
    fn is_partial(&self) -> bool {
        let wanted = self.server.required.tables.values().flat_map(|table| &table.columns);
        let wanted = wanted.filter(|column| same(&column.cause, self.cause)).count();
        let missing = || self.gaps.iter().flat_map(|gap| &gap.columns);
        self.gaps.iter().all(|gap| !gap.whole_table) && missing().all(|column| !column.required) && missing().count() < wanted
    }

    /// Who fails to declare it: `no Prisma model`.
    pub(super) fn nobody(&self) -> &'static str {
        if self.gaps.iter().all(|gap| gap.found_in.is_some()) {
            return "its declaration lacks";
        }
        match self.server.adapter.kind {
            AdapterKind::Prisma => "no Prisma model declares",
            AdapterKind::Drizzle => "no Drizzle table declares",
            AdapterKind::Kysely => "no SQL migration creates",
            _ => "no schema of the repository declares",
        }
    }

    /// Adds what all findings about gaps share: related places, advice, identity.
    pub(super) fn complete(&self, cx: &Context<'_>, report: &mut Report) {
        let server = self.server;
        for gap in &self.gaps {
            if let Some(place) = &gap.found_in {
                let columns: Vec<String> = gap.columns.iter().map(|column| format!("`{}`", column.name)).collect();
                report.related.push((place.clone(), format!("lacks {}", join(columns))));
            }
        }
        if server.adapter.at != server.at {
            report.related.push((server.adapter.at.clone(), "the database is set here".into()));
        }
        report.help.migration = Some(if self.unstaged.is_empty() { advice(server) } else { self.stage() });
        report.identity = vec![server.package.to_string(), server.name.clone()];
        report.identity.extend(self.plugin().map(|plugin| plugin.name.clone()));
        if self.plugin().is_none() {
            report.identity.extend(self.gaps.iter().map(|gap| gap.key.clone()));
        }
        report
            .parts
            .extend(self.gaps.iter().flat_map(|gap| gap.columns.iter().map(|column| format!("{}.{}", gap.key, column.key))));
        if self.is_partial() {
            report.severity = report.severity.min(Severity::High);
            report.why =
                "Rows are written and read column by column: the calls that touch a missing one fail, at the latest when \
                          somebody uses the feature behind it."
                    .into();
        }
        if let Some((place, command)) = migrated_by_command(server, cx) {
            report.severity = report.severity.min(Severity::Medium);
            report.related.push((place, format!("`{command}` may create it")));
        }
    }

    /// How to stage what the work tree already has.
    pub(super) fn stage(&self) -> String {
        let files: Vec<String> = self.unstaged.iter().map(|file| quoted(file)).collect();
        format!("Run `git add {}` and whatever migration belongs to it, then commit again.", files.join(" "))
    }
}

/// A path as a shell takes it for one word.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

/// `a`, `a and b`, `a, b and c`.
fn join(mut parts: Vec<String>) -> String {
    match parts.pop() {
        Some(last) if !parts.is_empty() => format!("{} and {last}", parts.join(", ")),
        Some(last) => last,
        None => String::new(),
    }
}

/// The command that migrates the database of a server on the built-in adapter, which then needs no file: in a workflow,
/// a script, or a `package.json`.
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
    let of_manifest = |path: &Arc<str>| {
        let facts = cx.files.facts(path)?;
        let Body::Manifest(manifest) = &facts.body else { return None };
        let (name, command) = manifest.scripts.iter().find(|(_, command)| migrates(command))?;
        Some((Site::new(path, Span::default()), format!("{name}: {command}")))
    };
    let scripts = cx.files.of_kind(FileKind::Script);
    let manifests = cx.files.of_kind(FileKind::PackageManifest);
    scripts.iter().find_map(of_script).or_else(|| manifests.iter().find_map(of_manifest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_paths_are_written_for_people_and_shells() {
        let words = |text: &str| join(text.split_whitespace().map(str::to_owned).collect());
        assert_eq!([words(""), words("a"), words("a b"), words("a b c")], ["", "a", "a and b", "a, b and c"]);
        assert_eq!(quoted("prisma/schema.prisma"), "prisma/schema.prisma");
        assert_eq!(quoted("app/(auth)/it's.ts"), r"'app/(auth)/it'\''s.ts'");
    }
}
