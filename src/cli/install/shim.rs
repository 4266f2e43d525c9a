//! The hook as a file in the hooks folder. A hook that was there before is renamed and run first.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::config_hook::quoted;
use crate::cli::hook::Event;

/// The hook file, which finds out by its own name which event it serves.
const TEMPLATE: &str = include_str!("../../../hooks/pre-commit");
/// The line of the template that takes the absolute path of the program.
const PROGRAM_LINE: &str = "installed=''\n";
/// By its second line a hook file is known to be ours.
const MARK: &str = "# git auth-review: hook file,";
/// Its last line; text after it is somebody else's.
const END: &str = "# git auth-review: end of the hook file\n";

/// What lies at the place of a hook file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing.
    Absent,
    /// Our file.
    Ours,
    /// Our file, with text of somebody else's after it.
    Extended,
    /// Somebody else's hook, with its text as far as it is text.
    Foreign(String),
}

/// The hook file of an event.
pub(super) fn path(folder: &Path, event: Event) -> PathBuf {
    folder.join(event.name())
}

/// Where the hook that was there before is kept.
pub(super) fn earlier(folder: &Path, event: Event) -> PathBuf {
    folder.join(format!("{}.before-auth-review", event.name()))
}

/// Whether a hook seems to decide by its own name what to do, as dispatchers do that serve several events.
pub(super) fn knows_its_name(path: &Path) -> bool {
    let text = fs::read(path).unwrap_or_default();
    ["basename", "${0##", "__FILE__", "argv[0]"].iter().any(|way| memchr::memmem::find(&text, way.as_bytes()).is_some())
}

/// What lies at the place of the event's hook file.
pub(super) fn state(folder: &Path, event: Event) -> anyhow::Result<State> {
    let path = path(folder, event);
    if path.symlink_metadata().is_err() {
        return Ok(State::Absent);
    }
    // A broken link or a folder is somebody else's as well, and must not be lost either.
    let text = fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    if !text.lines().nth(1).is_some_and(|line| line.starts_with(MARK)) {
        return Ok(State::Foreign(text));
    }
    match text.split_once(END) {
        Some((_, rest)) if rest.trim().is_empty() => Ok(State::Ours),
        _ => Ok(State::Extended),
    }
}

/// Writes our file in place of nothing or of an older one of ours, or in front of somebody else's hook.
///
/// `program` is its absolute path, or `None` in a folder that other people's clones share.
pub(super) fn install(folder: &Path, event: Event, program: Option<&Path>) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be created", folder.display()))?;
    let (path, earlier) = (path(folder, event), earlier(folder, event));
    let foreign = matches!(state(folder, event)?, State::Foreign(_));
    if foreign {
        fs::rename(&path, &earlier).with_context(|| format!("{} cannot be renamed", path.display()))?;
    }
    let written = write(folder, &path, &text(program));
    if written.is_err() && foreign {
        fs::rename(&earlier, &path).with_context(|| format!("{} cannot be put back", earlier.display()))?;
    }
    written.with_context(|| format!("{} cannot be written", path.display()))
}

/// Removes our file and puts back the hook that was there before; tells whether there was one of ours.
pub(super) fn remove(folder: &Path, event: Event) -> anyhow::Result<bool> {
    if state(folder, event)? != State::Ours {
        return Ok(false);
    }
    let (path, earlier) = (path(folder, event), earlier(folder, event));
    fs::remove_file(&path).with_context(|| format!("{} cannot be removed", path.display()))?;
    if earlier.symlink_metadata().is_ok() {
        fs::rename(&earlier, &path).with_context(|| format!("{} cannot be put back", earlier.display()))?;
    }
    Ok(true)
}

fn text(program: Option<&Path>) -> String {
    let line = program.map_or_else(|| PROGRAM_LINE.to_owned(), |program| format!("installed={}\n", quoted(program)));
    TEMPLATE.replacen(PROGRAM_LINE, &line, 1)
}

/// Replaces the file in one step, so that a commit at the same time sees the old or the new one.
fn write(folder: &Path, path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    make_executable(file.as_file())?;
    file.persist(path)?;
    Ok(())
}

#[cfg(unix)]
fn make_executable(file: &fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_file: &fs::File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_holds_what_the_installer_looks_for() {
        assert!(TEMPLATE.lines().nth(1).is_some_and(|line| line.starts_with(MARK)));
        assert!(TEMPLATE.ends_with(END));
        assert!(text(Some(Path::new("/opt/a b"))).contains("\ninstalled='/opt/a b'\n"));
    }

    #[test]
    fn an_earlier_hook_comes_back_as_it_was() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let event = Event::Commit;
        let theirs = path(folder.path(), event);
        fs::write(&theirs, "#!/bin/sh\necho theirs\n").expect("written");

        install(folder.path(), event, None).expect("installed");
        install(folder.path(), event, None).expect("installed again");
        assert_eq!(state(folder.path(), event).expect("readable"), State::Ours);
        assert!(remove(folder.path(), event).expect("removed"));
        assert_eq!(fs::read_to_string(&theirs).expect("there"), "#!/bin/sh\necho theirs\n");
        assert!(!remove(folder.path(), event).expect("nothing to remove"));
    }

    #[test]
    fn text_added_after_ours_is_noticed() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        install(folder.path(), Event::Push, None).expect("installed");
        let path = path(folder.path(), Event::Push);
        let grown = fs::read_to_string(&path).expect("there") + "echo more\n";
        fs::write(&path, grown).expect("written");
        assert_eq!(state(folder.path(), Event::Push).expect("readable"), State::Extended);
        assert!(!remove(folder.path(), Event::Push).expect("left alone"));
    }
}
