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
    let mut meant: BTreeSet<&str> = BTreeSet::new();
    for from in code.iter().filter(|path| matches!(role(path), Role::Live | Role::CliCopy)) {
        let Some(facts) = files.facts(from) else { continue };
        for specifier in facts.specifiers() {
            let resolved = resolver.resolve(files, from, specifier);
            meant.extend(absent.iter().filter_map(|(path, why)| {
                let is_meant = match &resolved {
                    Resolved::File(file) => file == path,
                    // Nothing is found behind a link.
                    _ => *why == Unreadable::Link && may_mean(specifier, from, path),
                };
                is_meant.then_some(&**path)
            }));
        }
    }
    let asked = absent.iter().filter(|(path, _)| meant.contains(&**path));
    asked
        .map(|(path, why)| Open {
            question: format!("what `{path}` holds"),
            reason: why.to_string(),
            site: Site::new(path, Span::default()),
        })
        .collect()
}

/// Whether a specifier may mean what is at a path, or below it where it stands for a folder.
fn may_mean(specifier: &str, from: &str, path: &str) -> bool {
    let is_file = FileKind::of(path).is_some();
    let stem = without_ending(path);
    let is_there = |named: &str| named == stem || stem.strip_suffix("/index") == Some(named);
    let matches = |named: &str, is_there: &dyn Fn(&str) -> bool| {
        let named = without_ending(named);
        if is_file { is_there(named) } else { ancestors(named).any(|above| !above.is_empty() && is_there(above)) }
    };
    if specifier.starts_with('.') {
        return join(folder_of(from), specifier).is_some_and(|named| matches(&named, &is_there));
    }
    // `@/lib/auth`, `$lib/auth`, `#server/auth`: from some folder on.
    let alias =
        specifier.split_once('/').filter(|(first, _)| matches!(*first, "@" | "@@" | "~" | "~~") || first.starts_with(['#', '$']));
    let ends_there = |named: &str| is_there(named) || stem.strip_suffix("/index").unwrap_or(stem).ends_with(&format!("/{named}"));
    alias.is_some_and(|(_, named)| matches(named, &ends_there))
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
        let means = |specifier: &str, path: &str| may_mean(specifier, "src/app/route.ts", path);
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
