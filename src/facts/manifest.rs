//! `package.json`, `deno.json`, `tsconfig.json` and `pnpm-workspace.yaml`.

use jsonc_parser::ast::{Object, ObjectProp, Value};
use serde::{Deserialize, Serialize};

use super::secrecy;
use super::specifier::Registered;
use crate::source::Span;
use crate::syntax::{json, yaml};

/// Keys or patterns with what they lead to, in order: the shape of `exports`, `imports` and `paths`.
pub type Targets = Vec<(String, Vec<String>)>;

/// One `package.json` or `deno.json`, or an import map.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Manifest {
    /// `name`.
    pub name: Option<String>,
    /// `version`.
    pub version: Option<String>,
    /// It is never published.
    pub private: bool,
    /// `workspaces`, or Deno's `workspace`, in either of its forms: the globs as written.
    pub workspaces: Vec<String>,
    /// `catalog` and `catalogs` (bun), inside `workspaces` or beside it: catalog name (`default` for the unnamed one),
    /// package, range.
    pub catalogs: Vec<(String, String, String)>,
    /// The package manager that `packageManager` names: `pnpm`.
    pub package_manager: Option<String>,
    /// The keys of `overrides`, `resolutions` and `pnpm.overrides`: packages whose ranges are not those that are asked for.
    pub overrides: Vec<String>,
    /// Every entry of the four dependency tables: first those for running, then those for development, the optional ones
    /// and the peers. For Deno the packages of a registry that the import map leads to.
    pub dependencies: Vec<Dependency>,
    /// `scripts`, or Deno's `tasks`.
    pub scripts: Vec<Script>,
    /// `main`, `module` and `types` in this order, those that are there.
    pub entries: Vec<String>,
    /// `exports`, flattened: subpath (`.`, `./client`, `./*`) and every target it can lead to, in order.
    pub exports: Targets,
    /// `imports` of a `package.json`, flattened the same way (`#lib/*`).
    pub imports: Targets,
    /// `imports` of an import map: specifier, or with a `/` at its end the beginning of one, and what it leads to.
    pub import_map: Vec<(String, String)>,
    /// `importMap`: the file that holds the import map, which counts where there is none in place.
    pub import_map_file: Option<String>,
    /// `prisma.schema`: the file or folder of the Prisma schema.
    pub prisma_schema: Option<String>,
}

/// One entry of `scripts` or `tasks`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// Its name.
    pub name: String,
    /// What it runs, without credentials.
    pub command: String,
    /// The entry, for locations.
    pub span: Span,
}

/// One entry of a dependency table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// The package's name.
    pub name: String,
    /// The range as written, without credentials: `^1.7.0`, `workspace:*`, `catalog:auth`, `npm:other@1`; for Deno `*` where a
    /// specifier has none.
    pub range: String,
    /// In `devDependencies`.
    pub dev: bool,
    /// The entry, for locations.
    pub span: Span,
}

/// One `tsconfig.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TsConfig {
    /// `extends`, in order.
    pub extends: Vec<String>,
    /// `compilerOptions.baseUrl`.
    pub base_url: Option<String>,
    /// `compilerOptions.paths`: pattern and targets.
    pub paths: Targets,
    /// `references[].path`.
    pub references: Vec<String>,
}

/// `pnpm-workspace.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PnpmWorkspace {
    /// `packages`: the globs as written, with `!` ones.
    pub packages: Vec<String>,
    /// `catalog` and `catalogs`: catalog name (`default` for the unnamed one), package, range.
    pub catalogs: Vec<(String, String, String)>,
    /// The keys of `overrides`, as [`Manifest::overrides`] has them.
    pub overrides: Vec<String>,
}

/// Reads `package.json`; the spans are stretches that could not be read.
///
/// Fields: <https://docs.npmjs.com/cli/configuring-npm/package-json>, <https://nodejs.org/api/packages.html>; catalogs:
/// <https://bun.com/docs/install/catalogs>.
#[must_use]
pub fn package(text: &str) -> (Manifest, Vec<Span>) {
    json::read(text, |root| {
        let workspaces = json::object(root, "workspaces");
        Manifest {
            name: json::string(root, "name").map(str::to_owned),
            version: json::string(root, "version").map(str::to_owned),
            private: json::property(root, "private")
                .and_then(|property| property.value.as_boolean_lit())
                .is_some_and(|flag| flag.value),
            workspaces: members(root, "workspaces", "packages"),
            catalogs: std::iter::once(root).chain(workspaces).flat_map(catalogs).collect(),
            package_manager: json::string(root, "packageManager")
                .map(|manager| manager.split('@').next().unwrap_or(manager).to_owned()),
            overrides: [(Some(root), "overrides"), (Some(root), "resolutions"), (json::object(root, "pnpm"), "overrides")]
                .into_iter()
                .filter_map(|(object, table)| json::object(object?, table))
                .flat_map(|table| table.properties.iter().map(|property| property.name.as_str().to_owned()))
                .collect(),
            dependencies: ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"]
                .into_iter()
                .flat_map(|table| dependencies(root, table))
                .collect(),
            scripts: json::object(root, "scripts").map(scripts).unwrap_or_default(),
            entries: ["main", "module", "types"]
                .into_iter()
                .filter_map(|entry| json::string(root, entry).map(str::to_owned))
                .collect(),
            exports: json::property(root, "exports").map(|property| exports(&property.value)).unwrap_or_default(),
            imports: json::object(root, "imports").map(subpaths).unwrap_or_default(),
            import_map: Vec::new(),
            import_map_file: None,
            prisma_schema: json::object(root, "prisma").and_then(|prisma| json::string(prisma, "schema")).map(str::to_owned),
        }
    })
}

/// Reads `deno.json`, or an import map, which has a part of its fields; the spans are stretches that could not be read.
///
/// Fields: <https://docs.deno.com/runtime/fundamentals/configuration/>, <https://docs.deno.com/runtime/fundamentals/workspaces/>.
#[must_use]
pub fn deno(text: &str) -> (Manifest, Vec<Span>) {
    json::read(text, |root| {
        let text = |name: &str| json::string(root, name).map(str::to_owned);
        let imports = json::object(root, "imports");
        let is_kept_back = json::property(root, "publish").and_then(|property| property.value.as_boolean_lit());
        Manifest {
            name: text("name"),
            version: text("version"),
            // Only what has a version can be published.
            private: text("version").is_none() || is_kept_back.is_some_and(|publish| !publish.value),
            workspaces: members(root, "workspace", "members"),
            dependencies: imports.into_iter().flat_map(|imports| &imports.properties).filter_map(imported).collect(),
            scripts: json::object(root, "tasks").map(scripts).unwrap_or_default(),
            exports: json::property(root, "exports").map(|property| exports(&property.value)).unwrap_or_default(),
            import_map: imports.map(|imports| pairs(imports).collect()).unwrap_or_default(),
            import_map_file: text("importMap").filter(|_| imports.is_none()),
            ..Manifest::default()
        }
    })
}

/// Reads `tsconfig.json`; the spans are stretches that could not be read.
///
/// Fields: <https://www.typescriptlang.org/tsconfig/>.
#[must_use]
pub fn tsconfig(text: &str) -> (TsConfig, Vec<Span>) {
    json::read(text, |root| {
        let options = json::object(root, "compilerOptions");
        let references = json::property(root, "references").and_then(|property| property.value.as_array());
        TsConfig {
            extends: json::property(root, "extends").map(|property| json::list(&property.value)).unwrap_or_default(),
            base_url: options.and_then(|options| json::string(options, "baseUrl")).map(str::to_owned),
            paths: options.and_then(|options| json::object(options, "paths")).map(subpaths).unwrap_or_default(),
            references: references
                .into_iter()
                .flat_map(|references| &references.elements)
                .filter_map(|reference| json::string(reference.as_object()?, "path").map(str::to_owned))
                .collect(),
        }
    })
}

/// Reads `pnpm-workspace.yaml`.
///
/// Fields: <https://pnpm.io/pnpm-workspace_yaml>, <https://pnpm.io/catalogs>.
#[must_use]
pub fn pnpm_workspace(text: &str) -> PnpmWorkspace {
    let mut workspace = PnpmWorkspace::default();
    yaml::walk(text, |path, row| match (path, row.key) {
        ([], Some("packages")) => workspace.packages.extend(yaml::flow_sequence(row.value).map(str::to_owned)),
        (["packages"], None) if row.item => workspace.packages.push(row.value.to_owned()),
        (["catalog"], Some(package)) => {
            workspace.catalogs.push((DEFAULT_CATALOG.to_owned(), package.to_owned(), row.value.to_owned()));
        }
        (["catalogs", catalog], Some(package)) => {
            workspace.catalogs.push(((*catalog).to_owned(), package.to_owned(), row.value.to_owned()));
        }
        (["overrides"], Some(package)) => workspace.overrides.push(package.to_owned()),
        _ => {}
    });
    workspace
}

/// The name under which the catalog without a name is kept; package managers use the same.
const DEFAULT_CATALOG: &str = "default";

fn pairs(object: &Object<'_>) -> impl Iterator<Item = (String, String)> {
    json::strings(object).map(|(key, value)| (key.to_owned(), secrecy::address(value)))
}

fn catalogs(object: &Object<'_>) -> Vec<(String, String, String)> {
    let unnamed = json::object(object, "catalog").map(|catalog| (DEFAULT_CATALOG, catalog));
    let named = json::object(object, "catalogs").into_iter().flat_map(|catalogs| &catalogs.properties);
    let named = named.filter_map(|property| Some((property.name.as_str(), property.value.as_object()?)));
    unnamed
        .into_iter()
        .chain(named)
        .flat_map(|(name, catalog)| pairs(catalog).map(|(package, range)| (name.to_owned(), package, range)))
        .collect()
}

/// The globs of a workspace: a list, or an object with a list.
fn members(root: &Object<'_>, field: &str, inner: &str) -> Vec<String> {
    let list = |object: &Object<'_>, name: &str| json::property(object, name).map(|property| json::list(&property.value));
    json::object(root, field).map_or_else(|| list(root, field), |object| list(object, inner)).unwrap_or_default()
}

/// The dependency an entry of an import map stands for.
fn imported(entry: &ObjectProp<'_>) -> Option<Dependency> {
    let package = Registered::of(&entry.value.as_string_lit()?.value)?;
    let range = package.range.unwrap_or("*").to_owned();
    Some(Dependency { name: package.name.to_owned(), range, dev: false, span: json::span(entry) })
}

/// Commands by name; a task may be an object with its command.
fn scripts(object: &Object<'_>) -> Vec<Script> {
    let script = |entry: &ObjectProp<'_>| {
        let command = match &entry.value {
            Value::Object(task) => secrecy::command(json::string(task, "command")?),
            value => secrecy::command(&value.as_string_lit()?.value),
        };
        Some(Script { name: entry.name.as_str().to_owned(), command, span: json::span(entry) })
    };
    object.properties.iter().filter_map(script).collect()
}

fn dependencies(root: &Object<'_>, table: &str) -> Vec<Dependency> {
    let entries = json::object(root, table).into_iter().flat_map(|table| &table.properties);
    let dependency = |entry: &ObjectProp<'_>| {
        Some(Dependency {
            name: entry.name.as_str().to_owned(),
            range: secrecy::address(&entry.value.as_string_lit()?.value),
            dev: table == "devDependencies",
            span: json::span(entry),
        })
    };
    entries.filter_map(dependency).collect()
}

/// `exports` in all its forms: one target, targets under conditions, or subpaths with either.
fn exports(value: &Value<'_>) -> Targets {
    match value {
        Value::Object(object) if object.properties.iter().any(|property| property.name.as_str().starts_with('.')) => {
            subpaths(object)
        }
        _ => vec![(".".to_owned(), targets(value))],
    }
}

/// Every key with all targets below it.
fn subpaths(object: &Object<'_>) -> Targets {
    object.properties.iter().map(|property| (property.name.as_str().to_owned(), targets(&property.value))).collect()
}

/// All strings below conditions and lists of alternatives, in order.
fn targets(value: &Value<'_>) -> Vec<String> {
    match value {
        Value::StringLit(target) => vec![target.value.to_string()],
        Value::Array(alternatives) => alternatives.elements.iter().flat_map(targets).collect(),
        Value::Object(conditions) => conditions.properties.iter().flat_map(|property| targets(&property.value)).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn owned(pairs: &[(&str, &[&str])]) -> Targets {
        pairs.iter().map(|(key, targets)| ((*key).to_owned(), targets.iter().map(|t| (*t).to_owned()).collect())).collect()
    }

    #[test]
    fn reads_a_manifest() {
        let text = r##"{
            "name": "@acme/web", "name": "@acme/app",
            "workspaces": { "packages": ["apps/*", 3], "catalog": { "zod": "^4" }, "catalogs": { "auth": { "better-auth": "1.4.10" } } },
            "peerDependencies": { "react": ">=18" },
            "devDependencies": { "better-auth": "^1.4.0" /* soon */, },
            "dependencies": { "kysely": "0.28.2", "broken": null },
            "scripts": { "dev": "next dev" },
            "types": "./dist/index.d.ts", "main": "./dist/index.js",
            "exports": { ".": { "types": "./src/a.ts", "default": ["./dist/a.js", null] }, "./*": "./src/*.ts", "./internal": null },
            "imports": { "#lib/*": "./lib/*" }
        }"##;
        let (manifest, errors) = package(text);
        assert_eq!(errors, []);
        assert_eq!(manifest.name.as_deref(), Some("@acme/app"));
        assert_eq!(manifest.workspaces, ["apps/*"]);
        let catalog = |catalog: &str, package: &str, range: &str| (catalog.to_owned(), package.to_owned(), range.to_owned());
        assert_eq!(manifest.catalogs, [catalog("default", "zod", "^4"), catalog("auth", "better-auth", "1.4.10")]);
        let dependencies: Vec<_> =
            manifest.dependencies.iter().map(|d| (d.name.as_str(), d.range.as_str(), d.dev, d.span.of(text))).collect();
        assert_eq!(
            dependencies,
            [
                ("kysely", "0.28.2", false, "\"kysely\": \"0.28.2\""),
                ("better-auth", "^1.4.0", true, "\"better-auth\": \"^1.4.0\""),
                ("react", ">=18", false, "\"react\": \">=18\""),
            ]
        );
        assert_eq!(manifest.entries, ["./dist/index.js", "./dist/index.d.ts"]);
        let expected = owned(&[(".", &["./src/a.ts", "./dist/a.js"]), ("./*", &["./src/*.ts"]), ("./internal", &[])]);
        assert_eq!(manifest.exports, expected);
        assert_eq!(manifest.imports, owned(&[("#lib/*", &["./lib/*"])]));
    }

    #[test]
    fn reads_exports_without_subpaths() {
        for (written, targets) in [
            ("\"./a.ts\"", ["./a.ts"].as_slice()),
            ("{\"import\": \"./a.mjs\", \"require\": \"./a.cjs\"}", &["./a.mjs", "./a.cjs"]),
        ] {
            assert_eq!(package(&format!("{{\"exports\": {written}}}")).0.exports, owned(&[(".", targets)]));
        }
    }

    #[test]
    fn keeps_the_sound_part_of_a_broken_manifest() {
        let (manifest, errors) = package(r#"{"name": "a", "dependencies": {"better-auth": "1.4.10", "#);
        assert_eq!(manifest.dependencies.len(), 1);
        assert_eq!(errors.len(), 1);
    }

    #[test]
    fn passes_over_wrong_types() {
        let text =
            r#"{"name": 1, "workspaces": "a/*", "dependencies": [], "exports": 3, "imports": [], "scripts": null, "main": {}}"#;
        let (manifest, errors) = package(text);
        let expected = Manifest { workspaces: vec!["a/*".into()], exports: owned(&[(".", &[])]), ..Manifest::default() };
        assert_eq!((manifest, errors), (expected, Vec::new()));
    }

    #[test]
    fn reads_a_configuration_of_deno() {
        let text = r#"{
            // comments are allowed
            "name": "@acme/api", "version": "1.0.0", "exports": { ".": "./mod.ts", "./auth": "./auth.ts" },
            "workspace": { "members": ["./apps/*"] },
            "tasks": { "dev": "deno run -A main.ts", "migrate": { "command": "deno run -A npm:auth@latest migrate" } },
            "imports": { "better-auth": "npm:better-auth@^1.4", "pg": "npm:pg", "@/": "./src/", "@std/x": "jsr:@std/x@1" },
            "importMap": "./unused.json"
        }"#;
        let (manifest, errors) = deno(text);
        assert_eq!(errors, []);
        assert_eq!((manifest.name.as_deref(), manifest.private), (Some("@acme/api"), false));
        assert_eq!(manifest.workspaces, ["./apps/*"]);
        assert_eq!(manifest.exports, owned(&[(".", &["./mod.ts"]), ("./auth", &["./auth.ts"])]));
        let dependencies: Vec<_> = manifest.dependencies.iter().map(|one| (one.name.as_str(), one.range.as_str())).collect();
        assert_eq!(dependencies, [("better-auth", "^1.4"), ("pg", "*"), ("@std/x", "1")]);
        assert_eq!(manifest.dependencies[0].span.of(text), "\"better-auth\": \"npm:better-auth@^1.4\"");
        let scripts: Vec<_> = manifest.scripts.iter().map(|script| script.command.as_str()).collect();
        assert_eq!(scripts, ["deno run -A main.ts", "deno run -A npm:auth@latest migrate"]);
        assert_eq!((manifest.import_map.len(), manifest.import_map_file), (4, None));
        let (other, _) = deno(r#"{"version": "1.0.0", "publish": false, "workspace": ["a"], "importMap": "./import_map.json"}"#);
        assert_eq!((other.private, other.import_map_file.as_deref()), (true, Some("./import_map.json")));
        assert_eq!(other.workspaces, ["a"]);
    }

    #[test]
    fn scripts_are_kept_without_credentials() {
        let text = r#"{"scripts": {"m": "BETTER_AUTH_SECRET=\"hunter\" npx auth migrate --config a.ts"},
            "tasks": {"m": {"command": "x --url=postgres://u:hunter@h/db"}}}"#;
        let [(of_node, _), (of_deno, _)] = [package(text), deno(text)];
        let [script, task] = [&of_node.scripts[0], &of_deno.scripts[0]];
        assert_eq!(script.command, "BETTER_AUTH_SECRET=\"…\" npx auth migrate --config a.ts");
        assert_eq!(script.span.of(text), r#""m": "BETTER_AUTH_SECRET=\"hunter\" npx auth migrate --config a.ts""#);
        assert_eq!(task.command, "x --url=postgres://u:…@h/db");
    }

    #[test]
    fn reads_a_tsconfig() {
        let text = r#"{
            // comments are common here
            "extends": ["./base.json", "@acme/tsconfig/next.json"],
            "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["./src/*"], }, },
            "references": [{ "path": "./tsconfig.app.json" }, 1]
        }"#;
        let (config, errors) = tsconfig(text);
        assert_eq!(errors, []);
        assert_eq!(config.extends, ["./base.json", "@acme/tsconfig/next.json"]);
        assert_eq!(config.base_url.as_deref(), Some("."));
        assert_eq!(config.paths, owned(&[("@/*", &["./src/*"])]));
        assert_eq!(config.references, ["./tsconfig.app.json"]);
        assert_eq!(tsconfig(r#"{"extends": "./base"}"#).0.extends, ["./base"]);
    }

    #[test]
    fn reads_a_pnpm_workspace() {
        let text = "packages:\n  - 'apps/*'\n  - \"!**/test/**\" # not these\n\ncatalog:\n  zod: ^4\ncatalogs:\n  auth:\n    'better-auth': 1.4.10\nonlyBuiltDependencies:\n  - sharp\n";
        let workspace = pnpm_workspace(text);
        assert_eq!(workspace.packages, ["apps/*", "!**/test/**"]);
        let catalogs: Vec<_> = workspace.catalogs.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
        assert_eq!(catalogs, [("default", "zod", "^4"), ("auth", "better-auth", "1.4.10")]);
        assert_eq!(pnpm_workspace("packages: [\"a\", b/*]\n").packages, ["a", "b/*"]);
    }

    proptest! {
        #[test]
        fn never_panics_and_spans_lie_on_boundaries(entries in "[{}\\[\\]\",:é🎈 \n]{0,40}") {
            let text = format!("{{\"dependencies\": {{\"a\": \"1\", {entries}");
            let (manifest, errors) = package(&text);
            let _ = deno(&text);
            let _ = tsconfig(&text);
            let _ = pnpm_workspace(&text);
            for span in manifest.dependencies.iter().map(|dependency| dependency.span).chain(errors) {
                prop_assert!(text.is_char_boundary(span.start as usize) && text.is_char_boundary(span.end as usize));
            }
        }
    }
}
