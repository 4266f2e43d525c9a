//! Keys and indexes of the tables.

use super::gaps::{Topic, columns_of, report_each};
use super::{Check, Context, Reporter};
use crate::project::schema::GapKind;

pub(super) const CHECKS: &[(&str, Check)] =
    &[("db-cascade-missing", cascade), ("db-index-missing", index), ("db-unique-missing", unique)];

fn unique(cx: &Context<'_>, out: &mut Reporter<'_>) {
    report_each(cx, out, Topic::Of(GapKind::Unique), |_, gap, _| {
        let together = if gap.columns.len() > 1 { "each of the " } else { "" };
        (format!("nothing keeps the values of {together}{} unique", columns_of(gap)), "may repeat".into())
    });
}

fn index(cx: &Context<'_>, out: &mut Reporter<'_>) {
    report_each(cx, out, Topic::Of(GapKind::Index), |_, gap, _| {
        let verb = if gap.columns.len() == 1 { "has" } else { "have" };
        (format!("{} {verb} no index, and rows are looked up by it", columns_of(gap)), "not indexed".into())
    });
}

fn cascade(cx: &Context<'_>, out: &mut Reporter<'_>) {
    report_each(cx, out, Topic::Of(GapKind::Cascade), |_, gap, _| {
        let message = format!("rows of table `{}` stay when what {} points to is deleted", gap.table, columns_of(gap));
        (message, "without `on delete cascade`".into())
    });
}
