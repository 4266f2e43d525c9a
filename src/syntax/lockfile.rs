//! Lockfiles with a form of their own: npm's JSON, too large for a tree, and yarn's blocks.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

/// One installed package of npm's lockfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NpmEntry {
    /// Where it is installed, from the lockfile's folder: `node_modules/a`, `apps/web/node_modules/a`.
    pub path: String,
    /// Its own name, where that differs from the name it is installed under.
    pub name: Option<String>,
    /// Its version.
    pub version: String,
}

/// The packages of `package-lock.json` whose installed name is `wanted`: version 1 (`dependencies`, nested) as well as
/// versions 2 and 3 (`packages`, by path). A file that breaks off gives the entries before the break.
///
/// Format: <https://docs.npmjs.com/cli/configuring-npm/package-lock-json>.
#[must_use]
pub fn npm(text: &str, wanted: fn(&str) -> bool) -> Vec<NpmEntry> {
    let mut found = Vec::new();
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    // An error only says that the rest could not be read.
    let _ = NpmRoot { wanted, found: &mut found }.deserialize(&mut serde_json::Deserializer::from_str(text));
    found
}

/// The name a path of npm's lockfile installs under: what follows its last `node_modules/`.
#[must_use]
pub fn installed_name(path: &str) -> Option<&str> {
    path.rfind(NODE_MODULES).map(|at| &path[at + NODE_MODULES.len()..])
}

const NODE_MODULES: &str = "node_modules/";

struct NpmRoot<'f> {
    wanted: fn(&str) -> bool,
    found: &'f mut Vec<NpmEntry>,
}

/// `packages`: by path.
struct NpmPackages<'f> {
    wanted: fn(&str) -> bool,
    found: &'f mut Vec<NpmEntry>,
}

/// `dependencies` of version 1: by name, nested.
struct NpmTree<'f> {
    folder: &'f str,
    wanted: fn(&str) -> bool,
    found: &'f mut Vec<NpmEntry>,
}

/// One dependency of version 1.
struct NpmNode<'f> {
    path: String,
    wanted: fn(&str) -> bool,
    found: &'f mut Vec<NpmEntry>,
}

/// Lets a visitor of maps stand in for the value of a key.
macro_rules! reads_a_map {
    ($($seed:ident)*) => { $(
        impl<'de> DeserializeSeed<'de> for $seed<'_> {
            type Value = ();

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
                deserializer.deserialize_map(self)
            }
        }
    )* };
}

reads_a_map!(NpmRoot NpmPackages NpmTree NpmNode);

impl<'de> Visitor<'de> for NpmRoot<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a lockfile of npm")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut by_path = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "packages" => {
                    by_path = true;
                    map.next_value_seed(NpmPackages { wanted: self.wanted, found: &mut *self.found })?;
                }
                // Version 2 repeats its packages in the form of version 1.
                "dependencies" if !by_path => {
                    map.next_value_seed(NpmTree { folder: "", wanted: self.wanted, found: &mut *self.found })?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for NpmPackages<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("packages by path")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(path) = map.next_key::<String>()? {
            if !installed_name(&path).is_some_and(self.wanted) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let entry = map.next_value::<Value>()?;
            let text = |key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
            if let Some(version) = text("version") {
                self.found.push(NpmEntry { path, name: text("name"), version });
            }
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for NpmTree<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dependencies by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let path = format!("{}{NODE_MODULES}{name}", self.folder);
            map.next_value_seed(NpmNode { path, wanted: self.wanted, found: &mut *self.found })?;
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for NpmNode<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a dependency")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut version = None;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "version" => version = Value::as_str(&map.next_value()?).map(str::to_owned),
                "dependencies" => {
                    let folder = format!("{}/", self.path);
                    map.next_value_seed(NpmTree { folder: &folder, wanted: self.wanted, found: &mut *self.found })?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if let Some(version) = version
            && installed_name(&self.path).is_some_and(self.wanted)
        {
            self.found.push(NpmEntry { path: self.path, name: None, version });
        }
        Ok(())
    }
}

/// One block of a `yarn.lock`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YarnEntry<'t> {
    /// The descriptors that lead to this package: name and range, without berry's default protocol `npm:`.
    pub descriptors: Vec<(&'t str, &'t str)>,
    /// The version.
    pub version: &'t str,
}

/// The blocks of a `yarn.lock`, classic or berry, in which some descriptor's name is `wanted`.
#[must_use]
pub fn yarn(text: &str, wanted: fn(&str) -> bool) -> Vec<YarnEntry<'_>> {
    let mut found = Vec::new();
    let mut descriptors = Vec::new();
    for line in text.lines() {
        if line.starts_with('#') {
            continue;
        }
        if let Some(head) = line.strip_suffix(':').filter(|head| !head.starts_with(' ')) {
            descriptors = head.split(", ").filter_map(descriptor).filter(|(name, _)| wanted(name)).collect();
        } else if !descriptors.is_empty()
            && let Some(version) = line.strip_prefix("  version")
        {
            let version = version.trim_start_matches(':').trim().trim_matches('"');
            found.push(YarnEntry { descriptors: std::mem::take(&mut descriptors), version });
        }
    }
    found
}

/// Name and range of a descriptor: `better-auth@^1.2.0`, `"@scope/name@npm:^1.0.0"`.
fn descriptor(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_matches('"');
    let at = memchr::memchr(b'@', text.as_bytes().get(1..)?)? + 1;
    let (name, range) = (&text[..at], &text[at + 1..]);
    // Berry binds some ranges to the place that asks for them: `…::version=1.2.3&hash=…`.
    let range = range.split("::").next().unwrap_or(range);
    Some((name, range.strip_prefix("npm:").filter(|rest| !rest.contains('@')).unwrap_or(range)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any(_: &str) -> bool {
        true
    }

    fn npm_flat(text: &str) -> Vec<String> {
        npm(text, any).into_iter().map(|entry| format!("{} {}", entry.path, entry.version)).collect()
    }

    #[test]
    fn reads_both_forms_of_npm() {
        let nested = r#"{"lockfileVersion": 1, "dependencies": {
            "a": {"version": "1.0.0", "requires": {"b": "^2"}, "dependencies": {"b": {"version": "2.0.0"}}}, "c": {"version": 3}}}"#;
        assert_eq!(npm_flat(nested), ["node_modules/a/node_modules/b 2.0.0", "node_modules/a 1.0.0"]);
        let by_path = r#"{"packages": {"": {"version": "9.9.9"}, "node_modules/a": {"version": "1.0.0"},
            "apps/x/node_modules/@s/b": {"version": "2.0.0", "dependencies": {"q": "^1"}}},
            "dependencies": {"a": {"version": "1.0.0"}}}"#;
        assert_eq!(npm_flat(by_path), ["node_modules/a 1.0.0", "apps/x/node_modules/@s/b 2.0.0"]);
    }

    #[test]
    fn keeps_what_stands_before_a_break() {
        assert_eq!(
            npm_flat(r#"{"packages": {"node_modules/a": {"version": "1.0.0"}, "node_modules/b": {"ver"#),
            ["node_modules/a 1.0.0"]
        );
        assert_eq!(npm_flat(&"{\"dependencies\":{\"a\":".repeat(5000)), [""; 0]);
    }

    #[test]
    fn reads_both_forms_of_yarn() {
        let classic = "# yarn lockfile v1\n\n\"@s/a@^1.0.0\", \"@s/a@>=1 <2\":\n  version \"1.0.4\"\n  dependencies:\n    version \"^3\"\n\nb@^2:\n  version \"2.0.0\"\n";
        let entries = yarn(classic, any);
        assert_eq!(entries[0], YarnEntry { descriptors: vec![("@s/a", "^1.0.0"), ("@s/a", ">=1 <2")], version: "1.0.4" });
        assert_eq!(entries[1], YarnEntry { descriptors: vec![("b", "^2")], version: "2.0.0" });
        let berry = "__metadata:\n  version: 8\n\n\"a@npm:^1, a@npm:^1.1\":\n  version: 1.2.0\n  resolution: \"a@npm:1.2.0\"\n\n\"b@npm:c@^3\":\n  version: 3.0.0\n\n\"d@patch:d@npm%3A1.0.0#~/.yarn/p::version=1.0.0&hash=1\":\n  version: 1.0.0\n";
        let ranges: Vec<_> = yarn(berry, any).into_iter().flat_map(|entry| entry.descriptors).collect();
        assert_eq!(ranges, [("a", "^1"), ("a", "^1.1"), ("b", "npm:c@^3"), ("d", "patch:d@npm%3A1.0.0#~/.yarn/p")]);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[{}\":, @a1v\n]{0,80}|\\PC{0,80}") {
            let _ = npm(&text, any);
            let _ = yarn(&text, any);
        }
    }
}
