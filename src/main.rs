//! `git-auth-review`, found by git as `git auth-review`.

use std::process::ExitCode;

fn main() -> ExitCode {
    git_auth_review::cli::main()
}
