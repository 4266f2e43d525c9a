//! Lockfiles: which versions of the packages the review cares for were resolved.

use std::collections::{HashMap, HashSet};

use jsonc_parser::ast::Object;
use serde::{Deserialize, Serialize};

use super::secrecy;
use super::specifier::Registered;
use crate::source::FileKind;
use crate::syntax::{json, lockfile, yaml};

/// The entries of a lockfile that concern the review (see [`is_relevant`]).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lockfile {
    /// The resolved packages in order of appearance.
    pub packages: Vec<Locked>,
}

/// One resolved package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locked {
    /// The package's name.
    pub name: String,
    /// The exact version.
    pub version: String,
    /// Whose dependency this entry is.
    pub scope: Scope,
}

/// Whose dependency a locked entry is, as far as the format tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Every package that finds no closer one (hoisted to the top).
    Root,
    /// One workspace package, by its folder relative to the lockfile (`.` for the root itself).
    Workspace(String),
    /// Every dependent that asks for exactly this range (yarn, Deno).
    Range(String),
    /// Some package outside the workspace; never the version of the application.
    Nested,
}

/// Whether entries for this package are kept: better-auth with its companions, those of others by the names they go by, and
/// the database libraries.
#[must_use]
pub fn is_relevant(name: &str) -> bool {
    name == "better-auth"
        || name == "auth"
        || name.starts_with("@better-auth/")
        || name.starts_with("better-auth-")
        || name.ends_with("/better-auth")
        || matches!(
            name,
            "autumn-js" | "drizzle-orm" | "drizzle-kit" | "prisma" | "@prisma/client" | "kysely" | "mongodb" | "typeorm"
        )
}

/// Reads the relevant entries of a lockfile.
///
/// Only versions from a registry are kept: a link, an archive or a package of another name says nothing of the version.
#[must_use]
pub fn extract(kind: FileKind, text: &str) -> Lockfile {
    let mut packages = match kind {
        FileKind::NpmLock => npm(text),
        FileKind::PnpmLock => pnpm(text),
        FileKind::YarnLock => yarn(text),
        FileKind::BunLock => bun(text),
        FileKind::DenoLock => deno(text),
        _ => Vec::new(),
    };
    packages.retain(|locked| locked.version.starts_with(|c: char| c.is_ascii_digit()));
    Lockfile { packages }
}

impl Locked {
    fn new(name: &str, version: &str, scope: Scope) -> Self {
        Self { name: name.to_owned(), version: version.to_owned(), scope }
    }
}

fn npm(text: &str) -> Vec<Locked> {
    let locked = |entry: lockfile::NpmEntry| {
        let name = lockfile::installed_name(&entry.path)?;
        if entry.name.is_some_and(|own| own != name) {
            return None;
        }
        let folder = entry.path.split("node_modules/").next().unwrap_or("").trim_end_matches('/');
        let scope = match entry.path.matches("node_modules/").count() {
            1 if folder.is_empty() => Scope::Root,
            1 => Scope::Workspace(folder.to_owned()),
            _ => Scope::Nested,
        };
        Some(Locked::new(name, &entry.version, scope))
    };
    lockfile::npm(text, is_relevant).into_iter().filter_map(locked).collect()
}

/// Lockfile versions 5, 6 and 9. Without a workspace the first two have the tables of the only importer at the top. An
/// archive goes by its address, and its version stands with the package.
///
/// Format: <https://github.com/pnpm/spec/tree/master/lockfile>.
fn pnpm(text: &str) -> Vec<Locked> {
    let mut direct = Vec::new();
    let mut all = Vec::new();
    let mut archives = HashMap::new();
    yaml::walk(text, |path, row| {
        let Some(key) = row.key else { return };
        let (path, folder) = match path {
            ["importers", folder, rest @ ..] => (rest, *folder),
            _ => (path, "."),
        };
        let (name, version) = match (path, key) {
            ([table], name) if is_dependency_table(table) && !row.value.is_empty() => (name, row.value),
            ([table, name], "version") if is_dependency_table(table) => (*name, row.value),
            (["packages"], package) => {
                all.extend(pnpm_package(package));
                return;
            }
            (["packages", package], "version") => {
                archives.extend(pnpm_package(package).map(|(_, address)| (address, row.value.to_owned())));
                return;
            }
            _ => return,
        };
        if is_relevant(name) {
            direct.push((name, without_peers(version), folder));
        }
    });
    let version_of = |written: &str| archives.get(written).map_or(written, String::as_str).to_owned();
    let mut packages: Vec<Locked> = direct
        .into_iter()
        .map(|(name, written, folder)| Locked::new(name, &version_of(written), Scope::Workspace(folder.to_owned())))
        .collect();
    let known: HashSet<(String, String)> = packages.iter().map(|l| (l.name.clone(), l.version.clone())).collect();
    let others = all.into_iter().filter(|(name, _)| is_relevant(name)).map(|(name, written)| (name, version_of(written)));
    let others = others.filter(|(name, version)| !known.contains(&((*name).to_owned(), version.clone())));
    packages.extend(others.map(|(name, version)| Locked::new(name, &version, Scope::Nested)));
    packages
}

fn is_dependency_table(key: &str) -> bool {
    matches!(key, "dependencies" | "devDependencies" | "optionalDependencies")
}

/// Name and version of a key below `packages`: `/a/1.0.0_peer@2` (5), `/a@1.0.0(peer@2)` (6), `a@1.0.0` (9).
fn pnpm_package(key: &str) -> Option<(&str, &str)> {
    let package = key.strip_prefix('/').unwrap_or(key);
    let package = package.split('(').next().unwrap_or(package);
    let name_end = if package.starts_with('@') { package.find('/')? + 1 } else { 0 };
    let at = name_end + package[name_end..].find(['@', '/'])?;
    Some((&package[..at], without_peers(&package[at + 1..])))
}

/// A version without the peers it was resolved with: `1.0.0(react@18.0.0)`, before version 6 `1.0.0_react@18.0.0`. The address
/// of an archive may hold a `_`.
fn without_peers(version: &str) -> &str {
    let version = version.split('(').next().unwrap_or(version);
    if version.contains("://") { version } else { version.split('_').next().unwrap_or(version) }
}

fn yarn(text: &str) -> Vec<Locked> {
    // The version berry gives to the packages of the workspace itself.
    const IN_WORKSPACE: &str = "0.0.0-use.local";
    lockfile::yarn(text, is_relevant)
        .into_iter()
        .filter(|entry| entry.version != IN_WORKSPACE)
        .flat_map(|entry| entry.descriptors.into_iter().map(move |(name, range)| (name, range, entry.version)))
        .filter(|(name, range, _)| is_relevant(name) && !range.starts_with("npm:"))
        .map(|(name, range, version)| Locked::new(name, version, Scope::Range(secrecy::address(range))))
        .collect()
}

/// Format: <https://bun.com/docs/install/lockfile>. Keys below `packages` are paths of package names; the first of a
/// longer path may be a workspace package.
fn bun(text: &str) -> Vec<Locked> {
    let read = |root: &Object<'_>| {
        let workspaces = json::object(root, "workspaces").into_iter().flat_map(|table| &table.properties);
        let folders: HashMap<&str, &str> =
            workspaces.filter_map(|entry| Some((json::string(entry.value.as_object()?, "name")?, entry.name.as_str()))).collect();
        let packages = json::object(root, "packages").into_iter().flat_map(|table| &table.properties);
        packages
            .filter_map(|entry| {
                let (parent, name) = split_last_name(entry.name.as_str());
                let resolution = entry.value.as_array()?.elements.first()?.as_string_lit()?;
                let version = resolution.value.strip_prefix(name)?.strip_prefix('@')?;
                let scope = match parent {
                    "" => Scope::Root,
                    parent => folders.get(parent).map_or(Scope::Nested, |folder| Scope::Workspace((*folder).to_owned())),
                };
                is_relevant(name).then(|| Locked::new(name, version, scope))
            })
            .collect()
    };
    json::read(text, read).0
}

/// Versions 3 to 5: what each specifier was resolved to, the version alone from 4 on, and below `packages` before that.
///
/// Format: <https://docs.deno.com/runtime/fundamentals/modules/#integrity-checking-and-lock-files>.
fn deno(text: &str) -> Vec<Locked> {
    let read = |root: &Object<'_>| {
        let specifiers = json::object(root, "specifiers")
            .or_else(|| json::object(json::object(root, "packages")?, "specifiers"))
            .map(json::strings);
        specifiers
            .into_iter()
            .flatten()
            .filter_map(|(asked, resolved)| {
                let package = Registered::of_npm(asked).filter(|package| is_relevant(package.name))?;
                let version = Registered::of_npm(resolved).map_or(Some(resolved), |resolved| resolved.range)?;
                let scope = Scope::Range(package.range.unwrap_or("*").to_owned());
                Some(Locked::new(package.name, without_peers(version), scope))
            })
            .collect()
    };
    json::read(text, read).0
}

/// Splits the last package name off a path of package names: `@acme/web/@better-auth/sso`.
fn split_last_name(path: &str) -> (&str, &str) {
    let mut at = path.rfind('/').map_or(0, |slash| slash + 1);
    if at > 0 {
        let before = path[..at - 1].rfind('/').map_or(0, |slash| slash + 1);
        if path[before..].starts_with('@') {
            at = before;
        }
    }
    (path[..at].trim_end_matches('/'), &path[at..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flat(kind: FileKind, text: &str) -> Vec<String> {
        let show = |locked: Locked| {
            let scope = match locked.scope {
                Scope::Root => "root".to_owned(),
                Scope::Workspace(folder) => format!("in {folder}"),
                Scope::Range(range) => format!("for {range}"),
                Scope::Nested => "nested".to_owned(),
            };
            format!("{} {} {scope}", locked.name, locked.version)
        };
        extract(kind, text).packages.into_iter().map(show).collect()
    }

    #[test]
    fn npm_scopes_follow_the_folders() {
        let text = r#"{"packages": {
            "node_modules/better-auth": {"version": "1.4.10"},
            "apps/web/node_modules/better-auth": {"version": "1.3.4"},
            "node_modules/x/node_modules/better-auth": {"version": "1.0.0"},
            "node_modules/kysely": {"name": "@fork/kysely", "version": "9.0.0"},
            "node_modules/auth": {"link": true},
            "node_modules/react": {"version": "19.0.0"}}}"#;
        assert_eq!(
            flat(FileKind::NpmLock, text),
            ["better-auth 1.4.10 root", "better-auth 1.3.4 in apps/web", "better-auth 1.0.0 nested"]
        );
        let old = r#"{"dependencies": {"better-auth": {"version": "1.1.0"}, "x": {"dependencies": {"better-auth": {"version": "1.0.0"}}}}}"#;
        assert_eq!(flat(FileKind::NpmLock, old), ["better-auth 1.1.0 root", "better-auth 1.0.0 nested"]);
    }

    #[test]
    fn pnpm_versions_belong_to_importers() {
        let nine = "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n\n  apps/web:\n    dependencies:\n      better-auth:\n        specifier: 'catalog:'\n        version: 1.4.10(react@19.0.0(x@1))\n      auth:\n        specifier: workspace:*\n        version: link:../auth\n\npackages:\n\n  '@better-auth/core@1.4.10':\n    resolution: {integrity: x}\n\n  better-auth@1.4.10:\n    peerDependencies:\n      kysely: '*'\n\nsnapshots:\n\n  better-auth@1.4.10(react@19.0.0):\n    dependencies:\n      kysely: 0.28.2\n";
        assert_eq!(flat(FileKind::PnpmLock, nine), ["better-auth 1.4.10 in apps/web", "@better-auth/core 1.4.10 nested"]);
        let six = "lockfileVersion: '6.0'\n\ndependencies:\n  better-auth:\n    specifier: ^1.2.0\n    version: 1.2.7(react@18.2.0)\n\npackages:\n\n  /better-auth@1.2.7(react@18.2.0):\n    dev: false\n\n  /@better-auth/utils@0.2.4:\n    dev: false\n";
        assert_eq!(flat(FileKind::PnpmLock, six), ["better-auth 1.2.7 in .", "@better-auth/utils 0.2.4 nested"]);
        let five = "lockfileVersion: 5.4\n\nimporters:\n  packages/a:\n    specifiers:\n      better-auth: ^1.0.0\n    dependencies:\n      better-auth: 1.0.2_react@18.2.0\n\npackages:\n\n  /better-auth/1.0.2_react@18.2.0:\n    dev: false\n  /@better-auth/utils/0.2.1:\n    dev: false\n";
        assert_eq!(flat(FileKind::PnpmLock, five), ["better-auth 1.0.2 in packages/a", "@better-auth/utils 0.2.1 nested"]);
        let archive = "importers:\n\n  .:\n    dependencies:\n      better-auth:\n        specifier: https://example.com/better_auth@7\n        version: https://example.com/better_auth@7(kysely@0.28.2)\n\npackages:\n\n  '@better-auth/core@https://example.com/core@7':\n    resolution: {tarball: https://example.com/core@7}\n    version: 1.5.0\n\n  better-auth@https://example.com/better_auth@7:\n    resolution: {tarball: https://example.com/better_auth@7}\n    version: 1.5.0-beta.2\n    peerDependencies:\n      version: '*'\n";
        assert_eq!(flat(FileKind::PnpmLock, archive), ["better-auth 1.5.0-beta.2 in .", "@better-auth/core 1.5.0 nested"]);
    }

    #[test]
    fn yarn_versions_belong_to_ranges() {
        let text = "\"better-auth@npm:^1.2.0, better-auth@npm:^1.3.0\":\n  version: 1.3.4\n\n\"auth@workspace:*, auth@workspace:packages/auth\":\n  version: 0.0.0-use.local\n\n\"kysely@npm:@fork/kysely@^1\":\n  version: 1.0.0\n";
        assert_eq!(flat(FileKind::YarnLock, text), ["better-auth 1.3.4 for ^1.2.0", "better-auth 1.3.4 for ^1.3.0"]);
    }

    #[test]
    fn bun_scopes_follow_the_workspaces() {
        let text = r#"{
          "lockfileVersion": 1,
          "workspaces": { "": { "name": "root" }, "apps/web": { "name": "@acme/web", }, },
          "packages": {
            "better-auth": ["better-auth@1.3.4", "", {}, "sha512-x"],
            "@better-auth/sso": ["@better-auth/sso@1.3.5", "", {}, "sha512-x"],
            "auth": ["auth@workspace:packages/auth"],
            "@acme/web/better-auth": ["better-auth@1.2.12", "", {}, "sha512-x"],
            "kit/better-auth": ["better-auth@1.0.0", "", {}, "sha512-x"],
            "kysely": ["@fork/kysely@9.0.0", "", {}, "sha512-x"],
          }
        }"#;
        assert_eq!(
            flat(FileKind::BunLock, text),
            [
                "better-auth 1.3.4 root",
                "@better-auth/sso 1.3.5 root",
                "better-auth 1.2.12 in apps/web",
                "better-auth 1.0.0 nested"
            ]
        );
    }

    #[test]
    fn deno_versions_belong_to_ranges() {
        let five = r#"{"version": "5", "specifiers": {
            "jsr:@std/assert@1": "1.0.13", "npm:better-auth@^1.4.0": "1.4.3_react@19.1.0__x@1", "npm:@better-auth/sso": "1.4.2",
            "npm:react@19": "19.1.0"}, "npm": {"better-auth@1.3.0": {"integrity": "x"}}}"#;
        assert_eq!(flat(FileKind::DenoLock, five), ["better-auth 1.4.3 for ^1.4.0", "@better-auth/sso 1.4.2 for *"]);
        let three =
            r#"{"version": "3", "packages": {"specifiers": {"npm:better-auth@1.1": "npm:better-auth@1.1.4_zod@3.24.1"}}}"#;
        assert_eq!(flat(FileKind::DenoLock, three), ["better-auth 1.1.4 for 1.1"]);
    }

    proptest! {
        #[test]
        fn never_panics(text in "(better-auth|@|/|1\\.0|:|\"|\\{|\\}|,|\\(|_|\n| |packages|version|é){0,40}") {
            for kind in
                [FileKind::NpmLock, FileKind::PnpmLock, FileKind::YarnLock, FileKind::BunLock, FileKind::DenoLock]
            {
                let _ = extract(kind, &text);
            }
            pnpm_package(&text);
            split_last_name(&text);
        }
    }
}
