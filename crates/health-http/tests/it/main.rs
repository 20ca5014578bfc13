//! The integration tests of health-http.

mod service;
mod stack;
mod transport;
