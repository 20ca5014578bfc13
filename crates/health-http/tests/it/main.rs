//! The integration tests of health-http.

mod transport;
