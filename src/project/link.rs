//! Facts to [`ProjectModel`].

use std::collections::BTreeSet;
use std::sync::Arc;

use super::absent;
use super::adapter::{CONVEX, adapter};
use super::application::{Caller, Mount, Sites, Stated, calls_on, mount, partners, tell, tell_copies};
use super::eval::{Answers, Evaluator};
use super::files::Files;
use super::memo::{Gate, Memo, Run};
use super::plugins::{Reader, Side};
use super::render;
use super::resolve::{Resolver, file_name};
use super::schema::commands::Commands;
use super::schema::compare::{Comparison, compare};
use super::schema::declared::{Sources, tell_apart};
use super::schema::lookup::Map;
use super::schema::programmatic;
use super::schema::replay::is_trial;
use super::schema::required::{check, required};
use super::schema::{Cause, Declared, Gap, GapKind, RequiredTable};
use super::value::{CallValue, External, Lookup, Node, Object, Property, Unknown, Value};
use super::version::version_in;
use super::{AdapterKind, Client, PluginUse, ProjectModel, Role, SchemaState, Server};
use crate::facts::Body;
use crate::facts::lower::{ENTRY_POINTS, INSTANCES};
use crate::facts::module::{Binding, Call, CallSite, Export, Expr, Import, Imported, Kind, Module, Source};
use crate::finding::Open;
use crate::knowledge::pack;
use crate::source::{Site, Span, folder_of};

/// What linking keeps for the next time: it holds as long as what it was worked out from stays the same.
#[derive(Debug, Default)]
pub struct Kept {
    /// How often it was used.
    runs: u32,
    resolver: Option<Resolver>,
    answers: Answers,
    /// What the calls that may make an instance come to, by file and place.
    calls: Memo<(Arc<str>, Span), Made>,
    sources: Memo<(), Arc<Sources>>,
}

/// What a call that may make an instance comes to.
#[derive(Debug, Clone)]
enum Made {
    /// A call of something that comes from a package, and the options it is given.
    By(External, Box<Node>),
    /// A call of something that is not followed.
    Unknown(Unknown),
    /// A call of something else.
    Nothing,
}

/// Links the facts of a snapshot. What the project itself says of its audiences is taken for true. What was kept when
/// other files were linked never changes the model, only the time it takes.
#[must_use]
pub fn link(files: &dyn Files, stated: &Stated, kept: &mut Kept) -> ProjectModel {
    let mut before = std::mem::take(kept);
    if files.edits().is_none() {
        before = Kept::default();
    }
    let number = before.runs + Run::FIRST;
    let gate = Gate::new(files);
    let run = Run::new(&gate, number);
    let resolver = before.resolver.take().unwrap_or_else(|| Resolver::new(files));
    let model = all(&gate, stated, &resolver, &run, &before);
    if run.ran_short() && number > Run::FIRST {
        // Where the steps end depends on the order in which they are taken.
        return link(files, stated, &mut Kept::default());
    }
    before.answers.end(number);
    before.calls.end(number);
    before.sources.end(number);
    *kept = Kept { runs: number, resolver: Some(resolver), ..before };
    model
}

fn all(files: &Gate<'_>, stated: &Stated, resolver: &Resolver, run: &Run<'_>, kept: &Kept) -> ProjectModel {
    let evaluator = Evaluator::new(files, resolver, run, &kept.answers);
    let model = ProjectModel::default();
    let mut linker = Linker {
        files,
        resolver,
        evaluator: &evaluator,
        run,
        kept,
        model,
        client_calls: Vec::new(),
        asked: Vec::new(),
        unread: BTreeSet::new(),
    };
    let of_auth: Vec<_> =
        files.candidates().iter().filter(|(_, signals)| signals.auth).map(|(path, _)| Arc::clone(path)).collect();
    files.prepare(&of_auth);
    for path in &of_auth {
        let Some(facts) = files.facts(path) else { continue };
        linker.model.files.push(Arc::clone(path));
        let calls = facts.module().map(|module| module.calls.as_slice()).unwrap_or_default();
        let is_silent = calls.is_empty() && !facts.module().is_some_and(means_to_make);
        let unread = facts.unread().filter(|_| !is_silent || matches!(facts.body, Body::Unreadable(_)));
        if let Some((span, reason)) = unread {
            let question = format!("what `{path}` configures");
            let site = Site::new(path, span);
            linker.unread.insert(site.clone());
            linker.model.undetermined.push(Open { question, reason, site });
        }
        for call in calls {
            run.begin();
            linker.instance(path, call);
        }
        linker.handed_on(path, facts.module());
    }
    linker.model.undetermined.extend(absent::questions(files, resolver, &of_auth));
    linker.finish(stated)
}

/// The call that describes an instance's API (documentation: plugins/open-api).
const DESCRIBE: &str = "generateOpenAPISchema";

struct Linker<'a> {
    files: &'a dyn Files,
    resolver: &'a Resolver,
    evaluator: &'a Evaluator<'a>,
    run: &'a Run<'a>,
    kept: &'a Kept,
    model: ProjectModel,
    /// The calls that make clients: these are for once the servers are known.
    client_calls: Vec<ClientCall>,
    /// Places that could not be read, where that is told of the file.
    unread: BTreeSet<Site>,
    /// What the sources do not tell of servers, by their places.
    asked: Vec<(Site, Open)>,
}

/// A call of `createAuthClient`.
struct ClientCall {
    at: Site,
    owner: Option<String>,
    module: String,
    options: Node,
}

impl Linker<'_> {
    fn finish(mut self, stated: &Stated) -> ProjectModel {
        self.model.servers.sort_by(|a, b| a.at.cmp(&b.at));
        let mut servers = std::mem::take(&mut self.model.servers);
        tell_apart(&mut servers, self.resolver);
        let packages: BTreeSet<Arc<str>> = servers.iter().map(|server| Arc::clone(&server.package)).collect();
        let runs = programmatic::runs(self.files, self.evaluator);
        for server in &mut servers {
            // What lies in a package without a server may be about any; tests are about instances of tests.
            let is_own = |path: &&Arc<str>| {
                let package = self.resolver.package_of(path);
                (package == server.package || !packages.contains(&package)) && (!is_trial(path) || is_trial(&server.at.file))
            };
            let run = runs.iter().find(is_own);
            self.compare(server, run);
        }
        self.model.servers = servers;
        mount(self.files, self.resolver, self.evaluator, &mut self.model);
        let sites = Sites::find(&mut self.model.servers);
        tell_copies(self.evaluator, &mut self.model.servers);
        self.ask();
        std::mem::take(&mut self.client_calls).into_iter().for_each(|call| self.client(call, &sites));
        self.model.clients.sort_by(|a, b| a.at.cmp(&b.at));
        self.calls_of_clients();
        tell(self.files, self.resolver, self.evaluator, stated, &mut self.model);
        let mut touched: BTreeSet<Arc<str>> = self.model.files.drain(..).collect();
        touched.extend(self.run.touched());
        for server in &self.model.servers {
            touched.extend(server.declared.sources.iter().cloned());
            touched.extend(server.version.source.iter().cloned());
        }
        self.model.files = touched.into_iter().collect();
        for questions in [&mut self.model.undetermined, &mut self.model.undetermined_around] {
            questions.sort();
            questions.dedup();
        }
        self.model
    }

    fn instance(&mut self, path: &Arc<str>, site: &CallSite) {
        let Kind::Call(call) = &site.expr.kind else { return };
        let key = (Arc::clone(path), site.expr.span);
        let made = self.run.answer(&self.kept.calls, key, || self.evaluated(path, site, call));
        if self.run.is_spent() {
            let question = format!("what `{}` in {path} is given", render::expr(&call.callee));
            let reason = "working it out takes more steps than one call may take".to_owned();
            self.model.undetermined.push(Open { question, reason, site: Site::new(path, site.expr.span) });
        }
        let (External { module, name }, options) = match made {
            Made::By(callee, options) => (callee, *options),
            Made::Unknown(why) => return self.unmade(path, site.owner.as_deref(), why),
            Made::Nothing => return,
        };
        let (at, owner) = (Site::new(path, call.callee.span), site.owner.clone());
        match name.as_str() {
            ENTRY if is_framework(&module) => {
                let role = match self.only_describes_itself(path, site) {
                    true => Role::CliCopy,
                    false => self.evaluator.role_of(path, site.scope, &site.guards),
                };
                self.server(at, role, owner, options);
            }
            // Takes the options of the server it makes, and keeps the data in Payload (payload-auth: Better Auth plugin).
            "betterAuthPlugin" if module.starts_with("payload-auth") => {
                let options = self.evaluator.property(&options, "betterAuthOptions", &at);
                self.server(at, role(path), owner, kept_by("payload", &module, options));
            }
            // They take the options of what the module of Nuxt makes of them, or a function that gives these (Nuxt Better Auth:
            // "Configuration").
            "defineServerAuth" if module == NUXT => {
                let options = self.given_by(options);
                let has_database = options.get(&["database"]).is_some();
                let options = if has_database { options } else { kept_by("nuxt-better-auth", &module, options) };
                self.server(at.clone(), role(path), owner, options);
                // It adds the route as well.
                if let Some(server) = self.model.servers.last_mut() {
                    server.mounts.push(Mount::by(&module, at, Arc::clone(&server.package)));
                }
            }
            "defineClientAuth" if module == NUXT => {
                let options = self.given_by(options);
                self.client_calls.push(ClientCall { at, owner, module, options });
            }
            CLIENT if is_framework(&module) => self.client_calls.push(ClientCall { at, owner, module, options }),
            _ => {}
        }
    }

    /// Options, or what a function gives for them that the module of Nuxt calls.
    fn given_by(&self, options: Node) -> Node {
        match &options.value {
            Value::Function(function) => {
                let given = Unknown::new("the module of Nuxt gives it to the function", options.at.clone());
                let given = Node { value: Value::Unknown(given), at: options.at.clone() };
                self.evaluator.call(function, vec![given], &options.at)
            }
            _ => options,
        }
    }

    /// Tells of the places of a module that hand the function on that makes an instance.
    fn handed_on(&mut self, path: &Arc<str>, module: Option<&Module>) {
        let Some(module) = module else { return };
        for site in module.makers.iter().filter(|site| may_be_entry(module, &site.expr)) {
            let value = self.evaluator.eval(path, site.scope, &site.expr);
            let Some(External { module, name }) = entry(&value).filter(|callee| is_framework(&callee.module)) else { continue };
            let reason = match name.as_str() {
                "*" => format!("all of `{module}` is handed on, to be used elsewhere"),
                name if INSTANCES.contains(&name) => format!("`{name}` is handed on, to be called elsewhere"),
                _ => continue,
            };
            self.unmade(path, None, Unknown::new(reason, Site::new(path, site.expr.span)));
        }
        for (entry, name, span) in exported_entries(module) {
            let reason = format!("`{entry}` is exported as `{name}`, to be called elsewhere");
            self.unmade(path, None, Unknown::new(reason, Site::new(path, span)));
        }
    }

    /// Says that an instance may be made in a way that is not followed.
    fn unmade(&mut self, path: &str, owner: Option<&str>, why: Unknown) {
        let name = owner.map_or_else(String::new, |owner| format!("`{owner}` in "));
        let question = format!("what {name}{path} configures");
        self.model.undetermined.push(Open { question, reason: why.reason, site: why.at });
    }

    /// What a call calls, and the options it gives.
    fn evaluated(&self, path: &Arc<str>, site: &CallSite, call: &Call) -> Made {
        let node = self.evaluator.eval(path, site.scope, &call.callee);
        let callee = match entry(&node) {
            Some(callee) => callee,
            // Nobody declares it.
            None if matches!(&node.value, Value::External(other) if other.module == "global" && !other.name.contains("()")) => {
                return Made::Nothing;
            }
            None => return node.why_unknown().map_or(Made::Nothing, Made::Unknown),
        };
        let options = match call.arguments.first() {
            Some(argument) => {
                // Asked for as a whole, as it is by the names for what it makes.
                let given = match self.evaluator.eval(path, site.scope, &site.expr).value {
                    Value::Call(made) => made.arguments.first().cloned(),
                    // One of several functions is called.
                    _ => None,
                };
                given.unwrap_or_else(|| match &argument.value.kind {
                    kind if argument.spread && *kind != Kind::Unread => {
                        let why = Unknown::new("the options are spread from a list", Site::new(path, call.callee.span));
                        Node { value: Value::Unknown(why), at: Site::new(path, argument.value.span) }
                    }
                    _ => self.evaluator.eval(path, site.scope, &argument.value),
                })
            }
            None => Node { value: Object::default().into(), at: Site::new(path, site.expr.span) },
        };
        Made::By(callee, Box::new(options))
    }

    fn server(&mut self, at: Site, role: Role, owner: Option<String>, options: Node) {
        let name = owner.unwrap_or_else(|| "auth".into());
        let package = self.resolver.package_of(&at.file);
        let version = version_in(self.files, self.resolver, &at.file, &package, "better-auth");
        let (plugins, plugins_open) = self.plugins(Side::Server, &package, &options);
        let adapter = adapter(self.evaluator, &options, &version, &at);
        let required = required(&version, &options, &plugins).checked(check(&version, &options, &adapter));
        let (files, resolver, evaluator) = (self.files, self.resolver, self.evaluator);
        let read = || Arc::new(Sources::read(files, resolver, evaluator));
        // Its parts begin by themselves.
        self.run.begin_parts();
        let sources = self.run.answer(&self.kept.sources, (), read);
        self.run.begin();
        let declared = sources.declared(files, evaluator, resolver, &package, &adapter);
        let mut server = Server {
            role,
            at,
            name,
            package,
            version,
            options,
            plugins,
            plugins_open,
            adapter,
            required,
            declared,
            commands: Commands::default(),
            comparison: SchemaState::default(),
            gaps: Vec::new(),
            mounts: Vec::new(),
            mounts_open: Vec::new(),
            contexts: Vec::new(),
        };
        server.commands = sources.commands(files, resolver, &server);
        self.questions(&server);
        self.model.servers.push(server);
    }

    /// Whether an instance lives in a function only to give back its API description.
    fn only_describes_itself(&self, path: &str, site: &CallSite) -> bool {
        let facts = self.files.facts(path);
        let Some(scope) = facts.as_deref().and_then(|facts| facts.module()?.scopes.get(site.scope as usize)) else {
            return false;
        };
        let describes = |value: &Expr| match &value.kind {
            Kind::Call(call) => matches!(&call.callee.kind, Kind::Member(_, method) if method == DESCRIBE),
            _ => false,
        };
        let mut ends = scope.returns.iter().filter(|end| !end.throws).peekable();
        scope.parent.is_some() && ends.peek().is_some() && ends.all(|end| end.value.as_ref().is_some_and(describes))
    }

    /// What the sources do not tell of a server's configuration.
    fn questions(&mut self, server: &Server) {
        let place = format!("`{}` in {}", server.name, server.at.file);
        let questions = &mut self.asked;
        let mut ask = |question: String, why: &Unknown| {
            let open = Open { question, reason: why.reason.clone(), site: why.at.clone() };
            questions.push((server.at.clone(), open));
        };
        // One place raises one question of these, the widest: what hides options hides plugins as well, and both hide tables.
        let mut asked = self.unread.clone();
        let options = match &server.options.value {
            Value::Object(object) => object.open.clone(),
            _ => match server.options.lookup(&["plugins"]) {
                Lookup::Unknown(whys) => whys,
                _ => Vec::new(),
            },
        };
        for (what, does, whys) in
            [("options", "sets", &options), ("plugins", "uses", &server.plugins_open), ("tables", "needs", &server.required.open)]
        {
            for why in whys.iter().filter(|why| asked.insert(why.at.clone())) {
                ask(format!("which {what} {place} {does}"), why);
            }
        }
        // One that reaches no database finds none.
        if let Map::Unknown(why) = &server.declared.lookup.map
            && !server.adapter.is_hollow()
        {
            ask(format!("which tables the adapter of {place} finds"), why);
        }
        for why in &server.version.doubts {
            ask(format!("which version of better-auth {place} runs"), why);
        }
        if let Some(why) = &server.version.beyond {
            ask(format!("whether what is known of better-auth holds for the one {place} runs"), why);
        }
        if server.version.resolved.is_none() && server.version.effective().is_some() {
            let nowhere = match &server.version.unread {
                Some(file) => format!("`{file}` is binary and not read (`bun install --save-text-lockfile` writes one that is)"),
                None => "no lockfile gives its exact version".to_owned(),
            };
            let reason = format!("{nowhere}; the lowest that the range asked for admits is taken");
            let why = Unknown::new(reason, server.at.clone());
            ask(format!("which version of better-auth {place} runs"), &why);
        }
    }

    /// Whether the schema of a server lies where it can be read.
    fn comparable(&self, server: &Server, run: Option<&Arc<str>>) -> SchemaState {
        match server.adapter.kind {
            AdapterKind::None => SchemaState::NotApplicable("nothing is kept in a database"),
            AdapterKind::Memory => SchemaState::NotApplicable("everything is kept in memory"),
            AdapterKind::Mongo => SchemaState::NotApplicable("MongoDB has no schema"),
            AdapterKind::Other if server.adapter.mapper().is_some() && !server.declared.lookup.tables.is_empty() => {
                SchemaState::Compared
            }
            AdapterKind::Other if server.adapter.package() == Some(CONVEX) => self.of_component(server),
            AdapterKind::Other => {
                let name = server.adapter.provider.as_deref().unwrap_or("the adapter");
                SchemaState::Undetermined(format!("the schema of `{name}` does not lie in the repository in a form that is read"))
            }
            AdapterKind::Unknown if server.adapter.is_hollow() => {
                SchemaState::NotApplicable("it is given an empty object for a database")
            }
            AdapterKind::Unknown => SchemaState::Undetermined("the database adapter is not known".into()),
            AdapterKind::Drizzle | AdapterKind::Prisma => SchemaState::Compared,
            AdapterKind::Kysely => run.map_or(SchemaState::Compared, |path| {
                SchemaState::Undetermined(format!("better-auth makes what is missing there when `{path}` runs (`runMigrations`)"))
            }),
        }
    }

    /// The schema of a component of Convex that is not read: the one of the package has the tables of better-auth itself (its
    /// documentation: "Local Install" is for those of other plugins and for fields of one's own).
    fn of_component(&self, server: &Server) -> SchemaState {
        let is_core = |cause: &Cause| *cause == Cause::Core;
        let is_plain = |table: &RequiredTable| is_core(&table.cause) && table.columns.iter().all(|column| is_core(&column.cause));
        let options = server.adapter.options.as_ref().map(|options| options.lookup(&["local"]));
        SchemaState::Undetermined(match options {
            Some(Lookup::Found(_)) => format!("the schema of the component that `{CONVEX}` is given is not known as a whole"),
            None | Some(Lookup::Absent) if self.installs_component(&server.package) => {
                let is_known = server.plugins_open.is_empty() && server.required.open.is_empty();
                if is_known && server.required.tables.values().all(is_plain) {
                    return SchemaState::NotApplicable("the Convex component of a package brings the tables");
                }
                format!(
                    "the component of `{CONVEX}` brings its own tables, and whether those of all plugins and options are among them is not known"
                )
            }
            _ => format!("which tables the component of `{CONVEX}` has is not known"),
        })
    }

    /// Whether the back end of a package installs the component as it comes (Convex: "Using Components").
    fn installs_component(&self, package: &str) -> bool {
        let is_config = |path: &str| {
            matches!(file_name(path).rsplit_once('.'), Some(("convex.config", _))) && *self.resolver.package_of(path) == *package
        };
        let imports_it = |path: &str| {
            let facts = self.files.facts(path);
            facts.is_some_and(|facts| facts.imports().iter().any(|import| import.module == format!("{CONVEX}/convex.config")))
        };
        self.files.candidates().iter().any(|(path, _)| is_config(path) && imports_it(path))
    }

    /// Compares what a server needs with what the repository declares for it.
    /// `run` is a file that has better-auth make what is missing in the database.
    fn compare(&mut self, server: &mut Server, run: Option<&Arc<str>>) {
        let place = format!("`{}` in {}", server.name, server.at.file);
        server.comparison = self.comparable(server, run);
        if server.comparison == SchemaState::Compared {
            let complete = server.plugins_open.is_empty() && server.required.open.is_empty();
            match compare(&server.required, &server.declared, &server.adapter, complete) {
                Comparison::Gaps { gaps, stale, open } => {
                    if let Some(folder) = stale {
                        let question = format!("whether the migrations create the tables {place} needs");
                        let reason = format!(
                            "those in `{folder}` create less than half of the declared tables, so that the database must come by \
                             the others in another way"
                        );
                        self.asked.push((server.at.clone(), Open { question, reason, site: server.adapter.at.clone() }));
                    }
                    for (what, Unknown { reason, at: site, .. }) in open {
                        let question = format!("whether {what}, which {place} needs");
                        self.asked.push((server.at.clone(), Open { question, reason, site }));
                    }
                    match hidden_options(&server.options).filter(|_| !gaps.is_empty()) {
                        Some(reason) => server.comparison = SchemaState::Undetermined(reason),
                        None => server.gaps = gaps,
                    }
                    let is_absent = |gap: &Gap| matches!(gap.kind, GapKind::Table | GapKind::MapEntry);
                    if let Map::Given { at, containers } = &mut server.declared.lookup.map
                        && server.gaps.iter().any(is_absent)
                    {
                        *containers = self.evaluator.containers(&at.file);
                    }
                }
                Comparison::NoSchema => {
                    let unread = server.declared.broken.table("user").map(|why| format!("`{}` could not be read", why.at.file));
                    server.comparison = SchemaState::Undetermined(unread.unwrap_or_else(|| nowhere(&server.declared)));
                }
            }
        }
        if let SchemaState::Undetermined(reason) = &server.comparison {
            let question = format!("whether the database has the tables {place} needs");
            let open = Open { question, reason: reason.clone(), site: server.adapter.at.clone() };
            self.asked.push((server.at.clone(), open));
        }
    }

    /// Puts the questions of servers to those of the model. Of tests and examples, the schema is not judged.
    fn ask(&mut self) {
        for (at, open) in std::mem::take(&mut self.asked) {
            let role = self.model.servers.iter().find(|server| server.at == at).map(|server| server.role);
            match role {
                Some(Role::Test | Role::Example) => self.model.undetermined_around.push(open),
                _ => self.model.undetermined.push(open),
            }
        }
    }

    fn client(&mut self, ClientCall { at, owner, module, options }: ClientCall, sites: &Sites) {
        self.run.begin();
        let name = owner.unwrap_or_else(|| format!("{CLIENT}(…)"));
        let package = self.resolver.package_of(&at.file);
        let (plugins, plugins_open) = self.plugins(Side::Client, &package, &options);
        for why in &plugins_open {
            self.model.undetermined.push(Open {
                question: format!("which plugins the client `{name}` in {} uses", at.file),
                reason: why.reason.clone(),
                site: why.at.clone(),
            });
        }
        let role = sites.role(&package, &at.file);
        let caller = Caller { at: &at, role, package: &package, options: &options, plugins: &plugins };
        let partners = partners(self.files, self.resolver, self.evaluator, caller, &self.model.servers);
        self.model.clients.push(Client {
            role,
            at,
            name,
            package,
            module,
            options,
            plugins,
            plugins_open,
            partners,
            calls: Vec::new(),
            is_idle: false,
        });
    }

    /// Looks for the calls that clients would need further plugins for, where servers have the other half of these, and
    /// whether such clients are used at all.
    fn calls_of_clients(&mut self) {
        let ProjectModel { servers, clients, .. } = &mut self.model;
        for client in clients {
            let mut methods: BTreeSet<&str> = BTreeSet::new();
            let mut lacks_any = false;
            for server in servers.iter().filter(|server| client.may_talk_to(server)) {
                let version = server.version.effective().unwrap_or_else(|| pack().core.newest.clone());
                for known in server.plugins.iter().filter_map(|plugin| plugin.known) {
                    let lacking = known.client_at(&version).filter(|counterpart| !client.has(known, counterpart));
                    lacks_any |= lacking.is_some();
                    methods.extend(lacking.iter().flat_map(|counterpart| &counterpart.calls).map(String::as_str));
                }
            }
            if !methods.is_empty() {
                client.calls = calls_on(self.files, self.evaluator, &client.at, &methods);
            }
            client.is_idle = lacks_any && self.evaluator.is_idle(&client.at);
        }
    }

    fn plugins(&self, side: Side, package: &str, options: &Node) -> (Vec<PluginUse>, Vec<Unknown>) {
        let (files, resolver, evaluator) = (self.files, self.resolver, self.evaluator);
        let reader = Reader { files, resolver, evaluator, package, side };
        match &options.value {
            // What all alternatives have in common is certain.
            Value::Either(_) => reader.listed_in(self.evaluator.property(options, "plugins", &options.at).seen(&[])),
            _ => reader.listed(options),
        }
    }
}

/// The function that makes a server.
const ENTRY: &str = "betterAuth";

/// The module with the functions that a module of Nuxt takes options by.
const NUXT: &str = "@onmax/nuxt-better-auth/config";

/// The function that makes a client.
const CLIENT: &str = "createAuthClient";

/// The function of a package that a callee is, or may be in one of several cases.
fn entry(callee: &Node) -> Option<External> {
    match &callee.value {
        // The whole module under the name of its default export, as compilers to CommonJS have it.
        Value::External(External { module, name }) if is_framework(module) => {
            let name = name.strip_prefix("default.").unwrap_or(name).to_owned();
            Some(External { module: module.clone(), name })
        }
        // What other packages call the same is not known to be it.
        Value::External(other) => (other.name.rsplit('.').next() != Some(ENTRY)).then(|| other.clone()),
        Value::Either(alternatives) => alternatives.iter().find_map(|one| entry(&one.node)),
        _ => None,
    }
}

/// Whether an expression may stand for the function that makes an instance, or for the module it is a member of.
fn may_be_entry(module: &Module, expr: &Expr) -> bool {
    match &expr.kind {
        Kind::Name(name) => module.imports.iter().any(|import| import.local == *name && brings_entry(import)),
        Kind::Member(_, name) => INSTANCES.contains(&name.as_str()),
        Kind::ImportCall(module) => is_home_of_entry(module),
        _ => false,
    }
}

/// Whether an import brings in a function that makes instances, or all of a module that has the one for servers.
fn brings_entry(import: &Import) -> bool {
    !import.type_only && (import.name == Imported::Namespace && is_home_of_entry(&import.module) || entry_of(import).is_some())
}

/// The function that makes instances that an import brings in.
fn entry_of(import: &Import) -> Option<&str> {
    let Imported::Named(name) = &import.name else { return None };
    (is_framework(&import.module) && INSTANCES.contains(&name.as_str()) && !import.type_only).then_some(name)
}

/// The functions that make instances which a module exports under another name, with that.
fn exported_entries(module: &Module) -> impl Iterator<Item = (&str, &str, Span)> {
    let imported = |local: &str| module.imports.iter().find(|import| import.local == local);
    let exported = module.exports.iter().filter_map(move |export| match export {
        Export::From { name, module, imported: Imported::Named(entry) } => {
            let is_entry = is_framework(module) && INSTANCES.contains(&entry.as_str());
            is_entry.then_some((entry.as_str(), name.as_str(), Span::default()))
        }
        Export::Local { name, local } => {
            let (import, span) = match module.scopes.first()?.binding(local, None) {
                Some(Binding { source: Source::Value(Expr { kind: Kind::Name(of), .. }), span, .. }) => (imported(of)?, *span),
                Some(_) => return None,
                None => imported(local).map(|import| (import, import.span))?,
            };
            Some((entry_of(import)?, name.as_str(), span))
        }
        _ => None,
    });
    exported.filter(|(entry, name, _)| entry != name)
}

/// Whether a file imports what makes an instance, so that a call of it must be somewhere.
fn means_to_make(module: &Module) -> bool {
    let makes = |import: &Import| match &import.name {
        Imported::Named(name) => !import.type_only && is_framework(&import.module) && ENTRY_POINTS.contains(&name.as_str()),
        Imported::Namespace => false,
    };
    module.imports.iter().any(makes)
}

/// Options with a database that a wrapper of the framework brings along.
fn kept_by(name: &str, module: &str, options: Node) -> Node {
    let Node { value, at } = options;
    let mut object = match value {
        Value::Object(object) => object,
        Value::Undefined => Object::default().into(),
        value => return Node { value, at },
    };
    let call = CallValue::by_wrapper(module, name, Vec::new(), &at);
    let node = Node { value: call.into(), at: at.clone() };
    let database = Property { key: "database".into(), key_at: at.clone(), node, conditions: Vec::new() };
    object.change().properties.push(database);
    Node { value: Value::Object(object), at }
}

/// Options that are not known could rename the tables.
fn hidden_options(options: &Node) -> Option<String> {
    match &options.value {
        Value::Object(object) => {
            object.open.first().map(|why| format!("options that are not known may rename tables: {}", why.reason))
        }
        Value::Unknown(why) => Some(why.reason.clone()),
        Value::Either(alternatives) => alternatives.iter().find_map(|one| hidden_options(&one.node)),
        _ => None,
    }
}

/// Whether a module is one of those that have the function that makes an instance.
fn is_home_of_entry(module: &str) -> bool {
    matches!(module, "better-auth" | "better-auth/minimal")
}

/// Whether a module is better-auth itself (`better-auth`, `better-auth/react`).
pub(super) fn is_framework(module: &str) -> bool {
    module.strip_prefix("better-auth").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Why the tables of a server are nowhere.
fn nowhere(declared: &Declared) -> String {
    if let Some(gone) = &declared.gone {
        return format!("`{}` drops table `{}`, and nothing in the repository makes it again", gone.at.file, gone.table);
    }
    let nothing = "no Prisma model, Drizzle table, entity class, SQL migration or type written from the database declares its core \
                   tables in the repository";
    let without: Vec<String> = declared.without.iter().map(|package| format!("`{package}`")).collect();
    match without.is_empty() {
        true => nothing.to_owned(),
        false => format!("{nothing}, but for what examples or tests declare for themselves in {}", without.join(", ")),
    }
}

/// Folders of tests.
const TESTS: [&str; 10] =
    ["test", "tests", "testing", "test-utils", "test-helpers", "__tests__", "__mocks__", "e2e", "fixtures", "__fixtures__"];

/// Folders of what fills databases.
const SEEDS: [&str; 2] = ["seed", "seeds"];

/// Folders of what is there to be read.
const EXAMPLES: [&str; 7] = ["example", "examples", "docs", "sample", "samples", "snippets", "playground"];

/// What an instance is for, told by where it stands.
pub(crate) fn role(path: &str) -> Role {
    let file = file_name(path);
    let stem = stem(file);
    let mid_ending = |ending: &str| file.contains(&format!(".{ending}."));
    let is_test = in_folder(path, &TESTS) || words(file).any(|word| matches!(word.as_str(), "test" | "tests" | "testing"));
    if is_test || mid_ending("spec") || mid_ending("e2e") || is_seed(path) {
        Role::Test
    } else if in_folder(path, &EXAMPLES) {
        Role::Example
    } else if stem.contains("auth") && stem.split(['-', '_']).any(|word| word == "cli")
        || in_folder(path, &["script", "scripts"])
        || stem.ends_with("-schema-generation")
        || mid_ending("cli")
    {
        Role::CliCopy
    } else {
        Role::Live
    }
}

/// Whether a package is there to show or to test something.
pub(crate) fn is_example_or_test(package: &str) -> bool {
    package.split('/').any(|folder| TESTS.contains(&folder) || EXAMPLES.contains(&folder))
}

/// Whether a file fills a database.
#[must_use]
pub fn is_seed(path: &str) -> bool {
    let stem = stem(file_name(path));
    in_folder(path, &SEEDS) || stem == "seed" || stem.starts_with("seed-") || stem.ends_with("-seed")
}

fn in_folder(path: &str, names: &[&str]) -> bool {
    folder_of(path).split('/').any(|folder| names.contains(&folder))
}

/// A file's name up to its first dot.
fn stem(file: &str) -> &str {
    file.split('.').next().unwrap_or("")
}

/// The words of a file's name in lower case, without its ending: `test-utils`, `testUtils` and `test.utils` have two.
fn words(file: &str) -> impl Iterator<Item = String> {
    let name = file.rsplit_once('.').map_or(file, |(name, _)| name);
    let mut words = vec![String::new()];
    for letter in name.chars() {
        let is_word = letter.is_alphanumeric();
        if !is_word || letter.is_uppercase() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| is_word) {
            word.extend(letter.to_lowercase());
        }
    }
    words.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_instance_is_for_is_told_by_its_path() {
        for (path, expected) in [
            ("src/lib/auth.ts", Role::Live),
            ("src/latest.ts", Role::Live),
            ("src/lib/contest/auth.ts", Role::Live),
            ("src/attestation-auth.ts", Role::Live),
            ("src/auth.test.ts", Role::Test),
            ("src/lib/server/test.utils.ts", Role::Test),
            ("src/lib/test-utils.ts", Role::Test),
            ("src/lib/testHelpers.ts", Role::Test),
            ("src/lib/authTesting.ts", Role::Test),
            ("packages/test-utils/src/auth.ts", Role::Test),
            ("prisma/seed.ts", Role::Test),
            ("guides/snippets/server/auth.ts", Role::Example),
            ("examples/a/auth.ts", Role::Example),
            ("script/auth-cli.ts", Role::CliCopy),
            ("scripts/auth.ts", Role::CliCopy),
        ] {
            assert_eq!(role(path), expected, "{path}");
        }
        assert!(is_seed("prisma/seed.ts") && is_seed("db/seeds/users.ts") && !is_seed("src/auth.test.ts"));
    }
}
