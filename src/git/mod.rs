//! Snapshots, the staged delta and the environment git gives a hook.
