//! The tables a pack describes.

use nodejs_semver::Version;
use serde::Deserialize;

use super::predicate::Condition;
use super::range::Range;

/// A table, or columns added to a table of somebody else.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Table {
    /// The logical key (`user`, `apikey`), under which better-auth and other plugins know it.
    pub key: String,
    /// The columns are added to a table that another plugin declares as its own.
    #[serde(default)]
    pub extends: bool,
    /// The releases that have it.
    #[serde(default)]
    pub versions: Range,
    /// The options it depends on; `None` when it is always needed.
    when: Option<Condition>,
    /// The releases that ask the condition; others need it in any case.
    #[serde(default)]
    when_versions: Range,
    /// The options with which its owner does without it, although the table is part of its schema.
    pub idle_when: Option<Condition>,
    /// The paths of all requests that insert rows; empty where they are not known.
    #[serde(default)]
    pub inserted_by: Vec<String>,
    /// Columns without a value in rows that are stored with some options.
    #[serde(default)]
    pub left_empty: Vec<LeftEmpty>,
    /// The options that rename it, the first that is set wins; `None` for the usual ones (see [`Table::renames`]).
    renames: Option<Vec<Rename>>,
    /// The option that adds columns of the project's own.
    pub additional: Option<Additional>,
    /// The columns in order, without `id`.
    pub columns: Vec<Column>,
    /// Keys over several columns; those of one column are told with the column.
    #[serde(default)]
    pub keys: Vec<Key>,
}

impl Table {
    /// The condition on the options under which this release needs the table.
    #[must_use]
    pub fn condition(&self, version: &Version) -> Option<&Condition> {
        asked(self.when.as_ref(), self.when_versions, version)
    }

    /// The options that rename the table and its columns; `base` is where the usual ones lie: `schema.` for a plugin,
    /// nothing for the core.
    #[must_use]
    pub fn renames(&self, base: &str) -> Vec<Rename> {
        if let Some(renames) = &self.renames {
            return renames.clone();
        }
        let option = |name: &str| Some(format!("{base}{}.{name}", self.key));
        vec![Rename { model: option("modelName"), fields: option("fields"), except: Vec::new(), versions: Range::default() }]
    }
}

/// Columns that may be NULL, and are in rows that are stored with some options.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftEmpty {
    /// Logical names of the columns.
    pub columns: Vec<String>,
    /// The options.
    pub when: Condition,
}

/// A key over several columns.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Logical names of the columns, in order.
    pub columns: Vec<String>,
    /// Two rows may not agree in all of them.
    #[serde(default)]
    pub unique: bool,
    /// The releases that have it.
    #[serde(default)]
    pub versions: Range,
}

/// One way to rename a table or its columns by options.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    /// The option that holds the name of the table.
    pub model: Option<String>,
    /// The option that maps columns to names.
    pub fields: Option<String>,
    /// Columns that `fields` does not rename.
    #[serde(default)]
    pub except: Vec<String>,
    /// The releases that honour it.
    #[serde(default)]
    pub versions: Range,
}

/// An option that adds columns of the project's own.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Additional {
    /// The option.
    pub option: String,
    /// Its columns may be NULL whatever they say.
    #[serde(default)]
    pub optional: bool,
    /// The releases that honour it.
    #[serde(default)]
    pub versions: Range,
}

/// The condition a release asks; `None` where the part is needed in any case.
fn asked<'c>(when: Option<&'c Condition>, versions: Range, version: &Version) -> Option<&'c Condition> {
    when.filter(|_| versions.contains(version))
}

/// A column.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Column {
    /// The logical name.
    pub name: String,
    /// The logical type: `string`, `number`, `bigint`, `boolean`, `date`, `string[]`, `number[]`, `json`.
    #[serde(rename = "type", default = "string")]
    pub kind: String,
    /// The releases that have it.
    #[serde(default)]
    pub versions: Range,
    /// The options it depends on; `None` when it is always needed.
    when: Option<Condition>,
    /// The releases that ask the condition; others need it in any case.
    #[serde(default)]
    when_versions: Range,
    /// May not be NULL.
    #[serde(default)]
    pub required: Flag,
    /// Must be unique.
    #[serde(default)]
    pub unique: Flag,
    /// Should be indexed.
    #[serde(default)]
    pub index: Flag,
    /// The column without which nothing looks it up, so that an index over both will do.
    pub looked_up_with: Option<String>,
    /// The default better-auth fills in, as it would be written; `now` for the time of writing.
    pub default: Option<String>,
    /// Where a foreign key points to.
    pub references: Option<Reference>,
    /// The options with which nothing reads or writes it, unless a plugin does so ([`Plugin::uses`](super::Plugin::uses)),
    /// although it is part of the schema.
    pub idle_when: Option<Condition>,
    /// The column that held its values in earlier releases.
    pub takes_over: Option<String>,
    /// The column as which options rename it, where that is another one.
    renamed_as: Option<RenamedAs>,
    /// The previews that have it otherwise than the release they lead to.
    #[serde(default)]
    previews: Vec<Preview>,
}

/// A preview that has a column otherwise than the release it leads to.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Preview {
    #[serde(deserialize_with = "super::version")]
    version: Version,
    /// What it calls the column; `None` where it does not have it.
    name: Option<String>,
}

/// A column whose new name becomes that of another one.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct RenamedAs {
    column: String,
    versions: Range,
}

impl Column {
    /// Whether a release has it.
    #[must_use]
    pub fn is_in(&self, version: &Version) -> bool {
        self.versions.contains(version) && self.preview(version).is_none_or(|preview| preview.name.is_some())
    }

    /// What a release calls it where no option renames it.
    #[must_use]
    pub fn name_in(&self, version: &Version) -> &str {
        self.preview(version).and_then(|preview| preview.name.as_deref()).unwrap_or(&self.name)
    }

    fn preview(&self, version: &Version) -> Option<&Preview> {
        self.previews.iter().find(|preview| preview.version == *version)
    }

    /// The name under which options of a release rename it.
    #[must_use]
    pub fn rename_key(&self, version: &Version) -> &str {
        let other = self.renamed_as.as_ref().filter(|other| other.versions.contains(version));
        other.map_or_else(|| self.name_in(version), |other| &other.column)
    }

    /// The condition on the options under which this release needs the column.
    #[must_use]
    pub fn condition(&self, version: &Version) -> Option<&Condition> {
        asked(self.when.as_ref(), self.when_versions, version)
    }
}

fn string() -> String {
    "string".into()
}

/// A property of a column: `true`, or the releases that have it (`"1.4.0.."`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "FlagText")]
pub struct Flag(Option<Range>);

impl Flag {
    /// Whether it is set in a release.
    #[must_use]
    pub fn at(&self, version: &Version) -> bool {
        self.0.is_some_and(|range| range.contains(version))
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum FlagText {
    Always(bool),
    In(Range),
}

impl From<FlagText> for Flag {
    fn from(text: FlagText) -> Self {
        Self(match text {
            FlagText::Always(set) => set.then(Range::default),
            FlagText::In(range) => Some(range),
        })
    }
}

/// A foreign key: `"user.id"`, or with what is unusual about it: `{ to = "user.id", versions = "1.3.8..", cascades = false }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ReferenceText")]
pub struct Reference {
    /// Logical key of the table.
    pub table: String,
    /// Logical name of the column.
    pub column: String,
    /// The releases that have it.
    pub versions: Range,
    /// Rows go with the row they point to, as better-auth has it where nothing else is said.
    pub cascades: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ReferenceText {
    Usual(String),
    Unusual {
        to: String,
        #[serde(default)]
        versions: Range,
        #[serde(default = "yes")]
        cascades: bool,
    },
}

fn yes() -> bool {
    true
}

impl TryFrom<ReferenceText> for Reference {
    type Error = String;

    fn try_from(text: ReferenceText) -> Result<Self, Self::Error> {
        let (to, versions, cascades) = match text {
            ReferenceText::Usual(to) => (to, Range::default(), true),
            ReferenceText::Unusual { to, versions, cascades } => (to, versions, cascades),
        };
        match to.split_once('.') {
            Some((table, column)) => Ok(Self { table: table.into(), column: column.into(), versions, cascades }),
            None => Err(format!("`{to}` is no column like `user.id`")),
        }
    }
}
