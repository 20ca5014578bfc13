//! How a health service is set up.
//!
//! It answers nothing.

use std::sync::Arc;

use health_core::Health;

use crate::disclosure::Disclosure;
use crate::mount::Mounts;
use crate::server::StallWatch;
use crate::service::HealthService;
use crate::token::Token;

/// How a health service is set up; made by [`HealthService::builder`].
#[derive(Clone, Debug)]
#[must_use = "call `build`"]
pub struct HealthServiceBuilder {
    pub(crate) health: Health,
    pub(crate) live_fails_while_stopping: bool,
    pub(crate) disclosure: Disclosure,
    pub(crate) stall: Option<Arc<StallWatch>>,
    /// What answers `/metrics`, `/health/events` and `/health/ui`; each has a method that sets it.
    pub(crate) mounts: Mounts,
}

impl HealthServiceBuilder {
    pub(crate) fn new(health: Health) -> Self {
        Self {
            health,
            live_fails_while_stopping: false,
            disclosure: Disclosure::default(),
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

    /// Tells strangers the status alone: the codes, and bodies without a name, message or figure.
    ///
    /// Of the rest, the paths of checks, history, summary, metrics, events and page are not there
    /// (404), unless [`tokens`](Self::tokens) open them. An exclusion is passed over: every check
    /// counts.
    pub fn status_only(mut self) -> Self {
        self.disclosure.status_only = true;
        self
    }

    /// Asks for a bearer token wherever more than a probe is answered; 401 without one.
    ///
    /// The probes stay open, and tell strangers their status alone; an exclusion needs the token
    /// too. Together with [`status_only`](Self::status_only) the status of the node and of groups
    /// stays open as well. Any of the tokens is good, so that a rotation needs no restart of two
    /// sides at once. No tokens at all ask for none.
    ///
    /// ```
    /// # use health_core::Health;
    /// # use health_http::{HealthService, Token};
    /// let token = Token::new("Zm9vYmFy0123456789")?;
    /// let service = HealthService::builder(Health::new()).tokens([token]).build();
    /// # Ok::<(), health_http::TokenError>(())
    /// ```
    pub fn tokens(mut self, tokens: impl IntoIterator<Item = Token>) -> Self {
        self.disclosure.tokens.extend(tokens);
        self
    }

    /// Answers the probes alone, and 404 elsewhere: for an address that strangers reach, beside
    /// one that they do not (see
    /// [`bind_with_admin`](crate::HealthServerBuilder::bind_with_admin)).
    pub fn probes_only(mut self) -> Self {
        self.disclosure.probes_only = true;
        self
    }

    /// The service.
    pub fn build(self) -> HealthService {
        HealthService::configured(self)
    }
}
