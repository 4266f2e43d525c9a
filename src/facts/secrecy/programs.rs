//! Passwords that programs are given by options whose names do not tell it: `mysql -phunter`.

use std::ops::Range;

use super::command::{ends_word, value, value_behind, word_end};

/// Options that take a password.
struct Options {
    /// The programs that have them.
    programs: &'static [&'static str],
    /// A word that has to stand between the program and the option.
    action: Option<&'static str>,
    names: &'static [&'static str],
    takes: Takes,
}

/// How an option takes a password.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// Right behind its name: `-phunter`.
    Attached,
    /// Right behind its name, or as the next word.
    Either,
    /// As [`Takes::Either`], behind the name of a user: `-u user:hunter`.
    Pair,
}

/// By the manual pages of the programs.
const OPTIONS: &[Options] = &[
    Options { programs: &["curl"], action: None, names: &["-u", "-U", "--user", "--proxy-user"], takes: Takes::Pair },
    Options {
        programs: &["mysql", "mysqladmin", "mysqldump", "mysqlimport", "mariadb", "mariadb-admin", "mariadb-dump"],
        action: None,
        names: &["-p"],
        takes: Takes::Attached,
    },
    Options {
        programs: &["mongo", "mongodump", "mongorestore", "mongosh", "sshpass"],
        action: None,
        names: &["-p"],
        takes: Takes::Either,
    },
    Options { programs: &["sqlcmd", "bcp", "unzip", "zip"], action: None, names: &["-P"], takes: Takes::Either },
    Options { programs: &["redis-cli"], action: None, names: &["-a"], takes: Takes::Either },
    Options { programs: &["docker", "podman", "helm", "az"], action: Some("login"), names: &["-p"], takes: Takes::Either },
];

/// The passwords of the programs that a command line runs.
pub(super) fn passwords(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut program: Option<Range<usize>> = None;
    let mut at = 0;
    while let Some(letter) = line[at..].chars().next() {
        if ends_word(letter) || letter == '\\' {
            // Another command.
            if matches!(letter, '\n' | ';' | '|' | '&' | '(' | ')' | '`') {
                program = None;
            }
            at += letter.len_utf8();
            continue;
        }
        let word = at..word_end(line, at);
        at = word.end.max(at + letter.len_utf8());
        if OPTIONS.iter().any(|options| options.programs.contains(&called(&line[word.clone()]))) {
            program = Some(word);
        } else if let Some(program) = &program {
            let password = OPTIONS
                .iter()
                .filter(|options| options.are_of(line, program, &word))
                .find_map(|options| options.given(line, &word));
            if let Some(password) = password {
                at = at.max(password.end);
                found.push(password);
            }
        }
    }
    found
}

/// A program without the folder it is in.
fn called(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

impl Options {
    fn are_of(&self, line: &str, program: &Range<usize>, word: &Range<usize>) -> bool {
        let said = || line[program.end..word.start].split_whitespace();
        self.programs.contains(&called(&line[program.clone()]))
            && self.action.is_none_or(|action| said().any(|word| word == action))
    }

    /// The password that an option is given.
    fn given(&self, line: &str, word: &Range<usize>) -> Option<Range<usize>> {
        let written = &line[word.clone()];
        let value = self.names.iter().find_map(|name| {
            let rest = match written.strip_prefix(name) {
                Some(rest) => rest,
                // Several in one word: `-sSu user:hunter`.
                None if is_short(written) && is_short(name) && written.ends_with(&name[1..]) => "",
                None => return None,
            };
            if let Some(attached) = rest.strip_prefix('=').or(Some(rest).filter(|rest| !rest.is_empty() && is_short(name))) {
                Some(word.end - attached.len()..word.end)
            } else if !rest.is_empty() {
                None
            } else if line[word.end..].trim_start_matches('\\').starts_with(['"', '\'']) {
                // `-p'hunter'`, unless the quote ends a text that holds the command.
                Some(value(line, word.end)).filter(|value| !line[value.clone()].starts_with([' ', ',', '\n', ')', ';']))
            } else if self.takes == Takes::Attached {
                None
            } else {
                Some(value_behind(line, word.end)).filter(|value| !line[value.clone()].starts_with('-'))
            }
        })?;
        match self.takes {
            Takes::Pair => line[value.clone()].find(':').map(|colon| value.start + colon + 1..value.end),
            Takes::Attached | Takes::Either => Some(value),
        }
    }
}

/// Whether an option is a dash and letters.
fn is_short(option: &str) -> bool {
    option.strip_prefix('-').is_some_and(|letters| !letters.is_empty() && letters.bytes().all(|byte| byte.is_ascii_alphabetic()))
}
