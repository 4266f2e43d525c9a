//! Instances that nothing in the repository uses.

use std::sync::Arc;

use super::Evaluator;
use super::outside::User;
use crate::facts::FileFacts;
use crate::facts::module::{CallSite, Export, Imported, Kind, MODULE_SCOPE, Module, ScopeId, Source};
use crate::project::resolve::Resolved;
use crate::source::{FileKind, Site};

/// The exports under which the official CLI looks for an instance (documentation: concepts/cli).
const READ_BY_CLI: [&str; 2] = ["auth", "default"];

impl Evaluator<'_> {
    /// Whether the call at a place makes what a file only exports, under a name that the official CLI looks for: no code of
    /// the repository uses it, whatever is made of its type, and no other package can.
    pub(crate) fn is_for_cli_alone(&self, call: &Site) -> bool {
        self.published_with(&call.file).is_none() && self.is_left_to_cli(call)
    }

    /// The same, whoever else may get it with the package.
    pub(crate) fn is_left_to_cli(&self, call: &Site) -> bool {
        let facts = self.files.facts(&call.file);
        let Some(module) = facts.as_deref().and_then(FileFacts::module) else { return false };
        let Some(name) = bound_to(module, call) else { return false };
        let mut exported = module.exports.iter().filter_map(|export| match export {
            Export::Local { name: exported, local } if local == name => Some(exported.as_str()),
            _ => None,
        });
        exported.any(|exported| READ_BY_CLI.contains(&exported))
            && self.auto_imported(&call.file, name).is_none()
            && !self.is_read(&call.file, name, true)
    }

    /// Whether a module has a name that no code of the repository has the value of, and nobody else can: it is not exported
    /// as what frameworks look for, and no other package or file gets it by itself.
    pub(crate) fn is_unused(&self, file: &Arc<str>, name: &str) -> bool {
        let facts = self.files.facts(file);
        let exports = facts.as_deref().map(FileFacts::exports).unwrap_or_default();
        let is_default =
            |export: &Export| matches!(export, Export::Local { name: exported, local } if local == name && exported == "default");
        !exports.iter().any(is_default)
            && self.published_with(file).is_none()
            && !self.is_imported_by_itself(file)
            && !self.is_read(file, name, true)
    }

    /// Whether nothing uses what the call at a place makes, under a name: no code of its own file, of the files that import
    /// that one, or of other packages.
    pub(crate) fn is_idle(&self, call: &Site) -> bool {
        let facts = self.files.facts(&call.file);
        let Some(module) = facts.as_deref().and_then(FileFacts::module) else { return false };
        bound_to(module, call).is_some_and(|name| !self.has_value_of(&call.file, name))
            && self.published_with(&call.file).is_none()
            && !self.is_imported_by_itself(&call.file)
            && self.importers(&call.file).is_empty()
    }

    /// Whether the program certainly uses what the call at a place makes that may make an instance.
    pub(crate) fn is_instance_used(&self, call: &Site) -> bool {
        let facts = self.files.facts(&call.file);
        let calls = facts.as_deref().and_then(FileFacts::module).map(|module| module.calls.as_slice()).unwrap_or_default();
        let is_it = |site: &&CallSite| matches!(&site.expr.kind, Kind::Call(made) if made.callee.span == call.span);
        calls.iter().find(is_it).is_some_and(|site| self.is_used(call, site.scope))
    }

    /// Whether the program certainly uses what a call makes: it stands in a function, or some code has the name it is bound to.
    pub(super) fn is_used(&self, call: &Site, scope: ScopeId) -> bool {
        let facts = self.files.facts(&call.file);
        let Some(module) = facts.as_deref().and_then(FileFacts::module) else { return false };
        scope != MODULE_SCOPE || bound_to(module, call).is_some_and(|name| self.is_read(&call.file, name, false))
    }

    /// Whether some code has the value of a name of a file; `may` as for [`Self::uses`].
    fn is_read(&self, file: &Arc<str>, name: &str, may: bool) -> bool {
        self.has_value_of(file, name) || self.users(file, User::Any).iter().any(|user| self.uses(user, file, name, may))
    }

    /// Whether a file uses the value of a name of another one; where it has all names of that one, it `may` do so.
    fn uses(&self, user: &Arc<str>, file: &Arc<str>, name: &str, may: bool) -> bool {
        let facts = self.files.facts(user);
        let imports = facts.as_deref().map(FileFacts::imports).unwrap_or_default();
        imports.iter().filter(|import| !import.type_only).any(|import| match &import.name {
            Imported::Named(exported) => {
                let declared = self.declaration(user, &import.module, exported);
                declared.is_some_and(|(home, local)| home == *file && local == name) && self.has_value_of(user, &import.local)
            }
            Imported::Namespace => {
                may && matches!(self.resolver.resolve(self.files, user, &import.module), Resolved::File(target) if target == *file)
            }
        })
    }

    /// Whether the code of a file has the value of one of its names somewhere.
    fn has_value_of(&self, file: &str, name: &str) -> bool {
        let facts = self.files.facts(file);
        let Some((facts, module)) = facts.as_deref().and_then(|facts| Some((facts, facts.module()?))) else { return true };
        // What the other parts of a component mention is not looked at.
        FileKind::of(file) == Some(FileKind::Component) || !facts.errors.is_empty() || !module.idle.contains(name)
    }
}

/// The name of a module that stands for what a call makes.
fn bound_to<'m>(module: &'m Module, call: &Site) -> Option<&'m str> {
    let bound = module.scopes[MODULE_SCOPE as usize].bindings.iter().find(|binding| match &binding.source {
        Source::Value(expr) => matches!(&expr.kind, Kind::Call(made) if made.callee.span.start == call.span.start),
        _ => false,
    });
    bound.map(|binding| binding.name.as_str())
}
