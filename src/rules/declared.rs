//! Declared rules: an option path and a predicate on its value, in the front matter of the document.

use std::borrow::Cow;
use std::cmp::Reverse;

use serde::Deserialize;

use super::context::release;
use super::gaps::{join, quoted};
use super::metadata::EditKind;
use super::{Circumstances, Context, Reporter, Rule, edit};
use crate::facts::Body;
use crate::facts::module::Text;
use crate::finding::{Applicability, FixPlan, Report};
use crate::knowledge::predicate::{Condition as Given, Predicate};
use crate::knowledge::range::Range;
use crate::project::link::role;
use crate::project::per_call::per_call;
use crate::project::predicate::{Verdict, evaluate, test};
use crate::project::value::{self, Found, Lookup, Node, Object, Property, Unknown, Value};
use crate::project::{PluginUse, Role, Server};
use crate::source::{FileKind, Site};

/// One test of a declared rule: a `[[when]]` table.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct When {
    /// Whose options are asked.
    on: Target,
    /// The option, or several that are asked alike.
    option: OneOrMany,
    /// What makes a hit of the value there.
    value: Predicate,
    /// What must hold of the same options besides.
    given: Option<Given>,
    /// The releases it is asked of, where the rule itself is asked of more.
    #[serde(default)]
    versions: Range,
    /// Where a hit stands.
    #[serde(default)]
    place: Place,
    /// When a value that is not known is asked about.
    #[serde(default)]
    ask: Ask,
    /// The message, with `{path}`, `{value}`, `{server}` (the name of the server or client) and `{plugin}` filled in.
    message: String,
}

/// Where a hit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Place {
    /// At the key, where the option is set.
    #[default]
    Key,
    /// At the value, which may be written elsewhere: what is wrong is that it stands there.
    Value,
}

/// When a value that is not known is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Ask {
    /// In any case.
    #[default]
    Always,
    /// Where the file that holds what is not known has a value that makes a hit among its strings. Others, such as the
    /// environment, may give one too; but that is so everywhere, and no source tells.
    Written,
}

/// Whose options a test asks: `server`, `client`, `plugin:organization`, or `env` (the variables of env files).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
enum Target {
    Server,
    Client,
    Plugin(String),
    Env,
}

impl TryFrom<String> for Target {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "server" => Ok(Self::Server),
            "client" => Ok(Self::Client),
            "env" => Ok(Self::Env),
            _ => match text.strip_prefix("plugin:") {
                Some(name) if !name.is_empty() => Ok(Self::Plugin(name.to_owned())),
                _ => Err(format!("`{text}` is none of `server`, `client`, `env` and `plugin:<name>`")),
            },
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
        .iter()
        .map(String::as_str)
    }
}

/// Options to ask, and whose they are.
#[derive(Clone)]
struct Subject<'m> {
    options: Cow<'m, Node>,
    /// The call of what makes their owner in which they are this, where it differs by call.
    call: Option<value::Condition>,
    /// Where the owner of the options is written.
    at: &'m Site,
    name: &'m str,
    plugin: Option<&'m PluginUse>,
    role: Role,
    package: &'m str,
}

/// Asks all tests of a declared rule.
pub(super) fn check(rule: &Rule, cx: &Context<'_>, out: &mut Reporter<'_>) {
    for when in &rule.document().metadata.when {
        let subjects: Vec<Subject<'_>> = subjects(rule, when, cx).into_iter().flat_map(|subject| given(when, subject)).collect();
        let asked = Asked { rule, when, cx };
        let mut hits = Vec::new();
        for subject in &subjects {
            for option in when.option.iter() {
                asked.ask(option, subject, out, &mut hits);
            }
        }
        tell(hits, out);
    }
}

/// A test of a rule, and of what it is asked.
struct Asked<'a, 'c> {
    rule: &'a Rule,
    when: &'a When,
    cx: &'a Context<'c>,
}

/// What is wrong with the options of one subject. Several may share what is wrong.
struct Hit<'s> {
    /// The report, whose message has no name of the subject yet.
    report: Report,
    subject: &'s Subject<'s>,
    /// Where the circumstances of the subject begin in the message.
    circumstances: usize,
}

/// Reports what is wrong at one place once, with the names of all for whom it matters as much.
fn tell(mut hits: Vec<Hit<'_>>, out: &mut Reporter<'_>) {
    hits.sort_by_key(|hit| Reverse((hit.report.severity, hit.report.confidence)));
    while !hits.is_empty() {
        let Hit { mut report, subject, circumstances } = hits.remove(0);
        let of_all = |report: &Report| report.message[..circumstances.min(report.message.len())].to_owned();
        let same = hits.extract_if(.., |hit| {
            hit.report.primary == report.primary && hit.circumstances == circumstances && of_all(&hit.report) == of_all(&report)
        });
        let as_bad = same.filter(|hit| hit.report.severity == report.severity && hit.report.message == report.message);
        let subjects: Vec<&Subject<'_>> = std::iter::once(subject).chain(as_bad.map(|hit| hit.subject)).collect();
        let mut names: Vec<&str> = Vec::new();
        for Subject { at, name, .. } in &subjects {
            if subjects.len() > 1 || at.file != report.primary.file {
                report.related.push(((*at).clone(), format!("`{name}` is created here")));
            }
            if !names.contains(name) {
                names.push(name);
            }
        }
        let plain = join(names.iter().map(|name| (*name).to_owned()).collect());
        report.message = report.message.replace("`{server}`", &quoted(names)).replace("{server}", &plain);
        out.push(report);
    }
}

/// The subject where what a test presupposes is given: always, in some of the calls that make its owner, or never.
fn given<'m>(when: &When, subject: Subject<'m>) -> Vec<Subject<'m>> {
    match &when.given {
        Some(given) if !holds(given, &subject.options) => {
            let calls = per_call(&subject.options).into_iter().filter(|(_, options)| holds(given, options));
            let in_call = |(call, options)| Subject { options: Cow::Owned(options), call: Some(call), ..subject.clone() };
            calls.map(in_call).collect()
        }
        _ => vec![subject],
    }
}

fn subjects<'m>(rule: &Rule, when: &When, cx: &Context<'m>) -> Vec<Subject<'m>> {
    let servers =
        || cx.model.servers.iter().filter(|server| rule.applies(server) && when.versions.contains(&release(&server.version)));
    match &when.on {
        Target::Server => servers()
            .map(|server| Subject {
                options: Cow::Borrowed(&server.options),
                call: None,
                at: &server.at,
                name: &server.name,
                plugin: None,
                role: server.role,
                package: &server.package,
            })
            .collect(),
        Target::Plugin(name) => servers()
            .flat_map(|server| server.plugins.iter().filter(|plugin| plugin.name == *name).map(move |plugin| (server, plugin)))
            .map(|(server, plugin)| Subject {
                options: Cow::Borrowed(&plugin.options),
                call: None,
                at: &plugin.at,
                name: &server.name,
                plugin: Some(plugin),
                role: server.role,
                package: &server.package,
            })
            .collect(),
        // A client has no version of its own: it is asked when some server of the repository is, or there is none.
        Target::Client if cx.model.servers.is_empty() || servers().next().is_some() => cx
            .model
            .clients
            .iter()
            .map(|client| Subject {
                options: Cow::Borrowed(&client.options),
                call: None,
                at: &client.at,
                name: &client.name,
                plugin: None,
                role: client.role,
                package: &client.package,
            })
            .collect(),
        Target::Client => Vec::new(),
        Target::Env => match servers().next() {
            Some(server) => env_files(server, cx),
            None => Vec::new(),
        },
    }
}

/// Env files as options: every variable is an array of its comma-separated parts.
fn env_files<'m>(server: &'m Server, cx: &Context<'_>) -> Vec<Subject<'m>> {
    let variables = |path: &std::sync::Arc<str>| -> Option<Node> {
        let facts = cx.files.facts(path)?;
        let Body::Env(variables) = &facts.body else { return None };
        let properties = variables.iter().map(|variable| {
            let at = Site::new(path, variable.span);
            let part = |text| value::Item { node: Node { value: Value::Text(text), at: at.clone() }, conditions: Vec::new() };
            let items = match &variable.value {
                Text::Plain(list) => list.split(',').map(|one| part(Text::Plain(one.trim().to_owned()))).collect(),
                redacted @ Text::Redacted { .. } => vec![part(redacted.clone())],
            };
            let array = Value::from(value::Array { items, open: Vec::new() });
            Property {
                key: variable.name.as_str().into(),
                key_at: at.clone(),
                node: Node { value: array, at: at.clone() },
                conditions: Vec::new(),
            }
        });
        let object = Object { properties: properties.collect(), ..Object::default() };
        Some(Node { value: object.into(), at: Site::new(path, crate::source::Span::default()) })
    };
    cx.files
        .of_kind(FileKind::DotEnv)
        .iter()
        .filter_map(variables)
        .map(|options| Subject {
            options: Cow::Owned(options),
            call: None,
            at: &server.at,
            name: &server.name,
            plugin: None,
            role: server.role,
            package: &server.package,
        })
        .collect()
}

impl Asked<'_, '_> {
    fn ask<'s>(&self, option: &str, subject: &'s Subject<'s>, out: &mut Reporter<'_>, hits: &mut Vec<Hit<'s>>) {
        let when = self.when;
        let steps: Vec<&str> = option.split('.').collect();
        let mut selection = Selection::default();
        select(&subject.options, &steps, &mut Vec::new(), &mut Vec::new(), &mut selection);
        let mut unknown = std::mem::take(&mut selection.unknown);
        let mut holding: Vec<(&str, &Found<'_>)> = Vec::new();
        for (path, found) in &selection.found {
            let alone = Found { conditions: Vec::new(), ..found.clone() };
            match evaluate(&when.value, &Lookup::Found(vec![alone])).verdict {
                Verdict::Holds => holding.push((path.as_str(), found)),
                Verdict::HoldsNot => {}
                // The environment is not part of the sources; that it decides is all there is to know.
                Verdict::Unknown(_) if matches!(found.node.value, Value::Env(_)) => {}
                Verdict::Unknown(why) => unknown.extend(why),
            }
        }
        for (path, found) in &holding {
            // A value that makes a hit whichever way a condition goes does not depend on it.
            let at_place = |other: &&(String, Found<'_>)| other.0 == *path && other.1.key_at == found.key_at;
            let total = selection.found.iter().filter(at_place).count();
            let alike = holding.iter().filter(|(other, one)| other == path && one.key_at == found.key_at);
            let always = total > 1 && alike.count() == total;
            let found = if always { &Found { conditions: Vec::new(), ..(*found).clone() } } else { *found };
            hits.extend(self.hit(path, Some(found), subject, out));
        }
        open(subject, option, unknown.iter().find(|why| self.is_asked(why)), out);
        let absent = selection.found.is_empty() && unknown.is_empty() && !selection.hidden && !steps.contains(&"*");
        if absent && evaluate(&when.value, &Lookup::Absent).verdict == Verdict::Holds {
            hits.extend(self.hit(option, None, subject, out));
        }
    }

    /// Whether it is asked what is not known.
    fn is_asked(&self, why: &Unknown) -> bool {
        let is_written = || {
            let text = self.cx.files.text(&why.at.file).unwrap_or_default();
            let quoted = |value: &str| ['"', '\'', '`'].iter().any(|quote| text.contains(&format!("{quote}{value}{quote}")));
            self.when.value.texts().any(quoted)
        };
        self.when.ask == Ask::Always || is_written()
    }

    fn hit<'s>(&self, path: &str, found: Option<&Found<'_>>, subject: &'s Subject<'s>, out: &Reporter<'_>) -> Option<Hit<'s>> {
        let Self { rule, when, cx } = self;
        let plugin = subject.plugin.map_or("", |plugin| plugin.name.as_str());
        let written = found.map_or_else(|| "nothing".to_owned(), |found| written(found.node, rule.id().starts_with("secrets/")));
        let message = when.message.replace("{path}", path).replace("{value}", &written).replace("{plugin}", plugin);
        let circumstances = message.len();
        let primary = found.map_or(subject.at, |found| match when.place {
            Place::Key => found.key_at,
            Place::Value => &found.node.at,
        });
        let mut report = out.draft(primary.clone(), message);
        report.identity = [subject.package, subject.name, plugin, path].map(str::to_owned).to_vec();
        if let Some(found) = found {
            match when.place {
                Place::Key => {
                    report.label = format!("set to {written}");
                    if found.node.at.file != primary.file {
                        report.related.push((found.node.at.clone(), "the value comes from here".into()));
                    }
                }
                Place::Value => {
                    report.label = "written here".into();
                    if !is_written_at(found, cx) {
                        report.related.push((found.key_at.clone(), format!("`{path}` is set here")));
                    }
                }
            }
            if let Some(fix) = &rule.document().metadata.fix
                && let Some(EditKind::Remove) = fix.edit
                && let Some(edits) = edit::remove_property(found, cx.files)
            {
                let known = fix.beside.iter().all(|option| is_known(&subject.options, option));
                let applicability = if known { fix.applicability } else { Applicability::Unsafe };
                report.fix = Some(FixPlan { title: fix.title.clone(), applicability, edits, next: None });
            }
        }
        let mut conditions = found.map_or_else(Vec::new, |found| found.conditions.clone());
        conditions.extend(&subject.call);
        conditions.extend(subject.plugin.iter().flat_map(|plugin| &plugin.conditions));
        // What tests, examples or the official CLI give to a function that makes live instances, too, is theirs.
        let role = match (subject.role, role(&report.primary.file)) {
            (Role::Live, of_file) => of_file,
            (role, _) => role,
        };
        let about = Circumstances { role, package: subject.package, conditions: &conditions };
        out.settled(cx, about, report).map(|report| Hit { report, subject, circumstances })
    }
}

/// Whether an option is not set, or to a value that is known as a whole.
fn is_known(options: &Node, option: &str) -> bool {
    let steps: Vec<&str> = option.split('.').collect();
    let is_whole = |node: &Node| match &node.value {
        Value::Array(array) => array.open.is_empty(),
        Value::Undefined | Value::Null => true,
        _ => false,
    };
    match options.lookup(&steps) {
        Lookup::Absent => true,
        Lookup::Found(found) => found.iter().all(|one| is_whole(one.node)),
        Lookup::Unknown(_) => false,
    }
}

/// Whether a condition certainly holds of the options.
fn holds(given: &Given, options: &Node) -> bool {
    match given {
        Given::All { all } => all.iter().all(|part| holds(part, options)),
        Given::Any { any } => any.iter().any(|part| holds(part, options)),
        Given::Test(one) => test(one, options).verdict == Verdict::Holds,
    }
}

/// Asks one question for an option, however many parts of its value are not known.
fn open(subject: &Subject<'_>, option: &str, why: Option<&Unknown>, out: &mut Reporter<'_>) {
    if let Some(why) = why {
        let written = option.trim_end_matches(".*");
        out.open(subject.role, &format!("the value of `{written}` in `{}`", subject.name), why);
    }
}

/// Whether a value is written on the line its key is on.
fn is_written_at(found: &Found<'_>, cx: &Context<'_>) -> bool {
    let (key, value) = (found.key_at, &found.node.at);
    if key.file != value.file || key.span.start > value.span.start {
        return false;
    }
    let text = cx.files.text(&key.file).unwrap_or_default();
    text.get(key.span.start as usize..value.span.start as usize).is_some_and(|between| !between.contains('\n'))
}

/// What a path with wildcards leads to.
#[derive(Default)]
struct Selection<'v> {
    /// Values with the concrete path to each.
    found: Vec<(String, Found<'v>)>,
    /// What is written at the path and cannot be followed.
    unknown: Vec<Unknown>,
    /// Something unknown before the last written step may hold the option; linking has asked about it already.
    hidden: bool,
}

fn select<'v>(
    node: &'v Node,
    steps: &[&str],
    path: &mut Vec<String>,
    conditions: &mut Vec<&'v value::Condition>,
    selection: &mut Selection<'v>,
) {
    let wildcard = steps.iter().position(|step| *step == "*");
    let (head, tail) = steps.split_at(wildcard.unwrap_or(steps.len()));
    let found = match node.lookup(head) {
        Lookup::Found(found) => found,
        Lookup::Absent => return,
        Lookup::Unknown(_) => {
            selection.hidden = true;
            return;
        }
    };
    for mut case in found {
        let (path_length, condition_length) = (path.len(), conditions.len());
        path.extend(head.iter().map(|step| (*step).to_owned()));
        conditions.append(&mut case.conditions);
        match tail.split_first() {
            None => {
                let conditions = conditions.clone();
                selection.found.push((path.join("."), Found { conditions, ..case }));
            }
            Some((_, rest)) => {
                for (step, item) in members(case.node, selection) {
                    let (path_length, condition_length) = (path.len(), conditions.len());
                    path.push(step);
                    conditions.extend(item.1);
                    let before = selection.found.len();
                    select(item.0, rest, path, conditions, selection);
                    if rest.is_empty()
                        && let Some(key_at) = item.2
                    {
                        selection.found[before..].iter_mut().for_each(|(_, found)| found.key_at = key_at);
                    }
                    path.truncate(path_length);
                    conditions.truncate(condition_length);
                }
            }
        }
        path.truncate(path_length);
        conditions.truncate(condition_length);
    }
}

/// A member of an object or array: its value, its conditions, and its key where it has one.
type Member<'v> = (&'v Node, &'v [value::Condition], Option<&'v Site>);

fn members<'v>(node: &'v Node, selection: &mut Selection<'v>) -> Vec<(String, Member<'v>)> {
    match &node.value {
        Value::Object(object) => {
            selection.unknown.extend(object.open.iter().cloned());
            let member = |property: &'v Property| (&property.node, property.conditions.as_slice(), Some(&property.key_at));
            object.properties.iter().map(|property| (property.key.to_string(), member(property))).collect()
        }
        Value::Array(array) => {
            selection.unknown.extend(array.open.iter().cloned());
            array.items.iter().map(|item| ("*".to_owned(), (&item.node, item.conditions.as_slice(), None))).collect()
        }
        Value::Undefined | Value::Null | Value::Env(_) => Vec::new(),
        _ => {
            if let Lookup::Unknown(why) = node.lookup(&["*"]) {
                selection.unknown.extend(why);
            }
            Vec::new()
        }
    }
}

/// A value for people; credentials are never among them. A rule about secrets judges values that evaluation may have
/// found under an innocent name, so none of its strings is shown.
fn written(node: &Node, secret: bool) -> String {
    match &node.value {
        Value::Undefined => "undefined".into(),
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::Text(Text::Plain(text)) if !secret => format!("{text:?}"),
        Value::Text(Text::Plain(text)) => format!("a string of {} characters", text.chars().count()),
        Value::Text(Text::Redacted { length }) => format!("a string of {length} characters"),
        Value::Array(_) => "an array".into(),
        Value::Object(_) => "an object".into(),
        Value::Function(_) => "a function".into(),
        _ => "an expression".into(),
    }
}
