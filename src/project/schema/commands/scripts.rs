//! Scripts of the project that run a command.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Command, Finder};
use crate::facts::script::{Invocation, Program, purpose};
use crate::project::manager::Manager;
use crate::source::FileKind;

/// Options that make a command do less or more than what it is run for here.
const OTHER_PURPOSES: [&str; 5] = ["--accept-data-loss", "--create-only", "--custom", "--force", "--force-reset"];

impl Finder<'_> {
    /// The script of one of these folders that does nothing but this, and `is_it`; where several are as plain, either.
    pub(super) fn script(
        &self,
        program: Program,
        action: &str,
        folders: &[Arc<str>],
        is_it: impl Fn(&str, &Invocation<'_>) -> bool,
    ) -> Option<Command> {
        let is_meant = |folder: &str, run: &Invocation<'_>| {
            let is_other = run.options.iter().any(|option| OTHER_PURPOSES.contains(option));
            run.program == program && run.action == action && !is_other && is_it(folder, run)
        };
        let mut found: Vec<(usize, &Arc<str>, String)> = Vec::new();
        for folder in folders.iter().collect::<BTreeSet<_>>() {
            let manager = || Manager::of(self.files, self.resolver, folder);
            for (path, manifest) in self.resolver.manifests(folder) {
                for script in &manifest.scripts {
                    if purpose(&script.command).is_some_and(|run| is_meant(folder, &run)) {
                        let manager = if FileKind::of(path) == Some(FileKind::DenoConfig) { Manager::Deno } else { manager() };
                        found.push((script.command.split_whitespace().count(), folder, manager.run(&script.name)));
                    }
                }
            }
        }
        let (shortest, folder) = found.iter().map(|(words, folder, _)| (*words, *folder)).min_by_key(|(words, _)| *words)?;
        let lines = found.iter().filter(|(words, of, _)| *words == shortest && *of == folder).map(|(.., line)| line.clone());
        Some(Command { lines: lines.collect(), folder: Arc::clone(folder) })
    }
}
