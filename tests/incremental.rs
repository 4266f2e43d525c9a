//! A project that is edited, renamed, moved, deleted and switched between states at random: a store that lived through
//! all of it gives the same model and the same findings as an empty one.
//!
//! `AUTH_REVIEW_ROUNDS` and `AUTH_REVIEW_SEED` say how many steps are taken, and which; `AUTH_REVIEW_PROJECT` names the
//! folder of a real project to take them in.

#[path = "oracle/random.rs"]
mod random;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use git_auth_review::cache::memory::MemoryStore;
use git_auth_review::config::Config;
use git_auth_review::engine::{self, Memory, Options, Recall, Surroundings};
use git_auth_review::report;
use git_auth_review::source::{BlobId, Entry, FileKind, Snapshot, SnapshotKind, Unreadable};
use random::{Random, number};

/// Steps of a run that nobody asked to be long.
const ROUNDS: u64 = 120;

/// States that are kept to be switched to, as branches are.
const BRANCHES: usize = 5;

type Files = BTreeMap<Arc<str>, Arc<str>>;

/// A project whose configuration is spread over many files.
const PROJECT: &[(&str, &str)] = &[
    (
        "package.json",
        "{ \"name\": \"root\", \"private\": true, \"workspaces\": [\"packages/*\"],\n\"dependencies\": { \"better-auth\": \"^1.4.0\" } }\n",
    ),
    (
        "package-lock.json",
        "{ \"lockfileVersion\": 3, \"packages\": {\n\"node_modules/better-auth\": { \"version\": \"1.4.22\" }\n} }\n",
    ),
    ("tsconfig.json", "{ \"compilerOptions\": { \"paths\": {\n\"@/*\": [\"./src/*\"]\n} } }\n"),
    (
        "packages/auth/package.json",
        "{ \"name\": \"@acme/auth\", \"private\": true,\n\"exports\": { \".\": \"./src/index.ts\" },\n\"dependencies\": { \"better-auth\": \"^1.4.0\" } }\n",
    ),
    ("packages/auth/src/index.ts", "export * from \"./factory\";\nexport { shared } from \"./shared\";\n"),
    ("packages/auth/src/shared.ts", "import { admin } from \"better-auth/plugins\";\nexport const shared = [\nadmin(),\n];\n"),
    (
        "packages/auth/src/factory.ts",
        "import { betterAuth } from \"better-auth\";\nimport { prismaAdapter } from \"better-auth/adapters/prisma\";\n\
         import { jwt, twoFactor } from \"better-auth/plugins\";\nimport { shared } from \"./shared\";\n\
         export function createAuth(more: any[] = [], origins: string[]) {\nreturn betterAuth({\n\
         database: prismaAdapter(client, { provider: \"postgresql\" }),\ntrustedOrigins: origins,\n\
         plugins: [...shared, ...more, jwt()],\n});\n}\n",
    ),
    (
        "src/auth.ts",
        "import { createAuth } from \"@acme/auth\";\nimport { username } from \"better-auth/plugins\";\n\
         import { origins } from \"@/lib/origins\";\nexport const auth = createAuth([username()], origins);\n",
    ),
    ("src/lib/origins.ts", "export const origins = [\n\"https://example.com\",\n];\n"),
    ("vite.config.ts", "export default {\nresolve: { alias: {\n\"$own\": \"/src\",\n} },\n};\n"),
    ("src/lib/extra.ts", "import { origins } from \"$own/lib/origins\";\norigins.push(\"https://extra.example\");\n"),
    (
        "src/lib/more.ts",
        "import { shared } from \"@acme/auth\";\nimport { twoFactor } from \"better-auth/plugins\";\nshared.push(twoFactor());\n",
    ),
    (
        "src/client.ts",
        "import { createAuthClient } from \"better-auth/react\";\nimport { adminClient } from \"better-auth/client/plugins\";\n\
         export const authClient = createAuthClient({\nplugins: [\nadminClient(),\n],\n});\n",
    ),
    (
        "prisma/schema.prisma",
        "datasource db {\n  provider = \"postgresql\"\n}\nmodel User {\n  id String @id\n  name String\n  email String @unique\n\
         \x20 emailVerified Boolean @default(false)\n  image String?\n  createdAt DateTime\n  updatedAt DateTime\n  role String?\n}\n\
         model Session {\n  id String @id\n  token String @unique\n  userId String\n  expiresAt DateTime\n}\n",
    ),
    (
        "prisma/migrations/1/migration.sql",
        "create table \"User\" (\"id\" text primary key, \"name\" text not null);\nalter table \"User\" add column \"role\" text;\n",
    ),
    (".env", "BETTER_AUTH_SECRET=0123456789abcdef0123456789abcdef\nBETTER_AUTH_URL=http://localhost:3000\n"),
];

/// Lines that are put in anywhere.
const LINES: &[&str] = &[
    "trustedOrigins: [\"*\"],",
    "advanced: { disableCSRFCheck: true },",
    "shared.push(twoFactor());",
    "origins.push(\"*\");",
    "export const auth = createAuth();",
    "import { createAuth } from \"@acme/auth\";",
    "export * from \"./shared\";",
    "username(),",
    "if (process.env.MORE) {",
    "if (process.env.NODE_ENV !== \"production\") {",
    "module.exports = { ...require(\"./shared\"), origins: [] };",
    "exports.shared = [];",
    "}",
    "// auth-review: ignore[csrf-check-disabled] another layer checks the origin",
    "model TwoFactor {\n  id String @id\n  secret String\n}",
    "alter table \"User\" add column \"username\" text;",
];

/// Endings a file may be given, each read in a way of its own.
const ENDINGS: &[&str] = &["ts", "tsx", "js", "vue", "sql", "prisma", "txt"];

/// Files as git keeps them: one object for one content, whatever its name.
struct Tree {
    entries: Vec<Entry>,
    files: Files,
}

impl Tree {
    fn new(files: &Files) -> Self {
        let blob = |text: &str| BlobId::from_bytes(blake3::hash(text.as_bytes()).as_bytes());
        let entries = files.iter().map(|(path, text)| Entry { path: Arc::clone(path), blob: blob(text) }).collect();
        Self { entries, files: files.clone() }
    }
}

impl Snapshot for Tree {
    fn kind(&self) -> SnapshotKind {
        SnapshotKind::Tree
    }

    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn tree(&self) -> Option<BlobId> {
        let mut hasher = blake3::Hasher::new();
        for entry in &self.entries {
            hasher.update(entry.path.as_bytes()).update(&[0]).update(entry.blob?.as_bytes());
        }
        BlobId::from_bytes(hasher.finalize().as_bytes())
    }

    fn read(&self, entry: &Entry, limit: usize) -> Result<Vec<u8>, Unreadable> {
        let text = self.files.get(&entry.path).ok_or_else(|| Unreadable::Io("no such file".into()))?;
        if text.len() > limit { Err(Unreadable::TooLarge(text.len() as u64)) } else { Ok(text.as_bytes().to_vec()) }
    }
}

/// The model, where it is asked for, and the findings, as they are printed.
fn answer(now: &Tree, before: &Tree, inspects: bool, memory: Memory<'_>) -> String {
    let config = match engine::config_of(now) {
        Ok(config) => config,
        Err(error) => return error.to_string(),
    };
    let mut text = String::new();
    if inspects {
        let (model, locator) = engine::located_model(now, &config, None, memory);
        text.push_str(&report::inspect::json(&model, &|site| locator.locate(site)));
    }
    let paths = now.files.keys().chain(before.files.keys());
    let changed = paths.filter(|path| now.files.get(*path) != before.files.get(*path)).map(ToString::to_string).collect();
    let options = Options { changed: Some(changed), ..Options::default() };
    match engine::review(now, &[before], Surroundings::default(), &options, memory) {
        Ok(review) => text.push_str(&report::json::review(&review)),
        Err(error) => text.push_str(&error.to_string()),
    }
    text
}

/// One change to some file, and what it was.
fn step(files: &mut Files, start: &Files, branches: &mut [Files], random: &mut Random) -> String {
    let paths: Vec<Arc<str>> = files.keys().cloned().collect();
    if paths.is_empty() || random.once_in(12) {
        let branch = random.below(branches.len());
        std::mem::swap(files, &mut branches[branch]);
        return format!("switch to {branch}");
    }
    let path = random.pick(&paths);
    match random.below(16) {
        0 => {
            files.remove(path);
            format!("delete {path}")
        }
        1 | 2 => {
            let stem = path.rsplit_once('.').map_or(&**path, |(stem, _)| stem);
            rename(files, path, format!("{stem}.{}", random.pick(ENDINGS)))
        }
        3 | 4 => {
            let other = random.pick(&paths);
            let folder = other.rsplit_once('/').map_or("", |(folder, _)| folder);
            let name = path.rsplit('/').next().unwrap_or(path);
            rename(files, path, format!("{folder}/{name}").trim_start_matches('/').to_owned())
        }
        5 => {
            let other = random.pick(&paths);
            let text = Arc::clone(&files[other]);
            files.insert(Arc::clone(path), text);
            format!("copy {other} over {path}")
        }
        6..=8 => {
            let known: Vec<&Arc<str>> = start.keys().collect();
            let path = *random.pick(&known);
            files.insert(Arc::clone(path), Arc::clone(&start[path]));
            format!("restore {path}")
        }
        _ => {
            let mut lines: Vec<&str> = files[path].lines().collect();
            let at = random.below(lines.len() + 1);
            let edit = match random.below(3) {
                0 => {
                    lines.insert(at, *random.pick::<&str>(LINES));
                    "add to"
                }
                1 if at < lines.len() => {
                    lines.remove(at);
                    "take from"
                }
                _ => {
                    let other = random.below(lines.len() + 1);
                    if at < lines.len() && other < lines.len() {
                        lines.swap(at, other);
                    }
                    "swap in"
                }
            };
            let text = lines.join("\n").into();
            files.insert(Arc::clone(path), text);
            format!("{edit} {path}:{at}")
        }
    }
}

fn rename(files: &mut Files, from: &str, to: String) -> String {
    if let Some(text) = files.remove(from) {
        files.insert(to.as_str().into(), text);
    }
    format!("rename {from} to {to}")
}

/// The files of a folder that a review reads.
fn files_of(folder: &Path) -> Files {
    let files = ignore::WalkBuilder::new(folder).hidden(false).build().flatten().filter_map(|entry| {
        let path = entry.path().strip_prefix(folder).ok()?.to_str()?;
        FileKind::of(path)?;
        Some((path.into(), std::fs::read_to_string(entry.path()).ok()?.into()))
    });
    files.collect()
}

#[test]
fn a_memory_that_lived_through_everything_answers_as_an_empty_one() {
    let seed = number("AUTH_REVIEW_SEED").unwrap_or(1);
    let rounds = number("AUTH_REVIEW_ROUNDS").unwrap_or(ROUNDS);
    let start: Files = match std::env::var("AUTH_REVIEW_PROJECT") {
        Ok(folder) => files_of(Path::new(&folder)),
        Err(_) => PROJECT.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect(),
    };
    let random = &mut Random::new(seed);
    let mut branches = vec![start.clone(); BRANCHES];
    let mut files = start.clone();
    let (store, recall) = (MemoryStore::default(), Recall::default());
    let mut before = Tree::new(&files);
    let (mut history, mut answers) = (String::new(), std::collections::BTreeSet::new());
    for round in 0..rounds {
        let done = step(&mut files, &start, &mut branches, random);
        writeln!(history, "{round}: {done}").expect("a string grows");
        let now = Tree::new(&files);
        // Most reviews follow another one that compared with the same commit.
        let inspects = random.once_in(3);
        let kept = answer(&now, &before, inspects, Memory::lasting(&store, &recall));
        let fresh = answer(&now, &before, inspects, (&MemoryStore::default()).into());
        assert!(kept == fresh, "AUTH_REVIEW_SEED={seed}\n{history}\nkept:\n{kept}\nfresh:\n{fresh}");
        answers.insert(blake3::hash(kept.as_bytes()).to_hex());
        if random.once_in(4) {
            writeln!(history, "{round}: commit").expect("a string grows");
            before = now;
        }
    }
    assert!(answers.len() as u64 * 20 > rounds, "steps should change something: {} answers", answers.len());
}

#[test]
fn what_leads_back_to_itself_is_the_same_whatever_was_asked_before() {
    let files = |other: &str| -> Files {
        let circle = "export const first: any = { name: \"x\", other: second };\n\
                      export const second: any = { hard: true, back: first };\n";
        let server = "import { betterAuth } from \"better-auth\";\nimport { first, second } from \"./circle\";\n\
                      export const auth = betterAuth({\n  appName: first.name,\n\
                      \x20 advanced: { disableCSRFCheck: second.back.other.hard },\n});\n";
        let all = [("src/auth.ts", server), ("src/circle.ts", circle), ("src/other.ts", other)];
        all.into_iter().map(|(path, text)| (path.into(), text.into())).collect()
    };
    let (store, recall) = (MemoryStore::default(), Recall::default());
    let nothing = Tree::new(&Files::new());
    for other in ["export const a = 1;\n", "export const a = 2;\n", "import \"better-auth\";\n", "export const a = 3;\n"] {
        let now = Tree::new(&files(other));
        let kept = answer(&now, &nothing, true, Memory::lasting(&store, &recall));
        assert_eq!(kept, answer(&now, &nothing, true, (&MemoryStore::default()).into()), "{other}");
    }
}

/// A file on disk that has another line at its top each time it is read.
struct Growing {
    entries: Vec<Entry>,
    reads: AtomicUsize,
}

impl Growing {
    const OPTION: &str = "disableCSRFCheck";

    fn new() -> Self {
        Self { entries: vec![Entry { path: "src/auth.ts".into(), blob: None }], reads: AtomicUsize::new(0) }
    }
}

impl Snapshot for Growing {
    fn kind(&self) -> SnapshotKind {
        SnapshotKind::Worktree
    }

    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn read(&self, _: &Entry, _: usize) -> Result<Vec<u8>, Unreadable> {
        let lines = "// another line\n".repeat(self.reads.fetch_add(1, Ordering::Relaxed));
        let option = Self::OPTION;
        Ok(format!(
            "{lines}import {{ betterAuth }} from \"better-auth\";\n\
             export const auth = betterAuth({{\n  advanced: {{ {option}: true }},\n  plugins: getPlugins(),\n}});\n"
        )
        .into_bytes())
    }
}

#[test]
fn what_is_shown_of_a_file_is_what_was_read_of_it() {
    let snapshot = Growing::new();
    let options = Options { today: "2030-01-31".into(), ..Options::default() };
    let review = engine::review(&snapshot, &[], Surroundings::default(), &options, &MemoryStore::default()).expect("a review");
    let finding = review.findings.first().expect("a finding");
    let line = |text: &str, line: u32| text.lines().nth(line as usize - 1).unwrap_or_default().to_owned();
    let shown = line(&review.texts["src/auth.ts"], finding.location.line);
    assert_eq!(shown.find(Growing::OPTION), Some(finding.location.column as usize - 1), "{shown}");

    let snapshot = Growing::new();
    let (model, locator) = engine::located_model(&snapshot, &Config::default(), None, &MemoryStore::default());
    let (server, open) = (&model.servers[0], &model.undetermined[0]);
    let lines = [&server.at, &open.site].map(|site| locator.locate(site).line);
    // It was read twice: for what it mentions, and for its facts.
    assert_eq!(lines, [3, 5]);
}
