//! Which string literals and parts of command lines may be credentials, and hence are not kept.

mod command;
mod programs;

pub use command::{address, command, in_command, runs_with_credentials};

use std::ops::Range;

use super::module::Text;

/// Stands for a credential that was taken out of a text.
pub const REDACTED: &str = "…";

/// Longest string that is kept, in bytes.
const MAX_KEPT: usize = 300;

/// Words in a name, without case and separators, that make its value a credential.
const SECRET_WORDS: [&str; 9] =
    ["secret", "password", "passwd", "passphrase", "privatekey", "apikey", "credential", "connectionstring", "databaseurl"];

/// Ends of the names of lists that hold credentials, whatever the keys in them are called: `secrets: [{ version, value }]`.
const SECRET_LISTS: [&str; 5] = ["secrets", "passwords", "passphrases", "privatekeys", "apikeys"];

/// Fields of better-auth for tokens, each of which is the key of a mapping of columns as well.
const TOKEN_COLUMNS: [&str; 6] =
    ["accesstoken", "accesstokenexpiresat", "idtoken", "refreshtoken", "refreshtokenexpiresat", "token"];

/// What the name of a column has before that of the field.
const BEFORE_COLUMNS: [&str; 7] = ["", "account", "auth", "oauth", "provider", "session", "user"];

/// What the name of a column has after that of the field.
const AFTER_COLUMNS: [&str; 5] = ["", "encrypted", "hash", "text", "value"];

/// Parameters of a URL that authorise, beside those that are called as credentials are.
const SECRET_PARAMETERS: [&str; 3] = ["key", "sig", "signature"];

/// Headers that carry no credential, or beginnings of them (RFC 9110; Fetch standard, "HTTP-network-or-cache fetch").
const PUBLIC_HEADERS: [&str; 12] = [
    "accept",
    "accept-",
    "access-control-",
    "cache-control",
    "content-",
    "host",
    "origin",
    "referer",
    "sec-fetch-",
    "user-agent",
    "x-forwarded-",
    "x-requested-with",
];

/// Beginnings of well-known credentials.
const SECRET_PREFIXES: [&str; 9] = ["sk_", "sk-", "rk_", "whsec_", "ghp_", "github_pat_", "AKIA", "xox", "-----BEGIN"];

/// Schemes of the `Authorization` header that carry a credential.
const SCHEMES: [&str; 3] = ["Bearer", "Basic", "Token"];

/// Functions and methods that are given what stands in for a value (Zod, Valibot: API).
const DEFAULTING: [&str; 7] = ["_default", "catch", "default", "fallback", "nullish", "optional", "prefault"];

/// Options that hold such a value (envalid: README, "Validator types").
const DEFAULTS: [&str; 3] = ["default", "devDefault", "fallback"];

/// Values of settings that are no credentials whatever the setting is called: whether requests carry cookies (Fetch
/// standard, "Request.credentials"), how something is stored (documentation: plugins/api-key, plugins/oauth-provider) and
/// what a permission is for (documentation: plugins/admin, "Custom permissions").
const PUBLIC_WORDS: [&str; 18] = [
    "create",
    "delete",
    "encrypted",
    "get",
    "hashed",
    "include",
    "list",
    "manage",
    "omit",
    "plain",
    "read",
    "revoke",
    "rotate",
    "same-origin",
    "update",
    "verify",
    "view",
    "write",
];

/// Ends of names of what is addressed.
const ADDRESSES: [&str; 4] = ["endpoint", "path", "uri", "url"];

/// Ends of names of what people read.
const PROSE: [&str; 5] = ["description", "error", "label", "message", "title"];

/// Ends of names of what applies to a credential and is none: the beginning it has, the header it comes in, what it is good
/// for and how it is made (RFC 8414, "Authorization Server Metadata").
const TERMS: [&str; 7] = ["header", "headers", "methods", "prefix", "scope", "scopes", "supported"];

/// Where a literal stands, as far as that tells whether it is a credential.
#[derive(Debug, Clone, Copy, Default)]
pub struct Around<'n> {
    /// The key or variable it is given to.
    name: Option<&'n str>,
    holds: Holds,
}

/// What stands somewhere.
#[derive(Debug, Clone, Copy, Default)]
enum Holds {
    /// Nothing that tells more than its name.
    #[default]
    Anything,
    /// Names of columns by those of fields, at any depth: there, a key such as `accessToken` names a column.
    ColumnNames,
    /// Headers by their names.
    Headers,
    /// The value of a header.
    Header,
    /// Headers one by one, or their names only.
    HeaderList,
    /// The name of a header, and then its value.
    HeaderPair,
    /// A name, and then the value it is given to.
    Pair,
    /// What a call is given.
    Arguments,
    /// Credentials, at any depth.
    Secrets,
}

impl<'n> Around<'n> {
    /// The value of a variable.
    #[must_use]
    pub fn named(name: &'n str) -> Self {
        Self::default().property(name)
    }

    /// The value of a property of the object that stands here.
    #[must_use]
    pub fn property(self, key: &'n str) -> Self {
        let holds = match self.holds {
            Holds::ColumnNames | Holds::Secrets => self.holds,
            Holds::Headers => Holds::Header,
            // `str({ default: "x" })`: a value for what the result is given to.
            Holds::Arguments if DEFAULTS.contains(&key) => {
                return Self { holds: self.name.map_or(Holds::Anything, held_by), ..self };
            }
            _ => held_by(key),
        };
        Self { name: Some(key), holds }
    }

    /// An element of the array that stands here.
    #[must_use]
    pub fn element(self) -> Self {
        let holds = match self.holds {
            Holds::Headers => Holds::HeaderList,
            Holds::HeaderList => Holds::HeaderPair,
            other => other,
        };
        Self { holds, ..self }
    }

    /// What comes after a text in the array or the arguments that stand here: the text may be the name of it.
    #[must_use]
    pub fn after(self, first: &'n str) -> Self {
        match self.holds {
            Holds::HeaderPair => Self { name: Some(first), holds: Holds::Header },
            Holds::Pair => Self::named(first),
            Holds::Arguments if is_variable(first) => Self::named(first),
            _ => self,
        }
    }

    /// The arguments of a call whose result stands here, by the names of what is called and of what it is a method of.
    #[must_use]
    pub fn arguments(self, called: &str, of: &str) -> Self {
        let of_headers = |name: &str| without_separators(name).ends_with("headers");
        let holds = match called {
            "Headers" if of.is_empty() => Holds::Headers,
            _ if DEFAULTING.contains(&called) => return self,
            "append" | "set" if of_headers(of) => Holds::HeaderPair,
            "append" | "set" => Holds::Pair,
            "header" | "setHeader" | "setRequestHeader" => Holds::HeaderPair,
            // What the value of a header is made of.
            _ if matches!(self.holds, Holds::Header)
                || self.name.is_some_and(|name| without_separators(name) == "authorization") =>
            {
                Holds::Header
            }
            _ => Holds::Arguments,
        };
        Self { holds, ..self }
    }

    /// Whether a value that stands here is taken for a credential.
    fn is_secret(self, value: &str) -> bool {
        match self.holds {
            Holds::ColumnNames | Holds::HeaderPair | Holds::Pair | Holds::Arguments => false,
            Holds::Secrets => !is_permission(value),
            Holds::Header => {
                let is_word = matches!(value, "true" | "false") || is_variable(value);
                !is_word && !self.name.is_some_and(is_public_header)
            }
            Holds::Anything | Holds::Headers | Holds::HeaderList => {
                self.name.is_some_and(|name| is_secret_name(name, value) && !is_column_of(name, value))
            }
        }
    }
}

/// What a property holds by its key.
fn held_by(key: &str) -> Holds {
    let plain = without_separators(key);
    if matches!(key, "fields" | "schema" | "additionalFields") {
        Holds::ColumnNames
    } else if plain.ends_with("headers") {
        Holds::Headers
    } else if SECRET_LISTS.iter().any(|end| plain.ends_with(end)) {
        Holds::Secrets
    } else {
        Holds::Anything
    }
}

fn is_public_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    PUBLIC_HEADERS.iter().any(|known| name == *known || known.ends_with('-') && name.starts_with(known))
}

/// A text without these stretches, which are in order.
#[must_use]
pub fn without(text: &str, cuts: &[Range<usize>]) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut kept = 0;
    for cut in cuts {
        shown.push_str(&text[kept..cut.start]);
        shown.push_str(REDACTED);
        kept = cut.end;
    }
    shown.push_str(&text[kept..]);
    shown
}

/// Keeps a literal or redacts it.
#[must_use]
pub fn text(value: String, around: Around<'_>) -> Text {
    if !value.is_empty() && (around.is_secret(&value) || value.len() > MAX_KEPT || looks_secret(&value)) {
        return Text::Redacted { length: u32::try_from(value.chars().count()).unwrap_or(u32::MAX) };
    }
    Text::Plain(value)
}

/// Whether a value given to this name is taken for a credential.
fn is_secret_name(name: &str, value: &str) -> bool {
    let plain = without_separators(name);
    // `credentialID: "credential_id"` names a column.
    let is_name = value.contains('_') && value.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_name && value.replace('_', "") == plain || is_setting(&plain, value) {
        return false;
    }
    if SECRET_WORDS.iter().any(|word| plain.contains(word)) {
        return true;
    }
    // The token a client authenticates with (RFC 7521, section 4.2); its kind is no secret.
    if plain.ends_with("clientassertion") {
        return true;
    }
    // Options such as `storeToken: "hashed"` choose a mode; a token itself is never a short plain word.
    (plain.contains("token") || plain == "authorization") && !is_plain_word(value)
}

/// Whether a value names the column of a key that names one: `accessToken: "ACCESS_TOKEN"`, `accessToken: "oauthAccessToken"`,
/// or a part of the key. Any other word beside the key may be a part of a credential.
fn is_column_of(key: &str, value: &str) -> bool {
    let (key, column) = (without_separators(key), without_separators(value));
    let is_named = || {
        key.contains(&column)
            || column
                .split_once(&key)
                .is_some_and(|(before, after)| BEFORE_COLUMNS.contains(&before) && AFTER_COLUMNS.contains(&after))
    };
    let is_letters = || value.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    TOKEN_COLUMNS.contains(&key.as_str()) && is_letters() && is_named()
}

/// Whether the name of an environment variable says that its value is to be kept secret.
pub(super) fn names_a_secret(name: &str) -> bool {
    const PARTS: [&str; 12] =
        ["SECRET", "TOKEN", "PASS", "PWD", "CREDENTIAL", "PRIVATE", "KEY", "DSN", "HOOK", "SALT", "PEPPER", "PIN"];
    let name = name.to_ascii_uppercase();
    PARTS.iter().any(|part| name.contains(part))
}

/// Whether a value is one of a setting that has to do with credentials, rather than a credential.
fn is_setting(name: &str, value: &str) -> bool {
    let ends_with = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    let is_term = || value.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_' | b':' | b'.'));
    // `SET_PASSWORD: "set-password"`.
    let is_name = || value.contains('-') && value.replace('-', "") == name;
    PUBLIC_WORDS.contains(&value)
        || is_permission(value)
        || is_name()
        || ends_with(&ADDRESSES) && !name.ends_with("databaseurl") && is_address(value)
        || ends_with(&PROSE) && value.contains(' ')
        || (ends_with(&TERMS) || name.starts_with("tokenendpoint")) && value.len() <= 40 && is_term()
}

/// Whether a value is a permission: `apiKeys:read`.
fn is_permission(value: &str) -> bool {
    let is_word = |what: &str| !what.is_empty() && what.bytes().all(|byte| byte.is_ascii_alphabetic());
    value.split_once(':').is_some_and(|(what, verb)| is_word(what) && PUBLIC_WORDS.contains(&verb))
}

/// Whether a value is a path of words, on a host or not.
fn is_address(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return value == "/" || is_path(value) };
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
    !authority.contains('@') && (path.is_empty() || is_path(&format!("/{path}")))
}

/// Whether the user of an address is a token: `https://token@host`.
fn is_token_of(scheme: &str, user: &str) -> bool {
    (scheme.ends_with("http") || scheme.ends_with("https")) && !user.is_empty() && !is_plain_word(user)
}

fn is_plain_word(value: &str) -> bool {
    value.len() <= 16 && value.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_'))
}

/// Whether a text is written as the name of an environment variable.
fn is_variable(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    text.contains('_') && text.starts_with(|first: char| first.is_ascii_uppercase()) && text.bytes().all(is_part)
}

/// A name without case, `_` and `-`.
fn without_separators(name: &str) -> String {
    name.chars().filter(|letter| !matches!(letter, '_' | '-')).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Whether a value looks like a credential whatever it is called.
#[must_use]
pub fn looks_secret(value: &str) -> bool {
    // What keys begin with is told to a plugin that makes them.
    if SECRET_PREFIXES.iter().any(|prefix| value.starts_with(prefix) && value.len() > prefix.len() + 2) {
        return true;
    }
    // `Bearer …`, `Basic …`: what an `Authorization` header holds (RFC 9110, section 11.6.2).
    if let Some((scheme, credentials)) = value.split_once(' ')
        && SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known))
        && !credentials.contains(' ')
    {
        return looks_secret(credentials);
    }
    if has_secret_parameter(value) || runs_with_credentials(value) {
        return true;
    }
    if let Some((scheme, rest)) = value.split_once("://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
        let user = authority.split_once('@').map(|(user, _)| user);
        return user.is_some_and(|user| user.contains(':') || is_token_of(scheme, user));
    }
    let token_like = !is_path(value)
        && !is_words(value)
        && value.len() >= 20
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'_' | b'-'));
    token_like && value.bytes().any(|b| b.is_ascii_digit()) && value.bytes().any(|b| b.is_ascii_alphabetic())
}

/// Whether a value is a path of words, which may end in a number: `/api/auth/oauth2/authorize`.
fn is_path(value: &str) -> bool {
    let is_word = |part: &str| {
        let word = part.trim_end_matches(|letter: char| letter.is_ascii_digit());
        !word.is_empty()
            && part.len() - word.len() <= 2
            && word.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'_'))
    };
    let parts = value.strip_prefix('/').map(|path| path.split('/'));
    parts.is_some_and(|mut parts| parts.all(is_word))
}

/// Whether a value is made of several words, with small numbers among them: `monounsaturated_fat_100g`.
fn is_words(value: &str) -> bool {
    let is_word = |part: &str| {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let letters = &part[digits..];
        let has_few = if digits > 0 { digits <= 3 && letters.len() <= 2 } else { letters.len() >= 2 };
        has_few && letters.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    let parts = || value.split(['_', '-']);
    parts().count() >= 3
        && parts().filter(|part| part.starts_with(|first: char| first.is_ascii_digit())).count() <= 1
        && parts().all(is_word)
}

/// Whether the query of a URL holds a credential; a placeholder stands for one and is none.
fn has_secret_parameter(url: &str) -> bool {
    let Some((_, query)) = url.split_once('?').filter(|_| !url.contains(char::is_whitespace)) else { return false };
    query.split(['&', '#']).filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
        let is_given = value.starts_with(|first: char| first.is_ascii_alphanumeric());
        let authorises = SECRET_PARAMETERS.contains(&without_separators(name).as_str()) && !is_plain_word(value);
        is_given && (authorises || is_secret_name(name, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_kept(value: &str, around: Around<'_>) -> bool {
        text(value.into(), around) == Text::Plain(value.into())
    }

    #[test]
    fn credentials_are_not_kept() {
        for (value, name) in [
            ("hunter2", Some("BETTER_AUTH_SECRET")),
            ("a8f5f167f44f4964e6c998dee827110c", None),
            ("postgres://app:hunter2@db/app", None),
            ("https://example.com/?a=b&access_token=hunter2", None),
            ("https://example.com/?sig=hunter2", None),
            ("sk_live_x", Some("stripe")),
            ("Bearer-9-x", Some("accessToken")),
            ("Bearer ghp_abcdef", None),
            ("https://Hunter2@example.com/", None),
            ("mysql -phunter app < dump.sql", None),
            ("PGPASSWORD=hunter psql app", None),
            ("curl -u user:hunter https://example.com", None),
            ("Bearer hunter2", Some("Authorization")),
            ("credential_x", Some("credentialID")),
            ("hunter2", Some("x-api-key")),
            ("hunter2", Some("client_assertion")),
            ("hunter", Some("oldSecrets")),
            ("hunter-two", Some("password")),
            ("correct horse battery staple", Some("secretValue")),
            ("https://hooks.example.com/T0A1B2C3/x9y8z7", Some("secretUrl")),
            ("https://user:hunter2@example.com/path", Some("tokenUrl")),
            ("hunter2", Some("passwordPath")),
            ("hunter2", Some("tokenPrefix")),
            ("db-hunter", Some("DATABASE_URL")),
            ("Hunter", Some("accessToken")),
            ("accessTokenHunterHunterHunter", Some("accessToken")),
            ("accessToken2", Some("accessToken")),
            ("password", Some("password")),
            ("Secret", Some("secret")),
            ("clientSecretX", Some("clientSecret")),
            ("clientSecret", Some("clientSecret")),
            ("CLIENT_SECRET", Some("clientSecret")),
            ("passWord", Some("password")),
            ("AdminPassword", Some("adminPassword")),
            ("apiTokenHunter", Some("apiToken")),
            ("MyOwnVerifyToken", Some("verifyToken")),
            ("myAppTokenAbc", Some("appToken")),
            ("aXAccessTokenBcd", Some("accessToken")),
            ("https://example.com/?access_token=MyAccessTokenAbc", None),
            ("https://example.com/?access_token=oauthAccessToken", None),
            ("550e8400-e29b-41d4-a716-446655440000", None),
            ("key-a1-b2-c3-d4-e5-f6-g7", None),
            ("/hooks/3f4a8c9d0e1b2a7f5c6d", None),
            ("/aGVsbG8gd29ybGQ5aGVsbG8", None),
        ] {
            assert!(!is_kept(value, name.map_or_else(Around::default, Around::named)), "{value}");
        }
    }

    #[test]
    fn plain_settings_are_kept() {
        for (value, name) in [
            ("hashed", Some("storeToken")),
            ("credential_id", Some("credentialID")),
            ("ACCESS_TOKEN", Some("accessToken")),
            ("accessTokenExpiresAt", Some("accessTokenExpiresAt")),
            ("accessTok", Some("accessToken")),
            ("ACCESS", Some("accessToken")),
            ("oauth_access_token", Some("accessToken")),
            ("https://app.example.com", Some("baseURL")),
            ("/verify?token={token}&key=", None),
            ("Is it so? Then key=value", None),
            ("database", Some("storage")),
            ("/api/auth/oauth2/authorize", None),
            ("Bearer token is missing", None),
            ("set PASSWORD= to the one you were given", None),
            ("curl -u user https://example.com", None),
            ("https://www@example.com/", None),
            ("urn:ietf:params:oauth:client-assertion-type:jwt-bearer", Some("client_assertion_type")),
            ("", Some("secret")),
            ("include", Some("credentials")),
            ("same-origin", Some("credentials")),
            ("hashed", Some("storeClientSecret")),
            ("set-password", Some("SET_PASSWORD")),
            ("https://auth.example.com/oauth2/token", Some("tokenUrl")),
            ("/reset-password", Some("resetPasswordPath")),
            ("/", Some("secretPath")),
            ("Choose another password, please", Some("customPasswordCompromisedMessage")),
            ("x-api-key", Some("apiKeyHeader")),
            ("client_secret_basic", Some("token_endpoint_auth_methods_supported")),
            ("app-verification-token", Some("tokenPrefix")),
            ("sk_", Some("defaultPrefix")),
            ("monounsaturated_fat_100g", None),
            ("egress_warning_80_sent_at", None),
        ] {
            assert!(is_kept(value, name.map_or_else(Around::default, Around::named)), "{value}");
        }
        assert!(is_kept("access_token", Around::named("fields").property("accessToken")));
        assert!(is_kept("read", Around::named("statements").property("apiKey").element()));
        assert!(is_kept("apiKeys:read", Around::named("Scopes").property("ApiKeys").property("Read")));
        assert!(is_kept("client_secret_post", Around::named("tokenEndpointAuthentication")));
        assert!(is_kept("x-api-key", Around::named("apiKeyHeaders").element()));
    }

    #[test]
    fn what_stands_around_makes_a_credential_of_a_value() {
        let secrets = Around::named("secrets").element();
        assert!(!is_kept("hunter", secrets) && !is_kept("hunter", secrets.property("value")));
        let headers = Around::named("fetchOptions").property("headers");
        assert!(!is_kept("session=hunter", headers.property("cookie")));
        assert!(is_kept("application/json", headers.property("Content-Type")));
        assert!(is_kept("true", headers.property("x-skip-warning")));
        assert!(is_kept("x-real-ip", Around::named("ipAddressHeaders").element()));
        assert!(is_kept("DENY", headers.element().property("value")));
        let pair = headers.element().element();
        assert!(is_kept("Authorization", pair) && !is_kept("hunter", pair.after("Authorization")));
        assert!(is_kept("application/json", pair.after("content-type")));
    }

    #[test]
    fn what_a_call_is_given_may_be_a_credential() {
        let secret = Around::named("BETTER_AUTH_SECRET");
        assert!(!is_kept("hunter", secret.arguments("default", "")));
        assert!(!is_kept("hunter", secret.arguments("str", "").property("devDefault")));
        assert!(is_kept("where it comes from", secret.arguments("describe", "")));
        assert!(is_kept("BETTER_AUTH_SECRET", secret.arguments("requireEnv", "")));
        assert!(!is_kept("hunter", Around::default().arguments("env", "").after("BETTER_AUTH_SECRET")));
        assert!(!is_kept("hunter", Around::default().arguments("Headers", "").property("Authorization")));
        assert!(!is_kept("hunter", Around::default().arguments("set", "requestHeaders").after("x-internal")));
        assert!(!is_kept("user:hunter", Around::named("Authorization").arguments("btoa", "")));
        assert!(is_kept("access_token", Around::named("accessToken").arguments("text", "")));
    }
}
