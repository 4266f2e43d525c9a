//! Classes: a class is lowered to its constructor, and the members of its objects are names in the scope of that.

use tree_sitter::Node;

use super::{Around, Lowering, named, span};
use crate::facts::module::{Binding, Call, Expr, Function, Kind, Scope, ScopeId, Source};

/// The name by which a member of the object itself is bound.
pub(crate) fn member_name(property: &str) -> String {
    format!("this.{property}")
}

impl Lowering<'_> {
    pub(super) fn class_declaration(&mut self, node: Node<'_>, scope: ScopeId) {
        let function = self.class(node, scope);
        if let Some(name) = node.child_by_field_name("name") {
            self.bind(scope, name, Source::Value(Expr { kind: Kind::Function(function), span: span(node) }), false);
        }
    }

    pub(super) fn class(&mut self, node: Node<'_>, parent: ScopeId) -> Function {
        let (heads, body): (Vec<_>, Vec<_>) = named(node).into_iter().partition(|child| child.kind() != "class_body");
        for head in heads {
            match head.kind() {
                "class_heritage" => self.heritage(head, parent),
                _ => self.visit_children(head, parent),
            }
        }
        let is_abstract = node.kind() == "abstract_class_declaration";
        let scope = self.open_scope(parent);
        let guards = std::mem::take(&mut self.guards);
        let block = self.block.take();
        let in_class = std::mem::replace(&mut self.in_class, true);
        for member in body.into_iter().flat_map(named) {
            let name = member.child_by_field_name("name").map(|name| self.owned(name));
            match (member.kind(), name) {
                ("method_definition", Some(name)) if name == "constructor" => self.constructor(member, scope),
                ("method_definition" | "public_field_definition", Some(name)) => {
                    let may_differ = match accessibility(member) {
                        Some(modifier) => self.str(modifier) == "protected" || is_abstract && self.str(modifier) != "private",
                        None => is_abstract && !name.starts_with('#'),
                    };
                    self.class_member(member, &name, may_differ, scope);
                }
                _ => self.visit_children(member, scope),
            }
        }
        self.guards = guards;
        self.block = block;
        self.in_class = in_class;
        Function { scope }
    }

    /// What a class extends is handed on to it.
    fn heritage(&mut self, node: Node<'_>, scope: ScopeId) {
        for value in named(node).into_iter().filter_map(|clause| clause.child_by_field_name("value")) {
            self.expr(value, scope, Around::default());
        }
    }

    /// The names of a constructor are seen by no other member.
    fn constructor(&mut self, node: Node<'_>, scope: ScopeId) {
        self.block = Some(span(node));
        self.parameters(node, scope);
        if let Some(body) = node.child_by_field_name("body") {
            self.statements(body, scope);
        }
        self.block = None;
        let parameters = node.child_by_field_name("parameters").map(named).unwrap_or_default();
        for pattern in parameters.into_iter().filter(|one| is_property(*one)).filter_map(|one| one.child_by_field_name("pattern"))
        {
            let source = self.module.scopes[scope as usize].bindings.iter().find(|bound| bound.span == span(pattern));
            if let Some(source) = source.map(|bound| bound.source.clone()) {
                self.bind_member(&self.owned(pattern), source, pattern, scope);
            }
        }
    }

    /// A member, which classes that extend this one may well define in another way.
    fn class_member(&mut self, node: Node<'_>, name: &str, may_differ: bool, scope: ScopeId) {
        let has = |keyword: &str| {
            let mut cursor = node.walk();
            node.children(&mut cursor).any(|child| child.kind() == keyword)
        };
        let (is_static, is_getter, is_setter) = (has("static"), has("get"), has("set"));
        let in_class = std::mem::replace(&mut self.in_class, !is_static);
        let owner = self.owner.replace(name.to_owned());
        let mut value = None;
        if node.kind() == "method_definition" {
            let kind = Kind::Function(self.function(node, scope));
            let function = Expr { kind, span: span(node) };
            value = Some(if is_getter { Call::of(function) } else { function });
        } else {
            for child in named(node) {
                if Some(child) == node.child_by_field_name("value") {
                    value = Some(self.expr(child, scope, Around { name: Some(name), maps_names: false }));
                } else if child.kind() == "decorator" {
                    self.visit_children(child, scope);
                }
            }
        }
        self.owner = owner;
        self.in_class = in_class;
        if !is_static && !is_setter {
            let source = value.filter(|_| !may_differ).map_or(Source::Opaque, Source::Value);
            self.bind_member(name, source, node, scope);
        }
    }

    fn bind_member(&mut self, name: &str, source: Source, node: Node<'_>, scope: ScopeId) {
        let binding = Binding { name: member_name(name), source, mutable: true, span: span(node), block: None };
        self.scope(scope).bindings.push(binding);
    }

    pub(super) fn open_scope(&mut self, parent: ScopeId) -> ScopeId {
        let scope = ScopeId::try_from(self.module.scopes.len()).unwrap_or(ScopeId::MAX);
        self.module.scopes.push(Scope { parent: Some(parent), ..Scope::default() });
        scope
    }
}

fn accessibility(member: Node<'_>) -> Option<Node<'_>> {
    named(member).into_iter().find(|child| child.kind() == "accessibility_modifier")
}

/// Whether a parameter of a constructor declares a member, too: `constructor(private config: Config)`.
fn is_property(parameter: Node<'_>) -> bool {
    let mut cursor = parameter.walk();
    parameter
        .children(&mut cursor)
        .any(|child| matches!(child.kind(), "accessibility_modifier" | "readonly" | "override_modifier"))
}
