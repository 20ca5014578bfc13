//! What a component is told when it is to stop. It decides nothing.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use tokio_util::sync::CancellationToken;

/// The longest note that is kept, in bytes.
const MAX_NOTE: usize = 256;

/// What a component is told when it is to stop: by when, and whether to hurry.
///
/// ```
/// use health_shutdown::{Component, Stop};
///
/// let queue = Component::new("queue", |stop: Stop| async move {
///     for batch in 0..10 {
///         if stop.hurry().is_cancelled() {
///             break; // what is left is given up
///         }
///         stop.progress(format!("{batch} of 10 batches written"));
///     }
/// });
/// ```
#[derive(Clone, Debug)]
pub struct Stop {
    tether: Tether,
    deadline: Instant,
}

impl Stop {
    pub(crate) fn new(tether: Tether, deadline: Instant) -> Self {
        Self { tether, deadline }
    }

    /// Cancelled at the deadline: whoever still runs a moment after is aborted.
    pub fn hurry(&self) -> &CancellationToken {
        self.tether.hurry()
    }

    /// When it is asked to hurry.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Leaves a word on how far it has come, for the report; only the last one is kept,
    /// 256 bytes of it.
    pub fn progress(&self, note: impl Into<Cow<'static, str>>) {
        self.tether.say(note.into());
    }
}

/// What a component and its shutdown have to say to each other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tether(Arc<Said>);

#[derive(Debug, Default)]
struct Said {
    /// Made when somebody first asks: of thousands that end at once, hardly one does.
    hurry: OnceLock<CancellationToken>,
    /// The last word, and how many there were.
    note: Mutex<(Option<Cow<'static, str>>, u64)>,
}

impl Tether {
    pub(crate) fn hurry(&self) -> &CancellationToken {
        self.0.hurry.get_or_init(CancellationToken::new)
    }

    fn say(&self, note: Cow<'static, str>) {
        let bounded = match note.get(..note.floor_char_boundary(MAX_NOTE)) {
            Some(start) if start.len() < note.len() => Cow::Owned(start.to_owned()),
            _ => note,
        };
        let mut held = self.lock();
        *held = (Some(bounded), held.1 + 1);
    }

    fn lock(&self) -> MutexGuard<'_, (Option<Cow<'static, str>>, u64)> {
        self.0.note.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(all(feature = "systemd", unix))]
    pub(crate) fn count(&self) -> u64 {
        self.lock().1
    }

    pub(crate) fn note(&self) -> Option<Cow<'static, str>> {
        self.lock().0.clone()
    }
}
