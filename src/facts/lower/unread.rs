//! What could not be read: it may be any of what stands in its place.

use super::{Lowering, named, span};
use crate::facts::common::Common;
use crate::facts::module::{Binding, Effect, Element, Expr, Guard, Kind, Mutation, Property, Return, ScopeId, Source, When};
use crate::source::Span;
use crate::syntax::typescript::nodes::Node;
use std::collections::BTreeSet;

/// A statement that could not be read.
pub(super) struct Unread {
    scope: ScopeId,
    span: Span,
    /// The words in it.
    words: BTreeSet<String>,
}

impl Lowering<'_> {
    /// Lowers the parts of a node in their order, and between them what could not be read.
    pub(super) fn each_part(
        &mut self,
        node: Node<'_>,
        lower: &mut dyn FnMut(&mut Self, Node<'_>),
        unread: &mut dyn FnMut(&mut Self, Span),
    ) {
        if self.unread.is_empty() {
            return node.parts().for_each(|part| lower(self, part));
        }
        let parts = named(node);
        let mut unseen = self.unread_in(node, &parts).into_iter().peekable();
        for part in parts {
            while let Some(span) = unseen.next_if(|span| span.start < span_start(part)) {
                unread(self, span);
            }
            lower(self, part);
        }
        unseen.for_each(|span| unread(self, span));
    }

    /// What could not be read in a node, and lies in none of its parts.
    fn unread_in(&self, node: Node<'_>, parts: &[Node<'_>]) -> Vec<Span> {
        let holds = |outer: Node<'_>, inner: &Span| span(outer).start <= inner.start && inner.end <= span(outer).end;
        let is_here =
            |unread: &&Span| (node.parent().is_none() || holds(node, unread)) && !parts.iter().any(|part| holds(*part, unread));
        self.unread.iter().filter(is_here).copied().collect()
    }

    /// A statement that could not be read: it may declare the names it begins with, change what it names, and end the function.
    pub(super) fn unread_statement(&mut self, here: Span, scope: ScopeId) {
        let text = self.original.get(here.start as usize..here.end as usize).unwrap_or_default();
        let words: Vec<(usize, &str)> = words(text).collect();
        for (start, name) in declared(text, &words) {
            let start = here.start as usize + start;
            let span = Span::new(start, start + name.len());
            let source = Source::Value(Expr { kind: Kind::Unread, span });
            let binding = Binding { name: name.to_owned(), source, mutable: false, span, block: self.block };
            self.scope(scope).bindings.push(binding);
        }
        if words.iter().any(|(_, word)| *word == "return") {
            let unread = Expr { kind: Kind::Unread, span: here };
            let mut guards = self.guards.clone();
            guards.push(Guard { condition: Common::new(unread.clone()), holds: true, body: here });
            self.scope(scope).returns.push(Return { value: Some(unread), throws: false, guards });
        }
        let words = words.into_iter().map(|(_, word)| word.to_owned()).collect();
        self.unread_statements.push(Unread { scope, span: here, words });
    }

    /// Members that could not be read: an object of the class may have more of them, and others.
    pub(super) fn unread_members(&mut self, class: Node<'_>, scope: ScopeId) {
        for span in self.unread_in(class, &named(class)) {
            let (path, change, guards) = (Vec::new(), Mutation::Opaque, Vec::new());
            let effect = Effect { root: "this".into(), path, change, guards, span, when: When::Here };
            self.scope(scope).effects.push(effect);
        }
    }

    /// What statements that could not be read may change: the lists and objects they name, and variables.
    pub(super) fn settle_unread(&mut self) {
        for Unread { scope, span, words } in std::mem::take(&mut self.unread_statements) {
            for root in words {
                let Some(home) = self.home(scope, &root, span.start) else { continue };
                let binding = self.module.scopes[home as usize].binding(&root, Some(span.start));
                let may_change = |binding: &Binding| match &binding.source {
                    Source::Value(value) => binding.mutable || matches!(value.kind, Kind::Array(_) | Kind::Object(_)),
                    _ => false,
                };
                if binding.is_some_and(may_change) {
                    let (path, change, guards) = (Vec::new(), Mutation::Opaque, Vec::new());
                    self.scope(scope).effects.push(Effect { root, path, change, guards, span, when: When::Here });
                }
            }
        }
    }
}

/// An element of a list that could not be read, or several.
pub(super) fn unread_element(span: Span) -> Element {
    Element { value: Expr { kind: Kind::Unread, span }, spread: true }
}

/// A property of an object that could not be read, or several.
pub(super) fn unread_property(span: Span) -> Property {
    Property::Spread(Expr { kind: Kind::Unread, span })
}

fn span_start(node: Node<'_>) -> u32 {
    span(node).start
}

/// The words of a text, with their places.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let parts = text.split(move |c: char| !is_part(c)).filter(|word| !word.is_empty());
    parts.map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

/// The names that a statement begins to declare.
fn declared<'t>(text: &'t str, words: &[(usize, &'t str)]) -> Vec<(usize, &'t str)> {
    let is_before = |(_, word): &&(usize, &str)| matches!(*word, "export" | "default" | "declare" | "async" | "abstract");
    let mut words = words.iter().skip_while(is_before);
    match words.next() {
        Some((_, "function" | "class" | "enum")) => words.take(1).copied().collect(),
        Some((start, "const" | "let" | "var" | "import")) => {
            let end = text[*start..].find(['=', '(']).map_or(text.len(), |end| start + end);
            let is_name = |(at, word): &&(usize, &str)| *at < end && *word != "from";
            words.take_while(is_name).copied().collect()
        }
        _ => Vec::new(),
    }
}
