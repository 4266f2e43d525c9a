//! Loops that do nothing but fill a list: `for (const { on, make } of all) if (on) list.push(make())` adds what a function of
//! each element gives back, `list.push(...[...all].flatMap(({ on, make }) => { … }))`.

use super::{Around, Lowering, named, span};
use crate::facts::common::Common;
use crate::facts::module::{Binding, Call, Element, Expr, Function, Kind, Return, ScopeId, Source};
use crate::source::Span;
use crate::syntax::typescript::fields::NodeField;
use crate::syntax::typescript::nodes::Node;

/// The name of what one turn adds, which no name of a source is like.
const GATHERED: &str = "(gathered)";

/// A loop over the elements of a list.
#[derive(Clone, Copy)]
struct Loop<'n> {
    list: Node<'n>,
    takes: Takes<'n>,
    body: Node<'n>,
}

/// What takes an element.
#[derive(Clone, Copy)]
enum Takes<'n> {
    /// The pattern of `for (const pattern of list)`.
    Pattern(Node<'n>),
    /// The function of `list.forEach(function)`.
    Function(Node<'n>),
}

impl<'n> Loop<'n> {
    /// What ends one turn.
    fn exit(self) -> &'static str {
        match self.takes {
            Takes::Pattern(_) => "continue_statement",
            Takes::Function(_) => "return_statement",
        }
    }
}

/// A turn of a loop that is being lowered.
#[derive(Default)]
pub(super) struct Turn {
    /// The places that name the list which is filled, by the identities of their nodes.
    targets: Vec<usize>,
    /// The statement that ends the turn.
    exit: &'static str,
}

impl Turn {
    /// Whether a node names the list which is filled.
    pub(super) fn fills(&self, node: Node<'_>) -> bool {
        !self.targets.is_empty() && self.targets.contains(&node.id())
    }

    /// Whether a statement ends the turn.
    pub(super) fn is_ended_by(&self, statement: Node<'_>) -> bool {
        !self.targets.is_empty() && statement.kind() == self.exit
    }
}

/// What stands for the list which is filled, as far as a turn has come.
pub(super) fn gathered(at: Span) -> Expr {
    Expr { kind: Kind::Name(GATHERED.to_owned()), span: at }
}

impl Lowering<'_> {
    /// Lowers a loop that does nothing but fill a list; whether it is one.
    pub(super) fn gather(&mut self, node: Node<'_>, scope: ScopeId) -> bool {
        let Some(each) = self.loop_of(node) else { return false };
        let mut targets = Vec::new();
        if !self.only_fills(each.body, each.exit(), &mut targets) || !self.is_one_list(&targets, each) {
            return false;
        }
        let target = self.expr(targets[0], scope, Around::default());
        let list = self.expr(each.list, scope, Around::default());
        let function = Expr { kind: Kind::Function(self.turn(each, &targets, scope)), span: span(each.body) };
        let at = span(each.list);
        let all = Expr { kind: Kind::Array(vec![Element { value: list, spread: true }]), span: at };
        let callee = Expr { kind: Kind::Member(Box::new(all), "flatMap".to_owned()), span: at };
        let call = Call { callee, arguments: vec![Element { value: function, spread: false }], new: false };
        let value = Expr { kind: Kind::Call(Common::new(call)), span: span(node) };
        self.method_call(&target, "push", &[Element { value, spread: true }], scope, node);
        true
    }

    /// One turn as a function that gives back what it adds.
    fn turn(&mut self, each: Loop<'_>, targets: &[Node<'_>], parent: ScopeId) -> Function {
        self.in_function(parent, false, |lowering, scope| {
            let nothing = Expr { kind: Kind::Array(Vec::new()), span: span(each.body) };
            let at = span(each.list);
            let (name, source) = (GATHERED.to_owned(), Source::Value(nothing));
            lowering.scope(scope).bindings.push(Binding { name, source, mutable: false, span: at, block: None });
            match each.takes {
                Takes::Pattern(pattern) => lowering.pattern(pattern, scope, &mut Vec::new(), None, &mut |path, default| {
                    Source::Parameter { index: 0, path, default, is_text: false }
                }),
                Takes::Function(function) => lowering.parameters(function, scope),
            }
            lowering.turn = Turn { targets: targets.iter().map(Node::id).collect(), exit: each.exit() };
            if each.body.kind() == "call_expression" {
                lowering.expr(each.body, scope, Around::default());
            } else {
                lowering.statement(each.body, scope);
            }
            let end = each.body.end_byte();
            let value = Some(gathered(Span::new(end, end)));
            lowering.scope(scope).returns.push(Return { value, throws: false, guards: Vec::new() });
        })
    }

    /// A statement or a call as a loop over the elements of a list.
    fn loop_of<'n>(&self, node: Node<'n>) -> Option<Loop<'n>> {
        let field = |name| node.field(name);
        if node.has_error() {
            return None;
        }
        if node.kind() == "for_in_statement" {
            field(NodeField::Kind).filter(|_| field(NodeField::Operator).is_some_and(|operator| operator.kind() == "of"))?;
            return Some(Loop {
                list: field(NodeField::Right)?,
                takes: Takes::Pattern(field(NodeField::Left)?),
                body: field(NodeField::Body)?,
            });
        }
        let callee = field(NodeField::Function).filter(|_| node.kind() == "call_expression")?;
        callee.field(NodeField::Property).filter(|method| self.str(*method) == "forEach")?;
        let list = callee.field(NodeField::Object)?;
        let [function] = *named(field(NodeField::Arguments)?).as_slice() else { return None };
        // What comes after `await` is added at another time, and other functions have a `this` of their own.
        let is_plain = function.kind() == "arrow_function" && !self.str(function).starts_with("async");
        is_plain.then_some(Loop { list, takes: Takes::Function(function), body: function.field(NodeField::Body)? })
    }

    /// Whether all that a statement does is to push to lists; their names.
    fn only_fills<'n>(&self, node: Node<'n>, exit: &str, targets: &mut Vec<Node<'n>>) -> bool {
        let mut all = |parts: Vec<Node<'n>>| parts.into_iter().all(|part| self.only_fills(part, exit, targets));
        match node.kind() {
            "statement_block" | "else_clause" | "expression_statement" | "parenthesized_expression" => all(named(node)),
            "if_statement" => {
                let branches = [NodeField::Consequence, NodeField::Alternative].map(|field| node.field(field));
                all(branches.into_iter().flatten().collect())
            }
            // `on && list.push(make())`.
            "binary_expression" => match (node.field(NodeField::Operator), node.field(NodeField::Right)) {
                (Some(operator), Some(right)) => matches!(operator.kind(), "&&" | "||") && self.only_fills(right, exit, targets),
                _ => false,
            },
            "lexical_declaration" | "empty_statement" => true,
            kind if kind == exit => node.named_child_count() == 0,
            _ => match (self.loop_of(node), pushes_to(node)) {
                (Some(inner), _) => self.only_fills(inner.body, inner.exit(), targets),
                (None, Some(target)) if self.str(target.1) == "push" => {
                    targets.push(target.0);
                    true
                }
                _ => false,
            },
        }
    }

    /// Whether one list is filled, of which a loop knows nothing else.
    fn is_one_list(&self, targets: &[Node<'_>], each: Loop<'_>) -> bool {
        let Some((first, root)) = targets.first().and_then(|first| Some((first, root(*first)?))) else { return false };
        let root = self.str(root);
        let mut mentions = 0;
        let mut parts = vec![each.body];
        match each.takes {
            Takes::Pattern(pattern) => parts.push(pattern),
            Takes::Function(function) => {
                parts.extend(function.field(NodeField::Parameter));
                parts.extend(function.field(NodeField::Parameters));
            }
        }
        while let Some(part) = parts.pop() {
            let is_name = part.named_child_count() == 0 && part.kind() != "property_identifier";
            mentions += usize::from(is_name && self.str(part) == root);
            parts.extend(part.parts());
        }
        mentions == targets.len() && targets.iter().all(|target| self.str(*target) == self.str(*first))
    }
}

/// What a call is of: `list` and `push` of `list.push(…)`.
fn pushes_to(node: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    let callee = node.field(NodeField::Function).filter(|_| node.kind() == "call_expression")?;
    Some((callee.field(NodeField::Object)?, callee.field(NodeField::Property)?))
}

/// The name at the root of the place of a list: `options` of `options.plugins!`.
fn root(place: Node<'_>) -> Option<Node<'_>> {
    match place.kind() {
        "identifier" | "this" => Some(place),
        "member_expression" => root(place.field(NodeField::Object)?),
        "non_null_expression" | "as_expression" | "parenthesized_expression" => root(place.named_child(0)?),
        _ => None,
    }
}
