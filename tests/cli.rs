//! The command line: exit codes, messages, formats.

mod common;

use common::{PLUGIN, RULE, Repo, SERVER};

#[test]
fn exit_codes_follow_the_gate() {
    let repo = Repo::new();
    repo.commit_application();
    assert_eq!(repo.review(&[]).code, 0);
    repo.write(SERVER, PLUGIN);
    let run = repo.review(&["check", "--fail-on", "critical"]);
    assert_eq!(run.code, 1, "{run:#?}");
    assert!(run.stdout.contains(RULE), "{run:#?}");
    assert_eq!(repo.review(&["--fail-on", "never"]).code, 0);
    assert_eq!(repo.review(&["--staged", "--fail-on", "low"]).code, 0, "nothing of it is staged");
    assert_eq!(repo.review(&["--rev", "HEAD", "--fail-on", "low"]).code, 0);
}

#[test]
fn usage_errors_are_told_apart() {
    let repo = Repo::new();
    for arguments in [
        &["--no-such-option"][..],
        &["--staged", "--worktree"],
        &["--rev", "no-such-revision"],
        &["--base", "no-such-revision"],
        &["instal"],
        &["../outside"],
        &["no/such/folder"],
        &["watch", "no-such-file"],
        &["fix", "no-such-file"],
        &["--staged", "no-such-file"],
        &["explain", "no-such-rule"],
    ] {
        let run = repo.review(arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {run:#?}");
        assert!(run.stderr.starts_with("error: "), "{arguments:?}: {run:#?}");
    }
}

#[cfg(unix)]
#[test]
fn a_path_may_lead_through_links_and_be_only_staged() {
    let repo = Repo::new();
    repo.commit_application();
    let link = repo.root().with_extension("link");
    std::os::unix::fs::symlink(repo.root(), &link).expect("created");
    let through = link.join("src").to_str().expect("text").to_owned();
    assert_eq!(repo.review(&["check", &through]).code, 0);
    std::fs::remove_file(&link).expect("removed");
    std::fs::remove_file(repo.root().join(SERVER)).expect("removed");
    for arguments in [&["--staged", SERVER][..], &["--rev", "HEAD", "src"]] {
        assert_eq!(repo.review(arguments).code, 0, "{arguments:?}");
    }
    assert_eq!(repo.review(&["--rev", "HEAD", "src/li"]).code, 2);
}

#[test]
fn places_that_are_no_repository_are_named() {
    let nowhere = Repo::without_git();
    let run = nowhere.review(&[]);
    assert!(matches!(run.code, 2 | 3), "{run:#?}");
    assert!(run.stderr.starts_with("error: "), "{run:#?}");

    let bare = Repo::initialized(&["--bare"]);
    let run = bare.review(&[]);
    assert!(matches!(run.code, 2 | 3), "{run:#?}");
    assert!(run.stderr.starts_with("error: "), "{run:#?}");
}

#[test]
fn a_broken_configuration_is_told_with_its_place() {
    let repo = Repo::new();
    repo.commit_application();
    repo.write("auth-review.toml", "daemon = \"auto\"\nfail-on = 3\n");
    for arguments in [&["check"][..], &["config", "show"]] {
        let run = repo.review(arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {run:#?}");
        assert!(run.stderr.contains("auth-review.toml") && run.stderr.contains("line 2"), "{arguments:?}: {run:#?}");
    }
}

#[test]
fn configuration_is_shown_and_written_once() {
    let repo = Repo::new();
    assert!(repo.review(&["config", "show"]).passed().stdout.contains("daemon = \"auto\""));
    repo.review(&["config", "init"]).passed();
    let run = repo.review(&["config", "init"]);
    assert_eq!(run.code, 2, "{run:#?}");
    repo.write("auth-review.toml", "daemon = \"off\"\nignore = [\"a b\"]\n[rules]\nrate-limit-disabled = \"off\"\n");
    let shown = repo.review(&["config", "show"]).passed().stdout;
    repo.write("auth-review.toml", &shown);
    assert_eq!(repo.review(&["config", "show"]).passed().stdout, shown, "what is shown can be written");
}

#[test]
fn paths_narrow_what_is_shown() {
    let repo = Repo::new();
    repo.commit_application();
    repo.write(SERVER, PLUGIN);
    assert!(repo.review(&["src/lib"]).stdout.contains(RULE));
    assert!(!repo.review(&["src/db/index.ts"]).stdout.contains(RULE));
    let below = repo.run_in(&repo.path("src"), common::PROGRAM, &["lib/auth.ts"]);
    assert!(below.stdout.contains(RULE), "{below:#?}");
}

#[test]
fn json_is_json_and_versioned() {
    let repo = Repo::new();
    repo.commit_application();
    repo.write(SERVER, PLUGIN);
    for (arguments, key) in [(&["check", "--format", "json"][..], "findings"), (&["inspect", "--format", "json"], "servers")] {
        let run = repo.review(arguments);
        let json: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
        assert_eq!(json["version"], 1);
        assert!(json[key].as_array().is_some_and(|list| !list.is_empty()), "{key}: {json:#}");
        assert_eq!(run.stderr, "");
    }
}

#[test]
fn colour_and_links_are_for_terminals() {
    let repo = Repo::new();
    repo.commit_application();
    repo.write(SERVER, PLUGIN);
    assert!(!repo.review(&[]).stdout.contains('\u{1b}'));
    assert!(repo.review(&["--color", "always"]).stdout.contains("\u{1b}["));
    assert!(!repo.review(&["--color", "always"]).stdout.contains("\u{1b}]8"), "no links into a pipe");
    let repo = repo.with("FORCE_COLOR", "1");
    assert!(repo.review(&[]).stdout.contains("\u{1b}["));
    assert!(!repo.review(&["--color", "never"]).stdout.contains('\u{1b}'));
}

#[test]
fn quiet_says_nothing_and_verbose_says_who_answered() {
    let repo = Repo::new();
    repo.commit_application();
    repo.write(SERVER, PLUGIN);
    let quiet = repo.review(&["--quiet", "--fail-on", "critical"]);
    assert_eq!((quiet.code, quiet.text().as_str()), (1, ""));
    assert!(repo.review(&["--verbose"]).stderr.contains("by=Process"));
}

#[test]
fn the_rules_can_be_listed_and_explained() {
    let repo = Repo::without_git();
    assert!(repo.review(&["rules", "list"]).passed().stdout.contains(RULE));
    let explained = repo.review(&["explain", RULE]).passed().stdout;
    for part in ["Why it matters", "Fix on the server", "Fix on the client"] {
        assert!(explained.contains(part), "{part}");
    }
}

#[test]
fn the_environment_report_names_programs_and_states() {
    let repo = Repo::new();
    repo.install();
    let report = repo.review(&["doctor"]).passed().stdout;
    for part in [env!("CARGO_PKG_VERSION"), "git ", ".git/hooks/pre-commit", "daemon"] {
        assert!(report.contains(part), "{part}: {report}");
    }
    Repo::without_git().review(&["doctor"]).passed();
    let bare = Repo::initialized(&["--bare"]).review(&["doctor"]).passed().stdout;
    for part in ["hooks              this repository has no work tree", "configuration", "daemon"] {
        assert!(bare.contains(part), "{part}: {bare}");
    }
}

#[test]
fn the_manual_page_and_the_completions_name_every_command() {
    let repo = Repo::without_git();
    let page = repo.review(&["man"]).passed().stdout.replace('\\', "");
    for command in ["check", "inspect", "install", "uninstall", "daemon start", "demo", "explain", "rules list", "doctor"] {
        assert!(page.contains(&format!("git auth-review {command}")), "{command}");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(repo.review(&["completions", shell]).passed().stdout.contains("uninstall"), "{shell}");
    }
}
