//! The task of a connection: hyper, until the connection ends or is told to, and then the next
//! connection.
//!
//! It decides nothing: the driver says who must go. Tasks are used again because making one costs
//! a tenth of a probe.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

use super::gate::Gate;
use super::record::Record;
use super::stream::Stream;
use crate::body::Body;

/// A seat for connections, to be spawned as a task of its own.
#[must_use = "a connection does nothing unless spawned"]
pub(crate) struct Connection<S>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
    S::Future: Unpin,
{
    builder: Arc<http1::Builder>,
    service: S,
    http: Option<http1::Connection<TokioIo<Stream>, Gate<S>>>,
    record: Arc<Record>,
}

impl<S> Connection<S>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone,
    S::Future: Unpin,
{
    pub(crate) fn new(builder: Arc<http1::Builder>, service: S, record: Arc<Record>) -> Self {
        Self {
            builder,
            service,
            http: None,
            record,
        }
    }
}

/// Nothing in it is pinned: the service is only cloned and called.
impl<S> Unpin for Connection<S>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
    S::Future: Unpin,
{
}

impl<S> Drop for Connection<S>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
    S::Future: Unpin,
{
    /// Also when the service panicked or the runtime was shut down.
    fn drop(&mut self) {
        if self.http.take().is_some() {
            self.record.end();
        }
        self.record.vacate();
    }
}

impl<S> Future for Connection<S>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone,
    S::Future: Unpin,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        loop {
            let Some(http) = &mut this.http else {
                let Some(socket) = ready!(this.record.poll_next(cx.waker())) else {
                    return Poll::Ready(());
                };
                let stream = TokioIo::new(Stream::new(socket, this.record.clone()));
                let gate = Gate::new(this.service.clone(), this.record.clone());
                this.http = Some(this.builder.serve_connection(stream, gate));
                continue;
            };
            if !this.record.is_killed()
                && let Err(error) = ready!(Pin::new(http).poll(cx))
            {
                // What strangers do wrong is no event of this service.
                tracing::trace!(%error, "connection ended");
            }
            this.http = None;
            if !this.record.shared.free(&this.record) {
                return Poll::Ready(());
            }
        }
    }
}
