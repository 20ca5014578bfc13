//! What the estimator promises, over its face: a table of stories, and laws.

use proptest::prelude::*;

use super::*;

mod precision;

fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small and above zero"
)]
fn whole(value: f64) -> u64 {
    value.round() as u64
}

/// Readings of a follower whose lag is given at times; the leader writes 1,000 a second.
fn told(story: impl IntoIterator<Item = (f64, f64)>) -> Estimator {
    let mut estimator = Estimator::new();
    for (at, lag) in story {
        let position = |seconds: f64| whole(1e9 + 1e3 * seconds);
        estimator.observe(&Reading {
            at: secs(at),
            leader: position(at),
            applied: position(at - lag),
            lag: Lag::Exact(secs(lag)),
        });
    }
    estimator
}

fn ahead(estimator: &Estimator, horizon: f64) -> f64 {
    let forecast = estimator.forecast(secs(horizon), 0.9).unwrap();
    forecast.lag.as_secs_f64()
}

fn each_second(seconds: u32) -> impl Iterator<Item = f64> {
    (0..seconds).map(f64::from)
}

#[test]
fn it_looks_ahead_in_time_and_the_right_way() {
    let grows = told(each_second(10).map(|at| (at, at)));
    assert!((ahead(&grows, 60.0) - 69.0).abs() < 1e-3);

    // Up to 90 within 90 s, then drained at 1.5 s a second, down to 15.
    let drains = told(each_second(140).map(|at| (at, at.min(90.0 - 1.5 * (at - 90.0)))));
    assert!(ahead(&drains, 60.0) < 1e-3);
    assert!((ahead(&drains, 5.0) - 9.0).abs() < 0.1);

    // 60 s are 60 s at any rate of readings, also an irregular one.
    for every in [0.02, 0.25, 5.0, 30.0] {
        let story = each_second(400).map(|step| (step * every, 0.5 * step * every));
        let last = 0.5 * 399.0 * every;
        let said = ahead(&told(story), 60.0);
        assert!((said - last - 30.0).abs() < 0.05, "{said} every {every}");
    }
    let mut at = 0.0;
    let irregular = told(each_second(300).map(|step| {
        let pauses = [0.1, 3.0, 0.7, 11.0, 0.2];
        at += pauses[usize::try_from(whole(step) % 5).unwrap()];
        (at, 0.2 * at)
    }));
    assert!((ahead(&irregular, 60.0) - 0.2 * at - 12.0).abs() < 0.05);
}

#[test]
fn a_steady_lag_stays_and_a_saw_comes_back() {
    let flat = told(each_second(300).map(|at| (at, 2.0 + 0.3 * (at * 1.7).sin())));
    assert!((ahead(&flat, 60.0) - 2.0).abs() < 0.35);

    let saw = told(each_second(1_000).map(|at| (at, at % 40.0)));
    // It is 39; in 10 s it will be 9, and not 49.
    assert!((ahead(&saw, 10.0) - 9.0).abs() < 1.0);
    assert!((ahead(&saw, 30.0) - 29.0).abs() < 1.0);
    let method = saw.forecast(secs(10.0), 0.9).unwrap().method;
    assert_eq!(method, Method::Recurring);
}

#[test]
fn a_stall_is_foretold_within_two_seconds() {
    let story = |until: u32| {
        each_second(4 * until).map(|step| {
            let at = step / 4.0;
            let moving = 0.2 + 0.1 * (step.min(400.0) * 1.3).sin();
            (at, moving + (at - 100.0).max(0.0))
        })
    };
    assert_eq!(told(story(100)).crossing(secs(30.0)), Crossing::Never);
    let Crossing::In { likely, .. } = told(story(102)).crossing(secs(30.0)) else {
        panic!("not foretold")
    };
    assert!((likely.as_secs_f64() - 28.0).abs() < 1.0, "{likely:?}");
    assert_eq!(told(story(140)).crossing(secs(30.0)), Crossing::Already);
}

#[test]
fn a_stall_as_long_as_those_before_is_not_foretold_to_go_on() {
    // It stands still for 90 s of each 400, and catches up at 5 s a second.
    let lag = |at: f64| {
        let (at, noise) = (at % 400.0, 0.05 * (at * 1.3).sin().abs());
        let stall = at.min(290.0) - 200.0;
        (stall.max(0.0) - 5.0 * (at - 290.0).max(0.0)).max(noise)
    };
    let estimator = told(each_second(1_880).map(|at| (at, lag(at))));
    let (now, said) = (lag(1_879.0), ahead(&estimator, 60.0));
    assert!(now > 75.0 && said < 40.0, "{now}, then {said}");
    assert_eq!(estimator.crossing(secs(120.0)), Crossing::Never);
}

#[test]
fn a_fall_that_reaches_its_floor_leads_no_further() {
    // It stands still for 60 s of each 300, and catches up at 2.5 s a second, within 24 s.
    let lag = |at: f64| {
        let (at, noise) = (at % 300.0, 0.05 * (at * 1.3).sin().abs());
        let stall = at.min(260.0) - 200.0;
        (stall.max(0.0) - 2.5 * (at - 260.0).max(0.0)).max(noise)
    };
    let estimator = told(each_second(1_473).map(|at| (at, lag(at))));
    let now = lag(1_472.0);
    assert!((now - 30.0).abs() < 0.1, "{now}");
    for (horizon, most) in [(10.0, 7.0), (30.0, 3.0), (60.0, 3.0)] {
        let said = ahead(&estimator, horizon);
        assert!(said < most, "{said} in {horizon} s");
    }
}

#[test]
fn a_deeper_fall_than_those_that_reached_their_floor_goes_on() {
    // Up to 32 and down again, then up to 50: it falls by 1.6 s a second.
    let lag = |at: f64| {
        let noise = 0.05 * (at * 1.3).sin().abs();
        let hill = |from: f64, top: f64| (at - from).min(top - 1.6 * (at - from - top));
        hill(100.0, 32.0).max(hill(200.0, 50.0)).max(noise)
    };
    let estimator = told(each_second(263).map(|at| (at, lag(at))));
    let now = lag(262.0);
    assert!((now - 30.8).abs() < 0.1, "{now}");
    for (horizon, truth) in [(10.0, 14.8), (30.0, 0.0), (60.0, 0.0)] {
        let said = ahead(&estimator, horizon);
        assert!((said - truth).abs() < 1.5, "{said} in {horizon} s");
    }
}

#[test]
fn crossings_lie_within_their_ends() {
    let slope = 0.1;
    let noisy = |at: f64| slope * at + 0.3 * (at * 2.3).sin();
    let rises = told(each_second(200).map(|at| (at, noisy(at).max(0.0))));
    let Crossing::In {
        earliest,
        likely,
        latest,
    } = rises.crossing(secs(30.0))
    else {
        panic!("not foretold")
    };
    assert!((likely.as_secs_f64() - 100.0).abs() < 5.0, "{likely:?}");
    assert!(earliest <= likely && latest.is_some_and(|latest| latest >= likely));
    assert_eq!(rises.catch_up(), Crossing::Never);

    let falls = told(each_second(140).map(|at| (at, at.min(90.0 - (at - 90.0)))));
    let Crossing::In { likely, .. } = falls.catch_up() else {
        panic!("not foretold")
    };
    assert!((likely.as_secs_f64() - 41.0).abs() < 1.0, "{likely:?}");
    assert_eq!(falls.crossing(secs(80.0)), Crossing::Never);

    assert_eq!(Estimator::new().crossing(secs(1.0)), Crossing::Unknown);
    assert_eq!(Estimator::new().catch_up(), Crossing::Unknown);
    assert_eq!(told([(0.0, 0.0)]).catch_up(), Crossing::Already);
}

#[test]
fn of_a_least_lag_the_rates_speak() {
    let mut estimator = Estimator::new();
    for second in 0..20 {
        estimator.observe(&Reading {
            at: Duration::from_secs(second),
            leader: 100_000 + 100 * second,
            applied: 50_000 + 100 * second,
            lag: Lag::AtLeast(Duration::from_secs(second)),
        });
    }
    // It is as fast as its leader: the lag does not grow, whatever it is.
    let forecast = estimator.forecast(secs(60.0), 0.9).unwrap();
    assert_eq!(forecast.lag, Duration::from_secs(19));
    assert_eq!(forecast.method, Method::Rates);
    assert_eq!(estimator.crossing(secs(30.0)), Crossing::Unknown);
}

#[test]
fn a_follower_takes_less_than_its_share() {
    // What a follower is beside it has the rest of 6 KiB.
    let (hot, apart) = (size_of::<Estimator>(), Estimator::APART);
    assert!(hot <= 640 && hot + apart <= 5_120, "{hot} and {apart}");
}

#[test]
fn what_is_promised_is_kept_of_the_coverage() {
    let mut state = 7_u64;
    let mut noise = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        f64::from((state >> 40) as u32) / f64::from(1 << 24)
    };
    let flat = told(each_second(4_000).map(|at| (at, 3.0 + noise())));
    let quality = flat.forecast(secs(30.0), 0.9).unwrap().quality;
    assert!(
        (0.85..0.98).contains(&quality.coverage.unwrap()),
        "{quality:?}"
    );
    assert!(quality.error_ratio.unwrap() < 0.9, "{quality:?}");
    let width = |coverage| {
        let interval = flat.forecast(secs(30.0), coverage).unwrap().interval;
        interval.upper.saturating_sub(interval.lower)
    };
    assert!(width(0.5) < width(0.9) && width(0.9) < width(0.99));
}

fn any_reading() -> impl Strategy<Value = (u64, u64, u64, u64, bool)> {
    let step = prop_oneof![
        Just(0_u64),
        1..2_000_000_000_u64,
        Just(3_600_000_000_000),
        any::<u64>(),
    ];
    let position = || prop_oneof![Just(0_u64), 0..1_000_u64, any::<u64>(), Just(u64::MAX)];
    let lag = prop_oneof![Just(0_u64), 0..100_000_000_000_u64, any::<u64>()];
    (step, position(), position(), lag, any::<bool>())
}

proptest! {
    /// Whatever is read: no lag below zero, none that grows faster than time, no end on the wrong side,
    /// and no panic.
    #[test]
    fn forecasts_are_possible(
        readings in prop::collection::vec(any_reading(), 1..120),
        horizons in prop::collection::vec(0_u64..200_000_000_000, 4),
        coverage in prop_oneof![0.0..=1.0_f64, Just(f64::NAN), Just(-1.0), Just(7.0)],
    ) {
        let mut estimator = Estimator::new();
        let mut at = 0_u64;
        for (step, leader, applied, lag, is_exact) in readings {
            at = at.saturating_add(step);
            let lag = Duration::from_nanos(lag);
            let lag = if is_exact { Lag::Exact(lag) } else { Lag::AtLeast(lag) };
            estimator.observe(&Reading { at: Duration::from_nanos(at), leader, applied, lag });
            let now = Duration::try_from_secs_f64(estimator.lag).unwrap();
            for horizon in horizons.iter().map(|it| Duration::from_nanos(*it)) {
                let said = estimator.forecast(horizon, coverage).unwrap();
                let Interval { lower, upper, .. } = said.interval;
                prop_assert!(lower <= said.lag && said.lag <= upper, "{said:?}");
                // Single precision, and what counts as measured alike.
                let most = (now + horizon).as_secs_f64() * (1.0 + 1e-6) + 0.002;
                prop_assert!(upper.as_secs_f64() <= most, "{said:?} at {now:?}");
            }
            for crossing in [estimator.crossing(Duration::from_secs(30)), estimator.catch_up()] {
                if let Crossing::In { earliest, likely, latest } = crossing {
                    prop_assert!(earliest <= likely, "{crossing:?}");
                    prop_assert!(latest.is_none_or(|latest| latest >= likely), "{crossing:?}");
                }
            }
            if let Some(rates) = estimator.rates() {
                prop_assert!(rates.leader_per_second.is_finite() && rates.leader_per_second >= 0.0);
                prop_assert!(rates.applied_per_second.is_finite() && rates.applied_per_second >= 0.0);
            }
        }
    }

    /// What a follower says does not depend on when its time began.
    #[test]
    fn only_differences_in_time_count(
        lags in prop::collection::vec(0_u64..60_000, 3..80),
        offset in 0_u64..2_000_000_000,
    ) {
        let told_from = |offset: u64| {
            let mut estimator = Estimator::new();
            for (at, lag) in (0_u64..).zip(&lags) {
                estimator.observe(&Reading {
                    at: Duration::from_secs(offset + at),
                    leader: 1_000 * at,
                    applied: 0,
                    lag: Lag::Exact(Duration::from_millis(*lag)),
                });
            }
            estimator.forecast(Duration::from_secs(30), 0.9)
        };
        prop_assert_eq!(told_from(0), told_from(offset));
    }
}
