//! The server that a service starts: a bound address with the health service on it.
//!
//! Joins the parts; what a request gets is the service's business, what a
//! connection may do the transport's.

use std::sync::Arc;
#[cfg(feature = "prometheus")]
use std::sync::OnceLock;

use health_core::{Health, Lifecycle};

#[cfg(feature = "prometheus")]
use crate::server::CountsReader;
use crate::server::{Address, BindError, Limits, Listener, LocalAddr, ServeError, ServerHandle};
use crate::server::{StallLimits, StallWatch, Transport};
use crate::service::HealthService;
use crate::service_builder::HealthServiceBuilder;

/// How a health server is set up, before it is bound.
#[derive(Clone, Debug)]
#[must_use = "call `bind`"]
pub struct HealthServerBuilder {
    health: Health,
    limits: Limits,
    stall: Option<StallLimits>,
    service: HealthServiceBuilder,
}

/// A bound health server: its address is taken, and connections queue until it serves.
///
/// Bind before slow initialisation, serve at once: it answers `starting` meanwhile.
///
/// ```
/// use health_core::Health;
/// use health_http::HealthServer;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let health = Health::new();
/// let server = HealthServer::bind("127.0.0.1:0", health.clone())?.serve()?;
/// println!("listening on http://{}", server.local_addr());
/// health.start()?;
/// // … until the service ends, then:
/// server.close().await;
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "a bound server serves nobody until `serve`"]
pub struct HealthServer {
    transport: Transport<HealthService>,
    admin: Option<Transport<HealthService>>,
    health: Health,
    watch: Option<Arc<StallWatch>>,
    #[cfg(feature = "prometheus")]
    connections: Arc<OnceLock<CountsReader>>,
}

impl HealthServer {
    /// Binds `address` (`HOST:PORT`, `[IPV6]:PORT` or `unix:PATH`) with the default limits.
    pub fn bind<A>(address: A, health: Health) -> Result<Self, BindError>
    where
        A: TryInto<Address>,
        BindError: From<A::Error>,
    {
        Self::builder(health).bind(address)
    }

    /// Sets up a server.
    pub fn builder(health: Health) -> HealthServerBuilder {
        HealthServerBuilder {
            service: HealthService::builder(health.clone()),
            health,
            limits: Limits::default(),
            stall: None,
        }
    }

    /// The address that clients connect to, with its real port.
    pub fn local_addr(&self) -> &LocalAddr {
        self.transport.local_addr()
    }

    /// The address of the details, if they have one of their own.
    pub fn admin_addr(&self) -> Option<&LocalAddr> {
        self.admin.as_ref().map(Transport::local_addr)
    }

    /// Starts serving; must be called within the application's tokio runtime.
    ///
    /// The server of an admin address is [beside](ServerHandle::beside) the one of the probes, and
    /// closes with it.
    pub fn serve(self) -> Result<ServerHandle, ServeError> {
        let Self {
            transport,
            admin,
            health,
            watch,
            #[cfg(feature = "prometheus")]
            connections,
        } = self;
        let has_own_thread = watch.is_some();
        let handle = match watch {
            None => transport.serve()?,
            Some(watch) => {
                let pacemaker = health.pacemaker(watch.limits().interval());
                let running = move || health.lifecycle() == Lifecycle::Running;
                transport.serve_watching(watch, running, move || pacemaker.beat())?
            }
        };
        #[cfg(feature = "prometheus")]
        connections.get_or_init(|| handle.counts_reader());
        Ok(match admin {
            None => handle,
            Some(admin) if has_own_thread => handle.with(admin.serve_on_own_thread()?),
            Some(admin) => handle.with(admin.serve()?),
        })
    }
}

impl HealthServerBuilder {
    /// The bounds on connections and requests.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Serves on a thread and runtime of its own, so that a stalled application
    /// cannot silence it. A stall of the application's runtime while the node is
    /// running fails readiness and liveness as `limits` say (3 s and 10 s by
    /// default).
    ///
    /// A suspension of the process (a SIGSTOP, a frozen container) is no stall, nor
    /// does evidence grow old by it, for the observer of stalls beats a
    /// [`Pacemaker`](health_core::Pacemaker): on waking the node answers as before,
    /// and runs its checks at once. A suspension that the observer cannot tell from
    /// idling, which is one of less than a second and its
    /// [interval](StallLimits::interval), makes evidence older, as it does without a
    /// thread of the server's own.
    pub fn own_thread(mut self, limits: StallLimits) -> Self {
        self.stall = Some(limits);
        self
    }

    /// Fails liveness while the node is stopping. Off by default, because an
    /// orchestrator that restarts on failed liveness would cut the drain short.
    pub fn live_fails_while_stopping(mut self) -> Self {
        self.service = self.service.live_fails_while_stopping();
        self
    }

    /// Sets up the service that answers, through the builder of its own.
    ///
    /// ```
    /// # use health_core::Health;
    /// # use health_http::HealthServer;
    /// let builder = HealthServer::builder(Health::new())
    ///     .service(|service| service.live_fails_while_stopping());
    /// ```
    pub fn service(
        mut self,
        set_up: impl FnOnce(HealthServiceBuilder) -> HealthServiceBuilder,
    ) -> Self {
        self.service = set_up(self.service);
        self
    }

    /// Takes the address.
    pub fn bind<A>(self, address: A) -> Result<HealthServer, BindError>
    where
        A: TryInto<Address>,
        BindError: From<A::Error>,
    {
        let listener = Listener::bind(address, &self.limits)?;
        Ok(self.on(listener))
    }

    /// Takes two addresses: one for the probes alone, which strangers may reach, and one for
    /// everything.
    ///
    /// Details are hidden from the first whoever asks (404), so that no token is needed there;
    /// [`status_only`](HealthServiceBuilder::status_only) is about the first only, since the
    /// second is for details. With [`own_thread`](Self::own_thread), each has a thread of its own.
    ///
    /// ```
    /// # use health_core::Health;
    /// # use health_http::HealthServer;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = HealthServer::builder(Health::new())
    ///     .bind_with_admin("127.0.0.1:0", "127.0.0.1:0")?
    ///     .serve()?;
    /// let admin = server.beside().map(|admin| admin.local_addr());
    /// println!("probes on {}, details on {admin:?}", server.local_addr());
    /// server.close().await;
    /// # Ok(()) }
    /// ```
    pub fn bind_with_admin<A, B>(self, probes: A, admin: B) -> Result<HealthServer, BindError>
    where
        A: TryInto<Address>,
        B: TryInto<Address>,
        BindError: From<A::Error> + From<B::Error>,
    {
        let probes = Listener::bind(probes, &self.limits)?;
        let admin = Listener::bind(admin, &self.limits)?;
        Ok(self.on_with_admin(probes, admin))
    }

    /// Serves on a socket that is bound already.
    pub fn on(self, listener: Listener) -> HealthServer {
        let watch = self.stall.map(|limits| Arc::new(StallWatch::new(limits)));
        #[cfg(feature = "prometheus")]
        let connections = Arc::clone(&self.service.connections);
        let service = HealthServiceBuilder {
            stall: watch.clone(),
            ..self.service
        }
        .build();
        HealthServer {
            transport: Transport::new(listener, service, self.limits),
            admin: None,
            health: self.health,
            watch,
            #[cfg(feature = "prometheus")]
            connections,
        }
    }

    /// The same on two sockets: one for the probes alone, and one for everything.
    pub fn on_with_admin(mut self, probes: Listener, admin: Listener) -> HealthServer {
        let mut everything = self.service.clone();
        everything.disclosure.status_only = false;
        self.service = self.service.probes_only();
        let limits = self.limits.clone();
        let mut server = self.on(probes);
        everything.stall.clone_from(&server.watch);
        server.admin = Some(Transport::new(admin, everything.build(), limits));
        server
    }
}
