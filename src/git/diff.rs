//! The difference of two texts, as git prints it.

use std::path::Path;

/// The unified diff of a file; empty when nothing differs.
///
/// # Errors
/// When libgit2 cannot compare the texts.
pub fn unified_diff(path: &str, before: &[u8], after: &[u8]) -> Result<String, git2::Error> {
    let path = Some(Path::new(path));
    let mut patch = git2::Patch::from_buffers(before, path, after, path, None)?;
    let text = patch.to_buf()?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
