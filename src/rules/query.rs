//! Query rules: a tree-sitter query in the document, run over the code files that mention authentication.
//!
//! Every step is bounded: a file is parsed and queried for at most `FILE_LIMIT`, a query keeps at most
//! `MATCH_LIMIT` matches in progress, and all query rules together stop after `RUN_LIMIT`. What was cut short becomes
//! an open question.

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde::Deserialize;
use tree_sitter::{ParseOptions, Parser, Query, QueryCursor, QueryCursorOptions, StreamingIterator, Tree};

use super::document::{Document, DocumentError};
use super::{Context, Outcome, Reporter, Rule};
use crate::finding::Open;
use crate::source::{FileKind, Site, Span};

/// Longest time a file is parsed, and longest time one query runs over it.
const FILE_LIMIT: Duration = Duration::from_millis(50);

/// Longest time all query rules together may take.
const RUN_LIMIT: Duration = Duration::from_secs(2);

/// Most matches of one query in progress at a time.
const MATCH_LIMIT: u32 = 1024;

/// Most hits of one rule in one file.
const MAX_HITS: usize = 200;

/// What a query rule needs beside its query: the `[query]` table.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct QueryTable {
    /// The languages the query is written for.
    pub language: Vec<Language>,
    /// Only files that import one of these modules; `better-auth/*` stands for everything below. Empty for all.
    #[serde(default)]
    pub imports_from: Vec<String>,
    /// What is wrong at `@primary`.
    pub message: String,
    /// A few words at every `@related`.
    #[serde(default)]
    pub related: String,
}

/// The languages queries are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// `.ts`, `.mts`, `.cts`.
    TypeScript,
    /// `.tsx` and JavaScript.
    Tsx,
}

impl Language {
    fn of(path: &str) -> Option<Self> {
        match FileKind::of(path)? {
            FileKind::TypeScript => Some(Self::TypeScript),
            FileKind::Tsx => Some(Self::Tsx),
            _ => None,
        }
    }

    fn grammar(self) -> tree_sitter::Language {
        match self {
            Self::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
            Self::Tsx => tree_sitter_typescript::LANGUAGE_TSX.into(),
        }
    }
}

/// The compiled queries of a rule; compiled when a file of their language is first met.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    typescript: OnceLock<Result<Query, DocumentError>>,
    tsx: OnceLock<Result<Query, DocumentError>>,
}

impl Compiled {
    fn query(&self, language: Language, document: &Document) -> Result<&Query, &DocumentError> {
        let slot = match language {
            Language::TypeScript => &self.typescript,
            Language::Tsx => &self.tsx,
        };
        slot.get_or_init(|| compile(language, document)).as_ref()
    }
}

fn compile(language: Language, document: &Document) -> Result<Query, DocumentError> {
    let Some((text, line)) = document.query() else {
        return Err(document.error(1, "there is no query", "add a fenced block that starts with ```query"));
    };
    let query = Query::new(&language.grammar(), text).map_err(|why| {
        let at = line + u32::try_from(why.row).unwrap_or(u32::MAX);
        document.error(
            at,
            format!("the query does not compile: {}", why.message),
            "see the node types of the grammar with `tree-sitter parse`",
        )
    })?;
    if query.capture_index_for_name("primary").is_none() {
        return Err(document.error(line, "the query captures no `@primary`", "name the node to point at `@primary`"));
    }
    Ok(query)
}

/// Runs all query rules; every file is read and parsed once.
pub(super) fn run(rules: &[(&Rule, &Compiled)], cx: &Context<'_>, outcome: &mut Outcome) {
    if rules.is_empty() {
        return;
    }
    let end = Instant::now() + RUN_LIMIT;
    for (path, signals) in cx.files.candidates() {
        let Some(language) = Language::of(path) else { continue };
        let due: Vec<_> = rules.iter().filter(|(rule, _)| signals.auth && concerns(rule, language, path, cx)).collect();
        if due.is_empty() {
            continue;
        }
        let Some(text) = cx.files.text(path) else { continue };
        let Some(tree) = parse(language, &text) else {
            outcome.open.push(cut_short(path, "query rules", "the file takes too long to parse"));
            continue;
        };
        for (rule, compiled) in due {
            if Instant::now() > end {
                outcome.notes.push(format!("query rules took longer than {} s; the rest was not asked", RUN_LIMIT.as_secs()));
                return;
            }
            match compiled.query(language, rule.document()) {
                Ok(query) => ask(rule, query, path, &text, &tree, outcome),
                Err(error) => outcome.note(error.to_string()),
            }
        }
    }
}

fn concerns(rule: &Rule, language: Language, path: &str, cx: &Context<'_>) -> bool {
    let Some(table) = &rule.document().metadata.query else { return false };
    if !table.language.contains(&language)
        || !(cx.model.servers.is_empty() || cx.model.servers.iter().any(|server| rule.applies(server)))
    {
        return false;
    }
    if table.imports_from.is_empty() {
        return true;
    }
    let matches = |module: &str| {
        table.imports_from.iter().any(|wanted| match wanted.strip_suffix('*') {
            Some(prefix) => module.starts_with(prefix),
            None => module == wanted,
        })
    };
    let facts = cx.files.facts(path);
    let module = facts.as_deref().and_then(|facts| facts.module());
    module.is_some_and(|module| module.imports.iter().any(|import| matches(&import.module)))
}

fn parse(language: Language, text: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&language.grammar()).ok()?;
    let end = Instant::now() + FILE_LIMIT;
    let mut in_time =
        |_: &tree_sitter::ParseState| if Instant::now() < end { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
    let bytes = text.as_bytes();
    let options = ParseOptions::new().progress_callback(&mut in_time);
    parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or_default(), None, Some(options))
}

fn ask(rule: &Rule, query: &Query, path: &Arc<str>, text: &str, tree: &Tree, outcome: &mut Outcome) {
    let Some(table) = &rule.document().metadata.query else { return };
    let end = Instant::now() + FILE_LIMIT;
    let mut late = false;
    let mut in_time = |_: &tree_sitter::QueryCursorState| {
        late = Instant::now() >= end;
        if late { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let mut cursor = QueryCursor::new();
    cursor.set_match_limit(MATCH_LIMIT);
    let options = QueryCursorOptions::new().progress_callback(&mut in_time);
    let mut hits = 0;
    {
        let mut matches = cursor.matches_with_options(query, tree.root_node(), text.as_bytes(), options);
        while let Some(one) = matches.next() {
            let site = |name: &str| {
                let index = query.capture_index_for_name(name);
                let captures = one.captures().iter().filter(move |capture| Some(capture.index) == index);
                captures.map(|capture| Site::new(path, Span::new(capture.node.start_byte(), capture.node.end_byte())))
            };
            let Some(primary) = site("primary").next() else { continue };
            let mut report = rule.draft(primary, table.message.clone());
            report.related = site("related").map(|place| (place, table.related.clone())).collect();
            report.identity = vec![path.to_string()];
            Reporter::new(rule, outcome).push(report);
            hits += 1;
            if hits == MAX_HITS {
                outcome.note(format!("{}: only the first {MAX_HITS} hits in {path} are shown", rule.id()));
                break;
            }
        }
    }
    if late || cursor.did_exceed_match_limit() {
        outcome.open.push(cut_short(path, rule.id(), "the query takes too long on this file"));
    }
}

fn cut_short(path: &Arc<str>, what: &str, reason: &str) -> Open {
    Open {
        question: format!("what {what} would find in {path}"),
        reason: reason.to_owned(),
        site: Site::new(path, Span::default()),
    }
}
