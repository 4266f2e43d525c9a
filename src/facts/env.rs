//! Env files: the names set in them and what can be told of the values without keeping them.

use serde::{Deserialize, Serialize};

use super::module::Text;
use super::secrecy::names_a_secret;
use crate::source::Span;
use crate::syntax::dotenv;

/// One assignment of an env file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// The name.
    pub name: String,
    /// The value; kept as text only where it cannot be a credential.
    pub value: Text,
    /// The assignment.
    pub span: Span,
}

/// Reads the assignments of an env file.
#[must_use]
pub fn extract(text: &str) -> Vec<Variable> {
    let variable = |assignment: dotenv::Assignment<'_>| Variable {
        name: assignment.name.to_owned(),
        value: kept(assignment.name, &assignment.value),
        span: assignment.span,
    };
    dotenv::assignments(text).into_iter().map(variable).collect()
}

/// The value, as far as it may be kept: everything is taken for a credential that does not look harmless.
fn kept(name: &str, value: &str) -> Text {
    let harmless = value.is_empty()
        || matches!(value, "true" | "false")
        || is_reference(value)
        || (!names_a_secret(name) && (is_environment(value) || is_number(value) || is_list_of_origins(value)));
    if harmless {
        Text::Plain(value.to_owned())
    } else {
        Text::Redacted { length: u32::try_from(value.chars().count()).unwrap_or(u32::MAX) }
    }
}

/// `${OTHER}` as a whole: it names another variable and holds nothing itself.
fn is_reference(value: &str) -> bool {
    let inner = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    inner.is_some_and(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

/// The usual values of `NODE_ENV` and its kin.
fn is_environment(value: &str) -> bool {
    matches!(value, "production" | "development" | "test" | "staging" | "preview" | "local")
}

/// A plain decimal number too short for a credential: a port, a duration, a limit.
fn is_number(value: &str) -> bool {
    value.len() <= 10 && value.bytes().any(|b| b.is_ascii_digit()) && value.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

fn is_list_of_origins(value: &str) -> bool {
    value.split(',').all(|origin| is_origin(origin.trim()))
}

/// A host, or a URL without user, query and fragment. Long path segments are keys more often than names.
fn is_origin(value: &str) -> bool {
    const LONGEST_SEGMENT: usize = 16;
    let (with_scheme, rest) = match value.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|b| b.is_ascii_lowercase()) => (true, rest),
        Some(_) => return false,
        None => (false, value),
    };
    let mut parts = rest.split('/');
    let host = parts.next().unwrap_or("");
    let plain_segment = |segment: &str| {
        segment.len() <= LONGEST_SEGMENT && segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    // The scheme of an app stands for its origin, without any host: `myapp://`.
    let no_host = with_scheme && host.is_empty();
    (no_host || is_host(host, with_scheme)) && parts.all(plain_segment)
}

/// A host in lower case, perhaps with wildcards and a port, or a domain with a dot before it. Without a scheme it must look like one: have a dot and end
/// in letters, or be `localhost` or an address.
fn is_host(host: &str, with_scheme: bool) -> bool {
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    let name = name.strip_prefix('.').unwrap_or(name);
    let label = |label: &str| {
        (1..=40).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'*'))
    };
    let last = name.rsplit('.').next().unwrap_or("");
    let like_a_host = name == "localhost"
        || (name.contains('.') && last.len() <= 24 && last.bytes().all(|b| b.is_ascii_lowercase()))
        || name.parse::<std::net::Ipv4Addr>().is_ok();
    name.split('.').all(label) && (with_scheme || like_a_host) && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_kept(name: &str, value: &str) -> bool {
        kept(name, value).plain().is_some()
    }

    #[test]
    fn keeps_what_is_harmless() {
        for (name, value) in [
            ("BETTER_AUTH_URL", "http://localhost:3000"),
            ("BETTER_AUTH_TRUSTED_ORIGINS", "https://a.example.com, https://*.example.org,myapp://"),
            ("ALLOWED_HOSTS", "example.com,localhost:3000,*.vercel.app,127.0.0.1"),
            ("COOKIE_DOMAIN", ".example.com"),
            ("BASE_URL", "https://example.com/api/auth"),
            ("NODE_ENV", "production"),
            ("PORT", "3000"),
            ("SKIP_KEY_CHECK", "true"),
            ("BETTER_AUTH_SECRET", ""),
            ("BETTER_AUTH_SECRET", "${OTHER_SECRET}"),
        ] {
            assert!(is_kept(name, value), "{name}={value}");
        }
    }

    #[test]
    fn redacts_what_may_be_a_credential() {
        for (name, value) in [
            ("BETTER_AUTH_SECRET", "better-auth-secret-123456789"),
            ("DATABASE_URL", "postgres://user:pass@db.example.com/app"),
            ("DATABASE_URL", "postgres://db.example.com/app?password=x"),
            ("RPC_URL", "https://rpc.example.com/v3/0123456789abcdef0123456789abcdef"),
            ("ALERT_WEBHOOK", "https://hooks.example.com/a/b"),
            ("ADMIN_PIN", "1234"),
            ("SESSION", "eyJhbGci.eyJzdWIi.c2lnbmF0dXJl"),
            ("CLIENT_ID", "123456789012345678"),
            ("WORD", "hunter"),
        ] {
            let length = u32::try_from(value.len()).expect("short");
            assert_eq!(kept(name, value), Text::Redacted { length }, "{name}={value}");
        }
    }

    #[test]
    fn spans_cover_the_assignment() {
        let text = "export BETTER_AUTH_URL='https://example.com' # prod\n";
        let variables = extract(text);
        assert_eq!(variables[0].span.of(text), "BETTER_AUTH_URL='https://example.com'");
    }

    proptest! {
        #[test]
        fn never_panics(value in "\\PC{0,60}") {
            kept("A", &value);
        }

        #[test]
        fn keeps_no_random_credential(value in "[A-Za-z0-9+/_-]{24,64}") {
            prop_assert!(!is_kept("SOMETHING", &value));
        }
    }
}
