#![no_main]

use git_auth_review::source::FileKind;
use git_auth_review::triage::Baseline;
use git_auth_review_fuzz::read;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    read(&[FileKind::PackageManifest, FileKind::TsConfig, FileKind::DrizzleJournal], bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Baseline::parse(text);
    }
});
