//! What the targets have in common.

use git_auth_review::facts::{FileFacts, common, extract};
use git_auth_review::source::FileKind;

/// Reads the facts of a file as each of these kinds. They must come back from the cache as they were.
pub fn read(kinds: &[FileKind], bytes: &[u8]) {
    for kind in kinds {
        let facts = extract(*kind, bytes);
        let kept = common::to_bytes(&facts).expect("facts can be kept");
        let found: FileFacts = common::from_bytes(&kept).expect("kept facts can be read");
        assert_eq!(found, facts);
    }
}
