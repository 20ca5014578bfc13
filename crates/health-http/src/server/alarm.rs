//! The driver's timer.
//!
//! It does not know what it is set for.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep};

use crate::clock;

/// A timer that is set only while there is something to look after: an idle server never wakes.
pub(crate) struct Alarm {
    sleep: Pin<Box<Sleep>>,
    set: bool,
    /// Whether the timer knows whom to wake. The driver's waker never changes, so that once is
    /// enough.
    armed: bool,
}

impl Alarm {
    pub(crate) fn new() -> Self {
        Self {
            sleep: Box::pin(tokio::time::sleep_until(clock::now())),
            set: false,
            armed: false,
        }
    }

    pub(crate) fn is_set(&self) -> bool {
        self.set
    }

    pub(crate) fn set(&mut self, at: Instant) {
        self.sleep.as_mut().reset(at);
        self.set = true;
        self.armed = false;
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.set || (self.armed && !self.sleep.is_elapsed()) {
            return Poll::Pending;
        }
        self.armed = true;
        ready!(self.sleep.as_mut().poll(cx));
        self.set = false;
        Poll::Ready(())
    }
}
