#![no_main]

use git_auth_review::cache::memory::MemoryStore;
use git_auth_review::engine::{Options, Surroundings, review};
use git_auth_review::source::MemorySnapshot;

/// The files of a project in the order in which its parts stand in an input. What is left out is not there.
const FILES: [&str; 6] = [
    "src/auth.ts",
    "src/index.ts",
    "src/schema.ts",
    "src/client.ts",
    "prisma/schema.prisma",
    "migrations/0000_first.sql",
];

/// What parts an input, since modules must be able to import each other.
const BETWEEN: &str = "\n---\n";

libfuzzer_sys::fuzz_target!(|input: &str| {
    let manifest = ("package.json", r#"{ "dependencies": { "better-auth": "1.7.25" } }"#);
    let files = FILES.into_iter().zip(input.split(BETWEEN)).chain([manifest]);
    let snapshot = MemorySnapshot::new(files.map(|(path, text)| (path, text.as_bytes())));
    review(&snapshot, &[], Surroundings::default(), &Options::default(), &MemoryStore::default()).expect("no configuration");
});
