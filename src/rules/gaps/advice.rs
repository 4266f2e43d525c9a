//! How to bring the schema up to date, by adapter and version.

use std::sync::Arc;

use crate::facts::script::Runner;
use crate::knowledge::pack;
use crate::project::adapter::{D1, Mapper};
use crate::project::schema::Migrated;
use crate::project::{AdapterKind, Server};
use crate::rules::context::release;

/// Says why the step cannot be left out.
const REMINDER: &str = "This step is required: the plugin or option works only once the database has the schema.";

/// The commands that declare and migrate what is missing, in order, and the reminder that they are needed.
///
/// Source: documentation, concepts/cli, "Generate" and "Migrate" (`migrate` serves the built-in Kysely adapter alone);
/// `@better-auth/cli` ends with 1.4 and is followed by `auth` from 1.5 on. The command line writes the schema of its own
/// release.
pub(in crate::rules) fn advice(server: &Server) -> String {
    let generate = cli(server, "generate");
    let steps = match server.adapter.kind {
        AdapterKind::Kysely if commits_generated_scripts(server) => {
            format!("Run {generate}, commit the script it writes, and apply it to every database this server uses.")
        }
        AdapterKind::Kysely => own_migrations(server).unwrap_or_else(|| {
            let is_typed = server.declared.types().is_some();
            match is_typed && server.declared.migrated.iter().any(|one| one.ordered) {
                true => "Write a migration that creates it, and apply it to every database this server uses.".to_owned(),
                false => format!("Run {}, against every database this server uses.", cli(server, "migrate")),
            }
        }),
        AdapterKind::Prisma | AdapterKind::Drizzle => {
            let migration = if is_pushed(server) { "" } else { " and the migration" };
            format!("Run {generate}, then {}, and commit the schema{migration}.", commands(server))
        }
        // The command line knows the adapters of better-auth only.
        AdapterKind::Other if server.adapter.mapper().is_some() => {
            let migration = if is_pushed(server) { "" } else { " and the migration" };
            format!("Declare it in the entity classes, run {}, and commit the classes{migration}.", commands(server))
        }
        _ => format!("Run {generate} and bring the result into the database with the tool that owns its schema."),
    };
    let types = server.declared.types().map(|types| {
        format!(" Then generate `{types}` anew with the tool that wrote it; where the database has it already, that is all.")
    });
    format!("{steps}{} {REMINDER}", types.unwrap_or_default())
}

/// Whether the repository keeps the scripts that `generate` writes for the built-in adapter, in the folder it writes them into.
fn commits_generated_scripts(server: &Server) -> bool {
    server.declared.migrated.iter().any(|one| one.folder.rsplit('/').next() == Some("better-auth_migrations"))
}

/// How to bring statements into the migrations of the project, where another tool than the official command line keeps a
/// history of them (documentation of Supabase, "Database Migrations"; of Cloudflare D1, "Migrations"; of each [`Runner`]).
fn own_migrations(server: &Server) -> Option<String> {
    let folders = || server.declared.migrated.iter().filter(|one| one.ordered);
    if let Some(one) = folders().find(|one| one.folder.ends_with("supabase/migrations")) {
        let folder = &one.folder;
        let make = "`npx supabase migration new`";
        return Some(format!(
            "Put the statements into a new file of `{folder}` ({make}), and apply it with `npx supabase db push`."
        ));
    }
    if server.adapter.provider.as_deref() == Some(D1) {
        let make = "`npx wrangler d1 migrations create`";
        let apply = "`npx wrangler d1 migrations apply`, with `--local` and with `--remote`";
        return Some(format!("Put the statements into a new migration ({make}), and apply it with {apply}."));
    }
    if let Some(runner) = server.declared.runner {
        let (make, apply) = steps_of(runner);
        return Some(format!("Put the statements into {make}, and apply it with {apply}."));
    }
    // What brings the statements past the tool that runs these is not known to it, and collides with what it does next.
    let is_found = |file: &Arc<str>| {
        let mut wanted = server.required.tables.iter().map(|(key, table)| server.adapter.lookup_name(key, &table.model));
        wanted.any(|name| server.declared.lookup.find(&name).any(|table| table.file == *file))
    };
    let makes_them = |one: &&Arc<Migrated>| one.tables.iter().any(|table| is_found(&table.file));
    let folder = &folders().find(makes_them)?.folder;
    Some(format!("Write a new migration in `{folder}` that does what the statements do, and run it as the others are run."))
}

/// How a program that runs migrations is given a new one, and made to run it.
fn steps_of(runner: Runner) -> (&'static str, &'static str) {
    match runner {
        Runner::Atlas => {
            ("a new migration (`atlas migrate new`, and `atlas migrate hash` once it is written)", "`atlas migrate apply`")
        }
        Runner::Dbmate => ("a new migration (`dbmate new`)", "`dbmate up`"),
        Runner::Flyway => ("a new versioned script in the folder of Flyway", "`flyway migrate`"),
        Runner::Goose => ("a new migration (`goose create`)", "`goose up`"),
        Runner::Liquibase => ("a new changeset", "`liquibase update`"),
        Runner::Sqitch => ("a new change (`sqitch add`)", "`sqitch deploy`"),
    }
}

/// Whether the schema of an ORM reaches the database without migrations. A first one that is generated later would make
/// every table again; for MongoDB Prisma has none (its documentation: "MongoDB", "Commonalities and differences").
fn is_pushed(server: &Server) -> bool {
    let is_mongo = server.adapter.kind == AdapterKind::Prisma && server.adapter.provider.as_deref() == Some("mongodb");
    is_mongo || server.declared.pushed && server.declared.migrated.is_empty()
}

/// The commands that bring the schema of an ORM into the database (documentation of TypeORM, "Migrations" and "CLI"; of
/// MikroORM, "Migrations" and "Schema Generator").
fn commands(server: &Server) -> &'static str {
    let pushed = is_pushed(server);
    match (server.adapter.kind, server.adapter.mapper()) {
        (AdapterKind::Prisma, _) if pushed => "`npx prisma db push`",
        (AdapterKind::Prisma, _) => "`npx prisma migrate dev`",
        (_, Some(Mapper::TypeOrm)) if pushed => "`npx typeorm schema:sync`",
        (_, Some(Mapper::TypeOrm)) => "`npx typeorm migration:generate` and `npx typeorm migration:run`",
        (_, Some(Mapper::MikroOrm)) if pushed => "`npx mikro-orm schema:update --run`",
        (_, Some(Mapper::MikroOrm)) => "`npx mikro-orm migration:create` and `npx mikro-orm migration:up`",
        _ if pushed => "`npx drizzle-kit push`",
        _ => "`npx drizzle-kit generate` and `npx drizzle-kit migrate`",
    }
}

/// Whether code declares the schema, and commands bring it into the database from there.
fn is_declared(server: &Server) -> bool {
    matches!(server.adapter.kind, AdapterKind::Prisma | AdapterKind::Drizzle) || server.adapter.mapper().is_some()
}

/// The commands that bring what is declared into the database, and the reminder that they are needed.
pub(in crate::rules) fn apply(server: &Server) -> String {
    if is_declared(server) { format!("{} {REMINDER}", migrate(server)) } else { advice(server) }
}

/// The commands that bring a schema that is declared in code into the database; elsewhere, how keys get there.
pub(super) fn migrate(server: &Server) -> String {
    if !is_declared(server) {
        return declare_keys(server);
    }
    let commit = if is_pushed(server) { "" } else { ", and commit the migration" };
    format!("Run {}{commit}.", commands(server))
}

/// The steps that give columns that are there a key, an index or a rule for deleted rows. They are a migration of their own:
/// the official command line makes keys along with the tables and columns it adds, and leaves the others as they are
/// (documentation: concepts/cli, "Generate" and "Migrate").
pub(in crate::rules) fn declare_keys(server: &Server) -> String {
    match server.adapter.kind {
        AdapterKind::Prisma | AdapterKind::Drizzle => format!("Declare it in the schema. {}", migrate(server)),
        AdapterKind::Kysely if commits_generated_scripts(server) => {
            "Put the statements into a new script beside the generated ones, and apply it to every database this server uses."
                .to_owned()
        }
        AdapterKind::Kysely => own_migrations(server).unwrap_or_else(|| {
            "Run the statements, in a migration of their own, against every database this server uses.".to_owned()
        }),
        _ if is_declared(server) => format!("Declare it in the entity classes. {}", migrate(server)),
        _ => "Bring it into the database with the tool that owns its schema.".to_owned(),
    }
}

/// The steps that let columns be empty that earlier releases wrote, which the official command line leaves as they are.
pub(in crate::rules) fn relax(server: &Server) -> String {
    match server.adapter.kind {
        AdapterKind::Prisma | AdapterKind::Drizzle => format!("Let it be empty in the schema. {}", apply(server)),
        _ => "Let it be empty with a migration of your own: the official command line only adds tables and columns.".to_owned(),
    }
}

/// The steps that give columns another type. Source: documentation, concepts/cli, "Generate": the command adds to a
/// Prisma schema and leaves the fields that are there as they are; documentation of Prisma, "Customizing migrations".
pub(in crate::rules) fn change_of_type(server: &Server) -> String {
    match server.adapter.kind {
        AdapterKind::Prisma if is_pushed(server) => {
            "Change the type in the schema, and convert the values in the database before \
            `npx prisma db push`, which may drop the column with what it holds."
                .to_owned()
        }
        AdapterKind::Prisma => "Change the type in the schema, and make the migration with `npx prisma migrate dev \
            --create-only`: as written it may drop the column with what it holds, so convert the values in it before it runs."
            .to_owned(),
        _ => advice(server),
    }
}

fn cli(server: &Server, command: &str) -> String {
    let version = release(&server.version);
    let (major, minor) = (version.major(), version.minor());
    let newest = &pack().core.newest;
    if (major, minor) < (1, 5) {
        format!("`npx @better-auth/cli@{major}.{minor} {command}`")
    } else if (major, minor) < (newest.major(), newest.minor()) {
        format!("`npx auth@{major}.{minor} {command}`")
    } else {
        format!("`npx auth@latest {command}`")
    }
}
