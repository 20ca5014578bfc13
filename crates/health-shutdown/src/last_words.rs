//! Writes to stderr and stdout without ever being held up by them.

use std::io::{self, Write};
use std::sync::mpsc;
use std::thread::Builder;
use std::time::Duration;

use crate::clock;

#[cfg(not(unix))]
pub(crate) use std::io::Write as Stream;
#[cfg(unix)]
pub(crate) use std::os::fd::AsFd as Stream;

/// Writes `text` to `stream` from this very thread, as far as that can be done without waiting;
/// gives what is left. A thread of its own may get no turn in time on a busy machine.
///
/// It goes past the buffer of [`io::stdout`], whose lock may be held for good.
pub(crate) fn write_at_once(stream: &impl Stream, text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    let left = bytes.get(try_write(stream, bytes)..).unwrap_or_default();
    (!left.is_empty()).then(|| left.to_owned())
}

/// How much of it was written. By pwritev2(2), with the offset -1 it goes where it would go anyway,
/// and with `RWF_NOWAIT` it fails where it would have to wait, or where that cannot be known.
#[cfg(target_os = "linux")]
fn try_write(stream: &impl Stream, bytes: &[u8]) -> usize {
    use rustix::io::{ReadWriteFlags, pwritev2};

    let bytes = [io::IoSlice::new(bytes)];
    pwritev2(stream, &bytes, u64::MAX, ReadWriteFlags::NOWAIT).unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
fn try_write(_stream: &impl Stream, _bytes: &[u8]) -> usize {
    0
}

/// Writes both, each on a thread of its own, and waits for them for `patience` at most: either
/// may be a full pipe that nobody reads.
pub(crate) fn write(stderr: Option<Vec<u8>>, stdout: Option<Vec<u8>>, patience: Duration) {
    let (done, written) = mpsc::channel();
    let mut writers = 0;
    let error = stderr.map(|text| (Box::new(io::stderr()) as Box<dyn Write + Send>, text));
    let output = stdout.map(|text| (Box::new(io::stdout()) as Box<dyn Write + Send>, text));
    for (mut stream, text) in error.into_iter().chain(output) {
        let done = done.clone();
        let write = move || {
            let _ = stream.write_all(&text).and_then(|()| stream.flush());
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
