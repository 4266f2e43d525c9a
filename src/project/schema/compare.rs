//! What is required, against what the adapter finds and what the migrations create.

use std::sync::Arc;

use super::lookup::{Lookup, Naming, is_similar_column, is_similar_table, snake_case};
use super::migrated::{
    Unmigrated, are_kept, column_names, dropped, full_name, in_database, unlisted, unmigrated, unread, unread_of,
};
use super::{
    CORE, Cause, Declared, Dropped, Gap, GapKind, Layer, Migrated, Required, RequiredColumn, RequiredTable, SourceTable,
};
use crate::facts::schema::{Column, Key, Table};
use crate::knowledge::pack;
use crate::project::adapter::Mapper;
use crate::project::render::join;
use crate::project::value::Unknown;
use crate::project::{Adapter, AdapterKind, Dialect, TextDates};
use crate::source::Site;

/// What the comparison came to.
#[derive(Debug)]
pub enum Comparison {
    /// The sources hold the schema; this keeps it from being what the server needs.
    Gaps {
        /// The gaps.
        gaps: Vec<Gap>,
        /// The folder of migrations that was left out because it does not make the declared tables.
        stale: Option<Arc<str>>,
        /// What may or may not be there, as a clause for `whether`, each with the reason why that is not known.
        open: Vec<(String, Unknown)>,
    },
    /// No source declares any core table, so that the schema must lie outside the repository: the adapter may find others than
    /// those that were read.
    NoSchema,
}

/// Compares what is required with what is declared and migrated. `complete` tells that nothing else may be required.
#[must_use]
pub fn compare(required: &Required, declared: &Declared, adapter: &Adapter, complete: bool) -> Comparison {
    let holds_schema = required.tables.iter().any(|(key, table)| {
        let name = adapter.lookup_name(key, &table.model);
        let own = declared.lookup.find(&name);
        let similar = declared.candidates().filter(|source| is_similar_table(&source.table, &name));
        CORE.contains(&key.as_str()) && own.chain(similar).any(|found| looks_like(found, table))
    });
    if !holds_schema && !declared.lookup.whole {
        return Comparison::NoSchema;
    }
    // Types are a picture of the database, not what migrations are written for.
    let migratable = declared.lookup.tables.iter().map(|(_, table)| table).filter(|table| table.layer != Layer::Types);
    let kept = are_kept(&declared.migrated, migratable) || !declared.pushed && make_core(required, declared, adapter);
    let mut comparing = Comparing { required, declared, adapter, complete, migrated: &[], gaps: Vec::new(), open: Vec::new() };
    if kept && adapter.kind != AdapterKind::Kysely {
        comparing.migrated = &declared.migrated;
    }
    for (key, table) in &required.tables {
        comparing.table(key, table);
    }
    let stale = declared.migrated.first().filter(|_| !kept).map(|one| Arc::clone(&one.folder));
    Comparison::Gaps { gaps: comparing.gaps, stale, open: clauses(comparing.open) }
}

/// What may or may not be so of a part of the schema.
struct Question {
    /// What is asked of the part: `the migrations create`.
    what: &'static str,
    part: String,
    why: Unknown,
}

/// Questions as clauses, each with why there is no answer; those that have the same reason are one.
fn clauses(questions: Vec<Question>) -> Vec<(String, Unknown)> {
    let mut groups: Vec<(Vec<String>, Question)> = Vec::new();
    for question in questions {
        let is_same = |one: &Question| {
            (one.what, &one.why.reason, &one.why.at.file) == (question.what, &question.why.reason, &question.why.at.file)
        };
        match groups.iter_mut().find(|(_, one)| is_same(one)) {
            Some((parts, _)) => parts.push(question.part),
            None => groups.push((vec![question.part.clone()], question)),
        }
    }
    let clause = |(parts, Question { what, why, .. })| (format!("{what} {}", told(parts)), why);
    groups.into_iter().map(clause).collect()
}

/// Parts of a schema, with tables together: ``column `a` of table `x` and tables `y` and `z` ``.
fn told(parts: Vec<String>) -> String {
    let (tables, mut told): (Vec<String>, Vec<String>) = parts.into_iter().partition(|part| part.starts_with(TABLE));
    match tables.as_slice() {
        [] => {}
        [only] => told.push(only.clone()),
        several => {
            let names = several.iter().map(|table| table[TABLE.len()..].to_owned()).collect();
            told.push(format!("tables {}", join(names)));
        }
    }
    join(told)
}

/// How a table begins that is a part of the schema.
const TABLE: &str = "table ";

/// Whether a table found by a common name such as `user` is better-auth's: it has most of the columns.
#[must_use]
pub fn looks_like(found: &SourceTable, table: &RequiredTable) -> bool {
    let has = |required: &&RequiredColumn| found.table.columns.iter().any(|column| is_similar_column(column, &required.name));
    let core = || table.columns.iter().filter(|column| column.cause == table.cause);
    found.table.open || 2 * core().filter(has).count() > core().count()
}

/// Whether the migrations make all the tables that every server has, be it by the names that others are made of where the
/// project makes them. Where nothing else brings a schema into the database, the others are to follow, however many they are.
fn make_core(required: &Required, declared: &Declared, adapter: &Adapter) -> bool {
    let mut core = required.tables.iter().filter(|(key, _)| CORE.contains(&key.as_str()));
    core.all(|(key, table)| {
        let name = adapter.lookup_name(key, &table.model);
        let made = |found: &SourceTable, one: &Migrated| {
            let by_stem = || one.table(found.table.stem.as_deref()?);
            one.made(found).or_else(by_stem).is_some_and(|made| looks_like(made, table))
        };
        declared.lookup.find(&name).any(|found| declared.migrated.iter().any(|one| made(found, one)))
    })
}

fn table_called(name: &str) -> String {
    format!("{TABLE}`{name}`")
}

/// Types of columns that hold text.
const TEXTS: [&str; 9] =
    ["text", "string", "varchar", "char", "character varying", "tinytext", "mediumtext", "longtext", "nvarchar"];

/// What makes a declared column fail its requirement.
type Test<'t> = &'t dyn Fn(&RequiredColumn, &Column) -> bool;

struct Comparing<'a> {
    required: &'a Required,
    declared: &'a Declared,
    adapter: &'a Adapter,
    complete: bool,
    migrated: &'a [Arc<Migrated>],
    gaps: Vec<Gap>,
    open: Vec<Question>,
}

impl Comparing<'_> {
    fn ask(&mut self, what: &'static str, part: String, why: Unknown) {
        self.open.push(Question { what, part, why });
    }

    fn lookup(&self) -> &Lookup {
        &self.declared.lookup
    }

    fn table(&mut self, key: &str, table: &RequiredTable) {
        let name = self.adapter.lookup_name(key, &table.model);
        let declared = self.declared;
        let candidates: Vec<&SourceTable> = declared.lookup.find(&name).collect();
        let best = candidates.iter().min_by_key(|candidate| self.lacking(candidate, table).len()).copied();
        let Some(found) = best else {
            if self.is_in_sql()
                && let Some(why) = unread(&declared.migrated, &name)
            {
                self.ask("the migrations create", table_called(&name), why.clone());
                return;
            }
            let gap = self.missing_table(key, &name, table);
            match declared.broken.table(&name).filter(|_| gap.kind == GapKind::Table) {
                Some(why) => self.ask("the schema declares", table_called(&name), why),
                None => self.gaps.push(gap),
            }
            return;
        };
        if let Some(why) = declared.broken.part_of(found, &declared.all) {
            self.ask("the schema declares all of", table_called(&name), why);
            return;
        }
        // Where nothing but the migrations declares the table, what could not be read of them may change all of it.
        let why = self.is_in_sql().then(|| unread_of(&declared.migrated, found)).flatten();
        if let Some(why) = why.filter(|_| found.table.open && !self.absent(found, table).is_empty()) {
            self.ask("the migrations create all of", table_called(&name), why.clone());
            return;
        }
        let start = |kind, columns, cause: &Cause| Gap {
            kind,
            key: key.to_owned(),
            table: name.clone(),
            columns,
            cause: cause.clone(),
            found_in: Some(found.site()),
            declared: Vec::new(),
            of_others: Vec::new(),
            dropped: None,
        };
        let lacking = self.lacking(found, table);
        let mut strangers = self.strangers(found, table);
        // A column that is declared under another name is one defect, not two.
        let mut failed = Vec::new();
        let only = lacking.len() == 1 && strangers.iter().filter(|stranger| stranger.must_be_given()).count() == 1;
        for (cause, columns) in by_cause(lacking) {
            let is_meant = |stranger: &&Column| {
                // What an earlier release kept there is not what this one asks for, unless that is known to hold its values.
                let is_former = || pack().is_former_column(key, &stranger.name);
                let may_be = |column: &RequiredColumn| {
                    let is_given = column.is_filled() && !is_for_password(key, &stranger.name);
                    let is_taken_over = column.takes_over.as_deref() == Some(stranger.name.as_str());
                    only && stranger.must_be_given()
                        && (is_taken_over || !is_former())
                        && (is_given || share_a_word(&stranger.name, &column.name))
                };
                let is_it = |column: &RequiredColumn| {
                    column.is_usually(&stranger.name) || is_alike(stranger, column) || fits(stranger, column) && may_be(column)
                };
                columns.iter().any(is_it)
            };
            let (instead, others) = strangers.into_iter().partition(is_meant);
            strangers = others;
            let dropped = self.dropped(&name, &columns);
            failed.push(Gap { declared: self.places(found, instead), dropped, ..start(GapKind::Columns, columns, &cause) });
        }
        let unambiguous = self.lookup().is_certain() || candidates.len() == 1;
        if unambiguous && !found.table.open {
            self.present(found, table, strangers, &start, &mut failed);
        }
        self.take(found, failed);
    }

    /// Adds what is wrong with the columns that are there.
    fn present(
        &mut self,
        found: &SourceTable,
        table: &RequiredTable,
        mut strangers: Vec<&Column>,
        start: &dyn Fn(GapKind, Vec<RequiredColumn>, &Cause) -> Gap,
        failed: &mut Vec<Gap>,
    ) {
        strangers.retain(|column| column.must_be_given());
        if self.complete && !strangers.is_empty() {
            let declared = self.places(found, strangers);
            match self.trigger(found) {
                Some(trigger) => {
                    let names: Vec<&str> = declared.iter().map(|(name, _)| name.as_str()).collect();
                    let part = format!("`{}` of table `{}`", names.join("`, `"), full_name(found));
                    let reason = format!("`{trigger}` runs before a row is stored, and what it does is not followed");
                    self.ask("a trigger fills", part, Unknown::new(reason, declared[0].1.clone()));
                }
                None => failed.push(Gap { declared, ..start(GapKind::Unwritten, Vec::new(), &table.cause) }),
            }
        }
        let present: Vec<(&RequiredColumn, &Column)> =
            table.columns.iter().filter_map(|column| Some((column, self.column(found, column)?))).collect();
        self.doubted(found, &present);
        match unmigrated(found, &present, self.migrated) {
            Some(Unmigrated::Table(dropped)) => {
                let columns = present.iter().map(|(required, column)| in_database(found, required, column)).collect();
                let table = Gap { table: full_name(found), ..start(GapKind::UnmigratedTable, columns, &table.cause) };
                failed.push(Gap { dropped, ..table });
            }
            Some(Unmigrated::Columns(columns, dropped)) => {
                for (cause, columns) in by_cause(columns) {
                    let columns = Gap { table: full_name(found), ..start(GapKind::UnmigratedColumns, columns, &cause) };
                    failed.push(Gap { dropped: dropped.clone(), ..columns });
                }
            }
            None => {
                if let Some((what, at)) = unlisted(found, &present, self.migrated) {
                    let script = format!("`{}` alone does so", at.file);
                    let reason = format!("{script}, and the journal of Drizzle Kit in its folder does not list that script");
                    self.ask("the migrations create", what, Unknown::new(reason, at));
                }
            }
        }
        if self.complete {
            let lacking: Vec<String> = failed
                .iter()
                .filter(|gap| gap.kind == GapKind::UnmigratedColumns)
                .flat_map(|gap| &gap.columns)
                .map(|column| column.name.clone())
                .collect();
            if let Some(gap) = self.still_required(found, table, &lacking, start) {
                // Where the schema is pushed besides, the database may be past its migrations.
                if self.declared.pushed {
                    let (name, at) = &gap.declared[0];
                    let reason = "its migrations do, and scripts push the schema, which does not".to_owned();
                    let part = format!("`{name}` in table `{}`", full_name(found));
                    self.ask("the database asks for a value of", part, Unknown::new(reason, at.clone()));
                } else {
                    failed.push(gap);
                }
            }
        }
        // These tell neither of keys nor how the database keeps a value.
        if !matches!(found.layer, Layer::Types | Layer::Convex) {
            self.keys(found, table, &present, start, failed);
        }
    }

    /// Asks for the columns that the migrations make in one of two cases alone.
    fn doubted(&mut self, found: &SourceTable, present: &[(&RequiredColumn, &Column)]) {
        let followed = if self.is_in_sql() { &self.declared.migrated } else { self.migrated };
        let mut made = followed.iter().filter_map(|one| one.made(found));
        let Some(made) = made.next().filter(|made| !made.table.open) else { return };
        let doubt = |(_, column): &&(&RequiredColumn, &Column)| {
            column_names(found.layer, column).iter().find_map(|name| made.in_doubt.get(name))
        };
        let doubted = || present.iter().filter(|(required, _)| !required.idle).filter(|one| doubt(one).is_some());
        let Some(at) = doubted().find_map(|one| doubt(&one)) else { return };
        let names: Vec<&str> = doubted().map(|(_, column)| column.name.as_str()).collect();
        let part = format!("`{}` of table `{}`", names.join("`, `"), full_name(found));
        let reason = "a condition decides whether the table that was there before is dropped first".to_owned();
        self.ask("the migrations create", part, Unknown::new(reason, at.clone()));
    }

    /// The columns that must be given a value in the database the migrations make, and that nobody writes: an ORM leaves out
    /// what is not declared, or may be empty there. `lacking` are the names of those that are to be made yet, which a column
    /// may be renamed to.
    fn still_required(
        &self,
        found: &SourceTable,
        table: &RequiredTable,
        lacking: &[String],
        start: &dyn Fn(GapKind, Vec<RequiredColumn>, &Cause) -> Gap,
    ) -> Option<Gap> {
        let mut made = self.migrated.iter().filter_map(|one| Some((one, one.made(found)?)));
        let (one, made) = made.next().filter(|_| made.next().is_none())?;
        if made.table.open || !matches!(found.layer, Layer::Prisma | Layer::Drizzle) || self.trigger(found).is_some() {
            return None;
        }
        let strangers = self.strangers(found, table);
        let is_left = |column: &&Column| {
            let is_it = |declared: &&Column| {
                column_names(found.layer, declared).iter().any(|name| name.eq_ignore_ascii_case(&column.name))
            };
            let declared = found.table.columns.iter().find(is_it);
            let is_given = |declared: &Column| {
                let is_stranger = strangers.iter().any(|stranger| std::ptr::eq(*stranger, declared));
                !is_stranger || declared.required || declared.has_default
            };
            let is_renamed = lacking.iter().any(|name| is_similar_column(column, name) || share_a_word(&column.name, name));
            column.must_be_given()
                && !declared.is_some_and(is_given)
                && !is_renamed
                && !one.unlisted.contains(&made.column_site(column).file)
        };
        let left: Vec<(String, Site)> =
            made.table.columns.iter().filter(is_left).map(|column| (column.name.clone(), made.column_site(column))).collect();
        let gap = Gap { found_in: Some(made.site()), ..start(GapKind::StillRequired, Vec::new(), &table.cause) };
        (!left.is_empty()).then_some(Gap { declared: left, ..gap })
    }

    /// Takes over what is wrong with a table. What only the migrations that could be read lack may be in the others; all of
    /// it, where nothing else declares the table.
    fn take(&mut self, found: &SourceTable, failed: Vec<Gap>) {
        let in_sql = self.is_in_sql();
        let why = unread_of(if in_sql { &self.declared.migrated } else { self.migrated }, found);
        let (open, failed): (Vec<_>, Vec<_>) = failed
            .into_iter()
            .partition(|gap| why.is_some() && (in_sql || gap.kind.is_unmigrated() || gap.kind == GapKind::StillRequired));
        if let (Some(why), false) = (why, open.is_empty()) {
            self.ask("the migrations create all of", table_called(&full_name(found)), why.clone());
        }
        self.gaps.extend(failed);
    }

    /// Adds what of the keys, the references and the kinds of present columns is not as it is required.
    fn keys(
        &self,
        found: &SourceTable,
        table: &RequiredTable,
        present: &[(&RequiredColumn, &Column)],
        start: &dyn Fn(GapKind, Vec<RequiredColumn>, &Cause) -> Gap,
        failed: &mut Vec<Gap>,
    ) {
        let tests: [(GapKind, Test<'_>); 8] = [
            (GapKind::LeftEmpty, &|required, column| self.is_left_empty(found, required, column)),
            (GapKind::Unique, &|required, column| required.unique && !self.keeps_unique(table, found, column)),
            (GapKind::UnmigratedUnique, &|required, column| required.unique && self.is_unmigrated(found, column, keeps_unique)),
            (GapKind::UnmigratedIndex, &|required, column| {
                let by_itself = self.is_indexed_by_itself(found, required, column);
                required.index && !required.unique && !by_itself && self.is_unmigrated(found, column, Table::is_indexed)
            }),
            (GapKind::Index, &|required, column| {
                required.index && !required.unique && !self.is_indexed(table, found, required, column)
            }),
            (GapKind::Cascade, &|required, column| {
                // What maps classes may delete rows along with others itself.
                let wanted = found.layer != Layer::Entity && required.references.as_ref().is_some_and(|to| to.cascades);
                wanted && column.references.as_ref().is_some_and(|to| !to.cascades)
            }),
            (GapKind::DateText, &|required, column| self.is_lost(required) && self.is_text(found, column)),
            (GapKind::DateAsText, &|required, column| self.is_lost(required) && column.as_text),
        ];
        for (kind, fails) in tests {
            let columns: Vec<_> = present.iter().filter(|(required, column)| fails(required, column)).collect();
            for (cause, required) in by_cause(columns.iter().map(|(required, _)| (*required).clone()).collect()) {
                let own = columns.iter().filter(|(column, _)| column.cause == cause);
                if kind.is_unmigrated() {
                    let columns = own.map(|(required, column)| in_database(found, required, column)).collect();
                    failed.push(Gap { table: full_name(found), ..start(kind, columns, &cause) });
                    continue;
                }
                let declared = self.places(found, own.map(|(_, column)| *column).collect());
                failed.push(Gap { declared, ..start(kind, required, &cause) });
            }
        }
        for key in table.keys.iter().filter(|key| key.unique) {
            let of_key: Vec<_> = present.iter().filter(|(required, _)| key.columns.contains(&required.key)).collect();
            let kept = of_key.is_empty() || of_key.len() < key.columns.len() || {
                let columns: Vec<&Column> = of_key.iter().map(|(_, column)| *column).collect();
                self.keeps_together(found, &columns)
            };
            if !kept {
                let columns = of_key.iter().map(|(required, _)| (*required).clone()).collect();
                let declared = self.places(found, of_key.iter().map(|(_, column)| *column).collect());
                failed.push(Gap { declared, ..start(GapKind::UniqueTogether, columns, &table.cause) });
            }
        }
    }

    /// The declared column the adapter takes for a required one.
    fn column<'t>(&self, found: &'t SourceTable, required: &RequiredColumn) -> Option<&'t Column> {
        found.table.columns.iter().find(|column| self.lookup().naming.is_column(column, &required.name))
    }

    fn lacking(&self, found: &SourceTable, table: &RequiredTable) -> Vec<RequiredColumn> {
        if found.table.open { Vec::new() } else { self.absent(found, table) }
    }

    /// The required columns that are not seen.
    fn absent(&self, found: &SourceTable, table: &RequiredTable) -> Vec<RequiredColumn> {
        let id = identifier(table);
        let is_missed = |column: &&RequiredColumn| !column.idle && self.column(found, column).is_none();
        [&id].into_iter().chain(&table.columns).filter(is_missed).cloned().collect()
    }

    /// Columns by their names in the database, with their places.
    fn places(&self, found: &SourceTable, columns: Vec<&Column>) -> Vec<(String, Site)> {
        let name = |column: &Column| match (self.lookup().naming, self.adapter.dialect) {
            (Naming::Stored { .. }, _) => column.physical.as_ref().unwrap_or(&column.name).clone(),
            (_, Some(Dialect::Postgres)) => column.stored_name().into_owned(),
            (_, _) => column.name.clone(),
        };
        columns.into_iter().map(|column| (name(column), found.column_site(column))).collect()
    }

    /// A trigger that may fill the columns of a table.
    fn trigger<'t>(&'t self, found: &'t SourceTable) -> Option<&'t str> {
        let made = self.declared.migrated.iter().filter_map(|one| one.made(found));
        made.chain([found]).flat_map(|table| &table.table.triggers).map(String::as_str).next()
    }

    /// The columns nobody asks for.
    fn strangers<'t>(&self, found: &'t SourceTable, table: &RequiredTable) -> Vec<&'t Column> {
        let naming = self.lookup().naming;
        let asked = |column: &&Column| {
            column.name.eq_ignore_ascii_case("id")
                || table.columns.iter().any(|required| naming.is_column(column, &required.name))
        };
        found.table.columns.iter().filter(|column| !asked(column)).collect()
    }

    /// A missing table is one gap with all its columns, whatever else would add to it.
    fn missing_table(&self, key: &str, name: &str, table: &RequiredTable) -> Gap {
        let layer = layer_of(self.adapter);
        let similar = |source: &&SourceTable| {
            layer.is_none_or(|layer| source.layer == layer) && is_similar_table(&source.table, name) && looks_like(source, table)
        };
        let read = || self.lookup().tables.iter().map(|(_, table)| table);
        let mut declared: Vec<&SourceTable> = match layer {
            // A client knows the models of its own schema, whatever other schemas lie beside it.
            Some(Layer::Prisma | Layer::Convex) if self.lookup().is_certain() => read().filter(similar).collect(),
            _ => self.declared.candidates().filter(similar).collect(),
        };
        if declared.is_empty() {
            declared = self.under_another_key(table);
        }
        let of_others = self.declared.all.iter().filter(|source| self.declared.of_others.contains(&source.file));
        let of_others = of_others.filter(similar).map(SourceTable::site).collect();
        let entries = self.lookup().tables.iter().filter(|(_, entry)| declared.iter().any(|table| is_same(table, entry)));
        let mut instead: Vec<(String, Site)> = entries.map(|(name, table)| (name.clone(), table.site())).collect();
        if instead.is_empty() {
            instead = declared.iter().map(|source| (source.table.name.clone(), source.site())).collect();
        }
        // Only Prisma has names of its own for what it looks up; those of plural tables come from no option.
        let is_meant = table.model == name && table.model != key && self.adapter.kind == AdapterKind::Prisma;
        let kind = match declared.as_slice() {
            [] => GapKind::Table,
            _ if self.lookup().map().is_some() => GapKind::MapEntry,
            [model] if is_meant && model.table.physical.as_deref() == Some(name) => GapKind::ModelName,
            _ => GapKind::Table,
        };
        Gap {
            kind,
            key: key.to_owned(),
            table: name.to_owned(),
            columns: table.columns.clone(),
            cause: table.cause.clone(),
            found_in: None,
            declared: instead,
            of_others,
            dropped: self.dropped(name, &[]),
        }
    }

    /// The table of the schema map that has all columns of one that is looked up, and stands under a key that nothing looks
    /// up.
    fn under_another_key(&self, table: &RequiredTable) -> Vec<&SourceTable> {
        let lookup = self.lookup();
        let is_known =
            |name: &String| self.required.tables.iter().any(|(key, table)| self.adapter.lookup_name(key, &table.model) == *name);
        let has_all = |source: &SourceTable| table.columns.iter().all(|column| self.column(source, column).is_some());
        let mut entries = lookup.tables.iter().filter(|(name, source)| !is_known(name) && has_all(source));
        match (entries.next(), entries.next(), lookup.map()) {
            (Some((_, only)), None, Some(_)) => vec![only],
            _ => Vec::new(),
        }
    }

    /// Whether nothing but the migrations declares the schema.
    fn is_in_sql(&self) -> bool {
        self.adapter.kind == AdapterKind::Kysely
    }

    /// What took a table, or one of these columns, out of a schema that lies in SQL.
    fn dropped(&self, table: &str, columns: &[RequiredColumn]) -> Option<Dropped> {
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let found = self.lookup().find(table).next();
        let namespace = found.and_then(|found| found.table.namespace.as_deref());
        self.is_in_sql().then(|| dropped(&self.declared.migrated, namespace, table, &names)).flatten()
    }

    /// Whether some key keeps the values apart, alone or together with a column of the project's own such as a tenant.
    fn keeps_unique(&self, required: &RequiredTable, found: &SourceTable, column: &Column) -> bool {
        let is_own = |table: &Table, part: &str| {
            let known = table.column(part);
            let is_fixed = |column: &&RequiredColumn| !matches!(column.cause, Cause::Option { .. });
            let mut asked = required.columns.iter().filter(is_fixed);
            !known.is_some_and(|known| asked.any(|column| is_similar_column(known, &column.name)))
        };
        self.tables(found, column).into_iter().any(|(table, name)| {
            table.is_unique(&[&name]) || keys_with_others(table, &name).any(|mut others| others.all(|part| is_own(table, part)))
        })
    }

    /// Whether the declaration holds a key of a column, and the migrations have the column without it.
    fn is_unmigrated(&self, found: &SourceTable, column: &Column, holds: fn(&Table, &str) -> bool) -> bool {
        let tables = self.tables(found, column);
        let [(declared, name), made @ ..] = tables.as_slice() else { return false };
        !self.migrated.is_empty()
            && holds(declared, name)
            && !made.is_empty()
            && made.iter().all(|(table, name)| !table.open && !holds(table, name))
    }

    /// Whether some key keeps the values of several columns apart, taken together.
    fn keeps_together(&self, found: &SourceTable, columns: &[&Column]) -> bool {
        let first = columns.first().map(|column| self.tables(found, column)).unwrap_or_default();
        first.iter().any(|(table, _)| {
            let named = columns.iter().flat_map(|column| self.tables(found, column));
            let names: Vec<String> = named.filter(|(other, _)| std::ptr::eq(*other, *table)).map(|(_, name)| name).collect();
            names.len() == columns.len() && table.is_unique(&names.iter().map(String::as_str).collect::<Vec<_>>())
        })
    }

    /// Whether the column is, or should be, a foreign key, and those are indexed without being asked. MikroORM knows those
    /// that are declared.
    fn is_indexed_by_itself(&self, found: &SourceTable, required: &RequiredColumn, column: &Column) -> bool {
        let is_foreign_key = column.references.is_some() || found.layer != Layer::Entity && required.references.is_some();
        self.adapter.indexes_foreign_keys() && is_foreign_key
    }

    fn is_indexed(&self, table: &RequiredTable, found: &SourceTable, required: &RequiredColumn, column: &Column) -> bool {
        let before = required.looked_up_with.as_ref().and_then(|key| table.columns.iter().find(|column| column.key == *key));
        let before = before.and_then(|before| self.column(found, before));
        let before = before.map(|before| self.tables(found, before)).unwrap_or_default();
        let is_second = |table: &Table, name: &str| {
            before.iter().any(|(other, first)| std::ptr::eq(*other, table) && table.is_indexed_by(&[first, name]))
        };
        self.is_indexed_by_itself(found, required, column)
            || self.tables(found, column).iter().any(|(table, name)| table.is_indexed(name) || is_second(table, name))
    }

    /// The table as declared and as migrated, each with the name it has for a column: either may hold the keys.
    fn tables<'t>(&'t self, found: &'t SourceTable, column: &Column) -> Vec<(&'t Table, String)> {
        let mut tables = vec![(&found.table, column.name.clone())];
        for made in self.declared.migrated.iter().filter_map(|one| one.made(found)) {
            let of_column = made.table.columns.iter().find(|made| {
                is_similar_column(made, &column.name) || column.physical.as_ref().is_some_and(|physical| made.name == *physical)
            });
            tables.extend(of_column.map(|column| (&made.table, column.name.clone())));
        }
        tables
    }

    /// Whether rows are stored without a value for a column that must be given one, in the declaration and in what the
    /// migrations make of it, and nobody else may fill it in.
    fn is_left_empty(&self, found: &SourceTable, required: &RequiredColumn, column: &Column) -> bool {
        let names = column_names(found.layer, column);
        let is_it = |made: &&Column| names.iter().any(|name| made.name.eq_ignore_ascii_case(name));
        let made = self.declared.migrated.iter().filter_map(|one| one.made(found));
        let mut made = made.filter_map(|made| made.table.columns.iter().find(is_it));
        required.left_empty
            && !required.required
            && column.must_be_given()
            && made.all(Column::must_be_given)
            && self.complete
            && self.trigger(found).is_none()
            && !self.adapter.is_extended()
    }

    /// Whether a column is for dates, which do not come through as text.
    fn is_lost(&self, required: &RequiredColumn) -> bool {
        required.kind == "date" && self.adapter.text_dates != TextDates::Fine
    }

    /// Whether a column for dates is declared as text. SQLite has no other type for them, and Kysely writes text there.
    fn is_text(&self, found: &SourceTable, column: &Column) -> bool {
        let of_sqlite = self.adapter.dialect == Some(Dialect::Sqlite) && found.layer == Layer::Sql;
        !of_sqlite && self.adapter.dialect.is_some() && TEXTS.contains(&column.kind.as_str())
    }
}

/// Whether some key of a table keeps the values of a column apart, alone or together with other columns.
fn keeps_unique(table: &Table, column: &str) -> bool {
    table.is_unique(&[column]) || keys_with_others(table, column).next().is_some()
}

/// The unique keys that hold a column together with others, as the others.
fn keys_with_others<'t>(table: &'t Table, column: &'t str) -> impl Iterator<Item = impl Iterator<Item = &'t str>> {
    // What is no column, a condition for one, keeps the values of some of the rows apart.
    let is_meant = |part: &String| table.open || table.column(part).is_some() || leaves_out_deleted(part);
    let holds = move |key: &&Key| key.unique && key.columns.iter().any(|name| name == column) && key.columns.iter().all(is_meant);
    let others = move |key: &'t Key| key.columns.iter().map(String::as_str).filter(move |name| *name != column);
    table.keys.iter().filter(holds).map(others)
}

/// Whether a condition is about rows that are marked as deleted, and there no more for an application that marks them:
/// `where "deletedAt" is null`.
fn leaves_out_deleted(condition: &str) -> bool {
    let condition = condition.to_ascii_lowercase();
    condition.starts_with("where") && condition.contains("delet") && condition.trim_end_matches(')').ends_with("is null")
}

/// The column every table has, and no release or option changes (documentation: concepts/database, "Core Schema").
fn identifier(table: &RequiredTable) -> RequiredColumn {
    RequiredColumn {
        key: "id".into(),
        name: "id".into(),
        kind: "string".into(),
        required: true,
        unique: true,
        index: false,
        looked_up_with: None,
        default: None,
        references: None,
        takes_over: None,
        idle: false,
        left_out: false,
        left_empty: false,
        cause: table.cause.clone(),
    }
}

/// The layer in which the tables of an adapter are declared.
fn layer_of(adapter: &Adapter) -> Option<Layer> {
    match adapter.kind {
        AdapterKind::Drizzle => Some(Layer::Drizzle),
        AdapterKind::Prisma => Some(Layer::Prisma),
        _ => adapter.mapper().map(|mapper| match mapper {
            Mapper::Convex => Layer::Convex,
            Mapper::TypeOrm | Mapper::MikroOrm => Layer::Entity,
        }),
    }
}

fn is_same(one: &SourceTable, other: &SourceTable) -> bool {
    one.file == other.file && one.table.span == other.table.span
}

/// Whether a column that nobody asks for has the name of one that is looked for, or nearly.
fn is_alike(stranger: &Column, required: &RequiredColumn) -> bool {
    let is_near =
        || strsim::jaro_winkler(&stranger.name, &required.name) > 0.9 || have_same_stems(&stranger.name, &required.name);
    is_similar_column(stranger, &required.name) || fits(stranger, required) && is_near()
}

/// Whether two names have the same words, one of each pair perhaps with an ending: `bannedReason` and `banReason`.
fn have_same_stems(one: &str, other: &str) -> bool {
    let (one, other) = (snake_case(one), snake_case(other));
    let (one, other): (Vec<&str>, Vec<&str>) = (one.split('_').collect(), other.split('_').collect());
    let is_stem = |stem: &str, word: &str| stem.len() >= 3 && word.starts_with(stem);
    one.len() == other.len() && one.iter().zip(&other).all(|(one, other)| is_stem(one, other) || is_stem(other, one))
}

/// Parts of the names, in lower case, of columns for passwords.
const PASSWORDS: [&str; 3] = ["password", "passwd", "passphrase"];

/// Whether a column of a table, by its logical key, is for the password of a user, which better-auth keeps elsewhere.
#[must_use]
pub fn is_for_password(key: &str, column: &str) -> bool {
    let plain = column.to_lowercase();
    key == "user" && PASSWORDS.iter().any(|part| plain.contains(part))
}

/// What values of a column are, as far as its type tells.
#[derive(PartialEq, Eq)]
enum Content {
    Text,
    Time,
    Truth,
}

/// Whether a column may hold the values of one that is looked for, by its type. A number may stand for anything.
fn fits(column: &Column, required: &RequiredColumn) -> bool {
    let content = match column.kind.as_str() {
        kind if TEXTS.contains(&kind) => Content::Text,
        "boolean" | "bool" => Content::Truth,
        kind if kind.starts_with("timestamp") || kind.starts_with("date") => Content::Time,
        _ => return true,
    };
    match required.kind.as_str() {
        "string" => content == Content::Text,
        "boolean" => content == Content::Truth,
        "date" => content != Content::Truth,
        "number" | "bigint" => false,
        _ => true,
    }
}

/// Whether two names have a word in common: `fullName` and `name`.
fn share_a_word(one: &str, other: &str) -> bool {
    let (one, other) = (snake_case(one), snake_case(other));
    one.split('_').any(|word| !word.is_empty() && other.split('_').any(|other| other == word))
}

/// The columns by what brings them in, in order.
fn by_cause(columns: Vec<RequiredColumn>) -> Vec<(Cause, Vec<RequiredColumn>)> {
    let mut groups: Vec<(Cause, Vec<RequiredColumn>)> = Vec::new();
    for column in columns {
        match groups.iter_mut().find(|(cause, _)| *cause == column.cause) {
            Some((_, group)) => group.push(column),
            None => groups.push((column.cause.clone(), vec![column])),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_make_no_other_name() {
        assert!(have_same_stems("bannedReason", "banReason") && have_same_stems("ban_reason", "bannedReason"));
        assert!(!have_same_stems("verifiedAt", "verified") && !have_same_stems("banExpires", "banReason"));
        assert!(!have_same_stems("id", "identifier"));
    }
}
