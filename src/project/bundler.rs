//! What the configuration of a bundler says of names: aliases that it gives to files, and folders whose exports other files
//! have without an import.

use crate::facts::FileFacts;
use crate::facts::module::{Element, Export, Expr, Function, Kind, MODULE_SCOPE, Module, Property, Source, Text};
use crate::project::files::Files;
use crate::project::resolve::{file_name, join};
use crate::source::folder_of;

/// The ways to the settings of interest in what a file exports.
struct Configuration {
    /// The name of the file, without its ending.
    name: &'static str,
    /// To aliases.
    aliases: &'static [&'static [&'static str]],
    /// To folders that are imported into the server.
    server: &'static [&'static [&'static str]],
    /// To folders that are imported into pages.
    pages: &'static [&'static [&'static str]],
    /// The setting with the folder of the page that an application begins with.
    root: Option<&'static str>,
}

/// The files with settings (Nuxt: `alias`, `imports`, `nitro`; Nitro: `alias`, `imports`; Vite: `resolve.alias`, `root`;
/// SvelteKit: `kit.alias`).
const CONFIGURATIONS: [Configuration; 5] = [
    Configuration {
        name: "nuxt.config",
        aliases: &[&["alias"], &["nitro", "alias"], &["vite", "resolve", "alias"]],
        server: &[&["nitro", "imports", "dirs"]],
        pages: &[&["imports", "dirs"]],
        root: None,
    },
    Configuration { name: "nitro.config", aliases: &[&["alias"]], server: &[&["imports", "dirs"]], pages: &[], root: None },
    Configuration { name: "vite.config", aliases: &[&["resolve", "alias"]], server: &[], pages: &[], root: Some("root") },
    Configuration { name: "astro.config", aliases: &[&["vite", "resolve", "alias"]], server: &[], pages: &[], root: None },
    Configuration { name: "svelte.config", aliases: &[&["kit", "alias"]], server: &[], pages: &[], root: None },
];

/// Their endings.
const ENDINGS: [&str; 4] = ["ts", "mts", "js", "mjs"];

/// What the alias of a layer begins with (Nuxt: "Authoring Nuxt Layers", named layer aliases).
const LAYERS: &str = "#layers/";

/// What paths begin with that go from the root, and what those do that go from a folder for sources.
const ROOTS: [&str; 3] = ["~~/", "@@/", "/"];
const OF_SOURCES: [&str; 2] = ["~/", "@/"];

/// Most functions and names between an export and what it stands for.
const MAX_STEPS: u32 = 4;

/// What the configuration of a package says of names; paths go from the root of the repository.
#[derive(Debug, Default)]
pub(super) struct Bundled {
    /// Aliases, with the paths that they stand for.
    pub(super) aliases: Vec<(String, String)>,
    /// Folders whose exports are imported into the server.
    pub(super) server: Vec<String>,
    /// Folders whose exports are imported into pages.
    pub(super) pages: Vec<String>,
    /// The folder of the page that an application begins with, where it is not that of the package.
    pub(super) root: Option<String>,
}

/// Whether a file may say something of names in other files.
#[must_use]
pub fn configures_names(path: &str) -> bool {
    let name = file_name(path);
    CONFIGURATIONS.iter().any(|one| name.strip_prefix(one.name).is_some_and(|ending| ending.starts_with('.')))
}

impl Bundled {
    /// Reads the configuration of a package.
    pub(super) fn read(files: &dyn Files, package: &str) -> Self {
        let mut bundled = Self::default();
        for one in CONFIGURATIONS {
            let mut named = ENDINGS.iter().filter_map(|ending| join(package, &format!("{}.{ending}", one.name)));
            let Some(path) = named.find(|path| files.exists(path)) else { continue };
            let facts = files.facts(&path);
            let Some(module) = facts.as_deref().and_then(FileFacts::module) else { continue };
            let reader = Reader { module, folder: folder_of(&path) };
            let Some(settings) = reader.exported() else { continue };
            bundled.aliases.extend(reader.at(settings, one.aliases).flat_map(|list| reader.aliases(list)));
            bundled.server.extend(reader.at(settings, one.server).flat_map(|list| reader.folders(list)));
            bundled.pages.extend(reader.at(settings, one.pages).flat_map(|list| reader.folders(list)));
            let root = one.root.and_then(|key| match &member(settings, key)?.kind {
                Kind::Text(Text::Plain(text)) => reader.below_own_folder(text),
                _ => reader.path(member(settings, key)?),
            });
            bundled.root = bundled.root.or(root);
            let name = member(settings, "$meta").and_then(|meta| text(member(meta, "name")?));
            bundled.aliases.extend(name.map(|name| (format!("{LAYERS}{name}"), reader.folder.to_owned())));
        }
        bundled
    }

    /// What an alias makes of a specifier: it stands for itself and for what lies below it, or, with a slash at its end, for
    /// that alone. The longest counts.
    pub(super) fn aliased(&self, specifier: &str) -> Option<String> {
        let meant = self.aliases.iter().filter_map(|(alias, path)| {
            let rest = specifier.strip_prefix(&**alias)?;
            let is_below = alias.ends_with('/') || rest.is_empty() || rest.starts_with('/');
            is_below.then_some((alias.len(), path, rest.trim_start_matches('/')))
        });
        let (_, path, rest) = meant.max_by_key(|(length, ..)| *length)?;
        if rest.is_empty() { Some(path.clone()) } else { join(path, rest) }
    }
}

/// Reads the settings that a module exports.
struct Reader<'m> {
    module: &'m Module,
    folder: &'m str,
}

impl<'m> Reader<'m> {
    /// The settings, by themselves or given to a function: `export default defineConfig({ … })`.
    fn exported(&self) -> Option<&'m Expr> {
        let top = self.module.scopes.get(MODULE_SCOPE as usize)?;
        let exported = self.module.exports.iter().find_map(|export| match export {
            Export::Local { name, local } if name == "default" => Some(local.as_str()),
            _ => None,
        });
        match &top.binding(exported?, None)?.source {
            Source::Value(value) => self.resolved(value),
            _ => None,
        }
    }

    /// The object or list that an expression stands for.
    fn resolved(&self, expr: &'m Expr) -> Option<&'m Expr> {
        let mut expr = expr;
        for _ in 0..MAX_STEPS {
            expr = match &expr.kind {
                Kind::Object(_) | Kind::Array(_) => return Some(expr),
                Kind::Call(call) => &call.arguments.first()?.value,
                Kind::Function(Function { scope }) => {
                    self.module.scopes.get(*scope as usize)?.returns.iter().find_map(|end| end.value.as_ref())?
                }
                Kind::Name(name) => match &self.module.scopes.get(MODULE_SCOPE as usize)?.binding(name, None)?.source {
                    Source::Value(value) => value,
                    _ => return None,
                },
                _ => return None,
            };
        }
        None
    }

    /// What lies at several ways in the settings.
    fn at(&self, settings: &'m Expr, ways: &'static [&'static [&'static str]]) -> impl Iterator<Item = &'m Expr> {
        ways.iter().filter_map(move |way| way.iter().try_fold(settings, |of, key| self.resolved(member(of, key)?)))
    }

    /// The folders of a list.
    fn folders(&self, listed: &Expr) -> Vec<String> {
        let Kind::Array(elements) = &listed.kind else { return Vec::new() };
        let folder = |element: &Element| match &element.value.kind {
            // What lies further below is imported as well.
            Kind::Text(Text::Plain(text)) if !OF_SOURCES.iter().any(|start| text.starts_with(start)) => {
                self.below_own_folder(text.trim_end_matches("/**"))
            }
            _ => self.path(&element.value),
        };
        elements.iter().filter_map(folder).collect()
    }

    /// The aliases of an object, or of a list of pairs (Vite: `resolve.alias`).
    fn aliases(&self, listed: &Expr) -> Vec<(String, String)> {
        match &listed.kind {
            Kind::Object(properties) => {
                // A star at the end stands for what lies below (SvelteKit: `kit.alias`).
                let pair = |property: &Property| match property {
                    Property::Keyed { key, value, .. } => {
                        let path = self.path(value)?;
                        let path = path.strip_suffix("/*").map_or_else(|| path.clone(), str::to_owned);
                        Some((key.strip_suffix('*').filter(|key| key.ends_with('/')).unwrap_or(key).to_owned(), path))
                    }
                    _ => None,
                };
                properties.iter().filter_map(pair).collect()
            }
            Kind::Array(elements) => {
                let pair = |element: &Element| {
                    let find = text(member(&element.value, "find")?)?;
                    Some((find.to_owned(), self.path(member(&element.value, "replacement")?)?))
                };
                elements.iter().filter_map(pair).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The path from the root of the repository that an expression stands for: `"./src"`, `resolve(__dirname, "src")`,
    /// `fileURLToPath(new URL("./src", import.meta.url))`.
    fn path(&self, expr: &Expr) -> Option<String> {
        match &expr.kind {
            Kind::Text(Text::Plain(text)) => self.written(text),
            Kind::Member(of, part) if part == "pathname" || part == "href" => self.path(of),
            Kind::Call(call) => {
                let (first, rest) = call.arguments.split_first()?;
                let last = match &call.callee.kind {
                    Kind::Name(name) | Kind::Member(_, name) => name.as_str(),
                    _ => return None,
                };
                match last {
                    "URL" if call.new => join(self.folder, part(first)?),
                    "fileURLToPath" => self.path(&first.value),
                    "resolve" | "join" => {
                        let base = if is_own_folder(&first.value) { self.folder.to_owned() } else { self.path(&first.value)? };
                        rest.iter().try_fold(base, |base, argument| join(&base, part(argument)?))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// A path as it is written. What does not begin as one is the name of a package, or of a folder beside the file.
    fn written(&self, text: &str) -> Option<String> {
        let is_path = text.starts_with('.') || text.starts_with("src/") || ROOTS.iter().any(|root| text.starts_with(root));
        if is_path { self.below_own_folder(text) } else { None }
    }

    /// A path from the folder of the file.
    fn below_own_folder(&self, path: &str) -> Option<String> {
        join(self.folder, ROOTS.iter().find_map(|root| path.strip_prefix(root)).unwrap_or(path))
    }
}

/// A part of a path that a function is given.
fn part(argument: &Element) -> Option<&str> {
    text(&argument.value).map(|part| part.trim_start_matches('/'))
}

/// Whether an expression is the folder of the file it stands in.
fn is_own_folder(expr: &Expr) -> bool {
    match &expr.kind {
        Kind::Name(name) => name == "__dirname",
        Kind::Member(of, member) => member == "dirname" && matches!(&of.kind, Kind::Name(name) if name == "import.meta"),
        Kind::Call(call) => {
            matches!(&call.callee.kind, Kind::Member(of, cwd) if cwd == "cwd" && matches!(&of.kind, Kind::Name(name) if name == "process"))
        }
        _ => false,
    }
}

fn member<'e>(of: &'e Expr, key: &str) -> Option<&'e Expr> {
    let Kind::Object(properties) = &of.kind else { return None };
    properties.iter().rev().find_map(|property| match property {
        Property::Keyed { key: own, value, .. } if own == key => Some(value),
        _ => None,
    })
}

fn text(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        Kind::Text(text) => text.plain(),
        _ => None,
    }
}
