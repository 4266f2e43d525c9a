//! Required schemas as text: what is written reads back as what was required, and looks as people would write it.

use std::collections::BTreeMap;

use git_auth_review::cache::memory::MemoryStore;
use git_auth_review::config::Config;
use git_auth_review::engine;
use git_auth_review::project::ProjectModel;
use git_auth_review::project::schema::render::{Missing, Plan, sql};
use git_auth_review::project::schema::{RequiredColumn, SourceTable};
use git_auth_review::source::MemorySnapshot;
use schemas::{text, written};

mod schemas;

const LOCK: &str = r#"{ "name": "app", "lockfileVersion": 3, "packages": {
  "node_modules/better-auth": { "version": "1.7.25" }, "node_modules/@better-auth/passkey": { "version": "1.7.25" } } }"#;

const PLUGINS: &str = "admin(), username(), phoneNumber(), organization({ teams: { enabled: true } }), twoFactor(), passkey(), \
                       apiKey(), jwt(), oauthProvider(), siwe(), stripe({ subscription: { enabled: true } }), sso()";

/// An application with a database, options beside it, and one schema file.
fn model(database: &str, options: &str, schema: (&str, &str)) -> ProjectModel {
    let auth = format!(
        "import {{ betterAuth }} from \"better-auth\";
         import {{ admin, username, phoneNumber, organization, twoFactor, jwt, siwe }} from \"better-auth/plugins\";
         import {{ passkey }} from \"@better-auth/passkey\";
         import {{ apiKey }} from \"@better-auth/api-key\";
         import {{ oauthProvider }} from \"@better-auth/oauth-provider\";
         import {{ stripe }} from \"@better-auth/stripe\";
         import {{ sso }} from \"@better-auth/sso\";
         import {{ prismaAdapter }} from \"better-auth/adapters/prisma\";
         import {{ drizzleAdapter }} from \"better-auth/adapters/drizzle\";
         import {{ db }} from \"db\";
         import {{ Pool }} from \"pg\";
         import {{ createPool }} from \"mysql2\";
         import Database from \"better-sqlite3\";
         export const auth = betterAuth({{ database: {database}, {options} }});"
    );
    let manifest = r#"{ "name": "app", "dependencies": { "better-auth": "^1.7.0" } }"#;
    let files = [("package.json", manifest), ("package-lock.json", LOCK), ("src/auth.ts", auth.as_str()), schema];
    engine::model(&MemorySnapshot::new(files), &Config::default(), None, &MemoryStore::default())
}

/// What a declared column has of what is required of it.
fn flags(found: &SourceTable, column: &RequiredColumn) -> Option<(bool, bool, bool)> {
    let declared = found.table.column(&column.name)?;
    let unique = found.table.is_unique(&[&column.name]);
    Some((declared.required, unique, unique || found.table.is_indexed(&column.name)))
}

#[test]
fn what_is_written_reads_back_as_required() {
    let databases = [
        "prismaAdapter(db, { provider: \"postgresql\" })",
        "prismaAdapter(db, { provider: \"postgresql\", usePlural: true })",
        "prismaAdapter(db, { provider: \"mysql\" })",
        "prismaAdapter(db, { provider: \"sqlite\" })",
        "prismaAdapter(db, { provider: \"mongodb\" })",
        "drizzleAdapter(db, { provider: \"pg\" })",
        "drizzleAdapter(db, { provider: \"mysql\", usePlural: true })",
        "drizzleAdapter(db, { provider: \"sqlite\" })",
        "new Pool()",
        "createPool(\"x\")",
        "new Database(\"x\")",
    ];
    let ids = ["", "advanced: { database: { generateId: \"uuid\" } },", "advanced: { database: { generateId: \"serial\" } },"];
    for (database, id) in databases.iter().flat_map(|database| ids.map(|id| (database, id))) {
        let options = format!(
            "{id} rateLimit: {{ storage: \"database\" }}, plugins: [{PLUGINS}], user: {{ modelName: \"person\", additionalFields: {{
               tags: {{ type: \"string[]\" }}, plan: {{ type: \"string\", defaultValue: \"free\" }}, age: {{ type: \"number\", required: false }},
               boss: {{ type: \"string\", required: false, references: {{ model: \"user\", field: \"id\" }} }} }} }}"
        );
        let bare = model(database, &options, ("prisma/none.sql", ""));
        let (path, schema) = written(&bare.servers[0]);
        let full = model(database, &options, (path, &schema));
        let server = &full.servers[0];
        assert!(server.required.tables.len() > 20, "every plugin has its tables");
        assert!(server.gaps.is_empty(), "{database} {id}: {:?}\n{schema}", server.gaps);
        for (key, table) in &server.required.tables {
            let name = server.adapter.lookup_name(key, &table.model);
            let found = server.declared.lookup.find(&name).next().expect("declared");
            for column in &table.columns {
                let mut expected = (column.required, column.unique, column.unique || column.index);
                let read = flags(found, column).expect("declared");
                // A list of Prisma is never null.
                expected.0 |= column.kind.ends_with("[]") && read.0;
                assert_eq!(read, expected, "{database} {id} {name}.{}\n{schema}", column.name);
            }
        }
    }
}

#[test]
fn missing_parts_look_as_people_would_write_them() {
    let schemas = |database: &str| {
        let model = model(database, "plugins: [twoFactor(), passkey()]", ("prisma/none.sql", ""));
        let server = &model.servers[0];
        let plan = Plan::of(server, BTreeMap::new());
        let user = &server.required.tables["user"];
        let enabled = user.columns.iter().filter(|column| column.key == "twoFactorEnabled").collect();
        let missing = [Missing { whole_table: false, columns: enabled, ..Missing::table("user") }, Missing::table("passkey")];
        text(server, &plan, &missing).1
    };
    assert_eq!(
        schemas("prismaAdapter(db, { provider: \"mysql\" })"),
        "model User {
  // …
  twoFactorEnabled Boolean? @default(false)
}

model Passkey {
  id           String    @id
  name         String?   @db.Text
  publicKey    String    @db.Text
  userId       String
  credentialID String    @db.Text
  counter      Int
  deviceType   String    @db.Text
  backedUp     Boolean
  transports   String?   @db.Text
  createdAt    DateTime?
  aaguid       String?   @db.Text

  @@index([userId])
  @@index([credentialID(length: 191)])
  @@map(\"passkey\")
}
"
    );
    assert_eq!(
        schemas("drizzleAdapter(db, { provider: \"sqlite\" })"),
        "import { index, integer, sqliteTable, text } from \"drizzle-orm/sqlite-core\";

export const user = sqliteTable(…, {
  // …
  twoFactorEnabled: integer(\"two_factor_enabled\", { mode: \"boolean\" }).default(false),
});

export const passkey = sqliteTable(
  \"passkey\",
  {
    id: text(\"id\").primaryKey(),
    name: text(\"name\"),
    publicKey: text(\"public_key\").notNull(),
    userId: text(\"user_id\").notNull().references(() => user.id, { onDelete: \"cascade\" }),
    credentialID: text(\"credential_id\").notNull(),
    counter: integer(\"counter\").notNull(),
    deviceType: text(\"device_type\").notNull(),
    backedUp: integer(\"backed_up\", { mode: \"boolean\" }).notNull(),
    transports: text(\"transports\"),
    createdAt: integer(\"created_at\", { mode: \"timestamp_ms\" }),
    aaguid: text(\"aaguid\"),
  },
  (table) => [
    index(\"passkey_userId_idx\").on(table.userId),
    index(\"passkey_credentialID_idx\").on(table.credentialID),
  ],
);
"
    );
    assert_eq!(
        schemas("new Pool()"),
        "alter table \"user\" add column \"twoFactorEnabled\" boolean default false;
create table \"passkey\" (
  \"id\" text not null primary key,
  \"name\" text,
  \"publicKey\" text not null,
  \"userId\" text not null references \"user\" (\"id\") on delete cascade,
  \"credentialID\" text not null,
  \"counter\" integer not null,
  \"deviceType\" text not null,
  \"backedUp\" boolean not null,
  \"transports\" text,
  \"createdAt\" timestamptz,
  \"aaguid\" text
);
create index \"passkey_userId_idx\" on \"passkey\" (\"userId\");
create index \"passkey_credentialID_idx\" on \"passkey\" (\"credentialID\");
"
        .trim_end()
    );
}

#[test]
fn a_required_column_of_a_table_with_rows_needs_a_value_for_them() {
    let added = |database: &str, table: &str, key: &str| {
        let model = model(database, "plugins: [organization()]", ("prisma/none.sql", ""));
        let server = &model.servers[0];
        let columns = server.required.tables[table].columns.iter().filter(|column| column.key == key).collect();
        sql::declaration(
            &Plan::of(server, BTreeMap::new()),
            &sql::Names::default(),
            &[Missing { whole_table: false, columns, ..Missing::table(table) }],
        )
    };
    assert_eq!(
        added("new Pool()", "member", "role"),
        "alter table \"member\" add column \"role\" text default 'member' not null;"
    );
    assert_eq!(
        added("createPool(\"x\")", "user", "emailVerified"),
        "alter table `user` add column `emailVerified` boolean default false not null;"
    );
    assert_eq!(
        added("new Database(\"x\")", "session", "token"),
        "-- \"token\" must not be null: fill it for the rows that exist, then make it so.\n\
         alter table \"session\" add column \"token\" text;\n\
         create unique index \"session_token_uidx\" on \"session\" (\"token\");"
    );
}
