//! Accepts connections, looks after them, and ends them in order: the one place that owns the
//! server's sockets, timers and tasks.
//!
//! It holds no decision: who is overdue is judged in `bounds`, who gives way in `eviction`.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::{Request, Response};
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep};

use super::bounds::{Bounds, Judgement, Phase};
use super::connection::Connection;
use super::eviction::Queue;
use super::limits::Limits;
use super::listener::Acceptor;
use super::record::{Record, Sitter};
use super::shared::Shared;
use super::stream::Socket;
use crate::body::Body;
use crate::clock;

/// Ended connections whose records may await a sweep beyond as many as are open.
const SWEEP_SLACK: usize = 64;

/// The driver of one server.
pub(crate) struct Driver<S> {
    builder: Arc<http1::Builder>,
    service: S,
    limits: Limits,
    bounds: Bounds,
    shared: Arc<Shared>,
    connections: Queue<Sitter>,
    alarm: Alarm,
}

/// A timer that is set only while there is something to look after: an idle server never wakes.
struct Alarm {
    sleep: Pin<Box<Sleep>>,
    set: bool,
    /// Whether the timer knows whom to wake. The driver's waker never changes, so that once is
    /// enough.
    armed: bool,
}

impl Alarm {
    fn new() -> Self {
        Self {
            sleep: Box::pin(tokio::time::sleep_until(clock::now())),
            set: false,
            armed: false,
        }
    }

    fn set(&mut self, at: Instant) {
        self.sleep.as_mut().reset(at);
        self.set = true;
        self.armed = false;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.set || (self.armed && !self.sleep.is_elapsed()) {
            return Poll::Pending;
        }
        self.armed = true;
        ready!(self.sleep.as_mut().poll(cx));
        self.set = false;
        Poll::Ready(())
    }
}

enum Event {
    Close,
    Look,
    Accepted(io::Result<Socket>),
}

impl<S> Driver<S>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + Unpin,
{
    /// Must be called in the runtime that will run it.
    pub(crate) fn new(service: S, limits: Limits, shared: Arc<Shared>) -> Self {
        let mut http = http1::Builder::new();
        // No header timeout of hyper's: `bounds` has one that, unlike hyper's, tells a slow head
        // from an idle connection, and costs no timer per request.
        http.header_read_timeout(None)
            .half_close(true)
            .max_buf_size(limits.header_size)
            .max_header_size(limits.header_size);
        Self {
            builder: Arc::new(http),
            service,
            bounds: Bounds::new(&limits),
            limits,
            shared,
            connections: Queue::new(),
            alarm: Alarm::new(),
        }
    }

    /// Serves until told to close or until the teller is dropped, then closes.
    pub(crate) async fn run(mut self, acceptor: Acceptor, mut close: oneshot::Receiver<()>) {
        let mut failures = 0_u32;
        let mut pause: Option<Pin<Box<Sleep>>> = None;
        loop {
            let alarm = &mut self.alarm;
            let event = std::future::poll_fn(|cx| {
                if Pin::new(&mut close).poll(cx).is_ready() {
                    return Poll::Ready(Event::Close);
                }
                if alarm.poll(cx).is_ready() {
                    return Poll::Ready(Event::Look);
                }
                if let Some(sleep) = &mut pause {
                    ready!(sleep.as_mut().poll(cx));
                    pause = None;
                }
                acceptor.poll_accept(cx).map(Event::Accepted)
            })
            .await;
            match event {
                Event::Close => break,
                Event::Look => self.look(),
                Event::Accepted(Ok(socket)) => {
                    failures = 0;
                    self.admit(socket);
                }
                Event::Accepted(Err(error)) => {
                    self.shared.counters.accept_failed();
                    if let Some(wait) = backoff(&error, failures) {
                        if failures == 0 {
                            tracing::warn!(%error, "cannot accept connections; trying again");
                        }
                        failures = failures.saturating_add(1);
                        // Closing one of ours frees what is most often lacking: a descriptor.
                        self.evict();
                        pause = Some(Box::pin(tokio::time::sleep(wait)));
                    }
                }
            }
        }
        self.close(acceptor).await;
    }

    /// Spawns a connection, in the place of another if there is no room.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the driver: it ends what it spawns"
    )]
    fn admit(&mut self, socket: Socket) {
        self.shared.counters.accepted();
        while self.shared.open() >= self.limits.connections && self.evict() {}
        if !self.alarm.set {
            let now = clock::now();
            self.shared.set_now(now);
            self.alarm.set(now + self.limits.tick());
        }
        if self.connections.len() > 2 * self.shared.open() + SWEEP_SLACK {
            self.connections.sweep();
        }
        let record = if let Some(record) = self.shared.take_free() {
            record.reseat(socket);
            record
        } else {
            let record = Record::seat(&self.shared, socket);
            // The handle is let go: the record ends the task, and counts its connection's end.
            drop(tokio::spawn(Connection::new(
                self.builder.clone(),
                self.service.clone(),
                record.clone(),
            )));
            record
        };
        self.connections.push(Sitter::of(record));
    }

    /// Ends the connection that has to give way; false if there is none.
    fn evict(&mut self) -> bool {
        while let Some((connection, rank)) = self.connections.next() {
            if connection.kill() {
                self.shared.counters.evicted(rank);
                return true;
            }
        }
        false
    }

    /// Looks after the open connections, and comes back for as long as there are any.
    fn look(&mut self) {
        let at = clock::now();
        let now = self.shared.set_now(at);
        self.connections.sweep();
        for connection in self.connections.iter() {
            match self.bounds.judge(connection.view(), now) {
                Judgement::Keep => {}
                Judgement::Retire => connection.retire(),
                Judgement::End(overdue) => {
                    if connection.kill() {
                        self.shared.counters.timed_out(overdue);
                    }
                }
            }
        }
        if self.shared.connections() > 0 {
            self.alarm.set(at + self.limits.tick());
        }
    }

    /// Serves who is queued, lets requests in flight finish, and cuts what remains.
    async fn close(&mut self, acceptor: Acceptor) {
        let began = clock::now();
        // Stamps from here on are compared with this one.
        let began_millis = self.shared.set_now(began);
        self.shared.begin_closing();
        if let Err(error) = self.empty(acceptor) {
            tracing::warn!(%error, "connections that were queued when closing began may be lost");
        }
        let farewell = u64::try_from(self.limits.farewell.as_millis()).unwrap_or(u64::MAX);
        let tick = self
            .limits
            .tick()
            .min(self.limits.farewell / 5)
            .max(Duration::from_millis(10));
        let mut cut = false;
        while self.shared.connections() > 0 {
            let at = clock::now();
            let now = self.shared.set_now(at);
            self.connections.sweep();
            let overtime = at.saturating_duration_since(began) >= self.limits.closing;
            for connection in self.connections.iter() {
                let view = connection.view();
                let silent = view.phase == Phase::Waiting
                    && now.saturating_sub(view.since.max(began_millis)) >= farewell;
                if overtime {
                    if connection.kill() {
                        self.shared.counters.cut_at_close();
                    }
                } else if silent || matches!(self.bounds.judge(view, now), Judgement::End(_)) {
                    connection.kill();
                }
            }
            if cut {
                // All were told a tick ago. A task that still runs is stuck in its service.
                break;
            }
            cut = overtime;
            self.alarm.set(at + tick);
            let ended = self.shared.ended.notified();
            let mut ended = std::pin::pin!(ended);
            let alarm = &mut self.alarm;
            std::future::poll_fn(|cx| {
                if ended.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(());
                }
                alarm.poll(cx)
            })
            .await;
        }
        while let Some(record) = self.shared.take_free() {
            record.dismiss();
        }
    }

    /// Accepts what is queued and closes the listener.
    fn empty(&mut self, acceptor: Acceptor) -> io::Result<()> {
        let queue = acceptor.into_queue()?;
        // Newcomers could keep this up for ever; the queue itself is no longer than this.
        for _ in 0..2 * (usize::from(self.limits.backlog) + 1) {
            match queue.accept() {
                Ok(Some(socket)) => self.admit(socket),
                Ok(None) => return Ok(()),
                Err(error) if backoff(&error, 0).is_none() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// How long to wait after a failed accept; `None` if only that one connection failed.
fn backoff(error: &io::Error, failures: u32) -> Option<Duration> {
    match error.kind() {
        io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::Interrupted => None,
        _ => Some(Duration::from_millis(10 << failures.min(6))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_failures_back_off_up_to_a_bound() {
        let lacking = io::Error::from_raw_os_error(24);
        let waits: Vec<_> = [0, 1, 5, 6, 7, 1000].map(|n| backoff(&lacking, n)).to_vec();
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(waits, [ms(10), ms(20), ms(320), ms(640), ms(640), ms(640)]);
        assert_eq!(backoff(&io::ErrorKind::ConnectionAborted.into(), 3), None);
    }
}
