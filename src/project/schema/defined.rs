//! The tables a plugin declares in its own `schema` (documentation: concepts/plugins, "Schema"), read from the evaluated
//! plugin object. What depends on something unknown is left out and said.

use super::doubts::{Doubts, in_production};
use super::required::field;
use super::{Cause, RequiredColumn};
use crate::project::link::is_framework;
use crate::project::predicate;
use crate::project::value::{Found, Lookup, Node, Object, Unknown, Value};

/// One table of a plugin's `schema`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DefinedTable {
    /// The logical key.
    pub(super) key: String,
    /// The name of the table.
    pub(super) model: String,
    /// Its columns that are known.
    pub(super) columns: Vec<RequiredColumn>,
    /// `disableMigration`, where it is set.
    pub(super) unmigrated: Option<bool>,
}

/// The tables a plugin object declares; `cause` is what brings them in.
pub(super) fn tables(plugin: &Node, name: &str, cause: &Cause, doubts: &mut Doubts) -> Vec<DefinedTable> {
    Reader { written: format!("{name}.schema"), cause, doubts }.schema(plugin.lookup(&["schema"]), &[])
}

struct Reader<'a> {
    /// The schema, for messages.
    written: String,
    cause: &'a Cause,
    doubts: &'a mut Doubts,
}

impl Reader<'_> {
    /// The tables that all cases of a schema have in common. The later of `renames` go before the earlier.
    fn schema(&mut self, lookup: Lookup<'_>, renames: &[&Node]) -> Vec<DefinedTable> {
        let written = self.written.clone();
        let Some(found) = self.found(lookup, &written) else { return Vec::new() };
        let mut cases: Vec<Vec<DefinedTable>> = found.iter().map(|case| self.case(case.node, renames)).collect();
        if !predicate::covers(&found) {
            cases.push(Vec::new());
        }
        let Some((first, others)) = cases.split_first() else { return Vec::new() };
        let common: Vec<_> = first.iter().filter(|table| others.iter().all(|case| case.contains(table))).cloned().collect();
        if cases.iter().any(|case| case.len() > common.len()) {
            self.doubts.depends(&found, &written);
        }
        common
    }

    /// The tables of one value of `schema`.
    fn case(&mut self, schema: &Node, renames: &[&Node]) -> Vec<DefinedTable> {
        match &schema.value {
            Value::Object(object) => {
                self.doubts.add(object.open.iter().cloned(), &self.written);
                keys(object).into_iter().filter_map(|key| self.table(schema, key, renames)).collect()
            }
            // `mergeSchema(schema, options.schema)` gives tables and columns the names the options ask for.
            Value::Call(call) if call.callee.name == "mergeSchema" && is_framework(&call.callee.module) => {
                let Some((schema, given)) = call.arguments.split_first() else { return Vec::new() };
                let renames: Vec<&Node> = given.iter().take(1).chain(renames.iter().copied()).collect();
                self.schema(schema.lookup(&[]), &renames)
            }
            Value::Undefined | Value::Null | Value::Bool(false) => Vec::new(),
            _ => {
                self.doubts.add([predicate::why_unknown(schema)], &self.written);
                Vec::new()
            }
        }
    }

    fn table(&mut self, schema: &Node, key: &str, renames: &[&Node]) -> Option<DefinedTable> {
        let written = format!("{}.{key}", self.written);
        let found = self.found(schema.lookup(&[key]), &written)?;
        self.agreed(&found, &written, |reader, table| {
            let object = table.object().ok_or_else(|| predicate::why_unknown(table))?;
            reader.doubts.add(object.open.iter().cloned(), &written);
            let name = format!("{written}.modelName");
            let asked = renames.iter().rev().map(|renames| renames.lookup(&[key, "modelName"]));
            let asked = asked.chain([table.lookup(&["modelName"])]).map(|lookup| (lookup, name.clone()));
            let Some(model) = reader.doubts.name(key, asked) else { return Ok(None) };
            Ok(Some(DefinedTable {
                key: key.to_owned(),
                model,
                columns: reader.columns(table, key, &written, renames),
                unmigrated: reader.unmigrated(table, &written),
            }))
        })
    }

    fn columns(&mut self, table: &Node, key: &str, written: &str, renames: &[&Node]) -> Vec<RequiredColumn> {
        let written = format!("{written}.fields");
        let mut names: Vec<&str> = Vec::new();
        for case in self.found(table.lookup(&["fields"]), &written).into_iter().flatten() {
            match case.node.object() {
                Some(fields) => {
                    self.doubts.add(fields.open.iter().cloned(), &written);
                    let new: Vec<&str> = keys(fields).into_iter().filter(|name| !names.contains(name)).collect();
                    names.extend(new);
                }
                None => self.doubts.add([predicate::why_unknown(case.node)], &written),
            }
        }
        // Every table has an `id`, declared or not.
        names.retain(|name| *name != "id");
        names.into_iter().filter_map(|name| self.column(table, key, name, &written, renames)).collect()
    }

    fn column(&mut self, table: &Node, key: &str, name: &str, written: &str, renames: &[&Node]) -> Option<RequiredColumn> {
        let written = format!("{written}.{name}");
        let found = self.found(table.lookup(&["fields", name]), &written)?;
        let cause = self.cause.clone();
        let mut column = self.agreed(&found, &written, |_, node| field(name, node, cause.clone()).map(Some))?;
        let asked = renames.iter().rev().map(|renames| (renames.lookup(&[key, "fields", name]), written.clone()));
        column.name = self.doubts.name(&column.name, asked)?;
        Some(column)
    }

    /// `disableMigration`, where it is set; one that depends on something unknown counts, since nothing may have to hold
    /// the table.
    fn unmigrated(&mut self, table: &Node, written: &str) -> Option<bool> {
        let written = format!("{written}.disableMigration");
        let found = self.found(table.lookup(&["disableMigration"]), &written)?;
        Some(self.agreed(&found, &written, |_, node| Ok(node.truthy())).unwrap_or(true))
    }

    /// What is found in production; `None` when there is nothing or it is not known.
    fn found<'n>(&mut self, lookup: Lookup<'n>, written: &str) -> Option<Vec<Found<'n>>> {
        match in_production(lookup) {
            Lookup::Found(found) => Some(found),
            Lookup::Absent => None,
            Lookup::Unknown(why) => {
                self.doubts.add(why, written);
                None
            }
        }
    }

    /// What `read` makes of the value that is found, when every case gives the same.
    fn agreed<T: PartialEq>(
        &mut self,
        found: &[Found<'_>],
        written: &str,
        mut read: impl FnMut(&mut Self, &Node) -> Result<Option<T>, Unknown>,
    ) -> Option<T> {
        let mut cases = Vec::new();
        for case in found {
            match read(self, case.node) {
                Ok(value) => cases.push(value?),
                Err(why) => {
                    self.doubts.add([why], written);
                    return None;
                }
            }
        }
        if !predicate::covers(found) || cases.iter().any(|case| *case != cases[0]) {
            self.doubts.depends(found, written);
            return None;
        }
        cases.into_iter().next()
    }
}

/// The keys of an object, each once, in order.
fn keys(object: &Object) -> Vec<&str> {
    let mut keys: Vec<&str> = Vec::new();
    for property in &object.properties {
        if !keys.contains(&&*property.key) {
            keys.push(&property.key);
        }
    }
    keys
}
