//! A table, column or key that the schema declares and no migration creates.

use crate::finding::{Report, Severity};
use crate::project::resolve::relative;
use crate::project::schema::repair::refused_with_rows;
use crate::project::schema::{Gap, GapKind};
use crate::rules::gaps::{Group, Topic, apply, by_server, columns_of, groups, join, quoted, report_together};
use crate::rules::{Context, Reporter};

/// Why a unique key matters.
const UNIQUE: &str = "The code counts on the database to refuse a second row with the same value, and a database that is set up from the \
                      migrations takes it.";

/// Why an index matters.
const INDEX: &str =
    "A database that is set up from the migrations reads the whole table wherever rows are looked up by the column.";

/// What is told together, each with the way it is told.
const CLASSES: [(&[GapKind], Class); 3] = [
    (&[GapKind::UnmigratedTable, GapKind::UnmigratedColumns], Class::Parts),
    (&[GapKind::UnmigratedUnique], Class::Unique),
    (&[GapKind::UnmigratedIndex], Class::Index),
];

/// What a finding is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Tables and columns.
    Parts,
    /// Unique keys.
    Unique,
    /// Indexes.
    Index,
}

/// One migration mends all of a server; what a plugin brings in, what only a condition does and what a later migration took
/// away again is told by itself.
pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    for (kinds, class) in CLASSES {
        let topic = Topic::Of(kinds[0]);
        for groups in by_server(kinds.iter().flat_map(|kind| groups(cx, Topic::Of(*kind))).collect()) {
            let mut together = Vec::new();
            for (group, gap) in groups.iter().flat_map(|group| group.gaps.iter().map(move |gap| (group, gap))) {
                let plugin = gap.cause.plugin().filter(|_| class == Class::Parts);
                let key = (plugin, group.condition(gap), gap.fate());
                let one = group.only(std::slice::from_ref(gap));
                match together.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, all)) => Group::add(all, one),
                    None => together.push((key, one)),
                }
            }
            for (_, group) in &together {
                report_together(cx, out, topic, group, |report| tell(group, class, report));
            }
        }
    }
}

/// The message and the label of a finding.
fn tell(group: &Group<'_>, class: Class, report: &mut Report) -> (String, String) {
    let (server, gaps) = (group.server, &group.gaps);
    let folders: Vec<&str> = server.declared.migrated.iter().map(|one| &*one.folder).collect();
    let fate = gaps.first().and_then(Gap::fate);
    let in_package = |folder: &&str| relative(&server.package, folder).unwrap_or(folder).to_owned();
    report.identity = vec![server.package.to_string()];
    report.identity.extend(folders.iter().map(in_package).chain(fate.clone()));
    let plugin = gaps.first().and_then(|gap| server.plugins.get(group.condition(gap).or(gap.cause.plugin())?));
    match class {
        Class::Parts => report.identity.extend(plugin.map(|plugin| plugin.name.clone())),
        Class::Unique => {
            report.why = UNIQUE.into();
            report.identity.push("unique".into());
        }
        Class::Index => {
            report.severity = report.severity.min(Severity::Medium);
            report.why = INDEX.into();
            report.identity.push("index".into());
        }
    }
    let refused: Vec<&str> = gaps.iter().flat_map(|gap| refused_with_rows(server, gap)).collect();
    let them = if refused.len() == 1 { "it" } else { "them" };
    let first = (!refused.is_empty()).then(|| {
        let names = quoted(refused);
        format!(
            "SQLite adds {names} to no table that has rows, for want of a constant default: give {them} one in the schema, or let {them} be \
             empty there until every row has a value. "
        )
    });
    report.help.migration = Some(first.unwrap_or_default() + &apply(server));
    let what = what(gaps, class);
    let told = match fate {
        Some(fate) => format!("the schema declares {what}, which {fate}"),
        None => format!("no migration creates {what}, which the schema declares"),
    };
    (format!("{told}, in `{}`", folders.join("` or `")), "declared here".into())
}

/// What is not made: `tables `a` and `b` and column `c` of table `d``.
fn what(gaps: &[Gap], class: Class) -> String {
    let (tables, others): (Vec<&Gap>, Vec<&Gap>) = gaps.iter().partition(|gap| gap.kind == GapKind::UnmigratedTable);
    let several = others.iter().map(|gap| gap.columns.len()).sum::<usize>() > 1;
    // Options may bring in several columns of a table, each its own.
    let mut by_table: Vec<Gap> = Vec::new();
    for gap in others {
        match by_table.iter_mut().find(|known| known.table == gap.table) {
            Some(known) => known.columns.extend(gap.columns.iter().cloned()),
            None => by_table.push(gap.clone()),
        }
    }
    let columns = by_table.iter().map(columns_of);
    match class {
        Class::Parts => {
            let noun = if tables.len() == 1 { "table" } else { "tables" };
            let tables = (!tables.is_empty()).then(|| format!("{noun} {}", quoted(tables.iter().map(|gap| gap.table.as_str()))));
            join(tables.into_iter().chain(columns).collect())
        }
        Class::Unique => format!("the unique {} over {}", if several { "keys" } else { "key" }, join(columns.collect())),
        Class::Index => format!("{} of {}", if several { "indexes" } else { "an index" }, join(columns.collect())),
    }
}
