//! What a row says of its check is what the node says of it elsewhere.

use serde_json::Value;

use super::browser::browse;
use crate::process::{Directory, Node};

/// What is seen of the row of `db`, and what the page holds of it.
const ROW: &str = "(() => { const { check, row } = checks.get('db'); const of = (it) => row.querySelector(it); \
    const dd = (name) => [...row.querySelectorAll('.inside div')].find((it) => it.children[0].innerText === name)?.children[1].innerText; \
    return { age: of('.age').innerText, lasting: of('.lasting').innerText, \
    spark: of('.spark path').getAttribute('d'), spark_told: of('.spark').getAttribute('aria-label'), \
    strip: [...of('.strip').querySelectorAll('path')].map((it) => [it.dataset.state, it.getAttribute('d').split('z').length - 1]), \
    strip_told: of('.strip').getAttribute('aria-label'), drawn: of('.strip').getBoundingClientRect().width, \
    since: dd('since'), failures: dd('failures in a row'), now: nodeNow(), at: check.at }; })()";

fn json(node: &Node, path: &str) -> Value {
    let (code, body) = node.get(path);
    assert!(code == 200 || code == 503, "{path}: {code}");
    serde_json::from_str(&body).unwrap()
}

#[test]
fn its_past_its_age_and_since_when_are_those_of_the_node() {
    let directory = Directory::new("page-rows");
    directory.write("db");
    let check = directory.check("db", ":critical");
    // No run but those that are waited for: each is asked for by its own change of the file.
    let node = Node::start(&[
        "--file-check",
        &check,
        "--interval",
        "300ms",
        "--without-own-checks",
    ]);
    browse(async |browser| {
        let zone = serde_json::json!({ "timezoneId": "UTC" });
        browser.emulate("Emulation.setTimezoneOverride", zone).await;
        browser.look_at(&node.address).await;
        browser
            .until("checks.get('db')?.check.runs.status.startsWith('hh')")
            .await;
        directory.remove("db");
        browser
            .until("checks.get('db').check.runs.status.endsWith('uuu')")
            .await;
        browser.eval("(checks.get('db').row.open = true)").await;
        // Nothing moves on meanwhile: the node is held still, once the page has heard all of it.
        let settled = loop {
            let history = json(&node, "/health/history/db");
            let told = json(&node, "/health/checks/db");
            let newest = history["entries"].as_array().unwrap().len();
            browser
                .until(&format!(
                    "checks.get('db').check.runs.status.length >= Math.min(30, {newest})"
                ))
                .await;
            browser
                .until("checks.get('db').row.querySelector('.inside div')")
                .await;
            let shown = browser.eval(ROW).await;
            if json(&node, "/health/history/db") == history {
                break (history, told, shown);
            }
        };
        let (history, told, shown) = settled;
        let entries = history["entries"].as_array().unwrap();
        let entries = &entries[entries.len().saturating_sub(30)..];

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
        directory.write("db");
        browser.until("checks.get('db').check.status === 'healthy' && checks.get('db').row.lasting.innerText === ''").await;
    });
}

/// A time of the wire, as the page counts it.
async fn millis(browser: &super::browser::Browser, time: &str) -> Value {
    browser.eval(&format!("Date.parse({time:?})")).await
}
