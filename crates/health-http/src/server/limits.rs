//! What a server allows a peer: every bound with its default.
//!
//! It enforces nothing.

use std::time::Duration;

/// The least header size that hyper can hold to.
const MIN_HEADER_SIZE: usize = 8 * 1024;

/// The bounds of a server. Each has a default that suits probes; a builder changes them.
///
/// ```
/// use std::time::Duration;
/// use health_http::server::Limits;
///
/// let limits = Limits::default().connections(64).header_timeout(Duration::from_secs(2));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    pub(crate) header_timeout: Duration,
    pub(crate) header_size: usize,
    pub(crate) connections: usize,
    pub(crate) requests: usize,
    pub(crate) age: Duration,
    pub(crate) idle: Duration,
    pub(crate) write_stall: Duration,
    pub(crate) send_buffer: usize,
    pub(crate) backlog: u16,
    pub(crate) farewell: Duration,
    pub(crate) closing: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(5),
            header_size: 16 * 1024,
            connections: 512,
            requests: 256,
            age: Duration::from_mins(5),
            idle: Duration::from_mins(1),
            write_stall: Duration::from_secs(10),
            send_buffer: 128 * 1024,
            backlog: 1024,
            farewell: Duration::from_millis(500),
            closing: Duration::from_secs(5),
        }
    }
}

impl Limits {
    /// How long a request's head may take from its first byte, and a new connection to send one:
    /// 5 s.
    pub fn header_timeout(mut self, limit: Duration) -> Self {
        self.header_timeout = limit;
        self
    }

    /// The bytes of a request's head; longer ones get 431: 16 KiB, at least 8 KiB.
    pub fn header_size(mut self, limit: usize) -> Self {
        self.header_size = limit.max(MIN_HEADER_SIZE);
        self
    }

    /// The connections held open at once: 512, at least 1.
    ///
    /// At this number a newcomer takes the place of another connection. The default leaves half
    /// of the usual 1024 descriptors to the application, and holds the worst case (every
    /// connection with a partial header) to 13 MiB.
    pub fn connections(mut self, limit: usize) -> Self {
        self.connections = limit.max(1);
        self
    }

    /// The requests that may wait at once: 256, at least 1. One more that would have to wait gets
    /// 503 at once; what is answered from memory takes no place.
    ///
    /// Answers come from memory, so only requests that wait for an on-demand check count for long.
    pub fn requests(mut self, limit: usize) -> Self {
        self.requests = limit.max(1);
        self
    }

    /// How old a connection may grow: 5 min. Its next response says `connection: close`; one that
    /// is still open a [`write_stall`](Self::write_stall) later is cut.
    pub fn age(mut self, limit: Duration) -> Self {
        self.age = limit;
        self
    }

    /// How long a connection may wait between requests: 60 s, longer than the interval of any
    /// common prober.
    pub fn idle(mut self, limit: Duration) -> Self {
        self.idle = limit;
        self
    }

    /// How long a response may wait for a reader who takes nothing: 10 s.
    pub fn write_stall(mut self, limit: Duration) -> Self {
        self.write_stall = limit;
        self
    }

    /// The kernel's send buffer of one connection, in bytes: 128 KiB; 0 leaves it to the system.
    ///
    /// What a slow reader can pin.
    pub fn send_buffer(mut self, bytes: usize) -> Self {
        self.send_buffer = bytes;
        self
    }

    /// The connections that the system queues before they are accepted: 1024.
    ///
    /// The system has a maximum of its own (`net.core.somaxconn` on Linux).
    pub fn backlog(mut self, connections: u16) -> Self {
        self.backlog = connections.max(1);
        self
    }

    /// Once closing began, how long a silent connection may still send a request: 500 ms.
    ///
    /// A request that is already on its way is answered instead of reset.
    pub fn farewell(mut self, limit: Duration) -> Self {
        self.farewell = limit;
        self
    }

    /// How long closing may take: 5 s. Then what is still open is cut.
    pub fn closing(mut self, limit: Duration) -> Self {
        self.closing = limit;
        self
    }

    /// How often open connections are looked at: a fifth of the shortest bound, between 10 ms and
    /// 1 s. A bound is kept to within two of these.
    pub(crate) fn tick(&self) -> Duration {
        let shortest = self
            .header_timeout
            .min(self.idle)
            .min(self.write_stall)
            .min(self.age);
        (shortest / 5).clamp(Duration::from_millis(10), Duration::from_secs(1))
    }

    /// The same while closing.
    pub(crate) fn closing_tick(&self) -> Duration {
        self.tick()
            .min(self.farewell / 5)
            .max(Duration::from_millis(10))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tick_follows_the_shortest_bound() {
        let ms = Duration::from_millis;
        assert_eq!(Limits::default().tick(), ms(1000));
        assert_eq!(Limits::default().header_timeout(ms(100)).tick(), ms(20));
        assert_eq!(Limits::default().idle(ms(1)).tick(), ms(10));
        assert_eq!(
            Limits::default().header_timeout(ms(60_000)).tick(),
            ms(1000)
        );
    }

    #[test]
    fn bounds_that_would_stop_the_server_are_raised() {
        let limits = Limits::default()
            .connections(0)
            .requests(0)
            .header_size(1)
            .backlog(0);
        assert_eq!((limits.connections, limits.requests), (1, 1));
        assert_eq!((limits.header_size, limits.backlog), (8192, 1));
    }
}
