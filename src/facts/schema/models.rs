//! Prisma models to tables.

use std::collections::BTreeMap;

use super::{Change, Column, Definition, Filled, Key, PrismaFile, Reference, Table, namespace};
use crate::source::Span;
use crate::syntax::prisma::{Argument, Attribute, Block, BlockKind, Field, Row, read, string};

/// Reads a Prisma schema file; the spans are stretches that could not be read.
#[must_use]
pub fn prisma(text: &str) -> (PrismaFile, Vec<Span>) {
    let schema = read(text);
    let kinds = schema.blocks.iter().map(|block| (block.name.of(text), block.kind)).collect();
    let mut file = PrismaFile::default();
    for block in &schema.blocks {
        match block.kind {
            BlockKind::Datasource => file.provider = file.provider.or_else(|| setting(text, block, "provider")),
            BlockKind::Generator => file.outputs.extend(setting(text, block, "output")),
            BlockKind::Model if !block_attributes(block).any(|attribute| attribute.name.of(text) == "ignore") => {
                model(text, block, &kinds, &mut file);
            }
            _ => {}
        }
    }
    (file, schema.errors)
}

/// The text a block gives a key.
fn setting(text: &str, block: &Block, name: &str) -> Option<String> {
    block.rows.iter().find_map(|row| match row {
        Row::Setting { key, value } if key.of(text) == name => string(text, *value).map(str::to_owned),
        _ => None,
    })
}

fn block_attributes(block: &Block) -> impl Iterator<Item = &Attribute> {
    block.rows.iter().filter_map(|row| match row {
        Row::Attribute(attribute) => Some(attribute),
        _ => None,
    })
}

/// What a field is, by its type.
enum Role {
    Column,
    Relation,
    /// The type is declared in another file: an enum, or a model that holds the key of the relation.
    Either,
}

fn role(text: &str, field: &Field, kinds: &BTreeMap<&str, BlockKind>) -> Role {
    let kind = field.kind.of(text);
    let scalars = ["String", "Boolean", "Int", "BigInt", "Float", "Decimal", "DateTime", "Json", "Bytes", "Unsupported"];
    if attribute(text, field, "relation").is_some() {
        return Role::Relation;
    }
    match kinds.get(kind) {
        Some(BlockKind::Model | BlockKind::View) => Role::Relation,
        Some(BlockKind::Enum | BlockKind::Type) => Role::Column,
        _ if scalars.contains(&kind) || attribute(text, field, "default").is_some() => Role::Column,
        // Far more lists are of rows than of the values of an enum.
        _ if field.list => Role::Relation,
        _ => Role::Either,
    }
}

fn model(text: &str, block: &Block, kinds: &BTreeMap<&str, BlockKind>, file: &mut PrismaFile) {
    let name = block.name.of(text).to_owned();
    let mut table = Table::empty(&name, block.name);
    let mut keys = Vec::new();
    for row in &block.rows {
        match row {
            Row::Field(field) if attribute(text, field, "ignore").is_none() => {
                let role = role(text, field, kinds);
                if !matches!(role, Role::Column) {
                    file.relations.push((name.clone(), field.name.of(text).to_owned(), field.kind.of(text).to_owned()));
                    keys.extend(foreign_keys(text, &name, field));
                }
                if !matches!(role, Role::Relation) {
                    table.apply(&Change::AddColumn { table: name.clone(), column: column(text, field) });
                    table.keys.extend(field.attributes.iter().filter_map(|attribute| match attribute.name.of(text) {
                        "id" => Some(Key::primary(field.name.of(text))),
                        "unique" => Some(Key::unique(field.name.of(text))),
                        _ => None,
                    }));
                }
            }
            Row::Attribute(attribute) if attribute.name.of(text) == "map" => table.physical = mapped(text, attribute),
            Row::Attribute(attribute) if attribute.name.of(text) == "schema" => {
                table.namespace = mapped(text, attribute).as_deref().and_then(namespace);
            }
            Row::Attribute(attribute) => keys.extend(index(text, &name, attribute)),
            Row::Field(_) | Row::Setting { .. } => {}
        }
    }
    // Rows may name fields that stand below them.
    for key in &keys {
        table.apply(key);
    }
    for field in block.fields() {
        let held = attribute(text, field, "relation").map(|relation| listed(text, relation, "fields")).unwrap_or_default();
        let actions = actions(text, field);
        for column in table.columns.iter_mut().filter(|column| held.contains(&column.name)) {
            column.definition.actions.clone_from(&actions);
        }
    }
    file.models.push(table);
}

/// An action as SQL has it: `SetNull` as `set null`.
fn action(name: &str) -> String {
    let spaced = |letter: char| if letter.is_uppercase() { format!(" {}", letter.to_ascii_lowercase()) } else { letter.into() };
    name.chars().map(spaced).collect::<String>().trim_start().to_owned()
}

/// What happens to rows with the ones they point to, which Prisma always writes down (documentation: "Referential actions").
fn actions(text: &str, field: &Field) -> Option<String> {
    let relation = attribute(text, field, "relation")?;
    let named = |name: &str| {
        let argument = relation.arguments.iter().find(|argument| argument.name.is_some_and(|span| span.of(text) == name));
        argument.map(|argument| action(argument.value.of(text)))
    };
    let on_delete = named("onDelete").unwrap_or_else(|| if field.optional { "set null" } else { "restrict" }.to_owned());
    Some(format!("on delete {on_delete} on update {}", named("onUpdate").unwrap_or_else(|| "cascade".to_owned())))
}

fn column(text: &str, field: &Field) -> Column {
    let has = |name: &str| attribute(text, field, name).is_some();
    Column {
        name: field.name.of(text).to_owned(),
        physical: attribute(text, field, "map").and_then(|map| mapped(text, map)),
        kind: field.kind.of(text).to_ascii_lowercase(),
        written: None,
        required: !field.optional,
        // A list that is not given is empty.
        has_default: field.list || has("default") || has("updatedAt"),
        folds: false,
        as_text: false,
        references: None,
        definition: Definition {
            native: native(text, field),
            list: field.list,
            default: attribute(text, field, "default").and_then(|default| filled(text, default)),
            actions: None,
        },
        span: field.name,
    }
}

/// The type that an attribute of the database gives: `varchar(40)` of `@db.VarChar(40)`.
fn native(text: &str, field: &Field) -> Option<String> {
    let native = field.attributes.iter().find(|attribute| attribute.name.of(text).starts_with("db."))?;
    let written = native.span.of(text).trim_start_matches("db.").to_ascii_lowercase();
    let (name, arguments) = written.split_at(written.find('(').unwrap_or(written.len()));
    Some(match (name, arguments) {
        ("doubleprecision", _) => "double precision".to_owned(),
        ("unsignedint", _) => "int unsigned".to_owned(),
        ("unsignedbigint", _) => "bigint unsigned".to_owned(),
        (_, "()") => name.to_owned(),
        _ => written,
    })
}

/// What the database fills in by `@default`; the ORM itself makes ids of its own (documentation: "Prisma schema reference",
/// "Attribute functions").
fn filled(text: &str, default: &Attribute) -> Option<Filled> {
    let value = default.argument(text, "value")?.value;
    let written = value.of(text);
    if let Some(text) = string(text, value) {
        return Some(if text.contains('\\') { Filled::Unknown } else { Filled::text(text) });
    }
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    Some(match written {
        "now()" => Filled::Now,
        "autoincrement()" => Filled::Counted,
        "true" | "false" => Filled::Sql(written.to_owned()),
        _ if written.parse::<f64>().is_ok() => Filled::Sql(written.to_owned()),
        _ if written.starts_with("dbgenerated(\"") => {
            let expression = written.trim_start_matches("dbgenerated(\"").trim_end_matches("\")");
            if expression.contains('\\') { Filled::Unknown } else { Filled::Sql(expression.to_owned()) }
        }
        _ if ["uuid(", "cuid(", "ulid(", "nanoid("].iter().any(|maker| written.starts_with(maker)) => return None,
        // A value of an enum.
        _ if written.chars().all(is_word) => Filled::text(written),
        _ => Filled::Unknown,
    })
}

fn attribute<'f>(text: &str, field: &'f Field, name: &str) -> Option<&'f Attribute> {
    field.attributes.iter().find(|attribute| attribute.name.of(text) == name)
}

/// The name in the database that `@map`, `@@map` or `@@schema` gives.
fn mapped(text: &str, map: &Attribute) -> Option<String> {
    string(text, map.argument(text, "name")?.value).map(str::to_owned)
}

/// The index or constraint that an attribute of a model makes.
fn index(text: &str, table: &str, attribute: &Attribute) -> Option<Change> {
    let (unique, primary) = match attribute.name.of(text) {
        "id" => (true, true),
        "unique" => (true, false),
        "index" => (false, false),
        _ => return None,
    };
    let columns = names(text, attribute.argument(text, "fields")?);
    let named = attribute.arguments.iter().find(|argument| argument.name.is_some_and(|span| span.of(text) == "map"));
    let name = named.and_then(|argument| string(text, argument.value)).map(str::to_owned);
    Some(Change::CreateIndex { table: table.to_owned(), key: Key { name, columns, unique, primary } })
}

/// The foreign keys a relation field holds; none on the side that is referred to.
fn foreign_keys(text: &str, table: &str, field: &Field) -> Vec<Change> {
    let Some(relation) = attribute(text, field, "relation") else { return Vec::new() };
    let on_delete = relation.arguments.iter().find(|argument| argument.name.is_some_and(|span| span.of(text) == "onDelete"));
    let cascades = on_delete.is_some_and(|argument| argument.value.of(text) == "Cascade");
    let key = |(column, referenced)| Change::AddForeignKey {
        table: table.to_owned(),
        column,
        references: Reference { table: field.kind.of(text).to_owned(), column: referenced, cascades },
    };
    listed(text, relation, "fields").into_iter().zip(listed(text, relation, "references")).map(key).collect()
}

/// The fields that an argument of a relation lists.
fn listed(text: &str, relation: &Attribute, name: &str) -> Vec<String> {
    let argument = relation.arguments.iter().find(|argument| argument.name.is_some_and(|span| span.of(text) == name));
    argument.map(|argument| names(text, argument)).unwrap_or_default()
}

fn names(text: &str, list: &Argument) -> Vec<String> {
    list.elements.iter().map(|element| element.of(text).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SCHEMA: &str = r#"
        datasource db {
          provider = "postgresql"
          url      = env("DATABASE_URL")
        }
        generator client {
          provider = "prisma-client"
          output   = "../generated/prisma"
        }
        model User {
          id            String    @id
          number        Int       @unique @default(autoincrement())
          email         String    @map("e_mail")
          emailVerified Boolean   @default(false)
          tags          String[]
          role          Role?
          status        Status    @default(ACTIVE)
          address       Address?
          updatedAt     DateTime  @updatedAt
          secret        String    @ignore
          sessions      Session[]
          members       Member[]
          profile       Profile?

          @@unique([email])
          @@map("users")
          @@schema("auth")
        }
        model Session {
          id     String
          token  String
          user   User   @relation(fields: [userId], references: [id], onDelete: Cascade)
          team   Team   @relation(references: [a, b], fields: [teamA, teamB], name: "x")
          userId String
          teamA  String?
          teamB  String?

          @@id(fields: [id, token])
          @@index([userId(length: 191)], map: "i")
          @@unique([token, userId])
          @@schema("public")
        }
        model Hidden {
          id Int @id
          @@ignore
        }
        enum Role {
          ADMIN
        }
        type Address {
          street String
        }
    "#;

    #[test]
    fn models_become_tables() {
        let (file, errors) = prisma(SCHEMA);
        assert_eq!(errors, []);
        assert_eq!(file.provider.as_deref(), Some("postgresql"));
        assert_eq!(file.outputs, ["../generated/prisma"]);
        let [user, session] = file.models.as_slice() else { panic!("two models, not {:?}", file.models) };
        assert_eq!((user.physical.as_deref(), session.physical.as_deref()), (Some("users"), None));
        assert_eq!((user.namespace.as_deref(), session.namespace.as_deref()), (Some("auth"), None));
        assert_eq!(user.column("email").and_then(|column| column.physical.as_deref()), Some("e_mail"));
        assert_eq!(user.span.of(SCHEMA), "User");
        assert_eq!(
            user.sketch(),
            [
                "id string !*",
                "number int !=*",
                "email string !*",
                "emailVerified boolean !=",
                "tags string !=",
                "role role",
                "status status !=",
                "address address",
                "updatedAt datetime !=",
                "profile profile",
            ]
        );
        assert_eq!(
            session.sketch(),
            ["id string !+", "token string !+", "userId string !+>User.id~", "teamA string >Team.a", "teamB string >Team.b"]
        );
    }

    #[test]
    fn relations_are_no_columns_unless_another_file_decides() {
        let (file, _) = prisma(SCHEMA);
        let relations: Vec<_> = file.relations.iter().map(|(model, field, target)| format!("{model}.{field} {target}")).collect();
        assert_eq!(
            relations,
            ["User.sessions Session", "User.members Member", "User.profile Profile", "Session.user User", "Session.team Team"]
        );
    }

    #[test]
    fn a_provider_from_the_environment_is_not_known() {
        assert_eq!(prisma("datasource db {\n provider = env(\"P\")\n}").0.provider, None);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(model A \\{\n)?(a Int|@@?(id|map|relation)|\\(|\\)|\\[|fields:|\"|\n|\\}|\\PC){0,30}") {
            for table in prisma(&text).0.models {
                for span in table.columns.iter().map(|column| column.span).chain([table.span]) {
                    prop_assert!(!span.of(&text).is_empty());
                }
            }
        }
    }
}
