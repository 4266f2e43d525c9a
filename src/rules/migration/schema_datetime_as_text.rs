//! Dates that are declared as text, or that code is given text of.

use crate::finding::{Confidence, Severity};
use crate::project::schema::{Gap, GapKind, RequiredColumn};
use crate::project::{AdapterKind, TextDates};
use crate::rules::gaps::{Group, Topic, by_server, change_of_type, columns_of, groups, join, parts, repair};
use crate::rules::{Context, Reporter};
use crate::source::Site;

/// What happens where text comes back.
const TEXT: &str = "What comes back from the database is taken as it is, and text compared with the present time is never before \
                    it: sessions do not end and are not extended, and codes and links that have expired are taken.";

/// What happens where the driver refuses dates.
const REFUSED: &str = "better-auth hands over a date, which is refused where text is expected: no row can be written, so that \
                       sign-up and sign-in fail.";

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    for kind in [GapKind::DateText, GapKind::DateAsText] {
        for groups in by_server(groups(cx, Topic::Of(kind))) {
            tell(kind, &groups, cx, out);
        }
    }
}

/// All columns of a server that are alike make one finding, which names those that are compared with the present time.
fn tell(kind: GapKind, groups: &[Group<'_>], cx: &Context<'_>, out: &mut Reporter<'_>) {
    let server = groups[0].server;
    let gaps: Vec<&Gap> = groups.iter().flat_map(|group| &group.gaps).collect();
    let mut compared: Vec<Gap> = gaps.iter().filter_map(|gap| only(gap, is_compared)).collect();
    compared.sort_by_key(|gap| !matches!(gap.key.as_str(), "session" | "verification"));
    let is_harmless = compared.is_empty() && server.adapter.text_dates == TextDates::Text;
    let told = if compared.is_empty() { gaps.iter().map(|gap| (*gap).clone()).collect() } else { compared };
    let places: Vec<&Site> = told.iter().flat_map(|gap| &gap.declared).map(|(_, place)| place).collect();
    let Some((primary, others)) = places.split_first() else { return };
    let all = gaps.iter().map(|gap| gap.columns.len()).sum::<usize>();
    let columns = match all - told.iter().map(|gap| gap.columns.len()).sum::<usize>() {
        0 => join(told.iter().map(columns_of).collect()),
        1 => format!("{} and one more", told.iter().map(columns_of).collect::<Vec<_>>().join(", ")),
        more => format!("{} and {more} more", told.iter().map(columns_of).collect::<Vec<_>>().join(", ")),
    };
    let (one, many, how, label) = match kind {
        GapKind::DateText => ("holds dates and is", "hold dates and are", "declared as text", "text"),
        _ => ("holds dates, and gives", "hold dates, and give", "text to the code", "gives text"),
    };
    let mut report = out.draft((*primary).clone(), format!("{columns} {} {how}", if all == 1 { one } else { many }));
    report.label = label.into();
    report.related = others.iter().map(|place| ((*place).clone(), report.label.clone())).collect();
    if server.adapter.at != **primary {
        report.related.push((server.adapter.at.clone(), "the database is set here".into()));
    }
    report.why = if server.adapter.text_dates == TextDates::Refused { REFUSED } else { TEXT }.into();
    if is_harmless {
        report.severity = Severity::Low;
        report.why = "What comes back is text where code expects dates.".into();
    }
    if server.adapter.kind == AdapterKind::Other {
        // What it does is not known from its release.
        report.confidence = Confidence::Medium;
    }
    if kind == GapKind::DateAsText {
        report.help.server = Some("Leave out the option `mode: \"string\"`, so that the columns give dates.".into());
        report.help.migration = Some("None: the database keeps dates already.".into());
    } else {
        report.help.migration = Some(change_of_type(server));
    }
    report.identity = vec![primary.file.to_string(), label.to_owned()];
    report.parts = gaps.iter().flat_map(|gap| parts(gap)).collect();
    repair(cx, server, &gaps, &mut report);
    groups.iter().for_each(|group| group.name_others(&group.gaps, &mut report));
    groups[0].hit(cx, out, report);
}

/// A gap with some of its columns alone; `None` where there are none of them.
fn only(gap: &Gap, is_meant: fn(&RequiredColumn) -> bool) -> Option<Gap> {
    let meant = gap.columns.iter().cloned().zip(gap.declared.iter().cloned()).filter(|(column, _)| is_meant(column));
    let (columns, declared): (Vec<_>, Vec<_>) = meant.unzip();
    (!columns.is_empty()).then(|| Gap { columns, declared, ..gap.clone() })
}

/// Whether better-auth compares the values of a column with the present time.
fn is_compared(column: &RequiredColumn) -> bool {
    column.key.ends_with("xpiresAt") || column.key == "banExpires"
}
