//! The integration tests of health-http.

mod service;
mod transport;
