//! What an expression may stand for at some time, where its value at any one time is not known: `let auth`, set later.

use std::sync::Arc;

use super::Evaluator;
use crate::facts::FileFacts;
use crate::facts::module::{Effect, Expr, Function, Import, Imported, Kind, MODULE_SCOPE, Mutation, Operator, ScopeId, Source};
use crate::project::value::{Node, Value};

/// Most steps from an expression to what it was given.
const MAX_STEPS: u32 = 6;

/// An expression and where it stands.
type Origin = (Arc<str>, ScopeId, Expr);

impl Evaluator<'_> {
    /// The values an expression has at some time, as far as it is followed through names, members, and functions; without
    /// regard to conditions and to the order in which things happen.
    #[must_use]
    pub fn ever(&self, file: &Arc<str>, scope: ScopeId, expr: &Expr) -> Vec<Node> {
        let mut values = Vec::new();
        self.collect_ever(file, scope, expr, MAX_STEPS, &mut values);
        values
    }

    fn collect_ever(&self, file: &Arc<str>, scope: ScopeId, expr: &Expr, steps: u32, values: &mut Vec<Node>) {
        let node = self.eval(file, scope, expr);
        if !matches!(node.value, Value::Unknown(_)) {
            values.push(node);
            return;
        }
        if steps == 0 || !self.run.step() {
            return;
        }
        let origins = match &expr.kind {
            Kind::Name(name) => self.origins(file, scope, name, &[]),
            Kind::Member(of, member) => match &of.kind {
                Kind::Name(name) => self.origins(file, scope, name, std::slice::from_ref(member)),
                _ => Vec::new(),
            },
            Kind::Call(call) => match &call.callee.kind {
                Kind::Name(name) => {
                    let functions = self.origins(file, scope, name, &[]).into_iter();
                    functions.flat_map(|(home, _, function)| self.returns(&home, &function)).collect()
                }
                _ => Vec::new(),
            },
            Kind::Binary(Operator::Nullish | Operator::Or, sides) => {
                sides.iter().map(|side| (Arc::clone(file), scope, side.clone())).collect()
            }
            _ => Vec::new(),
        };
        for (file, scope, expr) in origins {
            self.collect_ever(&file, scope, &expr, steps - 1, values);
        }
    }

    /// What a name, or a member of what it stands for, is bound to or given, in the module or the one it is imported from.
    fn origins(&self, file: &Arc<str>, scope: ScopeId, name: &str, path: &[String]) -> Vec<Origin> {
        let Some((home, local)) = self.home_of(file, scope, name) else { return Vec::new() };
        let facts = self.files.facts(&home);
        let Some(module) = facts.as_deref().and_then(FileFacts::module) else { return Vec::new() };
        let bound = module.scopes[0].binding(&local, None).and_then(|binding| match &binding.source {
            Source::Value(expr) if path.is_empty() => Some((MODULE_SCOPE, expr)),
            _ => None,
        });
        let given = |effect: &'_ Effect| effect.root == local && effect.path == path;
        let assigned = (MODULE_SCOPE..).zip(&module.scopes).flat_map(|(id, scope)| {
            let effects = scope.effects.iter().filter(|effect| given(effect));
            effects.filter_map(move |effect| match &effect.change {
                Mutation::Assign(expr) => Some((id, expr)),
                _ => None,
            })
        });
        bound.into_iter().chain(assigned).map(|(scope, expr)| (Arc::clone(&home), scope, expr.clone())).collect()
    }

    /// What a function gives back.
    fn returns(&self, file: &Arc<str>, function: &Expr) -> Vec<Origin> {
        let Kind::Function(Function { scope }) = function.kind else { return Vec::new() };
        let facts = self.files.facts(file);
        let scopes = facts.as_deref().and_then(FileFacts::module).map(|module| module.scopes.as_slice()).unwrap_or_default();
        let returns = scopes.get(scope as usize).map(|scope| scope.returns.as_slice()).unwrap_or_default();
        returns.iter().filter_map(|end| Some((Arc::clone(file), scope, end.value.clone()?))).collect()
    }

    /// The module that declares a name, and the name there; `None` for one of a function.
    fn home_of(&self, file: &Arc<str>, scope: ScopeId, name: &str) -> Option<(Arc<str>, String)> {
        let facts = self.files.facts(file)?;
        let module = facts.module()?;
        let scopes = std::iter::successors(Some(scope), |id| module.scopes.get(*id as usize)?.parent);
        let mut binders =
            scopes.filter(|id| module.scopes.get(*id as usize).is_some_and(|data| data.binding(name, None).is_some()));
        match (binders.next(), module.imports.iter().find(|import| import.local == name)) {
            (Some(MODULE_SCOPE), _) => Some((Arc::clone(file), name.to_owned())),
            (None, Some(Import { module, name: Imported::Named(exported), .. })) => self.declaration(file, module, exported),
            _ => None,
        }
    }
}
