//! Checks made of checks: none of their parts takes another down.

use health_checks::wrap::{all_of, any_of, quorum};
use health_core::{Cause, CheckStatus, Outcome, Registration};
use tokio::time::{Instant, sleep};

use super::{Act, bad, detail, good, half, part, secs};
use crate::harness::{Monitored, result};

fn parts(acts: &[Act]) -> Vec<Registration> {
    let named = (0..).zip(acts);
    named
        .map(|(number, act)| part(&format!("p{number}"), act.clone()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_whole() {
    use CheckStatus::{Degraded, Healthy, Unhealthy};
    for (acts, any, two, all) in [
        ([good(), good(), good()], Healthy, Healthy, Healthy),
        ([good(), half(), good()], Healthy, Healthy, Degraded),
        ([good(), bad(), half()], Healthy, Degraded, Unhealthy),
        ([bad(), Act::Panic, good()], Healthy, Unhealthy, Unhealthy),
        (
            [Act::Hang, Act::PanicLate, good()],
            Healthy,
            Unhealthy,
            Unhealthy,
        ),
        (
            [Act::PanicLate, Act::PanicLate, Act::Panic],
            Unhealthy,
            Unhealthy,
            Unhealthy,
        ),
    ] {
        for (registration, status) in [
            (any_of("w", parts(&acts)), any),
            (quorum("w", 2, parts(&acts)), two),
            (all_of("w", parts(&acts)), all),
        ] {
            let state = result(registration.unwrap()).await;
            assert_eq!(state.status, status, "{acts:?}: {state:?}");
            assert_eq!(state.cause, Cause::Reported, "{state:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_part_is_seen() {
    let acts = [good(), bad(), Act::Hang, Act::Panic];
    let mut parts = parts(&acts);
    parts[2] = part("p2", Act::Hang).timeout(secs(2));
    let state = result(quorum("w", 2, parts).unwrap()).await;
    assert_eq!(
        &*state.message,
        "1 of 4 parts healthy, 2 needed; failing: p1, p2, p3"
    );
    for (name, status, cause, message) in [
        ("part:p0", "healthy", "reported", ""),
        ("part:p1", "unhealthy", "reported", "refused"),
        ("part:p2", "unhealthy", "timeout", "no result within 2 s"),
        ("part:p3", "unhealthy", "panic", "check panicked"),
    ] {
        let part = detail(&state, name);
        assert_eq!(
            (&part["status"], &part["cause"], &part["message"]),
            (&status.into(), &cause.into(), &message.into())
        );
    }
    let shown = format!("{:?}", state.details);
    assert!(!shown.contains("10.0.0.7"), "the private error: {shown}");
}

#[tokio::test(start_paused = true)]
async fn parts_run_at_the_same_time() {
    let slow = || Act::After(secs(3), Outcome::healthy());
    let acts = [(); 32].map(|()| slow());
    let begin = Instant::now();
    let state = result(all_of("w", parts(&acts)).unwrap()).await;
    assert!(state.healthy(), "{state:?}");
    assert_eq!(state.details_dropped, 0, "all parts fit into the details");
    // Time is paused: it is 3 s for the first run, and 3 s at most for the one asked for.
    assert!(begin.elapsed() < secs(7), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn parts_that_panic_when_they_are_dropped_do_not_end_the_process() {
    let acts = [Act::PanicLate, Act::PanicLate, Act::PanicLate];
    let check = Monitored::start(all_of("w", parts(&acts)).unwrap());
    sleep(secs(1)).await;
    check.stop().await;
}

#[tokio::test(start_paused = true)]
async fn wholes_may_be_parts() {
    let inner = any_of("inner", parts(&[Act::Hang, good()])).unwrap();
    let outer = all_of("outer", [inner, part("other", good())]).unwrap();
    let state = result(outer).await;
    assert!(state.healthy(), "{state:?}");
    assert_eq!(
        detail(&state, "part:inner")["message"],
        "1 of 2 parts healthy; failing: p0"
    );
}

#[test]
fn nonsense_is_refused_with_its_name() {
    let many = |count: usize| (0..count).map(|n| part(&format!("p{n}"), good())).collect();
    let none: Vec<Registration> = Vec::new();
    let twice = || [part("p", good()), part("p", good())];
    let three: Vec<Registration> = many(3);
    let refused: [(Result<Registration, _>, &str); 6] = [
        (any_of("w", none), "`w` cannot have 0 parts"),
        (all_of("w", Vec::new()), "`w` cannot have 0 parts"),
        (all_of("w", many(33)), "`w` cannot have 33 parts"),
        (quorum("w", 0, many(3)), "`w` cannot need 0 of 3 parts"),
        (quorum("w", 4, three), "`w` cannot need 4 of 3 parts"),
        (all_of("w", twice()), "`w` has two parts `p`"),
    ];
    for (refused, words) in refused {
        let refused = refused.err().unwrap().to_string();
        assert!(refused.contains(words), "{refused}");
    }
    let timed = parts(&[good(), good()]).into_iter().zip([3, 20]);
    let timed = timed.map(|(part, seconds)| part.timeout(secs(seconds)));
    assert_eq!(all_of("w", timed).unwrap().spec().timeout, secs(20));
}
