//! The schema builder of [Kysely](https://kysely-org.github.io/kysely-apidoc/classes/SchemaModule.html).

use super::literals::{Chain, Step};
use super::{Changes, Code, Definition, embedded, unqualified};
use crate::facts::lower::span;
use crate::facts::schema::{Change, Key, Operation, Reference};
use crate::source::Span;
use crate::syntax::typescript::nodes::Node;

/// Methods that run a statement, or change nothing the review asks for.
const WITHOUT_EFFECT: [&str; 12] = [
    "execute",
    "compile",
    "toOperationNode",
    "addCheckConstraint",
    "renameConstraint",
    "setSchema",
    "onCommit",
    "modifyFront",
    "modifyEnd",
    "ifExists",
    "ifNotExists",
    "cascade",
];

/// `createTable("name")` and what follows it.
pub(super) fn create_table<'c>(code: &Code<'c>, name: &str, at: Span, span: Span, steps: &[Step<'c>]) -> Option<Operation> {
    if steps.iter().any(|step| step.name == "temporary") {
        return None;
    }
    let mut changes = Changes::default();
    let mut runs = false;
    for step in steps {
        match step.name {
            "execute" | "compile" => runs = true,
            _ => table_change(code, name, step, &mut changes),
        }
    }
    // A statement that is handed on may get more columns.
    changes.open |= !runs;
    let asks_first = steps.iter().any(|step| step.name == "ifNotExists");
    Some(Operation { asks_first, ..changes.create(name, at, span) })
}

/// `alterTable("name")` and what follows it.
pub(super) fn alter_table<'c>(code: &Code<'c>, name: &str, span: Span, steps: &[Step<'c>]) -> Vec<Operation> {
    let mut changes = Changes::default();
    for step in steps {
        let at = step.span();
        let values = step.values();
        let text = |place: usize| values.get(place).and_then(|value| code.text(*value));
        let table = name.to_owned();
        match step.name {
            "dropColumn" => {
                if let Some(column) = changes.known(text(0)) {
                    changes.push(Change::DropColumn { table, column }, at);
                }
            }
            "renameColumn" => {
                if let Some((column, to)) = changes.known(text(0).zip(text(1))) {
                    changes.push(Change::RenameColumn { table, column, to, folds: false }, at);
                }
            }
            "renameTo" => {
                if let Some(to) = changes.known(text(0)) {
                    changes.push(Change::RenameTable { table, to: unqualified(&to).to_owned(), folds: false }, at);
                }
            }
            "dropConstraint" | "dropIndex" => {
                if let Some(index) = changes.known(text(0)) {
                    changes.push(Change::DropIndex { table: Some(table), name: index }, at);
                }
            }
            "alterColumn" => {
                let altered = text(0).zip(values.get(1)).and_then(|(column, how)| alter_column(code, table, column, *how));
                if let Some(change) = changes.known(altered) {
                    changes.push(change, at);
                }
            }
            "modifyColumn" => changes.redefine(name, column(code, &values), at),
            _ => table_change(code, name, step, &mut changes),
        }
    }
    changes.alter(name, span)
}

/// `createIndex("name").on("table").columns([…])`.
pub(super) fn create_index<'c>(code: &Code<'c>, name: Option<&str>, span: Span, steps: &[Step<'c>]) -> Operation {
    let mut key = Key { name: name.map(str::to_owned), columns: Vec::new(), unique: false, primary: false };
    let (mut table, mut partial, mut unread) = (None, false, false);
    for step in steps {
        let values = step.values();
        let first = values.first().copied();
        match step.name {
            "on" => table = first.and_then(|name| code.text(name)),
            "unique" => key.unique = true,
            "where" => partial = true,
            "column" | "columns" => {
                let named = first.and_then(|columns| code.texts(columns));
                unread |= named.is_none();
                // `column("name desc")` gives the order along.
                let columns = named.into_iter().flatten();
                key.columns.extend(columns.map(|column| column.split(' ').next().unwrap_or("").to_owned()));
            }
            "expression" => key.columns.push(first.map_or("", |expression| code.str(expression)).to_owned()),
            _ => {}
        }
    }
    key.unique &= !partial && !key.columns.is_empty();
    let table = table.map(|table| unqualified(&table).to_owned());
    let change = match table {
        Some(table) if !unread => Change::CreateIndex { table, key },
        table => Change::Unknown { table },
    };
    Operation::new(change, span)
}

/// `dropIndex("name").on("table")`.
pub(super) fn drop_index<'c>(code: &Code<'c>, name: &str, span: Span, steps: &[Step<'c>]) -> Option<Operation> {
    let on = steps.iter().find(|step| step.name == "on");
    let table = on.and_then(|step| code.text(*step.values().first()?)).map(|name| unqualified(&name).to_owned());
    Some(Operation::new(Change::DropIndex { table, name: name.to_owned() }, span))
}

/// What tables are both made and altered with.
fn table_change<'c>(code: &Code<'c>, table: &str, step: &Step<'c>, changes: &mut Changes) {
    let at = step.span();
    let values = step.values();
    let columns = || values.get(1).and_then(|columns| code.texts(*columns));
    let name = values.first().and_then(|name| code.text(*name));
    match step.name {
        "addColumn" => changes.add_column(table, column(code, &values), at),
        "addUniqueConstraint" | "addPrimaryKeyConstraint" => {
            let primary = step.name == "addPrimaryKeyConstraint";
            if let Some(columns) = changes.known(columns()) {
                changes.add_key(table, Key { name, columns, unique: true, primary }, at);
            }
        }
        "addForeignKeyConstraint" => {
            let target = values.get(2).and_then(|target| code.text(*target));
            let targets = values.get(3).and_then(|columns| code.texts(*columns));
            let Some(((columns, target), targets)) = changes.known(columns().zip(target).zip(targets)) else { return };
            let steps = values.get(4).and_then(|options| options_of(code, *options)).unwrap_or_default();
            let cascades = steps.iter().any(|step| cascades(code, step));
            for (column, referenced) in columns.into_iter().zip(targets) {
                let references = Reference { table: unqualified(&target).to_owned(), column: referenced, cascades };
                changes.push(Change::AddForeignKey { table: table.to_owned(), column, references }, at);
            }
        }
        other => changes.open |= !WITHOUT_EFFECT.contains(&other),
    }
}

/// The name, the type and the options of a column; `None` where one of them could not be read.
fn column<'c>(code: &Code<'c>, values: &[Node<'c>]) -> Option<Definition> {
    let (name, kind) = (*values.first()?, *values.get(1)?);
    let mut made = Definition::new(&code.text(name)?, embedded::kind(code, kind), span(name));
    let options = match values.get(2) {
        Some(options) => options_of(code, *options)?,
        None => Vec::new(),
    };
    for step in options {
        let first = step.values().first().copied();
        match step.name {
            "notNull" => made.column.required = true,
            "primaryKey" => made.primary(),
            "unique" => made.unique(),
            "defaultTo" => made.column.has_default |= first.is_some_and(|value| value.kind() != "null"),
            "autoIncrement" | "identity" | "generatedAlwaysAs" | "generatedAlwaysAsIdentity" | "generatedByDefaultAsIdentity" => {
                made.column.has_default = true;
            }
            "references" => made.column.references = Some(reference(&code.text(first?)?)),
            "onDelete" => {
                let deletes = cascades(code, &step);
                made.column.references.iter_mut().for_each(|reference| reference.cascades = deletes);
            }
            "onUpdate" | "check" | "unsigned" | "stored" | "nullsNotDistinct" | "ifNotExists" | "modifyFront" | "modifyEnd" => {}
            _ => return None,
        }
    }
    Some(made)
}

fn alter_column<'c>(code: &Code<'c>, table: String, column: String, how: Node<'c>) -> Option<Change> {
    let steps = options_of(code, how)?;
    let [step] = steps.as_slice() else { return None };
    let first = step.values().first().copied();
    let (mut required, mut has_default, mut kind) = (None, None, None);
    match step.name {
        "setNotNull" => required = Some(true),
        "dropNotNull" => required = Some(false),
        "setDefault" => has_default = Some(first.is_some_and(|value| value.kind() != "null")),
        "dropDefault" => has_default = Some(false),
        "setDataType" => kind = Some(embedded::kind(code, first?)),
        _ => return None,
    }
    Some(Change::AlterColumn { table, column, required, has_default, kind, written: None })
}

/// `(builder) => builder.a().b()`: the calls on the builder; `None` when it does something else.
fn options_of<'c>(code: &Code<'c>, node: Node<'c>) -> Option<Vec<Step<'c>>> {
    let callback = code.callback(node)?;
    let chain = Chain::of(code, callback.result()?);
    (code.str(chain.root) == callback.parameter).then_some(chain.steps)
}

/// `"user.id"`, with or without a schema before it.
fn reference(written: &str) -> Reference {
    let (table, column) = written.rsplit_once('.').unwrap_or((written, ""));
    Reference { table: unqualified(table).to_owned(), column: column.to_owned(), cascades: false }
}

fn cascades<'c>(code: &Code<'c>, step: &Step<'c>) -> bool {
    step.name == "onDelete" && step.values().first().is_some_and(|action| code.is_cascade(*action))
}
