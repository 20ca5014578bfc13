//! Stands before the service: bounds the requests in flight, and announces a connection's end.
//!
//! It answers nothing itself but the 503 of a full house.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONNECTION, HeaderValue, RETRY_AFTER};
use hyper::service::Service;
use hyper::{Request, Response, StatusCode};

use super::bounds::Phase;
use super::record::Record;
use crate::body::Body;

/// The service of one connection.
#[derive(Debug)]
pub(crate) struct Gate<S> {
    service: S,
    record: Arc<Record>,
}

impl<S> Gate<S> {
    pub(crate) fn new(service: S, record: Arc<Record>) -> Self {
        Self { service, record }
    }
}

/// A request in flight.
#[derive(Debug)]
struct Ticket(Arc<Record>);

impl Ticket {
    /// Takes a place; `Err` when there is none.
    fn take(record: &Arc<Record>) -> Result<Self, ()> {
        let shared = &record.shared;
        let ticket = Self(record.clone());
        if shared.in_flight.fetch_add(1, Ordering::Relaxed) < shared.max_in_flight {
            Ok(ticket)
        } else {
            shared.counters.refused();
            Err(())
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.shared.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The answer to one request.
#[derive(Debug)]
pub(crate) struct Answer<F> {
    /// None once answered or refused.
    work: Option<F>,
    /// Held by a request that has to wait: what is known already takes no place from anybody.
    ticket: Option<Ticket>,
    record: Arc<Record>,
}

impl<F> Answer<F>
where
    F: Future<Output = Result<Response<Body>, Infallible>> + Unpin,
{
    /// The service's response, or the refusal of a request that would have to wait.
    fn poll_work(&mut self, cx: &mut Context<'_>) -> Poll<Response<Body>> {
        if let Some(work) = &mut self.work {
            match Pin::new(work).poll(cx) {
                Poll::Ready(Ok(response)) => return Poll::Ready(response),
                Poll::Ready(Err(never)) => match never {},
                Poll::Pending if self.ticket.is_some() => return Poll::Pending,
                Poll::Pending => {
                    if let Ok(ticket) = Ticket::take(&self.record) {
                        self.ticket = Some(ticket);
                        return Poll::Pending;
                    }
                }
            }
        }
        Poll::Ready(full_house())
    }
}

impl<F> Future for Answer<F>
where
    F: Future<Output = Result<Response<Body>, Infallible>> + Unpin,
{
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let mut response = ready!(this.poll_work(cx));
        (this.work, this.ticket) = (None, None);
        response.body_mut().until(|| this.record.ending());
        this.record.enter(Phase::Answered);
        if this.record.is_last() {
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Poll::Ready(Ok(response))
    }
}

fn full_house() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

impl<S> Service<Request<Incoming>> for Gate<S>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>,
    S::Future: Unpin,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer<S::Future>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.record.enter(Phase::Serving);
        self.record.shared.counters.request();
        Answer {
            work: Some(self.service.call(request)),
            ticket: None,
            record: self.record.clone(),
        }
    }
}
