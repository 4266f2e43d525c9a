//! `package.json`, `tsconfig.json` and `pnpm-workspace.yaml`.

use serde::{Deserialize, Serialize};

use crate::source::Span;

/// One `package.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Manifest {
    /// `name`.
    pub name: Option<String>,
    /// `workspaces`, in either of its forms: the globs as written.
    pub workspaces: Vec<String>,
    /// Every entry of the four dependency tables.
    pub dependencies: Vec<Dependency>,
    /// `scripts`: name and command.
    pub scripts: Vec<(String, String)>,
    /// `main`, `module` and `types` in this order, those that are there.
    pub entries: Vec<String>,
    /// `exports`, flattened: subpath (`.`, `./client`, `./*`) and every target it can lead to, in order.
    pub exports: Vec<(String, Vec<String>)>,
    /// `imports`, flattened the same way (`#lib/*`).
    pub imports: Vec<(String, Vec<String>)>,
}

/// One entry of a dependency table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// The package's name.
    pub name: String,
    /// The range as written: `^1.7.0`, `workspace:*`, `catalog:auth`, `npm:other@1`.
    pub range: String,
    /// In `devDependencies`.
    pub dev: bool,
    /// The entry, for locations.
    pub span: Span,
}

/// One `tsconfig.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TsConfig {
    /// `extends`, in order.
    pub extends: Vec<String>,
    /// `compilerOptions.baseUrl`.
    pub base_url: Option<String>,
    /// `compilerOptions.paths`: pattern and targets.
    pub paths: Vec<(String, Vec<String>)>,
    /// `references[].path`.
    pub references: Vec<String>,
}

/// `pnpm-workspace.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PnpmWorkspace {
    /// `packages`: the globs as written, with `!` ones.
    pub packages: Vec<String>,
    /// `catalog` and `catalogs`: catalog name (`default` for the unnamed one), package, range.
    pub catalogs: Vec<(String, String, String)>,
}

/// Reads `package.json`; the spans are stretches that could not be read.
#[must_use]
pub fn package(_text: &str) -> (Manifest, Vec<Span>) {
    (Manifest::default(), Vec::new())
}

/// Reads `tsconfig.json`; the spans are stretches that could not be read.
#[must_use]
pub fn tsconfig(_text: &str) -> (TsConfig, Vec<Span>) {
    (TsConfig::default(), Vec::new())
}

/// Reads `pnpm-workspace.yaml`.
#[must_use]
pub fn pnpm_workspace(_text: &str) -> PnpmWorkspace {
    PnpmWorkspace::default()
}
