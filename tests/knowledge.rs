//! The knowledge packs against what the library itself computes.
//!
//! `rules/packs/measure` writes the fixtures. `fixtures/measured/exports.json` lists which of the packs' exports the
//! modules of the last release of each minor have. `fixtures/measured/schemas.json` holds the answers of
//! `getAuthTables()` of many releases to the configurations of `cases.mjs`, as additions to the core tables of the
//! release; a release that answers as the one before it is left out. A column is written `type [required] [unique] [index] [column=name]
//! [->table.column [no-cascade]] [default=value]`; defaults are kept for the newest release alone. A key over several
//! columns is written `[unique] column column`.

mod configurations;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use configurations::{Configuration, PluginCall, Table, Tables, required, without_defaults};
use git_auth_review::facts::lower::CLIENT_METHODS;
use git_auth_review::knowledge::frameworks::frameworks;
use git_auth_review::knowledge::{Export, Need, Plugin, pack};
use nodejs_semver::Version as Release;
use rayon::prelude::*;
use serde_json::Value as Json;

/// The configuration as a module: everything in one literal.
fn module(configuration: &Configuration) -> String {
    let mut imports = String::from("import { betterAuth } from \"better-auth\";\n");
    let mut calls = Vec::new();
    for PluginCall { name, module, options } in &configuration.plugins {
        let _ = writeln!(imports, "import {{ {name} }} from \"{module}\";");
        let argument = if options.is_null() { String::new() } else { literal(options) };
        calls.push(format!("{name}({argument})"));
    }
    let options = if configuration.options.is_null() { "{}".into() } else { literal(&configuration.options) };
    format!(
        "{imports}import {{ createAccessControl }} from \"better-auth/plugins/access\";\n\
         import {{ store }} from \"./store\";\n\
         const ac = createAccessControl({{ project: [\"create\"] }});\n\
         export const auth = betterAuth({{ ...{options}, plugins: [{}] }});\n",
        calls.join(", ")
    )
}

/// JSON is TypeScript but for what it cannot express.
fn literal(json: &Json) -> String {
    json.to_string().replace("\"$fn\"", "async () => ({})").replace("\"$store\"", "store").replace("\"$ac\"", "ac")
}

/// The segment of a case that holds for the release at `place` in the list of releases.
fn segment<'m>(case: &'m Json, releases: &[&str], place: usize) -> &'m Json {
    let segments = case["measured"].as_array().expect("a list");
    let begins = |segment: &Json| releases.iter().position(|release| segment["since"] == *release).expect("a measured release");
    segments.iter().rev().find(|segment| begins(segment) <= place).expect("segments begin with the first release")
}

fn measured(core: &Json, case: &Json) -> Tables {
    let mut tables = Tables::new();
    for segment in [core, case] {
        for (key, table) in segment["tables"].as_object().expect("tables") {
            let usual = || Table { model: key.clone(), ..Table::default() };
            tables.entry(key.clone()).or_insert_with(usual).read(table);
        }
    }
    for absent in case["absent"].as_array().into_iter().flatten() {
        tables.remove(absent.as_str().expect("a key"));
    }
    tables
}

/// The configuration of a case as a release has its plugins.
fn configuration(case: &Json, answer: &Json) -> Configuration {
    let call = |plugin: &Json| {
        let name = plugin["name"].as_str().expect("a name");
        let module = answer["from"][name].as_str().expect("a module");
        PluginCall { name: name.into(), module: module.into(), options: plugin["options"].clone() }
    };
    let plugins = case["plugins"].as_array().into_iter().flatten().map(call).collect();
    Configuration { plugins, options: case["options"].clone() }
}

#[test]
#[expect(clippy::print_stdout, reason = "a zero among the differences means little without the number of comparisons")]
fn sources_require_what_the_library_computes() {
    let fixture: Json = serde_json::from_str(include_str!("fixtures/measured/schemas.json")).expect("JSON");
    let releases: Vec<&str> = fixture["versions"].as_array().expect("a list").iter().map(|v| v.as_str().expect("text")).collect();
    let newest = *releases.last().expect("releases");
    assert_eq!(newest, pack().core.newest.to_string());
    let cases = fixture["cases"].as_object().expect("cases");
    let store = "export const store = { get: async () => null, set: async () => {}, delete: async () => {} };\n";
    let compare = |place: usize, name: &str| -> Option<Vec<String>> {
        let (core, answer) = (segment(&cases["core"], &releases, place), segment(&cases[name], &releases, place));
        if answer.get("error").is_some() {
            return None;
        }
        let module = module(&configuration(&cases[name], answer));
        let files = [("auth.ts", module.as_str()), ("store.ts", store)].map(|(path, text)| (path.to_owned(), text.to_owned()));
        let at = format!("{} {name}", releases[place]);
        let mut found = match required(releases[place], files.into()) {
            Ok(found) => found,
            Err(why) => return Some(vec![format!("{at}: {why}\n{module}")]),
        };
        if releases[place] != newest {
            without_defaults(&mut found);
        }
        let expected = measured(core, answer);
        let keys: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
        let different = keys.into_iter().filter(|key| expected.get(*key) != found.get(*key));
        Some(different.map(|key| format!("{at}: {key}\n  {:?}\n  {:?}", expected.get(key), found.get(key))).collect())
    };
    let pairs: Vec<(usize, &str)> =
        (0..releases.len()).flat_map(|place| cases.keys().map(move |name| (place, name.as_str()))).collect();
    let compared: Vec<Vec<String>> = pairs.par_iter().filter_map(|(place, name)| compare(*place, name)).collect();
    println!("compared {} schemas", compared.len());
    assert!(compared.len() > 1000, "only {} schemas were compared", compared.len());
    let differences = compared.concat();
    assert!(differences.is_empty(), "{} differences, measured first:\n{}", differences.len(), differences.join("\n"));
}

/// The names of the plugin files, from the folder.
fn files() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/packs/better-auth/plugins");
    let entries = std::fs::read_dir(folder).expect("the folder of the packs");
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect()
}

#[test]
fn every_file_is_compiled_in_and_read() {
    assert_eq!(files().len(), pack().plugins().count());
    let names: BTreeSet<&str> = pack().plugins().map(|plugin| plugin.name.as_str()).collect();
    assert_eq!(names.len(), pack().plugins().count(), "two plugins have the same name");
}

#[test]
fn frameworks_can_be_told_apart() {
    let mut signs = BTreeSet::new();
    for framework in frameworks() {
        let own: Vec<&String> = framework.packages.iter().chain(&framework.modules).collect();
        assert!(!own.is_empty() || !framework.servers.is_empty(), "nothing tells {}", framework.name);
        own.into_iter().for_each(|sign| assert!(signs.insert(sign), "`{sign}` is said of two"));
    }
}

#[test]
fn packages_that_count_their_releases_in_their_own_way_say_which_were_measured() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/packs/better-auth/plugins");
    let shares = |export: &Export| export.module.starts_with("better-auth/") || export.module.starts_with("@better-auth/");
    let mut seen = 0;
    for name in files() {
        let text = std::fs::read_to_string(folder.join(&name)).expect("readable");
        let plugin = pack().plugins().find(|plugin| text.contains(&plugin.server_snippet)).expect("compiled in");
        if !plugin.exports.iter().any(shares) {
            assert_eq!(plugin.measured.is_empty(), !plugin.adds_schema(), "{name}");
            assert!(!plugin.measured.is_empty() || !text.contains("versions"), "{name}");
            seen += 1;
        }
    }
    assert!(seen > 5, "only {seen} packs of other packages");
}

#[test]
fn every_plugin_can_be_found_by_each_of_its_imports() {
    for plugin in pack().plugins() {
        assert!(!plugin.exports.is_empty(), "{}", plugin.name);
        for export in &plugin.exports {
            let found = pack().plugin_for(&export.module, &export.name).expect("an import of the pack");
            assert_eq!(found.name, plugin.name, "{} is imported from {} twice", plugin.name, export.module);
        }
        for module in plugin.client.iter().flat_map(|client| &client.modules) {
            let (owner, _) = pack().client_for(&module.module, &module.name).expect("an import of the pack");
            assert_eq!(owner.name, plugin.name);
        }
    }
    assert!(pack().plugin_for("better-auth/plugins", "createAuthMiddleware").is_none());
    assert!(pack().client_for("better-auth/client/plugins", "passkey").is_none());
}

#[test]
fn imports_agree_with_the_measured_exports() {
    let measured: BTreeMap<&str, BTreeMap<&str, BTreeSet<&str>>> =
        serde_json::from_str(include_str!("fixtures/measured/exports.json")).expect("JSON");
    let mut differences = Vec::new();
    for (release, modules) in &measured {
        let version = Release::parse(release).expect("a version");
        let clients = pack().plugins().filter_map(|plugin| plugin.client.as_ref()).flat_map(|client| &client.modules);
        let stated: Vec<_> = pack().plugins().flat_map(|plugin| &plugin.exports).chain(clients).collect();
        for (module, names) in modules {
            for name in names {
                if pack().plugin_for(module, name).is_none() && pack().client_for(module, name).is_none() {
                    differences.push(format!("{release}: `{name}` of `{module}` is not in the packs"));
                }
            }
            for export in stated.iter().filter(|export| export.module == **module) {
                if export.versions.contains(&version) != names.contains(export.name.as_str()) {
                    differences.push(format!("{release}: `{}` of `{module}` against {}", export.name, export.versions));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_plugin_says_what_the_reports_need() {
    let newest = &pack().core.newest;
    for Plugin { name, summary, docs, client, without_client, client_snippet, server_snippet, .. } in pack().plugins() {
        assert!(docs.starts_with("https://www.better-auth.com/docs/"), "{name}: {docs}");
        assert!(!summary.is_empty() && summary.len() <= 80 && !summary.ends_with('.'), "{name}: {summary}");
        assert!(server_snippet.contains("import ") && server_snippet.contains("plugins: ["), "{name}: {server_snippet}");
        let current = pack().plugin(name).expect("itself").client_at(newest);
        if let Some(client) = current {
            let snippet = client_snippet.as_deref().unwrap_or_default();
            assert!(snippet.contains(&client.name), "{name}: {snippet}");
        } else {
            assert!(without_client.is_some(), "{name} must say why its client needs no plugin");
        }
        for method in client.iter().flat_map(|client| &client.calls) {
            assert!(CLIENT_METHODS.contains(&method.as_str()), "{name}: `{method}` is not looked for");
        }
        for reason in client.iter().map(|client| &client.reason).chain(without_client) {
            assert!(reason.ends_with('.') && reason.len() <= 160, "{name}: {reason}");
        }
    }
}

#[test]
fn snippets_import_from_where_the_newest_release_has_it() {
    let newest = &pack().core.newest;
    for plugin in pack().plugins() {
        let imports = |snippet: &str, module: &str| snippet.contains(&format!("from \"{module}\""));
        if plugin.exports_at(newest).next().is_some() {
            let mut homes = plugin.exports_at(newest);
            assert!(homes.any(|home| imports(&plugin.server_snippet, &home.module)), "{}", plugin.server_snippet);
        }
        if let Some(client) = plugin.client_at(newest) {
            let snippet = plugin.client_snippet.as_deref().expect("checked elsewhere");
            let mut homes = client.modules.iter().filter(|module| module.versions.contains(newest));
            assert!(homes.any(|home| imports(snippet, &home.module)), "{snippet}");
        }
    }
}

#[test]
fn snippets_are_typescript() {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into()).expect("the grammar fits the parser");
    for plugin in pack().plugins() {
        for snippet in plugin.client_snippet.iter().chain([&plugin.server_snippet]) {
            assert!(snippet.lines().count() <= 4, "{snippet}");
            let tree = parser.parse(snippet, None).expect("no limit is set");
            assert!(!tree.root_node().has_error(), "{snippet}");
        }
    }
}

#[test]
fn tables_are_sound() {
    const KINDS: [&str; 8] = ["string", "number", "bigint", "boolean", "date", "string[]", "number[]", "json"];
    let newest = &pack().core.newest;
    let core = pack().core.tables.iter();
    let tables: Vec<_> = core.chain(pack().plugins().flat_map(|plugin| &plugin.tables)).collect();
    for table in &tables {
        let owned = tables.iter().any(|other| other.key == table.key && !other.extends);
        assert!(owned, "nobody declares {} as its own", table.key);
        for name in table.keys.iter().flat_map(|key| &key.columns) {
            assert!(table.columns.iter().any(|column| column.name == *name), "{}: key over `{name}`", table.key);
        }
        let mut current = BTreeSet::new();
        for column in &table.columns {
            assert!(KINDS.contains(&column.kind.as_str()), "{}.{}: {}", table.key, column.name, column.kind);
            if column.versions.contains(newest) {
                assert!(current.insert(&column.name), "{}.{} twice", table.key, column.name);
            }
            let Some(to) = &column.references else { continue };
            let mut targets = tables.iter().filter(|other| other.key == to.table);
            let has =
                |name: &str| name == "id" || tables.iter().any(|t| t.key == to.table && t.columns.iter().any(|c| c.name == name));
            assert!(
                targets.next().is_some() && has(&to.column),
                "{}.{} points to {}.{}",
                table.key,
                column.name,
                to.table,
                to.column
            );
        }
    }
}

#[test]
fn imports_moved_with_the_releases() {
    let at = |text: &str| Release::parse(text).expect("a version");
    let homes = |name: &str, version: &str| -> Vec<String> {
        let plugin = pack().plugin(name).expect("known");
        plugin.exports_at(&at(version)).map(|export| export.module.clone()).collect()
    };
    assert_eq!(homes("passkey", "1.3.34"), ["better-auth/plugins/passkey"]);
    assert_eq!(homes("passkey", "1.4.0"), ["@better-auth/passkey"]);
    assert_eq!(homes("apiKey", "1.4.22"), ["better-auth/plugins"]);
    assert_eq!(homes("apiKey", "1.5.0"), ["@better-auth/api-key"]);
    assert!(homes("oidcProvider", "1.7.0").is_empty());
    assert!(homes("captcha", "1.1.21").is_empty());

    let generic = pack().plugin("genericOAuth").expect("known");
    assert!(generic.client_at(&at("1.6.34")).is_some());
    assert!(generic.client_at(&at("1.7.0")).is_none());
    let two_factor = pack().plugin("twoFactor").expect("known").client.as_ref().expect("has a client");
    assert_eq!(two_factor.need, Need::Essential);
    let cookies = pack().plugin_for("better-auth/react-start", "reactStartCookies").expect("known");
    assert_eq!(cookies.name, "tanstackStartCookies");
    assert!(!cookies.adds_schema());
}
