//! Which file an import means: relative, import maps, tsconfig `paths` and `baseUrl`, package `imports`, workspace packages.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use nodejs_semver::{Range, Version};
use rayon::prelude::*;

use crate::facts::manifest::{Dependency, Manifest, Targets, TsConfig};
use crate::facts::signals::module_name;
use crate::facts::specifier::{Registered, canonical, split_package_name};
use crate::facts::{Body, FileFacts};
use crate::project::bundler::Bundled;
use crate::project::files::Files;
use crate::project::installed;
use crate::source::{FileKind, folder_of};

/// Resolves import specifiers over the snapshot, never over the disk.
#[derive(Debug, Default)]
pub struct Resolver {
    /// Packages by folder.
    packages: HashMap<Arc<str>, Package>,
    /// Folders of packages by name, members of workspaces first.
    names: HashMap<String, Vec<Arc<str>>>,
    /// What the tsconfig of a folder makes of specifiers; several where it refers to others beside it.
    aliases: HashMap<String, Vec<Aliases>>,
    /// What the bundlers of packages make of specifiers, by folder, as far as it was asked for.
    bundled: RwLock<HashMap<Arc<str>, Arc<Bundled>>>,
    /// What was resolved already, by file and specifier: the same few are asked for again and again.
    known: RwLock<HashMap<String, HashMap<String, Resolved>>>,
}

/// What an import specifier means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// A file of the repository.
    File(Arc<str>),
    /// A module of a package from outside the repository, or a built-in one, as packages write its name.
    External(String),
    /// It should be a file of the repository, and there is none.
    Missing,
}

#[derive(Debug, Default)]
struct Package {
    /// The files that describe it, those that count first ahead.
    manifests: Vec<(Arc<str>, Arc<FileFacts>)>,
    /// The root of the workspace around it whose globs match its folder.
    workspace: Option<Arc<str>>,
}

impl Package {
    fn manifests(&self) -> impl Iterator<Item = (&Arc<str>, &Manifest)> {
        self.manifests.iter().filter_map(|(path, facts)| Some((path, manifest_in(facts)?)))
    }

    /// Whether package managers link this package where a release is asked for: it is a member of the workspace, and its
    /// version fits (<https://docs.npmjs.com/cli/using-npm/workspaces>).
    fn fits(&self, range: &str) -> bool {
        let stated = self.manifests().find_map(|(_, manifest)| manifest.version.as_deref()).unwrap_or("0.0.0");
        let version = Version::parse(stated).ok();
        self.workspace.is_some()
            && Range::parse(range).ok().zip(version).is_some_and(|(range, version)| version.satisfies(&range))
    }
}

/// `baseUrl` and `paths` of one tsconfig, with what it extends.
#[derive(Debug, Default)]
struct Aliases {
    base: Option<String>,
    patterns: Vec<Pattern>,
}

/// One entry of `paths`.
#[derive(Debug)]
struct Pattern {
    prefix: String,
    /// What follows the `*`; `None` without one.
    suffix: Option<String>,
    /// Paths from the repository root, with the `*` of the pattern.
    targets: Vec<String>,
}

/// File name endings tried in turn; sources before what is made from them.
const ENDINGS: [&str; 13] =
    [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json", ".vue", ".svelte", ".astro", ".d.ts"];

/// Endings of emitted files, as imports name them, and the endings of their sources.
const EMITTED: [(&str, &[&str]); 4] = [(".js", &[".ts", ".tsx"]), (".jsx", &[".tsx"]), (".mjs", &[".mts"]), (".cjs", &[".cts"])];

/// Folders builds write to, and the folders by module format inside them.
const OUTPUT_FOLDERS: [&str; 4] = ["dist", "build", "lib", "out"];
const FORMAT_FOLDERS: [&str; 4] = ["esm", "cjs", "es", "types"];

/// Most files one tsconfig is put together from; what goes beyond is left out.
const MOST_BASES: usize = 32;

impl Resolver {
    /// Reads manifests, workspaces and tsconfigs of the snapshot.
    #[must_use]
    pub fn new(files: &dyn Files) -> Self {
        let mut resolver = Self::default();
        let manifests: Vec<_> = FileKind::MANIFESTS.into_iter().flat_map(|kind| facts_of(files, kind)).collect();
        let globs = workspace_globs(&manifests, &facts_of(files, FileKind::PnpmWorkspace));
        for (path, facts) in manifests {
            let folder: Arc<str> = folder_of(&path).into();
            let holds_it = |root: &&str| globs.get(*root).is_some_and(|globs| globs.holds(root, &folder));
            let workspace = ancestors(&folder).find(holds_it).map(Arc::<str>::from);
            let manifest = manifest_in(&facts);
            if let Some(name) = manifest.and_then(|manifest| manifest.name.clone()) {
                let is_member = |folder: &Arc<str>| resolver.packages.get(folder).is_some_and(|known| known.workspace.is_some());
                let named = resolver.names.entry(name).or_default();
                let place =
                    if workspace.is_some() { named.iter().take_while(|known| is_member(known)).count() } else { named.len() };
                named.insert(place, Arc::clone(&folder));
            }
            let import_map = manifest.and_then(|manifest| join(&folder, manifest.import_map_file.as_deref()?));
            let import_map = import_map.and_then(|path| Some((path.as_str().into(), files.facts(&path)?)));
            let package = resolver.packages.entry(folder).or_default();
            package.workspace = workspace;
            package.manifests.push((path, facts));
            package.manifests.extend(import_map);
        }
        resolver.aliases = resolver.read_aliases(files);
        resolver
    }

    /// What `specifier` means in the file `from`.
    ///
    /// In this order: relative paths; import maps; `paths` and `baseUrl` of the nearest tsconfig; `imports` of the nearest
    /// `package.json`; aliases of a bundler; packages of the repository by name; and, when nothing of that decides, the aliases
    /// that SvelteKit (`$lib`) and Nuxt (`~`, `@`, `~~`, `@@`, `#shared`, `#server`) set up without a word in the repository.
    #[must_use]
    pub fn resolve(&self, files: &dyn Files, from: &str, specifier: &str) -> Resolved {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(resolved) = known.get(from).and_then(|known| known.get(specifier)) {
            return resolved.clone();
        }
        drop(known);
        let resolved = self.look_up(files, from, specifier);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(from.to_owned()).or_default().insert(specifier.to_owned(), resolved.clone());
        resolved
    }

    fn look_up(&self, files: &dyn Files, from: &str, specifier: &str) -> Resolved {
        // Bundlers take what follows a question mark as an instruction: `./logo.svg?raw`.
        let specifier = specifier.split('?').next().unwrap_or(specifier);
        if is_installed(from) {
            return installed::resolve(files, from, specifier);
        }
        if specifier.starts_with("./") || specifier.starts_with("../") || matches!(specifier, "." | "..") {
            return found(join(folder_of(from), specifier).and_then(|path| self.probe(files, &path)));
        }
        if let Some(mapped) = self.by_import_map(files, from, specifier) {
            return mapped;
        }
        if has_scheme(specifier) {
            return Resolved::External(canonical(specifier));
        }
        let mut aliased = false;
        for aliases in self.aliases_of(from) {
            match self.by_alias(files, aliases, specifier) {
                Some(Resolved::Missing) => aliased = true,
                Some(resolved) => return resolved,
                None => {}
            }
        }
        let is_installed = self.range_of(from, split_package_name(specifier).0).is_some();
        let decided = if specifier.starts_with('#') {
            self.by_package_imports(files, from, specifier).or_else(|| self.by_bundler(files, from, specifier))
        } else {
            let bundled = (!is_installed).then(|| self.by_bundler(files, from, specifier)).flatten();
            bundled.or_else(|| self.by_package_name(files, from, specifier))
        };
        let decided = decided.or_else(|| self.by_convention(files, from, specifier));
        // An alias may cover names of installed packages too: `@prisma/*`.
        let missing = || aliased && !is_installed;
        decided.unwrap_or_else(|| if missing() { Resolved::Missing } else { Resolved::External(specifier.to_owned()) })
    }

    /// The folder of the package `path` belongs to: that of the nearest manifest; empty for the root.
    #[must_use]
    pub fn package_of(&self, path: &str) -> Arc<str> {
        let nearest = ancestors(folder_of(path)).find_map(|folder| self.packages.get_key_value(folder));
        nearest.map_or_else(|| Arc::from(""), |(folder, _)| Arc::clone(folder))
    }

    /// The names a file may be imported by, as the last part of a specifier: its own, that of its folder, and those its
    /// package and the tsconfigs give to what may be it.
    pub(crate) fn names_of(&self, files: &dyn Files, path: &str) -> BTreeSet<String> {
        let package = self.package_of(path);
        let manifests = || self.manifests(&package).map(|(_, manifest)| manifest);
        let own = [module_name(path), module_name(folder_of(path))];
        let may_be_it =
            |targets: &[String]| targets.iter().any(|target| target.contains('*') || own.contains(&module_name(target)));
        let keys = manifests()
            .flat_map(|manifest| manifest.exports.iter().chain(&manifest.imports))
            .filter(|(_, targets)| may_be_it(targets))
            .map(|(key, _)| &**key);
        let exact = self.aliases.values().flatten().flat_map(|aliases| &aliases.patterns);
        let exact = exact.filter(|pattern| pattern.suffix.is_none() && may_be_it(&pattern.targets));
        let mapped = self.packages.values().flat_map(Package::manifests).flat_map(|(_, manifest)| &manifest.import_map);
        let mapped = mapped.filter(|(_, target)| may_be_it(std::slice::from_ref(target)));
        let bundled = self.bundled(files, &package);
        let bundled = bundled.aliases.iter().filter(|(_, target)| may_be_it(std::slice::from_ref(target)));
        keys.chain(exact.map(|pattern| &*pattern.prefix))
            .chain(bundled.map(|(alias, _)| &**alias))
            .chain(mapped.map(|(key, _)| &**key))
            .chain(manifests().filter_map(|manifest| manifest.name.as_deref()))
            .chain([path, folder_of(path), &*package])
            .map(|name| module_name(name).to_owned())
            .collect()
    }

    /// The folder of the package of this name, when the repository has one; of several that of the nearest workspace around a
    /// path.
    pub(crate) fn package_named(&self, name: &str, from: &str) -> Option<&str> {
        let named = self.names.get(name)?;
        let workspace = |folder: &Arc<str>| self.packages.get(folder)?.workspace.as_deref();
        let around = |folder: &&Arc<str>| workspace(folder).is_some_and(|root| relative(root, from).is_some());
        let nearest = named.iter().rev().filter(around).max_by_key(|folder| workspace(folder).map(str::len));
        nearest.or_else(|| named.first()).map(|folder| &**folder)
    }

    /// The manifests of the package in `folder` with their paths, those that count first ahead.
    pub(crate) fn manifests(&self, folder: &str) -> impl Iterator<Item = (&Arc<str>, &Manifest)> {
        self.packages.get(folder).into_iter().flat_map(Package::manifests)
    }

    /// What the package in `folder` depends on, with the manifest that says so.
    pub(crate) fn dependencies(&self, folder: &str) -> impl Iterator<Item = (&Arc<str>, &Dependency)> {
        self.manifests(folder).flat_map(|(path, manifest)| manifest.dependencies.iter().map(move |entry| (path, entry)))
    }

    /// Whether the package in one folder depends on that in another, which has a name.
    pub(crate) fn depends(&self, folder: &str, on: &str) -> bool {
        let mut names = self.manifests(on).filter_map(|(_, manifest)| manifest.name.as_deref());
        names.any(|name| {
            self.dependencies(folder).any(|(_, dependency)| dependency.name == name)
                && self.package_named(name, folder) == Some(on)
        })
    }

    /// The folders of the packages that depend on the package in `folder`, sorted.
    pub(crate) fn dependants(&self, folder: &str) -> Vec<Arc<str>> {
        let mut users: Vec<Arc<str>> = self.packages.keys().filter(|user| self.depends(user, folder)).cloned().collect();
        users.sort();
        users
    }

    /// Whether the repository has more than one package.
    pub(crate) fn has_several_packages(&self) -> bool {
        self.packages.len() > 1
    }

    /// The root of the workspace whose globs match the package in `folder`.
    pub(crate) fn workspace_of(&self, folder: &str) -> Option<&str> {
        self.packages.get(folder)?.workspace.as_deref()
    }

    /// The file at `path`, with the endings an import may leave out, or the one that stands for the folder `path`.
    fn probe(&self, files: &dyn Files, path: &str) -> Option<Arc<str>> {
        if path.split('/').any(|part| part == "node_modules") {
            return None;
        }
        let mut entries = self.manifests(path).flat_map(|(_, manifest)| &manifest.entries);
        probe_file(files, path)
            .or_else(|| entries.find_map(|entry| probe_target(files, path, entry)))
            .or_else(|| probe_index(files, path))
    }

    fn aliases_of(&self, from: &str) -> &[Aliases] {
        ancestors(folder_of(from)).find_map(|folder| self.aliases.get(folder)).map(Vec::as_slice).unwrap_or_default()
    }

    /// By the nearest import map that has the specifier (<https://html.spec.whatwg.org/multipage/webappapis.html#import-maps>);
    /// those of a workspace's root count for its members, too.
    fn by_import_map(&self, files: &dyn Files, from: &str, specifier: &str) -> Option<Resolved> {
        let manifests = ancestors(folder_of(from)).flat_map(|folder| self.manifests(folder));
        let (path, target) = manifests.filter_map(|(path, manifest)| Some((path, mapped(manifest, specifier)?))).next()?;
        if target.starts_with('.') {
            return Some(found(join(folder_of(path), &target).and_then(|path| self.probe(files, &path))));
        }
        let of_repository = || {
            let package = Registered::of(&target)?;
            let folder = self.package_named(package.name, from)?;
            let fits = self.packages.get(folder)?.fits(package.range.unwrap_or("*"));
            fits.then(|| found(self.in_package(files, folder, package.path)))
        };
        let module = if Registered::of_npm(&target).is_some() { canonical(&target) } else { specifier.to_owned() };
        Some(of_repository().unwrap_or(Resolved::External(module)))
    }

    /// `None` where the aliases say nothing of the specifier.
    fn by_alias(&self, files: &dyn Files, aliases: &Aliases, specifier: &str) -> Option<Resolved> {
        let best = aliases.patterns.iter().filter_map(|pattern| Some((pattern, pattern.star(specifier)?)));
        // An exact pattern wins, then the one with the longest prefix.
        let best = best.max_by_key(|(pattern, _)| (pattern.suffix.is_none(), pattern.prefix.len()));
        let mapped = best.map(|(pattern, star)| (pattern, pattern.targets.iter().map(move |t| t.replacen('*', star, 1))));
        if let Some((pattern, mut targets)) = mapped {
            if let Some(file) = targets.find_map(|path| self.probe(files, &path)) {
                return Some(Resolved::File(file));
            }
            // The pattern `*` claims everything, and so says nothing of what it does not find.
            let claims = !pattern.prefix.is_empty() && !pattern.targets.iter().any(|t| t.contains("node_modules/"));
            if claims {
                return Some(Resolved::Missing);
            }
        }
        let file = aliases.base.as_ref().and_then(|base| self.probe(files, &join(base, specifier)?));
        file.map(Resolved::File)
    }

    /// By the aliases of the bundler that the package is built with. `None` where they say nothing of the specifier.
    fn by_bundler(&self, files: &dyn Files, from: &str, specifier: &str) -> Option<Resolved> {
        let path = self.bundled(files, &self.package_of(from)).aliased(specifier).filter(|path| !is_installed(path))?;
        Some(found(self.probe(files, &path)))
    }

    /// What the bundler of a package says of names.
    pub(super) fn bundled(&self, files: &dyn Files, package: &Arc<str>) -> Arc<Bundled> {
        let known = self.bundled.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(bundled) = known.get(package) {
            return Arc::clone(bundled);
        }
        drop(known);
        let bundled = Arc::new(Bundled::read(files, package));
        self.bundled.write().unwrap_or_else(PoisonError::into_inner).insert(Arc::clone(package), Arc::clone(&bundled));
        bundled
    }

    /// `#…` by the `imports` of the nearest `package.json` (<https://nodejs.org/api/packages.html#subpath-imports>).
    fn by_package_imports(&self, files: &dyn Files, from: &str, specifier: &str) -> Option<Resolved> {
        let folder = self.package_of(from);
        let (targets, star) = self.manifests(&folder).find_map(|(_, manifest)| subpath(&manifest.imports, specifier))?;
        let targets = targets.iter().map(|target| target.replacen('*', star, 1));
        let (local, packages): (Vec<_>, Vec<_>) = targets.partition(|target| target.starts_with("./"));
        let file = local.iter().find_map(|target| probe_target(files, &folder, target));
        let file = file.map(Resolved::File).or_else(|| packages.iter().find_map(|name| self.by_package_name(files, from, name)));
        Some(file.unwrap_or_else(|| packages.into_iter().next().map_or(Resolved::Missing, Resolved::External)))
    }

    /// A package of the repository. `None` when it has none of this name, or the one it has is not meant.
    fn by_package_name(&self, files: &dyn Files, from: &str, specifier: &str) -> Option<Resolved> {
        let (name, rest) = split_package_name(specifier);
        let folder = self.package_named(name, from)?;
        let package = self.packages.get(folder)?;
        let meant = self.range_of(from, name).is_none_or(|range| is_local_range(range) || package.fits(range));
        meant.then(|| found(self.in_package(files, folder, rest)))
    }

    /// The range under which the nearest package that asks for `name` does so.
    fn range_of(&self, from: &str, name: &str) -> Option<&str> {
        let mut dependencies = ancestors(folder_of(from)).flat_map(|folder| self.dependencies(folder));
        dependencies.find(|(_, entry)| entry.name == name).map(|(_, entry)| &*entry.range)
    }

    /// A subpath of a package: by its `exports`, else by its entry points, else by its files.
    fn in_package(&self, files: &dyn Files, folder: &str, rest: &str) -> Option<Arc<str>> {
        let wanted = if rest.is_empty() { ".".to_owned() } else { format!("./{rest}") };
        let manifests = || self.manifests(folder).map(|(_, manifest)| manifest);
        let exported = manifests().find_map(|manifest| {
            let (targets, star) = subpath(&manifest.exports, &wanted)?;
            targets.iter().find_map(|target| probe_target(files, folder, &target.replacen('*', star, 1)))
        });
        let mut entries = manifests().filter(|_| rest.is_empty()).flat_map(|manifest| &manifest.entries);
        exported
            .or_else(|| entries.find_map(|entry| probe_target(files, folder, entry)))
            .or_else(|| [rest.to_owned(), format!("src/{rest}")].iter().find_map(|path| probe_inside(files, folder, path)))
    }

    /// Aliases that frameworks generate at build time, so that no file of the repository has to name them:
    /// - SvelteKit: `$lib` is `src/lib` (<https://svelte.dev/docs/kit/$lib>);
    /// - Nuxt: `~` and `@` are the source folder, `~~` and `@@` the root, `#shared` is `shared`, `#server` is `server`
    ///   (<https://nuxt.com/docs/api/nuxt-config#alias>). The source folder is `app` or the root; `@` is as often set to
    ///   `src` by the templates of bundlers.
    ///
    /// `None` for any other specifier. `#…` is mostly generated code, and then not missing.
    fn by_convention(&self, files: &dyn Files, from: &str, specifier: &str) -> Option<Resolved> {
        let (alias, rest) = specifier.split_once('/').unwrap_or((specifier, ""));
        let folders: &[&str] = match alias {
            "$lib" => &["src/lib"],
            "~" | "@" => &["app", "src", ""],
            "~~" | "@@" => &[""],
            "#shared" => &["shared"],
            "#server" => &["server"],
            _ => return None,
        };
        let package = self.package_of(from);
        let file = folders.iter().find_map(|folder| probe_inside(files, &package, &format!("{folder}/{rest}")));
        match file {
            None if alias.starts_with('#') => None,
            file => Some(found(file)),
        }
    }

    fn read_aliases(&self, files: &dyn Files) -> HashMap<String, Vec<Aliases>> {
        let mut aliases = HashMap::new();
        let configs = files.of_kind(FileKind::TsConfig);
        // Where both lie in one folder, the second counts.
        for name in ["jsconfig.json", "tsconfig.json"] {
            let named = configs.par_iter().filter(|path| file_name(path) == name && !is_installed(path));
            aliases.par_extend(named.map(|path| (folder_of(path).to_owned(), self.aliases_in(files, path))));
        }
        aliases
    }

    /// The aliases of a tsconfig, and of those it refers to in the same folder: `tsconfig.app.json` covers the sources
    /// there, while a reference to another folder speaks for the files of that folder.
    fn aliases_in(&self, files: &dyn Files, path: &str) -> Vec<Aliases> {
        let folder = folder_of(path);
        let own = config_at(files, path).map(|(_, facts)| facts);
        let references = own.as_deref().and_then(ts_config).map(|config| config.references.as_slice()).unwrap_or_default();
        let beside = references.iter().filter_map(|reference| join(folder, reference)).filter(|path| folder_of(path) == folder);
        std::iter::once(path.to_owned())
            .chain(beside)
            .map(|path| self.settings(files, &path, &mut Vec::new()).into_aliases(folder))
            .collect()
    }

    /// The settings of a tsconfig with what it extends: a later base wins over an earlier one, its own over both.
    fn settings(&self, files: &dyn Files, path: &str, seen: &mut Vec<Arc<str>>) -> Settings {
        let new = |(path, _): &(Arc<str>, _)| !seen.contains(path) && seen.len() < MOST_BASES;
        let Some((path, facts)) = config_at(files, path).filter(new) else { return Settings::default() };
        let Some(config) = ts_config(&facts) else { return Settings::default() };
        seen.push(Arc::clone(&path));
        let folder = folder_of(&path);
        let mut settings = Settings::default();
        for base in &config.extends {
            let base = if base.starts_with('.') {
                join(folder, base)
            } else {
                let (name, rest) = split_package_name(base);
                self.package_named(name, folder).and_then(|package| join(package, rest))
            };
            if let Some(base) = base {
                settings.replace_by(self.settings(files, &base, seen));
            }
        }
        settings.replace_by(Settings {
            base_url: config.base_url.clone().map(|base| (folder.to_owned(), base)),
            paths: (!config.paths.is_empty()).then(|| (folder.to_owned(), config.paths.clone())),
        });
        settings
    }
}

/// Settings of a tsconfig as written, each with the folder of the file that sets it.
#[derive(Default)]
struct Settings {
    base_url: Option<(String, String)>,
    paths: Option<(String, Targets)>,
}

impl Settings {
    fn replace_by(&mut self, later: Settings) {
        self.base_url = later.base_url.or(self.base_url.take());
        self.paths = later.paths.or(self.paths.take());
    }

    /// Resolves all paths; `${configDir}` is the folder of the tsconfig everything started from.
    fn into_aliases(self, folder: &str) -> Aliases {
        let absolute = |from: &str, path: &str| match path.strip_prefix("${configDir}") {
            Some(rest) => join(folder, rest.trim_start_matches('/')),
            None => join(from, path),
        };
        let base = self.base_url.and_then(|(from, path)| absolute(&from, &path));
        let (paths_folder, paths) = self.paths.unwrap_or_default();
        let from = base.as_deref().unwrap_or(&paths_folder);
        let patterns = paths
            .into_iter()
            .map(|(pattern, targets)| {
                let (prefix, suffix) = match pattern.split_once('*') {
                    Some((prefix, suffix)) => (prefix.to_owned(), Some(suffix.to_owned())),
                    None => (pattern, None),
                };
                Pattern { prefix, suffix, targets: targets.iter().filter_map(|target| absolute(from, target)).collect() }
            })
            .collect();
        Aliases { base, patterns }
    }
}

impl Pattern {
    /// What the `*` stands for in `specifier`; `None` when the pattern does not match.
    fn star<'s>(&self, specifier: &'s str) -> Option<&'s str> {
        let rest = specifier.strip_prefix(&self.prefix)?;
        match &self.suffix {
            Some(suffix) => rest.strip_suffix(suffix),
            None => rest.is_empty().then_some(""),
        }
    }
}

/// The globs of a workspace root.
struct WorkspaceGlobs {
    included: GlobSet,
    excluded: GlobSet,
}

impl WorkspaceGlobs {
    fn new<'g>(globs: impl Iterator<Item = &'g String> + Clone) -> Self {
        let set = |excluded: bool| {
            let mut set = GlobSetBuilder::new();
            for glob in globs.clone().filter(|glob| glob.starts_with('!') == excluded) {
                let glob = glob.trim_start_matches('!').trim_start_matches("./").trim_end_matches('/');
                // A glob that cannot be read matches nothing for the package managers either.
                if let Ok(glob) = GlobBuilder::new(glob).literal_separator(true).build() {
                    set.add(glob);
                }
            }
            set.build().unwrap_or_default()
        };
        Self { included: set(false), excluded: set(true) }
    }

    /// Whether the globs of the workspace at `root` match `folder`.
    fn holds(&self, root: &str, folder: &str) -> bool {
        relative(root, folder).is_some_and(|path| self.included.is_match(path) && !self.excluded.is_match(path))
    }
}

/// The globs of every workspace root, by its folder.
fn workspace_globs(
    manifests: &[(Arc<str>, Arc<FileFacts>)],
    pnpm: &[(Arc<str>, Arc<FileFacts>)],
) -> HashMap<String, WorkspaceGlobs> {
    let mut globs: HashMap<String, Vec<&String>> = HashMap::new();
    for (path, facts) in manifests.iter().chain(pnpm) {
        let listed = match &facts.body {
            Body::Manifest(manifest) => manifest.workspaces.as_slice(),
            Body::PnpmWorkspace(workspace) => &workspace.packages,
            _ => &[],
        };
        globs.entry(folder_of(path).to_owned()).or_default().extend(listed);
    }
    globs.into_iter().map(|(root, globs)| (root, WorkspaceGlobs::new(globs.into_iter()))).collect()
}

/// All files of a kind that are not installed packages, with their facts.
fn facts_of(files: &dyn Files, kind: FileKind) -> Vec<(Arc<str>, Arc<FileFacts>)> {
    let paths = files.of_kind(kind);
    paths
        .into_par_iter()
        .filter(|path| !is_installed(path))
        .filter_map(|path| files.facts(&path).map(|facts| (path, facts)))
        .collect()
}

/// The tsconfig `path` means, with what `extends` and `references` may leave out.
fn config_at(files: &dyn Files, path: &str) -> Option<(Arc<str>, Arc<FileFacts>)> {
    let folder = if path.is_empty() { "tsconfig.json".to_owned() } else { format!("{path}/tsconfig.json") };
    [path.to_owned(), format!("{path}.json"), folder]
        .into_iter()
        .filter(|path| files.exists(path))
        .find_map(|path| files.facts(&path).filter(|facts| ts_config(facts).is_some()).map(|facts| (path.into(), facts)))
}

fn manifest_in(facts: &FileFacts) -> Option<&Manifest> {
    match &facts.body {
        Body::Manifest(manifest) => Some(manifest),
        _ => None,
    }
}

/// What an import map makes of a specifier: an exact key wins, then the longest of those that end in a slash. A package of
/// a registry stands for its subpaths, too (<https://docs.deno.com/runtime/fundamentals/modules/>, "Managing third party
/// modules").
fn mapped(manifest: &Manifest, specifier: &str) -> Option<String> {
    let rest = |(key, target): &'_ (String, String)| {
        let rest = specifier.strip_prefix(&**key)?;
        let stands_for_it = rest.is_empty() || key.ends_with('/') || rest.starts_with('/') && Registered::of(target).is_some();
        stands_for_it.then_some((key.len(), format!("{target}{rest}")))
    };
    manifest.import_map.iter().filter_map(rest).max_by_key(|(length, _)| *length).map(|(_, target)| target)
}

/// Whether a specifier is an address or names a registry: `node:fs`, `npm:better-auth@1`, `https://…`, `virtual:…`.
fn has_scheme(specifier: &str) -> bool {
    specifier.split('/').next().is_some_and(|first| first.contains(':'))
}

fn ts_config(facts: &FileFacts) -> Option<&TsConfig> {
    match &facts.body {
        Body::TsConfig(config) => Some(config),
        _ => None,
    }
}

/// The targets of the key that matches `wanted`, and what the `*` of that key stands for. An exact key wins, then the
/// one with the longest part before its `*`.
pub(crate) fn subpath<'m, 'w>(table: &'m [(String, Vec<String>)], wanted: &'w str) -> Option<(&'m [String], &'w str)> {
    let star = |key: &str| match key.split_once('*') {
        Some((prefix, suffix)) => wanted.strip_prefix(prefix)?.strip_suffix(suffix),
        None => (key == wanted).then_some(""),
    };
    let matches = table.iter().filter_map(|(key, targets)| Some((key, targets.as_slice(), star(key)?)));
    let best = matches.max_by_key(|(key, ..)| (!key.contains('*'), key.find('*')))?;
    Some((best.1, best.2))
}

/// The source a target of `exports`, `imports` or an entry point leads to: the file itself, or where that is built, the
/// file it is built from.
fn probe_target(files: &dyn Files, folder: &str, target: &str) -> Option<Arc<str>> {
    let is_declaration = target.ends_with(".d.ts") || target.ends_with(".d.mts") || target.ends_with(".d.cts");
    let direct = (!is_declaration).then(|| probe_inside(files, folder, target)).flatten();
    direct.or_else(|| {
        let (output, rest) = target.trim_start_matches("./").split_once('/')?;
        if !OUTPUT_FOLDERS.contains(&output) {
            return None;
        }
        let rest = rest.split_once('/').filter(|(first, _)| FORMAT_FOLDERS.contains(first)).map_or(rest, |(_, rest)| rest);
        let endings = [".d.ts", ".d.mts", ".d.cts", ".js", ".mjs", ".cjs", ".jsx"];
        let stem = endings.iter().find_map(|ending| rest.strip_suffix(ending)).unwrap_or(rest);
        [format!("src/{stem}"), stem.to_owned()].iter().find_map(|path| probe_inside(files, folder, path))
    })
}

/// The file or folder index at a path inside `folder`.
fn probe_inside(files: &dyn Files, folder: &str, path: &str) -> Option<Arc<str>> {
    let path = join(folder, path)?;
    probe_file(files, &path).or_else(|| probe_index(files, &path))
}

fn probe_index(files: &dyn Files, folder: &str) -> Option<Arc<str>> {
    probe_file(files, &join(folder, "index")?)
}

/// The file at `path`: the source of the emitted file it names, itself, or with one of the [`ENDINGS`].
fn probe_file(files: &dyn Files, path: &str) -> Option<Arc<str>> {
    if path.is_empty() {
        return None;
    }
    let mut candidate = String::with_capacity(path.len() + 8);
    let mut exists = |stem: &str, ending: &str| {
        candidate.clear();
        candidate.push_str(stem);
        candidate.push_str(ending);
        files.exists(&candidate).then(|| Arc::from(candidate.as_str()))
    };
    let emitted = EMITTED.iter().find_map(|(ending, sources)| Some((path.strip_suffix(ending)?, sources)));
    emitted
        .and_then(|(stem, sources)| sources.iter().find_map(|ending| exists(stem, ending)))
        .or_else(|| exists(path, ""))
        .or_else(|| ENDINGS.iter().find_map(|ending| exists(path, ending)))
}

fn found(file: Option<Arc<str>>) -> Resolved {
    file.map_or(Resolved::Missing, Resolved::File)
}

/// Whether a range names a folder of the repository rather than a release.
pub(crate) fn is_local_range(range: &str) -> bool {
    ["workspace:", "link:", "file:", "portal:"].iter().any(|protocol| range.starts_with(protocol))
}

/// A folder and those around it, up to the root.
pub(crate) fn ancestors(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |folder| (!folder.is_empty()).then(|| folder_of(folder)))
}

/// The path from `root` to `folder` inside it; empty when they are the same.
pub(crate) fn relative<'p>(root: &str, folder: &'p str) -> Option<&'p str> {
    match folder.strip_prefix(root)? {
        rest if root.is_empty() || rest.is_empty() => Some(rest),
        rest => rest.strip_prefix('/'),
    }
}

/// `path` as seen from `folder`, without `.` and `..`; `None` when it leaves the repository.
pub(crate) fn join(folder: &str, path: &str) -> Option<String> {
    let mut joined = folder.to_owned();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if joined.is_empty() => return None,
            ".." => joined.truncate(folder_of(&joined).len()),
            part => {
                if !joined.is_empty() {
                    joined.push('/');
                }
                joined.push_str(part);
            }
        }
    }
    Some(joined)
}

pub(super) fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

pub(crate) fn is_installed(path: &str) -> bool {
    path.starts_with("node_modules/") || path.contains("/node_modules/")
}

#[cfg(test)]
pub(in crate::project) mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::facts;
    use crate::facts::signals::Signals;

    /// Files in memory; those without content only exist.
    pub(in crate::project) struct MemoryFiles(BTreeMap<Arc<str>, (String, Arc<FileFacts>)>);

    impl MemoryFiles {
        pub(in crate::project) fn new(files: &[(&str, &str)]) -> Self {
            let facts = |path: &str, text: &str| facts::extract(FileKind::of(path).unwrap_or(FileKind::Sql), text.as_bytes());
            let file = |path: &str, text: &str| (text.to_owned(), Arc::new(facts(path, text)));
            Self(files.iter().map(|(path, text)| (Arc::from(*path), file(path, text))).collect())
        }
    }

    impl Files for MemoryFiles {
        fn exists(&self, path: &str) -> bool {
            self.0.contains_key(path)
        }

        fn facts(&self, path: &str) -> Option<Arc<FileFacts>> {
            self.0.get(path).map(|(_, facts)| Arc::clone(facts))
        }

        fn installed(&self, path: &str) -> Option<Arc<str>> {
            self.0.get_key_value(path).map(|(path, _)| Arc::clone(path))
        }

        fn text(&self, path: &str) -> Option<String> {
            self.0.get(path).map(|(text, _)| text.clone())
        }

        fn of_kind(&self, kind: FileKind) -> Vec<Arc<str>> {
            self.0.keys().filter(|path| FileKind::of(path) == Some(kind)).cloned().collect()
        }

        fn candidates(&self) -> &[(Arc<str>, Signals)] {
            &[]
        }

        fn importers(&self, _: &[&str]) -> Vec<(Arc<str>, Signals)> {
            Vec::new()
        }
    }

    /// What each specifier means in `from`: a path, `missing` or `external`.
    fn resolve_all(files: &[(&str, &str)], from: &str, specifiers: &[&str]) -> Vec<String> {
        let files = MemoryFiles::new(files);
        let resolver = Resolver::new(&files);
        let show = |specifier: &&str| match resolver.resolve(&files, from, specifier) {
            Resolved::File(path) => path.to_string(),
            Resolved::External(module) if module != *specifier => format!("external {module}"),
            Resolved::External(_) => "external".to_owned(),
            Resolved::Missing => "missing".to_owned(),
        };
        specifiers.iter().map(show).collect()
    }

    #[test]
    fn relative_paths() {
        let files = [
            ("src/auth.ts", ""),
            ("src/app/page.tsx", ""),
            ("src/db/index.ts", ""),
            ("src/client.mts", ""),
            ("src/App.vue", ""),
            ("src/data.json", "{}"),
            ("src/types.d.ts", ""),
            ("src/kit/package.json", r#"{"main": "./dist/main.js"}"#),
            ("src/kit/src/main.ts", ""),
            ("src/auth.config.ts", ""),
            ("root.ts", ""),
        ];
        let specifiers = [
            "../auth",
            "../auth.js",
            "../auth.ts?raw",
            "../db",
            "../client.mjs",
            "../App.vue",
            "../data",
            "../types",
            "../kit",
            "../auth.config",
            "./page",
            "..",
            "../../root",
            "../../../root",
            "./none",
        ];
        assert_eq!(
            resolve_all(&files, "src/app/page.tsx", &specifiers),
            [
                "src/auth.ts",
                "src/auth.ts",
                "src/auth.ts",
                "src/db/index.ts",
                "src/client.mts",
                "src/App.vue",
                "src/data.json",
                "src/types.d.ts",
                "src/kit/src/main.ts",
                "src/auth.config.ts",
                "src/app/page.tsx",
                "missing",
                "root.ts",
                "missing",
                "missing",
            ]
        );
    }

    #[test]
    fn tsconfig_paths_and_base_url() {
        let files = [
            (
                "tsconfig.base.json",
                r#"{"compilerOptions": {"baseUrl": ".", "paths": {"@lib/*": ["libs/*/src"], "*": ["any/*"]}}}"#,
            ),
            ("libs/auth/src/index.ts", ""),
            ("any/thing.ts", ""),
            ("apps/a/tsconfig.json", r#"{"extends": "../../tsconfig.base"}"#),
            ("apps/a/x.ts", ""),
            ("apps/b/tsconfig.json", r#"{"files": [], "references": [{"path": "./tsconfig.app.json"}, {"path": "./server"}]}"#),
            (
                "apps/b/tsconfig.app.json",
                r#"{"compilerOptions": {"paths": {"@/*": ["./src/*"], "@prisma/*": ["./prisma/*"], "@/deep/*": ["./deep/*"], "exact": ["./src/x.ts"]}}}"#,
            ),
            ("apps/b/package.json", r#"{"dependencies": {"@prisma/client": "^6"}}"#),
            ("apps/b/src/x.ts", ""),
            ("apps/b/src/deep/x.ts", ""),
            ("apps/b/deep/y.ts", ""),
            ("apps/c/tsconfig.json", r#"{"extends": "@acme/tsconfig/app.json", "compilerOptions": {"baseUrl": "./src"}}"#),
            ("apps/c/src/here.ts", ""),
            ("tools/package.json", r#"{"name": "@acme/tsconfig"}"#),
            ("loop/tsconfig.json", r#"{"extends": "./tsconfig.json"}"#),
        ];
        assert_eq!(
            resolve_all(&files, "apps/a/x.ts", &["@lib/auth", "thing", "react", "@lib/none"]),
            ["libs/auth/src/index.ts", "any/thing.ts", "external", "missing",]
        );
        assert_eq!(
            resolve_all(&files, "apps/b/src/x.ts", &["@/x", "@/deep/y", "exact", "@/none", "zod"]),
            ["apps/b/src/x.ts", "apps/b/deep/y.ts", "apps/b/src/x.ts", "missing", "external",]
        );
        assert_eq!(resolve_all(&files, "apps/c/src/here.ts", &["here"]), ["apps/c/src/here.ts"]);
        assert_eq!(resolve_all(&files, "loop/x.ts", &["react"]), ["external"]);
    }

    #[test]
    fn config_dir_is_the_folder_of_the_leaf() {
        let files = [
            ("tsconfig.base.json", r#"{"compilerOptions": {"paths": {"@/*": ["${configDir}/src/*"]}}}"#),
            ("app/tsconfig.json", r#"{"extends": ["../tsconfig.base.json"]}"#),
            ("app/src/x.ts", ""),
        ];
        assert_eq!(resolve_all(&files, "app/src/x.ts", &["@/x"]), ["app/src/x.ts"]);
    }

    #[test]
    fn packages_of_the_repository() {
        let files = [
            ("package.json", r#"{"name": "acme", "workspaces": ["packages/*", "!packages/old"]}"#),
            (
                "packages/auth/package.json",
                r#"{"name": "@acme/auth", "exports": {
                ".": {"types": "./dist/index.d.ts", "default": "./dist/index.js"},
                "./client": "./src/client.ts", "./plugins/*": "./dist/esm/plugins/*.js"}}"#,
            ),
            ("packages/auth/src/index.ts", ""),
            ("packages/auth/src/client.ts", ""),
            ("packages/auth/src/plugins/org.ts", ""),
            ("packages/auth/src/extra.ts", ""),
            ("packages/db/src/db.ts", ""),
            ("packages/old/package.json", r#"{"name": "@acme/db"}"#),
            ("packages/ui/package.json", r#"{"name": "ui"}"#),
            ("packages/ui/index.tsx", ""),
            ("packages/zod/package.json", r#"{"name": "zod", "version": "0.0.0"}"#),
            ("packages/zod/index.ts", ""),
            (
                "packages/db/package.json",
                r#"{"name": "@acme/db", "main": "src/db.ts", "dependencies": {"zod": "^4", "ui": "*"}}"#,
            ),
            ("demo/package.json", r#"{"name": "better-auth", "dependencies": {"better-auth": "^1.4.0"}}"#),
            ("demo/index.ts", ""),
        ];
        let specifiers = [
            "@acme/auth",
            "@acme/auth/client",
            "@acme/auth/plugins/org",
            "@acme/auth/extra",
            "@acme/auth/none",
            "@acme/db",
            "ui",
            "@acme/other",
        ];
        assert_eq!(
            resolve_all(&files, "packages/ui/index.tsx", &specifiers),
            [
                "packages/auth/src/index.ts",
                "packages/auth/src/client.ts",
                "packages/auth/src/plugins/org.ts",
                "packages/auth/src/extra.ts",
                "missing",
                "packages/db/src/db.ts",
                "packages/ui/index.tsx",
                "external",
            ]
        );
        assert_eq!(resolve_all(&files, "packages/db/src/db.ts", &["zod", "ui"]), ["external", "packages/ui/index.tsx"]);
        assert_eq!(resolve_all(&files, "demo/index.ts", &["better-auth", "better-auth/plugins"]), ["external", "external"]);
    }

    #[test]
    fn package_imports_and_schemes() {
        let files = [
            (
                "package.json",
                r##"{"imports": {"#lib/*": {"types": "./dist/lib/*.d.ts", "default": "./lib/*.js"}, "#auth": "better-auth", "#gone": "./gone.js"}}"##,
            ),
            ("lib/auth.ts", ""),
            ("node_modules/x/index.ts", ""),
        ];
        let specifiers = [
            "#lib/auth",
            "#auth",
            "#gone",
            "#imports",
            "node:fs",
            "npm:better-auth@1.2.3/plugins",
            "https://esm.sh/x",
            "../node_modules/x",
        ];
        assert_eq!(
            resolve_all(&files, "lib/auth.ts", &specifiers),
            [
                "lib/auth.ts",
                "external better-auth",
                "missing",
                "external",
                "external",
                "external better-auth/plugins",
                "external",
                "missing",
            ]
        );
    }

    #[test]
    fn import_maps_of_deno() {
        let files = [
            (
                "deno.json",
                r#"{"workspace": ["./apps/api", "./packages/auth"],
                "imports": {"better-auth": "npm:better-auth@^1.4", "auth-lib": "npm:better-auth@1.4.3", "orm/": "npm:/drizzle-orm@0.45/",
                "@/": "./shared/", "@/own": "./own.ts", "hono": "jsr:@hono/hono@4", "std/": "https://deno.land/std/"}}"#,
            ),
            ("shared/db.ts", ""),
            ("own.ts", ""),
            ("apps/api/deno.jsonc", r#"{"importMap": "./maps/import_map.json", /* and */}"#),
            ("apps/api/maps/import_map.json", r#"{"imports": {"@/": "../src/", "$lib": "../lib/mod.ts"}}"#),
            ("apps/api/src/db.ts", ""),
            ("apps/api/lib/mod.ts", ""),
            (
                "packages/auth/deno.json",
                r#"{"name": "@acme/auth", "version": "1.2.0", "exports": {".": "./mod.ts", "./client": "./src/client.ts"},
                "imports": {"api": "jsr:@acme/auth@^1/client", "old": "jsr:@acme/auth@^0.1"}}"#,
            ),
            ("packages/auth/mod.ts", ""),
            ("packages/auth/src/client.ts", ""),
        ];
        let specifiers = [
            "better-auth/plugins",
            "auth-lib",
            "auth-lib/plugins",
            "orm/pg-core",
            "@/db.ts",
            "@/own",
            "$lib",
            "hono",
            "hono/cors",
        ];
        assert_eq!(
            resolve_all(&files, "own.ts", &specifiers),
            [
                "external",
                "external better-auth",
                "external better-auth/plugins",
                "external drizzle-orm/pg-core",
                "shared/db.ts",
                "own.ts",
                "missing",
                "external",
                "external",
            ]
        );
        let specifiers = ["@/db.ts", "@/own", "$lib", "auth-lib", "@acme/auth", "@acme/auth/client", "std/x.ts", "@/none"];
        assert_eq!(
            resolve_all(&files, "apps/api/src/db.ts", &specifiers),
            [
                "apps/api/src/db.ts",
                "missing",
                "apps/api/lib/mod.ts",
                "external better-auth",
                "packages/auth/mod.ts",
                "packages/auth/src/client.ts",
                "external",
                "missing",
            ]
        );
        assert_eq!(resolve_all(&files, "packages/auth/mod.ts", &["api", "old"]), ["packages/auth/src/client.ts", "external"]);
        let files = MemoryFiles::new(&files);
        let resolver = Resolver::new(&files);
        assert_eq!(&*resolver.package_of("apps/api/src/db.ts"), "apps/api");
        assert_eq!(resolver.workspace_of("apps/api"), Some(""));
        assert!(resolver.names_of(&files, "apps/api/lib/mod.ts").contains("$lib"));
    }

    #[test]
    fn aliases_of_bundlers() {
        let files = [
            (
                "nuxt/nuxt.config.ts",
                r##"export default defineNuxtConfig({ $meta: { name: "base" },
                alias: { "@auth": fileURLToPath(new URL("./server/auth.ts", import.meta.url)), "@shared": "./shared" },
                nitro: { alias: { "#db": "~~/server/db" } } });"##,
            ),
            ("nuxt/package.json", r#"{"dependencies": {"@shared/installed": "1"}}"#),
            ("nuxt/server/auth.ts", ""),
            ("nuxt/server/x.ts", ""),
            ("nuxt/server/db/index.ts", ""),
            ("nuxt/shared/a/b.ts", ""),
            ("vite/package.json", "{}"),
            (
                "vite/vite.config.mts",
                r#"import path from "node:path"; const root = { resolve: { alias: [{ find: "@lib", replacement: path.resolve(__dirname, "./src/lib") },
                { find: "@lib/deep", replacement: "/deep" }, { find: "react", replacement: "preact" },
                { find: "@kit", replacement: path.join(__dirname, "node_modules", "kit") }] } };
                export default defineConfig(({ mode }) => root);"#,
            ),
            ("vite/src/lib/x.ts", ""),
            ("vite/deep/x.ts", ""),
            ("vite/main.ts", ""),
        ];
        let nuxt =
            ["@auth", "@shared/a/b", "#db", "#layers/base/server/auth", "@shared/none", "@sharedness", "@shared/installed"];
        assert_eq!(
            resolve_all(&files, "nuxt/server/x.ts", &nuxt),
            [
                "nuxt/server/auth.ts",
                "nuxt/shared/a/b.ts",
                "nuxt/server/db/index.ts",
                "nuxt/server/auth.ts",
                "missing",
                "external",
                "external",
            ]
        );
        let vite = ["@lib/x", "@lib/deep/x", "react", "@kit", "@auth"];
        assert_eq!(
            resolve_all(&files, "vite/main.ts", &vite),
            ["vite/src/lib/x.ts", "vite/deep/x.ts", "external", "external", "external"]
        );
        let files = MemoryFiles::new(&files);
        assert!(Resolver::new(&files).names_of(&files, "nuxt/server/auth.ts").contains("@auth"));
    }

    #[test]
    fn conventions_only_where_nothing_else_decides() {
        let files = [
            ("kit/package.json", "{}"),
            ("kit/src/lib/server/auth.ts", ""),
            ("kit/src/routes/x.ts", ""),
            ("nuxt/package.json", "{}"),
            ("nuxt/app/utils/client.ts", ""),
            ("nuxt/server/auth.ts", ""),
            ("nuxt/shared/x.ts", ""),
        ];
        assert_eq!(
            resolve_all(&files, "kit/src/routes/x.ts", &["$lib/server/auth", "$lib/none", "$app/navigation"]),
            ["kit/src/lib/server/auth.ts", "missing", "external",]
        );
        assert_eq!(
            resolve_all(
                &files,
                "nuxt/server/auth.ts",
                &["~/utils/client", "~~/server/auth", "@/none", "#shared/x", "#server/auth"]
            ),
            ["nuxt/app/utils/client.ts", "nuxt/server/auth.ts", "missing", "nuxt/shared/x.ts", "nuxt/server/auth.ts"]
        );
    }

    #[test]
    fn the_package_of_a_file_is_the_nearest() {
        let files =
            MemoryFiles::new(&[("a/package.json", "{}"), ("a/b/package.json", "{}"), ("a/node_modules/x/package.json", "{}")]);
        let resolver = Resolver::new(&files);
        let folders = ["a/b/c/d.ts", "a/d.ts", "d.ts", "a/node_modules/x/y.js"].map(|path| resolver.package_of(path));
        assert_eq!(folders.each_ref().map(|folder| &**folder), ["a/b", "a", "", "a"]);
    }

    proptest! {
        #[test]
        fn never_panics(specifier in "[./@*#$~a:?é-]{0,20}", pattern in "[./@*#a]{0,8}", target in "[./*a]{0,8}") {
            let config = format!(r#"{{"extends": "{target}", "compilerOptions": {{"baseUrl": "{target}", "paths": {{"{pattern}": ["{target}"]}}}}}}"#);
            let deno = format!(r#"{{"workspace": ["{target}"], "importMap": "{target}", "imports": {{"{pattern}": "{target}", "{target}/": "npm:{pattern}"}}}}"#);
            let manifest = format!(r##"{{"name": "{pattern}", "workspaces": ["{target}"], "main": "{target}", "exports": {{"{pattern}": "{target}"}}, "imports": {{"#{pattern}": "{target}"}}}}"##);
            resolve_all(&[("a/tsconfig.json", &config), ("a/package.json", &manifest), ("a/deno.json", &deno)], "a/x.ts", &[&specifier]);
        }
    }
}
