//! A follower as a check of a node.

use health_core::{Health, NodeStatus, Probe};
use health_lag::{FollowerSpec, LagMonitor, Sample};
use tokio::time::{Duration, sleep};

#[tokio::test(start_paused = true)]
async fn a_node_follows_its_follower() {
    let monitor = LagMonitor::new();
    let follower = monitor
        .follower(FollowerSpec::new("standby-1").of("primary"))
        .unwrap();
    let health = Health::new();
    health.register(follower.registration().critical()).unwrap();
    health.start().unwrap();
    let status = |health: &Health| health.report().status;

    health.ask("lag:standby-1").await.unwrap();
    assert_ne!(status(&health), NodeStatus::Healthy, "nothing is proven");

    for step in 0..30 {
        follower.push(Sample::new(step, step)).unwrap();
        sleep(Duration::from_secs(1)).await;
    }
    let state = health.ask("lag:standby-1").await.unwrap();
    assert_eq!(state.message, "caught up");
    assert_eq!(state.details.as_ref().unwrap()["samples"], 30);
    assert!(health.verdict(Probe::Ready).passing);

    // Its source falls silent.
    sleep(Duration::from_secs(20)).await;
    assert_eq!(status(&health), NodeStatus::Unhealthy);
    let state = health.ask("lag:standby-1").await.unwrap();
    assert!(
        state.message.starts_with("no sample for 2"),
        "{}",
        state.message
    );

    follower.push(Sample::new(40, 40)).unwrap();
    sleep(Duration::from_secs(6)).await;
    assert_eq!(status(&health), NodeStatus::Healthy);

    follower.unregister();
    let state = health.ask("lag:standby-1").await.unwrap();
    assert!(state.message.contains("not registered any more"));
    health.stop().await;
}
