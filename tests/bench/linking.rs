//! How long the model of a repository takes after one file was edited, compared with parsing that file:
//! `cargo bench --bench linking -- REPOSITORY`. The repository is cloned; its first auth configuration is edited and staged.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use git_auth_review::cache::memory::MemoryStore;
use git_auth_review::engine::{self, Memory, Recall};
use git_auth_review::git::{Environment, Repo};
use git_auth_review::source::FileKind;
use git_auth_review::syntax::typescript;

/// Edits.
const ROUNDS: usize = 40;

fn git(directory: &Path, arguments: &[&str]) {
    let status = Command::new("git").arg("-C").arg(directory).args(arguments).status().expect("git runs");
    assert!(status.success(), "git {arguments:?}");
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() {
    // Cargo adds an option of its own.
    let source = std::env::args().skip(1).find(|argument| !argument.starts_with("--")).expect("usage: … -- REPOSITORY");
    let clone = tempfile::tempdir().expect("a temporary folder");
    // Only the index is looked at, and one file of the work tree.
    git(Path::new("."), &["clone", "--quiet", "--shared", "--no-checkout", &source, &clone.path().to_string_lossy()]);
    git(clone.path(), &["read-tree", "HEAD"]);
    let environment = Environment { directory: clone.path().to_path_buf(), ..Environment::default() };
    let (store, recall) = (MemoryStore::default(), Recall::default());
    let model = || {
        let index = Repo::open(&environment).and_then(|repo| repo.index()).expect("an index");
        let config = engine::config_of(&index).expect("a sound configuration");
        let start = Instant::now();
        let model = engine::model(&index, &config, None, Memory::lasting(&store, &recall));
        (start.elapsed(), model)
    };
    let (first, before) = model();
    let file = before.servers.first().expect("a server").at.file.to_string();
    git(clone.path(), &["checkout-index", &file]);
    let path = clone.path().join(&file);
    let kind = FileKind::of(&file).expect("code");
    let text = std::fs::read_to_string(&path).expect("the file of the server");

    let edit = |number: usize| {
        let edited = format!("{text}\nexport const edit{number} = {number};\n");
        std::fs::write(&path, &edited).expect("the file is written");
        git(clone.path(), &["add", &file]);
        edited
    };
    // The reviewer's own would begin with the tree it has of the text before the edit.
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&typescript::language(kind)).expect("a grammar");
    let (mut read, mut linked, mut parsed) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let edited = edit(round);
        let (took, after) = model();
        assert_eq!(after.servers.len(), before.servers.len());
        read.push(took);
        let start = Instant::now();
        std::hint::black_box(parser.parse(&edited, None));
        parsed.push(start.elapsed());
    }
    // These are known by now.
    for round in 0..ROUNDS {
        edit(round);
        linked.push(model().0);
    }
    let (read, linked, parsed) = (median(read), median(linked), median(parsed));
    let summary = format!(
        "{} servers, {} clients, {} files in the model; the first time in {first:?}\n\
         after an edit of {file} ({} bytes): {read:?}, median of {ROUNDS}; linking alone: {linked:?}\n\
         parsing that file: {parsed:?}; the model takes {:.1} times as long, linking alone {:.1}\n",
        before.servers.len(),
        before.clients.len(),
        before.files.len(),
        text.len(),
        read.as_secs_f64() / parsed.as_secs_f64(),
        linked.as_secs_f64() / parsed.as_secs_f64(),
    );
    std::io::stdout().write_all(summary.as_bytes()).expect("somebody reads it");
}
