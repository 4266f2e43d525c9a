//! The migration step a finding names fits the adapter and the release.

use git_auth_review::cache::memory::MemoryStore;
use git_auth_review::engine::{Options, Surroundings, review};
use git_auth_review::finding::Finding;
use git_auth_review::source::MemorySnapshot;

// One core table is enough to see that the repository holds the schema.
const PRISMA: &str = "model Verification {\n  id String @id\n  identifier String\n  value String\n  expiresAt DateTime\n}\n";
const DRIZZLE: &str = "import { pgTable, text } from \"drizzle-orm/pg-core\";\n\
                       export const verification = pgTable(\"verification\", { id: text(\"id\").primaryKey(), \
                       identifier: text(\"identifier\"), value: text(\"value\"), expiresAt: text(\"expires_at\") });\n";
const SQL: &str =
    "create table \"verification\" (\"id\" text, \"identifier\" text, \"value\" text, \"expiresAt\" timestamptz);\n";

/// All findings about files in memory.
fn findings(files: &[(&str, &str)]) -> Vec<Finding> {
    let snapshot = MemorySnapshot::new(files.iter().map(|(path, text)| (*path, text.as_bytes().to_vec())));
    review(&snapshot, &[], Surroundings::default(), &Options::default(), &MemoryStore::default()).expect("a review").findings
}

/// The finding about the `twoFactor` plugin of a server with this adapter.
fn finding(version: &str, imports: &str, database: &str, schema: (&str, &str), client: &str) -> Finding {
    let auth = format!(
        "import {{ betterAuth }} from \"better-auth\";\nimport {{ twoFactor }} from \"better-auth/plugins\";\n{imports}\n\
         export const auth = betterAuth({{ database: {database}, plugins: [twoFactor()] }});\n"
    );
    let lock = format!(
        "{{ \"lockfileVersion\": 3, \"packages\": {{ \"node_modules/better-auth\": {{ \"version\": \"{version}\" }} }} }}"
    );
    let files = [
        ("package.json", "{ \"name\": \"app\", \"dependencies\": { \"better-auth\": \"*\" } }"),
        ("package-lock.json", &lock),
        ("src/auth.ts", &auth),
        ("src/auth-client.ts", client),
        schema,
    ];
    let rule = "migration/migration-missing-for-plugin";
    findings(&files).into_iter().find(|finding| finding.rule == rule).expect("the plugin has no table")
}

fn prisma(version: &str, client: &str) -> Finding {
    let imports = "import { prismaAdapter } from \"better-auth/adapters/prisma\";\nimport { db } from \"db\";";
    finding(version, imports, "prismaAdapter(db, { provider: \"postgresql\" })", ("prisma/schema.prisma", PRISMA), client)
}

#[test]
fn commands_follow_adapter_and_release() {
    let drizzle = "import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\nimport { db } from \"db\";\nimport * as schema from \"./schema\";";
    let pool = "import { Pool } from \"pg\";";
    for (finding, commands) in [
        (prisma("1.7.25", ""), ["`npx auth@latest generate`", "`npx prisma migrate dev`"]),
        (prisma("1.4.22", ""), ["`npx @better-auth/cli@1.4 generate`", "`npx prisma migrate dev`"]),
        (
            finding("1.5.0", drizzle, "drizzleAdapter(db, { provider: \"pg\", schema })", ("src/schema.ts", DRIZZLE), ""),
            ["`npx auth@1.5 generate`", "`npx drizzle-kit generate` and `npx drizzle-kit migrate`"],
        ),
        (finding("1.7.25", pool, "new Pool()", ("migrations/1.sql", SQL), ""), ["`npx auth@latest migrate`", "every database"]),
        (
            finding("1.7.25", pool, "new Pool()", ("better-auth_migrations/2026-01-01T00-00-00.000Z.sql", SQL), ""),
            ["`npx auth@latest generate`, commit the script", "apply it to every database"],
        ),
    ] {
        let advice = finding.help.migration.expect("advice");
        for command in commands {
            assert!(advice.contains(command), "{command}: {advice}");
        }
        assert!(advice.ends_with("once the database has the schema."), "the reminder closes it: {advice}");
    }
}

#[test]
fn the_client_step_knows_the_client() {
    let without = prisma("1.7.25", "").help.client.expect("a client step");
    assert!(without.contains("import { twoFactorClient } from \"better-auth/client/plugins\""), "{without}");
    let client = "import { createAuthClient } from \"better-auth/react\";\nimport { twoFactorClient } from \"better-auth/client/plugins\";\n\
                  export const authClient = createAuthClient({ plugins: [twoFactorClient()] });\n";
    assert!(prisma("1.7.25", client).help.client.expect("a client step").starts_with("Nothing to change: `authClient`"));
}

#[test]
fn what_a_migration_has_to_do_is_told_by_the_names_of_the_database() {
    let missing = |adapter: &str, schema: (&str, &str), script: (&str, &str)| -> Vec<String> {
        let auth = format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport {{ prismaAdapter }} from \"better-auth/adapters/prisma\";\n\
             import {{ drizzleAdapter }} from \"better-auth/adapters/drizzle\";\nimport {{ db }} from \"db\";\n\
             import * as schema from \"./schema\";\nexport const auth = betterAuth({{ database: {adapter} }});\n"
        );
        let all = findings(&[
            ("package.json", "{ \"name\": \"app\", \"dependencies\": { \"better-auth\": \"1.7.25\" } }"),
            ("src/auth.ts", &auth),
            schema,
            script,
        ]);
        let own = all.into_iter().filter(|finding| finding.rule == "migration/schema-not-migrated");
        own.map(|finding| {
            assert!(finding.fix.is_none(), "the tool writes it");
            let command = finding.help.migration.expect("a command");
            assert!(command.contains("prisma migrate dev") || command.contains("drizzle-kit generate"), "{command}");
            let statement = finding.help.declaration.expect("a statement");
            format!("{}\n{statement}", finding.message)
        })
        .collect()
    };
    let prisma = "datasource db {\n  provider = \"postgresql\"\n}\nmodel Verification {\n  id String @id\n  identifier String\n  \
                  value String\n  expiresAt DateTime @map(\"expires_at\")\n  createdAt DateTime @default(now())\n  \
                  updatedAt DateTime @updatedAt\n  @@index([identifier])\n  @@map(\"tokens\")\n}\n";
    let made = |columns: &str| {
        format!(
            "create table tokens (id text primary key, identifier text, value text, \"createdAt\" text, \"updatedAt\" text{columns});\n\
             create index i on tokens (identifier);"
        )
    };
    let of_prisma = |columns: &str| {
        let adapter = "prismaAdapter(db, { provider: \"postgresql\" })";
        missing(adapter, ("prisma/schema.prisma", prisma), ("prisma/migrations/1_a/migration.sql", &made(columns)))
    };
    assert_eq!(of_prisma(", expires_at timestamp"), [""; 0]);
    let expected = "no migration creates column `expires_at` of table `tokens`, which the schema declares, in `prisma/migrations`\n\
                    -- \"expires_at\" must not be null: fill it for the rows that exist, then make it so.\n\
                    alter table \"tokens\" add column \"expires_at\" timestamp(3);";
    assert_eq!(of_prisma(", \"expiresAt\" timestamp"), [expected]);

    let drizzle =
        DRIZZLE.replace("pgTable,", "pgSchema,").replace("export const", "const auth = pgSchema(\"auth\");\nexport const");
    let drizzle = drizzle.replace("pgTable(", "auth.table(");
    let of_drizzle = |made: &str| {
        let adapter = "drizzleAdapter(db, { provider: \"pg\", schema })";
        missing(adapter, ("src/schema.ts", &drizzle), ("drizzle/0000_a.sql", made))
    };
    let columns = "(id text primary key, identifier text, value text, expires_at text)";
    for made in [
        format!("create table \"auth\".\"verification\" {columns};"),
        format!("create table \"verification\" {columns}; alter table \"verification\" set schema \"auth\";"),
    ] {
        assert_eq!(of_drizzle(&made), [""; 0], "{made}");
    }
    let found = of_drizzle(&format!("create table \"verification\" {columns};"));
    let [found] = found.as_slice() else { panic!("{found:?}") };
    assert!(
        found.starts_with("no migration creates table `auth.verification`, which the schema declares, in `drizzle`\n"),
        "{found}"
    );
    assert!(
        found.contains("create table \"auth\".\"verification\" (") && found.contains("\"expires_at\" timestamp not null"),
        "{found}"
    );
}
