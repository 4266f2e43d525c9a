//! The databases of a Cloudflare worker and the folders of their migrations (documentation of Wrangler: "Configuration",
//! "D1 databases").

use jsonc_parser::ast::{Object, Value};

use crate::project::files::Files;
use crate::project::resolve::join;
use crate::syntax::json;

/// Names of the configuration, in the order in which Wrangler looks for them.
const NAMES: [&str; 3] = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

/// The folder of migrations where none is said.
const DEFAULT_FOLDER: &str = "migrations";

/// A database of a worker.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Database {
    /// What code calls it.
    pub(super) binding: String,
    /// What the command line calls it.
    pub(super) name: String,
    /// The folder its migrations are read from.
    pub(super) migrations: String,
}

/// The databases that the configuration in a folder lists for the usual environment.
pub(super) fn databases(files: &dyn Files, folder: &str) -> Vec<Database> {
    let paths = NAMES.iter().filter_map(|name| join(folder, name)).filter(|path| files.exists(path));
    let Some((path, text)) = paths.filter_map(|path| files.text(&path).map(|text| (path, text))).next() else {
        return Vec::new();
    };
    let listed = if path.ends_with(".toml") { of_toml(&text) } else { json::read(&text, of_json).0 };
    listed.into_iter().filter_map(|one| one.database(folder)).collect()
}

/// What a configuration says of a database.
struct Listed {
    binding: Option<String>,
    name: Option<String>,
    migrations: Option<String>,
}

impl Listed {
    /// What `read` gives for each key.
    fn of(read: impl Fn(&str) -> Option<String>) -> Self {
        Self { binding: read("binding"), name: read("database_name"), migrations: read("migrations_dir") }
    }

    /// The database of a worker in a folder.
    fn database(self, folder: &str) -> Option<Database> {
        let migrations = join(folder, self.migrations.as_deref().unwrap_or(DEFAULT_FOLDER))?;
        let name = self.name.or_else(|| self.binding.clone())?;
        Some(Database { binding: self.binding.unwrap_or_default(), name, migrations })
    }
}

fn of_json(root: &Object<'_>) -> Vec<Listed> {
    let databases = json::property(root, "d1_databases").and_then(|list| list.value.as_array());
    let listed = |value: &Value<'_>| {
        let database = value.as_object()?;
        Some(Listed::of(|key| json::string(database, key).map(str::to_owned)))
    };
    databases.into_iter().flat_map(|list| &list.elements).filter_map(listed).collect()
}

fn of_toml(text: &str) -> Vec<Listed> {
    let Ok(root) = text.parse::<toml::Table>() else { return Vec::new() };
    let databases = root.get("d1_databases").and_then(toml::Value::as_array);
    let listed = |value: &toml::Value| Listed::of(|key| value.get(key).and_then(toml::Value::as_str).map(str::to_owned));
    databases.into_iter().flatten().map(listed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::resolve::tests::MemoryFiles;

    #[test]
    fn databases_are_read_from_either_form() {
        let json = "{ // comments are allowed\n\"d1_databases\": [{ \"binding\": \"DB\", \"database_name\": \"app\", \
                    \"migrations_dir\": \"../db/out\", }, { \"binding\": \"OTHER\" }] }";
        let toml = "name = \"app\"\n[[d1_databases]]\nbinding = \"DB\"\ndatabase_name = \"app\"\nmigrations_dir = \"drizzle\"\n";
        let files = MemoryFiles::new(&[("apps/api/wrangler.jsonc", json), ("wrangler.toml", toml)]);
        let named = |binding: &str, name: &str, migrations: &str| Database {
            binding: binding.into(),
            name: name.into(),
            migrations: migrations.into(),
        };
        let expected = [named("DB", "app", "apps/db/out"), named("OTHER", "OTHER", "apps/api/migrations")];
        assert_eq!(databases(&files, "apps/api"), expected);
        assert_eq!(databases(&files, ""), [named("DB", "app", "drizzle")]);
        assert_eq!(databases(&files, "elsewhere"), []);
    }
}
