//! The project model on one page: per server its place, version, database, plugins, options and tables; then the clients.

use std::fmt::Write as _;

use super::{
    SchemaSource, below, below_base_path, cause_name, dialect_name, has_options, layer_name, other_options, schema_source,
};
use crate::finding::Location;
use crate::project::application::{Mount, Partners, Route, base_path_without_address, folder};
use crate::project::installed::Package;
use crate::project::link::{self, is_seed};
use crate::project::schema::commands::is_found;
use crate::project::schema::{Gap, GapKind};
use crate::project::value::{Node, Unknown};
use crate::project::{
    Adapter, AdapterKind, Client, PluginUse, Plural, ProjectModel, Role, SchemaState, Server, version::Version,
};
use crate::report::text::{Look, clean, columns, count, shorten, wrap};
use crate::report::{Style, value};
use crate::source::Site;

/// Columns before the content of a section.
const INDENT: usize = 12;

/// Renders the model.
#[must_use]
pub fn terminal(model: &ProjectModel, locate: &dyn Fn(&Site) -> Location, style: &Style) -> String {
    let mut page = Page { out: String::new(), locate, style };
    if model.servers.is_empty() && model.clients.is_empty() {
        let where_to = if model.questions().is_empty() { "" } else { " in what could be read" };
        _ = writeln!(page.out, "No call of betterAuth() or createAuthClient() was found{where_to}.");
    }
    // What serves people comes first.
    let mut servers: Vec<&Server> = model.servers.iter().collect();
    servers.sort_by_key(|server| server.role != Role::Live);
    for server in servers {
        page.server(server, model);
    }
    for client in &model.clients {
        page.client(client, model);
    }
    page.undetermined(model);
    page.out
}

/// The page under construction.
struct Page<'a> {
    out: String,
    locate: &'a dyn Fn(&Site) -> Location,
    style: &'a Style,
}

/// An entry of a section: a name that keeps its column, and text beside it.
struct Row {
    name: String,
    text: String,
    /// Cut to one line instead of wrapped; `--format json` has it whole.
    cut: bool,
    /// Something is wrong.
    alarm: bool,
}

impl Row {
    fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), cut: false, alarm: false }
    }

    fn cut(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { cut: true, ..Self::new(name, text) }
    }
}

impl Page<'_> {
    fn server(&mut self, server: &Server, model: &ProjectModel) {
        let role = match server.role {
            Role::CliCopy if !is_read_by_cli(server) => "  (nothing in the repository uses it)",
            role => role_name(role, &server.at),
        };
        self.heading("server", &server.name, &server.at, role);
        self.fact("package", folder(&server.package));
        self.fact("version", &version(&server.version));
        self.section("mounted", self.mounts(server));
        self.section("serves", self.contexts(server));
        self.section("clients", self.clients(server, model));
        self.fact("database", &format!("{}  {}", database(&server.adapter), self.place(&server.adapter.at)));
        self.section("plugins", self.plugins(&server.plugins, &server.plugins_open));
        self.section("options", self.options(&server.options));
        self.section("tables", self.tables(server));
        self.out.push('\n');
    }

    fn client(&mut self, client: &Client, model: &ProjectModel) {
        self.heading("client", &client.name, &client.at, role_name(client.role, &client.at));
        self.fact("package", folder(&client.package));
        self.fact("module", &client.module);
        self.section("talks to", self.partners(&client.partners, model));
        self.section("plugins", self.plugins(&client.plugins, &client.plugins_open));
        self.section("options", self.options(&client.options));
        self.out.push('\n');
    }

    fn undetermined(&mut self, model: &ProjectModel) {
        let questions = model.questions();
        if questions.is_empty() {
            return;
        }
        let heading = format!("not determined: {}", count(questions.len(), "question"));
        let _ = writeln!(self.out, "{}", self.style.paint(Look::Medium, &heading));
        for open in questions {
            let text = format!("{}: {} ({})", open.question, open.reason, self.place(&open.site));
            let lines = wrap(&clean(&text), self.style.columns().saturating_sub(4));
            let _ = writeln!(self.out, "  {}", lines.join("\n    "));
        }
    }

    fn heading(&mut self, kind: &str, name: &str, at: &Site, role: &str) {
        let title = self.style.paint(Look::Strong, &format!("{kind} {}", clean(name)));
        let place = self.place(at);
        let _ = writeln!(self.out, "{title}  {}{role}", clean(&place));
    }

    fn mounts(&self, server: &Server) -> Vec<Row> {
        let row = |mount: &Mount| {
            let framework = mount.framework.map_or("a framework that is not known", |framework| &framework.name);
            let package = if mount.package.is_empty() { String::new() } else { format!(" in {}", mount.package) };
            let (path, remark) = mount_path(mount, server);
            Row::new(path, format!("{framework}{package}  {}{remark}", self.place(&mount.at)))
        };
        match (server.mounts.as_slice(), server.mounts_open.as_slice()) {
            ([], []) => vec![Row::new("", "nowhere that was seen")],
            ([], open) => self.open(open).collect(),
            (mounts, _) => mounts.iter().map(row).collect(),
        }
    }

    /// For whom a server is, and what speaks for it.
    fn contexts(&self, server: &Server) -> Vec<Row> {
        let mut rows = Vec::new();
        for context in &server.contexts {
            let mut name = context.audience.name();
            for evidence in &context.evidence {
                let at = evidence.at.as_ref().map(|site| format!("  {}", self.place(site))).unwrap_or_default();
                rows.push(Row::new(std::mem::take(&mut name), format!("{}{at}", evidence.text)));
            }
        }
        if rows.is_empty() {
            rows.push(match server.role {
                Role::Test | Role::CliCopy => Row::new("", "no application"),
                _ => Row::new("?", "neither a page, nor a client, nor a plugin tells for whom it is"),
            });
        }
        rows
    }

    fn clients(&self, server: &Server, model: &ProjectModel) -> Vec<Row> {
        let certain = model.clients.iter().filter_map(|client| match &client.partners {
            Partners::Servers { at, why } if at.contains(&server.at) => {
                let others = if at.len() > 1 { "  or it talks to another one" } else { "" };
                Some(Row::new(&client.name, format!("{why}  {}{others}", self.place(&client.at))))
            }
            _ => None,
        });
        let rows: Vec<Row> = certain.collect();
        if rows.is_empty() { vec![Row::new("", "none that is known to talk to it")] } else { rows }
    }

    fn partners(&self, partners: &Partners, model: &ProjectModel) -> Vec<Row> {
        match partners {
            Partners::Servers { at, why } => {
                let servers = model.servers.iter().filter(|server| at.contains(&server.at));
                servers.map(|server| Row::new(&server.name, format!("{why}  {}", self.place(&server.at)))).collect()
            }
            Partners::Elsewhere(why) => vec![Row::new("", *why)],
            Partners::Undetermined(why) => vec![Row::new("?", why)],
        }
    }

    /// On what it depends whether a plugin is in the list; conditions of another file are told with their place, as its names
    /// mean nothing elsewhere.
    fn when(&self, plugin: &PluginUse) -> String {
        if plugin.conditions.is_empty() {
            return String::new();
        }
        let mut elsewhere: Vec<String> = Vec::new();
        for condition in plugin.conditions.iter().filter(|condition| condition.at.file != plugin.at.file) {
            let place = self.place(&condition.at);
            if !elsewhere.contains(&place) {
                elsewhere.push(place);
            }
        }
        let at = if elsewhere.is_empty() { String::new() } else { format!("  {}", elsewhere.join(", ")) };
        format!("  only if {}{at}", value::when(&plugin.conditions))
    }

    fn plugins(&self, known: &[PluginUse], open: &[Unknown]) -> Vec<Row> {
        let mut rows = Vec::new();
        for plugin in known {
            let when = self.when(plugin);
            let release = plugin.release.as_ref().map(|release| format!(" {release}")).unwrap_or_default();
            rows.push(Row::new(&plugin.name, format!("{}{release}  {}{when}", plugin.module, self.place(&plugin.at))));
            match schema_source(plugin) {
                Some(SchemaSource::File(file)) => rows.push(Row::new("", format!("tables read from {file}"))),
                Some(SchemaSource::Package(Package { name, version })) => {
                    let version = version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
                    rows.push(Row::new("", format!("tables read from the installed package {name}{version}")));
                }
                None => {}
            }
            if has_options(plugin) {
                rows.push(Row::cut("", value::line(&value::json(&plugin.options))));
            }
        }
        rows.extend(self.open(open));
        if rows.is_empty() {
            rows.push(Row::new("none", ""));
        }
        rows
    }

    /// The options, one row each.
    fn options(&self, options: &Node) -> Vec<Row> {
        let Some(object) = options.object() else {
            return vec![Row::cut("", value::line(&value::json(options)))];
        };
        let known = other_options(object).map(|property| {
            let when = value::when(&property.conditions);
            let when = if when.is_empty() { String::new() } else { format!(" if {when}") };
            Row::cut("", format!("{}: {}{when}", property.key, value::line(&value::of_property(property))))
        });
        known.chain(self.open(&object.open)).collect()
    }

    /// The required tables, and for each where it is declared or what it lacks.
    fn tables(&self, server: &Server) -> Vec<Row> {
        let mut rows = Vec::new();
        for (key, table) in &server.required.tables {
            let gaps: Vec<String> = server.gaps.iter().filter(|gap| &gap.key == key).map(|gap| self.gap(gap, server)).collect();
            rows.push(if gaps.is_empty() {
                Row::new(key, self.declared(server, key, &table.model))
            } else {
                Row { alarm: true, ..Row::new(key, gaps.join("; ")) }
            });
        }
        rows.extend(self.open(&server.required.open));
        rows
    }

    /// Where a required table is declared.
    fn declared(&self, server: &Server, key: &str, model: &str) -> String {
        let adapter = &server.adapter;
        if let SchemaState::NotApplicable(why) = server.comparison {
            return format!("needs no schema: {why}");
        }
        let name = adapter.lookup_name(key, model);
        let lookup = &server.declared.lookup;
        // In which tables the adapter looks is not known everywhere.
        let perhaps = if lookup.is_certain() { "" } else { "may be " };
        let is_read = !matches!(adapter.kind, AdapterKind::Other | AdapterKind::Unknown);
        let none = if is_read || server.comparison == SchemaState::Compared {
            "no declaration in this repository"
        } else {
            "not compared"
        };
        lookup.find(&name).next().map_or_else(
            || none.into(),
            |source| format!("{perhaps}{}  {}", layer_name(source.layer), self.place(&source.site())),
        )
    }

    fn gap(&self, gap: &Gap, server: &Server) -> String {
        let cause = cause_name(&gap.cause, server);
        let names = gap.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ");
        let others = gap.declared.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        let at = gap.found_in.as_ref().map(|site| format!("  {}", self.place(site))).unwrap_or_default();
        match gap.kind {
            GapKind::Table => format!("missing: no table `{}`, needed by {cause}", gap.table),
            GapKind::MapEntry => format!("the schema map has no `{}`, needed by {cause}", gap.table),
            GapKind::ModelName => format!("`{}` is the table of model {others}, and no model", gap.table),
            GapKind::Columns => format!("lacks {names}, needed by {cause}{at}"),
            GapKind::Unwritten | GapKind::StillRequired => format!("has {others}, which must be given a value and never is{at}"),
            GapKind::LeftEmpty => format!("asks a value for {names}, which may be NULL{at}"),
            GapKind::UnmigratedTable => format!("declared, and no migration creates it{at}"),
            GapKind::UnmigratedColumns => format!("no migration creates {names}, needed by {cause}{at}"),
            GapKind::UnmigratedUnique => format!("no migration makes {names} unique{at}"),
            GapKind::UnmigratedIndex => format!("no migration makes an index of {names}{at}"),
            GapKind::Unique => format!("not unique: {names}{at}"),
            GapKind::UniqueTogether => format!("not unique together: {names}{at}"),
            GapKind::Index => format!("not indexed: {names}{at}"),
            GapKind::Cascade => format!("not deleted along with what {names} points to{at}"),
            GapKind::DateText | GapKind::DateAsText => format!("dates as text: {names}{at}"),
        }
    }

    /// What else may be there.
    fn open<'o>(&self, open: &'o [Unknown]) -> impl Iterator<Item = Row> + use<'o, '_> {
        open.iter().map(|why| Row::new("?", format!("{} ({})", why.reason, self.place(&why.at))))
    }

    fn place(&self, site: &Site) -> String {
        let Location { file, line, column, .. } = (self.locate)(site);
        format!("{file}:{line}:{column}")
    }

    fn fact(&mut self, label: &str, text: &str) {
        self.section(label, vec![Row::new("", text)]);
    }

    /// Rows behind a label; nothing when there are none.
    fn section(&mut self, label: &str, rows: Vec<Row>) {
        let width = self.style.columns().saturating_sub(INDENT);
        let names = rows.iter().map(|row| columns(&clean(&row.name))).max().unwrap_or_default();
        let gap = if names == 0 { "" } else { "  " };
        let mut label = label;
        for row in rows {
            let (mut name, text) = (clean(&row.name), clean(&row.text));
            let room = width.saturating_sub(names + gap.len());
            let lines = match row.cut {
                true => vec![shorten(&text, room).into_owned()],
                false if text.is_empty() => vec![String::new()],
                false => wrap(&text, room),
            };
            for line in lines {
                let line = format!("{:names$}{gap}{line}", std::mem::take(&mut name));
                let line = if row.alarm { self.style.paint(Look::High, &line) } else { line };
                let label = self.style.paint(Look::Faint, &format!("  {:1$}", std::mem::take(&mut label), INDENT - 2));
                let _ = writeln!(self.out, "{}", format!("{label}{line}").trim_end());
            }
        }
    }
}

/// What an instance or a client in a place is for, where that is no application.
fn role_name(role: Role, at: &Site) -> &'static str {
    match role {
        Role::Live => "",
        Role::CliCopy => "  (a copy for the official CLI)",
        Role::Test if is_seed(&at.file) => "  (fills a database)",
        Role::Test => "  (for tests)",
        Role::Example => "  (an example)",
        Role::Development => "  (outside of production)",
    }
}

/// Whether anything tells that the official CLI reads an instance, beside that nothing else does.
fn is_read_by_cli(server: &Server) -> bool {
    let file = &server.at.file;
    server.adapter.is_hollow() || link::role(file) == Role::CliCopy || is_found(&server.package, file)
}

/// The route of a mount, and what is to be said of it.
fn mount_path(mount: &Mount, server: &Server) -> (String, String) {
    let remark = |text: &str| format!("  {text}");
    match (&mount.route, &mount.misses) {
        (Route::End(path, _), _) => (format!("…{path}"), remark("below a prefix that is not known")),
        (Route::Unknown(_), _) => ("?".into(), remark("by a route that is not known")),
        (Route::Whole(path), Some(base)) if mount.takes_off => {
            (path.clone(), remark(&format!("this path is taken off, and no request below its base path {base} is answered")))
        }
        (Route::Whole(path), Some(base)) => (path.clone(), remark(&format!("no request below its base path {base} comes here"))),
        (Route::Whole(path), None) => (path.clone(), String::new()),
        (Route::Any, _) => match (below_base_path(server), base_path_without_address(&server.options)) {
            (Some(path), _) => (path, String::new()),
            (None, Some(usual)) => (below(usual), remark("unless its `baseURL` has a path of its own")),
            (None, None) => ("its base path".into(), String::new()),
        },
    }
}

fn version(version: &Version) -> String {
    let declared = version.declared.as_ref().map(|range| format!("declared {range}"));
    match (&version.resolved, declared) {
        (Some(resolved), declared) => {
            let from = version.source.as_ref().map(|file| format!(" ({file})")).unwrap_or_default();
            let declared = declared.map(|declared| format!(", {declared}")).unwrap_or_default();
            format!("{resolved}{from}{declared}")
        }
        (None, Some(declared)) => match &version.unread {
            Some(file) => format!("{declared}, {file} is not read"),
            None => format!("{declared}, not locked"),
        },
        (None, None) => "not known".into(),
    }
}

fn database(adapter: &Adapter) -> String {
    let mut parts = vec![adapter.kind.name().to_owned()];
    parts.extend(adapter.dialect.map(|dialect| dialect_name(dialect).to_owned()));
    parts.extend(adapter.provider.as_ref().map(|provider| format!("provider \"{provider}\"")));
    parts.extend((adapter.plural != Plural::Never).then(|| "plural table names".to_owned()));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::module::Text;
    use crate::finding::Open;
    use crate::project::value::{Object, Property, Value};
    use crate::report::inspect::tests::{locate, model, with_defined_plugins};
    use crate::source::Span;

    const PLAIN: Style = Style { color: false, hyperlinks: false, width: 80, verbose: false };

    #[test]
    fn a_page_says_what_was_understood() {
        let expected = "\
server auth  src/auth.ts:5:1
  package   the root
  version   1.7.25 (package-lock.json), declared ^1.7.0
  mounted   /api/auth/*  a framework that is not known  src/auth.ts:10:1
  serves    m2m  the `apiKey` plugin gives keys to programs  src/auth.ts:8:1
  clients   authClient  it is in the same package  src/auth.ts:3:1
  database  drizzle, postgres, provider \"pg\"  src/auth.ts:6:1
  plugins   passkey  @better-auth/passkey  src/auth.ts:7:1
            admin    better-auth/plugins  src/auth.ts:8:1  only if isAdmin
                     { defaultRole: \"user\" }
            ?        a parameter of the function (src/auth.ts:9:1)
  options   secret: \"<redacted, 32 characters>\"
  tables    passkey  missing: no table `passkey`, needed by passkey
            user     drizzle  src/auth.ts:2:1

client authClient  src/auth.ts:3:1
  package   the root
  module    better-auth/react
  talks to  auth  it is in the same package  src/auth.ts:5:1
  plugins   none

not determined: 1 question
  which plugins the server uses: a parameter of the function (src/auth.ts:9:1)
";
        assert_eq!(terminal(&model(), &locate, &PLAIN), expected);
    }

    #[test]
    fn a_server_that_is_given_all_requests_answers_those_below_its_base_path() {
        let mounted = |options: &[(&str, Value)]| {
            let mut model = model();
            let property = |(key, value): &(&str, Value)| Property {
                key: (*key).into(),
                key_at: model.servers[0].at.clone(),
                node: Node { value: value.clone(), at: model.servers[0].at.clone() },
                conditions: vec![],
            };
            let properties = options.iter().map(property).collect();
            model.servers[0].options.value = Object { properties, ..Object::default() }.into();
            model.servers[0].mounts[0].route = Route::Any;
            let page = terminal(&model, &locate, &PLAIN);
            let lines: Vec<_> = page.lines().skip_while(|line| !line.starts_with("  mounted")).take(2).collect();
            lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let text = |text: &str| Value::Text(Text::Plain(text.into()));
        let env = || Value::Env("BETTER_AUTH_URL".into());
        assert!(mounted(&[]).starts_with("mounted /api/auth/* a framework"));
        assert!(mounted(&[("basePath", text("/own"))]).starts_with("mounted /own/* a framework"));
        assert!(mounted(&[("basePath", text("/own")), ("baseURL", env())]).starts_with("mounted /own/* a framework"));
        assert!(mounted(&[("baseURL", text("https://a.example/v1/auth"))]).starts_with("mounted /v1/auth/* a framework"));
        let open = mounted(&[("baseURL", env())]);
        assert!(open.starts_with("mounted /api/auth/* a framework"), "{open}");
        assert!(open.contains("unless its `baseURL` has a path of its own"), "{open}");
        assert!(mounted(&[("basePath", env())]).starts_with("mounted its base path a framework"));
    }

    #[test]
    fn what_is_for_no_application_is_told_apart() {
        let page = |file: &str| {
            let mut model = model();
            model.servers[0].at.file = file.into();
            (model.servers[0].role, model.servers[0].contexts) = (Role::Test, vec![]);
            terminal(&model, &locate, &PLAIN)
        };
        assert!(page("prisma/seed.ts").starts_with("server auth  prisma/seed.ts:5:1  (fills a database)\n"));
        assert!(page("src/auth.test.ts").starts_with("server auth  src/auth.test.ts:5:1  (for tests)\n"));
        assert!(page("src/auth.test.ts").contains("  serves    no application\n"));
    }

    #[test]
    fn what_only_has_a_similar_name_is_not_told_for_certain() {
        let mut model = model();
        model.servers[0].declared.lookup.naming = crate::project::schema::lookup::Naming::Similar;
        let page = terminal(&model, &locate, &PLAIN);
        assert!(page.contains("user     may be drizzle  src/auth.ts:2:1\n"), "{page}");
    }

    #[test]
    fn what_no_pack_knows_says_where_its_tables_were_read() {
        let page = terminal(&with_defined_plugins(), &locate, &PLAIN);
        let rows = "\
  plugins   passkey  @better-auth/passkey 1.4.22  src/auth.ts:7:1
                     tables read from the installed package notes 2.1.0
            admin    better-auth/plugins  src/auth.ts:8:1  only if isAdmin
                     tables read from src/auth.ts
";
        assert!(page.contains(rows), "{page}");
    }

    #[test]
    fn an_empty_model_says_so() {
        let page = terminal(&ProjectModel::default(), &locate, &PLAIN);
        assert_eq!(page, "No call of betterAuth() or createAuthClient() was found.\n");
        let open = Open {
            question: "what `auth.ts` configures".into(),
            reason: "it is too large".into(),
            site: Site::new(&"auth.ts".into(), Span::default()),
        };
        let page = terminal(&ProjectModel { undetermined: vec![open], ..ProjectModel::default() }, &locate, &PLAIN);
        assert!(page.starts_with("No call of betterAuth() or createAuthClient() was found in what could be read.\n"), "{page}");
        assert!(page.contains("it is too large"), "{page}");
    }

    #[test]
    fn hostile_names_do_not_reach_the_terminal() {
        let mut model = model();
        model.servers[0].name = "a\u{1b}[2Jb".into();
        model.servers[0].plugins[0].module = "x\ny\u{202e}".into();
        let page = terminal(&model, &locate, &PLAIN);
        assert!(!page.contains(['\u{1b}', '\u{202e}']));
        assert!(page.contains("x\\ny"));
    }
}
