//! Keys and indexes of the tables.

use super::gaps::{Group, Topic, by_server, columns_of, declare_keys, groups, join, parts, repair, report_each, why};
use super::{Check, Context, Reporter};
use crate::finding::Report;
use crate::project::schema::{Gap, GapKind};
use crate::source::Site;

pub(super) const CHECKS: &[(&str, Check)] =
    &[("db-cascade-missing", cascade), ("db-index-missing", index), ("db-unique-missing", unique)];

fn unique(cx: &Context<'_>, out: &mut Reporter<'_>) {
    let tell = |group: &Group<'_>, gap: &Gap, report: &mut Report| {
        let (why, severity) = why::repeated(group.server, gap);
        report.why = why;
        report.severity = severity.unwrap_or(report.severity);
    };
    report_each(cx, out, Topic::Of(GapKind::Unique), |group, gap, report| {
        tell(group, gap, report);
        let each = if gap.columns.len() > 1 { "each of the " } else { "" };
        (format!("nothing keeps the values of {each}{} unique", columns_of(gap)), "may repeat".into())
    });
    report_each(cx, out, Topic::Of(GapKind::UniqueTogether), |group, gap, report| {
        tell(group, gap, report);
        (format!("nothing keeps the values of {} unique, taken together", columns_of(gap)), "may repeat".into())
    });
}

/// All columns of a server without an index make one finding: they are created by one migration.
fn index(cx: &Context<'_>, out: &mut Reporter<'_>) {
    for groups in by_server(groups(cx, Topic::Of(GapKind::Index))) {
        let gaps = || groups.iter().flat_map(|group| &group.gaps);
        let mut places: Vec<&Site> = gaps().flat_map(|gap| &gap.declared).map(|(_, place)| place).collect();
        if places.is_empty() {
            continue;
        }
        let primary = places.remove(0);
        let have = if places.is_empty() { "has" } else { "have" };
        let columns = join(gaps().map(columns_of).collect());
        let mut report = out.draft(primary.clone(), format!("{columns} {have} no index, which better-auth asks for"));
        report.label = "not indexed".into();
        report.related = places.iter().map(|place| ((*place).clone(), report.label.clone())).collect();
        report.identity = vec![primary.file.to_string()];
        report.parts = gaps().flat_map(parts).collect();
        let shown = repair(cx, groups[0].server, &gaps().collect::<Vec<_>>(), &mut report);
        report.help.migration = Some(declare_keys(groups[0].server, shown.as_deref()));
        groups.iter().for_each(|group| group.name_others(&group.gaps, &mut report));
        groups[0].hit(cx, out, report);
    }
}

fn cascade(cx: &Context<'_>, out: &mut Reporter<'_>) {
    report_each(cx, out, Topic::Of(GapKind::Cascade), |_, gap, _| {
        let message =
            format!("the database does not delete rows of table `{}` along with what {} points to", gap.table, columns_of(gap));
        (message, "without `on delete cascade`".into())
    });
}
