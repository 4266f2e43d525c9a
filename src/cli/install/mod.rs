//! `install` and `uninstall`: git is told to run the review, and no other hook is lost.

mod config_hook;
pub(super) mod git;
mod manager;
mod shim;
mod site;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::args::{InstallArgs, Method};
use super::error::CommandError;
use super::hook::Event;
use super::{Outcome, output};
use manager::Manager;
use site::{Owner, Site};

/// Has git run the review at the given events, by one method only.
pub(super) fn install(args: &InstallArgs) -> Outcome {
    let site = Site::find()?;
    let events = wanted(&site, &args.events)?;
    let program = std::env::current_exe().context("the path of this program cannot be had")?;
    let old: Vec<_> = git::programs().into_iter().filter(|(_, version)| *version < Some(git::CONFIG_HOOKS)).collect();
    let by_config = match args.method {
        Method::Auto => old.is_empty(),
        Method::Config => true,
        Method::Shim => false,
    };
    let mut report = String::new();
    if by_config {
        remove_shims(&site)?;
        config_hook::install(&site.git, &program, &events)?;
        for (program, version) in &old {
            let version = version.map_or_else(|| "of an unknown version".to_owned(), |version| version.to_string());
            let wanted = git::CONFIG_HOOKS;
            let _ = writeln!(
                report,
                "warning: {} is git {version} and ignores this hook: {wanted} or later runs it",
                program.display()
            );
        }
        let _ = writeln!(report, "Installed as {} in the configuration of this repository.", names(&events));
    } else if let Some(manager) = Manager::of(&site) {
        if !events.iter().all(|&event| manager.runs_us(&site.root, event)) {
            let lost =
                format!("{} writes the hooks of this repository, so a hook file written here would be lost", manager.name());
            return Err(CommandError::usage_message(lost).hint(manager.remedy()));
        }
        let _ = writeln!(report, "{} runs the review already.", manager.name());
    } else {
        install_shims(&site, &program, &events, &mut report)?;
    }
    let skipped = if events == [Event::Push] { "push" } else { "commit" };
    let _ = writeln!(report, "Skip one {skipped} with `AUTH_REVIEW=0 git {skipped}`; undo with `git auth-review uninstall`.");
    output::print(&report)?;
    Ok(0)
}

/// The events asked for and those installed already, by whichever method: installing one more loses none.
fn wanted(site: &Site, asked: &[Event]) -> anyhow::Result<Vec<Event>> {
    let mut events = Vec::new();
    for event in Event::ALL {
        if asked.contains(&event)
            || config_hook::is_installed(&site.git, event)?
            || shim::state(&site.hooks, event)? == shim::State::Ours
        {
            events.push(event);
        }
    }
    Ok(events)
}

fn install_shims(site: &Site, program: &Path, events: &[Event], report: &mut String) -> Result<(), CommandError> {
    let owner = site.owner();
    if owner == Owner::Foreign {
        return Err(foreign_folder(site, events));
    }
    // All is checked before anything is changed.
    for &event in events {
        let (path, earlier) = (shim::path(&site.hooks, event), shim::earlier(&site.hooks, event));
        match shim::state(&site.hooks, event)? {
            shim::State::Extended => return Err(extended(site, &path)),
            shim::State::Foreign(_) if earlier.symlink_metadata().is_ok() => {
                let message = format!("both {} and {} hold a hook of somebody else's", site.shown(&path), site.shown(&earlier));
                return Err(
                    CommandError::usage_message(message).hint("merge the second into the first, delete it, and install again")
                );
            }
            _ => {}
        }
    }
    config_hook::remove(&site.git)?;
    for &event in events {
        shim::install(&site.hooks, event, Some(program).filter(|_| owner == Owner::Clone))?;
    }
    let _ = writeln!(report, "Installed as {} in {}.", names(events), site.shown(&site.hooks));
    for &event in events {
        let earlier = shim::earlier(&site.hooks, event);
        if earlier.symlink_metadata().is_ok() {
            let (name, kept) = (event.name(), site.shown(&earlier));
            let _ = writeln!(report, "The {name} hook that was there runs first; it is kept as {kept}.");
            if shim::knows_its_name(&earlier) {
                let _ = writeln!(
                    report,
                    "warning: it looks at its own name, which is not {name} any more: make sure that it still does its work"
                );
            }
        }
    }
    if owner == Owner::Project {
        let _ = writeln!(report, "Commit {}, so that every clone has it.", site.shown(&site.hooks));
    }
    Ok(())
}

/// Removes what `install` put in place, and nothing else.
pub(super) fn uninstall() -> Outcome {
    let site = Site::find()?;
    let configured = config_hook::remove(&site.git)?;
    let files = remove_shims(&site)?;
    let mut report = String::new();
    if configured {
        report.push_str("Removed from the configuration of this repository.\n");
    }
    for path in &files {
        let _ = writeln!(report, "Removed {}.", site.shown(path));
    }
    if report.is_empty() {
        report.push_str("There is no hook of git auth-review in this repository.\n");
    }
    if let Some(manager) = Manager::of(&site).filter(|manager| Event::ALL.iter().any(|&event| manager.runs_us(&site.root, event)))
    {
        let _ = writeln!(report, "{} still runs the review: remove it from its configuration.", manager.name());
    }
    output::print(&report)?;
    Ok(0)
}

/// Removes our hook files wherever they may lie, and gives their paths.
fn remove_shims(site: &Site) -> Result<Vec<PathBuf>, CommandError> {
    let mut removed = Vec::new();
    for folder in site.hook_folders() {
        for event in Event::ALL {
            let path = shim::path(&folder, event);
            if shim::state(&folder, event)? == shim::State::Extended {
                return Err(extended(site, &path));
            }
            if shim::remove(&folder, event)? {
                removed.push(path);
            }
        }
    }
    Ok(removed)
}

fn extended(site: &Site, path: &Path) -> CommandError {
    let message = format!("{} is our hook file with lines of somebody else's after it", site.shown(path));
    CommandError::usage_message(message).hint("move those lines to a file of their own, or delete ours by hand")
}

fn foreign_folder(site: &Site, events: &[Event]) -> CommandError {
    let (scope, value) = site.hooks_path.as_ref().map_or(("", ""), |setting| (&setting.scope, &setting.value));
    let own = config_hook::quoted(&site.common_dir.join("hooks"));
    let own = format!("give this repository hooks of its own, then install again:\n  git config --local core.hooksPath {own}");
    let newer = format!("or use git {} or later everywhere: it runs hooks from the configuration as well", git::CONFIG_HOOKS);
    if value.is_empty() {
        let message = format!("core.hooksPath ({scope}) is empty, so that git runs no hook files in this repository");
        return CommandError::usage_message(message).hint(own).hint(newer);
    }
    let message = format!(
        "core.hooksPath ({scope}) is {value}, outside this repository: a hook written there would run in other repositories"
    );
    let mut lines = String::from("call the review from the hooks you have there:");
    for event in events {
        let _ = write!(
            lines,
            "\n  {}: git-auth-review hook {} \"$@\" || exit",
            site.hooks.join(event.name()).display(),
            event.name()
        );
    }
    CommandError::usage_message(message).hint(lines).hint(format!("or {own}")).hint(newer)
}

fn names(events: &[Event]) -> String {
    let names: Vec<&str> = events.iter().map(|event| event.name()).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// How each event is covered in the repository of the current directory: a line each.
///
/// # Errors
/// When the current directory is in no repository with a work tree.
pub(super) fn states() -> Result<Vec<(Event, String)>, CommandError> {
    let site = Site::find()?;
    let manager = Manager::of(&site);
    Event::ALL
        .into_iter()
        .map(|event| {
            let mut by = Vec::new();
            if config_hook::is_installed(&site.git, event)? {
                by.push("the configuration".to_owned());
            }
            let path = site.shown(&shim::path(&site.hooks, event));
            match shim::state(&site.hooks, event)? {
                shim::State::Ours | shim::State::Extended => by.push(path),
                shim::State::Foreign(text) if text.contains("auth-review") => by.push(format!("{path} (not ours)")),
                shim::State::Foreign(_) | shim::State::Absent => {}
            }
            by.extend(manager.filter(|manager| manager.runs_us(&site.root, event)).map(|manager| manager.name().to_owned()));
            Ok((event, if by.is_empty() { "not installed".to_owned() } else { by.join(", ") }))
        })
        .collect()
}
