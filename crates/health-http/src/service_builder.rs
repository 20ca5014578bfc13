//! How a health service is set up.
//!
//! It answers nothing.

use std::sync::Arc;
#[cfg(feature = "prometheus")]
use std::sync::OnceLock;

use health_core::Health;

#[cfg(feature = "prometheus")]
use crate::answered::Answered;
use crate::disclosure::Disclosure;
use crate::event_stream::Events;
#[cfg(feature = "ui")]
use crate::journal::Journal;
#[cfg(feature = "prometheus")]
use crate::metrics::{HealthCollector, Metrics};
use crate::mount::Mounts;
#[cfg(feature = "prometheus")]
use crate::server::CountsReader;
use crate::server::StallWatch;
use crate::service::HealthService;
use crate::token::Token;
#[cfg(feature = "ui")]
use crate::ui::{Page, State};

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
    #[cfg(feature = "ui")]
    pub(crate) page: bool,
    #[cfg(feature = "prometheus")]
    pub(crate) answered: Arc<Answered>,
    /// Of the server that serves it, once there is one.
    #[cfg(feature = "prometheus")]
    pub(crate) connections: Arc<OnceLock<CountsReader>>,
    #[cfg(feature = "prometheus")]
    pub(crate) registries: Vec<prometheus::Registry>,
}

impl HealthServiceBuilder {
    pub(crate) fn new(health: Health) -> Self {
        Self {
            health,
            live_fails_while_stopping: false,
            disclosure: Disclosure::default(),
            stall: None,
            mounts: Mounts {
                events: Some(Arc::new(Events)),
                ..Mounts::default()
            },
            #[cfg(feature = "ui")]
            page: true,
            #[cfg(feature = "prometheus")]
            answered: Arc::default(),
            #[cfg(feature = "prometheus")]
            connections: Arc::default(),
            #[cfg(feature = "prometheus")]
            registries: Vec::new(),
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

    /// Tells strangers the status alone: the codes, and bodies without a name, message or figure.
    ///
    /// Of the rest, the paths of checks, history, summary, metrics, events and page are not there
    /// (404), unless [`tokens`](Self::tokens) open them. An exclusion is passed over: every check
    /// counts.
    pub fn status_only(mut self) -> Self {
        self.disclosure.status_only = true;
        self
    }

    /// Asks for a bearer token wherever more than a probe is answered; 401 without one, but for the
    /// groups and checks of Spring Boot's paths, which are 404 as if they were not there.
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
        let this = self;
        #[cfg(feature = "ui")]
        let this = this.with_page();
        #[cfg(feature = "prometheus")]
        let this = this.with_metrics();
        HealthService::configured(this)
    }

    /// Scrapes `registry` too at `/metrics`: what else the service has, and the collectors of
    /// shutdown and lag. A metric that is there already is left out.
    ///
    /// ```
    /// # use health_core::Health;
    /// # use health_http::HealthServer;
    /// let registry = prometheus::Registry::new();
    /// let builder = HealthServer::builder(Health::new())
    ///     .service(|service| service.registry(registry.clone()));
    /// ```
    #[cfg(feature = "prometheus")]
    pub fn registry(mut self, registry: prometheus::Registry) -> Self {
        self.registries.push(registry);
        self
    }

    #[cfg(feature = "prometheus")]
    fn with_metrics(mut self) -> Self {
        if !self.disclosure.probes_only {
            match HealthCollector::new(self.health.clone()) {
                Ok(node) => {
                    self.mounts.metrics = Some(Arc::new(Metrics::new(
                        node,
                        Arc::clone(&self.answered),
                        Arc::clone(&self.connections),
                        std::mem::take(&mut self.registries),
                    )));
                }
                // Its names are constants, which the tests register.
                Err(error) => tracing::error!(%error, "there are no metrics"),
            }
        }
        self
    }

    #[cfg(feature = "ui")]
    fn with_page(mut self) -> Self {
        if self.page && !self.disclosure.probes_only {
            let journal = Journal::default();
            self.health.observe(journal.clone());
            self.mounts.page = Some(Arc::new(Page));
            self.mounts.page_state = Some(Arc::new(State { journal }));
        }
        self
    }
}
