//! Schema operations of a TypeScript or JavaScript file: SQL in its strings, and the calls of schema builders.
//!
//! What takes a migration back (a function `down` and its kin) is left out, and what may not run is told from what does.
//! Names and types that are put together at run time make the part they stand in unknown.

mod builders;
mod course;
mod embedded;
mod entities;
mod entity_schemas;
mod files;
mod handed;
mod knex;
mod kysely;
mod literals;
mod pgm;
mod rows;
mod scope;
mod sequelize;
mod typeorm;
mod types;

use std::collections::{HashMap, HashSet};

use self::course::Course;
pub use self::entities::entities;
use self::literals::{Chain, Loop};
use self::scope::Shadowed;
pub use self::types::{declarations, typed_tables};
use super::{Change, Column, Key, Operation, Table};
use crate::source::Span;
use crate::syntax::typescript::fields::NodeField;
use crate::syntax::typescript::nodes::Node;

/// The most values for which what a loop does is read once for each.
const MAX_ROUNDS: usize = 64;

/// Nodes that hold nothing that runs.
const TYPES: [&str; 5] =
    ["type_annotation", "type_arguments", "interface_declaration", "type_alias_declaration", "import_statement"];

/// Reads the schema operations of a file in the order they are written.
#[must_use]
pub fn operations(text: &str, root: Node<'_>) -> Vec<Operation> {
    let course = Course::new(text.len());
    let mut reader = Reader {
        code: Code::new(text, root),
        seen: HashSet::new(),
        found: Vec::new(),
        loops: false,
        course,
        shadowed: Vec::new(),
        blocks: Vec::new(),
    };
    reader.read(root);
    reader.found
}

/// The text of a file, and the names it gives to what is written out.
struct Code<'c> {
    text: &'c str,
    /// Strings, arrays and objects that can be seen at the place that is read.
    constants: HashMap<&'c str, Node<'c>>,
    /// The functions whose bodies are read.
    functions: HashSet<&'c str>,
    /// The names of what is imported.
    imported: HashSet<&'c str>,
    /// What the functions around that run with a migration are given to change the database with, and where those end.
    handles: Vec<(usize, &'c str)>,
}

struct Reader<'c> {
    code: Code<'c>,
    /// Nodes that were read as part of another one.
    seen: HashSet<usize>,
    found: Vec<Operation>,
    /// What is read lies in a loop that is followed. One in it is not, so that the time stays linear.
    loops: bool,
    course: Course,
    shadowed: Vec<Shadowed<'c>>,
    /// The ends of the blocks around, the innermost last.
    blocks: Vec<usize>,
}

impl<'c> Reader<'c> {
    /// Reads all that a node holds.
    fn read(&mut self, root: Node<'c>) {
        let mut next = Some(root);
        while let Some(node) = next {
            // Names, punctuation and types, more than half of a tree, do nothing.
            let may_do = node.is_named() && !node.is_leaf() && !TYPES.contains(&node.kind());
            next = if may_do && self.enters(node) { node.following(root) } else { node.beyond(root) };
        }
    }

    /// Reads what a loop over values that are written out does, for each of them; tells whether a node is such a loop.
    fn repeats(&mut self, node: Node<'c>) -> bool {
        let Some(Loop { pattern, values, body }) = self.code.repeated(node) else { return false };
        if self.loops || values.len() > MAX_ROUNDS {
            return false;
        }
        // They may be statements themselves.
        values.iter().for_each(|value| self.read(*value));
        self.loops = true;
        let course = self.course.clone();
        for value in values {
            let names = self.code.bound(pattern, Some(value));
            self.declare(names, body.end_byte());
            let seen = std::mem::take(&mut self.seen);
            self.course.clone_from(&course);
            self.read(body);
            self.seen = seen;
            self.leave(body.end_byte());
        }
        self.loops = false;
        true
    }

    /// Reads what a node itself does; tells whether more may lie inside it.
    fn enters(&mut self, node: Node<'c>) -> bool {
        self.name(node);
        match node.kind() {
            "call_expression" | "new_expression" if self.speaks(node) => return false,
            "call_expression" | "for_in_statement" if self.repeats(node) => return false,
            "string" | "template_string" | "binary_expression" if self.seen.insert(node.id()) => {
                let (parts, sums) = self.code.concatenated(node);
                self.seen.extend(sums);
                self.seen.extend(parts.iter().map(Node::id));
                let found = embedded::operations(&self.code, &parts);
                let certain = !found.is_empty() && self.course.is_certain(node) && course::is_handed_over(node);
                self.add(found, certain);
            }
            "call_expression" if !self.seen.contains(&node.id()) => {
                let chain = Chain::of(&self.code, node);
                self.seen.extend(&chain.calls);
                let certain = self.course.is_certain(node);
                let mut found = builders::operations(&self.code, &chain);
                if found.is_empty() {
                    found = rows::operations(&self.code, &chain, node, certain);
                    found.extend(handed::operations(&self.code, &chain, node));
                }
                self.add(found, certain);
            }
            _ if course::undoes(&self.code, node) => return false,
            _ => {}
        }
        self.course.enter(&self.code, node);
        true
    }

    fn add(&mut self, found: Vec<Operation>, certain: bool) {
        let weighed = |operation: Operation| Operation { certain: certain && operation.certain, ..operation };
        self.found.extend(found.into_iter().map(weighed));
    }

    /// Whether a call only tells somebody something: a message may well read like a statement.
    fn speaks(&self, node: Node<'_>) -> bool {
        let callee = node.field(NodeField::Function).or_else(|| node.field(NodeField::Constructor));
        let written = callee.map_or("", |callee| self.code.str(callee));
        let (object, last) = written.rsplit_once('.').unwrap_or(("", written));
        let tells = ["log", "info", "warn", "error", "debug", "trace", "fatal", "success"].contains(&last);
        last.ends_with("Error") || tells && !object.is_empty()
    }
}

/// What calls of a builder do to one table.
#[derive(Default)]
struct Changes {
    list: Vec<(Change, Span)>,
    /// Something else may be done to it.
    open: bool,
}

impl Changes {
    fn push(&mut self, change: Change, span: Span) {
        self.list.push((change, span));
    }

    /// What was read; where it is nothing, something unknown is done.
    fn known<T>(&mut self, read: Option<T>) -> Option<T> {
        self.open |= read.is_none();
        read
    }

    /// A new column, with the keys over it; nothing where its definition could not be read.
    fn add_column(&mut self, table: &str, definition: Option<Definition>, span: Span) {
        let Some(Definition { column, keys }) = definition else {
            self.open = true;
            return;
        };
        self.push(Change::AddColumn { table: table.to_owned(), column }, span);
        for key in keys {
            self.push(Change::CreateIndex { table: table.to_owned(), key }, span);
        }
    }

    /// A column as it is defined anew; nothing where its definition could not be read.
    fn redefine(&mut self, table: &str, definition: Option<Definition>, span: Span) {
        if let Some(Definition { column, keys }) = self.known(definition) {
            self.list.extend(column.redefined(table, keys).into_iter().map(|change| (change, span)));
        }
    }

    fn add_key(&mut self, table: &str, key: Key, span: Span) {
        for column in key.columns.iter().filter(|_| key.primary) {
            let required = Change::AlterColumn {
                table: table.to_owned(),
                column: column.clone(),
                required: Some(true),
                has_default: None,
                kind: None,
                written: None,
            };
            self.list.push((required, span));
        }
        self.push(Change::CreateIndex { table: table.to_owned(), key }, span);
    }

    /// The table they make from nothing.
    fn create(self, name: &str, at: Span, span: Span) -> Operation {
        let mut table = Table::empty(name, at);
        self.list.iter().for_each(|(change, _)| table.apply(change));
        table.open |= self.open;
        Operation::new(Change::CreateTable { table, derived: None }, span)
    }

    /// The operations on a table that exists.
    fn alter(self, name: &str, span: Span) -> Vec<Operation> {
        let unknown = self.open.then(|| (Change::Unknown { table: Some(name.to_owned()) }, span));
        self.list.into_iter().chain(unknown).map(|(change, span)| Operation::new(change, span)).collect()
    }
}

/// A column, and the keys its own definition makes.
struct Definition {
    column: Column,
    keys: Vec<Key>,
}

impl Definition {
    fn new(name: &str, kind: String, span: Span) -> Self {
        let serial = super::ddl::is_serial(&kind);
        let column = Column { kind, required: serial, has_default: serial, ..Column::empty(name, span) };
        Self { column, keys: Vec::new() }
    }

    fn primary(&mut self) {
        self.column.required = true;
        // SQLite fills these with the row's number.
        self.column.has_default |= self.column.kind == "integer";
        self.keys.push(Key::primary(&self.column.name));
    }

    fn unique(&mut self) {
        self.keys.push(Key::unique(&self.column.name));
    }
}

/// The last part of a name: builders take `schema.table`.
fn unqualified(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::module::extract;
    use crate::source::FileKind;

    fn read(text: &str) -> Vec<Operation> {
        let (module, errors) = extract(FileKind::TypeScript, text);
        assert_eq!(errors, [], "sound source");
        module.operations
    }

    fn changes(text: &str) -> Vec<Change> {
        read(text).into_iter().map(|operation| operation.change).collect()
    }

    /// The one table the file creates, after all its changes: its name, its columns, `…` where it is open.
    fn table(text: &str) -> (String, Vec<String>) {
        let mut changes = changes(text).into_iter();
        let Some(Change::CreateTable { mut table, .. }) = changes.next() else { panic!("a table comes first") };
        changes.for_each(|change| table.apply(&change));
        let mut columns = table.sketch();
        columns.extend(table.open.then(|| "…".to_owned()));
        (table.name, columns)
    }

    fn unknown(table: Option<&str>) -> Change {
        Change::Unknown { table: table.map(str::to_owned) }
    }

    #[test]
    fn kysely_makes_and_alters_tables() {
        let text = r#"
            import { sql } from "kysely";
            export async function up(db: Kysely<any>): Promise<void> {
                await db.schema
                    .createTable("auth.session")
                    .ifNotExists()
                    .addColumn("id", "text", (col) => col.primaryKey())
                    .addColumn("serial", "serial")
                    .addColumn("expiresAt", sql`timestamp with time zone`, (c) => { return c.notNull().defaultTo(sql`now()`) })
                    .addColumn("token", "varchar(255)", (col) => col.notNull().unique())
                    .addColumn("userId", "text", (col) => col.references("auth.user.id").onDelete("cascade").notNull())
                    .addColumn("org", "text")
                    .addUniqueConstraint("orgs", ["org"])
                    .addForeignKeyConstraint("fk", ["org"], "org", ["key"], (cb) => cb.onDelete("cascade"))
                    .execute();
                await db.schema.createIndex("by_user").on("session").columns(["userId", "org desc"]).execute();
                await db.schema.alterTable("session")
                    .renameColumn("serial", "number").addColumn("gone", "text").dropColumn("gone")
                    .alterColumn("number", (col) => col.setDataType("bigint"))
                    .execute();
            }
            export async function down(db: Kysely<any>) { await db.schema.dropTable("session").execute(); }"#;
        let expected = [
            "id text !*",
            "number bigint !=",
            "expiresAt timestamp with time zone !=",
            "token varchar !*",
            "userId text !+>user.id~",
            "org text *>org.key~",
        ];
        assert_eq!(table(text), ("session".to_owned(), expected.map(str::to_owned).to_vec()));
        let Change::CreateTable { table, .. } = &read(text)[0].change else { panic!("a table is made") };
        assert_eq!((table.span.of(text), table.columns[2].span.of(text)), ("\"auth.session\"", "\"expiresAt\""));
    }

    #[test]
    fn kysely_with_parts_that_are_not_known() {
        let made = |text: &str| table(text).1;
        assert_eq!(made(r#"db.schema.createTable("t").addColumn("a", "text").addColumn(b, "text").execute()"#), ["a text", "…"]);
        assert_eq!(made(r#"db.schema.createTable("t").addColumn("a", type, withDefault).execute()"#), ["…"]);
        assert_eq!(made(r#"db.schema.createTable("t").addColumn("a", type).$call(ids).execute()"#), ["a", "…"]);
        assert_eq!(made(r#"let query = db.schema.createTable("t").addColumn("a", "text")"#), ["a text", "…"]);
        assert_eq!(changes(r#"for (const t of ts) db.schema.alterTable(t).dropColumn("a").execute()"#), [unknown(None)]);
        assert_eq!(changes(r#"db.schema.alterTable("t").frobnicate("a").execute()"#), [unknown(Some("t"))]);
        assert_eq!(changes(r#"db.schema.createTable("t").temporary().addColumn("a", "text").execute()"#), []);
    }

    #[test]
    fn knex_makes_and_alters_tables() {
        let text = r#"
            const USERS = "users";
            exports.up = async (knex) => {
                await knex.schema.withSchema("auth").createTable(USERS, (table) => {
                    table.uuid("id").primary().defaultTo(knex.fn.uuid());
                    table.string("email", 255).notNullable().unique();
                    table.specificType("tags", "text[]");
                    table.integer("team").unsigned().references("id").inTable("auth.teams").onDelete("CASCADE").index();
                    table.enu("role", ["a", "b"]).notNullable().defaultTo("a");
                    table.text("old");
                    table.unique(["team", "role"]);
                    table.timestamps(true, true);
                }).alterTable("users", function (t) {
                    t.renameColumn("old", "bio");
                    t.string("bio").notNullable().alter();
                    t.dropColumns("created_at", "updated_at");
                    t.dropNullable("tags");
                });
            };
            exports.down = (knex) => knex.schema.dropTable("users");"#;
        let expected =
            ["id uuid !=*", "email varchar !*", "tags text[] !", "team integer +>teams.id~", "role enum !=", "bio varchar !"];
        assert_eq!(table(text), ("users".to_owned(), expected.map(str::to_owned).to_vec()));
    }

    #[test]
    fn keys_of_knex_go_by_the_names_it_makes() {
        let made = |drop: &str| {
            let keys = r#"t.text("a").unique(); t.text("b").index(); t.text("c"); t.unique(["b", "c"]); t.text("d").primary();"#;
            table(&format!(r#"knex.schema.createTable("t", (t) => {{ {keys} }}).alterTable("t", (t) => {{ {drop} }}); {drop}"#)).1
        };
        assert_eq!(made(""), ["a text *", "b text +", "c text", "d text !*"]);
        for drop in [
            r#"t.dropUnique(["a"]);"#,
            r#"t.dropUnique(["a"], "t_a_unique");"#,
            r#"sql`alter table t drop constraint t_a_unique`;"#,
            r#"t.dropUnique("a");"#,
        ] {
            assert_eq!(made(drop)[0], "a text", "{drop}");
        }
        assert_eq!(made(r#"t.dropIndex(["b"]); t.dropUnique(["b", "c"]);"#)[1], "b text");
        assert_eq!(
            made(r#"t.dropUnique(["c"]); t.dropIndex("a"); t.dropPrimary("t_pkey");"#),
            ["a text *", "b text +", "c text", "d text !"]
        );
        let named = r#"knex.schema.createTable("t", (t) => { t.text("a"); t.unique(["a"], { indexName: "u" }); }).alterTable("t", (t) => {"#;
        assert_eq!(table(&format!(r#"{named} t.dropUnique(["a"]); }})"#)).1, ["a text *"]);
        assert_eq!(table(&format!(r#"{named} t.dropUnique(["a"], "u"); }})"#)).1, ["a text"]);
    }

    #[test]
    fn knex_with_parts_that_are_not_known() {
        let made = |text: &str| table(text).1;
        assert_eq!(made(r#"knex.schema.createTable("t", (t) => { t.increments(); addStamps(t); })"#), ["id integer !=*", "…"]);
        assert_eq!(made(r#"knex.schema.createTable("t", columns)"#), ["…"]);
        assert_eq!(made(r#"knex.schema.createTable("t", (t) => t.text(name))"#), ["…"]);
        assert_eq!(made(r#"knex.schema.createTable("t", (t) => { if (x) t.text("a") })"#), ["…"]);
        assert_eq!(changes(r#"knex.schema.table("t", (t) => t.frobnicate("a"))"#), [unknown(Some("t"))]);
    }

    #[test]
    fn what_is_defined_anew_keeps_its_key() {
        let knex =
            r#"knex.schema.createTable("t", (t) => { t.text("a") }).alterTable("t", (t) => { t.string("a").unique().alter() })"#;
        assert_eq!(table(knex).1, ["a varchar *"]);
        let kysely = r#"db.schema.createTable("t").addColumn("a", "text").execute();
            db.schema.alterTable("t").modifyColumn("a", "varchar(9)", (c) => c.notNull().unique()).execute()"#;
        assert_eq!(table(kysely).1, ["a varchar !*"]);
    }

    #[test]
    fn loops_over_values_that_are_written_out_are_followed() {
        let tables = |text: &str| {
            let names = changes(text).into_iter().map(|change| match change {
                Change::CreateTable { table, .. } => {
                    format!("{}({}{})", table.name, table.sketch().join(", "), if table.open { "…" } else { "" })
                }
                Change::AddColumn { table, column } => format!("{table}.{}", column.name),
                Change::CreateIndex { table, key } => format!("{table}[{}]", key.columns.join(" ")),
                Change::DropTable { table } => format!("-{table}"),
                Change::Unknown { table } => format!("?{}", table.unwrap_or_default()),
                other => panic!("{other:?}"),
            });
            names.collect::<Vec<_>>().join(" ")
        };
        let columns = r#"["a", "b"].forEach((c) => { t.text(c) })"#;
        for (text, expected) in [
            (r#"for (const t of ["a", "b"]) await db.schema.alterTable(t).addColumn("x", "text").execute()"#, "a.x b.x"),
            (r#"const ALL = ["a", "b"] as const; for (let t of ALL) { db.run(`ALTER TABLE ${t} ADD x text`) }"#, "a.x b.x"),
            (
                r#"["a"].forEach(async (t) => { await knex.schema.alterTable(t, (b) => b.text("x")) }); sql`alter table ${t} add x text`"#,
                "a.x ?",
            ),
            (
                r#"const t = "c"; for (const t of ["a"]) sql`alter table ${t} add x text`; sql`alter table ${t} add x text`"#,
                "a.x c.x",
            ),
            // What goes on and what is in a loop of its own is not followed.
            (r#"for (const t of [...ts, "a"]) knex.schema.dropTable(t)"#, "?"),
            (r#"for (const [t] of ts) knex.schema.dropTable(t)"#, "?"),
            (r#"for (const t of ["a", "b"]) for (const c of ["x"]) sql`alter table ${t} add ${c} text`"#, "?a ?b"),
            (&format!(r#"knex.schema.createTable("t", (t) => {{ {columns} }})"#), "t(…)"),
            (r#"for (const s of ["create table a (x text)"]) db.exec(s)"#, "a(x text)"),
            // Parts of values.
            (r#"for (const [t, c] of [["a", "x"], ["b", "y"]]) sql`alter table ${t} add ${c} text`"#, "a.x b.y"),
            (r#"for (const [, t] of [["x", "a"]]) knex.schema.dropTable(t)"#, "-a"),
            (
                r#"const all = [{ table: "a", c: "x" }]; for (const { table, c: d } of all) db.schema.createIndex("i").on(table).column(d).execute()"#,
                "a[x]",
            ),
            (
                r#"const all = [{ table: "a" }]; all.map((one) => db.schema.createIndex("i").on(one.table).column("x").execute())"#,
                "a[x]",
            ),
            (r#"for (const { t, ...rest } of [{ t: name }]) knex.schema.dropTable(t)"#, "?"),
        ] {
            assert_eq!(tables(text), expected, "{text}");
        }
    }

    #[test]
    fn names_stand_for_what_their_block_says() {
        for (text, expected) in [
            (r#"async function up(knex) { const t = "a"; knex.schema.dropTable(t); }"#, vec![Some("a")]),
            (
                r#"const t = "a"; function up(knex) { { const t = "b"; knex.schema.dropTable(t) } knex.schema.dropTable(t) }"#,
                vec![Some("b"), Some("a")],
            ),
            (r#"const t = "a"; const drop = (t) => knex.schema.dropTable(t); knex.schema.dropTable(t);"#, vec![None, Some("a")]),
            (r#"const t = "a"; for (const t of ts) knex.schema.dropTable(t);"#, vec![None]),
            (r#"function up(knex) { let t = "a"; t = other(); knex.schema.dropTable(t); }"#, vec![None]),
            (r#"function one() { const t = "a"; } function up(knex) { knex.schema.dropTable(t); }"#, vec![None]),
            (r#"function up(pgm) { const t = { schema: "auth", name: "a" }; pgm.dropTable(t); }"#, vec![Some("a")]),
        ] {
            let tables: Vec<Option<String>> = changes(text).iter().map(|change| change.table().map(str::to_owned)).collect();
            assert_eq!(tables, expected.into_iter().map(|name| name.map(str::to_owned)).collect::<Vec<_>>(), "{text}");
        }
    }

    #[test]
    fn what_is_handed_to_other_code_may_change_any_table() {
        let is_unknown = |text: &str| changes(text).contains(&unknown(None));
        for text in [
            r#"import { addUsers } from "./users"; export async function up(knex) { await addUsers(knex, "user"); }"#,
            r#"import * as users from "./users"; export const up = async (db) => { await users.add(db); }"#,
            r#"import { add } from "./users"; export async function up(db) { await db.transaction().execute(async (trx) => { await add(trx) }) }"#,
            r#"import { statement } from "./users"; export async function up(knex) { await knex.raw(statement("user")); }"#,
            r#"import { STATEMENT } from "./users"; export async function up({ db }) { await db.execute(STATEMENT); }"#,
        ] {
            assert!(is_unknown(text), "{text}");
        }
        for text in [
            r#"async function add(knex) { await knex.schema.dropTable("a"); } export async function up(knex) { await add(knex); }"#,
            r#"export async function up(knex) { const add = (k) => k.schema.dropTable("a"); await add(knex); }"#,
            r#"import { sql } from "kysely"; export async function up(db) { await sql`drop table a`.execute(db); }"#,
            r#"import { sql } from "kysely"; const query = sql`drop table a`; export async function up(db) { await query.execute(db); }"#,
            r#"import { sql } from "drizzle-orm"; export async function up({ db }) { await db.execute(sql`drop table a`); }"#,
            r#"export async function up(knex) { await knex.schema.dropTable("a"); } export async function down(knex) { await undo(knex); }"#,
            r#"import { log } from "./log"; export async function up(knex) { log("tables"); await knex("a").insert(rows); }"#,
        ] {
            assert!(!is_unknown(text), "{text}");
        }
    }

    #[test]
    fn a_file_that_is_read_is_run() {
        let run = |body: &str| {
            let text = format!(
                "import fs from 'fs'; import {{ join }} from 'path'; export async function up(knex) {{ {body} await knex.raw(sql); }}"
            );
            changes(&text).into_iter().filter(|change| matches!(change, Change::RunScript { .. })).collect::<Vec<_>>()
        };
        let script = |path: Option<&str>, beside| vec![Change::RunScript { path: path.map(str::to_owned), beside }];
        assert_eq!(run("const sql = fs.readFileSync('a.sql', 'utf8');"), script(Some("a.sql"), false));
        assert_eq!(run("const sql = fs.readFileSync(join(__dirname, 'a.sql'), 'utf8');"), script(Some("a.sql"), true));
        assert_eq!(run("const sql = fs.readFileSync(join(other, 'a.sql'), 'utf8');"), script(None, false));
        assert_eq!(run("const sql = statement;"), [], "nothing is read");
    }

    #[test]
    fn typeorm_makes_and_alters_tables() {
        let text = r#"
            export class Init1700000000000 implements MigrationInterface {
                async up(queryRunner: QueryRunner) {
                    await queryRunner.createTable(new Table({
                        name: "user",
                        columns: [
                            { name: "id", type: "uuid", isPrimary: true, isGenerated: true, generationStrategy: "uuid" },
                            { name: "email", type: "varchar", length: "255", isUnique: true },
                            new TableColumn({ name: "image", type: "text", isNullable: true }),
                            { name: "team", type: "uuid", default: "'x'" },
                        ],
                        foreignKeys: [
                            { columnNames: ["team"], referencedTableName: "team", referencedColumnNames: ["id"], onDelete: "CASCADE" },
                        ],
                    }), true);
                    await queryRunner.addColumn("user", new TableColumn({ name: "age", type: "int" }));
                    await queryRunner.dropColumn("user", "image");
                    await queryRunner.createIndex("user", new TableIndex({ name: "ages", columnNames: ["age"] }));
                    await queryRunner.query(`ALTER TABLE "user" ADD "name" character varying NOT NULL`);
                }
                async down(queryRunner: QueryRunner) { await queryRunner.query(`DROP TABLE "user"`); }
            }"#;
        let expected = ["id uuid !=*", "email varchar !*", "team uuid !=>team.id~", "age int !+", "name character varying !"];
        assert_eq!(table(text), ("user".to_owned(), expected.map(str::to_owned).to_vec()));
        assert_eq!(changes(r#"queryRunner.addColumn(table, column)"#), [unknown(None)]);
        assert_eq!(
            table(r#"queryRunner.createTable(new Table({ name: "t", columns: [{ name: "a", isNullable: no }, ...more] }))"#).1,
            ["…"]
        );
    }

    #[test]
    fn builders_tell_whether_they_ask_first_for_the_table_they_make() {
        for (text, expected) in [
            (r#"db.schema.createTable("t").ifNotExists().addColumn("a", "text").execute()"#, true),
            (r#"db.schema.createTable("t").addColumn("a", "text").execute()"#, false),
            (r#"exports.up = (knex) => knex.schema.createTableIfNotExists("t", (t) => { t.text("a") })"#, true),
            (r#"knex.schema.createTable("t", (t) => { t.text("a") })"#, false),
            (r#"queryRunner.createTable(new Table({ name: "t", columns: [] }), true)"#, true),
            (r#"queryRunner.createTable(new Table({ name: "t", columns: [] }), false)"#, false),
            (r#"queryRunner.createTable(new Table({ name: "t", columns: [] }))"#, false),
            (r#"pgm.createTable("t", { a: "text" }, { ifNotExists: true })"#, true),
            (r#"pgm.createTable("t", { a: "text" }, { comment: "x" })"#, false),
            (r#"queryInterface.createTable("t", { a: Sequelize.TEXT })"#, true),
        ] {
            let operations = read(text);
            assert!(matches!(operations[0].change, Change::CreateTable { .. }), "{text}");
            assert_eq!(operations[0].asks_first, expected, "{text}");
        }
    }

    /// What is done, with `?` where it may not be.
    fn course_of(text: &str) -> String {
        let shown = read(text).into_iter().map(|Operation { change, certain, namespace, .. }| {
            let what = match &change {
                Change::DropTable { .. } => "drop",
                Change::DropColumn { .. } => "drop column",
                Change::CreateTable { .. } => "create",
                Change::WriteRows { .. } => "write",
                Change::DeleteRows { .. } => "delete",
                Change::UseRows { .. } => "use",
                other => panic!("{other:?}"),
            };
            let prefix = namespace.map(|name| format!("{name}.")).unwrap_or_default();
            format!("{what} {prefix}{}{}", change.table().unwrap_or("*"), if certain { "" } else { "?" })
        });
        shown.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn what_certainly_runs_is_told_from_what_may() {
        let drop = r#"await db.schema.dropTable("t").execute();"#;
        for (text, expected) in [
            (format!("export async function up(db) {{ {drop} }}"), "drop t"),
            (format!("exports.up = async (db) => {{ {drop} }}"), "drop t"),
            (format!("export default {{ up: async (db) => {{ {drop} }} }}"), "drop t"),
            (format!("class M {{ async up(q) {{ {drop} }} }}"), "drop t"),
            (format!("class M {{ up = async (q) => {{ {drop} }} }}"), "drop t"),
            (drop.to_owned(), "drop t"),
            (format!("async function up(d) {{ await d.transaction().execute(async (db) => {{ try {{ {drop} }} finally {{}} }}) }}"), "drop t"),
            (format!("async function up(db) {{ for (const x of ['a', 'b']) {{ {drop} }} }}"), "drop t, drop t"),
            (format!("async function old(db) {{ {drop} }}"), "drop t?"),
            (format!("async function up(db) {{ if (x) {{ {drop} }} else {{ {drop} }} {drop} }}"), "drop t?, drop t?, drop t"),
            (format!("async function up(db) {{ if (x) return; {drop} }} {drop}"), "drop t?, drop t"),
            (format!("async function up(db) {{ const f = () => {{ return 1 }}; {drop} }}"), "drop t"),
            (format!("async function up(db) {{ for (const x of xs) {{ {drop} }} while (x) {{ {drop} }} }}"), "drop t?, drop t?"),
            (format!("async function up(db) {{ try {{ x() }} catch {{ {drop} }} rows.forEach(() => {{ {drop} }}) }}"), "drop t?, drop t?"),
            (r#"function up(q) { x && q.schema.dropTable("t"); x ? q.schema.dropTable("t") : 0 }"#.to_owned(), "drop t?, drop t?"),
            (r#"function up(q) { const later = q.schema.dropTable("t"); }"#.to_owned(), "drop t?"),
            (r#"function up(q) { const done = await q.query("DROP TABLE t"); const text = "DROP TABLE t"; run({ text: "DROP TABLE t" }) }"#.to_owned(), "drop t, drop t?, drop t?"),
            ("const up = (q) => q.query(`DO $$ BEGIN IF a THEN DROP TABLE t; END IF; DROP TABLE s.t; END $$`)".to_owned(), "drop t?, drop s.t"),
            ("async function up() { await sql`DROP TABLE legacy.t`; await db.schema.dropTable('public.t').execute(); await db.schema.withSchema('S').dropTable('t').execute() }".to_owned(), "drop legacy.t, drop t, drop s.t"),
        ] {
            assert_eq!(course_of(&text), expected, "{text}");
        }
    }

    #[test]
    fn rows_that_code_uses_are_told() {
        for (text, expected) in [
            (r#"db.selectFrom("user as u").selectAll().execute()"#, "use user"),
            (r#"knex("user").select(); knex("auth.account").whereNull("x").update({ x: 1 })"#, "use user, use account"),
            (r#"db.insertInto(name).expression(db.selectFrom("a").selectAll()).execute()"#, "use *, use a"),
            ("q.query('SELECT * FROM a JOIN b ON a.x = b.x'); q.query(`SELECT * FROM ${t}`)", "use a, use b, use *"),
            (
                "q.query('UPDATE a SET x = 1'); q.query('INSERT INTO b SELECT * FROM a'); q.query('TRUNCATE a')",
                "write a, write b, delete a",
            ),
            // All rows, and those that some condition leaves.
            (
                "db.deleteFrom('s.a').execute(); db.deleteFrom('a').where('x', '=', 1).execute(); const q = db.deleteFrom('a')",
                "delete s.a, use a, use a?",
            ),
            (
                "exports.up = async (knex) => { await knex('a').del(); await knex('a').where({}).del(); if (x) await knex('a').truncate(); await cache('a').delete() }",
                "delete a, use a, use a?, use a",
            ),
            (
                "q.bulkDelete('a', null, {}); q.bulkDelete('a', { x }); q.bulkDelete('a', where); q.bulkDelete('a', {}, { limit: 1 })",
                "delete a, use a, use a, use a",
            ),
            (
                "queryRunner.clearTable('a'); m.createQueryBuilder().delete().from('a').execute(); m.createQueryBuilder().delete().from(User).execute()",
                "delete a, delete a, use *",
            ),
            ("await copy(db); await this.copy(trx); return copy(db)", "use *, use *, use *"),
            ("await payload.update({ collection: 'user', req }); await q.query('SELECT 1', { transaction })", "use *"),
            ("await sql`SELECT 1`.execute(db); await trx.commit(); log(db)", ""),
        ] {
            // Files without statements about tables are not read.
            assert_eq!(course_of(&format!("// ALTER TABLE\n{text}")), expected, "{text}");
        }
    }

    #[test]
    fn node_pg_migrate_makes_and_alters_tables() {
        let text = r#"
            exports.up = (pgm) => {
                pgm.createTable({ schema: "auth", name: "session" }, {
                    id: "id",
                    token: { type: "varchar(255)", notNull: true, unique: true },
                    old: "text",
                    user_id: { type: "uuid", notNull: true, references: '"user"(id)', onDelete: "CASCADE" },
                    created_at: { type: "timestamptz", notNull: true, default: pgm.func("now()") },
                    org: "text",
                }, { constraints: { unique: [["org", "token"]], foreignKeys: { columns: "org", references: "orgs" } } });
                pgm.addColumns("session", { gone: "text", age: { type: "int" } });
                pgm.dropColumns("session", ["gone"]);
                pgm.renameColumn("session", "old", "note");
                pgm.alterColumn("session", "note", { type: "varchar(9)", notNull: true, default: "x" });
                pgm.createIndex("session", "age");
                pgm.addConstraint("session", "ages", { unique: "age" });
                pgm.dropConstraint("session", "ages");
                pgm.sql("ALTER TABLE session ADD seen timestamptz");
            };
            exports.down = (pgm) => pgm.dropTable("session");"#;
        let expected = [
            "id serial !=*",
            "token varchar !*",
            "note varchar !=",
            "user_id uuid !>user.id~",
            "created_at timestamptz !=",
            "org text +>orgs.",
            "age int +",
            "seen timestamptz",
        ];
        assert_eq!(table(text), ("session".to_owned(), expected.map(str::to_owned).to_vec()));
        assert_eq!(
            course_of("exports.up = (pgm) => { pgm.dropTable('a.b'); if (x) pgm.dropColumn('a', 'c') }"),
            "drop a.b, drop column a?"
        );
        assert_eq!(table(r#"pgm.createTable("t", { a: type, ...more })"#).1, ["…"]);
        assert_eq!(
            changes(r#"pgm.addColumns("t", columns); pgm.createTable(t, {}); pgm.noTransaction(x)"#),
            [unknown(Some("t")), unknown(None)]
        );
    }

    #[test]
    fn sequelize_makes_and_alters_tables() {
        let text = r#"
            module.exports = {
                async up(queryInterface, Sequelize) {
                    await queryInterface.createTable("users", {
                        id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true, allowNull: false },
                        email: { type: Sequelize.STRING(255), allowNull: false, unique: true },
                        bio: Sequelize.TEXT,
                        teamId: {
                            type: Sequelize.UUID, field: "team_id", onDelete: "CASCADE",
                            references: { model: { tableName: "teams", schema: "s" }, key: "id" },
                        },
                        created_at: { type: Sequelize.DATE, allowNull: false, defaultValue: Sequelize.fn("now") },
                    });
                    await queryInterface.addColumn("users", "age", { type: "int" });
                    await queryInterface.changeColumn("users", "age", { type: Sequelize.BIGINT, allowNull: false });
                    await queryInterface.addColumn("users", "gone", Sequelize.TEXT);
                    await queryInterface.removeColumn("users", "gone");
                    await queryInterface.renameColumn("users", "bio", "about");
                    await queryInterface.addIndex("users", ["age"]);
                    await queryInterface.addIndex("users", { fields: ["about"], unique: true, name: "abouts" });
                    await queryInterface.addConstraint("users", { fields: ["age"], type: "unique", name: "ages" });
                    await queryInterface.removeConstraint("users", "ages");
                },
                async down(queryInterface) { await queryInterface.dropTable("users"); },
            };"#;
        let expected = [
            "id integer !=*",
            "email varchar !*",
            "about text *",
            "team_id uuid >teams.id~",
            "created_at timestamp !=",
            "age bigint !+",
        ];
        assert_eq!(table(text), ("users".to_owned(), expected.map(str::to_owned).to_vec()));
        assert_eq!(
            changes(r#"queryInterface.addColumn("a", "b", {}); queryInterface.dropTable(t)"#),
            [unknown(Some("a")), unknown(None)]
        );
        assert_eq!(course_of("exports.up = (queryInterface) => queryInterface.bulkDelete('a', {}) // CREATE TABLE"), "delete a");
    }

    #[test]
    fn builders_of_something_else_are_left_alone() {
        let text =
            r#"import { createTable } from "x"; createTable("a", {}); collection.createIndex({ a: 1 }); ui.schema.table("a")"#;
        assert_eq!(changes(text), []);
    }

    #[test]
    fn sql_stands_where_the_file_has_it() {
        for (text, name) in [
            (r#"db.exec("CREATE TABLE \"user\" (a int, \"b\" text NOT NULL)")"#, r#"\"user\""#),
            (r"db.run(`CREATE TABLE \`user\` (a int, \`b\` text NOT NULL)`)", r"\`user\`"),
            (r#"const q = "CREATE TABLE " + "user (a int," + 'b text NOT NULL)'"#, "user"),
            ("const NAME = 'user'; sql`create table ${NAME} (a int, b text not null)`", "${NAME}"),
            (r#"sql`create table ${sql.table("user")} (a int, b text not null)`.execute(db)"#, r#"${sql.table("user")}"#),
        ] {
            assert_eq!(table(text), ("user".to_owned(), vec!["a int".to_owned(), "b text !".to_owned()]), "{text}");
            let Change::CreateTable { table, .. } = &read(text)[0].change else { panic!("{text}") };
            assert_eq!((table.span.of(text), table.columns[0].span.of(text)), (name, "a"), "{text}");
        }
    }

    #[test]
    fn what_is_put_into_sql_is_not_known() {
        for (text, expected) in [
            ("sql`CREATE TABLE ${name} (a int)`", unknown(None)),
            ("sql`CREATE TABLE user_${name} (a int)`", unknown(None)),
            ("sql`CREATE TABLE \"${name}\" (a int)`", unknown(None)),
            ("sql`ALTER TABLE t ADD ${name} int`", unknown(Some("t"))),
            ("sql`ALTER TABLE t ADD a ${type}`", unknown(Some("t"))),
            ("sql`ALTER TABLE t ${change}`", unknown(Some("t"))),
            ("db.exec('ALTER TABLE ' + name + ' ADD a int')", unknown(None)),
        ] {
            assert_eq!(changes(text), [expected], "{text}");
        }
        assert_eq!(table("sql`CREATE TABLE t (a int DEFAULT ${1}, b ${type}, ${more})`").1, ["a int =", "…"]);
    }

    #[test]
    fn long_and_deep_input_takes_linear_time() {
        let many = 10_000;
        let chain = format!("knex.schema{}", ".dropTable('t')".repeat(many));
        let sum = format!("db.exec('create table t (' + {} 'z int)')", "'a int,' + ".repeat(many));
        let nested = "`create table t (a int) ${".repeat(many);
        let used = format!("// CREATE TABLE\nq{}", ".from('t')".repeat(many));
        let waiting = format!("// CREATE TABLE\n{}", "await f(x); if (x) { return }".repeat(many));
        for (text, count) in [(chain, many), (sum, 1), (used, many), (waiting, many)] {
            let (module, _) = extract(FileKind::TypeScript, &text);
            assert_eq!(module.operations.len(), count);
        }
        // It is cut where it is nested too deeply: how much is read does not matter, that it ends does.
        drop(extract(FileKind::TypeScript, &nested));
        drop(extract(FileKind::TypeScript, &format!("// CREATE TABLE\n{}", "await f(() => ".repeat(many))));
    }
}
