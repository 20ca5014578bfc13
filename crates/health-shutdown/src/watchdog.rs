//! Ends the process at the deadline of the shutdown, even if every runtime is blocked.
//!
//! It does not decide when that is, and stops nothing in order.

use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, Builder};
use std::time::{Duration, Instant};

use crate::clock;
use crate::last_words;

/// How long the report may take to be written.
const LAST_WORDS: Duration = Duration::from_millis(50);
/// What an orderly end that came to the deadline needs for its report.
const MARGIN: Duration = Duration::from_millis(30);

/// A thread that waits for a deadline. Once armed it stays so until the process has ended:
/// what hangs after an orderly shutdown hangs all the same.
#[derive(Debug)]
pub(crate) struct Watchdog {
    deadline: Arc<(Mutex<Option<Instant>>, Condvar)>,
}

impl Watchdog {
    /// Starts the thread. At the deadline it ends the process with what `last` gives: the exit
    /// code, and the line to be written, unless somebody else writes it.
    pub(crate) fn start(
        last: impl FnOnce() -> (u8, Option<String>) + Send + 'static,
    ) -> io::Result<Self> {
        let deadline = Arc::new((Mutex::new(None), Condvar::new()));
        let watched = Arc::clone(&deadline);
        let watch = move || {
            wait(&watched);
            let (code, words) = last();
            if words.is_none() {
                // Whoever has the report may be about to print it.
                thread::park_timeout(LAST_WORDS);
            }
            end(code, words);
        };
        Builder::new()
            .name("shutdown-watchdog".to_owned())
            .spawn(watch)?;
        Ok(Self { deadline })
    }

    /// Ends the process at `deadline` and 30 ms, whatever happens. The first one counts.
    pub(crate) fn arm(&self, deadline: Instant) {
        let (armed, changed) = &*self.deadline;
        armed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(deadline + MARGIN);
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
    let left = words.and_then(|words| last_words::write_at_once(&io::stdout(), &words));
    last_words::write(None, left, LAST_WORDS);
    signal_hook::low_level::exit(code.into())
}
