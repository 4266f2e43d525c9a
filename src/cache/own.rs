//! Files of this user alone.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens `path` for reading and writing, creating it when missing; never through a symbolic link.
///
/// # Errors
/// Those of `open`.
pub fn open_own(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let no_follow = rustix::fs::OFlags::NOFOLLOW.bits();
        options.mode(0o600).custom_flags(i32::try_from(no_follow).unwrap_or_default());
    }
    options.open(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_is_not_opened() {
        let temp = tempfile::tempdir().expect("temporary directory");
        let victim = temp.path().join("victim");
        fs::write(&victim, "kept").expect("written");
        let link = temp.path().join("daemon.log");
        symlink(&victim, &link).expect("linked");
        assert!(open_own(&link).is_err());
    }
}
