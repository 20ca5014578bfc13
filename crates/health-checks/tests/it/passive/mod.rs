//! The rates that a service records itself.

use std::time::Duration;

use health_checks::passive::RateCheck;
use health_core::{CheckStatus, Kind, Registration, Schedule};
use tokio::time::sleep;

use crate::harness::{Monitored, alone, leaks_nothing};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn it_follows_what_is_recorded() {
    use CheckStatus::{Degraded, Healthy, Unhealthy};
    let check = RateCheck::new();
    let requests = check.recorder();
    let check = Monitored::start(check);
    for (pause, good, bad, status) in [
        (0, 0, 0, Degraded),
        (1, 100, 0, Healthy),
        (10, 0, 100, Unhealthy),
        // The good ones are forgotten first, the bad ones then.
        (50, 0, 0, Unhealthy),
        (10, 0, 0, Degraded),
        (1, 100, 0, Healthy),
    ] {
        sleep(secs(pause)).await;
        for number in 0..good + bad {
            requests.record(number < good, Duration::from_millis(10));
        }
        let state = check.ask().await;
        assert_eq!(state.status, status, "{state:?}");
    }
    check.stop().await;
}

#[test]
fn many_threads_record_at_once_and_nothing_is_lost() {
    let check = RateCheck::new().window(secs(3600)).unwrap();
    let requests = check.recorder();
    std::thread::scope(|scope| {
        for thread in 0..8_u32 {
            let requests = requests.clone();
            scope.spawn(move || {
                for number in 0..10_000_u32 {
                    requests.record(number % 100 != thread, Duration::from_micros(number.into()));
                }
            });
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let state = runtime.block_on(crate::harness::result(check));
    let details = state.details.as_ref().unwrap();
    assert_eq!(
        (&details["samples"], &details["errors"]),
        (&80_000.into(), &800.into())
    );
}

#[test]
fn neither_records_nor_runs_leak() {
    alone("passive::neither_records_nor_runs_leak", || {
        let check = RateCheck::new().idle_is_healthy();
        let requests = check.recorder();
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
            .block_on(async {
                for number in 0..100_000 {
                    requests.record(true, Duration::from_micros(number));
                }
                leaks_nothing(check).await;
            });
    });
}

#[test]
fn it_is_passive() {
    let registration: Registration = RateCheck::default().into();
    let spec = registration.spec();
    assert_eq!(
        (spec.name.as_str(), spec.kind, spec.schedule),
        ("rate", Kind::Passive, Schedule::Every(secs(15)))
    );
}
