//! Evaluation of option values: three-valued and bounded.
