//! Compares what import specifiers mean to the review with what they mean to `oxc_resolver`, for every code file of the
//! projects in a folder: `cargo run --release -- FOLDER`.
//!
//! Workspace packages are linked as package managers link them, in a `node_modules` folder of their own. Where packages
//! point to what is built from them, the review takes the sources and the other one finds nothing: `only ours`.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result};
use git_auth_review::facts::module::{Export, Module};
use git_auth_review::facts::signals::Signals;
use git_auth_review::facts::{Body, FileFacts, extract};
use git_auth_review::project::files::Files;
use git_auth_review::project::resolve::{Resolved, Resolver};
use git_auth_review::source::FileKind;
use oxc_resolver::{ResolveOptions, TsconfigDiscovery};
use rayon::prelude::*;

/// The files of a folder, read when they are asked for.
struct Folder<'a> {
    root: &'a Path,
    paths: BTreeMap<Arc<str>, FileKind>,
    known: Mutex<BTreeMap<Arc<str>, Arc<FileFacts>>>,
}

impl<'a> Folder<'a> {
    fn new(root: &'a Path) -> Self {
        let files = ignore::WalkBuilder::new(root).hidden(false).build().flatten();
        let paths = files.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file())).filter_map(|entry| {
            let path = entry.path().strip_prefix(root).ok()?.to_str()?;
            FileKind::of(path).map(|kind| (path.into(), kind))
        });
        Self { root, paths: paths.collect(), known: Mutex::default() }
    }

    fn read(&self, path: &str) -> Option<FileFacts> {
        let kind = *self.paths.get(path)?;
        Some(extract(kind, &std::fs::read(self.root.join(path)).ok()?))
    }
}

impl Files for Folder<'_> {
    fn exists(&self, path: &str) -> bool {
        self.root.join(path).is_file()
    }

    fn facts(&self, path: &str) -> Option<Arc<FileFacts>> {
        if let Some(facts) = self.known.lock().ok()?.get(path) {
            return Some(Arc::clone(facts));
        }
        let facts = Arc::new(self.read(path)?);
        self.known.lock().ok()?.insert(path.into(), Arc::clone(&facts));
        Some(facts)
    }

    fn installed(&self, _: &str) -> Option<Arc<str>> {
        None
    }

    fn text(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.root.join(path)).ok()
    }

    fn of_kind(&self, kind: FileKind) -> Vec<Arc<str>> {
        self.paths.iter().filter(|(_, own)| **own == kind).map(|(path, _)| Arc::clone(path)).collect()
    }

    fn candidates(&self) -> &[(Arc<str>, Signals)] {
        &[]
    }

    fn importers(&self, _: &[&str]) -> Vec<(Arc<str>, Signals)> {
        Vec::new()
    }
}

/// The specifiers of a module, each once.
fn specifiers(module: &Module) -> Vec<&str> {
    let imports = module.imports.iter().map(|import| import.module.as_str());
    let exports = module.exports.iter().filter_map(|export| match export {
        Export::From { module, .. } | Export::All { module } => Some(module.as_str()),
        Export::Local { .. } => None,
    });
    let mut all: Vec<&str> = imports.chain(exports).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A resolver that knows of the packages of the project.
fn other(links: &Path) -> oxc_resolver::Resolver {
    let strings = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    let alias = |from: &str, to: &[&str]| (from.to_owned(), strings(to));
    oxc_resolver::Resolver::new(ResolveOptions {
        tsconfig: Some(TsconfigDiscovery::Auto),
        extensions: strings(&[
            ".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json", ".vue", ".svelte", ".astro", ".d.ts",
        ]),
        extension_alias: vec![
            alias(".js", &[".ts", ".tsx", ".js"]),
            alias(".jsx", &[".tsx", ".jsx"]),
            alias(".mjs", &[".mts", ".mjs"]),
            alias(".cjs", &[".cts", ".cjs"]),
        ],
        condition_names: strings(&["import", "node", "default"]),
        main_fields: strings(&["main", "module"]),
        modules: vec!["node_modules".into(), links.to_string_lossy().into_owned()],
        builtin_modules: true,
        ..ResolveOptions::default()
    })
}

/// Links the packages of a project by their names.
fn link_packages(folder: &Folder<'_>, links: &Path) -> Result<()> {
    for path in folder.of_kind(FileKind::PackageManifest) {
        let facts = folder.facts(&path).context("a manifest that is there")?;
        let Body::Manifest(manifest) = &facts.body else { continue };
        let (Some(name), Some(package)) = (&manifest.name, folder.root.join(&*path).parent().map(Path::to_owned)) else { continue };
        let link = links.join(name);
        if let Some(scope) = link.parent() {
            std::fs::create_dir_all(scope)?;
        }
        // Of several packages with one name the first is as good as any.
        if !link.exists() {
            symlink(package, link)?;
        }
    }
    Ok(())
}

fn main() -> Result<()> {
    let projects = std::env::args().nth(1).context("the folder of the projects")?;
    let mut totals: BTreeMap<&str, usize> = BTreeMap::new();
    let mut roots: Vec<_> = std::fs::read_dir(projects)?.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    roots.sort();
    for root in roots {
        let root = root.canonicalize()?;
        let folder = Folder::new(&root);
        let temporary = tempfile::tempdir()?;
        let links = temporary.path().join("node_modules");
        link_packages(&folder, &links)?;
        let (ours, theirs) = (Resolver::new(&folder), other(&links));
        let code: Vec<&Arc<str>> = folder.paths.iter().filter(|(_, kind)| kind.is_code()).map(|(path, _)| path).collect();
        let answers: Vec<(&str, String)> = code
            .par_iter()
            .flat_map_iter(|path| {
                let facts = folder.read(path);
                let module = facts.as_ref().and_then(FileFacts::module);
                let specifiers: Vec<String> = module.map(specifiers).unwrap_or_default().into_iter().map(str::to_owned).collect();
                let (ours, theirs, folder, root) = (&ours, &theirs, &folder, &root);
                specifiers.into_iter().map(move |specifier| {
                    let own = match ours.resolve(folder, path, &specifier) {
                        Resolved::File(file) => Some(file.to_string()),
                        Resolved::External | Resolved::Missing => None,
                    };
                    let found = theirs.resolve_file(root.join(&***path), &specifier).ok();
                    let found = found.and_then(|found| Some(found.path().strip_prefix(root).ok()?.to_str()?.to_owned()));
                    let found = found.filter(|path| !path.split('/').any(|part| part == "node_modules"));
                    let answer = match (&own, &found) {
                        (None, None) => "neither",
                        (Some(a), Some(b)) if a == b => "the same file",
                        (Some(_), Some(_)) => "another file",
                        (Some(_), None) => "only ours",
                        (None, Some(_)) => "only theirs",
                    };
                    let shown = |file: Option<String>| file.unwrap_or_else(|| "-".into());
                    (answer, format!("{path}: {specifier}: {}, {}", shown(own), shown(found)))
                })
            })
            .collect();
        let name = root.file_name().unwrap_or_default().to_string_lossy();
        for (answer, text) in answers {
            *totals.entry(answer).or_default() += 1;
            if !matches!(answer, "neither" | "the same file") {
                println!("{answer}: {name}/{text}");
            }
        }
    }
    for (answer, count) in totals {
        println!("{count:>8} {answer}");
    }
    Ok(())
}
