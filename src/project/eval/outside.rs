//! What other files do to a name of a module: change its value, or call it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::changes::doubt_at;
use super::compose::{either, unknown};
use super::ever::binder;
use super::exports::Located;
use super::names::top;
use super::{Evaluator, Place};
use crate::facts::FileFacts;
use crate::facts::lower::may_make_an_instance;
use crate::facts::module::{
    CallSite, Element, Export, Expr, Function, Guard, Imported, Kind, MODULE_SCOPE, Mutation, ScopeId, Source,
};
use crate::facts::signals::{Signals, module_name};
use crate::project::Role;
use crate::project::link::role;
use crate::project::render;
use crate::project::resolve::Resolved;
use crate::project::value::callers::{Caller, Callers};
use crate::project::value::{CallValue, Calls, Condition, Environment, External, FunctionValue, Node, Unknown, Value};
use crate::source::{Site, Span};

/// Most modules that are looked through for the ones that pass on what a file exports.
const MAX_PASSING: usize = 64;

/// Most files whose facts leave out the calls of a function in which these are looked for: each of them is parsed again.
pub(crate) const MAX_SEARCHED: usize = 32;

/// Most calls of one function that are told apart.
const MAX_CALLS: usize = 16;

/// How many functions are followed, each to what calls it, for what all that is for.
const MAX_CALLERS: usize = 4;

/// Files that import from a file, told apart by what is to be found in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum User {
    /// Anything.
    Any,
    /// Changes to what they import.
    Changing,
    /// Requests handed to what they import, or places where it is shared.
    Handling,
    /// Nothing but that they pass on what it exports.
    Passing,
}

impl User {
    fn may_be(self, signals: Signals) -> bool {
        match self {
            Self::Any => true,
            Self::Changing => signals.changes,
            Self::Handling => signals.handlers || signals.shares,
            Self::Passing => false,
        }
    }
}

/// A file as others import it.
struct ImportedFile {
    /// The names it may have, as [`module_name`] gives them.
    names: BTreeSet<String>,
    /// What its specifiers resolve to.
    home: Resolved,
}

/// The changes other files make to what a file exports, by the name it has there.
pub(super) type Changes = HashMap<String, Vec<Change>>;

/// A change to a name of a file that another file makes.
#[derive(Debug)]
pub(super) struct Change {
    /// The way from there to what is changed.
    path: Vec<String>,
    /// Where it is changed.
    at: Site,
}

/// How the repository uses a function.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// Its calls.
    calls: Vec<UseCall>,
    /// Why there may be more of them.
    open: Vec<Unknown>,
    /// In how many further files they are looked for beyond the facts of these.
    left: usize,
    /// In some they are not.
    is_cut: bool,
}

/// What a function is given by what calls it.
#[derive(Debug)]
pub(super) struct CallsOf {
    /// All calls, those that are reached before those that are not seen.
    callers: Arc<Callers>,
    /// Of each call that is reached, its arguments, or why they are not known, and where it stands.
    reached: Vec<(Result<Vec<Node>, Unknown>, Site)>,
    /// Why there may be more.
    unseen: Vec<Unknown>,
}

/// A call of a function.
#[derive(Debug)]
struct UseCall {
    at: Site,
    scope: ScopeId,
    arguments: Vec<Element>,
    /// The name its result is bound to, or the function it stands in.
    owner: Option<String>,
    /// The conditions under which it is reached.
    guards: Vec<Guard>,
}

impl Evaluator<'_> {
    /// Casts doubt on a value that a file other than the one that declares it, and the one that asks, may change: nothing
    /// tells which of them comes first.
    pub(super) fn doubt_outside_changes(&self, node: &mut Node, file: &Arc<str>, name: &str, asker: &str) {
        if self.is_as_written.get() || !matches!(node.value, Value::Array(_) | Value::Object(_) | Value::Either(_)) {
            return;
        }
        let changes = self.outside_changes(file);
        let of_name = changes.get(name).map(Vec::as_slice).unwrap_or_default();
        for change in of_name.iter().filter(|change| *change.at.file != *asker) {
            self.run.touch(&change.at.file);
            doubt_at(
                node,
                &change.path,
                &Unknown::new("another file changes it, at a time that nothing tells", change.at.clone()),
            );
        }
    }

    /// The changes other files make to what a file exports.
    fn outside_changes(&self, file: &Arc<str>) -> Arc<Changes> {
        self.run.answer(&self.answers.changes, Arc::clone(file), || Arc::new(self.find_outside_changes(file)))
    }

    fn find_outside_changes(&self, file: &Arc<str>) -> Changes {
        let mut changes = Changes::new();
        // What scripts change is not changed in the application, unless that imports them.
        let is_apart = |user: &Arc<str>| {
            let is_live = |file: &Arc<str>| role(file) == Role::Live;
            is_live(file) && !is_live(user) && !self.users(user, User::Any).iter().any(is_live)
        };
        for user in self.users(file, User::Changing).iter().filter(|user| !is_apart(user)) {
            let Some(facts) = self.files.changed_imports(user) else { continue };
            let Some(module) = facts.module() else { continue };
            for (import, effect) in module.changed_imports() {
                let (name, path) = match (&import.name, effect.path.split_first()) {
                    (Imported::Named(name), _) => (name, effect.path.as_slice()),
                    (Imported::Namespace, Some((name, path))) => (name, path),
                    (Imported::Namespace, None) => continue,
                };
                let Some((_, name)) = self.declaration(user, &import.module, name).filter(|(home, _)| home == file) else {
                    continue;
                };
                self.run.read(user);
                if let Mutation::Passed { call, index, way } = &effect.change
                    && !self.may_change(&self.as_written(|| self.expr(&top(user, &facts), &call.callee)).value, *index, way)
                {
                    continue;
                }
                let at = Site::new(user, effect.span);
                changes.entry(name).or_default().push(Change { path: path.to_vec(), at });
            }
        }
        changes
    }

    /// The file and the name there that an import means.
    pub(crate) fn declaration(&self, from: &Arc<str>, module: &str, name: &str) -> Option<(Arc<str>, String)> {
        match self.resolver.resolve(self.files, from, module) {
            Resolved::File(target) => self.declared(&target, name),
            _ => None,
        }
    }

    /// The file and the name there that an export of a file means.
    pub(super) fn declared(&self, file: &Arc<str>, name: &str) -> Option<(Arc<str>, String)> {
        match self.locate(file, name, 0)? {
            Located::Name(file, local) => Some((file, local)),
            Located::Value(_) => None,
        }
    }

    /// The files that import from a file, directly or through others that pass on what it exports; of all uses, to pass it on
    /// is one, too.
    pub(crate) fn users(&self, file: &Arc<str>, which: User) -> Arc<[Arc<str>]> {
        self.run.answer(&self.answers.users, (Arc::clone(file), which), || self.find_users(file, which).into())
    }

    fn find_users(&self, file: &Arc<str>, which: User) -> Vec<Arc<str>> {
        let mut passing = vec![Arc::clone(file)];
        let mut users = Vec::new();
        let mut seen = BTreeSet::new();
        let mut next = 0;
        while let Some(target) = passing.get(next).cloned() {
            next += 1;
            let target = self.as_imported(&target);
            let importers = self.importers_of(&target, &|path, signals| {
                (which.may_be(signals) || signals.passes_on) && (role(path) != Role::Test || role(file) == Role::Test)
            });
            self.files.prepare(&importers);
            for path in importers {
                let facts = self.files.imports(&path);
                let Some(module) = facts.as_deref().and_then(FileFacts::module) else { continue };
                let means_it = |module: &str| self.is_meant(&target, &path, module);
                // Several names of one module follow each other.
                let passes_on = each_once(module.passed_on()).any(means_it);
                if passes_on && passing.len() < MAX_PASSING && !passing.contains(&path) {
                    passing.push(Arc::clone(&path));
                }
                let is_user = match which {
                    User::Any => passes_on || each_once(module.imported()).any(means_it),
                    User::Changing | User::Handling => each_once(module.imported()).any(means_it),
                    User::Passing => passes_on,
                };
                if is_user && seen.insert(Arc::clone(&path)) {
                    users.push(path);
                }
            }
        }
        users
    }

    /// The files of the program that name a file as a module, whatever they take from it.
    pub(crate) fn importers(&self, file: &Arc<str>) -> Arc<[Arc<str>]> {
        let find = || self.importers_of(&self.as_imported(file), &|path, _| role(path) != Role::Test).into();
        self.run.answer(&self.answers.importers, Arc::clone(file), find)
    }

    /// A file as others may import it.
    fn as_imported(&self, file: &Arc<str>) -> ImportedFile {
        ImportedFile { names: self.resolver.names_of(self.files, file), home: Resolved::File(Arc::clone(file)) }
    }

    /// Whether a specifier in a file means another file.
    fn is_meant(&self, target: &ImportedFile, path: &str, specifier: &str) -> bool {
        target.names.contains(module_name(specifier)) && self.resolver.resolve(self.files, path, specifier) == target.home
    }

    /// The files that name a file as a module, of those that may be of interest.
    fn importers_of(&self, target: &ImportedFile, may_be: &dyn Fn(&Arc<str>, Signals) -> bool) -> Vec<Arc<str>> {
        let names: Vec<&str> = target.names.iter().map(String::as_str).collect();
        let mut importers = self.files.importers(&names);
        importers.retain(|(path, signals)| may_be(path, *signals));
        // Many have a module of such a name. Few of them have this one, and only those are parsed.
        let mut importers: Vec<Arc<str>> = importers.into_iter().map(|(path, _)| path).collect();
        self.files.prepare_specifiers(&importers);
        importers.retain(|path| {
            let facts = self.files.specifiers(path);
            facts.is_some_and(|facts| each_once(facts.specifiers()).any(|module| self.is_meant(target, path, module)))
        });
        importers
    }

    /// What a function is given where it is called, as `argument` tells of each call; `None` when nothing calls it.
    pub(super) fn given(&self, place: &Place<'_>, name: &str, at: &Site, argument: &dyn Fn(&[Node]) -> Node) -> Option<Node> {
        let mark = (Arc::clone(&place.file), place.scope, "(its calls)".to_owned());
        if self.active.has(self.run, &mark) {
            return None;
        }
        // Asked for by each name and each member of it, and through many ways to one function.
        let key = (Arc::clone(&place.file), place.scope);
        let find = || Arc::new(self.active.during(self.run, mark, || self.find_calls_of(place)));
        let calls = self.run.answer_for_all(&self.values().calls_of, key, find);
        let mut parts: Vec<(Node, Calls)> = Vec::new();
        for (number, (arguments, at)) in calls.reached.iter().enumerate() {
            let node = match arguments {
                Ok(arguments) => argument(arguments),
                Err(why) => Node { value: Value::Unknown(why.clone()), at: at.clone() },
            };
            let made = Calls::one(&calls.callers, number);
            match parts.iter_mut().find(|(other, _)| other.value == node.value) {
                Some((_, calls)) => *calls = calls.in_either(&made),
                None => parts.push((node, made)),
            }
        }
        if parts.is_empty() {
            return None;
        }
        for (number, why) in calls.unseen.iter().enumerate() {
            let reason = format!("`{name}` is a parameter, and {}", why.reason);
            parts.push((unknown(reason, why.at.clone()), Calls::one(&calls.callers, calls.reached.len() + number)));
        }
        // Which call it is tells nothing where none of them is known.
        let unknown = parts.iter().map(|(node, _)| if let Value::Unknown(why) = &node.value { Some(why) } else { None });
        if let Some(all) = unknown.collect::<Option<Vec<&Unknown>>>() {
            let why = Unknown { is_text: all.iter().all(|why| why.is_text), ..(*all.first()?).clone() };
            return parts.first().map(|(node, _)| Node { value: Value::Unknown(why), at: node.at.clone() });
        }
        let mut parts: Vec<(Node, Condition)> =
            parts.into_iter().filter_map(|(node, calls)| Some((node, calls.made()?))).collect();
        match parts.len() {
            1 => parts.pop().map(|(node, _)| node),
            _ => Some(either(parts, at.clone())),
        }
    }

    fn find_calls_of(&self, place: &Place<'_>) -> CallsOf {
        self.run.read(&place.file);
        let uses = self.uses_of(&place.file, place.scope);
        let mut callers = Callers { file: Arc::clone(&place.file), scope: place.scope, calls: Vec::new() };
        let mut reached = Vec::new();
        for call in &uses.calls {
            let Some(facts) = self.files.facts(&call.at.file) else { continue };
            self.run.touch(&call.at.file);
            let caller = Place { file: Arc::clone(&call.at.file), facts, scope: call.scope, frame: None };
            let Some(conditions) = self.conditions(&caller, &call.guards) else { continue };
            // As for calls of the entry point itself, it only counts whether production makes the call.
            let kept_out = |condition: &&Condition| condition.environment.is_some_and(Environment::is_outside_production);
            let environment = conditions.iter().find(kept_out).and_then(|condition| condition.environment);
            let (at, owner) = (call.at.clone(), call.owner.clone());
            callers.calls.push(Caller { at, is_seen: true, owner, environment });
            let (arguments, open) = self.arguments(&caller, &call.arguments);
            reached.push((open.into_iter().next().map_or(Ok(arguments), Err), call.at.clone()));
        }
        let unseen: Vec<Unknown> = uses.open.iter().take(Callers::MOST - callers.calls.len()).cloned().collect();
        let elsewhere = |why: &Unknown| Caller { at: why.at.clone(), is_seen: false, owner: None, environment: None };
        callers.calls.extend(unseen.iter().map(elsewhere));
        CallsOf { callers: Arc::new(callers), reached, unseen }
    }

    /// What a call is for, told by where it stands, by when it is reached, and by what calls the function around it.
    pub(crate) fn role_of(&self, file: &Arc<str>, scope: ScopeId, guards: &[Guard]) -> Role {
        let own = role(file);
        if own != Role::Live {
            return own;
        }
        let Some(facts) = self.files.facts(file) else { return own };
        let place = Place { file: Arc::clone(file), facts, scope, frame: None };
        let conditions = self.conditions(&place, guards).unwrap_or_default();
        if conditions.iter().any(|condition| condition.environment.is_some_and(Environment::is_outside_production)) {
            return Role::Development;
        }
        self.role_of_callers(file, scope).unwrap_or(Role::Live)
    }

    /// What all calls of the function around a scope are for, where none of them is part of the application.
    fn role_of_callers(&self, file: &Arc<str>, scope: ScopeId) -> Option<Role> {
        const MARK: &str = "(its callers)";
        let facts = self.files.facts(file)?;
        let module = facts.module()?;
        let around = std::iter::successors(Some(scope), |id| module.scopes.get(*id as usize)?.parent);
        let function = around.take_while(|id| *id != MODULE_SCOPE).last()?;
        let mark = (Arc::clone(file), function, MARK.to_owned());
        let followed = self.active.count(|(.., name)| name == MARK);
        if followed == MAX_CALLERS || self.active.has(self.run, &mark) {
            return None;
        }
        let uses = self.uses_of(file, function);
        if !uses.open.is_empty() {
            return None;
        }
        self.active.during(self.run, mark, || {
            let mut roles = uses.calls.iter().map(|call| self.role_of(&call.at.file, call.scope, &call.guards));
            let first = roles.next().filter(|first| *first != Role::Live);
            first.filter(|first| roles.all(|other| other == *first))
        })
    }

    /// The name of the package through which others may use what a file exports.
    pub(super) fn published_with(&self, file: &str) -> Option<String> {
        let package = self.resolver.package_of(file);
        let manifests = self.resolver.manifests(&package).map(|(_, manifest)| manifest);
        let mut for_others = manifests
            .filter(|manifest| !manifest.private)
            .filter(|manifest| !manifest.exports.is_empty() || !manifest.entries.is_empty())
            .filter_map(|manifest| manifest.name.clone());
        for_others.next()
    }

    /// The uses of the function a scope belongs to.
    fn uses_of(&self, file: &Arc<str>, scope: ScopeId) -> Arc<Uses> {
        let find = || Arc::new(self.as_written(|| self.find_uses(file, scope)).unwrap_or_default());
        self.run.answer(&self.answers.uses, (Arc::clone(file), scope), find)
    }

    /// `None` when the function has no name by which it could be found.
    fn find_uses(&self, file: &Arc<str>, scope: ScopeId) -> Option<Uses> {
        let facts = self.files.facts(file)?;
        let module = facts.module()?;
        let home = module.scopes.get(scope as usize)?.parent?;
        let is_function = |expr: &Expr| matches!(&expr.kind, Kind::Function(Function { scope: own }) if *own == scope);
        let place = top(file, &facts);
        let is_it = |source: &Source| match source {
            Source::Value(Expr { kind: Kind::Call(call), .. }) => {
                let wraps_it = call.arguments.first().is_some_and(|first| is_function(&first.value));
                wraps_it && matches!(self.expr(&place, &call.callee).value, Value::External(callee) if is_wrapper(&callee))
            }
            Source::Value(value) => is_function(value),
            _ => false,
        };
        let name = &module.scopes.get(home as usize)?.bindings.iter().find(|binding| is_it(&binding.source))?.name;
        let is_inside = |site: &CallSite| {
            let mut around = std::iter::successors(Some(site.scope), |id| module.scopes.get(*id as usize)?.parent);
            around.any(|id| id == scope)
        };
        // What the calls of functions give that make no instance is not worth the search.
        let left = if module.calls.iter().any(is_inside) { MAX_SEARCHED } else { 0 };
        let mut uses = Uses { left, ..Uses::default() };
        let is_kept = may_make_an_instance(name)
            || module.holders.contains(name)
            || name == "default"
            || module.keeps_calls && home == MODULE_SCOPE;
        let whole = self.with_calls(file, &facts, is_kept, &mut uses);
        uses.collect(file, &whole, |used, inner| match &used.kind {
            Kind::Name(other) if other == name && binder(module, inner, name, Some(used.span.start)) == Some(home) => {
                Use::Certain
            }
            _ => Use::None,
        });
        let exported: Vec<&str> = module
            .exports
            .iter()
            .filter_map(|export| match export {
                Export::Local { name: exported, local } if local == name && home == MODULE_SCOPE => Some(exported.as_str()),
                _ => None,
            })
            .collect();
        if exported.is_empty() {
            return Some(uses);
        }
        if self.is_imported_by_itself(file) {
            let reason = "Nuxt and Nitro import it into files by themselves";
            uses.open.push(Unknown::new(reason, Site::new(file, Span::default())));
        }
        if let Some(published) = self.published_with(file) {
            let reason = format!("`{published}` is a package, whose users decide");
            uses.open.push(Unknown::new(reason, Site::new(file, Span::default())));
        }
        let wanted = Wanted { file, scope, name, exported };
        for user in self.users(file, User::Any).iter() {
            self.collect_uses(&wanted, user, &mut uses);
        }
        // What runs counts, and scripts and examples only where nothing else calls it.
        let is_live = |file: &str| role(file) == Role::Live;
        if uses.calls.iter().any(|call| is_live(&call.at.file)) {
            uses.calls.retain(|call| is_live(&call.at.file));
            uses.open.retain(|why| is_live(&why.at.file));
        }
        // Nor does what only the official CLI reads, beside what is used.
        if uses.calls.len() > 1 && uses.calls.iter().any(|call| self.is_used(&call.at, call.scope)) {
            uses.calls.retain(|call| !self.is_for_cli_alone(&call.at));
        }
        if uses.calls.len() > MAX_CALLS {
            let beyond = uses.calls.split_off(MAX_CALLS).swap_remove(0);
            uses.open.push(Unknown::new("there are more calls than are followed", beyond.at));
        }
        Some(uses)
    }

    /// The facts of a file with all its calls, as [`Files::with_all_calls`](crate::project::files::Files::with_all_calls) has them.
    pub(crate) fn with_all_calls(&self, file: &Arc<str>) -> Option<Arc<FileFacts>> {
        self.run.answer(&self.answers.whole, Arc::clone(file), || self.files.with_all_calls(file))
    }

    /// The facts of a file with the calls of a function, which they leave out unless these are kept by its name; notes where
    /// those that are left out are not looked for.
    fn with_calls(&self, file: &Arc<str>, facts: &Arc<FileFacts>, is_kept: bool, uses: &mut Uses) -> Arc<FileFacts> {
        if is_kept {
            return Arc::clone(facts);
        }
        let whole = if uses.left > 0 { self.with_all_calls(file) } else { None };
        uses.left = uses.left.saturating_sub(1);
        // One such file tells as much as all of them.
        if whole.is_none() && !std::mem::replace(&mut uses.is_cut, true) {
            let reason = format!("its calls in {file} are not looked for");
            uses.open.push(Unknown::new(reason, Site::new(file, Span::default())));
        }
        whole.unwrap_or_else(|| Arc::clone(facts))
    }

    /// Adds the uses of a function in a file that imports from its own.
    fn collect_uses(&self, wanted: &Wanted<'_>, user: &Arc<str>, uses: &mut Uses) {
        let Some(facts) = self.files.facts(user) else { return };
        let Some(module) = facts.module() else { return };
        let means_it = |from: &str, exported: &str| {
            self.declaration(user, from, exported).is_some_and(|(home, local)| home == *wanted.file && local == *wanted.name)
        };
        let holds_it = |from: &str| wanted.exported.iter().any(|exported| means_it(from, exported));
        let mut is_kept = true;
        let mut locals = Vec::new();
        for import in module.imports.iter().filter(|import| !import.type_only) {
            match &import.name {
                Imported::Named(exported) if means_it(&import.module, exported) => {
                    is_kept &= may_make_an_instance(&import.local) || may_make_an_instance(exported);
                    locals.push(import.local.as_str());
                }
                Imported::Namespace if holds_it(&import.module) => {
                    is_kept &= wanted.exported.iter().any(may_make_an_instance);
                }
                _ => {}
            }
        }
        let whole = self.with_calls(user, &facts, is_kept || module.keeps_calls, uses);
        uses.collect(user, &whole, |used, scope| {
            let at = Some(used.span.start);
            match &used.kind {
                Kind::Name(name) => match binder(module, scope, name, at) {
                    Some(home) => match module.scopes[home as usize].binding(name, at).map(|binding| &binding.source) {
                        Some(Source::Part { path, .. }) if wanted.is_exported_as(path.last()) => {}
                        Some(Source::Parameter { path, .. }) if wanted.is_exported_as(path.last().or(Some(name))) => {
                            return Use::Possible;
                        }
                        // Where it has another name, it was handed on.
                        _ => return Use::None,
                    },
                    None if locals.contains(&name.as_str()) => return Use::Certain,
                    None => {
                        let import = module.imports.iter().find(|import| import.local == *name);
                        let is_home = import.is_some_and(|one| one.name == Imported::Namespace && holds_it(&one.module));
                        return if is_home { Use::Certain } else { Use::None };
                    }
                },
                Kind::Member(_, name) if wanted.is_exported_as(Some(name)) => {}
                Kind::ImportCall(module) if holds_it(module) => return Use::Certain,
                _ => return Use::None,
            }
            let place = Place { file: Arc::clone(user), facts: Arc::clone(&facts), scope, frame: None };
            match &self.expr(&place, used).value {
                // The result of a call may be the function in a wrapper.
                Value::Unknown(_) | Value::Call(_) => Use::Possible,
                value if wanted.may_be(value) => Use::Certain,
                _ => Use::None,
            }
        });
    }
}

/// A function whose uses are looked for.
struct Wanted<'f> {
    file: &'f Arc<str>,
    scope: ScopeId,
    /// Its name in its file.
    name: &'f str,
    /// The names it is exported under.
    exported: Vec<&'f str>,
}

impl Wanted<'_> {
    fn is_exported_as(&self, name: Option<&String>) -> bool {
        name.is_some_and(|name| self.exported.contains(&name.as_str()))
    }

    /// Whether a value is the function, in some case.
    fn may_be(&self, value: &Value) -> bool {
        match value {
            Value::Function(function) => function.file == *self.file && function.scope == self.scope,
            Value::Either(alternatives) => alternatives.iter().any(|one| self.may_be(&one.node.value)),
            _ => false,
        }
    }
}

/// Whether something is a function whose uses are looked for.
enum Use {
    Certain,
    /// It is not known, and has the name.
    Possible,
    None,
}

/// Functions of packages that give back another function, which hands what it is given on to the one they are given, if it
/// calls that (React: `cache`; Next.js: `unstable_cache`; lodash and es-toolkit: `once` and `memoize`).
const WRAPPERS: [(&str, &[&str]); 5] = [
    ("react", &["cache"]),
    ("next/cache", &["unstable_cache"]),
    ("lodash", &["once", "memoize"]),
    ("lodash-es", &["once", "memoize"]),
    ("es-toolkit", &["once", "memoize"]),
];

/// The function that such a wrapper hands its arguments on to.
pub(super) fn wrapped(call: &CallValue) -> Option<&FunctionValue> {
    match &call.arguments.first()?.value {
        Value::Function(function) if is_wrapper(&call.callee) => Some(function),
        _ => None,
    }
}

fn is_wrapper(External { module, name }: &External) -> bool {
    let name = name.strip_prefix("default.").unwrap_or(name);
    WRAPPERS.iter().any(|(package, names)| module == package && names.contains(&name))
}

/// Names without those that repeat the one before.
fn each_once<'n>(names: impl Iterator<Item = &'n str>) -> impl Iterator<Item = &'n str> {
    let mut last = "";
    names.filter(move |name| std::mem::replace(&mut last, name) != *name)
}

impl Uses {
    /// Adds the uses in one file of what `is_it` tells.
    fn collect(&mut self, file: &Arc<str>, facts: &FileFacts, is_it: impl Fn(&Expr, ScopeId) -> Use) {
        let Some(module) = facts.module() else { return };
        for CallSite { scope, expr, owner, guards } in module.makers.iter().chain(&module.receivers).chain(&module.calls) {
            let at = Site::new(file, expr.span);
            let (call, used) = match &expr.kind {
                Kind::Call(call) => (Some(call), &call.callee),
                _ => (None, expr),
            };
            match (is_it(used, *scope), call) {
                (Use::None, _) => {}
                (Use::Certain, Some(call)) => {
                    let (arguments, guards) = (call.arguments.clone(), guards.clone());
                    self.calls.push(UseCall { at, scope: *scope, arguments, owner: owner.clone(), guards });
                }
                (Use::Certain, None) => {
                    self.open.push(Unknown::new(format!("`{}` is handed on, to be called elsewhere", render::expr(used)), at));
                }
                (Use::Possible, _) => {
                    self.open.push(Unknown::new(format!("`{}` may be its function", render::expr(used)), at));
                }
            }
        }
    }
}
