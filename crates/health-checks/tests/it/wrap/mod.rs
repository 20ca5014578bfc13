//! wrap.
