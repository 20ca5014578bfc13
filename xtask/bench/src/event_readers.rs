//! Many readers of a stream of events at once, and what each of them misses.
//!
//! The server numbers what it says: `flip N` in a message, one after another.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Two beats of the server and a little; a reader that hears nothing for so long is cut off.
const SILENCE: Duration = Duration::from_secs(12);
const REQUEST: &[u8] = b"GET /health/events HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// What is known of them while they read.
#[derive(Debug, Default)]
pub(crate) struct Readers {
    /// So many have heard something.
    pub(crate) connected: AtomicU64,
    /// When it is set, they stop.
    pub(crate) done: AtomicBool,
}

/// What they came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Flips, by all of them.
    pub(crate) flips: u64,
    /// The fewest that one has heard.
    pub(crate) fewest: u64,
    /// Flips that one missed between two that it heard, over all.
    pub(crate) lost: u64,
    /// Readers whose stream ended, or never began.
    pub(crate) cut: u64,
}

/// Reads with `count` readers until they are told to stop.
pub(crate) fn read(
    addr: SocketAddr,
    count: usize,
    readers: &Arc<Readers>,
) -> std::io::Result<Heard> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for _ in 0..count {
            let readers = Arc::clone(readers);
            tasks.spawn(async move { one(addr, &readers).await });
        }
        let mut all = Heard {
            fewest: u64::MAX,
            ..Heard::default()
        };
        while let Some(one) = tasks.join_next().await {
            let (followed, cut) = one.unwrap_or_default();
            all.flips += followed.flips;
            all.fewest = all.fewest.min(followed.flips);
            all.lost += followed.lost;
            all.cut += u64::from(cut);
        }
        Ok(all)
    })
}

/// One reader; and whether it was cut off.
async fn one(addr: SocketAddr, readers: &Readers) -> (Followed, bool) {
    let mut followed = Followed::default();
    let Ok(stream) = TcpStream::connect(addr).await else {
        return (followed, true);
    };
    // A fresh connection takes so little whole.
    let sent = stream
        .writable()
        .await
        .and_then(|()| stream.try_write(REQUEST));
    if !sent.is_ok_and(|sent| sent == REQUEST.len()) {
        return (followed, true);
    }
    let mut chunk = [0; 4096];
    let mut first = true;
    while !readers.done.load(Ordering::Acquire) {
        let ready = tokio::time::timeout(SILENCE, stream.readable()).await;
        let length = match ready.map(|_| stream.try_read(&mut chunk)) {
            Ok(Ok(length @ 1..)) => length,
            Ok(Err(error)) if error.kind() == ErrorKind::WouldBlock => continue,
            _ => return (followed, true),
        };
        if std::mem::take(&mut first) {
            readers.connected.fetch_add(1, Ordering::AcqRel);
        }
        followed.take(chunk.get(..length).unwrap_or_default());
    }
    (followed, false)
}

const MARK: &[u8] = b"\"message\":\"flip ";

/// The flips in a stream that comes in pieces.
#[derive(Debug, Default)]
struct Followed {
    flips: u64,
    lost: u64,
    last: Option<u64>,
    /// How much of the mark was just heard.
    matched: usize,
    /// The number after it, as far as it was heard.
    number: Option<u64>,
}

impl Followed {
    fn take(&mut self, piece: &[u8]) {
        for &byte in piece {
            match (self.number, byte) {
                (Some(number), b'0'..=b'9') => {
                    self.number = Some(number * 10 + u64::from(byte - b'0'));
                }
                (Some(number), _) => {
                    self.number = None;
                    self.heard(number);
                }
                (None, _) if MARK.get(self.matched) == Some(&byte) => {
                    self.matched += 1;
                    if self.matched == MARK.len() {
                        self.matched = 0;
                        self.number = Some(0);
                    }
                }
                // The mark begins with a quote, and has none that would begin it anew.
                (None, _) => self.matched = usize::from(MARK.first() == Some(&byte)),
            }
        }
    }

    fn heard(&mut self, number: u64) {
        if let Some(last) = self.last {
            self.lost += number.saturating_sub(last + 1);
        }
        self.last = Some(number);
        self.flips += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flips_are_found_in_whatever_pieces_they_come() {
        let event = |number: u64| {
            format!(
                "event: transition\ndata: {{\"message\":\"flip {number} xx\",\"name\":\"f\"}}\n\n"
            )
        };
        let stream: String = [7, 8, 11, 12].map(event).concat();
        for size in 1..stream.len() {
            let mut followed = Followed::default();
            for piece in stream.as_bytes().chunks(size) {
                followed.take(piece);
            }
            let Followed {
                flips, lost, last, ..
            } = followed;
            assert_eq!((flips, lost, last), (4, 2, Some(12)), "pieces of {size}");
        }
        let mut followed = Followed::default();
        followed.take(b"{\"message\":\"\"message\":\"flip 3 \"");
        assert_eq!(followed.last, Some(3));
    }
}
