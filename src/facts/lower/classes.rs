//! Classes: a class is lowered to its constructor, and the members of its objects are names in the scope of that.

use std::collections::BTreeSet;

use super::{Around, Lowering, named, span};
use crate::facts::module::{Binding, Call, Class, Expr, Function, Kind, Scope, ScopeId, Source, Surrounding};
use crate::syntax::typescript::fields::NodeField;
use crate::syntax::typescript::nodes::Node;

/// What the name begins with by which a member of the object itself is bound.
const OF_OBJECT: &str = "this.";

/// The name by which a member of the object itself is bound.
pub(crate) fn member_name(property: &str) -> String {
    format!("{OF_OBJECT}{property}")
}

/// The member of the object itself that is bound by a name.
pub(crate) fn property_of(name: &str) -> Option<&str> {
    name.strip_prefix(OF_OBJECT)
}

/// What the name begins with by which a member of the class itself is bound, which is no name of the language.
const OF_CLASS: &str = "static ";

/// The name by which a member of the class itself is bound.
pub(crate) fn static_name(property: &str) -> String {
    format!("{OF_CLASS}{property}")
}

/// A name as it is told to people.
pub(crate) fn shown_name(name: &str) -> &str {
    name.strip_prefix(OF_CLASS).unwrap_or(name)
}

/// What `this` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum This {
    /// An object of the class around.
    Object,
    /// The class around.
    Class,
    /// Something else.
    Elsewhere,
}

/// A class whose body is being lowered.
#[derive(Default)]
pub(super) struct OwnClass {
    name: Option<String>,
    /// Its fields that are static, but for functions.
    fields: BTreeSet<String>,
}

impl Lowering<'_> {
    pub(super) fn class_declaration(&mut self, node: Node<'_>, scope: ScopeId) {
        let function = self.class(node, scope);
        if let Some(name) = node.field(NodeField::Name) {
            self.bind(scope, name, Source::Value(Expr { kind: Kind::Function(function), span: span(node) }), false);
        }
    }

    pub(super) fn class(&mut self, node: Node<'_>, parent: ScopeId) -> Function {
        let (heads, body): (Vec<_>, Vec<_>) = node.parts().partition(|child| child.kind() != "class_body");
        let mut base = None;
        let mut decorators = Vec::new();
        for head in heads {
            match head.kind() {
                "class_heritage" => base = self.heritage(head, parent).or(base),
                "decorator" => decorators.extend(self.decorator(head, parent)),
                _ => self.visit_children(head, parent),
            }
        }
        let is_abstract = node.kind() == "abstract_class_declaration";
        let scope = self.open_scope(parent);
        self.scope(scope).class = Some(Box::new(Class { base, ..Class::default() }));
        let guards = std::mem::take(&mut self.guards);
        let block = self.block.take();
        let this = std::mem::replace(&mut self.this, This::Object);
        let own = OwnClass { name: node.field(NodeField::Name).map(|name| self.owned(name)), fields: self.static_fields(&body) };
        let outer = std::mem::replace(&mut self.class, own);
        for body in &body {
            self.unread_members(*body, scope);
        }
        let before = self.found();
        // The decorators of a method come before it.
        let mut of_method = Vec::new();
        for member in body.into_iter().flat_map(named) {
            if member.kind() == "decorator" {
                of_method.extend(self.decorator(member, scope));
                continue;
            }
            let from = self.found();
            let name = member.field(NodeField::Name).map(|name| self.owned(name));
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
            let of_method = std::mem::take(&mut of_method);
            if !of_method.is_empty() {
                self.surround(from, self.found(), || Surrounding::Decorated(of_method.clone()));
            }
        }
        if !decorators.is_empty() {
            self.surround(before, self.found(), || Surrounding::Decorated(decorators.clone()));
        }
        self.guards = guards;
        self.block = block;
        self.this = this;
        self.class = outer;
        Function { scope }
    }

    fn static_fields(&self, bodies: &[Node<'_>]) -> BTreeSet<String> {
        let is_field = |member: &Node<'_>| {
            let value = member.field(NodeField::Value).map(|value| value.kind());
            member.kind() == "public_field_definition"
                && has_keyword(*member, "static")
                && !matches!(value, Some("arrow_function" | "function_expression"))
        };
        let fields = bodies.iter().flat_map(Node::parts).filter(is_field);
        fields.filter_map(|field| field.field(NodeField::Name)).map(|name| self.owned(name)).collect()
    }

    /// The name by which a member is bound of the object or the class whose code this is.
    pub(super) fn own_member(&self, object: Node<'_>, property: Node<'_>) -> Option<String> {
        let property = self.str(property);
        let is_class = match object.kind() {
            "this" if self.this == This::Object => return Some(member_name(property)),
            "this" => self.this == This::Class,
            "identifier" => self.class.name.as_deref() == Some(self.str(object)),
            _ => false,
        };
        (is_class && self.class.fields.contains(property)).then(|| static_name(property))
    }

    /// What a decorator calls; `None` where it calls nothing.
    pub(super) fn decorator(&mut self, node: Node<'_>, scope: ScopeId) -> Option<Expr> {
        let Some(called) = node.parts().find(|child| child.kind() == "call_expression") else {
            self.visit_children(node, scope);
            return None;
        };
        Some(self.expr(called, scope, Around::default()))
    }

    /// What a class extends.
    fn heritage(&mut self, node: Node<'_>, scope: ScopeId) -> Option<Expr> {
        let extended = node.parts().find_map(|clause| clause.field(NodeField::Value))?;
        Some(self.expr(extended, scope, Around::default()))
    }

    /// The names of a constructor are seen by no other member.
    fn constructor(&mut self, node: Node<'_>, scope: ScopeId) {
        self.block = Some(span(node));
        self.parameters(node, scope);
        if let Some(body) = node.field(NodeField::Body) {
            self.statements(body, scope);
        }
        self.block = None;
        let parameters = node.field(NodeField::Parameters).map(named).unwrap_or_default();
        for parameter in parameters {
            let Some(pattern) = parameter.field(NodeField::Pattern) else { continue };
            let token = parameter.parts().find_map(|part| self.injected_by(part, scope));
            let name = self.owned(pattern);
            if let Some(token) = token {
                let names = [Some(name.clone()), is_property(parameter).then(|| member_name(&name))];
                let own = self.scope(scope).class.get_or_insert_default();
                own.injected.extend(names.into_iter().flatten().map(|name| (name, token.clone())));
            }
            if !is_property(parameter) {
                continue;
            }
            let kind = parameter.field(NodeField::Type).and_then(|annotation| annotation.parts().next());
            if let Some(kind) = kind.filter(|kind| kind.kind() == "type_identifier") {
                let given = (self.owned(pattern), self.owned(kind));
                self.scope(scope).class.get_or_insert_default().given.push(given);
            }
            let source = self.module.scopes[scope as usize].bindings.iter().find(|bound| bound.span == span(pattern));
            if let Some(source) = source.map(|bound| bound.source.clone()) {
                self.bind_member(member_name(self.str(pattern)), source, pattern, scope);
            }
        }
    }

    /// What a decorator asks a container for: `@Inject(TOKEN)` (NestJS: "Custom providers").
    fn injected_by(&mut self, decorator: Node<'_>, scope: ScopeId) -> Option<Expr> {
        let call = decorator.parts().find(|child| decorator.kind() == "decorator" && child.kind() == "call_expression")?;
        let [token] = *named(call.field(NodeField::Arguments)?).as_slice() else { return None };
        let is_it = call.field(NodeField::Function).is_some_and(|function| self.str(function) == "Inject");
        is_it.then(|| self.expr(token, scope, Around::default()))
    }

    /// A member, which classes that extend this one may well define in another way.
    fn class_member(&mut self, node: Node<'_>, name: &str, may_differ: bool, scope: ScopeId) {
        let [is_static, is_getter, is_setter] = ["static", "get", "set"].map(|keyword| has_keyword(node, keyword));
        let this = std::mem::replace(&mut self.this, if is_static { This::Class } else { This::Object });
        let owner = self.owner.replace(name.to_owned());
        let before = self.found();
        let mut value = None;
        if node.kind() == "method_definition" {
            let kind = Kind::Function(self.function(node, scope));
            let function = Expr { kind, span: span(node) };
            value = Some(if is_getter { Call::of(function) } else { function });
        } else {
            for child in node.parts() {
                if Some(child) == node.field(NodeField::Value) {
                    value = Some(self.expr(child, scope, Around::named(name)));
                } else if child.kind() == "decorator" {
                    match self.injected_by(child, scope) {
                        Some(token) => {
                            let injected = (member_name(name), token);
                            self.scope(scope).class.get_or_insert_default().injected.push(injected);
                        }
                        None => self.visit_children(child, scope),
                    }
                }
            }
        }
        self.owner = owner;
        self.this = this;
        if is_setter {
            return;
        }
        // Nothing outside of the class gives it a value.
        let is_private = name.starts_with('#') || accessibility(node).is_some_and(|modifier| self.str(modifier) == "private");
        let source = match value {
            Some(value) if may_differ && !is_static => Source::Overridable(value),
            Some(value) => Source::Value(value),
            None if is_static && is_private => Source::Value(Expr { kind: Kind::Undefined, span: span(node) }),
            None => Source::Opaque,
        };
        let name = if is_static { static_name(name) } else { member_name(name) };
        self.surround(before, self.found(), || Surrounding::Bound { scope, name: name.clone() });
        self.bind_member(name, source, node, scope);
    }

    fn bind_member(&mut self, name: String, source: Source, node: Node<'_>, scope: ScopeId) {
        let binding = Binding { name, source, mutable: true, span: span(node), block: None };
        self.scope(scope).bindings.push(binding);
    }

    pub(super) fn open_scope(&mut self, parent: ScopeId) -> ScopeId {
        let scope = ScopeId::try_from(self.module.scopes.len()).unwrap_or(ScopeId::MAX);
        self.module.scopes.push(Scope { parent: Some(parent), ..Scope::default() });
        scope
    }
}

fn has_keyword(member: Node<'_>, keyword: &str) -> bool {
    member.children().any(|child| child.kind() == keyword)
}

fn accessibility(member: Node<'_>) -> Option<Node<'_>> {
    member.parts().find(|child| child.kind() == "accessibility_modifier")
}

/// Whether a parameter of a constructor declares a member, too: `constructor(private config: Config)`.
fn is_property(parameter: Node<'_>) -> bool {
    parameter.children().any(|child| matches!(child.kind(), "accessibility_modifier" | "readonly" | "override_modifier"))
}
