//! What the reviewer understands of a project, from files in memory.

use std::sync::Arc;

use git_auth_review::cache::memory::MemoryStore;
use git_auth_review::config::Config;
use git_auth_review::engine;
use git_auth_review::project::schema::lookup::Map;
use git_auth_review::project::schema::{Cause, Gap, GapKind, Migrated, RequiredColumn, RequiredTable};
use git_auth_review::project::value::{Condition, Lookup, Value};
use git_auth_review::project::{AdapterKind, Dialect, Plural, ProjectModel, Role, SchemaState};
use git_auth_review::source::{Installed, MemorySnapshot, Unreadable};

const LOCK: &str = r#"{ "name": "app", "lockfileVersion": 3, "packages": {
  "node_modules/better-auth": { "version": "1.7.25" }, "node_modules/@better-auth/passkey": { "version": "1.7.6" } } }"#;

fn model(files: &[(&str, &str)]) -> ProjectModel {
    let mut all =
        vec![("package.json", r#"{ "name": "app", "dependencies": { "better-auth": "^1.7.0" } }"#), ("package-lock.json", LOCK)];
    all.retain(|(path, _)| !files.iter().any(|(given, _)| given == path));
    all.extend_from_slice(files);
    engine::model(&MemorySnapshot::new(all), &Config::default(), None, &MemoryStore::default())
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
fn names_of_columns_are_no_credentials_wherever_they_stand() {
    let model = server(
        "const names = { account: { accessToken: \"accessTok\", idToken: \"idToken\", refreshToken: \"refresh_token_text\" } } as const;\n\
         export const auth = betterAuth({ account: { fields: names.account } });",
    );
    let account = &model.servers[0].required.tables["account"];
    let column = |key: &str| account.columns.iter().find(|column| column.key == key).expect("a column").name.clone();
    assert_eq!(["accessToken", "idToken", "refreshToken"].map(column), ["accessTok", "idToken", "refresh_token_text"]);
}

#[test]
fn credentials_are_known_by_what_stands_around_them() {
    let model = server(
        "export const auth = betterAuth({ secrets: [{ version: 1, value: \"hunter\" }], trustedOrigins: [\"https://a.dev?token=hunter-2\"],\n\
           plugins: [admin({ fetchOptions: { headers: { cookie: \"a=hunter\", [KEY]: \"hunter\", accept: \"kept/as-it-is\" } } })] });",
    );
    let shown = format!("{:?}", model.servers);
    assert!(!shown.contains("hunter") && shown.contains("kept/as-it-is"), "{shown}");
    for options in [
        "{ headers: new Headers({ Authorization: \"Bearer hunter\", accept: \"kept/as-it-is\" }) }",
        "{ headers: new Headers([[\"authorization\", \"Bearer hunter\"], [\"accept\", \"kept/as-it-is\"]]) }",
        "{ headers: [[\"x-internal\", \"hunter\"], [\"accept\", \"kept/as-it-is\"]] }",
        "{ headers: { Authorization: `Basic ${btoa(\"me:hunter\")}`, accept: \"kept/as-it-is\" } }",
        "{ headers: { Authorization: \"Basic \" + Buffer.from(\"me:hunter\").toString(\"base64\"), accept: \"kept/as-it-is\" } }",
        "{ secret: z.string().default(\"hunter\").parse(process.env.S), note: \"kept/as-it-is\" }",
        "{ secret: readEnv(\"APP_SECRET\", \"hunter\"), note: \"kept/as-it-is\" }",
        "{ secret: [\"hun\", \"hunter\"].join(\"\"), note: \"kept/as-it-is\" }",
    ] {
        let model = server(&format!("export const auth = betterAuth({{ plugins: [admin({{ fetchOptions: {options} }})] }});"));
        let shown = format!("{:?}", model.servers);
        assert!(!shown.contains("hunter") && shown.contains("kept/as-it-is"), "{shown}");
    }
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
        (
            "let list = [admin()];\nlist = [...list, jwt()];\nif (process.env.X) { list = [...list, username()]; }\nexport const auth = betterAuth({ plugins: list });",
            vec!["admin", "jwt", "username?"],
        ),
        (
            "const make = (options: Options) => options.jwt !== false ? [admin(), jwt()] : [admin()];\nexport const auth = betterAuth({ plugins: make({}) });",
            vec!["admin", "jwt"],
        ),
    ] {
        let model = server(body);
        assert_eq!(plugins(&model), expected, "{body}");
        assert_eq!(open(&model), [""; 0], "{body}");
    }
}

#[test]
fn a_list_may_be_changed_under_another_name() {
    for (body, expected) in [
        (
            "const options = { plugins: [admin()] };\nconst list = options.plugins;\nlist.push(jwt());\nexport const auth = betterAuth(options);",
            vec!["admin", "jwt"],
        ),
        (
            "const options = { plugins: [admin()] };\nconst { plugins } = options;\nplugins.push(jwt());\nexport const auth = betterAuth(options);",
            vec!["admin", "jwt"],
        ),
        (
            "const a = [admin()];\nconst b = a;\nconst c = b;\nc.push(jwt());\nexport const auth = betterAuth({ plugins: a });",
            vec!["admin", "jwt"],
        ),
        (
            "function extend(list: any[]) { list.push(jwt()); }\nconst list = [admin()];\nextend(list);\nexport const auth = betterAuth({ plugins: list });",
            vec!["admin", "jwt"],
        ),
        (
            "const extend = (o: any, on: boolean) => { if (on) o.plugins = [...o.plugins, jwt()]; };\nconst options = { plugins: [admin()] };\nextend(options, true);\nexport const auth = betterAuth(options);",
            vec!["admin", "jwt"],
        ),
        (
            "function extend({ plugins }: any) { plugins.push(jwt()); }\nconst options = { plugins: [admin()] };\nextend(options);\nexport const auth = betterAuth(options);",
            vec!["admin", "jwt"],
        ),
        (
            "const list = [admin()];\nconst options = { plugins: list };\nlist.push(jwt());\nexport const auth = betterAuth(options);",
            vec!["admin", "jwt"],
        ),
        (
            "const list = [admin()];\nconst options = { plugins: [...list] };\nlist.push(jwt());\nexport const auth = betterAuth(options);",
            vec!["admin"],
        ),
        (
            "const list = [admin()];\nlist.push(jwt());\nconst options = { plugins: list };\nexport const auth = betterAuth(options);",
            vec!["admin", "jwt"],
        ),
        (
            "function show(list: any[]) { console.log(list); }\nconst list = [admin()];\nshow(list);\nexport const auth = betterAuth({ plugins: list });",
            vec!["admin"],
        ),
    ] {
        let model = server(body);
        assert_eq!(plugins(&model), expected, "{body}");
        assert_eq!(open(&model), [""; 0], "{body}");
    }
}

#[test]
fn a_list_may_be_changed_inside_of_an_expression() {
    for (body, expected) in [
        (
            "const list = [admin()];\nconst length = list.push(jwt());\nexport const auth = betterAuth({ plugins: list });",
            vec!["admin", "jwt"],
        ),
        (
            "const list: any[] = [];\nprocess.env.X ? list.push(admin()) : list.push(jwt());\nexport const auth = betterAuth({ plugins: list });",
            vec!["admin?", "jwt?"],
        ),
        (
            "const options: any = {};\noptions.plugins ??= [];\noptions.plugins.push(jwt());\nexport const auth = betterAuth(options);",
            vec!["jwt"],
        ),
        ("let a, b;\na = b = [admin()];\nexport const auth = betterAuth({ plugins: b });", vec!["admin"]),
    ] {
        let model = server(body);
        assert_eq!(plugins(&model), expected, "{body}");
        assert_eq!(open(&model), [""; 0], "{body}");
    }
    for body in [
        "const list = [admin()];\nconst add = () => list.push(jwt());\nadd();\nexport const auth = betterAuth({ plugins: list });",
        "const list = [admin(), jwt()];\nconst last = list.pop();\nexport const auth = betterAuth({ plugins: list });",
        "const options: any = base();\nconst more: any = {};\nmore.plugins.push(jwt());\nexport const auth = betterAuth(more);",
    ] {
        assert_eq!(open(&server(body)), ["a later change that is not followed"], "{body}");
    }
    for change in [
        "list[list.length] = jwt();",
        "Array.prototype.push.apply(list, [jwt()]);",
        "Reflect.apply(Array.prototype.push, list, [jwt()]);",
        "const push = Array.prototype.push;\npush.call(list, jwt());",
        "const { push } = Array.prototype;\npush.apply(list, [jwt()]);",
    ] {
        let model = server(&format!("const list = [admin()];\n{change}\nexport const auth = betterAuth({{ plugins: list }});"));
        assert_eq!((plugins(&model), open(&model)), (vec!["admin".to_owned(), "jwt".to_owned()], vec![]), "{change}");
    }
    for change in [
        "const add = list.push.bind(list);\nadd(jwt());",
        "const add = Array.prototype.push.bind(list);\nadd(jwt());",
        "[jwt()].forEach(list.push, list);",
        "const push = list.push;\npush.call(list, jwt());",
        "list.at(0).endpoints = {};",
        "list.find((plugin) => plugin.id === \"admin\").schema.user = {};",
        "list[list.length - 1] = jwt();",
    ] {
        let model = server(&format!("const list = [admin()];\n{change}\nexport const auth = betterAuth({{ plugins: list }});"));
        assert_eq!(open(&model), ["a later change that is not followed"], "{change}");
    }
    let reads = "const list = [admin()];\nconst last = list.at(-1);\nconst all = list.slice;\nexport const auth = betterAuth({ plugins: list });";
    assert_eq!(open(&server(reads)), [""; 0]);
    // Any of them may be the one that was taken out.
    for change in [
        "list.pop();",
        "list.length = 1;",
        "const drop = list.pop.bind(list);\ndrop();",
        "if (process.env.X) list.splice(1, 1);",
        "const drop = () => list.shift();\ndrop();",
    ] {
        let body = format!("const list = [admin(), jwt()];\n{change}\nexport const auth = betterAuth({{ plugins: list }});");
        assert_eq!(plugins(&server(&body)), ["admin?", "jwt?"], "{change}");
    }
    let body = "const list = [admin(), jwt()];\nlist.sort();\nexport const auth = betterAuth({ plugins: list });";
    assert_eq!(plugins(&server(body)), ["admin", "jwt"]);
}

#[test]
fn a_loop_that_only_fills_a_list_adds_what_each_turn_does() {
    let head = "const U = process.env.U === \"1\";\nconst list: any[] = [];\n\
        const defs = [{ on: true, make: () => admin() }, { on: false, make: () => twoFactor() }, { on: U, make: () => jwt() }];\n\
        const pairs = [[\"a\", () => admin()], [\"b\", () => jwt()]] as const;\n\
        const byName = { admin: { make: admin, on: true }, jwt: { make: jwt, on: U }, username: { make: username } };\n";
    for (body, expected) in [
        ("for (const { on, make } of defs) if (on) list.push(make());", vec!["admin", "jwt?"]),
        ("for (const { on, make } of defs) { if (!on) continue; list.push(make()); }", vec!["admin", "jwt?"]),
        (
            "for (const d of defs) { const { on, make: create } = d; if (on) { const made = create(); list.push(made); } }",
            vec!["admin", "jwt?"],
        ),
        ("for (const d of defs) d.on && list.push(d.make());", vec!["admin", "jwt?"]),
        (
            "for (const { on, make } of defs) { if (on) list.push(make()); else list.push(username()); }",
            vec!["admin", "username", "jwt?", "username?"],
        ),
        (
            "for (const { on, make } of defs) { list.push(username()); if (!on) continue; list.push(make()); }",
            vec!["username", "admin", "username", "username", "jwt?"],
        ),
        ("defs.forEach(({ on, make }) => { if (!on) return; list.push(make()); });", vec!["admin", "jwt?"]),
        ("defs.forEach(({ make }, index) => { if (index !== 1) list.push(make()); });", vec!["admin", "jwt"]),
        ("[admin(), undefined].forEach((plugin) => { if (plugin) list.push(plugin); });", vec!["admin"]),
        ("for (const [name, make] of pairs) if (name === \"b\") list.push(make());", vec!["jwt"]),
        ("for (const [, make] of new Set(pairs)) list.push(make());", vec!["admin", "jwt"]),
        (
            "for (const [name, { make, on = false }] of Object.entries(byName)) if (on || name === \"username\") list.push(make());",
            vec!["admin", "jwt?", "username"],
        ),
        ("for (const name of Object.keys(byName)) list.push(byName[name].make());", vec!["admin", "jwt", "username"]),
        (
            "for (const group of [defs.slice(0, 1), defs.slice(2)]) for (const { make } of group) list.push(make());",
            vec!["admin", "jwt"],
        ),
        ("if (U) for (const { on, make } of defs) if (on) list.push(make());", vec!["admin?", "jwt?"]),
    ] {
        let model = server(&format!("{head}{body}\nexport const auth = betterAuth({{ plugins: list }});"));
        assert_eq!((plugins(&model), open(&model)), (expected.into_iter().map(str::to_owned).collect(), vec![]), "{body}");
    }
    let within = "const make = () => { const options = { plugins: [admin()] as any[] }; for (const p of [jwt()]) { options.plugins!.push(p); } return options; };";
    let model = server(&format!("{within}\nexport const auth = betterAuth(make());"));
    assert_eq!((plugins(&model), open(&model)), (vec!["admin".to_owned(), "jwt".to_owned()], vec![]));
    let member = "class S { list = [admin()]; constructor() { for (const p of [jwt()]) this.list.push(p); this.auth = betterAuth({ plugins: this.list }); } }\nexport const { auth } = new S();";
    assert_eq!(plugins(&server(member)), ["admin", "jwt"]);
    // What is in the list by a loop of another kind is not known, nor is how often.
    for (body, expected) in [
        ("for (const { make } of defs) { if (list.length < 1) list.push(make()); }", vec![]),
        ("for (const { make } of defs) { if (list.some((one) => one)) break; list.push(make()); }", vec![]),
        ("let n = 0;\nfor (const { make } of defs) { list.push(make()); n++; if (n > 1) break; }", vec![]),
        ("for (const { make } of others()) list.push(make());", vec![]),
        ("for (const { on, make } of [...others(), ...defs]) if (on) list.push(make());", vec!["admin", "jwt?"]),
        ("defs.forEach(async ({ make }) => { await ready(); list.push(make()); });", vec![]),
        ("for (const list of defs) { list.push(1); }\nlist.sort(); for (const x of others()) list.push(x);", vec![]),
    ] {
        let model = server(&format!("{head}{body}\nexport const auth = betterAuth({{ plugins: list }});"));
        let certain: Vec<String> = plugins(&model).into_iter().filter(|name| !expected.contains(&name.as_str())).collect();
        assert!(certain.iter().all(|name| name.ends_with('?')), "{body}: {certain:?}");
        assert!(!open(&model).is_empty(), "{body}");
    }
    for body in [
        "let n = 0;\nfor (const { make } of defs) { if (n++ < 1) list.push(make()); }",
        "const seen: any[] = [];\nfor (const { make } of defs) { if (claim(seen, make)) list.push(make()); }\nfunction claim(all: any[], one: any) { if (all.includes(one)) return false; all.push(one); return true; }",
        "for (const { make } of defs) { if (isNew(make)) list.push(make()); }\nfunction isNew(make: any) { return !list.includes(make); }",
    ] {
        let model = server(&format!("{head}{body}\nexport const auth = betterAuth({{ plugins: list }});"));
        assert_eq!(plugins(&model), ["admin?", "twoFactor?", "jwt?"], "{body}");
    }
}

#[test]
fn options_that_a_package_merges_are_merged_as_it_does() {
    let auth = |imports: &str, body: &str| {
        let head = "import { betterAuth } from \"better-auth\";\nimport { admin, jwt, username } from \"better-auth/plugins\";\n";
        let base = "const base = { appName: \"base\", basePath: \"/base\", session: { expiresIn: 60, updateAge: 1 }, plugins: [admin()] };\n";
        let text = format!("{head}{imports}\n{base}export const auth = betterAuth({body});");
        model(&[("src/auth.ts", text.as_str())])
    };
    let number = |model: &ProjectModel, key: &str| match model.servers[0].options.get(&["session", key]).map(|node| &node.value) {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    };
    let own = "{ appName: \"own\", basePath: undefined, session: { expiresIn: 5 }, plugins: [jwt()] }";
    let defu = "import { defu } from \"defu\";";
    let merge = "import merge from \"lodash/merge\";";
    let deepmerge = "import deepmerge from \"deepmerge\";";
    for (imports, body, expected, name) in [
        (defu, format!("defu({own}, base)"), vec!["jwt", "admin"], "own"),
        (
            "import defaults from \"defu\";",
            format!("defaults({own}, base, {{ plugins: [username()] }})"),
            vec!["jwt", "admin", "username"],
            "own",
        ),
        (defu, "defu(undefined, { session: { expiresIn: 5 }, appName: null }, base)".to_owned(), vec!["admin"], "base"),
        (
            deepmerge,
            "deepmerge(base, { appName: \"own\", session: { expiresIn: 5 }, plugins: [jwt()] })".to_owned(),
            vec!["admin", "jwt"],
            "own",
        ),
        (
            deepmerge,
            "deepmerge.all([{}, base, { session: { expiresIn: 5 }, plugins: [jwt()] }])".to_owned(),
            vec!["admin", "jwt"],
            "base",
        ),
        (merge, "merge({}, base, { appName: \"own\", session: { expiresIn: 5 } })".to_owned(), vec!["admin"], "own"),
        (
            "import _ from \"lodash\";",
            "_.merge({}, base, { session: { expiresIn: 5 }, appName: undefined })".to_owned(),
            vec!["admin"],
            "base",
        ),
        (
            "import * as _ from \"lodash-es\";",
            "_.merge({ plugins: [] }, base, { session: { expiresIn: 5 } })".to_owned(),
            vec!["admin"],
            "base",
        ),
        (
            "import { merge as join } from \"lodash-es\";",
            "join({ plugins: [undefined, jwt()], session: { expiresIn: 5 } }, { plugins: [admin()], session: { updateAge: 1 }, appName: \"x\" })".to_owned(),
            vec!["admin", "jwt"],
            "x",
        ),
        (
            merge,
            "(() => { const all: any = { session: { updateAge: 2 } }; merge(all, base, { session: { expiresIn: 5 } }); return all; })()".to_owned(),
            vec!["admin"],
            "base",
        ),
    ] {
        let model = auth(imports, &body);
        assert_eq!((plugins(&model), open(&model)), (expected.into_iter().map(str::to_owned).collect(), vec![]), "{body}");
        assert_eq!((number(&model, "expiresIn"), number(&model, "updateAge")), (Some(5.0), Some(1.0)), "{body}");
        let found = model.servers[0].options.get(&["appName"]).and_then(|node| node.text(&[]).map(str::to_owned));
        assert_eq!(found.as_deref(), Some(name), "{body}");
    }
    // A condition stays with what it is about.
    let model = auth(defu, "defu(process.env.X ? { plugins: [jwt()] } : {}, base)");
    assert_eq!((plugins(&model), open(&model)), (vec!["jwt?".to_owned(), "admin".to_owned()], vec![]));
    // By another import, with what is not known, or in another way it is open.
    for (imports, body) in [
        ("import { defu } from \"./own\";", "defu({}, base)"),
        (
            "import { createDefu } from \"defu\";\nconst defu = createDefu((o, k, v) => { o[k] = v; return true; });",
            "defu({}, base)",
        ),
        ("import { merge } from \"radashi\";", "merge({}, base)"),
        ("import { mergeWith } from \"lodash-es\";", "mergeWith({}, base, (a: any) => a)"),
        (deepmerge, "deepmerge(base, { plugins: [jwt()] }, { arrayMerge: (_: any, source: any[]) => source })"),
        (deepmerge, "deepmerge(base, { plugins: undefined })"),
        (merge, "merge({}, base, { plugins: [jwt()] })"),
        (merge, "merge({}, base, { plugins: others() })"),
        (defu, "defu(...others(), base)"),
        (defu, "defu({ plugins: [] }, others())"),
        (defu, "defu(others(), { appName: \"x\" })"),
    ] {
        let model = auth(imports, body);
        assert!(
            plugins(&model).iter().all(|name| name.ends_with('?')) && !open(&model).is_empty(),
            "{body}: {:?}",
            plugins(&model)
        );
    }
    let model = auth(defu, "defu({ plugins: [jwt()] }, others())");
    assert_eq!((plugins(&model), open(&model).len()), (vec!["jwt".to_owned()], 1));
    let model = auth(defu, "defu(others(), base)");
    assert_eq!((plugins(&model), open(&model).len()), (vec!["admin?".to_owned()], 1));
}

#[test]
fn a_proxy_stands_for_what_it_reads_from() {
    for (body, expected) in [
        ("const all = new Proxy({} as any, { get: (_, key) => made()[key] });", Some("admin")),
        (
            "const all = new Proxy({} as any, { get(_, key, self) { const it = made(); return Reflect.get(it, key, self); } });",
            Some("admin"),
        ),
        ("const all = new Proxy(made(), {});", Some("admin")),
        ("const all = new Proxy(made(), { get: (target, key) => Reflect.get(target, key) });", Some("admin")),
        (
            "const all = new Proxy(made(), { get: (target, key) => { if (key === \"plugins\") return others(); return Reflect.get(target, key); } });",
            None,
        ),
        ("const all = new Proxy({} as any, { get: (_, key) => key === \"plugins\" ? [jwt()] : made()[key] });", None),
        ("const all = new Proxy({} as any, { get: (_, key) => process.env.X ? made()[key] : other()[key] });", None),
        ("const all = new Proxy({} as any, { get: (_, key) => made()[prefix + key] });", None),
        ("const all = new Proxy(made(), handler());", None),
    ] {
        let model = server(&format!(
            "const made = () => ({{ plugins: [admin()] }});\n{body}\nexport const auth = betterAuth({{ plugins: all.plugins }});"
        ));
        assert_eq!(plugins(&model), expected.into_iter().collect::<Vec<_>>(), "{body}");
        assert_eq!(open(&model).is_empty(), expected.is_some(), "{body}");
    }
    // What a name stands for is the same, however far into others it is asked for first.
    let lazy = model(&[
        (
            "src/config.ts",
            "let made: any = null;\nexport function init() { if (made) return made; made = { url: \"https://a.example\" }; return made; }\n\
             export const config = init();",
        ),
        (
            "src/db.ts",
            "import { config } from \"./config\";\nlet pool: any = null, db: any = null;\n\
             function getDb() { if (!db) { pool = connect(config.url); db = drizzle(pool); } return db; }\n\
             export const lazy = new Proxy({} as any, { get(_, key) { const it = getDb(); return it[key]; } });",
        ),
        (
            "src/auth.ts",
            "import { betterAuth } from \"better-auth\";\nimport { config } from \"./config\";\nimport { lazy } from \"./db\";\n\
             let kept: any = null;\nfunction create() { const base = adapter(lazy); return betterAuth({ database: base, baseURL: config.url }); }\n\
             export const auth = new Proxy({} as any, { get(_, key) { if (!kept) kept = create(); return kept[key]; } });",
        ),
        ("src/a.ts", "import { auth } from \"./auth\";\nexport const answer = (request: Request) => auth.handler(request);"),
    ]);
    assert_eq!(lazy.servers[0].options.get(&["baseURL"]).and_then(|node| node.text(&[])), Some("https://a.example"));
    let variables = server(
        "const env = new Proxy({} as any, { get: (_, key) => process.env[key] });\nexport const auth = betterAuth({ secret: env.AUTH });",
    );
    assert_eq!(variables.servers[0].options.get(&["secret"]).map(|node| &node.value), Some(&Value::Env("AUTH".to_owned())));
}

#[test]
fn what_is_given_to_a_function_may_be_changed_by_it() {
    let helpers = (
        "src/helpers.ts",
        "import { jwt } from \"better-auth/plugins\";\n\
         export function extend(list: any[]) { list.push(jwt()); }\n\
         export function show(list: any[]) { return list.length; }\n\
         export function each(context: { list: any[] }) { extend(context.list); }",
    );
    let auth = |body: &str| {
        let head = "import { betterAuth } from \"better-auth\";\nimport { admin, jwt } from \"better-auth/plugins\";\n\
                    import * as helpers from \"./helpers\";\nimport { extend, show } from \"./helpers\";\n\
                    import merge from \"lodash/merge\";\nimport { audit } from \"@acme/audit\";\nimport { gone } from \"./gone\";\n";
        model(&[helpers, ("src/auth.ts", &format!("{head}{body}\nexport const auth = betterAuth({{ plugins: list }});"))])
    };
    for (body, expected) in [
        ("const list = [admin()];\nhelpers.extend(list);", vec!["admin", "jwt"]),
        ("const list = [admin()];\nhelpers.each({ list });", vec!["admin", "jwt"]),
        (
            "const registry = { add(all: any[]) { all.push(jwt()); } };\nconst list = [admin()];\nregistry.add(list);",
            vec!["admin", "jwt"],
        ),
        (
            "const add = (on: { all: any[] }) => { on.all.push(jwt()); };\nconst list = [admin()];\nadd({ all: list });",
            vec!["admin", "jwt"],
        ),
        (
            "const add = ({ all }: any) => { all.push(jwt()); };\nconst list = [admin()];\nadd({ all: list });",
            vec!["admin", "jwt"],
        ),
        ("const list = [admin()];\nvoid extend(list);", vec!["admin", "jwt"]),
        ("const list = [admin()];\nconst done = await extend(list);", vec!["admin", "jwt"]),
        ("const list = [admin()];\nawait Promise.all([extend(list)]);", vec!["admin", "jwt"]),
        ("const list = [admin()];\nif (extend(list)) console.log(1);", vec!["admin", "jwt"]),
        (
            "function add(all: any[]) { all.push(jwt()); return all; }\nconst own = [admin()];\nconst list = add(own);",
            vec!["admin", "jwt"],
        ),
        ("const list = [admin()];\nif (process.env.X) extend(list);", vec!["admin", "jwt?"]),
        ("const list = [admin()];\n((all: any[]) => { all.push(jwt()); })(list);", vec!["admin", "jwt"]),
        // What replaces the list leaves it alone.
        (
            "const set = (on: { all: any[] }) => { on.all = [jwt()]; };\nconst list = [admin()];\nset({ all: list });",
            vec!["admin"],
        ),
        // Readers, and functions of packages.
        ("const list = [admin()];\nconst count = show(list);\nhelpers.show(list);", vec!["admin"]),
        (
            "const list = [admin()];\nconsole.log(list);\nJSON.stringify({ list });\naudit(list);\naudit.all({ list });",
            vec!["admin"],
        ),
        ("const list = [admin()];\nexport const other = betterAuth({ plugins: list });", vec!["admin"]),
        ("const list = [admin()];\nexport const more = audit(({ note }: any) => note(list));", vec!["admin"]),
        ("const all: any = { list: [admin()] };\naudit(all.none);\nconst list = all.list;", vec!["admin"]),
    ] {
        let model = auth(body);
        let last = model.servers.last().expect("a server");
        let names: Vec<String> =
            last.plugins.iter().map(|one| format!("{}{}", one.name, if one.conditions.is_empty() { "" } else { "?" })).collect();
        assert_eq!(names, expected, "{body}");
        assert_eq!(last.plugins_open, [], "{body}");
    }
    for (body, reason) in [
        ("const list = [admin()];\nmerge(list, [jwt()]);", "`merge` is given it, and may change it"),
        (
            "const options = { plugins: [admin()] };\nmerge(options, { plugins: [jwt()] });\nconst list = options.plugins;",
            "what it is merged with is not followed",
        ),
        ("const list = [admin()];\ngone(list);", "`gone` is given it, and may change it"),
        (
            "const list = [admin()];\nconst add = process.env.X ? extend : show;\nadd(list);",
            "`add` is given it, and may change it",
        ),
        ("const list = [admin()];\nexport function start() { extend(list); }", "`extend` is given it, and may change it"),
        ("const list = [admin()];\nReflect.set(list, 0, jwt());", "a later change that is not followed"),
    ] {
        let model = auth(body);
        assert_eq!(open(&model), [reason], "{body}");
    }
}

#[test]
fn functions_that_change_a_list_may_be_declared_below_their_calls() {
    for body in [
        "const list = [admin()];\nadd();\nexport const auth = betterAuth({ plugins: list });\nfunction add() { list.push(jwt()); }",
        "export function make() { const list = [admin()]; add(); return betterAuth({ plugins: list }); function add() { list.push(jwt()); } }",
    ] {
        assert_eq!(open(&server(body)), ["a later change that is not followed"], "{body}");
    }
    let made_later =
        "const list = [admin()];\nexport const auth = betterAuth({ plugins: list });\nexport const add = () => list.push(jwt());";
    assert_eq!(open(&server(made_later)), [""; 0], "nothing can call it before");
}

#[test]
fn a_variable_that_is_set_where_it_is_missing_is_what_it_is_set_to() {
    for body in [
        "let list: any;\nfunction get() { if (list) return list; list = [admin()]; return list; }",
        "let list: any;\nfunction get() { if (!list) { list = [admin()]; } return list; }",
        "let list: any = null;\nfunction get() { if (list !== null) return list; list = [admin()]; return list; }",
        "let list: any;\nfunction get() { if (list === undefined) list = [admin()]; return list; }",
        "let list: any;\nfunction get() { if (process.env.X && list) { return list; } return (list = [admin()]); }",
        "let list: any;\nfunction get() { if (!list) { const made = [admin()]; list = made; } return list; }",
        "let list: any;\nconst get = () => (list ??= [admin()]);",
        "let list: any;\nconst get = () => { list ||= [admin()]; return list; };",
        "let list: any;\nconst get = () => list || (list = [admin()]);",
        "let list: any;\nconst get = () => (list ? list : (list = [admin()]));",
        "let list: any;\nfunction init() { list = [admin()]; return list; }\nfunction get() { if (list) return list; return init(); }",
        "let list: any;\nfunction get() { return (list ??= [admin()]); }\nexport function reset() { list = undefined; }",
        "const cache: any = {};\nfunction get() { if (!cache.list) cache.list = [admin()]; return cache.list; }",
        "const cache: { list?: any } = { list: undefined };\nconst get = () => (cache.list ??= [admin()]);",
        "const get = (() => { let list: any; return () => (list ??= [admin()]); })();",
        "class Kit { private static list: any; static get() { if (!Kit.list) Kit.list = [admin()]; return Kit.list; } }\nconst get = () => Kit.get();",
        "class Kit { static #list: any; static get all() { return (this.#list ??= [admin()]); } }\nconst get = () => Kit.all;",
        "class Kit { private static kit?: Kit; static own() { return (Kit.kit ??= new Kit()); } list() { return [admin()]; } }\nconst get = () => Kit.own().list();",
        "const lists = new Map<string, any>();\nfunction of(key: string) { const held = lists.get(key); if (held) return held; const list = [admin()]; lists.set(key, list); return list; }\nconst get = () => of(\"a\");",
        "const root = globalThis as any;\nif (!root.made) { root.made = admin(); }\nconst get = () => [root.made];",
    ] {
        let model = server(&format!("{body}\nexport const auth = betterAuth({{ plugins: get() }});"));
        assert_eq!((plugins(&model), open(&model)), (vec!["admin".to_owned()], vec![]), "{body}");
    }
}

#[test]
fn a_variable_that_functions_set_is_one_of_the_values_or_what_it_was() {
    for (body, expected) in [
        ("let list = [admin()];\nexport function use() { list = [jwt()]; }", vec!["jwt?", "admin?"]),
        ("let list: any;\nexport function use(on: boolean) { list = on ? [admin()] : [jwt()]; }", vec!["admin?", "jwt?"]),
        (
            "let list: any;\nexport const a = () => { list = [admin()]; };\nexport const b = () => { list = [jwt()]; };",
            vec!["admin?", "jwt?"],
        ),
        ("let list: any;\nexport const a = () => { if (process.env.X) list = [admin()]; };", vec!["admin?"]),
        ("let list: any;\nexport const a = () => { if (false) list = [admin()]; };", vec![]),
        ("let list: any;\nexport const a = () => { list = [admin()]; };\nlist = [jwt()];", vec!["admin?", "jwt?"]),
        (
            "class Kit { list: any; constructor() { this.setup(); } setup() { if (!this.list) this.list = [admin()]; } }\nconst list = new Kit().list;",
            vec!["admin?"],
        ),
        (
            "const lists = new Map<string, any>();\nif (!lists.has(\"a\")) lists.set(\"a\", [admin()]);\nexport const add = () => lists.set(\"b\", [jwt()]);\nconst list = lists.get(\"a\");",
            vec!["jwt?", "admin?"],
        ),
        // Seen by nothing that comes before.
        ("let list = [admin()];\nlet held = list;\nexport const use = () => { held = [jwt()]; };", vec!["admin"]),
        ("let list = [admin()];\nexport const use = () => { let list; list = [jwt()]; return list; };", vec!["admin"]),
    ] {
        let model = server(&format!("{body}\nexport const auth = betterAuth({{ plugins: list }});"));
        assert_eq!((plugins(&model), open(&model)), (expected.iter().map(|name| (*name).to_owned()).collect(), vec![]), "{body}");
    }
    let guarded = "let list: any;\nexport function a() { if (!list) list = [admin()]; return betterAuth({ plugins: list }); }\nexport function b() { list = [jwt()]; }";
    assert_eq!(plugins(&server(guarded)), ["admin?", "jwt?"], "whichever comes first");
    let made = "let list: any;\nexport function a() { list = [admin()]; return betterAuth({ plugins: list }); }\nexport function b() { list = [jwt()]; }";
    assert_eq!(plugins(&server(made)), ["admin"], "what the function itself has just set");
}

#[test]
fn a_function_uses_what_the_calls_were_given_that_made_it() {
    for (body, expected) in [
        (
            "const make = (first: any) => (second: any) => [first, second];\nconst list = make(admin())(jwt());",
            vec!["admin", "jwt"],
        ),
        (
            "const make = (first: any) => () => [first];\nconst [one, other] = [make(admin()), make(jwt())];\nconst list = [...one(), ...other()];",
            vec!["admin", "jwt"],
        ),
        (
            "function once(make: any) { let made: any; return () => (made ??= make()); }\nconst get = once(() => [admin()]);\nconst list = get();",
            vec!["admin"],
        ),
        (
            "const lazy = (make: any) => { let made: any; return { get value() { if (!made) made = make(); return made; } }; };\nconst list = lazy(() => [admin()]).value;",
            vec!["admin"],
        ),
        (
            "function memoize(make: any) { const kept = new Map(); return (key: any) => { const held = kept.get(key); if (held) return held; const made = make(key); kept.set(key, made); return made; }; }\n\
             const of = memoize((plugin: any) => [plugin]);\nconst list = of(admin());",
            vec!["admin"],
        ),
        (
            "import { cache } from \"react\";\nconst get = cache((plugin: any) => [plugin]);\nconst list = get(admin());",
            vec!["admin"],
        ),
        (
            "class Kit { constructor(private own: any[]) {} all(more: any) { return [...this.own, more]; } }\nconst kit = new Kit([admin()]);\nconst list = kit.all(jwt());",
            vec!["admin", "jwt"],
        ),
        (
            "class Base { constructor(protected own: any) {} }\nclass Kit extends Base { static of(own: any) { return new Kit(own); } list = () => [this.own]; }\nconst list = Kit.of(admin()).list();",
            vec!["admin"],
        ),
        // What it is given itself comes first, and a name of a block is one of that alone.
        ("const make = (plugin: any) => (plugin: any) => [plugin];\nconst list = make(admin())(jwt());", vec!["jwt"]),
        (
            "const make = (plugin: any) => () => { if (process.env.X) { const plugin = jwt(); console.log(plugin); } return [plugin]; };\nconst list = make(admin())();",
            vec!["admin"],
        ),
    ] {
        let model = server(&format!("{body}\nexport const auth = betterAuth({{ plugins: list }});"));
        assert_eq!((plugins(&model), open(&model)), (expected.iter().map(|name| (*name).to_owned()).collect(), vec![]), "{body}");
    }
}

#[test]
fn what_functions_set_a_variable_to_may_not_be_known() {
    for (body, reason) in [
        (
            "let list: any;\nexport function use(given: any) { list = given; }",
            "`list` is set later: `given` is a parameter, and its callers decide".to_owned(),
        ),
        (
            "const kit: any = {};\nexport function use(given: any) { kit.list = given; }\nconst list = kit.list;",
            "`kit.list` is set later: `given` is a parameter, and its callers decide".to_owned(),
        ),
        (
            &(0..9).fold("let list: any;\n".to_owned(), |body, at| {
                format!("{body}export const use{at} = () => {{ list = [admin({{ n: {at} }})]; }};\n")
            }),
            "`list` is set in more places than are followed".to_owned(),
        ),
        ("let list: any[] = [];\nexport function use() { list = [...list, admin()]; }", "`list` depends on itself".to_owned()),
        (
            "const lists = new Map<string, any>([[\"a\", [jwt()]]]);\nlists.set(\"a\", [admin()]);\nconst list = lists.get(\"a\");",
            "a later change that is not followed".to_owned(),
        ),
        (
            "function store() { let held: any; const get = () => held; return (given: any) => { held = given; return get(); }; }\nconst put = store();\nput([jwt()]);\nconst list = put([admin()]);",
            "`held` is set later: `given` is a parameter, and its callers decide".to_owned(),
        ),
        (
            "class Kit { static list = [admin()]; }\nKit.list = [jwt()];\nconst list = Kit.list;",
            "a later change that is not followed".to_owned(),
        ),
        (
            "class Kit { static list: any; static use() { Kit.list = [admin()]; } }\nconst list = Kit.list;",
            "`list` is not a plain constant".to_owned(),
        ),
        (
            "let list: any[] = [];\nexport function use() { list = [admin()]; }\nexport function add() { list.push(jwt()); }",
            "a later change that is not followed".to_owned(),
        ),
    ] {
        let model = server(&format!("{body}\nexport const auth = betterAuth({{ plugins: list }});"));
        assert_eq!(open(&model), [reason], "{body}");
    }
}

#[test]
fn methods_that_change_what_their_object_holds() {
    for registry in [
        "const registry = { list: [admin()], add(plugin: any) { this.list.push(plugin); } };",
        "const list = [admin()];\nconst registry = { list, add(plugin: any) { list.push(plugin); } };",
    ] {
        let model =
            server(&format!("{registry}\nregistry.add(jwt());\nexport const auth = betterAuth({{ plugins: registry.list }});"));
        assert_eq!(plugins(&model), ["admin"], "{registry}");
        assert_eq!(open(&model), ["a later change that is not followed"], "{registry}");
    }
    let reads = "const registry = { list: [admin()], all() { return this.list.slice(); } };\nexport const auth = betterAuth({ plugins: registry.list });";
    assert_eq!(open(&server(reads)), [""; 0]);
}

#[test]
fn what_follows_an_early_return_depends_on_it() {
    for (body, expected) in [
        ("function add(all: any[]) { if (process.env.SKIP) return; all.push(jwt()); }\nadd(list);", vec!["admin", "jwt?"]),
        ("function add(all: any[], on: boolean) { if (!on) return; all.push(jwt()); }\nadd(list, false);", vec!["admin"]),
        ("function add(all: any[], on: boolean) { if (!on) return; all.push(jwt()); }\nadd(list, true);", vec!["admin", "jwt"]),
        (
            "function add(all: any[]) { if (process.env.A) { if (process.env.B) return; } all.push(jwt()); }\nadd(list);",
            vec!["admin", "jwt?"],
        ),
        (
            "function add(all: any[]) { if (!process.env.A) throw new Error(); all.push(jwt()); }\nadd(list);",
            vec!["admin", "jwt"],
        ),
    ] {
        let model = server(&format!("const list = [admin()];\n{body}\nexport const auth = betterAuth({{ plugins: list }});"));
        assert_eq!(plugins(&model), expected, "{body}");
        assert_eq!(open(&model), [""; 0], "{body}");
    }
    let same = "export function make() { const list = [admin()]; if (process.env.SKIP) return null; list.push(jwt()); return betterAuth({ plugins: list }); }";
    assert_eq!(plugins(&server(same)), ["admin", "jwt"], "what comes after the same return");
}

#[test]
fn patterns_have_defaults_and_holes() {
    for (body, expected) in [
        ("function make({ plugins } = { plugins: [admin()] }) { return plugins; }\nconst list = make();", vec!["admin"]),
        (
            "function make({ plugins } = { plugins: [admin()] }) { return plugins; }\nconst list = make({ plugins: [jwt()] });",
            vec!["jwt"],
        ),
        ("const given: any = {};\nconst { a: { list } = { list: [admin()] } } = given;", vec!["admin"]),
        (
            "const given: any = {};\nconst { all: [first, second] = [admin(), jwt()] } = given;\nconst list = [second];",
            vec!["jwt"],
        ),
        ("const [, list] = [[admin()], [jwt()]];", vec!["jwt"]),
        ("const [first, , third] = [admin(), jwt(), username()];\nconst list = [first, third];", vec!["admin", "username"]),
        ("function second(this: any, a: any, b: any) { return [b]; }\nconst list = second(admin(), jwt());", vec!["jwt"]),
        ("let list = [admin()];\n({ list } = { list: [jwt()] });", vec!["jwt"]),
        ("let list = [admin()];\n[, { list }] = [1, { list: [jwt()] }];", vec!["jwt"]),
        ("let list = [admin()];\n({ list = [jwt()] } = {} as any);", vec!["jwt"]),
        ("const options: any = {};\n({ a: options.list } = { a: [jwt()] });\nconst list = options.list;", vec!["jwt"]),
        (
            "const options: any = { list: [admin()] };\n(options.list ??= []).push(jwt());\nconst list = options.list;",
            vec!["admin", "jwt"],
        ),
        ("const options: any = {};\n(options.list || (options.list = [])).push(jwt());\nconst list = options.list;", vec!["jwt"]),
        (
            "const list = [admin()];\nfor (const { list } of [{ list: 1 }]) console.log(list);\nfor (const list of []) {}",
            vec!["admin"],
        ),
        ("const list = [admin()];\ntry { console.log(1); } catch (list) { console.log(list); }", vec!["admin"]),
    ] {
        let model = server(&format!("{body}\nexport const auth = betterAuth({{ plugins: list }});"));
        assert_eq!(plugins(&model), expected, "{body}");
        assert_eq!(open(&model), [""; 0], "{body}");
    }
    for body in [
        "let list = [admin()];\n({ ...list } = { 0: jwt() } as any);\nexport const auth = betterAuth({ plugins: list });",
        "const list = [admin()];\n[list[at()]] = [jwt()];\nexport const auth = betterAuth({ plugins: list });",
        "const list = [admin()];\nfor (const { list } of tenants()) betterAuth({ plugins: list });",
        "const list = [admin()];\nfor (const list of tenants()) betterAuth({ plugins: list });",
        "const list = [admin()];\ntry { run(); } catch (list) { betterAuth({ plugins: list }); }",
        "let list = [admin()];\nfor (list of tenants()) {}\nexport const auth = betterAuth({ plugins: list });",
    ] {
        assert_eq!(open(&server(body)).len(), 1, "{body}");
    }
    let counted = server("const session = { expiresIn: 1 };\nsession.expiresIn++;\nexport const auth = betterAuth({ session });");
    assert_eq!(counted.servers[0].options.get(&["session", "expiresIn"]).map(|node| &node.value), Some(&Value::Number(2.0)));
}

#[test]
fn modules_that_import_a_name_and_export_it_pass_it_on() {
    let passing = ("src/index.ts", "import { plugins } from \"./plugins\";\nexport { plugins };");
    let files = [
        ("src/plugins.ts", "import { admin } from \"better-auth/plugins\";\nexport const plugins = [admin()];"),
        passing,
        (
            "src/more.ts",
            "import { plugins } from \"./index\";\nimport { jwt } from \"better-auth/plugins\";\nplugins.push(jwt());",
        ),
        (
            "src/auth.ts",
            "import { betterAuth } from \"better-auth\";\nimport { plugins } from \"./plugins\";\nexport const auth = betterAuth({ plugins });",
        ),
    ];
    assert_eq!(open(&model(&files)), ["another file changes it, at a time that nothing tells"]);
    let build = "import { betterAuth } from \"better-auth\";\nimport { admin } from \"better-auth/plugins\";\n\
                 export function buildAuth(more: any[]) { return betterAuth({ plugins: [admin(), ...more] }); }";
    let calls = model(&[
        ("src/build.ts", build),
        ("src/index.ts", "import { buildAuth } from \"./build\";\nexport { buildAuth };"),
        ("src/one.ts", "import { buildAuth } from \"./build\";\nexport const one = buildAuth([]);"),
        (
            "src/two.ts",
            "import { buildAuth } from \"./index\";\nimport { jwt } from \"better-auth/plugins\";\nexport const two = buildAuth([jwt()]);",
        ),
    ]);
    assert_eq!(plugins(&calls), ["admin", "jwt?"]);
    // A package passed on along with files has what none of these has.
    let passed = model(&[
        ("src/list.ts", "import { admin } from \"better-auth/plugins\";\nexport const plugins = [admin()];"),
        ("src/orm.ts", "export * from \"drizzle-orm\";"),
        ("src/index.ts", "export * from \"better-auth/plugins\";\nexport * from \"./orm\";\nexport * from \"./list\";"),
        (
            "src/auth.ts",
            "import { betterAuth } from \"better-auth\";\nimport { plugins, jwt } from \"./index\";\n\
             export const auth = betterAuth({ plugins: [...plugins, jwt()] });",
        ),
    ]);
    assert_eq!(plugins(&passed), ["admin", "jwt"]);
}

#[test]
fn a_module_may_hold_itself() {
    let lists = "import { admin } from \"better-auth/plugins\";\nexport const plugins = [admin()];\n";
    let auth = |list: &str| {
        format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport * as kit from \"./lists\";\n\
             export const auth = betterAuth({{ plugins: {list} }});"
        )
    };
    for (itself, more) in [
        ("export * as kit from \"./lists\";", ""),
        ("import * as kit from \"./lists\";\nexport { kit };", ""),
        ("export * as kit from \"./more\";", "export * as kit from \"./lists\";"),
        ("export * from \"./more\";", "export * as kit from \"./lists\";"),
    ] {
        for list in ["kit.plugins", "({ ...kit }).plugins"] {
            let model =
                model(&[("src/auth.ts", &auth(list)), ("src/lists.ts", &format!("{lists}{itself}")), ("src/more.ts", more)]);
            assert_eq!((plugins(&model), open(&model)), (vec!["admin".to_owned()], vec![]), "{itself} {list}");
        }
    }
    let back = "import * as back from \"./lists\";\nexport { back };\nexport const plugins = back.plugins;";
    let passing = format!("{lists}export * as more from \"./more\";");
    let around =
        model(&[("src/auth.ts", &auth("kit.more.back.more.plugins")), ("src/lists.ts", &passing), ("src/more.ts", back)]);
    assert_eq!(open(&around), ["what `src/more.ts` exports depends on itself"]);
}

#[test]
fn an_instance_that_production_never_makes_is_one_of_development() {
    for (body, expected) in [
        ("export function make() { if (process.env.NODE_ENV === \"test\") return betterAuth({}); }", Role::Development),
        (
            "export function make() { if (process.env.NODE_ENV !== \"development\") return null; return betterAuth({}); }",
            Role::Development,
        ),
        (
            "if (process.env.NODE_ENV === \"production\") throw new Error();\nexport const auth = betterAuth({});",
            Role::Development,
        ),
        ("export const auth = process.env.NODE_ENV === \"production\" ? null : betterAuth({});", Role::Development),
        ("if (process.env.NODE_ENV !== \"production\") start(() => betterAuth({}));", Role::Development),
        ("export function make() { if (process.env.NODE_ENV === \"test\") return null; return betterAuth({}); }", Role::Live),
        ("export function make() { if (!process.env.SECRET) throw new Error(); return betterAuth({}); }", Role::Live),
        ("if (process.env.NODE_ENV !== \"production\") { console.log(1); }\nexport const auth = betterAuth({});", Role::Live),
        (
            "function helper() { if (process.env.NODE_ENV === \"production\") return 1; }\nexport const auth = betterAuth({ a: helper() });",
            Role::Live,
        ),
        (
            "export function make() { if (process.env.NODE_ENV === \"production\") { if (process.env.X) return null; } return betterAuth({}); }",
            Role::Live,
        ),
        (
            "function dev() { return betterAuth({}); }\nexport const auth = process.env.NODE_ENV === \"production\" ? null : dev();",
            Role::Development,
        ),
        (
            "const dev = () => betterAuth({});\nfunction authOf() { return dev(); }\n\
             if (process.env.NODE_ENV !== \"production\") start(authOf());",
            Role::Development,
        ),
        (
            "function dev() { return betterAuth({}); }\nconst local = process.env.NODE_ENV === \"test\" && dev();\nexport const auth = dev();",
            Role::Live,
        ),
        (
            "export function devAuth() { return betterAuth({}); }\nconst local = process.env.NODE_ENV === \"test\" && devAuth();",
            Role::Development,
        ),
        ("function authOf() { return betterAuth(authOf()); }", Role::Live),
    ] {
        assert_eq!(server(body).servers[0].role, expected, "{body}");
    }
}

/// What `advanced.disableCSRFCheck` is after some statements that declare `x`: the values, each with `!` where it is kept out
/// of production.
fn loosened(body: &str) -> Vec<String> {
    let model = server(&format!("{body}\nexport const auth = betterAuth({{ advanced: {{ disableCSRFCheck: x }} }});"));
    let node = model.servers[0].options.lookup(&["advanced", "disableCSRFCheck"]);
    let Lookup::Found(found) = node else { return vec!["?".to_owned()] };
    let shown = found.iter().map(|one| {
        let value = match &one.node.value {
            Value::Bool(value) => value.to_string(),
            other => format!("{other:?}"),
        };
        format!("{value}{}", if one.outside_production() { "!" } else { "" })
    });
    shown.collect()
}

#[test]
fn a_switch_tells_when_what_stands_in_it_runs() {
    let node_env = "process.env.NODE_ENV";
    for (body, expected) in [
        (
            "let x = false;\nswitch (E) { case \"development\": case \"test\": x = true; break; case \"production\": break; }",
            vec!["true!", "false"],
        ),
        ("let x = false;\nswitch (E) { case \"production\": { log(); break; } default: { x = true; } }", vec!["true!", "false"]),
        (
            "const f = (e: any) => { switch (e) { case \"production\": return false; default: return true; } };\nconst x = f(E);",
            vec!["false", "true!"],
        ),
        // It falls through into the next.
        (
            "let x = false;\nswitch (E) { case \"development\": log(); case \"production\": x = true; break; default: }",
            vec!["true", "false!"],
        ),
        ("let x = false;\nswitch (E) { default: x = true; break; case \"production\": }", vec!["true!", "false"]),
        // What leaves it early is not followed.
        ("let x = false;\nswitch (E) { case \"development\": if (A) break; x = true; }", vec!["true", "false"]),
        ("let x = false;\nswitch (\"a\") { case \"a\": x = true; break; case \"b\": x = false; }", vec!["true"]),
        (
            "const f = (e: any) => { switch (e) { case \"test\": return true; default: throw new Error(); } };\nconst x = f(E);",
            vec!["true!"],
        ),
    ] {
        let body = body.replace("(E)", &format!("({node_env})"));
        assert_eq!(loosened(&body), expected, "{body}");
    }
}

#[test]
fn what_ends_in_an_error_or_a_result_gives_nothing_else() {
    for (body, expected) in [
        ("function f() { if (process.env.A) return true; throw new Error(); }\nconst x = f();", vec!["true"]),
        ("function f() { if (process.env.A) return true; else return false; }\nconst x = f();", vec!["true", "false"]),
        (
            "function f() { if (process.env.A) return true; else if (process.env.B) return false; else return null; }\nconst x = f() ?? false;",
            vec!["true", "false", "false"],
        ),
        ("function f() { if (process.env.A) return true; }\nconst x = f() ?? false;", vec!["true", "false"]),
    ] {
        assert_eq!(loosened(body), expected, "{body}");
    }
}

#[test]
fn tests_of_the_environment_in_every_form_are_told() {
    for (body, expected) in [
        ("const x = !!process.env.VITEST;", vec!["true!", "false"]),
        ("const x = process.env.CI === \"true\";", vec!["true!", "false"]),
        ("const x = !process.env.CI;", vec!["true", "false!"]),
        ("const x = !!process.env.LOOSE;", vec!["true", "false"]),
        ("const given: any = await load();\nconst x = given.env.ENVIRONMENT === \"development\";", vec!["true!", "false"]),
        ("const given: any = await load();\nconst x = given.mode.ENVIRONMENT === \"development\";", vec!["true", "false"]),
        (
            "const c = { mode: process.env.NODE_ENV, get isDev() { return this.mode === \"development\"; }, get on() { return !!this.isDev; } };\n\
             const x = c.on;",
            vec!["true!", "false"],
        ),
        (
            "import { ConfigService } from \"@nestjs/config\";\nconst x = new ConfigService().get(\"NODE_ENV\") === \"development\";",
            vec!["true!", "false"],
        ),
        (
            "import type { ConfigService } from \"@nestjs/config\";\nexport const make = (config: ConfigService) =>\n  betterAuth({ advanced: { disableCSRFCheck: config.getOrThrow<string>(\"NODE_ENV\") !== \"production\" } });\nconst x = false;",
            vec!["true!", "false"],
        ),
    ] {
        assert_eq!(loosened(body), expected, "{body}");
    }
    let changed = "const c = { on: false, get x() { return this.on; } };\nc.on = true;\nconst x = c.x;";
    assert!(!loosened(changed)[0].starts_with("false"), "what is changed later is not what was written");
    let replaced = "const c = { on: false, get x() { return this.on; }, ...given };\nconst x = c.x;";
    assert!(!loosened(replaced)[0].starts_with("false"), "what is spread over it may be another");
}

#[test]
fn the_configuration_of_nest_reads_the_environment() {
    let config = "import { ConfigService } from \"@nestjs/config\";\nconst config = new ConfigService();\n";
    for (asked, expected) in [
        ("config.get(\"AUTH_PATH\")", vec!["Env(\"AUTH_PATH\")"]),
        ("config.get(\"AUTH_PATH\", { infer: true })", vec!["Env(\"AUTH_PATH\")"]),
        ("config.get(\"AUTH_PATH\", \"/x\")", vec!["Env(\"AUTH_PATH\") when AUTH_PATH is set", "/x when !(AUTH_PATH is set)"]),
    ] {
        let model = server(&format!("{config}export const auth = betterAuth({{ basePath: {asked} }});"));
        assert_eq!(cases(&model, &["basePath"]), expected, "{asked}");
    }
    let own = server(&format!("{config}export const auth = betterAuth({{ basePath: config.get(\"auth.path\") }});"));
    assert!(!cases(&own, &["basePath"])[0].starts_with("Env"), "the program loads it by itself");
}

#[test]
fn what_may_make_an_instance_never_vanishes() {
    let one = |body: &str| model(&[("src/auth.ts", body)]);
    for body in [
        "import { betterAuth } from \"better-auth\";\nconst create: typeof betterAuth = betterAuth;\nexport const auth = create({});",
        "export const make = () => import(\"better-auth\").then(({ betterAuth }) => betterAuth({}));",
        "export const make = () => import(\"better-auth\").then((m) => m.betterAuth({}));",
        "import { betterAuth as full } from \"better-auth\";\nimport { betterAuth as small } from \"better-auth/minimal\";\n\
         const create = process.env.SMALL ? small : full;\nexport const auth = create({});",
        "import BetterAuth from \"better-auth\";\nexport const auth = BetterAuth.betterAuth({});",
        "import { betterAuth } from \"better-auth\";\nexport const auth = betterAuth.call(null, {});",
        "import { betterAuth } from \"better-auth\";\nexport const auth = betterAuth.apply(undefined, [{}]);",
        "import { betterAuth } from \"better-auth\";\nconst given = [{}];\nexport const auth = Reflect.apply(betterAuth, null, given);",
        "import * as kit from \"better-auth\";\nconst make = kit.betterAuth;\nexport const auth = make({});",
        "import * as kit from \"better-auth\";\nconst { betterAuth: make } = kit;\nexport const auth = make({});",
        "import * as kit from \"better-auth\";\nexport const auth = (0, kit[\"betterAuth\"])({});",
    ] {
        let model = one(body);
        assert_eq!(model.servers.len(), 1, "{body}");
        assert!(!model.undetermined.iter().any(|open| open.question.contains("configures")), "{body}");
    }
    for (body, reason) in [
        (
            "import { betterAuth } from \"./vendor/better-auth\";\nexport const auth = betterAuth({});",
            "`betterAuth` is imported from `./vendor/better-auth`, which is not in the repository",
        ),
        (
            "import { betterAuth } from \"@acme/better\";\nexport const auth = betterAuth({});",
            "`betterAuth` comes from `@acme/better`, which is not part of the repository",
        ),
        (
            "import { betterAuth } from \"better-auth\";\nconst wrap = (make: any) => make({});\nexport const auth = wrap(betterAuth);",
            "`betterAuth` is handed on, to be called elsewhere",
        ),
        (
            "import { betterAuth } from \"better-auth\";\nexport const make = betterAuth.bind(null, {});",
            "`betterAuth` is handed on, to be called elsewhere",
        ),
        (
            "import { betterAuth } from \"better-auth\";\nexport const [auth] = [{}].map(betterAuth);",
            "`betterAuth` is handed on, to be called elsewhere",
        ),
        (
            "import { createAuthClient } from \"better-auth/react\";\nexport const client = traced(createAuthClient)({});",
            "`createAuthClient` is handed on, to be called elsewhere",
        ),
        (
            "import * as kit from \"better-auth\";\nexport const auth = start(kit);",
            "all of `better-auth` is handed on, to be used elsewhere",
        ),
        ("export { betterAuth as make } from \"better-auth\";", "`betterAuth` is exported as `make`, to be called elsewhere"),
        (
            "import { betterAuth } from \"better-auth\";\nconst make = betterAuth;\nexport default make;",
            "`betterAuth` is exported as `default`, to be called elsewhere",
        ),
    ] {
        let model = one(body);
        let reasons: Vec<&str> = model
            .undetermined
            .iter()
            .filter(|open| open.question.contains("configures"))
            .map(|open| open.reason.as_str())
            .collect();
        assert_eq!(reasons, [reason], "{body}");
    }
    let types = "import * as kit from \"better-auth\";\nexport type Auth = ReturnType<typeof kit.betterAuth>;";
    assert!(one(types).undetermined.is_empty(), "types");
    let wrapper = "export function betterAuth(options: any) { return options; }\nexport const auth = betterAuth({});";
    assert!(one(wrapper).undetermined.is_empty(), "a function of the repository");
}

#[test]
fn what_may_be_a_function_is_called_where_it_is_one() {
    let made = |given: &str, pushed: &str| {
        let model = server(&format!(
            "function resolve(o) {{ if (o.mfa === undefined || o.mfa === false) return null; return () => twoFactor(o.mfa); }}\n\
             function make(options) {{ const list = [];\n  const fn = resolve(options);\n  {pushed}\n  return betterAuth({{ plugins: list }}); }}\n\
             export const auth = make({given});"
        ));
        let open = open(&model).into_iter().map(str::to_owned).collect::<Vec<_>>();
        (plugins(&model).join(" "), open)
    };
    let is = |plugins: &str| (plugins.to_owned(), Vec::<String>::new());
    let guarded = "if (fn) list.push(fn());";
    assert_eq!(made("{ mfa: { issuer: \"x\" } }", guarded), is("twoFactor"));
    assert_eq!(made("{}", guarded), is(""));
    assert_eq!(made("{ mfa: false }", guarded), is(""));
    assert_eq!(made("{ mfa: process.env.X }", guarded), is("twoFactor?"));
    assert_eq!(made("{ mfa: process.env.X }", "list.push(fn ? fn() : admin());"), is("twoFactor? admin?"));
    // Of several functions one is called, and of something else nothing is known.
    let choice = |other: &str| {
        let model = server(&format!(
            "const pick = (x) => {{ if (x === \"a\") return () => jwt(); return {other}; }};\n\
             export const auth = betterAuth({{ plugins: [pick(process.env.X)()] }});"
        ));
        (plugins(&model).join(" "), open(&model).len())
    };
    assert_eq!(choice("() => admin()"), ("jwt? admin?".to_owned(), 0));
    assert_eq!(choice("globalThis.other"), (String::new(), 1));
}

#[test]
fn calls_are_found_however_a_module_is_reached() {
    let build = (
        "src/build.ts",
        "import { betterAuth } from \"better-auth\";\nimport { admin } from \"better-auth/plugins\";\n\
         export function buildAuth(more: any[]) { return betterAuth({ plugins: [admin(), ...more] }); }",
    );
    let main = ("src/main.ts", "import { buildAuth } from \"./build\";\nexport const one = buildAuth([]);");
    let jwt = "import { jwt } from \"better-auth/plugins\";\n";
    for (passing, user) in [
        ("", "import * as kit from \"./build\";\nexport const two = kit.buildAuth([jwt()]);"),
        ("", "export const two = import(\"./build\").then((kit) => kit.buildAuth([jwt()]));"),
        ("", "export const two = (await import(\"./build\")).buildAuth([jwt()]);"),
        ("export * as kit from \"./build\";", "import { kit } from \"./kit\";\nexport const two = kit.buildAuth([jwt()]);"),
        (
            "import * as kit from \"./build\";\nexport default kit;",
            "import kit from \"./kit\";\nexport const two = kit.buildAuth([jwt()]);",
        ),
        ("", "import * as kit from \"./build\";\nconst { buildAuth: make } = kit;\nexport const two = make([jwt()]);"),
        ("", "export const two = import(\"./build\").then(({ buildAuth: make }) => make([jwt()]));"),
        ("", "const { buildAuth: make } = await import(\"./build\");\nexport const two = make([jwt()]);"),
        (
            "",
            "export async function two() { const kit = await import(\"./build\"); const { buildAuth } = kit; return buildAuth([jwt()]); }",
        ),
        ("", "import * as kit from \"./build\";\nexport const two = (0, kit[\"buildAuth\"])([jwt()]);"),
        ("", "import { buildAuth } from \"./build\";\nexport const two = buildAuth!.call(null, [jwt()]);"),
        ("", "import { buildAuth } from \"./build\";\nexport const two = Reflect.apply(buildAuth, null, [[jwt()]]);"),
    ] {
        let model = model(&[build, main, ("src/kit.ts", passing), ("src/user.ts", &format!("{jwt}{user}"))]);
        assert_eq!(plugins(&model), ["admin", "jwt?"], "{user}");
        assert_eq!(open(&model), [""; 0], "{user}");
    }
    let handed_on = "is handed on, to be called elsewhere";
    for (user, used, why) in [
        ("import * as kit from \"./build\";\nconst makers = { main: kit.buildAuth };", "kit.buildAuth", handed_on),
        ("import * as kit from \"./build\";\nexport const two = kit[name]([jwt()]);", "kit", handed_on),
        ("import * as kit from \"./build\";\nexport const { two, ...others } = kit;", "kit", handed_on),
        ("import { buildAuth } from \"./build\";\nexport const two = buildAuth.bind(null);", "buildAuth", handed_on),
        ("export const two = import(\"./build\").then(run);", "import(\"./build\")", handed_on),
        ("import \"./build\";\nload((kit) => kit.buildAuth([jwt()]));", "kit.buildAuth", "may be its function"),
    ] {
        let model = model(&[build, main, ("src/user.ts", &format!("{jwt}{user}"))]);
        assert_eq!(open(&model), [format!("`more` is a parameter, and `{used}` {why}")], "{user}");
    }
    let class = "import { betterAuth } from \"better-auth\";\n\
                 export class AuthKit { auth: any; constructor(list: any[]) { this.auth = betterAuth({ plugins: list }); } }";
    let user = "import * as kit from \"./build\";\nexport const two = new kit.AuthKit([jwt()]);";
    let made = model(&[("src/build.ts", class), ("src/user.ts", &format!("{jwt}{user}"))]);
    assert_eq!((plugins(&made), open(&made)), (vec!["jwt".into()], vec![]));
    let nuxt = [
        ("nuxt.config.ts", "export default {}"),
        ("server/utils/build.ts", build.1),
        ("server/one.ts", "import { buildAuth } from \"./utils/build\";\nexport const one = buildAuth([]);"),
    ];
    assert_eq!(open(&model(&nuxt)), ["`more` is a parameter, and Nuxt and Nitro import it into files by themselves"]);
}

#[test]
fn what_one_of_several_calls_needs_is_needed() {
    let tables = |calls: &str| {
        let model = server(&format!(
            "export const makeAuth = (given: any) => betterAuth({{ rateLimit: {{ storage: given.storage }}, secondaryStorage: given.cache }});\n{calls}"
        ));
        let required = &model.servers[0].required;
        (
            required.tables.keys().cloned().collect::<Vec<_>>(),
            required.open.iter().map(|why| why.reason.clone()).collect::<Vec<_>>(),
        )
    };
    let two = |one: &str, other: &str| format!("export const one = makeAuth({one});\nexport const other = makeAuth({other});");
    let core = ["account", "session", "user", "verification"].map(str::to_owned).to_vec();
    let with_limits = ["account", "rateLimit", "session", "user", "verification"].map(str::to_owned).to_vec();
    assert_eq!(tables(&two("{ storage: \"database\" }", "{ storage: \"memory\" }")), (with_limits.clone(), vec![]));
    assert_eq!(tables(&two("{ storage: \"memory\" }", "{}")), (core.clone(), vec![]));
    // Sessions and verifications are in the database where one of them is without another place for them.
    assert_eq!(tables(&two("{ cache: redis() }", "{}")).0, core);
    // A condition of another kind decides in the call itself.
    let open = tables(&two("{ storage: process.env.X ? \"database\" : \"memory\" }", "{ storage: \"memory\" }"));
    assert_eq!(open.0, core);
    assert!(!open.1.is_empty() && open.1.iter().all(|reason| reason.contains("process.env.X")), "{open:?}");
}

#[test]
fn a_list_of_another_file_may_be_changed_where_it_is_imported() {
    let list = ("src/list.ts", "import { admin } from \"better-auth/plugins\";\nexport const list = [admin()];");
    let auth = |body: &str| {
        let head = "import { betterAuth } from \"better-auth\";\nimport { jwt } from \"better-auth/plugins\";\nimport { list } from \"./list\";\n";
        model(&[list, ("src/auth.ts", &format!("{head}{body}"))])
    };
    let changed = auth("list.push(jwt());\nexport const auth = betterAuth({ plugins: list });");
    assert_eq!(plugins(&changed), ["admin", "jwt"]);
    let maybe = auth("export function add() { list.push(jwt()); }\nexport const auth = betterAuth({ plugins: list });");
    assert_eq!(open(&maybe), ["a later change that is not followed"]);
}

#[test]
fn a_list_may_be_changed_in_unusual_ways() {
    for (body, expected) in [
        ("const list = [admin()];\nlist.push.apply(list, [jwt()]);", vec!["admin", "jwt"]),
        ("const list = [admin()];\nArray.prototype.push.call(list, jwt());", vec!["admin", "jwt"]),
        ("const list = [admin()];\nlist[list.length] = jwt();", vec!["admin", "jwt"]),
        ("const list = [admin()];\nlist.length = 0;\nlist.push(jwt());", vec!["jwt"]),
        ("const list = [admin()];\nconst held = { plugins: list };\nheld.plugins.push(jwt());", vec!["admin", "jwt"]),
        ("const list = [admin()];\nconst held = { plugins: list };\nheld.plugins = [jwt()];", vec!["admin"]),
        (
            "const base = { plugins: [admin()] };\nconst held = { ...base };\nheld.plugins.push(jwt());\nconst list = base.plugins;",
            vec!["admin", "jwt"],
        ),
        (
            "const base = { plugins: [admin()] };\nconst held = { ...base, plugins: [] };\nheld.plugins.push(jwt());\nconst list = base.plugins;",
            vec!["admin"],
        ),
        ("let list = [admin()];\nif (process.env.X) list = [...list, jwt()];", vec!["admin", "jwt?"]),
        ("const [first, ...list] = [admin(), jwt(), username()];", vec!["jwt", "username"]),
        ("const make = (first: any, ...more: any[]) => more;\nconst list = make(1, admin(), jwt());", vec!["admin", "jwt"]),
        (
            "const make = () => { try { return [admin()]; } catch { return [jwt()]; } };\nconst list = make();",
            vec!["admin?", "jwt?"],
        ),
        ("const make = () => { try { return [admin()]; } catch (error) { throw error; } };\nconst list = make();", vec!["admin"]),
        (
            "const list = [admin()];\n[jwt(), username()].forEach((plugin) => list.push(plugin));",
            vec!["admin", "jwt", "username"],
        ),
        (
            "const list = [admin()];\nconst more = [jwt()];\nfor (const plugin of more) { list.push(plugin); }",
            vec!["admin", "jwt"],
        ),
        ("const list = [admin()];\nfor (const name of Object.keys(process.env)) console.log(name);", vec!["admin"]),
        ("const list = [admin, jwt].map((make) => make());", vec!["admin", "jwt"]),
        ("const list = [1, 2].flatMap((n) => n === 1 ? [admin(), jwt()] : []);", vec!["admin", "jwt"]),
        (
            "const list = await Promise.all([admin(), import(\"better-auth/plugins\").then(() => 1) && jwt()]);",
            vec!["admin", "jwt?"],
        ),
        ("const holder = { get all() { return [admin()]; } };\nconst list = holder.all;", vec!["admin"]),
        (
            "const make = (more?: any[]) => typeof more !== \"undefined\" ? [admin(), ...more] : [jwt()];\nconst list = make();",
            vec!["jwt"],
        ),
        ("const list = [admin()];\ntry { list.push(jwt()); } catch {}", vec!["admin", "jwt?"]),
    ] {
        let model = server(&format!("{body}\nexport const auth = betterAuth({{ plugins: list }});"));
        assert_eq!(plugins(&model), expected, "{body}");
        assert_eq!(open(&model), [""; 0], "{body}");
    }
    let whole = "export function make() { const list = [admin()]; if (process.env.X) { list.push(jwt()); return betterAuth({ plugins: list }); } }";
    assert_eq!(plugins(&server(whole)), ["admin", "jwt"], "what runs under the same condition");
    for body in [
        "const one = [admin()], other = [jwt()];\nconst list = process.env.X ? one : other;\none.push(username());",
        "const one = [admin()], other = [jwt()];\nconst held = process.env.X ? one : other;\nheld.push(username());\nconst list = one;",
    ] {
        let model = server(&format!("{body}\nexport const auth = betterAuth({{ plugins: list }});"));
        assert_eq!(open(&model), ["a later change that is not followed"], "{body}");
    }
}

#[test]
fn a_list_may_be_changed_by_a_file_that_only_imports_it() {
    let list = (
        "src/plugins.ts",
        "import { admin } from \"better-auth/plugins\";\nexport const plugins = [admin()];\nexport const options = { plugins };",
    );
    let auth = (
        "src/auth.ts",
        "import { betterAuth } from \"better-auth\";\nimport { plugins } from \"./plugins\";\nexport const auth = betterAuth({ plugins });",
    );
    let changed = "another file changes it, at a time that nothing tells";
    for third in [
        "import { plugins } from \"./plugins\";\nplugins.push(extra());",
        "import { plugins as list } from \"./plugins.js\";\nlist.push(extra());",
        "import * as all from \"./plugins\";\nall.plugins.push(extra());",
        "import { plugins } from \"./again\";\nplugins.push(extra());",
        "import { plugins } from \"./plugins\";\nexport function add() { plugins.push(extra()); }",
        "const { plugins } = await import(\"./plugins\");\nplugins.push(extra());",
    ] {
        let again = ("src/again.ts", "export * from \"./plugins\";");
        let model = model(&[list, auth, again, ("src/third.ts", third)]);
        assert_eq!(plugins(&model), ["admin"], "{third}");
        assert_eq!(open(&model), [changed], "{third}");
        assert_eq!(&*model.servers[0].plugins_open[0].at.file, "src/third.ts");
    }
    for (path, third) in [
        ("src/third.ts", "import { plugins } from \"./plugins\";\nconsole.log(plugins); other.push(plugins);"),
        ("src/third.test.ts", "import { plugins } from \"./plugins\";\nplugins.push(extra());"),
        ("src/third.ts", "import { plugins } from \"./other/plugins\";\nplugins.push(extra());"),
    ] {
        let other = ("src/other/plugins.ts", "export const plugins = [];");
        let model = model(&[list, auth, other, (path, third)]);
        assert_eq!(open(&model), [""; 0], "{third}");
    }
    let whole = (
        "src/auth.ts",
        "import { betterAuth } from \"better-auth\";\nimport { options } from \"./plugins\";\nexport const auth = betterAuth(options);",
    );
    let third = ("src/third.ts", "import { options } from \"./plugins\";\nObject.assign(options, { plugins: [] });");
    assert!(model(&[list, whole, third]).undetermined.iter().any(|open| open.reason == changed));
}

#[test]
fn a_function_of_another_file_may_change_what_it_is_given() {
    let extend = (
        "src/extend.ts",
        "import { jwt } from \"better-auth/plugins\";\nexport function extend(list: any[]) { list.push(jwt()); }\nexport function show(list: any[]) { console.log(list); }",
    );
    let auth = |call: &str| {
        let text = format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport {{ admin }} from \"better-auth/plugins\";\nimport {{ extend, show }} from \"./extend\";\nconst list = [admin()];\n{call};\nexport const auth = betterAuth({{ plugins: list }});"
        );
        plugins(&model(&[extend, ("src/auth.ts", &text)]))
    };
    assert_eq!(auth("extend(list)"), ["admin", "jwt"]);
    assert_eq!(auth("show(list)"), ["admin"]);
}

#[test]
fn parameters_are_what_the_calls_give() {
    let factory = "import { betterAuth } from \"better-auth\";\nimport { admin } from \"better-auth/plugins\";\nexport function createAuth(more: any[] = [], name?: string) { return betterAuth({ appName: name, plugins: [admin(), ...more] }); }";
    let caller = |path: &'static str, call: &str| {
        (
            path,
            format!(
                "import {{ jwt, username }} from \"better-auth/plugins\";\nimport {{ createAuth }} from \"@/server/factory\";\n{call}"
            ),
        )
    };
    let linked = |callers: &[(&'static str, String)]| {
        let tsconfig = ("tsconfig.json", r#"{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }"#);
        let package = ("package.json", r#"{ "name": "app", "private": true, "dependencies": { "better-auth": "^1.7.0" } }"#);
        let mut files = vec![package, tsconfig, ("src/server/factory.ts", factory)];
        files.extend(callers.iter().map(|(path, text)| (*path, text.as_str())));
        model(&files)
    };
    let one = linked(&[caller("src/a.ts", "export const auth = createAuth([jwt()], \"x\");")]);
    assert_eq!((plugins(&one), open(&one)), (vec!["admin".into(), "jwt".into()], vec![]));
    assert_eq!(one.servers[0].options.text(&["appName"]), Some("x"));

    let without = linked(&[caller("src/a.ts", "class Service { auth = createAuth() }")]);
    assert_eq!((plugins(&without), open(&without)), (vec!["admin".into()], vec![]));

    let several = linked(&[
        caller("src/a.ts", "export const auth = createAuth([jwt()]);"),
        caller("src/b.ts", "export const auth = createAuth([username()]);"),
        caller("src/c.test.ts", "const auth = createAuth([unknown]);"),
        caller("scripts/auth.ts", "const auth = createAuth([other]);"),
    ]);
    assert_eq!((plugins(&several), open(&several)), (vec!["admin".into(), "jwt?".into(), "username?".into()], vec![]));

    let handed = linked(&[
        caller("src/a.ts", "export const auth = createAuth([jwt()]);"),
        caller("src/b.ts", "register({ useFactory: createAuth });"),
    ]);
    assert_eq!(plugins(&handed), ["admin", "jwt?"]);
    assert_eq!(open(&handed), ["`more` is a parameter, and `createAuth` is handed on, to be called elsewhere"]);

    let through = linked(&[
        caller("src/a.ts", "export const authFor = (list: any[]) => createAuth(list);"),
        ("src/b.ts", "import { jwt } from \"better-auth/plugins\";\nimport { authFor } from \"./a\";\nexport const auth = authFor([jwt()]);".into()),
    ]);
    assert_eq!((plugins(&through), open(&through)), (vec!["admin".into(), "jwt".into()], vec![]));

    let renamed = linked(&[(
        "src/a.ts",
        "import { jwt } from \"better-auth/plugins\";\nimport { createAuth as make } from \"@/server/factory\";\nexport const app = make([jwt()]);".into(),
    )]);
    assert_eq!((plugins(&renamed), open(&renamed)), (vec!["admin".into(), "jwt".into()], vec![]));

    assert_eq!(open(&linked(&[])), ["`more` is a parameter, and its callers decide"]);
}

#[test]
fn a_factory_may_have_any_name() {
    let body = "import { betterAuth } from \"better-auth\";\nimport { admin, jwt } from \"better-auth/plugins\";\n\
                export const build = (more: any[]) => betterAuth({ plugins: [admin(), ...more] });";
    let jwt = "import { jwt } from \"better-auth/plugins\";\n";
    let told = |own: &str, user: &str| {
        let model = model(&[("src/build.ts", &format!("{body}\n{own}")), ("src/user.ts", user)]);
        let open = open(&model).into_iter().map(str::to_owned).collect::<Vec<_>>();
        (plugins(&model), open)
    };
    let bound = (vec!["admin".to_owned(), "jwt".to_owned()], vec![]);
    assert_eq!(told("export const auth = build([jwt()]);", ""), bound);
    for user in [
        "import { build } from \"./build\";\nexport const auth = build([jwt()]);",
        "import { build as make } from \"./build\";\nexport const auth = make([jwt()]);",
        "import * as kit from \"./build\";\nexport const auth = kit.build([jwt()]);",
        "export const auth = import(\"./build\").then((kit) => kit.build([jwt()]));",
        "export const auth = import(\"./build\").then(({ build }) => build([jwt()]));",
        "const { build } = await import(\"./build\");\nexport const auth = build([jwt()]);",
        "import * as kit from \"./build\";\nconst { build: make } = kit;\nexport const auth = make([jwt()]);",
    ] {
        assert_eq!(told("", &format!("{jwt}{user}")), bound, "{user}");
        let several = told("export const auth = build([]);", &format!("{jwt}{user}"));
        assert_eq!(several, (vec!["admin".to_owned(), "jwt?".to_owned()], vec![]), "{user}");
    }
    let wrapped = |wrapper: &str, user: &str| {
        let kept = format!(
            "import {{ betterAuth }} from \"better-auth\";\n{wrapper}\nexport const kept = cache((list: any[]) => betterAuth({{ plugins: list }}));"
        );
        let model = model(&[("src/kept.ts", &kept), ("src/user.ts", &format!("{jwt}{user}"))]);
        let open = open(&model).into_iter().map(str::to_owned).collect::<Vec<_>>();
        (plugins(&model), open)
    };
    let called = "import { kept } from \"./kept\";\nexport const auth = kept([jwt()]);";
    assert_eq!(wrapped("import { cache } from \"react\";", called), (vec!["jwt".to_owned()], vec![]));
    for (wrapper, user, reason) in [
        ("import { cache } from \"./cache\";", called, "its callers decide"),
        (
            "import { cache } from \"react\";",
            "import { kept } from \"./kept\";\nimport * as kit from \"./kept\";\nexport const auths = [kept([]), kit.kept([jwt()])];",
            "`kit.kept` may be its function",
        ),
    ] {
        assert_eq!(wrapped(wrapper, user).1, [format!("`list` is a parameter, and {reason}")], "{user}");
    }
    let own = "export const auth = build([]);";
    // The caller need not know of better-auth.
    for call in [
        "import { build } from \"./build\";\nexport const app = build([token()]);",
        "import { build as make } from \"./build\";\nexport class App { kit = make([token()]) }",
        "import * as kit from \"./build\";\nexport const app = kit.build([token()]);",
        "import kit from \"./kit\";\nexport const app = kit([token()]);",
        "export const app = import(\"./build\").then(({ build }) => build([token()]));",
    ] {
        let user = format!("import {{ token }} from \"./list\";\n{call}");
        let list = "export { jwt as token } from \"better-auth/plugins\";";
        let files = |own: &str| {
            model(&[
                ("src/build.ts", &format!("{body}\n{own}")),
                ("src/kit.ts", "export { build as default } from \"./build\";"),
                ("src/list.ts", list),
                ("src/user.ts", &user),
            ])
        };
        let (alone, several) = (files(""), files("export const other = build([]);"));
        assert_eq!((plugins(&alone), open(&alone)), (vec!["admin".to_owned(), "jwt".to_owned()], vec![]), "{call}");
        assert_eq!((plugins(&several), open(&several)), (vec!["admin".to_owned(), "jwt?".to_owned()], vec![]), "{call}");
    }
    // What calls it may be handed on as well, beside its calls.
    for caller in ["function open(list: any[]) { return build(list); }", "const open = (list: any[]) => build(list);"] {
        let calls = format!("{caller}\nregister(open);\nexport const auth = open([jwt()]);");
        assert_eq!(told(&calls, "").1, ["`list` is a parameter, and `open` is handed on, to be called elsewhere"], "{caller}");
    }
    let many: Vec<(String, String)> = (0..40)
        .map(|n| (format!("src/user{n:02}.ts"), "import { build } from \"./build\";\nconsole.log(build.length);".to_owned()))
        .collect();
    let mut files: Vec<(&str, &str)> = many.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let factory = format!("{body}\n{own}");
    files.push(("src/build.ts", &factory));
    assert_eq!(open(&model(&files)), ["`more` is a parameter, and its calls in src/user32.ts are not looked for"]);
    let handed_on = format!("{jwt}import {{ build }} from \"./build\";\nexport const auth = start({{ build, jwt }});");
    assert_eq!(told(own, &handed_on).1, ["`more` is a parameter, and `build` is handed on, to be called elsewhere"]);
}

#[test]
fn the_users_of_a_published_package_decide() {
    let factory =
        "import { betterAuth } from \"better-auth\";\nexport const createAuth = (plugins: any[]) => betterAuth({ plugins });";
    let package = r#"{ "name": "our-auth", "exports": "./src/auth.ts", "dependencies": { "better-auth": "^1.7.0" } }"#;
    let example = "import { jwt } from \"better-auth/plugins\";\nimport { createAuth } from \"./auth\";\nexport const auth = createAuth([jwt()]);";
    let model = model(&[("package.json", package), ("src/auth.ts", factory), ("src/used.ts", example)]);
    assert_eq!(plugins(&model), ["jwt?"]);
    assert_eq!(open(&model), ["`plugins` is a parameter, and `our-auth` is a package, whose users decide"]);
}

#[test]
fn a_name_in_a_block_is_another_than_the_one_around() {
    for (body, expected) in [
        (
            "const list = [admin()];\n{ const list = [jwt()]; console.log(list); }\nexport const auth = betterAuth({ plugins: list });",
            vec!["admin"],
        ),
        (
            "const list = [admin()];\nif (process.env.X) { const list = [jwt()]; list.push(username()); }\nexport const auth = betterAuth({ plugins: list });",
            vec!["admin"],
        ),
        (
            "function make(on: boolean) { const list = [admin()]; if (on) { const list = [jwt()]; return list; } return list; }\nexport const auth = betterAuth({ plugins: make(true) });",
            vec!["jwt"],
        ),
        ("if (process.env.X) { var list = [admin()]; }\nexport const auth = betterAuth({ plugins: list });", vec!["admin"]),
    ] {
        assert_eq!(plugins(&server(body)), expected, "{body}");
    }
}

#[test]
fn lists_and_options_that_are_made_of_others() {
    for (body, expected) in [
        (
            "const { appName, ...rest } = { appName: \"x\", plugins: [admin()] };\nexport const auth = betterAuth(rest);",
            vec!["admin"],
        ),
        ("const { plugins, ...rest } = { appName: \"x\", plugins: [admin()] };\nexport const auth = betterAuth(rest);", vec![]),
        (
            "const make = ({ debug, ...rest }: any) => ({ ...rest });\nexport const auth = betterAuth(make({ plugins: [admin()] }));",
            vec!["admin"],
        ),
        ("export const auth = betterAuth({ plugins: Array.from([admin(), jwt()]) });", vec!["admin", "jwt"]),
        ("export const auth = betterAuth({ plugins: Array.from(new Set([admin(), jwt()])) });", vec!["admin", "jwt"]),
        ("export const auth = betterAuth({ plugins: [...new Set([admin(), jwt()].filter(Boolean))] });", vec!["admin", "jwt"]),
        ("export const auth = betterAuth({ plugins: Array.of(admin(), jwt()).slice() });", vec!["admin", "jwt"]),
        (
            "const all = { a: admin(), b: jwt() };\nexport const auth = betterAuth({ plugins: Object.values(all) });",
            vec!["admin", "jwt"],
        ),
        (
            "const isThere = (x: any): x is Plugin => { return Boolean(x); };\nexport const auth = betterAuth({ plugins: [admin(), process.env.X ? jwt() : null].filter(isThere) });",
            vec!["admin", "jwt?"],
        ),
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

/// What the first plugin requires: `table` with its name where that is another, and its columns in order.
fn defined(model: &ProjectModel) -> Vec<String> {
    let of_plugin = |cause: &Cause| matches!(cause, Cause::Plugin(0) | Cause::Option { plugin: Some(0), .. });
    let column = |column: &RequiredColumn| {
        let flags = [(column.required, "!"), (column.unique, "u"), (column.index, "i")];
        let flags: String = flags.iter().filter(|(set, _)| *set).map(|(_, flag)| *flag).collect();
        let named = if column.name == column.key { String::new() } else { format!("={}", column.name) };
        format!("{}{named}:{}{flags}", column.key, column.kind)
    };
    let tables = model.servers[0].required.tables.iter().filter_map(|(key, table)| {
        let columns: Vec<String> = table.columns.iter().filter(|column| of_plugin(&column.cause)).map(column).collect();
        let named = if table.model == *key { String::new() } else { format!("={}", table.model) };
        (of_plugin(&table.cause) || !columns.is_empty()).then(|| format!("{key}{named}({})", columns.join(" ")))
    });
    tables.collect()
}

fn unknown_tables(model: &ProjectModel) -> Vec<&str> {
    let about = model.undetermined.iter().filter(|open| open.question.starts_with("which tables"));
    about.map(|open| open.reason.as_str()).collect()
}

/// A server with one plugin, declared in another file.
fn with_plugin(plugin: &str, call: &str) -> ProjectModel {
    let auth = format!(
        "import {{ betterAuth }} from \"better-auth\";\nimport {{ own }} from \"./own\";\nexport const auth = betterAuth({{ plugins: [{call}] }});"
    );
    let plugin = format!(
        "import {{ mergeSchema }} from \"better-auth/db\";\nimport {{ admin }} from \"better-auth/plugins\";\nimport {{ tables }} from \"./tables\";\n{plugin}"
    );
    let tables = "export const tables = { note: { fields: { text: { type: \"string\" }, at: { type: \"date\", required: false } } } } as const;";
    model(&[("src/auth.ts", auth.as_str()), ("src/own.ts", plugin.as_str()), ("src/tables.ts", tables)])
}

#[test]
fn a_plugin_of_the_repository_brings_the_tables_of_its_schema() {
    let note = "note(text:string! at:date)";
    let admin = ["session(impersonatedBy:string)", "user(role:string banned:boolean banReason:string banExpires:date)"];
    for (plugin, call, expected) in [
        ("export const own = () => ({ id: \"own\", hooks: {} });", "own()", vec![]),
        ("export const own = { id: \"own\", schema: tables } satisfies BetterAuthPlugin;", "own", vec![note]),
        ("export const own = () => ({ id: \"own\", schema: tables }) as const;", "own()", vec![note]),
        ("export function own(options = {}) { return { id: \"own\", schema: { ...tables } }; }", "own()", vec![note]),
        (
            "export const own = (options?: Options) => ({ id: \"own\", schema: mergeSchema(tables, options?.schema) });",
            "own()",
            vec![note],
        ),
        (
            "export const own = (options?: Options) => ({ id: \"own\", schema: mergeSchema(tables, options?.schema) });",
            "own({ schema: { note: { modelName: \"notes\", fields: { at: \"written_at\" } } } })",
            vec!["note=notes(text:string! at=written_at:date)"],
        ),
        (
            "export const own = (options: Options) => ({ id: \"own\", schema: { ...tables, ...(options.tags ? { tag: { modelName: \"tags\", fields: {} } } : {}) } });",
            "own({ tags: true })",
            vec![note, "tag=tags()"],
        ),
        (
            "export const own = (options: Options) => ({ id: \"own\", schema: { ...tables, ...(options.tags ? { tag: { modelName: \"tags\", fields: {} } } : {}) } });",
            "own({})",
            vec![note],
        ),
        (
            "export const own = () => { const schema = { user: { fields: { plan: { type: \"string\", fieldName: \"user_plan\", unique: true, index: true } } } }; schema.log = { fields: { size: { type: \"number\", bigint: true } } }; return { id: \"own\", schema }; };",
            "own()",
            vec!["log(size:bigint!)", "user(plan=user_plan:string!ui)"],
        ),
        ("export const own = () => ({ ...admin(), id: \"own\", schema: tables });", "own()", vec![note]),
        ("export const own = () => ({ ...admin(), id: \"own\" });", "own()", admin.to_vec()),
        ("export const own = () => ({ ...admin(), endpoints: {} });", "own()", admin.to_vec()),
    ] {
        let model = with_plugin(plugin, call);
        assert_eq!(defined(&model), expected, "{plugin}");
        assert_eq!(unknown_tables(&model), [""; 0], "{plugin}");
        assert_eq!(open(&model), [""; 0], "{plugin}");
    }
}

#[test]
fn what_a_schema_leaves_open_is_said() {
    let own = |schema: &str| {
        let build = "const build = (options) => { const fields = { ...tables.note.fields }; for (const name of options.names) { fields[name] = {}; } return { note: { fields } }; };";
        let plugin = format!("{build}\nexport const own = (options?: Options) => ({{ id: \"own\", schema: {schema} }});");
        with_plugin(&plugin, "own(given)")
    };
    for (schema, expected, reason) in [
        ("options.schema", vec![], "`own.schema`: "),
        (
            "options.tags ? { ...tables, tag: { fields: {} } } : tables",
            vec!["note(text:string! at:date)"],
            "`own.schema`: it depends on `options.tags`",
        ),
        (
            "{ ...tables, ...(options.tags && { tag: { fields: {} } }) }",
            vec!["note(text:string! at:date)"],
            "`own.schema.tag`: it depends on `options.tags`",
        ),
        ("build(options)", vec!["note(text:string! at:date)"], "`own.schema.note.fields`: a later change that is not followed"),
        ("{ note: { modelName: options.name, fields: {} } }", vec![], "`own.schema.note.modelName`: "),
        (
            "{ note: { fields: { text: { type: options.kind }, at: { type: \"date\" }, ...options.more } } }",
            vec!["note()"],
            "`own.schema.note.fields`",
        ),
    ] {
        let model = own(schema);
        assert_eq!(defined(&model), expected, "{schema}");
        let reasons = unknown_tables(&model);
        assert!(reasons.iter().any(|given| given.starts_with(reason)), "{schema}: {reasons:?}");
    }
}

#[test]
fn plugins_that_touch_one_table_add_up_and_the_last_one_names_it() {
    let body = "const first = { id: \"first\", schema: { note: { modelName: \"a\", fields: { text: { type: \"string\" } } }, session: { modelName: \"x\", fields: { team: { type: \"string\" } } } } };\n\
                const second = { id: \"second\", schema: { note: { fields: { text: { type: \"number\" }, at: { type: \"date\" } } } } };\n\
                export const auth = betterAuth({ plugins: [first, second] });";
    let model = server(body);
    let tables = &model.servers[0].required.tables;
    let columns: Vec<_> = tables["note"].columns.iter().map(|column| (column.key.as_str(), column.kind.as_str())).collect();
    assert_eq!((tables["note"].model.as_str(), columns), ("note", vec![("text", "number"), ("at", "date")]));
    assert_eq!(tables["session"].model, "session");
    assert!(tables["session"].columns.iter().any(|column| column.key == "team"));

    let stateless = body.replace("plugins:", "secondaryStorage: redis(), plugins:");
    assert!(!server(&stateless).servers[0].required.tables.contains_key("session"));
}

#[test]
fn a_table_that_is_not_migrated_is_not_required_where_the_release_knows_that() {
    let body = "const own = { id: \"own\", schema: { note: { disableMigration: true, fields: {} }, tag: { fields: {} } } };\nexport const auth = betterAuth({ plugins: [own] });";
    let text = format!("import {{ betterAuth }} from \"better-auth\";\n{body}");
    for (release, expected) in [("1.7.25", vec!["tag()"]), ("1.6.21", vec!["tag()"]), ("1.6.20", vec!["note()", "tag()"])] {
        let manifest = format!(r#"{{ "dependencies": {{ "better-auth": "{release}" }} }}"#);
        let model = model(&[("src/auth.ts", text.as_str()), ("package.json", manifest.as_str()), ("package-lock.json", "{}")]);
        assert_eq!(defined(&model), expected, "{release}");
    }
}

/// Packages on disk, by the real paths of their files; links lead from a folder to another.
struct OnDisk {
    files: Vec<(&'static str, String)>,
    links: Vec<(&'static str, &'static str)>,
}

impl Installed for OnDisk {
    fn locate(&self, path: &str) -> Option<Arc<str>> {
        let real = self.links.iter().find_map(|(link, target)| Some(format!("{target}{}", path.strip_prefix(link)?)));
        let real = real.unwrap_or_else(|| path.to_owned());
        self.files.iter().any(|(file, _)| *file == real).then(|| real.into())
    }

    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, Unreadable> {
        let (_, text) = self.files.iter().find(|(file, _)| *file == path).expect("it was located");
        if text.len() > limit { Err(Unreadable::TooLarge(text.len() as u64)) } else { Ok(text.clone().into_bytes()) }
    }
}

/// A server of `apps/web` with one plugin of the package `notes`, installed as given.
fn with_installed(import: &str, call: &str, disk: &OnDisk) -> ProjectModel {
    let auth = format!(
        "import {{ betterAuth }} from \"better-auth\";\n{import}\nexport const auth = betterAuth({{ plugins: [{call}] }});"
    );
    let files = [
        ("package.json", r#"{ "workspaces": ["apps/*"], "dependencies": { "better-auth": "1.7.25" } }"#),
        ("apps/web/package.json", r#"{ "dependencies": { "notes": "^2.0.0" } }"#),
        ("apps/web/src/auth.ts", auth.as_str()),
    ];
    engine::model(&MemorySnapshot::new(files), &Config::default(), Some(disk), &MemoryStore::default())
}

/// What the package `notes` ships: its manifest's entry points and its files.
fn package(folder: &'static str, entry_points: &str, files: &[(&'static str, &str)]) -> OnDisk {
    let manifest = format!(r#"{{ "name": "notes", "version": "2.1.0", {entry_points} }}"#);
    let path = |file: &str| -> &'static str { format!("{folder}/{file}").leak() };
    let files = files.iter().map(|(file, text)| (path(file), (*text).to_owned()));
    OnDisk { files: files.chain([(path("package.json"), manifest)]).collect(), links: Vec::new() }
}

const NOTES: &str = "const table = { note: { fields: { text: { type: \"string\" } } } };\nexport const notes = (o) => ({ id: \"notes\", schema: o?.own ? { own: table.note } : table });";

#[test]
fn a_plugin_of_an_installed_package_is_read_from_its_code() {
    let import = "import { notes } from \"notes\";";
    let esm = r#""type": "module", "exports": { ".": { "types": "./index.d.ts", "require": "./index.cjs", "import": "./dist/index.js" } }"#;
    let minified = "import{mergeSchema as m}from\"better-auth/db\";var t={note:{fields:{text:{type:\"string\",required:!0}}}},n=e=>{let r;return r=m(t,e?.schema),{id:\"notes\",schema:r}};export{n as notes};";
    let compiled = "\"use strict\";\nObject.defineProperty(exports, \"__esModule\", { value: true });\nexports.notes = void 0;\nconst schema_1 = require(\"./schema\");\nconst db_1 = require(\"better-auth/db\");\nconst notes = (options) => { return { id: \"notes\", schema: (0, db_1.mergeSchema)(schema_1.schema, options?.schema) }; };\nexports.notes = notes;";
    let compiled_schema =
        "\"use strict\";\nexports.schema = void 0;\nexports.schema = { note: { fields: { text: { type: \"string\" } } } };";
    let bundled = "var src_exports = {};\n__export(src_exports, { notes: () => notes });\nmodule.exports = __toCommonJS(src_exports);\nvar notes = () => ({ id: \"notes\", schema: { note: { fields: { text: { type: \"string\" } } } } });\n0 && (module.exports = { notes });";
    let note = "note(text:string!)";
    for (import, call, disk, expected) in [
        (import, "notes()", package("node_modules/notes", esm, &[("dist/index.js", NOTES)]), note),
        (import, "notes({ own: true })", package("node_modules/notes", esm, &[("dist/index.js", NOTES)]), "own(text:string!)"),
        (import, "notes()", package("apps/web/node_modules/notes", esm, &[("dist/index.js", NOTES)]), note),
        (
            import,
            "notes()",
            package(
                "node_modules/notes",
                esm,
                &[
                    ("dist/index.js", "export { a as notes } from \"./chunk.js\";"),
                    ("dist/chunk.js", &NOTES.replace("const notes", "const a")),
                ],
            ),
            note,
        ),
        (import, "notes()", package("node_modules/notes", esm, &[("dist/index.js", minified)]), note),
        (
            import,
            "notes({ schema: { note: { modelName: \"notes\" } } })",
            package("node_modules/notes", esm, &[("dist/index.js", minified)]),
            "note=notes(text:string!)",
        ),
        (
            import,
            "notes()",
            package("node_modules/notes", r#""main": "index.js""#, &[("index.js", compiled), ("schema.js", compiled_schema)]),
            note,
        ),
        (import, "notes()", package("node_modules/notes", r#""main": "./index.cjs""#, &[("index.cjs", bundled)]), note),
        (
            "import notes from \"notes/server\";",
            "notes()",
            package(
                "node_modules/notes",
                r#""exports": { "./*": "./dist/*.mjs" }"#,
                &[("dist/server.mjs", &NOTES.replace("const notes =", "default"))],
            ),
            note,
        ),
        (
            import,
            "notes()",
            package(
                "node_modules/notes",
                "\"module\": \"index.js\"",
                &[(
                    "index.js",
                    "import { admin } from \"better-auth/plugins\";\nexport const notes = () => ({ ...admin(), id: \"notes\", schema: { note: { fields: { text: { type: \"string\" } } } } });",
                )],
            ),
            note,
        ),
    ] {
        let model = with_installed(import, call, &disk);
        assert_eq!(defined(&model), [expected], "{:?}", disk.files);
        assert_eq!(unknown_tables(&model), [""; 0], "{:?}", disk.files);
        let definition = model.servers[0].plugins[0].definition.as_ref().expect("it was read");
        assert_eq!(definition.package.as_ref().and_then(|package| package.version.as_deref()), Some("2.1.0"));
        assert!(!model.files.iter().any(|file| file.contains("node_modules")), "{:?}", model.files);
    }
}

#[test]
fn links_of_package_managers_are_followed() {
    let mut disk = package(
        "node_modules/.pnpm/notes@2.1.0/node_modules/notes",
        "\"module\": \"./a.js\"",
        &[("a.js", "export { notes } from \"./b.js\";"), ("b.js", NOTES)],
    );
    disk.links.push(("apps/web/node_modules/notes/", "node_modules/.pnpm/notes@2.1.0/node_modules/notes/"));
    let model = with_installed("import { notes } from \"notes\";", "notes()", &disk);
    assert_eq!(defined(&model), ["note(text:string!)"]);
}

#[test]
fn an_installed_plugin_that_cannot_be_read_is_said_with_its_package() {
    let huge = format!("{NOTES}\n// {}", "x".repeat(3 * 1024 * 1024));
    let at = "the tables of the plugin `notes` from `notes` are not known";
    for (disk, reason) in [
        (OnDisk { files: Vec::new(), links: Vec::new() }, at.to_owned()),
        (
            package("node_modules/notes", "\"main\": \"gone.js\"", &[]),
            format!("{at}: in `notes` 2.1.0, `notes.schema`: the package has no code that can be read"),
        ),
        (
            package("node_modules/notes", "\"main\": \"a.js\"", &[("a.js", &huge)]),
            format!("{at}: in `notes` 2.1.0, `notes.schema`: `node_modules/notes/a.js` has no export `notes`"),
        ),
        (
            package("node_modules/notes", "\"main\": \"a.js\"", &[("a.js", "export const notes = build();")]),
            format!("{at}: in `notes` 2.1.0, `notes.schema`: the export is not a function that can be followed"),
        ),
        (
            package(
                "node_modules/notes",
                "\"main\": \"a.js\"",
                &[("a.js", "import { schema } from \"other\";\nexport const notes = () => ({ id: \"notes\", schema });")],
            ),
            format!("{at}: in `notes` 2.1.0, `notes.schema`: `schema` comes from `other`, which is not part of the repository"),
        ),
    ] {
        let model = with_installed("import { notes } from \"notes\";", "notes()", &disk);
        assert_eq!(unknown_tables(&model), [reason]);
        let open = model.undetermined.iter().find(|open| open.question.starts_with("which tables")).expect("said");
        assert_eq!(&*open.site.file, "apps/web/src/auth.ts");
        assert_eq!(defined(&model), [""; 0]);
    }
}

#[test]
fn installed_packages_are_looked_at_only_for_plugins_that_nothing_tells_of() {
    struct Untouched;
    impl Installed for Untouched {
        fn locate(&self, path: &str) -> Option<Arc<str>> {
            panic!("{path} was looked up");
        }
        fn read(&self, path: &str, _limit: usize) -> Result<Vec<u8>, Unreadable> {
            panic!("{path} was read");
        }
    }
    let auth = "import { betterAuth } from \"better-auth\";\nimport { admin } from \"better-auth/plugins\";\nimport { passkey } from \"@better-auth/passkey\";\nimport { helper } from \"elsewhere\";\n\
                const own = { id: \"own\", schema: {} };\nexport const auth = betterAuth({ baseURL: helper(), plugins: [admin(), passkey(), own] });";
    let client = "import { createAuthClient } from \"better-auth/react\";\nimport { own } from \"elsewhere\";\nexport const client = createAuthClient({ plugins: [own()] });";
    let files = [("package.json", "{}"), ("auth.ts", auth), ("client.ts", client)];
    let model = engine::model(&MemorySnapshot::new(files), &Config::default(), Some(&Untouched), &MemoryStore::default());
    assert_eq!((model.servers.len(), model.clients.len()), (1, 1));
}

#[test]
fn a_plugin_in_a_package_of_its_own_has_its_own_release() {
    let auth = "import { betterAuth } from \"better-auth\";\nimport { passkey } from \"@better-auth/passkey\";\nimport { stripe } from \"@better-auth/stripe\";\nimport { admin } from \"better-auth/plugins\";\n\
                export const auth = betterAuth({ plugins: [passkey(), stripe({ subscription: { enabled: true } }), admin()] });";
    let lock = r#"{ "packages": { "node_modules/better-auth": { "version": "1.5.6" }, "node_modules/@better-auth/stripe": { "version": "1.4.22" } } }"#;
    let model = model(&[("src/auth.ts", auth), ("package-lock.json", lock)]);
    let releases = model.servers[0].plugins.iter().map(|plugin| plugin.release.as_ref().map(ToString::to_string));
    assert_eq!(releases.collect::<Vec<_>>(), [None, Some("1.4.22".to_owned()), None]);
    let tables = &model.servers[0].required.tables;
    let has = |table: &str, column: &str| tables[table].columns.iter().any(|one| one.key == column);
    assert!(!has("subscription", "billingInterval"), "1.5.0 added it");
    assert!(has("passkey", "aaguid"), "without a release of its own, that of better-auth counts");
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
        (
            "import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\nconst guard = (adapter: any) => ({ ...adapter, create: () => null });\nexport const auth = betterAuth({ database: (options) => guard(drizzleAdapter(db, { provider: \"pg\" })(options)) });",
            AdapterKind::Drizzle,
            Some(Dialect::Postgres),
        ),
        (
            "import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\nconst wrap = (base: any) => (options: any) => ({ ...base(options), create: async () => null });\nexport const auth = betterAuth({ database: wrap(drizzleAdapter(db, { provider: \"pg\" })) });",
            AdapterKind::Drizzle,
            Some(Dialect::Postgres),
        ),
        (
            "import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\nfunction wrap(base: any, vault?: any) { return (options: any) => { const adapter = base(options); const sealed = seal(adapter, vault ?? open()); return { ...sealed, transaction: (run: any) => adapter.transaction(run) }; }; }\nfunction seal(adapter: any, vault: any) { const own = { create: () => vault }; return { ...adapter, ...own }; }\nexport const auth = betterAuth({ database: wrap(drizzleAdapter(db, { provider: \"pg\" })) });",
            AdapterKind::Drizzle,
            Some(Dialect::Postgres),
        ),
        (
            "import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\nconst wrap = (base: any) => (options: any) => { const adapter = base(options); adapter.create = () => null; return adapter; };\nexport const auth = betterAuth({ database: wrap(drizzleAdapter(db, { provider: \"pg\" })) });",
            AdapterKind::Drizzle,
            Some(Dialect::Postgres),
        ),
        (
            "import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\nconst wrap = (base: any) => (options: any) => Object.assign(base(options), { create: () => null });\nexport const auth = betterAuth({ database: wrap(drizzleAdapter(db, { provider: \"pg\" })) });",
            AdapterKind::Drizzle,
            Some(Dialect::Postgres),
        ),
        (
            "import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\nconst wrap = (base: any) => (options: any) => new Proxy(base(options), {});\nexport const auth = betterAuth({ database: wrap(drizzleAdapter(db, { provider: \"pg\" })) });",
            AdapterKind::Drizzle,
            Some(Dialect::Postgres),
        ),
        (
            "import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\nclass Guard { constructor(private base: any) {} adapter() { return (options: any) => ({ ...this.base(options), create: () => null }); } }\nconst wrap = (base: any) => new Guard(base).adapter();\nexport const auth = betterAuth({ database: wrap(drizzleAdapter(db, { provider: \"pg\" })) });",
            AdapterKind::Drizzle,
            Some(Dialect::Postgres),
        ),
        (
            "import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\nconst wrap = (base: any) => (options: any) => ({ create: () => base(options) });\nexport const auth = betterAuth({ database: wrap(drizzleAdapter(db, { provider: \"pg\" })) });",
            AdapterKind::Other,
            None,
        ),
        (
            "import { Pool } from \"pg\";\nconst make = () => { if (!process.env.URL) return null; return new Pool({}); };\nexport const auth = betterAuth({ database: make() });",
            AdapterKind::Kysely,
            Some(Dialect::Postgres),
        ),
        (
            "import { Pool } from \"pg\";\nconst watch = (pool: Pool) => { pool.connect = () => null; };\nconst pool = new Pool({});\nwatch(pool);\nexport const auth = betterAuth({ database: pool });",
            AdapterKind::Kysely,
            Some(Dialect::Postgres),
        ),
        ("export const auth = betterAuth({ database: null });", AdapterKind::None, None),
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
    assert_eq!((adapter.kind, adapter.dialect, adapter.plural), (AdapterKind::Drizzle, Some(Dialect::Postgres), Plural::Always));
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
    assert!(isolated(
        "function find(env: Env) { if (env.secret) return env.secret; if (env.nodeEnv === \"production\") throw new Error(\"\"); return \"x\"; }\nconst secret = find(given);"
    ));
    assert!(!isolated(&format!("{name}if (!given) console.warn(\"none\");\nconst secret = given ?? \"x\";")));
    assert!(!isolated(&format!("{name}if (isProduction && !other) throw new Error(\"\");\nconst secret = given ?? \"x\";")));
}

#[test]
fn errors_under_conditions_are_told_with_what_is_reached_below_them() {
    let model = server(
        "function find(env: Env) { if (!env.ready) throw new Error(); if (env.name) return env.name; if (env.strict) throw new Error(); \
         if (env.other) return \"y\"; return \"x\"; }\nexport const auth = betterAuth({ appName: find(given) });",
    );
    let Lookup::Found(found) = model.servers[0].options.lookup(&["appName"]) else { panic!("the name is seen") };
    let told: Vec<&str> = found.iter().map(|one| one.conditions[0].text.as_str()).collect();
    assert_eq!(told, ["env.name", "!(env.name) && env.other && !(env.strict)", "!(env.name) && !(env.other) && !(env.strict)"]);
    assert!(git_auth_review::project::predicate::covers(&found));
}

#[test]
fn a_plugin_made_of_something_unknown_is_not_taken_for_certain() {
    let model = server(
        "const wrapped = { ...somebodys(), endpoints: {} };\nconst twice = { ...admin(), ...other };\nexport const auth = betterAuth({ plugins: [wrapped, twice, jwt(), missing()] });",
    );
    assert_eq!(plugins(&model), ["jwt"]);
    assert_eq!(open(&model).len(), 3);
}

#[test]
fn roles_are_told_by_place() {
    for (path, role) in [
        ("src/lib/auth.ts", Role::Live),
        ("src/lib/auth.test.ts", Role::Test),
        ("tests/helpers/auth.ts", Role::Test),
        ("prisma/seed.ts", Role::Test),
        ("src/auth-cli.ts", Role::CliCopy),
        ("scripts/auth.config.ts", Role::CliCopy),
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
    assert!(model.servers[0].declared.lookup.map().is_some(), "the schema map is followed");
    assert_eq!(gaps(&model), []);
    assert_eq!(gaps(&drizzle_app("passkey()", "")), [("passkey".to_owned(), GapKind::Table, 10)]);
    let table = "export const passkey = pgTable(\"passkey\", { id: text(\"id\"), name: text(), publicKey: text(), userId: text(), credentialID: text(), counter: text(), deviceType: text(), backedUp: boolean(), transports: text(), createdAt: timestamp(), aaguid: text() });";
    assert_eq!(gaps(&drizzle_app("passkey()", table)), []);
    // What else the module exports says nothing of the tables.
    let more = "type Row = { id: string };\nexport { type Row };\nexport const pattern = /x/;\nexport const passkey = process.env.X ? a() : b();";
    let model = drizzle_app("passkey(), admin()", more);
    assert!(matches!(model.servers[0].declared.lookup.map, Map::Given { .. }), "the schema map is followed");
    assert_eq!(gaps(&model).iter().map(|(table, ..)| table.as_str()).collect::<Vec<_>>(), ["session", "user"]);
    assert_eq!(
        gaps(&drizzle_app("passkey()", &table.replace(", aaguid: text()", ""))),
        [("passkey".to_owned(), GapKind::Columns, 1)]
    );
    assert_eq!(
        gaps(&drizzle_app("admin()", "")),
        [("session".to_owned(), GapKind::Columns, 1), ("user".to_owned(), GapKind::Columns, 4)]
    );
}

#[test]
fn the_schema_map_is_that_of_the_option_or_of_the_database() {
    let map = |database: &str| {
        let auth = format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport {{ drizzleAdapter }} from \"better-auth/adapters/drizzle\";\n\
             import {{ drizzle }} from \"drizzle-orm/node-postgres\";\nimport {{ drizzle as d1 }} from \"drizzle-orm/d1\";\n\
             import {{ Pool }} from \"pg\";\nimport postgres from \"postgres\";\nimport {{ config, connect }} from \"@acme/database\";\n\
             import * as schema from \"./schema\";\nconst options = {{ provider: \"pg\" }};\n\
             export const auth = betterAuth({{ database: drizzleAdapter({database}) }});"
        );
        match &model(&[("src/auth.ts", &auth), ("src/schema.ts", CORE_DRIZZLE)]).servers[0].declared.lookup.map {
            Map::Needless => "needless",
            Map::Given { .. } => "given",
            Map::Nothing => "nothing",
            Map::Unknown(_) => "unknown",
        }
    };
    for (database, expected) in [
        ("drizzle(process.env.URL), { ...options, schema }", "given"),
        ("drizzle(process.env.URL, { schema }), options", "given"),
        ("drizzle({ client: new Pool(), schema }), { ...options, schema: undefined }", "given"),
        ("globalThis.db ?? drizzle(new Pool(), { schema }), options", "given"),
        ("drizzle(process.env.URL!), options", "nothing"),
        ("drizzle(\"postgres://localhost/app\", { logger: true }), options", "nothing"),
        ("drizzle(new Pool({ max: 1 })), options", "nothing"),
        ("drizzle(postgres(process.env.URL!)), options", "nothing"),
        ("drizzle({ client: new Pool(), casing: \"snake_case\" }), options", "nothing"),
        ("d1(env.DB), options", "nothing"),
        ("process.env.A ? drizzle(new Pool()) : drizzle(process.env.B!, {}), options", "nothing"),
        ("process.env.A ? drizzle(new Pool()) : drizzle(process.env.B!, config), options", "unknown"),
        ("drizzle(config), options", "unknown"),
        ("drizzle(connect()), options", "unknown"),
        ("drizzle({ client: new Pool(), ...config }), options", "unknown"),
        ("drizzle({ client: new Pool(), relations: config }), options", "unknown"),
        ("d1(env.DB, config), options", "unknown"),
        ("drizzle(...config), options", "unknown"),
        ("connect(), options", "unknown"),
        ("drizzle(new Pool()), { ...options, ...config }", "unknown"),
        ("drizzle(new Pool()), { ...options, ...(process.env.A ? { schema } : {}) }", "unknown"),
        ("drizzle(new Pool()), { ...options, schema: config }", "unknown"),
    ] {
        assert_eq!(map(database), expected, "{database}");
    }
}

#[test]
fn of_several_schema_maps_by_condition_none_is_taken() {
    let map = |before: &str, database: &str| {
        let auth = format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport {{ drizzleAdapter }} from \"better-auth/adapters/drizzle\";\n\
             import {{ drizzle }} from \"drizzle-orm/node-postgres\";\nimport {{ drizzle as libsql }} from \"drizzle-orm/libsql\";\n\
             import * as schema from \"./schema\";\nimport * as lite from \"./lite\";\n\
             const pg = drizzle(process.env.URL!);\nconst sqlite = libsql(process.env.FILE!);\n{before}\n\
             export const auth = betterAuth({{ database: {database} }});"
        );
        let lite = CORE_DRIZZLE.replace("image", "picture");
        let model = model(&[("src/auth.ts", &auth), ("src/schema.ts", CORE_DRIZZLE), ("src/lite.ts", &lite)]);
        match &model.servers[0].declared.lookup.map {
            Map::Given { .. } => "given",
            Map::Unknown(why) if why.reason.starts_with("a condition decides") => "open",
            other => panic!("{other:?}"),
        }
    };
    let one = "drizzleAdapter(pg, { provider: \"pg\", schema })";
    let other = "drizzleAdapter(sqlite, { provider: \"sqlite\", schema: lite })";
    let choose = |one: &str, other: &str| format!("process.env.DB === \"pg\" ? {one} : {other}");
    assert_eq!(map("", &choose(one, other)), "open");
    assert_eq!(map("", &choose(other, one)), "open");
    let chosen = format!("function make() {{ if (process.env.DB === \"pg\") return {one}; return {other}; }}");
    assert_eq!(map(&chosen, "make()"), "open");
    let assigned = format!("let database; if (process.env.DB === \"pg\") {{ database = {one}; }} else {{ database = {other}; }}");
    assert_eq!(map(&assigned, "database"), "open");
    let of_handle = "drizzleAdapter(process.env.A ? drizzle(process.env.URL!, { schema }) : drizzle(process.env.URL!, { schema: lite }), \
                     { provider: \"pg\" })";
    assert_eq!(map("", of_handle), "open");
    // The same one in any case.
    let replica = one.replace("pg,", "process.env.REPLICA ? pg : sqlite,");
    assert_eq!(map("", &choose(one, &replica)), "given");
    assert_eq!(map("", &choose(one, "undefined")), "given");
}

#[test]
fn what_another_application_declares_for_its_own_database_serves_no_other() {
    let jwks = "import { pgTable, text, timestamp } from \"drizzle-orm/pg-core\";\n\
                export const jwks = pgTable(\"jwks\", { id: text(), publicKey: text(), privateKey: text(), createdAt: timestamp(), \
                expiresAt: timestamp(), alg: text(), crv: text() });";
    let auth = |schema: &str| {
        format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport {{ drizzleAdapter }} from \"better-auth/adapters/drizzle\";\n\
             import {{ jwt }} from \"better-auth/plugins\";\n{schema}\n\
             export const auth = betterAuth({{ database: drizzleAdapter(db, {{ provider: \"pg\", schema }}), plugins: [jwt()] }});"
        )
    };
    let own = "import * as tables from \"./core\";\nimport { jwks } from \"./jwks\";\nconst schema = { ...tables, jwks };";
    let shared = "import * as tables from \"../../packages/db/core\";\nimport { jwks } from \"./jwks\";\nconst schema = { ...tables, jwks };";
    let lacking = "import * as schema from \"./core\";";
    let shared_lacking = "import * as schema from \"../../packages/db/core\";";
    // What `a` lacks, and how many tables of that name are of others.
    for (a, b, home_of_jwks, expected) in [
        (lacking, own, "apps/b/jwks.ts", (GapKind::Table, 1)),
        // Declared for nobody in particular.
        (lacking, lacking, "packages/db/jwks.ts", (GapKind::MapEntry, 0)),
        // Its own, and left out.
        (lacking, own, "apps/a/jwks.ts", (GapKind::MapEntry, 0)),
        // Both are on one database.
        (shared_lacking, shared, "apps/b/jwks.ts", (GapKind::MapEntry, 0)),
        // An application without a server of its own.
        (lacking, lacking, "apps/c/jwks.ts", (GapKind::MapEntry, 0)),
    ] {
        let manifest = "{ \"name\": \"one\", \"dependencies\": { \"better-auth\": \"^1.7.0\" } }";
        let (a, b) = (auth(a), auth(b));
        let model = model(&[
            ("apps/a/package.json", manifest),
            ("apps/b/package.json", manifest),
            ("apps/c/package.json", manifest),
            ("packages/db/package.json", "{ \"name\": \"db\" }"),
            ("apps/a/auth.ts", &a),
            ("apps/b/auth.ts", &b),
            ("apps/a/core.ts", CORE_DRIZZLE),
            ("apps/b/core.ts", CORE_DRIZZLE),
            ("packages/db/core.ts", CORE_DRIZZLE),
            (home_of_jwks, jwks),
        ]);
        let gap = model.servers[0].gaps.iter().find(|gap| gap.key == "jwks").expect("it lacks `jwks`");
        assert_eq!((gap.kind, gap.of_others.len()), expected, "{home_of_jwks}: {a}");
    }
}

/// A server on Kysely with core tables made by a migration in code, and what comes after it.
#[test]
fn what_a_torn_schema_may_declare_is_open() {
    let passkey = "export const passkey = pgTable(\"passkey\", { id: text(\"id\"), name: text(), publicKey: text(), userId: text(), \
                   credentialID: text(), counter: text(), deviceType: text(), backedUp: boolean(), transports: text(), \
                   createdAt: timestamp(), aaguid: text() });\n";
    let nameless = passkey.replace("name: text(), ", "");
    let torn = "export const other = pgTable(\"other\", {\n";
    let cases = [
        // In the middle of the declaration, around it, and in the word before it.
        (passkey.replace("name: text(),", "name: text((,"), true),
        (format!("<<<<<<< ours\n=======\n{passkey}>>>>>>> theirs\n"), true),
        (passkey.replace("const", "cosnt"), true),
        // A file without the name does not declare it, whatever it lacks.
        (torn.to_owned(), false),
        // What lies before another table is as it is written.
        (format!("{nameless}export const sound = pgTable(\"sound\", {{}});\n{torn}"), false),
    ];
    for (declaration, is_open) in cases {
        let model = drizzle_app("passkey()", &declaration);
        let missing = model.servers[0].gaps.iter().filter(|gap| matches!(gap.kind, GapKind::Table | GapKind::Columns));
        let gaps: Vec<&str> = missing.map(|gap| &*gap.table).collect();
        assert_eq!(gaps, if is_open { vec![] } else { vec!["passkey"] }, "{declaration}");
        let mut questions = model.undetermined.iter().map(|open| &open.question);
        let of_passkey =
            |question: &String| question.starts_with("whether the schema declares") && question.contains("`passkey`");
        assert_eq!(questions.any(of_passkey), is_open, "{declaration}: {:?}", model.undetermined);
    }
}

fn kysely_app(client_plugins: &str, column: impl Fn(&str) -> String, more: &str) -> ProjectModel {
    let db = format!(
        "import {{ Kysely, CamelCasePlugin }} from \"kysely\";\nexport const db = new Kysely({{ dialect, plugins: [{client_plugins}] }});"
    );
    let tables = [
        ("user", "name email emailVerified image createdAt updatedAt"),
        ("session", "expiresAt token createdAt updatedAt ipAddress userAgent userId"),
        (
            "account",
            "accountId providerId userId accessToken refreshToken idToken accessTokenExpiresAt refreshTokenExpiresAt scope \
             password createdAt updatedAt",
        ),
        ("verification", "identifier value expiresAt createdAt updatedAt"),
    ];
    let create = |(table, columns): &(&str, &str)| {
        let columns = columns.split(' ').map(|name| format!(".addColumn(\"{}\", \"text\")", column(name)));
        format!("await db.schema.createTable(\"{table}\").addColumn(\"id\", \"text\"){}.execute();", columns.collect::<String>())
    };
    let migration = format!("export async function up(db) {{\n{}\n}}", tables.iter().map(create).collect::<String>());
    model(&[
        (
            "src/auth.ts",
            "import { betterAuth } from \"better-auth\";\nimport { jwt } from \"better-auth/plugins\";\nimport { db } from \"./db\";\n\
             export const auth = betterAuth({ database: { db, type: \"postgres\" }, plugins: [jwt()] });",
        ),
        ("src/db.ts", &db),
        ("migrations/0001_core.ts", &migration),
        ("migrations/0002_more.sql", more),
    ])
}

#[test]
fn migrations_in_code_go_through_the_plugins_of_kysely() {
    let missing = |model: &ProjectModel| {
        let gaps = model.servers[0].gaps.iter().filter(|gap| matches!(gap.kind, GapKind::Table | GapKind::Columns));
        gaps.map(|gap| gap.key.clone()).collect::<Vec<_>>()
    };
    let camel = str::to_owned;
    let snake = |name: &str| name.replace("At", "_at").replace("Id", "_id");
    assert_eq!(missing(&kysely_app("", camel, "")), ["jwks"]);
    assert_eq!(missing(&kysely_app("", snake, "")), ["account", "jwks", "session", "user", "verification"]);
    assert_eq!(missing(&kysely_app("new CamelCasePlugin()", camel, "")), ["jwks"]);
    let script = r#"CREATE TABLE jwks (id text, "publicKey" text, private_key text, created_at timestamptz, expires_at timestamptz, alg text, crv text)"#;
    let model = kysely_app("new CamelCasePlugin()", camel, script);
    assert_eq!(missing(&model), ["jwks"]);
    let lacking = model.servers[0].gaps.iter().find(|gap| gap.kind == GapKind::Columns).expect("a script runs as it is");
    assert_eq!(lacking.columns.iter().map(|column| column.key.as_str()).collect::<Vec<_>>(), ["publicKey"]);
}

#[test]
fn a_statement_that_cannot_be_read_leaves_a_missing_table_open() {
    let whether = "whether the migrations create table `jwks`, which `auth` in src/auth.ts needs";
    for (statement, is_open) in [("", false), ("SELECT 1;", false), ("DO $$ BEGIN EXECUTE 'CREATE TABLE ' || t; END $$;", true)] {
        let model = kysely_app("", str::to_owned, statement);
        assert_eq!(model.undetermined.iter().any(|open| open.question == whether), is_open, "{statement}");
        assert_eq!(model.servers[0].gaps.iter().any(|gap| gap.key == "jwks"), !is_open, "{statement}");
    }
}

#[test]
fn a_statement_that_cannot_be_read_leaves_the_columns_open_that_it_may_add() {
    let auth = "import { betterAuth } from \"better-auth\";\nimport { Pool } from \"pg\";\n\
                export const auth = betterAuth({ database: new Pool() });";
    let users = USERS.replace("\"emailVerified\" boolean, ", "").replace("org text NOT NULL", "org text");
    let dynamic = "DO $$ BEGIN EXECUTE 'ALTER TABLE ' || t || ' ADD x boolean'; END $$;";
    let code = "import { addColumn } from \"./columns\";\nexport async function up(db) { await addColumn(db); }";
    for (path, script, is_open) in [
        ("migrations/0002_more.sql", "SELECT 1;", false),
        ("migrations/0002_more.sql", dynamic, true),
        ("migrations/0002_more.sql", "ALTER TABLE \"user\" FROBNICATE;", true),
        ("migrations/0002_more.sql", "ALTER TABLE other FROBNICATE;", false),
        ("migrations/0002_more.ts", code, true),
        // What ran before the table was made changed nothing of it.
        ("migrations/0000_first.sql", dynamic, false),
    ] {
        let model = model(&[("src/auth.ts", auth), ("migrations/0001_core.sql", &users), (path, script)]);
        let whether = "whether the migrations create all of table `user`, which `auth` in src/auth.ts needs";
        assert_eq!(model.undetermined.iter().any(|open| open.question == whether), is_open, "{path}: {script}");
        let is_missed = model.servers[0].gaps.iter().any(|gap| gap.key == "user" && gap.kind == GapKind::Columns);
        assert_eq!(is_missed, !is_open, "{path}: {script}");
    }
}

#[test]
fn addresses_are_kept_in_one_form_in_a_column_of_their_own() {
    let lacks = |version: &str, import: &str, plugin: &str| {
        let auth = format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport {{ Pool }} from \"pg\";\nimport {import};\n\
             export const auth = betterAuth({{ database: new Pool(), plugins: [{plugin}] }});"
        );
        let manifest =
            format!("{{ \"dependencies\": {{ \"better-auth\": \"1.6.22\", \"better-auth-harmony\": \"{version}\" }} }}");
        let users = USERS.replace("org text NOT NULL", "org text");
        let model = model(&[("package.json", &manifest), ("src/auth.ts", &auth), ("migrations/1.sql", &users)]);
        let server = &model.servers[0];
        assert!(server.plugins.iter().all(|plugin| plugin.known.is_some()), "{:?}", server.plugins);
        let of_user = server.gaps.iter().filter(|gap| gap.key == "user" && gap.kind == GapKind::Columns);
        let names: Vec<String> = of_user.flat_map(|gap| &gap.columns).map(|column| column.name.clone()).collect();
        (names, server.required.open.len())
    };
    let (named, whole) =
        ("{ emailHarmony, phoneHarmony } from \"better-auth-harmony\"", "email from \"better-auth-harmony/email\"");
    let renamed = "{ schema: { user: { fields: { normalizedEmail: \"plain\" } } } }";
    for (version, import, plugin, column, open) in [
        ("1.3.2", named, "emailHarmony(), phoneHarmony()", Some("normalizedEmail"), 0),
        ("1.3.2", whole, "email()", Some("normalizedEmail"), 0),
        ("1.3.0", named, &format!("emailHarmony({renamed})"), Some("plain"), 0),
        ("1.2.5", named, &format!("emailHarmony({renamed})"), Some("normalizedEmail"), 0),
        ("1.3.2", named, "phoneHarmony()", None, 0),
        // Nobody looked at these.
        ("2.0.0", named, "emailHarmony()", None, 1),
    ] {
        let expected = (column.map(str::to_owned).into_iter().collect::<Vec<_>>(), open);
        assert_eq!(lacks(version, import, plugin), expected, "{version} {plugin}");
    }
}

#[test]
fn migrations_that_end_with_nothing_are_named() {
    let auth = "import { betterAuth } from \"better-auth\";\nimport { Pool } from \"pg\";\n\
                export const auth = betterAuth({ database: new Pool() });";
    for (script, table) in [("DROP SCHEMA public CASCADE;", "user"), ("DROP TABLE \"user\"; DROP TABLE session;", "session")] {
        let all = format!("{}\nCREATE TABLE session (id text, token text, \"expiresAt\" timestamptz);", USERS);
        let model = model(&[("src/auth.ts", auth), ("migrations/0001_core.sql", &all), ("migrations/0002_reset.sql", script)]);
        let reason = format!("`migrations/0002_reset.sql` drops table `{table}`, and nothing in the repository makes it again");
        assert!(model.undetermined.iter().any(|open| open.reason == reason), "{script}: {:?}", model.undetermined);
    }
}

#[test]
fn the_schema_of_an_example_is_that_of_the_example() {
    let auth = "import { betterAuth } from \"better-auth\";\nimport { Pool } from \"pg\";\n\
                export const auth = betterAuth({ database: new Pool() });";
    let app = "{ \"name\": \"web\", \"dependencies\": { \"better-auth\": \"^1.7.0\" } }";
    let schema = "datasource db {\n provider = \"postgresql\"\n}\nmodel User {\n id String @id\n name String\n email String @unique\n \
                  emailVerified Boolean\n createdAt DateTime\n updatedAt DateTime\n}";
    let prisma = "import { betterAuth } from \"better-auth\";\nimport { prismaAdapter } from \"better-auth/adapters/prisma\";\n\
                  export const make = (db: any) => betterAuth({ database: prismaAdapter(db, { provider: \"postgresql\" }) });";
    for (auth, folder, is_compared) in [
        (auth, "examples/web", false),
        (prisma, "examples/web", false),
        (prisma, "tests/app", false),
        (auth, "apps/web", true),
        (prisma, "apps/web", true),
    ] {
        let (manifest, prisma) = (format!("{folder}/package.json"), format!("{folder}/prisma/schema.prisma"));
        let model = model(&[("src/auth.ts", auth), (&manifest, app), (&prisma, schema)]);
        let server = &model.servers[0];
        assert_eq!(
            server.comparison == SchemaState::Compared && !server.gaps.is_empty(),
            is_compared,
            "{folder}: {:?}",
            server.gaps
        );
        let says = model.undetermined.iter().any(|open| open.reason.ends_with(&format!("declare for themselves in `{folder}`")));
        assert_eq!(says, !is_compared, "{folder}: {:?}", model.undetermined);
    }
    // Without a manifest the folder is part of the application.
    let model = model(&[("src/auth.ts", prisma), ("examples/prisma/schema.prisma", schema)]);
    assert!(!model.servers[0].gaps.is_empty());
}

/// What is wrong with the tables of a server with these options, that a script makes; and what is open about them.
fn scripted(options: &str, script: &str) -> (Vec<GapKind>, Vec<String>) {
    let auth = format!(
        "import {{ betterAuth }} from \"better-auth\";\nimport {{ admin, jwt }} from \"better-auth/plugins\";\n\
         import {{ Pool }} from \"pg\";\nexport const auth = betterAuth({{ database: new Pool(), {options} }});"
    );
    let package = "{ \"name\": \"app\", \"dependencies\": { \"better-auth\": \"1.6.25\" } }";
    let lock = LOCK.replace("1.7.25", "1.6.25");
    let model = model(&[
        ("package.json", package),
        ("package-lock.json", &lock),
        ("src/auth.ts", &auth),
        ("migrations/0001.sql", script),
    ]);
    let gaps = model.servers[0].gaps.iter().filter(|gap| ["user", "account"].contains(&gap.key.as_str()));
    let kinds = gaps.map(|gap| gap.kind).filter(|kind| matches!(kind, GapKind::Columns | GapKind::Unwritten)).collect();
    (kinds, model.undetermined.into_iter().map(|open| open.question).collect())
}

const USERS: &str = "CREATE TABLE \"user\" (id text, name text, email text, \"emailVerified\" boolean, image text, \
                     \"createdAt\" timestamp, \"updatedAt\" timestamp, org text NOT NULL, role text, banned boolean, \
                     \"banReason\" text, \"banExpires\" timestamp);\n";

#[test]
fn what_a_trigger_may_fill_is_open() {
    let with = |more: &str| scripted("", &format!("{USERS}{more}"));
    let unwritten = |more: &str| with(more).0.contains(&GapKind::Unwritten);
    let question = "whether a trigger fills `org` of table `user`, which `auth` in src/auth.ts needs".to_owned();
    let before = "CREATE TRIGGER set_org BEFORE INSERT ON \"user\" FOR EACH ROW EXECUTE FUNCTION set_org();\n";
    assert!(unwritten("") && unwritten(&before.replace("BEFORE", "AFTER")));
    assert!(!unwritten(before) && with(before).1.contains(&question));
    assert!(unwritten(&format!("{before}DROP TRIGGER set_org ON \"user\";")));
}

#[test]
fn a_password_is_kept_where_somebody_signs_in_with_one() {
    let account = "CREATE TABLE account (id text, \"accountId\" text, \"providerId\" text, \"userId\" text, \"accessToken\" text, \
                   \"refreshToken\" text, \"idToken\" text, \"accessTokenExpiresAt\" timestamp, \
                   \"refreshTokenExpiresAt\" timestamp, scope text, \"createdAt\" timestamp, \"updatedAt\" timestamp);";
    let script = format!("{}{account}", USERS.replace("org text NOT NULL", "org text"));
    for (options, is_missed) in [
        ("", false),
        ("emailAndPassword: { enabled: false }", false),
        ("plugins: [jwt()]", false),
        ("emailAndPassword: { enabled: true }", true),
        ("emailAndPassword: { enabled: process.env.PASSWORDS }", true),
        ("plugins: [admin()]", true),
    ] {
        assert_eq!(scripted(options, &script).0.contains(&GapKind::Columns), is_missed, "{options}");
    }
}

#[test]
fn better_auth_makes_its_tables_where_the_program_asks_it_to() {
    let auth = "import { betterAuth } from \"better-auth\";\nimport { Pool } from \"pg\";\n\
                export const auth = betterAuth({ database: new Pool() });";
    let table = "CREATE TABLE \"user\" (id text, name text, email text, \"emailVerified\" boolean, image text);";
    let imported = "import { getMigrations } from \"better-auth/db/migration\";\n";
    let call = "const { runMigrations } = await getMigrations(auth.options);\nawait runMigrations();";
    let dynamic = "const { getMigrations } = await import(\"better-auth/db\");\n";
    for (path, code, runs) in [
        ("apps/web/boot.ts", format!("{imported}{call}"), true),
        ("apps/web/boot.ts", format!("{dynamic}{call}"), true),
        ("apps/web/boot.ts", "const context = await auth.$context;\nawait context.runMigrations();".to_owned(), true),
        ("packages/migrate/boot.ts", format!("{imported}{call}"), true),
        ("apps/api/boot.ts", format!("{imported}{call}"), false),
        ("apps/web/tests/setup.ts", format!("{imported}{call}"), false),
        ("apps/web/boot.ts", format!("import {{ getMigrations }} from \"./own\";\n{call}"), false),
        ("apps/web/boot.ts", "import { runMigrations } from \"@acme/sync\";\nawait runMigrations();".to_owned(), false),
        ("apps/web/boot.ts", "await this.db.runMigrations();".to_owned(), false),
    ] {
        let model = model(&[
            ("apps/web/package.json", "{ \"name\": \"web\" }"),
            ("apps/api/package.json", "{ \"name\": \"api\" }"),
            ("packages/migrate/package.json", "{ \"name\": \"migrate\" }"),
            ("apps/web/auth.ts", auth),
            ("apps/api/auth.ts", auth),
            ("apps/web/migrations/0001.sql", table),
            (path, &code),
        ]);
        let web = model.servers.iter().find(|server| &*server.package == "apps/web").expect("a server");
        let reason = format!("better-auth makes what is missing there when `{path}` runs (`runMigrations`)");
        let expected = if runs { SchemaState::Undetermined(reason) } else { SchemaState::Compared };
        assert_eq!(web.comparison, expected, "{path}: {code}");
    }
}

#[test]
fn what_only_scripts_create_that_a_journal_does_not_list_or_that_are_not_there_is_open() {
    let auth = "import { betterAuth } from \"better-auth\";\nimport { drizzleAdapter } from \"better-auth/adapters/drizzle\";\n\
                import { jwt } from \"better-auth/plugins\";\nimport { db } from \"./db\";\nimport * as schema from \"./schema\";\n\
                export const auth = betterAuth({ database: drizzleAdapter(db, { provider: \"pg\", schema }), plugins: [jwt()] });";
    let schema = "import { pgTable, text, timestamp } from \"drizzle-orm/pg-core\";\n\
        export const verification = pgTable(\"verification\", { id: text(\"id\").primaryKey(), identifier: text(\"identifier\"), \
        value: text(\"value\"), expiresAt: timestamp(\"expires_at\") });\n\
        export const jwks = pgTable(\"jwks\", { id: text(\"id\").primaryKey(), publicKey: text(\"public_key\") });\n";
    let first = "CREATE TABLE verification (id text, identifier text, expires_at timestamp);";
    let second = "CREATE TABLE jwks (id text, public_key text); ALTER TABLE verification ADD identifier text; \
                  ALTER TABLE verification ADD value text;";
    let ask = |entries: &str, second: &str| {
        let journal = format!("{{ \"entries\": [{entries}] }}");
        let model = model(&[
            ("package.json", "{ \"name\": \"app\", \"dependencies\": { \"better-auth\": \"^1.7.0\" } }"),
            ("src/auth.ts", auth),
            ("src/schema.ts", schema),
            ("drizzle/0000_init.sql", first),
            ("drizzle/0001_more.sql", second),
            ("drizzle/meta/_journal.json", &journal),
        ]);
        assert!(model.servers[0].gaps.iter().all(|gap| !gap.kind.is_unmigrated()), "another tool may run it");
        let open = model.undetermined.into_iter().filter(|open| open.question.starts_with("whether the migrations create"));
        open.map(|open| (open.question, open.reason)).collect::<Vec<_>>()
    };
    let reason = "`drizzle/0001_more.sql` alone does so, and the journal of Drizzle Kit in its folder does not list that script";
    let what = "column `value` of table `verification` and table `jwks`";
    let expected = [(format!("whether the migrations create {what}, which `auth` in src/auth.ts needs"), reason.to_owned())];
    assert_eq!(ask("{ \"tag\": \"0000_init\" }", second), expected);
    let both = "{ \"tag\": \"0000_init\" }, { \"tag\": \"0001_more\" }";
    assert_eq!(ask(both, second), []);
    assert_eq!(ask("", second), [], "a journal that lists nothing tells nothing");
    let missing = format!("{both}, {{ \"tag\": \"0002_gone\" }}");
    assert_eq!(ask(&missing, second), [], "what the others make is made");
    let reason = "their journal lists `drizzle/0002_gone.sql`, which is not in the repository";
    let what = "tables `jwks` and `verification`";
    let expected =
        [(format!("whether the migrations create all of {what}, which `auth` in src/auth.ts needs"), reason.to_owned())];
    assert_eq!(ask(&missing, "SELECT 1;"), expected);
}

#[test]
fn where_all_tables_an_adapter_finds_are_known_those_it_needs_are_missing() {
    let manifest = ("package.json", "{ \"name\": \"app\", \"dependencies\": { \"better-auth\": \"1.7.25\" } }");
    let missing = |files: &[(&str, &str)]| {
        let server = model(&[&[manifest], files].concat()).servers.remove(0);
        let named = |gap: &Gap| format!("{:?} {}", gap.kind, gap.key);
        let core = ["account", "session", "user", "verification"];
        server.gaps.iter().filter(|gap| core.contains(&gap.key.as_str())).map(named).collect::<Vec<_>>()
    };
    let all = ["Table account", "Table session", "Table user", "Table verification"];
    let todo = "import { pgTable, text } from \"drizzle-orm/pg-core\";\n\
                export const todo = pgTable(\"todo\", { id: text(\"id\").primaryKey() });\n";
    let drizzle = |adapter: &str, schema: &str| {
        let auth = format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport {{ drizzleAdapter }} from \"better-auth/adapters/drizzle\";\n\
             import {{ drizzle }} from \"drizzle-orm/node-postgres\";\nimport {{ wrap }} from \"wrapping\";\n\
             import * as schema from \"./schema\";\nconst db = drizzle(process.env.URL!, {{ schema }});\n\
             export const auth = betterAuth({{ database: {adapter} }});"
        );
        missing(&[("src/auth.ts", &auth), ("src/schema.ts", &format!("{todo}{schema}"))])
    };
    let adapter = "drizzleAdapter(db, { provider: \"pg\" })";
    assert_eq!(drizzle(adapter, ""), all);
    assert_eq!(drizzle("drizzleAdapter(db, { provider: \"pg\", schema: { todo: schema.todo } })", ""), all);
    let user = "export const user = pgTable(\"user\", { id: text(\"id\").primaryKey(), name: text(\"name\"), email: text(\"email\").unique() });";
    assert_eq!(drizzle(adapter, user), ["Table account", "Table session", "Columns user", "Table verification"]);
    // What may hold more, or is not known to be another thing than a table, is a question.
    for open in ["export * from \"./generated\";", "export * from \"@acme/schema\";"] {
        assert_eq!(drizzle(adapter, open), [""; 0], "{open}");
    }
    let made = "import { table } from \"@acme/tables\";\nexport const user = table(\"user\"), session = table(\"session\");";
    assert_eq!(drizzle(adapter, made), ["Table account", "Table verification"]);
    assert_eq!(drizzle(&format!("(options) => wrap({adapter}(options))"), ""), [""; 0]);
    let prisma = |from: &str, made: &str, more: &[(&str, &str)]| {
        let auth = format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport {{ prismaAdapter }} from \"better-auth/adapters/prisma\";\n\
             import {{ PrismaClient }} from \"{from}\";\nconst kept = globalThis as unknown as {{ prisma?: PrismaClient }};\n\
             export const auth = betterAuth({{ database: prismaAdapter({made}, {{ provider: \"postgresql\" }}) }});"
        );
        let schema = "datasource db {\n  provider = \"postgresql\"\n}\n\nmodel Todo {\n  id String @id\n}\n";
        missing(&[&[("src/auth.ts", auth.as_str()), ("prisma/schema.prisma", schema)], more].concat())
    };
    for made in ["new PrismaClient()", "kept.prisma ?? new PrismaClient()", "new PrismaClient().$extends({})"] {
        assert_eq!(prisma("@prisma/client", made, &[]), all, "{made}");
    }
    let other = ("db/schema.prisma", "datasource db {\n  provider = \"postgresql\"\n}\n\nmodel Log {\n  id String @id\n}\n");
    assert_eq!(prisma("@prisma/client", "new PrismaClient()", &[other]), [""; 0]);
    assert_eq!(prisma("@acme/db", "new PrismaClient()", &[]), [""; 0]);
}

#[test]
fn an_export_that_is_not_known_keeps_no_migrations_from_their_tables() {
    let auth = "import { betterAuth } from \"better-auth\";\nimport { drizzleAdapter } from \"better-auth/adapters/drizzle\";\n\
                import { db, schema } from \"@acme/db\";\n\
                export const auth = betterAuth({ database: drizzleAdapter(db, { provider: \"pg\", schema }) });";
    let tables = "import { pgTable, text, timestamp } from \"drizzle-orm/pg-core\";\n\
        export const verification = pgTable(\"verification\", { id: text(\"id\").primaryKey(), identifier: text(\"identifier\"), \
        value: text(\"value\"), expiresAt: timestamp(\"expires_at\"), createdAt: timestamp(\"created_at\"), updatedAt: timestamp(\"updated_at\") });\n";
    let script =
        "CREATE TABLE verification (id text, identifier text, expires_at timestamp, created_at timestamp, updated_at timestamp);";
    for other in ["export const NAME = /^a$/;", "export enum Kind { A }", "export const size = given * 2;", "export const x = 1;"]
    {
        let model = model(&[
            ("package.json", "{ \"private\": true, \"workspaces\": [\"apps/*\", \"packages/*\"] }"),
            ("packages/db/package.json", "{ \"name\": \"@acme/db\", \"main\": \"src/index.ts\" }"),
            ("packages/db/src/index.ts", "export const db = {};\nexport * as schema from \"./schema\";"),
            ("packages/db/src/schema/index.ts", "export * from \"./auth\";\nexport * from \"./utils\";"),
            ("packages/db/src/schema/auth.ts", tables),
            ("packages/db/src/schema/utils.ts", other),
            ("apps/web/package.json", "{ \"name\": \"web\", \"dependencies\": { \"better-auth\": \"1.7.25\" } }"),
            ("apps/web/src/auth.ts", auth),
            (
                "apps/web/drizzle.config.ts",
                "export default { dialect: \"postgresql\", schema: \"../../packages/db/src/schema/index.ts\", out: \"./drizzle\" };",
            ),
            ("apps/web/drizzle/0000_a.sql", script),
        ]);
        let unmigrated = model.servers[0].gaps.iter().filter(|gap| gap.kind == GapKind::UnmigratedColumns);
        let columns: Vec<&str> = unmigrated.flat_map(|gap| &gap.columns).map(|column| column.name.as_str()).collect();
        assert_eq!(columns, ["value"], "{other}");
    }
}

/// A server on Kysely whose tables are told by types.
#[test]
fn columns_that_only_the_migrations_ask_a_value_for_are_a_gap() {
    let auth = "import { betterAuth } from \"better-auth\";\nimport { drizzleAdapter } from \"better-auth/adapters/drizzle\";\n\
                import { db } from \"./db\";\nimport * as schema from \"./schema\";\n\
                export const auth = betterAuth({ database: drizzleAdapter(db, { provider: \"pg\", schema }) });";
    let declared = |more: &str| {
        format!(
            "import {{ pgTable, text, timestamp }} from \"drizzle-orm/pg-core\";\nexport const verification = pgTable(\"verification\", \
             {{ id: text(\"id\").primaryKey(), identifier: text(\"identifier\"), value: text(\"value\"), {more} \
             expiresAt: timestamp(\"expires_at\"), createdAt: timestamp(\"created_at\"), updatedAt: timestamp(\"updated_at\") }});\n"
        )
    };
    let first = "CREATE TABLE verification (id text, identifier text, value text, expires_at timestamp, created_at timestamp, \
                 updated_at timestamp, tenant text NOT NULL);";
    let ask = |more: &str, second: &str, scripts: &str| {
        let package =
            format!("{{ \"name\": \"app\", \"dependencies\": {{ \"better-auth\": \"1.7.25\" }}, \"scripts\": {{ {scripts} }} }}");
        let schema = declared(more);
        let model = model(&[
            ("package.json", &package),
            ("src/auth.ts", auth),
            ("src/schema.ts", &schema),
            ("drizzle/0000_init.sql", first),
            ("drizzle/0001_more.sql", second),
        ]);
        let gaps = model.servers[0].gaps.iter().filter(|gap| gap.kind.is_unwritten());
        let told = gaps.flat_map(|gap| &gap.declared).map(|(name, at)| format!("{name} in {}", at.file));
        let asked = model.undetermined.iter().any(|open| open.question.contains("`verification`"));
        (told.collect::<Vec<_>>(), asked)
    };
    let told = (vec!["tenant in drizzle/0000_init.sql".to_owned()], false);
    assert_eq!(ask("", "", ""), told);
    assert_eq!(ask("tenant: text(\"tenant\"),", "", ""), told, "it may be left out where it is declared");
    for (more, second) in [
        ("", "ALTER TABLE verification ALTER COLUMN tenant DROP NOT NULL;"),
        ("", "ALTER TABLE verification ALTER COLUMN tenant SET DEFAULT 'x';"),
        ("", "ALTER TABLE verification DROP COLUMN tenant;"),
        ("tenant: text(\"tenant\").$defaultFn(() => \"x\"),", ""),
    ] {
        assert_eq!(ask(more, second, ""), (vec![], false), "{more} {second}");
    }
    // What is not known, and what may be another way into the database.
    assert_eq!(ask("", "ALTER TABLE verification FROBNICATE;", "").0, Vec::<String>::new());
    assert_eq!(ask("", "", "\"db:push\": \"drizzle-kit push\""), (vec![], true));
    // A column that the declaration asks a value for is told there.
    let declared = ask("tenant: text(\"tenant\").notNull(),", "", "");
    assert_eq!(declared, (vec!["tenant in src/schema.ts".to_owned()], false));
}

#[test]
fn what_sign_up_leaves_empty_may_not_ask_for_a_value() {
    let ask = |columns: &str, options: &str, second: &str| {
        let auth = format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport {{ drizzleAdapter }} from \"better-auth/adapters/drizzle\";\n\
             import {{ db }} from \"./db\";\nimport * as schema from \"./schema\";\n\
             export const auth = betterAuth({{ {options} database: drizzleAdapter(db, {{ provider: \"pg\", schema }}) }});"
        );
        let schema = format!(
            "import {{ pgTable, text, timestamp }} from \"drizzle-orm/pg-core\";\nexport const account = pgTable(\"account\", \
             {{ id: text(\"id\").primaryKey(), accountId: text(\"account_id\"), providerId: text(\"provider_id\"), userId: text(\"user_id\"), \
             scope: text(\"scope\"), idToken: text(\"id_token\"), refreshToken: text(\"refresh_token\"), {columns} }});"
        );
        let files = [
            ("src/auth.ts", auth.as_str()),
            ("src/schema.ts", &schema),
            (
                "drizzle/0000_init.sql",
                "CREATE TABLE account (id text, account_id text, access_token text NOT NULL, password text NOT NULL);",
            ),
            ("drizzle/0001_more.sql", second),
        ];
        let model = model(&files);
        let gaps = model.servers[0].gaps.iter().filter(|gap| gap.kind == GapKind::LeftEmpty);
        gaps.flat_map(|gap| gap.columns.iter().map(|column| column.key.clone())).collect::<Vec<_>>().join(" ")
    };
    let (token, password) = ("accessToken: text(\"access_token\").notNull(),", "password: text(\"password\").notNull(),");
    let (by_password, by_provider) = ("emailAndPassword: { enabled: true },", "socialProviders: { github: {} },");
    let both = format!("{token} {password}");
    assert_eq!(ask(&both, by_password, ""), "accessToken");
    assert_eq!(ask(&both, by_provider, ""), "password");
    assert_eq!(ask(&both, &format!("{by_password} {by_provider}"), ""), "accessToken password");
    for (columns, options, second) in [
        (token, "", ""),
        (password, by_password, ""),
        ("accessToken: text(\"access_token\").notNull().default(\"\"),", by_password, ""),
        (token, by_password, "ALTER TABLE account ALTER COLUMN access_token SET DEFAULT '';"),
        (token, "emailAndPassword: { enabled: true, disableSignUp: true },", ""),
        (token, "emailAndPassword: { enabled: process.env.PASSWORDS === \"1\" },", ""),
        (token, "emailAndPassword: { enabled: true }, databaseHooks: { account: { create: { before: fill } } },", ""),
        (token, "emailAndPassword: { enabled: true }, databaseHooks: hooks,", ""),
        (token, "emailAndPassword: { enabled: true }, plugins: [somebodys()],", ""),
    ] {
        assert_eq!(ask(columns, options, second), "", "{columns} {options} {second}");
    }
}

fn typed_app(types: &str, more: &[(&str, &str)]) -> ProjectModel {
    let auth = "import { betterAuth } from \"better-auth\";\nimport { jwt } from \"better-auth/plugins\";\n\
                import { Pool } from \"pg\";\nexport const auth = betterAuth({ database: new Pool(), plugins: [jwt()] });";
    let mut files = vec![("src/auth.ts", auth), ("src/db/types.ts", types)];
    files.retain(|(path, _)| !more.iter().any(|(given, _)| given == path));
    files.extend_from_slice(more);
    model(&files)
}

/// What is missing there, `table` or `table.columns`, and whether the schema lies in the repository at all.
fn typed(types: &str, more: &[(&str, &str)]) -> (Vec<String>, bool) {
    let model = typed_app(types, more);
    let server = &model.servers[0];
    let told = server.gaps.iter().map(|gap| match gap.kind {
        GapKind::Table => gap.key.clone(),
        GapKind::Columns => gap.columns.iter().map(|column| format!("{}.{}", gap.key, column.key)).collect::<Vec<_>>().join(" "),
        kind => format!("{kind:?} of {}", gap.key),
    });
    (told.collect(), server.comparison == SchemaState::Compared)
}

/// What kysely-codegen writes for a database with the core tables.
fn codegen(more: &str) -> String {
    let table = |(name, columns): (&str, &str)| {
        let columns = columns.split(' ').map(|column| format!("{column}: string | null; ")).collect::<String>();
        format!("export interface {name} {{ id: Generated<string>; {columns}}}\n")
    };
    let tables = [
        (
            "Account",
            "accessToken accessTokenExpiresAt accountId createdAt idToken password providerId refreshToken \
                     refreshTokenExpiresAt scope updatedAt userId",
        ),
        ("Session", "createdAt expiresAt ipAddress token updatedAt userAgent userId"),
        ("User", "createdAt email emailVerified image name updatedAt"),
        ("Verification", "createdAt expiresAt identifier updatedAt value"),
    ];
    format!(
        "/**\n * This file was generated by kysely-codegen.\n */\nimport type {{ ColumnType }} from \"kysely\";\n{}\n{more}\n\
         export interface DB {{ account: Account; session: Session; user: User; verification: Verification; /*more*/ }}",
        tables.map(table).concat()
    )
}

const JWKS: &str = "export interface Jwks { id: string; publicKey: string; privateKey: string; createdAt: Date; \
                    expiresAt: Date | null; alg: string | null; crv: string | null }";

fn told(tables: &[&str]) -> (Vec<String>, bool) {
    (tables.iter().map(|table| (*table).to_owned()).collect(), true)
}

#[test]
fn types_written_from_the_database_are_a_schema() {
    assert_eq!(typed(&codegen(""), &[]), told(&["jwks"]), "and nothing of keys, indexes or dates");
    let with = |jwks: &str| codegen(jwks).replace("/*more*/", "jwks: Jwks");
    assert_eq!(typed(&with(JWKS), &[]), told(&[]));
    assert_eq!(typed(&with(&JWKS.replace("crv:", "curve:")), &[]), told(&["jwks.crv"]));
    let unwritten = |column: &str| typed(&with(&JWKS.replace("crv:", &format!("{column}; crv:"))), &[]);
    assert_eq!(unwritten("tenant: string"), told(&["Unwritten of jwks"]));
    assert_eq!(unwritten("tenant: Generated<string>"), told(&[]));
    let namespaced = with(JWKS).replace("{ account:", "{ \"auth.account\":").replace("jwks: Jwks", "\"auth.jwks\": Jwks");
    assert_eq!(typed(&namespaced, &[]), told(&[]));
}

#[test]
fn types_go_through_the_plugins_of_kysely() {
    let db = "import { Kysely, CamelCasePlugin } from \"kysely\";\nexport const db = new Kysely({ dialect, plugins: [new CamelCasePlugin()] });";
    let auth = "import { betterAuth } from \"better-auth\";\nimport { db } from \"./db\";\n\
                export const auth = betterAuth({ database: { db, type: \"postgres\" } });";
    let snake = codegen("").replace("emailVerified", "email_verified");
    let camel = &[("src/auth.ts", auth), ("src/db.ts", db)];
    assert_eq!(typed(&codegen(""), camel), told(&[]), "as `--camel-case` writes them");
    let declared = codegen("");
    let in_declarations = [camel.as_slice(), &[("src/db/types.ts", ""), ("src/db.d.ts", &declared)]].concat();
    assert_eq!(typed("", &in_declarations), told(&[]), "also as declarations");
    assert_eq!(typed(&snake, camel), told(&[]), "as they are in the database");
    assert_eq!(typed(&snake, &[]), told(&["jwks", "user.emailVerified"]));
}

#[test]
fn types_stand_behind_all_that_makes_or_declares_tables() {
    let people = codegen("").replace("generated by kysely-codegen", "written by hand");
    let nothing = (Vec::new(), false);
    assert_eq!(typed(&people, &[]), nothing, "people write what their queries need");
    assert_eq!(
        typed(&codegen("").replace("User; verification: Verification;", "Other;"), &[]),
        nothing,
        "not all tables are seen"
    );
    let codegen = codegen("");
    let script = r#"{ "name": "app", "scripts": { "types": "kysely-codegen --exclude-pattern=jwks" } }"#;
    assert_eq!(typed(&codegen, &[("package.json", script)]), nothing, "some tables are left out");
    assert_eq!(typed("", &[("tests/types.ts", &codegen)]), nothing, "types of tests");
    assert_eq!(typed("", &[("src/db.d.ts", &codegen)]), told(&["jwks"]), "declarations alone");

    let other = ("migrations/0001_app.sql", "CREATE TABLE post (id text);");
    assert_eq!(typed(&codegen, &[other]), told(&["jwks"]));
    let questions = typed_app(&codegen, &[other]).undetermined;
    assert!(!questions.iter().any(|open| open.question.starts_with("whether")), "{questions:?}");

    let jwks = r#"CREATE TABLE jwks (id text, "publicKey" text, "privateKey" text, "createdAt" timestamptz, "expiresAt" timestamptz, alg text, crv text);"#;
    let migrations = |sql: &str| typed(&codegen, &[("migrations/0001_app.sql", sql)]);
    assert_eq!(migrations(jwks), told(&[]), "the types are older than the migration");
    assert_eq!(migrations(&format!("{jwks} ALTER TABLE \"user\" ADD COLUMN plan text;")), told(&[]));
    // What only touches a table tells not what else it holds.
    let index = "import type { Kysely } from \"kysely\";\nexport async function up(db: Kysely<unknown>) {\n  \
                 await db.schema.createIndex(\"keys\").on(\"jwks\").column(\"alg\").execute();\n}\n";
    let typed_jwks =
        codegen.replace("/*more*/", "jwks: Jwks").replace("export interface DB", &format!("{JWKS}\nexport interface DB"));
    let lacking = typed_jwks.replace("; crv: string | null", "");
    assert_eq!(typed(&lacking, &[("migrations/1_keys.ts", index)]), told(&["jwks.crv"]));
    let column = "ALTER TABLE jwks ADD COLUMN crv text;";
    assert_eq!(typed(&lacking, &[("migrations/0001_app.sql", column)]), told(&[]), "the types are older than the column");
    let core = r#"CREATE TABLE verification (id text, identifier text, value text, "expiresAt" timestamptz);"#;
    let (told_of, _) = migrations(core);
    assert!(told_of.contains(&"session".to_owned()), "what migrations make counts: {told_of:?}");
    let prisma = "model User {\n  id String @id\n  name String\n}\n";
    assert_eq!(typed(&codegen, &[("prisma/schema.prisma", prisma)]), nothing, "a declaration comes before a picture");
}

#[test]
fn classes_of_an_orm_are_a_schema() {
    let gaps = |plugins: &str, extra: &str| {
        let auth = format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport {{ jwt, username }} from \"better-auth/plugins\";\n\
             import {{ typeormAdapter }} from \"some-typeorm-adapter\";\n\
             export const auth = betterAuth({{ database: typeormAdapter(source), plugins: [{plugins}] }});"
        );
        let entity = |name: &str, columns: &str| {
            let columns = columns.split(' ').map(|column| format!("@Column({{ nullable: true }}) {column}: string;"));
            format!("@Entity(\"{name}\") export class {name}Entity extends Base {{ {} }}", columns.collect::<String>())
        };
        let entities = [
            "import { Base } from \"./base\";".to_owned(),
            entity("user", "name email emailVerified image"),
            entity("session", "expiresAt token ipAddress userAgent userId"),
            entity(
                "account",
                "accountId providerId userId accessToken refreshToken idToken accessTokenExpiresAt refreshTokenExpiresAt scope password",
            ),
            entity("verification", "identifier value expiresAt"),
            extra.to_owned(),
        ];
        let base = "export abstract class Base { @PrimaryColumn() id: string; @CreateDateColumn() createdAt: Date; \
                    @UpdateDateColumn() updatedAt: Date; }";
        let model = model(&[("src/auth.ts", &auth), ("src/entities.ts", &entities.join("\n")), ("src/base.ts", base)]);
        let missing = model.servers[0].gaps.iter().filter(|gap| matches!(gap.kind, GapKind::Table | GapKind::Columns));
        missing.map(|gap| (gap.key.clone(), gap.kind, gap.columns.len())).collect::<Vec<_>>()
    };
    assert_eq!(gaps("", ""), []);
    assert_eq!(gaps("jwt(), username()", ""), [("jwks".to_owned(), GapKind::Table, 6), ("user".to_owned(), GapKind::Columns, 2)]);
    let table = "@Entity(\"jwks\") export class Keys { @PrimaryColumn() id: string; @Column() publicKey: string; @Column() privateKey: string; }";
    assert_eq!(gaps("jwt()", table), [("jwks".to_owned(), GapKind::Columns, 3)]);
    assert_eq!(gaps("jwt()", &table.replace("class Keys", "class Keys extends Unseen")), []);
}

/// The parts of a server's schema that its classes declare and the scripts of `migrations` do not make. `classes` and
/// `scripts` change what is declared and made by replacing one text with another.
fn unmigrated_classes(mapper: &str, classes: (&str, &str), scripts: (&str, &str), more: &[(&str, &str)]) -> Vec<String> {
    let typeorm = mapper == "typeorm";
    let (column, stored, adapter) = match typeorm {
        true => ("Column", "userAgent", "typeormAdapter"),
        false => ("Property", "user_agent", "mikroOrmAdapter"),
    };
    let auth = format!(
        "import {{ betterAuth }} from \"better-auth\";\nimport {{ {adapter} }} from \"some-adapter\";\nimport {{ db }} from \"./db\";\n\
         export const auth = betterAuth({{ database: {adapter}(db) }});"
    );
    let entity = |name: &str, columns: &str| {
        let columns = columns.split(' ').map(|name| format!("@{column}({{ nullable: true }}) {name}: Date;"));
        format!("@Entity() @Index([\"id\"]) export class {name} extends Base {{ {} }}\n", columns.collect::<String>())
    };
    let user = entity("User", "name email emailVerified image").replace("}) email", ", unique: true }) email");
    let session = entity("Session", "expiresAt token ipAddress userAgent").replace("}) token", ", unique: true }) token");
    let session = session.replace("userAgent: Date;", "userAgent: Date; @Index() @ManyToOne(() => User) user: User;");
    let account = entity(
        "Account",
        "accountId providerId userId accessToken refreshToken idToken accessTokenExpiresAt refreshTokenExpiresAt scope password",
    );
    let account = account.replace("Index([\"id\"])", "Index([\"userId\"])");
    let verification = entity("Verification", "identifier value expiresAt").replace("[\"id\"]", "[\"identifier\"]");
    let base = format!(
        "abstract class Base {{ @PrimaryKey() id: string; @{column}() createdAt: Date; @{column}() updatedAt: Date; }}\n"
    );
    let entities = [base, user, session, account, verification].concat().replace(classes.0, classes.1);
    let named = |name: &str| if typeorm { name.to_owned() } else { snake(name) };
    let table = |name: &str, columns: &str, keys: &str| {
        let columns: Vec<String> =
            format!("id createdAt updatedAt {columns}").split(' ').map(|name| format!("\"{}\" text", named(name))).collect();
        format!("create table \"{name}\" ({}{keys});\n", columns.join(", "))
    };
    let index = |table: &str, column: &str| format!("create index on \"{table}\" (\"{}\");\n", named(column));
    let made = [
        table("user", "name email emailVerified image", ", unique (\"email\")"),
        table("session", "expiresAt token ipAddress userAgent userId", ", unique (\"token\")"),
        table(
            "account",
            "accountId providerId userId accessToken refreshToken idToken accessTokenExpiresAt refreshTokenExpiresAt scope password",
            "",
        ),
        table("verification", "identifier value expiresAt", ""),
        index("session", "userId"),
        index("account", "userId"),
        index("verification", "identifier"),
    ];
    let made = made.concat().replace(scripts.0, &scripts.1.replace("STORED", stored));
    let script = match typeorm {
        true => format!("export class M {{ async up(queryRunner) {{ await queryRunner.query(`{made}`); }} }}"),
        false => format!("export class M extends Migration {{ async up() {{ this.addSql(`{made}`); }} }}"),
    };
    let path = if typeorm { "migrations/1700000000000-init.ts" } else { "migrations/Migration20260101000000.ts" };
    let db = match typeorm {
        true => "import { DataSource } from \"typeorm\";\nexport const db = new DataSource({ type: \"cockroachdb\" });",
        false => {
            "import { MikroORM } from \"@mikro-orm/core\";\nimport { PostgreSqlDriver } from \"@mikro-orm/postgresql\";\n\
             export const db = MikroORM.initSync({ driver: PostgreSqlDriver });"
        }
    };
    let files = [("src/auth.ts", auth.as_str()), ("src/entities.ts", &entities), (path, &script), ("src/db.ts", db)];
    let mut files = files.to_vec();
    files.retain(|(path, _)| !more.iter().any(|(given, _)| given == path));
    files.extend_from_slice(more);
    let model = model(&files);
    let server = &model.servers[0];
    let part = |gap: &Gap| {
        let columns: Vec<&str> = gap.columns.iter().map(|column| column.name.as_str()).collect();
        let part = match gap.kind {
            GapKind::UnmigratedTable => gap.table.clone(),
            GapKind::UnmigratedColumns => format!("{}.{}", gap.table, columns.join(" ")),
            other => format!("{other:?} {}.{}", gap.table, columns.join(" ")),
        };
        gap.fate().map_or(part.clone(), |fate| format!("{part}, which {fate}"))
    };
    let mut parts: Vec<String> = server.gaps.iter().map(part).collect();
    parts.extend(model.undetermined.iter().filter(|open| open.question.starts_with("whether")).map(|open| open.reason.clone()));
    parts
}

/// `userAgent` as `user_agent`.
fn snake(name: &str) -> String {
    name.chars().flat_map(|c| if c.is_ascii_uppercase() { vec!['_', c.to_ascii_lowercase()] } else { vec![c] }).collect()
}

#[test]
fn the_built_in_adapter_looks_columns_of_classes_up_by_their_names_in_the_database() {
    let ask = |column: &str, database: &str, options: &str| {
        let auth = format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport {{ Pool }} from \"pg\";\n\
             import {{ CamelCasePlugin, Kysely, PostgresDialect }} from \"kysely\";\n\
             import {{ typeormAdapter }} from \"typeorm-better-auth\";\n\
             export const auth = betterAuth({{ database: {database}, {options} }});"
        );
        let classes = format!(
            "import {{ Column, Entity, PrimaryColumn }} from \"typeorm\";\n@Entity(\"user\")\nexport class User {{\n\
             @PrimaryColumn(\"text\") id: string; @Column() name: string; @Column({{ unique: true }}) email: string;\n\
             {column} @Column({{ nullable: true }}) image?: string; @Column() createdAt: Date; @Column() updatedAt: Date;\n}}"
        );
        let model = model(&[("src/auth.ts", &auth), ("src/entities.ts", &classes)]);
        let gaps = model.servers[0].gaps.iter().filter(|gap| gap.kind == GapKind::Columns);
        let told =
            gaps.flat_map(|gap| gap.columns.iter().map(|column| &column.key).chain(gap.declared.iter().map(|(name, _)| name)));
        told.cloned().collect::<Vec<_>>().join(" ")
    };
    let snake = "@Column({ name: \"email_verified\", default: false }) emailVerified: boolean;";
    let (pool, typeorm) = ("new Pool()", "typeormAdapter(dataSource)");
    assert_eq!(ask(snake, pool, ""), "emailVerified email_verified");
    for (column, database, options) in [
        ("@Column({ default: false }) emailVerified: boolean;", pool, ""),
        ("@Column({ name: \"emailVerified\", default: false }) verified: boolean;", pool, ""),
        (snake, pool, "user: { fields: { emailVerified: \"email_verified\" } }"),
        (
            snake,
            "{ db: new Kysely({ dialect: new PostgresDialect({}), plugins: [new CamelCasePlugin()] }), type: \"postgres\" }",
            "",
        ),
        (snake, typeorm, ""),
    ] {
        assert_eq!(ask(column, database, options), "", "{column} {database} {options}");
    }
}

#[test]
fn classes_of_an_orm_are_held_against_its_migrations() {
    let none: [&str; 0] = [];
    let same = ("", "");
    for (mapper, agent, user) in [("typeorm", "userAgent", "userId"), ("mikroorm", "user_agent", "user_id")] {
        let parts = |classes, scripts: (&str, &str)| unmigrated_classes(mapper, classes, scripts, &[]);
        assert_eq!(parts(same, same), none, "{mapper}");
        let column = format!("\"{agent}\" text, ");
        assert_eq!(parts(same, (&column, "")), [format!("session.{agent}")], "{mapper}");
        let index = "create index on \"session\"";
        for (change, fate) in [
            ("drop column \"STORED\"", "a later migration drops"),
            ("rename column \"STORED\" to agent", "a later migration renames to `agent`"),
        ] {
            let changed = format!("alter table session {change}; {index}");
            assert_eq!(parts(same, (index, &changed)), [format!("session.{agent}, which {fate}")], "{mapper}");
        }
        assert_eq!(parts(same, (", unique (\"token\")", "")), ["UnmigratedUnique session.token"], "{mapper}");
        let index = format!("create index on \"session\" (\"{user}\");");
        assert_eq!(parts(same, (&index, "")), [format!("UnmigratedIndex session.{user}")], "{mapper}");
        assert_eq!(parts(("@Index() @ManyToOne", "@ManyToOne"), same), none, "{mapper}: a migration alone makes the index");
        // What a class calls it itself is what it is called.
        let named = format!(
            "@{}({{ name: \"agent\", nullable: true }}) userAgent",
            if mapper == "typeorm" { "Column" } else { "Property" }
        );
        let own = format!("@{}({{ nullable: true }}) userAgent", if mapper == "typeorm" { "Column" } else { "Property" });
        assert_eq!(parts((&own, &named), same), ["session.agent"], "{mapper}");
        assert_eq!(parts((&own, &named), (agent, "agent")), none, "{mapper}");
        assert_eq!(
            parts(("@Entity() @Index([\"identifier\"])", "@Entity(\"codes\") @Index([\"identifier\"])"), same),
            ["codes"],
            "{mapper}"
        );
    }
}

#[test]
fn a_database_that_follows_the_classes_needs_no_migration() {
    let parts = |mapper: &str, file: &str, text: &str| {
        unmigrated_classes(mapper, ("", ""), (", unique (\"token\")", ""), &[(file, text)]).len()
    };
    let source = |options: &str| {
        format!(
            "import {{ DataSource }} from \"typeorm\";\nexport const db = new DataSource({{ type: \"postgres\", {options} }});"
        )
    };
    for (options, expected) in [
        ("synchronize: true", 0),
        ("synchronize: false", 1),
        ("", 1),
        ("synchronize: process.env.NODE_ENV !== \"production\"", 1),
        ("synchronize: process.env.NODE_ENV === \"production\" ? false : true", 1),
        ("synchronize: !!process.env.SYNC", 1),
    ] {
        assert_eq!(parts("typeorm", "src/db.ts", &source(options)), expected, "{options}");
    }
    let given = ("src/db.ts", "export const db = container.get(Database);");
    let parts = |mapper: &str, file: &str, text: &str| {
        unmigrated_classes(mapper, ("", ""), (", unique (\"token\")", ""), &[given, (file, text)]).len()
    };
    let nest = "import { TypeOrmModule } from \"@nestjs/typeorm\";\nTypeOrmModule.forRoot({ synchronize: true });";
    assert_eq!(parts("typeorm", "src/app.module.ts", nest), 0);
    assert_eq!(parts("typeorm", "test/app.module.ts", nest), 1, "the database of tests");
    let update = "import { MikroORM } from \"@mikro-orm/core\";\nawait orm.schema.updateSchema();";
    assert_eq!(parts("mikroorm", "src/main.ts", update), 0);
}

#[test]
fn what_is_looked_up_with_another_column_is_indexed_along_with_it() {
    let unindexed = |keys: &str| {
        let auth = "import { betterAuth } from \"better-auth\";\nimport { organization } from \"better-auth/plugins\";\n\
                    import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\nimport { db } from \"./db\";\nimport * as schema from \"./schema\";\n\
                    export const auth = betterAuth({ database: drizzleAdapter(db, { provider: \"pg\", schema }),\n\
                    plugins: [organization({ dynamicAccessControl: { enabled: true }, schema: { organizationRole: { fields: { role: \"name\" } } } })] });";
        let schema = format!(
            "import {{ index, pgTable, text, timestamp, uniqueIndex }} from \"drizzle-orm/pg-core\";\n\
             export const verification = pgTable(\"verification\", {{ id: text(\"id\").primaryKey(), identifier: text(\"identifier\"), \
             value: text(\"value\"), expiresAt: timestamp(\"expires_at\") }});\n\
             export const organizationRole = pgTable(\"organization_role\", {{ id: text(\"id\").primaryKey(), name: text(\"name\"), \
             organizationId: text(\"organization_id\"), permission: text(\"permission\"), createdAt: timestamp(\"created_at\"), \
             updatedAt: timestamp(\"updated_at\") }}, (t) => [{keys}]);"
        );
        let model = model(&[("src/auth.ts", auth), ("src/schema.ts", &schema)]);
        let gaps = model.servers[0].gaps.iter().filter(|gap| gap.kind == GapKind::Index && gap.key == "organizationRole");
        gaps.flat_map(|gap| &gap.columns).map(|column| column.key.clone()).collect::<Vec<_>>()
    };
    assert_eq!(unindexed("uniqueIndex(\"a\").on(t.organizationId, t.name)"), [""; 0]);
    assert_eq!(unindexed("index(\"a\").on(t.organizationId, t.permission, t.name)"), ["role"]);
    assert_eq!(unindexed("index(\"a\").on(t.name, t.organizationId)"), ["organizationId"]);
    assert_eq!(unindexed("index(\"a\").on(t.organizationId)"), ["role"]);
}

#[test]
fn foreign_keys_of_mikro_orm_are_indexed_but_in_postgresql() {
    let unindexed = |orm: &str, user: &str| {
        let auth = "import { betterAuth } from \"better-auth\";\nimport { mikroOrmAdapter } from \"better-auth-mikro-orm\";\n\
                    import { orm } from \"./orm\";\nexport const auth = betterAuth({ database: mikroOrmAdapter(orm) });";
        let entities = format!(
            "export abstract class Base {{ @PrimaryKey() id: string; @Property() createdAt: Date; @Property() updatedAt: Date; }}\n\
             @Entity() export class User extends Base {{ @Property() name: string; @Property() @Unique() email: string;\n\
             @Property() emailVerified: boolean; @Property() image?: string; }}\n\
             @Entity() export class Session extends Base {{ @Property() @Unique() token: string; @Property() expiresAt: Date;\n\
             @Property() ipAddress?: string; @Property() userAgent?: string; {user} }}"
        );
        let model = model(&[("src/auth.ts", auth), ("src/orm.ts", orm), ("src/entities.ts", &entities)]);
        model.servers[0].gaps.iter().filter(|gap| gap.kind == GapKind::Index).map(|gap| gap.key.clone()).collect::<Vec<_>>()
    };
    let orm = |driver: &str| {
        format!("import {{ MikroORM }} from \"@mikro-orm/{driver}\";\nexport const orm = MikroORM.initSync({{ entities: [] }});")
    };
    let configured = "import { MikroORM } from \"@mikro-orm/core\";\nimport { defineConfig } from \"@mikro-orm/postgresql\";\n\
                      export const orm = await MikroORM.init(defineConfig({}));";
    let related = "@ManyToOne(() => User) user!: User;";
    for driver in ["better-sqlite", "mysql", "mssql", "core"] {
        assert_eq!(unindexed(&orm(driver), related), [""; 0], "{driver}");
    }
    assert_eq!(unindexed(&orm("postgresql"), related), ["session"]);
    assert_eq!(unindexed(configured, related), ["session"]);
    assert_eq!(unindexed(&orm("better-sqlite"), "@Property() userId: string;"), ["session"]);
}

#[test]
fn names_in_the_database_are_those_a_creator_and_an_enumeration_give() {
    let schema = "import { pgTableCreator, pgEnum, text } from \"drizzle-orm/pg-core\";\n\
                  export const table = pgTableCreator((name) => `app_${name}`);\n\
                  export const source = pgEnum(\"source\", [\"a\"]);\n\
                  export const user = table(\"user\", { id: text().primaryKey(), origin: source(\"origin_of\").notNull() });\n";
    let auth = "import { betterAuth } from \"better-auth\";\nimport { drizzleAdapter } from \"better-auth/adapters/drizzle\";\n\
                import * as schema from \"./schema\";\n\
                export const auth = betterAuth({ database: drizzleAdapter({}, { provider: \"pg\", schema }) });";
    let model = model(&[("src/auth.ts", auth), ("src/schema.ts", schema)]);
    let (_, user) = &model.servers[0].declared.lookup.tables[0];
    assert_eq!(user.table.physical.as_deref(), Some("app_user"));
    let origin = user.table.column("origin").expect("read");
    assert_eq!((origin.physical.as_deref(), origin.kind.as_str(), origin.required), (Some("origin_of"), "pgenum", true));
}

#[test]
fn the_configuration_of_a_tool_tells_which_schema_and_which_migrations_count() {
    let auth = "import { betterAuth } from \"better-auth\";\nimport { drizzleAdapter } from \"better-auth/adapters/drizzle\";\n\
                import * as schema from \"./schema\";\n\
                export const auth = betterAuth({ database: drizzleAdapter({}, { provider: \"pg\", schema }) });";
    let schema = "import { pgTable, text } from \"drizzle-orm/pg-core\";\n\
                  export const user = pgTable(\"user\", { id: text().primaryKey() });\n";
    let folders_of = |manifest: &str, configuration: (&str, &str)| -> Vec<String> {
        let model = model(&[
            ("app/package.json", manifest),
            ("app/src/auth.ts", auth),
            ("app/src/schema.ts", schema),
            ("app/drizzle/0000_a.sql", "CREATE TABLE \"user\" (id text);"),
            ("app/other/0000_a.sql", "CREATE TABLE \"user\" (id text);"),
            configuration,
        ]);
        model.servers[0].declared.migrated.iter().map(|one| one.folder.to_string()).collect()
    };
    let folders = |configuration: (&str, &str)| folders_of(r#"{ "name": "inner" }"#, configuration);
    let config = |options: &str| {
        format!(
            "import {{ defineConfig }} from \"drizzle-kit\";\nexport default defineConfig({{ dialect: \"postgresql\", {options} }});"
        )
    };
    let both = ["app/drizzle", "app/other"];
    for (path, options, expected) in [
        ("app/drizzle.config.ts", "schema: \"./src/schema.ts\"", &both[..1]),
        ("app/drizzle.config.ts", "schema: [\"src/*.ts\"], out: \"./other/\"", &both[1..]),
        // It is named on the command line, and paths start in the root.
        ("app/config/drizzle.ts", "schema: \"app/src\", out: \"app/other\"", &both[1..]),
        // The tables lie elsewhere, the folder is empty, or not known: nothing is learnt.
        ("app/drizzle.config.ts", "schema: \"./src/tables.ts\", out: \"other\"", &both),
        ("app/drizzle.config.ts", "schema: \"./src/schema.ts\", out: \"third\"", &both),
        ("app/drizzle.config.ts", "schema: \"./src/schema.ts\", out: process.env.OUT", &both),
    ] {
        assert_eq!(folders((path, &config(options))), expected, "{path}: {options}");
    }
    let plain = "import type { Config } from \"drizzle-kit\";\n\
                 export default { dialect: \"sqlite\", schema: \"src/schema.ts\", out: \"other\" } satisfies Config;";
    assert_eq!(folders(("app/drizzle.config.ts", plain)), both[1..]);
    // Where the schema is pushed, an empty folder tells that there are no migrations, whatever else once made the tables.
    let pushing = r#"{ "name": "inner", "scripts": { "db:push": "drizzle-kit push" } }"#;
    let pushed = |options: &str| folders_of(pushing, ("app/drizzle.config.ts", &config(options)));
    assert_eq!(pushed("schema: \"./src/schema.ts\", out: \"third\""), [""; 0]);
    assert_eq!(pushed("schema: \"./src/schema.ts\", out: \"other\""), both[1..]);
    assert_eq!(pushed("schema: \"./src/schema.ts\", out: process.env.OUT"), both);
    assert_eq!(pushed("schema: \"./src/tables.ts\", out: \"third\""), both);

    let prisma = |configuration: (&str, &str)| -> Vec<String> {
        let schema = "datasource db { provider = \"postgresql\" }\nmodel User {\n  id String @id\n}\n";
        let auth = "import { betterAuth } from \"better-auth\";\nimport { prismaAdapter } from \"better-auth/adapters/prisma\";\n\
                    import { PrismaClient } from \"@prisma/client\";\n\
                    export const auth = betterAuth({ database: prismaAdapter(new PrismaClient(), { provider: \"postgresql\" }) });";
        let made = "CREATE TABLE \"User\" (id text);";
        let model = model(&[
            ("src/auth.ts", auth),
            ("db/one/schema.prisma", schema),
            ("db/two/schema.prisma", schema),
            ("db/two/migrations/1_a/migration.sql", made),
            ("db/steps/1_a/migration.sql", made),
            configuration,
        ]);
        let declared = &model.servers[0].declared;
        let sources = declared.sources.iter().map(ToString::to_string);
        sources.chain(declared.migrated.iter().map(|one| one.folder.to_string())).collect()
    };
    let manifest = |prisma: &str| format!(r#"{{ "dependencies": {{ "better-auth": "^1.7.0" }}, {prisma} }}"#);
    let both = ["db/one/schema.prisma", "db/two/schema.prisma", "db/steps", "db/two/migrations"];
    assert_eq!(prisma(("package.json", &manifest("\"name\": \"app\""))), both);
    let in_manifest = manifest("\"prisma\": { \"schema\": \"db/two/schema.prisma\" }");
    assert_eq!(prisma(("package.json", &in_manifest)), ["db/two/schema.prisma", "db/two/migrations"]);
    let in_file = "import { defineConfig } from \"prisma/config\";\n\
                   export default defineConfig({ schema: \"./db/two\", migrations: { path: \"db/steps\" } });";
    assert_eq!(prisma(("prisma.config.ts", in_file)), ["db/two/schema.prisma", "db/steps"]);
}

#[test]
fn which_release_compares_the_schema_by_itself_depends_on_the_module_of_the_adapter() {
    let refuses = |module: &str, release: &str| {
        let auth = format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport {{ drizzleAdapter }} from \"{module}\";\n\
             export const auth = betterAuth({{ database: drizzleAdapter({{}}, {{ provider: \"pg\" }}) }});"
        );
        let lock = LOCK.replace("1.7.25", release);
        model(&[("package-lock.json", &lock), ("src/auth.ts", &auth)]).servers[0].required.refuses(GapKind::Table)
    };
    for module in ["better-auth/adapters/drizzle", "@better-auth/drizzle-adapter"] {
        assert_eq!(["1.7.2", "1.7.3", "1.7.4"].map(|release| refuses(module, release)), [false, true, true], "{module}");
    }
    let second = "@better-auth/drizzle-adapter/relations-v2";
    assert_eq!(["1.7.3", "1.7.4"].map(|release| refuses(second, release)), [false, true]);
}

#[test]
fn migrations_that_make_tables_of_other_names_are_not_passed_over() {
    let auth = "import { betterAuth } from \"better-auth\";\nimport { drizzleAdapter } from \"better-auth/adapters/drizzle\";\n\
                import * as schema from \"./schema\";\n\
                export const auth = betterAuth({ database: drizzleAdapter({}, { provider: \"pg\", schema }) });";
    let columns = [
        ("user", "name email emailVerified image createdAt updatedAt"),
        ("session", "expiresAt token createdAt updatedAt ipAddress userAgent userId"),
        (
            "account",
            "accountId providerId userId accessToken refreshToken idToken accessTokenExpiresAt refreshTokenExpiresAt scope password \
             createdAt updatedAt",
        ),
        ("verification", "identifier value expiresAt createdAt updatedAt"),
    ];
    let declare = |(name, columns): (&str, &str)| {
        let columns: String = columns.split(' ').map(|column| format!("{column}: text(), ")).collect();
        format!("export const {name} = table(\"{name}\", {{ id: text().primaryKey(), {columns} }});\n")
    };
    let schema = format!(
        "import {{ pgTableCreator, text }} from \"drizzle-orm/pg-core\";\nconst table = pgTableCreator((name) => `app_${{name}}`);\n{}",
        columns.map(declare).concat()
    );
    let make = |prefix: &str| {
        let table = |(name, columns): (&str, &str)| {
            let columns = columns.split(' ').map(|column| format!("\"{column}\" text")).collect::<Vec<_>>().join(", ");
            format!("CREATE TABLE \"{prefix}{name}\" (\"id\" text, {columns});\n")
        };
        columns.map(table).concat()
    };
    let ask = |script: &str, scripts: &str| {
        let package =
            format!("{{ \"name\": \"app\", \"dependencies\": {{ \"better-auth\": \"1.7.25\" }}, \"scripts\": {{ {scripts} }} }}");
        let model = model(&[
            ("package.json", &package),
            ("src/auth.ts", auth),
            ("src/schema.ts", &schema),
            (
                "drizzle.config.ts",
                "import type { Config } from \"drizzle-kit\";\n\
                 export default { dialect: \"postgresql\", schema: \"src/schema.ts\", out: \"sql\" } satisfies Config;",
            ),
            ("sql/0000_init.sql", script),
        ]);
        let gaps = &model.servers[0].gaps;
        let unmigrated = gaps.iter().filter(|gap| gap.kind == GapKind::UnmigratedTable).map(|gap| gap.table.clone());
        let asked = model.undetermined.iter().any(|open| open.question.contains("whether the migrations create the tables"));
        (unmigrated.collect::<Vec<_>>().join(" "), asked)
    };
    let nothing = (String::new(), false);
    assert_eq!(ask(&make("app_"), ""), nothing);
    assert_eq!(ask(&make(""), ""), ("app_account app_session app_user app_verification".to_owned(), false));
    assert_eq!(ask("CREATE TABLE posts (id text);", ""), (String::new(), true), "another way into the database is likely");
    for script in [&make(""), "CREATE TABLE posts (id text);"] {
        assert_eq!(ask(script, "\"db:push\": \"drizzle-kit push\""), nothing, "the folder was left behind");
    }
}

#[test]
fn migrations_of_another_tool_or_another_application_are_not_those_of_a_schema() {
    let auth = "import { betterAuth } from \"better-auth\";\nimport { drizzleAdapter } from \"better-auth/adapters/drizzle\";\n\
                import * as schema from \"../../packages/db/schema\";\n\
                export const auth = betterAuth({ database: drizzleAdapter({}, { provider: \"pg\", schema }) });";
    let schema = "import { pgTable, text } from \"drizzle-orm/pg-core\";\n\
                  export const user = pgTable(\"user\", { id: text().primaryKey() });\n";
    for (script, mark, is_its) in [
        ("packages/db/sql/0000_a.sql", "", true),
        ("packages/db/drizzle/0000_a.sql", "packages/db/drizzle/meta/_journal.json", true),
        ("packages/db/prisma/migrations/1_a/migration.sql", "packages/db/prisma/migrations/migration_lock.toml", false),
        ("apps/web/migrations/0000_a.sql", "", true),
        ("supabase/migrations/0000_a.sql", "", true),
        ("apps/docs/migrations/0000_a.sql", "", false),
    ] {
        let model = model(&[
            ("package.json", "{ \"name\": \"all\" }"),
            ("apps/web/package.json", "{ \"name\": \"web\" }"),
            ("apps/docs/package.json", "{ \"name\": \"docs\" }"),
            ("packages/db/package.json", "{ \"name\": \"db\" }"),
            ("apps/web/auth.ts", auth),
            ("packages/db/schema.ts", schema),
            (script, "CREATE TABLE \"user\" (id text);"),
            (if mark.is_empty() { "mark" } else { mark }, "{}"),
        ]);
        assert_eq!(!model.servers[0].declared.migrated.is_empty(), is_its, "{script}");
    }
}

#[test]
fn prisma_reads_the_schema_at_its_place_and_no_copy_of_it() {
    let auth = "import { betterAuth } from \"better-auth\";\nimport { prismaAdapter } from \"better-auth/adapters/prisma\";\n\
                import { PrismaClient } from \"@prisma/client\";\n\
                export const auth = betterAuth({ database: prismaAdapter(new PrismaClient(), { provider: \"postgresql\" }) });";
    let user = "model User {\n  id String @id\n}\n";
    let whole = format!("datasource db {{\n  provider = \"postgresql\"\n}}\n{user}");
    let generating =
        |output: &str| format!("generator client {{\n  provider = \"prisma-client\"\n  output = \"{output}\"\n}}\n{whole}");
    let sources = |files: &[(&str, &str)]| -> Vec<String> {
        let model = model(&[&[("src/auth.ts", auth)], files].concat());
        model.servers[0].declared.sources.iter().map(ToString::to_string).collect()
    };
    let scripts = |command: &str| {
        format!(r#"{{ "dependencies": {{ "better-auth": "^1.7.0" }}, "scripts": {{ "postinstall": "{command}" }} }}"#)
    };
    let at_home = ("prisma/schema.prisma", &*whole);
    let team = "model Team {\n  id String @id\n}\n";
    for (others, expected) in [
        // Copies, whether the output is written or not.
        (vec![at_home, ("generated/prisma/schema.prisma", &*whole)], vec!["prisma/schema.prisma"]),
        (vec![at_home, ("prisma/schema.old.prisma", &whole)], vec!["prisma/schema.prisma"]),
        (vec![at_home, ("prisma/before.prisma", user)], vec!["prisma/schema.prisma"]),
        (vec![("db/schema.prisma", &*generating("../client")), ("client/schema.prisma", &whole)], vec!["db/schema.prisma"]),
        (
            vec![("db/schema.prisma", &*generating(".")), ("other/schema.prisma", &whole)],
            vec!["db/schema.prisma", "other/schema.prisma"],
        ),
        // Parts of one schema.
        (vec![at_home, ("prisma/models/team.prisma", team)], vec!["prisma/models/team.prisma", "prisma/schema.prisma"]),
        (
            vec![("prisma/schema/schema.prisma", &*whole), ("prisma/schema/team.prisma", team), ("old/schema.prisma", &whole)],
            vec!["prisma/schema/schema.prisma", "prisma/schema/team.prisma"],
        ),
        // Told elsewhere: by the command line, or in a way that is not understood.
        (
            vec![at_home, ("db/schema.prisma", &whole), ("package.json", &scripts("prisma generate --schema=db/schema.prisma"))],
            vec!["db/schema.prisma"],
        ),
        (
            vec![at_home, ("db/schema.prisma", &whole), ("package.json", &scripts("other --schema db/schema.prisma"))],
            vec!["prisma/schema.prisma"],
        ),
        (
            vec![
                at_home,
                ("db/schema.prisma", &whole),
                (
                    "prisma.config.ts",
                    "import { defineConfig } from \"prisma/config\";\nexport default defineConfig({ schema: where() });",
                ),
            ],
            vec!["db/schema.prisma", "prisma/schema.prisma"],
        ),
        // Two default places, neither of them more so.
        (vec![at_home, ("schema.prisma", &whole)], vec!["prisma/schema.prisma", "schema.prisma"]),
    ] {
        assert_eq!(sources(&others), expected, "{others:?}");
    }
}

#[test]
fn a_knexfile_tells_which_folders_hold_migrations() {
    let auth = "import { betterAuth } from \"better-auth\";\nimport { Pool } from \"pg\";\n\
                export const auth = betterAuth({ database: new Pool() });";
    let shown = |knexfile: &str, text: &str| -> Vec<String> {
        let model = model(&[
            ("app/package.json", r#"{ "name": "inner" }"#),
            ("app/src/auth.ts", auth),
            (
                "app/db/first/users.js",
                "exports.up = (knex) => knex.schema.createTable('user', (t) => { t.text('id'); t.text('old') });",
            ),
            (
                "app/db/second/without_old.js",
                "exports.up = (knex) => knex.schema.alterTable('user', (t) => { t.dropColumn('old') });",
            ),
            (knexfile, text),
        ]);
        let migrated = &model.servers[0].declared.migrated;
        let columns = |one: &Migrated| one.table("user").map_or(0, |user| user.table.columns.len());
        migrated.iter().map(|one| format!("{} {} {}", one.folder, one.ordered, columns(one))).collect()
    };
    let apart = ["app/db/first false 2", "app/db/second false 0"];
    let together = ["app/db/first true 1"];
    for (path, text, expected) in [
        ("app/knexfile.ts", "export default { migrations: { directory: [\"./db/first\", \"./db/second\"] } };", &together[..]),
        (
            "app/knexfile.js",
            "const shared = { directory: ['db/first', 'db/second'] };\nmodule.exports = { production: { client: 'pg', migrations: shared } };",
            &together,
        ),
        (
            "app/knexfile.ts",
            "const config = { a: { migrations: { directory: 'db/first' } } };\nmodule.exports = config;",
            &["app/db/first true 2", "app/db/second false 0"],
        ),
        // Nothing is learnt.
        ("app/knexfile.js", "module.exports = { migrations: { directory: process.env.MIGRATIONS } };", &apart),
        ("app/other.js", "module.exports = { migrations: { directory: ['db/first', 'db/second'] } };", &apart),
        ("app/knexfile.js", "function f() { module.exports = { migrations: { directory: 'db/first' } } }", &apart),
    ] {
        assert_eq!(shown(path, text), expected, "{path}: {text}");
    }
}

#[test]
fn a_setting_of_drizzle_gives_columns_their_names_in_the_database() {
    let schema = "import { pgTable, text } from \"drizzle-orm/pg-core\";\n\
                  export const user = pgTable(\"user\", { id: text().primaryKey(), fullName: text(), email: text(\"eMail\") });\n";
    let names = |schema: &str, handle: &str, kit: &str| -> Vec<String> {
        let auth = format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport {{ drizzleAdapter }} from \"better-auth/adapters/drizzle\";\n\
             import {{ drizzle }} from \"drizzle-orm/node-postgres\";\nimport * as schema from \"./schema\";\n\
             export const auth = betterAuth({{ database: drizzleAdapter({handle}, {{ provider: \"pg\", schema }}) }});"
        );
        let kit = format!(
            "import {{ defineConfig }} from \"drizzle-kit\";\n\
             export default defineConfig({{ dialect: \"postgresql\", schema: \"./src/schema.ts\", {kit} }});"
        );
        let model = model(&[("src/auth.ts", &auth), ("src/schema.ts", schema), ("drizzle.config.ts", &kit)]);
        let (_, user) = &model.servers[0].declared.lookup.tables[0];
        user.table.columns.iter().map(|column| column.physical.clone().unwrap_or_else(|| "?".into())).collect()
    };
    let cased = schema.replace("pgTable", "snakeCase").replacen("snakeCase(", "snakeCase.table(", 1);
    assert_eq!(names(&cased, "drizzle(url)", "casing: \"camelCase\""), ["id", "full_name", "eMail"]);
    for (handle, kit, expected) in [
        ("drizzle(url, { casing: \"snake_case\" })", "", ["id", "full_name", "eMail"]),
        ("drizzle({ client, casing: \"camelCase\" })", "casing: \"snake_case\"", ["id", "fullName", "eMail"]),
        ("drizzle(url, { schema })", "casing: \"snake_case\"", ["id", "fullName", "eMail"]),
        ("process.env.A ? drizzle(a, { logger: true }) : drizzle(b, { casing: undefined })", "", ["id", "fullName", "eMail"]),
        // Not known from the handle: the other one tells, where it does.
        ("drizzle(url, options)", "casing: \"snake_case\"", ["id", "full_name", "eMail"]),
        ("handle(url)", "casing: \"snake_case\"", ["id", "full_name", "eMail"]),
        ("drizzle(url, options)", "", ["?", "?", "eMail"]),
        ("drizzle(url, { casing: process.env.CASING })", "", ["?", "?", "eMail"]),
        ("process.env.A ? drizzle(a, {}) : drizzle(b, { casing: \"snake_case\" })", "", ["?", "?", "eMail"]),
    ] {
        assert_eq!(names(schema, handle, kit), expected, "{handle} {kit}");
    }
}

#[test]
fn what_several_callers_give_is_a_string_only_where_each_gives_one() {
    let schema = "import { pgTable, text } from \"drizzle-orm/pg-core\";\n\
                  export const user = pgTable(\"user\", { id: text().primaryKey(), fullName: text() });\n";
    for (parameter, other, is_certain) in [
        ("url: any", "`${other()}`", true),
        ("url: any", "other()", false),
        ("url: string", "other()", true),
        ("url?: string", "other()", false),
        ("url: string = \"here\"", "other()", true),
    ] {
        let auth = format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport {{ drizzleAdapter }} from \"better-auth/adapters/drizzle\";\n\
             import {{ drizzle }} from \"drizzle-orm/node-postgres\";\nimport * as schema from \"./schema\";\n\
             function make({parameter}) {{ return betterAuth({{ database: drizzleAdapter(drizzle(url), {{ provider: \"pg\", schema }}) }}); }}\n\
             export function one(x: any) {{ return make(`${{x()}}`); }}\nexport function two(other: any) {{ return make({other}); }}"
        );
        let model = model(&[("src/auth.ts", &auth), ("src/schema.ts", schema)]);
        let (_, user) = &model.servers[0].declared.lookup.tables[0];
        let is_known = user.table.columns.iter().all(|column| column.physical.is_some());
        assert_eq!(is_known, is_certain, "{parameter}, {other}");
    }
}

/// What one option of the first server is, as text.
fn option(model: &ProjectModel, path: &[&str]) -> String {
    let shown = |value: &Value| match value {
        Value::Unknown(why) => why.reason.clone(),
        value => format!("{value:?}"),
    };
    match model.servers[0].options.lookup(path) {
        Lookup::Found(found) => found.iter().map(|one| shown(&one.node.value)).collect::<Vec<_>>().join(" or "),
        Lookup::Unknown(whys) => whys[0].reason.clone(),
        Lookup::Absent => "absent".into(),
    }
}

#[test]
fn the_environment_is_known_under_every_name() {
    let use_of_env = "import { betterAuth } from \"better-auth\";\nimport { env } from \"./env\";\n\
                      export const auth = betterAuth({ secret: env.SECRET });";
    for (env, expected) in [
        (
            "import { createEnv } from \"@t3-oss/env-core\";\nexport const env = createEnv({ server: { SECRET: z.string() }, runtimeEnv: { SECRET: process.env.APP_SECRET } });",
            "APP_SECRET",
        ),
        (
            "import { createEnv } from \"@t3-oss/env-core\";\nexport const env = createEnv({ server: { SECRET: z.string() }, runtimeEnv: process.env });",
            "SECRET",
        ),
        ("import { cleanEnv, str } from \"envalid\";\nexport const env = cleanEnv(process.env, { SECRET: str() });", "SECRET"),
        ("import { z } from \"zod\";\nexport const env = z.object({ SECRET: z.string() }).parse(process.env);", "SECRET"),
        (
            "import { z } from \"zod\";\nconst parsed = z.object({ SECRET: z.string() }).safeParse(process.env);\nif (!parsed.success) throw new Error();\nexport const env = parsed.data;",
            "SECRET",
        ),
        (
            "import { z } from \"zod\";\nexport const env = z.object({ SECRET: z.string() }).parse({ SECRET: process.env.APP_SECRET });",
            "APP_SECRET",
        ),
        (
            "import * as v from \"valibot\";\nconst { output } = v.safeParse(v.object({ SECRET: v.string() }), { SECRET: process.env.APP_SECRET });\nexport const env = output;",
            "APP_SECRET",
        ),
        ("import { envsafe, str } from \"envsafe\";\nexport const env = envsafe({ SECRET: str() });", "SECRET"),
        (
            "import { envsafe, str } from \"envsafe\";\nexport const env = envsafe({ SECRET: str({ input: process.env.APP_SECRET }) });",
            "APP_SECRET",
        ),
        ("import { PRIVATE } from \"$env/static/private\";\nexport const env = { SECRET: PRIVATE };", "PRIVATE"),
        (
            "const config = useRuntimeConfig();\nexport const env = { SECRET: config.betterAuth.apiSecret };",
            "NUXT_BETTER_AUTH_API_SECRET",
        ),
        ("export const env = { SECRET: Deno.env.get(\"DENO_SECRET\") };", "DENO_SECRET"),
    ] {
        let model = model(&[("src/auth.ts", use_of_env), ("src/env.ts", env)]);
        assert_eq!(option(&model, &["secret"]), format!("Env({expected:?})"), "{env}");
    }
}

#[test]
fn a_variable_that_is_not_set_has_the_default_of_its_validator() {
    let use_of_env = "import { betterAuth } from \"better-auth\";\nimport { env } from \"./env\";\n\
                      export const auth = betterAuth({ basePath: env.PATH_OF_AUTH });";
    let of_zod = |validator: &str| {
        format!("import {{ z }} from \"zod\";\nexport const env = z.object({{ PATH_OF_AUTH: {validator} }}).parse(process.env);")
    };
    let of_valibot = |validator: &str| {
        format!(
            "import * as v from \"valibot\";\nexport const env = v.parse(v.object({{ PATH_OF_AUTH: {validator} }}), process.env);"
        )
    };
    let of_t3 = |validator: &str, more: &str| {
        format!(
            "import {{ createEnv }} from \"@t3-oss/env-nextjs\";\nimport {{ z }} from \"zod\";\n\
             export const env = createEnv({{ server: {{ PATH_OF_AUTH: {validator} }}, {more} }});"
        )
    };
    let set = "Env(\"PATH_OF_AUTH\") when PATH_OF_AUTH is set";
    let otherwise = |value: &str| vec![set.to_owned(), format!("{value} when !(PATH_OF_AUTH is set)")];
    for (env, expected) in [
        (of_zod("z.string().default(\"/x\")"), otherwise("/x")),
        (of_zod("z.string().optional().default(() => \"/x\")"), otherwise("/x")),
        (of_zod("z.coerce.boolean().default(false)"), otherwise("false")),
        (of_zod("z.string().min(1).prefault(\"/x\").describe(\"where\")"), otherwise("/x")),
        (of_zod("z.string().default(\"60\").transform(Number)"), otherwise("60")),
        (of_zod("z.string().default(\"/X\").transform((path) => path.toLowerCase())"), otherwise("/x")),
        // What comes of these depends on the release.
        (of_zod("z.string().trim().default(\" /x\")"), otherwise("unknown")),
        (of_zod("z.string().default(\"/x\").optional()"), otherwise("unknown")),
        (of_zod("z.coerce.boolean().default(\"false\")"), otherwise("unknown")),
        (
            of_zod("process.env.NODE_ENV === \"production\" ? z.string() : z.string().default(\"/x\")"),
            vec![
                "Env(\"PATH_OF_AUTH\") when process.env.NODE_ENV === \"production\" || PATH_OF_AUTH is set".to_owned(),
                "/x when !(process.env.NODE_ENV === \"production\") && !(PATH_OF_AUTH is set) (not in production)".to_owned(),
            ],
        ),
        (
            "import { z } from \"zod\";\nconst base = z.object({ PATH_OF_AUTH: z.string().default(\"/x\") });\n\
             const parsed = base.extend({ OTHER: z.string() }).strict().safeParse(process.env);\n\
             if (!parsed.success) throw parsed.error;\nexport const env = parsed.data;"
                .to_owned(),
            otherwise("/x"),
        ),
        (
            "import { z } from \"zod\";\nconst shape = z.object({ PATH_OF_AUTH: z.string().default(\"/x\") });\n\
             export const env = shape.parse({ PATH_OF_AUTH: process.env.PATH_OF_AUTH });"
                .to_owned(),
            otherwise("/x"),
        ),
        (
            "import { envsafe, str } from \"envsafe\";\nexport const env = envsafe({ PATH_OF_AUTH: str({ default: \"/x\" }) });"
                .to_owned(),
            otherwise("/x"),
        ),
        (of_valibot("v.optional(v.pipe(v.string(), v.url()), \"/x\")"), otherwise("/x")),
        (of_valibot("v.pipe(v.optional(v.string(), \"/x\"), v.minLength(1))"), otherwise("/x")),
        (of_valibot("v.pipe(v.optional(v.string(), \"/x\"), v.toLowerCase())"), otherwise("unknown")),
        (
            "import { type } from \"arktype\";\nexport const env = type({ PATH_OF_AUTH: \"string = '/x'\" }).assert(process.env);".to_owned(),
            otherwise("/x"),
        ),
        (
            "import { cleanEnv, str } from \"envalid\";\n\
             export const env = cleanEnv(process.env, { PATH_OF_AUTH: str({ default: \"/x\", devDefault: \"/y\" }) });"
                .to_owned(),
            vec![
                set.to_owned(),
                "/y when !(PATH_OF_AUTH is set) && NODE_ENV is not production (not in production)".to_owned(),
                "/x when !(PATH_OF_AUTH is set) && !(NODE_ENV is not production)".to_owned(),
            ],
        ),
        (of_t3("z.string().default(\"/x\")", "runtimeEnv: process.env"), otherwise("/x")),
        (
            of_t3("z.string().default(\"/x\")", "runtimeEnv: { PATH_OF_AUTH: process.env.P }"),
            vec!["Env(\"P\") when P is set".to_owned(), "/x when !(P is set)".to_owned()],
        ),
        (of_t3("z.string().default(\"/x\")", "skipValidation: true"), vec!["Env(\"PATH_OF_AUTH\")".to_owned()]),
        (
            of_t3("z.string()", "").replace("env =", "base =")
                + "export const env = createEnv({ extends: [base], server: { OTHER: z.string() }, runtimeEnv: process.env });",
            vec!["Env(\"PATH_OF_AUTH\")".to_owned()],
        ),
        (
            of_t3("z.string().default(\"/x\")", "").replace("env =", "base =")
                + "export const env = createEnv({ extends: [base], runtimeEnv: process.env });",
            otherwise("/x"),
        ),
        ("const { PATH_OF_AUTH = \"/x\" } = process.env;\nexport const env = { PATH_OF_AUTH };".to_owned(), otherwise("/x")),
    ] {
        let model = model(&[("src/auth.ts", use_of_env), ("src/env.ts", &env)]);
        assert_eq!(cases(&model, &["basePath"]), expected, "{env}");
    }
}

#[test]
fn defaults_of_credentials_are_not_kept() {
    for env in [
        "import { z } from \"zod\";\nexport const env = z.object({ SECRET: z.string().min(2).default(\"hunter\") }).parse(process.env);",
        "import { cleanEnv, str } from \"envalid\";\nexport const env = cleanEnv(process.env, { SECRET: str({ default: \"hunter\" }) });",
        "import * as v from \"valibot\";\nexport const env = v.parse(v.object({ SECRET: v.optional(v.string(), \"hunter\") }), process.env);",
        "const { SECRET = \"hunter\" } = process.env;\nexport const env = { SECRET };",
    ] {
        let auth = "import { betterAuth } from \"better-auth\";\nimport { env } from \"./env\";\n\
                    export const auth = betterAuth({ secret: env.SECRET });";
        let shown = cases(&model(&[("src/auth.ts", auth), ("src/env.ts", env)]), &["secret"]);
        assert_eq!(shown, ["Env(\"SECRET\") when SECRET is set", "(secret) when !(SECRET is set)"], "{env}");
    }
}

#[test]
fn members_of_a_class_are_known_where_its_objects_are_made() {
    let class = |body: &str| {
        format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport {{ admin, jwt, username }} from \"better-auth/plugins\";\n\
             import {{ db as config }} from \"./db\";\nexport class AuthService {{ {body} }}"
        )
    };
    let main = "import { AuthService } from \"./auth\";\nimport { username } from \"better-auth/plugins\";\n\
                export const service = new AuthService({ plugins: [username()] });";
    for (body, expected, unknown) in [
        ("private readonly own = [admin()]; auth = betterAuth({ plugins: [...this.own, jwt()] });", vec!["admin", "jwt"], None),
        (
            "auth: any; constructor(private config: C) { this.auth = betterAuth({ plugins: [...this.config.plugins, jwt()] }); }",
            vec!["username", "jwt"],
            None,
        ),
        (
            "constructor(private config: C) {} make() { return betterAuth({ plugins: [...this.config.plugins, ...this.more(true)] }); } \
             private more(on: boolean) { return on ? [jwt()] : []; }",
            vec!["username", "jwt"],
            None,
        ),
        (
            "own: any[]; constructor() { this.own = [admin()]; } make() { return betterAuth({ plugins: this.own }); }",
            vec!["admin"],
            None,
        ),
        ("get own() { return [admin()]; } make() { return betterAuth({ plugins: this.own }); }", vec!["admin"], None),
        (
            "own = [admin()]; later() { this.own.push(jwt()); } make() { return betterAuth({ plugins: this.own }); }",
            vec!["admin"],
            Some("a later change that is not followed"),
        ),
        ("make() { return betterAuth({ plugins: this.own }); }", vec![], Some("`this.own` is set outside of what is followed")),
        (
            "static own = [admin()]; make() { return betterAuth({ plugins: this.own }); }",
            vec![],
            Some("`this.own` is set outside of what is followed"),
        ),
        (
            "own = [admin()]; make() { return { own: [], auth() { return betterAuth({ plugins: this.own }); } }; }",
            vec![],
            Some("`this` is set outside of what is followed"),
        ),
        (
            "protected own = [admin()]; make() { return betterAuth({ plugins: this.own }); }",
            vec![],
            Some("`this.own` is not a plain constant"),
        ),
        // The names of the constructor are its own.
        (
            "constructor(config: C) {} make() { return betterAuth({ plugins: config.plugins }); }",
            vec![],
            Some("`db` was not found in `src/db.ts`"),
        ),
    ] {
        let text = class(body);
        let model = model(&[("src/auth.ts", text.as_str()), ("src/main.ts", main), ("src/db.ts", "export const other = 1;")]);
        assert_eq!(plugins(&model), expected, "{body}");
        assert_eq!(open(&model), unknown.into_iter().collect::<Vec<_>>(), "{body}");
    }
}

/// The plugins of a server that is given what `made` says; the tables they need beside the usual ones, with their columns;
/// and what is open.
fn made_plugins(classes: &str, made: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
    let imports = "import type { BetterAuthPlugin } from \"better-auth\";\nimport { Outside } from \"outside\";\n";
    let auth = format!(
        "import {{ betterAuth }} from \"better-auth\";\nimport {{ AuditPlugin }} from \"./audit\";\n\
         export const auth = betterAuth({{ plugins: [{made}] }});"
    );
    let model = model(&[("src/auth.ts", &auth), ("src/audit.ts", &format!("{imports}{classes}"))]);
    let required = &model.servers[0].required;
    let own = required.tables.iter().filter(|(key, _)| !["user", "session", "account", "verification"].contains(&key.as_str()));
    let written = |(_, table): (&String, &RequiredTable)| {
        let columns: Vec<&str> = table.columns.iter().map(|column| column.key.as_str()).collect();
        format!("{}({})", table.model, columns.join(" "))
    };
    let reasons = required.open.iter().chain(&model.servers[0].plugins_open).map(|why| why.reason.clone());
    // The lockfile is there.
    (plugins(&model), own.map(written).collect(), reasons.collect())
}

/// The schema of a plugin with one table.
fn audit_schema(table: &str) -> String {
    format!("{{ {table}: {{ fields: {{ action: {{ type: \"string\" }} }} }} }}")
}

#[test]
fn plugins_are_objects_of_classes() {
    let schema = audit_schema("auditLog");
    let dynamic = audit_schema("[this.options.table]");
    for (classes, made) in [
        (
            format!("export class AuditPlugin implements BetterAuthPlugin {{ id = \"audit\" as const; schema = {schema}; }}"),
            "new AuditPlugin()",
        ),
        (
            format!(
                "export class AuditPlugin {{ readonly id = \"audit\"; constructor(private options: O) {{}} schema = {dynamic}; }}"
            ),
            "new AuditPlugin({ table: \"auditLog\" })",
        ),
        (
            format!(
                "export class AuditPlugin {{ id: string; schema; constructor(o: O) {{ this.id = o.id; this.schema = {schema}; }} }}"
            ),
            "new AuditPlugin({ id: \"audit\" })",
        ),
        (
            format!(
                "export class AuditPlugin {{ get id() {{ return \"audit\"; }} get schema() {{ return this.tables(); }} private tables() {{ return {schema}; }} }}"
            ),
            "new AuditPlugin()",
        ),
        (
            format!(
                "export class AuditPlugin {{ id = \"audit\"; private constructor(private options: O) {{}} schema = {dynamic}; static create(table: string) {{ return new AuditPlugin({{ table }}); }} }}"
            ),
            "AuditPlugin.create(\"auditLog\")",
        ),
        (
            format!(
                "class Base {{ static create(o) {{ return new AuditPlugin(o); }} }}\nexport class AuditPlugin extends Base {{ id = \"audit\"; static readonly one = new AuditPlugin(); schema = {schema}; }}"
            ),
            "AuditPlugin.one",
        ),
        (
            format!(
                "class Base {{ static create(o) {{ return new AuditPlugin(o); }} }}\nexport class AuditPlugin extends Base {{ id = \"audit\"; schema = {schema}; }}"
            ),
            "AuditPlugin.create()",
        ),
        // Inherited, and defined anew.
        (
            format!(
                "abstract class Base {{ abstract table: string; constructor(readonly id: string) {{}} get schema() {{ return {}; }} }}\n\
                     export class AuditPlugin extends Base {{ table = \"auditLog\"; constructor() {{ super(\"audit\"); }} }}",
                audit_schema("[this.table]")
            ),
            "new AuditPlugin()",
        ),
        (
            format!(
                "class Base {{ id = \"base\"; table = \"base\"; get schema() {{ return {}; }} }}\n\
                     export class AuditPlugin extends Base {{ id = \"audit\"; table = \"auditLog\"; }}",
                audit_schema("[this.table]")
            ),
            "new AuditPlugin()",
        ),
        (
            format!(
                "class Base {{ id; schema?: S; constructor(o) {{ this.id = o.id; }} }}\n\
                     export class AuditPlugin extends Base {{ constructor(o) {{ super({{ id: o }}); this.schema = {schema}; }} }}"
            ),
            "new AuditPlugin(\"audit\")",
        ),
        (
            format!(
                "class Base {{ constructor(private o: O) {{}} get id() {{ return this.o.id; }} schema = {schema}; }}\nexport class AuditPlugin extends Base {{}}"
            ),
            "new AuditPlugin({ id: \"audit\" })",
        ),
        // As plain JavaScript has it.
        (
            format!("export class AuditPlugin {{ constructor() {{ this.id = \"audit\"; this.schema = {schema}; }} }}"),
            "new AuditPlugin()",
        ),
        (
            format!("export class AuditPlugin {{ constructor(o) {{ Object.assign(this, o, {{ schema: {schema} }}); }} }}"),
            "new AuditPlugin({ id: \"audit\" })",
        ),
    ] {
        let known = (vec!["audit".to_owned()], vec!["auditLog(action)".to_owned()], Vec::<String>::new());
        assert_eq!(made_plugins(&classes, made), known, "{classes}\n{made}");
    }
}

#[test]
fn what_a_class_leaves_open_is_said_of_its_plugin() {
    let schema = audit_schema("auditLog");
    for (classes, made, names, reason) in [
        (
            format!("export class AuditPlugin extends Outside {{ id = \"audit\"; schema = {schema}; }}"),
            "new AuditPlugin()",
            vec!["audit"],
            None,
        ),
        (
            "export class AuditPlugin extends Outside { id = \"audit\"; }".to_owned(),
            "new AuditPlugin()",
            vec!["audit"],
            Some("`audit.schema`: `Outside`, which its class extends, is not followed"),
        ),
        (
            "export class AuditPlugin extends Outside { id = \"audit\"; schema: S; }".to_owned(),
            "new AuditPlugin()",
            vec!["audit"],
            Some("`audit.schema`: `this.schema` is not a plain constant"),
        ),
        (
            "export class AuditPlugin { id = \"audit\"; schema: S; constructor() { this.setup(); } setup() { this.schema = load(); } }".to_owned(),
            "new AuditPlugin()",
            vec!["audit"],
            Some("`audit.schema`: `load` comes from `global`, which is not part of the repository"),
        ),
        (
            format!("class Base {{ schema = {schema}; }}\nexport class AuditPlugin extends Base {{ id = \"audit\"; setup() {{ this.schema = load(); }} }}"),
            "new AuditPlugin()",
            vec!["audit"],
            Some("`audit.schema`: `load` comes from `global`, which is not part of the repository"),
        ),
        (
            "export class AuditPlugin { id = \"audit\"; constructor(readonly schema: S) {} }".to_owned(),
            "new AuditPlugin(JSON.parse(text))",
            vec!["audit"],
            Some("`audit.schema`: `JSON.parse` comes from `global`, which is not part of the repository"),
        ),
        ("export class AuditPlugin { id = \"audit\"; schema?: S; }".to_owned(), "new AuditPlugin()", vec!["audit"], None),
        (
            "export class AuditPlugin { inner = new AuditPlugin(); get id() { return this.inner.id; } }".to_owned(),
            "new AuditPlugin()",
            vec!["(a plugin of the repository)"],
            None,
        ),
        ("export function AuditPlugin() { this.id = \"audit\"; }".to_owned(), "new AuditPlugin()", vec![], Some("the result of calling `AuditPlugin`")),
        (
            "export class AuditPlugin { static other = 1; }".to_owned(),
            "AuditPlugin.create()",
            vec![],
            Some("`create` of a function or a class"),
        ),
    ] {
        let (plugins, _, open) = made_plugins(&classes, made);
        assert_eq!(plugins, names, "{classes}");
        assert_eq!(open.first().map(String::as_str), reason, "{classes}");
    }
}

#[test]
fn what_a_container_gives_a_class_is_undetermined() {
    let model = server(
        "@Injectable() export class AuthService { constructor(private config: C) { betterAuth({ plugins: this.config.plugins }); } }",
    );
    assert_eq!(open(&model), ["`this.config` is a parameter, and its callers decide"]);
}

#[test]
fn instances_stand_in_decorators_and_wrappers() {
    let model = server(
        "@Module({ imports: [AuthModule.forRootAsync({ useFactory: (db: Db) => ({ auth: betterAuth({ plugins: [admin()] }) }) })] })\n\
         export class AppModule {}",
    );
    assert_eq!(plugins(&model), ["admin"]);
    let model = self::model(&[(
        "src/payload.config.ts",
        "import { betterAuthPlugin } from \"payload-auth/better-auth\";\nimport { admin } from \"better-auth/plugins\";\n\
         export default buildConfig({ plugins: [betterAuthPlugin({ betterAuthOptions: { plugins: [admin()] } })] });",
    )]);
    assert_eq!(plugins(&model), ["admin"]);
    assert_eq!(
        (model.servers[0].adapter.kind, model.servers[0].adapter.provider.as_deref()),
        (AdapterKind::Other, Some("payload"))
    );
}

#[test]
fn specifiers_of_deno_name_the_package_and_its_version() {
    let model = self::model(&[(
        "auth.ts",
        "import { betterAuth } from \"npm:better-auth@1.3.4\";\nimport { admin } from \"npm:better-auth@1.3.4/plugins\";\n\
         export const auth = betterAuth({ plugins: [admin()] });",
    )]);
    let server = &model.servers[0];
    assert_eq!(server.version.resolved.as_ref().map(ToString::to_string).as_deref(), Some("1.3.4"));
    assert!(server.plugins[0].known.is_some(), "{}", server.plugins[0].module);
}

#[test]
fn members_of_an_enumeration_count_on() {
    let model = server(
        "enum N { A, B = 5, C, F = B, D = \"x\", E }\nexport const auth = betterAuth({ session: { a: N.A, c: N.C, e: N.E, f: N.F } });",
    );
    assert_eq!(option(&model, &["session", "a"]), "Number(0.0)");
    assert_eq!(option(&model, &["session", "c"]), "Number(6.0)");
    assert_eq!(option(&model, &["session", "f"]), "Number(5.0)");
    assert_eq!(option(&model, &["session", "e"]), "a calculation with a value that is not known");
    for (members, member, expected) in [
        ("A = 1 << 2, B", "B", "5"),
        ("A = 1, B = A << 1, C = A | B", "C", "3"),
        ("Day = 60 * 60 * 24, Week = Day * 7", "Week", "604800"),
        ("A = +1, B = -A, C", "C", "0"),
        ("A = 2 ** 5, B = A % 5", "B", "2"),
        ("A = \"x\", B = `${A}-y`", "B", "x-y"),
    ] {
        let body = format!("enum N {{ {members} }}\nexport const auth = betterAuth({{ session: {{ expiresIn: N.{member} }} }});");
        assert_eq!(cases(&server(&body), &["session", "expiresIn"]), [expected], "{members}");
    }
}

#[test]
fn numbers_come_of_texts_and_calculations() {
    let body =
        |value: &str| format!("import ms from \"ms\";\nexport const auth = betterAuth({{ session: {{ expiresIn: {value} }} }});");
    for (value, expected) in [
        ("Number(\"60\")", vec!["60"]),
        ("parseInt(\"60\", 10) * 60", vec!["3600"]),
        ("Number.parseInt(\"60\")", vec!["60"]),
        ("+\"60\"", vec!["60"]),
        ("~~\"60\"", vec!["unknown"]),
        ("parseInt(\"60\", 8)", vec!["Call"]),
        ("ms(\"7d\") / 1000", vec!["604800"]),
        ("ms(\"7 days\")", vec!["604800000"]),
        ("Number(process.env.AGE ?? \"60\")", vec!["Call", "60"]),
        ("7 * 24 * 60 ** 2", vec!["604800"]),
        ("1 << 10", vec!["1024"]),
    ] {
        let shown = cases(&server(&body(value)), &["session", "expiresIn"]);
        let shown: Vec<&str> = shown.iter().filter_map(|case| case.split([' ', '(']).next()).collect();
        assert_eq!(shown, expected, "{value}");
    }
}

#[test]
fn what_only_throws_gives_no_value() {
    let fail = "function fail(message: string): never { throw new Error(message); }\n";
    for (value, expected) in [
        ("process.env.SECRET ?? fail(\"missing\")", "Env(\"SECRET\")"),
        ("process.env.SECRET || fail(\"missing\")", "Env(\"SECRET\")"),
        ("process.env.SECRET ? process.env.SECRET : fail(\"missing\")", "Env(\"SECRET\")"),
        ("({ ...process.env }).SECRET", "Env(\"SECRET\")"),
        ("({ OTHER: 1, ...process.env, PORT: 2 }).SECRET", "Env(\"SECRET\")"),
    ] {
        let model = server(&format!("{fail}export const auth = betterAuth({{ secret: {value} }});"));
        assert_eq!(option(&model, &["secret"]), expected, "{value}");
    }
    let may_return = "function fail(all: boolean) { if (all) throw new Error(); return \"/x\"; }\n";
    let model = server(&format!("{may_return}export const auth = betterAuth({{ basePath: process.env.A ?? fail(false) }});"));
    assert_eq!(cases(&model, &["basePath"]).len(), 2);
}

#[test]
fn what_the_parser_makes_up_is_not_a_value() {
    let model = server("export const auth = betterAuth({ baseURL: , plugins: [admin()] });");
    assert_eq!(plugins(&model), ["admin"]);
    assert_eq!(option(&model, &["baseURL"]), "the parser could not read this part of it");
}

#[test]
fn an_instance_that_the_parser_lost_is_said() {
    let model = server("export const auth = betterAuth({ plugins: [admin(), jw\n  session: { expiresIn: 10 } });");
    assert_eq!((plugins(&model).len(), open(&model)), (0, vec!["the parser could not read this part of it"]));
    let model = server("export const auth = betterAuth({ plugins: [admin({ adminRoles: [ }), jwt()] });");
    assert_eq!(plugins(&model), ["admin", "jwt"]);
    assert!(matches!(model.servers[0].plugins[0].options.lookup(&["adminRoles"]), Lookup::Unknown(_)));
    let model = server("export const auth = betterAuth({ plugins: [admin(), jw\n  session: { expiresIn: 10 } }");
    assert!(plugins(&model).is_empty() && open(&model) == ["the parser could not read this part of it"]);
    assert!(model.undetermined.iter().any(|open| open.question == "what `src/auth.ts` configures"));
}

#[test]
fn what_extends_a_class_may_give_it_something_else() {
    let model = server(
        "class AuthBase { constructor(private list: any[]) {} make() { return betterAuth({ plugins: this.list }); } }\n\
         class Other extends AuthBase { constructor() { super([jwt()]); } }\nnew AuthBase([admin()]);",
    );
    assert_eq!(plugins(&model), ["admin?"]);
    assert_eq!(open(&model).len(), 1, "{:?}", open(&model));
    let model = server(
        "abstract class Base { list = [admin()]; private own = [jwt()]; make() { return betterAuth({ plugins: [...this.list, ...this.own] }); } }\n\
         class Other extends Base { list = [username()]; }",
    );
    assert_eq!(plugins(&model), ["jwt"]);
    assert_eq!(open(&model), ["`this.list` is not a plain constant"]);
}

#[test]
fn the_maker_of_a_wrapper_is_called_like_any_other_function() {
    let model = model(&[
        (
            "src/plugin.ts",
            "import { betterAuth } from \"better-auth\";\n\
             export const betterAuthPlugin = (given: any) => betterAuth({ plugins: given.betterAuthOptions.plugins });",
        ),
        (
            "demo/main.ts",
            "import { betterAuthPlugin } from \"../src/plugin\";\nimport { admin } from \"better-auth/plugins\";\n\
             betterAuthPlugin({ betterAuthOptions: { plugins: [admin()] } });",
        ),
    ]);
    assert_eq!(model.servers.len(), 1);
    assert_eq!(plugins(&model), ["admin"]);
}

#[test]
fn comparisons_are_told_as_they_are_written() {
    for condition in ["count >= 3", "count < 3", "admin in set", "set instanceof Map"] {
        let model = server(&format!("export const auth = betterAuth({{ plugins: [...({condition} ? [admin()] : [])] }});"));
        let told: Vec<&str> = model.servers[0].plugins[0].conditions.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(told, [condition]);
    }
}

#[test]
fn a_package_may_complete_the_options() {
    let wrapped = |services: &str, around: &str| {
        let call = format!("withCloudflare({services}, {{ plugins: [admin()], session: {{ expiresIn: 60 }} }})");
        let options = around.replace("CALL", &call);
        let text = format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport {{ admin }} from \"better-auth/plugins\";\n\
             import {{ withCloudflare }} from \"better-auth-cloudflare\";\nexport const auth = betterAuth({options});"
        );
        let manifest = r#"{ "dependencies": { "better-auth-cloudflare": "0.3.1" } }"#;
        model(&[("src/auth.ts", text.as_str()), ("package.json", manifest)])
    };
    let adapter = |model: &ProjectModel| (model.servers[0].adapter.kind, model.servers[0].adapter.dialect);
    let model = wrapped("{ cf, d1: env ? { db, options: { usePlural: true } } : undefined, kv: env.KV }", "CALL");
    assert_eq!(plugins(&model), ["cloudflare", "admin"]);
    assert_eq!(open(&model), [""; 0]);
    assert_eq!(adapter(&model), (AdapterKind::Drizzle, Some(Dialect::Sqlite)));
    assert_eq!(model.servers[0].adapter.plural, Plural::Always);
    assert!(model.servers[0].required.tables["session"].columns.iter().any(|column| column.key == "timezone"));
    let session = model.servers[0].options.get(&["session"]).expect("known");
    assert_eq!(session.get(&["storeSessionInDatabase"]).map(|node| &node.value), Some(&Value::Bool(true)));
    assert_eq!(session.get(&["expiresIn"]).map(|node| &node.value), Some(&Value::Number(60.0)));

    let model = wrapped("{ cf, geolocationTracking: false, postgres: { db } }", "{ ...CALL, baseURL: \"https://a.example\" }");
    assert_eq!(plugins(&model), ["cloudflare", "admin"]);
    assert_eq!(adapter(&model), (AdapterKind::Drizzle, Some(Dialect::Postgres)));
    assert!(!model.servers[0].required.tables["session"].columns.iter().any(|column| column.key == "timezone"));
    assert_eq!(adapter(&wrapped("{ cf, d1Native: env.DB }", "CALL")).0, AdapterKind::Kysely);
    assert_eq!(adapter(&wrapped("services", "CALL")).0, AdapterKind::Unknown);
}

/// The values of an option with the conditions of each, shown as `value` or `value when condition`.
fn cases(model: &ProjectModel, path: &[&str]) -> Vec<String> {
    let shown = |found: &git_auth_review::project::value::Found<'_>| {
        let value = match &found.node.value {
            Value::Bool(value) => value.to_string(),
            Value::Number(value) => value.to_string(),
            Value::Text(text) => text.plain().unwrap_or("(secret)").to_owned(),
            Value::Undefined => "undefined".to_owned(),
            Value::Unknown(_) => "unknown".to_owned(),
            other => format!("{other:?}"),
        };
        let conditions: Vec<&str> = found.conditions.iter().map(|condition| condition.text.as_str()).collect();
        let outside = if found.outside_production() { " (not in production)" } else { "" };
        if conditions.is_empty() { value } else { format!("{value} when {}{outside}", conditions.join(" && ")) }
    };
    match model.servers[0].options.lookup(path) {
        Lookup::Found(found) => found.iter().map(shown).collect(),
        Lookup::Absent => Vec::new(),
        Lookup::Unknown(_) => vec!["unknown".to_owned()],
    }
}

#[test]
fn one_file_never_takes_the_steps_of_another() {
    let mut chain = "builder".to_owned();
    (0..40).for_each(|step| chain.push_str(&format!(".step{step}({step})")));
    let chained = format!(
        "import {{ betterAuth }} from \"better-auth\";\nimport {{ admin }} from \"better-auth/plugins\";\nimport {{ builder }} from \"./missing\";\nexport const auth = betterAuth({{ plugins: [admin()], hooks: {chain} }});"
    );
    let mut doubled = "import { betterAuth } from \"better-auth\";\nimport { admin } from \"better-auth/plugins\";\nconst f0 = (x) => [admin(), ...x];\n".to_owned();
    (1..40).for_each(|n| doubled.push_str(&format!("const f{n} = (x) => [...f{0}(x), ...f{0}(x)];\n", n - 1)));
    doubled.push_str("export const auth = betterAuth({ plugins: f39([]) });");
    let plain = "import { betterAuth } from \"better-auth\";\nimport { jwt } from \"better-auth/plugins\";\nexport const auth = betterAuth({ plugins: [jwt()] });";
    let model = model(&[("src/a.ts", &chained), ("src/b.ts", &doubled), ("src/c.ts", plain)]);
    let files: Vec<&str> = model.servers.iter().map(|server| &*server.at.file).collect();
    assert_eq!(files, ["src/a.ts", "src/b.ts", "src/c.ts"]);
    let names = |server: usize| model.servers[server].plugins.iter().map(|plugin| plugin.name.as_str()).collect::<Vec<_>>();
    assert_eq!((names(0), names(2)), (vec!["admin"], vec!["jwt"]));
    let lacking: Vec<&str> =
        model.undetermined.iter().filter(|open| open.reason.contains("steps")).map(|open| &*open.site.file).collect();
    assert!(!lacking.is_empty() && lacking.iter().all(|file| *file == "src/b.ts"), "{lacking:?}");
}

#[test]
fn conditional_spreads_of_conditional_spreads_stay_small() {
    let mut body = "let options: any = { plugins: [admin()], session: { expiresIn: 0 } };\n".to_owned();
    for step in 0..20 {
        body.push_str(&format!(
            "if (process.env.A{step}) options = {{ ...options, session: {{ ...options.session, expiresIn: {step} }} }};\n"
        ));
    }
    body.push_str("export const auth = betterAuth(options);");
    let stepwise = server(&body);
    assert_eq!(cases(&stepwise, &["session", "expiresIn"]).len(), 21);
    assert_eq!(plugins(&stepwise), ["admin"]);

    let mut body = "const c0 = { plugins: [admin()] };\n".to_owned();
    for step in 1..16 {
        body.push_str(&format!(
            "const c{step} = process.env.A{step} ? {{ ...(process.env.B{step} ? c{0} : {{}}), k{step}: 1 }} : c{0};\n",
            step - 1
        ));
    }
    body.push_str("export const auth = betterAuth(c15);");
    let began = std::time::Instant::now();
    let nested = server(&body);
    assert!(plugins(&nested).iter().all(|plugin| plugin == "admin?"));
    assert!(!plugins(&nested).is_empty() && began.elapsed().as_secs() < 20);
}

#[test]
fn all_conditions_around_a_change_count() {
    let csrf = ["advanced", "disableCSRFCheck"];
    let prod = "process.env.NODE_ENV === \"production\"";
    for (body, expected) in [
        (
            format!(
                "const options = {{ advanced: {{ disableCSRFCheck: true }} }};\nif ({prod}) {{ if (process.env.STRICT) options.advanced.disableCSRFCheck = false; }}\nexport const auth = betterAuth(options);"
            ),
            vec![
                format!("true when !({prod} && process.env.STRICT)"),
                format!("false when {prod} && process.env.STRICT"),
            ],
        ),
        (
            format!(
                "const check = () => {{ if ({prod}) {{ if (process.env.STRICT) return false; }} return true; }};\nexport const auth = betterAuth({{ advanced: {{ disableCSRFCheck: check() }} }});"
            ),
            vec![
                format!("false when {prod} && process.env.STRICT"),
                format!("true when !({prod} && process.env.STRICT)"),
            ],
        ),
        (
            "const o: any = { csrf: false };\nif (process.env.LOOSE) { if (process.env.NODE_ENV !== \"production\") o.csrf = true; }\nexport const auth = betterAuth({ advanced: { disableCSRFCheck: o.csrf } });".to_owned(),
            vec![
                "false when !(process.env.LOOSE && process.env.NODE_ENV !== \"production\")".to_owned(),
                "true when process.env.LOOSE && process.env.NODE_ENV !== \"production\" (not in production)".to_owned(),
            ],
        ),
        (
            "const { NODE_ENV } = { NODE_ENV: process.env.NODE_ENV ?? \"development\" };\nconst isProd = NODE_ENV === \"production\";\nexport const auth = betterAuth({ advanced: { disableCSRFCheck: !isProd } });".to_owned(),
            vec![
                "true when !(NODE_ENV === \"production\") (not in production)".to_owned(),
                "false when NODE_ENV === \"production\"".to_owned(),
            ],
        ),
        (
            format!(
                "const strict = {prod} || process.env.CI === \"true\";\nexport const auth = betterAuth({{ advanced: {{ disableCSRFCheck: !strict }} }});"
            ),
            vec![
                "true when !(strict) (not in production)".to_owned(),
                "false when strict".to_owned(),
            ],
        ),
        (
            "const local = [\"development\", \"test\"].includes(process.env.NODE_ENV);\nexport const auth = betterAuth({ advanced: { disableCSRFCheck: local } });".to_owned(),
            vec![
                "true when NODE_ENV is one of development, test (not in production)".to_owned(),
                "false when !(NODE_ENV is one of development, test)".to_owned(),
            ],
        ),
        (
            "import { cleanEnv, str } from \"envalid\";\nconst env = cleanEnv(process.env, { HOST: str() });\nexport const auth = betterAuth({ advanced: { disableCSRFCheck: env.isDev } });".to_owned(),
            vec!["true when isDev (not in production)".to_owned(), "false when !(isDev)".to_owned()],
        ),
        (
            "const config: any = { development: { csrf: true }, production: { csrf: false } };\nexport const auth = betterAuth({ advanced: { disableCSRFCheck: config[process.env.NODE_ENV || \"development\"].csrf } });".to_owned(),
            vec![
                "true when NODE_ENV === \"development\" (not in production)".to_owned(),
                "false when NODE_ENV === \"production\"".to_owned(),
            ],
        ),
    ] {
        assert_eq!(cases(&server(&body), &csrf), expected, "{body}");
    }
}

#[test]
fn what_every_list_has_is_there_in_any_case() {
    let options = "const options: BetterAuthOptions = { plugins: [admin()] };\n";
    let make = |body: &str| {
        format!(
            "function make(kind?: string) {{ {body} }}\nexport const auth = betterAuth({{ plugins: make(process.env.KIND) }});"
        )
    };
    for (body, expected) in [
        (
            make("const base = [admin()]; if (process.env.TWO) return [...base, twoFactor()]; if (process.env.NAME) return [...base, username()]; return base;"),
            vec!["admin", "twoFactor if process.env.TWO", "username if !(process.env.TWO) && process.env.NAME"],
        ),
        (
            make("const base = [admin()]; if (process.env.TWO) { base.push(twoFactor()); return base; } if (process.env.NAME) base.push(username()); return base;"),
            vec!["admin", "twoFactor if process.env.TWO", "username if !(process.env.TWO) && process.env.NAME"],
        ),
        (
            "let plugins: any[];\nif (process.env.TWO) plugins = [admin(), twoFactor()];\nelse if (process.env.NAME) plugins = [admin(), username()];\nelse plugins = [admin()];\nexport const auth = betterAuth({ plugins });".to_owned(),
            vec!["admin", "twoFactor if process.env.TWO", "username if process.env.NAME && !(process.env.TWO)"],
        ),
        (
            "const by = { two: [admin(), twoFactor()], name: [admin(), username()], none: [admin()] };\nexport const auth = betterAuth({ plugins: by[process.env.KIND as \"two\"] });".to_owned(),
            vec!["admin", "twoFactor if KIND === \"two\"", "username if KIND === \"name\""],
        ),
        (
            format!("{options}if (process.env.TWO) options.plugins = [...(options.plugins ?? []), twoFactor()];\nif (process.env.NAME) options.plugins = options.plugins!.concat(username());\nexport const auth = betterAuth(options);"),
            vec!["admin", "twoFactor if process.env.TWO", "username if process.env.NAME"],
        ),
        (
            format!("{options}if (process.env.TWO) options.plugins!.push(twoFactor());\nif (process.env.NAME) options.plugins = [...options.plugins!, username()];\nexport const auth = betterAuth(options);"),
            vec!["admin", "twoFactor if process.env.TWO", "username if process.env.NAME"],
        ),
        (
            "let options: BetterAuthOptions = { plugins: [admin()] };\nif (process.env.TWO) options = { ...options, plugins: [...options.plugins!, twoFactor()] };\nexport const auth = betterAuth(options);".to_owned(),
            vec!["admin", "twoFactor if process.env.TWO"],
        ),
        (
            "export const auth = betterAuth({ plugins: process.env.X ? [admin()] : [admin(), jwt()] });".to_owned(),
            vec!["admin", "jwt if !(process.env.X)"],
        ),
        // Other options make another plugin, and a list may have one twice.
        (
            "export const auth = betterAuth({ plugins: process.env.X ? [admin()] : [admin({ defaultRole: \"x\" }), jwt()] });".to_owned(),
            vec!["admin if process.env.X", "admin if !(process.env.X)", "jwt if !(process.env.X)"],
        ),
        (
            "export const auth = betterAuth({ plugins: [process.env.X && admin(), process.env.Y && admin()] });".to_owned(),
            vec!["admin if process.env.X", "admin if process.env.Y"],
        ),
        // What is left out of the texts may tell them apart.
        (
            "import { isOn } from \"flags\";\nexport const auth = betterAuth({ plugins: [isOn(\"a\") && admin(), !isOn(\"b\") && admin()] });".to_owned(),
            vec!["admin if isOn(…)", "admin if !(isOn(…))"],
        ),
    ] {
        let model = server(&body);
        let told = model.servers[0].plugins.iter().map(|plugin| match Condition::all(&plugin.conditions) {
            Some(condition) => format!("{} if {}", plugin.name, condition.text),
            None => plugin.name.clone(),
        });
        let mut told: Vec<String> = told.collect();
        told.sort_by_key(|plugin| ["admin", "jwt", "twoFactor", "username"].iter().position(|name| plugin.starts_with(name)));
        assert_eq!(told, expected, "{body}");
    }
}

#[test]
fn calls_in_one_file_are_told_apart() {
    let told = |make: &str, calls: &str| -> Vec<String> {
        let model = server(&format!("function create({make} }}\n{calls}"));
        let plugins = model.servers[0].plugins.iter().map(|plugin| match Condition::all(&plugin.conditions) {
            Some(condition) => format!("{} if {}", plugin.name, condition.text),
            None => plugin.name.clone(),
        });
        plugins.collect()
    };
    let by_flag = "two = false) { return betterAuth({ plugins: two ? [admin(), twoFactor()] : [admin()] });";
    let by_kind =
        "kind: string) { return betterAuth({ plugins: [admin(), kind === \"b\" && jwt(), kind !== \"b\" && username()] });";
    let calls = |first: &str, second: &str| format!("export const a = create({first});\nexport const b = create({second});");
    assert_eq!(told(by_flag, &calls("", "true")), ["admin", "twoFactor if called for `b` in src/auth.ts"]);
    assert_eq!(
        told(by_kind, &calls("\"a\"", "\"b\"")),
        ["admin", "jwt if called for `b` in src/auth.ts", "username if called for `a` in src/auth.ts"]
    );
    let third = format!("{}\nexport const c = create(\"b\");", calls("\"a\"", "\"b\""));
    assert_eq!(
        told(by_kind, &third)[1..],
        ["jwt if called for `b` in src/auth.ts || called for `c` in src/auth.ts", "username if called for `a` in src/auth.ts"]
    );
    let inside = "export const all = [create(), create(true)];";
    assert_eq!(told(by_flag, inside), ["admin", "twoFactor if called in src/auth.ts (call 2 of 2)"]);
}

#[test]
fn an_element_of_a_list_may_be_replaced() {
    for (change, expected) in [
        ("list[1] = username();", vec!["admin", "username"]),
        ("list[2] = username();", vec!["admin", "jwt", "username"]),
        ("if (process.env.X) list[1] = username();", vec!["admin", "jwt?", "username?"]),
    ] {
        let model = server(&format!(
            "const list: any[] = [admin(), jwt()];\n{change}\nexport const auth = betterAuth({{ plugins: list }});"
        ));
        assert_eq!((plugins(&model), open(&model)), (expected.into_iter().map(str::to_owned).collect(), Vec::new()), "{change}");
    }
    for change in ["list[at()] = username();", "list[5] = username();", "export function set() { list[1] = username(); }"] {
        let model = server(&format!(
            "const list: any[] = [admin(), jwt()];\n{change}\nexport const auth = betterAuth({{ plugins: list }});"
        ));
        assert_eq!(plugins(&model), ["admin?", "jwt?"], "{change}");
        assert_eq!(open(&model), ["a later change that is not followed"], "{change}");
    }
}

#[test]
fn what_a_filter_keeps_is_what_its_function_says() {
    let made = "const made = [{ on: true, make: () => admin() }, { on: false, make: () => jwt() }, { on: process.env.U === \"1\", make: () => username() }];\n";
    for (list, expected) in [
        ("made.filter(({ on }) => on).map(({ make }) => make())", vec!["admin", "username?"]),
        ("made.filter((one) => one.on).map((one) => one.make())", vec!["admin", "username?"]),
        ("made.filter(({ on: there = true }) => there).map((one) => one.make())", vec!["admin", "username?"]),
        ("made.filter(function (one) { return !one.on; }).map((one) => one.make())", vec!["jwt", "username?"]),
        ("[[true, admin()], [false, jwt()]].filter(([on]) => on).map(([, plugin]) => plugin)", vec!["admin"]),
        ("[admin(), jwt()].filter((one, place) => place === 0)", vec!["admin"]),
        ("[twoFactor(), jwt()].filter(({ id }) => id !== \"two-factor\")", vec!["jwt"]),
        ("[admin(), process.env.X && jwt(), null].filter((one) => one != null && one !== false)", vec!["admin", "jwt?"]),
        (
            "Object.entries({ admin: true, jwt: false }).filter(([, on]) => on).map(([name]) => ({ admin, jwt })[name]())",
            vec!["admin"],
        ),
        ("[made.find((one) => one.on).make(), made.at(-2).make()]", vec!["admin", "jwt"]),
        ("[admin(), jwt(), username()].slice(0, 2)", vec!["admin", "jwt"]),
        ("[admin(), jwt(), username()].slice(-1)", vec!["username"]),
        ("[admin(), process.env.X ? [jwt(), [username()]] : []].flat(2)", vec!["admin", "jwt?", "username?"]),
        ("[admin(), jwt()].reverse()", vec!["jwt", "admin"]),
    ] {
        let model = server(&format!("{made}export const auth = betterAuth({{ plugins: {list} }});"));
        assert_eq!((plugins(&model), open(&model)), (expected.into_iter().map(str::to_owned).collect(), Vec::new()), "{list}");
    }
    for list in [
        "[admin(), jwt()].filter((one) => isOn(one))",
        "[admin(), jwt()].filter(isOn)",
        "made.filter(({ on: there = isOn() }) => isOn(there)).map((one) => one.make())",
    ] {
        let model =
            server(&format!("{made}import {{ isOn }} from \"flags\";\nexport const auth = betterAuth({{ plugins: {list} }});"));
        assert!(plugins(&model).iter().all(|plugin| plugin.ends_with('?')), "{list}: {:?}", plugins(&model));
        assert_eq!(open(&model), ["a filter decides which elements stay"], "{list}");
    }
}

#[test]
fn what_may_be_one_of_several_is_still_worked_with() {
    for (body, expected) in [
        ("(process.env.A ? [admin()] : [jwt()]).concat([username()])", vec!["admin?", "jwt?", "username"]),
        ("[admin(), username(), jwt()].map((p, i) => (i === 0 ? p : null)).filter(Boolean)", vec!["admin"]),
        ("[process.env.A === \"1\" || username(), admin()]", vec!["username?", "admin"]),
        ("[process.env.A ? undefined : username(), admin()].filter((plugin) => !!plugin)", vec!["username?", "admin"]),
    ] {
        let model = server(&format!("export const auth = betterAuth({{ plugins: {body} }});"));
        let mut seen = plugins(&model);
        seen.dedup();
        assert_eq!(seen, expected, "{body}");
    }
    for (body, expected) in [
        ("\"/API\".toLowerCase()", vec!["/api"]),
        ("\" /auth \".trim()", vec!["/auth"]),
        ("(process.env.A ? \"/a\" : \"/b\") + \"/c\"", vec!["/a/c when process.env.A", "/b/c when !(process.env.A)"]),
        ("`${process.env.A ? \"/a\" : \"/b\"}/c`", vec!["/a/c when process.env.A", "/b/c when !(process.env.A)"]),
        ("(process.env.A ? \"/a\" : undefined) ?? \"/b\"", vec!["/a when process.env.A", "/b when !(process.env.A)"]),
    ] {
        let shown = cases(&server(&format!("export const auth = betterAuth({{ basePath: {body} }});")), &["basePath"]);
        assert_eq!(shown.len(), expected.len(), "{body}: {shown:?}");
        assert!(
            shown.iter().zip(&expected).all(|(shown, expected)| shown.split(" when ").next() == expected.split(" when ").next()),
            "{body}: {shown:?}"
        );
    }
}

#[test]
fn a_later_spread_that_is_not_known_may_replace_a_property() {
    let body = "import { missing } from \"./gone\";\nconst options: any = { plugins: [admin()], ...missing };\n";
    for call in ["betterAuth({ plugins: options.plugins })", "betterAuth(options)"] {
        let model = server(&format!("{body}export const auth = {call};"));
        assert_eq!(plugins(&model), ["admin?"], "{call}");
        assert!(open(&model)[0].contains("`./gone`"), "{call}: {:?}", open(&model));
    }
    let before =
        server("import { missing } from \"./gone\";\nexport const auth = betterAuth({ ...missing, plugins: [admin()] });");
    assert_eq!((plugins(&before), open(&before)), (vec!["admin".to_owned()], vec![]));
}

#[test]
fn a_property_that_every_branch_sets_is_certain() {
    let body = "const more: any = process.env.A ? { appName: \"a\", plugins: shared } : { appName: \"b\", plugins: shared };\nexport const auth = betterAuth({ plugins: [jwt()], ...more });";
    let model = server(&format!("const shared = [admin()];\n{body}"));
    assert_eq!((plugins(&model), open(&model)), (vec!["admin".to_owned()], vec![]));
    assert_eq!(cases(&model, &["appName"]).len(), 2);
}

#[test]
fn a_module_may_export_in_the_manner_of_common_js() {
    let auth = |text: &str| format!("const {{ betterAuth }} = require(\"better-auth\");\n{text}");
    let plugins_of = |text: &str, other: &str| {
        let model = model(&[("src/auth.js", auth(text).as_str()), ("src/opts.js", other)]);
        let open = open(&model).iter().map(|why| (*why).to_owned()).collect::<Vec<_>>();
        (plugins(&model), open)
    };
    let head = "const { admin, jwt } = require(\"better-auth/plugins\");\n";
    let known = |name: &str| (vec![name.to_owned()], Vec::new());
    let whole = format!("{head}module.exports = {{ plugins: [admin()] }};");
    for text in [
        "const opts = require(\"./opts\");\nexports.auth = betterAuth(opts);",
        "exports.auth = betterAuth({ ...require(\"./opts\"), appName: \"E\" });",
        "exports.auth = betterAuth({ plugins: require(\"./opts\").plugins });",
    ] {
        assert_eq!(plugins_of(text, &whole), known("admin"), "{text}");
    }
    let list = format!("{head}module.exports = [jwt()];");
    assert_eq!(
        plugins_of("const list = require(\"./opts\");\nexports.auth = betterAuth({ plugins: [...list] });", &list),
        known("jwt")
    );
    let default = format!("{head}exports.default = {{ plugins: [jwt()] }};");
    assert_eq!(plugins_of("exports.auth = betterAuth(require(\"./opts\").default);", &default), known("jwt"));
    let import =
        "import { betterAuth } from \"better-auth\";\nexport const auth = betterAuth((await import(\"./opts.js\")).default);";
    let model = model(&[("src/auth.ts", import), ("src/opts.js", &whole)]);
    assert_eq!(plugins(&model), ["admin"]);
    let open_end = format!("{head}exports.plugins = [admin()];\nmore(exports);");
    let (seen, why) = plugins_of("const opts = require(\"./opts\");\nexports.auth = betterAuth({ ...opts });", &open_end);
    assert_eq!((seen, why), known("admin"));
}

#[test]
fn what_a_generator_yields_is_left_open() {
    let model = server("function* all() { yield admin(); }\nexport const auth = betterAuth({ plugins: [...all()] });");
    assert_eq!((plugins(&model).len(), open(&model).len()), (0, 1));
}

#[test]
fn a_shared_tsconfig_may_have_any_name() {
    let auth = "import { betterAuth } from \"better-auth\";\nimport { plugins } from \"@shared/plugins\";\nexport const auth = betterAuth({ plugins });";
    let model = model(&[
        ("src/auth.ts", auth),
        ("tsconfig.json", "{ \"extends\": \"./tools/tsconfig/base.json\" }"),
        ("tools/tsconfig/base.json", "{ \"compilerOptions\": { \"paths\": { \"@shared/*\": [\"../../shared/*\"] } } }"),
        ("shared/plugins.ts", "import { admin } from \"better-auth/plugins\";\nexport const plugins = [admin()];"),
    ]);
    assert_eq!(plugins(&model), ["admin"]);
}

#[test]
fn a_list_that_is_not_known_is_named() {
    let model = server("import { list } from \"$srv/plugs\";\nexport const auth = betterAuth({ plugins: list });");
    assert!(open(&model)[0].contains("`list`"), "{:?}", open(&model));
}

#[test]
fn a_dialect_is_told_by_the_driver() {
    for (import, call, dialect) in [
        ("import { createPool } from \"@vercel/postgres\"", "createPool({})", Some(Dialect::Postgres)),
        ("import { createPool } from \"mysql2/promise\"", "createPool({})", Some(Dialect::Mysql)),
        ("import { createPool } from \"some-pool\"", "createPool({})", None),
        ("const Database = require(\"better-sqlite3\")", "new Database(\"./a.db\")", Some(Dialect::Sqlite)),
    ] {
        let model = server(&format!("{import};\nexport const auth = betterAuth({{ database: {call} }});"));
        assert_eq!(model.servers[0].adapter.dialect, dialect, "{import}");
    }
    let either = "import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\nexport const auth = betterAuth({ database: process.env.A ? drizzleAdapter(db, { provider: \"pg\" }) : drizzleAdapter(db, { provider: \"sqlite\" }) });";
    let adapter = &server(either).servers[0].adapter;
    assert_eq!((adapter.kind, &adapter.provider, adapter.dialect), (AdapterKind::Drizzle, &None, None));
}

#[test]
fn what_an_object_of_a_class_holds_may_be_changed_where_it_is_given() {
    let auth = "import { betterAuth } from \"better-auth\";\nimport { username } from \"better-auth/plugins\";\nimport { extend } from \"./extend\";\n\
                class Maker {\n  private own = { plugins: [username()] };\n  constructor() { extend(this.own); this.more(this.own.plugins); }\n\
                private more(list) { list.push({ id: \"own\" }); }\n  auth() { return betterAuth({ plugins: this.own.plugins }); }\n}\n\
                export const auth = new Maker().auth();";
    let extend =
        "import { admin } from \"better-auth/plugins\";\nexport function extend(options) { options.plugins.push(admin()); }";
    let model = model(&[("src/auth.ts", auth), ("src/extend.ts", extend)]);
    assert_eq!(plugins(&model), ["username", "admin", "own"]);
    assert_eq!(open(&model), [""; 0]);
}

#[test]
fn what_the_global_object_holds_is_known_only_where_the_same_code_made_it() {
    for (list, expected) in [
        ("[admin(), ...(globalThis.extra ?? [])]", vec!["admin"]),
        ("[admin(), ...(global.extra || [jwt()])]", vec!["admin", "jwt?"]),
    ] {
        let model = server(&format!("export const auth = betterAuth({{ plugins: {list} }});"));
        assert_eq!(plugins(&model), expected, "{list}");
        assert_eq!(open(&model).len(), 1, "{list}");
    }
    let model = server("export const auth = betterAuth({ secret: globalThis.process.env.SECRET });");
    assert_eq!(option(&model, &["secret"]), "Env(\"SECRET\")");
}

#[test]
fn a_deleted_property_is_gone() {
    let options = "const options = { plugins: [admin()], advanced: { disableCSRFCheck: true } };";
    for (change, is_there) in [
        ("delete options.advanced;", Some(false)),
        ("Reflect.deleteProperty(options, \"advanced\");", Some(false)),
        ("const { advanced } = options;\ndelete advanced.disableCSRFCheck;", Some(true)),
        ("if (process.env.X) delete options.advanced;", None),
    ] {
        let model = server(&format!("{options}\n{change}\nexport const auth = betterAuth(options);"));
        let found = match model.servers[0].options.lookup(&["advanced"]) {
            Lookup::Absent => Some(false),
            Lookup::Found(found) => found.iter().all(|one| one.conditions.is_empty()).then_some(true),
            Lookup::Unknown(why) => panic!("{change}: {why:?}"),
        };
        assert_eq!(found, is_there, "{change}");
        assert_eq!(open(&model), [""; 0], "{change}");
        let csrf = model.servers[0].options.get(&["advanced", "disableCSRFCheck"]);
        assert_eq!(csrf, None, "{change}");
    }
}

#[test]
fn the_environment_comes_in_many_ways() {
    for (given, call) in [
        ("import process from \"node:process\";", "betterAuth({ secret: process.env.SECRET })"),
        ("import { SECRET } from \"astro:env/server\";", "betterAuth({ secret: SECRET })"),
        ("import { getSecret } from \"astro:env/server\";", "betterAuth({ secret: getSecret(\"SECRET\") })"),
        (
            "import { getCloudflareContext } from \"@opennextjs/cloudflare\";",
            "betterAuth({ secret: getCloudflareContext().env.SECRET })",
        ),
    ] {
        let model = server(&format!("{given}\nexport const auth = {call};"));
        assert_eq!(option(&model, &["secret"]), "Env(\"SECRET\")", "{given}");
    }
    let factory = "export const createAuth = (env) => betterAuth({ secret: env.SECRET });";
    for caller in [
        "import { Hono } from \"hono\";\nnew Hono().all(\"*\", (c) => createAuth(c.env).handler(c.req.raw));",
        "import { env } from \"hono/adapter\";\napp.all(\"*\", (c) => createAuth(env<{ SECRET: string }>(c)).handler(c.req.raw));",
        "export default { async fetch(request, env) { return createAuth(env).handler(request); } };",
    ] {
        let model = server(&format!("{factory}\n{caller}"));
        assert_eq!(option(&model, &["secret"]), "Env(\"SECRET\")", "{caller}");
    }
}

#[test]
fn what_is_sound_around_an_edit_is_kept() {
    let csrf = "advanced: { disableCSRFCheck: true },";
    let parts = "export const auth = betterAuth({\n  plugins: [admin()],\n";
    let unread = Some("the parser could not read this part of it");
    for (text, expected, why, options_why) in [
        (format!("import {{ more, \n\n{parts}  {csrf}\n}});"), vec!["admin"], None, None),
        (format!("export async function helper( {{\n{parts}  {csrf}\n}});"), vec!["admin"], None, None),
        (format!("{parts}  databaseHooks: {{ before: async (user) => {{\n  {csrf}\n}});"), vec!["admin"], None, None),
        (format!("{parts}  databaseHooks: {{ before: () => {{ if (user. }} }},\n  {csrf}\n}});"), vec!["admin"], None, None),
        (format!("{parts}  emailAndPassword: {{ enabled: true,\n  {csrf}\n}});"), vec!["admin"], None, unread),
        (
            format!("export const auth = betterAuth({{\n  plugins: [admin(), jwt(),\n  {csrf}\n}});"),
            vec!["admin", "jwt"],
            unread,
            unread,
        ),
        (format!("export const auth = betterAuth({{\n  plugins: [admin(), jwt(\n  {csrf}\n}});"), vec!["admin"], unread, None),
        (
            format!("export const auth = betterAuth({{\n  plugins: [admin() jwt()],\n  {csrf}\n}});"),
            vec!["admin", "jwt"],
            unread,
            None,
        ),
        (format!("export const auth = betterAuth({{\n  plugins: [admin()] // one\n  {csrf}\n}});"), vec!["admin"], None, unread),
        (format!("export const auth = betterAuth({{ plugins: [admin()] {csrf} }});"), vec!["admin"], None, unread),
        (
            format!(
                "export const auth = betterAuth({{\n  plugins: [\n    admin(),\n    twoFactor({{\n      send() {{\n        const a = `${{b/${{c\n      }},\n    }}),\n  ],\n  {csrf}\n}});"
            ),
            vec!["admin", "twoFactor"],
            None,
            None,
        ),
        (
            format!("export const auth = betterAuth({{\n  plugins: [\n    admin(),\n    jwt(),,=\n  ],\n  {csrf}\n}});"),
            vec!["admin"],
            unread,
            None,
        ),
        (
            format!(
                "const plugins = [admin()];\nif (on) plugins.push(jwt(;\nexport const auth = betterAuth({{\n  plugins,\n  {csrf}\n}});"
            ),
            vec!["admin"],
            unread,
            None,
        ),
        (
            format!(
                "function list() {{\n  return [jwt(;\n  return [admin()];\n}}\nexport const auth = betterAuth({{\n  plugins: list(),\n  {csrf}\n}});"
            ),
            vec![],
            unread,
            None,
        ),
        (
            format!("const list = [jwt(;\nexport const auth =\n  betterAuth({{\n    plugins: list,\n    {csrf}\n  }});"),
            vec![],
            unread,
            None,
        ),
    ] {
        let model = server(&text);
        assert_eq!(plugins(&model), expected, "{text}");
        assert_eq!(open(&model).first().copied(), why, "{text}");
        assert_eq!(option(&model, &["advanced", "disableCSRFCheck"]), "Bool(true)", "{text}");
        let options = model.servers[0].options.object().expect("options");
        assert_eq!(options.open.first().map(|why| why.reason.as_str()), options_why, "{text}");
        assert!(!model.questions().is_empty(), "{text}");
        let asked = model.undetermined.iter().filter(|open| Some(open.reason.as_str()) == unread);
        let sites: Vec<_> = asked.map(|open| &open.site).collect();
        let distinct: std::collections::BTreeSet<_> = sites.iter().collect();
        assert_eq!(sites.len(), distinct.len(), "one question for one place: {text}");
    }
}

#[test]
fn what_the_grammar_lacks_opens_no_question() {
    for line in [
        "const rows = sql<{ count: number }>`select 1`;",
        "import defer * as later from \"./later\";",
        "export  type  *  from \"./t\";",
    ] {
        let with = server(&format!("{line}\nexport const auth = betterAuth({{ plugins: [admin()] }});"));
        let without = server("\nexport const auth = betterAuth({ plugins: [admin()] });");
        assert_eq!(with.questions(), without.questions(), "{line}");
        assert_eq!(plugins(&with), ["admin"], "{line}");
    }
}

#[test]
fn of_tables_of_one_name_the_ones_that_are_migrated_count_where_the_adapter_is_not_followed() {
    let auth = "import { betterAuth } from \"better-auth\";\nimport { drizzleAdapter } from \"better-auth/adapters/drizzle\";\n\
                export const auth = betterAuth({ database: drizzleAdapter(databases.of(1), { provider: \"pg\" }) });\n";
    let table = |name: &str, physical: &str| {
        format!(
            "import {{ pgTable, text }} from \"drizzle-orm/pg-core\";\nexport const {name} = pgTable(\"{physical}\", {{ id: text(\"id\") }});\n"
        )
    };
    let config = "import { defineConfig } from \"drizzle-kit\";\n\
                  export default defineConfig({ dialect: \"postgresql\", schema: \"./server/schema/index.ts\" });\n";
    let (users, stray, other) = (table("users", "users"), table("user", "user"), table("session", "session"));
    let files = [
        ("src/auth.ts", auth),
        ("server/schema/index.ts", "export * from \"./auth\";"),
        ("server/schema/auth.ts", &users),
        ("auth-schema.ts", &stray),
        ("sessions.ts", &other),
    ];
    let found = |files: &[(&str, &str)]| -> Vec<String> {
        let model = model(files);
        let lookup = &model.servers[0].declared.lookup;
        let user = lookup.find("user").map(|table| table.file.to_string());
        user.chain(lookup.find("session").map(|table| table.file.to_string())).collect()
    };
    let all = ["auth-schema.ts", "server/schema/auth.ts", "sessions.ts"];
    assert_eq!(found(&files), all);
    let configured = [files.as_slice(), &[("drizzle.config.ts", config)]].concat();
    assert_eq!(found(&configured), all[1..], "a table that only one file has stays");
}

#[test]
fn the_second_argument_of_a_plugin_decides_about_its_options() {
    let renamed = |module: &str, arguments: &str| {
        let auth = format!(
            "import {{ betterAuth }} from \"better-auth\";\nimport {{ apiKey }} from \"{module}\";\nexport const auth = betterAuth({{ plugins: [apiKey({arguments})] }});"
        );
        let lock = r#"{ "packages": { "node_modules/better-auth": { "version": "1.6.22" }, "node_modules/@better-auth/api-key": { "version": "1.6.22" } } }"#;
        let model = model(&[("src/auth.ts", &auth), ("package-lock.json", lock)]);
        let enabled = model.servers[0].plugins[0].options.get(&["rateLimit", "enabled"]).is_some();
        (model.servers[0].required.tables["apikey"].model.clone(), enabled)
    };
    let schema = |name: &str| format!("{{ schema: {{ apikey: {{ modelName: \"{name}\" }} }} }}");
    let (keys, others) = (schema("keys"), schema("others"));
    let own = "@better-auth/api-key";
    assert_eq!(renamed(own, &keys).0, "keys");
    assert_eq!(renamed(own, &format!("{{ rateLimit: {{ enabled: true }} }}, {keys}")), ("keys".to_owned(), true));
    assert_eq!(renamed(own, &format!("{others}, {keys}")).0, "keys");
    assert_eq!(renamed(own, &format!("{keys}, {{}}")).0, "apikey", "the schema of the first is not read then");
    assert_eq!(renamed(own, &format!("{keys}, undefined")).0, "keys");
    assert_eq!(renamed(own, &format!("[{{ configId: \"a\" }}], {keys}")).0, "keys");
}

#[test]
fn functions_that_import_a_module_by_its_name_are_followed() {
    let make = "export async function make() {\n  const { betterAuth } = await esmImport(\"better-auth\");\n  const { admin: more } = await esmImport(\"better-auth/plugins\");\n\
                \u{20} return betterAuth({ plugins: [more()] });\n}";
    let elsewhere =
        ("src/esm.ts", "export const esmImport = new Function(\"s\", \"return import(s)\") as (s: string) => Promise<any>;");
    for helper in [
        "const esmImport = new Function(\"s\", \"return import(s)\") as (s: string) => Promise<any>;",
        "const esmImport = Function(\"a, s\", \"return import( s );\").bind(null, 1);",
        "const esmImport = (s: string) => import(s);",
        "async function esmImport(name: string) { return await import(name); }",
        "import { esmImport } from \"./esm\";",
        "import { loadEsm as esmImport } from \"load-esm\";",
    ] {
        let model = model(&[("src/auth.ts", &format!("{helper}\n{make}")), elsewhere]);
        if helper.contains("bind") {
            assert_eq!((model.servers.len(), model.undetermined.is_empty()), (0, false), "{helper}");
            continue;
        }
        assert_eq!(model.servers.len(), 1, "{helper}");
        assert_eq!(plugins(&model), ["admin"], "{helper}");
    }
    let other = "const esmImport = (s: string) => load(s);";
    let model = model(&[("src/auth.ts", &format!("{other}\n{make}"))]);
    assert!(model.servers.is_empty() && !model.undetermined.is_empty(), "it is said that something is not followed");
}

#[test]
fn what_scripts_change_is_as_it_was_in_the_application() {
    let options = ("src/options.ts", "export const options = { plugins: [] };");
    let auth = (
        "src/auth.ts",
        "import { betterAuth } from \"better-auth\";\nimport { options } from \"./options\";\nexport const auth = betterAuth(options);",
    );
    let change = "import { options } from \"../src/options\";\nObject.assign(options, { secret: process.env.OTHER });";
    let changed = |files: &[(&str, &str)]| {
        let model = model(&[&[options, auth], files].concat());
        !model.servers[0].options.object().is_some_and(|options| options.open.is_empty())
    };
    assert!(!changed(&[("scripts/generate.ts", change)]));
    assert!(changed(&[("lib/generate.ts", change)]));
    let user = ("src/user.ts", "import \"../scripts/generate\";");
    assert!(changed(&[("scripts/generate.ts", change), user]), "the application runs it");
}

#[test]
fn packages_of_one_name_belong_to_their_workspaces() {
    let workspace = |root: &str| {
        let auth = "import { betterAuth } from \"better-auth\";\nimport { plugins } from \"@acme/plugins\";\nexport const auth = betterAuth({ plugins });";
        let plugin = if root.is_empty() { "admin" } else { "jwt" };
        let plugins = format!("import {{ {plugin} }} from \"better-auth/plugins\";\nexport const plugins = [{plugin}()];");
        let manifest = |rest: &str| format!("{{ {rest}\"dependencies\": {{ \"better-auth\": \"1.7.0\" }} }}");
        vec![
            (format!("{root}package.json"), manifest("\"workspaces\": [\"packages/*\"], ")),
            (format!("{root}packages/plugins/package.json"), manifest("\"name\": \"@acme/plugins\", \"main\": \"index.ts\", ")),
            (format!("{root}packages/plugins/index.ts"), plugins),
            (
                format!("{root}packages/auth/package.json"),
                "{ \"name\": \"@acme/auth\", \"dependencies\": { \"@acme/plugins\": \"*\" } }".to_owned(),
            ),
            (format!("{root}packages/auth/auth.ts"), auth.to_owned()),
        ]
    };
    for order in [["", "templates/one/"], ["templates/one/", ""]] {
        let files: Vec<(String, String)> = order.into_iter().flat_map(workspace).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let model = model(&files);
        let of = |at: usize| model.servers[at].plugins.iter().map(|plugin| plugin.name.as_str()).collect::<Vec<_>>();
        assert_eq!((&*model.servers[0].at.file, of(0)), ("packages/auth/auth.ts", vec!["admin"]));
        assert_eq!((&*model.servers[1].at.file, of(1)), ("templates/one/packages/auth/auth.ts", vec!["jwt"]));
    }
}

#[test]
fn what_tests_and_examples_leave_open_is_told_around_the_model() {
    let auth = "import { betterAuth } from \"better-auth\";\nimport { own } from \"elsewhere\";\nexport const auth = betterAuth({ database: own(), plugins: [...more()] });";
    for (path, asks) in [("src/auth.ts", true), ("tests/auth.ts", false), ("examples/app/auth.ts", false)] {
        let model = model(&[(path, auth)]);
        assert_eq!(!model.undetermined.is_empty(), asks, "{path}: {:?}", model.undetermined);
        assert!(!model.questions().is_empty(), "{path}");
    }
}

#[test]
fn the_branches_that_make_one_call_are_not_multiplied() {
    let auth = "import { betterAuth } from \"better-auth\";\n\
         import { drizzleAdapter } from \"better-auth/adapters/drizzle\";\n\
         import { drizzle } from \"drizzle-orm/d1\";\n\
         export async function getAuth(env: Env, request: Request) {\n\
           return betterAuth({ secret: env.SECRET, baseURL: env.URL || \"http://localhost\", trustedOrigins: [env.URL, env.MORE].filter(Boolean),\n\
             database: drizzleAdapter(drizzle(env.DB), { provider: \"sqlite\" }) });\n\
         }";
    let guard = "import { getAuth } from \"./auth\";\n\
         export async function requireUser(request: Request, env: Env) { return (await getAuth(env, request)).api.getSession(request); }\n\
         export async function requireOwner(request: Request, env: Env) { return requireUser(request, env); }";
    for (guard, handler, calls, secret) in [
        (
            "",
            "export default { fetch:",
            "const auth = await getAuth(env, request); await auth.handler(request);",
            "Env(\"SECRET\")",
        ),
        (
            guard,
            "export const routes = { handle:",
            "await requireUser(request, env); await requireOwner(request, env);",
            "callers decide",
        ),
    ] {
        let branch = |number| format!("if (path === \"/{number}\" && request.method === \"POST\") {{ {calls} return ok; }}\n");
        let branches: String = (0..12).map(branch).collect();
        let index = format!(
            "import {{ getAuth }} from \"./auth\";\nimport {{ requireOwner, requireUser }} from \"./guard\";\n\
             {handler} async (request: Request, env: Env) => {{\n const path = new URL(request.url).pathname;\n{branches}}} }};"
        );
        let model = model(&[("src/auth.ts", auth), ("src/guard.ts", guard), ("src/index.ts", &index)]);
        let server = &model.servers[0];
        assert_eq!(server.adapter.kind, AdapterKind::Drizzle, "{handler}");
        let Lookup::Found(found) = server.options.lookup(&["secret"]) else { panic!("{handler}") };
        assert!(found.len() == 1 && format!("{:?}", found[0].node.value).contains(secret), "{found:?}");
        assert_eq!(open(&model), [""; 0], "{handler}");
    }
}

#[test]
fn what_a_condition_decides_is_asked_once() {
    let options = "{ ...(cache ? { secondaryStorage: cache } : {}), rateLimit: cache ? { storage: \"database\" } : { storage: \"memory\" } }";
    let model = server(&format!("import {{ cache }} from \"cache\";\nexport const auth = betterAuth({options});"));
    let reasons: Vec<&str> = model.servers[0].required.open.iter().map(|why| why.reason.as_str()).collect();
    assert!(!reasons.is_empty() && reasons.iter().all(|reason| !reason.contains("!(")), "{reasons:?}");
}

#[test]
fn nothing_is_served_while_the_application_is_built() {
    for (guard, is_kept_out) in [
        ("process.env.BUILD_TIME", true),
        ("!!process.env.IS_BUILDING", true),
        ("process.env.NEXT_BUILD", true),
        ("building", true),
        ("process.env.BUILD_ENV", false),
        ("process.env.REBUILD", false),
        ("process.env.SKIP_ENV_VALIDATION", false),
    ] {
        let model = server(&format!(
            "import {{ building }} from \"$app/environment\";\nexport const auth = betterAuth({{ secret: {guard} ? \"built\" : process.env.SECRET }});"
        ));
        let Lookup::Found(found) = model.servers[0].options.lookup(&["secret"]) else { panic!("{guard}") };
        assert_eq!(found[0].outside_production(), is_kept_out, "{guard}");
    }
}

#[test]
fn what_a_module_of_nuxt_takes_is_a_server_and_a_client() {
    let auth = "import { defineServerAuth } from \"@onmax/nuxt-better-auth/config\";\nimport { admin } from \"better-auth/plugins\";\n\
                export default defineServerAuth(({ runtimeConfig }) => ({ plugins: [admin()], secret: runtimeConfig.secret }));";
    let client = "import { defineClientAuth } from \"@onmax/nuxt-better-auth/config\";\nimport { adminClient } from \"better-auth/client/plugins\";\n\
                  export default defineClientAuth({ plugins: [adminClient()] });";
    let found = model(&[("server/auth.config.ts", auth), ("app/auth.config.ts", client)]);
    assert_eq!(plugins(&found), ["admin"]);
    assert_eq!(found.servers[0].adapter.kind, AdapterKind::Other);
    assert_eq!(found.clients[0].plugins[0].name, "adminClient");
    let other = auth.replace("@onmax/nuxt-better-auth/config", "elsewhere");
    assert!(model(&[("server/auth.config.ts", &other)]).servers.is_empty());
    // What it gives to the function is not known.
    let flagged = auth.replace(
        "({ plugins: [admin()], secret: runtimeConfig.secret })",
        "{ const plugins = [];\n if (runtimeConfig.flag) plugins.push(admin());\n return { plugins, database: runtimeConfig.db }; }",
    );
    let found = model(&[("server/auth.config.ts", &flagged)]);
    assert_eq!(plugins(&found), ["admin?"]);
    assert_eq!(found.servers[0].adapter.kind, AdapterKind::Unknown);
}

#[test]
fn the_plugin_for_another_domain_of_convex_needs_no_tables() {
    let auth = "import { betterAuth } from \"better-auth\";\nimport { convex, crossDomain } from \"@convex-dev/better-auth/plugins\";\n\
                export const auth = betterAuth({ plugins: [convex({ authConfig: {} }), crossDomain({ siteUrl: \"https://a.example\" })] });";
    let model = model(&[("convex/auth.ts", auth)]);
    assert!(model.servers[0].required.open.is_empty(), "{:?}", model.servers[0].required.open);
}

#[test]
fn the_component_of_convex_brings_what_better_auth_itself_needs() {
    let comparison = |plugins: &str, config: &str| {
        let auth = format!(
            "import {{ createClient }} from \"@convex-dev/better-auth\";\nimport {{ convex }} from \"@convex-dev/better-auth/plugins\";\n\
             import {{ betterAuth }} from \"better-auth\";\nimport {{ organization }} from \"better-auth/plugins\";\n\
             import {{ components }} from \"./_generated/api\";\nconst component = createClient(components.betterAuth);\n\
             export const createAuth = (ctx) => betterAuth({{ database: component.adapter(ctx), plugins: [{plugins}] }});"
        );
        let config = format!(
            "import {{ defineApp }} from \"convex/server\";\nimport betterAuth from \"{config}\";\nconst app = defineApp();\napp.use(betterAuth);\nexport default app;"
        );
        let model = model(&[("convex/auth.ts", &auth), ("convex/convex.config.ts", &config)]);
        model.servers[0].comparison.clone()
    };
    let installed = "@convex-dev/better-auth/convex.config";
    assert!(matches!(comparison("convex({ authConfig })", installed), SchemaState::NotApplicable(_)));
    for (plugins, config) in [
        ("convex({ authConfig }), organization()", installed),
        ("convex({ authConfig }), ...others", installed),
        ("convex({ authConfig })", "./betterAuth/convex.config"),
    ] {
        let found = comparison(plugins, config);
        assert!(matches!(found, SchemaState::Undetermined(_)), "{plugins} {config}: {found:?}");
    }
}

#[test]
fn a_client_may_be_made_by_what_a_parameter_is_by_default() {
    let client = "import { createAuthClient } from \"better-auth/react\";\n\
                  export function createClient(make: typeof createAuthClient = createAuthClient, env?: Env) {\n  return make({ baseURL: \"https://a.example\" });\n}\n\
                  export const authClient = createClient();";
    let found = model(&[("src/client.ts", client)]);
    let [only] = found.clients.as_slice() else { panic!("one client: {:?}", found.clients) };
    assert_eq!(only.module, "better-auth/react");
    // What else is called by the name makes none.
    let other = client.replace("createClient();", "createClient(fake);\nfunction fake(options) { return options; }");
    assert!(model(&[("src/client.ts", &other)]).clients.is_empty());
}

#[test]
fn an_empty_object_is_no_database() {
    let found = server("export const auth = betterAuth({ database: {} as never, plugins: [admin()] });");
    assert_eq!(found.servers[0].adapter.kind, AdapterKind::Unknown);
    assert!(matches!(found.servers[0].comparison, SchemaState::NotApplicable(_)), "{:?}", found.servers[0].comparison);
    let found = server("export const auth = betterAuth({ database: { ...given }, plugins: [admin()] });");
    assert_ne!(found.servers[0].adapter.kind, AdapterKind::Unknown);
}

#[test]
fn an_empty_object_that_has_a_name_may_be_filled() {
    for code in [
        "const db: any = {};\ninit(db);\nexport const auth = betterAuth({ database: db });",
        "const env = { db: {} };\nsetup(env);\nexport const auth = betterAuth({ database: env.db });",
        "const database: any = {};\nexport const auth = betterAuth({ database });",
    ] {
        let found = server(code);
        let state = &found.servers[0].comparison;
        assert!(matches!(state, SchemaState::Undetermined(_)), "{code}: {state:?}");
    }
}

#[test]
fn what_drizzle_kit_pulls_is_no_schema_beside_the_one_it_reads() {
    let auth = "import { betterAuth } from \"better-auth\";\nimport { drizzleAdapter } from \"better-auth/adapters/drizzle\";\n\
                export const makeAuth = (db) => betterAuth({ database: drizzleAdapter(db, { provider: \"pg\" }) });";
    let table = |more: &str| {
        format!(
            "import {{ pgTable, text }} from \"drizzle-orm/pg-core\";\nexport const user = pgTable(\"user\", {{ id: text().primaryKey(){more} }});\n"
        )
    };
    let config = "import { defineConfig } from \"drizzle-kit\";\n\
                  export default defineConfig({ dialect: \"postgresql\", schema: \"./src/schema.ts\", out: \"./drizzle\" });";
    let files_of = |name: &str| -> Vec<String> {
        let found = model(&[
            ("packages/auth/package.json", r#"{ "name": "auth", "dependencies": { "better-auth": "1.7.25" } }"#),
            ("packages/auth/src/auth.ts", auth),
            ("packages/db/package.json", r#"{ "name": "db" }"#),
            ("packages/db/drizzle.config.ts", config),
            ("packages/db/src/schema.ts", &table("").replace("user", name)),
            ("packages/db/drizzle/schema.ts", &table(", name: text()")),
        ]);
        let tables = &found.servers[0].declared.lookup.tables;
        tables.iter().map(|(_, table)| table.file.to_string()).collect()
    };
    assert_eq!(files_of("user"), ["packages/db/src/schema.ts"]);
    assert_eq!(files_of("post").len(), 2, "nothing else declares it");
}
