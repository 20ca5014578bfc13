//! Ends the process at the deadline of the shutdown, even if every runtime is blocked.
//!
//! It does not decide when that is, and stops nothing in order.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};
use std::thread::Builder;
use std::time::{Duration, Instant};

use crate::clock;
use crate::report::EXIT_DEADLINE;

/// How long the report may take to be written: stdout may be a full pipe that nobody reads.
const LAST_WORDS: Duration = Duration::from_millis(50);

/// A thread that waits for a deadline. Once armed it stays so until the process has ended:
/// what hangs after an orderly shutdown hangs all the same.
#[derive(Debug)]
pub(crate) struct Watchdog {
    deadline: Arc<(Mutex<Option<Instant>>, Condvar)>,
}

impl Watchdog {
    /// Starts the thread. At the deadline it writes what `report` gives, and ends the process.
    pub(crate) fn start(
        report: impl FnOnce() -> Option<String> + Send + 'static,
    ) -> io::Result<Self> {
        let deadline = Arc::new((Mutex::new(None), Condvar::new()));
        let watched = Arc::clone(&deadline);
        let watch = move || {
            wait(&watched);
            end(EXIT_DEADLINE, report());
        };
        Builder::new()
            .name("shutdown-watchdog".to_owned())
            .spawn(watch)?;
        Ok(Self { deadline })
    }

    /// Ends the process at `deadline`, whatever happens. The first one counts.
    pub(crate) fn arm(&self, deadline: Instant) {
        let (armed, changed) = &*self.deadline;
        armed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(deadline);
        changed.notify_all();
    }
}

/// Waits until the deadline is there and has passed.
fn wait((armed, changed): &(Mutex<Option<Instant>>, Condvar)) {
    let mut deadline = armed.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        deadline = match *deadline {
            None => changed
                .wait(deadline)
                .unwrap_or_else(PoisonError::into_inner),
            Some(at) => match at.saturating_duration_since(clock::instant()) {
                Duration::ZERO => return,
                left => {
                    let waited = changed.wait_timeout(deadline, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            },
        };
    }
}

/// Writes the last words, if there are any and it can be done at once, and ends the process
/// without destructors or exit handlers: any of them may hang.
pub(crate) fn end(code: u8, words: Option<String>) -> ! {
    if let Some(words) = words {
        let (written, done) = mpsc::channel();
        let write = move || {
            let mut stdout = io::stdout();
            let _ = writeln!(stdout, "{words}").and_then(|()| stdout.flush());
            let _ = written.send(());
        };
        if Builder::new().spawn(write).is_ok() {
            let _ = done.recv_timeout(LAST_WORDS);
        }
    }
    signal_hook::low_level::exit(code.into())
}
