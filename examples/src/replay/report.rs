//! What the monitor says at each row of a trace, as fields of a report.
//!
//! It reads and writes nothing.

use std::time::Duration;

use health_lag::{
    Condition, Crossing, Follower, LagMonitor, PolicyError, RegisterError, Sample, SampleError,
};
use thiserror::Error;

use super::flags::{Flags, Horizon};
use super::trace::Row;

const WARNING: Duration = Duration::from_secs(5);
/// No row is so much later than the one before: were it believed, all that follow would be refused.
const CENTURY: Duration = Duration::from_hours(24 * 365 * 100);
const COVERAGE: f64 = 0.9;

/// Replays rows in their order.
#[derive(Debug)]
pub struct Replay {
    monitor: LagMonitor,
    follower: Follower,
    horizons: Vec<Horizon>,
    threshold: Duration,
    /// The time of the first row.
    origin: Option<f64>,
    /// The time of the last row, since then.
    last: Duration,
    /// At the last row it was behind.
    is_behind: bool,
    /// The number of the next alert.
    next: u64,
}

/// Why there is no monitor for these flags.
#[derive(Debug, Error)]
pub enum SetupError {
    /// The limits make no sense.
    #[error("--threshold: {0}")]
    Policy(#[from] PolicyError),
    /// It refuses the follower.
    #[error(transparent)]
    Register(#[from] RegisterError),
}

/// Why a row is refused.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum RowError {
    /// It is later by more than any gap in a trace.
    #[error("t_secs {0:?} is a century after the row before; times are in seconds")]
    Leap(String),
    /// Its time is not later.
    #[error("t_secs {0:?} is out of order: it must be later than that of the row before")]
    Order(String),
    /// The monitor refuses it.
    #[error(transparent)]
    Sample(#[from] SampleError),
}

impl Replay {
    /// A monitor of one follower.
    pub fn new(flags: &Flags) -> Result<Self, SetupError> {
        let monitor = LagMonitor::builder()
            .warning(WARNING.min(flags.threshold / 2))
            .critical(flags.threshold)
            .build()?;
        let follower = monitor.follower_at("trace", Duration::ZERO)?;
        Ok(Self {
            monitor,
            follower,
            horizons: flags.horizons.clone(),
            threshold: flags.threshold,
            origin: None,
            last: Duration::ZERO,
            is_behind: false,
            next: 1,
        })
    }

    /// The names of the columns.
    pub fn header(&self) -> Vec<String> {
        let first = ["t_secs", "lag_secs", "level", "conditions"];
        let forecasts = self.horizons.iter().flat_map(|Horizon { text, .. }| {
            ["forecast", "lo", "hi"].map(|name| format!("{name}_{text}"))
        });
        let last = ["breach_in_secs", "catch_up_in_secs", "alerts"];
        let owned = |name: &str| name.to_owned();
        let first = first.into_iter().map(owned);
        first.chain(forecasts).chain(last.map(owned)).collect()
    }

    /// Replays a row; what is said of it, field by field. A row that is refused changes nothing.
    pub fn row(&mut self, row: &Row) -> Result<Vec<String>, RowError> {
        let since = row.time - self.origin.unwrap_or(row.time);
        // Refused for one reason alone: before the first row.
        let at = Duration::try_from_secs_f64(since)
            .map_err(|_| RowError::Order(row.time_text.clone()))?;
        if at.saturating_sub(self.last) > CENTURY {
            return Err(RowError::Leap(row.time_text.clone()));
        }
        let sample = Sample::new(row.leader, row.applied);
        let was_silent = self.waited_until(at);
        self.follower
            .push_at(at, sample)
            .map_err(|error| match error {
                SampleError::NotLater(_) => RowError::Order(row.time_text.clone()),
                error => error.into(),
            })?;
        self.last = at;
        self.origin.get_or_insert(row.time);
        Ok(self.fields(row, at, was_silent))
    }

    /// Lets the time pass up to a row; whether it fell silent meanwhile.
    fn waited_until(&mut self, at: Duration) -> bool {
        // Where it would be stalled at this very moment, the row says whether it is.
        let before = Duration::from_nanos(u64::from(self.is_behind));
        let until = at.saturating_sub(before);
        self.monitor.advance_to(until);
        let status = self.follower.status_at(until);
        status.is_some_and(|it| it.conditions.has(Condition::NoData))
    }

    fn fields(&mut self, row: &Row, at: Duration, was_silent: bool) -> Vec<String> {
        let mut fields = vec![row.time_text.clone()];
        let Some(status) = self.follower.status_at(at) else {
            return fields;
        };
        self.is_behind = status.no_progress.is_some();
        // No row shows a silence by itself, and each shows whether it is a stall.
        let shown = if was_silent {
            status.conditions.with(Condition::NoData)
        } else {
            status.conditions
        };
        fields.push(seconds(status.lag_duration()));
        fields.push(status.level.name().to_owned());
        fields.push(joined(shown.iter().map(Condition::name)));
        for horizon in &self.horizons {
            let forecast = self.follower.forecast(horizon.time, COVERAGE);
            fields.push(seconds(forecast.map(|it| it.lag)));
            fields.push(seconds(forecast.map(|it| it.interval.lower)));
            fields.push(seconds(forecast.map(|it| it.interval.upper)));
        }
        fields.push(seconds(likely(self.follower.crossing(self.threshold))));
        fields.push(seconds(likely(status.catch_up)));
        let page = self.monitor.alerts().since(self.next);
        self.next = page.next;
        let alerts = page.alerts.iter();
        fields.push(joined(alerts.map(|alert| {
            format!("{}:{}", alert.kind.name(), alert.event.name())
        })));
        fields
    }
}

fn joined<T: Into<String>>(words: impl Iterator<Item = T>) -> String {
    words.map(Into::into).collect::<Vec<String>>().join("|")
}

fn likely(crossing: Crossing) -> Option<Duration> {
    match crossing {
        Crossing::Already => Some(Duration::ZERO),
        Crossing::In { likely, .. } => Some(likely),
        Crossing::Never | Crossing::Unknown => None,
    }
}

fn seconds(time: Option<Duration>) -> String {
    time.map_or_else(String::new, |time| format!("{:.4}", time.as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(time: f64, leader: u64, applied: u64) -> Row {
        Row {
            time_text: time.to_string(),
            time,
            leader,
            applied,
        }
    }

    fn replay() -> Replay {
        Replay::new(&Flags::default()).unwrap()
    }

    /// Fields by the name of their column.
    fn field(replay: &Replay, fields: &[String], name: &str) -> String {
        let header = replay.header();
        assert_eq!(header.len(), fields.len());
        let place = header.iter().position(|it| it == name).unwrap();
        fields[place].clone()
    }

    #[test]
    fn the_header_names_the_horizons_as_they_were_written() {
        assert_eq!(
            replay().header().join(","),
            "t_secs,lag_secs,level,conditions,forecast_10,lo_10,hi_10,forecast_30,lo_30,hi_30,\
             forecast_60,lo_60,hi_60,breach_in_secs,catch_up_in_secs,alerts"
        );
    }

    #[test]
    fn times_begin_anywhere_and_go_forward() {
        for origin in [-5.0, 0.0, 1.7e9] {
            let mut replay = replay();
            replay.row(&row(origin, 10, 10)).unwrap();
            let fields = replay.row(&row(origin + 2.0, 30, 20)).unwrap();
            assert_eq!(field(&replay, &fields, "lag_secs"), "1.0000", "{origin}");
            for late in [origin + 2.0, origin + 1.0, origin - 1.0] {
                let error = replay.row(&row(late, 40, 40)).unwrap_err();
                assert!(error.to_string().contains("out of order"), "{error}");
            }
            let error = replay.row(&row(origin + 4e9, 40, 40)).unwrap_err();
            assert!(matches!(error, RowError::Leap(_)), "{error}");
            replay.row(&row(origin + 3.0, 40, 40)).unwrap();
        }
    }

    #[test]
    fn what_time_alone_changes_shows_at_the_next_row() {
        let mut replay = replay();
        for second in 0..5_u32 {
            replay.row(&row(f64::from(second), 10, 10)).unwrap();
        }
        let fields = replay.row(&row(60.0, 10, 10)).unwrap();
        assert_eq!(field(&replay, &fields, "conditions"), "no_data");
        assert_eq!(field(&replay, &fields, "alerts"), "no_data:firing");
        let fields = replay.row(&row(61.0, 10, 10)).unwrap();
        assert_eq!(field(&replay, &fields, "conditions"), "");
        assert_eq!(field(&replay, &fields, "alerts"), "");
        let fields = replay.row(&row(66.0, 10, 10)).unwrap();
        assert_eq!(field(&replay, &fields, "alerts"), "no_data:resolved");
    }

    /// Rows of (time, applied), and which of them are stalled, by their time.
    fn stalled_of(rows: &[(f64, u64)]) -> Vec<String> {
        let mut replay = replay();
        let mut stalled = Vec::new();
        for (time, applied) in rows {
            let fields = replay.row(&row(*time, 1_000, *applied)).unwrap();
            if field(&replay, &fields, "conditions").contains("stalled") {
                stalled.push(time.to_string());
            }
        }
        stalled
    }

    #[test]
    fn no_row_that_gets_on_is_stalled() {
        // It gets on when it would be stalled, or has been for a moment.
        let every_5 = [(0.0, 5), (5.0, 5), (10.0, 5), (15.0, 6), (20.0, 6)];
        assert_eq!(stalled_of(&every_5), [""; 0]);
        let seldom = [(0.0, 5), (4.0, 5), (8.0, 5), (14.0, 6), (18.0, 6)];
        assert_eq!(stalled_of(&seldom), [""; 0]);
        let caught_up = [(0.0, 5), (4.0, 5), (8.0, 5), (14.0, 1_000)];
        assert_eq!(stalled_of(&caught_up), [""; 0]);
        let stands = [(0.0, 5), (4.0, 5), (8.0, 5), (14.0, 5), (18.0, 6)];
        assert_eq!(stalled_of(&stands), ["14"]);
    }

    #[test]
    fn what_the_row_itself_denies_is_no_alert() {
        let mut replay = replay();
        let mut said = Vec::new();
        // Three intervals without progress at the time of each row that shows some.
        for step in 0..40_u32 {
            let applied = u64::from(step / 3);
            let fields = replay.row(&row(5.0 * f64::from(step), 1_000, applied));
            said.push(field(&replay, &fields.unwrap(), "alerts"));
        }
        assert!(!said.join(" ").contains("stalled"), "{said:?}");
    }

    #[test]
    fn a_stop_is_a_breach_to_come_and_then_one() {
        let mut replay = replay();
        let mut said = Vec::new();
        for second in 0..60_u32 {
            let fields = replay
                .row(&row(
                    f64::from(second),
                    u64::from(second) * 100,
                    u64::from(second.min(20)) * 100,
                ))
                .unwrap();
            let of = |name| field(&replay, &fields, name);
            if !of("alerts").is_empty() {
                said.push(format!("{second} {}", of("alerts")));
            }
            if second == 31 {
                assert_eq!(of("conditions"), "stalled");
                let breach: f64 = of("breach_in_secs").parse().unwrap();
                assert!((15.0..25.0).contains(&breach), "{breach}");
            }
            if second == 50 {
                assert_eq!(
                    (of("level"), of("breach_in_secs")),
                    ("critical".into(), "0.0000".into())
                );
            }
        }
        let said = said.join(", ");
        for word in [
            "predicted_breach:firing",
            "31 stalled:firing",
            "lag:escalated",
        ] {
            assert!(said.contains(word), "{said}");
        }
    }
}
