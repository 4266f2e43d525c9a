//! The migration step a finding names fits the adapter and the release.

use git_auth_review::cache::memory::MemoryStore;
use git_auth_review::engine::{Options, Surroundings, review};
use git_auth_review::finding::Finding;
use git_auth_review::source::{MemorySnapshot, Snapshot};

// One core table is enough to see that the repository holds the schema.
const PRISMA: &str = "model Verification {\n  id String @id\n  identifier String\n  value String\n  expiresAt DateTime\n}\n";
const DRIZZLE: &str = "import { pgTable, text } from \"drizzle-orm/pg-core\";\n\
                       export const verification = pgTable(\"verification\", { id: text(\"id\").primaryKey(), \
                       identifier: text(\"identifier\"), value: text(\"value\"), expiresAt: text(\"expires_at\") });\n";
const SQL: &str =
    "create table \"verification\" (\"id\" text, \"identifier\" text, \"value\" text, \"expiresAt\" timestamptz);\n";

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
    let snapshot = MemorySnapshot::new(files.map(|(path, text)| (path, text.as_bytes().to_vec())));
    let review = review(&snapshot, &[], Surroundings::default(), &Options::default(), &MemoryStore::default()).expect("a review");
    let rule = "migration/migration-missing-for-plugin";
    review.findings.into_iter().find(|finding| finding.rule == rule).expect("the plugin has no table")
}

fn prisma(version: &str, client: &str) -> Finding {
    let imports = "import { prismaAdapter } from \"better-auth/adapters/prisma\";\nimport { db } from \"db\";";
    finding(version, imports, "prismaAdapter(db, { provider: \"postgresql\" })", ("prisma/schema.prisma", PRISMA), client)
}

/// An application on PostgreSQL with the built-in adapter: the release of all packages, the import of its plugins and their list.
type App<'a> = (&'a str, &'a str, &'a str);

/// The findings about an application whose migrations are `sql`; compared with another state of it, where one is given.
fn findings(before: Option<App<'_>>, now: App<'_>, sql: &str) -> Vec<Finding> {
    let snapshot = |(version, import, plugins): App<'_>| {
        let auth = format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport {{ Pool }} from \"pg\";\n{import}\n\
             export const auth = betterAuth({{ database: new Pool(), plugins: [{plugins}] }});\n"
        );
        let packages = ["better-auth", "@better-auth/api-key", "@better-auth/oauth-provider", "@better-auth/mcp"];
        let entries = packages.map(|name| format!("\"node_modules/{name}\": {{ \"version\": \"{version}\" }}"));
        let lock = format!("{{ \"lockfileVersion\": 3, \"packages\": {{ {} }} }}", entries.join(", "));
        let manifest = "{ \"name\": \"app\", \"dependencies\": { \"better-auth\": \"*\" } }";
        let files = [
            ("package.json", manifest.to_owned()),
            ("package-lock.json", lock),
            ("src/auth.ts", auth),
            ("migrations/1.sql", format!("{SQL}{sql}")),
        ];
        MemorySnapshot::new(files.map(|(path, text)| (path, text.into_bytes())))
    };
    let before = before.map(snapshot);
    let bases: Vec<&dyn Snapshot> = before.iter().map(|before| before as &dyn Snapshot).collect();
    let options = Options::default();
    let review = review(&snapshot(now), &bases, Surroundings::default(), &options, &MemoryStore::default()).expect("a review");
    review.findings
}

/// The migration steps of the findings whose message holds a text.
fn steps<'f>(findings: &'f [Finding], about: &str) -> Vec<&'f str> {
    let about = findings.iter().filter(|finding| finding.message.contains(about));
    about.map(|finding| finding.help.migration.as_deref().unwrap_or_default()).collect()
}

const API_KEY: App<'_> = ("1.5.6", "import { apiKey } from \"@better-auth/api-key\";", "apiKey()");
const OLD_KEYS: &str =
    "create table \"apikey\" (\"id\" text primary key, \"name\" text, \"key\" text not null, \"userId\" text not null);\n";

#[test]
fn preparations_are_told_by_every_rule_that_tells_of_what_they_are_about() {
    let old = ("1.4.22", "import { apiKey } from \"better-auth/plugins\";", "apiKey()");
    let copy = "copy `userId` into `referenceId`";
    let found = findings(Some(old), API_KEY, OLD_KEYS);
    for about in ["needs columns `configId` and `referenceId`", "`userId` of table `apikey` must have a value"] {
        let steps = steps(&found, about);
        assert!(matches!(steps.as_slice(), [step] if step.contains(copy)), "{about}: {steps:?}");
    }
    let others: Vec<&Finding> = found.iter().filter(|finding| !finding.message.contains("apikey")).collect();
    assert!(!others.is_empty() && others.iter().all(|one| !one.help.migration.as_deref().unwrap_or_default().contains(copy)));
    assert!(
        steps(&found, "column `key` of table `apikey`").iter().all(|step| !step.contains(copy)),
        "an index needs no preparation"
    );
}

#[test]
fn preparations_are_told_where_what_is_there_is_of_an_earlier_release() {
    let copy = "copy `userId` into `referenceId`";
    let found = findings(None, API_KEY, OLD_KEYS);
    assert!(steps(&found, "needs columns `configId` and `referenceId`")[0].contains(copy), "{found:?}");
    let young =
        findings(None, API_KEY, "create table \"apikey\" (\"id\" text primary key, \"key\" text not null, \"configId\" text);\n");
    let steps = steps(&young, "needs column `referenceId`");
    assert!(matches!(steps.as_slice(), [step] if !step.contains(copy)), "{steps:?}");
}

/// The statements of the findings whose message holds a text.
fn statements<'f>(findings: &'f [Finding], about: &str) -> Vec<&'f str> {
    let about = findings.iter().filter(|finding| finding.message.contains(about));
    about.filter_map(|finding| finding.help.declaration.as_deref()).collect()
}

#[test]
fn statements_copy_what_a_column_takes_over_and_let_the_former_be_empty() {
    let found = findings(None, API_KEY, OLD_KEYS);
    let added = statements(&found, "needs columns `configId` and `referenceId`")[0];
    let copied = "alter table \"apikey\" add column \"referenceId\" text;\nupdate \"apikey\" set \"referenceId\" = \"userId\";\n\
                  alter table \"apikey\" alter column \"referenceId\" set not null;\n";
    assert!(added.contains(copied), "{added}");
    let relaxed = statements(&found, "`userId` of table `apikey` must have a value");
    assert_eq!(relaxed, ["alter table \"apikey\" alter column \"userId\" drop not null;"]);
    assert!(found.iter().all(|finding| !finding.rule.ends_with("unwritten-required-column")), "{found:?}");
    let without = "create table \"apikey\" (\"id\" text primary key, \"key\" text not null, \"configId\" text);\n";
    let found = findings(None, API_KEY, without);
    assert!(!statements(&found, "needs column `referenceId`")[0].contains("update"), "there is nothing to copy");
}

const ACCOUNT: &str = "create table \"account\" (\"id\" text primary key, \"accountId\" text not null, \"providerId\" text not null, \
    \"userId\" text not null, \"accessToken\" text, \"refreshToken\" text, \"idToken\" text, \"accessTokenExpiresAt\" timestamptz, \
    \"refreshTokenExpiresAt\" timestamptz, \"scope\" text, \"password\" text, \"createdAt\" timestamptz not null, \
    \"updatedAt\" timestamptz not null";

#[test]
fn the_column_of_three_releases_comes_with_its_key_and_goes_without_a_change_of_version() {
    let app = |version| (version, "", "");
    let found = findings(None, app("1.7.1"), &format!("{ACCOUNT});\n"));
    let added = statements(&found, "needs column `issuer`")[0];
    assert!(added.contains("create unique index \"account_issuer_accountId_uidx\" on \"account\" (\"issuer\", \"accountId\");"));
    let strict = format!("{ACCOUNT}, \"issuer\" text not null);\n");
    let found = findings(None, app("1.7.9"), &strict);
    assert_eq!(statements(&found, "`issuer`"), ["alter table \"account\" alter column \"issuer\" drop not null;"]);
    let one = found.iter().find(|finding| finding.message.contains("`issuer`")).expect("nobody writes it");
    assert!(!one.help.server.as_deref().unwrap_or_default().contains("Move to"), "{:?}", one.help);
    for preview in ["1.7.3-beta.1", "1.8.0-beta.1", "0.0.0-canary.1"] {
        let found = findings(None, app(preview), &strict);
        assert!(found.iter().all(|finding| !finding.message.contains("`issuer`")), "{preview}: {found:?}");
    }
}

#[test]
fn columns_that_are_added_get_the_value_that_better_auth_would_fill_in() {
    let now = ("1.6.22", "import { twoFactor } from \"better-auth/plugins\";", "twoFactor()");
    let table = "create table \"twoFactor\" (\"id\" text primary key, \"secret\" text not null, \"backupCodes\" text not null, \
                 \"userId\" text not null);\n";
    let found = findings(Some(("1.6.0", now.1, now.2)), now, table);
    let added = statements(&found, "`failedVerificationCount`")[0];
    for part in
        ["\"verified\" boolean default true;", "\"failedVerificationCount\" integer default 0;", "\"lockedUntil\" timestamptz;"]
    {
        assert!(added.contains(part), "{part}: {added}");
    }
    let steps = steps(&found, "`failedVerificationCount`")[0];
    assert!(steps.contains("Give `verified` the default `true`") && steps.contains("the default 0"), "{steps}");
}

const OIDC: &str = "create table \"oauthApplication\" (\"id\" text primary key, \"clientId\" text not null unique);\n\
    create table \"oauthAccessToken\" (\"id\" text primary key, \"accessToken\" text not null unique, \"clientId\" text not null);\n\
    create table \"oauthConsent\" (\"id\" text primary key, \"clientId\" text, \"consentGiven\" boolean not null);\n";

#[test]
fn a_plugin_that_replaces_another_takes_its_clients_over_and_makes_its_tokens_anew() {
    let provider = ("1.7.25", "import { oauthProvider } from \"@better-auth/oauth-provider\";", "oauthProvider()");
    let mcp = ("1.7.25", "import { mcp } from \"@better-auth/mcp\";", "mcp()");
    let oidc = ("1.6.34", "import { oidcProvider } from \"better-auth/plugins\";", "oidcProvider()");
    let (copy, drop) = ("Copy the clients of `oauthApplication`", "Drop or rename the old table `oauthAccessToken`");
    for (before, now) in [(Some(oidc), provider), (None, provider), (None, mcp)] {
        let found = findings(before, now, OIDC);
        let missing = found.iter().find(|finding| finding.message.contains("`oauthClient`")).expect("its tables are missing");
        let step = missing.help.migration.as_deref().unwrap_or_default();
        assert!(step.contains(copy) && step.contains(drop), "{now:?}: {step}");
        let declaration = missing.help.declaration.as_deref().unwrap_or_default();
        assert!(
            declaration.contains("create table \"oauthAccessToken\"")
                && !declaration.contains("alter table \"oauthAccessToken\"")
        );
        assert!(!found.iter().any(|finding| finding.message.contains("`accessToken`")), "it goes with its table: {found:?}");
        let consent = found.iter().find(|finding| finding.message.contains("`consentGiven`")).expect("nobody writes it");
        assert!(!consent.help.server.as_deref().unwrap_or_default().contains("Declare"), "the table takes no fields");
    }
    let own = findings(Some(("1.6.34", provider.1, provider.2)), provider, "");
    let steps = steps(&own, "`oauthClient`");
    assert!(!steps.is_empty() && steps.iter().all(|step| !step.contains(copy)), "there was none to replace: {steps:?}");
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
fn statements_go_where_the_project_keeps_its_migrations() {
    let pool = "import { Pool } from \"pg\";";
    let supabase = finding("1.7.25", pool, "new Pool()", ("supabase/migrations/20250101000000_x.sql", SQL), "");
    let advice = supabase.help.migration.expect("advice");
    assert!(advice.contains("`supabase/migrations`") && advice.contains("supabase db push"), "{advice}");
    let d1 = "import { D1Dialect } from \"kysely-d1\";\nimport { db } from \"./db\";";
    let d1 = finding("1.7.25", d1, "new D1Dialect({ database: db })", ("migrations/0001_init.sql", SQL), "");
    let advice = d1.help.migration.expect("advice");
    assert!(advice.contains("wrangler d1 migrations apply") && !advice.contains("auth@latest"), "{advice}");
    let code = "import { Kysely } from \"kysely\";\nexport async function up(db: Kysely<any>) {\n  \
                await db.schema.createTable(\"verification\").addColumn(\"id\", \"text\").addColumn(\"identifier\", \"text\")\
                .addColumn(\"value\", \"text\").addColumn(\"expiresAt\", \"timestamptz\").execute();\n}\n";
    let kysely = finding("1.7.25", pool, "new Pool()", ("migrations/2025-01-01-init.ts", code), "");
    let advice = kysely.help.migration.expect("advice");
    assert!(advice.contains("a new migration in `migrations`") && !advice.contains("auth@latest"), "{advice}");
}

#[test]
fn a_binding_of_a_worker_is_a_database_where_its_type_or_the_configuration_says_so() {
    let found = |auth: &str, wrangler: &str| {
        let imports = "import { betterAuth } from \"better-auth\";\nimport { twoFactor } from \"better-auth/plugins\";\n";
        let files = [
            ("package.json", "{ \"name\": \"app\", \"dependencies\": { \"better-auth\": \"1.7.25\" } }".to_owned()),
            ("wrangler.toml", wrangler.to_owned()),
            ("src/auth.ts", format!("{imports}{auth}")),
            ("migrations/0001_init.sql", SQL.to_owned()),
        ];
        let snapshot = MemorySnapshot::new(files.map(|(path, text)| (path, text.into_bytes())));
        let options = Options::default();
        let review = review(&snapshot, &[], Surroundings::default(), &options, &MemoryStore::default()).expect("a review");
        review.findings.iter().any(|finding| finding.rule == "migration/migration-missing-for-plugin")
    };
    let make = |parameter: &str| {
        format!("export const auth = (env{parameter}) => betterAuth({{ database: env.DB, plugins: [twoFactor()] }});\n")
    };
    assert!(found(&make(": { DB: D1Database }"), ""));
    assert!(found(&make(": Env"), "[[d1_databases]]\nbinding = \"DB\"\n"));
    assert!(!found(&make(": Env"), "[[kv_namespaces]]\nbinding = \"DB\"\n"));
    assert!(!found(&make(": { DB: Database, OTHER_DB: D1Database }"), "[[d1_databases]]\nbinding = \"OTHER_DB\"\n"));
}

#[test]
fn the_client_step_knows_the_client() {
    let without = prisma("1.7.25", "").help.client.expect("a client step");
    assert!(without.contains("import { twoFactorClient } from \"better-auth/client/plugins\""), "{without}");
    let client = "import { createAuthClient } from \"better-auth/react\";\nimport { twoFactorClient } from \"better-auth/client/plugins\";\n\
                  export const authClient = createAuthClient({ plugins: [twoFactorClient()] });\n";
    assert!(prisma("1.7.25", client).help.client.expect("a client step").starts_with("Nothing to change: `authClient`"));
}
