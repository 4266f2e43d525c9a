//! The official command line of better-auth (documentation: concepts/cli, "Generate" and "Migrate").
//!
//! `@better-auth/cli` ends with 1.4 and is followed by `auth` from 1.5 on. Each writes the schema of its own release.

use std::sync::Arc;

use super::{Command, Finder, in_a_shell, path_from};
use crate::facts::module::Export;
use crate::facts::script::{Invocation, Program};
use crate::knowledge::pack;
use crate::project::AdapterKind;
use crate::project::adapter::Mapper;
use crate::project::resolve::{join, relative};
use crate::project::version::version_of;
use crate::source::folder_of;

/// The folder that `generate` writes into for the built-in adapter.
pub const GENERATED: &str = "better-auth_migrations";

/// Where all releases look for the configuration: in these folders, at the root and in `src` and `app`.
const FOLDERS: [&str; 5] = ["", "lib/server/", "server/", "lib/", "utils/"];

/// What all releases take for its name there.
const NAMES: [&str; 4] = ["auth.ts", "auth.tsx", "auth.js", "auth.jsx"];

/// Where Prisma's schema is written where nothing else is said.
const PRISMA: &str = "prisma/schema.prisma";

/// The command line of a release.
struct Cli {
    package: &'static str,
    /// `1.6`.
    series: String,
    /// The newest one is of this release.
    is_latest: bool,
}

impl Cli {
    /// The package with what asks for the release.
    fn named(&self) -> String {
        let is_maintained = self.is_latest && self.package == "auth";
        format!("{}@{}", self.package, if is_maintained { "latest" } else { &self.series })
    }
}

impl Finder<'_> {
    fn cli(&self) -> Cli {
        let newest = &pack().core.newest;
        let version = self.server.version.effective().unwrap_or_else(|| newest.clone());
        let series = (version.major(), version.minor());
        let (package, last) =
            if series < (1, 5) { ("@better-auth/cli", (1, 4)) } else { ("auth", (newest.major(), newest.minor())) };
        Cli { package, series: format!("{}.{}", series.0, series.1), is_latest: series >= last }
    }

    /// Whether the command line that a script of a folder names is the one of the release.
    fn is_of_release(&self, folder: &str, run: &Invocation<'_>) -> bool {
        let cli = self.cli();
        let name = run.name.strip_prefix("npm:").unwrap_or(run.name);
        let (package, asked) = match name.rfind('@').filter(|at| *at > 0) {
            Some(at) => (&name[..at], Some(name[at + 1..].to_owned())),
            None => (name, None),
        };
        let installed = || {
            let version = version_of(self.files, self.resolver, folder, cli.package).effective()?;
            Some(format!("{}.{}", version.major(), version.minor()))
        };
        let is_package = package == cli.package || package == "better-auth";
        is_package
            && match asked.or_else(installed).as_deref() {
                None | Some("latest") => cli.is_latest,
                Some(asked) => {
                    let rest = asked.trim_start_matches(['^', '~']).strip_prefix(&*cli.series);
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                }
            }
    }

    /// The command itself, run in a folder.
    fn official(&self, action: &str, folder: &Arc<str>) -> Command {
        let file = &self.server.at.file;
        let config = (!is_found(folder, file)).then(|| format!(" --config {}", in_a_shell(&path_from(folder, file))));
        self.plain(folder, format!("npx {} {action}{}", self.cli().named(), config.unwrap_or_default()))
    }

    pub(super) fn official_migrate(&self) -> Command {
        let is_it = |folder: &str, run: &Invocation<'_>| {
            let file = &self.server.at.file;
            let is_meant = match run.option("--config") {
                Some(path) => join(folder, path).is_some_and(|path| path == **file),
                None => is_found(folder, file),
            };
            is_meant && self.is_of_release(folder, run)
        };
        let script = self.script(Program::Official, "migrate", &self.packages(), is_it);
        script.unwrap_or_else(|| self.official("migrate", &self.server.package))
    }

    /// For Drizzle and Convex it writes a file anew, whatever that holds, so that only the project can tell which one; a schema of Prisma
    /// it adds to.
    pub(super) fn official_generate(&self) -> Option<Command> {
        let kind = self.server.adapter.kind;
        if kind == AdapterKind::Kysely {
            let mut folders = self.server.declared.migrated.iter().map(|one| &one.folder);
            let own = folders.find(|folder| folder.rsplit('/').next() == Some(GENERATED));
            return Some(
                self.official("generate", &own.map_or_else(|| self.server.package.clone(), |own| folder_of(own).into())),
            );
        }
        let is_convex = self.server.adapter.mapper() == Some(Mapper::Convex);
        if !matches!(kind, AdapterKind::Drizzle | AdapterKind::Prisma) && !is_convex {
            return Some(self.official("generate", &self.server.package));
        }
        let sources = self.sources();
        let writes = |folder: &str, run: &Invocation<'_>| {
            let default = (kind == AdapterKind::Prisma).then_some(PRISMA);
            let output = run.option("--output").or(default).and_then(|path| join(folder, path));
            output.is_some_and(|path| sources.contains(&*path)) && self.is_of_release(folder, run)
        };
        let script = self.script(Program::Official, "generate", &self.packages(), writes);
        let only = sources.first().filter(|_| sources.len() == 1 && kind == AdapterKind::Prisma && self.is_exported());
        script.or_else(|| {
            let folder = &self.server.package;
            let path = path_from(folder, only?);
            let mut command = self.official("generate", folder);
            if path != PRISMA {
                command.lines[0].push_str(&format!(" --output {}", in_a_shell(&path)));
            }
            Some(command)
        })
    }

    /// Whether the command line can read the instance: its file makes it at the top, and exports it as `auth` or by default.
    fn is_exported(&self) -> bool {
        let facts = self.files.facts(&self.server.at.file);
        let Some(module) = facts.as_deref().and_then(|facts| facts.module()) else { return false };
        let is_own = |export: &Export| match export {
            Export::Local { name, local } => matches!(name.as_str(), "auth" | "default") && *local == self.server.name,
            Export::From { .. } | Export::All { .. } => false,
        };
        let at = self.server.at.span;
        let made = |start: u32, end: u32| start <= at.start && at.end <= end;
        let is_at_top = module.calls.iter().any(|call| call.scope == 0 && made(call.expr.span.start, call.expr.span.end));
        is_at_top && module.exports.iter().any(is_own)
    }
}

/// Whether the command line finds a configuration by itself when it is run in a folder.
pub fn is_found(folder: &str, file: &str) -> bool {
    let Some(path) = relative(folder, file) else { return false };
    let path = path.strip_prefix("src/").or_else(|| path.strip_prefix("app/")).unwrap_or(path);
    FOLDERS.iter().filter_map(|folder| path.strip_prefix(folder)).any(|name| NAMES.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_are_found_at_the_usual_places() {
        for (folder, file, expected) in [
            ("", "auth.ts", true),
            ("", "src/lib/auth.ts", true),
            ("apps/web", "apps/web/app/server/auth.tsx", true),
            ("", "apps/web/auth.ts", false),
            ("", "src/lib/auth/auth.ts", false),
            ("", "src/auth/index.ts", false),
            ("apps/web", "apps/api/auth.ts", false),
        ] {
            assert_eq!(is_found(folder, file), expected, "{folder} {file}");
        }
    }
}
