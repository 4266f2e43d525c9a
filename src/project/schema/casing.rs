//! The names Drizzle gives columns in the database, where the schema writes none (documentation of the ORM: "Schema
//! declaration", "Camel and Snake casing").

use super::handle::{Options, options};
use crate::facts::schema::Table;
use crate::project::value::{Found, Lookup, Node, Value};

/// What Drizzle makes of the name a column has in code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Casing {
    /// Nothing.
    Kept,
    /// `casing: "snake_case"`.
    Snake,
    /// `casing: "camelCase"`.
    Camel,
}

impl Casing {
    /// What a value of the option `casing` stands for.
    pub(super) fn of(value: &str) -> Option<Self> {
        match value {
            "snake_case" => Some(Self::Snake),
            "camelCase" => Some(Self::Camel),
            _ => None,
        }
    }

    /// What a function that makes tables does to names: `snakeCase.table` of 1.0 and later.
    pub(super) fn of_maker(name: &str) -> Option<Self> {
        match name {
            "snakeCase.table" => Some(Self::Snake),
            "camelCase.table" => Some(Self::Camel),
            _ => None,
        }
    }

    /// What a database handle was made with: `drizzle(client, { casing })`. `None` where that is not known.
    pub(super) fn of_handle(handle: &Node) -> Option<Self> {
        match &handle.value {
            Value::Call(call) => match options(call)? {
                Options::Absent => Some(Self::Kept),
                Options::Given(options) => of_options(options),
                Options::Unknown => None,
            },
            Value::Either(alternatives) => {
                let mut each = alternatives.iter().map(|alternative| Self::of_handle(&alternative.node));
                let first = each.next()??;
                each.all(|other| other == Some(first)).then_some(first)
            }
            _ => None,
        }
    }

    /// Writes down the names of columns that have none of their own.
    pub(super) fn name_columns(self, table: &mut Table) {
        for column in table.columns.iter_mut().filter(|column| column.physical.is_none()) {
            column.physical = Some(self.name(&column.name));
        }
    }

    fn name(self, name: &str) -> String {
        match self {
            Self::Kept => name.to_owned(),
            Self::Snake => words(name).iter().map(|word| word.to_ascii_lowercase()).collect::<Vec<_>>().join("_"),
            Self::Camel => words(name).iter().enumerate().fold(String::new(), |name, (place, word)| {
                let (first, rest) = word.split_at(1);
                match place {
                    0 => word.to_ascii_lowercase(),
                    _ => name + &first.to_ascii_uppercase() + rest,
                }
            }),
        }
    }
}

fn of_options(options: &Node) -> Option<Casing> {
    match options.lookup(&["casing"]) {
        Lookup::Absent => Some(Casing::Kept),
        Lookup::Found(found) => match found.as_slice() {
            [Found { node, conditions, .. }] if conditions.is_empty() => match &node.value {
                Value::Undefined => Some(Casing::Kept),
                _ => Casing::of(node.text(&[])?),
            },
            _ => None,
        },
        Lookup::Unknown(_) => None,
    }
}

/// The words of a name as Drizzle parts them: unlike other mappers it ends a run of capitals before the last of them where
/// a small letter follows, and begins a word with a digit after one.
pub(crate) fn words(name: &str) -> Vec<&str> {
    let is_small = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let small = |text: &str| text.find(|letter| !is_small(letter)).unwrap_or(text.len());
    let mut words = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let capitals = rest.find(|letter: char| !letter.is_ascii_uppercase()).unwrap_or(rest.len());
        let before_small = rest[capitals..].starts_with(|next: char| next.is_ascii_lowercase());
        let length = match capitals {
            0 => small(rest),
            1 if before_small => 1 + small(&rest[1..]),
            _ if before_small => capitals - 1,
            _ => capitals,
        };
        let (word, after) = rest.split_at(length.max(first.len_utf8()));
        if first.is_ascii_alphanumeric() {
            words.push(word);
        }
        rest = after;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parted_as_drizzle_does_it() {
        for (name, snake, camel) in [
            ("emailVerified", "email_verified", "emailVerified"),
            ("credentialID", "credential_id", "credentialID"),
            ("user_id", "user_id", "userId"),
            ("HTMLParser", "html_parser", "htmlParser"),
            ("ES256Key", "es_256_key", "es256Key"),
            ("key2Name", "key2_name", "key2Name"),
            ("größe", "gr_e", "grE"),
            ("", "", ""),
        ] {
            assert_eq!((Casing::Snake.name(name), Casing::Camel.name(name)), (snake.to_owned(), camel.to_owned()), "{name}");
        }
        assert_eq!(Casing::Kept.name("aB"), "aB");
    }
}
