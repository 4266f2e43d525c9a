//! A repository worked on at random while its daemon is killed, replaced, cut off and left with a damaged cache: after
//! every step, the answer is the one a process without daemon and cache gives.
//!
//! `AUTH_REVIEW_ROUNDS` or `AUTH_REVIEW_MINUTES` say how long steps are taken, `AUTH_REVIEW_SEED` which.

#![cfg(unix)]

mod common;
#[path = "oracle/random.rs"]
mod random;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{PROGRAM, Repo, Run, as_someone_else, finish};
use random::{Random, number};

/// Rounds of a run that nobody asked to be long.
const ROUNDS: u64 = 45;

/// Apart from each other by more than git's context lines, the parts of a file are hunks of their own.
const GAP: &str = "\n\n\n\n\n\n\n\n";

/// The files of the project in parts; a part that begins with `?` comes and goes.
const FILES: &[(&str, &[&str])] = &[
    (
        "src/lib/auth.ts",
        &[
            "import { betterAuth } from \"better-auth\";\nimport { prismaAdapter } from \"better-auth/adapters/prisma\";\n\
             import { admin, twoFactor, username } from \"better-auth/plugins\";\nimport { passkey } from \"@better-auth/passkey\";\n\
             import { client } from \"./client\";",
            "?import { notes } from \"notes\";",
            "export const auth = betterAuth({\n  database: prismaAdapter(client, { provider: \"postgresql\" }),",
            "?  trustedOrigins: [\"*\"],",
            "?  // auth-review: ignore[csrf-check-disabled] another layer checks the origin",
            "?  advanced: { disableCSRFCheck: true },",
            "?  rateLimit: { enabled: false },",
            "?  user: { additionalFields: { role: { type: \"string\" } } },",
            "  plugins: [",
            "?    admin(),",
            "?    notes(),",
            "?    passkey(),",
            "?    twoFactor(),",
            "?    username(),",
            "  ],\n});\n",
        ],
    ),
    (
        "src/lib/auth-client.ts",
        &[
            "import { createAuthClient } from \"better-auth/react\";\n\
             import { adminClient, twoFactorClient, usernameClient } from \"better-auth/client/plugins\";\n\
             export const authClient = createAuthClient({\n  plugins: [",
            "?    adminClient(),",
            "?    twoFactorClient(),",
            "?    usernameClient(),",
            "  ],\n});\n",
        ],
    ),
    (
        "prisma/schema.prisma",
        &[
            "datasource db {\n  provider = \"postgresql\"\n}\n\nmodel User {\n  id String @id\n  name String\n  email String @unique\n\
             \x20 emailVerified Boolean @default(false)\n  image String?\n  createdAt DateTime @default(now())\n  updatedAt DateTime @updatedAt",
            "?  username String? @unique\n  displayUsername String?",
            "?  role String?\n  banned Boolean?\n  banReason String?\n  banExpires DateTime?",
            "?  twoFactorEnabled Boolean?",
            "}\n\nmodel Verification {\n  id String @id\n  identifier String\n  value String\n  expiresAt DateTime",
            "?  createdAt DateTime @default(now())\n  updatedAt DateTime @updatedAt",
            "}\n",
            "?model Passkey {\n  id String @id\n  name String?\n  publicKey String\n  userId String\n  credentialID String\n  counter Int\n}\n",
            "?model TwoFactor {\n  id String @id\n  secret String\n  backupCodes String\n  userId String\n}\n",
        ],
    ),
    (
        "prisma/migrations/1/migration.sql",
        &[
            "create table \"User\" (\"id\" text primary key, \"name\" text not null, \"email\" text not null unique);\n",
            "?alter table \"User\" add column \"username\" text;\n",
            "?alter table \"User\" add column \"role\" text;\n",
            "?create table \"TwoFactor\" (\"id\" text primary key, \"secret\" text not null);\n",
            "?drop table \"Account\";\n",
        ],
    ),
    (
        "package.json",
        &[
            "{ \"name\": \"app\", \"dependencies\": {",
            "?\"@better-auth/passkey\": \"^1.7.0\",",
            "?\"notes\": \"^1.0.0\",",
            "\"better-auth\": \"^1.4.0\" } }\n",
        ],
    ),
    (
        "package-lock.json",
        &[
            "{ \"lockfileVersion\": 3, \"packages\": {",
            "?\"node_modules/@better-auth/passkey\": { \"version\": \"1.7.6\" },",
            "\"node_modules/better-auth\": { \"version\":",
            // The one that comes first is the version.
            "?\"1.4.22\", \"next\":",
            "\"1.7.25\" } } }\n",
        ],
    ),
    (".env", &["BETTER_AUTH_URL=http://localhost:3000\n", "?BETTER_AUTH_SECRET=0123456789abcdef0123456789abcdef\n"]),
    ("auth-review.toml", &["# Settings\n", "?fail-on = \"high\"\n", "?[rules]\n\"csrf-check-disabled\" = \"off\"\n"]),
    // Ignored: installed packages change without a trace in the index.
    (
        "node_modules/notes/package.json",
        &["{ \"version\": \"1.0.0\",", "?\"main\": \"none.js\",", "\"module\": \"index.js\" }\n"],
    ),
    (
        "node_modules/notes/index.js",
        &["export const notes = () => ({ id: 'notes',", "?schema: { note: { fields: { text: { type: 'string' } } } },", "});\n"],
    ),
];

/// Folders that are removed, and sometimes filled again at once.
const FOLDERS: &[&str] = &["prisma", "prisma/migrations", "src", "src/lib", "src/feature/deep/down", "apps/web/src/server"];

const BRANCHES: &[&str] = &["main", "one", "two", "three"];

/// What happens in a work tree, and how often. In commands of git, FILE, FOLDER, BRANCH and TREE are chosen at random.
const STEPS: &[(usize, &str)] = &[
    (14, "edit"),
    (20, "edit; add --all"),
    (6, "save by renaming"),
    (3, "remove a folder"),
    (3, "fill a new folder"),
    (1, "link instead of a file"),
    (8, "add --all"),
    (3, "add FILE"),
    (8, "add --patch"),
    (1, "add --intent-to-add ."),
    (1, "rm --quiet --cached FILE"),
    (2, "mv FOLDER moved"),
    (1, "update-index --chmod=+x FILE"),
    (2, "restore ."),
    (2, "restore --staged ."),
    (4, "checkout start -- ."),
    (4, "commit --message staged"),
    (4, "commit --all --message all"),
    (2, "edit; add --all; commit --message path -- src"),
    (2, "edit; commit --include --message included -- src prisma"),
    (2, "commit --amend --no-edit"),
    (1, "edit; commit --all --amend --no-edit"),
    (2, "stash push"),
    (1, "edit; stash push --include-untracked"),
    (1, "edit; add --patch; stash push --keep-index"),
    (2, "stash pop"),
    (1, "stash pop --index"),
    (3, "checkout BRANCH"),
    (3, "checkout --force BRANCH"),
    (1, "checkout --merge BRANCH"),
    (3, "rebase --autostash BRANCH"),
    (2, "commit --all --message before; rebase BRANCH"),
    (2, "commit --all --message before; merge BRANCH"),
    (2, "commit --all --message before; merge --no-ff --no-commit BRANCH"),
    (1, "merge --squash --autostash BRANCH"),
    (3, "commit --all --message before; cherry-pick BRANCH"),
    (1, "commit --all --message before; revert --no-edit HEAD~1"),
    (2, "add --all; commit --no-edit"),
    (1, "add --all; rebase --continue"),
    (1, "add --all; cherry-pick --continue"),
    (1, "rebase --abort"),
    (1, "merge --abort"),
    (1, "cherry-pick --abort"),
    (1, "reset --quiet --soft HEAD~1"),
    (2, "reset --quiet --hard HEAD"),
    (3, "worktree add --force TREE BRANCH"),
    (1, "worktree remove --force TREE"),
    (1, "remove a linked work tree; worktree prune"),
    (1, "update-index --split-index"),
    (1, "update-index --index-version 4"),
    (1, "repack -adq"),
];

const FAULTS: &[&str] = &[
    "killed",
    "killed and started",
    "stopped for a while",
    "program replaced",
    "socket removed",
    "cache damaged before the start",
    "cache damaged in use",
    "disk full",
    "watches used up",
];

/// Ways to ask, each through the daemon and without it.
const QUESTIONS: &[&[&str]] = &[
    &["hook", "pre-commit"],
    &["check", "--worktree", "--format", "json"],
    &["check", "--rev", "HEAD", "--base", "HEAD~1", "--format", "json"],
    &["check", "--staged", "--base", "main"],
    &["inspect", "--staged", "--format", "json"],
];

const STAGED: &[&str] = &["check", "--staged", "--format", "json"];

/// Asks both ways about the very index git commits from, which may be a temporary one.
const HOOK: &str = "#!/bin/sh
for way in --verbose --no-daemon; do
    \"$PROGRAM\" check --staged --format json $way >\"$RECORDS/$$$way\" 2>\"$RECORDS/$$$way.log\"
    echo \"exit code $?\" >>\"$RECORDS/$$$way\"
done
exit 0
";

struct Stress {
    repo: Repo,
    random: Random,
    /// Chooses the faults, so that the steps are the same whatever the daemon does.
    chance: Random,
    /// The work trees that may be there: the repository's own and linked ones.
    trees: [PathBuf; 3],
    /// The last answer in each work tree.
    last: BTreeMap<PathBuf, String>,
    /// What was done, and how often it succeeded and failed.
    done: BTreeMap<&'static str, (usize, usize)>,
    faults: BTreeMap<&'static str, usize>,
    answers: usize,
    by_daemon: usize,
    in_hooks: usize,
    by_others: usize,
    changed: usize,
    mismatches: Vec<String>,
    /// What the current round did, for reports.
    now: String,
}

impl Drop for Stress {
    fn drop(&mut self) {
        self.program(self.repo.root(), &["daemon", "stop"]);
    }
}

impl Stress {
    fn new(seed: u64) -> Self {
        let mut repo = Repo::new().with("CI", "").with("AUTH_REVIEW_DAEMON_IDLE", "120");
        for (variable, folder) in [
            ("XDG_RUNTIME_DIR", "runtime"),
            ("TMPDIR", "tmp"),
            ("RECORDS", "records"),
            ("HOOKS", "hooks"),
            ("NOWHERE", "nowhere"),
            ("OTHER_HOME", "other-home"),
        ] {
            let folder = repo.beside(folder);
            fs::create_dir(&folder).expect("a new folder");
            repo.set(variable, folder.to_str().expect("plain"));
        }
        // Another user's git, and this program, read a repository only where that user trusts its owner.
        fs::write(repo.beside("other-home/.gitconfig"), "[safe]\n\tdirectory = *\n").expect("written");
        repo.open_to_all();
        repo.set("PROGRAM", repo.beside("program").to_str().expect("plain"));
        for hook in ["pre-commit", "pre-merge-commit"] {
            let path = repo.beside("hooks").join(hook);
            fs::write(&path, HOOK).expect("written");
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("owner");
        }
        let trees = [repo.root().to_path_buf(), repo.beside("left"), repo.beside("right")];
        let stress = Self {
            repo,
            random: Random::new(seed),
            chance: Random::new(!seed),
            trees,
            last: BTreeMap::new(),
            done: BTreeMap::new(),
            faults: BTreeMap::new(),
            answers: 0,
            by_daemon: 0,
            in_hooks: 0,
            by_others: 0,
            changed: 0,
            mismatches: Vec::new(),
            now: String::new(),
        };
        stress.install_program();
        let root = stress.repo.root().to_path_buf();
        stress.repo.write(".gitignore", "node_modules\n");
        for (path, parts) in FILES {
            let required: Vec<&str> = parts.iter().copied().filter(|part| !part.starts_with('?')).collect();
            stress.repo.write(path, required.join(GAP));
        }
        stress.repo.git(&["add", "--all"]).passed();
        stress.repo.git(&["commit", "--quiet", "--message", "project"]).passed();
        stress.repo.git(&["config", "core.hooksPath", stress.repo.beside("hooks").to_str().expect("plain")]).passed();
        stress.repo.git(&["tag", "start"]).passed();
        for branch in BRANCHES.iter().filter(|branch| **branch != "main") {
            stress.repo.git(&["branch", branch]).passed();
        }
        assert_eq!(stress.program(&root, &["daemon", "start"]).code, 0);
        stress
    }

    fn round(&mut self, number: u64) {
        let (index, step) = (self.random.below(self.trees.len()), self.step());
        // A linked work tree is often not there; then it happens in the main one.
        let tree = Some(&self.trees[index]).filter(|tree| tree.join(".git").exists()).unwrap_or(&self.trees[0]).clone();
        self.now = format!("round {number}, {step} in {}", tree.file_name().expect("named").display());
        let succeeded = self.take(step, &tree);
        let count = self.done.entry(step).or_default();
        *if succeeded { &mut count.0 } else { &mut count.1 } += 1;
        self.compare_in_hooks();
        if self.chance.once_in(5) {
            let fault = *self.chance.pick(FAULTS);
            let _ = write!(self.now, ", daemon {fault}");
            self.harm(fault);
        }
        // Sometimes another question follows first, as its answer may be remembered.
        for tree in [&tree, &self.trees[0].clone()] {
            if tree.join(".git").exists() {
                let question = *self.random.pick(QUESTIONS);
                self.compare(tree, STAGED);
                self.compare(tree, question);
            }
            if self.random.below(4) != 0 {
                break;
            }
        }
        if self.random.once_in(3) {
            self.program(&self.trees[0], &["daemon", "start"]);
        }
    }

    fn step(&mut self) -> &'static str {
        let mut at = self.random.below(STEPS.iter().map(|(often, _)| often).sum());
        for (often, step) in STEPS {
            if at < *often {
                return step;
            }
            at -= often;
        }
        unreachable!("below the sum")
    }

    // -----------------------------------------------------------------------------------------------------------------
    // Work

    /// Takes a step and tells whether the last part of it was possible.
    fn take(&mut self, step: &str, tree: &Path) -> bool {
        step.split("; ").map(|part| self.take_part(part, tree)).last().unwrap_or_default()
    }

    fn take_part(&mut self, part: &str, tree: &Path) -> bool {
        match part {
            "edit" => self.edit(tree, |file, text| fs::write(file, text)),
            "save by renaming" => self.edit(tree, |file, text| {
                let draft = file.with_extension("draft");
                fs::write(&draft, text).and_then(|()| fs::rename(draft, file))
            }),
            "remove a folder" => fs::remove_dir_all(tree.join(self.random.pick(FOLDERS))).is_ok(),
            "remove a linked work tree" => fs::remove_dir_all(self.random.pick(&self.trees[1..])).is_ok(),
            "fill a new folder" => {
                let folder = tree.join(self.random.pick(FOLDERS));
                // All at once, and partly: the files that other folders have, too.
                FILES.iter().filter(|(path, _)| !path.starts_with("node_modules")).all(|(path, parts)| {
                    let file = folder.join(path);
                    let text = toggled(parts, "", &mut self.random);
                    fs::create_dir_all(file.parent().expect("below")).and_then(|()| fs::write(file, text)).is_ok()
                })
            }
            "link instead of a file" => {
                let file = tree.join(self.random.pick(FILES).0);
                fs::remove_file(&file).and_then(|()| std::os::unix::fs::symlink("elsewhere", file)).is_ok()
            }
            command => {
                let arguments: Vec<String> = command.split(' ').map(|word| self.fill_in(word)).collect();
                // The step itself may have removed the work tree.
                let place = if tree.exists() { tree } else { self.repo.root() };
                let mut git = self.repo.command(place, "git");
                git.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
                let mut git = git.spawn().expect("git");
                // What `add --patch` asks of each hunk.
                let answers: String = (0..24).map(|_| *self.random.pick(&["y\n", "n\n"])).collect();
                let mut input = git.stdin.take().expect("piped");
                // Most commands do not listen.
                let _ = input.write_all(answers.as_bytes());
                drop(input);
                git.wait().expect("a child").success()
            }
        }
    }

    fn fill_in(&mut self, word: &str) -> String {
        match word {
            "FILE" => self.random.pick(FILES).0.to_owned(),
            "FOLDER" => (*self.random.pick(FOLDERS)).to_owned(),
            "BRANCH" => (*self.random.pick(BRANCHES)).to_owned(),
            "TREE" => self.random.pick(&self.trees[1..]).to_str().expect("plain").to_owned(),
            word => word.to_owned(),
        }
    }

    fn edit(&mut self, tree: &Path, save: impl Fn(&Path, &str) -> std::io::Result<()>) -> bool {
        // Most often the server: it decides most.
        let (path, parts) = if self.random.once_in(3) { &FILES[0] } else { self.random.pick(FILES) };
        let file = tree.join(path);
        let text = toggled(parts, &fs::read_to_string(&file).unwrap_or_default(), &mut self.random);
        fs::create_dir_all(file.parent().expect("below")).and_then(|()| save(&file, &text)).is_ok()
    }

    // -----------------------------------------------------------------------------------------------------------------
    // Faults

    fn harm(&mut self, fault: &'static str) {
        let root = self.trees[0].clone();
        let daemon = self.daemon();
        let signal = |name: &str| {
            if let Some(process) = &daemon {
                // It may have left in the meantime.
                finish(Command::new("kill").args([name, process]));
            }
        };
        let mut happened = daemon.is_some();
        match fault {
            "killed" => signal("-KILL"),
            "killed and started" => {
                signal("-KILL");
                self.program(&root, &["daemon", "start"]);
            }
            "stopped for a while" => {
                signal("-STOP");
                self.compare(&root, STAGED);
                signal("-CONT");
            }
            "program replaced" => self.install_program(),
            "socket removed" => {
                let sockets = fs::read_dir(self.repo.beside("runtime/git-auth-review")).into_iter().flatten().flatten();
                for socket in sockets.filter(|entry| entry.path().extension().is_some_and(|end| end == "sock")) {
                    fs::remove_file(socket.path()).expect("there");
                }
                self.compare(&root, STAGED);
                // The one that nobody can reach any more leaves, so that another one can start: at once, where it can
                // watch its socket.
                happened &= self.daemon().is_some_and(|new| daemon.as_ref() != Some(&new));
                if !happened {
                    signal("-KILL");
                }
            }
            "cache damaged before the start" => {
                self.program(&root, &["daemon", "stop"]);
                happened = self.damage_cache();
                self.program(&root, &["daemon", "start"]);
            }
            "cache damaged in use" => {
                happened = self.damage_cache();
                self.compare(&root, STAGED);
                self.program(&root, &["daemon", "stop"]);
                self.program(&root, &["daemon", "start"]);
            }
            "disk full" => {
                // Writing fails beyond a few blocks, and does not end the process.
                let blocks = self.chance.below(100);
                happened = self.start_daemon_in("sh", &["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"")]);
                self.compare(&root, STAGED);
                self.program(&root, &["daemon", "stop"]);
                self.program(&root, &["daemon", "start"]);
            }
            "watches used up" => {
                // In a user namespace of its own, the limit is nobody else's.
                let limit = format!("echo {} >/proc/sys/user/max_inotify_watches && exec \"$0\" \"$@\"", self.chance.below(12));
                happened = self.start_daemon_in("unshare", &["--user", "--map-root-user", "sh", "-c", &limit]);
            }
            fault => unreachable!("no such fault: {fault}"),
        }
        *self.faults.entry(fault).or_default() += usize::from(happened);
    }

    /// Starts the daemon anew by way of another program; `false` when that is not possible here.
    fn start_daemon_in(&self, wrapper: &str, arguments: &[&str]) -> bool {
        self.program(&self.trees[0], &["daemon", "stop"]);
        let mut command = self.repo.command(&self.trees[0], wrapper);
        finish(command.args(arguments).arg(self.repo.beside("program")).args(["daemon", "start"])).code == 0
    }

    /// The process of the daemon, which is started unless it runs; `None` when it does not answer.
    fn daemon(&self) -> Option<String> {
        let status = self.program(&self.trees[0], &["daemon", "start"]).stdout;
        Some(status.split_once("process ")?.1.split_once(',')?.0.to_owned())
    }

    /// Puts the program in place, or another file with the same program in the place of the one that is there.
    fn install_program(&self) {
        let (new, program) = (self.repo.beside("program.new"), self.repo.beside("program"));
        // By another process: a program cannot be started while a child of this one still holds it open for writing.
        assert_eq!(finish(Command::new("cp").arg(PROGRAM).arg(&new)).code, 0);
        fs::rename(new, program).expect("renamed");
    }

    /// Damages a file of the cache at random; `false` when there is none.
    fn damage_cache(&mut self) -> bool {
        let files = |folder: &Path| -> Vec<PathBuf> {
            let mut found: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
            found.sort();
            found
        };
        let state = self.trees[0].join(".git/auth-review");
        let Some(cache) = files(&state).into_iter().find(|path| path.join("db").exists()) else { return false };
        let present: Vec<PathBuf> = files(&cache).into_iter().filter(|path| path.is_file()).collect();
        let file = self.chance.pick(&present);
        let Ok(mut bytes) = fs::read(file) else { return false };
        let at = self.chance.below(bytes.len().max(1));
        let damaged = match self.chance.below(6) {
            0 => fs::write(file, &bytes[..at.min(bytes.len())]),
            1 => {
                bytes.iter_mut().skip(at).take(64).for_each(|byte| *byte ^= 0x55);
                fs::write(file, bytes)
            }
            2 => fs::write(file, vec![0; bytes.len()]),
            3 => fs::remove_file(file),
            4 => fs::write(cache.join("snap.0000000000000010.generating"), ""),
            _ => fs::write(cache.join("snap.0000000000000010"), ""),
        };
        damaged.is_ok()
    }

    // -----------------------------------------------------------------------------------------------------------------
    // Answers

    fn program(&self, tree: &Path, arguments: &[&str]) -> Run {
        finish(self.repo.command(tree, self.repo.beside("program").to_str().expect("plain")).args(arguments))
    }

    /// Asks a question both ways.
    fn compare(&mut self, tree: &Path, question: &[&str]) {
        let mut with = self.repo.command(tree, self.repo.beside("program").to_str().expect("plain"));
        let mut without = self.repo.command(tree, PROGRAM);
        with.args(question);
        without.args(question);
        if question[0] == "hook" {
            // It has no option for it; it asks where nobody listens, and in CI it starts none either. What it says when it
            // cannot review is another thing there, so that both are asked in CI.
            with.env("CI", "1");
            without.env("XDG_RUNTIME_DIR", self.repo.beside("nowhere")).env("CI", "1");
        } else {
            with.arg("--verbose");
            without.args(["--verbose", "--no-daemon"]);
        }
        // Sometimes another user asks at the same time: whose daemon it is must not matter.
        let other = if question == STAGED && self.chance.once_in(4) { self.ask_as_someone_else(&with) } else { None };
        let (with, without) = (finish(&mut with), finish(&mut without));
        self.judge(&question.join(" "), &with, &without);
        if let Some(other) = other {
            let other: Run = other.wait_with_output().expect("a child").into();
            assert!(!other.by_daemon(), "the daemon serves another user");
            self.by_others += 1;
            self.judge("another user", &other, &without);
        }
        if question == STAGED
            && self.last.insert(tree.to_path_buf(), without.stdout.clone()).is_some_and(|last| last != without.stdout)
        {
            self.changed += 1;
        }
    }

    fn ask_as_someone_else(&self, question: &Command) -> Option<Child> {
        let mut other = as_someone_else(question)?;
        other.env("HOME", self.repo.beside("other-home"));
        Some(other.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started"))
    }

    /// Compares what the hook asked while git made commits.
    fn compare_in_hooks(&mut self) {
        let records = self.repo.beside("records");
        for entry in fs::read_dir(&records).expect("there").flatten() {
            let Some(hook) = entry.file_name().to_str().and_then(|name| name.strip_suffix("--verbose")).map(str::to_owned) else {
                continue;
            };
            let take = |name: String| {
                let path = records.join(name);
                let text = fs::read_to_string(&path).expect("written");
                fs::remove_file(path).expect("removed");
                text
            };
            let [with, without] = ["--verbose", "--no-daemon"].map(|way| Run {
                code: 0,
                stdout: take(format!("{hook}{way}")),
                stderr: take(format!("{hook}{way}.log")),
            });
            self.in_hooks += 1;
            self.judge("the hook of git", &with, &without);
        }
    }

    fn judge(&mut self, question: &str, with: &Run, without: &Run) {
        self.answers += 1;
        self.by_daemon += usize::from(with.by_daemon());
        assert!(!without.by_daemon(), "the reference does without a daemon");
        if (with.code, &with.stdout, said(with)) != (without.code, &without.stdout, said(without)) {
            self.mismatches.push(format!("{}: {question}\nwith a daemon: {with:#?}\nwithout: {without:#?}", self.now));
        }
    }

    fn summary(&self, seed: u64, rounds: u64) -> String {
        let mut text = format!(
            "seed {seed}, {rounds} rounds: {} answers compared, {} by the daemon, {} in hooks of git, {} of another user; \
             the findings changed {} times; {} mismatches\n",
            self.answers,
            self.by_daemon,
            self.in_hooks,
            self.by_others,
            self.changed,
            self.mismatches.len()
        );
        let faults: Vec<String> = self.faults.iter().map(|(fault, times)| format!("{fault} {times}")).collect();
        let _ = writeln!(text, "faults: {}", faults.join(", "));
        let done: Vec<String> = self.done.iter().map(|(step, (done, not))| format!("{step} {done}/{}", done + not)).collect();
        let _ = writeln!(text, "steps that were possible: {}", done.join(", "));
        text
    }
}

/// A file with up to three of its optional parts added or taken away.
fn toggled(parts: &[&str], text: &str, random: &mut Random) -> String {
    let optional = parts.iter().filter(|part| part.starts_with('?')).count();
    let chosen: [usize; 3] = std::array::from_fn(|_| random.below(optional));
    let mut kept = Vec::new();
    let mut number = 0;
    for part in parts {
        let Some(part) = part.strip_prefix('?') else {
            kept.push(*part);
            continue;
        };
        if text.contains(part) != chosen.contains(&number) {
            kept.push(part);
        }
        number += 1;
    }
    kept.join(GAP)
}

/// Standard error without the log.
fn said(run: &Run) -> String {
    let is_log = |line: &&str| ["DEBUG", "INFO", "WARN"].iter().any(|level| line.trim_start().starts_with(level));
    run.stderr.lines().filter(|line| !is_log(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn whatever_happens_the_answer_is_the_one_of_a_fresh_process() {
    let seed = number("AUTH_REVIEW_SEED").unwrap_or(1);
    let time = number("AUTH_REVIEW_MINUTES").map(|minutes| Duration::from_secs(60 * minutes));
    let asked = number("AUTH_REVIEW_ROUNDS").unwrap_or(ROUNDS);
    let began = Instant::now();
    let mut stress = Stress::new(seed);
    let mut rounds = 0;
    while stress.mismatches.is_empty() && time.map_or(rounds < asked, |time| began.elapsed() < time) {
        rounds += 1;
        stress.round(rounds);
    }
    let summary = stress.summary(seed, rounds);
    std::io::stderr().write_all(summary.as_bytes()).expect("a pipe");
    assert!(stress.mismatches.is_empty(), "{}", stress.mismatches.join("\n"));
    assert!(stress.by_daemon > 0 && stress.changed > 0, "nothing was put to the test");
}
