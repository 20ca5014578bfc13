//! A hyper server whose end belongs to two phases: its intake is closed, then requests under
//! way are finished.
//!
//! It bounds no connection and serves no health; a service that is open to strangers puts
//! what it needs around its listener.
#![allow(
    clippy::disallowed_methods,
    reason = "it owns the tasks of its connections"
)]

mod connection;
mod newcomers;

use std::time::{Duration, Instant};

use hyper::body::{Body, Incoming};
use hyper::service::Service;
use hyper::{Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

use self::connection::{Closing, Farewell};
use crate::clock;
use crate::component::{Component, StopError};
use crate::shutdown::Shutdown;
use crate::stop::Stop;

/// Clients of a prober that is a little late are still served, until none has come for this long.
const QUIET: Duration = Duration::from_millis(100);
/// And for this long, and a quarter of the time there is, at most.
const LATE: Duration = Duration::from_millis(250);
/// Then newcomers are turned away, and those in the queue of the listener are taken, which closing
/// it resets, until none has come for this long.
const LULL: Duration = Duration::from_millis(20);
/// And for this long at most: where newcomers cannot be turned away, they may go on coming.
const EMPTYING: Duration = Duration::from_millis(250);
/// How long to wait when accepting fails, for want of descriptors.
const PAUSE: Duration = Duration::from_millis(50);
/// Then those that are silent are heard out for this long, and at most half of the time there is:
/// their request may be on its way.
const FAREWELL: Duration = Duration::from_millis(500);

/// A hyper server that can be stopped in order. Dropped, it aborts its connections.
///
/// Until its intake is stopped everything is served, on fresh connections too; once the
/// shutdown has begun, each answer carries `Connection: close`, so that clients which keep
/// connections come again elsewhere.
///
/// A request that was begun before is answered: connections are taken on until none has come for
/// 100 ms, for a quarter of a second at most, then those that wait in the listener's queue; and
/// silent ones are heard out for half a second. What is pipelined behind an answer that carries
/// `Connection: close` is not answered, as HTTP has it. A connection that was upgraded belongs to the
/// service, and so does its end.
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
    close: oneshot::Sender<Instant>,
    closed: oneshot::Receiver<Connections>,
    accepting: AbortOnDropHandle<()>,
}

/// What is left once the intake is closed.
#[derive(Debug)]
struct Connections {
    farewell: watch::Sender<Option<Duration>>,
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
        let (close, told) = oneshot::channel();
        let (done, closed) = oneshot::channel();
        let service = Closing {
            service,
            shutdown: shutdown.clone(),
        };
        let serve = move |stream, farewell| connection::serve(stream, service.clone(), farewell);
        let accepting = accept(listener, serve, told, done);
        Self {
            close,
            closed,
            accepting: AbortOnDropHandle::new(tokio::spawn(accepting)),
        }
    }

    /// What stops it: `NAME-intake` for the phase
    /// [`StopIntake`](crate::Phase::StopIntake), `NAME-requests` for
    /// [`DrainInFlight`](crate::Phase::DrainInFlight). Aborting the second drops the
    /// connections that are left: a service whose requests may take longer than 5 s gives it
    /// another [`deadline`](Component::deadline).
    pub fn components(self, name: &str) -> (Component, Component) {
        let Self {
            close,
            closed,
            accepting,
        } = self;
        let (hand_over, taken) = oneshot::channel();
        let intake = Component::new(format!("{name}-intake"), |stop: Stop| async move {
            // It has ended, then; what follows says so.
            let _ = close.send(stop.deadline());
            let connections = closed.await.map_err(|_| "the server has ended before")?;
            drop(accepting);
            // Without a component that drains, they are dropped here.
            let _ = hand_over.send(connections);
            Ok::<_, StopError>(())
        });
        let requests = Component::new(format!("{name}-requests"), |stop: Stop| async move {
            let connections: Connections = taken.await.map_err(|_| "its intake was not closed")?;
            let Connections {
                farewell,
                mut tasks,
            } = connections;
            let left = stop.deadline().saturating_duration_since(clock::instant());
            farewell.send_replace(Some(FAREWELL.min(left / 2)));
            let drained = async { while tasks.join_next().await.is_some() {} };
            if stop.hurry().run_until_cancelled(drained).await.is_some() {
                return Ok(());
            }
            let cut = tasks.len();
            Err::<_, StopError>(format!("{cut} connections were cut").into())
        });
        (intake, requests)
    }
}

async fn accept<F>(
    listener: TcpListener,
    serve: impl Fn(TcpStream, Farewell) -> F,
    mut close: oneshot::Receiver<Instant>,
    done: oneshot::Sender<Connections>,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let farewell = watch::Sender::new(None);
    let mut tasks = JoinSet::new();
    let mut last = clock::instant();
    let deadline = loop {
        let stream = tokio::select! {
            biased;
            deadline = &mut close => break deadline,
            Some(_ended) = tasks.join_next() => continue,
            stream = next(&listener) => stream,
        };
        tasks.spawn(serve(stream, farewell.subscribe()));
        last = clock::instant();
    };
    // Nobody will take them if the server was dropped.
    let Ok(deadline) = deadline else {
        return;
    };
    let now = clock::instant();
    let until = now + LATE.min(deadline.saturating_duration_since(now) / 4);
    while let Some(stream) = next_before(&listener, until.min(last + QUIET)).await {
        tasks.spawn(serve(stream, farewell.subscribe()));
        last = clock::instant();
    }
    newcomers::turn_away(&listener);
    let until = deadline.min(clock::instant() + EMPTYING);
    while let Some(stream) = next_before(&listener, until.min(clock::instant() + LULL)).await {
        tasks.spawn(serve(stream, farewell.subscribe()));
    }
    drop(listener);
    let _ = done.send(Connections { farewell, tasks });
}

/// The next connection, if it comes before. One that is there already is taken in any case.
async fn next_before(listener: &TcpListener, time: Instant) -> Option<TcpStream> {
    let next = tokio::time::timeout_at(time.into(), next(listener));
    next.await.ok()
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
