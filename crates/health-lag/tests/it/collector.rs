//! The figures as Prometheus reads them.

use std::time::Duration;

use health_lag::{LagCollector, LagMonitor, Sample};
use prometheus::{Registry, TextEncoder};

fn scrape(registry: &Registry) -> String {
    let families = registry.gather();
    TextEncoder::new().encode_to_string(&families).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_scrape_tells_how_each_follower_is() {
    let monitor = LagMonitor::new();
    let registry = Registry::new();
    let collector = LagCollector::new(&monitor).unwrap().followers(2);
    registry.register(Box::new(collector)).unwrap();
    for (name, lag) in [("a", 1.5), ("b", 40.0), ("c", 2.0)] {
        let follower = monitor.follower(name).unwrap();
        follower.push_lag(lag, 7).unwrap();
    }
    monitor.follower("aa").unwrap();
    let _ = monitor.get("a").unwrap().push_lag(f64::NAN, 1);
    let text = scrape(&registry);
    for line in [
        "health_lag_seconds{follower=\"a\"} 1.5",
        "health_lag_behind{follower=\"a\"} 7",
        "health_lag_level{follower=\"a\"} 0",
        "health_lag_condition{condition=\"no_data\",follower=\"a\"} 0",
        "health_lag_followers{level=\"normal\"} 2",
        "health_lag_followers{level=\"critical\"} 1",
        "health_lag_followers{level=\"unknown\"} 1",
        "health_lag_followers_not_shown 2",
        "health_lag_max_seconds 40",
        "health_lag_samples_total 3",
        "health_lag_samples_refused_total 1",
        "health_lag_alerts_total{event=\"firing\",kind=\"lag\"} 1",
        "# TYPE health_lag_alerts_dropped_total counter",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    assert!(!text.contains("follower=\"c\""), "bounded: {text}");
    assert!(
        !text.contains("health_lag_seconds{follower=\"aa\"}"),
        "no lag is known of it"
    );

    monitor.unregister("b").unwrap();
    tokio::time::advance(Duration::from_secs(40)).await;
    monitor.get("a").unwrap().push(Sample::new(1, 1)).unwrap();
    let text = scrape(&registry);
    assert!(!text.contains("follower=\"b\""), "{text}");
    assert!(text.contains("health_lag_seconds{follower=\"a\"} 0"));
    assert!(text.contains("health_lag_samples_total 4"));
}
