//! The hook as configuration (`hook.<name>.command` and `.event`, git-config(1) of git 2.54): it runs beside every hook
//! file and hook manager.

use std::path::Path;

use super::git::Git;
use crate::cli::hook::Event;

/// The names our hooks have in the configuration. git tells a config hook neither its event nor its name, so pre-push,
/// which reviews something else, has a name of its own.
const NAMES: [&str; 2] = ["auth-review", "auth-review-push"];

fn name(event: Event) -> &'static str {
    match event {
        Event::Commit | Event::Merge => NAMES[0],
        Event::Push => NAMES[1],
    }
}

/// Writes the configuration of exactly these events. Doing it again changes nothing.
pub(super) fn install(git: &Git, program: &Path, events: &[Event]) -> anyhow::Result<()> {
    remove(git)?;
    for &event in events {
        let key = |field: &str| format!("hook.{}.{field}", name(event));
        git.get(&["config", "--local", &key("command"), &command(program, event)])?;
        git.get(&["config", "--local", "--add", &key("event"), event.name()])?;
    }
    Ok(())
}

/// Removes our sections, and tells whether there was one.
pub(super) fn remove(git: &Git) -> anyhow::Result<bool> {
    let mut removed = false;
    for name in NAMES {
        let section = format!("hook.{name}");
        if git.read(&["config", "--local", "--get-regexp", &format!("^{section}\\.")])?.is_some() {
            git.get(&["config", "--local", "--remove-section", &section])?;
            removed = true;
        }
    }
    Ok(removed)
}

/// Whether the configuration names us for an event.
pub(super) fn is_installed(git: &Git, event: Event) -> anyhow::Result<bool> {
    let events = git.read(&["config", "--get-all", &format!("hook.{}.event", name(event))])?;
    Ok(events.is_some_and(|events| events.lines().any(|line| line == event.name())))
}

/// The shell command git runs. git appends ` "$@"`, hence the function; a program that is gone
/// must not stop commits, except in CI, where nobody reads a warning.
fn command(program: &Path, event: Event) -> String {
    let program = quoted(program);
    let event = match event {
        Event::Merge => Event::Commit.name(),
        other => other.name(),
    };
    format!(
        "review() {{ if [ -x {program} ]; then {program} hook {event} \"$@\"; \
         elif command -v git-auth-review >/dev/null; then git-auth-review hook {event} \"$@\"; \
         else echo 'git auth-review: the program is not there any more, so this is not reviewed' >&2; \
         case $CI in ''|0|false) ;; *) return 3;; esac; fi; }}; review"
    )
}

/// A path as one word of a POSIX shell.
pub(super) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_one_word_of_the_shell() {
        assert_eq!(quoted(Path::new("/it's here/bin")), r"'/it'\''s here/bin'");
    }
}
