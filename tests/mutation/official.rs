//! What the official command line says of the samples and of mutants of them: `auth check` and the review must miss the same
//! tables and columns.
//!
//! It needs the samples, the npm registry and Node.js 22.12 or newer, as `rules/packs/measure/README.md` tells.
//! `AUTH_CHECK_COUNT` sets how many mutants of each sample are asked about.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use git_auth_review::project::schema::{Gap, GapKind};
use serde_json::{Value as Json, json};

use crate::{RELEASE, Sample, mutants, samples};

/// A schema that both are asked about.
struct Question<'s> {
    sample: &'s Sample,
    what: String,
    schema: String,
}

#[test]
#[allow(clippy::print_stdout, reason = "the counts are what the run is for")]
#[ignore = "needs the samples of the official generator, AUTH_REVIEW_SAMPLES=FOLDER, the npm registry and Node.js 22.12"]
fn the_official_check_misses_the_same() {
    let count = std::env::var("AUTH_CHECK_COUNT").map_or(6, |count| count.parse().expect("a number"));
    let samples = samples();
    let questions: Vec<Question<'_>> = samples.iter().flat_map(|sample| questions(sample, count)).collect();
    let answers = ask(&questions);
    assert_eq!(answers.len(), questions.len());
    let (mut same, mut refused, mut wrong) = (0, BTreeMap::<&str, usize>::new(), Vec::new());
    for (question, answer) in questions.iter().zip(&answers) {
        if let Some(error) = answer["error"].as_str() {
            *refused.entry(error).or_default() += 1;
            continue;
        }
        let names = answer["missing"].as_array().expect("names");
        let theirs: BTreeSet<String> = names.iter().map(|name| name.as_str().expect("a name").to_owned()).collect();
        let ours = missing(question.sample, &question.schema);
        if ours == theirs {
            same += 1;
        } else {
            wrong.push(format!("{}: {}: {theirs:?}, the review {ours:?}", question.sample.name, question.what));
        }
    }
    println!("{} samples, the same is missed in {same} of {} schemas, not asked: {refused:#?}", samples.len(), questions.len());
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// The sample as it is, and mutants from all over it.
fn questions(sample: &Sample, count: usize) -> Vec<Question<'_>> {
    let is_about_names = |kind| matches!(kind, GapKind::Table | GapKind::MapEntry | GapKind::ModelName | GapKind::Columns);
    let mutants: Vec<_> = mutants(sample).into_iter().filter(|mutant| is_about_names(mutant.kind)).collect();
    let step = (mutants.len() / count.max(1)).max(1);
    let mutants = mutants.into_iter().step_by(step).take(count).map(|mutant| (mutant.what, mutant.schema));
    std::iter::once(("as it is".to_owned(), sample.schema.clone()))
        .chain(mutants)
        .map(|(what, schema)| Question { sample, what, schema: loadable(sample, &schema) })
        .collect()
}

/// The schema without what points to its tables and columns: a program that names a deleted one cannot be run.
fn loadable(sample: &Sample, schema: &str) -> String {
    match sample.file {
        "schema.sql" => {
            let tables = schema.split_inclusive(';').filter(|statement| statement.trim_start().starts_with("create table"));
            tables.map(without_references).collect()
        }
        "schema.prisma" => {
            let models: Vec<&str> =
                sample.schema.lines().filter_map(|line| line.strip_prefix("model ")?.split(' ').next()).collect();
            let is_of_itself = |line: &&str| {
                if !line.starts_with(' ') {
                    return true;
                }
                let kind = line.split_whitespace().nth(1).unwrap_or_default().trim_end_matches(['[', ']', '?']);
                let key = line.trim_start();
                !models.contains(&kind) && !key.starts_with("@@index") && !key.starts_with("@@unique")
            };
            // The generator writes this for fields of other databases too, that are no lists there.
            schema.split_inclusive('\n').filter(is_of_itself).map(|line| line.replace(" @default([])", "")).collect()
        }
        _ => schema
            .split_once("Relations = relations(")
            .map_or(schema, |(tables, _)| &tables[..tables.rfind("export ").expect("a declaration")])
            .to_owned(),
    }
}

/// A statement without ` references "table" ("column") on delete cascade`.
fn without_references(statement: &str) -> String {
    let mut parts = statement.split(" references ");
    let first = parts.next().expect("a part").to_owned();
    let ends = |part: &str| part.find(')').and_then(|close| Some(close + 1 + part[close + 1..].find([',', ')'])?));
    parts.fold(first, |text, part| text + ends(part).map_or("", |end| &part[end..]))
}

/// What the review misses, in the words of the command line: `table`, and `table.column`.
fn missing(sample: &Sample, schema: &str) -> BTreeSet<String> {
    let model = sample.model(schema);
    let [server] = model.servers.as_slice() else { panic!("{}: one server", sample.name) };
    let named = |key: &str| server.adapter.lookup_name(key, &server.required.tables[key].model);
    let of_gap = |gap: &Gap| {
        let table = named(&gap.key);
        match gap.kind {
            GapKind::Columns => gap.columns.iter().map(|column| format!("{table}.{}", column.name)).collect(),
            kind if kind.is_of_table() => vec![table],
            _ => Vec::new(),
        }
    };
    server.gaps.iter().flat_map(of_gap).collect()
}

/// The answers of the command line.
fn ask(questions: &[Question<'_>]) -> Vec<Json> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/packs/measure/check.mjs");
    let mut node = Command::new("node")
        .arg(script)
        .arg(RELEASE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node.js is installed");
    let project = |question: &Question<'_>| json!({ "auth": question.sample.generated, "file": question.sample.file, "schema": question.schema });
    let projects: Vec<Json> = questions.iter().map(project).collect();
    let mut input = node.stdin.take().expect("piped");
    input.write_all(Json::from(projects).to_string().as_bytes()).expect("node reads");
    drop(input);
    let output = node.wait_with_output().expect("node answers");
    assert!(output.status.success(), "the command line could not be asked");
    serde_json::from_slice(&output.stdout).expect("JSON")
}
