//! How long reading the facts of files takes, compared with parsing them and nothing else, and how large facts are:
//! `cargo bench --bench throughput -- FOLDER`, with a folder of projects.

use std::io::Write as _;
use std::time::{Duration, Instant};

use git_auth_review::facts::signals::scan;
use git_auth_review::facts::{common, extract};
use git_auth_review::source::FileKind;
use git_auth_review::syntax::typescript;

/// Repetitions, of which the fastest counts.
const TURNS: usize = 5;

fn fastest(mut work: impl FnMut()) -> Duration {
    let turn = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..TURNS).map(turn).min().unwrap_or_default()
}

fn main() {
    // Cargo adds an option of its own.
    let root = std::env::args().skip(1).find(|argument| !argument.starts_with("--")).expect("usage: … -- FOLDER");
    let texts = ignore::Walk::new(root).flatten().filter_map(|entry| {
        let kind = FileKind::of(entry.path().to_str()?).filter(|kind| kind.is_code())?;
        Some((kind, std::fs::read_to_string(entry.path()).ok()?))
    });
    let all: Vec<(FileKind, String)> = texts.collect();
    let read: Vec<&(FileKind, String)> =
        all.iter().filter(|(kind, text)| text.len() <= kind.max_bytes() && scan(text.as_bytes()).any()).collect();

    let scanned = fastest(|| all.iter().for_each(|(_, text)| _ = std::hint::black_box(scan(text.as_bytes()))));
    let parsed = fastest(|| read.iter().for_each(|(kind, text)| _ = std::hint::black_box(typescript::parse(*kind, text))));
    let extracted = fastest(|| read.iter().for_each(|(kind, text)| _ = std::hint::black_box(extract(*kind, text.as_bytes()))));
    let stored: usize =
        read.iter().map(|(kind, text)| common::to_bytes(&extract(*kind, text.as_bytes())).map_or(0, |bytes| bytes.len())).sum();

    let bytes = |texts: &mut dyn Iterator<Item = usize>| texts.sum::<usize>();
    let (all_bytes, read_bytes) =
        (bytes(&mut all.iter().map(|(_, text)| text.len())), bytes(&mut read.iter().map(|(_, text)| text.len())));
    let ratio = extracted.as_secs_f64() / parsed.as_secs_f64();
    let summary = format!(
        "scanned {} files, {all_bytes} bytes, in {scanned:?}\nparsed {} of them, {read_bytes} bytes, in {parsed:?}\n\
         extracted their facts in {extracted:?}: {ratio:.2} times the parser\n{} bytes of facts a file\n",
        all.len(),
        read.len(),
        stored / read.len().max(1),
    );
    std::io::stdout().write_all(summary.as_bytes()).expect("somebody reads it");
}
