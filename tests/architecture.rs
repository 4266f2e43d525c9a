//! Keeps the order of the layers true: data flows one way, and nothing below `engine` does input or output.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// What each module of the library may use, from the bottom up. A module may use only what stands above it in this table,
/// so the order itself proves that there is no circle.
const LAYERS: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("syntax", &["source"]),
    ("facts", &["source", "syntax"]),
    ("finding", &["source"]),
    ("knowledge", &["source"]),
    ("project", &["source", "syntax", "facts", "finding", "knowledge"]),
    ("rules", &["source", "syntax", "facts", "finding", "knowledge", "project"]),
    ("config", &["source", "finding", "project"]),
    ("triage", &["source", "facts", "finding", "config"]),
    ("cache", &["source", "facts"]),
    ("engine", &["source", "facts", "finding", "knowledge", "project", "rules", "config", "triage", "cache"]),
    ("fix", &["source", "finding", "cache", "engine"]),
    ("report", &["source", "facts", "finding", "knowledge", "project", "rules", "triage", "engine", "fix"]),
    ("git", &["source"]),
    ("service", &["source", "finding", "project", "config", "triage", "cache", "engine", "report", "git"]),
    ("watcher", &[]),
    ("watch", &["source", "cache", "engine", "git", "service", "watcher"]),
    ("daemon", &["source", "facts", "config", "cache", "engine", "report", "git", "service", "watcher", "watch"]),
    (
        "cli",
        &[
            "source",
            "finding",
            "knowledge",
            "project",
            "rules",
            "config",
            "triage",
            "cache",
            "engine",
            "fix",
            "report",
            "git",
            "service",
            "watch",
            "daemon",
        ],
    ),
];

/// Modules that work on what they are given.
const PURE: &[&str] =
    &["source", "syntax", "facts", "finding", "knowledge", "project", "rules", "config", "triage", "engine", "fix", "report"];

/// Ways to reach outside the process.
const OUTSIDE: &[&str] = &[
    "std::fs",
    "TcpStream",
    "UdpSocket",
    "ToSocketAddrs",
    "std::process",
    "std::env::",
    "std::io::std",
    "git2::",
    "notify::",
    "interprocess::",
];

struct File {
    path: PathBuf,
    /// The module below the crate's root it belongs to.
    module: String,
    /// Its lines without comments and tests, numbered from 1.
    lines: Vec<(usize, String)>,
}

#[test]
fn modules_use_only_the_layers_below_them() {
    let mut faults = String::new();
    for file in sources() {
        let Some((_, allowed)) = LAYERS.iter().find(|(module, _)| *module == file.module) else {
            let _ = writeln!(faults, "{}: the module `{}` has no place in the table of layers", file.path.display(), file.module);
            continue;
        };
        for (number, used) in uses(&file) {
            if used != file.module && !allowed.contains(&used.as_str()) {
                let path = file.path.display();
                let _ = writeln!(faults, "{path}:{number}: `{}` must not use `{used}`; it may use {allowed:?}", file.module);
            }
        }
    }
    assert!(faults.is_empty(), "the order of the layers is broken:\n{faults}");
}

#[test]
fn the_table_of_layers_has_no_circle() {
    for (place, (module, allowed)) in LAYERS.iter().enumerate() {
        let below: Vec<&str> = LAYERS[..place].iter().map(|(module, _)| *module).collect();
        let wrong: Vec<_> = allowed.iter().filter(|used| !below.contains(used)).collect();
        assert!(wrong.is_empty(), "`{module}` may use {wrong:?}, which must stand above it in the table");
    }
}

#[test]
fn nothing_below_the_engine_reaches_outside() {
    let mut faults = String::new();
    for file in sources().into_iter().filter(|file| PURE.contains(&file.module.as_str())) {
        for (number, line) in &file.lines {
            for way in OUTSIDE.iter().filter(|way| line.contains(**way)) {
                let _ = writeln!(faults, "{}:{number}: `{}` must not use `{way}`", file.path.display(), file.module);
            }
        }
    }
    assert!(faults.is_empty(), "input and output belong to the shells around the engine:\n{faults}");
}

/// The files of the library, without its root and the program's.
fn sources() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    let files: Vec<File> = paths
        .into_iter()
        .filter_map(|path| {
            let inside = path.strip_prefix(&root).expect("found below the root").to_path_buf();
            let first = inside.iter().next()?.to_str()?.trim_end_matches(".rs").to_owned();
            let is_test = matches!(inside.file_stem()?.to_str()?, "tests" | "sample");
            if matches!(first.as_str(), "lib" | "main") || is_test {
                return None;
            }
            let text = fs::read_to_string(&path).expect("a source file is readable");
            Some(File { path: Path::new("src").join(inside), module: first, lines: code(&text) })
        })
        .collect();
    assert!(files.len() > 20, "the sources were not found");
    files
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("a source folder is readable");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            into.push(path);
        }
    }
}

/// The lines of a file without comments, up to its tests, which may use anything.
fn code(text: &str) -> Vec<(usize, String)> {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(number, line)| (number, line.split(" // ").next().unwrap_or_default().to_owned()))
        .collect()
}

/// Every module below the crate's root that a file names, with the line.
fn uses(file: &File) -> BTreeSet<(usize, String)> {
    let mut found = BTreeSet::new();
    for (place, (number, line)) in file.lines.iter().enumerate() {
        for (at, path) in line.match_indices("crate::") {
            let rest = &line[at + path.len()..];
            if rest.starts_with('{') {
                let group: String = file.lines[place..].iter().map(|(_, line)| line.as_str()).collect();
                let names = top_level_names(&group[at + path.len() + 1..]);
                found.extend(names.into_iter().map(|name| (*number, name)));
            } else {
                found.insert((*number, name_at(rest)));
            }
        }
    }
    found
}

/// The first names of the paths in `a::b, c::{d, e}}…`.
fn top_level_names(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(name_at(&group[start..at]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(name_at(&group[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn name_at(path: &str) -> String {
    path.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn the_test_sees_what_it_looks_for() {
    let text = "use crate::engine::Review;\n// crate::cli\nuse crate::{git::open, report::{json, text},\n  daemon};\nfn f() { crate::cli::main() }\n";
    let file = File { path: PathBuf::new(), module: "rules".into(), lines: code(text) };
    let names: Vec<(usize, String)> = uses(&file).into_iter().collect();
    let expected = [(1, "engine"), (3, "daemon"), (3, "git"), (3, "report"), (5, "cli")];
    assert_eq!(names, expected.map(|(line, name)| (line, name.to_owned())));
}
