//! Tables that an ORM is told of by an object: `new EntitySchema({…})` of
//! [TypeORM](https://typeorm.io/docs/entity/separating-entity-definition) and of
//! [MikroORM](https://mikro-orm.io/docs/define-entity), and `defineEntity({…})` of the latter.

use super::Code;
use super::entities::{Draft, first_text, is_filled, key_of};
use super::literals::{Chain, Fields, Step, plain};
use crate::facts::lower::span;
use crate::facts::schema::{Column, Entity, Key};
use crate::source::Span;
use crate::syntax::typescript::fields::NodeField;
use crate::syntax::typescript::nodes::Node;

/// The schemas a statement makes.
pub(super) fn read<'c>(code: &Code<'c>, statement: Node<'c>) -> Vec<Entity> {
    let declaration = statement.field(NodeField::Declaration).unwrap_or(statement);
    let values: Vec<Node<'c>> = match declaration.kind() {
        "lexical_declaration" | "variable_declaration" => {
            declaration.parts().filter_map(|one| one.field(NodeField::Value)).collect()
        }
        "export_statement" => declaration.field(NodeField::Value).into_iter().collect(),
        "expression_statement" => {
            let assigned = |one: Node<'c>| one.field(NodeField::Right);
            declaration.parts().filter_map(assigned).collect()
        }
        _ => Vec::new(),
    };
    values.into_iter().filter_map(|value| code.entity_schema(plain(value))).collect()
}

impl<'c> Code<'c> {
    fn entity_schema(&self, made: Node<'c>) -> Option<Entity> {
        let arguments = match made.kind() {
            "new_expression" if self.str(made.field(NodeField::Constructor)?) == "EntitySchema" => made,
            "call_expression" if self.str(made.field(NodeField::Function)?) == "defineEntity" => made,
            _ => return None,
        };
        let fields = self.fields(arguments.field(NodeField::Arguments)?.parts().next()?)?;
        let name_at = fields.get("name").or_else(|| fields.get("class"))?;
        let name = if name_at.kind() == "identifier" { self.str(name_at).to_owned() } else { self.text(name_at)? };
        let mut draft = Draft::new(&name, span(name_at));
        draft.table().physical = first_text(self, Some(&fields), &["tableName", "collection"]);
        draft.table().open |= fields.open;
        // TypeORM has relations apart.
        for list in ["columns", "properties", "relations"].into_iter().filter_map(|key| fields.get(key)) {
            let list = self.callback(list).map_or(Some(list), |callback| callback.result());
            let Some(properties) = list.and_then(|list| self.fields(list)) else {
                draft.table().open = true;
                continue;
            };
            draft.table().open |= properties.open;
            for (property, at, value) in properties.iter() {
                self.declared(property, span(at), value, &mut draft);
            }
        }
        for (list, unique) in [("indices", false), ("indexes", false), ("uniques", true)] {
            for element in fields.get(list).and_then(|list| self.elements(list)).unwrap_or_default() {
                let Some(options) = self.fields(element) else { continue };
                let columns = options.get("columns").or_else(|| options.get("properties"));
                if let Some(columns) = columns.and_then(|columns| self.texts(columns)) {
                    let mut key = Key { name: None, columns, unique, primary: false };
                    self.refine(&mut key, &options);
                    draft.table().keys.push(key);
                }
            }
        }
        let base = fields.get("extends").map(|base| self.text(base).unwrap_or_else(|| self.str(base).to_owned()));
        let mapped = self.is_on(&fields, "abstract") != Some(true);
        Some(Entity { table: draft.finish(), mapped, base })
    }

    fn declared(&self, property: &str, at: Span, value: Node<'c>, draft: &mut Draft) {
        // `() => p.manyToOne(User)`
        let body = value.field(NodeField::Body).filter(|_| value.kind() == "arrow_function");
        let value = plain(body.unwrap_or(value));
        match value.kind() {
            "call_expression" => self.built(property, at, &Chain::of(self, value).steps, draft),
            _ => self.optioned(property, at, self.fields(value).as_ref(), draft),
        }
    }

    /// A property by its options. Those that stand elsewhere are not known.
    fn optioned(&self, property: &str, at: Span, options: Option<&Fields<'c>>, draft: &mut Draft) {
        if self.is_kept_out(options) {
            return;
        }
        let has = |key: &str| options.is_some_and(|options| options.get(key).is_some());
        let relation =
            ["kind", "reference", "type"].iter().filter_map(|key| options?.get(key)).find_map(|at| self.relation_kind(at));
        let is_owner = has("joinColumn") || has("owner");
        match relation {
            Some(Relation::Embedded) => draft.table().open = true,
            Some(Relation::Elsewhere) => {}
            Some(Relation::One) if !is_owner => {}
            Some(relation) => {
                let join = options.and_then(|options| self.fields(options.get("joinColumn")?));
                let given = first_text(self, join.as_ref(), &["name"])
                    .or_else(|| first_text(self, options, &["fieldName", "joinColumn", "name"]));
                self.keys_of_options(property, options, draft.table());
                if relation == Relation::One {
                    draft.table().keys.push(Key::unique(property));
                }
                draft.relation(property, key_of(property, given, self.deletes_along(options), at));
            }
            None => {
                self.keys_of_options(property, options, draft.table());
                let known = options.is_some_and(|options| !options.open);
                draft.column(Column {
                    physical: first_text(self, options, &["name", "fieldName"]),
                    kind: self.kind_of_options(options).unwrap_or_default().to_ascii_lowercase(),
                    required: known && !self.is_nullable(options) && !has("deleteDate"),
                    has_default: is_filled(options) || !known,
                    ..Column::empty(property, at)
                });
            }
        }
    }

    /// A property by the calls of the builder of MikroORM: `p.string().unique()`.
    fn built(&self, property: &str, at: Span, steps: &[Step<'c>], draft: &mut Draft) {
        let mut calls = steps.iter().filter(|step| step.arguments.is_some());
        let Some(first) = calls.next() else { return self.optioned(property, at, None, draft) };
        let calls: Vec<&Step<'c>> = calls.collect();
        let call = |name: &str| calls.iter().find(|step| step.name == name);
        let text = |names: &[&str]| names.iter().find_map(|name| self.text(*call(name)?.values().first()?));
        // `.unique()`, `.unique(true)` and `.unique("name")`, but `.unique(false)`.
        let is_on = |name: &str| {
            let value = call(name).map(|step| step.values().first().and_then(|value| self.flag(*value)));
            value.is_some_and(|value| value != Some(false))
        };
        if call("persist").is_some() && !is_on("persist") {
            return;
        }
        let relation = Relation::of(first.name);
        let is_owner = is_on("owner") || !calls.iter().any(|step| step.name == "mappedBy");
        match relation {
            Some(Relation::Embedded) => draft.table().open = true,
            Some(Relation::Elsewhere) => {}
            Some(Relation::One) if !is_owner => {}
            Some(relation) => {
                if relation == Relation::One {
                    draft.table().keys.push(Key::unique(property));
                }
                let given = text(&["fieldName", "joinColumn", "name"]);
                let cascades = text(&["deleteRule"]).is_some_and(|rule| rule.eq_ignore_ascii_case("cascade"));
                draft.relation(property, key_of(property, given, cascades, at));
            }
            None => {
                let fills = ["default", "defaultRaw", "onCreate", "autoincrement", "version", "generated"];
                draft.column(Column {
                    physical: text(&["fieldName", "name"]),
                    kind: first.name.to_ascii_lowercase(),
                    required: !is_on("nullable"),
                    has_default: fills.iter().any(|name| call(name).is_some()),
                    ..Column::empty(property, at)
                });
            }
        }
        let keys = [("primary", Key::primary(property)), ("unique", Key::unique(property))];
        let index = ("index", Key { unique: false, ..Key::unique(property) });
        draft.table().keys.extend(keys.into_iter().chain([index]).filter(|(name, _)| is_on(name)).map(|(_, key)| key));
    }

    fn relation_kind(&self, kind: Node<'c>) -> Option<Relation> {
        // `"m:1"`, `ReferenceKind.MANY_TO_ONE`
        let member = kind.field(NodeField::Property).map(|name| self.str(name).to_owned());
        Relation::of(&self.text(kind).or(member)?)
    }
}

/// What a property stands for that is no value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Relation {
    /// The row this one belongs to.
    Many,
    /// The one row that goes with this one, which either of them may point to.
    One,
    /// Rows that point to this one, or stand in a table between.
    Elsewhere,
    /// An object, of which each property is a column.
    Embedded,
}

impl Relation {
    /// By the names that TypeORM, the options of MikroORM and its builder have for them; `None` for a value.
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "many-to-one" | "m:1" | "MANY_TO_ONE" | "manyToOne" => Self::Many,
            "one-to-one" | "1:1" | "ONE_TO_ONE" | "oneToOne" => Self::One,
            "one-to-many" | "many-to-many" | "1:m" | "m:n" | "ONE_TO_MANY" | "MANY_TO_MANY" | "oneToMany" | "manyToMany"
            | "formula" => Self::Elsewhere,
            "embedded" | "EMBEDDED" => Self::Embedded,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::schema::code::entities::tests::read;

    #[test]
    fn schemas_of_typeorm() {
        let found = read(
            r#"const base = { id: { type: "uuid", primary: true, generated: "uuid" } };
            export const SessionEntity = new EntitySchema<Session>({
                name: "Session",
                tableName: "session",
                columns: {
                    ...base,
                    token: { type: String, unique: true },
                    userId: { type: "uuid", name: "user_id" },
                    ipAddress: { type: "text", nullable: true },
                    createdAt: { type: "timestamp", createDate: true },
                    shared,
                },
                relations: {
                    user: { type: "many-to-one", target: "User", joinColumn: { name: "user_id" }, onDelete: "CASCADE" },
                    devices: { type: "one-to-many", target: "Device" },
                },
                indices: [{ name: "by_user", columns: ["user"] }, { columns: ["ipAddress"], unique: true, where: "x" }],
                uniques: [{ columns: ["token", "userId"] }],
            });
            module.exports = new EntitySchema({ name: "Post", columns: { ...elsewhere } });"#,
        );
        let [session, post] = found.as_slice() else { panic!("two schemas: {found:?}") };
        assert_eq!((session.table.name.as_str(), session.table.physical.as_deref()), ("Session", Some("session")));
        assert_eq!(
            session.table.sketch(),
            ["id uuid !=*", "token  !*", "userId uuid !+>.~", "ipAddress text +", "createdAt timestamp !=", "shared  =",]
        );
        assert!(session.table.is_unique(&["token", "userId"]) && !session.table.open && post.table.open);
    }

    #[test]
    fn schemas_of_mikro_orm() {
        let found = read(
            r#"import { defineEntity, p } from "@mikro-orm/core";
            export const Session = defineEntity({
                name: "Session",
                tableName: "sessions",
                extends: "Base",
                properties: {
                    id: p.uuid().primary(),
                    token: p.string().unique(),
                    note: p.text().nullable().index(false),
                    seenAt: p.datetime().onCreate(() => new Date()).fieldName("seen"),
                    user: () => p.manyToOne(User).deleteRule("cascade").index(),
                    posts: () => p.oneToMany(Post).mappedBy("session"),
                    label: p.string().persist(false),
                    kind: shared(),
                },
                indexes: [{ properties: ["seenAt"] }],
            });
            export const Device = new EntitySchema({
                class: Device,
                properties: {
                    id: { primary: true, type: "string" },
                    owner: { kind: "m:1", entity: () => User, fieldName: "owner_id" },
                    session: { kind: ReferenceKind.ONE_TO_ONE, entity: "Session", owner: true },
                    hash: { type: "string", index: "by_hash", unique: false },
                    place: { kind: "embedded", entity: "Place" },
                },
            });
            export const Base = defineEntity({ name: "Base", abstract: true, properties: (p) => ({ at: p.datetime() }) });"#,
        );
        let [session, device, base] = found.as_slice() else { panic!("three schemas: {found:?}") };
        assert_eq!((session.table.physical.as_deref(), session.base.as_deref()), (Some("sessions"), Some("Base")));
        assert_eq!(
            session.table.sketch(),
            ["id uuid !*", "token string !*", "note text", "seenAt datetime !=+", "kind  =", "userId  =+>.~"]
        );
        assert_eq!(device.table.sketch(), ["id string !*", "hash string !+", "owner  =>.", "sessionId  =*>."]);
        assert!(device.table.open && !session.table.open);
        assert_eq!((base.mapped, base.table.sketch()), (false, vec!["at datetime !".to_owned()]));
    }
}
