//! Paths are bytes to git, text to people and their own kind to the operating system.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A path as text. Bytes that are not UTF-8 are written `\xNN`, so that two names stay two names.
pub(super) fn display(path: &[u8]) -> Arc<str> {
    if let Ok(text) = std::str::from_utf8(path) {
        return text.into();
    }
    let mut text = String::with_capacity(path.len() + 8);
    for chunk in path.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text.into()
}

/// A repository path for the operating system, relative like the path itself; `None` where the system has no such names.
#[cfg(unix)]
pub(super) fn to_os(path: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Some(Path::new(std::ffi::OsStr::from_bytes(path)).to_path_buf())
}

/// A repository path for the operating system, relative like the path itself; `None` where the system has no such names.
#[cfg(not(unix))]
pub(super) fn to_os(path: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(path).ok().map(PathBuf::from)
}

/// The repository path of a relative path of the operating system; `None` when git cannot name it.
#[cfg(unix)]
pub(super) fn from_os(path: &Path) -> Option<Cow<'_, [u8]>> {
    use std::os::unix::ffi::OsStrExt;
    Some(Cow::Borrowed(path.as_os_str().as_bytes()))
}

/// The repository path of a relative path of the operating system; `None` when git cannot name it.
#[cfg(not(unix))]
pub(super) fn from_os(path: &Path) -> Option<Cow<'_, [u8]>> {
    Some(Cow::Owned(path.to_str()?.replace('\\', "/").into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::display;

    #[test]
    fn names_that_are_not_text_stay_apart() {
        assert_eq!(&*display("à b/\n.ts".as_bytes()), "à b/\n.ts");
        assert_eq!(&*display(b"a\xff.ts"), "a\\xff.ts");
        assert_ne!(display(b"a\xff.ts"), display(b"a\xfe.ts"));
    }
}
