//! The routes that `app/routes.ts` gives the files of an application (React Router: "Routing").

use std::sync::Arc;

use crate::facts::module::{Call, Element, Expr, Kind, MODULE_SCOPE, Source, Text};
use crate::project::eval::Evaluator;
use crate::project::files::Files;
use crate::project::resolve::join;
use crate::project::value::{External, Unknown, Value};
use crate::source::{Site, Span};

/// The file in the folder of the application that lists its routes.
const LISTS: [&str; 2] = ["app/routes.ts", "app/routes.js"];

/// The module with the functions that make routes.
pub(super) const MODULE: &str = "@react-router/dev/routes";

/// The routes of a file; why they are not known; `None` where the package has no list of routes.
pub(super) fn routes_of(files: &dyn Files, evaluator: &Evaluator<'_>, file: &Arc<str>) -> Option<Result<Vec<String>, Unknown>> {
    let package = evaluator.package_of(file);
    let list: Arc<str> = LISTS.iter().filter_map(|list| join(&package, list)).find(|path| files.exists(path))?.into();
    let facts = files.facts(&list)?;
    let bound = facts.module()?.scopes.first()?.binding("default", None)?;
    let Source::Value(routes) = &bound.source else { return None };
    let folder = list.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut reader = Reader { evaluator, list: &list, folder, file, found: Vec::new(), open: None };
    reader.list(routes, "");
    let Reader { found, open, .. } = reader;
    let not_there = || Unknown::new(format!("`{list}` has no route for it"), Site::new(&list, routes.span));
    Some(match found.is_empty() {
        false => Ok(found),
        true => Err(open.unwrap_or_else(not_there)),
    })
}

struct Reader<'a> {
    evaluator: &'a Evaluator<'a>,
    list: &'a Arc<str>,
    folder: &'a str,
    /// The file whose routes are looked for.
    file: &'a str,
    found: Vec<String>,
    /// What was not followed.
    open: Option<Unknown>,
}

impl Reader<'_> {
    fn list(&mut self, routes: &Expr, prefix: &str) {
        match &routes.kind {
            Kind::Array(elements) => elements.iter().for_each(|Element { value, .. }| self.list(value, prefix)),
            Kind::Call(call) => match self.maker(call).as_deref() {
                Some(maker) => self.made(maker, call, prefix),
                None => self.not_followed(routes.span),
            },
            _ => self.not_followed(routes.span),
        }
    }

    /// The name of the function that makes a route.
    fn maker(&self, call: &Call) -> Option<String> {
        match self.evaluator.eval(self.list, MODULE_SCOPE, &call.callee).value {
            Value::External(External { module, name }) if module == MODULE => Some(name),
            _ => None,
        }
    }

    fn made(&mut self, maker: &str, call: &Call, prefix: &str) {
        let text = |index: usize| {
            let value = self.evaluator.eval(self.list, MODULE_SCOPE, &call.arguments.get(index)?.value).value;
            match value {
                Value::Text(Text::Plain(text)) => Some(text),
                _ => None,
            }
        };
        let (path, file) = match maker {
            "route" => (text(0), text(1)),
            "prefix" => (text(0), None),
            "index" | "layout" => (Some(String::new()), text(0)),
            _ => return self.not_followed(call.callee.span),
        };
        let Some(path) = path else { return self.not_followed(call.callee.span) };
        let whole = [prefix, &path].into_iter().flat_map(|part| part.split('/')).filter(|part| !part.is_empty());
        let whole = whole.fold(String::new(), |whole, part| whole + "/" + part);
        if file.is_some_and(|file| join(self.folder, &file).is_some_and(|path| path == self.file)) {
            self.found.push(if whole.is_empty() { "/".into() } else { whole.clone() });
        }
        // The routes below it come last, after options perhaps.
        if let Some(Element { value: children @ Expr { kind: Kind::Array(_), .. }, .. }) = call.arguments.last() {
            self.list(children, &whole);
        }
    }

    fn not_followed(&mut self, span: Span) {
        self.open.get_or_insert_with(|| Unknown::new("a route that is not followed may be its own", Site::new(self.list, span)));
    }
}
