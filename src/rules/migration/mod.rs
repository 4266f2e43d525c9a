//! Configuration against schema: what is required and not declared.

mod advice;
mod gaps;
mod migration_missing_for_option;
mod migration_missing_for_plugin;
mod migration_not_staged_with_plugin;
mod schema_core_field_missing;

use super::Check;

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("migration-missing-for-option", migration_missing_for_option::check),
    ("migration-missing-for-plugin", migration_missing_for_plugin::check),
    ("migration-not-staged-with-plugin", migration_not_staged_with_plugin::check),
    ("schema-core-field-missing", schema_core_field_missing::check),
];
