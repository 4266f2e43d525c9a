//! Which tables an adapter finds, and by which names.
//!
//! At run time Drizzle is asked for the keys of its schema map and the properties of a table, Prisma for the members of
//! its client and the fields of a model, SQL for the names in the database (documentation: adapters/drizzle,
//! adapters/prisma, concepts/database; `advanced.database.validateSchema` of 1.7.3 compares by the same names).

use std::collections::BTreeMap;

use super::SourceTable;
use crate::facts::schema::{Column, Table};
use crate::project::Dialect;
use crate::project::eval::Container;
use crate::project::value::Unknown;
use crate::source::Site;

/// The tables an adapter finds.
#[derive(Debug, Clone, Default)]
pub struct Lookup {
    /// The tables, each with the name it is found by; several may have the same one.
    pub tables: Vec<(String, SourceTable)>,
    /// How names answer to those the adapter asks for.
    pub naming: Naming,
    /// The schema map of the adapter, where it is one that needs one.
    pub map: Map,
    /// The adapter finds these tables and no others, whatever else the repository declares: all of them are known.
    pub whole: bool,
}

/// The schema map of an adapter of Drizzle.
#[derive(Debug, Clone, Default)]
pub enum Map {
    /// The adapter needs none.
    #[default]
    Needless,
    /// This one: tables outside it are not found.
    Given {
        /// Where it is written.
        at: Site,
        /// What names there hold tables; looked for where the map lacks some.
        containers: BTreeMap<String, Container>,
    },
    /// None is given: no table is found.
    Nothing,
    /// Which one it is, or what is in it, is not known, and why.
    Unknown(Unknown),
}

/// How names answer to those an adapter asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Naming {
    /// They are the same.
    Exact,
    /// They are the same to the database.
    Sql {
        /// The database, where it is known.
        dialect: Option<Dialect>,
        /// Whether names are turned into snake case on the way (Kysely's `CamelCasePlugin`); `None` where that is not
        /// known.
        snake: Option<bool>,
    },
    /// The tables are those of an ORM and could not be linked to the adapter, which knows nothing of that: columns answer by the
    /// names they are given for the database. Where they are given none, and for tables, any name that may be meant will do.
    Stored {
        /// As in [`Naming::Sql`].
        dialect: Option<Dialect>,
        /// As in [`Naming::Sql`].
        snake: Option<bool>,
    },
    /// Tables answer by the names of their classes, as `better-auth-mikro-orm` asks for them (0.1.1 to 0.4.3: `normalizeEntityName`
    /// and `getPropertyMetadata`), with the default naming of MikroORM; columns by those of the properties, or of what is
    /// stored for a relation.
    Entities,
    /// The tables could not be linked to the adapter, so that any name that may be meant will do.
    #[default]
    Similar,
}

impl Lookup {
    /// The tables that answer to a name.
    pub fn find<'l>(&'l self, wanted: &'l str) -> impl Iterator<Item = &'l SourceTable> {
        self.tables.iter().filter(move |(name, table)| self.naming.is_table(name, &table.table, wanted)).map(|(_, table)| table)
    }

    /// Where the schema map is, where the adapter is given one that is known.
    #[must_use]
    pub fn map(&self) -> Option<&Site> {
        match &self.map {
            Map::Given { at, .. } => Some(at),
            _ => None,
        }
    }

    /// What a name holds where the schema map is written.
    #[must_use]
    pub fn container(&self, local: &str) -> Option<&Container> {
        match &self.map {
            Map::Given { containers, .. } => containers.get(local),
            _ => None,
        }
    }

    /// Whether the adapter is known to look in these tables and no others.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        !matches!(self.naming, Naming::Stored { .. } | Naming::Entities | Naming::Similar)
    }
}

impl Naming {
    /// Whether a table that is found by `name` is the one asked for.
    #[must_use]
    pub fn is_table(self, name: &str, table: &Table, wanted: &str) -> bool {
        match self {
            Self::Exact => name == wanted,
            Self::Sql { dialect, snake } => is_in_database(name, table.folds, wanted, dialect, snake),
            Self::Entities => name == entity_name(wanted),
            Self::Stored { .. } | Self::Similar => is_similar_table(table, wanted),
        }
    }

    /// Whether a column is the one asked for.
    #[must_use]
    pub fn is_column(self, column: &Column, wanted: &str) -> bool {
        match self {
            Self::Exact => column.name == wanted,
            Self::Sql { dialect, snake } => is_in_database(&column.name, column.folds, wanted, dialect, snake),
            Self::Stored { dialect, snake } => match &column.physical {
                Some(stored) => is_in_database(stored, false, wanted, dialect, snake),
                None => is_similar_column(column, wanted),
            },
            Self::Entities if column.references.is_none() => column.name == wanted,
            Self::Entities | Self::Similar => is_similar_column(column, wanted),
        }
    }
}

/// PostgreSQL folds names without quotes to lower case and tells the case of the others apart; the other databases do not
/// tell the case of columns apart.
fn is_in_database(name: &str, folds: bool, wanted: &str, dialect: Option<Dialect>, snake: Option<bool>) -> bool {
    let same = |wanted: &str| match dialect {
        Some(Dialect::Postgres) if folds => name.to_ascii_lowercase() == *wanted,
        Some(Dialect::Postgres) => name == wanted,
        _ => name.eq_ignore_ascii_case(wanted),
    };
    snake != Some(true) && same(wanted) || snake != Some(false) && same(&snake_case(wanted))
}

/// `emailVerified` as `email_verified`, `credentialID` as `credential_id`: a run of capitals is one word, as the mappers of
/// Kysely and Drizzle have it.
#[must_use]
pub fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut after_capital = true;
    for letter in name.chars() {
        let capital = letter.is_ascii_uppercase();
        if capital && !after_capital {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
        after_capital = capital;
    }
    snake
}

/// The class that `better-auth-mikro-orm` looks for: `RateLimit` for `rateLimit` (MikroORM: `UnderscoreNamingStrategy`).
#[must_use]
pub fn entity_name(model: &str) -> String {
    let capitalized = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    snake_case(model).split('_').map(capitalized).collect()
}

/// Whether a table may be meant by a name: without case and underscores, in the singular or the plural, by its own name,
/// the one in the database, or what that is made of.
#[must_use]
pub fn is_similar_table(table: &Table, wanted: &str) -> bool {
    let names = [Some(&table.name), table.physical.as_ref(), table.stem.as_ref()];
    names.into_iter().flatten().any(|name| is_similar(name, wanted))
}

/// Whether two names differ in case, underscores and the ending of the plural alone.
fn is_similar(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (letters(one), letters(other));
    loop {
        match (one.next(), other.next()) {
            (Some(letter), Some(same)) if letter == same => {}
            (None, rest) | (rest, None) => {
                return rest.is_none_or(|rest| rest == 's') && one.next().is_none() && other.next().is_none();
            }
            _ => return false,
        }
    }
}

/// Whether a column may be meant by a name: without case and underscores, by its own name or the one in the database.
#[must_use]
pub fn is_similar_column(column: &Column, wanted: &str) -> bool {
    is_same_word(&column.name, wanted) || column.physical.as_deref().is_some_and(|physical| is_same_word(physical, wanted))
}

/// Whether two names differ in case and underscores alone.
#[must_use]
pub fn is_same_word(one: &str, other: &str) -> bool {
    letters(one).eq(letters(other))
}

/// A name as it is compared where its spelling does not count: without case and underscores.
pub(super) fn fold(name: &str) -> String {
    letters(name).collect()
}

fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|character| *character != '_').flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::schema::{Change, sql};

    fn column(definition: &str) -> Column {
        match sql(&format!("CREATE TABLE t ({definition})")).remove(0).change {
            Change::CreateTable { mut table, .. } => table.columns.remove(0),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn databases_compare_names_in_their_own_way() {
        let asks =
            |definition: &str, dialect, snake| Naming::Sql { dialect, snake }.is_column(&column(definition), "emailVerified");
        let (postgres, sqlite) = (Some(Dialect::Postgres), Some(Dialect::Sqlite));
        for (definition, dialect, snake, expected) in [
            (r#""emailVerified" boolean"#, postgres, Some(false), true),
            ("emailVerified boolean", postgres, Some(false), false),
            ("email_verified boolean", postgres, Some(false), false),
            ("email_verified boolean", postgres, Some(true), true),
            ("email_verified boolean", postgres, None, true),
            ("EMAILVERIFIED boolean", sqlite, Some(false), true),
            ("`emailverified` boolean", Some(Dialect::Mysql), Some(false), true),
            (r#""emailVerified" boolean"#, postgres, Some(true), false),
        ] {
            assert_eq!(asks(definition, dialect, snake), expected, "{definition} {dialect:?} {snake:?}");
        }
        assert!(Naming::Sql { dialect: postgres, snake: Some(false) }.is_column(&column("EMAIL text"), "email"));
    }

    #[test]
    fn runs_of_capitals_are_one_word() {
        assert_eq!(
            ["emailVerified", "credentialID", "user", "ID"].map(snake_case),
            ["email_verified", "credential_id", "user", "id"]
        );
    }

    #[test]
    fn classes_are_called_after_what_is_asked_for() {
        let names = ["user", "rateLimit", "userEntity", "UserEntity", "oauth_client", "OAuthClient"];
        let classes = ["User", "RateLimit", "UserEntity", "UserEntity", "OauthClient", "OauthClient"];
        assert_eq!(names.map(entity_name), classes);
    }

    #[test]
    fn similar_names_ignore_case_underscores_and_number() {
        let table = |name: &str, physical: Option<&str>| Table {
            physical: physical.map(str::to_owned),
            ..Table::empty(name, crate::source::Span::default())
        };
        assert!(is_similar_table(&table("Rate_Limits", None), "rateLimit"));
        assert!(is_similar_table(&table("limits", Some("rate_limit")), "rateLimit"));
        assert!(!is_similar_table(&table("limits", None), "rateLimit"));
        assert!(Naming::Similar.is_column(&column("email_verified int"), "emailVerified"));
        assert!(!Naming::Exact.is_column(&column("email_verified int"), "emailVerified"));
    }
}
