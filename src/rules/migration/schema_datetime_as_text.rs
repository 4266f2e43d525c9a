//! Dates that are declared as text.

use crate::project::schema::GapKind;
use crate::rules::gaps::{Topic, change_of_type, columns_of, report_each};
use crate::rules::{Context, Reporter};

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    report_each(cx, out, Topic::Of(GapKind::DateText), |group, gap, report| {
        report.help.migration = Some(change_of_type(group.server));
        let verb = if gap.columns.len() == 1 { "holds dates and is" } else { "hold dates and are" };
        (format!("{} {verb} declared as text", columns_of(gap)), "text".into())
    });
}
