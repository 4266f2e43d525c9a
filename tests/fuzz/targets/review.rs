#![no_main]

use git_auth_review::cache::memory::MemoryStore;
use git_auth_review::engine::{Options, Surroundings, review};
use git_auth_review::source::MemorySnapshot;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let manifest = br#"{ "dependencies": { "better-auth": "1.7.25" } }"#;
    let snapshot = MemorySnapshot::new([("package.json", &manifest[..]), ("src/auth.ts", bytes)]);
    review(&snapshot, &[], Surroundings::default(), &Options::default(), &MemoryStore::default()).expect("no configuration");
});
