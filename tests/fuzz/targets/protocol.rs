#![no_main]

use git_auth_review::daemon::protocol::{Answer, Hello, Message, read_frame};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // What the daemon reads, then what the client does.
    let mut wire = bytes;
    if read_frame::<Hello>(&mut wire).is_ok() {
        let _ = read_frame::<Message>(&mut wire);
    }
    let mut wire = bytes;
    while read_frame::<Answer>(&mut wire).is_ok() {}
});
