//! Reads what a command writes, both streams at once, and keeps the beginning.
//!
//! It neither ends the command nor understands what it wrote.

use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{ChildStderr, ChildStdout};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// What is kept of each stream. Plugins are written for Nagios, which reads the first 4 KiB.
const KEPT: usize = 16 << 10;
/// A command that writes more than this into one stream is broken.
const MOST: u64 = 1 << 20;
const AT_ONCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

/// The beginnings of both streams.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    /// It wrote more than 1 MiB into one of them.
    pub(super) flooded: bool,
}

/// Reads both streams until `ended` hangs up, and then what is still in them; or until one
/// of them holds too much.
pub(super) fn read(
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    ended: &PipeReader,
) -> io::Result<Written> {
    let mut stdout = Stream::new(stdout);
    let mut stderr = Stream::new(stderr);
    let mut over = false;
    loop {
        let ready = wait(&stdout, &stderr, ended, over)?;
        if over && !ready.stdout && !ready.stderr {
            break;
        }
        over |= ready.ended;
        if ready.stdout {
            stdout.read()?;
        }
        if ready.stderr {
            stderr.read()?;
        }
        if stdout.flooded() || stderr.flooded() {
            break;
        }
    }
    Ok(Written {
        flooded: stdout.flooded() || stderr.flooded(),
        stdout: stdout.kept,
        stderr: stderr.kept,
    })
}

struct Ready {
    stdout: bool,
    stderr: bool,
    ended: bool,
}

/// Waits for something to happen, or only looks if the command is `over`.
fn wait(
    stdout: &Stream<ChildStdout>,
    stderr: &Stream<ChildStderr>,
    ended: &PipeReader,
    over: bool,
) -> io::Result<Ready> {
    let mut watched = Vec::with_capacity(3);
    let streams = [
        stdout.open_end(),
        stderr.open_end(),
        (!over).then(|| ended.as_fd()),
    ];
    for end in streams.iter().flatten() {
        watched.push(PollFd::from_borrowed_fd(*end, PollFlags::IN));
    }
    loop {
        match poll(&mut watched, over.then_some(&AT_ONCE)) {
            Ok(_) => break,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut results = watched.iter().map(|end| !end.revents().is_empty());
    let mut ready = |end: bool| end && results.next().unwrap_or(false);
    let [stdout, stderr, ended] = streams.map(|end| ready(end.is_some()));
    Ok(Ready {
        stdout,
        stderr,
        ended,
    })
}

/// One of the streams.
struct Stream<R> {
    /// `None` once it has ended.
    end: Option<R>,
    kept: Vec<u8>,
    read: u64,
}

impl<R: Read + AsFd> Stream<R> {
    fn new(end: Option<R>) -> Self {
        Self {
            end,
            kept: Vec::new(),
            read: 0,
        }
    }

    fn open_end(&self) -> Option<BorrowedFd<'_>> {
        self.end.as_ref().map(AsFd::as_fd)
    }

    fn flooded(&self) -> bool {
        self.read > MOST
    }

    /// Reads once, which does not block as there is something.
    fn read(&mut self) -> io::Result<()> {
        let Some(end) = self.end.as_mut() else {
            return Ok(());
        };
        let mut buffer = [0; 8 << 10];
        let length = match end.read(&mut buffer) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error),
        };
        if length == 0 {
            self.end = None;
        }
        self.read += length as u64;
        let room = KEPT.saturating_sub(self.kept.len());
        self.kept.extend(buffer.iter().take(length.min(room)));
        Ok(())
    }
}
