//! The git layer against git itself: every answer is compared with what the git program says of the same repository.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use git_auth_review::git::{Change, Commit, Environment, GitError, Repo, SkipReason};
use git_auth_review::source::{BlobId, Entry, Installed, Snapshot, SnapshotKind, Unreadable};
use tempfile::TempDir;

const LIMIT: usize = 1 << 20;

/// A repository in a directory of its own.
struct Fixture {
    _directory: TempDir,
    root: PathBuf,
}

impl Fixture {
    fn new() -> Self {
        Self::with(&[]).expect("git makes a plain repository")
    }

    /// `None` when this git does not know the options.
    fn with(init: &[&str]) -> Option<Self> {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let root = directory.path().canonicalize().expect("it exists").join("project");
        fs::create_dir(&root).expect("a new directory");
        let fixture = Self { _directory: directory, root };
        let made = fixture.command(&[&["init", "-q", "-b", "main"], init].concat()).output().expect("git runs").status.success();
        made.then_some(fixture)
    }

    /// One commit with files in several directories.
    fn committed() -> Self {
        let fixture = Self::new();
        fixture.commit_files();
        fixture
    }

    fn commit_files(&self) {
        for path in ["a.ts", "lib/auth.ts", "lib/deep/er/x.ts", "lib.ts", "package.json", "web/client.ts"] {
            self.write(path, &format!("// {path}\none\ntwo\nthree\n"));
        }
        self.git(&["add", "."]);
        self.git(&["commit", "-qm", "first"]);
    }

    fn command(&self, arguments: &[&str]) -> Command {
        isolated(&self.root, "git", arguments)
    }

    /// Runs git, which must succeed.
    fn git(&self, arguments: &[&str]) -> Vec<u8> {
        succeed(&mut self.command(arguments))
    }

    fn text(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.git(arguments)).expect("text").trim_end().to_owned()
    }

    fn write(&self, path: impl AsRef<Path>, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().expect("inside the root")).expect("directories");
        fs::write(path, text).expect("a file");
    }

    fn environment(&self) -> Environment {
        Environment { directory: self.root.clone(), ..Environment::default() }
    }

    fn open(&self) -> Repo {
        Repo::open(&self.environment()).expect("the repository opens")
    }

    /// All answers of the layer agree with git's.
    fn agree(&self) {
        agree(&self.open(), &|arguments| self.command(arguments));
    }

    /// The paths that the next commit changes, after all answers were compared.
    fn changed(&self) -> Vec<String> {
        self.agree();
        let repo = self.open();
        paths(&changes(&repo, repo.parents().expect("parents").first()))
    }
}

fn paths(changes: &[Change]) -> Vec<String> {
    changes.iter().map(|change| change.path.to_string()).collect()
}

/// A command that sees no configuration and no repository of the machine it runs on.
fn isolated(directory: &Path, program: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory).stdin(Stdio::null());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
        command.env_remove(name);
    }
    for (name, value) in [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "A"),
        ("GIT_AUTHOR_EMAIL", "a@example.org"),
        ("GIT_COMMITTER_NAME", "A"),
        ("GIT_COMMITTER_EMAIL", "a@example.org"),
        ("LC_ALL", "C"),
    ] {
        command.env(name, value);
    }
    command
}

fn succeed(command: &mut Command) -> Vec<u8> {
    let output = command.output().expect("the program runs");
    assert!(
        output.status.success(),
        "{command:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// A path as the layer shows it.
fn shown(path: &[u8]) -> String {
    path.utf8_chunks()
        .flat_map(|chunk| {
            std::iter::once(chunk.valid().to_owned()).chain(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")))
        })
        .collect()
}

fn regular(mode: &str, id: &str) -> Option<BlobId> {
    mode.starts_with("100").then(|| BlobId::from_hex(id).expect("git prints object names"))
}

/// NUL-terminated fields.
fn fields(printed: &[u8]) -> Vec<&[u8]> {
    let mut fields: Vec<&[u8]> = printed.split(|&byte| byte == 0).collect();
    assert_eq!(fields.pop(), Some(&b""[..]));
    fields
}

type Files = BTreeMap<String, BlobId>;

/// Lines of `<mode> … <id> …\t<path>`: `git ls-files -s` (id second) and `git ls-tree` (id third).
fn listed(printed: &[u8], id: usize) -> Files {
    let line = |line: &[u8]| {
        let tab = line.iter().position(|&byte| byte == b'\t').expect("a tab");
        let words: Vec<&str> = std::str::from_utf8(&line[..tab]).expect("text").split(' ').collect();
        let staged = id == 2 || words[2] == "0";
        Some((shown(&line[tab + 1..]), regular(words[0], words[id])?)).filter(|_| staged)
    };
    fields(printed).into_iter().filter_map(line).collect()
}

fn files(snapshot: &impl Snapshot) -> Files {
    let entries = snapshot.entries();
    assert!(entries.is_sorted_by(|a, b| a.path < b.path), "sorted, each path once");
    let mut shown = Vec::new();
    snapshot.visit("", &mut |path, blob| shown.push(Entry { path: path.into(), blob }));
    assert_eq!(shown, entries);
    for entry in entries {
        assert_eq!(snapshot.entry(&entry.path).as_ref(), Some(entry));
        assert!(snapshot.contains(&entry.path));
        let beside = format!("{}/", entry.path);
        assert!(snapshot.entry(&beside).is_none() && !snapshot.contains(&beside));
    }
    entries.iter().map(|entry| (entry.path.to_string(), entry.blob.expect("known"))).collect()
}

fn changes(repo: &Repo, commit: Option<&Commit>) -> Vec<Change> {
    repo.changes(&repo.index().expect("the index"), commit).expect("changes")
}

/// Compares entries, contents, changes and earlier states with git's, against every parent of the next commit.
fn agree(repo: &Repo, git: &dyn Fn(&[&str]) -> Command) {
    let index = repo.index().expect("the index");
    assert_eq!(index.identity(), repo.index_identity().expect("the index"));
    let mut expected = listed(&succeed(&mut git(&["ls-files", "-s", "-z"])), 1);
    for announced in index.skipped().iter().filter(|skipped| skipped.reason == SkipReason::IntentToAdd) {
        expected.remove(&*announced.path);
    }
    assert_eq!(files(&index), expected);
    for entry in index.entries() {
        let id = entry.blob.expect("known").to_string();
        assert_eq!(index.read(entry, LIMIT).expect("readable"), succeed(&mut git(&["cat-file", "blob", &id])), "{}", entry.path);
    }

    let parents = repo.parents().expect("parents");
    for parent in parents.iter().map(Some).chain(parents.is_empty().then_some(None)) {
        let id = parent.map(|parent| parent.id().to_string());
        let mut arguments = vec!["diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--ignore-submodules=none"];
        arguments.extend(id.as_deref());
        let mut expected = Vec::new();
        for pair in fields(&succeed(&mut git(&arguments))).chunks(2) {
            let words: Vec<&str> = std::str::from_utf8(&pair[0][1..]).expect("text").split(' ').collect();
            let (old, new) = (regular(words[0], words[2]), regular(words[1], words[3]));
            if old.is_some() || new.is_some() {
                expected.push(Change { path: shown(pair[1]).into(), old, new });
            }
        }
        expected.sort_by(|a, b| a.path.cmp(&b.path));
        let mut found = repo.changes(&index, parent).expect("changes");
        let before = files(&repo.before(&index, parent, &found));
        found.sort_by(|a, b| a.path.cmp(&b.path));
        assert_eq!(found, expected, "against {id:?}");

        match (&id, parent) {
            (Some(id), Some(parent)) => {
                assert_eq!(before, listed(&succeed(&mut git(&["ls-tree", "-r", "-z", "--full-tree", id])), 2));
                let tree = repo.tree(parent).expect("the tree");
                assert_eq!(tree.kind(), SnapshotKind::Tree);
                assert_eq!(before, files(&tree));
            }
            _ => assert!(before.is_empty()),
        }
    }
}

/// Runs inside the hooks of the tests below, as the reviewer would: git decides the environment.
#[test]
fn inside_a_hook() {
    let Some(report) = std::env::var_os("TEST_HOOK_REPORT") else { return };
    let repo = Repo::open(&Environment::from_process().expect("a directory")).expect("the repository opens");
    agree(&repo, &|arguments| {
        let mut command = Command::new("git");
        command.args(arguments);
        command
    });
    let parents = repo.parents().expect("parents");
    let against: Vec<String> =
        parents.iter().map(|parent| format!("{}: {}\n", parent.name(), paths(&changes(&repo, Some(parent))).join(" "))).collect();
    let mut file = fs::OpenOptions::new().append(true).create(true).open(report).expect("the report");
    file.write_all(against.concat().as_bytes()).expect("written");
}

/// Makes `hook` run [`inside_a_hook`], and says where its reports go.
fn install_hook(fixture: &Fixture, hook: &str) -> PathBuf {
    let report = fixture.root.with_file_name("report");
    let test = std::env::current_exe().expect("this program");
    let script =
        format!("#!/bin/sh\nTEST_HOOK_REPORT='{}' exec '{}' --exact inside_a_hook >&2\n", report.display(), test.display());
    let path = fixture.root.join(".git/hooks").join(hook);
    fs::create_dir_all(path.parent().expect("the hooks")).expect("directories");
    fs::write(&path, script).expect("the hook");
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("executable");
    report
}

/// What the hook reported while git ran.
fn reported(fixture: &Fixture, report: &Path, directory: &Path, arguments: &[&str]) -> String {
    let _ = fs::remove_file(report);
    succeed(fixture.command(arguments).current_dir(directory));
    fs::read_to_string(report).expect("the hook ran")
}

#[test]
fn a_hook_sees_what_each_command_commits() {
    let fixture = Fixture::committed();
    let report = install_hook(&fixture, "pre-commit");
    let root = fixture.root.clone();
    let commit = |arguments: &[&str]| reported(&fixture, &report, &root, &[&["commit", "-qm", "m"], arguments].concat());

    fixture.write("a.ts", "staged");
    fixture.write("web/client.ts", "not staged");
    fixture.git(&["add", "a.ts"]);
    assert_eq!(commit(&[]), "HEAD: a.ts\n");

    assert_eq!(commit(&["-a"]), "HEAD: web/client.ts\n");

    fixture.write("a.ts", "staged, and left out of the commit");
    fixture.write("lib/auth.ts", "committed by its path");
    fixture.git(&["add", "a.ts"]);
    assert_eq!(commit(&["lib/auth.ts"]), "HEAD: lib/auth.ts\n");

    fixture.write("lib.ts", "included");
    assert_eq!(commit(&["--include", "lib.ts"]), "HEAD: a.ts lib.ts\n");

    fixture.write("lib.ts", "amended");
    fixture.git(&["add", "."]);
    assert_eq!(commit(&["--amend"]), "HEAD: lib.ts\n");

    fixture.write("web/client.ts", "from a directory below");
    assert_eq!(reported(&fixture, &report, &root.join("lib"), &["commit", "-qam", "m"]), "HEAD: web/client.ts\n");
}

#[test]
fn a_hook_in_a_linked_work_tree_sees_its_own_index() {
    let fixture = Fixture::committed();
    let report = install_hook(&fixture, "pre-commit");
    let linked = fixture.root.with_file_name("linked");
    fixture.git(&["worktree", "add", "-q", "-b", "side", linked.to_str().expect("text")]);
    fixture.write("a.ts", "staged in the main work tree");
    fixture.git(&["add", "."]);
    fs::write(linked.join("lib/auth.ts"), "changed in the linked one").expect("a file");
    assert_eq!(reported(&fixture, &report, &linked.join("lib"), &["commit", "-qam", "m"]), "HEAD: lib/auth.ts\n");

    let repo = Repo::open(&Environment { directory: linked.join("lib"), ..Environment::default() }).expect("opens");
    assert_eq!(repo.workdir(), Some(&*linked));
    assert_eq!(repo.common_dir(), fixture.root.join(".git"));
    assert_eq!(repo.git_dir(), fixture.root.join(".git/worktrees/linked"));
}

#[test]
fn a_hook_in_a_submodule_sees_the_submodule() {
    let fixture = Fixture::committed();
    let library = Fixture::committed();
    let url = library.root.to_str().expect("text");
    fixture.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url, "web/library"]);
    fixture.git(&["commit", "-qm", "with a submodule"]);
    let report = install_hook(&fixture, "pre-commit");
    let git_dir = fixture.root.join(".git/modules/web/library");
    fs::create_dir_all(git_dir.join("hooks")).expect("directories");
    fs::rename(fixture.root.join(".git/hooks/pre-commit"), git_dir.join("hooks/pre-commit")).expect("moved");
    let submodule = fixture.root.join("web/library");
    fs::write(submodule.join("lib/auth.ts"), "changed").expect("a file");
    assert_eq!(reported(&fixture, &report, &submodule.join("lib"), &["commit", "-qam", "m"]), "HEAD: lib/auth.ts\n");

    let repo = Repo::open(&Environment { directory: submodule.join("lib"), ..Environment::default() }).expect("opens");
    assert_eq!((repo.workdir(), repo.git_dir()), (Some(&*submodule), &*git_dir));
    // The files of the submodule are not files of the project around it, and its commit is no blob.
    assert_eq!(fixture.changed(), <[&str; 0]>::default());
    fixture.git(&["add", "web/library"]);
    assert_eq!(fixture.changed(), <[&str; 0]>::default());
    let worktree = fixture.open().worktree().expect("the work tree");
    assert!(worktree.entries().iter().all(|entry| !entry.path.starts_with("web/library")));
}

#[test]
fn a_hook_sees_the_repository_named_on_the_command_line() {
    let fixture = Fixture::committed();
    let report = install_hook(&fixture, "pre-commit");
    let git_dir = fixture.root.with_file_name("elsewhere.git");
    fs::rename(fixture.root.join(".git"), &git_dir).expect("moved");
    fixture.write("lib/auth.ts", "changed");
    let outside = fixture.root.parent().expect("a directory").to_path_buf();
    let arguments = ["--git-dir=elsewhere.git", "--work-tree=project", "commit", "-qam", "m"];
    assert_eq!(reported(&fixture, &report, &outside, &arguments), "HEAD: lib/auth.ts\n");
}

#[test]
fn a_hook_sees_both_sides_of_a_merge() {
    let fixture = Fixture::committed();
    let root = fixture.root.clone();
    fixture.git(&["checkout", "-qb", "side"]);
    fixture.write("side.ts", "side");
    fixture.git(&["add", "."]);
    fixture.git(&["commit", "-qm", "side"]);
    fixture.git(&["checkout", "-q", "main"]);
    fixture.write("main.ts", "main");
    fixture.git(&["add", "."]);
    fixture.git(&["commit", "-qm", "main"]);

    // MERGE_HEAD does not exist yet when this hook runs.
    let report = install_hook(&fixture, "pre-merge-commit");
    assert_eq!(reported(&fixture, &report, &root, &["merge", "-q", "--no-edit", "side"]), "HEAD: side.ts\nMERGE_HEAD: main.ts\n");

    fixture.git(&["reset", "-q", "--hard", "HEAD^"]);
    let report = install_hook(&fixture, "pre-commit");
    fixture.git(&["merge", "-q", "--squash", "side"]);
    assert_eq!(reported(&fixture, &report, &root, &["commit", "-qm", "squashed"]), "HEAD: side.ts\n");
}

#[test]
fn a_conflict_is_skipped_and_its_resolution_compared_with_both_parents() {
    let fixture = Fixture::committed();
    for (branch, text) in [("side", "side"), ("main", "main")] {
        fixture.git(&["checkout", "-q", "-B", branch, "main"]);
        fixture.write("lib/auth.ts", text);
        fixture.write(format!("{branch}.ts"), text);
        fixture.write("both.ts", text);
        fixture.git(&["add", "."]);
        fixture.git(&["commit", "-qm", text]);
        if branch == "side" {
            fixture.git(&["branch", "-f", "main", "HEAD^"]);
        }
    }
    assert!(!fixture.command(&["merge", "-q", "side"]).output().expect("git runs").status.success());
    fixture.agree();
    let repo = fixture.open();
    let index = repo.index().expect("the index");
    let skipped: Vec<_> = index.skipped().iter().map(|skipped| (skipped.path.to_string(), skipped.reason)).collect();
    assert_eq!(skipped, [("both.ts".to_owned(), SkipReason::Unmerged), ("lib/auth.ts".to_owned(), SkipReason::Unmerged)]);
    assert_eq!(repo.parents().expect("parents").len(), 2);
    let worktree = repo.worktree().expect("the work tree");
    let conflicted = worktree.entry("lib/auth.ts").expect("on disk");
    assert_eq!(conflicted.blob, None);

    let report = install_hook(&fixture, "pre-commit");
    fixture.write("lib/auth.ts", "resolved");
    fixture.git(&["add", "."]);
    let root = fixture.root.clone();
    assert_eq!(
        reported(&fixture, &report, &root, &["commit", "-qm", "merged"]),
        "HEAD: both.ts lib/auth.ts side.ts\nMERGE_HEAD: both.ts lib/auth.ts main.ts\n"
    );
}

#[test]
fn a_hook_runs_for_a_reworded_commit() {
    let fixture = Fixture::committed();
    for name in ["one", "two"] {
        fixture.write(format!("{name}.ts"), name);
        fixture.git(&["add", "."]);
        fixture.git(&["commit", "-qm", name]);
    }
    let report = install_hook(&fixture, "pre-commit");
    let mut rebase = fixture.command(&["rebase", "-q", "-i", "HEAD~2"]);
    succeed(rebase.env("GIT_SEQUENCE_EDITOR", "sed -i -e 1s/pick/reword/").env("GIT_EDITOR", "true"));
    // The message alone changes: the index is what HEAD holds.
    assert_eq!(fs::read_to_string(report).expect("the hook ran"), "HEAD: \n");
}

#[test]
fn staging_a_part_of_a_file_reviews_that_part() {
    let fixture = Fixture::committed();
    fixture.write("a.ts", "// first\none\ntwo\nthree\n// last\n");
    let mut add = fixture.command(&["add", "-p", "a.ts"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("git");
    add.stdin.take().expect("piped").write_all(b"s\ny\nn\n").expect("answered");
    assert!(add.wait().expect("git").success());
    assert_eq!(fixture.changed(), ["a.ts"]);
    let index = fixture.open().index().expect("the index");
    let staged = index.read(&index.entry("a.ts").expect("staged"), LIMIT).expect("readable");
    assert_eq!(String::from_utf8_lossy(&staged), "// first\none\ntwo\nthree\n");
}

#[test]
fn kinds_of_change_and_of_entry() {
    let fixture = Fixture::committed();
    fixture.write("announced.ts", "not part of the next commit");
    fixture.git(&["add", "-N", "announced.ts"]);
    fixture.git(&["mv", "lib/auth.ts", "lib/renamed.ts"]);
    fixture.git(&["rm", "-q", "lib/deep/er/x.ts"]);
    fixture.git(&["update-index", "--chmod=+x", "a.ts"]);
    fixture.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},module", "1".repeat(40))]);
    let target = fixture.text(&["hash-object", "-w", "package.json"]);
    fixture.git(&["update-index", "--add", "--cacheinfo", &format!("120000,{target},link.ts")]);
    fixture.git(&["update-index", "--add", "--cacheinfo", &format!("120000,{target},web/client.ts")]);
    // A file takes the place of a directory, and a directory that of a file.
    fixture.git(&["rm", "-q", "--cached", "lib.ts"]);
    fixture.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{target},lib.ts/index.ts")]);
    assert_eq!(
        fixture.changed(),
        ["a.ts", "lib.ts", "lib.ts/index.ts", "lib/auth.ts", "lib/deep/er/x.ts", "lib/renamed.ts", "web/client.ts"]
    );

    let repo = fixture.open();
    let index = repo.index().expect("the index");
    let skipped: Vec<_> = index.skipped().iter().map(|skipped| (skipped.path.to_string(), skipped.reason)).collect();
    let expected = [
        ("announced.ts", SkipReason::IntentToAdd),
        ("link.ts", SkipReason::SymbolicLink),
        ("module", SkipReason::Submodule),
        ("web/client.ts", SkipReason::SymbolicLink),
    ];
    assert_eq!(skipped, expected.map(|(path, reason)| (path.to_owned(), reason)));
    let head = repo.revision("HEAD").expect("HEAD");
    let changes = changes(&repo, Some(&head));
    assert_eq!(changes[0].old, changes[0].new, "permissions alone");
    assert_eq!(changes.last().and_then(|change| change.new), None, "a file became a link");

    fixture.git(&["commit", "-qm", "second"]);
    assert_eq!(fixture.changed(), <[&str; 0]>::default());
}

#[cfg(unix)]
#[test]
fn unusual_names() {
    use std::os::unix::ffi::OsStrExt;
    let fixture = Fixture::committed();
    let names: [&[u8]; 8] = [
        b"with space.ts",
        "h\u{e9}\u{f6}/\u{1f388}.ts".as_bytes(),
        b"new\nline.ts",
        b"tab\t.ts",
        b"lib/a\xffb.ts",
        b"lib/a\xfeb.ts",
        b"\"q\".ts",
        b"-f",
    ];
    for name in names {
        fixture.write(OsStr::from_bytes(name), &shown(name));
    }
    let long = format!("{}/long.ts", vec!["directory-with-a-long-name"; 120].join("/"));
    let blob = fixture.text(&["hash-object", "-w", "a.ts"]);
    fixture.git(&["add", "."]);
    // Longer than the length field of an index entry, and than a path of the system may be.
    let mut add = fixture.command(&["update-index", "-z", "--index-info"]).stdin(Stdio::piped()).spawn().expect("git");
    let line = format!("100644 {blob} 0\t{long}-{}\0", "x".repeat(3000));
    add.stdin.take().expect("piped").write_all(line.as_bytes()).expect("written");
    assert!(add.wait().expect("git").success());

    assert_eq!(fixture.changed().len(), names.len() + 1);
    let repo = fixture.open();
    let index = repo.index().expect("the index");
    let worktree = repo.worktree().expect("the work tree");
    for name in names {
        let path = shown(name);
        for snapshot in [&index as &dyn Snapshot, &worktree] {
            let entry = snapshot.entry(&path).expect("listed");
            assert_eq!(snapshot.read(&entry, LIMIT).expect("readable"), path.as_bytes());
        }
    }
    fixture.git(&["update-index", "--index-version", "4"]);
    fixture.git(&["rm", "-q", "--cached", "-r", "lib"]);
    fixture.agree();
    let worktree = fixture.open().worktree().expect("the work tree");
    for name in names {
        let entry = worktree.entry(&shown(name)).expect("listed");
        assert_eq!(worktree.read(&entry, LIMIT).expect("readable"), shown(name).as_bytes());
    }
}

#[test]
fn before_the_first_commit() {
    let fixture = Fixture::new();
    let repo = fixture.open();
    assert!(repo.parents().expect("parents").is_empty());
    assert!(repo.index().expect("no file is an empty index").entries().is_empty());
    assert!(repo.worktree().expect("the work tree").entries().is_empty());
    assert!(matches!(repo.revision("HEAD"), Err(GitError::UnknownRevision { .. })));
    assert_eq!(fixture.changed(), <[&str; 0]>::default());

    let report = install_hook(&fixture, "pre-commit");
    fixture.write("lib/auth.ts", "new");
    fixture.git(&["add", "."]);
    let before_first: Vec<String> = paths(&changes(&fixture.open(), None));
    assert_eq!(before_first, ["lib/auth.ts"]);
    assert_eq!(fixture.changed(), ["lib/auth.ts"]);
    let root = fixture.root.clone();
    assert_eq!(reported(&fixture, &report, &root, &["commit", "-qm", "first"]), "");
    // Everything is deleted.
    fixture.git(&["rm", "-rq", "."]);
    assert_eq!(fixture.changed(), ["lib/auth.ts"]);
}

/// Stages changes, compares, commits, and compares again.
fn exercise(fixture: &Fixture) {
    fixture.write("a.ts", "changed");
    fixture.write("new/file.ts", "new");
    fixture.write("announced.ts", "later");
    fixture.git(&["rm", "-q", "lib/deep/er/x.ts"]);
    fixture.git(&["add", "a.ts", "new/file.ts"]);
    fixture.git(&["add", "-N", "announced.ts"]);
    assert_eq!(fixture.changed(), ["a.ts", "lib/deep/er/x.ts", "new/file.ts"]);
    let worktree = fixture.open().worktree().expect("the work tree");
    assert_eq!(
        worktree.entries().iter().map(|entry| &*entry.path).collect::<Vec<_>>(),
        ["a.ts", "announced.ts", "lib.ts", "lib/auth.ts", "new/file.ts", "package.json", "web/client.ts"]
    );
    for entry in worktree.entries() {
        assert_eq!(worktree.read(entry, LIMIT).expect("readable"), fs::read(fixture.root.join(&*entry.path)).expect("a file"));
    }
    fixture.git(&["reset", "-q", "announced.ts"]);
    fixture.git(&["commit", "-qm", "second"]);
    assert_eq!(fixture.changed(), <[&str; 0]>::default());
    let repo = fixture.open();
    let first = repo.revision("HEAD~1").expect("a parent");
    assert_eq!(paths(&changes(&repo, Some(&first))).len(), 3);
}

#[test]
fn every_version_of_the_index() {
    for (version, options) in [("2", vec![]), ("4", vec![]), ("2", vec!["index.skipHash"]), ("4", vec!["index.skipHash"])] {
        let fixture = Fixture::new();
        for option in options {
            fixture.git(&["config", option, "true"]);
        }
        fixture.git(&["config", "index.version", version]);
        fixture.commit_files();
        let header = fs::read(fixture.root.join(".git/index")).expect("the index");
        assert_eq!(header[7].to_string(), version);
        // Intent to add makes a version 3 of a version 2.
        exercise(&fixture);
    }
}

#[test]
fn a_split_index_is_left_to_git() {
    let fixture = Fixture::committed();
    fixture.git(&["update-index", "--split-index"]);
    exercise(&fixture);
    let shared = fs::read_dir(fixture.root.join(".git")).expect("listed").filter_map(Result::ok);
    assert!(shared.into_iter().any(|file| file.file_name().to_string_lossy().starts_with("sharedindex")));
}

#[test]
fn a_sparse_index_is_left_to_git_and_holds_everything() {
    let fixture = Fixture::committed();
    fixture.git(&["sparse-checkout", "init", "--cone", "--sparse-index"]);
    fixture.git(&["sparse-checkout", "set", "lib"]);
    let sparse = fs::read(fixture.root.join(".git/index")).expect("the index");
    assert!(sparse.windows(4).any(|name| name == b"sdir"), "git made a sparse index");
    fixture.write("lib/auth.ts", "changed");
    fixture.git(&["add", "lib"]);
    assert_eq!(fixture.changed(), ["lib/auth.ts"]);

    let check_left_out = || {
        assert!(!fixture.root.join("web/client.ts").exists());
        let worktree = fixture.open().worktree().expect("the work tree");
        let left_out = worktree.entry("web/client.ts").expect("what the checkout leaves out is as it was committed");
        assert!(worktree.read(&left_out, LIMIT).expect("readable").starts_with(b"// web/client.ts"));
    };
    check_left_out();
    // The same without the extension: the index names every file.
    fixture.git(&["sparse-checkout", "reapply", "--no-sparse-index"]);
    assert_eq!(fixture.changed(), ["lib/auth.ts"]);
    check_left_out();
}

#[test]
fn repositories_that_libgit2_does_not_open() {
    let mut opened = 0;
    for init in
        [&["--ref-format=reftable"][..], &["--object-format=sha256"], &["--object-format=sha256", "--ref-format=reftable"]]
    {
        let Some(fixture) = Fixture::with(init) else { continue };
        assert!(fixture.open().parents().expect("parents").is_empty());
        fixture.commit_files();
        exercise(&fixture);
        let report = install_hook(&fixture, "pre-commit");
        fixture.write("lib/auth.ts", "in the hook");
        let directory = fixture.root.join("web");
        assert_eq!(reported(&fixture, &report, &directory, &["commit", "-qm", "m", "../lib/auth.ts"]), "HEAD: lib/auth.ts\n");
        let repo = Repo::open(&Environment { directory, ..Environment::default() }).expect("opens");
        assert_eq!(repo.workdir(), Some(&*fixture.root));
        assert_eq!(repo.git_dir(), fixture.root.join(".git"));
        assert_eq!(repo.common_dir(), fixture.root.join(".git"));
        opened += 1;
    }
    assert!(opened > 0, "this git knows neither sha256 nor reftable");
}

#[test]
fn extensions_of_the_repository() {
    let fixture = Fixture::committed();
    fixture.git(&["config", "core.repositoryFormatVersion", "1"]);
    fixture.git(&["config", "extensions.worktreeConfig", "true"]);
    fixture.agree();
    fixture.git(&["config", "extensions.partialClone", "origin"]);
    exercise(&fixture);
}

#[test]
fn a_partial_clone_is_not_completed_over_the_network() {
    let origin = Fixture::committed();
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    let clone = origin.root.with_file_name("clone");
    let url = format!("file://{}", origin.root.display());
    origin.git(&["clone", "-q", "--no-checkout", "--filter=blob:none", &url, clone.to_str().expect("text")]);
    origin.command(&["read-tree", "HEAD"]).current_dir(&clone).status().expect("git runs");
    for extension in [None, Some("extensions.partialClone")] {
        if let Some(extension) = extension {
            succeed(origin.command(&["config", "core.repositoryFormatVersion", "1"]).current_dir(&clone));
            succeed(origin.command(&["config", extension, "origin"]).current_dir(&clone));
        }
        let repo = Repo::open(&Environment { directory: clone.clone(), ..Environment::default() }).expect("opens");
        let index = repo.index().expect("the index");
        assert_eq!(index.entries().len(), 6);
        let head = repo.revision("HEAD").expect("HEAD");
        assert!(repo.changes(&index, Some(&head)).expect("trees are there").is_empty());
        for _ in 0..2 {
            let missing = index.read(&index.entries()[0], LIMIT);
            assert!(matches!(&missing, Err(Unreadable::Io(reason)) if reason.contains("not in the repository")), "{missing:?}");
        }
    }
}

#[test]
fn a_damaged_index_is_an_error_with_advice() {
    let fixture = Fixture::committed();
    let path = fixture.root.join(".git/index");
    let whole = fs::read(&path).expect("the index");
    let mut damaged: Vec<Vec<u8>> = [0, 3, 11, 12, 40, 100, whole.len() / 2].map(|len| whole[..len].to_vec()).to_vec();
    damaged.push(b"DIRX".iter().chain(&whole[4..]).copied().collect());
    let mut many = whole.clone();
    many[8..12].copy_from_slice(&u32::MAX.to_be_bytes());
    damaged.push(many);
    for bytes in damaged {
        fs::write(&path, &bytes).expect("written");
        let error = fixture.open().index().expect_err("damaged");
        assert!(matches!(error, GitError::Index { .. }), "{error}");
        let advice = error.to_string();
        assert!(advice.contains("git reset") && !advice.contains("rm "), "what is staged is not to be deleted: {advice}");
    }
    // Not an index at all: another version, and an extension that must be understood.
    for (at, byte) in [(7, 9), (whole.len() - 100, b'x')] {
        let mut bytes = whole.clone();
        bytes[at] = byte;
        fs::write(&path, &bytes).expect("written");
        let _ = fixture.open().index().map(|index| index.entries().len());
    }
}

/// The bytes of each entry of an index of version 2, by path.
fn raw_entries(index: &[u8]) -> Vec<(String, Vec<u8>)> {
    let count = u32::from_be_bytes(index[8..12].try_into().expect("four bytes"));
    let mut at = 12;
    let mut entries = Vec::new();
    for _ in 0..count {
        let path = index[at + 62..].split(|&byte| byte == 0).next().expect("a path");
        let end = at + (62 + path.len() + 8) / 8 * 8;
        entries.push((String::from_utf8(path.to_vec()).expect("text"), index[at..end].to_vec()));
        at = end;
    }
    entries
}

#[test]
fn an_index_in_disorder_is_read_as_git_lists_it() {
    let fixture = Fixture::committed();
    fixture.git(&["update-index", "--index-version", "2"]);
    let path = fixture.root.join(".git/index");
    let entries = raw_entries(&fs::read(&path).expect("the index"));
    let write = |entries: &[&(String, Vec<u8>)]| {
        let count = u32::try_from(entries.len()).expect("few").to_be_bytes();
        let header = [b"DIRC\0\0\0\x02".as_slice(), &count].concat();
        let entries = entries.iter().flat_map(|(_, entry)| entry.iter().copied());
        // Like an index with `index.skipHash`.
        fs::write(&path, header.into_iter().chain(entries).chain([0; 20]).collect::<Vec<u8>>()).expect("written");
    };
    let whole = files(&fixture.open().index().expect("the index"));

    write(&entries.iter().rev().collect::<Vec<_>>());
    assert_eq!(files(&fixture.open().index().expect("git reads it")), whole);
    write(&entries.iter().flat_map(|entry| [entry, entry]).collect::<Vec<_>>());
    assert_eq!(files(&fixture.open().index().expect("git reads it")), whole);
    fixture.git(&["status"]);

    // Which of two contents is meant nobody can say.
    let mut other = entries[0].clone();
    other.1[40..60].copy_from_slice(&entries[1].1[40..60]);
    write(&[&entries[0], &other]);
    let error = fixture.open().index().expect_err("two contents").to_string();
    assert!(error.contains(&format!("it lists `{}` twice", other.0)), "{error}");
}

#[test]
#[cfg(unix)]
fn an_index_without_end_is_not_read() {
    let fixture = Fixture::committed();
    let at = |index: &Path| Environment { index_file: Some(index.to_path_buf()), ..fixture.environment() };
    let pipe = fixture.root.with_file_name("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("started").success());
    for index in [Path::new("/dev/zero"), pipe.as_path()] {
        let repo = Repo::open(&at(index)).expect("a repository");
        let errors = [repo.index().expect_err("no index"), repo.index_identity().expect_err("no index")];
        assert!(errors.iter().all(|error| matches!(error, GitError::Io { .. })), "{errors:?}");
    }
}

#[test]
fn places_that_are_no_repository_with_a_work_tree() {
    let nowhere = tempfile::tempdir().expect("a directory");
    let at = |directory: &Path| Environment { directory: directory.to_path_buf(), ..Environment::default() };
    let error = Repo::open(&at(nowhere.path())).expect_err("no repository");
    assert!(matches!(error, GitError::NotARepository(_)) && error.to_string().contains("git init"), "{error}");
    let error = Repo::open(&at(&nowhere.path().join("missing"))).expect_err("no directory");
    assert!(matches!(error, GitError::NotARepository(_)), "{error}");
    let error = Repo::open(&Environment { git_dir: Some(nowhere.path().join("x")), ..at(nowhere.path()) }).expect_err("nothing");
    assert!(matches!(error, GitError::NotARepository(_)), "{error}");

    for init in [&[][..], &["--object-format=sha256"]] {
        let Some(source) = Fixture::with(init) else { continue };
        source.commit_files();
        let bare = source.root.with_file_name("bare.git");
        source.git(&["clone", "-q", "--bare", ".", bare.to_str().expect("text")]);
        let repo = Repo::open(&at(&bare)).expect("a bare repository opens");
        assert_eq!(repo.workdir(), None);
        assert_eq!(repo.git_dir(), bare);
        assert_eq!(files(&repo.tree(&repo.revision("main").expect("main")).expect("the tree")).len(), 6);
        assert!(repo.index().expect("no index is an empty one").entries().is_empty());
        assert!(matches!(repo.worktree(), Err(GitError::NoWorkTree(_))));
    }
}

#[test]
fn the_environment_decides_which_repository_is_meant() {
    let fixture = Fixture::committed();
    let other = Fixture::committed();
    fixture.write("a.ts", "changed");
    fixture.git(&["add", "."]);
    let set = |variables: &[(&str, &str)]| {
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        Environment::from_variables(&fixture.root, variables)
    };
    let plain = set(&[("GIT_DIR", ""), ("GITHEAD_nonsense", "x"), ("HOME", "/")]);
    assert_eq!(plain, fixture.environment());
    let own = set(&[("GIT_DIR", ".git"), ("GIT_INDEX_FILE", ".git/other")]);
    assert_eq!(own.index_file, Some(fixture.root.join(".git/other")));
    let repo = Repo::open(&own).expect("opens");
    assert_eq!(repo.workdir(), Some(&*fixture.root));
    assert!(repo.index().expect("no such index").entries().is_empty());

    // Another repository, with this directory as its work tree: git's own rule.
    let git_dir = other.root.join(".git");
    let elsewhere = set(&[("GIT_DIR", git_dir.to_str().expect("text"))]);
    let repo = Repo::open(&elsewhere).expect("opens");
    assert_eq!((repo.git_dir(), repo.workdir()), (&*git_dir, Some(&*fixture.root)));
    assert!(paths(&changes(&repo, repo.parents().expect("parents").first())).is_empty());
    let worktree = set(&[("GIT_DIR", git_dir.to_str().expect("text")), ("GIT_WORK_TREE", other.root.to_str().expect("text"))]);
    assert_eq!(Repo::open(&worktree).expect("opens").workdir(), Some(&*other.root));
    other.git(&["config", "core.worktree", other.root.to_str().expect("text")]);
    assert_eq!(Repo::open(&elsewhere).expect("opens").workdir(), Some(&*other.root));
}

#[test]
fn objects_are_also_where_the_environment_says() {
    for init in [&[][..], &["--object-format=sha256"]] {
        let Some(fixture) = Fixture::with(init) else { continue };
        fixture.commit_files();
        // As git does it for the hooks that decide on what is pushed.
        let (incoming, own) = (fixture.root.join(".git/incoming"), fixture.root.join(".git/objects"));
        fs::create_dir(&incoming).expect("a new directory");
        let variables = [("GIT_OBJECT_DIRECTORY", ".git/incoming".into()), ("GIT_ALTERNATE_OBJECT_DIRECTORIES", own.clone())];
        let apart = |arguments: &[&str]| succeed(fixture.command(arguments).envs(variables.clone()));
        fixture.write("lib/auth.ts", "incoming");
        apart(&["add", "."]);
        let tree = apart(&["write-tree"]);
        let tree = String::from_utf8(tree).expect("text");
        let commit = String::from_utf8(apart(&["commit-tree", "-p", "HEAD", "-m", "m", tree.trim()])).expect("text");

        let read = |environment: &Environment| {
            let repo = Repo::open(environment).expect("opens");
            let tree = repo.revision(commit.trim()).and_then(|commit| repo.tree(&commit)).ok()?;
            // More than one handle on the repository.
            let read = |_| tree.read(&tree.entry("lib/auth.ts").expect("there"), LIMIT).expect("readable");
            let both =
                std::thread::scope(|scope| [0, 1].map(|n| scope.spawn(move || read(n))).map(|one| one.join().expect("read")));
            Some(both)
        };
        assert_eq!(read(&fixture.environment()), None);
        let set = variables.iter().map(|(name, value)| (name.into(), value.into()));
        let environment = Environment::from_variables(&fixture.root, set);
        assert_eq!(environment.object_directories, [incoming, own]);
        assert_eq!(read(&environment), Some([b"incoming".to_vec(), b"incoming".to_vec()]));
        let index = Repo::open(&environment).and_then(|repo| repo.index()).expect("the index");
        assert_eq!(index.read(&index.entry("lib/auth.ts").expect("staged"), LIMIT).expect("readable"), b"incoming");
    }
}

#[test]
fn names_of_commits() {
    for fixture in std::iter::once(Fixture::new()).chain(Fixture::with(&["--ref-format=reftable"])) {
        fixture.commit_files();
        fixture.git(&["tag", "-a", "-m", "annotated", "v1"]);
        let id = fixture.text(&["rev-parse", "HEAD"]);
        let repo = fixture.open();
        for name in ["HEAD", "main", "refs/heads/main", "v1", "@", &id, &id[..8], "v1^{commit}"] {
            let commit = repo.revision(name).expect("a commit");
            assert_eq!((commit.name(), commit.id().to_string()), (name, id.clone()));
        }
        for name in ["", "nothing", "--all", "-h", "HEAD^", "HEAD:a.ts", "HEAD^{tree}", "a\0b", "main..HEAD", &"0".repeat(40)] {
            let error = repo.revision(name).expect_err(name);
            assert!(matches!(error, GitError::UnknownRevision { .. }), "{name}: {error}");
        }
    }
}

#[cfg(unix)]
#[test]
fn the_work_tree_is_what_git_would_add() {
    use std::os::unix::fs::symlink;
    let fixture = Fixture::committed();
    fixture.write(".gitignore", "ignored/\n*.log\n/web/generated.ts\n");
    fixture.write("ignored/tracked.ts", "tracked, though ignored");
    fixture.write("web/to-link/file.ts", "about to be behind a link");
    fixture.git(&["add", "."]);
    fixture.git(&["add", "-f", "ignored/tracked.ts"]);
    fixture.git(&["commit", "-qm", "second"]);
    fixture.write("ignored/untracked.ts", "ignored");
    fixture.write("web/generated.ts", "ignored");
    fixture.write("x.log", "ignored");
    fixture.write(".git/info/exclude", "excluded.ts\n");
    fixture.write("excluded.ts", "ignored");
    fixture.write(".env", "UNTRACKED=1");
    fixture.write("web/.hidden/new.ts", "untracked");
    fixture.write("a.ts", "changed");
    fs::remove_file(fixture.root.join("lib.ts")).expect("deleted");

    let outside = fixture.root.with_file_name("outside");
    fs::create_dir(&outside).expect("a directory");
    fs::write(outside.join("file.ts"), "outside").expect("a file");
    fs::write(outside.join("secret.ts"), "outside").expect("a file");
    fs::remove_dir_all(fixture.root.join("web/to-link")).expect("deleted");
    symlink(&outside, fixture.root.join("web/to-link")).expect("a link");
    symlink(outside.join("secret.ts"), fixture.root.join("link.ts")).expect("a link");
    fs::remove_file(fixture.root.join("lib/deep/er/x.ts")).expect("deleted");
    symlink(outside.join("secret.ts"), fixture.root.join("lib/deep/er/x.ts")).expect("a link");
    succeed(&mut isolated(&fixture.root, "mkfifo", &["pipe.ts"]));
    succeed(&mut isolated(&fixture.root, "git", &["init", "-q", "inner"]));
    fixture.write("inner/other.ts", "of another repository");

    let worktree = fixture.open().worktree().expect("the work tree");
    assert_eq!(worktree.kind(), SnapshotKind::Worktree);
    let listed: Vec<&str> = worktree.entries().iter().map(|entry| &*entry.path).collect();
    assert_eq!(
        listed,
        [
            ".env",
            ".gitignore",
            "a.ts",
            "ignored/tracked.ts",
            "lib/auth.ts",
            "package.json",
            "web/.hidden/new.ts",
            "web/client.ts"
        ]
    );
    for entry in worktree.entries() {
        assert_eq!(worktree.read(entry, LIMIT).expect("readable"), fs::read(fixture.root.join(&*entry.path)).expect("a file"));
    }
    let mut untracked: Vec<String> =
        fields(&fixture.git(&["ls-files", "-o", "--exclude-standard", "-z"])).into_iter().map(shown).collect();
    untracked
        .retain(|path| !path.ends_with('/') && fixture.root.join(path).symlink_metadata().is_ok_and(|on_disk| on_disk.is_file()));
    assert_eq!(untracked, [".env", "web/.hidden/new.ts"]);

    // A file that turns into a link to the outside after it was listed is not followed.
    let changed = worktree.entry("a.ts").expect("listed");
    fs::remove_file(fixture.root.join("a.ts")).expect("deleted");
    symlink(outside.join("secret.ts"), fixture.root.join("a.ts")).expect("a link");
    assert!(matches!(worktree.read(&changed, LIMIT), Err(Unreadable::Io(_))));
    let hidden = worktree.entry("web/.hidden/new.ts").expect("listed");
    fs::remove_dir_all(fixture.root.join("web/.hidden")).expect("deleted");
    symlink(&outside, fixture.root.join("web/.hidden")).expect("a link");
    fs::write(outside.join("new.ts"), "outside").expect("a file");
    assert!(matches!(worktree.read(&hidden, LIMIT), Err(Unreadable::Io(_))));
}

#[cfg(unix)]
#[test]
fn installed_packages_are_seen_through_links_that_stay_inside() {
    use std::os::unix::fs::symlink;
    let fixture = Fixture::committed();
    fixture.write("node_modules/plain/index.js", "plain");
    fixture.write("node_modules/.store/deep@1/node_modules/deep/index.js", "deep");
    fixture.write("packages/own/index.js", "of the workspace");
    let link = |target: &Path, at: &str| symlink(target, fixture.root.join(at)).expect("a link");
    link(Path::new(".store/deep@1/node_modules/deep"), "node_modules/deep");
    link(Path::new("../packages/own"), "node_modules/own");
    let outside = fixture.root.with_file_name("outside");
    fs::create_dir_all(outside.join("node_modules/far")).expect("a directory");
    fs::write(outside.join("node_modules/far/index.js"), "outside").expect("a file");
    link(&outside.join("node_modules/far"), "node_modules/far");
    link(&outside.join("node_modules/far/index.js"), "node_modules/plain/link.js");

    let installed = fixture.open().installed().expect("a work tree");
    let deep = "node_modules/.store/deep@1/node_modules/deep/index.js";
    for (path, real) in [
        ("node_modules/plain/index.js", Some("node_modules/plain/index.js")),
        ("node_modules/deep/index.js", Some(deep)),
        ("node_modules/own/index.js", None),
        ("node_modules/far/index.js", None),
        ("node_modules/plain/link.js", None),
        ("node_modules/plain", None),
        ("node_modules/plain/none.js", None),
        ("node_modules/../../outside/node_modules/far/index.js", None),
        ("/etc/passwd", None),
        ("a.ts", None),
    ] {
        assert_eq!(installed.locate(path).as_deref(), real, "{path}");
    }
    assert_eq!(installed.read(deep, LIMIT).as_deref(), Ok(&b"deep"[..]));
    assert_eq!(installed.read(deep, 3), Err(Unreadable::TooLarge(4)));
    assert!(matches!(installed.read("node_modules/plain/link.js", LIMIT), Err(Unreadable::Io(_))));
}

#[cfg(unix)]
#[test]
fn a_file_is_known_by_its_blob_only_while_that_is_certain() {
    let fixture = Fixture::committed();
    let blob = |path: &str| fixture.open().worktree().expect("the work tree").entry(path).expect("on disk").blob;
    // The index was written in the same instant as the files, perhaps; once it is clearly later, they are known.
    std::thread::sleep(std::time::Duration::from_millis(50));
    fixture.git(&["update-index", "--refresh"]);
    fixture.git(&["update-index", "--force-write-index"]);
    assert!(blob("a.ts").is_some() && blob("lib/auth.ts").is_some());
    assert_eq!(blob("a.ts"), fixture.open().index().expect("the index").entry("a.ts").expect("staged").blob);

    let worktree = fixture.open().worktree().expect("the work tree");
    let entry = worktree.entry("a.ts").expect("on disk");
    let staged = fs::read(fixture.root.join("a.ts")).expect("a file");
    let same_size = staged.iter().rev().copied().collect::<Vec<u8>>();
    fs::write(fixture.root.join("a.ts"), &same_size).expect("written");
    assert_eq!(worktree.read(&entry, LIMIT).expect("readable"), staged, "an entry with a blob is read as that blob");
    assert_eq!(blob("a.ts"), None);
    let worktree = fixture.open().worktree().expect("the work tree");
    assert_eq!(worktree.read(&worktree.entry("a.ts").expect("on disk"), LIMIT).expect("readable"), same_size);

    // Staged and changed at once, with the size it had.
    for round in 0..20 {
        fs::write(fixture.root.join("a.ts"), format!("{round:04}")).expect("written");
        fixture.git(&["add", "a.ts"]);
        fs::write(fixture.root.join("a.ts"), format!("{:04}", round + 100)).expect("written");
        let worktree = fixture.open().worktree().expect("the work tree");
        let entry = worktree.entry("a.ts").expect("on disk");
        assert_eq!(worktree.read(&entry, LIMIT).expect("readable"), format!("{:04}", round + 100).as_bytes());
    }
    fixture.write("a.ts", "announced");
    fixture.git(&["rm", "-qf", "--cached", "a.ts"]);
    fixture.git(&["add", "-N", "a.ts"]);
    assert_eq!(blob("a.ts"), None);
}

#[test]
fn too_large_is_said_with_the_size() {
    let mut repositories = vec![Fixture::new()];
    repositories.extend(Fixture::with(&["--object-format=sha256"]));
    for fixture in repositories {
        fixture.write("large.ts", &"x".repeat(5000));
        fixture.write("small.ts", "small");
        fixture.git(&["add", "."]);
        let index = fixture.open().index().expect("the index");
        let large = index.entry("large.ts").expect("staged");
        assert_eq!(index.read(&large, 4999), Err(Unreadable::TooLarge(5000)));
        assert_eq!(index.read(&large, 5000).map(|bytes| bytes.len()), Ok(5000));
        assert_eq!(index.read(&index.entry("small.ts").expect("staged"), 5), Ok(b"small".to_vec()));
        fixture.write("untracked.ts", &"x".repeat(5000));
        let worktree = fixture.open().worktree().expect("the work tree");
        assert_eq!(worktree.read(&worktree.entry("untracked.ts").expect("on disk"), 4999), Err(Unreadable::TooLarge(5000)));
    }
}

#[test]
fn snapshots_are_read_from_many_threads() {
    use rayon::prelude::*;
    let mut repositories = vec![Fixture::new()];
    repositories.extend(Fixture::with(&["--object-format=sha256"]));
    for fixture in repositories {
        for number in 0..200 {
            fixture.write(format!("{number}.ts"), &number.to_string().repeat(50));
        }
        fixture.git(&["add", "."]);
        let index = fixture.open().index().expect("the index");
        index.entries().par_iter().for_each(|entry| {
            let number = entry.path.trim_end_matches(".ts");
            assert_eq!(index.read(entry, LIMIT).expect("readable"), number.repeat(50).as_bytes());
        });
    }
}

/// Everything below a directory with its content and time of change.
fn everything(directory: &Path) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).expect("listed").filter_map(Result::ok) {
        let on_disk = entry.metadata().expect("there");
        if on_disk.is_dir() {
            found.extend(everything(&entry.path()));
        }
        let content = if on_disk.is_file() { fs::read(entry.path()).expect("readable") } else { Vec::new() };
        found.insert(entry.path(), (content, on_disk.modified().expect("a time")));
    }
    found
}

#[test]
fn nothing_is_written() {
    let mut repositories = vec![Fixture::new(), Fixture::new()];
    repositories.extend(Fixture::with(&["--object-format=sha256"]));
    for (number, fixture) in repositories.into_iter().enumerate() {
        fixture.commit_files();
        if number == 1 {
            fixture.git(&["update-index", "--split-index"]);
        }
        // Stat data that git would refresh, given the chance.
        fixture.write("a.ts", "changed");
        fixture.git(&["add", "."]);
        fixture.write("a.ts", "changed");
        fs::write(fixture.root.join(".git/index.lock"), "").expect("somebody else is at it");
        let before = everything(&fixture.root);
        let repo = fixture.open();
        let index = repo.index().expect("the index");
        let head = repo.revision("HEAD").expect("HEAD");
        drop(repo.before(&index, Some(&head), &repo.changes(&index, Some(&head)).expect("changes")));
        repo.tree(&head).expect("the tree");
        let worktree = repo.worktree().expect("the work tree");
        for entry in worktree.entries() {
            worktree.read(entry, LIMIT).expect("readable");
        }
        drop((repo, index, worktree));
        let changed: Vec<PathBuf> = everything(&fixture.root)
            .into_iter()
            .filter(|(path, now)| before.get(path) != Some(now))
            .map(|(path, _)| path)
            // Git renews the time of the shared part of a split index whenever it reads it, so that it does not expire.
            .filter(|path| !path.to_string_lossy().contains("sharedindex"))
            .collect();
        assert_eq!(changed, <[PathBuf; 0]>::default());
    }
}

/// Runs without any program on its `PATH`, started by the test below.
#[test]
fn inside_a_process_without_git() {
    let Some(directory) = std::env::var_os("TEST_WITHOUT_GIT") else { return };
    let error = Repo::open(&Environment { directory: directory.into(), ..Environment::default() }).expect_err("needs git");
    assert!(matches!(error, GitError::ProgramMissing { .. }) && error.to_string().contains("PATH"), "{error}");
}

#[test]
fn without_the_git_program_the_message_says_so() {
    let Some(fixture) = Fixture::with(&["--object-format=sha256"]) else { return };
    let mut test = Command::new(std::env::current_exe().expect("this program"));
    test.args(["--exact", "inside_a_process_without_git"]).env("TEST_WITHOUT_GIT", &fixture.root).env("PATH", "/nonexistent");
    succeed(&mut test);
}

/// Only the superuser can give a repository away, so this says nothing elsewhere.
#[cfg(unix)]
#[test]
fn the_repository_of_somebody_else_is_refused_with_the_advice_of_git() {
    let fixture = Fixture::committed();
    for path in [fixture.root.clone(), fixture.root.join(".git")] {
        if std::os::unix::fs::chown(path, Some(12345), Some(12345)).is_err() {
            return;
        }
    }
    let error = Repo::open(&fixture.environment()).expect_err("not ours");
    assert!(matches!(error, GitError::Ownership(_)) && error.to_string().contains("safe.directory"), "{error}");
}

#[test]
fn what_the_index_knows_to_be_unchanged_is_not_looked_at() {
    let fixture = Fixture::committed();
    fixture.write("web/client.ts", "changed");
    fixture.git(&["add", "web/client.ts"]);
    // Gone is the tree of a directory without changes.
    let tree = fixture.text(&["rev-parse", "HEAD:lib"]);
    fs::remove_file(fixture.root.join(".git/objects").join(&tree[..2]).join(&tree[2..])).expect("a loose object");
    let repo = fixture.open();
    let head = repo.revision("HEAD").expect("HEAD");
    assert_eq!(paths(&changes(&repo, Some(&head))), ["web/client.ts"]);
    let error = repo.tree(&head).expect_err("a tree is missing");
    assert!(matches!(error, GitError::Object { .. }) && error.to_string().contains(&tree), "{error}");
}

#[test]
fn the_identity_of_the_index_changes_with_what_is_staged() {
    for skip_hash in ["false", "true"] {
        let fixture = Fixture::new();
        fixture.git(&["config", "index.skipHash", skip_hash]);
        let missing = fixture.open().index_identity().expect("no file is an empty index");
        fixture.commit_files();
        let committed = fixture.open().index_identity().expect("the index");
        assert_ne!(missing, committed);
        fixture.write("a.ts", "changed");
        assert_eq!(fixture.open().index_identity().expect("the index"), committed);
        fixture.git(&["add", "a.ts"]);
        let repo = fixture.open();
        assert_ne!(repo.index_identity().expect("the index"), committed);
        assert_eq!(repo.index_identity().expect("the index"), repo.index().expect("the index").identity());
    }
}

/// A reproducible series of numbers.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// Git keeps, invalidates and repairs the cache tree in its own way; whatever it leaves behind must give the same answer.
#[test]
fn any_sequence_of_commands_gives_the_answers_of_git() {
    for seed in 0..4 {
        let fixture = Fixture::committed();
        if seed % 2 == 1 {
            fixture.git(&["update-index", "--index-version", "4"]);
        }
        let mut numbers = Numbers(seed);
        let names = ["a", "a.ts", "a-b", "a0", "lib", "z"];
        for step in 0..30 {
            let depth = numbers.below(3);
            let mut path: Vec<&str> = (0..depth).map(|_| names[numbers.below(names.len())]).collect();
            path.push(names[numbers.below(names.len())]);
            let path = path.join("/");
            // Some of these are refused, by git or by the file system; the answers must agree all the same.
            let on_disk = fixture.root.join(&path);
            let arguments: Vec<&str> = match numbers.below(9) {
                0..3 => {
                    if on_disk.parent().is_some_and(|parent| fs::create_dir_all(parent).is_ok()) {
                        let _ = fs::write(&on_disk, format!("{seed} {step}"));
                    }
                    vec!["add", "--", &path]
                }
                3 => vec!["rm", "-rqf", "--", &path],
                4 => vec!["rm", "-rq", "--cached", "--", &path],
                5 => vec!["mv", "-f", "--", &path, "a/moved"],
                6 => vec!["commit", "-qm", "step"],
                7 => vec!["reset", "-q", "--soft", "HEAD~1"],
                _ => vec!["write-tree"],
            };
            let _ = fixture.command(&arguments).output().expect("git runs");
            agree_quickly(&fixture);
        }
    }
}

/// The list of changes alone, with the single question to git that it takes.
fn agree_quickly(fixture: &Fixture) {
    let repo = fixture.open();
    let parents = repo.parents().expect("parents");
    let found = changes(&repo, parents.first());
    let printed = fixture.git(&["diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames"]);
    let expected: Vec<String> = fields(&printed).chunks(2).map(|pair| shown(pair[1])).collect();
    assert_eq!(paths(&found), expected);
}
