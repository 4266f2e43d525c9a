//! The commands that findings print run as they are printed: in the folder, with the configuration and by the script that the
//! project has for them.

use git_auth_review::cache::memory::MemoryStore;
use git_auth_review::engine::{Options, Surroundings, review};
use git_auth_review::finding::Finding;
use git_auth_review::source::MemorySnapshot;

/// A file: its path and its text.
type File<'f> = (&'f str, &'f str);

const MANIFEST: File<'_> = ("package.json", "{ \"name\": \"app\", \"dependencies\": { \"better-auth\": \"1.7.25\" } }");
const DRIZZLE: &str = "import { pgTable, text } from \"drizzle-orm/pg-core\";\n\
                       export const verification = pgTable(\"verification\", { id: text(\"id\").primaryKey(), \
                       identifier: text(\"identifier\"), value: text(\"value\"), expiresAt: text(\"expires_at\") });\n";
const PRISMA: &str = "model Verification {\n  id String @id\n  identifier String\n  value String\n  expiresAt DateTime\n}\n";

/// The code of a server with the `twoFactor` plugin on a database.
fn server(database: &str, imports: &str) -> String {
    format!(
        "import {{ betterAuth }} from \"better-auth\";\nimport {{ twoFactor }} from \"better-auth/plugins\";\n{imports}\n\
         export const auth = betterAuth({{ database: {database}, plugins: [twoFactor()] }});\n"
    )
}

fn on_drizzle(schema: &str) -> String {
    let imports = format!(
        "import {{ drizzleAdapter }} from \"better-auth/adapters/drizzle\";\nimport {{ db }} from \"db\";\nimport * as schema from \"{schema}\";"
    );
    server("drizzleAdapter(db, { provider: \"pg\", schema })", &imports)
}

fn on_prisma() -> String {
    let imports = "import { prismaAdapter } from \"better-auth/adapters/prisma\";\nimport { db } from \"db\";";
    server("prismaAdapter(db, { provider: \"postgresql\" })", imports)
}

/// A manifest with scripts.
fn scripts(scripts: &[(&str, &str)]) -> String {
    let scripts: Vec<String> = scripts.iter().map(|(name, command)| format!("\"{name}\": \"{command}\"")).collect();
    format!(
        "{{ \"name\": \"app\", \"dependencies\": {{ \"better-auth\": \"1.7.25\" }}, \"scripts\": {{ {} }} }}",
        scripts.join(", ")
    )
}

/// A configuration of Drizzle Kit.
fn kit(schema: &str, more: &str) -> String {
    format!(
        "import {{ defineConfig }} from \"drizzle-kit\";\nexport default defineConfig({{ schema: {schema}, dialect: \"postgresql\", {more} }});\n"
    )
}

const CONNECTED: &str = "dbCredentials: { url: process.env.DATABASE_URL! }";

fn found(files: &[File<'_>]) -> Vec<Finding> {
    let snapshot = MemorySnapshot::new(files.iter().map(|(path, text)| (*path, text.as_bytes().to_vec())));
    review(&snapshot, &[], Surroundings::default(), &Options::default(), &MemoryStore::default()).expect("a review").findings
}

/// The step that is told for the table of the plugin, without the reminder.
fn step(files: &[File<'_>]) -> String {
    let found = found(files);
    let one = found.iter().find(|finding| finding.message.contains("`twoFactor` plugin needs")).expect("the table is missing");
    let step = one.help.migration.as_deref().expect("a step");
    step.split(" This step is required").next().unwrap_or_default().to_owned()
}

#[test]
fn drizzle_kit_is_run_where_its_paths_start() {
    let api = on_drizzle("./schema");
    let declared = [
        ("apps/api/package.json", "{ \"name\": \"api\" }"),
        ("apps/api/src/auth.ts", &*api),
        ("apps/api/src/schema.ts", DRIZZLE),
    ];
    let with =
        |path: &str, config: &str, more: &[File<'_>]| step(&[[MANIFEST].as_slice(), &declared, &[(path, config)], more].concat());
    let connected = |schema: &str| kit(schema, CONNECTED);
    for (path, schema, expected) in [
        (
            "apps/api/drizzle.config.ts",
            "\"./src/schema.ts\"",
            "run `npx drizzle-kit generate` and `npx drizzle-kit migrate` in `apps/api`, and commit the schema and the migration.",
        ),
        (
            "apps/api/src/db/drizzle.config.ts",
            "\"./src/schema.ts\"",
            "run `npx drizzle-kit generate --config src/db/drizzle.config.ts` and `npx drizzle-kit migrate --config \
             src/db/drizzle.config.ts` in `apps/api`, and",
        ),
        (
            "apps/api/drizzle-auth.config.ts",
            "\"apps/api/src/!(*.test).ts\"",
            "run `npx drizzle-kit generate --config apps/api/drizzle-auth.config.ts` and",
        ),
    ] {
        let told = with(path, &connected(schema), &[]);
        assert!(told.starts_with(&format!("Declare it in `apps/api/src/schema.ts`, then {expected}")), "{path}: {told}");
    }
    // One beside it that reads other tables is not meant.
    let others = [("apps/api/drizzle-cms.config.ts", &*connected("\"./src/cms.ts\"")), ("apps/api/src/cms.ts", "export {};")];
    let told = with("apps/api/drizzle-auth.config.ts", &connected("\"./src/schema.ts\""), &others);
    assert!(told.contains("`npx drizzle-kit generate --config drizzle-auth.config.ts`"), "{told}");
    let told = step(&[[MANIFEST].as_slice(), &declared, &others].concat());
    assert!(!told.contains("drizzle-kit"), "{told}");
    assert!(told.ends_with("the way this project does. `apps/api/drizzle-cms.config.ts` does not read these tables."), "{told}");
    // It may have the same tables from another file.
    let copy = ("apps/api/src/cms.ts", DRIZZLE);
    let told = step(&[[MANIFEST].as_slice(), &declared, &[others[0], copy]].concat());
    let both =
        "Declare it in `apps/api/src/schema.ts`, and in `apps/api/src/cms.ts`, which Drizzle Kit reads in its place, then run";
    assert!(told.starts_with(both) && told.contains("--config drizzle-cms.config.ts"), "{told}");
}

#[test]
fn a_script_that_runs_the_very_command_is_named_as_the_package_manager_runs_it() {
    let api = on_drizzle("./schema");
    let config = kit("\"./src/schema.ts\"", CONNECTED);
    let generate = "dotenv -e .env -- drizzle-kit generate";
    let all = [
        ("db:generate", generate),
        ("db:empty", "drizzle-kit generate --custom"),
        ("db:migrate", "bunx --bun drizzle-kit migrate"),
        ("db:migrate:live", "drizzle-kit migrate --config drizzle.live.config.ts"),
        ("db:setup", "drizzle-kit migrate && tsx seed.ts"),
    ];
    for (lockfile, prefix) in
        [("pnpm-lock.yaml", "pnpm run"), ("bun.lockb", "bun run"), ("yarn.lock", "yarn run"), ("package-lock.json", "npm run")]
    {
        let own = scripts(&all);
        let files = [
            (lockfile, ""),
            ("apps/api/package.json", &*own),
            ("apps/api/drizzle.config.ts", &config),
            ("apps/api/src/auth.ts", &api),
            ("apps/api/src/schema.ts", DRIZZLE),
        ];
        let expected = format!("then run `{prefix} db:generate` and `{prefix} db:migrate` in `apps/api`, and commit");
        assert!(step(&files).contains(&expected), "{lockfile}: {}", step(&files));
    }
    let chosen = |own: &[(&str, &str)]| {
        let own = scripts(own);
        step(&[("package.json", &own), ("drizzle.config.ts", &config), ("src/auth.ts", &api), ("src/schema.ts", DRIZZLE)])
    };
    let of_two = chosen(&[("a:migrate", "STAGE=a drizzle-kit migrate"), ("b:migrate", "STAGE=b drizzle-kit migrate")]);
    assert!(of_two.contains("`npm run a:migrate` or `npm run b:migrate`"), "{of_two}");
    // Where migrations are made by a script and applied by none of the tool, something else applies them.
    let named = chosen(&[("db:generate", generate), ("db:migrate", "tsx migrate.ts")]);
    assert!(named.contains("then run `npm run db:generate` and `npm run db:migrate`, and commit"), "{named}");
    let reset = ("db:migrate:reset", "drizzle-kit migrate --breakpoints:reset");
    let named = chosen(&[("db:generate", generate), ("db:migrate", "tsx migrate.ts"), reset]);
    assert!(named.contains("then run `npm run db:generate` and `npm run db:migrate`, and commit"), "{named}");
    let made = chosen(&[("db:generate", generate), ("deploy", "tsx migrate.ts"), reset]);
    let applied = "then run `npm run db:generate`, commit the schema and the migration, and apply it as the others are applied.";
    assert!(made.ends_with(applied), "{made}");
    let pushed = chosen(&[("db:push", "drizzle-kit push")]);
    assert!(pushed.ends_with("then run `npm run db:push`, and commit the schema."), "{pushed}");
}

#[test]
fn packages_that_bun_installs_are_run_by_it() {
    let (config, api) = (kit("\"./src/schema.ts\"", CONNECTED), on_drizzle("./schema"));
    let files = [MANIFEST, ("drizzle.config.ts", &config), ("src/auth.ts", &api), ("src/schema.ts", DRIZZLE), ("bun.lockb", "")];
    assert!(step(&files).contains("then run `bunx drizzle-kit generate` and `bunx drizzle-kit migrate`, and commit"));
    let d1 = server("new D1Dialect({ database: db })", "import { D1Dialect } from \"kysely-d1\";\nimport { db } from \"./db\";");
    let made = "create table \"verification\" (\"id\" text, \"identifier\" text, \"value\" text, \"expiresAt\" timestamptz);";
    let worker = "[[d1_databases]]\nbinding = \"DB\"\ndatabase_name = \"app\"\n";
    let files = [MANIFEST, ("src/auth.ts", &*d1), ("migrations/1.sql", made), ("bun.lockb", ""), ("wrangler.toml", worker)];
    for files in [&files[..4], &files] {
        let told = step(files);
        assert!(told.contains("`bunx wrangler d1 migrations create") && !told.contains("npx"), "{told}");
    }
}

#[test]
fn drizzle_kit_without_a_database_makes_migrations_and_applies_none() {
    let api = on_drizzle("./schema");
    let config = kit("\"./src/schema.ts\"", "out: \"./database/migrations\"");
    let files = [MANIFEST, ("drizzle.config.ts", &*config), ("src/auth.ts", &api), ("src/schema.ts", DRIZZLE)];
    let told = step(&files);
    assert!(told.ends_with(
        "run `npx drizzle-kit generate`, commit the schema and the migration, and apply it as the others are applied."
    ));
    // Wrangler applies what lies in the folder that a worker names.
    let worker = "{ \"d1_databases\": [{ \"binding\": \"DB\", \"database_name\": \"app\", \"migrations_dir\": \"database/migrations\" }] }";
    let told = step(&[files.as_slice(), &[("wrangler.jsonc", worker)]].concat());
    let commands = "`npx drizzle-kit generate`, `npx wrangler d1 migrations apply app --local` and `npx wrangler d1 migrations apply app --remote`";
    assert!(told.contains(commands), "{told}");
    let own = scripts(&[
        ("db:local", "wrangler d1 migrations apply DB --local"),
        ("db:demo", "wrangler d1 migrations apply DB --remote --env demo"),
    ]);
    let told = step(&[&[("package.json", &*own), ("wrangler.jsonc", worker)], &files[1..]].concat());
    assert!(told.contains("`npm run db:local` and `npx wrangler d1 migrations apply app --remote`"), "{told}");
    let other = worker.replace("database/migrations", "elsewhere");
    assert!(!step(&[files.as_slice(), &[("wrangler.jsonc", &other)]].concat()).contains("wrangler"));
}

#[test]
fn tables_that_a_schema_passes_on_are_read_with_it() {
    let api = on_drizzle("@acme/db/schema");
    let config = kit("\"./server/db/schema.ts\"", &format!("out: \"drizzle\", {CONNECTED}"));
    let own = scripts(&[("migration:generate", "drizzle-kit generate --config ./server/db/drizzle.config.ts")]);
    let made = "create table \"verification\" (\"id\" text, \"identifier\" text, \"value\" text, \"expires_at\" text);";
    let files = [
        ("pnpm-lock.yaml", ""),
        ("pnpm-workspace.yaml", "packages:\n  - apps/*\n  - packages/*\n"),
        ("packages/db/package.json", "{ \"name\": \"@acme/db\", \"exports\": { \"./schema\": \"./src/schema.ts\" } }"),
        ("packages/db/src/schema.ts", DRIZZLE),
        ("apps/web/package.json", &*own),
        ("apps/web/server/db/drizzle.config.ts", &config),
        ("apps/web/server/db/schema.ts", "export * from \"@acme/db/schema\";"),
        ("apps/web/drizzle/0000_init.sql", made),
        ("apps/web/src/auth.ts", &api),
    ];
    let told = step(&files);
    assert!(
        told.starts_with("Declare it in `packages/db/src/schema.ts`, then run `pnpm run migration:generate` in `apps/web`,"),
        "{told}"
    );
    // What the folder lacks is told: it is taken from where the tool is run.
    let without = DRIZZLE.replace("value: text(\"value\"),", "value: text(\"value\"), createdAt: text(\"created_at\"),");
    let mut files = files.to_vec();
    files[3].1 = &without;
    let told: Vec<String> = found(&files).into_iter().map(|finding| finding.message).collect();
    assert!(
        told.iter()
            .any(|told| told.contains("no migration creates column `created_at`") && told.ends_with("in `apps/web/drizzle`"))
    );
}

#[test]
fn tables_are_read_by_patterns_whose_files_pass_them_on() {
    let api = on_drizzle("@acme/schema");
    let own = scripts(&[
        ("db:push", "pnpm --filter @acme/db exec drizzle-kit push --config ./src/drizzle.config.ts"),
        ("db:generate", "pnpm --filter @acme/db exec drizzle-kit generate --config ./src/drizzle.config.ts"),
    ]);
    let with = |passing: &str| {
        let config = kit("\"./src/schema/**/*.ts\"", &format!("out: \"./src/migrations\", {CONNECTED}"));
        let made = "create table \"verification\" (\"id\" text, \"identifier\" text, \"value\" text);";
        found(&[
            ("pnpm-lock.yaml", ""),
            ("pnpm-workspace.yaml", "packages:\n  - packages/*\n"),
            ("package.json", &*own),
            ("packages/schema/package.json", "{ \"name\": \"@acme/schema\", \"exports\": \"./src/index.ts\" }"),
            ("packages/schema/src/index.ts", "export * from \"./auth\";"),
            ("packages/schema/src/auth.ts", DRIZZLE),
            ("packages/db/package.json", "{ \"name\": \"@acme/db\" }"),
            ("packages/db/src/drizzle.config.ts", &config),
            ("packages/db/src/schema/auth.ts", passing),
            ("packages/db/src/migrations/0000_init.sql", made),
            ("packages/db/src/migrations/meta/_journal.json", "{ \"entries\": [{ \"tag\": \"0000_init\" }] }"),
            ("packages/auth/package.json", "{ \"name\": \"@acme/auth\", \"dependencies\": { \"better-auth\": \"1.7.25\" } }"),
            ("packages/auth/src/auth.ts", &api),
        ])
    };
    for passing in [
        "export * from \"@acme/schema\";",
        "export { verification } from \"@acme/schema\";",
        "import { verification } from \"@acme/schema\";\nexport { verification };\n",
    ] {
        let found = with(passing);
        let one = found.iter().find(|one| one.message.contains("no migration creates column `expires_at`"));
        let one = one.unwrap_or_else(|| panic!("{passing}: the migrations are not those of the tables"));
        let told = one.help.migration.as_deref().expect("a step");
        assert!(told.starts_with("Run `pnpm run db:generate`, commit the migration, and apply it as"), "{passing}: {told}");
    }
    let found = with("import { verification } from \"@acme/schema\";\nexport const all = [verification.id];\n");
    assert!(!found.iter().any(|one| one.message.contains("no migration creates")));
}

#[test]
fn a_configuration_of_drizzle_kit_may_be_a_plain_object() {
    let api = on_drizzle("./schema");
    let plain = format!("export default {{ schema: \"./src/schema.ts\", dialect: \"postgresql\", {CONNECTED} }};\n");
    let with = |path: &str, generate: &str| {
        let own = scripts(&[("db:generate", generate), ("db:migrate", "tsx src/migrate.ts")]);
        step(&[("package.json", &*own), (path, &*plain), ("src/auth.ts", &*api), ("src/schema.ts", DRIZZLE)])
    };
    let by_scripts = "then run `npm run db:generate` and `npm run db:migrate`, and commit the schema and the migration.";
    for (path, generate) in
        [("drizzle.config.ts", "drizzle-kit generate"), ("config/drizzle.ts", "drizzle-kit generate --config config/drizzle.ts")]
    {
        let told = with(path, generate);
        assert!(told.ends_with(by_scripts), "{path}: {told}");
    }
}

#[test]
fn migrations_that_are_kept_are_not_pushed_past() {
    let imports = "import { drizzleAdapter } from \"better-auth/adapters/drizzle\";";
    let given = "(db: Database) => db";
    let api = server("drizzleAdapter(databases.of(1), { provider: \"pg\" })", imports);
    let own = scripts(&[
        ("db:generate", "npx drizzle-kit generate"),
        ("db:migrate", "npx drizzle-kit migrate"),
        ("db:push", "npx drizzle-kit push"),
    ]);
    let config = kit("\"./src/schema.ts\"", &format!("out: \"./migrations\", {CONNECTED}"));
    let made = "create table \"verification\" (\"id\" text, \"identifier\" text, \"value\" text, \"expires_at\" text);";
    let files = [
        ("package.json", &*own),
        ("drizzle.config.ts", &config),
        ("src/auth.ts", &api),
        ("src/databases.ts", given),
        ("src/schema.ts", DRIZZLE),
        ("migrations/0000_init.sql", made),
    ];
    assert!(step(&files).contains("`npm run db:generate` and `npm run db:migrate`"), "{}", step(&files));
    assert!(step(&files[..5]).contains("`npm run db:push`"), "{}", step(&files[..5]));
}

#[test]
fn prisma_is_run_where_its_schema_is_found() {
    let api = on_prisma();
    let packages = [
        ("pnpm-lock.yaml", ""),
        (
            "apps/api/package.json",
            "{ \"name\": \"api\", \"dependencies\": { \"better-auth\": \"1.7.25\", \"db\": \"workspace:*\" } }",
        ),
        ("apps/api/src/auth.ts", &*api),
    ];
    let with = |more: &[File<'_>]| step(&[packages.as_slice(), more].concat());
    let manifest = "{ \"name\": \"db\" }";
    let told = with(&[("packages/db/package.json", manifest), ("packages/db/prisma/schema.prisma", PRISMA)]);
    assert!(told.contains("run `npx prisma migrate dev` in `packages/db`, and commit the schema and the migration."), "{told}");
    let told = with(&[("packages/db/package.json", manifest), ("packages/db/src/models.prisma", PRISMA)]);
    assert!(told.contains("run `npx prisma migrate dev --schema src/models.prisma` in `packages/db`, and"), "{told}");
    let config = "import { defineConfig } from \"prisma/config\";\nexport default defineConfig({ schema: \"src\" });\n";
    let told = with(&[
        ("packages/db/package.json", manifest),
        ("packages/db/prisma.config.ts", config),
        ("packages/db/src/models.prisma", PRISMA),
    ]);
    assert!(told.contains("run `npx prisma migrate dev` in `packages/db`, and"), "{told}");
    let own = "{ \"name\": \"db\", \"scripts\": { \"db:migrate\": \"prisma migrate dev --schema=./src\", \"db:new\": \"prisma migrate dev --create-only\" } }";
    let told = with(&[("packages/db/package.json", own), ("packages/db/src/models.prisma", PRISMA)]);
    assert!(told.contains("run `pnpm run db:migrate` in `packages/db`, and"), "{told}");
}

#[test]
fn a_schema_that_a_script_hands_to_prisma_is_migrated_where_it_is() {
    let api = on_prisma();
    let own = "{ \"name\": \"db\", \"scripts\": { \"db:migrate\": \"prisma migrate dev\" } }";
    let with = |server: &str, script: &str| {
        let manifest = scripts(&[("db", script)]);
        step(&[
            ("package-lock.json", ""),
            ("apps/api/package.json", &manifest),
            ("apps/web/package.json", MANIFEST.1),
            (server, &api),
            ("apps/db/package.json", own),
            ("apps/db/prisma/schema.prisma", PRISMA),
            ("apps/other/package.json", "{ \"name\": \"other\" }"),
            ("apps/other/prisma/schema.prisma", PRISMA),
        ])
    };
    for server in ["apps/api/src/auth.ts", "apps/web/src/auth.ts"] {
        let told = with(server, "prisma generate --schema=../db/prisma/schema.prisma");
        assert!(told.contains("then run `npm run db:migrate` in `apps/db`, and commit"), "{told}");
    }
    let told = with("apps/api/src/auth.ts", "prisma generate --schema=../other/prisma/schema.prisma");
    assert!(told.contains("then run `npx prisma migrate dev` in `apps/other`, and commit"), "{told}");
    let told = with("apps/api/src/auth.ts", "prisma migrate dev --schema=../other/prisma/schema.prisma");
    assert!(told.contains("then run `npm run db` in `apps/api`, and commit"), "{told}");
    // What a script says of another schema is nothing to this one.
    let told = with("apps/web/src/auth.ts", "prisma generate --schema=../other/prisma/schema.prisma");
    assert!(told.contains("then run `npm run db:migrate` in `apps/db`, and commit"), "{told}");
}

#[test]
fn a_configuration_of_prisma_below_its_package_is_handed_over_there() {
    let api = on_prisma();
    let config = "import { defineConfig } from \"prisma/config\";\nexport default defineConfig({ schema: \"../prisma/schema.prisma\" });\n";
    let with = |manifest: &str, path: &str| {
        let files = [("src/auth.ts", &*api), ("prisma/schema.prisma", PRISMA), ("package.json", manifest), (path, config)];
        step(&files)
    };
    let told = with(MANIFEST.1, "db/prisma.config.ts");
    assert!(told.contains("run `npx prisma migrate dev --config db/prisma.config.ts`, and commit"), "{told}");
    let own = scripts(&[("db:new", "prisma migrate dev --config ./db/prisma.config.ts"), ("other", "prisma migrate dev")]);
    assert!(with(&own, "db/prisma.config.ts").contains("run `npm run db:new`, and commit"));
    let told = with(&scripts(&[("other", "prisma migrate dev")]), ".config/prisma.ts");
    assert!(told.contains("run `npm run other`, and commit"), "{told}");
}

#[test]
fn migrations_that_make_few_of_the_tables_do_not_keep_a_schema_from_being_pushed() {
    let api = on_prisma();
    let schema = format!("{PRISMA}model Post {{\n  id String @id\n}}\nmodel Note {{\n  id String @id\n}}\n");
    let push = scripts(&[("db:push", "prisma db push"), ("db:migrate", "prisma migrate dev")]);
    let with = |made: &str| {
        let script: &str = &format!("CREATE TABLE \"{made}\" (\"id\" TEXT NOT NULL);\n");
        let migration = ("prisma/migrations/0_init/migration.sql", script);
        step(&[("package.json", &push), ("src/auth.ts", &api), ("prisma/schema.prisma", &schema), migration])
    };
    let told = with("Note");
    assert!(told.contains("then run `npm run db:push`, and commit the schema."), "{told}");
    let told = with("Note\" (\"id\" TEXT NOT NULL);\nCREATE TABLE \"Post");
    assert!(told.contains("then run `npm run db:migrate`, and commit"), "{told}");
}

#[test]
fn migrations_that_drizzle_kit_does_not_keep_are_written_by_people() {
    let api = on_drizzle("./schema");
    let config = kit("\"./src/schema.ts\"", CONNECTED);
    let table = "create table \"verification\" (\"id\" text, \"identifier\" text, \"value\" text, \"expires_at\" text);";
    let with = |own: &[(&str, &str)], more: &[File<'_>]| {
        let own = scripts(own);
        let files = [("package.json", &*own), ("drizzle.config.ts", &config), ("src/auth.ts", &api), ("src/schema.ts", DRIZZLE)];
        step(&[files.as_slice(), more].concat())
    };
    let journal = |tags: &[&str]| {
        let entries: Vec<String> = tags.iter().map(|tag| format!("{{ \"tag\": \"{tag}\" }}")).collect();
        format!("{{ \"entries\": [{}] }}", entries.join(", "))
    };
    let run = [("db:migrate", "drizzle-kit migrate"), ("migrate", "tsx src/migrate.ts")];
    let scripts = [("drizzle/0000_a.sql", table), ("drizzle/0001_b.sql", "create table \"post\" (\"id\" text);")];
    let whole = journal(&["0000_a", "0001_b"]);
    let told = with(&run, &[scripts.as_slice(), &[("drizzle/meta/_journal.json", &whole)]].concat());
    assert!(told.contains("then run `npx drizzle-kit generate` and `npm run db:migrate`, and commit"), "{told}");
    let part = journal(&["0000_a"]);
    let told = with(&run, &[scripts.as_slice(), &[("drizzle/meta/_journal.json", &part)]].concat());
    let expected = "then write a migration in `drizzle` that brings it into the database, run `npm run migrate`, and commit the schema \
                    and the migration.";
    assert!(told.contains(expected), "{told}");
    // Where nothing else applies them, what Drizzle Kit lists in its journal is applied by it.
    let told = with(&run[..1], &[scripts.as_slice(), &[("drizzle/meta/_journal.json", &part)]].concat());
    let expected = "then write a migration in `drizzle` (`npx drizzle-kit generate --custom` starts one) that brings it into the database, \
                    run `npm run db:migrate`, and commit the schema and the migration.";
    assert!(told.contains(expected), "{told}");
    // One that Drizzle Kit wrote itself is no work of people, though its journal has dropped it.
    let left_behind = [
        ("drizzle/meta/_journal.json", part.as_str()),
        ("drizzle/meta/0000_snapshot.json", "{}"),
        ("drizzle/meta/0001_snapshot.json", "{}"),
    ];
    let told = with(&run, &[scripts.as_slice(), &left_behind].concat());
    assert!(told.contains("then run `npx drizzle-kit generate` and `npm run db:migrate`, and commit"), "{told}");
    // Nor is one whose number went to another; one of people may have such a number, too.
    let with_number = |text: &str| {
        let taken = [scripts[0], ("drizzle/0000_b.sql", text), left_behind[0], left_behind[1]];
        with(&run, &taken)
    };
    let statements = "create table \"post\" (\"id\" text);\n--> statement-breakpoint\ncreate index \"i\" on \"post\" (\"id\");";
    assert!(with_number(statements).contains("`npx drizzle-kit generate`"));
    assert!(with_number("create table \"post\" (\"id\" text);").contains("then write a migration in `drizzle`"));
    // One that makes nothing is in nobody's way.
    let emptied = [scripts[0], ("drizzle/0001_b.sql", "delete from \"verification\";"), ("drizzle/meta/_journal.json", &*part)];
    assert!(with(&run, &emptied).contains("`npx drizzle-kit generate` and `npm run db:migrate`"));
    // Code is never what Drizzle Kit writes.
    let code =
        format!("import {{ sql }} from \"drizzle-orm\";\nexport const up = async (db) => {{ await db.run(sql`{table}`); }};\n");
    let own = [("migrate:create", "tsx new.ts"), ("migrate:up", "tsx up.ts")];
    let told = with(&own, &[("src/migrations/0001-first.ts", &code)]);
    let expected = "then write a migration in `src/migrations` (`npm run migrate:create` starts one) that brings it into the database, run \
                    `npm run migrate:up`, and commit";
    assert!(told.contains(expected), "{told}");
    let told = with(&[], &[("src/migrations/0001-first.ts", &code)]);
    assert!(told.contains("commit the schema and the migration, and apply it as the others are applied."), "{told}");
}

#[test]
fn tables_that_code_makes_with_statements_get_what_is_declared_there() {
    let api = on_drizzle("./schema");
    let config = kit("\"./src/schema.ts\"", CONNECTED);
    let own = scripts(&[("db:generate", "drizzle-kit generate"), ("db:migrate", "tsx src/migrate.ts")]);
    let code = "import { client } from \"./client\";\nexport async function init() {\n  await client.exec(`\n    CREATE TABLE IF NOT EXISTS verification \
                (id TEXT PRIMARY KEY, identifier TEXT, value TEXT, expires_at TEXT);\n  `);\n}\n";
    let files =
        [("package.json", own.as_str()), ("drizzle.config.ts", &config), ("src/auth.ts", &api), ("src/schema.ts", DRIZZLE)];
    let coded = [files.as_slice(), &[("src/init.ts", code)]].concat();
    let expected = "then add it to the statements of `src/init.ts`, which make the tables, with one that alters those that are there, and \
                    commit the schema with them: what makes a table only where there is none changes nothing in a database that has it.";
    assert!(step(&coded).ends_with(expected), "{}", step(&coded));
    assert!(found(&coded).iter().all(|finding| finding.fix.is_none()), "what is declared alone is not enough");
    // Migrations come first, and code of tests makes tables of tests.
    let migrated = ("drizzle/0000_a.sql", "create table verification (id text, identifier text, value text, expires_at text);");
    assert!(!step(&[coded.as_slice(), &[migrated]].concat()).contains("src/init.ts"));
    assert!(!step(&[files.as_slice(), &[("test/init.ts", code)]].concat()).contains("test/init.ts"));
}

#[test]
fn a_script_called_after_migrations_that_runs_none_is_not_named() {
    let api = on_drizzle("./schema");
    let config = kit("\"./src/schema.ts\"", CONNECTED);
    let own = scripts(&[("db:generate", "drizzle-kit generate"), ("db:migrate", "tsx src/migrate.ts")]);
    let with = |code: &str| {
        let files = [
            ("package.json", own.as_str()),
            ("drizzle.config.ts", &config),
            ("src/auth.ts", &api),
            ("src/schema.ts", DRIZZLE),
            ("src/migrate.ts", code),
        ];
        step(&files)
    };
    let told = with("console.log(\"migration is not yet implemented\");");
    let expected = "run `npm run db:generate`, commit the schema and the migration, and apply it as the others are applied.";
    assert!(told.ends_with(expected), "{told}");
    for code in [
        "import { migrate } from \"drizzle-orm/node-postgres/migrator\";\nawait migrate(db, { migrationsFolder: \"drizzle\" });",
        "import { bringUpToDate } from \"./migrations\";\nawait bringUpToDate();",
    ] {
        assert!(with(code).contains("`npm run db:generate` and `npm run db:migrate`, and commit"), "{}", with(code));
    }
}

#[test]
fn the_official_command_line_is_told_which_configuration_is_meant() {
    let pool = server("new Pool()", "import { Pool } from \"pg\";");
    let migrate = |path: &str, manifest: &str| {
        step(&[
            ("package.json", manifest),
            (path, &pool),
            (
                "schema.sql",
                "create table \"verification\" (\"id\" text, \"identifier\" text, \"value\" text, \"expiresAt\" text);",
            ),
        ])
    };
    assert!(migrate("src/lib/auth.ts", MANIFEST.1).starts_with("Run `npx auth@latest migrate`, against"));
    let told = migrate("src/auth/config.ts", MANIFEST.1);
    assert!(told.starts_with("Run `npx auth@latest migrate --config src/auth/config.ts`, against"), "{told}");
    for (command, is_it) in [
        ("npx auth@latest migrate --config src/auth/config.ts -y", true),
        ("npx auth@1.7 migrate --config ./src/auth/config.ts", true),
        ("npx auth@1.6 migrate --config src/auth/config.ts", false),
        ("npx @better-auth/cli migrate --config src/auth/config.ts", false),
        ("npx auth@latest migrate --config src/other.ts", false),
        ("npx auth@latest migrate", false),
    ] {
        let told = migrate("src/auth/config.ts", &scripts(&[("auth:migrate", command)]));
        assert_eq!(told.contains("`npm run auth:migrate`"), is_it, "{command}: {told}");
    }
}

#[test]
fn what_the_official_command_line_writes_is_what_the_tools_read() {
    let (prisma, drizzle) = (on_prisma(), on_drizzle("./schema"));
    let on = |manifest: &str, path: &str, text: &str, schema: File<'_>| step(&[("package.json", manifest), (path, text), schema]);
    // A schema of Prisma is added to.
    let usual = ("prisma/schema.prisma", PRISMA);
    let told = on(MANIFEST.1, "src/auth.ts", &prisma, usual);
    assert!(
        told.starts_with("Declare it in `prisma/schema.prisma`, or have `npx auth@latest generate` do so, then run"),
        "{told}"
    );
    let told = on(MANIFEST.1, "src/auth/server.ts", &prisma, ("db/schema.prisma", PRISMA));
    let command = "`npx auth@latest generate --config src/auth/server.ts --output db/schema.prisma`";
    assert!(told.contains(command), "{told}");
    // It finds no instance that a function makes.
    let made = prisma.replace("export const auth = betterAuth(", "export const auth = () => betterAuth(");
    assert!(!on(MANIFEST.1, "src/auth.ts", &made, usual).contains("auth@latest"));
    // A file of Drizzle is written anew: only the project tells which.
    let schema = ("src/schema.ts", DRIZZLE);
    assert!(!on(MANIFEST.1, "src/auth.ts", &drizzle, schema).contains("auth@latest"));
    for (output, is_it) in [("--output src/schema.ts", true), ("--output auth-schema.ts", false), ("", false)] {
        let own = scripts(&[("auth:generate", &format!("npx auth@latest generate {output}"))]);
        let told = on(&own, "src/auth.ts", &drizzle, schema);
        assert_eq!(told.starts_with("Declare it in `src/schema.ts`, or have `npm run auth:generate` do so"), is_it, "{told}");
    }
}

#[test]
fn statements_for_a_database_of_cloudflare_are_applied_by_its_name() {
    let d1 = server("new D1Dialect({ database: db })", "import { D1Dialect } from \"kysely-d1\";\nimport { db } from \"./db\";");
    let made = "create table \"verification\" (\"id\" text, \"identifier\" text, \"value\" text, \"expiresAt\" timestamptz);";
    let worker = "[[d1_databases]]\nbinding = \"LOG\"\ndatabase_name = \"log\"\nmigrations_dir = \"log\"\n\n[[d1_databases]]\nbinding = \"DB\"\ndatabase_name = \"app\"\n";
    let files = [
        MANIFEST,
        ("apps/api/package.json", "{ \"name\": \"api\" }"),
        ("apps/api/src/auth.ts", &*d1),
        ("apps/api/migrations/0001_init.sql", made),
        ("apps/api/wrangler.toml", worker),
    ];
    let told = step(&files);
    assert_eq!(
        told,
        "Put the statements into a new migration (`npx wrangler d1 migrations create app auth` in `apps/api`), and apply it with \
         `npx wrangler d1 migrations apply app --local` and `npx wrangler d1 migrations apply app --remote` in `apps/api`."
    );
    assert!(step(&files[..4]).contains("`npx wrangler d1 migrations create`"));
}

/// A server on Drizzle that a worker makes with its bindings.
fn on_binding(database: &str) -> String {
    format!(
        "import {{ betterAuth }} from \"better-auth\";\nimport {{ twoFactor }} from \"better-auth/plugins\";\n\
         import {{ drizzleAdapter }} from \"better-auth/adapters/drizzle\";\nimport {{ drizzle }} from \"drizzle-orm/d1\";\n\
         import * as schema from \"./schema\";\n\
         export const auth = (env: Env) => {{\n  const given = {database};\n  \
         return betterAuth({{ database: drizzleAdapter(drizzle(given), {{ provider: \"sqlite\", schema }}), plugins: [twoFactor()] }});\n}};\n"
    )
}

#[test]
fn of_several_databases_of_cloudflare_the_one_that_is_bound_is_migrated() {
    let worker = "{ \"d1_databases\": [{ \"binding\": \"DB\", \"database_name\": \"app\" }, \
                  { \"binding\": \"DB_AUTH\", \"database_name\": \"app-auth\" }] }";
    let config = kit("\"./src/schema.ts\"", "out: \"./migrations\"");
    let with = |database: &str, own: &[(&str, &str)]| {
        step(&[
            ("package.json", &*scripts(own)),
            ("wrangler.jsonc", worker),
            ("drizzle.config.ts", &*config),
            ("src/auth.ts", &*on_binding(database)),
            ("src/schema.ts", DRIZZLE),
        ])
    };
    let apply = |name: &str, place: &str| format!("`npx wrangler d1 migrations apply {name} {place}`");
    for (database, name) in [("env.DB", "app"), ("env.DB_AUTH", "app-auth"), ("env.DB_AUTH ?? env.DB", "app-auth")] {
        let told = with(database, &[]);
        let both = format!("{} and {},", apply(name, "--local"), apply(name, "--remote"));
        assert!(told.contains(&both), "{database}: {told}");
    }
    // Where the code does not tell, either is named and none is guessed.
    for database in ["env.isLive ? env.DB : env.DB_AUTH", "chosen(env)"] {
        let told = with(database, &[]);
        let either = format!("{} or {} and", apply("app", "--local"), apply("app-auth", "--local"));
        assert!(told.contains(&either), "{database}: {told}");
    }
    // A script for another database is none for this one.
    let own =
        [("db:local", "wrangler d1 migrations apply DB --local"), ("db:auth", "wrangler d1 migrations apply app-auth --local")];
    assert!(with("env.DB_AUTH", &own).contains(&format!("`npm run db:auth` and {}", apply("app-auth", "--remote"))));
    assert!(with("env.DB", &own).contains("`npm run db:local` and"));
}

#[test]
fn migrations_that_wrangler_alone_knows_are_written_by_people() {
    let api = on_drizzle("@acme/db");
    let own = "{ \"name\": \"api\", \"dependencies\": { \"better-auth\": \"1.7.25\", \"@acme/db\": \"workspace:*\" }, \"scripts\": { \
               \"db:local\": \"pnpm exec wrangler d1 migrations apply DB --local --config wrangler.jsonc\", \
               \"db:live\": \"pnpm exec wrangler d1 migrations apply DB --remote --config wrangler.jsonc\" } }";
    let worker = "{ \"d1_databases\": [{ \"binding\": \"DB\", \"database_name\": \"app\", \"migrations_dir\": \"../../packages/db/migrations\" }] }";
    let made = "create table \"verification\" (\"id\" text, \"identifier\" text, \"value\" text, \"expires_at\" text);";
    let files = [
        ("pnpm-lock.yaml", ""),
        ("pnpm-workspace.yaml", "packages:\n  - apps/*\n  - packages/*\n"),
        ("apps/api/package.json", own),
        ("apps/api/wrangler.jsonc", worker),
        ("apps/api/src/auth.ts", &*api),
        ("packages/db/package.json", "{ \"name\": \"@acme/db\", \"exports\": \"./src/schema.ts\" }"),
        ("packages/db/src/schema.ts", DRIZZLE),
        ("packages/db/migrations/0001_init.sql", made),
    ];
    let told = step(&files);
    let expected = "then write a migration in `packages/db/migrations` that brings it into the database, run `pnpm run db:local` and `pnpm run \
                    db:live` in `apps/api`, and commit the schema and the migration.";
    assert!(told.ends_with(expected), "{told}");
    // Where the journal of Drizzle Kit is there, or a script runs it, it keeps them.
    let journal = ("packages/db/migrations/meta/_journal.json", "{ \"entries\": [{ \"tag\": \"0001_init\" }] }");
    assert!(step(&[files.as_slice(), &[journal]].concat()).contains("drizzle-kit generate"));
    let running = "{ \"name\": \"@acme/db\", \"exports\": \"./src/schema.ts\", \"scripts\": { \"new\": \"drizzle-kit generate --schema src/schema.ts\" } }";
    let mut files = files;
    files[5].1 = running;
    assert!(step(&files).contains("run `pnpm run new` and"), "{}", step(&files));
}
