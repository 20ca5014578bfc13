//! How a health service is set up.
//!
//! It answers nothing.

use std::sync::Arc;

use health_core::Health;

use crate::mount::Mounts;
use crate::server::StallWatch;
use crate::service::HealthService;

/// How a health service is set up; made by [`HealthService::builder`].
#[derive(Clone, Debug)]
#[must_use = "call `build`"]
pub struct HealthServiceBuilder {
    pub(crate) health: Health,
    pub(crate) live_fails_while_stopping: bool,
    pub(crate) stall: Option<Arc<StallWatch>>,
    /// What answers `/metrics`, `/health/events` and `/health/ui`; each has a method that sets it.
    pub(crate) mounts: Mounts,
}

impl HealthServiceBuilder {
    pub(crate) fn new(health: Health) -> Self {
        Self {
            health,
            live_fails_while_stopping: false,
            stall: None,
            mounts: Mounts::default(),
        }
    }

    /// Fails liveness as soon as the node is stopping. Off by default, because an orchestrator
    /// that restarts on failed liveness would cut the drain short.
    pub fn live_fails_while_stopping(mut self) -> Self {
        self.live_fails_while_stopping = true;
        self
    }

    /// The service.
    pub fn build(self) -> HealthService {
        HealthService::configured(self)
    }
}
