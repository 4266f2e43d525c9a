//! How to bring the schema up to date, by adapter and by what the repository runs.

use std::sync::Arc;

use super::{join, quoted};
use crate::facts::script::Runner;
use crate::project::adapter::{D1, Mapper};
use crate::project::schema::commands::{Command, End, GENERATED, Route};
use crate::project::schema::{Gap, GapKind, Migrated};
use crate::project::{AdapterKind, Server};

/// Says why the step cannot be left out.
const REMINDER: &str = "This step is required: until it is taken, the database stays as it is.";

/// What is done where the sources do not tell how the schema gets into the database.
const AS_USUAL: &str = "bring it into the database the way this project does";

/// What has to be declared as a finding shows it: the files the lines go into; none where nothing is shown.
pub(in crate::rules) type Shown<'s> = Option<&'s [Arc<str>]>;

/// How to declare and migrate what is missing, in order, and the reminder that it is needed.
///
/// Source: documentation, concepts/cli, "Generate" and "Migrate" (`migrate` serves the built-in Kysely adapter alone).
pub(in crate::rules) fn advice(server: &Server, shown: Shown<'_>) -> String {
    format!("{} {REMINDER}", way(server, shown))
}

/// The same, where nothing need be missing.
pub(in crate::rules) fn way(server: &Server, shown: Shown<'_>) -> String {
    let generate = server.commands.generate.as_ref().map(|command| said(std::slice::from_ref(command)));
    let steps = match server.adapter.kind {
        AdapterKind::Kysely => {
            let generate = generate.filter(|_| commits_generated_scripts(server));
            let by_script = generate.map(|generate| {
                format!("Run {generate}, commit the script it writes, and apply it to every database this server uses.")
            });
            by_script.or_else(|| own_migrations(server)).unwrap_or_else(|| {
                let is_typed = server.declared.types().is_some();
                match is_typed && server.declared.migrated.iter().any(|one| one.ordered) {
                    true => "Write a migration that creates it, and apply it to every database this server uses.".to_owned(),
                    false => format!("Run {}, against every database this server uses.", migrate_itself(server)),
                }
            })
        }
        AdapterKind::Prisma | AdapterKind::Drizzle => in_schema(server, shown, generate.as_deref()),
        AdapterKind::Other if server.adapter.mapper() == Some(Mapper::Convex) => in_schema(server, shown, generate.as_deref()),
        // The command line knows the adapters of better-auth only.
        AdapterKind::Other if server.adapter.mapper().is_some() => match &server.commands.route {
            Some(route) => format!("Declare it in the entity classes, {}", carried_out(route, Some("classes"))),
            None => format!("Declare it in the entity classes, and {AS_USUAL}."),
        },
        _ => match generate {
            Some(generate) => {
                format!("Run {generate} and bring the result into the database with the tool that owns its schema.")
            }
            None => "Bring it into the database with the tool that owns its schema.".to_owned(),
        },
    };
    let types = server.declared.types().map(|types| {
        format!(" Then generate `{types}` anew with the tool that wrote it; where the database has it already, that is all.")
    });
    steps + &types.unwrap_or_default()
}

/// The official `migrate` of a server.
fn migrate_itself(server: &Server) -> String {
    said(server.commands.migrate.as_slice())
}

/// Commands with the folders they are run in: `` `a` and `b` in `apps/api` ``.
fn said(commands: &[Command]) -> String {
    let quoted = |command: &Command| command.lines.iter().map(|line| format!("`{line}`")).collect::<Vec<_>>().join(" or ");
    let groups: Vec<&[Command]> = commands.chunk_by(|one, next| one.folder == next.folder).collect();
    let group = |group: &&[Command]| {
        let place = match &*group[0].folder {
            "" if groups.len() == 1 => String::new(),
            "" => " at the root".to_owned(),
            folder => format!(" in `{folder}`"),
        };
        join(group.iter().map(quoted).collect()) + &place
    };
    groups.iter().map(group).collect::<Vec<_>>().join(", then ")
}

/// What a route comes to, and what has to be committed then: `what` declares the schema, where that is changed as well.
fn carried_out(route: &Route, what: Option<&str>) -> String {
    let steps = said(&route.steps);
    let what = what.map(|what| format!("the {what}"));
    match (&route.end, what) {
        (End::Pushed, None) => format!("run {steps}."),
        (End::Pushed, Some(what)) => format!("run {steps}, and commit {what}."),
        (End::Migrated, None) => format!("run {steps}, and commit the migration."),
        (End::Migrated, Some(what)) => format!("run {steps}, and commit {what} and the migration."),
        (End::Made, None) => format!("run {steps}, commit the migration, and apply it as the others are applied."),
        (End::Made, Some(what)) => {
            format!("run {steps}, commit {what} and the migration, and apply it as the others are applied.")
        }
        (End::Coded { file }, what) => {
            let commit = what.map_or_else(String::new, |what| format!(", and commit {what} with them"));
            format!(
                "add it to the statements of `{file}`, which make the tables, with one that alters those that are there{commit}: what \
                 makes a table only where there is none changes nothing in a database that has it."
            )
        }
        (End::Written { folder, start }, what) => {
            let start = start.as_ref().map(|start| format!(" ({} starts one)", said(std::slice::from_ref(start))));
            let write = format!("write a migration in `{folder}`{} that brings it into the database", start.unwrap_or_default());
            let commit = what.map_or_else(|| "it".to_owned(), |what| format!("{what} and the migration"));
            match route.steps.is_empty() {
                true => format!("{write}, commit {commit}, and apply it as the others are applied."),
                false => format!("{write}, run {steps}, and commit {commit}."),
            }
        }
    }
}

/// How a schema that an ORM reads is changed, and brought into the database. `generate` writes what is new of itself.
fn in_schema(server: &Server, shown: Shown<'_>, generate: Option<&str>) -> String {
    let copies = &server.commands.copies;
    let also = match copies.is_empty() {
        true => String::new(),
        false => format!(", and in {}, which Drizzle Kit reads in its place", quoted(copies.iter().map(|file| &**file))),
    };
    let place = shown.map(|files| match files {
        [] => format!("the schema{also}"),
        files => quoted(files.iter().map(|file| &**file)) + &also,
    });
    let declared = match (place, generate) {
        (Some(place), None) => format!("Declare it in {place}"),
        (Some(place), Some(generate)) => format!("Declare it in {place}, or have {generate} do so"),
        (None, Some(generate)) => format!("Run {generate}"),
        (None, None) => "Declare what is needed in the schema".to_owned(),
    };
    match &server.commands.route {
        Some(route) => format!("{declared}, then {}", carried_out(route, Some("schema"))),
        None => format!("{declared}, and {AS_USUAL}.{}", unread(server)),
    }
}

/// Whether the repository keeps the scripts that `generate` writes for the built-in adapter, in the folder it writes them into.
fn commits_generated_scripts(server: &Server) -> bool {
    server.declared.migrated.iter().any(|one| one.folder.rsplit('/').next() == Some(GENERATED))
}

/// How to bring statements into the migrations of the project, where another tool than the official command line keeps a
/// history of them (documentation of Supabase, "Database Migrations"; of Cloudflare D1, "Migrations"; of each [`Runner`]).
fn own_migrations(server: &Server) -> Option<String> {
    let npx = server.commands.manager.npx();
    let folders = || server.declared.migrated.iter().filter(|one| one.ordered);
    if let Some(one) = folders().find(|one| one.folder.ends_with("supabase/migrations")) {
        let folder = &one.folder;
        let run = |what: &str| {
            let line = format!("{npx} supabase {what}");
            let root = folder.trim_end_matches("supabase/migrations").trim_end_matches('/');
            said(&[Command { lines: vec![line], folder: root.into() }])
        };
        let (make, apply) = (run("migration new auth"), run("db push"));
        return Some(format!("Put the statements into a new file of `{folder}` ({make}), and apply it with {apply}."));
    }
    if server.adapter.provider.as_deref() == Some(D1) {
        let (make, apply) = match server.commands.route.as_ref().and_then(|route| route.steps.split_first()) {
            Some((make, apply)) => (said(std::slice::from_ref(make)), said(apply)),
            None => (
                format!("`{npx} wrangler d1 migrations create`"),
                format!("`{npx} wrangler d1 migrations apply`, with `--local` and with `--remote`"),
            ),
        };
        return Some(format!("Put the statements into a new migration ({make}), and apply it with {apply}."));
    }
    if let (Some(desired), Some(route)) = (&server.commands.desired, &server.commands.route) {
        return Some(format!("Put what the statements make into `{desired}`, then {}", carried_out(route, Some("script"))));
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

/// Whether code declares the schema, and commands bring it into the database from there.
fn is_declared(server: &Server) -> bool {
    matches!(server.adapter.kind, AdapterKind::Prisma | AdapterKind::Drizzle) || server.adapter.mapper().is_some()
}

/// The commands that bring what is declared into the database, and the reminder that they are needed.
pub(in crate::rules) fn apply(server: &Server) -> String {
    if is_declared(server) { format!("{} {REMINDER}", migrate(server)) } else { advice(server, None) }
}

/// The commands that bring a schema that is declared in code into the database; elsewhere, how keys get there.
pub(super) fn migrate(server: &Server) -> String {
    if !is_declared(server) {
        return declare_keys(server, None);
    }
    match &server.commands.route {
        Some(route) => capitalised(&carried_out(route, None)),
        None => capitalised(&format!("{AS_USUAL}.{}", unread(server))),
    }
}

/// Tells of a tool that is there and does not read what the server does.
fn unread(server: &Server) -> String {
    let configurations: Vec<&str> = server.commands.of_others.iter().map(|config| &**config).collect();
    match configurations.len() {
        0 => String::new(),
        1 => format!(" {} does not read these tables.", quoted(configurations)),
        _ => format!(" {} do not read these tables.", quoted(configurations)),
    }
}

/// A sentence of its own.
pub(in crate::rules) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The steps that give columns that are there a key, an index or a rule for deleted rows. They are a migration of their own:
/// the official command line makes keys along with the tables and columns it adds, and leaves the others as they are
/// (documentation: concepts/cli, "Generate" and "Migrate").
pub(in crate::rules) fn declare_keys(server: &Server, shown: Shown<'_>) -> String {
    match server.adapter.kind {
        AdapterKind::Prisma | AdapterKind::Drizzle => in_schema(server, Some(shown.unwrap_or_default()), None),
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
pub(in crate::rules) fn relax(server: &Server, gap: &Gap) -> String {
    match server.adapter.kind {
        _ if gap.kind == GapKind::StillRequired => {
            format!("Make a migration that drops the column or lets it be empty, as the schema has it. {}", apply(server))
        }
        AdapterKind::Prisma | AdapterKind::Drizzle => format!("Let it be empty in the schema. {}", apply(server)),
        _ if server.adapter.mapper() == Some(Mapper::Convex) => {
            format!("Let it be left out in the schema (`v.optional`). {}", apply(server))
        }
        _ => "Let it be empty with a migration of your own: the official command line only adds tables and columns.".to_owned(),
    }
}

/// The steps that give columns another type. Source: documentation of Prisma, "Customizing migrations".
pub(in crate::rules) fn change_of_type(server: &Server) -> String {
    let step = server.commands.route.as_ref().and_then(|route| Some((route.steps.first()?, &route.end)));
    match (server.adapter.kind, step) {
        (AdapterKind::Prisma, Some((step, End::Pushed))) => format!(
            "Change the type in the schema, and convert the values in the database before {}, which may drop the column with \
             what it holds.",
            said(std::slice::from_ref(step))
        ),
        (AdapterKind::Prisma, Some((step, _))) => {
            let line = format!("{} prisma migrate dev --create-only", server.commands.manager.npx());
            let making = Command { lines: vec![line], folder: Arc::clone(&step.folder) };
            format!(
                "Change the type in the schema, and make the migration with {}: as written it may drop the column with what it \
                 holds, so convert the values in it before it runs.",
                said(&[making])
            )
        }
        (AdapterKind::Prisma | AdapterKind::Drizzle, _) => format!(
            "Change the type in the schema, and see that the migration converts the values that are there. {}",
            migrate(server)
        ),
        _ => advice(server, None),
    }
}
