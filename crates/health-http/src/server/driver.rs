//! Accepts connections, looks after them, and ends them in order: the one place that owns the
//! server's sockets, timers and tasks.
//!
//! It holds no decision: who is overdue is judged in `bounds`, who gives way in `eviction`,
//! who has been heard out in `farewell`.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::{Request, Response};
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep};

use super::alarm::Alarm;
use super::backoff::backoff;
use super::bounds::{Bounds, Judgement, suspension};
use super::connection::Connection;
use super::eviction::Queue;
use super::farewell::Farewell;
use super::limits::Limits;
use super::listener::Acceptor;
use super::record::{Record, Sitter};
use super::shared::Shared;
use super::stream::Socket;
use crate::body::Body;
use crate::clock;

/// Ended connections whose records may await a sweep beyond as many as are open.
const SWEEP_SLACK: usize = 64;

/// Connections accepted before those accepted get their turn: a burst must not push out of a full
/// house who was never heard.
const BURST: usize = 32;

/// How often a full house gets a turn to make room for one who is queued at closing.
const TURNS: usize = 100;

/// The driver of one server.
pub(crate) struct Driver<S> {
    builder: Arc<http1::Builder>,
    service: S,
    limits: Limits,
    bounds: Bounds,
    shared: Arc<Shared>,
    connections: Queue<Sitter>,
    alarm: Alarm,
    /// When the next look is due.
    due: Instant,
    /// Time in which nobody could do anything: it counts against no connection.
    forgiven: Duration,
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
            due: clock::now(),
            forgiven: Duration::ZERO,
        }
    }

    /// Serves until told to close or until the teller is dropped, then closes.
    pub(crate) async fn run(mut self, acceptor: Acceptor, mut close: oneshot::Receiver<()>) {
        let burst = BURST.min(self.limits.connections.div_ceil(4));
        let mut accepted = 0_usize;
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
                    accepted = accepted.wrapping_add(1);
                    if accepted.is_multiple_of(burst) {
                        tokio::task::yield_now().await;
                    }
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
        if !self.alarm.is_set() {
            let at = clock::now();
            self.set_now(at);
            self.set_alarm(at);
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
        self.forgiven += suspension(at.saturating_duration_since(self.due));
        let now = self.set_now(at);
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
            self.set_alarm(at);
        }
    }

    fn set_alarm(&mut self, at: Instant) {
        self.due = at + self.limits.tick();
        self.alarm.set(self.due);
    }

    /// Sets the coarse clock, by which connections are judged.
    fn set_now(&self, at: Instant) -> u64 {
        self.shared
            .set_now(at.checked_sub(self.forgiven).unwrap_or(at))
    }

    /// Serves who is queued, lets requests in flight finish, and cuts what remains.
    async fn close(&mut self, acceptor: Acceptor) {
        let began = clock::now();
        self.shared.begin_closing();
        if let Err(error) = self.empty(acceptor).await {
            tracing::warn!(%error, "connections that were queued when closing began may be lost");
        }
        let mut farewell = Farewell::new(self.set_now(clock::now()), self.limits.farewell);
        let tick = self.limits.closing_tick();
        let mut cut = false;
        while self.shared.connections() > 0 {
            let at = clock::now();
            let now = self.set_now(at);
            self.connections.sweep();
            farewell.look();
            let overtime = at.saturating_duration_since(began) >= self.limits.closing;
            for connection in self.connections.iter() {
                let view = connection.view();
                if overtime {
                    if connection.kill() {
                        self.shared.counters.cut_at_close();
                    }
                } else if farewell.is_over(view, now)
                    || matches!(self.bounds.judge(view, now), Judgement::End(_))
                {
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
    async fn empty(&mut self, acceptor: Acceptor) -> io::Result<()> {
        let queue = acceptor.into_queue()?;
        // Newcomers could keep this up for ever; the queue itself is no longer than this.
        for _ in 0..2 * (usize::from(self.limits.backlog) + 1) {
            for _ in 0..TURNS {
                if self.shared.open() < self.limits.connections {
                    break;
                }
                tokio::task::yield_now().await;
            }
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
