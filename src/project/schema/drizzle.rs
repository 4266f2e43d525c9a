//! Drizzle tables.
