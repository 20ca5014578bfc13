//! How a `Health` is set up: identity, aggregation, redaction, observers.

use std::sync::Arc;

use crate::aggregate::Aggregation;
use crate::clock::Clock;
use crate::driver::Shared;
use crate::health::Health;
use crate::observer::Observer;
use crate::reader::Reader;
use crate::redact::Redaction;

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
    /// The node's name in reports; empty by default.
    pub fn node_id(mut self, node_id: impl Into<String>) -> Self {
        self.node_id = node_id.into();
        self
    }

    /// The service's version in reports; empty by default.
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
        let (node_id, version) = (self.node_id.into(), self.version.into());
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
