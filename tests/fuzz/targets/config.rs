#![no_main]

use git_auth_review::config::Config;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = Config::parse(text);
});
