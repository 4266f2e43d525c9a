//! The examples of a rule document, which are its tests: cases of files, and what must be found in them.
//!
//! A fence is a file when its info string has `file=path`. One more word behind it says which state of the file it is:
//!
//! - none: the file under review;
//! - `worktree`: the file in the work tree, where it differs;
//! - `before`: the file in the state the case is compared with, where it differs or is gone under review;
//! - `added`: the file under review, which that state does not have.
//!
//! A case without `before` and `added` is compared with nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Document, DocumentError, EXAMPLES, FIX_CLIENT, FIX_SERVER, MIGRATION};
use super::markdown::Block;
use crate::finding::Severity;

/// One case: files that stand together, and what is asserted of them.
#[derive(Debug, Clone, Default)]
pub struct Case {
    /// Section and heading, for messages.
    pub name: String,
    /// The section is a repair, so nothing may be found.
    pub repair: bool,
    /// The files under review, without their assertions.
    pub files: BTreeMap<String, String>,
    /// The files that differ in the work tree; empty where the work tree has no part in the case.
    pub worktree: BTreeMap<String, String>,
    /// The files that were different, or are gone, in the state the case is compared with.
    before: BTreeMap<String, String>,
    /// The files that state does not have.
    added: BTreeSet<String>,
    /// What must be found, and nothing else of the rule.
    pub expected: Vec<Expected>,
}

impl Case {
    /// All files of the state the case is compared with; `None` where it is compared with nothing.
    #[must_use]
    pub fn base(&self) -> Option<BTreeMap<String, String>> {
        if self.before.is_empty() && self.added.is_empty() {
            return None;
        }
        let mut files = self.files.clone();
        files.retain(|path, _| !self.added.contains(path));
        files.extend(self.before.clone());
        Some(files)
    }
}

/// One assertion: `// finding: "text"`, `// finding(medium): "text"` or `// undetermined: "text"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The file.
    pub file: String,
    /// 1-based line the primary place starts on.
    pub line: u32,
    /// What the message holds.
    pub text: String,
    /// A finding of this severity (any, if `None`), or an open question.
    pub kind: ExpectedKind,
}

/// What an assertion asserts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedKind {
    /// A finding, perhaps of a certain severity.
    Finding(Option<Severity>),
    /// A question the sources cannot answer.
    Undetermined,
}

/// The cases of a document. Files of the examples before their first `###` heading belong to every case that has no file
/// of that path.
///
/// # Errors
/// A [`DocumentError`] for an assertion that cannot be read, and for a file given twice in one case.
pub fn cases(document: &Document) -> Result<Vec<Case>, DocumentError> {
    let mut cases: Vec<Case> = Vec::new();
    let mut shared = Case::default();
    let mut section = "";
    for block in document.blocks() {
        match block {
            Block::Heading { level: 2, title, .. } => {
                section = title;
                if is_repair(section) {
                    cases.push(Case { name: title.to_owned(), repair: true, ..Case::default() });
                }
            }
            Block::Heading { level: 3, title, .. } if is_repair(section) || section == EXAMPLES => {
                cases.push(Case { name: format!("{section} / {title}"), repair: is_repair(section), ..Case::default() });
            }
            Block::Fence { info, content, line } => {
                let Some(path) = info.split_whitespace().find_map(|word| word.strip_prefix("file=")) else { continue };
                let case = match cases.last_mut() {
                    Some(case) if is_repair(section) || case.name.starts_with(EXAMPLES) => case,
                    _ => &mut shared,
                };
                let (text, expected) = assertions(path, content).map_err(|(offset, problem)| {
                    document.error(
                        line + offset,
                        problem,
                        "write `finding: \"text\"`, `finding(high): \"text\"` or `undetermined: \"text\"`",
                    )
                })?;
                let is = |state: &str| info.split_whitespace().any(|word| word == state);
                if is("before") && !expected.is_empty() {
                    return Err(document.error(
                        line,
                        "nothing is found in a state that is past",
                        "assert in the file under review",
                    ));
                }
                case.expected.extend(expected);
                if is("added") {
                    case.added.insert(path.to_owned());
                }
                let files = match (is("worktree"), is("before")) {
                    (true, _) => &mut case.worktree,
                    (_, true) => &mut case.before,
                    _ => &mut case.files,
                };
                if files.insert(path.to_owned(), text).is_some() {
                    return Err(document.error(
                        line,
                        format!("`{path}` is given twice in one case"),
                        "start a new case with a `###` heading",
                    ));
                }
            }
            _ => {}
        }
    }
    cases.retain(|case| !case.files.is_empty());
    for case in &mut cases {
        for (path, text) in &shared.files {
            case.files.entry(path.clone()).or_insert_with(|| text.clone());
        }
    }
    Ok(cases)
}

fn is_repair(section: &str) -> bool {
    matches!(section, FIX_SERVER | FIX_CLIENT | MIGRATION)
}

/// Takes the assertions out of a file. Everything before them stays where it is.
fn assertions(path: &str, content: &str) -> Result<(String, Vec<Expected>), (u32, String)> {
    let mut text = String::with_capacity(content.len());
    let mut expected = Vec::new();
    for (number, line) in (1..).zip(content.split_inclusive('\n')) {
        let Some((code, comment)) = split_assertion(line) else {
            text.push_str(line);
            continue;
        };
        for one in split_many(comment) {
            let (text, kind) = assertion(one).ok_or_else(|| (number, format!("`{one}` is no assertion")))?;
            expected.push(Expected { file: path.to_owned(), line: number, text, kind });
        }
        text.push_str(code.trim_end());
        text.push('\n');
    }
    Ok((text, expected))
}

/// The code and the assertion behind it, in the comment style of any language.
fn split_assertion(line: &str) -> Option<(&str, &str)> {
    ["// ", "# ", "-- "].into_iter().find_map(|opener| {
        let at = ["finding", "undetermined"].into_iter().filter_map(|word| line.find(&format!("{opener}{word}"))).min()?;
        Some((&line[..at], line[at + opener.len()..].trim()))
    })
}

/// Splits `finding: "a"; finding: "b"`.
fn split_many(comment: &str) -> impl Iterator<Item = &str> {
    comment.split("; ").map(str::trim)
}

fn assertion(text: &str) -> Option<(String, ExpectedKind)> {
    let (head, quoted) = text.split_once(": ")?;
    let message = quoted.trim().strip_prefix('"')?.strip_suffix('"')?.replace("\\\"", "\"");
    let severity = |name: &str| match name {
        "critical" => Some(Severity::Critical),
        "high" => Some(Severity::High),
        "medium" => Some(Severity::Medium),
        "low" => Some(Severity::Low),
        _ => None,
    };
    let kind = match head {
        "undetermined" => ExpectedKind::Undetermined,
        "finding" => ExpectedKind::Finding(None),
        _ => ExpectedKind::Finding(Some(severity(head.strip_prefix("finding(")?.strip_suffix(')')?)?)),
    };
    Some((message, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(body: &str) -> Document {
        let front =
            "+++\nid = \"x/y\"\nsummary = \"s\"\nseverity = \"high\"\nconfidence = \"high\"\ntier = 1\ncheck = \"code\"\n+++\n";
        Document::parse("x/y.md", format!("{front}{body}")).expect("valid")
    }

    #[test]
    fn cases_share_files_and_hold_assertions() {
        let document = document(
            "## Fix on the server\n```ts file=a.ts\nok\n```\n## Examples\n```json file=package.json\n{}\n```\n\
             ### One\n```ts file=a.ts\nbad() // finding: \"x\"; undetermined: \"y\"\nfine\n```\n\
             ```sql file=b.sql worktree\nselect 1; -- finding(low): \"z\"\n```\n### Two\n```ts file=package.json\n[]\n```\n",
        );
        let cases = cases(&document).expect("valid");
        let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names, ["Fix on the server", "Examples / One", "Examples / Two"]);
        assert!(cases[0].repair && cases[0].files.contains_key("package.json"));
        assert_eq!(cases[1].files["a.ts"], "bad()\nfine\n");
        assert_eq!(cases[1].worktree["b.sql"], "select 1;\n");
        let lines: Vec<_> =
            cases[1].expected.iter().map(|one| (one.file.as_str(), one.line, one.text.as_str(), one.kind)).collect();
        let finding = ExpectedKind::Finding;
        assert_eq!(
            lines,
            [
                ("a.ts", 1, "x", finding(None)),
                ("a.ts", 1, "y", ExpectedKind::Undetermined),
                ("b.sql", 1, "z", finding(Some(Severity::Low))),
            ]
        );
        assert_eq!(cases[2].files["package.json"], "[]\n");
    }

    #[test]
    fn a_case_may_have_a_past() {
        let document = document(
            "## Examples\n```ts file=a.ts\n1\n```\n```ts file=b.ts\n1\n```\n### One\n```ts file=a.ts before\n0\n```\n\
             ```ts file=c.ts added\n2\n```\n```ts file=d.ts before\n3\n```\n### Two\n```ts file=a.ts\n4\n```\n",
        );
        let cases = cases(&document).expect("valid");
        let files = |files: &BTreeMap<String, String>| -> String {
            files.iter().map(|(path, text)| format!("{path}={} ", text.trim())).collect()
        };
        assert_eq!(files(&cases[0].files), "a.ts=1 b.ts=1 c.ts=2 ");
        assert_eq!(cases[0].base().as_ref().map(files).as_deref(), Some("a.ts=0 b.ts=1 d.ts=3 "));
        assert_eq!(cases[1].base(), None);
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        let wrong = document("## Examples\n### A\n```ts file=a.ts\nx // finding(huge): \"t\"\n```\n");
        assert_eq!(cases(&wrong).expect_err("no such severity").line, 12);
        let twice = document("## Examples\n### A\n```ts file=a.ts\n```\n```ts file=a.ts\n```\n");
        assert!(cases(&twice).expect_err("twice").problem.contains("twice"));
        let past = document("## Examples\n### A\n```ts file=a.ts before\nx // finding: \"t\"\n```\n");
        assert!(cases(&past).expect_err("in the past").problem.contains("past"));
    }
}
