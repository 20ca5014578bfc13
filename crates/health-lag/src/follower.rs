//! The handle of one follower: what its source pushes, and how it is.
//!
//! A door only; see `driver`.

use std::sync::Arc;
use std::time::Duration;

use crate::breach::Crossing;
use crate::driver::Shared;
use crate::forecast::Forecast;
use crate::group::Seat;
use crate::history::HistorySpan;
use crate::member::{Member, Told};
use crate::sample::{Sample, SampleError};
use crate::source_error::SourceError;
use crate::status::Status;

/// A follower of a [`LagMonitor`](crate::LagMonitor). Cheap to clone; all clones are the same one.
/// Dropping it unregisters nothing: a follower whose source is gone has no data, and that shows.
#[derive(Clone, Debug)]
pub struct Follower {
    shared: Arc<Shared>,
    seat: Seat,
}

impl Follower {
    pub(crate) fn new(shared: Arc<Shared>, seat: Seat) -> Self {
        Self { shared, seat }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.seat.names.follower
    }

    /// The name of its leader; `None` if it has one of its own.
    pub fn leader(&self) -> Option<&str> {
        self.seat.names.leader.as_deref()
    }

    /// Takes a sample of now. Read the follower's position before the leader's, else it may seem to
    /// be ahead.
    ///
    /// # Errors
    ///
    /// Refuses it if the follower is gone. It is counted, and nothing else changes.
    pub fn push(&self, sample: Sample) -> Result<(), SampleError> {
        self.shared.push(&self.seat, None, Told::Positions(sample))
    }

    /// Takes a sample of a recording. Times may begin anywhere, and go forward.
    ///
    /// # Errors
    ///
    /// Refuses it if it is not later than the one before, or the follower is gone.
    pub fn push_at(&self, at: Duration, sample: Sample) -> Result<(), SampleError> {
        self.shared
            .push(&self.seat, Some(at), Told::Positions(sample))
    }

    /// Takes a lag of now that the source has measured itself, where it tells no positions, and how
    /// many entries it is behind.
    ///
    /// # Errors
    ///
    /// Refuses what is no finite time from zero on; it is counted, and nothing else changes.
    pub fn push_lag(&self, lag_seconds: f64, entries: u64) -> Result<(), SampleError> {
        let told = self.measured(lag_seconds, entries)?;
        self.shared.push(&self.seat, None, told)
    }

    /// The same of a recording.
    ///
    /// # Errors
    ///
    /// As [`push_lag`](Self::push_lag), and if it is not later than the one before.
    pub fn push_lag_at(
        &self,
        at: Duration,
        lag_seconds: f64,
        entries: u64,
    ) -> Result<(), SampleError> {
        let told = self.measured(lag_seconds, entries)?;
        self.shared.push(&self.seat, Some(at), told)
    }

    fn measured(&self, lag_seconds: f64, entries: u64) -> Result<Told, SampleError> {
        let lag = Duration::try_from_secs_f64(lag_seconds).map_err(|_| {
            self.refuse();
            SampleError::Hint(lag_seconds)
        })?;
        Ok(Told::Measured { lag, entries })
    }

    /// Takes note of why there is no sample now: it is said once the follower has no data, which
    /// only silence shows. A [`Poller`](crate::Poller) does it by itself. Credentials are taken out
    /// as far as they are known as such, and of a long message the first 256 bytes are kept.
    ///
    /// ```
    /// use health_lag::{LagMonitor, SourceError};
    ///
    /// let monitor = LagMonitor::new();
    /// let follower = monitor.follower("standby-1")?;
    /// follower.failed(&SourceError::new("the log is locked; see who holds it"));
    /// assert_eq!(
    ///     follower.status().unwrap().explain(),
    ///     "no sample yet (the log is locked; see who holds it)"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn failed(&self, error: &SourceError) {
        self.told_of(error.kept());
    }

    pub(crate) fn told_of(&self, trouble: Arc<str>) {
        self.shared.fail(&self.seat, trouble);
    }

    /// Counts a sample as refused that could not even be made, such as one with a lag of NaN.
    pub fn refuse(&self) {
        self.shared.refuse(&self.seat);
    }

    /// How it is now; `None` if it is not registered any more.
    pub fn status(&self) -> Option<Status> {
        self.status_at(self.shared.now())
    }

    /// The same at a time of a recording.
    pub fn status_at(&self, now: Duration) -> Option<Status> {
        self.shared.status(&self.seat, now)
    }

    /// The lag after `horizon` from the last sample on, and the interval in which it lies of
    /// `coverage` (0 to 1) of all times. `None` before the first sample, while it is ahead of its
    /// leader, or if it is gone.
    pub fn forecast(&self, horizon: Duration, coverage: f64) -> Option<Forecast> {
        self.ask(|member| member.foreteller()?.forecast(horizon, coverage))?
    }

    /// When the lag reaches `limit`, from the last sample on. Unknown where there is no
    /// [`forecast`](Self::forecast).
    pub fn crossing(&self, limit: Duration) -> Crossing {
        let found = self.ask(|member| Some(member.foreteller()?.crossing(limit)));
        found.flatten().unwrap_or(Crossing::Unknown)
    }

    /// When it will have caught up, from the last sample on; unknown where there is no forecast.
    pub fn catch_up(&self) -> Crossing {
        let found = self.ask(|member| Some(member.foreteller()?.catch_up()));
        found.flatten().unwrap_or(Crossing::Unknown)
    }

    /// What its lag was within the retention, the oldest first.
    pub fn history(&self) -> Vec<HistorySpan> {
        self.ask(Member::history).unwrap_or_default()
    }

    fn ask<R>(&self, ask: impl FnOnce(&Member) -> R) -> Option<R> {
        self.seat.group.lock().member(&self.seat).map(|it| ask(it))
    }

    /// Takes it away. Its alerts are over, and say so.
    pub fn unregister(&self) {
        self.unregister_at(self.shared.now());
    }

    /// The same at a time of a recording.
    pub fn unregister_at(&self, now: Duration) {
        self.shared.unregister(&self.seat, now);
    }
}
