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
        "health_lag_breach_predicted{follower=\"a\"} 0",
        "health_lag_forecast_seconds{bound=\"likely\",follower=\"a\"} 1.5",
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

    assert!(
        !text.contains("health_lag_breach_in_seconds{"),
        "none is in sight"
    );

    monitor.unregister("b").unwrap();
    tokio::time::advance(Duration::from_secs(40)).await;
    monitor.get("a").unwrap().push(Sample::new(1, 1)).unwrap();
    let text = scrape(&registry);
    assert!(!text.contains("follower=\"b\""), "{text}");
    assert!(text.contains("health_lag_seconds{follower=\"a\"} 0"));
    assert!(text.contains("health_lag_samples_total 4"));
}

#[tokio::test(start_paused = true)]
async fn a_scrape_tells_what_is_ahead() {
    let monitor = LagMonitor::new();
    let registry = Registry::new();
    let collector = LagCollector::new(&monitor).unwrap();
    registry.register(Box::new(collector)).unwrap();
    let follower = monitor.follower("a").unwrap();
    let figure = |text: &str, name: &str| -> Option<f64> {
        let mut lines = text.lines();
        lines.find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    };
    // It falls behind by half a second a second.
    let grow = async |seconds: u32| {
        for _ in 0..seconds {
            tokio::time::advance(Duration::from_secs(1)).await;
            let lag = monitor.get("a").unwrap().status().unwrap().lag_duration();
            let lag = lag.map_or(0.0, |it| it.as_secs_f64()) + 0.5;
            follower.push_lag(lag, 1).unwrap();
        }
        scrape(&registry)
    };
    let text = grow(30).await;
    let left = figure(&text, "health_lag_breach_in_seconds{follower=\"a\"}").unwrap();
    assert!((left - 30.0).abs() < 5.0, "{left}: {text}");
    let bound = |text: &str, bound: &str| {
        let name = format!("health_lag_forecast_seconds{{bound=\"{bound}\",follower=\"a\"}}");
        figure(text, &name).unwrap()
    };
    let likely = bound(&text, "likely");
    assert!((likely - 45.0).abs() < 5.0, "{likely}: {text}");
    assert!(bound(&text, "lower") <= likely && likely <= bound(&text, "upper"));
    let text = grow(40).await;
    assert!(text.contains("health_lag_breach_in_seconds{follower=\"a\"} 0"));

    tokio::time::advance(Duration::from_mins(1)).await;
    let text = scrape(&registry);
    assert!(text.contains("condition=\"no_data\",follower=\"a\"} 1"));
    for family in ["breach_in_seconds", "forecast_seconds", "seconds"] {
        let name = format!("health_lag_{family}{{");
        assert!(!text.contains(&name), "of silence nothing follows: {text}");
    }
}
