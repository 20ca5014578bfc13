//! The futures of the service: an answer, at hand or still waited for.
//!
//! They hold no decision: what is answered was settled before.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::Response;

use crate::body::Body;

/// The answer to a request, as a future. Cancel safe.
#[must_use = "an answer must be awaited"]
pub struct Answer(State);

impl Answer {
    /// It is at hand.
    pub(crate) fn ready(response: Response<Body>) -> Self {
        Self(State::Ready(Some(response)))
    }

    /// It has to be waited for.
    pub(crate) fn waiting(answer: impl Future<Output = Response<Body>> + Send + 'static) -> Self {
        Self(State::Waiting(Box::pin(answer)))
    }
}

enum State {
    /// `None` once taken.
    Ready(Option<Response<Body>>),
    Waiting(Pin<Box<dyn Future<Output = Response<Body>> + Send>>),
}

impl Future for Answer {
    type Output = Response<Body>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response<Body>> {
        match &mut self.get_mut().0 {
            State::Ready(response) => response.take().map_or(Poll::Pending, Poll::Ready),
            State::Waiting(answer) => answer.as_mut().poll(cx),
        }
    }
}

/// An [`Answer`] as a fallible future, which the service traits ask for. It never fails.
#[must_use = "an answer must be awaited"]
pub struct Infallibly(pub(crate) Answer);

impl Future for Infallibly {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.get_mut().0).poll(cx).map(Ok)
    }
}
