//! What clients may write.

mod doors;
mod names;
mod user_field_mass_assignment;

use super::Check;

pub(super) const CHECKS: &[(&str, Check)] = &[("user-field-mass-assignment", user_field_mass_assignment::check)];
