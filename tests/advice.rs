//! What findings say of a table or a column holds for it, and what they show fits the project.

mod common;

use common::Repo;
use git_auth_review::cache::memory::MemoryStore;
use git_auth_review::engine::{Options, Surroundings, review};
use git_auth_review::finding::{Applicability, Confidence, Finding, Severity};
use git_auth_review::source::MemorySnapshot;

/// A file: its path and its text.
type File<'f> = (&'f str, &'f str);

const MANIFEST: File<'_> = (
    "package.json",
    "{ \"name\": \"app\", \"dependencies\": { \"better-auth\": \"1.7.25\", \"@better-auth/api-key\": \"1.7.25\" } }",
);

/// A project on the last release that does not compare the tables by itself.
const UNCHECKED: File<'_> = ("package.json", "{ \"name\": \"app\", \"dependencies\": { \"better-auth\": \"1.7.2\" } }");

fn found(files: &[File<'_>]) -> Vec<Finding> {
    let snapshot = MemorySnapshot::new(files.iter().map(|(path, text)| (*path, text.as_bytes().to_vec())));
    review(&snapshot, &[], Surroundings::default(), &Options::default(), &MemoryStore::default()).expect("a review").findings
}

/// The finding of a rule whose message holds a text.
fn one(found: &[Finding], rule: &str, about: &str) -> Finding {
    let is_it = |finding: &&Finding| finding.rule.ends_with(rule) && finding.message.contains(about);
    found.iter().find(is_it).unwrap_or_else(|| panic!("no {rule} about {about}: {found:#?}")).clone()
}

/// A server on an adapter, with options beside it.
fn server(database: &str, imports: &str, options: &str) -> String {
    format!(
        "import {{ betterAuth }} from \"better-auth\";\nimport {{ prismaAdapter }} from \"better-auth/adapters/prisma\";\n\
         import {{ drizzleAdapter }} from \"better-auth/adapters/drizzle\";\nimport {{ apiKey }} from \"@better-auth/api-key\";\n\
         import {{ twoFactor, organization, admin }} from \"better-auth/plugins\";\nimport {{ db }} from \"./db\";\n{imports}\n\
         export const auth = betterAuth({{\n  database: {database},\n  {options}\n}});\n"
    )
}

fn on_drizzle(options: &str) -> String {
    server("drizzleAdapter(db, { provider: \"pg\", schema })", "import * as schema from \"./schema\";", options)
}

/// Drizzle tables with all core columns; `email` and `token` are as given.
fn tables(email: &str, token: &str, more: &str) -> String {
    format!(
        "import {{ boolean, index, pgTable, text, timestamp, uniqueIndex }} from \"drizzle-orm/pg-core\";\n\n\
         export const user = pgTable(\"user\", {{\n  id: text(\"id\").primaryKey(),\n  name: text(\"name\").notNull(),\n  {email}\n  \
         emailVerified: boolean(\"email_verified\").notNull(),\n  image: text(\"image\"),\n  createdAt: timestamp(\"created_at\").notNull(),\n  \
         updatedAt: timestamp(\"updated_at\").notNull(),\n}});\n\n\
         export const session = pgTable(\"session\", {{\n  id: text(\"id\").primaryKey(),\n  expiresAt: timestamp(\"expires_at\").notNull(),\n  \
         {token}\n  createdAt: timestamp(\"created_at\").notNull(),\n  updatedAt: timestamp(\"updated_at\").notNull(),\n  \
         ipAddress: text(\"ip_address\"),\n  userAgent: text(\"user_agent\"),\n  userId: text(\"user_id\").notNull(),\n}});\n{more}"
    )
}

const EMAIL: &str = "email: text(\"email\").notNull(),";
const TOKEN: &str = "token: text(\"token\").notNull(),";
const UNIQUE_EMAIL: &str = "email: text(\"email\").notNull().unique(),";
const UNIQUE_TOKEN: &str = "token: text(\"token\").notNull().unique(),";

#[test]
fn what_repeated_values_do_is_told_for_the_column_and_the_adapter() {
    let prisma = |email: &str, token: &str, options: &str| {
        let schema = format!(
            "datasource db {{\n  provider = \"postgresql\"\n}}\nmodel User {{\n  id String @id\n  name String\n  email String {email}\n  \
             emailVerified Boolean\n  image String?\n  createdAt DateTime\n  updatedAt DateTime\n}}\nmodel Session {{\n  id String @id\n  \
             expiresAt DateTime\n  token String {token}\n  createdAt DateTime\n  updatedAt DateTime\n  ipAddress String?\n  \
             userAgent String?\n  userId String\n}}\n"
        );
        let auth = server("prismaAdapter(db, { provider: \"postgresql\" })", "", options);
        found(&[MANIFEST, ("src/auth.ts", &auth), ("prisma/schema.prisma", &schema)])
    };
    let of_token = one(&prisma("@unique", "", ""), "db-unique-missing", "`token`");
    assert_eq!(of_token.severity, Severity::Critical);
    assert!(of_token.why.contains("renews a session by its token") && !of_token.why.contains("address"), "{}", of_token.why);
    let kept = one(&prisma("@unique", "", "session: { disableSessionRefresh: true },"), "db-unique-missing", "`token`");
    assert_eq!(kept.severity, Severity::High, "it is never renewed");
    let of_email = one(&prisma("", "@unique", ""), "db-unique-missing", "`email`");
    assert!(of_email.why.contains("two accounts share an address") && of_email.why.contains("an address cannot be verified"));
    let drizzle = tables(EMAIL, TOKEN, "");
    let on_drizzle = found(&[MANIFEST, ("src/auth.ts", &on_drizzle("")), ("src/schema.ts", &drizzle)]);
    let of_token = one(&on_drizzle, "db-unique-missing", "`token`");
    assert_eq!(of_token.severity, Severity::High);
    assert!(!of_token.why.contains("Prisma") && !of_token.why.contains("address"), "{}", of_token.why);
    assert!(!one(&on_drizzle, "db-unique-missing", "`email`").why.contains("Prisma"));
    let step = of_token.help.migration.expect("a step");
    assert!(
        step.starts_with("Look for rows that share a value and part them first: the key cannot be made while there are some.")
    );
    let index = one(&on_drizzle, "db-index-missing", "`userId` of table `session`");
    assert!(index.message.ends_with("has no index, which better-auth asks for"), "{}", index.message);
}

#[test]
fn unique_columns_are_written_as_the_project_writes_them() {
    let shown = |schema: &str| {
        let found = found(&[MANIFEST, ("src/auth.ts", &on_drizzle("")), ("src/schema.ts", schema)]);
        one(&found, "db-unique-missing", "`email`").help.declaration.expect("lines")
    };
    let inline = "export const user = pgTable(…, {\n  // …\n  email: text(\"email\").notNull().unique(),\n});\n";
    assert_eq!(shown(&tables(EMAIL, UNIQUE_TOKEN, "")), inline);
    assert_eq!(shown(&tables(EMAIL, TOKEN, "")), inline, "as the official generator does");
    let keys = tables(EMAIL, TOKEN, "").replace(
        "userId: text(\"user_id\").notNull(),\n});",
        "userId: text(\"user_id\").notNull(),\n}, (table) => [uniqueIndex(\"session_token_uidx\").on(table.token)]);",
    );
    assert!(shown(&keys).contains("uniqueIndex(\"user_email_uidx\").on(table.email)"), "{}", shown(&keys));
    // What the edit writes is what is shown.
    let repo = Repo::new();
    let schema = tables(EMAIL, UNIQUE_TOKEN, "");
    for (path, text) in [MANIFEST, ("src/auth.ts", &on_drizzle("")), ("src/schema.ts", &schema)] {
        repo.write(path, text);
    }
    repo.git(&["add", "--all"]).passed();
    repo.review(&["fix", "--rule", "db-unique-missing"]).passed();
    assert_eq!(repo.read("src/schema.ts"), tables(UNIQUE_EMAIL, UNIQUE_TOKEN, ""));
}

#[test]
fn tables_are_shown_by_the_names_of_their_own_files() {
    let account = "import { pgTable, text } from \"drizzle-orm/pg-core\";\nconst accounts = pgTable(\"account\", { id: text(\"id\").primaryKey(), \
                   accountId: text(\"account_id\"), providerId: text(\"provider_id\"), userId: text(\"user_id\"), accessToken: text(\"a\"), \
                   refreshToken: text(\"b\"), idToken: text(\"c\"), accessTokenExpiresAt: text(\"d\"), refreshTokenExpiresAt: text(\"e\"), \
                   scope: text(\"f\"), password: text(\"g\"), createdAt: text(\"h\"), updatedAt: text(\"i\") });\nexport { accounts };\n";
    let auth = server(
        "drizzleAdapter(db, { provider: \"pg\", schema: { user, session, account: accounts } })",
        "import { user, session } from \"./schema\";\nimport { accounts } from \"./accounts\";",
        "",
    );
    let schema = tables(UNIQUE_EMAIL, UNIQUE_TOKEN, "");
    let found = found(&[MANIFEST, ("src/auth.ts", &auth), ("src/schema.ts", &schema), ("src/accounts.ts", account)]);
    let index = one(&found, "db-index-missing", "`userId` of table `account`");
    let shown = index.help.declaration.expect("lines");
    for part in ["// src/accounts.ts\nconst accounts = pgTable(", "// src/schema.ts\nexport const session = pgTable("] {
        assert!(shown.contains(part), "{shown}");
    }
    let step = index.help.migration.expect("a step");
    assert!(step.starts_with("Declare it in `src/accounts.ts` and `src/schema.ts`, then run"), "{step}");
}

#[test]
fn columns_of_tables_with_rows_may_be_empty_at_first() {
    let keys = "\nexport const apikey = pgTable(\"apikey\", {\n  id: text(\"id\").primaryKey(),\n  configId: text(\"config_id\").default(\"default\").notNull(),\n  \
                key: text(\"key\").notNull(),\n  userId: text(\"user_id\"),\n});\n";
    let schema = tables(UNIQUE_EMAIL, UNIQUE_TOKEN, keys);
    let auth = on_drizzle("plugins: [apiKey()],");
    let all = found(&[MANIFEST, ("src/auth.ts", &auth), ("src/schema.ts", &schema)]);
    let owner = one(&all, "migration-api-key-reference-column", "`referenceId`");
    assert!(owner.help.declaration.expect("lines").contains("  referenceId: text(\"reference_id\"),\n"));
    assert!(owner.help.migration.expect("a step").contains("and only then require it"));
    assert!(owner.fix.is_some(), "no row keeps it from being applied");
    let others = one(&all, "migration-missing-for-plugin", "`apiKey` plugin needs");
    let shown = others.help.declaration.expect("lines");
    assert!(
        shown.contains("createdAt: timestamp(\"created_at\"),")
            && !shown.contains("createdAt: timestamp(\"created_at\").notNull()")
    );
    let step = others.help.migration.expect("a step");
    assert!(step.contains("`createdAt` and `updatedAt` may be empty at first"), "{step}");
}

#[test]
fn fields_that_nothing_writes_may_be_empty() {
    let shown = |field: &str, database: &str, imports: &str, schema: File<'_>| {
        let auth =
            server(database, imports, &format!("user: {{ additionalFields: {{ ownerId: {{ type: \"string\", {field} }} }} }},"));
        let found = found(&[UNCHECKED, ("src/auth.ts", &auth), schema]);
        one(&found, "migration-missing-for-option", "`ownerId`")
    };
    let schema = tables(UNIQUE_EMAIL, UNIQUE_TOKEN, "");
    let on_drizzle = |field: &str| {
        let database = "drizzleAdapter(db, { provider: \"pg\", schema })";
        shown(field, database, "import * as schema from \"./schema\";", ("src/schema.ts", &schema))
    };
    let left_out = on_drizzle("input: false");
    assert!(left_out.help.declaration.expect("lines").contains("ownerId: text(\"owner_id\"),"));
    assert!(!left_out.help.migration.expect("a step").contains("at first"), "nothing fills it later, either");
    let lost = ", and what is changed later is lost without an error.";
    let told = "the calls that store a new one with a value for a missing column fail";
    assert!(left_out.why.ends_with(&format!("{told}{lost}")), "{}", left_out.why);
    let sent = on_drizzle("required: true");
    assert!(sent.help.migration.expect("a step").contains("`ownerId` may be empty at first"));
    assert!(sent.why.ends_with(&format!("every call that stores one in table `user` fails{lost}")), "{}", sent.why);
    let user = "create table \"user\" (\"id\" text, \"name\" text, \"email\" text unique, \"emailVerified\" boolean, \"image\" text, \
                \"createdAt\" timestamptz, \"updatedAt\" timestamptz);";
    let pool = |field: &str| {
        let found = shown(field, "new Pool()", "import { Pool } from \"pg\";", ("migrations/1.sql", user));
        assert!(!found.why.contains("lost"), "the database refuses both: {}", found.why);
        found.help.declaration.expect("statements")
    };
    assert_eq!(pool("input: false"), "alter table \"user\" add column \"ownerId\" text;");
    assert!(pool("input: false, required: true").starts_with("-- \"ownerId\" must not be null"));
}

#[test]
fn columns_that_nobody_writes_are_told_what_becomes_of_them() {
    let told = |user: &str, account: &str| {
        let more = "\nexport const account = pgTable(\"account\", { id: text(\"id\").primaryKey(), accountId: text(\"account_id\"), \
                    providerId: text(\"provider_id\"), userId: text(\"user_id\"), accessToken: text(\"a\"), refreshToken: text(\"b\"), \
                    idToken: text(\"c\"), accessTokenExpiresAt: text(\"d\"), refreshTokenExpiresAt: text(\"e\"), scope: text(\"f\"), \
                    password: text(\"g\"), createdAt: text(\"h\"), updatedAt: text(\"i\"), ACCOUNT });\n";
        let email = format!("{UNIQUE_EMAIL} {user}");
        let schema = tables(&email, UNIQUE_TOKEN, &more.replace("ACCOUNT", account));
        found(&[UNCHECKED, ("src/auth.ts", &on_drizzle("")), ("src/schema.ts", &schema)])
    };
    let rule = "schema-unwritten-required-column";
    let password = one(&told("password: text(\"password\").notNull(),", ""), rule, "`password`");
    let server = password.help.server.expect("a step");
    assert!(server.starts_with("Do not declare `password` in `user.additionalFields`"), "{server}");
    let expected = "Make `password` nullable, or drop it once no code of the project writes it, in the schema.";
    assert!(password.help.migration.expect("a step").starts_with(expected));
    let both = one(&told("passwordHash: text(\"p\").notNull(), plan: text(\"plan\").notNull(),", ""), rule, "`plan`");
    let server = both.help.server.expect("a step");
    assert!(server.ends_with("Declare `plan` in `user.additionalFields`, give it a default, or make it nullable."), "{server}");
    assert!(both.why.starts_with("Every insert into the table fails: nobody can sign up."));
    let account = one(&told("", "type: text(\"type\").notNull(), kind: text(\"kind\").notNull()"), rule, "`type` and `kind`");
    let server = account.help.server.expect("a step");
    assert_eq!(server, "Declare `type` and `kind` in `account.additionalFields`, give them a default, or make them nullable.");
    assert!(!account.why.contains("sign up"), "{}", account.why);
}

#[test]
fn a_column_is_another_name_for_what_is_looked_for_where_it_may_hold_the_same() {
    let told = |column: &str| {
        let schema = tables(UNIQUE_EMAIL, UNIQUE_TOKEN, "").replace("name: text(\"name\").notNull()", column);
        found(&[MANIFEST, ("src/auth.ts", &on_drizzle("")), ("src/schema.ts", &schema)])
    };
    let has = |column: &str| {
        let found = told(column);
        let of_user = |rule: &str| found.iter().any(|one| one.rule.ends_with(rule) && one.message.contains("table `user`"));
        (of_user("schema-core-field-missing"), of_user("schema-unwritten-required-column"))
    };
    assert_eq!(has("fullName: text(\"full_name\").notNull()"), (true, false));
    assert_eq!(has("handle: text(\"handle\").notNull()"), (true, false));
    assert_eq!(has("handle: text(\"handle\")"), (true, false));
    // Nothing else is kept in these.
    assert_eq!(has("password: text(\"password\").notNull()"), (true, true));
    assert_eq!(has("active: boolean(\"active\").notNull()"), (true, true));

    let missing = one(&told("handle: text(\"handle\").notNull()"), "schema-core-field-missing", "`name`");
    let expected = "Where it holds the same, rename the property `handle` to `name` in table `user`; a column keeps its name in the \
                    database where its builder is given it. Or tell better-auth the name: `user: { fields: { name: \"handle\" } }`.";
    assert_eq!(missing.help.server.as_deref(), Some(expected));
    assert!(missing.help.declaration.is_none() && missing.help.migration.is_none() && missing.fix.is_none());
    // One that may be empty is no reason for a defect.
    let missing = one(&told("handle: text(\"handle\")"), "schema-core-field-missing", "`name`");
    let expected = "Complete table `user`; where a column is there by another name, map it in `user.fields`.";
    assert_eq!(missing.help.server.as_deref(), Some(expected));
    assert!(missing.help.declaration.is_some());
}

#[test]
fn a_table_that_no_request_inserts_into_is_less_of_a_matter() {
    let told = |version: &str, paths: &str| {
        let manifest = MANIFEST.1.replace("1.7.25", version);
        let more = "\nexport const organization = pgTable(\"organization\", { id: text(\"id\").primaryKey(), name: text(\"name\"), slug: \
                    text(\"slug\").unique(), logo: text(\"logo\"), createdAt: timestamp(\"c\"), metadata: text(\"m\"), region: \
                    text(\"region\").notNull() });\nexport const team = pgTable(\"team\", { id: text(\"id\").primaryKey(), name: \
                    text(\"name\"), organizationId: text(\"o\"), createdAt: timestamp(\"c\"), updatedAt: timestamp(\"u\"), color: \
                    text(\"color\").notNull() });\n";
        let schema = tables(UNIQUE_EMAIL, UNIQUE_TOKEN, more);
        let auth = on_drizzle(&format!("plugins: [organization({{ teams: {{ enabled: true }} }})], {paths}"));
        let found = found(&[("package.json", &manifest), ("src/auth.ts", &auth), ("src/schema.ts", &schema)]);
        ["`region`", "`color`"].map(|column| one(&found, "schema-unwritten-required-column", column))
    };
    let severities = |paths: &str| told("1.6.22", paths).map(|one| one.severity);
    let (critical, medium) = (Severity::Critical, Severity::Medium);
    assert_eq!(severities(""), [critical, critical]);
    assert_eq!(
        severities("disabledPaths: [\"/organization/create\"],"),
        [medium, critical],
        "a team comes with `create-team` too"
    );
    assert_eq!(severities("disabledPaths: [\"/organization/create\", \"/organization/create-team\"],"), [medium, medium]);
    // Paths are compared as a whole, and what may not be in the list closes nothing.
    for paths in
        ["[\"/organization\"]", "[\"/organization/create/\"]", "process.env.X ? [\"/organization/create\"] : []", "PATHS"]
    {
        assert_eq!(severities(&format!("disabledPaths: {paths},"))[0], critical, "{paths}");
    }
    let [region, _] = told("1.6.22", "disabledPaths: [\"/organization/create\"],");
    let expected = "`disabledPaths` keeps out the requests that insert rows, to `/organization/create`. Calls of `auth.api` that do so fail.";
    assert!(region.why.starts_with(expected), "{}", region.why);
    // Later releases compare the tables, whatever is closed.
    assert_eq!(told("1.7.25", "disabledPaths: [\"/organization/create\"],").map(|one| one.severity), [critical, critical]);
}

#[test]
fn a_field_under_the_wrong_name_is_one_defect() {
    let told = |field: &str, column: &str| {
        let manifest = MANIFEST.1.replace("1.7.25", "1.6.22");
        let schema = tables(UNIQUE_EMAIL, UNIQUE_TOKEN, "")
            .replace("image: text(\"image\")", &format!("image: text(\"image\"), {column}"));
        let auth = on_drizzle(&format!("user: {{ additionalFields: {{ {field} }} }},"));
        found(&[("package.json", &manifest), ("src/auth.ts", &auth), ("src/schema.ts", &schema)])
    };
    let only = |found: &[Finding]| {
        let of_user: Vec<&Finding> = found.iter().filter(|one| one.message.contains("of table `user`")).collect();
        assert!(found.iter().all(|one| !one.rule.ends_with("schema-unwritten-required-column")), "{found:?}");
        assert_eq!(of_user.len(), 1, "{found:?}");
        of_user[0].clone()
    };
    let plan = "plan: { type: \"string\", input: false, fieldName: \"tier\" }";
    let usual =
        "Take the name `tier` for `plan` out of the configuration: the adapter looks for the property, not for the column.";
    for (column, severity) in [
        ("plan: text(\"plan\").notNull()", Severity::Critical),
        ("plan: text(\"tier\").notNull()", Severity::Critical),
        ("plan: text(\"tier\")", Severity::High),
    ] {
        let one = only(&told(plan, column));
        assert_eq!((one.help.server.as_deref(), one.severity), (Some(usual), severity), "{column}");
        assert!(one.help.declaration.is_none() && one.fix.is_none(), "a second column is no remedy: {one:?}");
    }
    let level = "level: { type: \"string\", input: false, fieldName: \"tier\" }";
    let one = only(&told(level, "plan: text(\"tier\").notNull()"));
    let expected = "Rename the property `plan` to `tier` in table `user`; a column keeps its name in the database where its builder is given \
                    it. Or tell better-auth the name: `level: { fieldName: \"plan\" }`.";
    assert_eq!(one.help.server.as_deref(), Some(expected));
    assert!(one.why.ends_with("Every insert into the table fails: nobody can sign up."), "{}", one.why);
    // What is to be renamed is not told to be empty at first.
    let schema = tables(UNIQUE_EMAIL, UNIQUE_TOKEN, "").replace("name: text(\"name\")", "label: text(\"name\")");
    let schema = schema.replacen("createdAt: timestamp(\"created_at\").notNull(),", "", 1).replacen(
        "emailVerified: boolean(\"email_verified\").notNull(),",
        "",
        1,
    );
    let found = found(&[UNCHECKED, ("src/auth.ts", &on_drizzle("")), ("src/schema.ts", &schema)]);
    let one = self::one(&found, "schema-core-field-missing", "of table `user`");
    let migration = one.help.migration.expect("a step");
    assert!(!migration.contains("`name`") && one.help.server.expect("a step").contains("`label` to `name`"), "{migration}");
}

#[test]
fn plugins_are_told_the_names_of_columns_where_they_take_them() {
    let told = |plugin: &str, more: &str| {
        let auth = on_drizzle(&format!("plugins: [{plugin}],"));
        let schema = tables(UNIQUE_EMAIL, UNIQUE_TOKEN, more).replace(
            "image: text(\"image\")",
            "image: text(\"image\"), two_factor_enabled: boolean(\"t\"), role: text(\"a\"), banned: boolean(\"b\"), ban_reason: text(\"ban_reason\"), banExpires: timestamp(\"c\")",
        );
        let found = found(&[MANIFEST, ("src/auth.ts", &auth), ("src/schema.ts", &schema)]);
        let name = plugin.split('(').next().expect("a name");
        one(&found, "migration-missing-for-plugin", &format!("`{name}` plugin")).help.server.expect("a step")
    };
    let server = told("admin()", "");
    let option = "Or tell the `admin` plugin the name: `schema: { user: { fields: { banReason: \"ban_reason\" } } }`.";
    assert!(server.starts_with("Rename the property `ban_reason` to `banReason`") && server.ends_with(option), "{server}");
    let codes = "\nexport const twoFactor = pgTable(\"two_factor\", { id: text(\"id\").primaryKey(), secret: text(\"secret\"), backup_codes: \
                 text(\"backup_codes\"), userId: text(\"user_id\") });\n";
    let server = told("twoFactor({ fields: { backupCodes: \"backup_codes\" } })", codes);
    assert!(
        server.starts_with("`twoFactor` takes names in `schema` alone, and does not see those in `fields`. Rename"),
        "{server}"
    );
    assert!(server.contains("`schema: { twoFactor: { fields: { backupCodes: \"backup_codes\" } } }`"), "{server}");
    assert_eq!(server.matches("takes names in `schema` alone").count(), 1, "{server}");
}

#[test]
fn a_plugin_is_told_the_name_of_the_table_that_has_what_it_looks_for() {
    let told = |name: &str, columns: &str| {
        let more = format!(
            "\nexport const twoFactor = pgTable(\"two_factor\", {{ id: text(\"id\").primaryKey(), label: text(\"label\").notNull() }});\n\
             export const {name} = pgTable(\"own\", {{ id: text(\"id\").primaryKey(), {columns} userId: text(\"user_id\") }});\n"
        );
        let schema = tables(UNIQUE_EMAIL, UNIQUE_TOKEN, &more)
            .replace("image: text(\"image\")", "image: text(\"image\"), twoFactorEnabled: boolean(\"t\")");
        found(&[MANIFEST, ("src/auth.ts", &on_drizzle("plugins: [twoFactor()],")), ("src/schema.ts", &schema)])
    };
    let all = "secret: text(\"secret\"), backupCodes: text(\"codes\"), verified: boolean(\"v\"), failedVerificationCount: integer(\"f\"), \
               lockedUntil: timestamp(\"l\"),";
    let meant = told("userTwoFactor", all);
    let one = self::one(&meant, "migration-missing-for-plugin", "of table `twoFactor`");
    let expected = "`userTwoFactor` has all that table `twoFactor` lacks: tell the `twoFactor` plugin its name with `twoFactorTable: \
                    \"userTwoFactor\"`.";
    assert_eq!(one.help.server.as_deref(), Some(expected));
    assert!(one.help.declaration.is_none() && one.help.migration.is_none() && one.fix.is_none(), "{one:?}");
    assert!(meant.iter().all(|one| !one.message.contains("`label`")), "the table is something else: {meant:?}");
    for (name, columns) in [("userTwoFactor", "secret: text(\"secret\"),"), ("codes", all)] {
        let found = told(name, columns);
        let one = self::one(&found, "migration-missing-for-plugin", "of table `twoFactor`");
        assert!(one.help.declaration.is_some(), "{name}: {one:?}");
        assert!(found.iter().any(|one| one.message.contains("`label`")), "{name}: {found:?}");
    }
}

#[test]
fn a_table_is_repaired_where_it_is_the_one_that_is_meant_or_no_option_names_another() {
    let told = |plugin: &str, more: &str, message: &str| {
        let schema = tables(UNIQUE_EMAIL, UNIQUE_TOKEN, more)
            .replace("image: text(\"image\")", "image: text(\"image\"), twoFactorEnabled: boolean(\"t\")");
        let server = on_drizzle(&format!("plugins: [{plugin}],"));
        let found = found(&[MANIFEST, ("src/auth.ts", &server), ("src/schema.ts", &schema)]);
        let one = self::one(&found, "migration-missing-for-plugin", message);
        assert!(one.help.declaration.is_some() && one.help.migration.is_some(), "{one:?}");
        assert!(one.help.server.as_ref().is_none_or(|server| !server.contains("modelName")), "{one:?}");
    };
    let most = "id: text(\"id\").primaryKey(), secret: text(\"secret\"), backupCodes: text(\"codes\"), userId: text(\"user_id\"), \
                verified: boolean(\"v\"), failedVerificationCount: integer(\"f\")";
    let former = format!(
        "\nexport const twoFactor = pgTable(\"two_factor\", {{ {most} }});\n\
         export const oldTwoFactor = pgTable(\"old\", {{ {most}, lockedUntil: timestamp(\"l\") }});\n"
    );
    told("twoFactor()", &former, "`lockedUntil` of table `twoFactor`");
    let other = "\nexport const note = pgTable(\"note\", { id: text(\"id\").primaryKey(), label: text(\"label\") });\n\
                 export const userNote = pgTable(\"user_note\", { id: text(\"id\").primaryKey(), body: text(\"body\") });\n";
    let own = "{ id: \"notes\", schema: { note: { fields: { body: { type: \"string\", required: true } } } } }";
    told(own, other, "`body` of table `note`");
}

#[test]
fn a_column_that_every_row_is_given_is_missed_by_all_calls() {
    // Later releases compare the schema at the first request.
    let manifest = MANIFEST.1.replace("1.7.25", "1.6.22");
    let severity = |role: &str| {
        let auth = on_drizzle("plugins: [admin()],");
        let columns = format!("image: text(\"image\"), {role}banReason: text(\"b\"), banExpires: timestamp(\"c\")");
        let schema = tables(UNIQUE_EMAIL, UNIQUE_TOKEN, "").replace("image: text(\"image\")", &columns);
        let schema = schema.replace("ipAddress", "impersonatedBy: text(\"i\"), ipAddress");
        let found = found(&[("package.json", &manifest), ("src/auth.ts", &auth), ("src/schema.ts", &schema)]);
        one(&found, "migration-missing-for-plugin", "`admin` plugin").severity
    };
    // `banned` has a default that better-auth fills in.
    assert_eq!(severity("role: text(\"a\"), "), Severity::Critical);
    assert_eq!(severity("banned: boolean(\"b\"), "), Severity::High);
}

#[test]
fn an_edit_is_for_people_where_the_application_may_count_on_what_it_changes() {
    let told = |options: &str, rule: &str, about: &str| {
        let schema = tables(UNIQUE_EMAIL, UNIQUE_TOKEN, "");
        let found = found(&[MANIFEST, ("src/auth.ts", &on_drizzle(options)), ("src/schema.ts", &schema)]);
        one(&found, rule, about)
    };
    for (rule, option) in [("csrf-check-disabled", "disableCSRFCheck"), ("origin-check-disabled", "disableOriginCheck")] {
        let applicability = |options: &str| {
            let options = format!("advanced: {{ {option}: true }}, {options}");
            told(&options, rule, option).fix.expect("an edit").applicability
        };
        assert_eq!(applicability(""), Applicability::Safe);
        assert_eq!(applicability("trustedOrigins: [\"https://example.com\"],"), Applicability::Safe);
        assert_eq!(applicability("trustedOrigins: async (request) => db.origins(request),"), Applicability::Unsafe);
        assert_eq!(applicability("hooks: { before: async (context) => db.check(context) },"), Applicability::Unsafe);
    }
    for (field, applicability) in [
        ("type: \"string\"", Applicability::Unsafe),
        ("type: \"string\", required: true", Applicability::Unsafe),
        ("type: \"string\", defaultValue: undefined", Applicability::Unsafe),
        ("type: \"string\", defaultValue: \"user\"", Applicability::Safe),
        ("type: \"string\", defaultValue: () => \"user\"", Applicability::Safe),
        ("type: \"string\", required: false", Applicability::Safe),
    ] {
        let one =
            told(&format!("user: {{ additionalFields: {{ role: {{ {field} }} }} }},"), "user-field-mass-assignment", "`role`");
        let fix = one.fix.expect("an edit");
        let says = |text: Option<&str>| text.is_some_and(|text| text.contains("`defaultValue` as well"));
        assert_eq!(fix.applicability, applicability, "{field}");
        assert_eq!(says(fix.next.as_deref()), applicability == Applicability::Unsafe, "{field}");
        assert_eq!(says(one.help.server.as_deref()), applicability == Applicability::Unsafe, "{field}");
    }
}

#[test]
fn an_entry_of_the_schema_map_under_another_key_gets_the_one_that_is_looked_up() {
    let tokens = "\nexport const tokens = pgTable(\"tokens\", { id: text(\"id\").primaryKey(), identifier: text(\"identifier\").notNull(), \
                  token: text(\"token\").notNull(), expires: timestamp(\"expires\").notNull(), createdAt: timestamp(\"a\"), updatedAt: timestamp(\"b\") });\n";
    let fields = "verification: { fields: { value: \"token\", expiresAt: \"expires\" } },";
    let schema = tables(UNIQUE_EMAIL, UNIQUE_TOKEN, tokens);
    let told = |database: &str, imports: &str, options: &str| {
        let auth = server(database, imports, options);
        found(&[MANIFEST, ("src/auth.ts", &auth), ("src/schema.ts", &schema)])
    };
    let import = "import * as tables from \"./schema\";";
    let given = "drizzleAdapter(db, { provider: \"pg\", schema: { user: tables.user, session: tables.session, verificationToken: tables.tokens } })";
    let all = told(given, import, fields);
    let misnamed = one(&all, "adapter-schema-model-missing", "has no `verification`");
    let step = misnamed.help.server.expect("a step");
    assert!(step.starts_with("Rename the key `verificationToken` to `verification` in the schema map"), "{step}");
    assert!(misnamed.help.declaration.expect("lines").contains("  verification: tables.tokens,\n"));
    let edits = misnamed.fix.expect("an edit").edits;
    assert_eq!(edits.iter().map(|edit| edit.text.as_str()).collect::<Vec<_>>(), ["verification"]);
    assert!(!all.iter().any(|one| one.message.contains("needs table `verification`")), "{all:?}");
    // A map that stands apart may be used by its keys.
    let apart =
        format!("{import}\nconst map = {{ user: tables.user, session: tables.session, verificationToken: tables.tokens }};");
    let all = told("drizzleAdapter(db, { provider: \"pg\", schema: map })", &apart, fields);
    let misnamed = one(&all, "adapter-schema-model-missing", "has no `verification`");
    assert!(misnamed.fix.is_none() && misnamed.help.server.expect("a step").starts_with("Rename the key"));
    // A table without the columns is another one.
    let all = told(given, import, "");
    one(&all, "schema-core-field-missing", "needs tables `account` and `verification`");
}

#[test]
fn an_adapter_without_a_schema_is_given_the_module_that_has_all_tables() {
    let more = "\nexport const account = pgTable(\"account\", { id: text(\"id\") });\nexport const verification = pgTable(\"verification\", { id: text(\"id\") });\n";
    let schema = tables(UNIQUE_EMAIL, UNIQUE_TOKEN, more);
    let given = |schema: &str| {
        let handle = "import { drizzle } from \"drizzle-orm/node-postgres\";\nconst own = drizzle(process.env.URL!);";
        let auth = server("drizzleAdapter(own, { provider: \"pg\" })", handle, "");
        let found = found(&[MANIFEST, ("src/lib/auth.ts", &auth), ("src/db/schema.ts", schema)]);
        one(&found, "adapter-schema-model-missing", "is given no schema").help.declaration
    };
    let expected = "import * as schema from \"../db/schema\";\n\ndrizzleAdapter(…, { …, schema })\n";
    assert_eq!(given(&schema).as_deref(), Some(expected));
    assert_eq!(given(&schema.replace("const verification", "const tokens").replace("\"verification\"", "\"tokens\"")), None);
    let other = "import { account, session, users, verification } from \"../db/schema\";\n\ndrizzleAdapter(…, {\n  // …\n  schema: {\n    \
                 account,\n    session,\n    user: users,\n    verification,\n  },\n})\n";
    assert_eq!(given(&schema.replace("const user =", "const users =")).as_deref(), Some(other));
}

#[test]
fn tables_of_a_creator_are_declared_whatever_it_makes_of_their_names() {
    let verification = "\nexport const verificationTable = pgTable(\"verification\", { id: text(\"id\").primaryKey(), identifier: \
                        text(\"identifier\").notNull(), value: text(\"value\").notNull(), expiresAt: timestamp(\"e\").notNull(), createdAt: \
                        timestamp(\"c\").notNull(), updatedAt: timestamp(\"u\").notNull() }, (t) => [index(\"i\").on(t.identifier)]);\n";
    let plain = tables(UNIQUE_EMAIL, UNIQUE_TOKEN, verification);
    let made = plain.replace("pgTable, ", "").replace("pgTable(", "createTable(");
    let map = "drizzleAdapter(db, { provider: \"pg\", schema: { user, session } })";
    let auth = server(map, "import { user, session } from \"./schema\";", "");
    for name in ["`app_${name}`", "name"] {
        let creator = format!("pgTableCreator((name) => {name});\n");
        let apart = format!("import {{ pgTableCreator }} from \"drizzle-orm/pg-core\";\nexport const createTable = {creator}");
        let imported = format!("import {{ createTable }} from \"./creator\";\n{made}");
        let own = made.replace("import { boolean,", "import { boolean, pgTableCreator,");
        let (head, rest) = own.split_once("\n\n").expect("imports");
        let own = format!("{head}\n\nconst createTable = {creator}{rest}");
        for (schema, more) in [(&imported, apart.as_str()), (&own, "export {};")] {
            let found = found(&[MANIFEST, ("src/auth.ts", &auth), ("src/schema.ts", schema), ("src/creator.ts", more)]);
            one(&found, "adapter-schema-model-missing", "has no `verification`");
            assert!(!found.iter().any(|one| one.message.contains("needs table `verification`")), "{found:#?}");
            one(&found, "schema-core-field-missing", "needs table `account`");
        }
    }
}

#[test]
fn columns_that_cannot_hold_a_value_are_no_model_for_others() {
    let banned = |own: &str, dialect: &str| {
        let auth = on_drizzle("plugins: [admin()],");
        let schema = tables(UNIQUE_EMAIL, UNIQUE_TOKEN, "").replace("boolean(\"email_verified\")", own);
        let schema = schema.replace("boolean, ", "integer, ").replace("pg-core", dialect);
        let found = found(&[MANIFEST, ("src/auth.ts", &auth), ("src/schema.ts", &schema)]);
        let finding = one(&found, "migration-missing-for-plugin", "`admin` plugin");
        let edits = finding.fix.expect("an edit").edits;
        (
            finding.help.declaration.expect("lines"),
            edits.iter().any(|edit| edit.text.contains("boolean, ") || edit.text == ", boolean"),
        )
    };
    let (lines, imports) = banned("integer(\"email_verified\").default(0)", "pg-core");
    assert!(lines.contains("  banned: boolean(\"banned\").default(false),\n") && imports, "{lines}");
    let (lines, _) = banned("integer(\"email_verified\", { mode: \"boolean\" })", "sqlite-core");
    assert!(lines.contains("  banned: integer(\"banned\", { mode: \"boolean\" }).default(false),\n"), "{lines}");
}

#[test]
fn tables_that_may_be_meant_are_shown_by_their_own_names() {
    let schema = tables(UNIQUE_EMAIL, UNIQUE_TOKEN, "").replace("const user =", "const users =");
    let auth = server(
        "drizzleAdapter(db, { provider: \"pg\", schema: elsewhere })",
        "import { elsewhere } from \"x\";",
        "plugins: [admin()],",
    );
    let found = found(&[MANIFEST, ("src/auth.ts", &auth), ("src/schema.ts", &schema)]);
    let missing = one(&found, "migration-missing-for-plugin", "`admin` plugin");
    let lines = missing.help.declaration.expect("lines");
    assert!(lines.contains("export const users = pgTable(…") && missing.fix.is_none(), "{lines}");
    assert!(missing.help.migration.expect("a step").starts_with("Declare it in `src/schema.ts`"));
}

#[test]
fn the_client_step_names_the_clients_of_the_server() {
    let auth = on_drizzle(
        "plugins: [admin(), organization({ schema: { organization: { additionalFields: { imageKey: { type: \"string\" } } } } })],",
    );
    let schema = tables(UNIQUE_EMAIL, UNIQUE_TOKEN, "");
    let client = "import { createAuthClient } from \"better-auth/react\";\nexport const client = createAuthClient();\n";
    let told = |clients: &[&str], rule: &str, about: &str| {
        let clients: Vec<File<'_>> = clients.iter().map(|path| (*path, client)).collect();
        let files = [[MANIFEST, ("src/auth.ts", &auth), ("src/schema.ts", &schema)].as_slice(), &clients].concat();
        one(&found(&files), rule, about).help.client.expect("a step")
    };
    let admin = |clients: &[&str]| told(clients, "migration-missing-for-plugin", "`admin` plugin");
    assert!(
        admin(&["src/client.ts"]).starts_with("Add `adminClient()` to `plugins` of `createAuthClient` in `src/client.ts`, with")
    );
    let several = admin(&["src/a.ts", "src/b.ts"]);
    assert!(several.contains("`createAuthClient` in the one of `src/a.ts`, `src/b.ts` whose pages use it"), "{several}");
    assert!(admin(&[]).starts_with("Nothing in this repository: a client of it needs `adminClient()`"));
    let field = |options: &str, clients: &[&str]| {
        let auth = on_drizzle(options);
        let clients: Vec<File<'_>> = clients.iter().map(|path| (*path, client)).collect();
        let files = [[MANIFEST, ("src/auth.ts", &auth), ("src/schema.ts", &schema)].as_slice(), &clients].concat();
        one(&found(&files), "migration-missing-for-option", "needs").help.client.expect("a step")
    };
    let own = field("user: { additionalFields: { plan: { type: \"string\" } } },", &["src/client.ts"]);
    assert!(
        own.contains("`inferAdditionalFields<typeof auth>()` in `plugins` of `createAuthClient` in `src/client.ts`"),
        "{own}"
    );
    let limit = field("rateLimit: { storage: \"database\" },", &["src/client.ts"]);
    assert!(limit.starts_with("Nothing to change"), "{limit}");
    let organizations = "\nexport const organization = pgTable(\"organization\", { id: text(\"id\").primaryKey(), name: text(\"name\"), slug: text(\"slug\").unique(), \
                         logo: text(\"logo\"), createdAt: timestamp(\"a\"), metadata: text(\"m\") });\n";
    let with = tables(UNIQUE_EMAIL, UNIQUE_TOKEN, organizations);
    let files = [MANIFEST, ("src/auth.ts", &*auth), ("src/schema.ts", &with), ("src/client.ts", client)];
    let of_organization = one(&found(&files), "migration-missing-for-option", "`imageKey`").help.client.expect("a step");
    assert!(
        of_organization.contains("`organizationClient({ schema: inferOrgAdditionalFields<typeof auth>() })`"),
        "{of_organization}"
    );
}

#[test]
fn keys_behind_code_around_an_adapter_are_not_certain() {
    let around = "(options) => ({ ...drizzleAdapter(db, { provider: \"pg\", schema })(options), findOne: encrypted })";
    let imports = "import * as schema from \"./schema\";\nimport { encrypted } from \"./crypto\";";
    let schema = tables(EMAIL, "token: text(\"token\").notNull().unique(),", "");
    for (database, certain) in [("drizzleAdapter(db, { provider: \"pg\", schema })", true), (around, false)] {
        let auth = server(database, imports, "");
        let found = found(&[UNCHECKED, ("src/auth.ts", &auth), ("src/schema.ts", &schema)]);
        let of_email =
            found.iter().find(|finding| finding.rule.ends_with("db-unique-missing") && finding.message.contains("`email`"));
        let is_certain = of_email.is_some_and(|finding| finding.confidence == Confidence::High && finding.fix.is_some());
        assert_eq!((of_email.is_some(), is_certain), (certain, certain), "{database}");
    }
}
