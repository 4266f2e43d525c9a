//! The knowledge packs against what the library itself computes.
//!
//! `fixtures/measured/exports.json` lists which of the packs' exports the modules of eight releases have.
//! `fixtures/measured/schemas.json` holds the answer of `getAuthTables()` of sixteen releases to 84 configurations, as
//! additions to the core tables of the release. A column is written `type [required] [unique] [index] [column=name]
//! [->table.column] [default=value]`; defaults are kept for the newest release alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use git_auth_review::facts::module::Text;
use git_auth_review::knowledge::{Export, Need, Plugin, pack};
use git_auth_review::project::PluginUse;
use git_auth_review::project::schema::Required;
use git_auth_review::project::schema::required::required;
use git_auth_review::project::value::{Array, FunctionValue, Item, Node, Object, Property, Value};
use git_auth_review::project::version::Version;
use git_auth_review::source::{Site, Span};
use nodejs_semver::Version as Release;
use serde_json::Value as Json;

fn site() -> Site {
    Site::new(&Arc::from("auth.ts"), Span::default())
}

/// Options as values. `"$fn"` and the like stand for something the project made.
fn node(json: &Json) -> Node {
    let property = |(key, value): (&String, &Json)| Property {
        key: key.as_str().into(),
        key_at: site(),
        node: node(value),
        conditions: Vec::new(),
    };
    let value = match json {
        Json::Null => Value::Undefined,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(value) => Value::Number(value.as_f64().expect("finite")),
        Json::String(text) if text.starts_with('$') => Value::Function(FunctionValue { file: "auth.ts".into(), scope: 0 }),
        Json::String(text) => Value::Text(Text::Plain(text.clone())),
        Json::Array(items) => {
            let item = |item| Item { node: node(item), conditions: Vec::new() };
            Value::Array(Array { items: items.iter().map(item).collect(), open: Vec::new() })
        }
        Json::Object(object) => Value::Object(Object { properties: object.iter().map(property).collect(), ..Object::default() }),
    };
    Node { value, at: site() }
}

fn version(text: &str) -> Version {
    Version { resolved: Some(Release::parse(text).expect("a version")), ..Version::default() }
}

fn plugin_use(name: &str, module: &str, options: &Json) -> PluginUse {
    PluginUse {
        name: name.into(),
        module: module.into(),
        known: pack().plugin_for(module, name),
        release: None,
        at: site(),
        conditions: Vec::new(),
        options: node(options),
        definition: None,
    }
}

/// Table by key: its name and its columns in the notation of the fixture.
type Tables = BTreeMap<String, (String, BTreeMap<String, String>)>;

fn computed(required: &Required, defaults: bool) -> Tables {
    let tables = required.tables.iter().map(|(key, table)| {
        let columns = table.columns.iter().map(|column| {
            let mut words = vec![column.kind.clone()];
            let flags = [(column.required, "required"), (column.unique, "unique"), (column.index, "index")];
            words.extend(flags.iter().filter(|(set, _)| *set).map(|(_, word)| (*word).to_owned()));
            if column.name != column.key {
                words.push(format!("column={}", column.name));
            }
            if let Some((table, column)) = &column.references {
                words.push(format!("->{table}.{column}"));
            }
            if let Some(default) = column.default.as_ref().filter(|_| defaults) {
                words.push(format!("default={default}"));
            }
            (column.key.clone(), words.join(" "))
        });
        (key.clone(), (table.model.clone(), columns.collect()))
    });
    tables.collect()
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
            let entry = tables.entry(key.clone()).or_insert_with(|| (key.clone(), BTreeMap::new()));
            if let Some(model) = table["modelName"].as_str() {
                entry.0 = model.to_owned();
            }
            for (column, words) in table["columns"].as_object().expect("columns") {
                entry.1.insert(column.clone(), words.as_str().expect("text").to_owned());
            }
        }
    }
    for absent in case["absent"].as_array().into_iter().flatten() {
        tables.remove(absent.as_str().expect("a key"));
    }
    // Up to 1.5 a foreign key names the renamed table.
    let keys: BTreeMap<String, String> = tables.iter().map(|(key, (model, _))| (model.clone(), key.clone())).collect();
    for (_, columns) in tables.values_mut() {
        for words in columns.values_mut() {
            let Some(at) = words.find("->").map(|at| at + 2) else { continue };
            let end = at + words[at..].find('.').expect("table.column");
            if let Some(key) = keys.get(&words[at..end]) {
                words.replace_range(at..end, key);
            }
        }
    }
    tables
}

#[test]
fn the_packs_agree_with_the_measured_schemas() {
    let fixture: Json = serde_json::from_str(include_str!("fixtures/measured/schemas.json")).expect("JSON");
    let releases: Vec<&str> = fixture["versions"].as_array().expect("a list").iter().map(|v| v.as_str().expect("text")).collect();
    let newest = releases.len() - 1;
    assert_eq!(releases[newest], pack().core.newest.to_string());
    let cases = fixture["cases"].as_object().expect("cases");
    let mut compared = 0;
    let mut differences = Vec::new();
    for (place, release) in releases.iter().enumerate() {
        let core = segment(&cases["core"], &releases, place);
        for (name, case) in cases {
            let answer = segment(case, &releases, place);
            if answer.get("error").is_some() {
                continue;
            }
            let plugins: Vec<PluginUse> = case["plugins"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|plugin| {
                    let name = plugin["name"].as_str().expect("a name");
                    plugin_use(name, answer["from"][name].as_str().expect("a module"), &plugin["options"])
                })
                .collect();
            let required = required(&version(release), &node(&case["options"]), &plugins);
            let expected = measured(core, answer);
            let found = computed(&required, place == newest);
            compared += 1;
            for key in expected.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
                if expected.get(key) != found.get(key) {
                    differences.push(format!(
                        "{release} {name}: {key}\n  measured {:?}\n  computed {:?}",
                        expected.get(key),
                        found.get(key)
                    ));
                }
            }
            if !required.open.is_empty() {
                differences.push(format!("{release} {name}: open {:?}", required.open));
            }
        }
    }
    assert!(differences.is_empty(), "{} differences in {compared} schemas:\n{}", differences.len(), differences.join("\n"));
    assert!(compared > 1000, "only {compared} schemas were compared");
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
fn packages_that_count_their_releases_in_their_own_way_have_no_ranges() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/packs/better-auth/plugins");
    let shares = |export: &Export| export.module.starts_with("better-auth/") || export.module.starts_with("@better-auth/");
    let mut seen = 0;
    for name in files() {
        let text = std::fs::read_to_string(folder.join(&name)).expect("readable");
        let plugin = pack().plugins().find(|plugin| text.contains(&plugin.server_snippet)).expect("compiled in");
        if !plugin.exports.iter().any(shares) {
            assert!(!text.contains("versions"), "{name}");
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
