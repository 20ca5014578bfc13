//! How far the shutdown has come, for whoever ends the process: it outlives the handles.
//!
//! The report itself is drawn in `progress`.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread;
use std::time::Duration;

use crate::progress::Progress;
use crate::report::{EXIT_DEADLINE, Report};
use crate::shutdown::Begun;

/// How often to try for a lock, a millisecond apart: others hold it for as long as a report takes.
const TRIES: u32 = 5;

/// What the watchdog holds on to.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    began: OnceLock<Begun>,
    progress: Mutex<Option<Arc<Mutex<Progress>>>>,
    speaker: OnceLock<Speaker>,
}

/// Who has the report, so that it is written once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    /// Whoever has awaited the shutdown.
    Service,
    Watchdog,
}

impl Standing {
    pub(crate) fn begin(&self, begun: Begun) {
        let _ = self.began.set(begun);
    }

    pub(crate) fn show(&self, progress: Arc<Mutex<Progress>>) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
    }

    pub(crate) fn shown(&self) -> Option<Arc<Mutex<Progress>>> {
        self.progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Leaves the report to the service; `false` if the watchdog has it, and ends the process.
    pub(crate) fn hand_over(&self) -> bool {
        *self.speaker.get_or_init(|| Speaker::Service) == Speaker::Service
    }

    /// The exit code of a forced end, and the line of its report, unless the service has that. A
    /// shutdown that has ended by itself keeps its code. It waits for nobody for long.
    pub(crate) fn last_words(&self) -> (u8, Option<String>) {
        let Some(report) = self.last_report() else {
            return (EXIT_DEADLINE, None);
        };
        let speaker = *self.speaker.get_or_init(|| Speaker::Watchdog);
        let line = (speaker == Speaker::Watchdog).then(|| format!("{}\n", report.to_json()));
        (report.exit_code(), line)
    }

    fn last_report(&self) -> Option<Report> {
        let begun = self.began.get()?;
        let elapsed = begun.elapsed();
        let Some(shown) = soon(&self.progress)?.clone() else {
            // Nobody runs it.
            let (reason, wall) = (begun.reason.clone(), begun.wall);
            return Some(Report {
                overran: true,
                ..Report::nothing_yet(reason, wall, elapsed)
            });
        };
        let progress = soon(&shown)?;
        Some(progress.report(elapsed, !progress.sequence.is_finished()))
    }
}

/// The lock, if whoever holds it lets go of it soon.
fn soon<T>(lock: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    for _ in 0..TRIES {
        match lock.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => thread::park_timeout(Duration::from_millis(1)),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::phase::Phase;
    use crate::reason::Reason;
    use crate::sequence::{Bounds, Finish, Item, Sequence};

    const WHOLE: Duration = Duration::from_secs(10);

    fn begun() -> Standing {
        let standing = Standing::default();
        standing.begin(Begun {
            reason: Reason::Signal("SIGTERM"),
            at: clock::instant(),
            wall: clock::wall(),
        });
        standing
    }

    /// One component is being stopped.
    fn progress() -> Arc<Mutex<Progress>> {
        let bounds = Bounds {
            whole: WHOLE,
            drain_delay: Duration::ZERO,
            moment: Duration::ZERO,
            phases: [None; Phase::ALL.len()],
        };
        let item = Item {
            phase: Phase::Flush,
            hook: false,
            priority: 0,
            deadline: WHOLE,
        };
        let mut sequence = Sequence::new(vec![item], bounds);
        sequence.advance(Duration::ZERO, &mut Vec::new());
        Arc::new(Mutex::new(Progress {
            reason: Reason::Signal("SIGTERM"),
            began: clock::wall(),
            sequence,
            parts: Vec::new(),
        }))
    }

    /// Its end: `None` while it lasts, else whether in time.
    fn shown(in_time: Option<bool>) -> Standing {
        let (standing, progress) = (begun(), progress());
        let mut sequence = progress.lock().unwrap();
        match in_time {
            None => {}
            Some(true) => sequence
                .sequence
                .ended(0, Finish::Done, Duration::ZERO, &mut Vec::new()),
            Some(false) => sequence.sequence.advance(WHOLE, &mut Vec::new()),
        }
        drop(sequence);
        standing.show(progress);
        standing
    }

    #[test]
    fn the_last_words() {
        for (standing, handed_over, code, overran) in [
            (Standing::default(), false, 124, None),
            (begun(), false, 124, Some(true)),
            (shown(None), false, 124, Some(true)),
            (shown(Some(true)), false, 0, Some(false)),
            (shown(Some(true)), true, 0, None),
            (shown(Some(false)), false, 124, Some(true)),
            (shown(Some(false)), true, 124, None),
        ] {
            if handed_over {
                assert!(standing.hand_over());
            }
            let (got, line) = standing.last_words();
            assert_eq!(got, code, "{standing:?}");
            assert_eq!(line.is_some(), overran.is_some(), "{standing:?}");
            if let (Some(line), Some(overran)) = (line, overran) {
                let word = format!("\"overran\":{overran}");
                assert!(line.contains(&word) && line.ends_with("}\n"), "{line}");
                assert!(!standing.hand_over(), "it is written once");
            }
        }
    }

    #[test]
    fn a_lock_that_is_held_on_costs_no_more_than_the_report() {
        let standing = shown(None);
        let shown = standing.shown().unwrap();
        let held = shown.lock().unwrap();
        assert_eq!(standing.last_words(), (124, None));
        drop(held);
        assert!(standing.last_words().1.is_some());
    }
}
