//! Versions against what depends on them.

mod better_auth_upgrade_without_migration;

use super::Check;

pub(super) const CHECKS: &[(&str, Check)] =
    &[("better-auth-upgrade-without-migration", better_auth_upgrade_without_migration::check)];
