//! A service beside its node: it takes requests, counts them, and answers none.
//!
//! It ends with the test's process.

use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub(super) struct Mute {
    pub(super) address: String,
    taken: Arc<AtomicUsize>,
}

impl Mute {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&taken);
        let count = move || {
            for stream in listener.incoming().flatten() {
                if has_request(&stream) {
                    counter.fetch_add(1, Ordering::SeqCst);
                }
            }
        };
        let thread = std::thread::Builder::new().name("mute".to_owned());
        thread.spawn(count).unwrap();
        Self { address, taken }
    }

    /// How many requests came since it was asked before.
    pub(super) fn take(&self) -> usize {
        self.taken.swap(0, Ordering::SeqCst)
    }
}

/// Reads to the end of a head: what is closed with it unread is reset.
fn has_request(stream: &TcpStream) -> bool {
    let mut lines = BufReader::new(stream).lines();
    lines.any(|line| line.is_ok_and(|line| line.is_empty()))
}
