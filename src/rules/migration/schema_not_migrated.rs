//! A table, column or key that the schema declares and no migration creates.

use std::collections::BTreeSet;

use crate::finding::{Report, Severity};
use crate::project::Server;
use crate::project::schema::{Gap, GapKind};
use crate::rules::gaps::{Group, Topic, apply, columns_of, groups, join, quoted, report_together};
use crate::rules::{Context, Reporter};

/// Why a unique key matters.
const UNIQUE: &str = "The code counts on the database to refuse a second row with the same value, and a database that is set up from the \
                      migrations takes it.";

/// Why an index matters.
const INDEX: &str =
    "A database that is set up from the migrations reads the whole table wherever rows are looked up by the column.";

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    let kinds = |kinds: &[GapKind]| kinds.iter().flat_map(|kind| groups(cx, Topic::Of(*kind))).collect::<Vec<_>>();
    for (kinds, what) in [
        (kinds(&[GapKind::UnmigratedTable, GapKind::UnmigratedColumns]), What::Parts),
        (kinds(&[GapKind::UnmigratedUnique]), What::Unique),
        (kinds(&[GapKind::UnmigratedIndex]), What::Index),
    ] {
        // What became of each differs.
        let (ended, never): (Vec<_>, Vec<_>) = kinds.into_iter().flat_map(|group| group.each()).partition(has_ended);
        report_together(cx, out, never, |server, gaps, report| tell(what, server, gaps, report));
        for one in ended {
            report_together(cx, out, vec![one], |server, gaps, report| tell(what, server, gaps, report));
        }
    }
}

/// What is not migrated.
#[derive(Clone, Copy, PartialEq)]
enum What {
    /// Tables and columns.
    Parts,
    /// Unique keys.
    Unique,
    /// Indexes.
    Index,
}

fn has_ended(group: &Group<'_>) -> bool {
    group.gaps.iter().any(|gap| gap.fate().is_some())
}

fn tell(what: What, server: &Server, gaps: &[&Gap], report: &mut Report) -> (String, String) {
    let folders: BTreeSet<&str> = server.declared.migrated.iter().map(|one| &*one.folder).collect();
    let folders = folders.into_iter().collect::<Vec<_>>().join("` or `");
    let tables: Vec<&str> =
        gaps.iter().filter(|gap| gap.kind == GapKind::UnmigratedTable).map(|gap| gap.table.as_str()).collect();
    let noun = if tables.len() == 1 { "table" } else { "tables" };
    let whole = (!tables.is_empty()).then(|| format!("{noun} {}", quoted(tables)));
    let columns = gaps.iter().filter(|gap| gap.kind != GapKind::UnmigratedTable).map(|gap| columns_of(gap));
    let named = join(whole.into_iter().chain(columns).collect());
    let named = match what {
        What::Parts => named,
        What::Unique => format!("the unique key over {named}"),
        What::Index => format!("an index of {named}"),
    };
    report.identity = vec![folders.clone()];
    match what {
        What::Parts => {}
        What::Unique => {
            report.why = UNIQUE.into();
            report.identity.push("unique".into());
        }
        What::Index => {
            report.severity = report.severity.min(Severity::Medium);
            report.why = INDEX.into();
            report.identity.push("index".into());
        }
    }
    report.help.migration = Some(apply(server));
    let told = match gaps.iter().find_map(|gap| gap.fate()) {
        Some(fate) => format!("the schema declares {named}, which {fate}"),
        None => format!("no migration creates {named}, which the schema declares"),
    };
    (format!("{told}, in `{folders}`"), "declared here".into())
}
