//! A status and an alert in words for people.
//!
//! Nothing is judged or worked out here.

use std::fmt;
use std::time::Duration;

use crate::alert::{AlertEvent, AlertKind};
use crate::breach::Crossing;
use crate::condition::Condition;
use crate::lag::Lag;
use crate::level::Level;
use crate::status::Status;

/// A lag that changes by less than this, in seconds a second, is steady.
const STEADY: f64 = 0.01;
/// When a lag below this is worked off is not worth a word.
const WORTH_A_WORD: Duration = Duration::from_secs(1);

/// A time as people read it: `0.3 s`, `12.3 s`, `14 min`.
pub(crate) struct Time(pub(crate) Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        match seconds {
            _ if seconds < 0.05 => write!(f, "{:.0} ms", seconds * 1e3),
            _ if seconds < 99.95 => {
                let text = format!("{seconds:.1}");
                write!(f, "{} s", text.strip_suffix(".0").unwrap_or(&text))
            }
            _ if seconds < 600.0 => write!(f, "{seconds:.0} s"),
            _ if seconds < 36_000.0 => write!(f, "{:.0} min", seconds / 60.0),
            _ if seconds < 864_000.0 => write!(f, "{:.0} h", seconds / 3_600.0),
            _ => write!(f, "{:.0} days", seconds / 86_400.0),
        }
    }
}

/// `in 29 s (22–41 s)`.
struct Ahead {
    earliest: Duration,
    likely: Duration,
    latest: Option<Duration>,
}

impl fmt::Display for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |time: Duration| Duration::from_secs_f64(time.as_secs_f64().round());
        let round = |time: Duration| {
            if time < Duration::from_secs(10) {
                time
            } else {
                whole(time)
            }
        };
        write!(f, "in {}", Time(round(self.likely)))?;
        match self.latest {
            Some(latest) if latest < Duration::from_mins(10) => {
                let (from, to) = (whole(self.earliest).as_secs(), whole(latest).as_secs());
                write!(f, " ({from}–{to} s)")
            }
            Some(latest) => write!(f, " ({} to {})", Time(round(self.earliest)), Time(latest)),
            // An earliest that is the likely one says nothing more.
            None if whole(self.earliest) >= whole(self.likely) => Ok(()),
            None => write!(f, " ({} at the earliest)", Time(round(self.earliest))),
        }
    }
}

fn ahead(crossing: Crossing) -> Option<Ahead> {
    match crossing {
        Crossing::In {
            earliest,
            likely,
            latest,
        } => Some(Ahead {
            earliest,
            likely,
            latest,
        }),
        _ => None,
    }
}

impl Status {
    /// The status in words: `lag 12.3 s, growing 0.61 s/s, reaches 30 s in 29 s (22–41 s)`.
    pub fn explain(&self) -> String {
        let has = |condition| self.conditions.has(condition);
        let trouble = self.trouble.as_deref();
        let because = trouble.map_or_else(String::new, |why| format!(" ({why})"));
        if self.samples == 0 {
            return if has(Condition::NoData) {
                format!(
                    "no sample for {}{because}, and none before",
                    Time(self.silence)
                )
            } else {
                format!("no sample yet{because}")
            };
        }
        let mut words = Vec::new();
        if has(Condition::Stalled) {
            let quiet = self.no_progress.unwrap_or_default();
            words.push(format!("stalled for {}", Time(quiet)));
        }
        if has(Condition::FollowerAhead) {
            words.push("ahead of its leader".to_owned());
        }
        if has(Condition::Reset) {
            words.push("begun anew".to_owned());
        }
        let caught_up = (self.lag, self.behind) == (Some(Lag::Exact(Duration::ZERO)), Some(0));
        words.extend(self.lag.map(|lag| match lag {
            _ if caught_up => "caught up".to_owned(),
            Lag::Exact(lag) => format!("lag {}", Time(lag)),
            Lag::AtLeast(Duration::ZERO) => {
                let behind = self.behind.unwrap_or(0);
                format!("{behind} behind, for how long is not known yet")
            }
            Lag::AtLeast(least) => format!("lag at least {}", Time(least)),
        }));
        if has(Condition::NoData) {
            let age = self.last_sample_age.unwrap_or(self.silence);
            let last = words.join(", ");
            return format!(
                "no sample for {}{because}, the last one had {last}",
                Time(age)
            );
        }
        // What still shrinks or grows by its forecast says nothing of one that has all there is.
        if !caught_up || self.breach_predicted {
            words.extend(self.trend());
        }
        words.join(", ")
    }

    fn trend(&self) -> Vec<String> {
        let mut words = Vec::new();
        match self.growth {
            Some(growth) if growth >= STEADY => words.push(format!("growing {growth:.2} s/s")),
            Some(growth) if growth <= -STEADY => {
                words.push(format!("shrinking {:.2} s/s", -growth));
            }
            _ => {}
        }
        if let Some(ahead) = ahead(self.breach) {
            words.push(format!("reaches {} {ahead}", Time(self.critical)));
        } else if self.lag_duration() >= Some(WORTH_A_WORD)
            && let Some(ahead) = ahead(self.catch_up)
        {
            words.push(format!("caught up {ahead}"));
        }
        words
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.follower, self.explain())
    }
}

/// What an alert says.
pub(crate) fn alert(kind: AlertKind, event: AlertEvent, level: Level, status: &Status) -> String {
    let follower = &status.follower;
    let what = match kind {
        AlertKind::Lag => format!("lag is {}", level.name()),
        AlertKind::Stalled => "stalled".to_owned(),
        AlertKind::NoData => "no data".to_owned(),
        AlertKind::FollowerAhead => "ahead of its leader".to_owned(),
        AlertKind::PredictedBreach => format!("will reach {}", Time(status.critical)),
    };
    let over = match event {
        AlertEvent::Resolved => ", over",
        AlertEvent::Pending => ", not confirmed yet",
        AlertEvent::Firing | AlertEvent::Escalated => "",
    };
    format!("{follower}: {what}{over}: {}", status.explain())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::condition::Conditions;

    fn secs(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn status(lag: Option<Lag>) -> Status {
        Status {
            follower: Arc::from("b"),
            leader: None,
            level: Level::Normal,
            conditions: Conditions::default(),
            lasted: Duration::ZERO,
            lag,
            behind: Some(7),
            not_received: None,
            rates: None,
            growth: None,
            no_progress: None,
            last_sample_age: Some(secs(42.0)),
            silence: secs(42.0),
            trouble: None,
            critical: secs(30.0),
            breach: Crossing::Never,
            breach_predicted: false,
            catch_up: Crossing::Unknown,
            samples: u64::from(lag.is_some()),
            refused: 0,
        }
    }

    fn exact(seconds: f64) -> Status {
        status(Some(Lag::Exact(secs(seconds))))
    }

    fn within(earliest: f64, likely: f64, latest: Option<f64>) -> Crossing {
        Crossing::In {
            earliest: secs(earliest),
            likely: secs(likely),
            latest: latest.map(secs),
        }
    }

    fn with(condition: Condition, status: Status) -> Status {
        Status {
            conditions: Conditions::default().with(condition),
            no_progress: Some(secs(14.04)),
            ..status
        }
    }

    fn caught_up() -> Status {
        Status {
            behind: Some(0),
            growth: Some(0.31),
            ..exact(0.0)
        }
    }

    #[test]
    fn in_words() {
        for (status, words) in [
            (
                Status {
                    growth: Some(0.6100),
                    breach: within(22.2, 29.0, Some(40.9)),
                    ..exact(12.3)
                },
                "lag 12.3 s, growing 0.61 s/s, reaches 30 s in 29 s (22–41 s)",
            ),
            (
                Status {
                    growth: Some(1.0),
                    breach: within(3.1, 4.2, None),
                    ..exact(25.8)
                },
                "lag 25.8 s, growing 1.00 s/s, reaches 30 s in 4.2 s (3.1 s at the earliest)",
            ),
            (
                Status {
                    growth: Some(-0.5),
                    catch_up: within(20.0, 25.0, Some(4_000.0)),
                    ..exact(12.0)
                },
                "lag 12 s, shrinking 0.50 s/s, caught up in 25 s (20 s to 67 min)",
            ),
            // Just after a catch-up the forecast still goes by the time before it.
            (caught_up(), "caught up"),
            (
                Status {
                    growth: Some(-0.31),
                    ..caught_up()
                },
                "caught up",
            ),
            (
                Status {
                    breach: within(20.0, 25.0, Some(30.0)),
                    breach_predicted: true,
                    ..caught_up()
                },
                "caught up, growing 0.31 s/s, reaches 30 s in 25 s (20–30 s)",
            ),
            (exact(0.004), "lag 4 ms"),
            (
                status(Some(Lag::AtLeast(Duration::ZERO))),
                "7 behind, for how long is not known yet",
            ),
            (status(Some(Lag::AtLeast(secs(3.25)))), "lag at least 3.2 s"),
            (
                with(Condition::Stalled, exact(13.0)),
                "stalled for 14 s, lag 13 s",
            ),
            (
                with(
                    Condition::FollowerAhead,
                    Status {
                        samples: 1,
                        ..status(None)
                    },
                ),
                "ahead of its leader",
            ),
        ] {
            assert_eq!(status.explain(), words);
        }
    }

    #[test]
    fn no_data_in_words() {
        let said = |status: Status| Status {
            trouble: Some(Arc::from("db1 refuses the login")),
            ..status
        };
        for (status, words) in [
            (status(None), "no sample yet"),
            (
                with(Condition::NoData, status(None)),
                "no sample for 42 s, and none before",
            ),
            (said(status(None)), "no sample yet (db1 refuses the login)"),
            (
                said(with(Condition::NoData, status(None))),
                "no sample for 42 s (db1 refuses the login), and none before",
            ),
            (
                said(with(Condition::NoData, exact(12.3))),
                "no sample for 42 s (db1 refuses the login), the last one had lag 12.3 s",
            ),
            // One poll that failed is no silence.
            (said(exact(12.3)), "lag 12.3 s"),
            (
                with(Condition::NoData, exact(12.3)),
                "no sample for 42 s, the last one had lag 12.3 s",
            ),
            (
                with(Condition::NoData, caught_up()),
                "no sample for 42 s, the last one had caught up",
            ),
        ] {
            assert_eq!(status.explain(), words);
        }
    }

    #[test]
    fn times_as_people_read_them() {
        for (seconds, text) in [
            (0.0, "0 ms"),
            (0.3, "0.3 s"),
            (12.34, "12.3 s"),
            (30.0, "30 s"),
            (99.96, "100 s"),
            (599.0, "599 s"),
            (7_200.0, "120 min"),
            (86_400.0, "24 h"),
            (1e7, "116 days"),
        ] {
            assert_eq!(Time(secs(seconds)).to_string(), text);
        }
    }

    #[test]
    fn an_alert_says_whose_and_what() {
        let said = alert(
            AlertKind::Lag,
            AlertEvent::Resolved,
            Level::Critical,
            &exact(3.0),
        );
        assert_eq!(said, "b: lag is critical, over: lag 3 s");
    }
}
