//! `switch`: what stands under a label runs where the value is the label, or one of those that fall through to it.

use super::{Around, Lowering, named, span};
use crate::facts::common::Common;
use crate::facts::module::{Expr, Guard, Kind, Operator, ScopeId};
use crate::syntax::typescript::fields::NodeField;
use crate::syntax::typescript::nodes::Node;

/// Most labels that are told apart.
const MAX_LABELS: usize = 32;

/// A label with what stands under it.
struct Clause<'n> {
    node: Node<'n>,
    /// What the value is compared with; `None` for `default`.
    label: Option<Expr>,
    statements: Vec<Node<'n>>,
}

impl Lowering<'_> {
    pub(super) fn switch(&mut self, node: Node<'_>, scope: ScopeId) {
        let (Some(value), Some(body)) = (node.field(NodeField::Value), node.field(NodeField::Body)) else {
            return self.repeated(node, scope);
        };
        let parts = named(body);
        let is_clause = |part: &Node<'_>| matches!(part.kind(), "switch_case" | "switch_default");
        if body.has_error() || parts.len() > MAX_LABELS || !parts.iter().all(is_clause) || parts.iter().any(is_left_early) {
            return self.repeated(node, scope);
        }
        let value = self.expr(value, scope, Around::default());
        let around = self.block.replace(span(body));
        let clauses: Vec<Clause<'_>> = parts
            .into_iter()
            .map(|node| {
                let label = node.field(NodeField::Value);
                let statements = node.in_field(NodeField::Body).filter(Node::is_named).collect();
                Clause { node, label: label.map(|label| self.expr(label, scope, Around::default())), statements }
            })
            .collect();
        let runs: Vec<&[Clause<'_>]> =
            clauses.split_inclusive(|clause| clause.statements.last().is_some_and(|last| is_end(*last))).collect();
        for (place, run) in runs.iter().enumerate() {
            for (last, clause) in run.iter().enumerate() {
                let guards = guards(&value, &runs, place, last);
                self.under(guards, |lowering| clause.statements.iter().for_each(|part| lowering.statement(*part, scope)));
            }
        }
        self.block = around;
    }
}

/// The conditions under which control comes to a clause of one of the runs of clauses that fall through: the value is one of
/// the labels down to it, or none of the others where `default` is among them.
fn guards(value: &Expr, runs: &[&[Clause<'_>]], run: usize, last: usize) -> Vec<Guard> {
    let (reaching, below) = runs[run].split_at(last + 1);
    let body = span(reaching[last].node);
    let is_one_of = |clauses: &[Clause<'_>], holds| {
        let labels = clauses.iter().filter_map(|clause| clause.label.as_ref());
        let tests = labels.map(|label| Expr {
            kind: Kind::Binary(Operator::Equal, Box::new([value.clone(), label.clone()])),
            span: label.span,
        });
        let any = tests.reduce(|any, next| {
            let span = any.span;
            Expr { kind: Kind::Binary(Operator::Or, Box::new([any, next])), span }
        });
        any.map(|condition| Guard { condition: Common::new(condition), holds, body })
    };
    if reaching.iter().all(|clause| clause.label.is_some()) {
        return is_one_of(reaching, true).into_iter().collect();
    }
    let others = runs[..run].iter().chain(&runs[run + 1..]).copied();
    others.chain([below]).filter_map(|clauses| is_one_of(clauses, false)).collect()
}

/// Whether a statement leaves what it stands in, in any case.
fn is_end(statement: Node<'_>) -> bool {
    match statement.kind() {
        "break_statement" | "return_statement" | "throw_statement" | "continue_statement" => true,
        "statement_block" => named(statement).last().is_some_and(|last| is_end(*last)),
        _ => false,
    }
}

/// Whether something under a label may leave the switch before its end.
fn is_left_early(clause: &Node<'_>) -> bool {
    let mut parts = vec![*clause];
    while let Some(part) = parts.pop() {
        let inner = named(part);
        let leaves = |part: &Node<'_>| matches!(part.kind(), "break_statement" | "continue_statement");
        let is_last = matches!(part.kind(), "switch_case" | "switch_default")
            || part.kind() == "statement_block" && named(*clause).last() == Some(&part);
        let last = inner.last().filter(|_| is_last);
        if inner.iter().any(|part| leaves(part) && Some(part) != last) {
            return true;
        }
        parts.extend(inner.into_iter().filter(|part| !keeps_breaks(*part)));
    }
    false
}

/// Whether what stands in it leaves no switch around it.
fn keeps_breaks(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "for_statement"
            | "for_in_statement"
            | "while_statement"
            | "do_statement"
            | "switch_statement"
            | "arrow_function"
            | "function_expression"
            | "function_declaration"
            | "generator_function"
            | "generator_function_declaration"
            | "method_definition"
            | "class_body"
    )
}
