//! What code imports whose content the snapshot does not have: it was not read, and that is said.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Role;
use super::files::Files;
use super::link::role;
use super::resolve::{Resolved, Resolver, ancestors, join};
use crate::finding::Open;
use crate::source::{FileKind, Site, Span, Unreadable, folder_of};

/// A question for each absent file that one of these code files imports. What tests and examples import is asked of nobody.
pub(super) fn questions(files: &dyn Files, resolver: &Resolver, code: &[Arc<str>]) -> Vec<Open> {
    let absent = files.absent();
    if absent.is_empty() {
        return Vec::new();
    }
    // Nothing is found behind a link.
    let links: Vec<Stem<'_>> =
        absent.iter().filter(|(_, why)| *why == Unreadable::Link).map(|(path, _)| Stem::of(path)).collect();
    let mut meant: BTreeSet<Arc<str>> = BTreeSet::new();
    for from in code.iter().filter(|path| matches!(role(path), Role::Live | Role::CliCopy)) {
        let Some(facts) = files.facts(from) else { continue };
        for specifier in facts.specifiers() {
            if let Resolved::File(file) = resolver.resolve(files, from, specifier) {
                meant.insert(file);
            } else if let Some(named) = Named::by(specifier, from).filter(|_| !links.is_empty()) {
                meant.extend(links.iter().filter(|link| named.may_mean(link)).map(|link| link.path.into()));
            }
        }
    }
    let asked = absent.iter().filter(|(path, _)| meant.contains(path));
    asked
        .map(|(path, why)| Open {
            question: format!("what `{path}` holds"),
            reason: why.to_string(),
            site: Site::new(path, Span::default()),
        })
        .collect()
}

/// What imports may call a path.
struct Stem<'p> {
    path: &'p str,
    /// The path without the ending of code.
    stem: &'p str,
    /// It is no folder.
    is_file: bool,
}

impl<'p> Stem<'p> {
    fn of(path: &'p str) -> Self {
        Self { path, stem: without_ending(path), is_file: FileKind::of(path).is_some() }
    }
}

/// What a specifier names, if it means a file of the repository.
enum Named<'s> {
    /// A path.
    Path(String),
    /// A path from some folder on: `@/lib/auth`, `$lib/auth`, `#server/auth`.
    End(&'s str),
}

impl<'s> Named<'s> {
    fn by(specifier: &'s str, from: &str) -> Option<Self> {
        if specifier.starts_with('.') {
            let mut path = join(folder_of(from), specifier)?;
            path.truncate(without_ending(&path).len());
            return Some(Self::Path(path));
        }
        let is_alias = |first: &str| matches!(first, "@" | "@@" | "~" | "~~") || first.starts_with(['#', '$']);
        let (_, end) = specifier.split_once('/').filter(|(first, _)| is_alias(first))?;
        Some(Self::End(without_ending(end)))
    }

    /// Whether it may mean what is at a path, or below it where that stands for a folder.
    fn may_mean(&self, Stem { stem, is_file, .. }: &Stem<'_>) -> bool {
        let folder = stem.strip_suffix("/index");
        let is_there = |named: &str| named == *stem || folder == Some(named);
        let ends_there = |named: &str| {
            let is_end = |around: &str| around.strip_suffix(named).is_some_and(|before| before.ends_with('/'));
            is_there(named) || is_end(folder.unwrap_or(stem))
        };
        let any = |named: &str, is_there: &dyn Fn(&str) -> bool| match is_file {
            true => is_there(named),
            false => ancestors(named).any(|above| !above.is_empty() && is_there(above)),
        };
        match self {
            Self::Path(path) => any(path, &is_there),
            Self::End(end) => any(end, &ends_there),
        }
    }
}

fn without_ending(path: &str) -> &str {
    let is_code = FileKind::of(path).is_some_and(FileKind::is_code);
    path.rsplit_once('.').filter(|_| is_code).map_or(path, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_mean_what_is_at_their_end() {
        let means = |specifier: &str, path: &str| {
            Named::by(specifier, "src/app/route.ts").is_some_and(|named| named.may_mean(&Stem::of(path)))
        };
        for specifier in ["../lib/auth", "../lib/auth.js", "@/lib/auth", "$lib/auth", "~/src/lib/auth.ts"] {
            assert!(means(specifier, "src/lib/auth.ts"), "{specifier}");
        }
        assert!(means("../auth", "src/auth/index.ts") && means("@/auth", "src/auth/index.ts"));
        assert!(means("../lib/auth", "src/lib") && means("@/lib/auth", "src/lib"), "a folder");
        for specifier in ["./lib/auth", "../lib/auth/client", "better-auth/lib/auth", "@scope/auth", "@/mylib/auth", "auth"] {
            assert!(!means(specifier, "src/lib/auth.ts"), "{specifier}");
        }
        assert!(!means("../library", "src/lib") && !means("lodash/lib", "src/lib"));
    }
}
