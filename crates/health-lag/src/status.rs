//! How one follower is at a moment, as it leaves the crate.
//!
//! Plain data; the words for it are in `explain`.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::breach::Crossing;
use crate::condition::{Condition, Conditions};
use crate::estimate::Estimator;
use crate::group::Seat;
use crate::lag::{Lag, Rates, optional_seconds, seconds};
use crate::level::Level;
use crate::member::Member;
use crate::statistics::NONE;

/// Over this time the lag is said to grow or shrink.
const GROWTH: Duration = Duration::from_secs(10);

/// How a follower is. Written as JSON, every time is in seconds, and its key says so.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Status {
    /// Its name.
    pub follower: Arc<str>,
    /// The name of its leader; `None` if it has one of its own.
    pub leader: Option<Arc<str>>,
    /// How bad the lag is, as far as it is known; see [`is_proven`](Self::is_proven).
    pub level: Level,
    /// What is wrong apart from the lag.
    pub conditions: Conditions,
    /// For how long level and conditions have been as they are.
    #[serde(serialize_with = "seconds", rename = "lasted_seconds")]
    pub lasted: Duration,
    /// The lag at the last sample; `None` before the first, and while the follower is ahead of its
    /// leader. Then nothing is foretold either, and the level stays at least as bad as it was.
    pub lag: Option<Lag>,
    /// How many positions or entries it is behind.
    pub behind: Option<u64>,
    /// How many positions it has not yet received, where the source tells.
    pub not_received: Option<u64>,
    /// How fast both sides move; `None` before a second sample, or where no positions are told.
    pub rates: Option<Rates>,
    /// How fast the lag grows over the next seconds, in seconds a second.
    pub growth: Option<f64>,
    /// For how long it has been behind without progress; `None` if it progresses.
    #[serde(serialize_with = "optional_seconds", rename = "no_progress_seconds")]
    pub no_progress: Option<Duration>,
    /// How old the last sample is.
    #[serde(
        serialize_with = "optional_seconds",
        rename = "last_sample_age_seconds"
    )]
    pub last_sample_age: Option<Duration>,
    /// For how long nothing was heard of it: since its last sample or, before the first, since it
    /// was registered.
    #[serde(serialize_with = "seconds", rename = "silence_seconds")]
    pub silence: Duration,
    /// Why no sample came since the last one, as its source said; it is cut after 256 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Arc<str>>,
    /// The critical limit.
    #[serde(serialize_with = "seconds", rename = "critical_seconds")]
    pub critical: Duration,
    /// When the lag reaches the critical limit.
    pub breach: Crossing,
    /// Whether that is near, and has been confirmed by the forecast so far.
    pub breach_predicted: bool,
    /// When it will have caught up.
    pub catch_up: Crossing,
    /// Samples taken.
    pub samples: u64,
    /// Samples refused.
    pub refused: u64,
}

impl Status {
    pub(crate) fn of(seat: &Seat, member: &Member, now: Duration, critical: Duration) -> Self {
        let standing = member.judge.standing();
        let last = member.last;
        let lag = member.lag();
        let foreteller = member.foreteller();
        let growth = foreteller.zip(lag).and_then(|(foreteller, lag)| {
            let forecast = foreteller.forecast(GROWTH, 0.9)?;
            let change = forecast.lag.as_secs_f64() - lag.duration().as_secs_f64();
            Some(change / GROWTH.as_secs_f64())
        });
        Self {
            follower: Arc::clone(&seat.names.follower),
            leader: seat.names.leader.clone(),
            level: standing.level,
            conditions: standing.conditions,
            lasted: now.saturating_sub(member.judge.since()),
            lag,
            behind: last.map(|last| last.behind),
            not_received: last.map(|it| it.not_received).filter(|it| *it != NONE),
            rates: member.rates(),
            growth,
            no_progress: member.judge.quiet().map(|quiet| now.saturating_sub(quiet)),
            last_sample_age: last.map(|last| now.saturating_sub(last.at)),
            silence: now.saturating_sub(member.judge.heard()),
            trouble: member.trouble().cloned(),
            critical,
            breach: foreteller.map_or(Crossing::Unknown, |it| it.crossing(critical)),
            breach_predicted: member.predicted(),
            catch_up: foreteller.map_or(Crossing::Unknown, Estimator::catch_up),
            samples: member.samples,
            refused: member.refused,
        }
    }

    /// Whether the level is proven: there was a sample, not long ago, the follower is not ahead of
    /// its leader, and the lag is known rather than only the least that it can be.
    pub fn is_proven(&self) -> bool {
        matches!(self.lag, Some(Lag::Exact(_))) && !self.conditions.has(Condition::NoData)
    }

    /// The lag, or the least that it can be.
    pub fn lag_duration(&self) -> Option<Duration> {
        self.lag.map(Lag::duration)
    }
}
