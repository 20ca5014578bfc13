//! How a `Health` is set up: identity, aggregation, redaction, observers.

use std::borrow::Cow;
use std::sync::Arc;

use crate::aggregate::Aggregation;
use crate::clock::Clock;
use crate::driver::Shared;
use crate::evidence::line;
use crate::health::Health;
use crate::observer::Observer;
use crate::reader::Reader;
use crate::redact::Redaction;

/// The longest node id and the longest version, in bytes: the longest name of a host has 253.
pub const MAX_IDENTITY: usize = 256;

/// Sets up a [`Health`]; every part has a default.
#[derive(Default)]
#[must_use = "call `build`"]
pub struct HealthBuilder {
    node_id: String,
    version: String,
    aggregation: Aggregation,
    redaction: Redaction,
    observers: Vec<Arc<dyn Observer>>,
}

impl HealthBuilder {
    /// The node's name in reports; empty by default. Like a message it is redacted, put on one line
    /// and cut, with `…`, at [`MAX_IDENTITY`] bytes.
    pub fn node_id(mut self, node_id: impl Into<String>) -> Self {
        self.node_id = node_id.into();
        self
    }

    /// The service's version in reports; empty by default, and bounded as the node id is.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// How health and readiness are made from the checks; worst-of by default.
    /// Liveness is always worst-of.
    pub fn aggregation(mut self, aggregation: Aggregation) -> Self {
        self.aggregation = aggregation;
        self
    }

    /// Which keys are secret besides the built-in ones.
    pub fn redaction(mut self, redaction: Redaction) -> Self {
        self.redaction = redaction;
        self
    }

    /// Who learns of everything that happens.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observers.push(Arc::new(observer));
        self
    }

    /// The node, not started yet.
    pub fn build(self) -> Health {
        let clock = Clock::new();
        let aggregation = self.aggregation.clone();
        let [node_id, version] = [self.node_id, self.version].map(|text| {
            let shown = line(Cow::Owned(text), &self.redaction, MAX_IDENTITY);
            Arc::from(&*shown)
        });
        let shared = Shared::new(
            |probes| Reader::new(probes, self.aggregation, node_id, version),
            &aggregation,
            self.redaction,
            clock,
        );
        let health = Health::from_shared(Arc::new(shared));
        for observer in self.observers {
            health.observe_shared(observer);
        }
        health
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_is_bounded() {
        let long = |length: usize| "é".repeat(length / 2);
        for (given, kept) in [
            (String::new(), String::new()),
            ("node-1".to_owned(), "node-1".to_owned()),
            ("a \"b\" \\".to_owned(), "a \"b\" \\".to_owned()),
            (long(MAX_IDENTITY), long(MAX_IDENTITY)),
            (long(MAX_IDENTITY + 2), long(MAX_IDENTITY - 4) + "…"),
            (long(50 << 20), long(MAX_IDENTITY - 4) + "…"),
            ("two\nlines\u{202e}".to_owned(), "two lines ".to_owned()),
            (
                "pg://me:hunter2@db".to_owned(),
                Redaction::default().text("pg://me:hunter2@db").into_owned(),
            ),
        ] {
            let named = Health::builder().node_id(given.as_str()).build();
            let versioned = Health::builder().version(given).build();
            assert_eq!((named.node_id(), named.version()), (&*kept, ""));
            assert_eq!(&*versioned.report().version, kept);
            assert!(!kept.contains("hunter2"));
        }
    }
}
