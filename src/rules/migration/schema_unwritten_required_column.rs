//! A column that must be given a value and that better-auth never writes.

use crate::knowledge::pack;
use crate::project::AdapterKind;
use crate::project::adapter::Mapper;
use crate::project::schema::GapKind;
use crate::rules::context::release;
use crate::rules::gaps::{Topic, apply, quoted, relax, report_each};
use crate::rules::{Context, Reporter};

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    report_each(cx, out, Topic::Of(GapKind::Unwritten), |group, gap, report| {
        let columns = quoted(gap.declared.iter().map(|(name, _)| name.as_str()));
        let (a_value, never) = match gap.declared.len() {
            1 => ("a value", "never writes it"),
            _ => ("values", "never writes them"),
        };
        let version = release(&group.server.version);
        let of_package = group.plugin().is_some_and(|plugin| plugin.known.is_some());
        if of_package && !pack().takes_additional_fields(&gap.key) {
            report.help.server = Some(format!("Nothing to change: table `{}` takes no `additionalFields`.", gap.table));
        }
        report.help.migration = Some(match group.server.adapter.kind {
            AdapterKind::Prisma | AdapterKind::Drizzle => {
                format!("Make the column nullable or give it a default, in the schema. {}", apply(group.server))
            }
            _ if group.server.adapter.mapper() == Some(Mapper::Convex) => relax(group.server),
            _ => "Make the column nullable or give it a default, with a migration.".to_owned(),
        });
        let message =
            format!("table `{}` cannot do without {a_value} for {columns}, and better-auth {version} {never}", gap.table);
        (message, "not null, without a default".into())
    });
}
