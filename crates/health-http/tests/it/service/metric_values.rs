//! The values of a scrape, against the state that they are taken from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use health_core::{Component, ComponentSpec, Health, Outcome, check_fn};
use health_http::HealthService;

use super::{get, node};

/// Nothing is due within the test.
const LONG: Duration = Duration::from_hours(10);

/// Every series of a scrape, by its whole name.
struct Series(BTreeMap<String, f64>);

impl Series {
    async fn scraped(service: &HealthService) -> Self {
        let text = get(service, "/metrics").await.text;
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let series = lines.map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            (series.to_owned(), value.parse().unwrap())
        });
        Self(series.collect())
    }

    #[track_caller]
    fn assert(&self, name: &str, value: impl Into<Option<f64>>) {
        assert_eq!(self.0.get(name).copied(), value.into(), "{name}");
    }

    /// Of the checks of [`set_up`], in the order in which they are there.
    #[track_caller]
    fn assert_checks(&self, metric: &str, values: [Option<f64>; 4]) {
        for (check, value) in ["varied", "later", "off", "beating"].iter().zip(values) {
            self.assert(&format!("{metric}{{check=\"{check}\"}}"), value);
        }
    }
}

/// A check that gets worse from run to run, one that has not run, one that is switched off, and a
/// component that has to be heard of every five seconds.
fn set_up(health: &Health) -> Component {
    let run = Arc::new(AtomicUsize::new(0));
    let varied = check_fn("varied", move |_| {
        let run = run.fetch_add(1, Ordering::Relaxed);
        async move {
            match run {
                0 => Outcome::healthy(),
                1 => Outcome::degraded("slow"),
                _ => Outcome::unhealthy("gone"),
            }
        }
    });
    health.register(varied.critical().every(LONG)).unwrap();
    let later = check_fn("later", |_| async { true }).initial_delay(LONG);
    health.register(later).unwrap();
    let off = check_fn("off", |_| async { true }).disabled();
    health.register(off).unwrap();
    let beating = ComponentSpec::new("beating").heartbeat(Duration::from_secs(5));
    let beating = health.component(beating).unwrap();
    beating.ready();
    health.start().unwrap();
    beating
}

fn seconds_since_1970(at: SystemTime) -> f64 {
    at.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs_f64()
}

#[tokio::test(start_paused = true)]
async fn of_checks() {
    let (health, service) = node();
    let _beating = set_up(&health);
    for _ in 0..5 {
        health.ask("varied").await.unwrap();
    }
    let fresh = Series::scraped(&service).await;
    fresh.assert("health_check_stale{check=\"beating\"}", 0.0);
    tokio::time::advance(Duration::from_secs(90)).await;

    let series = Series::scraped(&service).await;
    let all = |values: [f64; 4]| values.map(Some);
    // One healthy run and half of a degraded one, of five.
    series.assert_checks("health_check_score", all([0.3, 0.0, 0.0, 1.0]));
    series.assert_checks("health_check_enabled", all([1.0, 1.0, 0.0, 1.0]));
    series.assert_checks("health_check_stale", all([0.0, 1.0, 0.0, 1.0]));
    let failures = all([3.0, 0.0, 0.0, 0.0]);
    series.assert_checks("health_check_consecutive_failures", failures);
    let ran = |name: &str| health.check(name).unwrap().at.map(seconds_since_1970);
    series.assert_checks(
        "health_check_last_run_timestamp_seconds",
        [ran("varied"), None, None, ran("beating")],
    );
    assert!(ran("varied").is_some() && ran("beating").is_some());
    let durations = [Some(5.0), Some(0.0), Some(0.0), None];
    series.assert_checks("health_check_duration_seconds_count", durations);
    for (outcome, count) in [
        ("healthy", 1.0),
        ("degraded", 1.0),
        ("unhealthy", 3.0),
        ("timeout", 0.0),
        ("panic", 0.0),
    ] {
        let labels = format!("{{check=\"varied\",outcome=\"{outcome}\"}}");
        series.assert(&format!("health_check_runs_total{labels}"), count);
    }
}

#[tokio::test(start_paused = true)]
async fn of_the_node() {
    let born = tokio::time::Instant::now();
    let (health, service) = node();
    let _beating = set_up(&health);
    for _ in 0..5 {
        health.ask("varied").await.unwrap();
    }
    tokio::time::advance(Duration::from_secs(90)).await;

    let series = Series::scraped(&service).await;
    let up = born.elapsed();
    assert!(up >= Duration::from_secs(90));
    series.assert("health_node_uptime_seconds", up.as_secs_f64());
    let start = seconds_since_1970(health.start_time());
    series.assert("health_node_start_time_seconds", start);
    // 0.3 of what is critical, which weighs as much as both others; those have no fresh evidence.
    series.assert("health_node_score", 0.15);
}

/// Checks come, go and are replaced while the scrapes are made.
#[tokio::test]
async fn a_check_is_in_a_scrape_as_a_whole_or_not_at_all() {
    let (health, service) = node();
    let check = |number: usize| check_fn(format!("check-{number}"), |_| async { true });
    for number in 0..50 {
        health.register(check(number)).unwrap();
    }
    let over = Arc::new(AtomicBool::new(false));
    let churn = std::thread::spawn({
        let (health, over) = (health.clone(), Arc::clone(&over));
        move || {
            let mut changes = 0;
            for number in (0..50).cycle() {
                if over.load(Ordering::Relaxed) {
                    return changes;
                }
                if changes % 3 == 0 {
                    health.unregister(&format!("check-{number}")).unwrap();
                    health.register(check(number)).unwrap();
                } else {
                    health.replace(check(number)).unwrap();
                }
                changes += 1;
            }
            changes
        }
    });
    for _ in 0..200 {
        let Series(series) = Series::scraped(&service).await;
        let named = |metric: &str| -> BTreeSet<&str> {
            let labels = series.keys().filter(|name| name.starts_with(metric));
            labels.map(|name| name.split('"').nth(1).unwrap()).collect()
        };
        let all = named("health_check_info{");
        for metric in [
            "health_check_status{",
            "health_check_score{",
            "health_check_runs_total{",
            "health_check_duration_seconds_count{",
        ] {
            assert_eq!(named(metric), all, "{metric}");
        }
    }
    over.store(true, Ordering::Relaxed);
    assert!(churn.join().unwrap() > 0);
}
