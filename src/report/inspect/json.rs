//! The project model as JSON version 1. Keys are added within a version, never renamed or removed.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json as object};

use super::{
    SchemaSource, below_base_path, by_name, cause_name, certainty, declared_tables, dialect_name, has_options, id, layer_name,
    role_name, schema_source,
};
use crate::facts::schema::{Column, Table};
use crate::finding::Location;
use crate::project::application::{Context, Mount, Partners, Route};
use crate::project::schema::{Gap, GapKind, RequiredColumn, RequiredTable, SourceTable};
use crate::project::value::Unknown;
use crate::project::{Client, PluginUse, ProjectModel, SchemaState, Server};
use crate::report::{json as review, value};
use crate::source::Site;

/// Renders the model, with a line break at the end.
#[must_use]
pub fn json(model: &ProjectModel, locate: &dyn Fn(&Site) -> Location) -> String {
    let undetermined: Vec<Json> = model
        .questions()
        .into_iter()
        .map(|open| object!({ "question": open.question, "reason": open.reason, "location": locate(&open.site) }))
        .collect();
    review::pretty(&object!({
        "version": review::VERSION,
        "servers": model.servers.iter().map(|one| server(one, locate)).collect::<Vec<_>>(),
        "clients": model.clients.iter().map(|one| client(one, locate)).collect::<Vec<_>>(),
        "undetermined": undetermined,
    }))
}

fn server(server: &Server, locate: &dyn Fn(&Site) -> Location) -> Json {
    let resolved = server.version.resolved.as_ref().map(ToString::to_string);
    let made = server.declared.migrated.iter().flat_map(|folder| &folder.tables);
    let migrated = by_name(made.map(|table| (table.table.name.as_str(), table)));
    object!({
        "location": locate(&server.at),
        "package": &*server.package,
        "role": role_name(server.role),
        "mounts": server.mounts.iter().map(|one| mount(one, server, locate)).collect::<Vec<_>>(),
        "mounts_open": server.mounts_open.iter().map(|why| why.reason.as_str()).collect::<Vec<_>>(),
        "contexts": server.contexts.iter().map(|one| context(one, locate)).collect::<Vec<_>>(),
        "better_auth": { "declared": server.version.declared, "resolved": resolved },
        "adapter": {
            "kind": server.adapter.kind.name(),
            "dialect": server.adapter.dialect.map(dialect_name),
            "provider": server.adapter.provider,
        },
        "options": value::json(&server.options),
        "plugins": plugins(&server.plugins, &server.plugins_open, locate),
        "required_schema": required(server),
        "schema_state": if server.declared.lookup.is_certain() { "known" } else { "similar-names" },
        "declared_schema": tables(declared_tables(&server.declared), locate),
        "migrated_schema": tables(migrated, locate),
        "schema_sources": server.declared.sources.iter().map(|file| &**file).collect::<Vec<_>>(),
        "comparison": comparison(&server.comparison),
        "gaps": server.gaps.iter().map(|one| gap(one, locate)).collect::<Vec<_>>(),
    })
}

fn mount(mount: &Mount, server: &Server, locate: &dyn Fn(&Site) -> Location) -> Json {
    let (state, route, end) = match &mount.route {
        Route::Whole(path) => ("whole", Some(path.clone()), None),
        Route::End(path, _) => ("end", None, Some(path)),
        Route::Any => ("base-path", below_base_path(server), None),
        Route::Unknown(_) => ("unknown", None, None),
    };
    object!({
        "location": locate(&mount.at),
        "package": &*mount.package,
        "framework": mount.framework.map(|framework| &framework.name),
        "route": route,
        "route_state": state,
        "route_end": end,
        "takes_off": mount.takes_off,
        "misses": mount.misses,
    })
}

fn context(context: &Context, locate: &dyn Fn(&Site) -> Location) -> Json {
    let evidence = context.evidence.iter().map(|one| object!({ "text": one.text, "location": one.at.as_ref().map(locate) }));
    object!({ "context": context.audience.name(), "evidence": evidence.collect::<Vec<_>>() })
}

fn partners(partners: &Partners, locate: &dyn Fn(&Site) -> Location) -> Json {
    let (state, servers, reason) = match partners {
        Partners::Servers { at, why } => ("linked", at.as_slice(), why.as_str()),
        Partners::Elsewhere(why) => ("elsewhere", &[][..], *why),
        Partners::Undetermined(why) => ("undetermined", &[][..], why.as_str()),
    };
    object!({ "state": state, "servers": servers.iter().map(locate).collect::<Vec<_>>(), "reason": reason })
}

fn comparison(state: &SchemaState) -> Json {
    match state {
        SchemaState::Compared => object!({ "state": "compared", "reason": null }),
        SchemaState::NotApplicable(why) => object!({ "state": "not-applicable", "reason": why }),
        SchemaState::Undetermined(why) => object!({ "state": "undetermined", "reason": why }),
    }
}

fn gap(gap: &Gap, locate: &dyn Fn(&Site) -> Location) -> Json {
    let declared = gap.declared.iter().map(|(name, site)| object!({ "name": name, "location": locate(site) }));
    object!({
        "kind": gap_name(gap.kind),
        "table": gap.key,
        "looked_up": gap.table,
        "columns": gap.columns.iter().map(|column| &column.key).collect::<Vec<_>>(),
        "declared": declared.collect::<Vec<_>>(),
        "location": gap.found_in.as_ref().map(locate),
        "dropped": gap.dropped.as_ref().map(|dropped| locate(&dropped.at)),
    })
}

fn gap_name(kind: GapKind) -> &'static str {
    match kind {
        GapKind::Table => "missing-table",
        GapKind::MapEntry => "missing-map-entry",
        GapKind::ModelName => "table-instead-of-model",
        GapKind::Columns => "missing-column",
        GapKind::Unwritten | GapKind::StillRequired => "unexpected-required-column",
        GapKind::LeftEmpty => "required-optional-column",
        GapKind::UnmigratedTable => "table-not-migrated",
        GapKind::UnmigratedColumns => "column-not-migrated",
        GapKind::UnmigratedUnique => "unique-not-migrated",
        GapKind::UnmigratedIndex => "index-not-migrated",
        GapKind::Unique | GapKind::UniqueTogether => "missing-unique",
        GapKind::Index => "missing-index",
        GapKind::Cascade => "missing-cascade",
        GapKind::DateText | GapKind::DateAsText => "date-as-text",
    }
}

fn client(client: &Client, locate: &dyn Fn(&Site) -> Location) -> Json {
    object!({
        "location": locate(&client.at),
        "package": &*client.package,
        "role": role_name(client.role),
        "module": client.module,
        "talks_to": partners(&client.partners, locate),
        "plugins": plugins(&client.plugins, &client.plugins_open, locate),
        "options": value::json(&client.options),
    })
}

/// The plugins in order; what else may be in the list comes last and has no name.
fn plugins(known: &[PluginUse], open: &[Unknown], locate: &dyn Fn(&Site) -> Location) -> Vec<Json> {
    let known = known.iter().map(|plugin| {
        object!({
            "name": plugin.name,
            "module": plugin.module,
            "id": id(plugin),
            "release": plugin.release.as_ref().map(ToString::to_string),
            "schema_source": schema_source(plugin).map(|source| match source {
                SchemaSource::File(file) => object!({ "file": file }),
                SchemaSource::Package(package) => object!({ "package": package.name, "version": package.version }),
            }),
            "location": locate(&plugin.at),
            "certainty": certainty(&plugin.conditions),
            "options": if has_options(plugin) { value::json(&plugin.options) } else { object!({}) },
        })
    });
    let open = open.iter().map(|why| {
        object!({
            "name": null,
            "module": null,
            "id": null,
            "release": null,
            "schema_source": null,
            "location": locate(&why.at),
            "certainty": "unknown",
            "options": { "$unknown": why.reason },
        })
    });
    known.chain(open).collect()
}

fn required(server: &Server) -> BTreeMap<&str, Json> {
    let table = |table: &RequiredTable| {
        let fields: Map<String, Json> =
            table.columns.iter().map(|column| (column.key.clone(), required_column(column, server))).collect();
        object!({ "model": table.model, "cause": cause_name(&table.cause, server), "fields": fields })
    };
    server.required.tables.iter().map(|(key, required)| (key.as_str(), table(required))).collect()
}

fn required_column(column: &RequiredColumn, server: &Server) -> Json {
    object!({
        "name": column.name,
        "type": column.kind,
        "required": column.required,
        "unique": column.unique,
        "index": column.index,
        "default": column.default,
        "references": column.references.as_ref().map(|to| dotted(&to.table, &to.column)),
        "cause": cause_name(&column.cause, server),
    })
}

fn tables(tables: Vec<(String, &SourceTable)>, locate: &dyn Fn(&Site) -> Location) -> Map<String, Json> {
    let table = |source: &SourceTable| {
        let fields: Map<String, Json> =
            source.table.columns.iter().map(|column| (column.name.clone(), declared_column(column, &source.table))).collect();
        object!({
            "name": source.table.physical.as_ref().unwrap_or(&source.table.name),
            "layer": layer_name(source.layer),
            "location": locate(&source.site()),
            "complete": !source.table.open,
            "fields": fields,
        })
    };
    tables.into_iter().map(|(name, source)| (name, table(source))).collect()
}

fn declared_column(column: &Column, table: &Table) -> Json {
    let references = column.references.as_ref().filter(|to| !to.table.is_empty());
    object!({
        "name": column.physical.as_ref().unwrap_or(&column.name),
        "type": column.kind,
        "required": column.required,
        "unique": table.is_unique(&[&column.name]),
        "index": table.is_indexed(&column.name),
        "default": column.has_default,
        "references": references.map(|to| dotted(&to.table, &to.column)),
    })
}

fn dotted(table: &str, column: &str) -> String {
    format!("{table}.{column}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::inspect::tests::{locate, model, with_defined_plugins};

    #[test]
    fn has_the_shape_of_version_1() {
        let json: Json = serde_json::from_str(&json(&model(), &locate)).expect("valid JSON");
        let at = |line: u32| object!({ "file": "src/auth.ts", "line": line, "column": 1, "end_line": line, "end_column": 2 });
        let server = &json["servers"][0];
        assert_eq!(json["version"], 1);
        assert_eq!(server["location"], at(5));
        assert_eq!(server["role"], "live");
        assert_eq!(
            server["mounts"],
            object!([{ "location": at(10), "package": "", "framework": null, "route": "/api/auth/*", "route_state": "whole", "route_end": null, "takes_off": false, "misses": null }])
        );
        assert_eq!(
            server["contexts"],
            object!([{
                "context": "m2m",
                "evidence": [{ "text": "the `apiKey` plugin gives keys to programs", "location": at(8) }]
            }])
        );
        assert_eq!(server["better_auth"], object!({ "declared": "^1.7.0", "resolved": "1.7.25" }));
        assert_eq!(server["adapter"], object!({ "kind": "drizzle", "dialect": "postgres", "provider": "pg" }));
        assert_eq!(server["options"]["secret"], "<redacted, 32 characters>");
        assert_eq!(
            server["plugins"],
            object!([
                {
                    "name": "passkey", "module": "@better-auth/passkey", "id": null, "release": null, "schema_source": null,
                    "location": at(7), "certainty": "certain", "options": {}
                },
                {
                    "name": "admin", "module": "better-auth/plugins", "id": null, "release": null, "schema_source": null,
                    "location": at(8), "certainty": "conditional", "options": { "defaultRole": "user" }
                },
                {
                    "name": null, "module": null, "id": null, "release": null, "schema_source": null,
                    "location": at(9), "certainty": "unknown", "options": { "$unknown": "a parameter of the function" }
                },
            ])
        );
        assert_eq!(
            server["required_schema"]["passkey"],
            object!({
                "model": "passkey",
                "cause": "passkey",
                "fields": { "userId": {
                    "name": "userId", "type": "string", "required": true, "unique": false, "index": true, "default": null,
                    "references": "user.id", "cause": "passkey"
                } }
            })
        );
        assert_eq!(server["declared_schema"]["user"]["fields"]["id"]["type"], "text");
        assert_eq!(server["declared_schema"]["user"]["location"], at(2));
        assert_eq!(server["migrated_schema"], object!({}));
        assert_eq!(server["schema_sources"], object!(["src/auth.ts"]));
        assert_eq!(server["schema_state"], "known");
        assert_eq!(server["comparison"], object!({ "state": "compared", "reason": null }));
        assert_eq!(
            server["gaps"],
            object!([{
                "kind": "missing-table", "table": "passkey", "looked_up": "passkey", "columns": ["userId"], "declared": [],
                "location": null, "dropped": null
            }])
        );
        assert_eq!(
            json["clients"],
            object!([{
                "location": at(3), "package": "", "role": "live", "module": "better-auth/react",
                "talks_to": { "state": "linked", "servers": [at(5)], "reason": "it is in the same package" },
                "plugins": [], "options": {}
            }])
        );
        assert_eq!(
            json["undetermined"],
            object!([{ "question": "which plugins the server uses", "reason": "a parameter of the function", "location": at(9) }])
        );
        let keys: Vec<&String> = json.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["version", "servers", "clients", "undetermined"]);
    }

    #[test]
    fn what_no_pack_knows_says_where_its_tables_were_read() {
        let json: Json = serde_json::from_str(&json(&with_defined_plugins(), &locate)).expect("valid JSON");
        let plugins = &json["servers"][0]["plugins"];
        assert_eq!(plugins[0]["release"], "1.4.22");
        assert_eq!(plugins[0]["schema_source"], object!({ "package": "notes", "version": "2.1.0" }));
        assert_eq!((&plugins[1]["id"], &plugins[1]["schema_source"]), (&object!("own"), &object!({ "file": "src/auth.ts" })));
    }
}
