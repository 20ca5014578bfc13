//! The checks that tests are written with do as they are told.

use health_core::{Cause, Health, Outcome, Registration, Status, testing};

use crate::stage::{check, secs, settle};

/// What the first runs of `registration` said, run by a monitor.
async fn said(registration: Registration, runs: usize) -> Vec<(Option<Status>, Cause)> {
    let health = Health::new();
    let registration = registration.named("c").timeout(secs(2));
    health.register(registration).unwrap();
    health.start().unwrap();
    let mut said = Vec::new();
    for _ in 0..runs {
        let state = health.ask("c").await.unwrap();
        said.push((state.raw, state.cause));
    }
    health.stop().await;
    said
}

#[tokio::test(start_paused = true)]
async fn each_does_as_it_is_told() {
    use Cause::{Panic, Reported, Timeout};
    use Status::{Degraded, Healthy, Unhealthy};
    let healthy = (Some(Healthy), Reported);
    let unhealthy = (Some(Unhealthy), Reported);
    let script = [
        Outcome::healthy(),
        Outcome::timeout("t"),
        Outcome::degraded("d"),
    ];
    for (registration, expected) in [
        (
            testing::scripted("c", script),
            vec![
                healthy,
                (Some(Unhealthy), Timeout),
                (Some(Degraded), Reported),
                (Some(Degraded), Reported),
            ],
        ),
        (
            testing::scripted("c", [true, false]),
            vec![healthy, unhealthy, unhealthy],
        ),
        (testing::scripted::<Outcome>("c", []), vec![unhealthy; 2]),
        (testing::hanging("c"), vec![(Some(Unhealthy), Timeout); 2]),
        (
            testing::panicking("c", "on purpose"),
            vec![(Some(Unhealthy), Panic); 2],
        ),
        (
            testing::flapping("c", 2),
            vec![healthy, healthy, unhealthy, unhealthy, healthy],
        ),
        (testing::flapping("c", 0), vec![healthy, unhealthy, healthy]),
    ] {
        assert_eq!(said(registration, expected.len()).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_manual_check_follows_its_handle() {
    let (registration, handle) = testing::manual("db", Outcome::healthy());
    let health = Health::new();
    health.register(registration.every(secs(15))).unwrap();
    health.start().unwrap();
    settle().await;
    assert_eq!((check(&health, "db").healthy(), handle.runs()), (true, 1));

    handle.clone().set(Outcome::degraded("slow"));
    tokio::time::sleep(secs(20)).await;
    let state = check(&health, "db");
    assert_eq!(
        (state.raw, &*state.message),
        (Some(Status::Degraded), "slow")
    );

    handle.set(true);
    tokio::time::sleep(secs(15)).await;
    assert!(check(&health, "db").healthy());
    assert_eq!(handle.runs(), 3);
}
