//! The followers as rows of a section: how each is, what its lag was of late, and what is ahead.
//!
//! Pure; who pushes them, and when, is the business of `board`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use health_core::{CheckStatus, Field, MAX_POINTS, Row, Series};

use crate::breach::Crossing;
use crate::check::judge;
use crate::forecast::Forecast;
use crate::policy::LagPolicy;
use crate::status::Status;

/// Lags of late, by follower: a point a sample that was looked at.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    lags: BTreeMap<Arc<str>, VecDeque<(Duration, f64)>>,
}

impl Recent {
    /// Takes note of the lags at `now`, and forgets who is not among them.
    pub(crate) fn observe(&mut self, now: Duration, statuses: &[Status]) {
        let mut before = std::mem::take(&mut self.lags);
        for status in statuses {
            let mut points = before.remove(&status.follower).unwrap_or_default();
            if let (Some(lag), Some(age)) = (status.lag_duration(), status.last_sample_age) {
                let at = now.saturating_sub(age);
                // Silence is shown as silence, not as a lag that stays.
                if points.back().is_none_or(|(last, _)| *last < at) {
                    points.push_back((at, lag.as_secs_f64()));
                }
            }
            while points.len() > MAX_POINTS {
                points.pop_front();
            }
            self.lags.insert(Arc::clone(&status.follower), points);
        }
    }

    fn of(&self, follower: &str, now: Duration) -> Vec<[f64; 2]> {
        let points = self.lags.get(follower).into_iter().flatten();
        points
            .map(|(at, lag)| [-now.saturating_sub(*at).as_secs_f64(), *lag])
            .collect()
    }
}

/// The worst first, then by name.
pub(crate) fn sort(statuses: &mut [Status]) {
    statuses.sort_by(|a, b| {
        let rank = judge(b).cmp(&judge(a));
        rank.then_with(|| a.follower.cmp(&b.follower))
    });
}

/// One follower at `now`, with its forecasts, the nearest first.
pub(crate) fn row(
    status: &Status,
    now: Duration,
    recent: &Recent,
    ahead: &[Forecast],
    policy: &LagPolicy,
) -> Row {
    let mut row = Row::new(&*status.follower)
        .status(CheckStatus::from(Some(judge(status))))
        .message(status.explain());
    if let Some(leader) = &status.leader {
        row = row.field("leader", Field::Text(leader.to_string()));
    }
    if let Some(lag) = status.lag_duration() {
        row = row.field("lag", Field::Seconds(lag.as_secs_f64()));
    }
    if let Some(rates) = status.rates {
        row = row
            .field("written/s", Field::Number(rates.leader_per_second))
            .field("applied/s", Field::Number(rates.applied_per_second));
    }
    let points = recent.of(&status.follower, now);
    if !points.is_empty() {
        let series = Series {
            unit: "s".to_owned(),
            points,
            forecast: ahead.iter().map(|it| point(it, status)).collect(),
            limits: vec![
                ("warning".to_owned(), policy.warning.as_secs_f64()),
                ("critical".to_owned(), policy.critical.as_secs_f64()),
            ],
        };
        row = row.field("lag over time", Field::Series(series));
    }
    match status.breach {
        Crossing::In { likely, .. } => {
            row.field("critical in", Field::Seconds(likely.as_secs_f64()))
        }
        Crossing::Already => row.field("critical in", Field::Text("now".to_owned())),
        Crossing::Never | Crossing::Unknown => row,
    }
}

/// A forecast counts from the last sample, the row from now.
fn point(forecast: &Forecast, status: &Status) -> [f64; 4] {
    let age = status.last_sample_age.unwrap_or_default();
    [
        forecast.horizon.as_secs_f64() - age.as_secs_f64(),
        forecast.interval.lower.as_secs_f64(),
        forecast.lag.as_secs_f64(),
        forecast.interval.upper.as_secs_f64(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::LagMonitor;
    use crate::sample::Sample;

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// A follower that stops after 10 s, and one that keeps up, looked at each second.
    fn shown(until: u64, silent_from: u64) -> Vec<Row> {
        let monitor = LagMonitor::new();
        let stops = monitor.follower_at("b", Duration::ZERO).unwrap();
        let keeps_up = monitor.follower_at("a", Duration::ZERO).unwrap();
        let mut recent = Recent::default();
        let mut rows = Vec::new();
        for second in 0..=until {
            let now = secs(second);
            if second < silent_from {
                stops
                    .push_at(now, Sample::new(100 * second, 100 * second.min(10)))
                    .unwrap();
                keeps_up
                    .push_at(now, Sample::new(100 * second, 100 * second))
                    .unwrap();
            }
            let mut statuses = monitor.statuses_at(now);
            sort(&mut statuses);
            recent.observe(now, &statuses);
            let of = |status: &Status| {
                let follower = monitor.get(&status.follower).unwrap();
                let ahead = follower.forecast(secs(10), 0.9);
                row(status, now, &recent, ahead.as_slice(), monitor.policy())
            };
            rows = statuses.iter().map(of).collect();
        }
        rows
    }

    fn field<'a>(row: &'a Row, name: &str) -> Option<&'a Field> {
        let found = row.fields.iter().find(|it| it.name == name)?;
        Some(&found.field)
    }

    fn series(row: &Row) -> &Series {
        match field(row, "lag over time") {
            Some(Field::Series(series)) => series,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_worst_comes_first_with_what_was_and_what_is_ahead() {
        let rows = shown(30, u64::MAX);
        assert_eq!((&*rows[0].name, &*rows[1].name), ("b", "a"));
        assert_eq!(rows[0].status, Some(CheckStatus::Unhealthy), "stalled");
        assert_eq!(rows[1].status, Some(CheckStatus::Healthy));
        assert_eq!(rows[1].message, "caught up");
        assert_eq!(field(&rows[0], "lag"), Some(&Field::Seconds(20.0)));
        let shown = series(&rows[0]);
        assert_eq!(shown.points.first(), Some(&[-30.0, 0.0]));
        assert_eq!(shown.points.last(), Some(&[0.0, 20.0]));
        let [at, lower, likely, upper] = shown.forecast[0];
        assert!((at - 10.0).abs() < 1e-9 && lower <= likely && likely <= upper);
        assert!((likely - 30.0).abs() < 1.0, "{likely}");
        assert_eq!(shown.limits[1], ("critical".to_owned(), 30.0));
        let Some(Field::Seconds(left)) = field(&rows[0], "critical in") else {
            panic!("it will be critical: {:?}", rows[0]);
        };
        assert!((left - 10.0).abs() < 1.0, "{left}");
    }

    #[test]
    fn silence_draws_no_line_and_the_past_is_bounded() {
        let rows = shown(400, 30);
        assert!(
            rows.iter()
                .all(|row| row.status == Some(CheckStatus::Unhealthy))
        );
        let shown = series(&rows[0]);
        assert_eq!(shown.points.len(), 30);
        assert_eq!(shown.points.last().map(|it| it[0].round()), Some(-371.0));
        let rows = shown_long();
        assert_eq!(series(&rows[0]).points.len(), MAX_POINTS);
    }

    fn shown_long() -> Vec<Row> {
        shown(300, u64::MAX)
    }

    #[test]
    fn without_a_sample_there_is_nothing_to_draw() {
        let rows = shown(0, 0);
        assert_eq!(rows[0].message, "no sample yet");
        assert_eq!(rows[0].status, Some(CheckStatus::Unhealthy));
        assert!(rows[0].fields.is_empty(), "{rows:?}");
    }
}
