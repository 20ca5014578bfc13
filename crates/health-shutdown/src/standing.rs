//! How far the shutdown has come, for whoever ends the process: it outlives the handles.
//!
//! The report itself is drawn in `progress`.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use crate::clock;
use crate::progress::Progress;
use crate::report::EXIT_DEADLINE;

/// What the watchdog holds on to.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    began: OnceLock<Instant>,
    progress: Mutex<Option<Arc<Mutex<Progress>>>>,
}

impl Standing {
    pub(crate) fn begin(&self, at: Instant) {
        let _ = self.began.set(at);
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

    /// The exit code of a forced end, and the line of its report. A shutdown that has ended by
    /// itself keeps its code, and has reported already. It waits for nobody.
    pub(crate) fn last_words(&self) -> (u8, Option<String>) {
        let words = || {
            let elapsed = clock::instant().saturating_duration_since(*self.began.get()?);
            let shown = self.progress.try_lock().ok()?.clone()?;
            let progress = shown.try_lock().ok()?;
            if progress.sequence.is_finished() {
                return Some((progress.report(elapsed, false).exit_code(), None));
            }
            let line = format!("{}\n", progress.report(elapsed, true).to_json());
            Some((EXIT_DEADLINE, Some(line)))
        };
        words().unwrap_or((EXIT_DEADLINE, None))
    }
}
