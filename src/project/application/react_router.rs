//! The routes that `app/routes.ts` gives the files of an application (React Router: "Routing").

use std::sync::Arc;

use super::frameworks;
use crate::facts::module::{Call, Element, Expr, Kind, MODULE_SCOPE, ScopeId, Source, Text};
use crate::project::eval::{Evaluator, Home};
use crate::project::files::Files;
use crate::project::resolve::{join, relative};
use crate::project::value::{External, Unknown, Value};
use crate::source::{Site, Span, folder_of};

/// The file in the folder of the application that lists its routes.
const LISTS: [&str; 2] = ["app/routes.ts", "app/routes.js"];

/// The module with the functions that make routes.
pub(super) const MODULE: &str = "@react-router/dev/routes";

/// The function that makes routes of all files, and its module.
const BY_FILES: (&str, &str) = ("@react-router/fs-routes", "flatRoutes");

/// The routes of a file; why they are not known; `None` where the package has no list of routes.
pub(super) fn routes_of(files: &dyn Files, evaluator: &Evaluator<'_>, file: &Arc<str>) -> Option<Result<Vec<String>, Unknown>> {
    let package = evaluator.package_of(file);
    let list: Arc<str> = LISTS.iter().filter_map(|list| join(&package, list)).find(|path| files.exists(path))?.into();
    let facts = files.facts(&list)?;
    let bound = facts.module()?.scopes.first()?.binding("default", None)?;
    let Source::Value(routes) = &bound.source else { return None };
    let folder = list.rsplit_once('/').map_or("", |(folder, _)| folder);
    let at = Place { file: &list, scope: MODULE_SCOPE };
    let mut reader = Reader { evaluator, folder, file, found: Vec::new(), open: None };
    reader.list(at, routes, "", MAX_DEPTH);
    let Reader { found, open, .. } = reader;
    let not_there = || Unknown::new(format!("`{list}` has no route for it"), Site::new(&list, routes.span));
    Some(match found.is_empty() {
        false => Ok(found),
        true => Err(open.unwrap_or_else(not_there)),
    })
}

/// Most lists that are in each other.
const MAX_DEPTH: u32 = 16;

/// Where an expression stands.
#[derive(Clone, Copy)]
struct Place<'p> {
    file: &'p Arc<str>,
    scope: ScopeId,
}

struct Reader<'a> {
    evaluator: &'a Evaluator<'a>,
    /// The folder of the application, from which the paths of files go.
    folder: &'a str,
    /// The file whose routes are looked for.
    file: &'a str,
    found: Vec<String>,
    /// What was not followed.
    open: Option<Unknown>,
}

impl Reader<'_> {
    fn list(&mut self, at: Place<'_>, routes: &Expr, prefix: &str, depth: u32) {
        let Some(depth) = depth.checked_sub(1) else { return self.not_followed(at, routes.span) };
        match &routes.kind {
            Kind::Array(elements) => elements.iter().for_each(|Element { value, .. }| self.list(at, value, prefix, depth)),
            Kind::Name(name) => match self.bound(at, name, routes.span) {
                Some((home, Source::Value(list))) => {
                    self.list(Place { file: &home.file, scope: home.scope }, &list, prefix, depth);
                }
                _ => self.not_followed(at, routes.span),
            },
            Kind::Call(call) => match self.maker(at, call) {
                Some((maker, folder)) => self.made(at, &maker, &folder, call, prefix, depth),
                None if self.is_by_files(at, call) => match relative(self.folder, self.file).and_then(frameworks::flat_route) {
                    Some(route) => self.found.push(route),
                    None => self.not_followed(at, routes.span),
                },
                None => self.not_followed(at, routes.span),
            },
            _ => self.not_followed(at, routes.span),
        }
    }

    /// What a name is bound to, and where.
    fn bound(&self, at: Place<'_>, name: &str, span: Span) -> Option<(Home, Source)> {
        let home = self.evaluator.home(at.file, at.scope, name, span)?;
        let source = self.evaluator.bound(&home)?;
        Some((home, source))
    }

    /// The name of the function that makes a route, and the folder from which the path of its file goes.
    fn maker(&self, at: Place<'_>, call: &Call) -> Option<(String, String)> {
        let of_module = |at: Place<'_>, callee: &Expr| match self.evaluator.eval(at.file, at.scope, callee).value {
            Value::External(External { module, name }) if module == MODULE => Some(name),
            _ => None,
        };
        // `const { route } = relative(import.meta.dirname)`.
        if let Kind::Name(name) = &call.callee.kind
            && let Some((home, Source::Part { of, path, .. })) = self.bound(at, name, call.callee.span)
        {
            let Kind::Call(relative) = &of.kind else { return None };
            let maker = of_module(Place { file: &home.file, scope: home.scope }, &relative.callee)?;
            let [Element { value: Expr { kind: Kind::Member(_, folder), .. }, .. }] = relative.arguments.as_slice() else {
                return None;
            };
            let is_own = maker == "relative" && folder == "dirname";
            return path.last().filter(|_| is_own).map(|name| (name.clone(), folder_of(&home.file).to_owned()));
        }
        of_module(at, &call.callee).map(|name| (name, self.folder.to_owned()))
    }

    /// Whether a call gives the files in the usual folder their routes by their names (React Router: "File Route Conventions").
    fn is_by_files(&self, at: Place<'_>, call: &Call) -> bool {
        call.arguments.is_empty()
            && matches!(self.evaluator.eval(at.file, at.scope, &call.callee).value, Value::External(External { module, name }) if (&*module, &*name) == BY_FILES)
    }

    fn made(&mut self, at: Place<'_>, maker: &str, folder: &str, call: &Call, prefix: &str, depth: u32) {
        let text = |index: usize| {
            let value = self.evaluator.eval(at.file, at.scope, &call.arguments.get(index)?.value).value;
            match value {
                Value::Text(Text::Plain(text)) => Some(text),
                _ => None,
            }
        };
        let (path, file) = match maker {
            "route" => (text(0), text(1)),
            "prefix" => (text(0), None),
            "index" | "layout" => (Some(String::new()), text(0)),
            _ => return self.not_followed(at, call.callee.span),
        };
        let Some(path) = path else { return self.not_followed(at, call.callee.span) };
        let whole = [prefix, &path].into_iter().flat_map(|part| part.split('/')).filter(|part| !part.is_empty());
        let whole = whole.fold(String::new(), |whole, part| whole + "/" + part);
        if file.is_some_and(|file| join(folder, &file).is_some_and(|path| path == self.file)) {
            self.found.push(if whole.is_empty() { "/".into() } else { whole.clone() });
        }
        // The routes below it come last, after options perhaps.
        if let Some(Element { value: children @ Expr { kind: Kind::Array(_), .. }, .. }) = call.arguments.last() {
            self.list(at, children, &whole, depth);
        }
    }

    fn not_followed(&mut self, at: Place<'_>, span: Span) {
        self.open.get_or_insert_with(|| Unknown::new("a route that is not followed may be its own", Site::new(at.file, span)));
    }
}
