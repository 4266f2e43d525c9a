//! Which string literals may be credentials, and hence are not kept.

use super::module::Text;

/// Longest string that is kept, in bytes.
const MAX_KEPT: usize = 300;

/// Words in a name that make its value a credential.
const SECRET_WORDS: [&str; 12] = [
    "secret",
    "password",
    "passwd",
    "passphrase",
    "privatekey",
    "private_key",
    "apikey",
    "api_key",
    "credential",
    "connectionstring",
    "databaseurl",
    "database_url",
];

/// Beginnings of well-known credentials.
const SECRET_PREFIXES: [&str; 9] = ["sk_", "sk-", "rk_", "whsec_", "ghp_", "github_pat_", "AKIA", "xox", "-----BEGIN"];

/// Schemes of the `Authorization` header that carry a credential.
const SCHEMES: [&str; 3] = ["Bearer", "Basic", "Token"];

/// Keeps a literal or redacts it. `name` is the key or variable it is given to; `maps_names` says that it stands where
/// options map field names to column names, so that a key such as `accessToken` names a column.
#[must_use]
pub fn text(value: String, name: Option<&str>, maps_names: bool) -> Text {
    let named_secret = !maps_names && name.is_some_and(|name| is_secret_name(name, &value));
    if !value.is_empty() && (named_secret || value.len() > MAX_KEPT || looks_secret(&value)) {
        return Text::Redacted { length: u32::try_from(value.chars().count()).unwrap_or(u32::MAX) };
    }
    Text::Plain(value)
}

/// Whether a value given to this name is taken for a credential.
fn is_secret_name(name: &str, value: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    // `credentialID: "credential_id"` names a column.
    let is_name = value.contains('_') && value.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_name && value.replace('_', "") == lower.replace('_', "") {
        return false;
    }
    if SECRET_WORDS.iter().any(|word| lower.contains(word)) {
        return true;
    }
    // Options such as `storeToken: "hashed"` choose a mode; a token itself is never a short plain word.
    let plain_word = value.len() <= 16 && value.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_'));
    (lower.contains("token") || lower == "authorization") && !plain_word
}

/// Whether a value looks like a credential whatever it is called.
#[must_use]
pub fn looks_secret(value: &str) -> bool {
    if SECRET_PREFIXES.iter().any(|prefix| value.starts_with(prefix)) {
        return true;
    }
    // `Bearer …`, `Basic …`: what an `Authorization` header holds (RFC 9110, section 11.6.2).
    if let Some((scheme, credentials)) = value.split_once(' ')
        && SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known))
        && !credentials.contains(' ')
    {
        return looks_secret(credentials);
    }
    if let Some((_, rest)) = value.split_once("://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
        return authority.split_once('@').is_some_and(|(user, _)| user.contains(':'));
    }
    let token_like =
        value.len() >= 20 && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'_' | b'-'));
    token_like && value.bytes().any(|b| b.is_ascii_digit()) && value.bytes().any(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_kept() {
        for (value, name) in [
            ("hunter2", Some("BETTER_AUTH_SECRET")),
            ("a8f5f167f44f4964e6c998dee827110c", None),
            ("postgres://app:hunter2@db/app", None),
            ("sk_live_x", Some("stripe")),
            ("Bearer-9-x", Some("accessToken")),
            ("Bearer ghp_abcdef", None),
            ("Bearer hunter2", Some("Authorization")),
            ("credential_x", Some("credentialID")),
        ] {
            assert!(matches!(text(value.into(), name, false), Text::Redacted { .. }), "{value}");
        }
    }

    #[test]
    fn plain_settings_are_kept() {
        for (value, name, maps) in [
            ("hashed", Some("storeToken"), false),
            ("access_token", Some("accessToken"), true),
            ("credential_id", Some("credentialID"), false),
            ("https://app.example.com", Some("baseURL"), false),
            ("database", Some("storage"), false),
            ("Bearer token is missing", None, false),
            ("", Some("secret"), false),
        ] {
            assert_eq!(text(value.into(), name, maps), Text::Plain(value.into()));
        }
    }
}
