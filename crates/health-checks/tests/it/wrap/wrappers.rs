//! Each wrapper around checks that answer, hang and panic.

use std::sync::atomic::Ordering;
use std::time::Duration;

use health_checks::wrap::Wrap;
use health_core::{Cause, CheckStatus, Outcome, Registration, Schedule, Status};
use tokio::time::sleep;

use super::{Act, acting, bad, detail, good, half, ms, part, secs};
use crate::harness::{Monitored, result};

#[tokio::test(start_paused = true)]
async fn retry_runs_again_while_it_fails() {
    use CheckStatus::{Degraded, Healthy, Unhealthy};
    for (acts, attempts, status, ran) in [
        (vec![good()], 3, Healthy, 1),
        (vec![half()], 3, Degraded, 1),
        (vec![bad(), good()], 3, Healthy, 2),
        (vec![bad(), bad(), half()], 3, Degraded, 3),
        (vec![bad()], 3, Unhealthy, 3),
        (vec![bad()], 0, Unhealthy, 1),
        (vec![bad()], u32::MAX, Unhealthy, 100),
        (vec![Act::Panic, good()], 3, Healthy, 2),
        (vec![Act::Panic], 2, Unhealthy, 2),
        (vec![Act::Hang, good()], 3, Unhealthy, 1),
    ] {
        let (check, runs) = acting("c", acts.clone());
        let state = result(check.every(secs(3600)).retry(attempts, ms(1))).await;
        let ran_now = runs.load(Ordering::SeqCst);
        assert_eq!(state.status, status, "{acts:?}: {state:?}");
        assert_eq!(detail(&state, "attempts"), ran, "{acts:?}");
        assert_eq!(ran_now % ran, 0, "{acts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn retry_ends_before_the_deadline() {
    // Attempts begin at 0, 4 and 8 s; another would begin after the last moment.
    let (check, _) = acting("c", [bad()]);
    let state = result(check.retry(100, secs(4))).await;
    assert_eq!(
        (state.cause, detail(&state, "attempts")),
        (Cause::Reported, 3.into())
    );
    let state = result(part("c", bad()).retry(100, Duration::MAX)).await;
    assert_eq!(detail(&state, "attempts"), 1);
    // Each attempt has its own time.
    let (check, _) = acting("c", [Act::Hang, good()]);
    let state = result(check.within(secs(1)).retry(2, ms(0))).await;
    assert!(state.healthy(), "{state:?}");
    // A check that fails at once, without a pause, does not keep the task to itself.
    let (check, _) = acting("c", [bad()]);
    let state = result(check.retry(u32::MAX, Duration::ZERO)).await;
    assert_eq!(detail(&state, "attempts"), 100);
}

#[tokio::test(start_paused = true)]
async fn a_cached_outcome_is_said_again_while_it_is_young() {
    let (check, runs) = acting("c", [good(), bad(), Act::Hang, good()]);
    let check = check.every(secs(3600)).cache(secs(60), secs(5));
    let check = Monitored::start(check);
    let mut failures = 0;
    for (pause, status, ran) in [
        (0, CheckStatus::Healthy, 1),
        (59, CheckStatus::Healthy, 1),
        (1, CheckStatus::Unhealthy, 2),
        (4, CheckStatus::Unhealthy, 2),
        (1, CheckStatus::Unhealthy, 3),
        (4, CheckStatus::Unhealthy, 3),
        (1, CheckStatus::Healthy, 4),
    ] {
        sleep(secs(pause)).await;
        let before = runs.load(Ordering::SeqCst);
        let state = check.ask().await;
        assert_eq!(state.status, status, "{state:?}");
        assert_eq!(runs.load(Ordering::SeqCst), ran);
        if pause > 0 && ran == before {
            assert!(detail(&state, "cached_ms").is_f64(), "{state:?}");
        } else if status == CheckStatus::Unhealthy {
            failures += 1;
        } else {
            failures = 0;
        }
        assert_eq!(
            state.consecutive_failures, failures,
            "said again it counts for nothing"
        );
    }
    check.stop().await;
}

#[tokio::test(start_paused = true)]
async fn within_gives_up_by_itself() {
    let slow = |pause| part("c", Act::After(pause, Outcome::healthy()));
    for (registration, cause, message) in [
        (slow(ms(900)).within(secs(1)), Cause::Reported, ""),
        (
            slow(ms(1100)).within(secs(1)),
            Cause::Timeout,
            "no result within 1 s",
        ),
        (
            part("c", Act::Hang).within(secs(1)),
            Cause::Timeout,
            "no result within 1 s",
        ),
        (
            part("c", Act::Hang).within(Duration::MAX),
            Cause::Timeout,
            "no result within 9.5 s",
        ),
        (
            part("c", Act::PanicLate).within(secs(1)),
            Cause::Timeout,
            "no result within 1 s",
        ),
        (
            part("c", Act::Hang).within(Duration::ZERO),
            Cause::Timeout,
            "no result within 0 ms",
        ),
        (
            part("c", good()).within(Duration::ZERO),
            Cause::Reported,
            "",
        ),
        (
            part("c", Act::Panic).within(secs(1)),
            Cause::Panic,
            "check panicked",
        ),
    ] {
        let state = result(registration).await;
        assert_eq!(
            (state.cause, &*state.message),
            (cause, message),
            "{state:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn statuses_are_changed_but_never_to_unproven_health() {
    use Status::{Degraded, Healthy, Unhealthy};
    let kind: fn(Status) -> Status = |_| Healthy;
    let strict: fn(Status) -> Status = |status| match status {
        Degraded => Unhealthy,
        other => other,
    };
    for (act, invert, degraded_only, to_healthy, to_strict) in [
        (good(), Unhealthy, Healthy, Healthy, Healthy),
        (half(), Degraded, Degraded, Healthy, Unhealthy),
        (bad(), Healthy, Degraded, Healthy, Unhealthy),
        (Act::Panic, Unhealthy, Degraded, Degraded, Unhealthy),
        (Act::Hang, Unhealthy, Degraded, Degraded, Unhealthy),
        (Act::PanicLate, Unhealthy, Degraded, Degraded, Unhealthy),
    ] {
        for (registration, status) in [
            (part("c", act.clone()).invert(), invert),
            (part("c", act.clone()).degraded_only(), degraded_only),
            (part("c", act.clone()).map_status(kind), to_healthy),
            (part("c", act.clone()).map_status(strict), to_strict),
        ] {
            let state = result(registration).await;
            assert_eq!(state.raw, Some(status), "{act:?}: {state:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_slow_is_degraded() {
    for (act, status) in [
        (
            Act::After(ms(499), Outcome::healthy()),
            CheckStatus::Healthy,
        ),
        (
            Act::After(ms(500), Outcome::healthy()),
            CheckStatus::Degraded,
        ),
        (
            Act::After(ms(500), Outcome::unhealthy("no")),
            CheckStatus::Unhealthy,
        ),
        (Act::Hang, CheckStatus::Unhealthy),
        (Act::Panic, CheckStatus::Unhealthy),
    ] {
        let state = result(part("c", act).slow_is_degraded(ms(500))).await;
        assert_eq!(state.status, status, "{state:?}");
    }
}

#[test]
fn the_registration_stays_as_it_is() {
    let check: Registration = part("c", good())
        .every(secs(7))
        .timeout(secs(3))
        .critical()
        .retry(2, secs(1))
        .cache(secs(1), secs(1))
        .within(secs(1))
        .invert()
        .degraded_only()
        .slow_is_degraded(secs(1));
    let spec = check.spec();
    assert_eq!(
        (spec.name.as_str(), spec.schedule, spec.timeout, spec.impact),
        (
            "c",
            Schedule::Every(secs(7)),
            secs(3),
            health_core::Impact::Critical
        )
    );
}
