//! Takes the lines of the log from whoever must not wait, and writes them on a thread of its own:
//! whoever takes them may block, as a full pipe does that nobody reads.
//!
//! What is said is in `line`. It decides nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::sync::{Arc, OnceLock};
use std::thread::Builder;
use std::time::Duration;

use tracing::Dispatch;
use tracing::dispatcher::{get_default, with_default};
use tracing::level_filters::LevelFilter;

use crate::isolation::caught;
use crate::line::Line;

/// How many lines wait at most; further ones are dropped, and counted.
const WAITING: usize = 256;

/// The log of one shutdown. The thread is started by the first line that somebody wants.
#[derive(Debug, Default)]
pub(crate) struct Log {
    thread: OnceLock<Option<SyncSender<Entry>>>,
    dropped: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Entry {
    /// For the subscriber of whoever says it.
    Line(Dispatch, Line),
    /// All before it is written.
    Written(SyncSender<()>),
}

impl Log {
    /// Has `line` written, some time soon. It never waits, and runs no subscriber.
    pub(crate) fn say(&self, line: Line) {
        match LevelFilter::current() {
            // Nobody subscribes. What `tracing` then may hand to the crate `log` is not for another
            // thread: whether it does cannot be known here.
            LevelFilter::OFF => {
                let _ = caught(|| line.write());
                return;
            }
            wanted if line.level() > wanted => return,
            _ => {}
        }
        let Some(thread) = self.thread.get_or_init(|| start(Arc::clone(&self.dropped))) else {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let entry = Entry::Line(get_default(Dispatch::clone), line);
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = thread.try_send(entry) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until all is written that was said so far, for `patience` at most.
    pub(crate) fn flush(&self, patience: Duration) {
        let Some(Some(thread)) = self.thread.get() else {
            return;
        };
        let (done, written) = mpsc::sync_channel(1);
        if thread.try_send(Entry::Written(done)).is_ok() {
            let _ = written.recv_timeout(patience);
        }
    }
}

/// Starts the thread, which ends with the log.
fn start(dropped: Arc<AtomicU64>) -> Option<SyncSender<Entry>> {
    let (say, said) = mpsc::sync_channel(WAITING);
    let write = move || {
        for entry in said {
            match entry {
                Entry::Line(dispatch, line) => {
                    let lost = dropped.swap(0, Ordering::Relaxed);
                    // A subscriber that panics takes no later line with it.
                    let _ = caught(|| {
                        with_default(&dispatch, || {
                            if lost > 0 {
                                Line::Dropped(lost).write();
                            }
                            line.write();
                        });
                    });
                }
                Entry::Written(done) => {
                    let _ = done.send(());
                }
            }
        }
    };
    let thread = Builder::new().name("shutdown-log".to_owned()).spawn(write);
    thread.is_ok().then_some(say)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::sync::{Mutex, PoisonError};

    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::*;

    /// Says that it has a line, waits for a word before it takes it, tells of each, and panics at
    /// the third.
    struct Slow {
        has: Sender<()>,
        go: Mutex<Receiver<()>>,
        took: Sender<u32>,
        count: Mutex<u32>,
    }

    impl Subscriber for Slow {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, _: &Event<'_>) {
            let _ = self.has.send(());
            let _ = self
                .go
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .recv();
            let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
            *count += 1;
            self.took.send(*count).unwrap();
            assert!(*count != 3, "the third");
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn who_speaks_never_waits_and_what_is_dropped_is_counted() {
        let ((go, wait), (took, taken)) = (channel(), channel());
        let (has, had) = channel();
        let slow = Slow {
            has,
            go: Mutex::new(wait),
            took,
            count: Mutex::new(0),
        };
        let log = Log::default();
        let _held = tracing::subscriber::set_default(slow);
        // One is being written, as many wait, and the rest is lost.
        log.say(Line::Overtaken("first".to_owned()));
        had.recv().unwrap();
        for _ in 0..WAITING + 50 {
            log.say(Line::Overtaken("again".to_owned()));
        }
        assert_eq!(log.dropped.load(Ordering::Relaxed), 50);
        log.flush(Duration::ZERO);
        drop(go);
        // And a line that says how many were lost.
        let expected = u32::try_from(1 + WAITING + 1).unwrap();
        let all: Vec<_> = (0..expected).map(|_| taken.recv().unwrap()).collect();
        assert_eq!(
            all.last(),
            Some(&expected),
            "a panic took no later line along"
        );
        log.flush(Duration::from_mins(1));
    }

    #[test]
    fn without_anybody_who_listens_there_is_no_thread() {
        let log = Log::default();
        let _held = tracing::subscriber::set_default(tracing::subscriber::NoSubscriber::new());
        // Other tests of this process may listen.
        if LevelFilter::current() == LevelFilter::OFF {
            log.say(Line::Overtaken("again".to_owned()));
            assert!(log.thread.get().is_none());
        }
        log.flush(Duration::from_mins(1));
    }
}
