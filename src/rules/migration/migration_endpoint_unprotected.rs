//! A route that changes the schema for whoever calls it.
//!
//! Looked at are routes that are files, where nothing but a middleware of the package can stand before the handler, and those
//! of routers that nothing else can guard.

use std::sync::Arc;

use super::programmatic::each_call;
use super::router;
use crate::facts::module::{CallSite, Export, Expr, Kind, MODULE_SCOPE, Module, Source};
use crate::project::Server;
use crate::rules::{Circumstances, Context, Reporter};
use crate::source::{Site, Span, folder_of};

/// The exports that answer requests in files that are routes.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"];

/// Where a middleware of a package lies, below its folder and without the ending.
const MIDDLEWARE: [&str; 6] = ["middleware", "src/middleware", "proxy", "src/proxy", "hooks.server", "src/hooks.server"];

pub(super) fn check(cx: &Context<'_>, out: &mut Reporter<'_>) {
    each_call(cx, |path, module, call| {
        let Some(text) = cx.files.text(path) else { return };
        let of_file = handler(path, module, call).map(|(method, handler)| (format!("{method}` of `{path}"), handler.span));
        let of_file = of_file.filter(|_| !has_middleware(cx, path));
        let Some((route, handler)) = of_file.or_else(|| router::open_route(cx, path, &text, call.expr.span)) else { return };
        if !handler.of(&text).contains("runMigrations(") || !comes_first(&text, handler, call) {
            return;
        }
        let server = cx.model.servers.iter().find(|server| is_near(server, path));
        let Some(server) = server else { return };
        let at = Site::new(path, call.expr.span);
        let mut report = out.draft(at, format!("`{route}` changes the schema for whoever calls it"));
        report.identity = vec![path.to_string(), route];
        report.related.push((server.at.clone(), format!("the schema of `{}`", server.name)));
        out.hit(cx, Circumstances { role: server.role, package: &server.package, conditions: &[] }, report);
    });
}

/// The exported function a call stands in, and its name, where the file is a route.
fn handler<'m>(path: &str, module: &'m Module, call: &CallSite) -> Option<(&'m str, &'m Expr)> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let by_method = name.starts_with("route.") || name.starts_with("+server.");
    let by_default = path.starts_with("pages/api/") || path.contains("/pages/api/");
    module.exports.iter().find_map(|export| {
        let Export::Local { name, local } = export else { return None };
        let answers = by_method && METHODS.contains(&name.as_str()) || by_default && name == "default";
        let binding = module.scopes.get(MODULE_SCOPE as usize)?.bindings.iter().find(|binding| binding.name == *local)?;
        match &binding.source {
            Source::Value(value) if answers => match &value.kind {
                Kind::Function(function) if function.scope == call.scope => Some((name.as_str(), value)),
                _ => None,
            },
            _ => None,
        }
    })
}

/// Whether nothing is asked before a call: no other call and no condition stands between it and the head of its function.
fn comes_first(text: &str, handler: Span, call: &CallSite) -> bool {
    let before = text.get(handler.start as usize..call.expr.span.start as usize).unwrap_or_default();
    // `await (await getMigrations(…)).runMigrations()`
    before.replace("(await ", "").matches('(').count() <= 1 && !before.contains('?')
}

fn has_middleware(cx: &Context<'_>, path: &str) -> bool {
    let mut folder = folder_of(path);
    loop {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let there = |name: &str| ["ts", "js", "mjs"].iter().any(|ending| cx.files.exists(&format!("{prefix}{name}.{ending}")));
        if MIDDLEWARE.iter().any(|name| there(name)) {
            return true;
        }
        if folder.is_empty() {
            return false;
        }
        folder = folder_of(folder);
    }
}

/// Whether a server belongs to the package a file lies in.
fn is_near(server: &Server, path: &Arc<str>) -> bool {
    server.package.is_empty() || path.strip_prefix(&*server.package).is_some_and(|rest| rest.starts_with('/'))
}
