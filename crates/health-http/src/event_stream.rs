//! The stream of events as the body of a response: one subscription, a beat while nothing
//! happens, and an end when the server closes.
//!
//! It keeps nothing for a slow reader: what it cannot take in time is lost to it, counted, and
//! told (see `Notice::Missed`).

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use health_core::{Health, Subscription};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{Method, Response};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::body::Body;
use crate::clock;
use crate::events;
use crate::mount::{Asked, Mounted};

/// How long a reader hears nothing at most.
const BEAT: Duration = Duration::from_secs(5);

/// Tells proxies (nginx's `X-Accel-Buffering`) to pass events on as they come.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Answers `/health/events`.
#[derive(Debug)]
pub(crate) struct Events;

impl Mounted for Events {
    fn answer(&self, asked: &Asked<'_>) -> Response<Body> {
        // On HEAD the headers are all there is.
        let body = if asked.method == Method::HEAD {
            Body::empty()
        } else {
            Body::events(EventStream::new(asked.health.clone()))
        };
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(UNBUFFERED, HeaderValue::from_static("no"));
        response
    }
}

type Step = Pin<Box<dyn Future<Output = (Source, Option<Bytes>)> + Send + Sync>>;

/// What is sent next, once there is something.
pub(crate) struct EventStream {
    step: Step,
    ending: Option<Ending>,
}

impl EventStream {
    pub(crate) fn new(health: Health) -> Self {
        let source = Source {
            notices: health.subscribe(),
            greeted: false,
            beat: None,
            health,
        };
        Self {
            step: Box::pin(source.next()),
            ending: None,
        }
    }

    /// Ends the stream when `ending` says so.
    pub(crate) fn until(&mut self, ending: Ending) {
        self.ending = Some(ending);
    }

    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(ending) = &mut self.ending
            && ending.poll(cx).is_ready()
        {
            return Poll::Ready(None);
        }
        match self.step.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready((source, bytes)) => {
                self.step = Box::pin(source.next());
                Poll::Ready(bytes)
            }
        }
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").finish_non_exhaustive()
    }
}

struct Source {
    /// Keeps the node alive as long as somebody watches it; its end ends the stream.
    health: Health,
    notices: Subscription,
    greeted: bool,
    beat: Option<Interval>,
}

impl Source {
    async fn next(mut self) -> (Self, Option<Bytes>) {
        if !self.greeted {
            self.greeted = true;
            let (status, at) = self.now();
            return (self, Some(events::greeting(status, at)));
        }
        let beat = self.beat.get_or_insert_with(|| {
            let mut beat = interval(BEAT);
            beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            beat.reset();
            beat
        });
        loop {
            tokio::select! {
                notice = self.notices.next() => match notice {
                    None => return (self, None),
                    Some(notice) => if let Some(event) = events::event(&notice) {
                        return (self, Some(event));
                    },
                },
                _ = beat.tick() => break,
            }
        }
        let (status, at) = self.now();
        (self, Some(events::beat(status, at)))
    }

    fn now(&self) -> (health_core::NodeStatus, SystemTime) {
        let verdict = self.health.verdict(health_core::Probe::Health);
        (verdict.status, clock::wall())
    }
}

/// When a stream has to end although there is more to tell.
pub(crate) struct Ending {
    is_over: Box<dyn Fn() -> bool + Send + Sync>,
    told: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
}

impl Ending {
    /// Over when `is_over` says so; `told` wakes the stream to ask again.
    pub(crate) fn new(
        is_over: impl Fn() -> bool + Send + Sync + 'static,
        told: impl Future<Output = ()> + Send + Sync + 'static,
    ) -> Self {
        Self {
            is_over: Box::new(is_over),
            told: Box::pin(told),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if (self.is_over)() || self.told.as_mut().poll(cx).is_ready() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}
