//! Plugins of installed packages that no pack knows, read from their code in `node_modules`. Nothing of it is run.

use std::sync::Arc;

use super::eval::{Answers, Evaluator};
use super::files::Files;
use super::memo::{Gate, Run};
use super::resolve::{Resolved, Resolver, ancestors, join, subpath};
use super::value::{CallValue, Node, Unknown, Value};
use crate::facts::manifest::Manifest;
use crate::facts::specifier::split_package_name;
use crate::facts::{Body, FileFacts};
use crate::source::folder_of;

/// An installed package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version, as it states it.
    pub version: Option<String>,
}

/// Endings of code that Node runs; declarations and sources that are shipped along say nothing of what runs.
const ENDINGS: [&str; 3] = [".js", ".mjs", ".cjs"];

/// What the export of an installed package makes when it is called, and the package. `None` when it is not installed.
pub(super) fn result(files: &dyn Files, resolver: &Resolver, call: &CallValue) -> Option<(Node, Package)> {
    let (module, name) = (&call.callee.module, &call.callee.name);
    let (folder, facts) = package(files, folder_of(&call.callee_at.file), split_package_name(module).0)?;
    let manifest = manifest(&facts)?;
    let package = Package { name: split_package_name(module).0.to_owned(), version: manifest.version.clone() };
    let at = &call.callee_at;
    let unknown = |reason: &str| Node { value: Value::Unknown(Unknown::new(reason, at.clone())), at: at.clone() };
    let Some(file) = entry(files, &folder, manifest, split_package_name(module).1) else {
        return Some((unknown("the package has no code that can be read"), package));
    };
    // An evaluator of its own: what a package takes to be followed is not taken from the project's own code.
    let gate = Gate::new(files);
    let (run, answers) = (Run::new(&gate, Run::FIRST), Answers::default());
    let evaluator = Evaluator::new(&gate, resolver, &run, &answers);
    let export = evaluator.export(&file, name, at);
    let node = match export.value {
        Value::Function(function) if !call.new && call.open.is_empty() => evaluator.call(&function, call.arguments.clone(), at),
        Value::Unknown(_) => export,
        _ => unknown("the export is not a function that can be followed"),
    };
    Some((node, package))
}

/// What an import means in a file of an installed package: another file of the package. Other packages are not followed.
pub(super) fn resolve(files: &dyn Files, from: &str, specifier: &str) -> Resolved {
    if !specifier.starts_with('.') {
        return Resolved::External(specifier.to_owned());
    }
    let file = join(folder_of(from), specifier).and_then(|path| probe(files, &path));
    file.map_or(Resolved::Missing, Resolved::File)
}

/// The folder of an installed package and its `package.json`, as seen from a folder: in the nearest `node_modules` that
/// has it (<https://nodejs.org/api/modules.html#loading-from-node_modules-folders>).
fn package(files: &dyn Files, from: &str, name: &str) -> Option<(String, Arc<FileFacts>)> {
    ancestors(from).find_map(|folder| {
        let path = files.installed(&join(folder, &format!("node_modules/{name}/package.json"))?)?;
        Some((folder_of(&path).to_owned(), files.facts(&path)?))
    })
}

fn manifest(facts: &FileFacts) -> Option<&Manifest> {
    match &facts.body {
        Body::Manifest(manifest) => Some(manifest),
        _ => None,
    }
}

/// The file a subpath of a package means: by its `exports`, else by its entry points, else by its files.
fn entry(files: &dyn Files, folder: &str, manifest: &Manifest, rest: &str) -> Option<Arc<str>> {
    let wanted = if rest.is_empty() { ".".to_owned() } else { format!("./{rest}") };
    if !manifest.exports.is_empty() {
        let (targets, star) = subpath(&manifest.exports, &wanted)?;
        let mut targets: Vec<String> = targets.iter().map(|target| target.replacen('*', star, 1)).collect();
        targets.retain(|target| is_code(target));
        // The same code in the CommonJS format often keeps what it exports in ways that are not followed.
        targets.sort_by_key(|target| (!target.ends_with(".mjs"), target.ends_with(".cjs")));
        return targets.iter().find_map(|target| files.installed(&join(folder, target)?));
    }
    if !rest.is_empty() {
        return probe(files, &join(folder, rest)?);
    }
    // `module` comes after `main` and is the better of the two.
    let entries = manifest.entries.iter().rev().filter(|entry| !is_declaration(entry));
    let file = entries.filter_map(|entry| join(folder, entry)).find_map(|path| probe(files, &path));
    file.or_else(|| probe(files, &join(folder, "index")?))
}

/// The file at a path, with the endings Node adds for `require`, or the one that stands for the folder.
fn probe(files: &dyn Files, path: &str) -> Option<Arc<str>> {
    let exact = is_code(path).then(|| files.installed(path)).flatten();
    exact
        .or_else(|| ENDINGS.iter().find_map(|ending| files.installed(&format!("{path}{ending}"))))
        .or_else(|| ENDINGS.iter().find_map(|ending| files.installed(&format!("{path}/index{ending}"))))
}

fn is_code(path: &str) -> bool {
    ENDINGS.iter().any(|ending| path.ends_with(ending))
}

fn is_declaration(path: &str) -> bool {
    [".d.ts", ".d.mts", ".d.cts"].iter().any(|ending| path.ends_with(ending))
}
