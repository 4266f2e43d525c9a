//! Where the values of names are used.

use std::borrow::Cow;
use std::collections::HashSet;

use super::Lowering;
use super::classes::property_of;
use crate::facts::module::{Binding, Expr, Kind, MODULE_SCOPE, Scope, ScopeId, Source};
use crate::syntax::typescript::nodes::Node;

impl<'t> Lowering<'t> {
    /// Notes that the value of the name a node is is used.
    pub(super) fn mention(&mut self, node: Node<'_>, scope: ScopeId) {
        self.mention_name(self.str(node), scope);
    }

    pub(super) fn mention_name(&mut self, name: impl Into<Cow<'t, str>>, scope: ScopeId) {
        self.mentions.insert((scope, name.into()));
    }

    /// Works out what all uses of names come to.
    pub(super) fn settle_mentions(&mut self) {
        let mentions = std::mem::take(&mut self.mentions);
        for (scope, name) in &mentions {
            self.settle_around(*scope, name);
        }
        self.settle_arguments();
        let used: HashSet<&str> = mentions.iter().map(|(_, name)| &**name).collect();
        let matters = |source: &Source| matches!(source, Source::Value(Expr { kind: Kind::Call(_) | Kind::Function(_), .. }));
        let bound = self.module.scopes[MODULE_SCOPE as usize].bindings.iter().filter(|binding| matters(&binding.source));
        let names = bound.map(|binding| &binding.name).chain(self.module.imports.iter().map(|import| &import.local));
        self.module.idle = names.filter(|name| !used.contains(name.as_str())).cloned().collect();
    }

    /// Tells the functions between the use of a name and those around that may bind it.
    fn settle_around(&mut self, scope: ScopeId, name: &str) {
        let mut between = Vec::new();
        let mut next = Some(scope);
        while let Some(id) = next.filter(|id| *id != MODULE_SCOPE) {
            let data = &self.module.scopes[id as usize];
            let mut bound = data.bindings.iter().filter(|binding| binding.name == name).peekable();
            // A class may have the members of one that it extends.
            let is_bound = bound.peek().is_some() || data.class.is_some() && property_of(name).is_some();
            // What a block binds is another one elsewhere in the function.
            next = data.parent.filter(|_| bound.all(|binding| binding.block.is_some()));
            for inner in between.iter().filter(|_| is_bound) {
                let around = &mut self.module.scopes[*inner as usize].around;
                if !around.contains(&id) {
                    around.push(id);
                }
            }
            between.push(id);
        }
    }

    /// Leaves the functions that take arguments, and classes: what others bind depends on those around them.
    fn settle_arguments(&mut self) {
        let takes_any = |scope: &Scope| {
            let is_given = |binding: &Binding| matches!(binding.source, Source::Parameter { .. } | Source::Arguments { .. });
            scope.class.is_some() || scope.bindings.iter().any(is_given)
        };
        // Those around have been made before.
        for id in 0..self.module.scopes.len() {
            let mut around = Vec::new();
            for home in std::mem::take(&mut self.module.scopes[id].around) {
                let scope = &self.module.scopes[home as usize];
                around.extend(scope.around.iter().copied().chain(takes_any(scope).then_some(home)));
            }
            around.sort_unstable();
            around.dedup();
            self.module.scopes[id].around = around;
        }
    }
}
