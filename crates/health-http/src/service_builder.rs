//! How a health service is set up.
//!
//! It answers nothing.

use std::sync::Arc;

use health_core::Health;

use crate::event_stream::Events;
#[cfg(feature = "ui")]
use crate::journal::Journal;
use crate::mount::Mounts;
use crate::server::StallWatch;
use crate::service::HealthService;
#[cfg(feature = "ui")]
use crate::ui::{Page, State};

/// How a health service is set up; made by [`HealthService::builder`].
#[derive(Clone, Debug)]
#[must_use = "call `build`"]
pub struct HealthServiceBuilder {
    pub(crate) health: Health,
    pub(crate) live_fails_while_stopping: bool,
    pub(crate) stall: Option<Arc<StallWatch>>,
    /// What answers `/metrics`, `/health/events` and `/health/ui`; each has a method that sets it.
    pub(crate) mounts: Mounts,
    #[cfg(feature = "ui")]
    pub(crate) page: bool,
}

impl HealthServiceBuilder {
    pub(crate) fn new(health: Health) -> Self {
        Self {
            health,
            live_fails_while_stopping: false,
            stall: None,
            mounts: Mounts {
                events: Some(Arc::new(Events)),
                ..Mounts::default()
            },
            #[cfg(feature = "ui")]
            page: true,
        }
    }

    /// Fails liveness as soon as the node is stopping. Off by default, because an orchestrator
    /// that restarts on failed liveness would cut the drain short.
    pub fn live_fails_while_stopping(mut self) -> Self {
        self.live_fails_while_stopping = true;
        self
    }

    /// Leaves the page for people out.
    #[cfg(feature = "ui")]
    pub fn without_page(mut self) -> Self {
        self.page = false;
        self
    }

    /// The service.
    pub fn build(self) -> HealthService {
        #[cfg(feature = "ui")]
        let this = self.with_page();
        #[cfg(not(feature = "ui"))]
        let this = self;
        HealthService::configured(this)
    }

    #[cfg(feature = "ui")]
    fn with_page(mut self) -> Self {
        if self.page {
            let journal = Journal::default();
            self.health.observe(journal.clone());
            self.mounts.page = Some(Arc::new(Page));
            self.mounts.page_state = Some(Arc::new(State { journal }));
        }
        self
    }
}
