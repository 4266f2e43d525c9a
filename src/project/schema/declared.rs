//! What the repository declares for one server.
