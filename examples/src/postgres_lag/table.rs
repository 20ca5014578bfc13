//! One follower as one line of a table, and one change as one line.
//!
//! It prints nothing. Lines hold colours; `anstream` takes them out where there is no terminal.

use std::time::Duration;

use anstyle::{AnsiColor, Style};
use health_lag::{Condition, Lag, Level, Standing, Status};

/// The widths of the columns before the words.
const NAME: usize = 20;
const STATE: usize = 18;
const LAG: usize = 9;
const BYTES: usize = 10;

/// The heads of the columns.
pub fn head() -> String {
    let bold = Style::new().bold();
    format!(
        "{bold}{:NAME$}  {:STATE$}  {:>LAG$}  {:>BYTES$}  {:>BYTES$}  {:>BYTES$}  in words{bold:#}",
        "follower", "state", "lag", "behind", "written/s", "applied/s"
    )
}

/// A follower as it stands; `remark` is what its source says besides.
pub fn line(status: &Status, remark: Option<&str>) -> String {
    let standing = Standing {
        level: status.level,
        conditions: status.conditions,
    };
    let lag = match status.lag {
        Some(Lag::Exact(lag)) => time(lag),
        Some(Lag::AtLeast(lag)) => format!(">{}", time(lag)),
        None => String::new(),
    };
    let known = status.samples > 0;
    let rates = status.rates.filter(|_| known);
    let words = match remark {
        Some(remark) => format!("{}; {remark}", status.explain()),
        None => status.explain(),
    };
    format!(
        "{:NAME$}  {}  {lag:>LAG$}  {:>BYTES$}  {:>BYTES$}  {:>BYTES$}  {words}",
        status.follower,
        painted(standing, STATE),
        status
            .behind
            .map(|behind| bytes(as_float(behind)))
            .unwrap_or_default(),
        rates
            .map(|it| bytes(it.leader_per_second))
            .unwrap_or_default(),
        rates
            .map(|it| bytes(it.applied_per_second))
            .unwrap_or_default(),
    )
}

/// A change of a follower, `at` after the start.
pub fn change(at: Duration, follower: &str, from: Standing, to: Standing, words: &str) -> String {
    let from = word(from);
    format!(
        "{}{follower:NAME$}  {from} -> {}  {words}",
        moment(at),
        painted(to, 0)
    )
}

/// Something else that happened.
pub fn note(at: Duration, who: &str, words: &str) -> String {
    format!("{}{who:NAME$}  {words}", moment(at))
}

fn moment(at: Duration) -> String {
    format!("{:>8.1} s  ", at.as_secs_f64())
}

/// The conditions, or the level if there are none.
fn word(standing: Standing) -> String {
    let conditions: Vec<&str> = standing.conditions.iter().map(Condition::name).collect();
    match (conditions.as_slice(), standing.level) {
        ([], level) => level.name().to_owned(),
        (conditions, Level::Normal) => conditions.join("+"),
        (conditions, level) => format!("{}+{}", level.name(), conditions.join("+")),
    }
}

fn painted(standing: Standing, width: usize) -> String {
    let bad = standing.level == Level::Critical
        || standing.conditions.iter().any(|it| it != Condition::Reset);
    let colour = match standing.level {
        _ if bad => AnsiColor::Red,
        Level::Normal if standing.conditions.is_empty() => AnsiColor::Green,
        _ => AnsiColor::Yellow,
    };
    let style = colour.on_default().bold();
    format!("{style}{:width$}{style:#}", word(standing))
}

fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        _ if seconds < 1.0 => format!("{:.0} ms", seconds * 1e3),
        _ if seconds < 100.0 => format!("{seconds:.1} s"),
        _ => format!("{seconds:.0} s"),
    }
}

/// Three figures at most, in the unit that suits.
fn bytes(bytes: f64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = bytes;
    let mut unit = "EiB";
    for name in units {
        if value < 999.5 {
            unit = name;
            break;
        }
        value /= 1024.0;
    }
    if unit == "B" || value >= 99.95 {
        format!("{value:.0} {unit}")
    } else {
        format!("{value:.1} {unit}")
    }
}

#[expect(clippy::cast_precision_loss, reason = "three figures are shown")]
fn as_float(bytes: u64) -> f64 {
    bytes as f64
}

#[cfg(test)]
mod tests {
    use health_lag::{FollowerSpec, LagMonitor, Sample};

    use super::*;

    #[test]
    fn figures() {
        for (figure, shown) in [
            (0.0, "0 B"),
            (999.0, "999 B"),
            (1_000.0, "1.0 KiB"),
            (1_536.0, "1.5 KiB"),
            (150_000.0, "146 KiB"),
            (1e12, "931 GiB"),
            (1.8e19, "15.6 EiB"),
        ] {
            assert_eq!(bytes(figure), shown);
        }
        for (ms, shown) in [
            (0, "0 ms"),
            (300, "300 ms"),
            (12_340, "12.3 s"),
            (900_000, "900 s"),
        ] {
            assert_eq!(time(Duration::from_millis(ms)), shown);
        }
    }

    #[test]
    fn a_follower_that_falls_behind() {
        let monitor = LagMonitor::new();
        let follower = monitor.follower(FollowerSpec::new("s1").of("p")).unwrap();
        let plain = |line: String| anstream::adapter::strip_str(&line).to_string();
        let at = Duration::from_secs;
        for second in 0..=40 {
            let sample = Sample::new(1_000_000 * second, 1_000_000 * second.min(10));
            follower.push_at(at(second), sample).unwrap();
        }
        let status = follower.status_at(at(40)).unwrap();
        let shown = plain(line(&status, Some("paused")));
        for part in ["s1 ", "critical+stalled", " 30.0 s", "28.6 MiB", "; paused"] {
            assert!(shown.contains(part), "{shown}");
        }
        let standing = Standing {
            level: status.level,
            conditions: status.conditions,
        };
        let shown = plain(change(at(40), "s1", Standing::default(), standing, "words"));
        assert!(shown.starts_with("    40.0 s  s1 "), "{shown}");
        assert!(
            shown.ends_with("normal -> critical+stalled  words"),
            "{shown}"
        );
        assert_eq!(plain(head()).split_whitespace().count(), 8);
    }
}
