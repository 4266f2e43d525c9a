//! Classes that an ORM maps to tables: [TypeORM](https://typeorm.io/docs/entity/entities) and
//! [MikroORM](https://mikro-orm.io/docs/defining-entities).

use std::collections::HashMap;

use super::literals::{Fields, plain};
use super::{Code, entity_schemas, unqualified};
use crate::facts::lower::{named, span};
use crate::facts::schema::{Column, Entity, Key, MAX_COLUMNS, Reference, Table};
use crate::source::Span;
use crate::syntax::typescript::fields::NodeField;
use crate::syntax::typescript::nodes::Node;

/// Decorators of properties that the ORM fills by itself.
const FILLED: [&str; 6] =
    ["PrimaryGeneratedColumn", "CreateDateColumn", "UpdateDateColumn", "DeleteDateColumn", "VersionColumn", "Generated"];

/// Reads what a file maps to tables: its classes, those others inherit from among them, and the schemas that are written as
/// objects.
#[must_use]
pub fn entities(text: &str, root: Node<'_>) -> Vec<Entity> {
    let code = Code::new(text, root);
    let mut found = Vec::new();
    for statement in root.parts() {
        let class = statement.field(NodeField::Declaration).unwrap_or(statement);
        if matches!(class.kind(), "class_declaration" | "abstract_class_declaration") {
            let mut decorators = code.decorators(class);
            if class != statement {
                // Those before `export` belong to the statement.
                decorators.extend(code.decorators(statement));
            }
            found.extend(code.entity(class, &decorators));
        } else {
            found.extend(entity_schemas::read(&code, statement));
        }
    }
    found
}

/// A table as its properties are read one after the other.
pub(super) struct Draft {
    table: Table,
    /// The columns of properties that stand for rows of other tables, each with the name of its property.
    relations: Vec<(String, Column)>,
}

impl Draft {
    pub(super) fn new(name: &str, span: Span) -> Self {
        Self { table: Table::empty(name, span), relations: Vec::new() }
    }

    /// The table so far.
    pub(super) fn table(&mut self) -> &mut Table {
        &mut self.table
    }

    pub(super) fn column(&mut self, column: Column) {
        if self.table.columns.len() + self.relations.len() < MAX_COLUMNS {
            self.table.columns.push(column);
        } else {
            self.table.open = true;
        }
    }

    pub(super) fn relation(&mut self, property: &str, column: Column) {
        if self.table.columns.len() + self.relations.len() < MAX_COLUMNS {
            self.relations.push((property.to_owned(), column));
        } else {
            self.table.open = true;
        }
    }

    /// The table. Where a relation and a property of its own stand for the same column, there is one, with the keys of both.
    pub(super) fn finish(mut self) -> Table {
        let mut called: HashMap<String, String> = HashMap::new();
        for (property, relation) in self.relations {
            let stored = fold(relation.physical.as_ref().unwrap_or(&relation.name));
            let is_same = |column: &&mut Column| fold(column.physical.as_ref().unwrap_or(&column.name)) == stored;
            match self.table.columns.iter_mut().find(is_same) {
                Some(column) => {
                    column.references = relation.references;
                    called.insert(property, column.name.clone());
                }
                None => {
                    called.insert(property, relation.name.clone());
                    self.table.columns.push(relation);
                }
            }
        }
        for name in self.table.keys.iter_mut().flat_map(|key| &mut key.columns) {
            if let Some(column) = called.get(name) {
                name.clone_from(column);
            }
        }
        self.table
    }
}

/// What is the same in the names that an ORM makes of each other: `userId` and `user_id`.
fn fold(name: &str) -> String {
    name.chars().filter(|letter| *letter != '_').flat_map(char::to_lowercase).collect()
}

/// The column that holds the key of a row of another table, by the name that is given, else the one both ORMs make of the
/// property.
pub(super) fn key_of(property: &str, given: Option<String>, cascades: bool, at: Span) -> Column {
    let made = format!("{property}Id");
    let name = if given.is_some() { property } else { &made };
    Column {
        physical: given,
        has_default: true,
        references: Some(Reference { table: String::new(), column: String::new(), cascades }),
        ..Column::empty(name, at)
    }
}

/// `@Name(…)`, also as `@orm.Name(…)`.
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

    /// Whether it is written `name?: Type`.
    fn is_optional(&self) -> bool {
        self.member.children().any(|child| child.kind() == "?")
    }
}

impl<'c> Code<'c> {
    fn decorators(&self, node: Node<'c>) -> Vec<Decorator<'c>> {
        let decorator = |node: Node<'c>| {
            let inner = node.parts().next()?;
            let callee = inner.field(NodeField::Function).unwrap_or(inner);
            let arguments = inner.field(NodeField::Arguments).map(named).unwrap_or_default();
            Some(Decorator { name: unqualified(self.str(callee)), arguments })
        };
        node.parts().filter(|child| child.kind() == "decorator").filter_map(decorator).collect()
    }

    fn entity(&self, class: Node<'c>, decorators: &[Decorator<'c>]) -> Option<Entity> {
        let name = class.field(NodeField::Name)?;
        let own = decorators.iter().find(|decorator| decorator.name == "Entity");
        let mut draft = Draft::new(self.str(name), span(name));
        if let Some(first) = own.and_then(|entity| entity.arguments.first()) {
            let fields = self.fields(*first);
            let given = fields.as_ref().and_then(|fields| fields.get("name").or_else(|| fields.get("tableName")));
            draft.table().physical = self.text(given.unwrap_or(*first));
        }
        let is_abstract = own.and_then(|entity| self.fields(*entity.arguments.first()?)?.get("abstract"));
        let mapped = own.is_some() && is_abstract.and_then(|value| self.flag(value)) != Some(true);
        for member in class.field(NodeField::Body)?.parts() {
            if member.kind() == "public_field_definition" {
                self.property(member, &mut draft);
            }
        }
        for decorator in decorators.iter().filter(|decorator| decorator.is_any(&["Unique", "Index"])) {
            self.key(decorator, draft.table());
        }
        let base = self.base(class);
        let table = draft.finish();
        (own.is_some() || !table.columns.is_empty()).then_some(Entity { table, mapped, base })
    }

    /// The class it inherits from, as it is called here.
    fn base(&self, class: Node<'c>) -> Option<String> {
        let heritage = class.parts().find(|child| child.kind() == "class_heritage")?;
        let extends = heritage.parts().find(|child| child.kind() == "extends_clause")?;
        Some(self.str(extends.field(NodeField::Value)?).to_owned())
    }

    /// The column of a property, with the keys its decorators make.
    fn property(&self, member: Node<'c>, draft: &mut Draft) {
        let Some(name_at) = member.field(NodeField::Name) else { return };
        let name = self.str(name_at);
        let property = Property { member, name_at, name, decorators: self.decorators(member) };
        draft.table().open |= property.has(&["Embedded"]);
        if let Some(column) = self.column(&property, draft.table()) {
            draft.column(column);
        } else if let Some(column) = self.relation(&property, draft.table()) {
            draft.relation(name, column);
        } else {
            return;
        }
        for decorator in property.decorators.iter().filter(|decorator| decorator.is_any(&["Unique", "Index"])) {
            let key = Key { unique: decorator.name == "Unique", ..Key::unique(name) };
            draft.table().keys.push(self.refined(key, decorator));
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
        if self.is_kept_out(fields.as_ref()) {
            return None;
        }
        // Options that are put together elsewhere are not known.
        let is_read = |argument: &Node<'c>| self.text(*argument).is_some() || self.fields(*argument).is_some_and(|f| !f.open);
        let known = decorator.arguments.iter().all(is_read);
        if decorator.name.starts_with("Primary") {
            table.keys.push(Key::primary(property.name));
        }
        self.keys_of_options(property.name, fields.as_ref(), table);
        let initial = property.member.field(NodeField::Value).is_some();
        // MikroORM takes this from the type; TypeORM does not look at it.
        let may_be_empty = decorator.name == "Property" && property.is_optional() || decorator.name == "DeleteDateColumn";
        Some(Column {
            physical: first_text(self, fields.as_ref(), &["name", "fieldName"]),
            kind: self.kind(property.member, decorator, fields.as_ref()),
            required: known && !may_be_empty && !self.is_nullable(fields.as_ref()),
            has_default: property.has(&FILLED) || is_filled(fields.as_ref()) || initial || !known,
            ..Column::empty(property.name, span(property.name_at))
        })
    }

    /// The column that holds the key of the row a property stands for.
    fn relation(&self, property: &Property<'c>, table: &mut Table) -> Option<Column> {
        let relation = property.decorators.iter().find(|decorator| decorator.is_any(&["ManyToOne", "OneToOne"]))?;
        let options = relation.arguments.iter().find_map(|argument| self.fields(*argument));
        if self.is_kept_out(options.as_ref()) {
            return None;
        }
        let join = property.decorators.iter().find(|decorator| decorator.name == "JoinColumn");
        let of_join = join.and_then(|join| join.arguments.iter().find_map(|argument| self.fields(*argument)));
        let given = |fields| first_text(self, fields, &["name", "joinColumn", "fieldName"]);
        self.keys_of_options(property.name, options.as_ref(), table);
        // Of the two rows, the one with the column belongs to no other.
        let owns = options.as_ref().is_some_and(|options| self.is_on(options, "owner") == Some(true));
        if relation.name == "OneToOne" && (join.is_some() || owns) {
            table.keys.push(Key::unique(property.name));
        }
        let column = given(of_join.as_ref().or(options.as_ref()));
        Some(key_of(property.name, column, self.deletes_along(options.as_ref()), span(property.name_at)))
    }

    /// The type a decorator names, else that of the property.
    fn kind(&self, member: Node<'c>, decorator: &Decorator<'c>, fields: Option<&Fields<'c>>) -> String {
        let first = decorator.arguments.first().and_then(|argument| self.text(*argument));
        let written = || member.field(NodeField::Type).map(|at| self.str(at).trim_start_matches(':').trim().to_owned());
        first.or_else(|| self.kind_of_options(fields)).or_else(written).unwrap_or_default().to_ascii_lowercase()
    }

    /// A key over several properties: their names, an object with `properties`, or a function that lists them.
    fn key(&self, decorator: &Decorator<'c>, table: &mut Table) {
        let of_object = |argument: &Node<'c>| self.fields(*argument)?.get("properties").and_then(|list| self.texts(list));
        let of_array = |argument: &Node<'c>| self.elements(*argument)?.into_iter().map(|element| self.text(element)).collect();
        let of_function = |argument: &Node<'c>| self.picked(*argument);
        let read = |argument: &Node<'c>| of_object(argument).or_else(|| of_array(argument)).or_else(|| of_function(argument));
        if let Some(columns) = decorator.arguments.iter().find_map(read) {
            let key = Key { name: None, columns, unique: decorator.name == "Unique", primary: false };
            table.keys.push(self.refined(key, decorator));
        }
    }

    /// `(session) => [session.userId, session.token]`
    fn picked(&self, function: Node<'c>) -> Option<Vec<String>> {
        let callback = self.callback(function)?;
        let name = |element: Node<'c>| {
            element.field(NodeField::Object).filter(|object| self.str(*object) == callback.parameter)?;
            Some(self.str(element.field(NodeField::Property)?).to_owned())
        };
        self.elements(callback.result()?)?.into_iter().map(|element| name(plain(element))).collect()
    }

    /// A key with what the options of its decorator say.
    fn refined(&self, mut key: Key, decorator: &Decorator<'c>) -> Key {
        for fields in decorator.arguments.iter().filter_map(|argument| self.fields(*argument)) {
            self.refine(&mut key, &fields);
        }
        key
    }
}

/// What the options of properties say, in decorators as in schemas that are objects.
impl<'c> Code<'c> {
    /// Writes down in a key what its options say: `unique`, and `where` it holds.
    pub(super) fn refine(&self, key: &mut Key, fields: &Fields<'c>) {
        key.unique |= self.is_on(fields, "unique") == Some(true);
        if let Some(condition) = fields.get("where") {
            key.columns.push(format!("where {}", self.text(condition).as_deref().unwrap_or(self.str(condition))));
        }
    }

    /// The keys that the options of a property make: `primary`, `unique` and `index`, of which MikroORM takes the name, too.
    pub(super) fn keys_of_options(&self, property: &str, fields: Option<&Fields<'c>>, table: &mut Table) {
        let set = |key: &str| {
            let value = fields.and_then(|fields| fields.get(key));
            value.is_some_and(|value| self.flag(value) == Some(true) || self.text(value).is_some())
        };
        let keys = [("primary", Key::primary(property)), ("unique", Key::unique(property))];
        table.keys.extend(keys.into_iter().filter(|(option, _)| set(option)).map(|(_, key)| key));
        if set("index") {
            table.keys.push(Key { unique: false, ..Key::unique(property) });
        }
    }

    /// Whether the ORM is told not to store a property.
    pub(super) fn is_kept_out(&self, fields: Option<&Fields<'c>>) -> bool {
        let value = fields.and_then(|fields| fields.get("persist"));
        value.and_then(|value| self.flag(value)) == Some(false)
    }

    pub(super) fn is_nullable(&self, fields: Option<&Fields<'c>>) -> bool {
        fields.is_some_and(|fields| self.is_on(fields, "nullable") == Some(true))
    }

    /// The type that options name.
    pub(super) fn kind_of_options(&self, fields: Option<&Fields<'c>>) -> Option<String> {
        let given = fields.and_then(|fields| fields.get("type").or_else(|| fields.get("columnType")))?;
        self.text(given)
    }

    /// Whether the options of a relation delete a row along with the one it belongs to.
    pub(super) fn deletes_along(&self, options: Option<&Fields<'c>>) -> bool {
        let rule = first_text(self, options, &["onDelete", "deleteRule"]);
        rule.is_some_and(|rule| rule.eq_ignore_ascii_case("cascade"))
    }
}

/// Whether the options of a property let the ORM or the database fill it.
pub(super) fn is_filled(fields: Option<&Fields<'_>>) -> bool {
    let options = [
        "default",
        "defaultRaw",
        "onCreate",
        "generated",
        "createDate",
        "updateDate",
        "version",
        "autoincrement",
        "asExpression",
    ];
    fields.is_some_and(|fields| options.iter().any(|option| fields.get(option).is_some()))
}

/// The name in the database that the options give.
pub(super) fn first_text(code: &Code<'_>, fields: Option<&Fields<'_>>, keys: &[&str]) -> Option<String> {
    let fields = fields?;
    keys.iter().find_map(|key| fields.get(key)).and_then(|value| code.text(value))
}

#[cfg(test)]
pub(super) mod tests {
    use crate::facts::module::extract;
    use crate::facts::schema::Entity;
    use crate::source::FileKind;

    pub(in crate::facts::schema::code) fn read(text: &str) -> Vec<Entity> {
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
                "userId string !+>.~",
                "token string !*",
                "expiresAt timestamp !",
                "ipAddress text +",
                "count number !=",
                "open string ="
            ]
        );
        assert!(session.table.is_unique(&["userId", "token"]) && !session.table.open);
    }

    #[test]
    fn keys_stand_at_properties_of_all_kinds() {
        let keys = |members: &str| {
            let [entity] = &read(&format!("@orm.Entity() {members}"))[..] else { panic!("one class: {members}") };
            entity.table.sketch().join(", ")
        };
        for (members, expected) in [
            ("class A { @Column() userId: string; @Index() @ManyToOne(() => U) user: U; }", "userId string !+>."),
            ("@Index(['user']) class A { @ManyToOne(() => U) @JoinColumn() user: U; }", "userId  =+>."),
            ("class A { @OneToOne(() => U) @JoinColumn({ name: 'of' }) user: U; }", "user  =*>."),
            ("class A { @OneToOne(() => U) user: U; }", "userId  =>."),
            ("@Index('by_a', (a: A) => [a.b], { unique: true }) class A { @Column() b: string; }", "b string !*"),
            ("@Unique((a) => [a.b, a.c]) class A { @Column() b: string; @Column() c: string; }", "b string !+, c string !"),
            ("class A { @Column('int', { primary: true }) b: number; }", "b int !*"),
            ("class A { @Index({ unique: true, where: 'x' }) @orm.Column() b: string; }", "b string !+"),
            (
                "class A { @Property({ index: true }) b!: string; @Property({ unique: 'one' }) c!: string; }",
                "b string !+, c string !*",
            ),
            ("class A { @ManyToOne({ entity: () => U, unique: true }) user!: U; }", "userId  =*>."),
            (
                "class A { @Property() b?: string; @Property({ persist: false }) c!: string; @Column() d?: string; }",
                "b string, d string !",
            ),
        ] {
            assert_eq!(keys(members), expected, "{members}");
        }
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
        assert_eq!(user.table.sketch(), ["id string !*", "email string +", "createdAt  !=", "tenantId  =>."]);
        assert!(user.table.is_unique(&["email", "tenantId"]) && user.table.open);
    }
}
