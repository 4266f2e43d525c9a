//! Configurations of better-auth as projects in memory, and what they require in the notation of the measured fixtures.
//!
//! In options `"$fn"` stands for a function, `"$store"` for a secondary storage and `"$ac"` for an access control.

use std::collections::BTreeMap;

use git_auth_review::cache::memory::MemoryStore;
use git_auth_review::config::Config;
use git_auth_review::engine;
use git_auth_review::project::schema::{Required, RequiredColumn, RequiredReference, RequiredTable};
use git_auth_review::source::MemorySnapshot;
use serde_json::Value as Json;

/// What `betterAuth()` is called with.
#[derive(Debug, Clone)]
pub(crate) struct Configuration {
    pub(crate) plugins: Vec<PluginCall>,
    pub(crate) options: Json,
}

/// A call of a plugin.
#[derive(Debug, Clone)]
pub(crate) struct PluginCall {
    pub(crate) name: String,
    pub(crate) module: String,
    /// Its argument; `null` when there is none.
    pub(crate) options: Json,
}

/// A file of the project: path and text.
pub(crate) type File = (String, String);

/// What a project that uses this release of better-auth requires, and what is not known of it.
pub(crate) fn required(release: &str, files: Vec<File>) -> Result<Tables, String> {
    let package = format!(r#"{{ "name": "app", "dependencies": {{ "better-auth": "{release}" }} }}"#);
    let lock = format!(
        r#"{{ "name": "app", "lockfileVersion": 3, "packages": {{ "node_modules/better-auth": {{ "version": "{release}" }} }} }}"#
    );
    let files = files.into_iter().chain([("package.json".into(), package), ("package-lock.json".into(), lock)]);
    let model = engine::model(&MemorySnapshot::new(files), &Config::default(), None, &MemoryStore::default());
    let [server] = model.servers.as_slice() else { return Err(format!("{} servers", model.servers.len())) };
    match (server.plugins_open.first(), server.required.open.first()) {
        (None, None) => Ok(tables(&server.required)),
        (open, other) => Err(open.or(other).expect("one of them").reason.clone()),
    }
}

/// Table by key.
pub(crate) type Tables = BTreeMap<String, Table>;

/// A table in the notation of the fixtures.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Table {
    pub(crate) model: String,
    pub(crate) columns: BTreeMap<String, String>,
    pub(crate) keys: Vec<String>,
}

impl Table {
    /// Reads the notation; what is not said stays as it is in `self`.
    pub(crate) fn read(&mut self, table: &Json) {
        if let Some(model) = table["modelName"].as_str() {
            model.clone_into(&mut self.model);
        }
        for (column, words) in table["columns"].as_object().expect("columns") {
            self.columns.insert(column.clone(), words.as_str().expect("text").to_owned());
        }
        if let Some(keys) = table["keys"].as_array() {
            self.keys = keys.iter().map(|key| key.as_str().expect("text").to_owned()).collect();
        }
    }
}

fn tables(required: &Required) -> Tables {
    let table = |table: &RequiredTable| {
        let keys = table.keys.iter().map(|key| {
            let unique = key.unique.then_some("unique");
            unique.into_iter().chain(key.columns.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
        });
        let columns = table.columns.iter().map(|column| (column.key.clone(), words(column)));
        Table { model: table.model.clone(), columns: columns.collect(), keys: keys.collect() }
    };
    required.tables.iter().map(|(key, required)| (key.clone(), table(required))).collect()
}

fn words(column: &RequiredColumn) -> String {
    let mut words = vec![column.kind.clone()];
    let flags = [(column.required, "required"), (column.unique, "unique"), (column.index, "index")];
    words.extend(flags.iter().filter(|(set, _)| *set).map(|(_, word)| (*word).to_owned()));
    if column.name != column.key {
        words.push(format!("column={}", column.name));
    }
    if let Some(RequiredReference { table, column, cascades }) = &column.references {
        words.push(format!("->{table}.{column}"));
        words.extend((!cascades).then(|| "no-cascade".to_owned()));
    }
    words.extend(column.default.as_ref().map(|default| format!("default={default}")));
    words.join(" ")
}

/// The columns without their defaults, which the packs describe for the newest release alone.
pub(crate) fn without_defaults(tables: &mut Tables) {
    for words in tables.values_mut().flat_map(|table| table.columns.values_mut()) {
        if let Some(at) = words.find(" default=") {
            words.truncate(at);
        }
    }
}
