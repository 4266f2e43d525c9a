//! Where Knex looks for migrations (its documentation: "Migrations", "knexfile", "Custom migration directories").

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::project::eval::Evaluator;
use crate::project::files::Files;
use crate::project::resolve::join;
use crate::project::value::Node;
use crate::source::{FileKind, Site, Span, folder_of};

/// The endings of the file Knex reads, in the folder of a package.
const ENDINGS: [&str; 4] = ["ts", "js", "mjs", "cjs"];

/// The folders Knex runs all scripts of in the order of their names, each with the first of those it runs together with.
pub(super) type Directories = BTreeMap<Arc<str>, Arc<str>>;

/// The folders the configurations of the repository name.
pub(super) fn directories(files: &dyn Files, evaluator: &Evaluator<'_>) -> Directories {
    let mut directories = Directories::new();
    for manifest in FileKind::MANIFESTS.into_iter().flat_map(|kind| files.of_kind(kind)) {
        let home = folder_of(&manifest);
        let paths = ENDINGS.iter().filter_map(|ending| join(home, &format!("knexfile.{ending}")));
        for path in paths.filter(|path| files.exists(path)).map(Arc::from) {
            let configuration = evaluator.export(&path, "default", &Site::new(&path, Span::default()));
            for written in each_environment(&configuration) {
                let folders: Vec<Arc<str>> =
                    written.iter().filter_map(|folder| join(home, folder)).map(|folder| folder.as_str().into()).collect();
                if let Some(first) = folders.first() {
                    directories.extend(folders.iter().map(|folder| (Arc::clone(folder), Arc::clone(first))));
                }
            }
        }
    }
    directories
}

/// The folders as written, for the one environment or for each of several.
fn each_environment(configuration: &Node) -> Vec<Vec<String>> {
    let of_environments = configuration.object().into_iter().flat_map(|object| &object.properties);
    let directory = |environment: &Node| environment.get(&["migrations", "directory"])?.texts();
    [configuration].into_iter().chain(of_environments.map(|property| &property.node)).filter_map(directory).collect()
}
