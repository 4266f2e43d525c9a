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
    let database = |(name, migrations): (String, Option<String>)| {
        Some(Database { name, migrations: join(folder, migrations.as_deref().unwrap_or(DEFAULT_FOLDER))? })
    };
    listed.into_iter().filter_map(database).collect()
}

/// A name, and the folder where one is said.
type Listed = Vec<(String, Option<String>)>;

fn of_json(root: &Object<'_>) -> Listed {
    let databases = json::property(root, "d1_databases").and_then(|list| list.value.as_array());
    let database = |value: &Value<'_>| {
        let database = value.as_object()?;
        let name = json::string(database, "database_name").or_else(|| json::string(database, "binding"))?;
        Some((name.to_owned(), json::string(database, "migrations_dir").map(str::to_owned)))
    };
    databases.into_iter().flat_map(|list| &list.elements).filter_map(database).collect()
}

fn of_toml(text: &str) -> Listed {
    let Ok(root) = text.parse::<toml::Table>() else { return Listed::new() };
    let databases = root.get("d1_databases").and_then(toml::Value::as_array);
    let database = |value: &toml::Value| {
        let text = |name: &str| value.get(name).and_then(toml::Value::as_str).map(str::to_owned);
        Some((text("database_name").or_else(|| text("binding"))?, text("migrations_dir")))
    };
    databases.into_iter().flatten().filter_map(database).collect()
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
        let named = |name: &str, migrations: &str| Database { name: name.into(), migrations: migrations.into() };
        assert_eq!(databases(&files, "apps/api"), [named("app", "apps/db/out"), named("OTHER", "apps/api/migrations")]);
        assert_eq!(databases(&files, ""), [named("app", "drizzle")]);
        assert_eq!(databases(&files, "elsewhere"), []);
    }
}
