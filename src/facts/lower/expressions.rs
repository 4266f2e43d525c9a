//! Expressions.

use super::bindings::CHOICES;
use super::gathered::gathered;
use super::literals::{number, unescape};
use super::mounts::paths_of;
use super::unread::{unread_element, unread_property};
use super::{Around, CLIENT_METHODS, ENTRY_POINTS, INSTANCES, Lowering, MAX_DEPTH, named, span};
use crate::facts::common::Common;
use crate::facts::module::{
    Call, CallSite, ClientCall, Element, Expr, Guard, Import, Imported, Kind, Operator, Property, ScopeId, Surrounding,
    TemplatePart, Text,
};
use crate::facts::secrecy;
use crate::source::Span;
use crate::syntax::typescript::fields::NodeField;
use crate::syntax::typescript::nodes::Node;

/// A call by a function for that.
struct IndirectCall<'n> {
    /// What is called.
    function: Node<'n>,
    /// What it is given.
    given: Vec<Node<'n>>,
    /// That is a list of the arguments.
    spread: bool,
}

impl Lowering<'_> {
    pub(super) fn expr(&mut self, node: Node<'_>, scope: ScopeId, around: Around<'_>) -> Expr {
        if self.depth >= MAX_DEPTH {
            self.too_deep.push(span(node));
            return Expr { kind: Kind::Opaque, span: span(node) };
        }
        self.depth += 1;
        let kind = self.kind(node, scope, around);
        self.depth -= 1;
        kind
    }

    pub(super) fn kind(&mut self, node: Node<'_>, scope: ScopeId, around: Around<'_>) -> Expr {
        let here = span(node);
        let kind = match node.kind() {
            // The parser made it up, to go on.
            _ if node.is_missing() => Kind::Opaque,
            _ if self.turn.fills(node) => return gathered(here),
            "parenthesized_expression"
            | "as_expression"
            | "satisfies_expression"
            | "non_null_expression"
            | "await_expression" => {
                return match node.parts().next() {
                    Some(inner) => self.expr(inner, scope, around),
                    None => Expr { kind: Kind::Opaque, span: here },
                };
            }
            "type_assertion" => {
                return match node.parts().last() {
                    Some(inner) => self.expr(inner, scope, around),
                    None => Expr { kind: Kind::Opaque, span: here },
                };
            }
            "undefined" => Kind::Undefined,
            "null" => Kind::Null,
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            "number" => number(self.str(node)).map_or(Kind::Opaque, Kind::Number),
            "string" => Kind::Text(secrecy::text(self.string_content(node), around)),
            "template_string" => self.template(node, scope, around),
            "regex" => Kind::Regex,
            "identifier" | "shorthand_property_identifier" | "shorthand_property_identifier_pattern" => match self.str(node) {
                "undefined" => Kind::Undefined,
                name => {
                    self.mention(node, scope);
                    let expr = Expr { kind: Kind::Name(name.to_owned()), span: here };
                    if (self.is_kept(name) || self.is_module(&expr)) && self.is_handed_on(node) {
                        self.hand_on(&expr, scope);
                    }
                    return expr;
                }
            },
            "this" => Kind::Name("this".into()),
            "meta_property" => Kind::Name(self.owned(node)),
            "array" => Kind::Array(self.elements(node, scope, around.element())),
            "object" => {
                let properties = self.properties(node, scope, around);
                self.providing(&properties, scope);
                Kind::Object(properties)
            }
            "class" => Kind::Function(self.class(node, scope)),
            "member_expression" => match (node.field(NodeField::Object), node.field(NodeField::Property)) {
                (Some(object), Some(property)) => {
                    if let Some(name) = self.own_member(object, property) {
                        self.mention_name(name.clone(), scope);
                        return Expr { kind: Kind::Name(name), span: here };
                    }
                    let object = self.expr(object, scope, around);
                    return self.member(object, self.owned(property), scope, node);
                }
                _ => Kind::Opaque,
            },
            "subscript_expression" => match (node.field(NodeField::Object), node.field(NodeField::Index)) {
                (Some(object), Some(index)) => {
                    let object = self.expr(object, scope, around);
                    if index.kind() == "string" {
                        return self.member(object, self.string_content(index), scope, node);
                    }
                    Kind::Index(Box::new(object), Box::new(self.expr(index, scope, Around::default())))
                }
                _ => Kind::Opaque,
            },
            "call_expression" => return self.call(node, scope, around),
            "new_expression" => return self.construction(node, scope, around),
            "arrow_function" | "function_expression" | "generator_function" | "function_declaration" => {
                Kind::Function(self.function(node, scope))
            }
            "ternary_expression" => {
                let [condition, yes, no] =
                    [NodeField::Condition, NodeField::Consequence, NodeField::Alternative].map(|field| node.field(field));
                let (Some(condition), Some(yes), Some(no)) = (condition, yes, no) else {
                    return Expr { kind: Kind::Opaque, span: here };
                };
                let condition = self.expr(condition, scope, around);
                let yes = self.guarded(&condition, true, yes, scope, around);
                let no = self.guarded(&condition, false, no, scope, around);
                Kind::Conditional(Box::new([condition, yes, no]))
            }
            "binary_expression" => {
                let operator = node.field(NodeField::Operator).map_or(Operator::Other, |op| operator(op.kind()));
                // What is compared does not become the value.
                let becomes_value = matches!(operator, Operator::Nullish | Operator::Or | Operator::And | Operator::Add);
                let around = if becomes_value { around } else { Around::default() };
                let (Some(left), Some(right)) = (node.field(NodeField::Left), node.field(NodeField::Right)) else {
                    return Expr { kind: Kind::Opaque, span: here };
                };
                let left = self.expr(left, scope, around);
                let right = match operator {
                    Operator::And | Operator::Or => self.guarded(&left, operator == Operator::And, right, scope, around),
                    Operator::Nullish => {
                        let missing = Expr { kind: Kind::Opaque, span: left.span };
                        self.guarded(&missing, true, right, scope, around)
                    }
                    _ => self.expr(right, scope, around),
                };
                Kind::Binary(operator, Box::new([left, right]))
            }
            "assignment_expression" | "augmented_assignment_expression" => return self.assignment(node, scope),
            "update_expression" => {
                self.count(node, scope);
                Kind::Opaque
            }
            "unary_expression" => {
                let argument = node.field(NodeField::Argument).map(|argument| self.expr(argument, scope, Around::default()));
                match (node.field(NodeField::Operator).map(|op| op.kind()), argument) {
                    (Some("!"), Some(argument)) => Kind::Not(Box::new(argument)),
                    (Some("-"), Some(argument)) => Kind::Negate(Box::new(argument)),
                    (Some("+"), Some(argument)) => Kind::ToNumber(Box::new(argument)),
                    (Some("typeof"), Some(argument)) => Kind::TypeOf(Box::new(argument)),
                    (Some("void"), _) => Kind::Undefined,
                    (Some("delete"), Some(argument)) => {
                        self.deletion(&argument, scope, node);
                        Kind::Bool(true)
                    }
                    _ => Kind::Opaque,
                }
            }
            // Only the last of them becomes the value.
            "sequence_expression" => {
                let parts = named(node);
                let Some((last, before)) = parts.split_last() else { return Expr { kind: Kind::Opaque, span: here } };
                for part in before {
                    self.expr(*part, scope, Around::default());
                }
                return self.expr(*last, scope, around);
            }
            _ => {
                self.visit_children(node, scope);
                Kind::Opaque
            }
        };
        Expr { kind, span: here }
    }

    /// An expression that is reached only under a condition: what it changes depends on that.
    fn guarded(&mut self, condition: &Expr, holds: bool, node: Node<'_>, scope: ScopeId, around: Around<'_>) -> Expr {
        let guard = Guard { condition: Common::new(condition.clone()), holds, body: span(node) };
        self.under([guard], |lowering| lowering.expr(node, scope, around))
    }

    /// Whether a function of this name may make an instance, by its own name or by the one it is imported under.
    pub(super) fn is_maker(&self, name: &str) -> bool {
        may_make_an_instance(name) || self.maker_names.contains(name) || self.module.holders.contains(name)
    }

    /// Whether it is kept where what has a name is handed on.
    fn is_kept(&self, name: &str) -> bool {
        self.is_maker(name) || self.kept_names.contains(name)
    }

    /// A function that may make an instance is handed on, to be called elsewhere.
    fn hand_on(&mut self, function: &Expr, scope: ScopeId) {
        self.module.makers.push(CallSite { scope, expr: function.clone(), owner: None, guards: Vec::new() });
    }

    /// Whether all that is done with an entry point is to give it another name, under which its calls are found.
    fn is_another_name(&self, entry: Node<'_>) -> bool {
        let mut around = entry.parent();
        while let Some(choice) = around.filter(|around| CHOICES.contains(&around.kind())) {
            around = choice.parent();
        }
        let is_declared = around.is_some_and(|around| around.kind() == "variable_declarator");
        is_declared && self.entry_named(entry).is_some()
    }

    /// Whether a value is used itself, and is not called, taken apart or left alone on the spot.
    fn is_handed_on(&self, value: Node<'_>) -> bool {
        let mut value = value;
        loop {
            let Some(around) = value.parent() else { return false };
            return match around.kind() {
                "parenthesized_expression"
                | "as_expression"
                | "satisfies_expression"
                | "non_null_expression"
                | "await_expression" => {
                    value = around;
                    continue;
                }
                "sequence_expression" if around.parts().last() == Some(value) => {
                    value = around;
                    continue;
                }
                "sequence_expression" | "expression_statement" | "unary_expression" => false,
                // Names of types and elements.
                "type_query" | "nested_identifier" | "nested_type_identifier" => false,
                "call_expression" => around.field(NodeField::Function) != Some(value),
                "new_expression" => around.field(NodeField::Constructor) != Some(value),
                "arguments" => {
                    around.parent().and_then(|call| self.called_indirectly(call)).is_none_or(|it| it.function != value)
                }
                "member_expression" => {
                    let method = around.field(NodeField::Property).map_or("", |property| self.str(property));
                    let is_called = || around.parent().is_some_and(|call| self.called_indirectly(call).is_some());
                    method == "bind" || matches!(method, "call" | "apply") && !is_called()
                }
                "subscript_expression" => around.field(NodeField::Index).is_none_or(|index| index.kind() != "string"),
                "variable_declarator" => match around.field(NodeField::Name) {
                    Some(name) if name.kind() == "object_pattern" => name.parts().any(|part| part.kind() == "rest_pattern"),
                    _ => !self.is_another_name(value),
                },
                _ => !self.is_another_name(value),
            };
        }
    }

    /// The call of a function that may make an instance by a function for that: `f.call(null, …)`, `f.apply(null, list)`,
    /// `Reflect.apply(f, null, list)`.
    fn called_indirectly<'n>(&self, call: Node<'n>) -> Option<IndirectCall<'n>> {
        let by = call.field(NodeField::Function).filter(|by| by.kind() == "member_expression" && !call.has_error())?;
        let (object, method) = (by.field(NodeField::Object)?, self.str(by.field(NodeField::Property)?));
        if !matches!(method, "call" | "apply") {
            return None;
        }
        let given = named(call.field(NodeField::Arguments)?);
        let (function, given) = match (self.str(object), method) {
            ("Reflect", "apply") => given.split_first().map(|(function, given)| (*function, given))?,
            _ => (object, given.as_slice()),
        };
        let mut name = function;
        while matches!(name.kind(), "parenthesized_expression" | "non_null_expression") {
            name = name.parts().next()?;
        }
        if name.kind() != "identifier" {
            name = name.field(NodeField::Property)?;
        }
        let (this, given) = given.split_first()?;
        let is_it = matches!(this.kind(), "null" | "undefined" | "this")
            && (self.is_kept(self.str(name)) || self.entry_names.contains_key(self.str(name)));
        is_it.then(|| IndirectCall { function, given: given.to_vec(), spread: method == "apply" })
    }

    /// Lowers a call by a function for that to the call it comes to.
    fn indirect_call(&mut self, node: Node<'_>, scope: ScopeId) -> Option<Expr> {
        let IndirectCall { function, given, spread } = self.called_indirectly(node)?;
        let callee = self.expr(function, scope, Around::default());
        let mut arguments = Vec::new();
        for value in given {
            match self.expr(value, scope, Around::default()) {
                Expr { kind: Kind::Array(elements), .. } if spread => arguments.extend(elements),
                value => arguments.push(Element { value, spread }),
            }
        }
        let call = Call { callee, arguments, new: false };
        Some(self.finished_call(call, function, scope, node))
    }

    /// A member of what is lowered.
    fn member(&mut self, object: Expr, property: String, scope: ScopeId, node: Node<'_>) -> Expr {
        self.handler_value(&object, &property, scope, node);
        self.method_value(&object, &property, scope, node);
        let is_maker = self.is_module(&object) && (self.module.keeps_calls || self.is_maker(&property))
            || INSTANCES.contains(&property.as_str());
        let member = Expr { kind: Kind::Member(Box::new(object), property), span: span(node) };
        if is_maker && self.is_handed_on(node) {
            self.hand_on(&member, scope);
        }
        member
    }

    /// Whether something stands for all that a module exports.
    fn is_module(&self, expr: &Expr) -> bool {
        match &expr.kind {
            Kind::Name(name) => self.is_module_name(name),
            kind => matches!(kind, Kind::ImportCall(_)),
        }
    }

    pub(super) fn is_module_name(&self, name: &str) -> bool {
        self.module.imports.iter().any(|import| import.local == *name && import.name == Imported::Namespace)
    }

    /// Whether a call is kept: what it calls may make an instance.
    fn calls_maker(&self, callee: &Expr) -> bool {
        match &callee.kind {
            _ if self.module.keeps_calls => true,
            Kind::Name(name) => self.is_maker(name),
            Kind::Member(of, name) => self.is_maker(name) || name == "default" && self.is_module(of),
            _ => false,
        }
    }

    /// `new F(…)`.
    fn construction(&mut self, node: Node<'_>, scope: ScopeId, around: Around<'_>) -> Expr {
        let here = span(node);
        let Some(constructor) = node.field(NodeField::Constructor) else {
            return Expr { kind: Kind::Opaque, span: here };
        };
        let callee = self.expr(constructor, scope, Around::default());
        let is_maker = self.calls_maker(&callee);
        let before = self.found();
        let around = arguments_of(&callee, around);
        let arguments = node.field(NodeField::Arguments).map(|list| self.elements(list, scope, around));
        let call = Call { callee, arguments: arguments.unwrap_or_default(), new: true };
        let expr = Expr { kind: Kind::Call(Common::new(call)), span: here };
        self.surround(before, self.found(), || Surrounding::Argument(expr.clone()));
        if is_maker {
            let guards = self.reached_under(scope);
            self.module.makers.push(CallSite { scope, expr: expr.clone(), owner: self.owner.clone(), guards });
        }
        expr
    }

    pub(super) fn call(&mut self, node: Node<'_>, scope: ScopeId, around: Around<'_>) -> Expr {
        let here = span(node);
        let Some(function) = node.field(NodeField::Function) else { return Expr { kind: Kind::Opaque, span: here } };
        let arguments = node.field(NodeField::Arguments);
        let required = self.import_within(node);
        if function.kind() == "import" {
            let kind = match (required, arguments.map(named).as_deref()) {
                (Some(module), _) => Kind::ImportCall(module),
                (None, Some([name, ..])) => Kind::ImportOf(Box::new(self.expr(*name, scope, Around::default()))),
                (None, _) => Kind::Opaque,
            };
            let module = Expr { kind, span: here };
            if self.is_module(&module) && self.is_handed_on(node) {
                self.hand_on(&module, scope);
            }
            return module;
        }
        if let Some(call) = self.indirect_call(node, scope) {
            return call;
        }
        if self.gather(node, scope) {
            return Expr { kind: Kind::Undefined, span: here };
        }
        let callee = self.expr(function, scope, around);
        let before = self.found();
        let arguments = match arguments {
            Some(list) if list.kind() == "arguments" => {
                let around = arguments_of(&callee, around);
                self.elements(list, scope, around)
            }
            Some(template) => return self.tagged(callee, template, scope, here),
            None => Vec::new(),
        };
        let within = self.found();
        let call = self.finished_call(Call { callee, arguments, new: false }, function, scope, node);
        self.surround(before, within, || Surrounding::Argument(call.clone()));
        call
    }

    /// The module that a call requires or imports where it stands.
    fn import_within(&mut self, node: Node<'_>) -> Option<String> {
        let module = self.required_module(node)?;
        let (local, name, span) = (String::new(), Imported::Namespace, span(node));
        self.module.imports.push(Import { local, module: module.clone(), name, type_only: false, span });
        Some(module)
    }

    /// A call whose parts are lowered; by itself, so that nested calls take no more of the stack.
    fn finished_call(&mut self, call: Call, function: Node<'_>, scope: ScopeId, node: Node<'_>) -> Expr {
        let here = span(node);
        let call = Common::new(call);
        let Call { callee, arguments, .. } = &*call;
        if function.kind() == "super"
            && let Some(class) = self.scope(scope).class.as_mut()
        {
            class.handed_on = Some(arguments.clone());
        }
        if let Kind::Member(promise, method) = &callee.kind
            && method == "then"
            && matches!(promise.kind, Kind::ImportCall(_))
        {
            match arguments.first() {
                Some(Element { value: Expr { kind: Kind::Function(function), .. }, spread: false }) => {
                    self.give(function.scope, 0, promise);
                }
                _ => self.hand_on(promise, scope),
            }
        }
        // `server.register(async (server, options) => …, { auth })` (Fastify: plugins).
        if let (Kind::Member(_, method), [Element { value: plugin, spread: false }, options, ..]) =
            (&callee.kind, arguments.as_slice())
            && let Kind::Function(function) = &plugin.kind
            && method == "register"
        {
            self.give(function.scope, 1, &options.value);
        }
        let is_entry = match &callee.kind {
            Kind::Name(name) => self.entry_names.get(name).is_some_and(|name| ENTRY_POINTS.contains(name)),
            Kind::Member(_, name) => ENTRY_POINTS.contains(&name.as_str()),
            _ => false,
        };
        let is_maker = self.calls_maker(callee);
        self.mounting_call(&call, scope, node);
        self.sharing_call(&call, scope);
        self.client_call(&call, scope);
        let expr = Expr { kind: Kind::Call(call), span: here };
        if is_entry || is_maker {
            let site = CallSite { scope, expr: expr.clone(), owner: self.owner.clone(), guards: self.reached_under(scope) };
            if is_entry { &mut self.module.calls } else { &mut self.module.makers }.push(site);
        }
        if !is_entry {
            self.receiving_call(&expr, is_maker, scope);
        }
        self.mutating_call(&expr, scope, node);
        self.passing_call(&expr, scope, node);
        self.routing_call(&expr, scope, node);
        expr
    }

    /// A call of a method that only a client plugin brings, by its name.
    fn client_call(&mut self, call: &Call, scope: ScopeId) {
        let Some(last) = names_of(&call.callee).next() else { return };
        let is_called = |method: &&&str| {
            let mut names = names_of(&call.callee);
            method.ends_with(last) && method.rsplit('.').all(|step| names.next() == Some(step))
        };
        if let Some(method) = CLIENT_METHODS.iter().find(is_called) {
            self.module.client_calls.push(ClientCall { scope, method: (*method).to_owned(), callee: call.callee.clone() });
        }
    }

    /// A call of a function that may be given an instance: `createApp({ auth })`, or `server.register(routes, { auth })`, which
    /// calls `routes(server, { auth })`. Of those that are kept anyway, only what is registered is told by another call.
    fn receiving_call(&mut self, expr: &Expr, is_kept: bool, scope: ScopeId) {
        let Kind::Call(call) = &expr.kind else { return };
        let gives = |argument: &Element| match &argument.value.kind {
            Kind::Name(name) => may_make_an_instance(name),
            Kind::Object(properties) => properties.iter().any(|property| match property {
                Property::Keyed { key, value, .. } => {
                    may_make_an_instance(key) && matches!(value.kind, Kind::Name(_) | Kind::Member(..) | Kind::Call(_))
                }
                _ => false,
            }),
            _ => false,
        };
        let received = match (&call.callee.kind, call.arguments.as_slice()) {
            (Kind::Name(_), arguments) if !is_kept && arguments.iter().any(gives) => expr.clone(),
            (Kind::Member(server, method), [plugin, options, ..])
                if method == "register" && (self.all_calls || gives(options)) =>
            {
                let arguments = vec![Element { value: (**server).clone(), spread: false }, options.clone()];
                let call = Call { callee: plugin.value.clone(), arguments, new: false };
                Expr { kind: Kind::Call(Common::new(call)), span: expr.span }
            }
            _ => return,
        };
        self.module.receivers.push(CallSite { scope, expr: received, owner: None, guards: Vec::new() });
    }

    /// A template behind a tag: of the tags, the text of `sql` says something of the schema.
    fn tagged(&mut self, callee: Expr, template: Node<'_>, scope: ScopeId, here: Span) -> Expr {
        if !matches!(&callee.kind, Kind::Name(tag) if tag == "sql") {
            self.visit_children(template, scope);
            return Expr { kind: Kind::Opaque, span: here };
        }
        let text = Expr { kind: self.template(template, scope, Around::default()), span: span(template) };
        let arguments = vec![Element { value: text, spread: false }];
        Expr { kind: Kind::Call(Common::new(Call { callee, arguments, new: false })), span: here }
    }

    pub(super) fn elements(&mut self, node: Node<'_>, scope: ScopeId, around: Around<'_>) -> Vec<Element> {
        let mut elements = Vec::new();
        let mut unread = Vec::new();
        let first = node.parts().next().filter(|first| first.kind() == "string");
        let first = first.map(|first| (first, self.string_content(first)));
        self.each_part(
            node,
            &mut |lowering, child| {
                let around = match &first {
                    Some((node, first)) if *node != child => around.after(first),
                    _ => around,
                };
                let spread = child.kind() == "spread_element";
                let value = match child.parts().next().filter(|_| spread) {
                    Some(inner) => lowering.expr(inner, scope, around),
                    None if spread => Expr { kind: Kind::Opaque, span: span(child) },
                    None => lowering.expr(child, scope, around),
                };
                elements.push(Element { value, spread });
            },
            &mut |_, span| unread.push(unread_element(span)),
        );
        elements.extend(unread);
        elements
    }

    pub(super) fn properties(&mut self, node: Node<'_>, scope: ScopeId, around: Around<'_>) -> Vec<Property> {
        let mut properties = Vec::new();
        let (mut unread, mut holding) = (Vec::new(), Vec::new());
        self.each_part(
            node,
            &mut |lowering, child| {
                let before = lowering.found();
                let Some(property) = lowering.property(child, scope, around) else { return };
                if lowering.found() != before
                    && let Some(key) = key_of(&property)
                {
                    holding.push((before, lowering.found(), key));
                }
                properties.push(property);
            },
            &mut |_, span| unread.push(unread_property(span)),
        );
        for (before, within, key) in holding {
            let paths = paths_of(&properties);
            self.surround(before, within, || Surrounding::Property { key: key.clone(), paths: paths.clone() });
        }
        properties.extend(unread);
        properties
    }

    fn property(&mut self, node: Node<'_>, scope: ScopeId, around: Around<'_>) -> Option<Property> {
        Some(match node.kind() {
            "pair" => {
                let (key, value) = (node.field(NodeField::Key)?, node.field(NodeField::Value)?);
                match self.key_text(key) {
                    Some(name) => {
                        let value = self.expr(value, scope, around.property(&name));
                        Property::Keyed { key: name, key_span: span(key), value }
                    }
                    None => {
                        let key = key.parts().next().unwrap_or(key);
                        Property::Computed {
                            key: self.expr(key, scope, Around::default()),
                            value: self.expr(value, scope, around.property("")),
                        }
                    }
                }
            }
            "shorthand_property_identifier" => {
                Property::Keyed { key: self.owned(node), key_span: span(node), value: self.expr(node, scope, Around::default()) }
            }
            "spread_element" => Property::Spread(self.expr(node.parts().next()?, scope, around)),
            "method_definition" => {
                let name = node.field(NodeField::Name)?;
                let getter = self.str(node).starts_with("get ");
                let function = self.function(node, scope);
                let mut value = Expr { kind: Kind::Function(function), span: span(node) };
                if getter {
                    // To read it is to call it.
                    value = Call::of(value);
                }
                Property::Keyed { key: self.key_text(name)?, key_span: span(name), value }
            }
            _ => unread_property(span(node)),
        })
    }

    pub(super) fn template(&mut self, node: Node<'_>, scope: ScopeId, around: Around<'_>) -> Kind {
        let mut parts = Vec::new();
        let mut plain = String::new();
        for child in node.parts() {
            if child.kind() == "template_substitution" {
                if !plain.is_empty() {
                    parts.push(TemplatePart::Text(secrecy::text(std::mem::take(&mut plain), around)));
                }
                if let Some(inner) = child.parts().next() {
                    parts.push(TemplatePart::Value(self.expr(inner, scope, around)));
                }
            } else {
                plain.push_str(&unescape(self.str(child)));
            }
        }
        let rest = secrecy::text(plain, around);
        if parts.is_empty() {
            return Kind::Text(rest);
        }
        if !rest.is_empty() {
            parts.push(TemplatePart::Text(rest));
        }
        Kind::Template(parts)
    }
}

/// What the arguments of a call stand for, of which the result stands somewhere.
fn arguments_of<'n>(callee: &Expr, around: Around<'n>) -> Around<'n> {
    let last = |expr: &Expr| match &expr.kind {
        Kind::Name(name) | Kind::Member(_, name) => name.clone(),
        _ => String::new(),
    };
    match &callee.kind {
        Kind::Member(of, method) => around.arguments(method, &last(of)),
        _ => around.arguments(&last(callee), ""),
    }
}

/// The names of a member and of what it is a member of, from the last to the first: `b` and `a` of `a.b`.
fn names_of(expr: &Expr) -> impl Iterator<Item = &str> {
    fn before<'e>(expr: &&'e Expr) -> Option<&'e Expr> {
        match &expr.kind {
            Kind::Member(of, _) => Some(of),
            _ => None,
        }
    }
    std::iter::successors(Some(expr), before).map_while(|expr| match &expr.kind {
        Kind::Member(_, name) | Kind::Name(name) => Some(name.as_str()),
        _ => None,
    })
}

/// The key of a property, as an expression.
fn key_of(property: &Property) -> Option<Expr> {
    match property {
        Property::Keyed { key, key_span, .. } => Some(Expr { kind: Kind::Text(Text::Plain(key.clone())), span: *key_span }),
        Property::Computed { key, .. } => Some(key.clone()),
        Property::Spread(_) => None,
    }
}

/// Whether a function of this name may be one that makes an instance: their calls are few, and all calls are many.
pub(crate) fn may_make_an_instance(name: impl AsRef<[u8]>) -> bool {
    name.as_ref().windows(4).any(|part| part.eq_ignore_ascii_case(b"auth"))
}

pub(super) fn operator(token: &str) -> Operator {
    match token {
        "??" => Operator::Nullish,
        "||" => Operator::Or,
        "&&" => Operator::And,
        "===" | "==" => Operator::Equal,
        "!==" | "!=" => Operator::NotEqual,
        "+" => Operator::Add,
        "-" => Operator::Subtract,
        "*" => Operator::Multiply,
        "/" => Operator::Divide,
        "%" => Operator::Remainder,
        "**" => Operator::Power,
        "<<" => Operator::ShiftLeft,
        ">>" => Operator::ShiftRight,
        "&" => Operator::BitAnd,
        "|" => Operator::BitOr,
        "^" => Operator::BitXor,
        "<" => Operator::Less,
        "<=" => Operator::AtMost,
        ">" => Operator::Greater,
        ">=" => Operator::AtLeast,
        "in" => Operator::In,
        "instanceof" => Operator::InstanceOf,
        _ => Operator::Other,
    }
}
