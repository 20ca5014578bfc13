//! The tests of `health-lag` over its public face.
