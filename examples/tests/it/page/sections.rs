//! What the service and its shutdown push beside the checks.
#![allow(clippy::disallowed_methods, reason = "the test awaits what it spawns")]

use std::time::Duration;

use health_core::{
    CheckStatus, Component, ComponentSpec, Field, Impact, Row, Section, SectionSpec, Series,
};
use health_shutdown::{Shutdown, Stop};
use tokio::sync::oneshot;

use super::browser::browse;
use super::served::Served;
use crate::process::Node;

/// Longer than any test.
const LONG: Duration = Duration::from_hours(1);

fn lag(section: &Section) {
    let series = Series {
        unit: "s".to_owned(),
        points: (-30..=0)
            .map(|t| [f64::from(t), 12.0 + 0.2 * f64::from(t)])
            .collect(),
        forecast: (1..=20)
            .map(f64::from)
            .map(|t| [t, 12.0, 12.0 + 0.2 * t, 12.0 + 0.4 * t])
            .collect(),
        limits: vec![("warning".to_owned(), 5.0), ("critical".to_owned(), 30.0)],
    };
    section.push([
        Row::new("standby-1")
            .status(CheckStatus::Degraded)
            .field("lag", Field::Seconds(12.0))
            .field("behind", Field::Bytes(5_000_000))
            .field("recent", Field::Series(series))
            .message("growing 0.2 s/s; critical in 90 s"),
        Row::new("standby-2")
            .status(CheckStatus::Healthy)
            .field("lag", Field::Seconds(0.2))
            .field("progress", Field::Share(0.9))
            .message("<b>not markup</b>"),
    ]);
}

/// A component that was silent for too long.
fn silent(served: &Served) -> Component {
    let spec = ComponentSpec::new("worker").heartbeat(Duration::from_millis(1));
    let component = served
        .health
        .component(spec.impact(Impact::NonCritical))
        .unwrap();
    component.ready();
    component
}

#[test]
fn rows_charts_and_staleness() {
    let served = Served::new(|service| service);
    let spec = SectionSpec::new("lag").title("Replication").max_age(LONG);
    let section = served.health.section(spec).unwrap();
    let _silent = silent(&served);
    browse(async |browser| {
        lag(&section);
        browser.look_at(&served.address).await;
        browser
            .until("document.querySelector('.check[data-state=unknown]')")
            .await;
        browser
            .until("document.querySelector('#sections .state').textContent === '! degraded'")
            .await;
        let shown = browser.text("#sections").await;
        for part in [
            "Replication",
            "standby-1",
            "12 s",
            "4.8 MiB",
            "critical 30 s",
            "30 s ago",
            "in 20 s",
            "<b>not markup</b>",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert_eq!(
            browser
                .eval("document.querySelectorAll('.chart .band').length")
                .await,
            1
        );
        let told = browser
            .eval("document.querySelector('.chart').getAttribute('aria-label')")
            .await;
        assert_eq!(
            told,
            "recent: now 12 s, 30 s past, in 20 s 16 s, at most 20 s, warning 5 s, critical 30 s"
        );
        let violations = browser.violations().await;
        assert!(violations.is_empty(), "{}", violations.join("\n"));
        drop(section);
        let spec = SectionSpec::new("lag").max_age(Duration::ZERO);
        let section = served.health.section(spec).unwrap();
        lag(&section);
        browser
            .until("document.querySelector('#sections .state')?.textContent === '? was degraded'")
            .await;
        assert!(
            browser
                .text("#sections h2")
                .await
                .contains("? stale: last pushed")
        );
        for phone in [false, true] {
            if phone {
                browser.hold_as_a_phone().await;
            }
            browser.darken().await;
            let violations = browser.violations().await;
            assert!(violations.is_empty(), "{}", violations.join("\n"));
        }
        drop(section);
        browser
            .until("document.querySelectorAll('#sections section').length === 0")
            .await;
    });
}

#[test]
fn the_replica_of_the_node() {
    let node = Node::start(&[]);
    browse(async |browser| {
        browser.look_at(&node.address).await;
        browser
            .until("document.querySelector('#sections .chart .was')?.getAttribute('d')")
            .await;
        let shown = browser.text("#sections").await;
        for part in ["Replication lag", "replica", "leader", "critical 30 s"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    });
}

/// The follower takes three seconds for an entry, of which there is one in two.
#[test]
fn a_lag_that_grows_says_when_it_will_be_critical() {
    let node = Node::start(&["--apply-time", "3s"]);
    browse(async |browser| {
        browser.look_at(&node.address).await;
        let cell = "document.querySelector('#sections td[data-name=\"critical in\"]')?.innerText";
        browser
            .until(&format!("/^[0-9.]+ (s|min)$/.test({cell})"))
            .await;
        // As a column on a screen, with the name beside it on a phone; in words in any case.
        let told = "(() => { const row = document.querySelector('#sections tbody tr'); \
                    const name = [...document.querySelectorAll('#sections thead th')].some((it) => it.innerText === 'critical in'); \
                    return name && /reaches 30 s in [0-9.]+ (s|min)/.test(row.querySelector('.words').innerText); })()";
        browser.until(told).await;
        browser
            .until("document.querySelector('#sections .chart .will')?.getAttribute('d')")
            .await;
        browser.hold_as_a_phone().await;
        let named = format!(
            "getComputedStyle({}, '::before').content.includes('critical in')",
            cell.trim_end_matches("?.innerText")
        );
        assert_eq!(browser.eval(&named).await, true);
        // Prometheus is told as much.
        node.wait_until("/metrics", |_, body| {
            body.contains("\nhealth_lag_breach_in_seconds{")
        });
    });
}

#[test]
fn a_shutdown_under_way() {
    let served = Served::new(|service| service);
    let (end, ended) = oneshot::channel::<()>();
    let shutdown = served.enter(|| {
        let shutdown = Shutdown::of(&served.health)
            .drain_delay(Duration::ZERO)
            .deadline(LONG)
            .section();
        shutdown.install().unwrap()
    });
    let queue = health_shutdown::Component::new("queue", |stop: Stop| async move {
        stop.progress("3 of 9 written");
        let _ = ended.await;
    });
    let plan = shutdown.plan().flush(queue.deadline(LONG)).build().unwrap();
    let spec = SectionSpec::new("lag").title("Replication").max_age(LONG);
    let other = served.health.section(spec).unwrap();
    lag(&other);
    browse(async |browser| {
        browser.look_at(&served.address).await;
        let titles = "[...document.querySelectorAll('#sections section')]\
                      .map((it) => it.getAttribute('aria-label')).join()";
        assert_eq!(browser.eval(titles).await, "Replication");
        served.enter(|| shutdown.request("a test"));
        let running = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { shutdown.run(plan).await }
        });
        browser
            .until("document.getElementById('sections').innerText.includes('3 of 9 written')")
            .await;
        assert_eq!(browser.eval(titles).await, "Shutdown,Replication");
        let shown = browser.text("#sections").await;
        for part in [
            "Shutdown",
            "! stopping",
            "phase flush",
            "! under way",
            "to come",
            "1 of 1 components left",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert!(browser.text("#node-status").await.contains("stopping"));
        let violations = browser.violations().await;
        assert!(violations.is_empty(), "{}", violations.join("\n"));
        end.send(()).unwrap();
        running.await.unwrap();
        browser
            .until("document.getElementById('sections').innerText.includes('✓ ended')")
            .await;
    });
}
