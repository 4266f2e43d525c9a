//! `git auth-review fix` in real repositories: what it writes, and what it leaves.

mod common;

#[cfg(unix)]
use std::{fs, os::unix::fs::PermissionsExt as _};

use common::Repo;

const MANIFEST: &str = r#"{ "name": "app", "dependencies": { "better-auth": "1.7.0", "@better-auth/passkey": "1.7.0" } }"#;

const CORE: &str = r#"model User {
  id            String    @id
  name          String
  email         String    @unique
  emailVerified Boolean   @default(false)
  image         String?
  createdAt     DateTime  @default(now())
  updatedAt     DateTime  @updatedAt
  sessions      Session[]
  accounts      Account[]
}

model Session {
  id        String   @id
  expiresAt DateTime
  token     String   @unique
  createdAt DateTime @default(now())
  updatedAt DateTime @updatedAt
  ipAddress String?
  userAgent String?
  userId    String
  user      User     @relation(fields: [userId], references: [id], onDelete: Cascade)

  @@index([userId])
}

model Account {
  id                    String    @id
  accountId             String
  providerId            String
  userId                String
  user                  User      @relation(fields: [userId], references: [id], onDelete: Cascade)
  accessToken           String?
  refreshToken          String?
  idToken               String?
  accessTokenExpiresAt  DateTime?
  refreshTokenExpiresAt DateTime?
  scope                 String?
  password              String?
  issuer                String?
  createdAt             DateTime  @default(now())
  updatedAt             DateTime  @updatedAt

  @@unique([accountId, issuer])
  @@index([userId])
}

model Verification {
  id         String   @id
  identifier String
  value      String
  expiresAt  DateTime
  createdAt  DateTime @default(now())
  updatedAt  DateTime @updatedAt

  @@index([identifier])
}
"#;

fn prisma() -> String {
    format!("datasource db {{\n  provider = \"postgresql\"\n}}\n\n{CORE}")
}

fn auth(plugins: &str, database: &str, import: &str) -> String {
    format!(
        "import {{ betterAuth }} from \"better-auth\";\nimport {{ username, admin }} from \"better-auth/plugins\";\n\
         import {{ passkey }} from \"@better-auth/passkey\";\n{import}\n\
         export const auth = betterAuth({{\n  database: {database},\n  plugins: [{plugins}],\n}});\n"
    )
}

fn with_prisma(plugins: &str) -> String {
    let import = "import { prismaAdapter } from \"better-auth/adapters/prisma\";\nimport { client } from \"./client\";";
    auth(plugins, "prismaAdapter(client, { provider: \"postgresql\" })", import)
}

/// A repository with these files in its index.
fn repository(files: &[(&str, &str)]) -> Repo {
    let repo = Repo::new();
    repo.write("package.json", MANIFEST);
    for (path, text) in files {
        repo.write(path, text);
    }
    repo.git(&["add", "--all"]).passed();
    repo
}

/// Runs the command, which must succeed, and gives what it printed.
fn fix(repo: &Repo, arguments: &[&str]) -> String {
    repo.review(&[&["fix"], arguments].concat()).passed().stdout
}

/// The rules of the findings about the schema.
fn findings(repo: &Repo) -> Vec<String> {
    let run = repo.review(&["--no-daemon", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    let rules = json["findings"].as_array().expect("findings").iter().map(|finding| finding["rule"].as_str().expect("a rule"));
    rules.filter(|rule| rule.starts_with("migration/") || rule.starts_with("db-index/")).map(str::to_owned).collect()
}

#[test]
fn a_prisma_model_that_points_to_itself_names_the_relation() {
    let field = "managerId: { type: \"string\", required: false, references: { model: \"user\", field: \"id\" } }";
    let auth = with_prisma("").replace("plugins: []", &format!("user: {{ additionalFields: {{ {field} }} }}"));
    let repo = repository(&[("src/auth.ts", &auth), ("prisma/schema.prisma", &prisma())]);
    fix(&repo, &[]);
    let schema = repo.read("prisma/schema.prisma");
    let words: Vec<String> = schema.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let forward = "managerUser User? @relation(\"User_managerId\", fields: [managerId], references: [id], onDelete: Cascade)";
    for line in [forward, "usersByManager User[] @relation(\"User_managerId\")"] {
        assert!(words.iter().any(|words| words == line), "{line}: {schema}");
    }
    assert_eq!(findings(&repo), [""; 0]);
}

#[test]
fn a_relation_gets_a_name_that_the_model_does_not_have() {
    let taken = prisma().replace("  accounts      Account[]\n", "  accounts      Account[]\n  passkeys      String?\n");
    let repo = repository(&[("src/auth.ts", &with_prisma("passkey()")), ("prisma/schema.prisma", &taken)]);
    fix(&repo, &[]);
    let fixed = repo.read("prisma/schema.prisma");
    let mut lines = fixed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    assert!(lines.any(|line| line == "passkeysByUser Passkey[]"), "{fixed}");
}

#[test]
fn a_copy_of_a_prisma_schema_is_not_what_is_repaired() {
    let whole = format!("{}\nmodel Passkey {{\n  id String @id\n}}\n", prisma());
    for copy in ["generated/prisma/schema.prisma", "prisma/schema.old.prisma"] {
        let repo = repository(&[("src/auth.ts", &with_prisma("passkey()")), ("prisma/schema.prisma", &prisma()), (copy, &whole)]);
        let said = fix(&repo, &[]);
        assert!(said.contains("fixed: declare table `passkey` (prisma/schema.prisma)"), "{copy}: {said}");
        assert_eq!(repo.read(copy), whole);
        assert_eq!(findings(&repo), Vec::<String>::new(), "{copy}");
    }
}

#[test]
fn models_and_fields_are_written_in_the_style_that_is_there() {
    let repo = repository(&[("src/auth.ts", &with_prisma("passkey(), username()")), ("prisma/schema.prisma", &prisma())]);
    assert_eq!(findings(&repo).len(), 2);
    let said = fix(&repo, &[]);
    assert!(said.contains("fixed: declare table `passkey` (prisma/schema.prisma)"), "{said}");
    assert!(said.contains("next: Run `npx prisma migrate dev`, and commit the migration."), "{said}");
    assert!(said.ends_with("2 findings fixed in 1 file, 0 findings left\n"), "{said}");
    assert_eq!(findings(&repo), [""; 0]);
    let schema = repo.read("prisma/schema.prisma");
    let user = "
  sessions      Session[]
  accounts      Account[]
";
    let (before, after) = schema.split_once(user).expect("what was there stays");
    assert!(before.starts_with("datasource db {"));
    for row in ["\n  username      String?   @unique\n", "\n  displayUsername String?\n", "\n  passkeys      Passkey[]\n"] {
        assert!(format!("\n{after}").contains(row), "{row}{schema}");
    }
    let model = "

model Passkey {
  id           String    @id
  name         String?
  publicKey    String
  userId       String
  user         User      @relation(fields: [userId], references: [id], onDelete: Cascade)
";
    assert!(after.contains(model), "{schema}");
    assert!(after.ends_with("  @@index([userId])\n  @@index([credentialID])\n}\n"), "{schema}");
}

#[test]
fn a_dry_run_prints_a_diff_and_writes_nothing() {
    let repo = repository(&[("src/auth.ts", &with_prisma("username()")), ("prisma/schema.prisma", &prisma())]);
    let diff = fix(&repo, &["--dry-run"]);
    assert!(diff.starts_with("diff --git a/prisma/schema.prisma b/prisma/schema.prisma\n"), "{diff}");
    assert!(diff.contains("\n+  username "), "{diff}");
    assert_eq!(repo.read("prisma/schema.prisma"), prisma());
    // The diff is one that git takes.
    repo.write("fix.patch", &diff);
    repo.git(&["apply", "fix.patch"]).passed();
    assert_eq!(findings(&repo), [""; 0]);
}

#[test]
fn line_endings_byte_order_mark_and_mode_stay() {
    let schema = format!("\u{feff}{}", prisma().replace('\n', "\r\n"));
    let repo = repository(&[("src/auth.ts", &with_prisma("passkey()")), ("prisma/schema.prisma", &schema)]);
    #[cfg(unix)]
    {
        fs::set_permissions(repo.path("prisma/schema.prisma"), fs::Permissions::from_mode(0o640)).expect("set");
    }
    fix(&repo, &[]);
    let fixed = repo.read("prisma/schema.prisma");
    assert!(fixed.starts_with('\u{feff}') && fixed.contains("model Passkey"));
    assert_eq!(fixed.matches('\n').count(), fixed.matches("\r\n").count());
    #[cfg(unix)]
    {
        let mode = fs::metadata(repo.path("prisma/schema.prisma")).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }
}

#[test]
fn only_what_is_asked_for_is_repaired() {
    let files = [("src/auth.ts", with_prisma("passkey()")), ("prisma/schema.prisma", prisma())];
    let repo = repository(&[(files[0].0, &files[0].1), (files[1].0, &files[1].1)]);
    fix(&repo, &["prisma"]);
    fix(&repo, &["--rule", "db-index-missing"]);
    assert_eq!(repo.read("prisma/schema.prisma"), prisma());
    assert_eq!(repo.review(&["fix", "--rule", "no-such-rule"]).code, 2);
    fix(&repo, &["--rule", "migration-missing-for-plugin", "src"]);
    assert!(repo.read("prisma/schema.prisma").contains("model Passkey"));
}

const DRIZZLE: &str = r#"import { pgTableCreator, text, timestamp, boolean, uuid } from 'drizzle-orm/pg-core'

const createTable = pgTableCreator((name) => `app_${name}`)

export const users = createTable('users', {
    id: uuid('id').defaultRandom().primaryKey(),
    name: text('name').notNull(),
    email: text('email').notNull().unique(),
    emailVerified: boolean('email_verified').default(false).notNull(),
    image: text('image'), // a link
    createdAt: timestamp('created_at', { withTimezone: true }).defaultNow().notNull(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).defaultNow().notNull() // by hand
})
"#;

/// An application whose schema map has two of the four core tables.
fn drizzle_repository() -> Repo {
    let database = "drizzleAdapter(db, { provider: \"pg\", schema: { user: users, session: sessions } })";
    drizzle_repository_with("admin()", database, "import { users, sessions } from \"./schema\";")
}

/// An application with the tables `users` and `sessions`.
fn drizzle_repository_with(plugins: &str, database: &str, import: &str) -> Repo {
    let rest = "
export const sessions = createTable('sessions', {
    id: uuid('id').defaultRandom().primaryKey(),
    expiresAt: timestamp('expires_at', { withTimezone: true }).notNull(),
    token: text('token').notNull().unique(),
    createdAt: timestamp('created_at', { withTimezone: true }).defaultNow().notNull(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull(),
    ipAddress: text('ip_address'),
    userAgent: text('user_agent'),
    userId: uuid('user_id').notNull().references(() => users.id, { onDelete: 'cascade' }),
})
";
    let schema = format!("{DRIZZLE}{rest}");
    let adapter = "import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\nimport { db } from \"./db\";";
    repository(&[("src/auth.ts", &auth(plugins, database, &format!("{adapter}\n{import}"))), ("src/schema.ts", &schema)])
}

#[test]
fn drizzle_tables_columns_imports_and_entries_are_written_in_the_style_that_is_there() {
    let repo = drizzle_repository();
    assert!(!findings(&repo).is_empty());
    fix(&repo, &[]);
    let (schema, auth) = (repo.read("src/schema.ts"), repo.read("src/auth.ts"));
    assert_eq!(findings(&repo), [""; 0], "{schema}\n{auth}");
    let import = "import { pgTableCreator, text, timestamp, boolean, uuid, index";
    assert!(schema.starts_with(import), "{schema}");
    let columns = "
    updatedAt: timestamp('updated_at', { withTimezone: true }).defaultNow().notNull(), // by hand
    role: text('role'),
    banned: boolean('banned').default(false),
    banReason: text('ban_reason'),
    banExpires: timestamp('ban_expires', { withTimezone: true })
})
";
    assert!(schema.contains(columns), "{schema}");
    let table = "
export const account = createTable(
    'accounts',
    {
        id: uuid('id').defaultRandom().primaryKey(),
        accountId: text('account_id').notNull(),
        providerId: text('provider_id').notNull(),
        userId: uuid('user_id').notNull().references(() => users.id, { onDelete: 'cascade' }),
";
    assert!(schema.contains(table), "{schema}");
    assert!(auth.contains("schema: { user: users, session: sessions, account, verification }"), "{auth}");
    assert!(auth.contains("import { users, sessions, account, verification } from \"./schema\";"), "{auth}");
}

#[test]
fn columns_that_give_text_of_dates_give_dates_and_new_ones_are_written_so() {
    let repo = drizzle_repository();
    repo.write("package.json", MANIFEST.replace("1.7.0", "1.4.22"));
    let schema = repo.read("src/schema.ts");
    // All of the dates that are there, each option in another place.
    let first = schema.replace("{ withTimezone: true }", "{ withTimezone: true, mode: 'string' }");
    let last = first.replacen("{ withTimezone: true, mode: 'string' }", "{ mode: 'string', withTimezone: true }", 1);
    repo.write("src/schema.ts", &last);
    repo.git(&["add", "--all"]).passed();
    assert!(findings(&repo).contains(&"migration/schema-datetime-as-text".to_owned()));

    fix(&repo, &["--rule", "migration-missing-for-plugin"]);
    let written = repo.read("src/schema.ts");
    assert!(written.contains("banExpires: timestamp('ban_expires', { withTimezone: true })\n"), "{written}");
    assert_eq!(written.matches("mode: 'string'").count(), last.matches("mode: 'string'").count());

    let kept = fix(&repo, &["--rule", "schema-datetime-as-text"]);
    assert_eq!(repo.read("src/schema.ts"), written, "{kept}");
    let said = fix(&repo, &["--unsafe", "--rule", "schema-datetime-as-text"]);
    assert_eq!(repo.read("src/schema.ts"), written.replace(", mode: 'string'", "").replace("mode: 'string', ", ""), "{said}");
    assert!(!findings(&repo).contains(&"migration/schema-datetime-as-text".to_owned()));
}

#[test]
fn a_table_without_an_entry_in_the_map_gets_one() {
    let repo = drizzle_repository();
    fix(&repo, &[]);
    let all = repo.read("src/auth.ts");
    repo.write("src/auth.ts", all.replace(", account, verification }", " }"));
    assert_eq!(findings(&repo), ["migration/adapter-schema-model-missing"]);
    fix(&repo, &[]);
    assert_eq!(repo.read("src/auth.ts"), all);
}

#[test]
fn a_table_called_like_its_plugin_is_imported_under_another_name() {
    let database = "drizzleAdapter(db, { provider: \"pg\", schema: { user: users, session: sessions } })";
    let repo = drizzle_repository_with("passkey()", database, "import { users, sessions } from \"./schema\";");
    repo.write("package.json", MANIFEST.replace("1.7.0", "1.7.25"));
    repo.git(&["add", "--all"]).passed();
    let said = repo.review(&["--no-daemon"]).stdout;
    for line in ["import { passkey as passkeyTable } from \"./schema\";", "passkey: passkeyTable,"] {
        assert!(said.contains(line), "{said}");
    }
    fix(&repo, &[]);
    let auth = repo.read("src/auth.ts");
    assert_eq!(findings(&repo), [""; 0], "{auth}");
    assert!(auth.contains("import { passkey } from \"@better-auth/passkey\";"), "{auth}");
    assert!(
        auth.contains("import { users, sessions, account, verification, passkey as passkeyTable } from \"./schema\";"),
        "{auth}"
    );
    assert!(auth.contains("account, verification, passkey: passkeyTable }"), "{auth}");
    // The entry alone goes the same way.
    repo.write("src/auth.ts", auth.replace(", passkey: passkeyTable }", " }").replace(", passkey as passkeyTable", ""));
    assert_eq!(findings(&repo), ["migration/adapter-schema-model-missing"]);
    fix(&repo, &[]);
    assert_eq!(repo.read("src/auth.ts"), auth);
}

#[test]
fn a_whole_module_as_map_gets_a_table_under_the_name_that_is_looked_up() {
    let import = "import * as schema from \"./schema\";";
    for (given, expected) in [
        ("schema", "schema: { ...schema, session: schema.sessions, user: schema.users }"),
        ("schema: schema", "schema: { ...schema, session: schema.sessions, user: schema.users }"),
        ("schema: { ...schema }", "schema: { ...schema, session: schema.sessions, user: schema.users }"),
    ] {
        let repo = drizzle_repository_with("", &format!("drizzleAdapter(db, {{ provider: \"pg\", {given} }})"), import);
        fix(&repo, &["--rule", "adapter-schema-model-missing"]);
        let auth = repo.read("src/auth.ts");
        assert!(auth.contains(expected), "{given}: {auth}");
    }
    // The handle would have the tables twice.
    let repo = drizzle_repository_with("", "drizzleAdapter(drizzle(url, { schema }), { provider: \"pg\" })", import);
    let auth = format!("import {{ drizzle }} from \"drizzle-orm/node-postgres\";\n{}", repo.read("src/auth.ts"));
    repo.write("src/auth.ts", &auth);
    assert!(findings(&repo).contains(&"migration/adapter-schema-model-missing".to_owned()));
    let said = fix(&repo, &["--rule", "adapter-schema-model-missing"]);
    assert!(!said.contains("fixed:"), "{said}");
    assert_eq!(repo.read("src/auth.ts"), auth);
}

#[test]
fn a_module_that_leaves_out_the_file_of_a_table_passes_it_on() {
    let table = "import { pgTable, text, timestamp } from \"drizzle-orm/pg-core\";\n\
                 export const verification = pgTable(\"verification\", { id: text(\"id\").primaryKey(), \
                 identifier: text(\"identifier\").notNull(), value: text(\"value\").notNull(), \
                 expiresAt: timestamp(\"expires_at\").notNull() });\n";
    let fixed = |index: &str, given: &str, more: &str| {
        let adapter = "import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\nimport * as tables from \"./tables\";";
        let auth = auth("", &format!("drizzleAdapter(db, {{ provider: \"pg\", schema: {given} }})"), adapter);
        let people = "import { pgTable } from \"drizzle-orm/pg-core\";\nexport const people = pgTable(\"people\", {});\nexport const kind = 1;\n";
        let repo = repository(&[
            ("src/auth.ts", auth.as_str()),
            ("src/tables/index.ts", index),
            ("src/tables/people.ts", people),
            ("src/tokens/verification.ts", &format!("{table}{more}")),
        ]);
        assert!(findings(&repo).contains(&"migration/adapter-schema-model-missing".to_owned()), "{index}");
        fix(&repo, &["--rule", "adapter-schema-model-missing"]);
        assert_eq!(repo.read("src/auth.ts"), auth);
        repo.read("src/tables/index.ts")
    };
    for (index, given, more, expected) in [
        (
            "export * from \"./people\";\n",
            "tables",
            "",
            "export * from \"./people\";\nexport * from \"../tokens/verification\";\n",
        ),
        (
            "export * from './people.js'\nexport const more = 1\n",
            "{ ...tables }",
            "",
            "export * from './people.js'\nexport * from '../tokens/verification.js'\nexport const more = 1\n",
        ),
        // A name of both would be passed on by neither.
        (
            "export * from \"./people\";\n",
            "tables",
            "export const kind = 2;\n",
            "export * from \"./people\";\nexport { verification } from \"../tokens/verification\";\n",
        ),
        (
            "export { people } from \"./people\";\nexport { kind } from \"../tokens/verification\";\n",
            "tables",
            "export const kind = 2;\n",
            "export { people } from \"./people\";\nexport { kind, verification } from \"../tokens/verification\";\n",
        ),
        // Nothing tells how files are named.
        (
            "import { pgTable } from \"drizzle-orm/pg-core\";\nexport const people = pgTable(\"people\", {});\n",
            "tables",
            "",
            "import { pgTable } from \"drizzle-orm/pg-core\";\nexport const people = pgTable(\"people\", {});\n",
        ),
    ] {
        assert_eq!(fixed(index, given, more), expected, "{index}");
    }
}

/// Tables that a creator gives a prefix, passed on in an object, of which the map names each.
const PREFIXED: [(&str, &str); 3] = [
    (
        "src/db/table.ts",
        "import { pgTableCreator } from \"drizzle-orm/pg-core\";\nexport const tableName = (name: string) => `app_${name}`;\n\
         export const pgTable = pgTableCreator(tableName);\n",
    ),
    (
        "src/db/users.ts",
        "import { pgTable } from \"./table\";\nexport const usersTable = pgTable(\"users\", (d) => ({\n  id: d.text().primaryKey(),\n  \
         name: d.text().notNull(),\n  email: d.text().notNull().unique(),\n  emailVerified: d.boolean().notNull(),\n  image: d.text(),\n  \
         createdAt: d.timestamp().notNull(),\n  updatedAt: d.timestamp().notNull(),\n}));\n",
    ),
    (
        "src/auth.ts",
        "import { betterAuth } from \"better-auth\";\nimport { drizzleAdapter } from \"better-auth/adapters/drizzle\";\n\
         import { schema } from \"./db/schema\";\nimport { tableName } from \"./db/table\";\n\
         export const auth = betterAuth({\n  emailAndPassword: { enabled: true },\n  user: { modelName: tableName(\"users\") },\n  \
         session: { modelName: tableName(\"sessions\") },\n  account: { modelName: tableName(\"accounts\") },\n  \
         verification: { modelName: tableName(\"verifications\") },\n  database: drizzleAdapter(db, {\n    provider: \"pg\",\n    \
         schema: { app_users: schema.usersTable },\n  }),\n});\n",
    ),
];

#[test]
fn entries_that_are_members_of_an_object_are_added_to_it_as_well() {
    for (schema, expected) in [
        (
            "import { usersTable } from \"./users\";\n\nexport const schema = { usersTable };\n",
            "import { usersTable, app_accounts, app_sessions, app_verifications } from \"./users\";\n\n\
             export const schema = { usersTable, app_accounts, app_sessions, app_verifications };\n",
        ),
        (
            "import * as users from \"./users\";\n\nexport const schema = { ...users };\n",
            "import * as users from \"./users\";\n\nexport const schema = { ...users };\n",
        ),
        (
            "import * as all from \"./users\";\nexport { all as schema };\n",
            "import * as all from \"./users\";\nexport { all as schema };\n",
        ),
        ("export * as schema from \"./users\";\n", "export * as schema from \"./users\";\n"),
    ] {
        let repo = repository(&[&PREFIXED[..], &[("src/db/schema.ts", schema)]].concat());
        assert!(!findings(&repo).is_empty(), "{schema}");
        let said = fix(&repo, &[]);
        assert!(said.ends_with("0 findings left\n"), "{schema}{said}");
        assert_eq!(repo.read("src/db/schema.ts"), expected);
        let entries = "schema: { app_users: schema.usersTable, app_accounts: schema.app_accounts, \
                       app_sessions: schema.app_sessions, app_verifications: schema.app_verifications },";
        assert!(repo.read("src/auth.ts").contains(entries), "{schema}{}", repo.read("src/auth.ts"));
        // The creator puts the prefix before the name, and nothing of the ORM was imported.
        let tables = repo.read("src/db/users.ts");
        assert!(tables.contains("export const app_accounts = pgTable(\n  \"accounts\",\n"), "{tables}");
        assert!(tables.starts_with("import { index, uniqueIndex } from \"drizzle-orm/pg-core\";\n"), "{tables}");
    }
}

#[test]
fn an_entry_that_gives_no_table_is_not_written_twice() {
    let schema = "import { usersTable } from \"./users\";\n\nexport const schema = { usersTable };\n";
    let repo = repository(&[&PREFIXED[..], &[("src/db/schema.ts", schema)]].concat());
    let auth = repo.read("src/auth.ts").replace("usersTable }", "usersTable, app_accounts: undefined }");
    repo.write("src/auth.ts", auth);
    fix(&repo, &[]);
    assert_eq!(repo.read("src/auth.ts").matches("app_accounts:").count(), 1, "{}", repo.read("src/auth.ts"));
}

#[test]
fn what_is_made_elsewhere_is_left_to_people() {
    let schema =
        "import { pgTable } from 'drizzle-orm/pg-core'\nimport { make } from 'tables'\n\nexport const user = make('user')\n";
    let database = "drizzleAdapter(db, { provider: \"pg\", schema })";
    let import = "import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\nimport { db } from \"./db\";\n\
                  import * as schema from \"./schema\";";
    let repo = repository(&[("src/auth.ts", &auth("admin()", database, import)), ("src/schema.ts", schema)]);
    fix(&repo, &[]);
    assert_eq!(repo.read("src/schema.ts"), schema);
}

#[test]
fn what_is_not_repaired_is_told_with_the_reason_and_the_next_step() {
    let several = prisma()
        .replace("  accounts      Account[]\n", "  accounts      Account[]\n  keys          Passkey[] @relation(\"keys\")\n");
    let schema = several
        + "\nmodel Passkey {\n  id      String @id\n  ownerId String\n  owner   User   @relation(\"keys\", fields: [ownerId], references: [id])\n}\n";
    let repo = repository(&[("src/auth.ts", &with_prisma("passkey()")), ("prisma/schema.prisma", &schema)]);
    let run = repo.review(&["fix"]).passed();
    let why = "why: model `Passkey` has a relation `owner` to `User`: what a second one is called is for you to say";
    for part in [
        "skipped: src/auth.ts:8: the `passkey` plugin needs",
        why,
        "  next: Declare it in `prisma/schema.prisma`, or have `npx auth@latest generate`",
    ] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
    assert_eq!(repo.read("prisma/schema.prisma"), schema);
}

#[test]
fn what_stops_everything_and_has_no_repair_is_told_as_well() {
    let renamed = prisma().replace("emailVerified", "email_verified");
    let repo = repository(&[("src/auth.ts", &with_prisma("")), ("prisma/schema.prisma", &renamed)]);
    let run = repo.review(&["fix"]).passed();
    for part in ["skipped: prisma/schema.prisma:", "`emailVerified`", "why: which of the names is changed is for people to say"] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
}

#[test]
fn columns_that_point_to_a_table_have_the_type_of_its_id() {
    let schema = "import { bigserial, index, pgTable, text, timestamp, uuid } from \"drizzle-orm/pg-core\";

const owners = pgTable(\"owners\", { id: uuid(\"id\").primaryKey() });

export const user = pgTable(\"user\", {
  id: uuid(\"id\").primaryKey().references(() => owners.id),
  name: text(\"name\").notNull(),
  email: text(\"email\").notNull().unique(),
  image: text(\"image\"),
  createdAt: timestamp(\"created_at\").notNull(),
  updatedAt: timestamp(\"updated_at\").notNull(),
}).enableRLS();

export const session = pgTable(\"session\", {
  id: bigserial(\"id\", { mode: \"number\" }).primaryKey(),
  expiresAt: timestamp(\"expires_at\").notNull(),
  token: text(\"token\").notNull().unique(),
  userId: uuid(\"user_id\")
    .notNull()
    .references(() => user.id, { onDelete: \"cascade\" }),
}).enableRLS();
";
    let import = "import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\nimport { db } from \"./db\";\n\
                  import * as schema from \"./schema\";";
    let auth = auth("", "drizzleAdapter(db, { provider: \"pg\", schema })", import);
    let repo = repository(&[("src/auth.ts", &auth), ("src/schema.ts", schema)]);
    fix(&repo, &[]);
    let fixed = repo.read("src/schema.ts");
    assert_eq!(findings(&repo), [""; 0], "{fixed}");
    let table = "
export const account = pgTable(
  \"account\",
  {
    id: bigserial(\"id\", { mode: \"number\" }).primaryKey(),
    accountId: text(\"account_id\").notNull(),
    providerId: text(\"provider_id\").notNull(),
    userId: uuid(\"user_id\")
      .notNull()
      .references(() => user.id, { onDelete: \"cascade\" }),
";
    assert!(fixed.contains(table), "{fixed}");
    assert!(fixed.contains("  ],\n).enableRLS();\n"), "{fixed}");
    // Names are sorted in, where they are sorted.
    assert!(fixed.starts_with("import { bigserial, boolean, index, pgTable, text, timestamp, uniqueIndex, uuid }"), "{fixed}");

    let keys = prisma()
        .replace(
            "model User {\n  id            String    @id",
            "model User {\n  id            Int       @id @default(autoincrement())",
        )
        .replace("  userId    String\n", "  userId    Int\n")
        .replace("  userId                String\n", "  userId                Int\n");
    let repo = repository(&[("src/auth.ts", &with_prisma("passkey()")), ("prisma/schema.prisma", &keys)]);
    fix(&repo, &[]);
    let fixed = repo.read("prisma/schema.prisma");
    let model = fixed.split("model Passkey {").nth(1).expect("a model");
    assert!(model.contains("  id           String    @id\n") && model.contains("  userId       Int\n"), "{fixed}");
}

#[test]
fn fields_and_keys_of_models_go_where_those_like_them_are() {
    let schema = prisma().replace(
        "  userId    String\n  user      User     @relation(fields: [userId], references: [id], onDelete: Cascade)\n\n  @@index([userId])\n",
        "  userId    String\n\n  user User @relation(fields: [userId], references: [id], onDelete: Cascade)\n\n  @@map(\"Session\")\n",
    );
    let repo = repository(&[("src/auth.ts", &with_prisma("admin()")), ("prisma/schema.prisma", &schema)]);
    fix(&repo, &[]);
    let fixed = repo.read("prisma/schema.prisma");
    let expected = "  userId    String\n  impersonatedBy String?\n\n  user User @relation(fields: [userId], references: [id], \
                    onDelete: Cascade)\n\n  @@index([userId])\n  @@map(\"Session\")\n}\n";
    assert!(fixed.contains(expected), "{fixed}");
    assert_eq!(findings(&repo), [""; 0]);
}

#[test]
fn tables_of_a_file_without_import_statements_gain_columns_and_no_others() {
    let schema = |import: &str, more: &str| {
        format!(
            "const {{ {import} }} = require(\"drizzle-orm/pg-core\");\n\nconst user = pgTable(\"user\", {{\n  id: text(\"id\").primaryKey(),\n  \
             name: text(\"name\"),\n  email: text(\"email\").unique(),\n  image: text(\"image\"),\n  createdAt: text(\"created_at\"),\n  \
             updatedAt: text(\"updated_at\"),\n{more}}});\n\nmodule.exports = {{ user }};\n"
        )
    };
    let import = "import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\nimport { db } from \"./db\";\n\
                  import * as schema from \"./schema\";";
    let auth = auth("passkey()", "drizzleAdapter(db, { provider: \"pg\", schema })", import);
    let repo = repository(&[("src/auth.ts", &auth), ("src/schema.js", &schema("pgTable, text", ""))]);
    let said = repo.review(&["fix"]).passed().stderr;
    assert!(said.contains("`src/schema.js` exports its tables in a way of its own"), "{said}");
    let rows = "  emailVerified: boolean(\"email_verified\").default(false).notNull(),\n";
    assert_eq!(repo.read("src/schema.js"), schema("pgTable, text, boolean", rows));
}

#[test]
fn a_new_model_is_put_in_the_schema_of_the_others() {
    let schemas = prisma().replace("\n}\n\nmodel", "\n\n  @@schema(\"auth\")\n}\n\nmodel");
    let schemas =
        schemas.replace("provider = \"postgresql\"\n\n  @@schema(\"auth\")", "provider = \"postgresql\"\n  schemas = [\"auth\"]");
    let repo = repository(&[("src/auth.ts", &with_prisma("passkey()")), ("prisma/schema.prisma", &schemas)]);
    assert!(repo.review(&["--no-daemon"]).stdout.contains("@@schema(\"auth\")"));
    fix(&repo, &[]);
    let fixed = repo.read("prisma/schema.prisma");
    let model = fixed.split("model Passkey {").nth(1).expect("a model");
    assert!(model.contains("  @@schema(\"auth\")\n}"), "{fixed}");
    assert_eq!(findings(&repo), [""; 0]);
}

#[test]
fn the_migration_is_left_to_the_tool_that_keeps_the_folder() {
    let columns = |names: &[&str]| names.iter().map(|name| format!("\"{name}\" text")).collect::<Vec<_>>().join(", ");
    let tables = [
        ("User", &["id", "name", "email", "emailVerified", "image", "createdAt", "updatedAt"][..]),
        ("Session", &["id", "expiresAt", "token", "createdAt", "updatedAt", "ipAddress", "userAgent", "userId"]),
        ("Verification", &["id", "identifier", "value", "expiresAt", "createdAt", "updatedAt"]),
    ];
    let made: String = tables.map(|(table, names)| format!("create table \"{table}\" ({});\n", columns(names))).concat();
    let account = "create table \"Account\" as select 1;\n";
    let keys = "create unique index \"User_email_key\" on \"User\" (\"email\");\n\
                create unique index \"Session_token_key\" on \"Session\" (\"token\");\n\
                create index \"Session_userId_idx\" on \"Session\" (\"userId\");\n\
                create index \"Verification_identifier_idx\" on \"Verification\" (\"identifier\");\n";
    let script = format!("{made}{account}{keys}");
    let path = "prisma/migrations/1_init/migration.sql";
    let repo = repository(&[("src/auth.ts", &with_prisma("passkey()")), ("prisma/schema.prisma", &prisma()), (path, &script)]);
    let said = fix(&repo, &[]);
    let expected = "\nnext: Run `npx prisma migrate dev`, and commit the migration. This step is required: until it is taken, the database stays as it \
                    is.\nauth-review: 1 finding fixed in 1 file, 0 findings left\n  \
                    the migrations lack what is declared now until the next step is taken (1 finding)\n";
    assert!(said.starts_with("fixed: declare table `passkey`") && said.ends_with(expected), "{said}");
    assert_eq!(repo.read(path), script);
    // What was there before is no consequence of a repair.
    let run = repo.review(&["fix", "--color", "always"]).passed();
    let skipped = "\u{1b}[1mskipped\u{1b}[0m: prisma/schema.prisma:";
    assert!(
        run.stderr.starts_with(skipped)
            && run.stdout.ends_with("1 finding left\n  `git auth-review` shows what is left, and what to write\n"),
        "{run:?}"
    );
    assert_eq!(findings(&repo), ["migration/schema-not-migrated"]);
    let said = repo.review(&["--no-daemon"]).stdout;
    assert!(said.contains("create table \"Passkey\" ("), "{said}");

    // Keys have to be migrated as well as tables.
    for (key, message) in keys.lines().zip([
        "no migration creates the unique key over column `email` of table `User`",
        "no migration creates the unique key over column `token` of table `Session`",
        "no migration creates an index of column `userId` of table `Session`",
        "no migration creates an index of column `identifier` of table `Verification`",
    ]) {
        repo.write("src/auth.ts", with_prisma(""));
        repo.write(path, &script);
        assert_eq!(findings(&repo), [""; 0], "{key}");
        repo.write(path, script.replace(&format!("{key}\n"), ""));
        assert_eq!(findings(&repo), ["migration/schema-not-migrated"], "{key}");
        let said = repo.review(&["--no-daemon"]).stdout.replace('\n', " ");
        assert!(said.contains(message) && said.contains(key), "{said}");
        // A statement that cannot be read may make it.
        repo.write(path, format!("{}select run('alter table ' || name);\n", script.replace(&format!("{key}\n"), "")));
        assert_eq!(findings(&repo), [""; 0], "{key}");
    }
}

#[test]
fn plugins_of_installed_packages_are_repaired_too() {
    let auth = with_prisma("notes()")
        .replace("import { passkey } from \"@better-auth/passkey\";", "import { notes } from \"auth-notes\";");
    let repo = repository(&[("src/auth.ts", &auth), ("prisma/schema.prisma", &prisma())]);
    repo.write("node_modules/auth-notes/package.json", "{ \"name\": \"auth-notes\", \"main\": \"index.js\" }");
    repo.write(
        "node_modules/auth-notes/index.js",
        "export const notes = () => ({ id: \"notes\", schema: { note: { fields: { text: { type: \"string\", required: true } } } } });\n",
    );
    assert_eq!(findings(&repo).len(), 1);
    let said = fix(&repo, &[]);
    assert!(said.contains("fixed: declare table `note` (prisma/schema.prisma)"), "{said}");
    assert_eq!(findings(&repo), [""; 0]);
    assert!(repo.read("prisma/schema.prisma").contains("model Note {"));
}

/// The manifest of an application that moved on to a later release.
const LATER: &str = r#"{ "name": "app", "dependencies": { "better-auth": "1.7.25", "@better-auth/api-key": "1.7.25" } }"#;

#[test]
fn fields_that_earlier_releases_wrote_may_be_empty_with_the_relations_they_hold() {
    let keys = "
model Apikey {
  id        String   @id
  key       String
  userId    String
  user      User     @relation(fields: [userId], references: [id])
  team      Team     @relation(fields: [teamId], references: [id])
  teamId    String   @default(\"none\")
}
";
    let auth = with_prisma("apiKey()").replace("username, admin", "admin").replace("{ passkey }", "{ apiKey }");
    let auth = auth.replace("@better-auth/passkey", "@better-auth/api-key");
    let repo = repository(&[("src/auth.ts", &auth), ("prisma/schema.prisma", &(prisma() + keys))]);
    repo.write("package.json", LATER);
    let said = fix(&repo, &["--rule", "migration-api-key-reference-column"]);
    assert!(said.contains("fixed: let `userId` of table `apikey` be empty"), "{said}");
    assert!(said.contains("copy `userId` into `referenceId`"), "{said}");
    let schema = repo.read("prisma/schema.prisma");
    for row in
        ["userId    String?\n", "user      User?     @relation(", "team      Team     @relation(", "teamId    String   @def"]
    {
        assert!(schema.contains(row), "{row}{schema}");
    }
    assert!(!findings(&repo).contains(&"migration/migration-api-key-reference-column".to_owned()));
}

#[test]
fn columns_that_earlier_releases_wrote_may_be_empty_and_those_of_the_project_stay() {
    let schema = |issuer: &str| {
        format!(
            "import {{ pgTable, text }} from \"drizzle-orm/pg-core\";\n\nexport const account = pgTable(\"account\", {{\n  \
             id: text(\"id\").primaryKey(),\n  accountId: text().notNull(),\n  providerId: text().notNull(),\n  userId: text().notNull(),\n  \
             accessToken: text(),\n  refreshToken: text(),\n  idToken: text(),\n  scope: text(),\n  password: text(),\n  \
             {issuer},\n  plan: text().notNull(),\n}});\n"
        )
    };
    let import = "import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\nimport { db } from \"./db\";\n\
                  import * as schema from \"./schema\";";
    let auth = auth("", "drizzleAdapter(db, { provider: \"pg\", schema })", import);
    let strict = schema("issuer: text(\"issuer\").notNull().unique()");
    let repo = repository(&[("src/auth.ts", &auth), ("src/schema.ts", &strict)]);
    repo.write("package.json", LATER);
    let said = fix(&repo, &["--rule", "migration-account-issuer-window"]);
    assert!(said.contains("fixed: let `issuer` of table `account` be empty (src/schema.ts)"), "{said}");
    assert_eq!(repo.read("src/schema.ts"), schema("issuer: text(\"issuer\").unique()"));
    fix(&repo, &["--rule", "schema-unwritten-required-column"]);
    assert_eq!(repo.read("src/schema.ts"), schema("issuer: text(\"issuer\").unique()"), "what `plan` is to hold people know");
}
