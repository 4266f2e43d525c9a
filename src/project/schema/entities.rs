//! Tables that an ORM makes of classes, with what the classes inherit.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Layer, SourceTable};
use crate::facts::schema::Entity;
use crate::project::files::Files;

/// The longest line of classes that is followed; a longer one is a circle.
const MAX_BASES: usize = 16;

/// Every class of the repository that is mapped to a table.
pub(super) fn all_tables(files: &dyn Files) -> Vec<SourceTable> {
    let paths = files.candidates().iter().filter(|(_, signals)| signals.entities).map(|(path, _)| path);
    let read: Vec<_> = paths.filter_map(|path| Some((path, files.facts(path)?))).collect();
    let mut classes: BTreeMap<&str, Vec<(&Arc<str>, &Entity)>> = BTreeMap::new();
    for (path, facts) in &read {
        for entity in facts.module().into_iter().flat_map(|module| &module.entities) {
            classes.entry(&entity.table.name).or_default().push((path, entity));
        }
    }
    let mapped = classes.values().flatten().filter(|(_, entity)| entity.mapped);
    mapped.map(|(path, entity)| with_inherited(&classes, path, entity)).collect()
}

/// The table of a class and of those it inherits from. A base that is not seen may have any column.
fn with_inherited(classes: &BTreeMap<&str, Vec<(&Arc<str>, &Entity)>>, path: &Arc<str>, entity: &Entity) -> SourceTable {
    let mut source =
        SourceTable { table: entity.table.clone(), file: Arc::clone(path), layer: Layer::Entity, elsewhere: BTreeMap::new() };
    let mut next = entity.base.as_deref();
    for _ in 0..MAX_BASES {
        let Some(name) = next else { return source };
        let known = classes.get(name).map(Vec::as_slice).unwrap_or_default();
        let here = known.iter().find(|(other, _)| *other == path);
        let Some((file, base)) = here.or(known.first().filter(|_| known.len() == 1)) else { break };
        for column in &base.table.columns {
            if source.table.column(&column.name).is_none() {
                source.elsewhere.insert(column.name.clone(), Arc::clone(file));
                source.table.columns.push(column.clone());
            }
        }
        source.table.keys.extend(base.table.keys.iter().cloned());
        source.table.open |= base.table.open;
        next = base.base.as_deref();
    }
    source.table.open = true;
    source
}
