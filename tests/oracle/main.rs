//! Random configurations, written as TypeScript in many shapes: what they require depends on none of the shapes, and is
//! what the library itself computes.
//!
//! The second needs Node.js and the npm registry: `cargo test --test oracle -- --ignored --nocapture`, as
//! `rules/packs/measure/README.md` tells. `ORACLE_SEED` repeats a run, `ORACLE_COUNT` sets how many configurations each
//! release is asked about.

#[path = "../configurations/mod.rs"]
mod configurations;
mod generate;
mod random;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use configurations::{Configuration, File, Tables, required, without_defaults};
use git_auth_review::knowledge::{Plugin, pack};
use nodejs_semver::Version;
use proptest::prelude::*;
use random::{Random, number};
use rayon::prelude::*;
use serde_json::{Value as Json, json};
use write::{Style, files};

/// The last measured release of each minor, oldest first.
fn releases() -> Vec<String> {
    let exports: Json = serde_json::from_str(include_str!("../fixtures/measured/exports.json")).expect("JSON");
    exports.as_object().expect("releases").keys().cloned().collect()
}

/// A project as people read it, for messages.
fn shown(files: &[File]) -> String {
    let sources = files.iter().filter(|(path, _)| path.ends_with(".ts") && path != "src/store.ts");
    sources.map(|(path, text)| format!("// {path}\n{text}\n")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_required_schema_depends_on_no_shape(seed: u64) {
        let random = &mut Random::new(seed);
        let release = random.pick(&releases()).clone();
        let mut configuration = generate::configuration(&release, random);
        let plain = required(&release, files(&configuration, Style::Plain, random));
        reorder(&mut configuration, &release, random);
        let varied = files(&configuration, Style::Varied, random);
        let text = shown(&varied);
        let found = required(&release, varied);
        prop_assert_eq!(found, plain, "{}\n{}", release, text);
    }
}

/// Swaps neighbours in the list of plugins that touch nothing together.
fn reorder(configuration: &mut Configuration, release: &str, random: &mut Random) {
    let version = Version::parse(release).expect("a version");
    for place in 1..configuration.plugins.len() {
        let touched = |place: usize| {
            let plugin = pack().plugin(&configuration.plugins[place].name).expect("a known plugin");
            touches(plugin, &version)
        };
        if random.once_in(2) && touched(place - 1).is_disjoint(&touched(place)) {
            configuration.plugins.swap(place - 1, place);
        }
    }
}

/// The columns a plugin brings, and the tables.
fn touches(plugin: &'static Plugin, version: &Version) -> BTreeSet<(&'static str, &'static str)> {
    let is_core = |key: &str| pack().core.tables.iter().any(|table| table.key == key);
    let tables = pack().tables_of(plugin, version).map(|brought| brought.table);
    tables
        .flat_map(|table| {
            let named = (!is_core(&table.key)).then_some((table.key.as_str(), ""));
            table.columns.iter().map(|column| (table.key.as_str(), column.name.as_str())).chain(named)
        })
        .collect()
}

#[test]
#[ignore = "it needs Node.js and the npm registry, and takes a quarter of an hour"]
#[expect(clippy::print_stdout, reason = "the seed repeats the run, the counts say what it is worth")]
fn random_configurations_require_what_the_library_computes() {
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let seed = number("ORACLE_SEED").unwrap_or_else(clock);
    let count = number("ORACLE_COUNT").unwrap_or(256);
    println!("ORACLE_SEED={seed} ORACLE_COUNT={count}");
    let mut failures = Vec::new();
    for release in releases() {
        let seeds: Vec<u64> = (0..count).map(|number| seed.wrapping_mul(1_000_003).wrapping_add(number)).collect();
        let configurations: Vec<Configuration> =
            seeds.iter().map(|seed| generate::configuration(&release, &mut Random::new(*seed))).collect();
        let answers = library(&release, &configurations);
        assert_eq!(answers.len(), configurations.len());
        let pairs: Vec<_> = configurations.iter().zip(&answers).zip(&seeds).collect();
        let results: Vec<Option<String>> = pairs
            .par_iter()
            .filter(|((_, answer), _)| answer["error"].is_null())
            .map(|((configuration, answer), seed)| difference(&release, configuration, answer, **seed))
            .collect();
        let refused: BTreeMap<&str, usize> =
            answers.iter().filter_map(|answer| answer["error"].as_str()).fold(BTreeMap::new(), |mut counts, error| {
                *counts.entry(error).or_default() += 1;
                counts
            });
        let different: Vec<String> = results.iter().flatten().cloned().collect();
        println!("{release}: {} compared, {} different, refused by the library: {refused:?}", results.len(), different.len());
        failures.extend(different);
    }
    assert!(failures.is_empty(), "{} differences, the library first:\n{}", failures.len(), failures.join("\n\n"));
}

/// What the engine makes of a configuration that the library makes something else of.
fn difference(release: &str, configuration: &Configuration, answer: &Json, seed: u64) -> Option<String> {
    let files = files(configuration, Style::Varied, &mut Random::new(seed));
    let text = shown(&files);
    let mut expected = Tables::new();
    for (key, table) in answer["tables"].as_object().expect("tables") {
        expected.entry(key.clone()).or_default().read(table);
    }
    let mut found = match required(release, files) {
        Ok(found) => found,
        Err(why) => return Some(format!("{release}, seed {seed}: not understood: {why}\n{text}")),
    };
    if release != pack().core.newest.to_string() {
        without_defaults(&mut expected);
        without_defaults(&mut found);
    }
    let keys: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let different = keys.into_iter().filter(|key| expected.get(*key) != found.get(*key));
    let lines: Vec<String> = different.map(|key| format!("{key}\n  {:?}\n  {:?}", expected.get(key), found.get(key))).collect();
    (!lines.is_empty()).then(|| format!("{release}, seed {seed}: {}\n{text}", lines.join("\n")))
}

/// The answers of the installed library.
fn library(release: &str, configurations: &[Configuration]) -> Vec<Json> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/packs/measure/ask.mjs");
    let mut node = Command::new("node")
        .arg(script)
        .arg(release)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node.js is installed");
    let asked: Vec<Json> = configurations.iter().map(asked).collect();
    let mut input = node.stdin.take().expect("piped");
    input.write_all(Json::from(asked).to_string().as_bytes()).expect("node reads");
    drop(input);
    let output = node.wait_with_output().expect("node answers");
    assert!(output.status.success(), "{release} could not be asked");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A configuration as the script reads it.
fn asked(configuration: &Configuration) -> Json {
    let plugin =
        |plugin: &configurations::PluginCall| json!({ "name": plugin.name, "module": plugin.module, "options": plugin.options });
    json!({ "plugins": configuration.plugins.iter().map(plugin).collect::<Vec<_>>(), "options": configuration.options })
}
