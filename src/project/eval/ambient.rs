//! Names that no import brings in: Nuxt and Nitro import what certain folders export by themselves (documentation: Nuxt,
//! "Auto-imports"; Nitro, "Utils").

use std::collections::HashMap;
use std::sync::Arc;

use super::Evaluator;
use crate::facts::FileFacts;
use crate::facts::module::Export;
use crate::facts::signals::module_name;
use crate::project::resolve::{join, relative};

/// The files, and the exports of them, that names stand for which nothing declares.
pub(super) type Ambient = HashMap<String, (Arc<str>, String)>;

/// The part of an application a file belongs to, by what is imported into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// What runs on the server.
    Server,
    /// What renders pages.
    App,
}

impl Part {
    /// Whether what a file at a path in its package exports is imported into it.
    fn imports(self, path: &str) -> bool {
        let below = |folder: &&str| path.strip_prefix(*folder).and_then(|rest| rest.strip_prefix('/'));
        match self {
            Self::Server => SERVER.iter().any(|folder| below(folder).is_some()),
            Self::App => APP.iter().filter_map(below).any(|rest| !rest.contains('/') || module_name(rest) == "index"),
        }
    }
}

/// Names of the files that configure Nuxt and Nitro.
const CONFIGURATIONS: [&str; 6] =
    ["nuxt.config.ts", "nuxt.config.js", "nuxt.config.mjs", "nitro.config.ts", "nitro.config.js", "nitro.config.mjs"];

/// Packages that import by themselves.
const PACKAGES: [&str; 3] = ["nuxt", "nitropack", "nitro"];

/// Folders whose files are imported into the server with all that is below them, and those of which only the files
/// themselves are imported into pages.
const SERVER: [&str; 2] = ["server/utils", "shared/utils"];
const APP: [&str; 7] = ["composables", "utils", "app/composables", "app/utils", "src/composables", "src/utils", "shared/utils"];

impl Evaluator<'_> {
    /// The file that an undeclared name comes from, and its name there.
    pub(super) fn auto_imported(&self, file: &str, name: &str) -> Option<(Arc<str>, String)> {
        let (file, exported) = self.auto_export(file, name)?;
        self.declared(&file, &exported)
    }

    /// The file whose export an undeclared name stands for, and the name of that.
    pub(super) fn auto_export(&self, file: &str, name: &str) -> Option<(Arc<str>, String)> {
        let package = self.resolver.package_of(file);
        if !self.imports_by_itself(&package) {
            return None;
        }
        let part = if within(&package, file).starts_with("server/") { Part::Server } else { Part::App };
        let find = || Arc::new(self.find_ambient(&package, part));
        self.run.answer(&self.answers.ambient, (Arc::clone(&package), part), find).get(name).cloned()
    }

    /// Whether other files may use what a file exports without an import of their own.
    pub(super) fn is_imported_by_itself(&self, file: &Arc<str>) -> bool {
        let package = self.resolver.package_of(file);
        self.imports_by_itself(&package) && [Part::Server, Part::App].into_iter().any(|part| self.imports(part, &package, file))
    }

    /// Whether what a file exports is imported into a part of its package.
    fn imports(&self, part: Part, package: &Arc<str>, file: &str) -> bool {
        let bundled = self.resolver.bundled(self.files, package);
        let listed = if part == Part::Server { &bundled.server } else { &bundled.pages };
        part.imports(within(package, file)) || listed.iter().any(|folder| relative(folder, file).is_some())
    }

    fn imports_by_itself(&self, package: &str) -> bool {
        let is_there = |name: &str| join(package, name).is_some_and(|path| self.files.exists(&path));
        self.resolver.dependencies(package).any(|(_, dependency)| PACKAGES.contains(&dependency.name.as_str()))
            || CONFIGURATIONS.into_iter().any(is_there)
    }

    fn find_ambient(&self, package: &Arc<str>, part: Part) -> Ambient {
        // Of what they export, only what has to do with instances is of interest.
        let candidates = self.files.candidates().iter().map(|(path, _)| Arc::clone(path));
        let is_its_own = |path: &Arc<str>| self.resolver.package_of(path) == *package && self.imports(part, package, path);
        let files: Vec<Arc<str>> = candidates.filter(is_its_own).collect();
        let mut ambient = Ambient::new();
        for file in files {
            let facts = self.files.facts(&file);
            let exports = facts.as_deref().and_then(FileFacts::module).map(|module| module.exports.as_slice());
            for export in exports.unwrap_or_default() {
                let (Export::Local { name, .. } | Export::From { name, .. }) = export else { continue };
                // A default export goes by the name of its file.
                let known_as = if name == "default" { module_name(&file) } else { name };
                ambient.entry(known_as.to_owned()).or_insert_with(|| (Arc::clone(&file), name.clone()));
            }
        }
        ambient
    }
}

/// A path in its package, or in the layer of it that it belongs to.
fn within<'p>(package: &str, path: &'p str) -> &'p str {
    let inside = relative(package, path).unwrap_or(path);
    let layer = inside.strip_prefix("layers/").and_then(|rest| rest.split_once('/'));
    layer.map_or(inside, |(_, inside)| inside)
}
