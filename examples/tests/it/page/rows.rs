//! What a row says of its check is what the node says of it elsewhere.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use health_core::check_fn;
use serde_json::Value;
use tokio::sync::{Mutex, mpsc};

use super::browser::browse;
use super::served::Served;
use crate::process::exchange;

/// Longer than any test.
const LONG: Duration = Duration::from_hours(1);

/// What is seen of the row of `db`, and what the page holds of it.
const ROW: &str = "(() => { const { check, row } = checks.get('db'); const of = (it) => row.querySelector(it); \
    const dd = (name) => [...row.querySelectorAll('.inside div')].find((it) => it.children[0].innerText === name)?.children[1].innerText; \
    return { age: of('.age').innerText, lasting: of('.lasting').innerText, \
    spark: of('.spark path').getAttribute('d'), spark_told: of('.spark').getAttribute('aria-label'), \
    strip: [...of('.strip').querySelectorAll('path')].map((it) => [it.dataset.state, it.getAttribute('d').split('z').length - 1]), \
    strip_told: of('.strip').getAttribute('aria-label'), drawn: of('.strip').getBoundingClientRect().width, \
    since: dd('since'), failures: dd('failures in a row') }; })()";

fn json(served: &Served, path: &str) -> Value {
    let address = served.address.strip_prefix("http://").unwrap();
    let (code, body) = exchange(TcpStream::connect(address).unwrap(), path);
    assert!(code == 200 || code == 503, "{path}: {code}");
    serde_json::from_str(&body).unwrap()
}

#[test]
fn its_past_its_age_and_since_when_are_those_of_the_node() {
    let served = Served::new(|service| service);
    let (results, runs) = mpsc::unbounded_channel();
    let runs = Arc::new(Mutex::new(runs));
    // A run waits until it is told how it ends, so that nothing moves on by itself.
    let db = check_fn("db", move |_| {
        let runs = Arc::clone(&runs);
        async move { runs.lock().await.recv().await.unwrap_or(false) }
    });
    let db = db.every(Duration::from_millis(20)).timeout(LONG);
    served.enter(|| served.health.register(db)).unwrap();
    let runs_shown = |many: usize| format!("checks.get('db')?.check.runs.status.length === {many}");
    browse(async |browser| {
        let zone = serde_json::json!({ "timezoneId": "UTC" });
        browser.emulate("Emulation.setTimezoneOverride", zone).await;
        browser.look_at(&served.address).await;
        for (number, result) in [true, true, true, false, true, false, false]
            .into_iter()
            .enumerate()
        {
            results.send(result).unwrap();
            browser.until(&runs_shown(number + 1)).await;
        }
        browser.eval("(checks.get('db').row.open = true)").await;
        browser
            .until("checks.get('db').row.querySelector('.inside div')")
            .await;
        let shown = browser.eval(ROW).await;
        let history = json(&served, "/health/history/db");
        let told = json(&served, "/health/checks/db");
        let entries = history["entries"].as_array().unwrap();
        assert_eq!(entries.len(), 7);

        // The strip: so many of each.
        for pair in shown["strip"].as_array().unwrap() {
            let expected = entries.iter().filter(|it| it["status"] == pair[0]).count();
            assert_eq!(pair[1], expected, "{pair}");
        }
        let bad = entries
            .iter()
            .filter(|it| it["status"] != "healthy")
            .count();
        let words = format!("of the last {} runs {bad} were not healthy", entries.len());
        assert_eq!(shown["strip_told"], words);
        assert!(shown["drawn"].as_f64().unwrap() > 50.0);

        // The spark: a point a run, the slowest at the top, the others in proportion.
        let heights: Vec<f64> = shown["spark"].as_str().unwrap()[1..]
            .split('L')
            .map(|point| point.split_once(' ').unwrap().1.parse().unwrap())
            .collect();
        let took: Vec<f64> = entries
            .iter()
            .map(|it| it["latency"].as_f64().unwrap())
            .collect();
        let most = took.iter().copied().fold(1_000.0, f64::max);
        let expected: Vec<f64> = took.iter().map(|took| 17.0 - 16.0 * took / most).collect();
        assert_eq!(heights.len(), expected.len());
        for (height, expected) in heights.iter().zip(&expected) {
            assert!(
                (height - expected).abs() < 0.11,
                "{heights:?}, {expected:?}"
            );
        }
        let words = format!("latency of the last {} runs, at most ", entries.len());
        assert!(
            shown["spark_told"].as_str().unwrap().starts_with(&words),
            "{shown}"
        );

        // Since when, and for how long; of when the last result is.
        let since = told["since"].as_str().unwrap();
        assert_eq!(shown["since"], format!("{} UTC", &since[11..19]));
        assert_eq!(shown["failures"], told["consecutive_failures"].to_string());
        let lasting = "(() => { const { check, row } = checks.get('db'); tick(); \
            const whole = (ms) => Math.floor((nodeNow() - ms) / 1000); \
            return row.lasting.innerText === `for ${whole(check.since)} s` && row.age.innerText === `${whole(check.at)} s ago`; })()";
        browser.until(lasting).await;
        let held = browser.eval("checks.get('db').check.since").await;
        assert_eq!(held, millis(browser, since).await);

        // A check that is as it should be is not said to last.
        results.send(true).unwrap();
        browser
            .until("checks.get('db').check.status === 'healthy' && checks.get('db').row.lasting.innerText === ''")
            .await;
    });
}

/// A time of the wire, as the page counts it.
async fn millis(browser: &super::browser::Browser, time: &str) -> Value {
    browser.eval(&format!("Date.parse({time:?})")).await
}
