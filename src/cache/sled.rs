//! Facts on disk.
