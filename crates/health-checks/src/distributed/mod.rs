//! The parts of a distributed service: small traits, and the checks on them.
//!
//! Talking to a real server is the business of the families `redis`, `etcd` and
//! `nats`, which implement the traits of this one.
//!
//! The feature adds no crate.

mod adapter_error;
mod key_value;
mod pub_sub;

pub use adapter_error::AdapterError;
pub use key_value::KeyValue;
pub use pub_sub::{Messages, PubSub};
