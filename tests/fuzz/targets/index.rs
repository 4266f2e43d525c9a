#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| git_auth_review::git::exercise_index(bytes));
