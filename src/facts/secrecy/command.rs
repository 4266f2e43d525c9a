//! Credentials in command lines: of scripts, images of containers, workflows and makefiles.
//!
//! The words around them stay as they are, so that what a command runs can still be told.

use std::ops::Range;

use super::{
    SCHEMES, SECRET_PREFIXES, SECRET_WORDS, is_plain_word, is_secret_name, is_token_of, names_a_secret, programs, without,
    without_separators,
};

/// Ends of the names of options whose value is a credential, beside [`SECRET_WORDS`].
const SECRET_OPTIONS: [&str; 2] = ["pass", "token"];

/// Shortest word that is told to be a credential by its beginning alone, in bytes.
const SHORTEST_TOKEN: usize = 16;

/// Longest reference that is looked for, in bytes.
const LONGEST_REFERENCE: usize = 1000;

/// What stands before `:` in a specifier of a package or an address of mail, where a user does in an address.
const SPECIFIERS: [&str; 13] =
    ["catalog", "file", "git", "github", "gitlab", "jsr", "link", "mailto", "node", "npm", "patch", "portal", "workspace"];

/// A command line without its credentials.
#[must_use]
pub fn command(line: &str) -> String {
    without(line, &in_command(line))
}

/// An address or the range of a dependency without its credentials.
#[must_use]
pub fn address(text: &str) -> String {
    let mut found: Vec<Range<usize>> = passwords(text).into_iter().flat_map(|password| literal_parts(text, password)).collect();
    found.sort_by_key(|range| range.start);
    without(text, &found)
}

/// Whether a text is a command line that holds credentials: what variables are set to before the program, and what the
/// program is given.
#[must_use]
pub fn runs_with_credentials(text: &str) -> bool {
    if !text.trim().contains(char::is_whitespace) {
        return false;
    }
    let is_literal = |value: Range<usize>| !literal_parts(text, value).is_empty();
    let mut at = text.len() - text.trim_start().len();
    while let Some((name, _)) = text[at..].split_once('=').filter(|(name, _)| is_word(name)) {
        let value = value(text, at + name.len() + 1);
        if is_secret_here(name, &text[value.clone()]) && is_literal(value.clone()) {
            return true;
        }
        let behind = text[value.end..].trim_start_matches(['\\', '"', '\'']);
        at = text.len() - behind.trim_start().len();
    }
    // Most texts of code have no option.
    text.contains('-') && programs::passwords(text).into_iter().any(is_literal)
}

/// The credentials of a command line, in order; none of them touches another. References to variables are none.
#[must_use]
pub fn in_command(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut seen = 0;
    for name in names(line) {
        // What is part of a credential names nothing.
        if name.start < seen {
            continue;
        }
        if is_token(line, &name) {
            found.push(name);
        } else if let Some(value) = given(line, &name) {
            seen = value.end;
            found.extend(literal_parts(line, value));
        }
    }
    let told = passwords(line).into_iter().chain(programs::passwords(line));
    found.extend(told.flat_map(|password| literal_parts(line, password)));
    found.sort_by_key(|range| (range.start, range.end));
    found.dedup_by(|next, last| {
        let touches = next.start <= last.end;
        if touches {
            last.end = last.end.max(next.end);
        }
        touches
    });
    found
}

/// What may be a name, with the dashes of an option.
fn names(line: &str) -> impl Iterator<Item = Range<usize>> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let mut at = 0;
    std::iter::from_fn(move || {
        let bytes = line.as_bytes();
        let start = at + bytes[at..].iter().position(is_part)?;
        let length = bytes[start..].iter().position(|byte| !is_part(byte)).unwrap_or(bytes.len() - start);
        at = start + length;
        Some(start..at)
    })
}

/// Whether a word is a well-known credential; the beginning of a path or a file name is none.
fn is_token(line: &str, word: &Range<usize>) -> bool {
    let text = &line[word.clone()];
    text.len() >= SHORTEST_TOKEN
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && SECRET_PREFIXES.iter().any(|prefix| text.starts_with(prefix))
        && !line[word.end..].starts_with(['/', '.'])
}

/// The value that is given to a name, where it is a credential.
fn given(line: &str, name: &Range<usize>) -> Option<Range<usize>> {
    let (before, after) = (&line[..name.start], &line[name.end..]);
    let written = &line[name.clone()];
    let called = written.trim_start_matches('-');
    let is_secret = |value: &Range<usize>| is_secret_here(called, &line[value.clone()]);
    let blank = after.len() - after.trim_start().len();
    if before.ends_with("${") {
        let default = after.strip_prefix(":-").or_else(|| after.strip_prefix(":="))?;
        let end = before.len() - 2 + reference(&line[before.len() - 2..])? - 1;
        return Some(line.len() - default.len()..end).filter(is_secret);
    }
    if let Some(at) = assigned(after) {
        return Some(value(line, name.end + at)).filter(is_secret);
    }
    if after.starts_with(':') && after[1..].starts_with(char::is_whitespace) {
        let mut value = value_behind(line, name.end + 1);
        if SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(&line[value.clone()])) {
            value = value_behind(line, value.end);
        }
        return Some(value).filter(|value| is_last(line, value)).filter(is_secret);
    }
    if called.eq_ignore_ascii_case(SCHEMES[0]) && blank > 0 {
        // `Bearer token is missing` is prose.
        let is_given = |value: &Range<usize>| is_last(line, value) || !is_plain_word(&line[value.clone()]);
        return Some(value_behind(line, name.end)).filter(is_given);
    }
    if blank > 0 && before.trim() == "ENV" {
        let end = after.find('\n').map_or(line.len(), |end| name.end + end);
        return Some(name.end + blank.min(end - name.end)..end).filter(is_secret);
    }
    if written.starts_with("--") && is_secret_option(called) {
        // `["--secret", "value"]`, as a container is told its command.
        let quoted = after.trim_start_matches(['\\', '"', '\'']);
        let behind = quoted.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
        let is_option = behind.starts_with('-');
        return (behind.len() < quoted.len() && !is_option).then(|| value(line, line.len() - behind.len()));
    }
    None
}

/// Whether a value given to this name in a command line is a credential.
fn is_secret_here(name: &str, value: &str) -> bool {
    let is_variable = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    // Of an address only the password is one.
    let is_address = without_separators(name).ends_with("url") && !user_and_password(value).is_empty();
    let is_named = if is_variable { names_a_secret(name) || is_secret_name(name, value) } else { is_secret_name(name, value) };
    let is_option = || is_secret_option(name) && !is_plain_word(value);
    !is_address && (is_named || is_option())
}

/// Whether the value of an option is a credential: `--client-secret`.
fn is_secret_option(name: &str) -> bool {
    let plain = without_separators(name);
    !name.starts_with("no-") && SECRET_WORDS.iter().chain(&SECRET_OPTIONS).any(|word| plain.ends_with(word))
}

/// Where the value starts in what stands behind a name, where it is assigned one, in a shell or in Make.
fn assigned(after: &str) -> Option<usize> {
    let operator = after.trim_start_matches([' ', '\t']);
    let behind = operator.trim_start_matches([':', '?', '+']).strip_prefix('=').filter(|behind| !behind.starts_with('='))?;
    // `NAME= command` sets nothing.
    let value = if operator.len() < after.len() { behind.trim_start_matches([' ', '\t']) } else { behind };
    Some(after.len() - value.len())
}

/// The value behind white space.
pub(super) fn value_behind(line: &str, at: usize) -> Range<usize> {
    value(line, line.len() - line[at..].trim_start().len())
}

/// The word that starts somewhere, without its quotes. Those of a shell may be escaped in a text of JSON.
pub(super) fn value(line: &str, at: usize) -> Range<usize> {
    let text = &line[at..];
    let opening = text.len() - text.trim_start_matches(['\\', '$']).len();
    let Some(quote @ ('"' | '\'')) = text[opening..].chars().next() else { return at..word_end(line, at) };
    let is_escaped = text[..opening].contains('\\');
    let start = at + opening + 1;
    let closing = line[start..].match_indices(quote).map(|(place, _)| start + place);
    let mut closing = closing.filter(|&place| is_escaped || !line[start..place].ends_with('\\'));
    let end = closing.next().unwrap_or(line.len());
    let inner = if is_escaped { line[start..end].trim_end_matches('\\') } else { &line[start..end] };
    start..start + inner.len()
}

/// Where the word that starts somewhere ends, unless it is quoted.
pub(super) fn word_end(line: &str, start: usize) -> usize {
    let mut at = start;
    while let Some(letter) = line[at..].chars().next() {
        if let Some(length) = reference(&line[at..]) {
            at += length;
        } else if ends_word(letter) || letter == '\\' && line[at + 1..].starts_with(['"', '\'']) {
            break;
        } else {
            at += letter.len_utf8();
        }
    }
    at
}

pub(super) fn ends_word(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '"' | '\'' | '`' | ';' | '|' | '&' | '<' | '>' | '(' | ')')
}

/// Whether nothing but a quote or the end of the line comes after a value.
fn is_last(line: &str, value: &Range<usize>) -> bool {
    let behind = line[value.end..].trim_start_matches([' ', '\t', '\r']);
    let quoted = line[value.end..].trim_start_matches('\\').starts_with(['"', '\'']);
    quoted || behind.is_empty() || behind.starts_with(['\n', '#'])
}

/// The length of the reference a text starts with: `${NAME}`, `$(command)`, `${{ expression }}`.
fn reference(text: &str) -> Option<usize> {
    let (open, close) = match text.as_bytes() {
        [b'$', b'{', ..] => (b'{', b'}'),
        [b'$', b'(', ..] => (b'(', b')'),
        _ => return None,
    };
    let mut depth = 0_usize;
    let end = text.bytes().take(LONGEST_REFERENCE).position(|byte| {
        depth += usize::from(byte == open);
        depth -= usize::from(byte == close && depth > 0);
        depth == 0 && byte == close
    })?;
    Some(end + 1)
}

/// What of a value is written out: all that refers to nothing, and defaults of references.
fn literal_parts(line: &str, value: Range<usize>) -> Vec<Range<usize>> {
    let text = &line[value.clone()];
    if matches!(text, "true" | "false" | "0" | "1") || is_reference_of_windows(text) {
        return Vec::new();
    }
    let mut parts = Vec::new();
    let (mut start, mut at) = (value.start, value.start);
    while let Some(letter) = line[at..value.end].chars().next() {
        let Some(length) = reference(&line[at..value.end]) else {
            at += letter.len_utf8();
            continue;
        };
        parts.push(start..at);
        let inner = &line[at..at + length - 1];
        let default = inner.starts_with("${").then(|| inner.find(":-").or_else(|| inner.find(":="))).flatten();
        parts.extend(default.map(|place| at + place + 2..at + inner.len()));
        at += length;
        start = at;
    }
    parts.push(start..value.end);
    parts.retain(|part| is_written_out(&line[part.clone()]));
    parts
}

/// Whether a text has letters or digits that belong to no `$NAME`.
fn is_written_out(text: &str) -> bool {
    if text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).is_some_and(is_word) {
        return false;
    }
    let (first, names) = text.split_once('$').unwrap_or((text, ""));
    let after_name = |name: &str| name.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').to_owned();
    let has_letters = |text: &str| text.contains(char::is_alphanumeric);
    has_letters(first) || names.split('$').any(|name| has_letters(&after_name(name)))
}

/// `%NAME%`.
fn is_reference_of_windows(text: &str) -> bool {
    text.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')).is_some_and(is_word)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The passwords of addresses: `scheme://user:password@host`, `user:password@host`.
fn passwords(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < line.len() {
        let end = word_end(line, at);
        found.extend(user_and_password(&line[at..end]).into_iter().map(|password| at + password.start..at + password.end));
        at = end + line[end..].chars().next().map_or(0, char::len_utf8);
    }
    found
}

/// The passwords of the addresses of a word.
fn user_and_password(word: &str) -> Vec<Range<usize>> {
    let mut starts = word.match_indices("://").map(|(place, _)| place + 3).peekable();
    if starts.peek().is_none() {
        return bare_password(word).into_iter().collect();
    }
    let mut found = Vec::new();
    while let Some(start) = starts.next() {
        let end = starts.peek().copied().unwrap_or(word.len());
        let address = &word[start..end];
        let authority = &address[..address.find(['/', '?', '#']).unwrap_or(address.len())];
        let Some((user, _)) = authority.split_once(':') else {
            let user = authority.split_once('@').map(|(user, _)| user);
            let user = user.filter(|user| is_token_of(&word[..start - 3], user));
            found.extend(user.map(|user| start..start + user.len()));
            continue;
        };
        let from = user.len() + 1;
        // A password that is not encoded may hold what ends an authority; a port does not.
        let is_port = authority[from..].bytes().all(|byte| byte.is_ascii_digit());
        let within = if authority.contains('@') || is_port { authority } else { address };
        found.extend(within.rfind('@').filter(|&to| to > from).map(|to| start + from..start + to));
    }
    found
}

/// The password of an address without a scheme. Versions of packages and digests of images stand behind `@` as well.
fn bare_password(word: &str) -> Option<Range<usize>> {
    let at = word.rfind('@')?;
    let (before, host) = (&word[..at], &word[at + 1..]);
    let start = before.rfind(['/', '=', ',', '@']).map_or(0, |place| place + 1);
    let (user, password) = before[start..].split_once(':')?;
    let host_end = host.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_')).unwrap_or(host.len());
    let is_host = host.starts_with(|first: char| first.is_ascii_alphabetic())
        && host[host_end..].starts_with(['.', ':', '/'])
        && !host.starts_with("sha256:");
    let is_user = !user.is_empty() && !SPECIFIERS.contains(&user);
    (is_host && is_user && !password.is_empty()).then(|| at - password.len()..at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn credentials_of_command_lines_are_taken_out() {
        for (line, expected) in [
            ("npx auth migrate --secret hunter2 -y", "npx auth migrate --secret … -y"),
            ("x --secret=hunter --client-secret 'a b' -y", "x --secret=… --client-secret '…' -y"),
            ("x --password hunter && y --token hunter2", "x --password … && y --token …"),
            ("x --api-key=\"a b\" --auth-token a,b", "x --api-key=\"…\" --auth-token …"),
            ("BETTER_AUTH_SECRET=hunter next dev", "BETTER_AUTH_SECRET=… next dev"),
            ("cross-env DB_PASS='a $b' next dev", "cross-env DB_PASS='…' next dev"),
            ("DATABASE_URL=postgres://u:hunter2@h/db npx auth migrate", "DATABASE_URL=postgres://u:…@h/db npx auth migrate"),
            ("DATABASE_URL=postgres://h/hunter npx auth migrate", "DATABASE_URL=… npx auth migrate"),
            ("drizzle-kit push --url=postgres://u:a/b@h/db", "drizzle-kit push --url=postgres://u:…@h/db"),
            ("git clone https://u:a@b@example.com/x", "git clone https://u:…@example.com/x"),
            ("x u:hunter2@db.example.com/app", "x u:…@db.example.com/app"),
            ("curl -H 'Authorization: Bearer hunter' x", "curl -H 'Authorization: Bearer …' x"),
            ("curl -H \"Authorization: Basic aHVudGVyMg==\" x", "curl -H \"Authorization: Basic …\" x"),
            ("curl -H 'x-api-key: hunter2' x", "curl -H 'x-api-key: …' x"),
            ("curl 'https://example.com/?a=b&access_token=hunter2&c=d'", "curl 'https://example.com/?a=b&access_token=…&c=d'"),
            (r#""m": "SECRET=\"hun ter\" npx auth migrate""#, r#""m": "SECRET=\"…\" npx auth migrate""#),
            (r#""m": "sh -c \"x --secret=hunter\"""#, r#""m": "sh -c \"x --secret=…\"""#),
            (r#"CMD ["npx", "auth", "--secret", "hunter2"]"#, r#"CMD ["npx", "auth", "--secret", "…"]"#),
            ("ENV BETTER_AUTH_SECRET hunter two", "ENV BETTER_AUTH_SECRET …"),
            ("ENV A=b BETTER_AUTH_SECRET=hunter", "ENV A=b BETTER_AUTH_SECRET=…"),
            ("BETTER_AUTH_SECRET ?= hunter", "BETTER_AUTH_SECRET ?= …"),
            ("  BETTER_AUTH_SECRET: hunter # yes", "  BETTER_AUTH_SECRET: … # yes"),
            ("x ${BETTER_AUTH_SECRET:-hunter} --secret \"${S:-hunter}\"", "x ${BETTER_AUTH_SECRET:-…} --secret \"${S:-…}\""),
            ("SECRET=a-${SALT}-$(id -u)-b x", "SECRET=…${SALT}-$(id -u)… x"),
            ("SECRET='pa$$word1' x", "SECRET='…' x"),
            ("echo ghp_0123456789abcdefghij", "echo …"),
            ("git clone https://Hunter2@example.com/x", "git clone https://…@example.com/x"),
            ("curl -u user:hunter x && curl -sSu 'user:a b' x", "curl -u user:… x && curl -sSu 'user:…' x"),
            ("/usr/bin/curl -uuser:hunter --proxy-user=u:hunter x", "/usr/bin/curl -uuser:… --proxy-user=u:… x"),
            ("mysql -uroot -phunter app; mysqldump -p'a b' app", "mysql -uroot -p… app; mysqldump -p'…' app"),
            ("sshpass -p hunter ssh h && redis-cli -a hunter ping", "sshpass -p … ssh h && redis-cli -a … ping"),
            ("docker login -u me -p hunter2 example.com", "docker login -u me -p … example.com"),
            ("PGPASSWORD=hunter psql app", "PGPASSWORD=… psql app"),
        ] {
            assert_eq!(command(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_no_credential_is_kept() {
        for line in [
            "npx -y auth@latest migrate --config src/auth.ts -y",
            "pnpm dlx @better-auth/cli@1.4 generate --output=db/schema.ts --yes",
            "deno run -A npm:auth@latest migrate",
            "deno run -A npm:auth@next.1/cli migrate",
            "drizzle-kit push --config=db/drizzle.config.ts --url=$DATABASE_URL",
            "prisma generate --schema prisma/schema.prisma",
            "x --secret $SECRET --password=${PASSWORD} --token \"$(cat token)\" --api-key %API_KEY%",
            "BETTER_AUTH_SECRET=${{ secrets.SECRET }} npx auth migrate",
            "BETTER_AUTH_SECRET=$$SECRET DATABASE_URL=$(DATABASE_URL) npx auth migrate",
            "DATABASE_URL=postgres://$USER:${PASSWORD}@$HOST/db npx auth migrate",
            "curl -H \"Authorization: Bearer $TOKEN\" https://example.com:443/a@b",
            "BETTER_AUTH_SECRET= npx auth migrate",
            "psql --no-password app && npx auth migrate",
            "psql --password -d app",
            "gh auth login --with-token && npx auth migrate",
            "echo Bearer token is missing",
            "secret: npx auth migrate",
            "FROM node:20-alpine@sha256:0123456789abcdef",
            "uses: actions/checkout@v4",
            "git clone git@github.com:acme/app.git",
            "NODE_ENV=production SKIP_KEY_CHECK=true next build",
            "npx auth secret",
            "cd sk-0123456789-packages/db && drizzle-kit push",
            "git clone ssh://git@example.com/x && git clone https://$TOKEN@example.com/x && curl https://www@example.com",
            "curl -u user x && curl -u \"$USER:$PASSWORD\" x && curl -u user:${PASSWORD} x",
            "mysql -u root -p app && mysql -p$PASSWORD -P 3306 app",
            "docker run -p 8080:80 -u 1000:1000 app && mkdir -p a/b && psql -p 5432 app",
            r#""a": "mysql -p", "b": "x""#,
        ] {
            assert_eq!(command(line), line);
        }
    }

    #[test]
    fn ranges_hold_no_credentials() {
        for (range, expected) in [
            ("git+https://user:hunter@example.com/a/b.git#v1.2.0", "git+https://user:…@example.com/a/b.git#v1.2.0"),
            ("https://Hunter2@example.com/b.tgz", "https://…@example.com/b.tgz"),
            ("git+ssh://git@example.com/a/b.git#semver:^1.0.0", "git+ssh://git@example.com/a/b.git#semver:^1.0.0"),
            ("npm:@scope/other@^1.2.0", "npm:@scope/other@^1.2.0"),
            ("workspace:^", "workspace:^"),
            ("github:a/b#main", "github:a/b#main"),
            ("patch:better-auth@npm%3A1.2.0#./x.patch", "patch:better-auth@npm%3A1.2.0#./x.patch"),
        ] {
            assert_eq!(address(range), expected);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "(secret|curl |mysql |-p|-u|login|docker |--token|ENV |Bearer |://|u:|@h/|[=:'\"\\\\ \\n${}()%é🎈a]){0,40}") {
            let found = in_command(&text);
            prop_assert!(found.windows(2).all(|pair| pair[0].end < pair[1].start));
            prop_assert!(found.iter().all(|range| text.get(range.clone()).is_some_and(|cut| !cut.is_empty())));
            let _ = (address(&text), runs_with_credentials(&text));
        }
    }
}
