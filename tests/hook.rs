//! The hook under every git operation that makes a commit, with real git: it reviews exactly what will be committed.

#![cfg(unix)]

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use common::{APPLICATION, CLIENT, PLAIN, PLUGIN, PROGRAM, RULE, Repo, SCHEMA, SCHEMA_WITH_TABLE, SERVER, finish};

const TABLES: &str = "src/db/schema.ts";

// What runs the hook (git 2.47, githooks(5)).

#[test]
fn commit() {
    let repo = Repo::with_application();
    repo.write(SERVER, PLUGIN);
    repo.git(&["add", "--all"]).passed();
    let head = repo.head();
    repo.git(&["commit", "--message", "plugin"]).stopped();
    assert_eq!(repo.head(), head);

    repo.write(TABLES, SCHEMA_WITH_TABLE);
    repo.write("src/lib/auth-client.ts", CLIENT);
    repo.git(&["add", "--all"]).passed();
    repo.git(&["commit", "--message", "plugin with table"]).passed();
    assert_ne!(repo.head(), head);
}

#[test]
fn commit_all() {
    let repo = Repo::with_application();
    repo.write(SERVER, PLUGIN);
    repo.commit_all("plugin").stopped();
    repo.write(TABLES, SCHEMA_WITH_TABLE);
    repo.commit_all("plugin with table").passed();
}

#[test]
fn commit_of_one_path() {
    let repo = Repo::with_application();
    repo.write("notes.txt", "1\n");
    repo.git(&["add", "--all"]).passed();
    repo.commit_all("notes").passed();

    // The plugin is staged, but this commit does not hold it.
    repo.write(SERVER, PLUGIN);
    repo.git(&["add", "--all"]).passed();
    repo.write("notes.txt", "2\n");
    repo.git(&["commit", "--message", "notes", "notes.txt"]).passed();

    // The table is staged, but this commit does not hold it.
    repo.write(TABLES, SCHEMA_WITH_TABLE);
    repo.git(&["add", TABLES]).passed();
    let run = repo.git(&["commit", "--message", "plugin", SERVER]).failed();
    assert!(run.text().contains("migration-not-staged-with-plugin"), "{run:#?}");
    repo.git(&["commit", "--message", "both", SERVER, TABLES]).passed();
}

#[test]
fn commit_including_a_path() {
    let repo = Repo::with_application();
    repo.write(TABLES, SCHEMA_WITH_TABLE);
    repo.git(&["add", TABLES]).passed();
    repo.write(SERVER, PLUGIN);
    repo.git(&["commit", "--message", "both", "--include", SERVER]).passed();
}

#[test]
fn commit_amend() {
    let repo = Repo::with_application();
    repo.write("notes.txt", "1\n");
    repo.git(&["add", "--all"]).passed();
    repo.git(&["commit", "--message", "notes"]).passed();
    repo.write(SERVER, PLUGIN);
    repo.git(&["commit", "--all", "--amend", "--no-edit"]).stopped();
    repo.write(TABLES, SCHEMA_WITH_TABLE);
    repo.git(&["commit", "--all", "--amend", "--no-edit"]).passed();
}

#[test]
fn the_commit_of_a_squash_merge() {
    let repo = Repo::with_application();
    repo.git(&["checkout", "--quiet", "-b", "plugin"]).passed();
    repo.write(SERVER, PLUGIN);
    repo.git(&["commit", "--all", "--no-verify", "--message", "plugin"]).passed();
    repo.git(&["checkout", "--quiet", "main"]).passed();
    repo.git(&["merge", "--squash", "plugin"]).passed();
    repo.git(&["commit", "--message", "squashed"]).stopped();
}

#[test]
fn commit_in_a_linked_work_tree() {
    let repo = Repo::with_application();
    let linked = repo.beside("linked");
    repo.git(&["worktree", "add", "--quiet", &linked.display().to_string()]).passed();
    fs::write(linked.join(SERVER), PLUGIN).expect("written");
    let below = linked.join("src");
    repo.run_in(&below, "git", &["commit", "--all", "--message", "plugin"]).stopped();
    repo.run_in(&below, "git", &["add", "--all"]).passed();
    repo.run_in(&below, "git", &["commit", "--message", "plugin"]).stopped();
    // The main work tree is another matter.
    repo.write("notes.txt", "1\n");
    repo.git(&["add", "--all"]).passed();
    repo.git(&["commit", "--message", "notes"]).passed();
}

/// Two branches, each of them sound: one uses the table that the other drops. `main` is checked out.
fn diverged() -> Repo {
    let repo = Repo::with_application();
    repo.write(TABLES, SCHEMA_WITH_TABLE);
    repo.commit_all("table").passed();
    repo.git(&["checkout", "--quiet", "-b", "plugin"]).passed();
    repo.write(SERVER, PLUGIN);
    repo.commit_all("plugin").passed();
    repo.git(&["checkout", "--quiet", "main"]).passed();
    repo.write(TABLES, SCHEMA);
    repo.commit_all("no table").passed();
    repo
}

#[test]
fn a_merge_without_conflict_is_compared_with_all_parents() {
    let repo = diverged();
    let head = repo.head();
    repo.git(&["merge", "--no-edit", "plugin"]).stopped();
    assert_eq!(repo.head(), head);
}

#[test]
fn a_merge_brings_in_what_one_parent_has_already() {
    let repo = Repo::with_application();
    repo.git(&["checkout", "--quiet", "-b", "plugin"]).passed();
    repo.write(SERVER, PLUGIN);
    repo.git(&["commit", "--all", "--no-verify", "--message", "plugin"]).passed();
    repo.git(&["checkout", "--quiet", "main"]).passed();
    repo.write("notes.txt", "1\n");
    repo.git(&["add", "--all"]).passed();
    repo.git(&["commit", "--message", "notes"]).passed();
    repo.git(&["merge", "--no-edit", "plugin"]).passed();
}

#[test]
fn the_commit_of_a_merge_with_conflicts_is_compared_with_all_parents() {
    let repo = diverged();
    for (branch, text) in [("plugin", "plugin\n"), ("main", "main\n")] {
        repo.git(&["checkout", "--quiet", branch]).passed();
        repo.write("notes.txt", text);
        repo.git(&["add", "--all"]).passed();
        repo.git(&["commit", "--message", "notes"]).passed();
    }
    repo.git(&["merge", "plugin"]).failed();
    repo.write("notes.txt", "both\n");
    repo.git(&["add", "--all"]).passed();
    repo.git(&["commit", "--no-edit"]).stopped();
    repo.write(TABLES, SCHEMA_WITH_TABLE);
    repo.git(&["add", "--all"]).passed();
    repo.git(&["commit", "--no-edit"]).passed();
}

#[test]
fn an_unmerged_index_makes_no_commit() {
    let repo = diverged();
    for (branch, text) in [("plugin", "plugin\n"), ("main", "main\n")] {
        repo.git(&["checkout", "--quiet", branch]).passed();
        repo.write("notes.txt", text);
        repo.git(&["add", "--all"]).passed();
        repo.git(&["commit", "--message", "notes"]).passed();
    }
    repo.git(&["merge", "plugin"]).failed();
    // git would not get as far as the hook; the command must cope with the index all the same.
    let run = repo.review(&["check", "--staged"]);
    assert!(matches!(run.code, 0 | 1), "{run:#?}");
    repo.git(&["merge", "--abort"]).passed();
    repo.write(SERVER, "export {};\n");
    repo.git(&["commit", "--all", "--no-verify", "--message", "no server"]).passed();
    repo.git(&["merge", "plugin"]).failed();
    // A server that is in no version of its own is not gone.
    for arguments in [&["check", "--staged"][..], &["inspect", "--staged"]] {
        let run = repo.review(arguments).failed();
        assert!(run.code == 3 && run.stderr.contains(&format!("`{SERVER}` is in conflict")), "{run:#?}");
    }
}

#[test]
fn a_reworded_commit() {
    let repo = Repo::with_application();
    repo.write("notes.txt", "1\n");
    repo.git(&["add", "--all"]).passed();
    repo.git(&["commit", "--message", "old"]).passed();
    let repo = repo.with("GIT_SEQUENCE_EDITOR", "sed -i s/^pick/reword/").with("GIT_EDITOR", "sed -i s/old/new/");
    repo.git(&["rebase", "--interactive", "HEAD~1"]).passed();
    assert_eq!(repo.git(&["log", "-1", "--format=%s"]).stdout, "new\n");
}

// What runs no hook, and the net below it.

#[test]
fn a_broken_configuration_stops_the_commit_and_says_so() {
    let repo = Repo::with_application();
    repo.write("auth-review.toml", "fail-on = [\n");
    repo.git(&["add", "--all"]).passed();
    let run = repo.git(&["commit", "--message", "settings"]).failed();
    for part in ["git auth-review stopped this commit", "auth-review.toml: line ", "`git commit --no-verify`"] {
        assert!(run.stderr.contains(part), "{part}: {run:#?}");
    }
}

#[test]
fn pushing_is_the_net_for_cherry_pick_revert_and_rebase() {
    let repo = Repo::with_application();
    let remote = repo.beside("remote.git").display().to_string();
    repo.git(&["init", "--quiet", "--bare", &remote]).passed();
    repo.git(&["remote", "add", "origin", &remote]).passed();
    repo.git(&["push", "--quiet", "origin", "main"]).passed();

    repo.git(&["checkout", "--quiet", "-b", "plugin"]).passed();
    repo.write(SERVER, PLUGIN);
    repo.git(&["commit", "--all", "--no-verify", "--message", "plugin"]).passed();
    let stopped = repo.git(&["push", "origin", "plugin"]).stopped();
    assert!(stopped.text().contains("`git push --no-verify`") && !stopped.text().contains("git commit"), "{stopped:#?}");

    repo.git(&["checkout", "--quiet", "main"]).passed();
    repo.git(&["cherry-pick", "plugin"]).passed();
    repo.git(&["push", "origin", "main"]).stopped();

    repo.git(&["revert", "--no-edit", "HEAD"]).passed();
    repo.git(&["push", "origin", "main"]).passed();
    repo.git(&["revert", "--no-edit", "HEAD"]).passed();
    repo.git(&["push", "origin", "main"]).stopped();
    repo.git(&["push", "origin", ":plugin"]);
    repo.git(&["push", "--no-verify", "--quiet", "origin", "main"]).passed();

    // A new branch at a commit the remote has, and a deletion, hold nothing to review.
    repo.git(&["push", "origin", "main:copy"]).passed();
    repo.git(&["push", "origin", ":copy"]).passed();
}

#[test]
fn the_first_push_is_compared_with_nothing() {
    let repo = Repo::with_application();
    let remote = repo.beside("remote.git").display().to_string();
    repo.git(&["init", "--quiet", "--bare", &remote]).passed();
    repo.git(&["remote", "add", "origin", &remote]).passed();
    repo.write(SERVER, PLUGIN);
    repo.git(&["commit", "--all", "--no-verify", "--message", "plugin"]).passed();
    repo.git(&["push", "origin", "main"]).stopped();
    repo.git(&["commit", "--allow-empty", "--message", "empty"]).passed();
}

// What the index may hold.

#[test]
fn partially_staged_hunks() {
    let repo = Repo::with_application();
    repo.write(SERVER, PLUGIN);
    // Of the two hunks, the import alone is staged.
    let mut add = repo.command(repo.root(), "git");
    let mut child = add.args(["add", "--patch"]).stdin(std::process::Stdio::piped()).spawn().expect("git starts");
    std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), b"y\nn\n").expect("written");
    assert!(child.wait().expect("it ends").success());
    assert!(repo.git(&["diff", "--cached", "--stat"]).stdout.contains("1 insertion"));
    repo.git(&["commit", "--message", "import"]).passed();
    repo.commit_all("use").stopped();
}

#[test]
fn the_work_tree_has_no_part_in_it() {
    let repo = Repo::with_application();
    repo.write(SERVER, PLUGIN);
    repo.git(&["add", "--all"]).passed();
    repo.write(SERVER, PLAIN);
    repo.write(TABLES, SCHEMA_WITH_TABLE);
    repo.git(&["commit", "--message", "plugin"]).stopped();

    let status = repo.git(&["status", "--porcelain"]).stdout;
    repo.git(&["commit", "--message", "plugin"]).stopped();
    assert_eq!(repo.git(&["status", "--porcelain"]).stdout, status, "the review changes nothing");
}

#[test]
fn files_that_are_only_intended_to_be_added() {
    let repo = Repo::with_application();
    repo.write("src/lib/other.ts", PLUGIN);
    repo.git(&["add", "--intent-to-add", "src/lib/other.ts"]).passed();
    repo.write("notes.txt", "1\n");
    repo.git(&["add", "notes.txt"]).passed();
    repo.git(&["commit", "--message", "notes"]).passed();
}

#[test]
fn a_renamed_server_is_no_new_finding() {
    let repo = Repo::with_application();
    repo.write(SERVER, PLUGIN);
    repo.git(&["commit", "--all", "--no-verify", "--message", "plugin"]).passed();
    repo.git(&["mv", SERVER, "src/lib/server.ts"]).passed();
    repo.git(&["commit", "--message", "rename"]).passed();
}

#[test]
fn a_moved_package_brings_no_new_finding() {
    let repo = Repo::with_application();
    repo.write(SERVER, PLUGIN);
    repo.git(&["commit", "--all", "--no-verify", "--message", "plugin"]).passed();
    for (from, to) in [("", "packages/core/"), ("packages/core/", "packages/web/")] {
        repo.write(format!("{to}.keep"), "");
        for entry in ["src", "package.json"] {
            repo.git(&["mv", &format!("{from}{entry}"), &format!("{to}{entry}")]).passed();
        }
        repo.git(&["commit", "--message", "move"]).passed();
    }

    // A second server beside the first is another one.
    repo.write("packages/site/package.json", fs::read_to_string(repo.path("packages/web/package.json")).expect("a manifest"));
    repo.write(format!("packages/site/{SERVER}"), PLUGIN);
    repo.git(&["add", "--all"]).passed();
    repo.git(&["commit", "--message", "second"]).stopped();
}

#[test]
fn a_function_that_moved_to_another_package_brings_no_new_finding() {
    let repo = Repo::with_application();
    let manifest = |name: &str| {
        format!("{{ \"name\": \"@x/{name}\", \"private\": true, \"dependencies\": {{ \"better-auth\": \"1.6.11\" }} }}")
    };
    let making = "import { betterAuth } from \"better-auth\";\n\
                  export function make(options: { secret: string }) {\n  return betterAuth({ secret: options.secret });\n}\n";
    let made = |from: &str| {
        format!(
            "import {{ make }} from \"{from}\";\nconst SECRET = process.env.SECRET ?? \"only-for-development-0123456789\";\n\
             export const auth = make({{ secret: SECRET }});\n"
        )
    };
    repo.write("auth-review.toml", "fail-on = \"low\"\n");
    for package in ["core", "web"] {
        repo.write(format!("packages/{package}/package.json"), manifest(package));
    }
    repo.write("packages/core/src/make.ts", making);
    repo.write("packages/web/src/auth.ts", made("../../core/src/make"));
    repo.git(&["add", "--all"]).passed();
    let run = repo.git(&["commit", "--message", "packages"]).failed();
    assert!(run.text().contains("secrets/auth-secret-hardcoded"), "{run:#?}");
    repo.git(&["commit", "--no-verify", "--message", "packages"]).passed();

    repo.git(&["mv", "packages/core/src/make.ts", "packages/web/src/make.ts"]).passed();
    repo.write("packages/web/src/auth.ts", made("./make"));
    repo.git(&["commit", "--all", "--message", "move"]).passed();
}

#[test]
fn what_one_package_lacks_is_not_what_another_lacked() {
    let repo = Repo::with_application();
    let made = "create table passkey (id text primary key, name text, public_key text not null, user_id text not null, \
                credential_id text not null, counter integer not null, device_type text not null, backed_up boolean not null, \
                transports text, created_at timestamp, aaguid text);\n";
    let core = "create table user (id text primary key, name text, email text unique, email_verified boolean, image text, \
                created_at timestamp, updated_at timestamp);\n\
                create table session (id text primary key, expires_at timestamp, token text unique, created_at timestamp, \
                updated_at timestamp, ip_address text, user_agent text, user_id text);\n\
                create table account (id text primary key, account_id text, provider_id text, user_id text, access_token text, \
                refresh_token text, id_token text, access_token_expires_at timestamp, refresh_token_expires_at timestamp, \
                scope text, password text, created_at timestamp, updated_at timestamp);\n\
                create table verification (id text primary key, identifier text, value text, expires_at timestamp, \
                created_at timestamp, updated_at timestamp);\n";
    let migrations =
        |package: &str, rest: &str| repo.write(format!("apps/{package}/drizzle/0000_all.sql"), format!("{core}{rest}"));
    for package in ["a", "b"] {
        for (path, content) in APPLICATION {
            repo.write(format!("apps/{package}/{path}"), content);
        }
        repo.write(format!("apps/{package}/{SERVER}"), PLUGIN);
        repo.write(format!("apps/{package}/{TABLES}"), SCHEMA_WITH_TABLE);
    }
    migrations("a", "");
    migrations("b", made);
    repo.write("auth-review.toml", "fail-on = \"high\"\n");
    repo.git(&["add", "--all"]).passed();
    repo.git(&["commit", "--no-verify", "--message", "packages"]).passed();
    migrations("a", made);
    migrations("b", "");
    let text = repo.commit_all("the other").failed().text().split_whitespace().collect::<Vec<_>>().join(" ");
    let told = "no migration creates table `passkey`, which the schema declares, in `apps/b/drizzle`";
    assert!(text.contains(told), "{text}");
}

#[test]
fn a_finding_in_a_deleted_file_makes_no_other_a_known_one() {
    let repo = Repo::with_application();
    let rule = "+++\nsummary = \"s\"\nseverity = \"high\"\nconfidence = \"high\"\ntier = 1\ncheck = \"query\"\n\
                [query]\nlanguage = [\"typescript\"]\nmessage = \"m\"\n+++\n\n```query\n\
                ((call_expression function: (identifier) @primary) (#eq? @primary \"trust\"))\n```\n";
    repo.write(".auth-review/rules/own.md", rule);
    let calling = |argument: &str| format!("import \"better-auth\";\ntrust({argument});\n");
    repo.write("src/first.ts", calling("1"));
    repo.git(&["add", "--all"]).passed();
    repo.git(&["commit", "--no-verify", "--message", "first"]).passed();

    repo.git(&["rm", "--quiet", "src/first.ts"]).passed();
    repo.write("src/other.ts", calling("2"));
    repo.git(&["add", "--all"]).passed();
    let run = repo.git(&["commit", "--message", "other"]).passed();
    assert!(run.text().contains("1 new finding"), "{run:#?}");
}

#[test]
fn a_deleted_table_is_a_new_finding_in_an_untouched_server() {
    let repo = Repo::with_application();
    repo.write(SERVER, PLUGIN);
    repo.write(TABLES, SCHEMA_WITH_TABLE);
    repo.commit_all("plugin").passed();
    repo.write(TABLES, SCHEMA);
    let run = repo.commit_all("no table").stopped();
    assert!(run.text().contains(SERVER), "{run:#?}");
}

#[test]
fn a_deleted_server_needs_nothing() {
    let repo = Repo::with_application();
    repo.git(&["rm", "--quiet", SERVER]).passed();
    repo.git(&["commit", "--message", "no server"]).passed();
}

#[test]
fn a_changed_mode() {
    let repo = Repo::with_application();
    fs::set_permissions(repo.path(SERVER), fs::Permissions::from_mode(0o755)).expect("a mode");
    repo.commit_all("mode").passed();
}

#[test]
fn symbolic_links_are_not_followed() {
    let repo = Repo::with_application();
    let outside = repo.beside("outside.ts");
    fs::write(&outside, PLUGIN).expect("written");
    symlink(&outside, repo.path("src/lib/linked.ts")).expect("a link");
    symlink("nowhere", repo.path("src/lib/broken.ts")).expect("a link");
    repo.git(&["add", "--all"]).passed();
    repo.git(&["commit", "--message", "links"]).passed();
    repo.review(&["check"]).passed();
}

/// What is told in place of a file that code of better-auth imports.
fn told_of_server(repo: &Repo, options: &[&str]) -> String {
    let report = repo.review(&[&["check", "--no-daemon", "--format", "json"], options].concat());
    let report: serde_json::Value = serde_json::from_str(&report.stdout).expect("JSON");
    let open = report["undetermined"].as_array().expect("a list").iter();
    open.filter(|open| open["location"]["file"] == SERVER)
        .map(|open| format!("{}: {}\n", open["question"], open["reason"]))
        .collect()
}

#[test]
fn a_configuration_that_is_no_regular_file_is_said_not_to_be_read() {
    const ROUTE: &str = "import { auth } from \"@/lib/auth\";\nimport { toNextJsHandler } from \"better-auth/next-js\";\n\
                         export const { GET, POST } = toNextJsHandler(auth);\n";
    const POINTER: &str = "version https://git-lfs.github.com/spec/v1\n\
                           oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
    let repo = Repo::with_application();
    let outside = repo.beside("outside.ts");
    fs::write(&outside, PLUGIN).expect("written");
    let snapshots: [&[&str]; 3] = [&["--staged"], &[], &["--rev", "HEAD"]];

    repo.write("src/route.ts", ROUTE);
    repo.write(SERVER, POINTER);
    repo.git(&["add", "--all"]).passed();
    repo.git(&["commit", "--message", "pointer"]).passed();
    for snapshot in snapshots {
        assert!(told_of_server(&repo, snapshot).contains("a pointer of Git LFS"), "{snapshot:?}");
    }

    fs::remove_file(repo.path(SERVER)).expect("removed");
    symlink(&outside, repo.path(SERVER)).expect("a link");
    repo.git(&["add", "--all"]).passed();
    let run = repo.git(&["commit", "--message", "link"]).passed();
    assert!(run.text().contains(SERVER) && !run.text().contains(RULE), "{run:#?}");
    for snapshot in snapshots {
        assert!(told_of_server(&repo, snapshot).contains("a symbolic link"), "{snapshot:?}");
    }

    // Of other links nothing is said.
    repo.write("src/route.ts", "export {};\n");
    assert_eq!(told_of_server(&repo, &[]), "");
}

#[test]
fn submodules_are_not_entered() {
    let other = Repo::with_application();
    let repo = Repo::with_application();
    let url = other.root().display().to_string();
    repo.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "vendor/other"]).passed();
    repo.git(&["commit", "--message", "submodule"]).passed();
    repo.review(&["check"]).passed();
}

#[test]
fn the_first_commit_is_compared_with_nothing() {
    let repo = Repo::new();
    repo.install();
    for (path, content) in APPLICATION {
        repo.write(path, content);
    }
    repo.write(SERVER, PLUGIN);
    repo.git(&["add", "--all"]).passed();
    repo.git(&["commit", "--message", "all"]).stopped();
    repo.write(TABLES, SCHEMA_WITH_TABLE);
    repo.git(&["add", "--all"]).passed();
    repo.git(&["commit", "--message", "all"]).passed();
}

#[test]
fn paths_with_spaces_other_scripts_and_line_ends() {
    for folder in ["with space", "käse 認証", "line\nend", "quote\"s", "-dash"] {
        let repo = Repo::with_application();
        repo.git(&["mv", "--", "src", folder]).passed();
        repo.git(&["commit", "--message", "move"]).passed();
        repo.write(format!("{folder}/lib/auth.ts"), PLUGIN);
        repo.commit_all("plugin").stopped();
        repo.write(format!("{folder}/db/schema.ts"), SCHEMA_WITH_TABLE);
        repo.commit_all("plugin").passed();
    }
}

// Repositories of every format.

/// The story of [`commit`], in a repository that is stored in another way.
#[track_caller]
fn tells_the_same_in(repo: &Repo) {
    let told = |repo: &Repo| {
        repo.write(SERVER, PLUGIN);
        repo.git(&["add", "--all"]).passed();
        let run = repo.git(&["commit", "--message", "plugin"]).stopped();
        repo.write(TABLES, SCHEMA_WITH_TABLE);
        repo.git(&["add", "--all"]).passed();
        repo.git(&["commit", "--message", "plugin"]).passed();
        run.text()
    };
    assert_eq!(told(repo), told(&Repo::with_application()));
}

fn initialized_with_application(options: &[&str]) -> Repo {
    let repo = Repo::initialized(options);
    repo.commit_application();
    repo.install();
    repo
}

#[test]
fn reftable() {
    tells_the_same_in(&initialized_with_application(&["--ref-format=reftable"]));
}

#[test]
fn sha256() {
    tells_the_same_in(&initialized_with_application(&["--object-format=sha256"]));
}

#[test]
fn split_index() {
    let repo = Repo::with_application();
    repo.git(&["update-index", "--split-index"]).passed();
    tells_the_same_in(&repo);
}

#[test]
fn sparse_index() {
    let repo = Repo::with_application();
    repo.write("docs/deep/page.md", "text\n");
    repo.git(&["add", "--all"]).passed();
    repo.commit_all("docs").passed();
    repo.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "src"]).passed();
    tells_the_same_in(&repo);
}

#[test]
fn index_version_4() {
    let repo = Repo::with_application();
    repo.git(&["update-index", "--index-version", "4"]).passed();
    tells_the_same_in(&repo);
}

// What the hook says, and when it stays out of the way.

#[test]
fn it_is_silent_when_nothing_of_interest_is_staged() {
    let repo = Repo::with_application();
    repo.write("notes.txt", "1\n");
    repo.git(&["add", "--all"]).passed();
    let run = repo.git(&["commit", "--quiet", "--message", "notes"]).passed();
    assert_eq!(run.text(), "");
}

#[test]
fn it_tells_who_answered_when_asked() {
    let repo = Repo::with_application().with("AUTH_REVIEW_LOG", "debug");
    repo.write("src/lib/auth.ts", format!("{PLAIN}\n"));
    let run = repo.commit_all("a line").passed();
    assert!(run.stderr.contains("by=Process"), "{run:#?}");
}

#[test]
fn it_says_one_line_when_clean() {
    let repo = Repo::with_application();
    repo.write(SERVER, format!("{PLAIN}\n// a remark\n"));
    let run = repo.commit_all("remark").passed();
    assert_eq!(run.text().lines().count(), 1, "{run:#?}");
    assert!(run.text().contains(" file"), "it says how many files it reviewed: {run:#?}");
}

#[test]
fn it_can_be_skipped_for_one_commit_and_says_so() {
    let repo = Repo::with_application().with("AUTH_REVIEW", "0");
    repo.write(SERVER, PLUGIN);
    let run = repo.commit_all("plugin").passed();
    assert_eq!(run.text().lines().count(), 1, "{run:#?}");
}

#[test]
fn existing_findings_do_not_stop_a_commit() {
    let repo = Repo::with_application();
    repo.write(SERVER, PLUGIN);
    repo.git(&["commit", "--all", "--no-verify", "--message", "plugin"]).passed();
    repo.write(SERVER, format!("// a remark\n\n{PLUGIN}"));
    repo.commit_all("remark").passed();
}

#[test]
fn a_review_that_breaks_stops_nobody_except_in_ci_and_on_request() {
    let mut repo = Repo::with_application();
    // Neither git nor the review can read this index.
    let broken = repo.beside("index");
    fs::write(&broken, "DIRC, but nothing of an index").expect("written");
    repo.set("GIT_INDEX_FILE", &broken.display().to_string());

    let hook = |repo: &Repo| repo.review(&["hook", "pre-commit"]);
    let run = hook(&repo);
    assert_eq!(run.code, 3, "CI is set: {run:#?}");
    repo.set("CI", "");
    repo.write("auth-review.toml", "daemon = \"off\"\n");
    let run = hook(&repo).passed();
    assert!(run.stderr.contains("warning"), "{run:#?}");
    repo.write("auth-review.toml", "daemon = \"off\"\non-error = \"block\"\n");
    assert_eq!(hook(&repo).code, 3);
}

#[test]
fn the_hook_outside_a_repository_says_so() {
    let nowhere = Repo::without_git();
    let run = nowhere.review(&["hook", "pre-commit"]);
    assert_ne!(run.code, 0, "CI is set: {run:#?}");
    assert!(run.stderr.contains("not inside a git repository"), "{run:#?}");
}

#[test]
fn a_verdict_that_cannot_be_printed_holds() {
    let repo = Repo::with_application();
    repo.write(SERVER, PLUGIN);
    repo.git(&["add", "--all"]).passed();
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    let Ok(full) = full else { return };
    let run = finish(repo.command(repo.root(), PROGRAM).args(["hook", "pre-commit"]).stdout(full));
    assert_eq!(run.code, 1, "{run:#?}");
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let repo = Repo::with_application();
    repo.write(SERVER, PLUGIN);
    repo.git(&["add", "--all"]).passed();
    let line = format!("'{PROGRAM}' hook pre-commit 2>&1 | true; '{PROGRAM}' check --staged --format json 2>&1 >&- | cat");
    let run = finish(repo.command(repo.root(), "sh").args(["-c", &line]));
    assert!(!run.text().contains("panicked"), "{run:#?}");
    assert!(!run.text().contains(RULE), "{run:#?}");
}
