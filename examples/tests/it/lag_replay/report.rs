//! What the columns of a report hold, on traces made up: their names, times to come, what is joined, and
//! how often an interval holds.
//!
//! What is read, and what is refused, is in the module above.

use std::fmt::Write as _;

use super::{Rows, good, number, replay};

const HEAD: &str = "t_secs,leader_pos,applied_pos\n";

/// A trace of (leader, applied), a row each second.
fn trace(rows: impl IntoIterator<Item = (u64, u64)>) -> String {
    let mut text = HEAD.to_owned();
    for (second, (leader, applied)) in rows.into_iter().enumerate() {
        writeln!(text, "{second},{leader},{applied}").unwrap();
    }
    text
}

fn first_line(arguments: &[&str]) -> String {
    let output = replay(arguments, HEAD.as_bytes());
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_header_is_that_of_the_horizons() {
    let expected = "t_secs,lag_secs,level,conditions,\
        forecast_10,lo_10,hi_10,forecast_30,lo_30,hi_30,forecast_60,lo_60,hi_60,\
        breach_in_secs,catch_up_in_secs,alerts\n";
    assert_eq!(first_line(&["--horizon", "10,30,60"]), expected);
    assert_eq!(first_line(&[]), expected);
    assert_eq!(
        first_line(&["--horizon", "2m,5", "--threshold", "60"]),
        "t_secs,lag_secs,level,conditions,forecast_2m,lo_2m,hi_2m,forecast_5,lo_5,hi_5,\
         breach_in_secs,catch_up_in_secs,alerts\n"
    );
}

/// It stands for 60 s, and is 6,000 behind; then it applies three times what is written, and gains 200 a second.
#[test]
fn a_drain_says_when_it_will_have_caught_up() {
    let rows = good(
        &[],
        &trace((0..120).map(|t: u64| {
            let drained = 300 * t.saturating_sub(80);
            let applied = if t < 20 { 100 * t } else { 2_000 + drained };
            (100 * t, applied.min(100 * t))
        })),
    );
    assert_eq!(rows[10]["catch_up_in_secs"], "0.0000", "it has");
    for row in &rows[25..80] {
        assert_eq!(row["catch_up_in_secs"], "", "it stands: {row:?}");
    }
    // It is level at 110 s.
    for row in &rows[90..108] {
        let left = 110.0 - number(row, "t_secs");
        let said = number(row, "catch_up_in_secs");
        assert!((said - left).abs() < 0.1 * left + 1.0, "{left}: {row:?}");
    }
    for row in &rows[111..] {
        assert_eq!(row["catch_up_in_secs"], "0.0000");
    }
}

#[test]
fn a_breach_is_empty_where_none_comes_and_zero_where_it_is_there() {
    // A second behind, for ever.
    let flat = good(&[], &trace((0..200).map(|t| (100 * t + 100, 100 * t))));
    assert!(flat.iter().all(|row| row["breach_in_secs"].is_empty()));
    assert_eq!(flat[100]["lag_secs"], "1.0000");
    // Half a second more each second: 30 s behind after 60.
    let grows = good(&[], &trace((0..80).map(|t| (100 * t, 50 * t))));
    assert!(grows[0]["breach_in_secs"].is_empty(), "nothing is known");
    for row in &grows[15..60] {
        let left = 60.0 - number(row, "t_secs");
        let said = number(row, "breach_in_secs");
        assert!((said - left).abs() < 0.5, "{left}: {row:?}");
    }
    for row in &grows[60..] {
        assert_eq!(row["breach_in_secs"], "0.0000");
    }
}

#[test]
fn conditions_and_alerts_are_joined() {
    // The leader begins anew, behind its follower.
    let ahead = good(
        &[],
        &trace((0..10).map(|t| if t < 5 { (900 + t, 900) } else { (t, 50) })),
    );
    assert_eq!(ahead[5]["conditions"], "follower_ahead|reset");
    // A minute of silence, and then another history.
    let mut text = trace((0..10).map(|t| (900 + t, 900 + t)));
    text.push_str("70,5,5\n");
    let silent = good(&[], &text);
    assert_eq!(silent[10]["conditions"], "no_data|reset");
    // A stop that is stalled when what was predicted is there.
    let stop = good(
        &["--threshold", "10"],
        &trace((0..40).map(|t: u64| (100 * t, 100 * t.min(10)))),
    );
    let said: Vec<_> = stop.iter().map(|row| row["alerts"].as_str()).collect();
    let both = "stalled:firing|predicted_breach:resolved";
    assert!(said.contains(&both), "{said:?}");
    for row in &stop {
        for alert in row["alerts"].split('|').filter(|it| !it.is_empty()) {
            let (kind, event) = alert.split_once(':').unwrap();
            assert!(["lag", "stalled", "predicted_breach"].contains(&kind));
            assert!(["pending", "firing", "escalated", "resolved"].contains(&event));
        }
    }
}

/// Of a lag that wanders about 5 s, and of one that is up and down in turns.
#[test]
fn nine_of_ten_intervals_hold() {
    let mut state = 3_u64;
    let mut random = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state >> 33
    };
    // In milliseconds; a leader that writes one in each.
    let mut lag = 5_000_u64;
    let wanders = (0..2_000_u64).map(|_| {
        lag = (lag * 9 / 10 + 500 + random() % 600).saturating_sub(300);
        lag
    });
    let wanders: Vec<_> = wanders.collect();
    let turns: Vec<_> = (0..2_000_u64)
        .map(|t| {
            let part = t % 300;
            2_000 + 200 * part.min(300 - part) + random() % 400
        })
        .collect();
    for lags in [wanders, turns] {
        let rows = good(
            &[],
            &trace(
                (100..)
                    .zip(lags)
                    .map(|(t, lag)| (1_000 * t, 1_000 * t - lag)),
            ),
        );
        for horizon in [10, 30, 60] {
            let held = held(&rows, horizon);
            assert!((0.85..=0.98).contains(&held), "{horizon}: {held}");
        }
    }
}

/// The share of intervals that hold what is there a horizon later.
#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn held(rows: &Rows, horizon: usize) -> f64 {
    let later = rows.iter().skip(horizon);
    let pairs = rows.iter().zip(later).skip(10);
    let held = pairs.clone().filter(|(row, later)| {
        let end = |name: &str| number(row, &format!("{name}_{horizon}"));
        (end("lo")..=end("hi")).contains(&number(later, "lag_secs"))
    });
    held.count() as f64 / pairs.count() as f64
}
