//! A thousand checks: found by words and by status.

use serde_json::Value;

use super::browser::browse;
use crate::process::{Directory, Node};

#[test]
fn a_thousand_checks_are_searched_and_filtered() {
    let directory = Directory::new("page-many");
    let checks = ["alpha", "beta"].map(|name| directory.check(name, ""));
    let node = Node::start(&[
        "--without-own-checks",
        "--checks",
        "1000",
        "--file-check",
        &checks[0],
        "--file-check",
        &checks[1],
    ]);
    browse(async |browser| {
        browser.look_at(&node.address).await;
        browser
            .until("document.querySelectorAll('.check').length === 1003")
            .await;
        let seen = "document.querySelectorAll('.check:not([hidden])').length";
        let type_in = async |text: &str| {
            let set = "(() => { const it = document.getElementById('search'); it.value = TEXT; \
                       it.dispatchEvent(new Event('input')); return true; })()";
            browser
                .eval(&set.replace("TEXT", &format!("{text:?}")))
                .await;
        };
        for (text, count) in [
            ("noop", 1000),
            ("noop-77", 11),
            ("NOOP-777", 1),
            ("missing", 2),
            ("missing alp", 1),
            ("nothing like it", 0),
            ("", 1003),
        ] {
            type_in(text).await;
            assert_eq!(browser.eval(seen).await, count, "{text}");
            let said = if text.is_empty() {
                String::new()
            } else {
                format!("{count} of 1003 checks match")
            };
            assert_eq!(
                browser
                    .eval("document.getElementById('matches').textContent")
                    .await,
                said
            );
        }
        browser.until("document.querySelector('#kinds [data-state=unhealthy]').innerText === '✕ unhealthy 2'").await;
        browser.click("#kinds [data-state=unhealthy]").await;
        assert_eq!(browser.eval(seen).await, 2);
        type_in("beta").await;
        assert_eq!(browser.eval(seen).await, 1);
        browser.click("#kinds [data-state=unhealthy]").await;
        type_in("").await;
        assert_eq!(browser.eval(seen).await, 1003);
        // What is as it should be is folded away.
        let open =
            "[...document.querySelectorAll('.group:not([hidden])')].map((it) => it.open).join()";
        assert_eq!(browser.eval(open).await, "true,false");
        // Rows are kept: what is shown for hours does not grow.
        let rows = "document.querySelectorAll('*').length";
        browser
            .eval("window.first = document.querySelector('.check')")
            .await;
        let (before, told) = (browser.eval(rows).await.as_u64().unwrap(), "window.asked");
        browser
            .eval(
                "(() => { window.asked = 0; new PerformanceObserver((list) => { window.asked += \
                   list.getEntries().length; }).observe({ type: 'resource' }); return true; })()",
            )
            .await;
        browser.until(&format!("{told} >= 3")).await;
        let after = browser.eval(rows).await.as_u64().unwrap();
        assert!(after.abs_diff(before) < before / 10, "{before} to {after}");
        assert_eq!(browser.eval("window.first.isConnected").await, true);
    });
}

/// Notes what is written in the list of checks, but for ages, which move on each second.
const WATCH: &str = "(() => { const ages = (it) => it.target.parentElement?.closest('.age, .lasting') || \
    it.target.matches?.('.age, .lasting'); const watch = new MutationObserver(() => {}); \
    window.written = () => watch.takeRecords().filter((it) => !ages(it)).length; \
    watch.observe(document.getElementById('groups'), \
    { subtree: true, childList: true, attributes: true, characterData: true }); return true; })()";
/// Of those that are numbered.
const SHOWN: &str = "[...checks].filter(([, { row }]) => !row.hidden).map(([name]) => name).filter((it) => it !== 'worker').sort()";

/// Names of the shown checks.
fn names(shown: &Value) -> Vec<&str> {
    let names = shown.as_array().unwrap();
    names.iter().filter_map(Value::as_str).collect()
}

#[test]
fn a_key_touches_no_more_than_what_it_changes() {
    let node = Node::start(&[
        "--without-own-checks",
        "--checks",
        "1000",
        "--interval",
        "1h",
    ]);
    let all: Vec<String> = (1..=1000).map(|it| format!("noop-{it}")).collect();
    browse(async |browser| {
        browser.look_at(&node.address).await;
        browser.until("checks.size === 1001").await;
        browser
            .until("document.querySelector('#kinds [data-state=healthy]').innerText === '✓ healthy 1001'")
            .await;
        browser.type_text("/").await;
        // The node tells nothing meanwhile that would be drawn.
        browser
            .eval("(window.fetch = () => new Promise(() => {})) && true")
            .await;
        browser.eval(WATCH).await;
        let mut before = all.clone();
        let mut typed = String::new();
        for key in "noop-777".chars() {
            typed.push(key);
            browser.type_text(&key.to_string()).await;
            let written = browser.eval("window.written()").await.as_u64().unwrap();
            let shown = browser.eval(SHOWN).await;
            let mut expected: Vec<String> = all
                .iter()
                .filter(|it| it.contains(&typed))
                .cloned()
                .collect();
            expected.sort();
            assert_eq!(names(&shown), expected, "{typed}");
            let changed = before.iter().filter(|it| !expected.contains(it)).count() as u64;
            // The rows that go, `worker`, and the title and the fold of their one group.
            assert!(written <= changed + 4, "{typed}: {written} for {changed}");
            before = expected;
        }
        assert_eq!(before, ["noop-777"]);
    });
}
