//! The rule documents, executed: every example is reviewed, and what is found must be what the example says.

use std::collections::BTreeMap;
use std::path::Path;

use git_auth_review::cache::memory::MemoryStore;
use git_auth_review::engine::{Options, Review, Surroundings, WorkTree, review};
use git_auth_review::finding::Severity;
use git_auth_review::rules::document::{Document, EXAMPLES};
use git_auth_review::rules::examples::{Case, ExpectedKind, cases};
use git_auth_review::source::{MemorySnapshot, Snapshot};

datatest_stable::harness! {
    { test = built_in, root = "rules", pattern = r"^[a-z0-9-]+/[a-z0-9-]+\.md$" },
    { test = of_a_project, root = "tests/rules", pattern = r"\.md$" },
}

type Outcome = datatest_stable::Result<()>;

/// A rule of this program.
fn built_in(path: &Path, text: String) -> Outcome {
    let document = Document::parse(&path.to_string_lossy(), text)?;
    let cases = cases(&document)?;
    let examples = || cases.iter().filter(|case| case.name.starts_with(EXAMPLES));
    let is_positive = |case: &Case| case.expected.iter().any(|one| matches!(one.kind, ExpectedKind::Finding(_)));
    let mut problems = Vec::new();
    if !examples().any(is_positive) {
        problems.push("no example has a finding".to_owned());
    }
    if examples().all(is_positive) {
        problems.push("no example is free of findings".to_owned());
    }
    for section in [git_auth_review::rules::document::FIX_SERVER, git_auth_review::rules::document::FIX_CLIENT] {
        if !cases.iter().any(|case| case.name.starts_with(section)) {
            problems.push(format!("the section `{section}` has no files"));
        }
    }
    for case in &cases {
        problems.extend(judge(case, &document.metadata.id, &asked_for(&document, &document.metadata.id)));
    }
    verdict(problems)
}

/// A rule of a project: the document lies in `.auth-review/rules/` of every case.
fn of_a_project(path: &Path, text: String) -> Outcome {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let document = Document::parse(&path.to_string_lossy(), text.clone())?;
    let id = match document.metadata.id.as_str() {
        "" => format!("user/{}", name.trim_end_matches(".md")),
        id => id.to_owned(),
    };
    let mut own = asked_for(&document, &id);
    own.push((format!(".auth-review/rules/{name}"), text));
    verdict(cases(&document)?.iter().flat_map(|case| judge(case, &id, &own)).collect())
}

/// The configuration that asks for a rule which is not shown otherwise.
fn asked_for(document: &Document, id: &str) -> Vec<(String, String)> {
    let configuration = ("auth-review.toml".to_owned(), format!("[rules]\n\"{id}\" = \"on\"\n"));
    if document.metadata.tier == 3 { vec![configuration] } else { Vec::new() }
}

fn verdict(problems: Vec<String>) -> Outcome {
    if problems.is_empty() { Ok(()) } else { Err(format!("\n{}", problems.join("\n")).into()) }
}

/// Reviews a case, with a project's own files beside it; every disagreement is one line.
fn judge(case: &Case, rule: &str, own: &[(String, String)]) -> Vec<String> {
    let review = match run(case, own) {
        Ok(review) => review,
        Err(why) => return vec![format!("{}: {why}", case.name)],
    };
    let mut problems = review.notes.iter().map(|note| format!("{}: note: {note}", case.name)).collect::<Vec<_>>();
    let mut unasserted: Vec<_> =
        review.findings.iter().filter(|finding| finding.rule == rule || case.repair && finding.tier == 1).collect();
    for expected in &case.expected {
        let place = format!("{}: {}:{}", case.name, expected.file, expected.line);
        match expected.kind {
            ExpectedKind::Finding(severity) => {
                let fits = |severity: Option<Severity>, actual| severity.is_none_or(|severity| severity == actual);
                let found = unasserted.iter().position(|finding| {
                    finding.rule == rule
                        && finding.location.file == expected.file
                        && finding.location.line == expected.line
                        && finding.message.contains(&expected.text)
                        && fits(severity, finding.severity)
                });
                match found {
                    Some(at) => drop(unasserted.remove(at)),
                    None => problems.push(format!("{place}: no finding {severity:?} with {:?}", expected.text)),
                }
            }
            ExpectedKind::Undetermined => {
                let found = review.undetermined.iter().any(|open| {
                    open.location.file == expected.file
                        && open.location.line == expected.line
                        && format!("{}: {}", open.question, open.reason).contains(&expected.text)
                });
                if !found {
                    problems.push(format!("{place}: no open question with {:?} among {:#?}", expected.text, review.undetermined));
                }
            }
        }
    }
    problems.extend(unasserted.into_iter().map(|finding| {
        let location = &finding.location;
        format!(
            "{}: {}:{}: not asserted: {} {:?} {}",
            case.name, location.file, location.line, finding.rule, finding.severity, finding.message
        )
    }));
    problems
}

fn run(case: &Case, own: &[(String, String)]) -> Result<Review, String> {
    let snapshot = |files: BTreeMap<String, String>| {
        let files = files.into_iter().chain(own.iter().cloned());
        MemorySnapshot::new(files.map(|(path, text)| (path, text.into_bytes())))
    };
    let index = snapshot(case.files.clone());
    let mut on_disk = case.files.clone();
    on_disk.extend(case.worktree.clone());
    let open = || Some(Box::new(snapshot(on_disk.clone())) as Box<dyn Snapshot>);
    let worktree: Option<WorkTree<'_>> = if case.worktree.is_empty() { None } else { Some(&open) };
    let base = case.base().map(snapshot);
    let bases: Vec<&dyn Snapshot> = base.iter().map(|base| base as &dyn Snapshot).collect();
    let options = Options { today: "2026-01-01".into(), ..Options::default() };
    let around = Surroundings { worktree, installed: None };
    review(&index, &bases, around, &options, &MemoryStore::default()).map_err(|why| why.to_string())
}
