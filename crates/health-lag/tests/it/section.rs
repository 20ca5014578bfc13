//! The section that shows the followers, as whoever reads the node sees it.

use std::time::Duration;

use health_core::{CheckStatus, Health, SectionError, SectionSpec};
use health_lag::{FollowerSpec, LagMonitor, Sample, ShowError};
use tokio::time::sleep;

#[tokio::test(start_paused = true)]
async fn it_follows_the_followers_and_goes_with_the_monitor() {
    let health = Health::new();
    let monitor = LagMonitor::new();
    let follower = monitor
        .follower(FollowerSpec::new("standby-1").of("primary"))
        .unwrap();
    monitor.section(&health).unwrap();
    assert_eq!(
        monitor.section(&health),
        Err(ShowError::Section(SectionError::Taken("lag".into())))
    );
    for second in 0..60 {
        follower
            .push(Sample::new(100 * second, 100 * second))
            .unwrap();
        sleep(Duration::from_secs(1)).await;
    }
    let row = || health.sections()[0].rows[0].clone();
    assert_eq!(row().status, Some(CheckStatus::Healthy));
    assert!(
        row().fields.iter().any(|it| it.name == "lag over time"),
        "{:?}",
        row()
    );
    sleep(Duration::from_mins(2)).await;
    assert_eq!(row().status, Some(CheckStatus::Unhealthy), "silent");
    assert!(
        row().message.starts_with("no sample for"),
        "{}",
        row().message
    );

    monitor.unregister("standby-1").unwrap();
    sleep(Duration::from_secs(2)).await;
    assert!(health.sections()[0].rows.is_empty());
    for number in 0..300 {
        monitor.follower(format!("f{number:03}").as_str()).unwrap();
    }
    sleep(Duration::from_secs(2)).await;
    let state = health.sections()[0].clone();
    assert_eq!((state.rows.len(), state.dropped), (256, 44));
    drop((follower, monitor));
    sleep(Duration::from_secs(2)).await;
    assert!(health.sections().is_empty());
}

#[test]
fn without_a_runtime_nothing_is_shown() {
    let health = Health::new();
    assert_eq!(
        LagMonitor::new().section(&health),
        Err(ShowError::NoRuntime)
    );
    let _free = health.section(SectionSpec::new("lag")).unwrap();
}
