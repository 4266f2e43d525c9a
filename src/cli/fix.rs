//! `fix`: writes what findings of the work tree know how to repair.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::args::FixArgs;
use super::error::CommandError;
use super::place::Place;
use super::{Outcome, output, request};
use crate::cache::memory::MemoryStore;
use crate::engine::{self, Options};
use crate::fix::{self, Change, Wanted};
use crate::git::{Repo, Side, unified_diff};
use crate::report::fixed::Fixed;
use crate::report::without_credentials;
use crate::rules::Registry;
use crate::service::{Output, Target};
use crate::source::Installed;

/// Applies the edits of the findings, or shows them.
pub(super) fn run(args: &FixArgs) -> Outcome {
    let request = request::build(Target::Worktree, Output::Terminal, args.color)?;
    let place = Place::required(&request.environment)?;
    let directory = &request.environment.directory;
    request::check_paths(directory, &args.paths)?;
    let paths = request::repository_paths(&place.root, directory, &args.paths)?;
    let repo = Repo::open(&request.environment)?;
    let (worktree, installed) = (repo.worktree()?, repo.installed());
    let registry = Registry::with_user_documents(engine::user_documents(&worktree));
    let rule = match &args.rule {
        None => None,
        Some(name) => Some(registry.find(name).map(|rule| rule.id().to_owned()).ok_or_else(|| {
            CommandError::usage_message(format!("there is no rule `{name}`"))
                .hint("`git auth-review rules list` names all of them")
        })?),
    };
    let options = Options { paths, today: request.today, ..Options::default() };
    let wanted = Wanted { rule, also_unsafe: args.also_unsafe };
    let outcome = fix::fix(
        &worktree,
        installed.as_ref().map(|packages| packages as &dyn Installed),
        &options,
        &MemoryStore::default(),
        &wanted,
    )?;
    let report = Fixed { outcome: &outcome, style: &request.style };
    let skipped = Fixed { outcome: &outcome, style: &request::error_style(args.color) }.skipped();
    if args.dry_run {
        let mut diff = String::new();
        for (path, change) in &outcome.files {
            diff.push_str(&shown(path, change)?);
        }
        output::print(&diff)?;
        output::error(&skipped);
        return Ok(0);
    }
    write(&place.root, &outcome.files)?;
    output::print(&report.made())?;
    output::error(&skipped);
    output::print(&report.summary())?;
    Ok(0)
}

/// The difference a change makes, without credentials that stand in the lines around it.
fn shown(path: &str, change: &Change) -> Result<String, CommandError> {
    let before = without_credentials(path, &String::from_utf8_lossy(&change.before));
    let after = without_credentials(path, &change.after);
    let side = |content, shown| Side { content, shown };
    let diff = unified_diff(path, side(&change.before, &before), side(change.after.as_bytes(), &after));
    Ok(diff.context("the change cannot be shown")?)
}

/// Replaces all files, or none when one of them is no longer what was reviewed.
fn write(root: &Path, files: &BTreeMap<Arc<str>, Change>) -> Result<(), CommandError> {
    for (path, change) in files {
        let now = fs::read(root.join(&**path)).with_context(|| format!("{path} cannot be read"))?;
        if now != change.before {
            let error = CommandError::from(anyhow::anyhow!("{path} changed while it was reviewed; nothing was written"));
            return Err(error.hint("run `git auth-review fix` again"));
        }
    }
    for (path, change) in files {
        replace(&root.join(&**path), &change.after).with_context(|| format!("{path} cannot be written"))?;
    }
    Ok(())
}

/// Replaces a file in one step; it keeps its mode.
fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().context("a file lies in a folder")?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(fs::metadata(path)?.permissions())?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_when_a_file_changed_meanwhile() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let change = |before: &str| Change { before: before.into(), after: "new".into() };
        for file in ["a", "b"] {
            fs::write(root.path().join(file), "old").expect("written");
        }
        let read = |file: &str| fs::read_to_string(root.path().join(file)).expect("readable");
        let files = BTreeMap::from([("a".into(), change("old")), ("b".into(), change("older"))]);
        assert!(write(root.path(), &files).is_err());
        assert_eq!([read("a"), read("b")], ["old", "old"]);
        let files = BTreeMap::from([("a".into(), change("old")), ("b".into(), change("old"))]);
        assert!(write(root.path(), &files).is_ok());
        assert_eq!([read("a"), read("b")], ["new", "new"]);
    }
}
