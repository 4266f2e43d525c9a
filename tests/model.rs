//! What the reviewer understands of a project, from files in memory.

use git_auth_review::cache::memory::MemoryStore;
use git_auth_review::config::Config;
use git_auth_review::engine;
use git_auth_review::project::schema::GapKind;
use git_auth_review::project::value::{Lookup, Value};
use git_auth_review::project::{AdapterKind, Dialect, ProjectModel, Role};
use git_auth_review::source::MemorySnapshot;

const LOCK: &str = r#"{ "name": "app", "lockfileVersion": 3, "packages": {
  "node_modules/better-auth": { "version": "1.7.25" }, "node_modules/@better-auth/passkey": { "version": "1.7.6" } } }"#;

fn model(files: &[(&str, &str)]) -> ProjectModel {
    let mut all =
        vec![("package.json", r#"{ "name": "app", "dependencies": { "better-auth": "^1.7.0" } }"#), ("package-lock.json", LOCK)];
    all.retain(|(path, _)| !files.iter().any(|(given, _)| given == path));
    all.extend_from_slice(files);
    engine::model(&MemorySnapshot::new(all), &Config::default(), &MemoryStore::default())
}

/// The plugins of the first server: `name`, `name?` where it is conditional.
fn plugins(model: &ProjectModel) -> Vec<String> {
    let server = &model.servers[0];
    server
        .plugins
        .iter()
        .map(|plugin| format!("{}{}", plugin.name, if plugin.conditions.is_empty() { "" } else { "?" }))
        .collect()
}

fn open(model: &ProjectModel) -> Vec<&str> {
    model.servers[0].plugins_open.iter().map(|why| why.reason.as_str()).collect()
}

fn server(body: &str) -> ProjectModel {
    let text = format!(
        "import {{ betterAuth }} from \"better-auth\";\nimport {{ admin, jwt, username, twoFactor }} from \"better-auth/plugins\";\n{body}"
    );
    model(&[("src/auth.ts", text.as_str())])
}

#[test]
fn plugin_lists_in_every_style_of_one_file() {
    for (body, expected) in [
        ("export const auth = betterAuth({ plugins: [admin(), jwt()] });", vec!["admin", "jwt"]),
        ("const list = [admin()];\nexport const auth = betterAuth({ plugins: [...list, jwt()] });", vec!["admin", "jwt"]),
        (
            "const options = { plugins: [admin()] } satisfies Options;\nexport const auth = betterAuth({ ...options });",
            vec!["admin"],
        ),
        (
            "export const auth = betterAuth({ plugins: [process.env.X ? admin() : undefined, jwt()].filter(Boolean) });",
            vec!["admin?", "jwt"],
        ),
        ("export const auth = betterAuth({ plugins: [...(process.env.X ? [admin()] : []), jwt()] });", vec!["admin?", "jwt"]),
        ("export const auth = betterAuth({ plugins: [process.env.X && admin(), jwt()] });", vec!["admin?", "jwt"]),
        ("const make = () => [admin(), jwt()];\nexport const auth = betterAuth({ plugins: make() });", vec!["admin", "jwt"]),
        (
            "function make(extra: boolean) { const out = [jwt()]; if (extra) { out.push(admin()); } return out; }\nexport const auth = betterAuth({ plugins: make(true) });",
            vec!["jwt", "admin"],
        ),
        (
            "function make(extra: boolean) { const out = [jwt()]; if (extra) { out.push(admin()); } return out; }\nexport const auth = betterAuth({ plugins: make(false) });",
            vec!["jwt"],
        ),
        (
            "const plugins = [admin()];\nif (process.env.JWT) plugins.push(jwt());\nexport const auth = betterAuth({ plugins });",
            vec!["admin", "jwt?"],
        ),
        ("export const create = (env: Env) => betterAuth({ plugins: [admin()].concat([jwt()]) });", vec!["admin", "jwt"]),
        (
            "const wrapped = () => twoFactor({ issuer: \"x\" });\nexport const auth = betterAuth({ plugins: [wrapped()] });",
            vec!["twoFactor"],
        ),
        ("const options: any = {};\noptions.plugins = [admin()];\nexport const auth = betterAuth(options);", vec!["admin"]),
        ("const auth = betterAuth({ plugins: [admin()] });\nexport default auth;", vec!["admin"]),
    ] {
        let model = server(body);
        assert_eq!(plugins(&model), expected, "{body}");
        assert_eq!(open(&model), [""; 0], "{body}");
    }
}

#[test]
fn what_is_not_understood_is_named() {
    let model = server("export const create = (extra: Plugin[]) => betterAuth({ plugins: [admin(), ...extra] });");
    assert_eq!(plugins(&model), ["admin"]);
    assert_eq!(open(&model), ["`extra` is a parameter, and its callers decide"]);
    assert!(model.undetermined.iter().any(|open| open.question.contains("which plugins")));

    let model = server(
        "const list = [admin()];\nregistry.forEach((x) => { list.push(x); });\nexport const auth = betterAuth({ plugins: list });",
    );
    assert_eq!(plugins(&model), ["admin"]);
    assert_eq!(open(&model).len(), 1, "a callback may add to the list");

    let model = server("export const auth = betterAuth(withDefaults({ plugins: [admin()] }));");
    assert_eq!(plugins(&model), [""; 0]);
    assert_eq!(open(&model).len(), 1);
}

#[test]
fn a_plugin_object_of_the_repository_needs_tables_only_when_it_has_a_schema() {
    let needs = |model: &ProjectModel| model.undetermined.iter().any(|open| open.question.contains("which tables"));
    let plain = server("const own = () => ({ id: \"own\", hooks: {} });\nexport const auth = betterAuth({ plugins: [own()] });");
    assert_eq!(plugins(&plain), ["own"]);
    assert!(!needs(&plain));
    let body = "const own = () => ({ id: \"own\", schema: { user: { fields: {} } } });\nexport const auth = betterAuth({ plugins: [own()] });";
    assert!(needs(&server(body)));
}

#[test]
fn an_instance_that_only_describes_its_api_serves_nobody() {
    let model = server(
        "export function describe() { const local = betterAuth({ plugins: [admin()] }); return local.api.generateOpenAPISchema(); }",
    );
    assert_eq!(model.servers[0].role, Role::CliCopy);
}

#[test]
fn constants_and_plugins_come_from_other_files() {
    let manifest = r#"{ "name": "root", "workspaces": ["apps/*", "packages/*"], "dependencies": { "better-auth": "1.7.25" } }"#;
    let model = model(&[
        ("package.json", manifest),
        ("apps/web/package.json", r#"{ "name": "web", "dependencies": { "@acme/auth": "workspace:*" } }"#),
        ("apps/web/tsconfig.json", "{ // paths\n \"compilerOptions\": { \"paths\": { \"@/*\": [\"./src/*\"] } } }"),
        (
            "apps/web/src/auth.ts",
            "import { betterAuth } from \"better-auth\";\nimport { plugins } from \"@/lib/plugins\";\nimport { shared } from \"@acme/auth/shared\";\nexport const auth = betterAuth({ plugins: [...plugins, ...shared] });",
        ),
        ("apps/web/src/lib/plugins.ts", "import { admin } from \"better-auth/plugins\";\nexport const plugins = [admin()];"),
        ("packages/auth/package.json", r#"{ "name": "@acme/auth", "exports": { "./shared": "./dist/shared.js" } }"#),
        ("packages/auth/src/shared.ts", "export * from \"./list.js\";"),
        ("packages/auth/src/list.ts", "import { jwt } from \"better-auth/plugins\";\nexport const shared = [jwt()];"),
    ]);
    assert_eq!(plugins(&model), ["admin", "jwt"]);
    assert_eq!(open(&model), [""; 0]);
    assert_eq!(&*model.servers[0].package, "apps/web");
}

#[test]
fn adapters_and_dialects() {
    for (body, kind, dialect) in [
        (
            "import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\nexport const auth = betterAuth({ database: drizzleAdapter(db, { provider: \"pg\" }) });",
            AdapterKind::Drizzle,
            Some(Dialect::Postgres),
        ),
        (
            "import { prismaAdapter } from \"better-auth/adapters/prisma\";\nexport const auth = betterAuth({ database: prismaAdapter(db, { provider: \"sqlite\" }) });",
            AdapterKind::Prisma,
            Some(Dialect::Sqlite),
        ),
        (
            "import { Pool } from \"pg\";\nexport const auth = betterAuth({ database: new Pool({}) });",
            AdapterKind::Kysely,
            Some(Dialect::Postgres),
        ),
        (
            "import Database from \"better-sqlite3\";\nexport const auth = betterAuth({ database: new Database(\"x.db\") });",
            AdapterKind::Kysely,
            Some(Dialect::Sqlite),
        ),
        (
            "import { createPool } from \"mysql2/promise\";\nexport const auth = betterAuth({ database: globalThis.pool ?? createPool({}) });",
            AdapterKind::Kysely,
            Some(Dialect::Mysql),
        ),
        (
            "import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\nexport const auth = betterAuth({ database: (options) => drizzleAdapter(db, { provider: \"sqlite\" })(options) });",
            AdapterKind::Drizzle,
            Some(Dialect::Sqlite),
        ),
        ("export const auth = betterAuth({ database: { db, type: \"mysql\" } });", AdapterKind::Kysely, Some(Dialect::Mysql)),
        (
            "import { mongodbAdapter } from \"better-auth/adapters/mongodb\";\nexport const auth = betterAuth({ database: mongodbAdapter(db) });",
            AdapterKind::Mongo,
            None,
        ),
        (
            "import { convexAdapter } from \"x\";\nexport const auth = betterAuth({ database: convexAdapter(db) });",
            AdapterKind::Other,
            None,
        ),
        ("export const auth = betterAuth({});", AdapterKind::None, None),
        ("export const create = (database: any) => betterAuth({ database });", AdapterKind::Unknown, None),
    ] {
        let model = server(body);
        assert_eq!((model.servers[0].adapter.kind, model.servers[0].adapter.dialect), (kind, dialect), "{body}");
    }
}

#[test]
fn an_argument_that_may_be_several_things_is_still_one_argument() {
    let body = "import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\nimport { drizzle } from \"drizzle-orm/node-postgres\";\n\
                const db = globalThis.db ?? drizzle(process.env.DATABASE_URL);\nconst other = process.env.X ? db : drizzle(process.env.Y);\n\
                export const auth = betterAuth({ database: drizzleAdapter(other, { provider: \"pg\", usePlural: true }) });";
    let model = server(body);
    let adapter = &model.servers[0].adapter;
    assert_eq!((adapter.kind, adapter.dialect, adapter.plural), (AdapterKind::Drizzle, Some(Dialect::Postgres), true));
}

#[test]
fn what_production_refuses_is_for_the_other_environments() {
    let isolated = |body: &str| {
        let model = server(&format!("{body}\nexport const auth = betterAuth({{ secret }});"));
        let Lookup::Found(found) = model.servers[0].options.lookup(&["secret"]) else { panic!("{body}") };
        let literal = found.iter().find(|one| matches!(one.node.value, Value::Text(_))).expect("the literal is seen");
        literal.outside_production()
    };
    let name = "const isProduction = process.env.NODE_ENV === \"production\";\nconst given = process.env.SECRET;\n";
    assert!(isolated(&format!(
        "{name}if (isProduction && !given) throw new Error(\"no secret\");\nconst secret = given ?? \"x\";"
    )));
    assert!(isolated(&format!(
        "{name}function find() {{ if (given) return given; if (isProduction) {{ throw new Error(\"\"); }} return \"x\"; }}\nconst secret = find();"
    )));
    assert!(isolated(
        "function find(env: Env) { if (env.SECRET) return env.SECRET; if (env.NODE_ENV === \"production\") throw new Error(\"\"); return \"x\"; }\nexport const make = (env: Env) => find(env);\nconst secret = find(given);"
    ));
    assert!(!isolated(&format!("{name}if (!given) console.warn(\"none\");\nconst secret = given ?? \"x\";")));
    assert!(!isolated(&format!("{name}if (isProduction && !other) throw new Error(\"\");\nconst secret = given ?? \"x\";")));
}

#[test]
fn a_wrapped_plugin_without_an_id_of_its_own_is_not_taken_for_certain() {
    let model = server(
        "const wrapped = { ...admin(), endpoints: {} };\nexport const auth = betterAuth({ plugins: [wrapped, jwt(), missing()] });",
    );
    assert_eq!(plugins(&model), ["jwt"]);
    assert_eq!(open(&model).len(), 2);
}

#[test]
fn roles_are_told_by_place() {
    for (path, role) in [
        ("src/lib/auth.ts", Role::Live),
        ("src/lib/auth.test.ts", Role::Test),
        ("tests/helpers/auth.ts", Role::Test),
        ("prisma/seed.ts", Role::Test),
        ("src/auth-cli.ts", Role::CliCopy),
        ("examples/next/auth.ts", Role::Example),
    ] {
        let model = model(&[(path, "import { betterAuth } from \"better-auth\";\nexport const auth = betterAuth({});")]);
        assert_eq!(model.servers[0].role, role, "{path}");
    }
}

const CORE_DRIZZLE: &str = r#"import { pgTable, text, timestamp, boolean } from "drizzle-orm/pg-core";
const times = { createdAt: timestamp("created_at").defaultNow().notNull(), updatedAt: timestamp("updated_at").notNull() };
export const user = pgTable("user", { id: text("id").primaryKey(), name: text("name").notNull(), email: text("email").notNull().unique(),
  emailVerified: boolean("email_verified").default(false).notNull(), image: text("image"), ...times });
export const session = pgTable("session", { id: text("id").primaryKey(), expiresAt: timestamp("expires_at").notNull(), token: text("token").notNull().unique(),
  ipAddress: text("ip_address"), userAgent: text("user_agent"), userId: text("user_id").notNull().references(() => user.id), ...times });
export const account = pgTable("account", (t) => ({ id: t.text("id").primaryKey(), accountId: t.text().notNull(), providerId: t.text().notNull(),
  userId: t.text().notNull(), accessToken: t.text(), refreshToken: t.text(), idToken: t.text(), accessTokenExpiresAt: t.timestamp(),
  refreshTokenExpiresAt: t.timestamp(), scope: t.text(), password: t.text(), createdAt: t.timestamp(), updatedAt: t.timestamp() }));
export const verification = pgTable("verification", { id: text("id").primaryKey(), identifier: text("identifier").notNull(), value: text("value").notNull(),
  expiresAt: timestamp("expires_at").notNull(), ...times });
"#;

fn drizzle_app(plugin: &str, extra_table: &str) -> ProjectModel {
    let auth = format!(
        "import {{ betterAuth }} from \"better-auth\";\nimport {{ drizzleAdapter }} from \"better-auth/adapters/drizzle\";\nimport {{ passkey }} from \"@better-auth/passkey\";\n\
         import {{ organization, admin }} from \"better-auth/plugins\";\nimport * as schema from \"./schema\";\n\
         export const auth = betterAuth({{ database: drizzleAdapter(db, {{ provider: \"pg\", schema }}), plugins: [{plugin}] }});"
    );
    let schema = format!("{CORE_DRIZZLE}{extra_table}");
    model(&[("src/auth.ts", auth.as_str()), ("src/schema.ts", schema.as_str())])
}

#[test]
fn a_plugin_without_its_table_is_a_gap_and_with_it_is_none() {
    let gaps = |model: &ProjectModel| -> Vec<(String, GapKind, usize)> {
        let missing = model.servers[0].gaps.iter().filter(|gap| matches!(gap.kind, GapKind::Table | GapKind::Columns));
        missing.map(|gap| (gap.table.clone(), gap.kind, gap.columns.len())).collect()
    };
    let model = drizzle_app("", "");
    assert!(model.servers[0].declared.lookup.map.is_some(), "the schema map is followed");
    assert_eq!(gaps(&model), []);
    assert_eq!(gaps(&drizzle_app("passkey()", "")), [("passkey".to_owned(), GapKind::Table, 10)]);
    let table = "export const passkey = pgTable(\"passkey\", { id: text(\"id\"), name: text(), publicKey: text(), userId: text(), credentialID: text(), counter: text(), deviceType: text(), backedUp: boolean(), transports: text(), createdAt: timestamp(), aaguid: text() });";
    assert_eq!(gaps(&drizzle_app("passkey()", table)), []);
    assert_eq!(
        gaps(&drizzle_app("passkey()", &table.replace(", aaguid: text()", ""))),
        [("passkey".to_owned(), GapKind::Columns, 1)]
    );
    assert_eq!(
        gaps(&drizzle_app("admin()", "")),
        [("session".to_owned(), GapKind::Columns, 1), ("user".to_owned(), GapKind::Columns, 4)]
    );
}
