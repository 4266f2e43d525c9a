//! Configuration against schema, and schema against migrations.

mod adapter_schema_model_missing;
mod migration_account_issuer_window;
mod migration_adds_required_column_without_default;
mod migration_api_key_reference_column;
mod migration_command_wrong_for_adapter;
mod migration_drops_auth_data;
mod migration_endpoint_unprotected;
mod migration_missing_for_option;
mod migration_missing_for_plugin;
mod migration_not_staged_with_plugin;
mod migration_plugin_removed_orphan_schema;
mod programmatic;
mod router;
mod schema_core_field_missing;
mod schema_datetime_as_text;
mod schema_not_migrated;
mod schema_prisma_model_name_mismatch;
mod schema_unwritten_required_column;
mod steps;

use super::Check;

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("adapter-schema-model-missing", adapter_schema_model_missing::check),
    ("migration-account-issuer-window", migration_account_issuer_window::check),
    ("migration-adds-required-column-without-default", migration_adds_required_column_without_default::check),
    ("migration-api-key-reference-column", migration_api_key_reference_column::check),
    ("migration-command-wrong-for-adapter", migration_command_wrong_for_adapter::check),
    ("migration-drops-auth-data", migration_drops_auth_data::check),
    ("migration-endpoint-unprotected", migration_endpoint_unprotected::check),
    ("migration-missing-for-option", migration_missing_for_option::check),
    ("migration-missing-for-plugin", migration_missing_for_plugin::check),
    ("migration-not-staged-with-plugin", migration_not_staged_with_plugin::check),
    ("migration-plugin-removed-orphan-schema", migration_plugin_removed_orphan_schema::check),
    ("schema-core-field-missing", schema_core_field_missing::check),
    ("schema-datetime-as-text", schema_datetime_as_text::check),
    ("schema-not-migrated", schema_not_migrated::check),
    ("schema-prisma-model-name-mismatch", schema_prisma_model_name_mismatch::check),
    ("schema-unwritten-required-column", schema_unwritten_required_column::check),
];
