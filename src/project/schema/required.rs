//! What the configuration requires of the database: the tables better-auth itself would compute, from the pack.
//!
//! The order is the library's own (`getAuthTables`): core columns, then plugin columns in the order of the plugins, then
//! the project's additional fields; a later one of the same name replaces an earlier one.

use std::collections::BTreeSet;

use nodejs_semver::Version as Release;

use super::defined::{self, DefinedTable};
use super::doubts::{Doubts, in_production};
use super::{Cause, Required, RequiredColumn, RequiredKey, RequiredReference, RequiredTable};
use crate::knowledge::predicate::{Condition, OptionTest};
use crate::knowledge::range::Range;
use crate::knowledge::schema::{Additional, Column, Rename, Table};
use crate::knowledge::{CheckingAdapter, Plugin, pack};
use crate::project::per_call::per_call;
use crate::project::predicate::{self, Verdict};
use crate::project::value::{Found, Lookup, Node, Object, Unknown, Value};
use crate::project::version::Version;
use crate::project::{Adapter, Definition, PluginUse};

/// The releases that honour `disableMigration` of a plugin's table (measured with `getAuthTables` and the generators):
/// neither `migrate` nor `generate` creates it, so that nothing of the project can be expected to hold it. Releases
/// before create the table in spite of it.
const UNMIGRATED_TABLES: Range = Range { since: Some((1, 6, 21)), until: None };

/// The tables and columns that better-auth of this version needs with these options and plugins.
#[must_use]
pub fn required(version: &Version, options: &Node, plugins: &[PluginUse]) -> Required {
    let Some(release) = version.effective() else { return of_any_release(options, plugins) };
    let full = of_release(&release, true, options, plugins);
    let with_tables = plugins.iter().filter(|used| used.known.is_some_and(Plugin::adds_schema));
    let of_plugins = with_tables.filter_map(|used| used.release.as_ref());
    let Some(preview) = [&release].into_iter().chain(of_plugins).find(|release| is_early(release)) else { return full };
    let before = |used: &PluginUse| PluginUse { release: used.release.as_ref().map(before_preview), ..used.clone() };
    let plugins: Vec<PluginUse> = plugins.iter().map(before).collect();
    let earlier = of_release(&before_preview(&release), true, options, &plugins);
    let (mut full, differing) = in_both(full, &earlier);
    if !differing.is_empty() {
        let release = format!("{}.{}.{}", preview.major(), preview.minor(), preview.patch());
        let reason = format!("{preview} is a preview, and may not have yet what {release} changed of {}", listed(&differing));
        full.open.push(Unknown::new(reason, options.at.clone()));
    }
    full
}

/// What all releases need that have the plugins.
fn of_any_release(options: &Node, plugins: &[PluginUse]) -> Required {
    let newest = &pack().core.newest;
    let mut full = of_release(newest, false, options, plugins);
    let bring = |required: &Required| -> BTreeSet<usize> {
        let tables = required.tables.values();
        tables.flat_map(|table| table.columns.iter().map(|column| &column.cause)).filter_map(Cause::plugin).collect()
    };
    let wanted = bring(&full);
    let mut differing = BTreeSet::new();
    for minor in 0..newest.minor() {
        let other = of_release(&(newest.major(), minor, LAST).into(), false, options, plugins);
        if bring(&other).is_superset(&wanted) {
            let (both, more) = in_both(full, &other);
            full = both;
            differing.extend(more);
        }
    }
    let differ = if differing.is_empty() { String::new() } else { format!(", and releases differ in {}", listed(&differing)) };
    full.open.push(Unknown::new(format!("the version of better-auth is not known{differ}"), options.at.clone()));
    full
}

fn listed(tables: &BTreeSet<String>) -> String {
    tables.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

/// A patch after all there are.
const LAST: u64 = 9_999;

/// The adapter of a server, where it compares the tables that are there with the required ones before it answers any request.
/// `None` where it does not, or that is not known.
#[must_use]
pub fn check(version: &Version, options: &Node, adapter: &Adapter) -> Option<&'static CheckingAdapter> {
    let check = &pack().core.schema_check;
    let release = before_preview(&version.effective()?);
    let off = predicate::evaluate(&check.unless.predicate, &in_production(options.lookup(&check.unless.steps()))).verdict;
    let family = || check.adapters.iter().filter(|one| one.name == adapter.kind.name());
    let is_of_module = |one: &&CheckingAdapter| {
        one.module.as_deref().is_some_and(|end| adapter.module.as_deref().is_some_and(|module| module.ends_with(end)))
    };
    let own = family().find(is_of_module).or_else(|| family().find(|one| one.module.is_none()));
    own.filter(|one| one.versions.contains(&release) && off == Verdict::HoldsNot && !adapter.wrapped)
}

/// Whether it is a preview that may lack what the release it leads to brings. A release candidate has it.
fn is_early(release: &Release) -> bool {
    release.is_prerelease() && !release.pre_release().first().is_some_and(|kind| kind.to_string().starts_with("rc"))
}

/// The last release before an early preview; any other release as it is.
fn before_preview(release: &Release) -> Release {
    if !is_early(release) {
        return release.clone();
    }
    match (release.major(), release.minor(), release.patch()) {
        (major, minor, patch @ 1..) => (major, minor, patch - 1).into(),
        (major, minor @ 1.., 0) => (major, minor - 1, LAST).into(),
        (major, 0, 0) => (major.saturating_sub(1), LAST, LAST).into(),
    }
}

/// What two releases agree in, and the tables in which they differ.
fn in_both(mut full: Required, earlier: &Required) -> (Required, BTreeSet<String>) {
    let mut differing: BTreeSet<String> = BTreeSet::new();
    let gone = earlier.tables.keys().filter(|key| !full.tables.contains_key(*key));
    differing.extend(gone.cloned());
    full.tables.retain(|key, table| {
        let Some(other) = earlier.tables.get(key) else {
            differing.insert(key.clone());
            return false;
        };
        if table != other {
            differing.insert(key.clone());
        }
        table.keys.retain(|key| other.keys.contains(key));
        table.columns.retain_mut(|column| {
            let Some(other) = other.columns.iter().find(|other| other.key == column.key) else { return false };
            column.required &= other.required;
            column.unique &= other.unique;
            column.index &= other.index;
            true
        });
        true
    });
    (full, differing)
}

/// The tables one release needs; `certain` tells that the release is not taken for want of one.
fn of_release(release: &Release, certain: bool, options: &Node, plugins: &[PluginUse]) -> Required {
    let mut builder = Builder {
        plugins,
        release,
        certain,
        required: Required::default(),
        doubts: Doubts::default(),
        owned: BTreeSet::new(),
        unmigrated: BTreeSet::new(),
    };
    let core = Source { options, plugin: None, release };
    for table in pack().core.tables.iter().filter(|table| table.versions.contains(release)) {
        builder.add(table, &core);
    }
    for (place, used) in plugins.iter().enumerate() {
        builder.add_plugin(place, used);
    }
    for table in pack().core.tables.iter().filter(|table| table.versions.contains(release)) {
        if let Some(additional) = &table.additional {
            builder.add_additional(&table.key, additional, &core);
        }
    }
    let mut required = builder.required;
    required.tables.retain(|key, _| !builder.unmigrated.contains(key));
    required.open.extend(builder.doubts.into_open());
    required
}

/// Whose options are read, and by which release.
struct Source<'a> {
    options: &'a Node,
    plugin: Option<(usize, &'a Plugin)>,
    /// The release of the package they belong to.
    release: &'a Release,
}

impl Source<'_> {
    /// Where the options that rename tables usually lie.
    fn base(&self) -> &'static str {
        if self.plugin.is_some() { "schema." } else { "" }
    }

    /// Whether a condition on the options holds in production.
    fn verdict(&self, condition: &Condition) -> Verdict {
        let ask = &mut |test: &OptionTest| {
            predicate::evaluate(&test.predicate, &in_production(self.options.lookup(&test.steps()))).verdict
        };
        predicate::condition(condition, ask)
    }

    /// Whether a condition holds of options in production, and the option that makes it so, with what is not known.
    fn asked(&self, condition: &Condition, options: &Node, doubts: &mut Vec<(Vec<Unknown>, String)>) -> (Verdict, Option<Cause>) {
        let mut holding = None;
        let verdict = predicate::condition(condition, &mut |test| {
            let outcome = predicate::evaluate(&test.predicate, &in_production(options.lookup(&test.steps())));
            match (&outcome.verdict, outcome.holding.first()) {
                (Verdict::Holds, Some(value)) => holding = Some(self.caused_by(&test.path, value)),
                (Verdict::Unknown(why), _) => doubts.push((why.clone(), self.written(&test.path, None))),
                _ => {}
            }
            outcome.verdict
        });
        (verdict, holding)
    }

    /// What brings a part in that depends on no option.
    fn cause(&self) -> Cause {
        self.plugin.map_or(Cause::Core, |(place, _)| Cause::Plugin(place))
    }

    /// The option as people write it.
    fn written(&self, path: &str, value: Option<&Value>) -> String {
        let Some((_, plugin)) = self.plugin else { return path.to_owned() };
        let value = match value {
            Some(Value::Bool(value)) => value.to_string(),
            Some(Value::Number(value)) => value.to_string(),
            Some(Value::Text(text)) => text.plain().map_or_else(|| "…".into(), |text| format!("\"{text}\"")),
            _ => "…".into(),
        };
        let inner = path.rsplit('.').fold(value, |inner, step| format!("{{ {step}: {inner} }}"));
        format!("{}({inner})", plugin.name)
    }

    fn caused_by(&self, path: &str, found: &Found<'_>) -> Cause {
        Cause::Option {
            path: self.written(path, Some(&found.node.value)),
            at: found.key_at.clone(),
            plugin: self.plugin.map(|(place, _)| place),
        }
    }
}

/// Whether a plugin, or the one it is made from, works with a column that is not its own, or with a table, which it does
/// where it works with a column of that.
fn uses(used: &PluginUse, part: &str) -> bool {
    let base = used.definition.as_ref().and_then(|definition| definition.base.as_deref());
    let is_it = |other: &String| other == part || other.split_once('.').is_some_and(|(table, _)| table == part);
    used.known.is_some_and(|plugin| plugin.uses.iter().any(is_it)) || base.is_some_and(|base| uses(base, part))
}

/// The same, where it is known what the plugin does: another one may use what is better-auth's own, unless nothing in it runs.
fn may_use(used: &PluginUse, part: &str) -> bool {
    let runs_nothing = || used.definition.as_ref().is_some_and(runs_nothing);
    used.known.is_none() && !runs_nothing() || uses(used, part)
}

/// What a plugin object may hold beside code: its name, its tables, its types and its limits.
const INERT: [&str; 6] = ["id", "schema", "version", "rateLimit", "$Infer", "$ERROR_CODES"];

/// Whether a plugin object is known as a whole, but for the one it is made from, and has no code of its own.
fn runs_nothing(definition: &Definition) -> bool {
    let is_whole = |object: &Object| object.open.is_empty() || definition.base.is_some();
    let object = definition.object.object().filter(|object| is_whole(object));
    object.is_some_and(|object| object.properties.iter().all(|property| INERT.contains(&&*property.key)))
}

struct Builder<'a> {
    plugins: &'a [PluginUse],
    /// The release of better-auth.
    release: &'a Release,
    /// The release is not taken for want of one.
    certain: bool,
    required: Required,
    doubts: Doubts,
    /// Tables that a plugin declares as its own.
    owned: BTreeSet<String>,
    /// Tables that a plugin keeps away from better-auth's own tools.
    unmigrated: BTreeSet<String>,
}

impl Builder<'_> {
    fn add_plugin(&mut self, place: usize, used: &PluginUse) {
        let Some(plugin) = used.known else {
            match &used.definition {
                Some(Definition { object, base: Some(base), .. }) if object.get(&["schema"]).is_none() => {
                    self.add_plugin(place, base)
                }
                Some(definition) => self.add_defined(place, used, definition),
                None => self.unknown_tables(used, ""),
            }
            return;
        };
        let release = used.release.as_ref().unwrap_or(self.release);
        if let Some((major, minor, patch)) = plugin.removed_before(release).filter(|_| self.certain) {
            let removed = format!("the `{}` plugin was removed in {major}.{minor}.{patch}", plugin.name);
            let reason = format!("{removed}, so that with {release} its tables are not asked for");
            self.required.open.push(Unknown::new(reason, used.at.clone()));
            return;
        }
        if let Some(why) = plugin.unmeasured(used.release.as_ref()) {
            return self.unknown_tables(used, &format!(": {why}"));
        }
        let source = Source { options: &used.options, plugin: Some((place, plugin)), release };
        let nothing = Node { value: Value::Undefined, at: used.at.clone() };
        for brought in pack().tables_of(plugin, release) {
            let Some(renamer) = brought.renamer else {
                self.add(brought.table, &source);
                continue;
            };
            // Both hand out the very same table.
            let renaming = self.plugins.iter().find(|used| used.known.is_some_and(|known| known.name == renamer.name));
            let options = renaming.map_or(&nothing, |used| &used.options);
            self.add(brought.table, &Source { options, plugin: Some((place, renamer)), release });
        }
    }

    fn unknown_tables(&mut self, used: &PluginUse, why: &str) {
        let reason = format!("the tables of the plugin `{}` from `{}` are not known{why}", used.name, used.module);
        self.required.open.push(Unknown::new(reason, used.at.clone()));
    }

    /// Adds the tables a plugin declares in its own `schema`.
    fn add_defined(&mut self, place: usize, used: &PluginUse, definition: &Definition) {
        let cause = Cause::Plugin(place);
        let mut doubts = Doubts::default();
        let tables = defined::tables(&definition.object, &used.name, &cause, &mut doubts);
        match &definition.package {
            None => self.doubts.take(doubts),
            // Places in installed code mean nothing to the project.
            Some(package) => {
                let version = package.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
                for why in doubts.into_open() {
                    self.unknown_tables(used, &format!(": in `{}`{version}, {}", package.name, why.reason));
                }
            }
        }
        for DefinedTable { key, model, columns, unmigrated } in tables {
            // The core names its own tables, and leaves out those that live in secondary storage.
            if !is_core(&key) {
                let named = RequiredTable::new(model, cause.clone());
                let table = self.required.tables.entry(key.clone()).or_insert_with(|| named.clone());
                table.model = named.model;
                match unmigrated.filter(|_| UNMIGRATED_TABLES.contains(self.release)) {
                    Some(true) => self.unmigrated.insert(key.clone()),
                    Some(false) => self.unmigrated.remove(&key),
                    None => false,
                };
            }
            columns.into_iter().for_each(|column| self.put(&key, column));
        }
    }

    /// Adds a table, or its columns to a table that is there.
    fn add(&mut self, table: &'static Table, source: &Source<'_>) {
        let Some(cause) = self.ask(table.condition(source.release), source.cause(), source) else { return };
        let of_core = is_core(&table.key);
        if of_core && source.plugin.is_some() && !self.required.tables.contains_key(&table.key) {
            // Sessions or verifications live in secondary storage, and so do the columns a plugin adds to them.
            return;
        }
        let renames: Vec<Rename> = table.renames(source.base());
        let renames: Vec<&Rename> = renames.iter().filter(|rename| rename.versions.contains(source.release)).collect();
        if !of_core || source.plugin.is_none() {
            let options: Vec<String> = renames.iter().filter_map(|rename| rename.model.clone()).collect();
            let Some(model) = self.name(&table.key, &options, source) else {
                self.required.tables.remove(&table.key);
                return;
            };
            let idle = self.is_idle(table, source);
            let named = RequiredTable { idle, inserted_by: &table.inserted_by, ..RequiredTable::new(model, cause.clone()) };
            let required = self.required.tables.entry(table.key.clone()).or_insert_with(|| named.clone());
            // The last plugin that touches a table names it; who declares it as its own brings it in.
            required.model = named.model;
            if !table.extends && self.owned.insert(table.key.clone()) {
                (required.cause, required.idle, required.inserted_by) = (named.cause, named.idle, named.inserted_by);
            }
        }
        for column in table.columns.iter().filter(|column| column.is_in(source.release)) {
            self.add_column(&table.key, column, &renames, &cause, source);
        }
        self.add_keys(table, source.release);
        for part in table.left_empty.iter().filter(|part| source.verdict(&part.when) == Verdict::Holds) {
            let columns = self.required.tables.get_mut(&table.key).map(|required| &mut required.columns);
            let named = columns.into_iter().flatten().filter(|column| part.columns.contains(&column.key));
            named.for_each(|column| column.left_empty = true);
        }
        if let (Some(additional), Some(_)) = (&table.additional, source.plugin) {
            self.add_additional(&table.key, additional, source);
        }
    }

    /// Whether the owner of a table does without it.
    fn is_idle(&self, table: &Table, source: &Source<'_>) -> bool {
        let Some(condition) = &table.idle_when else { return false };
        let verdict = source.verdict(condition);
        match source.plugin {
            // An option that is set to something unknown is most likely set to something.
            Some(_) => verdict != Verdict::HoldsNot,
            None => verdict == Verdict::Holds && !self.plugins.iter().any(|used| may_use(used, &table.key)),
        }
    }

    /// Adds the keys over columns that are all there.
    fn add_keys(&mut self, table: &Table, release: &Release) {
        let Some(required) = self.required.tables.get_mut(&table.key) else { return };
        for key in table.keys.iter().filter(|key| key.versions.contains(release)) {
            let there = |name: &String| required.columns.iter().any(|column| column.key == *name);
            let key = RequiredKey { columns: key.columns.clone(), unique: key.unique };
            if key.columns.iter().all(there) && !required.keys.contains(&key) {
                required.keys.push(key);
            }
        }
    }

    fn add_column(&mut self, table: &str, column: &Column, renames: &[&Rename], cause: &Cause, source: &Source<'_>) {
        let Some(cause) = self.ask(column.condition(source.release), cause.clone(), source) else { return };
        let rename_key = column.rename_key(source.release);
        let options_of = renames.iter().filter(|rename| !rename.except.contains(&column.name));
        let options: Vec<String> =
            options_of.filter_map(|rename| Some(format!("{}.{rename_key}", rename.fields.as_deref()?))).collect();
        let Some(name) = self.name(column.name_in(source.release), &options, source) else { return };
        let references = column.references.as_ref().filter(|reference| reference.versions.contains(source.release));
        let idle = column.idle_when.as_ref().is_some_and(|condition| source.verdict(condition) == Verdict::Holds);
        let written = format!("{table}.{}", column.name);
        self.put(
            table,
            RequiredColumn {
                key: column.name.clone(),
                name,
                kind: column.kind.clone(),
                required: column.required.at(source.release),
                unique: column.unique.at(source.release),
                index: column.index.at(source.release),
                looked_up_with: column.looked_up_with.clone(),
                default: column.default.clone(),
                takes_over: column.takes_over.clone(),
                idle: idle && !self.plugins.iter().any(|used| may_use(used, &written)),
                left_out: false,
                left_empty: false,
                references: references.map(|reference| RequiredReference {
                    table: reference.table.clone(),
                    column: reference.column.clone(),
                    cascades: reference.cascades,
                }),
                cause,
            },
        );
    }

    /// Adds the columns a project declares in an `additionalFields` option.
    fn add_additional(&mut self, table: &str, additional: &Additional, source: &Source<'_>) {
        if !additional.versions.contains(source.release) || !self.required.tables.contains_key(table) {
            return;
        }
        let steps: Vec<&str> = additional.option.split('.').collect();
        let found = match source.options.lookup(&steps) {
            Lookup::Found(found) => found,
            Lookup::Absent => return,
            Lookup::Unknown(why) => return self.doubts.add(why, &source.written(&additional.option, None)),
        };
        for object in found.into_iter().filter(|found| !found.outside_production()) {
            let Some(object) = object.node.object() else {
                let why = predicate::why_unknown(object.node);
                self.doubts.add([why], &source.written(&additional.option, None));
                continue;
            };
            self.doubts.add(object.open.iter().cloned(), &source.written(&additional.option, None));
            for property in &object.properties {
                let path = format!("{}.{}", additional.option, property.key);
                let cause = Cause::Option {
                    path: path.clone(),
                    at: property.key_at.clone(),
                    plugin: source.plugin.map(|(place, _)| place),
                };
                match field(&property.key, &property.node, cause) {
                    Ok(column) => {
                        let left_out = is_left_out(&property.node, &column);
                        let required = column.required && !additional.optional;
                        self.put(table, RequiredColumn { required, left_out, ..column });
                    }
                    Err(why) => self.doubts.add([why], &path),
                }
            }
        }
    }

    /// Puts a column into a table; one of the same name is replaced where it stands.
    fn put(&mut self, table: &str, column: RequiredColumn) {
        let Some(table) = self.required.tables.get_mut(table) else { return };
        match table.columns.iter_mut().find(|other| other.key == column.key) {
            Some(other) => *other = column,
            None => table.columns.push(column),
        }
    }

    /// The cause of a part when it is needed, `None` when it is not or that is not known.
    fn ask(&mut self, condition: Option<&Condition>, unasked: Cause, source: &Source<'_>) -> Option<Cause> {
        let Some(condition) = condition else { return Some(unasked) };
        let mut doubts = Vec::new();
        match source.asked(condition, source.options, &mut doubts) {
            (Verdict::Holds, holding) => Some(holding.unwrap_or(unasked)),
            (Verdict::HoldsNot, _) => None,
            (Verdict::Unknown(_), _) => {
                // It is needed where one of the calls that make the instance needs it.
                let calls = per_call(source.options);
                if !calls.is_empty() {
                    doubts.clear();
                }
                for (_, options) in &calls {
                    let mut own = Vec::new();
                    match source.asked(condition, options, &mut own) {
                        (Verdict::Holds, holding) => return Some(holding.unwrap_or(unasked)),
                        (Verdict::HoldsNot, _) => {}
                        (Verdict::Unknown(_), _) => doubts.extend(own),
                    }
                }
                doubts.into_iter().for_each(|(why, option)| self.doubts.add(why, &option));
                None
            }
        }
    }

    /// The name set by the first of `options` that is set, else `usual`; `None` when it is set to something not known.
    fn name(&mut self, usual: &str, options: &[String], source: &Source<'_>) -> Option<String> {
        let written = |option: &String| {
            let steps: Vec<&str> = option.split('.').collect();
            (source.options.lookup(&steps), source.written(option, None))
        };
        self.doubts.name(usual, options.iter().map(written))
    }
}

/// Whether a table is one of better-auth's own.
pub(crate) fn is_core(key: &str) -> bool {
    pack().core.tables.iter().any(|core| core.key == key)
}

/// Whether nothing that better-auth does gives a field a value: it is not taken from requests, and has no default. Unless it is
/// said to be required, it is left out of what is written then (better-auth, `parseInputData`).
fn is_left_out(field: &Node, column: &RequiredColumn) -> bool {
    let is = |option: &str, value: bool| field.get(&[option]).is_some_and(|node| node.value == Value::Bool(value));
    column.default.is_none() && is("input", false) && !is("required", true)
}

/// A column as `additionalFields` declares it (documentation: concepts/database, "Extending Core Schema").
pub(super) fn field(key: &str, node: &Node, cause: Cause) -> Result<RequiredColumn, Unknown> {
    let lookup = |path: &[&str]| in_production(node.lookup(path));
    if let Lookup::Found(found) = lookup(&[])
        && let Some(other) = found.iter().find(|case| case.node.object().is_none())
    {
        return Err(predicate::why_unknown(other.node));
    }
    let text = |name: &str| -> Result<Option<String>, Unknown> {
        match lookup(&[name]) {
            Lookup::Absent => Ok(None),
            Lookup::Unknown(why) => Err(why.into_iter().next().unwrap_or_else(|| predicate::why_unknown(node))),
            Lookup::Found(found) => match &found[0].node.value {
                Value::Text(text) if found.len() == 1 => Ok(text.plain().map(str::to_owned)),
                Value::Undefined | Value::Null if found.len() == 1 => Ok(None),
                // A list of allowed values is stored as text.
                Value::Array(_) if found.len() == 1 => Ok(Some("string".into())),
                _ => Err(predicate::why_unknown(found[0].node)),
            },
        }
    };
    let flag = |name: &str, usual: bool| match lookup(&[name]) {
        Lookup::Found(found) => found.iter().all(|case| case.node.value == Value::Bool(true)),
        Lookup::Absent => usual,
        Lookup::Unknown(_) => false,
    };
    let kind = text("type")?.unwrap_or_else(|| "string".into());
    let only = |path: &[&str]| match lookup(path) {
        Lookup::Found(found) if found.len() == 1 && found[0].conditions.is_empty() => Some(found[0].node),
        _ => None,
    };
    let default = only(&["defaultValue"]).and_then(|value| match &value.value {
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(value) => Some(value.to_string()),
        Value::Text(text) => text.plain().map(|text| format!("\"{text}\"")),
        Value::Function(_) if kind == "date" => Some("now".into()),
        _ => None,
    });
    let reference = |name: &str| only(&["references", name])?.text(&[]);
    let references = reference("model").zip(reference("field"));
    let cascades = reference("onDelete").is_none_or(|action| action == "cascade");
    Ok(RequiredColumn {
        key: key.to_owned(),
        name: text("fieldName")?.unwrap_or_else(|| key.to_owned()),
        required: flag("required", true),
        unique: flag("unique", false),
        index: flag("index", false),
        looked_up_with: None,
        default,
        takes_over: None,
        idle: false,
        left_out: false,
        left_empty: false,
        references: references.map(|(table, column)| RequiredReference {
            table: table.to_owned(),
            column: column.to_owned(),
            cascades,
        }),
        kind: if kind == "number" && flag("bigint", false) { "bigint".into() } else { kind },
        cause,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::facts::module::Text;
    use crate::project::AdapterKind;
    use crate::project::schema::GapKind;
    use crate::project::value::{Alternative, Condition, Environment, External, Object, Property};
    use crate::source::{Site, Span};

    fn site() -> Site {
        Site::new(&Arc::from("auth.ts"), Span::default())
    }

    fn node(value: Value) -> Node {
        Node { value, at: site() }
    }

    fn text(text: &str) -> Node {
        node(Value::Text(Text::Plain(text.into())))
    }

    fn yes() -> Node {
        node(Value::Bool(true))
    }

    fn unknown() -> Node {
        node(Value::Unknown(Unknown::new("a parameter of a function", site())))
    }

    fn object<const N: usize>(properties: [(&str, Node); N]) -> Node {
        let property = |(key, node): (&str, Node)| Property { key: key.into(), key_at: site(), node, conditions: Vec::new() };
        node(Value::from(Object { properties: properties.map(property).into(), ..Object::default() }))
    }

    fn either(condition: &str, environment: Option<Environment>, holds: Node, else_: Node) -> Node {
        let other = environment.map(Environment::negated);
        let alternative = |node, text: String, environment| Alternative {
            node,
            condition: Condition { environment, ..Condition::new(text, site()) },
        };
        node(Value::from(vec![
            alternative(holds, condition.into(), environment),
            alternative(else_, format!("!({condition})"), other),
        ]))
    }

    fn plugin(name: &str, options: Node) -> PluginUse {
        let known = pack().plugin(name);
        PluginUse {
            name: name.into(),
            module: "better-auth/plugins".into(),
            known,
            release: None,
            at: site(),
            conditions: Vec::new(),
            options,
            definition: None,
        }
    }

    fn ask(options: &Node, plugins: &[PluginUse]) -> Required {
        let version = Version { declared: Some("^1.7.25".into()), ..Version::default() };
        required(&version, options, plugins)
    }

    fn column<'r>(required: &'r Required, table: &str, key: &str) -> Option<&'r RequiredColumn> {
        required.tables.get(table)?.columns.iter().find(|column| column.key == key)
    }

    #[test]
    fn an_early_preview_needs_what_it_has_in_common_with_the_release_before() {
        let at = |version: &str| {
            let version = Version { declared: Some(version.into()), ..Version::default() };
            let required =
                required(&version, &object([]), &[plugin("deviceAuthorization", object([])), plugin("jwt", object([]))]);
            let is_indexed = column(&required, "session", "userId").is_some_and(|column| column.index);
            (
                is_indexed,
                required.tables.contains_key("jwks"),
                required.open.into_iter().map(|why| why.reason).collect::<Vec<_>>(),
            )
        };
        assert_eq!(at("1.4.0"), (true, true, Vec::new()));
        assert_eq!(at("1.4.0-rc.1"), (true, true, Vec::new()));
        assert_eq!(at("1.3.34"), (false, true, Vec::new()));
        let (is_indexed, has_keys, open) = at("1.4.0-beta.9");
        assert!(!is_indexed && has_keys);
        assert!(
            matches!(open.as_slice(), [why] if why.starts_with("1.4.0-beta.9 is a preview") && why.contains("`session`")),
            "{open:?}"
        );
    }

    #[test]
    fn adapters_compare_the_tables_themselves_from_a_release_on() {
        let adapter = |kind| Adapter { kind, wrapped: false, ..crate::project::adapter::unknown(&site()) };
        let at = |release: &str, kind, options: &Node| {
            let version = Version { declared: Some(release.into()), ..Version::default() };
            check(&version, options, &adapter(kind)).map(|check| check.unwritten)
        };
        let [usual, off, open] = [None, Some(node(Value::Bool(false))), Some(unknown())].map(|value| {
            let given = value.map(|value| object([("database", object([("validateSchema", value)]))]));
            object([("advanced", given.unwrap_or_else(|| object([])))])
        });
        assert_eq!(at("1.7.2", AdapterKind::Drizzle, &usual), None);
        assert_eq!(at("1.7.3", AdapterKind::Drizzle, &usual), Some(true));
        assert_eq!(at("1.7.25", AdapterKind::Kysely, &usual), Some(true));
        assert_eq!(at("1.7.25", AdapterKind::Prisma, &usual), Some(false));
        assert_eq!(at("1.7.25", AdapterKind::Other, &usual), None);
        assert_eq!(at("*", AdapterKind::Drizzle, &usual), None);
        assert_eq!(at("1.7.25", AdapterKind::Drizzle, &off), None);
        assert_eq!(at("1.7.25", AdapterKind::Drizzle, &open), None);
        let version = Version { declared: Some("1.7.25".into()), ..Version::default() };
        let wrapped = Adapter { wrapped: true, ..adapter(AdapterKind::Drizzle) };
        assert_eq!(check(&version, &usual, &wrapped), None);

        let idle = ask(&usual, &[plugin("jwt", object([]))]);
        assert!(idle.tables["account"].idle && column(&idle, "jwks", "expiresAt").is_some_and(|column| column.idle));
        let checked = idle.checked(check(&version, &usual, &adapter(AdapterKind::Drizzle)));
        assert!(!checked.tables["account"].idle && column(&checked, "jwks", "expiresAt").is_some_and(|column| !column.idle));
        assert!(checked.refuses(GapKind::Columns) && !checked.refuses(GapKind::UnmigratedTable));
    }

    #[test]
    fn candidates_may_differ_from_the_release_they_lead_to() {
        let names = |release: &str, options: &Node| {
            let version = Version { declared: Some(release.into()), ..Version::default() };
            let columns = required(&version, options, &[]).tables.remove("account").expect("a table").columns;
            let of_account = columns.into_iter().filter(|column| column.key == "accountId" || column.key == "issuer");
            of_account.map(|column| column.name).collect::<Vec<_>>().join(" ")
        };
        let (plain, named) = (object([]), |key| object([("account", object([("fields", object([(key, text("own"))]))]))]));
        let told = ["1.7.0-rc.1", "1.7.0-rc.2", "1.7.0-rc.4", "1.7.0"].map(|release| names(release, &plain));
        assert_eq!(told, ["accountId", "providerAccountId issuer", "accountId issuer", "accountId issuer"]);
        assert_eq!(names("1.7.0-rc.2", &named("accountId")), "providerAccountId issuer");
        assert_eq!(names("1.7.0-rc.2", &named("providerAccountId")), "own issuer");
    }

    #[test]
    fn accounts_are_idle_where_nobody_signs_in_with_one() {
        let is_idle = |options: &Node, plugins: &[PluginUse]| ask(options, plugins).tables["account"].idle;
        assert!(is_idle(&object([]), &[plugin("magicLink", object([]))]));
        assert!(!is_idle(&object([("emailAndPassword", object([("enabled", yes())]))]), &[]));
        assert!(!is_idle(&object([("socialProviders", object([]))]), &[]));
        assert!(!is_idle(&object([("socialProviders", unknown())]), &[]));
        for name in ["genericOAuth", "admin", "somebodyElses"] {
            assert!(!is_idle(&object([]), &[plugin(name, object([]))]), "{name}");
        }
        let made = |object: Node| PluginUse {
            definition: Some(Definition { object, base: None, package: None }),
            ..plugin("somebodyElses", self::object([]))
        };
        let (id, hooks) = (("id", text("mine")), ("hooks", object([])));
        assert!(is_idle(&object([]), &[made(object([id.clone()]))]));
        assert!(!is_idle(&object([]), &[made(object([id, hooks]))]));
        assert!(!is_idle(&object([]), &[made(unknown())]));
        let rotated = object([("jwks", object([("rotationInterval", node(Value::Number(60.0)))]))]);
        assert!(column(&ask(&object([]), &[plugin("jwt", rotated)]), "jwks", "expiresAt").is_some_and(|column| !column.idle));
    }

    #[test]
    fn an_option_is_named_as_the_cause() {
        let teams = object([("teams", object([("enabled", yes())]))]);
        let required = ask(&object([]), &[plugin("organization", teams)]);
        let Cause::Option { path, plugin, .. } = &required.tables["team"].cause else { panic!("must be an option") };
        assert_eq!((path.as_str(), *plugin), ("organization({ teams: { enabled: true } })", Some(0)));
        assert_eq!(required.tables["organization"].cause, Cause::Plugin(0));
        assert_eq!(column(&required, "session", "activeOrganizationId").map(|column| &column.cause), Some(&Cause::Plugin(0)));

        let required = ask(&object([("rateLimit", object([("storage", text("database"))]))]), &[]);
        let Cause::Option { path, plugin: None, .. } = &required.tables["rateLimit"].cause else { panic!("must be an option") };
        assert_eq!(path, "rateLimit.storage");
        assert_eq!(required.tables["session"].cause, Cause::Core);
    }

    #[test]
    fn a_table_is_brought_in_by_the_plugin_that_owns_it() {
        let stripe = || plugin("stripe", object([("organization", object([("enabled", yes())]))]));
        let organization = || plugin("organization", object([]));
        for (plugins, owner) in [([stripe(), organization()], 1), ([organization(), stripe()], 0)] {
            let required = ask(&object([]), &plugins);
            assert_eq!(required.tables["organization"].cause, Cause::Plugin(owner));
            let added = column(&required, "organization", "stripeCustomerId").expect("added by the other plugin");
            assert!(matches!(&added.cause, Cause::Option { plugin: Some(place), .. } if *place == 1 - owner));
        }
        let alone = ask(&object([]), &[stripe()]);
        assert!(matches!(&alone.tables["organization"].cause, Cause::Option { plugin: Some(0), .. }));
    }

    #[test]
    fn what_is_not_known_is_not_required_but_said() {
        let teams = object([("teams", object([("enabled", unknown())]))]);
        let required = ask(&object([]), &[plugin("organization", teams)]);
        assert!(!required.tables.contains_key("team") && required.tables.contains_key("organization"));
        assert_eq!(required.open.len(), 1, "one entry for one expression: {:?}", required.open);
        assert!(required.open[0].reason.contains("organization({ teams: { enabled: … } })"), "{:?}", required.open);

        let required = ask(&object([]), &[plugin("somebodyElses", object([]))]);
        assert!(required.open[0].reason.contains("`somebodyElses`"));
    }

    #[test]
    fn secondary_storage_takes_sessions_and_verifications() {
        let store = || node(Value::External(External { module: "store".into(), name: "redis".into() }));
        let required = ask(&object([("secondaryStorage", store())]), &[plugin("admin", object([]))]);
        assert_eq!(required.tables.keys().collect::<Vec<_>>(), ["account", "user"]);
        assert!(column(&required, "user", "banned").is_some());

        let kept = object([("secondaryStorage", store()), ("session", object([("storeSessionInDatabase", yes())]))]);
        assert!(column(&ask(&kept, &[plugin("admin", object([]))]), "session", "impersonatedBy").is_some());

        let sometimes = object([("secondaryStorage", either("useRedis", None, store(), node(Value::Undefined)))]);
        let required = ask(&sometimes, &[]);
        assert!(!required.tables.contains_key("session") && !required.open.is_empty());
    }

    #[test]
    fn production_decides() {
        let storage = |environment| {
            let storage = either("NODE_ENV", Some(environment), text("database"), text("memory"));
            ask(&object([("rateLimit", object([("storage", storage)]))]), &[])
        };
        assert!(storage(Environment::Production).tables.contains_key("rateLimit"));
        let development = storage(Environment::NotProduction);
        assert!(!development.tables.contains_key("rateLimit") && development.open.is_empty());
    }

    #[test]
    fn additional_fields_come_last() {
        let tenant = object([("type", text("number")), ("fieldName", text("tenant_id")), ("required", node(Value::Bool(false)))]);
        let role = object([("type", text("string")), ("defaultValue", text("member"))]);
        let fields = object([("tenant", tenant), ("role", role), ("plan", unknown())]);
        let options = object([("user", object([("modelName", text("people")), ("additionalFields", fields)]))]);
        let required = ask(&options, &[plugin("admin", object([]))]);
        assert_eq!(required.tables["user"].model, "people");
        let tenant = column(&required, "user", "tenant").expect("declared");
        assert_eq!((tenant.name.as_str(), tenant.kind.as_str(), tenant.required), ("tenant_id", "number", false));
        let role = column(&required, "user", "role").expect("declared");
        assert!(role.required && matches!(&role.cause, Cause::Option { path, .. } if path == "user.additionalFields.role"));
        assert_eq!(role.default.as_deref(), Some("\"member\""));
        assert!(column(&required, "user", "plan").is_none() && required.open[0].reason.contains("user.additionalFields.plan"));
    }

    #[test]
    fn a_name_that_is_not_known_is_not_guessed() {
        let required = ask(&object([("user", object([("modelName", unknown())]))]), &[]);
        assert!(!required.tables.contains_key("user") && required.tables.contains_key("session"));
        assert!(required.open[0].reason.contains("user.modelName"));
    }

    #[test]
    fn a_plugin_goes_by_the_release_of_its_own_package() {
        let at = |release: Option<&str>| {
            let release = release.map(|release| Release::parse(release).expect("a version"));
            let stripe = PluginUse { release, ..plugin("stripe", object([("subscription", object([("enabled", yes())]))])) };
            column(&ask(&object([]), &[stripe]), "subscription", "billingInterval").is_some()
        };
        assert_eq!([at(None), at(Some("1.5.0")), at(Some("1.4.22"))], [true, true, false]);
    }

    #[test]
    fn tables_of_a_package_with_numbers_of_its_own_are_those_of_measured_releases() {
        let at = |release: Option<&str>| {
            let release = release.map(|release| Release::parse(release).expect("a version"));
            let required = ask(&object([]), &[PluginUse { release, ..plugin("creem", object([])) }]);
            let columns = ["creemCustomerId", "hadTrial"].map(|name| column(&required, "user", name).is_some());
            (columns, required.open.into_iter().map(|why| why.reason).collect::<Vec<_>>())
        };
        let unknown = |why: &str| {
            ([false, false], vec![format!("the tables of the plugin `creem` from `better-auth/plugins` are not known: {why}")])
        };
        assert_eq!(at(Some("1.2.0")), ([true, true], Vec::new()));
        assert_eq!(at(Some("0.0.12")), ([true, false], Vec::new()));
        assert_eq!(at(Some("9.0.0")), unknown("its release 9.0.0 is not among those that were measured"));
        assert_eq!(at(None), unknown("no lockfile tells its release"));
    }

    #[test]
    fn a_name_that_is_not_kept_is_not_taken_for_the_usual_one() {
        let redacted = node(Value::Text(Text::Redacted { length: 12 }));
        let fields = object([("password", redacted)]);
        let required = ask(&object([("account", object([("fields", fields)]))]), &[]);
        assert!(column(&required, "account", "password").is_none());
        assert!(required.open[0].reason.contains("account.fields.password"));
    }

    #[test]
    fn additional_fields_are_those_of_production() {
        let environment = Some(Environment::NotProduction);
        let flag = either("isTest", environment, node(Value::Bool(false)), yes());
        let plan = object([("type", text("string")), ("required", flag)]);
        let plan = either("isTest", environment, text("of tests"), plan);
        let required = ask(&object([("user", object([("additionalFields", object([("plan", plan)]))]))]), &[]);
        assert!(column(&required, "user", "plan").is_some_and(|column| column.required));
        assert!(required.open.is_empty(), "{:?}", required.open);
    }

    #[test]
    fn options_rename_what_the_release_lets_them() {
        let renamed = |plugin_name: &str, options: Node, version: &str, table: &str, key: &str| {
            let version = Version { declared: Some(version.into()), ..Version::default() };
            let required = required(&version, &object([]), &[plugin(plugin_name, options)]);
            let column = column(&required, table, key).expect("required").name.clone();
            (required.tables[table].model.clone(), column)
        };
        let schema = |table: &'static str, key: &'static str| {
            let names = object([("modelName", text("rows")), ("fields", object([(key, text("named"))]))]);
            object([("schema", object([(table, names)]))])
        };
        let name = |plugin: &str, version: &str| {
            renamed(plugin, schema("oauthApplication", "name"), version, "oauthApplication", "name")
        };
        let both = |model: &str, column: &str| (model.to_owned(), column.to_owned());
        assert_eq!(name("oidcProvider", "1.3.7"), both("oauthApplication", "name"));
        assert_eq!(name("oidcProvider", "1.3.8"), both("rows", "named"));
        assert_eq!(name("mcp", "1.6.0"), both("oauthApplication", "name"));

        let version = Version { declared: Some("1.6.0".into()), ..Version::default() };
        let lender = || plugin("oidcProvider", schema("oauthApplication", "name"));
        for plugins in [[lender(), plugin("mcp", object([]))], [plugin("mcp", object([])), lender()]] {
            assert_eq!(required(&version, &object([]), &plugins).tables["oauthApplication"].model, "rows");
        }

        let verified = ("domainVerification", object([("enabled", yes())]));
        let fields = object([("domainVerified", text("named"))]);
        let sso = object([("modelName", text("rows")), ("fields", fields), verified]);
        assert_eq!(renamed("sso", sso, "1.6.0", "ssoProvider", "domainVerified"), both("rows", "domainVerified"));
    }

    #[test]
    fn additional_fields_of_roles_are_optional() {
        let fields = || object([("rank", object([("type", text("number")), ("required", yes())]))]);
        let schema = object([
            ("organizationRole", object([("additionalFields", fields())])),
            ("member", object([("additionalFields", fields())])),
        ]);
        let options = object([("dynamicAccessControl", object([("enabled", yes())])), ("schema", schema)]);
        let required = ask(&object([]), &[plugin("organization", options)]);
        assert!(column(&required, "organizationRole", "rank").is_some_and(|column| !column.required));
        assert!(column(&required, "member", "rank").is_some_and(|column| column.required));
    }

    #[test]
    fn without_a_version_only_what_all_releases_need_is_required() {
        let required = required(&Version::default(), &object([]), &[plugin("jwt", object([]))]);
        assert!(column(&required, "jwks", "publicKey").is_some() && column(&required, "jwks", "alg").is_none());
        assert!(!column(&required, "session", "userId").expect("a column").index, "only from 1.4 on");
        let differing =
            "the version of better-auth is not known, and releases differ in `account`, `jwks`, `session`, `verification`";
        assert_eq!(required.open[0].reason, differing);
        let old = Version { declared: Some("~1.6.0".into()), ..Version::default() };
        assert!(column(&super::required(&old, &object([]), &[plugin("jwt", object([]))]), "jwks", "alg").is_none());
    }
}
