#![no_main]

use git_auth_review::source::FileKind;
use git_auth_review_fuzz::read;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| read(
    &[FileKind::NpmLock, FileKind::PnpmLock, FileKind::YarnLock, FileKind::BunLock, FileKind::PnpmWorkspace],
    bytes
));
