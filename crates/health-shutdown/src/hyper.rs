//! A hyper server whose end belongs to two phases: its intake is closed, then requests under
//! way are finished.
//!
//! It bounds no connection and serves no health; a service that is open to strangers puts
//! what it needs around its listener.
#![allow(
    clippy::disallowed_methods,
    reason = "it owns the tasks of its connections"
)]

use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::{HttpService, Service};
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::clock;
use crate::component::{Component, StopError};
use crate::shutdown::Shutdown;
use crate::stop::Stop;

/// How long a client may take to send the head of a request; hyper's own default.
const HEAD: Duration = Duration::from_secs(30);
/// While closing, connections that are queued in the listener are taken until none has come
/// for this long: closing it resets them.
const LULL: Duration = Duration::from_millis(20);
/// And for this long in all.
const EMPTYING: Duration = Duration::from_millis(250);
/// How long to wait when accepting fails, for want of descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// A hyper server that can be stopped in order. Dropped, it aborts its connections.
///
/// Until its intake is stopped everything is served, on fresh connections too; once the
/// shutdown has begun, each answer carries `Connection: close`, so that clients which keep
/// connections come again elsewhere.
///
/// ```no_run
/// use std::convert::Infallible;
/// use health_core::Health;
/// use health_shutdown::{Shutdown, Signals, hyper::HyperServer};
/// use hyper::{Request, Response, body::Incoming, service::service_fn};
/// use tokio::net::TcpListener;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let shutdown = Shutdown::of(&Health::new()).signals(Signals::default()).install()?;
/// let listener = TcpListener::bind("127.0.0.1:8081").await?;
/// let hello = service_fn(|_: Request<Incoming>| async {
///     Ok::<_, Infallible>(Response::new("hello".to_owned()))
/// });
/// let (intake, requests) = HyperServer::serve(&shutdown, listener, hello).components("http");
/// let plan = shutdown.plan().stop_intake(intake).drain_in_flight(requests).build()?;
/// let report = shutdown.run(plan).await;
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "dropping it aborts its connections; its components go into a plan"]
pub struct HyperServer {
    close: CancellationToken,
    closed: oneshot::Receiver<Connections>,
    accepting: AbortOnDropHandle<()>,
}

/// What is left once the intake is closed.
#[derive(Debug)]
struct Connections {
    graceful: GracefulShutdown,
    tasks: JoinSet<()>,
}

impl HyperServer {
    /// Serves `service` on `listener` from now on; must be called within a tokio runtime.
    pub fn serve<S, B>(shutdown: &Shutdown, listener: TcpListener, service: S) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Into<StopError>,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<StopError>,
    {
        let close = CancellationToken::new();
        let (done, closed) = oneshot::channel();
        let service = Closing {
            service,
            shutdown: shutdown.clone(),
        };
        let accepting = accept(listener, service, close.clone(), done);
        Self {
            close,
            closed,
            accepting: AbortOnDropHandle::new(tokio::spawn(accepting)),
        }
    }

    /// What stops it: `NAME-intake` for the phase
    /// [`StopIntake`](crate::Phase::StopIntake), `NAME-requests` for
    /// [`DrainInFlight`](crate::Phase::DrainInFlight). Aborting the second drops the
    /// connections that are left.
    pub fn components(self, name: &str) -> (Component, Component) {
        let Self {
            close,
            closed,
            accepting,
        } = self;
        let (hand_over, taken) = oneshot::channel();
        let intake = Component::new(format!("{name}-intake"), |_| async move {
            close.cancel();
            let connections = closed.await.map_err(|_| "the server has ended before")?;
            drop(accepting);
            // Without a component that drains, they are dropped here.
            let _ = hand_over.send(connections);
            Ok::<_, StopError>(())
        });
        let requests = Component::new(format!("{name}-requests"), |stop: Stop| async move {
            let connections: Connections = taken.await.map_err(|_| "its intake was not closed")?;
            let Connections {
                graceful,
                mut tasks,
            } = connections;
            let drained = async {
                graceful.shutdown().await;
                while tasks.join_next().await.is_some() {}
            };
            if stop.hurry().run_until_cancelled(drained).await.is_some() {
                return Ok(());
            }
            let cut = tasks.len();
            Err::<_, StopError>(format!("{cut} connections were cut").into())
        });
        (intake, requests)
    }
}

async fn accept<S, B>(
    listener: TcpListener,
    service: S,
    close: CancellationToken,
    done: oneshot::Sender<Connections>,
) where
    S: HttpService<Incoming, ResBody = B> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<StopError>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<StopError>,
{
    let graceful = GracefulShutdown::new();
    let mut tasks = JoinSet::new();
    loop {
        let stream = tokio::select! {
            biased;
            () = close.cancelled() => break,
            Some(_ended) = tasks.join_next() => continue,
            stream = next(&listener) => stream,
        };
        serve_connection(stream, service.clone(), &graceful, &mut tasks);
    }
    // Clients that do not follow readiness go on coming: at some time the door closes.
    let until = clock::instant() + EMPTYING;
    while clock::instant() < until
        && let Ok(stream) = tokio::time::timeout(LULL, next(&listener)).await
    {
        serve_connection(stream, service.clone(), &graceful, &mut tasks);
    }
    drop(listener);
    // Nobody takes them if the server was dropped.
    let _ = done.send(Connections { graceful, tasks });
}

/// The next connection; errors of accepting are waited out.
async fn next(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn serve_connection<S, B>(
    stream: TcpStream,
    service: S,
    graceful: &GracefulShutdown,
    tasks: &mut JoinSet<()>,
) where
    S: HttpService<Incoming, ResBody = B> + Send + 'static,
    S::Future: Send,
    S::Error: Into<StopError>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<StopError>,
{
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .half_close(true);
    let connection = graceful.watch(builder.serve_connection(TokioIo::new(stream), service));
    tasks.spawn(async move {
        // A client that goes away is its own business.
        let _ = connection.await;
    });
}

/// Adds `Connection: close` once the shutdown has begun.
#[derive(Clone)]
struct Closing<S> {
    service: S,
    shutdown: Shutdown,
}

impl<S, B> Service<Request<Incoming>> for Closing<S>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Future: Send + 'static,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future =
        std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let answer = self.service.call(request);
        let shutdown = self.shutdown.clone();
        Box::pin(async move {
            let mut response = answer.await?;
            if shutdown.is_requested() {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(CONNECTION, close);
            }
            Ok(response)
        })
    }
}
