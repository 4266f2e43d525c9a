//! Random configurations: plugins with their options, renamed tables and columns, additional fields, storages.

use git_auth_review::knowledge::schema::Table;
use git_auth_review::knowledge::{Brought, Plugin, pack};
use nodejs_semver::Version;
use serde_json::{Map, Value as Json, json};

use crate::configurations::{Configuration, PluginCall};
use crate::random::Random;

/// A random configuration for a release.
pub(crate) fn configuration(release: &str, random: &mut Random) -> Configuration {
    let version = Version::parse(release).expect("a version");
    let mut generator = Generator { version: &version, random, names: 0 };
    Configuration { plugins: generator.plugins(), options: generator.core_options() }
}

/// What the plugins are called with: `required` always, the values at the paths of `options` sometimes.
fn calls() -> Map<String, Json> {
    serde_json::from_str(include_str!("plugins.json")).expect("JSON")
}

struct Generator<'g> {
    version: &'g Version,
    random: &'g mut Random,
    names: usize,
}

impl Generator<'_> {
    fn plugins(&mut self) -> Vec<PluginCall> {
        let calls = calls();
        let mut available: Vec<(&Plugin, Vec<&str>)> = pack()
            .plugins()
            .filter(|plugin| calls.contains_key(&plugin.name))
            .map(|plugin| {
                let homes = plugin.exports_at(self.version).filter(|export| export.name == plugin.name);
                let mut homes: Vec<&str> = homes.map(|export| export.module.as_str()).collect();
                if homes.len() > 1 {
                    homes.retain(|module| !is_old_copy(module));
                }
                (plugin, homes)
            })
            .filter(|(_, homes): &(&Plugin, Vec<&str>)| !homes.is_empty())
            .collect();
        self.random.shuffle(&mut available);
        available.truncate(self.random.below(6));
        available
            .into_iter()
            .map(|(plugin, homes)| PluginCall {
                name: plugin.name.clone(),
                module: (*self.random.pick(&homes)).to_owned(),
                options: self.plugin_options(plugin, &calls[&plugin.name]),
            })
            .collect()
    }

    fn plugin_options(&mut self, plugin: &Plugin, call: &Json) -> Json {
        let mut options = call["required"].clone();
        for (path, values) in call["options"].as_object().into_iter().flatten() {
            if self.random.once_in(3) {
                let value = self.random.pick(values.as_array().expect("a list")).clone();
                put(&mut options, path, value);
            }
        }
        if options.is_null() && self.random.once_in(3) {
            options = json!({});
        }
        if options.is_string() || self.random.once_in(2) {
            return options;
        }
        for Brought { table, .. } in pack().tables_of(plugin, self.version) {
            let base = format!("schema.{}", table.key);
            self.rename(&mut options, table, &base, 3);
            if self.random.once_in(4) {
                put(&mut options, &format!("{base}.additionalFields"), self.additional_fields());
            }
        }
        options
    }

    fn core_options(&mut self) -> Json {
        let mut options = json!({});
        for table in pack().core.tables.iter().filter(|table| table.versions.contains(self.version)) {
            self.rename(&mut options, table, &table.key, 4);
            if self.random.once_in(4) {
                put(&mut options, &format!("{}.additionalFields", table.key), self.additional_fields());
            }
        }
        for (path, values) in [
            ("secondaryStorage", vec![json!("$store"), json!(null)]),
            ("session.storeSessionInDatabase", vec![json!(true), json!(false)]),
            ("session.preserveSessionInDatabase", vec![json!(true)]),
            ("verification.storeInDatabase", vec![json!(true), json!(false)]),
            ("verification.disableCleanup", vec![json!(true)]),
            ("rateLimit.storage", vec![json!("database"), json!("database"), json!("memory"), json!("secondary-storage")]),
            ("rateLimit.enabled", vec![json!(true), json!(false)]),
            ("advanced.database.generateId", vec![json!("serial"), json!("uuid"), json!(false), json!("$fn")]),
            ("advanced.database.useNumberId", vec![json!(true), json!(false)]),
            ("advanced.generateId", vec![json!(false)]),
            ("account.storeStateStrategy", vec![json!("database"), json!("cookie")]),
            ("account.accountLinking.enabled", vec![json!(true), json!(false)]),
            ("user.changeEmail.enabled", vec![json!(true)]),
            ("emailAndPassword.enabled", vec![json!(true)]),
        ] {
            if self.random.once_in(4) {
                put(&mut options, path, self.random.pick(&values).clone());
            }
        }
        options
    }

    /// Renames a table and some of its columns, or columns it does not have.
    fn rename(&mut self, options: &mut Json, table: &Table, base: &str, rarity: usize) {
        if self.random.once_in(rarity) {
            // An empty name counts as none.
            let name = if self.random.once_in(10) { String::new() } else { self.name(&table.key) };
            put(options, &format!("{base}.modelName"), name.into());
        }
        if !self.random.once_in(rarity) {
            return;
        }
        for column in table.columns.iter().filter(|column| !names_credential(&column.name)) {
            if self.random.once_in(3) {
                put(options, &format!("{base}.fields.{}", column.name), self.name(&column.name).into());
            }
        }
    }

    /// A name that is given once.
    fn name(&mut self, usual: &str) -> String {
        self.names += 1;
        let letter = |number: usize| char::from(b'a' + u8::try_from(number % 26).expect("a letter"));
        let mark = String::from_iter([letter(self.names / 26), letter(self.names)]);
        if usual.to_lowercase().contains("token") {
            return format!("token_{mark}");
        }
        match self.random.below(4) {
            0 => format!("{usual}_{mark}"),
            1 => format!("{usual}{mark}s"),
            2 => format!("X{mark}{usual}"),
            _ => format!("{}_{mark}", usual.to_lowercase()),
        }
    }

    fn additional_fields(&mut self) -> Json {
        // Some of these names are columns of better-auth or of plugins.
        const NAMES: [&str; 9] = ["tenant", "age", "role", "image", "username", "issuer", "metadata", "createdAt", "plan"];
        let mut names = NAMES;
        self.random.shuffle(&mut names);
        let count = 1 + self.random.below(3);
        names[..count].iter().map(|name| ((*name).to_owned(), self.additional_field(name))).collect::<Map<_, _>>().into()
    }

    fn additional_field(&mut self, name: &str) -> Json {
        let types = json!(["string", "number", "boolean", "date", "string[]", "number[]", ["a", "b"]]);
        let mut field = json!({ "type": self.random.pick(types.as_array().expect("a list")) });
        for (option, values) in [
            ("required", vec![json!(true), json!(false)]),
            ("unique", vec![json!(true), json!(false)]),
            ("index", vec![json!(true), json!(false)]),
            ("bigint", vec![json!(true), json!(false)]),
            ("input", vec![json!(true), json!(false)]),
            ("returned", vec![json!(false)]),
            ("sortable", vec![json!(true)]),
            ("defaultValue", vec![json!(0), json!("none"), json!(true)]),
            ("fieldName", vec![json!(format!("{name}_column"))]),
            (
                "references",
                vec![
                    json!({ "model": "user", "field": "id" }),
                    json!({ "model": "user", "field": "id", "onDelete": "cascade" }),
                    json!({ "model": "user", "field": "id", "onDelete": "set null" }),
                ],
            ),
        ] {
            if self.random.once_in(4) {
                field[option] = self.random.pick(&values).clone();
            }
        }
        field
    }
}

/// A copy of a package's plugin with a schema of its own in its last releases, which the pack does not describe.
fn is_old_copy(module: &str) -> bool {
    module == "better-auth/plugins/sso"
}

/// Whether what is given to this name may be a credential: the review keeps its text only where it stands in `fields`.
fn names_credential(column: &str) -> bool {
    let column = column.to_lowercase();
    ["password", "secret", "privatekey", "credential"].iter().any(|word| column.contains(word))
}

/// Sets the value at a path; what lies in the way and is no object is replaced.
fn put(options: &mut Json, path: &str, value: Json) {
    let mut place = options;
    for step in path.split('.') {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[step];
    }
    *place = value;
}
