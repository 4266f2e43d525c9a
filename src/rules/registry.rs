//! All rules, and the one way to run them.

use std::sync::{Arc, LazyLock};

use super::context::release;
use super::document::Document;
use super::metadata::CheckKind;
use super::query::Compiled;
use super::{CODED, Check, Context, Reporter, declared, query};
use crate::finding::{Open, Report, Severity};
use crate::project::Server;

/// The documents compiled into this program: path below `rules/` without its ending, and text. Written by `build.rs`.
const DOCUMENTS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/documents.rs"));

/// Most documents of a project's own that are read.
const MAX_USER_DOCUMENTS: usize = 200;

/// Largest document of a project's own, in bytes.
const MAX_USER_BYTES: usize = 64 * 1024;

/// What running the rules gives.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Hits, in no order.
    pub reports: Vec<Report>,
    /// Questions the sources cannot answer.
    pub open: Vec<Open>,
    /// Things worth telling about the rules themselves: one line each.
    pub notes: Vec<String>,
}

impl Outcome {
    pub(super) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// One rule. Clones share everything.
#[derive(Debug, Clone)]
pub struct Rule(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: String,
    document: Document,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Declared,
    Query(Box<Compiled>),
    Code(Check),
}

impl Rule {
    fn new(id: String, document: Document, coded: Option<Check>) -> Option<Self> {
        let way = match (document.metadata.check, coded) {
            (CheckKind::Declared, None) => Way::Declared,
            (CheckKind::Query, None) => Way::Query(Box::default()),
            (CheckKind::Code, Some(check)) => Way::Code(check),
            _ => return None,
        };
        Some(Self(Arc::new(Inner { id, document, way })))
    }

    /// `category/id`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The severity where nothing lowers it.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.0.document.metadata.severity
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.0.document
    }

    /// Whether the rule is asked of a server, by its version and plugins.
    #[must_use]
    pub fn applies(&self, server: &Server) -> bool {
        let applies_to = &self.document().metadata.applies_to;
        let plugins = &applies_to.plugins;
        applies_to.better_auth.contains(&release(&server.version))
            && (plugins.is_empty() || server.plugins.iter().any(|plugin| plugins.contains(&plugin.name)))
    }
}

/// The rules in effect.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    rules: Vec<Rule>,
    notes: Vec<String>,
}

impl Registry {
    /// The rules of this program, read once.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Registry> = LazyLock::new(|| {
            let mut registry = Registry::default();
            for (id, text) in DOCUMENTS {
                match Document::parse(&format!("rules/{id}.md"), *text) {
                    Ok(document) => match Rule::new((*id).to_owned(), document, coded(id)) {
                        Some(rule) => registry.rules.push(rule),
                        None => {
                            registry.notes.push(format!("rules/{id}.md: `check` does not agree with the function listed for it"))
                        }
                    },
                    Err(error) => registry.notes.push(error.to_string()),
                }
            }
            registry
        });
        &BUILTIN
    }

    /// The rules of this program and a project's own: path and text of every document. What cannot be read becomes a note.
    #[must_use]
    pub fn with_user_documents(documents: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut registry = Self::builtin().clone();
        for (count, (path, text)) in documents.into_iter().enumerate() {
            if count == MAX_USER_DOCUMENTS {
                registry.notes.push(format!("only the first {MAX_USER_DOCUMENTS} rule documents of the project are used"));
                break;
            }
            if let Err(note) = registry.add(&path, text) {
                registry.notes.push(note);
            }
        }
        registry
    }

    fn add(&mut self, path: &str, text: String) -> Result<(), String> {
        if text.len() > MAX_USER_BYTES {
            return Err(format!("{path}: the rule document is larger than {} KiB; it is not used", MAX_USER_BYTES / 1024));
        }
        let document = Document::parse(path, text).map_err(|error| error.to_string())?;
        let id = match document.metadata.id.as_str() {
            "" => {
                let name = path.rsplit('/').next().unwrap_or(path);
                format!("user/{}", name.strip_suffix(".md").unwrap_or(name))
            }
            id if id.contains('/') => id.to_owned(),
            id => format!("user/{id}"),
        };
        if self.find(&id).is_some() {
            return Err(format!("{path}:1: there is a rule `{id}` already; give this one another `id`"));
        }
        let rule = Rule::new(id, document, None).ok_or_else(|| {
            format!("{path}:1: a project's own rules cannot be code; use `check = \"declared\"` or `\"query\"`")
        })?;
        self.rules.push(rule);
        Ok(())
    }

    /// All rules.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What is wrong with rule documents: one line each.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The rule of this name, with or without its category.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Rule> {
        let short = |id: &str| id.rsplit_once('/').is_some_and(|(_, last)| last == name);
        self.rules.iter().find(|rule| rule.id() == name).or_else(|| self.rules.iter().find(|rule| short(rule.id())))
    }

    /// Asks every rule of a project.
    #[must_use]
    pub fn run(&self, cx: &Context<'_>) -> Outcome {
        let mut outcome = Outcome { notes: self.notes.clone(), ..Outcome::default() };
        let mut queries = Vec::new();
        for rule in &self.rules {
            match &rule.0.way {
                Way::Declared => declared::check(rule, cx, &mut Reporter::new(rule, &mut outcome)),
                Way::Code(check) => check(cx, &mut Reporter::new(rule, &mut outcome)),
                Way::Query(compiled) => queries.push((rule, &**compiled)),
            }
        }
        query::run(&queries, cx, &mut outcome);
        outcome
    }
}

fn coded(id: &str) -> Option<Check> {
    let (category, name) = id.split_once('/')?;
    let (_, checks) = CODED.iter().find(|(known, _)| *known == category)?;
    checks.iter().find(|(known, _)| *known == name).map(|(_, check)| *check)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rules::document::SECTIONS;
    use crate::rules::markdown::Block;

    #[test]
    fn every_document_is_a_rule_and_every_function_has_one() {
        let registry = Registry::builtin();
        assert_eq!(registry.notes(), [""; 0]);
        assert_eq!(registry.rules().len(), DOCUMENTS.len());
        let ids: BTreeSet<&str> = registry.rules().iter().map(Rule::id).collect();
        assert_eq!(ids.len(), DOCUMENTS.len(), "ids are unique");
        for (category, checks) in CODED {
            for (name, _) in checks {
                assert!(ids.contains(format!("{category}/{name}").as_str()), "{category}/{name} has no document");
            }
        }
    }

    #[test]
    fn short_names_are_unique_so_that_they_can_be_asked_for() {
        let names: BTreeSet<&str> = DOCUMENTS.iter().filter_map(|(id, _)| Some(id.split_once('/')?.1)).collect();
        assert_eq!(names.len(), DOCUMENTS.len());
    }

    #[test]
    fn documents_are_complete_and_cite_their_basis() {
        for rule in Registry::builtin().rules() {
            let document = rule.document();
            let metadata = &document.metadata;
            assert_eq!(metadata.id, rule.id(), "the id equals the path");
            assert!(metadata.docs.starts_with("https://"), "{}: docs", rule.id());
            assert!(!metadata.basis.is_empty(), "{}: basis", rule.id());
            assert!(!metadata.summary.ends_with('.'), "{}: summary ends with a full stop", rule.id());
            let blocks = document.blocks();
            let titles: Vec<&str> = blocks
                .iter()
                .filter_map(|block| match block {
                    Block::Heading { level: 2, title, .. } => Some(*title),
                    _ => None,
                })
                .collect();
            for section in SECTIONS {
                assert!(titles.contains(&section), "{}: no section `{section}`", rule.id());
            }
        }
    }

    #[test]
    fn documents_of_a_project_are_named_and_checked() {
        let own = "+++\nsummary = \"s\"\nseverity = \"low\"\nconfidence = \"low\"\ntier = 2\ncheck = \"declared\"\n\
                   [[when]]\non = \"server\"\noption = \"a\"\nvalue = { is = true }\nmessage = \"m\"\n+++\n";
        let code =
            "+++\nid = \"mine\"\nsummary = \"s\"\nseverity = \"low\"\nconfidence = \"low\"\ntier = 2\ncheck = \"code\"\n+++\n";
        let documents = [("r/no-a.md", own), ("r/again/no-a.md", own), ("r/code.md", code), ("r/broken.md", "+++\nid\n+++\n")];
        let registry = Registry::with_user_documents(documents.map(|(path, text)| (path.to_owned(), text.to_owned())));
        assert_eq!(registry.find("no-a").map(Rule::id), Some("user/no-a"));
        let notes = registry.notes();
        assert_eq!(notes.len(), 3, "{notes:?}");
        assert!(notes[0].starts_with("r/again/no-a.md:1: there is a rule `user/no-a` already"));
        assert!(notes[1].contains("cannot be code"));
        assert!(notes[2].starts_with("r/broken.md:2: "), "{}", notes[2]);
    }
}
