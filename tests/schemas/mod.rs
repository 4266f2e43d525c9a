//! Required schemas as the crate writes them, in files that a project may have.

use std::collections::BTreeMap;

use git_auth_review::project::schema::render::{Missing, Plan, drizzle, prisma, sql};
use git_auth_review::project::{Dialect, Server};

/// The whole schema of a server in its own language: the file and its text.
pub(crate) fn written(server: &Server) -> (&'static str, String) {
    let plan = Plan::of(server, BTreeMap::new());
    let missing: Vec<Missing<'_>> = plan.keys().map(Missing::table).collect();
    text(server, &plan, &missing)
}

/// Parts of the schema of a server: the file and its text.
pub(crate) fn text(server: &Server, plan: &Plan<'_>, missing: &[Missing<'_>]) -> (&'static str, String) {
    use git_auth_review::project::AdapterKind::{Drizzle, Prisma};
    match server.adapter.kind {
        Prisma => {
            let provider = prisma::Provider::named(server.adapter.provider.as_deref().unwrap_or_default());
            ("prisma/schema.prisma", prisma::declaration(plan, &prisma::Style::usual(provider), missing))
        }
        Drizzle => {
            let dialect = server.adapter.dialect.expect("a provider");
            let module = match dialect {
                Dialect::Mysql => "mysql",
                Dialect::Sqlite => "sqlite",
                _ => "pg",
            };
            let written = drizzle::declaration(plan, &drizzle::Style::usual(dialect), missing);
            let builders: Vec<String> = written.builders.into_iter().collect();
            let sql = if written.sql { "import { sql } from \"drizzle-orm\";\n" } else { "" };
            let import = format!("{sql}import {{ {} }} from \"drizzle-orm/{module}-core\";\n\n", builders.join(", "));
            ("src/schema.ts", import + &written.text)
        }
        _ => ("migrations/0001.sql", sql::declaration(plan, &sql::Names::default(), missing)),
    }
}
