//! What is required and not declared.
