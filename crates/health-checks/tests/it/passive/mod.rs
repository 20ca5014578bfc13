//! passive.
