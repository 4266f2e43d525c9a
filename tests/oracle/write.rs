//! Writes a configuration as TypeScript in many shapes that mean the same.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::configurations::{Configuration, File, PluginCall};
use crate::random::Random;

/// How much the text may differ from one literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Everything in one literal.
    Plain,
    /// Values are moved into constants, functions and other files, spread, hidden among what never counts.
    Varied,
}

/// The files of a project that calls `betterAuth()` with the configuration.
pub(crate) fn files(configuration: &Configuration, style: Style, random: &mut Random) -> Vec<File> {
    let mut writer = Writer { random, style, modules: vec![Module::new("src/auth.ts")], names: 0 };
    let options = writer.options(configuration);
    let create = writer.import(0, "better-auth", "betterAuth");
    let call = match writer.choice(3) {
        0 => format!("export const auth = {create}({options});"),
        1 => format!("const auth = {create}({options});\nexport default auth;"),
        _ => format!("export default {create}({options});"),
    };
    writer.modules[0].statements.push(call);
    let mut files: Vec<File> = writer.modules.into_iter().map(Module::into_file).collect();
    let store = "export const store = { get: async () => null, set: async () => {}, delete: async () => {} };\n";
    files.push(("src/store.ts".into(), store.into()));
    files.push(("tsconfig.json".into(), r#"{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }"#.into()));
    files
}

/// A file in the making.
struct Module {
    path: String,
    imports: Vec<String>,
    /// Names that are declared or imported.
    names: BTreeSet<String>,
    statements: Vec<String>,
}

impl Module {
    fn new(path: &str) -> Self {
        Self { path: path.into(), imports: Vec::new(), names: BTreeSet::new(), statements: Vec::new() }
    }

    fn into_file(self) -> File {
        let text = [self.imports.join("\n"), self.statements.join("\n\n")].join("\n\n");
        (self.path, text.trim_start().to_owned() + "\n")
    }
}

/// The number of the module with the `betterAuth()` call.
const ENTRY: usize = 0;

struct Writer<'w> {
    random: &'w mut Random,
    style: Style,
    modules: Vec<Module>,
    names: usize,
}

impl Writer<'_> {
    /// One of `count` ways to write something; the first is the plain one.
    fn choice(&mut self, count: usize) -> usize {
        if self.style == Style::Plain { 0 } else { self.random.below(count) }
    }

    /// Whether to do something unusual, once in `times`.
    fn now_and_then(&mut self, times: usize) -> bool {
        self.style == Style::Varied && self.random.once_in(times)
    }

    fn fresh(&mut self, stem: &str) -> String {
        self.names += 1;
        format!("{stem}{}", self.names)
    }

    /// The argument of `betterAuth()`.
    fn options(&mut self, configuration: &Configuration) -> String {
        let plugins = self.plugins(&configuration.plugins);
        let mut properties = self.properties(&configuration.options, ENTRY);
        let place = if self.style == Style::Plain { properties.len() } else { self.random.below(properties.len() + 1) };
        properties.insert(place, format!("plugins: {plugins}"));
        if let Some(database) = self.database() {
            properties.insert(0, database);
        }
        let object = self.braces(&properties);
        match self.choice(5) {
            0 | 1 => object,
            2 => {
                self.modules[ENTRY].imports.push("import type { BetterAuthOptions } from \"better-auth\";".into());
                format!("{object} satisfies BetterAuthOptions")
            }
            3 => self.constant(&object, ENTRY),
            _ => format!("{{ ...{} }}", self.constant(&object, ENTRY)),
        }
    }

    /// The database, which the schema does not depend on.
    fn database(&mut self) -> Option<String> {
        match self.choice(4) {
            0 => None,
            1 => {
                let adapter = self.import(ENTRY, "better-auth/adapters/drizzle", "drizzleAdapter");
                self.modules[ENTRY].imports.push("import { db } from \"./db\";".into());
                Some(format!("database: {adapter}(db, {{ provider: \"pg\" }})"))
            }
            2 => {
                let adapter = self.import(ENTRY, "better-auth/adapters/prisma", "prismaAdapter");
                self.modules[ENTRY].imports.push("import { prisma } from \"./prisma\";".into());
                Some(format!("database: {adapter}(prisma, {{ provider: \"postgresql\" }})"))
            }
            _ => {
                self.modules[ENTRY].imports.push("import { Pool } from \"pg\";".into());
                Some("database: new Pool({ connectionString: process.env.DATABASE_URL })".into())
            }
        }
    }

    /// The list of plugins.
    fn plugins(&mut self, plugins: &[PluginCall]) -> String {
        let mut calls: Vec<String> = plugins.iter().map(|plugin| self.plugin(plugin)).collect();
        if self.now_and_then(3) {
            let admin = self.import(ENTRY, "better-auth/plugins", "admin");
            let place = self.random.below(calls.len() + 1);
            let never = ["...(false ? [X()] : [])", "...(false && [X()] || [])", "...[false && X()].filter(Boolean)"];
            calls.insert(place, self.random.pick(&never).replace('X', &admin));
        }
        let list = self.brackets(&calls);
        match self.choice(7) {
            0 | 1 => list,
            2 => self.constant(&list, ENTRY),
            3 => format!("[...{}]", self.constant(&list, ENTRY)),
            4 => {
                let (first, rest) = calls.split_at(self.random.below(calls.len() + 1));
                let (first, rest) = (self.brackets(first), self.brackets(rest));
                format!("{first}.concat({rest})")
            }
            5 => {
                let (first, rest) = calls.split_at(self.random.below(calls.len() + 1));
                let first = self.brackets(first);
                let name = self.fresh("plugins");
                let rest = rest.iter().map(|call| format!("\n{name}.push({call});")).collect::<String>();
                self.modules[ENTRY].statements.push(format!("const {name}: BetterAuthPlugin[] = {first};{rest}"));
                name
            }
            _ => {
                let name = self.fresh("makePlugins");
                self.modules[ENTRY].statements.push(format!("function {name}() {{\n  return {list};\n}}"));
                format!("{name}()")
            }
        }
    }

    /// A call of a plugin, perhaps held in a constant or made in another file.
    fn plugin(&mut self, plugin: &PluginCall) -> String {
        let module = if self.now_and_then(5) { self.module() } else { ENTRY };
        let name = self.import(module, &plugin.module, &plugin.name);
        let argument = if plugin.options.is_null() { String::new() } else { self.value(&plugin.options, module) };
        let call = format!("{name}({argument})");
        match self.choice(4) {
            _ if module != ENTRY => self.exported(&call, module, ENTRY),
            3 => self.constant(&call, module),
            _ => call,
        }
    }

    fn value(&mut self, json: &Json, module: usize) -> String {
        if self.now_and_then(8) {
            let other = self.module();
            let text = self.expression(json, other);
            return self.exported(&text, other, module);
        }
        let text = self.expression(json, module);
        if self.style == Style::Plain {
            return text;
        }
        match self.random.below(24) {
            0 => self.constant(&text, module),
            1 => {
                let name = self.fresh("make");
                self.modules[module].statements.push(format!("const {name} = () => ({text});"));
                format!("{name}()")
            }
            2 => {
                let (holder, key) = (self.fresh("held"), self.fresh("key"));
                self.modules[module].statements.push(format!("const {holder} = {{ {key}: {text} }};"));
                format!("{holder}.{key}")
            }
            3 => format!("(true ? {text} : undefined)"),
            4 => format!("(undefined ?? ({text}))"),
            5 => format!("({text})"),
            6 => format!("({text} as any)"),
            7 => {
                let name = self.fresh("keep");
                self.modules[module].statements.push(format!("function {name}<T>(given: T): T {{\n  return given;\n}}"));
                format!("{name}({text})")
            }
            8 => {
                let name = self.fresh("taken");
                self.modules[module].statements.push(format!("const {{ inner: {name} }} = {{ inner: {text} }};"));
                name
            }
            9 => format!("(() => {{ return {text}; }})()"),
            10 => format!("(process.env.NODE_ENV === \"test\" ? \"of tests\" : {text})"),
            _ => text,
        }
    }

    fn expression(&mut self, json: &Json, module: usize) -> String {
        match json {
            Json::Null => "null".into(),
            Json::Bool(value) => [value.to_string(), format!("!{}", !value)][self.choice(2)].clone(),
            Json::Number(number) => number.to_string(),
            Json::String(text) => match text.as_str() {
                "$fn" => self.function(module),
                "$store" => {
                    let from = if module == ENTRY { "./store" } else { "../store" };
                    self.import(module, from, "store")
                }
                "$ac" => {
                    let create = self.import(module, "better-auth/plugins/access", "createAccessControl");
                    format!("{create}({{ project: [\"create\"] }})")
                }
                text => self.text(text),
            },
            Json::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.value(item, module)).collect();
                self.brackets(&items)
            }
            Json::Object(_) => {
                let properties = self.properties(json, module);
                let text = self.braces(&properties);
                if self.now_and_then(6) { format!("{text} as const") } else { text }
            }
        }
    }

    fn function(&mut self, module: usize) -> String {
        match self.choice(3) {
            0 => "async () => ({})".into(),
            1 => "async function () { return {}; }".into(),
            _ => {
                let name = self.fresh("callback");
                self.modules[module].statements.push(format!("async function {name}() {{\n  return {{}};\n}}"));
                name
            }
        }
    }

    fn text(&mut self, text: &str) -> String {
        match self.choice(6) {
            0 | 1 => format!("\"{text}\""),
            2 => format!("'{text}'"),
            3 => format!("`{text}`"),
            4 => format!("\"{}\" + '{}'", &text[..text.len() / 2], &text[text.len() / 2..]),
            _ => {
                let half = text.len() / 2;
                format!("`${{\"{}\"}}{}`", &text[..half], &text[half..])
            }
        }
    }

    /// The properties of an object, some of them spread from another one or beside something that never counts.
    fn properties(&mut self, object: &Json, module: usize) -> Vec<String> {
        let object = object.as_object().expect("an object");
        let mut entries: Vec<(&String, &Json)> = object.iter().collect();
        if self.style == Style::Varied {
            self.random.shuffle(&mut entries);
        }
        let mut properties = Vec::new();
        if self.now_and_then(4) {
            let (spread, rest) = entries.split_at(self.random.below(entries.len() + 1));
            let mut inner: serde_json::Map<String, Json> =
                spread.iter().map(|(key, value)| ((*key).clone(), (*value).clone())).collect();
            if let (Some((key, _)), true) = (rest.first(), self.now_and_then(2)) {
                // What follows the spread wins.
                inner.insert((*key).clone(), "overridden".into());
            }
            properties.push(format!("...{}", self.value(&inner.into(), module)));
            entries = rest.to_vec();
        }
        for (key, value) in entries {
            let text = self.value(value, module);
            properties.push(self.property(key, &text, module));
        }
        if self.now_and_then(12) {
            return vec![format!("...Object.assign({{}}, {{ {} }})", properties.join(", "))];
        }
        if self.now_and_then(6) {
            let never = ["...(false ? { modelName: \"never\" } : {})", "...(false && { modelName: \"never\" })", "...undefined"];
            let place = self.random.below(properties.len() + 1);
            properties.insert(place, (*self.random.pick(&never)).to_owned());
        }
        properties
    }

    fn property(&mut self, key: &str, text: &str, module: usize) -> String {
        match self.choice(8) {
            1 => format!("\"{key}\": {text}"),
            2 => format!("'{key}': {text}"),
            3 => format!("[\"{key}\"]: {text}"),
            4 if !matches!(key, "default" | "enum") && self.claims(key, module) => {
                self.modules[module].statements.push(format!("const {key} = {text};"));
                key.to_owned()
            }
            _ => format!("{key}: {text}"),
        }
    }

    /// Whether a name is still free in a module; it is taken from then on.
    fn claims(&mut self, name: &str, module: usize) -> bool {
        self.modules[module].names.insert(name.to_owned())
    }

    fn braces(&mut self, properties: &[String]) -> String {
        self.enclosed('{', properties, '}')
    }

    fn brackets(&mut self, items: &[String]) -> String {
        self.enclosed('[', items, ']')
    }

    fn enclosed(&mut self, open: char, items: &[String], close: char) -> String {
        match self.choice(5) {
            0 | 1 => format!("{open} {} {close}", items.join(", ")),
            2 => format!("{open}{}{close}", items.join(",")),
            3 => {
                let lines: String = items.iter().map(|item| format!("\n\t{item},")).collect();
                format!("{open}{lines}\n{close}")
            }
            _ => {
                let lines: Vec<String> = items.iter().map(|item| format!("\n  // {close} plugins: []\n  {item}")).collect();
                format!("{open} /* {open} */{}\n{close}", lines.join(" /* , */,"))
            }
        }
    }

    /// A constant of the module that holds the value.
    fn constant(&mut self, text: &str, module: usize) -> String {
        let name = self.fresh("value");
        let declaration = match self.random.below(4) {
            0 => format!("let {name} = {text};"),
            1 => format!("const {name}: any = {text};"),
            2 => format!("export const {name} = {text};"),
            _ => format!("const {name} = {text};"),
        };
        self.modules[module].statements.push(declaration);
        name
    }

    /// A new file.
    fn module(&mut self) -> usize {
        let name = self.fresh("part");
        self.modules.push(Module::new(&format!("src/parts/{name}.ts")));
        self.modules.len() - 1
    }

    /// Exports a value from a file and imports it into another.
    fn exported(&mut self, text: &str, from: usize, to: usize) -> String {
        let name = self.fresh("shared");
        let (path, by_default) = match self.random.below(5) {
            0 => {
                self.modules[from].statements.push(format!("export const {name} = {text};"));
                (self.modules[from].path.clone(), false)
            }
            1 => {
                self.modules[from].statements.push(format!("export default {text};"));
                (self.modules[from].path.clone(), true)
            }
            2 => {
                self.modules[from].statements.push(format!("const inner = {text};\nexport {{ inner as {name} }};"));
                (self.modules[from].path.clone(), false)
            }
            3 => {
                self.modules[from].statements.push(format!("export const {name} = {text};"));
                (self.barrel(from, "export * from"), false)
            }
            _ => {
                self.modules[from].statements.push(format!("const inner = {text};\nexport {{ inner as default }};"));
                (self.barrel(from, &format!("export {{ default as {name} }} from")), false)
            }
        };
        let stem = path.strip_prefix("src/parts/").and_then(|path| path.strip_suffix(".ts")).expect("a part");
        let folder = if to == ENTRY { "./parts" } else { "." };
        let specifier = match self.random.below(3) {
            0 => format!("{folder}/{stem}"),
            1 => format!("{folder}/{stem}.js"),
            _ => format!("@/parts/{stem}"),
        };
        let imports = &mut self.modules[to].imports;
        if by_default {
            imports.push(format!("import {name} from \"{specifier}\";"));
            return name;
        }
        if self.random.once_in(4) {
            imports.push(format!("import * as {name}All from \"{specifier}\";"));
            return format!("{name}All.{name}");
        }
        imports.push(format!("import {{ {name} }} from \"{specifier}\";"));
        name
    }

    /// A file that hands the exports of another one on; gives its path.
    fn barrel(&mut self, of: usize, export: &str) -> String {
        let stem = self.modules[of].path.rsplit('/').next().and_then(|name| name.strip_suffix(".ts")).expect("a part").to_owned();
        let barrel = self.module();
        self.modules[barrel].statements.push(format!("{export} \"./{stem}\";"));
        self.modules[barrel].path.clone()
    }

    /// Imports a name of a package into a file; gives the expression for it there.
    fn import(&mut self, module: usize, from: &str, name: &str) -> String {
        let (import, expression) = match self.choice(4) {
            1 => {
                let all = self.fresh("all");
                (format!("import * as {all} from \"{from}\";"), format!("{all}.{name}"))
            }
            0 | 2 if self.claims(name, module) => (format!("import {{ {name} }} from \"{from}\";"), name.to_owned()),
            _ => {
                let alias = self.fresh(name);
                (format!("import {{ {name} as {alias} }} from '{from}'"), alias)
            }
        };
        self.modules[module].imports.push(import);
        expression
    }
}
