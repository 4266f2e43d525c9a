//! Which version of better-auth, and of its companions, a package of the repository runs.

use std::sync::Arc;

use nodejs_semver::Range;

use crate::facts::lock::{Lockfile, Scope};
use crate::facts::specifier::Registered;
use crate::facts::{Body, FileFacts};
use crate::knowledge::pack;
use crate::project::files::Files;
use crate::project::manager::{LOCKFILES, Manager};
use crate::project::resolve::{Resolver, ancestors, is_local_range, join, relative};
use crate::project::value::Unknown;
use crate::source::{Site, Span, folder_of};

/// The package whose releases the knowledge is about.
const CORE: &str = "better-auth";

/// A version, as far as the repository tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Version {
    /// The range of the nearest manifest that names the package; of a catalog, the range the catalog gives.
    pub declared: Option<String>,
    /// The exact version of a lockfile, or of a manifest that pins one.
    pub resolved: Option<nodejs_semver::Version>,
    /// The file the exact version was read from.
    pub source: Option<Arc<str>>,
    /// The lockfile that has it in a form that is not read, where no other tells.
    pub unread: Option<Arc<str>>,
    /// What speaks against the version that is taken: a range that does not admit it, another lockfile.
    pub doubts: Vec<Unknown>,
    /// Why what is known of the releases may not hold for it: it is a later one, or that of somebody else.
    pub beyond: Option<Unknown>,
}

impl Version {
    /// The version to judge by: the resolved one, else the lowest one the declared range admits, since that is the one
    /// with the least features that may run. `None` when the range has no lower end (`*`, `latest`).
    #[must_use]
    pub fn effective(&self) -> Option<nodejs_semver::Version> {
        let lowest = || Range::parse(alias(self.declared.as_deref()?)?.1).ok()?.min_version();
        self.resolved.clone().or_else(lowest).filter(|version| *version != nodejs_semver::Version::from((0, 0, 0)))
    }

    /// Whether it may as well be another release, which the range admits and no lockfile keeps out.
    #[must_use]
    pub fn may_be(&self, other: &nodejs_semver::Version) -> bool {
        let range = || Range::parse(alias(self.declared.as_deref()?)?.1).ok();
        self.resolved.is_none() && range().is_some_and(|range| range.satisfies(other))
    }

    /// Whether the version is known exactly.
    #[must_use]
    pub fn certain(&self) -> bool {
        self.resolved.is_some()
    }
}

/// Where a range was declared.
struct Declaration {
    /// The folder of the manifest.
    folder: String,
    /// As written: `catalog:auth`.
    written: String,
    /// The range meant, and the file that holds it; `None` where no catalog gives one.
    range: Option<(String, String)>,
    /// What is asked for is not a release of the package: another package under its name (`npm:@acme/better-auth@1.4.5`), or
    /// code from elsewhere (`github:acme/better-auth`).
    foreign: bool,
}

/// The package and the range an alias leads to; any other range is one of no named package.
fn alias(range: &str) -> Option<(Option<&str>, &str)> {
    let Some(target) = range.strip_prefix("npm:") else { return Some((None, range)) };
    match target.get(1..)?.find('@').map(|at| at + 1) {
        Some(at) => Some((Some(&target[..at]), &target[at + 1..])),
        None => Some((Some(target), "*")),
    }
}

/// Whether a range leads to code that no registry gives out as a release: a repository, an archive.
fn is_from_elsewhere(range: &str) -> bool {
    let (start, rest) = range.split_once(':').unwrap_or(("", range));
    match start {
        "" => rest.contains('/') && !rest.starts_with('@'),
        "npm" | "catalog" | "jsr" => false,
        _ => !is_local_range(range),
    }
}

/// The lockfile of bun before it was text.
const BINARY: &str = "bun.lockb";

/// Whether a folder has a lockfile.
pub(super) fn is_locked(files: &dyn Files, folder: &str) -> bool {
    LOCKFILES.iter().any(|(name, _)| files.exists(&path_in(folder, name)))
}

/// The version of `package` that the workspace package in `folder` runs.
///
/// The range comes from the nearest manifest upwards that lists the package, the exact version from the nearest
/// folder upwards whose lockfiles have it for that package; for a member of a workspace, those at its root go first. Where the
/// range names a package of the repository, the version is the one that package states itself.
#[must_use]
pub fn version_of(files: &dyn Files, resolver: &Resolver, folder: &str, package: &str) -> Version {
    let declaration = declaration(files, resolver, folder, package);
    match &declaration {
        Some(Declaration { folder, written, .. }) if is_local_range(written) => match installed_in(folder, written, package) {
            Some(elsewhere) => {
                registered(files, resolver, &elsewhere, package, self::declaration(files, resolver, &elsewhere, package).as_ref())
            }
            None => {
                let (resolved, source) = own_version(resolver, folder, package).unzip();
                Version { resolved, source, ..Version::default() }.judged(package, None)
            }
        },
        _ => registered(files, resolver, folder, package, declaration.as_ref()),
    }
}

/// The folder in whose `node_modules` a local range finds the package: `file:../../node_modules/better-auth`.
fn installed_in(folder: &str, range: &str, package: &str) -> Option<String> {
    let (_, path) = range.split_once(':')?;
    let path = join(folder, path)?;
    let around = path.strip_suffix(package)?.strip_suffix("node_modules/")?;
    Some(around.trim_end_matches('/').to_owned())
}

/// The version of a release that a declaration asks for, if any.
fn registered(files: &dyn Files, resolver: &Resolver, folder: &str, package: &str, declaration: Option<&Declaration>) -> Version {
    let range = declaration.and_then(|declaration| declaration.range.as_ref());
    let declared = range.map(|(range, _)| range.clone());
    let is_other = range.is_some_and(|(range, _)| alias(range).is_some_and(|(name, _)| name.is_some()));
    // What a lockfile has under the name is then another package.
    let roots = ancestors(folder).filter(|_| !is_other);
    let mut locked: Vec<Locked> =
        roots.filter_map(|root| locked_in(files, resolver, root, folder, package, declaration)).collect();
    // Package managers take that of the workspace, and one in a member was left behind.
    let workspace = resolver.workspace_of(declaration.map_or(folder, |declaration| &declaration.folder));
    let of_workspace = |locked: &Locked| locked.is_its_own && workspace.is_some_and(|root| folder_of(&locked.file) == root);
    if let Some(place) = locked.iter().position(of_workspace) {
        locked[..=place].rotate_right(1);
    }
    // So was one that does not fit where another one does.
    let fitting = locked.iter().position(|locked| locked.fits).unwrap_or_default();
    let locked = locked.into_iter().nth(fitting);
    let pinned = || {
        let (range, file) = range?;
        let version = nodejs_semver::Version::parse(alias(range)?.1).ok()?;
        Some(Locked { version, file: file.as_str().into(), others: Vec::new(), fits: true, is_its_own: true })
    };
    let locked = locked.or_else(pinned);
    let doubts = locked.iter().flat_map(|locked| locked.doubts(files, resolver, folder, package, range)).collect();
    let unread = ancestors(folder).map(|root| path_in(root, BINARY)).filter(|_| locked.is_none()).find(|path| files.exists(path));
    let (resolved, source) = locked.map(|locked| (locked.version, locked.file)).unzip();
    let foreign = range.filter(|_| declaration.is_some_and(|declaration| declaration.foreign));
    let beyond = foreign.map(|(range, file)| {
        Unknown::new(format!("`{file}` puts `{range}` in its place"), Site::new(&file.as_str().into(), Span::default()))
    });
    let asked_in = range.map(|(_, file)| file.as_str());
    Version { declared, resolved, source, unread: unread.map(Arc::from), doubts, beyond }.judged(package, asked_in)
}

impl Version {
    /// Notes where what is known ends before the version, which the file `asked_in` may ask for.
    fn judged(mut self, package: &str, asked_in: Option<&str>) -> Self {
        let newest = &pack().core.newest;
        let later = self.effective().filter(|own| (own.major(), own.minor()) > (newest.major(), newest.minor()));
        let file = self.source.clone().or_else(|| asked_in.map(Arc::from));
        if package == CORE
            && self.beyond.is_none()
            && let Some((own, file)) = later.zip(file)
        {
            let (major, minor) = (newest.major(), newest.minor());
            let reason = format!("what is known ends with {major}.{minor}, and {own} is judged by that");
            self.beyond = Some(Unknown::new(reason, Site::new(&file, Span::default())));
        }
        self
    }
}

/// The version of `package` that the server in `file`, of the workspace package in `folder`, runs: an import may ask for
/// one itself (`npm:better-auth@1.3.4`, Deno: npm compatibility).
#[must_use]
pub fn version_in(files: &dyn Files, resolver: &Resolver, file: &str, folder: &str, package: &str) -> Version {
    let facts = files.facts(file);
    let imports = facts.as_deref().map(FileFacts::imports).unwrap_or_default();
    let named = imports.iter().filter_map(|import| Registered::of_npm(&import.module)).filter(|named| named.name == package);
    let asked_for = named.filter_map(|named| named.range).next();
    let Some(range) = asked_for else { return version_of(files, resolver, folder, package) };
    let resolved = nodejs_semver::Version::parse(range).ok();
    let source = resolved.is_some().then(|| file.into());
    Version { declared: Some(range.to_owned()), resolved, source, ..Version::default() }.judged(package, Some(file))
}

/// The version a package of the repository states in its manifest.
fn own_version(resolver: &Resolver, folder: &str, package: &str) -> Option<(nodejs_semver::Version, Arc<str>)> {
    resolver
        .manifests(resolver.package_named(package, folder)?)
        .find_map(|(path, manifest)| Some((nodejs_semver::Version::parse(manifest.version.as_deref()?).ok()?, Arc::clone(path))))
}

fn declaration(files: &dyn Files, resolver: &Resolver, folder: &str, package: &str) -> Option<Declaration> {
    ancestors(folder).find_map(|folder| {
        let (path, dependency) = resolver.dependencies(folder).find(|(_, dependency)| dependency.name == package)?;
        let written = dependency.range.trim();
        let range = if let Some(catalog) = written.strip_prefix("catalog:") {
            catalog_range(files, resolver, folder, if catalog.is_empty() { "default" } else { catalog }, package)
        } else {
            Some((written.to_owned(), path.to_string()))
        };
        // An alias of the package to itself leaves its range: `npm:better-auth@^1.2.0`.
        let range = range.map(|(range, file)| match alias(&range) {
            Some((Some(name), own)) if name == package => (own.to_owned(), file),
            _ => (range, file),
        });
        let is_foreign =
            |(range, _): &(String, String)| is_from_elsewhere(range) || alias(range).is_some_and(|(name, _)| name.is_some());
        let foreign = range.as_ref().is_some_and(is_foreign);
        Some(Declaration { folder: folder.to_owned(), written: written.to_owned(), range, foreign })
    })
}

/// The range a catalog gives, and the file that says so: `pnpm-workspace.yaml` or the `package.json` of a workspace root.
fn catalog_range(files: &dyn Files, resolver: &Resolver, folder: &str, catalog: &str, package: &str) -> Option<(String, String)> {
    let pick = |entries: &[(String, String, String)]| {
        entries.iter().find(|(name, entry, _)| name == catalog && entry == package).map(|(.., range)| range.clone())
    };
    ancestors(folder).find_map(|root| {
        let pnpm = path_in(root, "pnpm-workspace.yaml");
        let from_pnpm = files.facts(&pnpm).and_then(|facts| match &facts.body {
            Body::PnpmWorkspace(workspace) => pick(&workspace.catalogs),
            _ => None,
        });
        let from_manifest =
            || resolver.manifests(root).find_map(|(path, manifest)| Some((pick(&manifest.catalogs)?, path.to_string())));
        from_pnpm.map(|range| (range, pnpm)).or_else(from_manifest)
    })
}

/// What lockfiles say of a package.
struct Locked {
    version: nodejs_semver::Version,
    file: Arc<str>,
    /// Lockfiles beside it that give another version, with that version.
    others: Vec<(nodejs_semver::Version, Arc<str>)>,
    /// The range that is asked for admits the version.
    fits: bool,
    /// It is the version of that very package, not of one around it.
    is_its_own: bool,
}

impl Locked {
    /// What speaks against the version.
    fn doubts(
        &self,
        files: &dyn Files,
        resolver: &Resolver,
        folder: &str,
        package: &str,
        range: Option<&(String, String)>,
    ) -> Vec<Unknown> {
        let own = format!("`{}` has {}", self.file, self.version);
        let at = || Site::new(&self.file, Span::default());
        let mut doubts = Vec::new();
        if let Some((range, file)) = range.filter(|_| !self.fits && !is_overridden(files, resolver, folder, package)) {
            doubts.push(Unknown::new(format!("{own}, and `{file}` asks for `{range}`: the first is taken"), at()));
        }
        let others = self.others.iter().map(|(version, file)| format!(", `{file}` {version}"));
        if !self.others.is_empty() {
            let reason = format!("{own}{}: the first is taken", others.collect::<String>());
            doubts.push(Unknown::new(reason, at()));
        }
        doubts
    }
}

/// Whether a manifest from the folder upwards says that other ranges of a package count than those that are asked for.
fn is_overridden(files: &dyn Files, resolver: &Resolver, folder: &str, package: &str) -> bool {
    let is_it = |key: &String| key.contains(package);
    ancestors(folder).any(|root| {
        let of_pnpm = files.facts(&path_in(root, "pnpm-workspace.yaml")).is_some_and(|facts| match &facts.body {
            Body::PnpmWorkspace(workspace) => workspace.overrides.iter().any(is_it),
            _ => false,
        });
        of_pnpm || resolver.manifests(root).any(|(_, manifest)| manifest.overrides.iter().any(is_it))
    })
}

/// The version the lockfiles in `root` give the package in `folder`; one that fits the declared range goes first. Where a
/// manifest beside them names the package manager, its own counts.
fn locked_in(
    files: &dyn Files,
    resolver: &Resolver,
    root: &str,
    folder: &str,
    package: &str,
    declaration: Option<&Declaration>,
) -> Option<Locked> {
    let inside = relative(root, folder)?;
    let range = declaration.and_then(|declaration| declaration.range.as_ref()).and_then(|(range, _)| Range::parse(range).ok());
    let fits =
        |version: &nodejs_semver::Version| range.as_ref().is_none_or(|range| version.satisfies_with_prerelease(range, true));
    // A package that stands in the repository without being part of its workspace is installed on its own, and the
    // lockfile above it says nothing of it, unless by its range.
    let covered =
        declaration.is_none_or(|declaration| declaration.folder == root || resolver.workspace_of(&declaration.folder).is_some());
    let mut candidates: Vec<(nodejs_semver::Version, Arc<str>, bool)> = LOCKFILES
        .iter()
        .filter_map(|(name, _)| {
            let path = path_in(root, name);
            let facts = files.facts(&path)?;
            let Body::Lock(lock) = &facts.body else { return None };
            let (version, is_its_own) = pick(lock, inside, package, declaration)?;
            Some((nodejs_semver::Version::parse(version).ok()?, path.into(), is_its_own))
        })
        .filter(|(version, ..)| covered || fits(version))
        .collect();
    let manager = Manager::named_in(resolver, root);
    let is_of_manager = |(_, file, _): &(nodejs_semver::Version, Arc<str>, bool)| {
        manager.is_some() && Manager::of_lockfile(file.rsplit('/').next().unwrap_or(file)) == manager
    };
    if candidates.iter().any(is_of_manager) {
        candidates.retain(is_of_manager);
    }
    candidates.sort_by_key(|(version, ..)| !fits(version));
    let mut candidates = candidates.into_iter();
    let (version, file, is_its_own) = candidates.next()?;
    let others = candidates.map(|(other, file, _)| (other, file)).filter(|(other, _)| *other != version).collect();
    Some(Locked { fits: fits(&version), version, file, others, is_its_own })
}

/// The version a lockfile gives the package in the folder `inside`: its own or that of the nearest package around it,
/// then by the range it asks for, then the one at the top, then the only one, where nothing asks for any. The other part tells
/// whether it is not that of a package around it.
fn pick<'l>(lock: &'l Lockfile, inside: &str, package: &str, declaration: Option<&Declaration>) -> Option<(&'l str, bool)> {
    let entries = || lock.packages.iter().filter(|locked| locked.name == package);
    let first = |wanted: &dyn Fn(&Scope) -> bool| entries().find(|locked| wanted(&locked.scope)).map(|locked| &*locked.version);
    let by_folder = || {
        ancestors(inside).find_map(|folder| {
            let name = if folder.is_empty() { "." } else { folder };
            let version = first(&|scope| matches!(scope, Scope::Workspace(workspace) if workspace == name))?;
            Some((version, folder == inside))
        })
    };
    let asked_for = |wanted: &str| {
        declaration.is_some_and(|d| d.written == wanted || d.range.as_ref().is_some_and(|(range, _)| range == wanted))
    };
    let only = |wanted: &dyn Fn(&Scope) -> bool| {
        let mut versions = entries().filter(|locked| wanted(&locked.scope)).map(|locked| &*locked.version);
        let any = versions.next()?;
        versions.all(|version| version == any).then_some(any)
    };
    let by_range = || {
        let exact = first(&|scope| matches!(scope, Scope::Range(range) if asked_for(range)));
        // Overrides change ranges; where all of them lead to one version there is no question left.
        exact.or_else(|| only(&|scope| matches!(scope, Scope::Range(_))))
    };
    let at_top = || first(&|scope| *scope == Scope::Root);
    let of_anybody = || only(&|scope| *scope != Scope::Nested).filter(|_| declaration.is_none());
    by_folder().or_else(|| Some((by_range().or_else(at_top).or_else(of_anybody)?, true)))
}

fn path_in(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::resolve::tests::MemoryFiles;

    /// Declared range, resolved version and its source of better-auth in `folder`.
    fn version(files: &[(&str, &str)], folder: &str) -> [String; 3] {
        let files = MemoryFiles::new(files);
        let version = version_of(&files, &Resolver::new(&files), folder, "better-auth");
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".into());
        [
            or_dash(version.declared),
            or_dash(version.resolved.map(|v| v.to_string())),
            or_dash(version.source.map(|s| s.to_string())),
        ]
    }

    fn manifest(range: &str) -> String {
        format!(r#"{{"dependencies": {{"better-auth": "{range}"}}}}"#)
    }

    fn npm_lock(version: &str) -> String {
        format!(r#"{{"packages": {{"node_modules/better-auth": {{"version": "{version}"}}}}}}"#)
    }

    #[test]
    fn pnpm_with_a_catalog() {
        let files = [
            ("pnpm-workspace.yaml", "packages: [apps/*]\ncatalogs:\n  auth:\n    better-auth: ^1.4.0\n"),
            (
                "pnpm-lock.yaml",
                "importers:\n  .:\n    dependencies:\n      better-auth:\n        version: 1.3.0\n  apps/web:\n    dependencies:\n      better-auth:\n        version: 1.4.10(x@1)\n",
            ),
            ("apps/web/package.json", &manifest("catalog:auth")),
            ("apps/web/functions/package.json", "{}"),
            ("apps/api/package.json", "{}"),
        ];
        for folder in ["apps/web", "apps/web/functions"] {
            assert_eq!(version(&files, folder), ["^1.4.0", "1.4.10", "pnpm-lock.yaml"]);
        }
        assert_eq!(version(&files, "apps/api"), ["-", "1.3.0", "pnpm-lock.yaml"]);
    }

    #[test]
    fn npm_prefers_the_closest_folder() {
        let lock = r#"{"packages": {"node_modules/better-auth": {"version": "1.4.10"}, "apps/web/node_modules/better-auth": {"version": "1.3.4"}}}"#;
        let files = [
            ("package.json", r#"{"workspaces": ["apps/*"]}"#),
            ("package-lock.json", lock),
            ("apps/web/package.json", &manifest("^1.3.0")),
            ("apps/api/package.json", &manifest("^1.4.0")),
        ];
        assert_eq!(version(&files, "apps/web"), ["^1.3.0", "1.3.4", "package-lock.json"]);
        assert_eq!(version(&files, "apps/api"), ["^1.4.0", "1.4.10", "package-lock.json"]);
    }

    #[test]
    fn yarn_goes_by_the_range() {
        let lock = "\"better-auth@npm:^1.2.0\":\n  version: 1.2.12\n\n\"better-auth@npm:^1.3.0\":\n  version: 1.3.4\n";
        let files = [("package.json", manifest("^1.3.0")), ("yarn.lock", lock.to_owned())];
        let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
        assert_eq!(version(&files, ""), ["^1.3.0", "1.3.4", "yarn.lock"]);
        let files = [("package.json", r#"{"dependencies": {"better-auth": "^1.1.0"}}"#), ("yarn.lock", lock)];
        assert_eq!(version(&files, ""), ["^1.1.0", "-", "-"]);
    }

    #[test]
    fn bun_catalogs_stand_in_the_root_manifest() {
        let files = [
            ("package.json", r#"{"workspaces": {"packages": ["apps/*"], "catalog": {"better-auth": "1.2.12"}}}"#),
            ("apps/web/package.json", &manifest("catalog:")),
        ];
        assert_eq!(version(&files, "apps/web"), ["1.2.12", "1.2.12", "package.json"]);
    }

    #[test]
    fn deno_goes_by_the_range_of_the_import_map() {
        let files = [
            ("deno.json", r#"{"workspace": ["./apps/*"], "imports": {"better-auth": "npm:better-auth@^1.4"}}"#),
            (
                "deno.lock",
                r#"{"version": "5", "specifiers": {"npm:better-auth@^1.4": "1.4.3_pg@8", "npm:better-auth@1.3": "1.3.4", "npm:better-auth@*": "1.5.0"}}"#,
            ),
            ("apps/web/deno.json", "{}"),
            ("apps/old/deno.jsonc", r#"{"imports": {"auth": "npm:/better-auth@1.3/"}}"#),
            ("apps/any/deno.json", r#"{"importMap": "./import_map.json"}"#),
            ("apps/any/import_map.json", r#"{"imports": {"better-auth": "npm:better-auth"}}"#),
            ("apps/node/package.json", r#"{"dependencies": {"better-auth": "^1.4"}}"#),
            ("apps/pinned/deno.json", r#"{"imports": {"better-auth": "npm:better-auth@1.2.0"}}"#),
        ];
        assert_eq!(version(&files, "apps/web"), ["^1.4", "1.4.3", "deno.lock"]);
        assert_eq!(version(&files, "apps/old"), ["1.3", "1.3.4", "deno.lock"]);
        assert_eq!(version(&files, "apps/any"), ["*", "1.5.0", "deno.lock"]);
        assert_eq!(version(&files, "apps/node"), ["^1.4", "1.4.3", "deno.lock"]);
        assert_eq!(version(&files, "apps/pinned"), ["1.2.0", "1.2.0", "apps/pinned/deno.json"]);
    }

    #[test]
    fn an_example_outside_the_workspace_is_not_covered_by_its_lockfile() {
        let files = [
            ("package.json", r#"{"workspaces": ["apps/*"]}"#),
            ("package-lock.json", &*npm_lock("1.4.10")),
            ("examples/old/package.json", &manifest("^0.8.0")),
            ("examples/new/package.json", &manifest("^1.4.0")),
        ];
        assert_eq!(version(&files, "examples/old"), ["^0.8.0", "-", "-"]);
        assert_eq!(version(&files, "examples/new"), ["^1.4.0", "1.4.10", "package-lock.json"]);
    }

    #[test]
    fn a_package_of_the_repository_states_its_own_version() {
        let files = [
            ("package.json", r#"{"workspaces": ["packages/*"], "devDependencies": {"better-auth": "1.3.0"}}"#),
            ("pnpm-lock.yaml", "importers:\n  .:\n    devDependencies:\n      better-auth:\n        version: 1.3.0\n"),
            ("packages/core/package.json", r#"{"name": "better-auth", "version": "1.5.0"}"#),
            ("packages/sso/package.json", &manifest("workspace:*")),
        ];
        assert_eq!(version(&files, "packages/sso"), ["-", "1.5.0", "packages/core/package.json"]);
    }

    #[test]
    fn of_two_lockfiles_the_one_that_fits_counts() {
        let bun = r#"{"packages": {"better-auth": ["better-auth@1.1.0"]}}"#;
        let files = [("package.json", manifest("^1.4.0")), ("bun.lock", bun.into()), ("package-lock.json", npm_lock("1.4.10"))];
        let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
        assert_eq!(version(&files, ""), ["^1.4.0", "1.4.10", "package-lock.json"]);
    }

    #[test]
    fn a_lockfile_that_was_left_in_a_package_gives_way_to_the_one_above_that_fits() {
        let bun = |version: &str| format!(r#"{{"packages": {{"better-auth": ["better-auth@{version}"]}}}}"#);
        let (left, whole) = (bun("1.5.0-beta.18"), bun("1.5.1"));
        let root = r#"{"workspaces": ["apps/*"]}"#;
        let own = manifest("1.5.1");
        let files = [("package.json", root), ("bun.lock", &whole), ("apps/web/package.json", &own), ("apps/web/bun.lock", &left)];
        assert_eq!(version(&files, "apps/web"), ["1.5.1", "1.5.1", "bun.lock"]);
        // Overrides lead elsewhere than the manifest says.
        assert_eq!(version(&[("package.json", &own), ("bun.lock", &left)], ""), ["1.5.1", "1.5.0-beta.18", "bun.lock"]);
    }

    #[test]
    fn the_lockfile_of_a_workspace_counts_for_its_members() {
        let bun = |version: &str| format!(r#"{{"packages": {{"better-auth": ["better-auth@{version}"]}}}}"#);
        let (left, whole) = (bun("1.4.7"), bun("1.4.9"));
        let own = manifest("^1.4.7");
        let (member, apart) = (r#"{"workspaces": ["packages/*"]}"#, r#"{"workspaces": ["apps/*"]}"#);
        let nested = [("packages/auth/package.json", &*own), ("packages/auth/bun.lock", &left)];
        let with = |root: &[(&str, &str)]| version(&[root, &nested].concat(), "packages/auth")[1..].to_vec();
        assert_eq!(with(&[("package.json", member), ("bun.lock", &whole)]), ["1.4.9", "bun.lock"]);
        assert_eq!(with(&[("package.json", apart), ("bun.lock", &whole)]), ["1.4.7", "packages/auth/bun.lock"]);
        assert_eq!(with(&[("package.json", member)]), ["1.4.7", "packages/auth/bun.lock"]);
        // One that does not know the member says nothing of it.
        let pnpm = "importers:\n  .:\n    dependencies:\n      better-auth:\n        version: 1.4.8\n";
        let pnpm = [("package.json", member), ("pnpm-lock.yaml", pnpm)];
        assert_eq!(with(&pnpm), ["1.4.7", "packages/auth/bun.lock"]);
    }

    #[test]
    fn what_nothing_asks_for_is_the_only_one_that_is_locked() {
        let importer = |folder: &str, version: &str| {
            format!("  {folder}:\n    dependencies:\n      better-auth:\n        version: {version}\n")
        };
        let one = format!("importers:\n{}", importer("apps/web", "1.6.5"));
        let two = format!("{one}{}", importer("apps/api", "1.6.6"));
        let root = ("package.json", r#"{"workspaces": ["*/*"]}"#);
        for (lock, manifest, expected) in
            [(&one, "{}", "1.6.5"), (&two, "{}", "-"), (&one, r#"{"dependencies": {"better-auth": "^1.6.0"}}"#, "-")]
        {
            let files = [root, ("pnpm-lock.yaml", lock), ("packages/db/package.json", manifest)];
            assert_eq!(version(&files, "packages/db")[1], expected, "{lock} {manifest}");
        }
    }

    #[test]
    fn what_is_linked_from_node_modules_has_the_version_there() {
        let root = manifest("^1.6.0");
        let example = manifest("file:../../node_modules/better-auth");
        let files =
            [("package.json", &*root), ("package-lock.json", &*npm_lock("1.6.15")), ("examples/next/package.json", &example)];
        assert_eq!(version(&files, "examples/next"), ["^1.6.0", "1.6.15", "package-lock.json"]);
        let other = manifest("file:../../node_modules/other/better-auth");
        let files =
            [("package.json", &*root), ("package-lock.json", &*npm_lock("1.6.15")), ("examples/next/package.json", &other)];
        assert_eq!(version(&files, "examples/next"), ["-", "-", "-"]);
    }

    #[test]
    fn a_lockfile_that_is_not_read_is_named() {
        let unread = |files: &[(&str, &str)]| {
            let files = MemoryFiles::new(files);
            version_of(&files, &Resolver::new(&files), "backend", "better-auth").unread.map(|file| file.to_string())
        };
        let own = manifest("^1.6.0");
        let binary = [("backend/package.json", &*own), ("backend/bun.lockb", "")];
        assert_eq!(unread(&binary).as_deref(), Some("backend/bun.lockb"));
        assert_eq!(unread(&[binary.as_slice(), &[("backend/package-lock.json", &*npm_lock("1.6.1"))]].concat()), None);
        assert_eq!(unread(&binary[..1]), None);
    }

    /// What is said against the version in the root, and why what is known may not hold for it.
    fn doubts(files: &[(&str, &str)]) -> Vec<String> {
        let files = MemoryFiles::new(files);
        let version = version_of(&files, &Resolver::new(&files), "", "better-auth");
        let beyond = version.beyond.into_iter().map(|why| format!("beyond: {}", why.reason));
        version.doubts.into_iter().map(|why| why.reason).chain(beyond).collect()
    }

    #[test]
    fn what_contradicts_the_version_is_said() {
        let (asked, lock) = (manifest("^1.6.0"), npm_lock("1.4.2"));
        let bun = r#"{"packages": {"better-auth": ["better-auth@1.6.1"]}}"#;
        let with = |more: &str| asked.replacen('{', &format!("{{{more}, "), 1);
        let outdated = "`package-lock.json` has 1.4.2, and `package.json` asks for `^1.6.0`: the first is taken";
        assert_eq!(doubts(&[("package.json", &asked), ("package-lock.json", &lock)]), [outdated]);
        for more in [r#""overrides": {"better-auth": "1.4.2"}"#, r#""pnpm": {"overrides": {"x>better-auth": "1.4.2"}}"#] {
            assert_eq!(doubts(&[("package.json", &with(more)), ("package-lock.json", &lock)]), [""; 0], "{more}");
        }
        let two = "`bun.lock` has 1.6.1, `package-lock.json` 1.4.2: the first is taken";
        assert_eq!(doubts(&[("package.json", &asked), ("package-lock.json", &lock), ("bun.lock", bun)]), [two]);
        let named = with(r#""packageManager": "npm@10.0.0""#);
        let files = [("package.json", named.as_str()), ("package-lock.json", &lock), ("bun.lock", bun)];
        assert_eq!(version(&files, ""), ["^1.6.0", "1.4.2", "package-lock.json"]);
        assert_eq!(doubts(&files), [outdated]);
    }

    #[test]
    fn what_is_known_may_not_hold_for_later_releases_and_for_those_of_others() {
        let newest = &pack().core.newest;
        let known = format!("what is known ends with {}.{}", newest.major(), newest.minor());
        for (range, effective, expected) in [
            ("1.4.5", "1.4.5", ""),
            ("npm:better-auth@1.4.5", "1.4.5", ""),
            ("npm:@acme/better-auth@1.4.5", "1.4.5", "beyond: `package.json` puts `npm:@acme/better-auth@1.4.5` in its place"),
            ("npm:@acme/better-auth", "-", "beyond: `package.json` puts `npm:@acme/better-auth` in its place"),
            ("github:acme/better-auth#main", "-", "beyond: `package.json` puts `github:acme/better-auth#main` in its place"),
            ("acme/better-auth", "-", "beyond: `package.json` puts `acme/better-auth` in its place"),
            ("99.0.0", "99.0.0", &format!("beyond: {known}, and 99.0.0 is judged by that")),
            ("^99.1", "99.1.0", &format!("beyond: {known}, and 99.1.0 is judged by that")),
        ] {
            let text = manifest(range);
            let files = [("package.json", text.as_str())];
            assert_eq!(doubts(&files).concat(), expected, "{range}");
            let files = MemoryFiles::new(&files);
            let found = version_of(&files, &Resolver::new(&files), "", "better-auth").effective();
            assert_eq!(found.map_or("-".into(), |version| version.to_string()), effective, "{range}");
        }
        let lock = npm_lock("1.4.2");
        let forked = manifest("npm:@acme/better-auth@1.4.5");
        assert_eq!(
            version(&[("package.json", &forked), ("package-lock.json", &lock)], "")[1..],
            ["1.4.5".to_owned(), "package.json".to_owned()]
        );
    }

    #[test]
    fn without_a_lockfile_only_a_pin_is_certain() {
        for (range, declared, resolved, effective) in [
            ("1.4.10", "1.4.10", "1.4.10", "1.4.10"),
            ("^1.4.0", "^1.4.0", "-", "1.4.0"),
            ("npm:better-auth@~1.3.4", "~1.3.4", "-", "1.3.4"),
            ("latest", "latest", "-", "-"),
            ("*", "*", "-", "-"),
            ("workspace:*", "-", "-", "-"),
        ] {
            let text = manifest(range);
            let files = [("package.json", text.as_str())];
            let [found_declared, found_resolved, _] = version(&files, "");
            let files = MemoryFiles::new(&files);
            let version = version_of(&files, &Resolver::new(&files), "", "better-auth");
            let found_effective = version.effective().map_or("-".into(), |version| version.to_string());
            assert_eq!([&*found_declared, &*found_resolved, &*found_effective], [declared, resolved, effective], "{range}");
            assert_eq!(version.certain(), resolved != "-");
        }
    }
}
