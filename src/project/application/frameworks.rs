//! Which framework a file or a package belongs to, and the path of a file that is a route.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::facts::module::Module;
use crate::facts::specifier::{canonical, split_package_name};
use crate::knowledge::frameworks::{Framework, FrameworkKind, RouteFolder, ServerFunction, frameworks};
use crate::project::files::Files;
use crate::project::resolve::{Resolver, file_name, join, relative};
use crate::source::folder_of;

/// The frameworks a package depends on, those that bring others along first.
pub(super) fn of_package(files: &dyn Files, resolver: &Resolver, package: &Arc<str>) -> Vec<&'static Framework> {
    let is_in = |folder: &str, file: &str| join(folder, file).is_some_and(|path| files.exists(&path));
    let is_in_root = |file: &str| resolver.bundled(files, package).root.as_deref().is_some_and(|root| is_in(root, file));
    let scripts = || resolver.manifests(package).flat_map(|(_, manifest)| &manifest.scripts);
    let is_in_served = |framework: &Framework, file: &str| {
        let folders = scripts().filter_map(|script| join(package, folder_of_run(&script.command, framework)?));
        folders.into_iter().any(|folder| is_in(&folder, file))
    };
    let has = |framework: &Framework, file: &str| is_in(package, file) || is_in_root(file) || is_in_served(framework, file);
    let is_configured = |framework: &Framework| {
        let config = framework.config.as_ref();
        config.is_some_and(|config| configuration(files, package, config).is_some())
    };
    let uses = |framework: &&Framework| {
        (depends(resolver, package, framework) || is_configured(framework))
            && framework.needs.as_deref().is_none_or(|file| has(framework, file))
    };
    frameworks().iter().filter(uses).collect()
}

/// Endings of a file with settings.
const ENDINGS: [&str; 5] = ["ts", "js", "mjs", "cjs", "mts"];

/// The file with settings of a package that is called so.
pub(super) fn configuration(files: &dyn Files, package: &str, name: &str) -> Option<String> {
    let path = |ending: &&str| join(package, &format!("{name}.{ending}"));
    ENDINGS.iter().filter_map(path).find(|path| files.exists(path))
}

/// The framework that what a package shows to people is made with, and whether more than a dependency tells that.
pub(super) fn shown_by(files: &dyn Files, resolver: &Resolver, package: &Arc<str>) -> Option<(&'static Framework, bool)> {
    let of_package = of_package(files, resolver, package);
    let mut shown = of_package.into_iter().filter(|framework| framework.kind != FrameworkKind::Server);
    let first = shown.next()?;
    let is_built = |framework: &&Framework| is_built_with(files, resolver, package, framework);
    let built = std::iter::once(first).chain(shown).find(is_built);
    Some((built.unwrap_or(first), built.is_some()))
}

/// Files with the settings of a bundler, which a framework may be a plugin of (Vite; SolidStart: "app.config").
const BUNDLERS: [&str; 2] = ["vite.config", "app.config"];

/// What scripts have a framework do with an application.
const ACTIONS: [&str; 6] = ["dev", "build", "start", "serve", "preview", "."];

/// Whether a package is built as an application of a framework that it may depend on for other reasons.
fn is_built_with(files: &dyn Files, resolver: &Resolver, package: &str, framework: &Framework) -> bool {
    let is_configured = || framework.config.as_deref().is_some_and(|name| configuration(files, package, name).is_some());
    let is_plugged_in = || {
        let files_of = BUNDLERS.iter().filter_map(|name| files.facts(&configuration(files, package, name)?));
        files_of.into_iter().any(|facts| facts.module().is_some_and(|module| imports(module, framework)))
    };
    let is_run = || {
        let mut scripts = resolver.manifests(package).flat_map(|(_, manifest)| &manifest.scripts);
        scripts.any(|script| runs(&script.command, framework))
    };
    framework.needs.is_some() || is_configured() || is_run() || is_plugged_in()
}

/// Whether a command line runs a framework to develop, build or serve an application.
fn runs(line: &str, framework: &Framework) -> bool {
    let mut words = line.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let is_action = |next: &&str| ACTIONS.contains(next) || next.starts_with(['-', '&', ';']);
        if framework.commands.iter().any(|command| command == word) && words.peek().is_none_or(is_action) {
            return true;
        }
    }
    false
}

/// The folder that a command line has a framework work in: `vite build web`.
fn folder_of_run<'l>(line: &'l str, framework: &Framework) -> Option<&'l str> {
    let words = line.split_whitespace().skip_while(|word| framework.commands.iter().all(|command| command != word));
    let folder = words.skip(1).find(|word| *word == "." || !ACTIONS.contains(word))?;
    folder.chars().all(|c| c.is_alphanumeric() || "-_./".contains(c)).then_some(folder).filter(|folder| !folder.starts_with('-'))
}

/// The frameworks of files. What a package depends on is found out once for all of its files.
pub(super) struct Frameworks<'a> {
    files: &'a dyn Files,
    resolver: &'a Resolver,
    of_packages: RefCell<HashMap<Arc<str>, Rc<[&'static Framework]>>>,
}

impl<'a> Frameworks<'a> {
    pub(super) fn new(files: &'a dyn Files, resolver: &'a Resolver) -> Self {
        Self { files, resolver, of_packages: RefCell::default() }
    }

    fn of_package(&self, package: &Arc<str>) -> Rc<[&'static Framework]> {
        let mut known = self.of_packages.borrow_mut();
        let find = || of_package(self.files, self.resolver, package).into();
        Rc::clone(known.entry(Arc::clone(package)).or_insert_with(find))
    }

    /// The framework that the file at a path is part of.
    pub(super) fn at(&self, path: &str) -> Option<&'static Framework> {
        let facts = self.files.facts(path)?;
        self.of_file(path, facts.module()?).0
    }

    /// The framework a file that mounts a server is part of, and its path where the file itself is a route. What the file
    /// imports tells, or where it lies, or that its package has only one framework that answers requests.
    pub(super) fn of_file(&self, path: &str, module: &Module) -> (Option<&'static Framework>, Option<String>) {
        let package = self.resolver.package_of(path);
        let answers = |framework: &&&Framework| framework.kind != FrameworkKind::Browser;
        let of_package = self.of_package(&package);
        let inside = relative(&package, path).unwrap_or(path);
        let imported = frameworks().iter().filter(|framework| imports(module, framework)).find(|one| answers(&one));
        // What a file imports counts where its package does not say what it depends on.
        let routed = of_package.iter().copied().chain(imported);
        let routed = routed.filter_map(|framework| Some((framework, route_of(framework, inside)?))).next();
        match (imported, routed) {
            (Some(imported), Some((framework, route))) if imported == framework => (Some(imported), Some(route)),
            (Some(imported), Some((framework, route))) if imported.platform => (Some(framework), Some(route)),
            (Some(imported), _) => (Some(imported), None),
            (None, Some((framework, route))) => (Some(framework), Some(route)),
            (None, None) => {
                let mut answering = of_package.iter().filter(answers);
                (answering.next().copied().filter(|_| answering.next().is_none()), None)
            }
        }
    }
}

/// The name of the file with the hooks of SvelteKit, and the folder it lies in (SvelteKit: "Hooks").
const HOOKS: (&str, &str) = ("hooks.server", "src");

/// Whether a file is named as the hooks of SvelteKit are, in a package that has its own in their place.
pub(super) fn are_stray_hooks(files: &dyn Files, resolver: &Resolver, path: &str) -> bool {
    let (name, folder) = HOOKS;
    if !file_name(path).strip_prefix(name).is_some_and(|ending| ending.starts_with('.')) {
        return false;
    }
    let package = resolver.package_of(path);
    let place = join(&package, folder);
    let hooks = |ending: &str| place.as_ref().is_some_and(|place| files.exists(&format!("{place}/{name}.{ending}")));
    relative(&package, path).is_some_and(|inside| folder_of(inside) != folder) && (hooks("ts") || hooks("js"))
}

/// The framework that a module is part of.
pub(super) fn by_module(module: &str) -> Option<&'static Framework> {
    frameworks().iter().find(|framework| has_module(framework, module))
}

/// The framework whose function serves all requests.
pub(super) fn by_server(module: &str, name: &str) -> Option<&'static Framework> {
    let is_it = |server: &ServerFunction| server.module == module && server.name == name;
    frameworks().iter().find(|framework| framework.servers.iter().any(is_it))
}

fn depends(resolver: &Resolver, package: &str, framework: &Framework) -> bool {
    resolver.dependencies(package).any(|(_, dependency)| framework.packages.contains(&dependency.name))
}

fn imports(module: &Module, framework: &Framework) -> bool {
    module.imports.iter().any(|import| has_module(framework, &import.module))
}

fn has_module(framework: &Framework, module: &str) -> bool {
    let name = canonical(module);
    let is_below = |module: &String| name.strip_prefix(&**module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    framework.modules.iter().any(is_below) || framework.packages.iter().any(|package| *package == split_package_name(&name).0)
}

/// The path of a file that is a route of the framework; the file by its path in its package.
fn route_of(framework: &Framework, path: &str) -> Option<String> {
    framework.routes.iter().find_map(|folder| route_in(folder, path))
}

/// The path of a file in the folder of an application whose routes are named with dots between their parts.
pub(super) fn flat_route(path: &str) -> Option<String> {
    route_in(&RouteFolder { root: "routes".into(), file: None, suffix: None, dots: true, aside: None }, path)
}

/// The folders in a package that its sources may lie in.
const SOURCES: [&str; 3] = ["", "src/", "app/"];

/// What is left of a path below a folder, in whose name `*` stands for any part.
fn below<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    folder.split('/').try_fold(path, |rest, name| {
        let (first, rest) = rest.split_once('/')?;
        (name == "*" || name == first).then_some(rest)
    })
}

fn route_in(folder: &RouteFolder, path: &str) -> Option<String> {
    let inside = SOURCES.iter().find_map(|source| below(&folder.root, path.strip_prefix(source)?))?;
    let is_aside = |name: &str| folder.aside.as_deref().is_some_and(|start| name.starts_with(start));
    if inside.split('/').any(is_aside) {
        return None;
    }
    let (folders, file) = inside.rsplit_once('/').unwrap_or(("", inside));
    // A catch-all is written with dots of its own.
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let stem = match &folder.suffix {
        Some(suffix) => stem.strip_suffix(&**suffix)?,
        None => stem,
    };
    let last = match &folder.file {
        Some(only) if only == stem => None,
        Some(_) => return None,
        None => Some(stem),
    };
    let is_catch_all = |part: &str| part.contains("...");
    let parts = folders.split('/').chain(last).flat_map(|part| match folder.dots && !is_catch_all(part) {
        true => part.split('.').collect(),
        false => vec![part],
    });
    let mut route = String::new();
    for part in parts.filter_map(part_of_path) {
        route.push('/');
        route.push_str(&part);
    }
    Some(if route.is_empty() { "/".into() } else { route })
}

/// A part of a file's path as it is in the path of a route: groups and index files leave none, catch-alls are `*`.
fn part_of_path(part: &str) -> Option<String> {
    let bare = part.trim_start_matches('[').trim_end_matches(']');
    match part {
        "" | "index" | "route" => None,
        _ if part.starts_with('(') || part.starts_with('_') => None,
        "$" => Some("*".into()),
        _ if part.starts_with('*') || bare.starts_with("...") => Some("*".into()),
        _ if part.starts_with('[') => Some(format!(":{bare}")),
        _ => Some(part.strip_prefix('$').map_or_else(|| part.to_owned(), |name| format!(":{name}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(name: &str, path: &str) -> Option<String> {
        let framework = frameworks().iter().find(|framework| framework.name == name).expect("in the pack");
        route_of(framework, path)
    }

    #[test]
    fn files_are_routes_by_the_conventions_of_their_framework() {
        let cases = [
            ("Next.js", "src/app/api/(internal)/auth/[...all]/route.ts", Some("/api/auth/*")),
            ("Next.js", "app/api/auth/helpers.ts", None),
            ("TanStack Start", "src/routes/api/-auth.ts", None),
            ("TanStack Start", "src/routes/-api/auth/$.ts", None),
            ("Next.js", "src/pages/api/auth/[...all].ts", Some("/api/auth/*")),
            ("Nuxt", "server/api/auth/[...all].ts", Some("/api/auth/*")),
            ("Nuxt", "server/routes/auth/[...].ts", Some("/auth/*")),
            ("Nuxt", "layers/base/server/api/auth/[...].ts", Some("/api/auth/*")),
            ("Nitro", "src/lib/server/auth/index.ts", None),
            ("Next.js", "lib/app/api/auth/route.ts", None),
            ("SvelteKit", "src/routes/api/auth/[...rest]/+server.ts", Some("/api/auth/*")),
            ("SolidStart", "src/routes/api/*auth.ts", Some("/api/*")),
            ("TanStack Start", "src/routes/api/auth/$.ts", Some("/api/auth/*")),
            ("TanStack Start", "src/routes/api.auth.$.ts", Some("/api/auth/*")),
            ("Remix", "app/routes/api.auth.$.ts", Some("/api/auth/*")),
            ("Astro", "src/pages/api/auth/[...all].ts", Some("/api/auth/*")),
            ("Expo", "app/api/auth/[...auth]+api.ts", Some("/api/auth/*")),
            ("Expo", "app/sign-in.tsx", None),
            ("Waku", "src/pages/_api/api/auth/[...all].ts", Some("/api/auth/*")),
            ("Qwik City", "src/routes/api/auth/[...all]/index.ts", Some("/api/auth/*")),
            ("Qwik City", "src/routes/plugin@auth.ts", None),
            ("Fresh", "routes/api/auth/[...all].ts", Some("/api/auth/*")),
            ("Hono", "src/routes/auth.ts", None),
        ];
        for (framework, path, expected) in cases {
            assert_eq!(route(framework, path).as_deref(), expected, "{framework}: {path}");
        }
    }
}
