//! Joins a bound listener with a service, and starts serving on the caller's runtime or on a
//! thread of its own.
//!
//! It does not route or render, and it keeps nothing once it is started.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::io;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::service::Service;
use hyper::{Request, Response};
use tokio::runtime;
use tokio::sync::oneshot;

use super::address::LocalAddr;
use super::driver::Driver;
use super::handle::{Place, ServerHandle};
use super::limits::Limits;
use super::listener::Listener;
use super::own_thread::OwnRuntime;
use super::pulse::observe;
use super::shared::Shared;
use super::stall::StallWatch;
use crate::body::Body;
use crate::clock;

/// Why a bound server could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Called outside of a tokio runtime.
    #[error("serving needs the application's tokio runtime; call it inside one")]
    NoRuntime,
    /// The socket could not be handed to the runtime.
    #[error("the runtime cannot take the listener: {0}")]
    Listener(io::Error),
    /// The runtime of the server's own could not be built.
    #[error("cannot build the runtime of the health thread: {0}")]
    Runtime(io::Error),
    /// The thread could not be started.
    #[error("cannot start the health thread: {0}")]
    Thread(io::Error),
}

/// A bound server of any service: bound, and not serving yet.
#[derive(Debug)]
#[must_use = "a bound server serves nobody until it is started"]
pub struct Transport<S> {
    listener: Listener,
    service: S,
    limits: Limits,
}

impl<S> Transport<S>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + Unpin,
{
    /// Joins a listener with the service that answers for it. The service is cloned for each
    /// connection; a future of its that is not `Unpin` is boxed.
    pub fn new(listener: Listener, service: S, limits: Limits) -> Self {
        Self {
            listener,
            service,
            limits,
        }
    }

    /// The address that clients connect to.
    pub fn local_addr(&self) -> &LocalAddr {
        self.listener.local_addr()
    }

    /// Serves on the caller's runtime.
    #[expect(clippy::disallowed_methods, reason = "the handle ends this task")]
    pub fn serve(self) -> Result<ServerHandle, ServeError> {
        if runtime::Handle::try_current().is_err() {
            return Err(ServeError::NoRuntime);
        }
        let (driver, close) = self.activate()?;
        Ok(close.into_handle(Place::Task(tokio::spawn(driver))))
    }

    /// Serves on a thread and runtime of its own, which a stalled application cannot silence.
    pub fn serve_on_own_thread(self) -> Result<ServerHandle, ServeError> {
        self.start_thread(pending())
    }

    /// As [`serve_on_own_thread`](Self::serve_on_own_thread), and watches whether the caller's
    /// runtime stalls for as long as `running` says true.
    ///
    /// `running` and `tick` are called on the health thread, once every
    /// [`StallLimits::interval`](super::StallLimits::interval); they must not block, and are dropped
    /// with the server.
    pub fn serve_watching(
        self,
        watch: Arc<StallWatch>,
        running: impl Fn() -> bool + Send + 'static,
        tick: impl Fn() + Send + 'static,
    ) -> Result<ServerHandle, ServeError> {
        let application = runtime::Handle::try_current().map_err(|_| ServeError::NoRuntime)?;
        self.start_thread(observe(application, watch, running, tick))
    }

    fn start_thread(
        self,
        beside: impl Future<Output = ()> + Send + 'static,
    ) -> Result<ServerHandle, ServeError> {
        let runtime = OwnRuntime::new().map_err(ServeError::Runtime)?;
        let (driver, close) = {
            let _within = runtime.enter();
            self.activate()?
        };
        let thread = runtime.start(driver, beside).map_err(ServeError::Thread)?;
        Ok(close.into_handle(Place::Thread(thread)))
    }

    /// Gives the listener to the current runtime.
    fn activate(self) -> Result<(impl Future<Output = ()> + Send + use<S>, Started), ServeError> {
        let Self {
            listener,
            service,
            limits,
        } = self;
        let local = listener.local_addr().clone();
        let shared = Shared::new(clock::now(), limits.requests);
        let acceptor = listener.activate().map_err(ServeError::Listener)?;
        let (close, closed) = oneshot::channel();
        let driver = Driver::new(service, limits, shared.clone());
        Ok((
            driver.run(acceptor, closed),
            Started {
                close,
                shared,
                local,
            },
        ))
    }
}

/// What a handle is made of, once it is known where the driver runs.
struct Started {
    close: oneshot::Sender<()>,
    shared: Arc<Shared>,
    local: LocalAddr,
}

impl Started {
    fn into_handle(self, place: Place) -> ServerHandle {
        ServerHandle::new(self.close, place, self.shared, self.local)
    }
}
