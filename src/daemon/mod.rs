//! The resident reviewer: an optimisation, never a source of truth.
