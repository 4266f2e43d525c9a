//! Classes that an ORM maps to tables: [TypeORM](https://typeorm.io/docs/entity/entities) and
//! [MikroORM](https://mikro-orm.io/docs/defining-entities).

use tree_sitter::Node;

use super::Code;
use super::literals::{Fields, plain};
use crate::facts::lower::{named, span};
use crate::facts::schema::{Column, Entity, Key, MAX_COLUMNS, Reference, Table};

/// Decorators of properties that the ORM fills by itself.
const FILLED: [&str; 6] =
    ["PrimaryGeneratedColumn", "CreateDateColumn", "UpdateDateColumn", "DeleteDateColumn", "VersionColumn", "Generated"];

/// Reads the classes of a file whose properties are mapped to columns, those others inherit from among them.
#[must_use]
pub fn entities(text: &str, root: Node<'_>) -> Vec<Entity> {
    let code = Code::new(text, root);
    let mut found = Vec::new();
    for statement in named(root) {
        let class = statement.child_by_field_name("declaration").unwrap_or(statement);
        if matches!(class.kind(), "class_declaration" | "abstract_class_declaration") {
            let mut decorators = code.decorators(class);
            if class != statement {
                // Those before `export` belong to the statement.
                decorators.extend(code.decorators(statement));
            }
            found.extend(code.entity(class, &decorators));
        }
    }
    found
}

/// `@Name(…)`.
struct Decorator<'c> {
    name: &'c str,
    arguments: Vec<Node<'c>>,
}

impl<'c> Decorator<'c> {
    fn is_any(&self, names: &[&str]) -> bool {
        names.contains(&self.name)
    }
}

/// A property of a class.
struct Property<'c> {
    member: Node<'c>,
    name_at: Node<'c>,
    name: &'c str,
    decorators: Vec<Decorator<'c>>,
}

impl Property<'_> {
    fn has(&self, names: &[&str]) -> bool {
        self.decorators.iter().any(|decorator| decorator.is_any(names))
    }
}

impl<'c> Code<'c> {
    fn decorators(&self, node: Node<'c>) -> Vec<Decorator<'c>> {
        let decorator = |node: Node<'c>| {
            let inner = named(node).first().copied()?;
            let callee = inner.child_by_field_name("function").unwrap_or(inner);
            let arguments = inner.child_by_field_name("arguments").map(named).unwrap_or_default();
            Some(Decorator { name: self.str(callee), arguments })
        };
        named(node).into_iter().filter(|child| child.kind() == "decorator").filter_map(decorator).collect()
    }

    fn entity(&self, class: Node<'c>, decorators: &[Decorator<'c>]) -> Option<Entity> {
        let name = class.child_by_field_name("name")?;
        let own = decorators.iter().find(|decorator| decorator.name == "Entity");
        let mut table = Table::empty(self.str(name), span(name));
        if let Some(first) = own.and_then(|entity| entity.arguments.first()) {
            let fields = self.fields(*first);
            let given = fields.as_ref().and_then(|fields| fields.get("name").or_else(|| fields.get("tableName")));
            table.physical = self.text(given.unwrap_or(*first));
        }
        for member in named(class.child_by_field_name("body")?) {
            if member.kind() == "public_field_definition" {
                self.property(member, &mut table);
            }
        }
        for decorator in decorators.iter().filter(|decorator| decorator.is_any(&["Unique", "Index"])) {
            self.key(decorator, &mut table);
        }
        let base = self.base(class);
        (own.is_some() || !table.columns.is_empty()).then(|| Entity { table, mapped: own.is_some(), base })
    }

    /// The class it inherits from, as it is called here.
    fn base(&self, class: Node<'c>) -> Option<String> {
        let heritage = named(class).into_iter().find(|child| child.kind() == "class_heritage")?;
        let extends = named(heritage).into_iter().find(|child| child.kind() == "extends_clause")?;
        Some(self.str(extends.child_by_field_name("value")?).to_owned())
    }

    /// The column of a property, with the keys its decorators make.
    fn property(&self, member: Node<'c>, table: &mut Table) {
        let Some(name_at) = member.child_by_field_name("name") else { return };
        let name = self.str(name_at);
        let property = Property { member, name_at, name, decorators: self.decorators(member) };
        table.open |= property.has(&["Embedded"]);
        let Some(column) = self.column(&property, table).or_else(|| self.relation(&property)) else { return };
        for decorator in property.decorators.iter().filter(|decorator| decorator.is_any(&["Unique", "Index"])) {
            table.keys.push(Key { unique: self.is_unique(decorator), ..Key::unique(name) });
        }
        if table.columns.len() < MAX_COLUMNS {
            table.columns.push(column);
        } else {
            table.open = true;
        }
    }

    /// A property with a decorator that makes it a column. One that stands for an object of columns leaves the table open.
    fn column(&self, property: &Property<'c>, table: &mut Table) -> Option<Column> {
        let is_column = |decorator: &&Decorator<'_>| {
            decorator.name.ends_with("Column") && decorator.name != "JoinColumn"
                || decorator.is_any(&["PrimaryKey", "SerializedPrimaryKey", "Property", "Enum"])
        };
        let decorator = property.decorators.iter().find(is_column)?;
        let is_function = |argument: &Node<'_>| plain(*argument).kind() == "arrow_function";
        if decorator.name == "Column" && decorator.arguments.iter().any(is_function) {
            table.open = true;
            return None;
        }
        let fields = decorator.arguments.iter().find_map(|argument| self.fields(*argument));
        let is_on = |key: &str| fields.as_ref().and_then(|fields| fields.get(key)).and_then(|value| self.flag(value));
        let has_field = |key: &str| fields.as_ref().is_some_and(|fields| fields.get(key).is_some());
        // Options that are put together elsewhere are not known.
        let is_read = |argument: &Node<'c>| self.text(*argument).is_some() || self.fields(*argument).is_some_and(|f| !f.open);
        let known = decorator.arguments.iter().all(is_read);
        if decorator.name.starts_with("Primary") {
            table.keys.push(Key::primary(property.name));
        }
        if is_on("unique") == Some(true) {
            table.keys.push(Key::unique(property.name));
        }
        let given = ["default", "defaultRaw", "onCreate"].into_iter().any(has_field);
        let initial = property.member.child_by_field_name("value").is_some();
        Some(Column {
            physical: first_text(self, fields.as_ref(), &["name", "fieldName"]),
            kind: self.kind(property.member, decorator, fields.as_ref()),
            required: known && is_on("nullable") != Some(true) && decorator.name != "DeleteDateColumn",
            has_default: property.has(&FILLED) || given || initial || !known,
            ..Column::empty(property.name, span(property.name_at))
        })
    }

    /// The column that holds the key of the row a property stands for.
    fn relation(&self, property: &Property<'c>) -> Option<Column> {
        let relation = property.decorators.iter().find(|decorator| decorator.is_any(&["ManyToOne", "OneToOne"]))?;
        let join = property.decorators.iter().find(|decorator| decorator.name == "JoinColumn").unwrap_or(relation);
        let fields = join.arguments.iter().find_map(|argument| self.fields(*argument));
        let column = first_text(self, fields.as_ref(), &["name", "joinColumn", "fieldName"]);
        let options = relation.arguments.iter().find_map(|argument| self.fields(*argument));
        let rule = first_text(self, options.as_ref(), &["onDelete", "deleteRule"]);
        let cascades = rule.is_some_and(|rule| rule.eq_ignore_ascii_case("cascade"));
        Some(Column {
            physical: Some(column.unwrap_or_else(|| format!("{}Id", property.name))),
            has_default: true,
            references: Some(Reference { table: String::new(), column: String::new(), cascades }),
            ..Column::empty(property.name, span(property.name_at))
        })
    }

    /// The type a decorator names, else that of the property.
    fn kind(&self, member: Node<'c>, decorator: &Decorator<'c>, fields: Option<&Fields<'c>>) -> String {
        let first = decorator.arguments.first().and_then(|argument| self.text(*argument));
        let given =
            || fields.and_then(|fields| fields.get("type").or_else(|| fields.get("columnType"))).and_then(|at| self.text(at));
        let written = || member.child_by_field_name("type").map(|at| self.str(at).trim_start_matches(':').trim().to_owned());
        first.or_else(given).or_else(written).unwrap_or_default().to_ascii_lowercase()
    }

    /// A key over several properties: their names, or an object with `properties`.
    fn key(&self, decorator: &Decorator<'c>, table: &mut Table) {
        let of_object = |argument: &Node<'c>| self.fields(*argument)?.get("properties").and_then(|list| self.texts(list));
        let of_array = |argument: &Node<'c>| self.elements(*argument)?.into_iter().map(|element| self.text(element)).collect();
        let columns = decorator.arguments.iter().find_map(|argument| of_object(argument).or_else(|| of_array(argument)));
        if let Some(columns) = columns {
            table.keys.push(Key { name: None, columns, unique: self.is_unique(decorator), primary: false });
        }
    }

    fn is_unique(&self, decorator: &Decorator<'c>) -> bool {
        let flag = |argument: &Node<'c>| self.fields(*argument)?.get("unique").and_then(|value| self.flag(value));
        decorator.name == "Unique" || decorator.arguments.iter().find_map(flag) == Some(true)
    }
}

/// The name in the database that the options give.
fn first_text(code: &Code<'_>, fields: Option<&Fields<'_>>, keys: &[&str]) -> Option<String> {
    let fields = fields?;
    keys.iter().find_map(|key| fields.get(key)).and_then(|value| code.text(value))
}

#[cfg(test)]
mod tests {
    use crate::facts::module::extract;
    use crate::facts::schema::Entity;
    use crate::source::FileKind;

    fn read(text: &str) -> Vec<Entity> {
        let (module, errors) = extract(FileKind::TypeScript, text);
        assert_eq!(errors, [], "sound source");
        module.entities
    }

    #[test]
    fn classes_of_typeorm() {
        let found = read(
            r#"import { Entity, Column } from "typeorm";
            export abstract class Base {
                @PrimaryGeneratedColumn("uuid") id: string;
                @CreateDateColumn({ name: "created_at" }) createdAt: Date;
            }
            @Entity("session")
            @Index(["userId", "token"], { unique: true })
            export class SessionEntity extends Base {
                @Column() userId: string;
                @ManyToOne(() => UserEntity, { onDelete: "CASCADE" }) @JoinColumn({ name: "user_id" }) user: UserEntity;
                @Column({ unique: true }) token: string;
                @Column({ type: "timestamp" }) expiresAt: Date;
                @Column("text", { nullable: true }) @Index() ipAddress?: string;
                @Column({ default: 1 }) count: number;
                @Column(shared) open: string;
                plain = 1;
            }
            class Service { run() {} }"#,
        );
        let [base, session] = found.as_slice() else { panic!("two classes: {found:?}") };
        assert_eq!((base.mapped, base.table.name.as_str(), &base.base), (false, "Base", &None));
        assert_eq!(base.table.sketch(), ["id uuid !=*", "createdAt date !="]);
        assert_eq!(
            (session.mapped, session.base.as_deref(), session.table.physical.as_deref()),
            (true, Some("Base"), Some("session"))
        );
        assert_eq!(
            session.table.sketch(),
            [
                "userId string !+",
                "user  =>.~",
                "token string !*",
                "expiresAt timestamp !",
                "ipAddress text +",
                "count number !=",
                "open string ="
            ]
        );
        assert!(session.table.is_unique(&["userId", "token"]) && !session.table.open);
        assert_eq!(session.table.columns[1].physical.as_deref(), Some("user_id"));
    }

    #[test]
    fn classes_of_mikro_orm() {
        let found = read(
            r#"import { Entity, Property } from "@mikro-orm/core";
            @Entity({ tableName: "users" })
            @Unique({ properties: ["email", "tenant"] })
            export default class User {
                @PrimaryKey() id!: string;
                @Property({ fieldName: "mail", nullable: true }) email?: string;
                @Property({ onCreate: () => new Date() }) createdAt = new Date();
                @ManyToOne({ entity: () => Tenant }) tenant!: Tenant;
                @Embedded(() => Address) address!: Address;
            }"#,
        );
        let [user] = found.as_slice() else { panic!("one class: {found:?}") };
        assert_eq!(user.table.physical.as_deref(), Some("users"));
        assert_eq!(user.table.sketch(), ["id string !*", "email string +", "createdAt  !=", "tenant  =>."]);
        assert!(user.table.is_unique(&["email", "tenant"]) && user.table.open);
    }
}
