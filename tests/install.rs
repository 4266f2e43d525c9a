//! `install` and `uninstall`, with real git: no hook of anybody's is lost, and every method undoes exactly.

#![cfg(unix)]

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use common::{PLUGIN, PROGRAM, Repo, SERVER, finish};

const SHIM: [&str; 3] = ["install", "--method", "shim"];
const HOOK: &str = ".git/hooks/pre-commit";

fn script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("executable");
}

/// A `PATH` with one git, which tells a version of its own and is the real one otherwise.
fn only_git(repo: &Repo, version: &str) -> String {
    let path = std::env::var_os("PATH").expect("a PATH");
    let real = std::env::split_paths(&path).map(|folder| folder.join("git")).find(|git| git.is_file()).expect("a git");
    let folder = repo.beside("bin");
    let text = format!(
        "#!/bin/sh\nif [ \"$1\" = --version ]; then echo git version {version}; else exec {} \"$@\"; fi\n",
        real.display()
    );
    script(&folder.join("git"), &text);
    folder.display().to_string()
}

fn config(repo: &Repo) -> String {
    repo.read(".git/config")
}

#[test]
fn installs_hook_files_and_removes_them() {
    let repo = Repo::new();
    let before: Vec<_> = fs::read_dir(repo.path(".git/hooks")).expect("a folder").collect();
    repo.review(&SHIM).passed();
    assert!(repo.read(HOOK).contains(PROGRAM));
    assert!(repo.path(".git/hooks/pre-merge-commit").is_file());
    assert!(!repo.path(".git/hooks/pre-push").exists());

    let text = repo.read(HOOK);
    repo.review(&SHIM).passed();
    assert_eq!(repo.read(HOOK), text, "a second time changes nothing");

    repo.review(&["uninstall"]).passed();
    let after = fs::read_dir(repo.path(".git/hooks")).expect("a folder").count();
    assert_eq!(after, before.len());
    assert!(repo.review(&["uninstall"]).passed().stdout.contains("no hook"));
}

#[test]
fn installing_one_more_event_keeps_the_others() {
    let repo = Repo::new();
    repo.review(&SHIM).passed();
    repo.review(&["install", "--method", "shim", "--event", "pre-push"]).passed();
    for event in ["pre-commit", "pre-merge-commit", "pre-push"] {
        assert!(repo.path(".git/hooks").join(event).is_file(), "{event}");
    }
}

#[test]
fn a_hook_that_was_there_runs_first_and_comes_back() {
    let repo = Repo::new();
    let theirs = "#!/bin/sh\necho theirs $#; [ ! -e fail ]\n";
    script(&repo.path(HOOK), theirs);
    fs::set_permissions(repo.path(HOOK), fs::Permissions::from_mode(0o711)).expect("a mode");
    repo.review(&SHIM).passed();
    repo.review(&SHIM).passed();
    repo.commit_application();

    repo.write(SERVER, PLUGIN);
    let run = repo.commit_all("plugin").stopped();
    assert!(run.stderr.contains("theirs 0"), "{run:#?}");

    repo.write("fail", "");
    let run = repo.commit_all("plugin").failed();
    assert!(!run.text().contains(common::RULE), "the first failure ends it: {run:#?}");

    repo.review(&["uninstall"]).passed();
    assert_eq!(repo.read(HOOK), theirs);
    assert_eq!(fs::metadata(repo.path(HOOK)).expect("there").permissions().mode() & 0o777, 0o711);
    assert!(!repo.path(".git/hooks/pre-commit.before-auth-review").exists());
}

#[test]
fn a_linked_hook_comes_back_as_a_link() {
    let repo = Repo::new();
    script(&repo.path("scripts/check"), "#!/bin/sh\nexit 0\n");
    symlink("../../scripts/check", repo.path(HOOK)).expect("a link");
    repo.review(&SHIM).passed();
    assert_eq!(repo.read("scripts/check"), "#!/bin/sh\nexit 0\n", "the file behind the link is untouched");
    repo.review(&["uninstall"]).passed();
    assert_eq!(fs::read_link(repo.path(HOOK)).expect("a link"), Path::new("../../scripts/check"));
}

#[test]
fn both_hooks_of_a_push_read_what_is_pushed() {
    let repo = Repo::new();
    script(&repo.path(".git/hooks/pre-push"), "#!/bin/sh\necho \"theirs $1 $(wc -l)\"\n");
    repo.install();
    repo.commit_application();
    let remote = repo.beside("remote.git");
    repo.git(&["init", "--quiet", "--bare", &remote.display().to_string()]).passed();
    repo.git(&["remote", "add", "origin", &remote.display().to_string()]).passed();
    let run = repo.git(&["push", "origin", "main"]).passed();
    assert!(run.text().contains("theirs origin 1"), "{run:#?}");
}

#[test]
fn lines_added_to_our_hook_file_are_not_lost() {
    let repo = Repo::new();
    repo.review(&SHIM).passed();
    let grown = repo.read(HOOK) + "echo more\n";
    repo.write(HOOK, &grown);
    for arguments in [&SHIM[..], &["uninstall"]] {
        let run = repo.review(arguments);
        assert_eq!(run.code, 2, "{run:#?}");
        assert!(run.stderr.contains("somebody else's"), "{run:#?}");
        assert_eq!(repo.read(HOOK), grown);
    }
}

#[test]
fn an_earlier_hook_is_never_overwritten_by_another() {
    let repo = Repo::new();
    script(&repo.path(HOOK), "#!/bin/sh\n# one\n");
    repo.review(&SHIM).passed();
    script(&repo.path(HOOK), "#!/bin/sh\n# two\n");
    let run = repo.review(&SHIM);
    assert_eq!(run.code, 2, "{run:#?}");
    assert_eq!(repo.read(HOOK), "#!/bin/sh\n# two\n");
    assert_eq!(repo.read(".git/hooks/pre-commit.before-auth-review"), "#!/bin/sh\n# one\n");
}

#[test]
fn a_missing_program_lets_commits_pass_with_a_warning() {
    let mut repo = Repo::new().with("CI", "");
    let program = repo.beside("moved");
    fs::copy(PROGRAM, &program).expect("copied");
    let program = program.display().to_string();
    let install = finish(repo.command(repo.root(), &program).args(SHIM));
    install.passed();
    fs::remove_file(&program).expect("removed");
    repo.write("file", "");
    repo.git(&["add", "file"]).passed();
    let run = repo.git(&["commit", "--message", "file"]).passed();
    assert!(run.stderr.contains("not there any more"), "{run:#?}");

    // In CI nobody reads a warning.
    repo.set("CI", "true");
    let run = repo.git(&["commit", "--allow-empty", "--message", "more"]).failed();
    assert!(run.stderr.contains("not there any more"), "{run:#?}");
}

#[test]
fn a_hook_file_that_clones_share_asks_for_no_program_in_ci() {
    let repo = Repo::new();
    repo.git(&["config", "core.hooksPath", "hooks"]).passed();
    repo.review(&SHIM).passed();
    let run = repo.git(&["commit", "--allow-empty", "--message", "elsewhere"]).passed();
    assert!(run.stderr.contains("not installed"), "{run:#?}");
}

#[test]
fn the_configured_command_survives_a_missing_program_and_arguments() {
    let repo = Repo::new();
    repo.review(&["install", "--method", "config", "--event", "pre-commit,pre-push"]).passed();
    for key in ["hook.auth-review.command", "hook.auth-review-push.command"] {
        let command = repo.git(&["config", key]).passed().stdout;
        // As git runs it: with the hook's arguments appended.
        let line = format!("{} \"$@\"", command.trim_end());
        let missing = line.replace(PROGRAM, "/nowhere/git-auth-review");
        for (line, ci, code) in [(&line, "1", 0), (&missing, "", 0), (&missing, "false", 0), (&missing, "1", 3)] {
            let run = finish(repo.command(repo.root(), "sh").args(["-c", line, "hook", "origin", "/remote"]).env("CI", ci));
            assert_eq!(run.code, code, "{run:#?}");
        }
    }
}

#[test]
fn the_method_follows_the_oldest_git() {
    let mut repo = Repo::new();
    let path = only_git(&repo, "2.55.0");
    repo.set("PATH", &path);
    repo.review(&["install"]).passed();
    assert!(!repo.path(HOOK).exists());
    assert!(config(&repo).contains("[hook \"auth-review\"]"));
    assert_eq!(repo.git(&["config", "--get-all", "hook.auth-review.event"]).stdout, "pre-commit\npre-merge-commit\n");

    let old = only_git(&repo, "2.53.1");
    repo.set("PATH", &old);
    repo.review(&["install"]).passed();
    assert!(repo.path(HOOK).is_file());
    assert!(!config(&repo).contains("auth-review"), "one method removes the other");

    only_git(&repo, "2.54.0");
    let before = config(&repo);
    repo.review(&["install"]).passed();
    assert!(!repo.path(HOOK).exists(), "one method removes the other");
    repo.review(&["install"]).passed();
    repo.review(&["uninstall"]).passed();
    assert_eq!(config(&repo), before);
}

#[test]
fn hooks_of_the_configuration_are_told_to_be_ignored_by_an_old_git() {
    let mut repo = Repo::new();
    let path = only_git(&repo, "2.47.3");
    repo.set("PATH", &path);
    let run = repo.review(&["install", "--method", "config"]).passed();
    assert!(run.stdout.contains("2.47 and ignores this hook"), "{run:#?}");
}

#[test]
fn a_hooks_folder_of_the_repository_is_honoured_and_holds_no_path_of_this_machine() {
    let repo = Repo::new();
    repo.git(&["config", "core.hooksPath", ".githooks"]).passed();
    fs::create_dir(repo.path("below")).expect("a folder");
    let run = repo.run_in(&repo.path("below"), PROGRAM, &SHIM).passed();
    assert!(run.stdout.contains("Commit .githooks"), "{run:#?}");
    assert!(!repo.read(".githooks/pre-commit").contains(PROGRAM));
    repo.review(&["uninstall"]).passed();
    assert!(!repo.path(".githooks/pre-commit").exists());
}

#[test]
fn a_hooks_folder_outside_is_refused_with_a_remedy() {
    let repo = Repo::new();
    let outside = repo.beside("hooks");
    fs::create_dir(&outside).expect("a folder");
    let outside = outside.display().to_string();
    for scope in ["--global", "--local"] {
        repo.git(&["config", scope, "core.hooksPath", &outside]).passed();
        let run = repo.review(&SHIM);
        assert_eq!(run.code, 2, "{run:#?}");
        assert!(run.stderr.contains("git config --local core.hooksPath"), "{run:#?}");
        assert_eq!(fs::read_dir(&outside).expect("a folder").count(), 0);
        repo.git(&["config", scope, "--unset", "core.hooksPath"]).passed();
    }
}

#[test]
fn no_hooks_folder_at_all_is_refused_with_a_remedy() {
    let repo = Repo::new();
    repo.git(&["config", "core.hooksPath", ""]).passed();
    let run = repo.review(&SHIM);
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stderr.contains("git config --local core.hooksPath"), "{run:#?}");
    assert!(!repo.path("pre-commit").exists());
}

#[test]
fn a_hook_that_looks_at_its_name_is_told_of() {
    let repo = Repo::new();
    script(&repo.path(HOOK), "#!/bin/sh\nhook=$(basename \"$0\")\n[ ! -x \".githooks/$hook\" ] || \".githooks/$hook\"\n");
    let run = repo.review(&SHIM).passed();
    assert!(run.text().contains("looks at its own name"), "{run:#?}");
}

#[test]
fn the_remedy_for_a_folder_outside_works() {
    let repo = Repo::new();
    repo.git(&["config", "--global", "core.hooksPath", "/outside/hooks"]).passed();
    let run = repo.review(&SHIM).failed();
    let remedy = run.stderr.lines().find(|line| line.contains("git config --local")).expect("a remedy").trim().to_owned();
    finish(repo.command(repo.root(), "sh").args(["-c", &remedy])).passed();
    repo.review(&SHIM).passed();
    assert!(repo.path(HOOK).is_file());
}

#[test]
fn hook_managers_are_named_and_their_files_left_alone() {
    let repo = Repo::new();
    repo.git(&["config", "core.hooksPath", ".husky/_"]).passed();
    let run = repo.review(&SHIM);
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stderr.contains("husky") && run.stderr.contains("git-auth-review hook pre-commit"), "{run:#?}");
    assert!(!repo.path(".husky").exists());
    for event in ["pre-commit", "pre-merge-commit"] {
        repo.write(format!(".husky/{event}"), format!("# git-auth-review hook {event}\n"));
    }
    assert_eq!(repo.review(&SHIM).code, 2, "it is only mentioned");
    for event in ["pre-commit", "pre-merge-commit"] {
        repo.write(format!(".husky/{event}"), format!("git-auth-review hook {event}\n"));
    }
    assert!(repo.review(&SHIM).passed().stdout.contains("husky runs the review already"));

    let repo = Repo::new();
    repo.write("lefthook.yml", "pre-push:\n");
    let run = repo.review(&SHIM);
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stderr.contains("lefthook install"), "{run:#?}");
}

#[test]
fn simple_git_hooks_keep_the_hooks_of_their_configuration() {
    let hooks = include_str!("../hooks/simple-git-hooks/.simple-git-hooks.json");
    let section = |hooks: &str| format!("{{ \"name\": \"app\", \"simple-git-hooks\": {hooks} }}");
    let theirs = "{ \"pre-commit\": \"npx lint-staged\" }";
    for (path, before, after) in [
        ("package.json", section(theirs), section(hooks)),
        (".simple-git-hooks.json", theirs.to_owned(), hooks.to_owned()),
        ("simple-git-hooks.mjs", format!("export default {theirs}"), format!("export default {hooks}")),
    ] {
        let repo = Repo::new();
        repo.write(path, before);
        let run = repo.review(&SHIM);
        assert_eq!(run.code, 2, "{run:#?}");
        assert!(
            run.stderr.contains("npx simple-git-hooks") && run.stderr.contains("git-auth-review hook pre-commit"),
            "{run:#?}"
        );
        assert!(!repo.path(HOOK).exists());
        repo.write(path, after);
        assert!(repo.review(&SHIM).passed().stdout.contains("simple-git-hooks runs the review already"));
    }
}

#[test]
fn one_installation_serves_all_linked_work_trees() {
    let repo = Repo::with_application();
    let linked = repo.beside("linked");
    repo.git(&["worktree", "add", "--quiet", &linked.display().to_string()]).passed();
    repo.run_in(&linked, PROGRAM, &["uninstall"]).passed();
    assert!(!repo.path(HOOK).exists());
    repo.run_in(&linked, PROGRAM, &SHIM).passed();
    assert!(repo.path(HOOK).is_file());
}

#[test]
fn places_without_commits_are_refused() {
    let nowhere = Repo::without_git();
    let run = nowhere.review(&["install"]);
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stderr.contains("not inside a git repository"), "{run:#?}");
    let bare = Repo::initialized(&["--bare"]);
    let run = bare.review(&["install"]);
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stderr.contains("no work tree"), "{run:#?}");
}

const INSTALLER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/install.sh");

#[test]
fn the_installer_from_source_names_what_is_missing() {
    let mut repo = Repo::without_git();
    let sh =
        std::env::split_paths(&std::env::var_os("PATH").expect("a PATH")).map(|folder| folder.join("sh")).find(|sh| sh.is_file());
    let sh = sh.expect("a shell").display().to_string();
    let prefix = repo.beside("prefix").display().to_string();
    repo.set("PATH", &repo.beside("empty").display().to_string());
    for (folder, missing) in [("git", "git is not installed"), ("cargo", "cargo is not installed"), ("cc", "no C compiler")] {
        let run = repo.run_in(repo.root(), &sh, &[INSTALLER, "--prefix", &prefix]);
        assert_eq!(run.code, 1, "{run:#?}");
        assert!(run.stderr.contains(missing) && run.stderr.contains("hint: "), "{run:#?}");
        script(&repo.beside("empty").join(folder), "#!/bin/sh\nexit 1\n");
    }
    assert!(!repo.beside("prefix").exists());
}

#[test]
fn the_installer_from_source_removes_only_its_own() {
    let repo = Repo::without_git();
    let prefix = repo.beside("prefix");
    for file in ["bin/git-auth-review", "bin/other", "share/man/man1/git-auth-review.1"] {
        script(&prefix.join(file), "");
    }
    repo.run_in(repo.root(), "sh", &[INSTALLER, "--uninstall", "--prefix", &prefix.display().to_string()]).passed();
    assert!(prefix.join("bin/other").exists());
    assert!(!prefix.join("bin/git-auth-review").exists() && !prefix.join("share/man/man1/git-auth-review.1").exists());
    assert_eq!(repo.run_in(repo.root(), "sh", &[INSTALLER, "--no-such-option"]).code, 1);
    assert!(repo.run_in(repo.root(), "sh", &[INSTALLER, "--help"]).passed().stdout.starts_with("Usage: "));
}
