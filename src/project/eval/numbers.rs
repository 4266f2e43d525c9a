//! Numbers: what calculations give, and what the language and `ms` make of values.

use super::compose::unknown;
use crate::facts::module::{Operator, Text};
use crate::project::value::{Node, Value};
use crate::source::Site;

/// The units of the `ms` package in milliseconds, by the names it takes (ms: README, "Examples"; its source has the table).
const UNITS: [(&[&str], f64); 8] = [
    (&["years", "year", "yrs", "yr", "y"], 31_557_600_000.0),
    (&["months", "month", "mo"], 2_629_800_000.0),
    (&["weeks", "week", "w"], 604_800_000.0),
    (&["days", "day", "d"], 86_400_000.0),
    (&["hours", "hour", "hrs", "hr", "h"], 3_600_000.0),
    (&["minutes", "minute", "mins", "min", "m"], 60_000.0),
    (&["seconds", "second", "secs", "sec", "s"], 1000.0),
    (&["milliseconds", "millisecond", "msecs", "msec", "ms", ""], 1.0),
];

/// What a calculation with two values gives.
pub(super) fn calculated(operator: Operator, left: &Value, right: &Value, at: &Site) -> Node {
    let joined = match (operator, left, right) {
        (Operator::Add, Value::Text(_), _) | (Operator::Add, _, Value::Text(_)) => {
            plain(left).zip(plain(right)).map(|(left, right)| Value::Text(Text::Plain(format!("{left}{right}"))))
        }
        _ => to_number(left).zip(to_number(right)).and_then(|(left, right)| finite(arithmetic(operator, left, right)?)),
    };
    match joined {
        Some(value) => Node { value, at: at.clone() },
        None => unknown("a calculation with a value that is not known", at.clone()),
    }
}

/// What a function that makes numbers of texts gives for a value that is known; `None` where that is not told.
pub(super) fn converted(module: &str, name: &str, value: &Value) -> Option<Value> {
    match (module, name, value) {
        ("global", "Number", value) => finite(to_number(value)?),
        ("global", "parseInt" | "Number.parseInt", Value::Text(Text::Plain(text))) => finite(leading(text, false)?),
        ("global", "parseInt" | "Number.parseInt", Value::Number(number)) if number.abs() < 1e15 => finite(number.trunc()),
        ("global", "parseFloat" | "Number.parseFloat", Value::Text(Text::Plain(text))) => finite(leading(text, true)?),
        ("global", "parseFloat" | "Number.parseFloat", Value::Number(number)) => finite(*number),
        ("ms", "default", Value::Text(Text::Plain(text))) => finite(milliseconds(text)?),
        _ => None,
    }
}

/// Whether a function makes a number of its first argument.
pub(super) fn is_converter(module: &str, name: &str) -> bool {
    match module {
        "global" => matches!(name, "Number" | "parseInt" | "Number.parseInt" | "parseFloat" | "Number.parseFloat"),
        "ms" => name == "default",
        _ => false,
    }
}

/// A value as a number (ECMAScript, "ToNumber"); `None` where it is not known or not a number.
pub(super) fn to_number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Bool(value) => Some(f64::from(u8::from(*value))),
        Value::Null => Some(0.0),
        Value::Text(Text::Plain(text)) => {
            let text = text.trim();
            if text.is_empty() { Some(0.0) } else { decimal(text) }
        }
        _ => None,
    }
}

/// A text or a number as a part of a text.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Text(Text::Plain(text)) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn finite(number: f64) -> Option<Value> {
    number.is_finite().then_some(Value::Number(number))
}

fn arithmetic(operator: Operator, left: f64, right: f64) -> Option<f64> {
    Some(match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        Operator::Divide => left / right,
        Operator::Remainder => left % right,
        Operator::Power => left.powf(right),
        Operator::ShiftLeft => f64::from(to_int32(left)?.wrapping_shl(shift(right)?)),
        Operator::ShiftRight => f64::from(to_int32(left)? >> shift(right)?),
        Operator::BitAnd => f64::from(to_int32(left)? & to_int32(right)?),
        Operator::BitOr => f64::from(to_int32(left)? | to_int32(right)?),
        Operator::BitXor => f64::from(to_int32(left)? ^ to_int32(right)?),
        _ => return None,
    })
}

/// The low 32 bits of a number (ECMAScript, "ToInt32"); `None` beyond what numbers hold exactly.
#[allow(clippy::cast_possible_truncation, reason = "the low 32 bits are what is asked for")]
fn to_int32(number: f64) -> Option<i32> {
    (number.abs() < 9_007_199_254_740_992.0).then_some(number.trunc() as i64 as i32)
}

/// By how many bits a number shifts another one.
fn shift(by: f64) -> Option<u32> {
    Some(to_int32(by)?.cast_unsigned() & 31)
}

/// A number written in the decimal system and nothing else.
fn decimal(text: &str) -> Option<f64> {
    let is_written_so = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    text.parse().ok().filter(|_| is_written_so)
}

/// The number that a text begins with (ECMAScript, "parseInt" with the radix 10, "parseFloat").
fn leading(text: &str, fraction: bool) -> Option<f64> {
    let text = text.trim_start();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.starts_with("0x") || digits.starts_with("0X") {
        return None;
    }
    let sign = text.len() - digits.len();
    let end = |from: usize| from + text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let whole = end(sign);
    let until = if fraction && text[whole..].starts_with('.') { end(whole + 1) } else { whole };
    // An exponent is left to the language.
    if fraction && text[until..].starts_with(['e', 'E']) {
        return None;
    }
    decimal(&text[..until])
}

/// What `ms` makes of a text: `7d`, `2 days`, `1.5h`, `500`.
fn milliseconds(text: &str) -> Option<f64> {
    let start = text.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(start);
    let unit = unit.to_ascii_lowercase();
    let (_, length) = UNITS.iter().find(|(names, _)| names.contains(&unit.as_str()))?;
    let number = number.trim_end_matches(' ');
    let is_plain = number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    Some(number.parse::<f64>().ok().filter(|_| is_plain)? * length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_numbers_as_the_language_and_ms_have_it() {
        for (module, name, text, expected) in [
            ("global", "Number", " 60 ", Some(60.0)),
            ("global", "Number", "", Some(0.0)),
            ("global", "Number", "1e3", Some(1000.0)),
            ("global", "Number", "60s", None),
            ("global", "Number", "inf", None),
            ("global", "parseInt", "60s", Some(60.0)),
            ("global", "parseInt", "-1.5", Some(-1.0)),
            ("global", "parseInt", "s", None),
            ("global", "parseInt", "0x10", None),
            ("global", "Number.parseFloat", "1.5h", Some(1.5)),
            ("ms", "default", "7d", Some(604_800_000.0)),
            ("ms", "default", "2 Days", Some(172_800_000.0)),
            ("ms", "default", "500", Some(500.0)),
            ("ms", "default", "-3 min", Some(-180_000.0)),
            ("ms", "default", "7 fortnights", None),
            ("ms", "default", "d", None),
        ] {
            let value = converted(module, name, &Value::Text(Text::Plain(text.into())));
            assert_eq!(value, expected.map(Value::Number), "{name}({text:?})");
        }
    }
}
