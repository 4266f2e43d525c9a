//! Expressions as short text for messages. Literals that may be credentials were redacted before.

use crate::facts::lower::shown_name;
use crate::facts::module::{Expr, Kind, Operator, Text};

/// Longest text given, in characters.
const MAX: usize = 60;

/// An expression as people would write it, shortened.
#[must_use]
pub fn expr(expr: &Expr) -> String {
    let mut out = String::new();
    write(expr, &mut out, 0);
    if out.chars().count() > MAX {
        out = out.chars().take(MAX - 1).collect();
        out.push('…');
    }
    out
}

fn write(expr: &Expr, out: &mut String, depth: u32) {
    if depth > 6 || out.len() > 4 * MAX {
        out.push('…');
        return;
    }
    let deeper = depth + 1;
    match &expr.kind {
        Kind::Undefined => out.push_str("undefined"),
        Kind::Null => out.push_str("null"),
        Kind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Kind::Number(value) => out.push_str(&value.to_string()),
        Kind::Text(Text::Plain(text)) => {
            out.push('"');
            out.push_str(text);
            out.push('"');
        }
        Kind::Text(Text::Redacted { .. }) => out.push_str("\"…\""),
        Kind::Template(_) => out.push_str("`…`"),
        Kind::Array(_) => out.push_str("[…]"),
        Kind::Object(_) => out.push_str("{…}"),
        Kind::Name(name) => out.push_str(shown_name(name)),
        Kind::Member(object, property) => {
            write(object, out, deeper);
            out.push('.');
            out.push_str(property);
        }
        Kind::TypeOf(inner) => {
            out.push_str("typeof ");
            write(inner, out, deeper);
        }
        Kind::Index(object, index) => {
            write(object, out, deeper);
            out.push('[');
            write(index, out, deeper);
            out.push(']');
        }
        Kind::Call(call) => {
            if call.new {
                out.push_str("new ");
            }
            write(&call.callee, out, deeper);
            out.push_str(if call.arguments.is_empty() { "()" } else { "(…)" });
        }
        Kind::Function(_) => out.push_str("() => …"),
        Kind::Conditional(parts) => {
            write(&parts[0], out, deeper);
            out.push_str(" ? … : …");
        }
        Kind::Binary(operator, sides) => {
            write(&sides[0], out, deeper);
            out.push_str(match operator {
                Operator::Nullish => " ?? ",
                Operator::Or => " || ",
                Operator::And => " && ",
                Operator::Equal => " === ",
                Operator::NotEqual => " !== ",
                Operator::Add => " + ",
                Operator::Subtract => " - ",
                Operator::Multiply => " * ",
                Operator::Divide => " / ",
                Operator::Remainder => " % ",
                Operator::Power => " ** ",
                Operator::ShiftLeft => " << ",
                Operator::ShiftRight => " >> ",
                Operator::BitAnd => " & ",
                Operator::BitOr => " | ",
                Operator::BitXor => " ^ ",
                Operator::Less => " < ",
                Operator::AtMost => " <= ",
                Operator::Greater => " > ",
                Operator::AtLeast => " >= ",
                Operator::In => " in ",
                Operator::InstanceOf => " instanceof ",
                Operator::Other => " ∘ ",
            });
            write(&sides[1], out, deeper);
        }
        Kind::Not(inner) => {
            out.push('!');
            write(inner, out, deeper);
        }
        Kind::Negate(inner) | Kind::ToNumber(inner) => {
            out.push(if matches!(expr.kind, Kind::Negate(_)) { '-' } else { '+' });
            write(inner, out, deeper);
        }
        Kind::ImportCall(module) => {
            out.push_str("import(\"");
            out.push_str(module);
            out.push_str("\")");
        }
        Kind::ImportOf(name) => {
            out.push_str("import(");
            write(name, out, deeper);
            out.push(')');
        }
        Kind::Regex | Kind::Opaque | Kind::Unread => out.push('…'),
    }
}

/// `a`, `a and b`, `a, b and c`.
#[must_use]
pub fn join(mut parts: Vec<String>) -> String {
    match parts.pop() {
        Some(last) if !parts.is_empty() => format!("{} and {last}", parts.join(", ")),
        Some(last) => last,
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_written_for_people() {
        let words = |text: &str| join(text.split_whitespace().map(str::to_owned).collect());
        assert_eq!([words(""), words("a"), words("a b"), words("a b c")], ["", "a", "a and b", "a, b and c"]);
    }
}
