//! The frameworks applications are built with.

use std::sync::LazyLock;

use serde::Deserialize;

/// The frameworks the pack knows, those that bring others along first.
#[must_use]
pub fn frameworks() -> &'static [Framework] {
    static FRAMEWORKS: LazyLock<Vec<Framework>> = LazyLock::new(|| {
        let list: List = toml::from_str(super::packs::FRAMEWORKS).expect("tests/knowledge.rs reads the same file");
        list.frameworks
    });
    &FRAMEWORKS
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    frameworks: Vec<Framework>,
}

/// One framework.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// Its name.
    pub name: String,
    /// What kind of application it makes.
    pub kind: FrameworkKind,
    /// The packages that come with it; whoever depends on one of them, or imports it, uses the framework.
    #[serde(default)]
    pub packages: Vec<String>,
    /// The file beside the `package.json`, without its ending, that only its applications have.
    pub config: Option<String>,
    /// Programs that scripts of its applications run.
    #[serde(default)]
    pub commands: Vec<String>,
    /// Modules that only its applications import.
    #[serde(default)]
    pub modules: Vec<String>,
    /// Whether other frameworks run on it, so that files which are routes of theirs may import its modules.
    #[serde(default)]
    pub platform: bool,
    /// A file beside the `package.json` without which the packages are only tools.
    pub needs: Option<String>,
    /// Functions that serve all requests.
    #[serde(default)]
    pub servers: Vec<ServerFunction>,
    /// Where files are routes.
    #[serde(default)]
    pub routes: Vec<RouteFolder>,
    /// Settings by which no server renders its pages.
    #[serde(default)]
    pub serverless: Vec<Serverless>,
}

/// A setting by which no server renders the pages of an application.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serverless {
    /// The file beside the `package.json` that has it, without its ending.
    pub file: String,
    /// The export that is, or holds, it.
    #[serde(default = "default_export")]
    pub export: String,
    /// The way to it in what is exported, with dots.
    pub option: Option<String>,
    /// What it is: a text, a boolean, or the package of the function that makes it.
    pub is: String,
    /// Whether it is so where it is not set.
    #[serde(default)]
    pub by_default: bool,
    /// The option that must not be set beside it.
    pub without: Option<String>,
}

fn default_export() -> String {
    "default".into()
}

/// A function that is given what answers all requests.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerFunction {
    /// The module it comes from; `global` for what is always there.
    pub module: String,
    /// Its name there.
    pub name: String,
}

/// What kind of application a framework makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrameworkKind {
    /// Pages that the server renders and the browser goes on with.
    Pages,
    /// A program that answers requests.
    Server,
    /// What runs in the browser or a window of its own, and calls a server.
    Browser,
    /// What runs on phones, and calls a server.
    Mobile,
}

/// A folder whose files are routes, by their paths in it.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteFolder {
    /// The folder, one or more names that follow each other in the path in the package, or in a folder for its sources; `*`
    /// is any name.
    pub root: String,
    /// The only name, without its ending, that makes a file a route; it is not part of the path.
    pub file: Option<String>,
    /// What a file's name must end in, before its ending, to be a route.
    pub suffix: Option<String>,
    /// Whether a dot in a name separates parts of the path.
    #[serde(default)]
    pub dots: bool,
    /// What the names of files and folders begin with that are no routes.
    #[serde(default)]
    pub aside: Option<String>,
}
