//! A migration that loses what a server stores.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::steps::{Past, Step, Stored, each_past};
use crate::facts::schema::{Change, Table};
use crate::finding::{Confidence, Report, Severity};
use crate::project::schema::declared::home;
use crate::project::schema::rows::Rows;
use crate::project::schema::{Cause, RequiredTable, SourceTable};
use crate::project::value::{Condition, Unknown};
use crate::project::{Dialect, PluginUse, Role, Server};
use crate::rules::gaps::quoted;
use crate::rules::{Circumstances, Context, Reporter};
use crate::source::Site;

/// Tables whose rows are made anew when they are gone, as users sign in and consent again, and what it means to lose them; `None` where it means
/// nothing.
const MADE_ANEW: [(&str, Option<Severity>); 8] = [
    ("session", Some(Severity::Medium)),
    ("jwks", Some(Severity::Medium)),
    ("oauthAccessToken", Some(Severity::Medium)),
    ("oauthRefreshToken", Some(Severity::Medium)),
    ("oauthConsent", Some(Severity::Medium)),
    ("verification", Some(Severity::Low)),
    ("deviceCode", Some(Severity::Low)),
    ("rateLimit", None),
];

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    let mut drops: Vec<Drop> = Vec::new();
    let mut asked: BTreeSet<Site> = BTreeSet::new();
    each_past(cx, |past| {
        for step in past.steps.iter().filter(|step| matches!(step.change, Change::Unknown { table: None })) {
            if asked.insert(step.at.clone()) && drops_something(cx, &step.at) {
                let question = format!("whether {} leaves the tables `{}` needs", step.at.file, past.server.name);
                let reason = "it drops what it is given by code that puts the statement together".to_owned();
                out.open(past.server.role, &question, &Unknown::new(reason, step.at.clone()));
            }
        }
        let others = past.folder.tables.iter().map(|other| &other.table);
        let rows = Rows::follow(&past.table.table, others, past.steps.iter().map(|step| &step.change));
        if rows.scattered {
            return;
        }
        let watched = Watched { cx, past, rows };
        let Past { earlier, server, key, .. } = watched.past;
        match (server.required.tables.get(key), removed_plugin(earlier, server, key)) {
            (_, Some(plugin)) => watched.abandoned(plugin, out),
            (Some(required), None) => watched.needed(required, &mut drops, out),
            (None, None) => {}
        }
    });
    for drop in drops {
        out.hit(cx, Circumstances { role: drop.role, package: &drop.package, conditions: &[] }, drop.report);
    }
}

/// The tables that one statement drops, whatever is in the list of plugins: a schema of the database with all that is in it.
struct Drop {
    role: Role,
    package: Arc<str>,
    tables: Vec<String>,
    report: Report,
}

impl Drop {
    fn message(tables: &[String], server: &Server) -> String {
        let noun = if tables.len() == 1 { "table" } else { "tables" };
        format!("drops {noun} {}, which `{}` needs", quoted(tables.iter().map(String::as_str)), server.name)
    }
}

/// Whether the text of a statement that cannot be read speaks of dropping or emptying tables.
fn drops_something(cx: &Context<'_>, at: &Site) -> bool {
    let text = cx.files.text(&at.file);
    let statement = text.map(|text| at.span.of(&text).to_ascii_lowercase());
    statement.is_some_and(|text| ["drop table", "drop schema", "truncate "].iter().any(|what| text.contains(what)))
}

/// A table that a server stored something in, and where its rows go.
struct Watched<'a> {
    cx: &'a Context<'a>,
    past: Past<'a>,
    rows: Rows,
}

impl Watched<'_> {
    /// A table that is needed as before.
    fn needed(&self, required: &RequiredTable, drops: &mut Vec<Drop>, out: &mut Reporter<'_>) {
        let now = Stored::find(self.past.server, self.past.key, self.past.folder);
        let name = now.as_ref().map_or(&self.past.stored.table, |now| &now.table);
        let (was, auth) = (&self.past.stored.table, &self.past.server.name);
        let folder = self.past.server.declared.migrated.iter().find(|folder| folder.folder == self.past.folder.folder);
        let made = folder.and_then(|folder| folder.table(name));
        let declared_in = now.as_ref().and_then(|now| now.namespace.clone());
        let looks_in = |namespace: &Option<String>| {
            let home = || declared_in.clone().or_else(|| folder.and_then(|folder| home(&folder.tables)));
            *namespace == self.past.table.table.namespace || *namespace == home()
        };
        let Some(holder) = self.rows.in_table(name).filter(|holder| looks_in(&holder.namespace)) else {
            let Some(step) = self.rows.left.map(|place| self.past.steps[place]) else { return };
            let message = match (&step.change, self.rows.holders.first()) {
                (Change::MoveTable { to, .. }, Some(_)) => {
                    let to = to.as_deref().unwrap_or("public");
                    format!("moves table `{was}` into the schema `{to}`, where `{auth}` does not look")
                }
                (Change::RenameTable { to, .. }, Some(_)) => {
                    format!("renames table `{was}` to `{to}`, where `{auth}` does not look")
                }
                (_, Some(holder)) => {
                    format!("leaves the rows of table `{was}` in `{}`, where `{auth}` does not look", holder.table)
                }
                (Change::DeleteRows { .. }, None) => format!("deletes all rows of table `{was}`"),
                (_, None) if made.is_some() && name == was => {
                    format!("drops table `{was}` and creates it again without its rows")
                }
                (_, None) if made.is_some() => format!("drops table `{was}`, and its rows do not go into `{name}`"),
                (_, None) => return self.dropped(step, drops, out),
            };
            return self.report(out, step, message, &[], made.is_some() && self.rows.holders.is_empty());
        };
        let mut lost: Vec<(&Step, bool, Vec<String>)> = Vec::new();
        for key in required.columns.iter().map(|column| column.key.as_str()).chain(["id"]) {
            let Some(column) = self.past.stored.column(self.past.table, key) else { continue };
            let names = now.as_ref().and_then(|now| now.names(key)).or_else(|| self.past.stored.names(key)).unwrap_or_default();
            // A column that is there under its old name is a matter of the configuration.
            if holder.holds(names, column) || holder.holds(&[column.to_owned()], column) {
                continue;
            }
            let Some(step) = self.rows.lost(holder, column).map(|place| self.past.steps[place]) else { continue };
            // There TypeORM copies the table.
            if matches!(step.change, Change::RemakeColumn { .. }) && self.dialect() == Some(Dialect::Sqlite) {
                continue;
            }
            let filled = holder.fills(names);
            match lost.iter_mut().find(|(known, others, _)| std::ptr::eq(*known, step) && *others == filled) {
                Some((.., columns)) => columns.push(column.to_owned()),
                None => lost.push((step, filled, vec![column.to_owned()])),
            }
        }
        for (step, filled, columns) in lost {
            let which = format!("`{}`", columns.join("`, `"));
            let is_made = |column: &String| made.is_some_and(|made| made.table.column(column).is_some());
            let message = match &step.change {
                Change::RenameColumn { to, .. } => {
                    format!("renames column {which} of table `{was}` to `{to}`, where `{auth}` does not look")
                }
                Change::DropColumn { .. } if columns.iter().all(is_made) => {
                    format!("drops column {which} of table `{was}` and adds it again without its values")
                }
                Change::DropColumn { .. } => format!("drops column {which} of table `{was}`, which `{auth}` needs"),
                Change::RemakeColumn { .. } => {
                    format!(
                        "changes the type of {which} of table `{was}`, for which TypeORM drops it and adds it again without its values"
                    )
                }
                _ if filled => format!("rebuilds table `{was}` with the values of other columns in {which}"),
                _ => format!("rebuilds table `{was}` without the values of {which}"),
            };
            self.report(out, step, message, &columns, true);
        }
        if let Some(made) = made {
            self.keys(required, now.as_ref().unwrap_or(&self.past.stored), made, out);
        }
    }

    /// A table that is gone. The others that the same statement takes along are told with it.
    fn dropped(&self, step: &Step, drops: &mut Vec<Drop>, out: &mut Reporter<'_>) {
        let Past { server, stored, .. } = &self.past;
        let message = Drop::message(std::slice::from_ref(&stored.table), server);
        let Some(report) = self.drafted(out, step, message, &[], false) else { return };
        let (role, package, conditions) = (server.role, &server.package, self.conditions());
        if !conditions.is_empty() {
            return out.hit(self.cx, Circumstances { role, package, conditions: &conditions }, report);
        }
        let is_with = |drop: &&mut Drop| drop.report.primary == report.primary && drop.report.related == report.related;
        match drops.iter_mut().find(is_with) {
            Some(drop) => {
                drop.tables.push(stored.table.clone());
                drop.report.identity.push(stored.table.clone());
                drop.report.message = Drop::message(&drop.tables, server);
                drop.report.confidence = drop.report.confidence.min(report.confidence);
            }
            None => drops.push(Drop { role, package: Arc::clone(package), tables: vec![stored.table.clone()], report }),
        }
    }

    fn dialect(&self) -> Option<Dialect> {
        self.past.server.adapter.dialect
    }

    /// The keys that kept rows apart, and are gone.
    fn keys(&self, required: &RequiredTable, now: &Stored, made: &SourceTable, out: &mut Reporter<'_>) {
        if made.table.open || self.past.steps.iter().any(|step| self.is_unread(step)) {
            return;
        }
        let single = required.columns.iter().filter(|column| column.unique).map(|column| vec![column.key.as_str()]);
        let several = required.keys.iter().filter(|key| key.unique);
        let several = several.map(|key| key.columns.iter().map(String::as_str).collect());
        for key in std::iter::once(vec!["id"]).chain(single).chain(several) {
            let of = |stored: &Stored, table: &'_ SourceTable| -> Option<Vec<String>> {
                key.iter().map(|column| stored.column(table, column).map(str::to_owned)).collect()
            };
            let (Some(then), Some(columns)) = (of(&self.past.stored, self.past.table), of(now, made)) else { continue };
            if !is_unique(&self.past.table.table, &then) || is_unique(&made.table, &columns) || self.has_new_index(&columns) {
                continue;
            }
            let Some(step) = self.past.steps.iter().rev().find(|step| self.takes_key(&step.change, &then)) else { continue };
            let message =
                format!("takes away what keeps `{}` of table `{}` unique", columns.join("`, `"), self.past.stored.table);
            self.report(out, step, message, &columns, false);
        }
    }

    /// Whether a statement takes a key over these columns away.
    fn takes_key(&self, change: &Change, columns: &[String]) -> bool {
        let table = &self.past.table.table;
        match change {
            Change::DropTable { table: left } | Change::RenameTable { table: left, .. } => left.eq_ignore_ascii_case(&table.name),
            Change::DropNamespace { namespace } => *namespace == table.namespace,
            Change::DropIndex { table: of, name } => {
                let own = of.as_ref().is_none_or(|of| of.eq_ignore_ascii_case(&table.name));
                let mut keys = table.keys.iter().filter(|key| key.unique && key.columns.iter().all(|one| columns.contains(one)));
                own && keys.any(|key| key.is_called(name, &table.name))
            }
            _ => false,
        }
    }

    /// Whether a new index names one of the columns: a partial one, or one over `lower(…)`, may do the same work.
    fn has_new_index(&self, columns: &[String]) -> bool {
        self.past.steps.iter().any(|step| match &step.change {
            Change::CreateIndex { key, .. } => key.columns.iter().any(|part| columns.iter().any(|column| part.contains(column))),
            _ => false,
        })
    }

    fn is_unread(&self, step: &Step) -> bool {
        let table = step.change.table();
        matches!(step.change, Change::Unknown { .. })
            && table.is_none_or(|table| table.eq_ignore_ascii_case(&self.past.stored.table))
    }

    /// A table whose plugin left in the same change; another one may have brought a table of this name.
    fn abandoned(&self, plugin: &PluginUse, out: &mut Reporter<'_>) {
        let gone = self.rows.holders.is_empty();
        let Some(step) = self.rows.left.filter(|_| gone).map(|place| self.past.steps[place]) else { return };
        let message = format!("removes the rows of table `{}` along with the `{}` plugin", self.past.stored.table, plugin.name);
        let mut report = out.draft(step.at.clone(), message);
        report.severity = Severity::Low;
        report.identity = vec![step.at.file.to_string(), self.past.stored.table.clone()];
        out.push(report);
    }

    /// Reports a loss; `remade` tells that the table is there afterwards, and only values are missing.
    fn report(&self, out: &mut Reporter<'_>, step: &Step, message: String, columns: &[String], remade: bool) {
        let Some(report) = self.drafted(out, step, message, columns, remade) else { return };
        let (role, package) = (self.past.server.role, &self.past.server.package);
        out.hit(self.cx, Circumstances { role, package, conditions: &self.conditions() }, report);
    }

    /// The report of a loss; `None` for one that means nothing.
    fn drafted(&self, out: &Reporter<'_>, step: &Step, message: String, columns: &[String], remade: bool) -> Option<Report> {
        let mut report = out.draft(step.at.clone(), message);
        if remade && let Some((_, meaning)) = MADE_ANEW.iter().find(|(table, _)| *table == self.past.key) {
            report.severity = report.severity.min((*meaning)?);
        }
        let may_copy = matches!(step.change, Change::RemakeColumn { .. }) && self.dialect().is_none();
        let is_unread = self.past.steps.iter().any(|step| self.is_unread(step));
        if may_copy || is_unread || !self.past.earlier.declared.lookup.is_certain() {
            report.confidence = report.confidence.min(Confidence::Medium);
        }
        report.identity = vec![step.at.file.to_string(), self.past.stored.table.clone()];
        report.identity.extend(columns.iter().cloned());
        report.related.push((self.past.server.at.clone(), format!("`{}` stores it", self.past.server.name)));
        Some(report)
    }

    /// The conditions under which the plugin is in the list that the table is for.
    fn conditions(&self) -> Vec<&Condition> {
        match self.past.server.required.tables.get(self.past.key).map(|table| &table.cause) {
            Some(Cause::Plugin(place)) => {
                self.past.server.plugins.get(*place).map(|plugin| plugin.conditions.iter().collect()).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }
}

fn is_unique(table: &Table, columns: &[String]) -> bool {
    table.is_unique(&columns.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The plugin that brought a table in and that the server does not have any more.
fn removed_plugin<'s>(earlier: &'s Server, server: &Server, key: &str) -> Option<&'s PluginUse> {
    let Cause::Plugin(place) = earlier.required.tables.get(key)?.cause else { return None };
    let plugin = earlier.plugins.get(place)?;
    (!server.plugins.iter().any(|other| other.name == plugin.name)).then_some(plugin)
}
