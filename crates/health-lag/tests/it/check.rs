//! A follower as a check of a node.

use std::sync::Arc;

use async_trait::async_trait;
use health_core::{CheckState, Health, NodeStatus, Probe};
use health_lag::{
    Condition, Follower, FollowerReading, FollowerSpec, LagMonitor, LagSource, Poller, Readings,
    Sample, SourceError,
};
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

/// Knows of one follower, and says why nothing is known of the other.
struct HalfBroken;

#[async_trait]
impl LagSource for HalfBroken {
    async fn poll(&self) -> Result<Readings, SourceError> {
        let error = SourceError::new("redis://:sw0rdfish@db2 has no link; see its log");
        Ok(Readings::new()
            .follower(FollowerReading::new("a", Ok(Sample::new(7, 7))))
            .follower(FollowerReading::new("b", Err(error.with_error("as alice")))))
    }
}

struct Broken;

#[async_trait]
impl LagSource for Broken {
    async fn poll(&self) -> Result<Readings, SourceError> {
        Err(SourceError::new("no host in redis://:sw0rdfish@db/1; see"))
    }
}

async fn checked(follower: &Follower) -> Arc<CheckState> {
    let health = Health::new();
    health.register(follower.registration()).unwrap();
    health.start().unwrap();
    let state = health
        .ask(&format!("lag:{}", follower.name()))
        .await
        .unwrap();
    let shown = format!("{state:?} {:?}", state.details);
    for secret in ["sw0rdfish", "alice"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    health.stop().await;
    state
}

#[tokio::test(start_paused = true)]
async fn why_there_is_no_data_is_said() {
    let monitor = LagMonitor::new();
    let pushed = monitor.follower("p").unwrap();
    pushed.failed(&SourceError::new(
        "refused by http://alice:sw0rdfish@db1; log in",
    ));
    let sink = monitor.sink("db").expect("b").unwrap();
    let polling = Poller::new("db", HalfBroken).start(sink).unwrap();
    sleep(Duration::from_secs(42)).await;
    let get = |name| monitor.get(name).unwrap();
    // One that is told of is not meant.
    assert_eq!(checked(&get("a")).await.message, "caught up");
    let state = checked(&get("b")).await;
    let begin = "no sample for 42 s (redis://";
    assert!(state.message.starts_with(begin), "{}", state.message);
    let end = "db2 has no link; see its log), and none before";
    assert!(state.message.ends_with(end), "{}", state.message);
    let trouble = &state.details.as_ref().unwrap()["trouble"];
    assert!(trouble.as_str().unwrap().ends_with("see its log"));
    assert_eq!(state.details.as_ref().unwrap()["silence_seconds"], 42.0);

    // Then nothing at all is known.
    polling.stop().await;
    let mut sink = monitor.sink("db").expect("a").unwrap();
    sink = sink.expect("b").unwrap();
    let polling = Poller::new("db", Broken).start(sink).unwrap();
    sleep(Duration::from_secs(30)).await;
    let state = checked(&get("a")).await;
    let begin = "no sample for 30 s (no host in redis://";
    assert!(state.message.starts_with(begin), "{}", state.message);
    assert!(state.message.ends_with("see), the last one had caught up"));
    let alerts = monitor.alerts().since(1).alerts;
    assert!(alerts.iter().any(|it| it.message.contains("(no host in")));
    polling.stop().await;

    // Who pushes may say so too, or may not.
    pushed.push(Sample::new(7, 7)).unwrap();
    sleep(Duration::from_secs(42)).await;
    let status = pushed.status().unwrap();
    assert!(status.conditions.has(Condition::NoData));
    assert_eq!(
        status.explain(),
        "no sample for 42 s, the last one had caught up"
    );
    let long = format!("token=sw0rdfish {}", "x".repeat(9_000));
    pushed.failed(&SourceError::new(long));
    let state = checked(&pushed).await;
    assert!(state.message.contains("xxx"), "{}", state.message);
    assert_eq!(pushed.status().unwrap().trouble.unwrap().len(), 256);
}
