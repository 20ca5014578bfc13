//! Writes to stderr and stdout without ever being held up by them.

use std::io::{self, Write};
use std::sync::mpsc;
use std::thread::Builder;
use std::time::Duration;

use crate::clock;

/// Writes both, each on a thread of its own, and waits for them for `patience` at most: either
/// may be a full pipe that nobody reads.
pub(crate) fn write(stderr: Option<String>, stdout: Option<String>, patience: Duration) {
    let (done, written) = mpsc::channel();
    let mut writers = 0;
    let error = stderr.map(|text| (Box::new(io::stderr()) as Box<dyn Write + Send>, text));
    let output = stdout.map(|text| (Box::new(io::stdout()) as Box<dyn Write + Send>, text));
    for (mut stream, text) in error.into_iter().chain(output) {
        let done = done.clone();
        let write = move || {
            let _ = stream
                .write_all(text.as_bytes())
                .and_then(|()| stream.flush());
            let _ = done.send(());
        };
        writers += usize::from(Builder::new().spawn(write).is_ok());
    }
    let until = clock::instant() + patience;
    for _ in 0..writers {
        let left = until.saturating_duration_since(clock::instant());
        if written.recv_timeout(left).is_err() {
            return;
        }
    }
}
